"""One large series by one process and by two: native, and compressed."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from runner import Prepared, Scale, Target, Timings, ratio

from cases.compressed import SYNTAXES, encoder
from cases.volume_sizes import Series, Volumes, check

_START: Final = 4
NATIVE: Final = "native"
JPEG_2000: Final = "JPEG 2000"
_ALL_CORES: Final = "all cores"
_START_UP: Final = "start-up"
_RUNS: Final = ((1, True), (2, True), (1, False))
"""Worker processes, and whether each has one core to itself and no more."""


def name_of(kind: str, workers: int, *, pinned: bool = True) -> str:
    name = f"{kind}, {workers} {'process' if workers == 1 else 'processes'}"
    return name if pinned else f"{name}, {_ALL_CORES}"


def prepare(folder: Path, scale: Scale) -> Prepared:
    pixels = 64 if scale.small else 512
    series = {
        _START_UP: Series(_START, pixels, scale.seed),
        NATIVE: Series(12 if scale.small else 2_000, pixels, scale.seed),
        JPEG_2000: Series(
            8 if scale.small else 400, pixels, scale.seed, encoder(SYNTAXES[JPEG_2000])
        ),
    }
    ingested = {kind: each.ingest(folder, kind) for kind, each in series.items()}
    made: dict[str, Series] = {}
    runs: dict[str, Volumes] = {}
    for kind, each in series.items():
        for number, (n, pinned) in enumerate(_RUNS):
            name = name_of(kind, n, pinned=pinned)
            made[name] = each
            cores = n if pinned else None
            runs[name] = Volumes(ingested[kind], folder / f"{kind}{number}.lake", n, cores)
    contenders: dict[str, Callable[[], Any]] = dict(runs)
    return Prepared(
        contenders=contenders,
        before={name: partial(Volumes.clear, each) for name, each in runs.items()},
        check=lambda results: check(made, results),
        baseline=name_of(NATIVE, 1),
        amount=series[NATIVE].n_slices,
        amounts={name: each.n_slices for name, each in made.items()},
        less={
            name_of(kind, n, pinned=pinned): name_of(_START_UP, n, pinned=pinned)
            for kind in (NATIVE, JPEG_2000)
            for n, pinned in _RUNS
        },
        unit="slice",
        notes=(
            "`dicomlake volumes --workers N` on N cores, whole processes; the volume of "
            f"{_START} slices by as many is taken out",
            f"{_ALL_CORES}: one process may use more than one, for a decoding process works "
            "beside it, and a thread reads ahead",
        ),
        targets=(
            Target(
                "two processes against one, a core each, a large JPEG 2000 series, wall, "
                "start-up out",
                1.8,
                _two_against_one,
                at_least=True,
            ),
        ),
    )


def _two_against_one(timings: Timings) -> float:
    one, two = (timings[name_of(JPEG_2000, n)] for n in (1, 2))
    return ratio(one.wall_us, two.wall_us)
