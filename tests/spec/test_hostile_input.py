"""What becomes of hostile and broken input: every file has a row, and every reason is a code."""

import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from make.ingest import Ingester
from make.series import ct_slice, uid, write
from pydicom.uid import UID, ExplicitVRLittleEndian

Make = Callable[[Path], object]
HEADER = struct.Struct("<HH2sH")


def whole(path: Path) -> bytes:
    return write(ct_slice(0), path).read_bytes()


def spoilt(change: Callable[[bytes], bytes]) -> Make:
    """Return a maker of a good file whose bytes are then changed."""

    def make(path: Path) -> None:
        path.write_bytes(change(whole(path)))

    return make


def no_preamble(raw: bytes) -> bytes:
    return raw[132:]


def cut_in_header(raw: bytes) -> bytes:
    return raw[: raw.index(b"STANDARD") + 3]


def cut_in_pixels(raw: bytes) -> bytes:
    return raw[:-100]


def length_beyond_the_file(raw: bytes) -> bytes:
    at = raw.index(b"\x18\0\x10\x12SH")
    value = struct.pack("<HH2sHI", 0x0018, 0x1210, b"UT", 0, 0xFFFFFF00)
    return raw[:at] + value + raw[at + 8 :]


def bytes_of(content: bytes) -> Make:
    return lambda path: path.write_bytes(content)


def socket_at(path: Path) -> None:
    listening = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has room for 107 bytes
    try:
        listening.bind(path.name)
    finally:
        os.chdir(here)
        listening.close()


def without(keyword: str) -> Make:
    return lambda path: write(ct_slice(0, **{keyword: None}), path)


CASES: dict[str, tuple[Make, tuple[str, str | None], set[str]]] = {
    "01 no bytes": (bytes_of(b""), ("quarantined", "empty"), set()),
    "02 text": (bytes_of(b"Dear diary"), ("not_dicom", None), set()),
    "02 PNG": (bytes_of(b"\x89PNG\r\n\x1a\n" + bytes(400)), ("not_dicom", None), set()),
    "02 JSON": (bytes_of(b'{"a": 1}' * 50), ("not_dicom", None), set()),
    "03 no preamble": (spoilt(no_preamble), ("ingested", None), {"no_preamble"}),
    "04 noise after DICM": (
        bytes_of(bytes(128) + b"DICM" + bytes(range(7, 250)) * 3),
        ("quarantined", "invalid"),
        {"unreadable_header"},
    ),
    "05 header cut": (
        spoilt(cut_in_header),
        ("quarantined", "truncated"),
        {"unreadable_header"},
    ),
    "06 pixels cut": (spoilt(cut_in_pixels), ("ingested", None), {"pixel_data_truncated"}),
    "07 length beyond the file": (
        spoilt(length_beyond_the_file),
        ("quarantined", "invalid"),
        {"unreadable_header"},
    ),
    "16 pipe": (os.mkfifo, ("skipped", "special_file"), set()),
    "16 socket": (socket_at, ("skipped", "special_file"), set()),
    "17 dangling link": (
        lambda path: path.symlink_to("nowhere"),
        ("skipped", "symlink"),
        set(),
    ),
    "17 link out of the root": (
        lambda path: path.symlink_to("/etc/hostname"),
        ("skipped", "symlink"),
        set(),
    ),
    "17 link to itself": (
        lambda path: path.symlink_to(path.name),
        ("skipped", "symlink"),
        set(),
    ),
    "26 no SOP Instance UID": (
        without("SOPInstanceUID"),
        ("quarantined", "missing_identity"),
        {"unreadable_header"},
    ),
    "26 no study": (
        without("StudyInstanceUID"),
        ("quarantined", "missing_identity"),
        {"unreadable_header"},
    ),
    "30 malformed number": (
        spoilt(lambda raw: raw.replace(b"DS\x04\x00120 ", b"DS\x04\x001_20")),
        ("ingested", None),
        {"malformed_value"},
    ),
    "38 archive": (bytes_of(b"PK\x03\x04" + bytes(400)), ("skipped", "archive"), set()),
}


@pytest.mark.parametrize("case", CASES)
def test_input_has_its_status_reason_and_findings(tmp_path: Path, case: str) -> None:
    make, expected, codes = CASES[case]
    tree = tmp_path / "tree"
    write(ct_slice(7, name="good"), tree / "good")
    make(tree / "bad")
    ingest = Ingester(tmp_path / "lake")
    done = ingest(tree)
    assert ingest.statuses() == {"tree/good": ("ingested", None), "tree/bad": expected}
    assert set(ingest.codes()) == codes
    assert done.counts.files_seen == 2 == sum(done.counts.by_status.values())
    instances = {row["sop_instance_uid"] for row in ingest.rows("instances")}
    assert (uid("series", "instance", 0) in instances) == (expected[0] == "ingested")
    assert ingest(tree).version is None


def test_18_a_hard_link_is_one_instance_and_two_files(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    os.link(write(ct_slice(0), tree / "b"), tree / "a")
    ingest = Ingester(tmp_path / "lake")
    ingest(tree)
    assert ingest.statuses() == {"tree/a": ("ingested", None), "tree/b": ("duplicate", None)}
    assert len(ingest.rows("instances")) == 1


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (b"not\xffutf8", "not%FFutf8"),
        (b"two\nlines", "two%0Alines"),
        (b"100%", "100%25"),
        (b"=cmd|'x'!A1", "=cmd|'x'!A1"),
        (b"quo\"te's", "quo\"te's"),
        ("Größe 日本".encode(), "Größe 日本"),
    ],
)
def test_20_any_name_is_kept_reversibly(tmp_path: Path, name: bytes, path: str) -> None:
    tree = tmp_path / "tree"
    plain = write(ct_slice(0), tree / "plain")
    os.rename(plain, os.fsencode(tree) + b"/" + name)
    ingest = Ingester(tmp_path / "lake")
    ingest(tree)
    assert ingest.statuses() == {f"tree/{path}": ("ingested", None)}
    assert ingest(tree).version is None


def test_21_a_file_removed_between_crawl_and_read_is_skipped(tmp_path: Path) -> None:
    from dicomlake.pipeline.tables import staging  # noqa: PLC0415  (slow import)

    tree = tmp_path / "tree"
    path = write(ct_slice(0), tree / "a")
    write(ct_slice(1), tree / "b")
    ingest = Ingester(tmp_path / "lake")
    attempt = staging.attempt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "attempt", lambda batch: (path.unlink(), attempt(batch))[1])
        ingest(tree)
    assert ingest.statuses() == {
        "tree/a": ("skipped", "vanished"),
        "tree/b": ("ingested", None),
    }
    ingest(tree, allow_deletes=True)
    assert ingest.statuses()["tree/a"] == ("deleted", None)


def test_35_a_dicomdir_is_known_and_its_references_are_not_opened(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    dataset = ct_slice(0)
    dataset.SOPClassUID = UID("1.2.840.10008.1.3.10")
    dataset.add_new(0x00041220, "SQ", [])
    write(dataset, tree / "DICOMDIR", ExplicitVRLittleEndian)
    ingest = Ingester(tmp_path / "lake")
    ingest(tree)
    assert ingest.statuses() == {"tree/DICOMDIR": ("dicomdir", None)}
    assert ingest.rows("instances") == []


def test_39_objects_without_pixels_are_instances(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    report = ct_slice(0, PixelData=None, Rows=None, Columns=None, BitsAllocated=None)
    report.SOPClassUID = UID("1.2.840.10008.5.1.4.1.1.88.67")
    report.Modality = "SR"
    write(report, tree / "report")
    ingest = Ingester(tmp_path / "lake")
    ingest(tree)
    assert ingest.statuses() == {"tree/report": ("ingested", None)}
    assert ingest.rows("instances")[0]["modality"] == "SR"
