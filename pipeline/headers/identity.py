"""What a header must say of itself to be an instance."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from dicomlake.pipeline.headers.attributes import Attribute, attributes_of
from dicomlake.pipeline.headers.decode import Decoder, Value
from dicomlake.pipeline.headers.layout import Layout
from dicomlake.pipeline.headers.octets import RejectedHeaderError
from dicomlake.pipeline.headers.reader import RawHeader
from dicomlake.pipeline.headers.values import Context
from dicomlake.schemas.tables.instances import INSTANCES

_NEEDED: Final = ("sop_class_uid", "sop_instance_uid", "series_instance_uid", "study_instance_uid")
"""Columns without which a header is no instance; the first that is null is the reason."""
_USUAL_UID: Final = 1024


def without_identity(
    headers: Sequence[RawHeader], layout: Layout, decoder: Decoder, *, little: bool
) -> dict[int, RejectedHeaderError]:
    """Return which headers have no SOP Class UID or no identity, by their place.

    Args:
        headers: of one byte order.
        layout: of their cells.
        decoder: of the batch.
        little: whether they are little endian.
    """
    rejected: dict[int, RejectedHeaderError] = {}
    context = Context(little=little, max_values=decoder.max_values)
    for name in _NEEDED:
        attribute = attribute_called(name)
        slot = layout.slots[attribute.tag]
        cells: list[Value] = [header.cells[slot] for header in headers]  # type: ignore[misc]  # no sequence is a UID
        unusual = [cell for cell in set(cells) if not _is_usual_uid(cell)]
        none = {c for c in unusual if decoder.one(attribute, c, context).value is None}
        for place, cell in enumerate(cells) if none else ():
            if cell in none:
                rejected.setdefault(place, _refusal(name))
    return rejected


@lru_cache(maxsize=16)
def attribute_called(name: str) -> Attribute:
    """Return the attribute that a column of `instances` is copied from."""
    return next(each for each in attributes_of(INSTANCES) if each.name == name)


def _is_usual_uid(cell: Value) -> bool:
    """Return whether a cell is so much like a UID that it cannot come out as none."""
    if not isinstance(cell, bytes) or len(cell) > _USUAL_UID:
        return False
    return cell[:1].isalnum() and b"\\" not in cell


def _refusal(name: str) -> RejectedHeaderError:
    """Return why a header without the value of a column cannot be an instance."""
    if name == "sop_class_uid":
        return RejectedHeaderError("invalid", detail="no SOP Class UID")
    return RejectedHeaderError("missing_identity", detail=f"no {name}")
