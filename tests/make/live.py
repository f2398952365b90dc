"""A lake that whole runs, in this process, keep up with folders that change."""

import os
from functools import cache
from pathlib import Path
from typing import Any

from dicomlake.config.settings import Settings, load_settings
from dicomlake.flows.reporter import DirectReporter
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas.tables import TABLES
from make.one_run import _no_meter

Row = dict[str, Any]

OF_A_RUN = frozenset(
    {"run_id", "pipeline_version", "first_seen_run", "last_changed_run", "deleted_at"}
)
"""Columns that say who wrote a row and when, and nothing about the files."""
WITHOUT_HISTORY = tuple(name for name in TABLES if name not in ("runs", "changes"))
"""Tables that are a function of the files that are live."""


@cache
def settings(preset: str | None = None, **dotted: Any) -> Settings:
    """Return settings of an inline run; a name has two underscores for its dot."""
    named = {name.replace("__", "."): value for name, value in dotted.items()}
    return load_settings(preset, None, {"engine.workers": 0, "volumes.preview": False, **named})


class LiveLake:
    """A lake, and what its newest version says."""

    def __init__(self, lake: Path, chosen: Settings | None = None) -> None:
        self.lake = lake
        self.settings = chosen or settings()

    def run(self, *sources: Path | str, command: Any = "run", **request: Any) -> RunSummary:
        """Do a run on folders, each a source by the name of its last part."""
        named = tuple(f"{each.name}={each}" if isinstance(each, Path) else each for each in sources)
        asked = RunRequest(lake=self.lake, sources=named, **request)
        done = execute(asked, command, self.settings, DirectReporter(_no_meter))
        if done.files is not None:
            assert sum(done.files.by_status.values()) == done.files.seen, done.files.proof
        return done

    def rows(self, table: str) -> list[Row]:
        rows: list[Row] = open_version(self.lake).read(table).to_pylist()
        return rows

    def said(self, *but: str) -> dict[str, list[Row]]:
        """Return all rows but of deleted files, without what tells of runs and some columns."""
        dropped = OF_A_RUN | set(but)
        found = {}
        for table in WITHOUT_HISTORY:
            rows = [
                {name: value for name, value in row.items() if name not in dropped}
                for row in self.rows(table)
                if table != "files" or row["status"] != "deleted"
            ]
            found[table] = sorted(rows, key=repr)
        return found

    def files(self) -> dict[str, Row]:
        """Return the rows of the ledger by `source/path`, deleted ones included."""
        return {f"{row['source']}/{row['path']}": row for row in self.rows("files")}

    def statuses(self) -> dict[str, tuple[str, str | None]]:
        return {name: (row["status"], row["reason"]) for name, row in self.files().items()}

    def stores(self) -> dict[str, tuple[int, int]]:
        """Return inode and time of every file and folder of every volume, by its path."""
        return {
            str(path.relative_to(self.lake)): (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in (self.lake / "volumes").rglob("*")
        }

    def inventory(self) -> dict[str, tuple[int, int, int]]:
        """Return inode, time and size of everything below the lake but the record of runs."""
        found = {}
        for folder, folders, names in os.walk(self.lake):
            for name in [*folders, *names]:
                status = os.lstat(path := os.path.join(folder, name))
                found[path] = (status.st_ino, status.st_mtime_ns, status.st_size)
        del found[str(self.lake / "runs.jsonl")]
        return found

    def dangling(self) -> set[tuple[str, str]]:
        """Return what names a file that is not live: table and identity of the file."""
        live = {row["file_id"] for row in self.files().values() if row["status"] != "deleted"}
        return {
            (table, row["file_id"])
            for table in WITHOUT_HISTORY
            if table != "files" and "file_id" in TABLES[table].by_name
            for row in self.rows(table)
            if row["file_id"] is not None and row["file_id"] not in live
        }
