"""V2: instances of other UIDs that are the same slice again."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dicomlake.pipeline.series.fit import Ordered
from dicomlake.pipeline.series.slices import Slice

Identity = tuple[str, int]
"""File and frame."""

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
    """Split the slices of a place along the normal by attributes and by position in the plane."""
    by_said: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for index in place:
        by_said[_said(stack.slices[index])].append(index)
    groups: list[list[Slice]] = []
    for members in by_said.values():
        left = np.array(members)
        while left.size > 1:
            apart = np.linalg.norm(stack.positions[left] - stack.positions[left[0]], axis=1)
            near = apart <= same_position_mm
            near[0] = True
            groups.append([stack.slices[index] for index in left[near]])
            left = left[~near]
    return [group for group in groups if len(group) > 1]


def _said(each: Slice) -> tuple[Any, ...]:
    """Return what slices must be equal in to be one: V5's keys, times included, and rescale.

    Slices of several temporal positions may be told apart by their number alone, and two of them
    can hold equal pixels (air above the head): the number counts there, of frames also theirs.
    """
    temporal = (each.declared["NumberOfTemporalPositions"] or 1) > 1
    return (
        tuple(each.keys.items()),
        each.acquired,
        each.created,
        (each.instance_number, each.frame_number) if temporal else None,
        each.rescale,
        each.units,
    )


def repeated(groups: Sequence[Sequence[Slice]], digest: PixelDigest) -> dict[Identity, Identity]:
    """Return the slices that repeat another, each with the one that is kept: the lowest UID."""
    kept_for: dict[Identity, Identity] = {}
    for group in groups:
        kept: dict[str, Identity] = {}
        for each in sorted(group, key=lambda one: (one.sop_instance_uid, *one.identity)):
            pixels = digest(each)
            if pixels is None:
                continue
            if pixels in kept:
                kept_for[each.identity] = kept[pixels]
            else:
                kept[pixels] = each.identity
    return kept_for
