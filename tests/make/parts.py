"""Changes that several workers write the parts of, and a worker that dies at it."""

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

from dicomlake.pipeline.tables import faults
from dicomlake.pipeline.tables.commit import Change, TableDelta
from dicomlake.pipeline.tables.part_jobs import PartJob, PartsWritten
from make.rows import file_row, instance_row, rows


def change_of(start: int, count: int, value: int) -> Change:
    """Return files and instances of two partitions that say `value`, shuffled."""
    numbers = list(range(start, start + count))
    random.Random(start).shuffle(numbers)
    files = [
        file_row(f"d{n % 7}/f{n:05d}", size=value, sop_instance_uid=f"1.{n:05d}") for n in numbers
    ]
    instances = [
        instance_row(
            file["sop_instance_uid"],
            instance_number=value,
            modality=("CT", "MR")[n % 2],
            file_id=file["file_id"],
        )
        for n, file in zip(numbers, files, strict=True)
    ]
    return Change(
        {
            "files": TableDelta(rows("files", files)),
            "instances": TableDelta(rows("instances", instances)),
        }
    )


def write_and_die_once(
    job: PartJob, write: Callable[[PartJob], PartsWritten], mark: str
) -> PartsWritten:
    """Do a job; the first that does dies just before it names its part."""
    try:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return write(job)
    os.environ[faults.VARIABLE] = "part.rename:kill"
    write(job)
    os.kill(os.getpid(), signal.SIGKILL)  # it wrote nothing new
    raise AssertionError(Path(mark).name)
