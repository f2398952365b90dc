"""Columns and codes that the dose tables share."""

from dataclasses import replace
from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import Codes, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy

SOURCE_KINDS: Final = ("RDSR", "ESR", "PHILIPS_SC", "IMAGE_HEADER")
"""Where a dose comes from, the best first: reports, Enhanced SR, dose screens, image headers."""

EVENT_FLAGS: Final = {
    "activity_out_of_range": "Administered activity outside what is given of its "
    "nuclide: 1 to 10,000 MBq of most.",
    "collimation_out_of_range": "Nominal collimation wider than any detector.",
    "conflict": "Reports give the event different values; the latest content counts.",
    "ctdivol_dlp_disagree": "DLP differs from CTDIvol times scanning length by more than 25 %.",
    "estimated_length": "The scanning length is the extent of the images.",
    "malformed_number": "A number could not be read; its column is null.",
    "no_event_uid": "The event has no Irradiation Event UID of its own; the UID is derived.",
    "several_values": "A scalar column is the mean of several values of the source.",
    "unknown_unit": "A quantity has a unit that cannot be converted; its column is null.",
    "unmatched_header_event": "Its device reported the study, but not this event.",
    "zero_length": "A scanning length of 0.",
}
"""What is worth knowing of an irradiation event or administration."""


def coded_columns(name: str, what: str) -> tuple[Column, ...]:
    """Return canonical code, raw scheme and code, and meaning of a coded value."""
    return (
        Column(f"{name}_code", pa.string(), f"Code of {what}: SNOMED CT where there is a synonym, "
               "else as found."),
        Column(f"{name}_raw_scheme", pa.string(), f"Coding scheme of {what} as written."),
        Column(f"{name}_raw_code", pa.string(), f"Code of {what} as written."),
        Column(f"{name}_meaning", pa.string(), f"Meaning of the code of {what} as written."),
    )


def number(name: str, description: str, unit: str = "") -> Column:
    """Return a column of a measured quantity."""
    return Column(name, pa.float64(), description, unit=unit)


def numbers(name: str, description: str, unit: str = "") -> Column:
    """Return a column of all values of a quantity that a source gives several times."""
    return Column(name, pa.list_(pa.float64()), description, unit=unit)


def text(name: str, description: str, privacy: Privacy = Privacy.TECHNICAL) -> Column:
    """Return a column of text."""
    return Column(name, pa.string(), description, privacy=privacy)


RAW_QUANTITIES: Final = Column(
    "raw_quantities", pa.map_(pa.string(), pa.string()),
    "Quantities as the source writes them, number and unit, by column; only where a unit was "
    "converted or could not be.",
)

STUDY: Final = Column(
    "study_instance_uid", pa.string(), "Study of the dose.", nullable=False, privacy=Privacy.UID
)
PATIENT: Final = Column(
    "patient_key", pa.string(), "Patient of the study.", privacy=Privacy.UID
)
DEVICE: Final = Column("device_key", pa.string(), "Device that gave the dose, in `devices`.")
SOURCE: Final = (
    Column("source_kind", pa.string(), "Where the values come from.", nullable=False,
           checks=(OneOf(SOURCE_KINDS),)),
    Column("source_sop_instance_uid", pa.string(), "Report or image the values come from.",
           privacy=Privacy.UID),
)


def flags(codes: dict[str, str], description: str) -> Column:
    """Return the column of flags of a table."""
    return Column("flags", pa.list_(pa.string()), description, checks=(Codes(codes),))


def irradiation_event(start: str) -> tuple[Column, ...]:
    """Return the columns that say which irradiation event a row is: study to start.

    Args:
        start: what its start is the start of.
    """
    return (
        STUDY,
        Column("irradiation_event_uid", pa.string(), "The event; derived from study and "
               "acquisition where the source has none (flag `no_event_uid`).", nullable=False,
               privacy=Privacy.UID),
        Column("active", pa.bool_(), "Whether the event counts in totals.", nullable=False),
        DEVICE,
        start_time("event_start", start),
        Column("event_start_offset_minutes", pa.int32(), "Offset from UTC of the start; null where "
               "there was none.", unit="min"),
    )


def start_time(name: str, what: str) -> Column:
    """Return the column of a time that some sources give with their offset from UTC."""
    return Column(name, pa.timestamp("us"), f"Start of {what}; UTC where the source gives an "
                  "offset, else local time.", privacy=Privacy.DATE)


EVENT_END: Final = (
    RAW_QUANTITIES,
    *SOURCE,
    flags(EVENT_FLAGS, "What is worth knowing of it, sorted."),
    *LINEAGE,
)
"""Last columns of events and administrations: how their values were written, and whence."""


def since(version: int, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return columns as those that a schema version brought."""
    return tuple(replace(column, since=version) for column in columns)
