"""`dicomlake schema`: each column's type, unit, tag and description, and every format."""

import json

import pytest
from click.testing import CliRunner

from dicomlake.flows import queries
from dicomlake.flows.cli import cli
from dicomlake.pipeline.errors import UsageError
from dicomlake.schemas import render
from dicomlake.schemas.tables import TABLES


def schema(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["schema", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("name", TABLES)
def test_table_shows_every_column_on_a_line_of_its_own(name: str) -> None:
    lines = schema(name).splitlines()
    columns = lines[lines.index("") + 2 :]
    assert len(columns) == len(TABLES[name].columns)
    for line, column in zip(columns, TABLES[name].columns, strict=True):
        assert line.split()[0] == column.name
        assert (line.split()[1] == "*") == (column.name in TABLES[name].key)
        assert column.unit in line
        assert column.path_text in line
        assert column.creator in line
        assert line.endswith(column.description)


def test_columns_of_the_output_stand_below_their_titles() -> None:
    lines = schema("instances").splitlines()
    title = next(line for line in lines if line.startswith("column "))
    (thickness,) = (line for line in lines if line.startswith("slice_thickness "))
    for word, value in {
        "type": "double",
        "unit": "mm",
        "tag": "(0018,0050)",
        "description": "Nominal thickness of the slice.",
    }.items():
        assert thickness[title.index(word) :].startswith(value)


def test_a_terminal_gets_descriptions_wrapped_below_themselves() -> None:
    lines = list(queries._schema_lines(TABLES["files"], 100))
    start = next(line for line in lines if line.startswith("column ")).index("description")
    table = lines[lines.index("") + 2 :]
    assert max(map(len, table)) <= 100
    assert len(table) > len(TABLES["files"].columns)
    text = " ".join(line[start:].strip() for line in table)
    for column in TABLES["files"].columns:
        assert column.description in text
    narrow = list(queries._schema_lines(TABLES["files"], 60))
    assert len(narrow[narrow.index("") + 2 :]) == len(TABLES["files"].columns)


def test_without_a_table_all_are_listed() -> None:
    output = schema()
    for name in TABLES:
        assert name in output


@pytest.mark.parametrize("dialect", render.DIALECTS)
def test_ddl_is_that_of_the_documents(dialect: str) -> None:
    whole = schema("--format", dialect)
    assert whole == render.DIALECTS[dialect].script(TABLES)
    assert schema("series", "--format", dialect) in whole


def test_json_and_markdown_describe_one_table_or_all() -> None:
    assert json.loads(schema("series", "--format", "json")) == render.describe(TABLES["series"])
    assert list(json.loads(schema("--format", "json"))) == list(TABLES)
    assert schema("series", "--format", "markdown") == render.markdown(TABLES["series"])
    assert schema("--format", "markdown") == render.index_markdown()


def test_unknown_table_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="There is no table seris") as caught:
        queries.schema("seris", "table")
    assert "series" in caught.value.fix
