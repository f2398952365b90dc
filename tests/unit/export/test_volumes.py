"""Volumes as files: the voxels and digest of the lake, places beside them, nothing overwritten."""

import hashlib
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from make.lakes import build_volumes, ingest
from make.series import ct_series

from dicomlake.config.settings import load_settings
from dicomlake.flows.lake_commands import export
from dicomlake.pipeline.errors import CorruptLakeError, UsageError
from dicomlake.pipeline.export.formats import FORMATS
from dicomlake.pipeline.export.volumes import export_volumes
from dicomlake.pipeline.tables.store import Version


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Version:
    root = tmp_path_factory.mktemp("export")
    ct_series(root / "in" / "a", 40, name="a")
    ct_series(root / "in" / "b", 5, name="b", RescaleSlope="0.5")
    ct_series(root / "in" / "c", 3, name="c")
    ingest(root / "in", root / "lake")
    version, _ = build_volumes(root / "lake")
    assert version is not None
    return version


def accepted(version: Version) -> dict[str, dict]:
    return {r["volume_id"]: r for r in version.read("volumes").to_pylist() if r["path"]}


def test_the_command_offers_every_format() -> None:
    choice = next(each for each in export.params if each.name == "form")
    assert list(choice.type.choices) == list(FORMATS)


def test_every_accepted_volume_is_a_file_with_its_digest(made: Version, tmp_path: Path) -> None:
    done = export_volumes(made, tmp_path / "out", "npy")
    rows = accepted(made)
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


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_export_keeps_what_stands(made: Version, tmp_path: Path, form: str) -> None:
    first = export_volumes(made, tmp_path / "out", form)
    assert (first.written, first.kept) == (2, 0)
    done = export_volumes(made, tmp_path / "out", form)
    assert (done.written, done.kept, done.n_bytes) == (0, 2, 0)


def test_formats_share_a_folder_and_the_json(made: Version, tmp_path: Path) -> None:
    for form in FORMATS:
        assert export_volumes(made, tmp_path / "out", form).written == 2
    assert len(list((tmp_path / "out").glob("*.json"))) == 2


@pytest.mark.parametrize("form", FORMATS)
def test_two_exports_of_a_volume_are_the_same_bytes(
    made: Version, tmp_path: Path, form: str
) -> None:
    for name in ("a", "b"):
        export_volumes(made, tmp_path / name, form)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize("suffix", ["npy", "json", "nii.gz"])
@pytest.mark.parametrize("damage", ["changed", "cut", "longer"])
def test_other_content_of_the_same_name_is_not_overwritten(
    made: Version, tmp_path: Path, suffix: str, damage: str
) -> None:
    form = "npy" if suffix == "json" else next(f for f in FORMATS if suffix in FORMATS[f].suffix)
    export_volumes(made, tmp_path / "out", form)
    target = sorted((tmp_path / "out").glob(f"*.{suffix}"))[0]
    data = bytearray(target.read_bytes())
    if damage == "changed":
        data[len(data) // 2] ^= 1
    elif damage == "cut":
        del data[-5:]
    else:
        data.extend(bytes(data) if suffix == "nii.gz" else b"\0")
    target.write_bytes(data)
    if (suffix, damage) == ("npy", "longer"):  # NumPy reads the array, which is all there
        assert export_volumes(made, tmp_path / "out", form).kept == 2
        return
    with pytest.raises(UsageError, match="not overwritten"):
        export_volumes(made, tmp_path / "out", form)
    assert target.read_bytes() == bytes(data)


def test_one_volume_can_be_chosen_and_an_unknown_one_is_refused(
    made: Version, tmp_path: Path
) -> None:
    chosen = next(iter(accepted(made)))
    assert export_volumes(made, tmp_path / "out", "npy", volume_ids=[chosen]).written == 1
    with pytest.raises(UsageError, match="no accepted volume"):
        export_volumes(made, tmp_path / "out", "npy", volume_ids=["0" * 32])
    with pytest.raises(UsageError, match="Formats: npy, nifti"):
        export_volumes(made, tmp_path / "out", "nrrd")


@pytest.mark.parametrize("form", FORMATS)
def test_a_volume_that_lost_a_chunk_is_not_exported(tmp_path: Path, form: str) -> None:
    ct_series(tmp_path / "in", 5)
    ingest(tmp_path / "in", tmp_path / "lake")
    version, _ = build_volumes(tmp_path / "lake")
    assert version is not None
    (row,) = accepted(version).values()
    for shard in (version.lake / row["path"] / "0" / "c").glob("*/*/*"):
        shard.unlink()
    with pytest.raises(CorruptLakeError):
        export_volumes(version, tmp_path / "out", form)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("form", FORMATS)
def test_a_mask_stands_beside_its_volume(tmp_path: Path, form: str) -> None:
    def without_one(k: int) -> dict[str, object]:
        return {"ImagePositionPatient": [0, 0, 2.5 * (k if k < 5 else k + 1)]}

    ct_series(tmp_path / "in", 10, vary=without_one)
    ingest(tmp_path / "in", tmp_path / "lake")
    fill = load_settings(None, None, {"volumes.on_gap": "fill"})
    version, _ = build_volumes(tmp_path / "lake", settings=fill)
    assert version is not None
    (row,) = accepted(version).values()
    done = export_volumes(version, tmp_path / "out", form)
    suffix = FORMATS[form].suffix
    stem = tmp_path / "out" / row["volume_id"]
    mask, voxels = (arrays(Path(f"{stem}{each}{suffix}")) for each in (".mask", ""))
    assert (mask.dtype, mask.shape) == (np.uint8, (11, 32, 32))
    assert np.unique(mask[5]).tolist() == [2]
    assert not np.delete(mask, 5, axis=0).any()
    assert np.array_equal(mask != 0, voxels == -32768)
    sizes = sum(each.stat().st_size for each in (tmp_path / "out").glob(f"*{suffix}"))
    assert done.n_bytes == sizes
    assert export_volumes(version, tmp_path / "out", form).kept == 1


def arrays(path: Path) -> np.ndarray:
    """Return the array [z, y, x] of an exported file."""
    return np.load(path) if path.suffix == ".npy" else np.asarray(nibabel.load(path).dataobj).T
