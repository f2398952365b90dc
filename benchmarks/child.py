"""Runs a program as a child process and measures all of it: CPU, wall, peak memory per process."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from runner import Measured

_EVERY_S: Final = 0.02
_PROC: Final = Path("/proc")


class ChildFailedError(Exception):
    """A child ended with an unexpected exit code; the text ends with what it last said."""


def dicomlake(*arguments: str) -> list[str]:
    """Return a command line of the dicomlake that is installed beside this interpreter."""
    return [str(Path(sys.executable).with_name("dicomlake")), *arguments]


def run(
    command: Sequence[str],
    *,
    expected: Sequence[int] = (0,),
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    cores: int | None = None,
) -> Measured:
    """Run a command to its end; the result is its standard output.

    With `cores` it and its descendants have only so many of this machine's cores, where the system
    can grant that.

    CPU is that of the child and of all its descendants that it waited for. Peak memory is the
    greatest high-water mark (VmHWM) of one process among them, where the system tells it.

    Raises:
        ChildFailedError: its exit code is not an expected one.
    """
    start = time.perf_counter()
    with _restricted(cores):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env=None if environment is None else {**os.environ, **environment},
        )
    peak = _Peak(process.pid)
    said: list[str] = []
    errors = threading.Thread(target=lambda: said.append(process.stderr.read()))  # type: ignore[union-attr]  # piped above
    errors.start()
    assert process.stdout is not None
    output = process.stdout.read()
    errors.join()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.stderr is not None:
        process.stderr.close()
    peak.stop()
    if process.returncode not in expected:
        raise ChildFailedError(f"{command}: exit {process.returncode}\n{''.join(said)[-2000:]}")
    return Measured(output, usage.ru_utime + usage.ru_stime, wall, peak.bytes)


@contextlib.contextmanager
def _restricted(cores: int | None) -> Iterator[None]:
    """Restrict this process to some cores: what it starts in between inherits that."""
    if cores is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(usual)[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, usual)


class _Peak:
    """Watches a process and its descendants; the high-water mark only grows, so late is enough."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if _PROC.is_dir():
            self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_EVERY_S):
            for pid in _family(self._pid):
                self.bytes = max(self.bytes, high_water_mark(pid))


def _family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for each in found:
        for thread in _listed(_PROC / str(each) / "task"):
            with contextlib.suppress(OSError):  # it has ended
                found += [int(child) for child in (thread / "children").read_text().split()]
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # the process has ended
        return []


def high_water_mark(pid: int) -> int:
    """Return the greatest resident size of a process so far, in bytes; 0 if it has ended."""
    try:
        text = (_PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
