"""What takes any bytes, and what must hold whatever they are: one function a parser.

Each raises only where the product is wrong: an exception that no caller expects, two readers that
differ, a place beyond the end of the file.
"""

import os
import struct
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from make.both_readers import differences, read, same_rows, shown
from make.content import job_of
from make.dose_reading import check_columns

from dicomlake.pipeline.discovery.sniff import Kind, bare_encoding, sniff, suspicious_preamble
from dicomlake.pipeline.dose.reports import DoseFileError, is_report, read_report
from dicomlake.pipeline.pixels.codestream import jpeg, jpeg_2000
from dicomlake.pipeline.pixels.content import read_content
from dicomlake.pipeline.pixels.deflated import DeflatedObject
from dicomlake.pipeline.pixels.fragments import frame_bytes, frame_extents
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame

PIXEL_DATA_HEAD: Final = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_HEAD: Final = len(PIXEL_DATA_HEAD)
_MOST: Final = 4096
"""A codestream's sizes may be anything; those of a frame that is decoded here are small."""

_folder: tempfile.TemporaryDirectory[str] | None = None


def _file(data: bytes) -> Path:
    """Return a file with this content, the same one each time."""
    global _folder  # noqa: PLW0603  (one folder a process, removed with it)
    if _folder is None:
        _folder = tempfile.TemporaryDirectory(prefix="dicomlake-fuzz-")
    path = Path(_folder.name) / "it.dcm"
    path.write_bytes(data)
    return path


def header(data: bytes) -> None:
    """Both readers make the same rows of a file."""
    path = _file(data)
    fast = read(path.parent, [path.name], "fast")
    reference = read(path.parent, [path.name], "pydicom")
    if not same_rows(fast, reference):
        found = differences(fast, reference)
        assert not found, shown(path.parent, found)


def sniffing(data: bytes) -> None:
    """A file is of some kind, judged by its start."""
    assert isinstance(sniff(data[:4096], len(data), "it.dcm"), Kind)
    encoding = bare_encoding(data[:4096], len(data))
    assert encoding is None or encoding == bare_encoding(data[:4096], len(data))
    assert suspicious_preamble(data[:132]) in (True, False)


def codestream(data: bytes) -> None:
    """The header of a compressed frame is understood or refused."""
    for parse in (jpeg, lambda source: jpeg_2000(source)[0]):
        try:
            found = parse(data)
        except PixelDataError:
            continue
        assert found.rows >= 0
        assert found.columns >= 0
        assert found.components > 0
        assert 0 < found.precision <= 64


def frame_of(size: int, syntax: str, n_frames: int = 1, **more: int | None) -> StoredFrame:
    """Return a frame of a file of this size; 8 x 8 pixels of 16 bits."""
    place: dict[str, int | None] = {"offset": _HEAD, "length": None, **more}
    return StoredFrame(
        size=size, mtime_ns=0, transfer_syntax_uid=syntax, rows=8, columns=8, samples_per_pixel=1,
        bits_allocated=16, bits_stored=12, high_bit=11, pixel_representation=0, n_frames=n_frames,
        **place,
    )  # fmt: skip


def fragments(data: bytes) -> None:
    """Pieces of frames lie in the file, one after the other, none twice."""
    content = PIXEL_DATA_HEAD + data
    descriptor = os.memfd_create("fragments") if hasattr(os, "memfd_create") else -1
    if descriptor < 0:
        descriptor = os.open(_file(b""), os.O_RDWR)
    try:
        os.write(descriptor, content)
        for syntax in ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70"):
            for n_frames in (1, 2, 5):
                _check_extents(descriptor, frame_of(len(content), syntax, n_frames))
    finally:
        os.close(descriptor)


def _check_extents(descriptor: int, frame: StoredFrame) -> None:
    try:
        found = frame_extents(descriptor, frame)
    except PixelDataError:
        return
    assert len(found) == frame.n_frames
    end = _HEAD
    for offset, length in (piece for pieces in found for piece in pieces):
        assert offset >= end
        end = offset + length
    assert end <= frame.size
    for pieces in found:
        assert len(frame_bytes(descriptor, pieces)) == sum(length for _, length in pieces)


def content(data: bytes) -> None:
    """The content of a file has its digests, or none."""
    path = _file(data)
    found = read_content(job_of(path))
    assert found == read_content(job_of(path))


def deflated(data: bytes) -> None:
    """The pixels of a deflated data set are there in full, or refused."""
    import numpy as np  # noqa: PLC0415  (one target of many)

    path = _file(data)
    frame = frame_of(len(data), "1.2.840.10008.1.2.1.99", offset=None)
    frame = _with_time(frame, path.stat().st_mtime_ns)
    out = np.zeros((8, 8), "<u2")
    try:
        reader = DeflatedObject(bytes(path), frame, 1 << 24)
        try:
            reader.read(frame, out)
        finally:
            reader.close()
    except PixelDataError:
        return


def _with_time(frame: StoredFrame, mtime_ns: int) -> StoredFrame:
    from dataclasses import replace  # noqa: PLC0415  (one target of many)

    return replace(frame, mtime_ns=mtime_ns)


def report(data: bytes) -> None:
    """A structured report gives rows of the schema's columns, or is unreadable."""
    path = _file(data)
    for row in read(path.parent, [path.name], "fast").instances.to_pylist():
        if is_report(row):
            try:
                found = read_report(bytes(path), row)
            except DoseFileError:
                return
            if found is not None:
                check_columns(found)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    each.__name__: each
    for each in (header, sniffing, codestream, fragments, content, deflated, report)
}


def quietly(target: Callable[[bytes], None], data: bytes) -> None:
    """Try a target; what pydicom warns of in broken files is no matter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        target(data)
