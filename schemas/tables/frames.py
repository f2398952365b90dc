"""`frames`: one row per frame of a multi-frame instance, from its functional groups and vectors.

An attribute stands in a functional group of the frame, else in the shared one (PS3.3 section
C.7.6.16); where the older multi-frame objects have it, at the top of the data set.
"""

from dataclasses import replace
from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast, Matches
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, attribute, brought_by, coded

PLANE_POSITION: Final = 0x00209113
PLANE_ORIENTATION: Final = 0x00209116
PIXEL_MEASURES: Final = 0x00289110
PIXEL_VALUE_TRANSFORMATION: Final = 0x00289145
FRAME_VOI_LUT: Final = 0x00289132
FRAME_CONTENT: Final = 0x00209111
FRAME_ANATOMY: Final = 0x00209071
REAL_WORLD_VALUE_MAPPING: Final = 0x00409096
FRAME_TYPE: Final = 0x00189329
CT_ACQUISITION_TYPE: Final = 0x00189301
CT_ACQUISITION_DETAILS: Final = 0x00189304
CT_TABLE_DYNAMICS: Final = 0x00189308
CT_POSITION: Final = 0x00189326
CT_RECONSTRUCTION: Final = 0x00189314
EXPOSURE: Final = 0x00189321
X_RAY_DETAILS: Final = 0x00189325
IRRADIATION_EVENT: Final = 0x00189477
MR_ECHO: Final = 0x00189114
MR_TIMING: Final = 0x00189112
MR_MODIFIER: Final = 0x00189115
MR_AVERAGES: Final = 0x00189119
MR_DIFFUSION: Final = 0x00189117
MR_VELOCITY_ENCODING: Final = 0x00189197
CARDIAC_SYNCHRONIZATION: Final = 0x00189118
RESPIRATORY_SYNCHRONIZATION: Final = 0x00209253
TEMPORAL_POSITION: Final = 0x00209310
PET_CORRECTION_FACTORS: Final = 0x00189736
POSITIONER_POSITION: Final = 0x00189405
SEGMENT_IDENTIFICATION: Final = 0x0062000A
DERIVATION_IMAGE: Final = 0x00089124
CONVERSION_SOURCE: Final = 0x00209172
SLIDE_POSITION: Final = 0x0048021A
OPTICAL_PATH: Final = 0x00480207

ALSO_NAMED: Final = {
    FRAME_TYPE: (0x00189226, 0x00189751, 0x00189504, 0x00189412),
    EXPOSURE: (0x00189417,),
    X_RAY_DETAILS: (0x00189417,),
    CT_ACQUISITION_DETAILS: (0x00189732,),
}
"""Functional groups of other modalities that hold the same attributes as the one of the column."""


def _within(group: int, *columns: Column | tuple[Column, ...]) -> tuple[Column, ...]:
    """Return columns that are read from a functional group, or a sequence inside it."""
    each = [c for given in columns for c in (given if isinstance(given, tuple) else (given,))]
    return tuple(replace(column, within=(group, *column.within)) for column in each)


def _offset(name: str, what: str) -> Column:
    return Column(f"{name}_offset_minutes", pa.int32(),
                  f"Offset from UTC that {what} was written with; null where it had none.",
                  unit="min")


def _index(name: str, keyword: str, tag: str, description: str) -> Column:
    return Column(name, pa.int32(), description,
                  rule=f"value of the frame in {keyword} {tag}, counted from 1; null where the "
                  "vector does not have one value for each frame")


_IDENTITY = (
    attribute("SOPInstanceUID", 0x00080018, "UI", "Instance of the frame.", nullable=False,
              privacy=Privacy.UID),
    Column("frame_number", pa.int32(), "Number of the frame, from 1.", nullable=False,
           checks=(AtLeast(1),)),
    attribute("SeriesInstanceUID", 0x0020000E, "UI", "Series of the instance.",
              nullable=False, privacy=Privacy.UID),
    attribute("StudyInstanceUID", 0x0020000D, "UI", "Study of the instance.",
              nullable=False, privacy=Privacy.UID),
    Column("modality", pa.string(), "Modality as a folder name, that of the instance.",
           nullable=False, checks=(Matches("[A-Z][A-Z0-9_]{0,15}"),)),
    Column("study_year", pa.int32(), "Year of the study date, that of the instance.",
           nullable=False, privacy=Privacy.DATE),
)

_GEOMETRY = (
    *_within(PLANE_POSITION, attribute(
        "ImagePositionPatient", 0x00200032, "DS", "Centre of the first pixel of the frame, in LPS "
        "coordinates; of an object without functional groups only where it has one frame.",
        vm="3", unit="mm")),
    *_within(PLANE_ORIENTATION, attribute(
        "ImageOrientationPatient", 0x00200037, "DS",
        "Direction cosines of a row, then of a column, in LPS coordinates.", vm="6")),
    *_within(
        PIXEL_MEASURES,
        attribute("PixelSpacing", 0x00280030, "DS", "Distance between rows, then between columns.",
                  vm="2", unit="mm"),
        attribute("SliceThickness", 0x00180050, "DS", "Nominal thickness of the slice.", unit="mm"),
        attribute("SpacingBetweenSlices", 0x00180088, "DS", "Nominal spacing between slices.",
                  unit="mm"),
    ),
    Column("grid_frame_offset", pa.float64(), "Offset of a dose plane from the first, along the "
           "normal where the first value is 0, else its coordinate.", unit="mm",
           rule="value of the frame in GridFrameOffsetVector (3004,000C)"),
    *_within(
        SLIDE_POSITION,
        attribute("XOffsetInSlideCoordinateSystem", 0x0040072A, "DS",
                  "X of the frame on the slide.", unit="mm"),
        attribute("YOffsetInSlideCoordinateSystem", 0x0040073A, "DS",
                  "Y of the frame on the slide.", unit="mm"),
        attribute("ZOffsetInSlideCoordinateSystem", 0x0040074A, "DS",
                  "Z of the frame above the slide.", unit="um"),
        attribute("ColumnPositionInTotalImagePixelMatrix", 0x0048021E, "SL",
                  "Column of the frame's first pixel in the whole image, from 1."),
        attribute("RowPositionInTotalImagePixelMatrix", 0x0048021F, "SL",
                  "Row of the frame's first pixel in the whole image, from 1."),
    ),
    *_within(OPTICAL_PATH, attribute("OpticalPathIdentifier", 0x00480106, "SH",
                                     "Optical path of the frame.")),
)

_VALUES = (
    *_within(
        PIXEL_VALUE_TRANSFORMATION,
        attribute("RescaleIntercept", 0x00281052, "DS", "Intercept from stored to real value."),
        attribute("RescaleSlope", 0x00281053, "DS", "Slope from stored to real value."),
        attribute("RescaleType", 0x00281054, "LO", "Unit of the rescaled values."),
    ),
    *_within(
        FRAME_VOI_LUT,
        attribute("WindowCenter", 0x00281050, "DS", "Centres of the display windows.", vm="1-n"),
        attribute("WindowWidth", 0x00281051, "DS", "Widths of the display windows.", vm="1-n"),
        attribute("VOILUTFunction", 0x00281056, "CS", "Function of the display windows."),
    ),
    *_within(
        REAL_WORLD_VALUE_MAPPING,
        attribute("RealWorldValueIntercept", 0x00409224, "FD",
                  "Intercept of the first real world value mapping."),
        attribute("RealWorldValueSlope", 0x00409225, "FD",
                  "Slope of the first real world value mapping."),
        attribute("LUTLabel", 0x00409210, "SH", "Label of the first real world value mapping."),
        coded("MeasurementUnitsCodeSequence", 0x004008EA,
              "the unit of the first real world value mapping"),
    ),
)

_CONTENT = (
    *_within(
        FRAME_CONTENT,
        attribute("FrameAcquisitionNumber", 0x00209156, "US", "Acquisition of the frame."),
        attribute("FrameAcquisitionDateTime", 0x00189074, "DT", "Date and time the acquisition of "
                  "the frame started; UTC where the file gives an offset, else local time.",
                  privacy=Privacy.DATE),
    ),
    _offset("frame_acquisition_date_time", "Frame Acquisition DateTime"),
    *_within(FRAME_CONTENT, attribute(
        "FrameReferenceDateTime", 0x00189151, "DT", "Date and time that represents the frame; UTC "
        "where the file gives an offset, else local time.", privacy=Privacy.DATE)),
    _offset("frame_reference_date_time", "Frame Reference DateTime"),
    *_within(
        FRAME_CONTENT,
        attribute("FrameAcquisitionDuration", 0x00189220, "FD", "Time the acquisition took.",
                  unit="ms"),
        attribute("StackID", 0x00209056, "SH", "Stack that the frame belongs to."),
        attribute("InStackPositionNumber", 0x00209057, "UL", "Place in the stack, from 1."),
        attribute("TemporalPositionIndex", 0x00209128, "UL", "Place in a time series, from 1."),
        attribute("DimensionIndexValues", 0x00209157, "UL",
                  "Place of the frame in each dimension of the object.", vm="1-n"),
        attribute("CardiacCyclePosition", 0x00189236, "CS", "Phase of the cardiac cycle."),
        attribute("RespiratoryCyclePosition", 0x00189214, "CS",
                  "Phase of the respiratory cycle."),
        attribute("FrameLabel", 0x00209453, "LO", "Label of the frame.",
                  privacy=Privacy.FREE_TEXT),
    ),
    *_within(TEMPORAL_POSITION, attribute("TemporalPositionTimeOffset", 0x0020930D, "FD",
                                          "Time since the first temporal position.", unit="s")),
    *_within(
        FRAME_ANATOMY,
        attribute("FrameLaterality", 0x00209072, "CS", "Side of the body in the frame."),
        coded("AnatomicRegionSequence", 0x00082218, "the region of the body in the frame"),
    ),
    *_within(
        FRAME_TYPE,
        attribute("FrameType", 0x00089007, "CS", "Characteristics of the frame, as Image Type.",
                  vm="4-5"),
        attribute("PixelPresentation", 0x00089205, "CS", "Whether the frame is in colour."),
        attribute("VolumetricProperties", 0x00089206, "CS",
                  "Whether pixels stand for equal volumes."),
        attribute("VolumeBasedCalculationTechnique", 0x00089207, "CS",
                  "How pixels were calculated, e.g. `MAX_IP`."),
        attribute("ComplexImageComponent", 0x00089208, "CS", "Part of the complex MR signal."),
        attribute("AcquisitionContrast", 0x00089209, "CS", "Contrast of the MR acquisition."),
    ),
)

_X_RAY = (
    *_within(CT_ACQUISITION_TYPE,
             attribute("AcquisitionType", 0x00189302, "CS", "Kind of CT acquisition."),
             attribute("TubeAngle", 0x00189303, "FD", "Angle of a tube that does not rotate.",
                       unit="degree"),
             attribute("FluoroscopyFlag", 0x00189334, "CS", "Whether it is CT fluoroscopy.")),
    *_within(
        CT_ACQUISITION_DETAILS,
        attribute("RotationDirection", 0x00181140, "CS", "Direction of rotation of the source."),
        attribute("RevolutionTime", 0x00189305, "FD", "Time of one rotation.", unit="s"),
        attribute("SingleCollimationWidth", 0x00189306, "FD", "Width of one detector row.",
                  unit="mm"),
        attribute("TotalCollimationWidth", 0x00189307, "FD", "Width of all active detector rows.",
                  unit="mm"),
        attribute("TableHeight", 0x00181130, "DS", "Height of the table.", unit="mm"),
        attribute("GantryDetectorTilt", 0x00181120, "DS",
                  "Nominal tilt of the gantry; its sign differs between makers.", unit="degree"),
        attribute("DataCollectionDiameter", 0x00180090, "DS",
                  "Diameter over which data were collected.", unit="mm"),
    ),
    *_within(
        CT_TABLE_DYNAMICS,
        attribute("TableSpeed", 0x00189309, "FD", "Speed of the table.", unit="mm/s"),
        attribute("TableFeedPerRotation", 0x00189310, "FD", "Way of the table in one rotation.",
                  unit="mm"),
        attribute("SpiralPitchFactor", 0x00189311, "FD",
                  "Table feed per rotation over collimation."),
    ),
    *_within(
        CT_POSITION,
        attribute("TablePosition", 0x00189327, "FD", "Position of the table.", unit="mm"),
        attribute("DataCollectionCenterPatient", 0x00189313, "FD",
                  "Centre of the collected data, in LPS coordinates.", vm="3", unit="mm"),
        attribute("ReconstructionTargetCenterPatient", 0x00189318, "FD",
                  "Centre of the reconstruction, in LPS coordinates.", vm="3", unit="mm"),
    ),
    *_within(
        CT_RECONSTRUCTION,
        attribute("ReconstructionAlgorithm", 0x00189315, "CS", "Kind of reconstruction."),
        attribute("ConvolutionKernel", 0x00181210, "SH", "Kernel of the reconstruction.",
                  vm="1-n"),
        attribute("ReconstructionDiameter", 0x00181100, "DS",
                  "Diameter of the reconstructed region.", unit="mm"),
        attribute("ReconstructionFieldOfView", 0x00189317, "FD",
                  "Field of view of the reconstruction, width and height.", vm="2", unit="mm"),
        attribute("ReconstructionAngle", 0x00189319, "FD",
                  "Range of angles of the data that were used.", unit="degree"),
    ),
    *_within(
        EXPOSURE,
        attribute("ExposureTimeInms", 0x00189328, "FD", "Duration of the exposure.", unit="ms"),
        attribute("XRayTubeCurrentInmA", 0x00189330, "FD", "Current of the X-ray tube.",
                  unit="mA"),
        attribute("ExposureInmAs", 0x00189332, "FD", "Tube current times exposure time.",
                  unit="mA s"),
        attribute("ExposureModulationType", 0x00189323, "CS", "Kind of exposure modulation.",
                  vm="1-n"),
        attribute("EstimatedDoseSaving", 0x00189324, "FD", "Dose saved by modulation.", unit="%"),
        attribute("CTDIvol", 0x00189345, "FD", "Volume CT dose index.", unit="mGy"),
        attribute("WaterEquivalentDiameter", 0x00181271, "FD",
                  "Diameter of the water cylinder with the same attenuation.", unit="mm"),
        coded("CTDIPhantomTypeCodeSequence", 0x00189346, "the phantom that CTDIvol refers to"),
    ),
    *_within(
        X_RAY_DETAILS,
        attribute("KVP", 0x00180060, "DS", "Peak voltage of the X-ray generator.", unit="kV"),
        attribute("FocalSpots", 0x00181190, "DS", "Size of the focal spots.", vm="1-n",
                  unit="mm"),
        attribute("FilterType", 0x00181160, "SH", "Type of the X-ray filter."),
        attribute("FilterMaterial", 0x00187050, "CS", "Material of the X-ray filter.", vm="1-n"),
    ),
    *_within(IRRADIATION_EVENT, attribute(
        "IrradiationEventUID", 0x00083010, "UI", "Irradiation events of the frame.", vm="1-n",
        privacy=Privacy.UID)),
    *_within(
        POSITIONER_POSITION,
        attribute("PositionerPrimaryAngle", 0x00181510, "DS",
                  "Angle of the beam from anterior, towards the left of the patient.",
                  unit="degree"),
        attribute("PositionerSecondaryAngle", 0x00181511, "DS",
                  "Angle of the beam towards the head.", unit="degree"),
    ),
    Column("positioner_primary_angle_increment", pa.float64(), "Change of the primary angle of "
           "the positioner, as recorded.", unit="degree",
           rule="value of the frame in PositionerPrimaryAngleIncrement (0018,1520)"),
    Column("positioner_secondary_angle_increment", pa.float64(), "Change of the secondary angle "
           "of the positioner, as recorded.", unit="degree",
           rule="value of the frame in PositionerSecondaryAngleIncrement (0018,1521)"),
)

_MR = (
    *_within(MR_ECHO, attribute("EffectiveEchoTime", 0x00189082, "FD",
                                "Time of the echo that decides the contrast.", unit="ms")),
    *_within(
        MR_TIMING,
        attribute("EchoTime", 0x00180081, "DS", "MR echo time, of objects converted from "
                  "single frames.", unit="ms"),
        attribute("RepetitionTime", 0x00180080, "DS", "MR repetition time.", unit="ms"),
        attribute("FlipAngle", 0x00181314, "DS", "MR flip angle.", unit="degree"),
        attribute("EchoTrainLength", 0x00180091, "IS", "Lines acquired per excitation."),
        attribute("RFEchoTrainLength", 0x00189240, "US", "RF echoes per excitation."),
        attribute("GradientEchoTrainLength", 0x00189241, "US", "Gradient echoes per excitation."),
    ),
    *_within(MR_MODIFIER, attribute("InversionTimes", 0x00189079, "FD", "MR inversion times.",
                                    vm="1-n", unit="ms")),
    *_within(MR_AVERAGES, attribute("NumberOfAverages", 0x00180083, "DS",
                                    "Times each point was acquired.")),
    *_within(
        MR_DIFFUSION,
        attribute("DiffusionBValue", 0x00189087, "FD", "Diffusion sensitization.", unit="s/mm2"),
        attribute("DiffusionDirectionality", 0x00189075, "CS", "Whether diffusion is sensitized "
                  "along a direction."),
        attribute("DiffusionGradientOrientation", 0x00189089, "FD",
                  "Direction of the diffusion gradient, in LPS coordinates.", vm="3",
                  within=(0x00189076,)),
    ),
    *_within(
        MR_VELOCITY_ENCODING,
        attribute("VelocityEncodingDirection", 0x00189090, "FD",
                  "Direction of velocity encoding, in LPS coordinates.", vm="3"),
        attribute("VelocityEncodingMinimumValue", 0x00189091, "FD",
                  "Least velocity that is encoded.", unit="cm/s"),
        attribute("VelocityEncodingMaximumValue", 0x00189217, "FD",
                  "Greatest velocity that is encoded.", unit="cm/s"),
    ),
    *_within(
        CARDIAC_SYNCHRONIZATION,
        attribute("NominalPercentageOfCardiacPhase", 0x00209241, "FL",
                  "Part of the cardiac cycle.", unit="%"),
        attribute("NominalCardiacTriggerDelayTime", 0x00209153, "FD",
                  "Prescribed time after the R peak.", unit="ms"),
        attribute("ActualCardiacTriggerDelayTime", 0x00209252, "FD",
                  "Measured time after the R peak.", unit="ms"),
        attribute("RRIntervalTimeNominal", 0x00209251, "FD", "Nominal R-R interval.", unit="ms"),
        attribute("TriggerTime", 0x00181060, "DS", "Time after the trigger, of objects converted "
                  "from single frames.", unit="ms"),
    ),
    *_within(
        RESPIRATORY_SYNCHRONIZATION,
        attribute("NominalPercentageOfRespiratoryPhase", 0x00209245, "FL",
                  "Part of the respiratory cycle.", unit="%"),
        attribute("NominalRespiratoryTriggerDelayTime", 0x00209255, "FD",
                  "Prescribed time after the respiratory trigger.", unit="ms"),
    ),
)

_NUCLEAR = (
    *_within(PET_CORRECTION_FACTORS, attribute(
        "DecayFactor", 0x00541321, "DS", "Factor that corrected the frame for decay.")),
    _index("energy_window_index", "EnergyWindowVector", "(0054,0010)", "Energy window."),
    _index("detector_index", "DetectorVector", "(0054,0020)", "Detector."),
    _index("phase_index", "PhaseVector", "(0054,0030)", "Phase of a dynamic acquisition."),
    _index("rotation_index", "RotationVector", "(0054,0050)", "Rotation."),
    _index("rr_interval_index", "RRIntervalVector", "(0054,0060)", "Range of R-R intervals."),
    _index("time_slot_index", "TimeSlotVector", "(0054,0070)", "Time slot of the R-R interval."),
    _index("slice_index", "SliceVector", "(0054,0080)", "Slice."),
    _index("angular_view_index", "AngularViewVector", "(0054,0090)", "View of a rotation."),
    _index("time_slice_index", "TimeSliceVector", "(0054,0100)", "Time slice."),
    Column("detector_image_position_patient", pa.list_(pa.float64()), "Centre of the first pixel "
           "as the frame's detector states it, in LPS coordinates; of a reconstruction that of "
           "its first slice.", unit="mm",
           rule="ImagePositionPatient of the item of DetectorInformationSequence (0054,0022) that "
           "detector_index names, of the only item where there is no DetectorVector"),
    Column("detector_image_orientation_patient", pa.list_(pa.float64()), "Direction cosines of a "
           "row, then of a column, as the frame's detector states them.",
           rule="ImageOrientationPatient of the same item"),
)

_CINE = (
    Column("frame_time_offset_ms", pa.float64(), "Time from the first frame to this one.",
           unit="ms", rule="sum of FrameTimeVector (0018,1065) up to the frame, or FrameTime "
           "(0018,1063) times the frames before it; where FrameIncrementPointer (0028,0009) is "
           "there, only if it names the one"),
)

_REFERENCES = (
    *_within(SEGMENT_IDENTIFICATION, attribute(
        "ReferencedSegmentNumber", 0x0062000B, "US", "Segments that the frame shows.",
        vm="1-n")),
    *_within(
        DERIVATION_IMAGE,
        attribute("ReferencedSOPInstanceUID", 0x00081155, "UI",
                  "Instance that the frame was derived from, the first if of several.",
                  name="source_image_sop_instance_uid", within=(0x00082112,),
                  privacy=Privacy.UID),
        attribute("ReferencedFrameNumber", 0x00081160, "IS",
                  "Frames of that instance; null: all of it.",
                  name="source_image_frame_number", within=(0x00082112,), vm="1-n"),
    ),
    *_within(CONVERSION_SOURCE, attribute(
        "ReferencedSOPInstanceUID", 0x00081155, "UI",
        "Instance that the frame was converted from.",
        name="conversion_source_sop_instance_uid", privacy=Privacy.UID)),
)

ALSO_IN_DATA_SET: Final = frozenset(
    {
        "image_position_patient", "image_orientation_patient", "pixel_spacing",
        "slice_thickness", "spacing_between_slices", "rescale_intercept", "rescale_slope",
        "rescale_type", "window_center", "window_width", "voilut_function", "acquisition_type",
        "rotation_direction", "revolution_time", "single_collimation_width",
        "total_collimation_width", "table_height", "gantry_detector_tilt",
        "data_collection_diameter", "table_speed", "table_feed_per_rotation",
        "spiral_pitch_factor", "convolution_kernel", "reconstruction_diameter", "ctdivol",
        "kvp", "focal_spots", "filter_type", "filter_material", "irradiation_event_uid",
        "echo_time", "repetition_time", "flip_angle", "echo_train_length", "number_of_averages",
        "trigger_time", "decay_factor",
    }
)
"""Columns whose attribute counts for every frame where it stands at the top of the data set."""

FRAMES: Final = Table(
    name="frames",
    description=(
        "One row per frame of an instance that has several frames, or functional groups. Per-frame "
        "functional groups win over shared ones, these over the top of the data set. An attribute "
        "that is absent, empty or malformed is NULL; a malformed one is also named in "
        "`invalid_attributes` and in `issues`. Where "
        "Number of Frames and the items of the per-frame functional groups differ, the smaller "
        "number of rows is written, with an issue; without such items there are as many rows as "
        "Number of Frames says, up to the setting `headers.max_values`."
    ),
    grain="frame of a multi-frame instance",
    key=("sop_instance_uid", "frame_number"),
    partition_by=("modality", "study_year"),
    sort_by=("study_instance_uid", "series_instance_uid", "sop_instance_uid", "frame_number"),
    columns=(
        *brought_by(
            2,
            _IDENTITY,
            _GEOMETRY,
            _VALUES,
            _CONTENT,
            _X_RAY,
            _MR,
            _NUCLEAR,
            _CINE,
            _REFERENCES,
        ),
        Column("invalid_attributes", pa.list_(pa.string()),
               "Keywords of attributes that are NULL here because their value was malformed, "
               "sorted; of one in a sequence of a functional group the name of its column.",
               since=3),
        *brought_by(
            2,
            Column("file_id", pa.string(), "File the row was read from.", nullable=False),
            LINEAGE,
        ),
    ),
)
