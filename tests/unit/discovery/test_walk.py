"""The crawl: order, what is refused and why, and nothing lost."""

import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make.headers import settings_for_tests
from make.strangers import as_stranger, open_folder

from dicomlake.pipeline.discovery.paths import decode_path, tree_key
from dicomlake.pipeline.discovery.walk import Entry, Folder, Refusal, crawl


def crawled(root: Path, *, follow: bool = False) -> list[Folder]:
    discovery = settings_for_tests({"discovery.follow_symlinks": follow}).discovery
    return list(crawl(os.path.realpath(root), discovery))


def paths(folders: list[Folder]) -> list[str]:
    return [entry.path for folder in folders for entry in folder.entries]


def refusals(folders: list[Folder]) -> dict[str, str]:
    return {r.path: r.reason for folder in folders for r in folder.refusals}


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())


def test_folders_come_in_tree_order_with_the_status_of_each_file(tmp_path: Path) -> None:
    touch(tmp_path, "z", "a/z", "a/b/c", "a-b/x", "a.dcm", "a/b.c/d")
    (tmp_path / "empty").mkdir()
    folders = crawled(tmp_path)
    assert [folder.path for folder in folders] == ["", "a", "a/b", "a/b.c", "a-b", "empty"]
    assert paths(folders) == ["a.dcm", "z", "a/z", "a/b/c", "a/b.c/d", "a-b/x"]
    entry = folders[2].entries[0]
    status = (tmp_path / "a/b/c").stat()
    assert (entry.size, entry.mtime_ns, entry.ctime_ns, entry.inode) == (
        5,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino,
    )
    assert all(folder.complete for folder in folders)


NAMES = st.text(st.sampled_from("ab%-\n é\u2028"), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple), max_size=12))
def test_any_tree_is_crawled_whole_in_the_order_of_its_keys(tree: set[tuple[str, ...]]) -> None:
    with open_folder() as root:
        made = set()
        for parts in tree:
            target = root.joinpath(*parts)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.touch()
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                continue
            if target.is_file():
                made.add("/".join(parts).encode())
        found = paths(crawled(root))
        assert sorted(found, key=tree_key) == found
        assert {decode_path(path) for path in found} == made


def test_special_files_and_links_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "real/x")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path has few bytes
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
    (tmp_path / "link").symlink_to("real/x")
    (tmp_path / "folder_link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    folders = crawled(tmp_path)
    assert paths(folders) == ["real/x"]
    assert refusals(folders) == {
        "pipe": "special_file",
        "socket": "special_file",
        "link": "symlink",
        "folder_link": "symlink",
        "dangling": "symlink",
        "loop": "symlink",
    }


def test_followed_links_stay_inside_and_enter_no_folder_twice(tmp_path: Path) -> None:
    root = tmp_path / "root"
    touch(root, "real/x")
    touch(tmp_path, "outside/y", "root_beside/y")
    (root / "in").symlink_to("real/x")
    (root / "out").symlink_to(tmp_path / "outside" / "y")
    (root / "beside").symlink_to(tmp_path / "root_beside" / "y")
    (root / "out_folder").symlink_to(tmp_path / "outside")
    (root / "real" / "loop").symlink_to("..")
    (root / "dangling").symlink_to("nowhere")
    (root / "pipe_link").symlink_to("pipe")
    os.mkfifo(root / "pipe")
    folders = crawled(root, follow=True)
    assert paths(folders) == ["in", "real/x"]
    assert set(refusals(folders)) == {
        "out", "out_folder", "beside", "real/loop", "dangling", "pipe_link", "pipe",
    }  # fmt: skip
    assert [folder.path for folder in folders] == ["", "real"]


def test_a_folder_that_cannot_be_listed_is_a_refusal_and_incomplete() -> None:
    with open_folder() as root:
        touch(root, "a", "open/x", "shut/y", "zz/z")
        (root / "shut").chmod(0)
        folders = as_stranger(lambda: crawled(root))
        assert paths(folders) == ["a", "open/x", "zz/z"]
        assert folders[0].refusals == (Refusal("shut", "permission"),)
        assert folders[0].complete
        shut = next(folder for folder in folders if folder.path == "shut")
        assert shut == Folder("shut", (), (), complete=False)


def test_a_folder_that_may_be_listed_but_not_entered_refuses_its_files() -> None:
    with open_folder() as root:
        touch(root, "half/x", "half/sub/y")
        (root / "half").chmod(0o744)
        folders = as_stranger(lambda: crawled(root))
        assert paths(folders) == []
        assert refusals(folders) == {"half/x": "permission", "half/sub": "permission"}
        assert [f.path for f in folders if not f.complete] == ["half/sub"]


class _Vanishing:
    """A directory entry whose file went away after it was listed."""

    def __init__(self, found: "os.DirEntry[bytes]") -> None:
        self._found = found
        self.name, self.path = found.name, found.path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, name)

    def stat(self, **_: object) -> os.stat_result:
        raise FileNotFoundError(2, "gone")


def test_a_file_gone_between_listing_and_looking_is_vanished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "x")
    scandir = os.scandir

    class Listing:
        def __init__(self, place: bytes) -> None:
            self._inner = scandir(place)

        def __enter__(self) -> Any:
            return (_Vanishing(found) for found in self._inner)

        def __exit__(self, *_: object) -> None:
            self._inner.close()

    monkeypatch.setattr(os, "scandir", Listing)
    assert refusals(crawled(tmp_path)) == {"x": "vanished"}


def test_a_root_that_fails_is_incomplete(tmp_path: Path) -> None:
    folders = list(crawl(str(tmp_path / "gone"), settings_for_tests().discovery))
    assert folders == [Folder("", (), (Refusal("", "vanished"),), complete=False)]


def test_deep_trees_do_not_recurse(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    assert len(crawled(tmp_path)) == 301


def test_a_status_beyond_signed_64_bits_is_held_in_them() -> None:
    status = SimpleNamespace(
        st_size=1, st_mtime_ns=13 * 10**18, st_ctime_ns=-13 * 10**18, st_ino=2**64 - 5
    )
    entry = Entry.of("x", cast("os.stat_result", status))
    assert entry == Entry("x", 1, 2**63 - 1, -(2**63) + 1, -5)
