"""How long one file may take: whoever reads it is interrupted, or its worker process is ended.

A thread looks four times a second at which file each watched thread is. One that is late gets an
exception where its Python code stands. Code in C that does not come back hears none: there a
worker process, which has the permission of `may_exit`, ends itself, and its nanny starts another. A
driver that reads files itself never ends that way.
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep
from types import FrameType
from typing import Final, TypeVar

from dicomlake.pipeline.headers.notes import NOWHERE, Note, current

Argument = TypeVar("Argument")
Result = TypeVar("Result")

_POLL_S: Final = 0.25
_GRACE_S: Final = 0.5
"""What Python code has to get out of a file once it is interrupted, before its process ends."""
_AGAIN_S: Final = 1.0
"""After this a thread that is still at the file is interrupted once more."""
_DELIVERY_S: Final = 0.2
"""Longest that an interrupt takes to strike a thread that runs Python code."""
_SIGNAL: Final = signal.SIGVTALRM
"""Interrupts the main thread, also where it sleeps; hardly anything else uses it."""


class TimeLimitError(BaseException):
    """A file took longer than it may. No `Exception`: code that catches those must not go on."""


class Watch:
    """Of one thread: which file it is at, and since when.

    For a file in time the thread takes no lock: it stores `_since`, then looks at `_late`, while
    the one that watches stores `_late`, then looks at `_since`. So either the interrupt is called
    off, or the thread sees that it is on its way and waits for it: none strikes later.
    """

    def __init__(self, limit_s: float) -> None:
        """Watch the calling thread.

        Args:
            limit_s: longest that a file may take, in seconds.
        """
        self.limit_s: Final = limit_s
        self.note: Final[Note] = current()
        self.thread: Final = threading.get_ident()
        self._since = 0.0
        self._late = 0.0
        self._struck = 0.0
        self._striking: Final = threading.Lock()

    def do(
        self, function: Callable[[Argument], Result], argument: Argument, place: int = NOWHERE
    ) -> Result:
        """Return what a function returns, unless it takes too long.

        Args:
            function: reads a file.
            argument: its argument.
            place: of the file in the job of this thread.

        Raises:
            TimeLimitError: it was interrupted; what it was changing may be half changed.
        """
        self.note.cells[0] = place
        try:
            self._since = monotonic()
            try:
                return function(argument)
            finally:
                self._since = 0.0
                if self._late:
                    self._settle()
        except TimeLimitError:
            self._since = 0.0  # it may have struck before this was done above
            with self._striking:
                self._late = self._struck = 0.0
            raise

    def _settle(self) -> None:
        """Wait for an interrupt that is on its way.

        Raises:
            TimeLimitError: always, unless it was called off.
        """
        with self._striking:
            late = self._late
        if late:
            sleep(_DELIVERY_S)
            raise TimeLimitError

    def look(self, now: float) -> bool:
        """Interrupt the thread if it is late; returns whether its process is to end.

        Called by the thread that watches.
        """
        since = self._since
        if not since or now - since < self.limit_s:
            return False
        if _process.may_exit and now - since > self.limit_s + _GRACE_S:
            return True
        with self._striking:
            if now - self._struck > _AGAIN_S:
                self._late = since
                if self._since == since:
                    self._struck = now
                    self._interrupt()
                else:
                    self._late = 0.0
        return False

    def is_late(self) -> bool:
        """Return whether an interrupt of the main thread is meant for this watch."""
        return bool(self._late)

    def _interrupt(self) -> None:
        if _process.handles_signal and self.thread == threading.main_thread().ident:
            signal.pthread_kill(self.thread, _SIGNAL)
            return
        import ctypes  # noqa: PLC0415  (hardly ever needed)

        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self.thread), ctypes.py_object(TimeLimitError)
        )


@dataclass(slots=True)
class _Process:
    """What holds for all threads of this process."""

    watches: dict[int, Watch] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    """Held while `watches` is changed."""
    may_exit: bool = False
    handles_signal: bool = False
    looks: bool = False
    """The thread that watches runs."""
    dump: tuple[Note, int] | None = None
    """The note that says so if this process is stuck, and a descriptor of it that stays open."""


_process: Final = _Process()


def _forget() -> None:
    """Start anew in a process that was forked: it has neither these threads nor what they hold."""
    _process.watches = {}
    _process.changed = threading.Condition()
    _process.looks = False
    _process.dump = None


os.register_at_fork(after_in_child=_forget)


def may_exit() -> None:
    """Let this process end itself where a file cannot be interrupted: another takes its place."""
    _process.may_exit = True


@contextmanager
def watched(limit_s: float) -> Iterator[Watch]:
    """Give a watch of this thread; a watch of the same thread around it rests meanwhile.

    Args:
        limit_s: longest that a file may take, in seconds; 0: for ever.
    """
    watch = Watch(limit_s)
    if not limit_s:
        yield watch
        return
    _handle_signal()
    with _process.changed:
        outer = _process.watches.get(watch.thread)
        _process.watches[watch.thread] = watch
        if not _process.looks:
            _process.looks = True
            threading.Thread(target=_look, name="dicomlake watch", daemon=True).start()
        if _process.may_exit:  # now: the first file may hold the interpreter from that thread
            _end_if_stuck(watch)
        _process.changed.notify()
    try:
        yield watch
    finally:
        with _process.changed:
            if outer is None:
                del _process.watches[watch.thread]
            else:
                _process.watches[watch.thread] = outer


def _handle_signal() -> None:
    """Have the main thread raise where a signal finds it late.

    The handler stays: without one, a signal of somebody else's would end the process.
    """
    if _process.handles_signal or threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(_SIGNAL)

    def strike(number: int, frame: FrameType | None) -> None:
        watch = _process.watches.get(threading.main_thread().ident or 0)
        if watch is not None and watch.is_late():
            raise TimeLimitError
        if callable(before):
            before(number, frame)

    signal.signal(_SIGNAL, strike)
    _process.handles_signal = True


def _look() -> None:
    """Look after the watched threads for as long as there are any."""
    while True:
        with _process.changed:
            if not _process.watches:
                _forget_dump()
                _process.changed.wait()
            watches = list(_process.watches.values())
            if watches and _process.may_exit:
                _end_if_stuck(max(watches, key=lambda watch: watch.limit_s))
        now = monotonic()
        for watch in watches:
            if watch.look(now):
                _end(watch.note)
        sleep(_POLL_S)


def _end_if_stuck(watch: Watch) -> None:
    """End this process if nobody comes back here in time: a file holds the interpreter.

    Called with `changed` held. A note gets lines of code then, never values.
    """
    before, _process.dump = _process.dump, (watch.note, _end_of(watch.note))
    longest_s = max(each.limit_s for each in _process.watches.values())
    faulthandler.dump_traceback_later(
        longest_s + _POLL_S + _GRACE_S, exit=True, file=_process.dump[1]
    )
    if before is not None:
        os.close(before[1])


def _end_of(note: Note) -> int:
    """Return a descriptor that writes behind a note: its own may be closed, and be another's."""
    if note.descriptor < 0:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    own = os.dup(note.descriptor)
    os.lseek(own, 0, os.SEEK_END)
    return own


def _forget_dump() -> None:
    if _process.dump is not None:
        faulthandler.cancel_dump_traceback_later()
        os.close(_process.dump[1])
        _process.dump = None


def _end(note: Note) -> None:
    """End this process; the note says why."""
    os.write(_end_of(note), b"time-out")
    os._exit(1)


__all__ = ["TimeLimitError", "Watch", "may_exit", "watched"]
