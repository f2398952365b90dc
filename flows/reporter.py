"""How a run tells what it does: the protocol the stages speak, and the reporter without Prefect.

The stages know only `Reporter`. What stands behind it decides whether a stage is a plain call or
a task that Prefect records.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol, TypeVar

Result = TypeVar("Result")

LOGGER: Final = logging.getLogger("dicomlake")
"""Every line of a run goes through it; no DICOM value ever does."""


class Progress(Protocol):
    """One stage under way."""

    def advance(self, files: int, size: int = 0) -> None:
        """Add files done, and their bytes."""


class Meter(Protocol):
    """Shows a stage under way: `files` and `size` (bytes) are the totals, None if unknown."""

    def __call__(
        self, stage: str, files: int | None, size: int | None, unit: str
    ) -> AbstractContextManager[Progress]:
        """Open the display; leaving the context closes it."""


class Reporter(Protocol):
    """Where a run reports to."""

    @property
    def tracked_at(self) -> str | None:
        """Return the address of the record of this run, None when it is not tracked."""

    def info(self, message: str) -> None:
        """Say what is done."""

    def warning(self, message: str) -> None:
        """Say what somebody should look at."""

    def progress(
        self, stage: str, files: int | None = None, size: int | None = None, unit: str = "files"
    ) -> AbstractContextManager[Progress]:
        """Show a stage of `files` things, named `unit`, of `size` bytes together."""

    def table(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Show rows, all with the same keys."""

    def stage(self, name: str, function: Callable[[], Result]) -> Result:
        """Do one stage and return its result; an error of it ends the run."""


class DirectReporter:
    """Reports to the log and a meter, and simply calls the stages."""

    tracked_at: str | None = None

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def info(self, message: str) -> None:
        """Log a line."""
        LOGGER.info(message)

    def warning(self, message: str) -> None:
        """Log a warning."""
        LOGGER.warning(message)

    def progress(
        self, stage: str, files: int | None = None, size: int | None = None, unit: str = "files"
    ) -> AbstractContextManager[Progress]:
        """Open the meter for a stage."""
        return self._meter(stage, files, size, unit)

    def table(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Log the rows where debugging is on; the summary shows what people want to see."""
        for row in rows:
            LOGGER.debug("%s: %s", name, ", ".join(f"{key} {value}" for key, value in row.items()))

    def stage(self, name: str, function: Callable[[], Result]) -> Result:
        """Call the stage."""
        LOGGER.debug("stage %s", name)
        return function()
