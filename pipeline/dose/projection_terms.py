"""Classes, columns and words of projection X-ray images, and the codes that the words stand for."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dicomlake.pipeline.dose.codes import PLANE_A, PLANE_B, SINGLE_PLANE, Code
from dicomlake.pipeline.dose.header_facts import IDENTITY_COLUMNS

_ROOT: Final = "1.2.840.10008.5.1.4.1.1"
CR: Final = f"{_ROOT}.1"
_DX: Final = (f"{_ROOT}.1.1", f"{_ROOT}.1.1.1")
_MG: Final = (f"{_ROOT}.1.2", f"{_ROOT}.1.2.1")
_IO: Final = (f"{_ROOT}.1.3", f"{_ROOT}.1.3.1")
_XA: Final = (f"{_ROOT}.12.1", f"{_ROOT}.12.1.1", f"{_ROOT}.12.3")
_XRF: Final = (f"{_ROOT}.12.2", f"{_ROOT}.12.2.1")
_THREE_D: Final = (f"{_ROOT}.13.1.1", f"{_ROOT}.13.1.2")
_TOMOSYNTHESIS: Final = (f"{_ROOT}.13.1.3", f"{_ROOT}.13.1.4", f"{_ROOT}.13.1.5")

BREAST_CLASSES: Final = frozenset({*_MG, *_TOMOSYNTHESIS})
POSITIONER_CLASSES: Final = frozenset({*_XA, *_XRF})
ROTATIONAL_CLASSES: Final = frozenset({*_THREE_D, *_TOMOSYNTHESIS})
STATIONARY_CLASSES: Final = frozenset({CR, *_DX, *_MG, *_IO})
PROJECTION_CLASSES: Final = frozenset(
    {CR, *_DX, *_MG, *_IO, *_XA, *_XRF, *_THREE_D, *_TOMOSYNTHESIS}
)
"""SOP classes of images that a projection X-ray event leaves."""

PROJECTION_COLUMNS: Final = (
    *IDENTITY_COLUMNS,
    "protocol_name",
    "body_part_examined",
    "laterality",
    "image_laterality",
    "anatomic_region_code_value",
    "anatomic_region_code_scheme",
    "anatomic_region_code_meaning",
    "view_position",
    "view_code_value",
    "view_code_scheme",
    "view_code_meaning",
    "kvp",
    "x_ray_tube_current",
    "x_ray_tube_current_inu_a",
    "exposure_time",
    "exposure",
    "exposure_inu_as",
    "exposure_inm_as",
    "average_pulse_width",
    "focal_spots",
    "grid",
    "anode_target_material",
    "filter_type",
    "filter_material",
    "filter_thickness_minimum",
    "filter_thickness_maximum",
    "distance_source_to_detector",
    "distance_source_to_patient",
    "positioner_primary_angle",
    "positioner_secondary_angle",
    "exposure_index",
    "target_exposure_index",
    "deviation_index",
    "image_and_fluoroscopy_area_dose_product",
    "organ_dose",
    "entrance_dose",
    "entrance_dose_inm_gy",
    "half_value_layer",
    "body_part_thickness",
    "compression_force",
    "comments_on_radiation_dose",
)
"""Columns of `instances` that are read of a projection image."""

PROJECTION_FRAME_COLUMNS: Final = (
    "sop_instance_uid",
    "frame_number",
    "kvp",
    "x_ray_tube_current_inm_a",
    "exposure_time_inms",
    "exposure_inm_as",
    "focal_spots",
    "filter_type",
    "filter_material",
    "frame_laterality",
    "irradiation_event_uid",
    "positioner_primary_angle",
    "positioner_secondary_angle",
    "positioner_primary_angle_increment",
    "positioner_secondary_angle_increment",
)
"""Columns of `frames` that are read of a projection image."""

PLANES: Final = {
    "BIPLANE A": PLANE_A,
    "BIPLANE B": PLANE_B,
    "SINGLE PLANE": SINGLE_PLANE,
}
"""Planes by value 3 of Image Type (PS3.3 section C.8.7.1.1.1)."""

BREAST_VIEWS: Final = {
    "CC": Code("SCT", "399162004", "cranio-caudal"),
    "MLO": Code("SCT", "399368009", "medio-lateral oblique"),
    "ML": Code("SCT", "399260004", "medio-lateral"),
    "LM": Code("SCT", "399352003", "latero-medial"),
    "LMO": Code("SCT", "399099002", "latero-medial oblique"),
    "FB": Code("SCT", "399196006", "caudo-cranial (from below)"),
    "XCCL": Code("SCT", "399192008", "cranio-caudal exaggerated laterally"),
    "XCCM": Code("SCT", "399101009", "cranio-caudal exaggerated medially"),
    "SIO": Code("SCT", "399188001", "superolateral to inferomedial oblique"),
    "ISO": Code("SCT", "441555000", "inferomedial to superolateral oblique"),
}
"""Codes (CID 4014) of the views of mammography."""

VIEWS: Final = {
    "AP": Code("SCT", "399348003", "antero-posterior"),
    "PA": Code("SCT", "272479007", "postero-anterior"),
    "LL": Code("SCT", "399173006", "left lateral"),
    "RL": Code("SCT", "399198007", "right lateral"),
    "LLO": Code("SCT", "399184004", "left oblique"),
    "RLO": Code("SCT", "399236003", "right oblique"),
}
"""Codes (CID 4010) of the terms of View Position (0018,5101)."""

FILTER_MATERIALS: Final = {
    "ALUMINUM": Code("SCT", "12503006", "Aluminum"),
    "COPPER": Code("SCT", "66925006", "Copper"),
    "EUROPIUM": Code("SCT", "767775001", "Europium"),
    "LEAD": Code("SCT", "88488004", "Lead"),
    "MOLYBDENUM": Code("SCT", "71128006", "Molybdenum"),
    "NIOBIUM": Code("SCT", "767776000", "Niobium"),
    "RHODIUM": Code("SCT", "59801003", "Rhodium"),
    "SILVER": Code("SCT", "41967008", "Silver"),
    "TANTALUM": Code("SCT", "45215009", "Tantalum"),
    "TIN": Code("SCT", "12597001", "Tin"),
}
"""Codes (CID 10006) of the terms of Filter Material (0018,7050)."""

FILTER_TYPES: Final = {
    "STRIP": Code("DCM", "113650", "Strip filter"),
    "WEDGE": Code("DCM", "113651", "Wedge filter"),
    "BUTTERFLY": Code("DCM", "113652", "Butterfly filter"),
    "FLAT": Code("DCM", "113653", "Flat filter"),
    "NONE": Code("DCM", "111609", "No filter"),
}
"""Codes (CID 10007) of the terms of Filter Type (0018,1160)."""

_SIDES: Final = frozenset({"L", "R", "B", "U"})


def laterality(image: Mapping[str, Any]) -> str | None:
    """Return the side: Image Laterality, else Laterality, else that of the frames."""
    for column in ("image_laterality", "laterality", "frame_laterality"):
        if (side := image.get(column)) in _SIDES:
            return str(side)
    return None


def view(image: Mapping[str, Any]) -> str | None:
    """Return the view as a key: its code, else the word of View Position."""
    code = image.get("view_code_value")
    if code:
        return Code(image.get("view_code_scheme") or "", code).canonical
    term = str(image.get("view_position") or "").upper()
    known = BREAST_VIEWS.get(term) or VIEWS.get(term)
    return known.canonical if known else term or None


def plane_term(image: Mapping[str, Any]) -> str | None:
    """Return value 3 of an Image Type where it names a plane."""
    kind: Sequence[str | None] = image.get("image_type") or ()
    return kind[2] if len(kind) > 2 and kind[2] in PLANES else None  # noqa: PLR2004  (value 3)
