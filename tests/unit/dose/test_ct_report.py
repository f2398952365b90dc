"""CT dose reports: TID 10011, 10012 and 10013, each rule with a report of its own."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from make.dose_reading import read
from make.rdsr import (
    BODY,
    HEAD,
    LOCALIZER,
    SPIRAL,
    STATIONARY_CT,
    coded,
    ct_event,
    ct_report,
    ct_source,
    dose_check,
    moment,
    number,
    quantity,
    size,
    text,
)
from make.series import uid
from pydicom.dataset import Dataset


def report(*events: Dataset, **given: Any) -> Dataset:
    given = {"name": "r", "study": "s", "dlp_total": (200.0, "mGy.cm"), **given}
    return ct_report(events, **given)


def event(tmp_path: Path, **given: Any) -> dict[str, Any]:
    """Return the one event of a report."""
    (row,) = read(report(ct_event("e", **given)), tmp_path).ct_events
    return row


def test_an_event_has_every_column_that_its_report_fills(tmp_path: Path) -> None:
    row = event(
        tmp_path, context="SRT:R-408C3", start="20240115102030", comment="a word", label="3"
    )
    expected = {
        "study_instance_uid": uid("study", "s"),
        "irradiation_event_uid": uid("event", "e"),
        "event_start": datetime(2024, 1, 15, 10, 20, 30),
        "acquisition_protocol": "Abdomen",
        "target_region_raw_code": "T-D4000",
        "acquisition_type_code": "116152004",
        "acquisition_type_raw_scheme": "SRT",
        "acquisition_type_raw_code": "P5-08001",
        "procedure_context_code": "261004008",
        "exposure_time_s": 4.0,
        "scanning_length_mm": 200.0,
        "single_collimation_mm": 0.6,
        "total_collimation_mm": 38.4,
        "pitch": 0.8,
        "n_sources": 1,
        "kvp": 120.0,
        "kvp_list": [120.0],
        "ma_mean": 200.0,
        "ma_max": 250.0,
        "rotation_time_s": 0.5,
        "modulation_type": "XYZ_EC",
        "ctdivol_mgy": 10.0,
        "dlp_mgy_cm": 200.0,
        "phantom_code": BODY,
        "phantom_cm": 32,
        "comment": "a word",
        "label": "3",
        "source_kind": "RDSR",
        "source_sop_instance_uid": uid("report", "r"),
        "flags": [],
    }
    assert {column: row.get(column) for column in expected} == expected


def test_the_totals_are_those_of_the_report(tmp_path: Path) -> None:
    found = read(report(ct_event("e"), dlp_total=(0.2, "Gy.cm"), n_events=7), tmp_path).report
    assert found["dlp_total_reported_mgy_cm"] == 200.0
    assert found["raw_quantities"] == [("dlp_total_reported_mgy_cm", "0.2 Gy.cm")]
    assert found["n_events_reported"] == 7
    assert found["n_events"] == 1


def test_phantoms_are_never_added(tmp_path: Path) -> None:
    totals = {HEAD: (893.38, "mGy.cm"), BODY: (1109.01, "mGy.cm")}
    made = report(ct_event("e"), dlp_total=(2002.39, "mGy.cm"), sub_totals=totals)
    found = read(made, tmp_path).report
    assert found["dlp_total_reported_mgy_cm"] == 2002.39
    assert found["dlp_head_phantom_reported_mgy_cm"] == 893.38
    assert found["dlp_body_phantom_reported_mgy_cm"] == 1109.01


def test_a_total_for_each_phantom_is_a_part_of_the_total(tmp_path: Path) -> None:
    made = report(ct_event("e"), dlp_total=(893.38, "mGy.cm"), single_phantom=HEAD)
    totals = next(
        i for i in made.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "113811"
    )
    totals.ContentSequence += quantity("113813", (1109.01, "mGy.cm"), coded("113835", BODY))
    found = read(made, tmp_path).report
    assert found["dlp_total_reported_mgy_cm"] == pytest.approx(2002.39, rel=1e-12)
    assert found["dlp_head_phantom_reported_mgy_cm"] == 893.38
    assert found["dlp_body_phantom_reported_mgy_cm"] == 1109.01


def test_a_total_of_a_single_phantom_is_that_of_the_phantom(tmp_path: Path) -> None:
    found = read(report(ct_event("e"), single_phantom=HEAD), tmp_path).report
    assert found["dlp_head_phantom_reported_mgy_cm"] == 200.0
    assert "dlp_body_phantom_reported_mgy_cm" not in found


@pytest.mark.parametrize(
    ("written", "expected"),
    [((200.0, "mGycm"), 200.0), ((200.0, "mGy·cm"), 200.0), ((0.2, "Gy.cm"), 200.0)],
)
def test_dlp_is_converted_by_its_unit(
    tmp_path: Path, written: tuple[float, str], expected: float
) -> None:
    assert event(tmp_path, dlp=written)["dlp_mgy_cm"] == expected


def test_a_dlp_of_unknown_unit_is_null_with_a_flag_and_kept_as_written(tmp_path: Path) -> None:
    row = event(tmp_path, dlp=(12.3, "furlong"))
    assert "dlp_mgy_cm" not in row
    assert row["flags"] == ["unknown_unit"]
    assert row["raw_quantities"] == [("dlp_mgy_cm", "12.3 furlong")]


def test_a_number_without_unit_is_null_with_a_flag(tmp_path: Path) -> None:
    made = number("113838", 12.3, "mGy.cm")
    made.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = []
    row = event(tmp_path, dlp=None, of_dose=[made])
    assert "dlp_mgy_cm" not in row
    assert row["flags"] == ["unknown_unit"]
    assert row["raw_quantities"] == [("dlp_mgy_cm", "12.3")]


def test_exposure_time_is_read_by_its_unit_not_by_its_code(tmp_path: Path) -> None:
    assert event(tmp_path, exposure_time=(4.0, "s"))["exposure_time_s"] == 4.0
    assert event(tmp_path, exposure_time=(4000.0, "ms"))["exposure_time_s"] == 4.0


def test_an_event_without_a_container_of_dose_has_null_doses(tmp_path: Path) -> None:
    row = event(tmp_path, dose=False, kind=LOCALIZER)
    assert not {"ctdivol_mgy", "dlp_mgy_cm", "phantom_cm"} & row.keys()


def test_a_measured_value_that_is_empty_is_null_and_not_zero(tmp_path: Path) -> None:
    row = event(tmp_path, ctdivol=(None, "mGy"))
    assert "ctdivol_mgy" not in row
    assert row["flags"] == []


def test_a_garbage_number_is_null_with_a_flag_and_the_event_stays(tmp_path: Path) -> None:
    row = event(tmp_path, ctdivol=("10.50/ 15.00", "mGy"))
    assert "ctdivol_mgy" not in row
    assert row["flags"] == ["malformed_number"]
    assert row["raw_quantities"] == [("ctdivol_mgy", "10.50/ 15.00 mGy")]
    assert row["dlp_mgy_cm"] == 200.0


def test_sources_of_different_voltage_leave_kvp_null(tmp_path: Path) -> None:
    tubes = [
        ct_source((80.0, "kV"), (300.0, "mA"), (400.0, "mA"), identification="A"),
        ct_source((140.0, "kV"), (100.0, "mA"), (150.0, "mA"), identification="B"),
    ]
    reading = read(report(ct_event("e", sources=tubes)), tmp_path)
    (row,) = reading.ct_events
    assert "kvp" not in row
    assert row["kvp_list"] == [80.0, 140.0]
    assert (row["ma_mean"], row["ma_max"], row["n_sources"]) == (200.0, 400.0, 2)
    assert "several_values" in row["flags"]
    assert [(s["source_number"], s["source_identification"], s["kvp"]) for s in
            reading.ct_sources] == [(1, "A", 80.0), (2, "B", 140.0)]  # fmt: skip
    assert {s["irradiation_event_uid"] for s in reading.ct_sources} == {uid("event", "e")}


def test_sources_of_one_voltage_have_a_kvp(tmp_path: Path) -> None:
    row = event(tmp_path, sources=[ct_source(identification="A"), ct_source(identification="B")])
    assert (row["kvp"], row["kvp_list"]) == (120.0, [120.0, 120.0])


def test_dose_check_says_no_as_false_and_silence_as_null(tmp_path: Path) -> None:
    row = event(tmp_path, of_dose=dose_check())
    assert row["dlp_alert_configured"] is True
    assert row["ctdivol_alert_configured"] is False
    assert row["dlp_notification_configured"] is False
    assert row["ctdivol_notification_configured"] is True
    assert (row["dlp_alert_mgy_cm"], row["dlp_forward_estimate_mgy_cm"]) == (1000.0, 1200.0)
    assert row["ctdivol_notification_mgy"] == 80.0
    assert row["alert_reason"] == "needed"
    assert "notification_reason" not in row
    assert "ctdivol_alert_configured" not in event(tmp_path)


def test_yes_and_no_are_codes_of_either_snomed(tmp_path: Path) -> None:
    row = event(tmp_path, of_dose=dose_check(yes="SCT:373066001", no="SCT:373067005"))
    assert (row["dlp_alert_configured"], row["ctdivol_alert_configured"]) == (True, False)


def test_size_specific_dose_comes_with_its_method_and_diameters(tmp_path: Path) -> None:
    estimate = size(
        method="113988", dw=(25.1, "cm"), lateral=(300.0, "mm"), ap=(210.0, "mm"),
        effective=(251.0, "mm"), dw_method="113981",
    )  # fmt: skip
    row = event(tmp_path, of_dose=[estimate])
    assert (row["ssde_mgy"], row["ssde_method_code"]) == (14.2, "113988")
    assert (row["dw_mm"], row["dw_method_code"]) == (251.0, "113981")
    assert (row["lat_mm"], row["ap_mm"], row["deff_mm"]) == (300.0, 210.0, 251.0)
    assert "ssde_calculated_mgy" not in row


def test_effective_dose_is_what_the_report_states(tmp_path: Path) -> None:
    factor = number("113840", 0.014, "mSv/mGy.cm")
    row = event(tmp_path, of_dose=quantity("113839", (2.8, "mSv"), factor))
    assert (row["effective_dose_msv"], row["effective_dose_factor_msv_mgy_cm"]) == (2.8, 0.014)
    assert "effective_dose_msv" not in event(tmp_path)


def test_an_event_without_start_has_that_of_the_report(tmp_path: Path) -> None:
    made = report(ct_event("e"), more=[moment("113809", "20240115100000")])
    assert read(made, tmp_path).ct_events[0]["event_start"] == datetime(2024, 1, 15, 10, 0)


def test_a_start_with_offset_is_utc_and_says_so(tmp_path: Path) -> None:
    row = event(tmp_path, start="20240115102030+0100")
    assert row["event_start"] == datetime(2024, 1, 15, 9, 20, 30)
    assert row["event_start_offset_minutes"] == 60


def test_an_event_uid_may_be_carried_as_text(tmp_path: Path) -> None:
    assert event(tmp_path, uid_as_text=True)["irradiation_event_uid"] == uid("event", "e")


def test_an_empty_target_region_is_null(tmp_path: Path) -> None:
    row = event(tmp_path, region="")
    assert not {name for name in row if name.startswith("target_region")}


def test_collimation_wider_than_any_detector_is_flagged(tmp_path: Path) -> None:
    row = event(tmp_path, total=(560.0, "mm"), kind=LOCALIZER)
    assert row["total_collimation_mm"] == 560.0
    assert row["flags"] == ["collimation_out_of_range"]


def test_a_length_of_zero_is_kept_and_flagged(tmp_path: Path) -> None:
    row = event(tmp_path, length=(0.0, "mm"), kind=STATIONARY_CT)
    assert row["scanning_length_mm"] == 0.0
    assert row["flags"] == ["zero_length"]


@pytest.mark.parametrize(
    ("kind", "dlp", "flags"),
    [
        (SPIRAL, 249.0, []),
        (SPIRAL, 251.0, ["ctdivol_dlp_disagree"]),
        (SPIRAL, 100.0, ["ctdivol_dlp_disagree"]),
        (STATIONARY_CT, 2.0, []),
        (LOCALIZER, 2.0, []),
    ],
)
def test_dlp_far_from_ctdivol_times_length_is_flagged(
    tmp_path: Path, kind: str, dlp: float, flags: list[str]
) -> None:
    assert event(tmp_path, kind=kind, dlp=(dlp, "mGy.cm"))["flags"] == flags


def test_the_scanned_range_is_preferred_to_the_reconstructable_one(tmp_path: Path) -> None:
    scanned = [number("113897", 100.0, "mm"), number("113898", -100.0, "mm")]
    volume = [number("113895", 90.0, "mm"), number("113896", -90.0, "mm")]
    row = event(tmp_path, more=[*scanned, *volume])
    assert (row["z_top_mm"], row["z_bottom_mm"]) == (100.0, -100.0)
    row = event(tmp_path, more=volume)
    assert (row["z_top_mm"], row["z_bottom_mm"]) == (90.0, -90.0)


def test_a_repeat_says_why(tmp_path: Path) -> None:
    again = coded("128551", "SCT:373066001", text("128552", "motion"))
    row = event(tmp_path, more=[again])
    assert (row["is_repeat"], row["repeat_reason"]) == (True, "motion")


def test_sums_of_events_equal_the_total_where_the_report_does(tmp_path: Path) -> None:
    events = [ct_event(f"e{n}", dlp=(100.1 * n, "mGy.cm")) for n in range(1, 5)]
    reading = read(report(*events, dlp_total=(1001.0, "mGy.cm")), tmp_path)
    total = sum(row["dlp_mgy_cm"] for row in reading.ct_events)
    assert total == pytest.approx(reading.report["dlp_total_reported_mgy_cm"], abs=3e-4)
