"""One dose of a study from all that its reports and images say of it.

The rules, in any order of arrival: an event is what the best source says of it (report, Enhanced
SR, dose screen, image header; among reports the latest content), the others are kept as versions;
a report whose events another has is superseded; what a device did not report does not count.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from dicomlake.pipeline.dose.administrations import Nuclides
from dicomlake.pipeline.dose.devices import joined_facts, resolve
from dicomlake.pipeline.dose.standing import judge_reports, supersede_screens
from dicomlake.pipeline.dose.study_dose import (
    CT,
    EVENT_UID,
    NM,
    RANKS,
    XRAY,
    Row,
    StudyDose,
    table_of,
)

if TYPE_CHECKING:
    from dicomlake.pipeline.dose.header_events import HeaderReading
    from dicomlake.pipeline.dose.reports import ReportReading

VERSION_COLUMNS: Final = (
    "ctdivol_mgy",
    "dlp_mgy_cm",
    "kap_gy_cm2",
    "ka_r_mgy",
    "agd_mgy",
    "administered_activity_mbq",
    "raw_quantities",
)
"""What a version keeps of an event."""

_PROVENANCE: Final = frozenset(
    {"source_kind", "source_sop_instance_uid", "device_key", "active", "flags", "raw_quantities"}
)
"""Columns in which two tellings of one event may differ without a conflict."""
_NUMBERS: Final = {
    "sources": "source_number",
    "filters": "filter_number",
    "organs": "organ_number",
}
_DIGITS: Final = 6
_NO_TIME: Final = datetime.min


@dataclass(slots=True)
class Told:
    """An event as one source tells it."""

    table: str
    uid: str
    row: Row
    device_key: str | None
    content: datetime
    children: dict[str, list[Row]] = field(default_factory=dict)
    """Rows that belong to it: sources, filters, organ doses."""

    @property
    def kind(self) -> str:
        """Return the kind of its source."""
        return str(self.row["source_kind"])

    @property
    def source(self) -> str:
        """Return the SOP Instance UID of its source."""
        return str(self.row.get("source_sop_instance_uid") or "")

    @property
    def values(self) -> str:
        """Return what it says, as text that equals that of a source which says the same."""
        return canonical({k: v for k, v in self.row.items() if k not in _PROVENANCE})

    def worse_than(self) -> tuple[Any, ...]:
        """Return a key that sorts the tellings of an event, the worst first."""
        return (-RANKS[self.kind], self.content, self.source, canonical(self.row))


def canonical(value: Any) -> str:
    """Return a value as text: keys sorted, nulls left out, numbers of six digits."""
    return json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if v is not None and k[:1] != "_"}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:.{_DIGITS}g}"
    return value


def merge(
    study_instance_uid: str,
    readings: "Sequence[ReportReading]",
    headers: "HeaderReading",
    *,
    images: Sequence[tuple[Row, str]] = (),
    count_unmatched: bool = False,
) -> StudyDose:
    """Return the dose of a study; the same for any order of what is given.

    Args:
        study_instance_uid: of the study.
        readings: its dose reports.
        headers: what its images say.
        images: device and modality of its images, each pair once.
        count_unmatched: let events of image headers count that no report of their device has.
    """
    study = _Study(study_instance_uid, readings, headers, images, count_unmatched=count_unmatched)
    return study.dose()


class _Study:
    """A study under way."""

    def __init__(
        self,
        uid: str,
        readings: "Sequence[ReportReading]",
        headers: "HeaderReading",
        images: Sequence[tuple[Row, str]],
        *,
        count_unmatched: bool,
    ) -> None:
        self.uid = uid
        self.count_unmatched = count_unmatched
        self.readings = sorted(readings, key=_report_order)
        self.headers = headers
        self.images = sorted(images, key=canonical)
        self.keys: dict[str, str | None] = {}
        self.devices: dict[str, Row] = {}
        self.versions: dict[str, list[tuple[Told, str]]] = defaultdict(list)

    def dose(self) -> StudyDose:
        self._know_devices()
        told = [self._told(reading) for reading in self.readings]
        reports = [self._report(reading) for reading in self.readings]
        _match_screens(reports, told)
        judge_reports(reports, told)
        supersede_screens(reports, told)
        events: dict[str, list[Told]] = {}
        for table in EVENT_UID:
            reported = [each for some in told for each in some if each.table == table]
            if table == NM:
                events[table] = self._administrations(reported)
            else:
                events[table] = self._events(table, reported, reports)
        return self._rows(reports, events)

    def _know_devices(self) -> None:
        """Give every description of a device its key, those of reports first."""
        facts: dict[str, Row] = {}
        for row in [
            *(reading.report.get("_device") or {} for reading in self.readings),
            *sorted((each.get("_device") or {} for each in self._header_rows()), key=canonical),
            *(device for device, _ in self.images),
        ]:
            facts.setdefault(canonical(row), row)
        keys = resolve(list(facts.values()))
        self.keys = dict(zip(facts, keys, strict=True))
        for key in sorted({key for key in keys if key}):
            same = [row for row, own in zip(facts.values(), keys, strict=True) if own == key]
            self.devices[key] = joined_facts(sorted(same, key=canonical))

    def _header_rows(self) -> list[Row]:
        headers = self.headers
        return [*headers.ct_events, *headers.xray_events, *headers.administrations]

    def _key(self, row: Row) -> str | None:
        return self.keys[canonical(row.get("_device") or {})]

    def _report(self, reading: "ReportReading") -> Row:
        row = {k: v for k, v in reading.report.items() if k[:1] != "_"}
        row["study_instance_uid"] = self.uid
        row["device_key"] = self._key(reading.report)
        row["flags"] = sorted(set(row.get("flags") or ()))
        row.setdefault("n_events", 0)
        return row

    def _told(self, reading: "ReportReading") -> list[Told]:
        """Return the events of a report, each with the rows that belong to it."""
        report = reading.report
        if report["status"] in ("unsupported_template", "unreadable"):
            return []
        source = {
            "source_kind": report["source_kind"],
            "source_sop_instance_uid": report["sop_instance_uid"],
        }
        found = []
        for table, rows, children in (
            (CT, reading.ct_events, {"sources": reading.ct_sources}),
            (XRAY, reading.xray_events, {"filters": reading.xray_filters}),
            (NM, reading.administrations, {"organs": reading.organ_doses}),
        ):
            own = {kind: _by_event(table, each) for kind, each in children.items()}
            for row in rows:
                device = self._key(row if row.get("_device") else report)
                content = report.get("content_datetime") or _NO_TIME
                found.append(self._one(table, source | row, device, content, own))
        return found

    def _one(
        self,
        table: str,
        row: Row,
        device: str | None,
        content: datetime,
        children: Mapping[str, Mapping[str, list[Row]]],
    ) -> Told:
        uid = row[EVENT_UID[table]]
        own = {k: v for k, v in row.items() if k[:1] != "_"}
        own |= {"study_instance_uid": self.uid, "active": True}
        own["flags"] = sorted(set(own.get("flags") or ()))
        kept = {kind: rows.get(uid, []) for kind, rows in children.items()}
        return Told(table, uid, own, device, content, kept)

    def _header_events(self, table: str) -> list[Told]:
        headers = self.headers
        rows = {
            CT: headers.ct_events, XRAY: headers.xray_events, NM: headers.administrations,
        }[table]  # fmt: skip
        children = {"filters": _by_event(table, headers.xray_filters)} if table == XRAY else {}
        kind = {"source_kind": "IMAGE_HEADER"}
        return [self._one(table, kind | row, self._key(row), _NO_TIME, children) for row in rows]

    def _events(self, table: str, reported: list[Told], reports: Sequence[Row]) -> list[Told]:
        """Return what counts as each event of a table, and note what does not."""
        headers = self._header_events(table)
        winners = self._union([*reported, *headers])
        covering = _covering(table, reported, reports)
        for each in winners:
            unmatched = _best_rank(covering, each.device_key) < RANKS[each.kind] and (
                each.kind in ("IMAGE_HEADER", "PHILIPS_SC")
            )
            if unmatched:
                _flag(each, "unmatched_header_event")
                each.row["active"] = self.count_unmatched and each.kind == "IMAGE_HEADER"
        return winners

    def _union(self, told: Iterable[Told]) -> list[Told]:
        """Return the best telling of each event, by UID; the others become versions."""
        by_uid: dict[str, list[Told]] = defaultdict(list)
        for each in told:
            by_uid[each.uid].append(each)
        winners = []
        for uid in sorted(by_uid):
            several = by_uid[uid]
            *worse, best = sorted(several, key=Told.worse_than) if len(several) > 1 else several
            for each in reversed(worse):
                if RANKS[each.kind] > RANKS[best.kind]:
                    reason = "lower_rank"
                else:
                    reason = "same" if each.values == best.values else "conflict"
                if reason == "conflict":
                    _flag(best, "conflict")
                self.versions[uid].append((each, reason))
            winners.append(best)
        return winners

    def _administrations(self, reported: list[Told]) -> list[Told]:
        """Return the administrations; those of a nuclide that a report tells of do not count."""
        reported = self._union(reported)
        headers = self._union(self._header_events(NM))
        nuclides = Nuclides(reported)
        kept = nuclides.distinct(headers)
        for each, by in nuclides.same:
            reason = "same" if RANKS[each.kind] == RANKS[by.kind] else "lower_rank"
            self.versions[by.uid].append((each, reason))
        for each in kept:
            if nuclides.reports(each):
                _flag(each, "unmatched_header_event")
                each.row["active"] = self.count_unmatched
        return sorted([*reported, *kept], key=lambda each: each.uid)

    def _rows(self, reports: Sequence[Row], events: Mapping[str, list[Told]]) -> StudyDose:
        modalities: dict[str | None, set[str]] = defaultdict(set)
        for device, modality in self.images:
            modalities[self.keys[canonical(device)]].add(modality)
        return StudyDose(
            study_instance_uid=self.uid,
            reports=tuple(sorted(reports, key=_report_key)),
            ct_events=_event_rows(events[CT]),
            ct_sources=self._children(events[CT], "sources"),
            xray_events=_event_rows(events[XRAY]),
            xray_filters=self._children(events[XRAY], "filters"),
            administrations=_event_rows(events[NM]),
            organ_doses=self._children(events[NM], "organs"),
            versions=tuple(self._version_rows()),
            devices=self.devices,
            modalities={key: frozenset(each) for key, each in modalities.items()},
        )

    def _children(self, events: Iterable[Told], kind: str) -> tuple[Row, ...]:
        rows: dict[tuple[str, int], Row] = {}
        for each in events:
            for row in sorted(each.children.get(kind, ()), key=canonical):
                own = {k: v for k, v in row.items() if k[:1] != "_"}
                own |= {"study_instance_uid": self.uid, EVENT_UID[each.table]: each.uid}
                # One report may tell of an event twice; its sources are those told first.
                rows.setdefault((each.uid, own[_NUMBERS[kind]]), own)
        return tuple(rows[key] for key in sorted(rows))

    def _version_rows(self) -> Iterable[Row]:
        for uid in sorted(self.versions):
            several = sorted(self.versions[uid], key=lambda each: each[0].worse_than())
            for number, (each, reason) in enumerate(reversed(several), 1):
                yield {
                    "study_instance_uid": self.uid,
                    "event_uid": uid,
                    "version_number": number,
                    "source_sop_instance_uid": each.source,
                    "event_table": each.table,
                    "source_kind": each.kind,
                    "reason": reason,
                    "event_start": each.row.get("event_start") or each.row.get("start"),
                    **{name: each.row.get(name) for name in VERSION_COLUMNS},
                }


def _report_order(reading: "ReportReading") -> tuple[Any, ...]:
    report = reading.report
    return (RANKS[report["source_kind"]], report["sop_instance_uid"], canonical(report))


def _report_key(row: Row) -> tuple[str, str]:
    return row["sop_instance_uid"], row["file_id"]


def _flag(told: Told, flag: str) -> None:
    told.row["flags"] = sorted({*told.row["flags"], flag})


def _event_rows(events: Iterable[Told]) -> tuple[Row, ...]:
    return tuple(
        {
            **each.row,
            EVENT_UID[each.table]: each.uid,
            "flags": sorted(set(each.row["flags"])),
            "device_key": each.device_key,
        }
        for each in events
    )


def _by_event(table: str, rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[EVENT_UID[table]]].append(row)
    return found


def _covering(
    table: str, reported: Sequence[Told], reports: Sequence[Row]
) -> dict[str | None, int]:
    """Return the devices that reported events of a table, with the rank of the best report."""
    pairs = [(each.device_key, RANKS[each.kind]) for each in reported]
    pairs += [
        (row["device_key"], RANKS[row["source_kind"]])
        for row in reports
        if row["status"] in ("active", "superseded") and table_of(row) == table
    ]
    best: dict[str | None, int] = {}
    for key, rank in pairs:
        best[key] = min(rank, best.get(key, rank))
    return best


def _best_rank(covering: Mapping[str | None, int], device: str | None) -> int:
    """Return the rank of the best report of a device; one that nobody knows may be any."""
    worst = max(RANKS.values())
    if device is None:
        return min(covering.values(), default=worst)
    return min(covering.get(device, worst), covering.get(None, worst))


def _match_screens(reports: Sequence[Row], told: Sequence[list[Told]]) -> None:
    """Give the events of a dose screen the UIDs of a screen that lists them all.

    A screen names no events: what it lists is derived of its own UID. One that was sent twice, or
    grew by later acquisitions, tells of the same events all the same.
    """
    screens = [
        index for index, row in enumerate(reports)
        if row["source_kind"] == "PHILIPS_SC" and told[index]
    ]  # fmt: skip

    def size(index: int) -> tuple[Any, ...]:
        row = reports[index]
        time = row.get("content_datetime") or _NO_TIME
        return len(told[index]), time, row["sop_instance_uid"]

    screens.sort(key=size, reverse=True)
    for place, index in enumerate(screens):
        for larger in screens[:place]:
            if reports[larger]["device_key"] == reports[index]["device_key"] and _rename(
                told[index], told[larger]
            ):
                break


def _rename(own: Sequence[Told], larger: Sequence[Told]) -> bool:
    """Give events the UIDs of equal events of another screen, if it has them all."""
    free: dict[str, list[str]] = defaultdict(list)
    for each in sorted(larger, key=lambda each: each.uid, reverse=True):
        free[_said(each)].append(each.uid)
    found: list[str] = []
    for each in sorted(own, key=lambda each: each.uid):
        if not free[_said(each)]:
            return False
        found.append(free[_said(each)].pop())
    for each, uid in zip(sorted(own, key=lambda each: each.uid), found, strict=True):
        each.uid = uid
        each.row[EVENT_UID[each.table]] = uid
    return True


def _said(told: Told) -> str:
    """Return what an event of a screen says, but for its UID and start."""
    row = {k: v for k, v in told.row.items() if k not in _PROVENANCE}
    for name in (EVENT_UID[told.table], "event_start", "event_start_offset_minutes", "patient_key"):
        row.pop(name, None)
    return canonical(row)
