"""Builders of table rows: every required column filled, the interesting ones given."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from dicomlake.config import settings as settings_module
from dicomlake.config.settings import Settings
from dicomlake.pipeline.tables.commit import Change, TableDelta
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables import TABLES


def default_settings(**changes: Mapping[str, Any]) -> Settings:
    """Return the shipped settings, with some keys of some sections changed."""
    text = (Path(settings_module.__file__).parent / "default.toml").read_text()
    values = tomllib.loads(text)
    for section, keys in changes.items():
        values[section].update(keys)
    return Settings.model_validate(values)


def _filler(column: Any) -> Any:
    if column.nullable:
        return None
    kind = column.type
    if pa.types.is_list(kind):
        return []
    if pa.types.is_timestamp(kind):
        return datetime(2024, 1, 1, tzinfo=UTC)
    if pa.types.is_floating(kind):
        return 0.0
    if pa.types.is_integer(kind):
        return 1 if column.name == "schema_version" else 0
    for check in column.checks:
        if values := getattr(check, "values", None):
            return values[0]
        if getattr(check, "pattern", "").startswith("[0-9a-f]"):
            return "0" * 32
    return "x"


def rows(table: str, values: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows of a table; columns not given are null, or a filler where they must not be."""
    definition: Table = TABLES[table]
    filler = {column.name: _filler(column) for column in definition.columns}
    full = [{**filler, **each} for each in values]
    return pa.Table.from_pylist(full, schema=definition.schema())


def hex_id(text: str) -> str:
    """Return 32 hex digits made from a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def file_row(path: str, **more: Any) -> dict[str, Any]:
    """Return a row of `files` for a path of source `s`."""
    source = more.get("source", "s")
    return {"file_id": hex_id(f"{source}\0{path}"), "source": source, "path": path, "size": 1,
            "status": "ingested", "sop_instance_uid": f"1.2.{path}", **more}  # fmt: skip


def instance_row(uid: str, **more: Any) -> dict[str, Any]:
    """Return a row of `instances` with values of every nested type."""
    return {
        "sop_instance_uid": uid,
        "study_instance_uid": "1",
        "series_instance_uid": "1.1",
        "modality": "CT",
        "study_year": 2024,
        "study_date": date(2024, 5, 6),
        "patient_name": {"alphabetic": "A^B", "ideographic": None, "phonetic": None},
        "image_type": ["ORIGINAL", None],
        "pixel_spacing": [0.5, 0.5],
        "file_id": hex_id(uid),
        **more,
    }


def run_row(run_id: str, **more: Any) -> dict[str, Any]:
    """Return a row of `runs`."""
    return {"run_id": run_id, "command": "ingest", "sources": ["s"],
            "files_by_status": [("ingested", 3)], **more}  # fmt: skip


def generation(number: int, count: int = 6) -> Change:
    """Return the change that brings every table to one generation: all its rows say the number.

    The same instances and files each time, so that a generation replaces the one before; a
    reader that sees two numbers saw two versions at once.
    """
    files = [
        file_row(f"d{i % 2}/f{i}", size=number, sop_instance_uid=f"1.{i}") for i in range(count)
    ]
    ids = {row["sop_instance_uid"]: row["file_id"] for row in files}
    instances = [
        instance_row(f"1.{i}", instance_number=number, file_id=ids[f"1.{i}"],
                     modality=("CT", "MR")[i % 2], study_year=2020 + i % 2)
        for i in range(count)
    ]  # fmt: skip
    return Change(
        {
            "files": TableDelta(rows("files", files)),
            "instances": TableDelta(rows("instances", instances)),
            "runs": TableDelta(rows("runs", [run_row(f"g{number}")])),
        },
        {"s": "/data/s"},
    )
