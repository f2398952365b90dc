"""The log: text or JSON lines on standard error, and in a file when asked for."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dicomlake.config.settings import LogSettings
from dicomlake.flows.reporter import LOGGER
from dicomlake.pipeline.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the message alone; a level stands before it where it is not merely told."""
        mark = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return mark + record.getMessage()


class _TimedText(_Text):
    def format(self, record: logging.LogRecord) -> str:
        """Return the line with its time, for a file that is read later."""
        return f"{_time(record)} {super().format(record)}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON object."""
        return json.dumps(
            {
                "time": _time(record),
                "level": record.levelname.lower(),
                "message": record.getMessage(),
            },
            ensure_ascii=False,
        )


class _ConsoleHandler(logging.Handler):
    """Prints above the progress bars that rich keeps at the bottom of the terminal."""

    def __init__(self, console: "Console") -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        style = "yellow" if record.levelno >= logging.WARNING else None
        self._console.print(
            self.format(record), style=style, markup=False, highlight=False, soft_wrap=True
        )


def set_up(settings: LogSettings, console: "Console | None") -> None:
    """Send the log to standard error (through `console` when bars may be drawn) and to a file.

    Raises:
        UsageError: the file cannot be written.
    """
    LOGGER.setLevel(settings.level.upper())
    LOGGER.propagate = False
    for handler in list(LOGGER.handlers):
        LOGGER.removeHandler(handler)
        handler.close()
    shown: logging.Handler
    shown = logging.StreamHandler(sys.stderr) if console is None else _ConsoleHandler(console)
    shown.setFormatter(_Json() if settings.format == "json" else _Text())
    LOGGER.addHandler(shown)
    if settings.file:
        try:
            # A new file is for its owner: paths of files may tell more than they should.
            os.close(os.open(settings.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600))
        except OSError as error:
            raise UsageError(
                f"Cannot write the log to {settings.file}: {error.strerror}.",
                "Name another file with --log-file.",
            ) from None
        kept = logging.FileHandler(settings.file, encoding="utf-8")
        kept.setFormatter(_Json() if settings.format == "json" else _TimedText())
        LOGGER.addHandler(kept)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
