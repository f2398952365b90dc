"""V2: instances of other UIDs that are the same slice again."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dicomlake.pipeline.series.fit import Ordered
from dicomlake.pipeline.series.slices import Slice

PixelDigest = Callable[[Slice], str | None]
"""Digest of the stored values of a slice, null where they cannot be read."""


def colliding(stack: Ordered, *, same_position_mm: float) -> list[list[Slice]]:
    """Return groups of slices at one position that only their pixels can tell apart.

    Args:
        stack: slices of one geometry group.
        same_position_mm: positions nearer than this are one; default 0.01.
    """
    groups = []
    for place in stack.places(same_position_mm=same_position_mm):
        if len(place) > 1:
            groups.extend(_alike(stack, place, same_position_mm))
    return groups


def _alike(stack: Ordered, place: Sequence[int], same_position_mm: float) -> list[list[Slice]]:
    """Split the slices of a place along the normal by position in the plane and by attributes."""
    groups: list[tuple[int, list[Slice]]] = []
    for index in place:
        each = stack.slices[index]
        for first, members in groups:
            apart = float(np.linalg.norm(stack.positions[index] - stack.positions[first]))
            if apart <= same_position_mm and _said(members[0]) == _said(each):
                members.append(each)
                break
        else:
            groups.append((index, [each]))
    return [members for _, members in groups if len(members) > 1]


def _said(each: Slice) -> tuple[Any, ...]:
    """Return what slices must be equal in to be one: V5's keys, times included, and rescale.

    Slices of several temporal positions may be told apart by their number alone, and two of them
    can hold equal pixels (air above the head): the number counts there.
    """
    temporal = (each.declared["NumberOfTemporalPositions"] or 1) > 1
    return (
        tuple(each.keys.items()),
        each.acquired,
        each.created,
        each.instance_number if temporal else None,
        each.rescale,
        each.units,
    )


def repeated(groups: Sequence[Sequence[Slice]], digest: PixelDigest) -> dict[str, str]:
    """Return the slices that repeat another, file by file kept; the lowest UID is kept."""
    kept_by_file: dict[str, str] = {}
    for group in groups:
        kept: dict[str, str] = {}
        for each in sorted(group, key=lambda one: (one.sop_instance_uid, one.file_id)):
            pixels = digest(each)
            if pixels is None:
                continue
            if pixels in kept:
                kept_by_file[each.file_id] = kept[pixels]
            else:
                kept[pixels] = each.file_id
    return kept_by_file
