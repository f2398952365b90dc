"""A disk that fails while a volume is made: one line, nothing committed, another run mends it."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make.series import ct_series, pixels

from dicomlake import Lake
from dicomlake.flows.cli import main
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import verify
from dicomlake.pipeline.volumes import assemble, build, jobs, shards, store
from dicomlake.pipeline.volumes.store import volume_digest

PLACES = {
    "a shard": (shards, "_write_all", errno.ENOSPC),
    "the sync of a shard": (shards, "_sync", errno.EIO),
    "the metadata of an array": (assemble, "create_array", errno.EACCES),
    "the attributes": (assemble, "describe", errno.ENOSPC),
    "the sync of the group": (store, "_settle_file", errno.EIO),
    "the name of the group": (store, "_claim", errno.EACCES),
    "the picture": (assemble, "publish_picture", errno.ENOSPC),
    "the sync after the name": (store, "sync_folder", errno.EIO),
    "the plan of a large series": (build, "save_plan", errno.ENOSPC),
}
"""What fails, the function that does it, and how."""


def dicomlake(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--workers", "0", "--no-track"])
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def tree(lake: Path) -> dict[str, str]:
    return {
        str(path.relative_to(lake)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((lake / "volumes").rglob("*"))
        if path.is_file()
    }


def refused_at(call: int, do: Callable[..., Any], number: int) -> Callable[..., Any]:
    """Return a function that fails as a disk does at its n-th call, after the work was begun."""
    calls = iter(range(1 << 30))

    def fail(*given: Any, **named: Any) -> Any:
        if next(calls) == call:
            if do.__name__ == "_sync":
                os.close(*given)
            raise OSError(number, os.strerror(number))
        return do(*given, **named)

    return fail


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A series of two shards."""
    folder = tmp_path_factory.mktemp("series")
    tile = np.tile(pixels(1, 64, 64), (8, 8)).tobytes()
    ct_series(folder, 34, rows=512, columns=512, PixelData=tile)
    return folder


@pytest.fixture(scope="module")
def expected(series: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a run leaves that nothing befell."""
    lake = tmp_path_factory.mktemp("whole") / "lake"
    assert dicomlake("ingest", str(series), "--lake", str(lake)) == 0
    assert dicomlake("volumes", "--lake", str(lake)) == 0
    return tree(lake)


@pytest.mark.parametrize("large", [False, True], ids=["one task", "several tasks"])
@pytest.mark.parametrize("place", PLACES)
def test_a_failing_disk_commits_nothing_and_the_next_run_makes_the_same_volume(
    series: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    expected: dict[str, str],
    place: str,
    *,
    large: bool,
) -> None:
    if place == "the plan of a large series" and not large:
        pytest.skip("a series of one task has no plan in staging")
    if large:
        monkeypatch.setattr(jobs, "TASK_S", 0.02)
    lake = tmp_path / "lake"
    assert dicomlake("ingest", str(series), "--lake", str(lake)) == 0
    before = open_version(lake).number
    module, name, number = PLACES[place]
    capsys.readouterr()
    with monkeypatch.context() as failing:
        failing.setattr(module, name, refused_at(0, getattr(module, name), number))
        assert dicomlake("volumes", "--lake", str(lake)) != 0
    said = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(said) == 1
    assert os.strerror(number) in said[0]
    assert "Traceback" not in said[0]
    assert open_version(lake).number == before
    assert Lake(lake).table("volumes").to_arrow().num_rows == 0
    assert not list((lake / "staging").rglob("zarr.json"))
    assert dicomlake("volumes", "--lake", str(lake)) == 0
    (row,) = Lake(lake).table("volumes").to_arrow().to_pylist()
    assert row["status"] == "accepted"
    assert (lake / row["preview"]).is_file()
    assert verify(lake, deep=True, volume_digest=volume_digest) == []
    assert tree(lake) == expected
