"""Whether the rows of a version agree with each other: no table names what another does not hold.

Tables are gone through by batches; in memory are the keys of files, instances and volumes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from dicomlake.pipeline.tables.columnar import Array, distinct, pc, texts
from dicomlake.pipeline.tables.derived_doses import OBJECT_COLUMNS
from dicomlake.pipeline.tables.dose_objects import DOSE_TABLES, can_carry_a_dose
from dicomlake.pipeline.tables.finding import Finding, Severity
from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.layout import version_name
from dicomlake.pipeline.tables.settle import CLAIM_STATUSES
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.series import SERIES
from dicomlake.schemas.tables.studies import STUDIES

_UID: Final = "sop_instance_uid"
_OF_INSTANCE: Final = (_UID, "file_id")
_PAIRED: Final = ("files", "instances")
"""Tables that are held against each other row by row."""
_MEMBERS: Final = ("frames", "instance_references", "elements", "dicom_json")
"""Tables each row of which belongs to an instance."""
_PARENTS: Final = (SERIES, STUDIES)
"""Tables with one row for each of these keys that an instance has."""


def reconcile_rows(version: Version, is_damaged: Callable[[str], bool]) -> Iterator[Finding]:
    """Yield where the tables of a version contradict each other.

    Args:
        version: to be read.
        is_damaged: whether a table, by name, cannot be read; it is left out.
    """
    checks = _Checks(version, is_damaged)
    yield from checks.files_and_instances()
    yield from checks.members()
    yield from checks.claims()
    yield from checks.parents()
    yield from checks.file_ids()
    yield from checks.volumes()
    yield from checks.doses()
    yield from checks.versions()


@dataclass(frozen=True, slots=True)
class _Checks:
    version: Version
    is_damaged: Callable[[str], bool]

    def _can_read(self, *names: str) -> bool:
        return all(name in TABLES and not self.is_damaged(name) for name in names)

    def _error(self, code: str, detail: str) -> Finding:
        path = f"versions/{version_name(self.version.number)}.json"
        return Finding(code, Severity.ERROR, path, detail)

    def files_and_instances(self) -> Iterator[Finding]:
        """Ingested files and instances are the same set, pair by pair."""
        if not self._can_read("files", "instances"):
            return
        ingested = pc.field("status") == "ingested"
        files = self._keys("files", _OF_INSTANCE, ingested)
        instances = self._keys("instances", _OF_INSTANCE)
        for code, lost, what in (
            ("instance_missing", _not_in(files, instances), "ingested files have no instance"),
            ("instance_without_file", _not_in(instances, files), "instances have no ingested file"),
        ):
            if lost:
                yield self._error(code, f"{lost} {what}")

    def members(self) -> Iterator[Finding]:
        """Rows that belong to an instance name one that is there, and its file."""
        if not self._can_read("instances"):
            return
        instances = self._keys("instances", _OF_INSTANCE)
        for name in filter(self._can_read, _MEMBERS):
            lost = self._count_not_in(name, _OF_INSTANCE, instances)
            if lost:
                yield self._error("instance_missing", f"{lost} rows of {name} have no instance")

    def claims(self) -> Iterator[Finding]:
        """What volumes were made of, or not, are instances, or files that lost one's UID."""
        if not self._can_read("files", "volume_instances"):
            return
        claiming = pc.field("status").isin(texts(*CLAIM_STATUSES))
        claims = self._keys("files", _OF_INSTANCE, claiming)
        lost = self._count_not_in("volume_instances", _OF_INSTANCE, claims)
        if lost:
            detail = f"{lost} rows of volume_instances have no instance"
            yield self._error("instance_missing", detail)

    def parents(self) -> Iterator[Finding]:
        """Every series and study of an instance has its row, and no other has one.

        A table without any row says nothing: it is made by other hands than the instances.
        """
        for table in _PARENTS:
            if not self._can_read(table.name, "instances") or not self.version.rows(table.name):
                continue
            rows = self._keys(table.name, table.key)
            wanted = self._keys("instances", table.key)
            for code, lost in (
                ("parent_missing", _not_in(wanted, rows)),
                ("parent_without_instance", _not_in(rows, wanted)),
            ):
                if lost:
                    yield self._error(code, f"{lost} rows of {table.name}")

    def file_ids(self) -> Iterator[Finding]:
        """Whatever else names a file names one that is not deleted."""
        if not self._can_read("files"):
            return
        live = self._keys("files", ("file_id",), pc.field("status") != "deleted")
        for table in TABLES.values():
            if table.name in _PAIRED or "file_id" not in table.by_name:
                continue
            if not self._can_read(table.name):
                continue
            lost = self._count_not_in(table.name, ("file_id",), live)
            if lost:
                yield self._error("file_missing", f"{lost} rows of {table.name} name no live file")

    def volumes(self) -> Iterator[Finding]:
        """Slices belong to volumes that are there, as many as these say they have."""
        if not self._can_read("volumes", "volume_instances"):
            return
        volumes = self.version.read("volumes", ["volume_id", "n_slices", "status"])
        ids = _flat(volumes, "volume_id")
        lost = self._count_not_in("volume_instances", ("volume_id",), ids)
        if lost:
            detail = f"{lost} rows of volume_instances name no volume"
            yield self._error("volume_row_missing", detail)
        slices = self.version.read("volume_instances", ["volume_id", "role"])
        slices = slices.filter(pc.equal(slices.column("role"), "slice"))
        counted = pc.value_counts(_flat(slices, "volume_id"))
        place = pc.index_in(ids, value_set=counted.field("values"))
        found = pc.fill_null(counted.field("counts").take(place), 0)
        accepted = pc.equal(volumes.column("status"), "accepted")
        wrong = pc.and_(accepted, pc.not_equal(volumes.column("n_slices"), found))
        for volume_id in pc.filter(ids, pc.fill_null(wrong, False)).to_pylist():
            detail = f"volume {volume_id} has another number of slices than it says"
            yield self._error("slices_differ", detail)

    def doses(self) -> Iterator[Finding]:
        """Doses are of studies with objects that can carry one, and told by objects that are there.

        What a row names may be any object of the lake; which of the study it is, its study says.
        """
        names = ("study_instance_uid", *OBJECT_COLUMNS)
        tables = [name for name in filter(self._can_read, DOSE_TABLES) if self.version.rows(name)]
        if not tables or not self._can_read("instances"):
            return
        rows = self.version.read("instances", [_UID, *names])
        studies = distinct(rows.filter(can_carry_a_dose(rows)), names[0])
        uids = _flat(rows, _UID)
        for name in tables:
            told_by = [each for each in (_UID, f"source_{_UID}") if each in TABLES[name].by_name]
            for column, there in ((names[0], studies), *((each, uids) for each in told_by)):
                lost = self._count_not_in(name, (column,), there)
                if lost:
                    detail = f"{lost} rows of {name} have no instance ({column})"
                    yield self._error("dose_without_instance", detail)

    def versions(self) -> Iterator[Finding]:
        """No change is of a version that is yet to come."""
        if not self._can_read("changes") or not self.version.rows("changes"):
            return
        last = pc.max(self.version.read("changes", ["version"]).column("version")).as_py()
        if last > self.version.number:
            detail = f"changes of version {last}, the newest is {self.version.number}"
            yield self._error("changes_ahead", detail)

    def _keys(self, table: str, names: Sequence[str], which: Any = None) -> Array:
        rows = self.version.read(table, list(names), None if which is None else which)
        return key_column(rows, names)

    def _count_not_in(self, table: str, names: Sequence[str], others: Array) -> int:
        """Return how many rows of a table have a key that is none of others; null is no key."""
        lost = 0
        for batch in self.version.batches(table, list(names)):
            rows = pa.Table.from_batches([batch])
            for name in names:
                rows = rows.filter(pc.is_valid(rows.column(name)))
            lost += _not_in(key_column(rows, names), others)
        return lost


def _flat(rows: pa.Table, name: str) -> Array:
    return rows.column(name).combine_chunks()


def _not_in(values: Array, others: Array) -> int:
    if not len(values):
        return 0
    found = pc.is_in(values, value_set=others if len(others) else texts())
    return len(values) - int(pc.sum(found).as_py() or 0)
