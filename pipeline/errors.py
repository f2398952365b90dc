"""The one error tree: what can end a command, with a stable code, the way out, and an exit code.

Bad input files never raise these: they get a status and a reason in `files`. No message holds a
value from a DICOM file. Every class pickles, so that an error crosses from a worker whole.
"""

from typing import ClassVar


class DicomLakeError(Exception):
    """Something that ends the command: one line for people, `fix` the way out."""

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message, fix)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        """Return the line that people see: what is wrong, then the way out."""
        return f"{self.message} {self.fix}".rstrip()


class UsageError(DicomLakeError):
    """The command, a setting or the place it points to is not usable as given."""

    code = "usage"
    exit_code = 2


class SettingsError(UsageError):
    """A setting is unknown or has a value it cannot take."""

    code = "settings"


class SourceError(UsageError):
    """A source is missing, overlaps another, or holds the lake itself."""

    code = "source"


class LakeNotFoundError(UsageError):
    """There is no lake, or no such version of it, where one was to be read."""

    code = "lake_not_found"


class LakeFormatError(UsageError):
    """The lake cannot be used by this code: unreadable manifest, newer format or schema."""

    code = "lake_format"


class CorruptLakeError(DicomLakeError):
    """A committed part is missing or damaged; writing on top would hide the loss."""

    code = "corrupt_lake"


class CommitConflictError(DicomLakeError):
    """Other runs won every attempt to commit; nothing of this run was committed."""

    code = "commit_conflict"


class ReconciliationError(DicomLakeError):
    """The files seen are not the sum of their statuses; nothing was committed."""

    code = "reconciliation"


class EngineError(DicomLakeError):
    """Work could not be done where it was sent: no scheduler, or workers that keep dying."""

    code = "engine"


class BlockedByRuleError(DicomLakeError):
    """A blocking rule on the candidate tables stopped the commit."""

    code = "blocked_by_rule"
    exit_code = 4
