"""The dose stage over committed rows: what is pending, and the change that results make.

A study whose objects and settings are those of its rows is not read again. Devices and reference
levels are made anew of all rows, those of other studies as they stand in the version; also when
ingest takes away the rows of studies, so that no version counts what it does not have.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from dicomlake.config.settings import DoseSettings
from dicomlake.pipeline.dose.devices import DeviceBook
from dicomlake.pipeline.dose.inputs import (
    Pending,
    PendingStudy,
    current_digests,
    pending_studies,
)
from dicomlake.pipeline.dose.jobs import (
    StudiesJob,
    StudiesResult,
    cost_s,
    give_up_studies,
    read_studies,
    study_jobs,
)
from dicomlake.pipeline.dose.quantities import CT_COLUMNS, EXAM_COLUMNS, XRAY_COLUMNS
from dicomlake.pipeline.dose.reference_levels import METHOD_VERSION, reference_levels
from dicomlake.pipeline.dose.references import REFERENCE_FILE
from dicomlake.pipeline.dose.rows import to_arrow
from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.headers.arrays import array
from dicomlake.pipeline.tables.arrow_files import join_files, map_rows
from dicomlake.pipeline.tables.columnar import drop_in, flat, keep_in, pc, texts
from dicomlake.pipeline.tables.commit import Change, TableDelta
from dicomlake.pipeline.tables.dose_objects import DOSE_TABLES
from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.lookup import rows_with
from dicomlake.pipeline.tables.replace import replacing
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES

if TYPE_CHECKING:
    from dicomlake.pipeline.headers.attempt import Lineage

__all__ = [
    "Pending",
    "PendingStudy",
    "StudiesJob",
    "StudiesResult",
    "cost_s",
    "dose_change",
    "give_up_studies",
    "levels_outdated",
    "pending_studies",
    "read_studies",
    "study_jobs",
    "without_studies",
]

_STUDY: Final = "study_instance_uid"
_KEPT: Final = ("dose_studies",)
"""Tables in which a study that could not be read has a new row all the same."""

_LEVEL_INPUTS: Final = (
    ("dose_exams", EXAM_COLUMNS),
    ("ct_irradiation_events", CT_COLUMNS),
    ("xray_irradiation_events", XRAY_COLUMNS),
)
"""Tables that reference levels are made of, and their columns."""


def levels_digest(settings: DoseSettings) -> str:
    """Return a digest of what rows of `drl` are made with, besides exams and events.

    Raises:
        UsageError: the file of reference levels cannot be read.
    """
    file = Path(settings.drl_reference) if settings.drl_reference else REFERENCE_FILE
    try:
        published = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(
            f"The file of reference levels {file} cannot be read ({error.strerror}).",
            "Mend the setting dose.drl_reference.",
        ) from None
    said = settings.model_dump(mode="json") | {"file": published, "method": METHOD_VERSION}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def levels_outdated(base: Version, settings: DoseSettings) -> bool:
    """Return whether reference levels were made with other settings than these.

    Raises:
        UsageError: the file of reference levels cannot be read.
    """
    if not base.rows("dose_exams"):
        return False
    digest = levels_digest(settings)
    for batch in base.batches("drl", ["settings_sha256"]):
        return batch.num_rows == 0 or batch.column(0)[0].as_py() != digest
    exams, ct_events, xray_events = (
        base.read(name, list(columns)) for name, columns in _LEVEL_INPUTS
    )
    # Exams that no level can be made of rest.
    return bool(reference_levels(exams, ct_events, xray_events, settings))


def dose_change(
    base: Version,
    results: Sequence[StudiesResult],
    settings: DoseSettings,
    lineage: "Lineage",
    staging: Path,
) -> Change:
    """Return the change that results make against a version.

    A result planned against an older version counts only where a study's objects are still those
    it was read from; the others are left out, and stay pending.

    Args:
        base: version that the change will be committed on.
        results: of all jobs, in any order.
        settings: of the run.
        lineage: of devices and reference levels.
        staging: folder of the run.

    Raises:
        UsageError: a file that the settings name cannot be used.
    """
    making = _Making(base, results, settings, lineage, staging / "dose")
    return Change(tables=making.tables())


def without_studies(
    base: Version, left: pa.Table, settings: DoseSettings, lineage: "Lineage"
) -> dict[str, TableDelta]:
    """Return devices and reference levels as they are without some studies, whose rows leave.

    Args:
        base: version that the change will be committed on.
        left: the studies, by `study_instance_uid`.
        settings: of the run.
        lineage: of devices and reference levels.

    Raises:
        UsageError: a file that the settings name cannot be used.
    """
    making = _Making(base, (), settings, lineage, Path())
    nothing = {name: TableDelta(TABLES[name].empty()) for name in DOSE_TABLES}
    return making.of_all_studies(left, left, nothing)


@dataclass(slots=True)
class _Making:
    base: Version
    results: Sequence[StudiesResult]
    settings: DoseSettings
    lineage: "Lineage"
    folder: Path

    def tables(self) -> dict[str, TableDelta]:
        studies = self._current()
        unread = {uid for result in self.results for uid in result.unread}
        gone = pending_studies(self.base, self.settings).gone
        looked_at, read = (
            pa.table({_STUDY: array(sorted({*some, *gone}), pa.string())})
            for some in (studies, studies - unread)
        )
        stale = self._stale(studies)
        deltas = {}
        for name in DOSE_TABLES:
            rows = self._rows(name, stale)
            anew = looked_at if name in _KEPT else read
            if name in _KEPT:
                rows = self._with_kept(rows, unread & studies)
            deltas[name] = replacing(self.base, name, (_STUDY,), anew, [rows])
        return deltas | self.of_all_studies(looked_at, read, deltas)

    def of_all_studies(
        self, looked_at: pa.Table, read: pa.Table, deltas: Mapping[str, TableDelta]
    ) -> dict[str, TableDelta]:
        """Return the tables that are made of the rows of all studies, with these changes."""
        return {
            "devices": self._devices(looked_at, deltas["dose_studies"].upserts),
            "drl": self._levels(read, deltas),
        }

    def _with_kept(self, rows: pa.Table, unread: set[str]) -> pa.Table:
        """Return rows of `dose_studies`; those of studies not read now as they were, and say so."""
        if not unread:
            return rows
        uids = array(sorted(unread), pa.string())
        before = [
            batch.filter(pc.is_in(batch.column(_STUDY), value_set=uids))
            for batch in self.base.batches("dose_studies")
        ]
        old = pa.Table.from_batches(before, rows.schema)
        place = rows.schema.get_field_index("outcome")
        said = array(["unreadable"] * old.num_rows, pa.string())
        old = old.set_column(place, rows.schema.field(place), said)
        known = old.column(_STUDY).combine_chunks()
        new = rows.filter(pc.invert(pc.is_in(rows.column(_STUDY), value_set=known)))
        return pa.concat_tables([new, old])

    def _current(self) -> set[str]:
        """Return the studies whose results count."""
        current: set[str] = set()
        older: dict[str, str] = {}
        for result in self.results:
            if result.version == self.base.number:
                current.update(result.studies)
            else:
                older.update(result.studies)
        now = current_digests(self.base, self.settings, list(older)) if older else {}
        same = {uid for uid, digest in older.items() if now.get(uid) == digest}
        return current | (same - self._moved(same))

    def _moved(self, studies: set[str]) -> set[str]:
        """Return the studies of which another run moved a report after this one had read it."""
        name, table = "dose_reports", TABLES["dose_reports"]
        files = [Path(each.files[name]) for each in self.results if name in each.files]
        rows = [map_rows(path, table.schema()).select([_STUDY, "file_id"]) for path in files]
        if not (rows and studies):
            return set()
        own = keep_in(pa.concat_tables(rows), _STUDY, texts(*sorted(studies)))
        live = rows_with(
            self.base,
            "files",
            ["file_id", "status"],
            "file_id",
            flat(own, "file_id"),
            statuses=texts("ingested", "conflict"),
        )
        left = drop_in(own, "file_id", flat(live, "file_id"))
        return {str(uid) for uid in left.column(_STUDY).to_pylist()}

    def _stale(self, studies: set[str]) -> "pa.Array[Any]":
        every = {uid for result in self.results for uid in result.studies}
        return array(sorted(every - studies), pa.string())

    def _rows(self, name: str, stale: "pa.Array[Any]") -> pa.Table:
        """Return the new rows of a table, mapped from one file; those of stale results left out."""
        table = TABLES[name]
        ordered = sorted(self.results, key=lambda result: (result.number, result.first))
        files = [Path(result.files[name]) for result in ordered if name in result.files]
        if not files:
            return table.empty()
        path = self.folder / f"{name}.arrow"
        join_files(path, table.schema(), files)
        rows = map_rows(path, table.schema())
        if len(stale):
            rows = rows.filter(pc.invert(pc.is_in(rows.column(_STUDY), value_set=stale)))
        return rows

    def _devices(self, anew: pa.Table, rows: pa.Table) -> TableDelta:
        """Return the devices of all studies; what each study says of them stands in its row."""
        book = DeviceBook()
        for batch in (*self._others("dose_studies", ["devices"], anew), *rows.to_batches()):
            devices: Any = batch.column(batch.schema.get_field_index("devices"))
            pairs = pc.binary_join_element_wise(devices.keys, devices.items, _newline())
            for each in pc.value_counts(pairs).to_pylist():
                key, _, text = each["values"].partition("\n")
                book.add(key, text, each["counts"])
        return self._whole("devices", book.rows(self.settings.facilities))

    def _others(
        self, table: str, columns: Sequence[str], anew: pa.Table
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a version that stay, being of studies that were not made anew."""
        uids = anew.column(_STUDY).combine_chunks()
        for batch in self.base.batches(table, list(dict.fromkeys((_STUDY, *columns)))):
            stays = batch.filter(pc.invert(pc.is_in(batch.column(_STUDY), value_set=uids)))
            if stays.num_rows:
                yield stays

    def _levels(self, anew: pa.Table, deltas: Mapping[str, TableDelta]) -> TableDelta:
        tables = []
        for name, columns in _LEVEL_INPUTS:
            new = deltas[name].upserts.select(list(columns))
            old = [batch.select(list(columns)) for batch in self._others(name, columns, anew)]
            tables.append(pa.concat_tables([pa.Table.from_batches(old, new.schema), new]))
        exams, ct_events, xray_events = tables
        digest = levels_digest(self.settings)
        rows = reference_levels(exams, ct_events, xray_events, self.settings)
        return self._whole("drl", [{**row, "settings_sha256": digest} for row in rows])

    def _whole(self, name: str, rows: Sequence[Mapping[str, Any]]) -> TableDelta:
        """Return the change that leaves a table with these rows alone."""
        table = TABLES[name]
        new = to_arrow(table, rows, asdict(self.lineage))
        stays: Any = key_column(new, table.key)
        key = list(table.key)
        gone = [table.empty().select(key)]
        for batch in self.base.batches(name, key):
            old = pa.Table.from_batches([batch])
            leaves = pc.invert(pc.is_in(key_column(old, key), value_set=stays))
            gone.append(old.filter(leaves))
        leaving = pa.concat_tables(gone)
        return TableDelta(new, leaving if leaving.num_rows else None)


def _newline() -> Any:
    return array(["\n"], pa.string())[0]
