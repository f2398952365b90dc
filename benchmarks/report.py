"""Write docs/benchmarks.md and its plot from the results of a run.

python benchmarks/report.py found.json
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from plot import draw

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"

TITLES: Final[Mapping[str, str]] = {
    "header": "Headers to typed columns",
    "frames": "Frames of multi-frame headers",
    "ingest": "Crawl to committed Parquet, whole processes",
    "growth": "Growth",
    "nochange": "Again, with nothing changed",
    "commits": "After a year of small commits",
    "ledger": "Planning over a large ledger",
    "startup": "Start-up",
    "volume": "Volumes",
    "compressed": "Compressed volumes",
    "volume_sizes": "Long series: memory and growth",
    "volume_workers": "A large series by two processes",
}
CORPUS: Final = """\
**Corpus.** `benchmarks/generate.py`, seeded: the same bytes every time. Series of thirteen \
layouts (CT, MR, PT, MG, DX, US, NM of Siemens, GE, Philips, Canon and others), explicit and \
implicit VR, 180 to 225 elements a header of CT and MR, with nested code sequences and private \
blocks (blobs up to 72 KB), sequences of defined and undefined length, several character sets, \
four compressed syntaxes, numbers and texts of varying length from slice to slice, half of the \
files without extension, 1 % broken. The median file has 22 KB, its header 4 KB: pictures are \
small, headers are what is measured.

**Method.** Every case first proves that its contenders find the same values as pydicom; that pass \
is also the warm-up, so the page cache is warm. Then they take turns, round by round; medians are \
given with minimum and maximum. CPU is user and system time, of a whole process with all its \
children. Trust the ratios, not the times: other machines and other load move the times."""
REPEAT: Final = """\
## How to repeat

    make bench-peers     # once: med-imagetools, dicomsdl and gdcm in an environment of their own
    make bench-report    # all cases, five rounds; writes this page and its plot

`make bench BENCH_ARGS="--case header --files 500"` runs one case; `BENCH_ARGS=--small` only \
proves that all contenders find the same. See [benchmarks](../benchmarks/README.md)."""


def targets(found: Mapping[str, Any]) -> list[list[str]]:
    """Return the table of figures the project holds itself to, the first row its head."""
    rows = [["target", "wanted", "measured", "met"]]
    for case in found["cases"].values():
        for each in case["targets"]:
            sign = "≥" if each["at_least"] else "≤"
            unit = each["unit"] if each["unit"] == "×" else f" {each['unit']}"
            rows.append(
                [
                    each["what"],
                    f"{sign} {each['limit']:g}{unit}",
                    "less than start-up varies"
                    if math.isnan(each["measured"])
                    else f"{_number(each['measured'])}{unit}",
                    "yes" if each["met"] else "no",
                ]
            )
    return rows


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def page(found: Mapping[str, Any]) -> str:
    """Return the Markdown of docs/benchmarks.md."""
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    parts = [
        "# Benchmarks",
        "<!-- Written by benchmarks/report.py from docs/benchmarks.json. Do not edit. -->",
        markdown(targets(found)),
        "![CPU time of a file by reader, and of whole processes](images/benchmarks.png)",
        CORPUS,
        f"**Run.** {versions}; warm page cache; seed {found['seed']}, {found['rounds']} "
        f"interleaved rounds, {found['seconds'] // 60} min {found['seconds'] % 60} s in all.",
    ]
    for name, case in found["cases"].items():
        amount = f"{case['amount']:,} {case['unit']}{'s' if case['amount'] != 1 else ''}"
        notes = "".join(f"- {note}\n" for note in (amount, *case["notes"]))
        parts += [f"## {TITLES.get(name, name)}", notes.rstrip(), markdown(case["table"])]
        parts.append(f"Ratios are against {case['baseline']}: 2 is half its time.")
    return "\n\n".join([*parts, REPEAT]) + "\n"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table, numbers flush right."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(found: Mapping[str, Any], docs: Path = DOCS) -> tuple[Path, ...]:
    """Write the page, its plot and the results they are made from; return their paths."""
    pages = docs / "benchmarks.md", docs / "images" / "benchmarks.png", docs / "benchmarks.json"
    pages[1].parent.mkdir(parents=True, exist_ok=True)
    pages[0].write_text(page(found), encoding="utf-8")
    draw(found).save(pages[1], optimize=True)
    pages[2].write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return pages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="JSON that run.py wrote")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder to write into")
    parsed = parser.parse_args()
    found = json.loads(parsed.results.read_text(encoding="utf-8"))
    for path in write(found, parsed.docs):
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
