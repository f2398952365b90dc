"""A copy of the checkout to build from and to plant faults in."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "flows", "pipeline", "schemas")


def copy_sources(target: Path) -> Path:
    """Copy what a package is built from; links stay links."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in (*ROOMS, "src"):
        shutil.copytree(ROOT / name, target / name, symlinks=True, ignore=ignore)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_sources(tmp_path_factory.mktemp("checkout"))
