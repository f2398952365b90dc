"""What must be true of any lake, told from the files themselves with pydicom and numpy.

Nothing here reads a row to learn what a frame is: geometry and rescale are looked up in the data
set, functional groups before the top level, and pixels are decoded by pydicom.
"""

import warnings
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import numpy.typing as npt
import openjpeg
import pydicom
from pydicom import Dataset
from pydicom.encaps import generate_frames

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.volumes.store import open_volume
from make.compressed import HTJ2K, HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL, JPEG_EXTENDED
from make.one_run import Outcome, Row, settings

SLICE_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.128",
    "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.130",
    "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2", "1.2.840.10008.5.1.4.1.1.4.1",
    "1.2.840.10008.5.1.4.1.1.4.4", "1.2.840.10008.5.1.4.1.1.128.1",
    "1.2.840.10008.5.1.4.1.1.7.2", "1.2.840.10008.5.1.4.1.1.7.3",
)  # fmt: skip
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


@dataclass(frozen=True)
class TrueFrame:
    """A frame as its file says; lengths in mm, LPS."""

    stored: npt.NDArray[Any]
    slope: float
    intercept: float
    position: npt.NDArray[np.float64]
    row: npt.NDArray[np.float64]
    column: npt.NDArray[np.float64]
    spacing: npt.NDArray[np.float64]
    padding: tuple[int, int] | None
    """Stored values that mean no image, both ends, in either order."""

    @property
    def real(self) -> npt.NDArray[np.float64]:
        return self.stored.astype(np.float64) * self.slope + self.intercept

    def corner(self, i: int, j: int) -> npt.NDArray[np.float64]:
        """Return where the voxel of column i and row j is."""
        r, c = self.row / np.linalg.norm(self.row), self.column / np.linalg.norm(self.column)
        return self.position + r * i * self.spacing[1] + c * j * self.spacing[0]


class Files:
    """Data sets and decoded pixels, each read once."""

    def __init__(self) -> None:
        self._held: dict[Path, tuple[Dataset, npt.NDArray[Any]]] = {}

    def frame(self, path: Path, number: int) -> TrueFrame:
        """Return a frame, by its number from 1."""
        if path not in self._held:
            dataset = pydicom.dcmread(path)
            self._held[path] = dataset, decoded(dataset)
        dataset, pixels = self._held[path]
        n = number - 1

        def said(sequence: str, keyword: str, default: Any = None) -> Any:
            for groups in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
                items = dataset.get(groups)
                if items:
                    item = items[n if groups.startswith("Per") else 0]
                    if sequence in item:
                        return item[sequence].value[0].get(keyword, default)
            value = dataset.get(keyword)
            return default if value is None or value == "" else value

        orientation = said("PlaneOrientationSequence", "ImageOrientationPatient")
        transformation = "PixelValueTransformationSequence"
        return TrueFrame(
            stored=pixels[n],
            slope=float(said(transformation, "RescaleSlope", 1.0)),
            intercept=float(said(transformation, "RescaleIntercept", 0.0)),
            position=np.array(said("PlanePositionSequence", "ImagePositionPatient"), float),
            row=np.array(orientation[:3], float),
            column=np.array(orientation[3:], float),
            spacing=np.array(said("PixelMeasuresSequence", "PixelSpacing"), float),
            padding=_padding(dataset),
        )


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return None
    return int(value), int(dataset.get("PixelPaddingRangeLimit", value))


def _by_gdcm(path: str) -> npt.NDArray[Any]:
    """Return the frame of a file that pydicom leaves alone, by GDCM's own reader."""
    reader = gdcm.ImageReader()
    reader.SetFileName(path)
    assert reader.Read()
    image = reader.GetImage()
    raw = image.GetBuffer().encode("utf-8", "surrogateescape")
    return np.frombuffer(raw, "<u2").reshape(1, image.GetDimension(1), image.GetDimension(0))


def decoded(dataset: Dataset) -> npt.NDArray[Any]:
    """Return all frames of a data set, [frame, row, column]."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax in (HTJ2K, HTJ2K_LOSSLESS, HTJ2K_LOSSLESS_RPCL):
        n = int(dataset.get("NumberOfFrames", 1) or 1)
        frames = generate_frames(dataset.PixelData, number_of_frames=n)
        return np.stack([openjpeg.decode(frame) for frame in frames])
    if syntax == JPEG_EXTENDED:
        return _by_gdcm(str(dataset.filename))
    pixels = dataset.pixel_array
    return pixels if pixels.ndim == 3 else pixels[None]


def check_volume(
    outcome: Outcome, volume: Row, files: Files, options: VolumeSettings | None = None
) -> npt.NDArray[Any]:
    """Hold every voxel and every corner of a volume against its own frame; return the voxels."""
    chosen = options or settings().volumes
    voxels = outcome.voxels(volume)
    assert list(voxels.shape) == volume["shape"]
    assert voxels.dtype.name == volume["dtype"]
    affine = np.array(volume["affine_lps"]).reshape(4, 4)
    assert np.linalg.det(affine[:3, :3]) > 0
    slices = outcome.slices(volume)
    indices = [each["slice_index"] for each in slices]
    assert len(indices) == len(set(indices)) == volume["n_slices"]
    assert (min(indices), max(indices)) == (0, len(voxels) - 1)
    fill = open_volume(outcome.lake / volume["path"]).fill_value
    empty = sorted(set(range(len(voxels))) - set(indices))
    assert not empty or chosen.on_gap == "fill"
    np.testing.assert_array_equal(voxels[empty], fill)
    worst = 0.0
    for each in slices:
        k = each["slice_index"]
        frame = files.frame(outcome.path(each["file_id"]), each["frame_number"])
        expected = frame.real
        if chosen.hu_clip and volume["units"] == "HU":
            expected = expected.clip(*chosen.hu_clip)
        if chosen.padding == "fill" and frame.padding is not None:
            low, high = sorted(frame.padding)
            expected[(frame.stored >= low) & (frame.stored <= high)] = fill
        np.testing.assert_array_equal(voxels[k], expected.astype(voxels.dtype))
        if voxels.dtype.kind == "i":
            np.testing.assert_array_equal(voxels[k], expected)
        for i in (0, voxels.shape[2] - 1):
            for j in (0, voxels.shape[1] - 1):
                placed = (affine @ [i, j, k, 1])[:3]
                worst = max(worst, float(np.linalg.norm(placed - frame.corner(i, j))))
    step = float(np.linalg.norm(affine[:3, 2]))
    assert worst <= max(0.01, 0.01 * step) + 1e-9
    assert abs(worst - volume["max_position_error_mm"]) < 1e-6
    return voxels


def check_reconciled(outcome: Outcome) -> None:
    """Nothing is lost: every frame has one row, every series with a usable slice a volumes row."""
    frames: dict[str, list[int | None]] = defaultdict(list)
    for row in outcome.placed:
        frames[row["file_id"]].append(row["frame_number"])
        assert (row["role"] == "slice") == (row["reason"] is None)
        assert (row["role"] == "slice") <= (row["volume_id"] is not None)
    usable = set()
    for file_id, row in outcome.files.items():
        if row["status"] not in ("ingested", "duplicate", "conflict"):
            assert file_id not in frames
            continue
        dataset = _read(outcome.path(file_id))
        count = int(dataset.get("NumberOfFrames", 1) or 1)
        found = frames[file_id]
        assert found == [None] or sorted(each or 0 for each in found) == list(range(1, count + 1))
        if _usable(dataset):
            usable.add(dataset.SeriesInstanceUID)
    assert {row["series_instance_uid"] for row in outcome.volumes} == usable
    counted = Counter(row["volume_id"] for row in outcome.placed if row["role"] == "slice")
    ids = [row["volume_id"] for row in outcome.volumes]
    assert len(ids) == len(set(ids))
    assert counted.keys() == set(ids) - {
        row["volume_id"] for row in outcome.volumes if not row["n_slices"]
    }
    for row in outcome.volumes:
        accepted = row["status"] == "accepted"
        assert (row["reason"] is None) == accepted == (row["path"] is not None)
        if accepted:
            assert counted[row["volume_id"]] == row["n_slices"]


def _read(path: Path) -> Dataset:
    """Return a data set whose file may have been cut."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(path, defer_size=1024)
        except zlib.error:
            # A deflated file that was cut: pydicom gives nothing of it; others of its series tell.
            return Dataset()


def _usable(dataset: Dataset) -> bool:
    kind = set(dataset.get("ImageType") or ())
    return (
        dataset.get("SOPClassUID") in SLICE_CLASSES
        and any(keyword in dataset for keyword in PIXELS)
        and dataset.get("SamplesPerPixel", 1) == 1
        and not kind & {"LOCALIZER", "MOSAIC"}
    )
