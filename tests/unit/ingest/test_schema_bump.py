"""A newer schema: files are read again once for the columns that only they can fill."""

import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import make
import pytest
from make import ingest as make_ingest
from make.ingest import Ingester, add_volume_rows
from make.series import ct_series, ct_slice, write

from dicomlake.flows.status import Shown, status
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas import evolution
from dicomlake.schemas.evolution import SCHEMA_VERSION, reread_before

BEFORE = reread_before() - 1
"""A schema that lacks columns read from files."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def ingest_as_before(monkeypatch: pytest.MonkeyPatch, ingest: Ingester, *sources: Path) -> None:
    """Ingest with rows and parts that say the older schema."""
    with monkeypatch.context() as patched:
        patched.setattr(make_ingest, "SCHEMA_VERSION", BEFORE)
        for module in WRITERS:
            patched.setattr(f"{module}.SCHEMA_VERSION", BEFORE)
        patched.setattr(evolution, "reread_before", lambda: BEFORE)
        ingest(*sources)
    assert versions(ingest, "files") == {BEFORE}
    assert {part.schema_version for part in all_parts(ingest)} == {BEFORE}


def _writers() -> list[str]:
    return [
        name
        for name, module in sorted(sys.modules.items())
        if name.startswith("dicomlake.pipeline.tables.") and hasattr(module, "SCHEMA_VERSION")
    ]


WRITERS = _writers()


def versions(ingest: Ingester, table: str) -> set[int]:
    return {row["schema_version"] for row in ingest.rows(table, "schema_version")}


def all_parts(ingest: Ingester) -> list[Any]:
    manifest = open_version(ingest.lake).manifest
    return [part for parts in manifest.tables.values() for part in parts]


def test_one_run_reads_again_and_the_next_finds_nothing_to_do(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    ct_series(tree, 3)
    (tree / "note.txt").write_text("no DICOM")
    ingest_as_before(monkeypatch, ingest, tree)
    done = ingest(tree)
    assert done.version is not None
    assert (done.plan.to_read, done.plan.outdated, done.counts.outdated) == (3, 3, 3)
    assert done.counts.instances_changed == 3
    statuses = ingest.rows("files", "status", "schema_version")
    assert sorted((row["status"], row["schema_version"]) for row in statuses) == [
        *[("ingested", SCHEMA_VERSION)] * 3,
        ("not_dicom", BEFORE),
    ]
    for name in ("instances", "series", "studies", "patients", "ct_series"):
        assert versions(ingest, name) == {SCHEMA_VERSION}, name
    assert {part.schema_version for part in all_parts(ingest)} == {SCHEMA_VERSION}
    again = ingest(tree)
    assert again.version is None
    assert (again.plan.to_read, again.plan.outdated) == (0, 0)


def test_duplicates_and_conflicts_are_read_again_without_reading_their_pixels_for_duplicates(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ct_slice(0), tree / "a")
    shutil.copy(tree / "a", tree / "b")
    ingest_as_before(monkeypatch, ingest, tree)
    before = ingest.statuses()
    done = ingest(tree)
    assert done.plan.outdated == 2
    assert done.hashed == []
    assert ingest.statuses() == before
    assert versions(ingest, "files") == {SCHEMA_VERSION}
    assert ingest(tree).version is None


def test_a_file_whose_times_changed_too_is_hashed_anew(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ct_slice(0), tree / "a")
    shutil.copy(tree / "a", tree / "b")
    ingest_as_before(monkeypatch, ingest, tree)
    write(ct_slice(0, PatientComments="other"), tree / "b")
    done = ingest(tree)
    assert {Path(job.path).name for job in done.hashed} >= {"b"}
    assert done.counts.by_status == {"conflict": 1, "ingested": 1}


def test_a_file_that_cannot_be_read_now_waits_for_the_next_run(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ct_series(tree, 2)
    ingest_as_before(monkeypatch, ingest, tree)
    denied = os.fsencode(paths[0].name)
    really = os.open

    def opened(path: Any, *args: Any, **options: Any) -> int:
        if os.path.basename(os.fsencode(path)) == denied:
            raise PermissionError(13, "denied")
        return really(path, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", opened)
        done = ingest(tree)
    assert done.counts.by_status == {"ingested": 1, "skipped": 1}
    assert versions(ingest, "files") == {BEFORE, SCHEMA_VERSION}
    done = ingest(tree)
    assert (done.plan.to_read, done.plan.outdated) == (1, 1)
    assert versions(ingest, "files") == {SCHEMA_VERSION}
    assert ingest(tree).plan.to_read == 0


def test_files_of_sources_not_named_wait_until_theirs_is(
    tmp_path: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        ct_series(tmp_path / name, 2, name=name)
    ingest_as_before(monkeypatch, ingest, tmp_path / "a", tmp_path / "b")
    assert ingest(tmp_path / "a").plan.outdated == 2
    assert versions(ingest, "files") == {BEFORE, SCHEMA_VERSION}
    assert len(ingest.rows("instances")) == 4
    assert ingest(tmp_path / "a").version is None
    assert ingest(tmp_path / "b").plan.outdated == 2
    assert versions(ingest, "instances") == {SCHEMA_VERSION}


def test_volume_rows_of_files_read_again_stay(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    ct_series(tree, 3)
    ingest_as_before(monkeypatch, ingest, tree)
    add_volume_rows(ingest)
    volumes = ingest.rows("volumes", "volume_id")
    assert volumes
    ingest(tree)
    assert ingest.rows("volumes", "volume_id") == volumes


def test_gone_files_are_no_files_to_read_again(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = ct_series(tree, 3)
    ingest_as_before(monkeypatch, ingest, tree)
    paths[2].unlink()
    done = ingest(tree)
    assert (done.plan.outdated, done.counts.deleted) == (2, 1)
    assert done.plan.batches == (2,)


def test_status_says_how_many_files_wait_for_the_new_schema(
    tree: Path,
    ingest: Ingester,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def waiting() -> int:
        status(ingest.lake, Shown(runs=0), as_json=True)
        return int(json.loads(capsys.readouterr().out)["files_to_read_again_for_schema"])

    ct_series(tree, 3)
    (tree / "note.txt").write_text("no DICOM")
    ingest_as_before(monkeypatch, ingest, tree)
    assert waiting() == 3
    ingest(tree)
    assert waiting() == 0


def unpacked(folder: Path) -> Path:
    """Unpack a lake as schema 1 wrote it, and its source; return the source."""
    archive = Path(make.__file__).parent / "lake_of_schema_1.tar.xz"
    with tarfile.open(archive) as members:
        members.extractall(folder, filter="data")
    for path in [*(folder / "lake" / "versions").iterdir(), folder / "lake" / "runs.jsonl"]:
        path.write_text(path.read_text().replace("@ROOT@", str(folder / "tree")))
    return folder / "tree"


def test_a_lake_that_schema_1_wrote_becomes_as_one_made_anew(
    tmp_path: Path, ingest: Ingester
) -> None:
    source = unpacked(tmp_path)
    assert open_version(ingest.lake).manifest.schema_version == 1
    done = ingest(source)
    assert done.plan.outdated == 4
    assert done.counts.by_status == {"duplicate": 1, "ingested": 3, "not_dicom": 1}
    anew = Ingester(tmp_path / "anew")
    anew(source)
    tables = open_version(anew.lake).manifest.tables
    assert open_version(ingest.lake).manifest.tables.keys() == tables.keys()
    for name in tables.keys() - {"runs", "changes"}:  # the lake's own past
        assert said(ingest, name) == said(anew, name), name
    assert {part.schema_version for part in all_parts(ingest)} == {SCHEMA_VERSION}
    assert ingest(source).version is None


def said(ingest: Ingester, table: str) -> list[str]:
    """Return the rows of a table without what says which run wrote them."""
    by_run = {"run_id", "first_seen_run", "last_changed_run", "pipeline_version"}
    found = ingest.rows(table)
    return sorted(str({k: v for k, v in row.items() if k not in by_run}) for row in found)
