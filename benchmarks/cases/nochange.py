"""A second run over files that did not change, against looking at every file and nothing more."""

import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generate import write_tree
from runner import Prepared

from cases.lakes import do, inline
from dicomlake.pipeline.discovery.sources import resolve_sources
from dicomlake.pipeline.tables.ingest import plan_ingest
from dicomlake.pipeline.tables.store import open_version

FOLDER_FILES = 250


def prepare(folder: Path, *, small: bool, seed: int) -> Prepared:
    root, lake = folder / "tree", folder / "lake"
    n_dicom, n_other = (60, 500) if small else (600, 19_400)
    write_tree(root, n_dicom, seed=seed)
    _write_other(root / "other", n_other, seed)
    source = f"bench={root}"
    first = do("ingest", lake, source)
    staging = folder / "staging"

    def plan() -> tuple[int, int]:
        staging.mkdir(exist_ok=True)
        base = open_version(lake)
        sources = resolve_sources([source], base.sources, lake)
        planned = plan_ingest(base, sources, inline(), staging)
        return planned.seen, planned.to_read

    return Prepared(
        contenders={
            "floor: scandir, stat": lambda: (_scan(root), 0),
            "dicomlake, crawl and compare": plan,
            "dicomlake ingest, whole run": lambda: do("ingest", lake, source),
        },
        check=lambda results: _check(results, n_dicom + n_other, first.as_json(), lake),
        baseline="floor: scandir, stat",
        amount=n_dicom + n_other,
        unit="file",
    )


def _write_other(root: Path, n_files: int, seed: int) -> None:
    """Write small files that are no DICOM: they too have a row, and are not read again."""
    chance = random.Random(seed)
    for number in range(n_files):
        path = root / f"{number // FOLDER_FILES:05d}" / f"note{number:06d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"note " + chance.randbytes(chance.randint(1, 40)))


def _scan(root: Path) -> int:
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
    assert results["floor: scandir, stat"] == (n_files, 0)
    assert results["dicomlake, crawl and compare"] == (n_files, 0)
    again = results["dicomlake ingest, whole run"].as_json()
    assert first["files"]["seen"] == again["files"]["seen"] == n_files
    assert again["files"]["read"] == 0
    assert open_version(lake).number == 1
