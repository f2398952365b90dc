"""Philips dose screens are read from the committed row, item by item."""

from typing import Any

import pytest
from make.dose_reading import check_columns

from dicomlake.pipeline.dose.reports import REPORT_COLUMNS, is_report, read_report

SCREEN: dict[str, Any] = {
    "sop_instance_uid": "1.2.3",
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.7",
    "study_instance_uid": "1.2",
    "file_id": "0" * 32,
    "image_type": ["DERIVED", "SECONDARY"],
    "manufacturer": "Philips",
    "exposure_dose_acquisition_type": ["CONSTANT_ANGLE", "SPIRAL", "STATIONARY"],
    "exposure_dose_kvp": [120.0, 120.0, 100.0],
    "exposure_dose_x_ray_tube_current_inu_a": [30_000.0, 215_500.0, None],
    "exposure_dose_exposure_time": [5_000.0, 12_345.0, 0.0],
    "exposure_dose_ctdivol": [0.1, 11.5, 176.0],
    "exposure_dose_scan_length": [500.0, 300.0, 0.0],
    "exposure_dose_spiral_pitch_factor": [None, 0.8],
    "exposure_dose_series_number": [1, 201, 301],
    "elscint_exposure_dose_dlp": [5.0, 345.0, 17.6],
    "elscint_exposure_dose_phantom": ["32 CM", "16 CM", "64 CM"],
    "elscint_total_dlp": 367.6,
    "total_number_of_exposures": 3,
}


def events(**changed: Any) -> tuple[dict[str, Any], ...]:
    reading = read_report(b"/nowhere", {**SCREEN, **changed})
    assert reading is not None
    check_columns(reading)
    return reading.ct_events


def test_each_item_is_an_event_in_the_units_of_its_columns() -> None:
    row = events()[1]
    expected = {
        "study_instance_uid": "1.2",
        "source_kind": "PHILIPS_SC",
        "source_sop_instance_uid": "1.2.3",
        "acquisition_type_code": "116152004",
        "acquisition_type_raw_code": "SPIRAL",
        "kvp": 120.0,
        "kvp_list": [120.0],
        "ma_mean": 215.5,
        "exposure_time_s": 12.345,
        "ctdivol_mgy": 11.5,
        "dlp_mgy_cm": 345.0,
        "scanning_length_mm": 300.0,
        "pitch": 0.8,
        "phantom_code": "113690",
        "phantom_cm": 16,
        "label": "201",
        "flags": ["no_event_uid"],
    }
    assert {column: row.get(column) for column in expected} == expected
    assert row["raw_quantities"] == [("exposure_time_s", "12345 ms"), ("ma_mean", "215500 uA")]


def test_what_an_item_does_not_say_is_null_and_zero_is_zero() -> None:
    row = events()[2]
    assert not {"ma_mean", "pitch", "phantom_cm"} & row.keys()
    assert (row["exposure_time_s"], row["scanning_length_mm"]) == (0.0, 0.0)
    assert row["flags"] == ["no_event_uid", "zero_length"]


def test_without_the_private_phantom_it_is_null() -> None:
    assert not any("phantom_cm" in row for row in events(elscint_exposure_dose_phantom=None))


def test_the_event_uids_are_those_of_image_and_place_in_every_run() -> None:
    uids = [row["irradiation_event_uid"] for row in events()]
    assert len(set(uids)) == 3
    assert all(each.startswith("2.25.") for each in uids)
    assert uids == [row["irradiation_event_uid"] for row in events(file_id="1" * 32)]
    assert not set(uids) & {row["irradiation_event_uid"] for row in events(sop_instance_uid="9")}


def test_the_report_states_the_total_and_the_number() -> None:
    reading = read_report(b"/nowhere", SCREEN)
    assert reading is not None
    found = reading.report
    assert (found["status"], found["source_kind"], found["n_events"]) == ("active", "PHILIPS_SC", 3)
    assert (found["dlp_total_reported_mgy_cm"], found["n_events_reported"]) == (367.6, 3)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.2"}, True),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.7.2"}, True),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.12.1"}, False),
        (
            {
                "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
                "image_type": ["ORIGINAL", "PRIMARY", "AXIAL"],
                "elscint_exposure_dose_dlp": None,
            },
            False,
        ),
    ],
)
def test_a_slice_that_has_the_sequence_is_no_screen(
    changed: dict[str, Any], expected: bool
) -> None:
    row = {**SCREEN, **changed}
    assert is_report(row) is expected
    assert (read_report(b"/nowhere", row) is not None) is expected


def test_a_screen_is_read_from_the_columns_that_are_asked_for() -> None:
    assert set(SCREEN) <= set(REPORT_COLUMNS)
