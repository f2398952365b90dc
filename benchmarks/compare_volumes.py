"""Runs dicomlake and the tools of others over cases of volumes; writes the page that compares them.

    python benchmarks/compare_volumes.py CASES

CASES has a folder of files a case, and truth.json. Every tool runs with its defaults, in the
environment of the peers (`make bench-peers`); what is not installed there is said to be so. The
results go to docs/volume_peers.json, and from there into the comparison of docs/volumes.md.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import peers
from cases.lakes import do
from judging import Ended, Made, Truth, Verdict, judge
from peer_volumes import TOOLS
from volume_truth import read_truth

from dicomlake import Lake

DOCS: Final = peers.HOME.parent / "docs"
RESULTS: Final = "volume_peers.json"
OURS: Final = "dicomlake"
_PACKAGES: Final = {
    "SimpleITK": ("SimpleITK",),
    "dcm2niix": ("dcm2niix",),
    "dicom2nifti": ("dicom2nifti",),
    "highdicom": ("highdicom",),
    "MONAI, ITK": ("monai", "itk"),
    "MONAI, pydicom": ("monai", "pydicom"),
}


def ours(cases: Path, truths: Mapping[str, Truth], work: Path) -> dict[str, Verdict]:
    """Run a fresh lake over all cases at once; judge what became of each one's series."""
    do("run", work / "lake", f"cases={cases}")
    lake = Lake(work / "lake")
    of_case = lake.sql(
        "SELECT split_part(f.path, '/', 1), list(DISTINCT i.series_instance_uid) FROM files f "
        "JOIN instances i USING (sop_instance_uid) GROUP BY 1"
    ).fetchall()
    rows = lake.table("volumes").to_arrow().to_pylist()
    found = {}
    for name, series in of_case:
        if name in truths:
            found[name] = _our_verdict(
                lake, truths[name], [row for row in rows if row["series_instance_uid"] in series]
            )
    return found


def _our_verdict(lake: Lake, truth: Truth, rows: Sequence[Mapping[str, Any]]) -> Verdict:
    """Judge voxels through the affine of the table; a refusal counts with the right reason only."""
    made = tuple(
        Made(lake.volume(row["volume_id"]).to_numpy().T, np.reshape(row["affine_lps"], (4, 4)))
        for row in rows
        if row["status"] == "accepted"
    )
    if made:
        return judge(truth, Ended("made", made=made))
    reasons = sorted({row["reason"] for row in rows})
    right = truth.reason is None or reasons == [truth.reason]
    return Verdict(
        "refused" if right else "other reason", f"refused: {', '.join(reasons) or 'no volume'}"
    )


def of_peer(
    tool: str, python: str, folders: Sequence[tuple[str, Path]], work: Path
) -> dict[str, Ended]:
    """Run a tool over folders in its environment; return how each ended.

    Raises:
        CalledProcessError: the tool itself cannot be imported there.
    """
    work.mkdir(parents=True)
    subprocess.run(
        [python, str(peers.HOME / "peer_volumes.py"), tool, str(work)],
        input=json.dumps([(name, str(folder)) for name, folder in folders]),
        text=True,
        check=True,
        capture_output=True,
    )
    return {name: _ended(work / name) for name, _ in folders}


def _ended(stem: Path) -> Ended:
    told = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))
    made: list[Made] = []
    if told["ended"] == "made":
        with np.load(stem.with_suffix(".npz")) as arrays:
            numbers = range(len(arrays.files) // 2)
            made += [Made(arrays[f"array{n}"], arrays[f"affine{n}"]) for n in numbers]
    return Ended(told["ended"], told.get("error", ""), tuple(made))


def versions(python: str, packages: Iterable[str]) -> str:
    """Return a tool's packages with their versions in an environment."""
    asked = f"from importlib.metadata import version; print(*map(version, {tuple(packages)!r}))"
    done = subprocess.run([python, "-c", asked], text=True, check=True, capture_output=True)
    return ", ".join(
        f"{name} {number}" for name, number in zip(packages, done.stdout.split(), strict=True)
    )


def compare(cases: Path, tools: Sequence[str]) -> dict[str, Any]:
    """Return verdicts of all tools, dicomlake first, by case, with versions."""
    truths = read_truth(cases)
    told = json.loads((cases / "truth.json").read_text(encoding="utf-8"))
    folders = [(name, (cases / name).resolve()) for name in truths]
    numbers = {OURS: f"{OURS} {version(OURS)}"}
    verdicts: dict[str, Mapping[str, Verdict]] = {}
    with tempfile.TemporaryDirectory(prefix="dicomlake-compare-") as name:
        work = Path(name)
        print(OURS, flush=True)
        verdicts[OURS] = ours(cases, truths, work)
        for number, tool in enumerate(tools):
            print(tool, flush=True)
            python = _python_with(TOOLS[tool][1])
            if python is None:
                numbers[tool] = f"not installed: {peers.ADVICE}"
                continue
            ended = of_peer(tool, python, folders, work / str(number))
            verdicts[tool] = {case: judge(truths[case], each) for case, each in ended.items()}
            numbers[tool] = versions(python, _PACKAGES[tool])
            shutil.rmtree(work / str(number))
    return {
        "versions": numbers,
        "cases": {
            case: {
                "files": told[case]["files"],
                "note": told[case].get("note", ""),
                "reason": truth.reason,
                "volumes": len(truth.volumes),
                "verdicts": {
                    tool: {"kind": each[case].kind, "words": each[case].words}
                    for tool, each in verdicts.items()
                    if case in each
                },
            }
            for case, truth in truths.items()
        },
    }


def _python_with(modules: Sequence[str]) -> str | None:
    found = {peers.interpreter(module) for module in modules}
    return found.pop() if len(found) == 1 else None


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path, help="folder of cases with truth.json")
    parser.add_argument("--tool", action="append", choices=TOOLS, help="only these (default: all)")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder with volumes.md")
    parsed = parser.parse_args(given)
    if not (parsed.cases / "truth.json").is_file():
        parser.error(f"{parsed.cases} has no truth.json")
    found = compare(parsed.cases, parsed.tool or list(TOOLS))
    results = parsed.docs / RESULTS
    results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.path.insert(0, str(DOCS))
    from volumes_page import current  # noqa: PLC0415  (the folder of docs is no package)

    (parsed.docs / "volumes.md").write_text(current(parsed.docs), encoding="utf-8")
    for path in (results, parsed.docs / "volumes.md"):
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
