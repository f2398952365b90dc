"""`runs.jsonl`: one line a run, also for runs that changed nothing."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dicomlake.pipeline.errors import LakeFormatError
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import RUNS, Access, version_numbers
from dicomlake.pipeline.tables.locks import is_alive
from dicomlake.pipeline.tables.manifest import Manifest, read_manifest

LOOK_BACK: Final = 16
"""Versions in a row whose run has its line before older ones are taken to have theirs."""


def append_run(lake: Path, line: Mapping[str, object], access: Access) -> None:
    """Append one line, durably; a line that a crash cut short is closed off first.

    Raises:
        ValueError: the line does not name its run.
        OSError: the disk failed.
    """
    if not line.get("run_id"):
        raise ValueError("a line of runs.jsonl needs its run_id")
    data = json.dumps(dict(line), default=str).encode() + b"\n"
    reach("runs.append")
    path = lake / RUNS
    new = not path.exists()
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, access.file_mode)
    try:
        if new:
            access.apply(descriptor)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            data = b"\n" + data
        os.write(descriptor, data)  # one write at the end: lines of two runs never mix
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_runs(lake: Path) -> list[dict[str, object]]:
    """Return the lines in the order written; a line that a crash cut short is left out."""
    try:
        text = (lake / RUNS).read_bytes()
    except FileNotFoundError:
        return []
    lines = []
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            lines.append(found)
    return lines


def missing_runs(lake: Path) -> list[Manifest]:
    """Return the newest version of each run that committed, died, and has no line; oldest first.

    Looks back from the newest version until `LOOK_BACK` in a row have their lines.
    """
    recorded = {str(line.get("run_id")) for line in read_runs(lake)}
    missing: dict[str, Manifest] = {}
    good = 0
    for number in reversed(version_numbers(lake)):
        if good == LOOK_BACK:
            break
        try:
            manifest = read_manifest(lake, number)
        except LakeFormatError:
            continue  # an older one; the newest was read before
        if manifest.run_id in recorded:
            good += 1
        elif not is_alive(lake, manifest.writer):
            missing.setdefault(manifest.run_id, manifest)
    return list(reversed(missing.values()))
