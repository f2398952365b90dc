"""From committed rows to objects: one slice per instance, not yet taken apart into frames."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from dicomlake.pipeline.pixels.frame import StoredFrame
from dicomlake.pipeline.pixels.syntaxes import DEFLATED, LOSSY_SYNTAXES
from dicomlake.pipeline.series.cells import Cells
from dicomlake.pipeline.series.slices import (
    CT_CLASSES,
    MULTI_FRAME_CLASSES,
    PET_CLASSES,
    WHOLE,
    Key,
    OtherFile,
    Pet,
    Rescale,
    SeriesRows,
    Slice,
)

_COPIES: Final = ("duplicate", "conflict")
_UNSPECIFIED: Final = "US"
"""RescaleType of values whose unit is not said (PS3.3 section C.11.1.1.2)."""

KEY_COLUMNS: Final[Mapping[str, str]] = {
    "TemporalPositionIdentifier": "temporal_position_identifier",
    "TemporalPositionIndex": "temporal_position_index",
    "AcquisitionNumber": "acquisition_number",
    "TriggerTime": "trigger_time",
    "NominalPercentageOfCardiacPhase": "nominal_percentage_of_cardiac_phase",
    "EchoTime": "echo_time",
    "KVP": "kvp",
    "ConvolutionKernel": "convolution_kernel",
    "ImageType": "image_type",
    "DiffusionBValue": "diffusion_b_value",
    "InversionTime": "inversion_time",
    "FlipAngle": "flip_angle",
}
"""Columns of `instances` that V5 may split by."""

_AS_COMMITTED: Final[Mapping[str, str]] = {
    "file_id": "file_id",
    "sop_instance_uid": "sop_instance_uid",
    "sop_class_uid": "sop_class_uid",
    "samples_per_pixel": "samples_per_pixel",
    "photometric": "photometric_interpretation",
    "n_frames": "number_of_frames",
    "rows": "rows",
    "columns": "columns",
    "frame_of_reference": "frame_of_reference_uid",
    "stack_id": "stack_id",
    "thickness": "slice_thickness",
    "concatenation": "concatenation_uid",
    "instance_number": "instance_number",
}
"""Fields of a slice that hold the value of a column as it is."""
_NEVER_NULL: Final = ("source", "path", "transfer_syntax_uid")
"""Columns of the ledger, which has no row of an instance only where the lake is damaged."""
_RESCALE: Final = ("rescale_slope", "rescale_intercept", "modality_lut_type", "invalid_attributes")
_UNITS: Final = ("rescale_type", "units", "sop_class_uid", "modality_raw")
_PADDING: Final = (
    "pixel_padding_value", "pixel_padding_range_limit", "bits_allocated", "pixel_representation",
)  # fmt: skip
_DECLARED: Final = (
    "number_of_slices", "images_in_acquisition", "number_of_temporal_positions",
    "in_concatenation_number", "in_concatenation_total_number",
)  # fmt: skip
_ACQUIRED: Final = ("acquisition_date", "acquisition_time")
_CREATED: Final = ("content_date", "content_time")


def read_rows(rows: SeriesRows) -> tuple[tuple[Slice, ...], tuple[OtherFile, ...]]:
    """Return the instances of a series, and the other files that claim their UIDs.

    An instance of several frames is one whole object here; `frames.take_apart` makes its slices.

    Args:
        rows: of the series.

    Returns:
        Both sorted by UID and file, so that no result depends on the order of rows.
    """
    cells = Cells(rows.instances)
    statuses, files, uids = (cells.of(n) for n in ("status", "file_id", "sop_instance_uid"))
    others = [
        OtherFile(file, uid, status)
        for file, uid, status in zip(files, uids, statuses, strict=True)
        if status in _COPIES
    ]
    own = [index for index, status in enumerate(statuses) if status not in _COPIES]
    return (
        tuple(sorted(_slices(cells, own), key=lambda each: (each.sop_instance_uid, each.file_id))),
        tuple(sorted(others, key=lambda each: (each.sop_instance_uid, each.file_id))),
    )


def _slices(cells: Cells, own: Sequence[int]) -> list[Slice]:
    """Return the slices of some rows."""
    columns = _columns(cells)
    rows = list(zip(*(columns[each.name] for each in fields(Slice)), strict=True))
    return [Slice(*rows[row]) for row in own]


def _columns(cells: Cells) -> dict[str, Sequence[Any]]:
    """Return the values of every field of `Slice`, row by row."""
    directions = cells.directions()
    many = cells.derived(_is_many_framed, "sop_class_uid", "number_of_frames")
    return {
        **{field: cells.of(column) for field, column in _AS_COMMITTED.items()},
        **{field: [value or "" for value in cells.of(field)] for field in _NEVER_NULL},
        "many_framed": many,
        "frame_number": [WHOLE if each else 1 for each in many],
        "is_ct": cells.derived(_is_ct, "sop_class_uid", "modality_raw"),
        "image_type": cells.derived(texts_of, "image_type"),
        "frame": _frames(cells),
        "position": cells.positions(),
        "row_direction": [each and each[0] for each in directions],
        "column_direction": [each and each[1] for each in directions],
        "spacing": cells.spacings(),
        "rescale": cells.derived(_rescale, *_RESCALE),
        "declared_units": cells.derived(declared_units, *_UNITS),
        "padding": cells.derived(_padding, *_PADDING),
        "lossy": cells.derived(_is_lossy, "lossy_image_compression", "transfer_syntax_uid"),
        "declared": cells.derived(_declared, *_DECLARED),
        "keys": keys_of(cells, KEY_COLUMNS),
        "acquired": list(zip(*map(cells.of, _ACQUIRED), strict=True)),
        "acquired_key": ["AcquisitionTime"] * cells.n,
        "created": list(zip(*map(cells.of, _CREATED), strict=True)),
        "pet": _pets(cells),
        "invalid": invalid_of(cells),
    }


def _is_many_framed(sop_class_uid: str | None, n_frames: int | None) -> bool:
    return sop_class_uid in MULTI_FRAME_CLASSES or (n_frames or 1) > 1


def _is_ct(sop_class_uid: str | None, modality: str | None) -> bool:
    return sop_class_uid in CT_CLASSES or modality == "CT"


def invalid_of(cells: Cells) -> list[frozenset[str]]:
    """Return for each row the keywords of attributes that are null for they were malformed."""
    return cells.derived(lambda said: frozenset(said or ()), "invalid_attributes")


def is_malformed(invalid: Collection[str] | None) -> bool:
    """Return whether slope or intercept is among the malformed attributes."""
    return not {"RescaleSlope", "RescaleIntercept"}.isdisjoint(invalid or ())


def texts_of(values: Sequence[str | None] | None) -> tuple[str, ...]:
    """Return texts, an empty one where a component is."""
    return tuple(value or "" for value in values or ())


def _rescale(
    slope: float | None,
    intercept: float | None,
    lut_type: str | None,
    invalid: Sequence[str] | None,
) -> Rescale:
    return Rescale(slope, intercept, lut_type, is_malformed(invalid))


def declared_units(
    rescale_type: str | None, units: str | None, sop_class_uid: str | None, modality: str | None
) -> str | None:
    """Return the unit that rescaled values would have.

    A CT without RescaleType is in HU (PS3.3 section C.8.2.1); a PET names its unit in Units, also
    where its RescaleType says that it does not say.
    """
    if units and rescale_type in (None, _UNSPECIFIED):
        return units
    return rescale_type or ("HU" if _is_ct(sop_class_uid, modality) else None)


def _padding(
    value: int | None, limit: int | None, bits: int | None, representation: int | None
) -> tuple[int, int] | None:
    """Return both ends of the padding values, in the sign of the stored values.

    The VR of Pixel Padding Value is US or SS; writers mix them up, so the value is taken modulo
    the range of a sample (PS3.3 section C.7.5.1.1.2).
    """
    if value is None or bits not in (8, 16, 32):
        return None
    ends = []
    for end in (value, value if limit is None else limit):
        wrapped = end % (1 << bits)
        negative = representation == 1 and wrapped >= 1 << (bits - 1)
        ends.append(wrapped - (1 << bits) if negative else wrapped)
    return min(ends), max(ends)


def _is_lossy(declared: str | None, transfer_syntax_uid: str | None) -> bool:
    return declared == "01" or transfer_syntax_uid in LOSSY_SYNTAXES


def _declared(*counts: int | None) -> dict[str, int | None]:
    names = (
        "NumberOfSlices", "ImagesInAcquisition", "NumberOfTemporalPositions",
        "InConcatenationNumber", "InConcatenationTotalNumber",
    )  # fmt: skip
    return dict(zip(names, counts, strict=True))


def keys_of(cells: Cells, columns: Mapping[str, str]) -> list[Mapping[str, Key]]:
    """Return for each row the values of V5's keys that are there, by keyword."""
    names = [keyword for keyword, column in columns.items() if cells.present(column)]
    if not names:
        return [{}] * cells.n
    rows = zip(
        *(cells.derived(_WRITTEN.get(name, _as_is), columns[name]) for name in names), strict=True
    )
    known: dict[tuple[Key, ...], Mapping[str, Key]] = {}
    found = []
    for row in rows:
        keys = known.get(row)
        if keys is None:
            pairs = zip(names, row, strict=True)
            keys = known[row] = {name: value for name, value in pairs if value is not None}
        found.append(keys)
    return found


def _as_is(value: Key) -> Key:
    return value


def _joined(values: Sequence[Any] | None) -> str | None:
    return None if values is None else "\\".join("" if v is None else str(v) for v in values)


def _one_or_joined(values: Sequence[Any] | None) -> Key:
    return values[0] if values is not None and len(values) == 1 else _joined(values)


def _after_third(values: Sequence[str | None] | None) -> str | None:
    return None if values is None else _joined(values[3:])


def _shortest(value: float | None) -> float | None:
    """Return a float32 with the digits that were meant; as a float64 it would have many more."""
    return None if value is None else float(str(np.float32(value)))


_WRITTEN: Final[Mapping[str, Callable[[Any], Key]]] = {
    "ConvolutionKernel": _joined,
    "ImageType": _after_third,
    "FrameType": _after_third,
    "InversionTimes": _one_or_joined,
    "NominalPercentageOfCardiacPhase": _shortest,
}
"""What is compared and written of attributes that are no plain value."""


def _pets(cells: Cells) -> list[Pet | None]:
    if not PET_CLASSES & set(cells.of("sop_class_uid")):
        return [None] * cells.n
    return cells.derived(
        _pet, "sop_class_uid", "units", "corrected_image", "decay_correction", "series_date",
        "series_time", "radiopharmaceutical_start_time", "radiopharmaceutical_start_date_time",
        "radiopharmaceutical_start_date_time_offset_minutes", "radionuclide_total_dose",
        "radionuclide_half_life", "patient_weight",
    )  # fmt: skip


def _pet(sop_class_uid: str | None, *said: Any) -> Pet | None:
    """Return what a PET says; its times are local, so that one written in UTC is brought there."""
    if sop_class_uid not in PET_CLASSES:
        return None
    units, corrected, decay, day, clock, start_time, start, offset, *amounts = said
    dose, half_life, weight = amounts
    return Pet(
        sop_class_uid=sop_class_uid,
        units=units,
        corrected_image=texts_of(corrected),
        decay_correction=decay,
        series=(day, clock),
        start_time=start_time,
        start=_local(start, offset),
        dose_bq=dose,
        half_life_s=half_life,
        weight_kg=weight,
    )


def _local(moment: datetime | None, offset_minutes: int | None) -> datetime | None:
    """Return a moment as a clock on the wall showed it: stored in UTC where an offset is known."""
    if moment is None:
        return None
    shown = moment.replace(tzinfo=None)
    return shown if offset_minutes is None else shown + timedelta(minutes=offset_minutes)


def _frames(cells: Cells) -> list[StoredFrame | None]:
    names = (
        "size", "mtime_ns", "pixel_offset", "pixel_length", "transfer_syntax_uid", "rows",
        "columns", "samples_per_pixel", "bits_allocated", "bits_stored", "high_bit",
        "pixel_representation",
    )  # fmt: skip
    columns = [cells.of(name) for name in names]
    return [_frame(*row) for row in zip(*columns, strict=True)]


def _frame(size: int, mtime_ns: int, *said: Any) -> StoredFrame | None:
    """Return where the pixels of an object stand, None where it has none.

    A deflated file has no offset (it would be one in the inflated data set): its pixels are there
    if the header describes them.
    """
    offset, length, syntax, rows, columns, samples, allocated, stored, high, sign = said
    if offset is None or length is None:
        if syntax != DEFLATED or None in (rows, columns, allocated):
            return None
        offset = length = None
    return StoredFrame(
        size, mtime_ns, offset, length, syntax or "", rows, columns, samples, allocated, stored,
        high, sign,
    )  # fmt: skip
