"""Who may import whom, how the package is reached, and what an import must not cost."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from contracts.conftest import copy_sources

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "flows", "pipeline", "schemas")


@pytest.mark.parametrize("room", ROOMS)
def test_room_cannot_be_imported_by_its_bare_name(room: str) -> None:
    # tests/ is on the path, and tests/flows is a folder there: what counts is the room itself.
    spec = importlib.util.find_spec(room)
    found = list(spec.submodule_search_locations or ()) if spec else []
    assert str(ROOT / room) not in found


@pytest.mark.parametrize("room", ROOMS)
def test_link_of_the_package_points_to_its_room(room: str) -> None:
    link = ROOT / "src" / "dicomlake" / room
    assert link.is_symlink()
    assert str(link.readlink()) == f"../../{room}"
    assert link.resolve() == ROOT / room


def test_package_folder_holds_nothing_but_the_links() -> None:
    names = {path.name for path in (ROOT / "src" / "dicomlake").iterdir()}
    assert names - {"__pycache__"} == {"__init__.py", "py.typed", *ROOMS}


def lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter on a checkout's own package, not on the one that is installed."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout / "src"), "COLUMNS": "200"},
    )


def test_direction_of_imports_is_kept(copied: Path) -> None:
    done = lint_imports(copied)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_each_contract_fails_on_a_planted_violation(tmp_path: Path) -> None:
    checkout = copy_sources(tmp_path)
    for path, line in (
        ("config/settings.py", "import dicomlake.pipeline.errors\n"),
        ("pipeline/errors.py", "import dicomlake.pipeline.discovery.walk\n"),
        ("schemas/evolution.py", "import pydicom\n"),
        ("pipeline/discovery/walk.py", "import prefect\n"),
    ):
        with (checkout / path).open("a", encoding="utf-8") as file:
            file.write(line)
    done = lint_imports(checkout)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if " BROKEN" in line]
    starts = ("Direction", "Inside pipeline", "Schemas import", "Prefect and Dask")
    assert [start for start in starts if any(line.startswith(start) for line in broken)] == list(
        starts
    )


def imported_modules(path: Path) -> set[str]:
    """Return the first names of all that a file imports, lazily or not."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize(
    ("module", "files"),
    [
        ("prefect", {"flows/tracked.py", "flows/deployments.py"}),
        ("dask", {"flows/cluster.py", "flows/worker.py"}),
        ("distributed", {"flows/cluster.py", "flows/worker.py"}),
    ],
)
def test_prefect_and_dask_stand_in_their_own_files(module: str, files: set[str]) -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if module in imported_modules(path)
    }
    assert found <= files


def test_checkout_without_links_says_so_in_one_line(tmp_path: Path) -> None:
    package = copy_sources(tmp_path) / "src" / "dicomlake"
    (package / "flows").unlink()
    (package / "flows").write_text("../../flows")
    done = subprocess.run(
        [sys.executable, "-c", "import dicomlake"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: src/dicomlake/flows is a text file")


HEAVY = {"pandas", "prefect", "dask", "distributed", "pydicom", "zarr", "duckdb", "numcodecs"}


@pytest.mark.parametrize(
    ("imports", "barred"),
    [
        ("dicomlake", {*HEAVY, "pyarrow", "numpy", "pydantic"}),
        ("dicomlake.schemas.tables, dicomlake.schemas.render", {*HEAVY, "pydantic"}),
        ("dicomlake.config.settings", HEAVY),
        ("dicomlake.pipeline.errors", {*HEAVY, "pyarrow", "numpy"}),
    ],
)
def test_import_stays_light(imports: str, barred: set[str]) -> None:
    code = f"import sys, {imports}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert not barred & set(done.stdout.split())
