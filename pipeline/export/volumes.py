"""Accepted volumes as files of other tools, each with a JSON beside it that says where it lies."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from dicomlake.pipeline.errors import CorruptLakeError, UsageError
from dicomlake.pipeline.export.format import Format, Slab, Voxels, temporary
from dicomlake.pipeline.export.formats import FORMATS
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.volumes.mask import MASK, mask_sha256
from dicomlake.pipeline.volumes.store import ARRAY, read_slabs
from dicomlake.schemas.column import LINEAGE

_LINEAGE = frozenset(column.name for column in LINEAGE)
_SLICE_COLUMNS: Final = (
    "slice_index",
    "sop_instance_uid",
    "frame_number",
    "position_mm",
    "slope",
    "intercept",
    "file_id",
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did."""

    written: int
    """Volumes written now."""
    kept: int
    """Volumes that stood already, with the same voxels."""
    n_bytes: int
    """Bytes of the files of voxels written now."""


def export_volumes(
    version: Version, out: Path, form: str, *, volume_ids: Collection[str] | None = None
) -> Exported:
    """Write accepted volumes of a version, as `<volume_id>` with the format's suffix and `.json`.

    Voxels are those of the row, in its type. They are copied slab by slab and checked against
    `sha256` on the way. The JSON holds `affine_lps` (4 x 4, mm, from index (column, row, slice)),
    `spacing` (z, y, x, mm), the slices and the row. A volume with masked voxels has its mask beside
    it as `<volume_id>.mask` with the format's suffix.

    Args:
        version: version of the lake.
        out: folder, made if missing.
        form: a key of `FORMATS`.
        volume_ids: which volumes; all accepted ones where None.

    Raises:
        UsageError: no such format; a volume that is not there or was rejected; a file of that name
            with other content, which is not overwritten.
        CorruptLakeError: a volume of the lake is missing or damaged.
    """
    if form not in FORMATS:
        raise UsageError(f"There is no format {form}.", f"Formats: {', '.join(FORMATS)}.")
    chosen = FORMATS[form]
    rows = _accepted(version, volume_ids)
    slices = _slices(version, {row["volume_id"] for row in rows})
    out.mkdir(parents=True, exist_ok=True)
    written = kept = n_bytes = 0
    for row in rows:
        identity = row["volume_id"]
        size = export_volume(version.lake, row, out / f"{identity}{chosen.suffix}", chosen)
        written, kept = written + (size > 0), kept + (size == 0)
        n_bytes += size
        _write_json(out / f"{identity}.json", _beside(row, slices[identity]))
    return Exported(written, kept, n_bytes)


def export_volume(lake: Path, row: Mapping[str, Any], target: Path, form: Format) -> int:
    """Write one volume, and its mask if it has one; return the bytes written, 0 if all stood.

    Args:
        lake: folder of the lake.
        row: of `volumes`, accepted.
        target: the file; its name ends in the format's suffix.
        form: which format.

    Raises:
        UsageError: a file of that name with other content, which is not overwritten.
        CorruptLakeError: the volume is missing or damaged.
    """
    group = lake / row["path"]
    voxels = Voxels.of_row(row)
    size = _write(target, voxels, _checked(group, ARRAY, voxels), form)
    if (digest := mask_sha256(row)) is not None:
        stem = target.name.removesuffix(form.suffix)
        beside = target.with_name(f"{stem}.mask{form.suffix}")
        mask = replace(voxels, dtype=np.dtype(np.uint8), sha256=digest)
        size += _write(beside, mask, _checked(group, MASK, mask), form)
    return size


def _write(target: Path, voxels: Voxels, slabs: Iterator[Slab], form: Format) -> int:
    """Write a file unless it stands; return its bytes, 0 if it stood."""
    if target.exists():
        if not form.holds(target, voxels):
            raise _taken(target)
        return 0
    unfinished = temporary(target)
    try:
        form.write(unfinished, voxels, slabs)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def _checked(group: Path, name: str, voxels: Voxels) -> Iterator[Slab]:
    """Yield the slabs of an array; after the last one, raise unless they are those of its row."""
    digest = hashlib.sha256()
    for start, slab in read_slabs(group, name):
        digest.update(slab.reshape(-1).data)
        yield start, slab
    if digest.hexdigest() != voxels.sha256:
        raise CorruptLakeError(
            f"The volume {group.name} does not hold the voxels of its row.",
            "`dicomlake verify` names what is damaged; restore it from a backup.",
        )


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


def _write_json(target: Path, text: bytes) -> None:
    if target.exists():
        if target.read_bytes() != text:
            raise _taken(target)
        return
    unfinished = temporary(target)
    unfinished.write_bytes(text)
    unfinished.replace(target)


def _taken(target: Path) -> UsageError:
    return UsageError(
        f"{target} exists with other content and is not overwritten.",
        "Export to another folder, or move the file away.",
    )
