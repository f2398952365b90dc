"""Stand-ins for files that end, hold or bloat the process that reads them.

A module that workers load after `dicomlake.flows.worker`: what a file does stands in its name, so
that no line of the program is there for tests alone.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any, Final

from dicomlake.pipeline.dose import jobs as dosing
from dicomlake.pipeline.headers import attempt as reading
from dicomlake.pipeline.volumes import build as building

MARKS: Final = "KILLERS_MARKS"
"""Variable that names the folder in which `act` notes what it has done once."""
MODULE: Final = "make.killers"

# The seams: what reads a header, writes a volume, reads a report.
_read = reading._Opener.outcome
_write = building.write_volume
_report = dosing.read_report


def act(name: str) -> None:
    """Do what the name of a file says: what a broken library would do, or somebody outside."""
    if "segfault" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "once" in name and _first_time(name):
        os.kill(os.getpid(), signal.SIGKILL)
    if "loop" in name:
        while True:
            pass
    if "sleep" in name:
        time.sleep(3600)
    if "bloat" in name:
        held = []
        while True:
            held.append(bytes(64 << 20))


def _first_time(name: str) -> bool:
    try:
        (Path(os.environ[MARKS]) / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _outcome(self: Any, entry: Any) -> Any:
    name = entry.path.rpartition("/")[2]
    if name.startswith("header"):
        act(name)
    return _read(self, entry)


def _write_volume(job: Any, stack: Any, reader: Any, group: Path) -> Any:
    for each in stack.slices:
        name = each.path.rpartition("/")[2]
        if name.startswith("voxels"):
            act(name)
    return _write(job, stack, reader, group)


def _read_report(path: bytes, *others: Any) -> Any:
    name = os.fsdecode(path).rpartition("/")[2]
    if name.startswith("report"):
        act(name)
    return _report(path, *others)


def dask_setup(_worker: object) -> None:
    """Put the stand-ins in place, for the life of a worker."""
    reading._Opener.outcome = _outcome  # type: ignore[method-assign]  # the seam
    building.write_volume = _write_volume
    dosing.read_report = _read_report


def do(name: str) -> str:
    """Do the job of which this is the name."""
    act(name)
    return name
