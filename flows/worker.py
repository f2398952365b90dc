"""What a worker process does before its first batch: Dask's preload, and the probe of a cluster.

Loaded by the nanny of a `LocalCluster` (`preload=`); for a cluster of your own, start it with
`dask worker --preload dicomlake.flows.worker`. Limits of a process have their one place here.
"""

import os
import resource
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dicomlake

MEMORY_OF_ARROW: Final = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Environment of a process of this program's own, read when pyarrow is imported.

Arrow's own pool keeps tens of megabytes that the writing of parts has freed; that of the system
gives them back.
"""

ENVIRONMENT: Final = MEMORY_OF_ARROW | dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLOSC_NTHREADS"), "1"
)
"""Environment of a worker: one process a core, so one thread a process."""


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker of an existing cluster has to offer."""

    version: str
    sees_folder: bool


def dask_setup(worker: object) -> None:
    """Limit this process; Dask calls it before the worker takes its first task."""
    del worker
    limit_process()


def limit_process() -> None:
    """Keep libraries to one thread, write no core dumps, leave Ctrl-C to the driver."""
    # A core dump of a crashed decoder would hold patients.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if threading.current_thread() is threading.main_thread():
        # The terminal sends it to the whole group; the driver ends its workers itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(ENVIRONMENT)
    import pyarrow as pa  # noqa: PLC0415  (the environment above must come first)

    from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out  # noqa: PLC0415  (as above)

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    keep_pandas_out()


def report(folder: str) -> WorkerReport:
    """Return this worker's version of the package, and whether it can write in the lake."""
    return WorkerReport(dicomlake.__version__, os.access(Path(folder), os.R_OK | os.W_OK | os.X_OK))
