"""V17: shards are what zarr-python itself writes, and are read back before they count."""

import filecmp
import os
from dataclasses import replace
from pathlib import Path

import google_crc32c
import numpy as np
import pytest
import zarr
from make.rows import default_settings

from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.tables.layout import Access
from dicomlake.pipeline.volumes.shard_reader import read_shards
from dicomlake.pipeline.volumes.shards import (
    Layout,
    ShardWriter,
    chunk_places,
    fill_value,
    shard_path,
    usual_threads,
)
from dicomlake.pipeline.volumes.store import create_array, layout


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 30, 40), (40, 200, 150), (33, 300, 130)])
@pytest.mark.parametrize("chunks", [(32, 128, 128), (1, 0, 0), (3, 50, 70), (4, 16, 16)])
@pytest.mark.parametrize(("dtype", "codec"), [("<i2", "zstd"), ("<f4", "lz4"), ("u1", "zstd")])
def test_shards_have_the_bytes_that_zarr_python_writes(
    tmp_path: Path,
    shape: tuple[int, int, int],
    chunks: tuple[int, int, int],
    dtype: str,
    codec: str,
) -> None:
    settings = default_settings(volumes={"codec": codec})
    plan = layout(shape, np.dtype(dtype), chunks)
    voxels = (np.random.default_rng(4).standard_normal(shape) * 50 + 90).astype(dtype)
    for name in ("zarr", "ours"):
        create_array(tmp_path / name, "0", plan, settings.volumes)
    theirs = zarr.open_array(tmp_path / "zarr" / "0", mode="r+").with_config(
        {"write_empty_chunks": True}
    )
    access = Access.of(settings.lake)
    with ShardWriter(tmp_path / "ours" / "0", plan, settings.volumes, access) as writer:
        for index, (start, stop) in enumerate(plan.slabs()):
            theirs[start:stop] = voxels[start:stop]
            writer.write(index, voxels[start:stop])
        writer.wait()
    names = files(tmp_path / "zarr")
    assert files(tmp_path / "ours") == names
    assert any("/c/" in name for name in names)
    same, differing, failed = filecmp.cmpfiles(
        tmp_path / "zarr", tmp_path / "ours", names, shallow=False
    )
    assert (same, differing, failed) == (names, [], [])
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "ours" / "0", mode="r")[:], voxels)
    for threads in (1, 3):
        slabs = [
            (start, slab.copy())
            for start, slab in read_shards(tmp_path / "zarr" / "0", plan, threads=threads)
        ]
        assert [start for start, _ in slabs] == [start for start, _ in plan.slabs()]
        np.testing.assert_array_equal(np.concatenate([slab for _, slab in slabs]), voxels)


def test_v17_a_chunk_that_reads_back_otherwise_is_an_error_and_leaves_no_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = default_settings()
    plan = layout((8, 64, 64), np.dtype("<i2"), (4, 32, 32))
    voxels = np.random.default_rng(0).integers(0, 3000, plan.shape).astype("<i2")
    create_array(tmp_path, "0", plan, settings.volumes)
    read = os.pread

    def other_byte(descriptor: int, length: int, start: int) -> bytes:
        data = bytearray(read(descriptor, length, start))
        if start:
            data[-1] ^= 1
        return bytes(data)

    access = Access.of(settings.lake)
    with ShardWriter(tmp_path / "0", plan, settings.volumes, access) as writer:
        monkeypatch.setattr(os, "pread", other_byte)
        with pytest.raises(CorruptLakeError, match="not what was written"):
            writer.write(0, voxels)
    assert files(tmp_path / "0") == ["zarr.json"]


def test_a_shard_written_twice_is_the_same_file(tmp_path: Path) -> None:
    settings = default_settings()
    plan = layout((8, 64, 64), np.dtype("<f4"), (4, 32, 32))
    voxels = np.random.default_rng(0).random(plan.shape, np.float32)
    create_array(tmp_path, "0", plan, settings.volumes)
    found = []
    for _ in range(2):
        with ShardWriter(
            tmp_path / "0", plan, settings.volumes, Access.of(settings.lake)
        ) as writer:
            writer.write(0, voxels)
            writer.wait()
        assert files(tmp_path / "0") == ["c/0/0/0", "zarr.json"]
        found.append((tmp_path / "0" / "c" / "0" / "0" / "0").read_bytes())
    assert found[0] == found[1]


def test_the_checksum_is_that_of_the_rfc() -> None:
    assert google_crc32c.value(b"123456789") == 0xE3069283
    assert google_crc32c.value(bytes(32)) == 0x8A9136AA


def test_chunks_beyond_the_array_have_no_place() -> None:
    assert chunk_places((2, 2, 2), (4, 8, 8), (4, 16, 16)) == (
        (0, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1),
    )  # fmt: skip


def test_v17_fill_values_are_no_plausible_voxels() -> None:
    assert fill_value(np.dtype("<i2")) == fill_value(np.dtype("<i4")) == -32_768
    assert np.isnan(fill_value(np.dtype("<f4")))
    assert fill_value(np.dtype("u1")) == 255


def an_array(folder: Path) -> tuple[Path, Layout, list[str]]:
    """Write an array of two shards; return its folder, how it is cut, and the shards' digests."""
    settings = default_settings()
    plan = replace(layout((8, 64, 64), np.dtype("<i2"), (4, 32, 32)), shards=(4, 64, 64))
    voxels = np.random.default_rng(0).integers(0, 3000, plan.shape).astype("<i2")
    access = Access.of(settings.lake)
    with ShardWriter(folder / "0", plan, settings.volumes, access, digests=True) as writer:
        for index, (start, stop) in enumerate(plan.slabs()):
            writer.write(index, voxels[start:stop])
        writer.wait()
    return folder / "0", plan, writer.digests


def test_a_shard_that_was_changed_is_found_wherever_it_was(tmp_path: Path) -> None:
    array, plan, digests = an_array(tmp_path)
    path = shard_path(array, 1)
    whole = path.read_bytes()
    list(read_shards(array, plan, threads=1, digests=digests))
    for place in (0, 5, len(whole) // 2, -70, -1):
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="another shard"):
            list(read_shards(array, plan, threads=1, digests=digests))
    for damaged in (b"", whole[:40], whole[:-1], whole[-68:], whole[100:]):
        path.write_bytes(damaged)
        with pytest.raises((ValueError, RuntimeError)):
            list(read_shards(array, plan, threads=1))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        list(read_shards(array, plan, threads=1))


def test_a_chunk_of_another_size_is_no_chunk(tmp_path: Path) -> None:
    array, plan, _ = an_array(tmp_path)
    half = replace(plan, chunks=(2, 32, 32), shards=(2, 64, 64))
    with pytest.raises(ValueError, match="another size"):
        list(read_shards(array, half, threads=1))


def test_a_slab_stays_as_it_is_until_the_next_but_one_is_asked_for(tmp_path: Path) -> None:
    array, plan, _ = an_array(tmp_path)
    slabs = read_shards(array, plan, threads=2)
    _, first = next(slabs)
    copy = first.copy()
    next(slabs)
    np.testing.assert_array_equal(first, copy)


@pytest.mark.parametrize(("said", "threads"), [(None, 2), ("1", 1), ("8", 2), ("0", 1), ("x", 2)])
def test_a_worker_has_one_thread_for_chunks(
    monkeypatch: pytest.MonkeyPatch, said: str | None, threads: int
) -> None:
    monkeypatch.delenv("BLOSC_NTHREADS", raising=False)
    if said is not None:
        monkeypatch.setenv("BLOSC_NTHREADS", said)
    assert usual_threads() == threads


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system has no /proc")
def test_an_error_between_slabs_leaves_no_file_open(tmp_path: Path) -> None:
    settings = default_settings()
    plan = layout((64, 64, 64), np.dtype("<i2"), (4, 32, 32))
    plan = replace(plan, shards=(4, 64, 64))
    before = len(os.listdir("/proc/self/fd"))

    def fail() -> None:
        access = Access.of(settings.lake)
        with ShardWriter(tmp_path / "0", plan, settings.volumes, access) as writer:
            for index, (start, stop) in enumerate(plan.slabs()):
                writer.write(index, np.zeros((stop - start, 64, 64), "<i2"))
            raise RuntimeError("between slabs")

    with pytest.raises(RuntimeError, match="between slabs"):
        fail()
    assert len(os.listdir("/proc/self/fd")) == before
