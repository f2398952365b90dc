"""Functional groups: what an instance says of all its frames, and of each (PS3.3 C.7.6.16).

Per-frame groups win over shared ones, and these over the top of the data set. Frames are nearly
alike: of each group, every distinct item is looked into once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from dicomlake.pipeline.headers.attributes import (
    SPECIFIC_CHARACTER_SET,
    Attribute,
    attributes_of,
)
from dicomlake.pipeline.headers.decode import Cell, Value, cell_in, plain, value_in
from dicomlake.pipeline.headers.forms import Form, FormedItems, Leaf, Shape
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.values import Raw
from dicomlake.schemas.tables.frames import ALSO_IN_DATA_SET, ALSO_NAMED, FRAMES

IMAGE_POSITION: Final = 0x00200032
_UNASSIGNED_SHARED: Final = 0x00209170
_UNASSIGNED_PER_FRAME: Final = 0x00209171
"""Attributes of converted single frames that have no functional group (PS3.3 C.7.6.16.2.25)."""

_ABSENT: Final = -1

TopLevel = Callable[[int], Cell]
"""Returns the cell of a tag at the top of the data set."""


@dataclass(frozen=True, slots=True)
class Group:
    """A functional group: the tags it goes by, and the attributes read from it."""

    tags: tuple[int, ...]
    attributes: tuple[Attribute, ...]
    places: Mapping[int, tuple[int, ...]]
    """By tag which attributes it leads to: their own, another that may stand in, or a sequence."""
    direct: tuple[bool, ...]
    """Whether each attribute stands in the item of the group itself, under its one tag."""


@lru_cache(maxsize=1)
def groups() -> tuple[Group, ...]:
    """Return the functional groups that columns are read from."""
    members: dict[int, list[Attribute]] = {}
    for attribute in attributes_of(FRAMES):
        if attribute.within:
            members.setdefault(attribute.within[0], []).append(attribute)
    return tuple(
        Group(
            (tag, *ALSO_NAMED.get(tag, ())),
            tuple(attributes),
            _places(attributes),
            tuple(not each.otherwise and len(each.within) == 1 for each in attributes),
        )
        for tag, attributes in members.items()
    )


def _places(attributes: Sequence[Attribute]) -> dict[int, tuple[int, ...]]:
    """Return by tag the attributes that an element of a group's item may belong to."""
    places: dict[int, tuple[int, ...]] = {}
    for place, attribute in enumerate(attributes):
        direct = len(attribute.within) == 1
        tags = (attribute.tag, *attribute.otherwise) if direct else (attribute.within[1],)
        for tag in tags:
            places[tag] = (*places.get(tag, ()), place)
    return places


@dataclass(slots=True)
class FunctionalGroups:
    """The functional groups of one instance."""

    top: TopLevel
    shared: Item
    per_frame: Sequence[Item]
    """An item for each frame; none where nothing is said of single frames."""
    count: int
    """Frames that have rows."""
    _in_frames: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        self._in_frames = frozenset[int]().union(*self.per_frame)

    def cells(self, group: Group) -> Iterable[tuple[Attribute, Sequence[Value]]]:
        """Yield attributes of a group that stand somewhere, with a cell for all or each frame."""
        constant = [self._constant(attribute, group) for attribute in group.attributes]
        tags = [tag for tag in group.tags if tag in self._in_frames]
        if _UNASSIGNED_PER_FRAME in self._in_frames:
            tags.append(_UNASSIGNED_PER_FRAME)
        if not tags:
            for attribute, cell in zip(group.attributes, constant, strict=True):
                if cell is not None:
                    yield attribute, [cell]
            return
        rows = self._rows(group, tags, constant)
        columns: Iterable[Sequence[Value]] = zip(*rows, strict=True)
        if rows.count(rows[0]) == len(rows):
            columns = ([cell] for cell in rows[0])
        for attribute, cells in zip(group.attributes, columns, strict=True):
            if cells.count(None) != len(cells):
                yield attribute, cells[:1] if cells.count(cells[0]) == len(cells) else cells

    def _rows(
        self, group: Group, tags: Sequence[int], constant: Sequence[Value]
    ) -> list[tuple[Value, ...]]:
        """Return for each frame the cells of a group; equal items are looked into once."""
        known: dict[Any, tuple[Value, ...]] = {}
        rows = []
        if len(tags) == 1 and tags[0] != _UNASSIGNED_PER_FRAME:
            (tag,) = tags
            by_form = _ByForm(group, tuple(constant))
            for item in self.per_frame:
                sequence = item.get(tag)
                row = known.get(sequence)
                if row is None:
                    if isinstance(sequence, FormedItems):
                        row = by_form.cells(sequence)
                    if row is None:
                        row = _cells_of(group, tag, sequence, constant)
                    known[sequence] = row
                rows.append(row)
            return rows
        for item in self.per_frame:
            key = tuple([item.get(tag) for tag in tags])
            row = known.get(key)
            if row is None:
                found = dict(zip(tags, key, strict=True))
                row = known[key] = tuple(
                    _in_groups(attribute, found, _UNASSIGNED_PER_FRAME) or cell
                    for attribute, cell in zip(group.attributes, constant, strict=True)
                )
            rows.append(row)
        return rows

    def _constant(self, attribute: Attribute, group: Group) -> Value:
        """Return what holds for all frames: of the shared groups, else of the data set."""
        found = {tag: self.shared.get(tag) for tag in (*group.tags, _UNASSIGNED_SHARED)}
        cell = _in_groups(attribute, found, _UNASSIGNED_SHARED)
        if cell is not None or attribute.name not in ALSO_IN_DATA_SET:
            return cell
        if attribute.tag == IMAGE_POSITION and self.count > 1:
            return None  # that of the first frame at best
        top = self.top(attribute.tag)
        return None if isinstance(top, Items) or not top else top


_Row = Callable[[tuple[Value, ...]], tuple[Value, ...]]


class _ByForm:
    """Cells of a group in sequences of known form: picked from their values, all at once."""

    def __init__(self, group: Group, constant: tuple[Value, ...]) -> None:
        self._group = group
        self._constant = constant
        self._known: dict[Form, _Row | None] = {}

    def cells(self, sequence: FormedItems) -> tuple[Value, ...] | None:
        """Return what `_cells_of` does, None where the form alone does not tell."""
        form = sequence.form
        if form not in self._known:
            self._known[form] = self._row(form)
        row = self._known[form]
        if row is None:
            return None
        cells = row(sequence.values + self._constant)
        if b"" in cells:  # as if it were absent
            cells = tuple(
                constant if cell == b"" else cell
                for cell, constant in zip(cells, self._constant, strict=True)
            )
        return cells

    def _row(self, form: Form) -> _Row | None:
        """Return what picks the cells from the values of a form, with those for all after them."""
        n_values = len(form.fixed) - 1
        places = []
        for number, attribute in enumerate(self._group.attributes):
            place = _place_in(form.items, attribute)
            if place is None:
                return None
            places.append(n_values + number if place == _ABSENT else place)
        if len(places) == 1:
            (only,) = places
            return lambda values: (values[only],)
        return itemgetter(*places)


def _place_in(  # noqa: PLR0911  (each return is one rule)
    items: tuple[Shape, ...], attribute: Attribute
) -> int | None:
    """Return the place of an attribute among the values of a form; None where it is not so simple.

    A character set of an item, an element that may stand in for another, a private attribute or
    another VR than usual is not simple.
    """
    if attribute.creator:
        return None
    for tag in (*attribute.within[1:], attribute.tag):
        if not items:
            return _ABSENT
        elements = {element.tag: element for element in items[0]}
        if SPECIFIC_CHARACTER_SET in elements:
            return None
        element = elements.get(tag)
        if tag == attribute.tag and not elements.keys().isdisjoint(attribute.otherwise):
            return None
        if isinstance(element, Leaf):
            plain_here = tag == attribute.tag and element.vr in ("", attribute.vr)
            return element.place if plain_here else None
        if element is None or tag == attribute.tag:
            return _ABSENT
        items = element.items
    return _ABSENT


def _cells_of(
    group: Group, tag: int, sequence: Any, constant: Sequence[Value]
) -> tuple[Value, ...]:
    """Return the cells of a group in one sequence; what it does not hold is as for all frames."""
    if not isinstance(sequence, Items) or not sequence.items:
        return tuple(constant)
    item = sequence.items[0]
    own_charset = SPECIFIC_CHARACTER_SET in item
    cells = list(constant)
    for inner, cell in item.items():
        for place in group.places.get(inner, ()):
            attribute = group.attributes[place]
            if own_charset or not group.direct[place]:
                cells[place] = _in_groups(attribute, {tag: sequence}, -1) or constant[place]
            elif isinstance(cell, Raw) and cell.value:
                cells[place] = plain(cell, attribute.vr)
    return tuple(cells)


def _in_groups(attribute: Attribute, found: Mapping[int, Any], unassigned: int) -> Value:
    """Return the cell of an attribute in functional groups, None where it is absent or empty.

    Args:
        attribute: the attribute.
        found: sequences by tag; what is no sequence counts as absent.
        unassigned: tag of the one that holds attributes without a group of their own.
    """
    for tag, sequence in found.items():
        if not isinstance(sequence, Items) or not sequence.items:
            continue
        if tag == unassigned:
            cell = value_in(sequence.items[0], attribute)
            if attribute.name not in ALSO_IN_DATA_SET:
                continue
        else:
            cell = cell_in(sequence, attribute)
        if cell is not None and (cell.value if isinstance(cell, Raw) else cell):
            return cell
    return None
