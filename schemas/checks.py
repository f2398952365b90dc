"""The checks that the values of a column must pass."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc


class Check(Protocol):
    """A rule that the non-null values of a column obey: the text people read, and the test."""

    @property
    def description(self) -> str:
        """Return the rule in words, as it stands in the documentation."""

    def violations(self, values: "pa.ChunkedArray[Any]") -> int:
        """Return how many non-null values break the rule."""


def _count_false(mask: "pa.ChunkedArray[Any] | pa.BooleanArray") -> int:
    return len(mask) - mask.null_count - int(pc.sum(mask).as_py() or 0)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of a fixed set of codes."""

    values: tuple[str, ...]

    @property
    def description(self) -> str:
        """Return the rule in words."""
        return "one of " + ", ".join(f"`{value}`" for value in self.values)

    def violations(self, values: "pa.ChunkedArray[Any]") -> int:
        """Return how many non-null values are not in the set."""
        # Counted by value: an Arrow array of the codes would import pandas into every run.
        counted: Any = pc.value_counts(values.drop_null())
        codes, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
        return sum(n for code, n in zip(codes, counts, strict=True) if code not in self.values)


@dataclass(frozen=True, slots=True)
class Codes:
    """The value, or each value of a list, is one of a set of codes; each code has its meaning."""

    meanings: Mapping[str, str]

    @property
    def description(self) -> str:
        """Return the rule in words; the codes have a table of their own."""
        return "one of the codes below"

    def violations(self, values: "pa.ChunkedArray[Any]") -> int:
        """Return how many non-null values are none of the codes."""
        if pa.types.is_list(values.type):
            flat: Any = pc.list_flatten(values)  # chunked as before, which the stubs do not know
            values = flat
        return OneOf(tuple(self.meanings)).violations(values)


@dataclass(frozen=True, slots=True)
class Matches:
    """The text matches a regular expression from its first to its last character."""

    pattern: str

    @property
    def description(self) -> str:
        """Return the rule in words."""
        return f"matches `{self.pattern}`"

    def violations(self, values: "pa.ChunkedArray[Any]") -> int:
        """Return how many non-null values do not match."""
        return _count_false(pc.match_substring_regex(values, f"^(?:{self.pattern})$"))


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The number is not below a minimum."""

    minimum: float

    @property
    def description(self) -> str:
        """Return the rule in words."""
        return f"at least {self.minimum:g}"

    def violations(self, values: "pa.ChunkedArray[Any]") -> int:
        """Return how many non-null values are below the minimum."""
        # A Python number here, or pa.scalar, would import pandas into every run.
        packed = pa.py_buffer(struct.pack("=d", self.minimum))
        minimum = pa.Array.from_buffers(pa.float64(), 1, [None, packed])[0]
        return _count_false(pc.greater_equal(values.cast(pa.float64()), minimum))
