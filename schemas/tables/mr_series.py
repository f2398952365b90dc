"""`mr_series`: one row per MR series, with what was constant and what varied in it."""

from typing import Final

from dicomlake.schemas.tables.modality_series import constant, distinct, modality_series, varying

MR: Final = modality_series(
    "mr_series",
    "MR",
    "One row per MR series. What is usually constant takes the commonest non-null value of the "
    "instances; of what varies there are minimum, maximum and the number of different values. "
    "An enhanced instance states much per frame: that stands in `frames` and may be null here.",
    constant(
        "magnetic_field_strength", "mr_acquisition_type", "scanning_sequence",
        "sequence_variant", "scan_options", "imaged_nucleus", "receive_coil_name",
        "echo_train_length", "number_of_averages", "percent_sampling",
        "percent_phase_field_of_view", "acquisition_matrix", "in_plane_phase_encoding_direction",
        "parallel_acquisition_technique", "parallel_reduction_factor_in_plane",
        "contrast_bolus_agent", "spacing_between_slices", "pixel_spacing", "rows", "columns",
    ),
    distinct("sequence_name"),
    varying(
        "repetition_time", "echo_time", "inversion_time", "flip_angle", "echo_numbers",
        "diffusion_b_value", "siemens_b_value", "philips_b_value", "imaging_frequency",
        "pixel_bandwidth", "sar", "trigger_time", "slice_thickness", "slice_location",
        "temporal_position_identifier", "acquisition_number",
    ),
)
