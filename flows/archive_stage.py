"""The stage that unpacks archives and plans the reading of what was in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from dicomlake.flows.engine import Engine
from dicomlake.flows.kills import once_more
from dicomlake.flows.run import Run
from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.tables.commit import LakeWriter
from dicomlake.pipeline.tables.companions import (
    Keys,
    Sighted,
    companion_of,
    findings,
    keys_of,
    remove_unneeded,
)
from dicomlake.pipeline.tables.ingest import IngestPlan
from dicomlake.pipeline.tables.layout import UNPACKED
from dicomlake.pipeline.tables.unpacking import Unpacked, UnpackJob, given_up, noted, unpack

_BYTES_PER_S: Final = 100e6
"""Bytes of an archive that one core unpacks and writes in a second."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A source of what was in the archives of another."""

    of: Source
    source: Source
    keys: Keys


@dataclass(frozen=True, slots=True)
class Archives:
    """What a run knows of archives when it has unpacked them."""

    companions: tuple[Companion, ...] = ()
    findings: pa.Table | None = None
    """None where the run has not looked into archives."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Return the companions as sources."""
        return tuple(each.source for each in self.companions)

    @property
    def within(self) -> dict[str, frozenset[str]]:
        """Return the folders of each that are seen."""
        return {each.source.name: each.keys.kept for each in self.companions}


def unpack_archives(
    run: Run,
    writer: LakeWriter,
    engine: Engine,
    plan: IngestPlan,
    met: Mapping[str, Sighted],
) -> Archives:
    """Unpack the archives that a run has met, but for those that are unpacked already.

    Args:
        run: the run.
        writer: of the lake.
        engine: where archives are unpacked.
        plan: of the sources, whose files have been read.
        met: what was met of archives, by source.
    """
    jobs = [job for each in plan.sources for job in _jobs(run, writer, each.source, met)]
    ends = {each.archive.file_id: each for each in _unpacked(run, engine, jobs)}
    companions = []
    for each in plan.sources:
        companion = companion_of(each.source, writer.lake, plan.base.sources)
        own = met.get(each.source.name, Sighted())
        keys = keys_of(plan.base, companion, each, own, ends)
        if keys.kept or keys.gone:
            writer.access.make_folder(Path(companion.root))
            companions.append(Companion(each.source, companion, keys))
    return Archives(tuple(companions), findings(ends.values(), run.lineage))


def _jobs(
    run: Run, writer: LakeWriter, source: Source, met: Mapping[str, Sighted]
) -> Iterable[UnpackJob]:
    if source.name not in met or not met[source.name].archives:
        return
    companion_of(source, writer.lake, writer.base.sources)  # refused before anything is written
    writer.access.make_folder(writer.lake / UNPACKED)
    settings = run.settings
    names = writer.writer.delegate()
    for archive in met[source.name].archives.values():
        yield UnpackJob(
            source.name,
            source.root,
            archive,
            settings.archives,
            settings.discovery.follow_symlinks,
            names,
        )


def _unpacked(run: Run, engine: Engine, jobs: list[UnpackJob]) -> list[Unpacked]:
    """Return what came of every archive."""
    known = [(job, noted(job)) for job in jobs]
    found = [end for _, end in known if end is not None]
    fresh = [job for job, end in known if end is None]
    if jobs:
        run.reporter.info(f"{len(jobs):,} archives, {len(fresh):,} of them to be unpacked")
    if not fresh:
        return found
    size = sum(job.archive.size for job in fresh)
    with run.reporter.progress("archives", len(fresh), size, "archives") as progress:
        for end in engine.map(
            unpack,
            fresh,
            cost_s=size / _BYTES_PER_S,
            name=_name,
            on_killed=once_more(given_up),
        ):
            found.append(end)
            progress.advance(1, end.archive.size)
    return found


def remove_left(run: Run, writer: LakeWriter, archives: Archives) -> None:
    """Remove what was unpacked of archives whose members have left the tables."""
    version = run.version
    removed = sum(
        remove_unneeded(version, each.of.name, each.keys.gone, writer.writer)
        for each in archives.companions
        if version is not None and each.keys.gone
    )
    if removed:
        run.reporter.info(f"{removed:,} unpacked archives removed that are gone or changed")


def joined(read: IngestPlan, more: IngestPlan) -> IngestPlan:
    """Return one plan of the sources and their companions.

    Args:
        read: of the sources, whose batches stand in staging.
        more: of the companions, its batches numbered after those.
    """
    done = (replace(each, batches=()) for each in read.sources)
    return replace(more, sources=(*done, *more.sources))


def _name(job: UnpackJob) -> str:
    return f"File {job.archive.file_id}"
