"""Why a series or group is no volume: a code of the rules, and what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason that rejects, as it stands in `volumes.reason`, and its `detail`."""

    reason: str
    detail: Mapping[str, Any] = field(default_factory=dict)
