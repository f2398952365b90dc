"""The same files through two readers, and every difference between what they make of them."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.attempt import Attempt, Batch, Lineage, attempt
from dicomlake.schemas.tables import TABLES as SCHEMAS
from make.headers import settings_for_tests

TABLES: Final = ("files", "instances", "issues", "frames", "instance_references")
"""What a reader must not change."""
_LINEAGE: Final = Lineage("run", "1", 1)


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows of one file in one table that are not the same: the columns, what each side says."""

    path: str
    table: str
    left: str
    right: str


def read(root: Path, names: Sequence[str], reader: str, **limits: object) -> Attempt:
    """Read files of a folder as one batch, in this order."""
    real = os.path.realpath(root)
    entries = tuple(Entry.of(name, os.stat(f"{real}/{name}")) for name in names)
    settings = _settings(reader, tuple(sorted(limits.items())))
    got = attempt(Batch(0, "source", real, entries, settings, _LINEAGE))
    for table in tables_of(got).values():
        table.validate(full=True)
    return got


@lru_cache(maxsize=64)
def _settings(reader: str, limits: tuple[tuple[str, object], ...]) -> Settings:
    flags = {f"headers.{key}": value for key, value in limits}
    return settings_for_tests({"headers.reader": reader, **flags})


def tables_of(got: Attempt) -> Mapping[str, pa.Table]:
    """Return the tables that are compared, without the name of the reader."""
    return {
        name: table.drop_columns(["reader"]) if name == "files" else table
        for name in TABLES
        if (table := getattr(got, name)).num_columns
    }


Row = tuple[str, ...]
"""The cells of a row as text, each with its name; text keeps -0.0 apart from 0.0."""


def rows_by_file(got: Attempt) -> dict[str, dict[str, list[Row]]]:
    """Return the rows of each file, by path and table, in an order of their own."""
    names = dict(zip(got.files["file_id"].to_pylist(), got.files["path"].to_pylist(), strict=True))
    found: dict[str, dict[str, list[Row]]] = {path: defaultdict(list) for path in names.values()}
    for name, table in tables_of(got).items():
        for row in table.to_pylist():
            cells = tuple(f"{key}={value!r}" for key, value in row.items())
            found[names[row["file_id"]]][name].append(cells)
    for of_file in found.values():
        for rows in of_file.values():
            rows.sort()
    return found


def differences(left: Attempt, right: Attempt) -> list[Difference]:
    """Return where two readings of the same files differ."""
    ours, theirs = rows_by_file(left), rows_by_file(right)
    assert ours.keys() == theirs.keys()
    return [
        Difference(path, name, *_unlike(ours[path][name], theirs[path][name]))
        for path in ours
        for name in TABLES
        if ours[path][name] != theirs[path][name]
    ]


def _unlike(left: list[Row], right: list[Row]) -> tuple[str, str]:
    """Return what only one side says: of two single rows their cells, else whole rows."""
    if len(left) == len(right) == 1:
        pairs = [(a, b) for a, b in zip(left[0], right[0], strict=True) if a != b]
        return ", ".join(a for a, _ in pairs), ", ".join(b for _, b in pairs)
    return (
        "; ".join(", ".join(row) for row in left if row not in right),
        "; ".join(", ".join(row) for row in right if row not in left),
    )


def same_rows(left: Attempt, right: Attempt) -> bool:
    """Return whether two readings have equal rows, in whatever order; faster than `differences`."""
    ours, theirs = tables_of(left), tables_of(right)
    return all(_ordered(name, ours[name]).equals(_ordered(name, theirs[name])) for name in ours)


def _ordered(name: str, table: pa.Table) -> pa.Table:
    keys = ["file_id", *(key for key in SCHEMAS[name].key if key != "file_id")]
    return table.sort_by([(key, "ascending") for key in keys])


def write_all(root: Path, contents: Iterable[bytes]) -> list[str]:
    """Write files one by one; return their names, in this order."""
    names = []
    for number, content in enumerate(contents):
        names.append(f"{number:05}.dcm")
        (root / names[-1]).write_bytes(content)
    return names


def compare(root: Path, contents: Iterable[bytes], **limits: object) -> Attempt:
    """Hold the fast reader against pydicom on some files; return what the fast one made of them.

    Raises:
        AssertionError: they differ; the text shows the first files, as hexadecimal if small.
    """
    names = write_all(root, contents)
    fast = read(root, names, "fast", **limits)
    found = differences(fast, read(root, names, "pydicom", **limits))
    assert not found, shown(root, found)
    return fast


def shown(root: Path, found: Sequence[Difference], most: int = 5) -> str:
    """Return differences as text, with the files themselves where they are small."""
    lines = [f"{len(found)} differences"]
    for each in found[:most]:
        content = (root / each.path).read_bytes()
        lines.append(
            f"{each.table} of {each.path}\n  fast:    {each.left}\n  pydicom: {each.right}"
        )
        if len(content) < 4096:
            lines.append(f"  bytes.fromhex({content.hex()!r})")
    return "\n".join(lines)
