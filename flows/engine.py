"""Where batches run: inline, on processes of this machine, or on a Dask cluster that exists.

The only file that imports Dask, and only once a cluster is wanted. Jobs and their functions must
pickle and be idempotent: a job whose worker dies is done again.
"""

# mypy: allow-untyped-calls
# (Dask's classes carry few annotations.)

import contextlib
import itertools
import logging
import multiprocessing
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import dicomlake
from dicomlake.config.settings import EngineSettings
from dicomlake.flows import template, worker
from dicomlake.pipeline.errors import EngineError
from dicomlake.pipeline.tables.commit import MapParts
from dicomlake.pipeline.tables.part_jobs import PartJob, PartsWritten

if TYPE_CHECKING:
    from distributed import Client, Future

Job = TypeVar("Job")
Result = TypeVar("Result")

JOBS_PER_WORKER: Final = 3
"""Jobs under way for each worker: one it does, one that waits there, one on its way."""
CONNECT_S: Final = 10
POLL_S: Final = 2
NO_WORKERS_S: Final = 60
"""How long a cluster may be without any worker before the run gives up."""

_DASK_CONFIG: Final[dict[str, object]] = {
    # A worker that dies is reported by us, once, and not by each part of Dask that notices.
    "logging": {"distributed": "critical"},
    "distributed.nanny.pre-spawn-environ": worker.ENVIRONMENT,
    "distributed.worker.multiprocessing-method": template.METHOD,
    "distributed.comm.timeouts.connect": f"{CONNECT_S}s",
    # The ports of a private cluster tell nothing but that they are alive.
    "distributed.scheduler.http.routes": ["distributed.http.health"],
    "distributed.worker.http.routes": ["distributed.http.health"],
    "distributed.diagnostics.nvml": False,
}


def cores() -> int:
    """Return how many processes may run at once: affinity, cut by a container's CPU quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(allowed or 1, round(int(quota) / int(period))))
    return allowed or 1


class Engine:
    """Runs functions over jobs; one cluster, started at first need, serves all stages of a run."""

    def __init__(self, settings: EngineSettings, *, folder: Path) -> None:
        """Remember where to run; nothing is started.

        Args:
            settings: workers, scheduler and limits.
            folder: folder of the lake that every worker must be able to write to.
        """
        self._settings = settings
        self._folder = folder
        self._cluster: _Cluster | None = None
        self._starting: _Starting | None = None
        self.workers_used = 0
        self.where = "inline"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def expect(self, cost_s: float) -> None:
        """Start processes of this machine in the background, if `map` will want them.

        What is started too early is ended by `close`; what goes wrong is raised by `map`.

        Args:
            cost_s: the least that is known to come, in seconds of one core.
        """
        if self._cluster or self._starting or self._settings.scheduler:
            return
        count = self._local_workers(cost_s)
        if count:
            self._starting = _Starting(count, self._settings.worker_memory_bytes)

    def map(
        self,
        function: Callable[[Job], Result],
        jobs: Iterable[Job],
        *,
        cost_s: float,
        name: Callable[[Job], str],
    ) -> Iterator[Result]:
        """Yield the results of `function` over `jobs`, in the order in which they are done.

        Jobs are drawn as results leave, so neither are ever held all at once.

        Args:
            function: a function of a module, or a partial of one.
            jobs: its arguments.
            cost_s: estimated work of all jobs, in seconds of one core; below
                `engine.inline_below_s` no cluster is started for it when workers is "auto".
            name: what a message calls a job; no DICOM value.

        Raises:
            EngineError: the cluster cannot be reached, was lost, or a job keeps ending workers.
        """
        waiting = iter(jobs)
        first = list(itertools.islice(waiting, 1))
        if not first:
            return  # no cluster is started for nothing
        queue = itertools.chain(first, waiting)
        cluster = self._cluster_for(cost_s)
        if cluster is None:
            yield from map(function, queue)
        else:
            yield from cluster.map(function, queue, name)

    def map_parts(self) -> MapParts | None:
        """Return what has workers write the parts of a commit; None where there are no workers.

        None are started for it: where reading did not pay for them, writing does not.
        """
        cluster = self._cluster
        if cluster is None:
            return None

        def do(
            write: Callable[[PartJob], PartsWritten], jobs: Iterable[PartJob]
        ) -> Iterator[PartsWritten]:
            return cluster.map(write, iter(jobs), _part_name)

        return do

    def close(self) -> None:
        """End the processes this engine started; a cluster that was there before stays."""
        if self._starting is not None:
            starting, self._starting = self._starting, None
            starting.give_up()
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _cluster_for(self, cost_s: float) -> "_Cluster | None":
        if self._cluster is not None:
            return self._cluster
        if self._settings.scheduler:
            self._cluster = _connect(self._settings.scheduler, self._folder)
            self.where = f"on the Dask cluster at {self._settings.scheduler}"
        else:
            self.expect(cost_s)
            if self._starting is None:
                return None
            count = self._starting.count
            self._cluster = self._starting.cluster()
            self._starting = None
            self.where = f"on {count} process{'es' if count > 1 else ''}"
        self.workers_used = self._cluster.size
        return self._cluster

    def _local_workers(self, cost_s: float) -> int:
        if self._settings.workers != "auto":
            return self._settings.workers
        count = cores()
        return 0 if count == 1 or cost_s < self._settings.inline_below_s else count


class _Cluster:
    """A Dask client with a bounded window of jobs under way."""

    def __init__(self, client: "Client", size: int, taken: contextlib.ExitStack) -> None:
        """Hold a client of `size` workers; `taken` gives back everything that was taken for it."""
        self._client = client
        self._taken = taken
        self.size = size

    def map(
        self, function: Callable[[Job], Result], jobs: Iterator[Job], name: Callable[[Job], str]
    ) -> Iterator[Result]:
        """Set workers to the first jobs now, and yield the results of all as they are done."""
        running: dict[Future[Any], str] = {}

        def fill() -> None:
            for job in itertools.islice(jobs, self.size * JOBS_PER_WORKER - len(running)):
                running[self._client.submit(function, job, pure=False)] = name(job)

        fill()
        return self._results(running, fill)

    def _results(
        self, running: "dict[Future[Any], str]", fill: Callable[[], None]
    ) -> Iterator[Any]:
        try:
            while running:
                for future in self._done(running):
                    label = running.pop(future)
                    yield self._result(future, label)
                fill()
        finally:
            if running and self._client.status == "running":
                self._client.cancel(list(running), force=True)

    def _done(self, running: "dict[Future[Any], str]") -> "list[Future[Any]]":
        """Wait for at least one result, watching that somebody is still working on it."""
        from distributed import wait  # noqa: PLC0415  (slow import)

        without_workers_s = 0.0
        while True:
            try:
                with self._client.as_current():
                    done = wait(list(running), timeout=POLL_S, return_when="FIRST_COMPLETED").done
            except TimeoutError:
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

    def _count_workers(self) -> int:
        try:
            return len(self._client.nthreads())
        except (OSError, CancelledError):  # CommClosedError and time-outs are OSErrors
            raise _lost() from None

    def _result(self, future: "Future[Any]", label: str) -> Any:
        from distributed import KilledWorker  # noqa: PLC0415  (slow import)

        try:
            return future.result()
        except KilledWorker:
            raise EngineError(
                f"{label} ended its worker process each time it was tried.",
                "Raise engine.worker_memory_bytes, or take its files out of the source; "
                "nothing was committed by this stage.",
            ) from None
        except CancelledError:
            raise _lost() from None
        finally:
            future.release()

    def close(self) -> None:
        # Whatever Dask says while it is taken down, the work is done or given up by now.
        with contextlib.suppress(OSError, TimeoutError, CancelledError):
            self._taken.close()


class _Starting:
    """Worker processes on their way: a thread starts them while the driver does other work."""

    def __init__(self, count: int, memory_bytes: int) -> None:
        self.count = count
        self._memory_bytes = memory_bytes
        self._cluster: _Cluster | None = None
        self._error: BaseException | None = None
        template.start()
        self._thread = threading.Thread(target=self._start, name="start of workers")
        self._thread.start()

    def _start(self) -> None:
        try:
            self._cluster = _start(self.count, self._memory_bytes)
        except BaseException as error:  # noqa: BLE001  (raised where the workers are wanted)
            self._error = error

    def cluster(self) -> _Cluster:
        """Wait for the processes; an error of their start is raised here."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._cluster is not None
        return self._cluster

    def give_up(self) -> None:
        """Wait for the processes, and end them."""
        self._thread.join()
        if self._cluster is not None:
            self._cluster.close()
        template.stop()


def _part_name(job: PartJob) -> str:
    return f"Writing parts of table {job.table.name}"


def _kill_workers() -> None:
    """End the worker processes that do not listen, or were being started when the run ended."""
    for child in multiprocessing.active_children():
        if child.name.startswith("Dask Worker process"):
            child.kill()
            child.join()


def _start(count: int, memory_bytes: int) -> _Cluster:
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
                preload=["dicomlake.flows.worker"],
                silence_logs=logging.CRITICAL,
            )
        except (RuntimeError, OSError) as error:
            raise EngineError(
                f"Cannot start {count} worker processes: {error}", "Try --workers 0."
            ) from error
        client = Client(cluster, security=security, set_as_default=False)
        taken.callback(client.close, timeout=2)
        return _Cluster(client, count, taken.pop_all())


def _connect(address: str, folder: Path) -> _Cluster:
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
        return _Cluster(client, size, taken.pop_all())


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
