"""What is read once for all files of a series holds for each of them, whatever one of them lacks.

Every file is one element away from its series: it must give the rows that it gives alone.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make.both_readers import compare, read, rows_by_file, write_all
from make.data_sets import (
    CT,
    EXPLICIT,
    IMPLICIT,
    PIXELS,
    Element,
    Syntax,
    identity,
    merged,
    number,
    part10,
    sequence,
    text,
)
from make.headers import read_folder

from dicomlake.pipeline.headers.attempt import Attempt
from dicomlake.pipeline.headers.fast_reader import FastReader

FILES = 12
ODD_ONE = 7
Elements = tuple[Element, ...]

PROTOCOL = text(0x00181030, "LO", "a protocol")
COMMENTS = text(0x00204000, "LT", "the end")


@pytest.fixture(autouse=True)
def _new_to_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test know series that another has read."""
    monkeypatch.setattr("dicomlake.pipeline.headers.attempt._known", threading.local())


def exposure(file: int) -> Element:
    return text(0x00181150, "IS", str(file))


def region(file: int) -> Element:
    return sequence(0x00082218, [text(0x00080104, "LO", f"part {file}")])


def usual(file: int) -> Elements:
    """Return what each file of a series has, much of it other than in the next file."""
    changing = (text(0x00181000 + k, "LO", f"{file} {k}") for k in range(0x10, 0x1A))
    return merged(identity(file), tuple(changing), (text(0x00200013, "IS", str(file)),))


def series(of: Callable[[int], Iterable[Element]], syntax: Syntax = EXPLICIT) -> list[bytes]:
    """Return the files of a series, each with some elements more than the usual ones."""
    return [part10(merged(usual(file), tuple(of(file))), syntax) for file in range(FILES)]


def agreed(folder: Path, contents: list[bytes]) -> Attempt:
    """Return what the fast reader made of files, by itself: as pydicom, and as of each alone."""
    fast = compare(folder, contents)
    assert fast.fallbacks == {}
    together = rows_by_file(fast)
    for name in sorted(together)[ODD_ONE - 1 : ODD_ONE + 2]:
        assert rows_by_file(read(folder, [name], "pydicom")) == {name: together[name]}
    return fast


def column(got: Attempt, name: str) -> list[Any]:
    return got.instances[name].to_pylist()


@pytest.mark.parametrize("end", [(), (PIXELS,)], ids=["without pixels", "with pixels"])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
class TestOneFileLacks:
    def test_the_last_run_of_its_series(self, tmp_path: Path, end: Elements, syntax: Any) -> None:
        contents = series(lambda file: (*end, *(() if file == ODD_ONE else (COMMENTS,))), syntax)
        comments = column(agreed(tmp_path, contents), "image_comments")
        assert comments == [None if file == ODD_ONE else "the end" for file in range(FILES)]

    def test_a_run_and_the_element_after_it(
        self, tmp_path: Path, end: Elements, syntax: Any
    ) -> None:
        def of(file: int) -> Elements:
            return end if file == ODD_ONE else (PROTOCOL, exposure(file), *end)

        protocols = column(agreed(tmp_path, series(of, syntax)), "protocol_name")
        assert protocols == [None if file == ODD_ONE else "a protocol" for file in range(FILES)]

    def test_all_from_some_element_on(self, tmp_path: Path, end: Elements, syntax: Any) -> None:
        contents = series(lambda file: (exposure(file), PROTOCOL, COMMENTS, *end), syntax)
        few = tuple(each for each in usual(ODD_ONE) if each.tag < 0x00181030)
        contents[ODD_ONE] = part10((*few, *identity(ODD_ONE)[-2:], *end), syntax)
        comments = column(agreed(tmp_path, contents), "image_comments")
        assert comments == [None if file == ODD_ONE else "the end" for file in range(FILES)]

    def test_pixels_and_has_elements_of_its_own_at_the_end(
        self, tmp_path: Path, end: Elements, syntax: Any
    ) -> None:
        contents = series(lambda file: (COMMENTS,) if file == ODD_ONE else end, syntax)
        comments = column(agreed(tmp_path, contents), "image_comments")
        assert comments == ["the end" if file == ODD_ONE else None for file in range(FILES)]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
def test_an_element_that_stands_in_place_of_a_sequence_is_not_the_series_own(
    tmp_path: Path, syntax: Syntax
) -> None:
    derivation = text(0x00082111, "ST", "derived")
    contents = series(
        lambda file: (derivation if file == ODD_ONE else region(file), PIXELS), syntax
    )
    found = column(agreed(tmp_path, contents), "derivation_description")
    assert found == ["derived" if file == ODD_ONE else None for file in range(FILES)]


@pytest.mark.parametrize("open_ended", [False, True])
@pytest.mark.parametrize("tag", [0x00082218, 0x00081140, 0x00291010], ids=hex)
def test_a_sequence_without_items_in_one_file_makes_no_file_odd(
    tmp_path: Path, tag: int, open_ended: bool
) -> None:
    """In Implicit VR an empty sequence and an empty value look the same."""

    def of(file: int) -> Elements:
        inner = [text(0x00081150, "UI", CT), text(0x00081155, "UI", f"1.2.9.{file}")]
        full = sequence(tag, inner, undefined=open_ended)
        some = Element(tag, "SQ", b"") if file == 1 else full
        return (text(0x00290010, "LO", "A CREATOR"), some, PIXELS)

    agreed(tmp_path, series(of, IMPLICIT))


def test_files_without_pixels_have_families_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = []
    read_header = FastReader.read

    def watched(self: FastReader, file: Any) -> Any:
        header = read_header(self, file)
        families.append(header.family)
        return header

    monkeypatch.setattr(FastReader, "read", watched)
    read(tmp_path, write_all(tmp_path, series(lambda _: ())), "fast")
    assert len(set(families[2:])) == 1
    assert families[2] is not None


SPARE = (
    text(0x00081030, "LO", "a study"),
    sequence(0x00082218, [text(0x00080104, "LO", "a part")]),
    text(0x00180015, "CS", "CHEST"),
    text(0x00180050, "DS", "2.5"),
    PROTOCOL,
    text(0x00181150, "IS", "500"),
    text(0x00185100, "CS", "HFS"),
    text(0x00200052, "UI", "1.2.3.6"),
    COMMENTS,
    number(0x00280002, "US", 1),
    text(0x00281052, "DS", "-1024"),
    text(0x00281054, "LO", "HU"),
    PIXELS,
)
"""In the order of tags."""
CHANGED = {
    "CS": b"OTHER ", "DS": b"7.5 ", "IS": b"77", "LO": b"other ", "LT": b"other ", "UI": b"1.9\0",
    "US": b"\3\0", "OW": bytes(8),
    "SQ": sequence(0x00082218, [text(0x00080104, "LO", "another")]).value,
}  # fmt: skip


def some_of(elements: Elements) -> st.SearchStrategy[set[Element]]:
    """Return a strategy for about half of some elements."""
    size = len(elements)
    flags = st.lists(st.booleans(), min_size=size, max_size=size)
    return flags.map(lambda chosen: {e for e, is_in in zip(elements, chosen, strict=True) if is_in})


def stretch_of(elements: Elements) -> st.SearchStrategy[set[Element]]:
    """Return a strategy for up to three neighbours."""
    places = st.integers(0, len(elements) - 1)
    return st.builds(
        lambda start, count: set(elements[start : start + count]), places, st.integers(0, 3)
    )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    some_of(SPARE),
    st.lists(stretch_of(SPARE), min_size=6, max_size=12),
    st.sampled_from([EXPLICIT, IMPLICIT]),
)
def test_whatever_comes_and_goes_in_a_series_every_file_gives_its_own_rows(
    changing: set[Element], missing: list[set[Element]], syntax: Syntax
) -> None:
    """The first two files teach what changes; each one after lacks something."""
    contents = []
    for file, without in enumerate((set[Element](), set[Element](), *missing)):
        kept = (each for each in SPARE if each not in without)
        more = (
            replace(each, value=CHANGED[each.vr]) if each in changing and file % 2 else each
            for each in kept
        )
        contents.append(part10(merged(usual(file), tuple(more)), syntax))
    with (
        TemporaryDirectory() as folder,
        patch("dicomlake.pipeline.headers.attempt._known", threading.local()),
    ):
        compare(Path(folder), contents)


# How a value is read does not depend on the other files of its batch.


def test_a_finding_about_the_timezone_does_not_depend_on_the_files_before(tmp_path: Path) -> None:
    """It is text in the character set of its own data set."""
    zone = text(0x00080201, "SH", b"\xe9")
    charsets = ("ISO_IR 100", "ISO_IR 192")
    contents = [
        part10(merged(identity(file), (text(0x00080005, "CS", charsets[file % 2]), zone)))
        for file in range(6)
    ]
    got = compare(tmp_path, contents)
    undecodable = [each for each in got.issues.to_pylist() if each["code"] == "undecodable_text"]
    files = dict(zip(column(got, "file_id"), column(got, "sop_instance_uid"), strict=True))
    found = {files[each["file_id"]] for each in undecodable}
    assert found == {"1.2.3.1", "1.2.3.3", "1.2.3.5"}
    assert {each["tag"] for each in undecodable} == {"(0008,0201)"}


def test_a_date_time_with_a_space_inside_is_malformed_among_many_too(tmp_path: Path) -> None:
    contents = [
        part10(merged(identity(file), (text(0x0008002A, "DT", f"20240115 1012{file:02}"),)))
        for file in range(20)
    ]
    got = compare(tmp_path, contents)
    assert column(got, "acquisition_date_time") == [None] * 20
    assert column(got, "invalid_attributes") == [["AcquisitionDateTime"]] * 20


def test_two_sop_classes_are_none(tmp_path: Path) -> None:
    """The column cannot be null: such a file is no instance."""
    two = text(0x00080016, "UI", f"{CT}\\{CT}")
    got = compare(tmp_path, [part10(merged(identity(), (two,))), part10(identity(1))])
    assert got.files["status"].to_pylist() == ["quarantined", "ingested"]
    assert got.instances["sop_class_uid"].to_pylist() == [CT]


@pytest.mark.parametrize("vr", ["DS", "IS"])
@pytest.mark.parametrize("value", ["7", "x", "1.5", "70000"])
def test_text_in_place_of_a_number_never_ends_a_batch(tmp_path: Path, vr: str, value: str) -> None:
    """Pixel Padding Value is US or SS; whatever is written, its column holds integers."""
    padding = text(0x00280120, vr, value)
    sign = number(0x00280103, "US", 0)
    contents = [part10(merged(identity(), (sign, padding))), part10(merged(identity(1), (sign,)))]
    got = compare(tmp_path, contents)
    assert column(got, "pixel_padding_value") == [7 if value == "7" else None, None]
    assert column(got, "invalid_attributes") == [
        None if value == "7" else ["PixelPaddingValue"], None,
    ]  # fmt: skip


@pytest.mark.parametrize("vr", ["LT", "ST", "UT", "UR", "LO"])
def test_private_texts_of_every_vr_are_kept(tmp_path: Path, vr: str) -> None:
    named = {"name": "mine", "group": 0x29, "creator": "MINE", "element": 0x42, "vr": vr}
    more = (text(0x00290010, "LO", "MINE"), text(0x00291042, vr, "a\\b"))
    (tmp_path / "x.dcm").write_bytes(part10(merged(identity(), more)))
    for reader in ("fast", "pydicom"):
        got = read_folder(tmp_path, {"headers.reader": reader, "headers.private": [named]})
        assert dict(got.rows["x.dcm"]["private_attributes"]) == {"mine": "a\\b"}
        assert got.issues["x.dcm"] == []
