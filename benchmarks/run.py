"""Benchmarks: every case first proves that all contenders find the same, then times them.

Times are CPU and wall medians of interleaved rounds with a warm page cache; judge by the ratios.
With --small the data are small and one round is run: a check of correctness.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from cases import CASES
from runner import aligned, environment, measure, record, table


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=f"some of: {', '.join(CASES)} (default: all)")
    parser.add_argument("--small", action="store_true", help="little data, one round: correctness")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the generated data")
    parser.add_argument("--json", type=Path, help="also write what was measured to this file")
    parsed = parser.parse_args()
    unknown = sorted(set(parsed.cases) - set(CASES))
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    return parsed


def main() -> int:
    parsed = arguments()
    results = {}
    versions = environment()
    print(" ".join(f"{name} {number}" for name, number in versions.items()))
    for name in parsed.cases or CASES:
        with tempfile.TemporaryDirectory(prefix="dicomlake-bench-") as folder:
            prepared = CASES[name](Path(folder), small=parsed.small, seed=parsed.seed)
            timings = measure(prepared, 1 if parsed.small else parsed.rounds)
        print(f"\n{name}: {prepared.amount:,} {prepared.unit}s, results equal")
        print(aligned(table(prepared, timings)))
        for note in prepared.notes:
            print(f"  {note}")
        sys.stdout.flush()
        results[name] = record(prepared, timings)
    if parsed.json:
        found = {"versions": versions, "seed": parsed.seed, "cases": results}
        parsed.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
