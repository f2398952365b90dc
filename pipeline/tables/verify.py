"""Verification: whether what lies on disk is what the manifests say. Reads only.

`deep` reads every byte: digests of parts, uniqueness of keys, digests of volumes. Without it only
names, sizes and manifests are held against each other.
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from dicomlake.pipeline.errors import BlockedByRuleError, CorruptLakeError, LakeFormatError
from dicomlake.pipeline.tables.finding import Finding, Severity
from dicomlake.pipeline.tables.keys import duplicate_keys
from dicomlake.pipeline.tables.layout import (
    TEMPORARY,
    current_number,
    part_path,
    snapshot_numbers,
    snapshot_path,
    version_name,
    version_numbers,
)
from dicomlake.pipeline.tables.manifest import Manifest, Part, read_manifest
from dicomlake.pipeline.tables.order import sort_key
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.parts import file_sha256
from dicomlake.pipeline.tables.reconciliation import reconcile_rows
from dicomlake.pipeline.tables.rules import check_rows
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.snapshot import expected_files, found_files
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables import TABLES

__all__ = ["Finding", "Severity", "VolumeDigest", "verify"]

VolumeDigest = Callable[[Path], str]
"""Returns the sha256 of the C-order little-endian array [z, y, x] of a Zarr group."""

_IN_A_GROUP: Final = re.compile(r"(?:[^/]+/)?zarr\.json|[^/]+/c(?:/[0-9]+)+")
"""Files of a Zarr v3 group of arrays: metadata and chunks."""
_A_VERSION: Final = re.compile(r"[0-9]{8,}\.(?:json|json\.bad|claim)")
_A_SNAPSHOT: Final = re.compile(r"[0-9]{8,}")
_PNG: Final = (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82")
"""How a picture begins and ends."""


def verify(
    lake: Path, deep: bool = False, volume_digest: VolumeDigest | None = None
) -> list[Finding]:
    """Hold a lake against its manifests.

    Args:
        lake: its folder.
        deep: also read every byte that any live version names.
        volume_digest: recomputes the digest of a volume's array; used when deep.

    Returns:
        Findings in a fixed order; none for a healthy lake. Parts that no version names are
        `unreferenced`, information only: a commit whose outcome is unknown leaves them.

    Raises:
        LakeNotFoundError: there is no lake.
        LakeFormatError: `lake.toml` is unreadable or of a newer format.
    """
    manifests, findings = _manifests(lake)
    findings += _chain(manifests)
    findings += _parts(lake, manifests, deep=deep)
    findings += _stray_data(lake, manifests)
    findings += _stray_names(lake)
    findings += _snapshots(lake, manifests)
    findings += _current(lake, manifests)
    if manifests:
        newest = Version(lake, manifests[-1])
        damaged = {finding.path for finding in findings if finding.severity is Severity.ERROR}
        for table in TABLES.values():
            findings += _table(newest, table, damaged, deep=deep)
        findings += reconcile_rows(newest, partial(_is_damaged, newest, damaged=damaged))
        findings += _volumes(newest, damaged, volume_digest if deep else None)
        findings += _runs(lake, manifests)
        if not damaged:
            findings += _stray_volumes(lake, manifests)
    return findings


def _manifests(lake: Path) -> tuple[list[Manifest], list[Finding]]:
    numbers = version_numbers(lake)
    if not numbers:
        open_version(lake)
    manifests: list[Manifest] = []
    findings: list[Finding] = []
    for number in numbers:
        try:
            manifests.append(read_manifest(lake, number))
        except LakeFormatError as error:
            path = f"versions/{version_name(number)}.json"
            findings.append(Finding("manifest_unreadable", Severity.ERROR, path, error.message))
    return manifests, findings


def _chain(manifests: list[Manifest]) -> Iterator[Finding]:
    """Each version's parent is the one before it, and it holds every table it should."""
    for before, after in zip([None, *manifests], manifests, strict=False):
        path = f"versions/{version_name(after.version)}.json"
        if before is not None and after.parent != before.version:
            detail = f"its parent is {after.parent}, the version before it {before.version}"
            yield Finding("manifest_chain", Severity.WARNING, path, detail)
        for name in TABLES:
            if not after.parts(name) and after.schema_version >= TABLES[name].columns[0].since:
                yield Finding("table_missing", Severity.ERROR, path, f"table {name} has no part")


def _live_parts(manifests: list[Manifest]) -> dict[str, tuple[str, Part]]:
    return {
        part.id: (table, part)
        for manifest in manifests
        for table, parts in manifest.tables.items()
        for part in parts
    }


def _parts(lake: Path, manifests: list[Manifest], *, deep: bool) -> Iterator[Finding]:
    for part_id, (table, part) in _live_parts(manifests).items():
        path = part_path(lake, part_id)
        name = path.relative_to(lake).as_posix()
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            yield Finding("part_missing", Severity.ERROR, name, f"part of table {table}")
            continue
        if size != part.bytes:
            detail = f"part of table {table}: {size} bytes instead of {part.bytes}"
            yield Finding("part_size", Severity.ERROR, name, detail)
        elif deep and file_sha256(path) != part.sha256:
            yield Finding("part_sha256", Severity.ERROR, name, f"part of table {table}")
        elif table in TABLES:
            yield from _part_rows(lake, TABLES[table], part, name)


def _part_rows(lake: Path, table: Table, part: Part, name: str) -> Iterator[Finding]:
    try:
        with PartReader(lake, table, part) as reader:
            rows = reader.file.metadata.num_rows
    except CorruptLakeError as error:
        yield Finding("part_unreadable", Severity.ERROR, name, error.message)
        return
    if rows != part.rows:
        detail = f"part of table {table.name}: {rows} rows instead of {part.rows}"
        yield Finding("part_rows", Severity.ERROR, name, detail)


def _stray_data(lake: Path, manifests: list[Manifest]) -> Iterator[Finding]:
    live = {f"{part_id}.parquet" for part_id in _live_parts(manifests)}
    for found in sorted(found_files(lake / "data")):
        if found in live or found.startswith(TEMPORARY):
            continue
        stem = found.removesuffix(".parquet")
        if len(stem) == len(found) or not _is_part_id(stem):
            yield Finding("stray_file", Severity.WARNING, f"data/{found}", "no part of the lake")
        else:
            detail = "no version names it; a clean-up may take it"
            yield Finding("unreferenced", Severity.INFO, f"data/{found}", detail)


def _stray_names(lake: Path) -> Iterator[Finding]:
    """Name what lies among the versions and snapshots and is neither."""
    for folder, known in (("versions", _A_VERSION), ("snapshots", _A_SNAPSHOT)):
        for path in sorted((lake / folder).iterdir()) if (lake / folder).is_dir() else ():
            if not known.fullmatch(path.name) and not path.name.startswith(TEMPORARY):
                name = f"{folder}/{path.name}"
                yield Finding("stray_file", Severity.WARNING, name, "no part of the lake")


def _is_part_id(text: str) -> bool:
    return len(text) == 32 and not text.strip("0123456789abcdef")  # noqa: PLR2004  (hex of 128 bits)


def _snapshots(lake: Path, manifests: list[Manifest]) -> Iterator[Finding]:
    """Every snapshot holds the links its manifest says, to whole parts, and nothing else."""
    by_number = {manifest.version: manifest for manifest in manifests}
    known = set(version_numbers(lake))
    for number in snapshot_numbers(lake):
        folder = snapshot_path(lake, number)
        top = f"snapshots/{version_name(number)}"
        manifest = by_number.get(number)
        if manifest is None:
            if number not in known:
                yield Finding("snapshot_orphan", Severity.WARNING, top, "no such version")
            continue
        wanted = expected_files(manifest)
        found = set(found_files(folder))
        for extra in sorted(found - wanted.keys()):
            yield Finding("stray_file", Severity.ERROR, f"{top}/{extra}", "readers would read it")
        for relative, part_id in wanted.items():
            if relative not in found:
                yield Finding("link_missing", Severity.ERROR, f"{top}/{relative}", "")
            elif not _same_content(folder / relative, part_path(lake, part_id)):
                detail = "not the part of that name"
                yield Finding("link_differs", Severity.ERROR, f"{top}/{relative}", detail)
    if manifests and manifests[-1].version not in snapshot_numbers(lake):
        top = f"snapshots/{version_name(manifests[-1].version)}"
        detail = "the next run makes it anew"
        yield Finding("snapshot_missing", Severity.WARNING, top, detail)


def _same_content(link: Path, part: Path) -> bool:
    """Return whether a file of a snapshot is its part: one inode, or else equal bytes."""
    if not part.exists():
        return True  # told as a missing part
    first, second = link.stat(), part.stat()
    if (first.st_ino, first.st_dev) == (second.st_ino, second.st_dev):
        return True
    return first.st_size == second.st_size and file_sha256(link) == file_sha256(part)


def _current(lake: Path, manifests: list[Manifest]) -> Iterator[Finding]:
    now = current_number(lake)
    if manifests and now != manifests[-1].version:
        where = "nothing" if now is None else f"version {now}"
        detail = f"points to {where}, the newest is {manifests[-1].version}; the next run mends it"
        yield Finding("current_behind", Severity.WARNING, "current", detail)


def _table(version: Version, table: Table, damaged: set[str], *, deep: bool) -> Iterator[Finding]:
    path = f"versions/{version_name(version.number)}.json"
    parts = version.manifest.parts(table.name)
    if table.rows_per_part:
        ends = [
            [sort_key(table, table.order, values) for values in (part.first, part.last)]
            for part in parts
            if part.rows
        ]
        for before, after in pairwise(ends):
            if before[1] >= after[0]:
                detail = f"parts of table {table.name} overlap"
                yield Finding("parts_overlap", Severity.ERROR, path, detail)
    if not deep or _is_damaged(version, table.name, damaged):
        return
    rows = version.read(table.name)
    repeated = duplicate_keys(rows, table.key)
    if repeated:
        detail = f"table {table.name}: {repeated} rows repeat a key"
        yield Finding("key_not_unique", Severity.ERROR, path, detail)
        return
    try:
        check_rows(table, rows)
    except BlockedByRuleError as error:
        yield Finding("rule_broken", Severity.ERROR, path, error.message)


def _is_damaged(version: Version, table: str, damaged: Collection[str]) -> bool:
    return any(
        path.relative_to(version.lake).as_posix() in damaged for path, _ in version.parts(table)
    )


def _volumes(version: Version, damaged: set[str], digest: VolumeDigest | None) -> Iterator[Finding]:
    if _is_damaged(version, "volumes", damaged):
        return
    for row in version.read("volumes", ["volume_id", "path", "preview", "sha256"]).to_pylist():
        if row["path"] is None:
            continue
        folder = version.lake / row["path"]
        yield from _preview(version.lake, row)
        yield from _stray_in_group(version.lake, folder)
        if not folder.is_dir():
            detail = f"array of volume {row['volume_id']}"
            yield Finding("volume_missing", Severity.ERROR, row["path"], detail)
        elif digest is not None:
            yield from _volume_digest(folder, row, digest)


def _preview(lake: Path, row: dict[str, Any]) -> Iterator[Finding]:
    """Name the picture of a volume where it is missing, or was not written to its end."""
    if row["preview"] is None:
        return
    detail = f"picture of volume {row['volume_id']}"
    try:
        with (lake / row["preview"]).open("rb") as file:
            first = file.read(len(_PNG[0]))
            file.seek(-min(len(_PNG[1]), file.seek(0, 2)), 2)
            last = file.read()
    except OSError:
        yield Finding("preview_missing", Severity.WARNING, row["preview"], detail)
        return
    if (first, last) != _PNG:
        yield Finding("preview_damaged", Severity.WARNING, row["preview"], detail)


def _stray_in_group(lake: Path, folder: Path) -> Iterator[Finding]:
    for name in sorted(found_files(folder)):
        if not _IN_A_GROUP.fullmatch(name):
            path = (folder / name).relative_to(lake).as_posix()
            yield Finding("stray_file", Severity.WARNING, path, "no part of the volume")


def _stray_volumes(lake: Path, manifests: list[Manifest]) -> Iterator[Finding]:
    """Name arrays and pictures that no version names."""
    named: set[str] = set()
    for table, part in _live_parts(manifests).values():
        if table == "volumes":
            with PartReader(lake, TABLES[table], part) as reader:
                for batch in reader.batches(["path", "preview"]):
                    for column in batch.columns:
                        named.update(path for path in column.to_pylist() if path)
    folder = lake / "volumes"
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not entry.name.startswith(TEMPORARY) and f"volumes/{entry.name}" not in named:
            if entry.suffix not in (".zarr", ".png"):
                detail = "no part of the lake"
                yield Finding("stray_file", Severity.WARNING, f"volumes/{entry.name}", detail)
                continue
            detail = "no version names it; a clean-up may take it"
            yield Finding("unreferenced", Severity.INFO, f"volumes/{entry.name}", detail)


def _volume_digest(folder: Path, row: dict[str, Any], digest: VolumeDigest) -> Iterator[Finding]:
    try:
        found = digest(folder)
    except Exception as error:  # noqa: BLE001  (a damaged store fails in any way; that is the finding)
        detail = f"array of volume {row['volume_id']}: {type(error).__name__}"
        yield Finding("volume_unreadable", Severity.ERROR, row["path"], detail)
        return
    if found != row["sha256"]:
        detail = f"array of volume {row['volume_id']}"
        yield Finding("volume_sha256", Severity.ERROR, row["path"], detail)


def _runs(lake: Path, manifests: list[Manifest]) -> Iterator[Finding]:
    recorded = {str(line.get("run_id")) for line in read_runs(lake)}
    for manifest in manifests:
        if manifest.run_id not in recorded:
            detail = f"no line for the run that committed version {manifest.version}"
            yield Finding("run_not_recorded", Severity.INFO, "runs.jsonl", detail)
