"""What a run did: plain values, the same for people, for `--json`, `runs.jsonl` and Prefect."""

import contextlib
import dataclasses
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

DONE: Final = 0
SOME_UNREAD: Final = 3

OUTSIDE: Final = frozenset({"skipped/permission", "skipped/io_error", "deferred/unsettled"})
"""Status and reason of files that somebody has to mend something for, then run again."""


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Files of the sources a run read."""

    seen: int
    read: int
    unchanged: int
    by_status: Mapping[str, int]
    by_reason: Mapping[str, int]
    """By `status/reason`, for the statuses that have a reason."""
    deleted: int = 0
    """Files that an earlier run saw and that are gone; they are not among those seen."""
    moved: int = 0
    """Files that an earlier run saw at another path; those seen are counted there."""
    deletes_withheld: int = 0
    readers: Mapping[str, int] = field(default_factory=dict)
    """Files read, by the reader that read their header."""
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    """Files that the fast reader left to pydicom, by reason."""
    outdated: int = 0
    """Files read again because an older schema lacks columns that stand in them."""
    resumed: int = 0
    """Files not read, because a run that did not end had read them; their rows were taken up."""

    @property
    def proof(self) -> str:
        """Return the sum that every run owes: files seen = sum of their statuses."""
        parts = [f"{count:,} {status}" for status, count in self.by_status.items()]
        sign = "=" if sum(self.by_status.values()) == self.seen else "≠"
        return f"{self.seen:,} files seen {sign} {' + '.join(parts) or '0'}"

    @property
    def outside(self) -> int:
        """Return how many files could not be read for reasons outside them."""
        return sum(count for reason, count in self.by_reason.items() if reason in OUTSIDE)


@dataclass(frozen=True, slots=True)
class VolumeCounts:
    """Series judged by a run, and what became of them."""

    series: int
    accepted: int
    rejected: Mapping[str, int]
    """Series and groups rejected, by reason."""
    unread: int = 0
    """Series of which a file was not as committed or could not be read; tried again next run."""


@dataclass(frozen=True, slots=True)
class DoseCounts:
    """Studies whose dose was read by a run, and what was found."""

    studies: int
    reports: int = 0
    events: int = 0
    """Irradiation events and administrations, counted or not."""
    exams: int = 0
    unsupported: int = 0
    """Dose reports of a template that is not read."""
    unread: int = 0
    """Studies with a report that could not be read; tried again next run."""
    gone: int = 0
    """Studies whose rows left with their objects."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The result of one run."""

    run_id: str
    command: str
    lake: str
    outcome: str
    """`committed`, `unchanged`, or `failed`."""
    version_before: int
    version_after: int
    started_at: str
    duration_s: float
    stages_s: Mapping[str, float]
    """Seconds of each stage, in order."""
    where: str
    """Where the work was done, in words."""
    workers: int
    tracked_at: str | None
    """Address of the Prefect record of this run; None when it was not tracked."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Names of the sources read, and their roots."""
    files: FileCounts | None = None
    volumes: VolumeCounts | None = None
    dose: DoseCounts | None = None
    tables: Mapping[str, int] = field(default_factory=dict)
    """Rows of every table in the version the run left."""
    peak_memory_bytes: int = 0
    """Greatest resident memory of this process."""
    error: str = ""

    @property
    def exit_code(self) -> int:
        """Return 0, or 3 when files outside their own fault were not read or deletes withheld."""
        unread = self.volumes is not None and self.volumes.unread > 0
        unread = unread or (self.dose is not None and self.dose.unread > 0)
        if self.files and (self.files.outside or self.files.deletes_withheld):
            unread = True
        return SOME_UNREAD if unread else DONE

    def as_json(self) -> dict[str, object]:
        """Return the summary as JSON values, the derived ones included."""
        document = dataclasses.asdict(self)
        if self.files is not None:
            document["files"] |= {"proof": self.files.proof, "outside": self.files.outside}
        return document | {"exit_code": self.exit_code if self.outcome != "failed" else 1}


def peak_memory() -> int:
    """Return the greatest resident memory of this process so far, in bytes."""
    # Not getrusage where it can be helped: on Linux it counts the parent's memory at the fork.
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
