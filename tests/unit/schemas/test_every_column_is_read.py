"""A file that holds every attribute fills every column, each with the value of its own place."""

import re
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from make.both_readers import read
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from dicomlake.schemas.column import Column
from dicomlake.schemas.tables.instances import INSTANCES

COPIED = [column for column in INSTANCES.columns if column.tag is not None]
FIXED: dict[str, Any] = {
    "modality_raw": "CT",
    "specific_character_set": "ISO_IR 192",
    "transfer_syntax_uid": "",
}
ITEMS = 2


def written(column: Column, number: int) -> Any:
    """Return a value that only this attribute has, as pydicom takes it."""
    if column.name in FIXED:
        return FIXED[column.name]
    day, clock = (
        f"2024{number % 12 + 1:02}{number % 28 + 1:02}",
        f"{number % 24:02}{number % 60:02}",
    )
    return {
        "AS": f"{number % 90 + 1:03}Y",
        "CS": f"V{number}",
        "DA": day,
        "DS": f"{number}.5",
        "DT": f"{day}{clock}00",
        "FD": number + 0.25,
        "FL": number + 0.25,
        "IS": str(number),
        "PN": f"Name{number}^Given",
        "SS": number,
        "TM": f"{clock}30",
        "UI": f"1.2.{number}",
        "UL": number,
        "US": number,
        "US or SS": number,
    }.get(column.vr, f"Text {number}")


def read_back(column: Column, number: int) -> Any:
    """Return what the column must hold of that value."""
    value = written(column, number)
    if column.vr == "DA":
        return date(int(value[:4]), int(value[4:6]), int(value[6:]))
    if column.vr == "TM":
        return time(int(value[:2]), int(value[2:4]), int(value[4:]))
    if column.vr == "DT":
        parts = [int(value[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12))]
        return datetime(*parts)  # type: ignore[arg-type]  # five integers
    if column.vr == "PN":
        return {"alphabetic": value, "ideographic": None, "phonetic": None}
    if column.vr in {"DS", "IS"}:
        return float(value) if column.vr == "DS" else int(value)
    return value


def place(dataset: Dataset, column: Column, number: int) -> None:
    """Put the value of a column where it is read: at the top, or in items of a sequence."""
    holders = [dataset]
    for depth, tag in enumerate(column.within):
        innermost = depth == len(column.within) - 1
        many = innermost and column.every_item
        found = []
        for holder in holders:
            if tag not in holder:
                holder.add_new(tag, "SQ", [])
            items = holder[tag].value
            while len(items) < (ITEMS if many else 1):
                items.append(Dataset())
            found += list(items) if many else [items[0]]
        holders = found
    for step, holder in enumerate(holders):
        put(holder, column, number + 1000 * step)


def put(holder: Dataset, column: Column, number: int) -> None:
    assert column.tag is not None
    value = written(column, number)
    least = int(re.match(r"\d+", column.vm).group())  # type: ignore[union-attr]  # it begins so
    if least > 1:
        value = [value] * least
    if column.creator:
        block = holder.private_block(column.tag >> 16, column.creator, create=True)
        block.add_new(column.tag & 0xFF, column.vr, value)
    else:
        holder.add_new(column.tag, "US" if column.vr == "US or SS" else column.vr, value)


def full_file(folder: Path, syntax: str) -> str:
    """Write a file with every attribute that a column is copied from; return its name."""
    dataset = Dataset()
    for number, column in enumerate(COPIED, 1):
        place(dataset, column, number)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.ImplementationClassUID = generate_uid(entropy_srcs=["full"])
    dcmwrite(folder / "full.dcm", dataset, enforce_file_format=True)
    return "full.dcm"


@pytest.mark.parametrize("reader", ["fast", "pydicom"])
@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=["explicit", "implicit"]
)
def test_every_attribute_reaches_its_column(tmp_path: Path, syntax: str, reader: str) -> None:
    got = read(tmp_path, [full_file(tmp_path, syntax)], reader)
    assert got.files["status"].to_pylist() == ["ingested"]
    assert got.files["reader"].to_pylist() == [reader]
    (row,) = got.instances.to_pylist()
    wrong = {}
    for number, column in enumerate(COPIED, 1):
        value = read_back(column, number)
        if column.every_item:
            value = [read_back(column, number + 1000 * step) for step in range(ITEMS)]
        elif column.multi_valued:
            value = [value] * max(1, int(column.vm.split("-")[0]))
        if row[column.name] != value:
            wrong[column.name] = (row[column.name], value)
    assert wrong == {}
    assert row["invalid_attributes"] is None
