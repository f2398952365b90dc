"""`dose_reports`: every object that was read as a dose report, and what became of it."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import Codes, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import (
    DEVICE,
    PATIENT,
    RAW_QUANTITIES,
    SOURCE_KINDS,
    STUDY,
    coded_columns,
    flags,
    number,
    text,
)

FLAGS: Final = {
    "conflict": "Another report gives one of its events other values.",
    "continued": "Another report of the study has other events; both count.",
    "misspelt_unit": "A unit is not written as UCUM writes it, but clear.",
    "odd_value_type": "An item has a Value Type that there is not; what it holds was read.",
    "partial_overlap": "It shares some events with another report.",
    "template_from_procedure": "The report names no template; its procedure told which it is.",
    "total_zero_beside_events": "A reported total of 0 beside events that say otherwise.",
    "uid_as_text": "A UID is carried as text.",
    "unknown_charset": "Its character set is none of the standard's.",
    "unknown_unit": "A total has a unit that cannot be converted; its column is null.",
    "malformed_number": "A number could not be read; its column is null.",
    "unreadable_content": "A part of its content could not be read.",
    "wrong_code": "A concept has a retired or mistaken code that is known.",
}
"""What is worth knowing of a report."""

STATUSES: Final = {
    "active": "Its events count.",
    "superseded": "Another report has all of its events.",
    "conflict": "Another file gives its SOP Instance UID other content, and counts instead.",
    "unsupported_template": "A dose report of a template that is not read.",
    "unreadable": "The object cannot be read as a report.",
}
"""What became of a report."""

DOSE_REPORTS: Final = Table(
    name="dose_reports",
    description=(
        "One row per dose report: structured reports and Philips dose screens. A file whose SOP "
        "Instance UID another file claims with other content has a row too, with status `conflict`."
    ),
    grain="file of a dose report",
    key=("sop_instance_uid", "file_id"),
    sort_by=("study_instance_uid", "sop_instance_uid", "file_id"),
    columns=brought_by(
        3,
        Column("sop_instance_uid", pa.string(), "The report.", nullable=False,
               privacy=Privacy.UID),
        STUDY,
        PATIENT,
        text("template", "Identifier of its template, such as 10011."),
        Column("root_code", pa.string(), "Code of its root concept."),
        *coded_columns("procedure", "the procedure reported (121058), such as mammography"),
        Column("source_kind", pa.string(), "Kind of source.", nullable=False,
               checks=(OneOf(SOURCE_KINDS),)),
        Column("status", pa.string(), "What became of it.", nullable=False,
               checks=(Codes(STATUSES),)),
        Column("superseded_by", pa.string(), "Report that has all of its events.",
               privacy=Privacy.UID),
        Column("scope_code", pa.string(), "Scope of accumulation (113705)."),
        Column("content_datetime", pa.timestamp("us"), "Content Date and Time, local.",
               privacy=Privacy.DATE),
        Column("series_datetime", pa.timestamp("us"), "Series Date and Time, local.",
               privacy=Privacy.DATE),
        DEVICE,
        Column("n_events", pa.int64(), "Events read from it.", nullable=False),
        Column("n_events_reported", pa.int64(), "Events it says that there were (113812)."),
        number("dlp_total_reported_mgy_cm", "DLP total (113813).", "mGy cm"),
        number("dlp_head_phantom_reported_mgy_cm", "Total of the 16 cm phantom, where stated.",
               "mGy cm"),
        number("dlp_body_phantom_reported_mgy_cm", "Total of the 32 cm phantom, where stated.",
               "mGy cm"),
        *(
            number(f"{name}_plane_{plane}_{unit_name}", f"{what}, plane {plane.upper()}; of a "
                   "single plane under A.", unit)
            for plane in "ab"
            for name, what, unit_name, unit in (
                ("kap_total", "Kerma-area product total", "gy_cm2", "Gy cm2"),
                ("kap_fluoro", "Kerma-area product of fluoroscopy", "gy_cm2", "Gy cm2"),
                ("kap_acquisition", "Kerma-area product of acquisition", "gy_cm2", "Gy cm2"),
                ("ka_r_total", "Reference air kerma total", "mgy", "mGy"),
                ("ka_r_fluoro", "Reference air kerma of fluoroscopy", "mgy", "mGy"),
                ("ka_r_acquisition", "Reference air kerma of acquisition", "mgy", "mGy"),
                ("fluoro_time", "Time of fluoroscopy", "s", "s"),
                ("acquisition_time", "Time of acquisition", "s", "s"),
            )
        ),
        Column("n_frames_reported", pa.int64(), "Radiographic frames (113731)."),
        number("agd_left_reported_mgy", "Accumulated glandular dose, left breast.", "mGy"),
        number("agd_right_reported_mgy", "Accumulated glandular dose, right breast.", "mGy"),
        RAW_QUANTITIES,
        flags(FLAGS, "What is worth knowing of it, sorted."),
        Column("file_id", pa.string(), "File it was read from.", nullable=False),
        *LINEAGE,
    ),
)
