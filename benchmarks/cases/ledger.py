"""Planning a run over a large ledger, against looking at every file and nothing more.

Files are without a byte and their rows made up: what planning costs depends on neither. The rows
are committed by the product's own writer.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from child import run
from runner import Measured, Prepared, Scale, Target, Timings, ratio

import dicomlake
from cases.lakes import inline
from cases.nochange import scan
from dicomlake.pipeline.discovery.paths import file_id
from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.ingest import plan_ingest
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables.files import FILES

FLOOR: Final = "floor: scandir, stat"
PLAN: Final = "planning"
FEWER: Final = "planning, a fifth of the files"
ALONE: Final = "planning, a process of its own"
_SOURCE: Final = "bench"
_IN_A_FOLDER: Final = 1000
_FOLDERS_A_WARD: Final = 100
_FOLDERS_A_COMMIT: Final = 500
_MEGABYTE: Final = 1_000_000
_ALONE: Final = """
import json, sys, tempfile
from pathlib import Path
from dicomlake.config.settings import load_settings
from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out
keep_pandas_out()
from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.tables.ingest import plan_ingest
from dicomlake.pipeline.tables.store import open_version
name, root, lake = sys.argv[1:]
with tempfile.TemporaryDirectory() as staging:
    plan = plan_ingest(
        open_version(Path(lake)), [Source(name, root)], load_settings(), Path(staging)
    )
print(json.dumps([plan.seen, plan.unchanged, plan.to_read, plan.vanished]))
"""


def prepare(folder: Path, scale: Scale) -> Prepared:
    amount = scale.of(200_000, 20_000)
    places = {n: folder / f"{n}" for n in (amount // 5, amount)}
    for n_files, place in places.items():
        write_files(place / "tree", n_files)
        write_ledger(place / "lake", place / "tree")
    whole, fewer = places[amount], places[amount // 5]
    return Prepared(
        contenders={
            FLOOR: lambda: scan(whole / "tree"),
            PLAN: lambda: _plan(whole),
            FEWER: lambda: _plan(fewer),
            ALONE: lambda: _plan_alone(whole),
        },
        check=lambda results: _check(results, amount),
        baseline=FLOOR,
        amount=amount,
        amounts={FEWER: amount // 5},
        unit="file",
        notes=(
            "nothing changed; imports done but in the process of its own, whose memory is measured",
            f"{_IN_A_FOLDER:,} files a folder",
        ),
        targets=_targets(amount),
    )


def _targets(amount: int) -> tuple[Target, ...]:
    return (
        Target(
            f"planning over {amount:,} ledger rows against scandir and stat",
            2,
            lambda timings: ratio(timings[PLAN].cpu_us, timings[FLOOR].cpu_us),
            at_least=False,
        ),
        Target(
            f"peak memory of planning over {amount:,} ledger rows",
            500,
            _peak,
            at_least=False,
            unit="MB",
        ),
        Target(
            f"planning, cost of a file at {amount:,} files against {amount // 5:,}",
            1.15,
            lambda timings: ratio(timings[PLAN].cpu_us, timings[FEWER].cpu_us),
            at_least=False,
        ),
    )


def _peak(timings: Timings) -> float:
    return timings[ALONE].peak_bytes / _MEGABYTE


def write_files(root: Path, n_files: int) -> None:
    """Make files without a byte, a thousand a folder."""
    for start in range(0, n_files, _IN_A_FOLDER):
        number = start // _IN_A_FOLDER
        folder = root / f"ward{number // _FOLDERS_A_WARD:03d}" / f"study{number:05d}"
        folder.mkdir(parents=True)
        above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for place in range(min(_IN_A_FOLDER, n_files - start)):
                os.mknod(f"image{place:04d}.dcm", 0o600, dir_fd=above)
        finally:
            os.close(above)


def write_ledger(lake: Path, root: Path) -> None:
    """Commit a row of `files` for every file below a folder, as if all had been ingested."""
    folders = sorted(path for path in root.glob("*/*"))
    with open_for_writing(lake, inline()) as writer:
        for start in range(0, len(folders), _FOLDERS_A_COMMIT):
            rows = _rows(root, folders[start : start + _FOLDERS_A_COMMIT])
            change = Change({"files": TableDelta(rows)}, {_SOURCE: str(root)})
            assert writer.commit(f"bench-{start}", lambda _, change=change: change) is not None


def _rows(root: Path, folders: list[Path]) -> pa.Table:
    found = [row for folder in folders for row in _found(root, folder)]
    paths, sizes, mtimes, ctimes, inodes = (list(each) for each in zip(*found, strict=True))
    columns = {
        "file_id": [file_id(_SOURCE, path) for path in paths],
        "path": paths,
        "size": sizes,
        "mtime_ns": mtimes,
        "ctime_ns": ctimes,
        "inode": inodes,
        "sop_instance_uid": [f"1.2.826.0.1.3680043.{inode}" for inode in inodes],
        "study_instance_uid": [f"1.2.826.0.{path[-18:-13]}" for path in paths],
        "header_sha256": [f"{inode:064x}" for inode in inodes],
    }
    same: dict[str, Any] = {
        "source": _SOURCE,
        "status": "ingested",
        "reader": "fast",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "pixel_offset": 4096,
        "pixel_length": 524_288,
        "first_seen_run": "bench",
        "last_changed_run": "bench",
        "run_id": "bench",
        "pipeline_version": dicomlake.__version__,
        "schema_version": SCHEMA_VERSION,
    }
    arrays: list[Any] = []
    for each in FILES.schema():
        if each.name in columns:
            arrays.append(pa.array(columns[each.name], each.type))
        else:
            value = pa.scalar(same.get(each.name), each.type)
            arrays.append(pa.repeat(value, len(paths)))
    return pa.Table.from_arrays(arrays, schema=FILES.schema())


def _found(root: Path, folder: Path) -> Iterator[tuple[str, int, int, int, int]]:
    above = folder.relative_to(root)
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            yield (
                f"{above}/{entry.name}",
                status.st_size,
                status.st_mtime_ns,
                status.st_ctime_ns,
                status.st_ino,
            )


def _plan(place: Path) -> list[int]:
    with tempfile.TemporaryDirectory() as staging:
        plan = plan_ingest(
            open_version(place / "lake"),
            [Source(_SOURCE, str(place / "tree"))],
            inline(),
            Path(staging),
        )
    return [plan.seen, plan.unchanged, plan.to_read, plan.vanished]


def _plan_alone(place: Path) -> Measured:
    arguments = [_SOURCE, str(place / "tree"), str(place / "lake")]
    done = run([sys.executable, "-c", _ALONE, *arguments])
    return done._replace(result=json.loads(done.result))


def _check(results: Mapping[str, Any], amount: int) -> None:
    """All see every file; the plan finds none changed, new or gone."""
    assert results[FLOOR] == amount
    assert results[PLAN] == results[ALONE] == [amount, amount, 0, 0]
    assert results[FEWER] == [amount // 5, amount // 5, 0, 0]
