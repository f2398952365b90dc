"""What README and guide tell people to type works, in the order it is told."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import polars
import pytest
from make.doses import dose_lake, population

from dicomlake.config.settings import load_settings
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.pipeline.demo import write_phantom
from dicomlake.pipeline.volumes.windows import SUV_WINDOWS, WINDOWS
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables.frames import FRAMES
from dicomlake.schemas.tables.instances import INSTANCES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "guide").glob("*.md"))
DOSE = ROOT / "docs" / "guide" / "dose.md"
GUIDE = [page for page in PAGES if page != DOSE and "```python" in page.read_text("utf-8")]
"""The pages that lead to voxels."""


class Silent:
    def advance(self, files: int, size: int = 0) -> None: ...


@contextmanager
def no_meter(*_: object) -> Iterator[Progress]:
    yield Silent()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake of one small CT series in it."""
    folder = tmp_path_factory.mktemp("home")
    write_phantom(folder / "ct", 12)
    request = RunRequest(lake=folder / "lake", sources=(str(folder / "ct"),))
    settings = load_settings(None, None, {"engine.workers": 0})
    execute(request, "run", settings, DirectReporter(no_meter))
    return folder


def blocks(page: Path) -> list[str]:
    """Return the product's blocks; those that show how it is done by hand speak of no lake."""
    found = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in found if re.search(r"\blake\b|^v\.|\bv\.", block, re.MULTILINE)]


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_every_block_of_the_guide_runs(
    page: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lake").symlink_to(home / "lake")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"os": os, "pd": pd, "polars": polars, "duckdb": duckdb}
    done = blocks(page)
    assert len(done) > 6
    for block in done:
        exec(compile(block, str(page), "exec"), names)
    assert names["accepted"], "the series is a volume"
    assert names["v"].array.shape == (12, 512, 512)  # type: ignore[attr-defined]  # from exec


def test_every_block_of_the_guide_to_doses_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dose_lake(tmp_path / "lake", population(3000))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    done = blocks(DOSE)
    assert len(done) > 4
    for block in done:
        exec(compile(block, str(DOSE), "exec"), names)
    assert len(names["levels"]) > 5  # type: ignore[arg-type]  # from exec
    assert len(names["slow"]) > 0  # type: ignore[arg-type]  # from exec


def test_every_block_of_the_readme_runs_by_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(home)
    done = blocks(ROOT / "README.md")
    assert len(done) == 5
    for block in done:
        exec(compile(block, "README.md", "exec"), {})
        assert capsys.readouterr().out.strip(), block


def test_windows_of_the_guide_are_those_of_the_code() -> None:
    for page in GUIDE:
        text = page.read_text(encoding="utf-8")
        named = re.findall(r'v\.window\("(\w+)"\) +# +(-?\d+) / +(\d+)', text)
        assert named, page
        for name, centre, width in named:
            assert WINDOWS[name] == (float(centre), float(width))


def test_the_guide_names_every_window_of_ct() -> None:
    text = (ROOT / "docs" / "guide" / "volumes.md").read_text(encoding="utf-8")
    assert set(re.findall(r'v\.window\("(\w+)"\)', text)) == set(WINDOWS)
    assert all(f"`{name}`" in text for name in SUV_WINDOWS)


def test_links_of_the_documents_lead_somewhere() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http://", "https://", "mailto:"))
        and not (page.parent / target).exists()
    ]
    assert broken == []


def test_numbers_of_columns_that_the_documents_name_are_those_of_the_schema() -> None:
    instances, frames = len(INSTANCES.columns), len(FRAMES.columns)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"({instances} columns an instance, {frames} a frame)" in " ".join(readme.split())
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"`instances` has {instances} columns" in changes
    assert f"Schema version {SCHEMA_VERSION};" in changes
