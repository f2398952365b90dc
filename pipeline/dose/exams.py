"""Exams: the dose of a study per group of modalities, by the rules of the exam table.

Sums are of active events, null where none carries the value; reported totals are of active
reports, and stand beside them. Nothing is added that no dose quantity is: DLP of two phantoms
feeds no reference level, reference air kerma and times of two planes are not added at all.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicomlake.pipeline.dose.devices import commonest, facility_key
from dicomlake.pipeline.dose.protocols import ExamNames, ProtocolMap
from dicomlake.pipeline.dose.study_dose import (
    CT,
    FLUOROSCOPY,
    LOCALIZER,
    MAMMOGRAPHY,
    NM,
    PLANE_A,
    PLANE_B,
    RANKS,
    ROTATIONAL,
    STATIONARY,
    STEPPING,
    XRAY,
    Row,
    StudyDose,
    table_of,
)

RELATIVE_TOLERANCE: Final = 0.01
ABSOLUTE_TOLERANCE: Final = 0.01
"""Greatest difference of a reported total and the sum of events: a part, and units."""

_LONGEST_NAME: Final = 256
"""Characters of a name that patterns are held against: four times what LO allows (PS3.5 table
6.2-1). Patterns may take quadratic time, and a broken file's text a megabyte."""
_RF_EVENTS: Final = frozenset({FLUOROSCOPY, STEPPING, ROTATIONAL})
_FACTS: Final = (
    "patient_key",
    "is_patient",
    "study_date",
    "age_years",
    "age_source",
    "sex",
    "weight_kg",
    "height_m",
)


@dataclass(frozen=True, slots=True)
class Called:
    """What a study is called by its images."""

    study_description: str | None = None
    series_descriptions: tuple[str, ...] = ()
    procedure_codes: tuple[str, ...] = ()


def exams(
    study: StudyDose,
    facts: Row,
    *,
    protocols: ProtocolMap,
    facilities: Mapping[str, str],
    called: Called | None = None,
) -> list[Row]:
    """Return the rows of `dose_exams` of a study, by group, without lineage.

    Args:
        study: its dose.
        facts: what is known of the patient; `_flags` are what is odd in it.
        protocols: names the standard exam.
        facilities: the setting `dose.facilities`.
        called: what the images say of the study.
    """
    found = []
    called = called or Called()
    groups = _groups(study)
    for group in sorted(groups):
        events, reports = groups[group]
        active = [each for each in events if each["active"]]
        counted = [each for each in reports if each["status"] == "active"]
        row = _base(study, facts, group, active, counted)
        row["protocol"] = _protocol(active) or called.study_description
        flags = set(facts.get("_flags") or ()) | _event_flags(events, reports)
        row |= _TOTALS[group](active, counted, flags)
        row["reconciled"] = _reconciled(row, flags)
        if len({each["device_key"] for each in active} - {None}) > 1:
            flags.add("mixed_device")
        device = study.devices.get(row["device_key"] or "", {})
        row["facility_key"] = facility_key(device, facilities)
        row["standard_exam"] = protocols.standard_exam(_names(group, active, called))
        row["flags"] = sorted(flags)
        row["_devices"] = {each["device_key"] for each in (*events, *reports)}
        found.append(row)
    return found


def _names(group: str, events: Sequence[Row], called: Called) -> ExamNames:
    wanted = [e for e in events if e.get("acquisition_type_code") != LOCALIZER] or events
    protocols = {
        each["acquisition_protocol"] for each in wanted if each.get("acquisition_protocol")
    }
    return ExamNames(
        group,
        _short(sorted(protocols)),
        (called.study_description or "")[:_LONGEST_NAME],
        _short(called.series_descriptions),
        _short(called.procedure_codes),
    )


def _short(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name[:_LONGEST_NAME] for name in names)


Group = tuple[list[Row], list[Row]]
"""Events, and reports that tell of them."""


def _groups(study: StudyDose) -> dict[str, Group]:
    """Return the events and readable reports of each group of modalities.

    Projection X-ray is grouped by device: the images of a mammography unit and those of a
    fluoroscope are two exams, all that one dual-purpose machine did is one.
    """
    groups: dict[str, Group] = defaultdict(lambda: ([], []))
    readable = [each for each in study.reports if each["status"] in ("active", "superseded")]
    for event in study.ct_events:
        groups["CT"][0].append(event)
    for event in study.administrations:
        groups["NM"][0].append(event)
    kinds = _xray_kinds(study, readable)
    for event in study.xray_events:
        groups[kinds[event["device_key"]]][0].append(event)
    for report in readable:
        table = _table_of(report, study)
        if table == CT:
            groups["CT"][1].append(report)
        elif table == NM:
            groups["NM"][1].append(report)
        elif table == XRAY:
            groups[kinds[report["device_key"]]][1].append(report)
    # A report that tells of nothing is no exam.
    return {
        name: (events, reports)
        for name, (events, reports) in groups.items()
        if events or any(_tells(each) for each in reports)
    }


def _tells(report: Row) -> bool:
    return any(
        value is not None
        for name, value in report.items()
        if "_reported" in name or "_plane_" in name
    )


def _table_of(report: Row, study: StudyDose) -> str | None:
    """Return the table that a report tells of: by what it says, else by its events."""
    if table := table_of(report):
        return table
    for name in (CT, XRAY, NM):
        sources = {each.get("source_sop_instance_uid") for each in study.events(name)}
        if report["sop_instance_uid"] in sources:
            return name
    return None


def _xray_kinds(study: StudyDose, reports: Sequence[Row]) -> dict[str | None, str]:
    """Return the group of each device that made projection X-rays: MG first, then RF, else DX."""
    events: dict[str | None, list[Row]] = defaultdict(list)
    told: dict[str | None, list[Row]] = defaultdict(list)
    for event in study.xray_events:
        events[event["device_key"]].append(event)
    for report in reports:
        told[report["device_key"]].append(report)
    return {
        key: _kind(events[key], told[key], study.modalities.get(key, frozenset()))
        for key in {*events, *told}
    }


def _kind(events: Sequence[Row], reports: Sequence[Row], modalities: frozenset[str]) -> str:
    breast = (
        "MG" in modalities
        or any(each.get("agd_mgy") is not None for each in events)
        or any(
            each.get("procedure_code") == MAMMOGRAPHY
            or each.get("agd_left_reported_mgy") is not None
            or each.get("agd_right_reported_mgy") is not None
            for each in reports
        )
    )
    if breast:
        return "MG"
    moving = (
        bool(modalities & {"RF", "XA"})
        or any(each.get("event_type_code") in _RF_EVENTS for each in events)
        or any((each.get(f"fluoro_time_plane_{p}_s") or 0) > 0 for each in reports for p in "ab")
    )
    return "RF" if moving else "DX"


def _base(
    study: StudyDose, facts: Row, group: str, events: Sequence[Row], reports: Sequence[Row]
) -> Row:
    kinds = [each["source_kind"] for each in events] or [each["source_kind"] for each in reports]
    return {
        "study_instance_uid": study.study_instance_uid,
        "modality_group": group,
        **{name: facts.get(name) for name in _FACTS},
        "device_key": commonest(each["device_key"] for each in events)
        or commonest(each["device_key"] for each in reports),
        "source_kind": min(kinds, key=RANKS.__getitem__, default=None),
        "n_events": len(events),
    }


def _protocol(events: Sequence[Row]) -> str | None:
    """Return the commonest protocol of events; that of localizers only where there is no other."""
    wanted = [each for each in events if each.get("acquisition_type_code") != LOCALIZER]
    for some in (wanted, events):
        if name := commonest(each.get("acquisition_protocol") for each in some):
            return name
    return None


def _event_flags(events: Sequence[Row], reports: Sequence[Row]) -> set[str]:
    flags = set()
    if any(each["flags"] for each in events if each["active"]):
        flags.add("event_flags")
    said = {flag for each in (*events, *reports) for flag in each.get("flags") or ()}
    flags |= said & {"conflict", "partial_overlap"}
    if "unmatched_header_event" in said:
        flags.add("unmatched_header_events")
    return flags


def total(rows: Iterable[Row], *names: str) -> float | None:
    """Return the sum of columns over rows; None where no row carries one."""
    values = [row[name] for row in rows for name in names if row.get(name) is not None]
    return float(sum(sorted(values))) if values else None


def _mean(values: Iterable[float | None]) -> float | None:
    found = sorted(value for value in values if value is not None)
    return sum(found) / len(found) if found else None


def _ct(events: Sequence[Row], reports: Sequence[Row], flags: set[str]) -> Row:
    with_dose = [
        each
        for each in events
        if each.get("ctdivol_mgy") is not None or each.get("dlp_mgy_cm") is not None
    ]
    if any(each.get("phantom_cm") not in (16, 32) for each in with_dose):
        flags.add("phantom_unknown")
    head, body = ([e for e in events if e.get("phantom_cm") == cm] for cm in (16, 32))
    scans = [e for e in events if e.get("acquisition_type_code") not in (LOCALIZER, STATIONARY)]
    row = {
        "dlp_total_reported_mgy_cm": total(reports, "dlp_total_reported_mgy_cm"),
        "dlp_total_mgy_cm": total(events, "dlp_mgy_cm"),
        "dlp_head_phantom_mgy_cm": total(head, "dlp_mgy_cm"),
        "dlp_body_phantom_mgy_cm": total(body, "dlp_mgy_cm"),
        "dlp_estimated_mgy_cm": total(
            (each for each in events if each.get("dlp_mgy_cm") is None), "dlp_estimated_mgy_cm"
        ),
        "ctdivol_max_head_mgy": _greatest(scans, 16),
        "ctdivol_max_body_mgy": _greatest(scans, 32),
        "ssde_mean_mgy": _mean(_ssde(each) for each in scans),
        "dw_mean_mm": _mean(each.get("dw_mm") for each in scans),
        "n_events_localizer": _count(events, LOCALIZER),
        "n_events_stationary": _count(events, STATIONARY),
    }
    if row["dlp_head_phantom_mgy_cm"] is not None and row["dlp_body_phantom_mgy_cm"] is not None:
        flags.add("mixed_phantom")
    return row


def _ssde(event: Row) -> float | None:
    """Return the size specific dose estimate of an event: stated, else computed."""
    stated: float | None = event.get("ssde_mgy")
    return event.get("ssde_calculated_mgy") if stated is None else stated


def _greatest(events: Sequence[Row], phantom_cm: int) -> float | None:
    values = [
        each["ctdivol_mgy"]
        for each in events
        if each.get("phantom_cm") == phantom_cm and each.get("ctdivol_mgy") is not None
    ]
    return max(values, default=None)


def _count(events: Sequence[Row], code: str) -> int:
    return sum(each.get("acquisition_type_code") == code for each in events)


def _xray(events: Sequence[Row], reports: Sequence[Row], flags: set[str]) -> Row:
    fluoro = [each for each in events if each.get("event_type_code") == FLUOROSCOPY]
    others = [each for each in events if each.get("event_type_code") != FLUOROSCOPY]
    row = {
        "kap_total_gy_cm2": total(events, "kap_gy_cm2"),
        "kap_total_reported_gy_cm2": total(
            reports, "kap_total_plane_a_gy_cm2", "kap_total_plane_b_gy_cm2"
        ),
        "kap_fluoro_gy_cm2": total(fluoro, "kap_gy_cm2"),
        "kap_acquisition_gy_cm2": total(others, "kap_gy_cm2"),
        "n_events_fluoroscopy": len(fluoro),
        "n_events_acquisition": len(others),
        **_breasts(events, reports),
    }
    if _is_biplane(events, reports):
        flags.add("biplane")
        return row | _planes(events, reports)
    time = total(reports, "fluoro_time_plane_a_s")
    return row | {
        "ka_r_total_mgy": total(events, "ka_r_mgy"),
        "ka_r_total_reported_mgy": total(reports, "ka_r_total_plane_a_mgy"),
        "ka_r_fluoro_mgy": total(fluoro, "ka_r_mgy"),
        "ka_r_acquisition_mgy": total(others, "ka_r_mgy"),
        "fluoro_time_s": _event_time(fluoro) if time is None else time,
    }


def _breasts(events: Sequence[Row], reports: Sequence[Row]) -> Row:
    sides = {
        side: [each for each in events if each.get("laterality") == letter]
        for side, letter in (("left", "L"), ("right", "R"))
    }
    return {
        **{f"agd_{side}_mgy": total(some, "agd_mgy") for side, some in sides.items()},
        **{
            f"agd_{side}_reported_mgy": total(reports, f"agd_{side}_reported_mgy") for side in sides
        },
    }


def _is_biplane(events: Sequence[Row], reports: Sequence[Row]) -> bool:
    """Return whether a second plane was used; one that stood still reports zeros."""
    if any(each.get("plane_code") == PLANE_B for each in events):
        return True
    return any(
        value for each in reports for name, value in each.items() if "_plane_b_" in name and value
    )


def _planes(events: Sequence[Row], reports: Sequence[Row]) -> Row:
    """Return what is kept apart for two planes; of events, else of reports."""
    row: Row = {}
    for name, code in (("a", PLANE_A), ("b", PLANE_B)):
        own = [each for each in events if each.get("plane_code") == code]
        fluoro = [each for each in own if each.get("event_type_code") == FLUOROSCOPY]
        kerma = total(own, "ka_r_mgy")
        if kerma is None:
            kerma = total(reports, f"ka_r_total_plane_{name}_mgy")
        time = total(reports, f"fluoro_time_plane_{name}_s")
        row[f"ka_r_plane_{name}_mgy"] = kerma
        row[f"fluoro_time_plane_{name}_s"] = _event_time(fluoro) if time is None else time
    return row


def _event_time(fluoro: Sequence[Row]) -> float | None:
    """Return the time of fluoroscopies in seconds; None unless each of them says its own."""
    times = []
    for each in fluoro:
        time = each.get("irradiation_duration_s")
        if time is None and each.get("n_pulses") and each.get("pulse_rate_hz"):
            time = each["n_pulses"] / each["pulse_rate_hz"]
        if time is None:
            return None
        times.append(time)
    return float(sum(sorted(times))) if times else None


def _nm(events: Sequence[Row], reports: Sequence[Row], flags: set[str]) -> Row:
    del reports  # a report of administrations has no totals
    nuclides = sorted({each["radionuclide_code"] for each in events
                       if each.get("radionuclide_code")})  # fmt: skip
    unknown = any(not each.get("radionuclide_code") for each in events)
    several = len(nuclides) > 1 or (bool(nuclides) and unknown)
    if len(nuclides) > 1:
        flags.add("mixed_nuclide")
    return {
        "activity_total_mbq": None if several else total(events, "administered_activity_mbq"),
        "radionuclide_codes": nuclides or None,
    }


_TOTALS: Final[dict[str, Callable[[Sequence[Row], Sequence[Row], set[str]], dict[str, Any]]]] = {
    "CT": _ct,
    "DX": _xray,
    "RF": _xray,
    "MG": _xray,
    "NM": _nm,
}

_PAIRS: Final = (
    ("dlp_total_reported_mgy_cm", "dlp_total_mgy_cm"),
    ("kap_total_reported_gy_cm2", "kap_total_gy_cm2"),
    ("ka_r_total_reported_mgy", "ka_r_total_mgy"),
    ("agd_left_reported_mgy", "agd_left_mgy"),
    ("agd_right_reported_mgy", "agd_right_mgy"),
)
"""Reported totals and the sums they are held against."""


def _reconciled(row: Row, flags: set[str]) -> bool | None:
    """Return whether every reported total agrees with its sum; None where no pair is complete."""
    pairs = [(row[one], row[other]) for one, other in _PAIRS
             if row.get(one) is not None and row.get(other) is not None]  # fmt: skip
    if any(reported == 0 and summed > 0 for reported, summed in pairs):
        flags.add("total_zero_beside_events")
    if not pairs:
        return None
    agree = all(
        abs(reported - summed)
        <= max(RELATIVE_TOLERANCE * max(abs(reported), abs(summed)), ABSOLUTE_TOLERANCE)
        for reported, summed in pairs
    )
    if not agree:
        flags.add("not_reconciled")
    return agree
