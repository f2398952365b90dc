"""What parent and decoding process say to each other.

request    bytes of a pickle, then the pickle: `Request` (the parent is trusted, and only it)
answer     one byte: all that could be done is done
buffer     one byte a frame (`PENDING`, `DONE`, `NO_LIBRARY` or what went wrong), then values

Two requests may be under way at once: each says which stretch of the buffer is its own.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, get_args

from dicomlake.pipeline.pixels.frame import Cause, StoredFrame

CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)
PENDING: Final = 0
DONE: Final = 1
NO_LIBRARY: Final = 2
FIRST_CAUSE: Final = 3
"""State of a frame that failed for the first of `CAUSES`; the others follow."""

LENGTH: Final = struct.Struct("<I")
READY: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Request:
    """Frames to decode, one after another."""

    capacity: int
    """Bytes of the shared buffer."""
    states_at: int
    """Where the state of the first frame goes."""
    values_at: int
    """Where the values of the first frame go; those of the others follow without a gap."""
    frames: Sequence[tuple[bytes, StoredFrame]]
    """Path and description; all of one shape and type. None: let go of the last file."""
