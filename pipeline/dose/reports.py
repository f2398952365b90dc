"""From a committed instance to what its dose report says: routing, reading, never losing one.

Any object of a dose report's SOP Class gives a row of `dose_reports`, also where its template is
not read or its content cannot be. Templates and codes are those of PS3.16 TID 10001, 10011, 10021.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, Final

from dicomlake.config.settings import HeaderSettings, load_settings
from dicomlake.pipeline.discovery.walk import stored_ns
from dicomlake.pipeline.dose import codes
from dicomlake.pipeline.dose.administration_report import (
    ADMINISTRATION,
    administration_of,
    patient_of,
)
from dicomlake.pipeline.dose.codes import Code, Row
from dicomlake.pipeline.dose.content import Node
from dicomlake.pipeline.dose.ct_report import CT_ACCUMULATED, CT_EVENT, ct_event, ct_totals
from dicomlake.pipeline.dose.event_identity import Told, distinct
from dicomlake.pipeline.dose.philips_screen import (
    SCREEN_COLUMNS,
    SOURCE_KIND,
    is_screen,
    screen_events,
    screen_totals,
)
from dicomlake.pipeline.dose.projection_report import (
    XRAY_ACCUMULATED,
    XRAY_EVENT,
    projection_event,
    projection_totals,
)
from dicomlake.pipeline.dose.report_device import DEVICE_COLUMNS, device_of
from dicomlake.pipeline.dose.report_file import Report, UnreadableReportError, open_report
from dicomlake.pipeline.dose.report_rows import RowMaker
from dicomlake.schemas.tables.dose_reports import FLAGS

_DOSE_SR: Final = "1.2.840.10008.5.1.4.1.1.88.67"
_RADIOPHARMACEUTICAL_SR: Final = "1.2.840.10008.5.1.4.1.1.88.68"
_UNSUPPORTED_SR: Final = frozenset(
    {"1.2.840.10008.5.1.4.1.1.88.73", "1.2.840.10008.5.1.4.1.1.88.76"}
)
"""Patient Radiation Dose SR, Enhanced X-Ray Radiation Dose SR."""
_GENERAL_SR: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.88.22",
        "1.2.840.10008.5.1.4.1.1.88.33",
        "1.2.840.10008.5.1.4.1.1.88.34",
    }
)
"""Enhanced, Comprehensive and Comprehensive 3D SR: dose reports by their root concept only."""
_DOSE_CLASSES: Final = frozenset({_DOSE_SR, _RADIOPHARMACEUTICAL_SR}) | _UNSUPPORTED_SR
_READ_ROOTS: Final = frozenset({codes.XRAY_DOSE_REPORT, codes.RADIOPHARMACEUTICAL_DOSE_REPORT})
_ROOTS: Final = _READ_ROOTS | {codes.SIEMENS_DOSE_SUMMARY}

_TEMPLATES: Final = frozenset({"10001", "10011", "10021"})
_PROCEDURES: Final = frozenset(
    {codes.COMPUTED_TOMOGRAPHY, codes.PROJECTION_XRAY, codes.MAMMOGRAPHY}
)
_CONTAINERS: Final = frozenset(
    {CT_ACCUMULATED, CT_EVENT, XRAY_ACCUMULATED, XRAY_EVENT, ADMINISTRATION}
)
"""What tells a dose report by its content."""

_HEAD_COLUMNS: Final = (
    "sop_instance_uid",
    "sop_class_uid",
    "study_instance_uid",
    "patient_key",
    "concept_name_code_value",
    "concept_name_code_scheme",
    "concept_name_code_meaning",
    "template_identifier",
    "content_date",
    "content_time",
    "series_date",
    "series_time",
    *DEVICE_COLUMNS,
    "file_id",
)
REPORT_COLUMNS: Final[tuple[str, ...]] = (*_HEAD_COLUMNS, *SCREEN_COLUMNS, "size", "mtime_ns")
"""Columns of `instances` and, the last two, of `files` that `read_report` wants of an instance."""

_BROKEN: Final = (ArithmeticError, LookupError, ValueError, TypeError, RecursionError, MemoryError)
"""What content of no sense might raise somewhere: a report in a batch must not take it along."""


class DoseFileError(Exception):
    """A report cannot be read for a reason outside of it; `cause` says which, in a word."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class ReportReading:
    """What one dose report says: rows of the tables of doses, without lineage and keys to come."""

    report: Row
    """Of `dose_reports`; what it says of its device stands under `_device`."""
    ct_events: tuple[Row, ...] = ()
    ct_sources: tuple[Row, ...] = ()
    xray_events: tuple[Row, ...] = ()
    xray_filters: tuple[Row, ...] = ()
    administrations: tuple[Row, ...] = ()
    organ_doses: tuple[Row, ...] = ()
    patient: Row = field(default_factory=dict)
    """What it says of the patient: `age_years`, `sex`, `height_m`, `weight_kg`, where it does."""


def is_report(row: Mapping[str, Any]) -> bool:
    """Return whether an instance is to be read as a dose report, by its committed row."""
    sop_class = row.get("sop_class_uid")
    if sop_class in _DOSE_CLASSES:
        return True
    if sop_class in _GENERAL_SR:
        root = _committed_root(row)
        return root is None or root in _ROOTS
    return is_screen(row)


def _committed_root(row: Mapping[str, Any]) -> Code | None:
    value = row.get("concept_name_code_value")
    if not value:
        return None
    return Code(row.get("concept_name_code_scheme") or "", value)


def read_report(
    path: bytes, row: Mapping[str, Any], settings: HeaderSettings | None = None
) -> ReportReading | None:
    """Return what a dose report says; None where the object is none after all.

    Args:
        path: of the file; the file of a dose screen is not opened.
        row: `REPORT_COLUMNS` of the committed instance; size and time of the file where known.
        settings: limits for the reader; None for those that ship.

    Raises:
        DoseFileError: the file cannot be read, or is not the one that was committed.
    """
    if row.get("sop_class_uid") not in _DOSE_CLASSES | _GENERAL_SR:
        return _screen(row) if is_screen(row) else None
    try:
        _check_unchanged(path, row)
        report = open_report(path, _defaults() if settings is None else settings)
    except FileNotFoundError as error:
        raise DoseFileError("missing") from error
    except OSError as error:
        raise DoseFileError("unreadable") from error
    except (UnreadableReportError, *_BROKEN):
        return unreadable(row)
    if report.sop_instance_uid != row["sop_instance_uid"]:
        raise DoseFileError("changed")
    try:
        return _read(report, row)
    except _BROKEN:
        return unreadable(row)


@lru_cache(maxsize=1)
def _defaults() -> HeaderSettings:
    return load_settings(environment={}).headers


def _check_unchanged(path: bytes, row: Mapping[str, Any]) -> None:
    size, mtime_ns = row.get("size"), row.get("mtime_ns")
    state = os.stat(path)  # noqa: PTH116  (bytes: names need not be UTF-8)
    changed = size is not None and state.st_size != size
    if changed or (mtime_ns is not None and stored_ns(state.st_mtime_ns) != mtime_ns):
        raise DoseFileError("changed")


def _source_kind(row: Mapping[str, Any]) -> str:
    return "ESR" if row.get("sop_class_uid") in _GENERAL_SR else "RDSR"


def _head(row: Mapping[str, Any], source_kind: str, status: str) -> Row:
    """Return the columns of a report that its committed row gives."""
    root = _committed_root(row)
    columns: Row = {
        "sop_instance_uid": row["sop_instance_uid"],
        "study_instance_uid": row["study_instance_uid"],
        "patient_key": row.get("patient_key"),
        "template": row.get("template_identifier"),
        "root_code": None if root is None else root.canonical,
        "source_kind": source_kind,
        "status": status,
        "content_datetime": _date_time(row.get("content_date"), row.get("content_time")),
        "series_datetime": _date_time(row.get("series_date"), row.get("series_time")),
        "file_id": row.get("file_id"),
    }
    return columns


def _date_time(day: object, clock: object) -> datetime | None:
    """Return a local date and time; a date alone is no instant."""
    if isinstance(day, date) and isinstance(clock, time):
        return datetime.combine(day, clock)
    return None


def _told(row: Mapping[str, Any], source_kind: str, status: str) -> ReportReading:
    """Return the reading of a report whose content is not read."""
    report = RowMaker(**_head(row, source_kind, status), n_events=0)
    return ReportReading({**report.finished(), "_device": device_of(row)})


def unreadable(row: Mapping[str, Any]) -> ReportReading:
    """Return the reading of a report that cannot be read."""
    return _told(row, _source_kind(row), "unreadable")


def _screen(row: Mapping[str, Any]) -> ReportReading:
    events = screen_events(row)
    maker = RowMaker(**_head(row, SOURCE_KIND, "active"), **screen_totals(row))
    maker.row["n_events"] = len(events)
    _zero_totals(maker, events, ())
    whence = {"study_instance_uid": row["study_instance_uid"], **_source(row, SOURCE_KIND)}
    report = {**maker.finished(), "_device": device_of(row)}
    return ReportReading(report, tuple({**whence, **event} for event in events))


def _source(row: Mapping[str, Any], source_kind: str) -> Row:
    return {"source_kind": source_kind, "source_sop_instance_uid": row["sop_instance_uid"]}


def _read(report: Report, row: Mapping[str, Any]) -> ReportReading | None:
    """Return the reading of a report by its template, root and content."""
    root = report.root
    if row.get("sop_class_uid") in _GENERAL_SR and root.name not in _ROOTS:
        return None
    maker = RowMaker(**_head(row, _source_kind(row), "active"))
    procedure = maker.code("procedure", root.first(codes.PROCEDURE_REPORTED))
    if report.template is not None:
        maker.row["template"] = report.template
    if root.name is not None:
        maker.row["root_code"] = root.name.canonical
    scope = root.first(codes.SCOPE_OF_ACCUMULATION)
    if scope is not None and (code := scope.code()) is not None:
        maker.row["scope_code"] = code.canonical
    present = _concepts(root)
    told = Told()
    if not _is_read(report, row, procedure, present):
        maker.row["status"] = "unsupported_template"
    else:
        if report.template is None and procedure in _PROCEDURES:
            maker.flags.add("template_from_procedure")
        told = _content(root, present, maker)
    return _reading(told, root, maker, row)


def _concepts(root: Node) -> frozenset[Code | None]:
    """Return the concepts of a report, and note Value Types that there are not."""
    found = set()
    for node in root.walk():
        found.add(node.name)
        if not node.has_value_type():
            root.document.tolerated.add("odd_value_type")
    return frozenset(found)


def _is_read(
    report: Report, row: Mapping[str, Any], procedure: Code | None, present: frozenset[Code | None]
) -> bool:
    """Return whether content is read: by the template, else the procedure, else what there is.

    A template that says one thing of a content that is the other loses nothing: what is there is
    read, whichever of the templates names it.
    """
    root = report.root.name
    if row.get("sop_class_uid") in _UNSUPPORTED_SR or root == codes.SIEMENS_DOSE_SUMMARY:
        return False
    if report.template is not None:
        return report.template in _TEMPLATES
    known = procedure in _PROCEDURES or root == codes.RADIOPHARMACEUTICAL_DOSE_REPORT
    return known or bool(present & _CONTAINERS)


def _content(root: Node, present: frozenset[Code | None], maker: RowMaker) -> Told:
    """Read events and totals of every kind that there is."""
    start = root.first(codes.START_OF_IRRADIATION)
    told = Told()
    if CT_ACCUMULATED in present:
        ct_totals(root, maker)
    if CT_EVENT in present:
        for ct in (ct_event(node, start) for node in root.outermost(CT_EVENT)):
            told.ct.append((ct.row, ct.sources))
    if XRAY_ACCUMULATED in present:
        projection_totals(root, maker)
    if XRAY_EVENT in present:
        for xray in (projection_event(node, start) for node in root.outermost(XRAY_EVENT)):
            told.xray.append((xray.row, xray.filters))
    if ADMINISTRATION in present:
        for given in (administration_of(node, root) for node in root.outermost(ADMINISTRATION)):
            told.administrations.append((given.row, given.organ_doses))
    return told


def _reading(told: Told, root: Node, maker: RowMaker, row: Mapping[str, Any]) -> ReportReading:
    """Put rows together: identities, where they come from, and what the report tells of itself."""
    study = row["study_instance_uid"]
    whence = _source(row, maker.row["source_kind"])
    ct, sources = distinct(told.ct, study, "irradiation_event_uid", whence)
    xray, filters = distinct(told.xray, study, "irradiation_event_uid", whence)
    given, organs = distinct(told.administrations, study, "administration_uid", whence)
    maker.row["n_events"] = len(ct) + len(xray) + len(given)
    _zero_totals(maker, ct, xray)
    device = device_of(row, root)
    patient = patient_of(root) if given else {}
    if not root.document.whole:
        maker.flags.add("unreadable_content")
    maker.flags = (maker.flags | root.document.tolerated) & FLAGS.keys()
    report = {**maker.finished(), "_device": device}
    return ReportReading(report, ct, sources, xray, filters, given, organs, patient)


def _zero_totals(maker: RowMaker, ct: tuple[Row, ...], xray: tuple[Row, ...]) -> None:
    """Flag a reported total of 0 beside events that say otherwise."""
    for events, column, totals in (
        (ct, "dlp_mgy_cm", ("dlp_total_reported_mgy_cm",)),
        (xray, "kap_gy_cm2", ("kap_total_plane_a_gy_cm2", "kap_total_plane_b_gy_cm2")),
        (xray, "ka_r_mgy", ("ka_r_total_plane_a_mgy", "ka_r_total_plane_b_mgy")),
        (xray, "agd_mgy", ("agd_left_reported_mgy", "agd_right_reported_mgy")),
    ):
        reported = [maker.row[total] for total in totals if total in maker.row]
        if reported and not any(reported) and any(event.get(column) for event in events):
            maker.flags.add("total_zero_beside_events")
