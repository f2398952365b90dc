import random
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from make.header_rows import (
    ENHANCED_CT,
    RF,
    STUDY,
    TOMO,
    XA,
    ct,
    dx,
    mammogram,
    row,
    source,
)

from dicomlake.pipeline.dose.header_events import (
    FRAME_HEADER_COLUMNS,
    HEADER_COLUMNS,
    REFERENCE_HEADER_COLUMNS,
    HeaderReading,
    ct_slice_events,
    header_events,
)
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.dose_columns import EVENT_FLAGS

Row = dict[str, Any]


def only_ct(rows: list[Row], frames: list[Row] | None = None) -> Row:
    (event,) = header_events(rows, frames or []).ct_events
    return event


def only_xray(rows: list[Row], references: list[Row] | None = None) -> Row:
    (event,) = header_events(rows, [], references or []).xray_events
    return event


def test_every_column_that_is_read_is_a_column_of_its_table() -> None:
    for columns, table in (
        (HEADER_COLUMNS, "instances"),
        (FRAME_HEADER_COLUMNS, "frames"),
        (REFERENCE_HEADER_COLUMNS, "instance_references"),
    ):
        assert set(columns) <= set(TABLES[table].by_name)


def test_every_column_that_is_made_is_a_column_of_its_table() -> None:
    reading = header_events(
        [
            ct(0, toshiba_dlp=1.0, water_equivalent_diameter=250.0, contrast_bolus_agent="Iodine"),
            dx(0, filter_material=["ALUMINUM"], entrance_dose=1, view_position="AP"),
            mammogram(0, comments_on_radiation_dose="31 %"),
        ],
        [],
    )
    made = (
        ("ct_irradiation_events", reading.ct_events),
        ("xray_irradiation_events", reading.xray_events),
        ("xray_irradiation_event_filters", reading.xray_filters),
    )
    for table, events in made:
        assert events
        for event in events:
            names = {name for name in event if not name.startswith("_")}
            assert names <= set(TABLES[table].by_name)
            assert set(event.get("flags", ())) <= set(EVENT_FLAGS)
            assert None not in event.values() or table.endswith("filters")


# CT: which images are one event.


def test_reconstructions_that_share_an_event_uid_are_one_event() -> None:
    soft = [ct(k, series_instance_uid="1.2.3.5") for k in range(4)]
    sharp = [
        ct(k + 10, series_instance_uid="1.2.3.6", acquisition_number=2, slice_thickness=1.0)
        for k in range(4)
    ]
    event = only_ct(soft + sharp)
    assert event["irradiation_event_uid"] == "1.2.3.77"
    assert "no_event_uid" not in event["flags"]


def test_an_image_of_several_events_is_of_each_and_decides_the_values_of_none() -> None:
    rows = [
        ct(0, irradiation_event_uid=["1.1"], ctdivol=8.0),
        ct(1, irradiation_event_uid=["1.2"], ctdivol=10.0),
        ct(2, irradiation_event_uid=["1.1", "1.2"], ctdivol=18.0),
    ]
    first, second = header_events(rows, []).ct_events
    assert (first["irradiation_event_uid"], first["ctdivol_mgy"]) == ("1.1", 8.0)
    assert (second["irradiation_event_uid"], second["ctdivol_mgy"]) == ("1.2", 10.0)


def test_images_that_are_all_of_two_events_give_neither_their_length() -> None:
    rows = [ct(k, irradiation_event_uid=["1.1", "1.2"]) for k in range(4)]
    for event in header_events(rows, []).ct_events:
        assert event["ctdivol_mgy"] == 8.0
        assert not {"scanning_length_mm", "dlp_estimated_mgy_cm"} & event.keys()


def test_without_uid_an_event_is_number_time_and_voltage() -> None:
    def image(k: int, number: int, minute: int, kvp: float) -> Row:
        return ct(k, irradiation_event_uid=None, acquisition_number=number,
                  acquisition_time=time(10, minute), kvp=kvp)  # fmt: skip

    rows = [
        image(0, 1, 0, 120), image(1, 1, 0, 120),
        image(2, 2, 0, 120),
        image(3, 1, 1, 120),
        image(4, 1, 0, 80),
    ]  # fmt: skip
    events = header_events(rows, []).ct_events
    assert len(events) == 4
    assert all("no_event_uid" in event["flags"] for event in events)
    assert all(event["irradiation_event_uid"].startswith("2.25.") for event in events)


def test_acquisition_datetime_stands_before_date_and_time_and_both_are_one_key() -> None:
    at = datetime(2024, 1, 15, 10, 15, 30)
    with_datetime = ct(0, irradiation_event_uid=None, acquisition_date_time=at,
                       acquisition_time=time(11))  # fmt: skip
    with_offset = ct(1, irradiation_event_uid=None, acquisition_date=None,
                     acquisition_date_time=at - timedelta(hours=1),
                     acquisition_date_time_offset_minutes=60)  # fmt: skip
    with_time = ct(2, irradiation_event_uid=None)
    assert len(header_events([with_datetime, with_offset, with_time], []).ct_events) == 1


def test_with_neither_number_nor_time_an_instance_is_its_own_event() -> None:
    nothing: Row = {
        "irradiation_event_uid": None, "acquisition_number": None, "acquisition_time": None,
    }  # fmt: skip
    assert len(header_events([ct(k, **nothing) for k in range(3)], []).ct_events) == 3


def test_an_image_without_uid_is_of_the_event_of_its_acquisition_that_has_one() -> None:
    event = only_ct([ct(0), ct(1, irradiation_event_uid=None), ct(2, irradiation_event_uid=[])])
    assert event["irradiation_event_uid"] == "1.2.3.77"
    assert event["scanning_length_mm"] == 7.5


def test_a_localizer_is_never_one_event_with_slices() -> None:
    scout = ct(0, irradiation_event_uid=None, image_type=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    rows = [scout, ct(1, irradiation_event_uid=None)]
    kinds = {event["acquisition_type_code"] for event in header_events(rows, []).ct_events}
    assert kinds == {"113805", "116152004"}


def test_derived_uids_depend_on_study_and_acquisition_alone() -> None:
    rows = [ct(k, irradiation_event_uid=None) for k in range(3)]
    one = only_ct(rows)["irradiation_event_uid"]
    assert only_ct(rows[1:])["irradiation_event_uid"] == one
    other = [each | {"study_instance_uid": "9.9"} for each in rows]
    assert only_ct(other)["irradiation_event_uid"] != one


# CT: values.


def test_only_original_images_count_for_ctdivol() -> None:
    rows = [
        ct(0, ctdivol=8.0),
        ct(1, ctdivol=9.0),
        ct(2, ctdivol=99.0, image_type=["DERIVED", "SECONDARY", "MPR"]),
    ]
    event = only_ct(rows)
    assert event["ctdivol_mgy"] == 8.5
    assert "several_values" in event["flags"]
    assert event["scanning_length_mm"] == 5.0


def test_derived_images_alone_give_an_event_without_dose_and_reformats_give_none() -> None:
    derived = ct(0, image_type=["DERIVED", "PRIMARY", "AXIAL"], irradiation_event_uid=None)
    event = only_ct([derived])
    assert "ctdivol_mgy" not in event
    assert "scanning_length_mm" not in event
    reformat = ct(0, image_type=["DERIVED", "SECONDARY", "MPR"], irradiation_event_uid=None)
    assert header_events([reformat], []).ct_events == ()


def test_current_is_mean_and_maximum_over_images_and_microamperes_are_converted() -> None:
    rows = [ct(0, x_ray_tube_current=200.0), ct(1, x_ray_tube_current=300.0)]
    assert [only_ct(rows)[name] for name in ("ma_mean", "ma_max")] == [250.0, 300.0]
    small = only_ct([ct(0, x_ray_tube_current=None, x_ray_tube_current_inu_a=250_500.0)])
    assert small["ma_mean"] == 250.5
    assert small["raw_quantities"] == {"ma_mean": "250500 uA"}


def test_kvp_is_null_where_tubes_differ_and_the_list_has_both() -> None:
    event = only_ct([ct(0, kvp=80.0), ct(1, kvp=140.0), ct(2, kvp=0.0)])
    assert "kvp" not in event
    assert event["kvp_list"] == [80.0, 140.0]


def test_exposure_time_of_images_is_not_that_of_the_event() -> None:
    assert "exposure_time_s" not in only_ct([ct(0)])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"acquisition_type": "SPIRAL"}, "116152004"),
        ({"acquisition_type": "SEQUENCED"}, "113804"),
        ({"acquisition_type": "CONSTANT_ANGLE"}, "113805"),
        ({"acquisition_type": "STATIONARY"}, "113806"),
        ({"acquisition_type": "FREE"}, "113807"),
        ({"acquisition_type": None, "scan_options": ["HELICAL MODE"]}, "116152004"),
        ({"acquisition_type": None, "scan_options": ["HELIX"]}, "116152004"),
        ({"acquisition_type": None, "scan_options": ["AXIAL MODE"]}, "113804"),
        ({"acquisition_type": None, "scan_options": ["SURVIEW"]}, "113805"),
        ({"acquisition_type": None, "scan_options": ["CINE MODE"]}, "113806"),
        ({"acquisition_type": None, "image_type": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "113805"),
        ({"acquisition_type": "SPIRAL", "image_type": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
         "113805"),
        ({"acquisition_type": None, "scan_options": ["TILTED"]}, None),
    ],
)  # fmt: skip
def test_acquisition_types_are_mapped_to_codes(values: Row, code: str | None) -> None:
    assert only_ct([ct(0, **values)]).get("acquisition_type_code") == code


@pytest.mark.parametrize(("code", "cm"), [("113690", 16), ("113691", 32), ("113682", None)])
def test_the_phantom_is_known_by_its_code(code: str, cm: int | None) -> None:
    event = only_ct([ct(0, ctdi_phantom_type_code_value=code)])
    assert (event["phantom_code"], event.get("phantom_cm")) == (code, cm)


def test_phantoms_that_differ_within_an_event_are_none() -> None:
    event = only_ct([ct(0), ct(1, ctdi_phantom_type_code_value="113690")])
    assert "phantom_cm" not in event


def test_length_and_dlp_are_estimates_in_columns_of_their_own() -> None:
    event = only_ct([ct(k) for k in range(5)])
    assert event["scanning_length_mm"] == 12.5
    assert event["dlp_estimated_mgy_cm"] == pytest.approx(10.0)
    assert "dlp_mgy_cm" not in event
    assert "estimated_length" in event["flags"]


def test_a_localizer_has_neither_length_nor_estimate() -> None:
    event = only_ct([ct(0, acquisition_type="CONSTANT_ANGLE")])
    assert "scanning_length_mm" not in event
    assert "dlp_estimated_mgy_cm" not in event


def test_reconstructions_of_other_thickness_do_not_add_to_the_length() -> None:
    thick = [ct(k, slice_thickness=5.0, image_position_patient=[0, 0, 5.0 * k]) for k in range(4)]
    thin = [
        ct(10 + k, slice_thickness=1.0, image_position_patient=[0, 0, -2.0 + k]) for k in range(20)
    ]
    assert only_ct(thick + thin)["scanning_length_mm"] == 20.0


def test_sagittal_images_say_nothing_of_the_length() -> None:
    event = only_ct([ct(0, image_orientation_patient=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0])])
    assert "scanning_length_mm" not in event


def test_null_stays_null_and_zero_stays_zero() -> None:
    nothing = only_ct([ct(0, ctdivol=None, x_ray_tube_current=None, kvp=None)])
    assert not {"ctdivol_mgy", "ma_mean", "kvp", "dlp_estimated_mgy_cm"} & nothing.keys()
    assert only_ct([ct(0, ctdivol=0.0)])["ctdivol_mgy"] == 0.0


def test_toshiba_private_values_fill_what_is_absent() -> None:
    event = only_ct(
        [
            ct(k, ctdivol=None, toshiba_ctdivol=12.5, toshiba_dlp=456.25,
               toshiba_pitch_factor=0.8125, toshiba_detector_slice_thickness=0.5,
               toshiba_detector_rows="0" * 24 + "1" * 16 + "0" * 24)
            for k in range(3)
        ]
    )  # fmt: skip
    wanted = {
        "ctdivol_mgy": 12.5, "dlp_mgy_cm": 456.25, "pitch": 0.8125,
        "single_collimation_mm": 0.5, "total_collimation_mm": 8.0,
    }  # fmt: skip
    assert {name: event[name] for name in wanted} == wanted
    assert "dlp_estimated_mgy_cm" not in event


def test_a_collimation_wider_than_any_detector_is_flagged() -> None:
    flagged = only_ct([ct(0, total_collimation_width=560.0)])
    assert "collimation_out_of_range" in flagged["flags"]
    assert (
        "collimation_out_of_range" not in only_ct([ct(0, total_collimation_width=160.0)])["flags"]
    )


def test_a_contrast_agent_tells_the_context_and_its_absence_tells_nothing() -> None:
    assert only_ct([ct(0, contrast_bolus_agent="X")])["procedure_context_code"] == "27483000"
    assert "procedure_context_code" not in only_ct([ct(0)])
    assert "procedure_context_code" not in only_ct([ct(0, contrast_bolus_agent="NONE")])


def test_a_dose_screen_is_no_image_of_an_event() -> None:
    items: Row = {"exposure_dose_ctdivol": [8.0, None]}
    screen = ct(0, image_type=["DERIVED", "SECONDARY"], **items)
    assert header_events([screen], []).ct_events == ()
    assert only_ct([ct(0, **items)])["ctdivol_mgy"] == 8.0


def test_start_is_the_earliest_with_its_offset() -> None:
    rows = [
        ct(0, acquisition_date_time=datetime(2024, 1, 15, 9, 0),
           acquisition_date_time_offset_minutes=60),
        ct(1, acquisition_date_time=datetime(2024, 1, 15, 8, 59),
           acquisition_date_time_offset_minutes=60),
    ]  # fmt: skip
    event = only_ct(rows)
    assert event["event_start"] == datetime(2024, 1, 15, 8, 59)
    assert event["event_start_offset_minutes"] == 60
    dateless = only_ct([ct(0, acquisition_date=None)])
    assert "event_start" not in dateless


# Enhanced CT.


def enhanced(frames: list[Row], **values: Any) -> HeaderReading:
    image = row("5.5", ENHANCED_CT, "CT", image_type=["ORIGINAL", "PRIMARY"], **values)
    for number, frame in enumerate(frames, 1):
        frame |= {"sop_instance_uid": "5.5", "frame_number": number}
    return header_events([image], frames)


def test_frames_of_enhanced_ct_tell_their_own_events() -> None:
    frames = [
        {"irradiation_event_uid": [f"1.{k % 2}"], "ctdivol": 9.0 + k % 2, "kvp": 100.0,
         "x_ray_tube_current_inm_a": 210.0, "acquisition_type": "SPIRAL",
         "ctdi_phantom_type_code_value": "113691", "ctdi_phantom_type_code_scheme": "DCM",
         "slice_thickness": 3.0, "image_position_patient": [0.0, 0.0, 3.0 * k],
         "image_orientation_patient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
         "frame_type": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]}
        for k in range(6)
    ]  # fmt: skip
    first, second = enhanced(frames).ct_events
    assert (first["irradiation_event_uid"], first["ctdivol_mgy"]) == ("1.0", 9.0)
    assert (second["irradiation_event_uid"], second["ctdivol_mgy"]) == ("1.1", 10.0)
    assert (first["ma_mean"], first["kvp"], first["phantom_cm"]) == (210.0, 100.0, 32)
    assert first["scanning_length_mm"] == 15.0


def test_frames_without_uid_are_told_apart_by_their_acquisition_number() -> None:
    frames = [{"frame_acquisition_number": number, "ctdivol": 9.0} for number in (1, 1, 2)]
    assert len(enhanced(frames).ct_events) == 2


def test_an_event_of_frames_starts_with_its_own_frames() -> None:
    frames = [
        {"irradiation_event_uid": [f"1.{k}"], "ctdivol": 9.0,
         "frame_acquisition_date_time": datetime(2024, 1, 15, 10, 5 + k)}
        for k in range(2)
    ]  # fmt: skip
    reading = enhanced(frames, acquisition_date_time=datetime(2024, 1, 15, 10, 0))
    assert [event["event_start"].minute for event in reading.ct_events] == [5, 6]


def test_derived_frames_of_enhanced_ct_do_not_count() -> None:
    frames = [
        {"irradiation_event_uid": ["1.1"], "ctdivol": 9.0, "frame_type": ["ORIGINAL"]},
        {"irradiation_event_uid": ["1.1"], "ctdivol": 99.0, "frame_type": ["DERIVED"]},
    ]
    (event,) = enhanced(frames, acquisition_number=1).ct_events
    assert event["ctdivol_mgy"] == 9.0


def test_frames_with_neither_uid_number_nor_time_are_one_event_of_their_instance() -> None:
    assert len(enhanced([{"ctdivol": 9.0}, {"ctdivol": 9.0}]).ct_events) == 1


def test_slices_are_found_in_their_events_by_instance_and_frame() -> None:
    frames = [{"sop_instance_uid": "5.5", "frame_number": n, "irradiation_event_uid": [f"1.{n}"]}
              for n in (1, 2)]  # fmt: skip
    image = row("5.5", ENHANCED_CT, "CT")
    found = ct_slice_events([image, ct(0)], frames)
    assert found == {
        ("5.5", 1): ("1.1",), ("5.5", 2): ("1.2",), (f"{STUDY}.2.0", 1): ("1.2.3.77",),
    }  # fmt: skip


# Projection: which images are one event, and its dose.


def test_kap_is_repeated_in_the_images_of_an_event_and_never_summed() -> None:
    rows = [dx(k, irradiation_event_uid=["1.1"]) for k in range(3)]
    event = only_xray(rows)
    assert event["kap_gy_cm2"] == pytest.approx(0.125)
    assert event["raw_quantities"] == {"kap_gy_cm2": "1.25 dGy.cm2"}
    assert event["image_sop_instance_uids"] == [f"{STUDY}.3.{k}" for k in range(3)]
    assert event["flags"] == []


def test_images_of_an_event_that_differ_in_kap_are_flagged_and_the_commonest_counts() -> None:
    rows = [dx(k, irradiation_event_uid=["1.1"]) for k in range(3)]
    rows[0]["image_and_fluoroscopy_area_dose_product"] = 5.0
    event = only_xray(rows)
    assert event["kap_gy_cm2"] == pytest.approx(0.125)
    assert event["flags"] == ["conflict"]


def test_the_kap_of_an_image_of_two_events_is_that_of_neither() -> None:
    events = header_events([dx(0, irradiation_event_uid=["1.1", "1.2"])], []).xray_events
    assert len(events) == 2
    assert not any("kap_gy_cm2" in event for event in events)


def test_kap_of_zero_stays_zero_and_absent_stays_null() -> None:
    assert only_xray([dx(0, image_and_fluoroscopy_area_dose_product=0.0)])["kap_gy_cm2"] == 0.0
    assert "kap_gy_cm2" not in only_xray([dx(0, image_and_fluoroscopy_area_dose_product=None)])


def test_radiographs_without_uid_are_told_apart_by_time() -> None:
    assert len(header_events([dx(0), dx(1)], []).xray_events) == 2
    same = [dx(0), dx(1, acquisition_date_time=dx(0)["acquisition_date_time"])]
    assert len(header_events(same, []).xray_events) == 1


def test_a_number_alone_does_not_make_radiographs_of_two_views_one_event() -> None:
    rows = [
        dx(k, acquisition_date_time=None, acquisition_number=1, view_position=view)
        for k, view in enumerate(("AP", "LL"))
    ]
    assert len(header_events(rows, []).xray_events) == 2


@pytest.mark.parametrize(
    ("values", "mas"),
    [
        ({"exposure_inu_as": 6400.0, "exposure": 6.0}, 6.4),
        ({"exposure_inm_as": 5.5, "exposure": 6.0}, 5.5),
        ({"exposure": 6.0}, 6.0),
    ],
)
def test_exposure_is_taken_from_the_finest_attribute_in_mas(values: Row, mas: float) -> None:
    assert only_xray([dx(0, **values)])["exposure_mas"] == pytest.approx(mas)


def test_entrance_dose_in_mgy_stands_before_that_in_dgy() -> None:
    both = only_xray([dx(0, entrance_dose_inm_gy=5.1, entrance_dose=0)])
    assert both["entrance_exposure_mgy"] == 5.1
    coarse = only_xray([dx(0, entrance_dose=2)])
    assert coarse["entrance_exposure_mgy"] == 200.0
    assert coarse["raw_quantities"]["entrance_exposure_mgy"] == "2 dGy"


def test_filters_are_rows_with_codes_in_their_order() -> None:
    image = dx(0, filter_type="FLAT", filter_material=["ALUMINUM", "COPPER"],
               filter_thickness_minimum=[1.0, 0.1], filter_thickness_maximum=[1.0])  # fmt: skip
    first, second = header_events([image], []).xray_filters
    assert (first["filter_number"], first["filter_material_code"]) == (1, "12503006")
    assert (second["filter_number"], second["filter_material_code"]) == (2, "66925006")
    assert (second["thickness_minimum_mm"], second.get("thickness_maximum_mm")) == (0.1, None)
    assert first["filter_type_code"] == "113653"


def test_planes_of_a_biplane_unit_are_two_events() -> None:
    rows = [
        row(f"7.{plane}", XA, "XA", acquisition_number=1, kvp=70.0,
            acquisition_date_time=datetime(2024, 1, 15, 10), distance_source_to_patient=810.0,
            image_type=["ORIGINAL", "PRIMARY", f"BIPLANE {plane}"])
        for plane in "AB"
    ]  # fmt: skip
    first, second = sorted(header_events(rows, []).xray_events, key=lambda e: e["plane_code"])
    assert (first["plane_code"], second["plane_code"]) == ("113620", "113621")
    assert first["source_isocenter_mm"] == 810.0
    assert "event_type_code" not in first


def test_a_positioner_that_turns_makes_a_rotational_acquisition() -> None:
    image = row("7.1", XA, "XA", acquisition_date_time=datetime(2024, 1, 15, 10))
    frames = [
        {"sop_instance_uid": "7.1", "frame_number": n, "positioner_primary_angle": angle}
        for n, angle in ((3, 90.0), (1, -90.0), (2, 0.0))
    ]
    (event,) = header_events([image], frames).xray_events
    assert event["event_type_code"] == "113613"
    assert (event["primary_angle_deg"], event["primary_end_angle_deg"]) == (-90.0, 90.0)


def test_frames_of_enhanced_xa_tell_the_event_of_their_image() -> None:
    image = row("7.1", "1.2.840.10008.5.1.4.1.1.12.1.1", "XA",
                image_and_fluoroscopy_area_dose_product=12.3)  # fmt: skip
    frames = [
        {"sop_instance_uid": "7.1", "frame_number": n, "irradiation_event_uid": ["1.1"],
         "kvp": 70.0, "x_ray_tube_current_inm_a": 300.0 + 100 * n}
        for n in (1, 2)
    ]  # fmt: skip
    (event,) = header_events([image], frames).xray_events
    assert (event["irradiation_event_uid"], event["flags"]) == ("1.1", [])
    assert (event["kap_gy_cm2"], event["kvp"], event["ma"]) == (1.23, 70.0, 450.0)


def test_whether_rf_is_fluoroscopy_is_not_guessed() -> None:
    event = only_xray([row("7.1", RF, "RF", acquisition_number=1)])
    assert "event_type_code" not in event


def test_captures_without_dose_are_no_event() -> None:
    capture = dx(0, image_type=["DERIVED", "SECONDARY"],
                 image_and_fluoroscopy_area_dose_product=None)  # fmt: skip
    assert header_events([capture], []).xray_events == ()


# Mammography.


def test_organ_dose_is_in_dgy() -> None:
    event = only_xray([mammogram(0)])
    assert event["agd_mgy"] == 1.373
    assert event["raw_quantities"] == {"agd_mgy": "0.01373 dGy"}
    assert event["_modality"] == "MG"
    assert event["event_type_code"] == "113611"


def test_organ_dose_of_what_is_no_breast_is_no_glandular_dose() -> None:
    assert "agd_mgy" not in only_xray([dx(0, organ_dose=0.01)])


@pytest.mark.parametrize(
    ("values", "side"),
    [
        ({"image_laterality": "R", "laterality": "L"}, "R"),
        ({"image_laterality": None, "laterality": "L"}, "L"),
        ({"image_laterality": None, "laterality": None}, None),
        ({"image_laterality": "LEFT", "laterality": None}, None),
    ],
)
def test_laterality_is_of_the_image_then_of_the_series(values: Row, side: str | None) -> None:
    assert only_xray([mammogram(0, **values)]).get("laterality") == side


def test_laterality_is_of_the_frames_last() -> None:
    image = mammogram(0, image_laterality=None, sop_class_uid=TOMO)
    frame = {"sop_instance_uid": image["sop_instance_uid"], "frame_number": 1,
             "frame_laterality": "R"}  # fmt: skip
    (event,) = header_events([image], [frame]).xray_events
    assert event["laterality"] == "R"
    assert event["event_type_code"] == "113613"


def test_a_pair_is_one_event_by_uid() -> None:
    assert only_xray([mammogram(k, irradiation_event_uid=["1.1"]) for k in range(2)])


def test_a_pair_without_uid_is_one_event_by_its_source_image() -> None:
    raw, shown = mammogram(0), mammogram(1)
    event = only_xray([shown, raw], [source(shown, raw["sop_instance_uid"])])
    assert event["image_sop_instance_uids"] == sorted(
        each["sop_instance_uid"] for each in (raw, shown)
    )
    assert len(header_events([shown, raw], []).xray_events) == 2


def test_images_of_one_absent_source_are_one_event() -> None:
    rows = [mammogram(0), mammogram(1)]
    assert only_xray(rows, [source(each, "9.9.9") for each in rows])


def test_a_pair_without_uid_and_source_is_one_event_by_time_side_and_view() -> None:
    at = datetime(2024, 1, 15, 10)
    assert only_xray([mammogram(k, acquisition_date_time=at) for k in range(2)])
    sides = [
        mammogram(k, acquisition_date_time=at, image_laterality=side) for k, side in enumerate("LR")
    ]
    assert len(header_events(sides, []).xray_events) == 2


def test_a_view_is_the_same_as_code_and_as_word() -> None:
    at = datetime(2024, 1, 15, 10)
    coded = mammogram(0, acquisition_date_time=at, view_position=None, view_code_value="R-10242",
                      view_code_scheme="SRT", view_code_meaning="cranio-caudal")  # fmt: skip
    event = only_xray([coded, mammogram(1, acquisition_date_time=at)])
    assert event["image_view_code"] == "399162004"


def test_an_image_without_uid_takes_that_of_its_source() -> None:
    raw, shown = mammogram(0, irradiation_event_uid=["1.1"]), mammogram(1)
    event = only_xray([raw, shown], [source(shown, raw["sop_instance_uid"])])
    assert event["irradiation_event_uid"] == "1.1"
    assert event["flags"] == []


def test_an_image_without_uid_takes_that_of_its_acquisition() -> None:
    at = datetime(2024, 1, 15, 10)
    raw = mammogram(0, acquisition_date_time=at, irradiation_event_uid=["1.1"])
    shown = mammogram(1, acquisition_date_time=at)
    assert only_xray([raw, shown])["irradiation_event_uid"] == "1.1"
    again = mammogram(2, acquisition_date_time=at, irradiation_event_uid=["1.2"])
    assert len(header_events([raw, shown, again], []).xray_events) == 3


def test_an_image_made_from_several_is_no_event_of_its_own() -> None:
    left, right = (
        mammogram(k, image_laterality=side, irradiation_event_uid=[f"1.{k}"])
        for k, side in enumerate("LR")
    )
    overview = mammogram(9, image_laterality=None)
    references = [source(overview, each["sop_instance_uid"]) for each in (left, right)]
    assert len(header_events([left, right, overview], [], references).xray_events) == 2


def test_images_that_name_each_other_as_source_are_one_event() -> None:
    one, other = mammogram(0), mammogram(1)
    references = [
        source(one, other["sop_instance_uid"]), source(other, one["sop_instance_uid"]),
    ]  # fmt: skip
    assert only_xray([one, other], references)


def test_a_comment_of_ge_is_the_glandularity() -> None:
    event = only_xray([mammogram(0, comments_on_radiation_dose="31 %")])
    assert event["breast_composition_percent"] == 31.0
    assert "comment" not in event


# All together.


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [
        *(ct(k, ctdivol=8.0 + k / 7, x_ray_tube_current=200 + k / 3) for k in range(9)),
        *(ct(20 + k, irradiation_event_uid=None, kvp=100.0) for k in range(4)),
        *(dx(k, image_and_fluoroscopy_area_dose_product=k / 3 + 0.1) for k in range(3)),
        *(mammogram(k) for k in range(4)),
    ]
    references = [source(mammogram(0), mammogram(1)["sop_instance_uid"])]
    wanted = header_events(rows, [], references)
    shuffler = random.Random(6)
    for _ in range(20):
        shuffled = rows[:]
        shuffler.shuffle(shuffled)
        assert header_events(shuffled, [], references) == wanted


def test_objects_without_dose_are_passed_over() -> None:
    report = row("8.8", "1.2.840.10008.5.1.4.1.1.88.67", "SR")
    mr = row("8.9", "1.2.840.10008.5.1.4.1.1.4", "MR")
    assert header_events([report, mr], []) == HeaderReading()


def test_devices_stand_beside_the_events() -> None:
    event = only_ct([ct(0, manufacturer="M", station_name="S"), ct(1, manufacturer="M")])
    assert event["_device"] == {"manufacturer": "M", "station_name": "S"}
