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
from dicomlake.pipeline.dose.inputs import PendingStudy, can_carry_a_dose, is_structured_report
from dicomlake.pipeline.dose.patients import PATIENT_COLUMNS
from dicomlake.pipeline.dose.reports import REPORT_COLUMNS
from dicomlake.pipeline.headers.arrays import array
from dicomlake.pipeline.tables.columnar import cut_out, pc
from dicomlake.pipeline.tables.part_reader import PartReader
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
    for chunk in _chunks(studies):
        yield from _rows_of(base, chunk, volumes=volumes)


def _chunks(studies: Sequence[PendingStudy]) -> Iterator[list[PendingStudy]]:
    chunk: list[PendingStudy] = []
    size = 0
    for each in studies:
        if chunk and size + each.n_objects > CHUNK_OBJECTS:
            yield chunk
            chunk, size = [], 0
        chunk.append(each)
        size += each.n_objects
    if chunk:
        yield chunk


def _rows_of(
    base: Version, studies: Sequence[PendingStudy], *, volumes: bool
) -> Iterator[StudyRows]:
    uids = array([each.study_instance_uid for each in studies], pa.string())
    span = studies[0].study_instance_uid, studies[-1].study_instance_uid
    instances = _of_studies(base, "instances", INSTANCE_COLUMNS, uids, span)
    instances = instances.filter(can_carry_a_dose(instances))
    tables = {
        "instances": instances,
        "frames": _of_studies(base, "frames", FRAME_COLUMNS, uids, span),
        "volumes": _no_rows("volumes", VOLUME_COLUMNS),
        "slices": _no_rows("volume_instances", _SLICE_COLUMNS),
    }
    if volumes:
        found = _of_studies(base, "volumes", VOLUME_COLUMNS, uids, span)
        tables["volumes"] = found.filter(pc.equal(found.column("units"), _text("HU")))
        found = _of_studies(base, "volume_instances", _SLICE_COLUMNS, uids, span)
        tables["slices"] = found.filter(pc.equal(found.column("role"), _text("slice")))
    by_study = {name: _by_study(rows) for name, rows in tables.items()}
    files, conflicts, references = _beside(base, instances)
    for each in studies:
        own = {name: rows.get(each.study_instance_uid) for name, rows in by_study.items()}
        rows = own["instances"]
        if rows is None:
            rows = tables["instances"].schema.empty_table()
        sops = rows.column(SOP).combine_chunks()
        yield StudyRows(
            study=each,
            instances=rows.combine_chunks(),
            frames=_or_none(own["frames"], tables["frames"]),
            references=_where(references, SOP, sops),
            files=_where(files, "file_id", rows.column("file_id").combine_chunks()),
            conflicts=_where(conflicts, SOP, sops),
            volumes=_or_none(own["volumes"], tables["volumes"]),
            slices=_or_none(own["slices"], tables["slices"]),
        )


def _or_none(rows: pa.Table | None, whole: pa.Table) -> pa.Table:
    return whole.schema.empty_table() if rows is None else rows


def _beside(base: Version, instances: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return files of what may be a report, files that lost a UID to it, and references."""
    may_be = _may_be_reports(instances)
    reports = instances.filter(may_be)
    files = _no_rows("files", FILE_COLUMNS)
    conflicts = _no_rows("files", _CONFLICT_COLUMNS)
    if reports.num_rows:
        files = _scan(base, "files", FILE_COLUMNS, "file_id", reports)
        conflicts = _scan(base, "files", (*_CONFLICT_COLUMNS, "status"), SOP, reports)
        conflicts = conflicts.filter(pc.equal(conflicts.column("status"), _text("conflict")))
        conflicts = conflicts.select(list(_CONFLICT_COLUMNS))
    breasts = instances.filter(pc.equal(instances.column("modality"), _text("MG")))
    references = _no_rows("instance_references", REFERENCE_HEADER_COLUMNS)
    if breasts.num_rows:
        columns = REFERENCE_HEADER_COLUMNS
        references = _scan(base, "instance_references", columns, SOP, breasts)
    return files, conflicts, references


def _may_be_reports(instances: pa.Table) -> Any:
    """Return which objects may be opened as reports: not the images, of which there are many."""
    found = is_structured_report(instances)
    for name in instances.column_names:
        if name.startswith(("exposure_dose_", "elscint_exposure_dose_")):
            found = pc.or_(found, pc.is_valid(instances.column(name)))
    return found


def _text(value: str) -> Any:
    return array([value], pa.string())[0]


def _no_rows(table: str, columns: Sequence[str]) -> pa.Table:
    fields = [TABLES[table].by_name[name].field() for name in columns]
    return pa.Table.from_batches([], schema=pa.schema(fields))


def _where(rows: pa.Table, name: str, values: "pa.Array[Any]") -> pa.Table:
    if not rows.num_rows:
        return rows
    return rows.filter(pc.is_in(rows.column(name), value_set=values)).combine_chunks()


def _scan(
    base: Version, table: str, columns: Sequence[str], name: str, wanted: pa.Table
) -> pa.Table:
    """Return the rows of a table whose column holds a value of the same column of others."""
    values = wanted.column(name).combine_chunks()
    found = [
        rows
        for batch in base.batches(table, list(columns))
        if (rows := batch.filter(pc.is_in(batch.column(name), value_set=values))).num_rows
    ]
    return pa.Table.from_batches(found, schema=_no_rows(table, columns).schema)


def _of_studies(
    base: Version,
    table: str,
    columns: Sequence[str],
    studies: "pa.Array[Any]",
    span: tuple[str, str],
) -> pa.Table:
    """Return the rows of studies of a table sorted by study, in its sort order."""
    definition = TABLES[table]
    found = []
    for part in base.manifest.parts(table):
        if not part.rows or str(part.first[0]) > span[1] or str(part.last[0]) < span[0]:
            continue
        with PartReader(base.lake, definition, part) as reader:
            for batch in reader.batches(list(columns), _groups(reader, span)):
                own = batch.filter(pc.is_in(batch.column(STUDY), value_set=studies))
                if own.num_rows:
                    found.append(own)
    rows = pa.Table.from_batches(found, schema=_no_rows(table, columns).schema)
    order = [(name, "ascending") for name in definition.order if name in columns]
    return rows.take(pc.sort_indices(rows, sort_keys=order)) if rows.num_rows else rows


def _groups(reader: PartReader, span: tuple[str, str]) -> list[int]:
    """Return the row groups that can hold a study of a span, by their statistics."""
    metadata = reader.file.metadata
    paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    place = paths.index(STUDY)
    found = []
    for group in range(metadata.num_row_groups):
        statistics: Any = metadata.row_group(group).column(place).statistics
        if (
            statistics is None
            or not statistics.has_min_max
            or (statistics.min <= span[1] and statistics.max >= span[0])
        ):
            found.append(group)
    return found


def _by_study(rows: pa.Table) -> dict[str, pa.Table]:
    """Return rows sorted by study as one table a study."""
    found: dict[str, pa.Table] = {}
    studies: list[Any] = rows.column(STUDY).to_pylist()
    start = 0
    for stop in range(1, len(studies) + 1):
        if stop == len(studies) or studies[stop] != studies[start]:
            found[studies[start]] = cut_out(rows, start, stop)
            start = stop
    return found
