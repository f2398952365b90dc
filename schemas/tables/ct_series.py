"""`ct_series`: one row per CT series, with what was constant and what varied in it."""

from typing import Final

from dicomlake.schemas.tables.modality_series import constant, distinct, modality_series, varying

CT: Final = modality_series(
    "ct_series",
    "CT",
    "One row per CT series. What is usually constant takes the commonest non-null value of the "
    "instances; of what varies there are minimum, maximum and the number of different values.",
    constant(
        "acquisition_type", "scan_options", "rotation_direction", "revolution_time",
        "single_collimation_width", "total_collimation_width", "table_feed_per_rotation",
        "data_collection_diameter", "reconstruction_diameter", "distance_source_to_detector",
        "distance_source_to_patient", "filter_type", "focal_spots", "exposure_modulation_type",
        "ctdi_phantom_type_code_value", "ctdi_phantom_type_code_scheme",
        "ctdi_phantom_type_code_meaning", "contrast_bolus_agent", "contrast_bolus_route",
        "pixel_spacing", "rows", "columns", "rescale_type",
    ),
    distinct("convolution_kernel"),
    varying(
        "kvp", "x_ray_tube_current", "exposure_time", "exposure", "ctdivol",
        "spiral_pitch_factor", "slice_thickness", "table_height", "gantry_detector_tilt",
        "water_equivalent_diameter", "slice_location", "acquisition_number",
    ),
)
