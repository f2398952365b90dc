"""Digest of a data set that does not depend on how it was encoded.

Explicit and implicit VR, both byte orders, deflate, defined and undefined lengths, group lengths
and padding give one digest (PS3.5 sections 7 and A). An element counts by its tag and its value's
bytes in little-endian order; the VR does not count, since implicit VR does not write it.
"""

import hashlib
import io
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.discovery.sniff import IMPLICIT_LITTLE, LONG_VRS, UNDEFINED, Encoding
from dicomlake.pipeline.headers.structure import (
    ITEM,
    ITEM_BYTES_LITTLE,
    ITEM_END,
    SEQUENCE_END,
)
from dicomlake.pipeline.headers.transfer_syntax import has_plain_pixels
from dicomlake.pipeline.pixels.byte_stream import CHUNK, BrokenDataSetError, ByteStream
from dicomlake.pipeline.pixels.stored_bits import keep_bits

_LARGEST_GUESSED_SEQUENCE: Final = 16 << 20
"""A value of unknown VR above this many bytes is not tried as a sequence."""

_LENGTH_TO_END: Final = 0x00080001
_DATA_SET_TRAILING_PADDING: Final = 0xFFFCFFFC
_PIXEL_DATA: Final = 0x7FE00010
_PIXELS: Final = {0x7FE00008: 4, 0x7FE00009: 8, _PIXEL_DATA: 0}
"""Pixel attributes and the bytes of their words; 0: as Bits Allocated says."""
_ENCODING_ONLY: Final = frozenset(
    {_LENGTH_TO_END, _DATA_SET_TRAILING_PADDING, 0x7FE00001, 0x7FE00002, 0x7FE00003}
)
"""Attributes that say how the file is encoded: offsets, lengths, padding."""

_WORD_BYTES: Final = {
    **dict.fromkeys((b"AT", b"OW", b"SS", b"US"), 2),
    **dict.fromkeys((b"FL", b"OF", b"OL", b"SL", b"UL"), 4),
    **dict.fromkeys((b"FD", b"OD", b"OV", b"SV", b"UV"), 8),
}
_TEXT_VRS: Final = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI"}
    | {"UR", "UT"}
)
"""VRs whose values may be padded with a space or NUL (PS3.5 section 6.2)."""

SAMPLES, FRAMES, ROWS, COLUMNS = 0x00280002, 0x00280008, 0x00280010, 0x00280011
BITS: Final = 0x00280100
BITS_STORED, HIGH_BIT, SIGN = 0x00280101, 0x00280102, 0x00280103
_SOP_INSTANCE_UID: Final = 0x00080018
CONTENT_DATE: Final = 0x00080023
CONTENT_TIME: Final = 0x00080033
_KEPT: Final = frozenset(
    {COLUMNS, ROWS, FRAMES, SAMPLES, BITS, BITS_STORED, HIGH_BIT, SIGN}
    | {CONTENT_DATE, CONTENT_TIME}
)


class _Header(NamedTuple):
    """What stands before a value."""

    tag: int
    vr: bytes
    """Empty where it is implied."""
    length: int


@dataclass(slots=True)
class DataSetDigest:
    """What a walk over a data set finds."""

    attributes: bytes = b""
    """Digest of all attributes but the pixels."""
    pixels: bytes = hashlib.sha256().digest()
    """Digest of native pixel values in little-endian order, or of the syntax and fragments.

    Values are masked to BitsStored and sign-extended: other bits are no pixels."""
    comparable: bool = True
    """Whether other pixel bytes mean other pixels: false for compressed ones."""
    pixels_at: int | None = None
    """Where the value of encapsulated Pixel Data starts, from the start of the data set."""
    values: dict[int, bytes] = field(default_factory=dict)
    """Raw values of the few attributes that the reading itself needs, by tag."""

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first value of US or IS written at a tag, or the default."""
        raw = self.values.get(tag, b"")
        if tag == FRAMES:
            found = re.fullmatch(rb"[ ]*\+?([0-9]{1,12})[ \0]*", raw.split(b"\\")[0])
            return int(found[1]) if found else default
        return int.from_bytes(raw[:2], "little") if len(raw) >= 2 else default  # noqa: PLR2004  (bytes of US)


@lru_cache(maxsize=8192)
def _dictionary_vr(tag: int) -> str:
    """Return the VR that PS3.6 gives a tag, or an empty text."""
    from pydicom.datadict import dictionary_VR  # noqa: PLC0415  (1 s; readers only)

    try:
        return dictionary_VR(tag)
    except KeyError:
        return ""


def _little_endian(piece: bytes, word: int) -> bytes:
    """Return bytes with each whole word reversed; what is left of a cut word stays."""
    whole = len(piece) - len(piece) % word
    swapped = np.frombuffer(piece, dtype=f">u{word}", count=whole // word).byteswap().tobytes()
    return swapped + piece[whole:]


class DataSetWalker:
    """One walk over a data set; `digest` holds what it found.

    Raises:
        BrokenDataSetError: the bytes cannot be walked, or go beyond a limit of the settings.
    """

    def __init__(self, stream: ByteStream, limits: HeaderSettings, transfer_syntax: str) -> None:
        self._stream = stream
        self._limits = limits
        self._syntax = transfer_syntax
        self._elements = 0
        self._header_bytes = 0
        self.digest = DataSetDigest()

    def walk(self, encoding: Encoding) -> DataSetDigest:
        """Walk the whole stream and return the digests."""
        self.digest.attributes = self._data_set(self._stream, encoding, None, 0)
        return self.digest

    def _data_set(
        self, stream: ByteStream, encoding: Encoding, end: int | None, depth: int
    ) -> bytes:
        """Return the digest of one data set: up to `end`, its delimiter, or the stream's end."""
        if depth > self._limits.max_depth:
            raise BrokenDataSetError("nested too deep")
        found: dict[int, bytes] = {}
        while end is None or stream.position < end:
            if depth == 0 and len(stream.peek(8)) < 8:  # noqa: PLR2004  (an element's header)
                break
            header = self._header(stream, encoding)
            if header.tag == ITEM_END and depth:
                break
            self._elements += 1
            if self._elements > self._limits.max_elements:
                raise BrokenDataSetError("too many elements")
            token = self._element(stream, encoding, header, depth)
            if token is not None:
                found[header.tag] = token
        if end is not None and stream.position != end:
            raise BrokenDataSetError("an element crosses the end of its item")
        if depth == 0 and _SOP_INSTANCE_UID not in found:
            raise BrokenDataSetError("not the data set of an instance")
        return hashlib.sha256(
            b"".join(tag.to_bytes(4, "big") + token for tag, token in sorted(found.items()))
        ).digest()

    @staticmethod
    def _header(stream: ByteStream, encoding: Encoding) -> _Header:
        """Read tag, VR (empty where implied) and length of the next element."""
        order = "<" if encoding.little else ">"
        head = stream.exactly(8)
        group, element = struct.unpack_from(order + "HH", head)
        tag = group << 16 | element
        vr = head[4:6]
        if encoding.implicit or group == ITEM >> 16 or not (vr.isalpha() and vr.isupper()):
            return _Header(tag, b"", *struct.unpack_from(order + "I", head, 4))
        if vr in LONG_VRS:
            return _Header(tag, vr, *struct.unpack(order + "I", stream.exactly(4)))
        return _Header(tag, vr, *struct.unpack_from(order + "H", head, 6))

    def _element(
        self, stream: ByteStream, encoding: Encoding, header: _Header, depth: int
    ) -> bytes | None:
        """Pass one element; returns its token, or nothing where it does not count."""
        tag, vr, length = header
        if depth == 0 and tag in _PIXELS:
            self._pixels(stream, encoding, header)
            return None
        counts = tag & 0xFFFF != 0 and tag not in _ENCODING_ONLY
        known = vr.decode() if vr and vr != b"UN" else _dictionary_vr(tag)
        if length == UNDEFINED and (known in {"OB", "OW"} or tag == _PIXEL_DATA):
            token = self._fragments(stream, encoding, hashlib.sha256())
        elif known == "SQ" or length == UNDEFINED:
            inner = IMPLICIT_LITTLE if vr == b"UN" else encoding
            token = self._sequence(stream, inner, length, depth)
        elif not known and self._may_be_sequence(stream, length):
            token = self._guessed(stream.exactly(length), depth)
        else:
            word = 1 if encoding.little else _WORD_BYTES.get(vr, 1)
            token = self._value(stream, tag, length, word, keep=depth == 0 and tag in _KEPT)
        return token if counts else None

    @staticmethod
    def _may_be_sequence(stream: ByteStream, length: int) -> bool:
        small = len(ITEM_BYTES_LITTLE) < length <= _LARGEST_GUESSED_SEQUENCE
        return small and stream.peek(4) == ITEM_BYTES_LITTLE

    def _guessed(self, raw: bytes, depth: int) -> bytes:
        """Return the token of a value of unknown VR that starts as a sequence does."""
        self._count_bytes(len(raw))
        try:
            return self._sequence(ByteStream(io.BytesIO(raw)), IMPLICIT_LITTLE, len(raw), depth)
        except BrokenDataSetError:
            return b"V" + hashlib.sha256(raw).digest()

    def _sequence(self, stream: ByteStream, encoding: Encoding, length: int, depth: int) -> bytes:
        """Return the token of a sequence; one without items is an empty value."""
        end = None if length == UNDEFINED else stream.position + length
        items = []
        while end is None or stream.position < end:
            tag, _, size = self._header(stream, encoding)
            if tag == SEQUENCE_END and end is None:
                break
            if tag != ITEM:
                raise BrokenDataSetError("no item where one must be")
            until = None if size == UNDEFINED else stream.position + size
            items.append(self._data_set(stream, encoding, until, depth + 1))
        if end is not None and stream.position != end:
            raise BrokenDataSetError("an item crosses the end of its sequence")
        return b"S" + hashlib.sha256(b"".join(items)).digest() if items else _EMPTY

    def _value(self, stream: ByteStream, tag: int, length: int, word: int, *, keep: bool) -> bytes:
        """Return the token of a plain value, its padding taken off where it is text."""
        self._count_bytes(length)
        text = _dictionary_vr(tag) in _TEXT_VRS
        digest, passed, last = hashlib.sha256(), 0, b""
        for piece in stream.chunks(length):
            digest.update(last)
            last = _little_endian(piece, word) if word > 1 else piece
            passed += len(piece)
        if passed < length:
            raise BrokenDataSetError("ends inside a value")
        last = last.rstrip(b" \0") if text else last
        digest.update(last)
        if keep and length <= CHUNK:
            self.digest.values[tag] = last
        return b"V" + digest.digest()

    def _count_bytes(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > self._limits.max_header_bytes:
            raise BrokenDataSetError("larger than a header may be")

    def _pixels(self, stream: ByteStream, encoding: Encoding, header: _Header) -> None:
        """Digest the pixels: native values, or the fragments of a compressed syntax."""
        tag, vr, length = header
        if length == UNDEFINED or not has_plain_pixels(self._syntax):
            self.digest.comparable = False
            self.digest.pixels_at = stream.position if length == UNDEFINED else None
            digest = hashlib.sha256(self._syntax.encode() + b"\0")
            if length == UNDEFINED:
                self._fragments(stream, encoding, digest)
            else:
                _update(digest, stream.chunks(length))
            self.digest.pixels = digest.digest()
            return
        bits = self.digest.number(BITS, 8)
        word = _PIXELS[tag] or (bits // 8 if bits in {16, 32, 64} else 2 if vr == b"OW" else 1)
        expected = self._expected_bytes(bits if tag == _PIXEL_DATA else word * 8)
        left = expected if expected % 2 and length == expected + 1 else length
        kept = self._stored_bits(bits) if tag == _PIXEL_DATA else None
        digest = hashlib.sha256()
        for raw in stream.chunks(length):
            piece = raw if encoding.little or word == 1 else _little_endian(raw, word)
            digest.update(piece[:left] if kept is None else kept(piece[:left]))
            left = max(0, left - len(piece))
        self.digest.pixels = digest.digest()

    def _stored_bits(self, bits: int) -> Callable[[bytes], bytes] | None:
        """Return what drops the bits outside BitsStored, None where there are none."""
        stored = self.digest.number(BITS_STORED, bits)
        top = self.digest.number(HIGH_BIT, stored - 1)
        if bits not in {8, 16, 32} or not 1 <= stored < bits or not stored <= top + 1 <= bits:
            return None
        signed = self.digest.number(SIGN) == 1
        dtype = np.dtype(f"<{'i' if signed else 'u'}{bits // 8}")

        def kept(piece: bytes) -> bytes:
            whole = len(piece) - len(piece) % dtype.itemsize
            values = np.frombuffer(piece[:whole], dtype).astype(dtype.newbyteorder("="))
            keep_bits(values, stored, top, signed=signed)
            return values.astype(dtype).tobytes() + piece[whole:]

        return kept

    def _expected_bytes(self, bits: int) -> int:
        shape = (ROWS, COLUMNS, SAMPLES, FRAMES)
        samples = 1
        for tag in shape:
            samples *= self.digest.number(tag, 1)
        return (samples * bits + 7) // 8

    def _fragments(self, stream: ByteStream, encoding: Encoding, digest: "hashlib._Hash") -> bytes:
        """Digest the fragments after the offset table (PS3.5 section A.4); their cuts are free."""
        first = True
        while len(stream.peek(8)) == 8:  # noqa: PLR2004  (an item's header)
            tag, _, size = self._header(stream, encoding)
            if tag == SEQUENCE_END:
                break
            if tag != ITEM or size == UNDEFINED:
                raise BrokenDataSetError("no fragment where one must be")
            if first:
                stream.skip(size)
            else:
                _update(digest, stream.chunks(size))
            first = False
        return b"F" + digest.digest()


_EMPTY: Final = b"V" + hashlib.sha256().digest()


def _update(digest: "hashlib._Hash", pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        digest.update(piece)
