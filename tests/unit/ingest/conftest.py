"""What every test of ingest is given."""

from pathlib import Path

import pytest
from make.ingest import Ingester


@pytest.fixture
def ingest(tmp_path: Path) -> Ingester:
    return Ingester(tmp_path / "lake")
