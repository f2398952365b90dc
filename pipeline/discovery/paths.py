"""Paths of a source as text: reversible, printable, and sorted as a tree is crawled."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

_ENCODED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_LINE_ENDS: Final = "\u2028\u2029"
_DELETE: Final = 0x7F
_LAST_C1: Final = 0x9F
_SURROGATES: Final = range(0xDC80, 0xDD00)
"""What `surrogateescape` makes of the bytes 0x80 to 0xFF that are not UTF-8."""


def encode_name(raw: bytes) -> str:
    """Return the text of one path component.

    Bytes that are not UTF-8, control characters (C0, DEL, C1, line and paragraph separator) and
    `%` itself are percent-encoded byte by byte, so that `decode_path` gives the bytes back.
    """
    text = raw.decode("utf-8", "surrogateescape")
    if text.isprintable() and "%" not in text:
        return text
    return "".join(_encode_character(character) for character in text)


def encode_names(raw: Sequence[bytes]) -> Sequence[str]:
    """Return the texts of the components of a folder's paths; at once where all are plain."""
    text = b"/".join(raw).decode("utf-8", "surrogateescape")
    if text.isprintable() and "%" not in text:
        return text.split("/") if raw else ()
    return [encode_name(each) for each in raw]


def _encode_character(character: str) -> str:
    code = ord(character)
    if code in _SURROGATES:
        return f"%{code - 0xDC00:02X}"
    control = code < ord(" ") or _DELETE <= code <= _LAST_C1 or character in _LINE_ENDS
    if control or character == "%":
        return "".join(f"%{byte:02X}" for byte in character.encode())
    return character


def decode_path(path: str) -> bytes:
    """Return the raw bytes of an encoded relative path."""
    raw = path.encode("utf-8")
    if b"%" not in raw:
        return raw
    return _ENCODED.sub(lambda found: bytes((int(found.group(1), 16),)), raw)


def file_id(source: str, path: str) -> str:
    """Return the identity of an encoded relative path: 32 hex digits.

    It hashes the raw bytes of the path, so it does not depend on how paths are encoded.
    """
    return hashlib.sha256(source.encode() + b"\0" + decode_path(path)).hexdigest()[:32]


def tree_key(path: str) -> tuple[str, str]:
    """Return what sorts paths as the crawl meets them: a folder's files, then its subfolders.

    `/` becomes NUL, which no name can hold, so that a folder comes right before its subfolders.
    """
    folder, _, name = path.rpartition("/")
    return folder.replace("/", "\0"), name
