"""Private attributes that dose and conversion tools rely on, by their creator."""

from typing import Final

from dicomlake.schemas.column import brought_by, private

PRIVATE: Final = brought_by(
    2,
    private("elscint_total_dlp", "ELSCINT1", 0x00E10021, "DS",
            "Dose length product of a Philips dose report.", unit="mGy cm"),
    private("toshiba_ctdivol", "TOSHIBA_MEC_CT3", 0x70050063, "FD",
            "Volume CT dose index of a Toshiba CT.", unit="mGy"),
    private("toshiba_dlp", "TOSHIBA_MEC_CT3", 0x70050040, "FD",
            "Dose length product of a Toshiba CT.", unit="mGy cm"),
    private("toshiba_pitch_factor", "TOSHIBA_MEC_CT3", 0x70050023, "DS",
            "Pitch of a Toshiba CT."),
    private("toshiba_detector_slice_thickness", "TOSHIBA_MEC_CT3", 0x70050008, "DS",
            "Width of one detector row of a Toshiba CT.", unit="mm"),
    private("toshiba_detector_rows", "TOSHIBA_MEC_CT3", 0x70050009, "LO",
            "Detector rows of a Toshiba CT, `1` for each that is used."),
    private("siemens_number_of_images_in_mosaic", "SIEMENS MR HEADER", 0x0019000A, "US",
            "Slices in a Siemens mosaic."),
    private("siemens_b_value", "SIEMENS MR HEADER", 0x0019000C, "IS",
            "Diffusion weighting of a Siemens MR.", unit="s/mm2"),
    private("siemens_diffusion_gradient_direction", "SIEMENS MR HEADER", 0x0019000E, "FD",
            "Direction of the diffusion gradient of a Siemens MR.", vm="3"),
    private("siemens_bandwidth_per_pixel_phase_encode", "SIEMENS MR HEADER", 0x00190028, "FD",
            "Bandwidth of a pixel in phase direction of a Siemens MR.", unit="Hz"),
    private("ge_b_value", "GEMS_PARM_01", 0x00430039, "IS",
            "Diffusion weighting of a GE MR, with 10^9 added by some; then three more "
            "numbers.", vm="4", unit="s/mm2"),
    private("ge_effective_echo_spacing", "GEMS_PARM_01", 0x0043002C, "SS",
            "Time from echo to echo of a GE MR.", unit="us"),
    private("philips_b_value", "Philips Imaging DD 001", 0x20010003, "FL",
            "Diffusion weighting of a Philips MR.", unit="s/mm2"),
)
"""Private attributes, found by their Private Creator."""
