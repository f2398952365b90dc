"""V16: whether real values can be made of stored ones, and in what unit."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.slices import Slice

_FLOAT32_LEAST: Final = 2.0**-126
_FLOAT32_GREATEST: Final = (2 - 2**-23) * 2.0**127


def unusable_rescale(group: Sequence[Slice]) -> Finding | None:
    """Return why values of a group cannot be made, the first of V16's reasons, or None."""
    alike: dict[object, list[Slice]] = defaultdict(list)
    for each in group:
        bits = each.frame.bits_allocated if each.frame else None
        alike[each.rescale, each.is_ct, bits].append(each)
    kinds = list(alike.values())
    checks: tuple[tuple[str, Callable[[Slice], bool]], ...] = (
        ("NO_RESCALE_FOR_CT", _ct_without),
        ("MODALITY_LUT_NOT_HU", _lut_not_hu),
        ("INVALID_RESCALE", _invalid),
        ("INVALID_RESCALE", _without_beside([members[0] for members in kinds])),
    )
    for reason, fails in checks:
        bad = [each for members in kinds if fails(members[0]) for each in members]
        if not bad:
            continue
        detail: dict[str, object] = {"instances": len(bad)}
        if reason == "MODALITY_LUT_NOT_HU":
            detail["types"] = dict(
                sorted(Counter(str(each.rescale.lut_type) for each in bad).items())
            )
        elif any(each.rescale.malformed for each in bad):
            detail["malformed"] = True
        return Finding(reason, detail)
    return None


def _ct_without(each: Slice) -> bool:
    rescale = each.rescale
    if not each.is_ct or rescale.lut_type is not None or rescale.malformed:
        return False
    return rescale.slope is None or rescale.intercept is None


def _lut_not_hu(each: Slice) -> bool:
    return each.rescale.lut_type not in (None, "HU")


def _invalid(each: Slice) -> bool:
    rescale = each.rescale
    if rescale.lut_type is not None:
        return False
    if rescale.malformed or (rescale.slope is None) != (rescale.intercept is None):
        return True
    slope, intercept = rescale.applied
    return (
        slope == 0 or not (math.isfinite(slope) and math.isfinite(intercept)) or _out_of_range(each)
    )


def _without_beside(group: Sequence[Slice]) -> Callable[[Slice], bool]:
    """Return a test for slices of stored values in a group whose other slices are rescaled."""
    rescaled = any(each.rescale.applied != (1.0, 0.0) for each in group)
    return lambda each: rescaled and not each.rescale.present and each.rescale.lut_type is None


def _out_of_range(each: Slice) -> bool:
    """Return whether real values would leave what their type holds, float32 or float64 (V14)."""
    slope, intercept = each.rescale.applied
    bits = each.frame.bits_allocated if each.frame else None
    greatest = abs(slope) * 2.0 ** min(max(bits or 0, 0), 64) + abs(intercept)
    if slope.is_integer() and intercept.is_integer():
        return not math.isfinite(greatest)
    return abs(slope) < _FLOAT32_LEAST or greatest > _FLOAT32_GREATEST
