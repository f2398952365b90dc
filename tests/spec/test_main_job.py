"""The main job on real files, through the command line: what `dicomlake run` promises."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from make.tree import RUN, clean_environment, command

from dicomlake import Lake

pytestmark = pytest.mark.timeout(300)

MEASURED = (
    "import resource, subprocess, sys\n"
    f"done = subprocess.run([sys.executable, '-c', {RUN!r}, *sys.argv[1:]])\n"
    "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    "print(peak if sys.platform == 'darwin' else peak * 1024, file=sys.stderr)\n"
    "sys.exit(done.returncode)\n"
)
"""Runs the command; the last line on standard error is the peak memory of its greatest process."""


@dataclass(frozen=True, slots=True)
class Done:
    lake: Path
    summary: dict[str, Any]
    exit_code: int
    peak_memory_bytes: int


@pytest.fixture(scope="module")
def corpus(shared: Path) -> Path:
    return shared / "corpus"


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The corpus, done by two worker processes."""
    lake = tmp_path_factory.mktemp("main") / "lake"
    options = ["--lake", str(lake), "--workers", "2", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "run", str(corpus), *options],
        capture_output=True,
        text=True,
        check=False,
        env=clean_environment(),
    )
    assert done.returncode in {0, 3}, done.stderr
    peak = int(done.stderr.split()[-1])
    return Done(lake, json.loads(done.stdout), done.returncode, peak)


def one_volume(lake: Lake, folder: str) -> dict[str, Any]:
    """Return the volumes row of the one series below a folder of the corpus."""
    relation = lake.sql(f"""
        SELECT DISTINCT v.* FROM volumes v
        JOIN volume_instances i USING (volume_id) JOIN files f USING (file_id)
        WHERE f.path LIKE '{folder}/%'
    """)
    (row,) = relation.df().to_dict("records")
    return row


def test_every_file_has_a_row_and_the_sum_holds(run: Done, corpus: Path) -> None:
    files = run.summary["files"]
    on_disk = sum(1 for path in corpus.rglob("*") if path.is_file())
    assert files["seen"] == sum(files["by_status"].values()) == on_disk
    rows = Lake(run.lake).table("files").to_arrow()
    assert rows.num_rows == on_disk
    assert set(rows["path"].to_pylist()) == {
        str(path.relative_to(corpus)) for path in corpus.rglob("*") if path.is_file()
    }


def test_memory_stays_under_400_mb_a_process(run: Done) -> None:
    assert 50e6 < run.peak_memory_bytes < 400e6


def test_the_flat_phantom_has_the_voxels_and_affine_independent_tools_agree_on(
    run: Done, corpus: Path
) -> None:
    truth = json.loads((corpus / "expected.json").read_text())["volumes"]
    lake = Lake(run.lake)
    row = one_volume(lake, "ct_series/philips_phantom_flat")
    said = truth["ct_series/philips_phantom_flat"]
    assert row["status"] == "accepted"
    array = lake.volume(row["volume_id"]).array[:]
    assert hashlib.sha256(array.astype("<i4").tobytes()).hexdigest() == said["value_sha256_int32"]
    np.testing.assert_allclose(
        lake.volume(row["volume_id"]).affine_lps, said["affine_lps_ijk"], atol=1e-3
    )


@pytest.mark.parametrize("name", ["ge_gantry_tilt_variable_gap", "dicom_numpy_dupe_positions"])
def test_series_that_are_no_even_stack_are_rejected_with_a_reason(run: Done, name: str) -> None:
    row = one_volume(Lake(run.lake), f"ct_series/{name}")
    assert (row["status"], row["reason"]) == ("rejected", "NON_UNIFORM_SPACING")


def test_a_second_run_commits_no_version_and_reads_only_what_was_skipped_or_deferred(
    run: Done, corpus: Path
) -> None:
    version = Lake(run.lake).version
    before = {path: path.stat().st_mtime_ns for path in run.lake.rglob("*")}
    done = command("run", str(corpus), "--lake", str(run.lake), "--json", cwd=run.lake.parent)
    again = json.loads(done.stdout)
    assert again["outcome"] == "unchanged"
    assert Lake(run.lake).version == version
    statuses = run.summary["files"]["by_status"]
    assert again["files"]["read"] == statuses.get("skipped", 0) + statuses.get("deferred", 0)
    after = {path: path.stat().st_mtime_ns for path in run.lake.rglob("*")}
    assert after.keys() == before.keys()
    changed = {path.relative_to(run.lake) for path in after if after[path] != before[path]}
    assert changed == {Path("runs.jsonl")}


def test_four_readers_count_the_same_instances(run: Done) -> None:
    folder = os.path.realpath(run.lake / "current" / "instances")
    expected = run.summary["tables"]["instances"]
    pattern = f"{folder}/**/*.parquet"
    query = f"SELECT count(*) FROM read_parquet('{pattern}', hive_partitioning=true)"
    assert len(pd.read_parquet(folder)) == expected
    assert duckdb.sql(query).fetchall() == [(expected,)]
    assert pl.read_parquet(pattern, hive_partitioning=True).height == expected
    assert len(dd.read_parquet(folder)) == expected
