"""What a Transfer Syntax UID says about a data set (PS3.5 annex A)."""

from collections.abc import Mapping
from typing import Final

from dicomlake.pipeline.discovery.sniff import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Encoding,
)

IMPLICIT_LITTLE_UID: Final = "1.2.840.10008.1.2"
_DEFLATED_UID: Final = "1.2.840.10008.1.2.1.99"

NATIVE_UIDS: Final[Mapping[Encoding, str]] = {
    IMPLICIT_LITTLE: IMPLICIT_LITTLE_UID,
    EXPLICIT_LITTLE: "1.2.840.10008.1.2.1",
    EXPLICIT_BIG: "1.2.840.10008.1.2.2",
}
"""The transfer syntax of each encoding whose Pixel Data is neither compressed nor deflated."""

_NOT_EXPLICIT_LITTLE: Final = {
    IMPLICIT_LITTLE_UID: IMPLICIT_LITTLE,
    "1.2.840.113619.5.2": IMPLICIT_LITTLE,  # GE's own: big endian is its Pixel Data only
    NATIVE_UIDS[EXPLICIT_BIG]: EXPLICIT_BIG,
}

DEFLATED: Final = frozenset({_DEFLATED_UID, "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
"""Deflated Explicit VR Little Endian, JPIP Referenced Deflate, JPIP HTJ2K Referenced Deflate."""


def declared_encoding(transfer_syntax: str | None) -> Encoding | None:
    """Return the encoding that a transfer syntax stands for, None where none is named."""
    if not transfer_syntax:
        return None
    return _NOT_EXPLICIT_LITTLE.get(transfer_syntax, EXPLICIT_LITTLE)


def has_plain_pixels(transfer_syntax: str) -> bool:
    """Return whether pixel values stand in the data set as they are."""
    return transfer_syntax == _DEFLATED_UID or transfer_syntax in NATIVE_UIDS.values()
