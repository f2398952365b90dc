"""Named places where a run can be made to fail, so that tests can prove what a failure leaves.

Armed only through the environment, so that a test arms them in another process:
`DICOMLAKE_FAULT=point[:kind[:nth]]`. The kinds are `kill` and `term` (SIGKILL and SIGTERM to the
own process) and the errors `enospc`, `eio`, `eacces`; `nth` (from 1) picks a later passage.
"""

import errno
import os
import signal
from collections import Counter
from typing import Final

VARIABLE: Final = "DICOMLAKE_FAULT"

POINTS: Final = (
    "part.open",
    "part.write",
    "part.sync",
    "part.rename",
    "data.sync",
    "manifest.open",
    "manifest.write",
    "manifest.sync",
    "version.publish",
    "versions.sync",
    "snapshot.create",
    "snapshot.link",
    "snapshot.sync",
    "snapshot.rename",
    "snapshots.sync",
    "current.lock",
    "current.create",
    "current.replace",
    "current.sync",
    "runs.append",
)
"""Every point of a commit, in the order it passes them; each lies just before its action."""

STAGING_POINTS: Final = ("batch.write", "batch.staged")
"""Passed once a batch: before its folder gets its name, and right after."""

RUN_POINTS: Final = (
    "spill.open",
    "spill.write",
    "rows.write",
    "shard.write",
    "volume.publish",
    "picture.publish",
)
"""Passed by a run outside of its commits: what is planned, what is staged, and volumes."""

VACUUM_POINTS: Final = (
    "vacuum.versions",
    "vacuum.snapshots",
    "vacuum.parts",
    "vacuum.volumes",
    "vacuum.look",
    "vacuum.remove",
    "vacuum.staging",
)
"""Passed by a vacuum in this order; each lies just before a thing of its kind is moved or goes."""

COMMIT_POINT: Final = "version.publish"
"""The last point at which a failure leaves the old version; after its action the new one stands."""

ERRORS: Final = {"enospc": errno.ENOSPC, "eio": errno.EIO, "eacces": errno.EACCES}

SIGNALS: Final = {"kill": signal.SIGKILL, "term": signal.SIGTERM}

_ALL: Final = frozenset({*POINTS, *STAGING_POINTS, *RUN_POINTS, *VACUUM_POINTS})
_passages: Counter[str] = Counter()


def reach(point: str) -> None:
    """Fail here if the environment says so; otherwise do nothing.

    Args:
        point: one of the points above.

    Raises:
        OSError: the armed error.
        ValueError: the environment names a point or kind that does not exist.
    """
    armed = os.environ.get(VARIABLE)
    if not armed:
        return
    name, _, rest = armed.partition(":")
    kind, _, nth = rest.partition(":")
    if name not in _ALL or (kind or "kill") not in {*SIGNALS, *ERRORS}:
        raise ValueError(f"{VARIABLE}: no such fault: {armed}")
    if name != point:
        return
    _passages[point] += 1
    if _passages[point] != int(nth or 1):
        return
    if kind in ERRORS:
        raise OSError(ERRORS[kind], os.strerror(ERRORS[kind]), point)
    os.kill(os.getpid(), SIGNALS[kind or "kill"])
