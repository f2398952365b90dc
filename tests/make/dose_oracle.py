"""What dose reports say, by a plain walk over their content: other code than the product's.

Nothing here is shared with the reader: codes are compared as they are written in the corpus, and
units are a short list. What it does not know it refuses, so that nothing passes by silence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

_KAP = {"Gy.m2": 1e4, "Gym2": 1e4, "dGy.cm2": 0.1, "cGy.cm2": 0.01, "mGy.cm2": 1e-3, "Gy.cm2": 1.0}
_KERMA = {"Gy": 1e3, "mGy": 1.0, "cGy": 10.0, "uGy": 1e-3}
_TIME = {"s": 1.0, "ms": 1e-3, "min": 60.0}
_DLP = {"mGy.cm": 1.0, "mGycm": 1.0, "Gy.cm": 1e3}
_UNITS = {
    "122130": _KAP,
    "113722": _KAP,
    "113726": _KAP,
    "113727": _KAP,
    "113738": _KERMA,
    "113725": _KERMA,
    "113728": _KERMA,
    "113729": _KERMA,
    "113730": _TIME,
    "113855": _TIME,
    "113838": _DLP,
    "113813": _DLP,
    "113830": {"mGy": 1.0, "Gy": 1e3},
    "113733": {"kV": 1.0},
    "113734": {"mA": 1.0},
}


@dataclass(frozen=True)
class Said:
    """What a container says: numbers by code, in Gy cm2, mGy, s and mGy cm; codes by code."""

    numbers: dict[str, list[float]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)

    def one(self, code: str) -> float | None:
        values = self.numbers.get(code, [])
        assert len(values) <= 1, code
        return values[0] if values else None


def children(item: Dataset) -> Iterator[tuple[str, Dataset]]:
    """Yield the content items of an item with the code values of their concepts."""
    for child in item.get("ContentSequence") or ():
        concepts = child.get("ConceptNameCodeSequence") or ()
        yield (concepts[0].CodeValue if concepts else ""), child


def containers(item: Dataset, code: str) -> Iterator[Dataset]:
    """Yield every container of a concept below an item, at any depth."""
    for concept, child in children(item):
        if concept == code and child.ValueType == "CONTAINER":
            yield child
        yield from containers(child, code)


def said(item: Dataset) -> Said:
    """Return what an item and everything below it say."""
    found = Said()
    _collect(item, found)
    return found


def _collect(item: Dataset, found: Said) -> None:
    for concept, child in children(item):
        if child.ValueType == "NUM" and concept in _UNITS and child.get("MeasuredValueSequence"):
            measured = child.MeasuredValueSequence[0]
            unit = measured.MeasurementUnitsCodeSequence[0].CodeValue
            value = float(measured.NumericValue) * _UNITS[concept][unit]
            found.numbers.setdefault(concept, []).append(value)
        elif child.ValueType == "CODE" and child.get("ConceptCodeSequence"):
            found.codes[concept] = child.ConceptCodeSequence[0].CodeValue
        elif child.ValueType == "UIDREF":
            found.uids[concept] = child.UID
        _collect(child, found)


@dataclass(frozen=True)
class Walked:
    """A report as it was walked: its events by their UID, and what each plane accumulated."""

    study: str
    instance: str
    events: dict[str, Said]
    planes: tuple[Said, ...]

    def total(self, code: str) -> float:
        """Return the sum over the planes of what was accumulated."""
        return sum(value for plane in self.planes for value in plane.numbers[code])

    def added(self, code: str) -> float:
        """Return the sum over the events."""
        return sum(value for event in self.events.values() for value in event.numbers[code])


def walk(path: Path, *, event: str = "113706", accumulated: str = "113702") -> Walked:
    """Walk a report of projection X-ray, or of CT by its own containers."""
    dataset = dcmread(path)
    events = [said(each) for each in containers(dataset, event)]
    by_uid = {each.uids["113769"]: each for each in events}
    assert len(by_uid) == len(events)
    return Walked(
        dataset.StudyInstanceUID,
        dataset.SOPInstanceUID,
        by_uid,
        tuple(said(each) for each in containers(dataset, accumulated)),
    )
