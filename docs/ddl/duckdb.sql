-- Tables of dicomlake, schema version 1, for DuckDB. Generated.

-- Primary key: "file_id"
CREATE TABLE "files" (
  "file_id" VARCHAR NOT NULL,
  "source" VARCHAR NOT NULL,
  "path" VARCHAR NOT NULL,
  "size" BIGINT,
  "mtime_ns" BIGINT,
  "ctime_ns" BIGINT,
  "inode" BIGINT,
  "status" VARCHAR NOT NULL,
  "reason" VARCHAR,
  "sop_instance_uid" VARCHAR,
  "study_instance_uid" VARCHAR,
  "series_instance_uid" VARCHAR,
  "reader" VARCHAR,
  "transfer_syntax_uid" VARCHAR,
  "pixel_offset" BIGINT,
  "pixel_length" BIGINT,
  "header_sha256" VARCHAR,
  "content_sha256" VARCHAR,
  "first_seen_run" VARCHAR NOT NULL,
  "last_changed_run" VARCHAR NOT NULL,
  "deleted_at" TIMESTAMP WITH TIME ZONE,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
);
COMMENT ON TABLE "files" IS 'The ledger: every path ever seen, its state when it was last read, and what became of it. Every run proves that the files it saw are the sum of their statuses.';
COMMENT ON COLUMN "files"."file_id" IS 'Identity of the path. Rule: first 32 hex digits of sha256 of source, NUL, raw relative path. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "files"."source" IS 'Name of the source; its root stands in the manifest.';
COMMENT ON COLUMN "files"."path" IS 'Path relative to the source''s root, with `/`. Bytes that are not UTF-8, control characters and `%` are percent-encoded.';
COMMENT ON COLUMN "files"."size" IS 'Size of the file. Always at least 0.';
COMMENT ON COLUMN "files"."mtime_ns" IS 'Time of last modification, since the Unix epoch.';
COMMENT ON COLUMN "files"."ctime_ns" IS 'Time of last status change, since the Unix epoch.';
COMMENT ON COLUMN "files"."inode" IS 'Number of the file in its file system.';
COMMENT ON COLUMN "files"."status" IS 'What became of the file. Always one of the codes below.';
COMMENT ON COLUMN "files"."reason" IS 'Why, as a stable code; null where the status says it all. Always one of the codes below.';
COMMENT ON COLUMN "files"."sop_instance_uid" IS 'SOP Instance UID that the file claims.';
COMMENT ON COLUMN "files"."study_instance_uid" IS 'Study Instance UID that the file claims.';
COMMENT ON COLUMN "files"."series_instance_uid" IS 'Series Instance UID that the file claims.';
COMMENT ON COLUMN "files"."reader" IS 'Which reader read the header. Always one of `fast`, `pydicom`.';
COMMENT ON COLUMN "files"."transfer_syntax_uid" IS 'Transfer Syntax UID of the file.';
COMMENT ON COLUMN "files"."pixel_offset" IS 'Where the pixel values start: the first byte of native Pixel Data, or the first item of encapsulated Pixel Data.';
COMMENT ON COLUMN "files"."pixel_length" IS 'Length of native Pixel Data as present in the file; for encapsulated Pixel Data all bytes from `pixel_offset` to the end of the file.';
COMMENT ON COLUMN "files"."header_sha256" IS 'Digest of the data set''s bytes before Pixel Data, without preamble and file meta.';
COMMENT ON COLUMN "files"."content_sha256" IS 'Digest of all attributes but file meta, and the decoded pixels. Made only where two files claim one SOP Instance UID.';
COMMENT ON COLUMN "files"."first_seen_run" IS 'Run that first saw the path.';
COMMENT ON COLUMN "files"."last_changed_run" IS 'Run that last changed the row.';
COMMENT ON COLUMN "files"."deleted_at" IS 'When a run found the path gone.';
COMMENT ON COLUMN "files"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "files"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "files"."schema_version" IS 'Version of the schema the row was written with.';

-- Primary key: "sop_instance_uid"
CREATE TABLE "instances" (
  "sop_instance_uid" VARCHAR NOT NULL,
  "sop_class_uid" VARCHAR NOT NULL,
  "series_instance_uid" VARCHAR NOT NULL,
  "study_instance_uid" VARCHAR NOT NULL,
  "patient_key" VARCHAR NOT NULL,
  "modality" VARCHAR NOT NULL,
  "modality_raw" VARCHAR,
  "study_year" INTEGER NOT NULL,
  "patient_id" VARCHAR,
  "issuer_of_patient_id" VARCHAR,
  "patient_name" STRUCT("alphabetic" VARCHAR, "ideographic" VARCHAR, "phonetic" VARCHAR),
  "patient_birth_date" DATE,
  "patient_sex" VARCHAR,
  "patient_age" VARCHAR,
  "age_years" DOUBLE,
  "patient_size" DOUBLE,
  "patient_weight" DOUBLE,
  "patient_identity_removed" VARCHAR,
  "study_id" VARCHAR,
  "accession_number" VARCHAR,
  "study_date" DATE,
  "study_time" TIME,
  "study_description" VARCHAR,
  "referring_physician_name" STRUCT("alphabetic" VARCHAR, "ideographic" VARCHAR, "phonetic" VARCHAR),
  "institution_name" VARCHAR,
  "series_number" BIGINT,
  "series_date" DATE,
  "series_time" TIME,
  "series_description" VARCHAR,
  "protocol_name" VARCHAR,
  "body_part_examined" VARCHAR,
  "laterality" VARCHAR,
  "patient_position" VARCHAR,
  "frame_of_reference_uid" VARCHAR,
  "position_reference_indicator" VARCHAR,
  "manufacturer" VARCHAR,
  "manufacturer_model_name" VARCHAR,
  "device_serial_number" VARCHAR,
  "software_versions" VARCHAR[],
  "station_name" VARCHAR,
  "magnetic_field_strength" DOUBLE,
  "instance_number" BIGINT,
  "image_type" VARCHAR[],
  "specific_character_set" VARCHAR[],
  "instance_creation_date" DATE,
  "instance_creation_time" TIME,
  "content_date" DATE,
  "content_time" TIME,
  "acquisition_number" BIGINT,
  "acquisition_date" DATE,
  "acquisition_time" TIME,
  "acquisition_date_time" TIMESTAMP,
  "acquisition_date_time_offset_minutes" INTEGER,
  "image_comments" VARCHAR,
  "burned_in_annotation" VARCHAR,
  "kvp" DOUBLE,
  "x_ray_tube_current" DOUBLE,
  "exposure_time" DOUBLE,
  "exposure" DOUBLE,
  "ctdivol" DOUBLE,
  "filter_type" VARCHAR,
  "focal_spots" DOUBLE[],
  "convolution_kernel" VARCHAR[],
  "scan_options" VARCHAR[],
  "data_collection_diameter" DOUBLE,
  "reconstruction_diameter" DOUBLE,
  "distance_source_to_detector" DOUBLE,
  "distance_source_to_patient" DOUBLE,
  "gantry_detector_tilt" DOUBLE,
  "table_height" DOUBLE,
  "rotation_direction" VARCHAR,
  "revolution_time" DOUBLE,
  "single_collimation_width" DOUBLE,
  "total_collimation_width" DOUBLE,
  "spiral_pitch_factor" DOUBLE,
  "contrast_bolus_agent" VARCHAR,
  "scanning_sequence" VARCHAR[],
  "sequence_variant" VARCHAR[],
  "mr_acquisition_type" VARCHAR,
  "sequence_name" VARCHAR,
  "repetition_time" DOUBLE,
  "echo_time" DOUBLE,
  "inversion_time" DOUBLE,
  "flip_angle" DOUBLE,
  "echo_numbers" BIGINT[],
  "echo_train_length" BIGINT,
  "imaging_frequency" DOUBLE,
  "trigger_time" DOUBLE,
  "nominal_percentage_of_cardiac_phase" FLOAT,
  "units" VARCHAR,
  "corrected_image" VARCHAR[],
  "decay_correction" VARCHAR,
  "frame_reference_time" DOUBLE,
  "image_position_patient" DOUBLE[],
  "image_orientation_patient" DOUBLE[],
  "pixel_spacing" DOUBLE[],
  "imager_pixel_spacing" DOUBLE[],
  "slice_thickness" DOUBLE,
  "spacing_between_slices" DOUBLE,
  "slice_location" DOUBLE,
  "stack_id" VARCHAR,
  "temporal_position_identifier" BIGINT,
  "temporal_position_index" BIGINT,
  "number_of_temporal_positions" BIGINT,
  "number_of_slices" INTEGER,
  "images_in_acquisition" BIGINT,
  "samples_per_pixel" INTEGER,
  "photometric_interpretation" VARCHAR,
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
  "rescale_slope" DOUBLE,
  "rescale_intercept" DOUBLE,
  "rescale_type" VARCHAR,
  "modality_lut_type" VARCHAR,
  "window_center" DOUBLE[],
  "window_width" DOUBLE[],
  "lossy_image_compression" VARCHAR,
  "lossy_image_compression_ratio" DOUBLE[],
  "invalid_attributes" VARCHAR[],
  "file_id" VARCHAR NOT NULL,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
);
COMMENT ON TABLE "instances" IS 'One row per SOP instance: patient, study, series, equipment, acquisition, geometry and pixel attributes, typed by their VR. An attribute that is absent, empty or malformed is NULL; a malformed one is also named in `invalid_attributes` and in `issues`.';
COMMENT ON COLUMN "instances"."sop_instance_uid" IS 'Identity of the instance.';
COMMENT ON COLUMN "instances"."sop_class_uid" IS 'Kind of the instance.';
COMMENT ON COLUMN "instances"."series_instance_uid" IS 'Series of the instance.';
COMMENT ON COLUMN "instances"."study_instance_uid" IS 'Study of the instance.';
COMMENT ON COLUMN "instances"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "instances"."modality" IS 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "instances"."modality_raw" IS 'Modality as written.';
COMMENT ON COLUMN "instances"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "instances"."patient_id" IS 'Primary identifier of the patient.';
COMMENT ON COLUMN "instances"."issuer_of_patient_id" IS 'Authority that issued the patient ID.';
COMMENT ON COLUMN "instances"."patient_name" IS 'Name of the patient.';
COMMENT ON COLUMN "instances"."patient_birth_date" IS 'Birth date of the patient.';
COMMENT ON COLUMN "instances"."patient_sex" IS 'Sex of the patient.';
COMMENT ON COLUMN "instances"."patient_age" IS 'Age of the patient at the study, as written.';
COMMENT ON COLUMN "instances"."age_years" IS 'Age of the patient at the study. Rule: PatientAge in days / 365.25, weeks x 7 / 365.25, months / 12 or years. Always at least 0.';
COMMENT ON COLUMN "instances"."patient_size" IS 'Height of the patient.';
COMMENT ON COLUMN "instances"."patient_weight" IS 'Weight of the patient.';
COMMENT ON COLUMN "instances"."patient_identity_removed" IS 'Whether the patient''s identity was removed.';
COMMENT ON COLUMN "instances"."study_id" IS 'Study identifier given by a person or device.';
COMMENT ON COLUMN "instances"."accession_number" IS 'Number of the order.';
COMMENT ON COLUMN "instances"."study_date" IS 'Date the study started.';
COMMENT ON COLUMN "instances"."study_time" IS 'Time the study started.';
COMMENT ON COLUMN "instances"."study_description" IS 'Description of the study.';
COMMENT ON COLUMN "instances"."referring_physician_name" IS 'Name of the referring physician.';
COMMENT ON COLUMN "instances"."institution_name" IS 'Institution of the equipment.';
COMMENT ON COLUMN "instances"."series_number" IS 'Number of the series.';
COMMENT ON COLUMN "instances"."series_date" IS 'Date the series started.';
COMMENT ON COLUMN "instances"."series_time" IS 'Time the series started.';
COMMENT ON COLUMN "instances"."series_description" IS 'Description of the series.';
COMMENT ON COLUMN "instances"."protocol_name" IS 'Name of the acquisition protocol.';
COMMENT ON COLUMN "instances"."body_part_examined" IS 'Part of the body examined.';
COMMENT ON COLUMN "instances"."laterality" IS 'Side of the paired body part.';
COMMENT ON COLUMN "instances"."patient_position" IS 'Position of the patient relative to the equipment, e.g. `HFS`.';
COMMENT ON COLUMN "instances"."frame_of_reference_uid" IS 'Frame of Reference in which positions are given.';
COMMENT ON COLUMN "instances"."position_reference_indicator" IS 'Anatomical reference of the Frame of Reference.';
COMMENT ON COLUMN "instances"."manufacturer" IS 'Maker of the equipment.';
COMMENT ON COLUMN "instances"."manufacturer_model_name" IS 'Model of the equipment.';
COMMENT ON COLUMN "instances"."device_serial_number" IS 'Serial number of the equipment.';
COMMENT ON COLUMN "instances"."software_versions" IS 'Software of the equipment.';
COMMENT ON COLUMN "instances"."station_name" IS 'Name of the station.';
COMMENT ON COLUMN "instances"."magnetic_field_strength" IS 'Nominal field of the magnet.';
COMMENT ON COLUMN "instances"."instance_number" IS 'Number of the instance in its series.';
COMMENT ON COLUMN "instances"."image_type" IS 'Characteristics of the image.';
COMMENT ON COLUMN "instances"."specific_character_set" IS 'Character sets of the text.';
COMMENT ON COLUMN "instances"."instance_creation_date" IS 'Date the instance was created.';
COMMENT ON COLUMN "instances"."instance_creation_time" IS 'Time the instance was created.';
COMMENT ON COLUMN "instances"."content_date" IS 'Date the content was created.';
COMMENT ON COLUMN "instances"."content_time" IS 'Time the content was created.';
COMMENT ON COLUMN "instances"."acquisition_number" IS 'Number of the acquisition.';
COMMENT ON COLUMN "instances"."acquisition_date" IS 'Date the acquisition started.';
COMMENT ON COLUMN "instances"."acquisition_time" IS 'Time the acquisition started.';
COMMENT ON COLUMN "instances"."acquisition_date_time" IS 'Date and time the acquisition started; UTC where the file gives an offset, else local time.';
COMMENT ON COLUMN "instances"."acquisition_date_time_offset_minutes" IS 'Offset from UTC that Acquisition DateTime was written with; null where it had none.';
COMMENT ON COLUMN "instances"."image_comments" IS 'Comments on the image.';
COMMENT ON COLUMN "instances"."burned_in_annotation" IS 'Whether the pixels show text that may identify the patient.';
COMMENT ON COLUMN "instances"."kvp" IS 'Peak voltage of the X-ray generator.';
COMMENT ON COLUMN "instances"."x_ray_tube_current" IS 'Current of the X-ray tube.';
COMMENT ON COLUMN "instances"."exposure_time" IS 'Duration of the exposure.';
COMMENT ON COLUMN "instances"."exposure" IS 'Tube current times exposure time.';
COMMENT ON COLUMN "instances"."ctdivol" IS 'Volume CT dose index.';
COMMENT ON COLUMN "instances"."filter_type" IS 'Type of the X-ray filter.';
COMMENT ON COLUMN "instances"."focal_spots" IS 'Size of the focal spots.';
COMMENT ON COLUMN "instances"."convolution_kernel" IS 'Kernel of the reconstruction.';
COMMENT ON COLUMN "instances"."scan_options" IS 'Options of the acquisition.';
COMMENT ON COLUMN "instances"."data_collection_diameter" IS 'Diameter over which data were collected.';
COMMENT ON COLUMN "instances"."reconstruction_diameter" IS 'Diameter of the reconstructed region.';
COMMENT ON COLUMN "instances"."distance_source_to_detector" IS 'Distance from source to detector.';
COMMENT ON COLUMN "instances"."distance_source_to_patient" IS 'Distance from source to isocentre.';
COMMENT ON COLUMN "instances"."gantry_detector_tilt" IS 'Nominal tilt of the gantry; its sign differs between makers.';
COMMENT ON COLUMN "instances"."table_height" IS 'Height of the table.';
COMMENT ON COLUMN "instances"."rotation_direction" IS 'Direction of rotation of the source.';
COMMENT ON COLUMN "instances"."revolution_time" IS 'Time of one rotation.';
COMMENT ON COLUMN "instances"."single_collimation_width" IS 'Width of one detector row.';
COMMENT ON COLUMN "instances"."total_collimation_width" IS 'Width of all active detector rows.';
COMMENT ON COLUMN "instances"."spiral_pitch_factor" IS 'Table feed per rotation over collimation.';
COMMENT ON COLUMN "instances"."contrast_bolus_agent" IS 'Contrast agent.';
COMMENT ON COLUMN "instances"."scanning_sequence" IS 'Type of MR data taken.';
COMMENT ON COLUMN "instances"."sequence_variant" IS 'Variant of the scanning sequence.';
COMMENT ON COLUMN "instances"."mr_acquisition_type" IS 'Encoding of the MR data, 2D or 3D.';
COMMENT ON COLUMN "instances"."sequence_name" IS 'Name of the MR sequence.';
COMMENT ON COLUMN "instances"."repetition_time" IS 'MR repetition time.';
COMMENT ON COLUMN "instances"."echo_time" IS 'MR echo time.';
COMMENT ON COLUMN "instances"."inversion_time" IS 'MR inversion time.';
COMMENT ON COLUMN "instances"."flip_angle" IS 'MR flip angle.';
COMMENT ON COLUMN "instances"."echo_numbers" IS 'Number of the echo.';
COMMENT ON COLUMN "instances"."echo_train_length" IS 'Lines acquired per excitation.';
COMMENT ON COLUMN "instances"."imaging_frequency" IS 'Precession frequency of the nucleus.';
COMMENT ON COLUMN "instances"."trigger_time" IS 'Time after the trigger.';
COMMENT ON COLUMN "instances"."nominal_percentage_of_cardiac_phase" IS 'Part of the cardiac cycle.';
COMMENT ON COLUMN "instances"."units" IS 'Units of PET pixel values.';
COMMENT ON COLUMN "instances"."corrected_image" IS 'Corrections applied to PET or NM data.';
COMMENT ON COLUMN "instances"."decay_correction" IS 'Time that decay was corrected to.';
COMMENT ON COLUMN "instances"."frame_reference_time" IS 'Time the PET pixel values refer to, from the series reference.';
COMMENT ON COLUMN "instances"."image_position_patient" IS 'Centre of the first pixel, in LPS coordinates.';
COMMENT ON COLUMN "instances"."image_orientation_patient" IS 'Direction cosines of a row, then of a column, in LPS coordinates.';
COMMENT ON COLUMN "instances"."pixel_spacing" IS 'Distance between rows, then between columns, in the patient.';
COMMENT ON COLUMN "instances"."imager_pixel_spacing" IS 'Distance between rows, then between columns, at the detector.';
COMMENT ON COLUMN "instances"."slice_thickness" IS 'Nominal thickness of the slice.';
COMMENT ON COLUMN "instances"."spacing_between_slices" IS 'Nominal spacing between slices.';
COMMENT ON COLUMN "instances"."slice_location" IS 'Relative position of the slice.';
COMMENT ON COLUMN "instances"."stack_id" IS 'Stack that the image belongs to.';
COMMENT ON COLUMN "instances"."temporal_position_identifier" IS 'Place in a time series.';
COMMENT ON COLUMN "instances"."temporal_position_index" IS 'Place in a time series, from 1.';
COMMENT ON COLUMN "instances"."number_of_temporal_positions" IS 'Positions in a time series.';
COMMENT ON COLUMN "instances"."number_of_slices" IS 'Slices in the series, as declared.';
COMMENT ON COLUMN "instances"."images_in_acquisition" IS 'Images of the acquisition, as declared.';
COMMENT ON COLUMN "instances"."samples_per_pixel" IS 'Samples of a pixel.';
COMMENT ON COLUMN "instances"."photometric_interpretation" IS 'Meaning of the samples.';
COMMENT ON COLUMN "instances"."planar_configuration" IS 'Order of the samples.';
COMMENT ON COLUMN "instances"."number_of_frames" IS 'Frames of the instance.';
COMMENT ON COLUMN "instances"."rows" IS 'Rows of a frame.';
COMMENT ON COLUMN "instances"."columns" IS 'Columns of a frame.';
COMMENT ON COLUMN "instances"."bits_allocated" IS 'Bits that a sample takes up.';
COMMENT ON COLUMN "instances"."bits_stored" IS 'Bits of a sample that are used.';
COMMENT ON COLUMN "instances"."high_bit" IS 'Highest used bit of a sample.';
COMMENT ON COLUMN "instances"."pixel_representation" IS '0 unsigned, 1 two''s complement.';
COMMENT ON COLUMN "instances"."pixel_padding_value" IS 'Stored value of pixels outside the image.';
COMMENT ON COLUMN "instances"."pixel_padding_range_limit" IS 'Other end of the range of padding values.';
COMMENT ON COLUMN "instances"."rescale_slope" IS 'Slope from stored to real value.';
COMMENT ON COLUMN "instances"."rescale_intercept" IS 'Intercept from stored to real value.';
COMMENT ON COLUMN "instances"."rescale_type" IS 'Unit of the rescaled values.';
COMMENT ON COLUMN "instances"."modality_lut_type" IS 'Unit of the values of a Modality LUT; null where there is none. Rule: ModalityLUTType of the first item of ModalityLUTSequence (0028,3000); `UNSPECIFIED` where that item does not say.';
COMMENT ON COLUMN "instances"."window_center" IS 'Centres of the display windows.';
COMMENT ON COLUMN "instances"."window_width" IS 'Widths of the display windows.';
COMMENT ON COLUMN "instances"."lossy_image_compression" IS 'Whether the pixels were ever compressed with loss: `01` yes.';
COMMENT ON COLUMN "instances"."lossy_image_compression_ratio" IS 'Ratios of the lossy steps.';
COMMENT ON COLUMN "instances"."invalid_attributes" IS 'Keywords of attributes that are NULL here because their value was malformed, sorted.';
COMMENT ON COLUMN "instances"."file_id" IS 'File the row was read from.';
COMMENT ON COLUMN "instances"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "instances"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "instances"."schema_version" IS 'Version of the schema the row was written with.';

-- Primary key: "study_instance_uid", "series_instance_uid"
CREATE TABLE "series" (
  "study_instance_uid" VARCHAR NOT NULL,
  "patient_key" VARCHAR NOT NULL,
  "series_instance_uid" VARCHAR NOT NULL,
  "modality" VARCHAR NOT NULL,
  "modality_raw" VARCHAR,
  "institution_name" VARCHAR,
  "series_number" BIGINT,
  "series_date" DATE,
  "series_time" TIME,
  "series_description" VARCHAR,
  "protocol_name" VARCHAR,
  "body_part_examined" VARCHAR,
  "laterality" VARCHAR,
  "patient_position" VARCHAR,
  "frame_of_reference_uid" VARCHAR,
  "position_reference_indicator" VARCHAR,
  "manufacturer" VARCHAR,
  "manufacturer_model_name" VARCHAR,
  "device_serial_number" VARCHAR,
  "software_versions" VARCHAR[],
  "station_name" VARCHAR,
  "magnetic_field_strength" DOUBLE,
  "study_year" INTEGER NOT NULL,
  "sop_class_uids" VARCHAR[] NOT NULL,
  "n_instances" BIGINT NOT NULL,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
);
COMMENT ON TABLE "series" IS 'One row per series within its study. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`. The partition is that of the instance with the smallest UID.';
COMMENT ON COLUMN "series"."study_instance_uid" IS 'Study of the instance.';
COMMENT ON COLUMN "series"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "series"."series_instance_uid" IS 'Series of the instance.';
COMMENT ON COLUMN "series"."modality" IS 'Modality as a folder name; `UNKNOWN` where it is absent or is no code of capitals. Always matches `[A-Z][A-Z0-9_]{0,15}`.';
COMMENT ON COLUMN "series"."modality_raw" IS 'Modality as written.';
COMMENT ON COLUMN "series"."institution_name" IS 'Institution of the equipment.';
COMMENT ON COLUMN "series"."series_number" IS 'Number of the series.';
COMMENT ON COLUMN "series"."series_date" IS 'Date the series started.';
COMMENT ON COLUMN "series"."series_time" IS 'Time the series started.';
COMMENT ON COLUMN "series"."series_description" IS 'Description of the series.';
COMMENT ON COLUMN "series"."protocol_name" IS 'Name of the acquisition protocol.';
COMMENT ON COLUMN "series"."body_part_examined" IS 'Part of the body examined.';
COMMENT ON COLUMN "series"."laterality" IS 'Side of the paired body part.';
COMMENT ON COLUMN "series"."patient_position" IS 'Position of the patient relative to the equipment, e.g. `HFS`.';
COMMENT ON COLUMN "series"."frame_of_reference_uid" IS 'Frame of Reference in which positions are given.';
COMMENT ON COLUMN "series"."position_reference_indicator" IS 'Anatomical reference of the Frame of Reference.';
COMMENT ON COLUMN "series"."manufacturer" IS 'Maker of the equipment.';
COMMENT ON COLUMN "series"."manufacturer_model_name" IS 'Model of the equipment.';
COMMENT ON COLUMN "series"."device_serial_number" IS 'Serial number of the equipment.';
COMMENT ON COLUMN "series"."software_versions" IS 'Software of the equipment.';
COMMENT ON COLUMN "series"."station_name" IS 'Name of the station.';
COMMENT ON COLUMN "series"."magnetic_field_strength" IS 'Nominal field of the magnet.';
COMMENT ON COLUMN "series"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "series"."sop_class_uids" IS 'SOP classes of the instances, sorted.';
COMMENT ON COLUMN "series"."n_instances" IS 'Instances of the series.';
COMMENT ON COLUMN "series"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "series"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "series"."schema_version" IS 'Version of the schema the row was written with.';

-- Primary key: "study_instance_uid"
CREATE TABLE "studies" (
  "patient_key" VARCHAR NOT NULL,
  "study_instance_uid" VARCHAR NOT NULL,
  "study_year" INTEGER NOT NULL,
  "patient_age" VARCHAR,
  "age_years" DOUBLE,
  "patient_size" DOUBLE,
  "patient_weight" DOUBLE,
  "patient_identity_removed" VARCHAR,
  "study_id" VARCHAR,
  "accession_number" VARCHAR,
  "study_date" DATE,
  "study_time" TIME,
  "study_description" VARCHAR,
  "referring_physician_name" STRUCT("alphabetic" VARCHAR, "ideographic" VARCHAR, "phonetic" VARCHAR),
  "modalities" VARCHAR[] NOT NULL,
  "n_series" BIGINT NOT NULL,
  "n_instances" BIGINT NOT NULL,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
);
COMMENT ON TABLE "studies" IS 'One row per study. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`.';
COMMENT ON COLUMN "studies"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "studies"."study_instance_uid" IS 'Study of the instance.';
COMMENT ON COLUMN "studies"."study_year" IS 'Year of the study date; 0 where it is absent or outside 1895 to next year. Rule: year of StudyDate.';
COMMENT ON COLUMN "studies"."patient_age" IS 'Age of the patient at the study, as written.';
COMMENT ON COLUMN "studies"."age_years" IS 'Age of the patient at the study. Rule: PatientAge in days / 365.25, weeks x 7 / 365.25, months / 12 or years. Always at least 0.';
COMMENT ON COLUMN "studies"."patient_size" IS 'Height of the patient.';
COMMENT ON COLUMN "studies"."patient_weight" IS 'Weight of the patient.';
COMMENT ON COLUMN "studies"."patient_identity_removed" IS 'Whether the patient''s identity was removed.';
COMMENT ON COLUMN "studies"."study_id" IS 'Study identifier given by a person or device.';
COMMENT ON COLUMN "studies"."accession_number" IS 'Number of the order.';
COMMENT ON COLUMN "studies"."study_date" IS 'Date the study started.';
COMMENT ON COLUMN "studies"."study_time" IS 'Time the study started.';
COMMENT ON COLUMN "studies"."study_description" IS 'Description of the study.';
COMMENT ON COLUMN "studies"."referring_physician_name" IS 'Name of the referring physician.';
COMMENT ON COLUMN "studies"."modalities" IS 'Modalities of the study, sorted.';
COMMENT ON COLUMN "studies"."n_series" IS 'Series of the study.';
COMMENT ON COLUMN "studies"."n_instances" IS 'Instances of the study.';
COMMENT ON COLUMN "studies"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "studies"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "studies"."schema_version" IS 'Version of the schema the row was written with.';

-- Primary key: "patient_key"
CREATE TABLE "patients" (
  "patient_key" VARCHAR NOT NULL,
  "patient_id" VARCHAR,
  "issuer_of_patient_id" VARCHAR,
  "patient_name" STRUCT("alphabetic" VARCHAR, "ideographic" VARCHAR, "phonetic" VARCHAR),
  "patient_birth_date" DATE,
  "patient_sex" VARCHAR,
  "n_studies" BIGINT NOT NULL,
  "n_series" BIGINT NOT NULL,
  "n_instances" BIGINT NOT NULL,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
);
COMMENT ON TABLE "patients" IS 'One row per patient. Attributes take the commonest non-null value of the instances, ties by text order; where they disagree there is an issue `inconsistent_parent`.';
COMMENT ON COLUMN "patients"."patient_key" IS 'Identity of the patient. Rule: first 32 hex digits of sha256 of issuer, NUL, patient ID; without a patient ID of the study UID, so that strangers never become one patient. Always matches `[0-9a-f]{32}`.';
COMMENT ON COLUMN "patients"."patient_id" IS 'Primary identifier of the patient.';
COMMENT ON COLUMN "patients"."issuer_of_patient_id" IS 'Authority that issued the patient ID.';
COMMENT ON COLUMN "patients"."patient_name" IS 'Name of the patient.';
COMMENT ON COLUMN "patients"."patient_birth_date" IS 'Birth date of the patient.';
COMMENT ON COLUMN "patients"."patient_sex" IS 'Sex of the patient.';
COMMENT ON COLUMN "patients"."n_studies" IS 'Studies of the patient.';
COMMENT ON COLUMN "patients"."n_series" IS 'Series of the patient.';
COMMENT ON COLUMN "patients"."n_instances" IS 'Instances of the patient.';
COMMENT ON COLUMN "patients"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "patients"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "patients"."schema_version" IS 'Version of the schema the row was written with.';

-- Primary key: "volume_id"
CREATE TABLE "volumes" (
  "volume_id" VARCHAR NOT NULL,
  "study_instance_uid" VARCHAR NOT NULL,
  "series_instance_uid" VARCHAR NOT NULL,
  "status" VARCHAR NOT NULL,
  "reason" VARCHAR,
  "detail" VARCHAR,
  "channel_key" VARCHAR,
  "channel_value" VARCHAR,
  "shape" BIGINT[],
  "dtype" VARCHAR,
  "units" VARCHAR,
  "spacing_row_mm" DOUBLE,
  "spacing_column_mm" DOUBLE,
  "spacing_slice_mm" DOUBLE,
  "affine_lps" DOUBLE[],
  "n_slices" BIGINT,
  "flags" VARCHAR[],
  "max_position_error_mm" DOUBLE,
  "value_min" DOUBLE,
  "value_max" DOUBLE,
  "sha256" VARCHAR,
  "path" VARCHAR,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
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
COMMENT ON COLUMN "volumes"."spacing_row_mm" IS 'Distance between rows.';
COMMENT ON COLUMN "volumes"."spacing_column_mm" IS 'Distance between columns.';
COMMENT ON COLUMN "volumes"."spacing_slice_mm" IS 'Length of the step from slice to slice.';
COMMENT ON COLUMN "volumes"."affine_lps" IS '4 x 4 matrix, row by row, from index (column, row, slice) to LPS coordinates.';
COMMENT ON COLUMN "volumes"."n_slices" IS 'Slices of the volume. Always at least 0.';
COMMENT ON COLUMN "volumes"."flags" IS 'What is worth knowing of it, sorted. Always one of the codes below.';
COMMENT ON COLUMN "volumes"."max_position_error_mm" IS 'Greatest distance of a slice''s corner from where the affine puts it.';
COMMENT ON COLUMN "volumes"."value_min" IS 'Smallest voxel.';
COMMENT ON COLUMN "volumes"."value_max" IS 'Greatest voxel.';
COMMENT ON COLUMN "volumes"."sha256" IS 'Digest of the C-order little-endian array [z, y, x]. Always matches `[0-9a-f]{64}`.';
COMMENT ON COLUMN "volumes"."path" IS 'Zarr group, relative to the lake.';
COMMENT ON COLUMN "volumes"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "volumes"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "volumes"."schema_version" IS 'Version of the schema the row was written with.';

-- Primary key: "file_id", "frame_number"
CREATE TABLE "volume_instances" (
  "volume_id" VARCHAR,
  "study_instance_uid" VARCHAR NOT NULL,
  "series_instance_uid" VARCHAR NOT NULL,
  "sop_instance_uid" VARCHAR NOT NULL,
  "frame_number" INTEGER,
  "role" VARCHAR NOT NULL,
  "reason" VARCHAR,
  "slice_index" BIGINT,
  "position_mm" DOUBLE,
  "slope" DOUBLE,
  "intercept" DOUBLE,
  "file_id" VARCHAR NOT NULL,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
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
COMMENT ON COLUMN "volume_instances"."position_mm" IS 'Distance of its first pixel along the normal.';
COMMENT ON COLUMN "volume_instances"."slope" IS 'Rescale slope applied.';
COMMENT ON COLUMN "volume_instances"."intercept" IS 'Rescale intercept applied.';
COMMENT ON COLUMN "volume_instances"."file_id" IS 'File of the instance.';
COMMENT ON COLUMN "volume_instances"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "volume_instances"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "volume_instances"."schema_version" IS 'Version of the schema the row was written with.';

-- Primary key: "issue_id"
CREATE TABLE "issues" (
  "issue_id" VARCHAR NOT NULL,
  "code" VARCHAR NOT NULL,
  "severity" VARCHAR NOT NULL,
  "file_id" VARCHAR,
  "study_instance_uid" VARCHAR,
  "series_instance_uid" VARCHAR,
  "sop_instance_uid" VARCHAR,
  "tag" VARCHAR,
  "keyword" VARCHAR,
  "detail" VARCHAR,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
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

-- Primary key: "run_id"
CREATE TABLE "runs" (
  "command" VARCHAR NOT NULL,
  "sources" VARCHAR[] NOT NULL,
  "started_at" TIMESTAMP WITH TIME ZONE NOT NULL,
  "committed_at" TIMESTAMP WITH TIME ZONE NOT NULL,
  "duration_s" DOUBLE NOT NULL,
  "base_version" BIGINT NOT NULL,
  "files_seen" BIGINT,
  "files_read" BIGINT,
  "files_by_status" MAP(VARCHAR, BIGINT),
  "volumes_accepted" BIGINT,
  "volumes_rejected" BIGINT,
  "workers" BIGINT,
  "settings_sha256" VARCHAR NOT NULL,
  "run_id" VARCHAR NOT NULL,
  "pipeline_version" VARCHAR NOT NULL,
  "schema_version" SMALLINT NOT NULL
);
COMMENT ON TABLE "runs" IS 'The runs that committed something. `runs.jsonl` beside the tables has a line for every run, also for those that changed nothing.';
COMMENT ON COLUMN "runs"."command" IS 'What was asked for: `run`, `ingest`, `volumes`.';
COMMENT ON COLUMN "runs"."sources" IS 'Names of the sources read, sorted.';
COMMENT ON COLUMN "runs"."started_at" IS 'When the run started.';
COMMENT ON COLUMN "runs"."committed_at" IS 'When its last version was committed.';
COMMENT ON COLUMN "runs"."duration_s" IS 'Seconds from start to that commit.';
COMMENT ON COLUMN "runs"."base_version" IS 'Version the run started from; 0 for a new lake.';
COMMENT ON COLUMN "runs"."files_seen" IS 'Files found by the crawl.';
COMMENT ON COLUMN "runs"."files_read" IS 'Files opened, the others being unchanged.';
COMMENT ON COLUMN "runs"."files_by_status" IS 'The files seen, by status; the sum is `files_seen`.';
COMMENT ON COLUMN "runs"."volumes_accepted" IS 'Volumes written by the run.';
COMMENT ON COLUMN "runs"."volumes_rejected" IS 'Series or groups rejected by the run.';
COMMENT ON COLUMN "runs"."workers" IS 'Worker processes; 0 when the work was done inline.';
COMMENT ON COLUMN "runs"."settings_sha256" IS 'Digest of the settings the run used.';
COMMENT ON COLUMN "runs"."run_id" IS 'Run that last changed the row.';
COMMENT ON COLUMN "runs"."pipeline_version" IS 'Version of dicomlake that wrote the row.';
COMMENT ON COLUMN "runs"."schema_version" IS 'Version of the schema the row was written with.';
