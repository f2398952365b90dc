"""`instances`: one row per SOP instance, with the attributes people ask for.

The attributes stand in `instance_columns`, a module for each kind of object.
"""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import Matches
from dicomlake.schemas.column import LINEAGE, Column, Level, Privacy, Table, attribute
from dicomlake.schemas.tables.instance_columns import (
    ct,
    image,
    mr,
    nuclear,
    other,
    patient,
    private,
    series,
    xray,
)

INSTANCES: Final = Table(
    name="instances",
    description=(
        "One row per SOP instance: patient, study, series, equipment, acquisition, geometry and "
        "pixel attributes, typed by their VR. An attribute that is absent, empty or malformed is "
        "NULL; a malformed one is also named in `invalid_attributes` and in `issues`."
    ),
    grain="SOP instance",
    key=("sop_instance_uid",),
    partition_by=("modality", "study_year"),
    sort_by=("study_instance_uid", "series_instance_uid", "sop_instance_uid"),
    columns=(
        attribute("SOPInstanceUID", 0x00080018, "UI", "Identity of the instance.",
                  nullable=False, privacy=Privacy.UID),
        attribute("SOPClassUID", 0x00080016, "UI", "Kind of the instance.", nullable=False),
        attribute("SeriesInstanceUID", 0x0020000E, "UI", "Series of the instance.",
                  nullable=False, level=Level.SERIES, privacy=Privacy.UID),
        attribute("StudyInstanceUID", 0x0020000D, "UI", "Study of the instance.",
                  nullable=False, level=Level.STUDY, privacy=Privacy.UID),
        Column("patient_key", pa.string(), "Identity of the patient.", nullable=False,
               rule="first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient "
               "ID of the study UID, so that strangers never become one patient",
               level=Level.PATIENT, privacy=Privacy.KEY, checks=(Matches("[0-9a-f]{32}"),)),
        Column("modality", pa.string(), "Modality as a folder name; `UNKNOWN` where it is absent "
               "or is no code of capitals.", nullable=False, level=Level.SERIES,
               checks=(Matches("[A-Z][A-Z0-9_]{0,15}"),)),
        Column("modality_raw", pa.string(), "Modality as written.", keyword="Modality",
               tag=0x00080060, vr="CS", vm="1", level=Level.SERIES),
        Column("study_year", pa.int32(), "Year of the study date; 0 where it is absent or outside "
               "1895 to next year.", nullable=False, rule="year of StudyDate", level=Level.STUDY,
               privacy=Privacy.DATE),
        *patient.PATIENT,
        *patient.TRIAL,
        *patient.STUDY,
        *patient.REQUEST,
        *series.SERIES,
        *series.EQUIPMENT,
        *image.INSTANCE,
        *image.ANATOMY,
        *image.CONTRAST,
        *xray.XRAY,
        *ct.CT,
        *mr.MR,
        *nuclear.NUCLEAR,
        *nuclear.RADIOPHARMACEUTICAL,
        *xray.DOSE,
        *ct.EXPOSURE_DOSE,
        *xray.DETECTOR,
        *xray.POSITIONING,
        *xray.MAMMOGRAPHY,
        *other.ULTRASOUND,
        *image.GEOMETRY,
        *image.PIXELS,
        *other.OBJECTS,
        *private.PRIVATE,
        Column("private_attributes", pa.map_(pa.string(), pa.string()),
               "Values of the private attributes that the settings name (`headers.private`), by "
               "name.", privacy=Privacy.PRIVATE, since=2),
        Column("invalid_attributes", pa.list_(pa.string()),
               "Keywords of attributes that are NULL here because their value was malformed, "
               "sorted."),
        Column("file_id", pa.string(), "File the row was read from.", nullable=False),
        *LINEAGE,
    ),
)


def columns_of(level: Level) -> tuple[str, ...]:
    """Return the names of the instance columns that belong to a level."""
    return tuple(column.name for column in INSTANCES.columns if column.level is level)
