"""Whatever a series is like: no voxel of a volume is in a wrong place or of a wrong value.

Series are drawn over orientation, tilt, spacing, jitter, gaps, repeats, packing and per-slice
rescale. What is accepted is held against pydicom and the files themselves, slice by slice; what is
not has a row.
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from make.series import ct_slice, uid, write
from make.volumes import build, folder_rows, instance_rows, volume_rows
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomlake.pipeline.volumes.store import open_volume

ROWS, COLUMNS = 5, 4
SHAPE = (ROWS, COLUMNS)
SLOPES = [[1.0], [2.0], [-1.0], [0.5], [0.37, 1.0, 2.25], [9.0]]
PACKINGS = [(16, 12, 0), (16, 16, 1), (16, 16, 0), (8, 8, 0), (32, 32, 1)]
"""Bits allocated and stored, and whether samples are signed."""


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
    repeats: dict[int, str]
    keyed: bool
    slopes: tuple[float, ...]
    intercept: float
    packing: tuple[int, int, int]
    syntax: str
    seed: int


@st.composite
def series(draw: st.DrawFn) -> Drawn:
    n = draw(st.integers(3, 9))
    small = st.floats(-0.5, 0.5).map(lambda value: round(value, 3))
    return Drawn(
        n=n,
        angles=draw(st.tuples(*[st.floats(-3.2, 3.2)] * 3) | st.just((0.0, 0.0, 0.0))),
        step=draw(st.sampled_from([0.4, 1.0, 2.5, 5.0])),
        drift=draw(st.just((0.0, 0.0)) | st.tuples(small, small)),
        spacing=draw(st.tuples(*[st.sampled_from([0.3, 0.75, 1.0])] * 2)),
        jitter=draw(st.sampled_from([0.0, 0.002, 0.02, 0.2])),
        missing=frozenset(draw(st.sets(st.integers(0, n - 1), max_size=2))),
        repeats=draw(st.dictionaries(
            st.integers(0, n - 1), st.sampled_from(["same", "pixels", "file"]), max_size=2
        )),
        keyed=draw(st.booleans()),
        slopes=tuple(draw(st.sampled_from(SLOPES))),
        intercept=draw(st.sampled_from([0.0, -1024.0, 0.5])),
        packing=draw(st.sampled_from(PACKINGS)),
        syntax=draw(st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian])),
        seed=draw(st.integers(0, 9)),
    )  # fmt: skip


def rotation(angles: tuple[float, float, float]) -> np.ndarray:
    x, y, z = angles
    turn_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    turn_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    turn_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return turn_z @ turn_y @ turn_x


def text(values: Any) -> list[str]:
    return [f"{value:.10f}" for value in values]


def write_series(drawn: Drawn, folder: Path) -> None:
    """Write the series under shuffled names."""
    generator = np.random.default_rng(drawn.seed)
    turn = rotation(drawn.angles)
    step = turn @ np.array([*drawn.drift, drawn.step])
    allocated, stored, signed = drawn.packing
    written = 0

    def save(k: int, uid_of: tuple[Any, ...], pixels: np.ndarray, **more: Any) -> None:
        nonlocal written
        dataset = ct_slice(
            k,
            rows=ROWS,
            columns=COLUMNS,
            SOPInstanceUID=uid(*uid_of),
            ImagePositionPatient=text(positions[k]),
            ImageOrientationPatient=text([*turn[:, 0], *turn[:, 1]]),
            PixelSpacing=list(drawn.spacing),
            BitsAllocated=allocated,
            BitsStored=stored,
            HighBit=stored - 1,
            PixelRepresentation=signed,
            RescaleSlope=drawn.slopes[k % len(drawn.slopes)],
            RescaleIntercept=drawn.intercept,
            PixelData=pixels.tobytes(),
            **more,
        )
        if allocated == 8:
            dataset["PixelData"].VR = "OB"
        write(dataset, folder / f"{names[written]:03d}", drawn.syntax)
        written += 1

    names = generator.permutation(40)
    positions = [
        k * step + generator.uniform(-drawn.jitter, drawn.jitter, 3) for k in range(drawn.n)
    ]
    frames = [
        generator.integers(0, 1 << stored, SHAPE, dtype=f"u{allocated // 8}")
        for _ in range(drawn.n)
    ]
    for k in range(drawn.n):
        if k in drawn.missing:
            continue
        save(k, ("first", k), frames[k])
        kind = drawn.repeats.get(k)
        more = {"AcquisitionNumber": "2"} if drawn.keyed else {}
        if kind == "same":
            save(k, ("again", k), frames[k])
        elif kind == "pixels":
            save(k, ("again", k), frames[k] ^ 1, **more)
        elif kind == "file":
            save(k, ("first", k), frames[k])


def check_volume(row: dict[str, Any], slices: list[dict[str, Any]], lake: Path, files: Any) -> None:
    """Hold every slice of a volume against its own file."""
    voxels = np.asarray(open_volume(lake / row["path"])[:])
    affine = np.array(row["affine_lps"]).reshape(4, 4)
    assert np.linalg.det(affine[:3, :3]) > 0
    assert sorted(each["slice_index"] for each in slices) == list(range(len(voxels)))
    tolerance = max(0.01, 0.01 * row["spacing_slice_mm"])
    worst = 0.0
    for each in slices:
        k = each["slice_index"]
        dataset = files[each["sop_instance_uid"]]
        real = dataset.pixel_array.astype(np.float64) * float(dataset.RescaleSlope) + float(
            dataset.RescaleIntercept
        )
        np.testing.assert_array_equal(voxels[k], real.astype(row["dtype"]))
        if row["dtype"].startswith("int"):
            np.testing.assert_array_equal(voxels[k], real)
        r, c = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        origin = np.array(dataset.ImagePositionPatient, float)
        between_rows, between_columns = map(float, dataset.PixelSpacing)
        for i in (0, COLUMNS - 1):
            for j in (0, ROWS - 1):
                own = origin + r * i * between_columns + c * j * between_rows
                worst = max(worst, float(np.linalg.norm((affine @ [i, j, k, 1])[:3] - own)))
    assert worst <= tolerance + 1e-9
    assert abs(worst - row["max_position_error_mm"]) < 1e-6


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(series())
def test_v0_no_voxel_is_in_a_wrong_place_or_of_a_wrong_value(drawn: Drawn) -> None:
    with tempfile.TemporaryDirectory() as name:
        root, lake = Path(name) / "in", Path(name) / "lake"
        write_series(drawn, root)
        rows = folder_rows(root)
        results = build(root, lake, rows=rows)
        volumes, instances = volume_rows(results), instance_rows(results)
        assert volumes, "no series without a row"
        placed = Counter(row["file_id"] for row in instances)
        assert placed == Counter(rows.column("file_id").to_pylist())
        files = {}
        for path in sorted(root.iterdir()):
            dataset = pydicom.dcmread(path)
            files[dataset.SOPInstanceUID] = dataset
        for row in volumes:
            mine = [
                each
                for each in instances
                if each["volume_id"] == row["volume_id"] and each["role"] == "slice"
            ]
            event(row["reason"] or "accepted")
            assert row["n_slices"] == len(mine)
            assert (row["reason"] is None) == (row["status"] == "accepted") == bool(row["path"])
            if row["reason"] is None:
                check_volume(row, mine, lake, files)
        _check_expected(drawn, volumes)


def _check_expected(drawn: Drawn, volumes: list[dict[str, Any]]) -> None:
    """A clean series is accepted, a series with a hole is not: refusing all is no way out."""
    there = [k for k in range(drawn.n) if k not in drawn.missing]
    inner = [k for k in drawn.missing if there and there[0] < k < there[-1]]
    left = drawn.n - len(drawn.missing)
    harmless = drawn.jitter <= 0.002 and "pixels" not in drawn.repeats.values()
    if harmless and not inner and left >= 4:
        assert [row["status"] for row in volumes] == ["accepted"]
    if left < 4 or (inner and harmless):
        assert all(row["status"] == "rejected" for row in volumes)
