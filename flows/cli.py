"""The command line. Start-up is cheap: every command imports what it needs when it is called."""

import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click

import dicomlake
from dicomlake.flows.exits import ReaderLeft, end_on_sigterm, run_to_exit_code
from dicomlake.flows.worker import MEMORY_OF_ARROW
from dicomlake.pipeline.errors import DicomLakeError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from dicomlake.config.settings import LogSettings
    from dicomlake.flows.reporter import Meter
    from dicomlake.flows.request import Command, RunRequest
    from dicomlake.flows.summary import RunSummary

Function = TypeVar("Function", bound=Callable[..., Any])

_READERS: Final = frozenset({"plan", "status", "sql", "schema", "verify"})


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; errors are one line on standard error."""
    given = list(sys.argv[1:] if arguments is None else arguments)

    def command() -> object:
        return cli.main(given, prog_name="dicomlake", standalone_mode=False)

    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the locale cannot write, and names that are no text, as escapes: JSON reads them.
        sys.stdout.reconfigure(errors="backslashreplace")
    end_on_sigterm()
    sys.exit(run_to_exit_code(command, given))


def lake_option(function: Function) -> Function:
    """Add `--lake`; the callback gets it as a resolved path."""
    return click.option(
        "--lake",
        type=click.Path(path_type=Path),
        metavar="DIR",
        callback=_lake_path,
        expose_value=True,
        help="Folder of the lake (or DICOMLAKE_LAKE).  [default: ./lake]",
    )(function)


def _lake_path(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path:
    del parameter
    root = context.find_root()
    # `dicomlake dose --lake DIR report`: the lake of the command above is that of this one.
    above = context.parent.params.get("lake") if context.parent else None
    chosen = value or above or root.params.get("lake") or os.environ.get("DICOMLAKE_LAKE") or "lake"
    return Path(os.path.abspath(chosen))  # noqa: PTH100  (a link to a lake is the lake: unresolved)


def _options(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    def add(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return add


settings_options = _options(
    click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings in TOML."
    ),
    click.option(
        "--preset", metavar="NAME", help="warehouse, dose, ml, nightly, strict or lenient."
    ),
    click.option("--reader", metavar="NAME", help="Which reader reads headers."),
    click.option("--workers", metavar="N", help='Processes; 0: inline; "auto".'),
    click.option("--scheduler", metavar="tcp://...", help="Address of a Dask cluster to use."),
)
log_options = _options(
    click.option("--log-format", metavar="text|json", help="Form of the log on standard error."),
    click.option("--log-file", metavar="FILE", help="Also write the log to this file."),
    click.option("-v", "--verbose", is_flag=True, help="Say more; show tracebacks."),
)
run_options = _options(
    settings_options,
    click.option("--json", "as_json", is_flag=True, help="Summary as JSON on standard output."),
    click.option("--track/--no-track", default=None, help="Record the run on a Prefect API."),
    log_options,
    lake_option,
)
source_argument = click.argument("sources", nargs=-1, metavar="SOURCE...")
only_failed_option = click.option(
    "--only-failed", is_flag=True, help="Read again only what was not ingested."
)
reprocess_option = click.option(
    "--reprocess", is_flag=True, help="Read every file again, also the unchanged."
)
deletes_option = click.option(
    "--allow-deletes", is_flag=True, help="Let deletes through however many files are gone."
)


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        """Do a command; one that only tells is done when nobody reads it any more."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            if ctx.invoked_subcommand not in _READERS:  # it may be a connection of the run
                raise
            raise ReaderLeft from error


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    epilog="Every setting is also a variable, e.g. DICOMLAKE_VOLUMES__MIN_SLICES=3.",
)
@click.option("--lake", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the lake.")
@click.version_option(dicomlake.__version__, prog_name="dicomlake")
def cli(lake: Path | None) -> None:
    """Directories of DICOM files in; typed Parquet tables and exact Zarr volumes out."""
    del lake  # commands look it up


@cli.command()
@source_argument
@only_failed_option
@reprocess_option
@deletes_option
@click.option("--no-volumes", is_flag=True, help="Make the tables only.")
@run_options
def run(sources: tuple[str, ...], **options: Any) -> int:
    """Crawl SOURCE..., fill the tables, make the volumes, read the doses: the whole job."""
    return _do("run", sources, options)


@cli.command()
@source_argument
@only_failed_option
@reprocess_option
@deletes_option
@run_options
def ingest(sources: tuple[str, ...], **options: Any) -> int:
    """Crawl SOURCE... and fill the tables only."""
    return _do("ingest", sources, options)


@cli.command()
@run_options
def volumes(**options: Any) -> int:
    """Make the volumes that the committed tables still lack."""
    return _do("volumes", (), options)


@cli.group(invoke_without_command=True)
@reprocess_option
@run_options
@click.pass_context
def dose(context: click.Context, /, **options: Any) -> int | None:
    """Read the doses that the committed tables still lack; with a command, show them."""
    if context.invoked_subcommand is not None:
        return None
    return _do("dose", (), options)


@dose.command("report")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "csv", "xlsx"]),
    default="html",
    show_default=True,
    help="A page, or the tables as sheets.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="File of the page or folder of the sheets.  [default: below reports/ of the lake]",
)
@click.option("--study-uids", is_flag=True, help="Name the studies of outliers in the page.")
@settings_options
@lake_option
def dose_report(
    lake: Path, form: str, out: Path | None, *, study_uids: bool, **options: Any
) -> None:
    """Write exams, reference levels and outliers as one page, or as sheets."""
    from dicomlake.flows import doses  # noqa: PLC0415  (slow import)

    doses.report(_request((), lake, options), out, form, study_uids=study_uids)


@dose.command("protocols")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="CSV file; an existing one is replaced.",
)
@lake_option
def dose_protocols(lake: Path, out: Path) -> None:
    """Write the protocols of the lake as a list, to be filled in with standard exams."""
    from dicomlake.flows import doses  # noqa: PLC0415  (slow import)

    doses.protocols(lake, out)


@cli.command()
@source_argument
@deletes_option
@only_failed_option
@reprocess_option
@settings_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@lake_option
def plan(sources: tuple[str, ...], lake: Path, **options: Any) -> None:
    """Say what a run would do; without SOURCE, the verdict of every series. Writes nothing."""
    from dicomlake.flows import inspection  # noqa: PLC0415  (slow import)

    request = _request(sources, lake, options)
    if sources:
        inspection.plan_sources(request, as_json=options["as_json"])
    else:
        inspection.plan_series(request, as_json=options["as_json"])


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--runs",
    "count",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    metavar="N",
    help="Runs shown.",
)
@lake_option
def status(lake: Path, count: int, *, as_json: bool) -> None:
    """Show the lake: version, files by status and reason, last runs, disk use."""
    from dicomlake.flows import inspection  # noqa: PLC0415  (slow import)

    inspection.status(lake, runs=count, as_json=as_json)


@cli.command()
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


@cli.command()
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


@cli.command()
@click.option("--quick", is_flag=True, help="Names and sizes only; digests are not computed.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@lake_option
def verify(lake: Path, *, quick: bool, as_json: bool) -> int:
    """Hold every file of the lake against its manifests; exit 1 when something is damaged."""
    from dicomlake.flows import inspection  # noqa: PLC0415  (slow import)

    return inspection.verify_lake(lake, quick=quick, as_json=as_json)


@cli.command()
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


@cli.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    metavar="DIR",
    help="Where the generated CT series is written.",
)
@run_options
def demo(data: Path, **options: Any) -> int:
    """Run on pydicom's own test files and a CT series made on the spot."""
    from dicomlake.flows.demonstration import demo_sources  # noqa: PLC0415  (slow import)

    return _do("run", demo_sources(data), options)


@cli.command()
@source_argument
@click.option("--cron", required=True, metavar='"0 2 * * *"', help="When, in five fields.")
@click.option("--timezone", default="UTC", show_default=True, help="Zone that --cron is read in.")
@click.option("--name", default="dicomlake", show_default=True, help="Name of the deployment.")
@click.option("--no-volumes", is_flag=True, help="Make the tables only.")
@settings_options
@log_options
@lake_option
def serve(sources: tuple[str, ...], cron: str, timezone: str, name: str, **options: Any) -> None:
    """Register `run SOURCE...` on a Prefect API as a schedule, and do its runs."""
    from dicomlake.flows import logs, tracking  # noqa: PLC0415  (slow import)
    from dicomlake.flows.reporter import LOGGER  # noqa: PLC0415  (slow import)

    request = _request(sources, options.pop("lake"), options)
    if not sources:
        raise UsageError("No source is named.", 'Say which: dicomlake serve --cron "…" FOLDER')
    logs.set_up(request.settings().log, None)
    api = tracking.api_to_use(True, os.environ)
    assert api is not None
    tracking.quiet_prefect()
    from dicomlake.flows import deployments  # noqa: PLC0415  (slow import)

    LOGGER.info("serving dicomlake-run/%s at %s, cron %s (%s)", name, api.url, cron, timezone)
    deployments.serve(request, api, name=name, cron=cron, timezone=timezone)


def _do(command: "Command", sources: tuple[str, ...], options: dict[str, Any]) -> int:
    """Do a run, tracked or not, and show its summary; return the exit code."""
    for name, value in MEMORY_OF_ARROW.items():
        os.environ.setdefault(name, value)  # before anything imports pyarrow
    from dicomlake.flows import logs, template  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out  # noqa: PLC0415  (slow import)

    keep_pandas_out()
    as_json = options["as_json"]
    request = _request(sources, options["lake"], options)
    console = _terminal()
    try:
        settings = request.settings()
        log = settings.log
        logs.set_up(log, console if log.format == "text" else None)
        if command not in ("volumes", "dose") and template.worth_starting(
            settings.engine, request.lake
        ):
            template.start()
        summary = _execute(command, request, options["track"], _meter(console, log))
    except DicomLakeError as error:
        if as_json:
            failure = {"outcome": "failed", "code": error.code, "error": str(error)}
            click.echo(json.dumps(failure | {"exit_code": error.exit_code}, indent=2))
        raise
    finally:
        template.stop()
    if as_json:
        click.echo(json.dumps(summary.as_json(), indent=2, ensure_ascii=False))
    else:
        from dicomlake.flows.printing import print_summary, screen  # noqa: PLC0415  (slow import)

        print_summary(screen(), summary)
    return summary.exit_code


def _execute(
    command: "Command", request: "RunRequest", track: bool | None, meter: "Meter"
) -> "RunSummary":
    from dicomlake.flows import tracking  # noqa: PLC0415  (slow import)
    from dicomlake.flows.reporter import LOGGER, DirectReporter  # noqa: PLC0415  (slow import)

    api = tracking.api_to_use(track, os.environ)
    if api is None:
        LOGGER.info(tracking.NOT_WANTED if track is False else tracking.NOT_CONFIGURED)
        from dicomlake.flows.stages import execute  # noqa: PLC0415  (slow import)

        return execute(request, command, request.settings(), DirectReporter(meter))
    tracking.quiet_prefect()
    from dicomlake.flows.tracked import run_tracked  # noqa: PLC0415  (slow import)

    return run_tracked(request, command, api, meter)


def _request(sources: Sequence[str], lake: Path, options: dict[str, Any]) -> "RunRequest":
    """Return the request that the options stand for, with every path made absolute."""
    from dicomlake.flows.request import RunRequest  # noqa: PLC0415  (slow import)

    flags = {
        "headers.reader": options.get("reader"),
        "engine.workers": options.get("workers"),
        "engine.scheduler": options.get("scheduler"),
        "log.format": options.get("log_format"),
        "log.file": options.get("log_file") and os.path.abspath(options["log_file"]),  # noqa: PTH100
        "log.level": "debug" if options.get("verbose") else None,
        "run.volumes": False if options.get("no_volumes") else None,
    }
    config = options.get("config")
    return RunRequest(
        lake=lake,
        sources=tuple(absolute_source(text) for text in sources),
        preset=options.get("preset"),
        config=config and Path(os.path.abspath(config)),  # noqa: PTH100  (links stay as given)
        overrides={name: value for name, value in flags.items() if value is not None},
        allow_deletes=options.get("allow_deletes", False),
        only_failed=options.get("only_failed", False),
        reprocess=options.get("reprocess", False),
    )


def absolute_source(text: str) -> str:
    """Return a source with its path made absolute, so that it means the same elsewhere."""
    name, sign, path = text.partition("=")
    if not sign or os.sep in name or os.path.isdir(text):  # noqa: PTH112  (raw text)
        return os.path.abspath(text)  # noqa: PTH100
    return f"{name}={os.path.abspath(path)}"  # noqa: PTH100


def _terminal() -> "Console | None":
    """Return standard error as a console, where it is a terminal."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console  # noqa: PLC0415  (slow import)

    return Console(stderr=True)


def _meter(console: "Console | None", log: "LogSettings") -> "Meter":
    from dicomlake.flows.meters import PlainMeter, TerminalMeter  # noqa: PLC0415  (slow import)

    return PlainMeter() if console is None or log.format == "json" else TerminalMeter(console)
