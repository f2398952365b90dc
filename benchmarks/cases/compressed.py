"""Compressed series to volumes in memory, against the codec's own time on the same frames."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pydicom
from generate import series_slices, write_series
from pydicom.encaps import generate_frames
from runner import Prepared, Scale, Target, Timings, ratio

from cases.lakes import do, in_memory, job_of
from dicomlake.pipeline.pixels.codecs import load
from dicomlake.pipeline.pixels.syntaxes import CODEC_OF
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.verdict import judge
from dicomlake.pipeline.volumes.work import SeriesJob

# The encoders are those of the tests: no second set of them.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
from make import compressed

SYNTAXES: Final = {
    "RLE": compressed.RLE,
    "JPEG lossless": compressed.JPEG_LOSSLESS_SV1,
    "JPEG-LS": compressed.JPEG_LS,
    "JPEG 2000": compressed.J2K_LOSSLESS,
}
_BITS: Final = 12
_FIRST: Final = 4
"""Slices of the series whose volume is the start-up: the least that is a volume."""


def codec(name: str) -> str:
    return f"{name}: the codec alone"


def volume(name: str) -> str:
    return f"{name}: dicomlake, volume in memory"


def start_up(name: str) -> str:
    return f"{name}: the same of {_FIRST} slices"


def encoder(syntax: str) -> tuple[str, Callable[[npt.NDArray[np.uint16]], bytes]]:
    """Return a syntax with what encodes frames into it, for `write_series`."""
    return syntax, lambda frame: compressed.encoded(frame, syntax, _BITS)


def prepare(folder: Path, scale: Scale) -> Prepared:
    n_slices, pixels = (8, 64) if scale.small else (64, 512)
    contenders: dict[str, Callable[[], Any]] = {}
    for name, syntax in SYNTAXES.items():
        sources = {n: folder / f"{name}{n}" for n in (_FIRST, n_slices)}
        jobs: dict[int, SeriesJob] = {}
        for n, source in sources.items():
            write_series(source, n, pixels, seed=scale.seed, compressed=encoder(syntax))
            lake = folder / f"{name}{n}.lake"
            do("ingest", lake, f"bench={source}")
            jobs[n] = job_of(lake)
        contenders[codec(name)] = partial(_codec_alone, _frames(jobs[n_slices])[_FIRST:])
        contenders[start_up(name)] = partial(in_memory, jobs[_FIRST])
        contenders[volume(name)] = partial(in_memory, jobs[n_slices])
    expected = np.stack([*series_slices(n_slices, pixels, seed=scale.seed)])
    return Prepared(
        contenders=contenders,
        check=lambda results: _check(results, expected.astype(np.int16)),
        baseline=codec("RLE"),
        amount=n_slices - _FIRST,
        amounts={start_up(name): _FIRST for name in SYNTAXES},
        less={volume(name): start_up(name) for name in SYNTAXES},
        unit="slice",
        notes=(
            f"{n_slices} slices of {pixels} x {pixels}, 12 bits of 16, lossless; the volume of "
            f"the first {_FIRST}, with the start of the process that decodes, is taken out",
            "HTJ2K is not among them: no encoder for it comes with the tests",
        ),
        targets=tuple(_target(name) for name in SYNTAXES),
    )


def _target(name: str) -> Target:
    def figure(timings: Timings) -> float:
        # Wall: what decodes is another process, whose CPU the clock of this one does not see.
        return ratio(timings[volume(name)].wall_us, timings[codec(name)].wall_us)

    return Target(f"{name}: volume against the codec's own time", 1.1, figure, at_least=False)


Encoded = tuple[bytes, Slice]


def _frames(job: SeriesJob) -> list[Encoded]:
    """Return the encoded frames of a series, as pydicom finds them, in the volume's order."""
    (stack,) = judge(job.rows, job.settings.volumes, pixels=None).stacks
    (root,) = job.roots.values()
    found = []
    for each in stack.slices:
        data = pydicom.dcmread(Path(root, each.path)).PixelData
        (frame,) = generate_frames(data, number_of_frames=1)
        found.append((frame, each))
    return found


def _codec_alone(frames: list[Encoded]) -> list[npt.NDArray[Any]]:
    """Decode frames that are in memory already, in this process, with the same codec."""
    found = []
    for data, each in frames:
        assert each.frame is not None
        decoder = load(CODEC_OF[each.frame.transfer_syntax_uid])
        found.append(decoder.decode(data, each.frame).values)
    return found


def _check(results: Mapping[str, Any], stored: npt.NDArray[np.int16]) -> None:
    """Hold every frame and every voxel against the stored values that were encoded."""
    for name in SYNTAXES:
        assert np.array_equal(np.stack(results[codec(name)]), stored[_FIRST:]), name
        assert np.array_equal(results[start_up(name)], stored[:_FIRST] - 1024), name
        assert np.array_equal(results[volume(name)], stored - 1024), name
