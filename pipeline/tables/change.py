"""What a run wants to change, held against the version that it is to be committed on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from dicomlake.pipeline.tables.changes import (
    Piece,
    as_rows,
    changed_keys,
    gathered,
    is_recorded,
)
from dicomlake.pipeline.tables.difference import differences
from dicomlake.pipeline.tables.manifest import Manifest
from dicomlake.pipeline.tables.merge import RowChange, TableDelta, find_changes
from dicomlake.pipeline.tables.rewrite import plan_rewrite
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.changes import CHANGES
from dicomlake.schemas.tables.runs import RUNS

if TYPE_CHECKING:  # see layout.py
    from dicomlake.config.settings import TableSettings

HISTORY: Final = frozenset({RUNS.name, CHANGES.name})
"""Tables of what was done to the lake: a version restored does not take it back."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a run wants to change, computed against one version."""

    tables: Mapping[str, TableDelta]
    sources: Mapping[str, str] = field(default_factory=dict)
    """Root of each source by name; other sources stay as they are."""
    restored: Manifest | None = None
    """Version whose sources, and whose tables but for `HISTORY`, the change starts from; those of
    the newest where None."""
    compact: bool = False
    """Merge small parts of all tables, however few: that alone is worth a version."""


def row_changes(base: Version, change: Change) -> dict[str, RowChange]:
    """Return what a change does to each table; reads only.

    Raises:
        KeyError: a delta for no table, or for `changes`, whose rows follow from the others.
        BlockedByRuleError, CorruptLakeError: as `find_changes`.
    """
    given = change.tables.keys()
    unknown = sorted((given - TABLES.keys()) | (given & {CHANGES.name}))
    if unknown:
        raise KeyError(f"no such tables, or none to be given: {', '.join(unknown)}")
    start = change.restored or base.manifest
    return {
        name: find_changes(
            base.lake,
            table,
            (base.manifest if name in HISTORY else start).parts(name),
            change.tables.get(name),
        )
        for name, table in TABLES.items()
    }


def recorded(
    base: Version,
    change: Change,
    changes: Mapping[str, RowChange],
    *,
    run_id: str,
    settings: "TableSettings",
    folder: Callable[[], Path],
) -> tuple[bool, pa.Table]:
    """Return whether a change is worth a version, and the rows of `changes` that tell of it.

    Args:
        base: version that the change is to be committed on.
        change: what is to be committed.
        changes: what `row_changes` returned.
        run_id: of the run.
        settings: of the tables.
        folder: gives the staging folder of the run; called when there are many rows.
    """
    differing = {name for name, each in changes.items() if not each.is_empty}

    def pieces() -> Iterator[Piece]:
        for name, table in TABLES.items():
            is_kept = is_recorded(table, settings)
            if is_kept:
                yield from changed_keys(changes[name])
            if change.restored is not None and name not in HISTORY:
                before, after = base.manifest.parts(name), change.restored.parts(name)
                for piece in differences(base.lake, table, before, after, folder()):
                    differing.add(name)
                    if is_kept:
                        yield piece

    number = base.number + 1
    rows = as_rows(pieces(), number, run_id)
    gathered_rows = gathered(rows, lambda: folder() / f"changes-{number}.arrow")
    return bool(differing - {RUNS.name}), gathered_rows


def is_loose(base: Version, settings: "TableSettings") -> bool:
    """Return whether a compaction would merge any parts of a version."""
    tables = ((table, base.manifest.parts(name)) for name, table in TABLES.items())
    return any(
        plan_rewrite(RowChange(table, parts), settings, compact=True).jobs
        for table, parts in tables
        if parts
    )
