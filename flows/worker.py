"""What a worker process does before its first batch: Dask's preload, and the probe of a cluster.

Loaded by the nanny of a `LocalCluster` (`preload=`); for a cluster of your own, start it with
`dask worker --nthreads 1 --preload dicomlake.flows.worker`. Limits of a process have their one
place here.
"""

import gc
import os
import resource
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dicomlake
from dicomlake.pipeline.headers.notes import noted
from dicomlake.pipeline.headers.watch import may_exit

MEMORY_OF_ARROW: Final = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Environment of a process of this program's own, read when pyarrow is imported.

Arrow's own pool keeps tens of megabytes that the writing of parts has freed; that of the system
gives them back.
"""

ENVIRONMENT: Final = MEMORY_OF_ARROW | dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLOSC_NTHREADS"), "1"
)
"""Environment of a worker: one process a core, so one thread a process."""

_COLLECTION: Final = (20_000, 10, 20)
"""When garbage is looked for, as `gc.set_threshold` takes it."""

_LEAST_MEMORY: Final = 134_217_728
"""Bytes that a worker may always take beyond what it has before its first job."""


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker of an existing cluster has to offer."""

    version: str
    sees_folder: bool


def dask_setup(worker: Any) -> None:
    """Limit this process; Dask calls it before the worker takes its first task."""
    limit_process()
    limit_memory(worker.memory_manager.memory_limit or 0)
    may_exit()


def limit_memory(limit_bytes: int) -> None:
    """Have an allocation fail that would take the data of this process beyond a limit.

    What counts is memory that is written to, not the address space: mapped files, and what
    libraries and the stacks of threads reserve, are several times what a worker ever uses.

    Args:
        limit_bytes: of the whole process; 0: no limit.
    """
    if not limit_bytes:
        return
    taken = 0
    with suppress(OSError):  # no such file but on Linux, where alone the kernel counts this
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
        taken = int(fields[5]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (max(limit_bytes, taken + _LEAST_MEMORY), hard))


def do(packed_job: bytes, notes: str, key: str) -> bytes:
    """Return what a function makes of a job, and note meanwhile that this process is at it.

    Args:
        packed_job: the function, of a module or a partial of one, and its argument, `packed`.
        notes: folder of the notes.
        key: name of this try of the job.

    Returns:
        The result, `packed`.
    """
    from dicomlake.flows.packing import packed, unpacked  # noqa: PLC0415  (as `limit_process`)

    with noted(Path(notes), key):
        function, job = unpacked(packed_job)
        return packed(function(job))


def collect_rarely() -> None:
    """Have a process of this program's own look for garbage less often than Python does.

    What it holds of thousands of headers is in no cycles, and is walked through in vain.
    """
    gc.set_threshold(*_COLLECTION)


def limit_process() -> None:
    """Keep libraries to one thread, write no core dumps, leave Ctrl-C to the driver."""
    # A core dump of a crashed decoder would hold patients.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if threading.current_thread() is threading.main_thread():
        # The terminal sends it to the whole group; the driver ends its workers itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    collect_rarely()
    os.environ.update(ENVIRONMENT)
    import pyarrow as pa  # noqa: PLC0415  (the environment above must come first)

    from dicomlake.pipeline.headers.lean_pydicom import keep_requests_out  # noqa: PLC0415  (as above)
    from dicomlake.pipeline.tables.lean_arrow import keep_pandas_out  # noqa: PLC0415  (as above)

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    keep_pandas_out()
    keep_requests_out()


def report(folder: str) -> WorkerReport:
    """Return this worker's version of the package, and whether it can write in the lake."""
    return WorkerReport(dicomlake.__version__, os.access(Path(folder), os.R_OK | os.W_OK | os.X_OK))
