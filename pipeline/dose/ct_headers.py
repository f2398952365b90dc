"""CT irradiation events from image headers (PS3.3 sections C.8.2, C.8.15).

Images of one Irradiation Event UID are one event, whatever series they were reconstructed into.
Without one an event is its acquisition number, time and voltage.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dicomlake.pipeline.dose.codes import (
    ACQUISITION_TYPES,
    LOCALIZER,
    PHANTOM_CM,
    SEQUENCED,
    SPIRAL,
    STATIONARY,
    Code,
)
from dicomlake.pipeline.dose.header_facts import (
    IDENTITY_COLUMNS,
    SOURCE_KIND,
    Moment,
    Row,
    acquired,
    clock_key,
    code_columns,
    code_of,
    commonest,
    commonest_code,
    derived_uid,
    device_of,
    earliest,
    events_of,
    first_known,
    is_primary,
    known_only,
    mean,
    only,
    raw,
    said,
    start_columns,
    term_columns,
)
from dicomlake.pipeline.dose.philips_screen import SCREEN_COLUMNS, is_screen

CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT: Final = "1.2.840.10008.5.1.4.1.1.2.1"
LEGACY_CONVERTED_CT: Final = "1.2.840.10008.5.1.4.1.1.2.2"
CT_CLASSES: Final = frozenset({CT_IMAGE, ENHANCED_CT, LEGACY_CONVERTED_CT})

_SHARED: Final = (
    "slice_thickness",
    "image_position_patient",
    "image_orientation_patient",
    "acquisition_type",
    "revolution_time",
    "single_collimation_width",
    "total_collimation_width",
    "spiral_pitch_factor",
    "exposure_modulation_type",
    "exposure_inm_as",
    "ctdivol",
    "water_equivalent_diameter",
    "ctdi_phantom_type_code_value",
    "ctdi_phantom_type_code_scheme",
    "ctdi_phantom_type_code_meaning",
    "kvp",
    "irradiation_event_uid",
    "anatomic_region_code_value",
    "anatomic_region_code_scheme",
    "anatomic_region_code_meaning",
)
"""Columns of one name in `instances` and in `frames`."""

_RENAMED: Final = {
    "frame_type": "image_type",
    "frame_acquisition_number": "acquisition_number",
    "frame_acquisition_date_time": "frame_acquisition_date_time",
    "frame_acquisition_date_time_offset_minutes": "frame_acquisition_date_time_offset_minutes",
    "x_ray_tube_current_inm_a": "x_ray_tube_current",
}
"""Columns of `frames` that stand for another one of `instances`."""

CT_COLUMNS: Final = (
    *IDENTITY_COLUMNS,
    *SCREEN_COLUMNS,
    *_SHARED,
    "protocol_name",
    "body_part_examined",
    "contrast_bolus_agent",
    "scan_options",
    "x_ray_tube_current",
    "x_ray_tube_current_inu_a",
    "exposure",
    "exposure_inu_as",
    "water_equivalent_diameter_calculation_method_code_value",
    "water_equivalent_diameter_calculation_method_code_scheme",
    "water_equivalent_diameter_calculation_method_code_meaning",
    "toshiba_ctdivol",
    "toshiba_dlp",
    "toshiba_pitch_factor",
    "toshiba_detector_slice_thickness",
    "toshiba_detector_rows",
    "comments_on_radiation_dose",
)
"""Columns of `instances` that are read of a CT image."""

CT_FRAME_COLUMNS: Final = ("sop_instance_uid", "frame_number", *_SHARED, *_RENAMED)
"""Columns of `frames` that are read of an enhanced CT image."""

_OPTIONS: Final = (
    (frozenset({"SCOUT", "SURVIEW", "SCANOSCOPE", "TOPOGRAM", "LOCALIZER"}), LOCALIZER),
    (frozenset({"HELICAL", "HELIX", "SPIRAL"}), SPIRAL),
    (frozenset({"CINE"}), STATIONARY),
    (frozenset({"AXIAL"}), SEQUENCED),
)
"""Words of Scan Options (0018,0022) as GE, Philips and Toshiba write them."""

CONTRAST: Final = Code("SCT", "27483000", "Diagnostic radiography with contrast media")
_NO_AGENT: Final = frozenset(
    {"", "0", "-", "n", "no", "none", "no contrast", "without", "without contrast", "native"}
)

_WIDEST_COLLIMATION_MM: Final = 200.0
"""More than the widest detector, 16 cm."""
_TRANSVERSE: Final = 0.7
"""Least component along the patient of the normal of a slice that extends a scan along it."""


def ct_images(instances: Iterable[Row], frames: Iterable[Row]) -> list[Row]:
    """Return CT images and frames of enhanced ones as rows of one shape.

    A frame's own values win over those of its instance; `frame_number` is there for frames alone.
    """
    by_instance: dict[str, list[Row]] = defaultdict(list)
    for frame in frames:
        by_instance[frame["sop_instance_uid"]].append(frame)
    images: list[Row] = []
    for row in instances:
        if row.get("sop_class_uid") in CT_CLASSES and not is_screen(row):
            own = by_instance.get(row["sop_instance_uid"])
            images.extend([_with_frame(row, frame) for frame in own] if own else [row])
    return images


def _with_frame(row: Row, frame: Row) -> Row:
    image = dict(row)
    for column in ("frame_number", *_SHARED):
        if frame.get(column) is not None:
            image[column] = frame[column]
    for column, name in _RENAMED.items():
        if frame.get(column) is not None:
            image[name] = frame[column]
    return image


def is_original(image: Mapping[str, Any]) -> bool:
    """Return whether an image is no derived one, by value 1 of its Image Type (0008,0008)."""
    kind: Sequence[str | None] = image.get("image_type") or ()
    return not kind or kind[0] in (None, "ORIGINAL", "MIXED")


def is_localizer(image: Mapping[str, Any]) -> bool:
    """Return whether an image is a localizer, by its Image Type or Acquisition Type."""
    kind: Sequence[str | None] = image.get("image_type") or ()
    return "LOCALIZER" in kind[2:] or image.get("acquisition_type") == "CONSTANT_ANGLE"


def image_events(images: Iterable[Row]) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Return each image with the UIDs of the events that it was made from.

    Rule 5 of de-duplication: an image without a UID is of the event of its acquisition number, time
    and voltage, whose UID another image may say; with neither number nor time it is its own event.
    A localizer and a slice are never one.
    """
    rows = list(images)
    named: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for image in rows:
        if uids := events_of(image):
            named[_key(image)].add(uids)
    for image in rows:
        key = _key(image)
        found = events_of(image) or only(named.get(key, ()))
        yield image, found or (derived_uid(image["study_instance_uid"], *key),)


def _key(image: Row) -> tuple[str, ...]:
    """Return what tells acquisitions apart that have no UID."""
    number, clock = image.get("acquisition_number"), clock_key(image)
    if number is None and not clock:
        return ("CT", "instance", image["sop_instance_uid"])
    kind = "localizer" if is_localizer(image) else ""
    return ("CT", str(number), clock, str(image.get("kvp")), kind)


def ct_events(images: Iterable[Row]) -> tuple[Row, ...]:
    """Return the CT events of one study, sorted by UID.

    Args:
        images: of `ct_images`, in any order.
    """
    members: dict[str, list[Row]] = defaultdict(list)
    for image, uids in image_events(images):
        for uid in uids:
            members[uid].append(image)
    made = (_event(uid, rows) for uid, rows in sorted(members.items()))
    return tuple(event for event in made if event is not None)


def _event(uid: str, images: list[Row]) -> Row | None:
    """Return an event, None where nothing but reformats and captures would tell of it."""
    named = [image for image in images if uid in events_of(image)]
    originals = [image for image in images if is_original(image)]
    if not named and not any(is_original(image) or is_primary(image) for image in images):
        return None
    # An image of several events says of none of them alone what its values are; where there is no
    # other, its index may be theirs, which is no sum, but its length is that of all together.
    alone = [image for image in originals if len(events_of(image)) <= 1]
    dosed = alone or originals
    shown = dosed or images
    flags = set() if named else {"no_event_uid"}
    row: Row = {
        "study_instance_uid": images[0]["study_instance_uid"],
        "irradiation_event_uid": uid,
        "active": True,
        "source_kind": SOURCE_KIND,
        "source_sop_instance_uid": min(image["sop_instance_uid"] for image in shown),
        "acquisition_protocol": commonest(said(shown, "protocol_name")),
        "comment": commonest(said(shown, "comments_on_radiation_dose")),
        "_device": device_of(images),
        "_modality": "CT",
        **start_columns(earliest(_start(image) for image in originals or images), "event_start"),
        **_region(shown),
        **_kind(shown),
        **_context(shown),
        **_label(shown),
        **_technique(shown, flags),
        **_dose(dosed, flags),
    }
    _length(row, alone, flags)
    row["flags"] = sorted(flags)
    return known_only(row)


def _start(image: Row) -> Moment | None:
    """Return when an image was acquired; of a frame its own time, which may be later."""
    at = image.get("frame_acquisition_date_time")
    if isinstance(at, datetime):
        return Moment(at, image.get("frame_acquisition_date_time_offset_minutes"))
    return acquired(image)


def _region(images: Sequence[Row]) -> Row:
    code = commonest_code(images, "anatomic_region")
    if code is not None:
        return code_columns("target_region", code)
    return {"target_region_meaning": commonest(said(images, "body_part_examined"))}


def _kind(images: Sequence[Row]) -> Row:
    """Return the columns of the acquisition type, by Image Type, its own attribute, or options."""
    terms = [term for image in images if (term := _term(image)) is not None]
    found = commonest(terms)
    if found is None:
        return {}
    text, code = found
    return term_columns("acquisition_type", Code(*code) if code else None, text)


def _term(image: Row) -> tuple[str, tuple[str, str, str] | None] | None:
    """Return the word that tells an image's acquisition type, and its code."""
    if "LOCALIZER" in (image.get("image_type") or ())[2:]:
        return "LOCALIZER", _plain(LOCALIZER)
    said_type: str | None = image.get("acquisition_type")
    if said_type is not None and said_type in ACQUISITION_TYPES:
        return said_type, _plain(ACQUISITION_TYPES[said_type])
    options = [text for text in image.get("scan_options") or () if text]
    words = {word for text in options for word in re.split(r"[^A-Z]+", text.upper())}
    for known, code in _OPTIONS:
        if known & words:
            return "\\".join(options), _plain(code)
    return (said_type, None) if said_type else None


def _plain(code: Code) -> tuple[str, str, str]:
    return code.scheme, code.value, code.meaning


def _context(images: Sequence[Row]) -> Row:
    """Return the procedure context; no agent in a header does not say that none was given."""
    agents = said(images, "contrast_bolus_agent")
    if all(str(agent).strip().lower() in _NO_AGENT for agent in agents):
        return {}
    return code_columns("procedure_context", CONTRAST)


def _label(images: Sequence[Row]) -> Row:
    numbers = said(images, "series_number")
    return {"label": str(min(numbers)), "label_type": "Series Number"} if numbers else {}


def _technique(images: Sequence[Row], flags: set[str]) -> Row:
    voltages = sorted({float(kvp) for kvp in said(images, "kvp") if kvp > 0})
    currents = _each(images, ("x_ray_tube_current", 1), ("x_ray_tube_current_inu_a", 1000))
    products = _each(images, ("exposure", 1), ("exposure_inm_as", 1), ("exposure_inu_as", 1000))
    total = commonest(_each(images, ("total_collimation_width", 1))) or _toshiba_width(images)
    if total is not None and total > _WIDEST_COLLIMATION_MM:
        flags.add("collimation_out_of_range")
    modulations = ("\\".join(map(str, each)) for each in said(images, "exposure_modulation_type"))
    return {
        "kvp": only(voltages),
        "kvp_list": voltages or None,
        "ma_mean": mean(currents),
        "ma_max": max(currents, default=None),
        "mas_mean": mean(products),
        "rotation_time_s": commonest(_each(images, ("revolution_time", 1))),
        "pitch": commonest(_each(images, ("spiral_pitch_factor", 1), ("toshiba_pitch_factor", 1))),
        "single_collimation_mm": commonest(
            _each(images, ("single_collimation_width", 1), ("toshiba_detector_slice_thickness", 1))
        ),
        "total_collimation_mm": total,
        "modulation_type": commonest(modulations),
    }


def _each(images: Sequence[Row], *columns: tuple[str, float]) -> list[float]:
    """Return of each image the first value of several columns that it has."""
    return [value for image in images if (value := first_known(image, *columns)) is not None]


def _toshiba_width(images: Sequence[Row]) -> float | None:
    """Return the width of the detector rows in use: rows marked `1` times the width of one."""
    widths = [
        width * rows.count("1")
        for image in images
        if (width := image.get("toshiba_detector_slice_thickness")) is not None
        and "1" in (rows := image.get("toshiba_detector_rows") or "")
    ]
    return commonest(widths)


def _dose(images: Sequence[Row], flags: set[str]) -> Row:
    indices = _each(images, ("ctdivol", 1), ("toshiba_ctdivol", 1))
    products = _each(images, ("toshiba_dlp", 1))
    phantom = only(code for image in images if (code := code_of(image, "ctdi_phantom_type")))
    canonical = None if phantom is None else phantom.canonical
    if len(set(indices)) > 1 or len(set(products)) > 1:
        flags.add("several_values")
    method = commonest_code(images, "water_equivalent_diameter_calculation_method")
    widths = _each(images, ("water_equivalent_diameter", 1))
    return {
        "ctdivol_mgy": mean(indices),
        "phantom_code": canonical,
        "phantom_cm": None if phantom is None else PHANTOM_CM.get(phantom),
        # Of one acquisition; should it grow from image to image, the last one is the product.
        "dlp_mgy_cm": max(products, default=None),
        "dw_mm": mean(widths),
        "dw_method_code": method.canonical if method is not None and widths else None,
        "raw_quantities": _raw_current(images),
    }


def _raw_current(images: Sequence[Row]) -> dict[str, str] | None:
    """Return currents as written, where they were converted from microamperes."""
    small = [
        image["x_ray_tube_current_inu_a"]
        for image in images
        if image.get("x_ray_tube_current") is None
        and image.get("x_ray_tube_current_inu_a") is not None
    ]
    average = mean(small)
    return None if average is None else {"ma_mean": raw(average, "uA")}


def _length(row: Row, images: Sequence[Row], flags: set[str]) -> None:
    """Add scanning length and dose length product as estimates, to no localizer."""
    if row.get("acquisition_type_code") == LOCALIZER.value:
        return
    length = extent_mm(images)
    if length is None:
        return
    row["scanning_length_mm"] = length
    flags.add("zero_length" if length == 0 else "estimated_length")
    index = row.get("ctdivol_mgy")
    if index is not None and row.get("dlp_mgy_cm") is None:
        row["dlp_estimated_mgy_cm"] = index * length / 10


def extent_mm(images: Iterable[Mapping[str, Any]]) -> float | None:
    """Return how far transverse images reach along the patient, thickness included, mm.

    Of images of one thickness it is the distance of the outermost positions plus the thickness.
    None where no image says position, orientation and thickness.
    """
    lows: list[float] = []
    highs: list[float] = []
    for image in images:
        thickness = image.get("slice_thickness")
        position = _numbers(image.get("image_position_patient"), 3)
        orientation = _numbers(image.get("image_orientation_patient"), 6)
        if thickness is None or thickness < 0 or position is None or orientation is None:
            continue
        r, c = orientation[:3], orientation[3:]
        if abs(r[0] * c[1] - r[1] * c[0]) < _TRANSVERSE:
            continue
        lows.append(position[2] - thickness / 2)
        highs.append(position[2] + thickness / 2)
    return max(highs) - min(lows) if lows else None


def _numbers(values: Sequence[float | None] | None, n: int) -> list[float] | None:
    if values is None or len(values) != n:
        return None
    known = [value for value in values if value is not None]
    return known if len(known) == n else None
