"""Administrations that several objects tell of: which are one.

A report of a radiopharmaceutical and the images made with it have other UIDs and start times, the
clocks of an injector and a scanner being two. What they share is nuclide and activity.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dicomlake.pipeline.dose.merge import Told

TOLERANCE: Final = 0.01
"""Part by which two statements of one activity may differ."""


class Nuclides:
    """What the reports of a study say was given, to hold image headers against."""

    def __init__(self, reported: "Sequence[Told]") -> None:
        self._reported = list(reported)
        self.same: list[tuple[Told, Told]] = []
        """Administrations that are another one, each with the one that counts."""

    def distinct(self, headers: "Iterable[Told]") -> "list[Told]":
        """Return the administrations of headers that are no other; note the rest in `same`.

        One without a UID of its own is the same as any of its nuclide and activity; of those with
        different UIDs each is its own, unless a report has it.
        """
        kept: list[Told] = []
        for each in sorted(headers, key=_order):
            by = next((one for one in self._reported if alike(one, each)), None)
            if by is None:
                loose = _derived(each)
                by = next(
                    (
                        one
                        for one in reversed(kept)
                        if (loose or _derived(one)) and self._alike(one, each)
                    ),
                    None,
                )
            if by is None:
                kept.append(each)
            else:
                self.same.append((each, by))
        return kept

    def _alike(self, one: "Told", each: "Told") -> bool:
        """Return whether two headers tell of one administration, also by way of a third."""
        chain = [other for other, by in self.same if by is one]
        return alike(one, each) or any(alike(other, each) for other in chain)

    def reports(self, told: "Told") -> bool:
        """Return whether a report tells of the nuclide of an administration that it has not."""
        nuclide = _nuclide(told)
        return any(_nuclide(one) in (nuclide, None) or nuclide is None for one in self._reported)


def alike(one: "Told", other: "Told") -> bool:
    """Return whether two statements are of one nuclide, and of activities within 1 %.

    What one of them does not say is no difference, but one of the two must be said by both.
    """
    nuclides = {_nuclide(one), _nuclide(other)}
    if len(nuclides - {None}) > 1:
        return False
    mine, theirs = _activity(one), _activity(other)
    if mine is None or theirs is None:
        return None not in nuclides
    return abs(mine - theirs) <= TOLERANCE * max(abs(mine), abs(theirs))


def _nuclide(told: "Told") -> str | None:
    code: str | None = told.row.get("radionuclide_code")
    return code


def _activity(told: "Told") -> float | None:
    activity: float | None = told.row.get("administered_activity_mbq")
    return activity


def _derived(told: "Told") -> bool:
    return "no_event_uid" in told.row["flags"]


def _order(told: "Told") -> tuple[bool, str, float, str]:
    """Order those with a UID first, then by nuclide and activity: chains are then found."""
    activity = _activity(told)
    return _derived(told), _nuclide(told) or "", -1.0 if activity is None else activity, told.uid
