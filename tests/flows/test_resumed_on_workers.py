"""A run with workers whose driver is killed: the next one takes up what they had read."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from make.lakes import told
from make.series import ct_series
from make.soak import long
from make.tree import clean_environment, command, start

from dicomlake.pipeline.tables.verify import verify
from dicomlake.pipeline.volumes.store import volume_digest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SERIES, SLICES = 12, 30
BATCH = 10
# By the reader that takes its time: there are many batches to be killed between.
OPTIONS = ("--workers", "2", "--reader", "pydicom", "--no-track")


def environment() -> dict[str, str]:
    return clean_environment(
        DICOMLAKE_ENGINE__BATCH_FILES=str(BATCH), DICOMLAKE_VOLUMES__PREVIEW="false"
    )


def staged(lake: Path) -> int:
    """Return how many whole batches stand in staging."""
    return sum(not path.parent.name.startswith(".")
               for path in lake.glob("staging/*/batches/*/files.arrow"))  # fmt: skip


def kill_driver(run: "subprocess.Popen[str]", lake: Path, batches: int) -> None:
    """Kill the process that drives a run, and it alone, once so many batches are staged."""
    deadline = time.monotonic() + 200
    while staged(lake) < batches:
        assert run.poll() is None, "it ended before"
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.kill(run.pid, signal.SIGKILL)


@long
def test_what_workers_had_staged_is_taken_up_when_their_driver_was_killed(tmp_path: Path) -> None:
    tree, lake = tmp_path / "tree", tmp_path / "lake"
    for number in range(SERIES):
        ct_series(tree / f"{number:02}", SLICES, name=f"s{number}", rows=8, columns=8)
    named = ("run", f"ward={tree}", "--lake", str(lake), *OPTIONS)
    with start(named, tmp_path, environment()) as run:
        kill_driver(run, lake, 4)
        run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert not list(lake.glob("versions/*"))
    # At once: workers of the dead driver may still be at a batch.
    done = command(*named, "--json", cwd=tmp_path, environment=environment())
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    files = summary["files"]
    assert files["resumed"] >= 3 * BATCH
    assert files["read"] + files["resumed"] == SERIES * SLICES
    assert summary["workers"] == 2
    alone = tmp_path / "alone"
    inline = ("--workers", "0", *OPTIONS[2:])
    whole = command(
        "run", f"ward={tree}", "--lake", str(alone), *inline, cwd=tmp_path,
        environment=environment(),
    )  # fmt: skip
    assert whole.returncode == 0, whole.stderr
    assert told(lake) == told(alone)
    assert verify(lake, deep=True, volume_digest=volume_digest) == []
    assert not [path for path in (lake / "staging").rglob("*") if path.is_file()]
