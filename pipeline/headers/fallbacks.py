"""Why the fast reader leaves a file to pydicom: the codes of `runs.fallbacks`.

None of them is a verdict: pydicom reads such a file, and `files.status` says what it found.
"""

from typing import Final

FALLBACKS: Final = {
    "big_endian": "The data set is big endian, or its transfer syntax is unknown.",
    "deflated": "The data set is deflated.",
    "directory": "A DICOMDIR.",
    "empty": "No element follows the File Meta Information.",
    "file_meta": "File Meta Information is absent, out of order or malformed.",
    "many_elements": "So many elements that the limits have to be looked at.",
    "no_preamble": "No preamble and no `DICM`.",
    "no_sop_class": "The data set has no SOP Class UID.",
    "no_transfer_syntax": "The file names no transfer syntax.",
    "odd_sequence": "Items of a sequence are not perfectly regular.",
    "tag_order": "Tags do not ascend.",
    "too_large": "The header is greater than the limit.",
    "truncated": "An element ends beyond the file.",
    "undefined_length": "An element that is no sequence has an undefined length.",
    "unknown_tag": "A tag beyond those of a data set.",
    "unknown_vr": "A VR that the standard does not know, or not for Pixel Data.",
    "vr_mismatch": "A sequence where none belongs, or none where one does.",
}
"""Meaning by code."""
