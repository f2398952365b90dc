"""The process that workers are forked from: it imports, once for all of them, what they need.

Started as soon as workers are sure to be wanted, it imports while the driver does; Dask's nannies
then fork from it, through the `forkserver` of the standard library, in a tenth of a second. It
does nothing but import, so that no fork meets a lock that is held.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dicomlake.flows.worker import ENVIRONMENT

if TYPE_CHECKING:
    from dicomlake.config.settings import EngineSettings

_FORKSERVER: Final = "forkserver"
METHOD: Final = _FORKSERVER if _FORKSERVER in multiprocessing.get_all_start_methods() else "spawn"
"""How worker processes start."""

_MODULES: Final = (
    "dicomlake.flows.preload",
    "dicomlake.flows.cli",
    "dicomlake.flows.worker",
    "dicomlake.pipeline.tables.staging",
    "dicomlake.pipeline.tables.part_jobs",
    "pyarrow.parquet",
    "pydicom",
    "distributed",
    "distributed.nanny",
)
"""What every worker imports, headers read by it and parts written."""

_TEMPLATE_ENVIRONMENT: Final = ENVIRONMENT | {
    # What Dask sets for a process that it spawns: memory that is freed goes back at once.
    "MALLOC_TRIM_THRESHOLD_": "65536",
}

_lock: Final = threading.Lock()
_started = False


def worth_starting(settings: "EngineSettings", lake: Path) -> bool:
    """Return whether workers are sure to be wanted before anything is known of the sources.

    That is so for a new lake, which has everything to read, and a number of workers given.
    """
    wanted = settings.workers != "auto" and settings.workers > 0 and not settings.scheduler
    return wanted and not (lake / "versions").exists()


def start() -> None:
    """Start the process, unless it runs already; returns at once, while it still imports.

    Does nothing where processes cannot be forked: workers are spawned there.
    """
    global _started  # noqa: PLW0603  (one such process belongs to this one, as in the library)
    if METHOD != _FORKSERVER:
        return
    from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415  (not everywhere)

    with _lock:
        if _started or _pid(forkserver) is not None:  # somebody else's is used as it is
            return
        resource_tracker.ensure_running()
        multiprocessing.set_forkserver_preload(list(_MODULES))
        with _environment(_TEMPLATE_ENVIRONMENT), _without_ctrl_c():
            forkserver.ensure_running()
        _started = True


def stop() -> None:
    """End the process, if `start` has started it, and wait for its end; its forks have ended."""
    global _started  # noqa: PLW0603  (as above)
    with _lock:
        if not _started:
            return
        _started = False
        from multiprocessing import forkserver  # noqa: PLC0415  (not everywhere)

        pid = _pid(forkserver)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            if pid is not None:
                os.kill(pid, signal.SIGKILL)  # it holds nothing; its own end takes 0.2 s
            # Nothing public ends it before this process does, and nobody would wait for it.
            forkserver._forkserver._stop()  # type: ignore[attr-defined]  # as just said


def _pid(forkserver: object) -> int | None:
    pid: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # it is private
    return pid


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Have a process started meanwhile inherit variables that this one is not to have."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Have a process started meanwhile never hear of Ctrl-C; this one hears of it afterwards.

    The terminal sends it to the whole group; the driver ends its workers itself.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
