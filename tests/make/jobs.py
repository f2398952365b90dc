"""Jobs for the engine: functions that a worker process can import by name."""

import os
import time
from pathlib import Path

import pyarrow as pa

from dicomlake.pipeline.errors import CorruptLakeError


def square(number: int) -> int:
    return number * number


def slow_square(number: int) -> int:
    time.sleep(0.2)
    return number * number


def process_id(number: int) -> tuple[int, int]:
    time.sleep(0.05)
    return number, os.getpid()


def end_process(number: int) -> int:
    """End the worker for job 3, always."""
    if number == 3:
        os._exit(1)
    return number


def end_process_once(job: tuple[int, str]) -> int:
    """End the worker for job 3, the first time it is tried."""
    number, mark = job
    if number == 3:
        try:
            Path(mark).touch(exist_ok=False)
        except FileExistsError:
            return number
        os._exit(1)
    return number


def refuse(number: int) -> int:
    raise CorruptLakeError(f"Part {number} is damaged.", "Run dicomlake verify.")


def threads_of_pyarrow(number: int) -> tuple[int, int, str]:
    return number, pa.cpu_count(), os.environ["OMP_NUM_THREADS"]


def sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def parent_id(number: int) -> tuple[int, int]:
    """Return the number, and the process that this one was forked from."""
    return number, os.getppid()
