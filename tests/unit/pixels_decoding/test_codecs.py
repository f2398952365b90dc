"""Compressed frames: the values that were encoded, and those of other tools."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import openjpeg
import pydicom
import pytest
import rle
from make import codestreams
from make import compressed as c
from make.series import write
from make.stored import SETTINGS, cause_of, frames_of, packed, values, values_of
from pydicom.encaps import get_frame
from pydicom.errors import InvalidDicomError

from dicomlake.pipeline.pixels.codecs import CODECS
from dicomlake.pipeline.pixels.frame_reader import FrameReader
from dicomlake.pipeline.pixels.syntaxes import (
    CODEC_OF,
    DECODABLE_SYNTAXES,
    DEFLATED,
    LOSSY_SYNTAXES,
    NATIVE_SYNTAXES,
)

TEST_FILES = Path(pydicom.__file__).parent / "data" / "test_files"
WORDS = [(8, "u1"), (8, "i1"), (12, "u2"), (12, "i2"), (13, "i2"), (16, "u2"), (16, "i2")]


@pytest.mark.parametrize("syntax", sorted(c.LOSSLESS))
@pytest.mark.parametrize(("bits", "dtype"), WORDS)
def test_v13_lossless_syntaxes_give_back_the_values_that_were_encoded(
    tmp_path: Path, reader: FrameReader, syntax: str, bits: int, dtype: str
) -> None:
    stored = values(bits, dtype, (34, 47), seed=bits)
    # JPEG and JPEG-LS know no sign: what is encoded is the pattern of bits.
    unsigned = syntax in (c.JPEG_LS, c.JPEG_LOSSLESS, c.JPEG_LOSSLESS_SV1)
    pattern = stored.view(f"u{stored.itemsize}") & ((1 << bits) - 1) if unsigned else stored
    frame = c.encoded(pattern.astype(pattern.dtype), syntax, bits)
    path = write(c.encapsulated(packed(stored, bits), [frame]), tmp_path / "IM", syntax)
    np.testing.assert_array_equal(values_of(reader, frames_of(path))[0], stored)


@pytest.mark.parametrize(("bits", "dtype"), [(32, "u4"), (32, "i4"), (20, "i4")])
def test_v13_rle_of_32_bits(tmp_path: Path, reader: FrameReader, bits: int, dtype: str) -> None:
    stored = values(bits, dtype, (9, 7))
    frame = rle.encode_pixel_data(
        stored.tobytes(), byteorder="<", rows=9, columns=7, bits_allocated=32, samples_per_pixel=1
    )
    path = write(c.encapsulated(packed(stored, bits), [frame]), tmp_path / "IM", c.RLE)
    np.testing.assert_array_equal(values_of(reader, frames_of(path))[0], stored)


@pytest.mark.parametrize("syntax", [c.RLE, c.J2K_LOSSLESS, c.JPEG_LS, c.JPEG_LOSSLESS_SV1])
@pytest.mark.parametrize("signed", [False, True])
def test_v13_bits_outside_bits_stored_are_dropped_as_in_native_frames(
    tmp_path: Path, reader: FrameReader, syntax: str, signed: bool
) -> None:
    raw = values(16, "u2", (34, 46), seed=3)
    frame = c.encoded(raw, syntax, 16)
    dataset = packed(raw, 12)
    dataset.PixelRepresentation = int(signed)
    native = values_of(reader, frames_of(write(packed(raw, 12), tmp_path / "native")))
    expected = (raw & 0xFFF).astype("i2")
    if signed:
        expected[expected >= 0x800] -= 0x1000
    else:
        np.testing.assert_array_equal(native[0], expected)
    path = write(c.encapsulated(dataset, [frame]), tmp_path / "IM", syntax)
    np.testing.assert_array_equal(values_of(reader, frames_of(path))[0], expected)


@pytest.mark.parametrize("syntax", [c.HTJ2K_LOSSLESS, c.HTJ2K_LOSSLESS_RPCL, c.HTJ2K])
def test_htj2k_is_what_was_encoded(tmp_path: Path, reader: FrameReader, syntax: str) -> None:
    path = c.write_made_once(packed(c.smooth(1), 16), tmp_path / "IM", syntax, 1)
    found = values_of(reader, frames_of(path))[0]
    np.testing.assert_array_equal(found, openjpeg.decode(pydicom_frame(path)))
    if syntax != c.HTJ2K:
        np.testing.assert_array_equal(found, c.smooth(1))


def pydicom_frame(path: Path) -> bytes:
    return get_frame(pydicom.dcmread(path).PixelData, 0, number_of_frames=1)


@pytest.mark.parametrize("precision", [12, 16])
def test_jpeg_of_12_bits_is_decoded_and_of_16_bits_refused(
    tmp_path: Path, reader: FrameReader, precision: int
) -> None:
    """No DCT of JPEG has 16 bits, though GDCM writes so where it codes 12."""
    source = bytearray(codestreams.codestream(0, "jpeg 12"))
    source[source.index(b"\xff\xc1") + 4] = precision
    dataset = packed(c.smooth(0), 12)
    path = write(c.encapsulated(dataset, [bytes(source)]), tmp_path / "IM", c.JPEG_EXTENDED)
    if precision == 16:
        assert cause_of(reader, frames_of(path)) == "mismatch"
        return
    found = values_of(reader, frames_of(path))[0].astype(int)
    assert np.abs(found - c.smooth(0)).max() <= 64


@pytest.mark.parametrize("syntax", sorted(c.LOSSY))
def test_lossy_syntaxes_are_near_what_was_encoded(
    tmp_path: Path, reader: FrameReader, syntax: str
) -> None:
    stored = c.smooth(0, 64, 48) if syntax != c.JPEG_BASELINE else c.smooth(0, 64, 48, top=200)
    bits = 8 if syntax == c.JPEG_BASELINE else 12
    stored = stored.astype("u1" if bits == 8 else "u2")
    path = c.write_compressed(packed(stored, bits), tmp_path / "IM", syntax, lossy=True)
    found = values_of(reader, frames_of(path))[0].astype(int)
    assert np.abs(found - stored).max() <= 0.02 * (1 << bits)
    assert syntax in LOSSY_SYNTAXES


def peers(path: Path) -> list[np.ndarray]:
    """Return what pydicom and SimpleITK make of a file, where they can."""
    import SimpleITK as sitk  # noqa: N813, PLC0415  (its usual name; slow to import)

    dataset = pydicom.dcmread(path)
    shape = int(dataset.get("NumberOfFrames") or 1), dataset.Rows, dataset.Columns
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found.append(dataset.pixel_array.reshape(shape))
        except RuntimeError:  # no decoder that it trusts, such as for 12 bits of JPEG
            slope = float(dataset.get("RescaleSlope", 1))
            intercept = float(dataset.get("RescaleIntercept", 0))
            sitk.ProcessObject.SetGlobalWarningDisplay(False)
            image = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).reshape(shape)
            found.append(np.rint((image - intercept) / slope))
    return found


def agree(reader: FrameReader, path: Path) -> bool:
    """Compare a file with the peers; false where it is none of a compressed monochrome frame."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(path)
    except (InvalidDicomError, NotImplementedError):
        return False
    meta = getattr(dataset, "file_meta", None)
    syntax = getattr(meta, "TransferSyntaxUID", "")
    if syntax not in DECODABLE_SYNTAXES - NATIVE_SYNTAXES or "PixelData" not in dataset:
        return False
    if dataset.SamplesPerPixel != 1 or path.name == "JPEG2000-embedded-sequence-delimiter.dcm":
        return False
    found = values_of(reader, frames_of(path))
    for other in peers(path):
        np.testing.assert_array_equal(found, other, err_msg=path.name)
    return True


def test_pydicoms_own_compressed_files_are_what_peers_make_of_them(reader: FrameReader) -> None:
    assert sum(agree(reader, path) for path in sorted(TEST_FILES.glob("*.dcm"))) >= 12


def test_compressed_files_of_the_corpus_are_what_peers_make_of_them(
    reader: FrameReader, shared: Path
) -> None:
    files = sorted((shared / "corpus" / "transfer_syntaxes").rglob("*"))
    two_frames = "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm"
    compared = [agree(reader, path) for path in files if path.is_file() and path.name != two_frames]
    assert sum(compared) >= 12


def test_a_codestream_of_another_size_than_the_header_says_is_refused(
    reader: FrameReader,
) -> None:
    path = TEST_FILES / "JPEG2000-embedded-sequence-delimiter.dcm"
    assert cause_of(reader, frames_of(path)) == "mismatch"


def test_every_syntax_has_one_line_and_a_codec() -> None:
    assert set(CODEC_OF.values()) == set(CODECS)
    assert not NATIVE_SYNTAXES & CODEC_OF.keys()
    assert DEFLATED in DECODABLE_SYNTAXES
    assert {"1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.94"}.isdisjoint(DECODABLE_SYNTAXES)


def test_a_decoder_that_happens_to_be_installed_is_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`libjpeg` is the module of pylibjpeg-libjpeg, which is under the GPL."""
    for name in ("libjpeg", "pylibjpeg", "pylibjpeg_libjpeg", "pydicom"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('used')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    stored = values(12, "u2", (34, 46))
    for syntax in sorted(c.LOSSLESS):
        path = c.write_compressed(packed(stored, 12), tmp_path / syntax, syntax)
        with FrameReader(SETTINGS) as reader:
            np.testing.assert_array_equal(values_of(reader, frames_of(path))[0], stored)


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("rows", {"rows": 32, "columns": 68}),
        ("columns", {"columns": 32}),
        ("bits of a wider codestream", {"bits_allocated": 8, "bits_stored": 8, "high_bit": 7}),
    ],
)
@pytest.mark.parametrize("syntax", [c.JPEG_LS, c.J2K_LOSSLESS, c.JPEG_LOSSLESS_SV1])
def test_what_is_decoded_has_to_be_what_the_header_says(
    tmp_path: Path, reader: FrameReader, what: str, changes: dict[str, Any], syntax: str
) -> None:
    stored = values(12, "u2", (34, 64))
    path = c.write_compressed(packed(stored, 12), tmp_path / "IM", syntax)
    assert cause_of(reader, frames_of(path)) == "read"
    assert cause_of(reader, frames_of(path, **changes)) == "mismatch", what


@pytest.mark.parametrize("syntax", [c.JPEG_LS, c.J2K_LOSSLESS])
def test_a_high_bit_that_a_codestream_of_fewer_bits_cannot_have_is_refused(
    tmp_path: Path, reader: FrameReader, syntax: str
) -> None:
    path = c.write_compressed(packed(values(12, "u2", (34, 64)), 12), tmp_path / "IM", syntax)
    assert cause_of(reader, frames_of(path, high_bit=15)) == "mismatch"


def test_rle_of_another_size_is_refused(tmp_path: Path, reader: FrameReader) -> None:
    for stored in (values(12, "u2", (34, 64)), c.smooth(0, 34, 64)):
        path = c.write_compressed(packed(stored, 12), tmp_path / "IM", c.RLE)
        for changes in (
            {"rows": 35},
            {"bits_allocated": 32},
            {"bits_allocated": 8, "bits_stored": 8, "high_bit": 7},
        ):
            assert cause_of(reader, frames_of(path, **changes)) == "decoder"


@pytest.mark.parametrize("signed_stream", [False, True])
def test_a_sign_that_only_one_of_codestream_and_header_has_is_the_headers(
    tmp_path: Path, reader: FrameReader, signed_stream: bool
) -> None:
    """As `pydicom.pixels` has it, where the precision is BitsStored."""
    pattern = values(13, "i2" if signed_stream else "u2", (36, 36))
    frame = c.encoded(pattern, c.J2K_LOSSLESS, 13)
    dataset = packed(pattern, 13)
    dataset.PixelRepresentation = int(not signed_stream)
    path = write(c.encapsulated(dataset, [frame]), tmp_path / "IM", c.J2K_LOSSLESS)
    found = values_of(reader, frames_of(path))[0]
    np.testing.assert_array_equal(found & 0x1FFF, pattern & 0x1FFF)


def test_a_precision_below_bits_stored_counts_only_where_it_is_clear(
    tmp_path: Path, reader: FrameReader
) -> None:
    stored = values(10, "u2", (36, 36))
    for syntax in (c.J2K_LOSSLESS, c.JPEG_LS):
        frame = c.encoded(stored, syntax, 10)
        path = write(c.encapsulated(packed(stored, 12), [frame]), tmp_path / syntax, syntax)
        np.testing.assert_array_equal(values_of(reader, frames_of(path))[0], stored)
        # Signed: whether the tenth bit is a sign, nothing says.
        assert cause_of(reader, frames_of(path, pixel_representation=1)) == "mismatch"


def test_a_lossy_codestream_in_a_lossless_syntax_is_refused(
    tmp_path: Path, reader: FrameReader
) -> None:
    stored = c.smooth(0)
    for lossless, frame in (
        (c.JPEG_LS, c.encoded(stored, c.JPEG_LS_NEAR, 12, lossy=True)),
        (c.JPEG_LOSSLESS_SV1, codestreams.codestream(0, "jpeg 12")),
    ):
        path = write(c.encapsulated(packed(stored, 12), [frame]), tmp_path / lossless, lossless)
        assert cause_of(reader, frames_of(path)) == "mismatch"


def test_a_lossy_value_beyond_bits_stored_is_not_wrapped(
    tmp_path: Path, reader: FrameReader
) -> None:
    stored = np.full((16, 16), 4100, "u2")
    frame = c.encoded(stored, c.JPEG_LS_NEAR, 16, lossy=True)
    path = write(c.encapsulated(packed(stored, 12), [frame]), tmp_path / "IM", c.JPEG_LS_NEAR)
    assert cause_of(reader, frames_of(path)) == "mismatch"
