"""From committed rows to slices: what the rules of a volume need to know of one instance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.pixels.native import NativeFrame

_GREATEST: Final = 1e9
_LEAST_SPACING: Final = 1e-9
"""Bounds of coordinates and spacings, mm: inside, float64 keeps far more than any tolerance."""

Triple = tuple[float, float, float]

INSTANCE_COLUMNS: Final = (
    "sop_instance_uid",
    "sop_class_uid",
    "series_instance_uid",
    "study_instance_uid",
    "modality_raw",
    "image_type",
    "instance_number",
    "content_time",
    "content_date",
    "acquisition_number",
    "acquisition_date",
    "acquisition_time",
    "kvp",
    "convolution_kernel",
    "echo_time",
    "trigger_time",
    "nominal_percentage_of_cardiac_phase",
    "units",
    "frame_of_reference_uid",
    "image_position_patient",
    "image_orientation_patient",
    "pixel_spacing",
    "slice_thickness",
    "stack_id",
    "temporal_position_identifier",
    "temporal_position_index",
    "number_of_temporal_positions",
    "number_of_slices",
    "images_in_acquisition",
    "samples_per_pixel",
    "photometric_interpretation",
    "number_of_frames",
    "rows",
    "columns",
    "bits_allocated",
    "bits_stored",
    "high_bit",
    "pixel_representation",
    "pixel_padding_value",
    "pixel_padding_range_limit",
    "rescale_slope",
    "rescale_intercept",
    "rescale_type",
    "modality_lut_type",
    "lossy_image_compression",
    "invalid_attributes",
    "file_id",
)
"""Columns of `instances` that the rules of a volume read."""

FILE_COLUMNS: Final = (
    "file_id",
    "source",
    "path",
    "size",
    "mtime_ns",
    "status",
    "transfer_syntax_uid",
    "pixel_offset",
    "pixel_length",
    "last_changed_run",
)
"""Columns of `files` that stand beside them in the same row."""

CT_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)
"""CT Image Storage, Enhanced CT, Legacy Converted Enhanced CT."""


@dataclass(frozen=True, slots=True)
class Rescale:
    """From stored to real values (PS3.3 section C.11.1): V16 reads it, V13 applies it."""

    slope: float | None
    intercept: float | None
    lut_type: str | None
    """Unit of a Modality LUT, which replaces slope and intercept; null where there is none."""
    malformed: bool
    """Slope or intercept stands in the file, but is no number."""

    @property
    def present(self) -> bool:
        """Return whether slope or intercept stands in the file."""
        return self.slope is not None or self.intercept is not None

    @property
    def applied(self) -> tuple[float, float]:
        """Return slope and intercept; 1 and 0 where values are the stored ones."""
        return (
            1.0 if self.slope is None else self.slope,
            0.0 if self.intercept is None else self.intercept,
        )


@dataclass(frozen=True, slots=True)
class Slice:
    """One instance that may be a slice of a volume. Positions and spacings in mm, LPS."""

    file_id: str
    source: str
    path: str
    """Path relative to the source, encoded as in `files`."""
    sop_instance_uid: str
    sop_class_uid: str
    is_ct: bool
    image_type: tuple[str, ...]
    samples_per_pixel: int | None
    photometric: str | None
    n_frames: int | None
    frame: NativeFrame | None
    """Where its pixels stand; null where the object has none that can be found by an offset."""
    transfer_syntax_uid: str
    rows: int | None
    columns: int | None
    position: Triple | None
    row_direction: Triple | None
    """First half of Image Orientation (Patient), as written: not normalised."""
    column_direction: Triple | None
    spacing: tuple[float, float] | None
    """PixelSpacing: between rows, between columns."""
    frame_of_reference: str | None
    stack_id: str | None
    rescale: Rescale
    declared_units: str | None
    """Unit that rescaled values have: RescaleType, or what the class implies."""
    padding: tuple[int, int] | None
    """Stored values that mean no image, both ends included."""
    lossy: bool
    thickness: float | None
    declared: Mapping[str, int | None]
    """Counts the file states, by keyword."""
    keys: Mapping[str, int | float | str | None]
    """Values of the attributes that V5 may split by, by keyword."""
    acquired: tuple[date | None, time | None]
    created: tuple[date | None, time | None]
    """Date and time of acquisition, and of content."""
    instance_number: int | None
    invalid: frozenset[str]
    """Keywords of attributes that are null because their value was malformed."""

    @property
    def units(self) -> str | None:
        """Return the unit of real values (V16): null where stored values stand as they are."""
        if self.rescale.lut_type is not None:
            return self.rescale.lut_type
        return self.declared_units if self.rescale.present else None

    @property
    def has_geometry(self) -> bool:
        """Return whether position, orientation and pixel spacing are all there."""
        return None not in (self.position, self.row_direction, self.spacing)


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file that is not the instance of the UID it claims: a copy, or in conflict.

    The instance is one of the series; or the file says that it belongs to the series, and lost its
    UID to an instance of another.
    """

    file_id: str
    sop_instance_uid: str
    status: str


def read_rows(rows: pa.Table) -> tuple[tuple[Slice, ...], tuple[OtherFile, ...]]:
    """Return the instances of a series, and the other files that claim their UIDs.

    Args:
        rows: one row per file, `INSTANCE_COLUMNS` and `FILE_COLUMNS`; where `status` is
            `duplicate` or `conflict` only the UID and the file's columns are read.

    Returns:
        Both sorted by UID and file, so that no result depends on the order of rows.
    """
    slices, others = [], []
    for row in rows.to_pylist():
        if row["status"] in ("duplicate", "conflict"):
            others.append(OtherFile(row["file_id"], row["sop_instance_uid"], row["status"]))
        else:
            slices.append(_slice(row))
    return (
        tuple(sorted(slices, key=lambda each: (each.sop_instance_uid, each.file_id))),
        tuple(sorted(others, key=lambda each: (each.sop_instance_uid, each.file_id))),
    )


def _numbers(value: Sequence[float | None] | None, n: int) -> tuple[float, ...] | None:
    """Return n usable numbers, or None: a vector with a hole in it, or beyond bounds, is none."""
    if value is None or len(value) != n:
        return None
    numbers = tuple(float(each) for each in value if each is not None)
    usable = len(numbers) == n and all(abs(each) <= _GREATEST for each in numbers)
    return numbers if usable else None


def _triple(numbers: Sequence[float]) -> Triple:
    return numbers[0], numbers[1], numbers[2]


def _pair(numbers: Sequence[float] | None) -> tuple[float, float] | None:
    if numbers is None or min(numbers) < _LEAST_SPACING:
        return None
    return numbers[0], numbers[1]


def _text(values: Sequence[str | None] | None) -> str | None:
    return None if values is None else "\\".join(value or "" for value in values)


def _slice(row: Mapping[str, Any]) -> Slice:
    """Return the slice of a row; long, for it is one flat list of what becomes what."""
    orientation = _numbers(row["image_orientation_patient"], 6)
    position = _numbers(row["image_position_patient"], 3)
    invalid = frozenset(row["invalid_attributes"] or ())
    is_ct = row["sop_class_uid"] in CT_CLASSES or row["modality_raw"] == "CT"
    rescale = Rescale(
        row["rescale_slope"],
        row["rescale_intercept"],
        row["modality_lut_type"],
        bool(invalid & {"RescaleSlope", "RescaleIntercept"}),
    )
    return Slice(
        file_id=row["file_id"],
        source=row["source"] or "",
        path=row["path"] or "",
        sop_instance_uid=row["sop_instance_uid"],
        sop_class_uid=row["sop_class_uid"],
        is_ct=is_ct,
        image_type=tuple(value or "" for value in row["image_type"] or ()),
        samples_per_pixel=row["samples_per_pixel"],
        photometric=row["photometric_interpretation"],
        n_frames=row["number_of_frames"],
        frame=_frame(row),
        transfer_syntax_uid=row["transfer_syntax_uid"] or "",
        rows=row["rows"],
        columns=row["columns"],
        position=None if position is None else _triple(position),
        row_direction=None if orientation is None else _triple(orientation[:3]),
        column_direction=None if orientation is None else _triple(orientation[3:]),
        spacing=_pair(_numbers(row["pixel_spacing"], 2)),
        frame_of_reference=row["frame_of_reference_uid"],
        stack_id=row["stack_id"],
        rescale=rescale,
        declared_units=_declared_units(row, is_ct=is_ct),
        padding=_padding(row),
        lossy=row["lossy_image_compression"] == "01",
        thickness=row["slice_thickness"],
        declared={
            "NumberOfSlices": row["number_of_slices"],
            "ImagesInAcquisition": row["images_in_acquisition"],
            "NumberOfTemporalPositions": row["number_of_temporal_positions"],
        },
        keys=_keys(row),
        acquired=(row["acquisition_date"], row["acquisition_time"]),
        created=(row["content_date"], row["content_time"]),
        instance_number=row["instance_number"],
        invalid=invalid,
    )


def _frame(row: Mapping[str, Any]) -> NativeFrame | None:
    if row["pixel_offset"] is None or row["pixel_length"] is None:
        return None
    return NativeFrame(
        size=row["size"],
        mtime_ns=row["mtime_ns"],
        offset=row["pixel_offset"],
        length=row["pixel_length"],
        transfer_syntax_uid=row["transfer_syntax_uid"] or "",
        rows=row["rows"],
        columns=row["columns"],
        bits_allocated=row["bits_allocated"],
        bits_stored=row["bits_stored"],
        high_bit=row["high_bit"],
        pixel_representation=row["pixel_representation"],
    )


def _declared_units(row: Mapping[str, Any], *, is_ct: bool) -> str | None:
    """Return the unit that rescaled values would have.

    A CT without RescaleType is in HU (PS3.3 section C.8.2.1); a PET names its unit in Units.
    """
    declared: str | None = row["rescale_type"] or row["units"]
    return declared or ("HU" if is_ct else None)


def _padding(row: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return both ends of the padding values, in the sign of the stored values.

    The VR of Pixel Padding Value is US or SS; writers mix them up, so the value is taken modulo
    the range of a sample (PS3.3 section C.7.5.1.1.2).
    """
    value, bits = row["pixel_padding_value"], row["bits_allocated"]
    if value is None or bits not in (8, 16, 32):
        return None
    limit = row["pixel_padding_range_limit"]
    ends = []
    for end in (value, value if limit is None else limit):
        wrapped = end % (1 << bits)
        negative = row["pixel_representation"] == 1 and wrapped >= 1 << (bits - 1)
        ends.append(wrapped - (1 << bits) if negative else wrapped)
    return min(ends), max(ends)


def _keys(row: Mapping[str, Any]) -> dict[str, int | float | str | None]:
    image_type = row["image_type"]
    phase = row["nominal_percentage_of_cardiac_phase"]
    return {
        "TemporalPositionIdentifier": row["temporal_position_identifier"],
        "TemporalPositionIndex": row["temporal_position_index"],
        "AcquisitionNumber": row["acquisition_number"],
        "TriggerTime": row["trigger_time"],
        # A float32: as text it has the digits that were meant, as a float64 many more.
        "NominalPercentageOfCardiacPhase": None if phase is None else float(str(np.float32(phase))),
        "EchoTime": row["echo_time"],
        "KVP": row["kvp"],
        "ConvolutionKernel": _text(row["convolution_kernel"]),
        "ImageType": None if image_type is None else _text(image_type[3:]),
    }
