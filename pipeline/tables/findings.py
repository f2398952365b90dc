"""Rows of `issues` for what is found when tables are made."""

from collections.abc import Sequence

import pyarrow as pa

from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.headers.issues import Issue
from dicomlake.schemas.tables.issues import ISSUES


def issue_rows(issues: Sequence[Issue], lineage: Lineage) -> pa.Table:
    """Return findings as rows of `issues`, each once."""
    distinct = {issue.issue_id: issue for issue in issues}
    schema = ISSUES.schema()
    arrays = []
    for field in schema:
        owner = lineage if hasattr(lineage, field.name) else None
        values = [getattr(owner or issue, field.name) for issue in distinct.values()]
        arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
