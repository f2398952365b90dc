"""The generated thorax CT: a valid series, the same bytes each time, with tissue in its places."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage

from dicomlake.pipeline.demo import write_phantom


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_phantom(tmp_path_factory.mktemp("phantom") / "deep" / "series", 5)


def hounsfield(path: Path) -> np.ndarray:
    dataset = pydicom.dcmread(path)
    return dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)


def test_same_call_writes_the_same_bytes(series: list[Path], tmp_path: Path) -> None:
    again = write_phantom(tmp_path, 5)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in series]


def test_file_that_is_there_already_is_not_touched(tmp_path: Path) -> None:
    whole, damaged = write_phantom(tmp_path, 2)
    before = whole.stat()
    damaged.write_bytes(b"cut off")
    write_phantom(tmp_path, 2)
    assert (whole.stat().st_mtime_ns, whole.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert pydicom.dcmread(damaged).InstanceNumber == 2


def test_slice_looks_the_same_in_a_series_of_any_length(series: list[Path], tmp_path: Path) -> None:
    (middle,) = write_phantom(tmp_path, 1)
    assert np.array_equal(hounsfield(middle), hounsfield(series[2]))


def test_files_have_no_extension_and_only_the_series_is_written(series: list[Path]) -> None:
    assert [path.name for path in series] == [f"IM{number:06d}" for number in range(1, 6)]
    assert sorted(series[0].parent.iterdir()) == series


def test_slices_lie_evenly_from_the_head_down(series: list[Path]) -> None:
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in series]
    heights = [float(header.ImagePositionPatient[2]) for header in headers]
    assert np.allclose(np.diff(heights), -5.0)
    assert [header.InstanceNumber for header in headers] == [1, 2, 3, 4, 5]
    assert len({header.SOPInstanceUID for header in headers}) == 5
    for shared_by_all in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert len({header[shared_by_all].value for header in headers}) == 1


def test_header_is_a_ct_image_with_valid_values(series: list[Path]) -> None:
    with pydicom.config.disable_value_validation():
        dataset = pydicom.dcmread(series[0])
    assert dataset.SOPClassUID == dataset.file_meta.MediaStorageSOPClassUID == CTImageStorage
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert dataset.PatientName == "Phantom^Thorax"
    for element in dataset:
        if element.VR == "UI":
            assert pydicom.uid.UID(element.value).is_valid
    # Type 1 and 2 attributes of the CT Image IOD and the modules it takes in.
    required = """
        ImageType KVP SamplesPerPixel PhotometricInterpretation BitsAllocated BitsStored HighBit
        RescaleIntercept RescaleSlope AcquisitionNumber PatientID PatientBirthDate PatientSex
        StudyDate StudyTime AccessionNumber ReferringPhysicianName StudyID SeriesNumber Modality
        PatientPosition FrameOfReferenceUID PositionReferenceIndicator Manufacturer PixelSpacing
        ImageOrientationPatient ImagePositionPatient SliceThickness InstanceNumber Rows Columns
        PixelRepresentation PixelData
    """
    assert not [keyword for keyword in required.split() if keyword not in dataset]
    assert dataset.pixel_array.shape == (512, 512)
    assert dataset.pixel_array.max() < 2**dataset.BitsStored


def test_tube_current_and_dose_vary_along_the_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only headers matter here, and 40 slices take ten seconds to draw.
    blank = np.zeros((512, 512), np.float32)
    monkeypatch.setattr("dicomlake.pipeline.demo.scanner.scanned", lambda *_: blank)
    paths = write_phantom(tmp_path)
    assert len(paths) == 40
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
    assert len({header.XRayTubeCurrent for header in headers}) > 10
    for header in headers:
        assert header.CTDIvol == pytest.approx(header.XRayTubeCurrent * 0.0412, abs=0.05)


def test_tissue_has_its_ct_numbers(series: list[Path]) -> None:
    image = hounsfield(series[2])
    inside = image[120:400, 60:450]
    lung = inside[(inside > -950) & (inside < -750)]
    fat = inside[(inside > -150) & (inside < -60)]
    muscle = inside[(inside > 20) & (inside < 90)]
    bone = inside[inside > 500]
    for tissue, low, high in ((lung, 0.2, 0.6), (fat, 0.1, 0.4), (muscle, 0.03, 0.3)):
        assert low < tissue.size / inside.size < high
    assert bone.size > 500
    assert np.median(lung) == pytest.approx(-860, abs=30)
    assert np.median(fat) == pytest.approx(-100, abs=10)
    assert image[0, 0] == -1024
    assert image[5, 256] == pytest.approx(-1000, abs=60)


def test_noise_is_that_of_a_scan(series: list[Path]) -> None:
    image = hounsfield(series[2])
    air = image[40:80, 240:280]
    assert 3 < air.std() < 25


def test_slices_change_smoothly(series: list[Path]) -> None:
    images = [hounsfield(path) for path in series]
    for one, next_one in pairwise(images):
        assert np.corrcoef(one.ravel(), next_one.ravel())[0, 1] > 0.95


def test_series_without_slices_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        write_phantom(tmp_path, 0)
