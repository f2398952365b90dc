"""`dicomlake status`: what a lake holds, what it went through, and what it takes up."""

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import pyarrow as pa

import dicomlake
from dicomlake.flows import printing
from dicomlake.flows.meters import readable_size, readable_time
from dicomlake.pipeline.errors import DicomLakeError
from dicomlake.pipeline.tables.arrow_files import map_rows
from dicomlake.pipeline.tables.kept_versions import KeptVersion, kept_versions
from dicomlake.pipeline.tables.layout import version_numbers
from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out
from dicomlake.pipeline.tables.locks import is_alive, owner
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.evolution import reread_before
from dicomlake.schemas.tables.files import FILES

_BLOCK: Final = 512
_READING: Final = ("run", "ingest")
"""Commands that read files."""
_S_A_DAY: Final = 86_400
_FOLDERS: Final = ("data", "volumes", "versions", "snapshots", "staging", "reports")
_TO_RUN: Final = ("run_id", "command", "base_version", "committed_at", "pipeline_version",
                  "settings_sha256")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of a lake's history is shown."""

    runs: int = 5
    versions: int | None = None
    """All where None; a terminal shows `VERSIONS_SHOWN`."""
    paths: bool = False
    """Name the path of a file; it may tell whose it is."""


VERSIONS_SHOWN: Final = 5


def status(lake: Path, shown: Shown, *, as_json: bool) -> None:
    """Print the state of a lake.

    Raises:
        LakeNotFoundError: there is no lake.
        LakeFormatError: it cannot be read by this code.
    """
    base = open_version(lake)
    if shown.versions is None and not as_json:
        shown = Shown(shown.runs, VERSIONS_SHOWN, shown.paths)
    document = _document(lake, base, shown)
    if as_json:
        click.echo(json.dumps(printing.json_value(document), indent=2, ensure_ascii=False))
    else:
        _print(document)


def _document(lake: Path, base: Version, shown: Shown) -> dict[str, Any]:
    """Return all that is told, by the names that JSON has."""
    lines = read_runs(lake)
    return {
        "lake": str(lake),
        "version": base.number,
        "committed_at": base.manifest.created_at,
        "schema_version": base.manifest.schema_version,
        "sources": dict(base.sources),
        "tables": {name: base.rows(name) for name in base.manifest.tables},
        "files": _file_counts(base),
        "oldest_deferred": _oldest_deferred(base, paths=shown.paths),
        "instances_of_other_code": _written_by_others(base),
        "files_of_other_code_or_settings": _read_otherwise(base),
        "files_to_read_again_for_schema": _outdated(base),
        "runs": lines[-shown.runs :] if shown.runs else [],
        "runs_recorded": len(lines),
        "versions": [
            asdict(each) for each in itertools.islice(kept_versions(lake), shown.versions)
        ],
        "versions_kept": len(version_numbers(lake)),
        "unfinished_runs": [asdict(each) for each in _unfinished(lake)],
        "disk_bytes": disk_use(lake),
        "vacuum_would_free_bytes": _to_free(lake),
    }


def _print(document: Mapping[str, Any]) -> None:
    console = printing.screen()
    click.echo(
        f"{document['lake']}: version {document['version']}, committed {document['committed_at']}"
        if document["version"]
        else f"{document['lake']}: nothing was committed yet"
    )
    for name, root in document["sources"].items():
        click.echo(f"source {name}: {root}")
    printing.print_rows(console, document["files"], "Files", names=("status", "reason", "files"))
    tables = [{"table": name, "rows": count} for name, count in document["tables"].items()]
    printing.print_rows(console, tables, "Tables")
    printing.print_lines(console, [_run_row(line) for line in document["runs"]], "Last runs")
    click.echo()
    versions = [_version_row(KeptVersion(**each)) for each in document["versions"]]
    kept = document["versions_kept"]
    title = "Versions" if kept == len(versions) else f"Versions, the newest of {kept:,} kept"
    printing.print_lines(console, versions, title)
    click.echo()
    for line in _remarks(document):
        click.echo(line)


def _remarks(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each thing that somebody may have to do something about, and disk use."""
    oldest = document["oldest_deferred"]
    if oldest:
        where = f", {oldest['path']}" if "path" in oldest else " (-v: which)"
        yield (
            f"deferred longest: a file of source {oldest['source']}{where}, {oldest['reason']}, "
            f"for {_age(oldest['age_s'])}"
        )
    for run in document["unfinished_runs"]:
        yield (
            f"run {run['run_id']} did not end: {run['files']:,} files that the next run on their "
            f"sources need not read again, {readable_size(run['bytes'])}"
        )
    used = ", ".join(
        f"{name} {readable_size(size)}" for name, size in document["disk_bytes"].items()
    )
    yield f"disk: {used}"
    if document["vacuum_would_free_bytes"]:
        yield (
            f"`dicomlake vacuum` would free {readable_size(document['vacuum_would_free_bytes'])}"
            "; --dry-run lists what"
        )
    if document["instances_of_other_code"]:
        yield (
            f"{document['instances_of_other_code']:,} instances were read by another version of "
            f"dicomlake than {dicomlake.__version__}"
        )
    if document["files_of_other_code_or_settings"]:
        yield (
            f"{document['files_of_other_code_or_settings']:,} files were read by another version "
            "or with other settings than the last run had; --reprocess reads all files again"
        )
    if document["files_to_read_again_for_schema"]:
        yield (
            f"{document['files_to_read_again_for_schema']:,} files were read with an older schema; "
            "the next run on their sources reads them again"
        )


def _age(seconds: float) -> str:
    days = int(seconds // _S_A_DAY)
    return readable_time(seconds) if not days else f"{days:,} day{'s' if days > 1 else ''}"


def disk_use(lake: Path) -> dict[str, int]:
    """Return bytes on disk of each part of a lake; a file with several links counts once."""
    seen: set[tuple[int, int]] = set()
    return {name: _bytes_below(lake / name, seen) for name in _FOLDERS}


def _bytes_below(folder: Path, seen: set[tuple[int, int]]) -> int:
    total = 0
    for entry in _files_below(folder):
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # taken away meanwhile
            continue
        if found.st_nlink > 1:  # only these can be met again
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
        total += found.st_blocks * _BLOCK
    return total


def _files_below(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(folder)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except FileNotFoundError:  # not there, or taken away by a run that just ended
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                yield entry


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What a run left in staging that did not end."""

    run_id: str
    files: int
    """Files in whole batches; a run of the same code and settings need not read them again."""
    bytes: int
    """On disk."""


def _unfinished(lake: Path) -> Iterator[Unfinished]:
    """Yield the runs whose folder in staging is left, though nobody works on it any more."""
    try:
        with os.scandir(lake / "staging") as found:
            folders = sorted(Path(entry.path) for entry in found if entry.is_dir())
    except FileNotFoundError:
        return
    for folder in folders:
        writer = owner(folder)
        if folder.name.startswith(".") or writer is None or is_alive(lake, writer):
            continue
        yield Unfinished(folder.name, _staged_files(folder), _bytes_below(folder, set()))


def _staged_files(folder: Path) -> int:
    """Return how many files the whole batches below a run's folder hold rows of."""
    count = 0
    for path in folder.glob("*/*/files.arrow"):
        if not path.parent.name.startswith("."):
            try:
                count += map_rows(path, FILES.schema()).num_rows
            except (OSError, pa.ArrowInvalid):  # being taken up, or cut short
                continue
    return count


def _to_free(lake: Path) -> int | None:
    """Return how many bytes a clean-up with the default grace would free; None: not known."""
    from dicomlake.flows.request import settings_or_error  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.tables.vacuum import vacuum  # noqa: PLC0415  (slow import)

    try:
        found = vacuum(lake, settings_or_error(None, None, {}), dry_run=True)
    except (DicomLakeError, OSError):  # no right to look, or settings that are wrong: no matter
        return None
    return sum(each.bytes for each in found.removed)


def _file_counts(base: Version) -> list[printing.Row]:
    counts = _count(base, "files", ["status", "reason"])
    return [
        {"status": status, "reason": reason or "", "files": count}
        for (status, reason), count in sorted(counts.items(), key=lambda each: str(each[0]))
    ]


def _oldest_deferred(base: Version, *, paths: bool) -> dict[str, Any] | None:
    """Return the file that has waited longest, and for how long; None where none waits.

    It waits since the run that last changed its row; where that is not known, since it was written.
    """
    committed = {row["run_id"]: row["committed_at"] for row in _run_rows(base)}
    names = ["status", "source", "path", "reason", "mtime_ns", "last_changed_run"]
    waiting: list[tuple[datetime, dict[str, Any]]] = []
    for batch in base.batches("files", names):
        statuses = batch.column("status").dictionary_encode()
        if "deferred" not in statuses.dictionary.to_pylist():
            continue
        places = np.flatnonzero(_equal(statuses, "deferred")).tolist()
        rows = [batch.slice(place, 1).to_pylist()[0] for place in places]
        waiting += [(_waits_since(row, committed), row) for row in rows]
        waiting = [min(waiting, key=lambda each: (each[0], each[1]["source"], each[1]["path"]))]
    if not waiting:
        return None
    since, row = waiting[0]
    age = max(0.0, (datetime.now(UTC) - since).total_seconds())
    told = {"source": row["source"], "reason": row["reason"], "since": since.isoformat()}
    return told | {"age_s": round(age)} | ({"path": row["path"]} if paths else {})


def _equal(texts: Any, wanted: str) -> Any:
    """Return which of dictionary-encoded texts are `wanted`."""
    return np.asarray(texts.indices) == texts.dictionary.to_pylist().index(wanted)


def _waits_since(row: Mapping[str, Any], committed: Mapping[str, datetime]) -> datetime:
    known = committed.get(row["last_changed_run"])
    if known is not None:
        return known
    return datetime.fromtimestamp((row["mtime_ns"] or 0) / 1e9, UTC)


def _written_by_others(base: Version) -> int:
    """Return how many instances were read by another version of this code."""
    counts = _count(base, "instances", ["pipeline_version"])
    return sum(count for (own,), count in counts.items() if own != dicomlake.__version__)


def _read_otherwise(base: Version) -> int:
    """Return how many files have a row of other code, or of other settings than the last ingest.

    Settings are known by their digest, of all that shape results; those of the last committed run
    that read files count, for `status` has none.
    """
    runs = [row for row in _run_rows(base) if row["command"] in _READING]
    if not runs:
        return 0
    last = max(runs, key=lambda row: (row["base_version"] or 0, row["committed_at"]))
    current = {
        row["run_id"]
        for row in runs
        if row["pipeline_version"] == dicomlake.__version__
        and row["settings_sha256"] == last["settings_sha256"]
    }
    counts = _count(base, "files", ["run_id", "status"])
    return sum(
        count
        for (run_id, state), count in counts.items()
        if run_id not in current and state != "deleted"
    )


def _run_rows(base: Version) -> list[dict[str, Any]]:
    return [row for batch in base.batches("runs", _TO_RUN) for row in batch.to_pylist()]


def _outdated(base: Version) -> int:
    """Return how many files the next run on their sources reads again because of the schema."""
    count = 0
    for batch in base.batches("files", ["status", "schema_version"]):
        older = np.asarray(batch.column("schema_version")) < reread_before()
        if older.any():
            from dicomlake.pipeline.tables.settle import CLAIM_STATUSES  # noqa: PLC0415  (slow)

            statuses = batch.column("status").to_pylist()
            count += sum(statuses[row] in CLAIM_STATUSES for row in np.flatnonzero(older))
    return count


def _count(base: Version, table: str, columns: list[str]) -> Counter[tuple[str | None, ...]]:
    """Count the rows of a table by the values of text columns, a batch at a time."""
    keep_pandas_out()
    counts: Counter[tuple[str | None, ...]] = Counter()
    for batch in base.batches(table, columns):
        # Not `group_by`: it imports pyarrow.dataset, 0.1 s of CPU.
        keys = [column.dictionary_encode(null_encoding="encode") for column in batch.columns]
        texts = [key.dictionary.to_pylist() for key in keys]
        codes = np.stack([key.indices.to_numpy() for key in keys])
        groups, sizes = np.unique(codes, axis=1, return_counts=True)
        for group, size in zip(groups.T.tolist(), sizes.tolist(), strict=True):
            counts[tuple(text[code] for text, code in zip(texts, group, strict=True))] += size
    return counts


def _run_row(line: Mapping[str, Any]) -> printing.Row:
    files, volumes, dose = (line.get(name) for name in ("files", "volumes", "dose"))
    seconds = line.get("duration_s")
    return {
        "run": str(line.get("run_id", "")),
        "command": str(line.get("command", "")),
        "outcome": str(line.get("outcome", "")),
        "version": line.get("version_after", line.get("version")),
        "read": f"{files['read']} of {files['seen']}" if isinstance(files, dict) else "",
        "volumes": volumes.get("accepted") if isinstance(volumes, dict) else None,
        "exams": dose.get("exams") if isinstance(dose, dict) else None,
        "time": readable_time(seconds) if isinstance(seconds, float | int) else "",
    }


def _version_row(kept: KeptVersion) -> printing.Row:
    return {
        "version": kept.number,
        "committed": kept.committed_at if kept.readable else "manifest cannot be read",
        "run": kept.run_id,
        "parts": kept.parts if kept.readable else None,
        "size": readable_size(kept.bytes) if kept.readable else "",
    }
