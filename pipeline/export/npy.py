"""Accepted volumes as `.npy` files, each with a JSON beside it that says where its voxels lie."""

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dicomlake.pipeline.errors import CorruptLakeError, UsageError
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.volumes.store import open_volume, read_slabs
from dicomlake.schemas.column import LINEAGE

_LINEAGE = frozenset(column.name for column in LINEAGE)
_SLICE_COLUMNS = (
    "slice_index",
    "sop_instance_uid",
    "frame_number",
    "position_mm",
    "slope",
    "intercept",
    "file_id",
)
_BLOCK = 1 << 24


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did."""

    written: int
    """Volumes written now."""
    kept: int
    """Volumes that stood already, with the same voxels."""
    n_bytes: int
    """Bytes of the arrays written now."""


def export_npy(
    version: Version, out: Path, *, volume_ids: Collection[str] | None = None
) -> Exported:
    """Write accepted volumes of a version as `<volume_id>.npy` and `<volume_id>.json`.

    Arrays are [z, y, x], C-order, in the type and with the digest of their row. They are copied
    slab by slab and checked against `sha256` on the way. The JSON holds `affine_lps`
    (4 x 4, mm, from index (column, row, slice)), `spacing` (z, y, x, mm), the slices and the row.

    Args:
        version: version of the lake.
        out: folder, made if missing.
        volume_ids: which volumes; all accepted ones where None.

    Raises:
        UsageError: a volume that is not there or was rejected; a file of that name with other
            content, which is not overwritten.
        CorruptLakeError: a volume of the lake is missing or damaged.
    """
    rows = _accepted(version, volume_ids)
    slices = _slices(version, {row["volume_id"] for row in rows})
    out.mkdir(parents=True, exist_ok=True)
    written = kept = n_bytes = 0
    for row in rows:
        target = out / f"{row['volume_id']}.npy"
        if target.exists():
            _check_same(target, row)
            kept += 1
        else:
            _write_array(version.lake / row["path"], target, row)
            written += 1
            n_bytes += target.stat().st_size
        _write_json(target.with_suffix(".json"), _beside(row, slices[row["volume_id"]]))
    return Exported(written, kept, n_bytes)


def _accepted(version: Version, wanted: Collection[str] | None) -> list[dict[str, Any]]:
    rows = version.read("volumes").to_pylist()
    accepted = {row["volume_id"]: row for row in rows if row["status"] == "accepted"}
    missing = sorted(set(wanted or ()) - set(accepted))
    if missing:
        raise UsageError(
            f"There is no accepted volume {missing[0]} in version {version.number}.",
            "`dicomlake sql \"SELECT volume_id FROM volumes WHERE status = 'accepted'\"` lists "
            "them.",
        )
    return [accepted[key] for key in sorted(accepted) if wanted is None or key in wanted]


def _slices(version: Version, wanted: set[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in wanted}
    for batch in version.batches("volume_instances", ["volume_id", "role", *_SLICE_COLUMNS]):
        for row in batch.to_pylist():
            if row["volume_id"] in wanted and row["role"] == "slice":
                found[row["volume_id"]].append({name: row[name] for name in _SLICE_COLUMNS})
    for rows in found.values():
        rows.sort(key=lambda row: row["slice_index"])
    return found


def _beside(row: Mapping[str, Any], slices: list[dict[str, Any]]) -> bytes:
    affine = row["affine_lps"]
    said = {
        "affine_lps": [affine[4 * index : 4 * index + 4] for index in range(4)],
        "spacing": [row[f"spacing_{axis}_mm"] for axis in ("slice", "row", "column")],
        "slices": slices,
        # Without run and version: another run's equal volume is the same export.
        "volume": {name: value for name, value in row.items() if name not in _LINEAGE},
    }
    return (json.dumps(said, indent=2, sort_keys=True) + "\n").encode()


def _write_array(volume: Path, target: Path, row: Mapping[str, Any]) -> None:
    array = open_volume(volume)
    temporary = _temporary(target)
    try:
        copy = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=array.dtype.newbyteorder("<"), shape=array.shape
        )
        digest = hashlib.sha256()
        for start, slab in read_slabs(volume):
            digest.update(slab.reshape(-1).data)
            copy[start : start + len(slab)] = slab
        copy.flush()
        del copy
        if digest.hexdigest() != row["sha256"]:
            raise CorruptLakeError(
                f"The volume {volume.name} does not hold the voxels of its row.",
                "`dicomlake verify` names what is damaged; restore it from a backup.",
            )
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _check_same(target: Path, row: Mapping[str, Any]) -> None:
    """Return if a file holds the voxels of a row.

    Raises:
        UsageError: it holds something else.
    """
    try:
        array = np.load(target, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        array = None
    if array is not None and list(array.shape) == row["shape"] and array.flags.c_contiguous:
        digest = hashlib.sha256()
        flat = array.reshape(-1).view(np.uint8)
        for start in range(0, len(flat), _BLOCK):
            digest.update(np.ascontiguousarray(flat[start : start + _BLOCK]).data)
        if array.dtype.name == row["dtype"] and digest.hexdigest() == row["sha256"]:
            return
    raise _taken(target)


def _write_json(target: Path, text: bytes) -> None:
    if target.exists():
        if target.read_bytes() != text:
            raise _taken(target)
        return
    temporary = _temporary(target)
    temporary.write_bytes(text)
    temporary.replace(target)


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}")


def _taken(target: Path) -> UsageError:
    return UsageError(
        f"{target} exists with other content and is not overwritten.",
        "Export to another folder, or move the file away.",
    )
