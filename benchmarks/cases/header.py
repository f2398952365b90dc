"""Headers to typed columns, against pydicom reading the same attributes into a DataFrame."""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pydicom
from generate import Tree, write_tree
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName
from runner import Prepared

import dicomlake
from dicomlake.config.settings import load_settings
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.attempt import Batch, Lineage, attempt
from dicomlake.schemas.column import Column
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables.instances import INSTANCES

COLUMNS = tuple(column for column in INSTANCES.columns if column.keyword and not column.rule)
"""Columns that are copied from one attribute, so that pydicom has the value too."""
FLOOR_BYTES = 16_384
BATCH = 500


def prepare(folder: Path, *, small: bool, seed: int) -> Prepared:
    tree = write_tree(folder / "tree", 240 if small else 2_000, seed=seed)
    batches = list(_batches(tree))
    return Prepared(
        contenders={
            "pydicom dcmread, DataFrame": lambda: _pydicom(tree),
            "dicomlake attempt()": lambda: [attempt(batch) for batch in batches],
            "floor: open, read 16 KB, close": lambda: _floor(tree),
        },
        check=lambda results: _check(tree, results),
        baseline="pydicom dcmread, DataFrame",
        amount=len(tree.files),
        unit="file",
        notes=(f"{len(COLUMNS)} attributes, {len(tree.broken)} broken files, directory order",),
    )


def _batches(tree: Tree) -> list[Batch]:
    settings = load_settings()
    lineage = Lineage("benchmark", dicomlake.__version__, SCHEMA_VERSION)
    entries = [_entry(tree.root, path) for path in tree.files]
    return [
        Batch(
            number,
            "bench",
            str(tree.root),
            tuple(entries[start : start + BATCH]),
            settings,
            lineage,
        )
        for number, start in enumerate(range(0, len(entries), BATCH))
    ]


def _entry(root: Path, path: Path) -> Entry:
    status = path.stat()
    return Entry(
        path=str(path.relative_to(root)),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino,
    )


def _floor(tree: Tree) -> int:
    total = 0
    for path in tree.files:
        descriptor = os.open(path, os.O_RDONLY)
        total += len(os.read(descriptor, FLOOR_BYTES))
        os.close(descriptor)
    return total


def _pydicom(tree: Tree) -> list[dict[str, Any] | None]:
    rows: list[dict[str, Any] | None] = []
    for path in tree.files:
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            rows.append(None)
            continue
        rows.append({column.keyword: dataset.get(column.keyword) for column in COLUMNS})
    pd.DataFrame([row for row in rows if row is not None])
    return rows


def _check(tree: Tree, results: Mapping[str, Any]) -> None:
    """Hold every value of every good file against pydicom's; a broken file is no instance."""
    attempts = results["dicomlake attempt()"]
    files = pa.concat_tables([each.files for each in attempts]).to_pylist()
    instances = pa.concat_tables([each.instances for each in attempts]).to_pylist()
    by_file = {row["file_id"]: row for row in instances}
    status = {row["path"]: row for row in files}
    assert len(status) == len(tree.files), "every file has its row"
    for path, reference in zip(tree.files, results["pydicom dcmread, DataFrame"], strict=True):
        row = status[str(path.relative_to(tree.root))]
        if path in tree.broken:
            assert row["status"] != "ingested", f"{path.name} is broken"
            continue
        assert row["status"] == "ingested", f"{path.name}: {row['status']} {row['reason']}"
        assert reference is not None
        ours = by_file[row["file_id"]]
        for column in COLUMNS:
            expected = _plain(column, reference[column.keyword])
            assert ours[column.name] == expected, f"{column.name}: {ours[column.name]!r}"


def _plain(column: Column, value: Any) -> Any:
    """Return pydicom's value as the column holds it."""
    if value is None or value == "":
        return None
    if column.multi_valued:
        many = value if isinstance(value, MultiValue | list) else [value]
        return [_one(column, each) for each in many] or None
    return _one(column, value)


def _one(column: Column, value: Any) -> Any:
    text = str(value)
    if column.vr == "PN":
        name = PersonName(text)
        groups: Sequence[str] = (name.alphabetic, name.ideographic, name.phonetic)
        keys = ("alphabetic", "ideographic", "phonetic")
        return dict(zip(keys, (group or None for group in groups), strict=True))
    if column.vr == "DA":
        return dt.datetime.strptime(text, "%Y%m%d").date()
    if column.vr == "TM":
        whole, _, part = text.partition(".")
        time = dt.datetime.strptime(whole, "%H%M%S").time()
        return time.replace(microsecond=int(part.ljust(6, "0")) if part else 0)
    kind = column.type.value_type if isinstance(column.type, pa.ListType) else column.type
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_integer(kind):
        return int(value)
    return text.strip() or None
