"""Columns of Arrow as lists of Python values: what is alike in all rows is decoded once."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.types as kinds

from dicomlake.pipeline.series.slices import Triple

Pair = tuple[float, float]

_GREATEST: Final = 1e9
_LEAST_SPACING: Final = 1e-9
"""Bounds of coordinates and spacings, mm: inside, float64 keeps far more than any tolerance."""


class Cells:
    """The columns of some rows."""

    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows
        self._known: dict[str, list[Any]] = {}
        self.n = rows.num_rows

    def of(self, name: str) -> list[Any]:
        """Return the values of a column, None where null; lists as tuples."""
        if name not in self._known:
            self._known[name] = _values(self._array(name))
        return self._known[name]

    def derived(self, function: Callable[..., Any], *names: str) -> list[Any]:
        """Return a function of some columns, called once for each distinct set of values."""
        columns = [self.of(name) for name in names]
        if self.n and all(column.count(column[0]) == self.n for column in columns):
            return [function(*(column[0] for column in columns))] * self.n
        known: dict[tuple[Any, ...], Any] = {}
        results = []
        for values in zip(*columns, strict=True):
            if values not in known:
                known[values] = function(*values)
            results.append(known[values])
        return results

    def present(self, name: str) -> bool:
        """Return whether any row has a value."""
        return self._rows.column(name).null_count < self.n

    def positions(self) -> list[Triple | None]:
        """Return positions; a vector with a hole in it, or out of bounds, is none."""
        return self._vectors("image_position_patient", 3)

    def directions(self) -> list[tuple[Triple, Triple] | None]:
        """Return the direction of rows and that of columns, as written."""
        halves: dict[Any, Any] = {None: None}
        found = self._vectors("image_orientation_patient", 6)
        for each in found:
            if each not in halves:
                halves[each] = each[:3], each[3:]
        return [halves[each] for each in found]

    def spacings(self) -> list[Pair | None]:
        """Return the distance between rows and that between columns."""
        return [
            None if each is None or min(each) < _LEAST_SPACING else each
            for each in self._vectors("pixel_spacing", 2)
        ]

    def _vectors(self, name: str, n: int) -> list[Any]:
        """Return vectors of n usable numbers, None for others."""
        array = self._array(name)
        values = array.flatten()
        nulls = array.null_count + values.null_count
        if not nulls and (np.diff(raw(array.offsets)) == n).all():
            numbers = raw(values).reshape(-1, n)
            if _alike(numbers):
                return [_usable(numbers[0].tolist(), n)] * self.n
            if (np.abs(numbers) <= _GREATEST).all():
                return list(map(tuple, numbers.tolist()))
        return [_usable(each, n) for each in _values(array)]

    def _array(self, name: str) -> Any:
        column = self._rows.column(name)
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _usable(value: Sequence[float | None] | None, n: int) -> tuple[float, ...] | None:
    if value is None or len(value) != n:
        return None
    numbers = tuple(float(each) for each in value if each is not None)
    usable = len(numbers) == n and all(abs(each) <= _GREATEST for each in numbers)
    return numbers if usable else None


def _alike(numbers: npt.NDArray[Any]) -> bool:
    return len(numbers) > 0 and bool((numbers == numbers[0]).all())


def _values(array: Any) -> list[Any]:
    n = len(array)
    if array.null_count == n:
        return [None] * n
    kind = array.type
    if kinds.is_list(kind):
        return _tuples(array)
    if array.null_count or not (kinds.is_integer(kind) or kinds.is_floating(kind)):
        return _distinct(array)
    values = raw(array)
    if _alike(values):
        return [values[0].item()] * len(values)
    numbers: list[Any] = values.tolist()
    return numbers


def raw(array: Any) -> npt.NDArray[Any]:
    """Return the numbers of an array without nulls; no zero is negative.

    From its buffer: to ask the array itself for numpy would import pandas. A zero's sign says
    nothing, and which of two equal values stands for both must not depend on the order of rows.
    """
    dtype = np.dtype(array.type.to_pandas_dtype())
    start = array.offset * dtype.itemsize
    values = np.frombuffer(array.buffers()[1], dtype, count=len(array), offset=start)
    return values + 0.0 if dtype.kind == "f" else values


def _distinct(array: Any) -> list[Any]:
    """Return values of which each distinct one is decoded once."""
    encoded = array.dictionary_encode(null_encoding="encode")
    said = [
        each + 0.0 if isinstance(each, float) else each for each in encoded.dictionary.to_pylist()
    ]
    if len(said) == 1:
        return said * len(array)
    return [said[code] for code in raw(encoded.indices).tolist()]


def _tuples(array: Any) -> list[Any]:
    """Return lists as tuples; equal ones are one tuple."""
    values = _values(array.flatten())
    known: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    lengths = np.diff(raw(array.offsets)).tolist()
    found: list[Any] = []
    start = 0
    for there, length in zip(_present(array), lengths, strict=True):
        if not there:
            found.append(None)  # `flatten` leaves out what stands behind a null
            continue
        each = tuple(values[start : start + length])
        found.append(known.setdefault(each, each))
        start += length
    return found


def _present(array: Any) -> Sequence[Any]:
    """Return for each row whether it has a value."""
    bitmap = array.buffers()[0]
    if bitmap is None or array.null_count == 0:
        return [True] * len(array)
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    flags: list[int] = bits[array.offset : array.offset + len(array)].tolist()
    return flags
