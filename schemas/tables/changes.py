"""`changes`: which keys each version changed, so that a loader takes over no more than that."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by

INSERT: Final = "insert"
UPDATE: Final = "update"
DELETE: Final = "delete"

UNRECORDED: Final = frozenset({"changes", "issues", "runs"})
"""Tables whose changed keys are never recorded."""

CHANGES: Final = Table(
    name="changes",
    description=(
        "The keys that each version changed in each table, so that a loader merges only those. Not "
        "of `changes`, `issues` and `runs`; of `files` where setting `tables.changes_of_files` "
        "says so. A row that was written again and differs in nothing but its lineage is no change."
    ),
    grain="key that a version changed in a table",
    key=("version", "table_name", "row_key"),
    columns=brought_by(
        4,
        Column("version", pa.int64(), "Version that made the change.", nullable=False,
               checks=(AtLeast(1),)),
        Column("table_name", pa.string(), "Table of the row.", nullable=False),
        Column("row_key", pa.string(), "Key of the row: the values of the table's key columns in "
               "their order.", nullable=False, privacy=Privacy.KEY,
               rule="a JSON list without spaces, as `json_array(…)` of DuckDB writes it: numbers "
               "as they are, NULL as `null`, dates as text"),
        Column("op", pa.string(), "What became of the row.", nullable=False,
               checks=(OneOf((INSERT, UPDATE, DELETE)),)),
        *LINEAGE,
    ),
)
