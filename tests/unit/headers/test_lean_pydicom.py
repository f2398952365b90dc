"""pydicom is imported without what it does not need; whoever else wants that has it."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from dicomlake.pipeline.headers.lean_pydicom import keep_requests_out

keep_requests_out()
keep_requests_out()
import pydicom

assert "requests" not in sys.modules, "imported by pydicom"
assert pydicom.dcmread is not None
import requests

print(requests.__name__)
"""


def test_pydicom_is_imported_without_requests_which_others_still_get() -> None:
    pytest.importorskip("requests")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "requests\n"
