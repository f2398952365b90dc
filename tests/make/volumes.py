"""Rows of a folder of DICOM as the volume stage wants them, read with pydicom, and its jobs.

The rows are made here by other code than the product's, so that a volume test does not lean on
the header reader.
"""

import dataclasses
import hashlib
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pydicom
from pydicom.datadict import dictionary_VM, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.paths import encode_name, file_id
from dicomlake.pipeline.series.slices import FILE_COLUMNS, INSTANCE_COLUMNS
from dicomlake.pipeline.volumes.build import build_series
from dicomlake.pipeline.volumes.rows import SeriesKey
from dicomlake.pipeline.volumes.work import SeriesJob, SeriesResult
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.instances import INSTANCES
from make.rows import default_settings

SOURCE = "source"
LINEAGE = SimpleNamespace(run_id="run", pipeline_version="0", schema_version=1)

ROW_SCHEMA = pa.schema(
    [
        *(INSTANCES.by_name[name].field().with_nullable(True) for name in INSTANCE_COLUMNS),
        *(
            FILES.by_name[name].field().with_nullable(True)
            for name in FILE_COLUMNS
            if name != "file_id"
        ),
    ]
)


def _plain(keyword: str, value: Any) -> Any:
    """Return a value as a column holds it: one value or a list, None where empty or malformed."""
    vr = dictionary_VR(pydicom.datadict.tag_for_keyword(keyword) or 0)
    many = dictionary_VM(pydicom.datadict.tag_for_keyword(keyword) or 0) != "1"
    values = list(value) if isinstance(value, MultiValue) else [value]
    if vr in ("DS", "FL", "FD"):
        values = [_finite(each) for each in values]
    elif vr in ("IS", "US", "UL", "US or SS"):
        values = [None if each in (None, "") else int(each) for each in values]
    elif vr == "DA":
        values = [pydicom.valuerep.DA(each) if each else None for each in values]
        values = [each and each.replace() for each in values]
    elif vr == "TM":
        values = [pydicom.valuerep.TM(each) if each else None for each in values]
    else:
        values = [str(each) or None for each in values]
    if all(each is None for each in values):
        return None
    return values if many else values[0]


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def instance_row(dataset: Dataset) -> dict[str, Any]:
    """Return what `instances` would hold of a data set, for the columns of the volume stage."""
    row: dict[str, Any] = {}
    invalid = []
    for name in INSTANCE_COLUMNS:
        column = INSTANCES.by_name[name]
        if not column.keyword or name == "modality_lut_type":
            continue
        element = dataset.get_item(column.keyword)
        if element is None:
            row[name] = None
            continue
        try:
            value = dataset[column.keyword].value
            row[name] = None if value in (None, "") else _plain(column.keyword, value)
        except (ValueError, TypeError, OverflowError):
            row[name], value = None, "malformed"
        if row[name] is None and value not in (None, "", []):
            invalid.append(column.keyword)
    if items := dataset.get("ModalityLUTSequence"):
        row["modality_lut_type"] = str(items[0].get("ModalityLUTType", "") or "UNSPECIFIED")
    row["invalid_attributes"] = sorted(invalid) or None
    return row


def _pixels(path: Path, dataset: Dataset) -> tuple[int | None, int | None]:
    """Return offset and present length of Pixel Data, by a search for its tag from the end."""
    if dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1.99":
        return None, None
    with path.open("rb") as file:
        pydicom.dcmread(file, stop_before_pixels=True)
        # pydicom stops before the element's tag; what follows is its header.
        start = file.tell()
        data = file.read()
    little = dataset.file_meta.TransferSyntaxUID.is_little_endian
    tag = b"\xe0\x7f\x10\x00" if little else b"\x7f\xe0\x00\x10"
    if not data.startswith(tag):
        return None, None
    implicit = dataset.file_meta.TransferSyntaxUID.is_implicit_VR
    header = 8 if implicit else 12
    length = int.from_bytes(data[header - 4 : header], "little" if little else "big")
    return start + header, min(length, len(data) - header)


def file_row(root: Path, path: Path) -> dict[str, Any]:
    """Return the row of a file, instance columns beside file columns; `not_dicom` if it is none."""
    relative = "/".join(encode_name(os.fsencode(part)) for part in path.relative_to(root).parts)
    stat = path.stat()
    row: dict[str, Any] = dict.fromkeys(ROW_SCHEMA.names)
    row |= {
        "file_id": file_id(SOURCE, relative),
        "source": SOURCE,
        "path": relative,
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "status": "not_dicom",
        "last_changed_run": "run",
    }
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
    except InvalidDicomError:
        return row
    if "SOPInstanceUID" not in dataset:
        return row
    row |= instance_row(dataset)
    row["pixel_offset"], row["pixel_length"] = _pixels(path, dataset)
    row["transfer_syntax_uid"] = str(dataset.file_meta.TransferSyntaxUID)
    row["status"] = "ingested"
    return row


def _settle(rows: list[dict[str, Any]], root: Path) -> list[dict[str, Any]]:
    """Settle files of one UID: equal bytes are copies, others are in conflict."""
    first: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda each: each["path"]):
        kept = first.setdefault(row["sop_instance_uid"], row)
        if kept is row:
            continue
        same = _bytes(root, row) == _bytes(root, kept)
        uids = {name: kept[name] for name in ("study_instance_uid", "series_instance_uid")}
        for name in INSTANCE_COLUMNS:
            if name not in ("sop_instance_uid", "file_id"):
                row[name] = None
        row |= {"status": "duplicate" if same else "conflict", **uids}
    return rows


def _bytes(root: Path, row: dict[str, Any]) -> str:
    dataset = pydicom.dcmread(root / row["path"])
    dataset.remove_private_tags()
    return hashlib.sha256(dataset.to_json().encode()).hexdigest()


def folder_rows(root: Path, paths: Iterable[Path] | None = None) -> pa.Table:
    """Return the rows of all DICOM files below a folder."""
    found = sorted(path for path in root.rglob("*") if path.is_file()) if paths is None else paths
    rows = [row for row in (file_row(root, path) for path in found) if row["status"] == "ingested"]
    return pa.Table.from_pylist(_settle(rows, root), schema=ROW_SCHEMA)


def jobs(
    root: Path, lake: Path, settings: Settings | None = None, rows: pa.Table | None = None
) -> list[SeriesJob]:
    """Return a job per series below a folder."""
    table = folder_rows(root) if rows is None else rows
    pairs = sorted(
        set(
            zip(
                table.column("study_instance_uid").to_pylist(),
                table.column("series_instance_uid").to_pylist(),
                strict=True,
            )
        )
    )
    lake.mkdir(exist_ok=True)
    return [
        SeriesJob(
            key=SeriesKey(study, series),
            rows=table.filter(
                pa.array([value == series for value in table["series_instance_uid"].to_pylist()])
            ),
            roots={SOURCE: str(root)},
            lake=str(lake),
            staging=str(lake / "staging" / "run"),
            settings=settings or default_settings(),
            lineage=LINEAGE,  # type: ignore[arg-type]  # the three fields are all that is read
            version=1,
            planned="",
        )
        for study, series in pairs
    ]


def build(
    root: Path, lake: Path, settings: Settings | None = None, rows: pa.Table | None = None
) -> list[SeriesResult]:
    """Judge and build every series below a folder."""
    return [build_series(job) for job in jobs(root, lake, settings, rows)]


def volume_rows(results: Sequence[SeriesResult]) -> list[dict[str, Any]]:
    """Return the rows of `volumes`, those of a series in the order of their channels."""
    rows = [row for result in results for row in result.volumes.to_pylist()]
    return sorted(rows, key=lambda row: (row["series_instance_uid"], _number(row["channel_value"])))


def _number(text: str | None) -> tuple[float, str]:
    try:
        return float(text or 0), ""
    except ValueError:
        return 0.0, text or ""


def instance_rows(results: Sequence[SeriesResult]) -> list[dict[str, Any]]:
    """Return the rows of `volume_instances`."""
    return [row for result in results for row in result.volume_instances.to_pylist()]


def shuffled(job: SeriesJob, seed: int) -> SeriesJob:
    """Return a job with its rows in another order."""
    order = np.random.default_rng(seed).permutation(job.rows.num_rows)
    return dataclasses.replace(job, rows=job.rows.take(pa.array(order)))


def slice_row(k: int, **changes: Any) -> dict[str, Any]:
    """Return the row of slice k of a clean axial CT, step 2.5 mm, without a file behind it."""
    row: dict[str, Any] = dict.fromkeys(ROW_SCHEMA.names)
    row |= {
        "sop_instance_uid": f"1.9.{k:04d}",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
        "series_instance_uid": "1.2",
        "study_instance_uid": "1.1",
        "modality_raw": "CT",
        "image_type": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "rows": 32,
        "columns": 32,
        "image_position_patient": [-12.0, -12.0, 2.5 * k],
        "image_orientation_patient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "pixel_spacing": [0.75, 0.75],
        "frame_of_reference_uid": "1.3",
        "slice_thickness": 2.5,
        "bits_allocated": 16,
        "bits_stored": 12,
        "high_bit": 11,
        "pixel_representation": 0,
        "rescale_slope": 1.0,
        "rescale_intercept": -1024.0,
        "file_id": f"{k:032x}",
        "source": SOURCE,
        "path": f"IM{k:04d}",
        "size": 3000,
        "mtime_ns": 1,
        "status": "ingested",
        "transfer_syntax_uid": "1.2.840.10008.1.2.1",
        "pixel_offset": 900,
        "pixel_length": 2048,
        "last_changed_run": "run",
    }
    return row | changes


def rows_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Return rows in the schema that `judge` reads."""
    return pa.Table.from_pylist(list(rows), schema=ROW_SCHEMA)


def stack_rows(n: int = 6, *, first: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """Return the rows of a clean stack; a callable change is called with k."""
    return [
        slice_row(first + k, **{name: v(k) if callable(v) else v for name, v in changes.items()})
        for k in range(n)
    ]
