"""Administrations of radiopharmaceuticals from NM and PET image headers (PS3.3 C.8.4.10, C.8.9.2).

Images of one administration event are one administration. Those without its UID are one where
nuclide, agent and activity are the same; whether activities within 1 % are one as well is decided
where reports and headers meet.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

from dicomlake.pipeline.dose.codes import Code
from dicomlake.pipeline.dose.header_facts import (
    IDENTITY_COLUMNS,
    SOURCE_KIND,
    Moment,
    Row,
    code_columns,
    code_of,
    commonest,
    commonest_code,
    derived_uid,
    device_of,
    earliest,
    known_only,
    raw,
    said,
    shifted,
    start_columns,
)

NM_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.20"
PET_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.128"
LEGACY_CONVERTED_PET: Final = "1.2.840.10008.5.1.4.1.1.128.1"
ENHANCED_PET: Final = "1.2.840.10008.5.1.4.1.1.130"

_TO_MBQ: Final = {NM_IMAGE: 0, PET_IMAGE: -6, ENHANCED_PET: 0}
"""Powers of ten from Radionuclide Total Dose (0018,1074), in MBq or Bq by SOP class, to MBq."""
NUCLEAR_CLASSES: Final = frozenset({*_TO_MBQ, LEGACY_CONVERTED_PET})

USUAL_MBQ: Final = (1.0, 10_000.0)
"""Activities that are given of most nuclides."""
RANGES_MBQ: Final = {
    "43239002": (0.01, 10.0),  # Se-75: SeHCAT is 0.4 MBq
    "1368003": (0.1, 40_000.0),  # I-131: uptake tests to therapies of tens of GBq
}
"""Activities that are given of other nuclides, by SNOMED CT code."""

_PHARMACEUTICAL: Final = (
    "radiopharmaceutical",
    "radiopharmaceutical_administration_event_uid",
    "radiopharmaceutical_start_time",
    "radiopharmaceutical_start_date_time",
    "radiopharmaceutical_start_date_time_offset_minutes",
    "radionuclide_total_dose",
    "radionuclide_half_life",
    *(
        f"{base}_code_{part}"
        for base in ("radionuclide", "radiopharmaceutical", "administration_route")
        for part in ("value", "scheme", "meaning")
    ),
)
ADMINISTRATION_COLUMNS: Final = (*IDENTITY_COLUMNS, "series_date", "series_time", *_PHARMACEUTICAL)
"""Columns of `instances` that are read of an NM or PET image."""

_TELLING: Final = (
    "radiopharmaceutical",
    "radiopharmaceutical_administration_event_uid",
    "radionuclide_total_dose",
    "radionuclide_code_value",
    "radionuclide_code_meaning",
    "radiopharmaceutical_code_value",
)
"""Columns without any of which nothing is said of an administration."""


def administrations(instances: Iterable[Row]) -> tuple[Row, ...]:
    """Return the administrations that NM and PET images of one study tell of, sorted by UID."""
    members: dict[str, list[Row]] = defaultdict(list)
    for row in instances:
        if row.get("sop_class_uid") in NUCLEAR_CLASSES and any(
            row.get(column) is not None for column in _TELLING
        ):
            members[_administration_uid(row)].append(row)
    return tuple(_administration(uid, rows) for uid, rows in sorted(members.items()))


def _administration_uid(row: Row) -> str:
    uid: str | None = row.get("radiopharmaceutical_administration_event_uid")
    if uid:
        return uid
    nuclide, agent = code_of(row, "radionuclide"), code_of(row, "radiopharmaceutical")
    return derived_uid(
        row["study_instance_uid"],
        "administration",
        nuclide.canonical if nuclide else row.get("radionuclide_code_meaning"),
        agent.canonical if agent else row.get("radiopharmaceutical"),
        _activity_mbq(row) if _known_unit(row) else row.get("radionuclide_total_dose"),
    )


def _known_unit(row: Mapping[str, Any]) -> bool:
    return row.get("sop_class_uid") in _TO_MBQ


def _activity_mbq(row: Mapping[str, Any]) -> float | None:
    """Return the activity in MBq by the SOP class; None where that does not tell the unit."""
    value, places = row.get("radionuclide_total_dose"), _TO_MBQ.get(row.get("sop_class_uid", ""))
    return None if value is None or places is None else shifted(value, places)


def _administration(uid: str, images: Sequence[Row]) -> Row:
    flags: set[str] = set()
    if not said(images, "radiopharmaceutical_administration_event_uid"):
        flags.add("no_event_uid")
    nuclide = commonest_code(images, "radionuclide")
    row: Row = {
        "study_instance_uid": images[0]["study_instance_uid"],
        "administration_uid": uid,
        "active": True,
        "source_kind": SOURCE_KIND,
        "source_sop_instance_uid": min(image["sop_instance_uid"] for image in images),
        "half_life_s": commonest(said(images, "radionuclide_half_life")),
        "_device": device_of(images),
        "_modality": commonest(said(images, "modality")),
        **start_columns(earliest(_start(image) for image in images), "start"),
        **_named("radionuclide", nuclide, said(images, "radionuclide_code_meaning")),
        **_named(
            "agent",
            commonest_code(images, "radiopharmaceutical"),
            said(images, "radiopharmaceutical") or said(images, "radiopharmaceutical_code_meaning"),
        ),
        **code_columns("route", commonest_code(images, "administration_route")),
        **_activity(images, nuclide, flags),
    }
    row["flags"] = sorted(flags)
    return known_only(row)


def _named(name: str, code: Code | None, texts: Sequence[str]) -> Row:
    """Return the columns of a code; without one, or without a meaning in it, the text."""
    columns = code_columns(name, code)
    if not columns.get(f"{name}_meaning"):
        columns = {**columns, f"{name}_meaning": commonest(texts)}
    return columns


def _activity(images: Sequence[Row], nuclide: Code | None, flags: set[str]) -> Row:
    """Return the activity and how it was written; out of range is a flag, never a correction."""
    written = [image for image in images if image.get("radionuclide_total_dose") is not None]
    if not written:
        return {}
    known = [image for image in written if _known_unit(image)]
    if not known:
        flags.add("unknown_unit")
        value = commonest(said(written, "radionuclide_total_dose"))
        quantity = None if value is None else {"administered_activity_mbq": f"{value:.15g}"}
        return {"raw_quantities": quantity}
    activity = commonest(value for image in known if (value := _activity_mbq(image)) is not None)
    if len({_activity_mbq(image) for image in known}) > 1:
        flags.add("conflict")
    if activity is not None and not in_range(activity, nuclide):
        flags.add("activity_out_of_range")
    source = min(
        (image for image in known if _activity_mbq(image) == activity),
        key=lambda image: str(image["sop_instance_uid"]),
    )
    columns: Row = {"administered_activity_mbq": activity}
    if source["sop_class_uid"] == PET_IMAGE:
        text = raw(source["radionuclide_total_dose"], "Bq")
        columns["raw_quantities"] = {"administered_activity_mbq": text}
    return columns


def in_range(activity_mbq: float, nuclide: Code | None) -> bool:
    """Return whether an activity is one that is given of a nuclide, MBq."""
    low, high = RANGES_MBQ.get(nuclide.canonical if nuclide else "", USUAL_MBQ)
    return low <= activity_mbq <= high


def _start(image: Row) -> Moment | None:
    """Return the start of the administration.

    A start without a date is of the day of the acquisition where it comes before it; one that
    comes after it was before midnight, or is wrong: then there is none.
    """
    at = image.get("radiopharmaceutical_start_date_time")
    if isinstance(at, datetime):
        return Moment(at, image.get("radiopharmaceutical_start_date_time_offset_minutes"))
    clock = image.get("radiopharmaceutical_start_time")
    day, acquisition = image.get("acquisition_date"), image.get("acquisition_time")
    if day is None:
        day, acquisition = image.get("series_date"), image.get("series_time")
    if isinstance(clock, time) and isinstance(day, date) and isinstance(acquisition, time):
        return Moment(datetime.combine(day, clock), None) if clock <= acquisition else None
    return None
