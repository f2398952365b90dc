"""Parts written by the engine's workers are those that the driver writes itself."""

import multiprocessing
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from make.jobs import process_id
from make.parts import change_of, write_and_die_once
from make.rows import default_settings

from dicomlake.flows.engine import Engine
from dicomlake.pipeline.tables import commit as commit_module
from dicomlake.pipeline.tables.commit import MapParts, open_for_writing
from dicomlake.pipeline.tables.layout import TEMPORARY
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.tables.verify import verify

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    # Of connections to workers that died.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

SETTINGS = default_settings(engine={"workers": 2})
CHANGES = (change_of(0, 200, 1), change_of(100, 150, 2))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(commit_module, "WORTH_SENDING_S", 0)
    with Engine(SETTINGS.engine, folder=tmp_path) as engine:
        yield engine
    left = [each for each in multiprocessing.active_children() if "Dask" in each.name]
    assert left == []


def commits(lake: Path, map_parts: MapParts | None) -> Version:
    with open_for_writing(lake, SETTINGS) as writer:
        for number, change in enumerate(CHANGES):
            writer.commit(f"r{number}", lambda _, change=change: change, map_parts)
    assert not [path.name for path in lake.rglob(f"{TEMPORARY}*")]
    return open_version(lake)


def test_workers_write_the_parts_that_the_driver_would(tmp_path: Path, engine: Engine) -> None:
    assert engine.map_parts() is None, "no worker is started for a commit"
    list(engine.map(process_id, range(2), cost_s=0, name=str))
    map_parts = engine.map_parts()
    assert map_parts is not None
    on_workers = commits(tmp_path / "workers", map_parts)
    own = commits(tmp_path / "own", None)
    assert on_workers.manifest.tables == own.manifest.tables
    assert verify(on_workers.lake, deep=True) == []


def test_a_worker_that_dies_while_it_writes_costs_nothing(tmp_path: Path, engine: Engine) -> None:
    """The part is written again by another worker; what the first left goes with the writer."""
    list(engine.map(process_id, range(2), cost_s=0, name=str))
    map_parts = engine.map_parts()
    assert map_parts is not None
    mark = tmp_path / "mark"
    dying: MapParts = lambda write, jobs: map_parts(  # noqa: E731  (one line more says no more)
        partial(write_and_die_once, write=write, mark=str(mark)), jobs
    )
    on_workers = commits(tmp_path / "workers", dying)
    assert mark.exists()
    assert on_workers.manifest.tables == commits(tmp_path / "own", None).manifest.tables
