"""The moment of commit: a manifest gets its name in `versions/`, unless another has it.

With hard links that is one `link`. Without, the version is claimed by making the folder
`versions/N.claim`, which stays, and the claimant then renames its manifest.
"""

import logging
import os
from pathlib import Path
from typing import Final

from dicomlake.pipeline.errors import CommitConflictError
from dicomlake.pipeline.tables.durable import NO_LINKS, put_if_absent, sync_folder, write_synced
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import claim_path, manifest_path
from dicomlake.pipeline.tables.locks import Writer, commit_lock, is_alive, remove
from dicomlake.pipeline.tables.manifest import Manifest

_OWNER: Final = "owner"

_log = logging.getLogger(__name__)


def publish_manifest(writer: Writer, manifest: Manifest) -> bool:
    """Commit a version (steps 2 and 3).

    Returns:
        True when the version is committed; False when another writer has its number.

    Raises:
        CommitConflictError: the number is claimed by a writer that may still be alive.
        OSError: the disk failed; the version is not committed.
    """
    versions = writer.lake / "versions"
    temporary = writer.temporary(versions, ".json")
    write_synced(temporary, manifest.to_bytes(), writer.access, "manifest")
    try:
        reach("version.publish")
        target = manifest_path(writer.lake, manifest.version)
        try:
            won = put_if_absent(temporary, target)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            won = _put_by_claim(writer, temporary, manifest.version)
    finally:
        temporary.unlink(missing_ok=True)
    if won:
        _sync_versions(versions, manifest.version)
    return won


def _sync_versions(versions: Path, number: int) -> None:
    """Make the committed name durable. The version stands already: an error is only told."""
    try:
        reach("versions.sync")
        sync_folder(versions)
    except OSError as error:
        _log.warning(
            "version %d is committed, but the disk failed to confirm it (%s)",
            number,
            os.strerror(error.errno or 0),
        )


def _put_by_claim(writer: Writer, temporary: Path, number: int) -> bool:
    """Put the manifest without hard links; whoever makes the claim's folder has the number.

    Claims are made and filled under the lake's lock, so on one host a claim without a manifest
    that is met under the lock belongs to a writer that died.
    """
    claim = claim_path(writer.lake, number)
    target = manifest_path(writer.lake, number)
    with commit_lock(writer.lake, writer.access):
        if target.exists():
            return False
        try:
            claim.mkdir(mode=writer.access.folder_mode)
        except FileExistsError:
            if target.exists():
                return False
            _require_dead(writer.lake, claim)
            remove(claim)
            claim.mkdir(mode=writer.access.folder_mode)
        write_synced(claim / _OWNER, writer.id.encode(), writer.access)
        temporary.rename(target)
    return True


def _require_dead(lake: Path, claim: Path) -> None:
    try:
        owner = (claim / _OWNER).read_text()
    except FileNotFoundError:
        return  # died between making the claim and signing it
    if is_alive(lake, owner):
        raise CommitConflictError(
            f"{claim} is held by another run.",
            "Try again when it is done; if no dicomlake runs on any host, remove that folder.",
        )
