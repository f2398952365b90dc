"""SUV by body weight: the factor by hand, and every reason for which there is none."""

from datetime import date, datetime, time
from typing import Any

import pytest
from make.volumes import judged, slice_row

from dicomlake.pipeline.series.outcome import Stack

DAY = date(2024, 3, 1)

PET: dict[str, Any] = {
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.128",
    "modality_raw": "PT",
    "units": "BQML",
    "rescale_slope": 1.5,
    "rescale_intercept": 0.0,
    "corrected_image": ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"],
    "decay_correction": "START",
    "series_date": DAY,
    "series_time": time(11, 0),
    "acquisition_date": DAY,
    "acquisition_time": time(11, 0, 5),
    "radiopharmaceutical_start_time": time(10, 0),
    "radionuclide_total_dose": 400e6,
    "radionuclide_half_life": 3600.0,
    "patient_weight": 80.0,
}
"""One half-life from 10:00 to 11:00: 200 MBq are left, and 80,000 g / 2e8 Bq = 0.0004 g/Bq."""


def stack_of(*others: dict[str, Any], **changes: Any) -> Stack:
    """Return the one stack of a PET; `others` change single slices."""
    own = [*others, *({} for _ in range(6 - len(others)))]
    rows = [slice_row(k, **(PET | changes | own[k])) for k in range(6)]
    (stack,) = judged(rows).stacks
    return stack


def factor_of(**changes: Any) -> float | None:
    return stack_of(**changes).suv_bw_factor


def why_none(*others: dict[str, Any], **changes: Any) -> str:
    stack = stack_of(*others, **changes)
    assert stack.suv_bw_factor is None
    word: str = stack.facts["suv_bw"]["missing"]
    return word


def test_the_dose_decays_from_its_start_to_that_of_the_series() -> None:
    stack = stack_of()
    assert stack.suv_bw_factor == pytest.approx(4e-4, rel=1e-12)
    assert stack.facts == {"suv_bw": {"decay_s": 3600.0}}


def test_two_half_lives_leave_a_quarter() -> None:
    assert factor_of(series_time=time(12, 0), acquisition_time=time(12, 0)) == pytest.approx(8e-4)


def test_of_f18_at_an_hour_by_its_own_half_life() -> None:
    # 370 MBq x 2^(-3600 / 6586.2) = 370 MBq x exp(-0.378873) = 253.314 MBq; 75,000 g over it.
    found = factor_of(
        radionuclide_half_life=6586.2, radionuclide_total_dose=370e6, patient_weight=75.0
    )
    assert found == pytest.approx(75_000 / (370e6 * 0.684633), rel=1e-5)


def test_a_series_made_later_has_the_moment_of_its_earliest_acquisition() -> None:
    assert factor_of(series_time=time(15, 0), acquisition_time=time(11, 0)) == pytest.approx(4e-4)
    earliest = stack_of({"acquisition_time": time(11, 0)}, series_time=time(15, 0),
                        acquisition_time=time(11, 20))  # fmt: skip
    assert earliest.suv_bw_factor == pytest.approx(4e-4)
    next_day = {"series_date": date(2024, 3, 9), "acquisition_time": time(11, 0)}
    assert factor_of(**next_day) == pytest.approx(4e-4)


def test_a_dose_given_before_midnight_is_of_the_day_before() -> None:
    after = {"series_time": time(0, 30), "acquisition_time": time(0, 30),
             "radiopharmaceutical_start_time": time(23, 30)}  # fmt: skip
    assert factor_of(**after) == pytest.approx(4e-4)


def test_a_start_with_its_date_counts_before_one_without() -> None:
    known = datetime(2024, 3, 1, 9, 0)
    assert factor_of(radiopharmaceutical_start_date_time=known) == pytest.approx(8e-4)


def test_a_start_in_utc_is_brought_to_the_clock_of_the_scanner() -> None:
    found = factor_of(
        radiopharmaceutical_start_date_time=datetime(2024, 3, 1, 9, 0),
        radiopharmaceutical_start_date_time_offset_minutes=60,
    )
    assert found == pytest.approx(4e-4)


def test_values_corrected_to_administration_need_no_decay() -> None:
    found = factor_of(decay_correction="ADMIN", radiopharmaceutical_start_time=None)
    assert found == pytest.approx(2e-4)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"units": "CNTS"}, "units"),
        ({"units": "GML"}, "units"),
        ({"rescale_type": "HU"}, "units"),
        ({"corrected_image": ["DECY"]}, "attenuation_correction"),
        ({"corrected_image": None}, "attenuation_correction"),
        ({"corrected_image": ["ATTN"]}, "decay_correction"),
        ({"decay_correction": "NONE"}, "decay_correction"),
        ({"decay_correction": None}, "decay_correction"),
        ({"radionuclide_total_dose": None}, "dose"),
        ({"radionuclide_total_dose": 0.0}, "dose"),
        ({"radionuclide_half_life": None}, "half_life"),
        ({"radionuclide_half_life": -1.0}, "half_life"),
        ({"patient_weight": None}, "weight"),
        ({"patient_weight": 0.0}, "weight"),
        ({"radiopharmaceutical_start_time": None}, "start_time"),
        ({"acquisition_time": None}, "acquisition_time"),
        ({"radiopharmaceutical_start_date_time": datetime(2024, 3, 1, 12, 0)},
         "start_after_reference"),
        ({"radiopharmaceutical_start_date_time": datetime(2023, 3, 1, 10, 0)}, "decay_time"),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.128.1"}, "unit_of_dose"),
    ],
)  # fmt: skip
def test_there_is_no_factor_where_the_header_does_not_allow_it(
    changes: dict[str, Any], word: str
) -> None:
    assert why_none(**changes) == word


@pytest.mark.parametrize(
    "change",
    [{"patient_weight": 81.0}, {"radionuclide_total_dose": 1.0}, {"decay_correction": "ADMIN"},
     {"series_time": time(10, 30)}],
)  # fmt: skip
def test_all_slices_of_a_stack_must_agree(change: dict[str, Any]) -> None:
    assert why_none(change) == "slices_differ"


def test_stored_values_are_no_activity() -> None:
    assert why_none(rescale_slope=None, rescale_intercept=None) == "units"


def test_the_earliest_acquisition_is_that_of_the_series_not_of_the_stack() -> None:
    rows = [
        slice_row(
            10 * t + k,
            **PET
            | {
                "image_position_patient": [0.0, 0.0, 2.5 * k],
                "temporal_position_identifier": t,
                "acquisition_time": time(11, 10 * t),
                "series_time": time(15, 0),
            },
        )
        for t in range(2)
        for k in range(5)
    ]
    found = judged(rows)
    assert [stack.suv_bw_factor for stack in found.stacks] == pytest.approx([4e-4, 4e-4])


def test_other_modalities_say_nothing_of_it() -> None:
    (stack,) = judged([slice_row(k) for k in range(6)]).stacks
    assert (stack.suv_bw_factor, stack.facts) == (None, {})


def test_an_unspecified_rescale_type_of_a_pet_is_what_units_says() -> None:
    stack = stack_of(rescale_type="US")
    assert stack.slices[0].units == "BQML"
    assert stack.suv_bw_factor == pytest.approx(4e-4)
