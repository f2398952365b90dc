"""From raw bytes to typed values, strictly: one parser per VR, shared by every reader.

A malformed value is None with a finding. A value that breaks its VR but can be read in one way
only is kept, with a finding. What is present but empty is None without one. Values come as the
integers, floats, texts and lists that Arrow stores; a PN is a tuple of its three groups.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from dicomlake.pipeline.discovery.sniff import LONG_VRS, SHORT_VRS
from dicomlake.pipeline.headers.attributes import IDENTITY, Attribute
from dicomlake.pipeline.headers.numeric import (
    BINARY,
    parse_decimal,
    parse_integer,
    parse_integer_as_float,
    unpack,
)
from dicomlake.pipeline.headers.temporal import (
    MalformedError,
    parse_date,
    parse_date_time,
    parse_time,
)
from dicomlake.pipeline.headers.text import (
    DEFAULT_CHARSET,
    Charset,
    Problem,
    decode,
    without_controls,
)

_KNOWN_VRS: Final = frozenset(vr.decode() for vr in (*SHORT_VRS, *LONG_VRS))
IN_CHARSET: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose text is in the Specific Character Set (PS3.5 section 6.1.2.2)."""
ONE_TEXT: Final = frozenset({"LT", "ST", "UR", "UT"})
"""VRs in which a backslash is no delimiter, and leading spaces count."""
_WITH_LINES: Final = frozenset({"LT", "ST", "UT"})
_FORMATTED: Final = frozenset({"AS", "DA", "DS", "DT", "IS", "TM"})
"""VRs whose text is a number, a date or an age: no character of it can be left out."""
_TEXT: Final = frozenset(
    {
        "AE",
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
        "ST",
        "TM",
        "UC",
        "UI",
        "UR",
        "UT",
    }
)
LONGEST: Final[Mapping[str, int]] = {
    "AE": 16,
    "CS": 16,
    "LO": 64,
    "LT": 10_240,
    "SH": 16,
    "ST": 1024,
}
_MOST_TEXT: Final = 1 << 20
"""Characters of a text that a cell can hold; whatever is longer is no text of these VRs."""
_LONGEST_NAME_GROUP: Final = 64
_NAME_GROUPS: Final = 3
_CODE_STRING: Final = re.compile(r"[A-Z0-9 _]*")
_UID: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
LONGEST_UID: Final = 64
_AGE: Final = re.compile(r"([0-9]{1,3})([DWMYdwmy])")


class Raw(NamedTuple):
    """A value as it stands in the data set: its VR as written (empty: none), and its bytes."""

    vr: str
    value: bytes
    charset: bytes | None = None
    """Specific Character Set of the item that holds it, where that names its own."""


def default_text(raw: bytes) -> str:
    """Return a UID or a Private Creator without padding: text in the default repertoire."""
    return raw.decode("ascii", "replace").strip(" \0")


@dataclass(frozen=True, slots=True)
class Context:
    """What else decides how bytes are read; one for all data sets that agree in it."""

    little: bool = True
    charset: Charset = DEFAULT_CHARSET
    signed: bool = False
    """Pixel Representation is 1: an implicit `US or SS` is SS."""
    max_values: int = 10_000


class Parsed(NamedTuple):
    """A typed value, None where there is none or it is malformed, and the findings about it."""

    value: object
    problems: tuple[Problem, ...]

    @property
    def invalid(self) -> bool:
        """Return whether the value is None because it was malformed."""
        return any(code in INVALID for code, _ in self.problems)


_ABSENT: Final = Parsed(None, ())

INVALID: Final = frozenset(
    {"malformed_value", "partial_date_time", "unrepresentable_value", "wrong_vm"}
)
"""Findings for which a value is None."""


def parse(attribute: Attribute, raw: Raw, context: Context) -> Parsed:
    """Return the typed value of an attribute.

    Args:
        attribute: what the value should be.
        raw: what stands in the data set.
        context: byte order, character set and limits.
    """
    problems: list[Problem] = []
    try:
        vr = _readable_vr(attribute, raw.vr, context, problems)
        if vr in BINARY:
            value = _parse_binary(attribute, raw.value, vr, context, problems)
        else:
            value = _parse_text(attribute, raw.value, context, problems)
    except MalformedError as error:
        problems.append((error.code, error.detail))
        value = None
    if value is None and not problems:
        return _ABSENT
    return Parsed(value, tuple(dict.fromkeys(problems)))


def _readable_vr(
    attribute: Attribute, written: str, context: Context, problems: list[Problem]
) -> str:
    """Return the VR to read the bytes by: the attribute's, or the number's that was written.

    Raises:
        MalformedError: bytes of the VR written cannot hold the attribute.
    """
    own = attribute.vr
    if own == "US or SS":
        own = "SS" if context.signed else "US"
        if written in ("US", "SS"):
            return written
    if written in ("", own):
        return own
    if written == "UN" or written not in _KNOWN_VRS:
        problems.append(("unknown_vr", None))
        return own
    problems.append(("vr_mismatch", f"{written} for {own}"))
    if written in _TEXT and own in _TEXT:
        return own
    numeric = own in BINARY or own in ("DS", "IS")
    if numeric and (written in BINARY or written in ("DS", "IS")):
        return written
    if written in ("OB", "OW") and own in BINARY:
        return own
    raise MalformedError(detail="a value of another kind")


# Numbers in binary.


def _parse_binary(
    attribute: Attribute, raw: bytes, vr: str, context: Context, problems: list[Problem]
) -> object:
    if not raw:
        return None
    _, size = BINARY[vr]
    if attribute.many and len(raw) > size * context.max_values:
        raw = raw[: size * context.max_values]
        problems.append(("too_many_values", None))
    numbers = [_as_column(attribute, number) for number in unpack(raw, vr, context.little)]
    if attribute.many:
        return _checked_list(attribute, list(numbers))
    if len(numbers) != 1:
        raise MalformedError("wrong_vm", _count(len(numbers)))
    return numbers[0]


def _as_column(attribute: Attribute, number: float) -> float | int:
    """Return a number as the column holds it; it came in another VR than the column's perhaps.

    Raises:
        MalformedError: a fraction for a column of integers, or an integer beyond its type.
    """
    if attribute.vr == "FL" and abs(number) > GREATEST_FLOAT:
        raise MalformedError(detail="number out of range")
    if attribute.as_float or attribute.vr in ("DS", "FD", "FL"):
        return float(number)
    whole = int(number)
    if whole != number:
        raise MalformedError(detail="no integer")
    least, most = _RANGES.get(attribute.vr, _RANGES["IS"])
    if not least <= whole <= most:
        raise MalformedError(detail="integer out of range")
    return whole


GREATEST_FLOAT: Final = (2 - 2**-23) * 2.0**127
_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "IS": (-(2**63), 2**63 - 1),
    "SL": (-(2**31), 2**31 - 1),
    "SS": (-(2**15), 2**15 - 1),
    "SV": (-(2**63), 2**63 - 1),
    "UL": (0, 2**32 - 1),
    "US": (0, 2**16 - 1),
    "US or SS": (-(2**15), 2**16 - 1),
    "UV": (0, 2**64 - 1),
}


# Values in text.


def _parse_text(
    attribute: Attribute, raw: bytes, context: Context, problems: list[Problem]
) -> object:
    text = _text(attribute, raw, context, problems)
    if attribute.vr in ONE_TEXT:
        value = text.rstrip(" ")
        return _checked_text(attribute, value, problems) if value else None
    parts = text.split("\\", context.max_values) if attribute.many else text.split("\\")
    if attribute.many and len(parts) > context.max_values:
        parts.pop()
        problems.append(("too_many_values", None))
    if attribute.tag in IDENTITY:
        parts = [text]
    if len(parts) == 1 and not parts[0].strip(" "):
        return None
    parser = _parser(attribute)
    if not attribute.many:
        if len(parts) != 1:
            raise MalformedError("wrong_vm", _count(len(parts)))
        return parser(attribute, parts[0], problems)
    values = [parser(attribute, part, problems) if part.strip(" ") else None for part in parts]
    return _checked_list(attribute, values)


def _text(attribute: Attribute, raw: bytes, context: Context, problems: list[Problem]) -> str:
    """Return the decoded text of a whole value, without padding NUL and control characters."""
    vr = attribute.vr
    if vr in _FORMATTED or _is_binary(vr):
        return _formatted_text(raw, problems)
    charset = context.charset if vr in IN_CHARSET else DEFAULT_CHARSET
    body = raw[:-1] if vr == "UI" and raw.endswith(b"\0") else raw
    text, decoded = decode(body, charset, is_name=vr == "PN")
    if not decoded:
        problems.append(("undecodable_text", None))
    text, clean = without_controls(text, lines=vr in _WITH_LINES)
    if not clean:
        problems.append(("control_characters", None))
    return text


def _formatted_text(raw: bytes, problems: list[Problem]) -> str:
    """Return the text of a number, date or age; only at its end may NUL stand for padding."""
    text = raw.decode("ascii", "replace").rstrip(" ")
    if text.endswith("\0"):
        problems.append(("control_characters", None))
        text = text.rstrip(" \0")
    return text


def _checked_list(attribute: Attribute, values: list[object]) -> list[object]:
    """Return the values of a multi-valued attribute if they are as many as the standard wants.

    One where at least two belong (Image Type) is unambiguous and kept; one where exactly three
    belong (Image Position) is not.

    Raises:
        MalformedError: a fixed number of values was not met.
    """
    count = len(values)
    if attribute.vm_max is not None and not attribute.vm_min <= count <= attribute.vm_max:
        raise MalformedError("wrong_vm", _count(count))
    return values


def _count(count: int) -> str:
    return f"{count} values"


_Parser = Callable[[Attribute, str, list[Problem]], object]


def _parser(attribute: Attribute) -> _Parser:
    return _PARSERS.get(attribute.vr, _numeric_text if _is_binary(attribute.vr) else _plain_text)


def _is_binary(own: str) -> bool:
    """Return whether values of an attribute's own VR are numbers in binary."""
    return own in BINARY or own == "US or SS"


def _strict(function: Callable[[str], tuple[object, str | None]]) -> _Parser:
    """Return a parser of a text without padding, noting how the value departs from its VR."""

    def parser(_attribute: Attribute, text: str, problems: list[Problem]) -> object:
        value, departure = function(text.strip(" "))
        if departure:
            problems.append(("nonconforming_value", departure))
        return value

    return parser


_DECIMAL: Final = _strict(parse_decimal)
_INTEGER: Final = _strict(parse_integer)
_INTEGER_AS_FLOAT: Final = _strict(parse_integer_as_float)


def _integer_text(attribute: Attribute, text: str, problems: list[Problem]) -> object:
    parser = _INTEGER_AS_FLOAT if attribute.as_float else _INTEGER
    return parser(attribute, text, problems)


def _numeric_text(attribute: Attribute, text: str, problems: list[Problem]) -> object:
    """Parse the text of a number that belongs in binary."""
    number = _DECIMAL(attribute, text, problems)
    assert isinstance(number, float)
    return _as_column(attribute, number)


def _plain_text(attribute: Attribute, text: str, problems: list[Problem]) -> str:
    value = text.rstrip(" ") if attribute.vr == "UC" else text.strip(" ")
    return _checked_text(attribute, value, problems)


def _checked_text(attribute: Attribute, text: str, problems: list[Problem]) -> str:
    if len(text) > _MOST_TEXT:
        raise MalformedError(detail=f"longer than {_MOST_TEXT} characters")
    longest = LONGEST.get(attribute.vr)
    if longest is not None and len(text) > longest:
        problems.append(("nonconforming_value", f"longer than {longest} characters"))
    return text


def _code_string(attribute: Attribute, text: str, problems: list[Problem]) -> str:
    value = _plain_text(attribute, text, problems)
    if not _CODE_STRING.fullmatch(value):
        problems.append(("nonconforming_value", "characters that no code has"))
    return value


def _uid(_attribute: Attribute, text: str, problems: list[Problem]) -> str:
    value = text.strip(" ")
    if len(value) > _MOST_TEXT:
        raise MalformedError(detail=f"longer than {_MOST_TEXT} characters")
    if len(value) > LONGEST_UID:
        problems.append(("bad_uid", f"longer than {LONGEST_UID} characters"))
    elif not _UID.fullmatch(value):
        problems.append(("bad_uid", "not numbers without leading zeros, joined by dots"))
    return value


def _person_name(_attribute: Attribute, text: str, problems: list[Problem]) -> object:
    """Return alphabetic, ideographic and phonetic group, None where one is empty."""
    groups = [group.strip(" ") or None for group in text.split("=")]
    if len(groups) > _NAME_GROUPS:
        raise MalformedError(detail="more than three component groups")
    if len(text) > _MOST_TEXT:
        raise MalformedError(detail=f"longer than {_MOST_TEXT} characters")
    if any(group is not None and len(group) > _LONGEST_NAME_GROUP for group in groups):
        problems.append(("nonconforming_value", "a group longer than 64 characters"))
    if not any(groups):
        return None
    return (*groups, None, None)[:_NAME_GROUPS]


def _age_text(_attribute: Attribute, text: str, problems: list[Problem]) -> str:
    value = text.strip(" ")
    found = _AGE.fullmatch(value)
    if found is None:
        raise MalformedError(detail="no age")
    if len(found.group(1)) != 3 or value != value.upper():  # noqa: PLR2004  (nnnX)
        problems.append(("nonconforming_value", "not three digits and a capital letter"))
    return value


def age_in_years(text: str) -> float:
    """Return the years of an AS that was accepted: days and weeks by 365.25 days a year."""
    number, unit = int(text[:-1]), text[-1].upper()
    if unit == "Y":
        return float(number)
    if unit == "M":
        return number / 12
    return (number if unit == "D" else number * 7) / 365.25


_PARSERS: Final[Mapping[str, _Parser]] = {
    "AS": _age_text,
    "CS": _code_string,
    "DA": _strict(parse_date),
    "DS": _DECIMAL,
    "DT": _strict(parse_date_time),
    "IS": _integer_text,
    "PN": _person_name,
    "TM": _strict(parse_time),
    "UI": _uid,
}
