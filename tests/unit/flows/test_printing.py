"""What people read: the summary fits 80 columns, and no text from a file drives their programs."""

import datetime as dt
import io
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console

from dicomlake.flows import printing
from dicomlake.flows.meters import readable_size, readable_time
from dicomlake.flows.summary import FileCounts, RunSummary, VolumeCounts

FILES = FileCounts(
    seen=10_006,
    read=10,
    unchanged=9_996,
    by_status={"ingested": 10_000, "not_dicom": 1, "skipped": 5},
    by_reason={"skipped/permission": 4, "skipped/symlink": 1},
    deleted=3,
)
SUMMARY = RunSummary(
    run_id="20260101T000000-abcdef01",
    command="run",
    lake="/data/lake",
    outcome="committed",
    version_before=3,
    version_after=5,
    started_at="2026-01-01T00:00:00.000+00:00",
    duration_s=125.0,
    stages_s={"crawl": 1.0},
    where="on 2 processes",
    workers=2,
    tracked_at=None,
    files=FILES,
    volumes=VolumeCounts(7, 4, {"TOO_FEW_SLICES": 2, "NON_UNIFORM_SPACING": 1}),
    tables={"files": 10_006, "instances": 10_000},
    peak_memory_bytes=123_456_789,
)


def printed(summary: RunSummary) -> str:
    out = io.StringIO()
    printing.print_summary(Console(file=out, width=80), summary)
    return out.getvalue()


def test_the_summary_holds_everything_and_no_colour() -> None:
    text = printed(SUMMARY)
    for part in (
        "version 3 -> 5",
        "10,006 files seen = 10,000 ingested + 1 not_dicom + 5 skipped",
        "permission 4",
        "TOO_FEW_SLICES",
        "instances",
        "2 min 05 s on 2 processes",
        "not tracked",
        "next: dicomlake",
    ):
        assert part in text
    assert "\x1b" not in text


def test_the_summary_says_which_reader_read_how_many_files_and_why_not_the_fast_one() -> None:
    files = replace(
        FILES, readers={"fast": 7, "pydicom": 3}, fallbacks={"big_endian": 1, "odd_items": 2}
    )
    text = printed(replace(SUMMARY, files=files))
    lines = text.splitlines()
    (title,) = (number for number, line in enumerate(lines) if line.strip() == "Headers")
    table = [line.split() for line in lines[title + 1 : title + 6]]
    assert ["fast", "7"] in table
    assert ["pydicom", "3", "odd_items", "2,", "big_endian", "1"] in table
    document = json.loads(json.dumps(replace(SUMMARY, files=files).as_json()))
    assert document["files"]["readers"] == {"fast": 7, "pydicom": 3}
    assert document["files"]["fallbacks"] == {"big_endian": 1, "odd_items": 2}
    assert "Headers" not in printed(SUMMARY)


def test_a_run_that_left_nothing_to_pydicom_gives_no_reasons() -> None:
    text = printed(replace(SUMMARY, files=replace(FILES, readers={"pydicom": 10})))
    assert "Headers" in text
    assert "why not by fast" not in text


def test_files_read_again_for_a_new_schema_are_told_of() -> None:
    text = printed(replace(SUMMARY, files=replace(FILES, read=2000, outdated=1234)))
    assert "1,234 of 2,000 files read again though unchanged: the schema has new columns" in text
    assert "though unchanged" not in printed(SUMMARY)


def test_tables_of_the_summary_fit_80_columns() -> None:
    wide = replace(
        SUMMARY,
        volumes=VolumeCounts(1, 0, {"A_REASON_" * 20: 1}),
        files=replace(FILES, by_reason={f"skipped/reason_{n}": n for n in range(30)}),
    )
    for line in printed(wide).splitlines()[2:-4]:
        assert len(line) <= 80


def test_the_proof_says_when_it_does_not_hold() -> None:
    assert "≠" in replace(FILES, seen=1).proof
    assert "=" in FILES.proof


def test_files_unread_for_outside_reasons_give_exit_code_3() -> None:
    assert FILES.outside == 4
    assert SUMMARY.exit_code == 3
    inside = replace(FILES, by_reason={"skipped/symlink": 1, "quarantined/permission": 3})
    assert replace(SUMMARY, files=inside).exit_code == 0
    unsettled = replace(FILES, by_reason={"deferred/unsettled": 1})
    assert replace(SUMMARY, files=unsettled).exit_code == 3
    unread = VolumeCounts(1, 0, {"PIXEL_DATA_ERROR": 1}, unread=1)
    assert replace(SUMMARY, files=inside, volumes=unread).exit_code == 3


def test_withheld_deletes_give_exit_code_3_and_the_way_out() -> None:
    held = replace(SUMMARY, files=replace(FILES, by_reason={}, deletes_withheld=30))
    assert held.exit_code == 3
    assert "--allow-deletes" in printed(held)


def test_the_summary_is_json() -> None:
    document = json.loads(json.dumps(SUMMARY.as_json()))
    assert document["files"]["proof"] == FILES.proof
    assert document["exit_code"] == 3
    assert document["volumes"]["rejected"] == {"TOO_FEW_SLICES": 2, "NON_UNIFORM_SPACING": 1}
    assert replace(SUMMARY, outcome="failed", files=None).as_json()["exit_code"] == 1


def test_markdown_holds_the_same_tables() -> None:
    text = printing.summary_markdown(SUMMARY)
    assert "| ingested | 10,000 |" in text
    assert "| rejected | TOO_FEW_SLICES | 2 |" in text


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A1", "+1", "-1+2", "@x", "\tx"])
def test_csv_disarms_texts_that_a_spreadsheet_would_run(text: str) -> None:
    lines = list(printing.csv_lines(["a"], [{"a": text}]))
    assert lines[1].strip('"\n').startswith("'")


def test_csv_leaves_numbers_and_plain_texts_alone() -> None:
    rows = [{"a": -1.5, "b": "x-1", "c": None, "d": [1, None]}]
    assert list(printing.csv_lines(list("abcd"), rows)) == ["a,b,c,d\n", '-1.5,x-1,,"[1, null]"\n']


def test_json_values_are_json() -> None:
    row = {
        "t": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
        "d": dt.date(2026, 1, 2),
        "n": float("nan"),
        "b": b"\x00\xff",
        "l": [1, {"x": float("inf")}],
        "s": "ü",
    }
    assert printing.json_value(row) == {
        "t": "2026-01-02T00:00:00+00:00",
        "d": "2026-01-02",
        "n": None,
        "b": "00ff",
        "l": [1, {"x": None}],
        "s": "ü",
    }


def test_only_the_widest_columns_are_folded() -> None:
    out = io.StringIO()
    row = {"reason": "UNSUPPORTED_TRANSFER_SYNTAX", "uid": "1.2.3." * 12, "n": 3, "k": "x" * 20}
    printing.print_rows(Console(file=out, width=80), [row], "Title")
    text = out.getvalue()
    assert "UNSUPPORTED_TRANSFER_SYNTAX" in text
    assert "x" * 20 in text
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("1.2.3.") >= 6  # folded, not cut


def test_a_table_of_many_columns_loses_no_character() -> None:
    out = io.StringIO()
    printing.print_rows(Console(file=out, width=80), [{f"c{n}": f"{n:08d}" for n in range(12)}])
    lines = out.getvalue().splitlines()
    assert lines[0] == "--- 1 ---"
    assert lines[12] == "c11  00000011"


def test_a_table_of_many_narrow_columns_stays_a_table() -> None:
    out = io.StringIO()
    printing.print_rows(Console(file=out, width=80), [{f"c{n}": n for n in range(12)}])
    lines = out.getvalue().splitlines()
    assert "---" not in lines[0]
    assert max(map(len, lines)) <= 80
    assert "c11" in lines[1]


def test_a_table_without_rows_has_its_heading() -> None:
    out = io.StringIO()
    printing.print_rows(Console(file=out, width=80), [], names=("status", "files"))
    assert "status" in out.getvalue()


def test_control_characters_do_not_reach_the_terminal() -> None:
    out = io.StringIO()
    printing.print_rows(Console(file=out, width=80), [{"name": "a\x1b[31mb\x07"}])
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()


def test_markup_of_the_console_is_only_text() -> None:
    out = io.StringIO()
    printing.print_rows(Console(file=out, width=80), [{"name": "[bold]x[/bold]"}])
    assert "[bold]x[/bold]" in out.getvalue()


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (3e15, "3000.0 TB")],
)
def test_sizes_are_readable(size: float, text: str) -> None:
    assert readable_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (125, "2 min 05 s"), (11_220, "3 h 07 min")]
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert readable_time(seconds) == text


def test_peak_memory_is_of_this_process_and_not_of_its_parent() -> None:
    ballast = bytearray(os.urandom(1 << 20)) * 300
    code = "from dicomlake.flows.summary import peak_memory; print(peak_memory())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1e6 < int(said.stdout) < len(ballast)
