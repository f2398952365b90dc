"""Compressed pixels: frames encoded into every syntax that hospitals export, and their files.

Encoders are the libraries that pydicom knows (openjpeg, CharLS, GDCM, Pillow, its own RLE). None of
them writes HTJ2K or JPEG of 12 bits: those codestreams are fixed (`make/codestreams.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import gdcm
import jpeg_ls
import numpy as np
import numpy.typing as npt
from openjpeg.utils import encode_array
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import UID

from make.codestreams import codestream, smooth
from make.series import write

Stored = npt.NDArray[Any]

RLE: Final = "1.2.840.10008.1.2.5"
JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED: Final = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS: Final = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1: Final = "1.2.840.10008.1.2.4.70"
JPEG_LS: Final = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR: Final = "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS: Final = "1.2.840.10008.1.2.4.90"
J2K: Final = "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS: Final = "1.2.840.10008.1.2.4.201"
HTJ2K_LOSSLESS_RPCL: Final = "1.2.840.10008.1.2.4.202"
HTJ2K: Final = "1.2.840.10008.1.2.4.203"

NEAR: Final = 3
"""Greatest error of JPEG-LS near-lossless here."""


def _rle(stored: Stored, _bits: int) -> bytes:
    allocated = stored.dtype.itemsize * 8
    return RLELosslessEncoder.encode(
        stored.tobytes(), encoding_plugin="pydicom", rows=stored.shape[0],
        columns=stored.shape[1], samples_per_pixel=1, number_of_frames=1, bits_allocated=allocated,
        bits_stored=allocated, pixel_representation=int(stored.dtype.kind == "i"),
        photometric_interpretation="MONOCHROME2", byteorder="<",
    )  # fmt: skip


def _j2k(stored: Stored, bits: int) -> bytes:
    return encode_array(stored, bits_stored=bits, photometric_interpretation=2)


def _j2k_lossy(stored: Stored, bits: int) -> bytes:
    return encode_array(
        stored, bits_stored=bits, photometric_interpretation=2, signal_noise_ratios=[60]
    )


def _jpeg_ls(stored: Stored, bits: int, error: int = 0) -> bytes:
    return bytes(
        jpeg_ls.encode_pixel_data(
            stored.tobytes(), lossy_error=error, rows=stored.shape[0], columns=stored.shape[1],
            samples_per_pixel=1, bits_stored=bits, photometric_interpretation="MONOCHROME2",
        )
    )  # fmt: skip


def _jpeg_ls_near(stored: Stored, bits: int) -> bytes:
    return _jpeg_ls(stored, bits, NEAR)


def _jpeg_baseline(stored: Stored, _bits: int) -> bytes:
    buffer = BytesIO()
    Image.fromarray(stored.astype(np.uint8)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _gdcm(syntax: int) -> Callable[[Stored, int], bytes]:
    def encode(stored: Stored, bits: int) -> bytes:
        # The image belongs to the writer, which must live as long.
        writer = gdcm.ImageWriter()
        image = writer.GetImage()
        image.SetNumberOfDimensions(2)
        image.SetDimensions((stored.shape[1], stored.shape[0], 1))
        image.SetPhotometricInterpretation(
            gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
        )
        image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ImplicitVRLittleEndian))
        allocated, signed = stored.dtype.itemsize * 8, int(stored.dtype.kind == "i")
        image.SetPixelFormat(gdcm.PixelFormat(1, allocated, bits, bits - 1, signed))
        element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
        element.SetByteStringValue(stored.tobytes())
        image.SetDataElement(element)
        codec = gdcm.JPEGCodec()
        codec.SetLossless(True)
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetUserCodec(codec)
        change.SetInput(image)
        assert change.Change(), "GDCM encodes"
        fragments = change.GetOutput().GetDataElement().GetSequenceOfFragments()
        return b"".join(
            fragments.GetFragment(n).GetByteValue().GetBuffer().encode("utf-8", "surrogateescape")
            for n in range(fragments.GetNumberOfFragments())
        )

    return encode


LOSSLESS: Final[Mapping[str, Callable[[Stored, int], bytes]]] = {
    RLE: _rle,
    J2K_LOSSLESS: _j2k,
    J2K: _j2k,
    JPEG_LS: _jpeg_ls,
    JPEG_LOSSLESS: _gdcm(gdcm.TransferSyntax.JPEGLosslessProcess14),
    JPEG_LOSSLESS_SV1: _gdcm(gdcm.TransferSyntax.JPEGLosslessProcess14_1),
}
"""Encoders that keep every bit, of any frame, by syntax; JPEG 2000 (4.91) may be either."""

LOSSY: Final[Mapping[str, Callable[[Stored, int], bytes]]] = {
    J2K: _j2k_lossy,
    JPEG_LS_NEAR: _jpeg_ls_near,
    JPEG_BASELINE: _jpeg_baseline,
}
"""Encoders that do not."""

MADE_ONCE: Final[Mapping[str, str]] = {
    HTJ2K_LOSSLESS: "htj2k lossless",
    HTJ2K_LOSSLESS_RPCL: "htj2k lossless",
    HTJ2K: "htj2k lossy",
    JPEG_EXTENDED: "jpeg 12",
}
"""Syntaxes of which there are codestreams of `smooth(k)` only, by what these are called."""


def encoded(stored: Stored, syntax: str, bits: int, *, lossy: bool = False) -> bytes:
    """Return the codestream of a frame [rows, columns] of a native dtype."""
    return (LOSSY if lossy else LOSSLESS)[syntax](np.ascontiguousarray(stored), bits)


def encapsulated(dataset: Dataset, frames: Sequence[bytes], *, extended: bool = False) -> Dataset:
    """Put codestreams of frames into a data set, as encapsulated Pixel Data; return it.

    `extended`: with an Extended Offset Table (PS3.3 section C.7.6.3.1.8), else a basic one.
    """
    if extended:
        data, offsets, lengths = encapsulate_extended(list(frames))
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    else:
        data = encapsulate(list(frames), has_bot=True)
    dataset.PixelData = data
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


def stored_frames(dataset: Dataset) -> list[Stored]:
    """Return the native frames of a data set made here: uint or int of Bits Allocated."""
    kind = "i" if dataset.PixelRepresentation else "u"
    flat = np.frombuffer(dataset.PixelData, f"<{kind}{dataset.BitsAllocated // 8}")
    n, shape = int(dataset.get("NumberOfFrames", 1) or 1), (dataset.Rows, dataset.Columns)
    frames = flat[: n * shape[0] * shape[1]].reshape(n, *shape)
    return list(frames)


def compressed(dataset: Dataset, syntax: str, *, lossy: bool = False, **how: Any) -> Dataset:
    """Encode the native pixels of a data set in place; return it."""
    frames = [
        encoded(each, syntax, dataset.BitsStored, lossy=lossy) for each in stored_frames(dataset)
    ]
    if lossy:
        dataset.LossyImageCompression = "01"
    return encapsulated(dataset, frames, **how)


def write_compressed(
    dataset: Dataset, path: Path, syntax: str, *, lossy: bool = False, **how: Any
) -> Path:
    """Write a data set with native pixels as a compressed file."""
    return write(compressed(dataset, syntax, lossy=lossy, **how), path, UID(syntax))


def write_made_once(dataset: Dataset, path: Path, syntax: str, k: int) -> Path:
    """Write a data set with the codestream of `smooth(k)`, whatever its own pixels were."""
    frame = codestream(k, MADE_ONCE[syntax])
    return write(encapsulated(dataset, [frame]), path, UID(syntax))


__all__ = ["MADE_ONCE", "encapsulated", "encoded", "smooth", "stored_frames", "write_compressed"]
