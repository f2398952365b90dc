"""What people read: the summary of a run, and tables of rows, within 80 columns."""

import csv
import io
import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from dicomlake.flows.meters import readable_size, readable_time
from dicomlake.flows.summary import DoseCounts, FileCounts, RunSummary
from dicomlake.pipeline.errors import DicomLakeError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Row = Mapping[str, object]

NARROW: Final = 12
"""Characters a line that a folded column has at least, where there is room."""
GAP: Final = 3

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet run a cell."""


def print_summary(console: "Console", summary: RunSummary) -> None:
    """Print what a run did: files, tables, volumes, time, and what to do next."""
    lines = list(_heading(summary))
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for title, rows in summary_tables(summary):
        print_rows(console, rows, title)
    for line in _ending(summary):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def summary_tables(summary: RunSummary) -> Iterator[tuple[str, list[Row]]]:
    """Yield the tables of a summary: title and rows; those without rows are left out."""
    if summary.files and summary.files.by_status:
        yield "Files by status", list(_file_rows(summary))
    if summary.files and summary.files.readers:
        yield "Headers", list(_reader_rows(summary.files))
    if summary.volumes and summary.volumes.series:
        yield "Volumes", list(_volume_rows(summary))
    if summary.dose and summary.dose.studies:
        yield "Dose", list(_dose_rows(summary.dose))
    if summary.tables:
        yield "Tables", [{"table": name, "rows": count} for name, count in summary.tables.items()]


def summary_markdown(summary: RunSummary) -> str:
    """Return the summary as Markdown."""
    parts = [f"# {summary.command} {summary.run_id}", *_heading(summary)]
    for title, rows in summary_tables(summary):
        parts.append(f"## {title}\n\n{markdown_table(rows)}")
    return "\n\n".join([*parts, *_ending(summary)]) + "\n"


def markdown_table(rows: Sequence[Row]) -> str:
    """Return rows as a Markdown table."""
    names = list(rows[0]) if rows else []
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_text(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def failure_json(error: DicomLakeError) -> str:
    """Return what `--json` gives of a command that failed."""
    failure = {"outcome": "failed", "code": error.code, "error": str(error)}
    return json.dumps(failure | {"exit_code": error.exit_code}, indent=2)


def screen() -> "Console":
    """Return standard output: as wide as the terminal, 80 columns and no colour elsewhere."""
    from rich.console import Console  # noqa: PLC0415  (slow import)

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 80)


def print_rows(
    console: "Console", rows: Sequence[Row], title: str = "", names: Sequence[str] = ()
) -> None:
    """Print rows as a table; `names` head it also where there are none.

    Rows of too many columns for the screen are printed one below the other, a line a column.
    """
    names = list(rows[0]) if rows else names
    cells = [[_text(row[name]) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    if rows and sum(min(width, NARROW) + GAP for width in widths) - 1 > console.width:
        for line in _records(title, rows):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    else:
        folded = _folded(widths, console.width)
        console.print(_table(title, rows, names, cells, folded))


def print_lines(console: "Console", rows: Sequence[Row], title: str) -> None:
    """Print each row as one line under its columns' names; none is folded, so that all copy."""
    names = list(rows[0]) if rows else []
    cells = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in (title, *("  ".join(map(str.ljust, each, widths)).rstrip() for each in cells)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _records(title: str, rows: Sequence[Row]) -> Iterator[str]:
    if title:
        yield title
    longest = max(map(len, rows[0]))
    for number, row in enumerate(rows, 1):
        yield f"--- {number} ---"
        for name, value in row.items():
            yield f"{name:<{longest}}  {_text(value)}"


def csv_lines(names: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield CSV (RFC 4180), the heading first; a text that a spreadsheet would run gets a `'`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for cells in _cells(names, rows):
        writer.writerow(cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cells(names: Sequence[str], rows: Iterable[Row]) -> Iterator[list[object]]:
    yield list(names)
    for row in rows:
        yield [_csv_cell(row[name]) for name in names]


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA) else value
    if isinstance(value, list | tuple | dict):
        return json.dumps(json_value(value), ensure_ascii=False)
    return value


def json_value(value: object) -> Any:
    """Return a value of a row as JSON has it: times in ISO 8601, bytes in hex, no NaN."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | bool) or value is None else str(value)


def _heading(summary: RunSummary) -> Iterator[str]:
    after = summary.version_after
    if summary.outcome == "committed":
        state = f"version {summary.version_before} -> {after} of {summary.lake}"
    elif summary.outcome == "unchanged":
        state = f"nothing changed, {summary.lake} stays at version {after}"
    else:
        state = f"failed, {summary.lake} stands at version {after}"
    yield f"{summary.command} {summary.run_id}: {state}"
    if summary.files:
        yield summary.files.proof


def _ending(summary: RunSummary) -> Iterator[str]:
    files = summary.files
    read = f"{files.read:,} of {_files(files.seen)} read, " if files else ""
    yield (
        f"{read}{readable_time(summary.duration_s)} {summary.where}, "
        f"at most {readable_size(summary.peak_memory_bytes)} of memory"
    )
    if files and files.outdated:
        yield (
            f"{files.outdated:,} of {_files(files.read)} read again though unchanged: "
            "the schema has new columns"
        )
    if files and files.resumed:
        yield f"{_files(files.resumed)} taken up that a run read which did not end"
    if files and files.outside:
        yield (
            f"{_files(files.outside)} could not be read for reasons outside the file "
            "(see files.reason); the next run tries again"
        )
    if summary.volumes and summary.volumes.unread:
        yield (
            f"{summary.volumes.unread:,} series have a file that was not as committed or could "
            "not be read (see volumes.detail); the next run tries again"
        )
    if summary.dose and summary.dose.unread:
        yield (
            f"{summary.dose.unread:,} studies have a dose report that was not as committed or "
            "could not be read (dose_studies.outcome); the next run tries again"
        )
    if files and files.deletes_withheld:
        yield (
            f"{_files(files.deletes_withheld)} gone that stay in the tables: too many at once. "
            "If that is meant: --allow-deletes"
        )
    yield f"tracked at {summary.tracked_at}" if summary.tracked_at else "not tracked"
    yield f"next: {next_command(summary)}"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"


def next_command(summary: RunSummary) -> str:
    """Return the command that people most likely want after this run."""
    lake = f" --lake {summary.lake}"
    if summary.files and summary.files.deletes_withheld:
        return f"dicomlake {summary.command} --allow-deletes ...{lake}"
    if summary.volumes is None and summary.tables.get("instances"):
        return f"dicomlake volumes{lake}"
    if summary.volumes and summary.volumes.accepted:
        return f"dicomlake export --format npy --out arrays{lake}"
    if summary.tables.get("volumes"):
        return f"dicomlake plan{lake}"
    return f"dicomlake status{lake}"


def _file_rows(summary: RunSummary) -> Iterator[Row]:
    assert summary.files is not None
    reasons: dict[str, list[str]] = {}
    for name, count in summary.files.by_reason.items():
        status, _, reason = name.partition("/")
        reasons.setdefault(status, []).append(f"{reason} {count:,}")
    for status, count in summary.files.by_status.items():
        yield {"status": status, "files": count, "reasons": ", ".join(reasons.get(status, []))}
    if summary.files.deleted:
        yield {"status": "deleted", "files": summary.files.deleted, "reasons": "not seen any more"}
    if summary.files.moved:
        yield {"status": "deleted", "files": summary.files.moved, "reasons": "moved"}


def _reader_rows(files: FileCounts) -> Iterator[Row]:
    """Yield a row a reader; that of pydicom says why the fast reader left files to it."""
    commonest_first = sorted(files.fallbacks.items(), key=lambda each: (-each[1], each[0]))
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in commonest_first)
    for reader, count in files.readers.items():
        why = {"why not by fast": reasons if reader == "pydicom" else ""} if reasons else {}
        yield {"reader": reader, "files": count, **why}


def _volume_rows(summary: RunSummary) -> Iterator[Row]:
    assert summary.volumes is not None
    yield {"verdict": "accepted", "reason": "", "volumes": summary.volumes.accepted}
    for reason, count in summary.volumes.rejected.items():
        yield {"verdict": "rejected", "reason": reason, "volumes": count}


def _dose_rows(dose: DoseCounts) -> Iterator[Row]:
    yield {"dose": "studies read", "number": dose.studies}
    yield {"dose": "reports", "number": dose.reports}
    if dose.unsupported:
        yield {"dose": "of them of a template that is not read", "number": dose.unsupported}
    yield {"dose": "events and administrations", "number": dose.events}
    yield {"dose": "exams", "number": dose.exams}


def _table(
    title: str,
    rows: Sequence[Row],
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    folded: set[int],
) -> "Table":
    from rich import box  # noqa: PLC0415  (slow import)
    from rich.table import Table  # noqa: PLC0415  (slow import)
    from rich.text import Text  # noqa: PLC0415  (slow import)

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(names):
        number = bool(rows) and all(isinstance(row[name], int | float | None) for row in rows)
        table.add_column(
            name,
            justify="right" if number else "left",
            overflow="fold",
            no_wrap=index not in folded,
        )
    for line in cells:
        table.add_row(*map(Text, line))
    return table


def _folded(widths: Sequence[int], available: int) -> set[int]:
    """Return which columns to fold so that the others stay whole: the widest, as few as do."""
    widest_first = sorted(range(len(widths)), key=lambda index: -widths[index])
    folded: set[int] = set()
    for index in widest_first:
        kept = sum(
            min(width, NARROW) if each in folded else width for each, width in enumerate(widths)
        )
        if kept + GAP * len(widths) <= available:
            break
        folded.add(index)
    return folded


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(json_value(value), ensure_ascii=False)
    # Control characters in a name must not drive the reader's terminal.
    return "".join(each if each.isprintable() else "�" for each in str(value))
