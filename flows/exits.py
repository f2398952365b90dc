"""How the command line ends: exit codes, and errors as one line on standard error."""

import errno
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final, NoReturn

import click

import dicomlake
from dicomlake.pipeline.errors import DicomLakeError

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143


class Terminated(BaseException):
    """SIGTERM: everything is given back on the way out, nothing more is committed."""


class ReaderLeft(BaseException):
    """Whoever read standard output has enough, e.g. `head`. Of a BrokenPipeError click makes 1."""


_STOPPED: Final = (
    (Terminated, "ended by SIGTERM", TERMINATED),
    (KeyboardInterrupt, "stopped by Ctrl-C", INTERRUPTED),
    (click.Abort, "stopped by Ctrl-C", INTERRUPTED),
)

_AFTER_ROOM: Final = "Make room, then run again: what was committed before is intact."
_WAYS_OUT: Final = {
    errno.ENOSPC: _AFTER_ROOM,
    errno.EDQUOT: _AFTER_ROOM,
    errno.EACCES: "Ask for permission, or name another place.",
    errno.EROFS: "Name a place that can be written to.",
}


def end_on_sigterm() -> None:
    """Have SIGTERM end the command in order: `Terminated` is raised where it works."""
    signal.signal(signal.SIGTERM, _terminate)


def run_to_exit_code(command: Callable[[], object], arguments: Sequence[str]) -> int:
    """Run a command; return its exit code, having told on standard error why if it failed.

    Args:
        command: returns its exit code, or anything else for 0.
        arguments: of the command line.
    """
    try:
        result = command()
        sys.stdout.flush()
    except (BrokenPipeError, ReaderLeft):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except BaseException as error:  # noqa: BLE001  (every way to end has its line and its code)
        line, code = _explain(error, arguments)
        if line:
            click.echo(f"dicomlake: error: {' '.join(line.split())}", err=True)
        return code
    return result if isinstance(result, int) else DONE


def _explain(error: BaseException, arguments: Sequence[str]) -> tuple[str, int]:
    """Return what to say of an error, and the exit code."""
    if isinstance(error, DicomLakeError):
        return str(error), error.exit_code
    if isinstance(error, click.ClickException):
        return _usage_message(error), WRONG_USAGE
    for kind, said, code in _STOPPED:
        if isinstance(error, kind):
            return f"{said}; what was not committed is left out.", code
    if isinstance(error, SystemExit):
        return "", error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, OSError) and error.strerror and not _asked_for_more(arguments):
        said = f"{error.strerror.rstrip('.')}{f': {error.filename}' if error.filename else ''}."
        return f"{said} {_WAYS_OUT.get(error.errno or 0, '')}", FAILED
    kept = _keep_traceback(error, arguments)
    return f"{type(error).__name__} in dicomlake itself; please report {kept}", FAILED


def _asked_for_more(arguments: Sequence[str]) -> bool:
    return "-v" in arguments or "--verbose" in arguments


def _usage_message(error: click.ClickException) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return ""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "dicomlake"
    return f"{error.format_message().rstrip('.')}. See: {command} --help"


def _keep_traceback(error: BaseException, arguments: Sequence[str]) -> str:
    """Write where it happened to a file of the user's own, or show it all when asked with -v.

    The file names no message: those of other libraries may quote what they read.
    """
    if _asked_for_more(arguments):
        traceback.print_exception(error)
        return "what stands above."
    descriptor, name = tempfile.mkstemp(prefix="dicomlake-error-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"dicomlake {dicomlake.__version__}, Python {sys.version}\n")
        chain: BaseException | None = error
        while chain is not None:
            file.writelines(traceback.format_tb(chain.__traceback__))
            file.write(f"{type(chain).__module__}.{type(chain).__qualname__}\n")
            chain = chain.__cause__ or chain.__context__
    return f"{name} (or run again with -v)."


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once: a second one must not cut the way out
    raise Terminated
