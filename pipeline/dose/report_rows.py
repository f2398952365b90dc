"""Making a row from content items: values in the units of columns, and what was odd about them.

A quantity is converted by the unit beside it, never by its context; without one that is known the
column is null and the row says so, with the quantity as written.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from dicomlake.pipeline.dose.codes import (
    LATERALITY,
    NO,
    SIDES,
    YES,
    Code,
    Row,
    coded,
)
from dicomlake.pipeline.dose.content import Measured, Node, measured
from dicomlake.pipeline.dose.units import factor_to, is_conforming, scaled

_MOST_WRITTEN: Final = 4096
"""Characters of a quantity that is kept as written."""


class RowMaker:
    """A row of an event, an administration or a report in the making."""

    def __init__(self, **columns: object) -> None:
        """Start with what is known; nulls are left out."""
        self.row: Row = {name: value for name, value in columns.items() if value is not None}
        self.flags: set[str] = set()
        self._written: dict[str, str] = {}

    def part(self, **columns: object) -> "RowMaker":
        """Return the maker of a row below this one, whose oddities are told here."""
        part = RowMaker(**columns)
        part.flags = self.flags
        part._written = self._written
        return part

    def finished(self) -> Row:
        """Return the row, with its flags sorted and the quantities as written by column."""
        self.row["flags"] = sorted(self.flags)
        if self._written:
            self.row["raw_quantities"] = sorted(self._written.items())
        return self.row

    def number(
        self,
        column: str,
        nodes: Sequence[Node],
        unit: str,
        *,
        listed: str | None = None,
        zeros_count: bool = False,
    ) -> None:
        """Set a column to the value of NUM items of one concept; of several, to their mean.

        Args:
            column: that is set; stays null where nothing is measured.
            nodes: the items of the concept; one may hold a list.
            unit: of the column.
            listed: column of all values, where there is one.
            zeros_count: whether zeros go into the mean of several values; of pulses they do not.
        """
        values = self.values(column, nodes, unit)
        if not values:
            return
        self.row[column] = mean(values, of_those_not_zero=not zeros_count)
        if listed is not None:
            self.row[listed] = values
        if len(values) > 1:
            self.flags.add("several_values")

    def values(self, column: str, nodes: Sequence[Node], unit: str) -> list[float]:
        """Return the values of NUM items in the unit of a column; note what is odd of them."""
        found = measured(nodes) if nodes else None
        if found is None:
            return []
        if found.malformed:
            self._note("malformed_number", column, found)
        factor = None
        if found.unit is not None and found.one_unit:
            factor = factor_to(found.unit, unit)
        if factor is None and not found.one_unit:
            return self._each(column, nodes, unit, found)
        if factor is None:
            self._note("unknown_unit", column, found)
            return []
        if found.unit is not None and not is_conforming(found.unit):
            nodes[0].document.tolerated.add("misspelt_unit")
        if factor == 1:
            return list(found.values)
        self._note(None, column, found)
        return [scaled(value, factor) for value in found.values]

    def _each(self, column: str, nodes: Sequence[Node], unit: str, found: Measured) -> list[float]:
        """Return values that have units of their own, those of known ones."""
        values = []
        for node in nodes:
            for _, number, own in node.written():
                factor = None if own is None else factor_to(own, unit)
                if factor is None:
                    self._note("unknown_unit", column, found)
                elif number is not None:
                    values.append(scaled(number, factor))
        return values

    def _note(self, flag: str | None, column: str, found: Measured) -> None:
        if flag is not None:
            self.flags.add(flag)
        unit = "" if found.unit is None else f" {found.unit.value}"
        self._written[column] = f"{found.raw[:_MOST_WRITTEN]}{unit}"

    def count(self, column: str, nodes: Sequence[Node]) -> None:
        """Set a column to a whole number."""
        values = self.values(column, nodes[:1], "")
        if values and values[0].is_integer():
            self.row[column] = int(values[0])
        elif values:
            self.flags.add("malformed_number")

    def code(self, name: str, node: Node | None) -> Code | None:
        """Set the four columns of a coded value; text in its place is its meaning."""
        if node is None:
            return None
        code = node.code()
        if code is not None:
            self.row.update(
                {column: value for column, value in coded(name, code).items() if value is not None}
            )
        elif (text := node.text()) is not None:
            self.row[f"{name}_meaning"] = text
        return code

    def text(self, column: str, nodes: Iterable[Node | None]) -> None:
        """Set a column to the texts of items, in their order."""
        texts = [text for node in nodes if node is not None and (text := node.text())]
        if texts:
            self.row[column] = "; ".join(dict.fromkeys(texts))

    def start(self, column: str, *nodes: Node | None) -> None:
        """Set a time and its offset to the first of some items that has one."""
        for node in nodes:
            instant = None if node is None else node.instant()
            if instant is not None:
                self.row[column] = instant.at
                if instant.offset_minutes is not None:
                    self.row[f"{column}_offset_minutes"] = instant.offset_minutes
                return

    def yes_or_no(self, column: str, node: Node | None) -> None:
        """Set a column to what a code of yes or no says."""
        code = None if node is None else node.code()
        if code in (YES, NO):
            self.row[column] = code == YES

    def side(self, *nodes: Node | None) -> None:
        """Set laterality to what the first item says that says any: as a modifier, or itself."""
        known = [node for node in nodes if node is not None]
        modifiers = [modifier for node in known if (modifier := node.first(LATERALITY))]
        for node in (*modifiers, *known):
            code = node.code()
            if code is not None and code in SIDES:
                self.row["laterality"] = SIDES[code]
                return


def mean(values: Sequence[float], *, of_those_not_zero: bool) -> float:
    """Return the mean of values, of equal ones exactly; 0 where all are 0 and do not count.

    Args:
        values: at least one.
        of_those_not_zero: a pulse without X-rays does not count.
    """
    counted = [value for value in values if value] if of_those_not_zero else list(values)
    if not counted:
        return 0.0
    if min(counted) == max(counted):
        return counted[0]
    return math.fsum(counted) / len(counted)
