"""One tree with every kind of hostile or broken input, a folder a case, and what becomes of each.

The number of a case is its row in the table at the head of `spec/test_hostile_input.py`. Every file
that can bear them has the patient's name and ID below, which must never be told by a run.
"""

import os
import socket
import stat
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from make import compressed
from make.headers import (
    BIG,
    CT,
    DEFLATED,
    IMPLICIT,
    ITEM,
    SEQUENCE_END,
    UNDEFINED,
    Elements,
    data_set,
    element,
    item,
    meta,
    part10,
)
from make.series import ct_series, ct_slice, pixels, uid, write

NAME: Final = "Zebrafink^Quirin"
ID: Final = "QZ77MARKER"
BIRTH: Final = "19310713"
SECRETS: Final = ("zebrafink", "quirin", "qz77", BIRTH, "1931-07-13")
"""What no log, exception, summary or finding may hold, in lower case."""

State = tuple[str, str | None]
GOOD: Final[State] = ("ingested", None)
NOT_DICOM: Final[State] = ("not_dicom", None)
UNREADABLE: Final = frozenset({"unreadable_header"})
REFERENCE: Final = 0x00081140
PATIENT: Final = {"PatientName": NAME, "PatientID": ID, "PatientBirthDate": BIRTH}


@dataclass(frozen=True)
class Case:
    """A folder of the zoo: how it is made, and what becomes of its files."""

    make: Callable[[Path], object]
    """Fills the folder, which exists."""
    files: Mapping[str, State]
    """Status and reason of every file, by its path in the folder as `files` has it."""
    codes: frozenset[str] = frozenset()
    """Codes of the findings about files of the folder."""
    volumes: frozenset[str] | None = None
    """Reasons of the rejected volumes, `accepted` for the others; None: not asked."""
    needs: Callable[[Path], bool] = lambda _: True
    """Whether this account can make it, tried in a folder."""


def identity(name: str) -> Elements:
    """Return the identity of a small instance, of its own study and series."""
    return {
        0x00080018: ("UI", uid(name, "instance", 0)),
        0x00100010: ("PN", NAME),
        0x00100020: ("LO", ID),
        0x00100030: ("DA", BIRTH),
        0x0020000D: ("UI", uid(name, "study")),
        0x0020000E: ("UI", uid(name, "series")),
    }


def small(
    name: str,
    more: Elements | None = None,
    *,
    after: bytes = b"",
    between: bytes = b"",
    syntax: str | None = None,
    preamble: bytes = b"",
    without: int = 0,
    file_meta: bytes | None = None,
    encoded: str = "",
) -> bytes:
    """Return the bytes of a small instance.

    Args:
        name: seeds the UIDs.
        more: adds or replaces elements.
        after: encoded elements after all others.
        between: encoded elements between groups 0008 and 0010.
        syntax: as the file says; by default as it is encoded.
        preamble: its first bytes.
        without: tag of an element to leave out.
        file_meta: instead of the right one.
        encoded: `implicit` or `big`; by default explicit, little endian.
    """
    how = {encoded: True} if encoded else {}
    elements = {**identity(name), **(more or {})}
    body = data_set(elements, without=without, **how)
    patient = struct.pack(">HH" if encoded == "big" else "<HH", 0x0010, 0x0010)
    if between:
        at = body.index(patient)
        body = body[:at] + between + body[at:]
    said = {"implicit": IMPLICIT, "big": BIG}.get(encoded)
    head = meta(syntax or said or str(ExplicitVRLittleEndian), instance=uid(name, "instance", 0))
    return part10(body + after, head if file_meta is None else file_meta, preamble)


def one(content: bytes | Callable[[], bytes], name: str = "x") -> Callable[[Path], object]:
    """Return a maker of a folder with one file."""
    return lambda folder: (folder / name).write_bytes(content() if callable(content) else content)


def many(contents: Callable[[], Mapping[str, bytes]]) -> Callable[[Path], object]:
    """Return a maker of a folder with a file a name."""

    def make(folder: Path) -> None:
        for name, content in contents().items():
            (folder / name).write_bytes(content)

    return make


def slices(
    folder: Path, name: str, n: int = 5, *, syntax: str = ExplicitVRLittleEndian, **changed: object
) -> list[Path]:
    """Write a series of the marked patient."""
    return ct_series(folder, n, syntax=syntax, **{**PATIENT, "name": name, **changed})


def image(name: str, k: int = 0, **changed: object) -> Dataset:
    """Return a slice of the marked patient."""
    return ct_slice(k, **{**PATIENT, "name": name, **changed})


def all_good(*names: str) -> dict[str, State]:
    return dict.fromkeys(names, GOOD)


SLICES: Final = all_good(*(f"IM{k:04d}" for k in range(5)))


# Rows 1 to 9: what is no header, or half of one.


def _cut_pixels(folder: Path) -> None:
    path = slices(folder, "06")[2]
    path.write_bytes(path.read_bytes()[:-100])


def _cut_last(folder: Path) -> None:
    (folder / "x").write_bytes(small("05", {0x00204000: ("LT", "c" * 400)})[:-3])


def _deflated_image() -> bytes:
    described: Elements = {0x7FE00010: ("OW", np.random.default_rng(6).bytes(2000))}
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflater.compress(data_set({**identity("06 deflated"), **described}))
    return part10(
        body + deflater.flush(), meta(DEFLATED, instance=uid("06 deflated", "instance", 0))
    )


def _length_beyond() -> bytes:
    lie = element(0x00091010, "UT", b"1234", length=0xFFFFFF00)
    return small("07", between=lie)


def zeros_deflated(head: bytes, tag: int, megabytes: int) -> bytes:
    """Return a deflated data set whose last element has so many MB of zeros: a bomb in 1/1000."""
    body = head + element(tag, "OB", b"", length=megabytes << 20)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = deflater.compress(body) + deflater.flush(zlib.Z_FULL_FLUSH)
    one_more = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = one_more.compress(bytes(1 << 20)) + one_more.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    return start + block * megabytes + last.flush()


def bomb(name: str, tag: int, megabytes: int) -> bytes:
    """Return a file that inflates to so many MB, in the header or in the pixels by its tag."""
    head = data_set(identity(name))
    if tag < 0x7FE00010:
        head = head[: head.index(b"\x10\0\x10\0PN")]
    return part10(zeros_deflated(head, tag, megabytes), meta(DEFLATED))


# Rows 10 to 13: what claims to be enormous.


def _other_dimensions(folder: Path) -> None:
    """Write 5 slices; the codestream of one says 64 x 64 where its header says 32 x 32."""
    for k in range(5):
        stored = pixels(k, 64, 64) if k == 3 else pixels(k)
        frame = compressed.encoded(stored, compressed.JPEG_LS, 12)
        packed = compressed.encapsulated(image("10", k), [frame + b"\0" * (len(frame) % 2)])
        write(packed, folder / f"IM{k:04d}", compressed.JPEG_LS)


def _huge(folder: Path) -> None:
    """Write objects that claim more than any machine has, in native and encapsulated frames."""
    claim = {"Rows": 65535, "Columns": 65535, "NumberOfFrames": "2147483647"}
    write(image("11 native", **{**claim, "NumberOfFrames": "5"}), folder / "native")
    frame = compressed.encoded(pixels(0), compressed.JPEG_LS, 12)
    packed = compressed.encapsulated(
        image("11 packed", **claim), [frame + b"\0" * (len(frame) % 2)]
    )
    write(packed, folder / "packed", compressed.JPEG_LS)


def nested(depth: int) -> bytes:
    content = element(0x00081150, "UI", CT)
    for _ in range(depth):
        body = item(content, length=UNDEFINED) + SEQUENCE_END
        content = element(REFERENCE, "SQ", body, length=UNDEFINED)
    return content


def _bottomless() -> bytes:
    opening = element(REFERENCE, "SQ", ITEM + b"\xff" * 4, length=UNDEFINED)
    return small("12 bottomless", between=opening * 100_000)


def _many_elements() -> bytes:
    tags = (group << 16 | number for group in (0x0009, 0x000B) for number in range(0x10000))
    return small("13", between=b"".join(element(tag, "LO", "") for tag in islice(tags, 100_001)))


# Rows 16 to 20: what the file system holds.


def _special(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    here = Path.cwd()
    listening = socket.socket(socket.AF_UNIX)
    os.chdir(folder)  # the name of a socket has room for 107 bytes
    try:
        listening.bind("socket")
    finally:
        os.chdir(here)
        listening.close()


def _device(folder: Path) -> None:
    os.mknod(folder / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))


def can_make_devices(folder: Path) -> bool:
    """Return whether this account may make device nodes: root outside a container may."""
    try:
        os.mknod(folder / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        return False
    (folder / "null").unlink()
    return True


def _links(folder: Path) -> None:
    (folder / "dangling").symlink_to("nowhere")
    (folder / "itself").symlink_to("itself")
    (folder / "out").symlink_to("/etc/hostname")
    (folder / "outside").symlink_to("/etc")
    (folder / "up").symlink_to("..")
    write(image("17"), folder / "real")
    (folder / "twin").symlink_to("real")


def _copies(folder: Path) -> None:
    first = write(image("18"), folder / "b")
    os.link(first, folder / "c")
    (folder / "a").write_bytes(first.read_bytes())


NAMES: Final = {
    b"not\xffutf8": "not%FFutf8",
    b"two\nlines": "two%0Alines",
    b"bell\x07\x1b[31m": "bell%07%1B[31m",
    b"100%": "100%25",
    b"=cmd|'x'!A1": "=cmd|'x'!A1",
    b"quo\"te's": "quo\"te's",
    b"<script>alert(1)<": "<script>alert(1)<",
    b"-rf *;$(x)`y`": "-rf *;$(x)`y`",
    b"a\\b": "a\\b",
    "Größe 日本".encode(): "Größe 日本",
    "line\u2028separator".encode(): "line%E2%80%A8separator",
}


def _names(folder: Path) -> None:
    for k, name in enumerate(NAMES):
        path = write(image(f"20 {k}"), folder / "plain")
        os.rename(path, os.fsencode(folder) + b"/" + name)


HOSTILE_TEXTS: Final = {
    "StudyDescription": "=cmd|' /C calc'!A0",
    "ProtocolName": "=cmd|' /C calc'!<script>alert(1)</script>",
    "SeriesDescription": "@SUM(1)",
    "StationName": "+1<img src=x>",
    "InstitutionName": "-2\"'><b>",
    "DeviceSerialNumber": "=1+1",
}


def _texts(folder: Path) -> None:
    """Write a CT series with a dose, whose names a spreadsheet or a browser would run."""
    slices(folder, "20 texts", CTDIvol=12.5, **HOSTILE_TEXTS)


# Rows 24 to 29: who is who.


def _same_content(folder: Path) -> None:
    dataset = image("24")
    write(dataset, folder / "explicit", ExplicitVRLittleEndian)
    write(dataset, folder / "implicit", ImplicitVRLittleEndian)


def _other_content(folder: Path) -> None:
    slices(folder, "25")
    write(image("25", 2, ContentTime="110000", PatientSex="F"), folder / "later")


def _two_studies(folder: Path) -> None:
    one_series = {"SeriesInstanceUID": uid("29", "series")}
    write(image("29 a", **one_series), folder / "a")
    write(image("29 b", **one_series, PatientID=f"{ID}2"), folder / "b")


BAD_UIDS: Final = {
    "up": "../../../../..",
    "absolute": "/tmp/zoo-outside",
    "back": "..\\..\\x",
    "long": "1." * 40 + "1",
    "zeros": "1.02.3",
    "dot": ".",
    "percent": "%2e%2e%2f",
}


def _bad_uids(folder: Path) -> None:
    """Write series of 5 slices whose every UID is a path out of somewhere."""
    for name, bad in BAD_UIDS.items():
        for k in range(5):
            dataset = image(f"27 {name}", k)
            raw = small_image(dataset, bad, k)
            (folder / f"{name}{k}").write_bytes(raw)


def small_image(dataset: Dataset, bad: str, k: int) -> bytes:
    """Return a slice whose SOP, series and study UIDs, which pydicom would refuse, are bad."""
    stored = dataset.PixelData
    position = "\\".join(str(each) for each in dataset.ImagePositionPatient)
    return small(
        bad,
        {
            0x00080018: ("UI", f"{bad}{k}" if k else bad),
            0x0020000D: ("UI", bad),
            0x0020000E: ("UI", bad),
            0x00080060: ("CS", "CT"),
            0x00200032: ("DS", position),
            0x00200037: ("DS", "1\\0\\0\\0\\1\\0"),
            0x00280002: ("US", b"\1\0"),
            0x00280004: ("CS", "MONOCHROME2"),
            0x00280010: ("US", struct.pack("<H", 32)),
            0x00280011: ("US", struct.pack("<H", 32)),
            0x00280030: ("DS", "0.75\\0.75"),
            0x00280100: ("US", b"\x10\0"),
            0x00280101: ("US", b"\x0c\0"),
            0x00280102: ("US", b"\x0b\0"),
            0x00280103: ("US", b"\0\0"),
            0x00281052: ("DS", "-1024"),
            0x00281053: ("DS", "1"),
            0x00281054: ("LO", "HU"),
            0x7FE00010: ("OW", stored),
        },
        file_meta=meta(instance=f"{bad}{k}" if k else bad),
    )


# Rows 30 to 34: values.

MALFORMED: Final[Mapping[str, tuple[int, str, str | bytes, str]]] = {
    "DS underscore": (0x00180050, "DS", "1_000", "slice_thickness"),
    "DS NaN": (0x00180050, "DS", "NaN", "slice_thickness"),
    "DS inf": (0x00180050, "DS", "inf", "slice_thickness"),
    "DS beyond": (0x00180050, "DS", "1e400", "slice_thickness"),
    "DS comma": (0x00180050, "DS", "2,5", "slice_thickness"),
    "DS hex": (0x00180050, "DS", "0x10", "slice_thickness"),
    "DS other digits": (0x00180050, "DS", "٢".encode(), "slice_thickness"),
    "DS text": (0x00180050, "DS", ID, "slice_thickness"),
    "IS fraction": (0x00200013, "IS", "1.5", "instance_number"),
    "IS beyond 64 bits": (0x00200013, "IS", "99999999999999999999", "instance_number"),
    "IS digits without end": (0x00200013, "IS", "9" * 5000, "instance_number"),
    "IS underscore": (0x00200013, "IS", "1_0", "instance_number"),
    "IS two": (0x00200013, "IS", "1\\2", "instance_number"),
    "IS text": (0x00200013, "IS", ID, "instance_number"),
    "DA day": (0x00080020, "DA", "20240230", "study_date"),
    "DA text": (0x00080020, "DA", ID, "study_date"),
    "TM hour": (0x00080030, "TM", "2400", "study_time"),
    "TM text": (0x00080030, "TM", ID, "study_time"),
    "DT hour lacks": (0x0008002A, "DT", "2024", "acquisition_date_time"),
    "DT text": (0x0008002A, "DT", NAME, "acquisition_date_time"),
    "DT offset": (0x0008002A, "DT", "20240101120000+9999", "acquisition_date_time"),
    "DT year 0": (0x0008002A, "DT", "00000101120000", "acquisition_date_time"),
    "AS text": (0x00101010, "AS", ID, "patient_age"),
    "AS unit": (0x00101010, "AS", "064Z", "patient_age"),
    "position of two": (0x00200032, "DS", "1\\2", "image_position_patient"),
    "position of NaN": (0x00200032, "DS", "1\\NaN\\3", "image_position_patient"),
    "US two": (0x00280010, "US", b"\1\0\2\0", "rows"),
    "FD NaN": (0x00189345, "FD", struct.pack("<d", float("nan")), "ctdivol"),
    "FD inf": (0x00189345, "FD", struct.pack("<d", float("inf")), "ctdivol"),
    "FD cut": (0x00189345, "FD", b"\0" * 6, "ctdivol"),
}
"""Tag, VR, value and the column that is NULL, by the name of the file."""


def _malformed() -> dict[str, bytes]:
    return {
        name: small(f"30 {name}", {tag: (vr, value)})
        for name, (tag, vr, value, _) in MALFORMED.items()
    }


def _million() -> bytes:
    values = "\\".join(["1"] * 1_000_000)
    after = element(0x00281050, "DS", values, implicit=True)
    return small("30 million", after=after, encoded="implicit")


def _other_vrs() -> dict[str, bytes]:
    return {
        "unknown": small("31 a", between=element(0x00081030, "ZZ", "the study")),
        "none": small("31 b", between=element(0x00081030, "LO", "the study", implicit=True)),
        "narrow": small("31 c", {0x00280010: ("UL", struct.pack("<L", 70000))}),
        "text in number": small("31 d", {0x00280010: ("LO", ID)}),
        "number in text": small("31 e", {0x00080070: ("US", b"\1\0")}),
        "sequence in text": small("31 f", {0x00081030: ("SQ", item(b""))}),
        "text in sequence": small("31 g", {0x00081140: ("LO", NAME)}),
    }


def _broken_luts(folder: Path) -> None:
    """Write 5 slices whose Modality LUT is of a VR that is none, and 5 whose entries are cut."""
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 16]
    table.ModalityLUTType = "HU"
    table.add_new(0x00283006, "OW", bytes(8192))
    lut = {"RescaleSlope": None, "RescaleIntercept": None, "RescaleType": None}
    for part in ("vr", "cut"):
        for path in slices(folder / part, f"31 {part}", ModalityLUTSequence=[table], **lut):
            raw = path.read_bytes()
            old = b"\x28\0\x06\x30OW" if part == "vr" else b"\x28\0\x02\x30US\6\0\0\x10"
            new = b"\x28\0\x06\x30ZZ" if part == "vr" else b"\x28\0\x02\x30US\6\0\xff\xff"
            assert old in raw
            path.write_bytes(raw.replace(old, new))


def _charsets() -> dict[str, bytes]:
    named = {
        "ISO_IR 192": b"Gr\xfcn",
        "": b"Gr\xfcn",
        "NONSENSE": b"Gr\xfcn",
        "\\ISO 2022 IR 87": b"\x1b$B\xff\xff\x1b(B",
        "GB18030": b"\x81",
        "ISO 2022 IR 6\\" * 50: b"\x1b$)C\xb1",
    }
    return {
        str(k): small(f"33 {k}", {0x00080005: ("CS", charset), 0x00081030: ("LO", value)})
        for k, (charset, value) in enumerate(named.items())
    }


def _controls() -> bytes:
    return small(
        "34", {0x00081030: ("LO", b"a\0b\x07c\x1b]0;x\x07"), 0x00204000: ("LT", "two\r\nlines\x01")}
    )


# Rows 35 to 39: what is no image of a series.


def _directory(folder: Path) -> None:
    """Write a DICOMDIR, one by its content alone; both refer to a file outside."""
    record = item(
        element(0x00041400, "UL", b"\0" * 4)
        + element(0x00041430, "CS", "IMAGE")
        + element(0x00041500, "CS", "..\\..\\..\\etc\\passwd")
        + element(0x00100010, "PN", NAME)
    )
    records = element(0x00041220, "SQ", record)
    known = meta(sop_class="1.2.840.10008.1.3.10")
    (folder / "DICOMDIR").write_bytes(part10(records, known))
    (folder / "unnamed").write_bytes(
        part10(element(0x00041130, "CS", "SET") + records, meta(sop_class="1.2"))
    )


def _executables() -> dict[str, bytes]:
    starts = {"pe": b"MZ\x90\0", "elf": b"\x7fELF\2\1", "script": b"#!/bin/sh\nrm -rf ~\n"}
    return {
        name: small(f"36 {name}", preamble=start + b"\xcc" * 40) for name, start in starts.items()
    }


def _unsupported(folder: Path) -> None:
    """Write 5 slices of a syntax that nobody knows, and 5 that say JPIP."""
    for part, syntax in (("unknown", "1.2.3.4.5"), ("jpip", "1.2.840.10008.1.2.4.94")):
        for path in slices(folder / part, f"37 {part}"):
            raw = path.read_bytes()
            old = element(0x00020010, "UI", str(ExplicitVRLittleEndian))
            new = element(0x00020010, "UI", syntax)
            head = raw[132:144]
            length = struct.unpack("<L", head[8:12])[0] + len(new) - len(old)
            path.write_bytes(raw[:140] + struct.pack("<L", length) + raw[144:].replace(old, new, 1))


ARCHIVES: Final = {
    "a.zip": b"PK\x03\x04" + bytes(300),
    "empty.zip": b"PK\x05\x06" + bytes(18),
    "noext": b"\x1f\x8b\x08\0" + bytes(300),
    "a.tar": bytes(257) + b"ustar\x0000" + bytes(300),
}

OBJECTS: Final = {
    "pdf": "1.2.840.10008.5.1.4.1.1.104.1",
    "report": "1.2.840.10008.5.1.4.1.1.88.22",
    "waveform": "1.2.840.10008.5.1.4.1.1.9.1.1",
    "presentation state": "1.2.840.10008.5.1.4.1.1.11.1",
    "dose report": "1.2.840.10008.5.1.4.1.1.88.67",
}


def _objects() -> dict[str, bytes]:
    return {
        name: small(
            f"39 {name}",
            {0x00080016: ("UI", sop_class)},
            file_meta=meta(sop_class=sop_class, instance=uid(f"39 {name}", "instance", 0)),
        )
        for name, sop_class in OBJECTS.items()
    }


NOISE: Final = np.random.default_rng(7).bytes(4000)

CASES: Final[Mapping[str, Case]] = {
    "01 no bytes": Case(one(b""), {"x": ("quarantined", "empty")}),
    "02 other kinds": Case(
        many(
            lambda: {
                "short": f"short {NAME}".encode(),
                "text.dcm": f"Dear diary, {NAME} wrote. ".encode() * 30,
                "json.dcm": b'{"a": 1}' * 50,
                "zip.dcm": b"PK\x03\x04" + bytes(400),
                "gz.dcm": b"\x1f\x8b\x08" + bytes(400),
                "png.dcm": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2,
                "zeros": bytes(1000),
                "nearly": b"\x08\0" * 300,
            }
        ),
        dict.fromkeys(
            ("short", "text.dcm", "json.dcm", "zip.dcm", "gz.dcm", "png.dcm", "zeros", "nearly"),
            NOT_DICOM,
        ),
    ),
    "03 no preamble": Case(
        one(lambda: small("03")[132:]), all_good("x"), frozenset({"no_preamble"})
    ),
    "04 noise after DICM": Case(
        many(lambda: {"noise": bytes(128) + b"DICM" + NOISE, "only": bytes(128) + b"DICM"}),
        dict.fromkeys(("noise", "only"), ("quarantined", "invalid")),
        UNREADABLE,
    ),
    "04 no data set": Case(
        many(
            lambda: {
                "empty": part10(b""),
                "zeros": part10(bytes(100_000)),
                "no class": small("04", without=0x00080016),
            }
        ),
        dict.fromkeys(("empty", "zeros", "no class"), ("quarantined", "invalid")),
        UNREADABLE,
    ),
    "05 header cut": Case(_cut_last, {"x": ("quarantined", "truncated")}, UNREADABLE),
    "06 pixels cut": Case(
        _cut_pixels, SLICES, frozenset({"pixel_data_truncated"}), frozenset({"PIXEL_DATA_ERROR"})
    ),
    "06 deflated pixels cut": Case(
        one(lambda: _deflated_image()[:-40]), all_good("x"), frozenset({"pixel_data_truncated"})
    ),
    "07 length beyond the file": Case(
        one(_length_beyond), {"x": ("quarantined", "invalid")}, UNREADABLE
    ),
    "08 sequence never closed": Case(
        many(
            lambda: {
                "open": small(
                    "08 a",
                    between=element(
                        REFERENCE, "SQ", item(element(0x00081150, "UI", CT)), length=UNDEFINED
                    ),
                ),
                "open item": small(
                    "08 b",
                    between=element(
                        REFERENCE,
                        "SQ",
                        ITEM + b"\xff" * 4 + element(0x00081150, "UI", CT),
                        length=UNDEFINED,
                    ),
                ),
                "at the end": small("08 c", after=element(0x00400275, "SQ", b"", length=UNDEFINED)),
            }
        ),
        dict.fromkeys(("open", "open item", "at the end"), ("quarantined", "invalid")),
        UNREADABLE,
    ),
    "09 deflate bomb": Case(
        many(
            lambda: {
                "header": bomb("09 a", 0x00091010, 300),
                "pixels": bomb("09 b", 0x7FE00010, 300),
            }
        ),
        dict.fromkeys(("header", "pixels"), ("quarantined", "too_large")),
        UNREADABLE,
    ),
    "10 frame of other dimensions": Case(
        _other_dimensions, SLICES, frozenset(), frozenset({"PIXEL_DATA_ERROR"})
    ),
    "11 enormous claims": Case(
        _huge,
        all_good("native", "packed"),
        frozenset({"too_many_frames"}),
        frozenset({"PIXEL_DATA_ERROR"}),
    ),
    "12 too deep": Case(
        many(
            lambda: {
                "65": small("12 65", between=nested(65)),
                "64": small("12 64", between=nested(64)),
                "bottomless": _bottomless(),
            }
        ),
        {
            "64": GOOD,
            "65": ("quarantined", "too_deep"),
            "bottomless": ("quarantined", "too_deep"),
        },
        UNREADABLE,
    ),
    "13 too many elements": Case(
        one(_many_elements), {"x": ("quarantined", "too_many_elements")}, UNREADABLE
    ),
    "16 pipe and socket": Case(
        _special, dict.fromkeys(("pipe", "socket"), ("skipped", "special_file"))
    ),
    "16 device": Case(_device, {"null": ("skipped", "special_file")}, needs=can_make_devices),
    "17 links": Case(
        _links,
        {
            "real": GOOD,
            **dict.fromkeys(
                ("dangling", "itself", "out", "outside", "up", "twin"), ("skipped", "symlink")
            ),
        },
    ),
    "18 copies": Case(_copies, {"a": GOOD, "b": ("duplicate", None), "c": ("duplicate", None)}),
    "20 names": Case(_names, all_good(*NAMES.values())),
    "20 texts": Case(_texts, SLICES, frozenset(), frozenset({"accepted"})),
    "24 one instance in two syntaxes": Case(
        _same_content, {"explicit": GOOD, "implicit": ("duplicate", None)}
    ),
    "25 one UID, other content": Case(
        _other_content,
        {**SLICES, "IM0002": ("conflict", None), "later": GOOD},
        frozenset({"conflicting_sop_instance"}),
        frozenset({"CONFLICTING_SOP_INSTANCE"}),
    ),
    "26 no identity": Case(
        many(
            lambda: {
                "instance": small("26 a", without=0x00080018),
                "study": small("26 b", without=0x0020000D),
                "series": small("26 c", without=0x0020000E),
                "blank": small("26 d", {0x0020000E: ("UI", "")}),
            }
        ),
        dict.fromkeys(
            ("instance", "study", "series", "blank"), ("quarantined", "missing_identity")
        ),
        UNREADABLE,
    ),
    "27 bad UIDs": Case(
        _bad_uids,
        all_good(*(f"{name}{k}" for name in BAD_UIDS for k in range(5))),
        frozenset({"bad_uid"}),
        frozenset({"accepted"}),
    ),
    "28 file meta says another UID": Case(
        one(lambda: small("28", file_meta=meta(instance="9.9.9"))),
        all_good("x"),
        frozenset({"meta_uid_mismatch"}),
    ),
    "29 one series in two studies": Case(
        _two_studies, all_good("a", "b"), frozenset({"series_in_many_studies"})
    ),
    "30 malformed values": Case(
        many(_malformed),
        all_good(*MALFORMED),
        frozenset({"malformed_value", "wrong_vm", "partial_date_time"}),
    ),
    "30 a million values": Case(one(_million), all_good("x"), frozenset({"too_many_values"})),
    "31 other VRs": Case(
        many(_other_vrs),
        all_good(
            "unknown",
            "none",
            "narrow",
            "text in number",
            "number in text",
            "sequence in text",
            "text in sequence",
        ),
        frozenset({"unknown_vr", "vr_mismatch", "malformed_value"}),
    ),
    "31 Modality LUT of no VR": Case(
        _broken_luts,
        all_good(*(f"{part}/IM{k:04d}" for part in ("vr", "cut") for k in range(5))),
        frozenset({"malformed_sequence"}),
        frozenset({"PIXEL_DATA_ERROR"}),
    ),
    "32 a tag twice": Case(
        one(
            lambda: small(
                "32", between=element(0x00081030, "LO", "a") + element(0x00081030, "LO", "b")
            )
        ),
        all_good("x"),
        frozenset({"duplicate_tag"}),
    ),
    "33 charsets": Case(
        many(_charsets),
        all_good(*(str(k) for k in range(6))),
        frozenset({"unknown_charset", "undecodable_text"}),
    ),
    "34 control characters": Case(one(_controls), all_good("x"), frozenset({"control_characters"})),
    "35 DICOMDIR": Case(_directory, dict.fromkeys(("DICOMDIR", "unnamed"), ("dicomdir", None))),
    "36 executable preamble": Case(
        many(_executables),
        all_good("pe", "elf", "script"),
        frozenset({"suspicious_preamble"}),
    ),
    "37 unknown syntax": Case(
        _unsupported,
        all_good(*(f"{part}/IM{k:04d}" for part in ("unknown", "jpip") for k in range(5))),
        frozenset(),
        frozenset({"UNSUPPORTED_TRANSFER_SYNTAX"}),
    ),
    "38 archives": Case(many(lambda: ARCHIVES), dict.fromkeys(ARCHIVES, ("skipped", "archive"))),
    "39 objects without pixels": Case(many(_objects), all_good(*OBJECTS)),
}


def folder_of(name: str) -> str:
    """Return the folder of a case."""
    return name.replace(" ", "-").replace(",", "")


def build(root: Path) -> dict[str, Case]:
    """Make the tree; return the cases that this account could make."""
    root.mkdir(parents=True, exist_ok=True)
    made = {name: case for name, case in CASES.items() if case.needs(root)}
    for name, case in made.items():
        folder = root / folder_of(name)
        folder.mkdir(parents=True)
        case.make(folder)
    return made


def build_one(root: Path, name: str) -> None:
    """Make the folder of one case."""
    folder = root / folder_of(name)
    folder.mkdir(parents=True)
    CASES[name].make(folder)
