"""DDL of four warehouses: identifiers quoted, types that lose nothing, a grammar that holds.

DuckDB's runs in test_render, PostgreSQL's in test_postgresql; the others are parsed here by the
part of their grammar that is used.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pytest

from dicomlake.schemas import render
from dicomlake.schemas.column import Column, Table
from dicomlake.schemas.render.dialects import (
    BIGQUERY_SCALARS,
    DUCKDB_SCALARS,
    POSTGRESQL_SCALARS,
    SNOWFLAKE_SCALARS,
)
from dicomlake.schemas.tables import TABLES

HOSTILE = Table(
    "order",
    "An 'order' of \"things\" \\ and `more`.",
    "order",
    ('sel"ect`\\',),
    (
        Column('sel"ect`\\', pa.string(), "It's \\ a 'text'; DROP TABLE x. -- no", nullable=False),
        Column("group", pa.list_(pa.string()), 'Where "it" is.', nullable=False),
    ),
)
EVERY = [pytest.param(each, id=name) for name, each in {**TABLES, "hostile": HOSTILE}.items()]
QUOTES = {"bigquery": "`", "snowflake": '"'}
TOKENS = {
    "bigquery": re.compile(
        r'(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<name>`(?:[^`\\\n]|\\.)*`)|(?P<note>--[^\n]*)'
        r"|(?P<word>\w+)|(?P<mark>[(),;<>=])|(?P<space>\s+)"
    ),
    "snowflake": re.compile(
        r"(?P<text>'(?:[^'\\]|\\.|'')*')|(?P<name>\"(?:[^\"]|\"\")*\")|(?P<note>--[^\n]*)"
        r"|(?P<word>\w+)|(?P<mark>[(),;=])|(?P<space>\s+)"
    ),
}


@dataclass
class Parser:
    """A parser of CREATE TABLE: what it takes in, it takes in order, or it fails."""

    dialect: str
    tokens: list[tuple[str, str]]

    @classmethod
    def of(cls, dialect: str, sql: str) -> "Parser":
        tokens, place = [], 0
        while place < len(sql):
            found = TOKENS[dialect].match(sql, place)
            assert found, f"no token at {sql[place : place + 60]!r}"
            if found.lastgroup not in {"space", "note"}:
                tokens.append((str(found.lastgroup), found.group()))
            place = found.end()
        return cls(dialect, tokens)

    def take(self, *words: str) -> None:
        for word in words:
            assert self.tokens.pop(0)[1] == word

    def is_next(self, word: str) -> bool:
        return bool(self.tokens) and self.tokens[0][1] == word

    def name(self) -> str:
        kind, text = self.tokens.pop(0)
        assert kind == "name", f"{text} is not quoted"
        inner = text[1:-1]
        if self.dialect == "bigquery":
            return re.sub(r"\\(.)", r"\1", inner)
        return inner.replace('""', '"')

    def text(self) -> str:
        kind, text = self.tokens.pop(0)
        assert kind == "text"
        if self.dialect == "bigquery":
            return str(json.loads(text))
        return re.sub(r"\\(.)", r"\1", text[1:-1].replace("''", "'"))

    def names(self) -> tuple[str, ...]:
        self.take("(")
        found = [self.name()]
        while self.is_next(","):
            self.take(",")
            found.append(self.name())
        self.take(")")
        return tuple(found)

    def type_(self) -> object:
        kind, word = self.tokens.pop(0)
        assert kind == "word"
        if self.dialect == "bigquery" and word == "ARRAY":
            self.take("<")
            inner = self.type_()
            self.take(">")
            return [inner]
        if self.dialect == "bigquery" and word == "STRUCT":
            return self.struct()
        if not self.is_next("("):
            return word
        self.take("(")
        numbers = [self.tokens.pop(0)[1]]
        while self.is_next(","):
            self.take(",")
            numbers.append(self.tokens.pop(0)[1])
        self.take(")")
        assert all(each.isdigit() for each in numbers)
        return f"{word}({', '.join(numbers)})"

    def struct(self) -> dict[str, object]:
        self.take("<")
        fields: dict[str, object] = {}
        while not self.is_next(">"):
            if fields:
                self.take(",")
            name = self.name()
            fields[name] = self.type_()
        self.take(">")
        return fields

    def not_null(self) -> bool:
        if not self.is_next("NOT"):
            return False
        self.take("NOT", "NULL")
        return True

    def description(self) -> str:
        if self.dialect == "bigquery":
            self.take("OPTIONS", "(", "description", "=")
            found = self.text()
            self.take(")")
            return found
        self.take("COMMENT")
        if self.is_next("="):
            self.take("=")
        return self.text()

    def columns(self) -> Iterator[tuple[str, object, bool, str]]:
        while not (self.is_next(")") or self.is_next("PRIMARY")):
            yield self.name(), self.type_(), self.not_null(), self.description()
            if self.is_next(","):
                self.take(",")


def expected_type(dialect: str, type_: pa.DataType) -> object:
    """Return what a type must parse to, spelt out apart from the code that writes it."""
    if dialect == "snowflake":
        if pa.types.is_list(type_):
            return "ARRAY"
        return "OBJECT" if pa.types.is_nested(type_) else SNOWFLAKE_SCALARS[type_]
    if isinstance(type_, pa.MapType):
        key, value = (expected_type(dialect, t) for t in (type_.key_type, type_.item_type))
        return [{"key": key, "value": value}]
    if isinstance(type_, pa.ListType):
        return [{"element": expected_type(dialect, type_.value_type)}]
    if isinstance(type_, pa.StructType):
        return {f.name: expected_type(dialect, f.type) for f in type_}
    return BIGQUERY_SCALARS[type_]


@pytest.mark.parametrize("dialect", QUOTES)
@pytest.mark.parametrize("table", EVERY)
def test_ddl_keeps_to_the_grammar_and_to_the_schema(dialect: str, table: Table) -> None:
    parser = Parser.of(dialect, render.DIALECTS[dialect].ddl(table))
    parser.take("CREATE", "TABLE")
    assert parser.name() == table.name
    parser.take("(")
    found = list(parser.columns())
    assert [each[0] for each in found] == list(table.by_name)
    for (name, type_, not_null, text), column in zip(found, table.columns, strict=True):
        assert type_ == expected_type(dialect, column.type), name
        repeated = dialect == "bigquery" and isinstance(type_, list)
        assert not_null == (not column.nullable and not repeated), name
        assert column.description in text
        assert column.unit in text
    if not any(table.by_name[name].nullable for name in table.key):
        parser.take("PRIMARY", "KEY")
        assert parser.names() == table.key
        if dialect == "bigquery":
            parser.take("NOT", "ENFORCED")
    parser.take(")")
    if dialect == "bigquery":
        parser.take("CLUSTER", "BY")
        assert parser.name() == table.order[0]
        while parser.is_next(","):
            parser.take(",")
            assert parser.name() in table.order[:4]
    assert parser.description() == table.description
    parser.take(";")
    assert not parser.tokens


def test_limits_of_the_warehouses_hold() -> None:
    for table in TABLES.values():
        for name in (table.name, *table.by_name):
            assert len(name) <= 63, "PostgreSQL cuts longer identifiers"
            assert not name.startswith(("_table_", "_file_", "_partition")), "reserved in BigQuery"
        for each in render.DIALECTS.values():
            for line in each.ddl(table).splitlines():
                assert len(line) < 2000
        assert all(len(column.description) < 1000 for column in table.columns), "BigQuery: 1,024"
        assert len(table.columns) <= 1600, "PostgreSQL"


@pytest.mark.parametrize(
    ("scalars", "whole"),
    [
        (DUCKDB_SCALARS, "UBIGINT"),
        (POSTGRESQL_SCALARS, "NUMERIC(20)"),
        (BIGQUERY_SCALARS, "NUMERIC"),
        (SNOWFLAKE_SCALARS, "NUMBER(20, 0)"),
    ],
)
def test_every_scalar_has_a_type_that_holds_all_of_it(
    scalars: dict[pa.DataType, str], whole: str
) -> None:
    assert scalars.keys() == DUCKDB_SCALARS.keys()
    assert scalars[pa.uint64()] == whole, "an unsigned integer of 64 bits has 20 digits"
    naive, utc = pa.timestamp("us"), pa.timestamp("us", tz="UTC")
    assert scalars[naive] != scalars[utc], "local time is not UTC"


@pytest.mark.parametrize("dialect", render.DIALECTS.values(), ids=list(render.DIALECTS))
@pytest.mark.parametrize(
    "type_",
    [
        pa.duration("s"),
        pa.list_(pa.duration("s")),
        pa.map_(pa.string(), pa.duration("s")),
        pa.struct([("a", pa.list_(pa.duration("s")))]),
    ],
    ids=str,
)
def test_type_without_a_counterpart_is_refused(dialect: render.Dialect, type_: pa.DataType) -> None:
    with pytest.raises(TypeError, match=f"no {dialect.title} type"):
        dialect.type_of(type_)


def test_what_nests_is_said_where_a_warehouse_has_no_such_type() -> None:
    postgresql = render.DIALECTS["postgresql"].ddl(TABLES["patients"])
    assert '"patient_name" JSONB, -- struct<alphabetic: string' in postgresql
    snowflake = render.DIALECTS["snowflake"].ddl(TABLES["instances"])
    assert re.search(r'"pixel_spacing" ARRAY COMMENT .*, -- list<item: double>\n', snowflake)


@pytest.mark.parametrize("dialect", render.DIALECTS)
def test_script_holds_every_table(dialect: str) -> None:
    script = render.DIALECTS[dialect].script(TABLES)
    created = re.findall(r"^CREATE TABLE (\S+) \($", script, re.MULTILINE)
    assert [name.strip('"`') for name in created] == list(TABLES)
