"""`ct_irradiation_events`: one row per CT irradiation event of a study, from its best source."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import (
    EVENT_END,
    coded_columns,
    irradiation_event,
    number,
    numbers,
    text,
)

_EVENT = (
    *irradiation_event("the X-ray beam"),
    text("acquisition_protocol", "Name of the acquisition protocol."),
    *coded_columns("target_region", "the region of the body"),
    *coded_columns("acquisition_type", "the kind of acquisition"),
    *coded_columns("procedure_context", "the context, such as with contrast"),
    text("label", "Label of the event, such as its series."),
    text("label_type", "What the label is."),
    Column("is_repeat", pa.bool_(), "Whether the acquisition repeats another."),
    text("repeat_reason", "Why it was repeated.", Privacy.FREE_TEXT),
    text("comment", "Comment on the event.", Privacy.FREE_TEXT),
)

_ACQUISITION = (
    number("exposure_time_s", "Total time of X-rays.", "s"),
    number("scanning_length_mm", "Length of the scanned range.", "mm"),
    number("exposed_range_mm", "Length of the exposed range.", "mm"),
    number("reconstructable_length_mm", "Length that can be reconstructed.", "mm"),
    number("z_top_mm", "Top of the scanned range.", "mm"),
    number("z_bottom_mm", "Bottom of the scanned range.", "mm"),
    number("single_collimation_mm", "Nominal width of one detector row.", "mm"),
    number("total_collimation_mm", "Nominal width of all active rows.", "mm"),
    number("pitch", "Table feed per rotation over total collimation."),
    Column("n_sources", pa.int32(), "X-ray sources of the event."),
    number("kvp", "Peak voltage; null where sources differ.", "kV"),
    numbers("kvp_list", "Peak voltages of all sources.", "kV"),
    number("ma_mean", "Mean tube current.", "mA"),
    number("ma_max", "Greatest tube current.", "mA"),
    number("mas_mean", "Mean tube current times time, of image headers.", "mA s"),
    number("rotation_time_s", "Time of one rotation.", "s"),
    text("modulation_type", "Kind of exposure modulation."),
)

_DOSE = (
    number("ctdivol_mgy", "Volume CT dose index.", "mGy"),
    Column("phantom_code", pa.string(), "Code of the phantom of CTDIvol and DLP."),
    Column("phantom_cm", pa.int16(), "Diameter of that phantom.", unit="cm"),
    number("dlp_mgy_cm", "Dose length product.", "mGy cm"),
    number("dlp_estimated_mgy_cm", "CTDIvol times scanning length, where no source says DLP.",
           "mGy cm"),
    number("ctdifreeair_mgy", "CT dose index free in air.", "mGy"),
    number("ctdifreeair_factor", "Calculation factor of it.", "mGy/(mA s)"),
    number("effective_dose_msv", "Effective dose that the report states; never computed.", "mSv"),
    number("effective_dose_factor_msv_mgy_cm", "Factor from DLP to effective dose that the report "
           "states.", "mSv/(mGy cm)"),
    Column("effective_dose_method_code", pa.string(), "Code of the method of the stated effective "
           "dose."),
    number("ssde_mgy", "Size specific dose estimate that the report states.", "mGy"),
    Column("ssde_method_code", pa.string(), "Code of the method of the stated estimate."),
    number("ssde_calculated_mgy", "Size specific dose estimate from the water-equivalent diameter "
           "of the images and CTDIvol (AAPM 204); null outside its tables and for heads.", "mGy"),
    number("dw_mm", "Water-equivalent diameter (AAPM 220): stated, else of the images.", "mm"),
    Column("dw_method_code", pa.string(), "Code of its method; null where it was computed here."),
    number("dw_truncated_fraction", "Part of the body's outline on the edge of the field of view, "
           "where the diameter is of the images."),
    number("lat_mm", "Lateral diameter that the report states.", "mm"),
    number("ap_mm", "Anteroposterior diameter that the report states.", "mm"),
    number("deff_mm", "Effective diameter that the report states.", "mm"),
)

_DOSE_CHECK = (
    Column("dlp_alert_configured", pa.bool_(), "Whether a DLP alert value was set."),
    Column("ctdivol_alert_configured", pa.bool_(), "Whether a CTDIvol alert value was set."),
    number("dlp_alert_mgy_cm", "DLP alert value.", "mGy cm"),
    number("ctdivol_alert_mgy", "CTDIvol alert value.", "mGy"),
    number("dlp_forward_estimate_mgy_cm", "Accumulated DLP estimated before the event.", "mGy cm"),
    number("ctdivol_forward_estimate_mgy", "Accumulated CTDIvol estimated before the event.",
           "mGy"),
    text("alert_reason", "Reason for going on beyond the alert.", Privacy.FREE_TEXT),
    Column("dlp_notification_configured", pa.bool_(), "Whether a DLP notification was set."),
    Column("ctdivol_notification_configured", pa.bool_(),
           "Whether a CTDIvol notification was set."),
    number("dlp_notification_mgy_cm", "DLP notification value.", "mGy cm"),
    number("ctdivol_notification_mgy", "CTDIvol notification value.", "mGy"),
    number("dlp_notification_forward_estimate_mgy_cm", "DLP of the event estimated before it.",
           "mGy cm"),
    number("ctdivol_notification_forward_estimate_mgy", "CTDIvol of the event estimated before "
           "it.", "mGy"),
    text("notification_reason", "Reason for going on beyond the notification.",
         Privacy.FREE_TEXT),
)

CT_IRRADIATION_EVENTS: Final = Table(
    name="ct_irradiation_events",
    description=(
        "One row per CT irradiation event of a study, from its best source. An event that does not "
        "count in totals has `active` false and says why in `flags`."
    ),
    grain="CT irradiation event of a study",
    key=("study_instance_uid", "irradiation_event_uid"),
    columns=brought_by(
        3,
        *_EVENT,
        *_ACQUISITION,
        *_DOSE,
        *_DOSE_CHECK,
        *EVENT_END,
    ),
)
