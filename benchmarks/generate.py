"""A seeded tree of DICOM files as an archive holds them, for the benchmarks.

Several makers' layouts, explicit and implicit VR, value lengths that vary, private blobs over
16 KB, sequences of undefined length, character sets, compressed syntaxes, enhanced multi-frame
objects, and 1 % of files that are broken. Same seed and numbers: same bytes.

What a series' headers have in common is encoded once, and what differs for every slice: 20,000
files are written in seconds.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from encode import Encoder, Own, encapsulated, file_head
from layouts import EXPLICIT, IMAGE, IMPLICIT, Elements, Maker, Series, charset_of, study
from makers import MAKERS, PIXELS
from multiframe import FRAME_MAKERS

BROKEN_EVERY: Final = 100
Compressed = tuple[str, Callable[[npt.NDArray[np.uint16]], bytes]]
"""A transfer syntax, and what encodes a frame [rows, columns] into it."""
_NATIVE: Final = (EXPLICIT, IMPLICIT)


@dataclass(frozen=True, slots=True)
class Tree:
    """What was written: every file in crawl order, and which of them are broken."""

    root: Path
    files: tuple[Path, ...]
    broken: frozenset[Path]


def write_tree(root: Path, n_files: int, *, seed: int = 7, spotless: bool = False) -> Tree:
    """Write `n_files` files, a folder a series, and return them in crawl order.

    A spotless tree has no broken file, and every name ends in `.dcm`: what a tool can read that
    knows a file by its name and stops at a broken one.
    """
    files: list[Path] = []
    broken: set[Path] = set()
    for number, (path, whole) in enumerate(_files(root, n_files, seed, spotless)):
        if number % BROKEN_EVERY == BROKEN_EVERY // 2 and not spotless:
            path.write_bytes(_break(whole, number))
            broken.add(path)
        else:
            path.write_bytes(whole)
        files.append(path)
    return Tree(root, tuple(files), frozenset(broken))


def write_multiframe(root: Path, n_files: int, *, frames: int = 120, seed: int = 7) -> Tree:
    """Write enhanced multi-frame CT and MR, each of `frames` or a few more, and return them."""
    root.mkdir(parents=True, exist_ok=True)
    files = []
    for number in range(n_files):
        maker = FRAME_MAKERS[number % len(FRAME_MAKERS)]
        series = _series(number, maker, seed)
        n_frames = frames + number % 7
        path = root / f"IM{number:05d}"
        body = maker.varying(series, n_frames)
        path.write_bytes(_Writer(series).file(body, pixels=16 * 16 * 2 * n_frames))
        files.append(path)
    return Tree(root, tuple(files), frozenset())


def _break(whole: bytes, number: int) -> bytes:
    """Return a file cut inside its header, or noise in its place."""
    if number // BROKEN_EVERY % 2:
        return whole[:300]
    return random.Random(whole).randbytes(2_000)


def _series(number: int, maker: Maker, seed: int) -> Series:
    chance = random.Random(f"{seed}/{number}")
    roots = ("1.3.12.2.1107.5.1.4", "1.2.840.113619.2.55.3", "1.3.46.670589.33.1", "1.2.392.200036")
    stem = f"{roots[number % len(roots)]}.{seed}.{chance.randint(10**5, 10**9)}.{number + 1}"
    patient = number // 3
    study = f"1.2.826.0.1.3680043.10.{seed}.{patient + 1}"
    return Series(number, stem, chance, maker, patient, study)


def _files(root: Path, n_files: int, seed: int, spotless: bool) -> Iterator[tuple[Path, bytes]]:
    written = 0
    for number in count():
        series = _series(number, MAKERS[number % len(MAKERS)], seed)
        writer = _Writer(series)
        folder = root / f"patient{series.patient:05d}" / f"series{number:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        # Half of an archive's files have no extension.
        suffix = ".dcm" if number % 2 or spotless else ""
        for index in range(series.chance.randint(*series.maker.slices)):
            if written == n_files:
                return
            written += 1
            data = writer.file(series.maker.varying(series, index))
            yield folder / f"IM{index:05d}{suffix}", data


class _Writer:
    """Encodes the files of a series."""

    def __init__(self, series: Series) -> None:
        maker = series.maker
        self._series = series
        self._compressed = maker.syntax not in _NATIVE
        self._encoder = Encoder(
            implicit=maker.syntax == IMPLICIT,
            undefined=maker.undefined,
            charset=charset_of(series),
        )
        self._fixed = self._encoder.elements({**study(series), **maker.fixed(series)})

    def file(
        self, varying: Elements, *, pixels: int = PIXELS * PIXELS * 2, frame: bytes | None = None
    ) -> bytes:
        """Return a whole file, with what differs from the other files of its series.

        `pixels`: bytes of pixels that are made up; `frame`: those of a compressed one, instead.
        """
        maker = self._series.maker
        own = self._encoder.elements(varying)
        name = f"{maker.modality} 1"
        head = file_head(
            maker.syntax, IMAGE + maker.sop_class, str(varying["SOPInstanceUID"]), name
        )
        stored = _noise(pixels) if frame is None else frame
        if self._compressed:
            return head + self._encoder.data_set(self._fixed, own) + encapsulated(stored)
        pixel_data = self._encoder.elements({0x7FE00010: Own("OW", stored)})
        return head + self._encoder.data_set(self._fixed, pixel_data, own)


def _noise(size: int) -> bytes:
    """Return bytes of pixels; no benchmark of headers looks at them."""
    return (bytes(range(0, 256, 3)) * (size // 80 + 1))[:size]


def write_series(
    folder: Path,
    n_slices: int,
    pixels: int,
    *,
    seed: int = 7,
    distinct: int | None = None,
    compressed: Compressed | None = None,
) -> list[Path]:
    """Write one CT series of smooth, slightly noisy slices, named in no useful order.

    Args:
        folder: made where it is missing.
        n_slices: files.
        pixels: rows, and columns.
        seed: the same one gives the same bytes.
        distinct: noise of so many slices, again and again: a long series is made sooner.
        compressed: the transfer syntax with the encoder of a frame; explicit little endian if None.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = random.Random(seed).sample(range(n_slices), n_slices)
    series = _series(0, MAKERS[0], seed)
    if compressed is not None:
        series = replace(series, maker=replace(series.maker, syntax=compressed[0]))
    writer = _Writer(series)
    paths = []
    for index, values in enumerate(series_slices(n_slices, pixels, seed=seed, distinct=distinct)):
        own = {
            **series.maker.varying(series, index),
            "Rows": pixels,
            "Columns": pixels,
            "RescaleIntercept": "-1024",
        }
        path = folder / f"slice{names[index]:05d}"
        if compressed is None:
            own["PixelData"] = Own("OW", values.tobytes())
            path.write_bytes(writer.file(own, pixels=0))
        else:
            path.write_bytes(writer.file(own, frame=compressed[1](values)))
        paths.append(path)
    return paths


def series_slices(
    n_slices: int, pixels: int, *, seed: int = 7, distinct: int | None = None
) -> Iterator[npt.NDArray[np.uint16]]:
    """Yield the stored values of the slices of `write_series`, in order of position."""
    chance = np.random.default_rng(seed)
    axis = np.linspace(-1, 1, pixels)
    ground = 900 + 600 * np.cos(3 * axis)[:, None] * np.cos(2 * axis)[None, :]
    noises: list[npt.NDArray[np.float64]] = []
    for index in range(n_slices):
        if distinct is None or len(noises) < distinct:
            noises.append(chance.normal(0, 12, (pixels, pixels)))
        noise = noises[-1] if distinct is None else noises[index % distinct]
        # As bright as 2,000 slices allow in 12 bits.
        yield np.clip(np.rint(ground + 2 * index % 2400 + noise), 0, 4095).astype("<u2")
        if distinct is None:
            noises.clear()
