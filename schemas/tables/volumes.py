"""`volumes`: one row per volume accepted, and per series or group rejected with its reason."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, AtLeast, Column, Matches, OneOf, Privacy, Table

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
               checks=(Matches("[A-Z][A-Z0-9_]*"),)),
        Column("detail", pa.string(), "More about the verdict, as a JSON object."),
        Column("channel_key", pa.string(), "Attribute that the series was split by."),
        Column("channel_value", pa.string(), "Value of that attribute in this volume."),
        Column("shape", pa.list_(pa.int64()), "Slices, rows, columns (z, y, x)."),
        Column("dtype", pa.string(), "Type of a voxel.",
               checks=(OneOf(("int16", "int32", "float32", "float64")),)),
        Column("units", pa.string(), "Unit of a voxel; null where the files do not say."),
        Column("spacing_row_mm", pa.float64(), "Distance between rows.", unit="mm"),
        Column("spacing_column_mm", pa.float64(), "Distance between columns.", unit="mm"),
        Column("spacing_slice_mm", pa.float64(), "Length of the step from slice to slice.",
               unit="mm"),
        Column("affine_lps", pa.list_(pa.float64()),
               "4 x 4 matrix, row by row, from index (column, row, slice) to LPS coordinates.",
               unit="mm"),
        Column("n_slices", pa.int64(), "Slices of the volume.", checks=(AtLeast(0),)),
        Column("flags", pa.list_(pa.string()), "What is worth knowing of it, sorted."),
        Column("max_position_error_mm", pa.float64(),
               "Greatest distance of a slice's corner from where the affine puts it.", unit="mm"),
        Column("value_min", pa.float64(), "Smallest voxel."),
        Column("value_max", pa.float64(), "Greatest voxel."),
        Column("sha256", pa.string(), "Digest of the C-order little-endian array [z, y, x].",
               checks=(Matches("[0-9a-f]{64}"),)),
        Column("path", pa.string(), "Zarr group, relative to the lake."),
        *LINEAGE,
    ),
)
