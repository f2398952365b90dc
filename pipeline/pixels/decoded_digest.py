"""Digest of compressed pixels by value, so that a file and its compressed copy are equal."""

import hashlib
import os
from dataclasses import dataclass, replace

import numpy as np

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.pixels.data_set_digest import (
    BITS,
    BITS_STORED,
    COLUMNS,
    FRAMES,
    HIGH_BIT,
    ROWS,
    SAMPLES,
    SIGN,
    DataSetDigest,
)
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.frame_reader import FrameReader
from dicomlake.pipeline.pixels.syntaxes import CODEC_OF, LOSSY_SYNTAXES


@dataclass(frozen=True, slots=True)
class ContentJob:
    """A file whose content is to be read in full, as the ledger knows it."""

    file_id: str
    root: str
    path: str
    """Encoded path relative to the root."""
    size: int
    mtime_ns: int
    settings: Settings


def decoded_pixels(job: ContentJob, syntax: str, start: int, found: DataSetDigest) -> bytes | None:
    """Return a digest of decoded pixels, as `DataSetDigest.pixels` is one of native ones.

    Args:
        job: the file.
        syntax: its transfer syntax.
        start: where its data set starts.
        found: what the walk over it found.

    Returns:
        None where the syntax is lossy or native, or its pixels cannot be decoded.

    Raises:
        PixelDataError: the file is no longer the one of the job.
        EngineError: the decoding process cannot be started.
    """
    if found.pixels_at is None or syntax not in CODEC_OF or syntax in LOSSY_SYNTAXES:
        return None
    path = os.path.join(os.fsencode(job.root), decode_path(job.path))  # noqa: PTH118  (raw bytes)
    first = _first_frame(job, syntax, start, found)
    if first.problem() is not None:
        return None
    out = np.empty((first.rows or 0, first.columns or 0), first.dtype)
    digest = hashlib.sha256()
    with FrameReader(job.settings.pixels) as reader:
        try:
            for index in range(first.n_frames):
                reader.read(path, replace(first, index=index), out)
                digest.update(out.astype(out.dtype.newbyteorder("<")).data)
        except PixelDataError as error:
            if error.outside_the_file:
                raise
            return None
    return digest.digest()


def _first_frame(job: ContentJob, syntax: str, start: int, found: DataSetDigest) -> StoredFrame:
    offset = start + (found.pixels_at or 0)
    stored = found.number(BITS_STORED)
    return StoredFrame(
        size=job.size,
        mtime_ns=job.mtime_ns,
        offset=offset,
        length=job.size - offset,
        transfer_syntax_uid=syntax,
        rows=found.number(ROWS),
        columns=found.number(COLUMNS),
        samples_per_pixel=found.number(SAMPLES, 1),
        bits_allocated=found.number(BITS),
        bits_stored=stored,
        high_bit=found.number(HIGH_BIT, stored - 1),
        pixel_representation=found.number(SIGN),
        n_frames=max(1, found.number(FRAMES, 1)),
    )
