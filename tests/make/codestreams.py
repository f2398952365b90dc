"""Codestreams made once: HTJ2K and JPEG of 12 bits, which no encoder of the tests writes.

`codestreams.npz` beside this module holds `smooth(k)` for six slices of 32 x 32: HTJ2K by OpenJPH
in samples of 16 bits and in RPCL order, so that the lossless ones do for both lossless syntaxes;
and JPEG Extended of 12 bits by libjpeg-turbo. It is made anew by `python -m make.codestreams` in
`tests`, where imagecodecs >= 2026.3 (BSD) is installed.
"""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

SLICES = 6
_FILE = Path(__file__).with_name("codestreams.npz")


def smooth(k: int, rows: int = 32, columns: int = 32, *, top: int = 4000) -> npt.NDArray[np.uint16]:
    """Return stored values of slice k that lossy coding leaves nearly as they are."""
    y, x = np.mgrid[0:rows, 0:columns]
    waves = 2 + np.sin(x / 7 + k / 3) + np.cos(y / 9 - k / 5)
    return (waves * top / 4).astype(np.uint16)


@cache
def _held() -> dict[str, bytes]:
    with np.load(_FILE) as file:
        return {name: file[name].tobytes() for name in file.files}


def codestream(k: int, form: str) -> bytes:
    """Return slice k as `htj2k lossless`, `htj2k lossy` or `jpeg 12`."""
    return _held()[f"{form} {k}"]


def main() -> None:
    """Encode the slices and write the file."""
    from imagecodecs import (  # noqa: PLC0415  (only who makes the file has it)
        htj2k_encode,
        jpeg8_encode,
    )

    forms = {
        "htj2k lossless": lambda frame: htj2k_encode(frame, reversible=True),
        "htj2k lossy": lambda frame: htj2k_encode(frame, reversible=False, level=0.0005),
        "jpeg 12": lambda frame: jpeg8_encode(frame, level=97, bitspersample=12),
    }
    made = {
        f"{form} {k}": np.frombuffer(encode(smooth(k)), np.uint8)
        for form, encode in forms.items()
        for k in range(SLICES)
    }
    np.savez(_FILE, **made)


if __name__ == "__main__":
    main()
