"""The data package and dbt's sources say what the schema says."""

import json

import pyarrow as pa
import pytest
import yaml

from dicomlake.schemas import render
from dicomlake.schemas.checks import AtLeast, Codes, Matches, OneOf
from dicomlake.schemas.column import Column, Table
from dicomlake.schemas.render.packages import frictionless_type
from dicomlake.schemas.tables import TABLES

CHECKED = Table(
    "checked",
    'Some "checked" columns: #1 \\ and more.',
    "thing",
    ("a",),
    (
        Column("a", pa.string(), "A: 'one'.", nullable=False, checks=(OneOf(("x", "y")),)),
        Column("b", pa.string(), "B.", checks=(Codes({"c": "See.", "no": "No."}),)),
        Column("c", pa.string(), "C.", checks=(Matches("[a-z]|b"),)),
        Column("d", pa.float64(), "D.", unit="mm", checks=(AtLeast(0),)),
        Column("e", pa.list_(pa.string()), "E.", checks=(Codes({"c": "See."}),)),
    ),
)
FRICTIONLESS = {
    "string",
    "number",
    "integer",
    "boolean",
    "object",
    "array",
    "date",
    "time",
    "datetime",
}


def test_data_package_has_a_resource_a_table_and_a_field_a_column() -> None:
    package = json.loads(render.data_package(TABLES))
    assert [each["name"] for each in package["resources"]] == list(TABLES)
    for resource in package["resources"]:
        table = TABLES[resource["name"]]
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == list(table.by_name)
        assert {field["type"] for field in fields} <= FRICTIONLESS
        required = {f["name"] for f in fields if f.get("constraints", {}).get("required")}
        assert required == {c.name for c in table.columns if not c.nullable}
        key = resource["schema"].get("primaryKey")
        assert key in (list(table.key), None)
        assert (key is None) == any(table.by_name[name].nullable for name in table.key)
    by_name = {
        f["name"]: f
        for f in package["resources"][list(TABLES).index("instances")]["schema"]["fields"]
    }
    assert by_name["radionuclide_half_life"]["dicomTag"] == "(0054,0016) > (0018,1075)"
    assert by_name["radionuclide_half_life"]["unit"] == "s"


def test_data_package_carries_the_checks_as_constraints() -> None:
    (resource,) = json.loads(render.data_package({"checked": CHECKED}))["resources"]
    fields = {field["name"]: field.get("constraints", {}) for field in resource["schema"]["fields"]}
    assert fields == {
        "a": {"required": True, "enum": ["x", "y"]},
        "b": {"enum": ["c", "no"]},
        "c": {"pattern": "^(?:[a-z]|b)$"},
        "d": {"minimum": 0},
        "e": {},
    }


def test_table_schema_has_no_type_for_a_duration() -> None:
    with pytest.raises(TypeError, match="no Table Schema type"):
        frictionless_type(pa.duration("s"))


def test_dbt_sources_are_yaml_with_every_table_and_column() -> None:
    document = yaml.safe_load(render.dbt_schema(TABLES))
    assert document["version"] == 2
    (source,) = document["sources"]
    assert [each["name"] for each in source["tables"]] == list(TABLES)
    for each in source["tables"]:
        table = TABLES[each["name"]]
        assert each["description"] == table.description
        assert each["meta"]["key"] == list(table.key)
        assert [column["name"] for column in each["columns"]] == list(table.by_name)
        for column in each["columns"]:
            assert column["quote"] is True
            assert column["description"].startswith(table.by_name[column["name"]].description)
            tests = column.get("data_tests", [])
            assert ("not_null" in tests) == (not table.by_name[column["name"]].nullable)
            assert ("unique" in tests) == (table.key == (column["name"],))


def test_dbt_tests_accepted_values_and_keeps_texts_whole() -> None:
    (source,) = yaml.safe_load(render.dbt_schema({"checked": CHECKED}))["sources"]
    (table,) = source["tables"]
    assert table["description"] == CHECKED.description
    assert {column["name"]: column.get("data_tests") for column in table["columns"]} == {
        "a": ["not_null", "unique", {"accepted_values": {"values": ["x", "y"]}}],
        "b": [{"accepted_values": {"values": ["c", "no"]}}],
        "c": None,
        "d": None,
        "e": None,
    }
