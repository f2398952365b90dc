"""Attributes of the series and the equipment (PS3.3 sections C.7.3 and C.7.5)."""

from typing import Final

from dicomlake.schemas.column import Level, Privacy, attribute, brought_by

SERIES: Final = (
    attribute("SeriesNumber", 0x00200011, "IS", "Number of the series.", level=Level.SERIES),
    attribute("SeriesDate", 0x00080021, "DA", "Date the series started.",
              level=Level.SERIES, privacy=Privacy.DATE),
    attribute("SeriesTime", 0x00080031, "TM", "Time the series started.",
              level=Level.SERIES, privacy=Privacy.DATE),
    attribute("SeriesDescription", 0x0008103E, "LO", "Description of the series.",
              level=Level.SERIES, privacy=Privacy.FREE_TEXT),
    attribute("ProtocolName", 0x00181030, "LO", "Name of the acquisition protocol.",
              level=Level.SERIES, privacy=Privacy.FREE_TEXT),
    attribute("BodyPartExamined", 0x00180015, "CS", "Part of the body examined.",
              level=Level.SERIES),
    attribute("Laterality", 0x00200060, "CS", "Side of the paired body part.",
              level=Level.SERIES),
    attribute("PatientPosition", 0x00185100, "CS",
              "Position of the patient relative to the equipment, e.g. `HFS`.",
              level=Level.SERIES),
    attribute("FrameOfReferenceUID", 0x00200052, "UI",
              "Frame of Reference in which positions are given.",
              level=Level.SERIES, privacy=Privacy.UID),
    attribute("PositionReferenceIndicator", 0x00201040, "LO",
              "Anatomical reference of the Frame of Reference.", level=Level.SERIES),
    *brought_by(
        2,
        attribute("OperatorsName", 0x00081070, "PN", "Operators of the equipment.", vm="1-n",
                  level=Level.SERIES, privacy=Privacy.IDENTIFYING),
        attribute("PresentationIntentType", 0x00080068, "CS",
                  "Whether images are meant for presentation or for processing.",
                  level=Level.SERIES),
        attribute("PerformedProcedureStepDescription", 0x00400254, "LO", "What was performed.",
                  level=Level.SERIES, privacy=Privacy.FREE_TEXT),
    ),
)
"""What was acquired, and how it was ordered."""

EQUIPMENT: Final = (
    attribute("Manufacturer", 0x00080070, "LO", "Maker of the equipment.",
              level=Level.SERIES, privacy=Privacy.DEVICE),
    attribute("ManufacturerModelName", 0x00081090, "LO", "Model of the equipment.",
              level=Level.SERIES, privacy=Privacy.DEVICE),
    attribute("DeviceSerialNumber", 0x00181000, "LO", "Serial number of the equipment.",
              level=Level.SERIES, privacy=Privacy.DEVICE),
    attribute("SoftwareVersions", 0x00181020, "LO", "Software of the equipment.", vm="1-n",
              level=Level.SERIES, privacy=Privacy.DEVICE),
    attribute("StationName", 0x00081010, "SH", "Name of the station.",
              level=Level.SERIES, privacy=Privacy.DEVICE),
    attribute("MagneticFieldStrength", 0x00180087, "DS", "Nominal field of the magnet.",
              unit="T", level=Level.SERIES),
    *brought_by(
        2,
        attribute("DeviceUID", 0x00181002, "UI", "Identity of the equipment.", level=Level.SERIES,
                  privacy=Privacy.UID),
    ),
)
"""What it was acquired with."""
