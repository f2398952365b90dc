"""Whole runs through the command line: the same lake wherever the work is done, and its summary."""

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from make.series import ct_series
from make.soak import long
from make.tree import (
    MIXED_FILES,
    clean_environment,
    command,
    descendants,
    mixed_tree,
    start,
)

from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.tables import TABLES

pytestmark = pytest.mark.timeout(300)

VOLATILE = frozenset(
    {"run_id", "first_seen_run", "last_changed_run", "started_at", "committed_at", "duration_s"}
    | {"deleted_at", "workers"}
)
"""Columns that tell of the run and not of the data."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mixed_tree(tmp_path_factory.mktemp("sources") / "tree")


def run(tree: Path, lake: Path, *options: str, name: str = "run") -> dict[str, Any]:
    """Run the command on a tree and return its summary."""
    sources = [] if name in ("volumes", "dose") else [f"ward={tree}"]
    done = command(name, *sources, "--lake", str(lake), "--json", *options, cwd=lake.parent)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def rows(version: Version, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table without what tells of the run, in the order of its key."""
    names = [column.name for column in TABLES[table].columns if column.name not in VOLATILE]
    found = version.read(table, names).to_pylist()
    return sorted(found, key=lambda row: [str(row.get(name)) for name in TABLES[table].key])


def voxels(lake: Path) -> dict[str, str]:
    """Return the digest of every file of every volume."""
    files = (path for path in (lake / "volumes").rglob("*") if path.is_file())
    return {
        str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def assert_same_lake(first: Path, second: Path) -> None:
    for table in TABLES:
        if table != "runs":
            assert rows(open_version(first), table) == rows(open_version(second), table), table
    assert voxels(first) == voxels(second)
    assert voxels(first)


@pytest.fixture(scope="module")
def inline(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    lake = tmp_path_factory.mktemp("inline") / "lake"
    return lake, run(tree, lake, "--workers", "0")


def test_a_run_accounts_for_every_file(inline: tuple[Path, dict[str, Any]]) -> None:
    lake, summary = inline
    files = summary["files"]
    assert files["seen"] == files["read"] == MIXED_FILES
    assert sum(files["by_status"].values()) == MIXED_FILES
    assert files["by_status"] == {
        "duplicate": 1, "ingested": 16, "not_dicom": 1, "quarantined": 2,
    }  # fmt: skip
    assert files["proof"].startswith(f"{MIXED_FILES} files seen = ")
    assert open_version(lake).rows("files") == MIXED_FILES


def test_a_run_says_which_reader_read_each_header(inline: tuple[Path, dict[str, Any]]) -> None:
    lake, summary = inline
    readers = [row["reader"] for row in rows(open_version(lake), "files") if row["reader"]]
    counted = {name: readers.count(name) for name in sorted(set(readers))}
    assert summary["files"]["readers"] == counted
    assert sum(summary["files"]["fallbacks"].values()) == counted.get("pydicom", 0)


def test_a_run_makes_the_volumes_and_says_why_others_are_none(
    inline: tuple[Path, dict[str, Any]],
) -> None:
    lake, summary = inline
    assert summary["volumes"]["accepted"] == 2
    assert summary["volumes"]["rejected"] == {"TOO_FEW_SLICES": 1}
    accepted = [r for r in rows(open_version(lake), "volumes") if r["status"] == "accepted"]
    assert sorted(row["n_slices"] for row in accepted) == [6, 8]
    assert all((lake / row["path"]).is_dir() for row in accepted)


def test_a_run_is_recorded_in_the_tables_and_beside_them(
    inline: tuple[Path, dict[str, Any]],
) -> None:
    lake, summary = inline
    assert summary["version_after"] == open_version(lake).number == 3
    lines = [json.loads(line) for line in (lake / "runs.jsonl").read_text().splitlines()]
    assert [line["run_id"] for line in lines] == [summary["run_id"]]
    assert lines[0]["outcome"] == "committed"
    (row,) = open_version(lake).read("runs").to_pylist()
    assert row["files_seen"] == MIXED_FILES
    assert dict(row["files_by_status"]) == summary["files"]["by_status"]
    assert row["volumes_accepted"] == 2
    assert row["sources"] == ["ward"]
    assert dict(row["files_by_reader"]) == summary["files"]["readers"]
    assert dict(row["fallbacks"]) == summary["files"]["fallbacks"]
    assert row["files_outdated"] == summary["files"]["outdated"] == 0
    assert not list((lake / "staging").iterdir())


def test_a_run_with_nothing_new_makes_no_version_and_reads_nothing(
    inline: tuple[Path, dict[str, Any]], tree: Path
) -> None:
    lake, first = inline
    before = sorted(str(path) for path in (lake / "data").rglob("*"))
    second = run(tree, lake, "--workers", "0")
    assert second["outcome"] == "unchanged"
    assert second["version_after"] == first["version_after"]
    assert second["files"]["read"] == 0
    assert second["files"]["unchanged"] == second["files"]["seen"] == MIXED_FILES
    assert sum(second["files"]["by_status"].values()) == MIXED_FILES
    assert second["volumes"]["series"] == 0
    assert sorted(str(path) for path in (lake / "data").rglob("*")) == before
    assert len((lake / "runs.jsonl").read_text().splitlines()) == 2


def test_ingest_volumes_and_dose_apart_give_the_lake_of_run(
    inline: tuple[Path, dict[str, Any]], tree: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    tables = run(tree, lake, "--workers", "0", name="ingest")
    assert tables["volumes"] is None
    assert tables["tables"]["volumes"] == 0
    volumes = run(tree, lake, "--workers", "0", name="volumes")
    assert volumes["volumes"]["accepted"] == 2
    assert volumes["files"] is volumes["dose"] is None
    doses = run(tree, lake, "--workers", "0", name="dose")
    assert doses["dose"]["studies"] > 0
    assert_same_lake(inline[0], lake)


def test_no_volumes_stops_at_the_tables(tree: Path, tmp_path: Path) -> None:
    summary = run(tree, tmp_path / "lake", "--workers", "0", "--no-volumes")
    assert summary["volumes"] is None
    assert summary["tables"]["instances"] == 16
    assert summary["tables"]["volumes"] == 0


def test_untracked_inline_runs_import_no_prefect_no_dask_and_no_pandas(
    tree: Path, tmp_path: Path
) -> None:
    code = (
        "import sys\n"
        "from dicomlake.flows.cli import main\n"
        "try:\n"
        f"    main(['run', {str(tree)!r}, '--workers', '0'])\n"
        "finally:\n"
        "    heavy = {'prefect', 'dask', 'distributed', 'pandas'} & set(sys.modules)\n"
        "    print('imported', *sorted(heavy))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        env=clean_environment(),
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "imported"
    assert "not tracked: no Prefect API configured" in done.stderr


def test_the_summary_for_people_fits_80_columns_and_the_log_is_on_standard_error(
    tree: Path, tmp_path: Path
) -> None:
    done = command("run", str(tree), "--workers", "0", cwd=tmp_path)
    assert done.returncode == 0
    tables = done.stdout[done.stdout.index("Files by status") : done.stdout.index("files read")]
    assert max(map(len, tables.splitlines())) <= 80
    assert "\x1b" not in done.stdout + done.stderr
    assert "next: dicomlake export" in done.stdout
    assert f"headers: {MIXED_FILES} of {MIXED_FILES} files" in done.stderr


def test_the_log_may_be_json_and_kept_in_a_file(tree: Path, tmp_path: Path) -> None:
    options = ["--log-format", "json", "--log-file", "run.log"]
    done = command("ingest", str(tree), "--workers", "0", *options, cwd=tmp_path)
    assert done.returncode == 0
    shown = [json.loads(line) for line in done.stderr.splitlines()]
    kept = [json.loads(line) for line in (tmp_path / "run.log").read_text().splitlines()]
    assert shown == kept
    assert {"time", "level", "message"} == set(shown[0])
    assert (tmp_path / "run.log").stat().st_mode & 0o077 == 0


def test_no_value_of_a_patient_stands_in_what_a_run_says(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 5, PatientName="Secretname^Ada", PatientID="SECRETID")
    broken = ct_series(tmp_path / "in", 1, PatientID="SECRETID", SOPInstanceUID=None)[0]
    assert broken.exists()
    done = command("run", str(tmp_path / "in"), "--workers", "0", "-v", cwd=tmp_path)
    said = done.stdout + done.stderr + (tmp_path / "lake" / "runs.jsonl").read_text()
    assert "secret" not in said.lower()


def unreadable(path: Path) -> bool:
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        return True
    return False  # root reads everything


def test_files_without_permission_give_exit_code_3(tmp_path: Path) -> None:
    series = ct_series(tmp_path / "in", 5)
    if not unreadable(series[0]):
        pytest.skip("this account reads files of mode 0")
    done = command("run", "in", "--workers", "0", "--json", cwd=tmp_path)
    series[0].chmod(0o600)
    summary = json.loads(done.stdout)
    assert done.returncode == summary["exit_code"] == 3
    assert summary["files"]["by_reason"] == {"skipped/permission": 1}


def test_withheld_deletes_give_exit_code_3_and_allow_deletes_lets_them_through(
    tmp_path: Path,
) -> None:
    series = ct_series(tmp_path / "in", 30)
    assert command("ingest", "in", "--workers", "0", cwd=tmp_path).returncode == 0
    for path in series[:25]:
        path.unlink()
    held = command("ingest", "in", "--workers", "0", "--json", cwd=tmp_path)
    summary = json.loads(held.stdout)
    assert held.returncode == summary["exit_code"] == 3
    assert summary["files"]["deletes_withheld"] == 25
    assert summary["tables"]["instances"] == 30
    let = command("ingest", "in", "--workers", "0", "--json", "--allow-deletes", cwd=tmp_path)
    assert let.returncode == 0
    assert json.loads(let.stdout)["tables"]["instances"] == 5


def test_sigterm_ends_with_143_no_version_and_a_line_in_the_record(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 300)
    environment = clean_environment(DICOMLAKE_ENGINE__BATCH_FILES="1")
    process = start(["run", "in", "--workers", "0"], tmp_path, environment)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "lake" / "staging").glob("*/batches/*")):
        assert process.poll() is None, "the run was over before it could be ended"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert out == ""
    assert err.splitlines()[-1].startswith("dicomlake: error: ended by SIGTERM")
    assert open_version(tmp_path / "lake").number == 0
    (line,) = (tmp_path / "lake" / "runs.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"] == "failed"
    again = run(tmp_path / "in", tmp_path / "lake", "--workers", "0")
    assert again["files"]["by_status"] == {"ingested": 300}


@pytest.mark.slow
def test_two_processes_give_the_lake_of_none(
    inline: tuple[Path, dict[str, Any]], tree: Path, tmp_path: Path
) -> None:
    lake = tmp_path / "lake"
    environment = clean_environment(DICOMLAKE_ENGINE__BATCH_FILES="3")
    done = command(
        "run", f"ward={tree}", "--lake", str(lake), "--json", "--workers", "2", cwd=tmp_path,
        environment=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["workers"] == 2
    assert_same_lake(inline[0], lake)
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a Dask scheduler and two workers on loopback; yield its address and the workers."""
    import_path = os.pathsep.join([str(Path(__file__).parents[2] / "src")])
    environment = clean_environment(PYTHONPATH=import_path)
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    dask = [sys.executable, "-m", "dask"]
    common = ["--scheduler-file", str(file)]
    processes = [
        subprocess.Popen(
            [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *common],
            cwd=folder,
            **quiet,
        )
    ]
    try:
        deadline = time.monotonic() + 60
        while not file.exists() or not file.read_text().strip().endswith("}"):
            assert time.monotonic() < deadline, "no scheduler"
            time.sleep(0.1)
        worker = [*dask, "worker", "--nthreads", "1", "--no-dashboard", "--no-nanny", *common]
        local = ["--local-directory", str(folder / "scratch")]
        processes += [subprocess.Popen([*worker, *local], cwd=folder, **quiet) for _ in range(2)]
        yield json.loads(file.read_text())["address"], processes[1:]
    finally:
        for process in processes:  # a worker whose scheduler is gone would wait for another
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_cluster_gives_the_lake_of_none(
    inline: tuple[Path, dict[str, Any]], tree: Path, tmp_path: Path
) -> None:
    with cluster(tmp_path) as (address, _):
        whole = run(tree, tmp_path / "whole", "--scheduler", address)
        assert whole["where"] == f"on the Dask cluster at {address}"
        assert_same_lake(inline[0], tmp_path / "whole")


@long
@pytest.mark.slow
def test_a_worker_killed_midway_costs_nothing(tmp_path: Path) -> None:
    tree = tmp_path / "in"
    ct_series(tree, 250)
    environment = clean_environment(DICOMLAKE_ENGINE__BATCH_FILES="1")
    lake = tmp_path / "killed"
    with cluster(tmp_path) as (address, workers):
        options = ["--lake", str(lake), "--json", "--scheduler", address]
        process = start(["run", f"ward={tree}", *options], tmp_path, environment)
        deadline = time.monotonic() + 120
        while not list((lake / "staging").glob("*/batches/*")):
            assert process.poll() is None, "the run was over before a worker could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
        workers[0].kill()
        assert process.poll() is None
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert json.loads(out)["files"]["by_status"] == {"ingested": 250}
    run(tree, tmp_path / "inline", "--workers", "0")
    assert_same_lake(tmp_path / "inline", lake)


@pytest.mark.slow
def test_an_unreachable_scheduler_commits_nothing(tree: Path, tmp_path: Path) -> None:
    done = command("run", str(tree), "--scheduler", "no-port", cwd=tmp_path)
    assert done.returncode == 1
    assert "No Dask scheduler answers" in done.stderr.splitlines()[-1]
    assert open_version(tmp_path / "lake").number == 0


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_no_process_is_left_when_a_run_with_workers_is_ended(
    tmp_path: Path, sent: signal.Signals
) -> None:
    ct_series(tmp_path / "in", 400)
    environment = clean_environment(DICOMLAKE_ENGINE__BATCH_FILES="1")
    process = start(["run", "in", "--workers", "2"], tmp_path, environment)
    deadline = time.monotonic() + 60
    while not list((tmp_path / "lake" / "staging").glob("*/batches/*")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    children = descendants(process.pid)
    assert len(children) >= 2
    process.send_signal(sent)
    process.communicate(timeout=60)
    assert process.returncode == {signal.SIGTERM: 143, signal.SIGINT: 130}[sent]
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline, "a worker was left"
        time.sleep(0.1)
    assert open_version(tmp_path / "lake").number == 0


def test_sql_status_plan_verify_and_export_work_on_the_lake(
    inline: tuple[Path, dict[str, Any]], tree: Path, tmp_path: Path
) -> None:
    lake = str(inline[0])

    def out(*arguments: str) -> str:
        done = command(*arguments, "--lake", lake, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    query = "SELECT modality, count(*) AS n FROM instances GROUP BY 1"
    assert out("sql", query) == "modality,n\nCT,16\n"
    assert json.loads(out("sql", query, "--format", "json")) == [{"modality": "CT", "n": 16}]
    assert "CT" in out("sql", query, "--format", "table")
    everything = json.loads(out("sql", "SELECT * FROM runs", "--format", "json"))
    assert everything[0]["command"] == "run"
    status = json.loads(out("status", "--json"))
    assert status["version"] == 3
    assert status["tables"]["instances"] == 16
    assert {row["status"]: row["files"] for row in status["files"]}["ingested"] == 16
    assert "Last runs" in out("status")
    verdicts = json.loads(out("plan", "--json"))
    assert sorted(row["verdict"] for row in verdicts) == ["accepted", "accepted", "rejected"]
    (planned,) = json.loads(out("plan", f"ward={tree}", "--json"))
    assert (planned["seen"], planned["to read"]) == (MIXED_FILES, 0)
    assert "as its manifests say" in out("verify")
    assert "2 volumes written" in out("export", "--out", "arrays")
    assert len(list((tmp_path / "arrays").glob("*.npy"))) == 2
    assert open_version(inline[0]).number == 3


def test_columns_of_one_name_are_told_apart(
    inline: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    query = "SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a"
    done = command("sql", query, "--lake", str(inline[0]), cwd=tmp_path)
    assert done.stdout == "a,a_1,a_1_1,a_2\n1,2,3,4\n"


def test_a_reader_that_has_enough_is_no_error(
    inline: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    arguments = ["sql", "SELECT * FROM range(1_000_000)", "--lake", str(inline[0])]
    with start(arguments, tmp_path, clean_environment()) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "range\n"
        process.stdout.close()
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["status"], "pydantic"),  # for the setting that says what a vacuum would free
        (["sql", "SELECT 1"], ""),
    ],
    ids=["status", "sql"],
)
def test_looking_at_a_lake_imports_little(
    arguments: list[str], spared: str, inline: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    code = f"""
        import sys
        from dicomlake.flows import cli
        try:
            cli.main({[*arguments, "--lake", str(inline[0])]!r})
        finally:
            heavy = {{"pandas", "pyarrow.dataset", "pydantic", "pydicom", "zarr", "distributed"}}
            heavy -= {{{spared!r}}}
            print("imported:", sorted(heavy & set(sys.modules)), file=sys.stderr)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment(),
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "imported: []"


def test_plan_without_a_lake_makes_none(tree: Path, tmp_path: Path) -> None:
    done = command("plan", str(tree), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["to read"] == MIXED_FILES
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_query_is_one_line(inline: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    done = command("sql", "SELEC 1", "--lake", str(inline[0]), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_rows_of_a_result_keep_their_types(
    inline: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    query = "SELECT study_date, rescale_slope, image_type FROM instances LIMIT 1"
    done = command("sql", query, "--format", "json", "--lake", str(inline[0]), cwd=tmp_path)
    (row,) = json.loads(done.stdout)
    assert row == {
        "study_date": "2024-01-15",
        "rescale_slope": 1.0,
        "image_type": ["ORIGINAL", "PRIMARY", "AXIAL"],
    }


def test_a_map_of_a_result_is_an_object(
    inline: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    lake, summary = inline
    query = "SELECT files_by_status, map {} AS none, NULL::MAP(TEXT, INT) AS absent FROM runs"
    done = command("sql", query, "--format", "json", "--lake", str(lake), cwd=tmp_path)
    (row,) = json.loads(done.stdout)
    counts = summary["files"]["by_status"]
    assert row == {"files_by_status": counts, "none": {}, "absent": None}
    done = command("sql", query, "--format", "csv", "--lake", str(lake), cwd=tmp_path)
    (cells,) = csv.DictReader(io.StringIO(done.stdout))
    assert json.loads(cells["files_by_status"]) == counts
    assert (cells["none"], cells["absent"]) == ("{}", "")
