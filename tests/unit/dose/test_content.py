"""The content tree is read leniently: by what items hold, in any encoding, at any depth."""

import struct
from datetime import datetime
from pathlib import Path

import pytest
from make.rdsr import coded, container, document, item, moment, number, raw, save, text, uidref
from pydicom.dataset import Dataset

from dicomlake.config.settings import HeaderSettings, load_settings
from dicomlake.pipeline.dose.codes import Code
from dicomlake.pipeline.dose.content import Instant, Node
from dicomlake.pipeline.dose.report_file import Report, UnreadableReportError, open_report

SETTINGS: HeaderSettings = load_settings(environment={}).headers


def dcm(value: str) -> Code:
    return Code("DCM", value)


def opened(tmp_path: Path, *content: Dataset, **attributes: object) -> Report:
    made = document(*content, name="r", study="s", **attributes)  # type: ignore[arg-type]  # any keyword
    return open_report(bytes(save(made, tmp_path / "report.dcm")), SETTINGS)


def first(report: Report, concept: str) -> Node:
    found = report.root.first(dcm(concept))
    assert found is not None
    return found


def test_items_are_found_by_code_and_never_by_meaning(tmp_path: Path) -> None:
    report = opened(tmp_path, text("121106", "one"), text("125203", "two"), text("121106", "three"))
    assert [node.text() for node in report.root.children(dcm("121106"))] == ["one", "three"]
    assert report.root.first(Code("99VENDOR", "121106")) is None


def test_a_measured_value_sequence_without_items_is_null(tmp_path: Path) -> None:
    node = first(opened(tmp_path, number("113830", None, "mGy")), "113830")
    assert node.measured() is None
    assert node.number("mGy") is None


def test_a_number_of_garbage_is_malformed_and_kept_as_written(tmp_path: Path) -> None:
    found = first(opened(tmp_path, number("113830", "10.50/ 15.00", "mGy")), "113830").measured()
    assert found is not None
    assert (found.values, found.malformed, found.raw) == ((), True, "10.50/ 15.00")


@pytest.mark.parametrize("written", ["inf", "nan", "1_000", "1e999", "0x10"])
def test_what_python_takes_for_a_number_need_not_be_one(tmp_path: Path, written: str) -> None:
    found = first(opened(tmp_path, number("113830", written, "mGy")), "113830").measured()
    assert found is not None
    assert found.malformed
    assert not found.values


def test_one_numeric_value_may_be_a_list(tmp_path: Path) -> None:
    found = first(opened(tmp_path, number("113733", [70, 0, 80.5], "kV")), "113733").measured()
    assert found is not None
    assert found.values == (70.0, 0.0, 80.5)


def test_a_floating_point_value_stands_in_for_a_malformed_one(tmp_path: Path) -> None:
    made = number("113830", "12,5", "mGy")
    measured = made.MeasuredValueSequence[0]
    raw(measured, 0x0040A161, "FD", struct.pack("<d", 12.5))
    assert first(opened(tmp_path, made), "113830").number("mGy") == 12.5


def test_a_uid_may_be_carried_as_text(tmp_path: Path) -> None:
    report = opened(tmp_path, text("121012", "1.2.3"), uidref("113769", "1.2.4"))
    assert first(report, "121012").uid() == "1.2.3"
    assert first(report, "113769").uid() == "1.2.4"


@pytest.mark.parametrize("value_type", ["PERSON NAME", "HAS CONCEPT MOD", ""])
def test_the_spelling_of_value_type_does_not_count(tmp_path: Path, value_type: str) -> None:
    name = item(value_type, "113870", PersonName="Doe^Jane")
    code = coded("113820", "113804")
    code.ValueType = value_type
    report = opened(tmp_path, name, code)
    assert first(report, "113870").text() == "Doe^Jane"
    assert first(report, "113820").code() == dcm("113804")


def test_an_empty_concept_code_sequence_is_no_code(tmp_path: Path) -> None:
    assert first(opened(tmp_path, coded("123014", "")), "123014").code() is None


def test_an_item_without_concept_is_passed_over(tmp_path: Path) -> None:
    nameless = text("121106", "x")
    nameless.ConceptNameCodeSequence = []
    report = opened(tmp_path, nameless, text("125203", "two"))
    assert first(report, "125203").text() == "two"
    assert report.root.children()[0].name is None


def test_long_code_value_is_a_code_value(tmp_path: Path) -> None:
    node = coded("113820", "113804")
    code = node.ConceptCodeSequence[0]
    del code.CodeValue
    code.LongCodeValue = "12345678901234567890"
    assert first(opened(tmp_path, node), "113820").code() == dcm("12345678901234567890")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("20240115102030", Instant(datetime(2024, 1, 15, 10, 20, 30), None)),
        ("20240115102030.25", Instant(datetime(2024, 1, 15, 10, 20, 30, 250_000), None)),
        ("20240115102030+0100", Instant(datetime(2024, 1, 15, 9, 20, 30), 60)),
        ("20240115", None),
        ("99990101", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_utc_only_with_its_offset_and_partial_ones_are_null(
    tmp_path: Path, written: str, expected: Instant | None
) -> None:
    made = moment("111526", "2024")
    raw(made, 0x0040A120, "DT", written.encode())
    assert first(opened(tmp_path, made), "111526").instant() == expected


def test_the_offset_of_the_file_holds_for_times_without_one(tmp_path: Path) -> None:
    report = opened(tmp_path, moment("111526", "20240115102030"), TimezoneOffsetFromUTC="-0500")
    assert first(report, "111526").instant() == Instant(datetime(2024, 1, 15, 15, 20, 30), -300)


def patched(tmp_path: Path, made: Dataset, written: bytes, instead: bytes) -> Report:
    """Return a report with other bytes of equal length, which pydicom would not write."""
    path = save(made, tmp_path / "report.dcm")
    assert len(written) == len(instead)
    path.write_bytes(path.read_bytes().replace(written, instead))
    return open_report(bytes(path), SETTINGS)


def test_undecodable_text_is_replaced_and_the_rest_is_read(tmp_path: Path) -> None:
    made = document(text("125203", "SchXdel"), text("121106", "here"), name="r", study="s")
    report = patched(tmp_path, made, b"SchXdel", b"Sch\xe4del")
    assert first(report, "125203").text() == "Sch\ufffddel"
    assert first(report, "121106").text() == "here"
    assert not report.root.document.whole


def test_text_is_read_as_the_character_set_declares_it(tmp_path: Path) -> None:
    made = document(
        text("125203", "testXX"), name="r", study="s", SpecificCharacterSet="ISO_IR 100"
    )
    report = patched(tmp_path, made, b"testXX", b"test\xc3\xa6")
    assert first(report, "125203").text() == "test\xc3\xa6"
    assert report.root.document.whole


@pytest.mark.parametrize("charset", [b"ISO_IR 999", b"latin 1   ", b"          "])
def test_an_unknown_character_set_loses_no_report(tmp_path: Path, charset: bytes) -> None:
    made = document(text("125203", "plain"), name="r", study="s", SpecificCharacterSet="ISO_IR 192")
    report = patched(tmp_path, made, b"ISO_IR 192", charset)
    assert first(report, "125203").text() == "plain"


def test_containers_are_found_at_any_depth_but_not_within_one_another(tmp_path: Path) -> None:
    inner = container("113819", text("125203", "inner"))
    outer = container("113819", text("125203", "outer"), inner)
    report = opened(tmp_path, container("111111", container("111112", outer)))
    found = report.root.outermost(dcm("113819"))
    assert [node.first(dcm("125203")).text() for node in found] == ["outer"]  # type: ignore[union-attr]  # it is there


def test_the_walk_is_in_the_order_of_the_report(tmp_path: Path) -> None:
    report = opened(
        tmp_path,
        container("1", text("2", "a"), container("3", text("4", "b"))),
        text("5", "c"),
    )
    assert [node.name.value for node in report.root.walk() if node.name] == [
        "1",
        "2",
        "3",
        "4",
        "5",
    ]


def test_a_deep_tree_is_no_recursion_error(tmp_path: Path) -> None:
    deep = text("125203", "bottom")
    for _ in range(25):
        deep = container("111111", deep)
    report = opened(tmp_path, deep)
    assert sum(1 for _ in report.root.walk()) == 26
    assert [node.text() for node in report.root.outermost(dcm("125203"))] == ["bottom"]


def test_a_tree_beyond_the_limit_is_unreadable(tmp_path: Path) -> None:
    deep = text("125203", "bottom")
    for _ in range(40):
        deep = container("111111", deep)
    made = document(deep, text("121106", "here"), name="r", study="s")
    path = save(made, tmp_path / "deep.dcm")
    limited = SETTINGS.model_copy(update={"max_depth": 20})
    with pytest.raises(UnreadableReportError) as caught:
        open_report(bytes(path), limited)
    assert caught.value.reason == "too_deep"


@pytest.mark.parametrize("reader", ["fast", "pydicom"])
def test_both_readers_give_one_tree(shared: Path, reader: str) -> None:
    settings = SETTINGS.model_copy(update={"reader": reader})
    path = next((shared / "corpus" / "rdsr").rglob("*u601.dcm"))
    report = open_report(bytes(path), settings)
    told = [
        (node.name, node.codes(), node.text(), node.uid(), node.measured(), node.instant())
        for node in report.root.walk()
    ]
    assert len(told) == 1884
    other = open_report(bytes(path), SETTINGS)
    assert told == [
        (node.name, node.codes(), node.text(), node.uid(), node.measured(), node.instant())
        for node in other.root.walk()
    ]


def test_what_is_no_data_set_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 400)
    with pytest.raises(UnreadableReportError):
        open_report(bytes(path), SETTINGS)
