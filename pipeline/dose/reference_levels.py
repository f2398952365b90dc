"""Typical values and reference levels of populations (ICRP Publication 135).

A reference level is made in two stages: the median of each facility (or room), then the 75th
percentile of those medians. The 75th percentile of all patients together is another number, is
called `p75_patient`, and never a reference level.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.dose.bands import Band, Measures, bands, head_exams, members
from dicomlake.pipeline.dose.grouped import PERCENTILES, Summary, count_distinct, summarise
from dicomlake.pipeline.dose.quantities import (
    QUANTITIES,
    Quantity,
    Values,
    codes_of,
    feeding,
    mapped,
    numbers,
    observe,
    texts,
)
from dicomlake.pipeline.dose.references import References, read_references
from dicomlake.pipeline.tables.columnar import pc
from dicomlake.schemas.tables.drl import DRL

if TYPE_CHECKING:
    from dicomlake.config.settings import DoseSettings

Row = dict[str, Any]
Integers = npt.NDArray[np.int64]

METHOD_VERSION: Final = 1
"""Of the rules by which rows of `drl` are made; a change of a figure raises it."""
EVERY: Final = "ALL"
_FIGURES: Final = (
    *(f"p{each}" for each in PERCENTILES), "mean", "standard_deviation", "geometric_mean",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cells:
    """Observations with the cell that each is in; one stands in several (bands, years, subsets)."""

    names: tuple["Cell", ...]
    """The cells, by number."""
    cell: Integers
    value: npt.NDArray[np.float64]
    exam: Integers
    facility: Integers
    device: Integers
    facilities: list[str]
    devices: list[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What the values of a population are of."""

    quantity: Quantity
    exam: str
    subset: str
    band: Band
    year: int
    """0: of all years."""
    adults_only: bool


@dataclass(frozen=True, slots=True)
class _Level:
    """Groups of observations at one level: cells, facilities of cells, or rooms of facilities."""

    summary: Summary
    cell: Integers
    facility: Integers
    device: Integers
    n: Integers
    n_exams: Integers
    n_facilities: Integers
    n_devices: Integers


def reference_levels(
    exams: pa.Table, ct_events: pa.Table, xray_events: pa.Table, settings: "DoseSettings"
) -> list[Row]:
    """Return the rows of `drl`, in the order of its key.

    Exams of phantoms, exams with two phantoms' DLP, exams without a standard exam and inactive
    events feed nothing. An exam without a facility counts in `p75_patient` alone.

    Args:
        exams: rows of `dose_exams`, at least `quantities.EXAM_COLUMNS`.
        ct_events: rows of `ct_irradiation_events`, at least `quantities.CT_COLUMNS`.
        xray_events: rows of `xray_irradiation_events`, at least `quantities.XRAY_COLUMNS`.
        settings: bands, least numbers, and the file of published reference levels.

    Raises:
        UsageError: the file of reference levels cannot be used.
    """
    references = read_references(settings.drl_reference)
    values = observe(exams, ct_events, xray_events, feeding(exams) & mapped(exams))
    cells = in_cells(exams, texts(exams, "standard_exam"), values, settings)
    rows = [
        _finished(row, cells.names[cell], references)
        for level in _levels(cells, settings)
        for cell, row in level
    ]
    return sorted(rows, key=_order)


def in_cells(
    exams: pa.Table,
    names: npt.NDArray[np.object_],
    values: Values,
    settings: "DoseSettings",
) -> Cells:
    """Put observations into cells: each band, subset, year and all years that they belong to.

    Args:
        exams: rows of `dose_exams`.
        names: standard exam, or what stands for it, of each exam.
        values: observations of these exams.
        settings: the bands.
    """
    exam_names, exam_codes = codes_of(names)
    ages = numbers(exams, "age_years")
    measures = Measures(
        ages[values.exam],
        numbers(exams, "weight_kg")[values.exam],
        values.thickness_mm,
        np.append(head_exams(exam_names, settings), False)[exam_codes[values.exam]],
    )
    years = pc.year(exams.column("study_date")).cast(pa.float64()).combine_chunks()
    year = np.nan_to_num(years.to_numpy(zero_copy_only=False)).astype(np.int64)[values.exam]
    subsets, subset = codes_of(values.subset)
    every = bands(settings)
    inside = [np.flatnonzero(members(b, measures, settings.adult_age_years)) for b in every]
    rows = np.concatenate(inside)
    band = np.repeat(np.arange(len(inside)), [len(each) for each in inside])
    codes = np.stack((values.quantity[rows], exam_codes[values.exam[rows]], band))
    rows, codes = _also_apart(rows, codes, year[rows])
    rows, codes = _also_apart(rows, codes, (subset + 1)[rows] * (values.subset[rows] != ""))
    # Activities of several nuclides are no population.
    nuclear = np.array([quantity.group == "NM" for quantity in QUANTITIES])[codes[0]]
    rows, codes = rows[~nuclear | (codes[4] > 0)], codes[:, ~nuclear | (codes[4] > 0)]
    keys, cell = _numbered(codes)
    child = np.zeros(keys.shape[1], dtype=np.bool_)
    child[cell[measures.age_years[rows] < settings.adult_age_years]] = True
    found = tuple(
        Cell(QUANTITIES[q], exam_names[e], subsets[s - 1] if s else "", every[b], y, not young)
        for (q, e, b, y, s), young in zip(keys.T.tolist(), child.tolist(), strict=True)
    )
    facilities, facility = codes_of(texts(exams, "facility_key"))
    devices, device = codes_of(texts(exams, "device_key"))
    exam = values.exam[rows]
    return Cells(
        found, cell, values.value[rows], exam, facility[exam], device[exam], facilities, devices
    )


def _also_apart(rows: Integers, codes: Integers, own: Integers) -> tuple[Integers, Integers]:
    """Return observations once among all (code 0) and, where they have a code above 0, apart.

    Args:
        rows: observations.
        codes: codes that they have already, an array [code, observation].
        own: the new code of each.
    """
    has = np.flatnonzero(own > 0)
    among_all = np.vstack((codes, np.zeros_like(own)))
    apart = np.vstack((codes[:, has], own[has]))
    return np.concatenate((rows, rows[has])), np.hstack((among_all, apart))


def _numbered(codes: Integers) -> tuple[Integers, Integers]:
    """Return the different columns of codes, sorted, and which of them each column is."""
    sizes = codes.max(axis=1, initial=0) + 1
    combined = np.ravel_multi_index(tuple(codes), tuple(sizes))
    _, first, number = np.unique(combined, return_index=True, return_inverse=True)
    return codes[:, first], number.reshape(-1).astype(np.int64)


def _levels(cells: Cells, settings: "DoseSettings") -> Iterator[Iterator[tuple[int, Row]]]:
    """Yield the rows of each kind, every row with the number of its cell."""
    least = np.array([least_number(cell.quantity.group, settings) for cell in cells.names], int)
    pooled = _grouped(cells, by_facility=False, by_device=False)
    facilities = _grouped(cells, by_facility=True, by_device=False)
    rooms = _grouped(cells, by_facility=True, by_device=True)
    for level in (pooled, facilities):
        few = level.n_exams < least[level.cell]
        yield _rows("p75_patient", cells, level, level.summary.p75, few)
    for level in (facilities, rooms):
        few = level.n_exams < least[level.cell]
        yield _rows("typical", cells, level, level.summary.p50, few)
    for kind, below in (("national_style", facilities), ("local", rooms)):
        level = _second_stage(below, settings.min_n_facility, of_rooms=kind == "local")
        medians = level.n_devices if kind == "local" else level.n_facilities
        few = (level.n_exams < least[level.cell]) | (medians < settings.min_facilities)
        yield _rows(kind, cells, level, level.summary.p75, few)


def least_number(group: str, settings: "DoseSettings") -> int:
    """Return the fewest exams of a group that figures are given of."""
    own = {"CT": settings.min_n_ct, "RF": settings.min_n_rf, "MG": settings.min_n_mg}
    return own.get(group, settings.min_n)


def _grouped(cells: Cells, *, by_facility: bool, by_device: bool) -> _Level:
    """Return the observations grouped by cell, within facilities and their devices if wanted."""
    known = np.ones(len(cells.cell), dtype=np.bool_)
    if by_facility:
        known &= cells.facility >= 0
    if by_device:
        known &= cells.device >= 0
    nobody = np.zeros(int(known.sum()), dtype=np.int64)
    cell, facility, device = cells.cell[known], cells.facility[known], cells.device[known]
    keys, group = _numbered(
        np.stack((cell, facility if by_facility else nobody, device if by_device else nobody))
    )
    summary = summarise(group, cells.value[known])
    every = np.arange(keys.shape[1])
    rooms = np.where((facility >= 0) & (device >= 0), facility * len(cells.devices) + device, -1)
    return _Level(
        summary,
        keys[0],
        keys[1] if by_facility else np.full(len(every), -1),
        keys[2] if by_device else np.full(len(every), -1),
        summary.n,
        count_distinct(group, cells.exam[known], every),
        count_distinct(group, facility, every),
        count_distinct(group, rooms, every),
    )


def _second_stage(below: _Level, min_n: int, *, of_rooms: bool) -> _Level:
    """Return the medians of facilities (or of the rooms of each) as populations of their own."""
    enough = below.n_exams >= min_n
    cell, facility = below.cell[enough], below.facility[enough]
    keys, group = _numbered(np.stack((cell, facility if of_rooms else np.zeros_like(facility))))
    summary = summarise(group, below.summary.p50[enough])

    def added(counts: Integers) -> Integers:
        return np.bincount(group, counts[enough], minlength=keys.shape[1]).astype(np.int64)

    nowhere = np.full(keys.shape[1], -1)
    return _Level(
        summary,
        keys[0],
        keys[1] if of_rooms else nowhere,
        nowhere,
        added(below.n),
        added(below.n_exams),
        np.ones_like(summary.n) if of_rooms else summary.n,
        summary.n if of_rooms else added(below.n_devices),
    )


def _rows(
    kind: str,
    cells: Cells,
    level: _Level,
    value: npt.NDArray[np.float64],
    few: npt.NDArray[np.bool_],
) -> Iterator[tuple[int, Row]]:
    summary = level.summary
    figures = np.stack((*(getattr(summary, name) for name in _FIGURES), value), axis=1)
    figures[few] = np.nan
    counts = np.stack((level.n, level.n_exams, level.n_facilities, level.n_devices), axis=1)
    for i, (cell, facility, device) in enumerate(
        zip(level.cell.tolist(), level.facility.tolist(), level.device.tolist(), strict=True)
    ):
        n, n_exams, n_facilities, n_devices = counts[i].tolist()
        yield (
            cell,
            {
                "kind": kind,
                "facility_key": _place(cells.facilities, facility, "facility"),
                "device_key": _place(cells.devices, device, "device"),
                "n": n,
                "n_exams": n_exams,
                "n_facilities": n_facilities,
                "n_devices": n_devices,
                "suppressed": bool(few[i]),
                **{
                    name: None if np.isnan(figure) else figure
                    for name, figure in zip((*_FIGURES, "value"), figures[i].tolist(), strict=True)
                },
            },
        )


def _place(names: list[str], number: int, what: str) -> str:
    """Return the name of a facility or device; one that is called `ALL` is not everybody."""
    if number < 0:
        return EVERY
    return names[number] if names[number] != EVERY else f"{EVERY} ({what})"


def _finished(row: Row, cell: Cell, references: References) -> Row:
    """Return a row with what its cell says of it, and the published level that belongs to it."""
    quantity = cell.quantity
    # A percentile of pooled patients is no reference level, and is not compared with one.
    reference = None
    if row["kind"] != "p75_patient":
        reference = references.find(
            quantity, cell.exam, cell.subset, cell.band, adults_only=cell.adults_only
        )
    value = row["value"]
    return row | {
        "modality_group": quantity.group,
        "standard_exam": cell.exam,
        "quantity": quantity.name,
        "phantom_cm": quantity.phantom_cm,
        "subset": cell.subset or EVERY,
        "band_basis": cell.band.basis,
        "band": cell.band.name,
        "period": str(cell.year) if cell.year else EVERY,
        "unit": quantity.unit,
        "reference_value": reference.value if reference else None,
        "reference_source": reference.source if reference else None,
        "reference_year": reference.year if reference else None,
        "ratio": value / reference.value if reference and value is not None else None,
        "method_version": METHOD_VERSION,
    }


def _order(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in DRL.key)
