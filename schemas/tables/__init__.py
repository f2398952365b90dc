"""The tables of a lake, one file each."""

from collections.abc import Mapping
from typing import Final

from dicomlake.schemas.column import Table
from dicomlake.schemas.tables.changes import CHANGES
from dicomlake.schemas.tables.ct_irradiation_event_sources import CT_IRRADIATION_EVENT_SOURCES
from dicomlake.schemas.tables.ct_irradiation_events import CT_IRRADIATION_EVENTS
from dicomlake.schemas.tables.ct_series import CT
from dicomlake.schemas.tables.devices import DEVICES
from dicomlake.schemas.tables.dicom_json import DICOM_JSON
from dicomlake.schemas.tables.dose_event_versions import DOSE_EVENT_VERSIONS
from dicomlake.schemas.tables.dose_exams import DOSE_EXAMS
from dicomlake.schemas.tables.dose_reports import DOSE_REPORTS
from dicomlake.schemas.tables.dose_studies import DOSE_STUDIES
from dicomlake.schemas.tables.drl import DRL
from dicomlake.schemas.tables.elements import ELEMENTS
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.frames import FRAMES
from dicomlake.schemas.tables.instance_references import INSTANCE_REFERENCES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES
from dicomlake.schemas.tables.modality_series import ModalitySeries
from dicomlake.schemas.tables.mr_series import MR
from dicomlake.schemas.tables.organ_doses import ORGAN_DOSES
from dicomlake.schemas.tables.patients import PATIENTS
from dicomlake.schemas.tables.pt_series import PT
from dicomlake.schemas.tables.radiopharmaceutical_administrations import (
    RADIOPHARMACEUTICAL_ADMINISTRATIONS,
)
from dicomlake.schemas.tables.runs import RUNS
from dicomlake.schemas.tables.series import SERIES
from dicomlake.schemas.tables.studies import STUDIES
from dicomlake.schemas.tables.volume_instances import VOLUME_INSTANCES
from dicomlake.schemas.tables.volumes import VOLUMES
from dicomlake.schemas.tables.xray_irradiation_event_filters import XRAY_IRRADIATION_EVENT_FILTERS
from dicomlake.schemas.tables.xray_irradiation_events import XRAY_IRRADIATION_EVENTS

__all__ = [
    "CHANGES",
    "CT_IRRADIATION_EVENTS",
    "CT_IRRADIATION_EVENT_SOURCES",
    "DEVICES",
    "DICOM_JSON",
    "DOSE_EVENT_VERSIONS",
    "DOSE_EXAMS",
    "DOSE_REPORTS",
    "DOSE_STUDIES",
    "DRL",
    "ELEMENTS",
    "FILES",
    "FRAMES",
    "INSTANCES",
    "INSTANCE_REFERENCES",
    "ISSUES",
    "MODALITY_SERIES",
    "ORGAN_DOSES",
    "PATIENTS",
    "RADIOPHARMACEUTICAL_ADMINISTRATIONS",
    "RUNS",
    "SERIES",
    "STUDIES",
    "TABLES",
    "VOLUMES",
    "VOLUME_INSTANCES",
    "XRAY_IRRADIATION_EVENTS",
    "XRAY_IRRADIATION_EVENT_FILTERS",
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
        DOSE_STUDIES,
        DOSE_REPORTS,
        CT_IRRADIATION_EVENTS,
        CT_IRRADIATION_EVENT_SOURCES,
        XRAY_IRRADIATION_EVENTS,
        XRAY_IRRADIATION_EVENT_FILTERS,
        RADIOPHARMACEUTICAL_ADMINISTRATIONS,
        ORGAN_DOSES,
        DOSE_EVENT_VERSIONS,
        DOSE_EXAMS,
        DEVICES,
        DRL,
        CHANGES,
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
