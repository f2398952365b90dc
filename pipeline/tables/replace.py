"""Rows of parents made anew: what comes, and what earlier rows of the same parents leave."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dicomlake.pipeline.tables.columnar import pc
from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.merge import TableDelta
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES


def replacing(
    base: Version,
    table: str,
    parents: Sequence[str],
    made_anew: pa.Table,
    upserts: Sequence[pa.Table],
) -> TableDelta:
    """Return new rows of a table, and the keys of earlier rows of the same parents that go.

    Args:
        base: version that the change will be committed on.
        table: its name.
        parents: columns that name what rows belong to, such as a series.
        made_anew: the parents whose rows are replaced; those columns at least.
        upserts: rows of the table.
    """
    definition = TABLES[table]
    nothing = pa.Table.from_batches([], schema=definition.schema())
    rows = pa.concat_tables([nothing, *upserts])
    stays: Any = key_column(rows, definition.key)
    own: Any = key_column(made_anew, parents)
    gone = [nothing.select(list(definition.key))]
    if len(own):
        for batch in base.batches(table, list(dict.fromkeys((*parents, *definition.key)))):
            leaves = pc.is_in(key_column(batch, parents), value_set=own)
            stay = pc.is_in(key_column(batch, definition.key), value_set=stays)
            old = pa.Table.from_batches([batch]).filter(pc.and_not(leaves, stay))
            gone.append(old.select(list(definition.key)))
    leaving = pa.concat_tables(gone)
    return TableDelta(rows, leaving if leaving.num_rows else None)
