"""Whole processes, from the crawl to committed Parquet: one, two, and against med-imagetools."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import peers
import pyarrow as pa
import pydicom
from child import dicomlake, run
from generate import Tree, write_tree
from reference import columns_of, places, read
from runner import Measured, Prepared, Scale, Target, Timing, Timings, ratio

from cases.headers import assert_same
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas.tables.instances import INSTANCES

IMGTOOLS: Final = "imgtools index, 2 processes"
_READ_BY_PYDICOM: Final = 400
_LINEAGE: Final = ("run_id", "file_id")
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Ingest:
    """An ingest of a tree into a fresh lake by the command line, in a process of its own."""

    source: Path
    lake: Path
    workers: int

    def clear(self) -> None:
        """Remove the lake."""
        shutil.rmtree(self.lake, ignore_errors=True)

    def __call__(self) -> Measured:
        """Run it; the result is its summary. 3: done, but there are broken files."""
        options = ("--workers", str(self.workers), "--no-track", "--json", "--lake", str(self.lake))
        done = run(dicomlake("ingest", f"bench={self.source}", *options), expected=(0, 3))
        return done._replace(result=json.loads(done.result))


def one_process(workers: int) -> str:
    return f"dicomlake ingest, {'one process' if workers < 2 else f'{workers} processes'}"


def start_up(workers: int) -> str:
    return f"{one_process(workers)}, one file"


def prepare(folder: Path, scale: Scale) -> Prepared:
    tree = write_tree(folder / "tree", scale.of(20_000, 300), seed=scale.seed, spotless=True)
    single = write_tree(folder / "single", 1, seed=scale.seed, spotless=True)
    runs: dict[str, Ingest] = {}
    for workers in (0, 2):
        runs[start_up(workers)] = Ingest(single.root, folder / f"start{workers}", workers)
        runs[one_process(workers)] = Ingest(tree.root, folder / f"lake{workers}", workers)
    contenders: dict[str, Callable[[], Any]] = dict(runs)
    before = {name: each.clear for name, each in runs.items()}
    imgtools = peers.imgtools()
    if imgtools is not None:
        output = folder / "imgtools"
        contenders[IMGTOOLS] = lambda: _imgtools(imgtools, tree.root, output)
        before[IMGTOOLS] = lambda: shutil.rmtree(output, ignore_errors=True)
    absent = f"imgtools is not installed, left out: {peers.ADVICE}"
    return Prepared(
        contenders=contenders,
        before=before,
        check=lambda results: _check(tree, results, runs),
        baseline=one_process(0),
        amount=len(tree.files),
        amounts={start_up(0): 1, start_up(2): 1},
        unit="file",
        notes=(
            "whole processes, start-up in; every file is whole and named .dcm, for imgtools "
            "index sees no others and stops at a broken one",
            *([] if imgtools else [absent]),
        ),
        targets=_targets(with_imgtools=imgtools is not None),
    )


def _targets(*, with_imgtools: bool) -> tuple[Target, ...]:
    against = Target(
        "crawl to committed Parquet against imgtools index, 2 processes each, whole process",
        10,
        _against_imgtools,
        at_least=True,
    )
    return (
        *((against,) if with_imgtools else ()),
        Target(
            "crawl to committed Parquet, one process, CPU a file, start-up out",
            100,
            lambda timings: net(timings, 0).cpu_us,
            at_least=False,
            unit="µs",
        ),
        Target(
            "two processes against one, wall, start-up out",
            1.7,
            lambda timings: ratio(net(timings, 0).wall_us, net(timings, 2).wall_us),
            at_least=True,
        ),
        Target(
            "peak memory of a process of an ingest",
            300,
            lambda timings: max(timings[one_process(n)].peak_bytes for n in (0, 2)) / MEGABYTE,
            at_least=False,
            unit="MB",
        ),
    )


def net(timings: Timings, workers: int) -> Timing:
    """Return an ingest's timing with start-up, an ingest of one file, taken out."""
    return timings[one_process(workers)].without(timings[start_up(workers)])


def _against_imgtools(timings: Timings) -> float:
    """Return the smaller of the ratios of CPU and of wall time."""
    theirs, ours = timings[IMGTOOLS], timings[one_process(2)]
    return min(theirs.cpu_us / ours.cpu_us, theirs.wall_us / ours.wall_us)


def _imgtools(program: str, source: Path, output: Path) -> Measured:
    """Index a tree; the result is the series of every SOP Instance UID."""
    command = [program, "index", "--dicom-dir", str(source), "--output-dir", str(output)]
    done = run([*command, "--n-jobs", "2"])
    found = json.loads((output / source.name / "sop_map.json").read_text(encoding="utf-8"))
    return done._replace(result=found)


def _check(tree: Tree, results: Mapping[str, Any], runs: Mapping[str, Ingest]) -> None:
    """Both lakes are alike, hold what pydicom reads, and the instances that imgtools found."""
    one = instances_of(runs[one_process(0)].lake)
    assert one.num_rows == len(tree.files)
    two = instances_of(runs[one_process(2)].lake)
    assert one.drop_columns(list(_LINEAGE)).equals(two.drop_columns(list(_LINEAGE)))
    for name in (one_process(0), one_process(2)):
        assert results[name]["files"]["read"] == len(tree.files)
    every = max(1, len(tree.files) // _READ_BY_PYDICOM)
    check_with_pydicom(one, tree.files[::every])
    if IMGTOOLS in results:
        uids = ("sop_instance_uid", "series_instance_uid")
        ours = dict(zip(*(one[name].to_pylist() for name in uids), strict=True))
        assert ours == results[IMGTOOLS], "imgtools index found other instances"


def instances_of(lake: Path) -> pa.Table:
    """Return the instances of a lake, sorted by UID."""
    return open_version(lake).read("instances").sort_by("sop_instance_uid").combine_chunks()


def check_with_pydicom(instances: pa.Table, files: Sequence[Path]) -> None:
    """Hold the rows of some files against pydicom."""
    positions = {uid: n for n, uid in enumerate(instances["sop_instance_uid"].to_pylist())}
    columns, where = columns_of(INSTANCES), places(INSTANCES)
    for path in files:
        row = read(pydicom.dcmread(path, stop_before_pixels=True), where)
        (ours,) = instances.slice(positions[row["sop_instance_uid"]], 1).to_pylist()
        assert_same(columns, ours, row)
