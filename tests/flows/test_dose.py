"""The command `dose`: the same tables wherever the work is done, and what it says of itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from make import rdsr
from make.dose_lake import NO_VOLUMES, OF_A_RUN, TABLES, run
from make.tree import command

from dicomlake.pipeline.dose import committed, jobs
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas.tables import TABLES as SCHEMAS

pytestmark = pytest.mark.timeout(300)
STUDIES = 6


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("dose") / "tree"
    root.mkdir()
    for number in range(STUDIES):
        events = [rdsr.ct_event(f"e{n}", dlp=(10.0, "mGy.cm")) for n in range(number + 1)]
        report = rdsr.ct_report(
            events, name=f"r{number}", study=f"s{number}", dlp_total=(10.0 * (number + 1), "mGy.cm")
        )
        rdsr.save(report, root / f"{number}.dcm")
    return root


def summary_of(name: str, lake: Path, *options: str) -> dict[str, Any]:
    done = command(name, *options, "--lake", str(lake), "--json", cwd=lake.parent)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def rows(lake: Path, name: str) -> list[dict[str, Any]]:
    names = [column.name for column in SCHEMAS[name].columns if column.name not in OF_A_RUN]
    found = open_version(lake).read(name, names).to_pylist()
    return sorted(found, key=lambda row: [str(row.get(key)) for key in SCHEMAS[name].key])


@pytest.fixture(scope="module")
def inline(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    lake = tmp_path_factory.mktemp("inline") / "lake"
    return lake, summary_of("run", lake, f"ward={tree}", "--workers", "0")


def test_a_run_reads_doses_and_counts_them(inline: tuple[Path, dict[str, Any]]) -> None:
    lake, summary = inline
    assert summary["dose"] == {
        "studies": STUDIES, "reports": STUDIES, "events": 21, "exams": STUDIES,
        "unsupported": 0, "unread": 0, "gone": 0,
    }  # fmt: skip
    (row,) = open_version(lake).read("runs").to_pylist()
    found = [row[f"dose_{name}"] for name in ("studies", "reports", "events", "exams")]
    assert found == [STUDIES, STUDIES, 21, STUDIES]


@pytest.mark.slow
def test_workers_give_the_tables_that_one_process_gives(
    tree: Path, inline: tuple[Path, dict[str, Any]]
) -> None:
    lake = inline[0].parent / "workers"
    summary = summary_of("run", lake, f"ward={tree}", "--workers", "2")
    assert summary["workers"] == 2
    for name in TABLES:
        assert rows(lake, name) == rows(inline[0], name), name
    assert rows(lake, "dose_exams")


def test_how_studies_are_cut_into_jobs_changes_nothing(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tree, tmp_path / "one", NO_VOLUMES)
    monkeypatch.setattr(jobs, "JOB_S", 0.0)
    monkeypatch.setattr(committed, "CHUNK_OBJECTS", 1)
    run(tree, tmp_path / "many", NO_VOLUMES)
    for name in TABLES:
        assert rows(tmp_path / "many", name) == rows(tmp_path / "one", name), name
    assert rows(tmp_path / "many", "dose_exams")


def test_dose_after_ingest_is_the_dose_of_a_run(
    tree: Path, inline: tuple[Path, dict[str, Any]]
) -> None:
    lake = inline[0].parent / "later"
    summary_of("ingest", lake, f"ward={tree}", "--workers", "0")
    assert open_version(lake).rows("dose_exams") == 0
    summary = summary_of("dose", lake, "--workers", "0")
    assert (summary["command"], summary["dose"]["studies"]) == ("dose", STUDIES)
    for name in TABLES:
        assert rows(lake, name) == rows(inline[0], name), name
    assert summary_of("dose", lake, "--workers", "0")["outcome"] == "unchanged"


def test_report_and_protocols_are_written(inline: tuple[Path, dict[str, Any]]) -> None:
    lake = inline[0]
    made = command("dose", "report", "--lake", str(lake), cwd=lake.parent)
    assert made.returncode == 0, made.stderr
    assert (lake / "reports" / "dose.html").read_text().startswith("<!")
    listed = command("dose", "--lake", str(lake), "protocols", "--out", "p.csv", cwd=lake.parent)
    assert listed.returncode == 0, listed.stderr
    assert "standard_exam" in (lake.parent / "p.csv").read_text().splitlines()[0]


def test_a_report_of_no_dose_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    command("ingest", str(tmp_path / "in"), "--lake", str(tmp_path / "lake"), cwd=tmp_path)
    done = command("dose", "report", "--lake", str(tmp_path / "lake"), cwd=tmp_path)
    assert done.returncode == 2
    assert f"dicomlake dose --lake {tmp_path / 'lake'}" in done.stderr
