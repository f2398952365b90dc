"""Finds the tools that others wrote and that need an environment of their own.

`make bench-peers` makes that environment. The cases say which of them were not there, and go on.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from runner import Measured

HOME: Final = Path(__file__).resolve().parent
ADVICE: Final = "run `make bench-peers`"


@lru_cache(maxsize=1)
def folder() -> Path:
    """Return the virtual environment of the peers: DICOMLAKE_BENCH_PEERS or .venv/peers."""
    return Path(os.environ.get("DICOMLAKE_BENCH_PEERS") or HOME.parent / ".venv" / "peers")


def imgtools() -> str | None:
    """Return med-imagetools' program: DICOMLAKE_BENCH_IMGTOOLS, of the peers, or on the PATH."""
    named = os.environ.get("DICOMLAKE_BENCH_IMGTOOLS")
    if named:
        return shutil.which(named)
    return shutil.which(folder() / "bin" / "imgtools") or shutil.which("imgtools")


@lru_cache(maxsize=16)
def interpreter(module: str) -> str | None:
    """Return a Python that has a module: that of the peers, or the one that runs this."""
    for python in (str(folder() / "bin" / "python"), sys.executable):
        if (
            shutil.which(python)
            and not subprocess.run(
                [python, "-c", f"import {module}"], check=False, capture_output=True
            ).returncode
        ):
            return python
    return None


def missing() -> tuple[str, ...]:
    """Return a sentence for each reader of headers that is not there."""
    return tuple(
        f"{name} is not installed, left out: {ADVICE}"
        for name, module in READERS.items()
        if interpreter(module) is None
    )


READERS: Final = {"dicomsdl": "dicomsdl", "gdcm": "gdcm"}
"""Readers of headers, with the module that each is."""


def read_headers(name: str, files: Sequence[Path], keywords: Sequence[tuple[str, int]]) -> Measured:
    """Read elements at the top of every header with a peer, timed by itself in its own process.

    The result is, for each file, the texts by keyword, or None where the peer refuses the file.
    """
    python = interpreter(READERS[name])
    assert python is not None, "asked for a peer that is not there"
    request = {"files": [os.fspath(path) for path in files], "keywords": list(keywords)}
    done = subprocess.run(
        [python, str(HOME / "peer_reader.py"), name],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return Measured(found["rows"], found["cpu_s"], found["wall_s"])
