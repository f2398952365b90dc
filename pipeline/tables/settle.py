"""Who is the instance when several live files claim one SOP Instance UID.

The outcome depends on the set of live files alone: never on names of runs, times of modification,
or which file came first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.pixels.content import Content

ClaimStatus = Literal["ingested", "duplicate", "conflict", "skipped", "deferred"]

CLAIM_STATUSES: Final = ("ingested", "duplicate", "conflict")
"""Statuses of a file that claims a SOP Instance UID."""

PIXELS_NOT_COMPARABLE: Final = "pixels_not_comparable"
UNSETTLED: Final = "unsettled"


@dataclass(frozen=True, slots=True)
class Claim:
    """A live file that claims the UID, and its content."""

    file_id: str
    source: str
    path: str
    content: Content
    """`content_sha256` alone is enough where all claims have the same one."""
    incumbent: bool = False
    """The committed row of this file is `ingested` under this UID, and the file is unchanged."""
    committed: bool = False
    """The file is unchanged since the version built on."""

    @property
    def order(self) -> tuple[bytes, bytes]:
        """Return what the lowest claim is lowest by: source and path as bytes."""
        return self.source.encode(), decode_path(self.path)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file becomes."""

    file_id: str
    status: ClaimStatus
    reason: str | None = None
    content_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of one UID; files without a verdict keep the row they have."""

    winner: str
    verdicts: tuple[Verdict, ...]
    dispute: str = ""
    """How other contents differ from the winner's, as codes; empty where none does."""


def needs_details(contents: Sequence[Content]) -> bool:
    """Return whether contents differ, so that settling needs all of their digests."""
    digests = {content.content_sha256 for content in contents}
    return len(digests) > 1 and any(content.attributes_sha256 is None for content in contents)


def settle(claims: Sequence[Claim]) -> Settlement:
    """Decide between the claims of one UID.

    Equal content: the lowest (source, path) in byte order is `ingested`, the others `duplicate`.
    Other content: the class with the latest Content Date and Time wins, then the greatest content
    digest; its lowest path is `ingested`, its siblings `duplicate`, all others `conflict`. While a
    claim cannot be read, the file that was ingested stays and new claims wait; without such a
    file those that can be read are settled and the unreadable ones wait.

    Args:
        claims: at least one; each file once.
    """
    ordered = sorted(claims, key=lambda claim: claim.order)
    readable = [claim for claim in ordered if claim.content.content_sha256 is not None]
    unreadable = [claim for claim in ordered if claim.content.content_sha256 is None]
    incumbent = next((claim for claim in ordered if claim.incumbent), None)
    if unreadable and incumbent:
        waiting = tuple(_waiting(claim) for claim in ordered if not claim.committed)
        return Settlement(incumbent.file_id, waiting)
    if not readable:
        first, *others = unreadable
        return Settlement(
            first.file_id,
            (Verdict(first.file_id, "ingested"), *(_waiting(claim) for claim in others)),
        )
    settled = _by_content(readable)
    return Settlement(
        settled.winner,
        settled.verdicts + tuple(_waiting(claim) for claim in unreadable),
        settled.dispute,
    )


def _waiting(claim: Claim) -> Verdict:
    """Return the verdict of a file to be tried again: it, or another claim, cannot be read."""
    if claim.content.content_sha256 is not None:
        return Verdict(claim.file_id, "deferred", UNSETTLED)
    fault = claim.content.fault or "io_error"
    return Verdict(claim.file_id, "deferred" if fault == "unstable" else "skipped", fault)


def _by_content(claims: Sequence[Claim]) -> Settlement:
    """Settle readable claims, which stand in the order of source and path."""
    best = max(
        (claim.content for claim in claims),
        key=lambda content: (
            content.content_date,
            content.content_time,
            content.content_sha256 or "",
        ),
    )
    winner = next(c for c in claims if c.content.content_sha256 == best.content_sha256)
    verdicts, disputes = [], set()
    for claim in claims:
        content = claim.content
        status: ClaimStatus = "conflict"
        reason = None
        if content.content_sha256 == best.content_sha256:
            status = "ingested" if claim is winner else "duplicate"
        else:
            dispute = _difference(content, best)
            disputes.add(dispute)
            reason = PIXELS_NOT_COMPARABLE if dispute == "undecided" else None
        verdicts.append(Verdict(claim.file_id, status, reason, content.content_sha256))
    return Settlement(winner.file_id, tuple(verdicts), ",".join(sorted(disputes)))


def _difference(content: Content, best: Content) -> str:
    if content.attributes_sha256 != best.attributes_sha256:
        return "attributes_differ"
    if content.pixels_comparable and best.pixels_comparable:
        return "pixels_differ"
    return "undecided"
