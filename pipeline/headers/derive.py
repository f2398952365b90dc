"""From a raw header to the row of an instance: parsed values, and what is derived from them."""

import datetime
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.headers.attributes import (
    MODALITY_LUT_TYPE,
    PIXEL_REPRESENTATION,
    SPECIFIC_CHARACTER_SET,
    TIMEZONE_OFFSET,
    Attribute,
    copied_attributes,
)
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.octets import RejectedHeaderError
from dicomlake.pipeline.headers.reader import RawHeader
from dicomlake.pipeline.headers.temporal import MalformedError, Moment, in_utc, parse_offset
from dicomlake.pipeline.headers.text import charset_of
from dicomlake.pipeline.headers.values import Context, Parsed, Raw, age_in_years, parse

UNKNOWN: Final = "UNKNOWN"
_MODALITY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
_FIRST_YEAR: Final = 1895
_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()
_UNSPECIFIED: Final = "UNSPECIFIED"
_OFFSET_TEXT: Final = Attribute(
    "", "TimezoneOffsetFromUTC", TIMEZONE_OFFSET, "SH", False, False, 1, 1
)
_LUT_TYPE: Final = Attribute(
    "modality_lut_type", "ModalityLUTType", MODALITY_LUT_TYPE, "LO", False, False, 1, 1
)


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance: values by column name, and what was found wrong with them."""

    values: dict[str, Any]
    faults: tuple[Fault, ...]


class InstanceParser:
    """Makes instance rows of raw headers; each distinct raw value is parsed once.

    One for a batch: what it remembers grows with the distinct values it meets.
    """

    def __init__(self, settings: HeaderSettings) -> None:
        self._attributes = copied_attributes()
        self._max_values = settings.max_values
        self._last_year = datetime.datetime.now(datetime.UTC).year + 1
        self._memo: dict[tuple[object, ...], tuple[Context, list[dict[Raw, Parsed]]]] = {}

    def row(self, header: RawHeader) -> InstanceRow:
        """Return the row of an instance.

        Raises:
            RejectedHeaderError: there is no SOP Class UID, or no identity.
        """
        faults: list[Fault] = []
        context, memo = self._context(header, faults)
        values: dict[str, Any] = {}
        invalid: list[str] = []
        for attribute, known in zip(self._attributes, memo, strict=True):
            raw = header.values.get(attribute.tag)
            if raw is None:
                values[attribute.name] = None
                continue
            parsed = known.get(raw)
            if parsed is None:
                parsed = known[raw] = parse(attribute, raw, context)
            values[attribute.name] = parsed.value
            if parsed.problems:
                faults += [Fault(code, attribute.tag, text) for code, text in parsed.problems]
                if parsed.invalid:
                    invalid.append(attribute.keyword)
        _check_identity(values)
        self._derive(header, values, context, faults, invalid)
        return InstanceRow(values, tuple(faults))

    def _context(
        self, header: RawHeader, faults: list[Fault]
    ) -> tuple[Context, list[dict[Raw, Parsed]]]:
        """Return how the values of a header are read, and what is known of such values."""
        charset_raw = header.values.get(SPECIFIC_CHARACTER_SET, Raw("", b"")).value
        charset, problems = charset_of(charset_raw)
        faults += [Fault(code, SPECIFIC_CHARACTER_SET, text) for code, text in problems]
        signed = _is_signed(header)
        key = (header.little, charset, signed)
        if key not in self._memo:
            context = Context(header.little, charset, signed, self._max_values)
            self._memo[key] = (context, [{} for _ in self._attributes])
        return self._memo[key]

    def _derive(
        self,
        header: RawHeader,
        values: dict[str, Any],
        context: Context,
        faults: list[Fault],
        invalid: list[str],
    ) -> None:
        values["patient_key"] = patient_key(
            values["issuer_of_patient_id"], values["patient_id"], values["study_instance_uid"]
        )
        values["modality"] = _modality(values["modality_raw"], faults)
        values["study_year"] = self._study_year(values["study_date"])
        age = values["patient_age"]
        values["age_years"] = None if age is None else age_in_years(age)
        offset = _file_offset(header, context, faults)
        _set_acquisition(values, offset, faults, invalid)
        values["modality_lut_type"] = _lut_type(header, context, faults)
        values["invalid_attributes"] = sorted(invalid) or None

    def _study_year(self, study_date: int | None) -> int:
        if study_date is None:
            return 0
        year = datetime.date.fromordinal(study_date + _EPOCH_DAY).year
        return year if _FIRST_YEAR <= year <= self._last_year else 0


def _is_signed(header: RawHeader) -> bool:
    raw = header.values.get(PIXEL_REPRESENTATION)
    return raw is not None and raw.value == (b"\x01\x00" if header.little else b"\x00\x01")


def _check_identity(values: dict[str, Any]) -> None:
    if values["sop_class_uid"] is None:
        raise RejectedHeaderError("invalid", detail="no SOP Class UID")
    for name in ("sop_instance_uid", "series_instance_uid", "study_instance_uid"):
        if values[name] is None:
            raise RejectedHeaderError("missing_identity", detail=f"no {name}")


def patient_key(issuer: str | None, patient_id: str | None, study_instance_uid: str) -> str:
    """Return the identity of a patient: 32 hex digits over issuer and id, else over the study."""
    named = patient_id is not None
    identity = f"{issuer or ''}\0{patient_id}" if named else study_instance_uid
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def _modality(raw: str | None, faults: list[Fault]) -> str:
    if raw is None:
        return UNKNOWN
    if _MODALITY.fullmatch(raw):
        return raw
    faults.append(Fault("unknown_modality", 0x00080060))
    return UNKNOWN


def _file_offset(header: RawHeader, context: Context, faults: list[Fault]) -> int | None:
    """Return Timezone Offset From UTC (0008,0201) in minutes, for times that have none."""
    raw = header.values.get(TIMEZONE_OFFSET)
    if raw is None:
        return None
    parsed = parse(_OFFSET_TEXT, raw, context)
    problems = list(parsed.problems)
    offset = None
    if isinstance(parsed.value, str):
        try:
            offset = parse_offset(parsed.value)
        except MalformedError as error:
            problems.append((error.code, error.detail))
    faults += [Fault(code, TIMEZONE_OFFSET, text) for code, text in problems]
    return offset


def _set_acquisition(
    values: dict[str, Any], file_offset: int | None, faults: list[Fault], invalid: list[str]
) -> None:
    """Make Acquisition DateTime UTC where an offset is known, and keep the offset beside it."""
    moment = values["acquisition_date_time"]
    values["acquisition_date_time_offset_minutes"] = None
    if not isinstance(moment, Moment):
        return
    offset = file_offset if moment.offset_minutes is None else moment.offset_minutes
    try:
        values["acquisition_date_time"] = in_utc(moment, offset or 0)
    except MalformedError as error:
        values["acquisition_date_time"] = None
        faults.append(Fault(error.code, 0x0008002A, error.detail))
        invalid.append("AcquisitionDateTime")
    else:
        values["acquisition_date_time_offset_minutes"] = offset


def _lut_type(header: RawHeader, context: Context, faults: list[Fault]) -> str | None:
    if header.modality_lut_type is None:
        return None
    parsed = parse(_LUT_TYPE, header.modality_lut_type, context)
    faults += [Fault(code, MODALITY_LUT_TYPE, text) for code, text in parsed.problems]
    return parsed.value if isinstance(parsed.value, str) else _UNSPECIFIED


def limited(faults: Sequence[Fault], most: int) -> tuple[Fault, ...]:
    """Return faults without repetition, at most so many of a code, the last saying how many more.

    A hostile file must not fill the table of issues.
    """
    kept: list[Fault] = []
    counts: dict[str, int] = {}
    for fault in dict.fromkeys(faults):
        counts[fault.code] = counts.get(fault.code, 0) + 1
        if counts[fault.code] <= most:
            kept.append(fault)
    more = {code: count - most for code, count in counts.items() if count > most}
    kept += [Fault(code, -1, f"{count} more") for code, count in more.items()]
    return tuple(kept)
