"""Snapshots: the folders of Parquet files people read, made from manifests, and `current`.

Everything here can be made again from a manifest, so a crash costs nothing: opening the lake for
writing repairs it.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dicomlake.pipeline.tables.durable import NO_LINKS, link_or_copy, sync_folder, write_synced
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import (
    CURRENT,
    CURRENT_JSON,
    Access,
    current_number,
    manifest_path,
    part_path,
    snapshot_numbers,
    snapshot_path,
    version_name,
    version_numbers,
)
from dicomlake.pipeline.tables.locks import Writer, commit_lock, remove
from dicomlake.pipeline.tables.manifest import Manifest

_PART = re.compile(r"[0-9a-f]{32}\.parquet")


def expected_files(manifest: Manifest) -> dict[str, str]:
    """Return the paths below the snapshot of a version, each with its part's id."""
    return {
        part.relative(table): part.id for table, parts in manifest.tables.items() for part in parts
    }


def found_files(folder: Path) -> Iterator[str]:
    """Yield the path of every file below a folder, relative to it; none if it is missing."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                entries = list(found)
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                yield os.path.relpath(entry.path, folder)


def build_snapshot(writer: Writer, manifest: Manifest) -> None:
    """Make the folder of a version: all of it under a temporary name, then one rename.

    A folder that has the version's name already is another's work on the same version and stays,
    unless it is not that version's: then it is left over from one that was taken back, and goes.
    """
    lake = writer.lake
    final = snapshot_path(lake, manifest.version)
    wanted = expected_files(manifest)
    if final.is_dir() and _is_of(final, set(wanted)):
        return
    reach("snapshot.create")
    building = writer.temporary(lake / "snapshots")
    writer.access.make_folder(building)
    try:
        folders = {building}
        for relative, part_id in wanted.items():
            reach("snapshot.link")
            target = building / relative
            writer.access.make_folder(target.parent)
            folders.update(_up_to(target.parent, building))
            fresh = writer.temporary(lake / "data", ".parquet")
            link_or_copy(part_path(lake, part_id), target, fresh, writer.access)
        reach("snapshot.sync")
        for folder in folders:
            sync_folder(folder)
        reach("snapshot.rename")
        _rename_or_yield(writer, building, final, set(wanted))
    except BaseException:
        remove(building)
        raise
    reach("snapshots.sync")
    sync_folder(lake / "snapshots")


def _is_of(folder: Path, wanted: set[str]) -> bool:
    """Return whether a snapshot holds all parts wanted and no other; stray files do not count."""
    found = set(found_files(folder))
    others = (Path(name) for name in found - wanted)
    return wanted <= found and not any(_PART.fullmatch(path.name) for path in others)


def _up_to(folder: Path, top: Path) -> Iterator[Path]:
    while folder != top:
        yield folder
        folder = folder.parent


def _rename_or_yield(writer: Writer, building: Path, final: Path, wanted: set[str]) -> None:
    try:
        building.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        if _is_of(final, wanted):
            remove(building)  # another writer repaired the same version
            return
        stale = writer.temporary(writer.lake / "snapshots")
        final.rename(stale)
        building.rename(final)
        remove(stale)


def swap_current(writer: Writer) -> None:
    """Point `current` at the newest version that has a snapshot; never back to an older one.

    Under the lake's lock; looked at again after the swap, so that even without locks the newest
    wins in the end.
    """
    lake = writer.lake
    reach("current.lock")
    with commit_lock(lake, writer.access):
        while True:
            target = _newest_with_snapshot(lake)
            now = current_number(lake)
            if target is None or now == target:
                return
            if now is not None and now > target and manifest_path(lake, now).exists():
                return
            _point_to(writer, target)


def _newest_with_snapshot(lake: Path) -> int | None:
    both = set(version_numbers(lake)) & set(snapshot_numbers(lake))
    return max(both, default=None)


def _point_to(writer: Writer, number: int) -> None:
    lake = writer.lake
    reach("current.create")
    link = writer.temporary(lake)
    try:
        link.symlink_to(f"snapshots/{version_name(number)}")
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        pointer = {"version": number, "snapshot": f"snapshots/{version_name(number)}"}
        write_synced(link, json.dumps(pointer).encode() + b"\n", writer.access)
        reach("current.replace")
        link.replace(lake / CURRENT_JSON)
    else:
        reach("current.replace")
        link.replace(lake / CURRENT)
        (lake / CURRENT_JSON).unlink(missing_ok=True)
    reach("current.sync")
    sync_folder(lake)


def publish(writer: Writer, manifest: Manifest) -> None:
    """Make a committed version visible: its snapshot, then `current`."""
    build_snapshot(writer, manifest)
    swap_current(writer)


def is_published(lake: Path, manifest: Manifest) -> bool:
    """Return whether a version's snapshot is whole and `current` points to it or a newer one."""
    now = current_number(lake)
    if now is None or now < manifest.version or not manifest_path(lake, now).exists():
        return False
    found = set(found_files(snapshot_path(lake, manifest.version)))
    return expected_files(manifest).keys() <= found


def remove_orphans(lake: Path, access: Access) -> None:
    """Remove snapshots above the newest version: of versions that were set aside by hand.

    A manifest always exists before its snapshot does, so one without is nobody's.
    """
    numbers = version_numbers(lake)
    newest = numbers[-1] if numbers else 0
    orphans = [number for number in snapshot_numbers(lake) if number > newest]
    if not orphans:
        return
    with commit_lock(lake, access):
        for number in orphans:
            if not manifest_path(lake, number).exists() and current_number(lake) != number:
                remove(snapshot_path(lake, number))
