"""Committed rows of images as the readers of dose headers get them: plain dicts by column name."""

from datetime import date, datetime, time
from typing import Any

from dicomlake.pipeline.dose.header_events import HEADER_COLUMNS

Row = dict[str, Any]

STUDY = "1.2.3"
CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
DX = "1.2.840.10008.5.1.4.1.1.1.1"
MG = "1.2.840.10008.5.1.4.1.1.1.2"
MG_RAW = "1.2.840.10008.5.1.4.1.1.1.2.1"
TOMO = "1.2.840.10008.5.1.4.1.1.13.1.3"
XA = "1.2.840.10008.5.1.4.1.1.12.1"
RF = "1.2.840.10008.5.1.4.1.1.12.2"
NM = "1.2.840.10008.5.1.4.1.1.20"
PET = "1.2.840.10008.5.1.4.1.1.128"
ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
LEGACY_PET = "1.2.840.10008.5.1.4.1.1.128.1"


def row(sop: str, kind: str, modality: str, **values: Any) -> Row:
    """Return a row of `instances` with every column that is read, null where not given."""
    made = dict.fromkeys(HEADER_COLUMNS)
    made |= {
        "sop_instance_uid": sop,
        "sop_class_uid": kind,
        "study_instance_uid": STUDY,
        "series_instance_uid": f"{STUDY}.1",
        "modality": modality,
        "modality_raw": modality,
    }
    unknown = values.keys() - made.keys()
    assert not unknown, f"no columns that are read: {unknown}"
    return made | values


def ct(k: int, **values: Any) -> Row:
    """Return slice k of a spiral, 2.5 mm thick."""
    plain: Row = {
        "image_type": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "irradiation_event_uid": ["1.2.3.77"],
        "acquisition_type": "SPIRAL",
        "kvp": 120.0,
        "x_ray_tube_current": 200.0,
        "ctdivol": 8.0,
        "ctdi_phantom_type_code_value": "113691",
        "ctdi_phantom_type_code_scheme": "DCM",
        "slice_thickness": 2.5,
        "image_position_patient": [-100.0, -100.0, 2.5 * k],
        "image_orientation_patient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "acquisition_number": 1,
        "acquisition_date": date(2024, 1, 15),
        "acquisition_time": time(10, 15, 30),
    }
    return row(f"{STUDY}.2.{k}", CT, "CT", **{**plain, **values})


def dx(k: int, **values: Any) -> Row:
    """Return radiograph k, taken k minutes after ten."""
    plain: Row = {
        "acquisition_date_time": datetime(2024, 1, 15, 10, k),
        "kvp": 81.0,
        "image_and_fluoroscopy_area_dose_product": 1.25,
    }
    return row(f"{STUDY}.3.{k}", DX, "DX", **{**plain, **values})


def mammogram(k: int, **values: Any) -> Row:
    """Return mammogram k, taken k minutes after ten."""
    plain: Row = {
        "acquisition_date_time": datetime(2024, 1, 15, 10, k),
        "organ_dose": 0.01373,
        "image_laterality": "L",
        "view_position": "CC",
    }
    kind = values.pop("sop_class_uid", MG)
    return row(f"{STUDY}.4.{k}", kind, "MG", **{**plain, **values})


def source(child: Row, parent_uid: str) -> Row:
    """Return a row of `instance_references`: what an image was made from."""
    return {
        "sop_instance_uid": child["sop_instance_uid"],
        "referenced_sop_instance_uid": parent_uid,
        "role": "source_image",
    }
