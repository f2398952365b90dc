"""Character sets: PS3.5 section 6.1.2 and its annexes H to K, and what writers make of them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pydicom
import pytest
from make.data_sets import Element, identity, merged, part10, sequence, text
from make.headers import Result, read_bytes, read_folder
from pydicom.charset import default_encoding, python_encoding

from dicomlake.pipeline.headers.text import _COMMON, charset_of, decode

CHARSET_FILES = Path(pydicom.__file__).parent / "data" / "charset_files"

CHARSET = 0x00080005
SOFTWARE_VERSIONS = 0x00181020
PATIENT_NAME = 0x00100010
STUDY_DESCRIPTION = 0x00081030
IMAGE_COMMENTS = 0x00204000

Name = tuple[str | None, str | None, str | None]


def read(folder: Path, charset: str | None, *elements: Element) -> Result:
    named = () if charset is None else (text(CHARSET, "CS", charset),)
    return read_bytes(folder, part10(merged(identity(), named, elements)))


def name_of(got: Result, file: str = "x.dcm") -> Name:
    groups = got.rows[file]["patient_name"]
    return groups["alphabetic"], groups["ideographic"], groups["phonetic"]


def decoded(charset: str, raw: bytes, *, is_name: bool = False) -> tuple[str, bool]:
    return decode(raw, charset_of(charset.encode())[0], is_name=is_name)


# Files that others wrote.


@pytest.fixture(scope="module")
def files() -> Result:
    return read_folder(CHARSET_FILES)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("chrArab", ("قباني^لنزار", None, None)),
        ("chrFren", ("Buc^Jérôme", None, None)),
        ("chrFrenMulti", ("Buc^Jérôme", None, None)),
        ("chrGerm", ("Äneas^Rüdiger", None, None)),
        ("chrGreek", ("Διονυσιος", None, None)),
        ("chrH31", ("Yamada^Tarou", "山田^太郎", "やまだ^たろう")),
        ("chrH32", ("ﾔﾏﾀﾞ^ﾀﾛｳ", "山田^太郎", "やまだ^たろう")),
        ("chrHbrw", ("שרון^דבורה", None, None)),
        ("chrI2", ("Hong^Gildong", "洪^吉洞", "홍^길동")),
        ("chrJapMulti", ("やまだ^たろう", None, None)),
        ("chrJapMultiExplicitIR6", ("やまだ^たろう", None, None)),
        ("chrKoreanMulti", ("김희중", None, None)),
        ("chrRuss", ("Люкceмбypг", None, None)),
        ("chrX1", ("Wang^XiaoDong", "王^小東", None)),
        ("chrX2", ("Wang^XiaoDong", "王^小东", None)),
    ],
)
def test_names_in_files_of_many_countries(files: Result, file: str, name: Name) -> None:
    assert name_of(files, f"{file}.dcm") == name
    assert not files.codes(f"{file}.dcm") & {"undecodable_text", "unknown_charset"}


# The examples of the standard.


@pytest.mark.parametrize(
    ("charset", "raw", "name"),
    [
        (  # H.3.1
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            ("Yamada^Tarou", "山田^太郎", "やまだ^たろう"),
        ),
        (  # H.3.2
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"
            b"=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
            ("ﾔﾏﾀﾞ^ﾀﾛｳ", "山田^太郎", "やまだ^たろう"),
        ),
        (  # I.2
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"
            b"=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            ("Hong^Gildong", "洪^吉洞", "홍^길동"),
        ),
        (  # J.1
            "ISO_IR 192",
            b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=",
            ("Wang^XiaoDong", "王^小東", None),
        ),
        (  # J.2
            "GB18030",
            b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=",
            ("Wang^XiaoDong", "王^小东", None),
        ),
        (  # K.2
            "\\ISO 2022 IR 58",
            b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=",
            ("Zhang^XiaoDong", "张^小东", None),
        ),
    ],
)
def test_names_as_the_annexes_write_them(
    tmp_path: Path, charset: str, raw: bytes, name: Name
) -> None:
    got = read(tmp_path, charset, text(PATIENT_NAME, "PN", raw))
    assert name_of(got) == name
    assert not got.codes()


def test_the_text_of_annex_k_with_a_new_escape_on_every_line() -> None:
    lines = [
        b"The first line includes\x1b$)A\xd6\xd0\xce\xc4.\r\n",
        b"The second line includes \x1b$)A\xd6\xd0\xce\xc4, too.\r\n",
        b"The third line.\r\n",
    ]
    assert decoded("\\ISO 2022 IR 58", b"".join(lines)) == (
        "The first line includes中文.\r\n"
        "The second line includes 中文, too.\r\n"
        "The third line.\r\n",
        True,
    )


@pytest.mark.parametrize(
    ("charset", "escape", "raw", "expected"),
    [
        ("ISO_IR 100", b"\x1b-A", b"\xc4\xe9\xdf", "Äéß"),
        ("ISO_IR 101", b"\x1b-B", b"\xa3\xf3d\xbc", "Łódź"),
        ("ISO_IR 109", b"\x1b-C", b"\xa1\xb1", "Ħħ"),
        ("ISO_IR 110", b"\x1b-D", b"\xd9\xf9", "Ųų"),
        ("ISO_IR 144", b"\x1b-L", b"\xbb\xee\xda", "Люк"),
        ("ISO_IR 127", b"\x1b-G", b"\xe2\xc8\xc7", "قبا"),
        ("ISO_IR 126", b"\x1b-F", b"\xc4\xe9\xef", "Διο"),
        ("ISO_IR 138", b"\x1b-H", b"\xf9\xf8\xe5\xef", "שרון"),
        ("ISO_IR 148", b"\x1b-M", b"\xdd\xfe", "İş"),
        ("ISO_IR 203", b"\x1b-b", b"\xa4\xbd", "€œ"),
        ("ISO_IR 13", b"\x1b)I", b"\xd4\xcf\xc0\xde", "ﾔﾏﾀﾞ"),
        ("ISO_IR 166", b"\x1b-T", b"\xb9\xd2\xc2", "นาย"),
    ],
)
def test_every_set_of_one_byte_by_itself_and_by_its_escape(
    charset: str, escape: bytes, raw: bytes, expected: str
) -> None:
    assert decoded(charset, raw) == (expected, True)
    extended = charset.replace("ISO_IR", "ISO 2022 IR")
    assert decoded(extended, raw) == (expected, True)
    assert decoded(f"\\{extended}", escape + raw) == (expected, True)
    assert decoded(f"\\{extended}", b"A" + escape + raw + b"B") == (f"A{expected}B", True)


@pytest.mark.parametrize(
    ("term", "raw", "expected"),
    [
        ("ISO 2022 IR 149", b"\x1b$)C\xb1\xe8\xc8\xf1", "김희"),
        ("ISO 2022 IR 58", b"\x1b$)A\xcd\xf5", "王"),
        ("ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B", "山田"),
        ("ISO 2022 IR 87", b"\x1b$@;3ED\x1b(B", "山田"),
        ("ISO 2022 IR 159", b"\x1b$(D0!\x1b(B", "丂"),
        ("GBK", b"\xcd\xf5", "王"),
        ("GB18030", b"\x81\x30\x81\x30", "\x80"),
        ("ISO_IR 192", "𠮷‰".encode(), "𠮷‰"),
    ],
)
def test_every_set_of_many_bytes(term: str, raw: bytes, expected: str) -> None:
    charset = term if "2022" not in term else f"\\{term}"
    assert decoded(charset, raw) == (expected, True)


# Delimiters that are halves of characters, and delimiters that are not.

JIS_WITH_BACKSLASH = b"\x1b$B\x4e\x5c\x1b(B"
JIS_WITH_CARET = b"\x1b$B\x4e\x5e\x1b(B"
JIS_WITH_EQUALS = b"\x1b$B\x3d\x3d\x1b(B"


@pytest.mark.parametrize(
    ("charset", "one", "characters"),
    [
        ("GB18030", "俓".encode("gb18030"), "俓"),
        ("GBK", "俓".encode("gbk"), "俓"),
        ("\\ISO 2022 IR 87", JIS_WITH_BACKSLASH, JIS_WITH_BACKSLASH.decode("iso2022_jp")),
        ("ISO_IR 13", b"\x83\x5c", "ソ"),  # JIS as Windows has it, under the name of JIS X 0201
    ],
)
def test_a_backslash_in_a_character_delimits_nothing(
    tmp_path: Path, charset: str, one: bytes, characters: str
) -> None:
    got = read(
        tmp_path,
        charset,
        text(STUDY_DESCRIPTION, "LO", one + b" " + one),
        text(SOFTWARE_VERSIONS, "LO", one + b"\\" + one + b"\\\\A"),
        text(PATIENT_NAME, "PN", one + b"^A=" + one),
        text(IMAGE_COMMENTS, "LT", one + b"\\" + one),
    )
    row = got.rows["x.dcm"]
    assert b"\\" in one
    assert row["study_description"] == f"{characters} {characters}"
    assert row["software_versions"] == [characters, characters, None, "A"]
    assert name_of(got) == (f"{characters}^A", characters, None)
    assert row["image_comments"] == f"{characters}\\{characters}"
    assert not got.codes()


@pytest.mark.parametrize(
    ("charset", "one"),
    [
        ("\\ISO 2022 IR 87", JIS_WITH_CARET),
        ("\\ISO 2022 IR 87", JIS_WITH_EQUALS),
        ("GB18030", "俕".encode("gb18030")),
        ("GBK", "俕".encode("gbk")),
    ],
)
def test_a_caret_or_equals_sign_in_a_character_delimits_no_component(
    tmp_path: Path, charset: str, one: bytes
) -> None:
    character, clean = decoded(charset, one, is_name=True)
    assert clean
    assert len(character) == 1
    assert set(one) & {0x3D, 0x5E}
    got = read(tmp_path, charset, text(PATIENT_NAME, "PN", b"A=" + one + b"^" + one + b"=" + one))
    assert name_of(got) == ("A", f"{character}^{character}", character)


@pytest.mark.parametrize(
    ("codec", "prefix"),
    [
        ("shift_jis", b""),
        ("euc_kr", b""),
        ("gb2312", b""),
        ("gbk", b""),
        ("gb18030", b""),
        ("iso2022_jp", b"\x1b$B"),
        ("iso2022_jp_2", b"\x1b$(D"),
    ],
)
def test_no_character_of_two_bytes_becomes_a_delimiter(codec: str, prefix: bytes) -> None:
    delimiters = set("\\^=\r\n\t\f")
    for first in range(0x21, 0xFF):
        for second in range(0x21, 0xFF):
            character = (prefix + bytes((first, second))).decode(codec, "ignore")
            if len(character) == 1 and (first > 0x7F or prefix):
                assert character not in delimiters or second == ord(character)


LATIN_2 = "\\ISO 2022 IR 101"


@pytest.mark.parametrize("delimiter", ["\\", "\r", "\n", "\t", "\f"])
def test_a_delimiter_ends_a_code_extension_of_text(delimiter: str) -> None:
    raw = b"\x1b-B\xa3" + delimiter.encode() + b"\xa3"
    assert decoded(LATIN_2, raw) == (f"Ł{delimiter}\ufffd", False)
    again = b"\x1b-B\xa3" + delimiter.encode() + b"\x1b-B\xa3"
    assert decoded(LATIN_2, again) == (f"Ł{delimiter}Ł", True)
    assert decoded("ISO 2022 IR 144" + LATIN_2, raw) == (f"Ł{delimiter}Ѓ", True)


@pytest.mark.parametrize("delimiter", ["^", "="])
def test_caret_and_equals_sign_end_it_in_names_only(delimiter: str) -> None:
    raw = b"\x1b-B\xa3" + delimiter.encode() + b"\xa3"
    assert decoded(LATIN_2, raw) == (f"Ł{delimiter}Ł", True)
    assert decoded(LATIN_2, raw, is_name=True) == (f"Ł{delimiter}\ufffd", False)


@pytest.mark.parametrize("line", ["\r", "\n", "\t", "\f"])
def test_a_line_ends_a_set_of_two_bytes_too(line: str) -> None:
    raw = b"\x1b$B;3" + line.encode() + b";3"
    assert decoded("\\ISO 2022 IR 87", raw) == (f"山{line};3", True)


def test_the_two_halves_of_a_set_are_switched_one_by_one() -> None:
    """An escape for bytes below 128 leaves those above as they were, and the other way round."""
    charset = "ISO 2022 IR 100\\ISO 2022 IR 87\\ISO 2022 IR 144"
    assert decoded(charset, b"\xfc\x1b$B;3\x1b(B\xfc") == ("ü山ü", True)
    assert decoded(charset, b"\x1b-L\xbb\x1b$B;3\x1b(B\xbb") == ("Л山Л", True)
    assert decoded(charset, b"\x1b$B;3\x1b-L\xbb;3\x1b(B;3") == ("山Л山;3", True)
    japanese = "ISO 2022 IR 13\\ISO 2022 IR 87"
    assert decoded(japanese, b"\xd4\x1b$B;3\x1b(B\xd4A") == ("ﾔ山ﾔA", True)


def test_spaces_after_a_set_that_was_not_switched_back_are_spaces(tmp_path: Path) -> None:
    got = read(tmp_path, "\\ISO 2022 IR 87", text(STUDY_DESCRIPTION, "LO", b"\x1b$B;3ED  "))
    assert got.rows["x.dcm"]["study_description"] == "山田"
    assert not got.codes()


def test_katakana_after_the_escape_of_its_latin_half() -> None:
    assert decoded("\\ISO 2022 IR 13", b"\x1b(J\xd4\xcf") == ("ﾔﾏ", True)


def test_yen_and_overline_are_what_everyone_reads_there(tmp_path: Path) -> None:
    """ISO-IR 14 has yen and overline where ASCII has the backslash, a delimiter, and the tilde.

    pydicom and Python's codec read ASCII there, and so do we: the first is no loss to a delimiter.
    """
    got = read(
        tmp_path,
        "ISO_IR 13",
        text(SOFTWARE_VERSIONS, "LO", b"\xb1\\\xb2~"),
        text(IMAGE_COMMENTS, "LT", b"\xb1\\\xb2~"),
    )
    assert got.rows["x.dcm"]["software_versions"] == ["ｱ", "ｲ~"]
    assert got.rows["x.dcm"]["image_comments"] == "ｱ\\ｲ~"


def test_groups_and_components_of_a_name_in_sets_of_their_own(tmp_path: Path) -> None:
    raw = b"M\xfcller^J\xf6rg=\x1b$B;3ED\x1b(B^\x1b$)C\xd1\xce=\x1b-L\xbb\xee^\x1b)I\xd4\xcf"
    charset = "ISO 2022 IR 100\\ISO 2022 IR 87\\ISO 2022 IR 149\\ISO 2022 IR 144\\ISO 2022 IR 13"
    got = read(tmp_path, charset, text(PATIENT_NAME, "PN", raw))
    assert name_of(got) == ("Müller^Jörg", "山田^吉", "Лю^ﾔﾏ")
    assert not got.codes()


GREAT = "Größe"


def segment(*charset: Element, label: bytes) -> tuple[Element, ...]:
    return (*charset, text(0x00620005, "LO", label))


@pytest.mark.parametrize("reader", ["fast", "pydicom"])
@pytest.mark.parametrize("undefined", [False, True])
def test_an_item_has_the_charset_that_it_names(
    tmp_path: Path, undefined: bool, reader: str
) -> None:
    """PS3.5 section 7.5.3: it holds for the item and what is nested in it, and nowhere else."""
    unicode = text(CHARSET, "CS", "ISO_IR 192")
    meaning = sequence(0x00540304, [text(0x00080104, "LO", GREAT.encode())], undefined=undefined)
    elements = (
        text(STUDY_DESCRIPTION, "LO", GREAT),
        sequence(0x00540016, [unicode, meaning], undefined=undefined),
        sequence(
            0x00620002,
            segment(label=GREAT.encode("latin-1")),
            segment(unicode, label=GREAT.encode()),
            segment(label=GREAT.encode("latin-1")),
            undefined=undefined,
        ),
    )
    content = part10(merged(identity(), (text(CHARSET, "CS", "ISO_IR 100"),), elements))
    got = read_bytes(tmp_path, content, flags={"headers.reader": reader})
    row = got.rows["x.dcm"]
    assert row["study_description"] == GREAT
    assert row["radiopharmaceutical_code_meaning"] == GREAT
    assert row["segment_label"] == [GREAT] * 3
    assert not got.codes()


# What is wrong, and what becomes of it.


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ISO IR 100", "ISO_IR 100"),
        ("ISO-IR 100", "ISO_IR 100"),
        ("ISO_IR_100", "ISO_IR 100"),
        ("ISO_IR100", "ISO_IR 100"),
        ("iso_ir 100", "ISO_IR 100"),
        ("ISOIR 144", "ISO_IR 144"),
        ("ISO 2022-IR 100", "ISO 2022 IR 100"),
        ("ISO2022 IR 87", "ISO 2022 IR 87"),
        ("ISO 2022 87", "ISO 2022 IR 87"),
        ("ISO_2022_IR_149", "ISO 2022 IR 149"),
        ("ISO_IR 87", "ISO 2022 IR 87"),
        ("ISO_IR 149", "ISO 2022 IR 149"),
        ("UTF-8", "ISO_IR 192"),
        ("utf8", "ISO_IR 192"),
        ("ISO_IR UTF8", "ISO_IR 192"),
        ("GB-18030", "GB18030"),
        ("gb18030", "GB18030"),
        ("GB2312", "GBK"),
        ("ISO 8859-1", "ISO_IR 100"),
        ("Latin1", "ISO_IR 100"),
        ("US-ASCII", "ISO_IR 6"),
    ],
)
def test_misspelt_terms_are_understood_and_recorded(written: str, meant: str) -> None:
    charset, problems = charset_of(written.encode())
    assert (charset, ()) == charset_of(meant.encode())
    assert problems == (("unknown_charset", "value 1 is no defined term"),)


@pytest.mark.parametrize("term", ["NONSENSE", "ISO_IR 999", "ISO_IR", "WINDOWS", "ISO_IR 1000000"])
def test_an_unknown_term_is_the_default_repertoire_and_recorded(term: str) -> None:
    charset, problems = charset_of(term.encode())
    assert decode(b"A\xfcB", charset) == ("A\ufffdB", False)
    assert [code for code, _ in problems] == ["unknown_charset"]


def test_each_unknown_value_is_recorded_by_its_number() -> None:
    charset, problems = charset_of(b"ISO 2022 IR 6\\NONSENSE\\ISO 2022 IR 87\\MORE")
    assert [detail for _, detail in problems] == [
        "value 2 is no defined term",
        "value 4 is no defined term",
    ]
    assert decode(b"\x1b$B;3\x1b(B", charset) == ("山", True)


@pytest.mark.parametrize("padding", [b"", b" ", b"\0", b"  "])
def test_an_empty_first_value_is_the_default_repertoire(padding: bytes) -> None:
    charset, problems = charset_of(padding + b"\\ISO 2022 IR 87" + padding)
    assert not problems
    assert decode(b"A\x1b$B;3\x1b(BB", charset) == ("A山B", True)
    assert decode(b"\xfc\x1b$B;3\x1b(B", charset) == ("\ufffd山", False)


def test_an_empty_charset_is_the_default_repertoire(tmp_path: Path) -> None:
    got = read(tmp_path, "", text(STUDY_DESCRIPTION, "LO", b"Gr\xfcn"))
    assert got.rows["x.dcm"]["study_description"] == "Gr\ufffdn"
    assert got.codes() == {"undecodable_text"}


def test_utf_8_that_says_latin_1_is_kept_as_it_reads_then(tmp_path: Path) -> None:
    got = read(tmp_path, "ISO_IR 100", text(STUDY_DESCRIPTION, "LO", "Grün".encode()))
    assert got.rows["x.dcm"]["study_description"] == "GrÃ¼n"
    assert not got.codes()


@pytest.mark.parametrize(
    ("charset", "raw", "expected"),
    [
        ("ISO_IR 192", b"Gr\xfcn", "Gr\ufffdn"),
        ("ISO_IR 192", b"Gr\xc3", "Gr\ufffd"),
        ("GB18030", b"\xcd", "\ufffd"),
        ("ISO_IR 126", b"\xae", "\ufffd"),
        ("\\ISO 2022 IR 149", b"\x1b$)C\xb1", "\ufffd"),
        ("\\ISO 2022 IR 87", b"\x1b$B;3E\x1b(BA", "山\ufffdA"),
        ("\\ISO 2022 IR 87", b"\x1b$B;3\xb1\x1b(BA", "山\ufffdA"),
    ],
)
def test_undecodable_bytes_are_replaced_and_recorded(
    tmp_path: Path, charset: str, raw: bytes, expected: str
) -> None:
    got = read(tmp_path, charset, text(STUDY_DESCRIPTION, "LO", raw + b"  "[: len(raw) % 2]))
    assert got.rows["x.dcm"]["study_description"] == expected
    assert got.codes() == {"undecodable_text"}


def test_an_unknown_escape_is_recorded_and_what_follows_is_kept() -> None:
    assert decoded("\\ISO 2022 IR 87", b"A\x1b%GB\x1b$B;3\x1b(B") == ("A\x1b%GB山", False)


def test_an_escape_without_code_extensions_is_a_control_character(tmp_path: Path) -> None:
    got = read(tmp_path, "ISO_IR 100", text(STUDY_DESCRIPTION, "LO", b"A\x1b(BB"))
    assert got.rows["x.dcm"]["study_description"] == "A(BB"
    assert got.codes() == {"control_characters"}


@pytest.mark.parametrize(
    ("tag", "vr", "column"),
    [(0x00181020, "LO", "software_versions"), (0x00181210, "SH", "convolution_kernel")],
)
def test_every_value_of_a_list_is_decoded_by_itself(
    tmp_path: Path, tag: int, vr: str, column: str
) -> None:
    raw = b"\x1b$B;3\x1b(B\\\x1b$)C\xb1\xe8\\plain"
    got = read(tmp_path, "\\ISO 2022 IR 87\\ISO 2022 IR 149", text(tag, vr, raw))
    assert got.rows["x.dcm"][column] == ["山", "김", "plain"]


def test_codes_uids_and_numbers_have_no_charset(tmp_path: Path) -> None:
    got = read(tmp_path, "ISO_IR 192", text(0x00180015, "CS", "BÜSTE".encode()))
    assert got.rows["x.dcm"]["body_part_examined"] == "B\ufffd\ufffdSTE"
    assert "undecodable_text" in got.codes()


# Without pydicom.


def test_the_common_terms_are_what_pydicom_takes_them_for() -> None:
    def plain(codec: str) -> str:
        return "ascii" if codec == default_encoding else codec

    assert {term: plain(python_encoding[term]) for term in _COMMON} == dict(_COMMON)


def test_common_charsets_are_read_without_importing_pydicom() -> None:
    code = """
import sys
from dicomlake.pipeline.headers.text import charset_of, decode
for term, raw in ((b"", b"A"), (b"ISO_IR 100 ", b"\\xfc"), (b"ISO_IR 192", b"\\xc3\\xbc")):
    assert decode(raw, charset_of(term)[0])[1]
sys.exit("pydicom" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_text_decodes_without_raising_whatever_it_is() -> None:
    terms: list[Any] = [
        b"",
        b"ISO_IR 192",
        b"GB18030",
        b"\\ISO 2022 IR 87",
        b"ISO 2022 IR 149\\ISO 2022 IR 159",
    ]
    for term in terms:
        charset, _ = charset_of(term)
        for escape in (
            b"",
            b"\x1b",
            b"\x1b$",
            b"\x1b$B",
            b"\x1b$(",
            b"\x1b$(D",
            b"\x1b)I",
            b"\x1b(J",
        ):
            for byte in range(256):
                decode(b"A" + escape + bytes((byte, 0x5C, byte)), charset, is_name=True)
