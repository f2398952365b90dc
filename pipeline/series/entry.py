"""V1, who enters: objects that are no slice, and series that cannot be judged as slices."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from dicomlake.pipeline.pixels.native import NATIVE_SYNTAXES
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.slices import OtherFile, Slice

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
_MULTI_FRAME_CLASSES: Final = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.2.1",  # Enhanced CT
        "1.2.840.10008.5.1.4.1.1.2.2",  # Legacy Converted Enhanced CT
        "1.2.840.10008.5.1.4.1.1.4.1",  # Enhanced MR
        "1.2.840.10008.5.1.4.1.1.4.3",  # Enhanced MR Color
        "1.2.840.10008.5.1.4.1.1.4.4",  # Legacy Converted Enhanced MR
        "1.2.840.10008.5.1.4.1.1.128.1",  # Legacy Converted Enhanced PET
        "1.2.840.10008.5.1.4.1.1.130",  # Enhanced PET
        "1.2.840.10008.5.1.4.1.1.7.1",  # Multi-frame Single Bit Secondary Capture
        "1.2.840.10008.5.1.4.1.1.7.2",  # Multi-frame Grayscale Byte Secondary Capture
        "1.2.840.10008.5.1.4.1.1.7.3",  # Multi-frame Grayscale Word Secondary Capture
        "1.2.840.10008.5.1.4.1.1.7.4",  # Multi-frame True Color Secondary Capture
    }
)
SLICE_CLASSES: Final = _SINGLE_FRAME_CLASSES | _MULTI_FRAME_CLASSES
"""SOP classes whose instances may be slices (PS3.4 section B.5)."""

_MONOCHROME: Final = (None, "MONOCHROME1", "MONOCHROME2")


def exclusion(each: Slice) -> str | None:
    """Return why an instance is set aside, the first of V1's reasons, or None."""
    if each.sop_class_uid not in SLICE_CLASSES:
        return "NOT_A_SLICE_CLASS"
    if each.frame is None and each.transfer_syntax_uid in NATIVE_SYNTAXES:
        return "NO_PIXELS"
    if (each.samples_per_pixel or 1) > 1 or each.photometric not in _MONOCHROME:
        return "COLOR"
    if "MOSAIC" in each.image_type:
        return "MOSAIC"
    if "LOCALIZER" in each.image_type:
        return "LOCALIZER"
    return None


def multi_frame(slices: Sequence[Slice]) -> Finding | None:
    """Return what stops a series that holds objects of several frames.

    NumberOfFrames is held against the pixel length before anything is made of it.
    """
    many = [
        each
        for each in slices
        if each.sop_class_uid in _MULTI_FRAME_CLASSES or (each.n_frames or 1) > 1
    ]
    if not many:
        return None
    for each in many:
        frame = each.frame
        if frame is None or frame.transfer_syntax_uid not in NATIVE_SYNTAXES:
            continue
        if frame.n_bytes * max(each.n_frames or 1, 1) > frame.length:
            return Finding(
                "PIXEL_DATA_ERROR",
                {"cause": "truncated", "what": "NumberOfFrames is more than Pixel Data holds"},
            )
    classes = Counter(each.sop_class_uid for each in many)
    return Finding(
        "NOT_SUPPORTED_YET",
        {"what": "multi-frame objects", "sop_classes": dict(sorted(classes.items()))},
    )


def foreign(slices: Sequence[Slice]) -> frozenset[str]:
    """Return the files of instances without geometry that no instance with geometry is like.

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
    """Return MISSING_GEOMETRY where a slice lacks position, orientation or PixelSpacing."""
    without = [each for each in slices if not each.has_geometry]
    if not without:
        return None
    wanted = {
        "ImagePositionPatient": lambda each: each.position,
        "ImageOrientationPatient": lambda each: each.row_direction,
        "PixelSpacing": lambda each: each.spacing,
    }
    absent = {keyword for each in without for keyword in wanted if wanted[keyword](each) is None}
    malformed = {
        keyword
        for each in without
        for keyword in wanted
        if keyword in each.invalid and wanted[keyword](each) is None
    }
    detail = {"instances": len(without), "attributes": sorted(absent)}
    return Finding(
        "MISSING_GEOMETRY", {**detail, "malformed": sorted(malformed)} if malformed else detail
    )


def unsupported_syntax(slices: Sequence[Slice]) -> Finding | None:
    """Return UNSUPPORTED_TRANSFER_SYNTAX where no permitted decoder handles a slice."""
    counts = Counter(
        each.transfer_syntax_uid
        for each in slices
        if each.transfer_syntax_uid not in NATIVE_SYNTAXES
    )
    if not counts:
        return None
    return Finding(
        "UNSUPPORTED_TRANSFER_SYNTAX", {"transfer_syntaxes": dict(sorted(counts.items()))}
    )


def conflicting(others: Sequence[OtherFile]) -> Finding | None:
    """Return CONFLICTING_SOP_INSTANCE where files give one UID different contents (V2).

    It does not matter which of them is the instance: a series that lost one to another series
    would be a slice short.
    """
    uids = sorted({each.sop_instance_uid for each in others if each.status == "conflict"})
    if not uids:
        return None
    return Finding(
        "CONFLICTING_SOP_INSTANCE", {"instances": len(uids), "sop_instance_uids": uids[:10]}
    )


def _kind(each: Slice) -> tuple[str, int | None, int | None]:
    return each.sop_class_uid, each.rows, each.columns
