"""Water-equivalent diameters and size specific dose estimates of a study's CT events.

Of volumes that the lake accepted: the voxels are in HU and every slice's position is known. A
volume speaks for an event where all of its slices are of that event alone, lie across the body and
are the scanner's own and not clipped. Of several reconstructions the one with the widest field of
view counts, then that with the most slices: what a field of view cuts off makes a body smaller.
"""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from dicomlake.pipeline.dose.body import water_equivalent_diameters
from dicomlake.pipeline.dose.committed import StudyRows
from dicomlake.pipeline.dose.event_sizes import event_estimate
from dicomlake.pipeline.dose.header_events import ct_slice_events
from dicomlake.pipeline.dose.study_dose import LOCALIZER, Row
from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.volumes.store import open_volume

_ACROSS: Final = 0.9
"""Least component along the patient of the normal of slices: tilted by 25 degrees at most."""

Key = tuple[str, int]


def sizes(
    rows: StudyRows,
    events: Sequence[Row],
    instances: Sequence[Row],
    frames: Sequence[Row],
    lake: str,
) -> dict[str, Row]:
    """Return `dw_mm`, `dw_truncated_fraction` and `ssde_calculated_mgy` by event, where known.

    Args:
        rows: of the study, with its volumes.
        events: CT events that count, after all sources were joined.
        instances: of the study.
        frames: of these.
        lake: its folder.
    """
    wanted = {
        each["irradiation_event_uid"]: each
        for each in events
        if each["active"] and each.get("acquisition_type_code") != LOCALIZER
    }
    if not wanted or not rows.volumes.num_rows:
        return {}
    doses = _doses(instances, frames)
    found = {}
    for uid, (volume, slices) in sorted(_chosen(rows, instances, frames).items()):
        if uid in wanted:
            said = {index: doses.get(key) for index, key in slices}
            size = _size(wanted[uid], volume, said, Path(lake))
            if size:
                found[uid] = size
    return found


def _doses(instances: Sequence[Row], frames: Sequence[Row]) -> dict[Key, float | None]:
    """Return what each image or frame says of CTDIvol."""
    doses: dict[Key, float | None] = {
        (row["sop_instance_uid"], 1): row.get("ctdivol") for row in instances
    }
    for row in frames:
        doses[row["sop_instance_uid"], row["frame_number"]] = row.get("ctdivol")
    return doses


def _chosen(
    rows: StudyRows, instances: Sequence[Row], frames: Sequence[Row]
) -> dict[str, tuple[Row, list[tuple[int, Key]]]]:
    """Return for each event the volume that speaks for it, and its slices with their index."""
    events = ct_slice_events(instances, frames)
    derived = {row["sop_instance_uid"] for row in instances if _is_derived(row)}
    slices: dict[str, list[tuple[int, Key]]] = defaultdict(list)
    for row in rows.slices.to_pylist():
        key = (row["sop_instance_uid"], row["frame_number"] or 1)
        slices[row["volume_id"]].append((row["slice_index"], key))
    best: dict[str, tuple[tuple[Any, ...], Row, list[tuple[int, Key]]]] = {}
    for volume in rows.volumes.to_pylist():
        own = sorted(slices[volume["volume_id"]])
        of_volume = {events.get(key, ()) for _, key in own}
        if len(of_volume) != 1 or any(uid in derived for _, (uid, _) in own):
            continue
        if not _is_across(volume) or "clipped" in (volume["flags"] or ()):
            continue
        uids = of_volume.pop()
        if len(uids) != 1:
            continue
        depth, height, width = volume["shape"]
        view = min(height * volume["spacing_row_mm"], width * volume["spacing_column_mm"])
        rank = (round(view, 3), depth, volume["volume_id"])
        if uids[0] not in best or rank > best[uids[0]][0]:
            best[uids[0]] = rank, volume, own
    return {uid: (volume, own) for uid, (_, volume, own) in best.items()}


def _is_derived(row: Row) -> bool:
    kind: Sequence[str] = row.get("image_type") or ()
    return bool(kind) and kind[0] == "DERIVED"


def _is_across(volume: Row) -> bool:
    """Return whether the slices of a volume lie across the patient's axis."""
    matrix = np.array(volume["affine_lps"], np.float64).reshape(4, 4)[:3, :3]
    normal: Any = np.cross(matrix[:, 0], matrix[:, 1])
    length = float(np.linalg.norm(normal))
    return length > 0 and abs(float(normal[2])) / length >= _ACROSS


def _size(event: Row, volume: Row, doses: Mapping[int, float | None], lake: Path) -> Row | None:
    """Return the mean over slices of diameter, cut-off part and size specific dose estimate.

    A volume that cannot be read any more says nothing: `verify` tells of it.

    Args:
        event: row of the event.
        volume: its row of `volumes`.
        doses: CTDIvol of its slices, by index; slices that are filled in are not among them.
        lake: folder of the lake.
    """
    try:
        voxels = open_volume(lake / os.fspath(volume["path"]))
        found = water_equivalent_diameters(
            voxels, volume["spacing_row_mm"], volume["spacing_column_mm"]
        )
    except CorruptLakeError:
        return None
    estimate = event_estimate(event, [found[index] for index in doses], list(doses.values()))
    if estimate is None:
        return None
    row: Row = {
        "dw_truncated_fraction": estimate.truncated_fraction,
        "ssde_calculated_mgy": estimate.ssde_mgy,
    }
    if event.get("dw_mm") is None:
        row["dw_mm"] = estimate.dw_mm
    return row


def with_sizes(events: Sequence[Row], found: Mapping[str, Row]) -> tuple[Row, ...]:
    """Return events with what was computed of them."""
    return tuple({**each, **found.get(each["irradiation_event_uid"], {})} for each in events)
