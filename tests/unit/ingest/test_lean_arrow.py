"""A run pays neither for pandas nor for a memory pool; a table still becomes a data frame."""

import subprocess
import sys
from pathlib import Path

import pytest

from dicomlake.flows.worker import MEMORY_OF_ARROW

(VARIABLE,) = MEMORY_OF_ARROW

INGEST = """
import sys
from pathlib import Path
from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out

keep_pandas_out()
from make.ingest import Ingester

ingest = Ingester(Path(sys.argv[2]))
ingest(sys.argv[1])
done = ingest(sys.argv[1])
assert done.version is None
assert "pandas" not in sys.modules, "imported by a run"
from dicomlake.pipeline.tables.store import open_version

frame = open_version(Path(sys.argv[2])).read("files", ["path"]).to_pandas()
assert list(frame["path"]) == ["note.txt"]
"""


COMMAND = """
import sys
from dicomlake.flows.cli import main

try:
    main(["ingest", sys.argv[1], "--lake", sys.argv[2], "--workers", "0"])
except SystemExit as ended:
    assert not ended.code, ended.code
import pyarrow as pa

print(pa.default_memory_pool().backend_name)
"""


@pytest.mark.parametrize(("given", "pool"), [({}, "system"), ({VARIABLE: "mimalloc"}, "mimalloc")])
def test_a_command_takes_its_memory_from_the_system_unless_told_otherwise(
    tmp_path: Path, given: dict[str, str], pool: str
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "note.txt").write_text("text")
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(tmp_path / "tree"), str(tmp_path / "lake")],
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == pool


def test_a_run_imports_no_pandas_and_to_pandas_works_afterwards(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "note.txt").write_text("text")
    tests = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", INGEST, str(tmp_path / "tree"), str(tmp_path / "lake")],
        env={"PYTHONPATH": str(tests)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
