"""The public `Lake`: one version as tables, SQL and volumes, and a light package."""

import math
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow.compute as pc
import pytest
import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
from make.lakes import build_volumes, ingest
from make.series import ct_series

import dicomlake
from dicomlake import Lake, Volume
from dicomlake.config.settings import load_settings
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.pipeline.errors import LakeNotFoundError, UsageError
from dicomlake.pipeline.lake import WindowName
from dicomlake.pipeline.volumes.preview import Preview
from dicomlake.pipeline.volumes.windows import SUV_WINDOWS, WINDOWS, default_window
from dicomlake.schemas.tables import TABLES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake below a folder whose name reads as a pattern and a quotation."""
    root = tmp_path_factory.mktemp("lakes") / "it's [a] * lake?"
    ct_series(root / "in" / "a", 40, name="a")
    ct_series(root / "in" / "b", 3, name="b", Modality="MR")
    ingest(root / "in", root / "lake")
    build_volumes(root / "lake")
    return root / "lake"


def accepted(lake: Lake) -> str:
    rows = lake.table("volumes").to_arrow(filter=pc.field("status") == "accepted")
    return rows["volume_id"].to_pylist()[0]


def test_tables_come_as_arrow_pandas_and_dataset_with_the_same_rows(made: Path) -> None:
    lake = Lake(made)
    for name in TABLES:
        view = lake.table(name)
        assert view.to_arrow().schema == view.schema == TABLES[name].schema()
        assert len(view) == view.to_arrow().num_rows == view.dataset.to_table().num_rows
        assert lake.sql(f"SELECT count(*) FROM {name}").fetchall() == [(len(view),)]
    frame = lake.table("instances").to_pandas(
        columns=["modality", "study_year", "instance_number"],
        filter=pc.field("modality") == "MR",
    )
    assert frame["study_year"].tolist() == [2024] * 3
    assert list(frame.columns) == ["modality", "study_year", "instance_number"]


def test_sql_knows_partitions_by_type_and_columns_in_order(made: Path) -> None:
    lake = Lake(made)
    relation = lake.sql("SELECT modality, study_year, count(*) AS n FROM instances GROUP BY ALL")
    assert sorted(relation.fetchall()) == [("CT", 2024, 40), ("MR", 2024, 3)]
    assert [str(kind) for kind in relation.types] == ["VARCHAR", "INTEGER", "BIGINT"]
    everything = lake.sql("SELECT * FROM instances LIMIT 1")
    assert everything.columns == [column.name for column in TABLES["instances"].columns]


def test_a_lake_stays_its_version_while_others_are_committed(made: Path) -> None:
    assert Lake(made).version == 2
    first = Lake(made, version=1)
    assert (first.version, len(first.table("volumes"))) == (1, 0)
    assert first.sql("SELECT count(*) FROM volumes").fetchall() == [(0,)]
    with pytest.raises(LakeNotFoundError):
        Lake(made, version=9)
    with pytest.raises(LakeNotFoundError):
        Lake(made.parent / "nothing")


def test_a_volume_is_its_array_its_affine_and_its_slices(made: Path) -> None:
    lake = Lake(made)
    volume = lake.volume(accepted(lake))
    assert volume.array.shape == (40, 32, 32)
    np.testing.assert_array_equal(volume.to_numpy(), volume.array[:])
    assert volume.spacing == (2.5, 0.75, 0.75)
    assert volume.affine_lps.tolist()[2] == [0.0, 0.0, 2.5, -20.0]
    assert volume.slices["slice_index"].to_pylist() == list(range(40))
    assert volume.row["units"] == "HU"


def test_unknown_and_rejected_volumes_and_tables_say_the_way_out(made: Path) -> None:
    lake = Lake(made)
    rejected = lake.table("volumes").to_arrow(filter=pc.field("status") == "rejected")
    with pytest.raises(UsageError, match="rejected: TOO_FEW_SLICES"):
        lake.volume(rejected["volume_id"][0].as_py())
    with pytest.raises(UsageError, match="no volume"):
        lake.volume("0" * 32)
    with pytest.raises(UsageError, match="Tables: files"):
        lake.table("nothing")


@pytest.mark.parametrize("window", [*WINDOWS, (0.0, 1.0), (12.5, 333.0)])
def test_a_window_is_the_linear_function_of_the_standard(made: Path, window) -> None:
    lake = Lake(made)
    volume = lake.volume(accepted(lake))
    centre, width = WINDOWS.get(window, window) if isinstance(window, str) else window
    voxels = volume.to_numpy().astype(float)

    def by_definition(x: float) -> float:
        if x <= centre - 0.5 - (width - 1) / 2:
            return 0.0
        if x > centre - 0.5 + (width - 1) / 2:
            return 255.0
        return ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255

    grey = volume.window(window)
    assert grey.dtype == np.uint8
    assert grey.shape == voxels.shape
    sample = (slice(None, None, 7), slice(None, None, 5), slice(None, None, 3))
    expected = np.vectorize(by_definition)(voxels[sample])
    assert np.abs(grey[sample] - expected).max() <= 0.5
    np.testing.assert_array_equal(volume.window(window, 33), grey[33])
    np.testing.assert_array_equal(volume.window(window, slice(38, 2, -9)), grey[38:2:-9])
    np.testing.assert_array_equal(volume.window(window, -1), grey[-1])
    np.testing.assert_array_equal(volume.window(window, np.int64(33)), grey[33])


def test_an_unknown_window_or_a_width_below_one_is_refused(made: Path) -> None:
    volume = Lake(made).volume(accepted(Lake(made)))
    with pytest.raises(UsageError, match="lung, mediastinum, bone"):
        volume.window("heart")
    with pytest.raises(UsageError, match="SUV"):
        volume.window("suv5")
    with pytest.raises(UsageError, match="at least 1"):
        volume.window((40, 0.5))
    for centre, width in [(40, math.nan), (math.nan, 400), (40, math.inf)]:
        with pytest.raises(UsageError, match="finite"):
            volume.window((centre, width))


def test_names_of_windows_are_those_of_the_table() -> None:
    assert get_args(WindowName) == (*WINDOWS, *SUV_WINDOWS)


class Silent:
    def advance(self, files: int, size: int = 0) -> None: ...


@contextmanager
def no_meter(*_: object) -> Iterator[Progress]:
    yield Silent()


def series_lake(folder: Path, **attributes: object) -> Volume:
    """Run on a series of six slices and return its one volume."""
    ct_series(folder / "in", 6, **attributes)
    request = RunRequest(lake=folder / "lake", sources=(str(folder / "in"),))
    no_workers = load_settings(None, None, {"engine.workers": 0})
    execute(request, "run", no_workers, DirectReporter(no_meter))
    lake = Lake(folder / "lake")
    return lake.volume(accepted(lake))


def test_the_window_of_none_is_the_modalitys_own(tmp_path: Path) -> None:
    ct = series_lake(tmp_path / "ct")
    assert ct.modality == "CT"
    np.testing.assert_array_equal(ct.window(), ct.window("mediastinum"))
    attributes = {"RescaleType": None, "RescaleSlope": None, "RescaleIntercept": None}
    mr = series_lake(tmp_path, Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4", **attributes)
    voxels = mr.to_numpy()
    sample = [voxels[3], voxels[:, 16], voxels[:, :, 16]]
    np.testing.assert_array_equal(mr.window(), default_window("MR", None, sample).grey(voxels))
    with pytest.raises(UsageError, match="in HU"):
        mr.window("lung")


def test_both_affines_put_a_voxel_at_one_place(made: Path) -> None:
    volume = Lake(made).volume(accepted(Lake(made)))
    index = np.array([3, 5, 7, 1])
    np.testing.assert_allclose(
        volume.affine_ras @ index, volume.affine_lps @ index * (-1, -1, 1, 1)
    )


def test_a_volume_goes_to_another_process_whole(made: Path) -> None:
    volume = Lake(made).volume(accepted(Lake(made)))
    for opened in (False, True):  # a loader's workers get it before or after it was read
        if opened:
            assert volume.array.shape == (40, 32, 32)
        other = pickle.loads(pickle.dumps(volume))
        np.testing.assert_array_equal(other.to_numpy(), volume.to_numpy())
        assert other.slices.equals(volume.slices)


def test_the_preview_is_a_picture_drawn_where_none_stands(tmp_path: Path) -> None:
    volume = series_lake(tmp_path)
    drawing = Preview((6, 32, 32), volume.affine_lps, volume.spacing, "CT", "HU")
    drawing.add(0, volume.to_numpy())
    volume.row["preview"] = None
    assert volume.preview_path is None
    assert volume.preview() == drawing.png() == volume._repr_png_()
    volume.row["preview"] = f"{volume.row['path']}/other.png"
    assert volume.preview() == drawing.png()
    assert volume.preview_path is not None
    volume.preview_path.write_bytes(b"stands")
    assert volume.preview() == b"stands"


def test_a_mask_is_read_where_there_is_one_and_its_voxels_are_missing(tmp_path: Path) -> None:
    assert series_lake(tmp_path / "whole").mask is None

    def without_one(k: int) -> dict[str, object]:
        return {"ImagePositionPatient": [0, 0, 2.5 * (k if k < 5 else k + 1)]}

    ct_series(tmp_path / "in", 10, vary=without_one)
    ingest(tmp_path / "in", tmp_path / "lake")
    fill = load_settings(None, None, {"volumes.on_gap": "fill"})
    build_volumes(tmp_path / "lake", settings=fill)
    lake = Lake(tmp_path / "lake")
    volume = lake.volume(accepted(lake))
    assert volume.mask is not None
    assert np.flatnonzero(volume.mask[:].any((1, 2))).tolist() == [5]
    same = volume.resample(volume.spacing)
    np.testing.assert_array_equal(np.isnan(same.array), volume.mask[:] != 0)
    present = volume.mask[:] == 0
    np.testing.assert_allclose(same.array[present], volume.to_numpy()[present], atol=1e-2)
    assert (volume.window("bone", 5) == 0).all()


def test_a_volume_leaves_through_simpleitk_and_nifti_in_place(tmp_path: Path) -> None:
    volume = series_lake(tmp_path, ImageOrientationPatient=[0.8, 0.6, 0, -0.6, 0.8, 0])
    image = volume.to_sitk()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), volume.to_numpy())
    for name in ("v.nii.gz", "v.nii"):
        other = sitk.ReadImage(str(volume.to_nifti(tmp_path / name)))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(other), volume.to_numpy())
        for index in [(0, 0, 0), (31, 31, 5), (4, 20, 1)]:
            there = (volume.affine_lps @ [*index, 1])[:3]
            np.testing.assert_allclose(image.TransformIndexToPhysicalPoint(index), there, atol=1e-9)
            np.testing.assert_allclose(other.TransformIndexToPhysicalPoint(index), there, atol=1e-3)
    with pytest.raises(UsageError, match=r"nii\.gz"):
        volume.to_nifti(tmp_path / "v.nrrd")
    (tmp_path / "v.nii").write_bytes(b"other")
    with pytest.raises(UsageError, match="not overwritten"):
        volume.to_nifti(tmp_path / "v.nii")


def test_a_sheared_volume_goes_to_simpleitk_by_resampling(tmp_path: Path) -> None:
    volume = series_lake(tmp_path, step=(0.0, 0.6, 2.5))
    assert volume.row["flags"] == ["sheared"]
    with pytest.raises(UsageError, match="resample"):
        volume.to_sitk()
    upright = volume.resample(volume.spacing, interpolator="nearest", fill=-1024)
    image = upright.to_sitk()
    assert image.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    centre = (volume.affine_lps @ [16, 16, 3, 1])[:3]
    held = image[image.TransformPhysicalPointToIndex(centre.tolist())]
    assert held == volume.array[3, 16, 16]


def test_the_package_is_light_until_a_lake_is_asked_for() -> None:
    code = (
        "import sys, dicomlake; print([m for m in ('numpy', 'pyarrow', 'zarr', 'duckdb', 'pandas')"
        " if m in sys.modules]); dicomlake.Lake;"
        " print([m for m in ('zarr', 'duckdb', 'pandas', 'prefect', 'dask') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "[]"]
    assert dir(dicomlake) == ["Lake", "Volume", "__version__"]
    with pytest.raises(AttributeError):
        dicomlake.nothing  # noqa: B018  (the access is the test)


def test_a_checkout_without_links_says_so_in_one_line(tmp_path: Path) -> None:
    package = tmp_path / "dicomlake"
    package.mkdir()
    shutil.copy(Path(dicomlake.__file__), package / "__init__.py")
    (package / "pipeline").write_text("../../pipeline")
    done = subprocess.run(
        [sys.executable, "-c", "import dicomlake"],
        check=False, capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("ImportError: src/dicomlake/pipeline is a text")
