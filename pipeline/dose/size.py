"""Size specific dose estimates (AAPM 204): what a patient's size makes of CTDIvol.

The report's tables are fitted by exponentials of the diameter (its appendix; the fit is within
0.005 of tables 1D and 2D). Outside the tables there is no factor, and for heads there is none:
their factors are another report's (AAPM 293).
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class _Fit:
    scale: float
    decay_per_cm: float
    least_cm: float
    greatest_cm: float


_FITS: Final = {
    32: _Fit(3.704369, 0.03671937, 8.0, 45.0),
    16: _Fit(1.874799, 0.03871313, 6.0, 55.0),
}
"""Coefficients and ends of the tables, by diameter of the phantom of CTDIvol in cm."""


def ssde_factor(diameter_cm: float | None, phantom_cm: int | None) -> float | None:
    """Return SSDE over CTDIvol.

    Args:
        diameter_cm: water-equivalent or effective diameter.
        phantom_cm: diameter of the phantom of CTDIvol, 16 or 32.

    Returns:
        The factor; None outside the range of the tables, or without diameter or phantom.
    """
    fit = _FITS.get(phantom_cm or 0)
    if fit is None or diameter_cm is None:
        return None
    if not fit.least_cm <= diameter_cm <= fit.greatest_cm:
        return None
    return fit.scale * math.exp(-fit.decay_per_cm * diameter_cm)


_HEAD_CODES: Final = frozenset(
    {
        "69536005",  # head
        "774007",  # head and neck
        "12738006",  # brain
        "128320002",  # cranial venous system
        "89546000",  # skull
        "110517009",  # vertebral column and cranium
        "91397008",  # facial bones
        "2095001",  # paranasal sinus
        "81745001",  # eye
        "371398005",  # eye region
        "363654007",  # orbital structure
        "361078006",  # internal auditory canal
        "42575006",  # sella turcica
        "661005",  # jaw region
        "70925003",  # maxilla
        "91609006",  # mandible
        "53620006",  # temporomandibular joint
    }
)
"""Regions of the head (CID 4030, SNOMED CT)."""
_HEAD_WORDS: Final = frozenset(
    {
        "head", "brain", "skull", "cranium", "face", "facial", "orbit", "orbits", "sinus",
        "sinuses", "headneck", "iac", "jaw", "maxilla", "mandible", "petrous", "sella",
        "dental", "schaedel", "kopf", "tete", "crane", "testa", "cabeza",
    }
)  # fmt: skip
"""Words of Body Part Examined or of a region's meaning that tell a head."""


def is_head(event: Mapping[str, Any]) -> bool | None:
    """Return whether the region of an event is of the head; None where it has no region."""
    code, meaning = event.get("target_region_code"), event.get("target_region_meaning")
    if code in _HEAD_CODES:
        return True
    words = set(re.findall(r"[a-z]+", str(meaning or "").lower()))
    if words & _HEAD_WORDS:
        return True
    return False if code or words else None


_BODY_PHANTOM_CM: Final = 32


def applies(event: Mapping[str, Any]) -> bool:
    """Return whether the factors of AAPM 204 are for an event.

    Not for heads. CTDIvol of the 16 cm phantom is mostly of heads: there the region must be known.
    """
    head = is_head(event)
    return head is False or (head is None and event.get("phantom_cm") == _BODY_PHANTOM_CM)
