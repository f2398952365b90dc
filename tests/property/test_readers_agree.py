"""The fast reader gives what the reference gives: the same rows of every table for every file.

Only `files.reader` may differ. What one reader rejects the other rejects, for the same reason, and
no file's rows depend on the files that were read before it.
"""

import os
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make.both_readers import (
    compare,
    differences,
    read,
    rows_by_file,
    same_rows,
    shown,
    tables_of,
    write_all,
)
from make.data_sets import (
    BIG_UID,
    DEFLATED_UID,
    EXPLICIT,
    FRAGMENTS,
    IMPLICIT,
    PIXELS,
    Element,
    Item,
    Syntax,
    encoded,
    identity,
    merged,
    number,
    part10,
    sequence,
    text,
)
from make.generated import files
from make.irregular import sequences
from make.mutants import mutants
from make.twins import misplaced, slices, twins

from dicomlake.pipeline.headers.attempt import Attempt

BUNDLED = Path(pydicom.__file__).parent / "data"
EXAMPLES = int(os.environ.get("DICOMLAKE_TEST_EXAMPLES", "40"))
"""Examples of a property; a night's run takes more."""
FAST_SHARE = 0.95
LEFT_TO_PYDICOM = (BIG_UID, DEFLATED_UID)
"""Transfer syntaxes of data sets that the fast reader does not read."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def all_names(root: Path) -> list[str]:
    found = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(str(path.relative_to(root)) for path in found)


def assert_agree(root: Path, names: list[str]) -> tuple[Attempt, Attempt]:
    fast, reference = read(root, names, "fast"), read(root, names, "pydicom")
    found = differences(fast, reference)
    assert not found, shown(root, found)
    return fast, reference


def share_read_fast(fast: Attempt, reference: Attempt) -> float:
    """Return the share of good little endian files that the fast reader read without help."""
    rows = zip(fast.files.to_pylist(), reference.files.to_pylist(), strict=True)
    own = [
        ours["reader"] == "fast"
        for ours, theirs in rows
        if theirs["status"] == "ingested" and theirs["transfer_syntax_uid"] not in LEFT_TO_PYDICOM
    ]
    return sum(own) / len(own)


# Real files.


@pytest.mark.parametrize("part", ["corpus", "cases"])
def test_readers_agree_on_real_files(shared: Path, part: str) -> None:
    root = shared / part
    names = all_names(root)
    random.Random(0).shuffle(names)
    fast, reference = assert_agree(root, names)
    assert share_read_fast(fast, reference) >= FAST_SHARE


@pytest.mark.parametrize("part", ["test_files", "charset_files"])
def test_readers_agree_on_the_files_that_pydicom_brings(part: str) -> None:
    names = all_names(BUNDLED / part)
    assert names
    assert_agree(BUNDLED / part, names)
    assert_agree(BUNDLED / part, names[::-1])


# The comparison itself can fail.


def test_a_change_of_any_cell_is_a_difference(folder: Path) -> None:
    names = write_all(folder, [part10(rich()), part10((*identity(1), PIXELS))])
    got = read(folder, names, "pydicom")
    checked = Counter[str]()
    for name, table in tables_of(got).items():
        for k, field in enumerate(table.schema):
            if table.num_rows == 0 or field.name == "file_id":
                continue
            if name == "files" and field.name == "path":
                continue
            wrong = altered(got, name, table.set_column(k, field, changed(table.column(k))))
            assert differences(got, wrong), f"{name}.{field.name}"
            checked[name] += 1
        if table.num_rows:
            fewer = altered(got, name, table.slice(1))
            if name != "files":
                assert differences(got, fewer)
    assert checked["instances"] > 100
    assert {"files", "instances", "issues"} <= checked.keys()


def changed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose first cell is another: null, or a value where it was null."""
    cells = column.to_pylist()
    kind = column.type
    cells[0] = None if cells[0] is not None else some_value(kind)
    return pa.chunked_array([pa.array(cells, kind)])


def some_value(kind: pa.DataType) -> Any:
    if pa.types.is_map(kind):
        return [("x", "x")]
    if pa.types.is_list(kind):
        return [some_value(kind.value_type)]
    if pa.types.is_struct(kind):
        return {kind.field(0).name: some_value(kind.field(0).type)}
    if pa.types.is_string(kind):
        return "x"
    if pa.types.is_boolean(kind):
        return True
    return pa.scalar(1, pa.int64()).cast(bridge(kind)).cast(kind).as_py()


def bridge(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if pa.types.is_date32(kind) else pa.int64()


def altered(got: Attempt, name: str, table: pa.Table) -> Attempt:
    """Return an attempt of which one table is another."""
    if "reader" not in table.schema.names and name == "files":
        table = table.append_column("reader", pa.nulls(len(table), pa.string()))
    return replace(got, **{name: table})


def test_minus_zero_is_not_zero(folder: Path) -> None:
    names = write_all(folder, [part10((*identity(), text(0x00281052, "DS", "-0")))])
    got = read(folder, names, "pydicom")
    at = got.instances.schema.get_field_index("rescale_intercept")
    field = got.instances.schema.field(at)
    zero = got.instances.set_column(at, field, pa.array([0.0], field.type))
    assert differences(got, altered(got, "instances", zero))


# Generated files.


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(st.lists(files(), min_size=1, max_size=6))
def test_readers_agree_on_generated_files(folder: Path, contents: list[bytes]) -> None:
    compare(folder, contents)


def test_seeded_mutants_give_the_same_rows_or_the_same_rejection(folder: Path) -> None:
    got = compare(folder, mutants(small_files(), 10 * EXAMPLES, seed=EXAMPLES))
    states = Counter(got.files["status"].to_pylist())
    assert states["ingested"] > 20
    assert states["quarantined"] > 20


def test_a_mutant_in_a_series_is_told_from_the_others_of_it(folder: Path) -> None:
    """What the fast reader learns from a series must not hide what is wrong in one file of it."""
    series = slices(40)
    mixed = [*series, *series, *misplaced(), *mutants(series, 5 * EXAMPLES, seed=EXAMPLES + 1)]
    compare(folder, random.Random(3).sample(mixed, len(mixed)))


# Headers that end anywhere.


def rich() -> tuple[Element, ...]:
    """Return a data set with a good value of many kinds, small enough to be cut everywhere."""
    return merged(
        identity(),
        (
            text(0x00080005, "CS", "ISO_IR 100"),
            text(0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
            text(0x00080020, "DA", "20240115"),
            sequence(0x00081140, [text(0x00081155, "UI", "1.2.3.77")]),
            text(0x00180050, "DS", "2.5"),
            text(0x00200032, "DS", "-1\\2\\3.5"),
            number(0x00280010, "US", 10),
            number(0x00280011, "US", 10),
            number(0x00280100, "US", 16),
            number(0x00280103, "US", 1),
            number(0x00280120, "SS", -7),
            sequence(0x00283000, [text(0x00283004, "LO", "HU")]),
        ),
    )


def undefined_lengths(elements: tuple[Element, ...]) -> tuple[Element, ...]:
    def open_ended(each: Element) -> Element:
        if isinstance(each.value, bytes):
            return each
        items = tuple(Item(item.elements, True) for item in each.value if isinstance(item, Item))
        return Element(each.tag, each.vr, items, undefined=True)

    return tuple(open_ended(each) for each in elements)


def deep() -> tuple[Element, ...]:
    inner = sequence(0x0040A730, [text(0x0040A160, "UT", "text")], undefined=True)
    for _ in range(3):
        inner = sequence(0x0040A730, [inner], undefined=True)
    return (*identity(), inner)


SMALL = {
    "explicit": lambda: part10((*rich(), PIXELS)),
    "implicit": lambda: part10((*rich(), PIXELS), IMPLICIT),
    "undefined lengths": lambda: part10((*undefined_lengths(rich()), FRAGMENTS)),
    "undefined lengths, implicit": lambda: part10(undefined_lengths(rich()), IMPLICIT),
    "deep": lambda: part10(deep()),
    "UN": lambda: part10(
        (*identity(), sequence(0x00283000, [text(0x00283004, "LO", "HU")], vr="UN", undefined=True))
    ),
    "without meta": lambda: part10((*rich(), PIXELS), meta="missing"),
}


def small_files() -> list[bytes]:
    paths = [*(BUNDLED / "test_files").iterdir(), *(BUNDLED / "charset_files").iterdir()]
    small = (path for path in sorted(paths) if path.is_file() and path.stat().st_size < 12_000)
    return [*(make() for make in SMALL.values()), *(path.read_bytes() for path in small)]


@pytest.mark.parametrize("kind", SMALL)
def test_readers_agree_on_a_header_cut_at_any_byte(folder: Path, kind: str) -> None:
    whole = SMALL[kind]()
    got = compare(folder, (whole[:length] for length in range(128, len(whole) + 1)))
    assert got.files["status"][-1].as_py() == "ingested"


@pytest.mark.parametrize("edge", [8192, 16_384, 32_768, 65_536])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
def test_no_value_is_cut_by_the_edge_of_a_read(folder: Path, edge: int, syntax: Syntax) -> None:
    after = undefined_lengths(rich())
    tail = len(encoded(after, syntax)) + 250

    def with_blob(length: int) -> bytes:
        blob = Element(0x00080001, "OB", bytes(length))
        return part10((blob, *after, PIXELS), syntax)

    got = compare(folder, (with_blob(edge - 400 - k) for k in range(0, tail - 150, 6)))
    assert set(got.files["status"].to_pylist()) == {"ingested"}
    assert len({repr(row) for row in without_place(got)}) == 1


def without_place(got: Attempt) -> list[tuple[Any, ...]]:
    """Return what a header says, without what its place in the file changes."""
    columns = ("slice_thickness", "image_position_patient", "rows", "pixel_padding_value")
    return list(zip(*(got.instances[name].to_pylist() for name in columns), strict=True))


# Sequences.

WANTED_SEQUENCE, OTHER_SEQUENCE, REFERENCES = 0x00081032, 0x00400260, 0x00081140


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
@pytest.mark.parametrize("tag", [WANTED_SEQUENCE, OTHER_SEQUENCE, REFERENCES])
def test_readers_agree_about_every_odd_sequence(folder: Path, tag: int, syntax: Syntax) -> None:
    made = sequences(tag, syntax)
    data_sets = [merged(identity(), (each,)) for each in made.values()]
    data_sets += [
        merged(identity(), (sequence(0x00400275, [each], undefined=undefined),))
        for each in made.values()
        for undefined in (False, True)
    ]
    got = compare(folder, (part10((*each, PIXELS), syntax) for each in data_sets))
    assert {"ingested", "quarantined"} == set(got.files["status"].to_pylist())
    assert got.readers["fast"] > 20


# Limits.


def sized(header: int) -> bytes:
    """Return a file whose header ends about at this offset."""
    blob = Element(0x00080001, "OB", bytes(header - 600))
    return part10((blob, *rich(), PIXELS))


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
@pytest.mark.parametrize("limit", [4096, 33_000, 40_000])
def test_readers_agree_about_headers_that_are_too_large(
    folder: Path, limit: int, syntax: Syntax
) -> None:
    """In whatever order they come: reading one generously must not let the next one pass."""
    sizes = (2000, 4000, 5000, 32_000, 32_768, 33_300, 39_500, 40_500, 41_000, 42_500, 90_000)
    contents = [sized(size) for size in sizes]
    contents += [
        part10((Element(0x00091001, "OB", bytes(size)), *rich()), syntax) for size in sizes
    ]
    names = write_all(folder, contents)
    alone = {
        name: rows_by_file(read(folder, [name], "pydicom", max_header_bytes=limit))[name]
        for name in names
    }
    shuffler = random.Random(limit)
    for order in (names, names[::-1], *(shuffler.sample(names, len(names)) for _ in range(6))):
        assert rows_by_file(read(folder, order, "fast", max_header_bytes=limit)) == alone


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
@pytest.mark.parametrize("undefined", [False, True])
def test_readers_agree_about_sequences_that_are_too_deep(
    folder: Path, syntax: Syntax, undefined: bool
) -> None:
    def nested_to(depth: int, tag: int) -> bytes:
        inner: Element = text(0x00080100, "SH", "code")
        for _ in range(depth):
            inner = sequence(tag, [inner], undefined=undefined)
        return part10((*identity(), inner), syntax)

    depths = (1, 2, 3, 4, 5, 9)
    contents = [nested_to(depth, tag) for depth in depths for tag in (0x0040A730, 0x00283000)]
    got = compare(folder, contents, max_depth=3)
    assert set(got.files["reason"].to_pylist()) == {None, "too_deep"}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
def test_readers_agree_about_too_many_elements(folder: Path, syntax: Syntax) -> None:
    def many(count: int) -> tuple[Element, ...]:
        return tuple(Element(0x000B1000 + k, "UN", b"") for k in range(count))

    contents = [
        part10((*identity()[:3], *many(count), *identity()[3:]), syntax) for count in COUNTS
    ]
    for undefined in (False, True):
        contents += [
            part10((*identity(), sequence(0x00283000, many(count), undefined=undefined)), syntax)
            for count in COUNTS
        ]
        contents += [
            part10((*identity(), sequence(0x00283000, *[()] * count, undefined=undefined)), syntax)
            for count in COUNTS
        ]
    got = compare(folder, contents, max_elements=100)
    assert set(got.files["reason"].to_pylist()) == {None, "too_many_elements"}


COUNTS = (0, 5, 85, 92, 93, 94, 99, 100, 101, 150, 401, 1500)
"""Of elements, around a limit of 100 in an item or a data set."""


def test_readers_agree_about_values_beyond_the_most(folder: Path) -> None:
    contents = [
        part10(merged(identity(), (text(tag, vr, "\\".join(["1"] * count)),)))
        for tag, vr in ((0x00181020, "LO"), (0x00281050, "DS"), (0x00080008, "CS"))
        for count in (1, 15, 16, 17, 300)
    ]
    compare(folder, contents, max_values=16)


# Many files in one batch.


def test_a_file_gives_the_same_rows_alone_as_among_its_twins(folder: Path) -> None:
    names = write_all(folder, twins())
    together = rows_by_file(read(folder, names, "fast"))
    for name in names[:: max(1, 240 // EXAMPLES)]:
        assert rows_by_file(read(folder, [name], "fast")) == {name: together[name]}
        assert rows_by_file(read(folder, [name], "pydicom")) == {name: together[name]}


def test_no_row_depends_on_the_files_read_before_it(folder: Path) -> None:
    names = write_all(folder, twins())
    reference = read(folder, names, "pydicom")
    shuffler = random.Random(7)
    order = list(names)
    for _ in range(EXAMPLES // 4):
        shuffler.shuffle(order)
        got = read(folder, order, "fast")
        if not same_rows(got, reference):
            found = differences(got, reference)
            before = {each.path: order[order.index(each.path) - 1] for each in found}
            raise AssertionError(f"{shown(folder, found)}\nfile before: {before}")


def test_the_fast_reader_reads_twins_itself(folder: Path) -> None:
    """So that agreement is not the reference's with itself."""
    names = write_all(folder, twins())
    got = read(folder, names, "fast")
    own = got.files["reader"].to_pylist().count("fast")
    assert own >= 0.8 * len(names)
    assert set(got.files["status"].to_pylist()) == {"ingested"}
