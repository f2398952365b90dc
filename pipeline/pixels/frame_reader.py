"""Stored values of frames, native or compressed, as slabs."""

from collections.abc import Sequence
from contextlib import closing
from itertools import groupby
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from dicomlake.config.settings import PixelSettings
from dicomlake.pipeline.pixels.decoding_child import DecodingChild, FrameInFile
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.kept_decoders import KEPT
from dicomlake.pipeline.pixels.native import NativeReader

Array = npt.NDArray[Any]
_BATCH_BYTES: Final = 4 << 20
"""Values that the decoding process hands over at once, unless one frame is more."""


class FrameReader:
    """Reads frames for one job; not to be shared between threads.

    Native frames are read in place. Compressed ones are decoded in another process, which is the
    reader's own from the first of them until `close`.
    """

    def __init__(self, settings: PixelSettings) -> None:
        """Make a reader; no process is started yet."""
        self._settings = settings
        self._native = NativeReader()
        self._child: DecodingChild | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the decoding process to the next reader; another read takes it again."""
        if self._child is not None:
            KEPT.give_back(self._child)
            self._child = None

    def read(self, path: bytes, frame: StoredFrame, out: Array) -> None:
        """Fill `out` [rows, columns], of `frame.dtype`, with stored values.

        Args:
            path: file that holds the frame.
            frame: its description.
            out: of `frame.dtype`; C-contiguous.

        Raises:
            PixelDataError: the values cannot be had exactly; `out` is then undefined.
        """
        self.read_many([(path, frame)], out[np.newaxis])

    def read_many(self, frames: Sequence[FrameInFile], out: Array) -> None:
        """Fill `out` [n, rows, columns] with the stored values of n frames of one shape and type.

        Masked to BitsStored and sign-extended, whatever they were packed in (V13).

        Raises:
            PixelDataError: of a frame whose values cannot be had exactly, with its `place`; `out`
                is then undefined.
            EngineError: the decoding process cannot be started.
        """
        for place, (_, frame) in enumerate(frames):
            cause = frame.problem()
            if cause is not None:
                raise PixelDataError(cause, place)
            if frame.dtype != out.dtype or (frame.rows, frame.columns) != out.shape[1:]:
                raise ValueError("a frame of another shape or type than the slab's")
        for native, places in groupby(range(len(frames)), lambda place: frames[place][1].native):
            if native:
                self._read_native(frames, list(places), out)
            else:
                self._decode(frames, list(places), out)

    def _read_native(self, frames: Sequence[FrameInFile], places: list[int], out: Array) -> None:
        if not out[places[0]].flags.c_contiguous:
            raise ValueError("native frames are read in place, into contiguous memory")
        for place in places:
            try:
                self._native.read(*frames[place], out[place])
            except PixelDataError as error:
                raise PixelDataError(error.cause, place) from error

    def _decode(self, frames: Sequence[FrameInFile], places: list[int], out: Array) -> None:
        """Decode batch by batch, an object's frames in the order in which they stand in it."""
        if self._child is None:
            self._child = KEPT.take(self._settings)
        first = frames[places[0]][1]
        places = _by_object(frames, places)
        size = max(1, _BATCH_BYTES // first.n_bytes)
        batches = [places[start : start + size] for start in range(0, len(places), size)]
        asked = [[frames[place] for place in batch] for batch in batches]
        with closing(self._child.decode_batches(asked)) as decoded:
            for batch in batches:
                try:
                    values = next(decoded)
                except PixelDataError as error:
                    raise PixelDataError(error.cause, batch[error.place]) from error
                for at, place in enumerate(batch):
                    np.copyto(out[place], values[at])


def _by_object(frames: Sequence[FrameInFile], places: Sequence[int]) -> list[int]:
    """Return places with the frames of one object together and ascending."""
    first: dict[bytes, int] = {}
    for place in places:
        first.setdefault(frames[place][0], place)
    return sorted(places, key=lambda place: (first[frames[place][0]], frames[place][1].index))
