"""Images that carry a dose in their headers: of every modality, dose screens, and Enhanced CT.

An attribute given as None is left out. Pixels are few: what matters is in the headers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage

from make.enhanced import multi_frame, stack_of_frames
from make.rdsr import code, patient_id
from make.series import ct_slice, uid

SECONDARY_CAPTURE = UID("1.2.840.10008.5.1.4.1.1.7")
COMPUTED_RADIOGRAPHY = UID("1.2.840.10008.5.1.4.1.1.1")
DIGITAL_XRAY = UID("1.2.840.10008.5.1.4.1.1.1.1")
DIGITAL_XRAY_RAW = UID("1.2.840.10008.5.1.4.1.1.1.1.1")
MAMMOGRAPHY = UID("1.2.840.10008.5.1.4.1.1.1.2")
MAMMOGRAPHY_RAW = UID("1.2.840.10008.5.1.4.1.1.1.2.1")
TOMOSYNTHESIS = UID("1.2.840.10008.5.1.4.1.1.13.1.3")
ANGIOGRAPHY = UID("1.2.840.10008.5.1.4.1.1.12.1")
RADIOFLUOROSCOPY = UID("1.2.840.10008.5.1.4.1.1.12.2")
NUCLEAR = UID("1.2.840.10008.5.1.4.1.1.20")
PET = UID("1.2.840.10008.5.1.4.1.1.128")
ENHANCED_PET = UID("1.2.840.10008.5.1.4.1.1.130")


def image(k: int, *, study: str, sop_class: str, modality: str, **attributes: Any) -> Dataset:
    """Return image k of a study: no geometry, four pixels."""
    plain: dict[str, Any] = {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": uid("image", study, modality, k),
        "Modality": modality,
        "StudyInstanceUID": uid("study", study),
        "SeriesInstanceUID": uid("series", study, modality),
        "PatientName": "Doe^Jane",
        "PatientID": patient_id(study),
        "InstitutionName": "Hospital 1",
        "StationName": "STATION1",
        "DeviceSerialNumber": "123",
        "ImagePositionPatient": None,
        "ImageOrientationPatient": None,
        "FrameOfReferenceUID": None,
        "SliceThickness": None,
        "ConvolutionKernel": None,
        "KVP": None,
        "XRayTubeCurrent": None,
        "RescaleIntercept": None,
        "RescaleSlope": None,
        "RescaleType": None,
        "AcquisitionNumber": None,
    }
    return ct_slice(k, rows=2, columns=2, **{**plain, **attributes})


def ct_image(k: int, *, study: str, event: str | None, **attributes: Any) -> Dataset:
    """Return an axial slice with CTDIvol of an irradiation event."""
    values: dict[str, Any] = {
        "KVP": "120",
        "XRayTubeCurrent": str(200 + 10 * k),
        "ExposureTime": "500",
        "CTDIvol": 8.5,
        "CTDIPhantomTypeCodeSequence": [code("113691")],
        "SpiralPitchFactor": 0.9,
        "SingleCollimationWidth": 0.6,
        "TotalCollimationWidth": 38.4,
        "RevolutionTime": 0.5,
        "AcquisitionType": "SPIRAL",
        "ProtocolName": "Chest",
        "BodyPartExamined": "CHEST",
        "AcquisitionDateTime": "20240115101530",
        "AcquisitionNumber": "1",
        "SliceThickness": "2.5",
        "ImagePositionPatient": ["-12", "-12", f"{2.5 * k:g}"],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "RescaleIntercept": "-1024",
        "RescaleSlope": "1",
    }
    if event is not None:
        values["IrradiationEventUID"] = uid("event", event)
    return image(
        k,
        study=study,
        sop_class=CTImageStorage,
        modality="CT",
        **{**values, **attributes},
    )


def water_cylinder(
    k: int,
    *,
    study: str,
    event: str,
    diameter_mm: float = 200.0,
    hounsfield: int = 0,
    spacing_mm: float = 2.5,
    pixels: int = 128,
    **attributes: Any,
) -> Dataset:
    """Return slice k of a cylinder along z, in air, in the middle of the field of view."""
    places = (np.arange(pixels) - (pixels - 1) / 2) * spacing_mm
    inside = np.hypot(places[:, None], places[None, :]) <= diameter_mm / 2
    stored = np.where(inside, hounsfield + 1024, 24).astype("<u2")
    return ct_image(
        k,
        study=study,
        event=event,
        **{
            "Rows": pixels,
            "Columns": pixels,
            "PixelSpacing": [str(spacing_mm)] * 2,
            "PixelData": stored.tobytes(),
            "FrameOfReferenceUID": uid("frame", study),
            "ConvolutionKernel": "STANDARD",
            "ReconstructionDiameter": str(spacing_mm * pixels),
            **attributes,
        },
    )


def enhanced_ct(study: str, events: Sequence[str], *, ctdivol: float = 9.25, n: int = 6) -> Dataset:
    """Return an Enhanced CT image, frames in turns of each event."""
    dose = {
        "XRayTubeCurrentInmA": 210.0,
        "ExposureTimeInms": 500.0,
        "CTDIvol": ctdivol,
        "CTDIPhantomTypeCodeSequence": [code("113691")],
    }

    def groups(k: int) -> dict[str, Any]:
        event = {"IrradiationEventUID": uid("event", events[k % len(events)])}
        more = {
            "IrradiationEventIdentificationSequence": event,
            "CTExposureSequence": dose,
            "CTXRayDetailsSequence": {"KVP": "100"},
            "CTAcquisitionTypeSequence": {"AcquisitionType": "SPIRAL"},
        }
        return {"more": tuple((name, tuple(values.items())) for name, values in more.items())}

    return multi_frame(
        stack_of_frames(n, rows=4, columns=4, vary=groups),
        name=study,
        StudyInstanceUID=uid("study", study),
        PatientID=patient_id(study),
        PatientName="Doe^Jane",
        AcquisitionDateTime="20240115101530",
        DeviceSerialNumber="123",
    )


def x_ray_image(
    k: int,
    *,
    study: str,
    event: str | None,
    modality: str = "DX",
    sop_class: str = DIGITAL_XRAY,
    kap_dgy_cm2: float | None = 1.25,
    **attributes: Any,
) -> Dataset:
    """Return an image of radiography or fluoroscopy with its event's dose-area product."""
    values: dict[str, Any] = {
        "KVP": "81",
        "XRayTubeCurrent": "320",
        "ExposureTime": "20",
        "ExposureInuAs": "6400",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "AcquisitionDateTime": f"202401151016{k:02d}",
        "ExposureIndex": "1100",
    }
    if kap_dgy_cm2 is not None:
        values["ImageAndFluoroscopyAreaDoseProduct"] = f"{kap_dgy_cm2:.10g}"
    if event is not None:
        values["IrradiationEventUID"] = uid("event", event)
    return image(k, study=study, sop_class=sop_class, modality=modality, **{**values, **attributes})


def breast_image(
    k: int,
    *,
    study: str,
    event: str | None,
    side: str = "L",
    view: str = "CC",
    organ_dose_dgy: float = 0.01373,
    raw: bool = False,
    **attributes: Any,
) -> Dataset:
    """Return a mammogram; raw: for processing."""
    values: dict[str, Any] = {
        "KVP": "28",
        "ImageLaterality": side,
        "ViewPosition": view,
        "OrganDose": f"{organ_dose_dgy:.10g}",
        "EntranceDoseInmGy": "5.1",
        "BodyPartThickness": "53",
        "CompressionForce": "101",
        "AnodeTargetMaterial": "RHODIUM",
        "CommentsOnRadiationDose": "31 %",
        "AcquisitionDateTime": "20240115101600",
        "BodyPartExamined": "BREAST",
    }
    if event is not None:
        values["IrradiationEventUID"] = uid("event", event)
    return image(
        k,
        study=study,
        sop_class=MAMMOGRAPHY_RAW if raw else MAMMOGRAPHY,
        modality="MG",
        **{**values, **attributes},
    )


def radiopharmaceutical(
    dose: float,
    *,
    event: str | None = None,
    nuclide: str = "SRT:C-111A1",
    half_life: str = "6586.2",
) -> Dataset:
    """Return an item of Radiopharmaceutical Information; the class tells what unit it is in."""
    made = Dataset()
    made.Radiopharmaceutical = "FDG"
    made.RadionuclideTotalDose = f"{dose:.10g}"
    made.RadionuclideHalfLife = half_life
    made.RadiopharmaceuticalStartTime = "090000"
    made.RadiopharmaceuticalStartDateTime = "20240115090000"
    made.RadionuclideCodeSequence = [code(nuclide)]
    if event is not None:
        made.RadiopharmaceuticalAdministrationEventUID = uid("event", event)
    return made


def nuclear_image(
    k: int,
    *,
    study: str,
    items: Sequence[Dataset],
    sop_class: str = PET,
    modality: str = "PT",
    **attributes: Any,
) -> Dataset:
    return image(
        k,
        study=study,
        sop_class=sop_class,
        modality=modality,
        RadiopharmaceuticalInformationSequence=list(items),
        **attributes,
    )


def screen_item(
    *,
    kind: str = "SPIRAL",
    ctdivol: float = 7.5,
    dlp: float | None = 300.0,
    phantom: str | None = "32 CM",
    length: float = 400.0,
    series: int = 2,
) -> Dataset:
    """Return an exposure of a Philips dose screen, its DLP and phantom in private elements."""
    made = Dataset()
    made.AcquisitionType = kind
    made.CTDIvol = ctdivol
    made.KVP = "120"
    made.ExposureTime = "4000"
    made.XRayTubeCurrentInuA = "150000"
    made.ScanLength = f"{length:g}"
    made.SingleCollimationWidth = 0.625
    made.TotalCollimationWidth = 40.0
    made.SpiralPitchFactor = 1.1
    made.SeriesNumber = str(series)
    if dlp is not None:
        made.private_block(0x00E1, "ELSCINT1", create=True).add_new(0x21, "DS", f"{dlp:.10g}")
    if phantom is not None:
        made.private_block(0x01E1, "ELSCINT1", create=True).add_new(0x26, "LO", phantom)
    return made


def philips_screen(
    items: Sequence[Dataset],
    *,
    study: str,
    name: str,
    dlp_total: float | None = None,
    **attributes: Any,
) -> Dataset:
    """Return a Philips CT dose screen: a picture of the doses, with the doses in its header."""
    made = image(
        0,
        study=study,
        sop_class=SECONDARY_CAPTURE,
        modality="CT",
        SOPInstanceUID=uid("screen", name),
        SeriesInstanceUID=uid("series of screens", study),
        Manufacturer="Philips",
        ImageType=["DERIVED", "SECONDARY", "DOSE_INFO"],
        TotalNumberOfExposures=len(items),
        ExposureDoseSequence=list(items),
        **attributes,
    )
    if dlp_total is not None:
        made.private_block(0x00E1, "ELSCINT1", create=True).add_new(0x21, "DS", f"{dlp_total:.10g}")
    return made
