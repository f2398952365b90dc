-- Tables of dicomlake, schema version 4, for PostgreSQL. Generated.

-- Key: "file_id"
CREATE TABLE "files" (
  "file_id" TEXT NOT NULL,
  "source" TEXT NOT NULL,
  "path" TEXT NOT NULL,
  "size" BIGINT,
  "mtime_ns" BIGINT,
  "ctime_ns" BIGINT,
  "inode" BIGINT,
  "status" TEXT NOT NULL,
  "reason" TEXT,
  "sop_instance_uid" TEXT,
  "study_instance_uid" TEXT,
  "series_instance_uid" TEXT,
  "reader" TEXT,
  "transfer_syntax_uid" TEXT,
  "pixel_offset" BIGINT,
  "pixel_length" BIGINT,
  "header_sha256" TEXT,
  "content_sha256" TEXT,
  "first_seen_run" TEXT NOT NULL,
  "last_changed_run" TEXT NOT NULL,
  "deleted_at" TIMESTAMP WITH TIME ZONE,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("file_id")
);
COMMENT ON TABLE "files" IS 'The ledger: every path ever seen, its state when it was last read, and what became of it. Every run proves that the files it saw are the sum of their statuses.';
COMMENT ON COLUMN "files"."file_id" IS 'Identity of the path. Rule: first 32 hex digits of sha256 of source, NUL, raw relative path. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "files"."source" IS 'Name of the source; its root stands in the manifest.';
COMMENT ON COLUMN "files"."path" IS 'Path relative to the source''s root, with `/`. Bytes that are not UTF-8, control characters and `%` are percent-encoded.';
COMMENT ON COLUMN "files"."size" IS 'Size of the file. Always at least 0. Unit: byte.';
COMMENT ON COLUMN "files"."mtime_ns" IS 'Time of last modification, since the Unix epoch. Unit: ns.';
COMMENT ON COLUMN "files"."ctime_ns" IS 'Time of last status change, since the Unix epoch. Unit: ns.';
COMMENT ON COLUMN "files"."inode" IS 'Number of the file in its file system.';
COMMENT ON COLUMN "files"."status" IS 'What became of the file. Always one of the codes below.';
COMMENT ON COLUMN "files"."reason" IS 'Why, as a stable code; null where the status says it all. Always one of the codes below.';
COMMENT ON COLUMN "files"."sop_instance_uid" IS 'SOP Instance UID that the file claims.';
COMMENT ON COLUMN "files"."study_instance_uid" IS 'Study Instance UID that the file claims.';
COMMENT ON COLUMN "files"."series_instance_uid" IS 'Series Instance UID that the file claims.';
COMMENT ON COLUMN "files"."reader" IS 'Which reader read the header. Always one of `fast`, `pydicom`.';
COMMENT ON COLUMN "files"."transfer_syntax_uid" IS 'Transfer Syntax UID of the file.';
COMMENT ON COLUMN "files"."pixel_offset" IS 'Where the pixel values start: the first byte of native Pixel Data, or the first item of encapsulated Pixel Data. Unit: byte.';
COMMENT ON COLUMN "files"."pixel_length" IS 'Length of native Pixel Data as present in the file; for encapsulated Pixel Data all bytes from `pixel_offset` to the end of the file. Unit: byte.';
COMMENT ON COLUMN "files"."header_sha256" IS 'Digest of the data set''s bytes before Pixel Data, without preamble and file meta.';
COMMENT ON COLUMN "files"."content_sha256" IS 'Digest of all attributes but file meta, and the decoded pixels. Made only where two files claim one SOP Instance UID.';
COMMENT ON COLUMN "files"."first_seen_run" IS 'Run that first saw the path.';
COMMENT ON COLUMN "files"."last_changed_run" IS 'Run that last changed the row.';
COMMENT ON COLUMN "files"."deleted_at" IS 'When a run found the path gone.';
COMMENT ON COLUMN "files"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "files"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "files"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "sop_instance_uid"
CREATE TABLE "instances" (
  "sop_instance_uid" TEXT NOT NULL,
  "sop_class_uid" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "study_instance_uid" TEXT NOT NULL,
  "patient_key" TEXT NOT NULL,
  "modality" TEXT NOT NULL,
  "modality_raw" TEXT,
  "study_year" INTEGER NOT NULL,
  "patient_id" TEXT,
  "issuer_of_patient_id" TEXT,
  "patient_name" JSONB, -- struct<alphabetic: string, ideographic: string, phonetic: string> as JSON
  "patient_birth_date" DATE,
  "patient_sex" TEXT,
  "patient_age" TEXT,
  "age_years" DOUBLE PRECISION,
  "patient_size" DOUBLE PRECISION,
  "patient_weight" DOUBLE PRECISION,
  "patient_identity_removed" TEXT,
  "patient_species_description" TEXT,
  "quality_control_subject" TEXT,
  "deidentification_method" TEXT[],
  "clinical_trial_protocol_id" TEXT,
  "clinical_trial_subject_id" TEXT,
  "clinical_trial_time_point_id" TEXT,
  "study_id" TEXT,
  "accession_number" TEXT,
  "study_date" DATE,
  "study_time" TIME,
  "study_description" TEXT,
  "referring_physician_name" JSONB, -- struct<alphabetic: string, ideographic: string, phonetic: string> as JSON
  "institution_name" TEXT,
  "institutional_department_name" TEXT,
  "reason_for_study" TEXT,
  "requested_procedure_description" TEXT,
  "procedure_code_value" TEXT[],
  "procedure_code_scheme" TEXT[],
  "procedure_code_meaning" TEXT[],
  "requested_procedure_code_value" TEXT,
  "requested_procedure_code_scheme" TEXT,
  "requested_procedure_code_meaning" TEXT,
  "requested_procedure_id" TEXT,
  "scheduled_procedure_step_description" TEXT,
  "reason_for_requested_procedure_code_value" TEXT[],
  "reason_for_requested_procedure_code_scheme" TEXT[],
  "reason_for_requested_procedure_code_meaning" TEXT[],
  "series_number" BIGINT,
  "series_date" DATE,
  "series_time" TIME,
  "series_description" TEXT,
  "protocol_name" TEXT,
  "body_part_examined" TEXT,
  "laterality" TEXT,
  "patient_position" TEXT,
  "frame_of_reference_uid" TEXT,
  "position_reference_indicator" TEXT,
  "operators_name" JSONB, -- list<item: struct<alphabetic: string, ideographic: string, phonetic: string>> as JSON
  "presentation_intent_type" TEXT,
  "performed_procedure_step_description" TEXT,
  "manufacturer" TEXT,
  "manufacturer_model_name" TEXT,
  "device_serial_number" TEXT,
  "software_versions" TEXT[],
  "station_name" TEXT,
  "magnetic_field_strength" DOUBLE PRECISION,
  "device_uid" TEXT,
  "instance_number" BIGINT,
  "image_type" TEXT[],
  "specific_character_set" TEXT[],
  "instance_creation_date" DATE,
  "instance_creation_time" TIME,
  "content_date" DATE,
  "content_time" TIME,
  "acquisition_number" BIGINT,
  "acquisition_date" DATE,
  "acquisition_time" TIME,
  "acquisition_date_time" TIMESTAMP,
  "acquisition_date_time_offset_minutes" INTEGER,
  "image_comments" TEXT,
  "burned_in_annotation" TEXT,
  "irradiation_event_uid" TEXT[],
  "acquisition_duration" DOUBLE PRECISION,
  "derivation_description" TEXT,
  "concatenation_uid" TEXT,
  "in_concatenation_number" INTEGER,
  "in_concatenation_total_number" INTEGER,
  "anatomic_region_code_value" TEXT,
  "anatomic_region_code_scheme" TEXT,
  "anatomic_region_code_meaning" TEXT,
  "image_laterality" TEXT,
  "patient_orientation" TEXT[],
  "contrast_bolus_agent" TEXT,
  "contrast_bolus_route" TEXT,
  "kvp" DOUBLE PRECISION,
  "x_ray_tube_current" DOUBLE PRECISION,
  "exposure_time" DOUBLE PRECISION,
  "exposure" DOUBLE PRECISION,
  "filter_type" TEXT,
  "focal_spots" DOUBLE PRECISION[],
  "distance_source_to_detector" DOUBLE PRECISION,
  "distance_source_to_patient" DOUBLE PRECISION,
  "x_ray_tube_current_inu_a" DOUBLE PRECISION,
  "exposure_inu_as" DOUBLE PRECISION,
  "exposure_inm_as" DOUBLE PRECISION,
  "anode_target_material" TEXT,
  "filter_material" TEXT[],
  "filter_thickness_minimum" DOUBLE PRECISION[],
  "filter_thickness_maximum" DOUBLE PRECISION[],
  "grid" TEXT[],
  "average_pulse_width" DOUBLE PRECISION,
  "ctdivol" DOUBLE PRECISION,
  "convolution_kernel" TEXT[],
  "scan_options" TEXT[],
  "data_collection_diameter" DOUBLE PRECISION,
  "reconstruction_diameter" DOUBLE PRECISION,
  "gantry_detector_tilt" DOUBLE PRECISION,
  "table_height" DOUBLE PRECISION,
  "rotation_direction" TEXT,
  "revolution_time" DOUBLE PRECISION,
  "single_collimation_width" DOUBLE PRECISION,
  "total_collimation_width" DOUBLE PRECISION,
  "spiral_pitch_factor" DOUBLE PRECISION,
  "acquisition_type" TEXT,
  "table_feed_per_rotation" DOUBLE PRECISION,
  "exposure_modulation_type" TEXT[],
  "estimated_dose_saving" DOUBLE PRECISION,
  "ctdi_phantom_type_code_value" TEXT,
  "ctdi_phantom_type_code_scheme" TEXT,
  "ctdi_phantom_type_code_meaning" TEXT,
  "water_equivalent_diameter" DOUBLE PRECISION,
  "water_equivalent_diameter_calculation_method_code_value" TEXT,
  "water_equivalent_diameter_calculation_method_code_scheme" TEXT,
  "water_equivalent_diameter_calculation_method_code_meaning" TEXT,
  "reconstruction_target_center_patient" DOUBLE PRECISION[],
  "scanning_sequence" TEXT[],
  "sequence_variant" TEXT[],
  "mr_acquisition_type" TEXT,
  "sequence_name" TEXT,
  "repetition_time" DOUBLE PRECISION,
  "echo_time" DOUBLE PRECISION,
  "inversion_time" DOUBLE PRECISION,
  "flip_angle" DOUBLE PRECISION,
  "echo_numbers" BIGINT[],
  "echo_train_length" BIGINT,
  "imaging_frequency" DOUBLE PRECISION,
  "trigger_time" DOUBLE PRECISION,
  "nominal_percentage_of_cardiac_phase" REAL,
  "number_of_averages" DOUBLE PRECISION,
  "imaged_nucleus" TEXT,
  "pixel_bandwidth" DOUBLE PRECISION,
  "percent_sampling" DOUBLE PRECISION,
  "percent_phase_field_of_view" DOUBLE PRECISION,
  "acquisition_matrix" INTEGER[],
  "in_plane_phase_encoding_direction" TEXT,
  "receive_coil_name" TEXT,
  "sar" DOUBLE PRECISION,
  "parallel_acquisition_technique" TEXT,
  "parallel_reduction_factor_in_plane" DOUBLE PRECISION,
  "diffusion_b_value" DOUBLE PRECISION,
  "diffusion_gradient_orientation" DOUBLE PRECISION[],
  "units" TEXT,
  "corrected_image" TEXT[],
  "decay_correction" TEXT,
  "frame_reference_time" DOUBLE PRECISION,
  "series_type" TEXT[],
  "actual_frame_duration" DOUBLE PRECISION,
  "reconstruction_method" TEXT,
  "attenuation_correction_method" TEXT,
  "scatter_correction_method" TEXT,
  "randoms_correction_method" TEXT,
  "decay_factor" DOUBLE PRECISION,
  "collimator_type" TEXT,
  "energy_window_lower_limit" DOUBLE PRECISION,
  "energy_window_upper_limit" DOUBLE PRECISION,
  "radiopharmaceutical" TEXT,
  "radiopharmaceutical_administration_event_uid" TEXT,
  "radiopharmaceutical_start_time" TIME,
  "radiopharmaceutical_start_date_time" TIMESTAMP,
  "radiopharmaceutical_start_date_time_offset_minutes" INTEGER,
  "radionuclide_total_dose" DOUBLE PRECISION,
  "radionuclide_half_life" DOUBLE PRECISION,
  "radionuclide_positron_fraction" DOUBLE PRECISION,
  "radionuclide_code_value" TEXT,
  "radionuclide_code_scheme" TEXT,
  "radionuclide_code_meaning" TEXT,
  "radiopharmaceutical_code_value" TEXT,
  "radiopharmaceutical_code_scheme" TEXT,
  "radiopharmaceutical_code_meaning" TEXT,
  "administration_route_code_value" TEXT,
  "administration_route_code_scheme" TEXT,
  "administration_route_code_meaning" TEXT,
  "image_and_fluoroscopy_area_dose_product" DOUBLE PRECISION,
  "entrance_dose" INTEGER,
  "entrance_dose_inm_gy" DOUBLE PRECISION,
  "organ_dose" DOUBLE PRECISION,
  "half_value_layer" DOUBLE PRECISION,
  "total_number_of_exposures" INTEGER,
  "total_time_of_fluoroscopy" INTEGER,
  "comments_on_radiation_dose" TEXT,
  "relative_x_ray_exposure" DOUBLE PRECISION,
  "exposure_index" DOUBLE PRECISION,
  "target_exposure_index" DOUBLE PRECISION,
  "deviation_index" DOUBLE PRECISION,
  "exposure_dose_series_number" BIGINT[],
  "exposure_dose_acquisition_type" TEXT[],
  "exposure_dose_kvp" DOUBLE PRECISION[],
  "exposure_dose_x_ray_tube_current_inu_a" DOUBLE PRECISION[],
  "exposure_dose_exposure_time" DOUBLE PRECISION[],
  "exposure_dose_ctdivol" DOUBLE PRECISION[],
  "exposure_dose_scan_length" DOUBLE PRECISION[],
  "exposure_dose_single_collimation_width" DOUBLE PRECISION[],
  "exposure_dose_total_collimation_width" DOUBLE PRECISION[],
  "exposure_dose_spiral_pitch_factor" DOUBLE PRECISION[],
  "exposure_dose_estimated_dose_saving" DOUBLE PRECISION[],
  "elscint_exposure_dose_dlp" DOUBLE PRECISION[],
  "elscint_exposure_dose_phantom" TEXT[],
  "field_of_view_shape" TEXT,
  "field_of_view_dimensions" DOUBLE PRECISION[],
  "acquisition_device_processing_description" TEXT,
  "positioner_type" TEXT,
  "positioner_primary_angle" DOUBLE PRECISION,
  "positioner_secondary_angle" DOUBLE PRECISION,
  "view_position" TEXT,
  "view_code_value" TEXT,
  "view_code_scheme" TEXT,
  "view_code_meaning" TEXT,
  "view_modifier_code_value" TEXT[],
  "view_modifier_code_scheme" TEXT[],
  "view_modifier_code_meaning" TEXT[],
  "compression_force" DOUBLE PRECISION,
  "body_part_thickness" DOUBLE PRECISION,
  "breast_implant_present" TEXT,
  "partial_view" TEXT,
  "region_data_type" INTEGER,
  "region_location_min_x0" BIGINT,
  "region_location_min_y0" BIGINT,
  "region_location_max_x1" BIGINT,
  "region_location_max_y1" BIGINT,
  "physical_units_x_direction" INTEGER,
  "physical_units_y_direction" INTEGER,
  "physical_delta_x" DOUBLE PRECISION,
  "physical_delta_y" DOUBLE PRECISION,
  "image_position_patient" DOUBLE PRECISION[],
  "image_orientation_patient" DOUBLE PRECISION[],
  "pixel_spacing" DOUBLE PRECISION[],
  "imager_pixel_spacing" DOUBLE PRECISION[],
  "slice_thickness" DOUBLE PRECISION,
  "spacing_between_slices" DOUBLE PRECISION,
  "slice_location" DOUBLE PRECISION,
  "stack_id" TEXT,
  "temporal_position_identifier" BIGINT,
  "temporal_position_index" BIGINT,
  "number_of_temporal_positions" BIGINT,
  "number_of_slices" INTEGER,
  "images_in_acquisition" BIGINT,
  "pixel_aspect_ratio" BIGINT[],
  "pixel_spacing_calibration_type" TEXT,
  "samples_per_pixel" INTEGER,
  "photometric_interpretation" TEXT,
  "planar_configuration" INTEGER,
  "number_of_frames" BIGINT,
  "rows" INTEGER,
  "columns" INTEGER,
  "bits_allocated" INTEGER,
  "bits_stored" INTEGER,
  "high_bit" INTEGER,
  "pixel_representation" INTEGER,
  "pixel_padding_value" INTEGER,
  "pixel_padding_range_limit" INTEGER,
  "rescale_slope" DOUBLE PRECISION,
  "rescale_intercept" DOUBLE PRECISION,
  "rescale_type" TEXT,
  "modality_lut_type" TEXT,
  "window_center" DOUBLE PRECISION[],
  "window_width" DOUBLE PRECISION[],
  "lossy_image_compression" TEXT,
  "lossy_image_compression_ratio" DOUBLE PRECISION[],
  "lossy_image_compression_method" TEXT[],
  "voilut_function" TEXT,
  "frame_time" DOUBLE PRECISION,
  "segmentation_type" TEXT,
  "segment_label" TEXT[],
  "segment_algorithm_type" TEXT[],
  "structure_set_label" TEXT,
  "roi_name" TEXT[],
  "dose_units" TEXT,
  "dose_type" TEXT,
  "dose_grid_scaling" DOUBLE PRECISION,
  "concept_name_code_value" TEXT,
  "concept_name_code_scheme" TEXT,
  "concept_name_code_meaning" TEXT,
  "template_identifier" TEXT,
  "elscint_total_dlp" DOUBLE PRECISION,
  "toshiba_ctdivol" DOUBLE PRECISION,
  "toshiba_dlp" DOUBLE PRECISION,
  "toshiba_pitch_factor" DOUBLE PRECISION,
  "toshiba_detector_slice_thickness" DOUBLE PRECISION,
  "toshiba_detector_rows" TEXT,
  "siemens_number_of_images_in_mosaic" INTEGER,
  "siemens_b_value" BIGINT,
  "siemens_diffusion_gradient_direction" DOUBLE PRECISION[],
  "siemens_bandwidth_per_pixel_phase_encode" DOUBLE PRECISION,
  "ge_b_value" BIGINT[],
  "ge_effective_echo_spacing" INTEGER,
  "philips_b_value" REAL,
  "private_attributes" JSONB, -- map<string, string> as JSON
  "invalid_attributes" TEXT[],
  "file_id" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("sop_instance_uid")
);
COMMENT ON TABLE "instances" IS 'One row per SOP instance: patient, study, series, equipment, acquisition, geometry and pixel attributes, typed by their VR. An attribute that is absent, empty or malformed is NULL; a malformed one is also named in `invalid_attributes` and in `issues`.';
COMMENT ON COLUMN "instances"."sop_instance_uid" IS 'Identity of the instance. From: SOPInstanceUID (0008,0018) UI.';
COMMENT ON COLUMN "instances"."sop_class_uid" IS 'Kind of the instance. From: SOPClassUID (0008,0016) UI.';
COMMENT ON COLUMN "instances"."series_instance_uid" IS 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.';
COMMENT ON COLUMN "instances"."study_instance_uid" IS 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.';
COMMENT ON COLUMN "instances"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "instances"."modality" IS 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "instances"."modality_raw" IS 'Modality as written. From: Modality (0008,0060) CS.';
COMMENT ON COLUMN "instances"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "instances"."patient_id" IS 'Primary identifier of the patient. From: PatientID (0010,0020) LO.';
COMMENT ON COLUMN "instances"."issuer_of_patient_id" IS 'Authority that issued the patient ID. From: IssuerOfPatientID (0010,0021) LO.';
COMMENT ON COLUMN "instances"."patient_name" IS 'Name of the patient. From: PatientName (0010,0010) PN.';
COMMENT ON COLUMN "instances"."patient_birth_date" IS 'Birth date of the patient. From: PatientBirthDate (0010,0030) DA.';
COMMENT ON COLUMN "instances"."patient_sex" IS 'Sex of the patient. From: PatientSex (0010,0040) CS.';
COMMENT ON COLUMN "instances"."patient_age" IS 'Age of the patient at the study, as written. From: PatientAge (0010,1010) AS.';
COMMENT ON COLUMN "instances"."age_years" IS 'Age of the patient at the study. Rule: PatientAge in days / 365.25, weeks x 7 / 365.25, months / 12 or years. Always at least 0. Unit: year.';
COMMENT ON COLUMN "instances"."patient_size" IS 'Height of the patient. Unit: m. From: PatientSize (0010,1020) DS.';
COMMENT ON COLUMN "instances"."patient_weight" IS 'Weight of the patient. Unit: kg. From: PatientWeight (0010,1030) DS.';
COMMENT ON COLUMN "instances"."patient_identity_removed" IS 'Whether the patient''s identity was removed. From: PatientIdentityRemoved (0012,0062) CS.';
COMMENT ON COLUMN "instances"."patient_species_description" IS 'Species of the patient, where it is an animal. From: PatientSpeciesDescription (0010,2201) LO.';
COMMENT ON COLUMN "instances"."quality_control_subject" IS 'Whether the subject is a phantom for quality control. From: QualityControlSubject (0010,0200) CS.';
COMMENT ON COLUMN "instances"."deidentification_method" IS 'How the identity was removed. From: DeidentificationMethod (0012,0063) LO.';
COMMENT ON COLUMN "instances"."clinical_trial_protocol_id" IS 'Protocol of the clinical trial. From: ClinicalTrialProtocolID (0012,0020) LO.';
COMMENT ON COLUMN "instances"."clinical_trial_subject_id" IS 'Subject of the clinical trial. From: ClinicalTrialSubjectID (0012,0040) LO.';
COMMENT ON COLUMN "instances"."clinical_trial_time_point_id" IS 'Time point of the clinical trial. From: ClinicalTrialTimePointID (0012,0050) LO.';
COMMENT ON COLUMN "instances"."study_id" IS 'Study identifier given by a person or device. From: StudyID (0020,0010) SH.';
COMMENT ON COLUMN "instances"."accession_number" IS 'Number of the order. From: AccessionNumber (0008,0050) SH.';
COMMENT ON COLUMN "instances"."study_date" IS 'Date the study started. From: StudyDate (0008,0020) DA.';
COMMENT ON COLUMN "instances"."study_time" IS 'Time the study started. From: StudyTime (0008,0030) TM.';
COMMENT ON COLUMN "instances"."study_description" IS 'Description of the study. From: StudyDescription (0008,1030) LO.';
COMMENT ON COLUMN "instances"."referring_physician_name" IS 'Name of the referring physician. From: ReferringPhysicianName (0008,0090) PN.';
COMMENT ON COLUMN "instances"."institution_name" IS 'Institution of the equipment. From: InstitutionName (0008,0080) LO.';
COMMENT ON COLUMN "instances"."institutional_department_name" IS 'Department of the equipment. From: InstitutionalDepartmentName (0008,1040) LO.';
COMMENT ON COLUMN "instances"."reason_for_study" IS 'Why the study was done. From: ReasonForStudy (0032,1030) LO.';
COMMENT ON COLUMN "instances"."requested_procedure_description" IS 'Procedure that was requested. From: RequestedProcedureDescription (0032,1060) LO.';
COMMENT ON COLUMN "instances"."procedure_code_value" IS 'Code of a procedure that was done, one for each. From: CodeValue (0008,1032) > (0008,0100) SH of every item.';
COMMENT ON COLUMN "instances"."procedure_code_scheme" IS 'Scheme of the code of a procedure that was done, one for each. From: CodingSchemeDesignator (0008,1032) > (0008,0102) SH of every item.';
COMMENT ON COLUMN "instances"."procedure_code_meaning" IS 'Meaning of the code of a procedure that was done, one for each. From: CodeMeaning (0008,1032) > (0008,0104) LO of every item.';
COMMENT ON COLUMN "instances"."requested_procedure_code_value" IS 'Code of the procedure that was requested. From: CodeValue (0032,1064) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."requested_procedure_code_scheme" IS 'Scheme of the code of the procedure that was requested. From: CodingSchemeDesignator (0032,1064) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."requested_procedure_code_meaning" IS 'Meaning of the code of the procedure that was requested. From: CodeMeaning (0032,1064) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."requested_procedure_id" IS 'Identifier of the requested procedure. From: RequestedProcedureID (0040,0275) > (0040,1001) SH.';
COMMENT ON COLUMN "instances"."scheduled_procedure_step_description" IS 'What was scheduled. From: ScheduledProcedureStepDescription (0040,0275) > (0040,0007) LO.';
COMMENT ON COLUMN "instances"."reason_for_requested_procedure_code_value" IS 'Code of a reason of the request, one for each. From: CodeValue (0040,0275) > (0040,100A) > (0008,0100) SH of every item.';
COMMENT ON COLUMN "instances"."reason_for_requested_procedure_code_scheme" IS 'Scheme of the code of a reason of the request, one for each. From: CodingSchemeDesignator (0040,0275) > (0040,100A) > (0008,0102) SH of every item.';
COMMENT ON COLUMN "instances"."reason_for_requested_procedure_code_meaning" IS 'Meaning of the code of a reason of the request, one for each. From: CodeMeaning (0040,0275) > (0040,100A) > (0008,0104) LO of every item.';
COMMENT ON COLUMN "instances"."series_number" IS 'Number of the series. From: SeriesNumber (0020,0011) IS.';
COMMENT ON COLUMN "instances"."series_date" IS 'Date the series started. From: SeriesDate (0008,0021) DA.';
COMMENT ON COLUMN "instances"."series_time" IS 'Time the series started. From: SeriesTime (0008,0031) TM.';
COMMENT ON COLUMN "instances"."series_description" IS 'Description of the series. From: SeriesDescription (0008,103E) LO.';
COMMENT ON COLUMN "instances"."protocol_name" IS 'Name of the acquisition protocol. From: ProtocolName (0018,1030) LO.';
COMMENT ON COLUMN "instances"."body_part_examined" IS 'Part of the body examined. From: BodyPartExamined (0018,0015) CS.';
COMMENT ON COLUMN "instances"."laterality" IS 'Side of the paired body part. From: Laterality (0020,0060) CS.';
COMMENT ON COLUMN "instances"."patient_position" IS 'Position of the patient relative to the equipment, e.g. `HFS`. From: PatientPosition (0018,5100) CS.';
COMMENT ON COLUMN "instances"."frame_of_reference_uid" IS 'Frame of Reference in which positions are given. From: FrameOfReferenceUID (0020,0052) UI.';
COMMENT ON COLUMN "instances"."position_reference_indicator" IS 'Anatomical reference of the Frame of Reference. From: PositionReferenceIndicator (0020,1040) LO.';
COMMENT ON COLUMN "instances"."operators_name" IS 'Operators of the equipment. From: OperatorsName (0008,1070) PN.';
COMMENT ON COLUMN "instances"."presentation_intent_type" IS 'Whether images are meant for presentation or for processing. From: PresentationIntentType (0008,0068) CS.';
COMMENT ON COLUMN "instances"."performed_procedure_step_description" IS 'What was performed. From: PerformedProcedureStepDescription (0040,0254) LO.';
COMMENT ON COLUMN "instances"."manufacturer" IS 'Maker of the equipment. From: Manufacturer (0008,0070) LO.';
COMMENT ON COLUMN "instances"."manufacturer_model_name" IS 'Model of the equipment. From: ManufacturerModelName (0008,1090) LO.';
COMMENT ON COLUMN "instances"."device_serial_number" IS 'Serial number of the equipment. From: DeviceSerialNumber (0018,1000) LO.';
COMMENT ON COLUMN "instances"."software_versions" IS 'Software of the equipment. From: SoftwareVersions (0018,1020) LO.';
COMMENT ON COLUMN "instances"."station_name" IS 'Name of the station. From: StationName (0008,1010) SH.';
COMMENT ON COLUMN "instances"."magnetic_field_strength" IS 'Nominal field of the magnet. Unit: T. From: MagneticFieldStrength (0018,0087) DS.';
COMMENT ON COLUMN "instances"."device_uid" IS 'Identity of the equipment. From: DeviceUID (0018,1002) UI.';
COMMENT ON COLUMN "instances"."instance_number" IS 'Number of the instance in its series. From: InstanceNumber (0020,0013) IS.';
COMMENT ON COLUMN "instances"."image_type" IS 'Characteristics of the image. From: ImageType (0008,0008) CS.';
COMMENT ON COLUMN "instances"."specific_character_set" IS 'Character sets of the text. From: SpecificCharacterSet (0008,0005) CS.';
COMMENT ON COLUMN "instances"."instance_creation_date" IS 'Date the instance was created. From: InstanceCreationDate (0008,0012) DA.';
COMMENT ON COLUMN "instances"."instance_creation_time" IS 'Time the instance was created. From: InstanceCreationTime (0008,0013) TM.';
COMMENT ON COLUMN "instances"."content_date" IS 'Date the content was created. From: ContentDate (0008,0023) DA.';
COMMENT ON COLUMN "instances"."content_time" IS 'Time the content was created. From: ContentTime (0008,0033) TM.';
COMMENT ON COLUMN "instances"."acquisition_number" IS 'Number of the acquisition. From: AcquisitionNumber (0020,0012) IS.';
COMMENT ON COLUMN "instances"."acquisition_date" IS 'Date the acquisition started. From: AcquisitionDate (0008,0022) DA.';
COMMENT ON COLUMN "instances"."acquisition_time" IS 'Time the acquisition started. From: AcquisitionTime (0008,0032) TM.';
COMMENT ON COLUMN "instances"."acquisition_date_time" IS 'Date and time the acquisition started; UTC where the file gives an offset, else local time. From: AcquisitionDateTime (0008,002A) DT.';
COMMENT ON COLUMN "instances"."acquisition_date_time_offset_minutes" IS 'Offset from UTC that Acquisition DateTime was written with; null where it had none. Unit: min.';
COMMENT ON COLUMN "instances"."image_comments" IS 'Comments on the image. From: ImageComments (0020,4000) LT.';
COMMENT ON COLUMN "instances"."burned_in_annotation" IS 'Whether the pixels show text that may identify the patient. From: BurnedInAnnotation (0028,0301) CS.';
COMMENT ON COLUMN "instances"."irradiation_event_uid" IS 'Irradiation events that the image was made from. From: IrradiationEventUID (0008,3010) UI.';
COMMENT ON COLUMN "instances"."acquisition_duration" IS 'Duration of the acquisition. Unit: s. From: AcquisitionDuration (0018,9073) FD.';
COMMENT ON COLUMN "instances"."derivation_description" IS 'How the image was derived. From: DerivationDescription (0008,2111) ST.';
COMMENT ON COLUMN "instances"."concatenation_uid" IS 'Concatenation that the instance is a part of. From: ConcatenationUID (0020,9161) UI.';
COMMENT ON COLUMN "instances"."in_concatenation_number" IS 'Place of the instance in its concatenation, from 1. From: InConcatenationNumber (0020,9162) US.';
COMMENT ON COLUMN "instances"."in_concatenation_total_number" IS 'Instances of the concatenation. From: InConcatenationTotalNumber (0020,9163) US.';
COMMENT ON COLUMN "instances"."anatomic_region_code_value" IS 'Code of the anatomic region. From: CodeValue (0008,2218) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."anatomic_region_code_scheme" IS 'Scheme of the code of the anatomic region. From: CodingSchemeDesignator (0008,2218) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."anatomic_region_code_meaning" IS 'Meaning of the code of the anatomic region. From: CodeMeaning (0008,2218) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."image_laterality" IS 'Side of the body part in the image. From: ImageLaterality (0020,0062) CS.';
COMMENT ON COLUMN "instances"."patient_orientation" IS 'Directions of the rows and the columns. From: PatientOrientation (0020,0020) CS.';
COMMENT ON COLUMN "instances"."contrast_bolus_agent" IS 'Contrast agent. From: ContrastBolusAgent (0018,0010) LO.';
COMMENT ON COLUMN "instances"."contrast_bolus_route" IS 'Route of the contrast agent. From: ContrastBolusRoute (0018,1040) LO.';
COMMENT ON COLUMN "instances"."kvp" IS 'Peak voltage of the X-ray generator. Unit: kV. From: KVP (0018,0060) DS.';
COMMENT ON COLUMN "instances"."x_ray_tube_current" IS 'Current of the X-ray tube. Unit: mA. From: XRayTubeCurrent (0018,1151) IS.';
COMMENT ON COLUMN "instances"."exposure_time" IS 'Duration of the exposure. Unit: ms. From: ExposureTime (0018,1150) IS.';
COMMENT ON COLUMN "instances"."exposure" IS 'Tube current times exposure time. Unit: mA s. From: Exposure (0018,1152) IS.';
COMMENT ON COLUMN "instances"."filter_type" IS 'Type of the X-ray filter. From: FilterType (0018,1160) SH.';
COMMENT ON COLUMN "instances"."focal_spots" IS 'Size of the focal spots. Unit: mm. From: FocalSpots (0018,1190) DS.';
COMMENT ON COLUMN "instances"."distance_source_to_detector" IS 'Distance from source to detector. Unit: mm. From: DistanceSourceToDetector (0018,1110) DS.';
COMMENT ON COLUMN "instances"."distance_source_to_patient" IS 'Distance from source to isocentre. Unit: mm. From: DistanceSourceToPatient (0018,1111) DS.';
COMMENT ON COLUMN "instances"."x_ray_tube_current_inu_a" IS 'Current of the X-ray tube. Unit: uA. From: XRayTubeCurrentInuA (0018,8151) DS.';
COMMENT ON COLUMN "instances"."exposure_inu_as" IS 'Tube current times exposure time. Unit: uA s. From: ExposureInuAs (0018,1153) IS.';
COMMENT ON COLUMN "instances"."exposure_inm_as" IS 'Tube current times exposure time. Unit: mA s. From: ExposureInmAs (0018,9332) FD.';
COMMENT ON COLUMN "instances"."anode_target_material" IS 'Material of the anode. From: AnodeTargetMaterial (0018,1191) CS.';
COMMENT ON COLUMN "instances"."filter_material" IS 'Materials of the X-ray filter. From: FilterMaterial (0018,7050) CS.';
COMMENT ON COLUMN "instances"."filter_thickness_minimum" IS 'Least thickness of each filter. Unit: mm. From: FilterThicknessMinimum (0018,7052) DS.';
COMMENT ON COLUMN "instances"."filter_thickness_maximum" IS 'Greatest thickness of each filter. Unit: mm. From: FilterThicknessMaximum (0018,7054) DS.';
COMMENT ON COLUMN "instances"."grid" IS 'Grids in the beam. From: Grid (0018,1166) CS.';
COMMENT ON COLUMN "instances"."average_pulse_width" IS 'Mean width of a pulse. Unit: ms. From: AveragePulseWidth (0018,1154) DS.';
COMMENT ON COLUMN "instances"."ctdivol" IS 'Volume CT dose index. Unit: mGy. From: CTDIvol (0018,9345) FD.';
COMMENT ON COLUMN "instances"."convolution_kernel" IS 'Kernel of the reconstruction. From: ConvolutionKernel (0018,1210) SH.';
COMMENT ON COLUMN "instances"."scan_options" IS 'Options of the acquisition. From: ScanOptions (0018,0022) CS.';
COMMENT ON COLUMN "instances"."data_collection_diameter" IS 'Diameter over which data were collected. Unit: mm. From: DataCollectionDiameter (0018,0090) DS.';
COMMENT ON COLUMN "instances"."reconstruction_diameter" IS 'Diameter of the reconstructed region. Unit: mm. From: ReconstructionDiameter (0018,1100) DS.';
COMMENT ON COLUMN "instances"."gantry_detector_tilt" IS 'Nominal tilt of the gantry; its sign differs between makers. Unit: degree. From: GantryDetectorTilt (0018,1120) DS.';
COMMENT ON COLUMN "instances"."table_height" IS 'Height of the table. Unit: mm. From: TableHeight (0018,1130) DS.';
COMMENT ON COLUMN "instances"."rotation_direction" IS 'Direction of rotation of the source. From: RotationDirection (0018,1140) CS.';
COMMENT ON COLUMN "instances"."revolution_time" IS 'Time of one rotation. Unit: s. From: RevolutionTime (0018,9305) FD.';
COMMENT ON COLUMN "instances"."single_collimation_width" IS 'Width of one detector row. Unit: mm. From: SingleCollimationWidth (0018,9306) FD.';
COMMENT ON COLUMN "instances"."total_collimation_width" IS 'Width of all active detector rows. Unit: mm. From: TotalCollimationWidth (0018,9307) FD.';
COMMENT ON COLUMN "instances"."spiral_pitch_factor" IS 'Table feed per rotation over collimation. From: SpiralPitchFactor (0018,9311) FD.';
COMMENT ON COLUMN "instances"."acquisition_type" IS 'How the data were collected, e.g. `SPIRAL`. From: AcquisitionType (0018,9302) CS.';
COMMENT ON COLUMN "instances"."table_feed_per_rotation" IS 'Way of the table in one rotation. Unit: mm. From: TableFeedPerRotation (0018,9310) FD.';
COMMENT ON COLUMN "instances"."exposure_modulation_type" IS 'How the tube current was modulated. From: ExposureModulationType (0018,9323) CS.';
COMMENT ON COLUMN "instances"."estimated_dose_saving" IS 'Dose saved by the modulation, as estimated. Unit: %. From: EstimatedDoseSaving (0018,9324) FD.';
COMMENT ON COLUMN "instances"."ctdi_phantom_type_code_value" IS 'Code of the phantom of CTDIvol. From: CodeValue (0018,9346) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."ctdi_phantom_type_code_scheme" IS 'Scheme of the code of the phantom of CTDIvol. From: CodingSchemeDesignator (0018,9346) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."ctdi_phantom_type_code_meaning" IS 'Meaning of the code of the phantom of CTDIvol. From: CodeMeaning (0018,9346) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."water_equivalent_diameter" IS 'Diameter of a cylinder of water that attenuates alike. Unit: mm. From: WaterEquivalentDiameter (0018,1271) FD.';
COMMENT ON COLUMN "instances"."water_equivalent_diameter_calculation_method_code_value" IS 'Code of the way that diameter was found. From: CodeValue (0018,1272) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."water_equivalent_diameter_calculation_method_code_scheme" IS 'Scheme of the code of the way that diameter was found. From: CodingSchemeDesignator (0018,1272) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."water_equivalent_diameter_calculation_method_code_meaning" IS 'Meaning of the code of the way that diameter was found. From: CodeMeaning (0018,1272) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."reconstruction_target_center_patient" IS 'Centre of the reconstructed region, in LPS coordinates. Unit: mm. From: ReconstructionTargetCenterPatient (0018,9318) FD.';
COMMENT ON COLUMN "instances"."scanning_sequence" IS 'Type of MR data taken. From: ScanningSequence (0018,0020) CS.';
COMMENT ON COLUMN "instances"."sequence_variant" IS 'Variant of the scanning sequence. From: SequenceVariant (0018,0021) CS.';
COMMENT ON COLUMN "instances"."mr_acquisition_type" IS 'Encoding of the MR data, 2D or 3D. From: MRAcquisitionType (0018,0023) CS.';
COMMENT ON COLUMN "instances"."sequence_name" IS 'Name of the MR sequence. From: SequenceName (0018,0024) SH.';
COMMENT ON COLUMN "instances"."repetition_time" IS 'MR repetition time. Unit: ms. From: RepetitionTime (0018,0080) DS.';
COMMENT ON COLUMN "instances"."echo_time" IS 'MR echo time. Unit: ms. From: EchoTime (0018,0081) DS.';
COMMENT ON COLUMN "instances"."inversion_time" IS 'MR inversion time. Unit: ms. From: InversionTime (0018,0082) DS.';
COMMENT ON COLUMN "instances"."flip_angle" IS 'MR flip angle. Unit: degree. From: FlipAngle (0018,1314) DS.';
COMMENT ON COLUMN "instances"."echo_numbers" IS 'Number of the echo. From: EchoNumbers (0018,0086) IS.';
COMMENT ON COLUMN "instances"."echo_train_length" IS 'Lines acquired per excitation. From: EchoTrainLength (0018,0091) IS.';
COMMENT ON COLUMN "instances"."imaging_frequency" IS 'Precession frequency of the nucleus. Unit: MHz. From: ImagingFrequency (0018,0084) DS.';
COMMENT ON COLUMN "instances"."trigger_time" IS 'Time after the trigger. Unit: ms. From: TriggerTime (0018,1060) DS.';
COMMENT ON COLUMN "instances"."nominal_percentage_of_cardiac_phase" IS 'Part of the cardiac cycle. Unit: %. From: NominalPercentageOfCardiacPhase (0020,9241) FL.';
COMMENT ON COLUMN "instances"."number_of_averages" IS 'Times the data were acquired. From: NumberOfAverages (0018,0083) DS.';
COMMENT ON COLUMN "instances"."imaged_nucleus" IS 'Nucleus that resonates, e.g. `1H`. From: ImagedNucleus (0018,0085) SH.';
COMMENT ON COLUMN "instances"."pixel_bandwidth" IS 'Bandwidth of a pixel. Unit: Hz. From: PixelBandwidth (0018,0095) DS.';
COMMENT ON COLUMN "instances"."percent_sampling" IS 'Part of the matrix that was acquired. Unit: %. From: PercentSampling (0018,0093) DS.';
COMMENT ON COLUMN "instances"."percent_phase_field_of_view" IS 'Field of view in phase direction over that in frequency direction. Unit: %. From: PercentPhaseFieldOfView (0018,0094) DS.';
COMMENT ON COLUMN "instances"."acquisition_matrix" IS 'Frequency rows and columns, phase rows and columns. From: AcquisitionMatrix (0018,1310) US.';
COMMENT ON COLUMN "instances"."in_plane_phase_encoding_direction" IS 'Direction of phase encoding, `ROW` or `COL`. From: InPlanePhaseEncodingDirection (0018,1312) CS.';
COMMENT ON COLUMN "instances"."receive_coil_name" IS 'Receiving coil. From: ReceiveCoilName (0018,1250) SH.';
COMMENT ON COLUMN "instances"."sar" IS 'Specific absorption rate. Unit: W/kg. From: SAR (0018,1316) DS.';
COMMENT ON COLUMN "instances"."parallel_acquisition_technique" IS 'Technique of parallel imaging. From: ParallelAcquisitionTechnique (0018,9078) CS.';
COMMENT ON COLUMN "instances"."parallel_reduction_factor_in_plane" IS 'Reduction by parallel imaging, in plane. From: ParallelReductionFactorInPlane (0018,9069) FD.';
COMMENT ON COLUMN "instances"."diffusion_b_value" IS 'Diffusion weighting. Unit: s/mm2. From: DiffusionBValue (0018,9087) FD.';
COMMENT ON COLUMN "instances"."diffusion_gradient_orientation" IS 'Direction of the diffusion gradient, in LPS coordinates. From: DiffusionGradientOrientation (0018,9089) FD.';
COMMENT ON COLUMN "instances"."units" IS 'Units of PET pixel values. From: Units (0054,1001) CS.';
COMMENT ON COLUMN "instances"."corrected_image" IS 'Corrections applied to PET or NM data. From: CorrectedImage (0028,0051) CS.';
COMMENT ON COLUMN "instances"."decay_correction" IS 'Time that decay was corrected to. From: DecayCorrection (0054,1102) CS.';
COMMENT ON COLUMN "instances"."frame_reference_time" IS 'Time the PET pixel values refer to, from the series reference. Unit: ms. From: FrameReferenceTime (0054,1300) DS.';
COMMENT ON COLUMN "instances"."series_type" IS 'Kind of the PET series, e.g. `STATIC`, `IMAGE`. From: SeriesType (0054,1000) CS.';
COMMENT ON COLUMN "instances"."actual_frame_duration" IS 'Duration of the acquisition of the frame. Unit: ms. From: ActualFrameDuration (0018,1242) IS.';
COMMENT ON COLUMN "instances"."reconstruction_method" IS 'Method of the reconstruction. From: ReconstructionMethod (0054,1103) LO.';
COMMENT ON COLUMN "instances"."attenuation_correction_method" IS 'Method of attenuation correction. From: AttenuationCorrectionMethod (0054,1101) LO.';
COMMENT ON COLUMN "instances"."scatter_correction_method" IS 'Method of scatter correction. From: ScatterCorrectionMethod (0054,1105) LO.';
COMMENT ON COLUMN "instances"."randoms_correction_method" IS 'Method of randoms correction. From: RandomsCorrectionMethod (0054,1100) CS.';
COMMENT ON COLUMN "instances"."decay_factor" IS 'Factor that decay was corrected by. From: DecayFactor (0054,1321) DS.';
COMMENT ON COLUMN "instances"."collimator_type" IS 'Type of the collimator. From: CollimatorType (0018,1181) CS.';
COMMENT ON COLUMN "instances"."energy_window_lower_limit" IS 'Lower limit of the energy window. Unit: keV. From: EnergyWindowLowerLimit (0054,0012) > (0054,0013) > (0054,0014) DS.';
COMMENT ON COLUMN "instances"."energy_window_upper_limit" IS 'Upper limit of the energy window. Unit: keV. From: EnergyWindowUpperLimit (0054,0012) > (0054,0013) > (0054,0015) DS.';
COMMENT ON COLUMN "instances"."radiopharmaceutical" IS 'Name of the radiopharmaceutical. From: Radiopharmaceutical (0054,0016) > (0018,0031) LO.';
COMMENT ON COLUMN "instances"."radiopharmaceutical_administration_event_uid" IS 'Event of the administration. From: RadiopharmaceuticalAdministrationEventUID (0054,0016) > (0008,3012) UI.';
COMMENT ON COLUMN "instances"."radiopharmaceutical_start_time" IS 'Time the administration started. From: RadiopharmaceuticalStartTime (0054,0016) > (0018,1072) TM.';
COMMENT ON COLUMN "instances"."radiopharmaceutical_start_date_time" IS 'Date and time the administration started; UTC where the file gives an offset, else local time. From: RadiopharmaceuticalStartDateTime (0054,0016) > (0018,1078) DT.';
COMMENT ON COLUMN "instances"."radiopharmaceutical_start_date_time_offset_minutes" IS 'Offset from UTC that Radiopharmaceutical Start DateTime was written with; null where it had none. Unit: min.';
COMMENT ON COLUMN "instances"."radionuclide_total_dose" IS 'Activity that was administered: Bq in PET images, MBq in NM and enhanced PET images. From: RadionuclideTotalDose (0054,0016) > (0018,1074) DS.';
COMMENT ON COLUMN "instances"."radionuclide_half_life" IS 'Half-life of the radionuclide. Unit: s. From: RadionuclideHalfLife (0054,0016) > (0018,1075) DS.';
COMMENT ON COLUMN "instances"."radionuclide_positron_fraction" IS 'Part of the decays that give a positron. From: RadionuclidePositronFraction (0054,0016) > (0018,1076) DS.';
COMMENT ON COLUMN "instances"."radionuclide_code_value" IS 'Code of the radionuclide. From: CodeValue (0054,0016) > (0054,0300) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."radionuclide_code_scheme" IS 'Scheme of the code of the radionuclide. From: CodingSchemeDesignator (0054,0016) > (0054,0300) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."radionuclide_code_meaning" IS 'Meaning of the code of the radionuclide. From: CodeMeaning (0054,0016) > (0054,0300) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."radiopharmaceutical_code_value" IS 'Code of the radiopharmaceutical. From: CodeValue (0054,0016) > (0054,0304) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."radiopharmaceutical_code_scheme" IS 'Scheme of the code of the radiopharmaceutical. From: CodingSchemeDesignator (0054,0016) > (0054,0304) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."radiopharmaceutical_code_meaning" IS 'Meaning of the code of the radiopharmaceutical. From: CodeMeaning (0054,0016) > (0054,0304) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."administration_route_code_value" IS 'Code of the route of the administration. From: CodeValue (0054,0016) > (0054,0302) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."administration_route_code_scheme" IS 'Scheme of the code of the route of the administration. From: CodingSchemeDesignator (0054,0016) > (0054,0302) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."administration_route_code_meaning" IS 'Meaning of the code of the route of the administration. From: CodeMeaning (0054,0016) > (0054,0302) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."image_and_fluoroscopy_area_dose_product" IS 'Dose area product of the irradiation event, the same in each of its images. Unit: dGy cm2. From: ImageAndFluoroscopyAreaDoseProduct (0018,115E) DS.';
COMMENT ON COLUMN "instances"."entrance_dose" IS 'Entrance dose. Unit: dGy. From: EntranceDose (0040,0302) US.';
COMMENT ON COLUMN "instances"."entrance_dose_inm_gy" IS 'Entrance dose. Unit: mGy. From: EntranceDoseInmGy (0040,8302) DS.';
COMMENT ON COLUMN "instances"."organ_dose" IS 'Dose to the organ; in mammography the mean glandular dose. Unit: dGy. From: OrganDose (0040,0316) DS.';
COMMENT ON COLUMN "instances"."half_value_layer" IS 'Half value layer of the beam. Unit: mm. From: HalfValueLayer (0040,0314) DS.';
COMMENT ON COLUMN "instances"."total_number_of_exposures" IS 'Exposures of the procedure step. From: TotalNumberOfExposures (0040,0301) US.';
COMMENT ON COLUMN "instances"."total_time_of_fluoroscopy" IS 'Time of fluoroscopy of the procedure step. Unit: s. From: TotalTimeOfFluoroscopy (0040,0300) US.';
COMMENT ON COLUMN "instances"."comments_on_radiation_dose" IS 'Comments on the dose. From: CommentsOnRadiationDose (0040,0310) ST.';
COMMENT ON COLUMN "instances"."relative_x_ray_exposure" IS 'Relative exposure, in units of the maker. From: RelativeXRayExposure (0018,1405) IS.';
COMMENT ON COLUMN "instances"."exposure_index" IS 'Exposure index (IEC 62494-1). From: ExposureIndex (0018,1411) DS.';
COMMENT ON COLUMN "instances"."target_exposure_index" IS 'Exposure index that was aimed at. From: TargetExposureIndex (0018,1412) DS.';
COMMENT ON COLUMN "instances"."deviation_index" IS 'Deviation from the target exposure index. From: DeviationIndex (0018,1413) DS.';
COMMENT ON COLUMN "instances"."exposure_dose_series_number" IS 'Series of each acquisition. From: SeriesNumber (0040,030E) > (0020,0011) IS of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_acquisition_type" IS 'How the data of each acquisition were collected. From: AcquisitionType (0040,030E) > (0018,9302) CS of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_kvp" IS 'Peak voltage of each acquisition. Unit: kV. From: KVP (0040,030E) > (0018,0060) DS of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_x_ray_tube_current_inu_a" IS 'Tube current of each acquisition. Unit: uA. From: XRayTubeCurrentInuA (0040,030E) > (0018,8151) DS of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_exposure_time" IS 'Exposure time of each acquisition. Unit: ms. From: ExposureTime (0040,030E) > (0018,1150) IS of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_ctdivol" IS 'Volume CT dose index of each acquisition. Unit: mGy. From: CTDIvol (0040,030E) > (0018,9345) FD of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_scan_length" IS 'Scan length of each acquisition. Unit: mm. From: ScanLength (0040,030E) > (0018,1302) IS of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_single_collimation_width" IS 'Width of one detector row of each acquisition. Unit: mm. From: SingleCollimationWidth (0040,030E) > (0018,9306) FD of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_total_collimation_width" IS 'Width of all active detector rows of each acquisition. Unit: mm. From: TotalCollimationWidth (0040,030E) > (0018,9307) FD of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_spiral_pitch_factor" IS 'Pitch of each acquisition. From: SpiralPitchFactor (0040,030E) > (0018,9311) FD of every item.';
COMMENT ON COLUMN "instances"."exposure_dose_estimated_dose_saving" IS 'Dose saved by modulation in each acquisition, as estimated. Unit: %. From: EstimatedDoseSaving (0040,030E) > (0018,9324) FD of every item.';
COMMENT ON COLUMN "instances"."elscint_exposure_dose_dlp" IS 'Dose length product of each acquisition of a Philips dose report. Unit: mGy cm. From: private ELSCINT1 (0040,030E) > (00E1,xx21) DS of every item.';
COMMENT ON COLUMN "instances"."elscint_exposure_dose_phantom" IS 'Phantom of each acquisition of a Philips dose report, `16 CM` or `32 CM`. From: private ELSCINT1 (0040,030E) > (01E1,xx26) LO of every item.';
COMMENT ON COLUMN "instances"."field_of_view_shape" IS 'Shape of the field of view. From: FieldOfViewShape (0018,1147) CS.';
COMMENT ON COLUMN "instances"."field_of_view_dimensions" IS 'Size of the field of view: diameter, or rows and columns. Unit: mm. From: FieldOfViewDimensions (0018,1149) IS.';
COMMENT ON COLUMN "instances"."acquisition_device_processing_description" IS 'How the device processed the image. From: AcquisitionDeviceProcessingDescription (0018,1400) LO.';
COMMENT ON COLUMN "instances"."positioner_type" IS 'Type of the positioner. From: PositionerType (0018,1508) CS.';
COMMENT ON COLUMN "instances"."positioner_primary_angle" IS 'Angle of the positioner, from RAO to LAO. Unit: degree. From: PositionerPrimaryAngle (0018,1510) DS.';
COMMENT ON COLUMN "instances"."positioner_secondary_angle" IS 'Angle of the positioner, from CAU to CRA. Unit: degree. From: PositionerSecondaryAngle (0018,1511) DS.';
COMMENT ON COLUMN "instances"."view_position" IS 'Radiographic view. From: ViewPosition (0018,5101) CS.';
COMMENT ON COLUMN "instances"."view_code_value" IS 'Code of the view. From: CodeValue (0054,0220) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."view_code_scheme" IS 'Scheme of the code of the view. From: CodingSchemeDesignator (0054,0220) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."view_code_meaning" IS 'Meaning of the code of the view. From: CodeMeaning (0054,0220) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."view_modifier_code_value" IS 'Code of a modifier of the view, one for each. From: CodeValue (0054,0220) > (0054,0222) > (0008,0100) SH of every item.';
COMMENT ON COLUMN "instances"."view_modifier_code_scheme" IS 'Scheme of the code of a modifier of the view, one for each. From: CodingSchemeDesignator (0054,0220) > (0054,0222) > (0008,0102) SH of every item.';
COMMENT ON COLUMN "instances"."view_modifier_code_meaning" IS 'Meaning of the code of a modifier of the view, one for each. From: CodeMeaning (0054,0220) > (0054,0222) > (0008,0104) LO of every item.';
COMMENT ON COLUMN "instances"."compression_force" IS 'Force of the compression. Unit: N. From: CompressionForce (0018,11A2) DS.';
COMMENT ON COLUMN "instances"."body_part_thickness" IS 'Thickness of the body part, compressed. Unit: mm. From: BodyPartThickness (0018,11A0) DS.';
COMMENT ON COLUMN "instances"."breast_implant_present" IS 'Whether there is an implant. From: BreastImplantPresent (0028,1300) CS.';
COMMENT ON COLUMN "instances"."partial_view" IS 'Whether the image shows a part of the breast. From: PartialView (0028,1350) CS.';
COMMENT ON COLUMN "instances"."region_data_type" IS 'What the first region shows: 1 tissue, 2 colour flow, 3 PW, 4 CW Doppler and others. From: RegionDataType (0018,6011) > (0018,6014) US.';
COMMENT ON COLUMN "instances"."region_location_min_x0" IS 'Left edge of the first region. Unit: pixel. From: RegionLocationMinX0 (0018,6011) > (0018,6018) UL.';
COMMENT ON COLUMN "instances"."region_location_min_y0" IS 'Upper edge of the first region. Unit: pixel. From: RegionLocationMinY0 (0018,6011) > (0018,601A) UL.';
COMMENT ON COLUMN "instances"."region_location_max_x1" IS 'Right edge of the first region. Unit: pixel. From: RegionLocationMaxX1 (0018,6011) > (0018,601C) UL.';
COMMENT ON COLUMN "instances"."region_location_max_y1" IS 'Lower edge of the first region. Unit: pixel. From: RegionLocationMaxY1 (0018,6011) > (0018,601E) UL.';
COMMENT ON COLUMN "instances"."physical_units_x_direction" IS 'Unit of Physical Delta X: 3 cm, 4 s, 5 Hz, 7 cm/s and others. From: PhysicalUnitsXDirection (0018,6011) > (0018,6024) US.';
COMMENT ON COLUMN "instances"."physical_units_y_direction" IS 'Unit of Physical Delta Y: 3 cm, 4 s, 5 Hz, 7 cm/s and others. From: PhysicalUnitsYDirection (0018,6011) > (0018,6026) US.';
COMMENT ON COLUMN "instances"."physical_delta_x" IS 'Step from pixel to pixel along a row of the first region. From: PhysicalDeltaX (0018,6011) > (0018,602C) FD.';
COMMENT ON COLUMN "instances"."physical_delta_y" IS 'Step from pixel to pixel along a column of the first region. From: PhysicalDeltaY (0018,6011) > (0018,602E) FD.';
COMMENT ON COLUMN "instances"."image_position_patient" IS 'Centre of the first pixel, in LPS coordinates. Unit: mm. From: ImagePositionPatient (0020,0032) DS.';
COMMENT ON COLUMN "instances"."image_orientation_patient" IS 'Direction cosines of a row, then of a column, in LPS coordinates. From: ImageOrientationPatient (0020,0037) DS.';
COMMENT ON COLUMN "instances"."pixel_spacing" IS 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.';
COMMENT ON COLUMN "instances"."imager_pixel_spacing" IS 'Distance between rows, then between columns, at the detector. Unit: mm. From: ImagerPixelSpacing (0018,1164) DS.';
COMMENT ON COLUMN "instances"."slice_thickness" IS 'Nominal thickness of the slice. Unit: mm. From: SliceThickness (0018,0050) DS.';
COMMENT ON COLUMN "instances"."spacing_between_slices" IS 'Nominal spacing between slices. Unit: mm. From: SpacingBetweenSlices (0018,0088) DS.';
COMMENT ON COLUMN "instances"."slice_location" IS 'Relative position of the slice. Unit: mm. From: SliceLocation (0020,1041) DS.';
COMMENT ON COLUMN "instances"."stack_id" IS 'Stack that the image belongs to. From: StackID (0020,9056) SH.';
COMMENT ON COLUMN "instances"."temporal_position_identifier" IS 'Place in a time series. From: TemporalPositionIdentifier (0020,0100) IS.';
COMMENT ON COLUMN "instances"."temporal_position_index" IS 'Place in a time series, from 1. From: TemporalPositionIndex (0020,9128) UL.';
COMMENT ON COLUMN "instances"."number_of_temporal_positions" IS 'Positions in a time series. From: NumberOfTemporalPositions (0020,0105) IS.';
COMMENT ON COLUMN "instances"."number_of_slices" IS 'Slices in the series, as declared. From: NumberOfSlices (0054,0081) US.';
COMMENT ON COLUMN "instances"."images_in_acquisition" IS 'Images of the acquisition, as declared. From: ImagesInAcquisition (0020,1002) IS.';
COMMENT ON COLUMN "instances"."pixel_aspect_ratio" IS 'Height to width of a pixel. From: PixelAspectRatio (0028,0034) IS.';
COMMENT ON COLUMN "instances"."pixel_spacing_calibration_type" IS 'How Pixel Spacing was calibrated. From: PixelSpacingCalibrationType (0028,0A02) CS.';
COMMENT ON COLUMN "instances"."samples_per_pixel" IS 'Samples of a pixel. From: SamplesPerPixel (0028,0002) US.';
COMMENT ON COLUMN "instances"."photometric_interpretation" IS 'Meaning of the samples. From: PhotometricInterpretation (0028,0004) CS.';
COMMENT ON COLUMN "instances"."planar_configuration" IS 'Order of the samples. From: PlanarConfiguration (0028,0006) US.';
COMMENT ON COLUMN "instances"."number_of_frames" IS 'Frames of the instance. From: NumberOfFrames (0028,0008) IS.';
COMMENT ON COLUMN "instances"."rows" IS 'Rows of a frame. From: Rows (0028,0010) US.';
COMMENT ON COLUMN "instances"."columns" IS 'Columns of a frame. From: Columns (0028,0011) US.';
COMMENT ON COLUMN "instances"."bits_allocated" IS 'Bits that a sample takes up. Unit: bit. From: BitsAllocated (0028,0100) US.';
COMMENT ON COLUMN "instances"."bits_stored" IS 'Bits of a sample that are used. Unit: bit. From: BitsStored (0028,0101) US.';
COMMENT ON COLUMN "instances"."high_bit" IS 'Highest used bit of a sample. From: HighBit (0028,0102) US.';
COMMENT ON COLUMN "instances"."pixel_representation" IS '0 unsigned, 1 two''s complement. From: PixelRepresentation (0028,0103) US.';
COMMENT ON COLUMN "instances"."pixel_padding_value" IS 'Stored value of pixels outside the image. From: PixelPaddingValue (0028,0120) US or SS.';
COMMENT ON COLUMN "instances"."pixel_padding_range_limit" IS 'Other end of the range of padding values. From: PixelPaddingRangeLimit (0028,0121) US or SS.';
COMMENT ON COLUMN "instances"."rescale_slope" IS 'Slope from stored to real value. From: RescaleSlope (0028,1053) DS.';
COMMENT ON COLUMN "instances"."rescale_intercept" IS 'Intercept from stored to real value. From: RescaleIntercept (0028,1052) DS.';
COMMENT ON COLUMN "instances"."rescale_type" IS 'Unit of the rescaled values. From: RescaleType (0028,1054) LO.';
COMMENT ON COLUMN "instances"."modality_lut_type" IS 'Unit of the values of a Modality LUT; null where there is none. Rule: ModalityLUTType of the first item of ModalityLUTSequence (0028,3000); `UNSPECIFIED` where that item does not say. From: ModalityLUTType (0028,3000) > (0028,3004) LO.';
COMMENT ON COLUMN "instances"."window_center" IS 'Centres of the display windows. From: WindowCenter (0028,1050) DS.';
COMMENT ON COLUMN "instances"."window_width" IS 'Widths of the display windows. From: WindowWidth (0028,1051) DS.';
COMMENT ON COLUMN "instances"."lossy_image_compression" IS 'Whether the pixels were ever compressed with loss: `01` yes. From: LossyImageCompression (0028,2110) CS.';
COMMENT ON COLUMN "instances"."lossy_image_compression_ratio" IS 'Ratios of the lossy steps. From: LossyImageCompressionRatio (0028,2112) DS.';
COMMENT ON COLUMN "instances"."lossy_image_compression_method" IS 'Methods of the lossy steps. From: LossyImageCompressionMethod (0028,2114) CS.';
COMMENT ON COLUMN "instances"."voilut_function" IS 'Function of the display windows. From: VOILUTFunction (0028,1056) CS.';
COMMENT ON COLUMN "instances"."frame_time" IS 'Time from frame to frame. Unit: ms. From: FrameTime (0018,1063) DS.';
COMMENT ON COLUMN "instances"."segmentation_type" IS 'Kind of a segmentation: `BINARY`, `FRACTIONAL`, `LABELMAP`. From: SegmentationType (0062,0001) CS.';
COMMENT ON COLUMN "instances"."segment_label" IS 'Labels of the segments. From: SegmentLabel (0062,0002) > (0062,0005) LO of every item.';
COMMENT ON COLUMN "instances"."segment_algorithm_type" IS 'How the segments were made. From: SegmentAlgorithmType (0062,0002) > (0062,0008) CS of every item.';
COMMENT ON COLUMN "instances"."structure_set_label" IS 'Label of a structure set. From: StructureSetLabel (3006,0002) SH.';
COMMENT ON COLUMN "instances"."roi_name" IS 'Names of the regions of interest. From: ROIName (3006,0020) > (3006,0026) LO of every item.';
COMMENT ON COLUMN "instances"."dose_units" IS 'Unit of the dose grid: `GY` or `RELATIVE`. From: DoseUnits (3004,0002) CS.';
COMMENT ON COLUMN "instances"."dose_type" IS 'Kind of the dose grid. From: DoseType (3004,0004) CS.';
COMMENT ON COLUMN "instances"."dose_grid_scaling" IS 'Factor from stored value to dose. From: DoseGridScaling (3004,000E) DS.';
COMMENT ON COLUMN "instances"."concept_name_code_value" IS 'Code of the title of a report. From: CodeValue (0040,A043) > (0008,0100) SH.';
COMMENT ON COLUMN "instances"."concept_name_code_scheme" IS 'Scheme of the code of the title of a report. From: CodingSchemeDesignator (0040,A043) > (0008,0102) SH.';
COMMENT ON COLUMN "instances"."concept_name_code_meaning" IS 'Meaning of the code of the title of a report. From: CodeMeaning (0040,A043) > (0008,0104) LO.';
COMMENT ON COLUMN "instances"."template_identifier" IS 'Template of a report. From: TemplateIdentifier (0040,A504) > (0040,DB00) CS.';
COMMENT ON COLUMN "instances"."elscint_total_dlp" IS 'Dose length product of a Philips dose report. Unit: mGy cm. From: private ELSCINT1 (00E1,xx21) DS.';
COMMENT ON COLUMN "instances"."toshiba_ctdivol" IS 'Volume CT dose index of a Toshiba CT. Unit: mGy. From: private TOSHIBA_MEC_CT3 (7005,xx63) FD.';
COMMENT ON COLUMN "instances"."toshiba_dlp" IS 'Dose length product of a Toshiba CT. Unit: mGy cm. From: private TOSHIBA_MEC_CT3 (7005,xx40) FD.';
COMMENT ON COLUMN "instances"."toshiba_pitch_factor" IS 'Pitch of a Toshiba CT. From: private TOSHIBA_MEC_CT3 (7005,xx23) DS.';
COMMENT ON COLUMN "instances"."toshiba_detector_slice_thickness" IS 'Width of one detector row of a Toshiba CT. Unit: mm. From: private TOSHIBA_MEC_CT3 (7005,xx08) DS.';
COMMENT ON COLUMN "instances"."toshiba_detector_rows" IS 'Detector rows of a Toshiba CT, `1` for each that is used. From: private TOSHIBA_MEC_CT3 (7005,xx09) LO.';
COMMENT ON COLUMN "instances"."siemens_number_of_images_in_mosaic" IS 'Slices in a Siemens mosaic. From: private SIEMENS MR HEADER (0019,xx0A) US.';
COMMENT ON COLUMN "instances"."siemens_b_value" IS 'Diffusion weighting of a Siemens MR. Unit: s/mm2. From: private SIEMENS MR HEADER (0019,xx0C) IS.';
COMMENT ON COLUMN "instances"."siemens_diffusion_gradient_direction" IS 'Direction of the diffusion gradient of a Siemens MR. From: private SIEMENS MR HEADER (0019,xx0E) FD.';
COMMENT ON COLUMN "instances"."siemens_bandwidth_per_pixel_phase_encode" IS 'Bandwidth of a pixel in phase direction of a Siemens MR. Unit: Hz. From: private SIEMENS MR HEADER (0019,xx28) FD.';
COMMENT ON COLUMN "instances"."ge_b_value" IS 'Diffusion weighting of a GE MR, with 10^9 added by some; then three more numbers. Unit: s/mm2. From: private GEMS_PARM_01 (0043,xx39) IS.';
COMMENT ON COLUMN "instances"."ge_effective_echo_spacing" IS 'Time from echo to echo of a GE MR. Unit: us. From: private GEMS_PARM_01 (0043,xx2C) SS.';
COMMENT ON COLUMN "instances"."philips_b_value" IS 'Diffusion weighting of a Philips MR. Unit: s/mm2. From: private Philips Imaging DD 001 (2001,xx03) FL.';
COMMENT ON COLUMN "instances"."private_attributes" IS 'Values of the private attributes that the settings name (`headers.private`), by name.';
COMMENT ON COLUMN "instances"."invalid_attributes" IS 'Keywords of attributes that are NULL here because their value was malformed, sorted.';
COMMENT ON COLUMN "instances"."file_id" IS 'File the row was read from.';
COMMENT ON COLUMN "instances"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "instances"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "instances"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "sop_instance_uid", "frame_number"
CREATE TABLE "frames" (
  "sop_instance_uid" TEXT NOT NULL,
  "frame_number" INTEGER NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "study_instance_uid" TEXT NOT NULL,
  "modality" TEXT NOT NULL,
  "study_year" INTEGER NOT NULL,
  "image_position_patient" DOUBLE PRECISION[],
  "image_orientation_patient" DOUBLE PRECISION[],
  "pixel_spacing" DOUBLE PRECISION[],
  "slice_thickness" DOUBLE PRECISION,
  "spacing_between_slices" DOUBLE PRECISION,
  "grid_frame_offset" DOUBLE PRECISION,
  "x_offset_in_slide_coordinate_system" DOUBLE PRECISION,
  "y_offset_in_slide_coordinate_system" DOUBLE PRECISION,
  "z_offset_in_slide_coordinate_system" DOUBLE PRECISION,
  "column_position_in_total_image_pixel_matrix" BIGINT,
  "row_position_in_total_image_pixel_matrix" BIGINT,
  "optical_path_identifier" TEXT,
  "rescale_intercept" DOUBLE PRECISION,
  "rescale_slope" DOUBLE PRECISION,
  "rescale_type" TEXT,
  "window_center" DOUBLE PRECISION[],
  "window_width" DOUBLE PRECISION[],
  "voilut_function" TEXT,
  "real_world_value_intercept" DOUBLE PRECISION,
  "real_world_value_slope" DOUBLE PRECISION,
  "lut_label" TEXT,
  "measurement_units_code_value" TEXT,
  "measurement_units_code_scheme" TEXT,
  "measurement_units_code_meaning" TEXT,
  "frame_acquisition_number" INTEGER,
  "frame_acquisition_date_time" TIMESTAMP,
  "frame_acquisition_date_time_offset_minutes" INTEGER,
  "frame_reference_date_time" TIMESTAMP,
  "frame_reference_date_time_offset_minutes" INTEGER,
  "frame_acquisition_duration" DOUBLE PRECISION,
  "stack_id" TEXT,
  "in_stack_position_number" BIGINT,
  "temporal_position_index" BIGINT,
  "dimension_index_values" BIGINT[],
  "cardiac_cycle_position" TEXT,
  "respiratory_cycle_position" TEXT,
  "frame_label" TEXT,
  "temporal_position_time_offset" DOUBLE PRECISION,
  "frame_laterality" TEXT,
  "anatomic_region_code_value" TEXT,
  "anatomic_region_code_scheme" TEXT,
  "anatomic_region_code_meaning" TEXT,
  "frame_type" TEXT[],
  "pixel_presentation" TEXT,
  "volumetric_properties" TEXT,
  "volume_based_calculation_technique" TEXT,
  "complex_image_component" TEXT,
  "acquisition_contrast" TEXT,
  "acquisition_type" TEXT,
  "tube_angle" DOUBLE PRECISION,
  "fluoroscopy_flag" TEXT,
  "rotation_direction" TEXT,
  "revolution_time" DOUBLE PRECISION,
  "single_collimation_width" DOUBLE PRECISION,
  "total_collimation_width" DOUBLE PRECISION,
  "table_height" DOUBLE PRECISION,
  "gantry_detector_tilt" DOUBLE PRECISION,
  "data_collection_diameter" DOUBLE PRECISION,
  "table_speed" DOUBLE PRECISION,
  "table_feed_per_rotation" DOUBLE PRECISION,
  "spiral_pitch_factor" DOUBLE PRECISION,
  "table_position" DOUBLE PRECISION,
  "data_collection_center_patient" DOUBLE PRECISION[],
  "reconstruction_target_center_patient" DOUBLE PRECISION[],
  "reconstruction_algorithm" TEXT,
  "convolution_kernel" TEXT[],
  "reconstruction_diameter" DOUBLE PRECISION,
  "reconstruction_field_of_view" DOUBLE PRECISION[],
  "reconstruction_angle" DOUBLE PRECISION,
  "exposure_time_inms" DOUBLE PRECISION,
  "x_ray_tube_current_inm_a" DOUBLE PRECISION,
  "exposure_inm_as" DOUBLE PRECISION,
  "exposure_modulation_type" TEXT[],
  "estimated_dose_saving" DOUBLE PRECISION,
  "ctdivol" DOUBLE PRECISION,
  "water_equivalent_diameter" DOUBLE PRECISION,
  "ctdi_phantom_type_code_value" TEXT,
  "ctdi_phantom_type_code_scheme" TEXT,
  "ctdi_phantom_type_code_meaning" TEXT,
  "kvp" DOUBLE PRECISION,
  "focal_spots" DOUBLE PRECISION[],
  "filter_type" TEXT,
  "filter_material" TEXT[],
  "irradiation_event_uid" TEXT[],
  "positioner_primary_angle" DOUBLE PRECISION,
  "positioner_secondary_angle" DOUBLE PRECISION,
  "positioner_primary_angle_increment" DOUBLE PRECISION,
  "positioner_secondary_angle_increment" DOUBLE PRECISION,
  "effective_echo_time" DOUBLE PRECISION,
  "echo_time" DOUBLE PRECISION,
  "repetition_time" DOUBLE PRECISION,
  "flip_angle" DOUBLE PRECISION,
  "echo_train_length" BIGINT,
  "rf_echo_train_length" INTEGER,
  "gradient_echo_train_length" INTEGER,
  "inversion_times" DOUBLE PRECISION[],
  "number_of_averages" DOUBLE PRECISION,
  "diffusion_b_value" DOUBLE PRECISION,
  "diffusion_directionality" TEXT,
  "diffusion_gradient_orientation" DOUBLE PRECISION[],
  "velocity_encoding_direction" DOUBLE PRECISION[],
  "velocity_encoding_minimum_value" DOUBLE PRECISION,
  "velocity_encoding_maximum_value" DOUBLE PRECISION,
  "nominal_percentage_of_cardiac_phase" REAL,
  "nominal_cardiac_trigger_delay_time" DOUBLE PRECISION,
  "actual_cardiac_trigger_delay_time" DOUBLE PRECISION,
  "rr_interval_time_nominal" DOUBLE PRECISION,
  "trigger_time" DOUBLE PRECISION,
  "nominal_percentage_of_respiratory_phase" REAL,
  "nominal_respiratory_trigger_delay_time" DOUBLE PRECISION,
  "decay_factor" DOUBLE PRECISION,
  "energy_window_index" INTEGER,
  "detector_index" INTEGER,
  "phase_index" INTEGER,
  "rotation_index" INTEGER,
  "rr_interval_index" INTEGER,
  "time_slot_index" INTEGER,
  "slice_index" INTEGER,
  "angular_view_index" INTEGER,
  "time_slice_index" INTEGER,
  "detector_image_position_patient" DOUBLE PRECISION[],
  "detector_image_orientation_patient" DOUBLE PRECISION[],
  "frame_time_offset_ms" DOUBLE PRECISION,
  "referenced_segment_number" INTEGER[],
  "source_image_sop_instance_uid" TEXT,
  "source_image_frame_number" BIGINT[],
  "conversion_source_sop_instance_uid" TEXT,
  "invalid_attributes" TEXT[],
  "file_id" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("sop_instance_uid", "frame_number")
);
COMMENT ON TABLE "frames" IS 'One row per frame of an instance that has several frames, or functional groups. Per-frame functional groups win over shared ones, these over the top of the data set. An attribute that is absent, empty or malformed is NULL; a malformed one is also named in `invalid_attributes` and in `issues`. Where Number of Frames and the items of the per-frame functional groups differ, the smaller number of rows is written, with an issue; without such items there are as many rows as Number of Frames says, up to the setting `headers.max_values`.';
COMMENT ON COLUMN "frames"."sop_instance_uid" IS 'Instance of the frame. From: SOPInstanceUID (0008,0018) UI.';
COMMENT ON COLUMN "frames"."frame_number" IS 'Number of the frame, from 1. Always at least 1.';
COMMENT ON COLUMN "frames"."series_instance_uid" IS 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.';
COMMENT ON COLUMN "frames"."study_instance_uid" IS 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.';
COMMENT ON COLUMN "frames"."modality" IS 'Modality as a folder name, that of the instance. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "frames"."study_year" IS 'Year of the study date, that of the instance.';
COMMENT ON COLUMN "frames"."image_position_patient" IS 'Centre of the first pixel of the frame, in LPS coordinates; of an object without functional groups only where it has one frame. Unit: mm. From: ImagePositionPatient (0020,9113) > (0020,0032) DS.';
COMMENT ON COLUMN "frames"."image_orientation_patient" IS 'Direction cosines of a row, then of a column, in LPS coordinates. From: ImageOrientationPatient (0020,9116) > (0020,0037) DS.';
COMMENT ON COLUMN "frames"."pixel_spacing" IS 'Distance between rows, then between columns. Unit: mm. From: PixelSpacing (0028,9110) > (0028,0030) DS.';
COMMENT ON COLUMN "frames"."slice_thickness" IS 'Nominal thickness of the slice. Unit: mm. From: SliceThickness (0028,9110) > (0018,0050) DS.';
COMMENT ON COLUMN "frames"."spacing_between_slices" IS 'Nominal spacing between slices. Unit: mm. From: SpacingBetweenSlices (0028,9110) > (0018,0088) DS.';
COMMENT ON COLUMN "frames"."grid_frame_offset" IS 'Offset of a dose plane from the first, along the normal where the first value is 0, else its coordinate. Rule: value of the frame in GridFrameOffsetVector (3004,000C). Unit: mm.';
COMMENT ON COLUMN "frames"."x_offset_in_slide_coordinate_system" IS 'X of the frame on the slide. Unit: mm. From: XOffsetInSlideCoordinateSystem (0048,021A) > (0040,072A) DS.';
COMMENT ON COLUMN "frames"."y_offset_in_slide_coordinate_system" IS 'Y of the frame on the slide. Unit: mm. From: YOffsetInSlideCoordinateSystem (0048,021A) > (0040,073A) DS.';
COMMENT ON COLUMN "frames"."z_offset_in_slide_coordinate_system" IS 'Z of the frame above the slide. Unit: um. From: ZOffsetInSlideCoordinateSystem (0048,021A) > (0040,074A) DS.';
COMMENT ON COLUMN "frames"."column_position_in_total_image_pixel_matrix" IS 'Column of the frame''s first pixel in the whole image, from 1. From: ColumnPositionInTotalImagePixelMatrix (0048,021A) > (0048,021E) SL.';
COMMENT ON COLUMN "frames"."row_position_in_total_image_pixel_matrix" IS 'Row of the frame''s first pixel in the whole image, from 1. From: RowPositionInTotalImagePixelMatrix (0048,021A) > (0048,021F) SL.';
COMMENT ON COLUMN "frames"."optical_path_identifier" IS 'Optical path of the frame. From: OpticalPathIdentifier (0048,0207) > (0048,0106) SH.';
COMMENT ON COLUMN "frames"."rescale_intercept" IS 'Intercept from stored to real value. From: RescaleIntercept (0028,9145) > (0028,1052) DS.';
COMMENT ON COLUMN "frames"."rescale_slope" IS 'Slope from stored to real value. From: RescaleSlope (0028,9145) > (0028,1053) DS.';
COMMENT ON COLUMN "frames"."rescale_type" IS 'Unit of the rescaled values. From: RescaleType (0028,9145) > (0028,1054) LO.';
COMMENT ON COLUMN "frames"."window_center" IS 'Centres of the display windows. From: WindowCenter (0028,9132) > (0028,1050) DS.';
COMMENT ON COLUMN "frames"."window_width" IS 'Widths of the display windows. From: WindowWidth (0028,9132) > (0028,1051) DS.';
COMMENT ON COLUMN "frames"."voilut_function" IS 'Function of the display windows. From: VOILUTFunction (0028,9132) > (0028,1056) CS.';
COMMENT ON COLUMN "frames"."real_world_value_intercept" IS 'Intercept of the first real world value mapping. From: RealWorldValueIntercept (0040,9096) > (0040,9224) FD.';
COMMENT ON COLUMN "frames"."real_world_value_slope" IS 'Slope of the first real world value mapping. From: RealWorldValueSlope (0040,9096) > (0040,9225) FD.';
COMMENT ON COLUMN "frames"."lut_label" IS 'Label of the first real world value mapping. From: LUTLabel (0040,9096) > (0040,9210) SH.';
COMMENT ON COLUMN "frames"."measurement_units_code_value" IS 'Code of the unit of the first real world value mapping. From: CodeValue (0040,9096) > (0040,08EA) > (0008,0100) SH.';
COMMENT ON COLUMN "frames"."measurement_units_code_scheme" IS 'Scheme of the code of the unit of the first real world value mapping. From: CodingSchemeDesignator (0040,9096) > (0040,08EA) > (0008,0102) SH.';
COMMENT ON COLUMN "frames"."measurement_units_code_meaning" IS 'Meaning of the code of the unit of the first real world value mapping. From: CodeMeaning (0040,9096) > (0040,08EA) > (0008,0104) LO.';
COMMENT ON COLUMN "frames"."frame_acquisition_number" IS 'Acquisition of the frame. From: FrameAcquisitionNumber (0020,9111) > (0020,9156) US.';
COMMENT ON COLUMN "frames"."frame_acquisition_date_time" IS 'Date and time the acquisition of the frame started; UTC where the file gives an offset, else local time. From: FrameAcquisitionDateTime (0020,9111) > (0018,9074) DT.';
COMMENT ON COLUMN "frames"."frame_acquisition_date_time_offset_minutes" IS 'Offset from UTC that Frame Acquisition DateTime was written with; null where it had none. Unit: min.';
COMMENT ON COLUMN "frames"."frame_reference_date_time" IS 'Date and time that represents the frame; UTC where the file gives an offset, else local time. From: FrameReferenceDateTime (0020,9111) > (0018,9151) DT.';
COMMENT ON COLUMN "frames"."frame_reference_date_time_offset_minutes" IS 'Offset from UTC that Frame Reference DateTime was written with; null where it had none. Unit: min.';
COMMENT ON COLUMN "frames"."frame_acquisition_duration" IS 'Time the acquisition took. Unit: ms. From: FrameAcquisitionDuration (0020,9111) > (0018,9220) FD.';
COMMENT ON COLUMN "frames"."stack_id" IS 'Stack that the frame belongs to. From: StackID (0020,9111) > (0020,9056) SH.';
COMMENT ON COLUMN "frames"."in_stack_position_number" IS 'Place in the stack, from 1. From: InStackPositionNumber (0020,9111) > (0020,9057) UL.';
COMMENT ON COLUMN "frames"."temporal_position_index" IS 'Place in a time series, from 1. From: TemporalPositionIndex (0020,9111) > (0020,9128) UL.';
COMMENT ON COLUMN "frames"."dimension_index_values" IS 'Place of the frame in each dimension of the object. From: DimensionIndexValues (0020,9111) > (0020,9157) UL.';
COMMENT ON COLUMN "frames"."cardiac_cycle_position" IS 'Phase of the cardiac cycle. From: CardiacCyclePosition (0020,9111) > (0018,9236) CS.';
COMMENT ON COLUMN "frames"."respiratory_cycle_position" IS 'Phase of the respiratory cycle. From: RespiratoryCyclePosition (0020,9111) > (0018,9214) CS.';
COMMENT ON COLUMN "frames"."frame_label" IS 'Label of the frame. From: FrameLabel (0020,9111) > (0020,9453) LO.';
COMMENT ON COLUMN "frames"."temporal_position_time_offset" IS 'Time since the first temporal position. Unit: s. From: TemporalPositionTimeOffset (0020,9310) > (0020,930D) FD.';
COMMENT ON COLUMN "frames"."frame_laterality" IS 'Side of the body in the frame. From: FrameLaterality (0020,9071) > (0020,9072) CS.';
COMMENT ON COLUMN "frames"."anatomic_region_code_value" IS 'Code of the region of the body in the frame. From: CodeValue (0020,9071) > (0008,2218) > (0008,0100) SH.';
COMMENT ON COLUMN "frames"."anatomic_region_code_scheme" IS 'Scheme of the code of the region of the body in the frame. From: CodingSchemeDesignator (0020,9071) > (0008,2218) > (0008,0102) SH.';
COMMENT ON COLUMN "frames"."anatomic_region_code_meaning" IS 'Meaning of the code of the region of the body in the frame. From: CodeMeaning (0020,9071) > (0008,2218) > (0008,0104) LO.';
COMMENT ON COLUMN "frames"."frame_type" IS 'Characteristics of the frame, as Image Type. From: FrameType (0018,9329) > (0008,9007) CS.';
COMMENT ON COLUMN "frames"."pixel_presentation" IS 'Whether the frame is in colour. From: PixelPresentation (0018,9329) > (0008,9205) CS.';
COMMENT ON COLUMN "frames"."volumetric_properties" IS 'Whether pixels stand for equal volumes. From: VolumetricProperties (0018,9329) > (0008,9206) CS.';
COMMENT ON COLUMN "frames"."volume_based_calculation_technique" IS 'How pixels were calculated, e.g. `MAX_IP`. From: VolumeBasedCalculationTechnique (0018,9329) > (0008,9207) CS.';
COMMENT ON COLUMN "frames"."complex_image_component" IS 'Part of the complex MR signal. From: ComplexImageComponent (0018,9329) > (0008,9208) CS.';
COMMENT ON COLUMN "frames"."acquisition_contrast" IS 'Contrast of the MR acquisition. From: AcquisitionContrast (0018,9329) > (0008,9209) CS.';
COMMENT ON COLUMN "frames"."acquisition_type" IS 'Kind of CT acquisition. From: AcquisitionType (0018,9301) > (0018,9302) CS.';
COMMENT ON COLUMN "frames"."tube_angle" IS 'Angle of a tube that does not rotate. Unit: degree. From: TubeAngle (0018,9301) > (0018,9303) FD.';
COMMENT ON COLUMN "frames"."fluoroscopy_flag" IS 'Whether it is CT fluoroscopy. From: FluoroscopyFlag (0018,9301) > (0018,9334) CS.';
COMMENT ON COLUMN "frames"."rotation_direction" IS 'Direction of rotation of the source. From: RotationDirection (0018,9304) > (0018,1140) CS.';
COMMENT ON COLUMN "frames"."revolution_time" IS 'Time of one rotation. Unit: s. From: RevolutionTime (0018,9304) > (0018,9305) FD.';
COMMENT ON COLUMN "frames"."single_collimation_width" IS 'Width of one detector row. Unit: mm. From: SingleCollimationWidth (0018,9304) > (0018,9306) FD.';
COMMENT ON COLUMN "frames"."total_collimation_width" IS 'Width of all active detector rows. Unit: mm. From: TotalCollimationWidth (0018,9304) > (0018,9307) FD.';
COMMENT ON COLUMN "frames"."table_height" IS 'Height of the table. Unit: mm. From: TableHeight (0018,9304) > (0018,1130) DS.';
COMMENT ON COLUMN "frames"."gantry_detector_tilt" IS 'Nominal tilt of the gantry; its sign differs between makers. Unit: degree. From: GantryDetectorTilt (0018,9304) > (0018,1120) DS.';
COMMENT ON COLUMN "frames"."data_collection_diameter" IS 'Diameter over which data were collected. Unit: mm. From: DataCollectionDiameter (0018,9304) > (0018,0090) DS.';
COMMENT ON COLUMN "frames"."table_speed" IS 'Speed of the table. Unit: mm/s. From: TableSpeed (0018,9308) > (0018,9309) FD.';
COMMENT ON COLUMN "frames"."table_feed_per_rotation" IS 'Way of the table in one rotation. Unit: mm. From: TableFeedPerRotation (0018,9308) > (0018,9310) FD.';
COMMENT ON COLUMN "frames"."spiral_pitch_factor" IS 'Table feed per rotation over collimation. From: SpiralPitchFactor (0018,9308) > (0018,9311) FD.';
COMMENT ON COLUMN "frames"."table_position" IS 'Position of the table. Unit: mm. From: TablePosition (0018,9326) > (0018,9327) FD.';
COMMENT ON COLUMN "frames"."data_collection_center_patient" IS 'Centre of the collected data, in LPS coordinates. Unit: mm. From: DataCollectionCenterPatient (0018,9326) > (0018,9313) FD.';
COMMENT ON COLUMN "frames"."reconstruction_target_center_patient" IS 'Centre of the reconstruction, in LPS coordinates. Unit: mm. From: ReconstructionTargetCenterPatient (0018,9326) > (0018,9318) FD.';
COMMENT ON COLUMN "frames"."reconstruction_algorithm" IS 'Kind of reconstruction. From: ReconstructionAlgorithm (0018,9314) > (0018,9315) CS.';
COMMENT ON COLUMN "frames"."convolution_kernel" IS 'Kernel of the reconstruction. From: ConvolutionKernel (0018,9314) > (0018,1210) SH.';
COMMENT ON COLUMN "frames"."reconstruction_diameter" IS 'Diameter of the reconstructed region. Unit: mm. From: ReconstructionDiameter (0018,9314) > (0018,1100) DS.';
COMMENT ON COLUMN "frames"."reconstruction_field_of_view" IS 'Field of view of the reconstruction, width and height. Unit: mm. From: ReconstructionFieldOfView (0018,9314) > (0018,9317) FD.';
COMMENT ON COLUMN "frames"."reconstruction_angle" IS 'Range of angles of the data that were used. Unit: degree. From: ReconstructionAngle (0018,9314) > (0018,9319) FD.';
COMMENT ON COLUMN "frames"."exposure_time_inms" IS 'Duration of the exposure. Unit: ms. From: ExposureTimeInms (0018,9321) > (0018,9328) FD.';
COMMENT ON COLUMN "frames"."x_ray_tube_current_inm_a" IS 'Current of the X-ray tube. Unit: mA. From: XRayTubeCurrentInmA (0018,9321) > (0018,9330) FD.';
COMMENT ON COLUMN "frames"."exposure_inm_as" IS 'Tube current times exposure time. Unit: mA s. From: ExposureInmAs (0018,9321) > (0018,9332) FD.';
COMMENT ON COLUMN "frames"."exposure_modulation_type" IS 'Kind of exposure modulation. From: ExposureModulationType (0018,9321) > (0018,9323) CS.';
COMMENT ON COLUMN "frames"."estimated_dose_saving" IS 'Dose saved by modulation. Unit: %. From: EstimatedDoseSaving (0018,9321) > (0018,9324) FD.';
COMMENT ON COLUMN "frames"."ctdivol" IS 'Volume CT dose index. Unit: mGy. From: CTDIvol (0018,9321) > (0018,9345) FD.';
COMMENT ON COLUMN "frames"."water_equivalent_diameter" IS 'Diameter of the water cylinder with the same attenuation. Unit: mm. From: WaterEquivalentDiameter (0018,9321) > (0018,1271) FD.';
COMMENT ON COLUMN "frames"."ctdi_phantom_type_code_value" IS 'Code of the phantom that CTDIvol refers to. From: CodeValue (0018,9321) > (0018,9346) > (0008,0100) SH.';
COMMENT ON COLUMN "frames"."ctdi_phantom_type_code_scheme" IS 'Scheme of the code of the phantom that CTDIvol refers to. From: CodingSchemeDesignator (0018,9321) > (0018,9346) > (0008,0102) SH.';
COMMENT ON COLUMN "frames"."ctdi_phantom_type_code_meaning" IS 'Meaning of the code of the phantom that CTDIvol refers to. From: CodeMeaning (0018,9321) > (0018,9346) > (0008,0104) LO.';
COMMENT ON COLUMN "frames"."kvp" IS 'Peak voltage of the X-ray generator. Unit: kV. From: KVP (0018,9325) > (0018,0060) DS.';
COMMENT ON COLUMN "frames"."focal_spots" IS 'Size of the focal spots. Unit: mm. From: FocalSpots (0018,9325) > (0018,1190) DS.';
COMMENT ON COLUMN "frames"."filter_type" IS 'Type of the X-ray filter. From: FilterType (0018,9325) > (0018,1160) SH.';
COMMENT ON COLUMN "frames"."filter_material" IS 'Material of the X-ray filter. From: FilterMaterial (0018,9325) > (0018,7050) CS.';
COMMENT ON COLUMN "frames"."irradiation_event_uid" IS 'Irradiation events of the frame. From: IrradiationEventUID (0018,9477) > (0008,3010) UI.';
COMMENT ON COLUMN "frames"."positioner_primary_angle" IS 'Angle of the beam from anterior, towards the left of the patient. Unit: degree. From: PositionerPrimaryAngle (0018,9405) > (0018,1510) DS.';
COMMENT ON COLUMN "frames"."positioner_secondary_angle" IS 'Angle of the beam towards the head. Unit: degree. From: PositionerSecondaryAngle (0018,9405) > (0018,1511) DS.';
COMMENT ON COLUMN "frames"."positioner_primary_angle_increment" IS 'Change of the primary angle of the positioner, as recorded. Rule: value of the frame in PositionerPrimaryAngleIncrement (0018,1520). Unit: degree.';
COMMENT ON COLUMN "frames"."positioner_secondary_angle_increment" IS 'Change of the secondary angle of the positioner, as recorded. Rule: value of the frame in PositionerSecondaryAngleIncrement (0018,1521). Unit: degree.';
COMMENT ON COLUMN "frames"."effective_echo_time" IS 'Time of the echo that decides the contrast. Unit: ms. From: EffectiveEchoTime (0018,9114) > (0018,9082) FD.';
COMMENT ON COLUMN "frames"."echo_time" IS 'MR echo time, of objects converted from single frames. Unit: ms. From: EchoTime (0018,9112) > (0018,0081) DS.';
COMMENT ON COLUMN "frames"."repetition_time" IS 'MR repetition time. Unit: ms. From: RepetitionTime (0018,9112) > (0018,0080) DS.';
COMMENT ON COLUMN "frames"."flip_angle" IS 'MR flip angle. Unit: degree. From: FlipAngle (0018,9112) > (0018,1314) DS.';
COMMENT ON COLUMN "frames"."echo_train_length" IS 'Lines acquired per excitation. From: EchoTrainLength (0018,9112) > (0018,0091) IS.';
COMMENT ON COLUMN "frames"."rf_echo_train_length" IS 'RF echoes per excitation. From: RFEchoTrainLength (0018,9112) > (0018,9240) US.';
COMMENT ON COLUMN "frames"."gradient_echo_train_length" IS 'Gradient echoes per excitation. From: GradientEchoTrainLength (0018,9112) > (0018,9241) US.';
COMMENT ON COLUMN "frames"."inversion_times" IS 'MR inversion times. Unit: ms. From: InversionTimes (0018,9115) > (0018,9079) FD.';
COMMENT ON COLUMN "frames"."number_of_averages" IS 'Times each point was acquired. From: NumberOfAverages (0018,9119) > (0018,0083) DS.';
COMMENT ON COLUMN "frames"."diffusion_b_value" IS 'Diffusion sensitization. Unit: s/mm2. From: DiffusionBValue (0018,9117) > (0018,9087) FD.';
COMMENT ON COLUMN "frames"."diffusion_directionality" IS 'Whether diffusion is sensitized along a direction. From: DiffusionDirectionality (0018,9117) > (0018,9075) CS.';
COMMENT ON COLUMN "frames"."diffusion_gradient_orientation" IS 'Direction of the diffusion gradient, in LPS coordinates. From: DiffusionGradientOrientation (0018,9117) > (0018,9076) > (0018,9089) FD.';
COMMENT ON COLUMN "frames"."velocity_encoding_direction" IS 'Direction of velocity encoding, in LPS coordinates. From: VelocityEncodingDirection (0018,9197) > (0018,9090) FD.';
COMMENT ON COLUMN "frames"."velocity_encoding_minimum_value" IS 'Least velocity that is encoded. Unit: cm/s. From: VelocityEncodingMinimumValue (0018,9197) > (0018,9091) FD.';
COMMENT ON COLUMN "frames"."velocity_encoding_maximum_value" IS 'Greatest velocity that is encoded. Unit: cm/s. From: VelocityEncodingMaximumValue (0018,9197) > (0018,9217) FD.';
COMMENT ON COLUMN "frames"."nominal_percentage_of_cardiac_phase" IS 'Part of the cardiac cycle. Unit: %. From: NominalPercentageOfCardiacPhase (0018,9118) > (0020,9241) FL.';
COMMENT ON COLUMN "frames"."nominal_cardiac_trigger_delay_time" IS 'Prescribed time after the R peak. Unit: ms. From: NominalCardiacTriggerDelayTime (0018,9118) > (0020,9153) FD.';
COMMENT ON COLUMN "frames"."actual_cardiac_trigger_delay_time" IS 'Measured time after the R peak. Unit: ms. From: ActualCardiacTriggerDelayTime (0018,9118) > (0020,9252) FD.';
COMMENT ON COLUMN "frames"."rr_interval_time_nominal" IS 'Nominal R-R interval. Unit: ms. From: RRIntervalTimeNominal (0018,9118) > (0020,9251) FD.';
COMMENT ON COLUMN "frames"."trigger_time" IS 'Time after the trigger, of objects converted from single frames. Unit: ms. From: TriggerTime (0018,9118) > (0018,1060) DS.';
COMMENT ON COLUMN "frames"."nominal_percentage_of_respiratory_phase" IS 'Part of the respiratory cycle. Unit: %. From: NominalPercentageOfRespiratoryPhase (0020,9253) > (0020,9245) FL.';
COMMENT ON COLUMN "frames"."nominal_respiratory_trigger_delay_time" IS 'Prescribed time after the respiratory trigger. Unit: ms. From: NominalRespiratoryTriggerDelayTime (0020,9253) > (0020,9255) FD.';
COMMENT ON COLUMN "frames"."decay_factor" IS 'Factor that corrected the frame for decay. From: DecayFactor (0018,9736) > (0054,1321) DS.';
COMMENT ON COLUMN "frames"."energy_window_index" IS 'Energy window. Rule: value of the frame in EnergyWindowVector (0054,0010), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."detector_index" IS 'Detector. Rule: value of the frame in DetectorVector (0054,0020), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."phase_index" IS 'Phase of a dynamic acquisition. Rule: value of the frame in PhaseVector (0054,0030), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."rotation_index" IS 'Rotation. Rule: value of the frame in RotationVector (0054,0050), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."rr_interval_index" IS 'Range of R-R intervals. Rule: value of the frame in RRIntervalVector (0054,0060), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."time_slot_index" IS 'Time slot of the R-R interval. Rule: value of the frame in TimeSlotVector (0054,0070), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."slice_index" IS 'Slice. Rule: value of the frame in SliceVector (0054,0080), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."angular_view_index" IS 'View of a rotation. Rule: value of the frame in AngularViewVector (0054,0090), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."time_slice_index" IS 'Time slice. Rule: value of the frame in TimeSliceVector (0054,0100), counted from 1; null where the vector does not have one value for each frame.';
COMMENT ON COLUMN "frames"."detector_image_position_patient" IS 'Centre of the first pixel as the frame''s detector states it, in LPS coordinates; of a reconstruction that of its first slice. Rule: ImagePositionPatient of the item of DetectorInformationSequence (0054,0022) that detector_index names, of the only item where there is no DetectorVector. Unit: mm.';
COMMENT ON COLUMN "frames"."detector_image_orientation_patient" IS 'Direction cosines of a row, then of a column, as the frame''s detector states them. Rule: ImageOrientationPatient of the same item.';
COMMENT ON COLUMN "frames"."frame_time_offset_ms" IS 'Time from the first frame to this one. Rule: sum of FrameTimeVector (0018,1065) up to the frame, or FrameTime (0018,1063) times the frames before it; where FrameIncrementPointer (0028,0009) is there, only if it names the one. Unit: ms.';
COMMENT ON COLUMN "frames"."referenced_segment_number" IS 'Segments that the frame shows. From: ReferencedSegmentNumber (0062,000A) > (0062,000B) US.';
COMMENT ON COLUMN "frames"."source_image_sop_instance_uid" IS 'Instance that the frame was derived from, the first if of several. From: ReferencedSOPInstanceUID (0008,9124) > (0008,2112) > (0008,1155) UI.';
COMMENT ON COLUMN "frames"."source_image_frame_number" IS 'Frames of that instance; null: all of it. From: ReferencedFrameNumber (0008,9124) > (0008,2112) > (0008,1160) IS.';
COMMENT ON COLUMN "frames"."conversion_source_sop_instance_uid" IS 'Instance that the frame was converted from. From: ReferencedSOPInstanceUID (0020,9172) > (0008,1155) UI.';
COMMENT ON COLUMN "frames"."invalid_attributes" IS 'Keywords of attributes that are NULL here because their value was malformed, sorted; of one in a sequence of a functional group the name of its column.';
COMMENT ON COLUMN "frames"."file_id" IS 'File the row was read from.';
COMMENT ON COLUMN "frames"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "frames"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "frames"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "sop_instance_uid", "referenced_sop_instance_uid", "role"
CREATE TABLE "instance_references" (
  "sop_instance_uid" TEXT NOT NULL,
  "referenced_sop_instance_uid" TEXT NOT NULL,
  "role" TEXT NOT NULL,
  "via" TEXT NOT NULL,
  "referenced_sop_class_uid" TEXT,
  "referenced_series_instance_uid" TEXT,
  "referenced_study_instance_uid" TEXT,
  "referenced_frame_numbers" BIGINT[],
  "purpose_code_value" TEXT,
  "purpose_code_scheme" TEXT,
  "purpose_code_meaning" TEXT,
  "study_instance_uid" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "file_id" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("sop_instance_uid", "referenced_sop_instance_uid", "role")
);
COMMENT ON TABLE "instance_references" IS 'One row per instance that another one refers to in a role, from every item that holds a Referenced SOP Instance UID, however deep: source images, segmentations, structure sets, plans and doses, presentation states, reports and their evidence. References to one instance in one role are one row.';
COMMENT ON COLUMN "instance_references"."sop_instance_uid" IS 'Instance that refers.';
COMMENT ON COLUMN "instance_references"."referenced_sop_instance_uid" IS 'Instance that is referred to. Rule: ReferencedSOPInstanceUID (0008,1155) of an item.';
COMMENT ON COLUMN "instance_references"."role" IS 'What the other instance is, e.g. `source_image`, `contour_image`, `referenced_sop`. Rule: snake_case of the keyword of the sequence that holds the item, without `Sequence`; the eight hex digits of its tag where it has no keyword.';
COMMENT ON COLUMN "instance_references"."via" IS 'Where it stands, e.g. `referenced_series`. Rule: the same of the outermost sequence around it; of several the first.';
COMMENT ON COLUMN "instance_references"."referenced_sop_class_uid" IS 'Kind of the instance referred to. Rule: ReferencedSOPClassUID (0008,1150); of several the first.';
COMMENT ON COLUMN "instance_references"."referenced_series_instance_uid" IS 'Its series. Rule: SeriesInstanceUID (0020,000E) of the item or the nearest one around it; of several the first.';
COMMENT ON COLUMN "instance_references"."referenced_study_instance_uid" IS 'Its study. Rule: StudyInstanceUID (0020,000D) of the item or the nearest one around it; of several the first.';
COMMENT ON COLUMN "instance_references"."referenced_frame_numbers" IS 'Frames that are referred to, sorted; null where no reference names any. Rule: ReferencedFrameNumber (0008,1160) of all references together.';
COMMENT ON COLUMN "instance_references"."purpose_code_value" IS 'Code of the purpose of the reference. Rule: CodeValue of the first Purpose of Reference Code Sequence (0040,A170) beside the reference.';
COMMENT ON COLUMN "instance_references"."purpose_code_scheme" IS 'Scheme of that code. Rule: CodingSchemeDesignator of the first Purpose of Reference Code Sequence (0040,A170) beside the reference.';
COMMENT ON COLUMN "instance_references"."purpose_code_meaning" IS 'Meaning of that code. Rule: CodeMeaning of the first Purpose of Reference Code Sequence (0040,A170) beside the reference.';
COMMENT ON COLUMN "instance_references"."study_instance_uid" IS 'Study of the instance that refers.';
COMMENT ON COLUMN "instance_references"."series_instance_uid" IS 'Series of the instance that refers.';
COMMENT ON COLUMN "instance_references"."file_id" IS 'File the row was read from.';
COMMENT ON COLUMN "instance_references"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "instance_references"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "instance_references"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "sop_instance_uid", "path"
CREATE TABLE "elements" (
  "sop_instance_uid" TEXT NOT NULL,
  "path" TEXT NOT NULL,
  "tag" TEXT NOT NULL,
  "keyword" TEXT,
  "private_creator" TEXT,
  "vr" TEXT NOT NULL,
  "vm" INTEGER,
  "value" TEXT,
  "length" BIGINT,
  "sha256" TEXT,
  "file_id" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("sop_instance_uid", "path")
);
COMMENT ON TABLE "elements" IS 'Opt-in by the setting `headers.elements`: one row per element of the header of an instance, those in sequences included, up to Pixel Data. Text is decoded by the character set of its data set or item; bytes of OB, OW, UN and the like are never kept, only their length and digest.';
COMMENT ON COLUMN "elements"."sop_instance_uid" IS 'Instance of the element.';
COMMENT ON COLUMN "elements"."path" IS 'Tags from the top of the data set to the element, with the number of the item of each sequence, e.g. `00400275[0].00080100`. Always matches `([0-9A-F]{8}\[[0-9]+\]\.)*[0-9A-F]{8}`.';
COMMENT ON COLUMN "elements"."tag" IS 'Tag of the element, eight hex digits. Always matches `[0-9A-F]{8}`.';
COMMENT ON COLUMN "elements"."keyword" IS 'Its DICOM keyword; null where the standard has none.';
COMMENT ON COLUMN "elements"."private_creator" IS 'Private Creator of a private element.';
COMMENT ON COLUMN "elements"."vr" IS 'VR as written; in implicit VR that of the dictionary, else `UN`. Always matches `[A-Z]{2}`.';
COMMENT ON COLUMN "elements"."vm" IS 'Number of values, of a sequence number of items; 0 where it is empty, null where the value is not kept. Always at least 0.';
COMMENT ON COLUMN "elements"."value" IS 'The value as text, several joined by a backslash; null where it is empty, a sequence, or not kept.';
COMMENT ON COLUMN "elements"."length" IS 'Bytes of the value; null for a sequence. Always at least 0. Unit: byte.';
COMMENT ON COLUMN "elements"."sha256" IS 'Digest of a value that is not kept. Always matches `[0-9a-f]{64}`.';
COMMENT ON COLUMN "elements"."file_id" IS 'File the row was read from.';
COMMENT ON COLUMN "elements"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "elements"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "elements"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "sop_instance_uid"
CREATE TABLE "dicom_json" (
  "sop_instance_uid" TEXT NOT NULL,
  "dicom_json" TEXT NOT NULL,
  "file_id" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("sop_instance_uid")
);
COMMENT ON TABLE "dicom_json" IS 'Opt-in by the setting `headers.dicom_json`: the header of an instance, sequences and private elements included, up to Pixel Data, as DICOM JSON (PS3.18 annex F). Bytes of OB, OW, UN and the like are left out: their element has a `vr` and nothing else.';
COMMENT ON COLUMN "dicom_json"."sop_instance_uid" IS 'Instance that is described.';
COMMENT ON COLUMN "dicom_json"."dicom_json" IS 'DICOM JSON model object, UTF-8.';
COMMENT ON COLUMN "dicom_json"."file_id" IS 'File the row was read from.';
COMMENT ON COLUMN "dicom_json"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "dicom_json"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "dicom_json"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "series" (
  "study_instance_uid" TEXT NOT NULL,
  "patient_key" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "modality" TEXT NOT NULL,
  "modality_raw" TEXT,
  "institution_name" TEXT,
  "institutional_department_name" TEXT,
  "series_number" BIGINT,
  "series_date" DATE,
  "series_time" TIME,
  "series_description" TEXT,
  "protocol_name" TEXT,
  "body_part_examined" TEXT,
  "laterality" TEXT,
  "patient_position" TEXT,
  "frame_of_reference_uid" TEXT,
  "position_reference_indicator" TEXT,
  "operators_name" JSONB, -- list<item: struct<alphabetic: string, ideographic: string, phonetic: string>> as JSON
  "presentation_intent_type" TEXT,
  "performed_procedure_step_description" TEXT,
  "manufacturer" TEXT,
  "manufacturer_model_name" TEXT,
  "device_serial_number" TEXT,
  "software_versions" TEXT[],
  "station_name" TEXT,
  "magnetic_field_strength" DOUBLE PRECISION,
  "device_uid" TEXT,
  "series_type" TEXT[],
  "study_year" INTEGER NOT NULL,
  "sop_class_uids" TEXT[] NOT NULL,
  "n_instances" BIGINT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
);
COMMENT ON TABLE "series" IS 'One row per series within its study. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`. The partition is that of the instance with the smallest UID.';
COMMENT ON COLUMN "series"."study_instance_uid" IS 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.';
COMMENT ON COLUMN "series"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "series"."series_instance_uid" IS 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.';
COMMENT ON COLUMN "series"."modality" IS 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "series"."modality_raw" IS 'Modality as written. From: Modality (0008,0060) CS.';
COMMENT ON COLUMN "series"."institution_name" IS 'Institution of the equipment. From: InstitutionName (0008,0080) LO.';
COMMENT ON COLUMN "series"."institutional_department_name" IS 'Department of the equipment. From: InstitutionalDepartmentName (0008,1040) LO.';
COMMENT ON COLUMN "series"."series_number" IS 'Number of the series. From: SeriesNumber (0020,0011) IS.';
COMMENT ON COLUMN "series"."series_date" IS 'Date the series started. From: SeriesDate (0008,0021) DA.';
COMMENT ON COLUMN "series"."series_time" IS 'Time the series started. From: SeriesTime (0008,0031) TM.';
COMMENT ON COLUMN "series"."series_description" IS 'Description of the series. From: SeriesDescription (0008,103E) LO.';
COMMENT ON COLUMN "series"."protocol_name" IS 'Name of the acquisition protocol. From: ProtocolName (0018,1030) LO.';
COMMENT ON COLUMN "series"."body_part_examined" IS 'Part of the body examined. From: BodyPartExamined (0018,0015) CS.';
COMMENT ON COLUMN "series"."laterality" IS 'Side of the paired body part. From: Laterality (0020,0060) CS.';
COMMENT ON COLUMN "series"."patient_position" IS 'Position of the patient relative to the equipment, e.g. `HFS`. From: PatientPosition (0018,5100) CS.';
COMMENT ON COLUMN "series"."frame_of_reference_uid" IS 'Frame of Reference in which positions are given. From: FrameOfReferenceUID (0020,0052) UI.';
COMMENT ON COLUMN "series"."position_reference_indicator" IS 'Anatomical reference of the Frame of Reference. From: PositionReferenceIndicator (0020,1040) LO.';
COMMENT ON COLUMN "series"."operators_name" IS 'Operators of the equipment. From: OperatorsName (0008,1070) PN.';
COMMENT ON COLUMN "series"."presentation_intent_type" IS 'Whether images are meant for presentation or for processing. From: PresentationIntentType (0008,0068) CS.';
COMMENT ON COLUMN "series"."performed_procedure_step_description" IS 'What was performed. From: PerformedProcedureStepDescription (0040,0254) LO.';
COMMENT ON COLUMN "series"."manufacturer" IS 'Maker of the equipment. From: Manufacturer (0008,0070) LO.';
COMMENT ON COLUMN "series"."manufacturer_model_name" IS 'Model of the equipment. From: ManufacturerModelName (0008,1090) LO.';
COMMENT ON COLUMN "series"."device_serial_number" IS 'Serial number of the equipment. From: DeviceSerialNumber (0018,1000) LO.';
COMMENT ON COLUMN "series"."software_versions" IS 'Software of the equipment. From: SoftwareVersions (0018,1020) LO.';
COMMENT ON COLUMN "series"."station_name" IS 'Name of the station. From: StationName (0008,1010) SH.';
COMMENT ON COLUMN "series"."magnetic_field_strength" IS 'Nominal field of the magnet. Unit: T. From: MagneticFieldStrength (0018,0087) DS.';
COMMENT ON COLUMN "series"."device_uid" IS 'Identity of the equipment. From: DeviceUID (0018,1002) UI.';
COMMENT ON COLUMN "series"."series_type" IS 'Kind of the PET series, e.g. `STATIC`, `IMAGE`. From: SeriesType (0054,1000) CS.';
COMMENT ON COLUMN "series"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "series"."sop_class_uids" IS 'SOP classes of the instances, sorted.';
COMMENT ON COLUMN "series"."n_instances" IS 'Instances of the series.';
COMMENT ON COLUMN "series"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "series"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "series"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid"
CREATE TABLE "studies" (
  "patient_key" TEXT NOT NULL,
  "study_instance_uid" TEXT NOT NULL,
  "study_year" INTEGER NOT NULL,
  "patient_age" TEXT,
  "age_years" DOUBLE PRECISION,
  "patient_size" DOUBLE PRECISION,
  "patient_weight" DOUBLE PRECISION,
  "patient_identity_removed" TEXT,
  "deidentification_method" TEXT[],
  "clinical_trial_time_point_id" TEXT,
  "study_id" TEXT,
  "accession_number" TEXT,
  "study_date" DATE,
  "study_time" TIME,
  "study_description" TEXT,
  "referring_physician_name" JSONB, -- struct<alphabetic: string, ideographic: string, phonetic: string> as JSON
  "reason_for_study" TEXT,
  "requested_procedure_description" TEXT,
  "procedure_code_value" TEXT[],
  "procedure_code_scheme" TEXT[],
  "procedure_code_meaning" TEXT[],
  "requested_procedure_code_value" TEXT,
  "requested_procedure_code_scheme" TEXT,
  "requested_procedure_code_meaning" TEXT,
  "modalities" TEXT[] NOT NULL,
  "n_series" BIGINT NOT NULL,
  "n_instances" BIGINT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid")
);
COMMENT ON TABLE "studies" IS 'One row per study. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`.';
COMMENT ON COLUMN "studies"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "studies"."study_instance_uid" IS 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.';
COMMENT ON COLUMN "studies"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "studies"."patient_age" IS 'Age of the patient at the study, as written. From: PatientAge (0010,1010) AS.';
COMMENT ON COLUMN "studies"."age_years" IS 'Age of the patient at the study. Rule: PatientAge in days / 365.25, weeks x 7 / 365.25, months / 12 or years. Always at least 0. Unit: year.';
COMMENT ON COLUMN "studies"."patient_size" IS 'Height of the patient. Unit: m. From: PatientSize (0010,1020) DS.';
COMMENT ON COLUMN "studies"."patient_weight" IS 'Weight of the patient. Unit: kg. From: PatientWeight (0010,1030) DS.';
COMMENT ON COLUMN "studies"."patient_identity_removed" IS 'Whether the patient''s identity was removed. From: PatientIdentityRemoved (0012,0062) CS.';
COMMENT ON COLUMN "studies"."deidentification_method" IS 'How the identity was removed. From: DeidentificationMethod (0012,0063) LO.';
COMMENT ON COLUMN "studies"."clinical_trial_time_point_id" IS 'Time point of the clinical trial. From: ClinicalTrialTimePointID (0012,0050) LO.';
COMMENT ON COLUMN "studies"."study_id" IS 'Study identifier given by a person or device. From: StudyID (0020,0010) SH.';
COMMENT ON COLUMN "studies"."accession_number" IS 'Number of the order. From: AccessionNumber (0008,0050) SH.';
COMMENT ON COLUMN "studies"."study_date" IS 'Date the study started. From: StudyDate (0008,0020) DA.';
COMMENT ON COLUMN "studies"."study_time" IS 'Time the study started. From: StudyTime (0008,0030) TM.';
COMMENT ON COLUMN "studies"."study_description" IS 'Description of the study. From: StudyDescription (0008,1030) LO.';
COMMENT ON COLUMN "studies"."referring_physician_name" IS 'Name of the referring physician. From: ReferringPhysicianName (0008,0090) PN.';
COMMENT ON COLUMN "studies"."reason_for_study" IS 'Why the study was done. From: ReasonForStudy (0032,1030) LO.';
COMMENT ON COLUMN "studies"."requested_procedure_description" IS 'Procedure that was requested. From: RequestedProcedureDescription (0032,1060) LO.';
COMMENT ON COLUMN "studies"."procedure_code_value" IS 'Code of a procedure that was done, one for each. From: CodeValue (0008,1032) > (0008,0100) SH of every item.';
COMMENT ON COLUMN "studies"."procedure_code_scheme" IS 'Scheme of the code of a procedure that was done, one for each. From: CodingSchemeDesignator (0008,1032) > (0008,0102) SH of every item.';
COMMENT ON COLUMN "studies"."procedure_code_meaning" IS 'Meaning of the code of a procedure that was done, one for each. From: CodeMeaning (0008,1032) > (0008,0104) LO of every item.';
COMMENT ON COLUMN "studies"."requested_procedure_code_value" IS 'Code of the procedure that was requested. From: CodeValue (0032,1064) > (0008,0100) SH.';
COMMENT ON COLUMN "studies"."requested_procedure_code_scheme" IS 'Scheme of the code of the procedure that was requested. From: CodingSchemeDesignator (0032,1064) > (0008,0102) SH.';
COMMENT ON COLUMN "studies"."requested_procedure_code_meaning" IS 'Meaning of the code of the procedure that was requested. From: CodeMeaning (0032,1064) > (0008,0104) LO.';
COMMENT ON COLUMN "studies"."modalities" IS 'Modalities of the study, sorted.';
COMMENT ON COLUMN "studies"."n_series" IS 'Series of the study.';
COMMENT ON COLUMN "studies"."n_instances" IS 'Instances of the study.';
COMMENT ON COLUMN "studies"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "studies"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "studies"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "patient_key"
CREATE TABLE "patients" (
  "patient_key" TEXT NOT NULL,
  "patient_id" TEXT,
  "issuer_of_patient_id" TEXT,
  "patient_name" JSONB, -- struct<alphabetic: string, ideographic: string, phonetic: string> as JSON
  "patient_birth_date" DATE,
  "patient_sex" TEXT,
  "patient_species_description" TEXT,
  "quality_control_subject" TEXT,
  "clinical_trial_protocol_id" TEXT,
  "clinical_trial_subject_id" TEXT,
  "n_studies" BIGINT NOT NULL,
  "n_series" BIGINT NOT NULL,
  "n_instances" BIGINT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("patient_key")
);
COMMENT ON TABLE "patients" IS 'One row per patient. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`.';
COMMENT ON COLUMN "patients"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "patients"."patient_id" IS 'Primary identifier of the patient. From: PatientID (0010,0020) LO.';
COMMENT ON COLUMN "patients"."issuer_of_patient_id" IS 'Authority that issued the patient ID. From: IssuerOfPatientID (0010,0021) LO.';
COMMENT ON COLUMN "patients"."patient_name" IS 'Name of the patient. From: PatientName (0010,0010) PN.';
COMMENT ON COLUMN "patients"."patient_birth_date" IS 'Birth date of the patient. From: PatientBirthDate (0010,0030) DA.';
COMMENT ON COLUMN "patients"."patient_sex" IS 'Sex of the patient. From: PatientSex (0010,0040) CS.';
COMMENT ON COLUMN "patients"."patient_species_description" IS 'Species of the patient, where it is an animal. From: PatientSpeciesDescription (0010,2201) LO.';
COMMENT ON COLUMN "patients"."quality_control_subject" IS 'Whether the subject is a phantom for quality control. From: QualityControlSubject (0010,0200) CS.';
COMMENT ON COLUMN "patients"."clinical_trial_protocol_id" IS 'Protocol of the clinical trial. From: ClinicalTrialProtocolID (0012,0020) LO.';
COMMENT ON COLUMN "patients"."clinical_trial_subject_id" IS 'Subject of the clinical trial. From: ClinicalTrialSubjectID (0012,0040) LO.';
COMMENT ON COLUMN "patients"."n_studies" IS 'Studies of the patient.';
COMMENT ON COLUMN "patients"."n_series" IS 'Series of the patient.';
COMMENT ON COLUMN "patients"."n_instances" IS 'Instances of the patient.';
COMMENT ON COLUMN "patients"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "patients"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "patients"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "ct_series" (
  "study_instance_uid" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "patient_key" TEXT NOT NULL,
  "modality" TEXT NOT NULL,
  "study_year" INTEGER NOT NULL,
  "acquisition_type" TEXT,
  "scan_options" TEXT[],
  "rotation_direction" TEXT,
  "revolution_time" DOUBLE PRECISION,
  "single_collimation_width" DOUBLE PRECISION,
  "total_collimation_width" DOUBLE PRECISION,
  "table_feed_per_rotation" DOUBLE PRECISION,
  "data_collection_diameter" DOUBLE PRECISION,
  "reconstruction_diameter" DOUBLE PRECISION,
  "distance_source_to_detector" DOUBLE PRECISION,
  "distance_source_to_patient" DOUBLE PRECISION,
  "filter_type" TEXT,
  "focal_spots" DOUBLE PRECISION[],
  "exposure_modulation_type" TEXT[],
  "ctdi_phantom_type_code_value" TEXT,
  "ctdi_phantom_type_code_scheme" TEXT,
  "ctdi_phantom_type_code_meaning" TEXT,
  "contrast_bolus_agent" TEXT,
  "contrast_bolus_route" TEXT,
  "pixel_spacing" DOUBLE PRECISION[],
  "rows" INTEGER,
  "columns" INTEGER,
  "rescale_type" TEXT,
  "convolution_kernel_values" TEXT[],
  "kvp_min" DOUBLE PRECISION,
  "kvp_max" DOUBLE PRECISION,
  "kvp_count" BIGINT,
  "x_ray_tube_current_min" DOUBLE PRECISION,
  "x_ray_tube_current_max" DOUBLE PRECISION,
  "x_ray_tube_current_count" BIGINT,
  "exposure_time_min" DOUBLE PRECISION,
  "exposure_time_max" DOUBLE PRECISION,
  "exposure_time_count" BIGINT,
  "exposure_min" DOUBLE PRECISION,
  "exposure_max" DOUBLE PRECISION,
  "exposure_count" BIGINT,
  "ctdivol_min" DOUBLE PRECISION,
  "ctdivol_max" DOUBLE PRECISION,
  "ctdivol_count" BIGINT,
  "spiral_pitch_factor_min" DOUBLE PRECISION,
  "spiral_pitch_factor_max" DOUBLE PRECISION,
  "spiral_pitch_factor_count" BIGINT,
  "slice_thickness_min" DOUBLE PRECISION,
  "slice_thickness_max" DOUBLE PRECISION,
  "slice_thickness_count" BIGINT,
  "table_height_min" DOUBLE PRECISION,
  "table_height_max" DOUBLE PRECISION,
  "table_height_count" BIGINT,
  "gantry_detector_tilt_min" DOUBLE PRECISION,
  "gantry_detector_tilt_max" DOUBLE PRECISION,
  "gantry_detector_tilt_count" BIGINT,
  "water_equivalent_diameter_min" DOUBLE PRECISION,
  "water_equivalent_diameter_max" DOUBLE PRECISION,
  "water_equivalent_diameter_count" BIGINT,
  "slice_location_min" DOUBLE PRECISION,
  "slice_location_max" DOUBLE PRECISION,
  "slice_location_count" BIGINT,
  "acquisition_number_min" BIGINT,
  "acquisition_number_max" BIGINT,
  "acquisition_number_count" BIGINT,
  "n_instances" BIGINT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
);
COMMENT ON TABLE "ct_series" IS 'One row per CT series. What is usually constant takes the commonest non-null value of the instances; of what varies there are minimum, maximum and the number of different values.';
COMMENT ON COLUMN "ct_series"."study_instance_uid" IS 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.';
COMMENT ON COLUMN "ct_series"."series_instance_uid" IS 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.';
COMMENT ON COLUMN "ct_series"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "ct_series"."modality" IS 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "ct_series"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "ct_series"."acquisition_type" IS 'How the data were collected, e.g. `SPIRAL`. From: AcquisitionType (0018,9302) CS.';
COMMENT ON COLUMN "ct_series"."scan_options" IS 'Options of the acquisition. From: ScanOptions (0018,0022) CS.';
COMMENT ON COLUMN "ct_series"."rotation_direction" IS 'Direction of rotation of the source. From: RotationDirection (0018,1140) CS.';
COMMENT ON COLUMN "ct_series"."revolution_time" IS 'Time of one rotation. Unit: s. From: RevolutionTime (0018,9305) FD.';
COMMENT ON COLUMN "ct_series"."single_collimation_width" IS 'Width of one detector row. Unit: mm. From: SingleCollimationWidth (0018,9306) FD.';
COMMENT ON COLUMN "ct_series"."total_collimation_width" IS 'Width of all active detector rows. Unit: mm. From: TotalCollimationWidth (0018,9307) FD.';
COMMENT ON COLUMN "ct_series"."table_feed_per_rotation" IS 'Way of the table in one rotation. Unit: mm. From: TableFeedPerRotation (0018,9310) FD.';
COMMENT ON COLUMN "ct_series"."data_collection_diameter" IS 'Diameter over which data were collected. Unit: mm. From: DataCollectionDiameter (0018,0090) DS.';
COMMENT ON COLUMN "ct_series"."reconstruction_diameter" IS 'Diameter of the reconstructed region. Unit: mm. From: ReconstructionDiameter (0018,1100) DS.';
COMMENT ON COLUMN "ct_series"."distance_source_to_detector" IS 'Distance from source to detector. Unit: mm. From: DistanceSourceToDetector (0018,1110) DS.';
COMMENT ON COLUMN "ct_series"."distance_source_to_patient" IS 'Distance from source to isocentre. Unit: mm. From: DistanceSourceToPatient (0018,1111) DS.';
COMMENT ON COLUMN "ct_series"."filter_type" IS 'Type of the X-ray filter. From: FilterType (0018,1160) SH.';
COMMENT ON COLUMN "ct_series"."focal_spots" IS 'Size of the focal spots. Unit: mm. From: FocalSpots (0018,1190) DS.';
COMMENT ON COLUMN "ct_series"."exposure_modulation_type" IS 'How the tube current was modulated. From: ExposureModulationType (0018,9323) CS.';
COMMENT ON COLUMN "ct_series"."ctdi_phantom_type_code_value" IS 'Code of the phantom of CTDIvol. From: CodeValue (0018,9346) > (0008,0100) SH.';
COMMENT ON COLUMN "ct_series"."ctdi_phantom_type_code_scheme" IS 'Scheme of the code of the phantom of CTDIvol. From: CodingSchemeDesignator (0018,9346) > (0008,0102) SH.';
COMMENT ON COLUMN "ct_series"."ctdi_phantom_type_code_meaning" IS 'Meaning of the code of the phantom of CTDIvol. From: CodeMeaning (0018,9346) > (0008,0104) LO.';
COMMENT ON COLUMN "ct_series"."contrast_bolus_agent" IS 'Contrast agent. From: ContrastBolusAgent (0018,0010) LO.';
COMMENT ON COLUMN "ct_series"."contrast_bolus_route" IS 'Route of the contrast agent. From: ContrastBolusRoute (0018,1040) LO.';
COMMENT ON COLUMN "ct_series"."pixel_spacing" IS 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.';
COMMENT ON COLUMN "ct_series"."rows" IS 'Rows of a frame. From: Rows (0028,0010) US.';
COMMENT ON COLUMN "ct_series"."columns" IS 'Columns of a frame. From: Columns (0028,0011) US.';
COMMENT ON COLUMN "ct_series"."rescale_type" IS 'Unit of the rescaled values. From: RescaleType (0028,1054) LO.';
COMMENT ON COLUMN "ct_series"."convolution_kernel_values" IS 'Different values of ConvolutionKernel in the instances, sorted. Kernel of the reconstruction. Rule: different non-null values of instances.convolution_kernel; components of one value are joined by a backslash.';
COMMENT ON COLUMN "ct_series"."kvp_min" IS 'Smallest KVP of the instances. Peak voltage of the X-ray generator. Rule: min of instances.kvp. Unit: kV.';
COMMENT ON COLUMN "ct_series"."kvp_max" IS 'Greatest KVP of the instances. Peak voltage of the X-ray generator. Rule: max of instances.kvp. Unit: kV.';
COMMENT ON COLUMN "ct_series"."kvp_count" IS 'Different values of KVP in the instances. Rule: number of different non-null values of instances.kvp. Always at least 0.';
COMMENT ON COLUMN "ct_series"."x_ray_tube_current_min" IS 'Smallest XRayTubeCurrent of the instances. Current of the X-ray tube. Rule: min of instances.x_ray_tube_current. Unit: mA.';
COMMENT ON COLUMN "ct_series"."x_ray_tube_current_max" IS 'Greatest XRayTubeCurrent of the instances. Current of the X-ray tube. Rule: max of instances.x_ray_tube_current. Unit: mA.';
COMMENT ON COLUMN "ct_series"."x_ray_tube_current_count" IS 'Different values of XRayTubeCurrent in the instances. Rule: number of different non-null values of instances.x_ray_tube_current. Always at least 0.';
COMMENT ON COLUMN "ct_series"."exposure_time_min" IS 'Smallest ExposureTime of the instances. Duration of the exposure. Rule: min of instances.exposure_time. Unit: ms.';
COMMENT ON COLUMN "ct_series"."exposure_time_max" IS 'Greatest ExposureTime of the instances. Duration of the exposure. Rule: max of instances.exposure_time. Unit: ms.';
COMMENT ON COLUMN "ct_series"."exposure_time_count" IS 'Different values of ExposureTime in the instances. Rule: number of different non-null values of instances.exposure_time. Always at least 0.';
COMMENT ON COLUMN "ct_series"."exposure_min" IS 'Smallest Exposure of the instances. Tube current times exposure time. Rule: min of instances.exposure. Unit: mA s.';
COMMENT ON COLUMN "ct_series"."exposure_max" IS 'Greatest Exposure of the instances. Tube current times exposure time. Rule: max of instances.exposure. Unit: mA s.';
COMMENT ON COLUMN "ct_series"."exposure_count" IS 'Different values of Exposure in the instances. Rule: number of different non-null values of instances.exposure. Always at least 0.';
COMMENT ON COLUMN "ct_series"."ctdivol_min" IS 'Smallest CTDIvol of the instances. Volume CT dose index. Rule: min of instances.ctdivol. Unit: mGy.';
COMMENT ON COLUMN "ct_series"."ctdivol_max" IS 'Greatest CTDIvol of the instances. Volume CT dose index. Rule: max of instances.ctdivol. Unit: mGy.';
COMMENT ON COLUMN "ct_series"."ctdivol_count" IS 'Different values of CTDIvol in the instances. Rule: number of different non-null values of instances.ctdivol. Always at least 0.';
COMMENT ON COLUMN "ct_series"."spiral_pitch_factor_min" IS 'Smallest SpiralPitchFactor of the instances. Table feed per rotation over collimation. Rule: min of instances.spiral_pitch_factor.';
COMMENT ON COLUMN "ct_series"."spiral_pitch_factor_max" IS 'Greatest SpiralPitchFactor of the instances. Table feed per rotation over collimation. Rule: max of instances.spiral_pitch_factor.';
COMMENT ON COLUMN "ct_series"."spiral_pitch_factor_count" IS 'Different values of SpiralPitchFactor in the instances. Rule: number of different non-null values of instances.spiral_pitch_factor. Always at least 0.';
COMMENT ON COLUMN "ct_series"."slice_thickness_min" IS 'Smallest SliceThickness of the instances. Nominal thickness of the slice. Rule: min of instances.slice_thickness. Unit: mm.';
COMMENT ON COLUMN "ct_series"."slice_thickness_max" IS 'Greatest SliceThickness of the instances. Nominal thickness of the slice. Rule: max of instances.slice_thickness. Unit: mm.';
COMMENT ON COLUMN "ct_series"."slice_thickness_count" IS 'Different values of SliceThickness in the instances. Rule: number of different non-null values of instances.slice_thickness. Always at least 0.';
COMMENT ON COLUMN "ct_series"."table_height_min" IS 'Smallest TableHeight of the instances. Height of the table. Rule: min of instances.table_height. Unit: mm.';
COMMENT ON COLUMN "ct_series"."table_height_max" IS 'Greatest TableHeight of the instances. Height of the table. Rule: max of instances.table_height. Unit: mm.';
COMMENT ON COLUMN "ct_series"."table_height_count" IS 'Different values of TableHeight in the instances. Rule: number of different non-null values of instances.table_height. Always at least 0.';
COMMENT ON COLUMN "ct_series"."gantry_detector_tilt_min" IS 'Smallest GantryDetectorTilt of the instances. Nominal tilt of the gantry; its sign differs between makers. Rule: min of instances.gantry_detector_tilt. Unit: degree.';
COMMENT ON COLUMN "ct_series"."gantry_detector_tilt_max" IS 'Greatest GantryDetectorTilt of the instances. Nominal tilt of the gantry; its sign differs between makers. Rule: max of instances.gantry_detector_tilt. Unit: degree.';
COMMENT ON COLUMN "ct_series"."gantry_detector_tilt_count" IS 'Different values of GantryDetectorTilt in the instances. Rule: number of different non-null values of instances.gantry_detector_tilt. Always at least 0.';
COMMENT ON COLUMN "ct_series"."water_equivalent_diameter_min" IS 'Smallest WaterEquivalentDiameter of the instances. Diameter of a cylinder of water that attenuates alike. Rule: min of instances.water_equivalent_diameter. Unit: mm.';
COMMENT ON COLUMN "ct_series"."water_equivalent_diameter_max" IS 'Greatest WaterEquivalentDiameter of the instances. Diameter of a cylinder of water that attenuates alike. Rule: max of instances.water_equivalent_diameter. Unit: mm.';
COMMENT ON COLUMN "ct_series"."water_equivalent_diameter_count" IS 'Different values of WaterEquivalentDiameter in the instances. Rule: number of different non-null values of instances.water_equivalent_diameter. Always at least 0.';
COMMENT ON COLUMN "ct_series"."slice_location_min" IS 'Smallest SliceLocation of the instances. Relative position of the slice. Rule: min of instances.slice_location. Unit: mm.';
COMMENT ON COLUMN "ct_series"."slice_location_max" IS 'Greatest SliceLocation of the instances. Relative position of the slice. Rule: max of instances.slice_location. Unit: mm.';
COMMENT ON COLUMN "ct_series"."slice_location_count" IS 'Different values of SliceLocation in the instances. Rule: number of different non-null values of instances.slice_location. Always at least 0.';
COMMENT ON COLUMN "ct_series"."acquisition_number_min" IS 'Smallest AcquisitionNumber of the instances. Number of the acquisition. Rule: min of instances.acquisition_number.';
COMMENT ON COLUMN "ct_series"."acquisition_number_max" IS 'Greatest AcquisitionNumber of the instances. Number of the acquisition. Rule: max of instances.acquisition_number.';
COMMENT ON COLUMN "ct_series"."acquisition_number_count" IS 'Different values of AcquisitionNumber in the instances. Rule: number of different non-null values of instances.acquisition_number. Always at least 0.';
COMMENT ON COLUMN "ct_series"."n_instances" IS 'Instances of the series.';
COMMENT ON COLUMN "ct_series"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "ct_series"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "ct_series"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "mr_series" (
  "study_instance_uid" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "patient_key" TEXT NOT NULL,
  "modality" TEXT NOT NULL,
  "study_year" INTEGER NOT NULL,
  "magnetic_field_strength" DOUBLE PRECISION,
  "mr_acquisition_type" TEXT,
  "scanning_sequence" TEXT[],
  "sequence_variant" TEXT[],
  "scan_options" TEXT[],
  "imaged_nucleus" TEXT,
  "receive_coil_name" TEXT,
  "echo_train_length" BIGINT,
  "number_of_averages" DOUBLE PRECISION,
  "percent_sampling" DOUBLE PRECISION,
  "percent_phase_field_of_view" DOUBLE PRECISION,
  "acquisition_matrix" INTEGER[],
  "in_plane_phase_encoding_direction" TEXT,
  "parallel_acquisition_technique" TEXT,
  "parallel_reduction_factor_in_plane" DOUBLE PRECISION,
  "contrast_bolus_agent" TEXT,
  "spacing_between_slices" DOUBLE PRECISION,
  "pixel_spacing" DOUBLE PRECISION[],
  "rows" INTEGER,
  "columns" INTEGER,
  "sequence_name_values" TEXT[],
  "repetition_time_min" DOUBLE PRECISION,
  "repetition_time_max" DOUBLE PRECISION,
  "repetition_time_count" BIGINT,
  "echo_time_min" DOUBLE PRECISION,
  "echo_time_max" DOUBLE PRECISION,
  "echo_time_count" BIGINT,
  "inversion_time_min" DOUBLE PRECISION,
  "inversion_time_max" DOUBLE PRECISION,
  "inversion_time_count" BIGINT,
  "flip_angle_min" DOUBLE PRECISION,
  "flip_angle_max" DOUBLE PRECISION,
  "flip_angle_count" BIGINT,
  "echo_numbers_min" BIGINT,
  "echo_numbers_max" BIGINT,
  "echo_numbers_count" BIGINT,
  "diffusion_b_value_min" DOUBLE PRECISION,
  "diffusion_b_value_max" DOUBLE PRECISION,
  "diffusion_b_value_count" BIGINT,
  "siemens_b_value_min" BIGINT,
  "siemens_b_value_max" BIGINT,
  "siemens_b_value_count" BIGINT,
  "philips_b_value_min" REAL,
  "philips_b_value_max" REAL,
  "philips_b_value_count" BIGINT,
  "imaging_frequency_min" DOUBLE PRECISION,
  "imaging_frequency_max" DOUBLE PRECISION,
  "imaging_frequency_count" BIGINT,
  "pixel_bandwidth_min" DOUBLE PRECISION,
  "pixel_bandwidth_max" DOUBLE PRECISION,
  "pixel_bandwidth_count" BIGINT,
  "sar_min" DOUBLE PRECISION,
  "sar_max" DOUBLE PRECISION,
  "sar_count" BIGINT,
  "trigger_time_min" DOUBLE PRECISION,
  "trigger_time_max" DOUBLE PRECISION,
  "trigger_time_count" BIGINT,
  "slice_thickness_min" DOUBLE PRECISION,
  "slice_thickness_max" DOUBLE PRECISION,
  "slice_thickness_count" BIGINT,
  "slice_location_min" DOUBLE PRECISION,
  "slice_location_max" DOUBLE PRECISION,
  "slice_location_count" BIGINT,
  "temporal_position_identifier_min" BIGINT,
  "temporal_position_identifier_max" BIGINT,
  "temporal_position_identifier_count" BIGINT,
  "acquisition_number_min" BIGINT,
  "acquisition_number_max" BIGINT,
  "acquisition_number_count" BIGINT,
  "n_instances" BIGINT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
);
COMMENT ON TABLE "mr_series" IS 'One row per MR series. What is usually constant takes the commonest non-null value of the instances; of what varies there are minimum, maximum and the number of different values. An enhanced instance states much per frame: that stands in `frames` and may be null here.';
COMMENT ON COLUMN "mr_series"."study_instance_uid" IS 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.';
COMMENT ON COLUMN "mr_series"."series_instance_uid" IS 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.';
COMMENT ON COLUMN "mr_series"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "mr_series"."modality" IS 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "mr_series"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "mr_series"."magnetic_field_strength" IS 'Nominal field of the magnet. Unit: T. From: MagneticFieldStrength (0018,0087) DS.';
COMMENT ON COLUMN "mr_series"."mr_acquisition_type" IS 'Encoding of the MR data, 2D or 3D. From: MRAcquisitionType (0018,0023) CS.';
COMMENT ON COLUMN "mr_series"."scanning_sequence" IS 'Type of MR data taken. From: ScanningSequence (0018,0020) CS.';
COMMENT ON COLUMN "mr_series"."sequence_variant" IS 'Variant of the scanning sequence. From: SequenceVariant (0018,0021) CS.';
COMMENT ON COLUMN "mr_series"."scan_options" IS 'Options of the acquisition. From: ScanOptions (0018,0022) CS.';
COMMENT ON COLUMN "mr_series"."imaged_nucleus" IS 'Nucleus that resonates, e.g. `1H`. From: ImagedNucleus (0018,0085) SH.';
COMMENT ON COLUMN "mr_series"."receive_coil_name" IS 'Receiving coil. From: ReceiveCoilName (0018,1250) SH.';
COMMENT ON COLUMN "mr_series"."echo_train_length" IS 'Lines acquired per excitation. From: EchoTrainLength (0018,0091) IS.';
COMMENT ON COLUMN "mr_series"."number_of_averages" IS 'Times the data were acquired. From: NumberOfAverages (0018,0083) DS.';
COMMENT ON COLUMN "mr_series"."percent_sampling" IS 'Part of the matrix that was acquired. Unit: %. From: PercentSampling (0018,0093) DS.';
COMMENT ON COLUMN "mr_series"."percent_phase_field_of_view" IS 'Field of view in phase direction over that in frequency direction. Unit: %. From: PercentPhaseFieldOfView (0018,0094) DS.';
COMMENT ON COLUMN "mr_series"."acquisition_matrix" IS 'Frequency rows and columns, phase rows and columns. From: AcquisitionMatrix (0018,1310) US.';
COMMENT ON COLUMN "mr_series"."in_plane_phase_encoding_direction" IS 'Direction of phase encoding, `ROW` or `COL`. From: InPlanePhaseEncodingDirection (0018,1312) CS.';
COMMENT ON COLUMN "mr_series"."parallel_acquisition_technique" IS 'Technique of parallel imaging. From: ParallelAcquisitionTechnique (0018,9078) CS.';
COMMENT ON COLUMN "mr_series"."parallel_reduction_factor_in_plane" IS 'Reduction by parallel imaging, in plane. From: ParallelReductionFactorInPlane (0018,9069) FD.';
COMMENT ON COLUMN "mr_series"."contrast_bolus_agent" IS 'Contrast agent. From: ContrastBolusAgent (0018,0010) LO.';
COMMENT ON COLUMN "mr_series"."spacing_between_slices" IS 'Nominal spacing between slices. Unit: mm. From: SpacingBetweenSlices (0018,0088) DS.';
COMMENT ON COLUMN "mr_series"."pixel_spacing" IS 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.';
COMMENT ON COLUMN "mr_series"."rows" IS 'Rows of a frame. From: Rows (0028,0010) US.';
COMMENT ON COLUMN "mr_series"."columns" IS 'Columns of a frame. From: Columns (0028,0011) US.';
COMMENT ON COLUMN "mr_series"."sequence_name_values" IS 'Different values of SequenceName in the instances, sorted. Name of the MR sequence. Rule: different non-null values of instances.sequence_name; components of one value are joined by a backslash.';
COMMENT ON COLUMN "mr_series"."repetition_time_min" IS 'Smallest RepetitionTime of the instances. MR repetition time. Rule: min of instances.repetition_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."repetition_time_max" IS 'Greatest RepetitionTime of the instances. MR repetition time. Rule: max of instances.repetition_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."repetition_time_count" IS 'Different values of RepetitionTime in the instances. Rule: number of different non-null values of instances.repetition_time. Always at least 0.';
COMMENT ON COLUMN "mr_series"."echo_time_min" IS 'Smallest EchoTime of the instances. MR echo time. Rule: min of instances.echo_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."echo_time_max" IS 'Greatest EchoTime of the instances. MR echo time. Rule: max of instances.echo_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."echo_time_count" IS 'Different values of EchoTime in the instances. Rule: number of different non-null values of instances.echo_time. Always at least 0.';
COMMENT ON COLUMN "mr_series"."inversion_time_min" IS 'Smallest InversionTime of the instances. MR inversion time. Rule: min of instances.inversion_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."inversion_time_max" IS 'Greatest InversionTime of the instances. MR inversion time. Rule: max of instances.inversion_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."inversion_time_count" IS 'Different values of InversionTime in the instances. Rule: number of different non-null values of instances.inversion_time. Always at least 0.';
COMMENT ON COLUMN "mr_series"."flip_angle_min" IS 'Smallest FlipAngle of the instances. MR flip angle. Rule: min of instances.flip_angle. Unit: degree.';
COMMENT ON COLUMN "mr_series"."flip_angle_max" IS 'Greatest FlipAngle of the instances. MR flip angle. Rule: max of instances.flip_angle. Unit: degree.';
COMMENT ON COLUMN "mr_series"."flip_angle_count" IS 'Different values of FlipAngle in the instances. Rule: number of different non-null values of instances.flip_angle. Always at least 0.';
COMMENT ON COLUMN "mr_series"."echo_numbers_min" IS 'Smallest EchoNumbers of the instances. Number of the echo. Rule: min of instances.echo_numbers.';
COMMENT ON COLUMN "mr_series"."echo_numbers_max" IS 'Greatest EchoNumbers of the instances. Number of the echo. Rule: max of instances.echo_numbers.';
COMMENT ON COLUMN "mr_series"."echo_numbers_count" IS 'Different values of EchoNumbers in the instances. Rule: number of different non-null values of instances.echo_numbers. Always at least 0.';
COMMENT ON COLUMN "mr_series"."diffusion_b_value_min" IS 'Smallest DiffusionBValue of the instances. Diffusion weighting. Rule: min of instances.diffusion_b_value. Unit: s/mm2.';
COMMENT ON COLUMN "mr_series"."diffusion_b_value_max" IS 'Greatest DiffusionBValue of the instances. Diffusion weighting. Rule: max of instances.diffusion_b_value. Unit: s/mm2.';
COMMENT ON COLUMN "mr_series"."diffusion_b_value_count" IS 'Different values of DiffusionBValue in the instances. Rule: number of different non-null values of instances.diffusion_b_value. Always at least 0.';
COMMENT ON COLUMN "mr_series"."siemens_b_value_min" IS 'Smallest siemens_b_value of the instances. Diffusion weighting of a Siemens MR. Rule: min of instances.siemens_b_value. Unit: s/mm2.';
COMMENT ON COLUMN "mr_series"."siemens_b_value_max" IS 'Greatest siemens_b_value of the instances. Diffusion weighting of a Siemens MR. Rule: max of instances.siemens_b_value. Unit: s/mm2.';
COMMENT ON COLUMN "mr_series"."siemens_b_value_count" IS 'Different values of siemens_b_value in the instances. Rule: number of different non-null values of instances.siemens_b_value. Always at least 0.';
COMMENT ON COLUMN "mr_series"."philips_b_value_min" IS 'Smallest philips_b_value of the instances. Diffusion weighting of a Philips MR. Rule: min of instances.philips_b_value. Unit: s/mm2.';
COMMENT ON COLUMN "mr_series"."philips_b_value_max" IS 'Greatest philips_b_value of the instances. Diffusion weighting of a Philips MR. Rule: max of instances.philips_b_value. Unit: s/mm2.';
COMMENT ON COLUMN "mr_series"."philips_b_value_count" IS 'Different values of philips_b_value in the instances. Rule: number of different non-null values of instances.philips_b_value. Always at least 0.';
COMMENT ON COLUMN "mr_series"."imaging_frequency_min" IS 'Smallest ImagingFrequency of the instances. Precession frequency of the nucleus. Rule: min of instances.imaging_frequency. Unit: MHz.';
COMMENT ON COLUMN "mr_series"."imaging_frequency_max" IS 'Greatest ImagingFrequency of the instances. Precession frequency of the nucleus. Rule: max of instances.imaging_frequency. Unit: MHz.';
COMMENT ON COLUMN "mr_series"."imaging_frequency_count" IS 'Different values of ImagingFrequency in the instances. Rule: number of different non-null values of instances.imaging_frequency. Always at least 0.';
COMMENT ON COLUMN "mr_series"."pixel_bandwidth_min" IS 'Smallest PixelBandwidth of the instances. Bandwidth of a pixel. Rule: min of instances.pixel_bandwidth. Unit: Hz.';
COMMENT ON COLUMN "mr_series"."pixel_bandwidth_max" IS 'Greatest PixelBandwidth of the instances. Bandwidth of a pixel. Rule: max of instances.pixel_bandwidth. Unit: Hz.';
COMMENT ON COLUMN "mr_series"."pixel_bandwidth_count" IS 'Different values of PixelBandwidth in the instances. Rule: number of different non-null values of instances.pixel_bandwidth. Always at least 0.';
COMMENT ON COLUMN "mr_series"."sar_min" IS 'Smallest SAR of the instances. Specific absorption rate. Rule: min of instances.sar. Unit: W/kg.';
COMMENT ON COLUMN "mr_series"."sar_max" IS 'Greatest SAR of the instances. Specific absorption rate. Rule: max of instances.sar. Unit: W/kg.';
COMMENT ON COLUMN "mr_series"."sar_count" IS 'Different values of SAR in the instances. Rule: number of different non-null values of instances.sar. Always at least 0.';
COMMENT ON COLUMN "mr_series"."trigger_time_min" IS 'Smallest TriggerTime of the instances. Time after the trigger. Rule: min of instances.trigger_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."trigger_time_max" IS 'Greatest TriggerTime of the instances. Time after the trigger. Rule: max of instances.trigger_time. Unit: ms.';
COMMENT ON COLUMN "mr_series"."trigger_time_count" IS 'Different values of TriggerTime in the instances. Rule: number of different non-null values of instances.trigger_time. Always at least 0.';
COMMENT ON COLUMN "mr_series"."slice_thickness_min" IS 'Smallest SliceThickness of the instances. Nominal thickness of the slice. Rule: min of instances.slice_thickness. Unit: mm.';
COMMENT ON COLUMN "mr_series"."slice_thickness_max" IS 'Greatest SliceThickness of the instances. Nominal thickness of the slice. Rule: max of instances.slice_thickness. Unit: mm.';
COMMENT ON COLUMN "mr_series"."slice_thickness_count" IS 'Different values of SliceThickness in the instances. Rule: number of different non-null values of instances.slice_thickness. Always at least 0.';
COMMENT ON COLUMN "mr_series"."slice_location_min" IS 'Smallest SliceLocation of the instances. Relative position of the slice. Rule: min of instances.slice_location. Unit: mm.';
COMMENT ON COLUMN "mr_series"."slice_location_max" IS 'Greatest SliceLocation of the instances. Relative position of the slice. Rule: max of instances.slice_location. Unit: mm.';
COMMENT ON COLUMN "mr_series"."slice_location_count" IS 'Different values of SliceLocation in the instances. Rule: number of different non-null values of instances.slice_location. Always at least 0.';
COMMENT ON COLUMN "mr_series"."temporal_position_identifier_min" IS 'Smallest TemporalPositionIdentifier of the instances. Place in a time series. Rule: min of instances.temporal_position_identifier.';
COMMENT ON COLUMN "mr_series"."temporal_position_identifier_max" IS 'Greatest TemporalPositionIdentifier of the instances. Place in a time series. Rule: max of instances.temporal_position_identifier.';
COMMENT ON COLUMN "mr_series"."temporal_position_identifier_count" IS 'Different values of TemporalPositionIdentifier in the instances. Rule: number of different non-null values of instances.temporal_position_identifier. Always at least 0.';
COMMENT ON COLUMN "mr_series"."acquisition_number_min" IS 'Smallest AcquisitionNumber of the instances. Number of the acquisition. Rule: min of instances.acquisition_number.';
COMMENT ON COLUMN "mr_series"."acquisition_number_max" IS 'Greatest AcquisitionNumber of the instances. Number of the acquisition. Rule: max of instances.acquisition_number.';
COMMENT ON COLUMN "mr_series"."acquisition_number_count" IS 'Different values of AcquisitionNumber in the instances. Rule: number of different non-null values of instances.acquisition_number. Always at least 0.';
COMMENT ON COLUMN "mr_series"."n_instances" IS 'Instances of the series.';
COMMENT ON COLUMN "mr_series"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "mr_series"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "mr_series"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "pt_series" (
  "study_instance_uid" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "patient_key" TEXT NOT NULL,
  "modality" TEXT NOT NULL,
  "study_year" INTEGER NOT NULL,
  "units" TEXT,
  "series_type" TEXT[],
  "corrected_image" TEXT[],
  "decay_correction" TEXT,
  "reconstruction_method" TEXT,
  "attenuation_correction_method" TEXT,
  "scatter_correction_method" TEXT,
  "randoms_correction_method" TEXT,
  "convolution_kernel" TEXT[],
  "collimator_type" TEXT,
  "energy_window_lower_limit" DOUBLE PRECISION,
  "energy_window_upper_limit" DOUBLE PRECISION,
  "radiopharmaceutical" TEXT,
  "radiopharmaceutical_start_time" TIME,
  "radiopharmaceutical_start_date_time" TIMESTAMP,
  "radiopharmaceutical_start_date_time_offset_minutes" INTEGER,
  "radionuclide_total_dose" DOUBLE PRECISION,
  "radionuclide_half_life" DOUBLE PRECISION,
  "radionuclide_positron_fraction" DOUBLE PRECISION,
  "radionuclide_code_value" TEXT,
  "radionuclide_code_scheme" TEXT,
  "radionuclide_code_meaning" TEXT,
  "radiopharmaceutical_code_value" TEXT,
  "radiopharmaceutical_code_scheme" TEXT,
  "radiopharmaceutical_code_meaning" TEXT,
  "number_of_slices" INTEGER,
  "pixel_spacing" DOUBLE PRECISION[],
  "rows" INTEGER,
  "columns" INTEGER,
  "frame_reference_time_min" DOUBLE PRECISION,
  "frame_reference_time_max" DOUBLE PRECISION,
  "frame_reference_time_count" BIGINT,
  "actual_frame_duration_min" DOUBLE PRECISION,
  "actual_frame_duration_max" DOUBLE PRECISION,
  "actual_frame_duration_count" BIGINT,
  "decay_factor_min" DOUBLE PRECISION,
  "decay_factor_max" DOUBLE PRECISION,
  "decay_factor_count" BIGINT,
  "rescale_slope_min" DOUBLE PRECISION,
  "rescale_slope_max" DOUBLE PRECISION,
  "rescale_slope_count" BIGINT,
  "acquisition_time_min" TIME,
  "acquisition_time_max" TIME,
  "acquisition_time_count" BIGINT,
  "slice_thickness_min" DOUBLE PRECISION,
  "slice_thickness_max" DOUBLE PRECISION,
  "slice_thickness_count" BIGINT,
  "slice_location_min" DOUBLE PRECISION,
  "slice_location_max" DOUBLE PRECISION,
  "slice_location_count" BIGINT,
  "n_instances" BIGINT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "series_instance_uid")
);
COMMENT ON TABLE "pt_series" IS 'One row per PET series. What is usually constant takes the commonest non-null value of the instances; of what varies there are minimum, maximum and the number of different values.';
COMMENT ON COLUMN "pt_series"."study_instance_uid" IS 'Study of the instance. From: StudyInstanceUID (0020,000D) UI.';
COMMENT ON COLUMN "pt_series"."series_instance_uid" IS 'Series of the instance. From: SeriesInstanceUID (0020,000E) UI.';
COMMENT ON COLUMN "pt_series"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "pt_series"."modality" IS 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "pt_series"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "pt_series"."units" IS 'Units of PET pixel values. From: Units (0054,1001) CS.';
COMMENT ON COLUMN "pt_series"."series_type" IS 'Kind of the PET series, e.g. `STATIC`, `IMAGE`. From: SeriesType (0054,1000) CS.';
COMMENT ON COLUMN "pt_series"."corrected_image" IS 'Corrections applied to PET or NM data. From: CorrectedImage (0028,0051) CS.';
COMMENT ON COLUMN "pt_series"."decay_correction" IS 'Time that decay was corrected to. From: DecayCorrection (0054,1102) CS.';
COMMENT ON COLUMN "pt_series"."reconstruction_method" IS 'Method of the reconstruction. From: ReconstructionMethod (0054,1103) LO.';
COMMENT ON COLUMN "pt_series"."attenuation_correction_method" IS 'Method of attenuation correction. From: AttenuationCorrectionMethod (0054,1101) LO.';
COMMENT ON COLUMN "pt_series"."scatter_correction_method" IS 'Method of scatter correction. From: ScatterCorrectionMethod (0054,1105) LO.';
COMMENT ON COLUMN "pt_series"."randoms_correction_method" IS 'Method of randoms correction. From: RandomsCorrectionMethod (0054,1100) CS.';
COMMENT ON COLUMN "pt_series"."convolution_kernel" IS 'Kernel of the reconstruction. From: ConvolutionKernel (0018,1210) SH.';
COMMENT ON COLUMN "pt_series"."collimator_type" IS 'Type of the collimator. From: CollimatorType (0018,1181) CS.';
COMMENT ON COLUMN "pt_series"."energy_window_lower_limit" IS 'Lower limit of the energy window. Unit: keV. From: EnergyWindowLowerLimit (0054,0012) > (0054,0013) > (0054,0014) DS.';
COMMENT ON COLUMN "pt_series"."energy_window_upper_limit" IS 'Upper limit of the energy window. Unit: keV. From: EnergyWindowUpperLimit (0054,0012) > (0054,0013) > (0054,0015) DS.';
COMMENT ON COLUMN "pt_series"."radiopharmaceutical" IS 'Name of the radiopharmaceutical. From: Radiopharmaceutical (0054,0016) > (0018,0031) LO.';
COMMENT ON COLUMN "pt_series"."radiopharmaceutical_start_time" IS 'Time the administration started. From: RadiopharmaceuticalStartTime (0054,0016) > (0018,1072) TM.';
COMMENT ON COLUMN "pt_series"."radiopharmaceutical_start_date_time" IS 'Date and time the administration started; UTC where the file gives an offset, else local time. From: RadiopharmaceuticalStartDateTime (0054,0016) > (0018,1078) DT.';
COMMENT ON COLUMN "pt_series"."radiopharmaceutical_start_date_time_offset_minutes" IS 'Offset from UTC that Radiopharmaceutical Start DateTime was written with; null where it had none. Unit: min.';
COMMENT ON COLUMN "pt_series"."radionuclide_total_dose" IS 'Activity that was administered: Bq in PET images, MBq in NM and enhanced PET images. From: RadionuclideTotalDose (0054,0016) > (0018,1074) DS.';
COMMENT ON COLUMN "pt_series"."radionuclide_half_life" IS 'Half-life of the radionuclide. Unit: s. From: RadionuclideHalfLife (0054,0016) > (0018,1075) DS.';
COMMENT ON COLUMN "pt_series"."radionuclide_positron_fraction" IS 'Part of the decays that give a positron. From: RadionuclidePositronFraction (0054,0016) > (0018,1076) DS.';
COMMENT ON COLUMN "pt_series"."radionuclide_code_value" IS 'Code of the radionuclide. From: CodeValue (0054,0016) > (0054,0300) > (0008,0100) SH.';
COMMENT ON COLUMN "pt_series"."radionuclide_code_scheme" IS 'Scheme of the code of the radionuclide. From: CodingSchemeDesignator (0054,0016) > (0054,0300) > (0008,0102) SH.';
COMMENT ON COLUMN "pt_series"."radionuclide_code_meaning" IS 'Meaning of the code of the radionuclide. From: CodeMeaning (0054,0016) > (0054,0300) > (0008,0104) LO.';
COMMENT ON COLUMN "pt_series"."radiopharmaceutical_code_value" IS 'Code of the radiopharmaceutical. From: CodeValue (0054,0016) > (0054,0304) > (0008,0100) SH.';
COMMENT ON COLUMN "pt_series"."radiopharmaceutical_code_scheme" IS 'Scheme of the code of the radiopharmaceutical. From: CodingSchemeDesignator (0054,0016) > (0054,0304) > (0008,0102) SH.';
COMMENT ON COLUMN "pt_series"."radiopharmaceutical_code_meaning" IS 'Meaning of the code of the radiopharmaceutical. From: CodeMeaning (0054,0016) > (0054,0304) > (0008,0104) LO.';
COMMENT ON COLUMN "pt_series"."number_of_slices" IS 'Slices in the series, as declared. From: NumberOfSlices (0054,0081) US.';
COMMENT ON COLUMN "pt_series"."pixel_spacing" IS 'Distance between rows, then between columns, in the patient. Unit: mm. From: PixelSpacing (0028,0030) DS.';
COMMENT ON COLUMN "pt_series"."rows" IS 'Rows of a frame. From: Rows (0028,0010) US.';
COMMENT ON COLUMN "pt_series"."columns" IS 'Columns of a frame. From: Columns (0028,0011) US.';
COMMENT ON COLUMN "pt_series"."frame_reference_time_min" IS 'Smallest FrameReferenceTime of the instances. Time the PET pixel values refer to, from the series reference. Rule: min of instances.frame_reference_time. Unit: ms.';
COMMENT ON COLUMN "pt_series"."frame_reference_time_max" IS 'Greatest FrameReferenceTime of the instances. Time the PET pixel values refer to, from the series reference. Rule: max of instances.frame_reference_time. Unit: ms.';
COMMENT ON COLUMN "pt_series"."frame_reference_time_count" IS 'Different values of FrameReferenceTime in the instances. Rule: number of different non-null values of instances.frame_reference_time. Always at least 0.';
COMMENT ON COLUMN "pt_series"."actual_frame_duration_min" IS 'Smallest ActualFrameDuration of the instances. Duration of the acquisition of the frame. Rule: min of instances.actual_frame_duration. Unit: ms.';
COMMENT ON COLUMN "pt_series"."actual_frame_duration_max" IS 'Greatest ActualFrameDuration of the instances. Duration of the acquisition of the frame. Rule: max of instances.actual_frame_duration. Unit: ms.';
COMMENT ON COLUMN "pt_series"."actual_frame_duration_count" IS 'Different values of ActualFrameDuration in the instances. Rule: number of different non-null values of instances.actual_frame_duration. Always at least 0.';
COMMENT ON COLUMN "pt_series"."decay_factor_min" IS 'Smallest DecayFactor of the instances. Factor that decay was corrected by. Rule: min of instances.decay_factor.';
COMMENT ON COLUMN "pt_series"."decay_factor_max" IS 'Greatest DecayFactor of the instances. Factor that decay was corrected by. Rule: max of instances.decay_factor.';
COMMENT ON COLUMN "pt_series"."decay_factor_count" IS 'Different values of DecayFactor in the instances. Rule: number of different non-null values of instances.decay_factor. Always at least 0.';
COMMENT ON COLUMN "pt_series"."rescale_slope_min" IS 'Smallest RescaleSlope of the instances. Slope from stored to real value. Rule: min of instances.rescale_slope.';
COMMENT ON COLUMN "pt_series"."rescale_slope_max" IS 'Greatest RescaleSlope of the instances. Slope from stored to real value. Rule: max of instances.rescale_slope.';
COMMENT ON COLUMN "pt_series"."rescale_slope_count" IS 'Different values of RescaleSlope in the instances. Rule: number of different non-null values of instances.rescale_slope. Always at least 0.';
COMMENT ON COLUMN "pt_series"."acquisition_time_min" IS 'Smallest AcquisitionTime of the instances. Time the acquisition started. Rule: min of instances.acquisition_time.';
COMMENT ON COLUMN "pt_series"."acquisition_time_max" IS 'Greatest AcquisitionTime of the instances. Time the acquisition started. Rule: max of instances.acquisition_time.';
COMMENT ON COLUMN "pt_series"."acquisition_time_count" IS 'Different values of AcquisitionTime in the instances. Rule: number of different non-null values of instances.acquisition_time. Always at least 0.';
COMMENT ON COLUMN "pt_series"."slice_thickness_min" IS 'Smallest SliceThickness of the instances. Nominal thickness of the slice. Rule: min of instances.slice_thickness. Unit: mm.';
COMMENT ON COLUMN "pt_series"."slice_thickness_max" IS 'Greatest SliceThickness of the instances. Nominal thickness of the slice. Rule: max of instances.slice_thickness. Unit: mm.';
COMMENT ON COLUMN "pt_series"."slice_thickness_count" IS 'Different values of SliceThickness in the instances. Rule: number of different non-null values of instances.slice_thickness. Always at least 0.';
COMMENT ON COLUMN "pt_series"."slice_location_min" IS 'Smallest SliceLocation of the instances. Relative position of the slice. Rule: min of instances.slice_location. Unit: mm.';
COMMENT ON COLUMN "pt_series"."slice_location_max" IS 'Greatest SliceLocation of the instances. Relative position of the slice. Rule: max of instances.slice_location. Unit: mm.';
COMMENT ON COLUMN "pt_series"."slice_location_count" IS 'Different values of SliceLocation in the instances. Rule: number of different non-null values of instances.slice_location. Always at least 0.';
COMMENT ON COLUMN "pt_series"."n_instances" IS 'Instances of the series.';
COMMENT ON COLUMN "pt_series"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "pt_series"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "pt_series"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "volume_id"
CREATE TABLE "volumes" (
  "volume_id" TEXT NOT NULL,
  "study_instance_uid" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "reason" TEXT,
  "detail" TEXT,
  "channel_key" TEXT,
  "channel_value" TEXT,
  "shape" BIGINT[],
  "dtype" TEXT,
  "units" TEXT,
  "suv_bw_factor" DOUBLE PRECISION,
  "spacing_row_mm" DOUBLE PRECISION,
  "spacing_column_mm" DOUBLE PRECISION,
  "spacing_slice_mm" DOUBLE PRECISION,
  "affine_lps" DOUBLE PRECISION[],
  "n_slices" BIGINT,
  "flags" TEXT[],
  "max_position_error_mm" DOUBLE PRECISION,
  "value_min" DOUBLE PRECISION,
  "value_max" DOUBLE PRECISION,
  "sha256" TEXT,
  "path" TEXT,
  "preview" TEXT,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("volume_id")
);
COMMENT ON TABLE "volumes" IS 'One row per volume accepted and per series or group rejected. `reason` is a code in capitals, null when accepted; `detail` says more as JSON.';
COMMENT ON COLUMN "volumes"."volume_id" IS 'Identity of the volume. Rule: hash of the sorted instance UIDs and frame numbers, the channel and the settings that shape voxels. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "volumes"."study_instance_uid" IS 'Study of the series.';
COMMENT ON COLUMN "volumes"."series_instance_uid" IS 'Series the volume was made from.';
COMMENT ON COLUMN "volumes"."status" IS 'Whether there is an array. Always one of `accepted`, `rejected`.';
COMMENT ON COLUMN "volumes"."reason" IS 'Why it was rejected; null when accepted. Always one of the codes below.';
COMMENT ON COLUMN "volumes"."detail" IS 'More about the verdict, as a JSON object.';
COMMENT ON COLUMN "volumes"."channel_key" IS 'Attribute that the series was split by.';
COMMENT ON COLUMN "volumes"."channel_value" IS 'Value of that attribute in this volume.';
COMMENT ON COLUMN "volumes"."shape" IS 'Slices, rows, columns (z, y, x).';
COMMENT ON COLUMN "volumes"."dtype" IS 'Type of a voxel. Always one of `int16`, `int32`, `float32`, `float64`.';
COMMENT ON COLUMN "volumes"."units" IS 'Unit of a voxel; null where the files do not say.';
COMMENT ON COLUMN "volumes"."suv_bw_factor" IS 'What a voxel in BQML is multiplied by for SUV by body weight. Rule: body weight over the injected dose, decayed to the time that the series is corrected to; null where the header does not say all of it. Unit: g/Bq.';
COMMENT ON COLUMN "volumes"."spacing_row_mm" IS 'Distance between rows. Unit: mm.';
COMMENT ON COLUMN "volumes"."spacing_column_mm" IS 'Distance between columns. Unit: mm.';
COMMENT ON COLUMN "volumes"."spacing_slice_mm" IS 'Length of the step from slice to slice. Unit: mm.';
COMMENT ON COLUMN "volumes"."affine_lps" IS '4 x 4 matrix, row by row, from index (column, row, slice) to LPS coordinates. Unit: mm.';
COMMENT ON COLUMN "volumes"."n_slices" IS 'Slices of the volume. Always at least 0.';
COMMENT ON COLUMN "volumes"."flags" IS 'What is worth knowing of it, sorted. Always one of the codes below.';
COMMENT ON COLUMN "volumes"."max_position_error_mm" IS 'Greatest distance of a slice''s corner from where the affine puts it. Unit: mm.';
COMMENT ON COLUMN "volumes"."value_min" IS 'Smallest voxel.';
COMMENT ON COLUMN "volumes"."value_max" IS 'Greatest voxel.';
COMMENT ON COLUMN "volumes"."sha256" IS 'Digest of the C-order little-endian array [z, y, x]. Always matches `[0-9a-f]{64}`.';
COMMENT ON COLUMN "volumes"."path" IS 'Zarr group, relative to the lake.';
COMMENT ON COLUMN "volumes"."preview" IS 'Picture of the three middle planes (PNG), relative to the lake; null where `volumes.preview` is off.';
COMMENT ON COLUMN "volumes"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "volumes"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "volumes"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "file_id", "frame_number"
CREATE TABLE "volume_instances" (
  "volume_id" TEXT,
  "study_instance_uid" TEXT NOT NULL,
  "series_instance_uid" TEXT NOT NULL,
  "sop_instance_uid" TEXT NOT NULL,
  "frame_number" INTEGER,
  "role" TEXT NOT NULL,
  "reason" TEXT,
  "slice_index" BIGINT,
  "position_mm" DOUBLE PRECISION,
  "slope" DOUBLE PRECISION,
  "intercept" DOUBLE PRECISION,
  "file_id" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL
);
COMMENT ON TABLE "volume_instances" IS 'Every image instance or frame considered for a volume: a slice of it, a duplicate, or excluded, with the reason. An object excluded as a whole is one row without frame number.';
COMMENT ON COLUMN "volume_instances"."volume_id" IS 'Volume it belongs to; null when excluded.';
COMMENT ON COLUMN "volume_instances"."study_instance_uid" IS 'Study of the instance.';
COMMENT ON COLUMN "volume_instances"."series_instance_uid" IS 'Series of the instance.';
COMMENT ON COLUMN "volume_instances"."sop_instance_uid" IS 'The instance.';
COMMENT ON COLUMN "volume_instances"."frame_number" IS 'Frame of the instance, from 1; 1 for a single-frame image, null for an object excluded as a whole.';
COMMENT ON COLUMN "volume_instances"."role" IS 'What became of it. Always one of `slice`, `duplicate`, `excluded`.';
COMMENT ON COLUMN "volume_instances"."reason" IS 'Why it is no slice; null for a slice. Always one of the codes below.';
COMMENT ON COLUMN "volume_instances"."slice_index" IS 'Index k of the slice, from 0.';
COMMENT ON COLUMN "volume_instances"."position_mm" IS 'Distance of its first pixel along the normal. Unit: mm.';
COMMENT ON COLUMN "volume_instances"."slope" IS 'Rescale slope applied.';
COMMENT ON COLUMN "volume_instances"."intercept" IS 'Rescale intercept applied.';
COMMENT ON COLUMN "volume_instances"."file_id" IS 'File of the instance.';
COMMENT ON COLUMN "volume_instances"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "volume_instances"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "volume_instances"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid"
CREATE TABLE "dose_studies" (
  "study_instance_uid" TEXT NOT NULL,
  "patient_key" TEXT,
  "outcome" TEXT NOT NULL,
  "n_reports" BIGINT NOT NULL,
  "n_images" BIGINT NOT NULL,
  "n_images_with_dose" BIGINT NOT NULL,
  "devices" JSONB, -- map<string, string> as JSON
  "inputs_sha256" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid")
);
COMMENT ON TABLE "dose_studies" IS 'One row per study with objects that can carry a dose: what it was read from.';
COMMENT ON COLUMN "dose_studies"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "dose_studies"."patient_key" IS 'Patient of the study.';
COMMENT ON COLUMN "dose_studies"."outcome" IS 'What its dose was read from. Always one of `reports`, `headers`, `both`, `no_dose`, `unreadable`.';
COMMENT ON COLUMN "dose_studies"."n_reports" IS 'Objects read as dose reports.';
COMMENT ON COLUMN "dose_studies"."n_images" IS 'Images that can carry a dose.';
COMMENT ON COLUMN "dose_studies"."n_images_with_dose" IS 'Images whose header gives a dose.';
COMMENT ON COLUMN "dose_studies"."devices" IS 'What its objects say of the devices, JSON by device key.';
COMMENT ON COLUMN "dose_studies"."inputs_sha256" IS 'Digest of its objects and of the settings: the study is read again when it changes.';
COMMENT ON COLUMN "dose_studies"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "dose_studies"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "dose_studies"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "sop_instance_uid", "file_id"
CREATE TABLE "dose_reports" (
  "sop_instance_uid" TEXT NOT NULL,
  "study_instance_uid" TEXT NOT NULL,
  "patient_key" TEXT,
  "template" TEXT,
  "root_code" TEXT,
  "procedure_code" TEXT,
  "procedure_raw_scheme" TEXT,
  "procedure_raw_code" TEXT,
  "procedure_meaning" TEXT,
  "source_kind" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "superseded_by" TEXT,
  "scope_code" TEXT,
  "content_datetime" TIMESTAMP,
  "series_datetime" TIMESTAMP,
  "device_key" TEXT,
  "n_events" BIGINT NOT NULL,
  "n_events_reported" BIGINT,
  "dlp_total_reported_mgy_cm" DOUBLE PRECISION,
  "dlp_head_phantom_reported_mgy_cm" DOUBLE PRECISION,
  "dlp_body_phantom_reported_mgy_cm" DOUBLE PRECISION,
  "kap_total_plane_a_gy_cm2" DOUBLE PRECISION,
  "kap_fluoro_plane_a_gy_cm2" DOUBLE PRECISION,
  "kap_acquisition_plane_a_gy_cm2" DOUBLE PRECISION,
  "ka_r_total_plane_a_mgy" DOUBLE PRECISION,
  "ka_r_fluoro_plane_a_mgy" DOUBLE PRECISION,
  "ka_r_acquisition_plane_a_mgy" DOUBLE PRECISION,
  "fluoro_time_plane_a_s" DOUBLE PRECISION,
  "acquisition_time_plane_a_s" DOUBLE PRECISION,
  "kap_total_plane_b_gy_cm2" DOUBLE PRECISION,
  "kap_fluoro_plane_b_gy_cm2" DOUBLE PRECISION,
  "kap_acquisition_plane_b_gy_cm2" DOUBLE PRECISION,
  "ka_r_total_plane_b_mgy" DOUBLE PRECISION,
  "ka_r_fluoro_plane_b_mgy" DOUBLE PRECISION,
  "ka_r_acquisition_plane_b_mgy" DOUBLE PRECISION,
  "fluoro_time_plane_b_s" DOUBLE PRECISION,
  "acquisition_time_plane_b_s" DOUBLE PRECISION,
  "n_frames_reported" BIGINT,
  "agd_left_reported_mgy" DOUBLE PRECISION,
  "agd_right_reported_mgy" DOUBLE PRECISION,
  "raw_quantities" JSONB, -- map<string, string> as JSON
  "flags" TEXT[],
  "file_id" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("sop_instance_uid", "file_id")
);
COMMENT ON TABLE "dose_reports" IS 'One row per dose report: structured reports and Philips dose screens. A file whose SOP Instance UID another file claims with other content has a row too, with status `conflict`.';
COMMENT ON COLUMN "dose_reports"."sop_instance_uid" IS 'The report.';
COMMENT ON COLUMN "dose_reports"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "dose_reports"."patient_key" IS 'Patient of the study.';
COMMENT ON COLUMN "dose_reports"."template" IS 'Identifier of its template, such as 10011.';
COMMENT ON COLUMN "dose_reports"."root_code" IS 'Code of its root concept.';
COMMENT ON COLUMN "dose_reports"."procedure_code" IS 'Code of the procedure reported (121058), such as mammography: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "dose_reports"."procedure_raw_scheme" IS 'Coding scheme of the procedure reported (121058), such as mammography as written.';
COMMENT ON COLUMN "dose_reports"."procedure_raw_code" IS 'Code of the procedure reported (121058), such as mammography as written.';
COMMENT ON COLUMN "dose_reports"."procedure_meaning" IS 'Meaning of the code of the procedure reported (121058), such as mammography as written.';
COMMENT ON COLUMN "dose_reports"."source_kind" IS 'Kind of source. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.';
COMMENT ON COLUMN "dose_reports"."status" IS 'What became of it. Always one of the codes below.';
COMMENT ON COLUMN "dose_reports"."superseded_by" IS 'Report that has all of its events.';
COMMENT ON COLUMN "dose_reports"."scope_code" IS 'Scope of accumulation (113705).';
COMMENT ON COLUMN "dose_reports"."content_datetime" IS 'Content Date and Time, local.';
COMMENT ON COLUMN "dose_reports"."series_datetime" IS 'Series Date and Time, local.';
COMMENT ON COLUMN "dose_reports"."device_key" IS 'Device that gave the dose, in `devices`.';
COMMENT ON COLUMN "dose_reports"."n_events" IS 'Events read from it.';
COMMENT ON COLUMN "dose_reports"."n_events_reported" IS 'Events it says that there were (113812).';
COMMENT ON COLUMN "dose_reports"."dlp_total_reported_mgy_cm" IS 'DLP total (113813). Unit: mGy cm.';
COMMENT ON COLUMN "dose_reports"."dlp_head_phantom_reported_mgy_cm" IS 'Total of the 16 cm phantom, where stated. Unit: mGy cm.';
COMMENT ON COLUMN "dose_reports"."dlp_body_phantom_reported_mgy_cm" IS 'Total of the 32 cm phantom, where stated. Unit: mGy cm.';
COMMENT ON COLUMN "dose_reports"."kap_total_plane_a_gy_cm2" IS 'Kerma-area product total, plane A; of a single plane under A. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_reports"."kap_fluoro_plane_a_gy_cm2" IS 'Kerma-area product of fluoroscopy, plane A; of a single plane under A. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_reports"."kap_acquisition_plane_a_gy_cm2" IS 'Kerma-area product of acquisition, plane A; of a single plane under A. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_reports"."ka_r_total_plane_a_mgy" IS 'Reference air kerma total, plane A; of a single plane under A. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."ka_r_fluoro_plane_a_mgy" IS 'Reference air kerma of fluoroscopy, plane A; of a single plane under A. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."ka_r_acquisition_plane_a_mgy" IS 'Reference air kerma of acquisition, plane A; of a single plane under A. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."fluoro_time_plane_a_s" IS 'Time of fluoroscopy, plane A; of a single plane under A. Unit: s.';
COMMENT ON COLUMN "dose_reports"."acquisition_time_plane_a_s" IS 'Time of acquisition, plane A; of a single plane under A. Unit: s.';
COMMENT ON COLUMN "dose_reports"."kap_total_plane_b_gy_cm2" IS 'Kerma-area product total, plane B; of a single plane under A. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_reports"."kap_fluoro_plane_b_gy_cm2" IS 'Kerma-area product of fluoroscopy, plane B; of a single plane under A. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_reports"."kap_acquisition_plane_b_gy_cm2" IS 'Kerma-area product of acquisition, plane B; of a single plane under A. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_reports"."ka_r_total_plane_b_mgy" IS 'Reference air kerma total, plane B; of a single plane under A. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."ka_r_fluoro_plane_b_mgy" IS 'Reference air kerma of fluoroscopy, plane B; of a single plane under A. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."ka_r_acquisition_plane_b_mgy" IS 'Reference air kerma of acquisition, plane B; of a single plane under A. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."fluoro_time_plane_b_s" IS 'Time of fluoroscopy, plane B; of a single plane under A. Unit: s.';
COMMENT ON COLUMN "dose_reports"."acquisition_time_plane_b_s" IS 'Time of acquisition, plane B; of a single plane under A. Unit: s.';
COMMENT ON COLUMN "dose_reports"."n_frames_reported" IS 'Radiographic frames (113731).';
COMMENT ON COLUMN "dose_reports"."agd_left_reported_mgy" IS 'Accumulated glandular dose, left breast. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."agd_right_reported_mgy" IS 'Accumulated glandular dose, right breast. Unit: mGy.';
COMMENT ON COLUMN "dose_reports"."raw_quantities" IS 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.';
COMMENT ON COLUMN "dose_reports"."flags" IS 'What is worth knowing of it, sorted. Always one of the codes below.';
COMMENT ON COLUMN "dose_reports"."file_id" IS 'File it was read from.';
COMMENT ON COLUMN "dose_reports"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "dose_reports"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "dose_reports"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "irradiation_event_uid"
CREATE TABLE "ct_irradiation_events" (
  "study_instance_uid" TEXT NOT NULL,
  "irradiation_event_uid" TEXT NOT NULL,
  "active" BOOLEAN NOT NULL,
  "device_key" TEXT,
  "event_start" TIMESTAMP,
  "event_start_offset_minutes" INTEGER,
  "acquisition_protocol" TEXT,
  "target_region_code" TEXT,
  "target_region_raw_scheme" TEXT,
  "target_region_raw_code" TEXT,
  "target_region_meaning" TEXT,
  "acquisition_type_code" TEXT,
  "acquisition_type_raw_scheme" TEXT,
  "acquisition_type_raw_code" TEXT,
  "acquisition_type_meaning" TEXT,
  "procedure_context_code" TEXT,
  "procedure_context_raw_scheme" TEXT,
  "procedure_context_raw_code" TEXT,
  "procedure_context_meaning" TEXT,
  "label" TEXT,
  "label_type" TEXT,
  "is_repeat" BOOLEAN,
  "repeat_reason" TEXT,
  "comment" TEXT,
  "exposure_time_s" DOUBLE PRECISION,
  "scanning_length_mm" DOUBLE PRECISION,
  "exposed_range_mm" DOUBLE PRECISION,
  "reconstructable_length_mm" DOUBLE PRECISION,
  "z_top_mm" DOUBLE PRECISION,
  "z_bottom_mm" DOUBLE PRECISION,
  "single_collimation_mm" DOUBLE PRECISION,
  "total_collimation_mm" DOUBLE PRECISION,
  "pitch" DOUBLE PRECISION,
  "n_sources" INTEGER,
  "kvp" DOUBLE PRECISION,
  "kvp_list" DOUBLE PRECISION[],
  "ma_mean" DOUBLE PRECISION,
  "ma_max" DOUBLE PRECISION,
  "mas_mean" DOUBLE PRECISION,
  "rotation_time_s" DOUBLE PRECISION,
  "modulation_type" TEXT,
  "ctdivol_mgy" DOUBLE PRECISION,
  "phantom_code" TEXT,
  "phantom_cm" SMALLINT,
  "dlp_mgy_cm" DOUBLE PRECISION,
  "dlp_estimated_mgy_cm" DOUBLE PRECISION,
  "ctdifreeair_mgy" DOUBLE PRECISION,
  "ctdifreeair_factor" DOUBLE PRECISION,
  "effective_dose_msv" DOUBLE PRECISION,
  "effective_dose_factor_msv_mgy_cm" DOUBLE PRECISION,
  "effective_dose_method_code" TEXT,
  "ssde_mgy" DOUBLE PRECISION,
  "ssde_method_code" TEXT,
  "ssde_calculated_mgy" DOUBLE PRECISION,
  "dw_mm" DOUBLE PRECISION,
  "dw_method_code" TEXT,
  "dw_truncated_fraction" DOUBLE PRECISION,
  "lat_mm" DOUBLE PRECISION,
  "ap_mm" DOUBLE PRECISION,
  "deff_mm" DOUBLE PRECISION,
  "dlp_alert_configured" BOOLEAN,
  "ctdivol_alert_configured" BOOLEAN,
  "dlp_alert_mgy_cm" DOUBLE PRECISION,
  "ctdivol_alert_mgy" DOUBLE PRECISION,
  "dlp_forward_estimate_mgy_cm" DOUBLE PRECISION,
  "ctdivol_forward_estimate_mgy" DOUBLE PRECISION,
  "alert_reason" TEXT,
  "dlp_notification_configured" BOOLEAN,
  "ctdivol_notification_configured" BOOLEAN,
  "dlp_notification_mgy_cm" DOUBLE PRECISION,
  "ctdivol_notification_mgy" DOUBLE PRECISION,
  "dlp_notification_forward_estimate_mgy_cm" DOUBLE PRECISION,
  "ctdivol_notification_forward_estimate_mgy" DOUBLE PRECISION,
  "notification_reason" TEXT,
  "raw_quantities" JSONB, -- map<string, string> as JSON
  "source_kind" TEXT NOT NULL,
  "source_sop_instance_uid" TEXT,
  "flags" TEXT[],
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid")
);
COMMENT ON TABLE "ct_irradiation_events" IS 'One row per CT irradiation event of a study, from its best source. An event that does not count in totals has `active` false and says why in `flags`.';
COMMENT ON COLUMN "ct_irradiation_events"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "ct_irradiation_events"."irradiation_event_uid" IS 'The event; derived from study and acquisition where the source has none (flag `no_event_uid`).';
COMMENT ON COLUMN "ct_irradiation_events"."active" IS 'Whether the event counts in totals.';
COMMENT ON COLUMN "ct_irradiation_events"."device_key" IS 'Device that gave the dose, in `devices`.';
COMMENT ON COLUMN "ct_irradiation_events"."event_start" IS 'Start of the X-ray beam; UTC where the source gives an offset, else local time.';
COMMENT ON COLUMN "ct_irradiation_events"."event_start_offset_minutes" IS 'Offset from UTC of the start; null where there was none. Unit: min.';
COMMENT ON COLUMN "ct_irradiation_events"."acquisition_protocol" IS 'Name of the acquisition protocol.';
COMMENT ON COLUMN "ct_irradiation_events"."target_region_code" IS 'Code of the region of the body: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "ct_irradiation_events"."target_region_raw_scheme" IS 'Coding scheme of the region of the body as written.';
COMMENT ON COLUMN "ct_irradiation_events"."target_region_raw_code" IS 'Code of the region of the body as written.';
COMMENT ON COLUMN "ct_irradiation_events"."target_region_meaning" IS 'Meaning of the code of the region of the body as written.';
COMMENT ON COLUMN "ct_irradiation_events"."acquisition_type_code" IS 'Code of the kind of acquisition: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "ct_irradiation_events"."acquisition_type_raw_scheme" IS 'Coding scheme of the kind of acquisition as written.';
COMMENT ON COLUMN "ct_irradiation_events"."acquisition_type_raw_code" IS 'Code of the kind of acquisition as written.';
COMMENT ON COLUMN "ct_irradiation_events"."acquisition_type_meaning" IS 'Meaning of the code of the kind of acquisition as written.';
COMMENT ON COLUMN "ct_irradiation_events"."procedure_context_code" IS 'Code of the context, such as with contrast: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "ct_irradiation_events"."procedure_context_raw_scheme" IS 'Coding scheme of the context, such as with contrast as written.';
COMMENT ON COLUMN "ct_irradiation_events"."procedure_context_raw_code" IS 'Code of the context, such as with contrast as written.';
COMMENT ON COLUMN "ct_irradiation_events"."procedure_context_meaning" IS 'Meaning of the code of the context, such as with contrast as written.';
COMMENT ON COLUMN "ct_irradiation_events"."label" IS 'Label of the event, such as its series.';
COMMENT ON COLUMN "ct_irradiation_events"."label_type" IS 'What the label is.';
COMMENT ON COLUMN "ct_irradiation_events"."is_repeat" IS 'Whether the acquisition repeats another.';
COMMENT ON COLUMN "ct_irradiation_events"."repeat_reason" IS 'Why it was repeated.';
COMMENT ON COLUMN "ct_irradiation_events"."comment" IS 'Comment on the event.';
COMMENT ON COLUMN "ct_irradiation_events"."exposure_time_s" IS 'Total time of X-rays. Unit: s.';
COMMENT ON COLUMN "ct_irradiation_events"."scanning_length_mm" IS 'Length of the scanned range. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."exposed_range_mm" IS 'Length of the exposed range. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."reconstructable_length_mm" IS 'Length that can be reconstructed. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."z_top_mm" IS 'Top of the scanned range. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."z_bottom_mm" IS 'Bottom of the scanned range. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."single_collimation_mm" IS 'Nominal width of one detector row. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."total_collimation_mm" IS 'Nominal width of all active rows. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."pitch" IS 'Table feed per rotation over total collimation.';
COMMENT ON COLUMN "ct_irradiation_events"."n_sources" IS 'X-ray sources of the event.';
COMMENT ON COLUMN "ct_irradiation_events"."kvp" IS 'Peak voltage; null where sources differ. Unit: kV.';
COMMENT ON COLUMN "ct_irradiation_events"."kvp_list" IS 'Peak voltages of all sources. Unit: kV.';
COMMENT ON COLUMN "ct_irradiation_events"."ma_mean" IS 'Mean tube current. Unit: mA.';
COMMENT ON COLUMN "ct_irradiation_events"."ma_max" IS 'Greatest tube current. Unit: mA.';
COMMENT ON COLUMN "ct_irradiation_events"."mas_mean" IS 'Mean tube current times time, of image headers. Unit: mA s.';
COMMENT ON COLUMN "ct_irradiation_events"."rotation_time_s" IS 'Time of one rotation. Unit: s.';
COMMENT ON COLUMN "ct_irradiation_events"."modulation_type" IS 'Kind of exposure modulation.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdivol_mgy" IS 'Volume CT dose index. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."phantom_code" IS 'Code of the phantom of CTDIvol and DLP.';
COMMENT ON COLUMN "ct_irradiation_events"."phantom_cm" IS 'Diameter of that phantom. Unit: cm.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_mgy_cm" IS 'Dose length product. Unit: mGy cm.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_estimated_mgy_cm" IS 'CTDIvol times scanning length, where no source says DLP. Unit: mGy cm.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdifreeair_mgy" IS 'CT dose index free in air. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdifreeair_factor" IS 'Calculation factor of it. Unit: mGy/(mA s).';
COMMENT ON COLUMN "ct_irradiation_events"."effective_dose_msv" IS 'Effective dose that the report states; never computed. Unit: mSv.';
COMMENT ON COLUMN "ct_irradiation_events"."effective_dose_factor_msv_mgy_cm" IS 'Factor from DLP to effective dose that the report states. Unit: mSv/(mGy cm).';
COMMENT ON COLUMN "ct_irradiation_events"."effective_dose_method_code" IS 'Code of the method of the stated effective dose.';
COMMENT ON COLUMN "ct_irradiation_events"."ssde_mgy" IS 'Size specific dose estimate that the report states. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."ssde_method_code" IS 'Code of the method of the stated estimate.';
COMMENT ON COLUMN "ct_irradiation_events"."ssde_calculated_mgy" IS 'Size specific dose estimate from the water-equivalent diameter of the images and CTDIvol (AAPM 204); null outside its tables and for heads. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."dw_mm" IS 'Water-equivalent diameter (AAPM 220): stated, else of the images. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."dw_method_code" IS 'Code of its method; null where it was computed here.';
COMMENT ON COLUMN "ct_irradiation_events"."dw_truncated_fraction" IS 'Part of the body''s outline on the edge of the field of view, where the diameter is of the images.';
COMMENT ON COLUMN "ct_irradiation_events"."lat_mm" IS 'Lateral diameter that the report states. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."ap_mm" IS 'Anteroposterior diameter that the report states. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."deff_mm" IS 'Effective diameter that the report states. Unit: mm.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_alert_configured" IS 'Whether a DLP alert value was set.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdivol_alert_configured" IS 'Whether a CTDIvol alert value was set.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_alert_mgy_cm" IS 'DLP alert value. Unit: mGy cm.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdivol_alert_mgy" IS 'CTDIvol alert value. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_forward_estimate_mgy_cm" IS 'Accumulated DLP estimated before the event. Unit: mGy cm.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdivol_forward_estimate_mgy" IS 'Accumulated CTDIvol estimated before the event. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."alert_reason" IS 'Reason for going on beyond the alert.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_notification_configured" IS 'Whether a DLP notification was set.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdivol_notification_configured" IS 'Whether a CTDIvol notification was set.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_notification_mgy_cm" IS 'DLP notification value. Unit: mGy cm.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdivol_notification_mgy" IS 'CTDIvol notification value. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."dlp_notification_forward_estimate_mgy_cm" IS 'DLP of the event estimated before it. Unit: mGy cm.';
COMMENT ON COLUMN "ct_irradiation_events"."ctdivol_notification_forward_estimate_mgy" IS 'CTDIvol of the event estimated before it. Unit: mGy.';
COMMENT ON COLUMN "ct_irradiation_events"."notification_reason" IS 'Reason for going on beyond the notification.';
COMMENT ON COLUMN "ct_irradiation_events"."raw_quantities" IS 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.';
COMMENT ON COLUMN "ct_irradiation_events"."source_kind" IS 'Where the values come from. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.';
COMMENT ON COLUMN "ct_irradiation_events"."source_sop_instance_uid" IS 'Report or image the values come from.';
COMMENT ON COLUMN "ct_irradiation_events"."flags" IS 'What is worth knowing of it, sorted. Always one of the codes below.';
COMMENT ON COLUMN "ct_irradiation_events"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "ct_irradiation_events"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "ct_irradiation_events"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "irradiation_event_uid", "source_number"
CREATE TABLE "ct_irradiation_event_sources" (
  "study_instance_uid" TEXT NOT NULL,
  "irradiation_event_uid" TEXT NOT NULL,
  "source_number" INTEGER NOT NULL,
  "source_identification" TEXT,
  "kvp" DOUBLE PRECISION,
  "ma_mean" DOUBLE PRECISION,
  "ma_max" DOUBLE PRECISION,
  "rotation_time_s" DOUBLE PRECISION,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid", "source_number")
);
COMMENT ON TABLE "ct_irradiation_event_sources" IS 'One row per X-ray source of a CT irradiation event: two where tubes are dual.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."irradiation_event_uid" IS 'The event.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."source_number" IS 'Place of the source in the event, from 1.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."source_identification" IS 'Identification of the source.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."kvp" IS 'Peak voltage. Unit: kV.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."ma_mean" IS 'Mean tube current. Unit: mA.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."ma_max" IS 'Greatest tube current. Unit: mA.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."rotation_time_s" IS 'Time of one rotation. Unit: s.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "ct_irradiation_event_sources"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "irradiation_event_uid"
CREATE TABLE "xray_irradiation_events" (
  "study_instance_uid" TEXT NOT NULL,
  "irradiation_event_uid" TEXT NOT NULL,
  "active" BOOLEAN NOT NULL,
  "device_key" TEXT,
  "event_start" TIMESTAMP,
  "event_start_offset_minutes" INTEGER,
  "event_type_code" TEXT,
  "event_type_raw_scheme" TEXT,
  "event_type_raw_code" TEXT,
  "event_type_meaning" TEXT,
  "plane_code" TEXT,
  "plane_raw_scheme" TEXT,
  "plane_raw_code" TEXT,
  "plane_meaning" TEXT,
  "acquisition_protocol" TEXT,
  "target_region_code" TEXT,
  "target_region_raw_scheme" TEXT,
  "target_region_raw_code" TEXT,
  "target_region_meaning" TEXT,
  "anatomical_structure_code" TEXT,
  "anatomical_structure_raw_scheme" TEXT,
  "anatomical_structure_raw_code" TEXT,
  "anatomical_structure_meaning" TEXT,
  "laterality" TEXT,
  "image_view_code" TEXT,
  "image_view_raw_scheme" TEXT,
  "image_view_raw_code" TEXT,
  "image_view_meaning" TEXT,
  "comment" TEXT,
  "kap_gy_cm2" DOUBLE PRECISION,
  "ka_r_mgy" DOUBLE PRECISION,
  "reference_point_code" TEXT,
  "reference_point_raw_scheme" TEXT,
  "reference_point_raw_code" TEXT,
  "reference_point_meaning" TEXT,
  "agd_mgy" DOUBLE PRECISION,
  "entrance_exposure_mgy" DOUBLE PRECISION,
  "exposure_index" DOUBLE PRECISION,
  "target_exposure_index" DOUBLE PRECISION,
  "deviation_index" DOUBLE PRECISION,
  "kvp" DOUBLE PRECISION,
  "kvp_list" DOUBLE PRECISION[],
  "ma" DOUBLE PRECISION,
  "ma_list" DOUBLE PRECISION[],
  "ma_average" DOUBLE PRECISION,
  "exposure_time_ms" DOUBLE PRECISION,
  "exposure_mas" DOUBLE PRECISION,
  "exposure_mas_list" DOUBLE PRECISION[],
  "fluoro_mode_code" TEXT,
  "fluoro_mode_raw_scheme" TEXT,
  "fluoro_mode_raw_code" TEXT,
  "fluoro_mode_meaning" TEXT,
  "n_pulses" DOUBLE PRECISION,
  "pulse_rate_hz" DOUBLE PRECISION,
  "pulse_width_ms" DOUBLE PRECISION,
  "pulse_width_ms_list" DOUBLE PRECISION[],
  "irradiation_duration_s" DOUBLE PRECISION,
  "focal_spot_mm" DOUBLE PRECISION,
  "grid" TEXT,
  "anode" TEXT,
  "primary_angle_deg" DOUBLE PRECISION,
  "secondary_angle_deg" DOUBLE PRECISION,
  "primary_end_angle_deg" DOUBLE PRECISION,
  "secondary_end_angle_deg" DOUBLE PRECISION,
  "column_angulation_deg" DOUBLE PRECISION,
  "source_isocenter_mm" DOUBLE PRECISION,
  "source_detector_mm" DOUBLE PRECISION,
  "source_reference_point_mm" DOUBLE PRECISION,
  "source_patient_mm" DOUBLE PRECISION,
  "collimated_height_mm" DOUBLE PRECISION,
  "collimated_width_mm" DOUBLE PRECISION,
  "collimated_area_m2" DOUBLE PRECISION,
  "table_longitudinal_mm" DOUBLE PRECISION,
  "table_lateral_mm" DOUBLE PRECISION,
  "table_height_mm" DOUBLE PRECISION,
  "table_head_tilt_deg" DOUBLE PRECISION,
  "table_horizontal_rotation_deg" DOUBLE PRECISION,
  "table_cradle_tilt_deg" DOUBLE PRECISION,
  "patient_table_relationship_code" TEXT,
  "patient_table_relationship_raw_scheme" TEXT,
  "patient_table_relationship_raw_code" TEXT,
  "patient_table_relationship_meaning" TEXT,
  "patient_orientation_code" TEXT,
  "patient_orientation_raw_scheme" TEXT,
  "patient_orientation_raw_code" TEXT,
  "patient_orientation_meaning" TEXT,
  "patient_orientation_modifier_code" TEXT,
  "patient_orientation_modifier_raw_scheme" TEXT,
  "patient_orientation_modifier_raw_code" TEXT,
  "patient_orientation_modifier_meaning" TEXT,
  "compression_thickness_mm" DOUBLE PRECISION,
  "compression_force_n" DOUBLE PRECISION,
  "hvl_mm" DOUBLE PRECISION,
  "breast_composition_percent" DOUBLE PRECISION,
  "equivalent_thickness_mm" DOUBLE PRECISION,
  "image_sop_instance_uids" TEXT[],
  "raw_quantities" JSONB, -- map<string, string> as JSON
  "source_kind" TEXT NOT NULL,
  "source_sop_instance_uid" TEXT,
  "flags" TEXT[],
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid")
);
COMMENT ON TABLE "xray_irradiation_events" IS 'One row per projection X-ray irradiation event of a study, from its best source. An event that does not count in totals has `active` false and says why in `flags`.';
COMMENT ON COLUMN "xray_irradiation_events"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "xray_irradiation_events"."irradiation_event_uid" IS 'The event; derived from study and acquisition where the source has none (flag `no_event_uid`).';
COMMENT ON COLUMN "xray_irradiation_events"."active" IS 'Whether the event counts in totals.';
COMMENT ON COLUMN "xray_irradiation_events"."device_key" IS 'Device that gave the dose, in `devices`.';
COMMENT ON COLUMN "xray_irradiation_events"."event_start" IS 'Start of the event; UTC where the source gives an offset, else local time.';
COMMENT ON COLUMN "xray_irradiation_events"."event_start_offset_minutes" IS 'Offset from UTC of the start; null where there was none. Unit: min.';
COMMENT ON COLUMN "xray_irradiation_events"."event_type_code" IS 'Code of the kind of event, such as fluoroscopy: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."event_type_raw_scheme" IS 'Coding scheme of the kind of event, such as fluoroscopy as written.';
COMMENT ON COLUMN "xray_irradiation_events"."event_type_raw_code" IS 'Code of the kind of event, such as fluoroscopy as written.';
COMMENT ON COLUMN "xray_irradiation_events"."event_type_meaning" IS 'Meaning of the code of the kind of event, such as fluoroscopy as written.';
COMMENT ON COLUMN "xray_irradiation_events"."plane_code" IS 'Code of the plane: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."plane_raw_scheme" IS 'Coding scheme of the plane as written.';
COMMENT ON COLUMN "xray_irradiation_events"."plane_raw_code" IS 'Code of the plane as written.';
COMMENT ON COLUMN "xray_irradiation_events"."plane_meaning" IS 'Meaning of the code of the plane as written.';
COMMENT ON COLUMN "xray_irradiation_events"."acquisition_protocol" IS 'Name of the acquisition protocol.';
COMMENT ON COLUMN "xray_irradiation_events"."target_region_code" IS 'Code of the region of the body: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."target_region_raw_scheme" IS 'Coding scheme of the region of the body as written.';
COMMENT ON COLUMN "xray_irradiation_events"."target_region_raw_code" IS 'Code of the region of the body as written.';
COMMENT ON COLUMN "xray_irradiation_events"."target_region_meaning" IS 'Meaning of the code of the region of the body as written.';
COMMENT ON COLUMN "xray_irradiation_events"."anatomical_structure_code" IS 'Code of the anatomical structure: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."anatomical_structure_raw_scheme" IS 'Coding scheme of the anatomical structure as written.';
COMMENT ON COLUMN "xray_irradiation_events"."anatomical_structure_raw_code" IS 'Code of the anatomical structure as written.';
COMMENT ON COLUMN "xray_irradiation_events"."anatomical_structure_meaning" IS 'Meaning of the code of the anatomical structure as written.';
COMMENT ON COLUMN "xray_irradiation_events"."laterality" IS 'Side: left, right, both, unpaired. Always one of `L`, `R`, `B`, `U`.';
COMMENT ON COLUMN "xray_irradiation_events"."image_view_code" IS 'Code of the view: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."image_view_raw_scheme" IS 'Coding scheme of the view as written.';
COMMENT ON COLUMN "xray_irradiation_events"."image_view_raw_code" IS 'Code of the view as written.';
COMMENT ON COLUMN "xray_irradiation_events"."image_view_meaning" IS 'Meaning of the code of the view as written.';
COMMENT ON COLUMN "xray_irradiation_events"."comment" IS 'Comment on the event.';
COMMENT ON COLUMN "xray_irradiation_events"."kap_gy_cm2" IS 'Kerma-area product (dose-area product). Unit: Gy cm2.';
COMMENT ON COLUMN "xray_irradiation_events"."ka_r_mgy" IS 'Air kerma at the reference point. Unit: mGy.';
COMMENT ON COLUMN "xray_irradiation_events"."reference_point_code" IS 'Code of the reference point: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."reference_point_raw_scheme" IS 'Coding scheme of the reference point as written.';
COMMENT ON COLUMN "xray_irradiation_events"."reference_point_raw_code" IS 'Code of the reference point as written.';
COMMENT ON COLUMN "xray_irradiation_events"."reference_point_meaning" IS 'Meaning of the code of the reference point as written.';
COMMENT ON COLUMN "xray_irradiation_events"."agd_mgy" IS 'Average glandular dose of the breast. Unit: mGy.';
COMMENT ON COLUMN "xray_irradiation_events"."entrance_exposure_mgy" IS 'Entrance exposure at the reference point. Unit: mGy.';
COMMENT ON COLUMN "xray_irradiation_events"."exposure_index" IS 'Exposure index (IEC 62494-1).';
COMMENT ON COLUMN "xray_irradiation_events"."target_exposure_index" IS 'Target exposure index.';
COMMENT ON COLUMN "xray_irradiation_events"."deviation_index" IS 'Deviation index.';
COMMENT ON COLUMN "xray_irradiation_events"."kvp" IS 'Peak voltage; mean of those that are not 0. Unit: kV.';
COMMENT ON COLUMN "xray_irradiation_events"."kvp_list" IS 'Peak voltages of all pulses. Unit: kV.';
COMMENT ON COLUMN "xray_irradiation_events"."ma" IS 'Tube current; mean of those that are not 0. Unit: mA.';
COMMENT ON COLUMN "xray_irradiation_events"."ma_list" IS 'Tube currents of all pulses. Unit: mA.';
COMMENT ON COLUMN "xray_irradiation_events"."ma_average" IS 'Average tube current. Unit: mA.';
COMMENT ON COLUMN "xray_irradiation_events"."exposure_time_ms" IS 'Exposure time. Unit: ms.';
COMMENT ON COLUMN "xray_irradiation_events"."exposure_mas" IS 'Tube current times time; of all pulses. Unit: mA s.';
COMMENT ON COLUMN "xray_irradiation_events"."exposure_mas_list" IS 'Tube current times time of all pulses. Unit: mA s.';
COMMENT ON COLUMN "xray_irradiation_events"."fluoro_mode_code" IS 'Code of the fluoroscopy mode: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."fluoro_mode_raw_scheme" IS 'Coding scheme of the fluoroscopy mode as written.';
COMMENT ON COLUMN "xray_irradiation_events"."fluoro_mode_raw_code" IS 'Code of the fluoroscopy mode as written.';
COMMENT ON COLUMN "xray_irradiation_events"."fluoro_mode_meaning" IS 'Meaning of the code of the fluoroscopy mode as written.';
COMMENT ON COLUMN "xray_irradiation_events"."n_pulses" IS 'Pulses of the event.';
COMMENT ON COLUMN "xray_irradiation_events"."pulse_rate_hz" IS 'Pulses a second. Unit: 1/s.';
COMMENT ON COLUMN "xray_irradiation_events"."pulse_width_ms" IS 'Width of a pulse; mean of those that are not 0. Unit: ms.';
COMMENT ON COLUMN "xray_irradiation_events"."pulse_width_ms_list" IS 'Widths of all pulses. Unit: ms.';
COMMENT ON COLUMN "xray_irradiation_events"."irradiation_duration_s" IS 'Time from the first X-rays to the last. Unit: s.';
COMMENT ON COLUMN "xray_irradiation_events"."focal_spot_mm" IS 'Size of the focal spot. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."grid" IS 'Grid.';
COMMENT ON COLUMN "xray_irradiation_events"."anode" IS 'Material of the anode.';
COMMENT ON COLUMN "xray_irradiation_events"."primary_angle_deg" IS 'Primary angle of the positioner. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."secondary_angle_deg" IS 'Secondary angle of the positioner. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."primary_end_angle_deg" IS 'Primary angle at the end. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."secondary_end_angle_deg" IS 'Secondary angle at the end. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."column_angulation_deg" IS 'Angulation of the column. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."source_isocenter_mm" IS 'Distance from source to isocentre. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."source_detector_mm" IS 'Distance from source to detector. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."source_reference_point_mm" IS 'Distance from source to reference point. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."source_patient_mm" IS 'Distance from source to patient. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."collimated_height_mm" IS 'Height of the collimated field. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."collimated_width_mm" IS 'Width of the collimated field. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."collimated_area_m2" IS 'Area of the collimated field. Unit: m2.';
COMMENT ON COLUMN "xray_irradiation_events"."table_longitudinal_mm" IS 'Longitudinal position of the table. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."table_lateral_mm" IS 'Lateral position of the table. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."table_height_mm" IS 'Height of the table. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."table_head_tilt_deg" IS 'Head tilt of the table. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."table_horizontal_rotation_deg" IS 'Horizontal rotation of the table. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."table_cradle_tilt_deg" IS 'Cradle tilt of the table. Unit: degree.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_table_relationship_code" IS 'Code of how the patient lies on the table: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_table_relationship_raw_scheme" IS 'Coding scheme of how the patient lies on the table as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_table_relationship_raw_code" IS 'Code of how the patient lies on the table as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_table_relationship_meaning" IS 'Meaning of the code of how the patient lies on the table as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_code" IS 'Code of the orientation of the patient: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_raw_scheme" IS 'Coding scheme of the orientation of the patient as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_raw_code" IS 'Code of the orientation of the patient as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_meaning" IS 'Meaning of the code of the orientation of the patient as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_modifier_code" IS 'Code of its modifier: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_modifier_raw_scheme" IS 'Coding scheme of its modifier as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_modifier_raw_code" IS 'Code of its modifier as written.';
COMMENT ON COLUMN "xray_irradiation_events"."patient_orientation_modifier_meaning" IS 'Meaning of the code of its modifier as written.';
COMMENT ON COLUMN "xray_irradiation_events"."compression_thickness_mm" IS 'Thickness of the compressed breast. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."compression_force_n" IS 'Force of compression. Unit: N.';
COMMENT ON COLUMN "xray_irradiation_events"."hvl_mm" IS 'Half value layer. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."breast_composition_percent" IS 'Glandularity of the breast. Unit: %.';
COMMENT ON COLUMN "xray_irradiation_events"."equivalent_thickness_mm" IS 'Equivalent thickness of the breast. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_events"."image_sop_instance_uids" IS 'Images acquired in the event.';
COMMENT ON COLUMN "xray_irradiation_events"."raw_quantities" IS 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.';
COMMENT ON COLUMN "xray_irradiation_events"."source_kind" IS 'Where the values come from. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.';
COMMENT ON COLUMN "xray_irradiation_events"."source_sop_instance_uid" IS 'Report or image the values come from.';
COMMENT ON COLUMN "xray_irradiation_events"."flags" IS 'What is worth knowing of it, sorted. Always one of the codes below.';
COMMENT ON COLUMN "xray_irradiation_events"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "xray_irradiation_events"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "xray_irradiation_events"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "irradiation_event_uid", "filter_number"
CREATE TABLE "xray_irradiation_event_filters" (
  "study_instance_uid" TEXT NOT NULL,
  "irradiation_event_uid" TEXT NOT NULL,
  "filter_number" INTEGER NOT NULL,
  "filter_type_code" TEXT,
  "filter_type_raw_scheme" TEXT,
  "filter_type_raw_code" TEXT,
  "filter_type_meaning" TEXT,
  "filter_material_code" TEXT,
  "filter_material_raw_scheme" TEXT,
  "filter_material_raw_code" TEXT,
  "filter_material_meaning" TEXT,
  "thickness_minimum_mm" DOUBLE PRECISION,
  "thickness_maximum_mm" DOUBLE PRECISION,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "irradiation_event_uid", "filter_number")
);
COMMENT ON TABLE "xray_irradiation_event_filters" IS 'One row per X-ray filter of a projection X-ray irradiation event.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."irradiation_event_uid" IS 'The event.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_number" IS 'Place of the filter in the event, from 1.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_type_code" IS 'Code of the type of filter: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_type_raw_scheme" IS 'Coding scheme of the type of filter as written.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_type_raw_code" IS 'Code of the type of filter as written.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_type_meaning" IS 'Meaning of the code of the type of filter as written.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_material_code" IS 'Code of the material: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_material_raw_scheme" IS 'Coding scheme of the material as written.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_material_raw_code" IS 'Code of the material as written.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."filter_material_meaning" IS 'Meaning of the code of the material as written.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."thickness_minimum_mm" IS 'Least thickness. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."thickness_maximum_mm" IS 'Greatest thickness. Unit: mm.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "xray_irradiation_event_filters"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "administration_uid"
CREATE TABLE "radiopharmaceutical_administrations" (
  "study_instance_uid" TEXT NOT NULL,
  "administration_uid" TEXT NOT NULL,
  "active" BOOLEAN NOT NULL,
  "device_key" TEXT,
  "agent_code" TEXT,
  "agent_raw_scheme" TEXT,
  "agent_raw_code" TEXT,
  "agent_meaning" TEXT,
  "radionuclide_code" TEXT,
  "radionuclide_raw_scheme" TEXT,
  "radionuclide_raw_code" TEXT,
  "radionuclide_meaning" TEXT,
  "half_life_s" DOUBLE PRECISION,
  "administered_activity_mbq" DOUBLE PRECISION,
  "pre_activity_mbq" DOUBLE PRECISION,
  "post_activity_mbq" DOUBLE PRECISION,
  "extravasation_activity_mbq" DOUBLE PRECISION,
  "specific_activity_bq_mol" DOUBLE PRECISION,
  "volume_cm3" DOUBLE PRECISION,
  "start" TIMESTAMP,
  "start_offset_minutes" INTEGER,
  "stop" TIMESTAMP,
  "route_code" TEXT,
  "route_raw_scheme" TEXT,
  "route_raw_code" TEXT,
  "route_meaning" TEXT,
  "site_code" TEXT,
  "site_raw_scheme" TEXT,
  "site_raw_code" TEXT,
  "site_meaning" TEXT,
  "effective_dose_msv" DOUBLE PRECISION,
  "glucose_mmol_l" DOUBLE PRECISION,
  "comment" TEXT,
  "raw_quantities" JSONB, -- map<string, string> as JSON
  "source_kind" TEXT NOT NULL,
  "source_sop_instance_uid" TEXT,
  "flags" TEXT[],
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "administration_uid")
);
COMMENT ON TABLE "radiopharmaceutical_administrations" IS 'One row per administration of a radiopharmaceutical, from its best source.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."administration_uid" IS 'The administration; derived where the source has none (flag `no_event_uid`).';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."active" IS 'Whether it counts in totals.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."device_key" IS 'Device that gave the dose, in `devices`.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."agent_code" IS 'Code of the agent: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."agent_raw_scheme" IS 'Coding scheme of the agent as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."agent_raw_code" IS 'Code of the agent as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."agent_meaning" IS 'Meaning of the code of the agent as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."radionuclide_code" IS 'Code of the radionuclide: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."radionuclide_raw_scheme" IS 'Coding scheme of the radionuclide as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."radionuclide_raw_code" IS 'Code of the radionuclide as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."radionuclide_meaning" IS 'Meaning of the code of the radionuclide as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."half_life_s" IS 'Half-life of the nuclide. Unit: s.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."administered_activity_mbq" IS 'Activity that was given. Unit: MBq.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."pre_activity_mbq" IS 'Activity measured before. Unit: MBq.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."post_activity_mbq" IS 'Activity measured after. Unit: MBq.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."extravasation_activity_mbq" IS 'Activity estimated to have gone beside the vein. Unit: MBq.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."specific_activity_bq_mol" IS 'Specific activity. Unit: Bq/mol.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."volume_cm3" IS 'Volume that was given. Unit: cm3.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."start" IS 'Start of the administration; UTC where the source gives an offset, else local time.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."start_offset_minutes" IS 'Offset from UTC of the start. Unit: min.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."stop" IS 'End of the administration.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."route_code" IS 'Code of the route of administration: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."route_raw_scheme" IS 'Coding scheme of the route of administration as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."route_raw_code" IS 'Code of the route of administration as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."route_meaning" IS 'Meaning of the code of the route of administration as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."site_code" IS 'Code of the site of administration: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."site_raw_scheme" IS 'Coding scheme of the site of administration as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."site_raw_code" IS 'Code of the site of administration as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."site_meaning" IS 'Meaning of the code of the site of administration as written.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."effective_dose_msv" IS 'Effective dose that the report states. Unit: mSv.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."glucose_mmol_l" IS 'Glucose of the patient. Unit: mmol/l.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."comment" IS 'Comment on the administration.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."raw_quantities" IS 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."source_kind" IS 'Where the values come from. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."source_sop_instance_uid" IS 'Report or image the values come from.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."flags" IS 'What is worth knowing of it, sorted. Always one of the codes below.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "radiopharmaceutical_administrations"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "administration_uid", "organ_number"
CREATE TABLE "organ_doses" (
  "study_instance_uid" TEXT NOT NULL,
  "administration_uid" TEXT NOT NULL,
  "organ_number" INTEGER NOT NULL,
  "organ_code" TEXT,
  "organ_raw_scheme" TEXT,
  "organ_raw_code" TEXT,
  "organ_meaning" TEXT,
  "laterality" TEXT,
  "dose_mgy" DOUBLE PRECISION,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "administration_uid", "organ_number")
);
COMMENT ON TABLE "organ_doses" IS 'One row per organ dose that a report of an administration states.';
COMMENT ON COLUMN "organ_doses"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "organ_doses"."administration_uid" IS 'The administration.';
COMMENT ON COLUMN "organ_doses"."organ_number" IS 'Place in the report, from 1.';
COMMENT ON COLUMN "organ_doses"."organ_code" IS 'Code of the organ: SNOMED CT where there is a synonym, else as found.';
COMMENT ON COLUMN "organ_doses"."organ_raw_scheme" IS 'Coding scheme of the organ as written.';
COMMENT ON COLUMN "organ_doses"."organ_raw_code" IS 'Code of the organ as written.';
COMMENT ON COLUMN "organ_doses"."organ_meaning" IS 'Meaning of the code of the organ as written.';
COMMENT ON COLUMN "organ_doses"."laterality" IS 'Side of it. Always one of `L`, `R`, `B`, `U`.';
COMMENT ON COLUMN "organ_doses"."dose_mgy" IS 'Dose of the organ. Unit: mGy.';
COMMENT ON COLUMN "organ_doses"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "organ_doses"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "organ_doses"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "event_uid", "version_number"
CREATE TABLE "dose_event_versions" (
  "study_instance_uid" TEXT NOT NULL,
  "event_uid" TEXT NOT NULL,
  "version_number" INTEGER NOT NULL,
  "source_sop_instance_uid" TEXT NOT NULL,
  "event_table" TEXT NOT NULL,
  "source_kind" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "ctdivol_mgy" DOUBLE PRECISION,
  "dlp_mgy_cm" DOUBLE PRECISION,
  "kap_gy_cm2" DOUBLE PRECISION,
  "ka_r_mgy" DOUBLE PRECISION,
  "agd_mgy" DOUBLE PRECISION,
  "administered_activity_mbq" DOUBLE PRECISION,
  "event_start" TIMESTAMP,
  "raw_quantities" JSONB, -- map<string, string> as JSON
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "event_uid", "version_number")
);
COMMENT ON TABLE "dose_event_versions" IS 'One row per event and source that the event tables did not take: another report with other values, or a source of less rank.';
COMMENT ON COLUMN "dose_event_versions"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "dose_event_versions"."event_uid" IS 'Irradiation event or administration.';
COMMENT ON COLUMN "dose_event_versions"."version_number" IS 'Place among the sources that do not count, from 1; the best is first.';
COMMENT ON COLUMN "dose_event_versions"."source_sop_instance_uid" IS 'Report or image that says so.';
COMMENT ON COLUMN "dose_event_versions"."event_table" IS 'Table of the event. Always one of `ct_irradiation_events`, `xray_irradiation_events`, `radiopharmaceutical_administrations`.';
COMMENT ON COLUMN "dose_event_versions"."source_kind" IS 'Kind of the source. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.';
COMMENT ON COLUMN "dose_event_versions"."reason" IS 'Why it does not count. Always one of `conflict`, `lower_rank`, `same`.';
COMMENT ON COLUMN "dose_event_versions"."ctdivol_mgy" IS 'CTDIvol it says. Unit: mGy.';
COMMENT ON COLUMN "dose_event_versions"."dlp_mgy_cm" IS 'DLP it says. Unit: mGy cm.';
COMMENT ON COLUMN "dose_event_versions"."kap_gy_cm2" IS 'Kerma-area product it says. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_event_versions"."ka_r_mgy" IS 'Reference air kerma it says. Unit: mGy.';
COMMENT ON COLUMN "dose_event_versions"."agd_mgy" IS 'Average glandular dose it says. Unit: mGy.';
COMMENT ON COLUMN "dose_event_versions"."administered_activity_mbq" IS 'Activity it says. Unit: MBq.';
COMMENT ON COLUMN "dose_event_versions"."event_start" IS 'Start it says.';
COMMENT ON COLUMN "dose_event_versions"."raw_quantities" IS 'Quantities as the source writes them, number and unit, by column; only where a unit was converted or could not be.';
COMMENT ON COLUMN "dose_event_versions"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "dose_event_versions"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "dose_event_versions"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "study_instance_uid", "modality_group"
CREATE TABLE "dose_exams" (
  "study_instance_uid" TEXT NOT NULL,
  "modality_group" TEXT NOT NULL,
  "patient_key" TEXT,
  "is_patient" BOOLEAN NOT NULL,
  "study_date" DATE,
  "age_years" DOUBLE PRECISION,
  "age_source" TEXT,
  "sex" TEXT,
  "weight_kg" DOUBLE PRECISION,
  "height_m" DOUBLE PRECISION,
  "device_key" TEXT,
  "facility_key" TEXT,
  "protocol" TEXT,
  "standard_exam" TEXT,
  "source_kind" TEXT,
  "n_events" BIGINT NOT NULL,
  "n_events_localizer" BIGINT,
  "n_events_stationary" BIGINT,
  "n_events_fluoroscopy" BIGINT,
  "n_events_acquisition" BIGINT,
  "dlp_total_reported_mgy_cm" DOUBLE PRECISION,
  "dlp_total_mgy_cm" DOUBLE PRECISION,
  "dlp_head_phantom_mgy_cm" DOUBLE PRECISION,
  "dlp_body_phantom_mgy_cm" DOUBLE PRECISION,
  "dlp_estimated_mgy_cm" DOUBLE PRECISION,
  "ctdivol_max_head_mgy" DOUBLE PRECISION,
  "ctdivol_max_body_mgy" DOUBLE PRECISION,
  "ssde_mean_mgy" DOUBLE PRECISION,
  "dw_mean_mm" DOUBLE PRECISION,
  "kap_total_gy_cm2" DOUBLE PRECISION,
  "kap_total_reported_gy_cm2" DOUBLE PRECISION,
  "kap_fluoro_gy_cm2" DOUBLE PRECISION,
  "kap_acquisition_gy_cm2" DOUBLE PRECISION,
  "ka_r_total_mgy" DOUBLE PRECISION,
  "ka_r_total_reported_mgy" DOUBLE PRECISION,
  "ka_r_fluoro_mgy" DOUBLE PRECISION,
  "ka_r_acquisition_mgy" DOUBLE PRECISION,
  "ka_r_plane_a_mgy" DOUBLE PRECISION,
  "ka_r_plane_b_mgy" DOUBLE PRECISION,
  "fluoro_time_s" DOUBLE PRECISION,
  "fluoro_time_plane_a_s" DOUBLE PRECISION,
  "fluoro_time_plane_b_s" DOUBLE PRECISION,
  "agd_left_mgy" DOUBLE PRECISION,
  "agd_right_mgy" DOUBLE PRECISION,
  "agd_left_reported_mgy" DOUBLE PRECISION,
  "agd_right_reported_mgy" DOUBLE PRECISION,
  "activity_total_mbq" DOUBLE PRECISION,
  "radionuclide_codes" TEXT[],
  "reconciled" BOOLEAN,
  "flags" TEXT[],
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("study_instance_uid", "modality_group")
);
COMMENT ON TABLE "dose_exams" IS 'One row per study and group of modalities: sums of active events and reported totals side by side. Null where no event or report carries a value; never 0 for it.';
COMMENT ON COLUMN "dose_exams"."study_instance_uid" IS 'Study of the dose.';
COMMENT ON COLUMN "dose_exams"."modality_group" IS 'Group of modalities. Always one of `CT`, `DX`, `RF`, `MG`, `NM`.';
COMMENT ON COLUMN "dose_exams"."patient_key" IS 'Patient.';
COMMENT ON COLUMN "dose_exams"."is_patient" IS 'Whether it is no phantom, by ID and name.';
COMMENT ON COLUMN "dose_exams"."study_date" IS 'Date of the study; null where absent.';
COMMENT ON COLUMN "dose_exams"."age_years" IS 'Age at the study, in years.';
COMMENT ON COLUMN "dose_exams"."age_source" IS 'Where the age comes from. Always one of `birth_date`, `patient_age`.';
COMMENT ON COLUMN "dose_exams"."sex" IS 'Sex of the patient.';
COMMENT ON COLUMN "dose_exams"."weight_kg" IS 'Weight of the patient. Unit: kg.';
COMMENT ON COLUMN "dose_exams"."height_m" IS 'Height of the patient. Unit: m.';
COMMENT ON COLUMN "dose_exams"."device_key" IS 'Device that gave the dose, in `devices`.';
COMMENT ON COLUMN "dose_exams"."facility_key" IS 'Facility of the device.';
COMMENT ON COLUMN "dose_exams"."protocol" IS 'Commonest acquisition protocol, else the study''s description.';
COMMENT ON COLUMN "dose_exams"."standard_exam" IS 'Exam by the protocol map; `UNMAPPED` where it has none.';
COMMENT ON COLUMN "dose_exams"."source_kind" IS 'Best source of its events. Always one of `RDSR`, `ESR`, `PHILIPS_SC`, `IMAGE_HEADER`.';
COMMENT ON COLUMN "dose_exams"."n_events" IS 'Active events or administrations.';
COMMENT ON COLUMN "dose_exams"."n_events_localizer" IS 'Localizers among them.';
COMMENT ON COLUMN "dose_exams"."n_events_stationary" IS 'Stationary acquisitions among them.';
COMMENT ON COLUMN "dose_exams"."n_events_fluoroscopy" IS 'Fluoroscopies among them.';
COMMENT ON COLUMN "dose_exams"."n_events_acquisition" IS 'Other exposures among them.';
COMMENT ON COLUMN "dose_exams"."dlp_total_reported_mgy_cm" IS 'DLP total of the active reports. Unit: mGy cm.';
COMMENT ON COLUMN "dose_exams"."dlp_total_mgy_cm" IS 'DLP of the active events, of all phantoms. Unit: mGy cm.';
COMMENT ON COLUMN "dose_exams"."dlp_head_phantom_mgy_cm" IS 'DLP of events of the 16 cm phantom. Unit: mGy cm.';
COMMENT ON COLUMN "dose_exams"."dlp_body_phantom_mgy_cm" IS 'DLP of events of the 32 cm phantom. Unit: mGy cm.';
COMMENT ON COLUMN "dose_exams"."dlp_estimated_mgy_cm" IS 'Estimated DLP of events without one. Unit: mGy cm.';
COMMENT ON COLUMN "dose_exams"."ctdivol_max_head_mgy" IS 'Greatest CTDIvol of the 16 cm phantom, without localizers and stationary acquisitions. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."ctdivol_max_body_mgy" IS 'The same of the 32 cm phantom. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."ssde_mean_mgy" IS 'Mean of the size specific dose estimates of its events, stated or computed. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."dw_mean_mm" IS 'Mean of the water-equivalent diameters of its events. Unit: mm.';
COMMENT ON COLUMN "dose_exams"."kap_total_gy_cm2" IS 'Kerma-area product of the active events. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_exams"."kap_total_reported_gy_cm2" IS 'Kerma-area product of the active reports, all planes. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_exams"."kap_fluoro_gy_cm2" IS 'Kerma-area product of fluoroscopy, of events. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_exams"."kap_acquisition_gy_cm2" IS 'Kerma-area product of other exposures. Unit: Gy cm2.';
COMMENT ON COLUMN "dose_exams"."ka_r_total_mgy" IS 'Reference air kerma of the active events; null for two planes. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."ka_r_total_reported_mgy" IS 'Reference air kerma of the active reports; null for two planes. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."ka_r_fluoro_mgy" IS 'Reference air kerma of fluoroscopy; null for two planes. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."ka_r_acquisition_mgy" IS 'Reference air kerma of other exposures; null for two planes. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."ka_r_plane_a_mgy" IS 'Reference air kerma of plane A. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."ka_r_plane_b_mgy" IS 'Reference air kerma of plane B. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."fluoro_time_s" IS 'Time of fluoroscopy, reported, else of events; null for two planes. Unit: s.';
COMMENT ON COLUMN "dose_exams"."fluoro_time_plane_a_s" IS 'Time of fluoroscopy of plane A. Unit: s.';
COMMENT ON COLUMN "dose_exams"."fluoro_time_plane_b_s" IS 'Time of fluoroscopy of plane B. Unit: s.';
COMMENT ON COLUMN "dose_exams"."agd_left_mgy" IS 'Average glandular dose of the views of the left breast, added. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."agd_right_mgy" IS 'The same of the right breast. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."agd_left_reported_mgy" IS 'Left breast, of the active reports. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."agd_right_reported_mgy" IS 'Right breast, of the active reports. Unit: mGy.';
COMMENT ON COLUMN "dose_exams"."activity_total_mbq" IS 'Activity given; null with more than one nuclide. Unit: MBq.';
COMMENT ON COLUMN "dose_exams"."radionuclide_codes" IS 'Nuclides given, sorted.';
COMMENT ON COLUMN "dose_exams"."reconciled" IS 'Whether reported totals and sums of events agree within 1 % or 0.01; null without both.';
COMMENT ON COLUMN "dose_exams"."flags" IS 'What is worth knowing of it, sorted. Always one of the codes below.';
COMMENT ON COLUMN "dose_exams"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "dose_exams"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "dose_exams"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "device_key"
CREATE TABLE "devices" (
  "device_key" TEXT NOT NULL,
  "display_name" TEXT,
  "manufacturer" TEXT,
  "manufacturer_model_name" TEXT,
  "device_serial_number" TEXT,
  "station_name" TEXT,
  "institution_name" TEXT,
  "device_observer_uid" TEXT,
  "facility_key" TEXT,
  "modality_groups" TEXT[],
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("device_key")
);
COMMENT ON TABLE "devices" IS 'One row per machine that gave a dose, by what its objects say of it.';
COMMENT ON COLUMN "devices"."device_key" IS 'Identity of the device. Rule: first 32 hex digits of sha256 of the model and the serial number; without a serial number of maker, model and station; without a station of the device observer UID, else of maker, model and institution.';
COMMENT ON COLUMN "devices"."display_name" IS 'Name for people.';
COMMENT ON COLUMN "devices"."manufacturer" IS 'Maker.';
COMMENT ON COLUMN "devices"."manufacturer_model_name" IS 'Model.';
COMMENT ON COLUMN "devices"."device_serial_number" IS 'Serial number.';
COMMENT ON COLUMN "devices"."station_name" IS 'Station.';
COMMENT ON COLUMN "devices"."institution_name" IS 'Institution.';
COMMENT ON COLUMN "devices"."device_observer_uid" IS 'Device Observer UID of its reports.';
COMMENT ON COLUMN "devices"."facility_key" IS 'Facility, by `dose.facilities`, else the institution.';
COMMENT ON COLUMN "devices"."modality_groups" IS 'Groups of exams it made, sorted.';
COMMENT ON COLUMN "devices"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "devices"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "devices"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "kind", "facility_key", "device_key", "modality_group", "standard_exam", "quantity", "phantom_cm", "subset", "band_basis", "band", "period"
CREATE TABLE "drl" (
  "kind" TEXT NOT NULL,
  "facility_key" TEXT NOT NULL,
  "device_key" TEXT NOT NULL,
  "modality_group" TEXT NOT NULL,
  "standard_exam" TEXT NOT NULL,
  "quantity" TEXT NOT NULL,
  "phantom_cm" SMALLINT NOT NULL,
  "subset" TEXT NOT NULL,
  "band_basis" TEXT NOT NULL,
  "band" TEXT NOT NULL,
  "period" TEXT NOT NULL,
  "unit" TEXT NOT NULL,
  "n" BIGINT NOT NULL,
  "n_exams" BIGINT NOT NULL,
  "n_facilities" BIGINT NOT NULL,
  "n_devices" BIGINT NOT NULL,
  "suppressed" BOOLEAN NOT NULL,
  "p25" DOUBLE PRECISION,
  "p50" DOUBLE PRECISION,
  "p75" DOUBLE PRECISION,
  "p95" DOUBLE PRECISION,
  "value" DOUBLE PRECISION,
  "mean" DOUBLE PRECISION,
  "standard_deviation" DOUBLE PRECISION,
  "geometric_mean" DOUBLE PRECISION,
  "reference_value" DOUBLE PRECISION,
  "reference_source" TEXT,
  "reference_year" INTEGER,
  "ratio" DOUBLE PRECISION,
  "method_version" INTEGER NOT NULL,
  "settings_sha256" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("kind", "facility_key", "device_key", "modality_group", "standard_exam", "quantity", "phantom_cm", "subset", "band_basis", "band", "period")
);
COMMENT ON TABLE "drl" IS 'One row per population, exam, quantity, phantom, subset and band. Populations below the least number are kept with their count and without figures.';
COMMENT ON COLUMN "drl"."kind" IS 'What the row is. Always one of `typical`, `local`, `national_style`, `p75_patient`.';
COMMENT ON COLUMN "drl"."facility_key" IS 'Facility, or `ALL`.';
COMMENT ON COLUMN "drl"."device_key" IS 'Device, or `ALL`.';
COMMENT ON COLUMN "drl"."modality_group" IS 'Group of modalities. Always one of `CT`, `DX`, `RF`, `MG`, `NM`.';
COMMENT ON COLUMN "drl"."standard_exam" IS 'Exam.';
COMMENT ON COLUMN "drl"."quantity" IS 'Column of `dose_exams` or of an event table; `activity_mbq_kg` is activity by weight.';
COMMENT ON COLUMN "drl"."phantom_cm" IS 'Phantom of the quantity; 0 where it has none. Unit: cm.';
COMMENT ON COLUMN "drl"."subset" IS 'Code of the view (mammography, radiography) or radionuclide that the figures are of, else `ALL`.';
COMMENT ON COLUMN "drl"."band_basis" IS 'What the band is of. Always one of `weight`, `age`, `thickness`, `none`.';
COMMENT ON COLUMN "drl"."band" IS 'Band, such as `adult 50 to 90 kg`; `ALL` where there is none.';
COMMENT ON COLUMN "drl"."period" IS 'Year, or `ALL`.';
COMMENT ON COLUMN "drl"."unit" IS 'Unit of the figures.';
COMMENT ON COLUMN "drl"."n" IS 'Exams or events. Always at least 0.';
COMMENT ON COLUMN "drl"."n_exams" IS 'Exams; below the least number there are no figures.';
COMMENT ON COLUMN "drl"."n_facilities" IS 'Facilities.';
COMMENT ON COLUMN "drl"."n_devices" IS 'Devices.';
COMMENT ON COLUMN "drl"."suppressed" IS 'Whether there are too few for figures.';
COMMENT ON COLUMN "drl"."p25" IS '25th percentile (type 7).';
COMMENT ON COLUMN "drl"."p50" IS '50th percentile (type 7).';
COMMENT ON COLUMN "drl"."p75" IS '75th percentile (type 7).';
COMMENT ON COLUMN "drl"."p95" IS '95th percentile (type 7).';
COMMENT ON COLUMN "drl"."value" IS 'The typical value or reference level: the median for `typical`, the 75th percentile of medians for `local` and `national_style`.';
COMMENT ON COLUMN "drl"."mean" IS 'Mean.';
COMMENT ON COLUMN "drl"."standard_deviation" IS 'Standard deviation of the sample.';
COMMENT ON COLUMN "drl"."geometric_mean" IS 'Geometric mean.';
COMMENT ON COLUMN "drl"."reference_value" IS 'Published reference level of the exam.';
COMMENT ON COLUMN "drl"."reference_source" IS 'Where it was published.';
COMMENT ON COLUMN "drl"."reference_year" IS 'When.';
COMMENT ON COLUMN "drl"."ratio" IS 'Value over the reference.';
COMMENT ON COLUMN "drl"."method_version" IS 'Version of the method.';
COMMENT ON COLUMN "drl"."settings_sha256" IS 'Digest of the settings and files it was made with.';
COMMENT ON COLUMN "drl"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "drl"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "drl"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "version", "table_name", "row_key"
CREATE TABLE "changes" (
  "version" BIGINT NOT NULL,
  "table_name" TEXT NOT NULL,
  "row_key" TEXT NOT NULL,
  "op" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("version", "table_name", "row_key")
);
COMMENT ON TABLE "changes" IS 'The keys that each version changed in each table, so that a loader merges only those. Not of `changes`, `issues` and `runs`; of `files` where setting `tables.changes_of_files` says so. A row that was written again and differs in nothing but its lineage is no change.';
COMMENT ON COLUMN "changes"."version" IS 'Version that made the change. Always at least 1.';
COMMENT ON COLUMN "changes"."table_name" IS 'Table of the row.';
COMMENT ON COLUMN "changes"."row_key" IS 'Key of the row: the values of the table''s key columns in their order. Rule: a JSON list without spaces, as `json_array(…)` of DuckDB writes it: numbers as they are, NULL as `null`, dates as text.';
COMMENT ON COLUMN "changes"."op" IS 'What became of the row. Always one of `insert`, `update`, `delete`.';
COMMENT ON COLUMN "changes"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "changes"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "changes"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "issue_id"
CREATE TABLE "issues" (
  "issue_id" TEXT NOT NULL,
  "code" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "file_id" TEXT,
  "study_instance_uid" TEXT,
  "series_instance_uid" TEXT,
  "sop_instance_uid" TEXT,
  "tag" TEXT,
  "keyword" TEXT,
  "detail" TEXT,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("issue_id")
);
COMMENT ON TABLE "issues" IS 'Findings: a tolerated fault of a file, a malformed value that is NULL in its row, parents that disagree. Never a value of the patient''s.';
COMMENT ON COLUMN "issues"."issue_id" IS 'Identity of the finding. Rule: first 32 hex digits of sha256 of what the other columns say. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "issues"."code" IS 'What was found, as a stable code. Always matches `[a-z][a-z0-9_]*`.';
COMMENT ON COLUMN "issues"."severity" IS 'How much it matters. Always one of `info`, `warning`, `error`.';
COMMENT ON COLUMN "issues"."file_id" IS 'File it was found in; null above the file.';
COMMENT ON COLUMN "issues"."study_instance_uid" IS 'Study it concerns.';
COMMENT ON COLUMN "issues"."series_instance_uid" IS 'Series it concerns.';
COMMENT ON COLUMN "issues"."sop_instance_uid" IS 'Instance it concerns.';
COMMENT ON COLUMN "issues"."tag" IS 'Tag it concerns, e.g. `(0018,0060)`.';
COMMENT ON COLUMN "issues"."keyword" IS 'DICOM keyword of the tag.';
COMMENT ON COLUMN "issues"."detail" IS 'What was wrong, without any value of the file.';
COMMENT ON COLUMN "issues"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "issues"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "issues"."schema_version" IS 'Version of the schema the row was written with.';

-- Key: "run_id"
CREATE TABLE "runs" (
  "command" TEXT NOT NULL,
  "sources" TEXT[] NOT NULL,
  "started_at" TIMESTAMP WITH TIME ZONE NOT NULL,
  "committed_at" TIMESTAMP WITH TIME ZONE NOT NULL,
  "duration_s" DOUBLE PRECISION NOT NULL,
  "base_version" BIGINT NOT NULL,
  "files_seen" BIGINT,
  "files_read" BIGINT,
  "files_by_status" JSONB, -- map<string, int64> as JSON
  "files_by_reader" JSONB, -- map<string, int64> as JSON
  "fallbacks" JSONB, -- map<string, int64> as JSON
  "files_outdated" BIGINT,
  "volumes_accepted" BIGINT,
  "volumes_rejected" BIGINT,
  "dose_studies" BIGINT,
  "dose_reports" BIGINT,
  "dose_events" BIGINT,
  "dose_exams" BIGINT,
  "workers" BIGINT,
  "settings_sha256" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  "pipeline_version" TEXT NOT NULL,
  "schema_version" SMALLINT NOT NULL,
  PRIMARY KEY ("run_id")
);
COMMENT ON TABLE "runs" IS 'The runs that committed something. `runs.jsonl` beside the tables has a line for every run, also for those that changed nothing.';
COMMENT ON COLUMN "runs"."command" IS 'What was asked for: `run`, `ingest`, `volumes`, `dose`, `rollback`, `compact`.';
COMMENT ON COLUMN "runs"."sources" IS 'Names of the sources read, sorted.';
COMMENT ON COLUMN "runs"."started_at" IS 'When the run started.';
COMMENT ON COLUMN "runs"."committed_at" IS 'When its last version was committed.';
COMMENT ON COLUMN "runs"."duration_s" IS 'Seconds from start to that commit. Unit: s.';
COMMENT ON COLUMN "runs"."base_version" IS 'Version the run started from; 0 for a new lake.';
COMMENT ON COLUMN "runs"."files_seen" IS 'Files found by the crawl.';
COMMENT ON COLUMN "runs"."files_read" IS 'Files opened, the others being unchanged.';
COMMENT ON COLUMN "runs"."files_by_status" IS 'The files seen, by status; the sum is `files_seen`.';
COMMENT ON COLUMN "runs"."files_by_reader" IS 'The files whose header was read, by reader.';
COMMENT ON COLUMN "runs"."fallbacks" IS 'The files that the fast reader left to pydicom, by reason.';
COMMENT ON COLUMN "runs"."files_outdated" IS 'Files read again because an older schema lacks columns that stand in them.';
COMMENT ON COLUMN "runs"."volumes_accepted" IS 'Volumes written by the run.';
COMMENT ON COLUMN "runs"."volumes_rejected" IS 'Series or groups rejected by the run.';
COMMENT ON COLUMN "runs"."dose_studies" IS 'Studies whose dose was read by the run.';
COMMENT ON COLUMN "runs"."dose_reports" IS 'Dose reports read by the run.';
COMMENT ON COLUMN "runs"."dose_events" IS 'Irradiation events and administrations of them.';
COMMENT ON COLUMN "runs"."dose_exams" IS 'Exams of these studies.';
COMMENT ON COLUMN "runs"."workers" IS 'Worker processes; 0 when the work was done inline.';
COMMENT ON COLUMN "runs"."settings_sha256" IS 'Digest of the settings the run used.';
COMMENT ON COLUMN "runs"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "runs"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "runs"."schema_version" IS 'Version of the schema the row was written with.';
