"""A column converted as a whole equals it parsed value by value, or is not converted."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomlake.pipeline.headers.arrays import chosen
from dicomlake.pipeline.headers.attributes import Attribute
from dicomlake.pipeline.headers.decode import Decoder
from dicomlake.pipeline.headers.screens import plain_date_times, screened
from dicomlake.pipeline.headers.temporal import parse_date_time
from dicomlake.pipeline.headers.values import Context, Raw, parse
from dicomlake.schemas.column import VR_TYPES

VRS = ("CS", "DS", "IS", "LO", "SH", "TM", "UI", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV")
CONTEXT = Context()


def attribute(vr: str, *, many: bool = False, as_float: bool = False) -> Attribute:
    return Attribute("a", "A", 0x00181151, vr, many, as_float, 1, None if many else 1)


def kind_of(wanted: Attribute) -> pa.DataType:
    value = pa.float64() if wanted.as_float else VR_TYPES[wanted.vr]
    return pa.list_(value) if wanted.many else value


PIECES = [
    b"0", b"1", b"12", b"120000", b"235960", b"240000", b".5", b".123456", b".1234567", b"-3",
    b"+7", b"1e5", b"1e400", b"NaN", b"inf", b"1_0", b"2147483648", b" ", b"  ", b"\0", b"\n",
    b"0.12345678901234567", b"00000000000012", b"A", b"a", b"HEAD", b"_", b"1.2.840", b"1.02",
    b"..", b".", b"\\", b"\x1b", b"\xe9", b"^",
    b"0123456789012345678901234567890123456789012345678901234567890123456789", b"\x7f", b"~",
]  # fmt: skip
"""What plain values and their near misses are made of."""


def texts() -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(PIECES), min_size=0, max_size=3).map(b"".join)


@settings(deadline=None)
@given(
    st.sampled_from(VRS),
    st.booleans(),
    st.booleans(),
    st.lists(texts() | st.binary(max_size=9), min_size=1, max_size=30, unique=True),
)
def test_a_screen_says_what_the_strict_parser_says_or_nothing(
    vr: str, many: bool, as_float: bool, values: list[bytes]
) -> None:
    wanted = attribute(vr, many=many, as_float=as_float and vr == "IS")
    plain = screened(wanted, values, CONTEXT.max_values)
    strict = [parse(wanted, Raw("", value), CONTEXT) for value in values]
    if plain is None:
        return
    assert plain.problems == {n: each.problems for n, each in enumerate(strict) if each.problems}
    column = chosen(plain.values, np.arange(len(values), dtype=np.int32), kind_of(wanted))
    column.validate(full=True)
    assert column.equals(_array([each.value for each in strict], kind_of(wanted)))


def _array(values: list[object], kind: pa.DataType) -> "pa.Array[object]":
    storage = pa.int64() if kind == pa.time64("us") else kind
    if isinstance(kind, pa.ListType) and kind.value_type == pa.time64("us"):
        storage = pa.list_(pa.int64())
    return pa.array(values, storage).cast(kind)


@pytest.mark.parametrize(
    ("vr", "values"),
    [
        ("UI", [b"1.2.%d" % n for n in range(20)] + [b"1.2.840.10008\0"]),
        ("DS", [b"%d.5 " % n for n in range(20)] + [b" -1e-3", b"+.5"]),
        ("IS", [b"%d" % n for n in range(20)] + [b" -7 ", b"+3"]),
        ("TM", [b"1200%02d" % n for n in range(20)] + [b"235959.5", b"120000.123456 "]),
        ("LO", [b"Series %d" % n for n in range(20)]),
        ("CS", [b"AB_%d " % n for n in range(20)]),
        ("US", [bytes((n, 1)) for n in range(20)]),
    ],
)
def test_plain_columns_pass_their_screen(vr: str, values: list[bytes]) -> None:
    assert screened(attribute(vr), values, 100) is not None


def test_lists_of_a_fixed_length_pass_only_in_it() -> None:
    position = Attribute("p", "ImagePositionPatient", 0x00200032, "DS", True, False, 3, 3)
    assert screened(position, [b"1\\2\\3", b"4\\5\\6 "], 100) is not None
    assert screened(position, [b"1\\2\\3", b"4\\5"], 100) is None
    assert screened(position, [b"1\\2\\3", b"4\\\\6"], 100) is None


@settings(deadline=None)
@given(
    st.lists(
        st.none()
        | st.builds(
            lambda moment, form: moment.strftime(form).encode(),
            st.datetimes(datetime.datetime(1800, 1, 1), datetime.datetime(2200, 1, 1)),
            st.sampled_from(["%Y%m%d%H%M%S", "%Y%m%d%H%M%S.%f", "%Y%m%d%H", "%Y%m%d"]),
        )
        | st.sampled_from([b"20240101120000+0100", b"20240230120000", b"", b"99990101000000"]),
        max_size=20,
    )
)
def test_plain_date_times_are_those_of_the_parser(cells: list[bytes | None]) -> None:
    found = plain_date_times(cells)
    if found is None:
        return
    for cell, micros in zip(cells, found.tolist(), strict=True):
        if cell is not None:
            moment, departure = parse_date_time(cell.decode())
            assert (moment.local_us, moment.offset_minutes, departure) == (micros, None, None)


@settings(deadline=None)
@given(
    st.sampled_from(VRS),
    st.lists(st.none() | texts(), min_size=1, max_size=60),
)
def test_a_decoded_column_is_its_values_parsed_one_by_one(
    vr: str, cells: list[bytes | None]
) -> None:
    wanted = attribute(vr)
    decoded = Decoder(CONTEXT.max_values).column(wanted, cells, CONTEXT, kind_of(wanted))
    decoded.array.validate(full=True)
    strict = [None if c is None else parse(wanted, Raw("", c), CONTEXT) for c in cells]
    values = [None if each is None else each.value for each in strict]
    assert decoded.array.equals(_array(values, kind_of(wanted)))
    expected = {n: each.problems for n, each in enumerate(strict) if each and each.problems}
    assert dict(decoded.problems) == expected
