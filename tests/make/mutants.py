"""A seeded mutator of files.

It cuts, flips, splices, doubles, drops and blanks stretches of bytes; and, where it understands the
header, lies about lengths (16 and 32 bits, undefined), changes VRs and transfer syntaxes, doubles,
swaps and nests elements, and writes values that no attribute may have. Pixels have mutations of
their own: of the items, offset tables and codestreams of encapsulated ones.
"""

import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

LENGTHS: Final = (0, 1, 2, 0xFF, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
VRS: Final = (b"UN", b"SQ", b"OB", b"LO", b"US", b"QQ", b"\0\0")
EVERY_VR: Final = (
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"OB",
    b"OD", b"OF", b"OL", b"OV", b"OW", b"PN", b"SH", b"SL", b"SQ", b"SS", b"ST", b"SV", b"TM",
    b"UC", b"UI", b"UL", b"UN", b"UR", b"US", b"UT", b"UV", b"QQ", b"\0\0", b"  ",
)  # fmt: skip
SYNTAXES: Final = (
    b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2.2",
    b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1.98", b"1.2.840.10008.1.2.5",
    b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.80",
    b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.94", b"1.2.840.10008.1.2.4.201",
    b"1.2.840.10008.1.2.4.100", b"1.2.3.4", b"", b"not a UID", b"\0\0",
)  # fmt: skip
VALUES: Final = (
    b"", b" ", b"\\", b"\\\\\\", b"\0\0", b"-", b"NaN", b"inf", b"-Infinity", b"1e400", b"1_000",
    b"1.5", b"0x10", b"99999999999999999999999", b"-9223372036854775809", b"20231301", b"00000000",
    b"20240230", b"250000.9", b"246060", b"20240101120000+9999", b"999W", b"../../../etc/passwd",
    b"1.2..3", b"01.2.3", b"1." * 40, b"\x1b$B\x1b(J", b"\x1b$)C\xff\xfe", b"\xc3\x28\xa0\xa1",
    b"\xff" * 9, b"=cmd|' /C calc'!A0", b"<script>alert(1)</script>", b"a\r\nb\x07",
    b"A^B^C^D^E^F=G=H=I", b"\\".join([b"1"] * 3000), b"x" * 5000,
)  # fmt: skip
NUMBERS: Final = (0, 1, 2, 3, 8, 12, 16, 17, 32, 64, 255, 4096, 0x7FFF, 0x8000, 0xFFFF)
DESCRIBING_PIXELS: Final = {
    0x00280002, 0x00280006, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103,
}  # fmt: skip
"""Of VR US: what says how pixels are packed."""
PIXEL_DATA: Final = 0x7FE00010

Mutation = Callable[[random.Random, bytearray, Sequence[bytes]], bytearray]

_LONG: Final = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR",
                b"UT", b"UV"}  # fmt: skip
_DELIMITED: Final = 0xFFFE
_MOST_ELEMENTS: Final = 600
_START: Final = 132
_UNDEFINED: Final = 0xFFFFFFFF


class Spot(NamedTuple):
    """An element, an item or a delimiter of a header: where its parts stand."""

    tag: int
    start: int
    vr: int
    """0 where there is none."""
    length: int
    length_size: int
    value: int
    end: int
    """Of the value; where the length is undefined, of the element's head."""


def spots(data: bytes | bytearray) -> list[Spot]:
    """Return what stands in a little-endian Part 10 file up to Pixel Data, items included."""
    found: list[Spot] = []
    implicit = False
    at = _START
    while data[128:132] == b"DICM" and at + 12 <= len(data) and len(found) < _MOST_ELEMENTS:
        spot = _spot(data, at, implicit=implicit and data[at : at + 2] != b"\2\0")
        found.append(spot)
        if spot.tag == PIXEL_DATA or spot.end > len(data):
            break
        if spot.tag == 0x00020010:
            implicit = bytes(data[spot.value : spot.end]).rstrip(b"\0 ") == b"1.2.840.10008.1.2"
        is_sequence = bool(spot.vr) and data[spot.vr : spot.vr + 2] == b"SQ"
        entered = spot.tag >> 16 == _DELIMITED or is_sequence
        at = spot.value if entered else spot.end
    return found


def _spot(data: bytes | bytearray, at: int, *, implicit: bool) -> Spot:
    group, number = struct.unpack_from("<HH", data, at)
    vr = bytes(data[at + 4 : at + 6])
    bare = implicit or group == _DELIMITED
    if not bare and vr not in _LONG:
        length_at, size, value = at + 6, 2, at + 8
    else:
        length_at = at + 4 if bare else at + 8
        size, value = 4, length_at + 4
    length = int.from_bytes(data[length_at : length_at + size], "little")
    end = value if length == _UNDEFINED else value + length
    return Spot(group << 16 | number, at, 0 if bare else at + 4, length_at, size, value, end)


# Mutations of bytes, whatever they mean.


def _cut(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    return data[: dice.randrange(len(data) + 1)]


def _flip(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    for _k in range(dice.choice([1, 1, 2, 8])):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return data


def _lie(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    at = dice.randrange(max(1, len(data) - 4))
    length = dice.choice(LENGTHS)
    packed = struct.pack("<L", length)[: dice.choice([2, 4])]
    data[at : at + len(packed)] = packed
    return data


def _other_vr(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    at = data.find(dice.choice([b"LO", b"CS", b"DS", b"UI", b"SQ", b"US", b"IS"]), 132)
    if at > 0:
        data[at : at + 2] = dice.choice(VRS)
    return data


def _splice(dice: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
    other = dice.choice(others)
    if not other:
        return data
    start = dice.randrange(len(other))
    at = dice.randrange(len(data))
    data[at : at + dice.choice([0, 40])] = other[start : start + dice.randrange(1, 200)]
    return data


def _double(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    start = dice.randrange(len(data))
    piece = data[start : start + dice.randrange(2, 120)]
    data[start:start] = piece
    return data


def _drop(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    start = dice.randrange(len(data))
    del data[start : start + dice.randrange(1, 60)]
    return data


def _blank(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    start = dice.randrange(len(data))
    length = min(len(data) - start, dice.randrange(1, 60))
    data[start : start + length] = bytes([dice.choice([0, 0x20, 0xFF])]) * length
    return data


def _preamble(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Leave the preamble or its mark out, or make it another kind of file's."""
    choice = dice.randrange(4)
    if choice == 0:
        return data[_START:]
    if choice == 1:
        data[128:132] = dice.choice([b"DICN", b"\0\0\0\0", b"dicm"])
    else:
        head = dice.choice([b"MZ\x90", b"\x7fELF", b"#!/bin/sh\n", b"PK\3\4", b"II*\0", b"%PDF-1"])
        data[: len(head)] = head
    return data


# Mutations of a header that is understood; one that is not stays as it is.


def _lie_of_element(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    found = spots(data)
    if found:
        spot = dice.choice(found)
        true, left = spot.end - spot.value, len(data) - spot.value
        near = (true + 1, true + 2, max(0, true - 1), max(0, true - 2), left, left + 2)
        wrong = dice.choice([*LENGTHS, *near])
        size = spot.length_size
        data[spot.length : spot.length + size] = wrong.to_bytes(8, "little")[:size]
    return data


def _vr_of_element(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    found = [spot for spot in spots(data) if spot.vr]
    if found:
        at = dice.choice(found).vr
        data[at : at + 2] = dice.choice(EVERY_VR)
    return data


def _put(data: bytearray, spot: Spot, value: bytes) -> None:
    """Replace a value, its length with it where that has room."""
    value += b" " * (len(value) % 2)
    if spot.length_size == 2:
        value = value[:0xFFFE]
    data[spot.value : spot.end] = value
    packed = len(value).to_bytes(8, "little")[: spot.length_size]
    data[spot.length : spot.length + spot.length_size] = packed


def _value_of_element(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    found = [spot for spot in spots(data) if spot.tag >> 16 != _DELIMITED]
    if found:
        spot = dice.choice(found)
        if spot.vr and data[spot.vr : spot.vr + 2] in (b"US", b"SS"):
            _put(data, spot, struct.pack("<H", dice.choice(NUMBERS)))
        else:
            _put(data, spot, dice.choice(VALUES))
    return data


def _packing(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Have the header say that pixels are packed in another way."""
    found = [spot for spot in spots(data) if spot.tag in DESCRIBING_PIXELS]
    if found:
        _put(data, dice.choice(found), struct.pack("<H", dice.choice(NUMBERS)))
    return data


def _syntax(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Declare another transfer syntax; the group length of file meta follows, or does not."""
    found = {spot.tag: spot for spot in spots(data)}
    declared, group = found.get(0x00020010), found.get(0x00020000)
    if declared is not None:
        value = dice.choice(SYNTAXES)
        more = len(value) + len(value) % 2 - (declared.end - declared.value)
        _put(data, declared, value)
        if group is not None and group.end - group.value == 4 and dice.random() < 0.7:
            (length,) = struct.unpack_from("<L", data, group.value)
            struct.pack_into("<L", data, group.value, max(0, length + more))
    return data


def _double_element(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    found = spots(data)
    if found:
        one, other = dice.choice(found), dice.choice(found)
        at = dice.choice([one.end, one.start, other.start])
        data[at:at] = data[one.start : one.end]
    return data


def _swap_elements(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    found = spots(data)
    if len(found) > 2:
        one, other = sorted(dice.sample(found, 2), key=lambda spot: spot.start)
        if one.end <= other.start:
            first, second = data[one.start : one.end], data[other.start : other.end]
            data[other.start : other.end] = first
            data[one.start : one.end] = second
    return data


def _nest(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Put elements into sequences, few or many deep, of undefined or wrong or right length."""
    found = spots(data)
    if not found:
        return data
    one = dice.choice(found)
    implicit = one.vr == 0
    inside = bytes(data[one.start : one.end])
    closed = dice.random() < 0.7
    for _k in range(dice.choice([1, 1, 2, 5, 63, 64, 65, 200])):
        wrapped = dice.random() < 0.5
        length = len(inside) if wrapped else _UNDEFINED
        inside = b"\xfe\xff\x00\xe0" + struct.pack("<L", length & _UNDEFINED) + inside
        inside += b"" if wrapped or not closed else b"\xfe\xff\x0d\xe0\0\0\0\0"
        head = b"\x40\x00\x75\x02" + (b"" if implicit else b"SQ\0\0")
        inside = head + struct.pack("<L", len(inside) if wrapped else _UNDEFINED) + inside
        inside += b"" if wrapped or not closed else b"\xfe\xff\xdd\xe0\0\0\0\0"
    data[one.start : one.end] = inside
    return data


def _deflate(dice: random.Random, data: bytearray, _: Sequence[bytes]) -> bytearray:
    """Deflate the data set, and say so; sometimes cut, sometimes many times as much behind it."""
    found = spots(data)
    behind = [spot.start for spot in found if spot.tag >> 16 > 2]
    declared = next((spot for spot in found if spot.tag == 0x00020010), None)
    if behind and declared is not None:
        squeezer = zlib.compressobj(wbits=-15)
        more = b"\0" * dice.choice([0, 0, 100_000, 3_000_000])
        deflated = squeezer.compress(bytes(data[behind[0] :]) + more) + squeezer.flush()
        data[behind[0] :] = deflated[: dice.choice([len(deflated), len(deflated) // 2])]
        length = len(data)
        _put(data, declared, b"1.2.840.10008.1.2.1.99")
        group = next((spot for spot in found if spot.tag == 0x00020000), None)
        if group is not None:
            (old,) = struct.unpack_from("<L", data, group.value)
            struct.pack_into("<L", data, group.value, max(0, old + len(data) - length))
    return data


OF_BYTES: Final[Sequence[Mutation]] = (
    _cut,
    _flip,
    _flip,
    _lie,
    _lie,
    _other_vr,
    _splice,
    _double,
    _drop,
    _blank,
    _preamble,
)
OF_HEADERS: Final[Sequence[Mutation]] = (
    _lie_of_element,
    _lie_of_element,
    _vr_of_element,
    _vr_of_element,
    _value_of_element,
    _value_of_element,
    _value_of_element,
    _packing,
    _syntax,
    _double_element,
    _swap_elements,
    _nest,
    _deflate,
)


def mutants(originals: Sequence[bytes], count: int, *, seed: int) -> Iterator[bytes]:
    """Give files that were changed once or twice; the same ones for the same seed.

    The change is mostly in the header, where it matters.
    """
    dice = random.Random(seed)
    for _ in range(count):
        original = dice.choice(originals)
        reach = dice.choice([600, 1500, 4000, 20_000])
        header, rest = bytearray(original[:reach]), original[reach:]
        for _k in range(dice.choice([1, 1, 2])):
            mutate = dice.choice(dice.choice([OF_BYTES, OF_HEADERS]))
            if header:
                header = mutate(dice, header, originals)
        yield bytes(header) + rest


def own_identity(content: bytes, number: int) -> bytes:
    """Return a file with a SOP Instance UID of its own, as long as it was, in every place of it.

    Else the mutants of one file all claim one UID, and what is tried is that alone.
    """
    spot = next((each for each in spots(content) if each.tag == 0x00080018), None)
    if spot is None or not 8 <= spot.end - spot.value <= 64:
        return content
    old = content[spot.value : spot.end]
    end = str(number % 10**6).rjust(6, "7").encode()
    bare = old.rstrip(b"\0 ")
    return content.replace(bare, bare[:-6] + end) if len(bare) > 7 else content


# Mutations of pixels.


def _pixels_cut(dice: random.Random, data: bytearray, at: int) -> None:
    del data[dice.randrange(at, len(data) + 1) :]


def _pixels_flipped(dice: random.Random, data: bytearray, at: int) -> None:
    for _ in range(dice.choice([1, 2, 16])):
        data[dice.randrange(at, len(data))] ^= 1 << dice.randrange(8)


def _pixels_dropped(dice: random.Random, data: bytearray, at: int) -> None:
    start = dice.randrange(at, len(data))
    del data[start : start + dice.choice([1, 2, 4, 64])]


def _pixels_doubled(dice: random.Random, data: bytearray, at: int) -> None:
    start = dice.randrange(at, len(data))
    data[start:start] = data[start : start + dice.choice([2, 8, 64])]


def _wrong_item(dice: random.Random, data: bytearray, at: int) -> None:
    """Lie about the length of Pixel Data, of an item, or in an offset table."""
    places = [at - 4]
    start = data.find(b"\xfe\xff\x00\xe0", at)
    while start >= 0:
        places += [start + 4, start + 8]
        start = data.find(b"\xfe\xff\x00\xe0", start + 4)
    place = min(dice.choice(places), len(data) - 4)
    (true,) = struct.unpack_from("<L", data, place)
    wrong = dice.choice([*LENGTHS, (true + 2) & _UNDEFINED, max(0, true - 2), len(data) - place])
    struct.pack_into("<L", data, place, wrong)


def _wrong_tag(dice: random.Random, data: bytearray, at: int) -> None:
    place = dice.choice([at - 12, data.rfind(b"\xfe\xff", at), data.find(b"\xfe\xff", at)])
    if place > 0:
        data[place : place + 4] = dice.choice(
            [b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"\xe0\x7f\x08\x00", b"\0\0\0\0"]
        )


def _wrong_codestream(dice: random.Random, data: bytearray, at: int) -> None:
    """Change what a codestream says of itself: a byte of the markers at its start."""
    marks = [b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xff\xd8"]
    found = [place for mark in marks if (place := data.find(mark, at)) >= 0]
    place = min(found, default=at) + dice.randrange(60)
    if place < len(data):
        data[place] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, data[place] ^ 1])


OF_PIXELS: Final = (
    _pixels_cut, _pixels_flipped, _pixels_flipped, _pixels_dropped, _pixels_doubled, _wrong_item,
    _wrong_item, _wrong_tag, _wrong_codestream, _wrong_codestream,
)  # fmt: skip


def pixel_mutant(content: bytes, dice: random.Random) -> bytes:
    """Return a file whose Pixel Data was changed, or what its header says of them."""
    data = bytearray(content)
    pixel_data = next((spot for spot in spots(data) if spot.tag == PIXEL_DATA), None)
    if pixel_data is None or pixel_data.value >= len(data):
        return bytes(_flip(dice, data, ()))  # a deflated one
    if dice.random() < 0.25:
        return bytes(_packing(dice, data, ()))
    dice.choice(OF_PIXELS)(dice, data, pixel_data.value)
    return bytes(data)
