"""Rows of a folder of DICOM as the volume stage wants them, read with pydicom, and its jobs.

The rows are made here by other code than the product's, so that a volume test does not lean on
the header reader.
"""

import dataclasses
import hashlib
import math
import os
from collections import Counter, defaultdict
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

from dicomlake.config.settings import Settings, VolumeSettings
from dicomlake.pipeline.discovery.paths import encode_name, file_id
from dicomlake.pipeline.series.committed import SeriesKey
from dicomlake.pipeline.series.slices import (
    FILE_COLUMNS,
    FRAME_COLUMNS,
    INSTANCE_COLUMNS,
    SeriesRows,
)
from dicomlake.pipeline.series.verdict import SeriesVerdict, judge
from dicomlake.pipeline.volumes.build import build_series
from dicomlake.pipeline.volumes.work import SeriesJob, SeriesResult
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.frames import FRAMES
from dicomlake.schemas.tables.instances import INSTANCES
from make.functional_groups import frames_of
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


FRAME_SCHEMA = pa.schema(
    [FRAMES.by_name[name].field().with_nullable(True) for name in FRAME_COLUMNS]
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
    elif vr == "DT":
        values = [pydicom.valuerep.DT(each) if each else None for each in values]
        values = [each and each.replace(tzinfo=None) for each in values]
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


def folder_frames(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of `frames` of all DICOM files below a folder, by series."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    seen: set[str] = set()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            continue
        if "SOPInstanceUID" in dataset and str(dataset.SOPInstanceUID) not in seen:
            seen.add(str(dataset.SOPInstanceUID))
            found[str(dataset.SeriesInstanceUID)] += frames_of(dataset, _plain)
    return found


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
    frames = folder_frames(root)
    return [
        SeriesJob(
            key=SeriesKey(study, series),
            rows=SeriesRows(
                table.filter(
                    pa.array(
                        [value == series for value in table["series_instance_uid"].to_pylist()]
                    )
                ),
                pa.Table.from_pylist(frames[series], schema=FRAME_SCHEMA),
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
    return dataclasses.replace(job, rows=shuffled_rows(job.rows, seed))


def shuffled_rows(rows: SeriesRows, seed: int) -> SeriesRows:
    """Return rows in another order."""
    random = np.random.default_rng(seed)
    return SeriesRows(
        *(
            table.take(pa.array(random.permutation(table.num_rows)))
            for table in (rows.instances, rows.frames)
        )
    )


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


def rows_table(rows: Iterable[dict[str, Any]], frames: Iterable[dict[str, Any]] = ()) -> SeriesRows:
    """Return rows of instances and of frames in the schemas that `judge` reads."""
    return SeriesRows(
        pa.Table.from_pylist(list(rows), schema=ROW_SCHEMA),
        pa.Table.from_pylist(list(frames), schema=FRAME_SCHEMA),
    )


def frame_row(k: int, **changes: Any) -> dict[str, Any]:
    """Return the row of frame k + 1 of the object that `object_row` makes, step 2.5 mm."""
    row: dict[str, Any] = dict.fromkeys(FRAME_SCHEMA.names)
    row |= {
        "sop_instance_uid": "1.9.1.0",
        "frame_number": k + 1,
        "image_position_patient": [-12.0, -12.0, 2.5 * k],
        "image_orientation_patient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "pixel_spacing": [0.75, 0.75],
        "slice_thickness": 2.5,
        "rescale_slope": 1.0,
        "rescale_intercept": -1024.0,
        "rescale_type": "HU",
        "frame_type": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
    }
    return row | changes


def object_row(n_frames: int, part: int = 0, **changes: Any) -> dict[str, Any]:
    """Return the row of an enhanced CT of some frames of 32 x 32; `part` tells objects apart."""
    row = slice_row(
        700 + part,
        sop_instance_uid=f"1.9.1.{part}",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2.1",
        image_type=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        number_of_frames=n_frames,
        pixel_length=2048 * n_frames,
        size=952 + 2048 * n_frames,
        **dict.fromkeys(
            ("image_position_patient", "image_orientation_patient", "pixel_spacing",
             "slice_thickness", "rescale_slope", "rescale_intercept")
        ),
    )  # fmt: skip
    return row | changes


def frame_rows(n: int, *, part: int = 0, first: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """Return the rows of the frames of an object; a callable change is called with k."""
    return [
        frame_row(first + k, sop_instance_uid=f"1.9.1.{part}", frame_number=k + 1)
        | {name: v(k) if callable(v) else v for name, v in changes.items()}
        for k in range(n)
    ]


def judged(
    rows: Sequence[dict[str, Any]], frames: Sequence[dict[str, Any]] = (), **changes: Any
) -> SeriesVerdict:
    """Judge rows of which no two slices have equal pixels; everything has its place once.

    Args:
        rows: of instances and their other files.
        frames: of objects that are taken apart.
        changes: settings that differ from the defaults.
    """
    settings = VolumeSettings.model_validate(default_settings().volumes.model_dump() | changes)
    found = judge(rows_table(rows, frames), settings, pixels=lambda each: str(each.identity))
    places = Counter(places_of(found))
    assert max(places.values()) == 1, "everything stands once"
    numbers: dict[str, set[int | None]] = defaultdict(set)
    for row in frames:
        numbers[row["sop_instance_uid"]].add(row["frame_number"])
    for row in rows:
        placed = {number for file_id, number in places if file_id == row["file_id"]}
        assert placed in ({None}, {1}, numbers[row["sop_instance_uid"]]), "whole, or all frames"
    assert {file_id for file_id, _ in places} == {row["file_id"] for row in rows}
    return found


def places_of(found: SeriesVerdict) -> list[tuple[str, int | None]]:
    """Return file and frame of everything a verdict speaks of; None is an object as a whole."""
    slices = [each for stack in found.stacks for each in stack.slices]
    slices += [each for rejection in found.rejections for each in rejection.slices]
    placed = [(each.file_id, each.frame_number or None) for each in slices]
    return placed + [(aside.file_id, aside.frame_number) for aside in found.set_aside]


def stack_rows(n: int = 6, *, first: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """Return the rows of a clean stack; a callable change is called with k."""
    return [
        slice_row(first + k, **{name: v(k) if callable(v) else v for name, v in changes.items()})
        for k in range(n)
    ]
