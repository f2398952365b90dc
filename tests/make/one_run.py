"""A whole run in this process, and what it left: the lake as its tables tell it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dicomlake import Lake
from dicomlake.config.settings import Settings, load_settings
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.pipeline.volumes.store import open_volume

Row = dict[str, Any]


class _Silent:
    def advance(self, files: int, size: int = 0) -> None: ...


@contextmanager
def _no_meter(*_: object) -> Iterator[Progress]:
    yield _Silent()


@dataclass(frozen=True)
class Outcome:
    """A lake after a run, and the tree that it was made from."""

    root: Path
    lake: Path

    def _rows(self, table: str) -> list[Row]:
        rows: list[Row] = Lake(self.lake).table(table).to_arrow().to_pylist()
        return rows

    @cached_property
    def files(self) -> dict[str, Row]:
        """Rows of `files` by file_id."""
        return {row["file_id"]: row for row in self._rows("files")}

    @cached_property
    def volumes(self) -> list[Row]:
        return self._rows("volumes")

    @cached_property
    def placed(self) -> list[Row]:
        """Rows of `volume_instances`."""
        return self._rows("volume_instances")

    def path(self, file_id: str) -> Path:
        """Return where a file stands; names in these trees need no decoding."""
        return self.root / self.files[file_id]["path"]

    def of_series(self, series: str) -> list[Row]:
        """Return the volumes of a series, by channel."""
        rows = [row for row in self.volumes if row["series_instance_uid"] == series]
        return sorted(rows, key=lambda row: (_number(row["channel_value"]), row["volume_id"]))

    def aside(self, series: str) -> list[Row]:
        """Return the rows of a series that are no slices."""
        return [
            row
            for row in self.placed
            if row["series_instance_uid"] == series and row["role"] != "slice"
        ]

    def slices(self, volume: Row) -> list[Row]:
        """Return the rows of the slices of a volume, in order."""
        rows = [
            row
            for row in self.placed
            if row["volume_id"] == volume["volume_id"] and row["role"] == "slice"
        ]
        return sorted(rows, key=lambda row: row["slice_index"])

    def voxels(self, volume: Row) -> npt.NDArray[Any]:
        """Return the voxels of a volume, [z, y, x]."""
        return np.asarray(open_volume(self.lake / volume["path"])[:])

    def bytes_of_volumes(self) -> dict[str, str]:
        """Return the digest of every file of every volume, by its path in the lake."""
        return {
            str(path.relative_to(self.lake)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.lake / "volumes").rglob("*")
            if path.is_file()
        }

    def by_folder(self) -> dict[str, list[Row]]:
        """Return the volumes by the first folder of the files that they were made from."""
        folder_of = defaultdict(set)
        for row in self.placed:
            folder_of[row["series_instance_uid"]].add(
                self.files[row["file_id"]]["path"].split("/")[0]
            )
        found: dict[str, list[Row]] = defaultdict(list)
        for series, folders in folder_of.items():
            for folder in folders:
                found[folder] += self.of_series(series)
        return found


def _number(text: str | None) -> tuple[float, str]:
    try:
        return float(text or 0), ""
    except ValueError:
        return 0.0, text or ""


def settings(preset: str | None = None, **volumes: Any) -> Settings:
    """Return settings of an inline run, those of the section `volumes` by name."""
    plain = load_settings(preset, None, {"engine.workers": 0})
    section = {**plain.volumes.model_dump(), **volumes}
    return type(plain).model_validate({**plain.model_dump(), "volumes": section})


def run_inline(root: Path, lake: Path, chosen: Settings | None = None) -> Outcome:
    """Run the whole job on a tree without a worker process."""
    request = RunRequest(lake=lake, sources=(str(root),))
    execute(request, "run", chosen or settings(), DirectReporter(_no_meter))
    return Outcome(root, lake)


def flags(rows: Sequence[Row]) -> list[set[str]]:
    """Return the flags of volumes."""
    return [set(row["flags"] or ()) for row in rows]
