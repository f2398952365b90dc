"""What a scan takes out of a data set, and how it says that it does not read one."""

from dataclasses import dataclass
from typing import NamedTuple

from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import Family, PrivateCell


class OddHeaderError(Exception):
    """A data set that the scan does not read; `why` is a stable code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Pixels(NamedTuple):
    """Where Pixel Data stands; `length` is `UNDEFINED` where it is encapsulated."""

    tag: int
    start: int
    value: int
    length: int


@dataclass(slots=True)
class Found:
    """What a scan took out of a data set."""

    cells: list[Cell]
    """By slot of the layout."""
    private: list[PrivateCell]
    """Private Creators and candidates of wanted private attributes, but for those of the series."""
    carriers: list[tuple[int, Items]]
    """Sequences that refer to instances, by tag."""
    end: int = 0
    """Offset where the header ends: at Pixel Data, or at the end of the file."""
    pixels: Pixels | None = None
    family: Family | None = None
    """Data sets that this one differs from in certain elements at most."""
    of_series: tuple[PrivateCell, ...] = ()
    """Private elements that all data sets of the series have: one object for all of them."""

    def all_private(self) -> tuple[PrivateCell, ...]:
        """Return all wanted private elements, in the order of tags."""
        if not self.private:
            return self.of_series
        return tuple(sorted((*self.of_series, *self.private)))
