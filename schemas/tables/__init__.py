"""The tables of a lake, one file each."""

from collections.abc import Mapping
from typing import Final

from dicomlake.schemas.column import Table
from dicomlake.schemas.tables.ct_series import CT
from dicomlake.schemas.tables.dicom_json import DICOM_JSON
from dicomlake.schemas.tables.elements import ELEMENTS
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.frames import FRAMES
from dicomlake.schemas.tables.instance_references import INSTANCE_REFERENCES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES
from dicomlake.schemas.tables.modality_series import ModalitySeries
from dicomlake.schemas.tables.mr_series import MR
from dicomlake.schemas.tables.patients import PATIENTS
from dicomlake.schemas.tables.pt_series import PT
from dicomlake.schemas.tables.runs import RUNS
from dicomlake.schemas.tables.series import SERIES
from dicomlake.schemas.tables.studies import STUDIES
from dicomlake.schemas.tables.volume_instances import VOLUME_INSTANCES
from dicomlake.schemas.tables.volumes import VOLUMES

__all__ = [
    "DICOM_JSON",
    "ELEMENTS",
    "FILES",
    "FRAMES",
    "INSTANCES",
    "INSTANCE_REFERENCES",
    "ISSUES",
    "MODALITY_SERIES",
    "PATIENTS",
    "RUNS",
    "SERIES",
    "STUDIES",
    "TABLES",
    "VOLUMES",
    "VOLUME_INSTANCES",
    "table",
]

MODALITY_SERIES: Final[Mapping[str, ModalitySeries]] = {
    each.table.name: each for each in (CT, MR, PT)
}
"""The series tables of one modality by name, with how each is made of `instances`."""

TABLES: Final[Mapping[str, Table]] = {
    each.name: each
    for each in (
        FILES,
        INSTANCES,
        FRAMES,
        INSTANCE_REFERENCES,
        ELEMENTS,
        DICOM_JSON,
        SERIES,
        STUDIES,
        PATIENTS,
        *(each.table for each in MODALITY_SERIES.values()),
        VOLUMES,
        VOLUME_INSTANCES,
        ISSUES,
        RUNS,
    )
}
"""Every table of a lake by its name; each version of a lake holds all of them."""


def table(name: str) -> Table:
    """Return the definition of a table.

    Raises:
        KeyError: there is no table of that name.
    """
    return TABLES[name]
