"""The tables of a lake, one file each."""

from collections.abc import Mapping
from typing import Final

from dicomlake.schemas.column import Table
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES
from dicomlake.schemas.tables.patients import PATIENTS
from dicomlake.schemas.tables.runs import RUNS
from dicomlake.schemas.tables.series import SERIES
from dicomlake.schemas.tables.studies import STUDIES
from dicomlake.schemas.tables.volume_instances import VOLUME_INSTANCES
from dicomlake.schemas.tables.volumes import VOLUMES

__all__ = [
    "FILES",
    "INSTANCES",
    "ISSUES",
    "PATIENTS",
    "RUNS",
    "SERIES",
    "STUDIES",
    "TABLES",
    "VOLUMES",
    "VOLUME_INSTANCES",
    "table",
]

TABLES: Final[Mapping[str, Table]] = {
    each.name: each
    for each in (
        FILES,
        INSTANCES,
        SERIES,
        STUDIES,
        PATIENTS,
        VOLUMES,
        VOLUME_INSTANCES,
        ISSUES,
        RUNS,
    )
}
"""Every table of a lake by its name; each version of a lake holds all of them."""


def table(name: str) -> Table:
    """Return the definition of a table.

    Raises:
        KeyError: there is no table of that name.
    """
    return TABLES[name]
