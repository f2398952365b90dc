"""Attributes of X-ray: tube, dose, detector, mammography (PS3.3 sections C.8.1, C.8.7, C.8.11)."""

from typing import Final

from dicomlake.schemas.column import Privacy, attribute, brought_by, coded

XRAY: Final = (
    attribute("KVP", 0x00180060, "DS", "Peak voltage of the X-ray generator.", unit="kV"),
    attribute("XRayTubeCurrent", 0x00181151, "IS", "Current of the X-ray tube.", as_float=True,
              unit="mA"),
    attribute("ExposureTime", 0x00181150, "IS", "Duration of the exposure.", as_float=True,
              unit="ms"),
    attribute("Exposure", 0x00181152, "IS", "Tube current times exposure time.", as_float=True,
              unit="mA s"),
    attribute("FilterType", 0x00181160, "SH", "Type of the X-ray filter."),
    attribute("FocalSpots", 0x00181190, "DS", "Size of the focal spots.", vm="1-n", unit="mm"),
    attribute("DistanceSourceToDetector", 0x00181110, "DS", "Distance from source to detector.",
              unit="mm"),
    attribute("DistanceSourceToPatient", 0x00181111, "DS", "Distance from source to isocentre.",
              unit="mm"),
    *brought_by(
        2,
        attribute("XRayTubeCurrentInuA", 0x00188151, "DS", "Current of the X-ray tube.", unit="uA"),
        attribute("ExposureInuAs", 0x00181153, "IS", "Tube current times exposure time.",
                  as_float=True, unit="uA s"),
        attribute("ExposureInmAs", 0x00189332, "FD", "Tube current times exposure time.",
                  unit="mA s"),
        attribute("AnodeTargetMaterial", 0x00181191, "CS", "Material of the anode."),
        attribute("FilterMaterial", 0x00187050, "CS", "Materials of the X-ray filter.", vm="1-n"),
        attribute("FilterThicknessMinimum", 0x00187052, "DS", "Least thickness of each filter.",
                  vm="1-n", unit="mm"),
        attribute("FilterThicknessMaximum", 0x00187054, "DS", "Greatest thickness of each filter.",
                  vm="1-n", unit="mm"),
        attribute("Grid", 0x00181166, "CS", "Grids in the beam.", vm="1-n"),
        attribute("AveragePulseWidth", 0x00181154, "DS", "Mean width of a pulse.", unit="ms"),
    ),
)
"""How X-rays were made."""

DOSE: Final = brought_by(
    2,
    attribute("ImageAndFluoroscopyAreaDoseProduct", 0x0018115E, "DS",
              "Dose area product of the irradiation event, the same in each of its images.",
              unit="dGy cm2"),
    attribute("EntranceDose", 0x00400302, "US", "Entrance dose.", unit="dGy"),
    attribute("EntranceDoseInmGy", 0x00408302, "DS", "Entrance dose.", unit="mGy"),
    attribute("OrganDose", 0x00400316, "DS",
              "Dose to the organ; in mammography the mean glandular dose.", unit="dGy"),
    attribute("HalfValueLayer", 0x00400314, "DS", "Half value layer of the beam.", unit="mm"),
    attribute("TotalNumberOfExposures", 0x00400301, "US", "Exposures of the procedure step."),
    attribute("TotalTimeOfFluoroscopy", 0x00400300, "US",
              "Time of fluoroscopy of the procedure step.", unit="s"),
    attribute("CommentsOnRadiationDose", 0x00400310, "ST", "Comments on the dose.",
              privacy=Privacy.FREE_TEXT),
    attribute("RelativeXRayExposure", 0x00181405, "IS",
              "Relative exposure, in units of the maker.", as_float=True),
    attribute("ExposureIndex", 0x00181411, "DS", "Exposure index (IEC 62494-1)."),
    attribute("TargetExposureIndex", 0x00181412, "DS", "Exposure index that was aimed at."),
    attribute("DeviationIndex", 0x00181413, "DS", "Deviation from the target exposure index."),
)
"""What the patient or the detector got."""

DETECTOR: Final = brought_by(
    2,
    attribute("FieldOfViewShape", 0x00181147, "CS", "Shape of the field of view."),
    attribute("FieldOfViewDimensions", 0x00181149, "IS",
              "Size of the field of view: diameter, or rows and columns.", vm="1-2",
              as_float=True, unit="mm"),
    attribute("AcquisitionDeviceProcessingDescription", 0x00181400, "LO",
              "How the device processed the image.", privacy=Privacy.FREE_TEXT),
)
"""What took the image."""

POSITIONING: Final = brought_by(
    2,
    attribute("PositionerType", 0x00181508, "CS", "Type of the positioner."),
    attribute("PositionerPrimaryAngle", 0x00181510, "DS",
              "Angle of the positioner, from RAO to LAO.", unit="degree"),
    attribute("PositionerSecondaryAngle", 0x00181511, "DS",
              "Angle of the positioner, from CAU to CRA.", unit="degree"),
    attribute("ViewPosition", 0x00185101, "CS", "Radiographic view."),
    coded("ViewCodeSequence", 0x00540220, "the view"),
    coded("ViewModifierCodeSequence", 0x00540222, "a modifier of the view",
          within=(0x00540220,), every_item=True),
)
"""How tube and patient stood."""

MAMMOGRAPHY: Final = brought_by(
    2,
    attribute("CompressionForce", 0x001811A2, "DS", "Force of the compression.", unit="N"),
    attribute("BodyPartThickness", 0x001811A0, "DS", "Thickness of the body part, compressed.",
              unit="mm"),
    attribute("BreastImplantPresent", 0x00281300, "CS", "Whether there is an implant."),
    attribute("PartialView", 0x00281350, "CS", "Whether the image shows a part of the breast."),
)
"""How a breast was imaged."""
