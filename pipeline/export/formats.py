"""The formats that volumes are exported to: one line each."""

from collections.abc import Mapping
from typing import Final

from dicomlake.pipeline.export.format import Format
from dicomlake.pipeline.export.nifti import Nifti
from dicomlake.pipeline.export.npy import Npy

FORMATS: Final[Mapping[str, Format]] = {
    "npy": Npy(),
    "nifti": Nifti(),
}
