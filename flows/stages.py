"""The stages of a run, in order: the one composition, whoever watches it and wherever it works.

Imports neither Prefect nor Dask: a reporter and an engine stand between. A stage that fails ends
the run; what an earlier stage committed stays, what this one did is left in staging.
"""

import secrets
from datetime import datetime
from pathlib import Path
from typing import Final

from dicomlake.config.settings import Settings
from dicomlake.flows.engine import Engine
from dicomlake.flows.reporter import Reporter
from dicomlake.flows.request import Command, RunRequest
from dicomlake.flows.run import Run
from dicomlake.flows.summary import RunSummary
from dicomlake.flows.table_stages import make_tables
from dicomlake.pipeline.discovery.sources import resolve_sources
from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.tables.commit import LakeWriter, open_for_writing
from dicomlake.pipeline.tables.store import open_version

_FROM_ROWS: Final = ("volumes", "dose")
"""Commands that work from committed rows."""


def execute(
    request: RunRequest, command: Command, settings: Settings, reporter: Reporter
) -> RunSummary:
    """Do a run: open, plan, headers, tables, volumes, dose; each stage commits at most once.

    Args:
        request: what to read and where to.
        command: `run` (everything), `ingest` (tables only), `volumes` or `dose` (from committed
            rows).
        settings: of the run.
        reporter: hears what happens, and calls the stages.

    Returns:
        What was done. Every run that could open the lake also has its line in `runs.jsonl`.

    Raises:
        DicomLakeError: with its exit code; nothing of the stage that failed is committed.
    """
    request.require_one_choice()
    if command in _FROM_ROWS and request.sources:
        raise UsageError(f"`{command}` takes no source:", "it works from the committed tables.")
    if command not in _FROM_ROWS and not request.sources:
        raise UsageError("No source is named.", f"Say which folder: dicomlake {command} FOLDER")
    return _do(Run(request, command, settings, reporter))


def new_run_id(now: datetime) -> str:
    """Return the identity of a run: when it started, and chance."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def _do(run: Run) -> RunSummary:
    run.run_id = new_run_id(run.started)
    with run.stage("open", lambda: _open(run)) as writer:
        staging = writer.staging(run.run_id)
        try:
            with Engine(run.settings.engine, folder=staging) as engine:
                try:
                    _work(run, writer, engine, staging)
                finally:
                    run.workers, run.where = engine.workers_used, engine.where
        except BaseException as error:
            # Also Ctrl-C and SIGTERM: a run that ended early has its line, then ends.
            writer.record_run(run.summary(error).as_json())
            raise
        summary = run.summary()
        writer.record_run(summary.as_json())
    return summary


def _open(run: Run) -> LakeWriter:
    """Open the lake, once what it is opened for is known: a typing error makes no lake."""
    lake = run.request.lake
    if run.command in _FROM_ROWS:
        open_version(lake)
    resolve_sources(run.request.sources, {}, lake)
    writer = open_for_writing(lake, run.settings)
    try:
        run.version = writer.base
        run.version_before = writer.base.number
        run.sources = resolve_sources(run.request.sources, writer.base.sources, lake)
    except BaseException:
        writer.close()
        raise
    return writer


def _work(run: Run, writer: LakeWriter, engine: Engine, staging: Path) -> None:
    if run.command in ("run", "ingest"):
        make_tables(run, writer, engine, staging)
    if run.command == "volumes" or (run.command == "run" and run.settings.run.volumes):
        # Imported here, as doses are below: a run without volumes does not pay for them.
        from dicomlake.flows.volume_stages import make_volumes  # noqa: PLC0415  (slow import)

        make_volumes(run, writer, engine, staging)
    if run.command == "dose" or (run.command == "run" and run.settings.run.dose):
        # Imported here: a run without doses does not pay for it.
        from dicomlake.flows.dose_stages import make_dose  # noqa: PLC0415  (slow import)

        make_dose(run, writer, engine, staging)
