"""Tables as documentation and DDL; everything derives from the Column records, nothing does I/O.

`pages` makes Markdown and plain descriptions, `dialects` knows four warehouses, `packages` writes
a Frictionless data package and dbt's `schema.yml`.
"""

from dicomlake.schemas.render.dialects import DIALECTS
from dicomlake.schemas.render.packages import data_package, dbt_schema
from dicomlake.schemas.render.pages import describe, index_markdown, markdown
from dicomlake.schemas.render.sql import Dialect

__all__ = [
    "DIALECTS",
    "Dialect",
    "data_package",
    "dbt_schema",
    "describe",
    "index_markdown",
    "markdown",
]
