"""Runs of the command line in processes of their own that are forks of one, and so start at once.

`Runner` is the driver; the process it drives has imported the product and done nothing.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dicomlake.pipeline.tables import faults
from make.tree import clean_environment


class Runner:
    """Starts runs, inline and not tracked, each with a fault armed or with none."""

    def __init__(self, folder: Path) -> None:
        """Use a folder for what the runs say."""
        self._folder = folder
        self._count = 0
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=clean_environment(),
        )  # fmt: skip

    def _ask(self, **question: object) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def start(self, source: Path, lake: Path, *, fault: str = "", command: str = "run") -> int:
        """Start a run; return its process id."""
        arguments = [command, str(source), "--lake", str(lake), "--workers", "0", "--no-track"]
        self._count += 1
        said = str(self._folder / f"run{self._count}.txt")
        return self._ask(arguments=arguments, fault=fault, said=said)

    def wait(self, pid: int) -> int:
        """Return the exit code of a run, negative for a signal."""
        return self._ask(pid=pid)

    def run(self, source: Path, lake: Path, *, fault: str = "", command: str = "run") -> int:
        """Do a run; return its exit code, negative for a signal."""
        return self.wait(self.start(source, lake, fault=fault, command=command))

    def said(self) -> str:
        """Return what the last run said."""
        return (self._folder / f"run{self._count}.txt").read_text()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def _child(arguments: Sequence[str], fault: str, said: str) -> None:
    """Be the command line; never returns."""
    from dicomlake.flows.cli import main  # noqa: PLC0415  (imported already)

    code = 1
    try:
        out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for descriptor in (1, 2):
            os.dup2(out, descriptor)
        if fault:
            os.environ[faults.VARIABLE] = fault
        main(list(arguments))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001  (told by how the process ends)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Answer lines of JSON: a run to start with its process id, one to wait for with its end."""
    for module in ("cli", "dose_stages", "printing", "stages"):
        import_module(f"dicomlake.flows.{module}")  # so that no fork has to
    for line in sys.stdin:
        asked = json.loads(line)
        if "pid" in asked:
            answer = os.waitstatus_to_exitcode(os.waitpid(asked["pid"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _child(**asked)
        print(answer, flush=True)


if __name__ == "__main__":
    serve()
