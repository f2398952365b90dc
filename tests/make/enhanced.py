"""Multi-frame objects with pixels: enhanced, legacy converted, concatenated, NM, capture.

A frame is made whole; what is equal in every frame may stand in the Shared Functional Groups, all
else stands per frame (PS3.3 section C.7.6.16).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom import Dataset

from make.frames import data_set, group
from make.series import pixels, uid

AXIAL: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
ORIGINAL: Final = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")

KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "CT": ("1.2.840.10008.5.1.4.1.1.2.1", "CT", "CTImageFrameTypeSequence"),
    "MR": ("1.2.840.10008.5.1.4.1.1.4.1", "MR", "MRImageFrameTypeSequence"),
    "PT": ("1.2.840.10008.5.1.4.1.1.130", "PT", "PETFrameTypeSequence"),
    "legacy CT": ("1.2.840.10008.5.1.4.1.1.2.2", "CT", "CTImageFrameTypeSequence"),
    "legacy MR": ("1.2.840.10008.5.1.4.1.1.4.4", "MR", "MRImageFrameTypeSequence"),
    "legacy PT": ("1.2.840.10008.5.1.4.1.1.128.1", "PT", "PETFrameTypeSequence"),
}
"""SOP class, modality and the functional group of the frame type, by kind."""
UNITS: Final = {"CT": "HU", "MR": "US", "PT": "BQML"}
NUCLEAR: Final = "1.2.840.10008.5.1.4.1.1.20"
CAPTURE_WORD: Final = "1.2.840.10008.5.1.4.1.1.7.3"


@dataclass(frozen=True)
class MadeFrame:
    """One frame: its stored values [rows, columns], where it lies (mm, LPS), what it says."""

    stored: npt.NDArray[Any]
    position: tuple[float, float, float] | None
    orientation: tuple[float, ...] = AXIAL
    spacing: tuple[float, float] = (0.75, 0.75)
    rescale: tuple[float, float] | None = (1.0, -1024.0)
    units: str | None = None
    frame_type: tuple[str, ...] = ORIGINAL
    content: tuple[tuple[str, Any], ...] = ()
    """Further attributes of the Frame Content Sequence."""
    more: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()
    """Further functional groups: keyword, and the attributes of its item."""


def text(values: Sequence[float]) -> list[str]:
    """Return Decimal Strings of at most 16 characters."""
    return [f"{value:.10g}" for value in values]


def stack_of_frames(
    n: int,
    *,
    rows: int = 36,
    columns: int = 32,
    origin: tuple[float, float, float] = (-12.0, -10.0, -20.0),
    step: tuple[float, float, float] = (0.0, 0.0, 2.5),
    seed: int = 0,
    vary: Callable[[int], Mapping[str, Any]] = lambda _: {},
    **same: Any,
) -> list[MadeFrame]:
    """Return n frames in the order of their positions; `vary` says what differs in frame k."""
    return [
        MadeFrame(
            **{
                "stored": pixels(k, rows, columns, seed=seed),
                "position": tuple(o + k * s for o, s in zip(origin, step, strict=True)),
                **same,
                **vary(k),
            }
        )
        for k in range(n)
    ]


def shuffled(frames: Sequence[MadeFrame], seed: int = 1) -> list[MadeFrame]:
    """Return frames in another order."""
    order = np.random.default_rng(seed).permutation(len(frames))
    return [frames[n] for n in order]


def _groups(frame: MadeFrame, frame_type: str, units: str) -> dict[str, Any]:
    """Return the functional groups of a frame, each a sequence of one item, by keyword."""
    made = {
        **group("FrameContentSequence", **dict(frame.content)),
        **group("PlaneOrientationSequence", ImageOrientationPatient=text(frame.orientation)),
        **group("PixelMeasuresSequence", PixelSpacing=text(frame.spacing), SliceThickness="2.5"),
        **group(frame_type, FrameType=list(frame.frame_type)),
    }
    if frame.position is not None:
        made |= group("PlanePositionSequence", ImagePositionPatient=text(frame.position))
    if frame.rescale is not None:
        slope, intercept = text(frame.rescale)
        made |= group(
            "PixelValueTransformationSequence",
            RescaleSlope=slope,
            RescaleIntercept=intercept,
            RescaleType=frame.units or units,
        )
    for keyword, values in frame.more:
        made |= group(keyword, **dict(values))
    return made


def multi_frame(
    frames: Sequence[MadeFrame],
    *,
    name: str = "enhanced",
    kind: str = "CT",
    share: bool = True,
    **attributes: Any,
) -> Dataset:
    """Return one object of several frames; an attribute given as None is left out.

    `share`: what is equal in all frames stands in the Shared Functional Groups; without, every
    group stands in every frame.
    """
    sop_class, modality, frame_type = KINDS[kind]
    each = [_groups(frame, frame_type, UNITS[modality]) for frame in frames]
    common = [
        keyword
        for keyword in each[0]
        if share
        and keyword != "FrameContentSequence"
        and all(other.get(keyword) == each[0][keyword] for other in each)
    ]
    shared = data_set(**{keyword: each[0][keyword] for keyword in common})
    per_frame = [
        data_set(**{keyword: value for keyword, value in made.items() if keyword not in common})
        for made in each
    ]
    return _object(
        [frame.stored for frame in frames],
        name,
        SOPClassUID=sop_class,
        Modality=modality,
        ImageType=list(ORIGINAL),
        NumberOfFrames=len(frames),
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=per_frame,
        **attributes,
    )


def _object(stored: Sequence[npt.NDArray[Any]], name: str, **attributes: Any) -> Dataset:
    """Return the data set of an object with native frames of one dtype."""
    voxels = np.stack(stored)
    bits = voxels.dtype.itemsize * 8
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPInstanceUID": uid(name, "multi-frame"),
        "StudyDate": "20240115",
        "SeriesDate": "20240115",
        "ContentDate": "20240115",
        "StudyTime": "101500",
        "ContentTime": "101530.5",
        "AcquisitionDateTime": "20240115101520",
        "Manufacturer": "Maker",
        "PatientName": "Test^Patient",
        "PatientID": "P1",
        "StudyInstanceUID": uid(name, "study"),
        "SeriesInstanceUID": uid(name, "series"),
        "SeriesNumber": "1",
        "InstanceNumber": "1",
        "FrameOfReferenceUID": uid(name, "frame of reference"),
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": voxels.shape[1],
        "Columns": voxels.shape[2],
        "BitsAllocated": bits,
        "BitsStored": 12 if voxels.dtype == np.uint16 else bits,
        "PixelRepresentation": int(voxels.dtype.kind == "i"),
        "PixelData": voxels.tobytes(),
        **attributes,
    }
    values.setdefault("HighBit", (values["BitsStored"] or 0) - 1)
    made = data_set(**{keyword: value for keyword, value in values.items() if value is not None})
    if "PixelData" in made:
        made["PixelData"].VR = "OB" if bits == 8 else "OW"
    return made


def concatenation(
    parts: Sequence[Sequence[MadeFrame]], *, name: str = "concatenated", **attributes: Any
) -> list[Dataset]:
    """Return the instances that one object of all frames was cut into (PS3.3 C.7.6.16.2.2.4)."""
    made, before = [], 0
    for number, frames in enumerate(parts, start=1):
        made.append(
            multi_frame(
                frames,
                name=name,
                **{
                    "SOPInstanceUID": uid(name, "part", number),
                    "InstanceNumber": "1",
                    "ConcatenationUID": uid(name, "concatenation"),
                    "SOPInstanceUIDOfConcatenationSource": uid(name, "source"),
                    "InConcatenationNumber": number,
                    "InConcatenationTotalNumber": len(parts),
                    "ConcatenationFrameOffsetNumber": before,
                    **attributes,
                },
            )
        )
        before += len(frames)
    return made


def nuclear(n: int = 6, *, name: str = "nuclear", **attributes: Any) -> Dataset:
    """Return a static NM object: frames of detectors and windows, and no place for any of them."""
    return _object(
        [pixels(k, 36, 32) for k in range(n)],
        name,
        **{
            "SOPClassUID": NUCLEAR,
            "Modality": "NM",
            "ImageType": ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"],
            "NumberOfFrames": n,
            "PixelSpacing": ["4.8", "4.8"],
            "NumberOfEnergyWindows": 1,
            "NumberOfDetectors": n,
            **attributes,
        },
    )


def capture(n: int = 6, *, name: str = "capture", **attributes: Any) -> Dataset:
    """Return a Multi-frame Grayscale Word Secondary Capture without geometry."""
    return _object(
        [pixels(k, 36, 32) for k in range(n)],
        name,
        **{
            "SOPClassUID": CAPTURE_WORD,
            "Modality": "OT",
            "ConversionType": "WSD",
            "ImageType": ["DERIVED", "SECONDARY"],
            "NumberOfFrames": n,
            "RescaleSlope": "1",
            "RescaleIntercept": "0",
            "RescaleType": "US",
            "PresentationLUTShape": "IDENTITY",
            **attributes,
        },
    )
