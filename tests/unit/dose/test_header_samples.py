"""Image headers and volumes of real files, against walks of the same files by other means."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813  (its own custom)
from make.dose_lake import DoseLake, run, settings

from dicomlake.pipeline.dose.body import water_equivalent_diameters
from dicomlake.pipeline.dose.header_events import (
    FRAME_HEADER_COLUMNS,
    HEADER_CLASSES,
    HEADER_COLUMNS,
    HeaderReading,
    header_events,
)
from dicomlake.pipeline.volumes.store import open_volume

PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"
STUDY = "study_instance_uid"


def lake_of(root: Path, tmp: Path, *, volumes: bool = False) -> DoseLake:
    run(root, tmp / "lake", settings(run__volumes=volumes))
    return DoseLake(tmp / "lake")


def readings(lake: DoseLake) -> dict[str, HeaderReading]:
    """Return what the headers of every study say."""
    rows: dict[str, tuple[list[Any], list[Any], list[Any]]] = defaultdict(lambda: ([], [], []))
    for place, (table, columns) in enumerate(
        (
            ("instances", HEADER_COLUMNS),
            ("frames", FRAME_HEADER_COLUMNS),
            ("instance_references", ("sop_instance_uid", "referenced_sop_instance_uid", "role")),
        )
    ):
        for row in lake.table(table):
            rows[row[STUDY]][place].append({name: row.get(name) for name in columns} | {
                STUDY: row[STUDY]})  # fmt: skip
    return {study: header_events(*of_study) for study, of_study in rows.items()}


def walked(root: Path) -> Iterator[pydicom.Dataset]:
    """Yield the distinct CT images below a folder as pydicom reads them."""
    seen = set()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            image = pydicom.dcmread(path, force=True, stop_before_pixels=True)
            uid = image.get("SOPInstanceUID")
            if image.get("SOPClassUID") == "1.2.840.10008.5.1.4.1.1.2" and uid not in seen:
                seen.add(uid)
                yield image


def key_of(image: pydicom.Dataset) -> tuple[str, ...]:
    """Return what tells an image's acquisition from others, without a UID."""
    number, clock = image.get("AcquisitionNumber"), image.get("AcquisitionTime") or ""
    if image.get("AcquisitionDateTime"):
        clock = image.AcquisitionDateTime[8:]
    study = str(image.StudyInstanceUID)
    if number is None and not clock:
        return (study, str(image.SOPInstanceUID))
    when = f"{float(clock):.3f}" if clock else ""
    return (study, str(number), when, str(image.get("KVP")))


def test_events_of_real_ct_series_are_those_of_a_walk_with_pydicom(
    shared: Path, tmp_path: Path
) -> None:
    root = shared / "corpus" / "ct_series"
    wanted: dict[tuple[str, ...], list[pydicom.Dataset]] = defaultdict(list)
    for image in walked(root):
        assert "IrradiationEventUID" not in image
        wanted[key_of(image)].append(image)
    found = [e for r in readings(lake_of(root, tmp_path)).values() for e in r.ct_events]
    assert len(found) == len(wanted) > 10
    by_source = {event["source_sop_instance_uid"]: event for event in found}
    for images in wanted.values():
        event = by_source[min(str(image.SOPInstanceUID) for image in images)]
        doses = [float(image.CTDIvol) for image in images if "CTDIvol" in image]
        assert event.get("ctdivol_mgy") == (pytest.approx(np.mean(doses)) if doses else None)
        currents = [float(image.XRayTubeCurrent) for image in images if "XRayTubeCurrent" in image]
        assert event.get("ma_max") == max(currents, default=None)
        places = [float(image.ImagePositionPatient[2]) for image in images]
        thickness = {float(image.SliceThickness) for image in images}
        if len(thickness) == 1:
            length = max(places) - min(places) + thickness.pop()
            assert event["scanning_length_mm"] == pytest.approx(length)


def test_the_headers_of_odd_files_give_events_and_never_an_error(tmp_path: Path) -> None:
    lake = lake_of(PYDICOM, tmp_path)
    found = readings(lake)
    images = {
        row["sop_instance_uid"]
        for row in lake.table("instances")
        if row["sop_class_uid"] in HEADER_CLASSES
    }
    shown = {uid for r in found.values() for e in r.xray_events
             for uid in e["image_sop_instance_uids"]}  # fmt: skip
    assert shown
    assert shown <= images
    assert any(r.ct_events for r in found.values())
    for reading in found.values():
        for event in (*reading.ct_events, *reading.xray_events):
            assert event["source_kind"] == "IMAGE_HEADER"
            assert event[STUDY] in found


def peer_dw(hu: npt.NDArray[Any], row_mm: float, column_mm: float) -> float:
    """Return the water-equivalent diameter of a slice by SimpleITK."""
    matter = sitk.GetImageFromArray((hu > -600).astype(np.uint8))
    labels = sitk.ConnectedComponent(sitk.BinaryFillhole(matter), False)
    numbers = sitk.GetArrayFromImage(labels)
    water = np.bincount(numbers.ravel(), weights=(hu / 1000.0 + 1.0).ravel())
    return float(2 * np.sqrt(water[1:].max() * row_mm * column_mm / np.pi))


def test_diameters_of_a_real_phantom_are_those_of_simpleitk(shared: Path, tmp_path: Path) -> None:
    lake = lake_of(shared / "corpus" / "ct_series" / "philips_phantom_flat", tmp_path, volumes=True)
    (volume,) = [row for row in lake.table("volumes") if row["status"] == "accepted"]
    voxels = open_volume(lake.lake / volume["path"])
    spacing = volume["spacing_row_mm"], volume["spacing_column_mm"]
    found = water_equivalent_diameters(voxels, *spacing)
    images = np.asarray(voxels[:]).astype(np.float64)
    measured = [size.dw_mm for size in found if size.dw_mm is not None]
    wanted = [
        peer_dw(image, *spacing)
        for image, size in zip(images, found, strict=True)
        if size.dw_mm is not None
    ]
    assert len(measured) >= 25
    assert measured == pytest.approx(wanted, rel=0.02)
    assert {size.truncated_fraction for size in found if size.dw_mm is not None} == {0.0}
    (event,) = lake.table("ct_irradiation_events")
    assert event["dw_mm"] == pytest.approx(np.mean(measured))
