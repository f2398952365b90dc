"""Rules of looking rows up: what is found, in which order, and what belongs together."""

from pathlib import Path

import pyarrow as pa
import pytest
from make.rows import Change, TableDelta, default_settings, instance_row, rows, run_row

from dicomlake.pipeline.tables.columnar import texts
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.lookup import (
    chunks,
    in_order,
    no_rows,
    rows_with,
    rows_within,
    runs,
)
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.store import Version

STUDY, SOP = "study_instance_uid", "sop_instance_uid"
COLUMNS = (SOP, STUDY, "modality")


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Forty studies of two instances, over two modalities and years."""
    made = [
        instance_row(
            f"{study:02}.{k}", study_instance_uid=f"1.{study:02}", modality=("CT", "MR")[study % 2],
            study_year=2020 + study % 2,
        )
        for study in range(40)
        for k in (2, 1)
    ]  # fmt: skip
    tables = {
        "instances": TableDelta(rows("instances", made)),
        "runs": TableDelta(rows("runs", [run_row("g")])),
    }
    lake = tmp_path_factory.mktemp("lookup") / "lake"
    with open_for_writing(lake, default_settings()) as writer:
        found = writer.commit("g", lambda _: Change(tables))
    assert found is not None
    return found


@pytest.mark.parametrize("wanted", [["1.07"], ["1.03", "1.04", "1.38"], ["1.995"]])
def test_rows_within_a_span_are_those_of_a_whole_passage_in_sort_order(
    version: Version, wanted: list[str]
) -> None:
    values, span = texts(*wanted), (wanted[0], wanted[-1])
    within = rows_within(version, "instances", COLUMNS, values, span)
    passage = rows_with(version, "instances", COLUMNS, STUDY, values)
    assert within.equals(in_order(passage, (STUDY, SOP)))
    assert within.column_names == list(COLUMNS)
    assert within.num_rows == 2 * sum(each != "1.995" for each in wanted)


def test_parts_that_cannot_hold_a_row_are_not_opened(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    enter = PartReader.__enter__

    def counted(reader: PartReader) -> PartReader:
        opened.append(reader.part.id)
        return enter(reader)

    monkeypatch.setattr(PartReader, "__enter__", counted)
    assert rows_within(version, "instances", COLUMNS, texts("1.995"), ("1.995", "1.995")) == (
        no_rows("instances", COLUMNS)
    )
    assert opened == []
    # The odd studies lie in a part of their own, which starts behind 1.00.
    assert rows_within(version, "instances", COLUMNS, texts("1.00"), ("1.00", "1.00")).num_rows == 2
    assert len(opened) == 1 < len(version.manifest.parts("instances"))


def test_statuses_count_where_they_are_asked_for(tmp_path: Path) -> None:
    made = [
        {"file_id": str(k) * 32, "source": "s", "path": str(k), "status": status, SOP: "1"}
        for k, status in enumerate(("ingested", "conflict", "duplicate"))
    ]
    tables = {
        "files": TableDelta(rows("files", made)),
        "runs": TableDelta(rows("runs", [run_row("g")])),
    }
    with open_for_writing(tmp_path / "lake", default_settings()) as writer:
        version = writer.commit("g", lambda _: Change(tables, {"s": "/in"}))
    assert version is not None
    columns, ones = ("path", SOP, "status"), texts("1")
    assert rows_with(version, "files", columns, SOP, ones).num_rows == 3
    found = rows_with(version, "files", columns, SOP, ones, statuses=texts("conflict", "duplicate"))
    assert sorted(found["path"].to_pylist()) == ["1", "2"]


def test_chunks_keep_order_and_weight_and_take_a_heavy_one_alone() -> None:
    weights = [3, 4, 3, 99, 1, 9, 1]
    assert list(chunks(weights, int, 10)) == [[3, 4, 3], [99], [1, 9], [1]]
    assert list(chunks([], int, 10)) == []


def test_runs_are_stretches_of_equal_values_null_among_them() -> None:
    table = pa.table({"a": ["x", "x", None, None, "x"], "b": [1, 1, 1, 2, 1], "n": [0, 1, 2, 3, 4]})
    assert [(key, rows["n"].to_pylist()) for key, rows in runs(table, ("a", "b"))] == [
        (("x", 1), [0, 1]), ((None, 1), [2]), ((None, 2), [3]), (("x", 1), [4]),
    ]  # fmt: skip
    assert list(runs(table.slice(0, 0), ("a",))) == []
