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


def name_of(kind: str, workers: int) -> str:
    return f"{kind}, {workers} {'process' if workers == 1 else 'processes'}"


def start_up(workers: int) -> str:
    return f"{name_of('start-up', workers)}"


def prepare(folder: Path, scale: Scale) -> Prepared:
    pixels = 64 if scale.small else 512
    series = {
        "start-up": Series(_START, pixels, scale.seed),
        NATIVE: Series(12 if scale.small else 2_000, pixels, scale.seed),
        JPEG_2000: Series(
            8 if scale.small else 400, pixels, scale.seed, encoder(SYNTAXES[JPEG_2000])
        ),
    }
    ingested = {kind: each.ingest(folder, kind) for kind, each in series.items()}
    made = {name_of(kind, n): each for kind, each in series.items() for n in (1, 2)}
    runs = {
        name_of(kind, n): Volumes(ingested[kind], folder / f"{kind}{n}.lake", n)
        for kind in series
        for n in (1, 2)
    }
    contenders: dict[str, Callable[[], Any]] = dict(runs)
    return Prepared(
        contenders=contenders,
        before={name: partial(Volumes.clear, each) for name, each in runs.items()},
        check=lambda results: check(made, results),
        baseline=name_of(NATIVE, 1),
        amount=series[NATIVE].n_slices,
        amounts={name: each.n_slices for name, each in made.items()},
        less={name_of(kind, n): start_up(n) for kind in (NATIVE, JPEG_2000) for n in (1, 2)},
        unit="slice",
        notes=(
            "`dicomlake volumes --workers N`, whole processes; the volume of "
            f"{_START} slices by as many is taken out",
        ),
        targets=tuple(_target(kind) for kind in (NATIVE, JPEG_2000)),
    )


def _target(kind: str) -> Target:
    def figure(timings: Timings) -> float:
        return ratio(timings[name_of(kind, 1)].wall_us, timings[name_of(kind, 2)].wall_us)

    what = f"two processes against one, a large {kind} series, wall, start-up out"
    return Target(what, 1.8, figure, at_least=True)
