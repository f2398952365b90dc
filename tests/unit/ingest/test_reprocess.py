"""`--reprocess`: every file is read again, and what settings or code add comes to old rows."""

import json
import shutil
from pathlib import Path

import pytest
from make.content import SETTINGS
from make.ingest import Ingester, add_volume_rows
from make.series import ct_series, ct_slice, write

from dicomlake.config.settings import Settings
from dicomlake.flows.request import RunRequest
from dicomlake.flows.status import Shown, status
from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.headers.attempt import Lineage


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def with_headers(**changes: object) -> Settings:
    return SETTINGS.model_copy(update={"headers": SETTINGS.headers.model_copy(update=changes)})


def runs_of(ingest: Ingester) -> list[str]:
    return sorted({row["run_id"] for row in ingest.rows("files", "run_id")})


def test_a_table_turned_on_later_is_filled_for_unchanged_files(
    tree: Path, ingest: Ingester
) -> None:
    ct_series(tree, 3)
    ingest(tree)
    ingest.settings = with_headers(dicom_json=True, elements=True)
    assert ingest(tree).version is None
    assert ingest.rows("dicom_json") == []
    done = ingest(tree, reprocess=True)
    assert done.read_paths() == done.plan.to_read == 3
    assert (done.plan.unchanged, done.plan.outdated) == (0, 0)
    uids = {row["sop_instance_uid"] for row in ingest.rows("instances")}
    assert {row["sop_instance_uid"] for row in ingest.rows("dicom_json")} == uids
    assert {row["sop_instance_uid"] for row in ingest.rows("elements")} == uids
    ingest.settings = with_headers(dicom_json=False, elements=False)
    ingest(tree, reprocess=True)
    assert ingest.rows("dicom_json") == ingest.rows("elements") == []


def test_files_that_failed_or_are_no_dicom_are_read_again_too(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 2)
    (tree / "broken").write_bytes(b"")
    (tree / "note.txt").write_text("no DICOM")
    ingest(tree)
    done = ingest(tree, reprocess=True)
    assert done.read_paths() == 4
    assert done.counts.by_status == {"ingested": 2, "not_dicom": 1, "quarantined": 1}


def test_the_same_code_and_settings_find_nothing_to_change(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 3)
    write(ct_slice(7), tree / "first")
    shutil.copy(tree / "first", tree / "second")
    ingest(tree)
    before = ingest.statuses()
    assert ingest(tree, reprocess=True).version is None
    assert ingest.statuses() == before


def test_rows_of_other_settings_become_the_runs_own_and_volumes_stay(
    tree: Path, ingest: Ingester
) -> None:
    ct_series(tree, 3)
    ingest(tree)
    add_volume_rows(ingest)
    volumes = ingest.rows("volumes")
    ingest.settings = with_headers(elements=True)
    done = ingest(tree, reprocess=True)
    assert done.version is not None
    assert runs_of(ingest) == ["run-0002"]
    assert ingest.rows("volumes") == volumes
    first_seen = {row["first_seen_run"] for row in ingest.rows("files", "first_seen_run")}
    assert first_seen == {"run-0001"}
    assert ingest(tree, reprocess=True).version is None


def test_rows_of_older_code_become_those_of_this_code(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    ct_series(tree, 2)
    with monkeypatch.context() as patched:
        patched.setattr("make.ingest.Lineage", _older)
        ingest(tree)
    assert {row["pipeline_version"] for row in ingest.rows("files")} == {"0.0.1"}
    assert ingest(tree).version is None
    ingest(tree, reprocess=True)
    assert {row["pipeline_version"] for row in ingest.rows("files")} == {"0.1.0"}


def _older(run_id: str, _version: str, schema_version: int) -> Lineage:
    return Lineage(run_id, "0.0.1", schema_version)


def test_status_counts_the_files_read_otherwise_than_by_the_last_run(
    tmp_path: Path, ingest: Ingester, capsys: pytest.CaptureFixture[str]
) -> None:
    def counted() -> int:
        status(ingest.lake, Shown(runs=1), as_json=True)
        return int(json.loads(capsys.readouterr().out)["files_of_other_code_or_settings"])

    for name in "ab":
        ct_series(tmp_path / name, 2, name=name)
    ingest(tmp_path / "a", tmp_path / "b")
    assert counted() == 0
    ingest.settings = with_headers(elements=True)
    ingest(tmp_path / "a", reprocess=True)
    assert counted() == 2
    ingest(tmp_path / "b", reprocess=True)
    assert counted() == 0


def test_every_file_and_failed_files_only_contradict_each_other(tmp_path: Path) -> None:
    request = RunRequest(lake=tmp_path / "lake", only_failed=True, reprocess=True)
    with pytest.raises(UsageError, match="contradict"):
        request.require_one_choice()


def test_deleted_files_stay_deleted_and_gone_ones_leave(tree: Path, ingest: Ingester) -> None:
    paths = ct_series(tree, 3)
    ingest(tree)
    paths[0].unlink()
    ingest(tree)
    paths[1].unlink()
    done = ingest(tree, reprocess=True)
    assert (done.counts.files_seen, done.counts.deleted) == (1, 1)
    assert sorted(state for state, _ in ingest.statuses().values()) == [
        "deleted",
        "deleted",
        "ingested",
    ]


def test_rows_of_sources_not_named_stay(tmp_path: Path, ingest: Ingester) -> None:
    for name in "ab":
        ct_series(tmp_path / name, 2, name=name)
    ingest(tmp_path / "a", tmp_path / "b")
    ingest.settings = with_headers(elements=True)
    ingest(tmp_path / "a", reprocess=True)
    rows = ingest.rows("files", "source", "run_id")
    assert {(row["source"], row["run_id"]) for row in rows} == {
        ("a", "run-0002"),
        ("b", "run-0001"),
    }
