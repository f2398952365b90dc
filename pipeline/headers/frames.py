"""Rows of `frames`: what each frame of an instance says, from functional groups and vectors.

Decoded column by column, for all frames of an instance at once (PS3.3 sections C.7.6.6 and
C.7.6.16).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.headers.arrays import array, chosen, repeated
from dicomlake.pipeline.headers.attributes import TIMEZONE_OFFSET, Attribute
from dicomlake.pipeline.headers.decode import Cell, Decoded, Decoder, Value, value_in
from dicomlake.pipeline.headers.derive import offset_of
from dicomlake.pipeline.headers.functional_groups import (
    IMAGE_POSITION,
    FunctionalGroups,
    TopLevel,
    groups,
)
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.text import Problem
from dicomlake.pipeline.headers.values import INVALID, Context, Raw
from dicomlake.schemas.tables.frames import ALSO_IN_DATA_SET, FRAMES

if TYPE_CHECKING:  # what makes batches knows of the tables it makes
    from dicomlake.pipeline.headers.columns import Lineage

SHARED: Final = 0x52009229
PER_FRAME: Final = 0x52009230
_NUMBER_OF_FRAMES: Final = 0x00280008
_FRAME_INCREMENT_POINTER: Final = 0x00280009
_FRAME_TIME: Final = 0x00181063
_FRAME_TIME_VECTOR: Final = 0x00181065
_DETECTOR_INFORMATION: Final = 0x00540022
_DETECTOR_VECTOR: Final = 0x00540020
_IMAGE_ORIENTATION: Final = 0x00200037
_TIMES: Final = ("frame_acquisition_date_time", "frame_reference_date_time")
_LIST: Final = pa.list_(pa.float64())


class Owner(NamedTuple):
    """The instance that rows belong to."""

    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    modality: str
    study_year: int
    file_id: str


def _vector(name: str, keyword: str, tag: int, vr: str) -> Attribute:
    return Attribute(name, keyword, tag, vr, True, False, 1, None)


_VECTORS: Final = (
    _vector("energy_window_index", "EnergyWindowVector", 0x00540010, "US"),
    _vector("detector_index", "DetectorVector", _DETECTOR_VECTOR, "US"),
    _vector("phase_index", "PhaseVector", 0x00540030, "US"),
    _vector("rotation_index", "RotationVector", 0x00540050, "US"),
    _vector("rr_interval_index", "RRIntervalVector", 0x00540060, "US"),
    _vector("time_slot_index", "TimeSlotVector", 0x00540070, "US"),
    _vector("slice_index", "SliceVector", 0x00540080, "US"),
    _vector("angular_view_index", "AngularViewVector", 0x00540090, "US"),
    _vector("time_slice_index", "TimeSliceVector", 0x00540100, "US"),
    _vector("grid_frame_offset", "GridFrameOffsetVector", 0x3004000C, "DS"),
    _vector(
        "positioner_primary_angle_increment", "PositionerPrimaryAngleIncrement", 0x00181520, "DS"
    ),
    _vector(
        "positioner_secondary_angle_increment",
        "PositionerSecondaryAngleIncrement",
        0x00181521,
        "DS",
    ),
)
_FRAME_TIMES: Final = _vector("", "FrameTimeVector", _FRAME_TIME_VECTOR, "DS")
_ONE_FRAME_TIME: Final = Attribute("", "FrameTime", _FRAME_TIME, "DS", False, False, 1, 1)
_DETECTOR_GEOMETRY: Final = {
    "detector_image_position_patient": Attribute(
        "", "ImagePositionPatient", IMAGE_POSITION, "DS", True, False, 3, 3
    ),
    "detector_image_orientation_patient": Attribute(
        "", "ImageOrientationPatient", _IMAGE_ORIENTATION, "DS", True, False, 6, 6
    ),
}


def _top_tags() -> dict[int, str]:
    """Return the tags at the top of a data set that frames are made of, with their VR."""
    tags = {
        SHARED: "SQ",
        PER_FRAME: "SQ",
        _NUMBER_OF_FRAMES: "IS",
        _FRAME_INCREMENT_POINTER: "AT",
        _FRAME_TIME: "DS",
        _FRAME_TIME_VECTOR: "DS",
        _DETECTOR_INFORMATION: "SQ",
        TIMEZONE_OFFSET: "SH",
    }
    tags |= {vector.tag: vector.vr for vector in _VECTORS}
    return tags | {
        attribute.tag: attribute.vr
        for group in groups()
        for attribute in group.attributes
        if attribute.name in ALSO_IN_DATA_SET
    }


FRAMES_TOP_TAGS: Final[Mapping[int, str]] = _top_tags()
"""VR by tag of what `FrameRows.add` asks for at the top of a data set."""


def needs_frames(top: TopLevel, n_frames: int | None) -> bool:
    """Return whether an instance has rows in `frames`: several frames, or functional groups."""
    return (n_frames or 0) > 1 or bool(_items(top(PER_FRAME)) or _items(top(SHARED)))


def _items(cell: Cell) -> tuple[Item, ...]:
    return cell.items if isinstance(cell, Items) else ()


class FrameRows:
    """Gathers the frames of a batch of instances."""

    def __init__(self, decoder: Decoder, lineage: "Lineage") -> None:
        """Start without rows.

        Args:
            decoder: that of the batch.
            lineage: run, code and schema of the rows.
        """
        self._decoder = decoder
        self._lineage = lineage
        self._owners: list[tuple[Owner, int]] = []
        self._columns: dict[str, list[pa.Array[Any] | int]] = {
            column.name: [] for column in FRAMES.columns
        }
        """Pieces of each column: an array, or a number of nulls."""

    def add(
        self, owner: Owner, top: TopLevel, context: Context, n_frames: int | None
    ) -> tuple[Fault, ...]:
        """Add the frames of an instance, and return what was wrong with them.

        Args:
            owner: the instance.
            top: gives the cell of a tag of `FRAMES_TOP_TAGS`.
            context: how its values are read.
            n_frames: Number of Frames, None where it is absent or malformed.
        """
        frames = _Frames(self._decoder, top, context, n_frames)
        columns = frames.columns()
        for name, pieces in self._columns.items():
            piece = columns.get(name)
            if piece is not None:
                pieces.append(piece)
            elif pieces and isinstance(pieces[-1], int):
                pieces[-1] += frames.count
            else:
                pieces.append(frames.count)
        self._owners.append((owner, frames.count))
        return tuple(dict.fromkeys(frames.faults))

    def table(self) -> pa.Table:
        """Return the rows of `frames`, in the order in which instances were added."""
        schema = FRAMES.schema()
        known = self._known_columns()
        columns = [
            known[field.name] if field.name in known else self._joined(field) for field in schema
        ]
        return pa.Table.from_arrays(columns, schema=schema)

    def _joined(self, field: "pa.Field[Any]") -> "pa.Array[Any]":
        pieces = [
            repeated(None, piece, field.type) if isinstance(piece, int) else piece
            for piece in self._columns[field.name]
        ]
        return pa.concat_arrays(pieces) if pieces else array([], field.type)

    def _known_columns(self) -> dict[str, "pa.Array[Any]"]:
        """Return the columns that do not come from frames: of their instances, and the lineage."""
        names = ("sop_instance_uid", "study_instance_uid", "series_instance_uid", "modality",
                 "study_year", "file_id")  # fmt: skip
        number_of = [place for place, (_, count) in enumerate(self._owners) for _ in range(count)]
        places = np.array(number_of, np.int32)
        columns: dict[str, Any] = {}
        for name in names:
            values = [getattr(owner, name) for owner, _ in self._owners]
            columns[name] = chosen(values, places, FRAMES.by_name[name].type)
        numbers = [number + 1 for _, count in self._owners for number in range(count)]
        columns["frame_number"] = array(numbers, pa.int32())
        for name in ("run_id", "pipeline_version", "schema_version"):
            value = getattr(self._lineage, name)
            columns[name] = repeated(value, len(numbers), FRAMES.by_name[name].type)
        return columns


class _Frames:
    """The frames of one instance, decoded column by column."""

    def __init__(
        self, decoder: Decoder, top: TopLevel, context: Context, n_frames: int | None
    ) -> None:
        self._decoder = decoder
        self._top = top
        self._context = context
        self.faults: list[Fault] = []
        self._invalid: dict[int, set[str]] = {}
        """Names of what is null because it was malformed, by frame from 0."""
        self._per_frame = _items(top(PER_FRAME))
        self.count = self._count(n_frames)
        self._per_frame = self._per_frame[: self.count]
        shared = _items(top(SHARED))
        self._groups = FunctionalGroups(
            top, shared[0] if shared else {}, self._per_frame, self.count
        )

    def _count(self, declared: int | None) -> int:
        """Return how many frames get rows: those that both sides speak of, within the limit."""
        described = len(self._per_frame)
        if described:
            if declared != described:
                said = "none" if declared is None else str(declared)
                detail = f"{said} declared, {described} described"
                self.faults.append(Fault("frame_count_mismatch", _NUMBER_OF_FRAMES, detail))
            return described if declared is None else min(max(declared, 1), described)
        count = max(declared or 1, 1)
        if count > self._decoder.max_values:
            detail = f"{count} declared, rows for {self._decoder.max_values}"
            self.faults.append(Fault("too_many_frames", _NUMBER_OF_FRAMES, detail))
        return min(count, self._decoder.max_values)

    def columns(self) -> dict[str, "pa.Array[Any]"]:
        """Return the columns that are not null throughout."""
        columns: dict[str, pa.Array[Any]] = {}
        for group in groups():
            for attribute, said in self._groups.cells(group):
                cells = said if len(said) == self.count else [said[0]] * self.count
                if attribute.name in _TIMES:
                    columns |= self._date_times(attribute, cells)
                else:
                    columns[attribute.name] = self._decoded(attribute, cells)
        for vector in _VECTORS:
            cell = self._top(vector.tag)
            if cell:
                columns |= self._vector(vector, cell)
        columns |= self._detector_geometry(columns.get("detector_index"))
        offsets = self._time_offsets()
        if offsets is not None:
            columns["frame_time_offset_ms"] = array(offsets, pa.float64())
        if self._invalid:
            names = [sorted(self._invalid.get(frame, ())) or None for frame in range(self.count)]
            columns["invalid_attributes"] = array(names, FRAMES.by_name["invalid_attributes"].type)
        return columns

    def _decoded(self, attribute: Attribute, cells: Sequence[Value]) -> "pa.Array[Any]":
        kind = FRAMES.by_name[attribute.name].type
        decoded = self._decoder.column(attribute, cells, self._context, kind)
        return self._by_frame(attribute, decoded)

    def _by_frame(self, attribute: Attribute, decoded: Decoded) -> "pa.Array[Any]":
        """Note the findings of a column with a value for each frame, and return it."""
        for frame in self._noted(attribute, decoded.problems):
            self._mark(_called(attribute), (frame,))
        return decoded.array

    def _noted(
        self, attribute: Attribute, problems: Mapping[int, tuple[Problem, ...]]
    ) -> list[int]:
        """Note findings, and return the places of those that made a value null."""
        for said in dict.fromkeys(problems.values()):
            self.faults += [Fault(code, attribute.tag, detail) for code, detail in said]
        return [
            place for place, said in problems.items() if any(code in INVALID for code, _ in said)
        ]

    def _mark(self, name: str, frames: Iterable[int]) -> None:
        """Say of frames that their value of an attribute was malformed."""
        for frame in frames:
            self._invalid.setdefault(frame, set()).add(name)

    def _date_times(
        self, attribute: Attribute, cells: Sequence[Value]
    ) -> dict[str, "pa.Array[Any]"]:
        """Return a DT column in UTC where an offset is known, and the offsets."""
        zone = self._top(TIMEZONE_OFFSET)
        raw = Raw("", zone) if isinstance(zone, bytes) else zone
        # What is wrong with the offset of the file is said with the row of the instance.
        file_offset, _ = offset_of(None if isinstance(raw, Items) else raw, self._context)
        decoded, minutes = self._decoder.date_times(
            attribute, cells, self._context, [file_offset] * len(cells)
        )
        return {
            attribute.name: self._by_frame(attribute, decoded),
            f"{attribute.name}_offset_minutes": self._by_frame(
                attribute, Decoded(array(minutes, pa.int32()))
            ),
        }

    # Vectors: one value for each frame.

    def _vector(self, vector: Attribute, cell: Cell) -> dict[str, "pa.Array[Any]"]:
        """Return the column of a vector; it is left out where its length is not that of frames."""
        values = self._values_of(vector, cell)
        if values is None:
            return {}
        return {vector.name: array(values, FRAMES.by_name[vector.name].type)}

    def _values_of(self, vector: Attribute, cell: Cell) -> list[Any] | None:
        if isinstance(cell, Items):
            self.faults.append(Fault("malformed_value", vector.tag, "a value of another kind"))
            self._mark(vector.keyword, range(self.count))
            return None
        kind = pa.list_(pa.int32() if vector.vr == "US" else pa.float64())
        decoded = self._decoder.column(vector, [cell], self._context, kind)
        if self._noted(vector, decoded.problems):
            self._mark(vector.keyword, range(self.count))
        values: list[Any] | None = self._decoder.parsed(vector, [cell], self._context)[0]
        if values is None:
            return None
        if len(values) != self.count:
            detail = f"{len(values)} values for {self.count} frames"
            self.faults.append(Fault("frame_vector_mismatch", vector.tag, detail))
            return None
        return values

    def _time_offsets(self) -> list[float | None] | None:
        """Return for each frame the milliseconds from the first, None where nothing says."""
        pointed = _pointed_at(self._top(_FRAME_INCREMENT_POINTER), little=self._context.little)
        times = self._top(_FRAME_TIME_VECTOR)
        if times and (not pointed or _FRAME_TIME_VECTOR in pointed):
            steps = self._values_of(_FRAME_TIMES, times)
            return None if steps is None else list(accumulate(steps, _sum))
        time = self._top(_FRAME_TIME)
        if not time or isinstance(time, Items) or (pointed and _FRAME_TIME not in pointed):
            return None
        decoded = self._decoder.column(_ONE_FRAME_TIME, [time], self._context, pa.float64())
        if self._noted(_ONE_FRAME_TIME, decoded.problems):
            self._mark(_ONE_FRAME_TIME.keyword, range(self.count))
        step = self._decoder.parsed(_ONE_FRAME_TIME, [time], self._context)[0]
        return None if step is None else [step * number for number in range(self.count)]

    def _detector_geometry(self, detectors: "pa.Array[Any] | None") -> dict[str, "pa.Array[Any]"]:
        """Return position and orientation that the detector of each frame states."""
        items = _items(self._top(_DETECTOR_INFORMATION))
        if not items:
            return {}
        if detectors is not None:
            numbers = detectors.to_pylist()
        elif len(items) == 1 and not self._top(_DETECTOR_VECTOR):
            numbers = [1] * self.count
        else:
            return {}
        columns = {}
        for name, attribute in _DETECTOR_GEOMETRY.items():
            cells = [value_in(item, attribute) for item in items]
            of_items = self._decoder.column(attribute, cells, self._context, _LIST)
            wrong = {place + 1 for place in self._noted(attribute, of_items.problems)}
            self._mark(name, (k for k, number in enumerate(numbers) if number in wrong))
            known = dict(enumerate(of_items.array.to_pylist(), 1))
            values = [None if number is None else known.get(number) for number in numbers]
            columns[name] = array(values, _LIST)
        return columns


def _called(attribute: Attribute) -> str:
    """Return what `invalid_attributes` calls it; inside a functional group a keyword names it."""
    return attribute.keyword if len(attribute.within) <= 1 else attribute.name


def _sum(total: float | None, step: float | None) -> float | None:
    return None if total is None or step is None else total + step


def _pointed_at(cell: Cell, *, little: bool) -> frozenset[int]:
    """Return the tags that Frame Increment Pointer names (VR AT)."""
    raw = cell.value if isinstance(cell, Raw) else cell
    if not isinstance(raw, bytes):
        return frozenset()
    pairs = struct.iter_unpack("<HH" if little else ">HH", raw[: len(raw) // 4 * 4])
    return frozenset(group << 16 | element for group, element in pairs)
