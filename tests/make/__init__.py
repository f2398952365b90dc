"""Builders of synthetic DICOM for tests: deterministic, from pydicom and numpy alone."""
