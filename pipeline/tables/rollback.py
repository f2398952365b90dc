"""Rolling back: a new version whose tables are those of an earlier one.

Nothing is taken away: the versions in between stay, and a rollback is rolled back in the same way.
"""

from collections.abc import Iterator
from pathlib import Path

from dicomlake.config.settings import Settings
from dicomlake.pipeline.errors import LakeNotFoundError, UsageError
from dicomlake.pipeline.tables.columnar import pc
from dicomlake.pipeline.tables.commit import Change, open_for_writing
from dicomlake.pipeline.tables.layout import part_path
from dicomlake.pipeline.tables.maintenance import MaintenanceRun
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.tables.volumes import VOLUMES

_FIX = "A clean-up (`vacuum`) took them. `dicomlake status` lists the versions; choose a later one."


def rollback(lake: Path, to: int, settings: Settings, run_id: str) -> Version | None:
    """Commit a version whose tables and sources are those of version `to`.

    Parts are taken over as they are, unless they are of an older schema. `runs` keeps its history
    and gets a row; `changes` gets the keys in which the tables differ from those of the newest
    version. The run is recorded in `runs.jsonl`.

    Args:
        lake: the lake.
        to: number of a version that still is there.
        settings: of the run.
        run_id: of the run.

    Returns:
        The new version; None when no row differs, and then nothing was written but the line.

    Raises:
        LakeNotFoundError: there is no lake, or no such version.
        UsageError: parts or volumes of that version are gone.
        CommitConflictError, LakeFormatError, OSError: as `LakeWriter.commit`.
    """
    run = MaintenanceRun("rollback", run_id)
    if to < 1:
        raise LakeNotFoundError(
            f"The lake has no version {to}.", "`dicomlake status` lists the versions."
        )
    open_version(lake, to)  # a typing error makes no lake
    with open_for_writing(lake, settings) as writer:
        writer.writer.needs(to)  # before it is read, so that no clean-up takes what it names
        target = open_version(lake, to)

        def build(_: Version) -> Change:
            _require_whole(target)
            return Change({}, restored=target.manifest)

        return run.commit(writer, build)


def _require_whole(version: Version) -> None:
    """Return if everything that a version names is still there."""
    missing = sum(
        not part_path(version.lake, part.id).exists()
        for parts in version.manifest.tables.values()
        for part in parts
    )
    if missing:
        raise UsageError(f"{missing} parts of version {version.number} are gone.", _FIX)
    missing = sum(not (version.lake / path).exists() for path in _named_files(version))
    if missing:
        raise UsageError(f"{missing} files of volumes of version {version.number} are gone.", _FIX)


def _named_files(version: Version) -> Iterator[str]:
    """Yield the paths, relative to the lake, of the arrays and previews that a version names."""
    for batch in version.batches(VOLUMES.name, ["path", "preview"]):
        for column in batch.columns:
            yield from pc.drop_null(column).to_pylist()
