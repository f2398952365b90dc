"""Dose reports of every template: codes, units and oddities, by what the tables say.

The studies stand in `make/dose_cases.py`.
"""

import datetime

import pytest
from make.dose_cases import DLP_UNITS, EXPOSURE_UNITS, KAP_UNITS, KERMA_UNITS, SYNTAXES
from make.dose_lake import (
    CT,
    CT_SOURCES,
    EXAMS,
    ORGANS,
    PHARMA,
    REPORTS,
    XRAY,
    XRAY_FILTERS,
    DoseLake,
    assert_says,
    flags,
    one,
)
from make.series import uid

pytestmark = pytest.mark.timeout(300)

FLUOROSCOPY, SPIRAL = "44491008", "116152004"


# Computed tomography.


def test_ct_events_have_the_columns_of_their_template(dose: DoseLake) -> None:
    row = dose.event(CT, "ct_plain", "spiral")
    assert_says(
        row,
        active=True,
        acquisition_protocol="Abdomen",
        acquisition_type_code=SPIRAL,
        acquisition_type_raw_code="P5-08001",
        acquisition_type_raw_scheme="SRT",
        target_region_raw_code="T-D4000",
        target_region_meaning="what T-D4000 means",
        procedure_context_code="27483000",
        event_start=datetime.datetime(2024, 1, 15, 10, 20, 30, 500000),
        event_start_offset_minutes=None,
        comment="said",
        label="3",
        exposure_time_s=4.0,
        scanning_length_mm=300.0,
        single_collimation_mm=0.6,
        total_collimation_mm=38.4,
        pitch=0.8,
        n_sources=1,
        kvp=120.0,
        kvp_list=[120.0],
        ma_mean=200.0,
        ma_max=250.0,
        rotation_time_s=0.5,
        modulation_type="XYZ_EC",
        ctdivol_mgy=8.7,
        dlp_mgy_cm=261.0,
        phantom_code="113691",
        phantom_cm=32,
        ssde_mgy=None,
        dw_mm=None,
        dlp_alert_configured=None,
        source_kind="RDSR",
        source_sop_instance_uid=uid("report", "ct_plain "),
    )


def test_ctdivol_maximum_leaves_out_localizers_and_stationary_events(dose: DoseLake) -> None:
    assert_says(
        dose.exam("ct_plain", "CT"),
        n_events=4,
        n_events_localizer=1,
        n_events_stationary=1,
        ctdivol_max_body_mgy=8.7,
        ctdivol_max_head_mgy=None,
        dlp_total_mgy_cm=539.5,
        dlp_total_reported_mgy_cm=539.5,
        dlp_body_phantom_mgy_cm=539.5,
        dlp_head_phantom_mgy_cm=None,
        reconciled=True,
        source_kind="RDSR",
        is_patient=True,
        study_date=datetime.date(2024, 1, 15),
        age_source="birth_date",
        kap_total_gy_cm2=None,
        activity_total_mbq=None,
    )


def test_dual_source_has_no_kvp_where_tubes_differ(dose: DoseLake) -> None:
    assert_says(
        dose.event(CT, "ct_dual_source", "unlike"), kvp=None, kvp_list=[100.0, 140.0], n_sources=2
    )
    assert_says(dose.event(CT, "ct_dual_source", "alike"), kvp=120.0, n_sources=2)
    wanted = uid("event", "ct_dual_source unlike")
    sources = sorted(
        (row for row in dose.of(CT_SOURCES, "ct_dual_source")
         if row["irradiation_event_uid"] == wanted),
        key=lambda row: row["source_number"],
    )  # fmt: skip
    assert [(r["source_number"], r["source_identification"]) for r in sources] == [
        (1, "A"), (2, "B")
    ]  # fmt: skip
    assert [(r["kvp"], r["ma_mean"], r["ma_max"]) for r in sources] == [
        (100, 150, 180), (140, 90, 110)
    ]  # fmt: skip
    assert len(dose.of(CT_SOURCES, "ct_dual_source")) == 4


def test_dlp_of_two_phantoms_is_kept_apart(dose: DoseLake) -> None:
    exam = dose.exam("ct_mixed_phantom", "CT")
    assert_says(
        exam,
        dlp_head_phantom_mgy_cm=893.38,
        dlp_body_phantom_mgy_cm=1109.01,
        dlp_total_mgy_cm=2002.39,
        dlp_total_reported_mgy_cm=2002.39,
        ctdivol_max_head_mgy=54.9,
        ctdivol_max_body_mgy=14.5,
        reconciled=True,
    )
    assert "mixed_phantom" in flags(exam)
    assert not [row for row in dose.table("drl") if row["quantity"] == "dlp_total_mgy_cm"]


@pytest.mark.parametrize("unit", DLP_UNITS)
def test_dlp_in_every_spelling_of_its_unit(dose: DoseLake, unit: str) -> None:
    assert_says(dose.event(CT, "ct_units", unit), dlp_mgy_cm=200.0)


def test_dlp_total_in_another_spelling(dose: DoseLake) -> None:
    assert_says(dose.exam("ct_units", "CT"), dlp_total_reported_mgy_cm=600.0, reconciled=True)


def test_the_scheme_of_units_may_be_misspelt(dose: DoseLake) -> None:
    assert_says(dose.event(CT, "ct_scheme_of_units_misspelt", "1"), dlp_mgy_cm=200.0)


def test_an_unknown_unit_is_null_and_a_flag_never_a_guess(dose: DoseLake) -> None:
    row = dose.event(CT, "ct_unknown_unit", "1")
    assert_says(row, dlp_mgy_cm=None, ctdivol_mgy=10.0)
    assert "unknown_unit" in flags(row)
    raw = dict(row["raw_quantities"])
    assert "furlong" in raw["dlp_mgy_cm"]
    assert "200" in raw["dlp_mgy_cm"]
    assert_says(dose.exam("ct_unknown_unit", "CT"), dlp_total_mgy_cm=200.0, reconciled=False)


@pytest.mark.parametrize("event", ["1", "2"])
def test_a_value_that_is_not_there_is_null_not_0(dose: DoseLake, event: str) -> None:
    assert_says(
        dose.event(CT, "ct_without_dose", event),
        dlp_mgy_cm=None,
        ctdivol_mgy=None,
        phantom_cm=None,
        active=True,
    )


def test_totals_of_nothing_are_null_not_0(dose: DoseLake) -> None:
    assert_says(
        dose.exam("ct_without_dose", "CT"),
        n_events=2,
        dlp_total_mgy_cm=None,
        dlp_total_reported_mgy_cm=None,
        dlp_body_phantom_mgy_cm=None,
        ctdivol_max_body_mgy=None,
        reconciled=None,
    )


def test_a_malformed_number_is_null_and_a_flag_and_loses_nothing_else(dose: DoseLake) -> None:
    row = dose.event(CT, "ct_malformed_number", "1")
    assert_says(row, ctdivol_mgy=None, dlp_mgy_cm=200.0, scanning_length_mm=200.0)
    assert "malformed_number" in flags(row)
    report = one(dose.of(REPORTS, "ct_malformed_number"))
    assert_says(report, dlp_total_reported_mgy_cm=None, n_events=1, status="active")
    assert "malformed_number" in flags(report)


@pytest.mark.parametrize("event", ["old", "new"])
def test_dose_check_is_true_or_false_by_its_code(dose: DoseLake, event: str) -> None:
    row = dose.event(CT, "ct_dose_check", event)
    assert row["dlp_alert_configured"] is True
    assert row["ctdivol_alert_configured"] is False
    assert row["dlp_notification_configured"] is False
    assert row["ctdivol_notification_configured"] is True
    assert_says(
        row,
        dlp_alert_mgy_cm=1000.0,
        ctdivol_alert_mgy=None,
        dlp_forward_estimate_mgy_cm=1200.0,
        alert_reason="needed",
        ctdivol_notification_mgy=80.0,
        dlp_notification_mgy_cm=None,
        dlp_mgy_cm=200.0,
    )


def test_no_dose_check_is_null(dose: DoseLake) -> None:
    row = dose.event(CT, "ct_dose_check", "none")
    assert row["dlp_alert_configured"] is None
    assert row["ctdivol_notification_configured"] is None


def test_a_stated_size_and_estimate_have_their_methods(dose: DoseLake) -> None:
    assert_says(
        dose.event(CT, "ct_size", "below"),
        ssde_mgy=14.2,
        ssde_method_code="113934",
        dw_mm=251.0,
        dw_method_code="113987",
        lat_mm=310.0,
        ap_mm=210.0,
        deff_mm=255.0,
    )
    assert_says(dose.event(CT, "ct_size", "beside"), ssde_mgy=13.0, dw_mm=260.0)


@pytest.mark.parametrize("case", ["ct_no_template", "ct_no_template_new_codes"])
def test_without_a_template_the_procedure_tells_which_it_is(dose: DoseLake, case: str) -> None:
    report = one(dose.of(REPORTS, case))
    assert_says(report, status="active", n_events=1)
    assert "template_from_procedure" in flags(report)
    assert_says(one(dose.of(CT, case)), dlp_mgy_cm=200.0, acquisition_type_code=SPIRAL)


def test_a_report_inside_enhanced_sr_is_read(dose: DoseLake) -> None:
    assert_says(one(dose.of(CT, "ct_enhanced_sr")), source_kind="ESR", dlp_mgy_cm=200.0)
    assert_says(one(dose.of(REPORTS, "ct_enhanced_sr")), source_kind="ESR", status="active")


def test_a_structured_report_of_something_else_gives_no_row(dose: DoseLake) -> None:
    for table in (REPORTS, CT, XRAY, PHARMA, EXAMS):
        assert dose.of(table, "sr_of_something_else") == []


@pytest.mark.parametrize(
    ("case", "template"),
    [
        ("sr_of_a_vendor", None),
        ("enhanced_x_ray_report", "10040"),
        ("patient_dose_report", "10030"),
        ("unknown_template", "99999"),
    ],
)
def test_a_report_that_is_not_read_is_told_of(
    dose: DoseLake, case: str, template: str | None
) -> None:
    report = one(dose.of(REPORTS, case))
    assert_says(report, status="unsupported_template", template=template, n_events=0)
    assert dose.of(CT, case) == dose.of(XRAY, case) == dose.of(EXAMS, case) == []


def test_no_date_is_null_and_never_1900_and_the_demographics_of_nobody_are_not_taken(
    dose: DoseLake,
) -> None:
    exam = dose.exam("ct_no_date", "CT")
    assert_says(
        exam,
        study_date=None,
        age_years=None,
        age_source=None,
        weight_kg=None,
        height_m=None,
        dlp_total_mgy_cm=200.0,
    )
    assert {"weight_out_of_range", "size_out_of_range", "age_out_of_range"} <= flags(exam)
    assert_says(one(dose.of(REPORTS, "ct_no_date")), content_datetime=None, series_datetime=None)
    assert_says(one(dose.of(CT, "ct_no_date")), event_start=None)


@pytest.mark.parametrize(
    "case",
    ["ct_mojibake", "ct_undecodable", "ct_charset_unknown", "ct_chinese", "ct_odd_items"],
)
def test_charsets_and_odd_items_never_lose_a_report(dose: DoseLake, case: str) -> None:
    assert_says(one(dose.of(REPORTS, case)), status="active", n_events=1)
    assert_says(one(dose.of(CT, case)), ctdivol_mgy=10.0, dlp_mgy_cm=200.0, phantom_cm=32)
    assert_says(dose.exam(case, "CT"), dlp_total_mgy_cm=200.0)


def test_texts_are_what_their_character_set_says(dose: DoseLake) -> None:
    assert_says(one(dose.of(CT, "ct_chinese")), acquisition_protocol="头部平扫")
    assert_says(
        one(dose.of(CT, "ct_mojibake")),
        acquisition_protocol="testæøå".encode().decode("latin-1").strip(),
    )
    protocol = one(dose.of(CT, "ct_undecodable"))["acquisition_protocol"]
    assert protocol.startswith("Sch")
    assert protocol.endswith("del")


def test_an_event_uid_may_be_text_and_a_region_without_a_code(dose: DoseLake) -> None:
    row = dose.event(CT, "ct_odd_items", "1")
    assert_says(row, target_region_code=None, target_region_raw_code=None)
    assert "no_event_uid" not in flags(row)


def test_a_reported_total_of_0_beside_events_is_told_of(dose: DoseLake) -> None:
    exam = dose.exam("ct_total_zero", "CT")
    assert_says(exam, dlp_total_reported_mgy_cm=0.0, dlp_total_mgy_cm=200.0, reconciled=False)
    assert {"total_zero_beside_events", "not_reconciled"} <= flags(exam)


def test_totals_that_differ_are_both_kept(dose: DoseLake) -> None:
    exam = dose.exam("ct_not_reconciled", "CT")
    assert_says(exam, dlp_total_reported_mgy_cm=410.0, dlp_total_mgy_cm=400.0, reconciled=False)
    assert "not_reconciled" in flags(exam)


def test_snomed_codes_of_all_schemes_are_one(dose: DoseLake) -> None:
    for event in "123":
        row = dose.event(CT, "ct_local_codes", event)
        assert_says(row, acquisition_type_code=SPIRAL, target_region_code="51185008")
    assert_says(
        dose.event(CT, "ct_local_codes", "1"),
        acquisition_type_raw_scheme="99SDM",
        acquisition_type_raw_code="P5-08001",
    )


@pytest.mark.parametrize(
    ("event", "flag"),
    [
        ("wide", "collimation_out_of_range"),
        ("short", "zero_length"),
        ("dlp", "ctdivol_dlp_disagree"),
    ],
)
def test_what_cannot_be_is_kept_with_a_flag(dose: DoseLake, event: str, flag: str) -> None:
    row = dose.event(CT, "ct_plausibility", event)
    assert flag in flags(row)
    assert row["active"]
    assert flag not in flags(dose.event(CT, "ct_plausibility", "plain"))


def test_dlp_of_a_stationary_event_is_not_held_against_its_length(dose: DoseLake) -> None:
    assert not flags(dose.event(CT, "ct_plausibility", "stationary"))


def test_a_start_with_an_offset_is_in_utc(dose: DoseLake) -> None:
    assert_says(
        dose.event(CT, "ct_start_with_offset", "1"),
        event_start=datetime.datetime(2024, 1, 15, 9, 20, 30, 500000),
        event_start_offset_minutes=60,
    )


def test_a_dose_report_beats_an_enhanced_one(dose: DoseLake) -> None:
    row = dose.event(CT, "ct_of_both_kinds", "1")
    assert_says(row, source_kind="RDSR", dlp_mgy_cm=200.0)
    assert_says(dose.exam("ct_of_both_kinds", "CT"), n_events=1, dlp_total_mgy_cm=200.0)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_report_is_read_in_every_transfer_syntax(dose: DoseLake, syntax: str) -> None:
    row = one(dose.of(CT, f"report in {syntax}"))
    assert_says(row, dlp_mgy_cm=200.0, kvp=120.0, acquisition_protocol="Abdomen")


def test_events_without_a_uid_stay_apart(dose: DoseLake) -> None:
    rows = dose.of(CT, "ct_without_event_uid")
    assert sorted(row["dlp_mgy_cm"] for row in rows) == [100.0, 150.0]
    assert all("no_event_uid" in flags(row) for row in rows)
    assert_says(dose.exam("ct_without_event_uid", "CT"), dlp_total_mgy_cm=250.0)


# Projection X-ray.


@pytest.mark.parametrize("unit", KAP_UNITS)
def test_kerma_area_product_in_every_unit(dose: DoseLake, unit: str) -> None:
    row = dose.event(XRAY, "x_ray_units", unit)
    assert_says(row, kap_gy_cm2=0.2)
    if unit != "Gy.cm2":
        assert unit in dict(row["raw_quantities"])["kap_gy_cm2"]


@pytest.mark.parametrize("unit", KERMA_UNITS)
def test_reference_air_kerma_in_every_unit(dose: DoseLake, unit: str) -> None:
    assert_says(dose.event(XRAY, "x_ray_units", unit), ka_r_mgy=3.0)


@pytest.mark.parametrize("unit", EXPOSURE_UNITS)
def test_exposure_in_every_unit(dose: DoseLake, unit: str) -> None:
    assert_says(dose.event(XRAY, "x_ray_units", unit), exposure_mas=1.5)


@pytest.mark.parametrize("unit", ["{pulse}/s", "pulse/s", "/s"])
def test_pulse_rate_in_every_unit(dose: DoseLake, unit: str) -> None:
    assert_says(dose.event(XRAY, "x_ray_units", unit), pulse_rate_hz=15.0)


@pytest.mark.parametrize("event", ["ms", "s", "retired"])
def test_exposure_time_of_projection_is_in_milliseconds(dose: DoseLake, event: str) -> None:
    assert_says(dose.event(XRAY, "x_ray_units", event), exposure_time_ms=500.0)


def test_no_unit_of_projection_is_unknown(dose: DoseLake) -> None:
    rows = dose.of(XRAY, "x_ray_units")
    assert len(rows) == len(KAP_UNITS) + len(KERMA_UNITS) + len(EXPOSURE_UNITS) + 6
    assert not [row for row in rows if flags(row) & {"unknown_unit", "malformed_number"}]
    assert_says(
        dose.exam("x_ray_units", "RF"),
        kap_total_gy_cm2=0.2 * len(rows),
        kap_total_reported_gy_cm2=0.2 * len(rows),
        reconciled=True,
        fluoro_time_s=74.0,
    )


def test_projection_events_have_the_columns_of_their_template(dose: DoseLake) -> None:
    assert_says(
        dose.event(XRAY, "x_ray_units", "ms"),
        event_type_code=FLUOROSCOPY,
        event_type_raw_code="P5-06000",
        plane_code="113622",
        acquisition_protocol="Cardiac",
        event_start=datetime.datetime(2024, 1, 15, 10, 20),
        reference_point_code="113860",
        primary_angle_deg=-10.0,
        secondary_angle_deg=20.0,
        kvp=70.0,
        ma=100.0,
        n_pulses=30.0,
        pulse_width_ms=8.0,
        irradiation_duration_s=2.0,
        agd_mgy=None,
    )


@pytest.mark.parametrize("event", ["as items", "as one"])
def test_lists_of_pulses_are_kept_and_their_mean_leaves_out_zeros(
    dose: DoseLake, event: str
) -> None:
    assert_says(
        dose.event(XRAY, "x_ray_pulses", event),
        kvp=72.0,
        kvp_list=[70.0, 0.0, 72.0, 74.0],
        pulse_width_ms=6.0,
        pulse_width_ms_list=[4.0, 0.0, 8.0],
    )


def test_tube_currents_of_pulses(dose: DoseLake) -> None:
    assert_says(
        dose.event(XRAY, "x_ray_pulses", "as items"),
        ma=20.0,
        ma_list=[10.0, 30.0],
        exposure_mas_list=[0.1, 0.3],
    )


def test_filters_have_a_row_each(dose: DoseLake) -> None:
    rows = sorted(dose.of(XRAY_FILTERS, "x_ray_filters"), key=lambda row: row["filter_number"])
    assert [
        (r["filter_number"], r["filter_material_raw_code"], r["thickness_minimum_mm"],
         r["thickness_maximum_mm"])
        for r in rows
    ] == [(1, "C-120F9", 1.0, 1.0), (2, "C-127F9", 0.1, 0.3)]  # fmt: skip
    assert {row["filter_material_code"] for row in rows} >= {"105830007"}


def test_a_reference_point_may_be_text_and_images_are_told(dose: DoseLake) -> None:
    assert_says(
        dose.event(XRAY, "x_ray_filters", "1"),
        reference_point_code=None,
        reference_point_meaning="15 cm from the isocentre",
        image_sop_instance_uids=sorted(
            [uid("image", "x_ray_filters", 1), uid("image", "x_ray_filters", 2)]
        ),
        ka_r_mgy=3.0,
    )


@pytest.mark.parametrize("event", ["1", "2"])
def test_the_modifier_of_an_orientation_is_below_or_beside_it(dose: DoseLake, event: str) -> None:
    assert_says(
        dose.event(XRAY, "x_ray_filters", event),
        patient_orientation_raw_code="F-10450",
        patient_orientation_modifier_code="40199007",
    )


def test_of_two_planes_only_the_area_product_is_added(dose: DoseLake) -> None:
    exam = dose.exam("x_ray_biplane", "RF")
    assert_says(
        exam,
        n_events=3,
        kap_total_gy_cm2=6.0,
        kap_total_reported_gy_cm2=6.0,
        ka_r_total_mgy=None,
        ka_r_total_reported_mgy=None,
        ka_r_plane_a_mgy=40.0,
        ka_r_plane_b_mgy=20.0,
        fluoro_time_s=None,
        fluoro_time_plane_a_s=60.0,
        fluoro_time_plane_b_s=30.0,
    )
    assert "biplane" in flags(exam)


def test_totals_of_a_single_plane(dose: DoseLake) -> None:
    exam = dose.exam("x_ray_single_plane", "RF")
    assert_says(
        exam,
        n_events=3,
        n_events_fluoroscopy=2,
        n_events_acquisition=1,
        kap_total_gy_cm2=4.0,
        kap_fluoro_gy_cm2=1.0,
        kap_acquisition_gy_cm2=3.0,
        kap_total_reported_gy_cm2=4.0,
        ka_r_total_mgy=40.0,
        ka_r_total_reported_mgy=40.0,
        fluoro_time_s=90.0,
        reconciled=True,
    )
    assert "biplane" not in flags(exam)
    assert_says(
        dose.event(XRAY, "x_ray_single_plane", "null"), kap_gy_cm2=None, ka_r_mgy=None, active=True
    )
    assert_says(
        one(dose.of(REPORTS, "x_ray_single_plane")),
        n_frames_reported=120,
        acquisition_time_plane_a_s=4.0,
        kap_total_plane_b_gy_cm2=None,
    )


def test_stationary_events_alone_are_radiography(dose: DoseLake) -> None:
    assert [row["modality_group"] for row in dose.of(EXAMS, "x_ray_radiography")] == ["DX"]


# Mammography.


def test_glandular_dose_is_kept_per_breast(dose: DoseLake) -> None:
    assert [row["modality_group"] for row in dose.of(EXAMS, "breast")] == ["MG"]
    assert_says(
        dose.exam("breast", "MG"),
        n_events=3,
        agd_left_mgy=2.75,
        agd_right_mgy=20.0,
        agd_left_reported_mgy=2.75,
        agd_right_reported_mgy=20.0,
        reconciled=True,
    )
    for event, side, agd in [("lcc", "L", 1.25), ("lmlo", "L", 1.5), ("rcc", "R", 20.0)]:
        row = dose.event(XRAY, "breast", event)
        assert_says(row, laterality=side, agd_mgy=agd, compression_thickness_mm=52.0)
        assert_says(row, compression_force_n=98.0, hvl_mm=0.55, entrance_exposure_mgy=4.2)
        assert row["anode"], "also where its code is the one of a maker's slip"


# Radiopharmaceuticals.


def test_an_administration_and_its_organ_doses(dose: DoseLake) -> None:
    assert_says(
        dose.event(PHARMA, "pharma", "1"),
        agent_meaning="Fluorodeoxyglucose F^18^",
        radionuclide_code="77004003",
        half_life_s=6586.2,
        administered_activity_mbq=350.0,
        pre_activity_mbq=360.0,
        post_activity_mbq=10.0,
        volume_cm3=2.5,
        start=datetime.datetime(2024, 1, 15, 9, 0),
        stop=datetime.datetime(2024, 1, 15, 9, 1),
        source_kind="RDSR",
        active=True,
    )
    rows = sorted(dose.of(ORGANS, "pharma"), key=lambda row: row["organ_number"])
    assert [(row["organ_meaning"], row["laterality"], row["dose_mgy"]) for row in rows] == [
        ("Liver", None, 12.0),
        ("Kidney", "L", 7.5),
        ("Kidney", "R", 7.75),
    ]
    exam = dose.exam("pharma", "NM")
    assert_says(exam, activity_total_mbq=350.0, weight_kg=68.0, height_m=1.72)


def test_a_report_and_its_images_are_one_administration_and_the_report_wins(
    dose: DoseLake,
) -> None:
    row = one([row for row in dose.of(PHARMA, "pharma_and_pet") if row["active"]])
    assert_says(row, administered_activity_mbq=350.0, source_kind="RDSR")
    assert_says(dose.exam("pharma_and_pet", "NM"), n_events=1, activity_total_mbq=350.0)


@pytest.mark.parametrize(
    ("case", "mbq"), [("pet_in_bq", 394.0), ("nm_in_mbq", 764.0), ("enhanced_pet_in_mbq", 320.0)]
)
def test_the_unit_of_an_activity_is_that_of_its_class(
    dose: DoseLake, case: str, mbq: float
) -> None:
    row = one(dose.of(PHARMA, case))
    assert_says(row, administered_activity_mbq=mbq, source_kind="IMAGE_HEADER", active=True)
    assert "no_event_uid" in flags(row)
    assert_says(dose.exam(case, "NM"), n_events=1, activity_total_mbq=mbq)


def test_activities_of_two_nuclides_are_not_added(dose: DoseLake) -> None:
    exam = dose.exam("two_nuclides", "NM")
    assert_says(exam, n_events=2, activity_total_mbq=None)
    assert "mixed_nuclide" in flags(exam)
    assert len(exam["radionuclide_codes"]) == 2
    assert "activity_out_of_range" in flags(dose.event(PHARMA, "two_nuclides", "2"))
    assert "activity_out_of_range" not in flags(dose.event(PHARMA, "two_nuclides", "1"))
