"""Rows of `instance_references`: every item, however deep, that names another instance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.headers.arrays import chosen, repeated
from dicomlake.pipeline.headers.attributes import SPECIFIC_CHARACTER_SET, Attribute
from dicomlake.pipeline.headers.decode import Decoder, value_in
from dicomlake.pipeline.headers.forms import (
    REFERENCED_SOP_INSTANCE_UID,
    Branch,
    Form,
    FormedItems,
    Leaf,
    Shape,
)
from dicomlake.pipeline.headers.frames import Owner
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.values import Context, Parsed, Raw, parse
from dicomlake.schemas.column import snake_case
from dicomlake.schemas.tables.instance_references import INSTANCE_REFERENCES

if TYPE_CHECKING:  # what makes batches knows of the tables it makes
    from dicomlake.pipeline.headers.columns import Lineage

_PURPOSE_SEQUENCE: Final = 0x0040A170
_MOST_DEEP: Final = 256
_FRAME_NUMBERS: Final = "referenced_frame_numbers"
_FORM_DEEP: Final = 8
"""Sequences within a form that are read by its plan."""


def _attribute(keyword: str, tag: int, vr: str, *, many: bool = False) -> Attribute:
    return Attribute("", keyword, tag, vr, many, False, 1, None if many else 1)


_INSTANCE: Final = _attribute("ReferencedSOPInstanceUID", REFERENCED_SOP_INSTANCE_UID, "UI")
_CLASS: Final = _attribute("ReferencedSOPClassUID", 0x00081150, "UI")
_FRAMES: Final = _attribute("ReferencedFrameNumber", 0x00081160, "IS", many=True)
_SERIES: Final = _attribute("SeriesInstanceUID", 0x0020000E, "UI")
_STUDY: Final = _attribute("StudyInstanceUID", 0x0020000D, "UI")
_CODES: Final = (
    _attribute("CodeValue", 0x00080100, "SH"),
    _attribute("LongCodeValue", 0x00080119, "UC"),
    _attribute("URNCodeValue", 0x00080120, "UR"),
)
_SCHEME: Final = _attribute("CodingSchemeDesignator", 0x00080102, "SH")
_MEANING: Final = _attribute("CodeMeaning", 0x00080104, "LO")

_KEYWORDS: Final[Mapping[int, str]] = {
    0x00081110: "ReferencedStudySequence",
    0x00081111: "ReferencedPerformedProcedureStepSequence",
    0x00081115: "ReferencedSeriesSequence",
    0x00081120: "ReferencedPatientSequence",
    0x00081125: "ReferencedVisitSequence",
    0x0008113A: "ReferencedWaveformSequence",
    0x00081140: "ReferencedImageSequence",
    0x0008114A: "ReferencedInstanceSequence",
    0x00081199: "ReferencedSOPSequence",
    0x00081200: "StudiesContainingOtherReferencedInstancesSequence",
    0x00081250: "RelatedSeriesSequence",
    0x00082112: "SourceImageSequence",
    0x00089092: "ReferencedImageEvidenceSequence",
    0x00089121: "ReferencedRawDataSequence",
    0x00089124: "DerivationImageSequence",
    0x00089154: "SourceImageEvidenceSequence",
    0x00089237: "ReferencedPresentationStateSequence",
    0x00209172: "ConversionSourceAttributesSequence",
    0x00289145: "PixelValueTransformationSequence",
    0x00321064: "RequestedProcedureCodeSequence",
    0x00400275: "RequestAttributesSequence",
    0x00400555: "AcquisitionContextSequence",
    0x00409096: "RealWorldValueMappingSequence",
    0x0040A360: "PredecessorDocumentsSequence",
    0x0040A370: "ReferencedRequestSequence",
    0x0040A375: "CurrentRequestedProcedureEvidenceSequence",
    0x0040A385: "PertinentOtherEvidenceSequence",
    0x0040A525: "IdenticalDocumentsSequence",
    0x0040A730: "ContentSequence",
    0x00420013: "SourceInstanceSequence",
    0x00700001: "GraphicAnnotationSequence",
    0x0070005A: "DisplayedAreaSelectionSequence",
    0x00700308: "RegistrationSequence",
    0x00283110: "SoftcopyVOILUTSequence",
    0x30060010: "ReferencedFrameOfReferenceSequence",
    0x30060012: "RTReferencedStudySequence",
    0x30060014: "RTReferencedSeriesSequence",
    0x30060016: "ContourImageSequence",
    0x30060018: "PredecessorStructureSetSequence",
    0x30060039: "ROIContourSequence",
    0x30060040: "ContourSequence",
    0x300C0002: "ReferencedRTPlanSequence",
    0x300C0042: "ReferencedReferenceImageSequence",
    0x300C0060: "ReferencedStructureSetSequence",
    0x300C0080: "ReferencedDoseSequence",
    0x52009229: "SharedFunctionalGroupsSequence",
    0x52009230: "PerFrameFunctionalGroupsSequence",
}
"""Keywords of sequences that often refer; of others pydicom knows them, whose import is slow."""


@lru_cache(maxsize=1024)
def role_of(tag: int) -> str:
    """Return what a sequence is called in `role` and `via`."""
    keyword = _KEYWORDS.get(tag)
    if keyword is None:
        from pydicom.datadict import keyword_for_tag  # noqa: PLC0415  (slow import)

        keyword = keyword_for_tag(tag)
    return snake_case(keyword.removesuffix("Sequence")) if keyword else f"{tag:08x}"


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

_Plans = dict[tuple[Form, str], "tuple[_Step, ...] | None"]
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
        references = list(self._distinct)
        by_owner: list[tuple[Any, ...]] = list(zip(*self._owners, strict=True))
        by_owner = by_owner or [()] * len(Owner._fields)
        columns: list[pa.Array[Any]] = []
        schema = INSTANCE_REFERENCES.schema()
        for field in schema:
            if field.name in ("run_id", "pipeline_version", "schema_version"):
                value = getattr(self._lineage, field.name)
                columns.append(repeated(value, len(places), field.type))
            elif field.name in Owner._fields:
                of_owner = by_owner[Owner._fields.index(field.name)]
                columns.append(chosen(of_owner, owners, field.type))
            else:
                values = [_value_of(reference, field.name) for reference in references]
                columns.append(chosen(values, places, field.type))
        return pa.Table.from_arrays(columns, schema=schema)


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


def _value_of(reference: _Reference, name: str) -> Any:
    return reference.frames if name == _FRAME_NUMBERS else getattr(reference.named, name)


class _Step(NamedTuple):
    """An item of a form that refers, or says what is around: where its values stand.

    Places among the values of the form; -1 for what is absent.
    """

    role: str
    instance: int
    sop_class: int
    frames: int
    series: tuple[int, ...]
    """Its own and those of the items around it, the nearest first."""
    study: tuple[int, ...]


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
            self._plans[key] = _plan(formed.form.items, place.role)
        plan = self._plans[key]
        if plan is None:
            return False
        values = formed.values
        for step in plan:
            series, study = place.series, place.study
            for at in reversed(step.series):
                series = self._parsed(_SERIES, values[at]) or series
            for at in reversed(step.study):
                study = self._parsed(_STUDY, values[at]) or study
            uid = self._parsed(_INSTANCE, values[step.instance]) if step.instance >= 0 else None
            if uid is None:
                continue
            sop_class = (
                self._parsed(_CLASS, values[step.sop_class]) if step.sop_class >= 0 else None
            )
            frames = self._parsed(_FRAMES, values[step.frames]) if step.frames >= 0 else None
            named = _Named(uid, step.role, place.via, sop_class, series, study, None, None, None)
            _note(found, named, frames)
        return True

    def _look_into(
        self, item: Item, place: _Place, found: _References, inner: list[_Place]
    ) -> None:
        """Note what an item refers to, and the sequences in it."""
        series = self._value(item, _SERIES) or place.series
        study = self._value(item, _STUDY) or place.study
        uid = self._value(item, _INSTANCE)
        if uid is not None:
            sop_class, frames = self._value(item, _CLASS), self._value(item, _FRAMES)
            purpose = self._purpose(item)
            named = _Named(uid, place.role, place.via, sop_class, series, study, *purpose)
            _note(found, named, frames)
        for tag, value in item.items():
            if isinstance(value, Items) and value.may_refer:
                inner.append(_Place(value, role_of(tag), place.via, series, study))

    def _purpose(self, item: Item) -> tuple[str | None, str | None, str | None]:
        sequence = item.get(_PURPOSE_SEQUENCE)
        if not isinstance(sequence, Items) or not sequence.items:
            return None, None, None
        code = sequence.items[0]
        values = (self._value(code, attribute) for attribute in _CODES)
        value = next((each for each in values if each is not None), None)
        return value, self._value(code, _SCHEME), self._value(code, _MEANING)

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


def _plan(items: tuple[Shape, ...], role: str) -> tuple[_Step, ...] | None:
    """Return how references are read by a form, None where they are not so simple.

    A character set of an item, a purpose, another VR than usual or much nesting is not simple.
    """
    steps: list[_Step] = []
    try:
        _plan_items(items, role, (), (), steps, _FORM_DEEP)
    except _NotSimpleError:
        return None
    return tuple(steps)


class _NotSimpleError(Exception):
    """A form that does not tell by itself how references are read."""


def _plan_items(  # noqa: PLR0917  (what is said around the items, and where to note)
    items: tuple[Shape, ...],
    role: str,
    series: tuple[int, ...],
    study: tuple[int, ...],
    steps: list[_Step],
    deep: int,
) -> None:
    """Add the steps for items: first those of the items themselves, then of what is in them."""
    inner = []
    for shape in items:
        elements = {element.tag: element for element in shape}
        if SPECIFIC_CHARACTER_SET in elements or not deep:
            raise _NotSimpleError
        own_series = (*_place(elements, _SERIES), *series)
        own_study = (*_place(elements, _STUDY), *study)
        (instance,) = _place(elements, _INSTANCE) or (-1,)
        if instance >= 0 and _PURPOSE_SEQUENCE in elements:
            raise _NotSimpleError
        if instance >= 0 or own_series != series or own_study != study:
            (sop_class,) = _place(elements, _CLASS) or (-1,)
            (frames,) = _place(elements, _FRAMES) or (-1,)
            steps.append(_Step(role, instance, sop_class, frames, own_series, own_study))
        inner += [
            (element, own_series, own_study)
            for element in shape
            if isinstance(element, Branch) and element.may_refer
        ]
    for branch, own_series, own_study in inner:
        _plan_items(branch.items, role_of(branch.tag), own_series, own_study, steps, deep - 1)


def _place(elements: Mapping[int, Leaf | Branch], attribute: Attribute) -> tuple[int, ...]:
    """Return where the value of an attribute stands in a form, if it has one."""
    element = elements.get(attribute.tag)
    if element is None:
        return ()
    if isinstance(element, Branch) or element.vr not in ("", attribute.vr):
        raise _NotSimpleError
    return (element.place,)
