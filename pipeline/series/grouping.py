"""V3, geometry groups: one stack and orientation, one matrix, spacing and frame of reference."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.slices import Slice

Floats = npt.NDArray[np.float64]

MIXED: Final = (
    ("MIXED_MATRIX", "matrices", lambda each: (each.rows, each.columns)),
    ("MIXED_PIXEL_SPACING", "pixel_spacings", lambda each: each.spacing),
    ("MIXED_FRAME_OF_REFERENCE", "frames_of_reference", lambda each: each.frame_of_reference),
    ("MIXED_UNITS", "units", lambda each: each.declared_units),
)
"""What slices of one orientation must agree in, with the reason where they do not, in order."""


def directions(slices: Sequence[Slice]) -> tuple[Floats, Floats]:
    """Return row and column directions as written, each [n, 3]."""
    rows = np.array([each.row_direction for each in slices], float).reshape(-1, 3)
    columns = np.array([each.column_direction for each in slices], float).reshape(-1, 3)
    return rows, columns


def unit(vectors: Floats) -> Floats:
    """Return vectors [n, 3] of length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, float)


def invalid_orientation(slices: Sequence[Slice], *, tolerance: float) -> Finding | None:
    """Return INVALID_ORIENTATION where directions are not unit vectors at a right angle.

    Args:
        slices: all have geometry.
        tolerance: greatest departure of a length from 1, and of r·c from 0; default 1e-3.
    """
    rows, columns = directions(slices)
    departures = np.stack(
        [
            np.abs(np.linalg.norm(rows, axis=1) - 1),
            np.abs(np.linalg.norm(columns, axis=1) - 1),
            np.abs(np.einsum("ij,ij->i", rows, columns)),
        ]
    ).max(axis=0)
    bad = departures > tolerance
    if not bad.any():
        return None
    return Finding(
        "INVALID_ORIENTATION",
        {"instances": int(bad.sum()), "greatest_departure": float(departures.max())},
    )


def by_orientation(slices: Sequence[Slice], *, tolerance: float) -> list[list[Slice]]:
    """Return groups of one stack and orientation, the largest first.

    The commonest orientation gathers all within `tolerance` (default 1e-4) of it in each
    normalised component; then the commonest of the rest, and so on. StackID always splits.
    """
    by_stack: dict[str | None, list[Slice]] = defaultdict(list)
    for each in slices:
        by_stack[each.stack_id].append(each)
    groups = []
    for members in by_stack.values():
        rows, columns = directions(members)
        vectors = np.hstack([unit(rows), unit(columns)])
        for apart in _far_apart(vectors, tolerance):
            left = apart
            while left.size:
                near = _near_commonest(vectors[left], tolerance)
                groups.append([members[index] for index in left[near]])
                left = left[~near]
    return sorted(
        groups,
        key=lambda group: (-len(group), group[0].sop_instance_uid, group[0].identity),
    )


def _far_apart(vectors: Floats, tolerance: float) -> list[npt.NDArray[np.intp]]:
    """Return indices of vectors [n, 6] in sets of which no two members of different ones are near.

    Cut along each component where sorted values leave a gap: a fan of thousands of orientations
    falls apart into its own before any two of them are compared.
    """
    labels = np.zeros(len(vectors), int)
    if (vectors == vectors[0]).all():
        return [np.arange(len(vectors))]
    for component in vectors.T:
        ranks = np.lexsort((component, labels))
        new = np.diff(labels[ranks]) != 0
        new |= np.diff(component[ranks]) > tolerance
        labels[ranks] = np.concatenate([[0], np.cumsum(new)])
    ranks = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[ranks])) + 1
    return np.split(ranks, starts)


def _near_commonest(vectors: Floats, tolerance: float) -> npt.NDArray[np.bool_]:
    """Return which vectors [n, 6] lie near the commonest; ties go to the one with most around."""
    if (vectors == vectors[0]).all():
        return np.ones(len(vectors), bool)
    distinct, counts = np.unique(vectors, axis=0, return_counts=True)
    best, best_near = -1, np.zeros(len(vectors), bool)
    for candidate in distinct[counts == counts.max()]:
        near = (np.abs(vectors - candidate) <= tolerance).all(axis=1)
        if int(near.sum()) > best:
            best, best_near = int(near.sum()), near
    return best_near


def minor_orientations(
    groups: Sequence[Sequence[Slice]], settings: VolumeSettings
) -> tuple[list[list[Slice]], list[Slice], Finding | None]:
    """Tell volumes from scouts: what happens to orientations of few slices.

    Returns:
        The groups that go on, the slices set aside as OTHER_GEOMETRY, and MIXED_ORIENTATION where
        a small group is too near a volume's orientation to be a scout.
    """
    major = [list(g) for g in groups if len(g) >= settings.min_slices] or [list(groups[0])]
    normals = np.vstack([_normal(group) for group in major])
    aside: list[Slice] = []
    near = 0
    kept = {id(group[0]) for group in major}
    stacks = {group[0].stack_id for group in major}
    angles = []
    for group in groups:
        if id(group[0]) in kept:
            continue
        if group[0].stack_id not in stacks:
            stacks.add(group[0].stack_id)
            major.append(list(group))
            continue
        cosine = np.clip(np.abs(normals @ _normal(group)), 0, 1).max()
        angle = float(np.degrees(np.arccos(cosine)))
        if angle > settings.other_orientation_degrees:
            aside.extend(group)
        else:
            near += len(group)
            angles.append(angle)
    if near:
        detail = {"instances": near, "least_angle_degrees": round(min(angles), 4)}
        return major, aside, Finding("MIXED_ORIENTATION", detail)
    return major, aside, None


def _normal(group: Sequence[Slice]) -> Floats:
    rows, columns = directions(group[:1])
    return np.asarray(np.cross(unit(rows), unit(columns))[0], float)


def mixed(group: Sequence[Slice], *, spacing_tolerance: float) -> Finding | None:
    """Return the first thing that slices of one orientation disagree in.

    Args:
        group: slices of one orientation.
        spacing_tolerance: greatest relative difference of PixelSpacing; default 1e-4.
    """
    for reason, name, value in MIXED:
        if len({value(each) for each in group}) == 1:
            continue
        counts = Counter(value(each) for each in group)
        if reason == "MIXED_PIXEL_SPACING" and _spacings_agree(counts, spacing_tolerance):
            continue
        most = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))[:10]
        return Finding(reason, {name: [[_plain(key), count] for key, count in most]})
    return None


def _spacings_agree(counts: Counter[Any], tolerance: float) -> bool:
    spacings = np.array(sorted(counts), float)
    commonest = np.array(min(counts, key=lambda key: (-counts[key], key)), float)
    return bool((np.abs(spacings / commonest - 1) <= tolerance).all())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
