"""Rows of `volumes` and `volume_instances` from a verdict, and the identity of a volume."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.json as pj

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.committed import SeriesKey
from dicomlake.pipeline.series.slices import WHOLE, Slice
from dicomlake.pipeline.series.verdict import Rejection, SetAside, Stack
from dicomlake.pipeline.volumes.store import Written
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables.volume_instances import VOLUME_INSTANCES
from dicomlake.schemas.tables.volumes import VOLUMES

Row = dict[str, Any]


def shaping(settings: VolumeSettings | None) -> dict[str, Any]:
    """Return the settings that shape voxels; those that are off by default only where they are on.

    So a volume keeps its identity when a later version of this code learns to do something else.
    """
    if settings is None:
        return {"padding": "keep"}
    shapes: dict[str, Any] = {"padding": settings.padding}
    if settings.hu_clip:
        shapes["hu_clip"] = list(settings.hu_clip)
    if settings.on_gap == "fill":
        shapes["on_gap"] = "fill"
    return shapes


def volume_id(
    slices: Sequence[Slice],
    channel_key: str | None,
    channel_value: str | None,
    settings: VolumeSettings | None,
) -> str:
    """Return 32 hex digits of the hash of sorted UIDs and frames, channel and shaping settings.

    Args:
        slices: of the volume, in any order.
        channel_key: attribute that its series was split by.
        channel_value: value of that attribute.
        settings: those the voxels are made with; None for a group that has none.
    """
    said = {
        "instances": sorted([each.sop_instance_uid, each.frame_number] for each in slices),
        "channel": [channel_key, channel_value],
        "settings": shaping(settings),
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def stack_id(stack: Stack, settings: VolumeSettings) -> str:
    """Return the identity of the volume that a stack becomes."""
    return volume_id(stack.slices, stack.channel_key, stack.channel_value, settings)


def volume_name(identity: str, sha256: str) -> str:
    """Return the path of a volume relative to the lake."""
    return f"volumes/{identity}-{sha256[:16]}.zarr"


def accepted_row(
    series: SeriesKey,
    stack: Stack,
    dtype: str,
    written: Written,
    detail: Mapping[str, Any],
    *,
    settings: VolumeSettings,
    preview: str | None = None,
) -> Row:
    """Return the row of an accepted volume, without lineage.

    Args:
        series: it was made from.
        stack: its slices.
        dtype: type of its voxels.
        written: what the store says of them.
        detail: what more is known; the facts of the stack are added to it.
        settings: those it was made with.
        preview: path of its picture, relative to the lake.
    """
    identity = stack_id(stack, settings)
    between_slices, between_rows, between_columns = stack.spacing
    return {
        "volume_id": identity,
        "study_instance_uid": series.study_instance_uid,
        "series_instance_uid": series.series_instance_uid,
        "status": "accepted",
        "reason": None,
        "detail": json.dumps({**stack.facts, **detail}, sort_keys=True),
        "channel_key": stack.channel_key,
        "channel_value": stack.channel_value,
        "shape": list(stack.shape),
        "dtype": dtype,
        "units": stack.slices[0].units,
        "suv_bw_factor": stack.suv_bw_factor,
        "spacing_row_mm": between_rows,
        "spacing_column_mm": between_columns,
        "spacing_slice_mm": between_slices,
        "affine_lps": list(stack.affine_lps),
        "n_slices": len(stack.slices),
        "flags": sorted(stack.flags),
        "max_position_error_mm": stack.max_position_error_mm,
        "value_min": written.least,
        "value_max": written.greatest,
        "sha256": written.sha256,
        "path": volume_name(identity, written.sha256),
        "preview": preview,
    }


def rejected_row(series: SeriesKey, rejection: Rejection) -> Row:
    """Return the row of a rejected series or group, without lineage."""
    empty = dict.fromkeys(column.name for column in VOLUMES.columns[:-3])
    return {
        **empty,
        "volume_id": rejected_id(rejection),
        "study_instance_uid": series.study_instance_uid,
        "series_instance_uid": series.series_instance_uid,
        "status": "rejected",
        "reason": rejection.reason,
        "detail": json.dumps(rejection.detail, sort_keys=True),
        "channel_key": rejection.channel_key,
        "channel_value": rejection.channel_value,
        "n_slices": len(rejection.slices),
    }


def rejected_id(rejection: Rejection) -> str:
    """Return the identity that the group would have as a volume."""
    return volume_id(rejection.slices, rejection.channel_key, rejection.channel_value, None)


def slice_rows(series: SeriesKey, stack: Stack, settings: VolumeSettings) -> list[Row]:
    """Return the rows of the slices of an accepted volume, in order."""
    identity = stack_id(stack, settings)
    rows = []
    places = zip(stack.slices, stack.indices, stack.positions_mm, strict=True)
    for each, index, position in places:
        row = _instance_row(series, each.file_id, each.sop_instance_uid, "slice")
        row |= {
            "volume_id": identity,
            "frame_number": each.frame_number,
            "slice_index": index,
            "position_mm": position,
        }
        if each.rescale.lut_type is None:
            row |= {"slope": each.rescale.slope, "intercept": each.rescale.intercept}
        rows.append(row)
    return rows


def rejected_slice_rows(series: SeriesKey, rejection: Rejection) -> list[Row]:
    """Return the rows of the slices of a rejected group; its row in `volumes` says why."""
    identity = rejected_id(rejection)
    positions = rejection.positions_mm or (None,) * len(rejection.slices)
    return [
        _instance_row(series, each.file_id, each.sop_instance_uid, "slice")
        | {
            "volume_id": identity,
            "frame_number": None if each.frame_number == WHOLE else each.frame_number,
            "position_mm": position,
        }
        for each, position in zip(rejection.slices, positions, strict=True)
    ]


def aside_rows(
    series: SeriesKey, set_aside: Iterable[SetAside], placed: Iterable[Row]
) -> list[Row]:
    """Return the rows of files and frames that are no slices.

    Args:
        series: they belong to.
        set_aside: of its verdict.
        placed: rows of its slices; a duplicate belongs to the volume of its twin.
    """
    volume_of: dict[Any, str | None] = {}
    for row in placed:
        volume_of[row["file_id"], row["frame_number"]] = row["volume_id"]
        volume_of.setdefault(row["file_id"], row["volume_id"])
    rows = []
    # A copy of a repeated slice goes where the slice goes, and so comes after it.
    for aside in sorted(set_aside, key=lambda each: each.reason != "DUPLICATE_POSITION"):
        row = aside_row(series, aside, volume_of)
        if aside.reason == "DUPLICATE_POSITION":
            volume_of.setdefault(aside.file_id, row["volume_id"])
        rows.append(row)
    return rows


def aside_row(series: SeriesKey, aside: SetAside, volume_of: Mapping[Any, str | None]) -> Row:
    """Return the row of a file or frame that is no slice.

    Args:
        series: it belongs to.
        aside: why it is none.
        volume_of: volumes by file, and by file and frame.
    """
    row = _instance_row(series, aside.file_id, aside.sop_instance_uid, aside.role)
    whole = volume_of.get(aside.duplicate_of or "")
    volume = volume_of.get((aside.duplicate_of, aside.duplicate_of_frame), whole)
    return row | {
        "reason": aside.reason,
        "frame_number": aside.frame_number,
        "volume_id": volume if aside.duplicate_of is not None else None,
    }


def _instance_row(series: SeriesKey, file_id: str, uid: str, role: str) -> Row:
    return {
        "volume_id": None,
        "study_instance_uid": series.study_instance_uid,
        "series_instance_uid": series.series_instance_uid,
        "sop_instance_uid": uid,
        "frame_number": None,
        "role": role,
        "reason": None,
        "slice_index": None,
        "position_mm": None,
        "slope": None,
        "intercept": None,
        "file_id": file_id,
    }


def volumes_table(rows: Iterable[Row], lineage: Mapping[str, Any]) -> pa.Table:
    """Return rows of `volumes` as Arrow."""
    return _to_arrow(VOLUMES, rows, lineage)


def volume_instances_table(rows: Iterable[Row], lineage: Mapping[str, Any]) -> pa.Table:
    """Return rows of `volume_instances` as Arrow."""
    return _to_arrow(VOLUME_INSTANCES, rows, lineage)


def _to_arrow(table: Table, rows: Iterable[Row], lineage: Mapping[str, Any]) -> pa.Table:
    """Return rows in a table's schema.

    Through JSON lines and Arrow's own parser, which is exact for numbers: `pa.array(list)` would
    import pandas into every worker, 1.5 s of CPU.
    """
    text = "".join(
        json.dumps({**row, **lineage}, allow_nan=False, ensure_ascii=True) + "\n" for row in rows
    ).encode()
    schema = table.schema()
    if not text:
        return pa.Table.from_batches([], schema=schema)
    explicit = pa.schema([pa.field(field.name, field.type) for field in schema])
    parsed = pj.read_json(
        io.BytesIO(text),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=pj.ParseOptions(explicit_schema=explicit, unexpected_field_behavior="error"),
    )
    return pa.Table.from_arrays(
        [parsed.column(field.name).combine_chunks() for field in schema], schema=schema
    )
