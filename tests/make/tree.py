"""A small source tree with something of everything, and runs of the real command line on it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from make.series import ct_series, ct_slice, write

RUN = "from dicomlake.flows.cli import main; main()"
_OURS = ("PREFECT_", "DICOMLAKE_")


def mixed_tree(folder: Path) -> Path:
    """Write 2 volumes, a series too short, a copy, text, an empty and a cut file; return it."""
    ct_series(folder / "a", 8, name="first")
    ct_series(folder / "b" / "deep", 6, name="second", ConvolutionKernel="LUNG")
    ct_series(folder / "short", 2, name="short")
    cut = ct_series(folder / "cut", 1, name="cut")[0]
    cut.write_bytes(cut.read_bytes()[:400])
    write(ct_slice(0, name="first"), folder / "copy" / "same.dcm")
    (folder / "README").write_text("no DICOM at all, but long enough to be looked at\n" * 10)
    (folder / "empty.dcm").touch()
    return folder


MIXED_FILES = 8 + 6 + 2 + 1 + 1 + 1 + 1


def clean_environment(**changes: str) -> dict[str, str]:
    """Return the environment without what would configure Prefect or this program."""
    kept = {name: each for name, each in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "PREFECT_HOME": "/nonexistent", **changes}


def start(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start the command line as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=clean_environment() if environment is None else dict(environment),
    )


def command(
    *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line and return what it said."""
    with start(arguments, cwd, environment) as process:
        out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def descendants(pid: int) -> list[int]:
    """Return the processes that descend from one."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found += [int(entry.name), *descendants(int(entry.name))]
    return found
