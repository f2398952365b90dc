"""`volume_instances`: what became of every instance or frame when volumes were made."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import Codes, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table

REASONS: Final = {
    "DUPLICATE_SOP_INSTANCE": "A copy of a file that is considered: same UID, same content.",
    "DUPLICATE_POSITION": "The same slice under another SOP Instance UID; the lowest UID is kept.",
    "CONFLICTING_SOP_INSTANCE": "Gives the UID of another file other content.",
    "NOT_A_SLICE_CLASS": "An object that is no image of a scanner: SEG, RTDOSE, DX, SR and such.",
    "NO_PIXELS": "No Pixel Data.",
    "COLOR": "Several samples a pixel, or no MONOCHROME interpretation.",
    "MOSAIC": "Many slices tiled in one image.",
    "LOCALIZER": "A scout, by its Image Type.",
    "OTHER_GEOMETRY": "A few images of quite another orientation, or without geometry and unlike "
    "the slices.",
}
"""Why an instance or frame is no slice."""

VOLUME_INSTANCES: Final = Table(
    name="volume_instances",
    description=(
        "Every image instance or frame considered for a volume: a slice of it, a duplicate, or "
        "excluded, with the reason. An object excluded as a whole is one row without frame "
        "number."
    ),
    grain="instance or frame considered",
    key=("file_id", "frame_number"),
    sort_by=("study_instance_uid", "series_instance_uid", "sop_instance_uid", "file_id",
             "frame_number"),
    columns=(
        Column("volume_id", pa.string(), "Volume it belongs to; null when excluded."),
        Column("study_instance_uid", pa.string(), "Study of the instance.", nullable=False,
               privacy=Privacy.UID),
        Column("series_instance_uid", pa.string(), "Series of the instance.", nullable=False,
               privacy=Privacy.UID),
        Column("sop_instance_uid", pa.string(), "The instance.", nullable=False,
               privacy=Privacy.UID),
        Column("frame_number", pa.int32(), "Frame of the instance, from 1; 1 for a single-frame "
               "image, null for an object excluded as a whole."),
        Column("role", pa.string(), "What became of it.", nullable=False,
               checks=(OneOf(("slice", "duplicate", "excluded")),)),
        Column("reason", pa.string(), "Why it is no slice; null for a slice.",
               checks=(Codes(REASONS),)),
        Column("slice_index", pa.int64(), "Index k of the slice, from 0."),
        Column("position_mm", pa.float64(), "Distance of its first pixel along the normal.",
               unit="mm"),
        Column("slope", pa.float64(), "Rescale slope applied."),
        Column("intercept", pa.float64(), "Rescale intercept applied."),
        Column("file_id", pa.string(), "File of the instance.", nullable=False),
        *LINEAGE,
    ),
)
