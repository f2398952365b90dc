"""Headers to typed columns, against pydicom reading the same columns into a DataFrame."""

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
import peers
import pydicom
from generate import Tree, write_tree
from pydicom.errors import InvalidDicomError
from reference import Row, columns_of, places, read
from runner import Prepared, Scale, Target, Timings

from cases.headers import assert_same, attempts, batches, floor, rows_by_path
from dicomlake.schemas.tables.instances import INSTANCES

PYDICOM: Final = "pydicom dcmread, DataFrame"
OURS: Final = "dicomlake attempt(), directory order"
SHUFFLED: Final = "dicomlake attempt(), shuffled"
FLOOR: Final = "floor: open, read 16 KB, close"


def prepare(folder: Path, scale: Scale) -> Prepared:
    tree = write_tree(folder / "tree", scale.of(2_000, 240), seed=scale.seed)
    ordered = batches(tree.root, tree.files)
    any_order = batches(tree.root, random.Random(scale.seed).sample(tree.files, len(tree.files)))
    top = _top_level()
    contenders: dict[str, Callable[[], Any]] = {
        PYDICOM: lambda: _pydicom(tree),
        OURS: lambda: attempts(ordered),
        SHUFFLED: lambda: attempts(any_order),
        FLOOR: lambda: floor(tree.files),
    }
    for name, module in peers.READERS.items():
        if peers.interpreter(module) is not None:
            contenders[_peer(name)] = partial(peers.read_headers, name, tree.files, top)
    return Prepared(
        contenders=contenders,
        check=lambda results: _check(tree, results),
        baseline=PYDICOM,
        amount=len(tree.files),
        unit="file",
        notes=(
            f"{len(columns_of(INSTANCES))} attributes, {len(tree.broken)} broken files",
            f"other readers: {len(top)} of these attributes, those at the top, no conversion",
            *peers.missing(),
        ),
        targets=(
            Target("header to Arrow, directory order, against pydicom", 35, _ratio(OURS), True),
            Target("header to Arrow, shuffled files, against pydicom", 25, _ratio(SHUFFLED), True),
            Target("header to Arrow against open and read", 12, _of_floor, False),
        ),
    )


def _peer(name: str) -> str:
    return f"{name}, top level only"


def _ratio(name: str) -> Callable[[Timings], float]:
    return lambda timings: timings[PYDICOM].cpu_us / timings[name].cpu_us


def _of_floor(timings: Timings) -> float:
    return timings[OURS].cpu_us / timings[FLOOR].cpu_us


def _top_level() -> list[tuple[str, int]]:
    return [
        (column.keyword, column.tag)
        for column in columns_of(INSTANCES)
        if column.tag is not None and not column.within and not column.creator
    ]


def _pydicom(tree: Tree) -> list[Row | None]:
    where = places(INSTANCES)
    rows: list[Row | None] = []
    for path in tree.files:
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            rows.append(None)
            continue
        rows.append(read(dataset, where))
    pd.DataFrame([row for row in rows if row is not None])
    return rows


def _check(tree: Tree, results: Mapping[str, Any]) -> None:
    """Hold every value of every good file against pydicom's; a broken file is no instance."""
    reference = dict(zip(tree.files, results[PYDICOM], strict=True))
    good = {path for path in tree.files if path not in tree.broken}
    columns = columns_of(INSTANCES)
    for name in (OURS, SHUFFLED):
        attempts = results[name]
        assert sum(each.files.num_rows for each in attempts) == len(tree.files)
        found = {tree.root / path: row for path, row in rows_by_path(attempts, "instances")}
        assert found.keys() == good, f"{name}: good files are instances, broken files are none"
        for path, ours in found.items():
            row = reference[path]
            assert row is not None
            assert_same(columns, ours, row)
    for name in peers.READERS:
        if _peer(name) in results:
            _check_peer(reference, good, results[_peer(name)])


def _check_peer(
    reference: Mapping[Path, Row | None],
    good: set[Path],
    found: Sequence[Mapping[str, str | None] | None],
) -> None:
    """Hold identity and position, as text, against pydicom's; a peer may refuse broken files."""
    for path, ours in zip(reference, found, strict=True):
        if path not in good:
            continue
        row = reference[path]
        assert row is not None
        assert ours is not None, f"{path.name} was refused"
        for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
            name = "sop_instance_uid" if keyword.startswith("SOP") else "series_instance_uid"
            assert (ours[keyword] or "").strip("\0 ") == row[name], keyword
        expected = row["image_position_patient"]
        texts = (ours["ImagePositionPatient"] or "").split("\\")
        assert [float(each) for each in texts if each.strip()] == list(expected or [])
