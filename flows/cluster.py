"""A Dask cluster that jobs are given to: started by this process, or there before.

With `worker`, the only code that imports Dask, and only once a cluster is wanted.
"""

# mypy: allow-untyped-calls
# (Dask's classes carry few annotations.)

import contextlib
import logging
import multiprocessing
import shutil
import sys
import tempfile
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import dicomlake
from dicomlake.flows import template, worker
from dicomlake.flows.kills import Done, Given, Kills
from dicomlake.flows.packing import packed, unpacked
from dicomlake.pipeline.errors import EngineError

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

Job = TypeVar("Job")
Result = TypeVar("Result")

JOBS_PER_WORKER: Final = 3
"""Jobs under way for each worker: one it does, one that waits there, one on its way."""
CONNECT_S: Final = 10
POLL_S: Final = 2
NO_WORKERS_S: Final = 60
"""How long a cluster may be without any worker before the run gives up."""

PRELOAD: Final = ("dicomlake.flows.worker",)
"""What a worker process sets up before its first job."""

_DASK_CONFIG: Final[dict[str, object]] = {
    # A worker that dies is reported by us, once, and not by each part of Dask that notices.
    "logging": {"distributed": "critical"},
    "distributed.nanny.pre-spawn-environ": worker.ENVIRONMENT,
    "distributed.worker.multiprocessing-method": template.METHOD,
    "distributed.comm.timeouts.connect": f"{CONNECT_S}s",
    # What a job that ends its worker is worth is told by notes, not by trying it again.
    "distributed.scheduler.allowed-failures": 0,
    # A worker that is slow to start again is not given up; see `_mend`.
    "distributed.deploy.lost-worker-timeout": "1h",
    # Results are small and never spilled. A worker that has kept memory of an earlier job must not
    # be paused for it; what it may take at most is told by the kernel (worker.limit_memory) where
    # that can, which counts no pages of mapped files.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False if sys.platform == "linux" else 0.95,
    # The ports of a private cluster tell nothing but that they are alive.
    "distributed.scheduler.http.routes": ["distributed.http.health"],
    "distributed.worker.http.routes": ["distributed.http.health"],
    "distributed.diagnostics.nvml": False,
}


class Cluster:
    """A Dask client with a bounded window of jobs under way."""

    def __init__(
        self,
        client: "Client",
        size: int,
        folder: Path,
        taken: contextlib.ExitStack,
        own: "LocalCluster | None" = None,
    ) -> None:
        """Hold a client of `size` workers; `taken` gives back everything that was taken for it.

        Notes of what workers are at stand below `folder`; `own` has started the workers.
        """
        self._client = client
        self._taken = taken
        self._own = own
        self._is_short = False
        self.size = size
        self.notes = folder.resolve() / "notes"

    def map(
        self,
        function: Callable[[Job], Result],
        jobs: Iterator[Job],
        kills: Kills[Job, Result],
    ) -> Iterator[Result]:
        """Set workers to the first jobs now, and yield the results of all as they are done."""
        running: dict[Future[Any], Given[Job]] = {}
        again: deque[Given[Job]] = deque()

        def fill() -> None:
            while len(running) < self.size * JOBS_PER_WORKER:
                try:
                    given = again.popleft() if again else Given(next(jobs))
                except StopIteration:
                    return
                running[self._submit(function, given)] = given

        fill()
        return self._results(running, again, fill, kills)

    def _submit(self, function: Callable[[Job], Result], given: Given[Job]) -> "Future[Any]":
        job = packed((function, given.job))
        return self._client.submit(worker.do, job, str(self.notes), given.key, pure=False)

    def _results(
        self,
        running: "dict[Future[Any], Given[Job]]",
        again: deque[Given[Job]],
        fill: Callable[[], None],
        kills: Kills[Job, Result],
    ) -> Iterator[Result]:
        try:
            while running:
                for future in self._done(running):
                    found = self._result(future, running.pop(future), kills)
                    if isinstance(found, Done):
                        yield found.result
                    else:
                        again.extend(found)
                fill()
                self._mend()
        finally:
            if running and self._client.status == "running":
                self._client.cancel(list(running), force=True)

    def _done(self, running: "dict[Future[Any], Given[Job]]") -> "list[Future[Any]]":
        """Wait for at least one result, watching that somebody is still working on it."""
        from distributed import wait  # noqa: PLC0415  (slow import)

        without_workers_s = 0.0
        while True:
            try:
                with self._client.as_current():
                    done = wait(list(running), timeout=POLL_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                self._mend()
                without_workers_s = 0 if self._count_workers() else without_workers_s + POLL_S
                if without_workers_s >= NO_WORKERS_S:
                    raise EngineError(
                        f"The Dask cluster has had no worker for {NO_WORKERS_S} s.",
                        "Start workers, then run again; nothing was committed by this stage.",
                    ) from None
            except CancelledError:
                raise _lost() from None
            else:
                return [future for future in running if future in done]

    def _mend(self) -> None:
        """Start workers in place of those that died while they started, and so for good.

        A nanny restarts a worker that dies later, but a job may end one as soon as it is there.
        """
        if self._own is None or not self._is_short:
            return
        with contextlib.suppress(OSError, TimeoutError, CancelledError):
            self._own.sync(_replace_dead, self._own)
            self._is_short = self._count_workers() < self.size

    def _count_workers(self) -> int:
        try:
            return len(self._client.nthreads())
        except (OSError, CancelledError):  # CommClosedError and time-outs are OSErrors
            raise _lost() from None

    def _result(
        self, future: "Future[Any]", given: Given[Job], kills: Kills[Job, Result]
    ) -> Done[Result] | list[Given[Job]]:
        """Return the result of a job, or what is to be done in its place."""
        from distributed import KilledWorker  # noqa: PLC0415  (slow import)

        try:
            done = Done(unpacked(future.result()))
        except KilledWorker as killed:
            self._is_short = True
            address = killed.last_worker.address
            return kills.judge(given, address, memory=self._took_too_much(address))
        except MemoryError:
            return kills.judge(given, "", memory=True)
        except CancelledError:
            raise _lost() from None
        else:
            kills.went_on()
            return done
        finally:
            future.release()

    def _took_too_much(self, address: str) -> bool:
        """Return whether the nanny of a worker ended it because of its memory."""
        try:
            events = self._client.get_events("worker-restart-memory")
        except (OSError, CancelledError):
            raise _lost() from None
        return any(said.get("worker") == address for _, said in events)

    def close(self) -> None:
        """End the processes that were started for it; a cluster that was there before stays."""
        # Whatever Dask says while it is taken down, the work is done or given up by now.
        with contextlib.suppress(OSError, TimeoutError, CancelledError):
            self._taken.close()
        shutil.rmtree(self.notes, ignore_errors=True)


async def _replace_dead(cluster: "LocalCluster") -> None:
    """Start nannies in place of those that have ended; called by the loop of the cluster."""
    from distributed.core import Status  # noqa: PLC0415  (slow import)

    ended = (Status.closing, Status.closed, Status.failed)
    gone = [name for name, nanny in cluster.workers.items() if nanny.status in ended]
    for name in gone:
        del cluster.workers[name]
    if gone:
        cluster.scale(len(cluster.worker_spec))


def _kill_workers() -> None:
    """End the worker processes that do not listen, or were being started when the run ended."""
    for child in multiprocessing.active_children():
        if child.name.startswith("Dask Worker process"):
            child.kill()
            child.join()


def start(count: int, memory_bytes: int, work: Path) -> Cluster:
    """Start worker processes of our own, on loopback and behind a certificate of this run.

    Without the certificate any account of the machine could have the scheduler run its code.
    """
    folder = tempfile.TemporaryDirectory(prefix="dicomlake-dask-", ignore_cleanup_errors=True)
    with contextlib.ExitStack() as taken:  # unwound here unless everything has started
        taken.enter_context(folder)
        taken.callback(template.stop)
        _configure_dask(folder.name)
        from distributed import Client, LocalCluster  # noqa: PLC0415  (slow import)
        from distributed.deploy.spec import close_clusters  # noqa: PLC0415  (slow import)
        from distributed.security import Security  # noqa: PLC0415  (slow import)

        security = Security.temporary()
        taken.callback(_kill_workers)
        taken.callback(close_clusters)  # also one whose start is cut short: nobody holds it yet
        try:
            cluster = LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                protocol="tls://",
                security=security,
                dashboard_address="127.0.0.1:0",
                worker_dashboard_address="127.0.0.1:0",
                memory_limit=memory_bytes,
                local_directory=folder.name,
                preload=list(PRELOAD),
                silence_logs=logging.CRITICAL,
            )
        except (RuntimeError, OSError) as error:
            raise EngineError(
                f"Cannot start {count} worker processes: {error}", "Try --workers 0."
            ) from error
        client = Client(cluster, security=security, set_as_default=False)
        taken.callback(client.close, timeout=2)
        return Cluster(client, count, work, taken.pop_all(), cluster)


def connect(address: str, folder: Path) -> Cluster:
    """Join a cluster that exists, and see that its workers can do the work."""
    _configure_dask(tempfile.gettempdir())
    from distributed import Client  # noqa: PLC0415  (slow import)
    from distributed.comm.addressing import get_address_host_port  # noqa: PLC0415  (slow import)

    try:
        # A client that fails over a malformed address waits 20 s at exit to say so again.
        get_address_host_port(address, strict=True)
        with warnings.catch_warnings():
            # Dask's table of differing versions; what matters of it is checked below.
            warnings.simplefilter("ignore")
            client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError):
        raise EngineError(
            f"No Dask scheduler answers at {address}.",
            "Start one with `dask scheduler`, or leave --scheduler out.",
        ) from None
    with contextlib.ExitStack() as taken:
        taken.callback(client.close, timeout=2)
        size = _check_workers(client, address, folder)
        return Cluster(client, size, folder, taken.pop_all())


def _check_workers(client: "Client", address: str, folder: Path) -> int:
    try:
        client.wait_for_workers(1, timeout=CONNECT_S)
    except TimeoutError:
        raise EngineError(
            f"The Dask scheduler at {address} has no workers.", f"Start: dask worker {address}"
        ) from None
    try:
        reports = client.run(worker.report, str(folder))
    except ImportError:
        raise EngineError(
            f"The workers of {address} cannot import dicomlake.",
            f"Install dicomlake {dicomlake.__version__} on the scheduler and on every worker.",
        ) from None
    for where, each in reports.items():
        if each.version != dicomlake.__version__:
            raise EngineError(
                f"Worker {where} has dicomlake {each.version}; this is {dicomlake.__version__}.",
                "Install the same version everywhere.",
            )
        if not each.sees_folder:
            raise EngineError(
                f"Worker {where} cannot write to {folder}.",
                "The lake and its sources must be on a file system that every worker mounts.",
            )
    return sum(client.nthreads().values())


def _configure_dask(temporary: str) -> None:
    """Set what Dask reads when `distributed` is imported: before that."""
    import dask  # noqa: PLC0415  (slow import)

    dask.config.set({**_DASK_CONFIG, "temporary-directory": temporary})


def _lost() -> EngineError:
    return EngineError(
        "The connection to the Dask scheduler was lost.",
        "Run again; nothing was committed by this stage.",
    )
