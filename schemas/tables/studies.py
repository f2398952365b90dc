"""`studies`: one row per study, rolled up from the instances."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Level, Table, take_columns
from dicomlake.schemas.tables.instances import INSTANCES, columns_of

STUDIES: Final = Table(
    name="studies",
    description=(
        "One row per study. Attributes take the commonest non-null value of the instances, ties "
        "by text order; where they disagree there is an issue `inconsistent_parent`."
    ),
    grain="study",
    key=("study_instance_uid",),
    columns=(
        *take_columns(
            INSTANCES,
            ("patient_key", *columns_of(Level.STUDY)),
            required=("patient_key", "study_instance_uid", "study_year"),
        ),
        Column("modalities", pa.list_(pa.string()), "Modalities of the study, sorted.",
               nullable=False),
        Column("n_series", pa.int64(), "Series of the study.", nullable=False),
        Column("n_instances", pa.int64(), "Instances of the study.", nullable=False),
        *LINEAGE,
    ),
)
