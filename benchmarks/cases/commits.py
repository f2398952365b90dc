"""What small commits leave behind: the rows of the first of them, read after the last."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from generate import write_tree
from runner import Prepared, Scale, Target, ratio

from cases.lakes import do
from dicomlake.pipeline.tables.store import Version, open_version

FIRST: Final = "rows of the first commit, read then"
LAST: Final = "the same rows, read after the last"
PARTS: Final = 100
COLUMNS: Final = ("sop_instance_uid", "series_instance_uid", "modality", "study_date", "rows")
_FILES_A_NIGHT: Final = 12


def prepare(folder: Path, scale: Scale) -> Prepared:
    count = scale.of(365, 8)
    root, lake = folder / "tree", folder / "lake"
    for night in range(count):
        write_tree(root / f"{night:03d}", _FILES_A_NIGHT, seed=scale.seed + night)
        do("ingest", lake, f"bench={root}")
    first, last = open_version(lake, 1), open_version(lake)
    wanted = first.read("instances", ["study_instance_uid"]).column(0).unique()
    return Prepared(
        contenders={FIRST: lambda: _read(first, wanted), LAST: lambda: _read(last, wanted)},
        check=lambda results: _check(results, count, last),
        baseline=FIRST,
        amount=first.rows("instances"),
        unit="row",
        notes=(f"{count} ingests of {_FILES_A_NIGHT} new files; instances of the first, by study",),
        targets=(
            Target(
                f"the same rows after {count} commits against after the first",
                3,
                lambda timings: ratio(timings[LAST].cpu_us, timings[FIRST].cpu_us),
                at_least=False,
            ),
        ),
    )


def _read(version: Version, studies: Any) -> pa.Table:
    """Return the rows of some studies, scanned as a reader does who knows what it wants."""
    condition = pc.field("study_instance_uid").isin(studies)
    return version.read("instances", COLUMNS, condition).sort_by("sop_instance_uid")


def _check(results: Mapping[str, Any], count: int, last: Version) -> None:
    """Both read the same rows; each night committed once, and the last version has few parts."""
    assert last.number == count
    assert results[FIRST].num_rows
    assert results[FIRST].equals(results[LAST])
    assert sum(len(parts) for parts in last.manifest.tables.values()) < PARTS
