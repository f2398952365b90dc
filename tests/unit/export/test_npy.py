"""Volumes as `.npy`: the voxels and digest of the lake, places beside them, nothing overwritten."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from make.lakes import build_volumes, ingest
from make.series import ct_series

from dicomlake.pipeline.errors import CorruptLakeError, UsageError
from dicomlake.pipeline.export.npy import export_npy
from dicomlake.pipeline.tables.store import Version


@pytest.fixture
def version(tmp_path: Path) -> Version:
    ct_series(tmp_path / "in" / "a", 40, name="a")
    ct_series(tmp_path / "in" / "b", 5, name="b", RescaleSlope="0.5")
    ct_series(tmp_path / "in" / "c", 3, name="c")
    ingest(tmp_path / "in", tmp_path / "lake")
    made, _ = build_volumes(tmp_path / "lake")
    assert made is not None
    return made


def test_every_accepted_volume_is_a_file_with_its_digest(version: Version, tmp_path: Path) -> None:
    done = export_npy(version, tmp_path / "out")
    rows = {r["volume_id"]: r for r in version.read("volumes").to_pylist() if r["path"]}
    assert (done.written, done.kept) == (2, 0)
    assert {path.stem for path in (tmp_path / "out").glob("*.npy")} == set(rows)
    assert len(list((tmp_path / "out").iterdir())) == 4
    for identity, row in rows.items():
        voxels = np.load(tmp_path / "out" / f"{identity}.npy", allow_pickle=False)
        assert hashlib.sha256(voxels.tobytes()).hexdigest() == row["sha256"]
        assert (list(voxels.shape), voxels.dtype.name) == (row["shape"], row["dtype"])
        said = json.loads((tmp_path / "out" / f"{identity}.json").read_text())
        assert np.array(said["affine_lps"]).ravel().tolist() == row["affine_lps"]
        assert said["spacing"] == [2.5, 0.75, 0.75]
        assert [each["slice_index"] for each in said["slices"]] == list(range(row["n_slices"]))
        assert said["volume"]["sha256"] == row["sha256"]
        assert "run_id" not in said["volume"]


def test_a_second_export_keeps_what_stands(version: Version, tmp_path: Path) -> None:
    export_npy(version, tmp_path / "out")
    done = export_npy(version, tmp_path / "out")
    assert (done.written, done.kept, done.n_bytes) == (0, 2, 0)


@pytest.mark.parametrize("suffix", ["npy", "json"])
def test_other_content_of_the_same_name_is_not_overwritten(
    version: Version, tmp_path: Path, suffix: str
) -> None:
    export_npy(version, tmp_path / "out")
    target = sorted((tmp_path / "out").glob(f"*.{suffix}"))[0]
    data = bytearray(target.read_bytes())
    data[-2] ^= 1
    target.write_bytes(data)
    with pytest.raises(UsageError, match="not overwritten"):
        export_npy(version, tmp_path / "out")
    assert target.read_bytes() == bytes(data)


def test_one_volume_can_be_chosen_and_an_unknown_one_is_refused(
    version: Version, tmp_path: Path
) -> None:
    chosen = next(r["volume_id"] for r in version.read("volumes").to_pylist() if r["path"])
    assert export_npy(version, tmp_path / "out", volume_ids=[chosen]).written == 1
    with pytest.raises(UsageError, match="no accepted volume"):
        export_npy(version, tmp_path / "out", volume_ids=["0" * 32])


def test_a_volume_that_lost_a_chunk_is_not_exported(version: Version, tmp_path: Path) -> None:
    row = next(r for r in version.read("volumes").to_pylist() if r["path"])
    for shard in (version.lake / row["path"] / "0" / "c").glob("*/*/*"):
        shard.unlink()
    with pytest.raises(CorruptLakeError):
        export_npy(version, tmp_path / "out", volume_ids=[row["volume_id"]])
    assert not list((tmp_path / "out").iterdir())
