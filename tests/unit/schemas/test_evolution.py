"""Which rows must be read again from their files when the schema grows."""

from dataclasses import replace

import pyarrow as pa
import pytest

from dicomlake.schemas import evolution
from dicomlake.schemas.column import Column, Table, attribute, brought_by
from dicomlake.schemas.tables import TABLES


def grown(name: str, *columns: Column) -> dict[str, Table]:
    table = TABLES[name]
    return {**TABLES, name: replace(table, columns=(*table.columns, *columns))}


def test_rows_of_the_schemas_before_lack_attributes() -> None:
    assert evolution.reread_before() == 3


def test_a_column_read_from_the_source_asks_for_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    (new,) = brought_by(9, attribute("StageName", 0x00082120, "SH", "Stage."))
    monkeypatch.setattr(evolution, "TABLES", grown("instances", new))
    assert evolution.reread_before() == 9


def test_a_derived_column_or_another_table_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    (new,) = brought_by(9, Column("n_things", pa.int64(), "Things."))
    for name in ("instances", "files", "ct_series", "volumes"):
        monkeypatch.setattr(evolution, "TABLES", grown(name, new))
        assert evolution.reread_before() == 3


def test_the_history_tells_every_version() -> None:
    assert sorted(evolution.HISTORY) == list(range(1, evolution.SCHEMA_VERSION + 1))
    newest = max(column.since for table in TABLES.values() for column in table.columns)
    assert newest == evolution.SCHEMA_VERSION
