"""`dose_exams`: the dose of a study, per group of modalities."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import Codes, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import (
    DEVICE,
    SOURCE_KINDS,
    STUDY,
    number,
    text,
)

FLAGS: Final = {
    "age_out_of_range": "An age below 0 or above 120 years was not taken.",
    "biplane": "Two planes: times and reference air kerma are not added.",
    "conflict": "Sources give an event different values.",
    "event_flags": "An event of it has flags.",
    "mixed_device": "Events of several devices.",
    "mixed_nuclide": "Several radionuclides; their activities are not added.",
    "mixed_phantom": "DLP of 16 cm and of 32 cm phantoms; their sum is no dose quantity.",
    "not_reconciled": "Reported totals and sums of events differ.",
    "partial_overlap": "Reports share some of their events.",
    "phantom_unknown": "An event has DLP or CTDIvol without a phantom.",
    "size_out_of_range": "A height outside 0.2 to 2.5 m was not taken.",
    "total_zero_beside_events": "A reported total of 0 beside events that say otherwise.",
    "unmatched_header_events": "Image headers have events that no report of the device has.",
    "weight_out_of_range": "A weight outside 0.2 to 400 kg was not taken.",
}
"""What is worth knowing of an exam."""

MODALITY_GROUPS: Final = ("CT", "DX", "RF", "MG", "NM")

_EXAM = (
    STUDY,
    Column("modality_group", pa.string(), "Group of modalities.", nullable=False,
           checks=(OneOf(MODALITY_GROUPS),)),
    Column("patient_key", pa.string(), "Patient.", privacy=Privacy.UID),
    Column("is_patient", pa.bool_(), "Whether it is no phantom, by ID and name.", nullable=False),
    Column("study_date", pa.date32(), "Date of the study; null where absent.",
           privacy=Privacy.DATE),
    number("age_years", "Age at the study, in years."),
    Column("age_source", pa.string(), "Where the age comes from.",
           checks=(OneOf(("birth_date", "patient_age")),)),
    text("sex", "Sex of the patient."),
    number("weight_kg", "Weight of the patient.", "kg"),
    number("height_m", "Height of the patient.", "m"),
    DEVICE,
    Column("facility_key", pa.string(), "Facility of the device."),
    text("protocol", "Commonest acquisition protocol, else the study's description."),
    text("standard_exam", "Exam by the protocol map; `UNMAPPED` where it has none."),
    Column("source_kind", pa.string(), "Best source of its events.",
           checks=(OneOf(SOURCE_KINDS),)),
    Column("n_events", pa.int64(), "Active events or administrations.", nullable=False),
    Column("n_events_localizer", pa.int64(), "Localizers among them."),
    Column("n_events_stationary", pa.int64(), "Stationary acquisitions among them."),
    Column("n_events_fluoroscopy", pa.int64(), "Fluoroscopies among them."),
    Column("n_events_acquisition", pa.int64(), "Other exposures among them."),
)

_CT = (
    number("dlp_total_reported_mgy_cm", "DLP total of the active reports.", "mGy cm"),
    number("dlp_total_mgy_cm", "DLP of the active events, of all phantoms.", "mGy cm"),
    number("dlp_head_phantom_mgy_cm", "DLP of events of the 16 cm phantom.", "mGy cm"),
    number("dlp_body_phantom_mgy_cm", "DLP of events of the 32 cm phantom.", "mGy cm"),
    number("dlp_estimated_mgy_cm", "Estimated DLP of events without one.", "mGy cm"),
    number("ctdivol_max_head_mgy", "Greatest CTDIvol of the 16 cm phantom, without localizers and "
           "stationary acquisitions.", "mGy"),
    number("ctdivol_max_body_mgy", "The same of the 32 cm phantom.", "mGy"),
    number("ssde_mean_mgy", "Mean of the size specific dose estimates of its events, stated or "
           "computed.", "mGy"),
    number("dw_mean_mm", "Mean of the water-equivalent diameters of its events.", "mm"),
)

_XRAY = (
    number("kap_total_gy_cm2", "Kerma-area product of the active events.", "Gy cm2"),
    number("kap_total_reported_gy_cm2", "Kerma-area product of the active reports, all planes.",
           "Gy cm2"),
    number("kap_fluoro_gy_cm2", "Kerma-area product of fluoroscopy, of events.", "Gy cm2"),
    number("kap_acquisition_gy_cm2", "Kerma-area product of other exposures.", "Gy cm2"),
    number("ka_r_total_mgy", "Reference air kerma of the active events; null for two planes.",
           "mGy"),
    number("ka_r_total_reported_mgy", "Reference air kerma of the active reports; null for two "
           "planes.", "mGy"),
    number("ka_r_fluoro_mgy", "Reference air kerma of fluoroscopy; null for two planes.", "mGy"),
    number("ka_r_acquisition_mgy", "Reference air kerma of other exposures; null for two planes.",
           "mGy"),
    number("ka_r_plane_a_mgy", "Reference air kerma of plane A.", "mGy"),
    number("ka_r_plane_b_mgy", "Reference air kerma of plane B.", "mGy"),
    number("fluoro_time_s", "Time of fluoroscopy, reported, else of events; null for two planes.",
           "s"),
    number("fluoro_time_plane_a_s", "Time of fluoroscopy of plane A.", "s"),
    number("fluoro_time_plane_b_s", "Time of fluoroscopy of plane B.", "s"),
    number("agd_left_mgy", "Average glandular dose of the views of the left breast, added.",
           "mGy"),
    number("agd_right_mgy", "The same of the right breast.", "mGy"),
    number("agd_left_reported_mgy", "Left breast, of the active reports.", "mGy"),
    number("agd_right_reported_mgy", "Right breast, of the active reports.", "mGy"),
)

_NM = (
    number("activity_total_mbq", "Activity given; null with more than one nuclide.", "MBq"),
    Column("radionuclide_codes", pa.list_(pa.string()), "Nuclides given, sorted."),
)

DOSE_EXAMS: Final = Table(
    name="dose_exams",
    description=(
        "One row per study and group of modalities: sums of active events and reported totals side "
        "by side. Null where no event or report carries a value; never 0 for it."
    ),
    grain="study and group of modalities",
    key=("study_instance_uid", "modality_group"),
    columns=brought_by(
        3,
        *_EXAM,
        *_CT,
        *_XRAY,
        *_NM,
        Column("reconciled", pa.bool_(), "Whether reported totals and sums of events agree within "
               "1 % or 0.01; null without both."),
        Column("flags", pa.list_(pa.string()), "What is worth knowing of it, sorted.",
               checks=(Codes(FLAGS),)),
        *LINEAGE,
    ),
)
