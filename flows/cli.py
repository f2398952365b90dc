"""The command line. Start-up is cheap: every command imports what it needs when it is called."""

import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

import dicomlake
from dicomlake.flows.exits import ReaderLeft, end_on_sigterm, run_to_exit_code
from dicomlake.flows.lake_commands import LAKE_COMMANDS, READERS
from dicomlake.flows.options import (
    archives_option,
    deletes_option,
    lake_option,
    log_options,
    only_failed_option,
    reprocess_option,
    request_of,
    run_options,
    settings_options,
    source_argument,
)
from dicomlake.flows.worker import MEMORY_OF_ARROW, collect_rarely
from dicomlake.pipeline.errors import DicomLakeError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from dicomlake.config.settings import LogSettings
    from dicomlake.flows.reporter import Meter
    from dicomlake.flows.request import Command, RunRequest
    from dicomlake.flows.summary import RunSummary


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; errors are one line on standard error."""
    collect_rarely()
    given = list(sys.argv[1:] if arguments is None else arguments)

    def command() -> object:
        return cli.main(given, prog_name="dicomlake", standalone_mode=False)

    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the locale cannot write, and names that are no text, as escapes: JSON reads them.
        sys.stdout.reconfigure(errors="backslashreplace")
    end_on_sigterm()
    sys.exit(run_to_exit_code(command, given))


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> object:
        """Do a command; one that only tells is done when nobody reads it any more."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            if ctx.invoked_subcommand not in READERS:  # it may be a connection of the run
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
@archives_option
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
@archives_option
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

    doses.report(request_of((), lake, options), out, form, study_uids=study_uids)


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

    request = request_of(sources, options.pop("lake"), options)
    if not sources:
        raise UsageError("No source is named.", 'Say which: dicomlake serve --cron "…" FOLDER')
    logs.set_up(request.settings().log, None)
    api = tracking.api_to_use(True, os.environ)
    assert api is not None
    tracking.quiet_prefect()
    from dicomlake.flows import deployments  # noqa: PLC0415  (slow import)

    LOGGER.info("serving dicomlake-run/%s at %s, cron %s (%s)", name, api.url, cron, timezone)
    deployments.serve(request, api, name=name, cron=cron, timezone=timezone)


for _each in LAKE_COMMANDS:
    cli.add_command(_each)


def _do(command: "Command", sources: tuple[str, ...], options: dict[str, Any]) -> int:
    """Do a run, tracked or not, and show its summary; return the exit code."""
    for name, value in MEMORY_OF_ARROW.items():
        os.environ.setdefault(name, value)  # before anything imports pyarrow
    from dicomlake.flows import logs, template  # noqa: PLC0415  (slow import)
    from dicomlake.pipeline.headers.lean_pydicom import keep_requests_out  # noqa: PLC0415  (as above)
    from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out  # noqa: PLC0415  (slow import)

    keep_pandas_out()
    keep_requests_out()
    as_json = options["as_json"]
    request = request_of(sources, options["lake"], options)
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
            from dicomlake.flows.printing import failure_json  # noqa: PLC0415  (slow import)

            click.echo(failure_json(error))
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


def _terminal() -> "Console | None":
    """Return standard error as a console, where it is a terminal."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console  # noqa: PLC0415  (slow import)

    return Console(stderr=True)


def _meter(console: "Console | None", log: "LogSettings") -> "Meter":
    from dicomlake.flows.meters import PlainMeter, TerminalMeter  # noqa: PLC0415  (slow import)

    return PlainMeter() if console is None or log.format == "json" else TerminalMeter(console)
