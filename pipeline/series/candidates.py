"""V7 to V11: a candidate becomes a volume with its affine, several, or none, with the reason."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.pixels.frame import StoredFrame
from dicomlake.pipeline.series import geometry
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.fit import Fit, Ordered, fit, not_uniform
from dicomlake.pipeline.series.gaps import SPLIT_AT, even_runs, filled
from dicomlake.pipeline.series.grouping import Floats
from dicomlake.pipeline.series.outcome import Rejection, Stack
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.splitting import Candidate
from dicomlake.pipeline.series.suv import suv_bw_factor


@dataclass(frozen=True, slots=True)
class Context:
    """What a candidate is judged with."""

    settings: VolumeSettings
    earliest: datetime | None
    """Earliest acquisition of the series."""
    incomplete: frozenset[str]
    """Concatenations of the series that lack a part."""
    considered: int = 0
    """Slices of the geometry group before it was split into channels."""


def judge_candidate(candidate: Candidate, context: Context) -> Iterator[Stack | Rejection]:
    """Yield what becomes of a candidate: one outcome, or several where it is split at its gaps.

    Reasons in order: count, line, drift, corners, frames.
    """
    stack, settings = candidate.stack, context.settings
    if len(stack.slices) < settings.min_slices:
        yield _rejected(_too_few(stack, settings), candidate)
        return
    line = fit(stack.positions, settings)
    finding = not_uniform(stack, line, settings)
    if finding is None:
        yield _on_line(candidate, line, context)
        return
    room = filled(stack, finding, settings)
    if room is not None:
        yield _on_line(_part(candidate, stack, "filled"), room, context)
    elif settings.on_gap == "split" and finding.reason in SPLIT_AT:
        yield from _split_at_gaps(candidate, finding, context)
    else:
        yield _rejected(finding, candidate)


def _split_at_gaps(
    candidate: Candidate, finding: Finding, context: Context
) -> Iterator[Stack | Rejection]:
    """Yield the even runs of a candidate, and what is left over, each with its own reason."""
    stack, settings = candidate.stack, context.settings
    runs = even_runs(stack, settings)
    parts = [stack.take(range(run.start, run.stop)) for run in runs]
    lines = [_even_line(part, settings) for part in parts]
    if all(line is None for line in lines):
        yield _rejected(finding, candidate)
        return
    for part, line in zip(parts, lines, strict=True):
        if line is not None:
            yield _on_line(_part(candidate, part, "gap_split"), line, context)
        elif len(part.slices) < settings.min_slices:
            yield _rejected(_too_few(part, settings), _part(candidate, part))
        else:
            uneven = not_uniform(part, fit(part.positions, settings), settings)
            yield _rejected(uneven or finding, _part(candidate, part))


def _even_line(stack: Ordered, settings: VolumeSettings) -> Fit | None:
    if len(stack.slices) < settings.min_slices:
        return None
    line = fit(stack.positions, settings)
    return line if line.uniform else None


def _part(candidate: Candidate, stack: Ordered, *flags: str) -> Candidate:
    return Candidate(
        stack, candidate.channel_key, candidate.channel_value, candidate.flags | set(flags)
    )


def _on_line(candidate: Candidate, line: Fit, context: Context) -> Stack | Rejection:
    """Accept a candidate on an even line with its affine, unless something else is wrong."""
    stack, settings = candidate.stack, context.settings
    affine = geometry.affine_lps(stack, line.step)
    error = geometry.position_error_mm(stack, affine, line.indices)
    finding = (
        _sheared(stack, line, settings) or _position_error(error, line) or _unreadable(stack.slices)
    )
    if finding is not None:
        return _rejected(finding, candidate)
    return _accepted(candidate, line, affine, error, context)


def _accepted(
    candidate: Candidate, line: Fit, affine: Floats, error_mm: float, context: Context
) -> Stack:
    stack = candidate.stack
    between_rows, between_columns = stack.slices[0].spacing or (math.nan, math.nan)
    x, y, z = (float(each) for each in affine[:3, 2])
    flags = geometry.flags(stack, line, context.settings, context.considered, context.incomplete)
    factor, facts = suv_bw_factor(stack.slices, context.earliest)
    return Stack(
        slices=stack.slices,
        indices=line.indices,
        positions_mm=tuple(stack.distances.tolist()),
        affine_lps=tuple(affine.ravel().tolist()),
        spacing=(math.hypot(x, y, z), between_rows, between_columns),
        flags=tuple(sorted(flags | candidate.flags)),
        channel_key=candidate.channel_key,
        channel_value=candidate.channel_value,
        max_position_error_mm=error_mm,
        tolerance_mm=line.tolerance_mm,
        suv_bw_factor=factor,
        facts=facts,
    )


def _rejected(finding: Finding, candidate: Candidate) -> Rejection:
    return Rejection(
        finding.reason,
        finding.detail,
        candidate.stack.slices,
        tuple(candidate.stack.distances.tolist()),
        candidate.channel_key,
        candidate.channel_value,
    )


def _too_few(stack: Ordered, settings: VolumeSettings) -> Finding:
    detail = {"slices": len(stack.slices), "min_slices": settings.min_slices}
    return Finding("TOO_FEW_SLICES", detail)


def _sheared(stack: Ordered, line: Fit, settings: VolumeSettings) -> Finding | None:
    """Return SHEARED where slices drift in their own plane, and that is not wanted (V8)."""
    drift = geometry.drift_mm(stack, line)
    if settings.on_shear == "accept" or drift <= line.tolerance_mm:
        return None
    return Finding(
        "SHEARED", {"drift_mm": round(drift, 6), "tolerance_mm": round(line.tolerance_mm, 6)}
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
    fine = set()
    for each in slices:
        kind = _kind(each.frame)
        if kind in fine:
            continue
        cause = each.frame.problem() if each.frame else "missing"
        fine.add(kind)
        if cause is not None:
            return Finding(
                "PIXEL_DATA_ERROR", {"cause": cause, "sop_instance_uid": each.sop_instance_uid}
            )
    return None


def _kind(frame: StoredFrame | None) -> tuple[object, ...] | None:
    """Return what the problems of a frame depend on: alike in most slices of a stack."""
    if frame is None:
        return None
    return (
        frame.offset is None, frame.length, frame.transfer_syntax_uid, frame.rows, frame.columns,
        frame.samples_per_pixel, frame.bits_allocated, frame.bits_stored, frame.high_bit,
        frame.pixel_representation, frame.n_frames, frame.index < frame.n_frames,
    )  # fmt: skip
