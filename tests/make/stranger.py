"""Drives the independent reader process of `make/reader.py`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class Stranger:
    """The independent reader process."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reader.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def look(self, lake: Path) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{lake}\n")
        self.process.stdin.flush()
        seen: dict[str, Any] = json.loads(self.process.stdout.readline())
        return seen

    def generation(self, lake: Path) -> int:
        """Return the generation that all tables agree on."""
        seen = self.look(lake)
        (number,) = seen["files"]
        assert seen["instances"] == [number]
        assert seen["runs"] == [f"g{i}" for i in range(1, number + 1)]
        assert (seen["n_files"], seen["n_instances"], seen["unmatched"]) == (6, 6, 0)
        return int(number)

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
