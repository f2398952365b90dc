"""Whatever the rows say, a verdict comes: no value stops it, and every file stands exactly once."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from make.rows import default_settings
from make.volumes import rows_table, slice_row

from dicomlake.pipeline.series.verdict import judge
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


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 7),
    st.dictionaries(st.integers(0, 6), CHANGES, max_size=4),
    CHANGES | st.just({}),
    st.booleans(),
)
def test_a_verdict_comes_whatever_the_rows_say(
    n: int, some: dict[int, dict[str, Any]], every: dict[str, Any], equal: bool
) -> None:
    rows = [slice_row(k, **(every | some.get(k, {}))) for k in range(n)]
    found = judge(
        rows_table(rows), SETTINGS, pixels=lambda each: "equal" if equal else each.file_id
    )
    placed = Counter(
        [each.file_id for stack in found.stacks for each in stack.slices]
        + [each.file_id for rejection in found.rejections for each in rejection.slices]
        + [aside.file_id for aside in found.set_aside]
    )
    # A file that lost its UID to an instance of another series has its place there.
    own = {row["sop_instance_uid"] for row in rows if row["status"] == "ingested"}
    assert placed == Counter(row["file_id"] for row in rows if row["sop_instance_uid"] in own)
    for stack in found.stacks:
        assert np.isfinite([*stack.affine_lps, *stack.positions_mm]).all()
        assert stack.max_position_error_mm <= stack.tolerance_mm
        assert np.linalg.det(np.array(stack.affine_lps).reshape(4, 4)) > 0
    lineage = {"run_id": "r", "pipeline_version": "0", "schema_version": 1}
    made = volumes_table(
        [rejected_row(SeriesKey("1", "2"), rejection) for rejection in found.rejections], lineage
    )
    assert made.schema.equals(volumes_table([], lineage).schema)
    for detail in made["detail"].to_pylist():
        json.loads(detail, parse_constant=no_constant)
    order = np.random.default_rng(n).permutation(n)
    again = judge(
        rows_table(rows).take(pa.array(order)),
        SETTINGS,
        pixels=lambda each: "equal" if equal else each.file_id,
    )
    assert repr(again) == repr(found)


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
