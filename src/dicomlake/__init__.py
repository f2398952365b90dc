"""dicomlake: directories of DICOM files in, typed Parquet tables and exact Zarr volumes out."""

__version__ = "0.1.0"
