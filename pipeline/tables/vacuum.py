"""Freeing space: old versions, what no version names any more, and what dead runs left.

A version may go once the one after it is older than the grace period: until then a reader that
opened it through `current` is given the time to end. Never the newest goes, nor the one `current`
points to, nor one that a live writer said it needs (locks.py).

First all that goes gets a temporary name: manifests, so that nobody opens these versions, then
snapshots, parts and volumes. Then the vacuum looks whether a writer began or a version was
committed meanwhile, and puts everything back if so. Only then is anything removed. A crash at any
step leaves every version that is in sight whole; what has a temporary name goes with the next
opening for writing.
"""

import re
import stat
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, TypeAlias

from dicomlake.config.settings import Settings
from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.tables.companions import unneeded
from dicomlake.pipeline.tables.durable import sync_folder
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import (
    LOCKS,
    UNPACKED,
    Access,
    current_number,
    manifest_path,
    require_lake,
    snapshot_numbers,
    snapshot_path,
    version_numbers,
)
from dicomlake.pipeline.tables.locks import (
    Live,
    Writer,
    commit_lock,
    is_alive,
    live_writers,
    owner,
    remove,
    sweep,
    temporaries,
)
from dicomlake.pipeline.tables.manifest import Manifest, read_manifest
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables.volumes import VOLUMES

What: TypeAlias = Literal[
    "version", "snapshot", "part", "volume", "preview", "unpacked", "staging", "temporary"
]

_HOUR_S: Final = 3600
_NS: Final = 1_000_000_000
_PART: Final = re.compile(r"[0-9a-f]{32}\.parquet")
_CLAIM: Final = re.compile(r"([0-9]{8,})\.claim")


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that was removed, or would be."""

    what: What
    name: str
    """Path relative to the lake."""
    bytes: int
    """Space that it took up; 0 for names of what stays, such as the links of a snapshot."""


@dataclass(frozen=True, slots=True)
class Vacuumed:
    """What a vacuum removed, and the versions that still can be read."""

    removed: tuple[Removal, ...]
    kept_versions: tuple[int, ...]


def vacuum(
    lake: Path, settings: Settings, *, keep_s: float | None = None, dry_run: bool = False
) -> Vacuumed:
    """Remove old versions of a lake, what none of the others names, and what dead runs left.

    Args:
        lake: its folder.
        settings: of the lake; the grace period is `lake.vacuum_grace_hours`.
        keep_s: another grace period, in seconds. With 0 all but the newest version goes: only
            where nobody reads.
        dry_run: say what would go; nothing is written.

    Returns:
        What went. While another run lives, the versions that it needs and all volumes stay; where
        one begins meanwhile, all but the leavings of dead runs stays.

    Raises:
        LakeNotFoundError: there is no lake.
        LakeFormatError: a version that stays cannot be read; nothing was removed.
        CorruptLakeError: a part that says which volumes stay is damaged; nothing was removed.
        UsageError: the grace period is negative.
        OSError: the folder cannot be written to.
    """
    lake = lake.resolve()
    require_lake(lake)
    grace_s = settings.lake.vacuum_grace_hours * _HOUR_S if keep_s is None else keep_s
    if grace_s < 0:
        raise UsageError("The grace period is negative.", "Keep 0 hours or more.")
    if dry_run:
        now_ns = time.time_ns()
        sight = _look(lake, "", now_ns, int(grace_s * _NS))
        removed = [*_leavings(sight), *(each.removal for each in _unneeded(sight))]
        return Vacuumed(tuple(removed), sight.kept)
    writer = Writer(lake, Access.of(settings.lake))
    try:
        return _vacuum(writer, int(grace_s * _NS))
    finally:
        writer.close()


def _vacuum(writer: Writer, grace_ns: int) -> Vacuumed:
    lake = writer.lake
    numbers = version_numbers(lake)
    writer.needs(numbers[-1] if numbers else 0)
    # The clock of the file system, which also gives what is written its time.
    now_ns = (lake / LOCKS / writer.id).stat().st_mtime_ns
    removed = _remove_leavings(_look(lake, writer.id, now_ns, grace_ns))
    with commit_lock(lake, writer.access):  # `current` stays where it is
        sight = _look(lake, writer.id, now_ns, grace_ns)
        aside = _Aside(writer)
        try:
            for each in _unneeded(sight):
                aside.put(each)
            reach("vacuum.look")
            now = _look(lake, writer.id, now_ns, grace_ns)
            alone = now.others.keys() <= sight.others.keys()
            if alone and _newest(now) == _newest(sight):
                removed += aside.remove()
        finally:
            aside.put_back()
    return Vacuumed(tuple(removed), tuple(version_numbers(lake)))


@dataclass(frozen=True, slots=True)
class _Sight:
    """A lake as it is found: what stays, and what is too young to go."""

    lake: Path
    own: str
    """Writer that vacuums; empty when nothing is to be written."""
    others: dict[str, Live]
    """Writers that run."""
    until_ns: int
    """What is younger than this stays."""
    gone: tuple[int, ...]
    """Versions that may go, the oldest first: never one without those before it."""
    kept: tuple[int, ...]


def _newest(sight: _Sight) -> int:
    return sight.kept[-1] if sight.kept else 0


def _look(lake: Path, own: str, now_ns: int, grace_ns: int) -> _Sight:
    others = live_writers(lake, own)
    until_ns = now_ns - grace_ns
    numbers = version_numbers(lake)
    needed = [each.needs for each in others.values()]
    shown = current_number(lake)
    least = min([*needed, *numbers[-1:], *([] if shown is None else [shown])], default=0)
    count = 0
    for number, following in pairwise(numbers):
        if number >= least or _mtime_ns(manifest_path(lake, following)) > until_ns:
            break
        count += 1
    return _Sight(lake, own, others, until_ns, tuple(numbers[:count]), tuple(numbers[count:]))


def _mtime_ns(path: Path) -> int:
    return path.lstat().st_mtime_ns


@dataclass(frozen=True, slots=True)
class _Candidate:
    path: Path
    removal: Removal
    mtime_ns: int
    """When it was last written or taken into use."""
    point: str


def _unneeded(sight: _Sight) -> Iterator[_Candidate]:
    """Yield what no version that stays needs, in the order in which it goes out of sight."""
    manifests = [read_manifest(sight.lake, number) for number in sight.kept]
    volumes = () if sight.others else tuple(_volumes(sight, manifests))
    unpacked = () if sight.others else tuple(_unpacked(sight, manifests))
    yield from _versions(sight)
    yield from _snapshots(sight)
    yield from _parts(sight, manifests)
    yield from volumes
    yield from unpacked


def _candidate(sight: _Sight, what: What, path: Path, point: str) -> _Candidate:
    size = _size(path, links=what != "snapshot")
    removal = Removal(what, path.relative_to(sight.lake).as_posix(), size)
    return _Candidate(path, removal, _mtime_ns(path), point)


def _size(path: Path, *, links: bool = True) -> int:
    """Return the bytes of a file or of all files below a folder; without those of hard links."""
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode):
        return sum(_size(each, links=links) for each in path.iterdir())
    return status.st_size if links or status.st_nlink == 1 else 0


def _paths(folder: Path) -> list[Path]:
    """Return what lies in a folder, by name; nothing where it was never made."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _versions(sight: _Sight) -> Iterator[_Candidate]:
    for number in sight.gone:
        yield _candidate(sight, "version", manifest_path(sight.lake, number), "vacuum.versions")
    newest = _newest(sight)
    for path in _paths(sight.lake / "versions"):
        match = _CLAIM.fullmatch(path.name)
        if match is None or not path.is_dir():
            continue
        number = int(match[1])
        orphan = not manifest_path(sight.lake, number).exists()
        if number in sight.gone or (
            orphan and number <= newest and _mtime_ns(path) <= sight.until_ns
        ):
            yield _candidate(sight, "temporary", path, "vacuum.versions")


def _snapshots(sight: _Sight) -> Iterator[_Candidate]:
    """Yield the snapshots of versions that go, and those that an earlier vacuum did not get to."""
    shown = current_number(sight.lake)
    for number in snapshot_numbers(sight.lake):
        path = snapshot_path(sight.lake, number)
        left = number < _newest(sight) and _mtime_ns(path) <= sight.until_ns
        if number in sight.gone or (left and number not in sight.kept and number != shown):
            yield _candidate(sight, "snapshot", path, "vacuum.snapshots")


def _parts(sight: _Sight, manifests: Iterable[Manifest]) -> Iterator[_Candidate]:
    """Yield the parts that no manifest names and that no live writer can have written or used."""
    named = {
        f"{part.id}.parquet"
        for manifest in manifests
        for parts in manifest.tables.values()
        for part in parts
    }
    until_ns = min([sight.until_ns, *(each.since_ns - 1 for each in sight.others.values())])
    for path in _paths(sight.lake / "data"):
        if not _PART.fullmatch(path.name) or path.name in named:
            continue
        if _mtime_ns(path) <= until_ns:
            yield _candidate(sight, "part", path, "vacuum.parts")


def _volumes(sight: _Sight, manifests: Sequence[Manifest]) -> Iterator[_Candidate]:
    """Yield the arrays and pictures that no manifest's rows of `volumes` name."""
    old = {}
    for path in _paths(sight.lake / "volumes"):
        is_group = path.suffix == ".zarr" and path.is_dir()
        if path.name.startswith(".") or not (is_group or path.suffix == ".png"):
            continue
        if _mtime_ns(path) <= sight.until_ns:
            old[path.relative_to(sight.lake).as_posix()] = path
    _keep_named(sight.lake, manifests, old)
    for path in old.values():
        what: What = "volume" if path.suffix == ".zarr" else "preview"
        yield _candidate(sight, what, path, "vacuum.volumes")


def _unpacked(sight: _Sight, manifests: Sequence[Manifest]) -> Iterator[_Candidate]:
    """Yield what was unpacked of archives and is no file of the newest version."""
    if not manifests or not (sight.lake / UNPACKED).is_dir():
        return
    for path in unneeded(Version(sight.lake, manifests[-1])):
        if _mtime_ns(path) <= sight.until_ns:
            yield _candidate(sight, "unpacked", path, "vacuum.volumes")


def _keep_named(lake: Path, manifests: Sequence[Manifest], old: dict[str, Path]) -> None:
    """Take out of what is old what some version names; the newest, which names most, goes first.

    A part is read only while something is left: it costs, and there are as many as versions.
    """
    newest_first = {
        part.id: part for each in reversed(manifests) for part in each.parts(VOLUMES.name)
    }
    for part in newest_first.values():
        if not old:
            return
        with PartReader(lake, VOLUMES, part) as reader:
            for batch in reader.batches(["path", "preview"]):
                for column in batch.columns:
                    for path in filter(None, column.to_pylist()):
                        old.pop(path, None)


@dataclass(slots=True)
class _Aside:
    """What has a temporary name: gone for everybody else, and not removed yet."""

    writer: Writer
    moved: deque[tuple[_Candidate, Path]] = field(default_factory=deque)

    def put(self, each: _Candidate) -> None:
        """Take a thing out of sight; in the order of the calls, durably where the kind changes."""
        if self.moved and self.moved[-1][0].path.parent != each.path.parent:
            # A manifest that came back after a power cut would name parts that are gone.
            sync_folder(self.moved[-1][0].path.parent)
        reach(each.point)
        name = self.writer.temporary(each.path.parent, each.path.suffix)
        each.path.rename(name)
        self.moved.append((each, name))

    def put_back(self) -> None:
        """Give everything its name again that has not been removed, manifests last."""
        while self.moved:
            each, name = self.moved.pop()
            if not each.path.exists():  # or somebody has written it anew
                name.rename(each.path)

    def remove(self) -> list[Removal]:
        """Remove all that was not used since it was chosen, manifests first; return what went."""
        removed = []
        used = []
        while self.moved:
            each, name = self.moved.popleft()
            if _mtime_ns(name) != each.mtime_ns:
                used.append((each, name))
                continue
            reach("vacuum.remove")
            remove(name)
            removed.append(each.removal)
        self.moved.extend(used)
        return removed


def _leavings(sight: _Sight) -> Iterator[Removal]:
    """Yield what dead runs left: their folders in staging, and files without their final name."""
    for path in _dead_staging(sight):
        yield Removal("staging", path.relative_to(sight.lake).as_posix(), _size(path))
    for path, writer in sorted(temporaries(sight.lake)):
        if not is_alive(sight.lake, writer):
            yield Removal("temporary", path.relative_to(sight.lake).as_posix(), _size(path))


def _dead_staging(sight: _Sight) -> Iterator[Path]:
    for path in _paths(sight.lake / "staging"):
        if path.name.startswith("."):
            continue
        writer = owner(path)
        if writer is not None:
            dead = not is_alive(sight.lake, writer)
        else:  # of nobody known: made this moment, or by code that did not say
            times = [_mtime_ns(path), *(_mtime_ns(each) for each in path.glob("*"))]
            dead = not sight.others and max(times) <= sight.until_ns
        if dead:
            yield path


def _remove_leavings(sight: _Sight) -> list[Removal]:
    removed = list(_leavings(sight))
    for each in removed:
        if each.what == "staging":
            reach("vacuum.staging")
            remove(sight.lake / each.name)
    sweep(sight.lake)
    return removed
