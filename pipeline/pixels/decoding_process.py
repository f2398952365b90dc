"""The process that codecs run in: `python -m dicomlake.pipeline.pixels.decoding_process`.

Compressed bytes come from anywhere and codecs are written in C: what they can hurt is this process
alone. It has a limit of memory and of time a frame, and its own descriptors only; values leave it
through a buffer shared with its parent, and one byte a frame says what became of it.

    argument   descriptor of the shared buffer; of a pipe that is never written to; bytes of memory;
               seconds a frame

It ends when its parent does: reading the pipe of requests then meets the end.
"""

import fcntl
import mmap
import os
import pickle
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import numpy as np

from dicomlake.pipeline.pixels.codecs import Codec, load
from dicomlake.pipeline.pixels.decoding import Decoder
from dicomlake.pipeline.pixels.decoding_protocol import (
    CAUSES,
    DONE,
    FIRST_CAUSE,
    LENGTH,
    NO_LIBRARY,
    READY,
    Request,
)
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.syntaxes import CodecName

_MARGIN_S: Final = 5


class Limits:
    """Memory and time that a frame may take."""

    def __init__(self, memory_bytes: int, timeout_s: float) -> None:
        self.memory_bytes = memory_bytes
        self._timeout_s = timeout_s
        self._loaded: set[CodecName] = set()
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with suppress(ValueError, OSError):
            # The limit of the worker that started this process is not that of its own memory.
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        with suppress(ValueError, OSError):
            # Nothing here writes to a file; a shared mapping is no write.
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    def codec(self, name: CodecName) -> Codec:
        """Import a codec's library, which takes address space of its own, then limit memory."""
        codec = load(name)
        if name not in self._loaded:
            self._loaded.add(name)
            self.bound_memory()
        return codec

    def bound_memory(self) -> None:
        """Allow so much memory beyond what is mapped by now, where the platform counts it."""
        try:
            with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  (no pathlib here: start-up time)
                mapped = int(file.read().split()[0]) * resource.getpagesize()
        except OSError:
            mapped = 0
        with suppress(ValueError, OSError):
            resource.setrlimit(
                resource.RLIMIT_AS,
                (mapped + self.memory_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]),
            )

    def bound_time(self) -> None:
        """Let the kernel end a frame that goes on for ever, should the parent be gone."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + self._timeout_s) + _MARGIN_S
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))


class SharedBuffer:
    """The buffer that the parent owns, mapped again when it has grown."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._map: mmap.mmap | None = None

    def view(self, capacity: int) -> mmap.mmap:
        """Return the buffer as one mapping of so many bytes."""
        if self._map is None or len(self._map) != capacity:
            self._map = mmap.mmap(self._descriptor, capacity)
        return self._map


def serve(requests: int, answers: int, buffer: SharedBuffer, limits: Limits) -> None:
    """Answer requests until the pipe ends."""
    with Decoder(limits.memory_bytes, limits.codec) as decoder:
        os.write(answers, READY)
        while head := _exactly(requests, LENGTH.size):
            request: Request = pickle.loads(_exactly(requests, *LENGTH.unpack(head)))  # noqa: S301  (written by the parent)
            if request.frames:
                _fill(request, buffer.view(request.capacity), decoder, limits)
            else:
                decoder.close()
            os.write(answers, READY)


def _fill(request: Request, shared: mmap.mmap, decoder: Decoder, limits: Limits) -> None:
    first = request.frames[0][1]
    shape = len(request.frames), first.rows or 0, first.columns or 0
    count = shape[0] * shape[1] * shape[2]
    values = np.frombuffer(shared, first.dtype, count, request.values_at).reshape(shape)
    for place, (path, frame) in enumerate(request.frames):
        limits.bound_time()
        state = _state(path, frame, values[place], decoder)
        shared[request.states_at + place] = state
        if state != DONE:
            break


def _state(path: bytes, frame: StoredFrame, out: Any, decoder: Decoder) -> int:
    try:
        decoder.decode(path, frame, out)
    except PixelDataError as error:
        return FIRST_CAUSE + CAUSES.index(error.cause)
    except ImportError:
        return NO_LIBRARY
    except BaseException:  # noqa: BLE001  (a codec raises what it likes; a panic of Rust is no Exception)
        return FIRST_CAUSE + CAUSES.index("decoder")
    return DONE


def _exactly(descriptor: int, count: int) -> bytes:
    """Read so many bytes; none at the end of the pipe."""
    parts = bytearray()
    while len(parts) < count:
        piece = os.read(descriptor, count - len(parts))
        if not piece:
            return b""
        parts += piece
    return bytes(parts)


def _die_with_parent(lifeline: int) -> None:
    """Be ended by a signal, whatever a codec is at, when the other end of a pipe closes.

    Unlike PR_SET_PDEATHSIG this is not sent when the parent's thread ends.
    """
    with suppress(AttributeError, OSError):
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
        if os.read(lifeline, 1) == b"":  # it was closed before there was a signal to send
            os._exit(0)


def main(arguments: Sequence[str]) -> None:
    """Serve the parent that started this process."""
    # Interrupts are the parent's to handle; it closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_parent(int(arguments[1]))
    answers = os.dup(1)
    # What a library prints is no answer.
    os.dup2(2, 1)
    limits = Limits(int(arguments[2]), float(arguments[3]))
    limits.bound_memory()
    serve(0, answers, SharedBuffer(int(arguments[0])), limits)


if __name__ == "__main__":
    main(sys.argv[1:])
