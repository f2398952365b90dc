"""The command line in this process: its exit code and what it said."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from dicomlake.flows import exits
from dicomlake.flows.cli import cli


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


def say(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Said:
    """Do a command; errors end it as they end the command line."""
    given = list(map(str, arguments))
    capsys.readouterr()
    code = exits.run_to_exit_code(
        lambda: cli.main(given, prog_name="dicomlake", standalone_mode=False), given
    )
    said = capsys.readouterr()
    return Said(code, said.out, said.err)


def inventory(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return inode, size and time of everything below a folder."""
    return {
        str(path.relative_to(folder)): (status.st_ino, status.st_size, status.st_mtime_ns)
        for path in folder.rglob("*")
        for status in (path.lstat(),)
    }
