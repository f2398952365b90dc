"""What is derived of an instance's values: identities, folders' names, years, offsets."""

import datetime
import hashlib
import re
from collections.abc import Sequence
from typing import Final

from dicomlake.pipeline.headers.attributes import TIMEZONE_OFFSET, Attribute
from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.temporal import MalformedError, parse_offset
from dicomlake.pipeline.headers.text import Problem
from dicomlake.pipeline.headers.values import Context, Raw, age_in_years, parse

UNKNOWN: Final = "UNKNOWN"
_MODALITY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
_FIRST_YEAR: Final = 1895
_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()
_UNSPECIFIED: Final = "UNSPECIFIED"
_OFFSET_TEXT: Final = Attribute(
    "", "TimezoneOffsetFromUTC", TIMEZONE_OFFSET, "SH", False, False, 1, 1
)


def study_year_of(study_date: int | None) -> int:
    """Return the year of a Study Date in days since the epoch; 0 where it cannot be one."""
    if study_date is None:
        return 0
    year = datetime.date.fromordinal(study_date + _EPOCH_DAY).year
    last = datetime.datetime.now(datetime.UTC).year + 1
    return year if _FIRST_YEAR <= year <= last else 0


def age_in_years_of(text: str | None) -> float | None:
    """Return Patient Age in years."""
    return None if text is None else age_in_years(text)


def patient_key(issuer: str | None, patient_id: str | None, study_instance_uid: str | None) -> str:
    """Return the identity of a patient: 32 hex digits over issuer and id, else over the study."""
    named = patient_id is not None
    identity = f"{issuer or ''}\0{patient_id}" if named else study_instance_uid
    return hashlib.sha256((identity or "").encode()).hexdigest()[:32]


def modality_of(raw: str | None) -> tuple[str, tuple[Problem, ...]]:
    """Return Modality as a folder's name, and what was wrong with it."""
    if raw is None:
        return UNKNOWN, ()
    if _MODALITY.fullmatch(raw):
        return raw, ()
    return UNKNOWN, (("unknown_modality", None),)


def offset_of(raw: Raw | None, context: Context) -> tuple[int | None, tuple[Problem, ...]]:
    """Return Timezone Offset From UTC (0008,0201) in minutes, and what was wrong with it."""
    if raw is None:
        return None, ()
    parsed = parse(_OFFSET_TEXT, raw, context)
    problems = list(parsed.problems)
    offset = None
    if isinstance(parsed.value, str):
        try:
            offset = parse_offset(parsed.value)
        except MalformedError as error:
            problems.append((error.code, error.detail))
    return offset, tuple(problems)


def with_unspecified(cells: Sequence[Cell], types: Sequence[str | None]) -> list[str | None]:
    """Return Modality LUT Types, `UNSPECIFIED` where there is a LUT that does not say."""
    return [
        _UNSPECIFIED if text is None and isinstance(cell, Items) and cell.items else text
        for cell, text in zip(cells, types, strict=True)
    ]


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
