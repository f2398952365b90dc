"""Philips CT dose screens: images whose Exposure Dose Sequence (0040,030E) tells each acquisition.

All of it stands in the committed row, so that no file is opened. The items have no event UID: one
is derived from the image and the place of the item, the same in every run (PS3.5 section B.2).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dicomlake.pipeline.dose.codes import (
    ACQUISITION_TYPES,
    BODY_PHANTOM,
    HEAD_PHANTOM,
    PHANTOM_CM,
    Row,
    coded,
)
from dicomlake.pipeline.dose.ct_report import implausible
from dicomlake.pipeline.dose.header_facts import derived_uid

SOURCE_KIND: Final = "PHILIPS_SC"
_CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_SECONDARY_CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
"""And its multi-frame kinds, whose UIDs start with it."""
_ORIGINAL: Final = ["ORIGINAL", "PRIMARY"]

_SCALED: Final = (
    ("exposure_dose_kvp", "kvp", 1, "kV"),
    ("exposure_dose_x_ray_tube_current_inu_a", "ma_mean", 1000, "uA"),
    ("exposure_dose_exposure_time", "exposure_time_s", 1000, "ms"),
    ("exposure_dose_ctdivol", "ctdivol_mgy", 1, "mGy"),
    ("elscint_exposure_dose_dlp", "dlp_mgy_cm", 1, "mGy.cm"),
    ("exposure_dose_scan_length", "scanning_length_mm", 1, "mm"),
    ("exposure_dose_single_collimation_width", "single_collimation_mm", 1, "mm"),
    ("exposure_dose_total_collimation_width", "total_collimation_mm", 1, "mm"),
    ("exposure_dose_spiral_pitch_factor", "pitch", 1, ""),
)
"""Column of `instances`, column of the event, what divides, and the unit as written."""
_TYPE: Final = "exposure_dose_acquisition_type"
_PHANTOM: Final = "elscint_exposure_dose_phantom"
_SERIES: Final = "exposure_dose_series_number"
_LISTS: Final = (*(column for column, *_ in _SCALED), _TYPE, _PHANTOM, _SERIES)
SCREEN_COLUMNS: Final = (*_LISTS, "elscint_total_dlp", "total_number_of_exposures", "image_type")
"""Columns of `instances` that a screen is read from."""

_PHANTOMS: Final = {"16": HEAD_PHANTOM, "32": BODY_PHANTOM}


def is_screen(row: Mapping[str, Any]) -> bool:
    """Return whether an image is a dose screen.

    A slice that merely has the sequence is none: each slice of a series would count as a report.
    """
    if not any(row.get(column) for column in _LISTS):
        return False
    sop_class = row.get("sop_class_uid") or ""
    if sop_class == _SECONDARY_CAPTURE or sop_class.startswith(f"{_SECONDARY_CAPTURE}."):
        return True
    is_slice = list(row.get("image_type") or ())[:2] == _ORIGINAL
    return sop_class == _CT_IMAGE and (bool(row.get("elscint_exposure_dose_dlp")) or not is_slice)


def screen_events(row: Mapping[str, Any]) -> tuple[Row, ...]:
    """Return a CT event for each item of a dose screen.

    Args:
        row: of `instances`, with `SCREEN_COLUMNS`.
    """
    count = max(len(row.get(column) or ()) for column in _LISTS)
    return tuple(_event(row, place) for place in range(count))


def screen_totals(row: Mapping[str, Any]) -> Row:
    """Return the totals that a screen states, as columns of `dose_reports`."""
    totals = {
        "dlp_total_reported_mgy_cm": row.get("elscint_total_dlp"),
        "n_events_reported": row.get("total_number_of_exposures"),
    }
    return {column: value for column, value in totals.items() if value is not None}


def _event(row: Mapping[str, Any], place: int) -> Row:
    """Return the event of an item; what the item does not say is null."""
    sop_instance_uid = row["sop_instance_uid"]
    event: Row = {"irradiation_event_uid": derived_uid(sop_instance_uid, place)}
    written: list[tuple[str, str]] = []
    for source, column, divisor, unit in _SCALED:
        value = _at(row.get(source), place)
        if value is None:
            continue
        event[column] = value / divisor
        if divisor != 1:
            written.append((column, f"{value:.15g} {unit}"))
    if written:
        event["raw_quantities"] = sorted(written)
    if "kvp" in event:
        event["kvp_list"] = [event["kvp"]]
    event |= _kind(_at(row.get(_TYPE), place)) | _phantom(_at(row.get(_PHANTOM), place))
    series = _at(row.get(_SERIES), place)
    if series is not None:
        event |= {"label": str(series), "label_type": "Series Number"}
    event["flags"] = sorted({"no_event_uid", *implausible(event)})
    return event


def _kind(written: str | None) -> Row:
    """Return the columns of Acquisition Type (0018,9302), as code where it is a defined term."""
    if not written:
        return {}
    code = ACQUISITION_TYPES.get(written.strip().upper())
    columns = {
        **coded("acquisition_type", code),
        "acquisition_type_raw_scheme": None,
        "acquisition_type_raw_code": written,
        "acquisition_type_meaning": written if code is None else code.meaning,
    }
    return {column: value for column, value in columns.items() if value is not None}


def _phantom(written: str | None) -> Row:
    """Return the columns of the phantom, `16 CM` or `32 CM`; another is null."""
    words = (written or "").upper().replace("CM", " ").split()
    code = _PHANTOMS.get(words[0]) if len(words) == 1 else None
    if code is None:
        return {}
    return {"phantom_code": code.canonical, "phantom_cm": PHANTOM_CM[code]}


def _at(values: Sequence[Any] | None, place: int) -> Any:
    """Return the value of an item; None where it has none, or the column is shorter."""
    return values[place] if values is not None and place < len(values) else None
