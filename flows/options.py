"""Options that several commands share, and the request that they stand for."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dicomlake.flows.request import RunRequest

Function = TypeVar("Function", bound=Callable[..., Any])


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


config_options = _options(
    click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="Settings in TOML."
    ),
    click.option(
        "--preset", metavar="NAME", help="warehouse, dose, ml, nightly, strict or lenient."
    ),
)
settings_options = _options(
    config_options,
    click.option("--reader", metavar="NAME", help="Which reader reads headers."),
    click.option("--workers", metavar="N", help='Processes; 0: inline; "auto".'),
    click.option("--scheduler", metavar="tcp://...", help="Address of a Dask cluster to use."),
)
log_options = _options(
    click.option("--log-format", metavar="text|json", help="Form of the log on standard error."),
    click.option("--log-file", metavar="FILE", help="Also write the log to this file."),
    click.option("-v", "--verbose", is_flag=True, help="Say more; show tracebacks."),
)
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")
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

archives_option = click.option(
    "--archives", is_flag=True, help="Also read what is in zip, tar and gzip archives."
)


def _absolute(path: str | None) -> str | None:
    """Return a path as it will still be right where a worker or a schedule does the run."""
    return path and os.path.abspath(path)  # noqa: PTH100  (links stay as given)


def request_of(sources: Sequence[str], lake: Path, options: dict[str, Any]) -> "RunRequest":
    """Return the request that options stand for, with every path made absolute."""
    from dicomlake.flows.request import RunRequest  # noqa: PLC0415  (slow import)

    flags = {
        "headers.reader": options.get("reader"),
        "engine.workers": options.get("workers"),
        "engine.scheduler": options.get("scheduler"),
        "log.format": options.get("log_format"),
        "log.file": _absolute(options.get("log_file")),
        "log.level": "debug" if options.get("verbose") else None,
        "archives.read": True if options.get("archives") else None,
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
        return os.path.abspath(text)  # noqa: PTH100  (links stay as they are)
    return f"{name}={os.path.abspath(path)}"  # noqa: PTH100  (the same)
