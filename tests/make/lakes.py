"""Lakes for tests: a folder of DICOM committed through the product's reader and writer."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.paths import encode_name
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.attempt import Batch, Lineage, attempt
from dicomlake.pipeline.series.slices import FILE_COLUMNS, INSTANCE_COLUMNS
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.volumes.jobs import SeriesResult, build_series, series_jobs, volumes_change
from dicomlake.schemas.tables import TABLES
from make.rows import default_settings
from make.rows import rows as table_rows


def lineage(run_id: str) -> Lineage:
    return Lineage(run_id, "0.1.0", 1)


def entries(root: Path) -> tuple[Entry, ...]:
    """Return every file below a folder as the crawl would."""
    found = []
    for path in sorted(each for each in root.rglob("*") if each.is_file()):
        stat = path.stat()
        parts = path.relative_to(root).parts
        found.append(
            Entry(
                "/".join(encode_name(os.fsencode(part)) for part in parts),
                stat.st_size,
                stat.st_mtime_ns,
                stat.st_ctime_ns,
                stat.st_ino,
            )
        )
    return tuple(found)


def ingest(
    root: Path, lake: Path, run_id: str = "ingest", settings: Settings | None = None
) -> Version:
    """Commit the files and instances of a folder; the UIDs are distinct."""
    chosen = settings or default_settings()
    tried = attempt(Batch(0, "s", str(root), entries(root), chosen, lineage(run_id)))
    instances = tried.instances
    assert pc.count_distinct(instances["sop_instance_uid"]).as_py() == instances.num_rows
    with open_for_writing(lake, chosen) as writer:
        version = writer.commit(
            run_id,
            lambda _: Change(
                {
                    "files": TableDelta(tried.files),
                    "instances": TableDelta(instances),
                    "issues": TableDelta(tried.issues),
                    "runs": TableDelta(table_rows("runs", [{"run_id": run_id, "command": "x"}])),
                },
                {"s": str(root)},
            ),
        )
    assert version is not None
    return version


def build_volumes(
    lake: Path, run_id: str = "volumes", settings: Settings | None = None
) -> tuple[Version | None, Sequence[SeriesResult]]:
    """Run the volume stage inline and commit it."""
    chosen = settings or default_settings()
    with open_for_writing(lake, chosen) as writer:
        jobs = series_jobs(writer.base, chosen, writer.staging(run_id), lineage(run_id))
        results = [build_series(job) for job in jobs]
        version = writer.commit(run_id, lambda base: volumes_change(base, results))
    return version, results


def read_rows(root: Path, settings: Settings | None = None) -> pa.Table:
    """Return the rows of a folder as the volume stage gets them, through the product's reader."""
    tried = attempt(
        Batch(0, "source", str(root), entries(root), settings or default_settings(), lineage("run"))
    )
    instances = tried.instances.select(list(INSTANCE_COLUMNS))
    files = tried.files
    places = pc.index_in(instances["file_id"], value_set=files["file_id"].combine_chunks())
    for name in FILE_COLUMNS:
        if name != "file_id":
            instances = instances.append_column(name, files[name].take(places))
    return instances


def copy_lake(source: Path, target: Path) -> Path:
    """Copy a lake as it stands, the links between its files included; return the copy."""
    copies: dict[int, Path] = {}
    for at, folders, names in os.walk(source):
        here = target / os.path.relpath(at, source)
        here.mkdir(mode=0o700)
        links = [name for name in folders if Path(at, name).is_symlink()]
        for name in [*names, *links]:
            original, copy = Path(at, name), here / name
            inode = original.lstat().st_ino
            if inode in copies:
                os.link(copies[inode], copy, follow_symlinks=False)
            else:
                copies[inode] = copy
                shutil.copy2(original, copy, follow_symlinks=False)
    return target


OF_RUNS: Final = frozenset(
    {"run_id", "first_seen_run", "last_changed_run", "deleted_at", "inputs_sha256"}
)
"""Columns that tell of the run that wrote a row."""


def told(lake: Path) -> dict[str, list[str]]:
    """Return what a lake says of its sources: the rows of every table as text, and the volumes.

    The same for any runs that came to it, whatever befell them: what tells of runs and versions is
    left out.
    """
    version = open_version(lake)
    found: dict[str, list[str]] = {}
    for name, table in TABLES.items():
        if name not in ("runs", "changes"):
            columns = [column.name for column in table.columns if column.name not in OF_RUNS]
            found[name] = sorted(map(repr, version.read(name, columns).to_pylist()))
    paths = (path for path in (lake / "volumes").rglob("*") if path.is_file())
    found["volumes/"] = sorted(
        f"{path.relative_to(lake)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in paths
    )
    return found
