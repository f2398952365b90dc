"""`issues`: findings about files, instances and series."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import Matches, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table

ISSUES: Final = Table(
    name="issues",
    description=(
        "Findings: a tolerated fault of a file, a malformed value that is NULL in its row, parents "
        "that disagree. Never a value of the patient's."
    ),
    grain="finding",
    key=("issue_id",),
    sort_by=("code", "study_instance_uid", "series_instance_uid", "issue_id"),
    columns=(
        Column("issue_id", pa.string(), "Identity of the finding.", nullable=False,
               rule="first 32 hex digits of sha256 of what the other columns say",
               checks=(Matches("[0-9a-f]{32}"),)),
        Column("code", pa.string(), "What was found, as a stable code.", nullable=False,
               checks=(Matches("[a-z][a-z0-9_]*"),)),
        Column("severity", pa.string(), "How much it matters.", nullable=False,
               checks=(OneOf(("info", "warning", "error")),)),
        Column("file_id", pa.string(), "File it was found in; null above the file."),
        Column("study_instance_uid", pa.string(), "Study it concerns.", privacy=Privacy.UID),
        Column("series_instance_uid", pa.string(), "Series it concerns.", privacy=Privacy.UID),
        Column("sop_instance_uid", pa.string(), "Instance it concerns.", privacy=Privacy.UID),
        Column("tag", pa.string(), "Tag it concerns, e.g. `(0018,0060)`."),
        Column("keyword", pa.string(), "DICOM keyword of the tag."),
        Column("detail", pa.string(), "What was wrong, without any value of the file."),
        *LINEAGE,
    ),
)
