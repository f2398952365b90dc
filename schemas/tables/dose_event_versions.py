"""`dose_event_versions`: what other sources say of an event than the one that counts."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import RAW_QUANTITIES, SOURCE_KINDS, STUDY, number

DOSE_EVENT_VERSIONS: Final = Table(
    name="dose_event_versions",
    description=(
        "One row per event and source that the event tables did not take: another report with "
        "other values, or a source of less rank."
    ),
    grain="event as told by a source that does not count",
    key=("study_instance_uid", "event_uid", "version_number"),
    columns=brought_by(
        3,
        STUDY,
        Column("event_uid", pa.string(), "Irradiation event or administration.", nullable=False,
               privacy=Privacy.UID),
        Column("version_number", pa.int32(), "Place among the sources that do not count, from 1; "
               "the best is first.", nullable=False),
        Column("source_sop_instance_uid", pa.string(), "Report or image that says so.",
               nullable=False, privacy=Privacy.UID),
        Column("event_table", pa.string(), "Table of the event.", nullable=False,
               checks=(OneOf(("ct_irradiation_events", "xray_irradiation_events",
                              "radiopharmaceutical_administrations")),)),
        Column("source_kind", pa.string(), "Kind of the source.", nullable=False,
               checks=(OneOf(SOURCE_KINDS),)),
        Column("reason", pa.string(), "Why it does not count.", nullable=False,
               checks=(OneOf(("conflict", "lower_rank", "same")),)),
        number("ctdivol_mgy", "CTDIvol it says.", "mGy"),
        number("dlp_mgy_cm", "DLP it says.", "mGy cm"),
        number("kap_gy_cm2", "Kerma-area product it says.", "Gy cm2"),
        number("ka_r_mgy", "Reference air kerma it says.", "mGy"),
        number("agd_mgy", "Average glandular dose it says.", "mGy"),
        number("administered_activity_mbq", "Activity it says.", "MBq"),
        Column("event_start", pa.timestamp("us"), "Start it says.", privacy=Privacy.DATE),
        RAW_QUANTITIES,
        *LINEAGE,
    ),
)
