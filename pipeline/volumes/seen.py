"""What the reading of voxels saw: their range, padding, and what the settings changed."""

from dataclasses import dataclass
from typing import Any

Ends = tuple[float, float]


@dataclass(slots=True)
class Seen:
    """Counts of a part of a volume; parts add up to the whole in any order."""

    values: Ends | None = None
    """Least and greatest finite voxel that is not filled."""
    padded: int = 0
    """Voxels whose stored value means no image (V15)."""
    padding_stored: Ends | None = None
    """Range of the stored values that mean it."""
    padding_values: Ends | None = None
    """What they are as real values, before clipping."""
    filled: int = 0
    """Those that hold the fill value instead."""
    missing: int = 0
    """Slices that are not there, and hold the fill value."""
    clipped: int = 0
    """Voxels that the setting `hu_clip` changed."""
    not_finite: int = 0
    """NaN and infinities of floating-point pixels, kept as they are."""

    def add_values(self, ends: Ends | None) -> None:
        """Count the range of some voxels."""
        self.values = _wider(self.values, ends)

    def add_padding(self, stored: Ends, voxels: int, values: Ends | None) -> None:
        """Count the padding of one slice."""
        self.padding_stored = _wider(self.padding_stored, stored)
        self.padded += voxels
        self.padding_values = _wider(self.padding_values, values)

    def add(self, other: "Seen") -> None:
        """Count another part."""
        self.values = _wider(self.values, other.values)
        self.padding_stored = _wider(self.padding_stored, other.padding_stored)
        self.padding_values = _wider(self.padding_values, other.padding_values)
        self.padded += other.padded
        self.filled += other.filled
        self.missing += other.missing
        self.clipped += other.clipped
        self.not_finite += other.not_finite

    def detail(self, padding: str, clip: Ends | None) -> dict[str, Any]:
        """Return what `volumes.detail` says of it.

        Args:
            padding: policy of the settings.
            clip: limits that applied to the volume.
        """
        said: dict[str, Any] = {}
        if self.padding_stored is not None:
            said["padding"] = {
                "policy": padding,
                "voxels": self.padded,
                "stored": [*self.padding_stored],
            }
            if self.padding_values is not None:
                said["padding"]["values"] = [*self.padding_values]
        if clip is not None:
            said["clip"] = {"limits": [*clip], "voxels": self.clipped}
        if self.not_finite:
            said["not_finite"] = self.not_finite
        return said

    def flags(self) -> set[str]:
        """Return the flags of a volume that depend on its voxels."""
        found = {"clipped": self.clipped, "filled": self.filled + self.missing}
        return {flag for flag, count in found.items() if count}


def _wider(one: Ends | None, other: Ends | None) -> Ends | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one[0], other[0]), max(one[1], other[1])
