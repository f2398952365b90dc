"""Builders of multi-frame objects with pydicom, and their cells as readers give them."""

from collections.abc import Callable, Mapping
from io import BytesIO

from pydicom import Dataset, FileMetaDataset, Sequence, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomlake.pipeline.discovery.sniff import Encoding
from dicomlake.pipeline.headers.decode import Cell, plain
from dicomlake.pipeline.headers.frames import FRAMES_TOP_TAGS
from dicomlake.pipeline.headers.item_parser import parse_items
from dicomlake.pipeline.headers.pydicom_items import pydicom_items
from dicomlake.pipeline.headers.values import Raw


def data_set(**values: object) -> Dataset:
    """Return a data set of values by keyword; lists of data sets are sequences."""
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def group(keyword: str, **values: object) -> dict[str, object]:
    """Return a functional group with one item."""
    return {keyword: [data_set(**values)]}


def enhanced_ct(n_frames: int, *, is_open: bool = False) -> Dataset:
    """Return an enhanced CT as scanners write them; positions, times and currents vary."""
    frames = [
        data_set(
            **group(
                "FrameContentSequence",
                FrameAcquisitionNumber=1 + n // 50,
                FrameReferenceDateTime=f"20240102030405.{n:06}",
                FrameAcquisitionDateTime=f"20240102030405.{n:06}+0100",
                FrameAcquisitionDuration=500.5,
                DimensionIndexValues=[1, n + 1],
                StackID="1",
                InStackPositionNumber=n + 1,
            ),
            **group("PlanePositionSequence", ImagePositionPatient=[-100, -120.5, n * 2.5]),
            **group("PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
            **group(
                "CTImageFrameTypeSequence",
                FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
                PixelPresentation="MONOCHROME",
                VolumetricProperties="VOLUME",
                VolumeBasedCalculationTechnique="NONE",
            ),
            **group(
                "CTAcquisitionDetailsSequence",
                RotationDirection="CW",
                RevolutionTime=0.5,
                SingleCollimationWidth=0.625,
                TotalCollimationWidth=40.0,
                TableHeight=150,
                GantryDetectorTilt=0,
                DataCollectionDiameter=500,
            ),
            **group(
                "CTTableDynamicsSequence",
                TableSpeed=78.75,
                TableFeedPerRotation=39.375,
                SpiralPitchFactor=0.984,
            ),
            **group("CTPositionSequence", TablePosition=-100.0 - n),
            **group(
                "CTExposureSequence",
                ExposureTimeInms=500.0,
                XRayTubeCurrentInmA=200.0 + n % 7,
                ExposureInmAs=100.0,
                CTDIvol=8.25,
                CTDIPhantomTypeCodeSequence=[
                    data_set(
                        CodeValue="113691",
                        CodingSchemeDesignator="DCM",
                        CodeMeaning="IEC Body Dosimetry Phantom",
                    )
                ],
            ),
            **group("IrradiationEventIdentificationSequence", IrradiationEventUID="1.2.3.4"),
        )
        for n in range(n_frames)
    ]
    shared = data_set(
        **group(
            "PixelMeasuresSequence",
            PixelSpacing=[0.75, 0.5],
            SliceThickness=2.5,
            SpacingBetweenSlices=2.5,
        ),
        **group(
            "PixelValueTransformationSequence",
            RescaleIntercept=-1024,
            RescaleSlope=1,
            RescaleType="HU",
        ),
        **group("FrameVOILUTSequence", WindowCenter=[40, 300], WindowWidth=[400, 1500]),
        **group("CTXRayDetailsSequence", KVP=120, FocalSpots=[0.7, 1.2]),
        **group("CTAcquisitionTypeSequence", AcquisitionType="SPIRAL"),
    )
    made = data_set(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1",
        SOPInstanceUID="1.2.3",
        NumberOfFrames=n_frames,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=frames,
    )
    return opened(made) if is_open else made


def enhanced_mr(n_frames: int, *, is_open: bool = False) -> Dataset:
    """Return an enhanced diffusion MR."""
    frames = [
        data_set(
            **group(
                "FrameContentSequence",
                FrameAcquisitionNumber=1,
                DimensionIndexValues=[1, n % 20 + 1, n // 20 + 1],
                StackID="1",
                InStackPositionNumber=n % 20 + 1,
                TemporalPositionIndex=n // 20 + 1,
            ),
            **group("PlanePositionSequence", ImagePositionPatient=[0.125, n * 1.5, -33.25]),
            **group("PlaneOrientationSequence", ImageOrientationPatient=[0, 1, 0, 0, 0, -1]),
            **group("PixelMeasuresSequence", PixelSpacing=[1.25, 1.25], SliceThickness=3),
            **group(
                "PixelValueTransformationSequence",
                RescaleIntercept=0,
                RescaleSlope=2.5 + n % 3,
                RescaleType="US",
            ),
            **group("MREchoSequence", EffectiveEchoTime=85.5),
            **group(
                "MRTimingAndRelatedParametersSequence",
                RepetitionTime=5000,
                FlipAngle=90,
                EchoTrainLength=1,
            ),
            **group(
                "MRDiffusionSequence",
                DiffusionBValue=float(500 * (n // 20)),
                DiffusionDirectionality="DIRECTIONAL",
                DiffusionGradientDirectionSequence=[
                    data_set(DiffusionGradientOrientation=[0.6, 0.8, 0.0])
                ],
            ),
            **group(
                "CardiacSynchronizationSequence",
                NominalPercentageOfCardiacPhase=12.5,
                NominalCardiacTriggerDelayTime=float(n),
            ),
            **group("MRAveragesSequence", NumberOfAverages=2),
        )
        for n in range(n_frames)
    ]
    made = data_set(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1",
        SOPInstanceUID="1.2.4",
        NumberOfFrames=n_frames,
        SharedFunctionalGroupsSequence=[
            data_set(**group("MRModifierSequence", InversionTimes=[150.0, 300.0]))
        ],
        PerFrameFunctionalGroupsSequence=frames,
    )
    return opened(made) if is_open else made


def opened(made: Dataset) -> Dataset:
    """Return a data set all of whose sequences and items are written with undefined length."""
    for element in made:
        if isinstance(element.value, Sequence):
            element.value.is_undefined_length = True
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                opened(item)
    return made


SYNTAXES: Mapping[str, tuple[str, Encoding]] = {
    "explicit": (ExplicitVRLittleEndian, Encoding(implicit=False, little=True)),
    "implicit": (ImplicitVRLittleEndian, Encoding(implicit=True, little=True)),
    "big": (ExplicitVRBigEndian, Encoding(implicit=False, little=False)),
}


def file_bytes(made: Dataset, syntax: str = "explicit") -> bytes:
    """Return a DICOM file of a data set."""
    uid, _ = SYNTAXES[syntax]
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = uid
    made.SOPClassUID = made.get("SOPClassUID") or "1.2.840.10008.5.1.4.1.1.7"
    made.SOPInstanceUID = made.get("SOPInstanceUID") or "1.2.3"
    buffer = BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def raw_top(made: Dataset, syntax: str = "explicit") -> dict[int, Raw]:
    """Return the raw top-level values of a data set written in a syntax, sequences as bytes.

    Top-level sequences are written with defined length; what is inside is as it was made.
    """
    for element in made:
        if element.VR == "SQ":
            element.value.is_undefined_length = False
            element.is_undefined_length = False
    defined = dcmread(BytesIO(file_bytes(made, syntax)))
    return {
        int(element.tag): Raw(element.VR or "", element.value or b"")
        for element in defined.values()
        if isinstance(element.value, bytes | None)
    }


def top_cells(made: Dataset, syntax: str = "explicit", **more: bytes) -> Callable[[int], Cell]:
    """Return what a reader would give for the top level of a data set.

    `more` holds further raw values by keyword.
    """
    _, encoding = SYNTAXES[syntax]
    raws = raw_top(made, syntax)
    cells: dict[int, Cell] = {}
    for tag, vr in FRAMES_TOP_TAGS.items():
        raw = raws.get(tag)
        if raw is None:
            continue
        if vr != "SQ":
            cells[tag] = plain(raw, vr)
        elif encoding.little:
            cells[tag] = parse_items(raw.value, encoding.implicit, 64)
        else:
            cells[tag] = pydicom_items(raw.value, encoding, 64)
    for keyword, value in more.items():
        cells[int(tag_for_keyword(keyword) or 0)] = value
    return cells.get
