"""Where batches run: inline, on processes of this machine, or on a Dask cluster that exists.

Jobs and their functions must pickle and be idempotent: a job whose worker dies is done again, or is
judged by whoever made it.
"""

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self, TypeVar

from dicomlake.config.settings import EngineSettings
from dicomlake.flows import cluster, template
from dicomlake.flows.cluster import Cluster
from dicomlake.flows.kills import MOST_KILLS, Done, Kills, OnKilled
from dicomlake.pipeline.tables.commit import MapParts
from dicomlake.pipeline.tables.part_jobs import PartJob, PartsWritten

Job = TypeVar("Job")
Result = TypeVar("Result")


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
        self._cluster: Cluster | None = None
        self._starting: _Starting | None = None
        self.workers_used = 0
        self.where = "inline"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
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
            self._starting = _Starting(count, self._settings.worker_memory_bytes, self._folder)

    def map(
        self,
        function: Callable[[Job], Result],
        jobs: Iterable[Job],
        *,
        cost_s: float,
        name: Callable[[Job], str],
        on_killed: OnKilled[Job, Result] | None = None,
    ) -> Iterator[Result]:
        """Yield the results of `function` over `jobs`, in the order in which they are done.

        Jobs are drawn as results leave, so neither are ever held all at once.

        Args:
            function: a function of a module, or a partial of one.
            jobs: its arguments.
            cost_s: estimated work of all jobs, in seconds of one core; below
                `engine.inline_below_s` no cluster is started for it when workers is "auto".
            name: what a message calls a job; no DICOM value.
            on_killed: judges a job with which a worker process has ended: the jobs to be done in
                its place, which may be itself once more, or its result. Where there is none, a job
                is tried three times.

        Raises:
            EngineError: the cluster cannot be reached, was lost, or a job that nobody judges
                keeps ending workers.
        """
        waiting = iter(jobs)
        first = list(itertools.islice(waiting, 1))
        if not first:
            return  # no cluster is started for nothing
        queue = itertools.chain(first, waiting)
        found = self._cluster_for(cost_s)
        if found is None:
            yield from map(function, queue)
        else:
            yield from found.map(function, queue, Kills(found.notes, name, on_killed))

    def map_parts(self) -> MapParts | None:
        """Return what has workers write the parts of a commit; None where there are no workers.

        None are started for it: where reading did not pay for them, writing does not.
        """
        found = self._cluster
        if found is None:
            return None

        def do(
            write: Callable[[PartJob], PartsWritten], jobs: Iterable[PartJob]
        ) -> Iterator[PartsWritten]:
            # It is our own code and rows: what workers cannot do for want of memory is done here.
            kills = Kills(
                found.notes,
                _part_name,
                lambda job, kill: [job] if kill.kills < MOST_KILLS else Done(write(job)),
            )
            return found.map(write, iter(jobs), kills)

        return do

    def close(self) -> None:
        """End the processes this engine started; a cluster that was there before stays."""
        if self._starting is not None:
            starting, self._starting = self._starting, None
            starting.give_up()
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None

    def _cluster_for(self, cost_s: float) -> Cluster | None:
        if self._cluster is not None:
            return self._cluster
        if self._settings.scheduler:
            self._cluster = cluster.connect(self._settings.scheduler, self._folder)
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


class _Starting:
    """Worker processes on their way: a thread starts them while the driver does other work."""

    def __init__(self, count: int, memory_bytes: int, folder: Path) -> None:
        self.count = count
        self._memory_bytes = memory_bytes
        self._folder = folder
        self._cluster: Cluster | None = None
        self._error: BaseException | None = None
        template.start()
        self._thread = threading.Thread(target=self._start, name="start of workers")
        self._thread.start()

    def _start(self) -> None:
        try:
            self._cluster = cluster.start(self.count, self._memory_bytes, self._folder)
        except BaseException as error:  # noqa: BLE001  (raised where the workers are wanted)
            self._error = error

    def cluster(self) -> Cluster:
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
