-- Tables of dicomlake, schema version 4, for Snowflake. Generated.

-- Key: "file_id"
CREATE TABLE "files" (
  "file_id" VARCHAR NOT NULL COMMENT 'Identity of the path. Rule: first 32 hex digits of sha256 of source, NUL, raw relative path. Always matches `[0-9a-f]{32}`.',
  "source" VARCHAR NOT NULL COMMENT 'Name of the source; its root stands in the manifest.',
  "path" VARCHAR NOT NULL COMMENT 'Path relative to the source''s root, with `/`. Bytes that are not UTF-8, control characters and `%` are percent-encoded.',
  "size" NUMBER(19, 0) COMMENT 'Size of the file. Always at least 0. Unit: byte.',
  "mtime_ns" NUMBER(19, 0) COMMENT 'Time of last modification, since the Unix epoch. Unit: ns.',
  "ctime_ns" NUMBER(19, 0) COMMENT 'Time of last status change, since the Unix epoch. Unit: ns.',
  "inode" NUMBER(19, 0) COMMENT 'Number of the file in its file system.',
  "status" VARCHAR NOT NULL COMMENT 'What became of the file. Always one of the codes below.',
  "reason" VARCHAR COMMENT 'Why, as a stable code; null where the status says it all. Always one of the codes below.',
  "sop_instance_uid" VARCHAR COMMENT 'SOP Instance UID that the file claims.',
  "study_instance_uid" VARCHAR COMMENT 'Study Instance UID that the file claims.',
  "series_instance_uid" VARCHAR COMMENT 'Series Instance UID that the file claims.',
  "reader" VARCHAR COMMENT 'Which reader read the header. Always one of `fast`, `pydicom`.',
  "transfer_syntax_uid" VARCHAR COMMENT 'Transfer Syntax UID of the file.',
  "pixel_offset" NUMBER(19, 0) COMMENT 'Where the pixel values start: the first byte of native Pixel Data, or the first item of encapsulated Pixel Data. Unit: byte.',
  "pixel_length" NUMBER(19, 0) COMMENT 'Length of native Pixel Data as present in the file; for encapsulated Pixel Data all bytes from `pixel_offset` to the end of the file. Unit: byte.',
  "header_sha256" VARCHAR COMMENT 'Digest of the data set''s bytes before Pixel Data, without preamble and file meta.',
  "content_sha256" VARCHAR COMMENT 'Digest of all attributes but file meta, and the decoded pixels. Made only where two files claim one SOP Instance UID.',
  "first_seen_run" VARCHAR NOT NULL COMMENT 'Run that first saw the path.',
  "last_changed_run" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "deleted_at" TIMESTAMP_TZ(6) COMMENT 'When a run found the path gone.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("file_id")
)
COMMENT = 'The ledger: every path ever seen, its state when it was last read, and what became of it. Every run proves that the files it saw are the sum of their statuses.';

-- Key: "sop_instance_uid"
CREATE TABLE "instances" (
  "sop_instance_uid" VARCHAR NOT NULL COMMENT 'Identity of the instance. From: SOPInstanceUID (0008,0018) UI.',
  "sop_class_uid" VARCHAR NOT NULL COMMENT 'Kind of the instance. From: SOPClassUID (0008,0016) UI.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.',
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.',
  "patient_key" VARCHAR NOT NULL COMMENT 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.',
  "modality" VARCHAR NOT NULL COMMENT 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.',
  "modality_raw" VARCHAR COMMENT 'Modality as written. From: Modality (0008,0060) CS.',
  "study_year" NUMBER(10, 0) NOT NULL COMMENT 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.',
  "patient_id" VARCHAR COMMENT 'Primary identifier of the patient. From: PatientID (0010,0020) LO.',
  "issuer_of_patient_id" VARCHAR COMMENT 'Authority that issued the patient ID. From: IssuerOfPatientID (0010,0021) LO.',
  "patient_name" OBJECT COMMENT 'Name of the patient. From: PatientName (0010,0010) PN.', -- struct<alphabetic: string, ideographic: string, phonetic: string>
  "patient_birth_date" DATE COMMENT 'Birth date of the patient. From: PatientBirthDate (0010,0030) DA.',
  "patient_sex" VARCHAR COMMENT 'Sex of the patient. From: PatientSex (0010,0040) CS.',
  "patient_age" VARCHAR COMMENT 'Age of the patient at the study, as written. From: PatientAge (0010,1010) AS.',
  "age_years" FLOAT COMMENT 'Age of the patient at the study. Rule: PatientAge in days / 365.25, weeks x 7 / 365.25, months / 12 or years. Always at least 0. Unit: year.',
  "patient_size" FLOAT COMMENT 'Height of the patient. Unit: m. From: PatientSize (0010,1020) DS.',
  "patient_weight" FLOAT COMMENT 'Weight of the patient. Unit: kg. From: PatientWeight (0010,1030) DS.',
  "patient_identity_removed" VARCHAR COMMENT 'Whether the patient''s identity was removed. From: PatientIdentityRemoved (0012,0062) CS.',
  "patient_species_description" VARCHAR COMMENT 'Species of the patient, where it is an animal. From: PatientSpeciesDescription (0010,2201) LO.',
  "quality_control_subject" VARCHAR COMMENT 'Whether the subject is a phantom for quality control. From: QualityControlSubject (0010,0200) CS.',
  "deidentification_method" ARRAY COMMENT 'How the identity was removed. From: DeidentificationMethod (0012,0063) LO.', -- list<item: string>
  "clinical_trial_protocol_id" VARCHAR COMMENT 'Protocol of the clinical trial. From: ClinicalTrialProtocolID (0012,0020) LO.',
  "clinical_trial_subject_id" VARCHAR COMMENT 'Subject of the clinical trial. From: ClinicalTrialSubjectID (0012,0040) LO.',
  "clinical_trial_time_point_id" VARCHAR COMMENT 'Time point of the clinical trial. From: ClinicalTrialTimePointID (0012,0050) LO.',
  "study_id" VARCHAR COMMENT 'Study identifier given by a person or device. From: StudyID (0020,0010) SH.',
  "accession_number" VARCHAR COMMENT 'Number of the order. From: AccessionNumber (0008,0050) SH.',
  "study_date" DATE COMMENT 'Date the study started. From: StudyDate (0008,0020) DA.',
  "study_time" TIME(6) COMMENT 'Time the study started. From: StudyTime (0008,0030) TM.',
  "study_description" VARCHAR COMMENT 'Description of the study. From: StudyDescription (0008,1030) LO.',
  "referring_physician_name" OBJECT COMMENT 'Name of the referring physician. From: ReferringPhysicianName (0008,0090) PN.', -- struct<alphabetic: string, ideographic: string, phonetic: string>
  "institution_name" VARCHAR COMMENT 'Institution of the equipment. From: InstitutionName (0008,0080) LO.',
  "institutional_department_name" VARCHAR COMMENT 'Department of the equipment. From: InstitutionalDepartmentName (0008,1040) LO.',
  "reason_for_study" VARCHAR COMMENT 'Why the study was done. From: ReasonForStudy (0032,1030) LO.',
  "requested_procedure_description" VARCHAR COMMENT 'Procedure that was requested. From: RequestedProcedureDescription (0032,1060) LO.',
  "procedure_code_value" ARRAY COMMENT 'Code of a procedure that was done, one for each. From: CodeValue (0008,1032) > (0008,0100) SH of every item.', -- list<item: string>
  "procedure_code_scheme" ARRAY COMMENT 'Scheme of the code of a procedure that was done, one for each. From: CodingSchemeDesignator (0008,1032) > (0008,0102) SH of every item.', -- list<item: string>
  "procedure_code_meaning" ARRAY COMMENT 'Meaning of the code of a procedure that was done, one for each. From: CodeMeaning (0008,1032) > (0008,0104) LO of every item.', -- list<item: string>
  "requested_procedure_code_value" VARCHAR COMMENT 'Code of the procedure that was requested. From: CodeValue (0032,1064) > (0008,0100) SH.',
  "requested_procedure_code_scheme" VARCHAR COMMENT 'Scheme of the code of the procedure that was requested. From: CodingSchemeDesignator (0032,1064) > (0008,0102) SH.',
  "requested_procedure_code_meaning" VARCHAR COMMENT 'Meaning of the code of the procedure that was requested. From: CodeMeaning (0032,1064) > (0008,0104) LO.',
  "requested_procedure_id" VARCHAR COMMENT 'Identifier of the requested procedure. From: RequestedProcedureID (0040,0275) > (0040,1001) SH.',
  "scheduled_procedure_step_description" VARCHAR COMMENT 'What was scheduled. From: ScheduledProcedureStepDescription (0040,0275) > (0040,0007) LO.',
  "reason_for_requested_procedure_code_value" ARRAY COMMENT 'Code of a reason of the request, one for each. From: CodeValue (0040,0275) > (0040,100A) > (0008,0100) SH of every item.', -- list<item: string>
  "reason_for_requested_procedure_code_scheme" ARRAY COMMENT 'Scheme of the code of a reason of the request, one for each. From: CodingSchemeDesignator (0040,0275) > (0040,100A) > (0008,0102) SH of every item.', -- list<item: string>
  "reason_for_requested_procedure_code_meaning" ARRAY COMMENT 'Meaning of the code of a reason of the request, one for each. From: CodeMeaning (0040,0275) > (0040,100A) > (0008,0104) LO of every item.', -- list<item: string>
  "series_number" NUMBER(19, 0) COMMENT 'Number of the series. From: SeriesNumber (0020,0011) IS.',
  "series_date" DATE COMMENT 'Date the series started. From: SeriesDate (0008,0021) DA.',
  "series_time" TIME(6) COMMENT 'Time the series started. From: SeriesTime (0008,0031) TM.',
  "series_description" VARCHAR COMMENT 'Description of the series. From: SeriesDescription (0008,103E) LO.',
  "protocol_name" VARCHAR COMMENT 'Name of the acquisition protocol. From: ProtocolName (0018,1030) LO.',
  "body_part_examined" VARCHAR COMMENT 'Part of the body examined. From: BodyPartExamined (0018,0015) CS.',
  "laterality" VARCHAR COMMENT 'Side of the paired body part. From: Laterality (0020,0060) CS.',
  "patient_position" VARCHAR COMMENT 'Position of the patient relative to the equipment, e.g. `HFS`. From: PatientPosition (0018,5100) CS.',
  "frame_of_reference_uid" VARCHAR COMMENT 'Frame of Reference in which positions are given. From: FrameOfReferenceUID (0020,0052) UI.',
  "position_reference_indicator" VARCHAR COMMENT 'Anatomical reference of the Frame of Reference. From: PositionReferenceIndicator (0020,1040) LO.',
  "operators_name" ARRAY COMMENT 'Operators of the equipment. From: OperatorsName (0008,1070) PN.', -- list<item: struct<alphabetic: string, ideographic: string, phonetic: string>>
  "presentation_intent_type" VARCHAR COMMENT 'Whether images are meant for presentation or for processing. From: PresentationIntentType (0008,0068) CS.',
  "performed_procedure_step_description" VARCHAR COMMENT 'What was performed. From: PerformedProcedureStepDescription (0040,0254) LO.',
  "manufacturer" VARCHAR COMMENT 'Maker of the equipment. From: Manufacturer (0008,0070) LO.',
  "manufacturer_model_name" VARCHAR COMMENT 'Model of the equipment. From: ManufacturerModelName (0008,1090) LO.',
  "device_serial_number" VARCHAR COMMENT 'Serial number of the equipment. From: DeviceSerialNumber (0018,1000) LO.',
  "software_versions" ARRAY COMMENT 'Software of the equipment. From: SoftwareVersions (0018,1020) LO.', -- list<item: string>
  "station_name" VARCHAR COMMENT 'Name of the station. From: StationName (0008,1010) SH.',
  "magnetic_field_strength" FLOAT COMMENT 'Nominal field of the magnet. Unit: T. From: MagneticFieldStrength (0018,0087) DS.',
  "device_uid" VARCHAR COMMENT 'Identity of the equipment. From: DeviceUID (0018,1002) UI.',
  "instance_number" NUMBER(19, 0) COMMENT 'Number of the instance in its series. From: InstanceNumber (0020,0013) IS.',
  "image_type" ARRAY COMMENT 'Characteristics of the image. From: ImageType (0008,0008) CS.', -- list<item: string>
  "specific_character_set" ARRAY COMMENT 'Character sets of the text. From: SpecificCharacterSet (0008,0005) CS.', -- list<item: string>
  "instance_creation_date" DATE COMMENT 'Date the instance was created. From: InstanceCreationDate (0008,0012) DA.',
  "instance_creation_time" TIME(6) COMMENT 'Time the instance was created. From: InstanceCreationTime (0008,0013) TM.',
  "content_date" DATE COMMENT 'Date the content was created. From: ContentDate (0008,0023) DA.',
  "content_time" TIME(6) COMMENT 'Time the content was created. From: ContentTime (0008,0033) TM.',
  "acquisition_number" NUMBER(19, 0) COMMENT 'Number of the acquisition. From: AcquisitionNumber (0020,0012) IS.',
  "acquisition_date" DATE COMMENT 'Date the acquisition started. From: AcquisitionDate (0008,0022) DA.',
  "acquisition_time" TIME(6) COMMENT 'Time the acquisition started. From: AcquisitionTime (0008,0032) TM.',
  "acquisition_date_time" TIMESTAMP_NTZ(6) COMMENT 'Date and time the acquisition started; UTC where the file gives an offset, else local time. From: AcquisitionDateTime (0008,002A) DT.',
  "acquisition_date_time_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC that Acquisition DateTime was written with; null where it had none. Unit: min.',
  "image_comments" VARCHAR COMMENT 'Comments on the image. From: ImageComments (0020,4000) LT.',
  "burned_in_annotation" VARCHAR COMMENT 'Whether the pixels show text that may identify the patient. From: BurnedInAnnotation (0028,0301) CS.',
  "irradiation_event_uid" ARRAY COMMENT 'Irradiation events that the image was made from. From: IrradiationEventUID (0008,3010) UI.', -- list<item: string>
  "acquisition_duration" FLOAT COMMENT 'Duration of the acquisition. Unit: s. From: AcquisitionDuration (0018,9073) FD.',
  "derivation_description" VARCHAR COMMENT 'How the image was derived. From: DerivationDescription (0008,2111) ST.',
  "concatenation_uid" VARCHAR COMMENT 'Concatenation that the instance is a part of. From: ConcatenationUID (0020,9161) UI.',
  "in_concatenation_number" NUMBER(10, 0) COMMENT 'Place of the instance in its concatenation, from 1. From: InConcatenationNumber (0020,9162) US.',
  "in_concatenation_total_number" NUMBER(10, 0) COMMENT 'Instances of the concatenation. From: InConcatenationTotalNumber (0020,9163) US.',
  "anatomic_region_code_value" VARCHAR COMMENT 'Code of the anatomic region. From: CodeValue (0008,2218) > (0008,0100) SH.',
  "anatomic_region_code_scheme" VARCHAR COMMENT 'Scheme of the code of the anatomic region. From: CodingSchemeDesignator (0008,2218) > (0008,0102) SH.',
  "anatomic_region_code_meaning" VARCHAR COMMENT 'Meaning of the code of the anatomic region. From: CodeMeaning (0008,2218) > (0008,0104) LO.',
  "image_laterality" VARCHAR COMMENT 'Side of the body part in the image. From: ImageLaterality (0020,0062) CS.',
  "patient_orientation" ARRAY COMMENT 'Directions of the rows and the columns. From: PatientOrientation (0020,0020) CS.', -- list<item: string>
  "contrast_bolus_agent" VARCHAR COMMENT 'Contrast agent. From: ContrastBolusAgent (0018,0010) LO.',
  "contrast_bolus_route" VARCHAR COMMENT 'Route of the contrast agent. From: ContrastBolusRoute (0018,1040) LO.',
  "kvp" FLOAT COMMENT 'Peak voltage of the X-ray generator. Unit: kV. From: KVP (0018,0060) DS.',
  "x_ray_tube_current" FLOAT COMMENT 'Current of the X-ray tube. Unit: mA. From: XRayTubeCurrent (0018,1151) IS.',
  "exposure_time" FLOAT COMMENT 'Duration of the exposure. Unit: ms. From: ExposureTime (0018,1150) IS.',
  "exposure" FLOAT COMMENT 'Tube current times exposure time. Unit: mA s. From: Exposure (0018,1152) IS.',
  "filter_type" VARCHAR COMMENT 'Type of the X-ray filter. From: FilterType (0018,1160) SH.',
  "focal_spots" ARRAY COMMENT 'Size of the focal spots. Unit: mm. From: FocalSpots (0018,1190) DS.', -- list<item: double>
  "distance_source_to_detector" FLOAT COMMENT 'Distance from source to detector. Unit: mm. From: DistanceSourceToDetector (0018,1110) DS.',
  "distance_source_to_patient" FLOAT COMMENT 'Distance from source to isocentre. Unit: mm. From: DistanceSourceToPatient (0018,1111) DS.',
  "x_ray_tube_current_inu_a" FLOAT COMMENT 'Current of the X-ray tube. Unit: uA. From: XRayTubeCurrentInuA (0018,8151) DS.',
  "exposure_inu_as" FLOAT COMMENT 'Tube current times exposure time. Unit: uA s. From: ExposureInuAs (0018,1153) IS.',
  "exposure_inm_as" FLOAT COMMENT 'Tube current times exposure time. Unit: mA s. From: ExposureInmAs (0018,9332) FD.',
  "anode_target_material" VARCHAR COMMENT 'Material of the anode. From: AnodeTargetMaterial (0018,1191) CS.',
  "filter_material" ARRAY COMMENT 'Materials of the X-ray filter. From: FilterMaterial (0018,7050) CS.', -- list<item: string>
  "filter_thickness_minimum" ARRAY COMMENT 'Least thickness of each filter. Unit: mm. From: FilterThicknessMinimum (0018,7052) DS.', -- list<item: double>
  "filter_thickness_maximum" ARRAY COMMENT 'Greatest thickness of each filter. Unit: mm. From: FilterThicknessMaximum (0018,7054) DS.', -- list<item: double>
  "grid" ARRAY COMMENT 'Grids in the beam. From: Grid (0018,1166) CS.', -- list<item: string>
  "average_pulse_width" FLOAT COMMENT 'Mean width of a pulse. Unit: ms. From: AveragePulseWidth (0018,1154) DS.',
  "ctdivol" FLOAT COMMENT 'Volume CT dose index. Unit: mGy. From: CTDIvol (0018,9345) FD.',
  "convolution_kernel" ARRAY COMMENT 'Kernel of the reconstruction. From: ConvolutionKernel (0018,1210) SH.', -- list<item: string>
  "scan_options" ARRAY COMMENT 'Options of the acquisition. From: ScanOptions (0018,0022) CS.', -- list<item: string>
  "data_collection_diameter" FLOAT COMMENT 'Diameter over which data were collected. Unit: mm. From: DataCollectionDiameter (0018,0090) DS.',
  "reconstruction_diameter" FLOAT COMMENT 'Diameter of the reconstructed region. Unit: mm. From: ReconstructionDiameter (0018,1100) DS.',
  "gantry_detector_tilt" FLOAT COMMENT 'Nominal tilt of the gantry; its sign differs between makers. Unit: degree. From: GantryDetectorTilt (0018,1120) DS.',
  "table_height" FLOAT COMMENT 'Height of the table. Unit: mm. From: TableHeight (0018,1130) DS.',
  "rotation_direction" VARCHAR COMMENT 'Direction of rotation of the source. From: RotationDirection (0018,1140) CS.',
  "revolution_time" FLOAT COMMENT 'Time of one rotation. Unit: s. From: RevolutionTime (0018,9305) FD.',
  "single_collimation_width" FLOAT COMMENT 'Width of one detector row. Unit: mm. From: SingleCollimationWidth (0018,9306) FD.',
  "total_collimation_width" FLOAT COMMENT 'Width of all active detector rows. Unit: mm. From: TotalCollimationWidth (0018,9307) FD.',
  "spiral_pitch_factor" FLOAT COMMENT 'Table feed per rotation over collimation. From: SpiralPitchFactor (0018,9311) FD.',
  "acquisition_type" VARCHAR COMMENT 'How the data were collected, e.g. `SPIRAL`. From: AcquisitionType (0018,9302) CS.',
  "table_feed_per_rotation" FLOAT COMMENT 'Way of the table in one rotation. Unit: mm. From: TableFeedPerRotation (0018,9310) FD.',
  "exposure_modulation_type" ARRAY COMMENT 'How the tube current was modulated. From: ExposureModulationType (0018,9323) CS.', -- list<item: string>
  "estimated_dose_saving" FLOAT COMMENT 'Dose saved by the modulation, as estimated. Unit: %. From: EstimatedDoseSaving (0018,9324) FD.',
  "ctdi_phantom_type_code_value" VARCHAR COMMENT 'Code of the phantom of CTDIvol. From: CodeValue (0018,9346) > (0008,0100) SH.',
  "ctdi_phantom_type_code_scheme" VARCHAR COMMENT 'Scheme of the code of the phantom of CTDIvol. From: CodingSchemeDesignator (0018,9346) > (0008,0102) SH.',
  "ctdi_phantom_type_code_meaning" VARCHAR COMMENT 'Meaning of the code of the phantom of CTDIvol. From: CodeMeaning (0018,9346) > (0008,0104) LO.',
  "water_equivalent_diameter" FLOAT COMMENT 'Diameter of a cylinder of water that attenuates alike. Unit: mm. From: WaterEquivalentDiameter (0018,1271) FD.',
  "water_equivalent_diameter_calculation_method_code_value" VARCHAR COMMENT 'Code of the way that diameter was found. From: CodeValue (0018,1272) > (0008,0100) SH.',
  "water_equivalent_diameter_calculation_method_code_scheme" VARCHAR COMMENT 'Scheme of the code of the way that diameter was found. From: CodingSchemeDesignator (0018,1272) > (0008,0102) SH.',
  "water_equivalent_diameter_calculation_method_code_meaning" VARCHAR COMMENT 'Meaning of the code of the way that diameter was found. From: CodeMeaning (0018,1272) > (0008,0104) LO.',
  "reconstruction_target_center_patient" ARRAY COMMENT 'Centre of the reconstructed region, in LPS coordinates. Unit: mm. From: ReconstructionTargetCenterPatient (0018,9318) FD.', -- list<item: double>
  "scanning_sequence" ARRAY COMMENT 'Type of MR data taken. From: ScanningSequence (0018,0020) CS.', -- list<item: string>
  "sequence_variant" ARRAY COMMENT 'Variant of the scanning sequence. From: SequenceVariant (0018,0021) CS.', -- list<item: string>
  "mr_acquisition_type" VARCHAR COMMENT 'Encoding of the MR data, 2D or 3D. From: MRAcquisitionType (0018,0023) CS.',
  "sequence_name" VARCHAR COMMENT 'Name of the MR sequence. From: SequenceName (0018,0024) SH.',
  "repetition_time" FLOAT COMMENT 'MR repetition time. Unit: ms. From: RepetitionTime (0018,0080) DS.',
  "echo_time" FLOAT COMMENT 'MR echo time. Unit: ms. From: EchoTime (0018,0081) DS.',
  "inversion_time" FLOAT COMMENT 'MR inversion time. Unit: ms. From: InversionTime (0018,0082) DS.',
  "flip_angle" FLOAT COMMENT 'MR flip angle. Unit: degree. From: FlipAngle (0018,1314) DS.',
  "echo_numbers" ARRAY COMMENT 'Number of the echo. From: EchoNumbers (0018,0086) IS.', -- list<item: int64>
  "echo_train_length" NUMBER(19, 0) COMMENT 'Lines acquired per excitation. From: EchoTrainLength (0018,0091) IS.',
  "imaging_frequency" FLOAT COMMENT 'Precession frequency of the nucleus. Unit: MHz. From: ImagingFrequency (0018,0084) DS.',
  "trigger_time" FLOAT COMMENT 'Time after the trigger. Unit: ms. From: TriggerTime (0018,1060) DS.',
  "nominal_percentage_of_cardiac_phase" FLOAT COMMENT 'Part of the cardiac cycle. Unit: %. From: NominalPercentageOfCardiacPhase (0020,9241) FL.',
  "number_of_averages" FLOAT COMMENT 'Times the data were acquired. From: NumberOfAverages (0018,0083) DS.',
  "imaged_nucleus" VARCHAR COMMENT 'Nucleus that resonates, e.g. `1H`. From: ImagedNucleus (0018,0085) SH.',
  "pixel_bandwidth" FLOAT COMMENT 'Bandwidth of a pixel. Unit: Hz. From: PixelBandwidth (0018,0095) DS.',
  "percent_sampling" FLOAT COMMENT 'Part of the matrix that was acquired. Unit: %. From: PercentSampling (0018,0093) DS.',
  "percent_phase_field_of_view" FLOAT COMMENT 'Field of view in phase direction over that in frequency direction. Unit: %. From: PercentPhaseFieldOfView (0018,0094) DS.',
  "acquisition_matrix" ARRAY COMMENT 'Frequency rows and columns, phase rows and columns. From: AcquisitionMatrix (0018,1310) US.', -- list<item: int32>
  "in_plane_phase_encoding_direction" VARCHAR COMMENT 'Direction of phase encoding, `ROW` or `COL`. From: InPlanePhaseEncodingDirection (0018,1312) CS.',
  "receive_coil_name" VARCHAR COMMENT 'Receiving coil. From: ReceiveCoilName (0018,1250) SH.',
  "sar" FLOAT COMMENT 'Specific absorption rate. Unit: W/kg. From: SAR (0018,1316) DS.',
  "parallel_acquisition_technique" VARCHAR COMMENT 'Technique of parallel imaging. From: ParallelAcquisitionTechnique (0018,9078) CS.',
  "parallel_reduction_factor_in_plane" FLOAT COMMENT 'Reduction by parallel imaging, in plane. From: ParallelReductionFactorInPlane (0018,9069) FD.',
  "diffusion_b_value" FLOAT COMMENT 'Diffusion weighting. Unit: s/mm2. From: DiffusionBValue (0018,9087) FD.',
  "diffusion_gradient_orientation" ARRAY COMMENT 'Direction of the diffusion gradient, in LPS coordinates. From: DiffusionGradientOrientation (0018,9089) FD.', -- list<item: double>
  "units" VARCHAR COMMENT 'Units of PET pixel values. From: Units (0054,1001) CS.',
  "corrected_image" ARRAY COMMENT 'Corrections applied to PET or NM data. From: CorrectedImage (0028,0051) CS.', -- list<item: string>
  "decay_correction" VARCHAR COMMENT 'Time that decay was corrected to. From: DecayCorrection (0054,1102) CS.',
  "frame_reference_time" FLOAT COMMENT 'Time the PET pixel values refer to, from the series reference. Unit: ms. From: FrameReferenceTime (0054,1300) DS.',
  "series_type" ARRAY COMMENT 'Kind of the PET series, e.g. `STATIC`, `IMAGE`. From: SeriesType (0054,1000) CS.', -- list<item: string>
  "actual_frame_duration" FLOAT COMMENT 'Duration of the acquisition of the frame. Unit: ms. From: ActualFrameDuration (0018,1242) IS.',
  "reconstruction_method" VARCHAR COMMENT 'Method of the reconstruction. From: ReconstructionMethod (0054,1103) LO.',
  "attenuation_correction_method" VARCHAR COMMENT 'Method of attenuation correction. From: AttenuationCorrectionMethod (0054,1101) LO.',
  "scatter_correction_method" VARCHAR COMMENT 'Method of scatter correction. From: ScatterCorrectionMethod (0054,1105) LO.',
  "randoms_correction_method" VARCHAR COMMENT 'Method of randoms correction. From: RandomsCorrectionMethod (0054,1100) CS.',
  "decay_factor" FLOAT COMMENT 'Factor that decay was corrected by. From: DecayFactor (0054,1321) DS.',
  "collimator_type" VARCHAR COMMENT 'Type of the collimator. From: CollimatorType (0018,1181) CS.',
  "energy_window_lower_limit" FLOAT COMMENT 'Lower limit of the energy window. Unit: keV. From: EnergyWindowLowerLimit (0054,0012) > (0054,0013) > (0054,0014) DS.',
  "energy_window_upper_limit" FLOAT COMMENT 'Upper limit of the energy window. Unit: keV. From: EnergyWindowUpperLimit (0054,0012) > (0054,0013) > (0054,0015) DS.',
  "radiopharmaceutical" VARCHAR COMMENT 'Name of the radiopharmaceutical. From: Radiopharmaceutical (0054,0016) > (0018,0031) LO.',
  "radiopharmaceutical_administration_event_uid" VARCHAR COMMENT 'Event of the administration. From: RadiopharmaceuticalAdministrationEventUID (0054,0016) > (0008,3012) UI.',
  "radiopharmaceutical_start_time" TIME(6) COMMENT 'Time the administration started. From: RadiopharmaceuticalStartTime (0054,0016) > (0018,1072) TM.',
  "radiopharmaceutical_start_date_time" TIMESTAMP_NTZ(6) COMMENT 'Date and time the administration started; UTC where the file gives an offset, else local time. From: RadiopharmaceuticalStartDateTime (0054,0016) > (0018,1078) DT.',
  "radiopharmaceutical_start_date_time_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC that Radiopharmaceutical Start DateTime was written with; null where it had none. Unit: min.',
  "radionuclide_total_dose" FLOAT COMMENT 'Activity that was administered: Bq in PET images, MBq in NM and enhanced PET images. From: RadionuclideTotalDose (0054,0016) > (0018,1074) DS.',
  "radionuclide_half_life" FLOAT COMMENT 'Half-life of the radionuclide. Unit: s. From: RadionuclideHalfLife (0054,0016) > (0018,1075) DS.',
  "radionuclide_positron_fraction" FLOAT COMMENT 'Part of the decays that give a positron. From: RadionuclidePositronFraction (0054,0016) > (0018,1076) DS.',
  "radionuclide_code_value" VARCHAR COMMENT 'Code of the radionuclide. From: CodeValue (0054,0016) > (0054,0300) > (0008,0100) SH.',
  "radionuclide_code_scheme" VARCHAR COMMENT 'Scheme of the code of the radionuclide. From: CodingSchemeDesignator (0054,0016) > (0054,0300) > (0008,0102) SH.',
  "radionuclide_code_meaning" VARCHAR COMMENT 'Meaning of the code of the radionuclide. From: CodeMeaning (0054,0016) > (0054,0300) > (0008,0104) LO.',
  "radiopharmaceutical_code_value" VARCHAR COMMENT 'Code of the radiopharmaceutical. From: CodeValue (0054,0016) > (0054,0304) > (0008,0100) SH.',
  "radiopharmaceutical_code_scheme" VARCHAR COMMENT 'Scheme of the code of the radiopharmaceutical. From: CodingSchemeDesignator (0054,0016) > (0054,0304) > (0008,0102) SH.',
  "radiopharmaceutical_code_meaning" VARCHAR COMMENT 'Meaning of the code of the radiopharmaceutical. From: CodeMeaning (0054,0016) > (0054,0304) > (0008,0104) LO.',
  "administration_route_code_value" VARCHAR COMMENT 'Code of the route of the administration. From: CodeValue (0054,0016) > (0054,0302) > (0008,0100) SH.',
  "administration_route_code_scheme" VARCHAR COMMENT 'Scheme of the code of the route of the administration. From: CodingSchemeDesignator (0054,0016) > (0054,0302) > (0008,0102) SH.',
  "administration_route_code_meaning" VARCHAR COMMENT 'Meaning of the code of the route of the administration. From: CodeMeaning (0054,0016) > (0054,0302) > (0008,0104) LO.',
  "image_and_fluoroscopy_area_dose_product" FLOAT COMMENT 'Dose area product of the irradiation event, the same in each of its images. Unit: dGy cm2. From: ImageAndFluoroscopyAreaDoseProduct (0018,115E) DS.',
  "entrance_dose" NUMBER(10, 0) COMMENT 'Entrance dose. Unit: dGy. From: EntranceDose (0040,0302) US.',
  "entrance_dose_inm_gy" FLOAT COMMENT 'Entrance dose. Unit: mGy. From: EntranceDoseInmGy (0040,8302) DS.',
  "organ_dose" FLOAT COMMENT 'Dose to the organ; in mammography the mean glandular dose. Unit: dGy. From: OrganDose (0040,0316) DS.',
  "half_value_layer" FLOAT COMMENT 'Half value layer of the beam. Unit: mm. From: HalfValueLayer (0040,0314) DS.',
  "total_number_of_exposures" NUMBER(10, 0) COMMENT 'Exposures of the procedure step. From: TotalNumberOfExposures (0040,0301) US.',
  "total_time_of_fluoroscopy" NUMBER(10, 0) COMMENT 'Time of fluoroscopy of the procedure step. Unit: s. From: TotalTimeOfFluoroscopy (0040,0300) US.',
  "comments_on_radiation_dose" VARCHAR COMMENT 'Comments on the dose. From: CommentsOnRadiationDose (0040,0310) ST.',
  "relative_x_ray_exposure" FLOAT COMMENT 'Relative exposure, in units of the maker. From: RelativeXRayExposure (0018,1405) IS.',
  "exposure_index" FLOAT COMMENT 'Exposure index (IEC 62494-1). From: ExposureIndex (0018,1411) DS.',
  "target_exposure_index" FLOAT COMMENT 'Exposure index that was aimed at. From: TargetExposureIndex (0018,1412) DS.',
  "deviation_index" FLOAT COMMENT 'Deviation from the target exposure index. From: DeviationIndex (0018,1413) DS.',
  "exposure_dose_series_number" ARRAY COMMENT 'Series of each acquisition. From: SeriesNumber (0040,030E) > (0020,0011) IS of every item.', -- list<item: int64>
  "exposure_dose_acquisition_type" ARRAY COMMENT 'How the data of each acquisition were collected. From: AcquisitionType (0040,030E) > (0018,9302) CS of every item.', -- list<item: string>
  "exposure_dose_kvp" ARRAY COMMENT 'Peak voltage of each acquisition. Unit: kV. From: KVP (0040,030E) > (0018,0060) DS of every item.', -- list<item: double>
  "exposure_dose_x_ray_tube_current_inu_a" ARRAY COMMENT 'Tube current of each acquisition. Unit: uA. From: XRayTubeCurrentInuA (0040,030E) > (0018,8151) DS of every item.', -- list<item: double>
  "exposure_dose_exposure_time" ARRAY COMMENT 'Exposure time of each acquisition. Unit: ms. From: ExposureTime (0040,030E) > (0018,1150) IS of every item.', -- list<item: double>
  "exposure_dose_ctdivol" ARRAY COMMENT 'Volume CT dose index of each acquisition. Unit: mGy. From: CTDIvol (0040,030E) > (0018,9345) FD of every item.', -- list<item: double>
  "exposure_dose_scan_length" ARRAY COMMENT 'Scan length of each acquisition. Unit: mm. From: ScanLength (0040,030E) > (0018,1302) IS of every item.', -- list<item: double>
  "exposure_dose_single_collimation_width" ARRAY COMMENT 'Width of one detector row of each acquisition. Unit: mm. From: SingleCollimationWidth (0040,030E) > (0018,9306) FD of every item.', -- list<item: double>
  "exposure_dose_total_collimation_width" ARRAY COMMENT 'Width of all active detector rows of each acquisition. Unit: mm. From: TotalCollimationWidth (0040,030E) > (0018,9307) FD of every item.', -- list<item: double>
  "exposure_dose_spiral_pitch_factor" ARRAY COMMENT 'Pitch of each acquisition. From: SpiralPitchFactor (0040,030E) > (0018,9311) FD of every item.', -- list<item: double>
  "exposure_dose_estimated_dose_saving" ARRAY COMMENT 'Dose saved by modulation in each acquisition, as estimated. Unit: %. From: EstimatedDoseSaving (0040,030E) > (0018,9324) FD of every item.', -- list<item: double>
  "elscint_exposure_dose_dlp" ARRAY COMMENT 'Dose length product of each acquisition of a Philips dose report. Unit: mGy cm. From: private ELSCINT1 (0040,030E) > (00E1,xx21) DS of every item.', -- list<item: double>
  "elscint_exposure_dose_phantom" ARRAY COMMENT 'Phantom of each acquisition of a Philips dose report, `16 CM` or `32 CM`. From: private ELSCINT1 (0040,030E) > (01E1,xx26) LO of every item.', -- list<item: string>
  "field_of_view_shape" VARCHAR COMMENT 'Shape of the field of view. From: FieldOfViewShape (0018,1147) CS.',
  "field_of_view_dimensions" ARRAY COMMENT 'Size of the field of view: diameter, or rows and columns. Unit: mm. From: FieldOfViewDimensions (0018,1149) IS.', -- list<item: double>
  "acquisition_device_processing_description" VARCHAR COMMENT 'How the device processed the image. From: AcquisitionDeviceProcessingDescription (0018,1400) LO.',
  "positioner_type" VARCHAR COMMENT 'Type of the positioner. From: PositionerType (0018,1508) CS.',
  "positioner_primary_angle" FLOAT COMMENT 'Angle of the positioner, from RAO to LAO. Unit: degree. From: PositionerPrimaryAngle (0018,1510) DS.',
  "positioner_secondary_angle" FLOAT COMMENT 'Angle of the positioner, from CAU to CRA. Unit: degree. From: PositionerSecondaryAngle (0018,1511) DS.',
  "view_position" VARCHAR COMMENT 'Radiographic view. From: ViewPosition (0018,5101) CS.',
  "view_code_value" VARCHAR COMMENT 'Code of the view. From: CodeValue (0054,0220) > (0008,0100) SH.',
  "view_code_scheme" VARCHAR COMMENT 'Scheme of the code of the view. From: CodingSchemeDesignator (0054,0220) > (0008,0102) SH.',
  "view_code_meaning" VARCHAR COMMENT 'Meaning of the code of the view. From: CodeMeaning (0054,0220) > (0008,0104) LO.',
  "view_modifier_code_value" ARRAY COMMENT 'Code of a modifier of the view, one for each. From: CodeValue (0054,0220) > (0054,0222) > (0008,0100) SH of every item.', -- list<item: string>
  "view_modifier_code_scheme" ARRAY COMMENT 'Scheme of the code of a modifier of the view, one for each. From: CodingSchemeDesignator (0054,0220) > (0054,0222) > (0008,0102) SH of every item.', -- list<item: string>
  "view_modifier_code_meaning" ARRAY COMMENT 'Meaning of the code of a modifier of the view, one for each. From: CodeMeaning (0054,0220) > (0054,0222) > (0008,0104) LO of every item.', -- list<item: string>
  "compression_force" FLOAT COMMENT 'Force of the compression. Unit: N. From: CompressionForce (0018,11A2) DS.',
  "body_part_thickness" FLOAT COMMENT 'Thickness of the body part, compressed. Unit: mm. From: BodyPartThickness (0018,11A0) DS.',
  "breast_implant_present" VARCHAR COMMENT 'Whether there is an implant. From: BreastImplantPresent (0028,1300) CS.',
  "partial_view" VARCHAR COMMENT 'Whether the image shows a part of the breast. From: PartialView (0028,1350) CS.',
  "region_data_type" NUMBER(10, 0) COMMENT 'What the first region shows: 1 tissue, 2 colour flow, 3 PW, 4 CW Doppler and others. From: RegionDataType (0018,6011) > (0018,6014) US.',
  "region_location_min_x0" NUMBER(19, 0) COMMENT 'Left edge of the first region. Unit: pixel. From: RegionLocationMinX0 (0018,6011) > (0018,6018) UL.',
  "region_location_min_y0" NUMBER(19, 0) COMMENT 'Upper edge of the first region. Unit: pixel. From: RegionLocationMinY0 (0018,6011) > (0018,601A) UL.',
  "region_location_max_x1" NUMBER(19, 0) COMMENT 'Right edge of the first region. Unit: pixel. From: RegionLocationMaxX1 (0018,6011) > (0018,601C) UL.',
  "region_location_max_y1" NUMBER(19, 0) COMMENT 'Lower edge of the first region. Unit: pixel. From: RegionLocationMaxY1 (0018,6011) > (0018,601E) UL.',
  "physical_units_x_direction" NUMBER(10, 0) COMMENT 'Unit of Physical Delta X: 3 cm, 4 s, 5 Hz, 7 cm/s and others. From: PhysicalUnitsXDirection (0018,6011) > (0018,6024) US.',
  "physical_units_y_direction" NUMBER(10, 0) COMMENT 'Unit of Physical Delta Y: 3 cm, 4 s, 5 Hz, 7 cm/s and others. From: PhysicalUnitsYDirection (0018,6011) > (0018,6026) US.',
  "physical_delta_x" FLOAT COMMENT 'Step from pixel to pixel along a row of the first region. From: PhysicalDeltaX (0018,6011) > (0018,602C) FD.',
  "physical_delta_y" FLOAT COMMENT 'Step from pixel to pixel along a column of the first region. From: PhysicalDeltaY (0018,6011) > (0018,602E) FD.',
  "image_position_patient" ARRAY COMMENT 'Centre of the first pixel, in LPS coordinates. Unit: mm. From: ImagePositionPatient (0020,0032) DS.', -- list<item: double>
  "image_orientation_patient" ARRAY COMMENT 'Direction cosines of a row, then of a column, in LPS coordinates. From: ImageOrientationPatient (0020,0037) DS.', -- list<item: double>
  "pixel_spacing" ARRAY COMMENT 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.', -- list<item: double>
  "imager_pixel_spacing" ARRAY COMMENT 'Distance between rows, then between columns, at the detector. Unit: mm. From: ImagerPixelSpacing (0018,1164) DS.', -- list<item: double>
  "slice_thickness" FLOAT COMMENT 'Nominal thickness of the slice. Unit: mm. From: SliceThickness (0018,0050) DS.',
  "spacing_between_slices" FLOAT COMMENT 'Nominal spacing between slices. Unit: mm. From: SpacingBetweenSlices (0018,0088) DS.',
  "slice_location" FLOAT COMMENT 'Relative position of the slice. Unit: mm. From: SliceLocation (0020,1041) DS.',
  "stack_id" VARCHAR COMMENT 'Stack that the image belongs to. From: StackID (0020,9056) SH.',
  "temporal_position_identifier" NUMBER(19, 0) COMMENT 'Place in a time series. From: TemporalPositionIdentifier (0020,0100) IS.',
  "temporal_position_index" NUMBER(19, 0) COMMENT 'Place in a time series, from 1. From: TemporalPositionIndex (0020,9128) UL.',
  "number_of_temporal_positions" NUMBER(19, 0) COMMENT 'Positions in a time series. From: NumberOfTemporalPositions (0020,0105) IS.',
  "number_of_slices" NUMBER(10, 0) COMMENT 'Slices in the series, as declared. From: NumberOfSlices (0054,0081) US.',
  "images_in_acquisition" NUMBER(19, 0) COMMENT 'Images of the acquisition, as declared. From: ImagesInAcquisition (0020,1002) IS.',
  "pixel_aspect_ratio" ARRAY COMMENT 'Height to width of a pixel. From: PixelAspectRatio (0028,0034) IS.', -- list<item: int64>
  "pixel_spacing_calibration_type" VARCHAR COMMENT 'How Pixel Spacing was calibrated. From: PixelSpacingCalibrationType (0028,0A02) CS.',
  "samples_per_pixel" NUMBER(10, 0) COMMENT 'Samples of a pixel. From: SamplesPerPixel (0028,0002) US.',
  "photometric_interpretation" VARCHAR COMMENT 'Meaning of the samples. From: PhotometricInterpretation (0028,0004) CS.',
  "planar_configuration" NUMBER(10, 0) COMMENT 'Order of the samples. From: PlanarConfiguration (0028,0006) US.',
  "number_of_frames" NUMBER(19, 0) COMMENT 'Frames of the instance. From: NumberOfFrames (0028,0008) IS.',
  "rows" NUMBER(10, 0) COMMENT 'Rows of a frame. From: Rows (0028,0010) US.',
  "columns" NUMBER(10, 0) COMMENT 'Columns of a frame. From: Columns (0028,0011) US.',
  "bits_allocated" NUMBER(10, 0) COMMENT 'Bits that a sample takes up. Unit: bit. From: BitsAllocated (0028,0100) US.',
  "bits_stored" NUMBER(10, 0) COMMENT 'Bits of a sample that are used. Unit: bit. From: BitsStored (0028,0101) US.',
  "high_bit" NUMBER(10, 0) COMMENT 'Highest used bit of a sample. From: HighBit (0028,0102) US.',
  "pixel_representation" NUMBER(10, 0) COMMENT '0 unsigned, 1 two''s complement. From: PixelRepresentation (0028,0103) US.',
  "pixel_padding_value" NUMBER(10, 0) COMMENT 'Stored value of pixels outside the image. From: PixelPaddingValue (0028,0120) US or SS.',
  "pixel_padding_range_limit" NUMBER(10, 0) COMMENT 'Other end of the range of padding values. From: PixelPaddingRangeLimit (0028,0121) US or SS.',
  "rescale_slope" FLOAT COMMENT 'Slope from stored to real value. From: RescaleSlope (0028,1053) DS.',
  "rescale_intercept" FLOAT COMMENT 'Intercept from stored to real value. From: RescaleIntercept (0028,1052) DS.',
  "rescale_type" VARCHAR COMMENT 'Unit of the rescaled values. From: RescaleType (0028,1054) LO.',
  "modality_lut_type" VARCHAR COMMENT 'Unit of the values of a Modality LUT; null where there is none. Rule: ModalityLUTType of the first item of ModalityLUTSequence (0028,3000); `UNSPECIFIED` where that item does not say. From: ModalityLUTType (0028,3000) > (0028,3004) LO.',
  "window_center" ARRAY COMMENT 'Centres of the display windows. From: WindowCenter (0028,1050) DS.', -- list<item: double>
  "window_width" ARRAY COMMENT 'Widths of the display windows. From: WindowWidth (0028,1051) DS.', -- list<item: double>
  "lossy_image_compression" VARCHAR COMMENT 'Whether the pixels were ever compressed with loss: `01` yes. From: LossyImageCompression (0028,2110) CS.',
  "lossy_image_compression_ratio" ARRAY COMMENT 'Ratios of the lossy steps. From: LossyImageCompressionRatio (0028,2112) DS.', -- list<item: double>
  "lossy_image_compression_method" ARRAY COMMENT 'Methods of the lossy steps. From: LossyImageCompressionMethod (0028,2114) CS.', -- list<item: string>
  "voilut_function" VARCHAR COMMENT 'Function of the display windows. From: VOILUTFunction (0028,1056) CS.',
  "frame_time" FLOAT COMMENT 'Time from frame to frame. Unit: ms. From: FrameTime (0018,1063) DS.',
  "segmentation_type" VARCHAR COMMENT 'Kind of a segmentation: `BINARY`, `FRACTIONAL`, `LABELMAP`. From: SegmentationType (0062,0001) CS.',
  "segment_label" ARRAY COMMENT 'Labels of the segments. From: SegmentLabel (0062,0002) > (0062,0005) LO of every item.', -- list<item: string>
  "segment_algorithm_type" ARRAY COMMENT 'How the segments were made. From: SegmentAlgorithmType (0062,0002) > (0062,0008) CS of every item.', -- list<item: string>
  "structure_set_label" VARCHAR COMMENT 'Label of a structure set. From: StructureSetLabel (3006,0002) SH.',
  "roi_name" ARRAY COMMENT 'Names of the regions of interest. From: ROIName (3006,0020) > (3006,0026) LO of every item.', -- list<item: string>
  "dose_units" VARCHAR COMMENT 'Unit of the dose grid: `GY` or `RELATIVE`. From: DoseUnits (3004,0002) CS.',
  "dose_type" VARCHAR COMMENT 'Kind of the dose grid. From: DoseType (3004,0004) CS.',
  "dose_grid_scaling" FLOAT COMMENT 'Factor from stored value to dose. From: DoseGridScaling (3004,000E) DS.',
  "concept_name_code_value" VARCHAR COMMENT 'Code of the title of a report. From: CodeValue (0040,A043) > (0008,0100) SH.',
  "concept_name_code_scheme" VARCHAR COMMENT 'Scheme of the code of the title of a report. From: CodingSchemeDesignator (0040,A043) > (0008,0102) SH.',
  "concept_name_code_meaning" VARCHAR COMMENT 'Meaning of the code of the title of a report. From: CodeMeaning (0040,A043) > (0008,0104) LO.',
  "template_identifier" VARCHAR COMMENT 'Template of a report. From: TemplateIdentifier (0040,A504) > (0040,DB00) CS.',
  "elscint_total_dlp" FLOAT COMMENT 'Dose length product of a Philips dose report. Unit: mGy cm. From: private ELSCINT1 (00E1,xx21) DS.',
  "toshiba_ctdivol" FLOAT COMMENT 'Volume CT dose index of a Toshiba CT. Unit: mGy. From: private TOSHIBA_MEC_CT3 (7005,xx63) FD.',
  "toshiba_dlp" FLOAT COMMENT 'Dose length product of a Toshiba CT. Unit: mGy cm. From: private TOSHIBA_MEC_CT3 (7005,xx40) FD.',
  "toshiba_pitch_factor" FLOAT COMMENT 'Pitch of a Toshiba CT. From: private TOSHIBA_MEC_CT3 (7005,xx23) DS.',
  "toshiba_detector_slice_thickness" FLOAT COMMENT 'Width of one detector row of a Toshiba CT. Unit: mm. From: private TOSHIBA_MEC_CT3 (7005,xx08) DS.',
  "toshiba_detector_rows" VARCHAR COMMENT 'Detector rows of a Toshiba CT, `1` for each that is used. From: private TOSHIBA_MEC_CT3 (7005,xx09) LO.',
  "siemens_number_of_images_in_mosaic" NUMBER(10, 0) COMMENT 'Slices in a Siemens mosaic. From: private SIEMENS MR HEADER (0019,xx0A) US.',
  "siemens_b_value" NUMBER(19, 0) COMMENT 'Diffusion weighting of a Siemens MR. Unit: s/mm2. From: private SIEMENS MR HEADER (0019,xx0C) IS.',
  "siemens_diffusion_gradient_direction" ARRAY COMMENT 'Direction of the diffusion gradient of a Siemens MR. From: private SIEMENS MR HEADER (0019,xx0E) FD.', -- list<item: double>
  "siemens_bandwidth_per_pixel_phase_encode" FLOAT COMMENT 'Bandwidth of a pixel in phase direction of a Siemens MR. Unit: Hz. From: private SIEMENS MR HEADER (0019,xx28) FD.',
  "ge_b_value" ARRAY COMMENT 'Diffusion weighting of a GE MR, with 10^9 added by some; then three more numbers. Unit: s/mm2. From: private GEMS_PARM_01 (0043,xx39) IS.', -- list<item: int64>
  "ge_effective_echo_spacing" NUMBER(10, 0) COMMENT 'Time from echo to echo of a GE MR. Unit: us. From: private GEMS_PARM_01 (0043,xx2C) SS.',
  "philips_b_value" FLOAT COMMENT 'Diffusion weighting of a Philips MR. Unit: s/mm2. From: private Philips Imaging DD 001 (2001,xx03) FL.',
  "private_attributes" OBJECT COMMENT 'Values of the private attributes that the settings name (`headers.private`), by name.', -- map<string, string>
  "invalid_attributes" ARRAY COMMENT 'Keywords of attributes that are NULL here because their value was malformed, sorted.', -- list<item: string>
  "file_id" VARCHAR NOT NULL COMMENT 'File the row was read from.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("sop_instance_uid")
)
COMMENT = 'One row per SOP instance: patient, study, series, equipment, acquisition, geometry and pixel attributes, typed by their VR. An attribute that is absent, empty or malformed is NULL; a malformed one is also named in `invalid_attributes` and in `issues`.';

-- Key: "sop_instance_uid", "frame_number"
CREATE TABLE "frames" (
  "sop_instance_uid" VARCHAR NOT NULL COMMENT 'Instance of the frame. From: SOPInstanceUID (0008,0018) UI.',
  "frame_number" NUMBER(10, 0) NOT NULL COMMENT 'Number of the frame, from 1. Always at least 1.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.',
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.',
  "modality" VARCHAR NOT NULL COMMENT 'Modality as a folder name, that of the instance. Always matches `[A-Z][A-Z0-9_]{0,15}`.',
  "study_year" NUMBER(10, 0) NOT NULL COMMENT 'Year of the study date, that of the instance.',
  "image_position_patient" ARRAY COMMENT 'Centre of the first pixel of the frame, in LPS coordinates; of an object without functional groups only where it has one frame. Unit: mm. From: ImagePositionPatient (0020,9113) > (0020,0032) DS.', -- list<item: double>
  "image_orientation_patient" ARRAY COMMENT 'Direction cosines of a row, then of a column, in LPS coordinates. From: ImageOrientationPatient (0020,9116) > (0020,0037) DS.', -- list<item: double>
  "pixel_spacing" ARRAY COMMENT 'Distance between rows, then between columns. Unit: mm. From: PixelSpacing (0028,9110) > (0028,0030) DS.', -- list<item: double>
  "slice_thickness" FLOAT COMMENT 'Nominal thickness of the slice. Unit: mm. From: SliceThickness (0028,9110) > (0018,0050) DS.',
  "spacing_between_slices" FLOAT COMMENT 'Nominal spacing between slices. Unit: mm. From: SpacingBetweenSlices (0028,9110) > (0018,0088) DS.',
  "grid_frame_offset" FLOAT COMMENT 'Offset of a dose plane from the first, along the normal where the first value is 0, else its coordinate. Rule: value of the frame in GridFrameOffsetVector (3004,000C). Unit: mm.',
  "x_offset_in_slide_coordinate_system" FLOAT COMMENT 'X of the frame on the slide. Unit: mm. From: XOffsetInSlideCoordinateSystem (0048,021A) > (0040,072A) DS.',
  "y_offset_in_slide_coordinate_system" FLOAT COMMENT 'Y of the frame on the slide. Unit: mm. From: YOffsetInSlideCoordinateSystem (0048,021A) > (0040,073A) DS.',
  "z_offset_in_slide_coordinate_system" FLOAT COMMENT 'Z of the frame above the slide. Unit: um. From: ZOffsetInSlideCoordinateSystem (0048,021A) > (0040,074A) DS.',
  "column_position_in_total_image_pixel_matrix" NUMBER(19, 0) COMMENT 'Column of the frame''s first pixel in the whole image, from 1. From: ColumnPositionInTotalImagePixelMatrix (0048,021A) > (0048,021E) SL.',
  "row_position_in_total_image_pixel_matrix" NUMBER(19, 0) COMMENT 'Row of the frame''s first pixel in the whole image, from 1. From: RowPositionInTotalImagePixelMatrix (0048,021A) > (0048,021F) SL.',
  "optical_path_identifier" VARCHAR COMMENT 'Optical path of the frame. From: OpticalPathIdentifier (0048,0207) > (0048,0106) SH.',
  "rescale_intercept" FLOAT COMMENT 'Intercept from stored to real value. From: RescaleIntercept (0028,9145) > (0028,1052) DS.',
  "rescale_slope" FLOAT COMMENT 'Slope from stored to real value. From: RescaleSlope (0028,9145) > (0028,1053) DS.',
  "rescale_type" VARCHAR COMMENT 'Unit of the rescaled values. From: RescaleType (0028,9145) > (0028,1054) LO.',
  "window_center" ARRAY COMMENT 'Centres of the display windows. From: WindowCenter (0028,9132) > (0028,1050) DS.', -- list<item: double>
  "window_width" ARRAY COMMENT 'Widths of the display windows. From: WindowWidth (0028,9132) > (0028,1051) DS.', -- list<item: double>
  "voilut_function" VARCHAR COMMENT 'Function of the display windows. From: VOILUTFunction (0028,9132) > (0028,1056) CS.',
  "real_world_value_intercept" FLOAT COMMENT 'Intercept of the first real world value mapping. From: RealWorldValueIntercept (0040,9096) > (0040,9224) FD.',
  "real_world_value_slope" FLOAT COMMENT 'Slope of the first real world value mapping. From: RealWorldValueSlope (0040,9096) > (0040,9225) FD.',
  "lut_label" VARCHAR COMMENT 'Label of the first real world value mapping. From: LUTLabel (0040,9096) > (0040,9210) SH.',
  "measurement_units_code_value" VARCHAR COMMENT 'Code of the unit of the first real world value mapping. From: CodeValue (0040,9096) > (0040,08EA) > (0008,0100) SH.',
  "measurement_units_code_scheme" VARCHAR COMMENT 'Scheme of the code of the unit of the first real world value mapping. From: CodingSchemeDesignator (0040,9096) > (0040,08EA) > (0008,0102) SH.',
  "measurement_units_code_meaning" VARCHAR COMMENT 'Meaning of the code of the unit of the first real world value mapping. From: CodeMeaning (0040,9096) > (0040,08EA) > (0008,0104) LO.',
  "frame_acquisition_number" NUMBER(10, 0) COMMENT 'Acquisition of the frame. From: FrameAcquisitionNumber (0020,9111) > (0020,9156) US.',
  "frame_acquisition_date_time" TIMESTAMP_NTZ(6) COMMENT 'Date and time the acquisition of the frame started; UTC where the file gives an offset, else local time. From: FrameAcquisitionDateTime (0020,9111) > (0018,9074) DT.',
  "frame_acquisition_date_time_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC that Frame Acquisition DateTime was written with; null where it had none. Unit: min.',
  "frame_reference_date_time" TIMESTAMP_NTZ(6) COMMENT 'Date and time that represents the frame; UTC where the file gives an offset, else local time. From: FrameReferenceDateTime (0020,9111) > (0018,9151) DT.',
  "frame_reference_date_time_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC that Frame Reference DateTime was written with; null where it had none. Unit: min.',
  "frame_acquisition_duration" FLOAT COMMENT 'Time the acquisition took. Unit: ms. From: FrameAcquisitionDuration (0020,9111) > (0018,9220) FD.',
  "stack_id" VARCHAR COMMENT 'Stack that the frame belongs to. From: StackID (0020,9111) > (0020,9056) SH.',
  "in_stack_position_number" NUMBER(19, 0) COMMENT 'Place in the stack, from 1. From: InStackPositionNumber (0020,9111) > (0020,9057) UL.',
  "temporal_position_index" NUMBER(19, 0) COMMENT 'Place in a time series, from 1. From: TemporalPositionIndex (0020,9111) > (0020,9128) UL.',
  "dimension_index_values" ARRAY COMMENT 'Place of the frame in each dimension of the object. From: DimensionIndexValues (0020,9111) > (0020,9157) UL.', -- list<item: int64>
  "cardiac_cycle_position" VARCHAR COMMENT 'Phase of the cardiac cycle. From: CardiacCyclePosition (0020,9111) > (0018,9236) CS.',
  "respiratory_cycle_position" VARCHAR COMMENT 'Phase of the respiratory cycle. From: RespiratoryCyclePosition (0020,9111) > (0018,9214) CS.',
  "frame_label" VARCHAR COMMENT 'Label of the frame. From: FrameLabel (0020,9111) > (0020,9453) LO.',
  "temporal_position_time_offset" FLOAT COMMENT 'Time since the first temporal position. Unit: s. From: TemporalPositionTimeOffset (0020,9310) > (0020,930D) FD.',
  "frame_laterality" VARCHAR COMMENT 'Side of the body in the frame. From: FrameLaterality (0020,9071) > (0020,9072) CS.',
  "anatomic_region_code_value" VARCHAR COMMENT 'Code of the region of the body in the frame. From: CodeValue (0020,9071) > (0008,2218) > (0008,0100) SH.',
  "anatomic_region_code_scheme" VARCHAR COMMENT 'Scheme of the code of the region of the body in the frame. From: CodingSchemeDesignator (0020,9071) > (0008,2218) > (0008,0102) SH.',
  "anatomic_region_code_meaning" VARCHAR COMMENT 'Meaning of the code of the region of the body in the frame. From: CodeMeaning (0020,9071) > (0008,2218) > (0008,0104) LO.',
  "frame_type" ARRAY COMMENT 'Characteristics of the frame, as Image Type. From: FrameType (0018,9329) > (0008,9007) CS.', -- list<item: string>
  "pixel_presentation" VARCHAR COMMENT 'Whether the frame is in colour. From: PixelPresentation (0018,9329) > (0008,9205) CS.',
  "volumetric_properties" VARCHAR COMMENT 'Whether pixels stand for equal volumes. From: VolumetricProperties (0018,9329) > (0008,9206) CS.',
  "volume_based_calculation_technique" VARCHAR COMMENT 'How pixels were calculated, e.g. `MAX_IP`. From: VolumeBasedCalculationTechnique (0018,9329) > (0008,9207) CS.',
  "complex_image_component" VARCHAR COMMENT 'Part of the complex MR signal. From: ComplexImageComponent (0018,9329) > (0008,9208) CS.',
  "acquisition_contrast" VARCHAR COMMENT 'Contrast of the MR acquisition. From: AcquisitionContrast (0018,9329) > (0008,9209) CS.',
  "acquisition_type" VARCHAR COMMENT 'Kind of CT acquisition. From: AcquisitionType (0018,9301) > (0018,9302) CS.',
  "tube_angle" FLOAT COMMENT 'Angle of a tube that does not rotate. Unit: degree. From: TubeAngle (0018,9301) > (0018,9303) FD.',
  "fluoroscopy_flag" VARCHAR COMMENT 'Whether it is CT fluoroscopy. From: FluoroscopyFlag (0018,9301) > (0018,9334) CS.',
  "rotation_direction" VARCHAR COMMENT 'Direction of rotation of the source. From: RotationDirection (0018,9304) > (0018,1140) CS.',
  "revolution_time" FLOAT COMMENT 'Time of one rotation. Unit: s. From: RevolutionTime (0018,9304) > (0018,9305) FD.',
  "single_collimation_width" FLOAT COMMENT 'Width of one detector row. Unit: mm. From: SingleCollimationWidth (0018,9304) > (0018,9306) FD.',
  "total_collimation_width" FLOAT COMMENT 'Width of all active detector rows. Unit: mm. From: TotalCollimationWidth (0018,9304) > (0018,9307) FD.',
  "table_height" FLOAT COMMENT 'Height of the table. Unit: mm. From: TableHeight (0018,9304) > (0018,1130) DS.',
  "gantry_detector_tilt" FLOAT COMMENT 'Nominal tilt of the gantry; its sign differs between makers. Unit: degree. From: GantryDetectorTilt (0018,9304) > (0018,1120) DS.',
  "data_collection_diameter" FLOAT COMMENT 'Diameter over which data were collected. Unit: mm. From: DataCollectionDiameter (0018,9304) > (0018,0090) DS.',
  "table_speed" FLOAT COMMENT 'Speed of the table. Unit: mm/s. From: TableSpeed (0018,9308) > (0018,9309) FD.',
  "table_feed_per_rotation" FLOAT COMMENT 'Way of the table in one rotation. Unit: mm. From: TableFeedPerRotation (0018,9308) > (0018,9310) FD.',
  "spiral_pitch_factor" FLOAT COMMENT 'Table feed per rotation over collimation. From: SpiralPitchFactor (0018,9308) > (0018,9311) FD.',
  "table_position" FLOAT COMMENT 'Position of the table. Unit: mm. From: TablePosition (0018,9326) > (0018,9327) FD.',
  "data_collection_center_patient" ARRAY COMMENT 'Centre of the collected data, in LPS coordinates. Unit: mm. From: DataCollectionCenterPatient (0018,9326) > (0018,9313) FD.', -- list<item: double>
  "reconstruction_target_center_patient" ARRAY COMMENT 'Centre of the reconstruction, in LPS coordinates. Unit: mm. From: ReconstructionTargetCenterPatient (0018,9326) > (0018,9318) FD.', -- list<item: double>
  "reconstruction_algorithm" VARCHAR COMMENT 'Kind of reconstruction. From: ReconstructionAlgorithm (0018,9314) > (0018,9315) CS.',
  "convolution_kernel" ARRAY COMMENT 'Kernel of the reconstruction. From: ConvolutionKernel (0018,9314) > (0018,1210) SH.', -- list<item: string>
  "reconstruction_diameter" FLOAT COMMENT 'Diameter of the reconstructed region. Unit: mm. From: ReconstructionDiameter (0018,9314) > (0018,1100) DS.',
  "reconstruction_field_of_view" ARRAY COMMENT 'Field of view of the reconstruction, width and height. Unit: mm. From: ReconstructionFieldOfView (0018,9314) > (0018,9317) FD.', -- list<item: double>
  "reconstruction_angle" FLOAT COMMENT 'Range of angles of the data that were used. Unit: degree. From: ReconstructionAngle (0018,9314) > (0018,9319) FD.',
  "exposure_time_inms" FLOAT COMMENT 'Duration of the exposure. Unit: ms. From: ExposureTimeInms (0018,9321) > (0018,9328) FD.',
  "x_ray_tube_current_inm_a" FLOAT COMMENT 'Current of the X-ray tube. Unit: mA. From: XRayTubeCurrentInmA (0018,9321) > (0018,9330) FD.',
  "exposure_inm_as" FLOAT COMMENT 'Tube current times exposure time. Unit: mA s. From: ExposureInmAs (0018,9321) > (0018,9332) FD.',
  "exposure_modulation_type" ARRAY COMMENT 'Kind of exposure modulation. From: ExposureModulationType (0018,9321) > (0018,9323) CS.', -- list<item: string>
  "estimated_dose_saving" FLOAT COMMENT 'Dose saved by modulation. Unit: %. From: EstimatedDoseSaving (0018,9321) > (0018,9324) FD.',
  "ctdivol" FLOAT COMMENT 'Volume CT dose index. Unit: mGy. From: CTDIvol (0018,9321) > (0018,9345) FD.',
  "water_equivalent_diameter" FLOAT COMMENT 'Diameter of the water cylinder with the same attenuation. Unit: mm. From: WaterEquivalentDiameter (0018,9321) > (0018,1271) FD.',
  "ctdi_phantom_type_code_value" VARCHAR COMMENT 'Code of the phantom that CTDIvol refers to. From: CodeValue (0018,9321) > (0018,9346) > (0008,0100) SH.',
  "ctdi_phantom_type_code_scheme" VARCHAR COMMENT 'Scheme of the code of the phantom that CTDIvol refers to. From: CodingSchemeDesignator (0018,9321) > (0018,9346) > (0008,0102) SH.',
  "ctdi_phantom_type_code_meaning" VARCHAR COMMENT 'Meaning of the code of the phantom that CTDIvol refers to. From: CodeMeaning (0018,9321) > (0018,9346) > (0008,0104) LO.',
  "kvp" FLOAT COMMENT 'Peak voltage of the X-ray generator. Unit: kV. From: KVP (0018,9325) > (0018,0060) DS.',
  "focal_spots" ARRAY COMMENT 'Size of the focal spots. Unit: mm. From: FocalSpots (0018,9325) > (0018,1190) DS.', -- list<item: double>
  "filter_type" VARCHAR COMMENT 'Type of the X-ray filter. From: FilterType (0018,9325) > (0018,1160) SH.',
  "filter_material" ARRAY COMMENT 'Material of the X-ray filter. From: FilterMaterial (0018,9325) > (0018,7050) CS.', -- list<item: string>
  "irradiation_event_uid" ARRAY COMMENT 'Irradiation events of the frame. From: IrradiationEventUID (0018,9477) > (0008,3010) UI.', -- list<item: string>
  "positioner_primary_angle" FLOAT COMMENT 'Angle of the beam from anterior, towards the left of the patient. Unit: degree. From: PositionerPrimaryAngle (0018,9405) > (0018,1510) DS.',
  "positioner_secondary_angle" FLOAT COMMENT 'Angle of the beam towards the head. Unit: degree. From: PositionerSecondaryAngle (0018,9405) > (0018,1511) DS.',
  "positioner_primary_angle_increment" FLOAT COMMENT 'Change of the primary angle of the positioner, as recorded. Rule: value of the frame in PositionerPrimaryAngleIncrement (0018,1520). Unit: degree.',
  "positioner_secondary_angle_increment" FLOAT COMMENT 'Change of the secondary angle of the positioner, as recorded. Rule: value of the frame in PositionerSecondaryAngleIncrement (0018,1521). Unit: degree.',
  "effective_echo_time" FLOAT COMMENT 'Time of the echo that decides the contrast. Unit: ms. From: EffectiveEchoTime (0018,9114) > (0018,9082) FD.',
  "echo_time" FLOAT COMMENT 'MR echo time, of objects converted from single frames. Unit: ms. From: EchoTime (0018,9112) > (0018,0081) DS.',
  "repetition_time" FLOAT COMMENT 'MR repetition time. Unit: ms. From: RepetitionTime (0018,9112) > (0018,0080) DS.',
  "flip_angle" FLOAT COMMENT 'MR flip angle. Unit: degree. From: FlipAngle (0018,9112) > (0018,1314) DS.',
  "echo_train_length" NUMBER(19, 0) COMMENT 'Lines acquired per excitation. From: EchoTrainLength (0018,9112) > (0018,0091) IS.',
  "rf_echo_train_length" NUMBER(10, 0) COMMENT 'RF echoes per excitation. From: RFEchoTrainLength (0018,9112) > (0018,9240) US.',
  "gradient_echo_train_length" NUMBER(10, 0) COMMENT 'Gradient echoes per excitation. From: GradientEchoTrainLength (0018,9112) > (0018,9241) US.',
  "inversion_times" ARRAY COMMENT 'MR inversion times. Unit: ms. From: InversionTimes (0018,9115) > (0018,9079) FD.', -- list<item: double>
  "number_of_averages" FLOAT COMMENT 'Times each point was acquired. From: NumberOfAverages (0018,9119) > (0018,0083) DS.',
  "diffusion_b_value" FLOAT COMMENT 'Diffusion sensitization. Unit: s/mm2. From: DiffusionBValue (0018,9117) > (0018,9087) FD.',
  "diffusion_directionality" VARCHAR COMMENT 'Whether diffusion is sensitized along a direction. From: DiffusionDirectionality (0018,9117) > (0018,9075) CS.',
  "diffusion_gradient_orientation" ARRAY COMMENT 'Direction of the diffusion gradient, in LPS coordinates. From: DiffusionGradientOrientation (0018,9117) > (0018,9076) > (0018,9089) FD.', -- list<item: double>
  "velocity_encoding_direction" ARRAY COMMENT 'Direction of velocity encoding, in LPS coordinates. From: VelocityEncodingDirection (0018,9197) > (0018,9090) FD.', -- list<item: double>
  "velocity_encoding_minimum_value" FLOAT COMMENT 'Least velocity that is encoded. Unit: cm/s. From: VelocityEncodingMinimumValue (0018,9197) > (0018,9091) FD.',
  "velocity_encoding_maximum_value" FLOAT COMMENT 'Greatest velocity that is encoded. Unit: cm/s. From: VelocityEncodingMaximumValue (0018,9197) > (0018,9217) FD.',
  "nominal_percentage_of_cardiac_phase" FLOAT COMMENT 'Part of the cardiac cycle. Unit: %. From: NominalPercentageOfCardiacPhase (0018,9118) > (0020,9241) FL.',
  "nominal_cardiac_trigger_delay_time" FLOAT COMMENT 'Prescribed time after the R peak. Unit: ms. From: NominalCardiacTriggerDelayTime (0018,9118) > (0020,9153) FD.',
  "actual_cardiac_trigger_delay_time" FLOAT COMMENT 'Measured time after the R peak. Unit: ms. From: ActualCardiacTriggerDelayTime (0018,9118) > (0020,9252) FD.',
  "rr_interval_time_nominal" FLOAT COMMENT 'Nominal R-R interval. Unit: ms. From: RRIntervalTimeNominal (0018,9118) > (0020,9251) FD.',
  "trigger_time" FLOAT COMMENT 'Time after the trigger, of objects converted from single frames. Unit: ms. From: TriggerTime (0018,9118) > (0018,1060) DS.',
  "nominal_percentage_of_respiratory_phase" FLOAT COMMENT 'Part of the respiratory cycle. Unit: %. From: NominalPercentageOfRespiratoryPhase (0020,9253) > (0020,9245) FL.',
  "nominal_respiratory_trigger_delay_time" FLOAT COMMENT 'Prescribed time after the respiratory trigger. Unit: ms. From: NominalRespiratoryTriggerDelayTime (0020,9253) > (0020,9255) FD.',
  "decay_factor" FLOAT COMMENT 'Factor that corrected the frame for decay. From: DecayFactor (0018,9736) > (0054,1321) DS.',
  "energy_window_index" NUMBER(10, 0) COMMENT 'Energy window. Rule: value of the frame in EnergyWindowVector (0054,0010), counted from 1; null where the vector does not have one value for each frame.',
  "detector_index" NUMBER(10, 0) COMMENT 'Detector. Rule: value of the frame in DetectorVector (0054,0020), counted from 1; null where the vector does not have one value for each frame.',
  "phase_index" NUMBER(10, 0) COMMENT 'Phase of a dynamic acquisition. Rule: value of the frame in PhaseVector (0054,0030), counted from 1; null where the vector does not have one value for each frame.',
  "rotation_index" NUMBER(10, 0) COMMENT 'Rotation. Rule: value of the frame in RotationVector (0054,0050), counted from 1; null where the vector does not have one value for each frame.',
  "rr_interval_index" NUMBER(10, 0) COMMENT 'Range of R-R intervals. Rule: value of the frame in RRIntervalVector (0054,0060), counted from 1; null where the vector does not have one value for each frame.',
  "time_slot_index" NUMBER(10, 0) COMMENT 'Time slot of the R-R interval. Rule: value of the frame in TimeSlotVector (0054,0070), counted from 1; null where the vector does not have one value for each frame.',
  "slice_index" NUMBER(10, 0) COMMENT 'Slice. Rule: value of the frame in SliceVector (0054,0080), counted from 1; null where the vector does not have one value for each frame.',
  "angular_view_index" NUMBER(10, 0) COMMENT 'View of a rotation. Rule: value of the frame in AngularViewVector (0054,0090), counted from 1; null where the vector does not have one value for each frame.',
  "time_slice_index" NUMBER(10, 0) COMMENT 'Time slice. Rule: value of the frame in TimeSliceVector (0054,0100), counted from 1; null where the vector does not have one value for each frame.',
  "detector_image_position_patient" ARRAY COMMENT 'Centre of the first pixel as the frame''s detector states it, in LPS coordinates; of a reconstruction that of its first slice. Rule: ImagePositionPatient of the item of DetectorInformationSequence (0054,0022) that detector_index names, of the only item where there is no DetectorVector. Unit: mm.', -- list<item: double>
  "detector_image_orientation_patient" ARRAY COMMENT 'Direction cosines of a row, then of a column, as the frame''s detector states them. Rule: ImageOrientationPatient of the same item.', -- list<item: double>
  "frame_time_offset_ms" FLOAT COMMENT 'Time from the first frame to this one. Rule: sum of FrameTimeVector (0018,1065) up to the frame, or FrameTime (0018,1063) times the frames before it; where FrameIncrementPointer (0028,0009) is there, only if it names the one. Unit: ms.',
  "referenced_segment_number" ARRAY COMMENT 'Segments that the frame shows. From: ReferencedSegmentNumber (0062,000A) > (0062,000B) US.', -- list<item: int32>
  "source_image_sop_instance_uid" VARCHAR COMMENT 'Instance that the frame was derived from, the first if of several. From: ReferencedSOPInstanceUID (0008,9124) > (0008,2112) > (0008,1155) UI.',
  "source_image_frame_number" ARRAY COMMENT 'Frames of that instance; null: all of it. From: ReferencedFrameNumber (0008,9124) > (0008,2112) > (0008,1160) IS.', -- list<item: int64>
  "conversion_source_sop_instance_uid" VARCHAR COMMENT 'Instance that the frame was converted from. From: ReferencedSOPInstanceUID (0020,9172) > (0008,1155) UI.',
  "invalid_attributes" ARRAY COMMENT 'Keywords of attributes that are NULL here because their value was malformed, sorted; of one in a sequence of a functional group the name of its column.', -- list<item: string>
  "file_id" VARCHAR NOT NULL COMMENT 'File the row was read from.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("sop_instance_uid", "frame_number")
)
COMMENT = 'One row per frame of an instance that has several frames, or functional groups. Per-frame functional groups win over shared ones, these over the top of the data set. An attribute that is absent, empty or malformed is NULL; a malformed one is also named in `invalid_attributes` and in `issues`. Where Number of Frames and the items of the per-frame functional groups differ, the smaller number of rows is written, with an issue; without such items there are as many rows as Number of Frames says, up to the setting `headers.max_values`.';

-- Key: "sop_instance_uid", "referenced_sop_instance_uid", "role"
CREATE TABLE "instance_references" (
  "sop_instance_uid" VARCHAR NOT NULL COMMENT 'Instance that refers.',
  "referenced_sop_instance_uid" VARCHAR NOT NULL COMMENT 'Instance that is referred to. Rule: ReferencedSOPInstanceUID (0008,1155) of an item.',
  "role" VARCHAR NOT NULL COMMENT 'What the other instance is, e.g. `source_image`, `contour_image`, `referenced_sop`. Rule: snake_case of the keyword of the sequence that holds the item, without `Sequence`; the eight hex digits of its tag where it has no keyword.',
  "via" VARCHAR NOT NULL COMMENT 'Where it stands, e.g. `referenced_series`. Rule: the same of the outermost sequence around it; of several the first.',
  "referenced_sop_class_uid" VARCHAR COMMENT 'Kind of the instance referred to. Rule: ReferencedSOPClassUID (0008,1150); of several the first.',
  "referenced_series_instance_uid" VARCHAR COMMENT 'Its series. Rule: SeriesInstanceUID (0020,000E) of the item or the nearest one around it; of several the first.',
  "referenced_study_instance_uid" VARCHAR COMMENT 'Its study. Rule: StudyInstanceUID (0020,000D) of the item or the nearest one around it; of several the first.',
  "referenced_frame_numbers" ARRAY COMMENT 'Frames that are referred to, sorted; null where no reference names any. Rule: ReferencedFrameNumber (0008,1160) of all references together.', -- list<item: int64>
  "purpose_code_value" VARCHAR COMMENT 'Code of the purpose of the reference. Rule: CodeValue of the first Purpose of Reference Code Sequence (0040,A170) beside the reference.',
  "purpose_code_scheme" VARCHAR COMMENT 'Scheme of that code. Rule: CodingSchemeDesignator of the first Purpose of Reference Code Sequence (0040,A170) beside the reference.',
  "purpose_code_meaning" VARCHAR COMMENT 'Meaning of that code. Rule: CodeMeaning of the first Purpose of Reference Code Sequence (0040,A170) beside the reference.',
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance that refers.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance that refers.',
  "file_id" VARCHAR NOT NULL COMMENT 'File the row was read from.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("sop_instance_uid", "referenced_sop_instance_uid", "role")
)
COMMENT = 'One row per instance that another one refers to in a role, from every item that holds a Referenced SOP Instance UID, however deep: source images, segmentations, structure sets, plans and doses, presentation states, reports and their evidence. References to one instance in one role are one row.';

-- Key: "sop_instance_uid", "path"
CREATE TABLE "elements" (
  "sop_instance_uid" VARCHAR NOT NULL COMMENT 'Instance of the element.',
  "path" VARCHAR NOT NULL COMMENT 'Tags from the top of the data set to the element, with the number of the item of each sequence, e.g. `00400275[0].00080100`. Always matches `([0-9A-F]{8}\\[[0-9]+\\]\\.)*[0-9A-F]{8}`.',
  "tag" VARCHAR NOT NULL COMMENT 'Tag of the element, eight hex digits. Always matches `[0-9A-F]{8}`.',
  "keyword" VARCHAR COMMENT 'Its DICOM keyword; null where the standard has none.',
  "private_creator" VARCHAR COMMENT 'Private Creator of a private element.',
  "vr" VARCHAR NOT NULL COMMENT 'VR as written; in implicit VR that of the dictionary, else `UN`. Always matches `[A-Z]{2}`.',
  "vm" NUMBER(10, 0) COMMENT 'Number of values, of a sequence number of items; 0 where it is empty, null where the value is not kept. Always at least 0.',
  "value" VARCHAR COMMENT 'The value as text, several joined by a backslash; null where it is empty, a sequence, or not kept.',
  "length" NUMBER(19, 0) COMMENT 'Bytes of the value; null for a sequence. Always at least 0. Unit: byte.',
  "sha256" VARCHAR COMMENT 'Digest of a value that is not kept. Always matches `[0-9a-f]{64}`.',
  "file_id" VARCHAR NOT NULL COMMENT 'File the row was read from.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("sop_instance_uid", "path")
)
COMMENT = 'Opt-in by the setting `headers.elements`: one row per element of the header of an instance, those in sequences included, up to Pixel Data. Text is decoded by the character set of its data set or item; bytes of OB, OW, UN and the like are never kept, only their length and digest.';

-- Key: "sop_instance_uid"
CREATE TABLE "dicom_json" (
  "sop_instance_uid" VARCHAR NOT NULL COMMENT 'Instance that is described.',
  "dicom_json" VARCHAR NOT NULL COMMENT 'DICOM JSON model object, UTF-8.',
  "file_id" VARCHAR NOT NULL COMMENT 'File the row was read from.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("sop_instance_uid")
)
COMMENT = 'Opt-in by the setting `headers.dicom_json`: the header of an instance, sequences and private elements included, up to Pixel Data, as DICOM JSON (PS3.18 annex F). Bytes of OB, OW, UN and the like are left out: their element has a `vr` and nothing else.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "series" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.',
  "patient_key" VARCHAR NOT NULL COMMENT 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.',
  "modality" VARCHAR NOT NULL COMMENT 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.',
  "modality_raw" VARCHAR COMMENT 'Modality as written. From: Modality (0008,0060) CS.',
  "institution_name" VARCHAR COMMENT 'Institution of the equipment. From: InstitutionName (0008,0080) LO.',
  "institutional_department_name" VARCHAR COMMENT 'Department of the equipment. From: InstitutionalDepartmentName (0008,1040) LO.',
  "series_number" NUMBER(19, 0) COMMENT 'Number of the series. From: SeriesNumber (0020,0011) IS.',
  "series_date" DATE COMMENT 'Date the series started. From: SeriesDate (0008,0021) DA.',
  "series_time" TIME(6) COMMENT 'Time the series started. From: SeriesTime (0008,0031) TM.',
  "series_description" VARCHAR COMMENT 'Description of the series. From: SeriesDescription (0008,103E) LO.',
  "protocol_name" VARCHAR COMMENT 'Name of the acquisition protocol. From: ProtocolName (0018,1030) LO.',
  "body_part_examined" VARCHAR COMMENT 'Part of the body examined. From: BodyPartExamined (0018,0015) CS.',
  "laterality" VARCHAR COMMENT 'Side of the paired body part. From: Laterality (0020,0060) CS.',
  "patient_position" VARCHAR COMMENT 'Position of the patient relative to the equipment, e.g. `HFS`. From: PatientPosition (0018,5100) CS.',
  "frame_of_reference_uid" VARCHAR COMMENT 'Frame of Reference in which positions are given. From: FrameOfReferenceUID (0020,0052) UI.',
  "position_reference_indicator" VARCHAR COMMENT 'Anatomical reference of the Frame of Reference. From: PositionReferenceIndicator (0020,1040) LO.',
  "operators_name" ARRAY COMMENT 'Operators of the equipment. From: OperatorsName (0008,1070) PN.', -- list<item: struct<alphabetic: string, ideographic: string, phonetic: string>>
  "presentation_intent_type" VARCHAR COMMENT 'Whether images are meant for presentation or for processing. From: PresentationIntentType (0008,0068) CS.',
  "performed_procedure_step_description" VARCHAR COMMENT 'What was performed. From: PerformedProcedureStepDescription (0040,0254) LO.',
  "manufacturer" VARCHAR COMMENT 'Maker of the equipment. From: Manufacturer (0008,0070) LO.',
  "manufacturer_model_name" VARCHAR COMMENT 'Model of the equipment. From: ManufacturerModelName (0008,1090) LO.',
  "device_serial_number" VARCHAR COMMENT 'Serial number of the equipment. From: DeviceSerialNumber (0018,1000) LO.',
  "software_versions" ARRAY COMMENT 'Software of the equipment. From: SoftwareVersions (0018,1020) LO.', -- list<item: string>
  "station_name" VARCHAR COMMENT 'Name of the station. From: StationName (0008,1010) SH.',
  "magnetic_field_strength" FLOAT COMMENT 'Nominal field of the magnet. Unit: T. From: MagneticFieldStrength (0018,0087) DS.',
  "device_uid" VARCHAR COMMENT 'Identity of the equipment. From: DeviceUID (0018,1002) UI.',
  "series_type" ARRAY COMMENT 'Kind of the PET series, e.g. `STATIC`, `IMAGE`. From: SeriesType (0054,1000) CS.', -- list<item: string>
  "study_year" NUMBER(10, 0) NOT NULL COMMENT 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.',
  "sop_class_uids" ARRAY NOT NULL COMMENT 'SOP classes of the instances, sorted.', -- list<item: string>
  "n_instances" NUMBER(19, 0) NOT NULL COMMENT 'Instances of the series.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
)
COMMENT = 'One row per series within its study. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`. The partition is that of the instance with the smallest UID.';

-- Key: "study_instance_uid"
CREATE TABLE "studies" (
  "patient_key" VARCHAR NOT NULL COMMENT 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.',
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.',
  "study_year" NUMBER(10, 0) NOT NULL COMMENT 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.',
  "patient_age" VARCHAR COMMENT 'Age of the patient at the study, as written. From: PatientAge (0010,1010) AS.',
  "age_years" FLOAT COMMENT 'Age of the patient at the study. Rule: PatientAge in days / 365.25, weeks x 7 / 365.25, months / 12 or years. Always at least 0. Unit: year.',
  "patient_size" FLOAT COMMENT 'Height of the patient. Unit: m. From: PatientSize (0010,1020) DS.',
  "patient_weight" FLOAT COMMENT 'Weight of the patient. Unit: kg. From: PatientWeight (0010,1030) DS.',
  "patient_identity_removed" VARCHAR COMMENT 'Whether the patient''s identity was removed. From: PatientIdentityRemoved (0012,0062) CS.',
  "deidentification_method" ARRAY COMMENT 'How the identity was removed. From: DeidentificationMethod (0012,0063) LO.', -- list<item: string>
  "clinical_trial_time_point_id" VARCHAR COMMENT 'Time point of the clinical trial. From: ClinicalTrialTimePointID (0012,0050) LO.',
  "study_id" VARCHAR COMMENT 'Study identifier given by a person or device. From: StudyID (0020,0010) SH.',
  "accession_number" VARCHAR COMMENT 'Number of the order. From: AccessionNumber (0008,0050) SH.',
  "study_date" DATE COMMENT 'Date the study started. From: StudyDate (0008,0020) DA.',
  "study_time" TIME(6) COMMENT 'Time the study started. From: StudyTime (0008,0030) TM.',
  "study_description" VARCHAR COMMENT 'Description of the study. From: StudyDescription (0008,1030) LO.',
  "referring_physician_name" OBJECT COMMENT 'Name of the referring physician. From: ReferringPhysicianName (0008,0090) PN.', -- struct<alphabetic: string, ideographic: string, phonetic: string>
  "reason_for_study" VARCHAR COMMENT 'Why the study was done. From: ReasonForStudy (0032,1030) LO.',
  "requested_procedure_description" VARCHAR COMMENT 'Procedure that was requested. From: RequestedProcedureDescription (0032,1060) LO.',
  "procedure_code_value" ARRAY COMMENT 'Code of a procedure that was done, one for each. From: CodeValue (0008,1032) > (0008,0100) SH of every item.', -- list<item: string>
  "procedure_code_scheme" ARRAY COMMENT 'Scheme of the code of a procedure that was done, one for each. From: CodingSchemeDesignator (0008,1032) > (0008,0102) SH of every item.', -- list<item: string>
  "procedure_code_meaning" ARRAY COMMENT 'Meaning of the code of a procedure that was done, one for each. From: CodeMeaning (0008,1032) > (0008,0104) LO of every item.', -- list<item: string>
  "requested_procedure_code_value" VARCHAR COMMENT 'Code of the procedure that was requested. From: CodeValue (0032,1064) > (0008,0100) SH.',
  "requested_procedure_code_scheme" VARCHAR COMMENT 'Scheme of the code of the procedure that was requested. From: CodingSchemeDesignator (0032,1064) > (0008,0102) SH.',
  "requested_procedure_code_meaning" VARCHAR COMMENT 'Meaning of the code of the procedure that was requested. From: CodeMeaning (0032,1064) > (0008,0104) LO.',
  "modalities" ARRAY NOT NULL COMMENT 'Modalities of the study, sorted.', -- list<item: string>
  "n_series" NUMBER(19, 0) NOT NULL COMMENT 'Series of the study.',
  "n_instances" NUMBER(19, 0) NOT NULL COMMENT 'Instances of the study.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid")
)
COMMENT = 'One row per study. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`.';

-- Key: "patient_key"
CREATE TABLE "patients" (
  "patient_key" VARCHAR NOT NULL COMMENT 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.',
  "patient_id" VARCHAR COMMENT 'Primary identifier of the patient. From: PatientID (0010,0020) LO.',
  "issuer_of_patient_id" VARCHAR COMMENT 'Authority that issued the patient ID. From: IssuerOfPatientID (0010,0021) LO.',
  "patient_name" OBJECT COMMENT 'Name of the patient. From: PatientName (0010,0010) PN.', -- struct<alphabetic: string, ideographic: string, phonetic: string>
  "patient_birth_date" DATE COMMENT 'Birth date of the patient. From: PatientBirthDate (0010,0030) DA.',
  "patient_sex" VARCHAR COMMENT 'Sex of the patient. From: PatientSex (0010,0040) CS.',
  "patient_species_description" VARCHAR COMMENT 'Species of the patient, where it is an animal. From: PatientSpeciesDescription (0010,2201) LO.',
  "quality_control_subject" VARCHAR COMMENT 'Whether the subject is a phantom for quality control. From: QualityControlSubject (0010,0200) CS.',
  "clinical_trial_protocol_id" VARCHAR COMMENT 'Protocol of the clinical trial. From: ClinicalTrialProtocolID (0012,0020) LO.',
  "clinical_trial_subject_id" VARCHAR COMMENT 'Subject of the clinical trial. From: ClinicalTrialSubjectID (0012,0040) LO.',
  "n_studies" NUMBER(19, 0) NOT NULL COMMENT 'Studies of the patient.',
  "n_series" NUMBER(19, 0) NOT NULL COMMENT 'Series of the patient.',
  "n_instances" NUMBER(19, 0) NOT NULL COMMENT 'Instances of the patient.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("patient_key")
)
COMMENT = 'One row per patient. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "ct_series" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.',
  "patient_key" VARCHAR NOT NULL COMMENT 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.',
  "modality" VARCHAR NOT NULL COMMENT 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.',
  "study_year" NUMBER(10, 0) NOT NULL COMMENT 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.',
  "acquisition_type" VARCHAR COMMENT 'How the data were collected, e.g. `SPIRAL`. From: AcquisitionType (0018,9302) CS.',
  "scan_options" ARRAY COMMENT 'Options of the acquisition. From: ScanOptions (0018,0022) CS.', -- list<item: string>
  "rotation_direction" VARCHAR COMMENT 'Direction of rotation of the source. From: RotationDirection (0018,1140) CS.',
  "revolution_time" FLOAT COMMENT 'Time of one rotation. Unit: s. From: RevolutionTime (0018,9305) FD.',
  "single_collimation_width" FLOAT COMMENT 'Width of one detector row. Unit: mm. From: SingleCollimationWidth (0018,9306) FD.',
  "total_collimation_width" FLOAT COMMENT 'Width of all active detector rows. Unit: mm. From: TotalCollimationWidth (0018,9307) FD.',
  "table_feed_per_rotation" FLOAT COMMENT 'Way of the table in one rotation. Unit: mm. From: TableFeedPerRotation (0018,9310) FD.',
  "data_collection_diameter" FLOAT COMMENT 'Diameter over which data were collected. Unit: mm. From: DataCollectionDiameter (0018,0090) DS.',
  "reconstruction_diameter" FLOAT COMMENT 'Diameter of the reconstructed region. Unit: mm. From: ReconstructionDiameter (0018,1100) DS.',
  "distance_source_to_detector" FLOAT COMMENT 'Distance from source to detector. Unit: mm. From: DistanceSourceToDetector (0018,1110) DS.',
  "distance_source_to_patient" FLOAT COMMENT 'Distance from source to isocentre. Unit: mm. From: DistanceSourceToPatient (0018,1111) DS.',
  "filter_type" VARCHAR COMMENT 'Type of the X-ray filter. From: FilterType (0018,1160) SH.',
  "focal_spots" ARRAY COMMENT 'Size of the focal spots. Unit: mm. From: FocalSpots (0018,1190) DS.', -- list<item: double>
  "exposure_modulation_type" ARRAY COMMENT 'How the tube current was modulated. From: ExposureModulationType (0018,9323) CS.', -- list<item: string>
  "ctdi_phantom_type_code_value" VARCHAR COMMENT 'Code of the phantom of CTDIvol. From: CodeValue (0018,9346) > (0008,0100) SH.',
  "ctdi_phantom_type_code_scheme" VARCHAR COMMENT 'Scheme of the code of the phantom of CTDIvol. From: CodingSchemeDesignator (0018,9346) > (0008,0102) SH.',
  "ctdi_phantom_type_code_meaning" VARCHAR COMMENT 'Meaning of the code of the phantom of CTDIvol. From: CodeMeaning (0018,9346) > (0008,0104) LO.',
  "contrast_bolus_agent" VARCHAR COMMENT 'Contrast agent. From: ContrastBolusAgent (0018,0010) LO.',
  "contrast_bolus_route" VARCHAR COMMENT 'Route of the contrast agent. From: ContrastBolusRoute (0018,1040) LO.',
  "pixel_spacing" ARRAY COMMENT 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.', -- list<item: double>
  "rows" NUMBER(10, 0) COMMENT 'Rows of a frame. From: Rows (0028,0010) US.',
  "columns" NUMBER(10, 0) COMMENT 'Columns of a frame. From: Columns (0028,0011) US.',
  "rescale_type" VARCHAR COMMENT 'Unit of the rescaled values. From: RescaleType (0028,1054) LO.',
  "convolution_kernel_values" ARRAY COMMENT 'Different values of ConvolutionKernel in the instances, sorted. Kernel of the reconstruction. Rule: different non-null values of instances.convolution_kernel; components of one value are joined by a backslash.', -- list<item: string>
  "kvp_min" FLOAT COMMENT 'Smallest KVP of the instances. Peak voltage of the X-ray generator. Rule: min of instances.kvp. Unit: kV.',
  "kvp_max" FLOAT COMMENT 'Greatest KVP of the instances. Peak voltage of the X-ray generator. Rule: max of instances.kvp. Unit: kV.',
  "kvp_count" NUMBER(19, 0) COMMENT 'Different values of KVP in the instances. Rule: number of different non-null values of instances.kvp. Always at least 0.',
  "x_ray_tube_current_min" FLOAT COMMENT 'Smallest XRayTubeCurrent of the instances. Current of the X-ray tube. Rule: min of instances.x_ray_tube_current. Unit: mA.',
  "x_ray_tube_current_max" FLOAT COMMENT 'Greatest XRayTubeCurrent of the instances. Current of the X-ray tube. Rule: max of instances.x_ray_tube_current. Unit: mA.',
  "x_ray_tube_current_count" NUMBER(19, 0) COMMENT 'Different values of XRayTubeCurrent in the instances. Rule: number of different non-null values of instances.x_ray_tube_current. Always at least 0.',
  "exposure_time_min" FLOAT COMMENT 'Smallest ExposureTime of the instances. Duration of the exposure. Rule: min of instances.exposure_time. Unit: ms.',
  "exposure_time_max" FLOAT COMMENT 'Greatest ExposureTime of the instances. Duration of the exposure. Rule: max of instances.exposure_time. Unit: ms.',
  "exposure_time_count" NUMBER(19, 0) COMMENT 'Different values of ExposureTime in the instances. Rule: number of different non-null values of instances.exposure_time. Always at least 0.',
  "exposure_min" FLOAT COMMENT 'Smallest Exposure of the instances. Tube current times exposure time. Rule: min of instances.exposure. Unit: mA s.',
  "exposure_max" FLOAT COMMENT 'Greatest Exposure of the instances. Tube current times exposure time. Rule: max of instances.exposure. Unit: mA s.',
  "exposure_count" NUMBER(19, 0) COMMENT 'Different values of Exposure in the instances. Rule: number of different non-null values of instances.exposure. Always at least 0.',
  "ctdivol_min" FLOAT COMMENT 'Smallest CTDIvol of the instances. Volume CT dose index. Rule: min of instances.ctdivol. Unit: mGy.',
  "ctdivol_max" FLOAT COMMENT 'Greatest CTDIvol of the instances. Volume CT dose index. Rule: max of instances.ctdivol. Unit: mGy.',
  "ctdivol_count" NUMBER(19, 0) COMMENT 'Different values of CTDIvol in the instances. Rule: number of different non-null values of instances.ctdivol. Always at least 0.',
  "spiral_pitch_factor_min" FLOAT COMMENT 'Smallest SpiralPitchFactor of the instances. Table feed per rotation over collimation. Rule: min of instances.spiral_pitch_factor.',
  "spiral_pitch_factor_max" FLOAT COMMENT 'Greatest SpiralPitchFactor of the instances. Table feed per rotation over collimation. Rule: max of instances.spiral_pitch_factor.',
  "spiral_pitch_factor_count" NUMBER(19, 0) COMMENT 'Different values of SpiralPitchFactor in the instances. Rule: number of different non-null values of instances.spiral_pitch_factor. Always at least 0.',
  "slice_thickness_min" FLOAT COMMENT 'Smallest SliceThickness of the instances. Nominal thickness of the slice. Rule: min of instances.slice_thickness. Unit: mm.',
  "slice_thickness_max" FLOAT COMMENT 'Greatest SliceThickness of the instances. Nominal thickness of the slice. Rule: max of instances.slice_thickness. Unit: mm.',
  "slice_thickness_count" NUMBER(19, 0) COMMENT 'Different values of SliceThickness in the instances. Rule: number of different non-null values of instances.slice_thickness. Always at least 0.',
  "table_height_min" FLOAT COMMENT 'Smallest TableHeight of the instances. Height of the table. Rule: min of instances.table_height. Unit: mm.',
  "table_height_max" FLOAT COMMENT 'Greatest TableHeight of the instances. Height of the table. Rule: max of instances.table_height. Unit: mm.',
  "table_height_count" NUMBER(19, 0) COMMENT 'Different values of TableHeight in the instances. Rule: number of different non-null values of instances.table_height. Always at least 0.',
  "gantry_detector_tilt_min" FLOAT COMMENT 'Smallest GantryDetectorTilt of the instances. Nominal tilt of the gantry; its sign differs between makers. Rule: min of instances.gantry_detector_tilt. Unit: degree.',
  "gantry_detector_tilt_max" FLOAT COMMENT 'Greatest GantryDetectorTilt of the instances. Nominal tilt of the gantry; its sign differs between makers. Rule: max of instances.gantry_detector_tilt. Unit: degree.',
  "gantry_detector_tilt_count" NUMBER(19, 0) COMMENT 'Different values of GantryDetectorTilt in the instances. Rule: number of different non-null values of instances.gantry_detector_tilt. Always at least 0.',
  "water_equivalent_diameter_min" FLOAT COMMENT 'Smallest WaterEquivalentDiameter of the instances. Diameter of a cylinder of water that attenuates alike. Rule: min of instances.water_equivalent_diameter. Unit: mm.',
  "water_equivalent_diameter_max" FLOAT COMMENT 'Greatest WaterEquivalentDiameter of the instances. Diameter of a cylinder of water that attenuates alike. Rule: max of instances.water_equivalent_diameter. Unit: mm.',
  "water_equivalent_diameter_count" NUMBER(19, 0) COMMENT 'Different values of WaterEquivalentDiameter in the instances. Rule: number of different non-null values of instances.water_equivalent_diameter. Always at least 0.',
  "slice_location_min" FLOAT COMMENT 'Smallest SliceLocation of the instances. Relative position of the slice. Rule: min of instances.slice_location. Unit: mm.',
  "slice_location_max" FLOAT COMMENT 'Greatest SliceLocation of the instances. Relative position of the slice. Rule: max of instances.slice_location. Unit: mm.',
  "slice_location_count" NUMBER(19, 0) COMMENT 'Different values of SliceLocation in the instances. Rule: number of different non-null values of instances.slice_location. Always at least 0.',
  "acquisition_number_min" NUMBER(19, 0) COMMENT 'Smallest AcquisitionNumber of the instances. Number of the acquisition. Rule: min of instances.acquisition_number.',
  "acquisition_number_max" NUMBER(19, 0) COMMENT 'Greatest AcquisitionNumber of the instances. Number of the acquisition. Rule: max of instances.acquisition_number.',
  "acquisition_number_count" NUMBER(19, 0) COMMENT 'Different values of AcquisitionNumber in the instances. Rule: number of different non-null values of instances.acquisition_number. Always at least 0.',
  "n_instances" NUMBER(19, 0) NOT NULL COMMENT 'Instances of the series.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
)
COMMENT = 'One row per CT series. What is usually constant takes the commonest non-null value of the instances; of what varies there are minimum, maximum and the number of different values.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "mr_series" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.',
  "patient_key" VARCHAR NOT NULL COMMENT 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.',
  "modality" VARCHAR NOT NULL COMMENT 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.',
  "study_year" NUMBER(10, 0) NOT NULL COMMENT 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.',
  "magnetic_field_strength" FLOAT COMMENT 'Nominal field of the magnet. Unit: T. From: MagneticFieldStrength (0018,0087) DS.',
  "mr_acquisition_type" VARCHAR COMMENT 'Encoding of the MR data, 2D or 3D. From: MRAcquisitionType (0018,0023) CS.',
  "scanning_sequence" ARRAY COMMENT 'Type of MR data taken. From: ScanningSequence (0018,0020) CS.', -- list<item: string>
  "sequence_variant" ARRAY COMMENT 'Variant of the scanning sequence. From: SequenceVariant (0018,0021) CS.', -- list<item: string>
  "scan_options" ARRAY COMMENT 'Options of the acquisition. From: ScanOptions (0018,0022) CS.', -- list<item: string>
  "imaged_nucleus" VARCHAR COMMENT 'Nucleus that resonates, e.g. `1H`. From: ImagedNucleus (0018,0085) SH.',
  "receive_coil_name" VARCHAR COMMENT 'Receiving coil. From: ReceiveCoilName (0018,1250) SH.',
  "echo_train_length" NUMBER(19, 0) COMMENT 'Lines acquired per excitation. From: EchoTrainLength (0018,0091) IS.',
  "number_of_averages" FLOAT COMMENT 'Times the data were acquired. From: NumberOfAverages (0018,0083) DS.',
  "percent_sampling" FLOAT COMMENT 'Part of the matrix that was acquired. Unit: %. From: PercentSampling (0018,0093) DS.',
  "percent_phase_field_of_view" FLOAT COMMENT 'Field of view in phase direction over that in frequency direction. Unit: %. From: PercentPhaseFieldOfView (0018,0094) DS.',
  "acquisition_matrix" ARRAY COMMENT 'Frequency rows and columns, phase rows and columns. From: AcquisitionMatrix (0018,1310) US.', -- list<item: int32>
  "in_plane_phase_encoding_direction" VARCHAR COMMENT 'Direction of phase encoding, `ROW` or `COL`. From: InPlanePhaseEncodingDirection (0018,1312) CS.',
  "parallel_acquisition_technique" VARCHAR COMMENT 'Technique of parallel imaging. From: ParallelAcquisitionTechnique (0018,9078) CS.',
  "parallel_reduction_factor_in_plane" FLOAT COMMENT 'Reduction by parallel imaging, in plane. From: ParallelReductionFactorInPlane (0018,9069) FD.',
  "contrast_bolus_agent" VARCHAR COMMENT 'Contrast agent. From: ContrastBolusAgent (0018,0010) LO.',
  "spacing_between_slices" FLOAT COMMENT 'Nominal spacing between slices. Unit: mm. From: SpacingBetweenSlices (0018,0088) DS.',
  "pixel_spacing" ARRAY COMMENT 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.', -- list<item: double>
  "rows" NUMBER(10, 0) COMMENT 'Rows of a frame. From: Rows (0028,0010) US.',
  "columns" NUMBER(10, 0) COMMENT 'Columns of a frame. From: Columns (0028,0011) US.',
  "sequence_name_values" ARRAY COMMENT 'Different values of SequenceName in the instances, sorted. Name of the MR sequence. Rule: different non-null values of instances.sequence_name; components of one value are joined by a backslash.', -- list<item: string>
  "repetition_time_min" FLOAT COMMENT 'Smallest RepetitionTime of the instances. MR repetition time. Rule: min of instances.repetition_time. Unit: ms.',
  "repetition_time_max" FLOAT COMMENT 'Greatest RepetitionTime of the instances. MR repetition time. Rule: max of instances.repetition_time. Unit: ms.',
  "repetition_time_count" NUMBER(19, 0) COMMENT 'Different values of RepetitionTime in the instances. Rule: number of different non-null values of instances.repetition_time. Always at least 0.',
  "echo_time_min" FLOAT COMMENT 'Smallest EchoTime of the instances. MR echo time. Rule: min of instances.echo_time. Unit: ms.',
  "echo_time_max" FLOAT COMMENT 'Greatest EchoTime of the instances. MR echo time. Rule: max of instances.echo_time. Unit: ms.',
  "echo_time_count" NUMBER(19, 0) COMMENT 'Different values of EchoTime in the instances. Rule: number of different non-null values of instances.echo_time. Always at least 0.',
  "inversion_time_min" FLOAT COMMENT 'Smallest InversionTime of the instances. MR inversion time. Rule: min of instances.inversion_time. Unit: ms.',
  "inversion_time_max" FLOAT COMMENT 'Greatest InversionTime of the instances. MR inversion time. Rule: max of instances.inversion_time. Unit: ms.',
  "inversion_time_count" NUMBER(19, 0) COMMENT 'Different values of InversionTime in the instances. Rule: number of different non-null values of instances.inversion_time. Always at least 0.',
  "flip_angle_min" FLOAT COMMENT 'Smallest FlipAngle of the instances. MR flip angle. Rule: min of instances.flip_angle. Unit: degree.',
  "flip_angle_max" FLOAT COMMENT 'Greatest FlipAngle of the instances. MR flip angle. Rule: max of instances.flip_angle. Unit: degree.',
  "flip_angle_count" NUMBER(19, 0) COMMENT 'Different values of FlipAngle in the instances. Rule: number of different non-null values of instances.flip_angle. Always at least 0.',
  "echo_numbers_min" NUMBER(19, 0) COMMENT 'Smallest EchoNumbers of the instances. Number of the echo. Rule: min of instances.echo_numbers.',
  "echo_numbers_max" NUMBER(19, 0) COMMENT 'Greatest EchoNumbers of the instances. Number of the echo. Rule: max of instances.echo_numbers.',
  "echo_numbers_count" NUMBER(19, 0) COMMENT 'Different values of EchoNumbers in the instances. Rule: number of different non-null values of instances.echo_numbers. Always at least 0.',
  "diffusion_b_value_min" FLOAT COMMENT 'Smallest DiffusionBValue of the instances. Diffusion weighting. Rule: min of instances.diffusion_b_value. Unit: s/mm2.',
  "diffusion_b_value_max" FLOAT COMMENT 'Greatest DiffusionBValue of the instances. Diffusion weighting. Rule: max of instances.diffusion_b_value. Unit: s/mm2.',
  "diffusion_b_value_count" NUMBER(19, 0) COMMENT 'Different values of DiffusionBValue in the instances. Rule: number of different non-null values of instances.diffusion_b_value. Always at least 0.',
  "siemens_b_value_min" NUMBER(19, 0) COMMENT 'Smallest siemens_b_value of the instances. Diffusion weighting of a Siemens MR. Rule: min of instances.siemens_b_value. Unit: s/mm2.',
  "siemens_b_value_max" NUMBER(19, 0) COMMENT 'Greatest siemens_b_value of the instances. Diffusion weighting of a Siemens MR. Rule: max of instances.siemens_b_value. Unit: s/mm2.',
  "siemens_b_value_count" NUMBER(19, 0) COMMENT 'Different values of siemens_b_value in the instances. Rule: number of different non-null values of instances.siemens_b_value. Always at least 0.',
  "philips_b_value_min" FLOAT COMMENT 'Smallest philips_b_value of the instances. Diffusion weighting of a Philips MR. Rule: min of instances.philips_b_value. Unit: s/mm2.',
  "philips_b_value_max" FLOAT COMMENT 'Greatest philips_b_value of the instances. Diffusion weighting of a Philips MR. Rule: max of instances.philips_b_value. Unit: s/mm2.',
  "philips_b_value_count" NUMBER(19, 0) COMMENT 'Different values of philips_b_value in the instances. Rule: number of different non-null values of instances.philips_b_value. Always at least 0.',
  "imaging_frequency_min" FLOAT COMMENT 'Smallest ImagingFrequency of the instances. Precession frequency of the nucleus. Rule: min of instances.imaging_frequency. Unit: MHz.',
  "imaging_frequency_max" FLOAT COMMENT 'Greatest ImagingFrequency of the instances. Precession frequency of the nucleus. Rule: max of instances.imaging_frequency. Unit: MHz.',
  "imaging_frequency_count" NUMBER(19, 0) COMMENT 'Different values of ImagingFrequency in the instances. Rule: number of different non-null values of instances.imaging_frequency. Always at least 0.',
  "pixel_bandwidth_min" FLOAT COMMENT 'Smallest PixelBandwidth of the instances. Bandwidth of a pixel. Rule: min of instances.pixel_bandwidth. Unit: Hz.',
  "pixel_bandwidth_max" FLOAT COMMENT 'Greatest PixelBandwidth of the instances. Bandwidth of a pixel. Rule: max of instances.pixel_bandwidth. Unit: Hz.',
  "pixel_bandwidth_count" NUMBER(19, 0) COMMENT 'Different values of PixelBandwidth in the instances. Rule: number of different non-null values of instances.pixel_bandwidth. Always at least 0.',
  "sar_min" FLOAT COMMENT 'Smallest SAR of the instances. Specific absorption rate. Rule: min of instances.sar. Unit: W/kg.',
  "sar_max" FLOAT COMMENT 'Greatest SAR of the instances. Specific absorption rate. Rule: max of instances.sar. Unit: W/kg.',
  "sar_count" NUMBER(19, 0) COMMENT 'Different values of SAR in the instances. Rule: number of different non-null values of instances.sar. Always at least 0.',
  "trigger_time_min" FLOAT COMMENT 'Smallest TriggerTime of the instances. Time after the trigger. Rule: min of instances.trigger_time. Unit: ms.',
  "trigger_time_max" FLOAT COMMENT 'Greatest TriggerTime of the instances. Time after the trigger. Rule: max of instances.trigger_time. Unit: ms.',
  "trigger_time_count" NUMBER(19, 0) COMMENT 'Different values of TriggerTime in the instances. Rule: number of different non-null values of instances.trigger_time. Always at least 0.',
  "slice_thickness_min" FLOAT COMMENT 'Smallest SliceThickness of the instances. Nominal thickness of the slice. Rule: min of instances.slice_thickness. Unit: mm.',
  "slice_thickness_max" FLOAT COMMENT 'Greatest SliceThickness of the instances. Nominal thickness of the slice. Rule: max of instances.slice_thickness. Unit: mm.',
  "slice_thickness_count" NUMBER(19, 0) COMMENT 'Different values of SliceThickness in the instances. Rule: number of different non-null values of instances.slice_thickness. Always at least 0.',
  "slice_location_min" FLOAT COMMENT 'Smallest SliceLocation of the instances. Relative position of the slice. Rule: min of instances.slice_location. Unit: mm.',
  "slice_location_max" FLOAT COMMENT 'Greatest SliceLocation of the instances. Relative position of the slice. Rule: max of instances.slice_location. Unit: mm.',
  "slice_location_count" NUMBER(19, 0) COMMENT 'Different values of SliceLocation in the instances. Rule: number of different non-null values of instances.slice_location. Always at least 0.',
  "temporal_position_identifier_min" NUMBER(19, 0) COMMENT 'Smallest TemporalPositionIdentifier of the instances. Place in a time series. Rule: min of instances.temporal_position_identifier.',
  "temporal_position_identifier_max" NUMBER(19, 0) COMMENT 'Greatest TemporalPositionIdentifier of the instances. Place in a time series. Rule: max of instances.temporal_position_identifier.',
  "temporal_position_identifier_count" NUMBER(19, 0) COMMENT 'Different values of TemporalPositionIdentifier in the instances. Rule: number of different non-null values of instances.temporal_position_identifier. Always at least 0.',
  "acquisition_number_min" NUMBER(19, 0) COMMENT 'Smallest AcquisitionNumber of the instances. Number of the acquisition. Rule: min of instances.acquisition_number.',
  "acquisition_number_max" NUMBER(19, 0) COMMENT 'Greatest AcquisitionNumber of the instances. Number of the acquisition. Rule: max of instances.acquisition_number.',
  "acquisition_number_count" NUMBER(19, 0) COMMENT 'Different values of AcquisitionNumber in the instances. Rule: number of different non-null values of instances.acquisition_number. Always at least 0.',
  "n_instances" NUMBER(19, 0) NOT NULL COMMENT 'Instances of the series.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
)
COMMENT = 'One row per MR series. What is usually constant takes the commonest non-null value of the instances; of what varies there are minimum, maximum and the number of different values. An enhanced instance states much per frame: that stands in `frames` and may be null here.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "pt_series" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.',
  "patient_key" VARCHAR NOT NULL COMMENT 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.',
  "modality" VARCHAR NOT NULL COMMENT 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.',
  "study_year" NUMBER(10, 0) NOT NULL COMMENT 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.',
  "units" VARCHAR COMMENT 'Units of PET pixel values. From: Units (0054,1001) CS.',
  "series_type" ARRAY COMMENT 'Kind of the PET series, e.g. `STATIC`, `IMAGE`. From: SeriesType (0054,1000) CS.', -- list<item: string>
  "corrected_image" ARRAY COMMENT 'Corrections applied to PET or NM data. From: CorrectedImage (0028,0051) CS.', -- list<item: string>
  "decay_correction" VARCHAR COMMENT 'Time that decay was corrected to. From: DecayCorrection (0054,1102) CS.',
  "reconstruction_method" VARCHAR COMMENT 'Method of the reconstruction. From: ReconstructionMethod (0054,1103) LO.',
  "attenuation_correction_method" VARCHAR COMMENT 'Method of attenuation correction. From: AttenuationCorrectionMethod (0054,1101) LO.',
  "scatter_correction_method" VARCHAR COMMENT 'Method of scatter correction. From: ScatterCorrectionMethod (0054,1105) LO.',
  "randoms_correction_method" VARCHAR COMMENT 'Method of randoms correction. From: RandomsCorrectionMethod (0054,1100) CS.',
  "convolution_kernel" ARRAY COMMENT 'Kernel of the reconstruction. From: ConvolutionKernel (0018,1210) SH.', -- list<item: string>
  "collimator_type" VARCHAR COMMENT 'Type of the collimator. From: CollimatorType (0018,1181) CS.',
  "energy_window_lower_limit" FLOAT COMMENT 'Lower limit of the energy window. Unit: keV. From: EnergyWindowLowerLimit (0054,0012) > (0054,0013) > (0054,0014) DS.',
  "energy_window_upper_limit" FLOAT COMMENT 'Upper limit of the energy window. Unit: keV. From: EnergyWindowUpperLimit (0054,0012) > (0054,0013) > (0054,0015) DS.',
  "radiopharmaceutical" VARCHAR COMMENT 'Name of the radiopharmaceutical. From: Radiopharmaceutical (0054,0016) > (0018,0031) LO.',
  "radiopharmaceutical_start_time" TIME(6) COMMENT 'Time the administration started. From: RadiopharmaceuticalStartTime (0054,0016) > (0018,1072) TM.',
  "radiopharmaceutical_start_date_time" TIMESTAMP_NTZ(6) COMMENT 'Date and time the administration started; UTC where the file gives an offset, else local time. From: RadiopharmaceuticalStartDateTime (0054,0016) > (0018,1078) DT.',
  "radiopharmaceutical_start_date_time_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC that Radiopharmaceutical Start DateTime was written with; null where it had none. Unit: min.',
  "radionuclide_total_dose" FLOAT COMMENT 'Activity that was administered: Bq in PET images, MBq in NM and enhanced PET images. From: RadionuclideTotalDose (0054,0016) > (0018,1074) DS.',
  "radionuclide_half_life" FLOAT COMMENT 'Half-life of the radionuclide. Unit: s. From: RadionuclideHalfLife (0054,0016) > (0018,1075) DS.',
  "radionuclide_positron_fraction" FLOAT COMMENT 'Part of the decays that give a positron. From: RadionuclidePositronFraction (0054,0016) > (0018,1076) DS.',
  "radionuclide_code_value" VARCHAR COMMENT 'Code of the radionuclide. From: CodeValue (0054,0016) > (0054,0300) > (0008,0100) SH.',
  "radionuclide_code_scheme" VARCHAR COMMENT 'Scheme of the code of the radionuclide. From: CodingSchemeDesignator (0054,0016) > (0054,0300) > (0008,0102) SH.',
  "radionuclide_code_meaning" VARCHAR COMMENT 'Meaning of the code of the radionuclide. From: CodeMeaning (0054,0016) > (0054,0300) > (0008,0104) LO.',
  "radiopharmaceutical_code_value" VARCHAR COMMENT 'Code of the radiopharmaceutical. From: CodeValue (0054,0016) > (0054,0304) > (0008,0100) SH.',
  "radiopharmaceutical_code_scheme" VARCHAR COMMENT 'Scheme of the code of the radiopharmaceutical. From: CodingSchemeDesignator (0054,0016) > (0054,0304) > (0008,0102) SH.',
  "radiopharmaceutical_code_meaning" VARCHAR COMMENT 'Meaning of the code of the radiopharmaceutical. From: CodeMeaning (0054,0016) > (0054,0304) > (0008,0104) LO.',
  "number_of_slices" NUMBER(10, 0) COMMENT 'Slices in the series, as declared. From: NumberOfSlices (0054,0081) US.',
  "pixel_spacing" ARRAY COMMENT 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.', -- list<item: double>
  "rows" NUMBER(10, 0) COMMENT 'Rows of a frame. From: Rows (0028,0010) US.',
  "columns" NUMBER(10, 0) COMMENT 'Columns of a frame. From: Columns (0028,0011) US.',
  "frame_reference_time_min" FLOAT COMMENT 'Smallest FrameReferenceTime of the instances. Time the PET pixel values refer to, from the series reference. Rule: min of instances.frame_reference_time. Unit: ms.',
  "frame_reference_time_max" FLOAT COMMENT 'Greatest FrameReferenceTime of the instances. Time the PET pixel values refer to, from the series reference. Rule: max of instances.frame_reference_time. Unit: ms.',
  "frame_reference_time_count" NUMBER(19, 0) COMMENT 'Different values of FrameReferenceTime in the instances. Rule: number of different non-null values of instances.frame_reference_time. Always at least 0.',
  "actual_frame_duration_min" FLOAT COMMENT 'Smallest ActualFrameDuration of the instances. Duration of the acquisition of the frame. Rule: min of instances.actual_frame_duration. Unit: ms.',
  "actual_frame_duration_max" FLOAT COMMENT 'Greatest ActualFrameDuration of the instances. Duration of the acquisition of the frame. Rule: max of instances.actual_frame_duration. Unit: ms.',
  "actual_frame_duration_count" NUMBER(19, 0) COMMENT 'Different values of ActualFrameDuration in the instances. Rule: number of different non-null values of instances.actual_frame_duration. Always at least 0.',
  "decay_factor_min" FLOAT COMMENT 'Smallest DecayFactor of the instances. Factor that decay was corrected by. Rule: min of instances.decay_factor.',
  "decay_factor_max" FLOAT COMMENT 'Greatest DecayFactor of the instances. Factor that decay was corrected by. Rule: max of instances.decay_factor.',
  "decay_factor_count" NUMBER(19, 0) COMMENT 'Different values of DecayFactor in the instances. Rule: number of different non-null values of instances.decay_factor. Always at least 0.',
  "rescale_slope_min" FLOAT COMMENT 'Smallest RescaleSlope of the instances. Slope from stored to real value. Rule: min of instances.rescale_slope.',
  "rescale_slope_max" FLOAT COMMENT 'Greatest RescaleSlope of the instances. Slope from stored to real value. Rule: max of instances.rescale_slope.',
  "rescale_slope_count" NUMBER(19, 0) COMMENT 'Different values of RescaleSlope in the instances. Rule: number of different non-null values of instances.rescale_slope. Always at least 0.',
  "acquisition_time_min" TIME(6) COMMENT 'Smallest AcquisitionTime of the instances. Time the acquisition started. Rule: min of instances.acquisition_time.',
  "acquisition_time_max" TIME(6) COMMENT 'Greatest AcquisitionTime of the instances. Time the acquisition started. Rule: max of instances.acquisition_time.',
  "acquisition_time_count" NUMBER(19, 0) COMMENT 'Different values of AcquisitionTime in the instances. Rule: number of different non-null values of instances.acquisition_time. Always at least 0.',
  "slice_thickness_min" FLOAT COMMENT 'Smallest SliceThickness of the instances. Nominal thickness of the slice. Rule: min of instances.slice_thickness. Unit: mm.',
  "slice_thickness_max" FLOAT COMMENT 'Greatest SliceThickness of the instances. Nominal thickness of the slice. Rule: max of instances.slice_thickness. Unit: mm.',
  "slice_thickness_count" NUMBER(19, 0) COMMENT 'Different values of SliceThickness in the instances. Rule: number of different non-null values of instances.slice_thickness. Always at least 0.',
  "slice_location_min" FLOAT COMMENT 'Smallest SliceLocation of the instances. Relative position of the slice. Rule: min of instances.slice_location. Unit: mm.',
  "slice_location_max" FLOAT COMMENT 'Greatest SliceLocation of the instances. Relative position of the slice. Rule: max of instances.slice_location. Unit: mm.',
  "slice_location_count" NUMBER(19, 0) COMMENT 'Different values of SliceLocation in the instances. Rule: number of different non-null values of instances.slice_location. Always at least 0.',
  "n_instances" NUMBER(19, 0) NOT NULL COMMENT 'Instances of the series.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
)
COMMENT = 'One row per PET series. What is usually constant takes the commonest non-null value of the instances; of what varies there are minimum, maximum and the number of different values.';

-- Key: "volume_id"
CREATE TABLE "volumes" (
  "volume_id" VARCHAR NOT NULL COMMENT 'Identity of the volume. Rule: hash of the sorted instance UIDs and frame numbers, the channel and the settings that shape voxels. Always matches `[0-9a-f]{32}`.',
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the series.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series the volume was made from.',
  "status" VARCHAR NOT NULL COMMENT 'Whether there is an array. Always one of `accepted`, `rejected`.',
  "reason" VARCHAR COMMENT 'Why it was rejected; null when accepted. Always one of the codes below.',
  "detail" VARCHAR COMMENT 'More about the verdict, as a JSON object.',
  "channel_key" VARCHAR COMMENT 'Attribute that the series was split by.',
  "channel_value" VARCHAR COMMENT 'Value of that attribute in this volume.',
  "shape" ARRAY COMMENT 'Slices, rows, columns (z, y, x).', -- list<item: int64>
  "dtype" VARCHAR COMMENT 'Type of a voxel. Always one of `int16`, `int32`, `float32`, `float64`.',
  "units" VARCHAR COMMENT 'Unit of a voxel; null where the files do not say.',
  "suv_bw_factor" FLOAT COMMENT 'What a voxel in BQML is multiplied by for SUV by body weight. Rule: body weight over the injected dose, decayed to the time that the series is corrected to; null where the header does not say all of it. Unit: g/Bq.',
  "spacing_row_mm" FLOAT COMMENT 'Distance between rows. Unit: mm.',
  "spacing_column_mm" FLOAT COMMENT 'Distance between columns. Unit: mm.',
  "spacing_slice_mm" FLOAT COMMENT 'Length of the step from slice to slice. Unit: mm.',
  "affine_lps" ARRAY COMMENT '4 x 4 matrix, row by row, from index (column, row, slice) to LPS coordinates. Unit: mm.', -- list<item: double>
  "n_slices" NUMBER(19, 0) COMMENT 'Slices of the volume. Always at least 0.',
  "flags" ARRAY COMMENT 'What is worth knowing of it, sorted. Always one of the codes below.', -- list<item: string>
  "max_position_error_mm" FLOAT COMMENT 'Greatest distance of a slice''s corner from where the affine puts it. Unit: mm.',
  "value_min" FLOAT COMMENT 'Smallest voxel.',
  "value_max" FLOAT COMMENT 'Greatest voxel.',
  "sha256" VARCHAR COMMENT 'Digest of the C-order little-endian array [z, y, x]. Always matches `[0-9a-f]{64}`.',
  "path" VARCHAR COMMENT 'Zarr group, relative to the lake.',
  "preview" VARCHAR COMMENT 'Picture of the three middle planes (PNG), relative to the lake; null where `volumes.preview` is off.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("volume_id")
)
COMMENT = 'One row per volume accepted and per series or group rejected. `reason` is a code in capitals, null when accepted; `detail` says more as JSON.';

-- Key: "file_id", "frame_number"
CREATE TABLE "volume_instances" (
  "volume_id" VARCHAR COMMENT 'Volume it belongs to; null when excluded.',
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the instance.',
  "series_instance_uid" VARCHAR NOT NULL COMMENT 'Series of the instance.',
  "sop_instance_uid" VARCHAR NOT NULL COMMENT 'The instance.',
  "frame_number" NUMBER(10, 0) COMMENT 'Frame of the instance, from 1; 1 for a single-frame image, null for an object excluded as a whole.',
  "role" VARCHAR NOT NULL COMMENT 'What became of it. Always one of `slice`, `duplicate`, `excluded`.',
  "reason" VARCHAR COMMENT 'Why it is no slice; null for a slice. Always one of the codes below.',
  "slice_index" NUMBER(19, 0) COMMENT 'Index k of the slice, from 0.',
  "position_mm" FLOAT COMMENT 'Distance of its first pixel along the normal. Unit: mm.',
  "slope" FLOAT COMMENT 'Rescale slope applied.',
  "intercept" FLOAT COMMENT 'Rescale intercept applied.',
  "file_id" VARCHAR NOT NULL COMMENT 'File of the instance.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.'
)
COMMENT = 'Every image instance or frame considered for a volume: a slice of it, a duplicate, or excluded, with the reason. An object excluded as a whole is one row without frame number.';

-- Key: "study_instance_uid"
CREATE TABLE "dose_studies" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "patient_key" VARCHAR COMMENT 'Patient of the study.',
  "outcome" VARCHAR NOT NULL COMMENT 'What its dose was read from. Always one of `reports`, `headers`, `both`, `no_dose`, `unreadable`.',
  "n_reports" NUMBER(19, 0) NOT NULL COMMENT 'Objects read as dose reports.',
  "n_images" NUMBER(19, 0) NOT NULL COMMENT 'Images that can carry a dose.',
  "n_images_with_dose" NUMBER(19, 0) NOT NULL COMMENT 'Images whose header gives a dose.',
  "devices" OBJECT COMMENT 'What its objects say of the devices, JSON by device key.', -- map<string, string>
  "inputs_sha256" VARCHAR NOT NULL COMMENT 'Digest of its objects and of the settings: the study is read again when it changes.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid")
)
COMMENT = 'One row per study with objects that can carry a dose: what it was read from.';

-- Key: "sop_instance_uid", "file_id"
CREATE TABLE "dose_reports" (
  "sop_instance_uid" VARCHAR NOT NULL COMMENT 'The report.',
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "patient_key" VARCHAR COMMENT 'Patient of the study.',
  "template" VARCHAR COMMENT 'Identifier of its template, such as 10011.',
  "root_code" VARCHAR COMMENT 'Code of its root concept.',
  "procedure_code" VARCHAR COMMENT 'Code of the procedure reported (121058), such as mammography: SNOMED CT where there is a synonym, else as found.',
  "procedure_raw_scheme" VARCHAR COMMENT 'Coding scheme of the procedure reported (121058), such as mammography as written.',
  "procedure_raw_code" VARCHAR COMMENT 'Code of the procedure reported (121058), such as mammography as written.',
  "procedure_meaning" VARCHAR COMMENT 'Meaning of the code of the procedure reported (121058), such as mammography as written.',
  "source_kind" VARCHAR NOT NULL COMMENT 'Kind of source. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.',
  "status" VARCHAR NOT NULL COMMENT 'What became of it. Always one of the codes below.',
  "superseded_by" VARCHAR COMMENT 'Report that has all of its events.',
  "scope_code" VARCHAR COMMENT 'Scope of accumulation (113705).',
  "content_datetime" TIMESTAMP_NTZ(6) COMMENT 'Content Date and Time, local.',
  "series_datetime" TIMESTAMP_NTZ(6) COMMENT 'Series Date and Time, local.',
  "device_key" VARCHAR COMMENT 'Device that gave the dose, in `devices`.',
  "n_events" NUMBER(19, 0) NOT NULL COMMENT 'Events read from it.',
  "n_events_reported" NUMBER(19, 0) COMMENT 'Events it says that there were (113812).',
  "dlp_total_reported_mgy_cm" FLOAT COMMENT 'DLP total (113813). Unit: mGy cm.',
  "dlp_head_phantom_reported_mgy_cm" FLOAT COMMENT 'Total of the 16 cm phantom, where stated. Unit: mGy cm.',
  "dlp_body_phantom_reported_mgy_cm" FLOAT COMMENT 'Total of the 32 cm phantom, where stated. Unit: mGy cm.',
  "kap_total_plane_a_gy_cm2" FLOAT COMMENT 'Kerma-area product total, plane A; of a single plane under A. Unit: Gy cm2.',
  "kap_fluoro_plane_a_gy_cm2" FLOAT COMMENT 'Kerma-area product of fluoroscopy, plane A; of a single plane under A. Unit: Gy cm2.',
  "kap_acquisition_plane_a_gy_cm2" FLOAT COMMENT 'Kerma-area product of acquisition, plane A; of a single plane under A. Unit: Gy cm2.',
  "ka_r_total_plane_a_mgy" FLOAT COMMENT 'Reference air kerma total, plane A; of a single plane under A. Unit: mGy.',
  "ka_r_fluoro_plane_a_mgy" FLOAT COMMENT 'Reference air kerma of fluoroscopy, plane A; of a single plane under A. Unit: mGy.',
  "ka_r_acquisition_plane_a_mgy" FLOAT COMMENT 'Reference air kerma of acquisition, plane A; of a single plane under A. Unit: mGy.',
  "fluoro_time_plane_a_s" FLOAT COMMENT 'Time of fluoroscopy, plane A; of a single plane under A. Unit: s.',
  "acquisition_time_plane_a_s" FLOAT COMMENT 'Time of acquisition, plane A; of a single plane under A. Unit: s.',
  "kap_total_plane_b_gy_cm2" FLOAT COMMENT 'Kerma-area product total, plane B; of a single plane under A. Unit: Gy cm2.',
  "kap_fluoro_plane_b_gy_cm2" FLOAT COMMENT 'Kerma-area product of fluoroscopy, plane B; of a single plane under A. Unit: Gy cm2.',
  "kap_acquisition_plane_b_gy_cm2" FLOAT COMMENT 'Kerma-area product of acquisition, plane B; of a single plane under A. Unit: Gy cm2.',
  "ka_r_total_plane_b_mgy" FLOAT COMMENT 'Reference air kerma total, plane B; of a single plane under A. Unit: mGy.',
  "ka_r_fluoro_plane_b_mgy" FLOAT COMMENT 'Reference air kerma of fluoroscopy, plane B; of a single plane under A. Unit: mGy.',
  "ka_r_acquisition_plane_b_mgy" FLOAT COMMENT 'Reference air kerma of acquisition, plane B; of a single plane under A. Unit: mGy.',
  "fluoro_time_plane_b_s" FLOAT COMMENT 'Time of fluoroscopy, plane B; of a single plane under A. Unit: s.',
  "acquisition_time_plane_b_s" FLOAT COMMENT 'Time of acquisition, plane B; of a single plane under A. Unit: s.',
  "n_frames_reported" NUMBER(19, 0) COMMENT 'Radiographic frames (113731).',
  "agd_left_reported_mgy" FLOAT COMMENT 'Accumulated glandular dose, left breast. Unit: mGy.',
  "agd_right_reported_mgy" FLOAT COMMENT 'Accumulated glandular dose, right breast. Unit: mGy.',
  "raw_quantities" OBJECT COMMENT 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.', -- map<string, string>
  "flags" ARRAY COMMENT 'What is worth knowing of it, sorted. Always one of the codes below.', -- list<item: string>
  "file_id" VARCHAR NOT NULL COMMENT 'File it was read from.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("sop_instance_uid", "file_id")
)
COMMENT = 'One row per dose report: structured reports and Philips dose screens. A file whose SOP Instance UID another file claims with other content has a row too, with status `conflict`.';

-- Key: "study_instance_uid", "irradiation_event_uid"
CREATE TABLE "ct_irradiation_events" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "irradiation_event_uid" VARCHAR NOT NULL COMMENT 'The event; derived from study and acquisition where the source has none (flag `no_event_uid`).',
  "active" BOOLEAN NOT NULL COMMENT 'Whether the event counts in totals.',
  "device_key" VARCHAR COMMENT 'Device that gave the dose, in `devices`.',
  "event_start" TIMESTAMP_NTZ(6) COMMENT 'Start of the X-ray beam; UTC where the source gives an offset, else local time.',
  "event_start_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC of the start; null where there was none. Unit: min.',
  "acquisition_protocol" VARCHAR COMMENT 'Name of the acquisition protocol.',
  "target_region_code" VARCHAR COMMENT 'Code of the region of the body: SNOMED CT where there is a synonym, else as found.',
  "target_region_raw_scheme" VARCHAR COMMENT 'Coding scheme of the region of the body as written.',
  "target_region_raw_code" VARCHAR COMMENT 'Code of the region of the body as written.',
  "target_region_meaning" VARCHAR COMMENT 'Meaning of the code of the region of the body as written.',
  "acquisition_type_code" VARCHAR COMMENT 'Code of the kind of acquisition: SNOMED CT where there is a synonym, else as found.',
  "acquisition_type_raw_scheme" VARCHAR COMMENT 'Coding scheme of the kind of acquisition as written.',
  "acquisition_type_raw_code" VARCHAR COMMENT 'Code of the kind of acquisition as written.',
  "acquisition_type_meaning" VARCHAR COMMENT 'Meaning of the code of the kind of acquisition as written.',
  "procedure_context_code" VARCHAR COMMENT 'Code of the context, such as with contrast: SNOMED CT where there is a synonym, else as found.',
  "procedure_context_raw_scheme" VARCHAR COMMENT 'Coding scheme of the context, such as with contrast as written.',
  "procedure_context_raw_code" VARCHAR COMMENT 'Code of the context, such as with contrast as written.',
  "procedure_context_meaning" VARCHAR COMMENT 'Meaning of the code of the context, such as with contrast as written.',
  "label" VARCHAR COMMENT 'Label of the event, such as its series.',
  "label_type" VARCHAR COMMENT 'What the label is.',
  "is_repeat" BOOLEAN COMMENT 'Whether the acquisition repeats another.',
  "repeat_reason" VARCHAR COMMENT 'Why it was repeated.',
  "comment" VARCHAR COMMENT 'Comment on the event.',
  "exposure_time_s" FLOAT COMMENT 'Total time of X-rays. Unit: s.',
  "scanning_length_mm" FLOAT COMMENT 'Length of the scanned range. Unit: mm.',
  "exposed_range_mm" FLOAT COMMENT 'Length of the exposed range. Unit: mm.',
  "reconstructable_length_mm" FLOAT COMMENT 'Length that can be reconstructed. Unit: mm.',
  "z_top_mm" FLOAT COMMENT 'Top of the scanned range. Unit: mm.',
  "z_bottom_mm" FLOAT COMMENT 'Bottom of the scanned range. Unit: mm.',
  "single_collimation_mm" FLOAT COMMENT 'Nominal width of one detector row. Unit: mm.',
  "total_collimation_mm" FLOAT COMMENT 'Nominal width of all active rows. Unit: mm.',
  "pitch" FLOAT COMMENT 'Table feed per rotation over total collimation.',
  "n_sources" NUMBER(10, 0) COMMENT 'X-ray sources of the event.',
  "kvp" FLOAT COMMENT 'Peak voltage; null where sources differ. Unit: kV.',
  "kvp_list" ARRAY COMMENT 'Peak voltages of all sources. Unit: kV.', -- list<item: double>
  "ma_mean" FLOAT COMMENT 'Mean tube current. Unit: mA.',
  "ma_max" FLOAT COMMENT 'Greatest tube current. Unit: mA.',
  "mas_mean" FLOAT COMMENT 'Mean tube current times time, of image headers. Unit: mA s.',
  "rotation_time_s" FLOAT COMMENT 'Time of one rotation. Unit: s.',
  "modulation_type" VARCHAR COMMENT 'Kind of exposure modulation.',
  "ctdivol_mgy" FLOAT COMMENT 'Volume CT dose index. Unit: mGy.',
  "phantom_code" VARCHAR COMMENT 'Code of the phantom of CTDIvol and DLP.',
  "phantom_cm" NUMBER(5, 0) COMMENT 'Diameter of that phantom. Unit: cm.',
  "dlp_mgy_cm" FLOAT COMMENT 'Dose length product. Unit: mGy cm.',
  "dlp_estimated_mgy_cm" FLOAT COMMENT 'CTDIvol times scanning length, where no source says DLP. Unit: mGy cm.',
  "ctdifreeair_mgy" FLOAT COMMENT 'CT dose index free in air. Unit: mGy.',
  "ctdifreeair_factor" FLOAT COMMENT 'Calculation factor of it. Unit: mGy/(mA s).',
  "effective_dose_msv" FLOAT COMMENT 'Effective dose that the report states; never computed. Unit: mSv.',
  "effective_dose_factor_msv_mgy_cm" FLOAT COMMENT 'Factor from DLP to effective dose that the report states. Unit: mSv/(mGy cm).',
  "effective_dose_method_code" VARCHAR COMMENT 'Code of the method of the stated effective dose.',
  "ssde_mgy" FLOAT COMMENT 'Size specific dose estimate that the report states. Unit: mGy.',
  "ssde_method_code" VARCHAR COMMENT 'Code of the method of the stated estimate.',
  "ssde_calculated_mgy" FLOAT COMMENT 'Size specific dose estimate from the water-equivalent diameter of the images and CTDIvol (AAPM 204); null outside its tables and for heads. Unit: mGy.',
  "dw_mm" FLOAT COMMENT 'Water-equivalent diameter (AAPM 220): stated, else of the images. Unit: mm.',
  "dw_method_code" VARCHAR COMMENT 'Code of its method; null where it was computed here.',
  "dw_truncated_fraction" FLOAT COMMENT 'Part of the body''s outline on the edge of the field of view, where the diameter is of the images.',
  "lat_mm" FLOAT COMMENT 'Lateral diameter that the report states. Unit: mm.',
  "ap_mm" FLOAT COMMENT 'Anteroposterior diameter that the report states. Unit: mm.',
  "deff_mm" FLOAT COMMENT 'Effective diameter that the report states. Unit: mm.',
  "dlp_alert_configured" BOOLEAN COMMENT 'Whether a DLP alert value was set.',
  "ctdivol_alert_configured" BOOLEAN COMMENT 'Whether a CTDIvol alert value was set.',
  "dlp_alert_mgy_cm" FLOAT COMMENT 'DLP alert value. Unit: mGy cm.',
  "ctdivol_alert_mgy" FLOAT COMMENT 'CTDIvol alert value. Unit: mGy.',
  "dlp_forward_estimate_mgy_cm" FLOAT COMMENT 'Accumulated DLP estimated before the event. Unit: mGy cm.',
  "ctdivol_forward_estimate_mgy" FLOAT COMMENT 'Accumulated CTDIvol estimated before the event. Unit: mGy.',
  "alert_reason" VARCHAR COMMENT 'Reason for going on beyond the alert.',
  "dlp_notification_configured" BOOLEAN COMMENT 'Whether a DLP notification was set.',
  "ctdivol_notification_configured" BOOLEAN COMMENT 'Whether a CTDIvol notification was set.',
  "dlp_notification_mgy_cm" FLOAT COMMENT 'DLP notification value. Unit: mGy cm.',
  "ctdivol_notification_mgy" FLOAT COMMENT 'CTDIvol notification value. Unit: mGy.',
  "dlp_notification_forward_estimate_mgy_cm" FLOAT COMMENT 'DLP of the event estimated before it. Unit: mGy cm.',
  "ctdivol_notification_forward_estimate_mgy" FLOAT COMMENT 'CTDIvol of the event estimated before it. Unit: mGy.',
  "notification_reason" VARCHAR COMMENT 'Reason for going on beyond the notification.',
  "raw_quantities" OBJECT COMMENT 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.', -- map<string, string>
  "source_kind" VARCHAR NOT NULL COMMENT 'Where the values come from. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.',
  "source_sop_instance_uid" VARCHAR COMMENT 'Report or image the values come from.',
  "flags" ARRAY COMMENT 'What is worth knowing of it, sorted. Always one of the codes below.', -- list<item: string>
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid")
)
COMMENT = 'One row per CT irradiation event of a study, from its best source. An event that does not count in totals has `active` false and says why in `flags`.';

-- Key: "study_instance_uid", "irradiation_event_uid", "source_number"
CREATE TABLE "ct_irradiation_event_sources" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "irradiation_event_uid" VARCHAR NOT NULL COMMENT 'The event.',
  "source_number" NUMBER(10, 0) NOT NULL COMMENT 'Place of the source in the event, from 1.',
  "source_identification" VARCHAR COMMENT 'Identification of the source.',
  "kvp" FLOAT COMMENT 'Peak voltage. Unit: kV.',
  "ma_mean" FLOAT COMMENT 'Mean tube current. Unit: mA.',
  "ma_max" FLOAT COMMENT 'Greatest tube current. Unit: mA.',
  "rotation_time_s" FLOAT COMMENT 'Time of one rotation. Unit: s.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid", "source_number")
)
COMMENT = 'One row per X-ray source of a CT irradiation event: two where tubes are dual.';

-- Key: "study_instance_uid", "irradiation_event_uid"
CREATE TABLE "xray_irradiation_events" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "irradiation_event_uid" VARCHAR NOT NULL COMMENT 'The event; derived from study and acquisition where the source has none (flag `no_event_uid`).',
  "active" BOOLEAN NOT NULL COMMENT 'Whether the event counts in totals.',
  "device_key" VARCHAR COMMENT 'Device that gave the dose, in `devices`.',
  "event_start" TIMESTAMP_NTZ(6) COMMENT 'Start of the event; UTC where the source gives an offset, else local time.',
  "event_start_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC of the start; null where there was none. Unit: min.',
  "event_type_code" VARCHAR COMMENT 'Code of the kind of event, such as fluoroscopy: SNOMED CT where there is a synonym, else as found.',
  "event_type_raw_scheme" VARCHAR COMMENT 'Coding scheme of the kind of event, such as fluoroscopy as written.',
  "event_type_raw_code" VARCHAR COMMENT 'Code of the kind of event, such as fluoroscopy as written.',
  "event_type_meaning" VARCHAR COMMENT 'Meaning of the code of the kind of event, such as fluoroscopy as written.',
  "plane_code" VARCHAR COMMENT 'Code of the plane: SNOMED CT where there is a synonym, else as found.',
  "plane_raw_scheme" VARCHAR COMMENT 'Coding scheme of the plane as written.',
  "plane_raw_code" VARCHAR COMMENT 'Code of the plane as written.',
  "plane_meaning" VARCHAR COMMENT 'Meaning of the code of the plane as written.',
  "acquisition_protocol" VARCHAR COMMENT 'Name of the acquisition protocol.',
  "target_region_code" VARCHAR COMMENT 'Code of the region of the body: SNOMED CT where there is a synonym, else as found.',
  "target_region_raw_scheme" VARCHAR COMMENT 'Coding scheme of the region of the body as written.',
  "target_region_raw_code" VARCHAR COMMENT 'Code of the region of the body as written.',
  "target_region_meaning" VARCHAR COMMENT 'Meaning of the code of the region of the body as written.',
  "anatomical_structure_code" VARCHAR COMMENT 'Code of the anatomical structure: SNOMED CT where there is a synonym, else as found.',
  "anatomical_structure_raw_scheme" VARCHAR COMMENT 'Coding scheme of the anatomical structure as written.',
  "anatomical_structure_raw_code" VARCHAR COMMENT 'Code of the anatomical structure as written.',
  "anatomical_structure_meaning" VARCHAR COMMENT 'Meaning of the code of the anatomical structure as written.',
  "laterality" VARCHAR COMMENT 'Side: left, right, both, unpaired. Always one of `L`, `R`, `B`, `U`.',
  "image_view_code" VARCHAR COMMENT 'Code of the view: SNOMED CT where there is a synonym, else as found.',
  "image_view_raw_scheme" VARCHAR COMMENT 'Coding scheme of the view as written.',
  "image_view_raw_code" VARCHAR COMMENT 'Code of the view as written.',
  "image_view_meaning" VARCHAR COMMENT 'Meaning of the code of the view as written.',
  "comment" VARCHAR COMMENT 'Comment on the event.',
  "kap_gy_cm2" FLOAT COMMENT 'Kerma-area product (dose-area product). Unit: Gy cm2.',
  "ka_r_mgy" FLOAT COMMENT 'Air kerma at the reference point. Unit: mGy.',
  "reference_point_code" VARCHAR COMMENT 'Code of the reference point: SNOMED CT where there is a synonym, else as found.',
  "reference_point_raw_scheme" VARCHAR COMMENT 'Coding scheme of the reference point as written.',
  "reference_point_raw_code" VARCHAR COMMENT 'Code of the reference point as written.',
  "reference_point_meaning" VARCHAR COMMENT 'Meaning of the code of the reference point as written.',
  "agd_mgy" FLOAT COMMENT 'Average glandular dose of the breast. Unit: mGy.',
  "entrance_exposure_mgy" FLOAT COMMENT 'Entrance exposure at the reference point. Unit: mGy.',
  "exposure_index" FLOAT COMMENT 'Exposure index (IEC 62494-1).',
  "target_exposure_index" FLOAT COMMENT 'Target exposure index.',
  "deviation_index" FLOAT COMMENT 'Deviation index.',
  "kvp" FLOAT COMMENT 'Peak voltage; mean of those that are not 0. Unit: kV.',
  "kvp_list" ARRAY COMMENT 'Peak voltages of all pulses. Unit: kV.', -- list<item: double>
  "ma" FLOAT COMMENT 'Tube current; mean of those that are not 0. Unit: mA.',
  "ma_list" ARRAY COMMENT 'Tube currents of all pulses. Unit: mA.', -- list<item: double>
  "ma_average" FLOAT COMMENT 'Average tube current. Unit: mA.',
  "exposure_time_ms" FLOAT COMMENT 'Exposure time. Unit: ms.',
  "exposure_mas" FLOAT COMMENT 'Tube current times time; of all pulses. Unit: mA s.',
  "exposure_mas_list" ARRAY COMMENT 'Tube current times time of all pulses. Unit: mA s.', -- list<item: double>
  "fluoro_mode_code" VARCHAR COMMENT 'Code of the fluoroscopy mode: SNOMED CT where there is a synonym, else as found.',
  "fluoro_mode_raw_scheme" VARCHAR COMMENT 'Coding scheme of the fluoroscopy mode as written.',
  "fluoro_mode_raw_code" VARCHAR COMMENT 'Code of the fluoroscopy mode as written.',
  "fluoro_mode_meaning" VARCHAR COMMENT 'Meaning of the code of the fluoroscopy mode as written.',
  "n_pulses" FLOAT COMMENT 'Pulses of the event.',
  "pulse_rate_hz" FLOAT COMMENT 'Pulses a second. Unit: 1/s.',
  "pulse_width_ms" FLOAT COMMENT 'Width of a pulse; mean of those that are not 0. Unit: ms.',
  "pulse_width_ms_list" ARRAY COMMENT 'Widths of all pulses. Unit: ms.', -- list<item: double>
  "irradiation_duration_s" FLOAT COMMENT 'Time from the first X-rays to the last. Unit: s.',
  "focal_spot_mm" FLOAT COMMENT 'Size of the focal spot. Unit: mm.',
  "grid" VARCHAR COMMENT 'Grid.',
  "anode" VARCHAR COMMENT 'Material of the anode.',
  "primary_angle_deg" FLOAT COMMENT 'Primary angle of the positioner. Unit: degree.',
  "secondary_angle_deg" FLOAT COMMENT 'Secondary angle of the positioner. Unit: degree.',
  "primary_end_angle_deg" FLOAT COMMENT 'Primary angle at the end. Unit: degree.',
  "secondary_end_angle_deg" FLOAT COMMENT 'Secondary angle at the end. Unit: degree.',
  "column_angulation_deg" FLOAT COMMENT 'Angulation of the column. Unit: degree.',
  "source_isocenter_mm" FLOAT COMMENT 'Distance from source to isocentre. Unit: mm.',
  "source_detector_mm" FLOAT COMMENT 'Distance from source to detector. Unit: mm.',
  "source_reference_point_mm" FLOAT COMMENT 'Distance from source to reference point. Unit: mm.',
  "source_patient_mm" FLOAT COMMENT 'Distance from source to patient. Unit: mm.',
  "collimated_height_mm" FLOAT COMMENT 'Height of the collimated field. Unit: mm.',
  "collimated_width_mm" FLOAT COMMENT 'Width of the collimated field. Unit: mm.',
  "collimated_area_m2" FLOAT COMMENT 'Area of the collimated field. Unit: m2.',
  "table_longitudinal_mm" FLOAT COMMENT 'Longitudinal position of the table. Unit: mm.',
  "table_lateral_mm" FLOAT COMMENT 'Lateral position of the table. Unit: mm.',
  "table_height_mm" FLOAT COMMENT 'Height of the table. Unit: mm.',
  "table_head_tilt_deg" FLOAT COMMENT 'Head tilt of the table. Unit: degree.',
  "table_horizontal_rotation_deg" FLOAT COMMENT 'Horizontal rotation of the table. Unit: degree.',
  "table_cradle_tilt_deg" FLOAT COMMENT 'Cradle tilt of the table. Unit: degree.',
  "patient_table_relationship_code" VARCHAR COMMENT 'Code of how the patient lies on the table: SNOMED CT where there is a synonym, else as found.',
  "patient_table_relationship_raw_scheme" VARCHAR COMMENT 'Coding scheme of how the patient lies on the table as written.',
  "patient_table_relationship_raw_code" VARCHAR COMMENT 'Code of how the patient lies on the table as written.',
  "patient_table_relationship_meaning" VARCHAR COMMENT 'Meaning of the code of how the patient lies on the table as written.',
  "patient_orientation_code" VARCHAR COMMENT 'Code of the orientation of the patient: SNOMED CT where there is a synonym, else as found.',
  "patient_orientation_raw_scheme" VARCHAR COMMENT 'Coding scheme of the orientation of the patient as written.',
  "patient_orientation_raw_code" VARCHAR COMMENT 'Code of the orientation of the patient as written.',
  "patient_orientation_meaning" VARCHAR COMMENT 'Meaning of the code of the orientation of the patient as written.',
  "patient_orientation_modifier_code" VARCHAR COMMENT 'Code of its modifier: SNOMED CT where there is a synonym, else as found.',
  "patient_orientation_modifier_raw_scheme" VARCHAR COMMENT 'Coding scheme of its modifier as written.',
  "patient_orientation_modifier_raw_code" VARCHAR COMMENT 'Code of its modifier as written.',
  "patient_orientation_modifier_meaning" VARCHAR COMMENT 'Meaning of the code of its modifier as written.',
  "compression_thickness_mm" FLOAT COMMENT 'Thickness of the compressed breast. Unit: mm.',
  "compression_force_n" FLOAT COMMENT 'Force of compression. Unit: N.',
  "hvl_mm" FLOAT COMMENT 'Half value layer. Unit: mm.',
  "breast_composition_percent" FLOAT COMMENT 'Glandularity of the breast. Unit: %.',
  "equivalent_thickness_mm" FLOAT COMMENT 'Equivalent thickness of the breast. Unit: mm.',
  "image_sop_instance_uids" ARRAY COMMENT 'Images acquired in the event.', -- list<item: string>
  "raw_quantities" OBJECT COMMENT 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.', -- map<string, string>
  "source_kind" VARCHAR NOT NULL COMMENT 'Where the values come from. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.',
  "source_sop_instance_uid" VARCHAR COMMENT 'Report or image the values come from.',
  "flags" ARRAY COMMENT 'What is worth knowing of it, sorted. Always one of the codes below.', -- list<item: string>
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid")
)
COMMENT = 'One row per projection X-ray irradiation event of a study, from its best source. An event that does not count in totals has `active` false and says why in `flags`.';

-- Key: "study_instance_uid", "irradiation_event_uid", "filter_number"
CREATE TABLE "xray_irradiation_event_filters" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "irradiation_event_uid" VARCHAR NOT NULL COMMENT 'The event.',
  "filter_number" NUMBER(10, 0) NOT NULL COMMENT 'Place of the filter in the event, from 1.',
  "filter_type_code" VARCHAR COMMENT 'Code of the type of filter: SNOMED CT where there is a synonym, else as found.',
  "filter_type_raw_scheme" VARCHAR COMMENT 'Coding scheme of the type of filter as written.',
  "filter_type_raw_code" VARCHAR COMMENT 'Code of the type of filter as written.',
  "filter_type_meaning" VARCHAR COMMENT 'Meaning of the code of the type of filter as written.',
  "filter_material_code" VARCHAR COMMENT 'Code of the material: SNOMED CT where there is a synonym, else as found.',
  "filter_material_raw_scheme" VARCHAR COMMENT 'Coding scheme of the material as written.',
  "filter_material_raw_code" VARCHAR COMMENT 'Code of the material as written.',
  "filter_material_meaning" VARCHAR COMMENT 'Meaning of the code of the material as written.',
  "thickness_minimum_mm" FLOAT COMMENT 'Least thickness. Unit: mm.',
  "thickness_maximum_mm" FLOAT COMMENT 'Greatest thickness. Unit: mm.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid", "filter_number")
)
COMMENT = 'One row per X-ray filter of a projection X-ray irradiation event.';

-- Key: "study_instance_uid", "administration_uid"
CREATE TABLE "radiopharmaceutical_administrations" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "administration_uid" VARCHAR NOT NULL COMMENT 'The administration; derived where the source has none (flag `no_event_uid`).',
  "active" BOOLEAN NOT NULL COMMENT 'Whether it counts in totals.',
  "device_key" VARCHAR COMMENT 'Device that gave the dose, in `devices`.',
  "agent_code" VARCHAR COMMENT 'Code of the agent: SNOMED CT where there is a synonym, else as found.',
  "agent_raw_scheme" VARCHAR COMMENT 'Coding scheme of the agent as written.',
  "agent_raw_code" VARCHAR COMMENT 'Code of the agent as written.',
  "agent_meaning" VARCHAR COMMENT 'Meaning of the code of the agent as written.',
  "radionuclide_code" VARCHAR COMMENT 'Code of the radionuclide: SNOMED CT where there is a synonym, else as found.',
  "radionuclide_raw_scheme" VARCHAR COMMENT 'Coding scheme of the radionuclide as written.',
  "radionuclide_raw_code" VARCHAR COMMENT 'Code of the radionuclide as written.',
  "radionuclide_meaning" VARCHAR COMMENT 'Meaning of the code of the radionuclide as written.',
  "half_life_s" FLOAT COMMENT 'Half-life of the nuclide. Unit: s.',
  "administered_activity_mbq" FLOAT COMMENT 'Activity that was given. Unit: MBq.',
  "pre_activity_mbq" FLOAT COMMENT 'Activity measured before. Unit: MBq.',
  "post_activity_mbq" FLOAT COMMENT 'Activity measured after. Unit: MBq.',
  "extravasation_activity_mbq" FLOAT COMMENT 'Activity estimated to have gone beside the vein. Unit: MBq.',
  "specific_activity_bq_mol" FLOAT COMMENT 'Specific activity. Unit: Bq/mol.',
  "volume_cm3" FLOAT COMMENT 'Volume that was given. Unit: cm3.',
  "start" TIMESTAMP_NTZ(6) COMMENT 'Start of the administration; UTC where the source gives an offset, else local time.',
  "start_offset_minutes" NUMBER(10, 0) COMMENT 'Offset from UTC of the start. Unit: min.',
  "stop" TIMESTAMP_NTZ(6) COMMENT 'End of the administration.',
  "route_code" VARCHAR COMMENT 'Code of the route of administration: SNOMED CT where there is a synonym, else as found.',
  "route_raw_scheme" VARCHAR COMMENT 'Coding scheme of the route of administration as written.',
  "route_raw_code" VARCHAR COMMENT 'Code of the route of administration as written.',
  "route_meaning" VARCHAR COMMENT 'Meaning of the code of the route of administration as written.',
  "site_code" VARCHAR COMMENT 'Code of the site of administration: SNOMED CT where there is a synonym, else as found.',
  "site_raw_scheme" VARCHAR COMMENT 'Coding scheme of the site of administration as written.',
  "site_raw_code" VARCHAR COMMENT 'Code of the site of administration as written.',
  "site_meaning" VARCHAR COMMENT 'Meaning of the code of the site of administration as written.',
  "effective_dose_msv" FLOAT COMMENT 'Effective dose that the report states. Unit: mSv.',
  "glucose_mmol_l" FLOAT COMMENT 'Glucose of the patient. Unit: mmol/l.',
  "comment" VARCHAR COMMENT 'Comment on the administration.',
  "raw_quantities" OBJECT COMMENT 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.', -- map<string, string>
  "source_kind" VARCHAR NOT NULL COMMENT 'Where the values come from. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.',
  "source_sop_instance_uid" VARCHAR COMMENT 'Report or image the values come from.',
  "flags" ARRAY COMMENT 'What is worth knowing of it, sorted. Always one of the codes below.', -- list<item: string>
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "administration_uid")
)
COMMENT = 'One row per administration of a radiopharmaceutical, from its best source.';

-- Key: "study_instance_uid", "administration_uid", "organ_number"
CREATE TABLE "organ_doses" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "administration_uid" VARCHAR NOT NULL COMMENT 'The administration.',
  "organ_number" NUMBER(10, 0) NOT NULL COMMENT 'Place in the report, from 1.',
  "organ_code" VARCHAR COMMENT 'Code of the organ: SNOMED CT where there is a synonym, else as found.',
  "organ_raw_scheme" VARCHAR COMMENT 'Coding scheme of the organ as written.',
  "organ_raw_code" VARCHAR COMMENT 'Code of the organ as written.',
  "organ_meaning" VARCHAR COMMENT 'Meaning of the code of the organ as written.',
  "laterality" VARCHAR COMMENT 'Side of it. Always one of `L`, `R`, `B`, `U`.',
  "dose_mgy" FLOAT COMMENT 'Dose of the organ. Unit: mGy.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "administration_uid", "organ_number")
)
COMMENT = 'One row per organ dose that a report of an administration states.';

-- Key: "study_instance_uid", "event_uid", "version_number"
CREATE TABLE "dose_event_versions" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "event_uid" VARCHAR NOT NULL COMMENT 'Irradiation event or administration.',
  "version_number" NUMBER(10, 0) NOT NULL COMMENT 'Place among the sources that do not count, from 1; the best is first.',
  "source_sop_instance_uid" VARCHAR NOT NULL COMMENT 'Report or image that says so.',
  "event_table" VARCHAR NOT NULL COMMENT 'Table of the event. Always one of `ct_irradiation_events`, `xray_irradiation_events`, `radiopharmaceutical_administrations`.',
  "source_kind" VARCHAR NOT NULL COMMENT 'Kind of the source. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.',
  "reason" VARCHAR NOT NULL COMMENT 'Why it does not count. Always one of `conflict`, `lower_rank`, `same`.',
  "ctdivol_mgy" FLOAT COMMENT 'CTDIvol it says. Unit: mGy.',
  "dlp_mgy_cm" FLOAT COMMENT 'DLP it says. Unit: mGy cm.',
  "kap_gy_cm2" FLOAT COMMENT 'Kerma-area product it says. Unit: Gy cm2.',
  "ka_r_mgy" FLOAT COMMENT 'Reference air kerma it says. Unit: mGy.',
  "agd_mgy" FLOAT COMMENT 'Average glandular dose it says. Unit: mGy.',
  "administered_activity_mbq" FLOAT COMMENT 'Activity it says. Unit: MBq.',
  "event_start" TIMESTAMP_NTZ(6) COMMENT 'Start it says.',
  "raw_quantities" OBJECT COMMENT 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.', -- map<string, string>
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "event_uid", "version_number")
)
COMMENT = 'One row per event and source that the event tables did not take: another report with other values, or a source of less rank.';

-- Key: "study_instance_uid", "modality_group"
CREATE TABLE "dose_exams" (
  "study_instance_uid" VARCHAR NOT NULL COMMENT 'Study of the dose.',
  "modality_group" VARCHAR NOT NULL COMMENT 'Group of modalities. Always one of `CT`, `DX`, `RF`, `MG`, `NM`.',
  "patient_key" VARCHAR COMMENT 'Patient.',
  "is_patient" BOOLEAN NOT NULL COMMENT 'Whether it is no phantom, by ID and name.',
  "study_date" DATE COMMENT 'Date of the study; null where absent.',
  "age_years" FLOAT COMMENT 'Age at the study, in years.',
  "age_source" VARCHAR COMMENT 'Where the age comes from. Always one of `birth_date`, `patient_age`.',
  "sex" VARCHAR COMMENT 'Sex of the patient.',
  "weight_kg" FLOAT COMMENT 'Weight of the patient. Unit: kg.',
  "height_m" FLOAT COMMENT 'Height of the patient. Unit: m.',
  "device_key" VARCHAR COMMENT 'Device that gave the dose, in `devices`.',
  "facility_key" VARCHAR COMMENT 'Facility of the device.',
  "protocol" VARCHAR COMMENT 'Commonest acquisition protocol, else the study''s description.',
  "standard_exam" VARCHAR COMMENT 'Exam by the protocol map; `UNMAPPED` where it has none.',
  "source_kind" VARCHAR COMMENT 'Best source of its events. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.',
  "n_events" NUMBER(19, 0) NOT NULL COMMENT 'Active events or administrations.',
  "n_events_localizer" NUMBER(19, 0) COMMENT 'Localizers among them.',
  "n_events_stationary" NUMBER(19, 0) COMMENT 'Stationary acquisitions among them.',
  "n_events_fluoroscopy" NUMBER(19, 0) COMMENT 'Fluoroscopies among them.',
  "n_events_acquisition" NUMBER(19, 0) COMMENT 'Other exposures among them.',
  "dlp_total_reported_mgy_cm" FLOAT COMMENT 'DLP total of the active reports. Unit: mGy cm.',
  "dlp_total_mgy_cm" FLOAT COMMENT 'DLP of the active events, of all phantoms. Unit: mGy cm.',
  "dlp_head_phantom_mgy_cm" FLOAT COMMENT 'DLP of events of the 16 cm phantom. Unit: mGy cm.',
  "dlp_body_phantom_mgy_cm" FLOAT COMMENT 'DLP of events of the 32 cm phantom. Unit: mGy cm.',
  "dlp_estimated_mgy_cm" FLOAT COMMENT 'Estimated DLP of events without one. Unit: mGy cm.',
  "ctdivol_max_head_mgy" FLOAT COMMENT 'Greatest CTDIvol of the 16 cm phantom, without localizers and stationary acquisitions. Unit: mGy.',
  "ctdivol_max_body_mgy" FLOAT COMMENT 'The same of the 32 cm phantom. Unit: mGy.',
  "ssde_mean_mgy" FLOAT COMMENT 'Mean of the size specific dose estimates of its events, stated or computed. Unit: mGy.',
  "dw_mean_mm" FLOAT COMMENT 'Mean of the water-equivalent diameters of its events. Unit: mm.',
  "kap_total_gy_cm2" FLOAT COMMENT 'Kerma-area product of the active events. Unit: Gy cm2.',
  "kap_total_reported_gy_cm2" FLOAT COMMENT 'Kerma-area product of the active reports, all planes. Unit: Gy cm2.',
  "kap_fluoro_gy_cm2" FLOAT COMMENT 'Kerma-area product of fluoroscopy, of events. Unit: Gy cm2.',
  "kap_acquisition_gy_cm2" FLOAT COMMENT 'Kerma-area product of other exposures. Unit: Gy cm2.',
  "ka_r_total_mgy" FLOAT COMMENT 'Reference air kerma of the active events; null for two planes. Unit: mGy.',
  "ka_r_total_reported_mgy" FLOAT COMMENT 'Reference air kerma of the active reports; null for two planes. Unit: mGy.',
  "ka_r_fluoro_mgy" FLOAT COMMENT 'Reference air kerma of fluoroscopy; null for two planes. Unit: mGy.',
  "ka_r_acquisition_mgy" FLOAT COMMENT 'Reference air kerma of other exposures; null for two planes. Unit: mGy.',
  "ka_r_plane_a_mgy" FLOAT COMMENT 'Reference air kerma of plane A. Unit: mGy.',
  "ka_r_plane_b_mgy" FLOAT COMMENT 'Reference air kerma of plane B. Unit: mGy.',
  "fluoro_time_s" FLOAT COMMENT 'Time of fluoroscopy, reported, else of events; null for two planes. Unit: s.',
  "fluoro_time_plane_a_s" FLOAT COMMENT 'Time of fluoroscopy of plane A. Unit: s.',
  "fluoro_time_plane_b_s" FLOAT COMMENT 'Time of fluoroscopy of plane B. Unit: s.',
  "agd_left_mgy" FLOAT COMMENT 'Average glandular dose of the views of the left breast, added. Unit: mGy.',
  "agd_right_mgy" FLOAT COMMENT 'The same of the right breast. Unit: mGy.',
  "agd_left_reported_mgy" FLOAT COMMENT 'Left breast, of the active reports. Unit: mGy.',
  "agd_right_reported_mgy" FLOAT COMMENT 'Right breast, of the active reports. Unit: mGy.',
  "activity_total_mbq" FLOAT COMMENT 'Activity given; null with more than one nuclide. Unit: MBq.',
  "radionuclide_codes" ARRAY COMMENT 'Nuclides given, sorted.', -- list<item: string>
  "reconciled" BOOLEAN COMMENT 'Whether reported totals and sums of events agree within 1 % or 0.01; null without both.',
  "flags" ARRAY COMMENT 'What is worth knowing of it, sorted. Always one of the codes below.', -- list<item: string>
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("study_instance_uid", "modality_group")
)
COMMENT = 'One row per study and group of modalities: sums of active events and reported totals side by side. Null where no event or report carries a value; never 0 for it.';

-- Key: "device_key"
CREATE TABLE "devices" (
  "device_key" VARCHAR NOT NULL COMMENT 'Identity of the device. Rule: first 32 hex digits of sha256 of the model and the serial number; without a serial number of maker, model and station; without a station of the device observer UID, else of maker, model and institution.',
  "display_name" VARCHAR COMMENT 'Name for people.',
  "manufacturer" VARCHAR COMMENT 'Maker.',
  "manufacturer_model_name" VARCHAR COMMENT 'Model.',
  "device_serial_number" VARCHAR COMMENT 'Serial number.',
  "station_name" VARCHAR COMMENT 'Station.',
  "institution_name" VARCHAR COMMENT 'Institution.',
  "device_observer_uid" VARCHAR COMMENT 'Device Observer UID of its reports.',
  "facility_key" VARCHAR COMMENT 'Facility, by `dose.facilities`, else the institution.',
  "modality_groups" ARRAY COMMENT 'Groups of exams it made, sorted.', -- list<item: string>
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("device_key")
)
COMMENT = 'One row per machine that gave a dose, by what its objects say of it.';

-- Key: "kind", "facility_key", "device_key", "modality_group", "standard_exam", "quantity", "phantom_cm", "subset", "band_basis", "band", "period"
CREATE TABLE "drl" (
  "kind" VARCHAR NOT NULL COMMENT 'What the row is. Always one of `typical`, `local`, `national_style`, `p75_patient`.',
  "facility_key" VARCHAR NOT NULL COMMENT 'Facility, or `ALL`.',
  "device_key" VARCHAR NOT NULL COMMENT 'Device, or `ALL`.',
  "modality_group" VARCHAR NOT NULL COMMENT 'Group of modalities. Always one of `CT`, `DX`, `RF`, `MG`, `NM`.',
  "standard_exam" VARCHAR NOT NULL COMMENT 'Exam.',
  "quantity" VARCHAR NOT NULL COMMENT 'Column of `dose_exams` or of an event table; `activity_mbq_kg` is activity by weight.',
  "phantom_cm" NUMBER(5, 0) NOT NULL COMMENT 'Phantom of the quantity; 0 where it has none. Unit: cm.',
  "subset" VARCHAR NOT NULL COMMENT 'Code of the view (mammography, radiography) or radionuclide that the figures are of, else `ALL`.',
  "band_basis" VARCHAR NOT NULL COMMENT 'What the band is of. Always one of `weight`, `age`, `thickness`, `none`.',
  "band" VARCHAR NOT NULL COMMENT 'Band, such as `adult 50 to 90 kg`; `ALL` where there is none.',
  "period" VARCHAR NOT NULL COMMENT 'Year, or `ALL`.',
  "unit" VARCHAR NOT NULL COMMENT 'Unit of the figures.',
  "n" NUMBER(19, 0) NOT NULL COMMENT 'Exams or events. Always at least 0.',
  "n_exams" NUMBER(19, 0) NOT NULL COMMENT 'Exams; below the least number there are no figures.',
  "n_facilities" NUMBER(19, 0) NOT NULL COMMENT 'Facilities.',
  "n_devices" NUMBER(19, 0) NOT NULL COMMENT 'Devices.',
  "suppressed" BOOLEAN NOT NULL COMMENT 'Whether there are too few for figures.',
  "p25" FLOAT COMMENT '25th percentile (type 7).',
  "p50" FLOAT COMMENT '50th percentile (type 7).',
  "p75" FLOAT COMMENT '75th percentile (type 7).',
  "p95" FLOAT COMMENT '95th percentile (type 7).',
  "value" FLOAT COMMENT 'The typical value or reference level: the median for `typical`, the 75th percentile of medians for `local` and `national_style`.',
  "mean" FLOAT COMMENT 'Mean.',
  "standard_deviation" FLOAT COMMENT 'Standard deviation of the sample.',
  "geometric_mean" FLOAT COMMENT 'Geometric mean.',
  "reference_value" FLOAT COMMENT 'Published reference level of the exam.',
  "reference_source" VARCHAR COMMENT 'Where it was published.',
  "reference_year" NUMBER(10, 0) COMMENT 'When.',
  "ratio" FLOAT COMMENT 'Value over the reference.',
  "method_version" NUMBER(10, 0) NOT NULL COMMENT 'Version of the method.',
  "settings_sha256" VARCHAR NOT NULL COMMENT 'Digest of the settings and files it was made with.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("kind", "facility_key", "device_key", "modality_group", "standard_exam", "quantity", "phantom_cm", "subset", "band_basis", "band", "period")
)
COMMENT = 'One row per population, exam, quantity, phantom, subset and band. Populations below the least number are kept with their count and without figures.';

-- Key: "version", "table_name", "row_key"
CREATE TABLE "changes" (
  "version" NUMBER(19, 0) NOT NULL COMMENT 'Version that made the change. Always at least 1.',
  "table_name" VARCHAR NOT NULL COMMENT 'Table of the row.',
  "row_key" VARCHAR NOT NULL COMMENT 'Key of the row: the values of the table''s key columns in their order. Rule: a JSON list without spaces, as `json_array(…)` of DuckDB writes it: numbers as they are, NULL as `null`, dates as text.',
  "op" VARCHAR NOT NULL COMMENT 'What became of the row. Always one of `insert`, `update`, `delete`.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("version", "table_name", "row_key")
)
COMMENT = 'The keys that each version changed in each table, so that a loader merges only those. Not of `changes`, `issues` and `runs`; of `files` where setting `tables.changes_of_files` says so. A row that was written again and differs in nothing but its lineage is no change.';

-- Key: "issue_id"
CREATE TABLE "issues" (
  "issue_id" VARCHAR NOT NULL COMMENT 'Identity of the finding. Rule: first 32 hex digits of sha256 of what the other columns say. Always matches `[0-9a-f]{32}`.',
  "code" VARCHAR NOT NULL COMMENT 'What was found, as a stable code. Always matches `[a-z][a-z0-9_]*`.',
  "severity" VARCHAR NOT NULL COMMENT 'How much it matters. Always one of `info`, `warning`, `error`.',
  "file_id" VARCHAR COMMENT 'File it was found in; null above the file.',
  "study_instance_uid" VARCHAR COMMENT 'Study it concerns.',
  "series_instance_uid" VARCHAR COMMENT 'Series it concerns.',
  "sop_instance_uid" VARCHAR COMMENT 'Instance it concerns.',
  "tag" VARCHAR COMMENT 'Tag it concerns, e.g. `(0018,0060)`.',
  "keyword" VARCHAR COMMENT 'DICOM keyword of the tag.',
  "detail" VARCHAR COMMENT 'What was wrong, without any value of the file.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("issue_id")
)
COMMENT = 'Findings: a tolerated fault of a file, a malformed value that is NULL in its row, parents that disagree. Never a value of the patient''s.';

-- Key: "run_id"
CREATE TABLE "runs" (
  "command" VARCHAR NOT NULL COMMENT 'What was asked for: `run`, `ingest`, `volumes`, `dose`, `rollback`, `compact`.',
  "sources" ARRAY NOT NULL COMMENT 'Names of the sources read, sorted.', -- list<item: string>
  "started_at" TIMESTAMP_TZ(6) NOT NULL COMMENT 'When the run started.',
  "committed_at" TIMESTAMP_TZ(6) NOT NULL COMMENT 'When its last version was committed.',
  "duration_s" FLOAT NOT NULL COMMENT 'Seconds from start to that commit. Unit: s.',
  "base_version" NUMBER(19, 0) NOT NULL COMMENT 'Version the run started from; 0 for a new lake.',
  "files_seen" NUMBER(19, 0) COMMENT 'Files found by the crawl.',
  "files_read" NUMBER(19, 0) COMMENT 'Files opened, the others being unchanged.',
  "files_by_status" OBJECT COMMENT 'The files seen, by status; the sum is `files_seen`.', -- map<string, int64>
  "files_by_reader" OBJECT COMMENT 'The files whose header was read, by reader.', -- map<string, int64>
  "fallbacks" OBJECT COMMENT 'The files that the fast reader left to pydicom, by reason.', -- map<string, int64>
  "files_outdated" NUMBER(19, 0) COMMENT 'Files read again because an older schema lacks columns that stand in them.',
  "volumes_accepted" NUMBER(19, 0) COMMENT 'Volumes written by the run.',
  "volumes_rejected" NUMBER(19, 0) COMMENT 'Series or groups rejected by the run.',
  "dose_studies" NUMBER(19, 0) COMMENT 'Studies whose dose was read by the run.',
  "dose_reports" NUMBER(19, 0) COMMENT 'Dose reports read by the run.',
  "dose_events" NUMBER(19, 0) COMMENT 'Irradiation events and administrations of them.',
  "dose_exams" NUMBER(19, 0) COMMENT 'Exams of these studies.',
  "workers" NUMBER(19, 0) COMMENT 'Worker processes; 0 when the work was done inline.',
  "settings_sha256" VARCHAR NOT NULL COMMENT 'Digest of the settings the run used.',
  "run_id" VARCHAR NOT NULL COMMENT 'Run that last changed the row.',
  "pipeline_version" VARCHAR NOT NULL COMMENT 'Version of dicomlake that wrote the row.',
  "schema_version" NUMBER(5, 0) NOT NULL COMMENT 'Version of the schema the row was written with.',
  PRIMARY KEY ("run_id")
)
COMMENT = 'The runs that committed something. `runs.jsonl` beside the tables has a line for every run, also for those that changed nothing.';
