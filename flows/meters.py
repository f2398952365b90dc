"""Progress on a terminal (bars) and elsewhere (a line now and then)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from dicomlake.flows.reporter import LOGGER, Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

LINE_EVERY_S: Final = 10.0
_STEP: Final = 1000


def readable_size(size: float) -> str:
    """Return bytes in the unit that keeps the number short, e.g. `1.2 GB` (decimal units)."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < _STEP or unit == "TB":
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    raise AssertionError("unreachable")


def readable_time(seconds: float) -> str:
    """Return a duration as people write it, e.g. `0.4 s`, `2 min 05 s`, `3 h 07 min`."""
    if seconds < 60:  # noqa: PLR2004  (seconds of a minute)
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004  (minutes of an hour)
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


class PlainMeter:
    """Logs a line every ten seconds, and one at the end."""

    @contextmanager
    def __call__(
        self, stage: str, files: int | None, size: int | None, unit: str
    ) -> Iterator[Progress]:
        """Follow one stage."""
        lines = _Lines(stage, files, size, unit)
        yield lines
        lines.log(final=True)


class _Lines:
    def __init__(self, stage: str, files: int | None, size: int | None, unit: str) -> None:
        self._stage, self._files, self._size, self._unit = stage, files, size, unit
        self._done = self._done_size = 0
        self._started = self._logged = time.monotonic()

    def advance(self, files: int, size: int = 0) -> None:
        self._done += files
        self._done_size += size
        if time.monotonic() - self._logged >= LINE_EVERY_S:
            self.log()

    def log(self, *, final: bool = False) -> None:
        now = time.monotonic()
        self._logged = now
        elapsed = max(now - self._started, 1e-9)
        parts = [f"{self._done:,}" + (f" of {self._files:,}" if self._files else "")]
        parts[0] += f" {self._unit}"
        if self._done_size:
            parts.append(readable_size(self._done_size))
        parts.append(f"{self._done / elapsed:,.0f} {self._unit}/s")
        if final:
            parts.append(readable_time(elapsed))
        elif self._files and self._done:
            rest = elapsed / self._done * (self._files - self._done)
            parts.append(f"{readable_time(rest)} left")
        LOGGER.info("%s: %s", self._stage, ", ".join(parts))


class TerminalMeter:
    """Draws a bar: things done, bytes, rate and time left, within 80 columns."""

    def __init__(self, console: "Console") -> None:
        self._console = console

    @contextmanager
    def __call__(
        self, stage: str, files: int | None, size: int | None, unit: str
    ) -> Iterator[Progress]:
        """Draw one stage until it ends."""
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415  (slow import)
        from rich.progress import Progress as Bars  # noqa: PLC0415  (slow import)

        with Bars(
            TextColumn("{task.description:<8}"),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[count]}"),
            TextColumn("{task.fields[rate]}", style="cyan"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
        ) as bars:
            # Where bytes are known they tell the time left better than a number of files.
            task = bars.add_task(stage, total=size or files, count="", rate="")
            yield _Bar(bars, task, files, unit, by_size=bool(size))


class _Bar:
    def __init__(
        self, bars: "Bars", task: "TaskID", files: int | None, unit: str, *, by_size: bool
    ) -> None:
        self._bars, self._task, self._files, self._unit = bars, task, files, unit
        self._by_size = by_size
        self._done = self._done_size = 0
        self._started = time.monotonic()

    def advance(self, files: int, size: int = 0) -> None:
        self._done += files
        self._done_size += size
        elapsed = max(time.monotonic() - self._started, 1e-9)
        count = f"{self._done:,}" + (f"/{self._files:,}" if self._files else "") + f" {self._unit}"
        if self._done_size:
            count += f" {readable_size(self._done_size)}"
        self._bars.update(
            self._task,
            completed=self._done_size if self._by_size else self._done,
            count=count,
            rate=f"{self._done / elapsed:,.0f}/s",
        )
