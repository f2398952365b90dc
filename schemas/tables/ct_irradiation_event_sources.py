"""`ct_irradiation_event_sources`: one row per X-ray source of a CT irradiation event."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import STUDY, number, text

CT_IRRADIATION_EVENT_SOURCES: Final = Table(
    name="ct_irradiation_event_sources",
    description="One row per X-ray source of a CT irradiation event: two where tubes are dual.",
    grain="X-ray source of a CT irradiation event",
    key=("study_instance_uid", "irradiation_event_uid", "source_number"),
    columns=brought_by(
        3,
        STUDY,
        Column("irradiation_event_uid", pa.string(), "The event.", nullable=False,
               privacy=Privacy.UID),
        Column("source_number", pa.int32(), "Place of the source in the event, from 1.",
               nullable=False),
        text("source_identification", "Identification of the source."),
        number("kvp", "Peak voltage.", "kV"),
        number("ma_mean", "Mean tube current.", "mA"),
        number("ma_max", "Greatest tube current.", "mA"),
        number("rotation_time_s", "Time of one rotation.", "s"),
        *LINEAGE,
    ),
)
