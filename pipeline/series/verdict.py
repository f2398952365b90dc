"""The verdict of a series: which stacks become volumes, and why the rest does not.

Pure planning from committed rows: no file is opened, but through the callable that reads the
pixels of slices which nothing else tells apart (V2). Reasons come in one order, the cheap ones
first, so that a series gets the same reason wherever it is judged.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series import entry, geometry
from dicomlake.pipeline.series.duplicates import PixelDigest, colliding, repeated
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.fit import Fit, Ordered, fit, not_uniform, order
from dicomlake.pipeline.series.grouping import (
    Floats,
    by_orientation,
    invalid_orientation,
    minor_orientations,
    mixed,
)
from dicomlake.pipeline.series.rescale import unusable_rescale
from dicomlake.pipeline.series.slices import OtherFile, Slice, read_rows
from dicomlake.pipeline.series.splitting import Candidate, split

UNDECIDED: Final = "undecided until pixels are read"


@dataclass(frozen=True, slots=True)
class Stack:
    """Slices that form one exact volume, in order, and where they lie."""

    slices: tuple[Slice, ...]
    positions_mm: tuple[float, ...]
    """Distance of each slice's first pixel along the normal."""
    affine_lps: tuple[float, ...]
    """4 x 4, row by row."""
    spacing: tuple[float, float, float]
    """Between slices, rows, columns, mm."""
    flags: tuple[str, ...]
    channel_key: str | None
    channel_value: str | None
    max_position_error_mm: float
    tolerance_mm: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return slices, rows, columns."""
        return len(self.slices), self.slices[0].rows or 0, self.slices[0].columns or 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """A series or group that is no volume."""

    reason: str
    detail: Mapping[str, Any]
    slices: tuple[Slice, ...]
    """Its slices, in order where they have one, else by UID."""
    positions_mm: tuple[float, ...] | None = None
    channel_key: str | None = None
    channel_value: str | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that is no slice: excluded, or a duplicate of a file that is kept."""

    file_id: str
    sop_instance_uid: str
    role: str
    reason: str
    whole: bool
    """The object as a whole, not one frame of it."""
    duplicate_of: str | None = None
    """File that is kept in its place."""


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """What becomes of every file of a series."""

    stacks: tuple[Stack, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    undecided: tuple[tuple[Slice, ...], ...] = ()
    """Groups of which pixels must be read before more can be said; only without pixels."""


@dataclass(slots=True)
class _Findings:
    """Verdict in the making."""

    stacks: list[Stack] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    undecided: list[tuple[Slice, ...]] = field(default_factory=list)

    def exclude(self, each: Slice, reason: str) -> None:
        self.set_aside.append(
            SetAside(each.file_id, each.sop_instance_uid, "excluded", reason, whole=True)
        )

    def reject(self, finding: Finding, slices: Sequence[Slice]) -> None:
        self.rejections.append(Rejection(finding.reason, finding.detail, tuple(slices)))

    def verdict(self) -> SeriesVerdict:
        return SeriesVerdict(
            tuple(self.stacks),
            tuple(self.rejections),
            tuple(sorted(self.set_aside, key=lambda each: (each.sop_instance_uid, each.file_id))),
            tuple(self.undecided),
        )


def judge(
    rows: pa.Table, settings: VolumeSettings, *, pixels: PixelDigest | None = None
) -> SeriesVerdict:
    """Judge one series.

    Args:
        rows: rows of the series, see `slices.read_rows`; their order does not matter.
        settings: every tolerance of the rules.
        pixels: digest of a slice's stored values, called for colliding slices only. Without it
            a group that has such slices is `undecided`.

    Returns:
        Where every file of the series stands exactly once.
    """
    slices, others = read_rows(rows)
    found = _Findings()
    usable = []
    for each in slices:
        reason = entry.exclusion(each)
        if reason is None:
            usable.append(each)
        else:
            found.exclude(each, reason)
    usable = _set_foreign_aside(usable, found)
    _set_files_aside(slices, others, found)
    if not usable:
        return found.verdict()
    rejection = _series_rejection(usable, slices, others, settings)
    if rejection is not None:
        found.reject(rejection, usable)
        return found.verdict()
    groups = by_orientation(usable, tolerance=settings.orientation_tolerance)
    groups, aside, rejection = minor_orientations(groups, settings)
    if rejection is not None:
        found.reject(rejection, usable)
        return found.verdict()
    for each in aside:
        found.exclude(each, "OTHER_GEOMETRY")
    for group in groups:
        _judge_group(group, settings, pixels, found)
    return found.verdict()


def _set_foreign_aside(usable: list[Slice], found: _Findings) -> list[Slice]:
    if entry.multi_frame(usable) is not None:
        return usable
    foreign = entry.foreign(usable)
    for each in usable:
        if each.file_id in foreign:
            found.exclude(each, "OTHER_GEOMETRY")
    return [each for each in usable if each.file_id not in foreign]


def _set_files_aside(
    slices: Sequence[Slice], others: Sequence[OtherFile], found: _Findings
) -> None:
    """Give every further file of a UID its place: a copy, or one in conflict.

    One that lost its UID to an instance of another series has its place there.
    """
    kept = {each.sop_instance_uid: each.file_id for each in slices}
    for other in others:
        if other.sop_instance_uid not in kept:
            continue
        copy = other.status == "duplicate"
        found.set_aside.append(
            SetAside(
                other.file_id,
                other.sop_instance_uid,
                "duplicate" if copy else "excluded",
                "DUPLICATE_SOP_INSTANCE" if copy else "CONFLICTING_SOP_INSTANCE",
                whole=True,
                duplicate_of=kept[other.sop_instance_uid] if copy else None,
            )
        )


def _series_rejection(
    usable: Sequence[Slice],
    slices: Sequence[Slice],
    others: Sequence[OtherFile],
    settings: VolumeSettings,
) -> Finding | None:
    """Return the first reason that stops the series as a whole."""
    # The other content of an excluded image may be a slice; that of a report is none.
    no_images = {
        each.sop_instance_uid for each in slices if entry.exclusion(each) == "NOT_A_SLICE_CLASS"
    }
    return (
        entry.multi_frame(usable)
        or entry.missing_geometry(usable)
        or entry.unsupported_syntax(usable)
        or entry.conflicting([each for each in others if each.sop_instance_uid not in no_images])
        or invalid_orientation(usable, tolerance=settings.orthonormality_tolerance)
    )


def _judge_group(
    group: Sequence[Slice],
    settings: VolumeSettings,
    pixels: PixelDigest | None,
    found: _Findings,
) -> None:
    """Judge slices of one orientation: what they mix, their values, repeats, and each volume."""
    finding = mixed(group, spacing_tolerance=settings.pixel_spacing_tolerance)
    finding = finding or unusable_rescale(group)
    stack = order(group)
    if finding is not None:
        _reject_stack(finding, stack, found)
        return
    collisions = colliding(stack, same_position_mm=settings.same_position_mm)
    if collisions and pixels is None:
        found.undecided.append(stack.slices)
        return
    if collisions and pixels is not None:
        stack = _drop_repeats(stack, repeated(collisions, pixels), found)
    candidates = split(stack, settings)
    if isinstance(candidates, Finding):
        _reject_stack(candidates, stack, found)
        return
    for candidate in candidates:
        _judge_candidate(candidate, len(stack.slices), settings, found)


def _drop_repeats(stack: Ordered, repeats: Mapping[str, str], found: _Findings) -> Ordered:
    for each in stack.slices:
        if each.file_id in repeats:
            found.set_aside.append(
                SetAside(
                    each.file_id,
                    each.sop_instance_uid,
                    "duplicate",
                    "DUPLICATE_POSITION",
                    whole=False,
                    duplicate_of=repeats[each.file_id],
                )
            )
    return stack.take([k for k, each in enumerate(stack.slices) if each.file_id not in repeats])


def _reject_stack(
    finding: Finding, stack: Ordered, found: _Findings, candidate: Candidate | None = None
) -> None:
    found.rejections.append(
        Rejection(
            finding.reason,
            finding.detail,
            stack.slices,
            tuple(float(distance) for distance in stack.distances),
            candidate.channel_key if candidate else None,
            candidate.channel_value if candidate else None,
        )
    )


def _judge_candidate(
    candidate: Candidate, considered: int, settings: VolumeSettings, found: _Findings
) -> None:
    """Accept a candidate with its affine, or reject it: count, line, corners, frames, in order."""
    stack = candidate.stack
    if len(stack.slices) < settings.min_slices:
        detail = {"slices": len(stack.slices), "min_slices": settings.min_slices}
        _reject_stack(Finding("TOO_FEW_SLICES", detail), stack, found, candidate)
        return
    line = fit(stack.positions, settings)
    affine = geometry.affine_lps(stack, line.step)
    error = geometry.position_error_mm(stack, affine)
    finding = (
        not_uniform(stack, line, settings)
        or _position_error(error, line)
        or _unreadable(stack.slices)
    )
    if finding is not None:
        _reject_stack(finding, stack, found, candidate)
        return
    flags = geometry.flags(stack, line, settings, considered) | candidate.flags
    found.stacks.append(_accepted(candidate, line, affine, error, flags))


def _accepted(
    candidate: Candidate, line: Fit, affine: Floats, error_mm: float, flags: Collection[str]
) -> Stack:
    between_rows, between_columns = candidate.stack.slices[0].spacing or (math.nan, math.nan)
    x, y, z = (float(each) for each in affine[:3, 2])
    return Stack(
        slices=candidate.stack.slices,
        positions_mm=tuple(float(distance) for distance in candidate.stack.distances),
        affine_lps=tuple(float(value) for value in affine.ravel()),
        spacing=(math.hypot(x, y, z), between_rows, between_columns),
        flags=tuple(sorted(flags)),
        channel_key=candidate.channel_key,
        channel_value=candidate.channel_value,
        max_position_error_mm=error_mm,
        tolerance_mm=line.tolerance_mm,
    )


def _position_error(error_mm: float, line: Fit) -> Finding | None:
    """Return POSITION_ERROR where the positions fit but a corner does not (V0)."""
    if error_mm <= line.tolerance_mm:
        return None
    return Finding(
        "POSITION_ERROR",
        {"error_mm": round(error_mm, 6), "tolerance_mm": round(line.tolerance_mm, 6)},
    )


def _unreadable(slices: Sequence[Slice]) -> Finding | None:
    """Return PIXEL_DATA_ERROR where a frame's description already says that it cannot be read."""
    for each in slices:
        cause = each.frame.problem() if each.frame else "missing"
        if cause is not None:
            return Finding(
                "PIXEL_DATA_ERROR", {"cause": cause, "sop_instance_uid": each.sop_instance_uid}
            )
    return None
