"""Sheets: what is in the tables is in the cells, and nothing in a cell is a formula."""

import csv
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from make.doses import ct_event, ct_exam, dose_lake, dose_settings
from make.rows import rows

from dicomlake.pipeline.dose import sheets
from dicomlake.pipeline.dose.sheets import SHEETS, write_sheets
from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.tables.store import Version

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")']


@pytest.fixture
def version(tmp_path: Path) -> Version:
    exams = [
        ct_exam(f"1.{i}", -0.5 if i == 1 else 5000.0, protocol=formula, patient_key=f"key{i}",
                flags=["biplane", "conflict"], weight_kg=None)
        for i, formula in enumerate(FORMULAS)
    ]  # fmt: skip
    events = [ct_event("1.0", 8.0, comment="of Mrs Smith", kvp_list=[80.0, None, 140.0],
                       raw_quantities=[("dlp_mgy_cm", "5 Gy.m")])]  # fmt: skip
    return dose_lake(
        tmp_path / "lake",
        {"dose_exams": rows("dose_exams", exams),
         "ct_irradiation_events": rows("ct_irradiation_events", events)},
    )  # fmt: skip


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def column_number(reference: str) -> int:
    number = 0
    for letter in re.sub(r"\d", "", reference):
        number = 26 * number + ord(letter) - 64
    return number - 1


def read_xlsx(path: Path) -> dict[str, list[dict[str, tuple[str, str]]]]:
    """Return the rows of every sheet: type and text of each cell by column name."""
    found = {}
    with zipfile.ZipFile(path) as book:
        shared = [
            "".join(part.itertext())
            for part in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        ] if "xl/sharedStrings.xml" in book.namelist() else []  # fmt: skip
        listed = ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{SPACE}sheet")
        names = [sheet.get("name") or "" for sheet in listed]
        for number, name in enumerate(names, 1):
            root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(root.iter(f"{SPACE}f")), "a formula"
            table = []
            for row in root.iter(f"{SPACE}row"):
                cells = {}
                for cell in row:
                    kind, text = cell.get("t", "n"), "".join(cell.itertext())
                    value = shared[int(text)] if kind == "s" else text
                    cells[column_number(cell.get("r", ""))] = (kind, value)
                table.append(cells)
            head = {column: value for column, (_, value) in table[0].items()}
            found[name] = [{head[c]: cell for c, cell in row.items()} for row in table[1:]]
    return found


def test_every_table_is_a_csv_file_with_its_columns(version: Version, tmp_path: Path) -> None:
    written = write_sheets(version, tmp_path / "out", "csv", dose_settings())
    assert [path.stem for path in written] == [*SHEETS, "outliers"]
    assert all(path.is_file() for path in written)
    exams = read_csv(tmp_path / "out" / "exams.csv")
    assert [row["study_instance_uid"] for row in exams] == [f"1.{i}" for i in range(6)]
    assert exams[0]["dlp_total_mgy_cm"] == "5000.0"
    assert exams[0]["study_date"] == "2024-03-01"
    assert exams[0]["weight_kg"] == ""  # null is no 0
    assert exams[0]["is_patient"] == "TRUE"
    assert exams[0]["flags"] == "biplane; conflict"
    assert "run_id" not in exams[0]


def test_a_text_of_csv_is_no_formula_and_a_number_stays_one(
    version: Version, tmp_path: Path
) -> None:
    write_sheets(version, tmp_path / "out", "csv", dose_settings())
    exams = read_csv(tmp_path / "out" / "exams.csv")
    assert [row["protocol"] for row in exams] == [f"'{formula}" for formula in FORMULAS]
    assert exams[1]["dlp_total_mgy_cm"] == "-0.5"


def test_a_text_of_xlsx_is_a_text(version: Version, tmp_path: Path) -> None:
    (path,) = write_sheets(version, tmp_path / "out", "xlsx", dose_settings())
    book = read_xlsx(path)
    assert list(book) == [*SHEETS, "outliers"]
    exams = book["exams"]
    assert [row["protocol"][1] for row in exams] == FORMULAS
    assert {row["protocol"][0] for row in exams} <= {"s", "inlineStr"}
    assert (exams[0]["dlp_total_mgy_cm"]) == ("n", "5000")
    assert "weight_kg" not in exams[0] or exams[0]["weight_kg"][1] == ""
    assert exams[0]["is_patient"] == ("b", "1")
    days = (date(2024, 3, 1) - date(1899, 12, 30)).days
    assert exams[0]["study_date"] == ("n", str(days))


def test_lists_and_pairs_are_one_cell(version: Version, tmp_path: Path) -> None:
    write_sheets(version, tmp_path / "out", "csv", dose_settings())
    (event,) = read_csv(tmp_path / "out" / "ct_events.csv")
    assert event["kvp_list"] == "80.0; ; 140.0"
    assert event["raw_quantities"] == "dlp_mgy_cm=5 Gy.m"


def test_free_text_that_may_name_somebody_is_left_in_the_table(
    version: Version, tmp_path: Path
) -> None:
    write_sheets(version, tmp_path / "out", "csv", dose_settings())
    (event,) = read_csv(tmp_path / "out" / "ct_events.csv")
    assert "comment" not in event
    assert "Smith" not in (tmp_path / "out" / "ct_events.csv").read_text(encoding="utf-8")


def test_outliers_have_a_sheet_with_their_studies(version: Version, tmp_path: Path) -> None:
    write_sheets(version, tmp_path / "out", "csv", dose_settings())
    found = read_csv(tmp_path / "out" / "outliers.csv")
    assert {row["reason"] for row in found} == {"above_reference"}
    assert "1.0" in {row["study_instance_uid"] for row in found}


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_same_lake_gives_the_same_files(version: Version, tmp_path: Path, form: Any) -> None:
    first = write_sheets(version, tmp_path / "a", form, dose_settings())
    second = write_sheets(version, tmp_path / "b", form, dose_settings())
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_rows_that_a_sheet_cannot_hold_go_on_in_another(
    version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MAX_ROWS", 4)
    (path,) = write_sheets(version, tmp_path / "out", "xlsx", dose_settings())
    book = read_xlsx(path)
    studies = [row["study_instance_uid"][1] for name in ("exams", "exams 2") for row in book[name]]
    assert studies == [f"1.{i}" for i in range(6)]
    assert "exams 3" not in book


def test_a_lake_without_doses_gives_sheets_with_heads(tmp_path: Path) -> None:
    version = dose_lake(tmp_path / "lake", {"studies": rows("studies", [])})
    write_sheets(version, tmp_path / "out", "csv", dose_settings())
    assert (tmp_path / "out" / "drl.csv").read_text(encoding="utf-8-sig").startswith("kind,")


def test_a_form_or_folder_that_cannot_be_is_one_line(version: Version, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no form"):
        write_sheets(version, tmp_path / "out", "ods", dose_settings())  # type: ignore[arg-type]  # the test
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Cannot write"):
        write_sheets(version, tmp_path / "file" / "out", "csv", dose_settings())
