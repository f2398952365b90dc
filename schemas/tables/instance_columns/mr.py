"""Attributes of MR (PS3.3 sections C.8.3 and C.8.13)."""

from typing import Final

from dicomlake.schemas.column import attribute, brought_by

MR: Final = (
    attribute("ScanningSequence", 0x00180020, "CS", "Type of MR data taken.", vm="1-n"),
    attribute("SequenceVariant", 0x00180021, "CS", "Variant of the scanning sequence.",
              vm="1-n"),
    attribute("MRAcquisitionType", 0x00180023, "CS", "Encoding of the MR data, 2D or 3D."),
    attribute("SequenceName", 0x00180024, "SH", "Name of the MR sequence."),
    attribute("RepetitionTime", 0x00180080, "DS", "MR repetition time.", unit="ms"),
    attribute("EchoTime", 0x00180081, "DS", "MR echo time.", unit="ms"),
    attribute("InversionTime", 0x00180082, "DS", "MR inversion time.", unit="ms"),
    attribute("FlipAngle", 0x00181314, "DS", "MR flip angle.", unit="degree"),
    attribute("EchoNumbers", 0x00180086, "IS", "Number of the echo.", vm="1-n"),
    attribute("EchoTrainLength", 0x00180091, "IS", "Lines acquired per excitation."),
    attribute("ImagingFrequency", 0x00180084, "DS", "Precession frequency of the nucleus.",
              unit="MHz"),
    attribute("TriggerTime", 0x00181060, "DS", "Time after the trigger.", unit="ms"),
    attribute("NominalPercentageOfCardiacPhase", 0x00209241, "FL",
              "Part of the cardiac cycle.", unit="%"),
    *brought_by(
        2,
        attribute("NumberOfAverages", 0x00180083, "DS", "Times the data were acquired."),
        attribute("ImagedNucleus", 0x00180085, "SH", "Nucleus that resonates, e.g. `1H`."),
        attribute("PixelBandwidth", 0x00180095, "DS", "Bandwidth of a pixel.", unit="Hz"),
        attribute("PercentSampling", 0x00180093, "DS", "Part of the matrix that was acquired.",
                  unit="%"),
        attribute("PercentPhaseFieldOfView", 0x00180094, "DS",
                  "Field of view in phase direction over that in frequency direction.", unit="%"),
        attribute("AcquisitionMatrix", 0x00181310, "US",
                  "Frequency rows and columns, phase rows and columns.", vm="4"),
        attribute("InPlanePhaseEncodingDirection", 0x00181312, "CS",
                  "Direction of phase encoding, `ROW` or `COL`."),
        attribute("ReceiveCoilName", 0x00181250, "SH", "Receiving coil."),
        attribute("SAR", 0x00181316, "DS", "Specific absorption rate.", unit="W/kg"),
        attribute("ParallelAcquisitionTechnique", 0x00189078, "CS",
                  "Technique of parallel imaging."),
        attribute("ParallelReductionFactorInPlane", 0x00189069, "FD",
                  "Reduction by parallel imaging, in plane."),
        attribute("DiffusionBValue", 0x00189087, "FD", "Diffusion weighting.", unit="s/mm2"),
        attribute("DiffusionGradientOrientation", 0x00189089, "FD",
                  "Direction of the diffusion gradient, in LPS coordinates.", vm="3"),
    ),
)
"""How an MR image was acquired."""
