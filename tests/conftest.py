"""Fixtures for every test."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real and synthetic DICOM with truth, beside the checkout; absent from a stranger's clone."""
    if not (_SHARED / "corpus" / "expected.json").is_file():
        pytest.skip(f"no corpus beside the checkout ({_SHARED}): this test needs its files")
    return _SHARED
