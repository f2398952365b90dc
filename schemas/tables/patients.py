"""`patients`: one row per patient, rolled up from the instances."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Level, Table, take_columns
from dicomlake.schemas.tables.instances import INSTANCES, columns_of

PATIENTS: Final = Table(
    name="patients",
    description=(
        "One row per patient. Attributes take the commonest non-null value of the instances, ties "
        "by text order; where they disagree there is an issue `inconsistent_parent`."
    ),
    grain="patient (issuer and ID)",
    key=("patient_key",),
    columns=(
        *take_columns(INSTANCES, columns_of(Level.PATIENT), required=("patient_key",)),
        Column("n_studies", pa.int64(), "Studies of the patient.", nullable=False),
        Column("n_series", pa.int64(), "Series of the patient.", nullable=False),
        Column("n_instances", pa.int64(), "Instances of the patient.", nullable=False),
        *LINEAGE,
    ),
)
