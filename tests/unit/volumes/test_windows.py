"""Windows: DICOM's own functions, presets in their unit, and nothing shown where there is none."""

import numpy as np
import pytest

from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.volumes.windows import (
    SUV_WINDOWS,
    WINDOWS,
    Window,
    default_window,
    given_window,
    linear_exact_voi,
    linear_voi,
    named_window,
)


def test_a_window_of_width_one_is_a_threshold() -> None:
    assert linear_voi(np.array([38.9, 39.5, 39.6]), 40, 1).tolist() == [0, 0, 255]


def test_linear_exact_spans_centre_minus_and_plus_half_the_width() -> None:
    values = np.array([-1.0, 0.0, 0.001, 0.002, 5.0])
    assert linear_exact_voi(values, 0.001, 0.002).tolist() == [0, 0, 128, 255, 255]


def test_huge_values_and_widths_overflow_nowhere() -> None:
    values = np.array([-1e308, 0.0, 1e308])
    assert linear_exact_voi(values, 0.0, np.inf).tolist() == [128, 128, 128]
    assert linear_exact_voi(values, 0.0, 1e-300).tolist() == [0, 128, 255]
    window = default_window("MR", None, [values])
    assert window.grey(values).tolist()[0] <= window.grey(values).tolist()[2]


def test_what_is_no_number_is_black_in_either_direction() -> None:
    floats = np.array([np.nan, 0.0, np.inf, 10.0], np.float32)
    integers = np.array([-32768, 0, -32768, 10], np.int16)
    for inverted in (False, True):
        window = Window(5.0, 10.0, exact=True, inverted=inverted)
        for values in (floats, integers):
            grey = window.grey(values)
            assert grey[[0, 2]].tolist() == [0, 0]
            assert grey[[1, 3]].tolist() == ([255, 0] if inverted else [0, 255])


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_in_hu_are_for_voxels_in_hu(name: str) -> None:
    assert named_window(name, "HU", None) == Window(*WINDOWS[name])
    for units in (None, "BQML", "US"):
        with pytest.raises(UsageError, match="in HU"):
            named_window(name, units, None)


@pytest.mark.parametrize("name", SUV_WINDOWS)
def test_windows_in_suv_are_scaled_by_the_volumes_factor(name: str) -> None:
    top = float(name.removeprefix("suv"))
    window = named_window(name, "BQML", 1 / 4000)
    assert window.inverted
    assert window.grey(np.array([0.0, top * 4000])).tolist() == [255, 0]
    for units, factor in ((None, 0.001), ("BQML", None), ("CNTS", 0.001)):
        with pytest.raises(UsageError, match="SUV"):
            named_window(name, units, factor)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"lung, mediastinum, .*suv20"):
        named_window("heart", "HU", None)
    with pytest.raises(UsageError, match="at least 1"):
        given_window(0, 0.5)


def test_the_window_of_ct_is_soft_tissue_and_of_other_units_robust() -> None:
    sample = [np.arange(1000.0), np.array([1e9])]
    assert default_window("CT", "HU", sample) == Window(40, 400)
    for modality, units in (("MR", None), ("CT", "US"), (None, None)):
        window = default_window(modality, units, sample)
        assert window.centre - window.width / 2 == pytest.approx(10, abs=1)
        assert window.centre + window.width / 2 == pytest.approx(990, abs=1)


@pytest.mark.parametrize("modality", ["PT", "NM"])
def test_the_window_of_emission_starts_at_zero_and_is_dark_on_light(modality: str) -> None:
    sample = [np.concatenate([np.zeros(100_000), np.arange(1, 1001.0), [1e7]])]
    window = default_window(modality, "BQML", sample)
    assert window.centre == window.width / 2
    assert 990 < window.width < 1000
    assert window.grey(np.array([0.0, 1e7])).tolist() == [255, 0]


@pytest.mark.parametrize("modality", ["MR", "PT"])
def test_a_volume_of_one_value_or_none_has_a_window(modality: str) -> None:
    for sample in (np.zeros((3, 3)), np.full((3, 3), 7.0), np.full((3, 3), np.nan)):
        window = default_window(modality, None, [sample])
        assert window.width > 0
        assert window.grey(sample).shape == (3, 3)


def test_nearly_constant_voxels_show_their_extremes() -> None:
    values = np.zeros(10_000)
    values[:5] = 4
    assert default_window("MR", None, [values]).grey(values).tolist()[4:6] == [255, 0]


def test_great_planes_are_made_grey_in_parts_and_sampled_for_their_window() -> None:
    generator = np.random.default_rng(8)
    plane = generator.integers(-1000, 3000, (1500, 2047), dtype=np.int16)[::-1].T
    plane[0, 0] = -32768
    whole = linear_voi(plane, 40, 400)
    whole[0, 0] = 0
    assert np.array_equal(Window(40, 400).grey(plane), whole)
    window = default_window("MR", None, [plane, plane])
    low, high = np.percentile(plane, (1, 99))
    assert window.centre - window.width / 2 == pytest.approx(low, abs=5)
    assert window.centre + window.width / 2 == pytest.approx(high, abs=5)
