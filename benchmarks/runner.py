"""Measures contenders fairly: results first held equal, then interleaved rounds, then medians."""

import gc
import math
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

_NOTHING_S: Final = 1e-6
"""What is left at least of a time that a start-up is taken out of."""
_DROWNED_US: Final = 0.1
"""No file is seen, no frame read in so little time."""


class Measured(NamedTuple):
    """What a contender found that took its own time: a process that measured itself or its child.

    `peak_bytes` is the peak memory of the largest of its processes; 0: not measured.
    """

    result: Any
    cpu_s: float
    wall_s: float
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU and wall seconds of each round of one contender, for `amount` units."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]
    amount: int
    peak_bytes: int = 0

    @property
    def cpu_us(self) -> float:
        """Return the median of CPU microseconds a unit."""
        return statistics.median(self.cpu) * 1e6 / self.amount

    @property
    def wall_us(self) -> float:
        """Return the median of wall microseconds a unit."""
        return statistics.median(self.wall) * 1e6 / self.amount

    def without(self, start_up: "Timing") -> "Timing":
        """Return the same with the median of a start-up taken out of every round."""
        cpu, wall = statistics.median(start_up.cpu), statistics.median(start_up.wall)
        return Timing(
            tuple(max(each - cpu, _NOTHING_S) for each in self.cpu),
            tuple(max(each - wall, _NOTHING_S) for each in self.wall),
            self.amount,
            self.peak_bytes,
        )


Timings = Mapping[str, Timing]


def ratio(above: float, below: float) -> float:
    """Return a ratio of two medians in µs; NaN, which meets no target, where one drowned.

    Of a work too small for its start-up, taken out, nothing is left that could be divided.
    """
    return above / below if min(above, below) > _DROWNED_US else math.nan


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that the project holds itself to: computed from the timings of one case."""

    what: str
    limit: float
    figure: Callable[[Timings], float]
    at_least: bool
    unit: str = "×"

    def met(self, figure: float) -> bool:
        """Return whether a figure is as good as wanted."""
        return figure >= self.limit if self.at_least else figure <= self.limit


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case ready to be measured.

    `contenders` do the same work in different ways and return what they found, or `Measured`;
    `check` raises when these results, by contender, are not equal to each other. One call handles
    `amount` of `unit`, or as many as `amounts` says of the contender. Ratios are against
    `baseline`. A contender in `before` has something to undo before each of its calls; that is
    not timed. From a contender in `less` the named one, its start-up, is taken out.
    """

    contenders: Mapping[str, Callable[[], Any]]
    check: Callable[[Mapping[str, Any]], None]
    baseline: str
    amount: int
    unit: str
    notes: tuple[str, ...] = ()
    before: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    amounts: Mapping[str, int] = field(default_factory=dict)
    less: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """How much data a case makes; small: only enough to prove equality."""

    small: bool = False
    files: int | None = None
    """Files wanted instead of the case's own number."""
    seed: int = 7

    def of(self, full: int, small: int) -> int:
        """Return the number of files of a case."""
        return self.files or (small if self.small else full)


class Case(Protocol):
    """Makes its data in a folder."""

    def __call__(self, folder: Path, scale: Scale) -> Prepared:
        """Return the case ready to be measured."""


def cpu_seconds() -> float:
    """Return CPU time of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(prepared: Prepared, rounds: int) -> dict[str, Timing]:
    """Check that all contenders find the same, then time them in interleaved rounds.

    The check is also the warm-up: imports are done and the files are in the page cache. Without a
    round it is what was timed, which says little.
    """
    checked = {name: _run(prepared, name) for name in prepared.contenders}
    prepared.check({name: each.result for name, each in checked.items()})
    taken: dict[str, list[Measured]] = {name: [] for name in prepared.contenders}
    if not rounds:
        taken = {name: [each] for name, each in checked.items()}
    for _ in range(rounds):
        for name in prepared.contenders:
            taken[name].append(_run(prepared, name)._replace(result=None))
    timings = {
        name: Timing(
            tuple(each.cpu_s for each in found),
            tuple(each.wall_s for each in found),
            prepared.amounts.get(name, prepared.amount),
            max(each.peak_bytes for each in found),
        )
        for name, found in taken.items()
    }
    return {
        name: timing.without(timings[prepared.less[name]]) if name in prepared.less else timing
        for name, timing in timings.items()
    }


def _run(prepared: Prepared, name: str) -> Measured:
    if name in prepared.before:
        prepared.before[name]()
    gc.collect()
    cpu, wall = cpu_seconds(), time.perf_counter()
    result = prepared.contenders[name]()
    took = Measured(result, cpu_seconds() - cpu, time.perf_counter() - wall)
    return result if isinstance(result, Measured) else took


def table(prepared: Prepared, timings: Timings) -> list[list[str]]:
    """Return the rows of the report: a contender each, the first row its head."""
    base = timings[prepared.baseline]
    unit = f"µs a {prepared.unit}"
    head = ["contender", f"CPU {unit}", "min..max", f"wall {unit}", "min..max"]
    rows = [[*head, "CPU ratio", "wall ratio", "peak MB"]]
    for name, timing in timings.items():
        scale = 1e6 / timing.amount
        rows.append(
            [
                name,
                f"{timing.cpu_us:,.1f}",
                f"{min(timing.cpu) * scale:,.1f}..{max(timing.cpu) * scale:,.1f}",
                f"{timing.wall_us:,.1f}",
                f"{min(timing.wall) * scale:,.1f}..{max(timing.wall) * scale:,.1f}",
                f"{base.cpu_us / timing.cpu_us:.2f}",
                f"{base.wall_us / timing.wall_us:.2f}",
                f"{timing.peak_bytes / 1e6:,.0f}" if timing.peak_bytes else "",
            ]
        )
    if not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]
    return rows


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text in columns, the first column flush left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def record(prepared: Prepared, timings: Timings) -> dict[str, Any]:
    """Return what was measured, for JSON."""
    figures = [(target, target.figure(timings)) for target in prepared.targets]
    return {
        "amount": prepared.amount,
        "unit": prepared.unit,
        "baseline": prepared.baseline,
        "notes": list(prepared.notes),
        "table": table(prepared, timings),
        "targets": [
            {
                "what": target.what,
                "limit": target.limit,
                "at_least": target.at_least,
                "unit": target.unit,
                "measured": figure,
                "met": target.met(figure),
            }
            for target, figure in figures
        ],
        "contenders": {
            name: {
                "cpu_s": list(timing.cpu),
                "wall_s": list(timing.wall),
                "amount": timing.amount,
                "cpu_us": timing.cpu_us,
                "wall_us": timing.wall_us,
                "peak_bytes": timing.peak_bytes,
            }
            for name, timing in timings.items()
        },
    }


def environment() -> dict[str, str]:
    """Return versions and machine that results depend on."""
    names = ("dicomlake", "pydicom", "numpy", "pyarrow", "zarr", "pandas", "SimpleITK")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {**found, "machine": f"{platform.machine()} {platform.system()}, {cores} cores"}
