"""The dose stage over committed rows: what is pending, what is done once, what leaves."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from make import rdsr
from make.dose_lake import NO_VOLUMES, OF_A_RUN, TABLES, DoseLake, run, settings
from make.one_run import _no_meter
from make.series import uid

from dicomlake.config.settings import Settings
from dicomlake.flows.reporter import DirectReporter
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary
from dicomlake.pipeline.dose.inputs import pending_studies
from dicomlake.pipeline.dose.rows import to_arrow
from dicomlake.pipeline.dose.stage import (
    dose_change,
    levels_outdated,
    read_studies,
    study_jobs,
)
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas.tables import TABLES as SCHEMAS

pytestmark = pytest.mark.timeout(120)
DOSE = NO_VOLUMES.dose


def save(root: Path, study: str, *events: str, number: int = 1) -> Path:
    told = [rdsr.ct_event(name, dlp=(100.0, "mGy.cm"), ctdivol=(5.0, "mGy")) for name in events]
    report = rdsr.ct_report(
        told, name=f"{study}{number}", study=study, dlp_total=(100.0 * len(events), "mGy.cm")
    )
    return rdsr.save(report, root / f"{study}-{number}.dcm")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    save(root, "one", "a", "b")
    save(root, "two", "a")
    return root


def again(lake: Path, chosen: Settings = NO_VOLUMES, **more: Any) -> RunSummary:
    request = RunRequest(lake=lake, **more)
    return execute(request, "dose", chosen, DirectReporter(_no_meter))


def rows_of(lake: Path) -> dict[str, Any]:
    dropped = OF_A_RUN
    return {
        name: [{k: v for k, v in row.items() if k not in dropped} for row in _sorted(lake, name)]
        for name in TABLES
    }


def _sorted(lake: Path, name: str) -> Sequence[dict[str, Any]]:
    return sorted(DoseLake(lake).table(name), key=lambda r: [str(r[k]) for k in SCHEMAS[name].key])


def test_a_run_without_change_reads_nothing_and_commits_nothing(tree: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    first = run(tree, lake, NO_VOLUMES)
    assert first.dose is not None
    assert (first.dose.studies, first.dose.reports, first.dose.exams) == (2, 2, 2)
    assert first.dose.events == 3
    parts = sorted((lake / "data").iterdir())
    version = open_version(lake)
    assert version.rows("dose_exams")
    assert not version.rows("drl")
    assert not levels_outdated(version, DOSE)
    second = again(lake)
    assert second.dose is not None
    assert (second.outcome, second.dose.studies) == ("unchanged", 0)
    assert sorted((lake / "data").iterdir()) == parts
    everything = again(lake, reprocess=True)
    assert everything.dose is not None
    assert (everything.outcome, everything.dose.studies) == ("unchanged", 2)


def test_only_the_study_that_changed_is_read_and_the_rows_are_those_of_one_run(
    tree: Path, tmp_path: Path
) -> None:
    lake, whole = tmp_path / "lake", tmp_path / "whole"
    run(tree, lake, NO_VOLUMES)
    save(tree, "two", "a", "c", number=2)
    second = run(tree, lake, NO_VOLUMES)
    assert second.dose is not None
    assert second.dose.studies == 1
    run(tree, whole, NO_VOLUMES)
    assert rows_of(lake) == rows_of(whole)


def test_a_study_that_left_loses_its_rows(tree: Path, tmp_path: Path) -> None:
    lake, whole = tmp_path / "lake", tmp_path / "whole"
    run(tree, lake, NO_VOLUMES)
    (tree / "two-1.dcm").unlink()
    second = run(tree, lake, NO_VOLUMES)
    assert second.dose is not None
    assert (second.dose.studies, second.dose.gone) == (0, 1)
    run(tree, whole, NO_VOLUMES)
    assert rows_of(lake) == rows_of(whole)


def test_a_superseding_report_that_leaves_gives_the_older_one_its_events_back(
    tree: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    save(tree, "two", "a", "c", number=2)
    run(tree, lake, NO_VOLUMES)
    assert len(DoseLake(lake).of("ct_irradiation_events", "two")) == 2
    (tree / "two-2.dcm").unlink()
    run(tree, lake, NO_VOLUMES)
    (event,) = DoseLake(lake).of("ct_irradiation_events", "two")
    assert event["active"] is True
    (report,) = DoseLake(lake).of("dose_reports", "two")
    assert (report["status"], report["superseded_by"]) == ("active", None)


def test_a_report_that_cannot_be_read_is_tried_again_and_costs_no_rows(
    tree: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    run(tree, lake, NO_VOLUMES)
    before = rows_of(lake)
    hidden = tree / "two-1.dcm"
    times = hidden.stat()
    shutil.move(hidden, tmp_path / "aside")
    lost = again(lake, reprocess=True)
    assert lost.dose is not None
    assert (lost.dose.unread, lost.exit_code) == (1, 3)
    during = rows_of(lake)
    outcomes = {row["outcome"] for row in during["dose_studies"]}
    assert outcomes == {"reports", "unreadable"}
    assert {k: v for k, v in during.items() if k != "dose_studies"} == {
        k: v for k, v in before.items() if k != "dose_studies"
    }
    assert again(lake).outcome == "unchanged"
    shutil.move(tmp_path / "aside", hidden)
    os.utime(hidden, ns=(times.st_atime_ns, times.st_mtime_ns))
    found = again(lake)
    assert (found.outcome, found.exit_code) == ("committed", 0)
    assert rows_of(lake) == before


def test_settings_that_shape_rows_have_studies_read_again_and_others_only_levels(
    tree: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    run(tree, lake, NO_VOLUMES)
    version = open_version(lake)
    assert not pending_studies(version, DOSE).studies
    tokens = DOSE.model_copy(update={"phantom_tokens": ("nobody",)})
    assert len(pending_studies(version, tokens).studies) == 2
    bands = DOSE.model_copy(update={"min_n": 3})
    assert not pending_studies(version, bands).studies


def test_results_of_an_older_version_count_only_for_studies_that_did_not_change(
    tree: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    ingest_only = settings(run__volumes=False, run__dose=False)
    run(tree, lake, ingest_only)
    older = open_version(lake)
    lineage = Lineage("r", "0", 3)
    pending = pending_studies(older, DOSE).studies
    jobs = study_jobs(older, NO_VOLUMES, tmp_path, lineage, pending)
    results = [read_studies(job) for job in jobs]
    save(tree, "two", "a", "c", number=2)
    run(tree, lake, ingest_only)
    change = dose_change(open_version(lake), results, DOSE, lineage, tmp_path)
    kept = change.tables["dose_studies"].upserts["study_instance_uid"].to_pylist()
    assert kept == [uid("study", "one")]
    exams = change.tables["dose_exams"].upserts["study_instance_uid"].to_pylist()
    assert exams == [uid("study", "one")]


def test_a_column_that_no_table_has_is_a_defect() -> None:
    with pytest.raises(KeyError, match="dose_millisievert"):
        to_arrow(SCHEMAS["dose_exams"], [{"dose_millisievert": 1.0}], {})


def test_nan_is_no_dose() -> None:
    lineage = {"run_id": "r", "pipeline_version": "0", "schema_version": 3}
    rows = [{"kvp": float("nan"), "kvp_list": [1.0, float("inf")], "active": True}]
    (row,) = to_arrow(SCHEMAS["ct_irradiation_events"], rows, lineage).to_pylist()
    assert (row["kvp"], row["kvp_list"], row["active"]) == (None, [1.0, None], True)
