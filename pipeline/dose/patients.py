"""The patient of a study as its exams need it: age, sex, weight, height, and whether it is one.

Ages and sizes come from many hands: a value out of range is not taken, and flagged. Where objects
of a study disagree, the commonest counts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, Protocol

from dicomlake.pipeline.dose.header_facts import Row, commonest, said

PATIENT_COLUMNS: Final = (
    "sop_instance_uid",
    "patient_key",
    "patient_id",
    "patient_name",
    "patient_birth_date",
    "patient_sex",
    "age_years",
    "patient_size",
    "patient_weight",
    "quality_control_subject",
    "study_date",
)
"""Columns of `instances` that are read."""

AGES_YEARS: Final = (0.0, 120.0)
WEIGHTS_KG: Final = (0.2, 400.0)
HEIGHTS_M: Final = (0.2, 2.5)

_NO_BIRTH_DATES: Final = frozenset({date(1899, 12, 30)})
"""Day 0 of spreadsheets and databases, written where no date is known."""
_DAYS_PER_YEAR: Final = 365.25
_SPLIT: Final = re.compile(r"[\^_\s\d]+")
_SEXES: Final = frozenset({"M", "F", "O"})


class PatientSettings(Protocol):
    """The settings that are read: `[dose]`."""

    @property
    def phantom_tokens(self) -> Sequence[str]:
        """Return the words of an ID or a name that tell a phantom."""


def patient_facts(
    instances: Sequence[Mapping[str, Any]],
    reports: Sequence[Mapping[str, Any]],
    settings: PatientSettings,
) -> Row:
    """Return what is known of the patient of one study, in any order of rows.

    Args:
        instances: committed rows of all its objects, `PATIENT_COLUMNS`.
        reports: what its dose reports say of the patient: `age_years`, `sex`, `weight_kg`,
            `height_m`; taken where no header says it.
        settings: with the words that tell a phantom.

    Returns:
        `patient_key`, `study_date`, `is_patient`, `age_years`, `age_source`, `sex`, `weight_kg`,
        `height_m`, of these only what is known, and `_flags`: flags of `dose_exams`, sorted.
    """
    flags: set[str] = set()
    facts: Row = {
        "patient_key": commonest(said(instances, "patient_key")),
        "study_date": commonest(said(instances, "study_date")),
        "sex": _sex(instances, reports),
        **_age(instances, reports, flags),
    }
    facts["weight_kg"] = _measure(
        (said(instances, "patient_weight"), said(reports, "weight_kg")),
        WEIGHTS_KG, "weight_out_of_range", flags,
    )  # fmt: skip
    facts["height_m"] = _measure(
        (said(instances, "patient_size"), said(reports, "height_m")),
        HEIGHTS_M, "size_out_of_range", flags,
    )  # fmt: skip
    known = {name: value for name, value in facts.items() if value is not None}
    patient = is_patient(instances, settings.phantom_tokens)
    return {**known, "is_patient": patient, "_flags": sorted(flags)}


def age_at(birth: date, study: date) -> float:
    """Return the age at a date, in years of 365.25 days."""
    return (study - birth).days / _DAYS_PER_YEAR


def _age(
    instances: Sequence[Mapping[str, Any]], reports: Sequence[Mapping[str, Any]], flags: set[str]
) -> Row:
    """Return age and its source: from the birth date, else as written."""
    flag = "age_out_of_range"
    pairs = [
        (row["patient_birth_date"], row["study_date"])
        for row in instances
        if row.get("patient_birth_date") is not None and row.get("study_date") is not None
    ]
    real = [pair for pair in pairs if pair[0] not in _NO_BIRTH_DATES]
    if len(real) < len(pairs):
        flags.add(flag)
    computed = _measure(([age_at(birth, study) for birth, study in real],), AGES_YEARS, flag, flags)
    if computed is not None:
        return {"age_years": computed, "age_source": "birth_date"}
    stated = _measure(
        (said(instances, "age_years"), said(reports, "age_years")), AGES_YEARS, flag, flags
    )
    return {} if stated is None else {"age_years": stated, "age_source": "patient_age"}


def _measure(
    sources: Iterable[Sequence[Any]], limits: tuple[float, float], flag: str, flags: set[str]
) -> float | None:
    """Return the commonest value within limits of the first source that has one."""
    low, high = limits
    for values in sources:
        numbers = [float(value) for value in values if isinstance(value, (int, float))]
        usable = [value for value in numbers if low <= value <= high]
        if len(usable) < len(numbers):
            flags.add(flag)
        if usable:
            return commonest(usable)
    return None


def _sex(
    instances: Sequence[Mapping[str, Any]], reports: Sequence[Mapping[str, Any]]
) -> str | None:
    for values in (said(instances, "patient_sex"), said(reports, "sex")):
        found = commonest(sex for value in values if (sex := str(value).strip().upper()) in _SEXES)
        if found is not None:
            return found
    return None


def is_patient(instances: Iterable[Mapping[str, Any]], phantom_tokens: Iterable[str]) -> bool:
    """Return whether no object of a study says that its subject is a phantom or a test.

    ID and name are split at `^`, `_`, white space and digits, and compared as whole words,
    case-blind: Murphy is a patient. Quality Control Subject (0010,0200) says it outright.
    """
    words = {token.casefold() for token in phantom_tokens}
    subjects: set[tuple[str, ...]] = set()
    for row in instances:
        if str(row.get("quality_control_subject") or "").upper() == "YES":
            return False
        subjects.add((str(row.get("patient_id") or ""), *_names(row.get("patient_name"))))
    texts = {text for subject in subjects for text in subject}
    return not any(token.casefold() in words for text in texts for token in _SPLIT.split(text))


def _names(name: Any) -> tuple[str, ...]:
    """Return the component groups of a name (PS3.5 section 6.2.1)."""
    if isinstance(name, Mapping):
        return tuple(str(group) for group in name.values() if group)
    return (str(name),) if name else ()
