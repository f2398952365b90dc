"""Sources: names that stay, and places that are refused."""

from pathlib import Path

import pytest

from dicomlake.pipeline.discovery.sources import Source, require_apart, resolve_sources
from dicomlake.pipeline.errors import CommitConflictError, SourceError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("Scans A", "other/Scans A", "inner/deep"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").touch()
    return tmp_path


def resolved(*texts: object, known: dict[str, str] | None = None, lake: Path) -> list[Source]:
    return list(resolve_sources([str(text) for text in texts], known or {}, lake))


def test_a_name_is_derived_from_the_last_folder(place: Path) -> None:
    lake = place / "lake"
    first, second = resolved(place / "Scans A", place / "other" / "Scans A", lake=lake)
    assert first == Source("scans-a", str(place / "Scans A"))
    assert second.name.startswith("scans-a-")
    assert len(second.name) == len("scans-a-") + 8


def test_a_given_name_is_used_and_a_known_root_keeps_its_name(place: Path) -> None:
    root, lake = str(place / "inner"), place / "lake"
    assert resolved(f"ct={root}", lake=lake) == [Source("ct", root)]
    assert resolved(root, known={"old": root}, lake=lake) == [Source("old", root)]
    assert resolved(root, root, lake=lake) == [Source("inner", root)]


def test_a_name_of_archives_is_given_to_no_folder(place: Path) -> None:
    root, lake = str(place / "inner"), place / "lake"
    with pytest.raises(SourceError, match="is that of archives"):
        resolved(f"ct.archives={root}", lake=lake)
    named = [Source("ct.archives", root)]
    assert resolved(root, known={"ct.archives": root}, lake=lake) == named


def test_a_known_name_moves_to_a_new_root(place: Path) -> None:
    known = {"ct": str(place / "inner")}
    new = str(place / "inner" / "deep")
    assert resolved(f"ct={new}", known=known, lake=place / "lake") == [Source("ct", new)]


def test_links_are_resolved_before_anything_else(place: Path) -> None:
    (place / "link").symlink_to("inner")
    assert resolved(place / "link", lake=place / "lake")[0].root == str(place / "inner")


def test_a_path_with_an_equals_sign_is_a_path(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "a=b").mkdir()
    monkeypatch.chdir(place)
    assert resolved("a=b", lake=place / "lake")[0].root == str(place / "a=b")


@pytest.mark.parametrize("text", ["missing", "file", "x=missing", "", "x="])
def test_what_is_no_folder_is_refused(
    place: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    with pytest.raises(SourceError) as caught:
        resolved(text, lake=place / "lake")
    assert caught.value.exit_code == 2
    assert caught.value.fix


def test_overlaps_are_refused(place: Path) -> None:
    inner, deep, lake = str(place / "inner"), str(place / "inner" / "deep"), place / "lake"
    for texts, known in (
        ([inner, deep], {}),
        ([deep, inner], {}),
        ([deep], {"known": inner}),
        ([inner], {"known": deep}),
        ([f"a={inner}", f"b={inner}"], {}),
        ([f"b={inner}"], {"a": inner}),
        ([f"a={inner}", f"a={place / 'other'}"], {}),
    ):
        with pytest.raises(SourceError):
            resolved(*texts, known=known, lake=lake)
    beside = place / "inner2"
    beside.mkdir()
    assert len(resolved(inner, beside, lake=lake)) == 2


def test_a_lake_and_a_source_do_not_lie_in_one_another(place: Path) -> None:
    for lake in (place / "inner", place / "inner" / "new" / "lake", place):
        with pytest.raises(SourceError, match="lake"):
            resolved(place / "inner", lake=lake)


def test_what_other_runs_made_of_the_sources_meanwhile_must_not_collide() -> None:
    ours = [Source("ct", "/a")]
    for planned, known in (
        ({}, {}),
        ({}, {"ct": "/a", "mr": "/b"}),
        ({"ct": "/old"}, {"ct": "/old"}),
        ({"ct": "/old"}, {"ct": "/a"}),
    ):
        require_apart(ours, planned, known)
    for planned, known in (({}, {"ct": "/b"}), ({"ct": "/a"}, {"ct": "/b"})):
        with pytest.raises(CommitConflictError, match="start it again"):
            require_apart(ours, planned, known)
    for added in ("/a", "/a/below", "/"):
        with pytest.raises(SourceError, match="overlaps"):
            require_apart(ours, {}, {"mr": added})
