"""Bands: who is compared with whom; what is unknown is in the band of all alone."""

import numpy as np
import pytest
from make.doses import dose_settings

from dicomlake.pipeline.dose.bands import Measures, bands, head_exams, is_of_adults, members

SETTINGS = dose_settings()
NAN = float("nan")


def names(
    age: float = NAN, weight: float = NAN, thickness: float = NAN, head: bool = False
) -> set[str]:
    one = Measures(
        np.array([age]), np.array([weight]), np.array([thickness]), np.array([head])
    )  # fmt: skip
    return {
        band.name for band in bands(SETTINGS) if members(band, one, SETTINGS.adult_age_years)[0]
    }


def test_a_patient_of_whom_nothing_is_known_is_in_the_band_all_only() -> None:
    assert names() == {"ALL"}


def test_a_child_without_a_weight_is_in_the_band_all_only() -> None:
    assert names(age=9) == {"ALL"}


def test_a_weight_without_an_age_is_of_neither_adult_nor_child() -> None:
    assert names(weight=60) == {"ALL"}


@pytest.mark.parametrize(
    ("weight", "inside"), [(49.9, False), (50, True), (70, True), (90, True), (90.1, False)]
)
def test_both_ends_of_the_band_of_adults_belong_to_it(weight: float, inside: bool) -> None:
    assert ("adult 50 to 90 kg" in names(age=40, weight=weight)) is inside


@pytest.mark.parametrize(
    ("weight", "band"),
    [
        (0.5, "child under 5 kg"),
        (4.99, "child under 5 kg"),
        (5, "child 5 to <15 kg"),
        (15, "child 15 to <30 kg"),
        (30, "child 30 to <50 kg"),
        (50, "child 50 to <80 kg"),
        (79.9, "child 50 to <80 kg"),
    ],
)
def test_a_weight_band_of_children_holds_its_lower_end_and_not_its_upper(
    weight: float, band: str
) -> None:
    assert names(age=10, weight=weight) == {"ALL", band}


def test_a_child_heavier_than_every_band_is_in_none() -> None:
    assert names(age=17, weight=80) == {"ALL"}


def test_an_adult_of_a_childs_weight_is_in_no_band_of_children() -> None:
    assert names(age=40, weight=45) == {"ALL", "adult"}


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "child under 3 months"),
        (0.25, "child 3 months to <1 year"),
        (1, "child 1 year to <6 years"),
        (6, "child 6 years and over"),
        (17.99, "child 6 years and over"),
        (18, "adult"),
    ],
)
def test_heads_are_in_bands_of_age(age: float, band: str) -> None:
    assert names(age=age, head=True) == {"ALL", band}


def test_weight_and_age_of_children_are_not_exchanged() -> None:
    assert names(age=3, weight=14, head=True) == {"ALL", "child 1 year to <6 years"}
    assert names(age=3, weight=14, head=False) == {"ALL", "child 5 to <15 kg"}


@pytest.mark.parametrize(
    ("thickness", "band"),
    [(12, "under 20 mm"), (20, "20 to <30 mm"), (59.9, "50 to <60 mm"), (80, "80 mm and over")],
)
def test_breasts_are_in_bands_of_thickness(thickness: float, band: str) -> None:
    assert names(thickness=thickness) == {"ALL", band}


def test_every_band_says_what_it_is_of() -> None:
    assert {band.basis for band in bands(SETTINGS)} == {"none", "age", "weight", "thickness"}
    adult = [band.name for band in bands(SETTINGS) if is_of_adults(band)]
    assert adult == ["adult", "adult 50 to 90 kg"]


def test_bands_are_those_of_the_settings() -> None:
    own = dose_settings(
        adult_weight_kg=[60, 80], weight_bands_kg=[10], head_age_bands_years=[2],
        thickness_bands_mm=[50, 60], adult_age_years=16,
    )  # fmt: skip
    assert [band.name for band in bands(own)] == [
        "ALL", "adult", "adult 60 to 80 kg", "child under 10 kg", "child under 2 years",
        "child 2 years and over", "under 50 mm", "50 to <60 mm", "60 mm and over",
    ]  # fmt: skip


def test_exams_of_the_head_are_known_by_whole_words() -> None:
    exams = ["CT head", "CT Sinuses", "CT forehead cream", "CT chest", "Brain"]
    assert head_exams(exams, SETTINGS).tolist() == [True, True, False, False, True]
    assert not head_exams(exams, dose_settings(head_exams="")).any()
