"""SUV by body weight: the factor of a PET stack, where its header allows it, and never guessed.

QIBA's rules (FDG-PET/CT profile, appendix on vendor-neutral computation): only from activity
concentrations that are corrected for attenuation and decay; the dose is decayed to the moment that
the values are corrected to. What is left in the syringe is not in the header, and not considered.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from dicomlake.pipeline.series.slices import Moment, Pet, Slice

_PET: Final = "1.2.840.10008.5.1.4.1.1.128"
"""The class whose Radionuclide Total Dose is in Bq (PS3.3 section C.8.9.2); enhanced ones: MBq."""
_ACTIVITY: Final = "BQML"
_GRAMS_PER_KG: Final = 1000.0
_MOST_HALF_LIVES: Final = 10.0
"""After so many the dose is a thousandth: a date is wrong, not an image that late."""


class _Missing(Exception):  # noqa: N818  (no error: a header may say less)
    """The header does not say all of it; the word says what."""


def earliest_acquisition(slices: Iterable[Slice]) -> datetime | None:
    """Return the earliest date and time of acquisition of a series, None where one has none."""
    moments = [_moment(each.acquired) for each in slices]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def suv_bw_factor(
    slices: Sequence[Slice], earliest: datetime | None
) -> tuple[float | None, dict[str, Any]]:
    """Return what a voxel in BQML is multiplied by for SUV by body weight, g/Bq.

    Args:
        slices: of a stack.
        earliest: acquisition of the series, all its beds and frames.

    Returns:
        The factor, and facts for `volumes.detail`: `suv_bw` with the seconds of decay, or with
        the word for why there is no factor. Nothing of stacks that are no PET.
    """
    if not any(each.pet for each in slices):
        return None, {}
    try:
        factor, decay_s = _factor(_agreed(slices), earliest)
    except _Missing as missing:
        return None, {"suv_bw": {"missing": str(missing)}}
    return factor, {"suv_bw": {"decay_s": decay_s}}


def _agreed(slices: Sequence[Slice]) -> Pet:
    """Return what all slices say of their activity concentrations."""
    headers = {each.pet for each in slices}
    units = {each.units for each in slices}
    pet = slices[0].pet
    if pet is None or len(headers) != 1 or len(units) != 1:
        raise _Missing("slices_differ")
    if units != {_ACTIVITY} or pet.units != _ACTIVITY:
        raise _Missing("units")
    return pet


def _factor(pet: Pet, earliest: datetime | None) -> tuple[float, float]:
    """Return weight over decayed dose, and the seconds of decay."""
    _check_corrections(pet)
    dose = _positive(pet.dose_bq, "dose")
    half_life = _positive(pet.half_life_s, "half_life")
    weight = _positive(pet.weight_kg, "weight")
    decay_s = 0.0 if pet.decay_correction == "ADMIN" else _decay_s(pet, earliest)
    if decay_s > _MOST_HALF_LIVES * half_life:
        raise _Missing("decay_time")
    factor = weight * _GRAMS_PER_KG / (dose * 2.0 ** (-decay_s / half_life))
    if not (math.isfinite(factor) and factor > 0):
        raise _Missing("out_of_range")
    return factor, decay_s


def _check_corrections(pet: Pet) -> None:
    if pet.sop_class_uid != _PET:
        raise _Missing("unit_of_dose")
    if "ATTN" not in pet.corrected_image:
        raise _Missing("attenuation_correction")
    # DECAY is QIBA's word for what the standard calls DECY.
    if not {"DECY", "DECAY"} & set(pet.corrected_image):
        raise _Missing("decay_correction")
    if pet.decay_correction not in ("START", "ADMIN"):
        raise _Missing("decay_correction")


def _positive(value: float | None, what: str) -> float:
    if value is None or not (math.isfinite(value) and value > 0):
        raise _Missing(what)
    return value


def _decay_s(pet: Pet, earliest: datetime | None) -> float:
    """Return the seconds from administration to the moment that values are corrected to."""
    reference = _reference(pet, earliest)
    start = pet.start
    if start is None:
        if pet.start_time is None:
            raise _Missing("start_time")
        start = datetime.combine(reference.date(), pet.start_time)
        if start > reference:
            start -= timedelta(days=1)  # given before midnight
    decay_s = (reference - start).total_seconds()
    if decay_s < 0:
        raise _Missing("start_after_reference")
    return decay_s


def _reference(pet: Pet, earliest: datetime | None) -> datetime:
    """Return the moment of START: that of the series, unless an acquisition is earlier.

    A series made later from the images has the date of its making.
    """
    series = _moment(pet.series)
    if earliest is None:
        raise _Missing("acquisition_time")
    return earliest if series is None or series > earliest else series


def _moment(said: Moment) -> datetime | None:
    day, clock = said
    return None if day is None or clock is None else datetime.combine(day, clock)
