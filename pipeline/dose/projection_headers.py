"""Projection X-ray events from image headers: radiography, fluoroscopy, mammography.

An image of DX, CR, PX, IO, XA, RF, MG or tomosynthesis tells of the irradiation event that it was
made in. The dose area product is the total of the event, repeated in each of its images (PS3.3
section C.8.15.3.8): it is never added up over images.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dicomlake.pipeline.dose.codes import ROTATIONAL, STATIONARY_XRAY, Code, coded
from dicomlake.pipeline.dose.exposures import exposure_events
from dicomlake.pipeline.dose.header_facts import (
    SOURCE_KIND,
    Row,
    acquired,
    code_columns,
    commonest,
    commonest_code,
    device_of,
    earliest,
    events_of,
    first_known,
    is_primary,
    known_only,
    mean,
    raw,
    said,
    shifted,
    start_columns,
    term_columns,
)
from dicomlake.pipeline.dose.projection_terms import (
    BREAST_CLASSES,
    BREAST_VIEWS,
    FILTER_MATERIALS,
    FILTER_TYPES,
    PLANES,
    POSITIONER_CLASSES,
    ROTATIONAL_CLASSES,
    STATIONARY_CLASSES,
    VIEWS,
    laterality,
    plane_term,
)

_MOVED_DEG: Final = 1.0
"""A positioner that turns by more while images are taken does not stand still."""
_GLANDULARITY: Final = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)\s*%\s*")


def projection_events(
    images: Sequence[Row], frames: Iterable[Row], references: Iterable[Row]
) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the projection events of one study and their filters, sorted by UID.

    Args:
        images: committed rows of projection images, in any order.
        frames: committed rows of their frames.
        references: rows of `instance_references`: which image was made from which.
    """
    own: dict[str, list[Row]] = defaultdict(list)
    for frame in frames:
        own[frame["sop_instance_uid"]].append(frame)
    rows = [_with_frames(image, own.get(image["sop_instance_uid"], ())) for image in images]
    members: dict[str, list[Row]] = defaultdict(list)
    for image, uids in exposure_events(rows, references):
        for uid in uids:
            members[uid].append(image)
    events: list[Row] = []
    filters: list[Row] = []
    for uid, shown in sorted(members.items()):
        if _is_event(uid, shown):
            events.append(_event(uid, shown))
            filters.extend(_filters(uid, shown))
    return tuple(events), tuple(filters)


def _with_frames(image: Row, frames: Sequence[Row]) -> Row:
    """Return an image with what only its frames say, and how far its positioner turned."""
    if not frames:
        return image
    ordered = sorted(frames, key=lambda frame: int(frame.get("frame_number") or 0))
    row = dict(image)
    for column, source in _OF_FRAMES.items():
        values = said(ordered, source)
        if row.get(column) is None and values:
            row[column] = values[0] if isinstance(values[0], (str, list)) else mean(values)
    if not events_of(row):
        row["irradiation_event_uid"] = [uid for frame in ordered for uid in events_of(frame)]
    for name in ("primary", "secondary"):
        angles = said(ordered, f"positioner_{name}_angle")
        steps = said(ordered, f"positioner_{name}_angle_increment")
        turned = max((max(v) - min(v) for v in (angles, steps) if v), default=0.0)
        row["_turned_deg"] = max(row.get("_turned_deg", 0.0), turned)
        if angles:
            row[f"positioner_{name}_angle"] = angles[0]
            row[f"_{name}_end_angle_deg"] = angles[-1] if turned > _MOVED_DEG else None
    return row


_OF_FRAMES: Final = {
    "kvp": "kvp",
    "x_ray_tube_current": "x_ray_tube_current_inm_a",
    "exposure_time": "exposure_time_inms",
    "exposure_inm_as": "exposure_inm_as",
    "focal_spots": "focal_spots",
    "filter_type": "filter_type",
    "filter_material": "filter_material",
    "frame_laterality": "frame_laterality",
}
"""Columns of an image that its frames may say, and what they call it."""


def _is_event(uid: str, images: Sequence[Row]) -> bool:
    """Return whether images are of an event: not of captures alone that tell of no dose."""
    if any(uid in events_of(image) or is_primary(image) for image in images):
        return True
    return any(image.get(column) is not None for image in images for column in _DOSES)


_DOSES: Final = (
    "image_and_fluoroscopy_area_dose_product",
    "organ_dose",
    "entrance_dose",
    "entrance_dose_inm_gy",
)


def _event(uid: str, images: list[Row]) -> Row:
    # A dose in an image of several events is that of none of them.
    alone = [image for image in images if len(events_of(image)) <= 1]
    telling = sorted(alone or images, key=lambda image: str(image["sop_instance_uid"]))
    own_uid = any(uid in events_of(image) for image in images)
    flags = set() if own_uid else {"no_event_uid"}
    row: Row = {
        "study_instance_uid": images[0]["study_instance_uid"],
        "irradiation_event_uid": uid,
        "active": True,
        "source_kind": SOURCE_KIND,
        "source_sop_instance_uid": telling[0]["sop_instance_uid"],
        "image_sop_instance_uids": sorted({image["sop_instance_uid"] for image in images}),
        "acquisition_protocol": commonest(said(telling, "protocol_name")),
        "laterality": commonest(side for image in telling if (side := laterality(image))),
        "_device": device_of(images),
        "_modality": _modality(images),
        **start_columns(earliest(acquired(image) for image in images), "event_start"),
        **_kind(telling),
        **_anatomy(telling),
        **_view(telling),
        **_technique(telling),
        **_geometry(telling),
        **_breast(telling),
        **_dose(alone, flags),
    }
    row["flags"] = sorted(flags)
    return known_only(row)


def _modality(images: Sequence[Row]) -> str | None:
    """Return the modality; what was made with breast objects is mammography whatever it says."""
    if any(image.get("sop_class_uid") in BREAST_CLASSES for image in images):
        return "MG"
    return commonest(said(images, "modality"))


def _kind(images: Sequence[Row]) -> Row:
    """Return event type and plane.

    Whether an XA or RF object is fluoroscopy, its columns do not tell: then the type is null.
    """
    classes = {image.get("sop_class_uid") for image in images}
    turned = max((image.get("_turned_deg", 0.0) for image in images), default=0.0)
    code: Code | None = None
    if classes & ROTATIONAL_CLASSES or turned > _MOVED_DEG:
        code = ROTATIONAL
    elif classes & STATIONARY_CLASSES and "PX" not in said(images, "modality"):
        code = STATIONARY_XRAY  # a panoramic unit turns round the head, in the same object
    columns = code_columns("event_type", code)
    plane = commonest(term for image in images if (term := plane_term(image)))
    if plane is not None:
        columns |= term_columns("plane", PLANES[plane], plane)
    return columns


def _anatomy(images: Sequence[Row]) -> Row:
    code = commonest_code(images, "anatomic_region")
    if code is not None:
        return {**code_columns("anatomical_structure", code), **code_columns("target_region", code)}
    return {"target_region_meaning": commonest(said(images, "body_part_examined"))}


def _view(images: Sequence[Row]) -> Row:
    code = commonest_code(images, "view")
    if code is not None:
        return code_columns("image_view", code)
    term = commonest(said(images, "view_position"))
    if term is None:
        return {}
    breast = any(image.get("sop_class_uid") in BREAST_CLASSES for image in images)
    table = {**VIEWS, **BREAST_VIEWS} if breast else VIEWS
    return term_columns("image_view", table.get(str(term).upper()), term)


def _technique(images: Sequence[Row]) -> Row:
    spots = {tuple(each) for each in said(images, "focal_spots") if len(each) == 1}
    grids = ("\\".join(map(str, each)) for each in said(images, "grid"))
    return {
        "kvp": _agreed(image.get("kvp") or None for image in images),
        "ma": _scaled(images, ("x_ray_tube_current_inu_a", 1000), ("x_ray_tube_current", 1)),
        "exposure_time_ms": _scaled(images, ("exposure_time", 1)),
        "exposure_mas": _scaled(
            images, ("exposure_inu_as", 1000), ("exposure_inm_as", 1), ("exposure", 1)
        ),
        "pulse_width_ms": _scaled(images, ("average_pulse_width", 1)),
        "focal_spot_mm": commonest(spot for (spot,) in spots if spot is not None),
        "grid": commonest(grids),
        "anode": commonest(said(images, "anode_target_material")),
        "exposure_index": _scaled(images, ("exposure_index", 1)),
        "target_exposure_index": _scaled(images, ("target_exposure_index", 1)),
        "deviation_index": _scaled(images, ("deviation_index", 1)),
    }


def _geometry(images: Sequence[Row]) -> Row:
    to_patient = _scaled(images, ("distance_source_to_patient", 1))
    # Of a C-arm the attribute is the distance to its isocentre (PS3.3 section C.8.7.5).
    arm = any(image.get("sop_class_uid") in POSITIONER_CLASSES for image in images)
    return {
        "source_detector_mm": _scaled(images, ("distance_source_to_detector", 1)),
        "source_patient_mm": to_patient,
        "source_isocenter_mm": to_patient if arm else None,
        "primary_angle_deg": _scaled(images, ("positioner_primary_angle", 1)),
        "secondary_angle_deg": _scaled(images, ("positioner_secondary_angle", 1)),
        "primary_end_angle_deg": _scaled(images, ("_primary_end_angle_deg", 1)),
        "secondary_end_angle_deg": _scaled(images, ("_secondary_end_angle_deg", 1)),
    }


def _breast(images: Sequence[Row]) -> Row:
    comments = said(images, "comments_on_radiation_dose")
    breast = [image for image in images if image.get("sop_class_uid") in BREAST_CLASSES]
    if not breast:
        return {"comment": commonest(comments)}
    parts = [
        float(match[1]) for text in comments if (match := _GLANDULARITY.fullmatch(text)) is not None
    ]
    return {
        "compression_thickness_mm": _scaled(breast, ("body_part_thickness", 1)),
        "compression_force_n": _scaled(breast, ("compression_force", 1)),
        "hvl_mm": _scaled(breast, ("half_value_layer", 1)),
        # GE writes the glandularity into the comment on the dose, as `31 %`.
        "breast_composition_percent": commonest(parts),
        "comment": commonest(text for text in comments if _GLANDULARITY.fullmatch(text) is None),
    }


def _dose(images: Sequence[Row], flags: set[str]) -> Row:
    """Return dose quantities, the one that the images of the event agree on, and raw values."""
    raws: dict[str, str] = {}
    columns: Row = {}
    products = said(images, "image_and_fluoroscopy_area_dose_product")
    if (product := _one(products, flags)) is not None:
        columns["kap_gy_cm2"] = shifted(product, -1)
        raws["kap_gy_cm2"] = raw(product, "dGy.cm2")
    breast = [image for image in images if image.get("sop_class_uid") in BREAST_CLASSES]
    if (organ := _one(said(breast, "organ_dose"), flags)) is not None:
        columns["agd_mgy"] = shifted(organ, 2)
        raws["agd_mgy"] = raw(organ, "dGy")
    if (entrance := _one(said(images, "entrance_dose_inm_gy"), flags)) is not None:
        columns["entrance_exposure_mgy"] = entrance
    elif (entrance := _one(said(images, "entrance_dose"), flags)) is not None:
        columns["entrance_exposure_mgy"] = shifted(entrance, 2)
        raws["entrance_exposure_mgy"] = raw(entrance, "dGy")
    return {**columns, "raw_quantities": raws or None}


def _one(values: Sequence[float], flags: set[str]) -> float | None:
    """Return the dose that images of an event repeat, the commonest; differing ones are flagged."""
    if len(set(values)) > 1:
        flags.add("conflict")
    return commonest(values)


def _scaled(images: Sequence[Mapping[str, Any]], *columns: tuple[str, float]) -> float | None:
    return _agreed(first_known(image, *columns) for image in images)


def _agreed(values: Iterable[float | None]) -> float | None:
    """Return the commonest value of the images of an event."""
    return commonest(value for value in values if value is not None)


def _filters(uid: str, images: Sequence[Row]) -> list[Row]:
    """Return the filters that the first image with any names, in their order."""
    for image in sorted(images, key=lambda each: str(each["sop_instance_uid"])):
        materials = image.get("filter_material") or []
        lows = image.get("filter_thickness_minimum") or []
        highs = image.get("filter_thickness_maximum") or []
        kind = image.get("filter_type")
        count = max(len(materials), len(lows), len(highs), 1 if kind else 0)
        if count:
            return [
                {
                    "study_instance_uid": image["study_instance_uid"],
                    "irradiation_event_uid": uid,
                    "filter_number": number + 1,
                    **_term("filter_type", FILTER_TYPES, kind),
                    **_term("filter_material", FILTER_MATERIALS, _at(materials, number)),
                    **known_only(
                        {
                            "thickness_minimum_mm": _at(lows, number),
                            "thickness_maximum_mm": _at(highs, number),
                        }
                    ),
                }
                for number in range(count)
            ]
    return []


def _at(values: Sequence[Any], index: int) -> Any:
    return values[index] if index < len(values) else None


def _term(name: str, table: Mapping[str, Code], word: str | None) -> Row:
    if not word:
        return {}
    code = table.get(word.upper())
    return known_only({**coded(name, code), **term_columns(name, code, word)})
