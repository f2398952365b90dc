"""`files`: the ledger. Every path ever seen, what became of it, and why."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, AtLeast, Column, Matches, OneOf, Privacy, Table

STATUSES: Final = (
    "ingested",
    "duplicate",
    "conflict",
    "not_dicom",
    "dicomdir",
    "quarantined",
    "skipped",
    "deferred",
    "deleted",
)
"""What can become of a file."""

FILES: Final = Table(
    name="files",
    description=(
        "The ledger: every path ever seen, its state when it was last read, and what became of "
        "it. Every run proves that the files it saw are the sum of their statuses."
    ),
    grain="a path of a source",
    key=("file_id",),
    sort_by=("source", "path"),
    rows_per_part=65_536,
    columns=(
        Column(
            "file_id",
            pa.string(),
            "Identity of the path.",
            nullable=False,
            rule="first 32 hex digits of sha256 of source, NUL, raw relative path",
            checks=(Matches("[0-9a-f]{32}"),),
        ),
        Column("source", pa.string(), "Name of the source; its root stands in the manifest.",
               nullable=False),
        Column(
            "path",
            pa.string(),
            "Path relative to the source's root, with `/`. Bytes that are not UTF-8, control "
            "characters and `%` are percent-encoded.",
            nullable=False,
            privacy=Privacy.PATH,
            tree_order=True,
        ),
        Column("size", pa.int64(), "Size of the file.", unit="byte", checks=(AtLeast(0),)),
        Column("mtime_ns", pa.int64(), "Time of last modification, since the Unix epoch.",
               unit="ns"),
        Column("ctime_ns", pa.int64(), "Time of last status change, since the Unix epoch.",
               unit="ns"),
        Column("inode", pa.int64(), "Number of the file in its file system."),
        Column("status", pa.string(), "What became of the file.", nullable=False,
               checks=(OneOf(STATUSES),)),
        Column("reason", pa.string(), "Why, as a stable code; null where the status says it all.",
               checks=(Matches("[a-z][a-z0-9_]*"),)),
        Column("sop_instance_uid", pa.string(), "SOP Instance UID that the file claims.",
               privacy=Privacy.UID),
        Column("reader", pa.string(), "Which reader read the header.",
               checks=(OneOf(("fast", "pydicom")),)),
        Column("transfer_syntax_uid", pa.string(), "Transfer Syntax UID of the file."),
        Column(
            "pixel_offset",
            pa.int64(),
            "Where the pixel values start: the first byte of native Pixel Data, or the first "
            "item of encapsulated Pixel Data.",
            unit="byte",
        ),
        Column(
            "pixel_length",
            pa.int64(),
            "Length of native Pixel Data as present in the file; for encapsulated Pixel Data all "
            "bytes from `pixel_offset` to the end of the file.",
            unit="byte",
        ),
        Column(
            "header_sha256",
            pa.string(),
            "Digest of the data set's bytes before Pixel Data, without preamble and file meta.",
            privacy=Privacy.KEY,
        ),
        Column(
            "content_sha256",
            pa.string(),
            "Digest of all attributes but file meta, and the decoded pixels. Made only where two "
            "files claim one SOP Instance UID.",
            privacy=Privacy.KEY,
        ),
        Column("first_seen_run", pa.string(), "Run that first saw the path.", nullable=False),
        Column("last_changed_run", pa.string(), "Run that last changed the row.", nullable=False),
        Column("deleted_at", pa.timestamp("us", tz="UTC"), "When a run found the path gone."),
        *LINEAGE,
    ),
)
