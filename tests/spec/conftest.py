"""The lake of one run over every case of doses, for all tests of what it holds."""

from pathlib import Path

import pytest
from make.dose_cases import write_tree
from make.dose_lake import NO_VOLUMES, DoseLake, run


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every case, a study each."""
    return write_tree(tmp_path_factory.mktemp("cases") / "tree")


@pytest.fixture(scope="session")
def dose(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> DoseLake:
    """The lake of one run over every case."""
    lake = tmp_path_factory.mktemp("dose") / "lake"
    run(tree, lake, NO_VOLUMES)
    return DoseLake(lake)
