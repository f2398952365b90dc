"""`xray_irradiation_event_filters`: one row per filter of a projection X-ray event."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import STUDY, coded_columns, number

XRAY_IRRADIATION_EVENT_FILTERS: Final = Table(
    name="xray_irradiation_event_filters",
    description="One row per X-ray filter of a projection X-ray irradiation event.",
    grain="filter of a projection X-ray irradiation event",
    key=("study_instance_uid", "irradiation_event_uid", "filter_number"),
    columns=brought_by(
        3,
        STUDY,
        Column("irradiation_event_uid", pa.string(), "The event.", nullable=False,
               privacy=Privacy.UID),
        Column("filter_number", pa.int32(), "Place of the filter in the event, from 1.",
               nullable=False),
        *coded_columns("filter_type", "the type of filter"),
        *coded_columns("filter_material", "the material"),
        number("thickness_minimum_mm", "Least thickness.", "mm"),
        number("thickness_maximum_mm", "Greatest thickness.", "mm"),
        *LINEAGE,
    ),
)
