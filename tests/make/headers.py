"""DICOM files byte by byte, right and wrong, and a run of `attempt` over a folder of files."""

import os
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicomlake.config.settings import Settings, load_settings
from dicomlake.pipeline.discovery.walk import Entry, crawl
from dicomlake.pipeline.headers.attempt import Attempt, Batch, Lineage, attempt

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
UNDEFINED = 0xFFFFFFFF
_LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}

ITEM = b"\xfe\xff\x00\xe0"
ITEM_END = b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def element(
    tag: int,
    vr: str,
    value: bytes | str,
    *,
    length: int | None = None,
    big: bool = False,
    implicit: bool = False,
) -> bytes:
    """Return an encoded element; `length` lies about the length of the value."""
    order = ">" if big else "<"
    raw = value.encode("latin-1") if isinstance(value, str) else value
    if length is None:
        if len(raw) % 2:
            raw += b"\0" if vr in ("UI", "OB", "UN") else b" "
        length = len(raw)
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return head + struct.pack(order + "L", length) + raw
    if vr in _LONG:
        return head + vr.encode() + b"\0\0" + struct.pack(order + "L", length) + raw
    return head + vr.encode() + struct.pack(order + "H", length) + raw


def item(content: bytes, *, length: int | None = None) -> bytes:
    """Return an item of a sequence; of undefined length it is closed."""
    if length == UNDEFINED:
        return ITEM + struct.pack("<L", UNDEFINED) + content + ITEM_END
    return ITEM + struct.pack("<L", len(content) if length is None else length) + content


def meta(syntax: str | None = EXPLICIT, *, sop_class: str = CT, instance: str = "1.2.3") -> bytes:
    """Return File Meta Information."""
    body = element(0x00020001, "OB", b"\0\1")
    body += element(0x00020002, "UI", sop_class) + element(0x00020003, "UI", instance)
    if syntax is not None:
        body += element(0x00020010, "UI", syntax)
    return element(0x00020000, "UL", struct.pack("<L", len(body))) + body


Elements = dict[int, tuple[str, bytes | str]]

IDENTITY: Elements = {
    0x00080016: ("UI", CT),
    0x00080018: ("UI", "1.2.3"),
    0x00080060: ("CS", "CT"),
    0x00100010: ("PN", "Test^Patient"),
    0x00100020: ("LO", "P1"),
    0x0020000D: ("UI", "1.2.3.4"),
    0x0020000E: ("UI", "1.2.3.5"),
}


def data_set(
    more: Elements | None = None, *, big: bool = False, implicit: bool = False, without: int = 0
) -> bytes:
    """Return the elements of a small instance, in order; `more` adds or replaces some."""
    elements = {**IDENTITY, **(more or {})}
    elements.pop(without, None)
    return b"".join(
        element(tag, vr, value, big=big, implicit=implicit)
        for tag, (vr, value) in sorted(elements.items())
    )


def part10(content: bytes, file_meta: bytes | None = None, preamble: bytes = b"") -> bytes:
    """Return a file with preamble, `DICM`, File Meta Information and a data set."""
    return (
        preamble.ljust(128, b"\0")
        + b"DICM"
        + (meta() if file_meta is None else file_meta)
        + content
    )


def instance(more: Elements | None = None, **how: Any) -> bytes:
    """Return the file of a small instance in Explicit VR Little Endian."""
    return part10(data_set(more, **how))


PIXELS = element(0x7FE00010, "OW", bytes(range(200)))


def settings_for_tests(flags: dict[str, object] | None = None) -> Settings:
    """Return the default settings, with some of them changed."""
    return load_settings(flags=flags, environment={})


@dataclass
class Result:
    """What became of the files of a folder."""

    attempt: Attempt
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    issues: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def state(self, path: str = "x.dcm") -> tuple[str, str | None]:
        """Return status and reason of a file."""
        return self.files[path]["status"], self.files[path]["reason"]

    def codes(self, path: str = "x.dcm") -> set[str]:
        """Return the codes of the issues of a file."""
        return {issue["code"] for issue in self.issues[path]}


def read_folder(root: Path, flags: dict[str, object] | None = None) -> Result:
    """Crawl a folder and read its files, the tables checked against the schema."""
    settings = settings_for_tests(flags)
    real = os.path.realpath(root)
    entries = tuple(e for each in crawl(real, settings.discovery) for e in each.entries)
    return read_entries(real, entries, settings)


def read_entries(root: str, entries: tuple[Entry, ...], settings: Settings) -> Result:
    """Read entries as one batch."""
    batch = Batch(0, "source", root, entries, settings, Lineage("run", "1", 1))
    got = attempt(batch)
    for each in (got.files, got.instances, got.issues):
        each.validate(full=True)
    result = Result(got)
    names = {}
    for row in got.files.to_pylist():
        result.files[row["path"]] = row
        names[row["file_id"]] = row["path"]
        result.issues[row["path"]] = []
    for row in got.instances.to_pylist():
        result.rows[names[row["file_id"]]] = row
    for row in got.issues.to_pylist():
        result.issues[names[row["file_id"]]].append(row)
    return result


def read_bytes(
    folder: Path, content: bytes, name: str = "x.dcm", flags: dict[str, object] | None = None
) -> Result:
    """Write one file and read it."""
    (folder / name).write_bytes(content)
    return read_folder(folder, flags)
