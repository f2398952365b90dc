"""The measuring itself: results first, turns taken, ratios and targets."""

import math
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from child import ChildFailedError, run
from runner import Measured, Prepared, Target, Timing, aligned, measure, ratio, record, table


def prepared(contenders: Mapping[str, Callable[[], Any]], **more: Any) -> Prepared:
    options = {"check": lambda _: None, "baseline": next(iter(contenders)), **more}
    return Prepared(contenders=contenders, amount=10, unit="file", **options)


def test_nothing_is_timed_when_results_differ() -> None:
    calls: list[str] = []

    def check(results: Mapping[str, Any]) -> None:
        assert results["a"] == results["b"], "not equal"

    case = prepared(
        {"a": lambda: calls.append("a") or 1, "b": lambda: calls.append("b") or 2}, check=check
    )
    with pytest.raises(AssertionError, match="not equal"):
        measure(case, rounds=5)
    assert calls == ["a", "b"]


def test_contenders_take_turns_and_undo_before_each_call() -> None:
    calls: list[str] = []
    case = prepared(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")},
        before={"b": lambda: calls.append("undo")},
    )
    timings = measure(case, rounds=2)
    assert calls == ["a", "undo", "b"] * 3
    assert {len(timing.cpu) for timing in timings.values()} == {2}


def test_what_measured_itself_is_taken_at_its_word() -> None:
    case = prepared(
        {"a": lambda: Measured("x", 0.5, 2.0, 7)}, check=lambda found: found["a"] == "x"
    )
    timing = measure(case, rounds=3)["a"]
    assert timing.cpu == (0.5, 0.5, 0.5)
    assert timing.peak_bytes == 7
    assert timing.cpu_us == pytest.approx(50_000)
    assert timing.wall_us == pytest.approx(200_000)


def test_start_up_is_taken_out_and_amounts_count() -> None:
    case = prepared(
        {"start": lambda: Measured(0, 1.0, 1.0), "work": lambda: Measured(0, 3.0, 5.0)},
        amounts={"start": 1},
        less={"work": "start"},
    )
    timings = measure(case, rounds=1)
    assert timings["start"].cpu_us == pytest.approx(1e6)
    assert timings["work"].cpu_us == pytest.approx(200_000)
    assert timings["work"].wall_us == pytest.approx(400_000)


def test_the_median_counts_not_the_mean() -> None:
    assert Timing((1.0, 1.0, 100.0), (1.0, 2.0, 3.0), 1).cpu_us == pytest.approx(1e6)


@pytest.mark.parametrize(
    ("at_least", "figure", "met"),
    [(True, 35.0, True), (True, 34.9, False), (False, 35.0, True), (False, 35.1, False)],
)
def test_a_target_is_met_or_not(at_least: bool, figure: float, met: bool) -> None:
    assert Target("x", 35, lambda _: figure, at_least).met(figure) is met


def test_a_time_that_drowned_in_its_start_up_meets_no_target() -> None:
    drowned = Timing((0.9,), (0.9,), 100).without(Timing((1.0,), (1.0,), 1))
    figure = ratio(80.0, drowned.wall_us)
    assert math.isnan(figure)
    assert not Target("x", 1.7, lambda _: figure, at_least=True).met(figure)
    assert ratio(80.0, 40.0) == 2


def test_the_record_has_medians_ranges_ratios_and_targets() -> None:
    slow, fast = iter([4.0, 3.0, 5.0, 4.0]), iter([0.1, 2.0, 1.0, 2.0])
    case = prepared(
        {
            "slow": lambda: Measured(0, next(slow), 1.0),
            "fast": lambda: Measured(0, next(fast), 1.0),
        },
        targets=(Target("t", 3, lambda t: t["slow"].cpu_us / t["fast"].cpu_us, at_least=True),),
    )
    timings = measure(case, rounds=3)
    found = record(case, timings)
    assert found["targets"][0]["measured"] == pytest.approx(2)
    assert found["targets"][0]["met"] is False
    row = table(case, timings)[2]
    assert row[:3] == ["fast", "200,000.0", "100,000.0..200,000.0"]
    assert row[5] == "2.00"
    assert aligned(found["table"]).count("\n") == 2


def test_a_child_is_measured_with_its_own_children() -> None:
    busy = "\n".join(
        (
            "import time",
            "held = bytearray(80_000_000)",
            "while time.process_time() < 0.4: pass",
        )
    )
    outer = "\n".join(
        (
            "import subprocess, sys",
            f"subprocess.run([sys.executable, '-c', {busy!r}], check=True)",
            "print('done')",
        )
    )
    start = time.perf_counter()
    found = run([sys.executable, "-c", outer])
    assert found.result == "done\n"
    assert found.cpu_s >= 0.3
    assert 0.3 <= found.wall_s <= time.perf_counter() - start
    assert found.peak_bytes >= 80_000_000


def test_a_child_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(ChildFailedError, match="exit 4\nno luck"):
        run([sys.executable, "-c", "import sys; sys.stderr.write('no luck'); sys.exit(4)"])
    assert run([sys.executable, "-c", "raise SystemExit(4)"], expected=(0, 4)).result == ""
