"""`devices`: the machines that gave a dose."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import text

DEVICES: Final = Table(
    name="devices",
    description="One row per machine that gave a dose, by what its objects say of it.",
    grain="device",
    key=("device_key",),
    columns=brought_by(
        3,
        Column("device_key", pa.string(), "Identity of the device.", nullable=False,
               rule="first 32 hex digits of sha256 of the model and the serial number; without a "
               "serial number of maker, model and station; without a station of the device "
               "observer UID, else of maker, model and institution"),
        text("display_name", "Name for people."),
        text("manufacturer", "Maker."),
        text("manufacturer_model_name", "Model."),
        text("device_serial_number", "Serial number."),
        text("station_name", "Station."),
        text("institution_name", "Institution."),
        Column("device_observer_uid", pa.string(), "Device Observer UID of its reports.",
               privacy=Privacy.UID),
        Column("facility_key", pa.string(), "Facility, by `dose.facilities`, else the "
               "institution."),
        Column("modality_groups", pa.list_(pa.string()), "Groups of exams it made, sorted."),
        *LINEAGE,
    ),
)
