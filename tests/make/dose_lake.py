"""A lake with doses: whole runs over a tree of studies, and its rows by study and event."""

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from dicomlake import Lake
from dicomlake.config.settings import Settings
from dicomlake.flows.reporter import DirectReporter
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary
from make.live import settings
from make.one_run import _no_meter
from make.series import uid

Row = dict[str, Any]

CT: Final = "ct_irradiation_events"
CT_SOURCES: Final = "ct_irradiation_event_sources"
XRAY: Final = "xray_irradiation_events"
XRAY_FILTERS: Final = "xray_irradiation_event_filters"
PHARMA: Final = "radiopharmaceutical_administrations"
ORGANS: Final = "organ_doses"
REPORTS: Final = "dose_reports"
VERSIONS: Final = "dose_event_versions"
EXAMS: Final = "dose_exams"
TABLES: Final = (CT, CT_SOURCES, XRAY, XRAY_FILTERS, PHARMA, ORGANS, REPORTS, VERSIONS, EXAMS,
                 "devices", "drl", "dose_studies")  # fmt: skip
OF_A_RUN: Final = {"run_id", "pipeline_version", "schema_version"}
"""What differs between rows that say the same."""


NO_VOLUMES: Final = settings(run__volumes=False)
"""For trees whose images are headers alone."""


def run(root: Path, lake: Path, chosen: Settings | None = None) -> RunSummary:
    """Do the whole job on a tree, in this process; return its summary."""
    request = RunRequest(lake=lake, sources=(f"tree={root}",))
    return execute(request, "run", chosen or settings(), DirectReporter(_no_meter))


@dataclass(frozen=True)
class DoseLake:
    """The newest version of a lake with doses."""

    lake: Path

    def table(self, name: str) -> list[Row]:
        rows: list[Row] = _rows(self.lake, Lake(self.lake).version, name)
        return rows

    def of(self, table: str, study: str) -> list[Row]:
        """Return the rows of a study of the cases."""
        instance = uid("study", study)
        return [row for row in self.table(table) if row["study_instance_uid"] == instance]

    def event(self, table: str, study: str, event: str) -> Row:
        """Return the row of an event of a case."""
        key = "administration_uid" if table == PHARMA else "irradiation_event_uid"
        wanted = uid("event", f"{study} {event}")
        (row,) = [row for row in self.of(table, study) if row[key] == wanted]
        return row

    def exam(self, study: str, group: str) -> Row:
        (row,) = [row for row in self.of(EXAMS, study) if row["modality_group"] == group]
        return row

    def everything(self, *but: str) -> dict[str, list[str]]:
        """Return the rows of every dose table as text, sorted, without what is of a run."""
        without = OF_A_RUN | set(but)
        return {
            name: sorted(
                repr(sorted((key, value) for key, value in row.items() if key not in without))
                for row in self.table(name)
            )
            for name in TABLES
        }


@cache
def _rows(lake: Path, version: int, name: str) -> list[Row]:
    rows: list[Row] = Lake(lake, version=version).table(name).to_arrow().to_pylist()
    return rows


def scattered(root: Path, into: Path, seed: int, parts: int = 1) -> list[list[Path]]:
    """Copy the files of a tree under other names into other folders; return them in parts."""
    order = sorted(path for path in root.rglob("*") if path.is_file())
    random.Random(seed).shuffle(order)
    made: list[list[Path]] = [[] for _ in range(parts)]
    for number, path in enumerate(order):
        target = into / f"part {number % parts}" / f"ward {number % 5}" / f"{number:05x}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        made[number % parts].append(target)
    return made


def flags(row: Row) -> set[str]:
    return set(row["flags"] or ())


def one(rows: Sequence[Row]) -> Row:
    (row,) = rows
    return row


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9)


def assert_says(row: Row, **expected: Any) -> None:
    """Hold columns of a row against values; NULL is held as NULL."""
    found = {name: row[name] for name in expected}
    assert found == {
        name: near(value) if isinstance(value, float) else value for name, value in expected.items()
    }
