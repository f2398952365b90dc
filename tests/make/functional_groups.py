"""Rows of `frames` read with pydicom, for the columns that the rules of a volume read.

Made here by other code than the product's: an attribute of a frame is that of its own functional
group, else of the shared one, else of the data set where an older object has it.
"""

from typing import Any, Final

from pydicom.dataset import Dataset

_PLACES: Final = {
    "image_position_patient": ("PlanePositionSequence", "ImagePositionPatient"),
    "image_orientation_patient": ("PlaneOrientationSequence", "ImageOrientationPatient"),
    "pixel_spacing": ("PixelMeasuresSequence", "PixelSpacing"),
    "slice_thickness": ("PixelMeasuresSequence", "SliceThickness"),
    "rescale_slope": ("PixelValueTransformationSequence", "RescaleSlope"),
    "rescale_intercept": ("PixelValueTransformationSequence", "RescaleIntercept"),
    "rescale_type": ("PixelValueTransformationSequence", "RescaleType"),
    "stack_id": ("FrameContentSequence", "StackID"),
    "temporal_position_index": ("FrameContentSequence", "TemporalPositionIndex"),
    "frame_acquisition_number": ("FrameContentSequence", "FrameAcquisitionNumber"),
    "frame_acquisition_date_time": ("FrameContentSequence", "FrameAcquisitionDateTime"),
    "effective_echo_time": ("MREchoSequence", "EffectiveEchoTime"),
    "echo_time": ("MRTimingAndRelatedParametersSequence", "EchoTime"),
    "flip_angle": ("MRTimingAndRelatedParametersSequence", "FlipAngle"),
    "diffusion_b_value": ("MRDiffusionSequence", "DiffusionBValue"),
    "kvp": ("CTXRayDetailsSequence", "KVP"),
    "convolution_kernel": ("CTReconstructionSequence", "ConvolutionKernel"),
}
_ONLY_IN_GROUPS: Final = frozenset(
    {"stack_id", "temporal_position_index", "frame_acquisition_number", "effective_echo_time",
     "frame_acquisition_date_time", "diffusion_b_value"}
)  # fmt: skip
_FRAME_TYPES: Final = ("CTImageFrameTypeSequence", "MRImageFrameTypeSequence",
                       "PETFrameTypeSequence")  # fmt: skip


def frames_of(dataset: Dataset, plain: Any) -> list[dict[str, Any]]:
    """Return the rows of the frames of a data set; none where it has one, without groups.

    Args:
        dataset: read by pydicom.
        plain: returns a value as a column holds it, by keyword and value.
    """
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    items = list(dataset.get("PerFrameFunctionalGroupsSequence") or ())
    n = int(dataset.get("NumberOfFrames") or 1)
    if n == 1 and not items and not shared:
        return []
    n = min(n, len(items)) if items else n
    rows = []
    for k in range(n):
        own = items[k] if items else Dataset()
        row: dict[str, Any] = {
            "sop_instance_uid": str(dataset.SOPInstanceUID),
            "frame_number": k + 1,
            "frame_type": _frame_type(own, shared, plain),
        }
        invalid = []
        for name, (_, keyword) in _PLACES.items():
            value = _said(name, own, shared, dataset)
            row[name] = None if value is None else _or_none(plain, keyword, value)
            if value is not None and row[name] is None:
                invalid.append(keyword)
        rows.append(row | {"invalid_attributes": sorted(invalid) or None})
    return rows


def _or_none(plain: Any, keyword: str, value: Any) -> Any:
    try:
        return plain(keyword, value)
    except (ValueError, TypeError, OverflowError):
        return None


def _said(name: str, own: Dataset, shared: Dataset, dataset: Dataset) -> Any:
    sequence, keyword = _PLACES[name]
    places = [_first(own, sequence), _first(shared, sequence)]
    several = int(dataset.get("NumberOfFrames") or 1) > 1
    if name not in _ONLY_IN_GROUPS and not (name == "image_position_patient" and several):
        places.append(dataset)
    for place in places:
        value = place.get(keyword)
        if value not in (None, ""):
            return value
    return None


def _frame_type(own: Dataset, shared: Dataset, plain: Any) -> Any:
    for place in (own, shared):
        for sequence in _FRAME_TYPES:
            value = _first(place, sequence).get("FrameType")
            if value:
                return plain("FrameType", value)
    return None


def _first(dataset: Dataset, sequence: str) -> Dataset:
    items = dataset.get(sequence)
    return items[0] if items else Dataset()
