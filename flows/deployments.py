"""The `run` flow on a schedule: registered on a Prefect API, and served from this process."""

import asyncio
import contextlib
import os
import threading
from typing import Any, Final
from zoneinfo import ZoneInfo

from dicomlake.flows.exits import TERMINATED, Terminated
from dicomlake.flows.request import RunRequest
from dicomlake.flows.tracked import check_api, run
from dicomlake.flows.tracking import Api
from dicomlake.pipeline.errors import UsageError

# isort: split
# `tracked` has set the environment that Prefect is imported with.
import psutil  # type: ignore[import-untyped]  # it brings no types
from prefect.runner import Runner
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

END_S: Final = 45.0
"""How long an end in order may take: Prefect gives a run under way 30 s."""


class _Runner(Runner):
    """Prefect's runner; SIGTERM ends it in order, its run under way included.

    Prefect's own handler leaves from the middle of the event loop: it cancels nothing and exits 0.
    """

    ended = False
    loop: asyncio.AbstractEventLoop | None = None
    serving: asyncio.Task[Any] | None = None

    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:
        del args, kwargs
        if not self.ended:
            self.ended = True
            last_resort = threading.Timer(END_S, _leave)
            last_resort.daemon = True
            last_resort.start()
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self._ending = asyncio.ensure_future(self._stop())

    async def _stop(self) -> None:
        try:
            await self.astop()
        except BaseException:
            # The API refused, or the runner had not begun: Prefect's loops would go on for ever.
            if self.serving is not None:
                self.serving.cancel()
            raise

    async def serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.serving = asyncio.current_task()
        try:
            await self.start()
        except asyncio.CancelledError:
            if not self.ended:
                raise


def _leave() -> None:
    """End this process and those it started, whatever they wait for."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    os._exit(TERMINATED)


def serve(request: RunRequest, api: Api, *, name: str, cron: str, timezone: str) -> None:
    """Register the deployment and do its runs until this process is ended.

    One run at a time (`concurrency_limit`): a run that is due while one is under way waits for it.
    The schedule is paused when this process ends: nobody would do its runs.

    Args:
        request: the parameters of every scheduled run.
        api: where to register it.
        name: of the deployment.
        cron: when, as five fields of cron.
        timezone: name of the IANA time zone that `cron` is read in.

    Raises:
        UsageError: the API does not answer, or the schedule is not one.
        Terminated: SIGTERM ended it.
    """
    schedule = _schedule(cron, timezone)
    check_api(api)
    runner = _Runner(name=name, limit=1, pause_on_shutdown=True)
    runner.add_flow(
        run,
        name=name,
        schedule=schedule,
        parameters={"request": request.model_dump(mode="json")},
        description="Reads the sources into the lake: what changed since the last run.",
        concurrency_limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    asyncio.run(runner.serve())
    if runner.ended:
        raise Terminated


def _schedule(cron: str, timezone: str) -> Schedule:
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        raise UsageError(
            f"There is no time zone {timezone}.", "Name one like Europe/Berlin."
        ) from None
    try:
        return Cron(cron, timezone=timezone)
    except ValueError:
        raise UsageError(
            f"{cron!r} is not a schedule of cron.", 'Five fields, e.g. "0 2 * * *" for 2:00.'
        ) from None
