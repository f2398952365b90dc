"""Whatever the rows say, a verdict comes: no value stops it, and everything has one place."""

import json
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from make.rows import default_settings
from make.volumes import (
    frame_rows,
    object_row,
    places_of,
    rows_table,
    shuffled_rows,
    slice_row,
    stack_rows,
)

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.verdict import SeriesVerdict, Stack, judge
from dicomlake.pipeline.volumes.rows import SeriesKey, rejected_row, volumes_table

SETTINGS = default_settings().volumes

NUMBERS = st.sampled_from(
    [0.0, -0.0, 1.0, 1e-300, -1e-300, 5e-324, 1e16, 1e154, 1e308, -1.7e308, 0.1, 2.5]
) | st.floats(-100, 100)
INTEGERS = st.sampled_from([None, -1, 0, 1, 2, 8, 12, 16, 32, 64, 65_535, 2**31 - 1])


def vector(n: int) -> st.SearchStrategy[list[float | None] | None]:
    return st.none() | st.lists(st.none() | NUMBERS, min_size=0, max_size=n + 1) | st.lists(
        NUMBERS, min_size=n, max_size=n
    )  # fmt: skip


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "image_position_patient": vector(3),
        "image_orientation_patient": vector(6),
        "pixel_spacing": vector(2),
        "rescale_slope": st.none() | NUMBERS,
        "rescale_intercept": st.none() | NUMBERS,
        "rescale_type": st.sampled_from([None, "HU", "US"]),
        "modality_lut_type": st.sampled_from([None, "HU", "US"]),
        "rows": INTEGERS,
        "columns": INTEGERS,
        "bits_allocated": INTEGERS,
        "bits_stored": INTEGERS,
        "high_bit": INTEGERS,
        "pixel_representation": INTEGERS,
        "pixel_padding_value": INTEGERS,
        "pixel_padding_range_limit": INTEGERS,
        "number_of_frames": INTEGERS,
        "samples_per_pixel": INTEGERS,
        "slice_thickness": st.none() | NUMBERS,
        "echo_time": st.none() | NUMBERS,
        "trigger_time": st.none() | NUMBERS,
        "acquisition_number": INTEGERS,
        "instance_number": INTEGERS,
        "number_of_temporal_positions": INTEGERS,
        "number_of_slices": INTEGERS,
        "image_type": st.none() | st.lists(st.none() | st.sampled_from(["A", "M"]), max_size=5),
        "convolution_kernel": st.none() | st.lists(st.none() | st.just("B"), max_size=2),
        "stack_id": st.sampled_from([None, "", "1"]),
        "transfer_syntax_uid": st.sampled_from([None, "", "1.2.840.10008.1.2"]),
        "pixel_offset": st.sampled_from([None, 0, 900]),
        "pixel_length": st.sampled_from([None, 0, 2048]),
        "status": st.sampled_from(["ingested", "duplicate", "conflict"]),
        "sop_class_uid": st.sampled_from(["1.2.840.10008.5.1.4.1.1.4", "1.2"]),
    },
)


FRAME_CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "image_position_patient": vector(3),
        "image_orientation_patient": vector(6),
        "pixel_spacing": vector(2),
        "rescale_slope": st.none() | NUMBERS,
        "rescale_intercept": st.none() | NUMBERS,
        "rescale_type": st.sampled_from([None, "HU", "US"]),
        "slice_thickness": st.none() | NUMBERS,
        "stack_id": st.sampled_from([None, "", "1"]),
        "frame_number": st.integers(-1, 9),
        "frame_type": st.none() | st.lists(st.sampled_from(["A", "LOCALIZER"]), max_size=5),
        "temporal_position_index": INTEGERS,
        "effective_echo_time": st.none() | NUMBERS,
        "echo_time": st.none() | NUMBERS,
        "inversion_times": st.none() | st.lists(NUMBERS, max_size=2),
        "frame_acquisition_date_time": st.none() | st.datetimes(),
    },
)
MODES = st.fixed_dictionaries(
    {
        "on_gap": st.sampled_from(["reject", "split", "fill"]),
        "on_shear": st.sampled_from(["accept", "reject"]),
        "min_slices": st.sampled_from([2, 4]),
        "split_keys": st.permutations(
            [*SETTINGS.split_keys, "DiffusionBValue", "InversionTime", "FlipAngle"]
        ),
    }
)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 7),
    st.dictionaries(st.integers(0, 6), CHANGES, max_size=4),
    CHANGES | st.just({}),
    st.booleans(),
    MODES,
)
def test_a_verdict_comes_whatever_the_rows_say(
    n: int,
    some: dict[int, dict[str, Any]],
    every: dict[str, Any],
    equal: bool,
    modes: dict[str, Any],
) -> None:
    rows = [slice_row(k, **(every | some.get(k, {}))) for k in range(n)]
    hold(rows, [], equal, modes)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 9),
    st.dictionaries(st.integers(0, 8), FRAME_CHANGES, max_size=4),
    FRAME_CHANGES | st.just({}),
    CHANGES | st.just({}),
    st.integers(0, 4),
    st.booleans(),
    MODES,
)
def test_a_verdict_comes_whatever_the_frames_say(
    n: int,
    some: dict[int, dict[str, Any]],
    every: dict[str, Any],
    top: dict[str, Any],
    singles: int,
    equal: bool,
    modes: dict[str, Any],
) -> None:
    frames = [row | every | some.get(k, {}) for k, row in enumerate(frame_rows(n))]
    rows = [object_row(n, **top), *stack_rows(singles, first=n)]
    hold(rows, frames, equal, modes)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([1, 1, 1, 1, 2, 3, 7]), min_size=3, max_size=30),
    st.integers(0, 3),
    MODES,
)
def test_gaps_lose_no_slice_and_give_only_even_volumes(
    steps: list[int], jitter: int, modes: dict[str, Any]
) -> None:
    heights = np.concatenate([[0], np.cumsum(steps)]) * 2.5
    heights[:: jitter + 2] += 0.004 * jitter
    rows = [
        slice_row(k, image_position_patient=[0.0, 0.0, float(z)]) for k, z in enumerate(heights)
    ]
    hold(rows, [], False, modes)


def hold(
    rows: list[dict[str, Any]], frames: list[dict[str, Any]], equal: bool, modes: dict[str, Any]
) -> None:
    """Judge rows, and hold what comes against what every verdict must be."""
    chosen = VolumeSettings.model_validate(SETTINGS.model_dump() | modes)

    def digest(each: Slice) -> str:
        return "equal" if equal else str(each.identity)

    found = judge(rows_table(rows, frames), chosen, pixels=digest)
    places = Counter(places_of(found))
    assert not places or max(places.values()) == 1
    # A file that lost its UID to an instance of another series has its place there.
    own = {row["sop_instance_uid"] for row in rows if row["status"] == "ingested"}
    described: dict[str, list[int]] = defaultdict(list)
    for row in frames:
        described[row["sop_instance_uid"]].append(row["frame_number"])
    for row in rows:
        placed = sorted((n for f, n in places if f == row["file_id"]), key=lambda n: n or 0)
        whole = ([None], [1], sorted(described[row["sop_instance_uid"]]))
        assert placed in (whole if row["sop_instance_uid"] in own else ([],))
    for stack in found.stacks:
        hold_stack(stack, chosen)
    hold_rows(found)
    again = judge(shuffled_rows(rows_table(rows, frames), len(rows)), chosen, pixels=digest)
    assert repr(again) == repr(found)


def hold_stack(stack: Stack, chosen: VolumeSettings) -> None:
    """Hold a stack against its affine: every slice is where its index puts it (V0)."""
    assert len(stack.slices) >= chosen.min_slices
    assert np.isfinite([*stack.affine_lps, *stack.positions_mm]).all()
    assert stack.max_position_error_mm <= stack.tolerance_mm
    matrix = np.array(stack.affine_lps).reshape(4, 4)
    assert np.linalg.det(matrix) > 0
    assert list(stack.indices) == sorted(set(stack.indices))
    assert stack.indices[0] == 0
    assert stack.depth <= 2 * len(stack.slices)
    assert stack.depth == len(stack.slices) or chosen.on_gap == "fill"
    for each, index in zip(stack.slices, stack.indices, strict=True):
        apart = np.subtract(each.position, matrix[:3, 3] + index * matrix[:3, 2])
        assert np.linalg.norm(apart) <= stack.tolerance_mm * (1 + 1e-9) + 1e-9


def hold_rows(found: SeriesVerdict) -> None:
    """Hold the rows of rejections against the schema: details are JSON without NaN."""
    lineage = {"run_id": "r", "pipeline_version": "0", "schema_version": 1}
    rejected = [rejected_row(SeriesKey("1", "2"), each) for each in found.rejections]
    made = volumes_table(rejected, lineage)
    assert made.schema.equals(volumes_table([], lineage).schema)
    assert len({row["volume_id"] for row in rejected}) == len(rejected)
    for detail in made["detail"].to_pylist():
        json.loads(detail, parse_constant=no_constant)


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
