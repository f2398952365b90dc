"""Enhanced CT and MR: headers whose functional groups tell each frame (PS3.3 section C.7.6.16)."""

from typing import Final

from encode import Own
from layouts import (
    EXPLICIT,
    IMAGE,
    Elements,
    Maker,
    Series,
    clock,
    code,
    day_of,
    image,
    instance,
    private,
)

_SIDE: Final = 16


def _shared(series: Series) -> Elements:
    pixels = {"PixelSpacing": "0.859375\\0.859375", "SliceThickness": "1.25"}
    region = code("51185008", "SCT", "Chest")
    return {
        "PixelMeasuresSequence": [pixels],
        "FrameAnatomySequence": [{"FrameLaterality": "U", "AnatomicRegionSequence": region}],
        "PlaneOrientationSequence": [{"ImageOrientationPatient": "1\\0\\0\\0\\1\\0"}],
        "ReferencedImageSequence": [
            {
                "ReferencedSOPClassUID": IMAGE + "2",
                "ReferencedSOPInstanceUID": f"{series.stem}.9.1",
                "PurposeOfReferenceCodeSequence": code("121311", "DCM", "Localizer"),
            }
        ],
    }


def _content(series: Series, index: int) -> Elements:
    moment = day_of(series) + clock(series, index * 0.25, 6)
    return {
        "FrameAcquisitionNumber": 1,
        "FrameReferenceDateTime": moment,
        "FrameAcquisitionDateTime": moment,
        "FrameAcquisitionDuration": 250.0 + index / 8,
        "StackID": "1",
        "InStackPositionNumber": index + 1,
        "DimensionIndexValues": (1, index + 1),
    }


def _frame_type() -> Elements:
    return {
        "FrameType": "ORIGINAL\\PRIMARY\\VOLUME\\NONE",
        "PixelPresentation": "MONOCHROME",
        "VolumetricProperties": "VOLUME",
        "VolumeBasedCalculationTechnique": "NONE",
    }


def _frame(series: Series, index: int) -> Elements:
    places = 2 + series.number % 6
    z = -100 + index * 1.25 + series.number / 3
    return {
        "FrameContentSequence": [_content(series, index)],
        "PlanePositionSequence": [
            {"ImagePositionPatient": f"-179.5\\{-180.25:.{places}f}\\{z:.{places}f}"}
        ],
        "FrameVOILUTSequence": [{"WindowCenter": f"{40 + index % 5}", "WindowWidth": "400"}],
        "DerivationImageSequence": [
            {
                "SourceImageSequence": [
                    {
                        "ReferencedSOPClassUID": IMAGE + "2",
                        "ReferencedSOPInstanceUID": f"{series.stem}.8.{index // 10}",
                        "ReferencedFrameNumber": str(index + 1),
                    }
                ]
            }
        ],
        "PixelValueTransformationSequence": [
            {"RescaleIntercept": "-1024", "RescaleSlope": "1", "RescaleType": "HU"}
        ],
    }


def _ct_frame(series: Series, index: int) -> Elements:
    return {
        **_frame(series, index),
        "CTExposureSequence": [
            {
                "ExposureTimeInms": 500.0,
                "XRayTubeCurrentInmA": 120.5 + index % 50,
                "ExposureInmAs": 60.25 + index % 50,
                "CTDIvol": 5.25 + index / 64,
                "CTDIPhantomTypeCodeSequence": code("113691", "DCM", "IEC Body Dosimetry Phantom"),
            }
        ],
        "CTImageFrameTypeSequence": [_frame_type()],
        "CTPositionSequence": [{"TablePosition": -100 + index * 1.25}],
        "IrradiationEventIdentificationSequence": [{"IrradiationEventUID": f"{series.stem}.5"}],
    }


def _mr_frame(series: Series, index: int) -> Elements:
    return {
        **_frame(series, index),
        "MREchoSequence": [{"EffectiveEchoTime": 2.5 + index % 4 * 0.7}],
        "MRAveragesSequence": [{"NumberOfAverages": 1.0}],
        "MRDiffusionSequence": [
            {
                "DiffusionBValue": float(index % 3 * 500),
                "DiffusionDirectionality": "DIRECTIONAL",
                "DiffusionGradientDirectionSequence": [
                    {"DiffusionGradientOrientation": (0.6, -0.8, index / 1000)}
                ],
            }
        ],
        "MRImageFrameTypeSequence": [{**_frame_type(), "AcquisitionContrast": "DIFFUSION"}],
        "CardiacSynchronizationSequence": [{"NominalCardiacTriggerDelayTime": index * 12.5}],
        "TemporalPositionSequence": [{"TemporalPositionTimeOffset": index / 16}],
    }


def _fixed(series: Series) -> Elements:
    pointers = {
        "DimensionIndexPointer": (0x90570020,),
        "FunctionalGroupPointer": (0x91110020,),
        "DimensionOrganizationUID": f"{series.stem}.6",
    }
    return {
        **image(_SIDE, _SIDE, 12),
        "ImageType": "ORIGINAL\\PRIMARY\\VOLUME\\NONE",
        "AcquisitionNumber": "1",
        "AcquisitionDateTime": day_of(series) + clock(series, 120, 6),
        "PatientPosition": "HFS",
        "VolumetricProperties": "VOLUME",
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "DimensionOrganizationSequence": [{"DimensionOrganizationUID": f"{series.stem}.6"}],
        "DimensionIndexSequence": [pointers],
    }


def _ct_shared(series: Series) -> Elements:
    details = {
        "RotationDirection": "CW",
        "RevolutionTime": 0.5,
        "SingleCollimationWidth": 0.6,
        "TotalCollimationWidth": 57.6,
        "TableHeight": f"{150 + series.number / 8}",
        "DataCollectionDiameter": "500",
    }
    return {
        **_shared(series),
        "CTAcquisitionTypeSequence": [{"AcquisitionType": "SPIRAL", "FluoroscopyFlag": "NO"}],
        "CTAcquisitionDetailsSequence": [details],
        "CTTableDynamicsSequence": [{"TableSpeed": 110.4, "SpiralPitchFactor": 0.95833}],
        "CTXRayDetailsSequence": [{"KVP": "120", "FocalSpots": "0.8", "FilterType": "WEDGE"}],
        "CTReconstructionSequence": [{"ConvolutionKernel": "STANDARD"}],
    }


def _mr_shared(series: Series) -> Elements:
    timing = {"RepetitionTime": "2000.5", "FlipAngle": "90", "EchoTrainLength": "12"}
    return {
        **_shared(series),
        "MRTimingAndRelatedParametersSequence": [timing],
        "MRImagingModifierSequence": [{"TransmitterFrequency": 63.87, "PixelBandwidth": "244"}],
    }


def _ct_file(series: Series, n_frames: int) -> Elements:
    return {
        **instance(series, 0),
        "NumberOfFrames": str(n_frames),
        "SharedFunctionalGroupsSequence": [_ct_shared(series)],
        "PerFrameFunctionalGroupsSequence": [_ct_frame(series, k) for k in range(n_frames)],
    }


def _mr_file(series: Series, n_frames: int) -> Elements:
    own = [
        {
            **_mr_frame(series, k),
            **private(0x2005, "Philips MR Imaging DD 005", 0x10, {0x0F: Own("FL", k / 3)}),
        }
        for k in range(n_frames)
    ]
    return {
        **instance(series, 0),
        "NumberOfFrames": str(n_frames),
        "SharedFunctionalGroupsSequence": [_mr_shared(series)],
        "PerFrameFunctionalGroupsSequence": own,
    }


FRAME_MAKERS: Final = (
    Maker("SIEMENS", "NAEOTOM Alpha", "CT", "2.1", EXPLICIT, (1, 1), _fixed, _ct_file),
    Maker("Philips Medical Systems", "Ingenia Elition", "MR", "4.1", EXPLICIT, (1, 1), _fixed,
          _mr_file, undefined=True),
)  # fmt: skip
"""One with lengths of sequences written, one without; `varying` gets the number of frames."""
