"""The Prefect flows: the same stages, recorded. With `deployments`, the only code that imports it.

A flow calls the one composition with a reporter that makes each stage a task and each table an
artifact. Imported only for tracked runs.
"""
# ruff: noqa: E402  (Prefect reads its settings when it is imported: their environment comes first)

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from dicomlake.flows.tracking import quiet_prefect

quiet_prefect()

# isort: split
import httpx
from prefect import flow, get_run_logger, runtime, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging.handlers import PrefectConsoleHandler

from dicomlake.flows import logs
from dicomlake.flows.meters import PlainMeter
from dicomlake.flows.printing import summary_markdown, summary_tables
from dicomlake.flows.reporter import DirectReporter, Meter, Progress
from dicomlake.flows.request import Command, RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary
from dicomlake.flows.tracking import Api
from dicomlake.pipeline.errors import UsageError

Result = TypeVar("Result")

PROGRESS_EVERY_S: Final = 5.0

_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)
"""The display of the terminal that started the run; None where Prefect started it."""


class PrefectReporter:
    """Reports to the Prefect API, and to the log and meter as any run does."""

    def __init__(self, meter: Meter) -> None:
        self._direct = DirectReporter(meter)
        self.tracked_at: str | None = runtime.flow_run.ui_url or str(runtime.flow_run.id)

    def info(self, message: str) -> None:
        """Log a line with the run."""
        get_run_logger().info(message)
        self._direct.info(message)

    def warning(self, message: str) -> None:
        """Log a warning with the run."""
        get_run_logger().warning(message)
        self._direct.warning(message)

    @contextmanager
    def _progress(
        self, stage: str, files: int | None, size: int | None, unit: str
    ) -> Iterator[Progress]:
        with self._direct.progress(stage, files, size, unit) as shown:
            if not files:
                yield shown
                return
            artifact = create_progress_artifact(
                0.0, key=_key(stage), description=f"{stage}: {unit}"
            )
            recorded = _RecordedProgress(shown, cast(UUID, artifact), files)
            yield recorded
            recorded.send()

    def progress(
        self, stage: str, files: int | None = None, size: int | None = None, unit: str = "files"
    ) -> AbstractContextManager[Progress]:
        """Show a stage, also as a progress artifact where the total is known."""
        return self._progress(stage, files, size, unit)

    def table(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Keep rows as an artifact of the run."""
        create_table_artifact(table=[dict(row) for row in rows], key=_key(name), description=name)

    def stage(self, name: str, function: Callable[[], Result]) -> Result:
        """Do one stage as one task; its result stays in this process."""

        @task(name=name, cache_policy=NO_CACHE, persist_result=False)
        def stage() -> Any:
            return function()

        return cast(Result, stage())


class _RecordedProgress:
    """Passes progress on, and now and then to the API."""

    def __init__(self, shown: Progress, artifact: UUID, total: int) -> None:
        self._shown, self._artifact, self._total = shown, artifact, total
        self._done = 0
        self._sent = time.monotonic()

    def advance(self, files: int, size: int = 0) -> None:
        self._shown.advance(files, size)
        self._done += files
        if time.monotonic() - self._sent >= PROGRESS_EVERY_S:
            self.send()

    def send(self) -> None:
        self._sent = time.monotonic()
        update_progress_artifact(self._artifact, min(100.0, 100 * self._done / self._total))


def _key(name: str) -> str:
    return "dicomlake-" + name.lower().replace(" ", "-").replace("_", "-")


def _recorded(request: RunRequest, command: Command) -> RunSummary:
    settings = request.settings()
    meter = _meter.get()
    if meter is None:
        # A scheduled run, in a process that Prefect started: its log is set up here.
        logs.set_up(settings.log, None)
        _silence_console()
        meter = PlainMeter()
    reporter = PrefectReporter(meter)
    reporter.info(f"tracked at {reporter.tracked_at}")
    summary = execute(request, command, settings, reporter)
    for title, rows in summary_tables(summary):
        reporter.table(title, rows)
    create_markdown_artifact(
        summary_markdown(summary), key="dicomlake-summary", description="What the run did"
    )
    return summary


@flow(name="dicomlake-run", persist_result=False)
def run(request: RunRequest) -> RunSummary:
    """Read folders of DICOM files into tables, volumes and doses."""
    return _recorded(request, "run")


@flow(name="dicomlake-ingest", persist_result=False)
def ingest(request: RunRequest) -> RunSummary:
    """Read folders of DICOM files into tables."""
    return _recorded(request, "ingest")


@flow(name="dicomlake-volumes", persist_result=False)
def volumes(request: RunRequest) -> RunSummary:
    """Make volumes from the committed tables."""
    return _recorded(request, "volumes")


@flow(name="dicomlake-dose", persist_result=False)
def dose(request: RunRequest) -> RunSummary:
    """Read doses from the committed tables."""
    return _recorded(request, "dose")


FLOWS: Final = {"run": run, "ingest": ingest, "volumes": volumes, "dose": dose}


def check_api(api: Api) -> None:
    """Ask the API something; an address alone proves nothing.

    Raises:
        UsageError: it does not answer, or not to us.
    """
    try:
        with get_client(sync_client=True, httpx_settings={"timeout": 10.0}) as client:
            client.read_flow_runs(limit=1)
    except PrefectHTTPStatusError as error:
        raise UsageError(
            f"The Prefect API at {api.url} refuses ({error.response.status_code}).",
            f"Mend {api.where}, or use --no-track.",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError):
        raise UsageError(
            f"No Prefect API answers at {api.url} (from {api.where}).",
            "Start it with `prefect server start`, or use --no-track.",
        ) from None


def run_tracked(request: RunRequest, command: Command, api: Api, meter: Meter) -> RunSummary:
    """Do a run as a flow run of the API, from a terminal.

    Raises:
        UsageError: the API does not answer; nothing was done.
        DicomLakeError: as of the stage that failed; the flow run is FAILED.
    """
    check_api(api)
    _silence_console()
    token = _meter.set(meter)
    try:
        return FLOWS[command](request)
    finally:
        _meter.reset(token)


def _silence_console() -> None:
    """Keep Prefect's lines off the terminal: it shows the run's own, and errors as one line."""
    root = logging.getLogger()
    for logger in (root, *map(logging.getLogger, root.manager.loggerDict)):
        for handler in list(logger.handlers):
            if isinstance(handler, PrefectConsoleHandler):
                logger.removeHandler(handler)
