"""`instance_references`: which instances an instance refers to, and as what."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by

_TRIPLE = "of the first Purpose of Reference Code Sequence (0040,A170) beside the reference"

INSTANCE_REFERENCES: Final = Table(
    name="instance_references",
    description=(
        "One row per instance that another one refers to in a role, from every item that holds a "
        "Referenced SOP Instance UID, however deep: source images, segmentations, structure sets, "
        "plans and doses, presentation states, reports and their evidence. References to one "
        "instance in one role are one row."
    ),
    grain="instance × instance it refers to × role",
    key=("sop_instance_uid", "referenced_sop_instance_uid", "role"),
    sort_by=(
        "study_instance_uid",
        "series_instance_uid",
        "sop_instance_uid",
        "referenced_sop_instance_uid",
        "role",
    ),
    columns=brought_by(
        2,
        Column("sop_instance_uid", pa.string(), "Instance that refers.", nullable=False,
               privacy=Privacy.UID),
        Column("referenced_sop_instance_uid", pa.string(), "Instance that is referred to.",
               nullable=False, rule="ReferencedSOPInstanceUID (0008,1155) of an item",
               privacy=Privacy.UID),
        Column("role", pa.string(), "What the other instance is, e.g. `source_image`, "
               "`contour_image`, `referenced_sop`.", nullable=False,
               rule="snake_case of the keyword of the sequence that holds the item, without "
               "`Sequence`; the eight hex digits of its tag where it has no keyword"),
        Column("via", pa.string(), "Where it stands, e.g. `referenced_series`.", nullable=False,
               rule="the same of the outermost sequence around it; of several the first"),
        Column("referenced_sop_class_uid", pa.string(), "Kind of the instance referred to.",
               rule="ReferencedSOPClassUID (0008,1150); of several the first"),
        Column("referenced_series_instance_uid", pa.string(), "Its series.",
               rule="SeriesInstanceUID (0020,000E) of the item or the nearest one around it; of "
               "several the first", privacy=Privacy.UID),
        Column("referenced_study_instance_uid", pa.string(), "Its study.",
               rule="StudyInstanceUID (0020,000D) of the item or the nearest one around it; of "
               "several the first", privacy=Privacy.UID),
        Column("referenced_frame_numbers", pa.list_(pa.int64()), "Frames that are referred to, "
               "sorted; null where no reference names any.",
               rule="ReferencedFrameNumber (0008,1160) of all references together"),
        Column("purpose_code_value", pa.string(), "Code of the purpose of the reference.",
               rule=f"CodeValue {_TRIPLE}"),
        Column("purpose_code_scheme", pa.string(), "Scheme of that code.",
               rule=f"CodingSchemeDesignator {_TRIPLE}"),
        Column("purpose_code_meaning", pa.string(), "Meaning of that code.",
               rule=f"CodeMeaning {_TRIPLE}"),
        Column("study_instance_uid", pa.string(), "Study of the instance that refers.",
               nullable=False, privacy=Privacy.UID),
        Column("series_instance_uid", pa.string(), "Series of the instance that refers.",
               nullable=False, privacy=Privacy.UID),
        Column("file_id", pa.string(), "File the row was read from.", nullable=False),
        LINEAGE,
    ),
)
