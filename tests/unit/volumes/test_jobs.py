"""The volume stage over committed rows: pending, jobs, rebase, and what is tried again."""

import dataclasses
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pytest
from make.lakes import build_volumes, ingest, lineage
from make.rows import default_settings
from make.series import ct_series, ct_slice, write

from dicomlake.pipeline.headers.attempt import Batch, attempt
from dicomlake.pipeline.series import committed
from dicomlake.pipeline.series.verdict import UNDECIDED, judge
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.volumes.jobs import (
    build_series,
    pending_series,
    series_jobs,
    volumes_change,
)


def three_series(root: Path) -> Path:
    ct_series(root / "a", 6, name="a")
    ct_series(root / "b", 3, name="b")
    for k in range(2):
        report = ct_slice(k, name="c", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67", PixelData=None)
        write(report, root / "c" / f"{k}")
    return root


def test_every_series_is_pending_once_and_judged_series_are_not(tmp_path: Path) -> None:
    base = ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    assert sorted(each.n_slices for each in pending_series(base)) == [2, 3, 6]
    version, results = build_volumes(tmp_path / "lake")
    assert version is not None
    assert len(results) == 3
    assert pending_series(version) == ()
    assert build_volumes(tmp_path / "lake") == (None, [])


def test_v18_a_series_without_a_slice_has_rows_of_instances_only(tmp_path: Path) -> None:
    ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    version, _ = build_volumes(tmp_path / "lake")
    assert version is not None
    assert sorted(version.read("volumes")["reason"].to_pylist(), key=str) == [
        None, "TOO_FEW_SLICES",
    ]  # fmt: skip
    reasons = version.read("volume_instances")["reason"].to_pylist()
    assert sorted(map(str, reasons)) == ["NOT_A_SLICE_CLASS"] * 2 + ["None"] * 9


def test_rows_are_read_in_chunks_of_series_and_jobs_do_not_depend_on_it(
    tmp_path: Path, monkeypatch
) -> None:
    base = ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    settings, run = default_settings(), lineage("r")
    together = list(series_jobs(base, settings, tmp_path / "s", run))
    monkeypatch.setattr(committed, "_CHUNK_SLICES", 1)
    apart = list(series_jobs(base, settings, tmp_path / "s", run))
    assert [job.key for job in together] == sorted(
        (job.key for job in apart), key=lambda key: key.study_instance_uid
    )
    for one, other in zip(together, apart, strict=True):
        assert one.rows.instances.equals(other.rows.instances)
        assert one.planned == other.planned


def test_a_job_and_its_result_pickle_and_give_the_same_rows(tmp_path: Path) -> None:
    base = ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    for job in series_jobs(base, default_settings(), tmp_path / "lake" / "staging" / "r",
                           lineage("r")):  # fmt: skip
        there = pickle.loads(pickle.dumps(build_series(pickle.loads(pickle.dumps(job)))))
        here = build_series(job)
        assert there.volumes.equals(here.volumes)
        assert there.volume_instances.equals(here.volume_instances)


def _touch(base: Version, lake: Path, uid_like: str, run_id: str) -> Version:
    """Commit files of one series as changed by another run."""
    instances = base.read("instances")
    mine = instances.filter(pc.equal(instances["series_instance_uid"], uid_like))
    files = base.read("files")
    changed = files.filter(pc.is_in(files["file_id"], value_set=mine["file_id"]))
    column = files.schema.get_field_index("last_changed_run")
    names = changed["last_changed_run"].to_pylist()
    size = files.schema.get_field_index("ctime_ns")
    changed = changed.set_column(
        column, files.schema.field(column), [[run_id] * len(names)]
    ).set_column(size, files.schema.field(size), [[1] * len(names)])
    with open_for_writing(lake, default_settings()) as writer:
        version = writer.commit(run_id, lambda _: Change({"files": TableDelta(changed)}))
    assert version is not None
    return version


def test_a_rebase_drops_the_results_of_series_whose_files_changed(tmp_path: Path) -> None:
    base = ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    jobs = list(series_jobs(base, default_settings(), tmp_path / "lake" / "staging" / "r",
                            lineage("r")))  # fmt: skip
    results = [build_series(job) for job in jobs]
    newer = _touch(base, tmp_path / "lake", jobs[0].key.series_instance_uid, "other")
    assert volumes_change(base, results).tables["volume_instances"].upserts.num_rows == 11
    kept = volumes_change(newer, results).tables["volume_instances"].upserts
    assert set(kept["series_instance_uid"].to_pylist()) == {
        job.key.series_instance_uid for job in jobs[1:]
    }


def test_new_rows_of_a_series_replace_all_its_earlier_ones(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 3)
    ingest(tmp_path / "in", tmp_path / "lake")
    first, _ = build_volumes(tmp_path / "lake")
    assert first is not None
    loose = default_settings(volumes={"min_slices": 2})
    with open_for_writing(tmp_path / "lake", loose) as writer:
        jobs = series_jobs(writer.base, loose, writer.staging("again"), lineage("again"),
                           committed.all_series(writer.base))  # fmt: skip
        results = [build_series(job) for job in jobs]
        version = writer.commit("again", lambda base: volumes_change(base, results))
    assert version is not None
    assert version.read("volumes")["status"].to_pylist() == ["accepted"]
    assert version.rows("volume_instances") == 3


def test_a_file_that_was_away_is_tried_again_until_it_is_back(tmp_path: Path) -> None:
    paths = ct_series(tmp_path / "in")
    base = ingest(tmp_path / "in", tmp_path / "lake")
    paths[2].rename(tmp_path / "away")
    version, _ = build_volumes(tmp_path / "lake")
    assert version is not None
    assert version.read("volumes")["reason"].to_pylist() == ["PIXEL_DATA_ERROR"]
    assert len(pending_series(version)) == 1
    again, results = build_volumes(tmp_path / "lake")
    assert again is None, "nothing changed, so no version"
    assert len(results) == 1
    (tmp_path / "away").rename(paths[2])
    version, _ = build_volumes(tmp_path / "lake")
    assert version is not None
    assert version.number > base.number
    assert version.read("volumes")["status"].to_pylist() == ["accepted"]


def test_plan_judges_committed_rows_without_opening_a_file(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 6)
    twin = ct_slice(2)
    twin.SOPInstanceUID = "2.25.999999"
    write(twin, tmp_path / "in" / "twin")
    base = ingest(tmp_path / "in", tmp_path / "lake")
    shutil.rmtree(tmp_path / "in")
    ((_, rows),) = committed.series_rows(base, committed.all_series(base))
    verdict = judge(rows, default_settings().volumes)
    assert [len(group) for group in verdict.undecided] == [7]
    assert "pixels" in UNDECIDED


def test_copies_of_an_instance_come_with_its_series(tmp_path: Path) -> None:
    root = tmp_path / "in"
    ct_series(root / "a", 5)
    base = ingest(root, tmp_path / "lake")
    shutil.copytree(root / "a", root / "copy")
    settings = default_settings()
    again = list((root / "copy").iterdir())
    from make.lakes import entries  # noqa: PLC0415  (beside its only use)

    copies = [entry for entry in entries(root) if entry.path.startswith("copy/")]
    files = attempt(Batch(1, "s", str(root), tuple(copies), settings, lineage("c"))).files
    column = files.schema.get_field_index("status")
    files = files.set_column(column, files.schema.field(column), [["duplicate"] * len(again)])
    with open_for_writing(tmp_path / "lake", settings) as writer:
        writer.commit("c", lambda _: Change({"files": TableDelta(files)}))
    version, _ = build_volumes(tmp_path / "lake")
    assert version is not None
    assert version.number == base.number + 2
    rows = version.read("volume_instances")
    assert sorted(rows["role"].to_pylist()) == ["duplicate"] * 5 + ["slice"] * 5
    assert rows["volume_id"].null_count == 0


_NO_PANDAS = """
import sys
from pathlib import Path
from dicomlake.config.settings import load_settings
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.volumes.jobs import build_series, series_jobs, volumes_change
settings = load_settings(environment={})
lake = Path(sys.argv[1])
with open_for_writing(lake, settings) as writer:
    jobs = series_jobs(writer.base, settings, writer.staging("r"), Lineage("r", "0", 1))
    results = [build_series(job) for job in jobs]
    change = volumes_change(writer.base, results)
assert change.tables["volumes"].upserts.num_rows == 2
print("pandas" in sys.modules, "pydicom" in sys.modules, "dask" in sys.modules)
"""


def test_a_job_carries_the_rows_of_its_own_series_alone(tmp_path: Path) -> None:
    base = ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    jobs = series_jobs(base, default_settings(), tmp_path / "s", lineage("r"))
    sizes = sorted((job.rows.instances.num_rows, len(pickle.dumps(job.rows))) for job in jobs)
    assert [rows for rows, _ in sizes] == [2, 3, 6]
    assert sizes[0][1] < sizes[-1][1], "a slice of a table pickles all of it"


def test_the_volume_stage_imports_neither_pandas_nor_pydicom_nor_dask(tmp_path: Path) -> None:
    ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    done = subprocess.run(
        [sys.executable, "-c", _NO_PANDAS, str(tmp_path / "lake")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["False", "False", "False"]


def test_the_change_of_a_version_zero_lake_is_empty(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "lake", default_settings()):
        pass
    base = open_version(tmp_path / "lake")
    assert pending_series(base) == ()
    change = volumes_change(base, [])
    assert all(delta.upserts.num_rows == 0 for delta in change.tables.values())


def test_results_say_which_version_they_were_planned_against(tmp_path: Path) -> None:
    base = ingest(three_series(tmp_path / "in"), tmp_path / "lake")
    (first, *_) = series_jobs(base, default_settings(), tmp_path / "s", lineage("r"))
    assert first.version == base.number
    assert Path(first.lake).is_absolute()
    assert dataclasses.replace(first, version=7).version == 7


def _rejected(base: Version, lake: Path, reason: str, detail: str) -> Version:
    """Commit the one verdict of a lake as older code would have given it."""
    table = base.read("volumes")
    for name, value in (("reason", reason), ("detail", detail), ("status", "rejected")):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), [[value]])
    with open_for_writing(lake, default_settings()) as writer:
        version = writer.commit("older", lambda _: Change({"volumes": TableDelta(table)}))
    assert version is not None
    return version


@pytest.mark.parametrize(
    ("reason", "detail", "again"),
    [
        ("NOT_SUPPORTED_YET", "{}", True),
        ("UNSUPPORTED_TRANSFER_SYNTAX",
         '{"transfer_syntaxes": {"1.2.840.10008.1.2.5": 6}}', True),
        ("UNSUPPORTED_TRANSFER_SYNTAX",
         '{"transfer_syntaxes": {"1.2.840.10008.1.2.4.100": 6}}', False),
        ("MIXED_MATRIX", "{}", False),
    ],
)  # fmt: skip
def test_what_older_code_could_not_do_is_judged_again_once(
    tmp_path: Path, reason: str, detail: str, again: bool
) -> None:
    ct_series(tmp_path / "in")
    ingest(tmp_path / "in", tmp_path / "lake")
    version, _ = build_volumes(tmp_path / "lake")
    assert version is not None
    older = _rejected(version, tmp_path / "lake", reason, detail)
    assert len(pending_series(older)) == int(again)
    if again:
        newer, _ = build_volumes(tmp_path / "lake", "again")
        assert newer is not None
        assert newer.read("volumes")["reason"].to_pylist() == [None]
        assert pending_series(newer) == ()
