"""PostgreSQL's DDL in a PostgreSQL: a server of its own, for as long as the test runs."""

import json
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from unit.schemas.test_dialects import HOSTILE
from unit.schemas.test_render import row_of

from dicomlake.schemas import render
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables import TABLES

Sql = Callable[[str], str]


def account() -> str | None:
    """Return the account to run a server as: it refuses to run as root."""
    if os.geteuid():
        return pwd.getpwuid(os.geteuid()).pw_name
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sql]:
    needed = ("initdb", "pg_ctl", "psql")
    missing = [each for each in needed if shutil.which(each) is None]
    owner = account()
    if missing or owner is None:
        pytest.skip(f"no PostgreSQL here: {', '.join(missing) or 'no account to run it'}")
    with tempfile.TemporaryDirectory(prefix="pg-") as name:  # a socket's path must be short
        folder = Path(name)
        shutil.chown(folder, owner)
        as_owner: dict[str, Any] = {"user": owner} if not os.geteuid() else {}
        options = f"-c listen_addresses= -c fsync=off -k {folder}"

        def server(*command: str) -> None:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_owner)

        data = str(folder / "data")
        server("initdb", "-D", data, "-A", "trust", "-U", "tester", "-E", "UTF8", "--locale=C")
        log = str(folder / "log")
        server("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")
        try:
            psql = ["psql", "-h", name, "-U", "tester", "-d", "postgres", "-AtqX"]

            def run(text: str) -> str:
                command = [*psql, "-v", "ON_ERROR_STOP=1"]
                done = subprocess.run(
                    command, check=False, input=text, capture_output=True, text=True
                )
                assert done.returncode == 0, done.stderr
                return done.stdout.strip()

            yield run
        finally:
            server("pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture(scope="module")
def database(sql: Sql) -> Sql:
    sql(render.DIALECTS["postgresql"].script(TABLES))
    return sql


def plain(value: object) -> object:
    """Return a value of Arrow as JSON of PostgreSQL writes it."""
    if isinstance(value, date | time):  # a datetime is a date
        return re.sub(r"(\.\d*?)0+(?=\+|$)", r"\1", value.isoformat())
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_ddl_takes_a_row_and_gives_it_back(table: Table, database: Sql) -> None:
    (row,) = row_of(table).to_pylist()
    wanted = plain(row)
    name = f'"{table.name}"'
    text = json.dumps(wanted).replace("'", "''")
    database(f"INSERT INTO {name} SELECT * FROM json_populate_record(NULL::{name}, '{text}');")
    back = json.loads(database(f"SET timezone = 'UTC'; SELECT row_to_json(t) FROM {name} AS t;"))
    assert list(back) == list(table.by_name)
    assert back == wanted


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_null_key_and_comments_are_declared(table: Table, database: Sql) -> None:
    found = database(
        "SELECT attname, attnotnull, col_description(attrelid, attnum) IS NOT NULL "
        f"FROM pg_attribute WHERE attrelid = '\"{table.name}\"'::regclass AND attnum > 0 "
        "ORDER BY attnum;"
    )
    rows = [line.split("|") for line in found.splitlines()]
    assert rows == [[c.name, "f" if c.nullable else "t", "t"] for c in table.columns]
    key = database(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        f"WHERE conrelid = '\"{table.name}\"'::regclass AND contype = 'p';"
    )
    proven = not any(table.by_name[name].nullable for name in table.key)
    assert key == (f"PRIMARY KEY ({', '.join(table.key)})" if proven else "")


def test_identifiers_and_texts_are_quoted(database: Sql) -> None:
    database(render.DIALECTS["postgresql"].ddl(HOSTILE))
    found = database(
        "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = '\"order\"'::regclass AND attnum > 0 ORDER BY attnum LIMIT 1;"
    )
    assert found == "sel\"ect`\\|It's \\ a 'text'; DROP TABLE x. -- no"


def test_numeric_holds_the_greatest_unsigned_integer(sql: Sql) -> None:
    assert sql("SELECT 18446744073709551615::NUMERIC(20);") == "18446744073709551615"
