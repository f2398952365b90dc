"""Attributes of the image: identity, geometry, pixels (PS3.3 section C.7.6)."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import Column, Privacy, attribute, brought_by, coded

INSTANCE: Final = (
    attribute("InstanceNumber", 0x00200013, "IS", "Number of the instance in its series."),
    attribute("ImageType", 0x00080008, "CS", "Characteristics of the image.", vm="2-n"),
    attribute("SpecificCharacterSet", 0x00080005, "CS", "Character sets of the text.", vm="1-n"),
    attribute("InstanceCreationDate", 0x00080012, "DA", "Date the instance was created.",
              privacy=Privacy.DATE),
    attribute("InstanceCreationTime", 0x00080013, "TM", "Time the instance was created.",
              privacy=Privacy.DATE),
    attribute("ContentDate", 0x00080023, "DA", "Date the content was created.",
              privacy=Privacy.DATE),
    attribute("ContentTime", 0x00080033, "TM", "Time the content was created.",
              privacy=Privacy.DATE),
    attribute("AcquisitionNumber", 0x00200012, "IS", "Number of the acquisition."),
    attribute("AcquisitionDate", 0x00080022, "DA", "Date the acquisition started.",
              privacy=Privacy.DATE),
    attribute("AcquisitionTime", 0x00080032, "TM", "Time the acquisition started.",
              privacy=Privacy.DATE),
    attribute("AcquisitionDateTime", 0x0008002A, "DT",
              "Date and time the acquisition started; UTC where the file gives an offset, else "
              "local time.", privacy=Privacy.DATE),
    Column("acquisition_date_time_offset_minutes", pa.int32(),
           "Offset from UTC that Acquisition DateTime was written with; null where it had none.",
           unit="min"),
    attribute("ImageComments", 0x00204000, "LT", "Comments on the image.",
              privacy=Privacy.FREE_TEXT),
    attribute("BurnedInAnnotation", 0x00280301, "CS",
              "Whether the pixels show text that may identify the patient."),
    *brought_by(
        2,
        attribute("IrradiationEventUID", 0x00083010, "UI",
                  "Irradiation events that the image was made from.", vm="1-n",
                  privacy=Privacy.UID),
        attribute("AcquisitionDuration", 0x00189073, "FD", "Duration of the acquisition.",
                  unit="s"),
        attribute("DerivationDescription", 0x00082111, "ST", "How the image was derived.",
                  privacy=Privacy.FREE_TEXT),
        attribute("ConcatenationUID", 0x00209161, "UI",
                  "Concatenation that the instance is a part of.", privacy=Privacy.UID),
    ),
    *brought_by(
        3,
        attribute("InConcatenationNumber", 0x00209162, "US",
                  "Place of the instance in its concatenation, from 1."),
        attribute("InConcatenationTotalNumber", 0x00209163, "US",
                  "Instances of the concatenation."),
    ),
)
"""What the instance is, and when it was made."""

ANATOMY: Final = brought_by(
    2,
    coded("AnatomicRegionSequence", 0x00082218, "the anatomic region"),
    attribute("ImageLaterality", 0x00200062, "CS", "Side of the body part in the image."),
    attribute("PatientOrientation", 0x00200020, "CS",
              "Directions of the rows and the columns.", vm="2"),
)
"""What of the body is shown."""

CONTRAST: Final = (
    attribute("ContrastBolusAgent", 0x00180010, "LO", "Contrast agent.",
              privacy=Privacy.FREE_TEXT),
    *brought_by(
        2,
        attribute("ContrastBolusRoute", 0x00181040, "LO", "Route of the contrast agent."),
    ),
)
"""What contrast was given."""

GEOMETRY: Final = (
    attribute("ImagePositionPatient", 0x00200032, "DS",
              "Centre of the first pixel, in LPS coordinates.", vm="3", unit="mm"),
    attribute("ImageOrientationPatient", 0x00200037, "DS",
              "Direction cosines of a row, then of a column, in LPS coordinates.", vm="6"),
    attribute("PixelSpacing", 0x00280030, "DS",
              "Distance between rows, then between columns, in the patient.", vm="2",
              unit="mm"),
    attribute("ImagerPixelSpacing", 0x00181164, "DS",
              "Distance between rows, then between columns, at the detector.", vm="2",
              unit="mm"),
    attribute("SliceThickness", 0x00180050, "DS", "Nominal thickness of the slice.", unit="mm"),
    attribute("SpacingBetweenSlices", 0x00180088, "DS", "Nominal spacing between slices.",
              unit="mm"),
    attribute("SliceLocation", 0x00201041, "DS", "Relative position of the slice.", unit="mm"),
    attribute("StackID", 0x00209056, "SH", "Stack that the image belongs to."),
    attribute("TemporalPositionIdentifier", 0x00200100, "IS", "Place in a time series."),
    attribute("TemporalPositionIndex", 0x00209128, "UL", "Place in a time series, from 1."),
    attribute("NumberOfTemporalPositions", 0x00200105, "IS", "Positions in a time series."),
    attribute("NumberOfSlices", 0x00540081, "US", "Slices in the series, as declared."),
    attribute("ImagesInAcquisition", 0x00201002, "IS", "Images of the acquisition, as declared."),
    *brought_by(
        2,
        attribute("PixelAspectRatio", 0x00280034, "IS", "Height to width of a pixel.", vm="2"),
        attribute("PixelSpacingCalibrationType", 0x00280A02, "CS",
                  "How Pixel Spacing was calibrated."),
    ),
)
"""Where the pixels are, and when."""

PIXELS: Final = (
    attribute("SamplesPerPixel", 0x00280002, "US", "Samples of a pixel."),
    attribute("PhotometricInterpretation", 0x00280004, "CS", "Meaning of the samples."),
    attribute("PlanarConfiguration", 0x00280006, "US", "Order of the samples."),
    attribute("NumberOfFrames", 0x00280008, "IS", "Frames of the instance."),
    attribute("Rows", 0x00280010, "US", "Rows of a frame."),
    attribute("Columns", 0x00280011, "US", "Columns of a frame."),
    attribute("BitsAllocated", 0x00280100, "US", "Bits that a sample takes up.", unit="bit"),
    attribute("BitsStored", 0x00280101, "US", "Bits of a sample that are used.", unit="bit"),
    attribute("HighBit", 0x00280102, "US", "Highest used bit of a sample."),
    attribute("PixelRepresentation", 0x00280103, "US", "0 unsigned, 1 two's complement."),
    attribute("PixelPaddingValue", 0x00280120, "US or SS",
              "Stored value of pixels outside the image."),
    attribute("PixelPaddingRangeLimit", 0x00280121, "US or SS",
              "Other end of the range of padding values."),
    attribute("RescaleSlope", 0x00281053, "DS", "Slope from stored to real value."),
    attribute("RescaleIntercept", 0x00281052, "DS", "Intercept from stored to real value."),
    attribute("RescaleType", 0x00281054, "LO", "Unit of the rescaled values."),
    Column("modality_lut_type", pa.string(),
           "Unit of the values of a Modality LUT; null where there is none.",
           keyword="ModalityLUTType", tag=0x00283004, vr="LO", vm="1", within=(0x00283000,),
           rule="ModalityLUTType of the first item of ModalityLUTSequence (0028,3000); "
           "`UNSPECIFIED` where that item does not say"),
    attribute("WindowCenter", 0x00281050, "DS", "Centres of the display windows.", vm="1-n"),
    attribute("WindowWidth", 0x00281051, "DS", "Widths of the display windows.", vm="1-n"),
    attribute("LossyImageCompression", 0x00282110, "CS",
              "Whether the pixels were ever compressed with loss: `01` yes."),
    attribute("LossyImageCompressionRatio", 0x00282112, "DS", "Ratios of the lossy steps.",
              vm="1-n"),
    *brought_by(
        2,
        attribute("LossyImageCompressionMethod", 0x00282114, "CS", "Methods of the lossy steps.",
                  vm="1-n"),
        attribute("VOILUTFunction", 0x00281056, "CS", "Function of the display windows."),
        attribute("FrameTime", 0x00181063, "DS", "Time from frame to frame.", unit="ms"),
    ),
)
"""How the pixels are stored, and what they mean."""
