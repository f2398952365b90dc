"""Units are converted by what stands beside the number; what is not known is null."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.pipeline.dose.codes import Code
from dicomlake.pipeline.dose.units import convert, is_conforming, squeezed

CASES = [
    # dose length product
    (200.0, "mGy.cm", "mGy cm", 200.0),
    (200.0, "mGycm", "mGy cm", 200.0),
    (200.0, "mGy·cm", "mGy cm", 200.0),
    (200.0, "mGy*cm", "mGy cm", 200.0),
    (0.2, "Gy.cm", "mGy cm", 200.0),
    (2.0, "mGy.m", "mGy cm", 200.0),
    # kerma-area product
    (0.00027902, "Gy.m2", "Gy cm2", 2.7902),
    (0.00027902, "Gym2", "Gy cm2", 2.7902),
    (27.9, "dGy.cm2", "Gy cm2", 2.79),
    (27.9, "dGy·cm²", "Gy cm2", 2.79),
    (279.0, "cGy.cm2", "Gy cm2", 2.79),
    (279.0, "uGy.m2", "Gy cm2", 2.79),
    (279.0, "µGy.m2", "Gy cm2", 2.79),
    (2790.0, "mGy.cm2", "Gy cm2", 2.79),
    (0.279, "mGy.m2", "Gy cm2", 2.79),
    (2.79, "Gy.cm2", "Gy cm2", 2.79),
    # kerma and dose
    (0.009, "Gy", "mGy", 9.0),
    (9.0, "mGy", "mGy", 9.0),
    (9000.0, "uGy", "mGy", 9.0),
    (0.09, "dGy", "mGy", 9.0),
    (0.004, "Sv", "mSv", 4.0),
    # times: the unit tells, not the context
    (1.5, "s", "ms", 1500.0),
    (1500.0, "ms", "s", 1.5),
    (2.0, "min", "s", 120.0),
    (109.77, "min", "s", 6586.2),
    # tube
    (9706.0, "uA.s", "mA s", 9.706),
    (9706.0, "uAs", "mA s", 9.706),
    (9.706, "mA.s", "mA s", 9.706),
    (9.706, "mAs", "mA s", 9.706),
    (0.2, "A", "mA", 200.0),
    (200_000.0, "uA", "mA", 200.0),
    (120_000.0, "V", "kV", 120.0),
    (120.0, "kV", "kV", 120.0),
    # geometry
    (98.5, "cm", "mm", 985.0),
    (0.11, "m2", "m2", 0.11),
    (1100.0, "cm2", "m2", 0.11),
    (12.0, "deg", "degree", 12.0),
    (12.0, "°", "degree", 12.0),
    # numbers and rates
    (0.8, "{ratio}", "", 0.8),
    (0.8, "1", "", 0.8),
    (80.0, "%", "", 0.8),
    (15.0, "{pulse}/s", "1/s", 15.0),
    (15.0, "pulse/s", "1/s", 15.0),
    (30.0, "%", "%", 30.0),
    (2.0, "{X-Ray sources}", "", 2.0),
    (2.0, "X-Ray Sources", "", 2.0),
    (2.0, "events", "", 2.0),
    (2.0, "no units", "", 2.0),
    # activity
    (350.0, "MBq", "MBq", 350.0),
    (350_000.0, "kBq", "MBq", 350.0),
    (3.5e8, "Bq", "MBq", 350.0),
    (0.35, "GBq", "MBq", 350.0),
    (10.0, "mCi", "MBq", 370.0),
    (2.5, "mL", "cm3", 2.5),
    (2.5, "cm3", "cm3", 2.5),
    (18.0, "mo", "a", 1.5),
]


@pytest.mark.parametrize(("value", "unit", "to", "expected"), CASES)
def test_a_known_unit_is_converted_exactly(
    value: float, unit: str, to: str, expected: float
) -> None:
    assert convert(value, Code("UCUM", unit), to) == expected


@pytest.mark.parametrize("scheme", ["UCUM", "UCM", ""])
def test_misspelt_schemes_are_ucum(scheme: str) -> None:
    assert convert(1.0, Code(scheme, "Gy"), "mGy") == 1000.0


@pytest.mark.parametrize(
    ("unit", "to"),
    [
        ("rad", "mGy"),
        ("R", "mGy"),
        ("MGY", "mGy"),
        ("mSv", "mGy"),
        ("mGy", "mGy cm"),
        ("mGy.cm", "Gy cm2"),
        ("s", "mA s"),
        ("mbq", "MBq"),
        ("", "mGy"),
        ("", ""),
        ("1", "mGy"),
        ("1", "%"),
    ],
)
def test_an_unknown_unit_or_one_of_another_dimension_is_never_guessed(unit: str, to: str) -> None:
    assert convert(1.0, Code("UCUM", unit, "mGy"), to) is None


def test_without_a_unit_there_is_no_value() -> None:
    assert convert(1.0, None, "mGy") is None
    assert convert(1.0, None, "") is None


def test_a_unit_of_a_private_scheme_is_unknown() -> None:
    assert convert(1.0, Code("99VENDOR", "mGy"), "mGy") is None


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))
def test_a_value_in_the_unit_of_the_column_is_not_touched(value: float) -> None:
    assert convert(value, Code("UCUM", "mGy"), "mGy") == value


def test_annotations_separators_and_typography_do_not_count() -> None:
    assert squeezed(" mGy · cm ") == squeezed("mGy-cm") == "mGycm"
    assert squeezed("{pulse}/s") == "/s"
    assert squeezed("cm^2") == squeezed("cm²") == "cm2"


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (Code("UCUM", "mGy.cm"), True),
        (Code("UCUM", "Gy.m2"), True),
        (Code("UCUM", "{pulse}/s"), True),
        (Code("UCUM", "{ratio}"), True),
        (Code("UCUM", "mGy"), True),
        (Code("UCUM", "deg"), True),
        (Code("UCUM", "1"), True),
        (Code("UCUM", "mGycm"), False),
        (Code("UCUM", "Gym2"), False),
        (Code("UCUM", "uAs"), False),
        (Code("UCUM", "µGy.m2"), False),
        (Code("UCUM", "mGy*cm"), False),
        (Code("UCUM", "no units"), False),
        (Code("UCM", "mGy"), False),
    ],
)
def test_a_misspelt_unit_is_told_from_a_conforming_one(unit: Code, expected: bool) -> None:
    assert is_conforming(unit) is expected
