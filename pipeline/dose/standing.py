"""What became of the reports of a study: active, superseded, continued, overlapping."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dicomlake.pipeline.dose.study_dose import CT, RANKS, Row, table_of

if TYPE_CHECKING:
    from dicomlake.pipeline.dose.merge import Told

Events = frozenset[tuple[str, str]]


def judge_reports(reports: Sequence[Row], told: "Sequence[list[Told]]") -> None:
    """Set status, `superseded_by` and flags of reports by the events they share.

    A report whose events all stand in another is superseded by it; of equal ones the better source
    counts, then the latest content, then the highest SOP Instance UID. Reports of one device that
    share nothing continue each other; those that share a part say so.

    Args:
        reports: rows of `dose_reports`; changed in place.
        told: the events of each.
    """
    events: list[Events] = [frozenset((e.table, e.uid) for e in some) for some in told]
    readable = [i for i, row in enumerate(reports) if row["status"] == "active"]
    rows = {i: {(each.table, each.uid): each for each in told[i]} for i in readable}
    beaten = {
        i: [j for j in readable if j != i and _beats(reports[j], events[j], reports[i], events[i])]
        for i in readable
    }
    for i in readable:
        if beaten[i]:
            best = max((j for j in beaten[i] if not beaten[j]), key=lambda j: _order(reports[j]))
            reports[i]["status"] = "superseded"
            reports[i]["superseded_by"] = reports[best]["sop_instance_uid"]
    for i in readable:
        flags = set(reports[i]["flags"])
        for j in readable:
            shared = events[i] & events[j]
            if i != j and any(rows[i][each].values != rows[j][each].values for each in shared):
                flags.add("conflict")
            if i == j or beaten[i] or beaten[j]:
                continue
            if shared:
                flags.add("partial_overlap")
            elif _continues(reports[i], events[i], reports[j], events[j]):
                flags.add("continued")
        reports[i]["flags"] = sorted(flags)


def supersede_screens(reports: Sequence[Row], told: "Sequence[list[Told]]") -> None:
    """Set dose screens aside whose device gave a report: it tells of the same events better.

    A screen names no event, so that its events and those of a report cannot be matched one by one.
    """
    better = [
        row
        for row, events in zip(reports, told, strict=True)
        if row["status"] == "active"
        and row["source_kind"] in ("RDSR", "ESR")
        and (table_of(row) == CT or any(each.table == CT for each in events))
    ]
    for row in reports:
        keys = (None, row["device_key"])
        own = [each for each in better if row["device_key"] is None or each["device_key"] in keys]
        if own and row["status"] == "active" and row["source_kind"] == "PHILIPS_SC":
            row["status"] = "superseded"
            row["superseded_by"] = max(own, key=_order)["sop_instance_uid"]


def _order(report: Row) -> tuple[Any, ...]:
    content = report.get("content_datetime") or datetime.min
    return -RANKS[report["source_kind"]], content, report["sop_instance_uid"]


def _beats(one: Row, its: Events, other: Row, others: Events) -> bool:
    """Return whether a report has all that another has, and more or better."""
    if its != others:
        return bool(others) and others < its
    if not its and not _same_totals(one, other):
        return False
    return _order(one) > _order(other)


def _same_totals(one: Row, other: Row) -> bool:
    """Return whether two reports without events say the same of the same device."""
    names = {
        name
        for name in (*one, *other)
        if "_reported" in name or "_plane_" in name or name in ("template", "device_key")
    }
    return all(one.get(name) == other.get(name) for name in names)


def _continues(one: Row, its: Events, other: Row, others: Events) -> bool:
    same_device = one["device_key"] == other["device_key"]
    tables = {table for table, _ in its} & {table for table, _ in others}
    return same_device and bool(tables)
