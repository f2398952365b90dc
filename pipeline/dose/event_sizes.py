"""Size specific dose estimates of a CT event: slice by slice, over its range, in its middle.

The slices are those of a volume that shows the event; `body` measured them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicomlake.pipeline.dose.body import SliceSize
from dicomlake.pipeline.dose.size import applies, ssde_factor

_MM_PER_CM: Final = 10.0
_WITHIN_TABLES: Final = 0.9
"""Part of an event's slices that must have a factor: the top of a head or a hand at the end of a
range is no reason to say nothing of the body."""


@dataclass(frozen=True, slots=True)
class SliceEstimate:
    """A slice that shows the body."""

    index: int
    """Index k in the volume."""
    dw_mm: float
    truncated_fraction: float
    ssde_mgy: float | None
    """None without CTDIvol, outside the tables of AAPM 204, and for heads."""


@dataclass(frozen=True, slots=True)
class EventEstimate:
    """What a volume says of the size of the patient in an event, and of the dose for it."""

    slices: tuple[SliceEstimate, ...]
    """In order of their index, at least one."""

    @property
    def dw_mm(self) -> float:
        """Return the mean water-equivalent diameter."""
        return _mean([each.dw_mm for each in self.slices])

    @property
    def truncated_fraction(self) -> float:
        """Return the mean part of the outline on the edge of the field."""
        return _mean([each.truncated_fraction for each in self.slices])

    @property
    def ssde_mgy(self) -> float | None:
        """Return the mean over z of the slices' estimates; None where too few have one."""
        values = [each.ssde_mgy for each in self.slices if each.ssde_mgy is not None]
        return (
            _mean(values) if values and len(values) >= _WITHIN_TABLES * len(self.slices) else None
        )

    @property
    def centre(self) -> SliceEstimate:
        """Return the slice in the middle, which AAPM 220 allows in place of the mean."""
        return self.slices[len(self.slices) // 2]


def event_estimate(
    event: Mapping[str, Any], sizes: Sequence[SliceSize], ctdivol_mgy: Sequence[float | None]
) -> EventEstimate | None:
    """Return what the slices of an event say; None where none shows a body.

    Args:
        event: its row of `ct_irradiation_events`, of which `ctdivol_mgy`, `phantom_cm` and the
            region count.
        sizes: of its slices, in order.
        ctdivol_mgy: what the image of each says of CTDIvol. Where all say it, it follows the tube
            current along the patient; their mean is made that of the event, which is the dose.
            Otherwise every slice has that of the event.
    """
    doses = _doses(ctdivol_mgy, event.get("ctdivol_mgy"))
    fits, phantom = applies(event), event.get("phantom_cm")
    slices = []
    for index, (size, dose) in enumerate(zip(sizes, doses, strict=True)):
        if size.dw_mm is not None:
            factor = ssde_factor(size.dw_mm / _MM_PER_CM, phantom) if fits else None
            estimate = None if factor is None or dose is None else factor * dose
            slices.append(
                SliceEstimate(index, size.dw_mm, size.truncated_fraction or 0.0, estimate)
            )
    return EventEstimate(tuple(slices)) if slices else None


def _doses(stated: Sequence[float | None], of_event: float | None) -> list[float | None]:
    """Return CTDIvol of each slice."""
    known = [value for value in stated if value is not None]
    if of_event is None:
        return list(stated)
    if len(known) < len(stated) or math.fsum(known) <= 0:
        return [of_event for _ in stated]
    scale = of_event / _mean(known)
    return [value * scale for value in known]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
