"""Projection X-ray dose reports: TID 10001 to 10007, each rule with a report of its own."""

from pathlib import Path
from typing import Any

import pytest
from make.dose_oracle import walk
from make.dose_reading import check_columns, read, row_of
from make.rdsr import (
    FLUOROSCOPY,
    LEFT_BREAST,
    PLANE_A,
    PLANE_B,
    RIGHT_BREAST,
    accumulated,
    breast_event,
    coded,
    number,
    text,
    x_ray_event,
    x_ray_filter,
    x_ray_report,
)
from make.series import uid
from pydicom.dataset import Dataset

from dicomlake.pipeline.dose.reports import read_report


def report(*events: Dataset, totals: tuple[Dataset, ...] = (), **given: Any) -> Dataset:
    return x_ray_report(events, totals, **{"name": "r", "study": "s", **given})


def event(tmp_path: Path, **given: Any) -> dict[str, Any]:
    """Return the one event of a report."""
    (row,) = read(report(x_ray_event("e", **given)), tmp_path).xray_events
    return row


def test_an_event_has_every_column_that_its_report_fills(tmp_path: Path) -> None:
    row = event(tmp_path, images=[uid("image", 2), uid("image", 1)])
    expected = {
        "irradiation_event_uid": uid("event", "e"),
        "event_type_code": "44491008",
        "event_type_raw_code": "P5-06000",
        "plane_code": "113622",
        "acquisition_protocol": "Cardiac",
        "kap_gy_cm2": 0.2,
        "ka_r_mgy": 3.0,
        "reference_point_code": "113860",
        "kvp": 70.0,
        "ma": 100.0,
        "exposure_time_ms": 500.0,
        "exposure_mas": 1.5,
        "n_pulses": 30.0,
        "pulse_rate_hz": 15.0,
        "pulse_width_ms": 8.0,
        "irradiation_duration_s": 2.0,
        "primary_angle_deg": -10.0,
        "secondary_angle_deg": 20.0,
        "image_sop_instance_uids": sorted([uid("image", 1), uid("image", 2)]),
        "flags": [],
    }
    assert {column: row.get(column) for column in expected} == expected


@pytest.mark.parametrize(
    ("kap", "expected"),
    [
        ((2e-5, "Gy.m2"), 0.2),
        ((2e-5, "Gym2"), 0.2),
        ((2.0, "dGy.cm2"), 0.2),
        ((20.0, "cGy.cm2"), 0.2),
        ((20.0, "uGy.m2"), 0.2),
        ((200.0, "mGy.cm2"), 0.2),
        ((0.2, "Gy.cm2"), 0.2),
    ],
)
def test_kap_is_converted_by_its_unit(
    tmp_path: Path, kap: tuple[float, str], expected: float
) -> None:
    assert event(tmp_path, kap=kap)["kap_gy_cm2"] == expected


@pytest.mark.parametrize("ka_r", [(0.003, "Gy"), (3.0, "mGy"), (3000.0, "uGy")])
def test_kerma_is_converted_by_its_unit(tmp_path: Path, ka_r: tuple[float, str]) -> None:
    assert event(tmp_path, ka_r=ka_r)["ka_r_mgy"] == 3.0


def test_exposure_time_is_milliseconds_by_its_unit(tmp_path: Path) -> None:
    assert event(tmp_path, exposure_time=(500.0, "ms"))["exposure_time_ms"] == 500.0
    assert event(tmp_path, exposure_time=(0.5, "s"))["exposure_time_ms"] == 500.0


def test_the_retired_code_of_exposure_time_is_read(tmp_path: Path) -> None:
    assert event(tmp_path, exposure_time_code="113735")["exposure_time_ms"] == 500.0


@pytest.mark.parametrize("unit", ["uA.s", "uAs"])
def test_exposure_is_milliampere_seconds_by_its_unit(tmp_path: Path, unit: str) -> None:
    row = event(tmp_path, exposure=(1500.0, unit))
    assert row["exposure_mas"] == 1.5
    assert ("exposure_mas", f"1500 {unit}") in row["raw_quantities"]


@pytest.mark.parametrize("unit", ["{pulse}/s", "pulse/s"])
def test_pulse_rates_are_read_in_both_spellings(tmp_path: Path, unit: str) -> None:
    assert event(tmp_path, pulse_rate=(7.5, unit))["pulse_rate_hz"] == 7.5


def test_values_of_pulses_become_a_mean_and_a_list(tmp_path: Path) -> None:
    row = event(tmp_path, kvp=[(70.0, "kV"), (72.0, "kV"), (74.0, "kV")])
    assert row["kvp"] == 72.0
    assert row["kvp_list"] == [70.0, 72.0, 74.0]
    assert row["flags"] == ["several_values"]


def test_a_list_in_one_value_is_averaged_without_its_zero_pulses(tmp_path: Path) -> None:
    row = event(tmp_path, ma=([100, 0, 0, 110, 120], "mA"), pulse_width=([8, 0, 10], "ms"))
    assert (row["ma"], row["pulse_width_ms"]) == (110.0, 9.0)
    assert row["ma_list"] == [100.0, 0.0, 0.0, 110.0, 120.0]


def test_pulses_that_are_all_zero_are_zero_and_not_null(tmp_path: Path) -> None:
    assert event(tmp_path, ma=([0, 0], "mA"))["ma"] == 0.0


def test_a_garbage_pulse_leaves_the_others(tmp_path: Path) -> None:
    row = event(tmp_path, kvp=("70\\?\\74", "kV"))
    assert (row["kvp"], row["kvp_list"]) == (72.0, [70.0, 74.0])
    assert row["flags"] == ["malformed_number", "several_values"]


def test_a_zero_angle_is_an_angle(tmp_path: Path) -> None:
    row = event(tmp_path, angles=(0.0, 0.0))
    assert (row["primary_angle_deg"], row["secondary_angle_deg"]) == (0.0, 0.0)


def test_no_dose_measured_is_null(tmp_path: Path) -> None:
    row = event(tmp_path, kap=(None, "Gy.m2"), ka_r=None)
    assert not {"kap_gy_cm2", "ka_r_mgy"} & row.keys()
    assert row["flags"] == []


def test_filters_of_two_materials_are_two_rows(tmp_path: Path) -> None:
    copper = x_ray_filter(material="SRT:C-127F9", least=(0.9, "mm"), most=(0.9, "mm"))
    reading = read(report(x_ray_event("e", filters=[x_ray_filter(), copper])), tmp_path)
    assert [
        (row["filter_number"], row["filter_material_code"], row["thickness_maximum_mm"])
        for row in reading.xray_filters
    ] == [(1, "105830007", 0.2), (2, "C-127F9", 0.9)]
    assert {row["irradiation_event_uid"] for row in reading.xray_filters} == {uid("event", "e")}


def test_a_container_of_two_materials_is_two_filters(tmp_path: Path) -> None:
    both = x_ray_filter()
    both.ContentSequence.append(coded("113757", "SRT:C-127F9"))
    both.ContentSequence.append(number("113773", 0.9, "mm"))
    rows = read(report(x_ray_event("e", filters=[both])), tmp_path).xray_filters
    assert [row["filter_material_raw_code"] for row in rows] == ["C-120F9", "C-127F9"]
    assert [row["thickness_maximum_mm"] for row in rows] == [0.2, 0.9]
    assert not any("thickness_minimum_mm" in row for row in rows)


def test_a_reference_point_may_be_text(tmp_path: Path) -> None:
    row = event(tmp_path, reference_point=text("113780", "15cm below BeamIsocenter"))
    assert row["reference_point_meaning"] == "15cm below BeamIsocenter"
    assert "reference_point_code" not in row


@pytest.mark.parametrize("below", [True, False])
def test_an_orientation_modifier_stands_below_or_beside(tmp_path: Path, below: bool) -> None:
    modifier = coded("113744", "SRT:F-10340")
    more = [coded("113743", "SRT:F-10450", *([modifier] if below else []))]
    row = event(tmp_path, more=more if below else [*more, modifier])
    assert row["patient_orientation_code"] == "102538003"
    assert row["patient_orientation_modifier_code"] == "40199007"


@pytest.mark.parametrize("place", ["123014", "SRT:T-D0005"])
@pytest.mark.parametrize(
    ("side", "expected"),
    [("SRT:G-A101", "L"), ("SCT:24028007", "R"), ("SRT:G-A102", "B"), ("SRT:G-A103", "U")],
)
def test_laterality_stands_below_the_region_or_the_anatomy(
    tmp_path: Path, place: str, side: str, expected: str
) -> None:
    anatomy = coded(place, "SRT:T-D8700", coded("SRT:G-C171", side))
    assert event(tmp_path, region=None, more=[anatomy])["laterality"] == expected


def test_totals_are_kept_by_plane(tmp_path: Path) -> None:
    a = accumulated(PLANE_A, kap=(3e-5, "Gy.m2"), ka_r=(0.01, "Gy"), fluoro_time=(60.0, "s"),
                    frames=(20, "1"))  # fmt: skip
    b = accumulated(PLANE_B, kap=(5.0, "dGy.cm2"), ka_r=(0.0, "Gy"), fluoro_time=(0.5, "min"),
                    frames=(5, "1"))  # fmt: skip
    found = read(report(x_ray_event("e"), totals=(a, b)), tmp_path).report
    assert found["kap_total_plane_a_gy_cm2"] == 0.3
    assert found["kap_total_plane_b_gy_cm2"] == 0.5
    assert (found["ka_r_total_plane_a_mgy"], found["ka_r_total_plane_b_mgy"]) == (10.0, 0.0)
    assert (found["fluoro_time_plane_a_s"], found["fluoro_time_plane_b_s"]) == (60.0, 30.0)
    assert found["n_frames_reported"] == 25
    assert "kap_fluoro_plane_a_gy_cm2" not in found


@pytest.mark.parametrize("plane", ["113622", None])
def test_a_single_plane_is_plane_a(tmp_path: Path, plane: str | None) -> None:
    found = read(report(totals=(accumulated(plane, kap=(3e-5, "Gy.m2")),)), tmp_path).report
    assert found["kap_total_plane_a_gy_cm2"] == 0.3
    assert "kap_total_plane_b_gy_cm2" not in found


def test_glandular_dose_is_accumulated_by_breast(tmp_path: Path) -> None:
    both = accumulated(agd={LEFT_BREAST: (2.5, "mGy"), RIGHT_BREAST: (0.03, "dGy")})
    found = read(report(breast_event("e"), totals=(both,)), tmp_path).report
    assert (found["agd_left_reported_mgy"], found["agd_right_reported_mgy"]) == (2.5, 3.0)


def test_each_breast_may_have_a_container_of_its_own(tmp_path: Path) -> None:
    totals = (
        accumulated(agd={RIGHT_BREAST: (1.0, "mGy")}),
        accumulated(agd={"SCT:80248007": (2.0, "mGy")}),
    )
    found = read(report(breast_event("e"), totals=totals), tmp_path).report
    assert (found["agd_left_reported_mgy"], found["agd_right_reported_mgy"]) == (2.0, 1.0)


@pytest.mark.parametrize("anode", ["111632", "113632"])
def test_an_event_of_mammography_with_the_anode_under_either_code(
    tmp_path: Path, anode: str
) -> None:
    (row,) = read(report(breast_event("e", anode_code=anode)), tmp_path).xray_events
    expected = {
        "agd_mgy": 1.5,
        "laterality": "L",
        "entrance_exposure_mgy": 4.2,
        "compression_thickness_mm": 52.0,
        "compression_force_n": 98.0,
        "hvl_mm": 0.55,
        "anode": "what C-150F9 means",
    }
    assert {column: row.get(column) for column in expected} == expected


def test_two_planes_under_one_event_uid_are_two_events(tmp_path: Path) -> None:
    a = x_ray_event("e", plane=PLANE_A, kap=(1e-5, "Gy.m2"))
    b = x_ray_event("e", plane=PLANE_B, kap=(2e-5, "Gy.m2"))
    first, second = read(report(a, b), tmp_path).xray_events
    assert first["irradiation_event_uid"] == uid("event", "e")
    assert second["irradiation_event_uid"].startswith("2.25.")
    assert second["flags"] == ["no_event_uid"]
    again = read(report(a, b, x_ray_event("f"), name="later"), tmp_path).xray_events
    assert [row["irradiation_event_uid"] for row in again[:2]] == [
        first["irradiation_event_uid"],
        second["irradiation_event_uid"],
    ]


def test_an_event_told_twice_alike_is_one(tmp_path: Path) -> None:
    reading = read(report(x_ray_event("e"), x_ray_event("e")), tmp_path)
    assert len(reading.xray_events) == reading.report["n_events"] == 1


def test_events_without_uid_get_one_from_what_they_say(tmp_path: Path) -> None:
    two = [x_ray_event(None), x_ray_event(None), x_ray_event(None, kind=FLUOROSCOPY, pulses=None)]
    rows = read(report(*two), tmp_path).xray_events
    uids = [row["irradiation_event_uid"] for row in rows]
    assert len(set(uids)) == 3
    assert all(row["flags"] == ["no_event_uid"] for row in rows)
    later = read(report(*two, x_ray_event("e"), name="cumulative"), tmp_path).xray_events
    assert [row["irradiation_event_uid"] for row in later[:3]] == uids


def test_a_total_of_zero_beside_events_that_say_otherwise_is_flagged(tmp_path: Path) -> None:
    zero = accumulated(kap=(0.0, "Gy.m2"))
    assert (
        "total_zero_beside_events"
        in read(report(x_ray_event("e"), totals=(zero,)), tmp_path).report["flags"]
    )
    nothing = report(x_ray_event("e", kap=(0.0, "Gy.m2"), ka_r=None), totals=(zero,))
    assert read(nothing, tmp_path).report["flags"] == []


_COLUMNS = (
    ("kap_gy_cm2", "122130"),
    ("ka_r_mgy", "113738"),
    ("kvp", "113733"),
    ("ma", "113734"),
)
_TOTALS = (
    ("kap_total", "gy_cm2", "113722"),
    ("kap_fluoro", "gy_cm2", "113726"),
    ("kap_acquisition", "gy_cm2", "113727"),
    ("ka_r_total", "mgy", "113725"),
    ("ka_r_fluoro", "mgy", "113728"),
    ("fluoro_time", "s", "113730"),
    ("acquisition_time", "s", "113855"),
)


@pytest.mark.parametrize("name", ["u104", "u601", "axiom_artis", "example_procedure"])
def test_real_angiography_equals_an_independent_walk(shared: Path, name: str) -> None:
    from pydicom import dcmread  # noqa: PLC0415  (only where the corpus is)

    (path,) = (shared / "corpus" / "rdsr").rglob(f"*{name}.dcm")
    walked = walk(path)
    reading = read_report(bytes(path), row_of(dcmread(path)))
    assert reading is not None
    check_columns(reading)
    assert {row["irradiation_event_uid"] for row in reading.xray_events} == set(walked.events)
    for row in reading.xray_events:
        said = walked.events[row["irradiation_event_uid"]]
        for column, code in _COLUMNS:
            assert row.get(column) == pytest.approx(said.one(code), rel=1e-12)
    for total, unit, code in _TOTALS:
        found = [reading.report.get(f"{total}_plane_{plane}_{unit}") for plane in "ab"]
        assert sum(value or 0.0 for value in found) == pytest.approx(walked.total(code), rel=1e-12)
        assert found[1] is None or len(walked.planes) == 2
