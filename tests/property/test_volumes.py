"""Whatever a series is like: no voxel of a volume is in a wrong place or of a wrong value.

Series are drawn over orientation, tilt, spacing, jitter, gaps, repeats, phases, packing, rescale,
the order and number of frames of an object, and compression; runs over the options. What is
accepted is held against pydicom and the files themselves, frame by frame; what is not has a row.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import HealthCheck, Phase, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from make.compressed import JPEG_LOSSLESS_SV1, RLE, write_compressed
from make.enhanced import ORIGINAL, MadeFrame, multi_frame
from make.one_run import Outcome, Row, run_inline, settings
from make.oracle import Files, check_reconciled, check_volume
from make.series import ct_slice, uid, write
from make.traps import turned
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

ROWS, COLUMNS = 8, 6
SLOPES = [[1.0], [2.0], [-1.0], [0.5], [0.37, 1.0, 2.25], [9.0]]
PACKINGS = [(16, 12, 0), (16, 16, 1), (16, 16, 0), (8, 8, 0), (32, 32, 1)]
"""Bits allocated and stored, and whether samples are signed."""
NATIVE = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]
COMPRESSED = [RLE, JPEG_LOSSLESS_SV1]
"""Encoders that take frames of a few noisy pixels; the others are held in tests/spec."""
EXAMPLES = int(os.environ.get("DICOMLAKE_TEST_EXAMPLES", "10"))
"""Runs drawn, of three series each; thousands for a soak."""


@dataclass(frozen=True)
class Drawn:
    """A series as drawn; all lengths in mm."""

    n: int
    angles: tuple[float, float, float]
    step: float
    drift: tuple[float, float]
    spacing: tuple[float, float]
    jitter: float
    missing: frozenset[int]
    repeats: Mapping[int, str]
    phases: int
    keyed: bool
    slopes: tuple[float, ...]
    intercept: float
    packing: tuple[int, int, int]
    padding: tuple[int, int] | None
    syntax: str
    framed: str
    seed: int


@st.composite
def series(draw: st.DrawFn) -> Drawn:
    n = draw(st.integers(3, 9))
    small = st.floats(-0.5, 0.5).map(lambda value: round(value, 3))
    syntax = draw(st.sampled_from(NATIVE * 2 + COMPRESSED))
    framed = draw(st.sampled_from(["single", "single", "multi", "mixed"]))
    packings = PACKINGS[:-1] if syntax in COMPRESSED or framed != "single" else PACKINGS
    return Drawn(
        n=n,
        angles=draw(st.tuples(*[st.floats(-180, 180)] * 3) | st.just((0.0, 0.0, 0.0))),
        step=draw(st.sampled_from([0.4, 1.0, 2.5, 5.0])),
        drift=draw(st.just((0.0, 0.0)) | st.tuples(small, small)),
        spacing=draw(st.tuples(*[st.sampled_from([0.3, 0.75, 1.0])] * 2)),
        jitter=draw(st.sampled_from([0.0, 0.0, 0.002, 0.02, 0.2])),
        missing=frozenset(draw(st.sets(st.integers(0, n - 1), max_size=2))),
        repeats=draw(st.dictionaries(
            st.integers(0, n - 1), st.sampled_from(["same", "pixels", "file"]), max_size=2
        )),
        phases=draw(st.sampled_from([1, 1, 1, 2])),
        keyed=draw(st.booleans()),
        slopes=tuple(draw(st.sampled_from(SLOPES))),
        intercept=draw(st.sampled_from([0.0, -1024.0, 0.5])),
        packing=draw(st.sampled_from(packings)),
        padding=draw(st.none() | st.tuples(st.integers(0, 60), st.integers(0, 60))),
        syntax=syntax,
        framed=framed,
        seed=draw(st.integers(0, 9)),
    )  # fmt: skip


OPTIONS = st.fixed_dictionaries(
    {
        "on_gap": st.sampled_from(["reject", "reject", "split", "fill"]),
        "padding": st.sampled_from(["keep", "keep", "mask", "fill"]),
        "hu_clip": st.sampled_from([(), (), (-500.0, 300.0)]),
        "chunks": st.sampled_from(["patch", "slices", (2, 3, 4)]),
    }
)


def text(values: Any) -> list[str]:
    return [f"{value:.10f}"[:16] for value in values]


class Writer:
    """Writes the images of a series as told, under shuffled names."""

    def __init__(self, drawn: Drawn, name: str, folder: Path) -> None:
        self.drawn, self.name, self.folder = drawn, name, folder
        self.generator = np.random.default_rng(drawn.seed)
        self.names = self.generator.permutation(60)
        self.turn = turned(*drawn.angles)
        step = self.turn @ np.array([*drawn.drift, drawn.step])
        jitter = self.generator.uniform(-drawn.jitter, drawn.jitter, (drawn.n, 3))
        self.positions = [k * step + jitter[k] for k in range(drawn.n)]
        self.frames: list[MadeFrame] = []
        self.written = 0

    def pixels(self) -> npt.NDArray[Any]:
        allocated, stored, signed = self.drawn.packing
        made = self.generator.integers(0, 1 << stored, (ROWS, COLUMNS), dtype=f"u{allocated // 8}")
        return made.view(f"i{allocated // 8}") if signed else made

    def path(self) -> Path:
        self.written += 1
        return self.folder / f"{self.names[self.written - 1]:03d}"

    def image(self, k: int, pixels: npt.NDArray[Any], phase: int, identity: Any) -> None:
        """Write an image of position k as an object of its own, or keep it as a frame."""
        drawn = self.drawn
        rescale = drawn.slopes[k % len(drawn.slopes)], drawn.intercept
        as_frame = drawn.framed == "multi" or (drawn.framed == "mixed" and k % 2)
        if as_frame and identity[0] != "file":
            content = (("FrameAcquisitionNumber", phase),) if drawn.keyed else ()
            orientation = tuple(map(float, text(self.turn[:, :2].T.ravel())))
            position = tuple(map(float, text(self.positions[k])))
            self.frames.append(
                MadeFrame(pixels, position, orientation, drawn.spacing, rescale, content=content)
            )
            return
        dataset = ct_slice(
            k,
            name=self.name,
            rows=ROWS,
            columns=COLUMNS,
            SOPInstanceUID=uid(self.name, phase, k, identity[1]),
            # What frames say, too: else slices and frames in turn are two acquisitions (V6).
            ImageType=list(ORIGINAL),
            KVP=None,
            ConvolutionKernel=None,
            AcquisitionNumber=str(phase) if drawn.keyed else None,
            ImagePositionPatient=text(self.positions[k]),
            ImageOrientationPatient=text(self.turn[:, :2].T.ravel()),
            PixelSpacing=list(drawn.spacing),
            RescaleSlope=rescale[0],
            RescaleIntercept=rescale[1],
            PixelData=pixels.tobytes(),
            **self.packed(),
        )
        if drawn.packing[0] == 8:
            dataset["PixelData"].VR = "OB"
        self.save(dataset)

    def packed(self) -> dict[str, Any]:
        allocated, stored, signed = self.drawn.packing
        said: dict[str, Any] = {
            "BitsAllocated": allocated,
            "BitsStored": stored,
            "HighBit": stored - 1,
            "PixelRepresentation": signed,
        }
        if self.drawn.padding is not None:
            said["PixelPaddingValue"], said["PixelPaddingRangeLimit"] = self.drawn.padding
        return said

    def save(self, dataset: Any) -> None:
        if self.drawn.syntax in COMPRESSED:
            write_compressed(dataset, self.path(), self.drawn.syntax)
        else:
            write(dataset, self.path(), self.drawn.syntax)

    def series(self) -> None:
        """Write everything."""
        for phase in range(1, self.drawn.phases + 1):
            for k in sorted(set(range(self.drawn.n)) - self.drawn.missing):
                pixels = self.pixels()
                self.image(k, pixels, phase, ("first", 0))
                kind = self.drawn.repeats.get(k)
                if kind == "same":
                    self.image(k, pixels, phase, ("again", 1))
                elif kind == "pixels":
                    self.image(k, pixels ^ 1, phase, ("again", 1))
                elif kind == "file" and self.drawn.framed == "single":
                    self.image(k, pixels, phase, ("file", 0))
        if self.frames:
            order = self.generator.permutation(len(self.frames))
            frames = [self.frames[n] for n in order]
            share = bool(self.drawn.seed % 2)
            self.save(multi_frame(frames, name=self.name, share=share, **self.packed()))


@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    # Shrinking whole runs takes minutes; an example says its seed and is drawn again by it.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(series(), min_size=3, max_size=3), OPTIONS)
def test_v0_no_voxel_is_in_a_wrong_place_or_of_a_wrong_value(
    drawn: list[Drawn], options: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "in"
        for number, each in enumerate(drawn):
            Writer(each, f"series {number}", root / str(number)).series()
        if not root.exists():
            return
        chosen = settings(**options, preview=False)
        outcome = run_inline(root, Path(name) / "lake", chosen)
        check_reconciled(outcome)
        files = Files()
        for row in outcome.volumes:
            event(row["reason"] or "accepted")
            if row["status"] == "accepted":
                check_volume(outcome, row, files, chosen.volumes)
        for number, each in enumerate(drawn):
            rows = outcome.of_series(uid(f"series {number}", "series"))
            _check_expected(each, rows, options["on_gap"], outcome)


def _check_expected(drawn: Drawn, rows: list[Row], on_gap: str, outcome: Outcome) -> None:
    """A clean series is accepted, a series with a hole is not: refusing all is no way out."""
    there = [k for k in range(drawn.n) if k not in drawn.missing]
    inner = [k for k in drawn.missing if there and there[0] < k < there[-1]]
    harmless = drawn.jitter <= 0.002 and "pixels" not in drawn.repeats.values()
    told_apart = drawn.phases == 1 or drawn.keyed
    # A key of frames is none of slices: a series of both has none that is present everywhere.
    told_apart &= drawn.phases == 1 or drawn.framed != "mixed"
    if harmless and told_apart and not inner and len(there) >= 4:
        assert [row["reason"] for row in rows] == [None] * drawn.phases
        assert sum(row["n_slices"] for row in rows) == len(there) * drawn.phases
    if len(there) < 4 and (drawn.phases == 1 or len(there) < 2):
        assert all(row["status"] == "rejected" for row in rows)
    if inner and harmless and on_gap == "reject":
        assert all(row["status"] == "rejected" for row in rows)
