"""The decoding process with a codec that does what its input says.

Run as `python -m make.stand_in_decoder`. Frames are RLE to the reader; this codec looks at
their first eight bytes.
"""

import os
import signal
import sys
import time

import numpy as np

from dicomlake.pipeline.pixels import codecs, decoding_process
from dicomlake.pipeline.pixels.codecs import Decoded
from dicomlake.pipeline.pixels.frame import StoredFrame


class StandIn:
    """Decodes a frame to its number, or does harm."""

    def load(self) -> None:
        """Nothing to import, unless told that it is missing."""
        if os.environ.get("STAND_IN_LIBRARY") == "missing":
            raise ImportError

    def decode(self, source: bytes, frame: StoredFrame) -> Decoded:
        """Do what the input says."""
        what = source[:8].decode()
        if what == "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif what == "aborting":
            os.abort()
        elif what == "for ever":
            while True:
                pass
        elif what == "sleeping":
            time.sleep(1000)
        elif what == "greedy..":
            np.ones(1 << 40, "u1")
        elif what == "chatty..":
            os.write(1, b"x" * 100_000)
            print("y" * 100_000, flush=True)
        elif what == "files...":
            count = len(os.listdir("/proc/self/fd")) - 1
            return Decoded(np.full((frame.rows or 0, frame.columns or 0), count, "u2"), 16)
        elif what == "quits...":
            sys.exit(0)
        shape = frame.rows or 0, frame.columns or 0
        return Decoded(np.full(shape, 100 + frame.index, "u2"), 16)


if __name__ == "__main__":
    codecs.CODECS = {"rle": StandIn()}  # type: ignore[misc]  # the point of this module
    decoding_process.main(sys.argv[1:])
