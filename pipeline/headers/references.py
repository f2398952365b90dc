"""Rows of `instance_references`: every item, however deep, that names another instance."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.headers.arrays import chosen, repeated
from dicomlake.pipeline.headers.attributes import Attribute
from dicomlake.pipeline.headers.decode import Decoder, value_in
from dicomlake.pipeline.headers.frames import Owner
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.values import Context, Raw, parse
from dicomlake.schemas.column import snake_case
from dicomlake.schemas.tables.instance_references import INSTANCE_REFERENCES

if TYPE_CHECKING:  # what makes batches knows of the tables it makes
    from dicomlake.pipeline.headers.columns import Lineage

REFERENCED_SOP_INSTANCE_UID: Final = 0x00081155
_PURPOSE_SEQUENCE: Final = 0x0040A170
_MOST_DEEP: Final = 256


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


@dataclass(frozen=True, slots=True)
class _Reference:
    """A reference, as the columns of its row have it."""

    referenced_sop_instance_uid: str
    role: str
    via: str
    referenced_sop_class_uid: str | None
    referenced_series_instance_uid: str | None
    referenced_study_instance_uid: str | None
    referenced_frame_numbers: tuple[int, ...] | None
    purpose_code_value: str | None
    purpose_code_scheme: str | None
    purpose_code_meaning: str | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk stands: the sequence, the outermost one, and what items around say."""

    items: Items
    role: str
    via: str
    series: str | None
    study: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """The references below one top-level sequence, and what was wrong there."""

    references: tuple[_Reference, ...]
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
        merged: dict[tuple[str, str], _Reference] = {}
        faults: list[Fault] = []
        for tag in sorted(sequences):
            key = tag, sequences[tag], context
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = _Walk(context).references(tag, sequences[tag])
            faults += found.faults
            for each in found.references:
                _merge(merged, each)
        distinct = self._distinct
        places = [distinct.setdefault(merged[key], len(distinct)) for key in sorted(merged)]
        return places, tuple(dict.fromkeys(faults))

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
                values = [getattr(reference, field.name) for reference in references]
                columns.append(chosen(values, places, field.type))
        return pa.Table.from_arrays(columns, schema=schema)


def _merge(merged: dict[tuple[str, str], _Reference], new: _Reference) -> None:
    """Add a reference, or what it says more than one of the same instance and role before it."""
    key = new.referenced_sop_instance_uid, new.role
    old = merged.get(key)
    if old is None:
        merged[key] = new
        return
    if old == new:
        return
    frames = {*(old.referenced_frame_numbers or ()), *(new.referenced_frame_numbers or ())}
    coded = old if old.purpose_code_value is not None else new
    merged[key] = replace(
        old,
        referenced_sop_class_uid=old.referenced_sop_class_uid or new.referenced_sop_class_uid,
        referenced_series_instance_uid=(
            old.referenced_series_instance_uid or new.referenced_series_instance_uid
        ),
        referenced_study_instance_uid=(
            old.referenced_study_instance_uid or new.referenced_study_instance_uid
        ),
        referenced_frame_numbers=tuple(sorted(frames)) or None,
        purpose_code_value=coded.purpose_code_value,
        purpose_code_scheme=coded.purpose_code_scheme,
        purpose_code_meaning=coded.purpose_code_meaning,
    )


class _Walk:
    """One walk through a top-level sequence, in the order of the data set."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._faults: dict[Fault, None] = {}
        self._known: dict[tuple[int, bytes | Raw], Any] = {}

    def references(self, tag: int, items: Items) -> _Found:
        """Return every reference below a sequence, each different one once."""
        found: dict[_Reference, None] = {}
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
                inner: list[_Place] = []
                for item in place.items.items:
                    self._look_into(item, place, found, inner)
                stack.append(iter(inner))
        return _Found(tuple(found), tuple(self._faults))

    def _look_into(
        self, item: Item, place: _Place, found: dict[_Reference, None], inner: list[_Place]
    ) -> None:
        """Note what an item refers to, and the sequences in it."""
        series = self._value(item, _SERIES) or place.series
        study = self._value(item, _STUDY) or place.study
        uid = self._value(item, _INSTANCE)
        if uid is not None:
            reference = _Reference(
                uid,
                place.role,
                place.via,
                self._value(item, _CLASS),
                series,
                study,
                self._frames(item),
                *self._purpose(item),
            )
            found[reference] = None
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

    def _frames(self, item: Item) -> tuple[int, ...] | None:
        numbers = self._value(item, _FRAMES)
        if numbers is None:
            return None
        return tuple(sorted({number for number in numbers if number is not None})) or None

    def _value(self, item: Item, attribute: Attribute) -> Any:
        """Return the value of an attribute of an item, and note what is wrong with it."""
        if attribute.tag not in item:
            return None
        cell = value_in(item, attribute)
        if cell is None:
            return None
        key = attribute.tag, cell
        if key not in self._known:
            raw = cell if isinstance(cell, Raw) else Raw("", cell)
            parsed = parse(attribute, raw, self._context)
            self._known[key] = parsed.value
            for code, detail in parsed.problems:
                self._faults[Fault(code, attribute.tag, detail)] = None
        return self._known[key]
