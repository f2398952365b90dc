"""From reports and headers to irradiation events, exams and reference levels."""
