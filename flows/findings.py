"""`dicomlake issues`: the findings of a version, counted by code or one by one."""

import difflib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dicomlake.flows import printing
from dicomlake.flows.queries import print_result
from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.headers.issues import ISSUE_CODES
from dicomlake.pipeline.lake import Lake
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas.tables.issues import ISSUES

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS_SHOWN: Final = 50
"""Findings that a terminal shows where no limit is given."""

_COLUMNS: Final = tuple(
    column.name
    for column in ISSUES.columns
    if column.name not in ("run_id", "pipeline_version", "schema_version")
)
_RANK: Final = "CASE issues.severity WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END"
_WHERE_IT_IS: Final = ("sop_instance_uid", "source", "path")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which findings are wanted; what is empty filters nothing."""

    codes: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    series: str | None = None
    source: str | None = None
    limit: int | None = None

    @property
    def any(self) -> bool:
        """Return whether less than everything is wanted."""
        return any((self.codes, self.severities, self.series, self.source)) or (
            self.limit is not None
        )

    @property
    def where(self) -> str:
        """Return the condition, in SQL, with parameters."""
        conditions = {
            "list_contains($codes, issues.code)": self.codes,
            "list_contains($severities, issues.severity)": self.severities,
            "issues.series_instance_uid = $series": self.series,
            "files.source = $source": self.source,
        }
        wanted = [condition for condition, value in conditions.items() if value]
        return f"WHERE {' AND '.join(wanted)}" if wanted else ""

    @property
    def params(self) -> "Mapping[str, object]":
        """Return the values of the parameters of the condition."""
        values: dict[str, object] = {
            "codes": list(self.codes),
            "severities": list(self.severities),
            "series": self.series,
            "source": self.source,
        }
        return {name: value for name, value in values.items() if value}


def issues(
    lake: Path, filters: Filters, *, form: str | None, version: int | None, verbose: bool
) -> None:
    """Print findings: on a terminal and without a filter how many there are of each code.

    Args:
        lake: folder of the lake.
        filters: which are wanted.
        form: `table`, `csv` or `json`; None: a table on a terminal, else CSV.
        version: number of the version, the newest where None.
        verbose: also say in which file each was found.

    Raises:
        UsageError: there is no such code or source.
    """
    opened = open_version(lake, version)
    _require_known(filters, tuple(opened.sources))
    chosen = form or ("table" if sys.stdout.isatty() else "csv")
    reader = Lake(lake, version=opened.number) if opened.number else None
    if reader is None:
        click.echo("[]" if chosen == "json" else f"Nothing was committed yet in {lake}.")
    elif chosen != "table":
        print_result(_found(reader, filters, verbose=verbose).to_arrow_reader(10_000), chosen)
    elif filters.any:
        _print_findings(reader, filters, verbose=verbose)
    else:
        _print_counts(reader)


def _require_known(filters: Filters, sources: tuple[str, ...]) -> None:
    for code in filters.codes:
        if code not in ISSUE_CODES:
            close = difflib.get_close_matches(code, ISSUE_CODES, n=1)
            raise UsageError(
                f"There is no code {code}.",
                f"Did you mean {close[0]}?" if close else "`dicomlake issues` counts them by code.",
            )
    if filters.source is not None and filters.source not in sources:
        raise UsageError(
            f"The lake has no source {filters.source}.", f"Sources: {', '.join(sources) or 'none'}."
        )


def _found(lake: Lake, filters: Filters, *, verbose: bool) -> Any:
    """Return the findings wanted, the worst first, as a relation."""
    columns = ", ".join(f"issues.{name}" for name in _COLUMNS)
    if verbose:
        columns += ", files.source, files.path"
    limit = "" if filters.limit is None else f"LIMIT {int(filters.limit)}"
    return lake.sql(
        f"SELECT {columns} {_from(filters, with_files=verbose)} "
        f"ORDER BY {_RANK}, issues.code, issues.study_instance_uid, issues.series_instance_uid, "
        f"issues.issue_id {limit}",
        params=filters.params,
    )


def _from(filters: Filters, *, with_files: bool) -> str:
    join = "LEFT JOIN files USING (file_id)" if with_files or filters.source else ""
    return f"FROM issues {join} {filters.where}"


def _print_findings(lake: Lake, filters: Filters, *, verbose: bool) -> None:
    ((total,),) = lake.sql(
        f"SELECT count(*) {_from(filters, with_files=False)}",
        params=filters.params,
    ).fetchall()
    shown = ROWS_SHOWN if filters.limit is None else filters.limit
    limited = Filters(
        filters.codes, filters.severities, filters.series, filters.source, limit=shown
    )
    found = _found(lake, limited, verbose=verbose)
    names = found.columns
    rows = [_row(dict(zip(names, row, strict=True)), verbose=verbose) for row in found.fetchall()]
    if rows:
        printing.print_lines(printing.screen(), rows, f"Findings of version {lake.version}")
    if total > len(rows):
        click.echo(f"{len(rows):,} of {total:,} findings; --limit shows more, --format csv all")
    else:
        click.echo(f"{total:,} findings" if total != 1 else "1 finding")


def _row(found: dict[str, Any], *, verbose: bool) -> printing.Row:
    row = {
        "severity": found["severity"],
        "code": found["code"],
        "where": found["keyword"] or found["tag"],
        "detail": found["detail"],
        "series": found["series_instance_uid"],
    }
    return row | {name: found[name] for name in _WHERE_IT_IS} if verbose else row


def _print_counts(lake: Lake) -> None:
    counts = lake.sql(
        "SELECT code, severity, count(*), "  # noqa: S608  (a constant)
        "count(DISTINCT series_instance_uid) FROM issues GROUP BY code, severity "
        f"ORDER BY {_RANK}, count(*) DESC, code"
    ).fetchall()
    if not counts:
        click.echo(f"Version {lake.version} has no findings.")
        return
    rows: list[printing.Row] = [
        {
            "severity": severity,
            "code": code,
            "findings": findings,
            "series": series,
            "what it means": ISSUE_CODES[code].description if code in ISSUE_CODES else "",
        }
        for code, severity, findings, series in counts
    ]
    printing.print_rows(printing.screen(), rows, f"Findings of version {lake.version}, by code")
    click.echo("one by one: dicomlake issues --code CODE (--series, --severity, --source)")
