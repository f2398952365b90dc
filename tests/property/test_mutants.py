"""Mutated files: each has its row, nothing raises, both readers agree, volumes stay true.

A small number by default; `DICOMLAKE_SOAK=1` (`make soak`) takes twenty thousand, by real runs with
workers, and holds time and memory against their limits.
"""

import json
import os
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from make.both_readers import differences, read, same_rows, shown
from make.ingest import Ingester
from make.mutant_trees import check_accounted, originals, pixel_series, write_mutants
from make.one_run import Outcome, run_inline, settings
from make.oracle import Files, check_volume
from make.soak import SOAK
from make.tree import command

IN_PROCESS = 20_000 if SOAK else 1_500
BY_RUNS = 20_000 if SOAK else 100
PIXEL_SERIES = 3_000 if SOAK else 30
PIECE = 1_000
"""Files of one tree, so that a soak needs little disk."""
MOST_BYTES = 200_000 if SOAK else 12_000
SEED = int(os.environ.get("DICOMLAKE_TEST_SEED", "5"))

pytestmark = [pytest.mark.timeout(4 * 3600 if SOAK else 300)]


@pytest.fixture(scope="module")
def sources(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> list[bytes]:
    """Files to be mutated: made ones and pydicom's; in a soak those beside the checkout too."""
    roots: list[Path] = []
    if SOAK:
        shared: Path = request.getfixturevalue("shared")
        roots = [shared / "corpus", shared / "cases"]
    found = originals(tmp_path_factory.mktemp("made"), MOST_BYTES, *roots)
    assert len(found) > 100
    return found


def pieces(count: int) -> Iterator[tuple[int, int]]:
    """Yield a seed and a number of files for each piece."""
    for number in range(-(-count // PIECE)):
        yield SEED * 1_000 + number, min(PIECE, count - number * PIECE)


def test_every_mutant_has_its_row_and_both_readers_agree(
    tmp_path: Path, sources: list[bytes]
) -> None:
    found: Counter[str] = Counter()
    slowest = 0.0
    for seed, count in pieces(IN_PROCESS):
        root = tmp_path / f"tree{seed}"
        names = write_mutants(root, sources, count, seed=seed)
        fast, reference = read(root, names, "fast"), read(root, names, "pydicom")
        if not same_rows(fast, reference):
            told = differences(fast, reference)
            assert not told, shown(root, told)
        lake = tmp_path / f"lake{seed}"
        done = Ingester(lake)(root)
        assert done.counts.files_seen == done.read_paths() == count
        found += check_accounted(root, lake)
        if SOAK:
            slowest = max(slowest, *(seconds_of(root, name) for name in names))
            remove(root, lake)
    assert slowest <= settings().headers.read_timeout_s + 1
    assert found["ingested"] > IN_PROCESS / 5
    assert found["quarantined"] > IN_PROCESS / 5
    assert {"quarantined/invalid", "quarantined/truncated", "quarantined/missing_identity"} <= set(
        found
    )
    assert found["not_dicom"]
    assert found["conflict"]


def seconds_of(root: Path, name: str) -> float:
    started = time.monotonic()
    read(root, [name], "fast")
    return time.monotonic() - started


def remove(*folders: Path) -> None:
    """Remove trees that this test made."""
    for folder in folders:
        for at, within, names in os.walk(folder, topdown=False):
            for name in names:
                Path(at, name).unlink()
            for name in within:
                path = Path(at, name)
                path.unlink() if path.is_symlink() else path.rmdir()
        folder.rmdir()


def test_runs_with_workers_account_for_every_mutant_within_the_limit_of_memory(
    tmp_path: Path, sources: list[bytes]
) -> None:
    limit = settings().engine.worker_memory_bytes
    for seed, count in pieces(BY_RUNS):
        root, lake = tmp_path / f"tree{seed}", tmp_path / f"lake{seed}"
        write_mutants(root, sources, count, seed=seed)
        done = command("run", str(root), "--lake", str(lake), "--workers", "2", "--json",
                       "--no-track", cwd=tmp_path)  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        assert "Traceback" not in done.stderr
        summary = json.loads(done.stdout)
        assert summary["files"]["seen"] == count == sum(summary["files"]["by_status"].values())
        assert summary["peak_memory_bytes"] < limit
        check_accounted(root, lake)
        if SOAK:
            remove(root, lake)


def test_volumes_of_mutated_pixels_are_exact_or_refused(tmp_path: Path) -> None:
    """An accepted volume holds what pydicom decodes; else the series has its reason."""
    verdicts: Counter[str] = Counter()
    checked = 0
    for seed, count in pieces(PIXEL_SERIES):
        root, lake = tmp_path / f"tree{seed}", tmp_path / f"lake{seed}"
        made = list(pixel_series(root, count, seed=seed))
        assert len(made) == count
        outcome = run_inline(root, lake)
        check_accounted(root, lake)
        verdicts += Counter(row["reason"] or "accepted" for row in outcome.volumes)
        checked += sum(_is_exact(outcome, row) for row in outcome.volumes if row["path"])
        if SOAK:
            remove(root, lake)
    assert verdicts["accepted"] > PIXEL_SERIES / 10
    assert checked > verdicts["accepted"] / 2
    assert len(verdicts) > 4


def _is_exact(outcome: Outcome, row: dict[str, object]) -> bool:
    """Hold a volume against pydicom's pixels; False where pydicom has none to compare with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of what was mutated
        try:
            check_volume(outcome, row, Files())
        except AssertionError:
            raise
        except Exception:  # noqa: BLE001  (whatever pydicom raises for broken files)
            return False
    return True
