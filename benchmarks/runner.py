"""Measures contenders fairly: results first held equal, then interleaved rounds, then medians."""

import gc
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case ready to be measured.

    `contenders` do the same work in different ways and return what they found; `check` raises when
    these results, by contender, are not equal to each other. `amount` is how many `unit` one call
    handles. Ratios are against `baseline`. A contender in `before` has something to undo before
    each of its calls; that is not timed.
    """

    contenders: Mapping[str, Callable[[], Any]]
    check: Callable[[Mapping[str, Any]], None]
    baseline: str
    amount: int
    unit: str
    notes: tuple[str, ...] = ()
    before: Mapping[str, Callable[[], None]] = field(default_factory=dict)


class Case(Protocol):
    """Makes its data in a folder, smaller when it is only run to prove equality."""

    def __call__(self, folder: Path, *, small: bool, seed: int) -> Prepared:
        """Return the case ready to be measured."""


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU and wall seconds of each round of one contender."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    def median(self) -> tuple[float, float]:
        """Return the medians of CPU and wall seconds."""
        return statistics.median(self.cpu), statistics.median(self.wall)


def cpu_seconds() -> float:
    """Return CPU time of this process and of its children that have ended."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(prepared: Prepared, rounds: int) -> dict[str, Timing]:
    """Check that all contenders find the same, then time them in interleaved rounds.

    The check is also the warm-up: imports are done and the files are in the page cache.
    """
    prepared.check({name: _run(prepared, name)[0] for name in prepared.contenders})
    cpu: dict[str, list[float]] = {name: [] for name in prepared.contenders}
    wall: dict[str, list[float]] = {name: [] for name in prepared.contenders}
    for _ in range(rounds):
        for name in prepared.contenders:
            _, cpu_s, wall_s = _run(prepared, name)
            cpu[name].append(cpu_s)
            wall[name].append(wall_s)
    return {name: Timing(tuple(cpu[name]), tuple(wall[name])) for name in prepared.contenders}


def _run(prepared: Prepared, name: str) -> tuple[Any, float, float]:
    if name in prepared.before:
        prepared.before[name]()
    gc.collect()
    cpu, wall = cpu_seconds(), time.perf_counter()
    result = prepared.contenders[name]()
    return result, cpu_seconds() - cpu, time.perf_counter() - wall


def table(prepared: Prepared, timings: Mapping[str, Timing]) -> list[list[str]]:
    """Return the rows of the report: a contender each, the first row its head."""
    base_cpu, base_wall = timings[prepared.baseline].median()
    unit = f"µs a {prepared.unit}"
    rows = [["contender", f"CPU {unit}", "min..max", f"wall {unit}", "CPU ratio", "wall ratio"]]
    for name, timing in timings.items():
        cpu, wall = timing.median()
        scale = 1e6 / prepared.amount
        rows.append(
            [
                name,
                f"{cpu * scale:,.1f}",
                f"{min(timing.cpu) * scale:,.1f}..{max(timing.cpu) * scale:,.1f}",
                f"{wall * scale:,.1f}",
                f"{base_cpu / max(cpu, 1e-9):.2f}",
                f"{base_wall / max(wall, 1e-9):.2f}",
            ]
        )
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


def record(prepared: Prepared, timings: Mapping[str, Timing]) -> dict[str, Any]:
    """Return what was measured, for JSON."""
    return {
        "amount": prepared.amount,
        "unit": prepared.unit,
        "baseline": prepared.baseline,
        "notes": list(prepared.notes),
        "contenders": {
            name: {"cpu_s": list(timing.cpu), "wall_s": list(timing.wall)}
            for name, timing in timings.items()
        },
    }


def environment() -> dict[str, str]:
    """Return the versions that results depend on."""
    names = ("dicomlake", "pydicom", "numpy", "pyarrow", "zarr", "SimpleITK")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
