"""Cases are read as truth.json says, tools run apart, and the page follows from the results."""

import hashlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from compare_volumes import DOCS, RESULTS, _ended, of_peer
from judging import Ended, judge
from make.series import ct_series, ct_slice, write
from peer_volumes import TOOLS, in_a_child
from volume_truth import read_truth

sys.path.append(str(DOCS))
import volumes_page

AFFINE = [[0.75, 0, 0, -12], [0, 0.75, 0, -12], [0, 0, 2.5, -20], [0, 0, 0, 1]]


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    """A clean series, two phases at the same places, and one with a gap; with their truth."""
    folder = tmp_path / "cases"
    clean = ct_series(folder / "clean", 5, name="clean")
    for phase in (1, 2):
        for k in range(5):
            own = {"AcquisitionNumber": str(phase), "SOPInstanceUID": f"1.2.{phase}.{k}"}
            slices = ct_slice(k, name="phases", **own)
            slices.PixelData = np.full((32, 32), 100 * phase + k, np.uint16).tobytes()
            slices["PixelData"].VR = "OW"
            write(slices, folder / "phases" / f"{phase}{k}")
    for path in ct_series(folder / "gap", 5, name="gap")[2:3]:
        path.unlink()

    def volume(paths: list[Path]) -> dict[str, object]:
        stored = np.stack([pydicom.dcmread(path).pixel_array for path in paths]).astype("<i2")
        return {
            "shape_zyx": list(stored.shape),
            "dtype": "int16",
            "sha256": hashlib.sha256((stored - 1024).astype("<i2").tobytes()).hexdigest(),
            "affine_lps": AFFINE,
        }

    phases = sorted((folder / "phases").iterdir())
    told = {
        "clean": {"status": "accept", "reasons": [], "volumes": [volume(clean)], "files": 5},
        "phases": {
            "status": "split",
            "reasons": ["SPLIT"],
            "volumes": [volume(phases[:5]), volume(phases[5:])],
            "files": 10,
        },
        "gap": {"status": "reject", "reasons": ["MISSING_SLICES"], "volumes": [], "files": 4},
    }
    (folder / "truth.json").write_text(json.dumps(told))
    return folder


def test_truth_is_read_from_the_files_and_proved_by_digests(cases: Path) -> None:
    truths = read_truth(cases)
    assert [len(each) for each in truths["clean"].volumes] == [5]
    assert truths["phases"].volumes == ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))
    assert (truths["gap"].volumes, truths["gap"].reason) == ((), "MISSING_SLICES")
    source = truths["clean"].sources[truths["clean"].volumes[0][2]]
    assert source.origin is not None
    assert list(source.origin) == [-12, -12, -15]


def test_files_that_truth_does_not_speak_of_are_an_error(cases: Path) -> None:
    told = json.loads((cases / "truth.json").read_text())
    told["clean"]["volumes"][0]["sha256"] = "0" * 64
    (cases / "truth.json").write_text(json.dumps(told))
    with pytest.raises(ValueError, match="clean"):
        read_truth(cases)


def test_a_tool_is_run_and_judged_by_its_own_affine(cases: Path, tmp_path: Path) -> None:
    truths = read_truth(cases)
    folders = [(name, cases / name) for name in truths]
    ended = of_peer("SimpleITK", sys.executable, folders, tmp_path / "out")
    assert judge(truths["clean"], ended["clean"]).words == "exact"
    assert judge(truths["phases"], ended["phases"]).kind == "merged"
    assert judge(truths["gap"], ended["gap"]).kind == "wrong geometry"


def test_a_tool_that_dies_raises_or_gives_nothing_is_told(tmp_path: Path) -> None:
    def dies(_: Path) -> list[object]:
        os.kill(os.getpid(), signal.SIGKILL)
        return []

    def breaks(_: Path) -> list[object]:
        return [json.loads("{}")["absent"]]

    for name, read, wanted in (
        ("dies", dies, Ended("killed", "status 9")),
        ("breaks", breaks, Ended("raised", "KeyError")),
        ("nothing", lambda _: [], Ended("nothing")),
    ):
        in_a_child(read, tmp_path, tmp_path / name)
        assert _ended(tmp_path / name) == wanted


def test_every_tool_has_a_function_and_its_modules() -> None:
    assert {"SimpleITK", "dcm2niix", "dicom2nifti", "highdicom"} < TOOLS.keys()
    assert all(callable(read) and modules for read, modules in TOOLS.values())


def verdicts(**words: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {tool: {"kind": kind, "words": text} for tool, (kind, text) in words.items()}


FOUND = {
    "versions": {"ours": "ours 1", "theirs": "theirs 2", "away": "not installed: run it"},
    "cases": {
        "c01_a": {
            "reason": None,
            "volumes": 1,
            "verdicts": verdicts(ours=("exact", "exact"), theirs=("merged", "merged")),
        },
        "c02_b": {
            "reason": "MISSING_SLICES",
            "volumes": 0,
            "verdicts": verdicts(
                ours=("refused", "refused: MISSING_SLICES"), theirs=("accepted", "accepted")
            ),
        },
        "c03_c": {
            "reason": "MIXED_MATRIX",
            "volumes": 0,
            "verdicts": verdicts(
                ours=("other reason", "refused: MIXED_UNITS"), theirs=("crashed", "crashed (x)")
            ),
        },
        "c04_d": {
            "reason": None,
            "volumes": 2,
            "verdicts": verdicts(ours=("refused", "refused: X"), theirs=("refused", "refused")),
        },
    },
}


def test_the_summary_counts_what_is_right_and_how_the_rest_is_not() -> None:
    rows = [line.strip("| ").split(" | ") for line in volumes_page.summary(FOUND).splitlines()[2:]]
    assert rows[0] == ["ours 1", "2", "0", "0", "2", "0"]
    assert rows[1] == ["theirs 2", "0", "1", "1", "1", "1"]
    assert rows[2][0] == "away"
    assert "not installed" in rows[2][1]


def test_the_comparison_marks_what_is_right() -> None:
    text = volumes_page.comparison(FOUND)
    assert "| c01 a | 1 volume | **exact** | merged |" in text
    assert "| c02 b | `MISSING_SLICES` | **refused: MISSING_SLICES** | accepted |" in text
    assert "| c03 c | `MIXED_MATRIX` | refused: MIXED_UNITS | crashed (x) |" in text


def test_the_committed_page_follows_from_results_schema_and_presets() -> None:
    assert volumes_page.current(DOCS) == (DOCS / "volumes.md").read_text(encoding="utf-8")


def test_a_page_with_a_mark_that_nothing_is_made_for_is_an_error(tmp_path: Path) -> None:
    shutil.copy(DOCS / RESULTS, tmp_path)
    (tmp_path / "volumes.md").write_text("<!-- other: generated -->\n<!-- end of other -->\n")
    with pytest.raises(KeyError, match="other"):
        volumes_page.current(tmp_path)
