"""Which projection images were made in one exposure (rule 5 of de-duplication).

The Irradiation Event UID says it. Without one: an image that was made from another one is of its
event, such as For Presentation from For Processing; else a mammogram is of the event of its time,
side and view, any other image of its acquisition number, time and voltage.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from dicomlake.pipeline.dose.header_facts import Row, clock_key, derived_uid, events_of, only
from dicomlake.pipeline.dose.projection_terms import BREAST_CLASSES, laterality, plane_term, view

REFERENCE_COLUMNS: Final = ("sop_instance_uid", "referenced_sop_instance_uid", "role")
"""Columns of `instance_references` that are read."""
_SOURCE_ROLES: Final = frozenset({"source_image"})
"""Role of what Source Image Sequence (0008,2112) refers to."""


def exposure_events(
    images: Sequence[Row], references: Iterable[Row]
) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Return each image with the UIDs of the events it was made in, its own or derived ones."""
    known = {image["sop_instance_uid"]: image for image in images}
    parents = _parents(known, references)
    groups = _Groups()
    for sop, image in known.items():
        if not events_of(image):
            _join(groups, sop, image, known, parents[sop])
    named = _Named(known, parents, groups)
    for sop, image in known.items():
        yield image, named.events(sop)


def _parents(known: Mapping[str, Row], references: Iterable[Row]) -> dict[str, set[str]]:
    """Return of each image those it was made from."""
    parents: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        child, parent = reference["sop_instance_uid"], reference["referenced_sop_instance_uid"]
        if child in known and child != parent and reference.get("role") in _SOURCE_ROLES:
            parents[child].add(parent)
    return parents


def _join(
    groups: "_Groups", sop: str, image: Row, known: Mapping[str, Row], parents: set[str]
) -> None:
    """Put an image without a UID into the group of its one source, or of its time."""
    groups.add(("image", sop))
    if len(parents) == 1:
        (parent,) = parents
        if parent in known:
            if not events_of(known[parent]):
                groups.join(("image", sop), ("image", parent))
            return
        groups.join(("image", sop), ("image", parent))
    elif parents & known.keys():
        return  # made from several: it is of the events of all of them
    key = _time_key(image)
    if key is not None:
        groups.join(("image", sop), key)


def _time_key(image: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the key of an acquisition; None where nothing tells it from others."""
    clock, side, seen = clock_key(image), laterality(image) or "", view(image) or ""
    if image.get("sop_class_uid") in BREAST_CLASSES:
        return ("time", clock, side, seen) if clock else None
    number = image.get("acquisition_number")
    if number is None and not clock:
        return None
    key = ("acquisition", str(number), clock, str(image.get("kvp")), plane_term(image) or "")
    if clock:
        return key
    # Stations count every exposure as acquisition 1: a number alone is no event.
    product = image.get("image_and_fluoroscopy_area_dose_product")
    return (*key, side, seen, str(image.get("body_part_examined")), str(product))


class _Named:
    """The events of images, once it is known which of them belong together."""

    def __init__(
        self, known: Mapping[str, Row], parents: Mapping[str, set[str]], groups: "_Groups"
    ) -> None:
        self._known = known
        self._parents = parents
        self._names = groups.names()
        self._uids: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        """Of groups without a UID those of images of the same acquisition that have one."""
        for image in known.values():
            name = self._names.get(_time_key(image))
            if name is not None and (uids := events_of(image)):
                self._uids[name].add(uids)

    def events(self, sop: str, seen: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Return the image's own events, those of what it was made from, or a derived one."""
        image = self._known[sop]
        if uids := events_of(image):
            return uids
        above = seen | {sop}
        sources = sorted((self._parents.get(sop, set()) & self._known.keys()) - above)
        if sources:
            return tuple(sorted({uid for each in sources for uid in self.events(each, above)}))
        name = self._names["image", sop]
        shared = only(self._uids.get(name, ()))
        return shared or (derived_uid(image["study_instance_uid"], "XRAY", name),)


class _Groups:
    """Things that are one, whichever two of them are told to be first (union-find)."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def add(self, each: Hashable) -> None:
        self._above.setdefault(each, each)

    def _top(self, each: Hashable) -> Hashable:
        while self._above[each] != each:
            self._above[each] = self._above[self._above[each]]
            each = self._above[each]
        return each

    def join(self, one: Hashable, other: Hashable) -> None:
        self.add(one)
        self.add(other)
        self._above[self._top(one)] = self._top(other)

    def names(self) -> dict[Hashable, str]:
        """Return of each thing the name of its group: its first member by text."""
        members: dict[Hashable, list[Hashable]] = defaultdict(list)
        for each in self._above:
            members[self._top(each)].append(each)
        return {
            each: min(repr(member) for member in group)
            for group in members.values()
            for each in group
        }
