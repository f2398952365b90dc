"""From a verdict to voxels: exact values, written as Zarr, read back, and the rows that say so."""
