"""Single-frame series: a clean CT by default, every attribute overridable, one file a slice."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

Attributes = Mapping[str, Any]


def uid(*parts: object) -> UID:
    """Return a valid UID that depends on the parts alone."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:15], 'big')}")


def pixels(k: int, rows: int = 32, columns: int = 32, *, seed: int = 0) -> np.ndarray:
    """Return stored values of slice k, uint16 of 12 bits, [rows, columns]."""
    generator = np.random.default_rng((seed, k))
    return generator.integers(0, 4096, (rows, columns), dtype=np.uint16)


def ct_slice(
    k: int,
    *,
    name: str = "series",
    rows: int = 32,
    columns: int = 32,
    step: tuple[float, float, float] = (0.0, 0.0, 2.5),
    origin: tuple[float, float, float] = (-12.0, -12.0, -20.0),
    **attributes: Any,
) -> Dataset:
    """Return slice k of a clean axial CT; an attribute given as None is left out."""
    stored = pixels(k, rows, columns)
    position = [o + k * s for o, s in zip(origin, step, strict=True)]
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SOPClassUID": CTImageStorage,
        "SOPInstanceUID": uid(name, "instance", k),
        "StudyDate": "20240115",
        "SeriesDate": "20240115",
        "ContentDate": "20240115",
        "StudyTime": "101500",
        "ContentTime": "101530.5",
        "AccessionNumber": "A1",
        "Modality": "CT",
        "Manufacturer": "Maker",
        "ManufacturerModelName": "Model 1",
        "PatientName": "Test^Patient",
        "PatientID": "P1",
        "PatientBirthDate": "19600102",
        "PatientSex": "O",
        "PatientAge": "064Y",
        "SliceThickness": "2.5",
        "KVP": "120",
        "XRayTubeCurrent": "200",
        "ConvolutionKernel": "STANDARD",
        "PatientPosition": "HFS",
        "StudyInstanceUID": uid(name, "study"),
        "SeriesInstanceUID": uid(name, "series"),
        "SeriesNumber": "1",
        "AcquisitionNumber": "1",
        "InstanceNumber": str(k + 1),
        "ImagePositionPatient": [f"{value:.6g}" for value in position],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "FrameOfReferenceUID": uid(name, "frame of reference"),
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "PixelSpacing": ["0.75", "0.75"],
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "RescaleIntercept": "-1024",
        "RescaleSlope": "1",
        "RescaleType": "HU",
        "PixelData": stored.tobytes(),
    }
    values.update(attributes)
    dataset = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OW"
    return dataset


def write(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write a data set as a Part 10 file in a native transfer syntax; returns the path."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CTImageStorage)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", uid("none"))
    meta.TransferSyntaxUID = UID(syntax)
    # pydicom writes a data set in the encoding that it was given with, and in no other.
    encoding = {
        "is_implicit_VR": meta.TransferSyntaxUID.is_implicit_VR,
        "is_little_endian": meta.TransferSyntaxUID.is_little_endian,
    }
    file = FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128, **encoding)
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save_as(path, enforce_file_format=True)
    return path


def ct_series(
    folder: Path,
    n: int = 6,
    *,
    vary: Callable[[int], Attributes] = lambda _: {},
    syntax: str = ExplicitVRLittleEndian,
    **attributes: Any,
) -> list[Path]:
    """Write a series of n slices; `vary` gives the attributes of slice k that differ."""
    return [
        write(ct_slice(k, **{**attributes, **vary(k)}), folder / f"IM{k:04d}", syntax)
        for k in range(n)
    ]
