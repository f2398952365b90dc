"""Routing: which object is a dose report, of what kind; and that none of them ever vanishes."""

import os
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pydicom
import pytest
from make.dose_reading import read, row_of
from make.rdsr import (
    COMPREHENSIVE_SR,
    CT_PROCEDURE,
    ENHANCED_SR,
    ENHANCED_XRAY_SR,
    MAMMOGRAPHY,
    PATIENT_DOSE_SR,
    PROJECTION,
    administration,
    breast_event,
    coded,
    container,
    ct_event,
    ct_report,
    document,
    observer,
    person,
    radiopharmaceutical_report,
    save,
    text,
    x_ray_event,
    x_ray_report,
)
from make.series import uid
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset

from dicomlake.pipeline.dose import reports
from dicomlake.pipeline.dose.reports import (
    REPORT_COLUMNS,
    DoseFileError,
    is_report,
    read_report,
)
from dicomlake.schemas.tables import TABLES


def ct(**given: Any) -> Dataset:
    return ct_report([ct_event("e")], **{"name": "r", "study": "s", "dlp_total": None, **given})


def xray(**given: Any) -> Dataset:
    return x_ray_report([x_ray_event("e")], (), **{"name": "r", "study": "s", **given})


def kinds(reading: reports.ReportReading) -> tuple[int, int, int]:
    return len(reading.ct_events), len(reading.xray_events), len(reading.administrations)


def test_the_template_tells_the_kind(tmp_path: Path) -> None:
    assert kinds(read(ct(), tmp_path)) == (1, 0, 0)
    assert kinds(read(xray(), tmp_path)) == (0, 1, 0)
    made = radiopharmaceutical_report([administration("a")], name="r", study="s")
    reading = read(made, tmp_path)
    assert kinds(reading) == (0, 0, 1)
    assert (reading.report["template"], reading.report["root_code"]) == ("10021", "113500")


@pytest.mark.parametrize("procedure", [CT_PROCEDURE, "SCT:77477000", "SNM3:P5-08000"])
def test_without_template_the_procedure_tells_of_ct(tmp_path: Path, procedure: str) -> None:
    reading = read(ct(template=None, procedure=procedure), tmp_path)
    assert kinds(reading) == (1, 0, 0)
    assert reading.report["flags"] == ["template_from_procedure"]
    assert "template" not in reading.report
    assert reading.report["procedure_code"] == "77477000"


@pytest.mark.parametrize("procedure", [PROJECTION, MAMMOGRAPHY, "SCT:71651007"])
def test_without_template_the_procedure_tells_of_projection(tmp_path: Path, procedure: str) -> None:
    made = x_ray_report(
        [breast_event("e")], (), name="r", study="s", template=None, procedure=procedure
    )
    reading = read(made, tmp_path)
    assert kinds(reading) == (0, 1, 0)
    assert reading.report["flags"] == ["template_from_procedure"]


def test_without_template_and_procedure_the_content_tells(tmp_path: Path) -> None:
    assert kinds(read(ct(template=None, procedure=None), tmp_path)) == (1, 0, 0)
    assert kinds(read(xray(template=None, procedure=None), tmp_path)) == (0, 1, 0)


def test_content_of_the_other_kind_than_its_template_is_read(tmp_path: Path) -> None:
    reading = read(ct(template="10001"), tmp_path)
    assert kinds(reading) == (1, 0, 0)
    assert reading.report["template"] == "10001"


@pytest.mark.parametrize("template", ["10040", "1500", "XYZ"])
def test_a_template_that_is_not_read_leaves_a_row(tmp_path: Path, template: str) -> None:
    reading = read(xray(template=template), tmp_path)
    assert reading.report["status"] == "unsupported_template"
    assert reading.report["template"] == template
    assert reading.report["n_events"] == 0
    assert kinds(reading) == (0, 0, 0)


@pytest.mark.parametrize("sop_class", [PATIENT_DOSE_SR, ENHANCED_XRAY_SR])
def test_dose_classes_that_are_not_read_leave_a_row(tmp_path: Path, sop_class: str) -> None:
    reading = read(xray(sop_class=sop_class, template=None), tmp_path)
    assert reading.report["status"] == "unsupported_template"
    assert reading.report["source_kind"] == "RDSR"


@pytest.mark.parametrize("sop_class", [ENHANCED_SR, COMPREHENSIVE_SR])
def test_an_enhanced_sr_with_the_root_of_dose_is_one(tmp_path: Path, sop_class: str) -> None:
    reading = read(ct(sop_class=sop_class, template=None), tmp_path)
    assert kinds(reading) == (1, 0, 0)
    assert reading.report["source_kind"] == "ESR"
    assert reading.ct_events[0]["source_kind"] == "ESR"


def test_a_vendor_root_of_dose_is_kept_as_unsupported(tmp_path: Path) -> None:
    made = document(
        text("121106", "x"), name="r", study="s", template=None, root="99SMS_RADSUM:C-10",
        sop_class=ENHANCED_SR,
    )  # fmt: skip
    reading = read(made, tmp_path)
    assert reading.report["status"] == "unsupported_template"
    assert reading.report["root_code"] == "C-10"


def test_another_root_is_no_dose_report(tmp_path: Path) -> None:
    made = document(name="r", study="s", template="1500", root="126000", sop_class=ENHANCED_SR)
    row = row_of(made)
    assert not is_report(row)
    path = save(made, tmp_path / "report.dcm")
    assert read_report(bytes(path), row) is None
    # A row of a lake that did not keep the title: the file decides.
    del row["concept_name_code_value"]
    assert is_report(row)
    assert read_report(bytes(path), row) is None


def test_real_measurements_and_images_are_no_dose_reports() -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    for name in ("test-SR.dcm", "CT_small.dcm", "rtdose.dcm"):
        assert not is_report(row_of(dcmread(folder / name))), name


def test_the_head_comes_from_the_committed_row(tmp_path: Path) -> None:
    row = {
        "content_date": date(2024, 1, 15),
        "content_time": time(11, 0),
        "series_date": date(2024, 1, 15),
        "series_time": None,
    }
    found = read(ct(), tmp_path, **row).report
    assert found["content_datetime"] == datetime(2024, 1, 15, 11, 0)
    assert "series_datetime" not in found  # a date alone is no instant
    assert (found["sop_instance_uid"], found["study_instance_uid"]) == (
        uid("report", "r"),
        uid("study", "s"),
    )
    assert (found["patient_key"], found["scope_code"]) == ("patient", "113014")


def test_the_device_is_what_irradiated(tmp_path: Path) -> None:
    role = coded(
        "113876", "113859", text("113877", "ROOM2"), text("113878", "Tube Maker"),
        text("113879", "Tube Model"), text("113880", "777"),
    )  # fmt: skip
    event = ct_event("e", more=[role])
    made = ct_report([event], name="r", study="s", dlp_total=None)
    device = read(made, tmp_path, station_name=None).report["_device"]
    assert device == {
        "manufacturer": "Tube Maker",
        "manufacturer_model_name": "Tube Model",
        "device_serial_number": "777",
        "station_name": "ROOM2",
        "institution_name": "Hospital 1",
        "device_observer_uid": uid("device", "device 1"),
    }


def test_the_observer_fills_in_what_the_header_lacks(tmp_path: Path) -> None:
    row = {"device_serial_number": None, "station_name": None}
    device = read(ct(), tmp_path, **row).report["_device"]
    assert (device["device_serial_number"], device["station_name"]) == ("123", "STATION1")
    other = read(ct(), tmp_path, manufacturer_model_name="Workstation", **row).report["_device"]
    assert "device_serial_number" not in other  # the observer is another machine


def test_an_observer_uid_may_be_text(tmp_path: Path) -> None:
    made = ct(observed=observer(uid_as_text=True))
    device = read(made, tmp_path).report["_device"]
    assert device["device_observer_uid"] == uid("device", "device 1")


def test_content_that_was_cut_is_flagged_and_the_rest_is_read(tmp_path: Path) -> None:
    made = ct_report([ct_event("e", protocol="SchXdel")], name="r", study="s", dlp_total=None)
    path = save(made, tmp_path / "r.dcm")
    path.write_bytes(path.read_bytes().replace(b"SchXdel", b"Sch\xe4del"))
    reading = read_report(bytes(path), row_of(made))
    assert reading is not None
    assert reading.report["flags"] == ["unreadable_content"]
    assert reading.ct_events[0]["ctdivol_mgy"] == 10.0


def test_a_report_without_content_is_a_row_without_events(tmp_path: Path) -> None:
    for made in (document(name="r", study="s"), document(name="r", study="s", template="10001")):
        reading = read(made, tmp_path)
        assert (reading.report["status"], reading.report["n_events"]) == ("active", 0)
    bare = read(document(name="r", study="s", template=None), tmp_path)
    assert bare.report["status"] == "unsupported_template"


def test_bytes_that_are_no_data_set_leave_an_unreadable_row(tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 400)
    reading = read_report(bytes(path), row_of(ct()))
    assert reading is not None
    assert (reading.report["status"], reading.report["n_events"]) == ("unreadable", 0)


def test_content_of_no_sense_leaves_an_unreadable_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(reports, "ct_event", broken)
    assert read(ct(), tmp_path).report["status"] == "unreadable"


def test_a_file_that_is_gone_is_to_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(DoseFileError) as caught:
        read_report(bytes(tmp_path / "gone.dcm"), row_of(ct()))
    assert caught.value.cause == "missing"


def test_what_cannot_be_read_is_to_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "report.dcm").mkdir()
    with pytest.raises(DoseFileError) as caught:
        read_report(bytes(tmp_path / "report.dcm"), row_of(ct()))
    assert caught.value.cause == "unreadable"


def test_a_file_that_is_not_the_committed_one_is_to_be_tried_again(tmp_path: Path) -> None:
    made = ct()
    path = save(made, tmp_path / "report.dcm")
    row = row_of(made)
    state = path.stat()
    same = {**row, "size": state.st_size, "mtime_ns": state.st_mtime_ns}
    assert read_report(bytes(path), same) is not None
    for other in (
        {**same, "size": state.st_size + 2},
        {**same, "mtime_ns": state.st_mtime_ns - 10**9},
        {**row, "sop_instance_uid": "1.2.3"},
    ):
        with pytest.raises(DoseFileError) as caught:
            read_report(bytes(path), other)
        assert caught.value.cause == "changed"


def test_a_uid_with_control_characters_is_the_one_that_its_row_has(tmp_path: Path) -> None:
    made = ct()
    row = row_of(made)
    path = save(made, tmp_path / "report.dcm")
    uid = row["sop_instance_uid"].encode()
    content = path.read_bytes()
    at = content.rindex(uid) + len(uid) // 2
    path.write_bytes(content[:at] + b"\x01\0\x1b" + content[at + 3 :])
    cleaned = uid[: len(uid) // 2] + uid[len(uid) // 2 + 3 :]
    reading = read_report(bytes(path), {**row, "sop_instance_uid": cleaned.decode()})
    assert reading is not None
    assert reading.report["status"] == "active"


def test_a_name_that_is_not_utf_8_is_a_path_like_any(tmp_path: Path) -> None:
    path = save(ct(), tmp_path / "report.dcm")
    odd = bytes(tmp_path) + b"/\xff\xfe.dcm"
    os.rename(bytes(path), odd)
    reading = read_report(odd, row_of(ct()))
    assert reading is not None
    assert kinds(reading) == (1, 0, 0)


@pytest.mark.parametrize("encoding", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2",
                                      "1.2.840.10008.1.2.1.99"])  # fmt: skip
def test_every_encoding_of_a_report_says_the_same(tmp_path: Path, encoding: str) -> None:
    from pydicom.dataset import FileMetaDataset  # noqa: PLC0415  (only here)

    made = ct()
    plain = read(made, tmp_path)
    folder = tmp_path / "other"
    folder.mkdir()
    again = dcmread(tmp_path / "report.dcm")
    again.file_meta = FileMetaDataset()
    again.file_meta.TransferSyntaxUID = encoding
    again.walk(lambda *_: None)  # nothing may stay raw in the old encoding
    little = not encoding.endswith("2.2")
    implicit = encoding.endswith("1.2")
    dcmwrite(
        folder / "r.dcm", again, implicit_vr=implicit, little_endian=little, force_encoding=True
    )
    other = read_report(bytes(folder / "r.dcm"), row_of(made))
    assert other == plain


def test_nothing_says_a_value_of_the_patient(tmp_path: Path, caplog: Any) -> None:
    made = ct(PatientName="Secret^Name")
    path = save(made, tmp_path / "report.dcm")
    path.write_bytes(path.read_bytes()[:-40])
    reading = read_report(bytes(path), row_of(made))
    assert reading is not None
    assert "Secret" not in caplog.text
    assert "Secret" not in repr(reading)


def test_the_columns_that_are_asked_for_exist() -> None:
    known = {column.name for table in ("instances", "files") for column in TABLES[table].columns}
    assert set(REPORT_COLUMNS) <= known
    assert len(set(REPORT_COLUMNS)) == len(REPORT_COLUMNS)


def test_every_tolerance_is_named(tmp_path: Path) -> None:
    def flags(made: Dataset) -> list[str]:
        found: list[str] = read(made, tmp_path).report["flags"]
        return found

    def one(event: Dataset, **given: Any) -> Dataset:
        return document(event, name="r", study="s", **given)

    assert flags(one(ct_event("e"))) == []
    assert flags(one(ct_event("e", uid_as_text=True))) == ["uid_as_text"]
    assert flags(one(ct_event("e", dlp=(200.0, "mGycm")))) == ["misspelt_unit"]
    assert flags(one(x_ray_event("e", pulse_rate=(15.0, "pulse/s")))) == ["misspelt_unit"]
    odd = person("121152", "A^B", value_type="PERSON NAME")
    assert flags(one(ct_event("e", more=[odd]))) == ["odd_value_type"]
    assert flags(one(x_ray_event("e", exposure_time_code="113735"))) == ["wrong_code"]
    assert flags(one(breast_event("e", anode_code="113632"))) == ["wrong_code"]


def test_an_unknown_character_set_is_named(tmp_path: Path) -> None:
    path = save(ct(), tmp_path / "r.dcm")
    path.write_bytes(path.read_bytes().replace(b"ISO_IR 192", b"ISO_IR 999"))
    reading = read_report(bytes(path), row_of(ct()))
    assert reading is not None
    assert reading.report["flags"] == ["unknown_charset"]


def test_a_report_of_two_kinds_loses_neither(tmp_path: Path) -> None:
    made = document(ct_event("e"), x_ray_event("x"), name="r", study="s")
    reading = read(made, tmp_path)
    assert kinds(reading) == (1, 1, 0)
    assert reading.report["n_events"] == 2


def test_containers_below_a_container_of_the_vendor_are_found(tmp_path: Path) -> None:
    made = document(container("99X:1", ct_event("e")), name="r", study="s")
    assert kinds(read(made, tmp_path)) == (1, 0, 0)
