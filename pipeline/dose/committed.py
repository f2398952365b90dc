"""The committed rows of a study that its dose is read from: objects, frames, files, volumes.

Nothing walks a folder. Studies are read in chunks, in order of UID, and of each table only the
parts and row groups that can hold them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.dose.header_events import (
    FRAME_HEADER_COLUMNS,
    HEADER_COLUMNS,
    REFERENCE_HEADER_COLUMNS,
)
from dicomlake.pipeline.dose.inputs import PendingStudy
from dicomlake.pipeline.dose.patients import PATIENT_COLUMNS
from dicomlake.pipeline.dose.reports import REPORT_COLUMNS
from dicomlake.pipeline.tables.columnar import cut_out, flat, keep_in, pc, texts
from dicomlake.pipeline.tables.dose_objects import can_carry_a_dose, is_structured_report
from dicomlake.pipeline.tables.lookup import chunks, no_rows, rows_with, rows_within, runs
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES

CHUNK_OBJECTS: Final = 50_000
"""Objects whose rows are read together: each read goes through the tables once."""

STUDY: Final = "study_instance_uid"
SOP: Final = "sop_instance_uid"

_CALLED_COLUMNS: Final = (
    "study_description",
    "series_description",
    "procedure_code_value",
    "requested_procedure_code_value",
)
_DOSE_SIGNS: Final = (
    "ctdivol",
    "toshiba_ctdivol",
    "image_and_fluoroscopy_area_dose_product",
    "entrance_dose_inm_gy",
    "organ_dose",
    "radionuclide_total_dose",
)
"""Attributes of an image that give a dose."""
_OPENING: Final = ("source", "path", "size", "mtime_ns")
_INSTANCES: Final = TABLES["instances"].by_name
_FILES: Final = TABLES["files"].by_name

INSTANCE_COLUMNS: Final = tuple(
    name
    for name in dict.fromkeys(
        (STUDY, SOP, "series_instance_uid", "file_id", "sop_class_uid", "modality",
         *HEADER_COLUMNS, *PATIENT_COLUMNS, *REPORT_COLUMNS, *_CALLED_COLUMNS, *_DOSE_SIGNS)
    )
    if name in _INSTANCES
)  # fmt: skip
FILE_COLUMNS: Final = tuple(
    name
    for name in dict.fromkeys(("file_id", *_OPENING, *REPORT_COLUMNS))
    if name in _FILES and (name not in _INSTANCES or name == "file_id")
)
FRAME_COLUMNS: Final = tuple(dict.fromkeys((STUDY, SOP, "frame_number", *FRAME_HEADER_COLUMNS)))
VOLUME_COLUMNS: Final = (
    STUDY,
    "volume_id",
    "path",
    "sha256",
    "units",
    "spacing_row_mm",
    "spacing_column_mm",
    "affine_lps",
    "shape",
    "flags",
)
_SLICE_COLUMNS: Final = (STUDY, "volume_id", SOP, "frame_number", "role", "slice_index")
_CONFLICT_COLUMNS: Final = ("file_id", SOP)


@dataclass(frozen=True, slots=True)
class StudyRows:
    """Everything of one study that the lake holds for its dose; tables in their sort order."""

    study: PendingStudy
    instances: pa.Table
    frames: pa.Table
    references: pa.Table
    files: pa.Table
    """Files of its objects that may be reports."""
    conflicts: pa.Table
    """Files that claim the UID of one of its objects with other content."""
    volumes: pa.Table
    slices: pa.Table
    """Slices of these volumes."""

    @property
    def n_with_dose(self) -> int:
        """Return how many of its images give a dose in their header."""
        known = np.zeros(self.instances.num_rows, np.bool_)
        for name in _DOSE_SIGNS:
            if name in self.instances.column_names:
                known |= np.asarray(pc.is_valid(self.instances.column(name)))
        return int(known.sum())


def study_rows(
    base: Version, studies: Sequence[PendingStudy], *, volumes: bool
) -> Iterator[StudyRows]:
    """Yield the rows of studies, in order of UID.

    Args:
        base: version to read.
        studies: which, in order of UID.
        volumes: whether rows of volumes are wanted too.
    """
    for chunk in chunks(studies, lambda study: study.n_objects, CHUNK_OBJECTS):
        yield from _rows_of(base, chunk, volumes=volumes)


def _rows_of(
    base: Version, studies: Sequence[PendingStudy], *, volumes: bool
) -> Iterator[StudyRows]:
    uids = texts(*(each.study_instance_uid for each in studies))
    span = studies[0].study_instance_uid, studies[-1].study_instance_uid
    instances = rows_within(base, "instances", INSTANCE_COLUMNS, uids, span)
    instances = instances.filter(can_carry_a_dose(instances))
    tables = {
        "instances": instances,
        "frames": rows_within(base, "frames", FRAME_COLUMNS, uids, span),
        "volumes": no_rows("volumes", VOLUME_COLUMNS),
        "slices": no_rows("volume_instances", _SLICE_COLUMNS),
    }
    if volumes:
        found = rows_within(base, "volumes", VOLUME_COLUMNS, uids, span)
        tables["volumes"] = found.filter(pc.equal(found.column("units"), texts("HU")[0]))
        found = rows_within(base, "volume_instances", _SLICE_COLUMNS, uids, span)
        tables["slices"] = found.filter(pc.equal(found.column("role"), texts("slice")[0]))
    by_study = {
        name: {study: own for (study,), own in runs(rows, [STUDY])} for name, rows in tables.items()
    }
    without = {name: cut_out(rows, 0, 0) for name, rows in tables.items()}
    files, conflicts, references = _beside(base, instances)
    for each in studies:
        uid = each.study_instance_uid
        own = {name: rows.get(uid, without[name]) for name, rows in by_study.items()}
        rows = own.pop("instances")
        sops = flat(rows, SOP)
        yield StudyRows(
            study=each,
            instances=rows,
            references=keep_in(references, SOP, sops).combine_chunks(),
            files=keep_in(files, "file_id", flat(rows, "file_id")).combine_chunks(),
            conflicts=keep_in(conflicts, SOP, sops).combine_chunks(),
            **own,
        )


def _beside(base: Version, instances: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return files of what may be a report, files that lost a UID to it, and references."""
    may_be = _may_be_reports(instances)
    reports = instances.filter(may_be)
    files = no_rows("files", FILE_COLUMNS)
    conflicts = no_rows("files", _CONFLICT_COLUMNS)
    if reports.num_rows:
        files = rows_with(base, "files", FILE_COLUMNS, "file_id", flat(reports, "file_id"))
        claims = (*_CONFLICT_COLUMNS, "status")
        conflicts = rows_with(
            base, "files", claims, SOP, flat(reports, SOP), statuses=texts("conflict")
        ).select(list(_CONFLICT_COLUMNS))
    breasts = keep_in(instances, "modality", texts("MG"))
    references = no_rows("instance_references", REFERENCE_HEADER_COLUMNS)
    if breasts.num_rows:
        columns = REFERENCE_HEADER_COLUMNS
        references = rows_with(base, "instance_references", columns, SOP, flat(breasts, SOP))
    return files, conflicts, references


def _may_be_reports(instances: pa.Table) -> Any:
    """Return which objects may be opened as reports: not the images, of which there are many."""
    found = is_structured_report(instances)
    for name in instances.column_names:
        if name.startswith(("exposure_dose_", "elscint_exposure_dose_")):
            found = pc.or_(found, pc.is_valid(instances.column(name)))
    return found
