"""What a compressed frame says of itself, read from its own header before any decoder sees it.

A decoder allocates what this header asks for, and fills what is missing with grey: both are
settled here, by a walk over the markers alone.
"""

import struct
from dataclasses import dataclass
from typing import Final, Literal

from dicomlake.pipeline.pixels.frame import PixelDataError

JPEG_END: Final = b"\xff\xd9"
"""End of image of JPEG and JPEG-LS, end of codestream of JPEG 2000."""

_PADDING: Final = b"\x00\xff"
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN: Final = 0xDA
_JPEG_LS_FRAME: Final = 0xF7
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {_JPEG_LS_FRAME}
"""Start of frame: all of JPEG's, without the tables among them, and that of JPEG-LS."""
_SEQUENTIAL: Final = frozenset({0xC0, 0xC1})
_LOSSLESS: Final = 0xC3

_JP2_SIGNATURE: Final = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_SIZE: Final = 0xFF51
_CODING_STYLE: Final = 0xFF52
_TILE_PART: Final = 0xFF90
_J2K_START: Final = b"\xff\x4f\xff\x51"
_J2K_FIXED: Final = struct.Struct(">HH8IH")
_REVERSIBLE: Final = 1

Process = Literal["dct", "lossless", "other"]


@dataclass(frozen=True, slots=True)
class Codestream:
    """What the header of a compressed frame says."""

    rows: int
    columns: int
    components: int
    precision: int
    """Bits of a sample."""
    signed: bool
    """Whether samples are two's complement; only JPEG 2000 can say so."""
    exact: bool
    """Whether decoding gives the values that were encoded."""
    process: Process


def jpeg(source: bytes) -> Codestream:
    """Read the frame header of JPEG (ISO 10918-1 annex B) or JPEG-LS (ISO 14495-1 annex C).

    Raises:
        PixelDataError: `decoder` where this is no such codestream, `truncated` where it ends early.
    """
    if source[:2] != b"\xff\xd8":
        raise PixelDataError("decoder")
    found: tuple[int, int, int, int, int] | None = None
    at = 2
    while True:
        marker, body, at = _segment(source, at)
        if marker in _FRAMES:
            if len(body) < 6 or found is not None:  # noqa: PLR2004  (bytes of a frame header)
                raise PixelDataError("decoder")
            found = (marker, *struct.unpack_from(">BHHB", body))
        if marker == _SCAN:
            break
    if not _ended(source):
        raise PixelDataError("truncated")
    if found is None:
        raise PixelDataError("decoder")
    kind, precision, rows, columns, components = found
    if kind == _JPEG_LS_FRAME:
        near = body[-3] if len(body) >= 3 else 1  # noqa: PLR2004  (NEAR, ILV, point transform)
        return Codestream(rows, columns, components, precision, False, near == 0, "other")
    process: Process = (
        "dct" if kind in _SEQUENTIAL else "lossless" if kind == _LOSSLESS else "other"
    )
    # The point transform of a lossless scan drops bits.
    exact = kind == _LOSSLESS and bool(body) and body[-1] & 0x0F == 0
    return Codestream(rows, columns, components, precision, False, exact, process)


def _segment(source: bytes, at: int) -> tuple[int, bytes, int]:
    """Return the next marker, the body of its segment and where the next one starts."""
    while source[at : at + 2] == b"\xff\xff":
        at += 1
    if at + 2 > len(source):
        raise PixelDataError("truncated")
    if source[at] != 0xFF:  # noqa: PLR2004  (every marker's first byte)
        raise PixelDataError("decoder")
    marker = source[at + 1]
    if marker in _STANDALONE:
        return marker, b"", at + 2
    length = int.from_bytes(source[at + 2 : at + 4], "big")
    if length < 2 or marker == 0xD9:  # noqa: PLR2004  (the length counts itself; nothing to decode)
        raise PixelDataError("decoder")
    if at + 2 + length > len(source):
        raise PixelDataError("truncated")
    return marker, source[at + 4 : at + 2 + length], at + 2 + length


def _ended(source: bytes) -> bool:
    """Return whether an end marker is the last thing but padding; padding of FF is seen."""
    return source[-64:].rstrip(_PADDING).endswith(JPEG_END)


def jpeg_2000(source: bytes) -> tuple[Codestream, bool]:
    """Read the main header of JPEG 2000 or HTJ2K (ISO 15444-1 annex A).

    Returns:
        What it says, and whether it stands in a JP2 file (boxes around it), which PS3.5 section
        A.4.4 forbids and some writers do.

    Raises:
        PixelDataError: `decoder` where this is no such codestream, `truncated` where it ends
            early, `mismatch` where components differ in size.
    """
    boxed = source.startswith(_JP2_SIGNATURE)
    start = _contiguous_codestream(source) if boxed else 0
    if source[start : start + 4] != _J2K_START:
        raise PixelDataError("decoder")
    length = int.from_bytes(source[start + 4 : start + 6], "big")
    size = source[start + 4 : start + 4 + length]
    if len(size) < _J2K_FIXED.size:
        raise PixelDataError("truncated")
    _, _, x, y, left, top, *_, components = _J2K_FIXED.unpack_from(size)
    if x <= left or y <= top:
        raise PixelDataError("decoder")
    parts = size[_J2K_FIXED.size :]
    if not components or len(parts) != 3 * components:
        raise PixelDataError("decoder")
    if parts[:3] * components != parts or parts[1:3] != b"\x01\x01":
        raise PixelDataError("mismatch")
    exact = _check_tile_parts(source, start + 4 + length)
    precision, signed = (parts[0] & 0x7F) + 1, bool(parts[0] & 0x80)
    found = Codestream(y - top, x - left, components, precision, signed, exact, "other")
    return found, boxed


def _contiguous_codestream(source: bytes) -> int:
    """Return where the codestream starts among the boxes of a JP2 file."""
    at = 0
    while at + 8 <= len(source):
        length = int.from_bytes(source[at : at + 4], "big")
        kind, head = source[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(source[at + 8 : at + 16], "big"), 16
        if kind == b"jp2c":
            return at + head
        if length < head:
            break
        at += length
    raise PixelDataError("decoder")


def _check_tile_parts(source: bytes, at: int) -> bool:
    """Check that every tile-part is there; returns whether the wavelet is reversible."""
    reversible = False
    while True:
        marker = int.from_bytes(source[at : at + 2], "big")
        length = int.from_bytes(source[at + 2 : at + 4], "big")
        if at + 2 + length > len(source):
            raise PixelDataError("truncated")
        if marker < 0xFF00 or length < 2:  # noqa: PLR2004  (markers; the length counts itself)
            raise PixelDataError("truncated" if at >= len(source) - 4 else "decoder")
        if marker == _TILE_PART:
            break
        if marker == _CODING_STYLE:
            reversible = source[at + 13 : at + 14] == bytes((_REVERSIBLE,))
        at += 2 + length
    while source[at : at + 2] == _TILE_PART.to_bytes(2, "big"):
        length = int.from_bytes(source[at + 6 : at + 10], "big")
        if length == 0:  # the last one, up to the end of the codestream
            break
        at += max(length, 12)
    complete = _ended(source) if length == 0 else source[at : at + 2] == JPEG_END
    if not complete:
        raise PixelDataError("truncated")
    return reversible
