"""V5 and V6: when a geometry group is several volumes, and by which attribute they differ."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.fit import Ordered, gaps, is_uniform
from dicomlake.pipeline.series.slices import Key, Moment, Slice

ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "TemporalPositionIdentifier": ("TemporalPositionIdentifier", "TemporalPositionIndex"),
    "AcquisitionNumber": ("FrameAcquisitionNumber", "AcquisitionNumber"),
    "TriggerTime": ("NominalCardiacTriggerDelayTime", "TriggerTime"),
    "EchoTime": ("EffectiveEchoTime", "EchoTime"),
    "ImageType": ("FrameType", "ImageType"),
    "InversionTime": ("InversionTimes", "InversionTime"),
}
"""Where a key of the settings stands: what frames call it first, in the place of its twin."""

TIMES: Final[Mapping[str, Callable[[Slice], Moment]]] = {
    "AcquisitionTime": lambda each: each.acquired,
    "ContentTime": lambda each: each.created,
}
_BY_RANK: Final = frozenset({*TIMES, "InstanceNumber"})
"""Keys that only tell the repeats of one position apart."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Slices that can form one volume, with the channel that tells them from their siblings."""

    stack: Ordered
    channel_key: str | None = None
    channel_value: str | None = None
    flags: frozenset[str] = frozenset()


def split(stack: Ordered, settings: VolumeSettings) -> list[Candidate] | Finding:
    """Return the candidates of a geometry group, or why it cannot be told what they are."""
    if stack.n_places(same_position_mm=settings.same_position_mm) < len(stack.slices):
        return _split_repeated(stack, settings)
    return _split_overlapping(stack, settings)


def _split_repeated(stack: Ordered, settings: VolumeSettings) -> list[Candidate] | Finding:
    """Split by the first key that gives whole, even groups without a repeated position (V5).

    Where gaps are split or filled, a key whose groups have gaps is better than none.
    """
    places = stack.places(same_position_mm=settings.same_position_mm)
    for key in settings.split_keys:
        found = _split_by(key, stack, places, settings)
        if found is not None:
            return found
    if settings.on_gap != "reject":
        for name, groups in _keyed(stack, settings):
            if all(_whole(group, settings, with_gaps=True) for group in groups.values()):
                return _candidates(name, groups)
    counts = [len(place) for place in places]
    return Finding(
        "AMBIGUOUS_DUPLICATE_POSITION",
        {
            "positions": len(places),
            "repeated_positions": sum(count > 1 for count in counts),
            "most_at_one_position": max(counts),
        },
    )


def _split_by(
    key: str, stack: Ordered, places: Sequence[Sequence[int]], settings: VolumeSettings
) -> list[Candidate] | None:
    """Return the candidates that a key of the settings gives, None where it does not split."""
    if key in TIMES:
        ranked = _ranked(stack, places, _moments(stack, TIMES[key]))
        if ranked is not None and all(_whole(group, settings) for group in ranked.values()):
            return _candidates(_time_name(key, stack), ranked)
        return None
    if key == "InstanceNumber":
        return _by_instance_number(stack, places, settings)
    for name, groups in _groups_of(key, stack, _said(stack)):
        if all(_whole(group, settings) for group in groups.values()):
            return _candidates(name, groups)
    return None


def _time_name(key: str, stack: Ordered) -> str:
    """Return what a time is called by the slices: frames have their own."""
    names = {each.acquired_key for each in stack.slices}
    return names.pop() if key == "AcquisitionTime" and len(names) == 1 else key


def _by_instance_number(
    stack: Ordered, places: Sequence[Sequence[int]], settings: VolumeSettings
) -> list[Candidate] | None:
    """Split by the rank of InstanceNumber where the count of temporal positions is stated (V5).

    The number is that of the instance also for frames: those of one object tie, and do not split.
    A frame's number says where its pixels stand in the object, nothing of when or how it was
    acquired, and never takes its place.
    """
    ranked = _ranked(stack, places, [each.instance_number for each in stack.slices])
    stated = {each.declared["NumberOfTemporalPositions"] for each in stack.slices}
    if ranked is None or stated != {len(ranked)}:
        return None
    if not all(_whole(group, settings) for group in ranked.values()):
        return None
    return _candidates("InstanceNumber", ranked, frozenset({"channel_from_instance_number"}))


def _split_overlapping(stack: Ordered, settings: VolumeSettings) -> list[Candidate] | Finding:
    """Split two acquisitions that lie in each other's gaps; one volume otherwise (V6)."""
    ambiguous: Finding | None = None
    least, apart = settings.min_slices, settings.same_position_mm
    for name, groups in _keyed(stack, settings):
        several = [group for group in groups.values() if len(group.slices) > 1]
        if _overlapping(several, several, apart) is None:
            continue  # one after the other, as in most series: no line need be fitted
        even = [group for group in several if is_uniform(group, settings)]
        large = [group for group in even if len(group.slices) >= least]
        if _overlapping(large, large, apart) is not None:
            return _candidates(name, groups)
        small = [group for group in several if len(group.slices) < least]
        small_even = [group for group in even if len(group.slices) < least]
        pair = _overlapping(small, small, apart) or _overlapping(small_even, large, apart)
        if pair is not None and ambiguous is None:
            sizes = sorted(len(group.slices) for group in pair)
            ambiguous = Finding("AMBIGUOUS_ACQUISITIONS", {"attribute": name, "slices": sizes})
    return ambiguous or [Candidate(stack)]


def _overlapping(
    some: Sequence[Ordered], others: Sequence[Ordered], apart_mm: float
) -> tuple[Ordered, Ordered] | None:
    """Return a pair of both whose ranges along the normal overlap by more than a distance.

    One pass over the starts, each held against the range before it that ends last.
    """
    same = some is others
    ranges = [(each.distances[0], each.distances[-1], 0, k, each) for k, each in enumerate(some)]
    if not same:
        ranges += [
            (each.distances[0], each.distances[-1], 1, k, each) for k, each in enumerate(others)
        ]
    last: dict[int, tuple[float, Ordered]] = {}
    for start, end, side, _, group in sorted(ranges, key=lambda each: each[:4]):
        facing = last.get(side if same else 1 - side)
        if facing is not None and start < facing[0] - apart_mm:
            return facing[1], group
        if side not in last or end > last[side][0]:
            last[side] = end, group
    return None


def _keyed(stack: Ordered, settings: VolumeSettings) -> Iterator[tuple[str, dict[Any, Ordered]]]:
    """Yield, for each key but times that is present everywhere, the groups by its value."""
    distinct = _said(stack)
    for key in settings.split_keys:
        if key not in _BY_RANK:
            yield from _groups_of(key, stack, distinct)


def _said(stack: Ordered) -> list[Mapping[str, Key]]:
    """Return what slices say of the keys: those alike share one mapping, in most series all."""
    return list({id(each.keys): each.keys for each in stack.slices}.values())


def _groups_of(
    key: str, stack: Ordered, distinct: Sequence[Mapping[str, Key]]
) -> Iterator[tuple[str, dict[Any, Ordered]]]:
    """Yield the groups by a key of the settings, under each name that every slice has it by.

    Where frames and instances of one series call it differently, it is told by the key's own name.
    `distinct` are the mappings that the slices share.
    """
    names = ATTRIBUTES.get(key, (key,))
    everywhere = [name for name in names if all(name in keys for keys in distinct)]
    if everywhere:
        for name in everywhere:
            if len({keys[name] for keys in distinct}) > 1:
                yield name, _grouped(stack, [each.keys[name] for each in stack.slices])
    elif all(any(name in keys for name in names) for keys in distinct):
        values = [_first(each.keys, names) for each in stack.slices]
        if len(set(values)) > 1:
            yield key, _grouped(stack, values)


def _grouped(stack: Ordered, values: Sequence[Any]) -> dict[Any, Ordered]:
    by_value: dict[Any, list[int]] = defaultdict(list)
    for index, value in enumerate(values):
        by_value[value].append(index)
    in_order = sorted(by_value, key=lambda value: (isinstance(value, str), value))
    return {value: stack.take(by_value[value]) for value in in_order}


def _first(keys: Mapping[str, Key], names: Sequence[str]) -> Key:
    return next(keys[name] for name in names if name in keys)


def _whole(group: Ordered, settings: VolumeSettings, *, with_gaps: bool = False) -> bool:
    """Return whether a group is enough slices, no position twice, on an even line."""
    if len(group.slices) < settings.min_slices:
        return False
    if group.n_places(same_position_mm=settings.same_position_mm) < len(group.slices):
        return False
    return is_uniform(group, settings) or (with_gaps and gaps(group, settings) is not None)


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
