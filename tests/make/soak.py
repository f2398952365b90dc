"""What is left to `make soak`: long tests, of which a shorter one stands in every run."""

import os
from typing import Final

import pytest

SOAK: Final = os.environ.get("DICOMLAKE_SOAK") == "1"

long = pytest.mark.skipif(not SOAK, reason="long, and a shorter test stands beside it: `make soak`")
