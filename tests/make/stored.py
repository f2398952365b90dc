"""Frames of files as the pixel reader wants them, described with pydicom."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from dicomlake.config.settings import PixelSettings
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.frame_reader import FrameReader
from make.volumes import _pixels

SETTINGS = PixelSettings(decode_timeout_s=60.0, decode_memory_bytes=2_147_483_648)


def frames_of(path: Path, **changes: Any) -> list[tuple[bytes, StoredFrame]]:
    """Return every frame of a file; `changes` to what its header says."""
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    offset, length = _pixels(path, dataset)
    state = path.stat()
    n_frames = int(dataset.get("NumberOfFrames") or 1)
    said: dict[str, Any] = {
        "size": state.st_size,
        "mtime_ns": state.st_mtime_ns,
        "offset": offset,
        "length": length,
        "transfer_syntax_uid": str(dataset.file_meta.TransferSyntaxUID),
        "rows": dataset.Rows,
        "columns": dataset.Columns,
        "samples_per_pixel": dataset.get("SamplesPerPixel"),
        "bits_allocated": dataset.BitsAllocated,
        "bits_stored": dataset.get("BitsStored"),
        "high_bit": dataset.get("HighBit"),
        "pixel_representation": dataset.get("PixelRepresentation"),
        "n_frames": n_frames,
    } | changes
    return [
        (os.fsencode(path), StoredFrame(**said, index=index)) for index in range(said["n_frames"])
    ]


def values_of(reader: FrameReader, frames: Sequence[tuple[bytes, StoredFrame]]) -> np.ndarray:
    """Return stored values [n, rows, columns] of frames of one shape."""
    first = frames[0][1]
    out = np.empty((len(frames), first.rows or 0, first.columns or 0), first.dtype)
    reader.read_many(frames, out)
    return out


def cause_of(reader: FrameReader, frames: Sequence[tuple[bytes, StoredFrame]]) -> str:
    """Return why frames cannot be read; `read` where they can."""
    try:
        values_of(reader, frames)
    except PixelDataError as error:
        return error.cause
    return "read"


def packed(stored: np.ndarray, bits: int, name: str = "packed") -> Dataset:
    """Return a slice with given stored values [rows, columns] or frames [n, rows, columns]."""
    from make.series import ct_slice  # noqa: PLC0415  (not for those who only read)

    allocated = stored.dtype.itemsize * 8
    data = stored.tobytes()
    dataset = ct_slice(
        0,
        rows=stored.shape[-2],
        columns=stored.shape[-1],
        BitsAllocated=allocated,
        BitsStored=bits,
        HighBit=bits - 1,
        PixelRepresentation=int(stored.dtype.kind == "i"),
        PixelData=data + b"\0" * (len(data) % 2),
    )
    if stored.ndim > 2:
        dataset.NumberOfFrames = len(stored)
    return dataset


def values(bits: int, dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Return values that use all of their bits, the ends included."""
    signed = np.dtype(dtype).kind == "i"
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    found = np.random.default_rng(seed).integers(low, high, shape).astype(dtype)
    found.reshape(-1)[:2] = low, high - 1
    return found
