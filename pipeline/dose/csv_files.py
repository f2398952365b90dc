"""CSV files that people edit: rows by column name, and errors that name the line."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dicomlake.pipeline.errors import UsageError

SHIPPED = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file: cells by column name, stripped; `where` names file and line."""

    where: str
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell; empty where the file does not have the column."""
        return self.cells.get(column, "")


def read_lines(path: Path, required: Sequence[str]) -> Iterator[Line]:
    """Yield the rows of a CSV file whose first line names its columns; empty rows are left out.

    Comma, semicolon and tab are known as separators, as spreadsheets of all countries write them,
    and a byte order mark is no part of the first name.

    Raises:
        UsageError: the file cannot be read, or does not have the columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8.", "Save it as CSV UTF-8.") from None
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in required if name not in names]
        if missing:
            raise UsageError(
                f"{path} has no column {', '.join(missing)}.",
                f"Its first line names the columns: {', '.join(required)}.",
            )
        for row in reader:
            if any(cell.strip() for cell in row):
                cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
                yield Line(f"{path}, line {reader.line_num}", cells)
    except csv.Error as error:
        raise UsageError(f"{path}, line {reader.line_num}: {error}.") from None


def number_of(line: Line, column: str) -> float:
    """Return a cell as a number; both 8.5 and 8,5 are read.

    Raises:
        UsageError: it is no number above 0.
    """
    try:
        value = float(line[column].replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"{line.where}: {column} is {line[column]!r}, not a number above 0.")
    return value
