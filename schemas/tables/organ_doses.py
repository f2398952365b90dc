"""`organ_doses`: doses of organs that a radiopharmaceutical report states."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import STUDY, coded_columns, number

ORGAN_DOSES: Final = Table(
    name="organ_doses",
    description="One row per organ dose that a report of an administration states.",
    grain="organ of an administration",
    key=("study_instance_uid", "administration_uid", "organ_number"),
    columns=brought_by(
        3,
        STUDY,
        Column("administration_uid", pa.string(), "The administration.", nullable=False,
               privacy=Privacy.UID),
        Column("organ_number", pa.int32(), "Place in the report, from 1.", nullable=False),
        *coded_columns("organ", "the organ"),
        Column("laterality", pa.string(), "Side of it.", checks=(OneOf(("L", "R", "B", "U")),)),
        number("dose_mgy", "Dose of the organ.", "mGy"),
        *LINEAGE,
    ),
)
