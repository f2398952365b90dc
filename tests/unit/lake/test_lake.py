"""The public `Lake`: one version as tables, SQL and volumes, and a light package."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from make.lakes import build_volumes, ingest
from make.series import ct_series

import dicomlake
from dicomlake import Lake
from dicomlake.pipeline.errors import LakeNotFoundError, UsageError
from dicomlake.pipeline.lake import WINDOWS, linear_voi
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
        volume.window("brain")
    with pytest.raises(UsageError, match="at least 1"):
        volume.window((40, 0.5))
    for centre, width in [(40, math.nan), (math.nan, 400), (40, math.inf)]:
        with pytest.raises(UsageError, match="finite"):
            volume.window((centre, width))


def test_a_window_of_width_one_is_a_threshold() -> None:
    assert linear_voi(np.array([38.9, 39.5, 39.6]), 40, 1).tolist() == [0, 0, 255]


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
