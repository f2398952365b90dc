"""Fills what docs/volumes.md has between marks: reasons, flags, settings, and the comparison.

The rules themselves are written by hand; the tables follow from the schema, from the settings'
presets and from docs/volume_peers.json, which `make compare-volumes` writes.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from dicomlake.schemas.tables.volume_instances import REASONS as EXCLUSIONS
from dicomlake.schemas.tables.volumes import FLAGS, REASONS

RESULTS: Final = "volume_peers.json"
OURS: Final = "dicomlake"
_MARKED: Final = re.compile(r"(<!-- (\w+): generated -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
_WRONG: Final = frozenset({"merged", "wrong geometry", "wrong values", "incomplete", "cut"})


def current(docs: Path) -> str:
    """Return the text of the page with its tables as they have to be.

    Raises:
        KeyError: the page has a mark that nothing is made for.
    """
    text = (docs / "volumes.md").read_text(encoding="utf-8")
    found = json.loads((docs / RESULTS).read_text(encoding="utf-8"))
    parts = {
        "reasons": _codes("reason", REASONS),
        "exclusions": _codes("reason", EXCLUSIONS),
        "flags": _codes("flag", FLAGS),
        "presets": presets(),
        "summary": summary(found),
        "comparison": comparison(found),
    }
    return _MARKED.sub(lambda mark: f"{mark[1]}\n{parts[mark[2]]}\n\n{mark[3]}", text)


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table, the first row its head."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *body))


def _codes(name: str, codes: Mapping[str, str]) -> str:
    return markdown([[name, "meaning"], *([f"`{code}`", text] for code, text in codes.items())])


def presets() -> str:
    """Return the settings of volumes that the presets change, beside their defaults."""
    config = resources.files("dicomlake.config")

    def read(*name: str) -> Mapping[str, Any]:
        text = config.joinpath(*name).read_text(encoding="utf-8")
        settings: Mapping[str, Any] = tomllib.loads(text)["volumes"]
        return settings

    default = read("default.toml")
    strict, lenient = (read("presets", f"{name}.toml") for name in ("strict", "lenient"))
    rows = [["setting", "default", "`strict`", "`lenient`"]]
    for key, value in default.items():
        if key in strict or key in lenient:
            cells = (
                each.get(key, value) if each is not default else value
                for each in (default, strict, lenient)
            )
            rows.append([f"`volumes.{key}`", *(_setting(key, cell, value) for cell in cells)])
    return markdown(rows)


def _setting(key: str, cell: Any, default: Any) -> str:
    """Return a value; of a list only how it differs from the default, which stands above."""
    if not isinstance(cell, list):
        return f"`{cell}`"
    if cell == default:
        return "as above" if key == "split_keys" else f"`{cell}`"
    without = ", ".join(each for each in default if each not in cell)
    besides = ", ".join(each for each in cell if each not in default)
    return "; ".join(
        text
        for text, any_ in ((f"without {without}", without), (f"also {besides}", besides))
        if any_
    )


def tools_of(found: Mapping[str, Any]) -> list[str]:
    """Return the tools that ran, dicomlake first."""
    first = next(iter(found["cases"].values()))
    return list(first["verdicts"])


def outcome(case: Mapping[str, Any], tool: str) -> str:
    """Return in which column of the summary a tool's verdict of a case counts."""
    kind = case["verdicts"][tool]["kind"]
    if kind in _WRONG:
        return "wrong"
    if kind in ("refused", "crashed", "other reason"):
        right = kind == "refused" and case["reason"] is not None
        return "right" if right else ("no volume" if kind == "refused" else kind)
    return "right" if kind == "exact" else "accepted"


_OUTCOMES: Final = {
    "right": "right",
    "wrong": "wrong voxels",
    "accepted": "accepted, though ambiguous or incomplete",
    "no volume": "refused, though usable",
    "crashed": "crashed",
}


def summary(found: Mapping[str, Any]) -> str:
    """Return the table of how often each tool was right, and how it was not."""
    rows = [["tool", *_OUTCOMES.values()]]
    for tool in tools_of(found):
        counts = Counter(outcome(case, tool) for case in found["cases"].values())
        counts["no volume"] += counts.pop("other reason", 0)
        rows.append([found["versions"][tool], *(str(counts[each]) for each in _OUTCOMES)])
    absent = [tool for tool in found["versions"] if tool not in tools_of(found)]
    rows += [[tool, found["versions"][tool], *[""] * (len(_OUTCOMES) - 1)] for tool in absent]
    return markdown(rows)


def comparison(found: Mapping[str, Any]) -> str:
    """Return the table of all verdicts; what is right is in bold."""
    tools = tools_of(found)
    rows = [["case", "what it is", *tools]]
    for name, case in found["cases"].items():
        if case["reason"]:
            wanted = f"`{case['reason']}`"
        else:
            wanted = "1 volume" if case["volumes"] == 1 else f"{case['volumes']} volumes"
        cells = []
        for tool in tools:
            words = case["verdicts"][tool]["words"]
            cells.append(f"**{words}**" if outcome(case, tool) == "right" else words)
        rows.append([name.replace("_", " "), wanted, *cells])
    return markdown(rows)
