"""Lakes for the cases: the real stages, reporting to nobody."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from dicomlake.config.settings import Settings, load_settings
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import Command, RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary


class _Silent:
    def advance(self, files: int, size: int = 0) -> None:
        """Show nothing."""


@contextlib.contextmanager
def _no_meter(*_: object) -> Iterator[Progress]:
    yield _Silent()


def inline() -> Settings:
    """Return the default settings, with all work in this process."""
    return load_settings(None, None, {"engine.workers": 0})


def do(command: Command, lake: Path, *sources: str) -> RunSummary:
    """Do a command inline and return its summary."""
    request = RunRequest(lake=lake, sources=sources)
    return execute(request, command, inline(), DirectReporter(_no_meter))
