"""The commands that look and write nothing in the lake: plan and verify; and export."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dicomlake.flows import printing
from dicomlake.flows.meters import readable_size
from dicomlake.pipeline.errors import LakeNotFoundError
from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out
from dicomlake.pipeline.tables.manifest import no_version
from dicomlake.pipeline.tables.store import Version, open_version

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


def plan_sources(request: "RunRequest", *, as_json: bool) -> None:
    """Print what a run on the sources of a request would do.

    Raises:
        SourceError: a source is not usable.
    """
    from dicomlake.pipeline.discovery.sources import resolve_sources  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.tables.worklist import plan_ingest  # noqa: PLC0415  (slow import)

    request.require_one_choice()
    keep_pandas_out()
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


def _version_or_none(lake: Path) -> Version:
    """Return the newest version, or version 0 where there is no lake yet."""
    try:
        return open_version(lake)
    except LakeNotFoundError:
        return Version(lake, no_version())


def _show(title: str, rows: Sequence[Row], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(printing.json_value(list(rows)), indent=2, ensure_ascii=False))
    else:
        printing.print_rows(printing.screen(), rows, title)
