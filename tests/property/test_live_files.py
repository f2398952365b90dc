"""The tables are a function of the files that are live, whatever way the lake came to them.

Files of two sources are written, copied, moved, edited, broken and removed at random, with whole
runs in between: after each run every table, the record of runs and of changes apart, equals that
of a lake made anew of the same files.
"""

import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from make.live import LiveLake, settings
from make.rdsr import ct_event, ct_report, save
from make.series import ct_slice, uid, write
from pydicom.encaps import encapsulate
from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless

EXAMPLES = int(os.environ.get("DICOMLAKE_TEST_EXAMPLES", "2"))
"""Histories drawn; hundreds for a soak."""
STEPS = int(os.environ.get("DICOMLAKE_TEST_STEPS", "6"))
"""Changes and runs of a history."""
SETTINGS = settings(volumes__min_slices=3)
FOLDERS = ("one", "one/a", "one/b", "two", "two/a", "two/a/c")


class Tree:
    """Two sources that change at random: copies, other contents, moves, rubbish."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self.root = root
        self.random = chance
        self.sources = (root / "one", root / "two")
        for source in self.sources:
            source.mkdir(parents=True)

    def files(self) -> list[Path]:
        return sorted(path for path in self.root.rglob("*") if path.is_file())

    def place(self) -> Path:
        folder = self.root / self.random.choice(FOLDERS)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"f{self.random.randrange(9)}"

    def write(self) -> None:
        """Write a slice of one of two series; some claim the UID of another with other values."""
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
        data = ct_slice(k, rows=4, columns=4, name=series, CTDIvol=4.0, **attributes)
        path.unlink(missing_ok=True)
        write(data, path, syntax)
        if self.random.random() < 0.2:
            path.write_bytes(path.read_bytes().replace(b"120 ", b"1_0 "))

    def write_series(self) -> None:
        """Write all slices of a series into a folder: enough for a volume."""
        folder = self.root / self.random.choice(FOLDERS)
        for k in range(5):
            data = ct_slice(k, rows=4, columns=4, name=self.random.choice(["x", "y"]))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"f{k}").unlink(missing_ok=True)
            write(data, folder / f"f{k}")

    def write_compressed(self) -> None:
        dataset = ct_slice(self.random.randrange(5), rows=4, columns=4, name="x")
        dataset.PixelData = encapsulate([self.random.choice([b"one-", b"two-"])])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        path = self.place()
        path.unlink(missing_ok=True)
        write(dataset, path, JPEG2000Lossless)

    def write_report(self) -> None:
        """Write a dose report; two of one UID may differ in what they say."""
        number = self.random.randrange(2)
        dose = self.random.choice([100.0, 200.0])
        events = [ct_event("e", dlp=(dose, "mGy.cm"), ctdivol=(5.0, "mGy"))]
        report = ct_report(events, name=f"r{number}", study="x", dlp_total=(dose, "mGy.cm"))
        path = self.place()
        path.unlink(missing_ok=True)
        save(report, path)

    def rubbish(self) -> None:
        """Put no DICOM, or a broken file, where one may have been."""
        path = self.place()
        path.unlink(missing_ok=True)
        path.write_bytes(self.random.choice([b"", b"text", b"\0" * 128 + b"DICM" + b"x" * 40]))

    def _some(self) -> Path:
        return self.random.choice(self.files())

    def copy(self) -> None:
        chosen, to = self._some(), self.place()
        if chosen != to:
            to.unlink(missing_ok=True)
            self.random.choice([shutil.copy, shutil.copy2, os.link])(chosen, to)

    def move(self) -> None:
        os.replace(self._some(), self.place())

    def swap(self) -> None:
        """Give two files each the path of the other."""
        one, other = self._some(), self._some()
        if one != other:
            aside = one.rename(self.root / "aside")
            other.rename(one)
            aside.rename(other)

    def rename_folder(self) -> None:
        """Rename a folder, within its source or to the other one."""
        folders = [path for path in self.root.glob("*/*") if path.is_dir()]
        to = self.root / self.random.choice(["one/a", "one/b", "two/a", "two/b"])
        if folders and not to.exists():
            self.random.choice(folders).rename(to)

    def edit_pixels(self) -> None:
        """Change the last value in place: neither size nor header say so."""
        path = self._some()
        raw = path.read_bytes()
        changed = bytes([raw[-2] ^ 1]) if len(raw) > 1000 else b""
        if changed:
            alone = path.with_name("edited")  # not through the other names of a hard link
            alone.write_bytes(raw[:-2] + changed + raw[-1:])
            alone.replace(path)

    def cut(self) -> None:
        """Break a file: the header ends early, or the pixels do."""
        path = self._some()
        raw = path.read_bytes()
        path.unlink()
        path.write_bytes(raw[: self.random.choice([len(raw) // 2, max(0, len(raw) - 3)])])

    def remove(self) -> None:
        self._some().unlink()

    def touch(self) -> None:
        os.utime(self._some())


CHANGES = ("write", "write_series", "write_compressed", "write_report", "rubbish")
CHANGES_OF_FILES = ("copy", "move", "swap", "rename_folder", "edit_pixels", "cut", "remove",
                    "touch")  # fmt: skip


class LiveFiles(RuleBasedStateMachine):
    """Changes and runs in any order."""

    @initialize(chance=st.randoms(use_true_random=False))
    def start(self, chance: random.Random) -> None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.TemporaryDirectory(prefix="dicomlake-test-", dir=memory)
        self.tree = Tree(Path(self.folder.name) / "tree", chance)
        self.lake = LiveLake(Path(self.folder.name) / "lake", SETTINGS)
        self.fresh = 0
        self.tree.write_series()

    @rule(changes=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=6))
    def add(self, changes: list[str]) -> None:
        for each in changes:
            getattr(self.tree, each)()

    @precondition(lambda self: self.tree.files())
    @rule(changes=st.lists(st.sampled_from(CHANGES_OF_FILES), min_size=1, max_size=6))
    def change(self, changes: list[str]) -> None:
        for each in changes:
            if self.tree.files():
                getattr(self.tree, each)()

    @rule()
    def run(self) -> None:
        done = self.lake.run(*self.tree.sources, allow_deletes=True)
        assert done.files is not None
        assert done.files.seen == len(self.tree.files())
        self.fresh += 1
        fresh = LiveLake(Path(self.folder.name) / f"fresh-{self.fresh}", SETTINGS)
        fresh.run(*self.tree.sources)
        said, expected = self.lake.said(), fresh.said()
        for table in expected:
            assert said[table] == expected[table], table
        assert self.lake.dangling() == set()
        shutil.rmtree(fresh.lake)
        assert self.lake.run(*self.tree.sources, allow_deletes=True).outcome == "unchanged"

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.run()
            self.folder.cleanup()


LiveFiles.TestCase.settings = hypothesis_settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=[Phase.explicit, Phase.generate] if EXAMPLES < 10 else list(Phase),
    suppress_health_check=list(HealthCheck),
)
test_increments_give_what_a_fresh_lake_gives = LiveFiles.TestCase


def test_sources_one_after_another_give_what_all_at_once_give(in_memory: Path) -> None:
    tree = Tree(in_memory / "tree", random.Random(10))
    for _ in range(6):
        for change in ("write", "copy", "write_compressed", "copy", "write_report", "move"):
            getattr(tree, change)()
    together = LiveLake(in_memory / "together", SETTINGS)
    together.run(*tree.sources)
    one_by_one = LiveLake(in_memory / "one_by_one", SETTINGS)
    for source in reversed(tree.sources):
        one_by_one.run(source)
    said, expected = one_by_one.said(), together.said()
    for table in expected:
        assert said[table] == expected[table], table
