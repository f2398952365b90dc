"""The parent's end of the decoding process: start, ask, watch, end."""

import mmap
import os
import pickle
import select
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.config.settings import PixelSettings
from dicomlake.pipeline.errors import EngineError
from dicomlake.pipeline.pixels.decoding_protocol import (
    CAUSES,
    DONE,
    FIRST_CAUSE,
    LENGTH,
    NO_LIBRARY,
    PENDING,
    Request,
)
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame

FrameInFile = tuple[bytes, StoredFrame]
"""Path of a file, and one frame in it."""

PROGRAM: Final = "dicomlake.pipeline.pixels.decoding_process"
_START_S: Final = 60.0
"""Longest that the process may take to say that it is there."""
_ENVIRONMENT: Final = {
    # One thread: a library of linear algebra maps memory for many.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "RUST_BACKTRACE": "0",
    # The buffers of one frame serve the next: they do not go back to the kernel in between.
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "268435456",
}
_PAGE: Final = mmap.ALLOCATIONGRANULARITY
_WATCH_S: Final = 1.0
_AHEAD: Final = 1
"""Batches that the process is at while the parent looks at one."""
_MOST_KEPT: Final = 64 << 20
"""Bytes of the buffer of a process that is kept for another job."""


class DecodingChild:
    """A decoding process, started when first asked and again after it died."""

    def __init__(self, settings: PixelSettings, program: str = PROGRAM) -> None:
        """Prepare; nothing is started.

        Args:
            settings: limits of the process.
            program: module that it runs.
        """
        self.settings: Final = settings
        self._program = program
        self._running: _Running | None = None
        self._doubtful = False

    @property
    def pid(self) -> int | None:
        """Return the process, None where none runs."""
        return None if self._running is None else self._running.process.pid

    def close(self) -> None:
        """End the process."""
        if self._running is not None:
            self._running.end()
            self._running = None
        self._doubtful = False

    def rest(self) -> bool:
        """Let go of the file read last, and return whether the process is fit for another job.

        A codec that refused a frame may have hurt the memory of its process: it ends here, and so
        does one that is dead or holds much.
        """
        running, fit = self._running, False
        if running is None:
            return fit
        try:
            if not self._doubtful and running.usable and running.n_shared <= _MOST_KEPT:
                running.let_go()
                fit = True
        except _DeadError:
            pass
        finally:  # also of an interrupt, which leaves an answer behind
            if not fit:
                self.close()
        return fit

    def decode(self, frames: Sequence[FrameInFile]) -> npt.NDArray[Any]:
        """Return stored values [n, rows, columns], valid until the next call.

        Args:
            frames: paths and frames; all of one shape and type, `problem()` None throughout.

        Raises:
            PixelDataError: of the first frame that cannot be decoded, with its `place`.
            EngineError: the process cannot be started.
        """
        return next(self.decode_batches([frames]))

    def decode_batches(
        self, batches: Sequence[Sequence[FrameInFile]]
    ) -> Generator[npt.NDArray[Any], None, None]:
        """Yield the stored values [n, rows, columns] of each batch, valid until the next one.

        The process is at the next batch while the values of one are looked at. Close the generator
        when not all of them are taken.

        Args:
            batches: as of `decode`; the first is the greatest, all are of one shape and type.

        Raises:
            PixelDataError: of the first frame of a batch that cannot be decoded, with its `place`
                in the batch.
            EngineError: the process cannot be started.
        """
        first = batches[0][0][1]
        if first.n_bytes > self.settings.decode_memory_bytes:
            raise PixelDataError("decoder")
        if self._running is not None and not self._running.usable:
            self.close()
        if self._running is None:
            self._running = _Running(self.settings, self._program)
        try:
            yield from self._running.ask(batches)
        except _DeadError as dead:
            self.close()
            raise PixelDataError(dead.cause, dead.place) from dead
        except BaseException as error:
            # What is left in between leaves an answer behind that is nobody's.
            if isinstance(error, PixelDataError) and not self._running.under_way:
                self._doubtful = True
            elif not isinstance(error, GeneratorExit) or self._running.under_way:
                self.close()
            raise


class _DeadError(Exception):
    """The process died, or was ended, while it was at a frame."""

    def __init__(self, cause: Any, place: int) -> None:
        super().__init__(cause, place)
        self.cause = cause
        self.place = place


class _Running:
    """One running process with its pipes and the buffer it shares."""

    def __init__(self, settings: PixelSettings, program: str) -> None:
        self.owner = os.getpid()
        self._timeout_s = settings.decode_timeout_s
        self._buffer = _anonymous_file()
        self._map: mmap.mmap | None = None
        self.under_way = 0
        """Requests that have no answer yet."""
        theirs, lifeline = os.pipe()
        try:
            self.process = _start(settings, program, self._buffer, theirs)
        except OSError as error:
            os.close(self._buffer)
            os.close(lifeline)
            raise _no_start() from error
        finally:
            os.close(theirs)
        self._end = weakref.finalize(self, _end, self.process, (self._buffer, lifeline), self.owner)
        try:
            self._wait_for_start()
        except BaseException:
            self.end()
            raise

    @property
    def usable(self) -> bool:
        """Return whether it runs, and is this process's own rather than that of a fork's parent."""
        return self.owner == os.getpid() and self.process.poll() is None

    def end(self) -> None:
        """Kill the process, wait for it and close what belongs to it."""
        self._map = None
        self._end()

    def ask(self, batches: Sequence[Sequence[FrameInFile]]) -> Iterator[npt.NDArray[Any]]:
        """Have batches decoded, one ahead of that looked at; yields views of the shared buffer."""
        first = batches[0][0][1]
        states = -(-len(batches[0]) // _PAGE) * _PAGE
        size = states + -(-len(batches[0]) * first.n_bytes // _PAGE) * _PAGE
        shared = self._shared(size * min(len(batches), _AHEAD + 1))
        dead: _DeadError | None = None
        for number in range(len(batches) + _AHEAD):
            if number < len(batches) and dead is None:
                at = number % (_AHEAD + 1) * size
                shared[at : at + len(batches[number])] = bytes(len(batches[number]))
                try:
                    self._send(Request(len(shared), at, at + states, batches[number]))
                    self.under_way += 1
                except _DeadError as error:
                    dead = error  # perhaps at a batch that was asked for before: that one tells
            if number >= _AHEAD:
                if not self.under_way and dead is not None:
                    raise dead
                at = (number - _AHEAD) % (_AHEAD + 1) * size
                n = len(batches[number - _AHEAD])
                self._watch(shared, at, n)
                self.under_way -= 1
                self._check(shared[at : at + n])
                count = n * (first.rows or 0) * (first.columns or 0)
                values = np.frombuffer(shared, first.dtype, count, at + states)
                yield values.reshape(n, first.rows or 0, first.columns or 0)

    @property
    def n_shared(self) -> int:
        """Return the bytes of the buffer."""
        return 0 if self._map is None else len(self._map)

    def let_go(self) -> None:
        """Have the file that was read last closed."""
        self._send(Request(0, 0, 0, ()))
        self._watch(self._shared(0), 0, 0)

    def _send(self, request: Request) -> None:
        said = pickle.dumps(request, pickle.HIGHEST_PROTOCOL)
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(LENGTH.pack(len(said)) + said)
            self.process.stdin.flush()
        except OSError:  # it died between two requests
            raise _DeadError("decoder_died", 0) from None

    def _shared(self, size: int) -> mmap.mmap:
        """Return the buffer, grown where it is too small."""
        if self._map is None or len(self._map) < size:
            size = max(-(-size // _PAGE), 1) * _PAGE
            os.ftruncate(self._buffer, size)
            self._map = mmap.mmap(self._buffer, size)
        return self._map

    def _watch(self, shared: mmap.mmap, at: int, count: int) -> None:
        """Wait for the answer, for as long as frame after frame is done in time."""
        assert self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        place, since = 0, time.monotonic()
        while True:
            left = since + self._timeout_s - time.monotonic()
            if _readable(pipe, min(_WATCH_S, max(left, 0.0))):
                if os.read(pipe, 1) == b"":
                    raise _DeadError("decoder_died", _at(shared[at : at + count]))
                return
            now = _at(shared[at : at + count])
            if now != place:
                place, since = now, time.monotonic()
            elif left <= 0:
                raise _DeadError("timeout", place)

    @staticmethod
    def _check(states: bytes) -> None:
        """Raise what became of the first frame that is not done."""
        for place, state in enumerate(states):
            if state == NO_LIBRARY:
                raise EngineError(
                    "The library of a decoder is not installed.",
                    "Install dicomlake with its dependencies.",
                )
            if state != DONE:
                known = FIRST_CAUSE <= state < FIRST_CAUSE + len(CAUSES)
                raise PixelDataError(CAUSES[state - FIRST_CAUSE] if known else "decoder", place)

    def _wait_for_start(self) -> None:
        assert self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        if not _readable(pipe, _START_S) or os.read(pipe, 1) == b"":
            raise _no_start()


def _start(
    settings: PixelSettings, program: str, buffer: int, lifeline: int
) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", program, str(buffer), str(lifeline)]
    command += [str(settings.decode_memory_bytes), str(settings.decode_timeout_s)]
    return subprocess.Popen(  # noqa: S603  (this interpreter and a module of ours)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(buffer, lifeline),
        env={**os.environ, **_ENVIRONMENT},
    )


def _no_start() -> EngineError:
    return EngineError(
        "The process that decodes compressed pixels does not start.",
        f"See what `{sys.executable} -P -c 'import {PROGRAM}'` says.",
    )


def _end(process: "subprocess.Popen[bytes]", descriptors: Sequence[int], owner: int) -> None:
    """End a process: called once, by `end`, by the collector, or when the interpreter ends."""
    for descriptor in descriptors:
        os.close(descriptor)
    if process.stdout is not None:
        process.stdout.close()
    if owner != os.getpid():  # a fork of the owner: neither child nor zombie is its own
        return
    process.kill()
    process.wait()
    if process.stdin is not None:
        with suppress(OSError):  # a request that nobody read
            process.stdin.close()


def _anonymous_file() -> int:
    """Return a descriptor of memory, or of a temporary file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("dicomlake", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _readable(descriptor: int, timeout_s: float) -> bool:
    """Return whether something can be read, after waiting for it; select cannot take any number."""
    watched = select.poll()
    watched.register(descriptor, select.POLLIN)
    return bool(watched.poll(timeout_s * 1000))


def _at(states: bytes) -> int:
    """Return the frame at work: the first that has no state yet."""
    found = states.find(PENDING)
    return len(states) - 1 if found < 0 else found
