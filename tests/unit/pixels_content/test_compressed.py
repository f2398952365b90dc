"""V2: a file and its losslessly compressed copy have one content; lossy ones stay undecided."""

from pathlib import Path

import numpy as np
import pytest
from make import compressed as c
from make.content import read
from make.series import write
from make.stored import packed, values
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from dicomlake.pipeline.tables.settle import Claim, settle

COPIES = (c.RLE, c.J2K_LOSSLESS)


def stack(dtype: str, bits: int) -> np.ndarray:
    return values(bits, dtype, (3, 34, 46))


@pytest.mark.parametrize("syntax", COPIES)
@pytest.mark.parametrize(("dtype", "bits"), [("u2", 12), ("i2", 12), ("i2", 16), ("u1", 8)])
def test_v2_a_losslessly_compressed_copy_is_a_duplicate(
    tmp_path: Path, syntax: str, dtype: str, bits: int
) -> None:
    stored = stack(dtype, bits)
    native = read(write(packed(stored, bits), tmp_path / "a"))
    copy = read(c.write_compressed(packed(stored, bits), tmp_path / "b", syntax))
    assert copy.pixels_comparable
    assert copy.pixels_sha256 == native.pixels_sha256
    assert copy.content_sha256 == native.content_sha256
    settled = settle([Claim("1", "s", "a", native), Claim("2", "s", "b", copy)])
    assert [each.status for each in settled.verdicts] == ["ingested", "duplicate"]


@pytest.mark.parametrize("syntax", COPIES)
def test_v2_one_other_voxel_in_a_compressed_copy_is_a_decided_conflict(
    tmp_path: Path, syntax: str
) -> None:
    stored = stack("u2", 12)
    native = read(write(packed(stored, 12), tmp_path / "a"))
    stored[2, 33, 45] ^= 1
    copy = read(c.write_compressed(packed(stored, 12), tmp_path / "b", syntax))
    assert copy.attributes_sha256 == native.attributes_sha256
    settled = settle([Claim("1", "s", "a", native), Claim("2", "s", "b", copy)])
    assert settled.dispute == "pixels_differ"


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("signed", [False, True])
def test_v2_bits_outside_bits_stored_are_no_pixels(
    tmp_path: Path, syntax: str, signed: bool
) -> None:
    """Overlays in unused bits are lost by some compressors, and no voxel changes by it."""
    noise = values(16, "u2", (34, 46), seed=1)
    found = []
    for name, raw in (("noise", noise), ("clean", noise & 0xFFF)):
        dataset = packed(raw, 12)
        dataset.PixelRepresentation = int(signed)
        found.append(read(write(dataset, tmp_path / name, syntax)).content_sha256)
    assert found[0] == found[1]
    other = packed(noise ^ 1, 12)
    other.PixelRepresentation = int(signed)
    assert read(write(other, tmp_path / "other", syntax)).content_sha256 != found[0]


def test_v2_lossy_pixels_with_other_bytes_stay_undecided(tmp_path: Path) -> None:
    stored = c.smooth(0)
    native = read(write(packed(stored, 12), tmp_path / "a"))
    lossy = c.encapsulated(packed(stored, 12), [c.encoded(stored, c.JPEG_LS_NEAR, 12, lossy=True)])
    copy = read(write(lossy, tmp_path / "b", c.JPEG_LS_NEAR))
    same = read(write(lossy, tmp_path / "c", c.JPEG_LS_NEAR))
    assert not copy.pixels_comparable
    assert copy.content_sha256 == same.content_sha256
    settled = settle([Claim("1", "s", "a", native), Claim("2", "s", "b", copy)])
    assert settled.dispute == "undecided"
    assert {each.reason for each in settled.verdicts} == {None, "pixels_not_comparable"}


def test_v2_undecodable_pixels_with_other_bytes_stay_undecided(tmp_path: Path) -> None:
    broken = [
        read(write(c.encapsulated(packed(c.smooth(0), 12), [source]), tmp_path / name, c.RLE))
        for name, source in (("a", b"no RLE"), ("b", b"not it"))
    ]
    assert not any(each.pixels_comparable for each in broken)
    assert not any(each.fault for each in broken)
    assert broken[0].content_sha256 != broken[1].content_sha256
    native = read(write(packed(c.smooth(0), 12), tmp_path / "c"))
    settled = settle([Claim("1", "s", "a", native), Claim("2", "s", "b", broken[0])])
    assert settled.dispute == "undecided"
