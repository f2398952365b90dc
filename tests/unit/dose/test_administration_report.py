"""Radiopharmaceutical dose reports: TID 10021 to 10024, each rule with a report of its own."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from make.dose_reading import read
from make.rdsr import (
    administration,
    coded,
    container,
    number,
    organ_dose,
    radiopharmaceutical_report,
)
from make.series import uid


def given(tmp_path: Path, **values: Any) -> dict[str, Any]:
    """Return the one administration of a report."""
    made = radiopharmaceutical_report([administration("a", **values)], name="r", study="s")
    (row,) = read(made, tmp_path).administrations
    return row


def test_an_administration_has_every_column_that_its_report_fills(tmp_path: Path) -> None:
    row = given(tmp_path)
    expected = {
        "study_instance_uid": uid("study", "s"),
        "administration_uid": uid("event", "a"),
        "agent_code": "35321007",
        "agent_raw_code": "C-B1031",
        "agent_meaning": "Fluorodeoxyglucose F^18^",
        "radionuclide_code": "77004003",
        "half_life_s": 6586.2,
        "administered_activity_mbq": 350.0,
        "pre_activity_mbq": 360.0,
        "post_activity_mbq": 10.0,
        "volume_cm3": 2.5,
        "start": datetime(2024, 1, 15, 9, 0),
        "stop": datetime(2024, 1, 15, 9, 1),
        "source_kind": "RDSR",
        "source_sop_instance_uid": uid("report", "r"),
        "flags": [],
    }
    assert {column: row.get(column) for column in expected} == expected


@pytest.mark.parametrize("activity", [(350.0, "MBq"), (3.5e8, "Bq"), (0.35, "GBq")])
def test_activity_is_converted_by_its_unit(tmp_path: Path, activity: tuple[float, str]) -> None:
    assert given(tmp_path, activity=activity)["administered_activity_mbq"] == 350.0


@pytest.mark.parametrize(
    ("nuclide", "activity", "flags"),
    [
        ("SRT:C-111A1", 0.4, ["activity_out_of_range"]),  # F-18
        ("SRT:C-111A1", 1.0, []),
        ("SRT:C-111A1", 10_000.0, []),
        ("SRT:C-111A1", 11_000.0, ["activity_out_of_range"]),
        ("SCT:1368003", 11_000.0, []),  # I-131
        ("SRT:C-114B1", 11_000.0, []),  # the same in SNOMED RT
        ("SCT:1368003", 41_000.0, ["activity_out_of_range"]),
        ("SCT:43239002", 0.4, []),  # Se-75
    ],
)
def test_an_activity_out_of_the_range_of_its_nuclide_is_kept_and_flagged(
    tmp_path: Path, nuclide: str, activity: float, flags: list[str]
) -> None:
    row = given(tmp_path, activity=(activity, "MBq"), nuclide=nuclide)
    assert row["administered_activity_mbq"] == activity
    assert row["flags"] == flags


def test_a_half_life_in_minutes_is_converted(tmp_path: Path) -> None:
    row = given(tmp_path, half_life=(109.77, "min"))
    assert row["half_life_s"] == 6586.2
    assert row["raw_quantities"] == [("half_life_s", "109.77 min")]


def test_organ_doses_are_rows_of_their_own(tmp_path: Path) -> None:
    organs = [
        organ_dose("SRT:T-71000", (0.012, "Gy"), laterality="SRT:G-A101"),
        organ_dose("SRT:T-74000", (55.0, "mGy")),
        organ_dose("SRT:T-62000", (None, "mGy")),
    ]
    made = radiopharmaceutical_report([administration("a", organs=organs)], name="r", study="s")
    rows = read(made, tmp_path).organ_doses
    assert [(row["organ_number"], row["organ_raw_code"], row["dose_mgy"]) for row in rows] == [
        (1, "T-71000", 12.0),
        (2, "T-74000", 55.0),
    ]
    assert rows[0]["laterality"] == "L"
    assert "laterality" not in rows[1]
    assert {row["administration_uid"] for row in rows} == {uid("event", "a")}


def test_an_odd_organ_dose_is_told_by_its_administration(tmp_path: Path) -> None:
    row = given(tmp_path, organs=[organ_dose("SRT:T-71000", (12.0, "rad"))])
    assert row["flags"] == ["unknown_unit"]


def test_effective_dose_may_stand_in_a_container_of_the_vendor(tmp_path: Path) -> None:
    private = container("99SHS:220001", number("113839", 6.65, "mSv"))
    made = radiopharmaceutical_report([administration("a")], name="r", study="s", more=[private])
    assert read(made, tmp_path).administrations[0]["effective_dose_msv"] == 6.65


def test_effective_dose_outside_of_two_administrations_is_of_neither(tmp_path: Path) -> None:
    private = container("99SHS:220001", number("113839", 6.65, "mSv"))
    both = [administration("a"), administration("b")]
    made = radiopharmaceutical_report(both, name="r", study="s", more=[private])
    rows = read(made, tmp_path).administrations
    assert len(rows) == 2
    assert not any("effective_dose_msv" in row for row in rows)


def test_the_patient_is_what_the_report_says(tmp_path: Path) -> None:
    made = radiopharmaceutical_report([administration("a")], name="r", study="s")
    assert read(made, tmp_path).patient == {"height_m": 1.72, "weight_kg": 68.0}


def test_age_and_glucose_come_in_their_units(tmp_path: Path) -> None:
    made = radiopharmaceutical_report([administration("a")], name="r", study="s")
    patient = made.ContentSequence[-1]
    patient.ContentSequence += [
        number("121033", 18, "mo"),
        coded("121032", "F"),
        number("LN:14749-6", 5.6, "mmol/l"),
    ]
    reading = read(made, tmp_path)
    assert (reading.patient["age_years"], reading.patient["sex"]) == (1.5, "F")
    assert reading.administrations[0]["glucose_mmol_l"] == 5.6


def test_the_same_concept_is_found_in_either_snomed(tmp_path: Path) -> None:
    made = radiopharmaceutical_report([administration("a")], name="r", study="s")
    agent = made.ContentSequence[7].ContentSequence[0]
    agent.ConceptNameCodeSequence[0].CodeValue = "349358000"
    agent.ConceptNameCodeSequence[0].CodingSchemeDesignator = "SCT"
    nuclide = agent.ContentSequence[0].ConceptNameCodeSequence[0]
    nuclide.CodeValue, nuclide.CodingSchemeDesignator = "89457008", "SCT"
    (row,) = read(made, tmp_path).administrations
    assert (row["agent_code"], row["radionuclide_code"]) == ("35321007", "77004003")
