"""V1, who enters: objects that are no slice, and series that cannot be judged as slices."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from dicomlake.pipeline.pixels.syntaxes import DECODABLE_SYNTAXES
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.frames import overstated
from dicomlake.pipeline.series.slices import MULTI_FRAME_CLASSES, WHOLE, OtherFile, Slice

_SINGLE_FRAME_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2",  # CT
        "1.2.840.10008.5.1.4.1.1.4",  # MR
        "1.2.840.10008.5.1.4.1.1.128",  # PET
        "1.2.840.10008.5.1.4.1.1.20",  # NM
        "1.2.840.10008.5.1.4.1.1.5",  # NM, retired
        "1.2.840.10008.5.1.4.1.1.7",  # Secondary Capture
    }
)
SLICE_CLASSES: Final = _SINGLE_FRAME_CLASSES | MULTI_FRAME_CLASSES
"""SOP classes whose instances may be slices, or hold them (PS3.4 section B.5)."""

_MONOCHROME: Final = (None, "MONOCHROME1", "MONOCHROME2")


def exclusion(each: Slice) -> str | None:
    """Return why an instance or frame is set aside, the first of V1's reasons, or None."""
    if each.sop_class_uid not in SLICE_CLASSES:
        return "NOT_A_SLICE_CLASS"
    if each.frame is None:
        return "NO_PIXELS"
    if (each.samples_per_pixel or 1) > 1 or each.photometric not in _MONOCHROME:
        return "COLOR"
    if "MOSAIC" in each.image_type:
        return "MOSAIC"
    if "LOCALIZER" in each.image_type:
        return "LOCALIZER"
    return None


def too_many_frames(slices: Sequence[Slice]) -> Finding | None:
    """Return PIXEL_DATA_ERROR where an object declares more frames than its pixels can be."""
    lying = [each for each in slices if each.frame_number == WHOLE and overstated(each)]
    if not lying:
        return None
    return Finding(
        "PIXEL_DATA_ERROR",
        {
            "cause": "truncated",
            "what": "NumberOfFrames is more than Pixel Data holds",
            "instances": len(lying),
            "sop_instance_uid": lying[0].sop_instance_uid,
        },
    )


def foreign(slices: Sequence[Slice]) -> frozenset[str]:
    """Return the files of objects without geometry that nothing with geometry is like.

    Like means of the same class, Rows and Columns; such a one is a slice that lost its geometry,
    and rejects the series instead.
    """
    kinds = {_kind(each) for each in slices if each.has_geometry}
    if not kinds:
        return frozenset()
    return frozenset(
        each.file_id for each in slices if not each.has_geometry and _kind(each) not in kinds
    )


def missing_geometry(slices: Sequence[Slice]) -> Finding | None:
    """Return MISSING_GEOMETRY where a slice lacks position, orientation or PixelSpacing.

    So does an object of which not every frame is described.
    """
    without = [each for each in slices if not each.has_geometry or each.frame_number == WHOLE]
    if not without:
        return None
    absent: set[str] = set()
    malformed: set[str] = set()
    for each in without:
        lacking = {
            keyword
            for keyword, value in (
                ("ImagePositionPatient", each.position),
                ("ImageOrientationPatient", each.row_direction),
                ("PixelSpacing", each.spacing),
            )
            if value is None
        }
        absent |= lacking
        malformed |= lacking & each.invalid
    detail: dict[str, object] = {"instances": _objects(without), "attributes": sorted(absent)}
    if (frames := sum(each.many_framed and each.frame_number != WHOLE for each in without)) > 0:
        detail["frames"] = frames
    if malformed:
        detail["malformed"] = sorted(malformed)
    if any(each.has_geometry for each in without):
        detail["what"] = "fewer frames are described than NumberOfFrames says"
    return Finding("MISSING_GEOMETRY", detail)


def unsupported_syntax(slices: Sequence[Slice]) -> Finding | None:
    """Return UNSUPPORTED_TRANSFER_SYNTAX where no permitted decoder handles a slice."""
    by_file = {
        each.file_id: each.transfer_syntax_uid
        for each in slices
        if each.transfer_syntax_uid not in DECODABLE_SYNTAXES
    }
    if not by_file:
        return None
    counts = Counter(by_file.values())
    return Finding(
        "UNSUPPORTED_TRANSFER_SYNTAX", {"transfer_syntaxes": dict(sorted(counts.items()))}
    )


def conflicting(objects: Sequence[Slice], others: Sequence[OtherFile]) -> Finding | None:
    """Return CONFLICTING_SOP_INSTANCE where files give one UID different contents (V2).

    It does not matter which of them is the instance: a series that lost one to another series
    would be a slice short. The other content of an excluded image may be a slice; that of a report
    is none.
    """
    disputed = {each.sop_instance_uid for each in others if each.status == "conflict"}
    if disputed:
        disputed -= {
            each.sop_instance_uid for each in objects if each.sop_class_uid not in SLICE_CLASSES
        }
    uids = sorted(disputed)
    if not uids:
        return None
    return Finding(
        "CONFLICTING_SOP_INSTANCE", {"instances": len(uids), "sop_instance_uids": uids[:10]}
    )


def _objects(slices: Sequence[Slice]) -> int:
    return len({each.file_id for each in slices})


def _kind(each: Slice) -> tuple[str, int | None, int | None]:
    return each.sop_class_uid, each.rows, each.columns
