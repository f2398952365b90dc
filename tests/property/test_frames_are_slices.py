"""V12: slices have one verdict, whether they come as files, as one object, in parts, or mixed."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from make.rows import default_settings
from make.volumes import frame_row, object_row, rows_table, slice_row

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.verdict import SeriesVerdict, judge

SETTINGS = default_settings().volumes
AXIAL: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
TILTED: Final = (1.0, 0.0, 0.0, 0.0, 0.9998, 0.02)
SAGITTAL: Final = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
MR: Final = {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.4", "modality_raw": "MR"}
ENHANCED_MR: Final = {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.4.1", "modality_raw": "MR"}

OF_FRAMES: Final = {
    "acquisition_number": ("frame_acquisition_number", "AcquisitionNumber"),
    "echo_time": ("effective_echo_time", "EchoTime"),
    "trigger_time": ("nominal_cardiac_trigger_delay_time", "TriggerTime"),
    "kvp": ("kvp", "KVP"),
    "convolution_kernel": ("convolution_kernel", "ConvolutionKernel"),
    "temporal_position_index": ("temporal_position_index", "TemporalPositionIndex"),
    "diffusion_b_value": ("diffusion_b_value", "DiffusionBValue"),
    "image_type": ("frame_type", "ImageType"),
}
"""Columns of `frames` by that of `instances`, and the keyword of a channel."""
SAME_KEY: Final = {
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "EffectiveEchoTime": "EchoTime",
    "NominalCardiacTriggerDelayTime": "TriggerTime",
    "FrameType": "ImageType",
    "FrameAcquisitionDateTime": "AcquisitionTime",
}

GEOMETRY: Final = ("image_position_patient", "image_orientation_patient", "pixel_spacing")

HEIGHTS = st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9.5, 2.0005])
KEYS: Final = {
    "acquisition_number": st.sampled_from([1, 2]),
    "echo_time": st.sampled_from([2.5, 5.0]),
    "trigger_time": st.sampled_from([0.0, 40.0]),
    "kvp": st.sampled_from([80.0, 140.0]),
    "convolution_kernel": st.sampled_from([["B30f"], ["B70f"]]),
    "temporal_position_index": st.sampled_from([1, 2]),
    "diffusion_b_value": st.sampled_from([0.0, 1000.0]),
    "image_type": st.sampled_from([["ORIGINAL", "PRIMARY", "AXIAL", kind] for kind in "AB"]),
    "minute": st.integers(0, 2),
}
RARE: Final = {
    "image_position_patient": st.none() | st.just([3.0, 0.0, 5.0]),
    "image_orientation_patient": st.sampled_from([None, TILTED, SAGITTAL, (2.0, *AXIAL[1:])]),
    "pixel_spacing": st.sampled_from([None, [0.75, 0.8], [0.75, 0.750001]]),
    "rescale_slope": st.sampled_from([None, 0.0, 2.0]),
    "rescale_intercept": st.sampled_from([None, 0.5]),
    "rescale_type": st.sampled_from([None, "US"]),
    "slice_thickness": st.sampled_from([None, 9.0]),
    "stack_id": st.sampled_from(["1", "2"]),
    "image_type": st.just(["ORIGINAL", "PRIMARY", "LOCALIZER", "A"]),
    "invalid_attributes": st.sampled_from([["RescaleSlope"], ["ImagePositionPatient"]]),
}


@st.composite
def said(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return what some slices say: a regular 4D grid or a heap, with a few faults."""
    names = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=2, unique=True))
    if draw(st.sampled_from([True, True, False])):
        n, times = draw(st.integers(4, 6)), draw(st.sampled_from([2, 1]))
        heights = [float(k) for _ in range(times) for k in range(n)]
    else:
        heights = draw(st.lists(HEIGHTS, min_size=1, max_size=10))
        n = len(heights)
    pair = {name: draw(st.lists(KEYS[name], min_size=2, max_size=2)) for name in names}
    regular = draw(st.sampled_from([True, True, False]))
    slices = []
    for k, height in enumerate(heights):
        each: dict[str, Any] = {"image_position_patient": [0.0, 0.0, 2.5 * height]}
        for name in names:
            each[name] = pair[name][k // n % 2] if regular else draw(KEYS[name])
        slices.append(each)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        name = draw(st.sampled_from(sorted(RARE)))
        slices[draw(st.integers(0, len(slices) - 1))][name] = draw(RARE[name])
    return [_consistent(each) for each in slices]


def _consistent(each: dict[str, Any]) -> dict[str, Any]:
    """Return what a reader would give: what is malformed is null."""
    columns = {"RescaleSlope": "rescale_slope", "ImagePositionPatient": "image_position_patient"}
    return each | {columns[name]: None for name in each.get("invalid_attributes") or ()}


def as_files(slices: Sequence[dict[str, Any]], first: int, ct: bool) -> list[dict[str, Any]]:
    rows = []
    for k, each in enumerate(slices, first):
        row = slice_row(k, image_position_patient=[0.0, 0.0, 2.5 * k]) | ({} if ct else MR)
        row |= {"slice_thickness": 1.0, "image_type": ["ORIGINAL", "PRIMARY", "AXIAL", "A"]}
        row |= {name: value for name, value in each.items() if name != "minute"}
        if "minute" in each:
            moment = datetime(2024, 1, 1, 10, each["minute"])
            row |= {"acquisition_date": moment.date(), "acquisition_time": moment.time()}
        rows.append(row)
    return rows


def as_frames(
    slices: Sequence[dict[str, Any]], first: int, ct: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    uid = f"1.9.{first:04d}"
    frames = []
    for k, each in enumerate(slices):
        row = frame_row(k, sop_instance_uid=uid, rescale_type=None, slice_thickness=1.0)
        row["frame_type"] = ["ORIGINAL", "PRIMARY", "AXIAL", "A"]
        row |= {
            OF_FRAMES.get(name, (name,))[0]: value
            for name, value in each.items()
            if name != "minute"
        }
        if "minute" in each:
            row["frame_acquisition_date_time"] = datetime(2024, 1, 1, 10, each["minute"])
        frames.append(row)
    top = object_row(len(slices), first, sop_instance_uid=uid, **({} if ct else ENHANCED_MR))
    return top, frames


def verdict(
    slices: Sequence[dict[str, Any]], cuts: Sequence[int], ct: bool, chosen: VolumeSettings,
    equal: bool,
) -> list[Any]:  # fmt: skip
    """Return the verdict on slices, by the place of each among them.

    Args:
        slices: what they say.
        cuts: where one object ends and the next begins; empty: each slice is a file.
        ct: whether they are CT.
        chosen: the settings.
        equal: whether all slices have the same pixels.
    """
    rows, frames = [], []
    if not cuts:
        rows = as_files(slices, 0, ct)
    for start, stop in pairwise(cuts):
        top, own = as_frames(slices[start:stop], start, ct)
        rows.append(top)
        frames += own

    def digest(each: Slice) -> str:
        return "equal" if equal else str(place(each))

    return told(judge(rows_table(rows, frames), chosen, pixels=digest))


def place(each: Any) -> int:
    """Return which of the slices one is: its object's first, and its number in it."""
    return int(each.sop_instance_uid.rsplit(".")[-1]) + (each.frame_number or 1) - 1


def told(found: SeriesVerdict) -> list[Any]:
    """Return what a verdict says, whatever the slices came in."""
    key = SAME_KEY.get
    return [
        sorted(
            (
                [place(each) for each in stack.slices],
                (key(stack.channel_key or "", stack.channel_key), stack.channel_value),
                stack.affine_lps, stack.spacing, stack.flags, stack.indices,
                [(each.rescale, each.units) for each in stack.slices].__repr__(),
            )
            for stack in found.stacks
        ),
        sorted(
            (
                sorted(place(each) for each in rejection.slices),
                rejection.reason,
                (key(rejection.channel_key or "", rejection.channel_key), rejection.channel_value),
            )
            for rejection in found.rejections
        ),
        sorted((place(each), each.role, each.reason) for each in found.set_aside),
    ]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    said(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["reject", "split", "fill"]),
    st.sampled_from([2, 4]),
)
def test_v12_frames_have_the_verdict_of_the_same_slices_in_files(
    slices: list[dict[str, Any]], ct: bool, equal: bool, on_gap: str, min_slices: int
) -> None:
    keys = [*SETTINGS.split_keys, "DiffusionBValue"]
    modes = {"on_gap": on_gap, "split_keys": keys, "min_slices": min_slices}
    chosen = VolumeSettings.model_validate(SETTINGS.model_dump() | modes)
    n = len(slices)
    expected = verdict(slices, (), ct, chosen, equal)
    whole = verdict(slices, (0, n), ct, chosen, equal)
    complete = [all(each.get(name, 1) is not None for name in GEOMETRY) for each in slices]
    if any(complete):  # else the object is one row
        assert whole == expected
    if n > 1 and any(complete[: n // 2]) and any(complete[n // 2 :]):
        assert verdict(slices, (0, n // 2, n), ct, chosen, equal) == expected
