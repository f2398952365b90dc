"""Measures what decision 0004 (docs/decisions/0004-codec-of-volumes.md) says of the codec.

    python benchmarks/codecs.py [FOLDER ...] [--slices 100] [--rounds 5]

The inputs are the thorax phantom of `dicomlake demo` and every folder given, each the DICOM files
of one series. Volumes are written as the volume stage writes them and read back as it verifies
them, with each filter and zstd level: interleaved rounds, medians of CPU time, digests held equal.
"""

import argparse
import hashlib
import json
import shutil
import statistics
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from cases.lakes import do, inline
from runner import Prepared, aligned, environment, measure

from dicomlake import Lake
from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.demo.phantom import write_phantom
from dicomlake.pipeline.tables.layout import Access
from dicomlake.pipeline.volumes.shards import ShardWriter
from dicomlake.pipeline.volumes.store import ARRAY, create_array, layout, volume_digest

LEVELS = (1, 3)
FILTERS = get_args(VolumeSettings.model_fields["codec_shuffle"].annotation)


def voxels(files: Path, lake: Path, n_slices: int) -> npt.NDArray[Any]:
    """Return the greatest volume of a folder, repeated to a number of slices.

    Every other repeat is upside down: no chunk holds a slice twice.
    """
    do("run", lake, f"bench={files}")
    rows = Lake(lake).table("volumes").to_arrow().to_pylist()
    accepted = [row for row in rows if row["status"] == "accepted"]
    if not accepted:
        raise SystemExit(f"No volume came of {files}.")
    greatest = max(accepted, key=lambda row: int(np.prod(row["shape"])))
    array = Lake(lake).volume(greatest["volume_id"]).to_numpy()
    repeats = -(-n_slices // len(array))
    turned = [array if index % 2 == 0 else array[:, ::-1] for index in range(repeats)]
    return np.ascontiguousarray(np.concatenate(turned)[:n_slices])


def write(array: npt.NDArray[Any], group: Path, settings: VolumeSettings) -> str:
    """Write an array as the volume stage does, each shard read back; return its digest."""
    plan = layout(array.shape, array.dtype, settings.chunks)
    create_array(group, ARRAY, plan, settings)
    digest = hashlib.sha256()
    with ShardWriter(group / ARRAY, plan, settings, Access.of(inline().lake)) as shards:
        for index, (start, stop) in enumerate(plan.slabs()):
            slab = array[start:stop]
            encoding = shards.begin(slab)
            digest.update(slab.reshape(-1).data)
            shards.finish(index, slab, encoding)
        shards.wait()
    return digest.hexdigest()


def stored_bytes(group: Path) -> int:
    return sum(path.stat().st_size for path in group.rglob("*") if path.is_file())


def same(results: Mapping[str, Any]) -> None:
    assert len(set(results.values())) == 1, results


def choices() -> dict[str, VolumeSettings]:
    """Return the settings to compare by the name of their codec."""
    default = inline().volumes
    return {
        f"zstd {level} {name}": default.model_copy(
            update={"codec": "zstd", "codec_shuffle": name, "codec_level": level}
        )
        for name in FILTERS
        for level in LEVELS
    }


def cpu_medians(prepared: Prepared, rounds: int) -> dict[str, float]:
    return {name: statistics.median(each.cpu) for name, each in measure(prepared, rounds).items()}


def measured(array: npt.NDArray[Any], folder: Path, rounds: int) -> dict[str, tuple[float, ...]]:
    """Return CPU seconds to write, CPU seconds to read back, and bytes stored, by codec."""
    codecs = choices()
    groups = {name: folder / name.replace(" ", "-") for name in codecs}
    base, size = next(iter(codecs)), len(array)
    clear = {name: partial(shutil.rmtree, groups[name], ignore_errors=True) for name in codecs}
    writers = {name: partial(write, array, groups[name], codecs[name]) for name in codecs}
    written = cpu_medians(Prepared(writers, same, base, size, "slice", before=clear), rounds)
    readers = {name: partial(volume_digest, groups[name]) for name in codecs}
    read = cpu_medians(Prepared(readers, same, base, size, "slice"), rounds)
    return {name: (written[name], read[name], stored_bytes(groups[name])) for name in codecs}


def report(array: npt.NDArray[Any], found: Mapping[str, tuple[float, ...]]) -> str:
    """Return a table, a codec each line; speeds in MB of voxels per CPU second."""
    size = array.nbytes / 1e6
    rows = [["codec", "write MB/s", "read MB/s", "both, s", "stored MB", "ratio"]]
    for name, (write_s, read_s, stored) in found.items():
        rows.append(
            [
                name,
                f"{size / write_s:.0f}",
                f"{size / read_s:.0f}",
                f"{write_s + read_s:.2f}",
                f"{stored / 1e6:.1f}",
                f"{array.nbytes / stored:.2f}",
            ]
        )
    return aligned(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--slices", type=int, default=100, help="of each volume (default 100)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parsed = parser.parse_args()
    print(json.dumps(environment()))
    with tempfile.TemporaryDirectory(prefix="dicomlake-codecs-") as name:
        work = Path(name)
        write_phantom(work / "phantom")
        for number, folder in enumerate((work / "phantom", *parsed.folders)):
            array = voxels(folder, work / f"lake{number}", parsed.slices)
            found = measured(array, work / f"volumes{number}", parsed.rounds)
            print(f"\n{folder.name}: {list(array.shape)} {array.dtype}, digests equal")
            print(report(array, found), flush=True)


if __name__ == "__main__":
    main()
