"""Outliers: every reason is found where it holds, and nowhere else."""

from typing import Any

import numpy as np
import pytest
from make.doses import ct_event, ct_exam, dose_settings, population
from make.rows import rows

from dicomlake.pipeline.dose.outliers import REASONS, Outlier, outliers

Row = dict[str, Any]


def found(exams: list[Row], ct: list[Row] | None = None, **settings: Any) -> list[Outlier]:
    return outliers(
        rows("dose_exams", exams),
        rows("ct_irradiation_events", ct or []),
        rows("xray_irradiation_events", []),
        dose_settings(**settings),
    )


def usual(n: int = 40, exam: str = "CT liver") -> list[Row]:
    """Return exams whose DLP is spread evenly, in logarithms, from 200 to 400."""
    doses = np.exp(np.linspace(np.log(200), np.log(400), n)).tolist()
    return [ct_exam(f"1.{i}", dose, standard_exam=exam) for i, dose in enumerate(doses)]


def reasons(outlying: list[Outlier], study: str) -> set[str]:
    return {each.reason for each in outlying if each.study_instance_uid == study}


def test_a_dose_far_from_the_others_of_its_device_and_exam_is_found_by_both_ranges() -> None:
    outlying = found([*usual(), ct_exam("9", 5000.0, standard_exam="CT liver")])
    assert reasons(outlying, "9") == {"above_quartiles", "robust_z"}
    assert {each.study_instance_uid for each in outlying} == {"9"}


def test_the_fence_is_one_and_a_half_interquartile_ranges_of_logarithms() -> None:
    doses = np.array([row["dlp_body_phantom_mgy_cm"] for row in usual()] + [5000.0])
    q25, q75 = np.percentile(np.log(doses), (25, 75))
    (one,) = [
        each
        for each in found([*usual(), ct_exam("9", 5000.0, standard_exam="CT liver")])
        if each.reason == "above_quartiles"
    ]
    assert one.limit == pytest.approx(np.exp(q75 + 1.5 * (q75 - q25)))
    assert (one.value, one.n, one.unit, one.device_key) == (5000, 41, "mGy cm", "D")


def test_the_robust_z_is_of_the_median_absolute_deviation() -> None:
    doses = np.log([row["dlp_body_phantom_mgy_cm"] for row in usual()] + [5000.0])
    deviation = 1.4826 * np.median(np.abs(doses - np.median(doses)))
    (one,) = [
        each
        for each in found([*usual(), ct_exam("9", 5000.0, standard_exam="CT liver")])
        if each.reason == "robust_z"
    ]
    assert one.limit == pytest.approx(np.exp(np.median(doses) + 3.5 * deviation))


@pytest.mark.parametrize(
    "change",
    [{"device_key": "other"}, {"standard_exam": "CT spleen"}, {"is_patient": False}],
    ids=["another device", "another exam", "a phantom"],
)
def test_what_has_no_others_to_be_compared_with_is_no_outlier(change: Row) -> None:
    exam = ct_exam("9", 5000.0, standard_exam="CT liver") | change
    assert found([*usual(), exam]) == []


def test_ranges_are_taken_of_the_least_number_and_more() -> None:
    exams = [*usual(8), ct_exam("9", 5000.0, standard_exam="CT liver")]
    assert found(exams) == []  # nine, and ten are wanted
    assert reasons(found(exams, outlier_min_n=9), "9")


def test_doses_that_are_all_alike_have_no_range_to_be_beyond() -> None:
    exams = [ct_exam(f"1.{i}", 100.0, standard_exam="CT liver") for i in range(30)]
    assert found([*exams, ct_exam("9", 100.5, standard_exam="CT liver")]) == []


def test_a_value_is_once_in_the_list_for_each_reason_with_its_narrowest_band() -> None:
    children = [row | {"age_years": 8.0, "weight_kg": 20.0} for row in usual()]
    child = ct_exam("9", 5000.0, standard_exam="CT liver", age_years=8.0, weight_kg=20.0)
    adults = [row | {"study_instance_uid": f"a{i}"} for i, row in enumerate(usual())]
    outlying = [each for each in found([*children, *adults, child])
                if each.study_instance_uid == "9"]  # fmt: skip
    assert sorted(each.reason for each in outlying) == ["above_quartiles", "robust_z"]
    assert {each.band for each in outlying} == {"child 15 to <30 kg"}


@pytest.mark.parametrize(("dose", "reason"), [(870.0, set()), (871.0, {"above_reference"})])
def test_a_dose_above_three_times_the_published_level_is_found(
    dose: float, reason: set[str]
) -> None:
    assert reasons(found([ct_exam("9", dose)]), "9") == reason


def test_the_factor_of_the_published_level_is_a_setting() -> None:
    assert reasons(found([ct_exam("9", 400.0)], outlier_drl_factor=1.2), "9")


def test_a_child_is_not_held_against_the_level_of_adults() -> None:
    assert found([ct_exam("9", 2000.0, age_years=5.0, weight_kg=18.0)]) == []


def test_exams_without_a_standard_exam_are_compared_by_their_protocol() -> None:
    exams = [row | {"standard_exam": "UNMAPPED", "protocol": "Liver 3 phase"} for row in usual()]
    outlying = found([*exams, exams[0] | {"study_instance_uid": "9",
                                          "dlp_body_phantom_mgy_cm": 5000.0,
                                          "dlp_total_mgy_cm": 5000.0}])  # fmt: skip
    assert {each.standard_exam for each in outlying} == {"UNMAPPED: Liver 3 phase"}


EVENT = {"dlp_mgy_cm": 300.0, "scanning_length_mm": 300.0}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (EVENT, set()),
        (EVENT | {"dlp_mgy_cm": 374.0}, set()),
        (EVENT | {"dlp_mgy_cm": 376.0}, {"dlp_not_ctdivol_times_length"}),
        (EVENT | {"dlp_mgy_cm": 224.0}, {"dlp_not_ctdivol_times_length"}),
        (EVENT | {"dlp_mgy_cm": 5.0, "acquisition_type_code": "113806"}, set()),
        (EVENT | {"dlp_mgy_cm": 900.0, "scanning_length_mm": 0.0}, set()),
        (EVENT | {"dlp_mgy_cm": 900.0, "scanning_length_mm": None}, set()),
        (EVENT | {"dlp_mgy_cm": 900.0, "active": False}, set()),
        (EVENT | {"dlp_mgy_cm": None}, set()),
        (EVENT | {"dlp_mgy_cm": 0.0}, {"ctdivol_without_dlp"}),
        ({"dlp_mgy_cm": 51.0, "acquisition_type_code": "113805"}, {"localizer_dlp"}),
        ({"dlp_mgy_cm": 50.0, "acquisition_type_code": "113805"}, set()),
    ],
)
def test_what_cannot_be_true_together_is_found(event: Row, reason: set[str]) -> None:
    outlying = found([ct_exam("9")], [ct_event("9", 10.0) | event])
    assert reasons(outlying, "9") == reason
    assert all(each.irradiation_event_uid == "9.1" for each in outlying)


def test_events_of_phantoms_are_not_looked_at() -> None:
    event = ct_event("9", 10.0, **(EVENT | {"dlp_mgy_cm": 900.0}))
    assert found([ct_exam("9", is_patient=False)], [event]) == []


def test_the_farthest_beyond_its_limit_comes_first_whatever_the_order_of_rows() -> None:
    tables = population(800, seed=2)
    names = ("dose_exams", "ct_irradiation_events", "xray_irradiation_events")
    first = outliers(*(tables[name] for name in names), dose_settings())
    beyond = [each.value / each.limit for each in first]
    assert len(first) > 5
    assert beyond == sorted(beyond, reverse=True)
    reversed_rows = (
        tables[name].take(np.arange(tables[name].num_rows)[::-1].copy()) for name in names
    )
    assert outliers(*reversed_rows, dose_settings()) == first
    assert {each.reason for each in first} <= set(REASONS)
