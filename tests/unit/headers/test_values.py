"""Strict parsing of values, VR by VR, and its agreement with pydicom on valid ones."""

import datetime
import struct
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom.valuerep import DA, DT, TM, DSfloat, PersonName

from dicomlake.pipeline.headers.attributes import Attribute, vm_range
from dicomlake.pipeline.headers.derive import patient_key
from dicomlake.pipeline.headers.temporal import Moment
from dicomlake.pipeline.headers.text import charset_of
from dicomlake.pipeline.headers.values import Context, Raw, age_in_years, parse

KEPT = "nonconforming_value"
BAD = "malformed_value"
DAY = 86_400_000_000


def attribute(vr: str, vm: str = "1", *, as_float: bool = False) -> Attribute:
    least, most = vm_range(vm)
    return Attribute("column", "Keyword", 0x00991010, vr, vm != "1", as_float, least, most)


def parsed(
    vr: str, text: str | bytes, vm: str = "1", *, as_float: bool = False, **context: Any
) -> tuple[Any, set[str]]:
    raw = text.encode("latin-1") if isinstance(text, str) else text
    got = parse(attribute(vr, vm, as_float=as_float), Raw(vr, raw), Context(**context))
    return got.value, {code for code, _ in got.problems}


def micros(hour: int, minute: int = 0, second: int = 0, part: int = 0) -> int:
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + part


def days(year: int, month: int, day: int) -> int:
    return (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("1.5", 1.5, set()),
        (" 1.5 ", 1.5, set()),
        ("-0.5e-3", -0.0005, set()),
        ("+12", 12.0, set()),
        ("5.", 5.0, set()),
        (".5", 0.5, set()),
        ("1.00000000000000001", 1.0, {KEPT}),
        ("1.5\0", 1.5, {"control_characters"}),
        ("", None, set()),
        ("  ", None, set()),
        ("1e400", None, {BAD}),
        ("NaN", None, {BAD}),
        ("inf", None, {BAD}),
        ("1_000", None, {BAD}),
        ("1,5", None, {BAD}),
        ("1.5mm", None, {BAD}),
        ("0x10", None, {BAD}),
        ("1\x005", None, {BAD}),
        ("\u0661".encode().decode("latin-1"), None, {BAD}),
        ("1\\2", None, {"wrong_vm"}),
        ("\\", None, {"wrong_vm"}),
    ],
)
def test_ds(text: str, value: float | None, codes: set[str]) -> None:
    assert parsed("DS", text) == (value, codes)


@pytest.mark.parametrize(
    ("text", "as_float", "value", "codes"),
    [
        ("161", False, 161, set()),
        ("-2147483648", False, -(2**31), set()),
        ("+0007 ", False, 7, set()),
        ("2147483648", False, 2**31, {KEPT}),
        ("9223372036854775807", False, 2**63 - 1, {KEPT}),
        ("9223372036854775808", False, None, {BAD}),
        ("9" * 10_000, False, None, {BAD}),
        ("161.3", False, None, {BAD}),
        ("161.0", False, 161, {KEPT}),
        ("161.3", True, 161.3, {KEPT}),
        ("161", True, 161.0, set()),
        ("1e30", True, None, {BAD}),
        ("1_0", False, None, {BAD}),
        ("one", True, None, {BAD}),
        ("", True, None, set()),
    ],
)
def test_is(text: str, as_float: bool, value: float | None, codes: set[str]) -> None:
    got = parsed("IS", text, as_float=as_float)
    assert got == (value, codes)
    assert value is None or type(got[0]) is (float if as_float else int)


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("20240229", days(2024, 2, 29), set()),
        ("20240229 ", days(2024, 2, 29), set()),
        ("1999.12.31", days(1999, 12, 31), {KEPT}),
        ("1999-12-31", days(1999, 12, 31), {KEPT}),
        ("20230229", None, {BAD}),
        ("20241301", None, {BAD}),
        ("00000000", None, {BAD}),
        ("202401", None, {BAD}),
        ("20240101-20240202", None, {BAD}),
        ("19990101\0", days(1999, 1, 1), {"control_characters"}),
    ],
)
def test_da(text: str, value: int | None, codes: set[str]) -> None:
    assert parsed("DA", text) == (value, codes)


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("10", micros(10), set()),
        ("1015", micros(10, 15), set()),
        ("101530", micros(10, 15, 30), set()),
        ("101530.5", micros(10, 15, 30, 500_000), set()),
        ("101530.000001", micros(10, 15, 30, 1), set()),
        ("101530.1234567", micros(10, 15, 30, 123_456), {KEPT}),
        ("10:15:30", micros(10, 15, 30), {KEPT}),
        ("235959.999999", DAY - 1, set()),
        ("24", None, {BAD}),
        ("2400", None, {BAD}),
        ("1060", None, {BAD}),
        ("101561", None, {BAD}),
        ("235960", None, {"unrepresentable_value"}),
        ("1", None, {BAD}),
        ("101530.", None, {BAD}),
        ("1015.5", None, {BAD}),
        ("-1015", None, {BAD}),
    ],
)
def test_tm(text: str, value: int | None, codes: set[str]) -> None:
    assert parsed("TM", text) == (value, codes)


@pytest.mark.parametrize(
    ("text", "value", "codes"),
    [
        ("20240115101530", Moment(days(2024, 1, 15) * DAY + micros(10, 15, 30), None), set()),
        ("2024011510", Moment(days(2024, 1, 15) * DAY + micros(10), None), set()),
        (
            "20240115101530.25+0130",
            Moment(days(2024, 1, 15) * DAY + micros(10, 15, 30, 250_000), 90),
            set(),
        ),
        ("20240115101530-0800", Moment(days(2024, 1, 15) * DAY + micros(10, 15, 30), -480), set()),
        ("2024", None, {"partial_date_time"}),
        ("202401", None, {"partial_date_time"}),
        ("20240115", None, {"partial_date_time"}),
        ("2024+0100", None, {"partial_date_time"}),
        ("20240230101530", None, {BAD}),
        ("20240115101530+2500", None, {BAD}),
        ("20240115101530+0175", None, {BAD}),
        ("20240115241530", None, {BAD}),
        ("2024011510153", None, {BAD}),
        ("00010101000000+0100", None, {"unrepresentable_value"}),
    ],
)
def test_dt(text: str, value: Moment | None, codes: set[str]) -> None:
    assert parsed("DT", text) == (value, codes)


@pytest.mark.parametrize(
    ("text", "value", "years", "codes"),
    [
        ("064Y", "064Y", 64.0, set()),
        ("64Y", "64Y", 64.0, {KEPT}),
        ("006M", "006M", 0.5, set()),
        ("052W", "052W", 52 * 7 / 365.25, set()),
        ("010D", "010D", 10 / 365.25, set()),
        ("064y", "064y", 64.0, {KEPT}),
        ("64", None, None, {BAD}),
        ("0064Y", None, None, {BAD}),
        ("-64Y", None, None, {BAD}),
    ],
)
def test_as(text: str, value: str | None, years: float | None, codes: set[str]) -> None:
    got = parsed("AS", text)
    assert got == (value, codes)
    assert years is None or age_in_years(got[0]) == years


@pytest.mark.parametrize(
    ("raw", "value", "codes"),
    [
        ("Doe^Jane", ("Doe^Jane", None, None), set()),
        ("Doe^Jane^^Dr ", ("Doe^Jane^^Dr", None, None), set()),
        ("A=I=P", ("A", "I", "P"), set()),
        ("=I", (None, "I", None), set()),
        ("A==", ("A", None, None), set()),
        ("", None, set()),
        ("==", None, set()),
        ("a=b=c=d", None, {BAD}),
        ("x" * 65, ("x" * 65, None, None), {KEPT}),
        ("A\\B", None, {"wrong_vm"}),
    ],
)
def test_pn(raw: str, value: object, codes: set[str]) -> None:
    assert parsed("PN", raw) == (value, codes)


@pytest.mark.parametrize(
    ("vr", "text", "value", "codes"),
    [
        ("LO", " text ", "text", set()),
        ("LO", "", None, set()),
        ("LO", "\0", None, {"control_characters"}),
        ("LO", "x" * 65, "x" * 65, {KEPT}),
        ("SH", "x" * 17, "x" * 17, {KEPT}),
        ("LO", "a\\b", None, {"wrong_vm"}),
        ("LT", "  a\\b\r\n ", "  a\\b\r\n", set()),
        ("CS", "HFS", "HFS", set()),
        ("CS", "hfs", "hfs", {KEPT}),
        ("UI", "1.2.3\0", "1.2.3", set()),
        ("UI", "1.2.3", "1.2.3", set()),
        ("UI", "1.2.3\0\0", "1.2.3", {"control_characters"}),
        ("UI", "1.2.3 ", "1.2.3", set()),
        ("UI", "1.0.3", "1.0.3", set()),
        ("UI", "1.00.3", "1.00.3", {"bad_uid"}),
        ("UI", "1..3", "1..3", {"bad_uid"}),
        ("CS", "\xfc", "\ufffd", {"undecodable_text", KEPT}),
    ],
)
def test_texts(vr: str, text: str, value: object, codes: set[str]) -> None:
    assert parsed(vr, text) == (value, codes)


@pytest.mark.parametrize(
    ("vr", "vm", "text", "value", "codes"),
    [
        ("DS", "3", "1\\2\\3", [1.0, 2.0, 3.0], set()),
        ("DS", "3", "1\\\\3", [1.0, None, 3.0], set()),
        ("DS", "3", "1\\2", None, {"wrong_vm"}),
        ("DS", "3", "1\\2\\3\\4", None, {"wrong_vm"}),
        ("DS", "3", "1\\x\\3", None, {BAD}),
        ("DS", "2", "", None, set()),
        ("DS", "1-n", " ", None, set()),
        ("DS", "1-n", "\\", [None, None], set()),
        ("CS", "2-n", "ORIGINAL", ["ORIGINAL"], set()),
        ("CS", "1-n", " A \\B ", ["A", "B"], set()),
        ("CS", "1-n", "\\ISO 2022 IR 87", [None, "ISO 2022 IR 87"], set()),
        ("IS", "1-n", "1\\2", [1, 2], set()),
    ],
)
def test_lists(vr: str, vm: str, text: str, value: object, codes: set[str]) -> None:
    assert parsed(vr, text, vm) == (value, codes)


@pytest.mark.parametrize(
    ("vr", "raw", "value", "codes"),
    [
        ("US", b"\1\2", 0x0201, set()),
        ("SS", b"\xff\xff", -1, set()),
        ("UL", b"\1\0\0\0", 1, set()),
        ("US", b"", None, set()),
        ("US", b"\1", None, {BAD}),
        ("US", b"\1\0\2\0", None, {"wrong_vm"}),
        ("FD", struct.pack("<d", 1.5), 1.5, set()),
        ("FL", struct.pack("<f", float("inf")), None, {BAD}),
        ("FD", struct.pack("<d", float("nan")), None, {BAD}),
    ],
)
def test_binary(vr: str, raw: bytes, value: object, codes: set[str]) -> None:
    assert parsed(vr, raw) == (value, codes)
    assert (
        parsed(vr, raw[::-1], little=False) == (value, codes)
        or len(raw) > 8
        or codes == {"wrong_vm"}
    )


def test_us_or_ss_follows_pixel_representation_where_no_vr_is_written() -> None:
    either = attribute("US or SS")
    raw = b"\xff\xff"
    assert parse(either, Raw("", raw), Context(signed=True)).value == -1
    assert parse(either, Raw("", raw), Context()).value == 65535
    assert parse(either, Raw("US", raw), Context(signed=True)).value == 65535
    assert parse(either, Raw("SS", raw), Context()).value == -1


def test_a_backslash_byte_inside_a_character_is_no_delimiter() -> None:
    text = "\u738b\u4e57"  # its second character ends in 0x5C in GB18030
    raw = text.encode("gb18030")
    assert b"\\" in raw
    charset, _ = charset_of(b"GB18030")
    assert parsed("LO", raw, charset=charset) == (text, set())
    jis = "\u4fd1".encode("iso2022_jp")
    assert b"\\" in jis
    charset, _ = charset_of(b"\\ISO 2022 IR 87")
    assert parsed("LO", jis + b"\\" + jis, "1-n", charset=charset) == (["\u4fd1"] * 2, set())


def test_strangers_without_id_never_become_one_patient() -> None:
    assert patient_key(None, None, "1.2") != patient_key(None, None, "1.3")
    assert patient_key(None, "A", "1.2") == patient_key(None, "A", "1.3")
    assert patient_key("X", "A", "1.2") != patient_key("Y", "A", "1.2")


# Agreement with pydicom on what is valid.


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9
    )
)
def test_valid_ds_agree_with_pydicom(number: object) -> None:
    text = str(number)
    assume(len(text) <= 16)
    assert parsed("DS", text) == (float(DSfloat(text)), set())


@given(st.integers(-(2**31), 2**31 - 1))
def test_valid_is_agree_with_python(number: int) -> None:
    assert parsed("IS", str(number)) == (number, set())


@given(st.dates())
def test_valid_da_agree_with_pydicom(date: datetime.date) -> None:
    text = f"{date.year:04}{date.month:02}{date.day:02}"
    theirs = DA(text)
    assert theirs is not None
    value, codes = parsed("DA", text)
    assert datetime.date(1970, 1, 1) + datetime.timedelta(value) == theirs
    assert codes == set()


@given(st.times())
def test_valid_tm_agree_with_pydicom(time: datetime.time) -> None:
    text = time.strftime("%H%M%S.%f")
    theirs = TM(text)
    assert theirs is not None
    assert parsed("TM", text) == (
        micros(theirs.hour, theirs.minute, theirs.second, theirs.microsecond),
        set(),
    )


@given(
    st.datetimes(datetime.datetime(1000, 1, 2), datetime.datetime(9999, 12, 30)),
    st.one_of(st.none(), st.integers(-12 * 60, 14 * 60)),
)
def test_valid_dt_agree_with_pydicom(moment: datetime.datetime, offset: int | None) -> None:
    text = moment.strftime("%Y%m%d%H%M%S.%f")
    if offset is not None:
        text += f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{abs(offset) % 60:02}"
    theirs = DT(text)
    assert theirs is not None
    value, codes = parsed("DT", text)
    local = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value.local_us)
    assert local == theirs.replace(tzinfo=None)
    given_offset = theirs.utcoffset()
    assert value.offset_minutes == (
        None if given_offset is None else given_offset.total_seconds() / 60
    )
    assert codes == set()


_LETTERS = st.characters(codec="latin-1", categories=("L", "Nd"))


@given(st.lists(st.text(_LETTERS, max_size=20), min_size=1, max_size=3))
def test_valid_pn_agree_with_pydicom(groups: list[str]) -> None:
    raw = "=".join(groups).encode("latin-1")
    theirs = PersonName(raw, ["latin_1"])
    expected = tuple(
        part or None for part in (theirs.alphabetic, theirs.ideographic, theirs.phonetic)
    )
    charset, _ = charset_of(b"ISO_IR 100")
    value, codes = parsed("PN", raw, charset=charset)
    assert value == (expected if any(expected) else None)
    assert codes == set()


@given(
    st.sampled_from(
        [
            "AS",
            "CS",
            "DA",
            "DS",
            "DT",
            "IS",
            "LO",
            "LT",
            "PN",
            "SH",
            "TM",
            "UI",
            "US",
            "FD",
            "UL",
            "US or SS",
            "FL",
        ]
    ),
    st.sampled_from(["", "AS", "CS", "DS", "FD", "IS", "LO", "OB", "PN", "SQ", "UN", "US", "ZZ"]),
    st.sampled_from(["1", "3", "1-n", "2-n"]),
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"ISO_IR 192", b"GB18030", b"\\ISO 2022 IR 87", b"ISO_IR 13\\ISO 2022 IR 149", b"?"]
    ),
)
def test_no_bytes_make_a_parser_raise(
    own: str, written: str, vm: str, raw: bytes, charset: bytes
) -> None:
    got = parse(attribute(own, vm), Raw(written, raw), Context(charset=charset_of(charset)[0]))
    assert not got.invalid or got.value is None
