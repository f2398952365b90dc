"""Committing: the one place that changes what a lake holds.

The steps, and what a crash at each leaves, stand in docs/commit.md. A version exists exactly when
its manifest has its name in `versions/`; everything after that can be repaired.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, Self, TypeAlias

from dicomlake import __version__
from dicomlake.config.settings import Settings
from dicomlake.pipeline.errors import (
    CommitConflictError,
    CorruptLakeError,
    LakeFormatError,
)
from dicomlake.pipeline.tables.change import Change, is_loose, recorded, row_changes
from dicomlake.pipeline.tables.durable import sync_folder, write_synced
from dicomlake.pipeline.tables.layout import (
    FOLDERS,
    LAKE_TOML,
    LOCKS,
    Access,
    is_free,
    lake_toml,
    manifest_path,
    part_path,
    require_lake,
    require_profile,
    require_utf8,
    stored_root,
    version_numbers,
)
from dicomlake.pipeline.tables.locks import Writer, commit_lock, remove, sweep
from dicomlake.pipeline.tables.manifest import Manifest, Part, no_version, read_manifest
from dicomlake.pipeline.tables.merge import RowChange, TableDelta
from dicomlake.pipeline.tables.part_jobs import PartJob, PartsWritten, in_files, write_parts
from dicomlake.pipeline.tables.parts import sync_data
from dicomlake.pipeline.tables.rewrite import plan_rewrite
from dicomlake.pipeline.tables.runs_log import append_run, missing_runs
from dicomlake.pipeline.tables.snapshot import is_published, publish, remove_orphans
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.tables.version_claims import publish_manifest
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables.changes import CHANGES

__all__ = ["Change", "LakeWriter", "MapParts", "TableDelta", "open_for_writing"]

MapParts: TypeAlias = Callable[
    [Callable[[PartJob], PartsWritten], Sequence[PartJob]], Iterable[PartsWritten]
]
"""Does jobs in other processes, from the call on; the results come in any order."""

WORTH_SENDING_S: Final = 0.03
"""Estimated work from which a job pays for its way to a worker, in seconds of one core."""

_log = logging.getLogger(__name__)


class LakeWriter:
    """A lake opened for writing. Several may be open at once, also on several hosts."""

    def __init__(self, lake: Path, settings: Settings) -> None:
        self.lake = lake
        self.settings = settings
        self.access = Access.of(settings.lake)
        self._found = _times(lake)
        self.writer = Writer(lake, self.access)
        self.base = newest(lake)
        self._staged: set[str] = set()
        self._committed: dict[str, int] = {}
        self._recorded: set[str] = set()
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._failed = self._failed or kind is not None
        self.close()

    def staging(self, run_id: str) -> Path:
        """Return the folder for the work of a run that is not committed, made if missing."""
        folder = self.lake / "staging" / run_id
        self.access.make_folder(folder)
        self.writer.own(folder)
        self._staged.add(run_id)
        self._hold_base()
        return folder

    def _hold_base(self) -> None:
        """Keep clean-ups from what this writer reads; again where one came in between."""
        while True:
            self.writer.needs(self.base.number)
            if not self.base.number or manifest_path(self.lake, self.base.number).exists():
                return
            self.base = newest(self.lake)

    def commit(
        self,
        run_id: str,
        build: Callable[[Version], Change],
        map_parts: MapParts | None = None,
    ) -> Version | None:
        """Commit a change as one new version of all tables.

        Args:
            run_id: of the run; stands in the manifest.
            build: returns the change against the version it is given. Called again with a newer
                one when another run commits first.
            map_parts: has workers write parts where that pays; all are written by this process
                when not given. The parts are the same.

        Returns:
            The new version; None when nothing but `runs` would change, and then nothing was
            written. Where the version stands but could not be shown under `current` (a full
            disk), a warning is logged; the next opening for writing repairs that.

        Raises:
            BlockedByRuleError: rows break a rule of the schema.
            CommitConflictError: other runs won every attempt.
            CorruptLakeError: a part of the newest version is missing or damaged.
            LakeFormatError: the newest version cannot be read by this code.
            OSError: the disk failed before the version was committed.
        """
        try:
            version = self._commit(run_id, build, map_parts)
        except BaseException:
            self._failed = True
            raise
        return version

    def _commit(
        self, run_id: str, build: Callable[[Version], Change], map_parts: MapParts | None
    ) -> Version | None:
        for _ in range(self.settings.lake.commit_attempts):
            base = newest(self.lake)
            self.base = base
            check_parts(self.lake, base.manifest)
            change = build(base)
            changes = row_changes(base, change)
            number = base.number + 1
            differs, rows = recorded(
                base,
                change,
                changes,
                run_id=run_id,
                settings=self.settings.tables,
                folder=lambda: self.staging(run_id),
            )
            named = {name: stored_root(self.lake, each) for name, each in change.sources.items()}
            sources = {**(change.restored or base.manifest).sources, **named}
            outdated = base.number > 0 and base.manifest.schema_version < SCHEMA_VERSION
            loose = change.compact and is_loose(base, self.settings.tables)
            if not (differs or outdated or loose) and sources == base.manifest.sources:
                return None
            changes[CHANGES.name] = replace(changes[CHANGES.name], inserted=rows)
            tables = self._write(run_id, changes, map_parts, compact=change.compact)
            manifest = Manifest(
                version=number,
                parent=base.number,
                run_id=run_id,
                writer=self.writer.id,
                created_at=now_text(),
                pipeline_version=__version__,
                schema_version=SCHEMA_VERSION,
                sources=sources,
                tables=tables,
            )
            if publish_manifest(self.writer, manifest):
                self._committed[run_id] = manifest.version
                self._show(manifest)
                self.base = Version(self.lake, manifest)
                return self.base
        raise CommitConflictError(
            f"Other runs committed first, {self.settings.lake.commit_attempts} times in a row.",
            "Nothing of this run was committed; start it again when the others are done.",
        )

    def _write(
        self,
        run_id: str,
        changes: Mapping[str, RowChange],
        map_parts: MapParts | None,
        *,
        compact: bool,
    ) -> dict[str, tuple[Part, ...]]:
        """Write all parts of the version (step 1) and return those of each table."""
        numbers = count()
        planned = {
            name: plan_rewrite(change, self.settings.tables, numbers, compact=compact)
            for name, change in changes.items()
        }
        jobs = [job for each in planned.values() for job in each.jobs]
        done = {each.number: each.parts for each in self._do(run_id, jobs, map_parts)}
        tables = {name: each.parts(done) for name, each in planned.items()}
        sync_data(self.lake)
        return tables

    def _do(
        self, run_id: str, jobs: Sequence[PartJob], map_parts: MapParts | None
    ) -> Iterator[PartsWritten]:
        """Yield what becomes of each job, large ones done by workers if there are any."""
        large = [job for job in jobs if job.cost_s >= WORTH_SENDING_S]
        sending = large if map_parts is not None and len(large) > 1 else []
        stored = [job for job in jobs if job.from_file]
        folder = self.lake / "staging" / run_id / "parts"
        try:
            if sending or stored:
                self.staging(run_id)
                self.access.make_folder(folder)
                in_file = {job.number: job for job in in_files([*sending, *stored], folder)}
                jobs = [in_file.get(job.number, job) for job in jobs]
            sent = {job.number for job in sending}
            elsewhere: Iterable[PartsWritten] = ()
            if map_parts is not None and sent:
                write = partial(
                    write_parts, names=self.writer.delegate(), settings=self.settings.tables
                )
                # The longest first, so that none is left over at the end.
                queue = sorted((job for job in jobs if job.number in sent), key=_by_cost)
                elsewhere = map_parts(write, queue)
            for job in jobs:
                if job.number not in sent:
                    yield write_parts(job, self.writer, self.settings.tables)
            yield from elsewhere
        finally:
            remove(folder)

    def _show(self, manifest: Manifest) -> None:
        try:
            publish(self.writer, manifest)
        except OSError as error:
            _log.warning(
                "version %d is committed, but its snapshot could not be made (%s); the next "
                "opening for writing repairs it",
                manifest.version,
                os.strerror(error.errno or 0),
            )

    def record_run(self, line: Mapping[str, object]) -> None:
        """Append the line of a run to `runs.jsonl`; it must hold `run_id`.

        Raises:
            OSError: the disk failed; what was committed stays.
        """
        append_run(self.lake, line, self.access)
        self._recorded.add(str(line["run_id"]))

    def close(self) -> None:
        """Close: remove own temporaries, and the staging of runs that committed or had nothing to.

        A run that committed and was never recorded gets its line in `runs.jsonl`. One that changed
        nothing leaves the folders that it worked in with the times it found: copies of a lake are
        made by them.
        """
        unchanged = not self._committed and not self._failed
        try:
            for run_id, number in self._committed.items():
                if run_id not in self._recorded:
                    self.record_run(committed_line(run_id, number))
            if not self._failed:
                for run_id in self._staged:
                    remove(self.lake / "staging" / run_id)
                self._staged.clear()
        finally:
            self._committed.clear()
            self.writer.close()
            if unchanged:
                for folder, ns in self._found.items():
                    with contextlib.suppress(OSError):  # another account's: it keeps its own
                        os.utime(folder, ns=(folder.stat().st_atime_ns, ns))


def _times(lake: Path) -> dict[Path, int]:
    """Return when the folders that every run works in were last written to, in nanoseconds."""
    folders = [lake / name for name in ("staging", LOCKS)]
    return {folder: folder.stat().st_mtime_ns for folder in folders if folder.is_dir()}


def _by_cost(job: PartJob) -> float:
    return -job.cost_s


def newest(lake: Path) -> Version:
    """Return the newest committed version, version 0 where there is none.

    Raises:
        LakeFormatError: its manifest cannot be read by this code.
    """
    numbers = version_numbers(lake)
    return Version(lake, read_manifest(lake, numbers[-1]) if numbers else no_version())


def check_parts(lake: Path, manifest: Manifest) -> None:
    """Return if every part of a version is there in its full size.

    Raises:
        CorruptLakeError: naming the first that is not.
    """
    for table, parts in manifest.tables.items():
        for part in parts:
            try:
                size = part_path(lake, part.id).stat().st_size
            except FileNotFoundError:
                size = -1
            if size != part.bytes:
                what = "is missing" if size < 0 else f"has {size} bytes instead of {part.bytes}"
                raise CorruptLakeError(
                    f"Part {part.id} of table {table} {what}; writing on top would hide the loss.",
                    "`dicomlake verify` names what is damaged; restore it from a backup.",
                )


def open_for_writing(lake: Path, settings: Settings) -> LakeWriter:
    """Open a lake for writing; make it if there is none, repair what a crash left.

    A healthy lake is not written to by this. Repaired are: temporaries of writers that died, the
    snapshot of the newest version, `current`, a missing line of `runs.jsonl`.

    Raises:
        LakeFormatError: the folder holds other files, the newest version cannot be read by this
            code, the lake has another privacy profile, or the path is not UTF-8.
        OSError: the folder cannot be written to.
    """
    lake = lake.resolve()
    require_utf8(lake)
    access = Access.of(settings.lake)
    if not (lake / LAKE_TOML).exists():
        _create(lake, access)
    require_lake(lake)
    require_profile(lake)
    for name in FOLDERS:
        access.make_folder(lake / name)
    opened = LakeWriter(lake, settings)
    try:
        _repair(opened)
    except BaseException:
        opened.writer.close()
        raise
    return opened


def _create(lake: Path, access: Access) -> None:
    if not is_free(lake):
        raise LakeFormatError(
            f"{lake} is no lake, and holds other files.", "Name a new or an empty folder."
        )
    access.make_folder(lake)
    writer = Writer(lake, access)
    temporary = writer.temporary(lake, ".toml")
    try:
        write_synced(temporary, lake_toml(), access)
        temporary.rename(lake / LAKE_TOML)
        sync_folder(lake)
    finally:
        writer.close()


def _repair(opened: LakeWriter) -> None:
    lake, access = opened.lake, opened.access
    sweep(lake)
    manifest = opened.base.manifest
    if manifest.version and not is_published(lake, manifest):
        publish(opened.writer, manifest)
    remove_orphans(lake, access)
    if missing_runs(lake):
        with commit_lock(lake, access):  # two that repair at once add one line
            for each in missing_runs(lake):
                append_run(lake, committed_line(each.run_id, each.version), access)


def committed_line(run_id: str, number: int) -> dict[str, object]:
    """Return the line of `runs.jsonl` for a run known only by the version it committed."""
    return {"run_id": run_id, "outcome": "committed", "version": number, "repaired": True}


def now_text() -> str:
    """Return the present time, UTC, for people; nothing is ever ordered by it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
