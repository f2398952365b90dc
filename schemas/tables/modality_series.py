"""How series tables of one modality are made of `instances`: constants, and ranges of what varies.

A definition says for each of its columns which column of `instances` it sums up, and how, so that
one piece of code rolls up every such table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast
from dicomlake.schemas.column import LINEAGE, Column, Table, brought_by, take_columns
from dicomlake.schemas.tables.instances import INSTANCES

_KEYS = ("study_instance_uid", "series_instance_uid", "patient_key", "modality", "study_year")


class How(StrEnum):
    """How values of the instances of a series become one value; null counts nowhere."""

    COMMONEST = "commonest"
    """The commonest value, ties by text order; a list is one value."""
    MIN = "min"
    """The smallest; of a list column the smallest of all components."""
    MAX = "max"
    """The greatest; of a list column the greatest of all components."""
    COUNT = "count"
    """How many different ones; of a list column how many different components."""
    DISTINCT = "distinct"
    """The different ones, sorted; a text of several components is joined by a backslash."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A column of a series table, and what it sums up."""

    column: Column
    source: str
    """Column of `instances`."""
    how: How


@dataclass(frozen=True, slots=True)
class ModalitySeries:
    """A series table of one modality, and how it is made."""

    table: Table
    modality: str
    """Value of `series.modality` of the series that have a row."""
    summaries: Mapping[str, tuple[str, How]]
    """By column: the column of `instances` it sums up, and how. Keys, counts of instances and
    lineage are not among them."""


def constant(*names: str) -> tuple[Summary, ...]:
    """Return columns that hold the commonest value of instance columns, under their names."""
    return tuple(
        Summary(replace(INSTANCES.by_name[name], nullable=True), name, How.COMMONEST)
        for name in names
    )


def varying(*names: str) -> tuple[Summary, ...]:
    """Return `<name>_min`, `<name>_max` and `<name>_count` for each of the instance columns."""
    return tuple(each for name in names for each in _range(INSTANCES.by_name[name]))


def distinct(*names: str) -> tuple[Summary, ...]:
    """Return columns that list the different texts of instance columns, `<name>_values`."""
    return tuple(_values(INSTANCES.by_name[name]) for name in names)


def modality_series(
    name: str, modality: str, description: str, *summaries: tuple[Summary, ...]
) -> ModalitySeries:
    """Return the series table of a modality; key, partition and order are those of `series`."""
    each = tuple(summary for group in summaries for summary in group)
    table = Table(
        name=name,
        description=description,
        grain=f"series of modality {modality} within its study",
        key=("study_instance_uid", "series_instance_uid"),
        partition_by=("modality", "study_year"),
        columns=(
            *brought_by(
                2,
                take_columns(INSTANCES, _KEYS, required=_KEYS),
                tuple(summary.column for summary in each),
                Column("n_instances", pa.int64(), "Instances of the series.", nullable=False),
            ),
            *LINEAGE,
        ),
    )
    return ModalitySeries(
        table, modality, {summary.column.name: (summary.source, summary.how) for summary in each}
    )


def _range(source: Column) -> tuple[Summary, ...]:
    value = source.type.value_type if isinstance(source.type, pa.ListType) else source.type
    title = source.keyword or source.name
    return (
        *(
            Summary(
                Column(
                    f"{source.name}_{how}",
                    value,
                    f"{word} {title} of the instances. {source.description}",
                    rule=f"{how} of instances.{source.name}",
                    unit=source.unit,
                    level=source.level,
                    privacy=source.privacy,
                ),
                source.name,
                how,
            )
            for how, word in ((How.MIN, "Smallest"), (How.MAX, "Greatest"))
        ),
        Summary(
            Column(
                f"{source.name}_count",
                pa.int64(),
                f"Different values of {title} in the instances.",
                rule=f"number of different non-null values of instances.{source.name}",
                checks=(AtLeast(0),),
            ),
            source.name,
            How.COUNT,
        ),
    )


def _values(source: Column) -> Summary:
    title = source.keyword or source.name
    column = Column(
        f"{source.name}_values",
        pa.list_(pa.string()),
        f"Different values of {title} in the instances, sorted. {source.description}",
        rule=f"different non-null values of instances.{source.name}; components of one value are "
        "joined by a backslash",
        level=source.level,
        privacy=source.privacy,
    )
    return Summary(column, source.name, How.DISTINCT)
