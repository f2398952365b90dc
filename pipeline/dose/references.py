"""Published reference levels, and which of them belongs beside which population."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dicomlake.pipeline.dose.bands import ADULT, ALL, Band, is_of_adults
from dicomlake.pipeline.dose.csv_files import SHIPPED, Line, number_of, read_lines
from dicomlake.pipeline.dose.quantities import QUANTITIES, Quantity
from dicomlake.pipeline.errors import UsageError

REFERENCE_FILE: Final = SHIPPED / "drl_reference.csv"
_REQUIRED: Final = ("modality_group", "standard_exam", "quantity", "value", "unit", "source")
_DLP: Final = "dlp_mgy_cm"
_DLP_OF_PHANTOM: Final = {16: "dlp_head_phantom_mgy_cm", 32: "dlp_body_phantom_mgy_cm"}


@dataclass(frozen=True, slots=True)
class Reference:
    """A published reference level."""

    value: float
    source: str
    year: int | None


@dataclass(frozen=True, slots=True)
class _Key:
    group: str
    exam: str
    quantity: str
    phantom_cm: int
    subset: str
    band: str


class References:
    """Published reference levels, found by population."""

    def __init__(self, levels: Mapping[_Key, Reference]) -> None:
        self._levels = levels

    def __len__(self) -> int:
        return len(self._levels)

    def find(
        self, quantity: Quantity, exam: str, subset: str, band: Band, *, adults_only: bool
    ) -> Reference | None:
        """Return the reference level of a population, or None.

        A level of adults belongs to bands of adults, and to everybody where no patient is known to
        be a child; a level of a band belongs to that band alone.

        Args:
            quantity: what the figures are of.
            exam: standard exam; case does not matter.
            subset: view or nuclide.
            band: of the population.
            adults_only: whether no patient of the population is known to be a child.
        """
        bands = [band.name]
        if is_of_adults(band) or (band == ALL and adults_only):
            bands.append(ADULT)
        for name in bands:
            key = _Key(
                quantity.group, exam.casefold(), quantity.name, quantity.phantom_cm, subset,
                name.casefold(),
            )  # fmt: skip
            if key in self._levels:
                return self._levels[key]
        return None


def read_references(path: str) -> References:
    """Read a file of reference levels: the shipped one where `path` is empty.

    Of two levels of one population the later year counts, and of one year the later line. A line
    whose quantity depends on a phantom that the source does not state is kept in the file for
    people, and compared with nothing.

    Raises:
        UsageError: the file cannot be read, or a line of it not be used.
    """
    file = Path(path) if path else REFERENCE_FILE
    levels: dict[_Key, Reference] = {}
    for line in read_lines(file, _REQUIRED):
        key, reference = _level(line)
        if key is None:
            continue
        before = levels.get(key)
        if before is None or (before.year or 0) <= (reference.year or 0):
            levels[key] = reference
    return References(levels)


def _level(line: Line) -> tuple[_Key | None, Reference]:
    group, phantom = line["modality_group"].upper(), _phantom(line)
    name = line["quantity"].lower()
    if name == _DLP:
        name = _DLP_OF_PHANTOM.get(phantom, _DLP)
    fitting = [each for each in QUANTITIES if (each.group, each.name) == (group, name)]
    reference = Reference(number_of(line, "value"), line["source"], _year(line))
    if not fitting and not (group == "CT" and name == _DLP):
        known = sorted({each.name for each in QUANTITIES if each.group == group} - {""})
        raise UsageError(
            f"{line.where}: {group or 'no group'} has no quantity {line['quantity']!r}.",
            f"It is one of {', '.join(known)}." if known else "Groups: CT, DX, RF, MG, NM.",
        )
    unit = fitting[0].unit if fitting else "mGy cm"
    if _plain(line["unit"]) != _plain(unit):
        raise UsageError(f"{line.where}: the unit of {name} is {unit}, not {line['unit']!r}.")
    phantoms = [each.phantom_cm for each in fitting]
    if phantom == 0 and phantoms != [0] and len(phantoms) == 1:
        phantom = phantoms[0]
    if phantom not in phantoms:
        return None, reference
    band = line["band"].casefold() or ALL.name.casefold()
    subset = "" if line["subset"].upper() == ALL.name else line["subset"]
    return _Key(group, line["standard_exam"].casefold(), name, phantom, subset, band), reference


def _plain(unit: str) -> str:
    return "".join(letter for letter in unit.lower() if letter not in " .·*²").replace("^", "") + (
        "2" if "²" in unit else ""
    )


def _phantom(line: Line) -> int:
    text = line["phantom_cm"]
    if text not in {"", "0", "16", "32"}:
        raise UsageError(f"{line.where}: phantom_cm is {text!r}, not 16, 32 or empty.")
    return int(text or 0)


def _year(line: Line) -> int | None:
    text = line["year"]
    if text and not (text.isascii() and text.isdigit()):
        raise UsageError(f"{line.where}: year is {text!r}, not a year.")
    return int(text) if text else None
