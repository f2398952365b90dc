"""Attributes of CT (PS3.3 sections C.8.2 and C.8.15)."""

from typing import Final

from dicomlake.schemas.column import attribute, brought_by, coded, private

_EXPOSURE_DOSE: Final = (0x0040030E,)
"""Exposure Dose Sequence: an item for each acquisition of a dose report in an image."""

CT: Final = (
    attribute("CTDIvol", 0x00189345, "FD", "Volume CT dose index.", unit="mGy"),
    attribute("ConvolutionKernel", 0x00181210, "SH", "Kernel of the reconstruction.", vm="1-n"),
    attribute("ScanOptions", 0x00180022, "CS", "Options of the acquisition.", vm="1-n"),
    attribute("DataCollectionDiameter", 0x00180090, "DS", "Diameter over which data were "
              "collected.", unit="mm"),
    attribute("ReconstructionDiameter", 0x00181100, "DS", "Diameter of the reconstructed region.",
              unit="mm"),
    attribute("GantryDetectorTilt", 0x00181120, "DS",
              "Nominal tilt of the gantry; its sign differs between makers.", unit="degree"),
    attribute("TableHeight", 0x00181130, "DS", "Height of the table.", unit="mm"),
    attribute("RotationDirection", 0x00181140, "CS", "Direction of rotation of the source."),
    attribute("RevolutionTime", 0x00189305, "FD", "Time of one rotation.", unit="s"),
    attribute("SingleCollimationWidth", 0x00189306, "FD", "Width of one detector row.",
              unit="mm"),
    attribute("TotalCollimationWidth", 0x00189307, "FD", "Width of all active detector rows.",
              unit="mm"),
    attribute("SpiralPitchFactor", 0x00189311, "FD", "Table feed per rotation over collimation."),
    *brought_by(
        2,
        attribute("AcquisitionType", 0x00189302, "CS",
                  "How the data were collected, e.g. `SPIRAL`."),
        attribute("TableFeedPerRotation", 0x00189310, "FD", "Way of the table in one rotation.",
                  unit="mm"),
        attribute("ExposureModulationType", 0x00189323, "CS",
                  "How the tube current was modulated.", vm="1-n"),
        attribute("EstimatedDoseSaving", 0x00189324, "FD",
                  "Dose saved by the modulation, as estimated.", unit="%"),
        coded("CTDIPhantomTypeCodeSequence", 0x00189346, "the phantom of CTDIvol"),
        attribute("WaterEquivalentDiameter", 0x00181271, "FD",
                  "Diameter of a cylinder of water that attenuates alike.", unit="mm"),
        coded("WaterEquivalentDiameterCalculationMethodCodeSequence", 0x00181272,
              "the way that diameter was found"),
        attribute("ReconstructionTargetCenterPatient", 0x00189318, "FD",
                  "Centre of the reconstructed region, in LPS coordinates.", vm="3", unit="mm"),
    ),
)
"""How a CT image was acquired."""

EXPOSURE_DOSE: Final = brought_by(
    2,
    attribute("SeriesNumber", 0x00200011, "IS", "Series of each acquisition.",
              name="exposure_dose_series_number", within=_EXPOSURE_DOSE, every_item=True),
    attribute("AcquisitionType", 0x00189302, "CS",
              "How the data of each acquisition were collected.",
              name="exposure_dose_acquisition_type", within=_EXPOSURE_DOSE, every_item=True),
    attribute("KVP", 0x00180060, "DS", "Peak voltage of each acquisition.",
              name="exposure_dose_kvp", within=_EXPOSURE_DOSE, every_item=True, unit="kV"),
    attribute("XRayTubeCurrentInuA", 0x00188151, "DS", "Tube current of each acquisition.",
              name="exposure_dose_x_ray_tube_current_inu_a", within=_EXPOSURE_DOSE,
              every_item=True, unit="uA"),
    attribute("ExposureTime", 0x00181150, "IS", "Exposure time of each acquisition.",
              as_float=True, name="exposure_dose_exposure_time", within=_EXPOSURE_DOSE,
              every_item=True, unit="ms"),
    attribute("CTDIvol", 0x00189345, "FD", "Volume CT dose index of each acquisition.",
              name="exposure_dose_ctdivol", within=_EXPOSURE_DOSE, every_item=True, unit="mGy"),
    attribute("ScanLength", 0x00181302, "IS", "Scan length of each acquisition.",
              as_float=True, name="exposure_dose_scan_length", within=_EXPOSURE_DOSE,
              every_item=True, unit="mm"),
    attribute("SingleCollimationWidth", 0x00189306, "FD",
              "Width of one detector row of each acquisition.",
              name="exposure_dose_single_collimation_width", within=_EXPOSURE_DOSE,
              every_item=True, unit="mm"),
    attribute("TotalCollimationWidth", 0x00189307, "FD",
              "Width of all active detector rows of each acquisition.",
              name="exposure_dose_total_collimation_width", within=_EXPOSURE_DOSE,
              every_item=True, unit="mm"),
    attribute("SpiralPitchFactor", 0x00189311, "FD", "Pitch of each acquisition.",
              name="exposure_dose_spiral_pitch_factor", within=_EXPOSURE_DOSE, every_item=True),
    attribute("EstimatedDoseSaving", 0x00189324, "FD",
              "Dose saved by modulation in each acquisition, as estimated.",
              name="exposure_dose_estimated_dose_saving", within=_EXPOSURE_DOSE,
              every_item=True, unit="%"),
    private("elscint_exposure_dose_dlp", "ELSCINT1", 0x00E10021, "DS",
            "Dose length product of each acquisition of a Philips dose report.",
            within=_EXPOSURE_DOSE, every_item=True, unit="mGy cm"),
    private("elscint_exposure_dose_phantom", "ELSCINT1", 0x01E10026, "LO",
            "Phantom of each acquisition of a Philips dose report, `16 CM` or `32 CM`.",
            within=_EXPOSURE_DOSE, every_item=True),
)
"""The acquisitions of a dose report that is an image."""
