"""File systems without hard links, symbolic links, or locks, or with too few links to a file."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

import pytest
from make.rows import Change, TableDelta, default_settings, file_row, generation, rows
from make.stranger import Stranger

from dicomlake.pipeline.errors import CommitConflictError
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import claim_path, current_number, version_numbers
from dicomlake.pipeline.tables.locks import Writer
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import verify

SETTINGS = default_settings()


def refuse(number: int) -> Any:
    def call(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    return call


def put(lake: Path, number: int) -> None:
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit(f"g{number}", lambda _: generation(number)) is not None


def look(lake: Path) -> int:
    stranger = Stranger()
    try:
        return stranger.generation(lake)
    finally:
        stranger.close()


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.ENOSYS])
def test_without_hard_links_a_folder_claims_the_version_and_parts_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(os, "link", refuse(number))
    lake = tmp_path / "lake"
    put(lake, 1)
    put(lake, 2)
    assert all(claim_path(lake, n).is_dir() for n in (1, 2))
    path, part = open_version(lake).parts("files")[0]
    copy = lake / "current" / part.relative("files")
    assert copy.read_bytes() == path.read_bytes()
    assert not os.path.samefile(copy, path)
    assert look(lake) == 2
    assert {f.code for f in verify(lake, deep=True)} == set()


def test_without_hard_links_the_loser_of_a_race_builds_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    lake = tmp_path / "lake"
    bases: list[int] = []

    def build(base: Any) -> Change:
        bases.append(base.number)
        if len(bases) == 1:
            put(lake, 1)
        return Change({"files": TableDelta(rows("files", [file_row("mine")]))})

    with open_for_writing(lake, SETTINGS) as writer:
        version = writer.commit("r", build)
    assert bases == [0, 1]
    assert version is not None
    assert version.rows("files") == 7


@pytest.mark.parametrize("owner", ["0123456789abcdef", None])
def test_the_claim_of_a_dead_writer_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str | None
) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    lake = tmp_path / "lake"
    put(lake, 1)
    claim_path(lake, 2).mkdir()
    if owner:
        (claim_path(lake, 2) / "owner").write_text(owner)
    put(lake, 2)
    assert version_numbers(lake) == [1, 2]
    assert look(lake) == 2


def test_the_claim_of_a_living_writer_is_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    lake = tmp_path / "lake"
    put(lake, 1)
    with open_for_writing(lake, SETTINGS) as opened:
        alive = Writer(lake.resolve(), opened.access)
        alive.temporary(lake / "data")  # takes its lock
        claim_path(lake, 2).mkdir()
        (claim_path(lake, 2) / "owner").write_text(alive.id)
        with pytest.raises(CommitConflictError, match=r"00000002\.claim"):
            opened.commit("g2", lambda _: generation(2))
        alive.close()
    assert version_numbers(lake) == [1]
    assert look(lake) == 1


def test_without_symbolic_links_a_json_file_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tmp_path / "lake"
    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", refuse(errno.EPERM))
        put(lake, 1)
        put(lake, 2)
        assert not os.path.lexists(lake / "current")
        assert (lake / "current.json").is_file()
        assert current_number(lake) == 2
        assert look(lake) == 2
        assert {f.code for f in verify(lake, deep=True)} == set()
    put(lake, 3)  # moved to a better file system
    assert os.readlink(lake / "current") == "snapshots/00000003"
    assert not (lake / "current.json").exists()
    assert look(lake) == 3


def test_a_part_with_too_many_links_is_replaced_by_a_fresh_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link

    def link(source: Any, target: Any, **more: Any) -> None:
        if os.stat(source).st_nlink >= 3:
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))
        real(source, target, **more)

    monkeypatch.setattr(os, "link", link)
    lake = tmp_path / "lake"
    for number in range(1, 8):
        put(lake, number)  # `patients` and others are carried over each time
    path, part = open_version(lake).parts("patients")[0]
    inodes = {
        os.stat(lake / "snapshots" / f"{n:08d}" / part.relative("patients")).st_ino
        for n in range(1, 8)
    }
    assert len(inodes) == 4  # 7 snapshots at two links each beside the one in data/
    assert path.stat().st_ino in inodes
    assert look(lake) == 7
    assert {f.code for f in verify(lake, deep=True)} == set()


def test_without_locks_a_commit_succeeds_and_nothing_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOLCK))
    lake = tmp_path / "lake"
    put(lake, 1)
    stale = lake / "data" / ".tmp-0123456789abcdef-1"
    stale.touch()
    (lake / ".locks" / "0123456789abcdef").touch()
    put(lake, 2)
    assert stale.exists()
    assert look(lake) == 2
