"""Which objects can tell of a dose, and the tables that hold what they tell.

Here and not with the doses, for ingest has to know what leaves with an object.
"""

from typing import Any, Final

import pyarrow as pa

from dicomlake.pipeline.tables.columnar import pc, texts

DOSE_TABLES: Final = (
    "dose_studies",
    "dose_reports",
    "ct_irradiation_events",
    "ct_irradiation_event_sources",
    "xray_irradiation_events",
    "xray_irradiation_event_filters",
    "radiopharmaceutical_administrations",
    "organ_doses",
    "dose_event_versions",
    "dose_exams",
)
"""Tables of doses whose rows belong to a study; `dose_studies` has a row for each such study."""

REPORT_CLASSES: Final = (
    "1.2.840.10008.5.1.4.1.1.88.67",
    "1.2.840.10008.5.1.4.1.1.88.68",
    "1.2.840.10008.5.1.4.1.1.88.73",
    "1.2.840.10008.5.1.4.1.1.88.76",
    "1.2.840.10008.5.1.4.1.1.88.22",
    "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.34",
)
"""SOP Classes of structured reports that may tell of a dose (PS3.4 table B.5-1)."""

DOSE_CLASSES: Final = (
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.2",
    "1.2.840.10008.5.1.4.1.1.1.3",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.2.2",
    "1.2.840.10008.5.1.4.1.1.12.1",
    "1.2.840.10008.5.1.4.1.1.12.1.1",
    "1.2.840.10008.5.1.4.1.1.12.2",
    "1.2.840.10008.5.1.4.1.1.12.2.1",
    "1.2.840.10008.5.1.4.1.1.13.1.1",
    "1.2.840.10008.5.1.4.1.1.13.1.2",
    "1.2.840.10008.5.1.4.1.1.13.1.3",
    "1.2.840.10008.5.1.4.1.1.20",
    "1.2.840.10008.5.1.4.1.1.128",
    "1.2.840.10008.5.1.4.1.1.128.1",
    "1.2.840.10008.5.1.4.1.1.130",
)
"""SOP Classes of images made with ionising radiation, whatever their Modality says."""

DOSE_MODALITIES: Final = ("CR", "CT", "DX", "IO", "MG", "NM", "PT", "PX", "RF", "XA")
"""Modalities whose objects can carry a dose, secondary captures among them."""


def can_carry_a_dose(batch: pa.RecordBatch | pa.Table) -> Any:
    """Return which instances may tell of a dose, by `sop_class_uid` and `modality`."""
    classes = pc.is_in(batch.column("sop_class_uid"), value_set=texts(*DOSE_CLASSES))
    modalities = pc.is_in(batch.column("modality"), value_set=texts(*DOSE_MODALITIES))
    return pc.or_(is_structured_report(batch), pc.or_(classes, modalities))


def is_structured_report(batch: pa.RecordBatch | pa.Table) -> Any:
    """Return which instances are structured reports of a kind that may tell of a dose."""
    return pc.is_in(batch.column("sop_class_uid"), value_set=texts(*REPORT_CLASSES))
