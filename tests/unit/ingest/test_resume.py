"""A run that did not end costs the next one only what was left to read, and changes nothing."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from make.enhanced import nuclear
from make.killed import killed
from make.series import ct_series, ct_slice, write

from dicomlake.config.settings import Settings, load_settings
from dicomlake.flows.exits import Terminated
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary
from dicomlake.pipeline.headers.attempt import Attempt, Batch, Lineage, attempt
from dicomlake.pipeline.tables import faults, resume, spill, staging
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import verify
from dicomlake.pipeline.volumes.store import volume_digest
from dicomlake.schemas.tables import TABLES

ABOUT_RUNS = {"run_id", "first_seen_run", "last_changed_run"}
FILES = 28
"""Files of the tree, of which 2 are quarantined."""


class Silent:
    def advance(self, files: int, size: int = 0) -> None: ...


@contextmanager
def no_meter(*_: object) -> Iterator[Progress]:
    yield Silent()


def settings(**headers: object) -> Settings:
    """Return settings of an inline run with small batches and all tables."""
    given = {"elements": True, "dicom_json": True, **headers}
    return load_settings(
        None,
        None,
        {"engine.workers": 0, "engine.batch_files": 3}
        | {f"headers.{name}": value for name, value in given.items()},
    )


def run(
    lake: Path, *sources: Path, command: Any = "ingest", chosen: Settings | None = None, **more: Any
) -> RunSummary:
    request = RunRequest(lake=lake, sources=tuple(map(str, sources)), **more)
    return execute(request, command, chosen or settings(), DirectReporter(no_meter))


def counts(summary: RunSummary) -> tuple[int, int]:
    """Return how many files a run read, and how many it took up."""
    assert summary.files is not None
    assert summary.files.seen == sum(summary.files.by_status.values())
    return summary.files.read, summary.files.resumed


def content(lake: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table in their order, without what tells of runs."""
    version = open_version(lake)
    kept = {
        name: [c for c in table.by_name if c not in ABOUT_RUNS] for name, table in TABLES.items()
    }
    return {
        name: version.read(name, columns).to_pylist()
        for name, columns in kept.items()
        if name not in ("runs", "changes")
    }


def plant(tree: Path) -> Path:
    """Write series, a multi-frame object, copies, a conflict, text and broken files."""
    ct_series(tree / "a", 9, name="first")
    ct_series(tree / "b" / "deep", 7, name="second")
    write(ct_slice(0, name="first"), tree / "copy" / "same.dcm")
    write(ct_slice(1, name="first", PatientName="Other^Name"), tree / "copy" / "other.dcm")
    write(nuclear(), tree / "e" / "frames.dcm")
    for k in range(6):
        (tree / "b" / f"note{k}").write_text(
            "no DICOM at all, but long enough to be looked at\n" * 9
        )
    (tree / "b" / "empty.dcm").touch()
    cut = ct_series(tree / "cut", 1, name="cut")[0]
    cut.write_bytes(cut.read_bytes()[:400])
    (tree / "d").mkdir()
    (tree / "d" / "last").write_text("text\n" * 100)
    return tree


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("planted") / "tree")


@pytest.fixture(scope="module")
def undisturbed(
    planted: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    lake = tmp_path_factory.mktemp("undisturbed") / "lake"
    assert counts(run(lake, planted)) == (FILES, 0)
    return content(lake)


def left(lake: Path) -> list[str]:
    """Return what stands in staging."""
    return sorted(path.name for path in (lake / "staging").iterdir())


def staged(lake: Path) -> list[Path]:
    """Return the whole batches in staging."""
    return sorted((lake / "staging").glob("*/batches/[0-9]*"))


def test_a_killed_run_is_taken_up_and_only_the_rest_is_read(
    tmp_path: Path, planted: Path, undisturbed: dict[str, Any]
) -> None:
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, planted), "batch.staged:kill:4")
    assert len(staged(lake)) == 4
    summary = run(lake, planted)
    assert counts(summary) == (FILES - 11, 11)  # the empty file among 12 is tried again
    assert content(lake) == undisturbed
    assert left(lake) == []
    assert {f.code for f in verify(lake, deep=True)} <= {"unreferenced"}
    rows = open_version(lake).read("files", ["run_id", "first_seen_run", "last_changed_run"])
    assert {each for row in rows.to_pylist() for each in row.values()} == {summary.run_id}
    assert run(lake, planted).outcome == "unchanged"


def test_killed_again_and_again_also_while_taking_up_it_ends_as_if_nothing_had_been(
    tmp_path: Path, planted: Path, undisturbed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spill, "_ROWS", 4)  # batches lie across the pieces that are worked on
    lake = tmp_path / "lake"
    times = 0

    def again() -> None:
        run(lake, planted)

    for point in ("batch.staged", "batch.write") * FILES:
        if not killed(again, f"{point}:kill:{2 + 2 * times}"):
            break
        times += 1
    assert times > 3
    assert content(lake) == undisturbed
    assert left(lake) == []


def test_what_a_killed_run_read_is_taken_once_when_it_stands_in_two_folders(
    tmp_path: Path, planted: Path, undisturbed: dict[str, Any]
) -> None:
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, planted), "batch.staged:kill:5")
    (folder,) = (lake / "staging").iterdir()
    shutil.copytree(folder, folder.with_name(f"{folder.name}-copy"))
    read, resumed = counts(run(lake, planted))
    assert read + resumed == FILES
    assert content(lake) == undisturbed


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), Terminated()])
def test_a_run_that_a_full_disk_or_sigterm_ended_is_taken_up(
    tmp_path: Path,
    planted: Path,
    undisturbed: dict[str, Any],
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake = tmp_path / "lake"
    calls = iter(range(FILES))

    def fail(point: str) -> None:
        if point == "batch.write" and next(calls) == 4:
            raise error

    with monkeypatch.context() as failing:
        failing.setattr(staging, "reach", fail)
        with pytest.raises(type(error)):
            run(lake, planted)
    assert len(staged(lake)) == 4
    assert not list((lake / "staging").glob("*/batches/.*")), "the incomplete batch is removed"
    read, resumed = counts(run(lake, planted))
    assert (read + resumed, resumed >= 11) == (FILES, True)
    assert content(lake) == undisturbed


def rewrite(path: Path) -> None:
    write(ct_slice(2, name="first", SeriesDescription="corrected"), path)


def rename_over(path: Path) -> None:
    """Bring another file of equal size and times: only inode and time of change tell."""
    status = path.stat()
    other = path.with_name("other")
    shutil.copy2(path, other)
    data = bytearray(other.read_bytes())
    data[-2] ^= 1
    other.write_bytes(data)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def test_a_file_that_is_not_as_it_was_is_read_again_or_left_out(tmp_path: Path) -> None:
    changes: list[Callable[[Path], object]] = [
        rewrite,
        rename_over,
        Path.unlink,
        Path.touch,
        lambda path: path.chmod(0o640),
    ]
    paths = ct_series(tmp_path / "tree", 9, name="first")
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, tmp_path / "tree"), "batch.staged:kill:2")
    for path, change in zip(sorted(paths), changes, strict=False):
        change(path)
    assert counts(run(lake, tmp_path / "tree")) == (7, 1)
    run(tmp_path / "fresh", tmp_path / "tree")
    assert content(lake) == content(tmp_path / "fresh")


def test_what_was_deferred_or_skipped_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that goes away while it is read leaves a row that says nothing about the file."""
    tree = ct_series(tmp_path / "tree", 3, name="first")[0].parent
    lake = tmp_path / "lake"
    hidden = sorted(tree.iterdir())[1]

    def while_it_is_away() -> None:
        def attempt_without(batch: Batch) -> Attempt:
            hidden.rename(tmp_path / "away")
            return attempt(batch)

        monkeypatch.setattr(staging, "attempt", attempt_without)
        run(lake, tree)

    assert killed(while_it_is_away, "batch.staged:kill:1")
    (tmp_path / "away").rename(hidden)
    assert counts(run(lake, tree)) == (1, 2)


def test_other_settings_code_or_schema_take_nothing_up(
    tmp_path: Path, planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, planted), "batch.staged:kill:3")
    lineage = Lineage("next", "0.0.0", 1)
    with open_for_writing(lake, settings()) as writer:
        folder = writer.staging("next")
        assert [path.parent.name for path in resume.left_behind(folder)] == left(lake)[:1]
        plan = _plan(writer.base, planted, folder)
        assert resume.take_up(plan, folder, settings(), lineage).files == 0
    assert counts(run(lake, planted, chosen=settings(max_depth=9))) == (FILES, 0)
    assert len(staged(lake)) == 3, "what cannot be used is left to a clean-up"


def _plan(base: Any, tree: Path, folder: Path) -> Any:
    from dicomlake.pipeline.discovery.sources import Source  # noqa: PLC0415  (one use)
    from dicomlake.pipeline.tables.ingest import plan_ingest  # noqa: PLC0415  (one use)

    return plan_ingest(base, [Source("tree", str(tree))], settings(), folder)


def test_the_batches_of_a_run_that_is_alive_are_not_touched(tmp_path: Path, planted: Path) -> None:
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, planted), "batch.staged:kill:3")
    (folder,) = (lake / "staging").iterdir()
    with open_for_writing(lake, settings()) as other:
        (folder / "writer").unlink()
        other.writer.own(folder)
        assert counts(run(lake, planted)) == (FILES, 0)
        assert len(staged(lake)) == 3


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeros(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(bytes(64))


def test_a_batch_that_is_not_what_was_written_is_read_again(
    tmp_path: Path, planted: Path, undisturbed: dict[str, Any]
) -> None:
    """Staging is not synced: a machine that dies may leave names without their bytes."""
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, planted), "batch.staged:kill:5")
    damages = [(cut, "instances"), (zeros, "elements"), (Path.unlink, "files"), (cut, "batch")]
    for batch, (damage, name) in zip(staged(lake), damages, strict=False):
        (path,) = batch.glob(f"{name}.*")
        damage(path)
    assert counts(run(lake, planted)) == (FILES - 3, 3)
    assert content(lake) == undisturbed


def test_a_run_of_one_source_leaves_what_was_read_of_another(tmp_path: Path) -> None:
    one, two = (ct_series(tmp_path / name, 6, name=name)[0].parent for name in ("one", "two"))
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, one, two), "batch.staged:kill:3")
    assert counts(run(lake, one)) == (0, 6)
    assert len(staged(lake)) == 1
    assert counts(run(lake, two)) == (3, 3)
    assert left(lake) == []


def test_only_failed_neither_takes_nor_loses_what_was_read(tmp_path: Path, planted: Path) -> None:
    lake = tmp_path / "lake"
    assert killed(lambda: run(lake, planted / "a"), "batch.staged:kill:2")
    assert counts(run(lake, planted / "a", only_failed=True)) == (0, 0)
    assert counts(run(lake, planted / "a")) == (3, 6)


def test_a_volume_that_a_killed_run_had_finished_is_found_and_used(tmp_path: Path) -> None:
    tree = ct_series(tmp_path / "tree", 8, name="first")[0].parent
    lake, whole = tmp_path / "lake", tmp_path / "whole"
    chosen = load_settings(None, None, {"engine.workers": 0, "run.dose": False})
    assert killed(lambda: run(lake, tree, command="run", chosen=chosen), "manifest.open:kill:2")
    (group,) = (lake / "volumes").glob("*.zarr")
    inode = group.stat().st_ino
    assert open_version(lake).rows("volumes") == 0
    run(lake, tree, command="run", chosen=chosen)
    run(whole, tree, command="run", chosen=chosen)
    assert [path.stat().st_ino for path in (lake / "volumes").glob("*.zarr")] == [inode]
    assert content(lake) == content(whole)
    found = verify(lake, deep=True, volume_digest=volume_digest)
    assert {each.code for each in found} <= {"unreferenced"}


def test_every_batch_passes_the_points_at_which_it_can_be_made_to_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[str] = []
    monkeypatch.setattr(staging, "reach", passed.append)
    run(tmp_path / "lake", ct_series(tmp_path / "tree", 4)[0].parent)
    assert passed == [*faults.STAGING_POINTS] * 2
