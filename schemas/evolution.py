"""Schema versions: which one this code writes, and what changed in each.

A lake's manifest names the schema version it was written with. Code refuses to write a lake whose
version is newer than its own; it reads an older one and rewrites a table when it next commits.
"""

from typing import Final

SCHEMA_VERSION: Final = 1
"""Version of the schema that this code writes."""

HISTORY: Final = {1: "First schema."}
"""What each version brought, for people; a new version is a new line here."""
