"""`volumes`: one row per volume accepted, and per series or group rejected with its reason."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast, Codes, Matches, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table

REASONS: Final = {
    "MISSING_GEOMETRY": "A slice lacks position, orientation or Pixel Spacing.",
    "UNSUPPORTED_TRANSFER_SYNTAX": "No permitted decoder handles the pixels.",
    "NOT_SUPPORTED_YET": "Of lakes older than schema 3: multi-frame objects, judged again by the "
    "next run.",
    "CONFLICTING_SOP_INSTANCE": "Two files give one SOP Instance UID different contents.",
    "INVALID_ORIENTATION": "Directions of rows and columns are no unit vectors at a right angle.",
    "MIXED_ORIENTATION": "A few slices are tilted a little against the others.",
    "MIXED_MATRIX": "Slices of one orientation differ in Rows or Columns.",
    "MIXED_PIXEL_SPACING": "Slices of one orientation differ in Pixel Spacing.",
    "MIXED_FRAME_OF_REFERENCE": "Slices of one orientation differ in Frame of Reference.",
    "MIXED_UNITS": "Slices of one orientation differ in the unit of their values.",
    "NO_RESCALE_FOR_CT": "A CT slice lacks Rescale Slope or Intercept.",
    "MODALITY_LUT_NOT_HU": "A Modality LUT gives other values than Hounsfield units.",
    "INVALID_RESCALE": "A rescale that is zero, malformed, halved or out of range.",
    "AMBIGUOUS_DUPLICATE_POSITION": "Positions repeat and no attribute tells the repeats apart.",
    "AMBIGUOUS_ACQUISITIONS": "Acquisitions of 2 or 3 slices overlap.",
    "TOO_FEW_SLICES": "Fewer slices than `volumes.min_slices`.",
    "MISSING_SLICES": "Gaps of whole steps; `detail` has the missing positions.",
    "NON_COLLINEAR_POSITIONS": "Positions lie on no straight line.",
    "NON_UNIFORM_SPACING": "Steps between slices differ.",
    "SHEARED": "Slices drift in their own plane, and `volumes.on_shear` is `reject`.",
    "POSITION_ERROR": "A corner of a slice is not where the affine puts it.",
    "PIXEL_DATA_ERROR": "Pixels are truncated or cannot be read; with `retry` in `detail` they are "
    "tried again by every run.",
}
"""Why a series or group is no volume, in the order in which the first one found is told."""

FLAGS: Final = {
    "channel_from_instance_number": "Nothing but Instance Number tells the repeats apart.",
    "clipped": "Values are clipped to `volumes.hu_clip`.",
    "filled": "Missing slices or padding hold the fill value; the array `mask` says where.",
    "gapped": "Slices are thinner than the step between them.",
    "incomplete_channel": "Fewer slices than the largest of its series' channels.",
    "gap_split": "One side of a gap of its series, or of a change of its step.",
    "lossy": "The pixels were compressed with loss.",
    "overlapping": "Slices are thicker than the step between them.",
    "possibly_truncated": "The files declare more slices than there are.",
    "sheared": "Slices drift in their own plane (gantry tilt): it is in the affine.",
}
"""What is worth knowing of a volume."""

VOLUMES: Final = Table(
    name="volumes",
    description=(
        "One row per volume accepted and per series or group rejected. `reason` is a code in "
        "capitals, null when accepted; `detail` says more as JSON."
    ),
    grain="volume, or rejected series or group",
    key=("volume_id",),
    sort_by=("study_instance_uid", "series_instance_uid", "volume_id"),
    columns=(
        Column("volume_id", pa.string(), "Identity of the volume.", nullable=False,
               rule="hash of the sorted instance UIDs and frame numbers, the channel and the "
               "settings that shape voxels", checks=(Matches("[0-9a-f]{32}"),)),
        Column("study_instance_uid", pa.string(), "Study of the series.", nullable=False,
               privacy=Privacy.UID),
        Column("series_instance_uid", pa.string(), "Series the volume was made from.",
               nullable=False, privacy=Privacy.UID),
        Column("status", pa.string(), "Whether there is an array.", nullable=False,
               checks=(OneOf(("accepted", "rejected")),)),
        Column("reason", pa.string(), "Why it was rejected; null when accepted.",
               checks=(Codes(REASONS),)),
        Column("detail", pa.string(), "More about the verdict, as a JSON object."),
        Column("channel_key", pa.string(), "Attribute that the series was split by."),
        Column("channel_value", pa.string(), "Value of that attribute in this volume."),
        Column("shape", pa.list_(pa.int64()), "Slices, rows, columns (z, y, x)."),
        Column("dtype", pa.string(), "Type of a voxel.",
               checks=(OneOf(("int16", "int32", "float32", "float64")),)),
        Column("units", pa.string(), "Unit of a voxel; null where the files do not say."),
        Column("suv_bw_factor", pa.float64(),
               "What a voxel in BQML is multiplied by for SUV by body weight.", unit="g/Bq",
               rule="body weight over the injected dose, decayed to the time that the series is "
               "corrected to; null where the header does not say all of it", since=3),
        Column("spacing_row_mm", pa.float64(), "Distance between rows.", unit="mm"),
        Column("spacing_column_mm", pa.float64(), "Distance between columns.", unit="mm"),
        Column("spacing_slice_mm", pa.float64(), "Length of the step from slice to slice.",
               unit="mm"),
        Column("affine_lps", pa.list_(pa.float64()),
               "4 x 4 matrix, row by row, from index (column, row, slice) to LPS coordinates.",
               unit="mm"),
        Column("n_slices", pa.int64(), "Slices of the volume.", checks=(AtLeast(0),)),
        Column("flags", pa.list_(pa.string()), "What is worth knowing of it, sorted.",
               checks=(Codes(FLAGS),)),
        Column("max_position_error_mm", pa.float64(),
               "Greatest distance of a slice's corner from where the affine puts it.", unit="mm"),
        Column("value_min", pa.float64(), "Smallest voxel."),
        Column("value_max", pa.float64(), "Greatest voxel."),
        Column("sha256", pa.string(), "Digest of the C-order little-endian array [z, y, x].",
               checks=(Matches("[0-9a-f]{64}"),)),
        Column("path", pa.string(), "Zarr group, relative to the lake."),
        Column("preview", pa.string(), "Picture of the three middle planes (PNG), relative to the "
               "lake; null where `volumes.preview` is off.", since=3),
        *LINEAGE,
    ),
)
