"""Frames of enhanced multi-frame headers, against pydicom reading the same columns of each."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pydicom
from generate import Tree, write_multiframe
from pydicom.dataset import Dataset
from reference import Place, Row, columns_of, places, read
from runner import Prepared, Scale, Target

from cases.headers import assert_same, attempts, batches, floor, rows_by_path
from dicomlake.schemas.tables.frames import ALSO_IN_DATA_SET, ALSO_NAMED, FRAMES

PYDICOM: Final = "pydicom dcmread, DataFrame of frames"
OURS: Final = "dicomlake attempt(), instances too"
FLOOR: Final = "floor: open, read 16 KB, close"
_SHARED: Final = 0x52009229
_PER_FRAME: Final = 0x52009230


def prepare(folder: Path, scale: Scale) -> Prepared:
    n_files, frames = scale.of(40, 4), 12 if scale.small else 120
    tree = write_multiframe(folder / "tree", n_files, frames=frames, seed=scale.seed)
    ours = batches(tree.root, tree.files)
    return Prepared(
        contenders={
            PYDICOM: lambda: _pydicom(tree),
            OURS: lambda: attempts(ours),
            FLOOR: lambda: floor(tree.files),
        },
        check=lambda results: _check(tree, results),
        baseline=PYDICOM,
        amount=sum(_frames_of(path) for path in tree.files),
        unit="frame",
        notes=(
            f"{n_files} files of {frames} frames or a few more; {len(columns_of(FRAMES))} "
            "attributes a frame",
        ),
        targets=(
            Target(
                "frames of multi-frame headers against pydicom",
                10,
                lambda timings: timings[PYDICOM].cpu_us / timings[OURS].cpu_us,
                at_least=True,
            ),
        ),
    )


def _frames_of(path: Path) -> int:
    header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["NumberOfFrames"])
    return int(header.NumberOfFrames)


def _pydicom(tree: Tree) -> dict[Path, list[Row]]:
    where = places(FRAMES)
    found = {}
    for path in tree.files:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        found[path] = list(_frames(dataset, where))
    pd.DataFrame([row for rows in found.values() for row in rows])
    return found


def _frames(dataset: Dataset, where: tuple[Place, ...]) -> Iterator[Row]:
    """Yield what pydicom has of each frame: from its groups, the shared ones, the top."""
    (shared,) = dataset[_SHARED].value
    at_top = [_top(place) for place in where]
    of_file = [_in_group(place, shared) for place in where]
    same = [read(shared, each) for each in of_file]
    above = [read(dataset, (each,)) for each in at_top]
    for item in dataset[_PER_FRAME].value:
        row: Row = {}
        for place, below, top in zip(where, same, above, strict=True):
            own = read(item, _in_group(place, item)) if place.within else {}
            for column in place.columns:
                name = column.name
                row[name] = next(
                    (values[name] for values in (own, below, top) if values.get(name) is not None),
                    None,
                )
        yield row


def _in_group(place: Place, item: Dataset) -> tuple[Place, ...]:
    """Return a place in the functional group that an item has, under any of its names."""
    if not place.within:
        return ()
    group, *inner = place.within
    for name in (group, *ALSO_NAMED.get(group, ())):
        if name in item:
            return (Place((name, *inner), place.every_item, place.columns),)
    return ()


def _top(place: Place) -> Place:
    """Return what of a place also counts at the top of the data set."""
    if not place.within:
        return place
    also = tuple(column for column in place.columns if column.name in ALSO_IN_DATA_SET)
    return Place(place.within[1:], place.every_item, also)


def _check(tree: Tree, results: Mapping[str, Any]) -> None:
    """Hold every value of every frame against pydicom's."""
    columns = columns_of(FRAMES)
    reference = results[PYDICOM]
    found: dict[Path, dict[int, Mapping[str, Any]]] = {path: {} for path in tree.files}
    for path, row in rows_by_path(results[OURS], "frames"):
        found[tree.root / path][row["frame_number"]] = row
    for path, rows in reference.items():
        assert sorted(found[path]) == list(range(1, len(rows) + 1)), "a row for every frame"
        for number, row in enumerate(rows, start=1):
            assert_same(columns, found[path][number], row)
