"""Reference levels: two stages, and nothing in them that does not belong there."""

import itertools
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make.doses import (
    ORACLE,
    ct_event,
    ct_exam,
    dose_settings,
    levels,
    oracle_exams,
    population,
    xray_event,
)
from make.rows import rows

from dicomlake.pipeline.dose.grouped import count_distinct, summarise
from dicomlake.pipeline.dose.reference_levels import reference_levels
from dicomlake.pipeline.errors import UsageError
from dicomlake.schemas.tables.drl import DRL

Row = dict[str, Any]
ONE = {"min_n": 1, "min_n_ct": 1, "min_n_rf": 1, "min_n_mg": 1, "min_n_facility": 1}


def only(found: list[Row], **wanted: Any) -> list[Row]:
    full = {"band": "ALL", "period": "ALL", "subset": "ALL", **wanted}
    return [row for row in found if all(row[name] == value for name, value in full.items())]


def one(found: list[Row], **wanted: Any) -> Row:
    (row,) = only(found, **wanted)
    return row


def test_the_oracle_is_650_and_the_pooled_725_is_no_reference_level() -> None:
    found = levels(oracle_exams(10))
    assert one(found, kind="national_style")["value"] == 650
    assert one(found, kind="p75_patient", facility_key="ALL")["value"] == 725
    of_all = [row for row in found if row["kind"] != "p75_patient" and row["facility_key"] == "ALL"]
    assert of_all
    assert all(row["value"] == 650 for row in of_all)


def test_typical_values_are_the_medians_of_facilities() -> None:
    found = levels(oracle_exams(10))
    typical = {row["facility_key"]: row["value"]
               for row in only(found, kind="typical", device_key="ALL")}  # fmt: skip
    assert typical == {"A": 400, "B": 600, "C": 450, "D": 800}


def test_a_local_level_is_of_the_medians_of_the_rooms_of_a_facility() -> None:
    exams = [
        row | {"facility_key": "F", "device_key": row["facility_key"]} for row in oracle_exams(10)
    ]
    found = levels(exams)
    row = one(found, kind="local", facility_key="F")
    assert (row["value"], row["n_devices"], row["n"], row["n_facilities"]) == (650, 4, 120, 1)
    national = one(found, kind="national_style")
    assert national["suppressed"] is True  # one facility is no population of facilities
    assert national["value"] is None


def test_a_pooled_percentile_is_never_compared_with_a_reference_level() -> None:
    found = levels(oracle_exams(10))
    pooled = [row for row in found if row["kind"] == "p75_patient"]
    assert pooled
    assert all(row["reference_value"] is None and row["ratio"] is None for row in pooled)


def test_counts_are_of_exams_facilities_and_devices() -> None:
    row = one(levels(oracle_exams(10)), kind="national_style")
    counts = [row[name] for name in ("n", "n_exams", "n_facilities", "n_devices")]
    assert counts == [120, 120, 4, 4]


def test_percentiles_are_those_of_numpy_to_the_last_bit() -> None:
    random = np.random.default_rng(7)
    keys = random.integers(0, 40, 5000)
    values = random.lognormal(3, 1, 5000)
    found = summarise(keys.astype(np.int64), values)
    for i, key in enumerate(found.keys.tolist()):
        group = np.sort(values[keys == key])
        for name, percent in (("p25", 25), ("p50", 50), ("p75", 75), ("p95", 95)):
            assert getattr(found, name)[i] == np.percentile(group, percent)
        assert found.n[i] == len(group)
        assert found.mean[i] == pytest.approx(group.mean(), rel=1e-12)
        assert found.standard_deviation[i] == pytest.approx(group.std(ddof=1), rel=1e-12)
        assert found.geometric_mean[i] == pytest.approx(np.exp(np.log(group).mean()), rel=1e-12)


def test_a_single_value_has_no_standard_deviation() -> None:
    row = one(levels([ct_exam("1", 5.0)], **ONE), kind="typical", device_key="ALL")
    assert row["value"] == row["p25"] == row["p95"] == row["mean"] == 5.0
    assert row["standard_deviation"] is None


def test_different_members_are_counted_once_and_unknown_ones_never() -> None:
    keys, members = np.array([0, 0, 0, 1, 1]), np.array([5, 5, 6, -1, 5])
    assert count_distinct(keys, members, np.array([0, 1])).tolist() == [2, 1]


@pytest.mark.parametrize(("n", "suppressed"), [(29, True), (30, False)])
def test_a_population_below_the_least_number_has_its_count_and_no_figure(
    n: int, suppressed: bool
) -> None:
    row = one(levels([ct_exam(f"1.{i}", 100.0 + i) for i in range(n)]), kind="typical",
              device_key="ALL")  # fmt: skip
    assert row["suppressed"] is suppressed
    assert row["n"] == n
    figures = ("value", "p25", "p50", "p75", "p95", "mean", "standard_deviation",
               "geometric_mean", "ratio")  # fmt: skip
    assert all((row[name] is None) is suppressed for name in figures)


def test_the_least_number_counts_exams_not_their_events() -> None:
    exams = [ct_exam(f"1.{i}") for i in range(10)]
    events = [
        ct_event(f"1.{i}", 8.0 + i, irradiation_event_uid=f"1.{i}.{k}")
        for i in range(10)
        for k in range(4)
    ]
    row = one(levels(exams, events), kind="typical", device_key="ALL", quantity="ctdivol_mgy")
    assert (row["n"], row["n_exams"], row["suppressed"]) == (40, 10, True)


@pytest.mark.parametrize(("group", "least"), [("CT", 30), ("RF", 30), ("DX", 20), ("NM", 20)])
def test_each_group_has_its_least_number(group: str, least: int) -> None:
    exams = [
        {**ct_exam(f"1.{i}", 10.0), "modality_group": group, "kap_total_gy_cm2": 1.0,
         "activity_total_mbq": 5.0, "radionuclide_codes": ["F18"]}
        for i in range(least)
    ]  # fmt: skip
    for count in (least, least - 1):
        found = [row for row in levels(exams[:count]) if row["kind"] == "p75_patient"]
        assert found
        assert all(row["suppressed"] is (count < least) for row in found)


def test_a_facility_of_few_exams_has_no_say_in_the_second_stage() -> None:
    exams = oracle_exams(10) + [ct_exam(f"9.{i}", 9000.0, facility_key="tiny") for i in range(9)]
    row = one(levels(exams), kind="national_style")
    assert (row["value"], row["n_facilities"], row["n"]) == (650, 4, 120)


def test_exams_without_a_facility_count_in_the_pooled_row_alone() -> None:
    exams = [*oracle_exams(10), ct_exam("9", 1.0, facility_key=None)]
    found = levels(exams)
    assert one(found, kind="p75_patient", facility_key="ALL")["n"] == 121
    assert one(found, kind="national_style")["n"] == 120


@pytest.mark.parametrize(
    "change",
    [
        {"is_patient": False},
        {"flags": ["mixed_phantom"]},
        {"standard_exam": "UNMAPPED"},
        {"standard_exam": None},
        {"dlp_body_phantom_mgy_cm": None},
        {"dlp_body_phantom_mgy_cm": 0.0},
        {"dlp_total_mgy_cm": 9999.0},
    ],
    ids=["a phantom", "two phantoms", "UNMAPPED", "no exam", "NULL", "0", "a part of the DLP"],
)
def test_what_is_no_dose_of_an_exam_of_a_patient_feeds_nothing(change: Row) -> None:
    base = levels([ct_exam("1", 5.0)], **ONE)
    assert base
    assert levels([ct_exam("1", 5.0), ct_exam("2", 7.0, **change)], **ONE) == base


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"acquisition_type_code": "113805"},
        {"acquisition_type_code": "113806"},
        {"phantom_cm": None},
        {"ctdivol_mgy": None},
        {"study_instance_uid": "another"},
    ],
    ids=["inactive", "localizer", "stationary", "no phantom", "NULL", "of no exam"],
)
def test_what_is_no_ctdivol_of_a_sequence_feeds_nothing(change: Row) -> None:
    exam, event = ct_exam("1"), ct_event("1", 8.0)
    other = ct_event("1", 176.0, irradiation_event_uid="1.2") | change
    base = levels([exam], [event], **ONE)
    assert only(base, kind="typical", quantity="ctdivol_mgy")
    assert levels([exam], [event, other], **ONE) == base


def test_phantoms_stay_apart() -> None:
    exams = [
        ct_exam("1", 900.0, dlp_head_phantom_mgy_cm=900.0, dlp_body_phantom_mgy_cm=None),
        ct_exam("2", 400.0),
    ]
    events = [ct_event("1", 50.0, phantom_cm=16), ct_event("2", 9.0)]
    found = levels(exams, events, **ONE)
    typical = {
        (row["quantity"], row["phantom_cm"]): row["value"]
        for row in only(found, kind="typical", device_key="ALL")
    }
    assert typical == {
        ("ctdivol_mgy", 16): 50, ("ctdivol_mgy", 32): 9,
        ("dlp_head_phantom_mgy_cm", 16): 900, ("dlp_body_phantom_mgy_cm", 32): 400,
    }  # fmt: skip


def test_years_and_all_years_are_periods_and_a_study_without_a_date_is_in_all() -> None:
    dates = [date(2023, 5, 1), date(2024, 5, 1), None]
    exams = [ct_exam(f"1.{i}", 5.0 + i, study_date=each) for i, each in enumerate(dates)]
    periods = {
        row["period"]: row["n"]
        for row in levels(exams, **ONE)
        if (row["kind"], row["band"], row["device_key"]) == ("typical", "ALL", "ALL")
    }
    assert periods == {"2023": 1, "2024": 1, "ALL": 3}


def test_mammography_is_by_view_and_thickness_of_the_breast() -> None:
    exam = ct_exam("1", modality_group="MG", standard_exam="Mammography")
    events = [
        xray_event("1", 1, agd_mgy=1.0, image_view_code="CC", compression_thickness_mm=45.0),
        xray_event("1", 2, agd_mgy=3.0, image_view_code="MLO", compression_thickness_mm=55.0),
        xray_event("1", 3, agd_mgy=9.0, active=False),
    ]
    wanted = ("typical", "ALL", "ALL")
    found = [row for row in levels([exam], (), events, **ONE)
             if (row["kind"], row["device_key"], row["period"]) == wanted]  # fmt: skip
    values = {(row["subset"], row["band"]): row["value"] for row in found}
    assert values["ALL", "ALL"] == 2.0
    assert values["CC", "ALL"] == values["CC", "40 to <50 mm"] == 1.0
    assert values["MLO", "50 to <60 mm"] == 3.0
    assert {row["quantity"] for row in found} == {"agd_mgy"}


def test_activities_are_by_nuclide_and_never_of_several() -> None:
    def exam(uid: str, activity: float | None, codes: list[str] | None) -> Row:
        return ct_exam(uid, modality_group="NM", standard_exam="Thyroid",
                       activity_total_mbq=activity, radionuclide_codes=codes)  # fmt: skip

    exams = [exam("1", 7.0, ["I123"]), exam("2", 140.0, ["Tc99m"]), exam("3", 50.0, ["a", "b"]),
             exam("4", 60.0, None), exam("5", None, ["I123"])]  # fmt: skip
    found = [row for row in levels(exams, **ONE)
             if (row["kind"], row["band"], row["period"], row["device_key"])
             == ("typical", "ALL", "ALL", "ALL")]  # fmt: skip
    values = {(row["quantity"], row["subset"]): row["value"] for row in found}
    assert values == {
        ("activity_total_mbq", "I123"): 7.0, ("activity_total_mbq", "Tc99m"): 140.0,
        ("activity_mbq_kg", "I123"): 0.1, ("activity_mbq_kg", "Tc99m"): 2.0,
    }  # fmt: skip


def test_one_exam_name_in_two_groups_is_two_exams() -> None:
    exams = [
        ct_exam("1", modality_group="RF", standard_exam="Hip", kap_total_gy_cm2=10.0),
        ct_exam("2", modality_group="DX", standard_exam="Hip", kap_total_gy_cm2=1.0),
    ]
    found = only(levels(exams, **ONE), kind="typical", device_key="ALL")
    assert {(row["modality_group"], row["value"]) for row in found} == {("RF", 10.0), ("DX", 1.0)}


def test_exposures_of_a_study_with_fluoroscopy_are_not_taken_for_radiography() -> None:
    exams = [
        ct_exam("1", modality_group="RF", standard_exam="Hip"),
        ct_exam("1", modality_group="DX", standard_exam="Hip"),
        ct_exam("2", modality_group="DX", standard_exam="Hip"),
    ]
    events = [xray_event("1", kap_gy_cm2=50.0), xray_event("2", kap_gy_cm2=1.0)]
    row = one(levels(exams, (), events, **ONE), kind="typical", device_key="ALL",
              quantity="kap_gy_cm2")  # fmt: skip
    assert (row["n"], row["value"]) == (1, 1.0)


def test_no_fluoroscopy_is_a_time_and_no_air_kerma() -> None:
    exam = ct_exam("1", modality_group="RF", fluoro_time_s=0.0, ka_r_total_mgy=0.0)
    found = only(levels([exam], **ONE), kind="typical", device_key="ALL")
    assert [(row["quantity"], row["value"]) for row in found] == [("fluoro_time_s", 0.0)]
    assert found[0]["geometric_mean"] is None


def test_the_published_level_of_adults_stands_beside_adults() -> None:
    found = levels([ct_exam(f"1.{i}", 580.0) for i in range(30)])
    typical = [row for row in found if (row["kind"], row["device_key"]) == ("typical", "ALL")]
    assert {row["band"] for row in typical} == {"ALL", "adult", "adult 50 to 90 kg"}
    for row in typical:
        assert (row["reference_value"], row["reference_year"], row["ratio"]) == (290, 2024, 2.0)
        assert row["reference_source"].startswith("UK national diagnostic reference levels")


def test_the_published_level_of_adults_stands_not_beside_children() -> None:
    exams = [ct_exam("1", 290.0), ct_exam("2", 29.0, age_years=4.0, weight_kg=16.0)]
    found = [row for row in levels(exams, **ONE) if row["kind"] == "typical"]
    compared = {row["band"]: row["reference_value"] for row in found}
    assert compared == {
        "ALL": None, "adult": 290, "adult 50 to 90 kg": 290, "child 15 to <30 kg": None,
    }  # fmt: skip


def test_a_level_whose_source_names_no_phantom_is_compared_with_none() -> None:
    exams = [ct_exam("1", 200.0, standard_exam="CT cervical spine")]
    row = one(levels(exams, **ONE), kind="typical", device_key="ALL")
    assert row["reference_value"] is None


def own(folder: Path, *lines: str) -> str:
    file = folder / "own.csv"
    head = "modality_group,standard_exam,quantity,phantom_cm,band,value,unit,source,year"
    file.write_text("\n".join((head, *lines)) + "\n")
    return str(file)


def test_own_levels_take_the_place_of_those_shipped(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        "CT,ct CHEST,dlp_mgy_cm,32,ALL,100,mGy.cm,ours,2020",
        "CT,CT chest,dlp_mgy_cm,32,ALL,50,mGy·cm,ours,2019",
        "CT,CT chest,dlp_body_phantom_mgy_cm,,child 15 to <30 kg,40,mGy cm,theirs,2021",
    )
    exams = [ct_exam("1", 200.0), ct_exam("2", 20.0, age_years=4.0, weight_kg=16.0)]
    found = [row for row in levels(exams, drl_reference=path, **ONE) if row["kind"] == "typical"]
    compared = {row["band"]: (row["reference_value"], row["reference_source"]) for row in found}
    assert compared["ALL"] == (100, "ours")  # the later year
    assert compared["child 15 to <30 kg"] == (40, "theirs")
    assert compared["adult"] == (None, None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("CT,CT chest,dlp_mgy_cm,32,ALL,x,mGy cm,s,2020", "line 2: value is 'x'"),
        ("CT,CT chest,dlp_mgy_cm,32,ALL,-1,mGy cm,s,2020", "line 2: value is '-1'"),
        ("CT,CT chest,dlp_mgy_cm,32,ALL,1,Gy cm,s,2020", "line 2: the unit of"),
        ("CT,CT chest,dose,32,ALL,1,mGy,s,2020", "line 2: CT has no quantity 'dose'"),
        ("XX,CT chest,dlp_mgy_cm,32,ALL,1,mGy cm,s,2020", "line 2: XX has no quantity"),
        ("CT,CT chest,dlp_mgy_cm,20,ALL,1,mGy cm,s,2020", "line 2: phantom_cm is '20'"),
        ("CT,CT chest,dlp_mgy_cm,32,ALL,1,mGy cm,s,then", "line 2: year is 'then'"),
    ],
)
def test_a_bad_line_of_own_levels_is_one_line_with_its_number(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        levels([], drl_reference=own(tmp_path, line))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_of_levels_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Cannot read"):
        levels([], drl_reference=str(tmp_path / "none.csv"))


def test_no_exams_give_no_rows() -> None:
    assert levels() == []


def test_the_order_of_rows_changes_nothing() -> None:
    tables = population(400, seed=3)
    names = ("dose_exams", "ct_irradiation_events", "xray_irradiation_events")
    first = reference_levels(*(tables[name] for name in names), dose_settings(**ONE))
    random = np.random.default_rng(1)
    shuffled = (tables[name].take(random.permutation(tables[name].num_rows)) for name in names)
    assert reference_levels(*shuffled, dose_settings(**ONE)) == first


def test_rows_fit_the_table_and_their_keys_differ() -> None:
    tables = population(600, seed=5)
    found = tables["drl"].to_pylist()
    keys = [tuple(row[name] for name in DRL.key) for row in found]
    assert len(set(keys)) == len(keys) > 100
    assert keys == sorted(keys)
    for column in DRL.columns:
        values = tables["drl"].column(column.name)
        assert column.nullable or values.null_count == 0
        assert not any(check.violations(values.drop_null()) for check in column.checks)


def test_a_facility_that_is_called_all_is_not_everybody() -> None:
    found = levels([ct_exam("1", 5.0, facility_key="ALL", device_key="ALL")], **ONE)
    keys = [tuple(row[name] for name in DRL.key) for row in found]
    assert len(set(keys)) == len(keys)


def test_two_facilities_are_enough_only_where_the_settings_say_so() -> None:
    exams = [row for row in oracle_exams(10) if row["facility_key"] in "AB"]
    values = {
        least: one(levels(exams, min_facilities=least), kind="national_style")["value"]
        for least in (2, 3)
    }
    assert values == {2: 550, 3: None}


def test_the_oracle_is_what_it_says() -> None:
    medians = [float(np.median(values)) for values in ORACLE.values()]
    assert np.percentile(medians, 75) == 650
    assert np.percentile(list(itertools.chain(*ORACLE.values())), 75) == 725


def test_twenty_thousand_exams_take_seconds() -> None:
    tables = population(20_000)
    names = ("dose_exams", "ct_irradiation_events", "xray_irradiation_events")
    start = time.process_time()
    found = reference_levels(*(tables[name] for name in names), dose_settings())
    assert time.process_time() - start < 10
    assert len(found) == tables["drl"].num_rows > 500
    assert rows("drl", found).num_rows == len(found)
