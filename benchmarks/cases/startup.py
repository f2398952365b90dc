"""What a start costs, and that an ingest imports nothing heavy that it does not use."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from child import dicomlake, run
from generate import write_tree
from runner import Measured, Prepared, Scale, Target

INGEST: Final = "dicomlake ingest, one file"
FORBIDDEN: Final = ("pandas", "prefect")
HEAVY: Final = (*FORBIDDEN, "dask", "distributed", "zarr", "duckdb", "sqlalchemy", "fastapi")
_IMPORTS: Final = """
import json, sys
from dicomlake.flows.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert ended.code == 0, ended.code
print(json.dumps(sorted(sys.modules)))
"""


def prepare(folder: Path, scale: Scale) -> Prepared:
    tree = write_tree(folder / "tree", 1, seed=scale.seed)
    source, lake = f"bench={tree.root}", folder / "lake"
    arguments = ("ingest", source, "--workers", "0", "--no-track", "--json", "--lake", str(lake))
    modules = _modules(*arguments)
    heavy = [name for name in HEAVY if name in modules]
    bad = [name for name in FORBIDDEN if name in modules]
    return Prepared(
        contenders={
            "python -c pass": lambda: run([sys.executable, "-c", "pass"]),
            "python -c 'import pyarrow, pydicom'": lambda: run(
                [sys.executable, "-c", "import pyarrow, pydicom"]
            ),
            "dicomlake --version": lambda: run(dicomlake("--version")),
            INGEST: lambda: _ingest(arguments),
        },
        check=lambda results: _check(results, bad),
        baseline="python -c pass",
        amount=1,
        unit="start",
        notes=(
            f"an ingest imports {len(modules)} modules; of {', '.join(HEAVY)}: "
            f"{', '.join(heavy) or 'none'}",
        ),
        targets=(
            Target(
                "of pandas and prefect, imported by an ingest",
                0,
                lambda _: len(bad),
                at_least=False,
                unit="modules",
            ),
        ),
    )


def _modules(*arguments: str) -> list[str]:
    """Return the names of all modules that a command has imported when it ends."""
    done = run([sys.executable, "-c", _IMPORTS, *arguments])
    found: list[str] = json.loads(done.result.splitlines()[-1])
    return found


def _ingest(arguments: tuple[str, ...]) -> Measured:
    done = run(dicomlake(*arguments))
    return done._replace(result=json.loads(done.result))


def _check(results: Mapping[str, Any], bad: list[str]) -> None:
    """The ingest saw its file, and imported neither pandas nor Prefect."""
    assert results[INGEST]["files"]["seen"] == 1
    assert bad == [], f"an ingest imports {bad}"
    assert results["dicomlake --version"].startswith("dicomlake")
