"""The makers of a benchmark tree: CT and MR of four, and the other modalities of an archive."""

from typing import Final

from encode import Own
from layouts import (
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    JPEG_BASELINE,
    JPEG_LS,
    RLE,
    Elements,
    Maker,
    Series,
    clock,
    code,
    day_of,
    image,
    instance,
    noise,
    plane,
    position,
    private,
    references,
)

PIXELS: Final = 96
"""Rows and columns of the images: enough that every file is longer than the 16 KB read of it."""

# CT.


def _ct(series: Series) -> Elements:
    chance = series.chance
    region = series.number % 5
    return {
        **image(PIXELS, PIXELS, 12),
        **plane(series, chance.choice((0.703125, 0.9765625, 0.68, 0.8203125)), 1.25),
        "ImageType": "ORIGINAL\\PRIMARY\\AXIAL",
        "AcquisitionNumber": str(1 + region),
        "ScanOptions": chance.choice(("HELICAL", "AXIAL", "SPIRAL")) + " MODE",
        "KVP": chance.choice(("80", "100", "120", "140.0")),
        "DataCollectionDiameter": "500",
        "ReconstructionDiameter": f"{chance.uniform(200, 500):.{chance.randint(0, 4)}f}",
        "DistanceSourceToDetector": "1085.6",
        "DistanceSourceToPatient": "595",
        "GantryDetectorTilt": "0",
        "TableHeight": f"{chance.uniform(100, 200):.{chance.randint(0, 3)}f}",
        "RotationDirection": "CW",
        "ExposureTime": str(chance.choice((285, 500, 1000))),
        "FilterType": "WEDGE_3",
        "GeneratorPower": str(chance.randint(10, 60)),
        "FocalSpots": "0.8\\0.8" if region else "1.2",
        "ConvolutionKernel": chance.choice(("Br40d\\3", "STANDARD", "B", "FC08", "I26f\\2")),
        "ContrastBolusAgent": chance.choice(("", "OMNIPAQUE 350", "CE")),
        "ContrastBolusRoute": "IV",
        "ContrastBolusVolume": str(chance.randint(50, 120)),
        "ContrastFlowRate": f"{chance.uniform(1, 5):.1f}",
        "RevolutionTime": 0.5,
        "SingleCollimationWidth": 0.6,
        "TotalCollimationWidth": 57.6,
        "TableSpeed": 110.4,
        "TableFeedPerRotation": 55.2,
        "SpiralPitchFactor": 0.95833,
        "ExposureModulationType": "XYZ_EC",
        "EstimatedDoseSaving": 12.5,
        "WaterEquivalentDiameterCalculationMethodCodeSequence": code(
            "113835", "DCM", "Water Equivalent Diameter per AAPM Report 220"
        ),
        "CTDIPhantomTypeCodeSequence": code("113691", "DCM", "IEC Body Dosimetry Phantom"),
        "ReconstructionTargetCenterPatient": (0.5, -12.25, 44.0),
        "DataCollectionCenterPatient": (0.5, -12.25, 44.0),
        "CalciumScoringMassFactorDevice": (0.75, 0.8125, 0.875),
        "IrradiationEventUID": f"{series.stem}.5.{chance.randint(1, 10**9)}",
        "RescaleIntercept": chance.choice(("-1024", "-1024.0", "-8192")),
        "RescaleSlope": chance.choice(("1", "1.0")),
        "RescaleType": "HU",
        "PixelPaddingValue": Own("US", 63536),
        "WindowCenterWidthExplanation": "WINDOW1\\WINDOW2",
        "WindowCenter": "40\\-600",
        "WindowWidth": "400\\1500",
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "SourceImageSequence": references(series, "SourceImageSequence", 0, 1)[
            "SourceImageSequence"
        ],
    }


def _ct_slice(series: Series, index: int) -> Elements:
    wave = (index * 37 + series.number * 11) % 200
    return {
        **instance(series, index),
        **position(series, index, 1.25, 2 + series.number % 5),
        **references(series, "ReferencedImageSequence", index, 1 + series.number % 3),
        "AcquisitionDateTime": day_of(series) + clock(series, 120 + index * 0.25, 6),
        "XRayTubeCurrent": str(80 + wave),
        "Exposure": str(40 + wave // 2),
        "CTDIvol": 5.25 + wave / 64,
        "ExposureInuAs": str(40_000 + wave * 500),
        "TablePosition": -100.5 + index * 1.25,
        "SmallestImagePixelValue": Own("US", wave % 7),
        "LargestImagePixelValue": Own("US", 2000 + wave),
        "WaterEquivalentDiameter": 280.0 + wave / 8,
    }


def _siemens_ct(series: Series, index: int) -> Elements:
    return {
        **_ct_slice(series, index),
        "WindowCenter": f"{40 + index % 5}\\-600",
        **private(
            0x0029,
            "SIEMENS MEDCOM HEADER",
            0x10,
            {
                0x08: Own("CS", "MEDCOM HISTORY"),
                0x09: Own("LO", "20101001"),
                0x10: Own("OB", noise(series, index, 1_180)),
            },
        ),
    }


def _siemens_ct_series(series: Series) -> Elements:
    return {
        **_ct(series),
        **private(
            0x0019,
            "SIEMENS CT VA0  COAD",
            0x10,
            {
                0x10: Own("IS", str(series.chance.randint(1, 400))),
                0x60: Own("DS", "1.5"),
                0x61: Own("UL", series.number),
                0x70: Own("DS", "-0.25\\0.5"),
                0x92: Own("DS", f"{series.chance.uniform(0, 9):.4f}"),
                0x93: Own("DS", "0"),
            },
        ),
    }


def _ge_ct_series(series: Series) -> Elements:
    chance = series.chance
    acquired = {
        0x02: Own("SL", 912),
        0x03: Own("DS", "389.75"),
        0x04: Own("DS", "1.0947"),
        0x0F: Own("DS", f"{chance.uniform(100, 900):.{chance.randint(1, 5)}f}"),
        0x18: Own("LO", "S"),
        0x23: Own("DS", "55.0"),
        0x24: Own("DS", "9.84"),
        0x25: Own("SS", 1),
        0x26: Own("SL", 0),
        0x27: Own("DS", "0.5"),
        0x2C: Own("SL", 984),
        0x39: Own("SS", 16),
        0x42: Own("SS", 0),
        0x47: Own("SS", 1),
        0x52: Own("SS", 1),
        0x6A: Own("SS", 1),
    }
    related = {each: Own("SS", chance.randint(0, 4000)) for each in (0x03, 0x35, 0x36, 0x37, 0x50)}
    return {
        **_ct(series),
        **private(0x0009, "GEMS_IDEN_01", 0x10, {0x01: Own("LO", "CT_LIGHTSPEED")}),
        **private(0x0019, "GEMS_ACQU_01", 0x10, acquired),
        **private(0x0021, "GEMS_RELA_01", 0x10, related),
        **private(0x0027, "GEMS_IMAG_01", 0x10, {0x10: Own("SS", 0), 0x1C: Own("SL", 3)}),
    }


def _ge_ct(series: Series, index: int) -> Elements:
    numbers = "\\".join(str(index * each % 997) for each in range(1, 12))
    return {
        **_ct_slice(series, index),
        **private(
            0x0043,
            "GEMS_PARM_01",
            0x10,
            {
                0x10: Own("US", 2048 + index),
                0x16: Own("SS", 2),
                0x1E: Own("DS", f"{index / 3:.6f}"),
                0x25: Own("SS", (index, 1, 2, 3, 4, 5)),
                0x27: Own("SH", "/1.4:1"),
                0x31: Own("DS", f"{index * 0.125}\\-0.5"),
                0x40: Own("FL", (1.5, 2.5, 3.5, float(index))),
                0x4D: Own("FL", index / 7),
                0x4E: Own("FL", 17.5),
                0x28: Own("OB", noise(series, index, 480)),
                0x29: Own("OB", noise(series, 0, 2_000)),
                0x2A: Own("OB", noise(series, index, 700)),
                0x6F: Own("DS", numbers),
            },
        ),
    }


def _philips_ct(series: Series, index: int) -> Elements:
    return {
        **_ct_slice(series, index),
        **private(
            0x00E1,
            "ELSCINT1",
            0x10,
            {
                0x01: Own("US", 1),
                0x21: Own("DS", f"{series.chance.uniform(100, 900):.2f}"),
                0x22: Own("DS", f"{index}\\{index + 1}"),
                0x37: Own("DS", "5"),
                0x42: Own("LO", "HELIX"),
                0x50: Own("DS", f"{index * 0.5}"),
            },
        ),
        **private(0x01F1, "ELSCINT1", 0x10, {0x01: Own("CS", "HELIX"), 0x07: Own("DS", "1.25")}),
    }


def _canon_ct(series: Series, index: int) -> Elements:
    return {
        **_ct_slice(series, index),
        **private(
            0x7005,
            "TOSHIBA_MEC_CT3",
            0x10,
            {
                0x05: Own("SH", "NON-HELICAL"),
                0x08: Own("DS", "2"),
                0x09: Own("LO", "1111" * (1 + series.number % 9)),
                0x23: Own("DS", "0.8125"),
                0x40: Own("FD", 412.5 + series.number),
                0x63: Own("FD", 12.25 + index / 16),
            },
        ),
    }


# MR.

_GE_SHORTS: Final = (*range(0x01, 0x0A), *range(0x12, 0x16), 0x19, 0x1B, 0x1C, 0x1D, 0x2C)
"""Elements of GEMS_PARM_01 that are SS."""


def _mr(series: Series) -> Elements:
    chance = series.chance
    return {
        **image(PIXELS, PIXELS, 12),
        **plane(series, 0.859375, 3),
        "ImageType": "ORIGINAL\\PRIMARY\\M\\ND\\NORM",
        "AcquisitionNumber": "1",
        "ScanningSequence": "SE\\IR" if series.number % 2 else "GR",
        "SequenceVariant": "SK\\SP\\OSP",
        "ScanOptions": "PFP\\FS",
        "MRAcquisitionType": "2D" if series.number % 2 else "3D",
        "SequenceName": f"*tfl3d1_{chance.randint(1, 64)}ns",
        "AngioFlag": "N",
        "RepetitionTime": f"{chance.uniform(400, 2900):.{chance.randint(0, 3)}f}",
        "InversionTime": str(chance.randint(80, 2500)),
        "NumberOfAverages": "1",
        "ImagingFrequency": f"{chance.uniform(63.6, 127.8):.{chance.randint(3, 6)}f}",
        "ImagedNucleus": "1H",
        "MagneticFieldStrength": chance.choice(("1.5", "3")),
        "SpacingBetweenSlices": "3.3",
        "NumberOfPhaseEncodingSteps": "239",
        "EchoTrainLength": str(chance.randint(1, 30)),
        "PercentSampling": "100",
        "PercentPhaseFieldOfView": "93.75",
        "PixelBandwidth": str(chance.randint(100, 800)),
        "TransmitCoilName": "Body",
        "ReceiveCoilName": f"HeadNeck_{chance.choice((20, 64))}",
        "AcquisitionMatrix": (0, 256, 240, 0),
        "InPlanePhaseEncodingDirection": "ROW",
        "FlipAngle": str(chance.choice((8, 15, 90, 150))),
        "VariableFlipAngleFlag": "N",
        "PatientOrientation": "L\\P",
        "ParallelReductionFactorInPlane": 2.0,
        "NumberOfTemporalPositions": "1",
        "ImagesInAcquisition": str(chance.randint(20, 200)),
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "normalized",
        "WindowCenterWidthExplanation": "Algo1",
        "BurnedInAnnotation": "NO",
        "SourceImageSequence": references(series, "SourceImageSequence", 0, 2)[
            "SourceImageSequence"
        ],
    }


def _mr_slice(series: Series, index: int) -> Elements:
    wave = (index * 53 + series.number * 29) % 300
    return {
        **instance(series, index),
        **position(series, index, 3.3, 3 + series.number % 8),
        **references(series, "ReferencedImageSequence", index, 3),
        "AcquisitionDateTime": day_of(series) + clock(series, 120 + index * 0.25, 6),
        "EchoTime": f"{2.46 + index % 4 * 0.7:.2f}",
        "EchoNumbers": str(1 + index % 4),
        "SAR": f"{0.03 + wave / 9000:.{3 + wave % 9}f}",
        "dBdt": f"{wave / 7:.2f}",
        "TriggerTime": f"{wave * 3.5}",
        "TemporalPositionIdentifier": str(1 + index % 4),
        "SmallestImagePixelValue": Own("US", wave % 3),
        "LargestImagePixelValue": Own("US", 500 + wave),
        "WindowCenter": str(300 + wave),
        "WindowWidth": str(700 + wave * 2),
        "ImageComments": "" if wave % 3 else f"echo {index}",
    }


def _siemens_mr(series: Series, index: int) -> Elements:
    big = 12_000 + series.number % 3 * 30_000
    return {
        **_mr_slice(series, index),
        **private(
            0x0019,
            "SIEMENS MR HEADER",
            0x10,
            {
                0x08: Own("CS", "IMAGE NUM 4"),
                0x0A: Own("US", 1 + index % 40),
                0x0B: Own("DS", f"{index * 2.5}"),
                0x0C: Own("IS", str(index % 4 * 1000)),
                0x0E: Own("FD", (0.6, -0.8, index / 1000)),
                0x15: Own("FD", (-119.5, 101.25, index * 3.3)),
                0x27: Own("FD", (1.0, 0.0, 0.0, 0.5, 0.25, float(index))),
                0x28: Own("FD", 20.0 + series.number / 16),
                0x29: Own("FD", tuple(float(each * 2) for each in range(12))),
            },
        ),
        **private(
            0x0029,
            "SIEMENS CSA HEADER",
            0x10,
            {
                0x08: Own("CS", "IMAGE NUM 4"),
                0x09: Own("LO", day_of(series)),
                0x10: Own("OB", noise(series, index, 11_560)),
                0x18: Own("CS", "MR"),
                0x19: Own("LO", day_of(series)),
                0x20: Own("OB", noise(series, 0, big)),
            },
        ),
        **private(0x0051, "SIEMENS MR HEADER", 0x10, {0x0C: Own("SH", "FoV 220*220")}),
    }


def _ge_mr(series: Series, index: int) -> Elements:
    numbers = {each: Own("SS", (index * each) % 1000) for each in _GE_SHORTS}
    return {
        **_mr_slice(series, index),
        **private(0x0019, "GEMS_ACQU_01", 0x10, {0x9C: Own("LO", "efgre3d"), 0xBB: Own("DS", "0")}),
        **private(0x0021, "GEMS_RELA_01", 0x10, {0x35: Own("SS", index), 0x4F: Own("SS", 60)}),
        **private(0x0043, "GEMS_PARM_01", 0x10, {**numbers, 0x39: Own("IS", "1000\\8\\0\\0")}),
    }


def _philips_mr(series: Series, index: int) -> Elements:
    stack = {
        0x03: Own("FL", float(index % 4 * 500)),
        0x04: Own("CS", "I"),
        0x05: Own("SS", index),
        0x09: Own("FL", 1.25),
        0x0A: Own("IS", str(index + 1)),
        0x0B: Own("CS", "TRANSVERSAL"),
        0x0E: Own("CS", "N"),
        0x11: Own("FL", 0.0),
        0x22: Own("FL", 1.75),
    }
    more = {each: Own("FL", each + index / 9) for each in (0x08, 0x09, 0x0A, 0x0D, 0x0E)}
    real = [{"RealWorldValueIntercept": 0.0, "RealWorldValueSlope": 1.25 + index / 1000}]
    return {
        **_mr_slice(series, index),
        "RealWorldValueMappingSequence": real,
        "RescaleSlope": f"{1.25 + index / 1000:.{4 + index % 8}f}",
        **private(0x2001, "Philips Imaging DD 001", 0x10, stack),
        **private(0x2005, "Philips MR Imaging DD 001", 0x10, more),
    }


# The other modalities.


def _pt(series: Series) -> Elements:
    chance = series.chance
    tracer = {
        "Radiopharmaceutical": "Fluorodeoxyglucose",
        "RadiopharmaceuticalVolume": "0",
        "AdministrationRouteCodeSequence": code("47625008", "SCT", "Intravenous route"),
        "RadiopharmaceuticalStartTime": clock(series, -3600, 2),
        "RadionuclideTotalDose": f"{chance.uniform(1e8, 5e8):.{chance.randint(0, 3)}f}",
        "RadionuclideHalfLife": "6586.2",
        "RadionuclidePositronFraction": "0.97",
        "RadiopharmaceuticalStartDateTime": day_of(series) + clock(series, -3600, 2),
        "RadionuclideCodeSequence": code("77004003", "SCT", "^18^Fluorine"),
        "RadiopharmaceuticalCodeSequence": code("35321007", "SCT", "Fluorodeoxyglucose F^18^"),
    }
    return {
        **image(PIXELS, PIXELS, 16, signed=True),
        **plane(series, 4.07283, 3),
        "ImageType": "ORIGINAL\\PRIMARY",
        "AcquisitionNumber": "1",
        "SeriesType": "WHOLE BODY\\IMAGE",
        "Units": "BQML",
        "CountsSource": "EMISSION",
        "CorrectedImage": "NORM\\DTIM\\ATTN\\SCAT\\DECY\\RAN",
        "DecayCorrection": "START",
        "RandomsCorrectionMethod": "DLYD",
        "AttenuationCorrectionMethod": "measured,AC_CT",
        "ReconstructionMethod": "OSEM3D 3i21s",
        "ScatterCorrectionMethod": "Model-based",
        "RadiopharmaceuticalInformationSequence": [tracer],
        "PatientOrientationCodeSequence": code("102538003", "SCT", "recumbent"),
        "NumberOfSlices": 263,
        "RescaleIntercept": "0",
    }


def _pt_slice(series: Series, index: int) -> Elements:
    return {
        **instance(series, index),
        **position(series, index, 3, 4 + series.number % 8),
        "RescaleSlope": f"{0.1 + index / 977:.{6 + index % 6}f}",
        "FrameReferenceTime": f"{60_000 + index * 1500.5}",
        "ActualFrameDuration": "120000",
        "DecayFactor": f"{1 + index / 5000:.{3 + index % 4}f}",
        "DoseCalibrationFactor": "1",
        "ScatterFractionFactor": f"{0.3 + index / 1000:.4f}",
        "ImageIndex": index + 1,
        "LargestImagePixelValue": Own("SS", 30_000 + index),
    }


def _projection(series: Series) -> Elements:
    chance = series.chance
    return {
        **image(PIXELS * 2, PIXELS, 12),
        "ImageType": "DERIVED\\PRIMARY\\",
        "PresentationIntentType": "FOR PRESENTATION",
        "KVP": str(chance.randint(26, 125)),
        "DistanceSourceToDetector": "660",
        "ExposureTime": str(chance.randint(3, 1800)),
        "XRayTubeCurrent": str(chance.randint(50, 400)),
        "Exposure": str(chance.randint(1, 120)),
        "Grid": "RECIPROCATING\\FOCUSED",
        "FocalSpots": "0.3",
        "AnodeTargetMaterial": "TUNGSTEN",
        "FilterMaterial": "RHODIUM",
        "ImagerPixelSpacing": "0.1\\0.1",
        "DetectorType": "DIRECT",
        "DetectorID": f"DET{chance.randint(1, 10**6)}",
        "ImageLaterality": "LR"[series.number % 2],
        "ViewPosition": "MLO",
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "ImageAndFluoroscopyAreaDoseProduct": f"{chance.uniform(0, 3):.4f}",
        "PixelIntensityRelationship": "LOG",
        "WindowCenter": "2047",
        "WindowWidth": "4095",
        "VOILUTFunction": "LINEAR",
    }


def _mg(series: Series) -> Elements:
    modifiers = (("399161006", "Cleavage"), ("399163009", "Magnification"), ("399067008", "Rolled"))
    view = {
        **code("399368009", "SCT", "medio-lateral oblique")[0],
        "ViewModifierCodeSequence": [
            code(value, "SCT", meaning)[0] for value, meaning in modifiers[: series.number % 4]
        ],
    }
    return {
        **_projection(series),
        "BodyPartThickness": str(series.chance.randint(20, 90)),
        "CompressionForce": f"{series.chance.uniform(50, 180):.1f}",
        "OrganDose": f"{series.chance.uniform(0.005, 0.03):.5f}",
        "EntranceDoseInmGy": f"{series.chance.uniform(2, 12):.3f}",
        "PositionerPrimaryAngle": "45",
        "ViewCodeSequence": [view],
        "BreastImplantPresent": "NO",
    }


def _mg_view(series: Series, index: int) -> Elements:
    return {**instance(series, index), "AcquisitionDeviceProcessingCode": f"PV{index}"}


def _dx_view(series: Series, index: int) -> Elements:
    return {
        **instance(series, index),
        "ExposureIndex": str(300 + index * 13),
        "TargetExposureIndex": "350",
        "DeviationIndex": f"{index / 7 - 0.5:.{1 + index % 3}f}",
        **references(series, "ReferencedImageSequence", index, 1),
    }


def _us(series: Series) -> Elements:
    region = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 2,
        "RegionLocationMaxX1": PIXELS - 1,
        "RegionLocationMaxY1": PIXELS - 1,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.0261,
        "PhysicalDeltaY": 0.0261,
    }
    return {
        **image(PIXELS, PIXELS, 8),
        "ImageType": "ORIGINAL\\PRIMARY\\ABDOMINAL\\0001",
        "SequenceOfUltrasoundRegions": [region],
        "TransducerData": "C5-1",
        "BurnedInAnnotation": "YES",
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": f"{series.chance.uniform(5, 30):.2f}",
        "LossyImageCompressionMethod": "ISO_10918_1",
    }


def _nm(series: Series) -> Elements:
    window = {
        "EnergyWindowRangeSequence": [
            {"EnergyWindowLowerLimit": "126", "EnergyWindowUpperLimit": "154"}
        ],
        "EnergyWindowName": "Tc99m",
    }
    frames = 2
    return {
        **image(PIXELS, PIXELS, 16),
        "ImageType": "ORIGINAL\\PRIMARY\\STATIC\\EMISSION",
        "NumberOfFrames": str(frames),
        "FrameIncrementPointer": (0x00100054, 0x00200054),
        "EnergyWindowVector": (1, 1),
        "NumberOfEnergyWindows": 1,
        "EnergyWindowInformationSequence": [window],
        "DetectorVector": (1, 2),
        "NumberOfDetectors": 2,
        "CountsAccumulated": str(series.chance.randint(10**5, 10**7)),
        "PixelSpacing": "2.3976\\2.3976",
        "ActualFrameDuration": str(series.chance.randint(1000, 900_000)),
    }


def _dose_info(series: Series) -> Elements:
    """Return a CT's dose page: an item for each acquisition, with the maker's own elements."""
    chance = series.chance
    events = [
        {
            "SeriesNumber": str(number + 1),
            "KVP": "120",
            "ExposureTime": str(chance.randint(300, 9000)),
            "XRayTubeCurrentInuA": f"{chance.randint(50, 400) * 1000}",
            "ScanLength": str(chance.randint(100, 700)),
            "AcquisitionType": "SPIRAL",
            "SingleCollimationWidth": 0.625,
            "TotalCollimationWidth": 40.0,
            "SpiralPitchFactor": 0.9 + number / 8,
            "EstimatedDoseSaving": 12.5,
            "CTDIvol": chance.randint(1, 80) / 4,
            **private(0x00E1, "ELSCINT1", 0x10, {0x21: Own("DS", f"{chance.uniform(9, 900):.1f}")}),
            **private(0x01E1, "ELSCINT1", 0x10, {0x26: Own("LO", "32 CM")}),
        }
        for number in range(1 + series.number % 3)
    ]
    return {
        **image(PIXELS, PIXELS, 8),
        "ImageType": "DERIVED\\SECONDARY\\LOCALIZER",
        "ConversionType": "WSD",
        "ExposureDoseSequence": events,
        "TotalNumberOfExposures": len(events),
        "CommentsOnRadiationDose": f"Total events {len(events)}",
        **private(0x00E1, "ELSCINT1", 0x10, {0x21: Own("DS", f"{chance.uniform(100, 900):.2f}")}),
    }


MAKERS: Final = (
    Maker("SIEMENS", "SOMATOM Force", "CT", "2", EXPLICIT, (60, 140), _siemens_ct_series,
          _siemens_ct),
    Maker("GE MEDICAL SYSTEMS", "Revolution EVO", "CT", "2", IMPLICIT, (60, 140), _ge_ct_series,
          _ge_ct, software="gmp_vct.42"),
    Maker("SIEMENS", "Aera", "MR", "4", EXPLICIT, (24, 96), _mr, _siemens_mr, software="MR E11"),
    Maker("Philips", "iCT 256", "CT", "2", EXPLICIT, (60, 140), _ct, _philips_ct, undefined=True),
    Maker("Philips Medical Systems", "Ingenia", "MR", "4", EXPLICIT, (24, 96), _mr, _philips_mr,
          undefined=True, software="5.4.1\\5.4.1.0"),
    Maker("HOLOGIC, Inc.", "Lorad Selenia", "MG", "1.2", JPEG_2000, (4, 4), _mg, _mg_view),
    Maker("Canon Medical Systems", "Aquilion ONE", "CT", "2", JPEG_LS, (60, 140), _ct, _canon_ct),
    Maker("GE MEDICAL SYSTEMS", "SIGNA Premier", "MR", "4", IMPLICIT, (24, 96), _mr, _ge_mr,
          undefined=True, software="29\\LX\\MR29.1"),
    Maker("Philips", "iCT 256", "CT", "7", EXPLICIT, (1, 1), _dose_info, instance, undefined=True),
    Maker("CPS", "1094", "PT", "128", IMPLICIT, (60, 120), _pt, _pt_slice),
    Maker("Carestream", "DRX-Evolution", "DX", "1.1", EXPLICIT, (1, 3), _projection, _dx_view),
    Maker("Philips Medical Systems", "EPIQ 7G", "US", "6.1", JPEG_BASELINE, (2, 9), _us,
          instance, bits=8),
    Maker("SIEMENS NM", "Symbia T2", "NM", "20", RLE, (1, 2), _nm, instance),
)  # fmt: skip
"""In turn, a series of each; compressed frames are noise, for no benchmark decodes them."""
