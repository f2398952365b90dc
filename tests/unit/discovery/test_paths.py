"""Paths as text: reversible, free of control characters, and sorted as a tree is crawled."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.pipeline.discovery.paths import decode_path, encode_name, file_id, tree_key

RAW_NAMES = st.binary(min_size=1, max_size=20).filter(lambda raw: not {0, 47} & set(raw))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"IM0001.dcm", "IM0001.dcm"),
        (b"a b", "a b"),
        ("größe ü.dcm".encode(), "größe ü.dcm"),
        (b"\xff\xfea", "%FF%FEa"),
        (b"a\nb\x7f", "a%0Ab%7F"),
        ("\u0085\u2028\u2029".encode(), "%C2%85%E2%80%A8%E2%80%A9"),
        (b"100%", "100%25"),
        (b"%41", "%2541"),
        ("\u00a0\u3000".encode(), "\u00a0\u3000"),
        (b'"=cmd', '"=cmd'),
    ],
)
def test_names_are_encoded_where_they_must_be(raw: bytes, text: str) -> None:
    assert encode_name(raw) == text
    assert decode_path(text) == raw


@given(st.lists(RAW_NAMES, min_size=1, max_size=4))
def test_every_path_comes_back(names: list[bytes]) -> None:
    path = "/".join(map(encode_name, names))
    assert decode_path(path) == b"/".join(names)
    path.encode("utf-8")
    assert not any(ord(character) < 32 or 0x7F <= ord(character) <= 0x9F for character in path)


@given(RAW_NAMES, RAW_NAMES)
def test_different_names_stay_different(one: bytes, other: bytes) -> None:
    assert (encode_name(one) == encode_name(other)) == (one == other)


def test_file_id_hashes_source_and_raw_path() -> None:
    expected = hashlib.sha256(b"src\0a/\xff").hexdigest()[:32]
    assert file_id("src", "a/%FF") == expected
    assert file_id("s", "rca/%FF") != expected


def test_tree_order_is_files_then_subfolders_folder_by_folder() -> None:
    paths = ["z", "a/z", "a/b/c", "a-b/x", "a.dcm", "a/b.c/d"]
    assert sorted(paths, key=tree_key) == ["a.dcm", "z", "a/z", "a/b/c", "a/b.c/d", "a-b/x"]
