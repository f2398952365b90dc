"""V5 and V6: when a geometry group is several volumes, and by which attribute they differ."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.fit import Ordered, is_uniform
from dicomlake.pipeline.series.slices import Slice

Moment = tuple[date | None, time | None]

TIMES: Final[tuple[tuple[str, Callable[[Slice], Moment]], ...]] = (
    ("AcquisitionTime", lambda each: each.acquired),
    ("ContentTime", lambda each: each.created),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Slices that can form one volume, with the channel that tells them from their siblings."""

    stack: Ordered
    channel_key: str | None = None
    channel_value: str | None = None
    flags: frozenset[str] = frozenset()


def split(stack: Ordered, settings: VolumeSettings) -> list[Candidate] | Finding:
    """Return the candidates of a geometry group, or why it cannot be told what they are."""
    places = stack.places(same_position_mm=settings.same_position_mm)
    if len(places) < len(stack.slices):
        return _split_repeated(stack, places, settings)
    return _split_overlapping(stack, settings)


def _split_repeated(
    stack: Ordered, places: Sequence[Sequence[int]], settings: VolumeSettings
) -> list[Candidate] | Finding:
    """Split by the first key that gives whole, even groups without a repeated position (V5)."""
    for key, groups in _keyed(stack):
        if all(_whole(group, settings) for group in groups.values()):
            return _candidates(key, groups)
    for key, moment in TIMES:
        ranked = _ranked(stack, places, _moments(stack, moment))
        if ranked is not None and all(_whole(group, settings) for group in ranked.values()):
            return _candidates(key, ranked)
    ranked = _ranked(stack, places, [each.instance_number for each in stack.slices])
    stated = {each.declared["NumberOfTemporalPositions"] for each in stack.slices}
    if (
        ranked is not None
        and stated == {len(ranked)}
        and all(_whole(group, settings) for group in ranked.values())
    ):
        return _candidates("InstanceNumber", ranked, frozenset({"channel_from_instance_number"}))
    counts = [len(place) for place in places]
    return Finding(
        "AMBIGUOUS_DUPLICATE_POSITION",
        {
            "positions": len(places),
            "repeated_positions": sum(count > 1 for count in counts),
            "most_at_one_position": max(counts),
        },
    )


def _split_overlapping(stack: Ordered, settings: VolumeSettings) -> list[Candidate] | Finding:
    """Split two acquisitions that lie in each other's gaps; one volume otherwise (V6)."""
    ambiguous: Finding | None = None
    for key, groups in _keyed(stack):
        pairs = _overlapping_pairs(groups, settings.same_position_mm)
        even = {value: is_uniform(group, settings) for value, group in groups.items()}
        sizes = {value: len(group.slices) for value, group in groups.items()}
        for one, other in pairs:
            small, large = sorted((sizes[one], sizes[other]))
            if even[one] and even[other] and small >= settings.min_slices:
                return _candidates(key, groups)
            both_even = even[one] and even[other]
            if 1 < small < settings.min_slices and (large < settings.min_slices or both_even):
                ambiguous = ambiguous or Finding(
                    "AMBIGUOUS_ACQUISITIONS", {"attribute": key, "slices": [small, large]}
                )
    return ambiguous or [Candidate(stack)]


def _keyed(stack: Ordered) -> list[tuple[str, dict[Any, Ordered]]]:
    """Return, for each key of V5 but times that is present everywhere, the groups by its value."""
    found = []
    for key in stack.slices[0].keys:
        by_value: dict[Any, list[int]] = defaultdict(list)
        for index, each in enumerate(stack.slices):
            by_value[each.keys[key]].append(index)
        if None not in by_value and len(by_value) > 1:
            groups = {value: stack.take(by_value[value]) for value in sorted(by_value)}
            found.append((key, groups))
    return found


def _whole(group: Ordered, settings: VolumeSettings) -> bool:
    """Return whether a group is enough slices, no position twice, on an even line."""
    if len(group.slices) < settings.min_slices:
        return False
    places = group.places(same_position_mm=settings.same_position_mm)
    return len(places) == len(group.slices) and is_uniform(group, settings)


def _moments(stack: Ordered, moment: Callable[[Slice], Moment]) -> list[Any]:
    """Return a moment per slice: with its date where all have one, so that midnight is no start."""
    pairs = [moment(each) for each in stack.slices]
    if any(clock is None for _, clock in pairs):
        return [None] * len(pairs)
    if all(day is not None for day, _ in pairs):
        return list(pairs)
    return [clock for _, clock in pairs]


def _ranked(
    stack: Ordered, places: Sequence[Sequence[int]], values: Sequence[Any]
) -> dict[Any, Ordered] | None:
    """Return groups by the rank of a value within its position; None where ranks are not plain.

    Plain means: every position has the same count, every slice a value, and no ties.
    """
    if len({len(place) for place in places}) != 1 or any(value is None for value in values):
        return None
    by_rank: dict[int, list[int]] = defaultdict(list)
    for place in places:
        if len({values[index] for index in place}) != len(place):
            return None
        for rank, index in enumerate(sorted(place, key=lambda each: values[each])):
            by_rank[rank].append(index)
    return {rank: stack.take(members) for rank, members in by_rank.items()}


def _overlapping_pairs(groups: Mapping[Any, Ordered], apart_mm: float) -> list[tuple[Any, Any]]:
    """Return pairs of values whose ranges along the normal overlap by more than a distance."""
    ranges = sorted(
        ((group.distances[0], group.distances[-1], value) for value, group in groups.items()),
        key=lambda each: each[:2],
    )
    pairs = []
    for position, (_, end, value) in enumerate(ranges):
        for start, _, other in ranges[position + 1 :]:
            if start >= end - apart_mm:
                break
            pairs.append((value, other))
    return pairs


def _candidates(
    key: str, groups: Mapping[Any, Ordered], flags: frozenset[str] = frozenset()
) -> list[Candidate]:
    most = max(len(group.slices) for group in groups.values())
    return [
        Candidate(
            group,
            key,
            _written(value),
            flags | ({"incomplete_channel"} if len(group.slices) < most else frozenset()),
        )
        for value, group in groups.items()
    ]


def _written(value: Any) -> str:
    """Return a channel's value as text: whole numbers without a decimal point."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
