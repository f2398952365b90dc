"""The rows of one batch as Arrow tables of the schema: `files`, `instances`, `issues`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa

from dicomlake.pipeline.discovery.paths import file_id
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.arrays import table
from dicomlake.pipeline.headers.attributes import copied_attributes
from dicomlake.pipeline.headers.derive import InstanceRow, limited
from dicomlake.pipeline.headers.issues import Fault, Issue, tag_text
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES

_FAULTS_PER_CODE: Final = 50


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where rows come from: the run, the code and the schema that wrote them."""

    run_id: str
    pipeline_version: str
    schema_version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: how it was found, its state, and the instance it holds."""

    entry: Entry
    """The path, and the status that was read with the content."""
    status: str
    reason: str | None = None
    reader: str | None = None
    transfer_syntax_uid: str | None = None
    pixel_offset: int | None = None
    pixel_length: int | None = None
    header_sha256: str | None = None
    instance: InstanceRow | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class BatchRows:
    """Gathers the outcomes of a batch, column by column."""

    source: str
    lineage: Lineage
    _files: list[dict[str, Any]] = field(default_factory=list)
    _instances: list[dict[str, Any]] = field(default_factory=list)
    _issues: list[Issue] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Add the row of a file, and those of its instance and issues."""
        identity = file_id(self.source, outcome.entry.path)
        row: dict[str, Any] = {}
        faults = outcome.faults
        if outcome.instance is not None:
            row = outcome.instance.values
            row["file_id"] = identity
            self._instances.append(row)
            faults = (*faults, *outcome.instance.faults)
        self._files.append(self._file_row(identity, outcome, row))
        for fault in limited(faults, _FAULTS_PER_CODE):
            self._issues.append(_issue(fault, identity, row))

    def _file_row(
        self, identity: str, outcome: Outcome, claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        entry = outcome.entry
        return {
            "file_id": identity,
            "source": self.source,
            "path": entry.path,
            "size": entry.size,
            "mtime_ns": entry.mtime_ns,
            "ctime_ns": entry.ctime_ns,
            "inode": entry.inode,
            "status": outcome.status,
            "reason": outcome.reason,
            "sop_instance_uid": claims.get("sop_instance_uid"),
            "study_instance_uid": claims.get("study_instance_uid"),
            "series_instance_uid": claims.get("series_instance_uid"),
            "reader": outcome.reader,
            "transfer_syntax_uid": outcome.transfer_syntax_uid,
            "pixel_offset": outcome.pixel_offset,
            "pixel_length": outcome.pixel_length,
            "header_sha256": outcome.header_sha256,
            "first_seen_run": self.lineage.run_id,
            "last_changed_run": self.lineage.run_id,
        }

    def files(self) -> pa.Table:
        """Return the rows of `files`, one for every outcome, in their order."""
        return _rows_table(self._files, FILES.schema(), self.lineage)

    def instances(self) -> pa.Table:
        """Return the rows of `instances`."""
        return _rows_table(self._instances, INSTANCES.schema(), self.lineage)

    def issues(self) -> pa.Table:
        """Return the rows of `issues`."""
        return issues_table(self._issues, self.lineage)


def issues_table(issues: Sequence[Issue], lineage: Lineage) -> pa.Table:
    """Return findings as rows of `issues`, each finding once."""
    rows = [
        {
            "issue_id": issue.issue_id,
            "code": issue.code,
            "severity": issue.severity,
            "file_id": issue.file_id,
            "study_instance_uid": issue.study_instance_uid,
            "series_instance_uid": issue.series_instance_uid,
            "sop_instance_uid": issue.sop_instance_uid,
            "tag": issue.tag,
            "keyword": issue.keyword,
            "detail": issue.detail,
        }
        for issue in dict.fromkeys(issues)
    ]
    return _rows_table(rows, ISSUES.schema(), lineage)


def _rows_table(rows: list[dict[str, Any]], schema: pa.Schema, lineage: Lineage) -> pa.Table:
    constant = {
        "run_id": lineage.run_id,
        "pipeline_version": lineage.pipeline_version,
        "schema_version": lineage.schema_version,
    }
    columns = [
        [constant[name]] * len(rows) if name in constant else [row.get(name) for row in rows]
        for name in schema.names
    ]
    return table(columns, schema)


def _issue(fault: Fault, identity: str, row: dict[str, Any]) -> Issue:
    known = fault.tag >= 0
    return Issue(
        code=fault.code,
        file_id=identity,
        study_instance_uid=row.get("study_instance_uid"),
        series_instance_uid=row.get("series_instance_uid"),
        sop_instance_uid=row.get("sop_instance_uid"),
        tag=tag_text(fault.tag) if known else None,
        keyword=keyword_of(fault.tag) if known else None,
        detail=fault.detail,
    )


@lru_cache(maxsize=4096)
def keyword_of(tag: int) -> str | None:
    """Return the DICOM keyword of a tag, None for one that the standard does not name."""
    from pydicom.datadict import keyword_for_tag  # noqa: PLC0415  (slow import)

    for attribute in copied_attributes():
        if attribute.tag == tag:
            return attribute.keyword
    return keyword_for_tag(tag) or None
