"""Exams: what is added, what is not, and what is said of it."""

from typing import Any

import pytest

from dicomlake.pipeline.dose.exams import Called, exams
from dicomlake.pipeline.dose.protocols import read_protocols
from dicomlake.pipeline.dose.study_dose import StudyDose

Row = dict[str, Any]
EVENT: Row = {"active": True, "flags": [], "device_key": "d", "source_kind": "RDSR"}
REPORT: Row = {
    "sop_instance_uid": "1", "status": "active", "source_kind": "RDSR", "device_key": "d",
    "flags": [],
}  # fmt: skip
FLUORO = "44491008"


def ct(dlp: float | None, phantom: int | None = 32, **more: Any) -> Row:
    return {**EVENT, "dlp_mgy_cm": dlp, "phantom_cm": phantom, **more}


def xray(**more: Any) -> Row:
    return {**EVENT, **more}


def ct_report(total: float | None, **more: Any) -> Row:
    return {**REPORT, "template": "10011", "dlp_total_reported_mgy_cm": total, **more}


def xray_report(**more: Any) -> Row:
    return {**REPORT, "template": "10001", **more}


def of(study: StudyDose, **more: Any) -> dict[str, Row]:
    rows = exams(study, {"is_patient": True}, protocols=read_protocols(""), facilities={}, **more)
    return {row["modality_group"]: row for row in rows}


def of_ct(*events: Row, reports: tuple[Row, ...] = ()) -> Row:
    return of(StudyDose("s", reports=reports, ct_events=events))["CT"]


def of_xray(*events: Row, reports: tuple[Row, ...] = (), **more: Any) -> dict[str, Row]:
    return of(StudyDose("s", reports=reports, xray_events=events, **more))


def test_totals_are_sums_of_active_events_and_null_where_none_has_a_value() -> None:
    row = of_ct(ct(10.0), ct(20.0), ct(500.0, active=False), ct(None))
    assert row["dlp_total_mgy_cm"] == 30.0
    assert row["n_events"] == 3
    assert of_ct(ct(None))["dlp_total_mgy_cm"] is None
    assert of_ct(ct(0.0))["dlp_total_mgy_cm"] == 0.0


def test_phantoms_are_added_apart_and_their_mixture_is_flagged() -> None:
    row = of_ct(ct(893.38, 16), ct(1109.01, 32), reports=(ct_report(2002.39),))
    assert row["dlp_head_phantom_mgy_cm"] == 893.38
    assert row["dlp_body_phantom_mgy_cm"] == 1109.01
    assert row["dlp_total_mgy_cm"] == pytest.approx(2002.39)
    assert row["flags"] == ["mixed_phantom"]
    assert row["reconciled"] is True


def test_an_unknown_phantom_is_in_the_total_alone() -> None:
    row = of_ct(ct(100.0, None), ct(50.0, 32))
    assert row["dlp_total_mgy_cm"] == 150.0
    assert (row["dlp_head_phantom_mgy_cm"], row["dlp_body_phantom_mgy_cm"]) == (None, 50.0)
    assert row["flags"] == ["phantom_unknown"]


def test_greatest_ctdivol_leaves_out_localizers_and_stationary_events() -> None:
    row = of_ct(
        ct(100.0, ctdivol_mgy=8.7),
        ct(17.0, ctdivol_mgy=176.0, acquisition_type_code="113806"),
        ct(5.0, ctdivol_mgy=30.0, acquisition_type_code="113805"),
    )
    assert row["ctdivol_max_body_mgy"] == 8.7
    assert (row["n_events_localizer"], row["n_events_stationary"]) == (1, 1)


def test_reported_totals_are_of_active_reports_and_of_two_that_continue_each_other_added() -> None:
    superseded = ct_report(100.0, status="superseded", sop_instance_uid="0")
    row = of_ct(ct(300.0), reports=(superseded, ct_report(300.0)))
    assert row["dlp_total_reported_mgy_cm"] == 300.0
    pair = (ct_report(100.0), ct_report(200.0, sop_instance_uid="2"))
    assert of_ct(ct(300.0), reports=pair)["dlp_total_reported_mgy_cm"] == 300.0


@pytest.mark.parametrize(
    ("reported", "summed", "reconciled"),
    [
        (100.0, 100.9, True),
        (100.0, 102.0, False),
        (0.50, 0.509, True),
        (0.50, 0.52, False),
        (None, 5.0, None),
        (5.0, None, None),
    ],
)
def test_reconciled_within_one_percent_or_a_hundredth(
    reported: float | None, summed: float | None, reconciled: bool | None
) -> None:
    row = of_ct(ct(summed), reports=(ct_report(reported),))
    assert row["reconciled"] is reconciled
    assert ("not_reconciled" in row["flags"]) is (reconciled is False)


def test_a_reported_zero_beside_events_that_say_otherwise_is_flagged() -> None:
    row = of_ct(ct(50.0), reports=(ct_report(0.0),))
    assert row["flags"] == ["not_reconciled", "total_zero_beside_events"]


def test_a_report_without_events_is_an_exam_with_its_totals() -> None:
    row = of_ct(reports=(ct_report(77.0),))
    assert (row["n_events"], row["dlp_total_reported_mgy_cm"]) == (0, 77.0)
    assert row["dlp_total_mgy_cm"] is None


def test_mammography_comes_first_also_where_it_rotates() -> None:
    groups = of_xray(xray(agd_mgy=1.5, laterality="L", event_type_code="113613"))
    assert list(groups) == ["MG"]
    modalities = {"d": frozenset({"MG"})}
    assert list(of_xray(xray(kap_gy_cm2=1.0), modalities=modalities)) == ["MG"]
    procedure = xray_report(procedure_code="71651007")
    assert list(of_xray(xray(), reports=(procedure,))) == ["MG"]


@pytest.mark.parametrize("code", [FLUORO, "113612", "113613"])
def test_moving_events_are_rf(code: str) -> None:
    assert list(of_xray(xray(event_type_code=code), xray(event_type_code="113611"))) == ["RF"]


def test_fluoroscopy_time_or_modality_make_rf_and_all_else_is_dx() -> None:
    timed = xray_report(fluoro_time_plane_a_s=3.0)
    still = xray_report(fluoro_time_plane_a_s=0.0)
    assert list(of_xray(xray(event_type_code="113611"), reports=(timed,))) == ["RF"]
    assert list(of_xray(xray(event_type_code="113611"), reports=(still,))) == ["DX"]
    assert list(of_xray(xray(), modalities={"d": frozenset({"XA"})})) == ["RF"]
    assert list(of_xray(xray(), modalities={"d": frozenset({"CR"})})) == ["DX"]


def test_two_machines_of_a_study_are_two_exams_and_a_dual_one_is_one() -> None:
    still = xray(kap_gy_cm2=1.0, event_type_code="113611")
    moving = xray(kap_gy_cm2=2.0, event_type_code=FLUORO)
    assert list(of_xray(still, moving)) == ["RF"]
    groups = of_xray(still, moving | {"device_key": "e"})
    assert {name: row["kap_total_gy_cm2"] for name, row in groups.items()} == {"DX": 1.0, "RF": 2.0}


def test_kap_of_two_planes_is_added_kerma_and_time_are_not() -> None:
    report = xray_report(
        kap_total_plane_a_gy_cm2=3.0, kap_total_plane_b_gy_cm2=4.0,
        fluoro_time_plane_a_s=60.0, fluoro_time_plane_b_s=30.0,
        ka_r_total_plane_a_mgy=11.0, ka_r_total_plane_b_mgy=12.0,
    )  # fmt: skip
    row = of_xray(
        xray(kap_gy_cm2=3.0, ka_r_mgy=10.0, plane_code="113620", event_type_code=FLUORO),
        xray(kap_gy_cm2=4.0, ka_r_mgy=12.0, plane_code="113621", event_type_code=FLUORO),
        reports=(report,),
    )["RF"]
    assert (row["kap_total_gy_cm2"], row["kap_total_reported_gy_cm2"]) == (7.0, 7.0)
    assert row.get("ka_r_total_mgy") is row.get("ka_r_total_reported_mgy") is None
    assert row.get("fluoro_time_s") is None
    assert (row["ka_r_plane_a_mgy"], row["ka_r_plane_b_mgy"]) == (10.0, 12.0)
    assert (row["fluoro_time_plane_a_s"], row["fluoro_time_plane_b_s"]) == (60.0, 30.0)
    assert row["flags"] == ["biplane"]


def test_a_second_plane_that_stood_still_is_none() -> None:
    report = xray_report(ka_r_total_plane_a_mgy=5.0, ka_r_total_plane_b_mgy=0.0)
    row = of_xray(xray(ka_r_mgy=5.0, plane_code="113622"), reports=(report,))["DX"]
    assert row["ka_r_total_reported_mgy"] == row["ka_r_total_mgy"] == 5.0
    assert row["flags"] == []


def test_fluoroscopy_and_other_exposures_are_kept_apart() -> None:
    row = of_xray(
        xray(kap_gy_cm2=1.0, ka_r_mgy=2.0, event_type_code=FLUORO, irradiation_duration_s=4.0),
        xray(kap_gy_cm2=10.0, ka_r_mgy=20.0, event_type_code="113611"),
    )["RF"]
    assert (row["kap_fluoro_gy_cm2"], row["kap_acquisition_gy_cm2"]) == (1.0, 10.0)
    assert (row["ka_r_fluoro_mgy"], row["ka_r_acquisition_mgy"]) == (2.0, 20.0)
    assert (row["n_events_fluoroscopy"], row["n_events_acquisition"]) == (1, 1)
    assert row["fluoro_time_s"] == 4.0


def test_glandular_dose_is_added_by_side() -> None:
    report = xray_report(agd_left_reported_mgy=3.0, agd_right_reported_mgy=1.5)
    row = of_xray(
        xray(agd_mgy=1.0, laterality="L"),
        xray(agd_mgy=2.0, laterality="L"),
        xray(agd_mgy=1.5, laterality="R"),
        xray(agd_mgy=9.0, laterality="B"),
        reports=(report,),
    )["MG"]
    assert (row["agd_left_mgy"], row["agd_right_mgy"]) == (3.0, 1.5)
    assert (row["agd_left_reported_mgy"], row["reconciled"]) == (3.0, True)


def given(activity: float | None, nuclide: str | None) -> Row:
    return {**EVENT, "administered_activity_mbq": activity, "radionuclide_code": nuclide}


def test_activities_of_several_nuclides_are_not_added() -> None:
    one = of(StudyDose("s", administrations=(given(10.0, "a"), given(20.0, "a"))))["NM"]
    assert (one["activity_total_mbq"], one["radionuclide_codes"]) == (30.0, ["a"])
    two = of(StudyDose("s", administrations=(given(10.0, "b"), given(20.0, "a"))))["NM"]
    assert two["activity_total_mbq"] is None
    assert (two["radionuclide_codes"], two["flags"]) == (["a", "b"], ["mixed_nuclide"])


def test_flags_tell_of_events_and_devices() -> None:
    row = of_ct(
        ct(1.0, flags=["conflict"]),
        ct(2.0, device_key="e"),
        ct(4.0, active=False, flags=["unmatched_header_event"]),
    )
    assert row["flags"] == ["conflict", "event_flags", "mixed_device", "unmatched_header_events"]
    assert row["dlp_total_mgy_cm"] == 3.0


def test_the_protocol_is_the_commonest_of_scans_else_the_description_of_the_study() -> None:
    topogram = ct(1.0, acquisition_protocol="Topogram", acquisition_type_code="113805")
    row = of_ct(topogram, topogram, ct(2.0, acquisition_protocol="Thorax"))
    assert row["protocol"] == "Thorax"
    none = of(StudyDose("s", ct_events=(ct(1.0),)), called=Called("CT Chest"))["CT"]
    assert none["protocol"] == "CT Chest"


def test_the_order_of_events_changes_nothing() -> None:
    events = [ct(0.1 * n, 16 if n % 2 else 32, acquisition_protocol=f"p{n % 3}") for n in range(9)]
    assert of_ct(*events) == of_ct(*events[::-1])
