"""Items of sequences: our parser equals pydicom's wherever it does not refuse."""

import random
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make.items import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    SEQUENCES,
    Element,
    ItemToWrite,
    item_lists,
    written_items,
)
from pydicom.datadict import dictionary_VR

from dicomlake.pipeline.discovery.sniff import Encoding
from dicomlake.pipeline.headers import item_parser
from dicomlake.pipeline.headers import items as module
from dicomlake.pipeline.headers.item_parser import parse_items
from dicomlake.pipeline.headers.items import Items, NeedMoreError, OddItemsError
from dicomlake.pipeline.headers.pydicom_items import pydicom_items
from dicomlake.pipeline.headers.sequence_walk import SequenceWalk, sequence_end
from dicomlake.pipeline.headers.values import Raw

DEPTH = 64


def plain(items: Items) -> list[object]:
    """Return items as lists and dicts, which compare by value."""
    return [
        {tag: plain(value) if isinstance(value, Items) else value for tag, value in item.items()}
        for item in items.items
    ]


def by_pydicom(raw: bytes, *, implicit: bool) -> list[object]:
    items = pydicom_items(raw, Encoding(implicit, little=True), DEPTH)
    assert items.whole
    return plain(items)


@pytest.mark.parametrize("implicit", [True, False])
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_items_written_in_any_regular_way_are_those_that_pydicom_reads(
    implicit: bool, data: st.DataObject
) -> None:
    raw = written_items(data.draw(item_lists()), implicit=implicit)
    assert plain(parse_items(raw, implicit, DEPTH)) == by_pydicom(raw, implicit=implicit)


@pytest.mark.parametrize("implicit", [True, False])
@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_open_sequence_ends_after_its_delimiter_however_the_bytes_arrive(
    implicit: bool, data: st.DataObject
) -> None:
    body = written_items(data.draw(item_lists()), implicit=implicit)
    whole = b"ab" + body + SEQUENCE_END
    after = whole + data.draw(st.binary(max_size=9))
    assert sequence_end(after, 2, implicit, DEPTH) == len(whole)
    walk = SequenceWalk(2, implicit, DEPTH)
    for cut in range(2, len(whole)):
        with pytest.raises(NeedMoreError):
            walk.end(whole[:cut])
    assert walk.end(after) == len(whole)


@pytest.mark.parametrize("implicit", [True, False])
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_truncation_is_taken_for_something_else(implicit: bool, data: st.DataObject) -> None:
    raw = written_items(data.draw(item_lists(8)), implicit=implicit)
    for cut in range(len(raw)):
        _agree_or_refuse(raw[:cut], implicit=implicit)


@pytest.mark.parametrize("implicit", [True, False])
@given(data=st.data(), seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_is_taken_for_something_else(
    implicit: bool, data: st.DataObject, seed: int
) -> None:
    raw = bytearray(written_items(data.draw(item_lists(8)), implicit=implicit))
    chance = random.Random(seed)
    for _ in range(20 if raw else 0):
        mutant = bytearray(raw)
        for _ in range(chance.choice((1, 1, 2))):
            mutant[chance.randrange(len(mutant))] = chance.choice((0, 0xFF, 0xFE, 8, 32, 65, 200))
        _agree_or_refuse(bytes(mutant), implicit=implicit)


def _agree_or_refuse(raw: bytes, *, implicit: bool) -> None:
    try:
        ours = parse_items(raw, implicit, DEPTH)
    except OddItemsError:
        return
    if _holds_open_value_of_another_vr(ours, raw) or _holds_charset_with_nul(ours):
        return  # pydicom looks for a delimiter by its dictionary, or fails in Python's codecs
    assert plain(ours) == by_pydicom(raw, implicit=implicit)


def _holds_open_value_of_another_vr(items: Items, raw: bytes) -> bool:
    """Return whether an undefined length stands at a tag whose VR in the dictionary is not SQ."""
    for item in items.items:
        for tag, value in item.items():
            if not isinstance(value, Items):
                continue
            header = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + b"\xff\xff\xff\xff"
            if header in raw and _vr(tag) not in ("SQ", ""):
                return True
            if _holds_open_value_of_another_vr(value, raw):
                return True
    return False


def _holds_charset_with_nul(items: Items) -> bool:
    return any(
        _holds_charset_with_nul(value)
        if isinstance(value, Items)
        else tag == 0x00080005 and b"\0" in value.value
        for item in items.items
        for tag, value in item.items()
    )


def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


def _value(tag: int = 0x00080100, raw: bytes = b"AB") -> Element:
    return Element(tag, "SH", raw)


def _nested(depth: int, *, is_open: bool) -> tuple[ItemToWrite, ...]:
    elements: tuple[Element, ...] = (_value(),)
    for _ in range(depth - 1):
        item = ItemToWrite(elements, is_open)
        elements = (Element(SEQUENCES[0], "SQ", (item,), is_open),)
    return (ItemToWrite(elements, is_open),)


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("implicit", [True, False])
def test_sequences_nest_to_the_limit_and_no_deeper(implicit: bool, is_open: bool) -> None:
    deepest = written_items(_nested(5, is_open=is_open), implicit=implicit)
    assert parse_items(deepest, implicit, 5).items
    with pytest.raises(OddItemsError):
        parse_items(deepest, implicit, 4)


def test_hostile_nesting_is_refused_before_the_stack_ends() -> None:
    level = ITEM + b"\xff\xff\xff\xff" + struct.pack("<HH2sHL", 8, 0x9215, b"SQ", 0, 0xFFFFFFFF)
    regular = level * 99 + (SEQUENCE_END + ITEM_END) * 99
    assert parse_items(regular, False, 100).items
    for max_depth in (64, 100_000):
        with pytest.raises(OddItemsError):
            parse_items(level * 50_000 + (SEQUENCE_END + ITEM_END) * 50_000, False, max_depth)
    with pytest.raises(OddItemsError):
        sequence_end(level * 50_000, 0, False, 64)


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("is_open", [True, False])
def test_nested_sequences_of_equal_bytes_are_one_object(implicit: bool, is_open: bool) -> None:
    inner = Element(SEQUENCES[2], "SQ", (ItemToWrite((_value(),), is_open),), is_open)
    frames = [
        ItemToWrite((inner, Element(0x00289110, "DS", str(n).zfill(4).encode()))) for n in range(4)
    ]
    parsed = parse_items(written_items(frames, implicit=implicit), implicit, DEPTH)
    assert len({id(item[SEQUENCES[2]]) for item in parsed.items}) == 1
    assert len({item[0x00289110].value for item in parsed.items}) == 4  # type: ignore[union-attr]  # no sequence


def test_items_in_un_are_implicit() -> None:
    element = Element(SEQUENCES[0], "SQ", (ItemToWrite((_value(),)),), in_un=True)
    parsed = parse_items(written_items([ItemToWrite((element,))], implicit=False), False, DEPTH)
    nested = parsed.items[0][SEQUENCES[0]]
    assert isinstance(nested, Items)
    assert nested.items[0] == {0x00080100: Raw("", b"AB")}


_HEAD = struct.pack("<HH", 0x0008, 0x0100)
_ODD: Mapping[str, bytes] = {
    "unknown VR": _HEAD + b"ZZ\x02\0AB",
    "no VR": _HEAD + b"\x02\0\0\0AB",
    "length beyond the item": _HEAD + b"SH\x04\0AB",
    "descending tags": _HEAD + b"SH\x02\0AB" + b"\x08\0\x05\0CS\0\0",
    "a tag twice": (_HEAD + b"SH\x02\0AB") * 2,
    "an item end in an item of defined length": _HEAD + b"SH\x02\0AB" + ITEM_END,
    "a delimiter as an element": SEQUENCE_END,
    "UN of undefined length": _HEAD + b"UN\0\0\xff\xff\xff\xff" + SEQUENCE_END,
    "OB of undefined length": _HEAD + b"OB\0\0\xff\xff\xff\xff" + SEQUENCE_END,
    "reserved bytes that are not zero": _HEAD + b"UT\x01\0\x02\0\0\0AB",
    "half a header": _HEAD + b"SH",
}


@pytest.mark.parametrize("case", _ODD)
def test_whatever_is_irregular_is_refused(case: str) -> None:
    body = _ODD[case]
    with pytest.raises(OddItemsError):
        parse_items(ITEM + struct.pack("<L", len(body)) + body, False, DEPTH)


def test_something_that_is_no_item_is_refused() -> None:
    for raw in (b"\0" * 8, SEQUENCE_END, ITEM_END, ITEM, ITEM + b"\x08\0\0\0"):
        with pytest.raises(OddItemsError):
            parse_items(raw, False, DEPTH)
        if len(raw) == 8 and raw != SEQUENCE_END and not raw.startswith(ITEM):
            with pytest.raises(OddItemsError):
                sequence_end(raw, 0, False, DEPTH)


def test_broken_items_do_not_take_those_before_them_along() -> None:
    good = written_items([ItemToWrite((_value(),))] * 3, implicit=False)
    items = pydicom_items(good + good[:13], Encoding(False, True), DEPTH)
    assert not items.whole
    assert len(items.items) >= 3
    assert items.items[2] == {0x00080100: Raw("SH", b"AB")}


def test_big_endian_items_are_read_by_pydicom() -> None:
    raw = struct.pack(">HHL", 0xFFFE, 0xE000, 10) + struct.pack(">HH2sH", 8, 0x100, b"SH", 2)
    items = pydicom_items(raw + b"AB", Encoding(False, False), DEPTH)
    assert plain(items) == [{0x00080100: Raw("SH", b"AB")}]


def test_remembered_headers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_HEADERS", 16)
    monkeypatch.setattr(item_parser, "_MOST_KNOWN", 4)
    elements = tuple(Element(0x00090000 | n, "SH", b"A" * (n % 8)) for n in range(200))
    nested = tuple(
        Element(0x00110000 | n, "SQ", (ItemToWrite((_value(raw=bytes([n])),)),)) for n in range(99)
    )
    raw = written_items([ItemToWrite(elements + nested)], implicit=False)
    assert plain(parse_items(raw, False, DEPTH)) == by_pydicom(raw, implicit=False)
    assert len(module.EXPLICIT_HEADERS) <= 16


def test_sequences_of_real_files_are_parsed_as_pydicom_does() -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    compared = 0
    for path in sorted(folder.glob("*.dcm")):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's about odd files
                data_set = pydicom.dcmread(path, stop_before_pixels=True)
        except (pydicom.errors.InvalidDicomError, NotImplementedError):
            continue
        for tag in data_set.keys():  # noqa: SIM118  (raw elements)
            raw = data_set.get_item(tag)
            if raw.VR != "SQ" or not isinstance(raw.value, bytes) or not raw.is_little_endian:
                continue
            ours = parse_items(raw.value, raw.is_implicit_VR, DEPTH)
            assert plain(ours) == by_pydicom(raw.value, implicit=raw.is_implicit_VR), path.name
            compared += 1
    assert compared > 30
