"""What a verification says of a lake."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding means loss or only disorder."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the manifests say."""

    code: str
    severity: Severity
    path: str
    """Relative to the lake."""
    detail: str
