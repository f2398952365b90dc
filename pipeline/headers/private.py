"""The private attributes that the settings name, as one map from name to text."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa

from dicomlake.config.settings import PrivateAttribute
from dicomlake.pipeline.headers.arrays import map_array
from dicomlake.pipeline.headers.attributes import Attribute
from dicomlake.pipeline.headers.decode import Decoder, plain
from dicomlake.pipeline.headers.layout import PrivateKey, private_key
from dicomlake.pipeline.headers.temporal import Moment
from dicomlake.pipeline.headers.text import Problem
from dicomlake.pipeline.headers.values import Context, Raw

COLUMN: Final = "private_attributes"
_EPOCH: Final = datetime.datetime(1970, 1, 1)


@lru_cache(maxsize=8)
def private_attributes(named: tuple[PrivateAttribute, ...]) -> tuple[Attribute, ...]:
    """Return the private attributes that the settings name."""
    return tuple(
        Attribute(
            each.name,
            each.name,
            each.group << 16 | each.element,
            each.vr,
            many=True,
            as_float=False,
            vm_min=1,
            vm_max=None,
            creator=each.creator,
        )
        for each in named
    )


class PrivateValues:
    """Fills the column of private attributes."""

    def __init__(self, attributes: tuple[Attribute, ...]) -> None:
        self._attributes = attributes

    def column(
        self,
        values: Sequence[Mapping[PrivateKey, Raw]],
        contexts: Sequence[Context],
        decoder: Decoder,
        fault: Callable[[int, int, Sequence[Problem]], None],
    ) -> "pa.Array[Any]":
        """Return the values by name for each data set, null where it has none of them.

        Args:
            values: the private values of each data set.
            contexts: how each of them is read.
            decoder: of the batch.
            fault: takes row, tag and what is wrong with its value.
        """
        rows: list[Mapping[str, str] | None] = [None] * len(values)
        for attribute in self._attributes:
            key = private_key(attribute)
            for row, found in enumerate(values):
                raw = found.get(key)
                if raw is None:
                    continue
                parsed = decoder.one(attribute, plain(raw, attribute.vr), contexts[row])
                if parsed.problems:
                    fault(row, attribute.tag, parsed.problems)
                if parsed.value is not None:
                    parts = parsed.value if isinstance(parsed.value, list) else [parsed.value]
                    text = "\\".join(_text(attribute.vr, each) for each in parts)
                    rows[row] = {**(rows[row] or {}), attribute.name: text}
        return map_array(rows)


def _text(vr: str, value: object) -> str:
    """Return a value as text; dates and times as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, Moment):
        return (_EPOCH + datetime.timedelta(microseconds=value.local_us)).isoformat()
    if vr == "DA" and isinstance(value, int):
        return (_EPOCH.date() + datetime.timedelta(days=value)).isoformat()
    if vr == "TM" and isinstance(value, int):
        return (_EPOCH + datetime.timedelta(microseconds=value)).time().isoformat()
    if isinstance(value, tuple):  # the groups of a PN
        return "=".join(group or "" for group in value).rstrip("=")
    return str(value)
