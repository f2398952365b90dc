"""`pt_series`: one row per PET series, with what was constant and what varied in it."""

from typing import Final

from dicomlake.schemas.tables.modality_series import constant, modality_series, varying

PT: Final = modality_series(
    "pt_series",
    "PT",
    "One row per PET series. What is usually constant takes the commonest non-null value of the "
    "instances; of what varies there are minimum, maximum and the number of different values.",
    constant(
        "units", "series_type", "corrected_image", "decay_correction", "reconstruction_method",
        "attenuation_correction_method", "scatter_correction_method",
        "randoms_correction_method", "convolution_kernel", "collimator_type",
        "energy_window_lower_limit", "energy_window_upper_limit", "radiopharmaceutical",
        "radiopharmaceutical_start_time", "radiopharmaceutical_start_date_time",
        "radiopharmaceutical_start_date_time_offset_minutes", "radionuclide_total_dose",
        "radionuclide_half_life", "radionuclide_positron_fraction", "radionuclide_code_value",
        "radionuclide_code_scheme", "radionuclide_code_meaning", "radiopharmaceutical_code_value",
        "radiopharmaceutical_code_scheme", "radiopharmaceutical_code_meaning", "number_of_slices",
        "pixel_spacing", "rows", "columns",
    ),
    varying(
        "frame_reference_time", "actual_frame_duration", "decay_factor", "rescale_slope",
        "acquisition_time", "slice_thickness", "slice_location",
    ),
)
