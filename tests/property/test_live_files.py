"""The tables are a function of the files that are live, whatever way the lake came to them."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from make.ingest import Ingester
from make.series import ct_slice, uid, write
from pydicom.encaps import encapsulate
from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless

ABOUT_RUNS = {
    "run_id",
    "pipeline_version",
    "first_seen_run",
    "last_changed_run",
    "deleted_at",
}
TABLES = ("files", "instances", "series", "studies", "patients", "issues")


class Tree:
    """A source that changes at random: copies, other contents, moves, rubbish."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        root.mkdir()

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def place(self) -> Path:
        folder = self.root / self.random.choice(["", "a", "b", "a/c"])
        return folder / f"f{self.random.randrange(12)}"

    def change(self) -> None:
        actions: list[Callable[[], object]] = [
            *(3 * [self.write]),
            self.write_compressed,
            *(4 * [self.copy]),
            *(3 * [self.remove]),
            self.move,
            self.rubbish,
            self.touch,
        ]
        self.random.choice(actions)()

    def write(self) -> None:
        path = self.place()
        k = self.random.randrange(5)
        series = self.random.choice(["x", "y"])
        syntax = self.random.choice(["1.2.840.10008.1.2.1", ImplicitVRLittleEndian])
        attributes: dict[str, Any] = self.random.choice(
            [
                {},
                {},
                {"ContentTime": "110000"},
                {"PatientName": "Other^Name"},
                {"PatientID": "P2"},
                {"StudyInstanceUID": uid("another")},
                {"SeriesDescription": "described"},
                {"Modality": None},
            ]
        )
        data = ct_slice(k, rows=4, columns=4, name=series, **attributes)
        path.unlink(missing_ok=True)
        write(data, path, syntax)
        if self.random.random() < 0.2:
            path.write_bytes(path.read_bytes().replace(b"120 ", b"1_0 "))

    def write_compressed(self) -> None:
        dataset = ct_slice(self.random.randrange(5), rows=4, columns=4, name="x")
        dataset.PixelData = encapsulate([self.random.choice([b"one-", b"two-"])])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        write(dataset, self.place(), JPEG2000Lossless)

    def rubbish(self) -> None:
        path = self.place()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(self.random.choice([b"", b"text", b"\0" * 128 + b"DICM" + b"x" * 40]))

    def _some(self) -> Path | None:
        files = self.files()
        return self.random.choice(files) if files else None

    def copy(self) -> None:
        chosen, to = self._some(), self.place()
        if chosen and chosen != to:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(chosen, to)

    def move(self) -> None:
        chosen, to = self._some(), self.place()
        if chosen and chosen != to:
            to.parent.mkdir(parents=True, exist_ok=True)
            os.replace(chosen, to)

    def remove(self) -> None:
        if chosen := self._some():
            chosen.unlink()

    def touch(self) -> None:
        if chosen := self._some():
            os.utime(chosen)


def content(ingest: Ingester) -> dict[str, list[dict[str, Any]]]:
    """Return all rows but of deleted files, without what tells of runs."""
    found = {}
    for table in TABLES:
        rows = [
            {name: value for name, value in row.items() if name not in ABOUT_RUNS}
            for row in ingest.rows(table)
            if row.get("status") != "deleted"
        ]
        found[table] = sorted(rows, key=repr)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_increments_give_what_a_fresh_lake_gives(tmp_path: Path, seed: int) -> None:
    tree = Tree(tmp_path / "tree", seed)
    ingest = Ingester(tmp_path / "lake")
    for step in range(5):
        for _ in range(tree.random.choice([1, 4, 12])):
            tree.change()
        done = ingest(tree.root, allow_deletes=True)
        assert sum(done.counts.by_status.values()) == len(tree.files())
        fresh = Ingester(tmp_path / f"fresh-{step}")
        fresh(tree.root)
        assert content(ingest) == content(fresh)
        assert ingest(tree.root).version is None


def test_sources_one_after_another_give_what_all_at_once_give(tmp_path: Path) -> None:
    trees = [Tree(tmp_path / name, seed) for seed, name in enumerate("abc", 10)]
    for tree in trees:
        for _ in range(15):
            tree.change()
    together = Ingester(tmp_path / "together")
    together(*(tree.root for tree in trees))
    one_by_one = Ingester(tmp_path / "one_by_one")
    for tree in reversed(trees):
        one_by_one(tree.root)
    assert content(one_by_one) == content(together)
