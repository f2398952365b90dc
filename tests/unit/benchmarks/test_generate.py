"""The generated trees: the same bytes from the same seed, and as varied as they claim."""

import hashlib
import statistics
from collections import Counter
from pathlib import Path

import pydicom
import pytest
from generate import BROKEN_EVERY, Tree, _series, write_multiframe, write_series, write_tree
from layouts import Elements
from makers import MAKERS
from pydicom.datadict import private_dictionary_VR
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError


def digests(tree: Tree) -> dict[str, str]:
    return {
        str(path.relative_to(tree.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tree.files
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return write_tree(tmp_path_factory.mktemp("tree"), 1_000)


@pytest.fixture(scope="module")
def headers(tree: Tree) -> list[pydicom.FileDataset]:
    good = [path for path in tree.files if path not in tree.broken]
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in good]


def count(dataset: Dataset) -> int:
    """Return how many elements there are, nested ones included; every value is converted."""
    total = 0
    for element in dataset:
        total += 1
        if element.VR == "SQ":
            total += sum(count(item) for item in element.value)
    return total


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    trees = [write_tree(tmp_path / name, 150, seed=3) for name in "ab"]
    assert digests(trees[0]) == digests(trees[1])


def test_a_smaller_tree_is_the_beginning_of_a_larger_one(tmp_path: Path) -> None:
    small, large = (digests(write_tree(tmp_path / str(n), n)) for n in (40, 90))
    assert small.items() <= large.items()


def test_other_seed_other_bytes(tmp_path: Path) -> None:
    one, two = (write_tree(tmp_path / str(seed), 60, seed=seed) for seed in (3, 4))
    assert not set(digests(one).values()) & set(digests(two).values())


def test_no_two_files_are_alike(tree: Tree) -> None:
    good = [path for path in tree.files if path not in tree.broken]
    assert len({path.read_bytes() for path in good}) == len(good)


def test_one_in_a_hundred_is_broken_and_pydicom_gets_no_instance_of_it(tree: Tree) -> None:
    assert len(tree.broken) == len(tree.files) // BROKEN_EVERY
    for path in tree.broken:
        try:
            found = pydicom.dcmread(path, stop_before_pixels=True)
        except InvalidDicomError:
            continue
        assert "SeriesInstanceUID" not in found


def test_a_spotless_tree_is_named_dcm_and_whole(tmp_path: Path) -> None:
    tree = write_tree(tmp_path, 210, spotless=True)
    assert tree.broken == frozenset()
    assert {path.suffix for path in tree.files} == {".dcm"}
    assert all("SeriesInstanceUID" in pydicom.dcmread(path) for path in tree.files)


def test_every_value_of_every_header_is_one_pydicom_converts_without_a_word(
    headers: list[pydicom.FileDataset],
) -> None:
    sizes: dict[str, list[int]] = {}
    for header in headers:
        sizes.setdefault(str(header.Modality), []).append(count(header))
    for modality in ("CT", "MR"):
        assert 140 <= statistics.median(sizes[modality]) <= 240


def test_headers_vary_as_those_of_an_archive_do(headers: list[pydicom.FileDataset]) -> None:
    assert {"CT", "MR", "PT", "MG", "DX", "US", "NM"} <= {header.Modality for header in headers}
    assert len({header.Manufacturer for header in headers}) >= 7
    syntaxes = Counter(header.file_meta.TransferSyntaxUID for header in headers)
    assert syntaxes["1.2.840.10008.1.2"] > 100
    assert syntaxes["1.2.840.10008.1.2.1"] > 100
    assert len(syntaxes) >= 5
    charsets = {str(header.get("SpecificCharacterSet")) for header in headers}
    assert len(charsets) >= 4
    lengths = {len(str(header.SliceLocation)) for header in headers if "SliceLocation" in header}
    assert len(lengths) >= 6


def test_names_are_in_their_charset(headers: list[pydicom.FileDataset]) -> None:
    names = {str(header.PatientName) for header in headers}
    assert "Müller^Anneliese Sophie^^Dr." in names
    assert "Yamada^Tarou=山田^太郎=やまだ^たろう" in names
    assert "Łukasiewicz^Žofia" in names


def test_some_headers_do_not_end_in_the_first_16_kb(headers: list[pydicom.FileDataset]) -> None:
    beyond = [
        h
        for h in headers
        if len(h.get((0x0029, 0x1020), pydicom.DataElement(0, "OB", b"")).value) > 16_384
    ]
    assert beyond
    assert all("RequestAttributesSequence" in header for header in beyond)


def test_sequences_of_undefined_and_of_defined_length(headers: list[pydicom.FileDataset]) -> None:
    open_ended = {header["ProcedureCodeSequence"].is_undefined_length for header in headers}
    assert open_ended == {True, False}


def private_elements(values: Elements) -> list[tuple[int, str, str]]:
    creators = {
        key: own.value
        for key, own in values.items()
        if isinstance(key, int) and key & 0xFFFF < 0x100
    }
    return [
        (key, creators[(key & 0xFFFF0000) | ((key & 0xFF00) >> 8)], own.vr)
        for key, own in values.items()
        if isinstance(key, int) and key & 0xFFFF >= 0x100
    ]


@pytest.mark.parametrize("number", range(len(MAKERS)))
def test_private_elements_have_the_vr_that_is_known_of_them(number: int) -> None:
    series = _series(number, MAKERS[number], 7)
    found = private_elements({**series.maker.fixed(series), **series.maker.varying(series, 2)})
    for tag, creator, vr in found:
        try:
            known = private_dictionary_VR(tag, creator)
        except KeyError:
            continue
        assert vr == known, f"{creator} {tag:08X}"


def test_multi_frame_headers_tell_every_frame(tmp_path: Path) -> None:
    one, two = (write_multiframe(tmp_path / name, 4, frames=101) for name in "ab")
    assert digests(one) == digests(two)
    for path in one.files:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        frames = header.PerFrameFunctionalGroupsSequence
        assert len(frames) == header.NumberOfFrames >= 101
        assert len({str(f.PlanePositionSequence[0].ImagePositionPatient) for f in frames}) == len(
            frames
        )
        assert count(header) > 2_000


def test_a_series_for_volumes_has_its_pixels(tmp_path: Path) -> None:
    paths = write_series(tmp_path, 5, 24)
    arrays = [pydicom.dcmread(path).pixel_array for path in paths]
    assert {array.shape for array in arrays} == {(24, 24)}
    assert all(array.std() > 50 for array in arrays)
