"""Fixtures for every test."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real and synthetic DICOM with truth, beside the checkout; absent from a stranger's clone."""
    if not (_SHARED / "corpus" / "expected.json").is_file():
        pytest.skip(f"no corpus beside the checkout ({_SHARED}): this test needs its files")
    return _SHARED


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: for a thousand commits that wait for no disk."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="dicomlake-test-", dir="/dev/shm") as folder:
        yield Path(folder)
