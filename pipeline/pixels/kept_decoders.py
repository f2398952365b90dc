"""Decoding processes of this process that are kept from one job to the next.

To start one takes as long as to decode a small series. Each is ended when nothing asks for it for a
while, and with this process at the latest.
"""

import threading
from typing import Final

from dicomlake.config.settings import PixelSettings
from dicomlake.pipeline.pixels.decoding_child import DecodingChild

_MOST: Final = 4
"""Processes that are kept: threads of one job may have one each."""
_IDLE_S: Final = 20.0
"""Longest that a process is kept without work."""


class KeptDecoders:
    """Keeps decoding processes that have nothing to do."""

    def __init__(self, idle_s: float = _IDLE_S) -> None:
        """Keep nothing yet.

        Args:
            idle_s: longest that a process is kept, in seconds.
        """
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._kept: dict[DecodingChild, threading.Timer] = {}
        """With what ends each of them; the one given back last stands last."""

    def take(self, settings: PixelSettings) -> DecodingChild:
        """Return a process that is kept, if it has the limits of `settings`, else a new one.

        It is the caller's alone until it is given back or closed.
        """
        with self._lock:
            alike = [child for child in self._kept if child.settings == settings]
            if alike:
                self._kept.pop(alike[-1]).cancel()
                return alike[-1]
        return DecodingChild(settings)

    def give_back(self, child: DecodingChild) -> None:
        """Keep a process for another job, or end it: one that failed, or enough are kept."""
        if not child.rest():
            return
        with self._lock:
            if len(self._kept) < _MOST:
                timer = threading.Timer(self._idle_s, self._end, (child,))
                timer.daemon = True
                self._kept[child] = timer
                timer.start()
                return
        child.close()

    def end(self) -> None:
        """End what is kept."""
        for child in list(self._kept):
            self._end(child)

    def _end(self, child: DecodingChild) -> None:
        """End a process, unless it was taken."""
        with self._lock:
            timer = self._kept.pop(child, None)
        if timer is not None:
            timer.cancel()
            child.close()


KEPT: Final = KeptDecoders()
"""Those of this process."""
