"""The dose of one study as its tables will tell it, and the codes it is read by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Row = dict[str, Any]

CT: Final = "ct_irradiation_events"
XRAY: Final = "xray_irradiation_events"
NM: Final = "radiopharmaceutical_administrations"

EVENT_UID: Final = {
    CT: "irradiation_event_uid",
    XRAY: "irradiation_event_uid",
    NM: "administration_uid",
}
"""Tables of events, and the column that names the event."""

RANKS: Final = {"RDSR": 0, "ESR": 1, "PHILIPS_SC": 2, "IMAGE_HEADER": 3}
"""Sources of a dose, the best first."""

PROCEDURE_TABLES: Final = {"77477000": CT, "113704": XRAY, "71651007": XRAY}
"""The same by the procedure reported, where a report names no template."""
TEMPLATE_TABLES: Final = {"10011": CT, "10001": XRAY, "10021": NM}
"""Table that the events of a report of a template belong to."""

FLUOROSCOPY: Final = "44491008"
STEPPING: Final = "113612"
ROTATIONAL: Final = "113613"
LOCALIZER: Final = "113805"
STATIONARY: Final = "113806"
PLANE_A: Final = "113620"
PLANE_B: Final = "113621"
MAMMOGRAPHY: Final = "71651007"
"""Canonical codes: DCM, and SNOMED CT where there is a synonym."""


def table_of(report: Row) -> str | None:
    """Return the table that a report tells of, by what it says that it is; None where unknown."""
    if report["source_kind"] == "PHILIPS_SC":
        return CT
    if str(report.get("root_code")) == "113500":
        return NM
    template = TEMPLATE_TABLES.get(str(report.get("template")))
    return template or PROCEDURE_TABLES.get(str(report.get("procedure_code")))


@dataclass(frozen=True, slots=True)
class StudyDose:
    """Rows of one study by table, without lineage; each table in the order of its key."""

    study_instance_uid: str
    reports: tuple[Row, ...] = ()
    ct_events: tuple[Row, ...] = ()
    ct_sources: tuple[Row, ...] = ()
    xray_events: tuple[Row, ...] = ()
    xray_filters: tuple[Row, ...] = ()
    administrations: tuple[Row, ...] = ()
    organ_doses: tuple[Row, ...] = ()
    versions: tuple[Row, ...] = ()
    devices: Mapping[str, Row] = field(default_factory=dict)
    """What is said of each device, by its key."""
    modalities: Mapping[str | None, frozenset[str]] = field(default_factory=dict)
    """Modalities of the images of each device."""

    def events(self, table: str) -> tuple[Row, ...]:
        """Return the events of one of the three tables."""
        return {CT: self.ct_events, XRAY: self.xray_events, NM: self.administrations}[table]
