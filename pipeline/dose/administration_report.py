"""Radiopharmaceutical dose reports: TID 10021, administrations (10022), organ doses (10023)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dicomlake.pipeline.dose import codes
from dicomlake.pipeline.dose.administration_headers import in_range
from dicomlake.pipeline.dose.codes import Code, Row
from dicomlake.pipeline.dose.content import Node
from dicomlake.pipeline.dose.report_rows import RowMaker

ADMINISTRATION: Final = Code("DCM", "113502", "Radiopharmaceutical Administration")
_EVENT_UID: Final = Code("DCM", "113503", "Radiopharmaceutical Administration Event UID")
_AGENTS: Final = (
    Code("SRT", "F-61FDB", "Radiopharmaceutical agent"),
    Code("SCT", "349358000", "Radiopharmaceutical agent"),
    Code("DCM", "123001", "Radiopharmaceutical"),
)
"""No table of pydicom knows the first two as synonyms."""
_RADIONUCLIDES: Final = (
    Code("SCT", "89457008", "Radionuclide"),
    Code("DCM", "123008", "Radionuclide"),
)
_HALF_LIFE: Final = Code("SCT", "304283002", "Radionuclide Half Life")
_ROUTE: Final = Code("SCT", "410675002", "Route of administration")
_SITE: Final = Code("SCT", "272737002", "Site of")
_START: Final = Code("DCM", "123003", "Radiopharmaceutical Start DateTime")
_STOP: Final = Code("DCM", "123004", "Radiopharmaceutical Stop DateTime")
_MEASURED: Final = (
    ("administered_activity_mbq", Code("DCM", "113507", "Administered activity"), "MBq"),
    ("pre_activity_mbq", Code("DCM", "113508", "Pre-Administration Measured Activity"), "MBq"),
    ("post_activity_mbq", Code("DCM", "113509", "Post-Administration Measured Activity"), "MBq"),
    (
        "extravasation_activity_mbq",
        Code("DCM", "113506", "Estimated Extravasation Activity"),
        "MBq",
    ),
    ("specific_activity_bq_mol", Code("DCM", "123007", "Specific Activity"), "Bq/mol"),
    ("volume_cm3", Code("DCM", "123005", "Radiopharmaceutical Volume"), "cm3"),
    ("half_life_s", _HALF_LIFE, "s"),
    ("effective_dose_msv", codes.EFFECTIVE_DOSE, "mSv"),
)
_ORGAN_DOSES: Final = Code("DCM", "113517", "Organ Dose Information")
_ORGAN_DOSE: Final = Code("DCM", "113518", "Organ Dose")
_FINDING_SITE: Final = Code("SCT", "363698007", "Finding Site")
_PATIENT: Final = Code("DCM", "121118", "Patient Characteristics")
_SUBJECT_AGE: Final = Code("DCM", "121033", "Subject Age")
_SUBJECT_SEX: Final = Code("DCM", "121032", "Subject Sex")
_SEXES: Final = {
    Code("DCM", "M"): "M",
    Code("DCM", "F"): "F",
    Code("SCT", "248153007"): "M",
    Code("SCT", "248152002"): "F",
}
_HEIGHTS: Final = (
    Code("LN", "8302-2", "Patient Height"),
    Code("SCT", "50373000", "Body height"),
)
_WEIGHTS: Final = (
    Code("LN", "29463-7", "Patient Weight"),
    Code("SCT", "27113001", "Body weight"),
)
_GLUCOSE: Final = Code("LN", "14749-6", "Glucose")


@dataclass(frozen=True, slots=True)
class Administration:
    """An administration, and the organ doses that the report states for it."""

    row: Row
    organ_doses: tuple[Row, ...]


def administration_of(node: Node, root: Node) -> Administration:
    """Return the administration of a container (TID 10022).

    Args:
        node: the container.
        root: the report, which may state effective dose and glucose outside of it.
    """
    row = RowMaker()
    uid = node.first(_EVENT_UID)
    if uid is not None and (written := uid.uid()):
        row.row["administration_uid"] = written
    row.code("agent", next((n for agent in _AGENTS if (n := node.deep_first(agent))), None))
    nuclides = (node.deep_first(concept) for concept in _RADIONUCLIDES)
    nuclide = next((each for each in nuclides if each is not None), None)
    row.code("radionuclide", nuclide)
    only = len(root.outermost(ADMINISTRATION)) == 1
    for column, concept, unit in _MEASURED:
        found = node.outermost(concept)
        if not found and only and concept == codes.EFFECTIVE_DOSE:
            found = root.outermost(concept)  # Siemens states it in a container of its own
        row.number(column, found[:1], unit)
    row.start("start", node.deep_first(_START))
    row.start("stop", node.deep_first(_STOP))
    row.row.pop("stop_offset_minutes", None)  # its start says it
    route = node.deep_first(_ROUTE)
    row.code("route", route)
    row.code("site", (route and route.first(_SITE)) or node.deep_first(_SITE))
    row.number("glucose_mmol_l", root.outermost(_GLUCOSE)[:1], "mmol/l")
    row.text("comment", node.children(codes.COMMENT))
    activity = row.row.get("administered_activity_mbq")
    if activity is not None and not in_range(activity, nuclide.code() if nuclide else None):
        row.flags.add("activity_out_of_range")
    organ_doses = _organ_doses(row, node)
    return Administration(row.finished(), organ_doses)


def _organ_doses(row: RowMaker, node: Node) -> tuple[Row, ...]:
    """Return a row for each organ whose dose is stated (TID 10023)."""
    rows: list[Row] = []
    for container in node.outermost(_ORGAN_DOSES):
        for dose in container.outermost(_ORGAN_DOSE):
            organ = row.part(organ_number=len(rows) + 1)
            site = container.deep_first(_FINDING_SITE)
            organ.code("organ", dose.first(_FINDING_SITE) or site)
            organ.side(dose.first(_FINDING_SITE), site, container.first(codes.LATERALITY))
            organ.number("dose_mgy", [dose], "mGy")
            if "dose_mgy" in organ.row:
                rows.append(organ.row)
    return tuple(rows)


def patient_of(root: Node) -> Row:
    """Return what a report says of the patient (TID 10024): age, sex, height and weight."""
    places = root.children(_PATIENT) or root.outermost(_PATIENT)
    if not places:
        return {}
    patient = RowMaker()
    patient.number("age_years", _any(places, _SUBJECT_AGE), "a")
    patient.number("height_m", _any(places, *_HEIGHTS), "m")
    patient.number("weight_kg", _any(places, *_WEIGHTS), "kg")
    for node in _any(places, _SUBJECT_SEX):
        code = node.code()
        if code is not None and code in _SEXES:
            patient.row["sex"] = _SEXES[code]
    return patient.row


def _any(places: Sequence[Node], *concepts: Code) -> list[Node]:
    """Return the first item of the concepts in the first place that has one."""
    for place in places:
        for concept in concepts:
            if found := place.outermost(concept):
                return found[:1]
    return []
