"""Steps of a template that are read in one go give what element by element they would."""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from make.both_readers import compare
from make.data_sets import (
    CT,
    EXPLICIT,
    IMPLICIT,
    PIXELS,
    Element,
    Syntax,
    identity,
    merged,
    number,
    part10,
    sequence,
    text,
)

from dicomlake.pipeline.headers.attempt import Attempt
from dicomlake.pipeline.headers.scan import Scanner

FILES = 16
BOTH = pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])


@pytest.fixture(autouse=True)
def along(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Let no test know series that another has read; which files were read by segments."""
    monkeypatch.setattr("dicomlake.pipeline.headers.attempt._known", threading.local())
    taken: list[bool] = []
    read = Scanner._along

    def watched(self: Scanner, *given: Any) -> bool:
        taken.append(read(self, *given))
        return taken[-1]

    monkeypatch.setattr(Scanner, "_along", watched)
    yield taken
    assert any(taken)


def agreed(folder: Path, of: Callable[[int], Iterable[Element]], syntax: Syntax) -> Attempt:
    """Return what the fast reader made of a series, by itself and as pydicom did."""
    changing = [
        [text(0x00181020 + k, "LO", f"{file % 7} {k}") for k in range(10)] for file in range(FILES)
    ]
    got = compare(
        folder,
        [
            part10(
                merged(identity(file), tuple(changing[file]), tuple(of(file)), (PIXELS,)), syntax
            )
            for file in range(FILES)
        ],
    )
    assert got.fallbacks == {}
    return got


@BOTH
@pytest.mark.parametrize("longer", ["other", "a great deal longer"])
def test_what_changes_from_some_file_on_is_read_of_every_file_after(
    tmp_path: Path, syntax: Syntax, longer: str
) -> None:
    """A second lesson cuts the steps anew; what was joined of the old ones must not be used."""

    def of(file: int) -> list[Element]:
        of_run = [text(0x00100010 + k, "LO", "fixed") for k in range(0x1010, 0x101C)]
        name = longer if file == 5 else f"name {file}" if 5 < file < 9 else "first"
        return [text(0x00100010, "PN", "A^B"), text(0x00100020, "LO", name), *of_run]

    found = agreed(tmp_path, of, syntax).instances["patient_id"].to_pylist()
    assert found[4:10] == ["first", longer, "name 6", "name 7", "name 8", "first"]


@BOTH
def test_a_value_may_get_longer_and_shorter_again(tmp_path: Path, syntax: Syntax) -> None:
    def of(file: int) -> list[Element]:
        place = "1" * (1 + file % 5)
        return [
            text(0x00200013, "IS", str(10 ** (file % 4))),
            text(0x00200032, "DS", f"{place}\\0\\-{file}.5"),
            text(0x00201041, "DS", "" if file == 9 else f"-{file}.5"),
        ]

    got = agreed(tmp_path, of, syntax).instances
    assert got["instance_number"].to_pylist() == [10 ** (file % 4) for file in range(FILES)]
    assert got["slice_location"].to_pylist() == [
        None if file == 9 else -file - 0.5 for file in range(FILES)
    ]


@BOTH
def test_private_elements_that_change_stand_among_those_that_do_not(
    tmp_path: Path, syntax: Syntax
) -> None:
    """A creator or its block may stand on either side; each value belongs to its creator."""

    def of(file: int) -> list[Element]:
        other = [] if file == 11 else [text(0x00190011, "LO", f"OTHER {file % 3}")]
        return [
            text(0x00190010, "LO", "SIEMENS MR HEADER"),
            *other,
            number(0x0019100A, "US", 36),
            text(0x0019100C, "IS", str(100 * (file % 4))),
            number(0x0019100E, "FD", 0.0, 1.0, float(file % 2)),
            text(0x0019110C, "IS", "7"),
        ]

    got = agreed(tmp_path, of, syntax).instances
    assert got["siemens_b_value"].to_pylist() == [100 * (file % 4) for file in range(FILES)]
    assert got["siemens_number_of_images_in_mosaic"].to_pylist() == [36] * FILES


@BOTH
def test_a_creator_that_changes_takes_its_values_along(tmp_path: Path, syntax: Syntax) -> None:
    def of(file: int) -> list[Element]:
        creator = "SIEMENS MR HEADER" if file % 3 else "SOMEBODY'S HEADER"
        return [text(0x00190010, "LO", creator), text(0x0019100C, "IS", "50")]

    got = agreed(tmp_path, of, syntax).instances
    assert got["siemens_b_value"].to_pylist() == [50 if file % 3 else None for file in range(FILES)]


def test_in_implicit_vr_a_value_of_the_same_length_may_be_a_sequence(
    tmp_path: Path, along: list[bool]
) -> None:
    """Its bytes alone tell; what is in it refers to an instance."""
    tag = 0x00081195
    inner = sequence(tag, [text(0x00081155, "UI", "1.2.9.12")])

    def of(file: int) -> list[Element]:
        return [inner if file == FILES - 1 else text(tag, "UI", f"1.2.{file:020}")]

    got = agreed(tmp_path, of, IMPLICIT)
    assert got.instance_references.num_rows == 1
    assert along[-2:] == [True, False]


@BOTH
@pytest.mark.parametrize("undefined", [False, True])
def test_references_with_a_purpose_are_read_by_form(
    tmp_path: Path, syntax: Syntax, undefined: bool
) -> None:
    def of(file: int) -> list[Element]:
        code = [
            text(0x00080100, "SH", "121320"),
            text(0x00080102, "SH", "DCM"),
            text(0x00080104, "LO", f"why {file % 2}"),
        ]
        item = [
            text(0x00081150, "UI", CT),
            text(0x00081155, "UI", f"1.2.9.{file:04}"),
            sequence(0x0040A170, code, undefined=undefined),
        ]
        return [sequence(0x00082112, item, undefined=undefined)]

    rows = agreed(tmp_path, of, syntax).instance_references.to_pylist()
    found = {row["referenced_sop_instance_uid"]: row["purpose_code_meaning"] for row in rows}
    assert found == {f"1.2.9.{file:04}": f"why {file % 2}" for file in range(FILES)}
    assert {(row["purpose_code_value"], row["purpose_code_scheme"]) for row in rows} == {
        ("121320", "DCM")
    }
