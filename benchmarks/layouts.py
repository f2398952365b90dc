"""What headers of several makers and modalities hold: the elements of a series, and of a slice.

Values are invented; which elements there are, how long their texts are and what varies from slice
to slice follows the conformance statements and files of real equipment.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from encode import LATIN_1, Charset, Own

Elements = dict[str | int, Any]
"""Values of elements by keyword, or by tag where the element is private (see `encode.Value`)."""

EXPLICIT: Final = "1.2.840.10008.1.2.1"
IMPLICIT: Final = "1.2.840.10008.1.2"
JPEG_LS: Final = "1.2.840.10008.1.2.4.80"
JPEG_2000: Final = "1.2.840.10008.1.2.4.90"
JPEG_BASELINE: Final = "1.2.840.10008.1.2.4.50"
RLE: Final = "1.2.840.10008.1.2.5"
IMAGE: Final = "1.2.840.10008.5.1.4.1.1."
"""Stem of the SOP classes of images (PS3.4 section B.5)."""


@dataclass(frozen=True, slots=True)
class Series:
    """A series to be written; `chance` is its own, so that another's length changes nothing."""

    number: int
    stem: str
    chance: random.Random
    maker: "Maker"
    patient: int
    study: str
    """Study Instance UID; a patient has one study."""


@dataclass(frozen=True, slots=True)
class Maker:
    """How one maker's equipment of a modality writes: what is of the series, what of a slice."""

    name: str
    model: str
    modality: str
    sop_class: str
    syntax: str
    slices: tuple[int, int]
    fixed: Callable[["Series"], Elements]
    varying: Callable[["Series", int], Elements]
    undefined: bool = False
    software: str = "VB10"
    bits: int = 16
    private: Callable[["Series"], Elements] = field(default=lambda _: {})


# Patients and studies.

PEOPLE: Final = (
    (LATIN_1, "Müller^Anneliese Sophie^^Dr.", "Universitätsklinikum Süd", "Schädel und Hals"),
    (
        Charset("\\ISO 2022 IR 87", "iso2022_jp"),
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "中央病院",
        "胸部単純",
    ),
    (LATIN_1, "Doe^Jo", "General Hospital", "CT CHEST W/O CONTRAST"),
    (LATIN_1, "Smith-Abernathy^Christopher James", "St. Mary", "THORAX ABDOMEN PELVIS follow-up"),
    (Charset("ISO_IR 192", "utf-8"), "Łukasiewicz^Žofia", "Szpital Wojewódzki", "Klatka piersiowa"),
    (Charset("ISO_IR 144", "iso8859_5"), "Люкceмбypг^Poзa", "Больница № 4", "Грудная клетка"),
    (Charset("GB18030", "gb18030"), "Wang^XiaoDong=王^小东", "第一医院", "胸部平扫"),
)
REGIONS: Final = (
    ("CHEST", "51185008", "Chest"),
    ("ABDOMEN", "818983003", "Abdomen"),
    ("HEAD", "69536005", "Head"),
    ("NECK", "45048000", "Neck"),
    ("PELVIS", "12921003", "Pelvis"),
)


def code(value: str, scheme: str, meaning: str) -> list[Elements]:
    """Return a code sequence of one item (PS3.3 section 8)."""
    return [{"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}]


def charset_of(series: Series) -> Charset:
    """Return the character set that a patient's headers are written in."""
    return PEOPLE[series.patient % len(PEOPLE)][0]


def day_of(series: Series) -> str:
    """Return the date of a patient's study."""
    return f"20{23 + series.patient % 2}{1 + series.patient % 12:02d}{1 + series.patient % 28:02d}"


def clock(series: Series, seconds: float, places: int = 6) -> str:
    """Return a time of the study's day, with a fraction where `places` is not 0."""
    whole = 8 * 3600 + series.patient % 9 * 3600 + 1234 + seconds
    micros = round(whole * 10**6)
    text = f"{micros // 3_600_000_000 % 24:02d}{micros // 60_000_000 % 60:02d}"
    text += f"{micros // 1_000_000 % 60:02d}"
    return text + f".{micros % 1_000_000:06d}"[: places + 1] if places else text


def study(series: Series) -> Elements:
    """Return what patient, study and series put into every header."""
    chance, maker = series.chance, series.maker
    visit = random.Random(series.study)  # what all series of a study have in common
    charset, name, hospital, described = PEOPLE[series.patient % len(PEOPLE)]
    region, region_code, region_meaning = REGIONS[series.number % len(REGIONS)]
    procedure = code(f"IMG{visit.randint(1, 9999)}", "99LOCAL", described)
    return {
        "SpecificCharacterSet": charset.name,
        "SOPClassUID": IMAGE + maker.sop_class,
        "StudyDate": day_of(series),
        "SeriesDate": day_of(series),
        "StudyTime": clock(series, 0, 0),
        "SeriesTime": clock(series, 91.25 + series.number % 60, 6),
        "AccessionNumber": f"A{visit.randint(1, 10**9)}",
        "Modality": maker.modality,
        "Manufacturer": maker.name,
        "InstitutionName": hospital,
        "InstitutionAddress": f"Road {chance.randint(1, 300)}\r\nTown",
        "ReferringPhysicianName": "Referrer^Anne" if series.patient % 3 else "",
        "StationName": f"{maker.modality}AWP{chance.randint(1, 99_999)}",
        "StudyDescription": described,
        "ProcedureCodeSequence": procedure,
        "SeriesDescription": f"{region.title()} {chance.uniform(0.5, 5):.{chance.randint(1, 2)}f}"
        + " axial" * chance.randint(0, 3),
        "InstitutionalDepartmentName": "Radiology",
        "PhysiciansOfRecord": "Record^Rita",
        "PerformingPhysicianName": "" if series.number % 2 else "Perform^Paul",
        "OperatorsName": f"OP{chance.randint(1, 50)}",
        "AdmittingDiagnosesDescription": "",
        "ManufacturerModelName": maker.model,
        "ReferencedStudySequence": [
            {
                "ReferencedSOPClassUID": "1.2.840.10008.3.1.2.3.1",
                "ReferencedSOPInstanceUID": f"{series.stem}.77",
            }
        ],
        "AnatomicRegionSequence": code(region_code, "SCT", region_meaning),
        "PatientName": name,
        "PatientID": f"P{series.patient:07d}",
        "IssuerOfPatientID": "HOSP" if series.patient % 2 else "",
        "PatientBirthDate": f"{1930 + series.patient % 70}0{1 + series.patient % 9}15",
        "PatientSex": "FM"[series.patient % 2],
        "PatientAge": f"{20 + series.patient % 70:03d}Y",
        "PatientSize": f"{visit.uniform(1.5, 2):.2f}",
        "PatientWeight": f"{visit.uniform(45, 120):.{visit.randint(0, 3)}f}",
        "MedicalAlerts": "",
        "Allergies": "",
        "EthnicGroup": "",
        "PregnancyStatus": 4,
        "AdditionalPatientHistory": "cough " * visit.randint(0, 9),
        "BodyPartExamined": region,
        "DeviceSerialNumber": str(chance.randint(10_000, 999_999)),
        "SoftwareVersions": f"syngo CT\\{maker.software}{chance.choice('ABC')}",
        "ProtocolName": f"{region.title()}_Routine{'_Dual' * chance.randint(0, 2)} (Adult)",
        "DateOfLastCalibration": day_of(series),
        "TimeOfLastCalibration": clock(series, -3600, 0),
        "StudyInstanceUID": series.study,
        "SeriesInstanceUID": f"{series.stem}.1.{chance.randint(1, 10**12)}",
        "FrameOfReferenceUID": f"{series.stem}.2",
        "StudyID": str(series.patient),
        "SeriesNumber": str(series.number % 12 + 1),
        "PositionReferenceIndicator": "",
        "RequestingPhysician": "Request^Rosa",
        "RequestedProcedureDescription": described,
        "RequestedProcedureCodeSequence": procedure,
        "PerformedProcedureStepStartDate": day_of(series),
        "PerformedProcedureStepStartTime": clock(series, 3, 3),
        "PerformedProcedureStepID": f"PPS{chance.randint(1, 10**6)}",
        "PerformedProcedureStepDescription": described,
        "PerformedProtocolCodeSequence": code(f"P{chance.randint(1, 99)}", "99LOCAL", region),
        "RequestAttributesSequence": [
            {
                "RequestedProcedureDescription": described,
                "ScheduledProcedureStepDescription": described,
                "ScheduledProtocolCodeSequence": procedure,
                "ScheduledProcedureStepID": f"SPS{chance.randint(1, 10**5)}",
                "RequestedProcedureID": f"RP{chance.randint(1, 10**5)}",
            }
        ],
        "ContentLabel": "AXIAL",
    }


def image(rows: int, columns: int, stored: int, *, signed: bool = False) -> Elements:
    """Return the Image Pixel module of grey images (PS3.3 section C.7.6.3)."""
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 8 if stored <= 8 else 16,
        "BitsStored": stored,
        "HighBit": stored - 1,
        "PixelRepresentation": int(signed),
    }


def instance(series: Series, index: int) -> Elements:
    """Return what differs in every instance of any modality."""
    tail = f"{series.number * 7919 + index * 104_729 + 17}"
    return {
        "SOPInstanceUID": f"{series.stem}.3.{index + 1}.{tail}",
        "InstanceCreationDate": day_of(series),
        "InstanceCreationTime": clock(series, 200 + index * 0.173, 6),
        "ContentDate": day_of(series),
        "ContentTime": clock(series, 150 + index * 0.25, 3),
        "AcquisitionDate": day_of(series),
        "AcquisitionTime": clock(series, 120 + index * 0.25, 6),
        "InstanceNumber": str(index + 1),
    }


def position(series: Series, index: int, step: float, places: int) -> Elements:
    """Return the plane of a slice: its corner with as many digits as the maker writes."""
    z = -100 + series.number % 40 + index * step
    x, y = -179.5 + series.number % 7 / 3, -180.25 - series.number % 5 / 7
    return {
        "ImagePositionPatient": f"{x:.{places}f}\\{y:.{places}f}\\{z:.{places}f}",
        "SliceLocation": f"{z:.{places}f}",
    }


def plane(series: Series, spacing: float, thickness: float) -> Elements:
    """Return the parts of the Image Plane module that slices share (PS3.3 section C.7.6.2)."""
    tilted = series.number % 5 == 4
    orientation = "1\\0\\0\\0\\.98480775301\\-.1736481777" if tilted else "1\\0\\0\\0\\1\\0"
    return {
        "ImageOrientationPatient": orientation,
        "PixelSpacing": f"{spacing}\\{spacing}",
        "SliceThickness": f"{thickness}",
        "PatientPosition": "FFS" if series.number % 4 == 3 else "HFS",
    }


def references(series: Series, keyword: str, index: int, count: int) -> Elements:
    """Return a sequence that points to other images (PS3.3 section 10.3)."""
    return {
        keyword: [
            {
                "ReferencedSOPClassUID": IMAGE + series.maker.sop_class,
                "ReferencedSOPInstanceUID": f"{series.stem}.9.{each + 1}.{index // 8 + 1}",
                "PurposeOfReferenceCodeSequence": code("121311", "DCM", "Localizer"),
            }
            for each in range(count)
        ]
    }


def noise(series: Series, index: int, size: int) -> bytes:
    """Return bytes as a private blob holds them: mostly alike, a stretch of each slice's own."""
    own = random.Random(series.number * 100_003 + index).randbytes(64)
    return (own + bytes(range(256)) * (size // 256 + 1))[:size]


def private(group: int, creator: str, block: int, values: dict[int, Own]) -> Elements:
    """Return the elements of a private block with the one that reserves it (PS3.5 7.8.1)."""
    reserved: Elements = {(group << 16) | block: Own("LO", creator)}
    start = (group << 16) | (block << 8)
    return reserved | {start | element: value for element, value in values.items()}
