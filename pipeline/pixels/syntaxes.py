"""Transfer syntaxes whose pixels can be read, and what reads each of them.

One line a syntax; a syntax that is not here has no permitted decoder. What decodes is fixed here,
never what happens to be installed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"

CodecName = Literal["rle", "jpeg", "jpeg_ls", "jpeg_2000"]

CODEC_OF: Final[Mapping[str, CodecName]] = MappingProxyType(
    {
        "1.2.840.10008.1.2.5": "rle",  # RLE Lossless
        "1.2.840.10008.1.2.4.50": "jpeg",  # JPEG Baseline (Process 1)
        "1.2.840.10008.1.2.4.51": "jpeg",  # JPEG Extended (Process 2 and 4)
        "1.2.840.10008.1.2.4.57": "jpeg",  # JPEG Lossless (Process 14)
        "1.2.840.10008.1.2.4.70": "jpeg",  # JPEG Lossless (Process 14, Selection Value 1)
        "1.2.840.10008.1.2.4.80": "jpeg_ls",  # JPEG-LS Lossless
        "1.2.840.10008.1.2.4.81": "jpeg_ls",  # JPEG-LS Lossy (Near-Lossless)
        "1.2.840.10008.1.2.4.90": "jpeg_2000",  # JPEG 2000 (Lossless Only)
        "1.2.840.10008.1.2.4.91": "jpeg_2000",  # JPEG 2000
        "1.2.840.10008.1.2.4.201": "jpeg_2000",  # High-Throughput JPEG 2000 (Lossless Only)
        "1.2.840.10008.1.2.4.202": "jpeg_2000",  # HTJ2K with RPCL Options (Lossless Only)
        "1.2.840.10008.1.2.4.203": "jpeg_2000",  # High-Throughput JPEG 2000
    }
)
"""Which codec reads each encapsulated syntax (PS3.5 section A.4)."""

NATIVE_SYNTAXES: Final = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG})
"""Transfer syntaxes whose Pixel Data stands in the file as plain samples (PS3.5 section A)."""

DECODABLE_SYNTAXES: Final = NATIVE_SYNTAXES | {DEFLATED} | CODEC_OF.keys()
"""Transfer syntaxes whose pixels can be read: native, deflated, or with a permitted decoder."""

LOSSY_SYNTAXES: Final = frozenset(
    {
        "1.2.840.10008.1.2.4.50",  # JPEG Baseline (Process 1)
        "1.2.840.10008.1.2.4.51",  # JPEG Extended (Process 2 and 4)
        "1.2.840.10008.1.2.4.52",  # JPEG Extended (Process 3 and 5), retired
        "1.2.840.10008.1.2.4.53",  # JPEG Spectral Selection (Process 6 and 8), retired
        "1.2.840.10008.1.2.4.54",  # JPEG Spectral Selection (Process 7 and 9), retired
        "1.2.840.10008.1.2.4.55",  # JPEG Full Progression (Process 10 and 12), retired
        "1.2.840.10008.1.2.4.56",  # JPEG Full Progression (Process 11 and 13), retired
        "1.2.840.10008.1.2.4.59",  # JPEG Extended Hierarchical (Process 16 and 18), retired
        "1.2.840.10008.1.2.4.60",  # JPEG Extended Hierarchical (Process 17 and 19), retired
        "1.2.840.10008.1.2.4.81",  # JPEG-LS Lossy (Near-Lossless)
        "1.2.840.10008.1.2.4.91",  # JPEG 2000
        "1.2.840.10008.1.2.4.93",  # JPEG 2000 Part 2 Multi-component
        "1.2.840.10008.1.2.4.112",  # JPEG XL
        "1.2.840.10008.1.2.4.203",  # High-Throughput JPEG 2000
    }
)
"""Transfer syntaxes that may hold other values than were acquired (PS3.5 section A.4)."""
