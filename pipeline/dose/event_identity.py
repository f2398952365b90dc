"""Identity of what a report tells: every event has one UID, and every UID one event."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dicomlake.pipeline.dose.codes import Row
from dicomlake.pipeline.dose.header_facts import derived_uid

_Event = tuple[Row, tuple[Row, ...]]
"""The row of an event, and the rows below it."""


@dataclass(frozen=True, slots=True)
class Told:
    """Events of a report with the rows below them, in the order of the report."""

    ct: list[_Event] = field(default_factory=list)
    xray: list[_Event] = field(default_factory=list)
    administrations: list[_Event] = field(default_factory=list)


def distinct(
    told: Sequence[_Event], study_instance_uid: str, key: str, whence: Row
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return events and the rows below them, complete with their keys.

    An event that is told twice alike is one. One without a UID gets that of what it says, so that
    a later report that repeats it says the same; so does another event under a UID that is taken,
    such as the second plane of an exposure.

    Args:
        told: the events of one report.
        study_instance_uid: study of the report.
        key: column of the UID of the event.
        whence: columns that say where the rows come from.
    """
    events: list[Row] = []
    below: list[Row] = []
    known: dict[str, list[_Event]] = {}
    for event in told:
        row, rows = event
        uid = row.get(key)
        alike = known.setdefault(uid or "", [])
        if uid and event in alike:
            continue
        alike.append(event)
        if uid and len(alike) == 1:
            made = row
        else:
            repeats = sum(other == event for other in alike)
            made = {
                **row,
                key: derived_uid(study_instance_uid, "event", _written(event), repeats),
                "flags": sorted({*row["flags"], "no_event_uid"}),
            }
        of_study = {"study_instance_uid": study_instance_uid, key: made[key]}
        events.append({**made, **of_study, **whence})
        below += [{**of_study, **each} for each in rows]
    return tuple(events), tuple(below)


def _written(event: _Event) -> str:
    """Return all that an event says, in one form for equal events."""
    row, rows = event
    return repr((sorted(row.items()), [sorted(each.items()) for each in rows]))
