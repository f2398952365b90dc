"""How items that name instances are read: their attributes, and places of these in a form."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from dicomlake.pipeline.headers.attributes import SPECIFIC_CHARACTER_SET, Attribute
from dicomlake.pipeline.headers.forms import (
    REFERENCED_SOP_INSTANCE_UID,
    Branch,
    Leaf,
    Shape,
)
from dicomlake.schemas.column import snake_case

PURPOSE_SEQUENCE: Final = 0x0040A170
_FORM_DEEP: Final = 8
"""Sequences within a form that are read by its plan."""


def _attribute(keyword: str, tag: int, vr: str, *, many: bool = False) -> Attribute:
    return Attribute("", keyword, tag, vr, many, False, 1, None if many else 1)


INSTANCE: Final = _attribute("ReferencedSOPInstanceUID", REFERENCED_SOP_INSTANCE_UID, "UI")
SOP_CLASS: Final = _attribute("ReferencedSOPClassUID", 0x00081150, "UI")
FRAMES: Final = _attribute("ReferencedFrameNumber", 0x00081160, "IS", many=True)
SERIES: Final = _attribute("SeriesInstanceUID", 0x0020000E, "UI")
STUDY: Final = _attribute("StudyInstanceUID", 0x0020000D, "UI")
CODES: Final = (
    _attribute("CodeValue", 0x00080100, "SH"),
    _attribute("LongCodeValue", 0x00080119, "UC"),
    _attribute("URNCodeValue", 0x00080120, "UR"),
)
SCHEME: Final = _attribute("CodingSchemeDesignator", 0x00080102, "SH")
MEANING: Final = _attribute("CodeMeaning", 0x00080104, "LO")

KEYWORDS: Final[Mapping[int, str]] = {
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
    keyword = KEYWORDS.get(tag)
    if keyword is None:
        from pydicom.datadict import keyword_for_tag  # noqa: PLC0415  (slow import)

        keyword = keyword_for_tag(tag)
    return snake_case(keyword.removesuffix("Sequence")) if keyword else f"{tag:08x}"


class Step(NamedTuple):
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
    purpose: tuple[int, int, int]
    """Of the first code that says why: its value, its scheme and its meaning."""


_NO_PURPOSE: Final = (-1, -1, -1)


def plan_of(items: tuple[Shape, ...], role: str) -> tuple[Step, ...] | None:
    """Return how references are read by a form, None where they are not so simple.

    A character set of an item, a long code, another VR than usual or much nesting is not simple.
    """
    steps: list[Step] = []
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
    steps: list[Step],
    deep: int,
) -> None:
    """Add the steps for items: first those of the items themselves, then of what is in them."""
    inner = []
    for shape in items:
        elements = {element.tag: element for element in shape}
        if SPECIFIC_CHARACTER_SET in elements or not deep:
            raise _NotSimpleError
        own_series = (*_place(elements, SERIES), *series)
        own_study = (*_place(elements, STUDY), *study)
        (instance,) = _place(elements, INSTANCE) or (-1,)
        if instance >= 0 or own_series != series or own_study != study:
            (sop_class,) = _place(elements, SOP_CLASS) or (-1,)
            (frames,) = _place(elements, FRAMES) or (-1,)
            purpose = _purpose(elements) if instance >= 0 else _NO_PURPOSE
            steps.append(Step(role, instance, sop_class, frames, own_series, own_study, purpose))
        inner += [
            (element, own_series, own_study)
            for element in shape
            if isinstance(element, Branch) and element.may_refer
        ]
    for branch, own_series, own_study in inner:
        _plan_items(branch.items, role_of(branch.tag), own_series, own_study, steps, deep - 1)


def _purpose(elements: Mapping[int, Leaf | Branch]) -> tuple[int, int, int]:
    """Return where the code of a purpose stands in a form."""
    sequence = elements.get(PURPOSE_SEQUENCE)
    if sequence is None:
        return _NO_PURPOSE
    if not isinstance(sequence, Branch):
        raise _NotSimpleError
    code = {element.tag: element for shape in sequence.items[:1] for element in shape}
    if SPECIFIC_CHARACTER_SET in code or any(other.tag in code for other in CODES[1:]):
        raise _NotSimpleError
    (value,) = _place(code, CODES[0]) or (-1,)
    (scheme,) = _place(code, SCHEME) or (-1,)
    (meaning,) = _place(code, MEANING) or (-1,)
    return value, scheme, meaning


def _place(elements: Mapping[int, Leaf | Branch], attribute: Attribute) -> tuple[int, ...]:
    """Return where the value of an attribute stands in a form, if it has one."""
    element = elements.get(attribute.tag)
    if element is None:
        return ()
    if isinstance(element, Branch) or element.vr not in ("", attribute.vr):
        raise _NotSimpleError
    return (element.place,)
