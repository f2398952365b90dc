"""What the dose report draws: the values of each exam and quantity, by device and over time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.dose.bands import ALL
from dicomlake.pipeline.dose.charts import COLOURS, Group, Mark, Moment
from dicomlake.pipeline.dose.outliers import exam_names
from dicomlake.pipeline.dose.quantities import (
    UNMAPPED,
    Quantity,
    feeding,
    observe,
    texts,
)
from dicomlake.pipeline.dose.reference_levels import Cells, in_cells

if TYPE_CHECKING:
    from dicomlake.config.settings import DoseSettings

Row = dict[str, Any]
Integers = npt.NDArray[np.int64]

LEAST_DRAWN: Final = 5
"""Fewest values that are drawn as a box, a curve or a point in time."""
MOST_EXAMS: Final = 40
MOST_UNMAPPED: Final = 10
MOST_DEVICES: Final = 20
_MONTHS_A_YEAR: Final = 12
_MOST_MOMENTS: Final = 24
_STEPS: Final = ((1, "month"), (3, "quarter"), (12, "year"))


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity of one exam."""

    quantity: Quantity
    subset: str
    groups: tuple[Group, ...]
    others: int
    """Devices that are not drawn: too few values, or too many devices."""
    moments: tuple[Moment, ...]
    marks: tuple[Mark, ...]
    n: int


@dataclass(frozen=True, slots=True)
class ExamPanels:
    """An exam with its quantities."""

    group: str
    exam: str
    n_exams: int
    panels: tuple[Panel, ...]

    @property
    def mapped(self) -> bool:
        """Return whether it is a standard exam, and not a protocol that no rule fits."""
        return not self.exam.startswith(UNMAPPED)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What all panels are drawn from."""

    cells: Cells
    months: Integers
    """Month of each observation, counted from year 0; negative where there is no date."""
    labels: Sequence[tuple[str, str]]
    """Label and longer name of each device of `cells`."""
    levels: Mapping[tuple[str, str, str, int, str], Row]


def exam_panels(
    tables: Mapping[str, pa.Table], settings: "DoseSettings"
) -> tuple[list[ExamPanels], int]:
    """Return the exams that are drawn, the commonest first, and how many others there are.

    Args:
        tables: `dose_exams`, `ct_irradiation_events`, `xray_irradiation_events`, `devices`, `drl`.
        settings: of the bands.
    """
    exams = tables["dose_exams"]
    values = observe(
        exams, tables["ct_irradiation_events"], tables["xray_irradiation_events"], feeding(exams)
    )
    cells = in_cells(exams, exam_names(exams), values, settings)
    months = _months(exams)
    drawn = _Drawn(
        cells,
        months[cells.exam],
        device_labels(cells.devices, tables["devices"]),
        _levels(tables["drl"]),
    )
    by_exam: dict[tuple[str, str], list[Panel]] = {}
    sizes: Counter[tuple[str, str]] = Counter()
    order = np.argsort(cells.cell, kind="stable")
    ends = np.searchsorted(cells.cell[order], np.arange(len(cells.names) + 1))
    for number, cell in enumerate(cells.names):
        if cell.band != ALL or cell.year or (cell.subset and cell.quantity.group != "NM"):
            continue
        inside = order[ends[number] : ends[number + 1]]
        key = (cell.quantity.group, cell.exam)
        sizes[key] = max(sizes[key], len(np.unique(cells.exam[inside])))
        by_exam.setdefault(key, []).append(_panel(drawn, number, inside))
    found = [
        ExamPanels(group, exam, sizes[group, exam], tuple(p for p in panels if p.groups))
        for (group, exam), panels in by_exam.items()
    ]
    return _chosen([each for each in found if each.panels])


def _chosen(found: list[ExamPanels]) -> tuple[list[ExamPanels], int]:
    ordered = sorted(found, key=lambda each: (-each.n_exams, each.group, each.exam))
    named = [each for each in ordered if each.mapped][:MOST_EXAMS]
    unnamed = [each for each in ordered if not each.mapped][:MOST_UNMAPPED]
    return [*named, *unnamed], len(found) - len(named) - len(unnamed)


def _panel(drawn: _Drawn, number: int, inside: Integers) -> Panel:
    cells, cell = drawn.cells, drawn.cells.names[number]
    values, devices = cells.value[inside], cells.device[inside]
    counts = np.bincount(devices[devices >= 0], minlength=len(cells.devices))
    enough = [int(d) for d in np.argsort(-counts, kind="stable") if counts[d] >= LEAST_DRAWN]
    groups = [
        Group(*drawn.labels[device], np.sort(values[devices == device]), min(place, COLOURS))
        for place, device in enumerate(enough[:MOST_DEVICES])
    ]
    level = drawn.levels.get(
        (cell.quantity.group, cell.exam, cell.quantity.name, cell.quantity.phantom_cm, cell.subset)
    )
    return Panel(
        cell.quantity,
        cell.subset,
        tuple(groups),
        int((counts > 0).sum()) - len(groups),
        _moments(drawn.months[inside], values),
        tuple(_marks(level)),
        len(inside),
    )


def _levels(drl: pa.Table) -> dict[tuple[str, str, str, int, str], Row]:
    """Return the two-stage level of each population of everybody and of all years."""
    rows = drl.to_pylist()
    found = {}
    for row in rows:
        if (row["kind"], row["band_basis"], row["period"]) == ("national_style", "none", "ALL"):
            subset = "" if row["subset"] == "ALL" else row["subset"]
            key = (row["modality_group"], row["standard_exam"], row["quantity"],
                   row["phantom_cm"], subset)  # fmt: skip
            found[key] = row
    # The published level of adults, where children are among everybody.
    for row in rows:
        if row["band"] == "adult" and row["period"] == "ALL" and row["reference_value"]:
            subset = "" if row["subset"] == "ALL" else row["subset"]
            key = (row["modality_group"], row["standard_exam"], row["quantity"],
                   row["phantom_cm"], subset)  # fmt: skip
            if key in found and found[key]["reference_value"] is None:
                found[key] = found[key] | {"reference_value": row["reference_value"]}
    return found


def _marks(level: Row | None) -> list[Mark]:
    if level is None:
        return []
    marks = []
    if level["reference_value"] is not None:
        marks.append(Mark(level["reference_value"], "published reference level", "published"))
    if level["value"] is not None:
        marks.append(Mark(level["value"], "75th percentile of facility medians", "own"))
    return marks


def _months(exams: pa.Table) -> Integers:
    dates = texts(exams.column("study_date").combine_chunks())
    found = [int(text[:4]) * _MONTHS_A_YEAR + int(text[5:7]) - 1 if text else -1 for text in dates]
    return np.array(found, dtype=np.int64)


def _moments(months: Integers, values: npt.NDArray[np.float64]) -> tuple[Moment, ...]:
    """Return the values by month, quarter or year, whichever is the finest that can be drawn."""
    known = months >= 0
    months, values = months[known], values[known]
    if not len(months):
        return ()
    span = int(months.max() - months.min()) + 1
    width, name = next((s for s in _STEPS if span / s[0] <= _MOST_MOMENTS), _STEPS[-1])
    steps = months // width
    found = []
    for step in np.unique(steps).tolist():
        inside = values[steps == step]
        if len(inside) >= LEAST_DRAWN:
            found.append(Moment(_moment_name(step, width, name), inside))
    return tuple(found)


def _moment_name(step: int, width: int, name: str) -> str:
    year, month = divmod(step * width, _MONTHS_A_YEAR)
    if name == "year":
        return str(year)
    return f"{year} Q{month // 3 + 1}" if name == "quarter" else f"{year}-{month + 1:02d}"


def device_labels(keys: Sequence[str], devices: pa.Table) -> list[tuple[str, str]]:
    """Return a short and a longer name of each device; two of one name are numbered."""
    rows = {row["device_key"]: row for row in devices.to_pylist()}
    names = []
    for key in keys:
        row = rows.get(key, {})
        name = row.get("station_name") or row.get("display_name") or f"device {key[:8]}"
        parts = (row.get("display_name"), row.get("facility_key"))
        names.append((str(name), ", ".join(str(part) for part in parts if part) or str(name)))
    often = Counter(name for name, _ in names)
    seen: Counter[str] = Counter()
    found = []
    for name, longer in names:
        seen[name] += 1
        label = f"{name} ({seen[name]})" if often[name] > 1 else name
        found.append((label, longer if label in longer else f"{label}, {longer}"))
    return found


def unit_text(unit: str) -> str:
    """Return a unit as it is printed."""
    return {"mGy cm": "mGy·cm", "Gy cm2": "Gy·cm²"}.get(unit, unit)


def title_of(panel: Panel) -> str:
    """Return the name of a panel's quantity, with phantom and nuclide."""
    parts = [panel.quantity.label]
    if panel.quantity.phantom_cm:
        parts.append(f"{panel.quantity.phantom_cm} cm phantom")
    if panel.subset:
        parts.append(f"code {panel.subset}")
    return ", ".join(parts)
