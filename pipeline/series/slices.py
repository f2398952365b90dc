"""What the rules of a volume read of the tables, and what they need to know of one slice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

import pyarrow as pa

from dicomlake.pipeline.pixels.frame import StoredFrame

Triple = tuple[float, float, float]
Moment = tuple[date | None, time | None]
Key = int | float | str | None

WHOLE: Final = 0
"""Frame number of an object that is not taken apart into its frames."""

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
    "diffusion_b_value",
    "inversion_time",
    "flip_angle",
    "units",
    "corrected_image",
    "decay_correction",
    "series_date",
    "series_time",
    "radiopharmaceutical_start_time",
    "radiopharmaceutical_start_date_time",
    "radiopharmaceutical_start_date_time_offset_minutes",
    "radionuclide_total_dose",
    "radionuclide_half_life",
    "patient_weight",
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
    "concatenation_uid",
    "in_concatenation_number",
    "in_concatenation_total_number",
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

FRAME_COLUMNS: Final = (
    "sop_instance_uid",
    "frame_number",
    "image_position_patient",
    "image_orientation_patient",
    "pixel_spacing",
    "slice_thickness",
    "rescale_slope",
    "rescale_intercept",
    "rescale_type",
    "frame_type",
    "stack_id",
    "temporal_position_index",
    "frame_acquisition_number",
    "frame_acquisition_date_time",
    "effective_echo_time",
    "echo_time",
    "nominal_cardiac_trigger_delay_time",
    "trigger_time",
    "nominal_percentage_of_cardiac_phase",
    "diffusion_b_value",
    "inversion_times",
    "flip_angle",
    "kvp",
    "convolution_kernel",
    "invalid_attributes",
)
"""Columns of `frames` that the rules of a volume read."""

CT_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.10008.5.1.4.1.1.2.1",
        "1.2.840.10008.5.1.4.1.1.2.2",
    }
)
"""CT Image Storage, Enhanced CT, Legacy Converted Enhanced CT."""

PET_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.128",
        "1.2.840.10008.5.1.4.1.1.128.1",
        "1.2.840.10008.5.1.4.1.1.130",
    }
)
"""PET Image Storage, Legacy Converted Enhanced PET, Enhanced PET."""

MULTI_FRAME_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
        "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT
        "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
        "1.2.840.10008.5.1.4.1.1.4.3",  # Enhanced MR Color
        "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR
        "1.2.840.10008.5.1.4.1.1.128.1",  # Legacy Converted Enhanced PET
        "1.2.840.10008.5.1.4.1.1.130",  # Enhanced PET
        "1.2.840.10008.5.1.4.1.1.7.1",  # Multi-frame Single Bit Secondary Capture
        "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture
        "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture
        "1.2.840.10008.5.1.4.1.1.7.4",  # Multi-frame True Color Secondary Capture
    }
)
"""Classes of V1 whose objects hold frames (PS3.4 section B.5)."""


@dataclass(frozen=True, slots=True, eq=False)
class SeriesRows:
    """What the tables hold of one series."""

    instances: pa.Table
    """One row per file: `INSTANCE_COLUMNS` and `FILE_COLUMNS`. Where `status` is `duplicate` or
    `conflict` the file claims a UID that another file has, and only the UID and the file's columns
    are there."""
    frames: pa.Table
    """`FRAME_COLUMNS` of every frame of its multi-frame instances."""


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
class Pet:
    """What the header of a PET image says of dose, decay and patient (PS3.3 section C.8.9)."""

    sop_class_uid: str
    units: str | None
    corrected_image: tuple[str, ...]
    decay_correction: str | None
    series: Moment
    """SeriesDate and SeriesTime."""
    start_time: time | None
    """RadiopharmaceuticalStartTime: without a date."""
    start: datetime | None
    """RadiopharmaceuticalStartDateTime in local time."""
    dose_bq: float | None
    half_life_s: float | None
    weight_kg: float | None


@dataclass(frozen=True, slots=True)
class Slice:
    """One frame that may be a slice of a volume. Positions and spacings in mm, LPS."""

    file_id: str
    source: str
    path: str
    """Path relative to the source, encoded as in `files`."""
    sop_instance_uid: str
    frame_number: int
    """From 1; 1 of an instance of one frame, `WHOLE` of an object that is not taken apart."""
    many_framed: bool
    """Part of an object of several frames, or with functional groups."""
    sop_class_uid: str
    is_ct: bool
    image_type: tuple[str, ...]
    """ImageType, of a frame its FrameType."""
    samples_per_pixel: int | None
    photometric: str | None
    n_frames: int | None
    """NumberOfFrames of its object."""
    frame: StoredFrame | None
    """Where its pixels stand; null where the object has none."""
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
    """Counts the file states, and its number among the parts of a concatenation, by keyword."""
    concatenation: str | None
    """Concatenation that its object is a part of."""
    keys: Mapping[str, Key]
    """Values of the attributes that V5 may split by, by keyword; those that are there."""
    acquired: Moment
    acquired_key: str
    """Keyword of what says when it was acquired: that of the frame, or of the instance."""
    created: Moment
    """Date and time of content."""
    instance_number: int | None
    pet: "Pet | None"
    """Of PET only: what a standardized uptake value is made of."""
    invalid: frozenset[str]
    """Keywords of attributes that are null because their value was malformed."""

    @property
    def identity(self) -> tuple[str, int]:
        """Return file and frame: what tells slices apart everywhere."""
        return self.file_id, self.frame_number

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
