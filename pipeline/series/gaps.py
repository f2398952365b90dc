"""V7's choices for a stack with gaps: reject it, split it at them, or leave room for slices.

Voxels are never interpolated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import accumulate
from typing import Final

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.fit import Fit, Ordered, fit, gaps

SPLIT_AT: Final = frozenset({"MISSING_SLICES", "NON_UNIFORM_SPACING"})
"""Findings that `on_gap = split` can do something about."""


@dataclass(frozen=True, slots=True)
class Run:
    """Slices of a stack that follow one another: `start` up to but without `stop`."""

    start: int
    stop: int

    @property
    def n(self) -> int:
        """Return how many slices it has."""
        return self.stop - self.start


def filled(stack: Ordered, finding: Finding, settings: VolumeSettings) -> Fit | None:
    """Return the line of a stack whose missing slices are left empty, None where it has none.

    At least half of a volume is slices that are there: a stray one a metre away leaves no room for
    hundreds of empty ones.
    """
    if settings.on_gap != "fill" or finding.reason != "MISSING_SLICES":
        return None
    times = gaps(stack, settings)
    if times is None or sum(times) + 1 > 2 * len(stack.slices):
        return None
    line = fit(stack.positions, settings, list(accumulate(times, initial=0)))
    return line if line.uniform else None


def even_runs(stack: Ordered, settings: VolumeSettings) -> list[Run]:
    """Return the runs of slices on an even line that make volumes, and what is left over, in order.

    A run ends at a gap or a change of step, and goes on for as long as it is even. The slice at a
    change of step belongs to both sides: the longer one keeps it.

    Args:
        stack: slices that are on no even line.
        settings: the tolerances, and how few slices make a volume.

    Returns:
        Runs that hold every slice once; those shorter than `min_slices`, or not even, are no
        volumes.
    """
    runs = _maximal(stack, settings)
    longest_first = [(-run.n, place) for place, run in enumerate(runs)]
    heapify(longest_first)
    taken = []
    while longest_first:
        length, place = heappop(longest_first)
        run = runs[place]
        if run.n < settings.min_slices:
            continue
        if run.n != -length:  # a neighbour took its end: it waits for its turn again
            heappush(longest_first, (-run.n, place))
            continue
        taken.append(run)
        if place > 0:
            before = runs[place - 1]
            runs[place - 1] = Run(before.start, min(before.stop, run.start))
        if place + 1 < len(runs):
            after = runs[place + 1]
            runs[place + 1] = Run(max(after.start, run.stop), after.stop)
    taken.sort(key=lambda run: run.start)
    return _with_rest(taken, len(stack.slices))


def _maximal(stack: Ordered, settings: VolumeSettings) -> list[Run]:
    """Return the runs that can be made no longer; neighbours share a slice."""
    n = len(stack.slices)
    runs = []
    start = 0
    while start < n - 1:
        stop = _end_of_run(stack, start, settings)
        runs.append(Run(start, stop))
        if stop == n:
            break
        start = stop - 1
    return runs


def _end_of_run(stack: Ordered, start: int, settings: VolumeSettings) -> int:
    """Return where the even run from a slice ends: twice as far while it holds, then by halves."""
    n = len(stack.slices)
    even, step = start + 2, 2
    while even < n and _is_even(stack, start, min(even + step, n), settings):
        even = min(even + step, n)
        step *= 2
    broken = min(even + step, n + 1)
    while broken - even > 1:
        middle = (even + broken) // 2
        if _is_even(stack, start, middle, settings):
            even = middle
        else:
            broken = middle
    return even


def _is_even(stack: Ordered, start: int, stop: int, settings: VolumeSettings) -> bool:
    return fit(stack.positions[start:stop], settings).uniform


def _with_rest(taken: Sequence[Run], n: int) -> list[Run]:
    """Return runs and what lies between them, in order."""
    runs: list[Run] = []
    done = 0
    for run in taken:
        if run.start > done:
            runs.append(Run(done, run.start))
        runs.append(run)
        done = run.stop
    if done < n:
        runs.append(Run(done, n))
    return runs
