"""`xray_irradiation_events`: projection X-ray events: radiography, fluoroscopy, mammography."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import OneOf
from dicomlake.schemas.column import Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import (
    EVENT_END,
    coded_columns,
    irradiation_event,
    number,
    numbers,
    text,
)

_EVENT = (
    *irradiation_event("the event"),
    *coded_columns("event_type", "the kind of event, such as fluoroscopy"),
    *coded_columns("plane", "the plane"),
    text("acquisition_protocol", "Name of the acquisition protocol."),
    *coded_columns("target_region", "the region of the body"),
    *coded_columns("anatomical_structure", "the anatomical structure"),
    Column("laterality", pa.string(), "Side: left, right, both, unpaired.",
           checks=(OneOf(("L", "R", "B", "U")),)),
    *coded_columns("image_view", "the view"),
    text("comment", "Comment on the event.", Privacy.FREE_TEXT),
)

_DOSE = (
    number("kap_gy_cm2", "Kerma-area product (dose-area product).", "Gy cm2"),
    number("ka_r_mgy", "Air kerma at the reference point.", "mGy"),
    *coded_columns("reference_point", "the reference point"),
    number("agd_mgy", "Average glandular dose of the breast.", "mGy"),
    number("entrance_exposure_mgy", "Entrance exposure at the reference point.", "mGy"),
    number("exposure_index", "Exposure index (IEC 62494-1)."),
    number("target_exposure_index", "Target exposure index."),
    number("deviation_index", "Deviation index."),
)

_TECHNIQUE = (
    number("kvp", "Peak voltage; mean of those that are not 0.", "kV"),
    numbers("kvp_list", "Peak voltages of all pulses.", "kV"),
    number("ma", "Tube current; mean of those that are not 0.", "mA"),
    numbers("ma_list", "Tube currents of all pulses.", "mA"),
    number("ma_average", "Average tube current.", "mA"),
    number("exposure_time_ms", "Exposure time.", "ms"),
    number("exposure_mas", "Tube current times time; of all pulses.", "mA s"),
    numbers("exposure_mas_list", "Tube current times time of all pulses.", "mA s"),
    *coded_columns("fluoro_mode", "the fluoroscopy mode"),
    Column("n_pulses", pa.float64(), "Pulses of the event."),
    number("pulse_rate_hz", "Pulses a second.", "1/s"),
    number("pulse_width_ms", "Width of a pulse; mean of those that are not 0.", "ms"),
    numbers("pulse_width_ms_list", "Widths of all pulses.", "ms"),
    number("irradiation_duration_s", "Time from the first X-rays to the last.", "s"),
    number("focal_spot_mm", "Size of the focal spot.", "mm"),
    text("grid", "Grid."),
    text("anode", "Material of the anode."),
)

_GEOMETRY = (
    number("primary_angle_deg", "Primary angle of the positioner.", "degree"),
    number("secondary_angle_deg", "Secondary angle of the positioner.", "degree"),
    number("primary_end_angle_deg", "Primary angle at the end.", "degree"),
    number("secondary_end_angle_deg", "Secondary angle at the end.", "degree"),
    number("column_angulation_deg", "Angulation of the column.", "degree"),
    number("source_isocenter_mm", "Distance from source to isocentre.", "mm"),
    number("source_detector_mm", "Distance from source to detector.", "mm"),
    number("source_reference_point_mm", "Distance from source to reference point.", "mm"),
    number("source_patient_mm", "Distance from source to patient.", "mm"),
    number("collimated_height_mm", "Height of the collimated field.", "mm"),
    number("collimated_width_mm", "Width of the collimated field.", "mm"),
    number("collimated_area_m2", "Area of the collimated field.", "m2"),
    number("table_longitudinal_mm", "Longitudinal position of the table.", "mm"),
    number("table_lateral_mm", "Lateral position of the table.", "mm"),
    number("table_height_mm", "Height of the table.", "mm"),
    number("table_head_tilt_deg", "Head tilt of the table.", "degree"),
    number("table_horizontal_rotation_deg", "Horizontal rotation of the table.", "degree"),
    number("table_cradle_tilt_deg", "Cradle tilt of the table.", "degree"),
    *coded_columns("patient_table_relationship", "how the patient lies on the table"),
    *coded_columns("patient_orientation", "the orientation of the patient"),
    *coded_columns("patient_orientation_modifier", "its modifier"),
)

_BREAST = (
    number("compression_thickness_mm", "Thickness of the compressed breast.", "mm"),
    number("compression_force_n", "Force of compression.", "N"),
    number("hvl_mm", "Half value layer.", "mm"),
    number("breast_composition_percent", "Glandularity of the breast.", "%"),
    number("equivalent_thickness_mm", "Equivalent thickness of the breast.", "mm"),
)

XRAY_IRRADIATION_EVENTS: Final = Table(
    name="xray_irradiation_events",
    description=(
        "One row per projection X-ray irradiation event of a study, from its best source. An event "
        "that does not count in totals has `active` false and says why in `flags`."
    ),
    grain="projection X-ray irradiation event of a study",
    key=("study_instance_uid", "irradiation_event_uid"),
    columns=brought_by(
        3,
        *_EVENT,
        *_DOSE,
        *_TECHNIQUE,
        *_GEOMETRY,
        *_BREAST,
        Column("image_sop_instance_uids", pa.list_(pa.string()), "Images acquired in the event.",
               privacy=Privacy.UID),
        *EVENT_END,
    ),
)
