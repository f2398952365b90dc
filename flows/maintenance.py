"""`dicomlake rollback`, `compact` and `vacuum`: done inline, told on standard output."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dicomlake.flows import logs, printing
from dicomlake.flows.meters import readable_size, readable_time
from dicomlake.flows.request import RunRequest
from dicomlake.flows.worker import MEMORY_OF_ARROW
from dicomlake.pipeline.errors import DicomLakeError

if TYPE_CHECKING:
    from dicomlake.config.settings import Settings
    from dicomlake.pipeline.tables.vacuum import Vacuumed

S_AN_HOUR: Final = 3600

_SINGULAR: Final = {"staging": "folder of a run that did not end", "temporary": "temporary file"}
_PLURAL: Final = {
    "staging": "folders of runs that did not end",
    "temporary": "temporary files",
}


def rollback(request: RunRequest, to: int, *, as_json: bool) -> None:
    """Commit a version whose tables are those of an earlier one, and say which it is.

    Raises:
        DicomLakeError: as `pipeline.tables.rollback`.
    """
    from dicomlake.pipeline.tables.rollback import rollback as roll_back  # noqa: PLC0415  (slow)

    def work(settings: "Settings", run_id: str) -> tuple[dict[str, Any], str]:
        version = roll_back(request.lake, to, settings, run_id)
        if version is None:
            return {"to": to, "version": None}, f"nothing differs from version {to}, no version"
        return (
            {"to": to, "version": version.number},
            f"version {version.number} has the tables of version {to}; "
            f"undo with `dicomlake rollback {version.manifest.parent} --lake {request.lake}`",
        )

    _do(request, "rollback", work, as_json=as_json)


def compact(request: RunRequest, *, as_json: bool) -> None:
    """Commit a version of the same rows in fewer parts, and say how many.

    Raises:
        DicomLakeError: as `pipeline.tables.compact`.
    """
    from dicomlake.pipeline.tables.compact import compact as merge  # noqa: PLC0415  (slow import)

    def work(settings: "Settings", run_id: str) -> tuple[dict[str, Any], str]:
        done = merge(request.lake, settings, run_id)
        found = {
            "version": done.version and done.version.number,
            "parts_before": done.parts_before,
            "parts_after": done.parts_after,
        }
        if done.version is None:
            return found, f"nothing to merge in {done.parts_before:,} parts, no version"
        return found, (
            f"version {done.version.number}: {done.parts_before:,} parts became "
            f"{done.parts_after:,}; `dicomlake vacuum` frees the old ones once they are old enough"
        )

    _do(request, "compact", work, as_json=as_json)


def vacuum(
    request: RunRequest, keep_hours: float | None, *, dry_run: bool, as_json: bool, verbose: bool
) -> None:
    """Remove what no kept version needs, and say what went or, in a dry run, what would go.

    Raises:
        DicomLakeError: as `pipeline.tables.vacuum`.
    """
    from dicomlake.pipeline.tables.vacuum import vacuum as clean  # noqa: PLC0415  (slow import)

    keep_s = None if keep_hours is None else keep_hours * S_AN_HOUR

    def work(settings: "Settings", run_id: str) -> tuple[dict[str, Any], str]:
        if dry_run:
            done = clean(request.lake, settings, keep_s=keep_s, dry_run=True)
        else:
            done = _recorded(
                request.lake, settings, run_id, lambda: clean(request.lake, settings, keep_s=keep_s)
            )
        return _vacuum_found(done, dry_run=dry_run), _vacuum_text(done, dry_run, verbose=verbose)

    _do(request, "vacuum", work, as_json=as_json)


def _do(
    request: RunRequest,
    command: str,
    work: Callable[["Settings", str], tuple[dict[str, Any], str]],
    *,
    as_json: bool,
) -> None:
    """Do a command and say what it found: as JSON, or in words."""
    for name, value in MEMORY_OF_ARROW.items():
        os.environ.setdefault(name, value)  # before anything imports pyarrow
    from dicomlake.flows.stages import new_run_id  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out  # noqa: PLC0415  (slow import)

    keep_pandas_out()
    started = time.monotonic()
    run_id = new_run_id(datetime.now(UTC))
    try:
        settings = request.settings()
        logs.set_up(settings.log, None)
        found, said = work(settings, run_id)
    except DicomLakeError as error:
        if as_json:
            click.echo(printing.failure_json(error))
        raise
    seconds = time.monotonic() - started
    if as_json:
        told = {"run_id": run_id, "command": command, "lake": str(request.lake)}
        document = told | found | {"duration_s": round(seconds, 3)}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo(f"{command} {run_id}, {readable_time(seconds)}: {said}")


def _recorded(
    lake: Path, settings: "Settings", run_id: str, work: Callable[[], "Vacuumed"]
) -> "Vacuumed":
    """Do a vacuum, and record it in `runs.jsonl`; it commits nothing, so that none else does."""
    from dicomlake.pipeline.tables.layout import Access, version_numbers  # noqa: PLC0415  (slow)
    from dicomlake.pipeline.tables.runs_log import append_run  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.tables.store import open_version  # noqa: PLC0415  (slow import)

    open_version(lake)  # where there is no lake, no line makes one
    started, clock = datetime.now(UTC), time.monotonic()

    def record(outcome: str, more: Mapping[str, object]) -> None:
        newest = max(version_numbers(lake), default=0)
        line = {
            "run_id": run_id,
            "command": "vacuum",
            "lake": str(lake),
            "outcome": outcome,
            "version_before": newest,
            "version_after": newest,
            "started_at": started.isoformat(timespec="milliseconds"),
            "duration_s": round(time.monotonic() - clock, 3),
        }
        append_run(lake, line | dict(more), Access.of(settings.lake))

    try:
        done = work()
    except BaseException as error:
        record("failed", {"error": type(error).__name__})
        raise
    record("removed" if done.removed else "unchanged", {"vacuum": _totals(done)})
    return done


def _totals(done: "Vacuumed") -> dict[str, object]:
    return {
        "removed": dict(sorted(Counter(each.what for each in done.removed).items())),
        "freed_bytes": sum(each.bytes for each in done.removed),
    }


def _vacuum_found(done: "Vacuumed", *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        **_totals(done),
        "removals": [
            {"what": each.what, "name": each.name, "bytes": each.bytes} for each in done.removed
        ],
        "kept_versions": list(done.kept_versions),
    }


def _vacuum_text(done: "Vacuumed", dry_run: bool, *, verbose: bool) -> str:
    kept = done.kept_versions
    stay = f"version{'s' if len(kept) > 1 else ''} {_spans(kept)} kept" if kept else "no version"
    if not done.removed:
        return f"nothing {'would go' if dry_run else 'went'}, {stay}"
    counts = Counter(each.what for each in done.removed)
    sizes: Counter[str] = Counter()
    for each in done.removed:
        sizes[each.what] += each.bytes
    lines = [
        f"{readable_size(sizes.total())} {'would be ' if dry_run else ''}freed, {stay}",
        *(f"  {_counted(what, n)}, {readable_size(sizes[what])}" for what, n in counts.items()),
    ]
    if verbose:
        lines += (f"  {each.name}" for each in done.removed)
    return "\n".join(lines)


def _counted(what: str, count: int) -> str:
    if count == 1:
        return f"1 {_SINGULAR.get(what, what)}"
    return f"{count:,} {_PLURAL.get(what, what + 's')}"


def _spans(numbers: tuple[int, ...]) -> str:
    """Return numbers as people write them: `3, 7 to 12`."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)
