"""pydicom without `requests`, for processes that are this program's own.

pydicom imports it, if it is installed, for the download of its test files, which takes a third of
all that importing pydicom takes; without it, it would download with the standard library.
"""

import importlib.abc
import sys
from collections.abc import Sequence
from types import FrameType, ModuleType
from typing import Final

_ASKS: Final = "pydicom.data.download"
_WANTED: Final = "requests"


class _NoRequests(importlib.abc.MetaPathFinder):
    """Tells pydicom, and nobody else, that `requests` is not installed."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  (the protocol's)
        target: ModuleType | None = None,  # noqa: ARG002  (the protocol's)
    ) -> None:
        if fullname == _WANTED and _is_asked_by(_ASKS):
            raise ModuleNotFoundError("not now: pydicom does not need it", name=fullname)


def _is_asked_by(module: str) -> bool:
    """Return whether code of a module waits, in this thread, for the import that is under way."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") != module:
        frame = frame.f_back
    return frame is not None


def keep_requests_out() -> None:
    """Have pydicom do without `requests`, whenever this process comes to import it."""
    if _ASKS not in sys.modules and not any(isinstance(f, _NoRequests) for f in sys.meta_path):
        sys.meta_path.insert(0, _NoRequests())
