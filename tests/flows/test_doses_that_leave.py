"""Ingest alone: no version has doses of objects that it does not have, and the others stay."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from make import dose_images as images
from make import rdsr
from make.dose_lake import OF_A_RUN, TABLES
from make.lakes import copy_lake
from make.live import LiveLake, settings
from make.series import ct_slice, uid, write

from dicomlake.config.settings import Settings
from dicomlake.pipeline.tables.dose_objects import DOSE_TABLES
from dicomlake.pipeline.tables.verify import verify
from dicomlake.schemas.tables import TABLES as SCHEMAS

pytestmark = pytest.mark.timeout(120)
SLICES = 4
MR = "1.2.840.10008.5.1.4.1.1.4"

Row = dict[str, Any]

THERE = {
    "study_instance_uid": "SELECT study_instance_uid FROM instances",
    "source_sop_instance_uid": "SELECT sop_instance_uid FROM instances",
}
"""For each column what its values must be among."""


def report(path: Path, *events: str, dlp: float = 100.0, facility: str = "A", **more: Any) -> None:
    study = path.parent.name
    told = [
        rdsr.ct_event(f"{study} {name}", dlp=(dlp, "mGy.cm"), protocol="Abdomen routine")
        for name in events
    ]
    made = rdsr.ct_report(
        told, name=more.pop("name", f"{study} {path.name}"), study=study,
        dlp_total=(dlp * len(events), "mGy.cm"), InstitutionName=f"Hospital {facility}",
        DeviceSerialNumber=facility, PatientWeight="70", **more,
    )  # fmt: skip
    write(made, path)


def slice_of_water(path: Path, k: int, hounsfield: int = 0) -> None:
    made = images.water_cylinder(
        k,
        study=path.parent.name,
        event=f"{path.parent.name} 1",
        pixels=48,
        spacing_mm=8.0,
        hounsfield=hounsfield,
    )
    write(made, path)


def two_reports(folder: Path) -> None:
    report(folder / "first", "a")
    report(folder / "second", "a", "b")


def contested(folder: Path) -> None:
    report(folder / "winner", "a", name=f"both {folder.name}", ContentTime="120000")
    report(folder / "loser", "a", dlp=300.0, name=f"both {folder.name}", ContentTime="110000")


def measured(folder: Path) -> None:
    for k in range(SLICES):
        slice_of_water(folder / f"{k}", k)


def mixed(folder: Path) -> None:
    report(folder / "report", "a")
    values = {"StudyInstanceUID": uid("study", folder.name), "Modality": "MR", "SOPClassUID": MR}
    write(ct_slice(0, name="mr", **values), folder / "mr")


def touch(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path)


Step = Callable[[Path], object]

LEAVING: dict[str, tuple[Step, Step]] = {
    "its only object is gone": (
        lambda at: report(at / "report", "a", facility="B"), lambda at: (at / "report").unlink(),
    ),
    "one of two reports is gone": (two_reports, lambda at: (at / "second").unlink()),
    "another report is in its place": (
        lambda at: report(at / "report", "a"), lambda at: report(at / "report", "a", dlp=250.0),
    ),
    "a report that lost its uid is gone": (contested, lambda at: (at / "loser").unlink()),
    "a slice that was measured is gone": (measured, lambda at: (at / "3").unlink()),
    "a slice that was measured is another": (
        measured, lambda at: slice_of_water(at / "1", 1, hounsfield=-300),
    ),
}  # fmt: skip
"""Studies whose doses leave, by what befalls them: how they are made, and what changes."""

STAYING: dict[str, tuple[Step, Step]] = {
    "nothing": (lambda at: report(at / "report", "a", dlp=200.0), Path.exists),
    "an object without a dose is gone": (mixed, lambda at: (at / "mr").unlink()),
    "an object comes": (
        lambda at: report(at / "report", "a"), lambda at: report(at / "later", "b"),
    ),
    "it moved": (two_reports, lambda at: at.rename(at.with_name("elsewhere"))),
    "its times are others": (two_reports, touch),
}  # fmt: skip
"""The same of studies whose doses stay as they are."""

CASES = LEAVING | STAYING


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("leaving") / "tree"
    for name, (make, _) in CASES.items():
        make(root / name)
    return root


@pytest.fixture(scope="module")
def chosen(tree: Path) -> Settings:
    protocols = tree.parent / "protocols.csv"
    protocols.write_text("modality_group,protocol,standard_exam\nCT,^abdomen,CT abdomen\n")
    few = {f"dose__{name}": 1 for name in ("min_n", "min_n_ct", "min_n_facility")}
    return settings(**few, dose__protocols=str(protocols), discovery__delete_guard_fraction=1.0)


@pytest.fixture(scope="module")
def whole(tree: Path, chosen: Settings) -> LiveLake:
    lake = LiveLake(tree.parent / "lake", chosen)
    lake.run(tree)
    events = lake.rows("ct_irradiation_events")
    assert sum(row["ssde_calculated_mgy"] is not None for row in events) == 2
    assert lake.rows("drl")
    assert verify(lake.lake) == []
    return lake


@pytest.fixture
def now(tree: Path, whole: LiveLake, tmp_path: Path) -> tuple[Path, LiveLake]:
    """Return a copy of the tree and of the lake, which knows it."""
    root = shutil.copytree(tree, tmp_path / "tree")
    return root, LiveLake(copy_lake(whole.lake, tmp_path / "lake"), whole.settings)


def test_doses_leave_with_what_they_rest_on_and_come_back_with_their_stage(
    now: tuple[Path, LiveLake], tmp_path: Path
) -> None:
    root, lake = now
    before = lake_rows(lake)
    for name, (_, change) in CASES.items():
        change(root / name)
    lake.run(root, command="ingest")
    assert_left(before, lake_rows(lake))
    assert_no_dose_without_its_object(lake.lake)
    assert verify(lake.lake) == []
    assert lake.dangling() == set()
    facilities = {row["facility_key"] for row in lake.rows("devices")}
    assert "Hospital A" in facilities
    assert "Hospital B" not in facilities | {row["facility_key"] for row in lake.rows("drl")}
    lake.run(command="volumes")
    dose = lake.run(command="dose").dose
    assert dose is not None
    assert dose.studies == len(LEAVING)  # one of them is gone, another one has an object more
    anew = LiveLake(tmp_path / "anew", lake.settings)
    anew.run(root)
    assert_the_same(lake, anew)
    assert lake.run(command="dose").outcome == "unchanged"


def assert_left(before: dict[str, list[Row]], after: dict[str, list[Row]]) -> None:
    """No row of the one studies is there, and every row of the others as it was."""
    names = {str(uid("study", name)): name for name in CASES}
    for name in DOSE_TABLES:
        left = {names[row["study_instance_uid"]] for row in after[name]} & LEAVING.keys()
        assert left == set(), name
        stay = [row for row in before[name] if names[row["study_instance_uid"]] in STAYING]
        assert without_place(after[name]) == without_place(stay), name
    assert {names[row["study_instance_uid"]] for row in before["dose_studies"]} == CASES.keys()


def lake_rows(lake: LiveLake) -> dict[str, list[Row]]:
    return {name: sorted(lake.rows(name), key=repr) for name in DOSE_TABLES}


def without_place(rows: list[Row]) -> list[Row]:
    """Return rows without what a file that moved changes in the row of its report."""
    dropped = {"file_id", "run_id"} if rows and "file_id" in rows[0] else set()
    return sorted(
        ({key: value for key, value in row.items() if key not in dropped} for row in rows), key=repr
    )


def assert_no_dose_without_its_object(lake: Path) -> None:
    """Ask a reader that knows nothing of this project."""
    snapshot = os.path.realpath(lake / "current")
    with duckdb.connect() as sql:
        for name in ("instances", "devices", "drl", *DOSE_TABLES):
            parts = f"{snapshot}/{name}/**/*.parquet"
            sql.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{parts}')")
        for name in DOSE_TABLES:
            for column in THERE.keys() & SCHEMAS[name].by_name.keys():
                lost = f"FROM {name} WHERE {column} NOT IN ({THERE[column]})"
                assert sql.sql(lost).fetchall() == [], (name, column)
        of_exams = "SELECT DISTINCT device_key FROM dose_exams WHERE device_key NOT NULL"
        assert sql.sql(f"({of_exams}) EXCEPT SELECT device_key FROM devices").fetchall() == []
        counted = sql.execute(
            "SELECT max(n_exams) FROM drl WHERE kind = 'p75_patient' AND device_key = 'ALL' "
            "AND facility_key = 'ALL' AND quantity LIKE 'dlp%'"
        ).fetchone()
        exams = sql.execute("SELECT count(*) FROM dose_exams WHERE standard_exam = 'CT abdomen'")
        assert counted == exams.fetchone()


def test_a_whole_run_counts_the_studies_whose_doses_are_gone(now: tuple[Path, LiveLake]) -> None:
    root, lake = now
    for name in ("its only object is gone", "one of two reports is gone"):
        CASES[name][1](root / name)
    dose = lake.run(root).dose
    assert dose is not None
    assert (dose.studies, dose.gone) == (1, 1)


def assert_the_same(lake: LiveLake, other: LiveLake) -> None:
    for name in TABLES:
        found, expected = (
            sorted(
                repr({key: value for key, value in row.items() if key not in OF_A_RUN})
                for row in each.rows(name)
            )
            for each in (lake, other)
        )
        assert found == expected, name
