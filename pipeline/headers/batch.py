"""A batch of files to be read together, and what became of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.columns import Lineage, table_of
from dicomlake.schemas.tables import TABLES


@dataclass(frozen=True, slots=True)
class Part:
    """Where a piece of a batch belongs that is read by itself, because a process died."""

    first: int
    """Place in the batch of its first file."""
    kills: int = 0
    """Processes that ended at its file, when it is but one."""
    verdict: str | None = None
    """Why its files are not to be read any more, as in `files.reason`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one source to be read together; `root` is the real path of the source."""

    number: int
    source: str
    root: str
    entries: Sequence[Entry]
    settings: Settings
    lineage: Lineage
    part: Part | None = None
    """Set where these are not all files of the batch."""


def empty(name: str) -> pa.Table:
    """Return a table of the schema without rows."""
    return table_of(TABLES[name], {}, {}, 0)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a batch, as tables of the schema; `files` has one row an entry, in order."""

    files: pa.Table
    instances: pa.Table
    issues: pa.Table
    frames: pa.Table = field(default_factory=partial(empty, "frames"))
    instance_references: pa.Table = field(default_factory=partial(empty, "instance_references"))
    elements: pa.Table = field(default_factory=partial(empty, "elements"))
    dicom_json: pa.Table = field(default_factory=partial(empty, "dicom_json"))
    readers: Mapping[str, int] = field(default_factory=dict)
    """Files read, by the reader that read them."""
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    """Files that the fast reader left to pydicom, by reason."""


def joined(pieces: Sequence[Attempt]) -> Attempt:
    """Return what became of the pieces of a batch, in their order, as of one."""
    tables = [each.name for each in fields(Attempt) if each.name not in ("readers", "fallbacks")]
    rows: dict[str, Any] = {
        name: pa.concat_tables([getattr(each, name) for each in pieces]) for name in tables
    }
    readers, fallbacks = Counter[str](), Counter[str]()
    for each in pieces:
        readers.update(each.readers)
        fallbacks.update(each.fallbacks)
    return Attempt(
        **rows, readers=dict(sorted(readers.items())), fallbacks=dict(sorted(fallbacks.items()))
    )
