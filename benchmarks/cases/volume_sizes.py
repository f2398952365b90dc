"""Volumes of long series in processes of their own: peak memory, and the cost of a slice."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from child import dicomlake, run
from generate import Compressed, series_slices, write_series
from runner import Measured, Prepared, Scale, Target, Timings, ratio

from cases.compressed import encoder
from cases.lakes import do
from dicomlake import Lake

MEGABYTE: Final = 1_000_000
_DISTINCT: Final = 16
"""Different noises of a long series: it is written in seconds, not in minutes."""
_START: Final = 4
_RLE: Final = "1.2.840.10008.1.2.5"


@dataclass(frozen=True, slots=True)
class Volumes:
    """The volume stage of the command line over a lake that has been ingested."""

    ingested: Path
    lake: Path
    workers: int
    cores: int | None = None
    """Cores that it may use; None: all."""

    def clear(self) -> None:
        """Bring the lake back to where it was before its volumes."""
        shutil.rmtree(self.lake, ignore_errors=True)
        shutil.copytree(self.ingested, self.lake, symlinks=True)

    def __call__(self) -> Measured:
        """Run it; the result is the one row of its `volumes`."""
        options = ("--workers", str(self.workers), "--no-track", "--lake", str(self.lake))
        done = run(dicomlake("volumes", *options), cores=self.cores)
        (row,) = Lake(self.lake).table("volumes").to_arrow().to_pylist()
        shutil.rmtree(self.lake / "volumes")  # the disk is not what is measured
        return done._replace(result=row)


@dataclass(frozen=True, slots=True)
class Series:
    """A series to be written: how long, and how its pixels are packed."""

    n_slices: int
    pixels: int
    seed: int
    compressed: Compressed | None = None

    def ingest(self, folder: Path, name: str) -> Path:
        """Write the series and ingest it; return the lake."""
        write_series(
            folder / name,
            self.n_slices,
            self.pixels,
            seed=self.seed,
            distinct=_DISTINCT,
            compressed=self.compressed,
        )
        lake = folder / f"{name}.ingested"
        do("ingest", lake, f"bench={folder / name}")
        return lake

    def check(self, row: Mapping[str, Any]) -> None:
        """Hold a volume's digest against the stored values that were written."""
        digest = hashlib.sha256()
        for stored in series_slices(self.n_slices, self.pixels, seed=self.seed, distinct=_DISTINCT):
            digest.update((stored.astype("<i2") - np.int16(1024)).tobytes())
        assert row["status"] == "accepted", row["reason"]
        assert row["shape"] == [self.n_slices, self.pixels, self.pixels]
        assert row["sha256"] == digest.hexdigest()


def prepare(folder: Path, scale: Scale) -> Prepared:
    sizes, pixels = ((8, 40), 64) if scale.small else ((300, 2_000), 512)
    few, many = sizes
    made = {
        _name(_START): Series(_START, pixels, scale.seed),
        _name(few): Series(few, pixels, scale.seed),
        _name(many): Series(many, pixels, scale.seed),
        _rle(few): Series(few, pixels, scale.seed, encoder(_RLE)),
    }
    runs = {
        name: Volumes(each.ingest(folder, f"series{n}"), folder / f"lake{n}", 0)
        for n, (name, each) in enumerate(made.items())
    }
    contenders: dict[str, Callable[[], Any]] = dict(runs)
    return Prepared(
        contenders=contenders,
        before={name: partial(Volumes.clear, each) for name, each in runs.items()},
        check=lambda results: check(made, results),
        baseline=_name(few),
        amount=many,
        amounts={name: each.n_slices for name, each in made.items()},
        less={name: _name(_START) for name in made if name != _name(_START)},
        unit="slice",
        notes=(
            f"`dicomlake volumes`, inline, one series of {pixels} x {pixels}; the volume of "
            f"{_START} slices is taken out of the times",
            "peak memory is that of the largest process; the one that decodes counts by itself",
        ),
        targets=(
            *(
                _peak(name, f"peak memory of a volume of {what}")
                for name, what in (
                    (_name(few), f"{few} slices"),
                    (_name(many), f"{many:,} slices"),
                    (_rle(few), f"{few} slices, RLE"),
                )
            ),
            Target(
                f"cost of a slice at {many:,} slices against {few}, start-up out",
                1.15,
                lambda timings: ratio(timings[_name(many)].cpu_us, timings[_name(few)].cpu_us),
                at_least=False,
            ),
        ),
    )


def _peak(name: str, what: str) -> Target:
    def figure(timings: Timings) -> float:
        return timings[name].peak_bytes / MEGABYTE

    return Target(what, 250, figure, at_least=False, unit="MB")


def _name(n_slices: int) -> str:
    return f"{n_slices:,} slices"


def _rle(n_slices: int) -> str:
    return f"{n_slices:,} slices, RLE"


def check(made: Mapping[str, Series], results: Mapping[str, Any]) -> None:
    """Hold the digest of every volume against what was written."""
    for name, each in made.items():
        each.check(results[name])
