"""Hypothesis strategies of DICOM files: mostly good, with the wanted attributes often in them."""

from collections.abc import Callable, Sequence
from typing import Final

from hypothesis import strategies as st

from dicomlake.pipeline.headers.attributes import Attribute, attributes_of
from dicomlake.schemas.tables.instances import INSTANCES
from make.data_sets import (
    BIG,
    DEFLATED,
    EXPLICIT,
    FRAGMENTS,
    IMPLICIT,
    ITEM,
    ITEM_END,
    JPEG,
    META_FORMS,
    PIXELS,
    SEQUENCE_END,
    Element,
    Syntax,
    delimiter,
    encoded,
    identity,
    merged,
    number,
    padded,
    part10,
    sequence,
    text,
)

Elements = tuple[Element, ...]

CHARSETS: Final = (
    ("", "ascii", "Smith^John", "plain text"),
    ("ISO_IR 100", "latin-1", "Müller^Jürgen", "Größe\xa0µ"),
    ("ISO_IR 192", "utf-8", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Größe 山田 ‰"),
    ("ISO_IR 101", "iso8859_2", "Łukasz^Żak", "čeština"),
    ("ISO_IR 144", "iso8859_5", "Люкceмбypг^Иван", "текст"),
    ("ISO_IR 13", "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ", "ｱｲｳ"),
    ("GB18030", "gb18030", "王^小东=俊^诚", "俊\\俊 第一行"),
    ("GBK", "gbk", "王^小东=俊", "俊 文"),
    ("\\ISO 2022 IR 87", "iso2022_jp", "Yamada^Tarou=山田^太郎", "山田 俊"),
    ("\\ISO 2022 IR 149", "latin-1", "Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce", "\x1b$)C\xb1\xe8 a"),
    ("ISO 2022 IR 6\\ISO 2022 IR 58", "latin-1", "Zhang=\x1b$)A\xd5\xc5^", "\x1b$)A\xcd\xf5\r\nA"),
    ("NONSENSE", "latin-1", "Müller", "Grün"),
    ("ISO-IR 100", "latin-1", "Müller", "Grün"),
)
"""Specific Character Set, a Python codec that writes it, a name and a text."""

_UIDS: Final = ["1.2.840.10008.5.1.4.1.1.2", "1.2.3", "2.25.123456789012345678", "1.2.3.4.5.6"]
GOOD: Final[dict[str, list[str]]] = {
    "AE": ["STORE"],
    "AS": ["064Y", "012M", "006W", "001D"],
    "CS": ["CT", "ORIGINAL", "AXIAL", "YES", "A_B 1"],
    "DA": ["20240115", "19600229", "20001231"],
    "DS": ["1", "0.488281", "-12.5", "1e-3", "+2.0", " 3.5", "-0", "120", "1024.25"],
    "DT": ["20240115101500.5", "20240115101500+0100", "20240115101500.123456-0530"],
    "IS": ["1", "-3", "+7", "1024", " 12", "0"],
    "LO": ["text", "Head 5.0", "A"],
    "LT": ["a line\r\nanother", "back\\slash"],
    "PN": ["Smith^John", "A^B^C^D^E"],
    "SH": ["A1", "B30f", "id 7"],
    "ST": ["a text", "with \\ slash"],
    "TM": ["101500", "101530.5", "1015", "10", "235959.999999"],
    "UC": ["any length", " leading"],
    "UI": _UIDS,
    "UR": ["http://example.org/a"],
    "UT": ["unlimited"],
}
ODD: Final[dict[str, list[str]]] = {
    "AS": ["64Y", "064y", "YYY", "0640Y", "064", "-01Y"],
    "CS": ["lower", "TOO_LONG_A_CODE_STRING_IT_IS", "A\0B", "Ä"],
    "DA": ["2024.01.15", "20241315", "20240230", "2024", "0000", "20240101-20240201", "ABCDEFGH"],
    "DS": ["NaN", "inf", "-Infinity", "1e400", "1_000", "1,5", "0x10", "1.5.2", "--1", "1 2", "１"],
    "DT": ["2024", "202413", "20240115101500+2500", "20240115 101500", "x"],
    "IS": [
        "1.5",
        "161.3",
        "1e2",
        "9223372036854775808",
        "99999999999999999999",
        "1_0",
        "abc",
        "2.0",
    ],
    "LO": ["x" * 65, "a\tb", "a\x00b", "\x1b(B", "Größe", "Ã¼"],
    "LT": ["tab\tand\x07bell", "trailing  "],
    "PN": ["a=b=c=d", "==", "=", "^^^^", "=ideographic", "x" * 70, "a^b=^c", "two\\names"],
    "SH": ["much too long for a short string", "\0", "a\\b"],
    "TM": ["10:15:30", "251500", "10.5", "101560", "1015300000000", "9"],
    "UI": ["1.2.03", "../..", "1." * 40 + "1", "1..2", "1.2 ", " 1.2", "1.2\0\0\0", "abc", "\\1.2"],
    "UR": [" http://x", "a\\b"],
}
_ODD_ANYWHERE: Final = [
    "",
    " ",
    "\0",
    "  ",
    "\\",
    "\\\\",
    "a\\",
    "\xff\xfe",
    "\x1b$B",
    "7\0",
    "7 \0",
]
_FLOATS: Final = [0.0, 0.5, -1.25, 1000.0, float("nan"), float("inf"), -0.0]
_NUMBERS: Final = [0, 1, 2, 16, 512, 4095, 65535]
BINARY: Final = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8}
OTHER_VRS: Final = ["UN", "OB", "LO", "CS", "DS", "IS", "US", "SS", "UT", "FD", "AT", "PN"]
NO_VRS: Final = ["QQ", "??", "ZZ", "\0\0", "  ", "ox"]


def _is_often(probability: float) -> st.SearchStrategy[bool]:
    """Return a coin; it shrinks to False."""
    return st.integers(0, 99).map(lambda n: n >= 100 - round(100 * probability))


@st.composite
def values(draw: st.DrawFn, attribute: Attribute, charset: int, odd: float) -> bytes:
    """Return the bytes of an attribute, of its VR and VM unless odd."""
    vr = "SS" if attribute.vr == "US or SS" else attribute.vr
    is_odd = draw(_is_often(odd))
    if vr in BINARY:
        return _binary(draw, vr, attribute.vm_min, is_odd)
    choices = GOOD.get(vr, ["x"])
    count = attribute.vm_min
    if is_odd:
        choices = choices + ODD.get(vr, []) * 2 + _ODD_ANYWHERE
        count = draw(st.sampled_from([count, count, count, 0, 1, count + 1, 4]))
    elif attribute.vm_max is None:
        count = draw(st.integers(count, 4))
    parts = [draw(st.sampled_from(choices)) for _ in range(count)]
    codec, ready = "utf-8", "\\".join(parts)
    _, written, name, words = CHARSETS[charset]
    if vr in ("PN", "LO", "LT", "SH", "ST", "UC", "UT") and draw(_is_often(0.3)):
        codec, ready = written, name if vr == "PN" else words
    raw = ready.encode(codec)
    pads = [b"\0"] if vr == "UI" else [b" "]
    if is_odd:
        pads = [b" ", b"\0", b"", b"   ", b"\0\0"]
    pad = draw(st.sampled_from(pads))
    return raw + pad if is_odd or len(raw) % 2 else raw


def _binary(draw: st.DrawFn, vr: str, count: int, is_odd: bool) -> bytes:
    size = BINARY[vr]
    if is_odd:
        return draw(st.binary(max_size=(count + 2) * size))
    if vr in ("FL", "FD"):
        return number_bytes(vr, [draw(st.sampled_from(_FLOATS)) for _ in range(count)])
    return b"".join(draw(st.sampled_from(_NUMBERS)).to_bytes(size, "little") for _ in range(count))


def number_bytes(vr: str, values: Sequence[float]) -> bytes:
    """Return numbers in binary, little endian."""
    made = number(0, vr, *values).value
    assert isinstance(made, bytes)
    return made


@st.composite
def wanted(draw: st.DrawFn, charset: int, odd: float) -> Elements:
    """Return elements of attributes that have a column at the top of a data set."""
    least = draw(st.sampled_from([0, 4, 25]))
    chosen = draw(
        st.lists(st.sampled_from(TOP), min_size=least, max_size=30, unique_by=lambda each: each.tag)
    )
    return tuple(_written(draw, each, charset, odd) for each in chosen)


def _written(draw: st.DrawFn, attribute: Attribute, charset: int, odd: float) -> Element:
    vr = "US" if attribute.vr == "US or SS" else attribute.vr
    if odd and draw(_is_often(odd / 3)):
        vr = draw(st.sampled_from(OTHER_VRS * 3 + NO_VRS))
    value = draw(values(attribute, charset, odd))
    return Element(attribute.tag, vr, value)


@st.composite
def nested(draw: st.DrawFn, charset: int, odd: float) -> Elements:
    """Return sequences that hold attributes which have a column, as deep as their columns say."""
    found: dict[int, Element] = {}
    for attribute in draw(st.lists(st.sampled_from(NESTED), max_size=6)) if NESTED else []:
        element = _written(draw, attribute, charset, odd)
        more = draw(st.sampled_from(["nothing", "nothing", "other", "otherwise", "items"]))
        for tag in reversed(attribute.within):
            content = [element]
            if attribute.creator and tag == attribute.within[-1]:
                block = draw(st.integers(0x10, 0x12))
                content = in_block(attribute, block, element)
            if more == "other":
                content = sorted([*content, text(tag ^ 0xFF, "LO", "other")], key=_tag)
            elif more == "otherwise" and attribute.otherwise:
                content = [text(attribute.otherwise[0], "UC", "1234567890123456789")]
            items = [content] * draw(st.sampled_from([1, 1, 1, 0, 2, 3]))
            vr = "UN" if odd and draw(_is_often(odd / 2)) else "SQ"
            element = sequence(tag, *items, undefined=draw(st.booleans()), vr=vr)
        found[element.tag] = element
    return tuple(found.values())


def _tag(element: Element) -> int:
    return element.tag


def in_block(attribute: Attribute, block: int, element: Element) -> list[Element]:
    """Return a private element in a block of a number, after its creator."""
    group = attribute.tag & 0xFFFF0000
    return [
        text(group | block, "LO", attribute.creator),
        Element(group | block << 8 | attribute.tag & 0xFF, element.vr, element.value),
    ]


@st.composite
def private(draw: st.DrawFn, charset: int, odd: float) -> Elements:
    """Return private blocks: their creators, elements that may have a column, and blobs."""
    found: list[Element] = []
    for attribute in draw(st.lists(st.sampled_from(PRIVATE), max_size=3)) if PRIVATE else []:
        block = draw(st.integers(0x10, 0x13))
        creator = attribute.creator + draw(st.sampled_from(["", "", "", " ", " x"]))
        group = attribute.tag & 0xFFFF0000
        found.append(text(group | block, "LO", creator))
        element = _written(draw, attribute, charset, odd)
        found.append(Element(group | block << 8 | attribute.tag & 0xFF, element.vr, element.value))
    length = draw(st.sampled_from([0, 0, 2, 500, 9000, 16_384, 33_000, 70_000]))
    found += [text(0x00090010, "LO", "BLOBS"), Element(0x00091001, "OB", bytes(length))]
    return tuple(found)


@st.composite
def others(draw: st.DrawFn) -> Elements:
    """Return elements that no column wants: any tag, any VR, nested sequences, group lengths."""
    found: list[Element] = []
    for tag in draw(st.lists(st.integers(0x00080000, 0x7FDFFFFF), max_size=4)):
        kind = draw(st.sampled_from(["text", "binary", "sequence", "group", "deep"]))
        if kind == "text":
            found.append(text(tag, draw(st.sampled_from(["LO", "UT", "SH", "OB"])), b"abcd"))
        elif kind == "binary":
            found.append(Element(tag, "UN", padded(draw(st.binary(max_size=20)))))
        elif kind == "group":
            found.append(number(tag & 0xFFFF0000, "UL", 42))
        else:
            inner = sequence(0x00081140, [text(0x00081155, "UI", "1.2.3.77")], undefined=True)
            depth = 1 if kind == "sequence" else draw(st.sampled_from([2, 5, 63, 66]))
            for _ in range(depth):
                inner = sequence(0x00081140, [inner], undefined=draw(st.booleans()))
            found.append(
                inner if tag % 2 else Element(tag, "SQ", inner.value, None, inner.undefined)
            )
    return tuple(found)


@st.composite
def references(draw: st.DrawFn) -> Elements:
    """Return functional groups of frames and references to other instances, now and then."""
    found: list[Element] = []
    if draw(_is_often(0.25)):
        items = [[text(0x00081150, "UI", _UIDS[0]), text(0x00081155, "UI", uid)] for uid in _UIDS]
        count, undefined = draw(st.integers(0, 4)), draw(st.booleans())
        tag = draw(st.sampled_from([0x00081140, 0x00082112, 0x0040A525, 0x00081115]))
        found.append(sequence(tag, *items[:count], undefined=undefined))
    if draw(_is_often(0.25)):
        count, undefined = draw(st.integers(0, 5)), draw(st.booleans())
        spacing = sequence(0x00289110, [text(0x00280030, "DS", "0.5\\0.5")], undefined=undefined)
        found += [
            text(0x00280008, "IS", str(draw(st.sampled_from([count, count, 0, 1, 7])))),
            sequence(0x52009229, [spacing], undefined=undefined),
            sequence(
                0x52009230, *[_frame(k, undefined) for k in range(count)], undefined=undefined
            ),
        ]
    return tuple(found)


def _frame(k: int, undefined: bool) -> Elements:
    content = [Element(0x00209157, "UL", (k + 1).to_bytes(4, "little") * 2)]
    place = [text(0x00200032, "DS", f"-1.5\\2\\{k}.25")]
    return (
        sequence(0x00209111, content, undefined=undefined),
        sequence(0x00209113, place, undefined=undefined),
    )


Change = Callable[[st.DrawFn, list[Element]], None]


def _duplicated(draw: st.DrawFn, elements: list[Element]) -> None:
    at = draw(st.integers(0, len(elements) - 1))
    elements.insert(at, elements[draw(st.integers(0, len(elements) - 1))])


def _swapped(draw: st.DrawFn, elements: list[Element]) -> None:
    at = draw(st.integers(0, len(elements) - 1))
    elements.append(elements.pop(at))


def _lying(draw: st.DrawFn, elements: list[Element]) -> None:
    at = draw(st.integers(0, len(elements) - 1))
    each = elements[at]
    length = draw(st.sampled_from([0, 1, 2, 7, 300, 0xFFFE, 0xFFFFFFFE, 0xFFFFFFFF]))
    elements[at] = Element(each.tag, each.vr, each.value, length, each.undefined)


def _without(draw: st.DrawFn, elements: list[Element]) -> None:
    elements.pop(draw(st.integers(0, len(elements) - 1)))


def _odd_vr(draw: st.DrawFn, elements: list[Element]) -> None:
    at = draw(st.integers(0, len(elements) - 1))
    each = elements[at]
    vr = draw(st.sampled_from(NO_VRS + OTHER_VRS))
    elements[at] = Element(each.tag, vr, each.value, each.length, each.undefined)


CHANGES: Final[Sequence[Change]] = (_duplicated, _swapped, _lying, _without, _odd_vr)


@st.composite
def elements(draw: st.DrawFn, odd: float) -> Elements:
    """Return a data set; `odd` is the probability that a value is, 0 for a good one."""
    charset = draw(st.integers(0, len(CHARSETS) - 1)) if draw(_is_often(0.6)) else 0
    named = (text(0x00080005, "CS", CHARSETS[charset][0]),) if charset else ()
    parts = [
        draw(others()),
        draw(private(charset, odd)),
        draw(wanted(charset, odd)),
        identity(),
        draw(nested(charset, odd)),
        draw(references()),
        named,
    ]
    return merged(*parts)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return a file: about half of them good, the others odd in a value or in their structure."""
    odd = draw(st.sampled_from([0.0, 0.0, 0.1, 0.4]))
    content = list(draw(elements(odd)))
    syntax: Syntax = draw(st.sampled_from([EXPLICIT] * 5 + [IMPLICIT] * 4 + [JPEG, BIG, DEFLATED]))
    if draw(_is_often(0.75)):
        content.append(FRAGMENTS if syntax is JPEG else PIXELS)
    meta = draw(st.sampled_from(META_FORMS)) if draw(_is_often(0.15)) else "whole"
    preamble = None if draw(_is_often(0.04)) else bytes(128)
    if not odd:
        return part10(content, syntax, meta=meta, preamble=preamble)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        change(draw, content)
    body = encoded(content, syntax)
    if draw(_is_often(0.15)):
        stray = delimiter(draw(st.sampled_from([ITEM, ITEM_END, SEQUENCE_END])), syntax)
        at = len(encoded(content[: draw(st.integers(0, len(content)))], syntax))
        body = body[:at] + stray + body[at:]
    if draw(_is_often(0.15)):
        body = body[: draw(st.integers(0, len(body)))]
    tail = draw(st.sampled_from([b"", b"", b"", bytes(2), bytes(512), b"\0\0\1", b"trailing"]))
    return part10(body, syntax, meta=meta, preamble=preamble, tail=tail)


TOP: Final = [each for each in attributes_of(INSTANCES) if not each.within and not each.creator]
NESTED: Final = [each for each in attributes_of(INSTANCES) if each.within]
PRIVATE: Final = [each for each in attributes_of(INSTANCES) if each.creator and not each.within]
