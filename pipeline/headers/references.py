"""Rows of `instance_references`: every item, however deep, that names another instance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.headers.arrays import array, repeated, spread_out
from dicomlake.pipeline.headers.attributes import SPECIFIC_CHARACTER_SET, Attribute
from dicomlake.pipeline.headers.decode import Decoder, value_in
from dicomlake.pipeline.headers.forms import (
    Form,
    FormedItems,
)
from dicomlake.pipeline.headers.frames import Owner
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.reference_forms import (
    CODES,
    FRAMES,
    INSTANCE,
    MEANING,
    PURPOSE_SEQUENCE,
    SCHEME,
    SERIES,
    SOP_CLASS,
    STUDY,
    Step,
    plan_of,
    role_of,
)
from dicomlake.pipeline.headers.values import Context, Parsed, Raw, parse
from dicomlake.schemas.tables.instance_references import INSTANCE_REFERENCES

if TYPE_CHECKING:  # what makes batches knows of the tables it makes
    from dicomlake.pipeline.headers.columns import Lineage

_MOST_DEEP: Final = 256
_FRAME_NUMBERS: Final = "referenced_frame_numbers"


class _Named(NamedTuple):
    """What names an instance in a place, as the columns of its row have it."""

    referenced_sop_instance_uid: str
    role: str
    via: str
    referenced_sop_class_uid: str | None
    referenced_series_instance_uid: str | None
    referenced_study_instance_uid: str | None
    purpose_code_value: str | None
    purpose_code_scheme: str | None
    purpose_code_meaning: str | None


class _Reference(NamedTuple):
    """A row: what names an instance, and which of its frames."""

    named: _Named
    frames: tuple[int, ...] | None


_Values = dict[tuple[int, "bytes | Raw"], Parsed]
"""Parsed values by tag and cell, of one context."""

_Plans = dict[tuple[Form, str], tuple[Step, ...] | None]
"""How references are read by a form, given the role of its sequence; None: not by form."""

_References = dict[_Named, set[int]]
"""References with the frames that they name."""


class _Place(NamedTuple):
    """Where a walk stands: the sequence, the outermost one, and what items around say."""

    items: Items
    role: str
    via: str
    series: str | None
    study: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """The references below one top-level sequence, and what was wrong there."""

    references: _References
    faults: tuple[Fault, ...]


class ReferenceRows:
    """Gathers the references of a batch of instances."""

    def __init__(self, _decoder: Decoder, lineage: "Lineage") -> None:
        """Start without rows.

        Args:
            _decoder: that of the batch.
            lineage: run, code and schema of the rows.
        """
        self._lineage = lineage
        self._owners: list[Owner] = []
        self._counts: list[int] = []
        """Rows of each owner."""
        self._places: list[int] = []
        """For each row the place of its reference among the distinct ones."""
        self._distinct: dict[_Reference, int] = {}
        self._known: dict[tuple[int, Items, Context], _Found] = {}
        self._values: dict[Context, _Values] = {}
        self._plans: _Plans = {}
        self._known_sets: dict[tuple[object, ...], tuple[list[int], tuple[Fault, ...]]] = {}

    def add(
        self, owner: Owner, sequences: Mapping[int, Items], context: Context
    ) -> tuple[Fault, ...]:
        """Add the references of an instance, and return what was wrong with them.

        Args:
            owner: the instance that refers.
            sequences: its top-level sequences that refer, by tag.
            context: how its values are read.
        """
        key = (context, *sequences.items())
        known = self._known_sets.get(key)
        if known is None:
            known = self._known_sets[key] = self._references(sequences, context)
        places, faults = known
        self._owners.append(owner)
        self._counts.append(len(places))
        self._places += places
        return faults

    def _references(
        self, sequences: Mapping[int, Items], context: Context
    ) -> tuple[list[int], tuple[Fault, ...]]:
        """Return the places of the references in sequences, one for each instance and role."""
        same: dict[tuple[str, str], list[tuple[_Named, set[int]]]] = {}
        faults: list[Fault] = []
        for tag in sorted(sequences):
            key = tag, sequences[tag], context
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._walk(context).references(tag, sequences[tag])
            faults += found.faults
            for each in found.references.items():
                same.setdefault((each[0].referenced_sop_instance_uid, each[0].role), []).append(
                    each
                )
        distinct = self._distinct
        merged = [_merged(same[key]) for key in sorted(same)]
        places = [distinct.setdefault(reference, len(distinct)) for reference in merged]
        return places, tuple(dict.fromkeys(faults))

    def _walk(self, context: Context) -> "_Walk":
        return _Walk(context, self._values.setdefault(context, {}), self._plans)

    def table(self) -> pa.Table:
        """Return the rows of `instance_references`, in the order in which instances were added."""
        places = np.array(self._places, np.int32)
        owners = np.repeat(np.arange(len(self._owners), dtype=np.int32), self._counts)
        schema = INSTANCE_REFERENCES.schema()
        kinds = dict(zip(schema.names, schema.types, strict=True))
        named = [reference.named for reference in self._distinct]
        frames = [reference.frames for reference in self._distinct]
        columns = {
            **spread_out(_columns(_Named, named, kinds), places),
            **spread_out({_FRAME_NUMBERS: array(frames, kinds[_FRAME_NUMBERS])}, places),
            **spread_out(_columns(Owner, self._owners, kinds), owners),
        }
        for name in ("run_id", "pipeline_version", "schema_version"):
            columns[name] = repeated(getattr(self._lineage, name), len(places), kinds[name])
        return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _columns(
    kind: type[_Named] | type[Owner],
    rows: Sequence[_Named] | Sequence[Owner],
    kinds: Mapping[str, pa.DataType],
) -> dict[str, "pa.Array[Any]"]:
    """Return the fields of tuples as columns, those of them that the table has."""
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(kind._fields)
    return {
        name: array(values, kinds[name])
        for name, values in zip(kind._fields, columns, strict=True)
        if name in kinds
    }


def _merged(said: list[tuple[_Named, set[int]]]) -> _Reference:
    """Return one reference of several to the same instance in the same role."""
    (named, frames), *others = said
    if others:
        all_named = [each for each, _ in said]
        frames = frames.union(*(more for _, more in others))
        coded = next((n for n in all_named if n.purpose_code_value is not None), all_named[-1])
        named = named._replace(
            referenced_sop_class_uid=_first(n.referenced_sop_class_uid for n in all_named),
            referenced_series_instance_uid=_first(
                n.referenced_series_instance_uid for n in all_named
            ),
            referenced_study_instance_uid=_first(
                n.referenced_study_instance_uid for n in all_named
            ),
            purpose_code_value=coded.purpose_code_value,
            purpose_code_scheme=coded.purpose_code_scheme,
            purpose_code_meaning=coded.purpose_code_meaning,
        )
    return _Reference(named, tuple(sorted(frames)) or None)


def _first(values: Iterator[str | None]) -> str | None:
    """Return the first of some values that says something."""
    return next((value for value in values if value), None)


class _Walk:
    """One walk through a top-level sequence, in the order of the data set."""

    def __init__(self, context: Context, known: _Values, plans: _Plans) -> None:
        self._context = context
        self._faults: dict[Fault, None] = {}
        self._known = known
        self._plans = plans

    def references(self, tag: int, items: Items) -> _Found:
        """Return every reference below a sequence, each different one once."""
        found: _References = {}
        seen: set[_Place] = set()
        role = role_of(tag)
        # A stack of iterators, so that no nesting of a file becomes one of Python.
        stack = [iter((_Place(items, role, role, None, None),))]
        while stack:
            place = next(stack[-1], None)
            if place is None:
                stack.pop()
            elif place not in seen and len(stack) <= _MOST_DEEP:
                # Equal bytes are one object: the frames of an image mostly share their references.
                seen.add(place)
                if isinstance(place.items, FormedItems) and self._by_form(place, found):
                    continue
                inner: list[_Place] = []
                for item in place.items.items:
                    self._look_into(item, place, found, inner)
                if inner:
                    stack.append(iter(inner))
        return _Found(found, tuple(self._faults))

    def _by_form(self, place: _Place, found: _References) -> bool:
        """Note what items of a known form refer to; False where the form does not tell it all."""
        formed: FormedItems = place.items  # type: ignore[assignment]  # as its caller has seen
        key = formed.form, place.role
        if key not in self._plans:
            self._plans[key] = plan_of(formed.form.items, place.role)
        plan = self._plans[key]
        if plan is None:
            return False
        values = formed.values
        for step in plan:
            series, study = place.series, place.study
            for at in reversed(step.series):
                series = self._parsed(SERIES, values[at]) or series
            for at in reversed(step.study):
                study = self._parsed(STUDY, values[at]) or study
            uid = self._at(INSTANCE, values, step.instance)
            if uid is None:
                continue
            sop_class = self._at(SOP_CLASS, values, step.sop_class)
            frames = self._at(FRAMES, values, step.frames)
            purpose = map(self._at, (CODES[0], SCHEME, MEANING), repeat(values), step.purpose)
            named = _Named(uid, step.role, place.via, sop_class, series, study, *purpose)
            _note(found, named, frames)
        return True

    def _at(self, attribute: Attribute, values: Sequence[bytes], place: int) -> Any:
        """Return the value of an attribute at its place in a form, None where it has none."""
        return self._parsed(attribute, values[place]) if place >= 0 else None

    def _look_into(
        self, item: Item, place: _Place, found: _References, inner: list[_Place]
    ) -> None:
        """Note what an item refers to, and the sequences in it."""
        series = self._value(item, SERIES) or place.series
        study = self._value(item, STUDY) or place.study
        uid = self._value(item, INSTANCE)
        if uid is not None:
            sop_class, frames = self._value(item, SOP_CLASS), self._value(item, FRAMES)
            purpose = self._purpose(item)
            named = _Named(uid, place.role, place.via, sop_class, series, study, *purpose)
            _note(found, named, frames)
        for tag, value in item.items():
            if isinstance(value, Items) and value.may_refer:
                inner.append(_Place(value, role_of(tag), place.via, series, study))

    def _purpose(self, item: Item) -> tuple[str | None, str | None, str | None]:
        sequence = item.get(PURPOSE_SEQUENCE)
        if not isinstance(sequence, Items) or not sequence.items:
            return None, None, None
        code = sequence.items[0]
        values = (self._value(code, attribute) for attribute in CODES)
        value = next((each for each in values if each is not None), None)
        return value, self._value(code, SCHEME), self._value(code, MEANING)

    def _value(self, item: Item, attribute: Attribute) -> Any:
        """Return the value of an attribute of an item, and note what is wrong with it."""
        cell = item.get(attribute.tag)
        if cell is None:
            return None
        if not (
            isinstance(cell, Raw)
            and cell.vr in ("", attribute.vr)
            and SPECIFIC_CHARACTER_SET not in item
        ):
            value = value_in(item, attribute)
            return None if value is None else self._parsed(attribute, value)
        return self._parsed(attribute, cell.value)

    def _parsed(self, attribute: Attribute, cell: bytes | Raw) -> Any:
        """Return the value of a cell, and note what is wrong with it."""
        key = attribute.tag, cell
        parsed = self._known.get(key)
        if parsed is None:
            raw = cell if isinstance(cell, Raw) else Raw("", cell)
            parsed = self._known[key] = parse(attribute, raw, self._context)
        for code, detail in parsed.problems:
            self._faults[Fault(code, attribute.tag, detail)] = None
        return parsed.value


def _note(found: _References, named: _Named, frames: list[int | None] | None) -> None:
    """Add a reference, and the frames that it names."""
    known = found.setdefault(named, set())
    if frames is not None:
        known.update(number for number in frames if number is not None)
