"""Work done as a user without rights, so that permissions can be tested by root too."""

import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
_NOBODY = 65534


@contextmanager
def open_folder() -> Iterator[Path]:
    """Give a folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="dicomlake-open-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(folder)


def as_stranger(function: Callable[[], T]) -> T:
    """Return what a function returns in a child process that is nobody; skips where none can be."""
    if os.geteuid() != 0:
        return function()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(pickle.dumps(function()))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status or not answer:
        pytest.skip("cannot drop root's rights in a child process here")
    return pickle.loads(answer)
