"""Statistics of many groups of numbers at once.

The result does not depend on the order of the numbers, to the last bit: they are sorted first.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

PERCENTILES: Final = (25, 50, 75, 95)


@dataclass(frozen=True, slots=True)
class Summary:
    """One value per group, in the order of the sorted keys; NaN where a figure does not exist."""

    keys: Integers
    n: Integers
    p25: Numbers
    p50: Numbers
    p75: Numbers
    p95: Numbers
    mean: Numbers
    standard_deviation: Numbers
    """Of the sample (n - 1); NaN of a single value."""
    geometric_mean: Numbers
    """NaN where a value is not above 0."""


def summarise(keys: Integers, values: Numbers) -> Summary:
    """Return the statistics of each group.

    Args:
        keys: group of each value.
        values: finite numbers.
    """
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    starts = run_starts(keys)
    n = np.diff(starts, append=len(keys)).astype(np.int64)
    group = np.repeat(np.arange(len(starts)), n)
    p25, p50, p75, p95 = (_percentile(values, starts, n, each) for each in PERCENTILES)
    mean = _sum(values, starts) / n
    squares = _sum((values - mean[group]) ** 2, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = np.sqrt(squares / (n - 1))  # 0 / 0 of a single value: NaN
        logarithms = _sum(np.log(np.where(values > 0, values, np.nan)), starts) / n
    return Summary(
        keys[starts], n, p25, p50, p75, p95, mean, deviation, np.exp(logarithms)
    )  # fmt: skip


def run_starts(keys: Integers) -> Integers:
    """Return where each stretch of equal keys begins."""
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = keys[1:] != keys[:-1]
    return np.flatnonzero(new).astype(np.int64)


def _sum(values: Numbers, starts: Integers) -> Numbers:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0)


def _percentile(values: Numbers, starts: Integers, n: Integers, percent: float) -> Numbers:
    """Return a percentile of each sorted group by linear interpolation (Hyndman and Fan, type 7).

    It is `numpy.percentile(group, percent)` bit by bit, interpolation from the nearer end included.
    """
    position = percent / 100 * (n - 1)
    lower = np.floor(position).astype(np.int64)
    part = position - lower
    low = values[starts + lower]
    high = values[starts + np.minimum(lower + 1, n - 1)]
    step = high - low
    result: Numbers = np.where(part < 0.5, low + step * part, high - step * (1 - part))  # noqa: PLR2004  (the nearer end)
    return result


def count_distinct(keys: Integers, members: Integers, wanted: Integers) -> Integers:
    """Return how many different members each group has.

    Args:
        keys: group of each observation.
        members: what is counted, of each observation; negative where it is unknown.
        wanted: sorted keys of the groups.
    """
    known = members >= 0
    keys, members = keys[known], members[known]
    order = np.lexsort((members, keys))
    keys, members = keys[order], members[order]
    new = np.ones(len(keys), dtype=np.bool_)
    new[1:] = (keys[1:] != keys[:-1]) | (members[1:] != members[:-1])
    positions = np.searchsorted(wanted, keys[new])
    return np.bincount(positions, minlength=len(wanted)).astype(np.int64)
