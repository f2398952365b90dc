"""What comes out of an archive: its regular members, in its order, whatever its bytes claim."""

import gzip
import io
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

import pytest
from make.rows import default_settings

from dicomlake.config.settings import ArchiveSettings
from dicomlake.pipeline.discovery import archives
from dicomlake.pipeline.discovery.archives import (
    RATIO_FROM,
    ArchiveDamagedError,
    ArchiveError,
    ArchiveLimitError,
    ArchiveUnreadError,
    pieces,
)

LIMITS = default_settings().archives
MEMBERS = {"one.dcm": b"DICM" * 700, "empty": b"", "readme.txt": b"text\n" * 50}


def limits(**changes: Any) -> ArchiveSettings:
    return LIMITS.model_copy(update=changes)


def as_zip(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def as_tar(members: Mapping[str, bytes], *more: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info)
    return file.getvalue()


def as_tgz(members: Mapping[str, bytes], *more: tarfile.TarInfo) -> bytes:
    return gzip.compress(as_tar(members, *more))


KINDS: Mapping[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "zip": as_zip,
    "tar": as_tar,
    "tar.gz": as_tgz,
}
every_kind = pytest.mark.parametrize("kind", KINDS)


@dataclass(frozen=True)
class Got:
    members: list[bytes]
    passed_over: dict[str, int]


def unpacked(data: bytes, limit: ArchiveSettings = LIMITS) -> Got:
    members: list[bytes] = []
    passed_over: Counter[str] = Counter()
    for number, piece in pieces(io.BytesIO(data), len(data), limit, passed_over):
        assert len(piece) <= archives.PIECE
        if number > len(members):
            assert piece == b""
            members.append(b"")
        members[number - 1] += piece
    return Got(members, dict(passed_over))


def drained(data: bytes, limit: ArchiveSettings = LIMITS) -> int:
    """Unpack without keeping anything; return the bytes."""
    return sum(len(each) for _, each in pieces(io.BytesIO(data), len(data), limit, Counter()))


@every_kind
def test_members_come_whole_and_in_the_order_of_the_archive(kind: str) -> None:
    assert unpacked(KINDS[kind](MEMBERS)) == Got(list(MEMBERS.values()), {})


def test_a_gzip_that_holds_no_tar_has_one_member() -> None:
    content = MEMBERS["one.dcm"]
    assert unpacked(gzip.compress(content)) == Got([content], {})
    assert unpacked(gzip.compress(b"")) == Got([b""], {})
    assert unpacked(gzip.compress(content) + gzip.compress(b"!")) == Got([content + b"!"], {})


@every_kind
def test_an_archive_in_an_archive_is_a_member_like_any_other(kind: str) -> None:
    inner = as_zip(MEMBERS)
    assert unpacked(KINDS[kind]({"inner.zip": inner})) == Got([inner], {})


@every_kind
def test_names_are_never_looked_at(kind: str) -> None:
    names = ("../../../etc/passwd", "/etc/shadow", "..", "a\\..\\b", "same", "dir/./x", "\udcff")
    if kind == "zip":
        names = names[:-1]  # zipfile writes no such name
    members = {name: name.encode(errors="replace") for name in names}
    assert unpacked(KINDS[kind](members)).members == list(members.values())


def tar_info(name: str, kind: bytes, **more: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in more.items():
        setattr(info, key, value)
    return info


def test_what_is_no_regular_file_of_a_tar_is_passed_over_and_counted() -> None:
    others = (
        tar_info("folder", tarfile.DIRTYPE),
        tar_info("link", tarfile.SYMTYPE, linkname="/etc/passwd"),
        tar_info("hard", tarfile.LNKTYPE, linkname="one.dcm"),
        tar_info("device", tarfile.BLKTYPE, devmajor=8, devminor=0),
        tar_info("pipe", tarfile.FIFOTYPE),
    )
    expected = Got(list(MEMBERS.values()), {"link": 2, "special file": 2})
    assert unpacked(as_tar(MEMBERS, *others)) == expected
    assert unpacked(as_tgz(MEMBERS, *others)) == expected


def test_a_sparse_member_is_passed_over() -> None:
    info = tarfile.TarInfo("holes")
    info.pax_headers = {
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(1 << 50),
        "GNU.sparse.map": "0,1",
    }  # fmt: skip
    assert unpacked(as_tar({"a": b"x"}, info)) == Got([b"x"], {"sparse": 1})


def test_what_is_no_regular_file_of_a_zip_is_passed_over_and_counted() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("folder/", b"")
        for name, mode in (("link", stat.S_IFLNK), ("device", stat.S_IFBLK), ("f", stat.S_IFREG)):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (mode | 0o777) << 16
            archive.writestr(info, b"/etc/passwd")
        archive.writestr("bz2", b"x" * 100, zipfile.ZIP_BZIP2)
        archive.writestr("lzma", b"x" * 100, zipfile.ZIP_LZMA)
    assert unpacked(file.getvalue()) == Got(
        [b"/etc/passwd"], {"link": 1, "special file": 1, "of another compression": 2}
    )


def test_encrypted_members_are_passed_over_and_the_others_read() -> None:
    data = bytearray(as_zip({"secret": b"x" * 40, "open": b"y"}))
    data[6] |= 1  # the flags of the first local header, and of the first entry of the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert unpacked(bytes(data)) == Got([b"y"], {"encrypted": 1})


@every_kind
@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"max_members": 2}, "more than 2 members"),
        ({"max_member_bytes": 2799}, "a member has more than 2799 bytes"),
        ({"max_bytes": 3049}, "more than 3049 bytes unpacked"),
    ],
)
def test_every_limit_ends_the_unpacking(kind: str, limit: dict[str, int], said: str) -> None:
    with pytest.raises(ArchiveLimitError, match=said):
        drained(KINDS[kind](MEMBERS), limits(**limit))


def test_what_just_fits_the_limits_is_unpacked() -> None:
    limit = limits(max_members=3, max_member_bytes=2800, max_bytes=3050)
    assert unpacked(as_zip(MEMBERS), limit).members == list(MEMBERS.values())


def test_members_that_are_passed_over_count_too() -> None:
    links = [tar_info(f"l{k}", tarfile.SYMTYPE, linkname="x") for k in range(5)]
    with pytest.raises(ArchiveLimitError, match="more than 4 members"):
        drained(as_tgz({}, *links), limits(max_members=4))


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "gz"])
def test_a_bomb_ends_at_the_ratio_and_takes_no_memory(kind: str) -> None:
    zeros = bytes(RATIO_FROM + (8 << 20))
    data = gzip.compress(zeros) if kind == "gz" else KINDS[kind]({"bomb": zeros})
    del zeros
    tracemalloc.start()
    with pytest.raises(ArchiveLimitError, match="250 times"):
        drained(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * archives.PIECE


def test_a_small_image_of_nothing_is_no_bomb() -> None:
    assert unpacked(as_zip({"black": bytes(1 << 20)})).members == [bytes(1 << 20)]


def test_zeros_behind_a_tar_are_held_to_the_limits_too() -> None:
    data = gzip.compress(as_tar({"a": b"x"}) + bytes(RATIO_FROM * 2))
    with pytest.raises(ArchiveLimitError, match="250 times"):
        drained(data)


@every_kind
def test_the_time_is_limited(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100_000))
    monkeypatch.setattr(archives, "monotonic", lambda: float(next(clock)))
    with pytest.raises(ArchiveLimitError, match="longer than 2 s"):
        drained(KINDS[kind](MEMBERS), limits(timeout_s=2.0))


def test_a_declared_size_that_lies_is_not_believed() -> None:
    data = bytearray(as_zip({"big": b"x" * 5000}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<L", 10)
    with pytest.raises(ArchiveDamagedError):
        drained(bytes(data))


def test_a_directory_of_a_zip_beyond_the_limit_is_not_even_read() -> None:
    long = {f"{k}" + "n" * 60_000: b"" for k in range(20)}
    with pytest.raises(ArchiveLimitError, match="directory"):
        drained(as_zip(long), limits(max_members=25))


def test_headers_of_a_tar_are_limited() -> None:
    info = tarfile.TarInfo("x")
    info.pax_headers = {"comment": "y" * (5 << 20)}
    with pytest.raises(ArchiveLimitError, match="header"):
        drained(as_tgz({}, info))


def test_a_member_of_negative_size_ends_the_archive() -> None:
    info = tarfile.TarInfo("back")
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = tarfile.itn(-2048, 12, tarfile.GNU_FORMAT)
    block[148:156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:512]))
    with pytest.raises(ArchiveError):
        drained(bytes(block) + bytes(10240))


@every_kind
def test_an_archive_cut_anywhere_is_damaged(kind: str) -> None:
    data = KINDS[kind]({"a": random.Random(1).randbytes(3000), "b": b"b" * 700})
    # Behind the end mark of a tar only its padding goes.
    end = 512 * 11 if kind == "tar" else len(data)
    for length in {*range(300, end, 97), end - 1, *range(512, end, 512)}:
        with pytest.raises(ArchiveDamagedError):
            drained(data[:length])


def test_a_changed_byte_of_a_compressed_archive_is_damage() -> None:
    content = random.Random(2).randbytes(4000)
    for data in (
        as_zip({"a": content}, zipfile.ZIP_STORED),
        gzip.compress(as_tar({"a": content}), 0),
    ):
        broken = bytearray(data)
        broken[data.index(content[1000:1020])] ^= 0x10
        with pytest.raises(ArchiveDamagedError):
            drained(bytes(broken))


@every_kind
def test_no_mutant_raises_anything_else(kind: str) -> None:
    data = KINDS[kind](MEMBERS)
    draw = random.Random(kind)
    ends: Counter[str] = Counter()
    for _ in range(100):
        mutant = bytearray(data)
        for _ in range(draw.randint(1, 6)):
            mutant[draw.randrange(2, len(mutant))] = draw.choice((0, 0xFF, draw.randrange(256)))
        said = "read"
        try:
            drained(bytes(mutant), limits(timeout_s=5.0))
        except ArchiveError as error:
            said = error.detail
        assert not any(name in said for name in MEMBERS)
        ends[said] += 1
    assert len(ends) > 2


class _Failing(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 600:
            raise OSError(5, "Input/output error")
        return super().read(size)


@every_kind
def test_a_disk_that_fails_says_nothing_about_the_archive(kind: str) -> None:
    data = KINDS[kind]({"a": random.Random(3).randbytes(60_000)})
    file: IO[bytes] = _Failing(data)
    with pytest.raises(ArchiveUnreadError):
        list(pieces(file, len(data), LIMITS, Counter()))
