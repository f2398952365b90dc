"""Reading a report as the product does, with a row such as ingest commits for it."""

from pathlib import Path
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from dicomlake.pipeline.dose.reports import ReportReading, is_report, read_report
from dicomlake.schemas.tables import TABLES
from make.rdsr import save

_ROOT = "ConceptNameCodeSequence"
_KEYWORDS = {
    "sop_instance_uid": "SOPInstanceUID",
    "sop_class_uid": "SOPClassUID",
    "study_instance_uid": "StudyInstanceUID",
    "manufacturer": "Manufacturer",
    "manufacturer_model_name": "ManufacturerModelName",
    "device_serial_number": "DeviceSerialNumber",
    "station_name": "StationName",
    "institution_name": "InstitutionName",
}


def row_of(dataset: Dataset) -> dict[str, Any]:
    """Return the committed row of a report, as far as it is read."""
    row: dict[str, Any] = {"file_id": "0" * 32, "patient_key": "patient"}
    for column, keyword in _KEYWORDS.items():
        value = dataset.get(tag_for_keyword(keyword))
        row[column] = None if value is None else str(value.value)
    root = dataset.get(_ROOT)
    if root:
        row["concept_name_code_value"] = root[0].CodeValue
        row["concept_name_code_scheme"] = root[0].CodingSchemeDesignator
    return row


def read(dataset: Dataset, folder: Path, **row: Any) -> ReportReading:
    """Return what a report says, written to a folder and read from there.

    Every row is held to the schema: no column that its table does not have.
    """
    path = save(dataset, folder / "report.dcm")
    committed = {**row_of(dataset), **row}
    assert is_report(committed)
    reading = read_report(bytes(path), committed)
    assert reading is not None
    check_columns(reading)
    return reading


def check_columns(reading: ReportReading) -> None:
    """Hold the rows of a reading to the columns of their tables."""
    rows = {
        "dose_reports": (reading.report,),
        "ct_irradiation_events": reading.ct_events,
        "ct_irradiation_event_sources": reading.ct_sources,
        "xray_irradiation_events": reading.xray_events,
        "xray_irradiation_event_filters": reading.xray_filters,
        "radiopharmaceutical_administrations": reading.administrations,
        "organ_doses": reading.organ_doses,
    }
    for table, found in rows.items():
        columns = {column.name for column in TABLES[table].columns}
        for row in found:
            assert {name for name in row if not name.startswith("_")} <= columns
            assert None not in row.values()
