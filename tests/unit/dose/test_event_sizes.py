from typing import Any

import pytest

from dicomlake.pipeline.dose.body import SliceSize
from dicomlake.pipeline.dose.event_sizes import EventEstimate, event_estimate
from dicomlake.pipeline.dose.size import ssde_factor

EVENT: dict[str, Any] = {
    "ctdivol_mgy": 10.0, "phantom_cm": 32, "target_region_meaning": "CHEST",
}  # fmt: skip


def estimate(
    diameters: list[float | None], doses: list[float | None] | None = None, **event: Any
) -> EventEstimate:
    sizes = [SliceSize(dw, None if dw is None else 0.1) for dw in diameters]
    found = event_estimate({**EVENT, **event}, sizes, doses or [None] * len(sizes))
    assert found is not None
    return found


def f32(diameter_cm: float) -> float:
    factor = ssde_factor(diameter_cm, 32)
    assert factor is not None
    return factor


def test_the_estimate_is_the_mean_over_slices_of_factor_times_ctdivol() -> None:
    found = estimate([200.0, 300.0])
    assert found.ssde_mgy == pytest.approx(10 * (f32(20) + f32(30)) / 2)
    assert found.ssde_mgy != pytest.approx(10 * f32(25), rel=1e-4)
    assert (found.dw_mm, found.truncated_fraction) == (250.0, 0.1)


def test_ctdivol_of_the_slices_follows_the_current_and_its_mean_is_that_of_the_event() -> None:
    even = estimate([200.0, 300.0], [5.0, 15.0])
    assert even.ssde_mgy == pytest.approx((5 * f32(20) + 15 * f32(30)) / 2)
    scaled = estimate([200.0, 300.0], [10.0, 30.0])
    assert scaled.ssde_mgy == pytest.approx(even.ssde_mgy)


def test_where_a_slice_does_not_say_ctdivol_all_have_that_of_the_event() -> None:
    assert estimate([200.0, 300.0], [5.0, None]) == estimate([200.0, 300.0])


def test_without_ctdivol_of_the_event_the_slices_are_believed() -> None:
    found = estimate([200.0], [8.0], ctdivol_mgy=None)
    assert found.ssde_mgy == pytest.approx(8 * f32(20))
    assert estimate([200.0], ctdivol_mgy=None).ssde_mgy is None


def test_the_centre_slice_has_a_value_of_its_own() -> None:
    found = estimate([200.0, 300.0, 400.0])
    assert found.centre.index == 1
    assert found.centre.ssde_mgy == pytest.approx(10 * f32(30))


def test_slices_without_body_do_not_count() -> None:
    found = estimate([None, 200.0, None])
    assert [each.index for each in found.slices] == [1]
    assert found.ssde_mgy == pytest.approx(10 * f32(20))
    assert event_estimate(EVENT, [SliceSize(None, None)], [None]) is None


def test_outside_the_tables_the_estimate_is_null_and_the_diameter_stands() -> None:
    found = estimate([70.0, 75.0])
    assert found.ssde_mgy is None
    assert found.dw_mm == 72.5


def test_a_few_slices_outside_the_tables_do_not_silence_the_rest() -> None:
    assert estimate([70.0] + [200.0] * 9).ssde_mgy == pytest.approx(10 * f32(20))
    assert estimate([70.0] * 2 + [200.0] * 9).ssde_mgy is None


@pytest.mark.parametrize(
    "event",
    [
        {"target_region_meaning": "HEAD"},
        {"phantom_cm": None},
        {"phantom_cm": 16, "target_region_meaning": None},
    ],
    ids=["head", "no phantom", "head phantom, region unknown"],
)
def test_no_estimate_is_made_for_heads_or_without_phantom(event: dict[str, Any]) -> None:
    found = estimate([200.0], **event)
    assert found.ssde_mgy is None
    assert found.dw_mm == 200.0
