"""Drives the independent reader process of `make/reader.py`."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PAUSE_S = 0.02 if os.environ.get("DICOMLAKE_SOAK") == "1" else 0.25
"""Between two looks of a reader in a loop."""


class Stranger:
    """The independent reader process."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("reader.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def look(self, lake: Path) -> dict[str, Any]:
        return self._ask(str(lake))

    def broken(self, lake: Path) -> dict[str, Any]:
        """Return the version that `current` names, and which rows of it do not agree."""
        return self._ask(f"whole\t{lake}")

    def _ask(self, question: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{question}\n")
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


class Watch:
    """A reader in a loop beside a test: every version that it meets must be whole."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._stranger = Stranger()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="stranger")
        self.looks = 0
        self.versions: list[str] = []
        self.broken: list[dict[str, Any]] = []

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._stranger.close()

    def _look(self) -> None:
        while not self._stop.is_set():
            seen = self._stranger.broken(self._lake)
            self.looks += 1
            if seen["version"] is not None:
                self.versions.append(seen["version"])
            if seen["broken"]:
                self.broken.append(seen)
            self._stop.wait(PAUSE_S)

    def check(self) -> None:
        """Fail if a version was not whole, or `current` went back."""
        assert self.looks
        assert self.broken == []
        assert self.versions == sorted(self.versions)
