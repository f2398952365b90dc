"""Schema versions: which one this code writes, and what changed in each.

A lake's manifest names the schema version it was written with. Code refuses to write a lake whose
version is newer than its own; it reads an older one and rewrites a table when it next commits.
"""

from typing import Final

from dicomlake.schemas.tables import TABLES

SCHEMA_VERSION: Final = 4
"""Version of the schema that this code writes."""

HISTORY: Final = {
    1: "First schema.",
    2: "Instances have the attributes of every modality, code sequences, dose and private ones; "
    "new tables frames, instance_references, ct_series, mr_series, pt_series, elements and "
    "dicom_json. Headers are read again.",
    3: "Volumes of multi-frame objects and compressed pixels; volumes have a preview and an SUV "
    "factor, instances the numbers of their concatenation, frames the names of what is malformed "
    "in them; new tables of doses. Headers are read again.",
    4: "New table changes: the keys that each version changed. Nothing is read again.",
}
"""What each version brought, for people; a new version is a new line here."""

HEADER_TABLES: Final = ("instances", "frames", "instance_references")
"""Tables whose rows are read from headers whenever a file is read."""


def reread_before() -> int:
    """Return the schema version from which on a row read from a header is complete.

    A row of an older version lacks columns that only the file can fill, so that its file is read
    again; a version that brings only derived columns or other tables asks for no reading.
    """
    return max(
        column.since
        for name in HEADER_TABLES
        if name in TABLES
        for column in TABLES[name].columns
        if name != "instances" or column.tag is not None or column.name == "private_attributes"
    )
