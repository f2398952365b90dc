"""Measures what decision 0008 (docs/decisions/0008-voxels-shards-and-decoders.md) says of shards.

    python benchmarks/shard_writers.py [--slices 300] [--rounds 3] [--codec lz4]

A volume of 512 x 512, int16, an ellipse with noise in air, is written slab by slab as the volume
stage does it, each chunk read back and compared, and by zarr-python with the same slabs, alone and
with its own reading back; then it is read slab by slab by both. Each is a process of its own, whose
start-up is taken out: interleaved rounds, medians. All shards written are equal byte for byte, and
so are the digests of what is read.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import child
import numpy as np
import numpy.typing as npt
from runner import Measured, Prepared, aligned, environment, measure, table

from dicomlake.config.settings import Settings, VolumeSettings, load_settings
from dicomlake.pipeline.tables.layout import Access
from dicomlake.pipeline.volumes.shards import Layout, ShardWriter, fill_value
from dicomlake.pipeline.volumes.store import ARRAY, create_array, layout, open_volume, read_slabs

Slab = npt.NDArray[np.int16]

SIDE = 512
START = "start-up"
WRITERS = ("dicomlake", "zarr-python", "zarr-python, read back")
READERS = ("dicomlake", "zarr-python")


def defaults() -> Settings:
    return load_settings(environment={})


def make(path: Path, n_slices: int) -> None:
    """Write the voxels, C-order."""
    chance = np.random.default_rng(7)
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    inside = (y / 0.6) ** 2 + (x / 0.85) ** 2 < 1
    with path.open("wb") as file:
        for k in range(n_slices):
            tissue = 40 + 60 * np.sin(x * 9 + k / 20) * np.cos(y * 7)
            noise = chance.normal(0, 18, inside.shape)
            file.write(np.where(inside, tissue + noise, -1000).astype("<i2").tobytes())


def plan_of(voxels: Path, settings: VolumeSettings) -> Layout:
    n_slices = voxels.stat().st_size // (2 * SIDE * SIDE)
    return layout((n_slices, SIDE, SIDE), np.dtype("<i2"), settings.chunks)


def slabs(voxels: Path, plan: Layout) -> Iterator[tuple[int, int, Slab]]:
    """Yield slabs with their first and last + 1 slice; memory holds one."""
    with voxels.open("rb") as file:
        for start, stop in plan.slabs():
            slab = np.fromfile(file, "<i2", (stop - start) * SIDE * SIDE)
            yield start, stop, slab.reshape(-1, SIDE, SIDE)


def write(by: str, voxels: Path, group: Path, settings: VolumeSettings) -> None:
    """Write the volume."""
    plan = plan_of(voxels, settings)
    create_array(group, ARRAY, plan, settings)
    if by == "dicomlake":
        with ShardWriter(group / ARRAY, plan, settings, Access.of(defaults().lake)) as shards:
            for index, (_, _, slab) in enumerate(slabs(voxels, plan)):
                shards.write(index, slab)
            shards.wait()
        return
    import zarr  # noqa: PLC0415  (imported by `create_array`)

    array = zarr.open_array(group / ARRAY, mode="r+", config={"write_empty_chunks": True})
    assert array.fill_value == fill_value(plan.dtype)
    for start, stop, slab in slabs(voxels, plan):
        array[start:stop] = slab
        if by != "zarr-python":
            assert np.array_equal(array[start:stop], slab)


def read(by: str, voxels: Path, group: Path, settings: VolumeSettings) -> str:
    """Read the volume slab by slab; return the digest of its voxels."""
    digest = hashlib.sha256()
    if by == "dicomlake":
        for _, slab in read_slabs(group):
            digest.update(slab.reshape(-1).data)
        return digest.hexdigest()
    array = open_volume(group)
    for start, stop in plan_of(voxels, settings).slabs():
        digest.update(np.ascontiguousarray(array[start:stop]).reshape(-1).data)
    return digest.hexdigest()


def shards_of(group: Path) -> str:
    """Return a digest of all files of shards, with their names."""
    files = sorted(path for path in (group / ARRAY / "c").rglob("*") if path.is_file())
    return hashlib.sha256(
        b"".join(
            str(path.relative_to(group)).encode() + hashlib.sha256(path.read_bytes()).digest()
            for path in files
        )
    ).hexdigest()


def compare(folder: Path, n_slices: int, rounds: int, codec: str) -> Iterator[str]:
    """Yield the tables of writing and of reading."""
    voxels = folder / "voxels"
    make(voxels, n_slices)

    def command(what: str, by: str, group: Path) -> list[str]:
        return [
            sys.executable,
            __file__,
            "--codec",
            codec,
            "--one",
            what,
            by,
            *map(str, (voxels, group)),
        ]

    def written(by: str) -> Measured:
        group = folder / by.replace(" ", "-")
        took = child.run(command("write", by, group))
        return took._replace(result=shards_of(group))

    def was_read(by: str) -> Measured:
        return child.run(command("read", by, folder / "dicomlake"))

    def nothing() -> Measured:
        return child.run(command(START, START, folder))

    for names, contender in ((WRITERS, written), (READERS, was_read)):
        contenders = {START: nothing, **{name: partial(contender, name) for name in names}}
        clear = {
            name: partial(shutil.rmtree, folder / name.replace(" ", "-"), ignore_errors=True)
            for name in (names if contender is written else ())
        }
        prepared = Prepared(
            contenders, same, "dicomlake", n_slices, "slice", before=clear,
            less=dict.fromkeys(names, START),
        )  # fmt: skip
        yield aligned(table(prepared, measure(prepared, rounds)))


def same(results: Mapping[str, Any]) -> None:
    found = {name: each for name, each in results.items() if name != START}
    assert len(set(found.values())) == 1, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300, help="(default 300)")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (default 3)")
    parser.add_argument("--codec", default="lz4", help="zstd or lz4 (default lz4)")
    parser.add_argument("--one", nargs=4, metavar=("WHAT", "BY", "VOXELS", "GROUP"))
    parsed = parser.parse_args()
    settings = defaults().volumes.model_copy(update={"codec": parsed.codec})
    if parsed.one:
        what, by, voxels, group = parsed.one
        if what == "write":
            write(by, Path(voxels), Path(group), settings)
        elif what == "read":
            print(read(by, Path(voxels), Path(group), settings))
        else:
            import zarr  # noqa: F401, PLC0415  (as the others do)
            from numcodecs.blosc import Blosc  # noqa: F401, PLC0415  (as above)
        return
    print(json.dumps(environment()))
    with tempfile.TemporaryDirectory(prefix="dicomlake-shards-") as name:
        for text in compare(Path(name), parsed.slices, parsed.rounds, parsed.codec):
            print(f"\n{text}", flush=True)


if __name__ == "__main__":
    main()
