"""`radiopharmaceutical_administrations`: one row per radiopharmaceutical given to a patient."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import (
    DEVICE,
    EVENT_END,
    STUDY,
    coded_columns,
    number,
    start_time,
    text,
)

RADIOPHARMACEUTICAL_ADMINISTRATIONS: Final = Table(
    name="radiopharmaceutical_administrations",
    description="One row per administration of a radiopharmaceutical, from its best source.",
    grain="administration of a radiopharmaceutical in a study",
    key=("study_instance_uid", "administration_uid"),
    columns=brought_by(
        3,
        STUDY,
        Column("administration_uid", pa.string(), "The administration; derived where the source "
               "has none (flag `no_event_uid`).", nullable=False, privacy=Privacy.UID),
        Column("active", pa.bool_(), "Whether it counts in totals.", nullable=False),
        DEVICE,
        *coded_columns("agent", "the agent"),
        *coded_columns("radionuclide", "the radionuclide"),
        number("half_life_s", "Half-life of the nuclide.", "s"),
        number("administered_activity_mbq", "Activity that was given.", "MBq"),
        number("pre_activity_mbq", "Activity measured before.", "MBq"),
        number("post_activity_mbq", "Activity measured after.", "MBq"),
        number("extravasation_activity_mbq", "Activity estimated to have gone beside the vein.",
               "MBq"),
        number("specific_activity_bq_mol", "Specific activity.", "Bq/mol"),
        number("volume_cm3", "Volume that was given.", "cm3"),
        start_time("start", "the administration"),
        Column("start_offset_minutes", pa.int32(), "Offset from UTC of the start.", unit="min"),
        Column("stop", pa.timestamp("us"), "End of the administration.", privacy=Privacy.DATE),
        *coded_columns("route", "the route of administration"),
        *coded_columns("site", "the site of administration"),
        number("effective_dose_msv", "Effective dose that the report states.", "mSv"),
        number("glucose_mmol_l", "Glucose of the patient.", "mmol/l"),
        text("comment", "Comment on the administration.", Privacy.FREE_TEXT),
        *EVENT_END,
    ),
)
