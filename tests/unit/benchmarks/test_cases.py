"""Every case runs on little data, and its check finds results that are not equal."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from cases import CASES, frames, header, ingest, nochange, startup
from cases.headers import batches
from generate import write_multiframe, write_tree
from runner import Measured, Prepared, Scale

from dicomlake.pipeline.headers.attempt import attempt

Results = dict[str, Any]


def found_by(prepared: Prepared) -> Results:
    results = {}
    for name, contender in prepared.contenders.items():
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
    ("startup", 1, lambda r: {**r, startup.INGEST: {"files": {"seen": 0}}}),
    ("ingest", 40, lambda r: {**r, ingest.one_process(2): {"files": {"read": 39}}}),
]


def test_every_case_but_the_volume_is_tampered_with() -> None:
    # The volume's own check is held by tests of the volumes room.
    assert {name for name, _, _ in WRONG} == CASES.keys() - {"volume"}


@pytest.mark.parametrize(
    ("name", "files", "tamper"),
    [
        pytest.param(*each, id=f"{each[0]}{n}", marks=[pytest.mark.slow] * (each[0] == "ingest"))
        for n, each in enumerate(WRONG)
    ],
)
def test_a_case_finds_equal_results_and_a_difference(
    tmp_path: Path, name: str, files: int, tamper: Tamper
) -> None:
    prepared = CASES[name](tmp_path, Scale(small=True, files=files))
    results = found_by(prepared)
    prepared.check(results)
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


def test_volume_check_finds_a_voxel_that_differs(tmp_path: Path) -> None:
    prepared = CASES["volume"](tmp_path, Scale(small=True))
    results = found_by(prepared)
    prepared.check(results)
    results["dicomlake: judged, in memory"][3, 5, 7] += 1
    with pytest.raises(AssertionError):
        prepared.check(results)
