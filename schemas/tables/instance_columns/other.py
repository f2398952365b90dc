"""Attributes of ultrasound, and of objects that are no images of a scanner."""

from typing import Final

from dicomlake.schemas.column import Privacy, attribute, brought_by, coded

_REGION: Final = (0x00186011,)
"""Sequence of Ultrasound Regions."""
_SEGMENTS: Final = (0x00620002,)
"""Segment Sequence."""
_ROIS: Final = (0x30060020,)
"""Structure Set ROI Sequence."""
_TEMPLATE: Final = (0x0040A504,)
"""Content Template Sequence."""

ULTRASOUND: Final = brought_by(
    2,
    attribute("RegionDataType", 0x00186014, "US",
              "What the first region shows: 1 tissue, 2 colour flow, 3 PW, 4 CW Doppler and "
              "others.", within=_REGION),
    attribute("RegionLocationMinX0", 0x00186018, "UL", "Left edge of the first region.",
              within=_REGION, unit="pixel"),
    attribute("RegionLocationMinY0", 0x0018601A, "UL", "Upper edge of the first region.",
              within=_REGION, unit="pixel"),
    attribute("RegionLocationMaxX1", 0x0018601C, "UL", "Right edge of the first region.",
              within=_REGION, unit="pixel"),
    attribute("RegionLocationMaxY1", 0x0018601E, "UL", "Lower edge of the first region.",
              within=_REGION, unit="pixel"),
    attribute("PhysicalUnitsXDirection", 0x00186024, "US",
              "Unit of Physical Delta X: 3 cm, 4 s, 5 Hz, 7 cm/s and others.", within=_REGION),
    attribute("PhysicalUnitsYDirection", 0x00186026, "US",
              "Unit of Physical Delta Y: 3 cm, 4 s, 5 Hz, 7 cm/s and others.", within=_REGION),
    attribute("PhysicalDeltaX", 0x0018602C, "FD",
              "Step from pixel to pixel along a row of the first region.", within=_REGION),
    attribute("PhysicalDeltaY", 0x0018602E, "FD",
              "Step from pixel to pixel along a column of the first region.", within=_REGION),
)
"""How an ultrasound image was acquired, and how its first region is calibrated."""

OBJECTS: Final = brought_by(
    2,
    attribute("SegmentationType", 0x00620001, "CS",
              "Kind of a segmentation: `BINARY`, `FRACTIONAL`, `LABELMAP`."),
    attribute("SegmentLabel", 0x00620005, "LO", "Labels of the segments.", within=_SEGMENTS,
              every_item=True, privacy=Privacy.FREE_TEXT),
    attribute("SegmentAlgorithmType", 0x00620008, "CS", "How the segments were made.",
              within=_SEGMENTS, every_item=True),
    attribute("StructureSetLabel", 0x30060002, "SH", "Label of a structure set.",
              privacy=Privacy.FREE_TEXT),
    attribute("ROIName", 0x30060026, "LO", "Names of the regions of interest.", within=_ROIS,
              every_item=True, privacy=Privacy.FREE_TEXT),
    attribute("DoseUnits", 0x30040002, "CS", "Unit of the dose grid: `GY` or `RELATIVE`."),
    attribute("DoseType", 0x30040004, "CS", "Kind of the dose grid."),
    attribute("DoseGridScaling", 0x3004000E, "DS", "Factor from stored value to dose."),
    coded("ConceptNameCodeSequence", 0x0040A043, "the title of a report"),
    attribute("TemplateIdentifier", 0x0040DB00, "CS", "Template of a report.",
              within=_TEMPLATE),
)
"""Segmentations, radiotherapy objects, reports and documents."""
