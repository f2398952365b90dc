"""The thorax phantom as a CT series: DICOM files that any viewer opens.

Same call, same bytes: identifiers, dates and noise come from constants. Attributes follow the CT
Image IOD (PS3.3 section A.3).
"""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from dicomlake.pipeline.demo import anatomy, noise, scanner
from dicomlake.pipeline.demo.canvas import MATRIX, PIXEL_MM, Array

SLICES: Final = 40
SPACING_MM: Final = 5.0
"""Distance between slices, and their thickness."""
INTERCEPT: Final = -1024
BITS_STORED: Final = 12

_SEED: Final = 20240415
_MIDDLE_MM: Final = -4.0
"""Level of the middle of the series, from the carina."""
_DATE: Final = "20240415"
_TABLE_MM: Final = -612.5
"""Z of the carina in the Frame of Reference."""


def write_phantom(folder: Path, n_slices: int = SLICES) -> list[Path]:
    """Write a thorax CT of `n_slices` axial slices, 512 x 512, 5 mm apart, and return its files.

    The files have no extension and stand in the order of Instance Number, from the head down. Fewer
    slices cover less around the carina. A file that is there already is not touched.

    Raises:
        ValueError: `n_slices` is below 1.
        OSError: the folder cannot be written.
    """
    if n_slices < 1:
        raise ValueError("a series has at least one slice")
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(_SEED)
    grown = anatomy.trees(rng)
    grain = noise.texture(rng, 4.0)
    paths = []
    for number in range(1, n_slices + 1):
        level = _MIDDLE_MM + ((n_slices + 1) / 2 - number) * SPACING_MM
        # A generator a slice: a slice looks the same in a series of any length.
        own = np.random.default_rng((_SEED, round(level * 10) + 10_000))
        hu = scanner.scanned(level, SPACING_MM, grown, grain, own)
        path = folder / f"IM{number:06d}"
        _write(path, _instance(number, n_slices, level, _stored(hu)))
        paths.append(path)
    return paths


def _write(path: Path, dataset: FileDataset) -> None:
    """Write a file, unless it stands there already: a second demo finds nothing changed."""
    whole = BytesIO()
    dataset.save_as(whole, enforce_file_format=True)
    if not (path.is_file() and path.read_bytes() == whole.getvalue()):
        path.write_bytes(whole.getvalue())


def _stored(hu: Array) -> npt.NDArray[np.uint16]:
    """Return stored values of CT numbers, [y, x]."""
    stored: npt.NDArray[np.uint16] = np.clip(np.rint(hu) - INTERCEPT, 0, 2**BITS_STORED - 1).astype(
        "<u2"
    )
    return stored


def _uid(*parts: object) -> UID:
    """Return a UID under 2.25 that follows from its parts (PS3.5 section B.2)."""
    digest = hashlib.sha256("/".join(map(str, ("dicomlake thorax phantom", *parts))).encode())
    return UID(f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}")


def _instance(
    number: int, n_slices: int, level: float, stored: npt.NDArray[np.uint16]
) -> FileDataset:
    instance_uid = _uid("instance", n_slices, number)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = instance_uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _uid("implementation")
    meta.ImplementationVersionName = "DICOMLAKE_DEMO"
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = instance_uid
    _patient_and_study(dataset, n_slices)
    _series_and_equipment(dataset, n_slices)
    _acquisition(dataset, number, level)
    _geometry(dataset, number, n_slices, level)
    _pixels(dataset, stored)
    return dataset


def _patient_and_study(dataset: Dataset, n_slices: int) -> None:
    dataset.PatientName = "Phantom^Thorax"
    dataset.PatientID = "PHANTOM-THORAX"
    dataset.PatientBirthDate = "19630704"
    dataset.PatientSex = "O"
    dataset.PatientAge = "060Y"
    dataset.PatientSize = "1.78"
    dataset.PatientWeight = "79"
    dataset.StudyInstanceUID = _uid("study", n_slices)
    dataset.StudyID = "1"
    dataset.StudyDate = _DATE
    dataset.StudyTime = "101500"
    dataset.StudyDescription = "CT thorax"
    dataset.AccessionNumber = "PHANTOM1"
    dataset.ReferringPhysicianName = ""


def _series_and_equipment(dataset: Dataset, n_slices: int) -> None:
    dataset.Modality = "CT"
    dataset.SeriesInstanceUID = _uid("series", n_slices)
    dataset.FrameOfReferenceUID = _uid("frame of reference", n_slices)
    dataset.PositionReferenceIndicator = ""
    dataset.SeriesNumber = 2
    dataset.SeriesDate = _DATE
    dataset.SeriesTime = "101700"
    dataset.SeriesDescription = "Thorax 5.0 venous"
    dataset.ProtocolName = "Thorax routine"
    dataset.BodyPartExamined = "CHEST"
    dataset.PatientPosition = "HFS"
    dataset.Manufacturer = "dicomlake"
    dataset.ManufacturerModelName = "Thorax phantom"
    dataset.DeviceSerialNumber = "0001"
    dataset.SoftwareVersions = "1"
    dataset.StationName = "PHANTOM"
    dataset.InstitutionName = "Nowhere General"


def _acquisition(dataset: Dataset, number: int, level: float) -> None:
    # The tube follows attenuation: more through shoulders and upper abdomen than through lung.
    current = 150 + 1.1 * max(level - 40, 0) + 0.8 * max(-level - 50, 0)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.AcquisitionNumber = 1
    dataset.AcquisitionDate = _DATE
    dataset.AcquisitionTime = f"1016{10 + number // 20:02d}.{number % 20 * 50_000:06d}"
    dataset.ContentDate = _DATE
    dataset.ContentTime = f"1017{number // 60 % 60:02d}.{number % 60:06d}"
    dataset.KVP = "120"
    dataset.XRayTubeCurrent = round(current)
    dataset.ExposureTime = 500
    dataset.Exposure = round(current * 0.5)
    dataset.CTDIvol = round(current * 0.0412, 3)
    dataset.ConvolutionKernel = "SOFT40"
    dataset.FilterType = "BODY"
    dataset.FocalSpots = "1.2"
    dataset.ScanOptions = "HELICAL"
    dataset.DataCollectionDiameter = "500"
    dataset.ReconstructionDiameter = f"{MATRIX * PIXEL_MM:g}"
    dataset.DistanceSourceToDetector = "1085"
    dataset.DistanceSourceToPatient = "595"
    dataset.GantryDetectorTilt = "0"
    dataset.TableHeight = "158"
    dataset.RotationDirection = "CW"
    dataset.RevolutionTime = 0.5
    dataset.SingleCollimationWidth = 0.6
    dataset.TotalCollimationWidth = 38.4
    dataset.SpiralPitchFactor = 1.0
    dataset.ContrastBolusAgent = "Iodine 370 mg/ml"


def _geometry(dataset: Dataset, number: int, n_slices: int, level: float) -> None:
    corner = -(MATRIX - 1) / 2 * PIXEL_MM
    z = _TABLE_MM + level
    dataset.InstanceNumber = number
    dataset.ImagesInAcquisition = n_slices
    dataset.ImagePositionPatient = [f"{corner:.6f}", f"{corner:.6f}", f"{z:.3f}"]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.PixelSpacing = [f"{PIXEL_MM:.5f}", f"{PIXEL_MM:.5f}"]
    dataset.SliceThickness = f"{SPACING_MM:g}"
    dataset.SliceLocation = f"{z:.3f}"


def _pixels(dataset: Dataset, stored: npt.NDArray[np.uint16]) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = 16
    dataset.BitsStored = BITS_STORED
    dataset.HighBit = BITS_STORED - 1
    dataset.PixelRepresentation = 0
    dataset.PixelPaddingValue = 0
    dataset.RescaleIntercept = str(INTERCEPT)
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "HU"
    dataset.WindowCenter = ["40", "-600", "400"]
    dataset.WindowWidth = ["400", "1500", "1800"]
    dataset.WindowCenterWidthExplanation = ["MEDIASTINUM", "LUNG", "BONE"]
    dataset.BurnedInAnnotation = "NO"
    dataset.PixelData = stored.tobytes()
