"""Commands that show a lake or keep it in order; `cli` adds them to the others.

Like there, every command imports what it needs when it is called.
"""

from pathlib import Path
from typing import Any, Final

import click

from dicomlake.flows.options import (
    config_options,
    deletes_option,
    json_option,
    lake_option,
    log_options,
    only_failed_option,
    reprocess_option,
    request_of,
    settings_options,
    source_argument,
)


@click.command()
@source_argument
@deletes_option
@only_failed_option
@reprocess_option
@settings_options
@json_option
@lake_option
def plan(sources: tuple[str, ...], lake: Path, **options: Any) -> None:
    """Say what a run would do; without SOURCE, the verdict of every series. Writes nothing."""
    from dicomlake.flows import inspection  # noqa: PLC0415  (slow import)

    request = request_of(sources, lake, options)
    if sources:
        inspection.plan_sources(request, as_json=options["as_json"])
    else:
        inspection.plan_series(request, as_json=options["as_json"])


@click.command()
@json_option
@click.option(
    "--runs",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    metavar="N",
    help="Runs shown.",
)
@click.option(
    "--versions",
    type=click.IntRange(min=0),
    metavar="N",
    help="Versions shown.  [default: 5; with --json all]",
)
@click.option("-v", "--verbose", is_flag=True, help="Name the path of the file deferred longest.")
@lake_option
def status(lake: Path, runs: int, versions: int | None, *, verbose: bool, as_json: bool) -> None:
    """Show the lake: files by status and reason, last runs, versions, disk use."""
    from dicomlake.flows.status import Shown, status  # noqa: PLC0415  (slow import)

    status(lake, Shown(runs, versions, verbose), as_json=as_json)


@click.command()
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    help="table on a terminal, csv elsewhere.",
)
@click.option("--version", "number", type=int, metavar="N", help="Version; the newest if left out.")
@lake_option
def sql(query: str, lake: Path, form: str | None, number: int | None) -> None:
    """Query the tables with DuckDB: dicomlake sql "SELECT count(*) FROM instances"."""
    from dicomlake.flows import queries  # noqa: PLC0415  (slow import)

    queries.sql(lake, query, form, number)


@click.command()
@click.argument("table", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(
        ["table", "markdown", "json", "duckdb", "postgresql", "bigquery", "snowflake"]
    ),
    default="table",
    show_default=True,
)
@lake_option
def schema(table: str | None, form: str, lake: Path) -> None:
    """Show the tables, or the columns of TABLE: types, units, where values come from."""
    del lake  # the schema is this code's; the option is there as on every command
    from dicomlake.flows import queries  # noqa: PLC0415  (slow import)

    queries.schema(table, form)


@click.command()
@click.option("--quick", is_flag=True, help="Names and sizes only; digests are not computed.")
@json_option
@lake_option
def verify(lake: Path, *, quick: bool, as_json: bool) -> int:
    """Hold every file of the lake against its manifests; exit 1 when something is damaged."""
    from dicomlake.flows import inspection  # noqa: PLC0415  (slow import)

    return inspection.verify_lake(lake, quick=quick, as_json=as_json)


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["npy", "nifti"]),
    default="npy",
    show_default=True,
    help="npy: NumPy, [z, y, x].  nifti: .nii.gz, RAS.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder, made if missing; nothing in it is overwritten.",
)
@click.option("--volume", "ids", multiple=True, metavar="ID", help="Only this volume; repeatable.")
@lake_option
def export(lake: Path, out: Path, form: str, ids: tuple[str, ...]) -> None:
    """Write accepted volumes for other tools, each with a .json that tells where it lies."""
    from dicomlake.flows import inspection  # noqa: PLC0415  (slow import)

    inspection.export(lake, out, form, ids)


@click.command()
@click.option("--code", "codes", multiple=True, metavar="CODE", help="Only this code; repeatable.")
@click.option("--series", metavar="UID", help="Only of this Series Instance UID.")
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice(["info", "warning", "error"]),
    help="Only of this severity; repeatable.",
)
@click.option("--source", metavar="NAME", help="Only in files of this source.")
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="So many at most.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    help="table on a terminal, csv elsewhere.",
)
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
@click.option("--version", "number", type=int, metavar="N", help="Version; the newest if left out.")
@click.option("-v", "--verbose", is_flag=True, help="Name source and path of the file, too.")
@lake_option
def issues(
    lake: Path,
    form: str | None,
    number: int | None,
    *,
    as_json: bool,
    verbose: bool,
    **options: Any,
) -> None:
    """Browse findings: on a terminal how many of each code; with an option, one by one."""
    from dicomlake.flows import findings  # noqa: PLC0415  (slow import)

    findings.issues(
        lake,
        findings.Filters(**options),
        form="json" if as_json else form,
        version=number,
        verbose=verbose,
    )


@click.command()
@click.argument("version", type=int)
@config_options
@log_options
@json_option
@lake_option
def rollback(version: int, lake: Path, *, as_json: bool, **options: Any) -> None:
    """Commit the tables of an earlier VERSION as the newest; nothing is taken away."""
    from dicomlake.flows import maintenance  # noqa: PLC0415  (slow import)

    maintenance.rollback(request_of((), lake, options), version, as_json=as_json)


@click.command()
@config_options
@log_options
@json_option
@lake_option
def compact(lake: Path, *, as_json: bool, **options: Any) -> None:
    """Merge small files of the tables; no row changes."""
    from dicomlake.flows import maintenance  # noqa: PLC0415  (slow import)

    maintenance.compact(request_of((), lake, options), as_json=as_json)


@click.command()
@click.option(
    "--keep-hours",
    type=click.FloatRange(min=0),
    metavar="H",
    help="Keep what is younger.  [default: setting lake.vacuum_grace_hours]",
)
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
@config_options
@log_options
@json_option
@lake_option
def vacuum(
    lake: Path, keep_hours: float | None, *, dry_run: bool, as_json: bool, **options: Any
) -> None:
    """Free space: old versions, what none of the others needs, what dead runs left."""
    from dicomlake.flows import maintenance  # noqa: PLC0415  (slow import)

    maintenance.vacuum(
        request_of((), lake, options),
        keep_hours,
        dry_run=dry_run,
        as_json=as_json,
        verbose=options["verbose"],
    )


LAKE_COMMANDS: Final = (
    plan, status, issues, sql, schema, verify, export, rollback, compact, vacuum
)  # fmt: skip

READERS: Final = frozenset({"plan", "status", "issues", "sql", "schema", "verify"})
"""Commands that only tell: done when nobody reads them any more."""
