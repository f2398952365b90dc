"""The cost of a file from crawl to committed tables, as the tree grows."""

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc
from generate import Tree, write_tree
from runner import Prepared, Scale, Target, Timings, ratio

from cases.ingest import check_with_pydicom, instances_of
from cases.lakes import do
from dicomlake.pipeline.tables.store import open_version

START: Final = "start-up: one file"
_READ_BY_PYDICOM: Final = 100


def prepare(folder: Path, scale: Scale) -> Prepared:
    greatest = scale.of(20_000, 400)
    sizes = (greatest // 20, greatest // 4, greatest)
    trees = {n: write_tree(folder / f"tree{n}", n, seed=scale.seed) for n in sizes}
    sources = {START: write_tree(folder / "single", 1, seed=scale.seed).root}
    sources |= {_name(n): trees[n].root for n in sizes}
    lakes = {name: folder / f"lake{number}" for number, name in enumerate(sources)}
    return Prepared(
        contenders={
            name: _ingest(lakes[name], f"bench={source}") for name, source in sources.items()
        },
        before={name: partial(shutil.rmtree, lake, True) for name, lake in lakes.items()},
        check=lambda results: _check(trees, lakes, results),
        baseline=_name(sizes[0]),
        amount=greatest,
        amounts={START: 1, **{_name(n): n for n in sizes}},
        less={_name(n): START for n in sizes},
        unit="file",
        notes=("dicomlake ingest, imports done; an ingest of one file is taken out",),
        targets=(
            Target(
                f"cost of a file at {greatest:,} files against {sizes[0]:,}, start-up out",
                1.15,
                lambda timings: _ratio(timings, sizes[0], greatest),
                at_least=False,
            ),
        ),
    )


def _ingest(lake: Path, source: str) -> Callable[[], Any]:
    return lambda: do("ingest", lake, source).as_json()


def _name(n_files: int) -> str:
    return f"{n_files:,} files"


def _ratio(timings: Timings, least: int, most: int) -> float:
    return ratio(timings[_name(most)].cpu_us, timings[_name(least)].cpu_us)


def _check(
    trees: Mapping[int, Tree], lakes: Mapping[str, Path], results: Mapping[str, Any]
) -> None:
    """Every file has its row; good ones are instances with pydicom's values, broken ones none."""
    for n_files, tree in trees.items():
        lake = lakes[_name(n_files)]
        files = open_version(lake).read("files")
        assert results[_name(n_files)]["files"]["seen"] == files.num_rows == n_files
        good = [path for path in tree.files if path not in tree.broken]
        ingested = files.filter(pc.equal(files["status"], "ingested"))
        assert set(ingested["path"].to_pylist()) == {
            str(path.relative_to(tree.root)) for path in good
        }
        instances = instances_of(lake)
        assert instances.num_rows == len(good)
        check_with_pydicom(instances, good[:: max(1, len(good) // _READ_BY_PYDICOM)])
