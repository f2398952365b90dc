"""Items of a sequence as pydicom reads them, broken ones too, in any encoding."""

import logging
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

from dicomlake.pipeline.discovery.sniff import UNDEFINED, Encoding
from dicomlake.pipeline.headers.attributes import SPECIFIC_CHARACTER_SET
from dicomlake.pipeline.headers.items import NO_ITEMS, Item, Items
from dicomlake.pipeline.headers.structure import ITEM_BYTES_BIG, ITEM_BYTES_LITTLE
from dicomlake.pipeline.headers.values import Raw

_HEADER: Final = 8
"""Bytes of the header of an item."""


def pydicom_items(raw: bytes, encoding: Encoding, max_depth: int) -> Items:
    """Return the items of a sequence as pydicom reads them, in any encoding.

    Items are read one by one: what a broken one hides does not take those before it along, and
    the result says that it is not whole.

    Args:
        raw: value of the sequence, without the delimiter that ends one of undefined length.
        encoding: that of the data set; of a sequence in UN, implicit little endian.
        max_depth: sequences that may be nested; what is deeper is kept as bytes.
    """
    with silenced_pydicom():
        return _read_items(raw, encoding, max_depth)


@contextmanager
def silenced_pydicom() -> Iterator[None]:
    """Keep pydicom from saying the value of a character set that it does not know."""
    logger = logging.getLogger("pydicom")
    was_disabled = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = was_disabled


def pydicom_errors() -> tuple[type[Exception], ...]:
    """Return what pydicom was seen to raise on broken input; an OSError has no number then.

    Their messages may hold values of the file: only their names may be told.
    """
    from pydicom.errors import BytesLengthException, InvalidDicomError  # noqa: PLC0415  (slow import)

    return (InvalidDicomError, BytesLengthException, NotImplementedError, RecursionError,
            ArithmeticError, LookupError, ValueError, TypeError, AttributeError, EOFError, OSError,
            struct.error, zlib.error)  # fmt: skip


def items_of_data_set(data_set: Any, encoding: Encoding, max_depth: int) -> Item:
    """Return the elements of a data set of pydicom by tag, with bytes or items as values.

    Args:
        data_set: a pydicom Dataset whose elements were not touched since it was read.
        encoding: its encoding.
        max_depth: sequences that may be nested; what is deeper is kept as bytes.
    """
    return _item_of(data_set, encoding, max_depth + 1)[0]


def _read_items(raw: bytes, encoding: Encoding, depth_left: int) -> Items:
    from pydicom.filereader import read_sequence_item  # noqa: PLC0415  (slow import)

    broken = pydicom_errors()
    stream = BytesIO(raw)
    items: list[Item] = []
    all_whole = True
    while (at := stream.tell()) < len(raw):
        if not raw.startswith(_mark(encoding), at):
            return Items(tuple(items), whole=False)
        try:
            data_set = read_sequence_item(stream, encoding.implicit, encoding.little, "iso8859")
            item, whole = _item_of(data_set, encoding, depth_left)
        except broken:
            item, whole = {}, False
        end = _defined_end(raw, at, encoding)
        if end is not None and stream.tell() != end:
            whole = False
            stream.seek(min(end, len(raw)))
        elif end is None and not whole:
            return Items((*items, item) if item else tuple(items), whole=False)
        all_whole = all_whole and whole
        items.append(item)
    return Items(tuple(items), all_whole) if items else NO_ITEMS


def _defined_end(raw: bytes, at: int, encoding: Encoding) -> int | None:
    """Return where the item at an offset ends by its own length, None where that is undefined."""
    length = int.from_bytes(raw[at + 4 : at + 8], "little" if encoding.little else "big")
    return None if length == UNDEFINED else at + _HEADER + length


def _mark(encoding: Encoding) -> bytes:
    return ITEM_BYTES_LITTLE if encoding.little else ITEM_BYTES_BIG


def _item_of(data_set: Any, encoding: Encoding, depth_left: int) -> tuple[Item, bool]:
    """Return the elements of a data set of pydicom, and whether each of them is all there."""
    item: dict[int, Raw | Items] = {}
    whole = True
    for element in data_set.values():  # raw; `data_set[tag]` and `get_item` would convert some
        value, complete = _value_of(element, encoding, depth_left)
        item[int(element.tag)] = value
        whole = whole and complete
    return item, whole


def _value_of(element: Any, encoding: Encoding, depth_left: int) -> tuple[Raw | Items, bool]:
    """Return a raw element's bytes or items; an element that pydicom parsed is a sequence."""
    value = _as_bytes(element)
    vr = element.VR or ""
    if vr == "SQ" and not isinstance(value, bytes | None):
        return _nested(value, encoding, depth_left)
    value = value or b""
    length = getattr(element, "length", len(value))
    if length not in (len(value), UNDEFINED):
        return Raw(vr, value), False
    if not value and (vr == "SQ" or length == UNDEFINED):
        return NO_ITEMS, True
    # An element without VR among such with one is implicit; items in UN are, and little endian.
    implicit = getattr(element, "is_implicit_VR", False) or vr in ("", "UN")
    inner = Encoding(implicit, vr == "UN" or encoding.little)
    if vr == "SQ" or (vr in ("", "UN") and value.startswith(_mark(inner))):
        if depth_left <= 1:
            return Raw(vr, value), False
        items = _read_items(value, inner, depth_left - 1)
        return items, items.whole
    return Raw(vr, value), True


def _as_bytes(element: Any) -> Any:
    """Return the value of an element; that of Specific Character Set pydicom may have read."""
    value = element.value
    if element.tag != SPECIFIC_CHARACTER_SET or isinstance(value, bytes | None):
        return value
    terms = [value] if isinstance(value, str) else value
    return "\\".join(terms).encode("ascii", "replace")


def _nested(data_sets: Iterable[Any], encoding: Encoding, depth_left: int) -> tuple[Items, bool]:
    """Return the items of a sequence of undefined length, which pydicom has parsed already."""
    if depth_left <= 1:
        return Items((), whole=False), False
    items: list[Item] = []
    whole = True
    for data_set in data_sets:
        item, complete = _item_of(data_set, encoding, depth_left - 1)
        items.append(item)
        whole = whole and complete
    return (Items(tuple(items), whole) if items else NO_ITEMS), whole
