"""`series`: one row per series within its study, rolled up from the instances."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Level, Table, take_columns
from dicomlake.schemas.tables.instances import INSTANCES, columns_of

SERIES: Final = Table(
    name="series",
    description=(
        "One row per series within its study. Attributes take the commonest non-null value of the "
        "instances, ties by text order; where they disagree there is an issue "
        "`inconsistent_parent`. The partition is that of the instance with the smallest UID."
    ),
    grain="series within its study",
    key=("study_instance_uid", "series_instance_uid"),
    partition_by=("modality", "study_year"),
    columns=(
        *take_columns(
            INSTANCES,
            ("study_instance_uid", "patient_key", *columns_of(Level.SERIES), "study_year"),
            required=(
                "study_instance_uid",
                "series_instance_uid",
                "patient_key",
                "modality",
                "study_year",
            ),
        ),
        Column("sop_class_uids", pa.list_(pa.string()), "SOP classes of the instances, sorted.",
               nullable=False),
        Column("n_instances", pa.int64(), "Instances of the series.", nullable=False),
        *LINEAGE,
    ),
)
