"""`dicomlake issues`: counted by code on a terminal, one by one with a filter or elsewhere."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from make.commands import Said, say
from make.rows import default_settings, file_row, hex_id, instance_row, rows

from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing

FOUND: tuple[tuple[str, str, str, str], ...] = (
    # code, severity, series, path
    ("bad_uid", "warning", "1.1", "a/one"),
    ("bad_uid", "warning", "1.2", "a/two"),
    ("malformed_value", "warning", "1.1", "a/one"),
    ("unreadable_header", "error", "", "b/three"),
    ("tag_order", "info", "1.2", "a/two"),
)
SOURCE_OF = {"a/one": "ward", "a/two": "ward", "b/three": "archive"}


def issue_row(number: int, code: str, severity: str, series: str, path: str) -> dict[str, Any]:
    return {
        "issue_id": f"{number:032x}",
        "code": code,
        "severity": severity,
        "file_id": hex_id(f"{SOURCE_OF[path]}\0{path}"),
        "study_instance_uid": "1" if series else None,
        "series_instance_uid": series or None,
        "sop_instance_uid": f"{series}.5" if series else None,
        "tag": "(0018,0060)",
        "keyword": "KVP",
        "detail": "no number",
    }


def commit(lake: Path, run_id: str, found: list[dict[str, Any]]) -> None:
    files = [file_row(path, source=source) for path, source in SOURCE_OF.items()]
    tables = {
        "files": TableDelta(rows("files", files)),
        "instances": TableDelta(rows("instances", [instance_row("1.1.5")])),
        "issues": TableDelta(rows("issues", found)),
    }
    with open_for_writing(lake, default_settings()) as writer:
        sources = {"ward": "/data/ward", "archive": "/data/archive"}
        assert writer.commit(run_id, lambda _: Change(tables, sources)) is not None


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake whose version 1 has one finding less than version 2."""
    path = tmp_path_factory.mktemp("findings") / "lake"
    found = [issue_row(number, *each) for number, each in enumerate(FOUND)]
    commit(path, "r1", found[:-1])
    commit(path, "r2", found)
    return path


@pytest.fixture
def issues(lake: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def issues(*options: str) -> Said:
        return say(capsys, "issues", *options, "--lake", lake)

    return issues


def found(said: Said) -> set[tuple[str, str]]:
    assert said.code == 0, said.err
    return {(row["code"], row["series_instance_uid"] or "") for row in json.loads(said.out)}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ((), set(range(5))),
        (("--code", "bad_uid"), {0, 1}),
        (("--code", "bad_uid", "--code", "tag_order"), {0, 1, 4}),
        (("--severity", "error"), {3}),
        (("--series", "1.1"), {0, 2}),
        (("--series", "1.1' OR '1'='1"), set()),
        (("--source", "archive"), {3}),
        (("--source", "ward", "--severity", "info"), {4}),
        (("--code", "bad_uid", "--series", "1.2"), {1}),
        (("--version", "1"), {0, 1, 2, 3}),
        (("--version", "1", "--code", "tag_order"), set()),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_every_filter_gives_its_findings_and_no_others(
    issues: Any, options: tuple[str, ...], wanted: set[int]
) -> None:
    assert found(issues("--json", *options)) == {(FOUND[n][0], FOUND[n][2]) for n in wanted}


def test_the_worst_come_first_and_the_limit_keeps_these(issues: Any) -> None:
    document = json.loads(issues("--json", "--limit", "3").out)
    assert [row["code"] for row in document] == ["unreadable_header", "bad_uid", "bad_uid"]
    assert [row["series_instance_uid"] for row in document] == [None, "1.1", "1.2"]


def test_elsewhere_than_on_a_terminal_it_is_csv_of_all_columns_but_lineage(issues: Any) -> None:
    read = list(csv.DictReader(io.StringIO(issues().out)))
    assert len(read) == len(FOUND)
    assert {"issue_id", "code", "severity", "file_id", "detail", "tag", "keyword"} <= set(read[0])
    assert not {"run_id", "path", "source"} & set(read[0])


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_paths_are_named_only_when_asked_for(issues: Any, form: str) -> None:
    plain = issues("--format", form, "--severity", "error")
    more = issues("--format", form, "--severity", "error", "-v")
    assert "b/three" not in plain.out
    assert "b/three" in more.out
    assert "archive" in more.out


def test_a_terminal_without_a_filter_shows_how_many_of_each_code_and_what_it_means(
    issues: Any,
) -> None:
    lines = issues("--format", "table").out.splitlines()
    table = [line.split()[:4] for line in lines if line.split()[:1] in (["error"], ["warning"])]
    assert table == [
        ["error", "unreadable_header", "1", "0"],
        ["warning", "bad_uid", "2", "2"],
        ["warning", "malformed_value", "1", "1"],
    ]
    assert "quarantined" in " ".join(lines)


def test_a_terminal_says_how_many_are_not_shown(issues: Any) -> None:
    assert "1 of 2 findings" in issues("--format", "table", "--code", "bad_uid", "--limit", "1").out
    assert "\n2 findings" in issues("--format", "table", "--code", "bad_uid").out
    assert issues("--format", "table", "--series", "9.9").out == "0 findings\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--code", "bad_uuid"), "Did you mean bad_uid?"),
        (("--source", "wards"), "Sources: archive, ward."),
        (("--severity", "bad"), "--severity"),
        (("--version", "9"), "no version 9"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_what_cannot_be_is_one_line_and_exit_code_2(
    issues: Any, options: tuple[str, ...], said: str
) -> None:
    done = issues(*options)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert said in done.err


def test_a_lake_without_a_version_has_no_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_for_writing(tmp_path / "lake", default_settings()).close()
    assert say(capsys, "issues", "--json", "--lake", tmp_path / "lake").out == "[]\n"
    assert "Nothing was committed" in say(capsys, "issues", "--lake", tmp_path / "lake").out
