"""The array `mask` of a volume: which voxels are padding or of a slice that is missing."""

import json
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "mask"
"""Name of the array in its group: uint8 [z, y, x]."""
PADDING: Final = 1
"""Bit of a voxel that holds Pixel Padding Value (V15)."""
MISSING_SLICE: Final = 2
"""Bit of a voxel whose slice no file has (V7)."""


def mask_sha256(row: Mapping[str, Any]) -> str | None:
    """Return the digest of the mask of a volume, from its row; None where it has no mask."""
    digest: str | None = json.loads(row["detail"] or "{}").get("mask_sha256")
    return digest
