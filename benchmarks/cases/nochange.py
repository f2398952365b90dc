"""A second run over files that did not change, against looking at every file and nothing more."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from generate import write_tree
from runner import Prepared, Scale, Target, ratio

from cases.lakes import do
from dicomlake.pipeline.tables.store import open_version

FLOOR: Final = "floor: scandir, stat"
START: Final = "start-up: again over one file"
AGAIN: Final = "dicomlake ingest again, start-up out"


def prepare(folder: Path, scale: Scale) -> Prepared:
    root, lake = folder / "tree", folder / "lake"
    tree = write_tree(root, scale.of(20_000, 400), seed=scale.seed)
    single, small_lake = folder / "single", folder / "small-lake"
    write_tree(single, 1, seed=scale.seed)
    first = do("ingest", lake, f"bench={root}").as_json()
    do("ingest", small_lake, f"bench={single}")
    return Prepared(
        contenders={
            FLOOR: lambda: scan(root),
            START: lambda: do("ingest", small_lake, f"bench={single}"),
            AGAIN: lambda: do("ingest", lake, f"bench={root}"),
        },
        check=lambda results: _check(results, len(tree.files), first, lake),
        baseline=FLOOR,
        amount=len(tree.files),
        amounts={START: 1},
        less={AGAIN: START},
        unit="file",
        notes=("in one process, imports done; a run over one file taken out",),
        targets=(
            Target(
                "re-run with nothing changed against scandir and stat, start-up out",
                2,
                lambda timings: ratio(timings[AGAIN].cpu_us, timings[FLOOR].cpu_us),
                at_least=False,
            ),
        ),
    )


def scan(root: Path) -> int:
    """Stat every file below a folder and return how many there are."""
    pending, seen = [os.fspath(root)], 0
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    seen += 1
    return seen


def _check(results: Mapping[str, Any], n_files: int, first: Mapping[str, Any], lake: Path) -> None:
    """All see every file; the second run reads none and commits no version."""
    again = results[AGAIN].as_json()
    assert results[FLOOR] == n_files
    assert first["files"]["seen"] == again["files"]["seen"] == n_files
    assert first["files"]["read"] == n_files
    assert again["files"]["read"] == 0
    assert open_version(lake).number == 1
