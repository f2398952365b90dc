"""Sequences that break the rules of PS3.5 section 7.5, one in each, and odd ones that keep them."""

import struct
from collections.abc import Mapping

from make.data_sets import (
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    Element,
    Item,
    Syntax,
    delimiter,
    encoded,
    sequence,
    text,
)

CODE = text(0x00080100, "SH", "code")
MEANING = text(0x00080104, "LO", "a meaning")


def _item(content: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content) if length is None else length) + content


def sequences(tag: int, syntax: Syntax) -> Mapping[str, Element]:
    """Return sequences by what is odd about them; little endian only."""
    code, meaning = encoded([CODE], syntax), encoded([MEANING], syntax)
    end, close = delimiter(ITEM_END), delimiter(SEQUENCE_END)
    open_item = _item(code, UNDEFINED) + end
    inner = sequence(0x0040A730, [CODE])
    inner_open = sequence(0x0040A730, [CODE, inner], undefined=True)

    def defined(raw: bytes) -> Element:
        return Element(tag, "SQ", raw)

    def undefined(raw: bytes) -> Element:
        return Element(tag, "SQ", raw, length=UNDEFINED)

    return {
        "regular": defined(_item(code + meaning)),
        "regular, undefined": undefined(open_item + close),
        "undefined item in defined": defined(open_item * 2),
        "defined item in undefined": undefined(_item(code) * 2 + close),
        "nothing": defined(b""),
        "nothing, undefined": undefined(close),
        "empty items": defined(_item(b"") * 3),
        "empty open items": undefined((_item(b"", UNDEFINED) + end) * 3 + close),
        "group of items": defined(_item(code + encoded([text(0xFFFE0104, "LO", "x")], syntax))),
        "group of items, open": undefined(
            _item(code + encoded([text(0xFFFE0104, "LO", "x")], syntax), UNDEFINED) + end + close
        ),
        "item end in a defined item": defined(_item(code + end)),
        "sequence end in a defined item": defined(_item(code + close)),
        "sequence end in a defined sequence": defined(_item(code) + close),
        "item end between items": defined(_item(code) + end + _item(code)),
        "item end without item": undefined(end + close),
        "sequence end with a length": undefined(_item(code) + close[:-4] + b"\x02\0\0\0"),
        "item end with a length": undefined(
            _item(code, UNDEFINED) + end[:-4] + b"\x02\0\0\0" + close
        ),
        "item longer than its sequence": defined(_item(code, len(code) + 8)),
        "item shorter than its elements": defined(_item(code + meaning, len(code) + 4)),
        "element longer than its item": defined(
            _item(encoded([Element(0x00080100, "SH", b"code", length=40)], syntax))
        ),
        "item never ended": undefined(_item(code, UNDEFINED) + close),
        "item of two bytes": defined(_item(b"\x08\0")),
        "half an item": defined(_item(code)[:6]),
        "no item": defined(code),
        "zeros": defined(bytes(16)),
        "zeros in an item": defined(_item(code + bytes(8))),
        "descending": defined(_item(meaning + code)),
        "duplicate": defined(_item(code + code)),
        "unknown VR": defined(_item(encoded([CODE, Element(0x00080104, "QQ", b"ab")], syntax))),
        "no VR": defined(_item(encoded([CODE, Element(0x00080104, "\0\0", b"")], syntax))),
        "odd length": defined(_item(encoded([Element(0x00080100, "SH", b"cod")], syntax))),
        "long VR": defined(_item(encoded([CODE, Element(0x00080119, "UC", b"long")], syntax))),
        "nested": defined(_item(encoded([CODE, inner, Element(0x0040DB00, "CS", b"15")], syntax))),
        "nested, open": undefined(
            _item(encoded([CODE, inner_open], syntax), UNDEFINED) + end + close
        ),
        "nested, in a known length": defined(_item(encoded([CODE, inner_open], syntax))),
        "nested twice the same": defined(_item(encoded([inner_open], syntax)) * 2),
        "nested that leaves its item": defined(
            _item(encoded([Element(0x0040A730, "SQ", _item(code), length=90)], syntax))
            + _item(code)
        ),
        "UN": Element(tag, "UN", _item(encoded([CODE], _IMPLICIT))),
        "UN, undefined": Element(tag, "UN", (Item((CODE,), True),), undefined=True),
        "UN in an item": defined(
            _item(encoded([Element(0x0040A730, "UN", _item(encoded([CODE], _IMPLICIT)))], syntax))
        ),
        "UN in an item, undefined": defined(
            _item(
                encoded([Element(0x0040A730, "UN", (Item((CODE,), True),), undefined=True)], syntax)
            )
        ),
        "UN in an item, of explicit items": defined(
            _item(encoded([Element(0x0040A730, "UN", _item(encoded([CODE])))], syntax))
        ),
        "UN in an item that starts as one": defined(
            _item(encoded([Element(0x0040A730, "UN", b"\xfe\xff\x00\xe0abcdefgh")], syntax))
        ),
        "OB that starts as an item": defined(
            _item(encoded([Element(0x0040A730, "OB", b"\xfe\xff\x00\xe0abcdefgh")], syntax))
        ),
        "fragments in an item": defined(
            _item(encoded([Element(0x7FE00010, "OB", (b"", b"abcd"), undefined=True)], syntax))
        ),
        "pixels in an item": defined(_item(encoded([Element(0x7FE00010, "OW", b"abcd")], syntax))),
        "file meta in an item": defined(_item(encoded([text(0x00020010, "UI", "1.2")], syntax))),
        "command in an item": defined(_item(encoded([text(0x00000010, "UI", "1.2")], syntax))),
        "LO": Element(tag, "LO", b"text"),
        "OB": Element(tag, "OB", _item(code)),
    }


_IMPLICIT = Syntax("", implicit=True)
