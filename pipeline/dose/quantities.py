"""The values that populations are made of: which column, of which exams and events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.tables.columnar import integers, pc

Numbers = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

UNMAPPED: Final = "UNMAPPED"
"""Standard exam of what the protocol map does not name."""
ALL_SUBSETS: Final = ""
"""Subset of a value that is of no view and no nuclide."""

NOT_FOR_CTDIVOL: Final = ("113805", "113806")
"""Localizers, and stationary acquisitions such as bolus tracking (DCM)."""

EXAM_COLUMNS: Final = (
    "study_instance_uid", "modality_group", "is_patient", "study_date", "age_years", "weight_kg",
    "device_key", "facility_key", "protocol", "standard_exam", "dlp_total_mgy_cm",
    "dlp_head_phantom_mgy_cm", "dlp_body_phantom_mgy_cm", "ssde_mean_mgy", "kap_total_gy_cm2",
    "kap_total_reported_gy_cm2", "ka_r_total_mgy", "ka_r_total_reported_mgy", "fluoro_time_s",
    "activity_total_mbq", "radionuclide_codes", "flags",
)  # fmt: skip
CT_COLUMNS: Final = (
    "study_instance_uid", "irradiation_event_uid", "active", "acquisition_type_code",
    "ctdivol_mgy", "phantom_cm", "dlp_mgy_cm", "scanning_length_mm",
)  # fmt: skip
XRAY_COLUMNS: Final = (
    "study_instance_uid", "irradiation_event_uid", "active", "image_view_code", "kap_gy_cm2",
    "entrance_exposure_mgy", "agd_mgy", "compression_thickness_mm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A dose quantity of a group of exams."""

    name: str
    unit: str
    label: str
    group: str
    phantom_cm: int = 0
    of_events: bool = False
    """Whether it is of an event: a column of the event table, not of `dose_exams`."""
    zero_counts: bool = False
    """Whether 0 is a value; of a dose it is no measurement."""


QUANTITIES: Final = (
    Quantity("ctdivol_mgy", "mGy", "CTDIvol of a sequence", "CT", 16, of_events=True),
    Quantity("ctdivol_mgy", "mGy", "CTDIvol of a sequence", "CT", 32, of_events=True),
    Quantity("dlp_head_phantom_mgy_cm", "mGy cm", "DLP of the exam", "CT", 16),
    Quantity("dlp_body_phantom_mgy_cm", "mGy cm", "DLP of the exam", "CT", 32),
    Quantity("ssde_mean_mgy", "mGy", "Size specific dose estimate", "CT"),
    Quantity("kap_total_gy_cm2", "Gy cm2", "Kerma-area product of the exam", "RF"),
    Quantity("kap_total_reported_gy_cm2", "Gy cm2", "Kerma-area product, as reported", "RF"),
    Quantity("ka_r_total_mgy", "mGy", "Air kerma at the reference point", "RF"),
    Quantity("ka_r_total_reported_mgy", "mGy", "Air kerma, as reported", "RF"),
    Quantity("fluoro_time_s", "s", "Fluoroscopy time", "RF", zero_counts=True),
    Quantity("kap_total_gy_cm2", "Gy cm2", "Kerma-area product of the exam", "DX"),
    Quantity("kap_gy_cm2", "Gy cm2", "Kerma-area product of an exposure", "DX", of_events=True),
    Quantity("entrance_exposure_mgy", "mGy", "Entrance dose of an exposure", "DX", of_events=True),
    Quantity("agd_mgy", "mGy", "Average glandular dose of a view", "MG", of_events=True),
    Quantity("activity_total_mbq", "MBq", "Administered activity", "NM"),
    Quantity("activity_mbq_kg", "MBq/kg", "Administered activity by weight", "NM"),
)
"""Every quantity that has populations; its position is its number."""


@dataclass(frozen=True, slots=True)
class Values:
    """Observations: arrays of one length, an element per value."""

    exam: Integers
    """Row in the table of exams."""
    quantity: Integers
    """Position in `QUANTITIES`."""
    value: Numbers
    thickness_mm: Numbers
    """Thickness of the compressed breast; NaN where there is none."""
    subset: npt.NDArray[np.object_]
    """Code of the view or nuclide; `ALL_SUBSETS` where none."""


def observe(exams: pa.Table, ct_events: pa.Table, xray_events: pa.Table, feeds: Mask) -> Values:
    """Return every value of the exams that feed a population.

    Args:
        exams: rows of `dose_exams` with at least `EXAM_COLUMNS`.
        ct_events: rows of `ct_irradiation_events`, at least `CT_COLUMNS`.
        xray_events: rows of `xray_irradiation_events`, at least `XRAY_COLUMNS`.
        feeds: which rows of `exams` are wanted.
    """
    parts = [
        *_of_exams(exams, feeds),
        *_of_ct(exams, ct_events, feeds),
        *_of_xray(exams, xray_events, feeds),
    ]
    kept = [_real(part) for part in parts]
    return Values(
        np.concatenate([part.exam for part in kept]),
        np.concatenate([part.quantity for part in kept]),
        np.concatenate([part.value for part in kept]),
        np.concatenate([part.thickness_mm for part in kept]),
        np.concatenate([part.subset for part in kept]),
    )


def feeding(exams: pa.Table) -> Mask:
    """Return which exams may feed a population: patients, with one phantom at most.

    The DLP of 16 cm and of 32 cm phantoms is no quantity, and an exam of both is of two regions.
    """
    patients = truth(exams, "is_patient")
    return patients & ~flagged(exams, "mixed_phantom")


def mapped(exams: pa.Table) -> Mask:
    """Return which exams have a standard exam."""
    names = texts(exams, "standard_exam")
    return np.array([bool(name) and name != UNMAPPED for name in names], dtype=np.bool_)


def flagged(rows: pa.Table, flag: str) -> Mask:
    """Return which rows have a flag."""
    column = rows.column("flags").combine_chunks()
    found = np.zeros(rows.num_rows, dtype=np.bool_)
    flags = texts(pc.list_flatten(column))
    parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    found[parents[flags == flag]] = True
    return found


def numbers(rows: pa.Table, name: str) -> Numbers:
    """Return a column of numbers; NaN where null."""
    column: Any = rows.column(name).cast(pa.float64()).combine_chunks()
    values: Numbers = column.to_numpy(zero_copy_only=False).astype(np.float64)
    return values


def texts(rows: Any, name: str = "") -> npt.NDArray[np.object_]:
    """Return a column of texts, or an array of them; None where null."""
    column = rows.column(name).combine_chunks() if name else rows
    found: npt.NDArray[np.object_] = column.cast(pa.string()).to_numpy(zero_copy_only=False)
    return found.astype(object)


def truth(rows: pa.Table, name: str) -> Mask:
    """Return a column of booleans; null is false."""
    column: Any = rows.column(name).combine_chunks()
    values: Mask = np.equal(column.to_numpy(zero_copy_only=False), True)
    return values.astype(np.bool_)


def booleans(mask: Mask) -> Any:
    """Return a mask as Arrow takes it to filter rows."""
    return pa.array(mask.astype(np.bool_))


def _of_exams(exams: pa.Table, feeds: Mask) -> Iterator[Values]:
    groups = texts(exams, "modality_group")
    none = np.full(exams.num_rows, ALL_SUBSETS, dtype=object)
    for position, quantity in enumerate(QUANTITIES):
        if quantity.of_events:
            continue
        rows = np.flatnonzero(feeds & (groups == quantity.group))
        subset = _nuclides(exams) if quantity.group == "NM" else none
        yield _values(rows, position, _column(exams, quantity)[rows], subset=subset[rows])


def _column(exams: pa.Table, quantity: Quantity) -> Numbers:
    if quantity.name == "activity_mbq_kg":
        weight = numbers(exams, "weight_kg")
        return numbers(exams, "activity_total_mbq") / np.where(weight > 0, weight, np.nan)
    values = numbers(exams, quantity.name)
    if not quantity.phantom_cm:
        return values
    # A phantom's part of the exam's DLP is no DLP of the exam: another part has another phantom,
    # or none that is known.
    total = numbers(exams, "dlp_total_mgy_cm")
    short = np.abs(total - values) > np.maximum(0.01 * total, 0.01)
    return np.where(short, np.nan, values)


def _nuclides(exams: pa.Table) -> npt.NDArray[np.object_]:
    """Return the nuclide of each exam; `ALL_SUBSETS` where it has none or several."""
    column = exams.column("radionuclide_codes").combine_chunks()
    codes = texts(pc.list_flatten(column))
    parents = pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
    found = np.full(exams.num_rows, ALL_SUBSETS, dtype=object)
    found[parents] = codes
    several = np.bincount(parents, minlength=exams.num_rows) > 1
    found[several] = ALL_SUBSETS
    return found


def _of_ct(exams: pa.Table, events: pa.Table, feeds: Mask) -> Iterator[Values]:
    counts = truth(events, "active")
    for code in NOT_FOR_CTDIVOL:
        counts &= texts(events, "acquisition_type_code") != code
    exam = _exam_of(exams, events, feeds, "CT")
    phantoms, values = numbers(events, "phantom_cm"), numbers(events, "ctdivol_mgy")
    for position, quantity in enumerate(QUANTITIES):
        if quantity.group == "CT" and quantity.of_events:
            rows = np.flatnonzero(counts & (exam >= 0) & (phantoms == quantity.phantom_cm))
            yield _values(exam[rows], position, values[rows])


def _of_xray(exams: pa.Table, events: pa.Table, feeds: Mask) -> Iterator[Values]:
    active, views = truth(events, "active"), texts(events, "image_view_code")
    views[pc.is_null(events.column("image_view_code")).to_numpy()] = ALL_SUBSETS
    thickness = numbers(events, "compression_thickness_mm")
    # An event does not say of which exam of its study it is: where there is fluoroscopy or
    # mammography as well, the exposures of a study are not taken for radiography.
    groups = texts(exams, "modality_group")
    studies = texts(exams, "study_instance_uid")
    other = set(studies[(groups == "RF") | (groups == "MG")])
    alone = np.array([study not in other for study in studies], dtype=np.bool_)
    for position, quantity in enumerate(QUANTITIES):
        if quantity.group not in {"DX", "MG"} or not quantity.of_events:
            continue
        wanted = feeds & alone if quantity.group == "DX" else feeds
        exam = _exam_of(exams, events, wanted, quantity.group)
        rows = np.flatnonzero(active & (exam >= 0))
        value = numbers(events, quantity.name)[rows]
        yield _values(exam[rows], position, value, thickness[rows], views[rows])


def _exam_of(exams: pa.Table, events: pa.Table, feeds: Mask, group: str) -> Integers:
    """Return the row of the exam of each event: of its study, of a group; -1 where none."""
    rows = np.flatnonzero(feeds & (texts(exams, "modality_group") == group))
    studies = exams.column("study_instance_uid").combine_chunks().take(integers(rows))
    found = pc.index_in(events.column("study_instance_uid").combine_chunks(), value_set=studies)
    positions = found.cast(pa.float64()).to_numpy(zero_copy_only=False)
    known = ~np.isnan(positions)
    exam = np.full(events.num_rows, -1, dtype=np.int64)
    exam[known] = rows[positions[known].astype(np.int64)]
    return exam


def _values(
    exam: Integers,
    position: int,
    value: Numbers,
    thickness: Numbers | None = None,
    subset: npt.NDArray[np.object_] | None = None,
) -> Values:
    n = len(exam)
    return Values(
        exam,
        np.full(n, position, dtype=np.int64),
        value,
        np.full(n, np.nan) if thickness is None else thickness,
        np.full(n, ALL_SUBSETS, dtype=object) if subset is None else subset,
    )


def _real(values: Values) -> Values:
    """Return the values that are measurements: finite, and above 0 unless 0 is one."""
    zero = np.array([quantity.zero_counts for quantity in QUANTITIES])[values.quantity]
    kept = np.isfinite(values.value) & ((values.value > 0) | (zero & (values.value == 0)))
    return Values(
        values.exam[kept],
        values.quantity[kept],
        values.value[kept],
        values.thickness_mm[kept],
        values.subset[kept],
    )


def codes_of(values: npt.NDArray[np.object_]) -> tuple[list[str], Integers]:
    """Return the different texts, sorted, and the number of each value among them; -1 of null."""
    names: Sequence[str] = sorted({value for value in values if value is not None})
    number = {name: position for position, name in enumerate(names)}
    found = [-1 if value is None else number[value] for value in values]
    return list(names), np.array(found, dtype=np.int64)
