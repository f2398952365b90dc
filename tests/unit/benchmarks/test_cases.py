"""Every case runs on little data, and its check finds results that are not equal."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cases import (
    CASES,
    commits,
    compressed,
    dose,
    frames,
    header,
    ingest,
    ledger,
    nochange,
    startup,
    volume,
    volume_sizes,
    volume_workers,
)
from cases.headers import batches
from cases.lakes import in_memory, job_of
from generate import write_multiframe, write_tree
from runner import Measured, Prepared, Scale

from dicomlake.pipeline.headers.attempt import attempt

Results = dict[str, Any]


def found_by(prepared: Prepared) -> Results:
    """Return what each contender gives; two processes are taken to give what one gives.

    That they do is seen by `benchmarks/run.py --small`, which checks the results of every one.
    """
    results: Results = {}
    for name, contender in prepared.contenders.items():
        alone = name.replace("2 processes", "1 process")
        if alone != name and alone in results:
            results[name] = results[alone]
            continue
        prepared.before.get(name, lambda: None)()
        result = contender()
        results[name] = result.result if isinstance(result, Measured) else result
    return results


def one_value_less(attempts: list[Any], table: str, column: str) -> list[Any]:
    """Return attempts with a column of a table null in the first that has rows."""
    first, *others = attempts
    rows = getattr(first, table)
    index = rows.schema.get_field_index(column)
    empty = pa.nulls(rows.num_rows, rows.schema.field(index).type)
    assert rows[column].null_count < rows.num_rows, "there is a value to lose"
    return [
        replace(first, **{table: rows.set_column(index, rows.schema.field(index), empty)}),
        *others,
    ]


def no_instances(attempts: list[Any]) -> list[Any]:
    first, *others = attempts
    return [replace(first, instances=first.instances.slice(1)), *others]


def one_voxel_more(name: str) -> "Tamper":
    """Return what raises one voxel of a contender that gives an array."""

    def tamper(results: Results) -> Results:
        array = results[name].copy()
        array[2, 5, 7] += 1
        return {**results, name: array}

    return tamper


def another(name: str, key: str, value: object) -> "Tamper":
    """Return what changes a cell of a contender that gives a row."""
    return lambda results: {**results, name: {**results[name], key: value}}


Tamper = Callable[[Results], Results]
WRONG: list[tuple[str, int, Tamper]] = [
    (
        "header",
        120,
        lambda r: {**r, header.OURS: one_value_less(r[header.OURS], "instances", "kvp")},
    ),
    ("header", 120, lambda r: {**r, header.SHUFFLED: no_instances(r[header.SHUFFLED])}),
    (
        "frames",
        2,
        lambda r: {**r, frames.OURS: one_value_less(r[frames.OURS], "frames", "stack_id")},
    ),
    ("growth", 60, lambda r: {**r, "60 files": {"files": {"seen": 59}}}),
    ("nochange", 60, lambda r: {**r, nochange.FLOOR: 59}),
    ("commits", 3, lambda r: {**r, commits.LAST: r[commits.LAST].slice(1)}),
    ("ledger", 1000, lambda r: {**r, ledger.PLAN: [1000, 999, 1, 0]}),
    ("ledger", 1000, lambda r: {**r, ledger.ALONE: [1000, 1000, 0, 1]}),
    ("startup", 1, lambda r: {**r, startup.INGEST: {"files": {"seen": 0}}}),
    ("ingest", 40, lambda r: {**r, ingest.one_process(2): {"files": {"read": 39}}}),
    ("volume", 12, one_voxel_more(volume.MEMORY)),
    ("volume", 12, one_voxel_more(volume.FLOOR)),
    ("volume", 12, one_voxel_more(volume.READ)),
    ("compressed", 8, one_voxel_more(compressed.volume("JPEG-LS"))),
    ("compressed", 8, lambda r: {**r, compressed.codec("RLE"): r[compressed.codec("RLE")][1:]}),
    ("volume_sizes", 8, another("8 slices", "sha256", "0" * 64)),
    ("volume_sizes", 8, another("8 slices, RLE", "shape", [7, 64, 64])),
    ("dose", 4, lambda r: {**r, dose.OURS: r[dose.OURS][1:]}),
    ("dose", 4, lambda r: {**r, dose.processes(2): (4, "0" * 64)}),
]
SLOW = {"ingest", "volume_sizes", "dose"}
"""Cases that start whole processes; `benchmarks/run.py --small` checks their results too."""


def test_every_case_is_tampered_with() -> None:
    alike = {"volume_workers"}  # its check is that of volume_sizes
    assert volume_workers.check is volume_sizes.check
    assert {name for name, _, _ in WRONG} | alike == CASES.keys()


@pytest.mark.parametrize(
    ("name", "files", "tampers"),
    [
        pytest.param(*key, [wrong[2] for wrong in each], id=key[0],
                     marks=[pytest.mark.slow] * (key[0] in SLOW))
        for key, each in ((key, list(each)) for key, each in groupby(WRONG, lambda w: w[:2]))
    ],
)  # fmt: skip
def test_a_case_finds_equal_results_and_each_difference(
    tmp_path: Path, name: str, files: int, tampers: list[Tamper]
) -> None:
    prepared = CASES[name](tmp_path, Scale(small=True, files=files))
    results = found_by(prepared)
    prepared.check(results)
    for tamper in tampers:
        with pytest.raises(AssertionError):
            prepared.check(tamper(results))
    assert prepared.baseline in prepared.contenders
    assert prepared.less.keys() | set(prepared.less.values()) <= prepared.contenders.keys()


def test_the_headers_of_whole_files_give_no_issue(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree", 900, spotless=True)
    frames_tree = write_multiframe(tmp_path / "frames", 4, frames=20)
    for made in (tree, frames_tree):
        for batch in batches(made.root, made.files):
            found = attempt(batch)
            assert found.instances.num_rows == len(batch.entries)
            assert found.issues.to_pylist() == []


def test_a_long_series_has_the_values_it_is_checked_against(tmp_path: Path) -> None:
    """Noise that comes again, and a compressed frame, are what `series_slices` says."""
    series = volume_sizes.Series(5, 24, 3, compressed.encoder(compressed.SYNTAXES["RLE"]))
    lake = series.ingest(tmp_path, "series")
    voxels = in_memory(job_of(lake))
    row = {
        "status": "accepted",
        "shape": list(voxels.shape),
        "sha256": hashlib.sha256(voxels.tobytes()).hexdigest(),
    }
    series.check(row)
    with pytest.raises(AssertionError):
        series.check({**row, "sha256": hashlib.sha256(voxels[::-1].tobytes()).hexdigest()})
