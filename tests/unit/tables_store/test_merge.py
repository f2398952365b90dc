"""Rules of the merge: what is rewritten, what is dropped, how parts are cut and kept in order."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make.rows import default_settings, file_row, hex_id, instance_row, rows, run_row

from dicomlake.pipeline.discovery.paths import tree_key
from dicomlake.pipeline.tables import rewrite
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.keys import equal_rows, key_column
from dicomlake.pipeline.tables.layout import part_path
from dicomlake.pipeline.tables.manifest import Part
from dicomlake.pipeline.tables.merge import TableDelta, find_changes
from dicomlake.pipeline.tables.order import sorted_rows
from dicomlake.pipeline.tables.part_jobs import write_parts
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.rewrite import cut_rows, plan_rewrite
from dicomlake.schemas.column import Table
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import TABLES

FILES = replace(TABLES["files"], rows_per_part=8)


class Parts:
    """A table's parts in a lake of their own, changed by deltas."""

    def __init__(self, lake: Path, table: Table, **tables: Any) -> None:
        self.table = table
        self.opened = open_for_writing(lake, default_settings(tables=tables))
        self.lake = self.opened.lake
        self.parts: tuple[Part, ...] = ()
        self.rewritten: set[str] = set()

    def apply(self, upserts: Sequence[dict[str, Any]], deletes: pa.Table | None = None) -> bool:
        delta = TableDelta(rows(self.table.name, upserts), deletes)
        change = find_changes(self.lake, self.table, self.parts, delta)
        before = {part.id for part in self.parts}
        settings = self.opened.settings.tables
        planned = plan_rewrite(change, settings)
        done = [write_parts(job, self.opened.writer, settings) for job in planned.jobs]
        self.parts = planned.parts({each.number: each.parts for each in done})
        self.rewritten = {part.id for part in self.parts} - before
        return not change.is_empty

    def read(self) -> list[dict[str, Any]]:
        found = []
        for part in self.parts:
            with PartReader(self.lake, self.table, part) as reader:
                for batch in reader.batches():
                    found += batch.to_pylist()
        return found

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()


def paths(parts: Parts) -> list[str]:
    return [row["path"] for row in parts.read()]


def test_files_sort_as_a_tree_is_crawled(tmp_path: Path) -> None:
    names = ["b/x", "a/z", "a-b/x", "a/b/c", "a", "a.b/y", "z", "a/b.c/d", "ü/x", "a/b/\U0001f600"]
    with Parts(tmp_path / "lake", TABLES["files"]) as parts:
        parts.apply([file_row(name) for name in names])
        assert paths(parts) == sorted(names, key=tree_key)


def test_a_changed_file_rewrites_only_the_part_of_its_range(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", FILES) as parts:
        parts.apply([file_row(f"d/{i:03d}") for i in range(32)])
        assert [part.rows for part in parts.parts] == [8, 8, 8, 8]
        parts.apply([file_row("d/017", size=99)])
        assert len(parts.rewritten) == 1
        parts.apply([file_row("d/0175")])
        assert len(parts.rewritten) == 2  # the part was full: it is split in two halves
        assert sorted(part.rows for part in parts.parts) == [4, 5, 8, 8, 8]
        assert paths(parts) == sorted(paths(parts))


def test_appended_files_fill_the_last_part(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", FILES) as parts:
        for i in range(20):
            parts.apply([file_row(f"d/{i:03d}")])
        assert [part.rows for part in parts.parts] == [8, 8, 4]


def test_parts_of_files_left_small_by_deletes_are_joined(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", FILES, merge_small_parts=3) as parts:
        parts.apply([file_row(f"d/{i:03d}") for i in range(32)])
        gone = rows("files", [file_row(f"d/{i:03d}") for i in range(32) if i % 8])
        parts.apply([], gone.select(["file_id"]))
        assert [part.rows for part in parts.parts] == [4]


def test_all_rows_of_two_sources_stay_in_order(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", FILES) as parts:
        parts.apply([file_row(f"d/{i:02d}", source="b") for i in range(12)])
        parts.apply([file_row(f"d/{i:02d}", source="a") for i in range(12)])
        parts.apply([file_row("e/00", source="a")])
        order = [(row["source"], row["path"]) for row in parts.read()]
        assert order == sorted(order)


@pytest.mark.parametrize(
    ("total", "fill", "cuts"),
    [
        (5, False, [5]), (8, False, [8]), (9, False, [5, 4]), (9, True, [8, 1]),
        (17, False, [8, 5, 4]), (20, False, [8, 8, 4]), (16, True, [8, 8]), (0, True, []),
    ],
)  # fmt: skip
def test_ranges_are_cut_into_full_parts_and_none_under_half(
    total: int, fill: bool, cuts: list[int]
) -> None:
    assert cut_rows(total, 8, fill=fill) == cuts


def test_small_parts_of_a_partition_are_merged_once_there_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "_TINY", 0)
    monkeypatch.setattr(rewrite, "_TAKEN_ALONG", 0)
    with Parts(tmp_path / "lake", TABLES["instances"]) as parts:
        counts = []
        for i in range(17):
            parts.apply([instance_row(f"1.{i}")])
            counts.append(len(parts.parts))
        assert counts == [*range(1, 8), 1, *range(2, 8), 1, 2, 3]
        assert len(parts.read()) == 17


def test_a_part_small_beside_what_comes_is_written_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "_TINY", 2)
    with Parts(tmp_path / "lake", TABLES["instances"]) as parts:
        sizes = []
        for start, stop in ((0, 20), (20, 22), (22, 23), (23, 24), (24, 25), (25, 26)):
            parts.apply([instance_row(f"1.{i}") for i in range(start, stop)])
            sizes.append(sorted(part.rows for part in parts.parts))
        # 20 rows are more than eight times 2; and few enough once 3 rows are written.
        assert sizes == [[20], [2, 20], [23], [1, 23], [2, 23], [26]]
        assert len(parts.read()) == 26


def test_large_parts_are_cut_by_bytes_and_left_alone_by_merges(tmp_path: Path) -> None:
    import random  # noqa: PLC0415  (slow import)

    text = random.Random(1).randbytes
    many = [instance_row(f"1.{i:06d}", image_comments=text(200).hex()) for i in range(3000)]
    from dicomlake.pipeline.tables import parts as parts_module  # noqa: PLC0415  (slow import)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts_module, "ROW_GROUP", 500)
        with Parts(
            tmp_path / "lake", TABLES["instances"], part_bytes=150_000, small_part_bytes=50_000
        ) as parts:
            parts.apply(many)
            assert len(parts.parts) > 2
            assert all(part.bytes >= 150_000 for part in parts.parts[:-1])
            first = {part.id for part in parts.parts}
            parts.apply([instance_row("2")])
            assert first < {part.id for part in parts.parts}
            assert sorted(row["sop_instance_uid"] for row in parts.read()) == sorted(
                [*(row["sop_instance_uid"] for row in many), "2"]
            )


def test_a_row_whose_partition_changes_moves(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", TABLES["instances"]) as parts:
        parts.apply([instance_row("1"), instance_row("2")])
        parts.apply([instance_row("1", modality="MR")])
        found = {row["sop_instance_uid"]: row["modality"] for row in parts.read()}
        assert found == {"1": "MR", "2": "CT"}
        assert [(dict(p.partition)["modality"], p.rows) for p in parts.parts] == [
            ("CT", 1),
            ("MR", 1),
        ]


def test_a_partition_without_rows_left_has_no_part(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", TABLES["instances"]) as parts:
        parts.apply([instance_row("1"), instance_row("2", modality="MR")])
        parts.apply([instance_row("1", modality="MR")])
        assert {dict(p.partition)["modality"] for p in parts.parts} == {"MR"}


def test_a_delete_and_an_upsert_of_one_key_is_the_upsert(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", TABLES["files"]) as parts:
        parts.apply([file_row("a"), file_row("b")])
        key = rows("files", [file_row("a")]).select(["file_id"])
        assert not parts.apply([file_row("a")], key)
        assert parts.apply([file_row("a", size=2)], key)
        assert {row["path"]: row["size"] for row in parts.read()} == {"a": 2, "b": 1}


def test_deletes_of_keys_that_are_not_there_change_nothing(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", TABLES["files"]) as parts:
        parts.apply([file_row("a")])
        assert not parts.apply([], pa.table({"file_id": [hex_id("nothing"), hex_id("s\0zz")]}))


def test_keys_with_nulls_are_keys(tmp_path: Path) -> None:
    def row(frame: int | None, role: str = "slice") -> dict[str, Any]:
        return {"file_id": "f", "frame_number": frame, "role": role}

    with Parts(tmp_path / "lake", TABLES["volume_instances"]) as parts:
        parts.apply([row(None), row(1), row(11)])
        assert not parts.apply([row(None)])
        parts.apply([row(None, "excluded")])
        assert {r["frame_number"]: r["role"] for r in parts.read()} == {
            None: "excluded",
            1: "slice",
            11: "slice",
        }
        keys = pa.table({"file_id": ["f"], "frame_number": pa.array([None], pa.int32())})
        parts.apply([], keys)
        assert sorted(r["frame_number"] for r in parts.read()) == [1, 11]


def test_parts_of_an_older_schema_are_written_anew(tmp_path: Path) -> None:
    with Parts(tmp_path / "lake", TABLES["files"]) as parts:
        parts.apply([file_row("a"), file_row("b")])
        old = parts.parts
        path = part_path(parts.lake, old[0].id)
        import pyarrow.parquet as pq  # noqa: PLC0415  (slow import)

        narrow = pq.read_table(path).drop_columns(["content_sha256"])
        pq.write_table(narrow, path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        parts.parts = tuple(replace(part, schema_version=0, sha256=sha256) for part in old)
        parts.apply([])
        assert [part.schema_version for part in parts.parts] == [SCHEMA_VERSION]
        stored = pq.read_schema(part_path(parts.lake, parts.parts[0].id))
        assert stored.equals(TABLES["files"].part_schema(), check_metadata=True)
        assert [row["content_sha256"] for row in parts.read()] == [None, None]


NESTED: list[tuple[str, list[Any], list[Any], list[bool]]] = [
    ("instances", [{"rescale_slope": float("nan")}], [{"rescale_slope": float("nan")}], [True]),
    ("instances", [{"rescale_slope": None}], [{"rescale_slope": float("nan")}], [False]),
    ("instances", [{"rescale_slope": 0.0}], [{"rescale_slope": -0.0}], [True]),
    ("instances", [{"image_type": ["A", None]}], [{"image_type": ["A", None]}], [True]),
    ("instances", [{"image_type": ["A", None]}], [{"image_type": ["A", "B"]}], [False]),
    ("instances", [{"image_type": []}], [{"image_type": None}], [False]),
    ("instances", [{"image_type": ["A"]}], [{"image_type": ["A", "A"]}], [False]),
    ("instances", [{"focal_spots": [float("nan")]}], [{"focal_spots": [float("nan")]}], [True]),
    ("instances", [{"patient_name": {"alphabetic": "A"}}], [{"patient_name": {"phonetic": "A"}}],
     [False]),
    ("instances", [{"patient_name": {"alphabetic": None}}], [{"patient_name": None}], [False]),
    ("runs", [{"files_by_status": [("a", 1)]}], [{"files_by_status": [("a", 1)]}], [True]),
    ("runs", [{"files_by_status": [("a", 1)]}], [{"files_by_status": [("a", 2)]}], [False]),
    ("runs", [{"files_by_status": []}], [{"files_by_status": None}], [False]),
]  # fmt: skip


@pytest.mark.parametrize(("table", "first", "second", "equal"), NESTED)
def test_values_of_every_kind_are_compared_by_value(
    table: str, first: list[Any], second: list[Any], equal: list[bool]
) -> None:
    make = {
        "instances": lambda more: instance_row("1", **more),
        "runs": lambda more: run_row("r", **more),
    }
    # a row before and after, so that offsets of slices are tried too
    padded = [[{}, *side, {}] for side in (first, second)]
    one, other = (rows(table, [make[table](each) for each in side]) for side in padded)
    assert equal_rows(one, other).tolist() == [True, *equal, True]
    assert equal_rows(one.slice(1, 1), other.slice(1, 1)).tolist() == equal


parts_of_keys = st.one_of(st.none(), st.text(alphabet="a:1-\0", max_size=3))


@given(st.lists(st.tuples(parts_of_keys, parts_of_keys), max_size=8))
def test_joined_keys_are_equal_only_for_equal_keys(pairs: list[tuple[Any, Any]]) -> None:
    table = pa.table(
        {"a": pa.array([p[0] for p in pairs], pa.string()),
         "b": pa.array([p[1] for p in pairs], pa.string())}
    )  # fmt: skip
    keys = key_column(table, ["a", "b"]).to_pylist()
    for i, first in enumerate(pairs):
        for j, second in enumerate(pairs):
            assert (keys[i] == keys[j]) == (first == second)


names = st.text(alphabet="ab./-ü\U0001f600", min_size=1, max_size=6).filter(
    lambda text: all(part not in ("", ".", "..") for part in text.split("/"))
)


@given(st.lists(names, unique=True, max_size=12))
def test_sorting_in_columns_agrees_with_the_sort_key_of_the_crawl(found: list[str]) -> None:
    table = sorted_rows(TABLES["files"], rows("files", [file_row(name) for name in found]))
    assert table["path"].to_pylist() == sorted(found, key=tree_key)


steps = st.lists(
    st.tuples(
        st.dictionaries(st.integers(0, 40), st.integers(0, 3), max_size=12),
        st.sets(st.integers(0, 40), max_size=8),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=steps)
@pytest.mark.parametrize("name", ["files", "instances"])
def test_any_series_of_deltas_gives_what_a_dictionary_gives(
    tmp_path_factory: pytest.TempPathFactory, name: str, steps: Any
) -> None:
    """Upserts, deletes, moves between partitions; parts stay sorted, and ranges apart."""
    table = FILES if name == "files" else TABLES["instances"]

    def make(key: int, value: int) -> dict[str, Any]:
        if name == "files":
            return file_row(f"d{key % 3}/f{key}", size=value)
        return instance_row(f"1.{key}", instance_number=value, modality="ABCD"[value] + "T")

    truth: dict[int, int] = {}
    column = "size" if name == "files" else "instance_number"
    with Parts(tmp_path_factory.mktemp("l") / "lake", table, merge_small_parts=3) as parts:
        for upserts, deletes in steps:
            expected = {k: v for k, v in truth.items() if k not in deletes} | upserts
            keys = rows(name, [make(key, 0) for key in sorted(deletes)]).select(list(table.key))
            changed = parts.apply([make(k, v) for k, v in upserts.items()], keys)
            assert changed == (expected != truth)
            truth = expected
            found = parts.read()
            assert {row[table.key[0]]: row[column] for row in found} == {
                make(k, v)[table.key[0]]: v for k, v in truth.items()
            }
            assert len(found) == len(truth)
            assert sum(part.rows for part in parts.parts) == len(truth)
            for part in parts.parts:
                with PartReader(parts.lake, table, part) as reader:
                    stored = pa.Table.from_batches(reader.batches(), table.schema())
                assert stored.equals(sorted_rows(table, stored))
            if name == "files":
                order = [(row["source"], *tree_key(row["path"])) for row in found]
                assert order == sorted(order)
                assert all(part.rows <= FILES.rows_per_part for part in parts.parts)
                for before, after in pairwise(p for p in parts.parts if p.rows):
                    assert before.last != after.first


def test_a_timestamp_in_a_row_survives(tmp_path: Path) -> None:
    when = datetime(2024, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
    with Parts(tmp_path / "lake", TABLES["files"]) as parts:
        parts.apply([file_row("a", status="deleted", deleted_at=when)])
        assert parts.read()[0]["deleted_at"] == when
