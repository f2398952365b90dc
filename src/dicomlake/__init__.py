"""dicomlake: directories of DICOM files in, typed Parquet tables and exact Zarr volumes out."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dicomlake.pipeline.lake import Lake as Lake
    from dicomlake.pipeline.lake import Volume as Volume

__version__ = "0.1.0"
__all__ = ["Lake", "Volume", "__version__"]

for _name in ("config", "flows", "pipeline", "schemas"):
    if os.path.isfile(os.path.join(os.path.dirname(__file__), _name)):  # noqa: PTH113, PTH118, PTH120  (pathlib doubles the time of this import)
        raise ImportError(
            f"src/dicomlake/{_name} is a text file where a symbolic link belongs: check out again "
            "with `git config core.symlinks true`, or install the wheel."
        )


def __getattr__(name: str) -> object:
    """Import `Lake` and `Volume` at their first use, so that `import dicomlake` stays light."""
    if name in ("Lake", "Volume"):
        from dicomlake.pipeline import lake  # noqa: PLC0415  (lazy is the point)

        return getattr(lake, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
