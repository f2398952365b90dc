"""Text of a data set: character sets, escape sequences, padding and control characters.

Specific Character Set is honoured, code extensions included (PS3.5 section 6.1.2). A value is
decoded first and split at backslashes after: in some sets a backslash byte is half a character.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Problem = tuple[str, str | None]
"""Code of a finding about a value, and its detail."""

_ESCAPE: Final = b"\x1b"
_FRAGMENTS: Final = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*")
_LONG_ESCAPES: Final = (b"\x1b$(", b"\x1b$)")
_READ_WITH_ESCAPE: Final = frozenset({"iso2022_jp", "iso2022_jp_2"})
"""Python codecs that want to see the escape sequence, and end at delimiters themselves."""
_RESETS: Final = re.compile(rb"[\\\r\n\t\f]")
_RESETS_IN_NAMES: Final = re.compile(rb"[\\\r\n\t\f^=]")

_LINES: Final = frozenset("\t\n\f\r")
_CONTROLS: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
_CONTROLS_BUT_LINES: Final = {c: None for c in _CONTROLS if chr(c) not in _LINES}

_SPELLINGS: Final = (
    (re.compile(r"ISO[ _-]?2022[ _-]?IR[ _-]?(\d+)"), r"ISO 2022 IR \1"),
    (re.compile(r"ISO[ _-]?IR[ _-]?(\d+)"), r"ISO_IR \1"),
    (re.compile(r"UTF[ _-]?8"), "ISO_IR 192"),
)


@dataclass(frozen=True, slots=True)
class Charset:
    """How the text of a data set is encoded.

    `encodings` are Python codecs, the first for text before any escape sequence; `extended`: code
    extensions are in use (ISO 2022).
    """

    encodings: tuple[str, ...]
    extended: bool


DEFAULT_CHARSET: Final = Charset(("ascii",), extended=False)
"""The default repertoire, ISO-IR 6."""


@lru_cache(maxsize=256)
def charset_of(raw: bytes) -> tuple[Charset, tuple[Problem, ...]]:
    """Return the character set that the bytes of Specific Character Set (0008,0005) name.

    A misspelt term is corrected where it is clear; an unknown one counts as the default
    repertoire, so that what is not ASCII is replaced and recorded. Both are a problem.
    """
    terms = [term.strip(" \0") for term in raw.decode("ascii", "replace").split("\\")]
    known = _python_encodings()
    encodings: list[str] = []
    problems: list[Problem] = []
    for number, term in enumerate(terms, 1):
        encoding = known.get(term)
        if encoding is None:
            encoding = known.get(_respelt(term), "ascii")
            problems.append(("unknown_charset", f"value {number} is no defined term"))
        encodings.append(encoding)
    extended = len(encodings) > 1 or any("2022" in term for term in terms)
    return Charset(tuple(encodings), extended), tuple(problems)


def _respelt(term: str) -> str:
    for pattern, replacement in _SPELLINGS:
        if found := pattern.fullmatch(term.upper()):
            return found.expand(replacement)
    return term


@lru_cache(maxsize=1)
def _python_encodings() -> Mapping[str, str]:
    """Return defined terms and their Python codecs; the default repertoire is ASCII, no more."""
    from pydicom.charset import default_encoding, python_encoding  # noqa: PLC0415  (slow import)

    strict = {
        term: "ascii" if codec == default_encoding else codec
        for term, codec in python_encoding.items()
    }
    return {**strict, "ISO_IR 87": "iso2022_jp", "ISO_IR 159": "iso2022_jp_2"}


@lru_cache(maxsize=1)
def _escapes() -> Mapping[bytes, str]:
    from pydicom.charset import CODES_TO_ENCODINGS, default_encoding  # noqa: PLC0415  (slow import)

    return {
        escape: "ascii" if codec == default_encoding else codec
        for escape, codec in CODES_TO_ENCODINGS.items()
    }


def decode(raw: bytes, charset: Charset, *, is_name: bool = False) -> tuple[str, bool]:
    """Return the text of a value, and whether all of it could be decoded.

    Args:
        raw: the bytes of the whole value, all components of it.
        charset: the character set of the data set.
        is_name: the value is a PN, where `^` and `=` too end a code extension.
    """
    if _ESCAPE not in raw or not charset.extended:
        return _decoded(raw, charset.encodings[0])
    resets = _RESETS_IN_NAMES if is_name else _RESETS
    parts = [_fragment(part, charset, resets) for part in _FRAGMENTS.findall(raw)]
    return "".join(text for text, _ in parts), all(clean for _, clean in parts)


def _decoded(raw: bytes, encoding: str) -> tuple[str, bool]:
    try:
        return raw.decode(encoding), True
    except UnicodeDecodeError:
        return raw.decode(encoding, "replace"), False


def _fragment(raw: bytes, charset: Charset, resets: re.Pattern[bytes]) -> tuple[str, bool]:
    """Decode bytes up to the next escape sequence; they start with one, but for the first."""
    if not raw.startswith(_ESCAPE):
        return _decoded(raw, charset.encodings[0])
    escape = raw[: 4 if raw.startswith(_LONG_ESCAPES) else 3]
    encoding = _escapes().get(escape)
    if encoding is None:
        text, _ = _decoded(raw, charset.encodings[0])
        return text, False
    if encoding in _READ_WITH_ESCAPE:
        return _decoded(raw, encoding)
    body = raw[len(escape) :]
    found = resets.search(body)
    if found is None:
        return _decoded(body, encoding)
    before, before_clean = _decoded(body[: found.start()], encoding)
    after, after_clean = _decoded(body[found.start() :], charset.encodings[0])
    return before + after, before_clean and after_clean


def without_controls(text: str, *, lines: bool = False) -> tuple[str, bool]:
    """Return a text without control characters, and whether it had none.

    Args:
        text: any text.
        lines: tabulator, line feed, form feed and carriage return may stand in it (LT, ST, UT).
    """
    if text.isprintable():
        return text, True
    clean = text.translate(_CONTROLS_BUT_LINES if lines else _CONTROLS)
    return clean, len(clean) == len(text)
