import random
from datetime import date, datetime, time
from typing import Any

import pytest
from make.header_rows import ENHANCED_PET, LEGACY_PET, NM, PET, row

from dicomlake.pipeline.dose.header_events import header_events
from dicomlake.schemas.tables import TABLES

Row = dict[str, Any]


def image(k: int, kind: str = PET, **values: Any) -> Row:
    plain: Row = {
        "radionuclide_total_dose": 394e6,
        "radionuclide_half_life": 6586.2,
        "radionuclide_code_value": "C-111A1",
        "radionuclide_code_scheme": "SRT",
        "radionuclide_code_meaning": "^18^Fluorine",
        "radiopharmaceutical": "FDG",
        "radiopharmaceutical_start_date_time": datetime(2024, 1, 15, 9, 0),
    }
    return row(f"1.2.{k}", kind, "NM" if kind == NM else "PT", **{**plain, **values})


def given(*rows: Row) -> tuple[Row, ...]:
    return header_events(rows, []).administrations


def test_every_column_that_is_made_is_a_column_of_the_table() -> None:
    (one,) = given(image(0))
    names = {name for name in one if not name.startswith("_")}
    assert names <= set(TABLES["radiopharmaceutical_administrations"].by_name)
    assert None not in one.values()


@pytest.mark.parametrize(
    ("kind", "written", "mbq", "raw"),
    [
        (PET, 394e6, 394.0, "394000000 Bq"),
        (NM, 764.0, 764.0, None),
        (ENHANCED_PET, 320.0, 320.0, None),
    ],
)
def test_the_unit_of_the_activity_follows_from_the_sop_class(
    kind: str, written: float, mbq: float, raw: str | None
) -> None:
    (one,) = given(image(0, kind, radionuclide_total_dose=written))
    assert one["administered_activity_mbq"] == pytest.approx(mbq)
    assert one.get("raw_quantities", {}).get("administered_activity_mbq") == raw
    assert one["flags"] == ["no_event_uid"]


def test_a_class_without_a_known_unit_has_no_activity_and_a_flag() -> None:
    (one,) = given(image(0, LEGACY_PET))
    assert "administered_activity_mbq" not in one
    assert one["flags"] == ["no_event_uid", "unknown_unit"]
    assert one["raw_quantities"] == {"administered_activity_mbq": "394000000"}


def test_images_of_one_administration_are_one_by_uid_or_by_what_was_given() -> None:
    assert len(given(*(image(k) for k in range(3)))) == 1
    uid = {"radiopharmaceutical_administration_event_uid": "5.5"}
    (one,) = given(image(0, **uid), image(1, **uid, radionuclide_total_dose=394e6))
    assert (one["administration_uid"], one["flags"]) == ("5.5", [])


def test_rest_and_stress_are_two_administrations() -> None:
    rest, stress = (
        image(0, NM, radionuclide_total_dose=320.0),
        image(1, NM, radionuclide_total_dose=764.0),
    )
    assert sorted(one["administered_activity_mbq"] for one in given(rest, stress)) == [320, 764]


@pytest.mark.parametrize(
    ("nuclide", "mbq", "flagged"),
    [
        ("72454006", 0.4, True),  # Tc-99m
        ("43239002", 0.4, False),  # Se-75
        ("1368003", 12_000.0, False),  # I-131
        ("72454006", 12_000.0, True),
        ("72454006", 740.0, False),
        ("72454006", 0.0, True),
    ],
)
def test_the_range_of_an_activity_is_that_of_its_nuclide(
    nuclide: str, mbq: float, flagged: bool
) -> None:
    (one,) = given(
        image(0, NM, radionuclide_total_dose=mbq, radionuclide_code_value=nuclide,
              radionuclide_code_scheme="SCT")
    )  # fmt: skip
    assert one["administered_activity_mbq"] == mbq
    assert ("activity_out_of_range" in one["flags"]) is flagged


def test_a_pet_image_in_mbq_is_flagged_and_never_corrected() -> None:
    (one,) = given(image(0, radionuclide_total_dose=394.0))
    assert one["administered_activity_mbq"] == pytest.approx(394e-6)
    assert "activity_out_of_range" in one["flags"]


def test_no_activity_is_null_and_nothing_said_is_no_administration() -> None:
    (one,) = given(image(0, radionuclide_total_dose=None))
    assert "administered_activity_mbq" not in one
    assert given(row("1.1", NM, "NM")) == ()


def test_nuclide_agent_and_route_keep_code_and_meaning() -> None:
    (one,) = given(
        image(0, radiopharmaceutical_code_value="C-B1031", radiopharmaceutical_code_scheme="SRT",
              radiopharmaceutical_code_meaning="Fluorodeoxyglucose F^18^")
    )  # fmt: skip
    assert (one["radionuclide_code"], one["radionuclide_raw_code"]) == ("77004003", "C-111A1")
    assert (one["agent_code"], one["agent_meaning"]) == ("35321007", "Fluorodeoxyglucose F^18^")
    (plain,) = given(image(0))
    assert plain["agent_meaning"] == "FDG"
    assert "agent_code" not in plain


def test_a_start_without_a_date_is_of_the_day_of_the_acquisition_or_none() -> None:
    clock: Row = {
        "radiopharmaceutical_start_date_time": None,
        "radiopharmaceutical_start_time": time(9, 0),
        "acquisition_date": date(2024, 1, 15),
    }
    (before,) = given(image(0, **clock, acquisition_time=time(10, 0)))
    assert before["start"] == datetime(2024, 1, 15, 9, 0)
    (after,) = given(image(0, **clock, acquisition_time=time(8, 0)))
    assert "start" not in after


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [
        *(image(k, NM, radionuclide_total_dose=300.0 + k // 2) for k in range(6)),
        *(image(10 + k, radiopharmaceutical_administration_event_uid="5.5") for k in range(3)),
    ]
    wanted = given(*rows)
    for seed in range(10):
        shuffled = rows[:]
        random.Random(seed).shuffle(shuffled)
        assert given(*shuffled) == wanted
