"""Rows of `runs` are typed as the schema says, and making them does not import pandas."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

from dicomlake.pipeline.tables.records import one_row, timestamp_text
from dicomlake.schemas.tables.runs import RUNS

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))


def test_a_row_has_the_schema_and_the_values() -> None:
    row = one_row(
        RUNS,
        {
            "command": "run",
            "sources": ["a", "b"],
            "started_at": timestamp_text(MOMENT),
            "files_by_status": {"ingested": 3, "skipped": 1},
            "duration_s": 1.25,
            "schema_version": 1,
        },
    )
    assert row.schema.equals(RUNS.schema())
    values = row.to_pylist()[0]
    assert values["started_at"] == MOMENT.astimezone(UTC)
    assert values["files_by_status"] == [("ingested", 3), ("skipped", 1)]
    assert values["sources"] == ["a", "b"]
    assert values["duration_s"] == 1.25
    assert values["workers"] is None


def test_a_missing_map_is_null() -> None:
    row = one_row(RUNS, {"command": "volumes", "files_by_status": None})
    assert row.column("files_by_status").null_count == 1


def test_pandas_is_not_imported() -> None:
    code = (
        "import sys\n"
        "from dicomlake.pipeline.tables.records import one_row\n"
        "from dicomlake.schemas.tables.runs import RUNS\n"
        "one_row(RUNS, {'command': 'run', 'files_by_status': {'ingested': 1}})\n"
        "assert 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
