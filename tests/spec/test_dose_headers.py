"""Doses in the headers of images, and on dose screens, by what the tables say.

The studies stand in `make/dose_cases.py`.
"""

import pytest
from make.dose_lake import CT, EXAMS, REPORTS, VERSIONS, XRAY, DoseLake, assert_says, flags, one
from make.series import uid

pytestmark = pytest.mark.timeout(300)

SPIRAL = "116152004"


# Image headers.


def test_reconstructions_of_an_event_are_one_event(dose: DoseLake) -> None:
    assert len(dose.of(CT, "ct_headers")) == 2
    row = dose.event(CT, "ct_headers", "1")
    assert_says(
        row,
        active=True,
        ctdivol_mgy=8.5,
        phantom_cm=32,
        kvp=120.0,
        ma_mean=215.0,
        ma_max=230.0,
        pitch=0.9,
        dlp_mgy_cm=None,
        scanning_length_mm=10.0,
        dlp_estimated_mgy_cm=8.5,
        exposure_time_s=None,
        acquisition_type_code=SPIRAL,
        acquisition_protocol="Chest",
        source_kind="IMAGE_HEADER",
    )
    assert "estimated_length" in flags(row)
    assert_says(dose.event(CT, "ct_headers", "2"), acquisition_type_code="113805")


def test_an_estimate_is_in_its_own_column(dose: DoseLake) -> None:
    exam = dose.exam("ct_headers", "CT")
    assert_says(exam, n_events=2, dlp_total_mgy_cm=None, dlp_total_reported_mgy_cm=None)
    assert_says(exam, ctdivol_max_body_mgy=8.5, reconciled=None, source_kind="IMAGE_HEADER")
    assert exam["dlp_estimated_mgy_cm"] >= 8.5


def test_images_without_an_event_are_collapsed_by_their_acquisition(dose: DoseLake) -> None:
    rows = dose.of(CT, "ct_headers_without_uid")
    assert sorted(row["ctdivol_mgy"] for row in rows) == [8.5, 9.5]
    assert all("no_event_uid" in flags(row) for row in rows)


def test_images_without_acquisition_or_time_are_an_event_each(dose: DoseLake) -> None:
    assert len(dose.of(CT, "ct_headers_without_anything")) == 3


def test_images_that_say_no_dose_have_no_dose(dose: DoseLake) -> None:
    rows = dose.of(CT, "ct_headers_of_no_dose")
    assert not [row for row in rows if row["ctdivol_mgy"] is not None]
    exams = dose.of(EXAMS, "ct_headers_of_no_dose")
    assert not [row for row in exams if row["dlp_total_mgy_cm"] is not None]
    assert one(dose.of("dose_studies", "ct_headers_of_no_dose"))["n_images_with_dose"] == 0


def test_frames_of_enhanced_ct_are_collapsed_by_event(dose: DoseLake) -> None:
    assert len(dose.of(CT, "enhanced_ct")) == 2
    for event in "12":
        row = dose.event(CT, "enhanced_ct", event)
        assert_says(row, ctdivol_mgy=9.25, kvp=100.0, ma_mean=210.0, phantom_cm=32)
        assert_says(row, acquisition_type_code=SPIRAL, source_kind="IMAGE_HEADER")


def test_a_report_beats_image_headers_and_its_device_tells_all_that_counts(
    dose: DoseLake,
) -> None:
    known = dose.event(CT, "report_and_headers", "1")
    assert_says(known, ctdivol_mgy=8.0, dlp_mgy_cm=160.0, source_kind="RDSR", active=True)
    other = dose.event(CT, "report_and_headers", "2")
    assert_says(other, ctdivol_mgy=8.5, source_kind="IMAGE_HEADER", active=False)
    assert "unmatched_header_event" in flags(other)
    exam = dose.exam("report_and_headers", "CT")
    assert_says(exam, n_events=1, dlp_total_mgy_cm=160.0, reconciled=True)
    assert "unmatched_header_events" in flags(exam)
    assert one(dose.of("dose_studies", "report_and_headers"))["outcome"] == "both"
    losers = [r for r in dose.of(VERSIONS, "report_and_headers") if r["reason"] == "lower_rank"]
    assert [row["ctdivol_mgy"] for row in losers] == [8.5]


def test_events_of_another_device_than_the_report_count(dose: DoseLake) -> None:
    rows = dose.of(CT, "report_and_headers_of_another")
    assert sorted((row["source_kind"], row["active"]) for row in rows) == [
        ("IMAGE_HEADER", True),
        ("RDSR", True),
    ]
    exam = dose.exam("report_and_headers_of_another", "CT")
    assert_says(exam, n_events=2, dlp_total_mgy_cm=200.0)
    assert "mixed_device" in flags(exam)


def test_an_image_of_two_events_makes_no_third(dose: DoseLake) -> None:
    rows = dose.of(CT, "ct_headers_of_several_events")
    assert {row["irradiation_event_uid"] for row in rows} == {
        uid("event", f"ct_headers_of_several_events {event}") for event in "12"
    }


def test_private_elements_of_toshiba(dose: DoseLake) -> None:
    assert_says(
        one(dose.of(CT, "toshiba_headers")),
        ctdivol_mgy=12.5,
        dlp_mgy_cm=456.25,
        pitch=0.8125,
        total_collimation_mm=8.0,
    )


def test_modalities_without_a_dose_are_not_looked_at(dose: DoseLake) -> None:
    for table in (CT, XRAY, EXAMS, "dose_studies"):
        assert dose.of(table, "magnetic_resonance") == []


def test_computed_radiography_without_uids_is_an_event_an_exposure(dose: DoseLake) -> None:
    assert sorted(row["kap_gy_cm2"] for row in dose.of(XRAY, "cr_headers")) == [
        pytest.approx(0.2),
        pytest.approx(0.3),
    ]
    assert_says(dose.exam("cr_headers", "DX"), n_events=2, kap_total_gy_cm2=0.5)


def test_the_area_product_of_an_event_repeated_on_images_is_not_summed(dose: DoseLake) -> None:
    assert_says(
        dose.event(XRAY, "dx_headers", "1"),
        kap_gy_cm2=0.125,
        exposure_mas=6.4,
        kvp=81.0,
        exposure_time_ms=20.0,
        exposure_index=1100.0,
        source_kind="IMAGE_HEADER",
    )
    assert_says(dose.event(XRAY, "dx_headers", "2"), kap_gy_cm2=0.075, exposure_mas=5.0)
    assert_says(dose.exam("dx_headers", "DX"), n_events=2, kap_total_gy_cm2=0.2)


def test_fluoroscopy_from_headers(dose: DoseLake) -> None:
    assert_says(dose.exam("rf_headers", "RF"), n_events=1, kap_total_gy_cm2=3.0)


def test_an_image_without_dose_is_null_not_0(dose: DoseLake) -> None:
    for row in dose.of(XRAY, "dx_headers_without_dose"):
        assert row["kap_gy_cm2"] is None
    for row in dose.of(EXAMS, "dx_headers_without_dose"):
        assert row["kap_total_gy_cm2"] is None


def test_organ_dose_is_in_decigray_and_a_pair_is_one_event(dose: DoseLake) -> None:
    rows = dose.of(XRAY, "breast_headers")
    assert sorted(row["laterality"] for row in rows) == ["L", "L", "R"]
    for row in rows:
        assert_says(row, agd_mgy=1.373, compression_thickness_mm=53.0, compression_force_n=101.0)
    assert_says(
        dose.exam("breast_headers", "MG"),
        n_events=3,
        agd_left_mgy=2.746,
        agd_right_mgy=1.373,
        agd_left_reported_mgy=None,
    )


def test_a_dose_screen_has_an_event_for_each_of_its_items(dose: DoseLake) -> None:
    rows = {row["dlp_mgy_cm"]: row for row in dose.of(CT, "philips_screen")}
    assert sorted(rows) == [5.0, 300.0, 800.0]
    assert_says(
        rows[300.0],
        ctdivol_mgy=7.5,
        phantom_cm=32,
        kvp=120.0,
        ma_mean=150.0,
        exposure_time_s=4.0,
        scanning_length_mm=400.0,
        pitch=1.1,
        acquisition_type_code=SPIRAL,
        source_kind="PHILIPS_SC",
        active=True,
    )
    assert_says(rows[5.0], acquisition_type_code="113805")
    exam = dose.exam("philips_screen", "CT")
    assert_says(
        exam,
        dlp_total_mgy_cm=1105.0,
        dlp_total_reported_mgy_cm=1105.0,
        dlp_head_phantom_mgy_cm=800.0,
        ctdivol_max_head_mgy=50.0,
        ctdivol_max_body_mgy=7.5,
    )
    assert "mixed_phantom" in flags(exam)
    assert_says(one(dose.of(REPORTS, "philips_screen")), source_kind="PHILIPS_SC", n_events=3)


def test_a_dose_screen_without_phantom_has_none(dose: DoseLake) -> None:
    row = one(dose.of(CT, "philips_screen_without_phantom"))
    assert_says(row, phantom_cm=None, dlp_mgy_cm=None, ctdivol_mgy=7.5)
    exam = dose.exam("philips_screen_without_phantom", "CT")
    assert_says(exam, dlp_head_phantom_mgy_cm=None, dlp_body_phantom_mgy_cm=None)
    assert_says(exam, dlp_total_mgy_cm=None, ctdivol_max_body_mgy=None)
