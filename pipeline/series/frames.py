"""V12: objects of several frames, taken apart into slices.

The rows of `frames` hold what counts for each frame: what its own functional group says, else the
shared one, else the top of the data set where older multi-frame objects have it (PS3.3 section
C.7.6.16). What they do not know of is that of the instance.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from dicomlake.pipeline.pixels.frame import StoredFrame
from dicomlake.pipeline.pixels.syntaxes import NATIVE_SYNTAXES
from dicomlake.pipeline.series.cells import Cells
from dicomlake.pipeline.series.reading import (
    declared_units,
    invalid_of,
    is_malformed,
    keys_of,
    texts_of,
)
from dicomlake.pipeline.series.slices import WHOLE, Key, Rescale, Slice

_KEY_COLUMNS: Final[Mapping[str, str]] = {
    "TemporalPositionIndex": "temporal_position_index",
    "FrameAcquisitionNumber": "frame_acquisition_number",
    "EffectiveEchoTime": "effective_echo_time",
    "EchoTime": "echo_time",
    "NominalCardiacTriggerDelayTime": "nominal_cardiac_trigger_delay_time",
    "TriggerTime": "trigger_time",
    "NominalPercentageOfCardiacPhase": "nominal_percentage_of_cardiac_phase",
    "DiffusionBValue": "diffusion_b_value",
    "InversionTimes": "inversion_times",
    "FlipAngle": "flip_angle",
    "KVP": "kvp",
    "ConvolutionKernel": "convolution_kernel",
    "FrameType": "frame_type",
}
"""Columns of `frames` that V5 may split by."""

_OF_FRAMES: Final = frozenset({"EchoTime", "TriggerTime", "FlipAngle", "KVP", "ConvolutionKernel"})
"""Keys whose rows of `frames` already hold what the top of the data set says."""

_OF_OBJECT: Final = (
    "file_id", "source", "path", "sop_instance_uid", "sop_class_uid", "is_ct", "samples_per_pixel",
    "photometric", "n_frames", "transfer_syntax_uid", "rows", "columns", "frame_of_reference",
    "padding", "lossy", "declared", "concatenation", "created", "instance_number", "pet",
)  # fmt: skip
"""Fields of a slice in which a frame is like its object."""

_LEAST_FRAGMENT: Final = 8
"""Bytes of the item header that every encapsulated frame has one of (PS3.5 section A.4)."""
_MOST_DEFLATED: Final = 1032
"""Bytes that one byte of a deflated stream can at most become (zlib's own figure)."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the rows of `frames` say, row by row."""

    positions: Sequence[Any]
    directions: Sequence[Any]
    spacings: Sequence[Any]
    thicknesses: Sequence[float | None]
    rescales: Sequence[tuple[float | None, float | None]]
    units: Sequence[str | None]
    frame_types: Sequence[tuple[str, ...]]
    stack_ids: Sequence[str | None]
    times: Sequence[datetime | None]
    keys: Sequence[Mapping[str, Key]]
    invalid: Sequence[frozenset[str]]
    """Keywords of what is null for it was malformed."""


def take_apart(objects: Sequence[Slice], frames: pa.Table) -> list[Slice]:
    """Return the slices of objects: themselves where they have one frame, else one for each frame.

    An object stays whole where it cannot be taken apart: it declares more frames than its pixels
    can be or than are described, or no frame has all of its geometry.

    Args:
        objects: as `read_rows` gives them.
        frames: rows of `frames`, in any order.

    Returns:
        In the order of the objects, frames by number.
    """
    if not frames.num_rows and not any(each.many_framed for each in objects):
        return list(objects)
    rows_of = _rows_of(objects, frames)
    columns = _columns(frames) if rows_of else None
    slices: list[Slice] = []
    for each in objects:
        rows = rows_of.get(each.sop_instance_uid)
        if rows is not None and columns is not None:
            slices.extend(_frames_of(each, rows, columns))
        elif (each.n_frames or 1) > 1:
            slices.append(_whole(each, [], None))
        else:
            slices.append(_alone(each) if each.many_framed else each)
    return slices


def _alone(each: Slice) -> Slice:
    """Return an object of a multi-frame class that has one frame, described at its top."""
    return replace(each, frame_number=1, many_framed=False)


def overstated(each: Slice) -> bool:
    """Return whether an object declares more frames than its pixels can be.

    Held against the pixel length before anything is made of the number: of native pixels exactly,
    of compressed ones by the least that a frame can take.
    """
    frame = each.frame
    if frame is None:
        return False
    n = frame.n_frames
    if frame.length is None:
        return frame.n_bytes * n > frame.size * _MOST_DEFLATED
    least = frame.n_bytes if frame.transfer_syntax_uid in NATIVE_SYNTAXES else _LEAST_FRAGMENT
    return least * n > frame.length


def _rows_of(objects: Sequence[Slice], frames: pa.Table) -> dict[str, list[tuple[int, int]]]:
    """Return for each object its frame numbers and the rows that describe them, by number."""
    wanted = {each.sop_instance_uid for each in objects}
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    cells = Cells(frames)
    pairs = zip(cells.of("sop_instance_uid"), cells.of("frame_number"), strict=True)
    for row, (uid, number) in enumerate(pairs):
        if uid in wanted:
            found[uid].append((number, row))
    for rows in found.values():
        rows.sort()
    return dict(found)


def _columns(frames: pa.Table) -> _Columns:
    cells = Cells(frames)
    rescales = zip(cells.of("rescale_slope"), cells.of("rescale_intercept"), strict=True)
    return _Columns(
        positions=cells.positions(),
        directions=cells.directions(),
        spacings=cells.spacings(),
        thicknesses=cells.of("slice_thickness"),
        rescales=list(rescales),
        units=cells.of("rescale_type"),
        frame_types=cells.derived(texts_of, "frame_type"),
        stack_ids=cells.of("stack_id"),
        times=cells.of("frame_acquisition_date_time"),
        keys=keys_of(cells, _KEY_COLUMNS),
        invalid=invalid_of(cells),
    )


def _frames_of(each: Slice, rows: Sequence[tuple[int, int]], columns: _Columns) -> list[Slice]:
    """Return the frames of an object, or the object as a whole."""
    n = max(each.n_frames or len(rows), 1)
    numbered = [number for number, _ in rows] == list(range(1, len(rows) + 1))
    complete = any(
        columns.positions[row] and columns.directions[row] and columns.spacings[row]
        for _, row in rows
    )
    stored = each.frame and _frame_of(each.frame, 0, n)
    counted = replace(each, n_frames=n, frame=stored)
    if not complete or not numbered or len(rows) != n or overstated(counted):
        return [_whole(counted, rows, columns)]
    return _slices(counted, rows, columns)


def _whole(each: Slice, rows: Sequence[tuple[int, int]], columns: _Columns | None) -> Slice:
    """Return an object that is not taken apart; it has geometry where one of its frames has."""
    position = direction = spacing = None
    invalid = each.invalid
    if columns is not None:
        invalid = invalid.union(*(columns.invalid[row] for _, row in rows))
        geometry = [
            (columns.positions[row], columns.directions[row], columns.spacings[row])
            for _, row in rows
        ]
        # The least, for numbers that stand twice leave rows without an order.
        complete = min((said for said in geometry if None not in said), default=None)
        # Of the others what every frame has: what is absent is told.
        position, direction, spacing = complete or (
            min(said) if None not in said else None for said in zip(*geometry, strict=True)
        )
    row_direction, column_direction = direction or (None, None)
    return replace(
        each,
        frame_number=WHOLE,
        many_framed=True,
        frame=each.frame and _frame_of(each.frame, 0, max(each.n_frames or 1, 1)),
        position=position,
        row_direction=row_direction,
        column_direction=column_direction,
        spacing=spacing,
        invalid=invalid,
    )


def _frame_of(stored: StoredFrame, index: int, n_frames: int) -> StoredFrame:
    """Return one frame of stored ones; `dataclasses.replace` would take four times as long."""
    return StoredFrame(
        stored.size, stored.mtime_ns, stored.offset, stored.length, stored.transfer_syntax_uid,
        stored.rows, stored.columns, stored.samples_per_pixel, stored.bits_allocated,
        stored.bits_stored, stored.high_bit, stored.pixel_representation, index, n_frames,
    )  # fmt: skip


def _slices(each: Slice, rows: Sequence[tuple[int, int]], columns: _Columns) -> list[Slice]:
    """Return one slice per frame: what its row says, the rest of its object."""
    of_object: dict[str, Any] = {name: getattr(each, name) for name in _OF_OBJECT}
    keys: dict[int, Mapping[str, Key]] = {}
    rescales: dict[tuple[Any, ...], Rescale] = {}
    own = {name: value for name, value in each.keys.items() if name not in _OF_FRAMES}
    slices = []
    for number, row in rows:
        row_direction, column_direction = columns.directions[row] or (None, None)
        said = *columns.rescales[row], columns.invalid[row]
        if said not in rescales:
            rescales[said] = _rescale(each.rescale, *said)
        of_frame = columns.keys[row]  # one mapping for all rows that say the same
        if id(of_frame) not in keys:
            keys[id(of_frame)] = {**own, **of_frame}
        moment = columns.times[row]
        slices.append(
            Slice(
                **of_object,
                frame_number=number,
                many_framed=True,
                image_type=columns.frame_types[row] or each.image_type,
                frame=each.frame and _frame_of(each.frame, number - 1, len(rows)),
                position=columns.positions[row],
                row_direction=row_direction,
                column_direction=column_direction,
                spacing=columns.spacings[row],
                stack_id=columns.stack_ids[row] or each.stack_id,
                rescale=rescales[said],
                declared_units=_units(each, columns.units[row]),
                thickness=columns.thicknesses[row],
                keys=keys[id(of_frame)],
                acquired=each.acquired if moment is None else (moment.date(), moment.time()),
                acquired_key=each.acquired_key if moment is None else "FrameAcquisitionDateTime",
                invalid=columns.invalid[row],
            )
        )
    return slices


def _rescale(
    top: Rescale, slope: float | None, intercept: float | None, invalid: frozenset[str]
) -> Rescale:
    """Return the rescale of a frame; what is malformed counts where it was needed.

    Rows of an older schema do not name what is malformed: for them that of the top is taken.
    """
    lacking = slope is None or intercept is None
    malformed = is_malformed(invalid) or (lacking and top.malformed)
    return Rescale(slope, intercept, top.lut_type, malformed)


def _units(each: Slice, rescale_type: str | None) -> str | None:
    """Return the unit of a frame's rescaled values: its own, else that of its object."""
    if rescale_type is None:
        return each.declared_units
    units = None if each.pet is None else each.pet.units
    return declared_units(rescale_type, units, each.sop_class_uid, None)
