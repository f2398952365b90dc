"""The commands that look and write nothing in the lake: plan, status, verify; and export."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np

import dicomlake
from dicomlake.flows import printing
from dicomlake.flows.meters import readable_size, readable_time
from dicomlake.pipeline.errors import LakeNotFoundError
from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out
from dicomlake.pipeline.tables.manifest import no_version
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.evolution import reread_before

if TYPE_CHECKING:
    from dicomlake.config.settings import VolumeSettings
    from dicomlake.flows.request import RunRequest
    from dicomlake.pipeline.series.outcome import Rejection, Stack
    from dicomlake.pipeline.series.slices import SeriesRows, Slice

Row = printing.Row

DAMAGED: Final = 1
FINDINGS_SHOWN: Final = 50
_UID_SHOWN: Final = 16
"""Characters of a UID's end that a terminal shows; --json gives all."""
_BLOCK: Final = 512
_READING: Final = ("run", "ingest")
"""Commands that read files."""


def plan_sources(request: "RunRequest", *, as_json: bool) -> None:
    """Print what a run on the sources of a request would do.

    Raises:
        SourceError: a source is not usable.
    """
    from dicomlake.pipeline.discovery.sources import resolve_sources  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.tables.worklist import plan_ingest  # noqa: PLC0415  (slow import)

    request.require_one_choice()
    base = _version_or_none(request.lake)
    sources = resolve_sources(request.sources, base.sources, request.lake)
    with tempfile.TemporaryDirectory(prefix="dicomlake-plan-") as staging:
        plan = plan_ingest(
            base,
            sources,
            request.settings(),
            Path(staging),
            allow_deletes=request.allow_deletes,
            only_failed=request.only_failed,
            reprocess=request.reprocess,
        )
    rows: list[Row] = [
        {
            "source": each.source.name,
            "seen": each.seen,
            "to read": each.to_read,
            "for new schema": each.outdated,
            "size": readable_size(each.bytes_to_read),
            "unchanged": each.unchanged,
            "refused": sum(each.refused.values()),
            "gone": each.vanished,
            "withheld": each.withheld,
        }
        for each in plan.sources
    ]
    _show("What a run would do", rows, as_json=as_json)


def plan_series(request: "RunRequest", *, as_json: bool) -> None:
    """Print the verdict of every series in the lake, from its rows alone: no file is opened."""
    from dicomlake.pipeline.series.committed import all_series, series_rows  # noqa: PLC0415  (slow import)

    base = open_version(request.lake)
    settings = request.settings().volumes
    rows = [
        {**row, "study_instance_uid": key.study_instance_uid,
         "series_instance_uid": key.series_instance_uid}
        for key, each in series_rows(base, all_series(base))
        for row in _verdict_rows(each, settings)
    ]  # fmt: skip
    _show("Verdict of every series", rows if as_json else _for_screen(rows), as_json=as_json)


def _verdict_rows(rows: "SeriesRows", settings: "VolumeSettings") -> list[Row]:
    """Return what becomes of a series, a row a group; the first says what is set aside.

    Every file and frame is counted once: in the slices of a group, or in `set_aside`.
    """
    from dicomlake.pipeline.series.verdict import UNDECIDED, judge  # noqa: PLC0415  (slow import)

    verdict = judge(rows, settings)
    found: list[dict[str, object]] = [
        _group_row("accepted", None, stack.slices, stack=stack) for stack in verdict.stacks
    ]
    found += [
        _group_row("rejected", each.reason, each.slices, rejection=each)
        for each in verdict.rejections
    ]
    found += [_group_row("undecided", UNDECIDED, group) for group in verdict.undecided]
    found = found or [_group_row("no image", "nothing here can be a slice", ())]
    aside = Counter(f"{each.role} {each.reason}" for each in verdict.set_aside)
    found[0]["set_aside"] = dict(sorted(aside.items()))
    return list(found)


def _group_row(
    verdict: str,
    reason: str | None,
    slices: "Sequence[Slice]",
    *,
    stack: "Stack | None" = None,
    rejection: "Rejection | None" = None,
) -> dict[str, object]:
    """Return the row of a group: `slices` counts its frames, `files` the files they are in."""
    channel = stack or rejection
    detail = stack.facts if stack else rejection.detail if rejection else {}
    return {
        "verdict": verdict,
        "reason": reason,
        "channel_key": channel.channel_key if channel else None,
        "channel_value": channel.channel_value if channel else None,
        "shape": list(stack.shape) if stack else None,
        "slices": len(slices),
        "files": len({each.file_id for each in slices}),
        "flags": list(stack.flags) if stack else [],
        "detail": dict(detail),
        "set_aside": {},
    }


def _for_screen(rows: Sequence[Row]) -> list[Row]:
    """Return rows that fit a terminal: a line for what is set aside, UIDs by their ends."""
    return [line for row in rows for line in _lines_of(row)]


def _lines_of(row: Row) -> Iterator[Row]:
    shape: Any = row["shape"]
    flags: Any = row["flags"]
    aside: Any = row["set_aside"]
    key, uid = row["channel_key"], str(row["series_instance_uid"])
    series = uid if len(uid) <= _UID_SHOWN else f"...{uid[-_UID_SHOWN:]}"
    plain = row["verdict"] in ("rejected", "undecided")
    if row["slices"]:  # of a series without an image what is set aside says it all
        yield {
            "verdict": row["reason"] if plain else row["verdict"],
            "channel": f"{key} {row['channel_value']}" if key else "",
            "slices": " x ".join(map(str, shape)) if shape else str(row["slices"]),
            "flags": " ".join(flags),
            "series": series,
        }
    for what, count in aside.items():
        yield {"verdict": what, "channel": "", "slices": str(count), "flags": "", "series": series}


def status(lake: Path, *, runs: int, as_json: bool) -> None:
    """Print what the lake holds: version, tables, files by status and reason, runs, disk use."""
    base = open_version(lake)
    tables = {name: base.rows(name) for name in base.manifest.tables}
    files = _file_counts(base)
    lines = read_runs(lake)[-runs:] if runs > 0 else []
    disk = disk_use(lake)
    older = _written_by_others(base)
    otherwise = _read_otherwise(base)
    outdated = _outdated(base)
    if as_json:
        document = {
            "lake": str(lake),
            "version": base.number,
            "committed_at": base.manifest.created_at,
            "schema_version": base.manifest.schema_version,
            "sources": dict(base.sources),
            "tables": tables,
            "files": files,
            "instances_of_other_code": older,
            "files_of_other_code_or_settings": otherwise,
            "files_to_read_again_for_schema": outdated,
            "disk_bytes": disk,
            "runs": lines,
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    console = printing.screen()
    click.echo(f"{lake}: version {base.number}, committed {base.manifest.created_at}")
    for name, root in base.sources.items():
        click.echo(f"source {name}: {root}")
    printing.print_rows(console, files, "Files", names=("status", "reason", "files"))
    printing.print_rows(
        console, [{"table": name, "rows": count} for name, count in tables.items()], "Tables"
    )
    printing.print_lines(console, [_run_row(line) for line in lines], "Last runs")
    used = ", ".join(f"{name} {readable_size(size)}" for name, size in disk.items())
    click.echo(f"disk: {used}")
    if older:
        click.echo(
            f"{older:,} instances were read by another version of dicomlake "
            f"than {dicomlake.__version__}"
        )
    if otherwise:
        click.echo(
            f"{otherwise:,} files were read by another version or with other settings than the "
            "last run had; --reprocess reads all files again"
        )
    if outdated:
        click.echo(
            f"{outdated:,} files were read with an older schema; the next run on their sources "
            "reads them again"
        )


def verify_lake(lake: Path, *, quick: bool, as_json: bool) -> int:
    """Hold the lake against its manifests and print what is wrong; return the exit code."""
    from dicomlake.pipeline.tables.verify import Severity, verify  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.volumes.store import volume_digest  # noqa: PLC0415  (slow import)

    findings = verify(lake, deep=not quick, volume_digest=volume_digest)
    rows: list[Row] = [
        {
            "severity": each.severity.value,
            "code": each.code,
            "path": each.path,
            "detail": each.detail,
        }
        for each in findings
    ]
    damaged = any(each.severity is Severity.ERROR for each in findings)
    if as_json:
        _show("Findings", rows, as_json=True)
        return DAMAGED if damaged else 0
    for row in rows[:FINDINGS_SHOWN]:
        click.echo(f"{row['severity']} {row['code']}: {row['path']}: {row['detail']}")
    if len(rows) > FINDINGS_SHOWN:
        click.echo(f"... and {len(rows) - FINDINGS_SHOWN:,} more; --json gives all")
    depth = "names and sizes" if quick else "every byte"
    state = "damaged" if damaged else "as its manifests say"
    click.echo(f"{lake} is {state} ({depth} checked)")
    return DAMAGED if damaged else 0


def export(lake: Path, out: Path, form: str, ids: Sequence[str]) -> None:
    """Write accepted volumes in a format, and print what was done."""
    from dicomlake.pipeline.export.volumes import export_volumes  # noqa: PLC0415  (imports zarr)

    done = export_volumes(open_version(lake), out, form, volume_ids=ids or None)
    click.echo(
        f"{done.written} volumes written to {out} ({readable_size(done.n_bytes)}), "
        f"{done.kept} were there already"
    )


def disk_use(lake: Path) -> dict[str, int]:
    """Return bytes on disk of each part of a lake; a file with several links counts once."""
    seen: set[tuple[int, int]] = set()
    used: dict[str, int] = {}
    for name in ("data", "volumes", "versions", "snapshots", "staging"):
        total = 0
        for entry in _files_below(lake / name):
            found = entry.stat(follow_symlinks=False)
            if (found.st_dev, found.st_ino) not in seen:
                seen.add((found.st_dev, found.st_ino))
                total += found.st_blocks * _BLOCK
        used[name] = total
    return used


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


def _version_or_none(lake: Path) -> Version:
    """Return the newest version, or version 0 where there is no lake yet."""
    try:
        return open_version(lake)
    except LakeNotFoundError:
        return Version(lake, no_version())


def _file_counts(base: Version) -> list[Row]:
    counts = _count(base, "files", ["status", "reason"])
    return [
        {"status": status, "reason": reason or "", "files": count}
        for (status, reason), count in sorted(counts.items(), key=lambda each: str(each[0]))
    ]


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
    names = ["run_id", "command", "base_version", "committed_at", "pipeline_version",
             "settings_sha256"]  # fmt: skip
    return [row for batch in base.batches("runs", names) for row in batch.to_pylist()]


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


def _run_row(line: dict[str, object]) -> Row:
    files = line.get("files")
    volumes = line.get("volumes")
    dose = line.get("dose")
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


def _show(title: str, rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(printing.json_value(list(rows)), indent=2, ensure_ascii=False))
    else:
        printing.print_rows(printing.screen(), rows, title)
