"""Projection X-ray dose reports: TID 10001, totals (10002, 10004 to 10007), events (10003).

Radiography, fluoroscopy, angiography and mammography. Totals are per plane: those of a single
plane stand under plane A.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dicomlake.pipeline.dose import codes
from dicomlake.pipeline.dose.codes import Code, Row
from dicomlake.pipeline.dose.content import Node
from dicomlake.pipeline.dose.report_rows import RowMaker

XRAY_EVENT: Final = Code("DCM", "113706", "Irradiation Event X-Ray Data")
XRAY_ACCUMULATED: Final = Code("DCM", "113702", "Accumulated X-Ray Dose Data")
_PLANE: Final = Code("DCM", "113764", "Acquisition Plane")
_EVENT_TYPE: Final = Code("DCM", "113721", "Irradiation Event Type")
_ANATOMY: Final = Code("SCT", "91723000", "Anatomical Structure")
_IMAGE_VIEW: Final = Code("DCM", "111031", "Image View")
_REFERENCE_POINT: Final = Code("DCM", "113780", "Reference Point Definition")
_FLUORO_MODE: Final = Code("DCM", "113732", "Fluoro Mode")
_RETIRED_EXPOSURE_TIME: Final = Code("DCM", "113735", "Exposure Time")
_WRONG: Final = (_RETIRED_EXPOSURE_TIME, Code("DCM", "113632"))
_GRID: Final = Code("DCM", "111635", "X-Ray Grid")
_ANODES: Final = (
    Code("DCM", "111632", "Anode Target Material"),
    Code("DCM", "113632", "as Giotto writes it"),
)
_FILTERS: Final = Code("DCM", "113771", "X-Ray Filters")
_FILTER_TYPE: Final = Code("DCM", "113772", "X-Ray Filter Type")
_FILTER_MATERIAL: Final = Code("DCM", "113757", "X-Ray Filter Material")
_FILTER_MINIMUM: Final = Code("DCM", "113758", "X-Ray Filter Thickness Minimum")
_FILTER_MAXIMUM: Final = Code("DCM", "113773", "X-Ray Filter Thickness Maximum")
_ACQUIRED_IMAGE: Final = Code("DCM", "113795", "Acquired Image")
_TABLE_RELATIONSHIP: Final = Code("DCM", "113745", "Patient Table Relationship")
_ORIENTATION: Final = Code("DCM", "113743", "Patient Orientation")
_ORIENTATION_MODIFIER: Final = Code("DCM", "113744", "Patient Orientation Modifier")
_BREAST_DOSE_TOTAL: Final = Code("DCM", "111637", "Accumulated Average Glandular Dose")
_FRAMES_TOTAL: Final = Code("DCM", "113731", "Total Number of Radiographic Frames")

_PLANE_TOTALS: Final = (
    ("kap_total", "gy_cm2", Code("DCM", "113722", "Dose Area Product Total"), "Gy cm2"),
    ("kap_fluoro", "gy_cm2", Code("DCM", "113726", "Fluoro Dose Area Product Total"), "Gy cm2"),
    ("kap_acquisition", "gy_cm2", Code("DCM", "113727", "Acquisition Dose Area Product Total"),
     "Gy cm2"),
    ("ka_r_total", "mgy", Code("DCM", "113725", "Dose (RP) Total"), "mGy"),
    ("ka_r_fluoro", "mgy", Code("DCM", "113728", "Fluoro Dose (RP) Total"), "mGy"),
    ("ka_r_acquisition", "mgy", Code("DCM", "113729", "Acquisition Dose (RP) Total"), "mGy"),
    ("fluoro_time", "s", Code("DCM", "113730", "Total Fluoro Time"), "s"),
    ("acquisition_time", "s", Code("DCM", "113855", "Total Acquisition Time"), "s"),
)  # fmt: skip
_DOSES: Final = (
    ("kap_gy_cm2", Code("DCM", "122130", "Dose Area Product"), "Gy cm2"),
    ("ka_r_mgy", Code("DCM", "113738", "Dose (RP)"), "mGy"),
    ("agd_mgy", Code("DCM", "111631", "Average Glandular Dose"), "mGy"),
    ("entrance_exposure_mgy", Code("DCM", "111636", "Entrance Exposure at RP"), "mGy"),
    ("exposure_index", Code("DCM", "113845", "Exposure Index"), ""),
    ("target_exposure_index", Code("DCM", "113846", "Target Exposure Index"), ""),
)
_PULSED: Final = (
    ("kvp", codes.KVP, "kV", "kvp_list"),
    ("ma", codes.TUBE_CURRENT, "mA", "ma_list"),
    ("ma_average", Code("DCM", "113767", "Average X-Ray Tube Current"), "mA", None),
    ("exposure_mas", Code("DCM", "113736", "Exposure"), "mA s", "exposure_mas_list"),
    ("pulse_width_ms", Code("DCM", "113793", "Pulse Width"), "ms", "pulse_width_ms_list"),
    ("pulse_rate_hz", Code("DCM", "113791", "Pulse Rate"), "1/s", None),
    ("focal_spot_mm", Code("DCM", "113766", "Focal Spot Size"), "mm", None),
)
"""What may be given for every pulse; a pulse without X-rays does not go into the mean."""
_PLACES: Final = (
    ("deviation_index", Code("DCM", "113847", "Deviation Index"), ""),
    ("n_pulses", Code("DCM", "113768", "Number of Pulses"), ""),
    ("irradiation_duration_s", Code("DCM", "113742", "Irradiation Duration"), "s"),
    ("primary_angle_deg", Code("DCM", "112011", "Positioner Primary Angle"), "degree"),
    ("secondary_angle_deg", Code("DCM", "112012", "Positioner Secondary Angle"), "degree"),
    ("primary_end_angle_deg", Code("DCM", "113739", "Positioner Primary End Angle"), "degree"),
    ("secondary_end_angle_deg", Code("DCM", "113740", "Positioner Secondary End Angle"), "degree"),
    ("column_angulation_deg", Code("DCM", "113770", "Column Angulation"), "degree"),
    ("source_isocenter_mm", Code("DCM", "113748", "Distance Source to Isocenter"), "mm"),
    ("source_detector_mm", Code("DCM", "113750", "Distance Source to Detector"), "mm"),
    ("source_reference_point_mm", Code("DCM", "113737", "Distance Source to Reference Point"),
     "mm"),
    ("collimated_height_mm", Code("DCM", "113788", "Collimated Field Height"), "mm"),
    ("collimated_width_mm", Code("DCM", "113789", "Collimated Field Width"), "mm"),
    ("collimated_area_m2", Code("DCM", "113790", "Collimated Field Area"), "m2"),
    ("table_longitudinal_mm", Code("DCM", "113751", "Table Longitudinal Position"), "mm"),
    ("table_lateral_mm", Code("DCM", "113752", "Table Lateral Position"), "mm"),
    ("table_height_mm", Code("DCM", "113753", "Table Height Position"), "mm"),
    ("table_head_tilt_deg", Code("DCM", "113754", "Table Head Tilt Angle"), "degree"),
    ("table_horizontal_rotation_deg", Code("DCM", "113755", "Table Horizontal Rotation Angle"),
     "degree"),
    ("table_cradle_tilt_deg", Code("DCM", "113756", "Table Cradle Tilt Angle"), "degree"),
    ("compression_thickness_mm", Code("DCM", "111633", "Compression Thickness"), "mm"),
    ("compression_force_n", Code("DCM", "111647", "Compression Force"), "N"),
    ("hvl_mm", Code("DCM", "111634", "Half Value Layer"), "mm"),
    ("breast_composition_percent", Code("DCM", "111046", "Percent Fibroglandular Tissue"), "%"),
    ("equivalent_thickness_mm", Code("DCM", "111638", "Patient Equivalent Thickness"), "mm"),
)  # fmt: skip
"""Quantities of which 0 is a value as any other."""


@dataclass(frozen=True, slots=True)
class XrayEvent:
    """An event of a projection report, and its filters."""

    row: Row
    filters: tuple[Row, ...]


def projection_totals(root: Node, report: RowMaker) -> None:
    """Set the totals of a report, by plane and by breast."""
    frames: list[Node] = []
    for container in root.outermost(XRAY_ACCUMULATED):
        plane = _plane_of(container)
        for name, unit_name, concept, unit in _PLANE_TOTALS:
            column = f"{name}_plane_{plane}_{unit_name}"
            if column not in report.row:
                report.number(column, container.children(concept)[:1], unit)
        frames += container.children(_FRAMES_TOTAL)[:1]
        for item in container.outermost(_BREAST_DOSE_TOTAL):
            _breast_total(item, container, report)
    counts = report.values("n_frames_reported", frames, "")
    if counts and all(count.is_integer() for count in counts):
        report.row["n_frames_reported"] = sum(map(int, counts))


def _plane_of(container: Node) -> str:
    node = container.first(_PLANE)
    return "b" if node is not None and node.code() == codes.PLANE_B else "a"


def _breast_total(item: Node, container: Node, report: RowMaker) -> None:
    """Set the glandular dose of the breast that an item, or else its container, names."""
    place = RowMaker()
    place.side(item, container, container.first(codes.TARGET_REGION))
    column = {"L": "agd_left_reported_mgy", "R": "agd_right_reported_mgy"}.get(
        place.row.get("laterality", "")
    )
    if column is None:
        return
    if column not in report.row:
        report.number(column, [item], "mGy")


def projection_event(node: Node, report_start: Node | None) -> XrayEvent:
    """Return the event of an Irradiation Event X-Ray Data container (TID 10003).

    Args:
        node: the container.
        report_start: Start of X-Ray Irradiation of the report, for events without a start.
    """
    event = RowMaker()
    _identify(event, node, report_start)
    for column, concept, unit in _DOSES:
        event.number(column, node.children(concept), unit)
    for column, concept, unit, listed in _PULSED:
        event.number(column, node.children(concept), unit, listed=listed)
    times = node.children(codes.EXPOSURE_TIME) or node.children(_RETIRED_EXPOSURE_TIME)
    if node.first(*_WRONG) is not None:
        node.document.tolerated.add("wrong_code")
    event.number("exposure_time_ms", times, "ms")
    for column, concept, unit in _PLACES:
        event.number(column, node.children(concept), unit, zeros_count=True)
    event.code("fluoro_mode", node.first(_FLUORO_MODE))
    event.text("grid", node.children(_GRID))
    event.text("anode", [node.first(*_ANODES)])
    _position(event, node)
    filters = _filters(event, node)
    images = [uid for image in node.children(_ACQUIRED_IMAGE) for uid in image.image_uids()]
    if images:
        event.row["image_sop_instance_uids"] = sorted(set(images))
    return XrayEvent(event.finished(), filters)


def _identify(event: RowMaker, node: Node, report_start: Node | None) -> None:
    uid = node.first(codes.EVENT_UID)
    if uid is not None and (written := uid.uid()):
        event.row["irradiation_event_uid"] = written
    event.start("event_start", node.first(codes.EVENT_START), report_start)
    event.code("event_type", node.first(_EVENT_TYPE))
    event.code("plane", node.first(_PLANE))
    event.text("acquisition_protocol", [node.first(codes.ACQUISITION_PROTOCOL)])
    region, anatomy = node.first(codes.TARGET_REGION), node.first(_ANATOMY)
    event.code("target_region", region)
    event.code("anatomical_structure", anatomy)
    event.side(anatomy, region, node.first(codes.LATERALITY))
    event.code("image_view", node.first(_IMAGE_VIEW))
    event.code("reference_point", node.first(_REFERENCE_POINT))
    event.text("comment", node.children(codes.COMMENT))


def _position(event: RowMaker, node: Node) -> None:
    """Set how the patient lies; the modifier stands below the orientation or beside it."""
    orientation = node.first(_ORIENTATION)
    event.code("patient_orientation", orientation)
    below = None if orientation is None else orientation.first(_ORIENTATION_MODIFIER)
    event.code("patient_orientation_modifier", below or node.first(_ORIENTATION_MODIFIER))
    event.code("patient_table_relationship", node.first(_TABLE_RELATIONSHIP))


def _filters(event: RowMaker, node: Node) -> tuple[Row, ...]:
    """Return a row for each filter: each container, and each material in it."""
    rows: list[Row] = []
    for container in node.children(_FILTERS):
        materials: Sequence[Node | None] = container.children(_FILTER_MATERIAL) or (None,)
        thinnest = container.children(_FILTER_MINIMUM)
        thickest = container.children(_FILTER_MAXIMUM)
        for place, material in enumerate(materials):
            row = event.part(filter_number=len(rows) + 1)
            row.code("filter_type", container.first(_FILTER_TYPE))
            row.code("filter_material", material)
            row.number("thickness_minimum_mm", _at(thinnest, place, len(materials)), "mm")
            row.number("thickness_maximum_mm", _at(thickest, place, len(materials)), "mm")
            if len(row.row) > 1:  # more than its number
                rows.append(row.row)
    return tuple(rows)


def _at(nodes: Sequence[Node], place: int, count: int) -> Sequence[Node]:
    """Return the item of one of several materials; none where it is not clear whose it is."""
    if count == 1:
        return nodes
    return nodes[place : place + 1] if len(nodes) == count else ()
