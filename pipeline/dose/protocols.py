"""From the protocols of scanners to standard exams, by a list that people keep.

The list is a CSV file; its first line names the columns, the first row that fits wins. A row gives
words that must be there (`all_of`) and that must not be (`none_of`), regular expressions, or codes.
What no row fits stays `UNMAPPED`, and is counted.
"""

import contextlib
import csv
import hashlib
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dicomlake.pipeline.dose.csv_files import SHIPPED, Line, read_lines
from dicomlake.pipeline.dose.quantities import UNMAPPED, texts
from dicomlake.pipeline.errors import UsageError
from dicomlake.schemas.tables.dose_exams import MODALITY_GROUPS

if TYPE_CHECKING:
    from dicomlake.pipeline.tables.store import Version

PROTOCOL_FILE: Final = SHIPPED / "protocol_map.csv"
COLUMNS: Final = (
    "modality_group", "protocol", "study_description", "series_description", "procedure_code",
    "standard_exam",
)  # fmt: skip
"""Columns of the list that is written to be filled in."""
_LONGEST_EXACT: Final = 200
"""Letters of a protocol that an expression made of it has at most."""
_PATTERNS: Final = ("protocol", "study_description", "series_description")
_NAME: Final = "name"
"""The study description; where that says no more than the modality, the protocols."""
_LETTER: Final = r"[^\W\d_]"
# Every repeat has a bound, so that the time is linear in the length of the text.
_PARTS: Final = {"*": _LETTER + "{0,40}", "-": r"[\s_/&+-]{0,3}", " ": r"[\s_/&+-]{1,3}"}


@dataclass(frozen=True, slots=True)
class ExamNames:
    """What an exam is called by those who made it."""

    modality_group: str
    protocols: Sequence[str] = ()
    """Acquisition protocols of its events."""
    study_description: str = ""
    series_descriptions: Sequence[str] = ()
    procedure_codes: Sequence[str] = ()
    """Code values of the procedure, done and requested; with or without `SCHEME:` before them."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one and the same text of an exam must have."""

    column: str
    all_of: tuple[re.Pattern[str], ...]
    """Expressions that are all found in the text."""
    none_of: tuple[re.Pattern[str], ...] = ()
    """Expressions none of which is."""

    def fits(self, text: str) -> bool:
        """Return whether a text is as demanded."""
        return all(each.search(text) for each in self.all_of) and not any(
            each.search(text) for each in self.none_of
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the list: everything that it gives must fit."""

    modality_group: str
    """Empty: any."""
    demands: tuple[Demand, ...]
    codes: frozenset[str]
    """Procedure codes, one of which must be there; empty: any."""
    standard_exam: str

    def fits(self, names: ExamNames) -> bool:
        """Return whether an exam is of this row."""
        if self.modality_group not in {"", names.modality_group}:
            return False
        if not all(any(map(each.fits, _texts(names, each.column))) for each in self.demands):
            return False
        return not self.codes or any(
            code in self.codes or code.rpartition(":")[2] in self.codes
            for code in names.procedure_codes
        )


def _texts(names: ExamNames, column: str) -> Sequence[str]:
    described = names.study_description or ""
    if column == _NAME:
        letters = "".join(filter(str.isalnum, described)).lower()
        says_nothing = letters in {"", "tc", names.modality_group.lower()}
        column = "protocol" if says_nothing else "study_description"
    if column == "study_description":
        return (described,)
    found = names.protocols if column == "protocol" else names.series_descriptions
    return found or ("",)


class ProtocolMap:
    """The rows of a list of protocols, in their order."""

    def __init__(self, rules: Sequence[Rule], sha256: str) -> None:
        self.rules = tuple(rules)
        self.sha256 = sha256
        """Digest of the file: what depends on it is made anew when this changes."""
        self._known: dict[ExamNames, str] = {}

    def standard_exam(self, names: ExamNames) -> str:
        """Return the exam of the first row that fits, else `UNMAPPED`."""
        key = ExamNames(
            names.modality_group,
            tuple(names.protocols),
            names.study_description or "",
            tuple(names.series_descriptions),
            tuple(names.procedure_codes),
        )
        if key not in self._known:
            fitting = (rule.standard_exam for rule in self.rules if rule.fits(key))
            self._known[key] = next(fitting, UNMAPPED)
        return self._known[key]


def read_protocols(path: str) -> ProtocolMap:
    """Read a list of protocols: the starter that is shipped where `path` is empty.

    A row without a standard exam says nothing, such as those still to be filled in; one whose exam
    is a name in braces names its words, for the rows below it.

    Raises:
        UsageError: the file cannot be read, or a row cannot be used; the text names its line.
    """
    file = Path(path) if path else PROTOCOL_FILE
    rules: list[Rule] = []
    named: dict[str, str] = {}
    for line in read_lines(file, ("standard_exam",)):
        exam = line["standard_exam"]
        if exam.startswith("{"):
            if not line["all_of"] or ";" in line["all_of"]:
                raise UsageError(f"{line.where}: {exam} has no words with | between (all_of).")
            named[exam.lower()] = _alternatives(line, line["all_of"], named)
        elif exam:
            rules.append(_rule(line, named))
    return ProtocolMap(rules, hashlib.sha256(file.read_bytes()).hexdigest())


def _rule(line: Line, named: Mapping[str, str]) -> Rule:
    group = line["modality_group"].upper()
    if group and group not in MODALITY_GROUPS:
        raise UsageError(
            f"{line.where}: there is no modality group {line['modality_group']!r}.",
            f"Groups: {', '.join(MODALITY_GROUPS)}, or empty for any.",
        )
    text = line["text"].lower() or _NAME
    if text not in {_NAME, *_PATTERNS}:
        raise UsageError(
            f"{line.where}: there is no text {line['text']!r}.",
            f"Texts: {', '.join(_PATTERNS)}, or empty for description or else protocol.",
        )
    demands = [Demand(name, (_pattern(line, name),)) for name in _PATTERNS if line[name]]
    words = Demand(text, _words(line, "all_of", named), _words(line, "none_of", named))
    codes = frozenset(re.split(r"[\s;|,]+", line["procedure_code"])) - {""}
    if not (demands or words.all_of or codes):
        raise UsageError(
            f"{line.where}: the row fits every exam.",
            "Give it words (all_of), a protocol, a description (`.*` for any) or a procedure code.",
        )
    return Rule(group, (*demands, words), codes, line["standard_exam"])


def _words(line: Line, column: str, named: Mapping[str, str]) -> tuple[re.Pattern[str], ...]:
    """Return an expression for each of the `;` separated demands of a cell."""
    demands = (each for each in line[column].split(";") if each.strip())
    return tuple(
        re.compile(
            f"(?<!{_LETTER})(?:{_alternatives(line, each, named)})(?!{_LETTER})", re.IGNORECASE
        )
        for each in demands
    )


def _alternatives(line: Line, words: str, named: Mapping[str, str]) -> str:
    """Return an expression for `|` separated words, one of which is to be there."""
    found = []
    for word in (" ".join(each.split()) for each in words.split("|")):
        if "{" in word:
            if word.lower() not in named:
                raise UsageError(f"{line.where}: no row above this one names the words {word}.")
            found.append(named[word.lower()])
        elif any(map(str.isalnum, word)):
            found.append("".join(_PARTS.get(sign) or re.escape(sign) for sign in word))
        else:
            raise UsageError(f"{line.where}: a word has no letter.", "Between two | is a word.")
    return "|".join(found)


def _pattern(line: Line, column: str) -> re.Pattern[str]:
    try:
        return re.compile(line[column], re.IGNORECASE)
    except re.error as error:
        raise UsageError(
            f"{line.where}: {column} is no regular expression: {error}.",
            r"A literal bracket, plus or dot has a backslash before it: \( \+ \.",
        ) from None


@dataclass(frozen=True, slots=True)
class _Found:
    """A protocol as it was found."""

    modality_group: str
    protocol: str
    study_description: str
    standard_exam: str


def write_protocols(version: "Version", out: Path) -> tuple[int, int]:
    """Write the protocols of a lake as a list to be filled in, the commonest first.

    Every protocol and description is an expression that fits exactly itself. Rows that the present
    list knows have its exam, the others none yet; `n_exams` says how many exams each row is of.

    Args:
        version: what to read.
        out: the CSV file; an existing one is replaced whole.

    Returns:
        How many rows there are, and how many of them are without an exam.
    """
    found = _protocols(version)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, "n_exams"))
    for each, count in found:
        exam = "" if _is_unmapped(each) else each.standard_exam
        writer.writerow((each.modality_group, *_patterns(each), "", "", exam, count))
    replace_file(out, text.getvalue().encode())
    return len(found), sum(_is_unmapped(each) for each, _ in found)


def _is_unmapped(found: _Found) -> bool:
    return found.standard_exam in {"", UNMAPPED}


def _exactly(text: str) -> str:
    """Return an expression for one text; of an endless one for its beginning."""
    end = "$" if len(text) <= _LONGEST_EXACT else ""
    return f"^{re.escape(text[:_LONGEST_EXACT]).replace(chr(92) + ' ', ' ')}{end}"


def _patterns(found: _Found) -> tuple[str, str]:
    """Return the expressions for protocol and description that fit an exam like this one."""
    # An exam without a protocol has its description in the column of protocols.
    described = found.protocol in {"", found.study_description}
    protocol = "" if described and found.study_description else _exactly(found.protocol)
    return protocol, _exactly(found.study_description)


def _protocols(version: "Version") -> list[tuple[_Found, int]]:
    exams = version.read(
        "dose_exams", ["study_instance_uid", "modality_group", "protocol", "standard_exam"]
    )
    studies = version.read("studies", ["study_instance_uid", "study_description"])
    described = dict(
        zip(texts(studies, "study_instance_uid"), texts(studies, "study_description"), strict=True)
    )
    columns = (texts(exams, name) for name in exams.column_names)
    counted: Counter[_Found] = Counter(
        _Found(group, protocol or "", described.get(study) or "", exam or "")
        for study, group, protocol, exam in zip(*columns, strict=True)
    )
    return sorted(counted.items(), key=_by_count)


def _by_count(item: tuple[_Found, int]) -> tuple[object, ...]:
    each, count = item
    return (not _is_unmapped(each), -count, each.modality_group, each.protocol,
            each.study_description, each.standard_exam)  # fmt: skip


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; its folder is made if it is not there.

    Raises:
        UsageError: the file cannot be written there.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # there may be no folder to take it from
            fresh.unlink(missing_ok=True)
        raise UsageError(f"Cannot write {path}: {error.strerror or error}.") from None


def count_unmapped(names: Iterable[str | None]) -> int:
    """Return how many exams have no standard exam."""
    return sum(name in {None, "", UNMAPPED} for name in names)
