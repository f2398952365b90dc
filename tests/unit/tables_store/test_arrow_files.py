"""Rows in Arrow files: without their null columns, mapped, and given back without harm."""

import mmap
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dicomlake.pipeline.tables import arrow_files
from dicomlake.pipeline.tables.arrow_files import join_files, let_go, map_rows, write_rows
from dicomlake.schemas.tables import TABLES

SCHEMA = pa.schema(
    [
        ("uid", pa.string()),
        ("size", pa.int64()),
        ("spacing", pa.list_(pa.float64())),
        ("private", pa.map_(pa.string(), pa.string())),
    ]
)


def table(**columns: list[Any]) -> pa.Table:
    """Return rows of the schema, the columns not given null."""
    count = len(next(iter(columns.values())))
    return pa.Table.from_pylist(
        [{name: values[row] for name, values in columns.items()} for row in range(count)], SCHEMA
    )


def held(path: Path) -> list[str]:
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_file(file) as reader:
        return list(reader.schema.names)


def test_a_column_null_in_one_file_and_not_in_another_is_whole_in_both(tmp_path: Path) -> None:
    first, second = table(uid=["a", "b"], size=[1, None]), table(uid=["c"], spacing=[[0.5, 1.0]])
    for name, rows in (("first", first), ("second", second)):
        write_rows(tmp_path / name, SCHEMA, (rows,))
    assert held(tmp_path / "first") == ["uid", "size"]
    assert held(tmp_path / "second") == ["uid", "spacing"]
    back = pa.concat_tables([map_rows(tmp_path / name, SCHEMA) for name in ("first", "second")])
    assert back.equals(pa.concat_tables([first, second]))


@pytest.mark.parametrize("count", [0, 3])
def test_rows_without_any_value_keep_their_number(tmp_path: Path, count: int) -> None:
    nothing = pa.table([pa.nulls(count, field.type) for field in SCHEMA], schema=SCHEMA)
    write_rows(tmp_path / "rows", SCHEMA, (nothing, nothing))
    assert map_rows(tmp_path / "rows", SCHEMA).equals(pa.concat_tables([nothing, nothing]))


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_file_without_a_record_batch_is_an_empty_table(tmp_path: Path, name: str) -> None:
    schema = TABLES[name].schema()
    write_rows(tmp_path / "rows", schema, ())
    back = map_rows(tmp_path / "rows", schema)
    assert (back.num_rows, back.schema.equals(schema)) == (0, True)


def test_what_was_let_go_reads_the_same_also_of_a_file_replaced_or_gone(tmp_path: Path) -> None:
    rows = table(uid=[str(number) for number in range(50_000)])
    other = table(uid=["other"] * 50_000)
    for name in ("gone", "replaced"):
        write_rows(tmp_path / name, SCHEMA, (rows,))
    write_rows(tmp_path / "new", SCHEMA, (other,))
    mapped = [map_rows(tmp_path / name, SCHEMA) for name in ("gone", "replaced")]
    (tmp_path / "gone").unlink()
    (tmp_path / "new").rename(tmp_path / "replaced")
    let_go()
    assert all(each.equals(rows) for each in mapped)


def test_where_the_system_takes_no_advice_nothing_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(uid=["a"])
    write_rows(tmp_path / "rows", SCHEMA, (rows,))
    mapped = map_rows(tmp_path / "rows", SCHEMA)
    monkeypatch.delattr(mmap, "MADV_DONTNEED")
    let_go()
    assert mapped.equals(rows)


def test_files_may_be_mapped_by_one_thread_while_another_lets_go(tmp_path: Path) -> None:
    """A worker of a cluster may have several threads."""
    rows = table(uid=["a"])
    write_rows(tmp_path / "rows", SCHEMA, (rows,))
    kept = [map_rows(tmp_path / "rows", SCHEMA) for _ in range(50)]
    failures: list[BaseException] = []
    done = threading.Event()

    def letting_go() -> None:
        try:
            while not done.is_set():
                let_go()
        except RuntimeError as error:
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    other = threading.Thread(target=letting_go)
    other.start()
    try:
        kept.extend(map_rows(tmp_path / "rows", SCHEMA) for _ in range(300))
    finally:
        done.set()
        other.join()
        sys.setswitchinterval(interval)
    assert failures == []


def test_joined_files_are_their_rows_in_order_and_in_larger_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow_files, "_ROWS_OF_A_PIECE", 5)
    monkeypatch.setattr(arrow_files, "_MOST_OPEN", 4)
    pieces = [table(uid=[f"{n}.{i}" for i in range(1 + 3 * (n > 7))]) for n in range(12)]
    pieces[5] = table(size=[7])
    paths = []
    for number, rows in enumerate(pieces):
        paths.append(tmp_path / str(number))
        write_rows(paths[-1], SCHEMA, (rows,))
    join_files(tmp_path / "whole", SCHEMA, paths)
    back = map_rows(tmp_path / "whole", SCHEMA)
    assert held(tmp_path / "whole") == ["uid", "size"]
    assert back.equals(pa.concat_tables(pieces))
    assert [len(chunk) for chunk in back.column(0).chunks] == [4, 4, 8, 8]


def test_a_file_is_closed_once_its_rows_are_let_fall(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", SCHEMA, (table(uid=["a"]),))
    folder = Path("/dev/fd")
    before = len(os.listdir(folder))
    rows = [map_rows(tmp_path / "rows", SCHEMA) for _ in range(20)]
    assert len(rows) == 20
    rows.clear()
    assert len(os.listdir(folder)) == before
