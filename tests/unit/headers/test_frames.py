"""Frames of multi-frame instances: values, precedence, vectors, counts that disagree."""

import datetime
import math
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from make.frames import data_set, enhanced_ct, enhanced_mr, file_bytes, group, top_cells
from pydicom import Dataset, dcmread

from dicomlake.pipeline.headers.columns import Lineage
from dicomlake.pipeline.headers.decode import Decoder
from dicomlake.pipeline.headers.frames import FRAMES_TOP_TAGS, FrameRows, Owner, needs_frames
from dicomlake.pipeline.headers.issues import ISSUE_CODES, Fault
from dicomlake.pipeline.headers.values import Context
from dicomlake.schemas.tables.frames import ALSO_IN_DATA_SET, ALSO_NAMED, FRAMES

OWNER = Owner("1.2.3", "1.2", "1.2.1", "CT", 2024, "f" * 32)
LINEAGE = Lineage("run", "0.1", 2)
Row = dict[str, object]


def frames_of(
    made: Dataset, syntax: str = "explicit", n_frames: int | None = -1, **more: bytes
) -> tuple[list[Row], tuple[Fault, ...]]:
    """Return rows and faults of a data set; `n_frames` -1: what it says."""
    rows = FrameRows(Decoder(10_000), LINEAGE)
    count = made.get("NumberOfFrames") if n_frames == -1 else n_frames
    top = top_cells(made, syntax, **more)
    faults = rows.add(OWNER, top, Context(little=syntax != "big"), count)
    table = rows.table()
    table.validate(full=True)
    assert table.schema == FRAMES.schema()
    return table.to_pylist(), faults


def expected(made: Dataset, frame: int, name: str) -> object:
    """Return the value that pydicom has for a column of a frame, by the rules of the standard."""
    column = FRAMES.by_name[name]
    groups = (column.within[0], *ALSO_NAMED.get(column.within[0], ()))
    per_frame = made.PerFrameFunctionalGroupsSequence[frame]
    shared = _first(made, (0x52009229,))
    for item in (per_frame, shared):
        for tag in groups:
            inner = _first(item, (tag, *column.within[1:]))
            if inner is not None and inner.get(column.tag) is not None:
                return _as_column(inner[column.tag].value, column.vr, column.vm)
    if name in ALSO_IN_DATA_SET and name != "image_position_patient" and column.tag in made:
        return _as_column(made[column.tag].value, column.vr, column.vm)
    return None


def _first(item: Dataset | None, path: tuple[int, ...]) -> Dataset | None:
    for tag in path:
        if item is None or tag not in item or not item[tag].value:
            return None
        item = item[tag].value[0]
    return item


def _as_column(value: object, vr: str, vm: str) -> object:
    many = isinstance(value, pydicom.multival.MultiValue | list)
    values = list(value) if many else [value]  # type: ignore[call-overload]  # pydicom types any value
    if vr in ("DS", "FD", "FL"):
        values = [float(each) for each in values]
    elif vr in ("IS", "US", "UL", "SL"):
        values = [int(each) for each in values]
    else:
        values = [str(each).strip() for each in values]
    if vm == "1":
        return values[0]
    return None if values == [""] else values


NESTED = [column.name for column in FRAMES.columns if column.within and column.vr != "DT"]


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
@pytest.mark.parametrize("make", [enhanced_ct, enhanced_mr])
def test_frames_hold_what_pydicom_reads_in_their_functional_groups(
    make: Callable[..., Dataset], syntax: str, is_open: bool
) -> None:
    rows, faults = frames_of(make(45, is_open=is_open), syntax)
    assert faults == ()
    made = make(45)
    assert [row["frame_number"] for row in rows] == list(range(1, 46))
    for name in NESTED:
        assert [row[name] for row in rows] == [expected(made, n, name) for n in range(45)], name
    assert sum(rows[0][name] is not None for name in NESTED) > 15


def test_rows_know_their_instance_and_where_they_come_from() -> None:
    rows, _ = frames_of(enhanced_ct(2))
    for name in ("sop_instance_uid", "series_instance_uid", "modality", "study_year", "file_id"):
        assert {row[name] for row in rows} == {getattr(OWNER, name)}
    assert {row["run_id"] for row in rows} == {"run"}


def _with_groups(per_frame: list[dict[str, object]], **shared: object) -> Dataset:
    return data_set(
        NumberOfFrames=len(per_frame),
        SharedFunctionalGroupsSequence=[data_set(**shared)],
        PerFrameFunctionalGroupsSequence=[data_set(**values) for values in per_frame],
    )


def test_v12_per_frame_groups_win_over_shared_ones_and_these_over_the_data_set() -> None:
    transformation = "PixelValueTransformationSequence"
    made = _with_groups(
        [group(transformation, RescaleSlope=2), group(transformation, RescaleIntercept=7), {}],
        **group(transformation, RescaleSlope=3),
    )
    made.RescaleSlope, made.RescaleIntercept, made.KVP = 4, 5, 100
    rows, faults = frames_of(made)
    assert [row["rescale_slope"] for row in rows] == [2, 3, 3]
    assert [row["rescale_intercept"] for row in rows] == [5, 7, 5]
    assert [row["kvp"] for row in rows] == [100, 100, 100]
    assert faults == ()


def test_an_attribute_of_one_frame_stays_with_it() -> None:
    made = _with_groups(
        [
            group("PlanePositionSequence", ImagePositionPatient=[1, 2, 3]),
            {},
            {"FrameContentSequence": []},
        ]
    )
    rows, _ = frames_of(made)
    assert [row["image_position_patient"] for row in rows] == [[1, 2, 3], None, None]


def test_one_position_of_a_data_set_is_not_that_of_several_frames() -> None:
    made = data_set(NumberOfFrames=3, ImagePositionPatient=[1, 2, 3], PixelSpacing=[1, 1])
    rows, _ = frames_of(made)
    assert [row["image_position_patient"] for row in rows] == [None] * 3
    assert [row["pixel_spacing"] for row in rows] == [[1, 1]] * 3
    single = _with_groups([{}])
    single.ImagePositionPatient = [1, 2, 3]
    assert frames_of(single)[0][0]["image_position_patient"] == [1, 2, 3]


def test_groups_of_other_modalities_fill_the_same_columns() -> None:
    made = _with_groups(
        [
            group("MRImageFrameTypeSequence", FrameType=["A", "B", "C", "D"]),
            group("PETFrameTypeSequence", FrameType=["E", "F", "G", "H"]),
            group("FrameAcquisitionSequence", KVP=70, XRayTubeCurrentInmA=5.5),
        ]
    )
    rows, _ = frames_of(made)
    assert [row["frame_type"] for row in rows] == [list("ABCD"), list("EFGH"), None]
    assert [row["kvp"] for row in rows] == [None, None, 70]
    assert rows[2]["x_ray_tube_current_inm_a"] == 5.5


def test_attributes_of_converted_single_frames_are_read() -> None:
    made = _with_groups(
        [
            {
                **group("UnassignedPerFrameConvertedAttributesSequence", EchoTime=n, KVP=80 + n),
                **group(
                    "ConversionSourceAttributesSequence",
                    ReferencedSOPClassUID="1.2",
                    ReferencedSOPInstanceUID=f"1.9.{n}",
                ),
            }
            for n in (1, 2)
        ],
        **group("UnassignedSharedConvertedAttributesSequence", RepetitionTime=500),
    )
    rows, _ = frames_of(made)
    assert [row["echo_time"] for row in rows] == [1, 2]
    assert [row["kvp"] for row in rows] == [81, 82]
    assert [row["repetition_time"] for row in rows] == [500, 500]
    assert [row["conversion_source_sop_instance_uid"] for row in rows] == ["1.9.1", "1.9.2"]


def _utc(*parts: int) -> datetime.datetime:
    return datetime.datetime(*parts)  # type: ignore[arg-type]  # integers, as parsed


def test_times_are_utc_only_where_an_offset_is_known() -> None:
    content = "FrameContentSequence"
    made = _with_groups(
        [
            group(content, FrameAcquisitionDateTime="20240102030405.5+0100"),
            group(content, FrameAcquisitionDateTime="20240102030405"),
            group(content, FrameAcquisitionDateTime="2024"),
        ]
    )
    rows, faults = frames_of(made)
    name = "frame_acquisition_date_time"
    local = _utc(2024, 1, 2, 3, 4, 5)
    assert [row[name] for row in rows] == [_utc(2024, 1, 2, 2, 4, 5, 500_000), local, None]
    assert [row[f"{name}_offset_minutes"] for row in rows] == [60, None, None]
    assert faults == (Fault("partial_date_time", 0x00189074, "no hour"),)
    made.TimezoneOffsetFromUTC = "-0130"
    rows, _ = frames_of(made)
    assert [row[f"{name}_offset_minutes"] for row in rows] == [60, -90, None]
    assert rows[1][name] == _utc(2024, 1, 2, 4, 34, 5)


def test_a_malformed_value_is_null_in_its_frame_and_named_once() -> None:
    good = group("PlanePositionSequence", ImagePositionPatient=[1, 2, 3])
    bad = Dataset()
    bad.add_new(0x00200032, "LO", "1\\2")
    made = _with_groups(
        [good, {"PlanePositionSequence": [bad]}, good, {"PlanePositionSequence": [bad]}]
    )
    rows, faults = frames_of(made)
    assert [row["image_position_patient"] for row in rows] == [[1, 2, 3], None, [1, 2, 3], None]
    assert {fault.code for fault in faults} == {"wrong_vm", "vr_mismatch"}
    assert len(faults) == 2
    assert all(fault.code in ISSUE_CODES for fault in faults)
    named = [row["invalid_attributes"] for row in rows]
    assert named == [None, ["ImagePositionPatient"], None, ["ImagePositionPatient"]]


def test_what_is_malformed_is_named_in_the_frames_that_it_counts_for() -> None:
    bad = Dataset()
    bad.add_new(0x00281053, "LO", "slope")
    bad.add_new(0x00281052, "LO", "intercept")
    good = group("PixelValueTransformationSequence", RescaleSlope=1, RescaleIntercept=0)
    made = _with_groups([{}, good])
    shared = Dataset()
    shared.PixelValueTransformationSequence = [bad]
    made.SharedFunctionalGroupsSequence = [shared]
    rows, _ = frames_of(made)
    named = [row["invalid_attributes"] for row in rows]
    assert named == [["RescaleIntercept", "RescaleSlope"], None]


def test_a_malformed_vector_is_named_in_every_frame_and_a_nested_value_by_its_column() -> None:
    bad = Dataset()
    bad.add_new(0x00189089, "LO", "a\\b")
    direction = group("MRDiffusionSequence", DiffusionGradientDirectionSequence=[bad])
    made = _with_groups([direction, {}])
    made.add_new(0x00540020, "LO", "x")
    rows, _ = frames_of(made)
    named = [row["invalid_attributes"] for row in rows]
    assert named == [["DetectorVector", "diffusion_gradient_orientation"], ["DetectorVector"]]


def test_an_empty_value_is_null_without_a_finding() -> None:
    made = _with_groups([group("MREchoSequence", EffectiveEchoTime=None)])
    rows, faults = frames_of(made)
    assert rows[0]["effective_echo_time"] is None
    assert faults == ()


@pytest.mark.parametrize(
    ("declared", "expected_rows"), [(2, 2), (3, 3), (4, 3), (None, 3), (10**9, 3), (-5, 1)]
)
def test_counts_that_disagree_give_the_smaller_number_of_rows_and_an_issue(
    declared: int | None, expected_rows: int
) -> None:
    rows, faults = frames_of(enhanced_ct(3), n_frames=declared)
    assert len(rows) == expected_rows
    codes = [fault.code for fault in faults]
    assert codes == ([] if declared == 3 else ["frame_count_mismatch"])


def test_a_hostile_number_of_frames_allocates_nothing_by_it() -> None:
    rows = FrameRows(Decoder(50), LINEAGE)
    tracemalloc.start()
    faults = rows.add(OWNER, {}.get, Context(), 10**9)
    table = rows.table()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.num_rows == 50
    assert [fault.code for fault in faults] == ["too_many_frames"]
    assert peak < 10_000_000


def test_nuclear_vectors_give_each_frame_its_indices() -> None:
    detectors = [
        data_set(ImagePositionPatient=[n, 0, 0], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
        for n in (10, 20)
    ]
    made = data_set(
        NumberOfFrames=4,
        EnergyWindowVector=[1, 1, 2, 2],
        DetectorVector=[1, 2, 1, 2],
        SliceVector=[1, 2, 3],
        DetectorInformationSequence=detectors,
    )
    rows, faults = frames_of(made)
    assert [row["energy_window_index"] for row in rows] == [1, 1, 2, 2]
    assert [row["detector_index"] for row in rows] == [1, 2, 1, 2]
    assert [row["slice_index"] for row in rows] == [None] * 4
    assert faults == (Fault("frame_vector_mismatch", 0x00540080, "3 values for 4 frames"),)
    positions = [row["detector_image_position_patient"] for row in rows]
    assert positions == [[10, 0, 0], [20, 0, 0], [10, 0, 0], [20, 0, 0]]
    assert [row["image_position_patient"] for row in rows] == [None] * 4


def test_which_detector_a_frame_has_is_never_guessed() -> None:
    made = data_set(
        NumberOfFrames=2,
        DetectorVector=[1, 3],
        DetectorInformationSequence=[data_set(ImagePositionPatient=[n, 0, 0]) for n in (1, 2)],
    )
    name = "detector_image_position_patient"
    assert [row[name] for row in frames_of(made)[0]] == [[1, 0, 0], None]
    del made.DetectorVector
    assert [row[name] for row in frames_of(made)[0]] == [None, None]
    made.DetectorInformationSequence = made.DetectorInformationSequence[:1]
    assert [row[name] for row in frames_of(made)[0]] == [[1, 0, 0], [1, 0, 0]]


def test_frame_times_follow_the_frame_increment_pointer() -> None:
    name = "frame_time_offset_ms"
    made = data_set(NumberOfFrames=3, FrameTime=33.5, FrameTimeVector=[0, 10, 20.5])
    assert [row[name] for row in frames_of(made)[0]] == [0, 10, 30.5]
    made.FrameIncrementPointer = 0x00181063
    assert [row[name] for row in frames_of(made)[0]] == [0, 33.5, 67]
    assert [row[name] for row in frames_of(made, "big")[0]] == [0, 33.5, 67]
    made.FrameIncrementPointer = [0x00540010, 0x00540020]
    assert [row[name] for row in frames_of(made)[0]] == [None] * 3
    made.FrameIncrementPointer = 0x00181065
    made.FrameTimeVector = [0, 10]
    rows, faults = frames_of(made)
    assert [row[name] for row in rows] == [None] * 3
    assert [fault.code for fault in faults] == ["frame_vector_mismatch"]


def test_a_gap_in_frame_times_leaves_what_comes_after_unknown() -> None:
    made = data_set(NumberOfFrames=3, FrameTimeVector=[0, 1, 2])
    rows, _ = frames_of(made, FrameTimeVector=b"0\\\\5 ")
    assert [row["frame_time_offset_ms"] for row in rows] == [0, None, None]


def test_dose_planes_keep_the_offset_that_was_recorded() -> None:
    made = data_set(
        NumberOfFrames=3, GridFrameOffsetVector=[0, 2.5, 5], ImagePositionPatient=[1, 2, 3]
    )
    rows, _ = frames_of(made)
    assert [row["grid_frame_offset"] for row in rows] == [0, 2.5, 5]
    assert [row["image_position_patient"] for row in rows] == [None] * 3


def test_single_frame_instances_without_groups_have_no_frames() -> None:
    assert not needs_frames(top_cells(data_set(NumberOfFrames=1)), 1)
    assert not needs_frames(top_cells(data_set()), None)
    assert needs_frames(top_cells(data_set()), 2)
    assert needs_frames(top_cells(enhanced_ct(1)), 1)


def test_instances_of_a_batch_follow_one_another_and_an_empty_batch_is_a_table() -> None:
    rows = FrameRows(Decoder(10_000), LINEAGE)
    assert rows.table().num_rows == 0
    other = Owner("1.9", "1.2", "1.2.1", "MR", 2023, "e" * 32)
    cine = data_set(NumberOfFrames=2, FrameTime=40)
    rows.add(OWNER, top_cells(enhanced_ct(2)), Context(), 2)
    rows.add(OWNER, top_cells(cine), Context(), 2)
    rows.add(other, top_cells(enhanced_mr(3), "implicit"), Context(), 3)
    table = rows.table()
    table.validate(full=True)
    assert table["frame_number"].to_pylist() == [1, 2, 1, 2, 1, 2, 3]
    assert table["modality"].to_pylist() == ["CT"] * 4 + ["MR"] * 3
    assert table["frame_time_offset_ms"].to_pylist() == [None, None, 0, 40, None, None, None]
    assert [value is None for value in table["ctdivol"].to_pylist()] == [False] * 2 + [True] * 5


def test_frames_need_no_pandas() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_frames import frames_of, enhanced_ct\n"
        "frames_of(enhanced_ct(20)); assert 'pandas' not in sys.modules, 'pandas'"
    )
    here = Path(__file__).parent
    path = f"{here}:{here.parents[1]}"
    subprocess.run([sys.executable, "-c", script, str(here)], check=True, env={"PYTHONPATH": path})


def _multi_frame_files(paths: Iterable[Path]) -> Iterator[tuple[Path, Dataset]]:
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's about odd files
            try:
                made = dcmread(path, stop_before_pixels=True, specific_tags=_WANTED)
                many = int(made.get("NumberOfFrames") or 1) > 1
            except (pydicom.errors.InvalidDicomError, NotImplementedError, ValueError):
                continue
            if (many or 0x52009229 in made) and made.original_encoding[1]:
                yield path, made


_WANTED: list[int | str] = [*FRAMES_TOP_TAGS, 0x00080005]


def _compare(paths: Iterable[Path]) -> int:
    """Hold the frames of files against pydicom, and return how many values were equal."""
    compared = 0
    for path, made in _multi_frame_files(paths):
        rows, _ = frames_of(dcmread(BytesIO(file_bytes(made))))
        described = len(made.get("PerFrameFunctionalGroupsSequence", []))
        assert len(rows) == int(made.get("NumberOfFrames") or described), path.name
        if not described:
            continue
        for name in NESTED:
            for n, row in enumerate(rows):
                value = expected(made, n, name)
                assert row[name] == value or _is_same(row[name], value), (path.name, name)
                compared += value is not None
    return compared


def test_frames_of_files_of_pydicom_hold_what_it_reads() -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    assert _compare(sorted(folder.glob("*.dcm"))) > 20


def test_frames_of_real_files_hold_what_pydicom_reads(shared: Path) -> None:
    folders = ("seg_sr_sm", "mr_series_with_nifti_truth/siemens_multiframe", "odd")
    paths = [
        path
        for folder in folders
        for path in sorted((shared / "corpus" / folder).rglob("*"))
        if path.is_file()
    ]
    assert _compare(paths) > 100


def _is_same(ours: object, theirs: object) -> bool:
    return isinstance(ours, float) and isinstance(theirs, float) and math.isclose(ours, theirs)
