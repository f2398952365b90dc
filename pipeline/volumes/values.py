"""Stored values of slices, from wherever their files keep them, and their Modality LUTs."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from dicomlake.config.settings import PixelSettings
from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.headers.pydicom_items import pydicom_errors, silenced_pydicom
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.frame_reader import FrameReader
from dicomlake.pipeline.pixels.syntaxes import EXPLICIT_BIG
from dicomlake.pipeline.series.slices import Slice

Array = npt.NDArray[Any]

_INT16_GREATEST: Final = 32_767
_UINT16_GREATEST: Final = 65_535


class UnreadableSliceError(Exception):
    """A slice cannot be read exactly: which, why, and whether another run may read it."""

    def __init__(self, cause: str, sop_instance_uid: str, *, outside_the_file: bool) -> None:
        super().__init__(cause, sop_instance_uid)
        self.cause = cause
        self.sop_instance_uid = sop_instance_uid
        self.outside_the_file = outside_the_file


@dataclass(frozen=True, slots=True)
class Lut:
    """A Modality LUT (PS3.3 section C.11.1.1): stored values below or above take its ends."""

    first: int
    values: Array
    """Real values, [entries]."""

    def look_up(self, stored: Array) -> Array:
        """Return the real values of stored ones, any shape."""
        return self.values[np.clip(stored.astype(np.int64) - self.first, 0, len(self.values) - 1)]


class SliceReader:
    """Reads slices of the sources of one lake; remembers the Modality LUT of the last file.

    Close it: it may hold a process that decodes, which the next one can use.
    """

    def __init__(self, roots: Mapping[str, str], settings: PixelSettings) -> None:
        """Hold where files are; nothing is opened or started.

        Args:
            roots: root of each source by its name.
            settings: of decoding.
        """
        self._roots = {name: os.fsencode(root) for name, root in roots.items()}
        self._frames = FrameReader(settings)
        self._lut: tuple[str, Lut] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave what decodes to the next reader."""
        self._frames.close()

    def stored(self, each: Slice, out: Array | None = None) -> Array:
        """Return stored values [rows, columns], into `out` where given.

        Raises:
            UnreadableSliceError: the frame cannot be read exactly.
        """
        if out is None:
            frame = _frame(each)
            cause = frame.problem()
            if cause is not None:
                raise _unreadable(each, PixelDataError(cause))
            out = np.empty((frame.rows or 0, frame.columns or 0), frame.dtype)
        self.stored_many([each], out[np.newaxis])
        return out

    def stored_many(self, slices: Sequence[Slice], out: Array) -> None:
        """Fill `out` [slices, rows, columns] with the stored values of slices of one type.

        Args:
            slices: their frames have the type of `out`.
            out: C-contiguous.

        Raises:
            UnreadableSliceError: a frame cannot be read exactly.
        """
        wanted = [(self._path(each), _frame(each)) for each in slices]
        try:
            self._frames.read_many(wanted, out)
        except PixelDataError as error:
            raise _unreadable(slices[error.place], error) from error

    def _path(self, each: Slice) -> bytes:
        root = self._roots.get(each.source)
        if root is None:
            raise _unreadable(each, PixelDataError("missing"))
        return os.path.join(root, decode_path(each.path))  # noqa: PTH118  (raw bytes)

    def digest(self, each: Slice) -> str | None:
        """Return a digest of stored values whatever their packing; None where undecodable (V2).

        Raises:
            UnreadableSliceError: the file is not as it was committed; another run may read it.
        """
        try:
            values = self.stored(each)
        except UnreadableSliceError as error:
            if error.outside_the_file:
                raise
            return None
        shape = repr(values.shape).encode()
        plain = values.astype("<f8" if values.dtype.kind == "f" else "<i8")
        return hashlib.sha256(shape + plain.tobytes()).hexdigest()

    def lut(self, each: Slice) -> Lut | None:
        """Return the Modality LUT of a slice, None where rescale applies.

        Raises:
            UnreadableSliceError: the table is not what its descriptor says.
        """
        if each.rescale.lut_type is None:
            return None
        if self._lut is None or self._lut[0] != each.file_id:
            try:
                self._lut = each.file_id, _read_lut(self._path(each), each)
            except PixelDataError as error:
                raise _unreadable(each, error) from error
        return self._lut[1]


def _frame(each: Slice) -> StoredFrame:
    """Return where the pixels of a slice stand.

    Raises:
        UnreadableSliceError: nowhere.
    """
    if each.frame is None:
        raise _unreadable(each, PixelDataError("missing"))
    return each.frame


def _unreadable(each: Slice, error: PixelDataError) -> UnreadableSliceError:
    return UnreadableSliceError(
        error.cause, each.sop_instance_uid, outside_the_file=error.outside_the_file
    )


def _read_lut(path: bytes, each: Slice) -> Lut:
    """Read the first item of Modality LUT Sequence; pydicom, for it is rare and nested."""
    from pydicom import dcmread  # noqa: PLC0415  (1 s of start-up, for rare series)

    try:
        with silenced_pydicom(), open(path, "rb") as file:  # noqa: PTH123  (raw bytes)
            item = dcmread(
                file, stop_before_pixels=True, specific_tags=["ModalityLUTSequence"], force=True
            ).ModalityLUTSequence[0]
            entries, first, bits = (int(value) for value in item.LUTDescriptor)
            entries = entries & _UINT16_GREATEST or 1 << 16  # SS where it should be US
            big = each.transfer_syntax_uid == EXPLICIT_BIG
            values = _lut_values(item["LUTData"].value, entries, bits, big=big)
    except pydicom_errors() as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise PixelDataError("unreadable") from error
        raise PixelDataError("modality_lut") from None  # what pydicom says may hold a value
    signed = bool(each.frame and each.frame.signed)
    if first > _INT16_GREATEST and signed:
        first -= 1 << 16
    if len(values) < entries:
        raise PixelDataError("modality_lut")
    return Lut(first, values[:entries].astype(np.int64))


def _lut_values(data: Any, entries: int, bits: int, *, big: bool) -> Array:
    """Return unsigned entries of 8 or 16 bits, as US values or packed in OW words of the file."""
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF
    words = np.frombuffer(data[: len(data) // 2 * 2], ">u2" if big else "<u2")
    packed_bytes = bits <= 8 and len(data) < 2 * entries  # noqa: PLR2004  (bits of a byte)
    return words.astype("<u2").view("u1") if packed_bytes else words
