"""What is written of a run: all targets, met or not; the page, the plot, the results."""

import json
from pathlib import Path
from typing import Any

import peers
import plot
import pytest
import report
from PIL import Image


def case(measured: float, limit: float, **contenders: float) -> dict[str, Any]:
    return {
        "amount": 100,
        "unit": "file",
        "baseline": "pydicom",
        "notes": ["a note"],
        "table": [["contender", "CPU µs a file"], *([n, str(v)] for n, v in contenders.items())],
        "targets": [
            {
                "what": "fast enough",
                "limit": limit,
                "at_least": True,
                "unit": "×",
                "measured": measured,
                "met": measured >= limit,
            }
        ],
        "contenders": {
            name: {
                "cpu_s": [cpu * 1e-4 * share for share in (0.9, 1, 1.1)],
                "wall_s": [1.0] * 3,
                "amount": 100,
                "cpu_us": cpu,
                "wall_us": cpu,
                "peak_bytes": 0,
            }
            for name, cpu in contenders.items()
        },
    }


@pytest.fixture
def found() -> dict[str, Any]:
    return {
        "versions": {"python": "3.11", "machine": "2 cores"},
        "seed": 7,
        "rounds": 5,
        "seconds": 90,
        "cases": {
            "header": case(40, 35, pydicom=2200, dicomlake=55, floor=8),
            "growth": case(1, 2, small=70),
        },
    }


def test_targets_say_wanted_measured_and_met(found: dict[str, Any]) -> None:
    assert report.targets(found)[1:] == [
        ["fast enough", "≥ 35×", "40×", "yes"],
        ["fast enough", "≥ 2×", "1×", "no"],
    ]


def test_page_names_targets_versions_machine_and_how_to_repeat(found: dict[str, Any]) -> None:
    text = report.page(found)
    for wanted in (
        "| fast enough | ≥ 2× | 1× | no |",
        "python 3.11",
        "2 cores",
        "warm page cache",
        "seed 7",
        "make bench-report",
        "a note",
        "1 min 30 s",
    ):
        assert wanted in text


def test_page_plot_and_results_are_written_and_the_page_follows_from_the_results(
    tmp_path: Path, found: dict[str, Any]
) -> None:
    page, picture_path, results = report.write(found, tmp_path)
    with Image.open(picture_path) as picture:
        assert picture.width == 1400
        assert len(picture.getcolors(1 << 20) or ()) > 3
    again = json.loads(results.read_text(encoding="utf-8"))
    assert report.page(again) == page.read_text(encoding="utf-8")


def test_the_font_of_the_plot_has_every_letter_of_a_time() -> None:
    font = plot._font(20)
    missing = bytes(font.getmask("\ue000"))
    letters = {letter for power in range(-1, 7) for letter in plot._micros(10.0**power)}
    assert {"u", "m", "s"} <= letters
    assert [each for each in letters if bytes(font.getmask(each)) == missing] == []


def test_committed_page_follows_from_the_committed_results() -> None:
    results = report.DOCS / "benchmarks.json"
    if not results.exists():
        pytest.skip("no results are committed yet")
    found = json.loads(results.read_text(encoding="utf-8"))
    assert (report.DOCS / "benchmarks.md").read_text(encoding="utf-8") == report.page(found)


def test_a_peer_that_is_not_there_is_left_out_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DICOMLAKE_BENCH_PEERS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DICOMLAKE_BENCH_IMGTOOLS", raising=False)
    peers.folder.cache_clear()
    peers.interpreter.cache_clear()
    try:
        assert peers.imgtools() is None
        absent = [name for name, module in peers.READERS.items() if not peers.interpreter(module)]
        assert [reason.split()[0] for reason in peers.missing()] == absent
        assert all("make bench-peers" in reason for reason in peers.missing())
    finally:
        peers.folder.cache_clear()
        peers.interpreter.cache_clear()
