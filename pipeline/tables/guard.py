"""The guard against a disk that is not mounted: so much is gone that deletes are withheld.

The crawl alone shows who is withheld, for a plan; once the headers are read and tell of every move,
the losses that are left are held against the same bound (incoming.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa

from dicomlake.config.settings import DiscoverySettings
from dicomlake.pipeline.tables.columnar import pc
from dicomlake.pipeline.tables.ingest_plan import ENTRIES_FILE, SourcePlan
from dicomlake.pipeline.tables.moves import pair_rows, take_out
from dicomlake.pipeline.tables.spill import read_spilled
from dicomlake.pipeline.tables.store import Version

_RENAMED: Final = ("size", "mtime_ns", "inode")
"""Columns that a file keeps when it or a folder above it is renamed."""


def guarded(
    base: Version, plans: Sequence[SourcePlan], found: Sequence[int], settings: DiscoverySettings
) -> tuple[SourcePlan, ...]:
    """Return the plans with what each source may lose, and whether it looks like more.

    Args:
        base: version planned on.
        plans: of all sources of the run: a file may be at another path of any of them.
        found: paths that the crawl of each source met.
        settings: bounds of the guard.
    """
    judged = []
    for plan, met in zip(plans, found, strict=True):
        share = int(settings.delete_guard_fraction * plan.live)
        most = max(share, settings.delete_guard_files) if met else 0
        withheld = plan.vanished > most and plan.vanished - _renamed(base, plan, plans) > most
        judged.append(replace(plan, withheld=withheld, most_deletes=most))
    return tuple(judged)


def _renamed(base: Version, plan: SourcePlan, plans: Iterable[SourcePlan]) -> int:
    """Return how many of the paths that are gone are at another path now, by the crawl alone."""
    gone = pc.field("path").isin(pa.array(plan.vanished_paths(), pa.string()))
    rows = base.read("files", list(_RENAMED), (pc.field("source") == plan.source.name) & gone)
    known = rows.filter(pc.is_valid(rows.column("inode")))
    count = known.num_rows
    for each in plans:
        for batch in read_spilled(each.folder / ENTRIES_FILE):
            places, _ = pair_rows(known, pa.Table.from_batches([batch]), _RENAMED)
            known = take_out(known, places)
    return count - known.num_rows
