"""Rows of the opt-in tables `elements` and `dicom_json`: whole headers, through pydicom.

pydicom finds the elements; their bytes become text by the parsers of this room, so that character
sets are honoured and no malformed value can stop a row. Bytes of bulk VRs are never kept. This is
the slow way by intention: it is for those who need everything.
"""

import hashlib
import json
import math
import os
import re
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.discovery.sniff import Encoding
from dicomlake.pipeline.headers.arrays import table
from dicomlake.pipeline.headers.attributes import PIXEL_DATA, SPECIFIC_CHARACTER_SET
from dicomlake.pipeline.headers.frames import Owner
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.numeric import BINARY
from dicomlake.pipeline.headers.pydicom_items import (
    items_of_data_set,
    pydicom_errors,
    silenced_pydicom,
)
from dicomlake.pipeline.headers.text import DEFAULT_CHARSET, Charset, charset_of, decode
from dicomlake.pipeline.headers.values import IN_CHARSET, ONE_TEXT, Raw
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables.dicom_json import DICOM_JSON
from dicomlake.schemas.tables.elements import ELEMENTS

if TYPE_CHECKING:  # what makes batches knows of the tables it makes
    from dicomlake.pipeline.headers.columns import Lineage

BULK: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""VRs whose bytes are never kept."""
_NAME_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")
_JSON_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,15}")
_JSON_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_VR: Final = re.compile("[A-Z]{2}")
_FIRST_BLOCK: Final = 0x10


class ElementRows:
    """Gathers the elements of a batch of instances, for the tables that are asked for."""

    def __init__(self, settings: HeaderSettings, lineage: "Lineage") -> None:
        """Start without rows.

        Args:
            settings: which of the tables are asked for, and the limits of a header.
            lineage: run, code and schema of the rows.
        """
        self._settings = settings
        self._lineage = lineage
        self._elements: list[dict[str, Any]] = []
        self._json: list[dict[str, Any]] = []

    def add(self, owner: Owner, header: bytes) -> tuple[Fault, ...]:
        """Add the elements of an instance whose header a reader has accepted.

        Args:
            owner: the instance.
            header: the bytes of its file, up to the pixels.
        """
        found = _data_set(header, self._settings)
        if found is None:
            return (Fault("elements_left_out"),)
        item, little = found
        data_set = _DataSet(item, DEFAULT_CHARSET, little)
        if self._settings.elements:
            self._elements += _element_rows(owner, data_set)
        if self._settings.dicom_json:
            text = json.dumps(_json_of(data_set), allow_nan=False, separators=(",", ":"))
            self._json.append(
                {
                    "sop_instance_uid": owner.sop_instance_uid,
                    "dicom_json": text,
                    "file_id": owner.file_id,
                }
            )
        return ()

    def elements(self) -> pa.Table:
        """Return the rows of `elements`."""
        return self._table(ELEMENTS, self._elements)

    def dicom_json(self) -> pa.Table:
        """Return the rows of `dicom_json`."""
        return self._table(DICOM_JSON, self._json)

    def _table(self, definition: Table, rows: list[dict[str, Any]]) -> pa.Table:
        lineage = {
            "run_id": self._lineage.run_id,
            "pipeline_version": self._lineage.pipeline_version,
            "schema_version": self._lineage.schema_version,
        }
        schema = definition.schema()
        columns = [[{**row, **lineage}[name] for row in rows] for name in schema.names]
        return table(columns, schema)


def header_bytes(descriptor: int, size: int, pixel_offset: int | None, limit: int) -> bytes:
    """Return the bytes of a file up to its pixels.

    Args:
        descriptor: of the open file.
        size: its size in bytes.
        pixel_offset: where the value of Pixel Data starts; None where the file has none, or they
            are deflated.
        limit: most bytes that are read.

    Raises:
        OSError: the file cannot be read.
    """
    end = min(size if pixel_offset is None else pixel_offset, limit)
    return os.pread(descriptor, end, 0)


def _data_set(raw: bytes, settings: HeaderSettings) -> tuple[Item, bool] | None:
    """Return the elements up to Pixel Data, and whether they are little endian.

    A deflated data set is inflated as a whole; a reader
    has held it to `headers.max_inflated_bytes` before. None where pydicom fails.
    """
    from pydicom import dcmread  # noqa: PLC0415  (slow import)

    try:
        with silenced_pydicom():
            found = dcmread(BytesIO(raw), stop_before_pixels=True, force=True)
            implicit, little = found.original_encoding
            encoding = Encoding(bool(implicit), little is not False)
            item = items_of_data_set(found, encoding, settings.max_depth)
    except pydicom_errors():
        return None
    return {tag: cell for tag, cell in item.items() if tag not in PIXEL_DATA}, encoding.little


class _DataSet:
    """A data set or item: its elements in order, and how their text is read."""

    def __init__(self, item: Item, charset: Charset, little: bool) -> None:
        self.little = little
        self.charset = charset
        own = item.get(SPECIFIC_CHARACTER_SET)
        if isinstance(own, Raw):
            self.charset, _ = charset_of(own.value)  # what is wrong with it is said elsewhere
        self._item = item
        pixels = item.get(0x00280103)
        self._signed = isinstance(pixels, Raw) and pixels.value.strip(b"\0") == b"\x01"
        self._creators = {
            tag: decode(cell.value, self.charset)[0].strip(" \0")
            for tag, cell in item.items()
            if isinstance(cell, Raw) and tag >> 16 & 1 and _FIRST_BLOCK <= tag & 0xFFFF <= 0xFF  # noqa: PLR2004  (elements that reserve blocks)
        }

    def __iter__(self) -> Iterator[tuple[int, str, "Raw | Items"]]:
        """Yield tag, VR and value of each element, in the order of tags."""
        for tag in sorted(self._item):
            cell = self._item[tag]
            yield tag, "SQ" if isinstance(cell, Items) else self._vr(tag, cell.vr), cell

    def inner(self, item: Item) -> "_DataSet":
        """Return an item of a sequence in it, which may have a character set of its own."""
        return _DataSet(item, self.charset, self.little)

    def creator(self, tag: int) -> str | None:
        """Return the Private Creator of a private element (PS3.5 section 7.8)."""
        if not tag >> 16 & 1 or tag & 0xFFFF <= 0xFF:  # noqa: PLR2004  (as above)
            return None
        return self._creators.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF) or None

    def _vr(self, tag: int, written: str) -> str:
        """Return the VR as written, else that of the dictionary."""
        if not written:
            return self._known_vr(tag)
        return written if _VR.fullmatch(written) else "UN"

    def _known_vr(self, tag: int) -> str:
        from pydicom.datadict import dictionary_VR, private_dictionary_VR  # noqa: PLC0415  (slow import)

        if tag in self._creators or tag & 0xFFFF == 0:
            return "LO" if tag & 0xFFFF else "UL"
        try:
            if tag >> 16 & 1:
                vr = private_dictionary_VR(tag, self.creator(tag) or "")
            else:
                vr = dictionary_VR(tag)
        except KeyError:
            return "UN"
        if vr == "US or SS":
            return "SS" if self._signed else "US"
        if vr.endswith("OW"):  # one of several
            return "OW"
        return vr if _VR.fullmatch(vr) else "UN"  # a delimiter out of place has none


def _element_rows(owner: Owner, data_set: _DataSet) -> list[dict[str, Any]]:
    from pydicom.datadict import keyword_for_tag  # noqa: PLC0415  (slow import)

    rows = []
    stack: list[tuple[str, Iterator[tuple[int, str, Raw | Items]], _DataSet]]
    stack = [("", iter(data_set), data_set)]
    while stack:
        prefix, elements, around = stack[-1]
        found = next(elements, None)
        if found is None:
            stack.pop()
            continue
        tag, vr, cell = found
        path = f"{prefix}{tag:08X}"
        row: dict[str, Any] = {
            "sop_instance_uid": owner.sop_instance_uid,
            "path": path,
            "tag": f"{tag:08X}",
            "keyword": keyword_for_tag(tag) or None,
            "private_creator": around.creator(tag),
            "vr": vr,
            "vm": None,
            "value": None,
            "length": None,
            "sha256": None,
            "file_id": owner.file_id,
        }
        if isinstance(cell, Items):
            row["vm"] = len(cell.items)
            for number in reversed(range(len(cell.items))):
                inner = around.inner(cell.items[number])
                stack.append((f"{path}[{number}].", iter(inner), inner))
        else:
            row |= _text_of(vr, cell.value, around)
        rows.append(row)
    return rows


def _text_of(vr: str, raw: bytes, data_set: _DataSet) -> dict[str, Any]:
    """Return the columns of a value: text and number of values, or its digest."""
    if vr in BULK and raw:
        return {"length": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    values = _values(vr, raw, data_set)
    if values is None:
        return {"length": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    text = "\\".join("" if value is None else str(value) for value in values)
    return {"vm": len(values), "value": text or None, "length": len(raw)}


def _values(vr: str, raw: bytes, data_set: _DataSet) -> list[Any] | None:
    """Return the values of an element that is no bulk: numbers of binary VRs, else texts.

    None where the bytes cannot be values of the VR; an empty list where there are none.
    """
    if vr == "AT" or vr in BINARY:
        return _binary_values(vr, raw, "<" if data_set.little else ">")
    charset = data_set.charset if vr in IN_CHARSET else DEFAULT_CHARSET
    text, _ = decode(raw, charset, is_name=vr == "PN")
    text = text.rstrip("\0 ")
    if not text:
        return []
    if vr in ONE_TEXT:
        return [text]
    strip: Callable[[str], str] = str.rstrip if vr == "UC" else str.strip
    return [strip(part) or None for part in text.split("\\")]


def _binary_values(vr: str, raw: bytes, order: str) -> list[Any] | None:
    code = order + ("HH" if vr == "AT" else BINARY[vr][0])
    if len(raw) % struct.calcsize(code):
        return None
    found = struct.iter_unpack(code, raw)
    if vr == "AT":
        return [f"{group:04X}{element:04X}" for group, element in found]
    return [number for (number,) in found]


# DICOM JSON.


def _json_of(data_set: _DataSet) -> dict[str, Any]:
    """Return a data set as a DICOM JSON model object (PS3.18 section F.2)."""
    made: dict[str, Any] = {}
    for tag, vr, cell in data_set:
        element: dict[str, Any] = {"vr": vr}
        values: list[Any] | None
        if isinstance(cell, Items):
            # No deeper than the setting `headers.max_depth`.
            values = [_json_of(data_set.inner(item)) for item in cell.items]
        elif vr in BULK:
            values = None
        else:
            found = _values(vr, cell.value, data_set)
            values = found and [_json_value(vr, value) for value in found]
        if tag == SPECIFIC_CHARACTER_SET and values:
            values = ["ISO_IR 192"]  # JSON is UTF-8, whatever the file was
        if values:
            element["Value"] = values
        made[f"{tag:08X}"] = element
    return made


def _json_value(vr: str, value: Any) -> Any:
    """Return a value as JSON has it; a number that JSON has no form for stays text, or is null."""
    if value is None:
        return None
    if vr == "PN":
        groups = [group.rstrip(" ") for group in value.split("=")]
        return {name: text for name, text in zip(_NAME_GROUPS, groups, strict=False) if text}
    if vr == "IS" and _JSON_INTEGER.fullmatch(value):
        return int(value)
    if vr == "DS" and _JSON_DECIMAL.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
