"""Values to look at: far from the others of their device and exam, or impossible as they stand.

An outlier is a question, no verdict: a large patient, a repeated sequence, a wrong map of
protocols, or too much dose.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.dose.bands import ALL
from dicomlake.pipeline.dose.grouped import summarise
from dicomlake.pipeline.dose.quantities import (
    UNMAPPED,
    feeding,
    mapped,
    numbers,
    observe,
    texts,
    truth,
)
from dicomlake.pipeline.dose.reference_levels import Cells, in_cells
from dicomlake.pipeline.dose.references import References, read_references

if TYPE_CHECKING:
    from dicomlake.config.settings import DoseSettings

REASONS: Final = {
    "above_reference": "Above the published reference level by more than the factor "
    "`dose.outlier_drl_factor`.",
    "above_quartiles": "Above the third quartile of its device, exam and band by more than "
    "`dose.outlier_iqr_factor` interquartile ranges, of logarithms.",
    "robust_z": "Robust z of its device, exam and band above `dose.outlier_mad_z`: the distance "
    "from the median by 1.4826 times the median absolute deviation, of logarithms.",
    "dlp_not_ctdivol_times_length": "The DLP of an event differs from CTDIvol times scanning "
    "length by more than 25 %.",
    "ctdivol_without_dlp": "An event has CTDIvol above 0 and a DLP of 0.",
    "localizer_dlp": "The DLP of a localizer is above 50 mGy cm.",
}
"""Why a value is in the list."""

LOCALIZER: Final = "113805"
STATIONARY: Final = "113806"
LOCALIZER_DLP_MGY_CM: Final = 50.0
DLP_TOLERANCE: Final = 0.25
_NORMAL: Final = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A value with one reason why it is in the list."""

    reason: str
    modality_group: str
    standard_exam: str
    facility_key: str | None
    device_key: str | None
    quantity: str
    unit: str
    band: str
    value: float
    limit: float
    """What the value is beyond; in its unit."""
    n: int
    """Values that the limit was made of; 0 where it is no statistic."""
    study_instance_uid: str
    irradiation_event_uid: str | None


def outliers(
    exams: pa.Table, ct_events: pa.Table, xray_events: pa.Table, settings: "DoseSettings"
) -> list[Outlier]:
    """Return the outliers, the farthest beyond their limit first.

    The ranges are of a device, exam, band, and phantom, view or nuclide; a value that several
    bands show to be one stands once, with the narrowest band. Exams without a standard exam are
    compared by their protocol.

    Args:
        exams: rows of `dose_exams`, at least `quantities.EXAM_COLUMNS`.
        ct_events: rows of `ct_irradiation_events`, at least `quantities.CT_COLUMNS`.
        xray_events: rows of `xray_irradiation_events`, at least `quantities.XRAY_COLUMNS`.
        settings: factors and bands.
    """
    names = exam_names(exams)
    values = observe(exams, ct_events, xray_events, feeding(exams))
    cells = in_cells(exams, names, values, settings)
    found = [
        *_statistical(exams, cells, settings),
        *_above_references(exams, cells, read_references(settings.drl_reference), settings),
        *_physical(exams, ct_events, names),
    ]
    return sorted(_once(found), key=_order)


def exam_names(exams: pa.Table) -> npt.NDArray[np.object_]:
    """Return what each exam is compared by: its standard exam, else `UNMAPPED: protocol`."""
    unnamed = [
        f"{UNMAPPED}: {protocol}" if protocol else UNMAPPED for protocol in texts(exams, "protocol")
    ]
    found: npt.NDArray[np.object_] = np.where(
        mapped(exams), texts(exams, "standard_exam"), np.array(unnamed, dtype=object)
    )
    return found


def _statistical(exams: pa.Table, cells: Cells, settings: "DoseSettings") -> Iterator[Outlier]:
    every_year = np.array([cell.year == 0 for cell in cells.names], dtype=np.bool_)
    positive = cells.value > 0  # a fluoroscopy time of 0 has no logarithm
    kept = np.flatnonzero(every_year[cells.cell] & (cells.device >= 0) & positive)
    if not len(kept):
        return
    logs = np.log(cells.value[kept])
    _, group = np.unique(
        cells.cell[kept] * len(cells.devices) + cells.device[kept], return_inverse=True
    )
    group = group.reshape(-1)
    summary = summarise(group, logs)
    deviation = summarise(group, np.abs(logs - summary.p50[group])).p50 * _NORMAL
    enough = summary.n >= settings.outlier_min_n
    width = summary.p75 - summary.p25
    fences = {
        # Half of the values alike: there is no spread to measure by.
        "above_quartiles": np.where(
            width > 0, summary.p75 + settings.outlier_iqr_factor * width, np.inf
        ),
        "robust_z": np.where(
            deviation > 0, summary.p50 + settings.outlier_mad_z * deviation, np.inf
        ),
    }
    for reason, fence in fences.items():
        for i in np.flatnonzero(enough[group] & (logs > fence[group] + 1e-9)).tolist():
            limit = float(np.exp(fence[group[i]]))
            n = int(summary.n[group[i]])
            yield _outlier(exams, cells, int(kept[i]), reason, limit=limit, n=n)


def _above_references(
    exams: pa.Table, cells: Cells, references: References, settings: "DoseSettings"
) -> Iterator[Outlier]:
    limits = np.full(len(cells.names), np.inf)
    for position, cell in enumerate(cells.names):
        if cell.year == 0:
            level = references.find(
                cell.quantity, cell.exam, cell.subset, cell.band, adults_only=cell.adults_only
            )
            limits[position] = level.value * settings.outlier_drl_factor if level else np.inf
    for i in np.flatnonzero(cells.value > limits[cells.cell]).tolist():
        limit = float(limits[cells.cell[i]])
        yield _outlier(exams, cells, i, "above_reference", limit=limit, n=0)


def _outlier(
    exams: pa.Table, cells: Cells, i: int, reason: str, *, limit: float, n: int
) -> Outlier:
    cell, row = cells.names[cells.cell[i]], int(cells.exam[i])
    facility, device = int(cells.facility[i]), int(cells.device[i])
    return Outlier(
        reason,
        cell.quantity.group,
        cell.exam,
        cells.facilities[facility] if facility >= 0 else None,
        cells.devices[device] if device >= 0 else None,
        cell.quantity.name,
        cell.quantity.unit,
        cell.band.name,
        float(cells.value[i]),
        limit,
        n,
        exams.column("study_instance_uid")[row].as_py(),
        None,
    )


def _physical(
    exams: pa.Table, events: pa.Table, names: npt.NDArray[np.object_]
) -> Iterator[Outlier]:
    """Yield CT events of patients whose values cannot be true together."""
    ctdivol, dlp = numbers(events, "ctdivol_mgy"), numbers(events, "dlp_mgy_cm")
    length = numbers(events, "scanning_length_mm")
    kinds, active = texts(events, "acquisition_type_code"), truth(events, "active")
    moving = active & (kinds != STATIONARY)
    expected = ctdivol * np.where(length > 0, length, np.nan) / 10
    checks = (
        ("dlp_not_ctdivol_times_length", dlp, expected,
         moving & (dlp > 0) & (np.abs(dlp - expected) > DLP_TOLERANCE * expected)),
        ("ctdivol_without_dlp", dlp, ctdivol, active & (ctdivol > 0) & (dlp == 0)),
        ("localizer_dlp", dlp, np.full(len(dlp), LOCALIZER_DLP_MGY_CM),
         active & (kinds == LOCALIZER) & (dlp > LOCALIZER_DLP_MGY_CM)),
    )  # fmt: skip
    ct = texts(exams, "modality_group") == "CT"
    patients = np.flatnonzero(ct & truth(exams, "is_patient"))
    exam_of = dict(zip(texts(exams, "study_instance_uid")[patients], patients, strict=True))
    for reason, value, limit, wrong in checks:
        for i in np.flatnonzero(wrong).tolist():
            row = exam_of.get(events.column("study_instance_uid")[i].as_py())
            if row is not None:
                yield Outlier(
                    reason, "CT", str(names[row]), exams.column("facility_key")[int(row)].as_py(),
                    exams.column("device_key")[int(row)].as_py(), "dlp_mgy_cm", "mGy cm",
                    ALL.name, float(value[i]), float(limit[i]), 0,
                    events.column("study_instance_uid")[i].as_py(),
                    events.column("irradiation_event_uid")[i].as_py(),
                )  # fmt: skip


def _once(found: list[Outlier]) -> list[Outlier]:
    """Return each value and reason once: of the bands that show it, that of the fewest values."""
    narrowest: dict[tuple[object, ...], Outlier] = {}
    for each in found:
        key = (each.reason, each.study_instance_uid, each.quantity, each.value,
               each.irradiation_event_uid)  # fmt: skip
        before = narrowest.get(key)
        if before is None or (each.n, each.band) < (before.n, before.band):
            narrowest[key] = each
    return list(narrowest.values())


def _order(outlier: Outlier) -> tuple[object, ...]:
    beyond = outlier.value / outlier.limit if outlier.limit > 0 else 0.0
    return (-beyond, outlier.study_instance_uid, outlier.quantity, outlier.reason, outlier.value,
            outlier.irradiation_event_uid or "")  # fmt: skip
