"""The manifest: one file a version, which names every part of every table.

A version is committed exactly when its manifest has its name in `versions/`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dicomlake.pipeline.errors import LakeFormatError, LakeNotFoundError
from dicomlake.pipeline.tables.layout import FORMAT, manifest_path, version_name
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import TABLES

Value = str | int | float | None
"""A partition value, or one component of a sort key, as JSON holds it."""

UNKNOWN_PARTITION: Final[Mapping[str, Value]] = {"modality": "UNKNOWN", "study_year": 0}
"""Where the one part without rows of an empty partitioned table lies."""


@dataclass(frozen=True, slots=True)
class Part:
    """One immutable Parquet file, and what is known of it without opening it."""

    id: str
    """First 32 hex digits of the file's sha256: its name in `data/` and in snapshots."""
    rows: int
    bytes: int
    sha256: str
    partition: tuple[tuple[str, Value], ...]
    """Names and values of the partition columns, in the order of the folders."""
    first: tuple[Value, ...]
    """Sort key of the first row; empty for a part without rows."""
    last: tuple[Value, ...]
    key_min: Value
    """Least and greatest value of the first key column: a part is opened to look for a key only
    where the key can be; None for a part without rows or with a null there."""
    key_max: Value
    schema_version: int

    def relative(self, table: str) -> str:
        """Return the path below a snapshot, `instances/modality=CT/…/<id>.parquet`."""
        folders = "".join(f"{name}={value}/" for name, value in self.partition)
        return f"{table}/{folders}{self.id}.parquet"


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything one version consists of."""

    version: int
    parent: int
    run_id: str
    writer: str
    """Who committed it: names the lock that tells whether the process still runs."""
    created_at: str
    pipeline_version: str
    schema_version: int
    sources: Mapping[str, str]
    """Root of each source by its name."""
    tables: Mapping[str, tuple[Part, ...]]

    def parts(self, table: str) -> tuple[Part, ...]:
        """Return the parts of a table, in its sort order where the table is kept in ranges."""
        return self.tables.get(table, ())

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""
        return sum(part.rows for part in self.parts(table))

    def to_bytes(self) -> bytes:
        """Return the manifest as it is stored: JSON, a line a value, keys in a fixed order."""
        tables = {
            name: {"rows": self.rows(name), "parts": [_part_json(part) for part in parts]}
            for name, parts in self.tables.items()
        }
        document = {
            "format": FORMAT,
            "version": self.version,
            "parent": self.parent,
            "run_id": self.run_id,
            "writer": self.writer,
            "created_at": self.created_at,
            "pipeline_version": self.pipeline_version,
            "schema_version": self.schema_version,
            "sources": dict(sorted(self.sources.items())),
            "tables": tables,
        }
        text = json.dumps(document, indent=1)  # ASCII: a root may hold bytes that are no UTF-8
        return (text + "\n").encode()


def no_version() -> Manifest:
    """Return the manifest of version 0: a lake before its first commit."""
    return Manifest(0, 0, "", "", "", "", SCHEMA_VERSION, {}, dict.fromkeys(TABLES, ()))


def _part_json(part: Part) -> dict[str, object]:
    return {
        "id": part.id,
        "rows": part.rows,
        "bytes": part.bytes,
        "sha256": part.sha256,
        "partition": dict(part.partition),
        "first": list(part.first),
        "last": list(part.last),
        "key_min": part.key_min,
        "key_max": part.key_max,
        "schema_version": part.schema_version,
    }


def _part(document: Mapping[str, Any]) -> Part:
    return Part(
        id=str(document["id"]),
        rows=int(document["rows"]),
        bytes=int(document["bytes"]),
        sha256=str(document["sha256"]),
        partition=tuple(document["partition"].items()),
        first=tuple(document["first"]),
        last=tuple(document["last"]),
        key_min=document["key_min"],
        key_max=document["key_max"],
        schema_version=int(document["schema_version"]),
    )


def parse(data: bytes, number: int) -> Manifest:
    """Return the manifest of a version that these bytes hold.

    Raises:
        LakeFormatError: a newer format or schema than the code's.
        ValueError, KeyError, TypeError, AttributeError: no manifest.
    """
    document = json.loads(data)
    if int(document["format"]) > FORMAT:
        raise LakeFormatError(
            f"The lake's newest version has format {int(document['format'])}; this dicomlake "
            f"knows {FORMAT}.",
            "Install a newer dicomlake.",
        )
    if int(document["schema_version"]) > SCHEMA_VERSION:
        raise LakeFormatError(
            f"The lake has schema version {int(document['schema_version'])}; this dicomlake "
            f"knows {SCHEMA_VERSION}.",
            "Install a newer dicomlake; older versions stay readable by their number.",
        )
    if int(document["version"]) != number:
        raise ValueError("the manifest is another version's")
    tables = {
        name: tuple(_part(part) for part in table["parts"])
        for name, table in document["tables"].items()
    }
    return Manifest(
        version=int(document["version"]),
        parent=int(document["parent"]),
        run_id=str(document["run_id"]),
        writer=str(document["writer"]),
        created_at=str(document["created_at"]),
        pipeline_version=str(document["pipeline_version"]),
        schema_version=int(document["schema_version"]),
        sources={str(name): str(root) for name, root in document["sources"].items()},
        tables=tables,
    )


def read_manifest(lake: Path, number: int) -> Manifest:
    """Return the manifest of a version.

    Raises:
        LakeNotFoundError: there is no such version.
        LakeFormatError: it cannot be read, or is of a newer format or schema than the code's.
    """
    path = manifest_path(lake, number)
    try:
        manifest = parse(path.read_bytes(), number)
    except FileNotFoundError:
        raise LakeNotFoundError(
            f"The lake has no version {number}.", "`dicomlake status` lists the newest."
        ) from None
    except LakeFormatError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LakeFormatError(
            f"{path} cannot be read ({type(error).__name__}).",
            "Restore it from a backup, or set it aside, `mv "
            f"{version_name(number)}.json {version_name(number)}.json.bad` in that folder, and "
            "the version before it is the newest again; that one stays readable meanwhile by its "
            "number.",
        ) from error
    return manifest
