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
_TO_ASCII: Final = b"\x1b(B"
_TO_ROMAN: Final = b"\x1b(J"
"""The sets of G0 with one byte a character; ISO-IR 14 is ASCII but for yen and overline."""
_DOUBLE: Final = frozenset({"iso2022_jp", "iso2022_jp_2"})
"""Python codecs of the sets of G0 with two bytes a character; they want to see the escape."""
_DOUBLE_BYTES: Final = re.compile(rb"([\x21-\x7e]+)")
"""Bytes that a set of G0 gives a meaning; spaces, controls and bytes of G1 stand outside."""
_RESETS_IN_DOUBLE: Final = re.compile(rb"[\r\n\t\f]")
"""Delimiters that are no halves of characters of two bytes."""
_RESETS: Final = re.compile(rb"[\\\r\n\t\f]")
_RESETS_IN_NAMES: Final = re.compile(rb"[\\\r\n\t\f^=]")

_COMMON: Final[Mapping[str, str]] = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "latin_1",
    "ISO_IR 192": "UTF8",
}
"""Terms of nearly all files, so that for these pydicom need not be imported."""
_NEWER: Final[Mapping[str, str]] = {"ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15"}
"""Latin alphabet No. 9 (PS3.3 section C.12.1.1.2), which pydicom does not know."""
_MORE_ESCAPES: Final[Mapping[bytes, str]] = {b"\x1b-b": "iso8859_15", b"\x1b$@": "iso2022_jp"}
"""Of Latin alphabet No. 9; of JIS C 6226, the JIS X 0208 of 1978, which old writers name."""

_LINES: Final = frozenset("\t\n\f\r")
_CONTROLS: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)))
_CONTROLS_BUT_LINES: Final = {c: None for c in _CONTROLS if chr(c) not in _LINES}

_SPELLINGS: Final = (
    (re.compile(r"ISO[ _-]*2022[ _-]*(?:IR)?[ _-]*(\d+)"), r"ISO 2022 IR \1"),
    (re.compile(r"ISO[ _-]*IR[ _-]*(\d+)"), r"ISO_IR \1"),
    (re.compile(r"(?:ISO[ _-]*IR[ _-]*)?UTF[ _-]?8"), "ISO_IR 192"),
    (re.compile(r"GB[ _-]*18030"), "GB18030"),
    (re.compile(r"GBK|GB[ _-]*2312"), "GBK"),
    (re.compile(r"(?:US[ _-]*)?ASCII"), "ISO_IR 6"),
    (re.compile(r"ISO[ _-]*8859[ _-]*1|LATIN[ _-]*1"), "ISO_IR 100"),
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
    problems: list[Problem] = []
    for number, term in enumerate(terms):
        if _codec(term) is None:
            terms[number] = _respelt(term)
            problems.append(("unknown_charset", f"value {number + 1} is no defined term"))
    encodings = tuple(_codec(term) or "ascii" for term in terms)
    extended = len(terms) > 1 or any("2022" in term for term in terms)
    return Charset(encodings, extended), tuple(problems)


def _respelt(term: str) -> str:
    """Return the defined term that is meant, or what was written."""
    for pattern, replacement in _SPELLINGS:
        if found := pattern.fullmatch(term.upper()):
            spelt = found.expand(replacement)
            if _codec(spelt) is None:  # a set that there is with code extensions only
                spelt = spelt.replace("ISO_IR", "ISO 2022 IR")
            return spelt
    return term


def _codec(term: str) -> str | None:
    """Return the Python codec of a defined term, None for one that is not."""
    return _COMMON.get(term) or _python_encodings().get(term)


@lru_cache(maxsize=1)
def _python_encodings() -> Mapping[str, str]:
    """Return defined terms and their Python codecs; the default repertoire is ASCII, no more."""
    from pydicom.charset import default_encoding, python_encoding  # noqa: PLC0415  (slow import)

    strict = {
        term: "ascii" if codec == default_encoding else codec
        for term, codec in python_encoding.items()
    }
    return {**_NEWER, **strict}


@lru_cache(maxsize=1)
def _escapes() -> Mapping[bytes, str]:
    from pydicom.charset import CODES_TO_ENCODINGS  # noqa: PLC0415  (slow import)

    return {**_MORE_ESCAPES, **CODES_TO_ENCODINGS}


def decode(raw: bytes, charset: Charset, *, is_name: bool = False) -> tuple[str, bool]:
    """Return the text of a value, and whether all of it could be decoded.

    Args:
        raw: the bytes of the whole value, all components of it.
        charset: the character set of the data set.
        is_name: the value is a PN, where `^` and `=` too end a code extension.
    """
    if _ESCAPE not in raw or not charset.extended:
        return _decoded(raw, charset.encodings[0])
    reader = _Extended(charset.encodings[0], _RESETS_IN_NAMES if is_name else _RESETS)
    for fragment in _FRAGMENTS.findall(raw):
        reader.read(fragment)
    return "".join(reader.texts), reader.clean


def _decoded(raw: bytes, encoding: str) -> tuple[str, bool]:
    try:
        return raw.decode(encoding), True
    except UnicodeDecodeError:
        return raw.decode(encoding, "replace"), False


class _Extended:
    """Reads a value with escape sequences, and knows which sets they have switched to.

    An escape sequence changes the set of bytes below 128 (G0) or of those above (G1) and leaves
    the other as it is; a delimiter brings back both of the first value of Specific Character Set
    (PS3.5 section 6.1.2.5.3). All sets but two of Japan have ASCII or nearly so in G0, as have
    the Python codecs of G1: one codec reads both, but for those two.
    """

    def __init__(self, initial: str, resets: re.Pattern[bytes]) -> None:
        self.texts: list[str] = []
        self.clean = True
        self._initial = initial
        self._resets = resets
        self._reset()

    def _reset(self) -> None:
        self._codec = self._initial
        self._double: tuple[bytes, str] | None = None

    def read(self, fragment: bytes) -> None:
        """Decode bytes up to the next escape sequence; they start with one, but for the first."""
        if fragment.startswith(_ESCAPE):
            fragment = self._switched(fragment)
        resets = self._resets if self._double is None else _RESETS_IN_DOUBLE
        found = resets.search(fragment)
        if found is None:
            self._decode(fragment)
            return
        self._decode(fragment[: found.start()])
        self._reset()
        self._decode(fragment[found.start() :])

    def _switched(self, fragment: bytes) -> bytes:
        """Follow an escape sequence and return what comes after; an unknown one stays in place."""
        escape = fragment[: 4 if fragment.startswith(_LONG_ESCAPES) else 3]
        codec = _escapes().get(escape)
        if codec is None:
            self._reset()
            self.clean = False
            return fragment
        if codec in _DOUBLE:
            self._double = (escape, codec)
        elif escape in (_TO_ASCII, _TO_ROMAN):
            self._double = None
            if escape == _TO_ROMAN and self._codec == "ascii":  # katakana is mostly meant too
                self._codec = codec
        else:
            self._codec = codec
        return fragment[len(escape) :]

    def _decode(self, raw: bytes) -> None:
        if self._double is None:
            self._add(raw, self._codec)
            return
        escape, codec = self._double
        for number, run in enumerate(_DOUBLE_BYTES.split(raw)):
            if number % 2:
                self._add(escape + run, codec)
            else:
                self._add(run, self._codec)

    def _add(self, raw: bytes, codec: str) -> None:
        text, clean = _decoded(raw, codec)
        self.texts.append(text)
        self.clean = self.clean and clean


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
