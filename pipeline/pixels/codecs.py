"""Decoders of one compressed frame, one a family of syntaxes.

Which one reads a syntax is fixed in `syntaxes`; libraries are imported by name and never looked up
among what is installed. Runs in the decoding process only.
"""

import functools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.pixels import codestream
from dicomlake.pipeline.pixels.codestream import Codestream
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.syntaxes import LOSSY_SYNTAXES, CodecName

_WIDEST_JPEG: Final = 16
_WIDEST_DCT: Final = 12
_DAMAGE: Final = (b"Corrupt JPEG data", b"Premature end")
"""How libjpeg's warnings begin where it makes values up (jerror.h)."""
_STDERR: Final = 2


@dataclass(frozen=True, slots=True)
class Decoded:
    """Samples as a codec gives them."""

    values: npt.NDArray[Any]
    """[rows, columns], of a signed type where the codestream says that samples are signed."""
    precision: int
    """Bits of a sample in the codestream."""


class Codec(Protocol):
    """Decodes one frame."""

    def load(self) -> None:
        """Import the library.

        Raises:
            ImportError: it is not installed.
        """

    def decode(self, source: bytes, frame: StoredFrame) -> Decoded:
        """Return the samples of a frame.

        Args:
            source: the compressed frame, its fragments joined.
            frame: what the header says of it; one sample per pixel.

        Raises:
            PixelDataError: `truncated`, `mismatch` with the header, or `decoder`: it refuses.
        """


def _check(found: Codestream, frame: StoredFrame) -> None:
    """Hold the codestream's own header against the data set's."""
    same = (found.rows, found.columns, found.components) == (frame.rows, frame.columns, 1)
    fits = 1 <= found.precision <= (frame.bits_allocated or 0)
    honest = found.exact or frame.transfer_syntax_uid in LOSSY_SYNTAXES
    if not (same and fits and honest):
        raise PixelDataError("mismatch")


def _width(found: Codestream) -> int:
    """Return the bytes of the words in which codecs hand over samples of a precision."""
    if found.precision <= 8:  # noqa: PLR2004  (bits of a byte)
        return 1
    return 2 if found.precision <= 16 else 4  # noqa: PLR2004  (bits of two bytes)


def _shaped(raw: Any, dtype: str, frame: StoredFrame) -> npt.NDArray[Any]:
    """Return little-endian samples as an array; its size has to be the frame's."""
    values = np.frombuffer(raw, dtype)
    if values.size != (frame.rows or 0) * (frame.columns or 0):
        raise PixelDataError("mismatch")
    return values.reshape(frame.rows or 0, frame.columns or 0)


class Rle:
    """RLE Lossless (PS3.5 annex G), by pylibjpeg-rle."""

    def load(self) -> None:
        """Import the library."""
        import rle.rle  # type: ignore[import-not-found]  # noqa: F401, PLC0415  (only where a file needs it; has no types)

    def decode(self, source: bytes, frame: StoredFrame) -> Decoded:
        """Return the samples; segments are whole samples, BitsAllocated wide."""
        from rle.rle import decode_frame  # noqa: PLC0415  (loaded by now)

        bits = frame.bits_allocated or 0
        try:
            raw = decode_frame(source, (frame.rows or 0) * (frame.columns or 0), bits, "<")
        except ValueError as error:
            raise PixelDataError("decoder") from error
        return Decoded(_shaped(raw, f"<u{bits // 8}", frame), bits)


class JpegLs:
    """JPEG-LS (PS3.5 section A.4.3), by CharLS through pyjpegls."""

    def load(self) -> None:
        """Import the library."""
        import _CharLS  # type: ignore[import-not-found]  # noqa: F401, PLC0415  (as above)

    def decode(self, source: bytes, frame: StoredFrame) -> Decoded:
        """Return the samples, which this codestream knows as unsigned only."""
        from _CharLS import decode_from_buffer  # noqa: PLC0415  (loaded by now)

        found = codestream.jpeg(source)
        _check(found, frame)
        try:
            raw = decode_from_buffer(source)
        except (RuntimeError, ValueError) as error:
            raise PixelDataError("decoder") from error
        return Decoded(_shaped(raw, f"<u{_width(found)}", frame), found.precision)


class Jpeg2000:
    """JPEG 2000 and HTJ2K (PS3.5 sections A.4.4, A.4.9), by OpenJPEG: pylibjpeg-openjpeg."""

    def load(self) -> None:
        """Import the library."""
        import _openjpeg  # type: ignore[import-not-found]  # noqa: F401, PLC0415  (as above)

    def decode(self, source: bytes, frame: StoredFrame) -> Decoded:
        """Return the samples, signed as the codestream says."""
        from _openjpeg import decode  # noqa: PLC0415  (loaded by now)

        found, boxed = codestream.jpeg_2000(source)
        _check(found, frame)
        try:
            failed, raw = decode(BytesIO(source), 2 if boxed else 0, as_array=False)
        except (RuntimeError, ValueError) as error:
            raise PixelDataError("decoder") from error
        if failed:
            raise PixelDataError("decoder")
        dtype = f"<{'i' if found.signed else 'u'}{_width(found)}"
        return Decoded(_shaped(raw, dtype, frame), found.precision)


class Jpeg:
    """JPEG baseline, extended and lossless (PS3.5 section A.4.1), by GDCM."""

    def load(self) -> None:
        """Import the library; it is not to write warnings of its own."""
        import gdcm  # type: ignore[import-untyped]  # noqa: PLC0415  (as above)

        for switch in (gdcm.Trace.WarningOff, gdcm.Trace.ErrorOff, gdcm.Trace.DebugOff):
            switch()

    def decode(self, source: bytes, frame: StoredFrame) -> Decoded:
        """Return the samples, which this codestream knows as unsigned only."""
        found = codestream.jpeg(source)
        _check(found, frame)
        lossy = frame.transfer_syntax_uid in LOSSY_SYNTAXES
        if found.process != ("dct" if lossy else "lossless") or found.precision > _WIDEST_JPEG:
            raise PixelDataError("mismatch")
        # There are 8 and 12 bits only (ISO 10918-1 table B.2). GDCM writes 16 where it codes 12,
        # with another level shift than the standard has: what the values are, nothing says.
        if lossy and found.precision not in (8, _WIDEST_DCT):
            raise PixelDataError("mismatch")
        with _complaints() as complaints:
            raw = self._decode(source, found, frame.transfer_syntax_uid)
        if any(each in complaints for each in _DAMAGE):
            raise PixelDataError("decoder")
        return Decoded(_shaped(raw, f"<u{_width(found)}", frame), found.precision)

    @staticmethod
    def _decode(source: bytes, found: Codestream, transfer_syntax_uid: str) -> bytes:
        import gdcm  # noqa: PLC0415  (loaded by now)

        fragment = gdcm.Fragment()
        fragment.SetByteStringValue(source)
        fragments = gdcm.SequenceOfFragments.New()
        fragments.AddFragment(fragment)
        element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
        element.SetValue(fragments.__ref__())
        image = gdcm.Image()
        image.SetNumberOfDimensions(2)
        image.SetDimensions((found.columns, found.rows, 1))
        image.SetDataElement(element)
        image.SetPhotometricInterpretation(
            gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
        )
        syntax = gdcm.TransferSyntax.GetTSType(transfer_syntax_uid)
        image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        bits = 8 * _width(found)
        image.SetPixelFormat(gdcm.PixelFormat(1, bits, found.precision, found.precision - 1, 0))
        try:
            # A buffer of C arrives as text; what is no UTF-8 in it stands as surrogates.
            return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))
        except (ValueError, RuntimeError, AttributeError, UnicodeError) as error:
            raise PixelDataError("decoder") from error


@contextmanager
def _complaints() -> Iterator[bytearray]:
    """Collect what a library of C writes to the standard error output."""
    found = bytearray()
    kept = os.dup(_STDERR)
    reading, writing = os.pipe()
    for end in (reading, writing):  # a full pipe is not to stop the library, nor an empty one us
        os.set_blocking(end, False)
    try:
        os.dup2(writing, _STDERR)
        yield found
    finally:
        os.dup2(kept, _STDERR)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            found += pipe.read() or b""
        os.close(kept)


CODECS: Final[Mapping[CodecName, Codec]] = MappingProxyType(
    {"rle": Rle(), "jpeg": Jpeg(), "jpeg_ls": JpegLs(), "jpeg_2000": Jpeg2000()}
)


@functools.cache
def load(name: CodecName) -> Codec:
    """Return a codec whose library is imported.

    Raises:
        ImportError: it is not installed.
    """
    codec = CODECS[name]
    codec.load()
    return codec
