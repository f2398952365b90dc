"""The rows of one batch as Arrow tables of the schema: `files` and `issues`, and what all share."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import pyarrow as pa

from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.arrays import array, repeated
from dicomlake.pipeline.headers.attributes import attributes_of
from dicomlake.pipeline.headers.issues import Fault, Issue, tag_text
from dicomlake.pipeline.headers.reader import RawHeader
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where rows come from: the run, the code and the schema that wrote them."""

    run_id: str
    pipeline_version: str
    schema_version: int


class Outcome(NamedTuple):
    """What became of one file: how it was found, its state, and the header it holds."""

    entry: Entry
    """The path, and the status that was read with the content."""
    status: str
    reason: str | None = None
    reader: str | None = None
    header: RawHeader | None = None
    faults: tuple[Fault, ...] = ()
    raw: bytes | None = None
    """The file up to its pixels, where all elements are asked for."""


class Claim(NamedTuple):
    """What an instance says it is."""

    sop_instance_uid: str | None = None
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None


NO_CLAIM: Final = Claim()


def files_table(
    source: str,
    outcomes: Sequence[Outcome],
    identities: Sequence[str],
    claims: Sequence[tuple[str | None, ...]],
    lineage: Lineage,
) -> pa.Table:
    """Return the rows of `files`, one for every outcome, in their order."""
    headers = [each.header or _NO_HEADER for each in outcomes]
    entries = [each.entry for each in outcomes]
    columns: dict[str, Sequence[Any]] = {
        "file_id": identities,
        "path": [each.path for each in entries],
        "size": [each.size for each in entries],
        "mtime_ns": [each.mtime_ns for each in entries],
        "ctime_ns": [each.ctime_ns for each in entries],
        "inode": [each.inode for each in entries],
        "status": [each.status for each in outcomes],
        "reason": [each.reason for each in outcomes],
        **dict(zip(Claim._fields, zip(*claims, strict=True), strict=False)),
        "reader": [each.reader for each in outcomes],
        "transfer_syntax_uid": [each.transfer_syntax_uid for each in headers],
        "pixel_offset": [each.pixel_offset for each in headers],
        "pixel_length": [each.pixel_length for each in headers],
        "header_sha256": [each.header_sha256 for each in headers],
    }
    constants = {
        "source": source,
        "first_seen_run": lineage.run_id,
        "last_changed_run": lineage.run_id,
        **asdict(lineage),
    }
    return table_of(FILES, columns, constants, len(outcomes))


_NO_HEADER: Final = RawHeader([], (), (), True, None, False, None, None, None, ())


def table_of(
    table: Table,
    columns: Mapping[str, "Sequence[Any] | pa.Array[Any]"],
    constants: Mapping[str, Any],
    count: int,
) -> pa.Table:
    """Return rows of a table of the schema; a column that is not given is null.

    Args:
        table: the definition.
        columns: values by column name: Arrow arrays, or Python values as `arrays.array` takes.
        constants: values that stand in every row.
        count: number of rows.
    """
    arrays: list[pa.Array[Any]] = []
    schema = table.schema()
    for field in schema:
        values = columns.get(field.name)
        if values is None:
            arrays.append(repeated(constants.get(field.name), count, field.type))
        elif isinstance(values, pa.Array):
            arrays.append(values)
        else:
            arrays.append(array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def issues_table(issues: Sequence[Issue], lineage: Lineage) -> pa.Table:
    """Return findings as rows of `issues`, each finding once."""
    distinct = list(dict.fromkeys(issues))
    names = ("issue_id", "code", "severity", "file_id", "study_instance_uid",
             "series_instance_uid", "sop_instance_uid", "tag", "keyword", "detail")  # fmt: skip
    columns = {name: [getattr(issue, name) for issue in distinct] for name in names}
    return table_of(ISSUES, columns, asdict(lineage), len(distinct))


def issue_of(fault: Fault, identity: str, claim: Claim) -> Issue:
    """Return a finding about a file, and the instance that it holds."""
    known = fault.tag >= 0
    return Issue(
        code=fault.code,
        file_id=identity,
        study_instance_uid=claim.study_instance_uid,
        series_instance_uid=claim.series_instance_uid,
        sop_instance_uid=claim.sop_instance_uid,
        tag=tag_text(fault.tag) if known else None,
        keyword=keyword_of(fault.tag) if known else None,
        detail=fault.detail,
    )


@lru_cache(maxsize=4096)
def keyword_of(tag: int) -> str | None:
    """Return the DICOM keyword of a tag, None for one that the standard does not name."""
    for attribute in attributes_of(INSTANCES):
        if attribute.tag == tag and attribute.keyword:
            return attribute.keyword
    from pydicom.datadict import keyword_for_tag  # noqa: PLC0415  (slow import)

    return keyword_for_tag(tag) or None
