"""The versions that a lake still has, each as its manifest tells of it; no part is opened."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dicomlake.pipeline.errors import LakeFormatError, LakeNotFoundError
from dicomlake.pipeline.tables.layout import require_lake, snapshot_numbers, version_numbers
from dicomlake.pipeline.tables.manifest import read_manifest


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version that can be read by its number, unless it is not `readable`."""

    number: int
    committed_at: str = ""
    """UTC, in ISO 8601; empty where the manifest cannot be read."""
    run_id: str = ""
    pipeline_version: str = ""
    schema_version: int = 0
    parts: int = 0
    rows: int = 0
    bytes: int = 0
    """Of its parts; most of them are also parts of its neighbours."""
    has_snapshot: bool = False
    """Other programs, and SQL, find its tables as folders."""
    readable: bool = True


def kept_versions(lake: Path) -> Iterator[KeptVersion]:
    """Yield the versions of a lake, the newest first; a manifest is read when it is asked for.

    Raises:
        LakeNotFoundError: there is no lake.
    """
    require_lake(lake)
    shown = set(snapshot_numbers(lake))
    for number in reversed(version_numbers(lake)):
        try:
            manifest = read_manifest(lake, number)
        except LakeNotFoundError:  # a clean-up took it just now
            continue
        except LakeFormatError:
            yield KeptVersion(number, has_snapshot=number in shown, readable=False)
            continue
        parts = [part for each in manifest.tables.values() for part in each]
        yield KeptVersion(
            number=number,
            committed_at=manifest.created_at,
            run_id=manifest.run_id,
            pipeline_version=manifest.pipeline_version,
            schema_version=manifest.schema_version,
            parts=len(parts),
            rows=sum(part.rows for part in parts),
            bytes=sum(part.bytes for part in parts),
            has_snapshot=number in shown,
        )
