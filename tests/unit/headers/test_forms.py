"""Forms of nested sequences: what follows one gives the items that parsing gives."""

import struct
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make.items import ITEM_END, SEQUENCE_END, Element, ItemToWrite, written_items

from dicomlake.pipeline.headers.forms import FormedItems, Forms
from dicomlake.pipeline.headers.item_parser import OpenSequence, parse_items
from dicomlake.pipeline.headers.items import Items, NeedMoreError, OddItemsError
from dicomlake.pipeline.headers.top_sequences import TopSequences, widest

DEPTH = 64
GROUP = 0x00209111
POSITION = 0x00209113
REFERENCE = 0x00081155


def plain(items: Items) -> list[object]:
    """Return items as lists and dicts, which compare by value."""
    return [
        {tag: plain(value) if isinstance(value, Items) else value for tag, value in item.items()}
        for item in items.items
    ]


def explicit(tag: int, vr: bytes, value: bytes) -> bytes:
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    if vr in (b"SQ", b"UN", b"OB"):
        return head + struct.pack("<HL", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def implicit(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def item(content: bytes, *, is_open: bool = False) -> bytes:
    if is_open:
        return b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + content + ITEM_END
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(content)) + content


def open_sequence(tag: int, items: bytes) -> bytes:
    head = struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"SQ", 0)
    return head + b"\xff\xff\xff\xff" + items + SEQUENCE_END


def frames(values: list[bytes], *, is_open: bool) -> bytes:
    """Return items as those of frames: each a sequence with a value, and a reference in another."""
    whole = b""
    for value in values:
        inner = item(explicit(0x00200032, b"DS", value), is_open=is_open)
        other = item(explicit(REFERENCE, b"UI", b"1." + value[:2]), is_open=is_open)
        if is_open:
            content = open_sequence(GROUP, inner) + open_sequence(POSITION, other)
        else:
            content = explicit(GROUP, b"SQ", inner) + explicit(POSITION, b"SQ", other)
        whole += item(content, is_open=is_open)
    return whole


def groups_of(items: Items, tag: int) -> list[Any]:
    return [each[tag] for each in items.items]


@pytest.mark.parametrize("is_open", [True, False])
def test_sequences_of_frames_that_are_laid_out_alike_are_cut_by_their_form(is_open: bool) -> None:
    values = [b"%04d" % n for n in range(40)]
    items = parse_items(frames(values, is_open=is_open), False, DEPTH)
    groups = groups_of(items, GROUP)
    assert sum(isinstance(each, FormedItems) for each in groups) >= 37
    assert [each.items[0][0x00200032].value for each in groups] == values
    for each in groups_of(items, POSITION):
        assert each.may_refer
    for each in groups:
        assert each.whole
        assert widest(each) == 1


@pytest.mark.parametrize("is_open", [True, False])
@given(values=st.lists(st.binary(min_size=0, max_size=12), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_values_of_any_length_and_content_are_those_that_were_written(
    is_open: bool, values: list[bytes]
) -> None:
    items = parse_items(frames(values, is_open=is_open), False, DEPTH)
    found = [each.items[0][0x00200032].value for each in groups_of(items, GROUP)]
    assert found == values


def test_a_value_without_vr_that_holds_the_mark_of_an_item_is_not_cut_by_form() -> None:
    mark = b"\xfe\xff\x00\xe0"
    values = [b"AAAAAAAA", b"BBBBBBBB", b"CCCCCCCC", mark + b"\0\0\0\0", b"DDDDDDDD"]
    raw = b"".join(item(implicit(GROUP, item(implicit(0x00200032, value)))) for value in values)
    found = [each.items[0][0x00200032] for each in groups_of(parse_items(raw, True, DEPTH), GROUP)]
    assert [plain(each) for each in found if isinstance(each, Items)] == [[{}]]
    assert [each.value for each in found if not isinstance(each, Items)] == [
        value for value in values if not value.startswith(mark)
    ]


def test_a_form_without_delimiter_does_not_serve_a_sequence_with_one_nor_the_reverse() -> None:
    forms = Forms(False)
    for is_open in (False, True, False, True):
        for start in range(3):
            values = [b"%02d" % (start + n) for n in range(5)]
            items = parse_items(frames(values, is_open=is_open), False, DEPTH, forms)
            assert [e.items[0][0x00200032].value for e in groups_of(items, GROUP)] == values


@pytest.mark.parametrize("cut", range(1, 40))
def test_bytes_that_are_cut_or_damaged_are_refused_with_known_forms_as_without(cut: int) -> None:
    whole = frames([b"%02d" % n for n in range(6)], is_open=True)
    forms = Forms(False)
    parse_items(whole, False, DEPTH, forms)
    with pytest.raises(OddItemsError):
        parse_items(whole[:-cut], False, DEPTH, forms)


def test_items_in_un_have_no_form() -> None:
    values = [b"%02d" % n for n in range(9)]
    raw = b"".join(
        item(explicit(GROUP, b"SQ", item(explicit(0x00211001, b"UN", item(implicit(9, value))))))
        for value in values
    )
    groups = groups_of(parse_items(raw, False, DEPTH), GROUP)
    assert not any(isinstance(each, FormedItems) for each in groups)
    assert [plain(each) for each in groups] == [
        [{0x00211001: [{9: ("", value, None)}]}] for value in values
    ]


@pytest.mark.parametrize("step", [1, 7, 64, 1000])
def test_a_sequence_whose_bytes_arrive_little_by_little_is_parsed_as_at_once(step: int) -> None:
    values = [b"%04d" % (n * n) for n in range(12)]
    raw = frames(values, is_open=True)
    reading = OpenSequence(0x52009230, 0, False, DEPTH)
    whole = raw + SEQUENCE_END
    end = None
    for have in [*range(0, len(whole), step), len(whole)]:
        try:
            items, end = reading.parse(whole[:have])
        except NeedMoreError:
            assert have < len(whole)
    assert end == len(whole)
    assert plain(items) == plain(parse_items(raw, False, DEPTH))


def test_what_was_read_of_another_file_is_not_gone_on_with() -> None:
    sequences = TopSequences(False, DEPTH)
    first = frames([b"%02d" % n for n in range(4)], is_open=True) + SEQUENCE_END
    second = frames([b"%02d" % n for n in range(50, 54)], is_open=True) + SEQUENCE_END
    with pytest.raises(NeedMoreError):
        sequences.open(0x52009230, first[:200], 0)
    items, end = sequences.open(0x52009230, second, 0)
    assert end == len(second)
    assert [e.items[0][0x00200032].value for e in groups_of(items, GROUP)] == [
        b"50", b"51", b"52", b"53",
    ]  # fmt: skip


def test_forms_and_sequences_of_many_kinds_stay_bounded() -> None:
    forms = Forms(False)
    for length in range(60):
        raw = explicit(0x00200032, b"DS", b"1" * length)
        forms.learn((GROUP, False), item(raw), 0, len(item(raw)))
    assert len(forms._known[GROUP, False]) <= 16
    for tag in range(1000):
        forms.learn((tag, False), item(raw), 0, len(item(raw)))
    assert len(forms._known) <= 257


@pytest.mark.parametrize("is_implicit", [True, False])
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_top_sequences_met_again_with_other_values_are_as_parsed_afresh(
    is_implicit: bool, data: st.DataObject
) -> None:
    sequences = TopSequences(is_implicit, DEPTH)
    lengths = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=4))
    for _ in range(6):
        elements = tuple(
            Element(0x00080100 + n, "SH", data.draw(st.binary(min_size=size, max_size=size)))
            for n, size in enumerate(lengths)
        )
        raw = written_items([ItemToWrite(elements)], implicit=is_implicit)
        try:
            expected: list[object] | None = plain(parse_items(raw, is_implicit, DEPTH))
        except OddItemsError:
            expected = None
        if expected is None:
            with pytest.raises(OddItemsError):
                sequences.defined(GROUP, raw)
        else:
            assert plain(sequences.defined(GROUP, raw)) == expected


def test_items_by_form_are_made_once() -> None:
    items = parse_items(frames([b"%02d" % n for n in range(5)], is_open=False), False, DEPTH)
    formed = groups_of(items, GROUP)[-1]
    assert isinstance(formed, FormedItems)
    first = formed.items
    assert formed.items is first
    assert isinstance(first[0], Mapping)
