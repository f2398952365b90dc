"""Benchmarks: every case first proves that all contenders find the same, then times them.

Times are CPU and wall medians of interleaved rounds with a warm page cache; judge by the ratios.
With --small the data are small and nothing is run but the check of correctness.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import report
from cases import CASES
from runner import Scale, aligned, environment, measure, record


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"some of: {', '.join(CASES)} (default: all)")
    parser.add_argument("--case", action="append", default=[], help="the same, repeatable")
    parser.add_argument("--small", action="store_true", help="little data: correctness alone")
    parser.add_argument("--files", type=int, help="files of a case, instead of its own number")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the generated data")
    parser.add_argument("--json", type=Path, help="also write what was measured to this file")
    parser.add_argument(
        "--report", action="store_true", help="write docs/benchmarks.md and its plot from it"
    )
    parsed = parser.parse_args(given)
    parsed.cases = [*parsed.cases, *parsed.case] or list(CASES)
    unknown = sorted(set(parsed.cases) - set(CASES))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    if parsed.small and parsed.report:
        parser.error("--small measures nothing that is worth a report")
    return parsed


def run_case(name: str, scale: Scale, rounds: int) -> dict[str, Any]:
    """Measure a case, print its table, and return what was found.

    Raises:
        AssertionError: contenders do not find the same.
    """
    with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as folder:
        prepared = CASES[name](Path(folder), scale)
        timings = measure(prepared, rounds)
    found = record(prepared, timings)
    print(f"\n{name}: {prepared.amount:,} {prepared.unit}s, results equal")
    print(aligned(found["table"]))
    for note in prepared.notes:
        print(f"  {note}")
    sys.stdout.flush()
    return found


def main(given: Sequence[str] | None = None) -> int:
    parsed = arguments(given)
    started = time.monotonic()
    scale = Scale(parsed.small, parsed.files, parsed.seed)
    rounds = 0 if parsed.small else parsed.rounds
    versions = environment()
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    cases = {name: run_case(name, scale, rounds) for name in parsed.cases}
    found: Mapping[str, Any] = {
        "versions": versions,
        "seed": parsed.seed,
        "rounds": rounds,
        "seconds": round(time.monotonic() - started),
        "cases": cases,
    }
    if not parsed.small:
        print(f"\n{aligned(report.targets(found))}")
    if parsed.json:
        parsed.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if parsed.report:
        for path in report.write(found):
            print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
