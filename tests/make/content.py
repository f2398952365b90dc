"""Contents of files as jobs of the content reader."""

import copy
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.paths import encode_name, file_id
from dicomlake.pipeline.pixels.content import Content, ContentJob, read_content
from make.rows import default_settings
from make.series import write

SETTINGS = default_settings()


def job_of(path: Path, settings: Settings = SETTINGS) -> ContentJob:
    """Return the job of a file as it now stands, its folder being the source."""
    name = encode_name(path.name.encode())
    now = path.stat()
    return ContentJob(
        file_id("source", name), str(path.parent), name, now.st_size, now.st_mtime_ns, settings
    )


def read(path: Path, settings: Settings = SETTINGS) -> Content:
    """Return the content of a file."""
    return read_content(job_of(path, settings))


def write_as(dataset: Dataset, path: Path, syntax: str) -> Path:
    """Write a data set whose OW values are little-endian words in any native transfer syntax."""
    if UID(syntax).is_little_endian:
        return write(dataset, path, syntax)
    dataset = copy.deepcopy(dataset)
    for element in dataset.iterall():
        if element.VR == "OW":
            element.value = np.frombuffer(element.value, "<u2").byteswap().tobytes()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    plain = Dataset(dataset)
    plain.file_meta = meta
    pydicom.dcmwrite(path, plain, enforce_file_format=True)
    return path
