"""`files`: the ledger. Every path ever seen, what became of it, and why."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast, Codes, Matches, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table

STATUSES: Final = {
    "ingested": "An instance: it has its row in `instances`.",
    "duplicate": "A copy of an ingested file: the same SOP Instance UID and the same content.",
    "conflict": "The SOP Instance UID of an ingested file, with other content.",
    "not_dicom": "Something else.",
    "dicomdir": "A directory of a medium; what it refers to is not opened through it.",
    "quarantined": "DICOM that cannot be an instance; read again only when it changes.",
    "skipped": "Not read; tried again by every run.",
    "deferred": "Not read yet; tried again by every run.",
    "deleted": "Gone from this path when a run looked; `deleted_at` says when.",
}
"""What can become of a file."""

REASONS: Final = {
    "empty": "No byte.",
    "invalid": "No data set that can be read, or none with a SOP Class UID.",
    "truncated": "The header ends early.",
    "missing_identity": "No SOP, Series or Study Instance UID.",
    "too_large": "The header, or the data set once inflated, is greater than the limit.",
    "too_deep": "Sequences are nested deeper than the limit.",
    "too_many_elements": "More elements than the limit.",
    "timeout": "Reading it took longer than the limit.",
    "memory": "Reading it took more memory than a worker process may have.",
    "crashed": "It ended the process that read it, twice; or reading it met a defect of dicomlake.",
    "pixels_not_comparable": "In conflict: lossy or undecodable pixels differ in their bytes.",
    "archive": "A zip, tar or gzip archive. With `--archives` its members are files of the source "
    "`NAME.archives`, in a folder that begins with the archive's file_id; else it is not opened.",
    "special_file": "A FIFO, a socket or a device.",
    "symlink": "A symbolic link that is not followed.",
    "permission": "This account may not read the file or folder.",
    "io_error": "The disk or the network failed.",
    "vanished": "Gone between crawl and read.",
    "unstable": "Changed while it was read, twice.",
    "too_new": "Younger than the quiet period: it may still be being written.",
    "moved": "Deleted here; the file is at another path now.",
    "unsettled": "Claims the UID of a file that cannot be read to compare with.",
}
"""Why; where the status says it all there is no reason."""

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
        Column(
            "source",
            pa.string(),
            "Name of the source; its root stands in the manifest.",
            nullable=False,
        ),
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
        Column(
            "mtime_ns", pa.int64(), "Time of last modification, since the Unix epoch.", unit="ns"
        ),
        Column(
            "ctime_ns", pa.int64(), "Time of last status change, since the Unix epoch.", unit="ns"
        ),
        Column("inode", pa.int64(), "Number of the file in its file system."),
        Column(
            "status",
            pa.string(),
            "What became of the file.",
            nullable=False,
            checks=(Codes(STATUSES),),
        ),
        Column(
            "reason",
            pa.string(),
            "Why, as a stable code; null where the status says it all.",
            checks=(Codes(REASONS),),
        ),
        Column(
            "sop_instance_uid",
            pa.string(),
            "SOP Instance UID that the file claims.",
            privacy=Privacy.UID,
        ),
        Column(
            "study_instance_uid",
            pa.string(),
            "Study Instance UID that the file claims.",
            privacy=Privacy.UID,
        ),
        Column(
            "series_instance_uid",
            pa.string(),
            "Series Instance UID that the file claims.",
            privacy=Privacy.UID,
        ),
        Column(
            "reader",
            pa.string(),
            "Which reader read the header.",
            checks=(OneOf(("fast", "pydicom")),),
        ),
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
