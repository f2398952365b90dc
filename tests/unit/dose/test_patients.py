import random
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from make.rows import default_settings

from dicomlake.pipeline.dose.patients import PATIENT_COLUMNS, is_patient, patient_facts
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.dose_exams import FLAGS

Row = dict[str, Any]


@dataclass(frozen=True)
class Words:
    phantom_tokens: tuple[str, ...] = ("phantom", "phy", "qa", "test")


def person(**values: Any) -> Row:
    plain: Row = {
        "sop_instance_uid": "1.1",
        "patient_key": "k",
        "patient_id": "4711",
        "patient_name": {"alphabetic": "Doe^Jane", "ideographic": None, "phonetic": None},
        "patient_birth_date": date(1950, 1, 1),
        "patient_sex": "F",
        "study_date": date(2010, 1, 1),
    }
    assert values.keys() <= set(PATIENT_COLUMNS)
    return {**plain, **values}


def facts(*rows: Row, reports: tuple[Row, ...] = ()) -> Row:
    return patient_facts(rows, reports, Words())


def named(name: str | None = None, identity: str | None = None) -> bool:
    group = None if name is None else {"alphabetic": name, "ideographic": None, "phonetic": None}
    return is_patient([{"patient_name": group, "patient_id": identity}], Words().phantom_tokens)


def test_every_column_that_is_read_is_a_column_of_instances() -> None:
    assert set(PATIENT_COLUMNS) <= set(TABLES["instances"].by_name)


def test_age_is_from_the_birth_date_first() -> None:
    found = facts(person(age_years=12.0))
    assert found["age_years"] == pytest.approx(60.0, abs=0.01)
    assert found["age_source"] == "birth_date"


def test_age_is_as_written_where_there_is_no_birth_date() -> None:
    found = facts(person(patient_birth_date=None, age_years=56.0))
    assert (found["age_years"], found["age_source"]) == (56.0, "patient_age")


@pytest.mark.parametrize("birth", [date(9999, 1, 1), date(1899, 12, 30), date(1880, 1, 1)], ids=str)
def test_an_impossible_birth_date_is_flagged_and_the_written_age_taken(birth: date) -> None:
    found = facts(person(patient_birth_date=birth, age_years=45.0))
    assert (found["age_years"], found["age_source"]) == (45.0, "patient_age")
    assert found["_flags"] == ["age_out_of_range"]


def test_an_impossible_written_age_is_null_and_flagged() -> None:
    found = facts(person(patient_birth_date=None, age_years=162.0))
    assert "age_years" not in found
    assert "age_source" not in found
    assert found["_flags"] == ["age_out_of_range"]


def test_without_study_date_no_age_is_made_up() -> None:
    found = facts(person(study_date=None))
    assert "age_years" not in found
    assert "study_date" not in found


def test_a_newborn_is_0_years_old() -> None:
    assert facts(person(patient_birth_date=date(2010, 1, 1)))["age_years"] == 0.0


@pytest.mark.parametrize("weight", [0.0, 0.19, 400.1, -70.0])
def test_a_weight_out_of_range_is_null_and_flagged(weight: float) -> None:
    found = facts(person(patient_weight=weight))
    assert "weight_kg" not in found
    assert found["_flags"] == ["weight_out_of_range"]


@pytest.mark.parametrize("weight", [0.2, 70.0, 400.0])
def test_a_weight_within_range_is_taken(weight: float) -> None:
    found = facts(person(patient_weight=weight))
    assert (found["weight_kg"], found["_flags"]) == (weight, [])


def test_a_height_in_centimetres_is_not_guessed() -> None:
    found = facts(person(patient_size=172.0))
    assert "height_m" not in found
    assert found["_flags"] == ["size_out_of_range"]
    assert facts(person(patient_size=1.72))["height_m"] == 1.72


def test_what_is_absent_is_absent_without_a_flag() -> None:
    found = facts(person())
    assert not {"weight_kg", "height_m"} & found.keys()
    assert found["_flags"] == []


def test_the_commonest_value_counts_where_objects_disagree() -> None:
    weights = [70.0, 70.0, 72.0, 0.0]
    rows = [person(patient_weight=weight, patient_sex=sex)
            for weight, sex in zip(weights, "FFMF", strict=True)]  # fmt: skip
    found = facts(*rows)
    assert (found["weight_kg"], found["sex"]) == (70.0, "F")
    assert found["_flags"] == ["weight_out_of_range"]


def test_a_tie_is_decided_alike_in_any_order() -> None:
    rows = [person(patient_weight=float(weight)) for weight in (90, 70, 80)]
    wanted = facts(*rows)
    assert wanted["weight_kg"] == 70.0
    for seed in range(6):
        shuffled = rows[:]
        random.Random(seed).shuffle(shuffled)
        assert facts(*shuffled) == wanted


def test_reports_fill_in_what_no_header_says() -> None:
    report = {"age_years": 33.0, "weight_kg": 64.0, "height_m": 1.7, "sex": "F"}
    bare = person(patient_birth_date=None, patient_sex=None)
    found = facts(bare, reports=(report,))
    assert (found["age_years"], found["weight_kg"], found["height_m"]) == (33.0, 64.0, 1.7)
    assert found["sex"] == "F"
    assert facts(person(patient_weight=70.0), reports=(report,))["weight_kg"] == 70.0


def test_only_real_codes_of_sex_are_taken() -> None:
    assert "sex" not in facts(person(patient_sex="W"))
    assert facts(person(patient_sex=" m"))["sex"] == "M"


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("PHANTOM", None),
        ("Phantom^CT", None),
        ("CT_Phantom", None),
        ("Phy^Test", None),
        ("phy01", None),
        (None, "QA_2024"),
        (None, "QA20240115"),
        (None, "ct qa"),
        ("Doe^Jane", "TEST"),
        ("doe=phantom", None),
    ],
)
def test_a_word_of_id_or_name_tells_a_phantom(name: str | None, identity: str | None) -> None:
    if name and "=" in name:
        groups = dict(zip(("alphabetic", "ideographic"), name.split("="), strict=True))
        assert is_patient([{"patient_name": groups}], Words().phantom_tokens) is False
    else:
        assert named(name, identity) is False


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("Murphy^Sean", None),
        ("Phyllis^Anne", None),
        ("Qadir^Testa", None),
        ("Qatar^Jane", "PHYX1"),
        (None, None),
        ("", ""),
    ],
)
def test_a_part_of_a_word_tells_nothing(name: str | None, identity: str | None) -> None:
    assert named(name, identity) is True


def test_murphy_is_a_patient_by_the_shipped_words_too() -> None:
    words = default_settings().dose.phantom_tokens
    assert is_patient([person(patient_name={"alphabetic": "Murphy^Phil"})], words) is True
    assert is_patient([person(patient_id="QC0042")], words) is False


def test_the_quality_control_subject_says_it_outright() -> None:
    assert facts(person(quality_control_subject="YES"))["is_patient"] is False
    assert facts(person(quality_control_subject="NO"))["is_patient"] is True


def test_one_object_of_a_phantom_makes_the_study_one() -> None:
    assert facts(person(), person(patient_id="PHANTOM"))["is_patient"] is False


def test_flags_are_those_of_exams() -> None:
    found = facts(person(patient_birth_date=date(9999, 1, 1), patient_weight=0.0, patient_size=0.0))
    assert len(found["_flags"]) == 3
    assert set(found["_flags"]) <= set(FLAGS)
