"""A seeded tree of DICOM files as an archive holds them, for the benchmarks.

Several makers' layouts, explicit and implicit VR, value lengths that vary, private blobs over
16 KB, sequences of undefined length, compressed syntaxes, and 1 % of files that are broken. Same
seed and numbers: same bytes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    MRImageStorage,
)

SLICES: Final = 50
"""Files of a series."""
BROKEN_EVERY: Final = 100


@dataclass(frozen=True, slots=True)
class Maker:
    """How one maker's equipment writes: its name, kind of image, syntax and private elements."""

    name: str
    model: str
    modality: str
    syntax: UID
    private_bytes: int
    undefined_length: bool = False


MAKERS: Final = (
    Maker("SIEMENS", "SOMATOM Force", "CT", ExplicitVRLittleEndian, 900),
    Maker("GE MEDICAL SYSTEMS", "Revolution EVO", "CT", ImplicitVRLittleEndian, 2_400),
    Maker("Philips", "iCT 256", "CT", ExplicitVRLittleEndian, 300, undefined_length=True),
    Maker("Canon Medical Systems", "Aquilion ONE", "CT", JPEGLSLossless, 600),
    Maker("SIEMENS", "Aera", "MR", ExplicitVRLittleEndian, 70_000),
    Maker("GE MEDICAL SYSTEMS", "SIGNA Premier", "MR", ImplicitVRLittleEndian, 1_200, True),
)


@dataclass(frozen=True, slots=True)
class Tree:
    """What was written: every file in crawl order, and which of them are broken."""

    root: Path
    files: tuple[Path, ...]
    broken: frozenset[Path]


def write_tree(root: Path, n_files: int, *, seed: int = 7, pixels: int = 32) -> Tree:
    """Write `n_files` files of `pixels` x `pixels`, a folder a series, and return them."""
    files: list[Path] = []
    broken: set[Path] = set()
    for number, (path, dataset) in enumerate(_instances(root, n_files, seed, pixels)):
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
        if number % BROKEN_EVERY == BROKEN_EVERY // 2:
            _break(path, number)
            broken.add(path)
        files.append(path)
    return Tree(root, tuple(files), frozenset(broken))


def _break(path: Path, number: int) -> None:
    """Cut a file inside its header, or put noise in its place."""
    whole = path.read_bytes()
    if number // BROKEN_EVERY % 2:
        path.write_bytes(whole[:300])
    else:
        path.write_bytes(random.Random(number).randbytes(2_000))


def _instances(
    root: Path, n_files: int, seed: int, pixels: int
) -> Iterator[tuple[Path, FileDataset]]:
    for number in range(n_files):
        series, index = divmod(number, SLICES)
        maker = MAKERS[series % len(MAKERS)]
        chance = random.Random(f"{seed}/{series}")
        stem = f"1.2.826.0.1.3680043.10.{seed}.{series + 1}"
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = maker.syntax
        dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        _study(dataset, series, chance, stem)
        _equipment(dataset, maker, chance)
        _acquisition(dataset, maker, index, chance)
        _image(dataset, maker, index, stem, pixels)
        _private(dataset, maker, chance)
        folder = root / f"patient{series // 4:04d}" / f"series{series:05d}"
        # Half of an archive's files have no extension.
        yield folder / f"IM{index:05d}{'.dcm' if series % 2 else ''}", dataset


def _study(dataset: Dataset, series: int, chance: random.Random, stem: str) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName = f"{'Doe' * chance.randint(1, 4)}^{'Jo' * chance.randint(1, 5)}"
    dataset.PatientID = f"P{series // 4:07d}"
    dataset.PatientBirthDate = f"{1930 + series % 70}0{1 + series % 9}15"
    dataset.PatientSex = "FM"[series % 2]
    dataset.PatientAge = f"{20 + series % 70:03d}Y"
    dataset.StudyInstanceUID = f"{stem}.0"
    dataset.SeriesInstanceUID = f"{stem}.1"
    dataset.FrameOfReferenceUID = f"{stem}.2"
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = f"20{10 + series % 15}0611"
    dataset.StudyTime = f"{8 + series % 10:02d}1532"
    dataset.SeriesTime = f"{8 + series % 10:02d}1640.250000"
    dataset.AccessionNumber = f"A{chance.randint(1, 10**9)}"
    dataset.ReferringPhysicianName = "Referrer^Anne" if series % 3 else ""
    dataset.StudyID = str(series)
    dataset.StudyDescription = "Thorax" + " follow-up" * chance.randint(0, 3)
    dataset.SeriesDescription = f"Series {series} " + "x" * chance.randint(0, 20)
    dataset.SeriesNumber = series % 12 + 1


def _equipment(dataset: Dataset, maker: Maker, chance: random.Random) -> None:
    dataset.Modality = maker.modality
    dataset.Manufacturer = maker.name
    dataset.ManufacturerModelName = maker.model
    dataset.InstitutionName = "General Hospital"
    dataset.StationName = f"CT{chance.randint(1, 9)}"
    dataset.DeviceSerialNumber = str(chance.randint(10_000, 99_999))
    dataset.SoftwareVersions = ["syngo", f"VB{chance.randint(10, 40)}"]
    dataset.BodyPartExamined = "CHEST"
    dataset.PatientPosition = "HFS"
    dataset.ProtocolName = "Thorax routine"


def _acquisition(dataset: Dataset, maker: Maker, index: int, chance: random.Random) -> None:
    dataset.AcquisitionNumber = 1
    dataset.AcquisitionDate = dataset.StudyDate
    dataset.AcquisitionTime = f"1017{index % 60:02d}.{index:06d}"
    dataset.ContentTime = f"1018{index % 60:02d}"
    if maker.modality == "CT":
        dataset.KVP = str(chance.choice((80, 100, 120)))
        dataset.XRayTubeCurrent = 120 + index
        dataset.ExposureTime = 500
        dataset.Exposure = 60 + index // 2
        dataset.CTDIvol = 5.25 + index / 64
        dataset.ConvolutionKernel = chance.choice(("Br40d", "STANDARD", "B"))
        dataset.RescaleType = "HU"
    else:
        dataset.ScanningSequence = ["SE", "IR"]
        dataset.RepetitionTime = f"{chance.uniform(400, 900):.3f}"
        dataset.EchoTime = "12.5"
        dataset.MagneticFieldStrength = "1.5"
        dataset.EchoNumbers = 1
        dataset.FlipAngle = "90"


def _image(dataset: Dataset, maker: Maker, index: int, stem: str, pixels: int) -> None:
    is_ct = maker.modality == "CT"
    dataset.SOPClassUID = CTImageStorage if is_ct else MRImageStorage
    dataset.SOPInstanceUID = f"{stem}.3.{index + 1}"
    dataset.InstanceNumber = index + 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImagePositionPatient = ["-179.5", "-180.25", f"{-100 + index * 1.25:.2f}"]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.PixelSpacing = ["0.703125", "0.703125"]
    dataset.SliceThickness = "1.25"
    dataset.SliceLocation = f"{-100 + index * 1.25:.2f}"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = pixels
    dataset.BitsAllocated = 16
    dataset.BitsStored = 12
    dataset.HighBit = 11
    dataset.PixelRepresentation = 0
    if is_ct:
        dataset.RescaleIntercept = "-1024"
        dataset.RescaleSlope = "1"
    dataset.WindowCenter = ["40", "-600"]
    dataset.WindowWidth = ["400", "1500"]
    values = np.random.default_rng(index).integers(0, 4096, (pixels, pixels)).astype("<u2")
    stored = values.tobytes()
    # Headers are what is measured here: a compressed frame need not decode.
    dataset.PixelData = encapsulate([stored]) if maker.syntax.is_encapsulated else stored


def _private(dataset: Dataset, maker: Maker, chance: random.Random) -> None:
    block = dataset.private_block(0x0029, f"{maker.name[:8]} CSA HEADER", create=True)
    block.add_new(0x10, "OB", chance.randbytes(maker.private_bytes // 2 * 2))
    block.add_new(0x11, "LO", "x" * chance.randint(1, 60))
    item, code = Dataset(), Dataset()
    code.CodeValue = "113014"
    code.CodingSchemeDesignator = "DCM"
    code.CodeMeaning = "Study"
    item.ReferencedSOPClassUID = CTImageStorage
    item.ReferencedSOPInstanceUID = dataset.StudyInstanceUID + ".9"
    item.PurposeOfReferenceCodeSequence = Sequence([code])
    dataset.SourceImageSequence = Sequence([item])
    if maker.undefined_length:
        dataset["SourceImageSequence"].is_undefined_length = True
        item.is_undefined_length_sequence_item = True


def write_series(folder: Path, n_slices: int, pixels: int, *, seed: int = 7) -> list[Path]:
    """Write one CT series of smooth, slightly noisy slices, named in no useful order."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    axis = np.linspace(-1, 1, pixels)
    ground = 900 + 600 * np.cos(3 * axis)[:, None] * np.cos(2 * axis)[None, :]
    names = random.Random(seed).sample(range(n_slices), n_slices)
    paths = []
    for index in range(n_slices):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        same = random.Random(seed)
        _study(dataset, 0, same, f"1.2.826.0.1.3680043.10.{seed}.9")
        _equipment(dataset, MAKERS[0], same)
        _acquisition(dataset, MAKERS[0], index, same)
        _image(dataset, MAKERS[0], index, f"1.2.826.0.1.3680043.10.{seed}.9", pixels)
        noise = chance.normal(0, 12, (pixels, pixels))
        values = np.clip(np.rint(ground + 2 * index + noise), 0, 4095)
        dataset.PixelData = values.astype("<u2").tobytes()
        path = folder / f"slice{names[index]:05d}"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths
