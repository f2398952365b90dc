"""Files that are nearly alike, and must not be taken for one another by a reader with a memory."""

import struct
from typing import Final

from dicomlake.pipeline.headers.attributes import Attribute
from make.data_sets import (
    BIG,
    DEFLATED,
    EXPLICIT,
    FRAGMENTS,
    IMPLICIT,
    JPEG,
    PIXELS,
    Element,
    Syntax,
    encoded,
    file_meta,
    identity,
    merged,
    number,
    part10,
    private_block,
    sequence,
    text,
)
from make.generated import BINARY, NESTED, PRIVATE, in_block

Elements = tuple[Element, ...]

# Long enough for a reader to learn from it what the files of a series share.
BASE: Final = merged(
    identity(),
    (
        text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
        text(0x00080020, "DA", "20240115"),
        text(0x00081030, "LO", "a study"),
        text(0x0008103E, "LO", "a series"),
        *(text(0x00081000 + k, "LO", f"unwanted {k}") for k in range(0x60, 0x68)),
        text(0x00081080, "LO", "a diagnosis"),
        text(0x00081090, "LO", "a model"),
        sequence(0x00082218, [text(0x00080100, "SH", "T-D4000"), text(0x00080104, "LO", "where")]),
        text(0x00101010, "AS", "064Y"),
        text(0x00101030, "DS", "72.5"),
        text(0x00180015, "CS", "CHEST"),
        text(0x00180050, "DS", "2.5"),
        text(0x00180060, "DS", "120"),
        text(0x00181000, "LO", "serial"),
        text(0x00181020, "LO", "1.0\\2.0"),
        text(0x00181030, "LO", "a protocol"),
        text(0x00181150, "IS", "500"),
        text(0x00181151, "IS", "200"),
        text(0x00181210, "SH", "B30f"),
        text(0x00185100, "CS", "HFS"),
        sequence(0x00189346, [text(0x00080100, "SH", "113691"), text(0x00080102, "SH", "DCM")]),
        text(0x00200013, "IS", "1"),
        text(0x00200032, "DS", "-1\\2\\3.5"),
        text(0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
        text(0x00200052, "UI", "1.2.3.6"),
        text(0x00201041, "DS", "3.5"),
        number(0x00280002, "US", 1),
        text(0x00280004, "CS", "MONOCHROME2"),
        number(0x00280010, "US", 10),
        number(0x00280011, "US", 10),
        text(0x00280030, "DS", "0.5\\0.5"),
        number(0x00280100, "US", 16),
        number(0x00280103, "US", 0),
        number(0x00280120, "US", 63536),
        text(0x00281052, "DS", "-1024"),
        text(0x00281053, "DS", "1"),
        text(0x00281054, "LO", "HU"),
        PIXELS,
    ),
)


def twins() -> list[bytes]:
    """Return the files; each is good, and unlike its neighbours in one thing."""
    return [
        *_charsets(),
        *_syntaxes(),
        *_signs(),
        *_shifted(),
        *_growing(),
        *_sequences(),
        *_private(),
        *_other_vrs(),
        *_pixels(),
    ]


def _with(*elements: Element, syntax: Syntax = EXPLICIT, without: tuple[int, ...] = ()) -> bytes:
    kept = tuple(each for each in merged(BASE, elements) if each.tag not in without)
    return part10(kept, syntax)


def _charsets() -> list[bytes]:
    """The same bytes of text in other character sets, their terms of one length if possible."""
    words = text(0x00081030, "LO", b"\xc3\xbc \xe4\xb8\x80 \x1b$B;3ED\x1b(B \\ \xb1\xb2")
    name = text(0x00100010, "PN", b"\xc3\xbc^\xb1=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B")
    comment = text(0x00204000, "LT", b"\xbf\x5c\xb1\x7e\xc3\xa4")
    terms = (
        "ISO_IR 100",
        "ISO_IR 101",
        "ISO_IR 192",
        "ISO_IR 144",
        "ISO_IR 13 ",
        "GB18030   ",
        "NONSENSE  ",
        "ISO-IR 100",
        "\\ISO 2022 IR 87",
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        "ISO 2022 IR 100\\ISO 2022 IR 87",
        "",
    )
    return [
        *(_with(words, name, comment, text(0x00080005, "CS", term)) for term in terms),
        _with(words, name, comment),
        _with(text(0x00080005, "CS", "ISO_IR 192")),
    ]


def _syntaxes() -> list[bytes]:
    """One data set in all encodings, and file metas of unlike forms before it."""
    content = encoded(BASE)
    return [
        *(part10(BASE, syntax) for syntax in (EXPLICIT, IMPLICIT, BIG, DEFLATED)),
        part10(content, EXPLICIT, meta=file_meta(IMPLICIT)),  # says one thing, is the other
        part10(encoded(BASE, IMPLICIT), IMPLICIT, meta=file_meta(EXPLICIT)),
        *(
            part10(BASE, meta=form)
            for form in ("no group length", "starts late", "no transfer syntax", "missing")
        ),
        part10(BASE, meta="private information"),
        part10(BASE, meta="other instance"),
        part10(BASE, preamble=b"MZ" + bytes(126)),
        part10(BASE, preamble=None),
    ]


def _signs() -> list[bytes]:
    """Pixel Padding Value is `US or SS`: in Implicit VR, Pixel Representation decides."""
    made = []
    for syntax in (IMPLICIT, EXPLICIT):
        for sign in (0, 1, 2):
            for vr in ("US", "SS"):
                padding = Element(0x00280120, vr, struct.pack("<H", 0xF830))
                made.append(_with(number(0x00280103, "US", sign), padding, syntax=syntax))
        made += [
            _with(syntax=syntax, without=(0x00280103,)),
            _with(Element(0x00280103, "US", b""), syntax=syntax),
        ]
    return made


def _shifted() -> list[bytes]:
    """Stretches that are the same bytes at another place, or lack an element in the middle."""
    return [
        _with(text(0x0008103E, "LO", "a serie")),
        _with(text(0x0008103E, "LO", "a series, but longer")),
        _with(text(0x0008103E, "LO", "")),
        _with(without=(0x0008103E,)),
        _with(without=(0x00180050, 0x00180060)),
        _with(without=(0x00281052,)),
        _with(text(0x00180050, "DS", "2.50")),
        _with(text(0x00180050, "DS", "5.2 ")),
        _with(text(0x00080022, "DA", "20240116")),
        _with(number(0x00080000, "UL", 300)),
        _with(Element(0x00181000, "LO", b"odd")),  # of odd length
        _with(text(0x00200013, "IS", "2")),
        _with(text(0x00200013, "IS", "x")),
        _with(text(0x00200032, "DS", "-1\\2")),
    ]


def _growing() -> list[bytes]:
    """Headers that end within the first read of a file, and headers that do not."""
    lengths = (16_000, 16_384, 32_000, 40_000, 140_000)
    return [
        *(_with(Element(0x00080001, "OB", bytes(length))) for length in lengths),
        *(_with(Element(0x00091001, "OB", bytes(length)), syntax=IMPLICIT) for length in lengths),
    ]


def _sequences() -> list[bytes]:
    """Sequences whose bytes are the same in Explicit and Implicit VR, and mean something else.

    `LO`, its length of 0 and what follows are an Implicit VR length of 20,300 bytes; these are
    elements of their own in Explicit VR.
    """
    length = struct.unpack("<L", b"LO\0\0")[0]
    rest = encoded(
        (Element(0x00283006, "OW", bytes(length - 100)), Element(0x00283009, "OB", bytes(76)))
    )
    both = struct.pack("<HH", 0x0028, 0x3004) + b"LO\0\0" + rest
    assert len(both) == length + 8
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(both)) + both
    raw = Element(0x00283000, "SQ", item)
    made = [_with(raw, syntax=syntax) for syntax in (EXPLICIT, IMPLICIT)]
    made.append(_with(Element(0x00283000, "UN", item)))  # within UN it is Implicit VR
    hounsfield = [text(0x00283004, "LO", "HU")]
    for syntax in (EXPLICIT, IMPLICIT):
        made += [
            _with(sequence(0x00283000, hounsfield, undefined=undefined), syntax=syntax)
            for undefined in (False, True)
        ]
        made.append(_with(sequence(0x00283000), syntax=syntax))
        made.append(_with(sequence(0x00283000, []), syntax=syntax))
        made.append(_with(sequence(0x00283000, [], hounsfield), syntax=syntax))
        made += [_nested(k, syntax) for k in range(len(NESTED))]
    return made


def _nested(which: int, syntax: Syntax) -> bytes:
    attribute = NESTED[which]
    content = [_good(attribute, attribute.tag, which % 2)]
    if attribute.creator:
        content = in_block(attribute, 0x10 + which % 3, content[0])
    element = sequence(attribute.within[-1], *[content] * (1 + which % 2))
    for tag in reversed(attribute.within[:-1]):
        element = sequence(tag, [element])
    return _with(element, syntax=syntax)


def _good(attribute: Attribute, tag: int, value: int) -> Element:
    """Return a value of the attribute's own VR and VM."""
    vr = "SS" if attribute.vr == "US or SS" else attribute.vr
    if vr in BINARY:
        return number(tag, vr, *[value] * attribute.vm_min)
    one = {"DT": "20240115101500", "TM": "101500"}.get(vr, str(value))
    return text(tag, vr, "\\".join([one] * attribute.vm_min))


def _private() -> list[bytes]:
    """The same private attribute in other blocks, and the same block of other creators."""
    blocks: list[tuple[Element, ...]] = []
    for attribute in PRIVATE:
        group, last = attribute.tag >> 16, attribute.tag & 0xFF
        value = _good(attribute, attribute.tag, 1).value
        assert isinstance(value, bytes)
        written = (last, attribute.vr, value)
        blocks += [
            private_block(group, 0x10, attribute.creator, written),
            private_block(group, 0x11, attribute.creator, written),
            private_block(group, 0x10, "SOMEBODY ELSE", written),
            private_block(group, 0x10, attribute.creator + " ", written),
            private_block(group, 0x10, "SOMEBODY ELSE", written)
            + private_block(group, 0x11, attribute.creator, written),
            private_block(group, 0x10, attribute.creator, (last, attribute.vr, b""))
            + private_block(group, 0x11, attribute.creator, written),
            private_block(group, 0x10, attribute.creator, written)[1:],
            private_block(group, 0x10, attribute.creator, (last, "UN", value)),
        ]
    blocks.append(private_block(0x0029, 0x10, "SOMEBODY", (0x01, "OB", bytes(100))))
    return [_with(*block, syntax=syntax) for block in blocks for syntax in (EXPLICIT, IMPLICIT)]


def _other_vrs() -> list[bytes]:
    """The same value in other VRs."""
    return [
        *(_with(Element(0x0008103E, vr, b"a series")) for vr in ("SH", "UN", "ST", "UT", "CS")),
        _with(Element(0x00180050, "LO", b"2.5 ")),
        _with(Element(0x00180050, "FD", struct.pack("<d", 2.5))),
        _with(Element(0x00280010, "UL", struct.pack("<L", 10))),
        _with(Element(0x00280010, "US", struct.pack("<HH", 10, 11))),
    ]


def _pixels() -> list[bytes]:
    """The same header before pixels of other kinds."""
    header = BASE[:-1]
    return [
        part10(header),
        part10((*header, FRAGMENTS), JPEG),
        part10((*header, FRAGMENTS)),
        part10((*header, Element(0x7FE00008, "OF", bytes(40)))),
        part10((*header, Element(0x7FE00010, "OW", bytes(50), length=400))),
        part10((*header, Element(0x7FE00010, "OW", b""))),
        part10(BASE, tail=bytes(100)),
        part10((*BASE, Element(0xFFFCFFFC, "OB", bytes(40)))),
    ]


def slices(count: int) -> list[bytes]:
    """Return the files of one series, as alike as such files are."""
    return [
        _with(
            text(0x00080018, "UI", f"1.2.3.{k}"),
            text(0x00200013, "IS", str(k)),
            text(0x00200032, "DS", f"-1\\2\\{k}.5"),
            text(0x00201041, "DS", f"{k}.5"),
            syntax=EXPLICIT if k % 2 else IMPLICIT,
        )
        for k in range(count)
    ]


def misplaced() -> list[bytes]:
    """Return files of that series, each with one element a second time, two places later."""
    made = []
    for place in range(2, len(BASE) - 1):
        elements = list(BASE)
        elements.insert(place, BASE[place - 2])
        made.append(part10(elements))
    return made
