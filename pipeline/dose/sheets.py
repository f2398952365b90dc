"""Doses for people who live in spreadsheets: exams, events, levels and outliers, CSV or XLSX.

XLSX is written by XlsxWriter: it streams rows to disk, depends on nothing, and never evaluates.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from dicomlake.pipeline.dose.outliers import Outlier, outliers
from dicomlake.pipeline.dose.protocols import replace_file
from dicomlake.pipeline.dose.quantities import CT_COLUMNS, EXAM_COLUMNS, XRAY_COLUMNS
from dicomlake.pipeline.errors import UsageError
from dicomlake.schemas.column import LINEAGE, Column, Privacy
from dicomlake.schemas.tables import TABLES

if TYPE_CHECKING:
    from dicomlake.config.settings import DoseSettings
    from dicomlake.pipeline.tables.store import Version

Form = Literal["csv", "xlsx"]
FORMS: Final = ("csv", "xlsx")
SHEETS: Final[Mapping[str, str]] = {
    "exams": "dose_exams",
    "ct_events": "ct_irradiation_events",
    "xray_events": "xray_irradiation_events",
    "administrations": "radiopharmaceutical_administrations",
    "devices": "devices",
    "drl": "drl",
}
"""Tables that become sheets, by the name of the sheet; `outliers` is the last one."""
WORKBOOK: Final = "dose.xlsx"
MAX_ROWS: Final = 1_048_576
"""Rows of a sheet of XLSX, the first of which names the columns; more go on in another sheet."""
_MAX_TEXT: Final = 32_767
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula in a CSV file."""
_SEPARATOR: Final = "; "
_LINEAGE: Final = frozenset(column.name for column in LINEAGE)

Cell = str | int | float | bool | date | datetime | None


def write_sheets(
    version: "Version", folder: Path, form: Form, settings: "DoseSettings"
) -> list[Path]:
    """Write the sheets of a lake, each whole or not at all.

    Null is an empty cell. A text that a spreadsheet would take for a formula stays a text: in XLSX
    by its type, in CSV by an apostrophe before it.

    Args:
        version: what to read.
        folder: where the files are put; it is made if it is not there.
        form: `csv`, a file a sheet; or `xlsx`, one workbook.
        settings: what outliers are.

    Returns:
        The files.

    Raises:
        UsageError: the folder cannot be written, or the form is not known.
    """
    if form not in FORMS:
        raise UsageError(f"There is no form {form!r}.", f"Forms: {', '.join(FORMS)}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot write {folder}: {error.strerror or error}.") from None
    sheets = [*_tables(version), ("outliers", *_outliers(version, settings))]
    if form == "xlsx":
        replace_file(folder / WORKBOOK, _workbook(sheets))
        return [folder / WORKBOOK]
    written = []
    for name, head, rows in sheets:
        replace_file(folder / f"{name}.csv", _csv(head, rows))
        written.append(folder / f"{name}.csv")
    return written


_Sheet = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]


def _tables(version: "Version") -> Iterator[_Sheet]:
    for name, table in SHEETS.items():
        # Free text may name anybody: whoever needs it reads the table.
        columns = [
            each
            for each in TABLES[table].columns
            if each.name not in _LINEAGE and each.privacy is not Privacy.FREE_TEXT
        ]
        yield name, [column.name for column in columns], _rows(version, table, columns)


def _rows(version: "Version", table: str, columns: Sequence[Column]) -> Iterator[list[Cell]]:
    key = TABLES[table].key
    names = [column.name for column in columns]
    rows = version.read(table, names).sort_by([(name, "ascending") for name in key])
    for batch in rows.to_batches(max_chunksize=10_000):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield [_cell(value) for value in values]


def _outliers(
    version: "Version", settings: "DoseSettings"
) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
    found = outliers(
        version.read("dose_exams", EXAM_COLUMNS),
        version.read("ct_irradiation_events", CT_COLUMNS),
        version.read("xray_irradiation_events", XRAY_COLUMNS),
        settings,
    )
    head = [field.name for field in fields(Outlier)]
    return head, (list(asdict(each).values()) for each in found)


def _cell(value: Any) -> Cell:
    """Return what a cell can hold: lists are joined, pairs written as `name=value`."""
    if isinstance(value, list):
        pairs = (f"{v[0]}={v[1]}" if isinstance(v, tuple) else _plain(v) for v in value)
        return _SEPARATOR.join(pairs)
    if isinstance(value, str | int | float | bool | date | datetime) or value is None:
        return value
    return str(value)


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def _csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")  # with the mark by which spreadsheets know UTF-8


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell


def _workbook(sheets: Iterable[_Sheet]) -> bytes:
    # Only XLSX pays for it; it ships no types.
    # It brings no types; here, for only a workbook needs it.
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415

    content = io.BytesIO()
    # Constant memory: a row is written before the next is made. Not a second of it is of today, so
    # that the same doses give the same file.
    book = xlsxwriter.Workbook(
        content,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
         "strings_to_numbers": False, "nan_inf_to_errors": True,
         "default_date_format": "yyyy-mm-dd"},
    )  # fmt: skip
    book.set_properties({"title": "Doses", "created": datetime(2000, 1, 1)})
    bold = book.add_format({"bold": True, "bottom": 1})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    for name, head, rows in sheets:
        _write_sheet(book, name, head, iter(rows), (bold, moment))
    book.close()
    return content.getvalue()


def _write_sheet(
    book: Any, name: str, head: Sequence[str], rows: Iterator[Sequence[Cell]], formats: Any
) -> None:
    bold, moment = formats
    part, row = 1, next(rows, None)
    while part == 1 or row is not None:
        sheet = book.add_worksheet(name if part == 1 else f"{name} {part}")
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(head):
            sheet.set_column(column, column, max(10, min(len(title) + 2, 30)))
            sheet.write_string(0, column, title, bold)
        line = 0
        while row is not None and line < MAX_ROWS - 1:
            line += 1
            for column, cell in enumerate(row):
                _write_cell(sheet, line, column, cell, moment)
            row = next(rows, None)
        sheet.autofilter(0, 0, line, len(head) - 1)
        part += 1


def _write_cell(sheet: Any, line: int, column: int, cell: Cell, moment: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, column, cell[:_MAX_TEXT])
    elif isinstance(cell, bool):
        sheet.write_boolean(line, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, column, cell, moment)
    elif isinstance(cell, date):
        sheet.write_datetime(line, column, cell)
    elif cell is not None:
        sheet.write_number(line, column, cell)
