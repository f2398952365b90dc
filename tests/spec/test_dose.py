"""Doses through whole runs: real reports, sets of them, patients, sizes, reference levels.

The studies stand in `make/dose_cases.py`, the walk that knows nothing of the product in
`make/dose_oracle.py`.
"""

import itertools
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make import dose_images as images
from make.dose_cases import CASES, DLP, PEOPLE, PERMUTATIONS
from make.dose_lake import (
    CT,
    CT_SOURCES,
    EXAMS,
    NO_VOLUMES,
    REPORTS,
    TABLES,
    VERSIONS,
    XRAY,
    DoseLake,
    Row,
    assert_says,
    flags,
    one,
    run,
    scattered,
    settings,
)
from make.dose_oracle import walk
from make.rdsr import ct_event, ct_report
from make.series import uid, write
from make.soak import long
from make.tree import clean_environment, command

from dicomlake import Lake
from dicomlake.pipeline.dose.size import ssde_factor

pytestmark = pytest.mark.timeout(300)

# Real reports.


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[DoseLake, list[Path]]:
    root = shared / "corpus" / "rdsr"
    lake = tmp_path_factory.mktemp("real") / "lake"
    run(root, lake)
    return DoseLake(lake), sorted(root.rglob("*.dcm"))


def test_real_reports_give_the_events_and_totals_of_an_independent_walk(
    real: tuple[DoseLake, list[Path]],
) -> None:
    lake, paths = real
    assert len(paths) == 4
    for path in paths:
        walked = walk(path)
        report = one([r for r in lake.table(REPORTS) if r["sop_instance_uid"] == walked.instance])
        events = {
            row["irradiation_event_uid"]: row
            for row in lake.table(XRAY)
            if row["study_instance_uid"] == walked.study
        }
        exam = one([r for r in lake.table(EXAMS) if r["study_instance_uid"] == walked.study])
        assert_says(report, status="active", source_kind="RDSR", template="10001")
        assert events.keys() == walked.events.keys()
        assert report["n_events"] == exam["n_events"] == len(walked.events)
        for event_uid, said in walked.events.items():
            assert_says(
                events[event_uid],
                kap_gy_cm2=said.one("122130"),
                ka_r_mgy=said.one("113738"),
                active=True,
                plane_raw_code=said.codes["113764"],
                event_type_raw_code=said.codes["113721"],
            )
            assert sorted(events[event_uid]["kvp_list"] or []) == sorted(said.numbers["113733"])
        columns = {
            "kap_total": ("113722", "gy_cm2"),
            "kap_fluoro": ("113726", "gy_cm2"),
            "kap_acquisition": ("113727", "gy_cm2"),
            "ka_r_total": ("113725", "mgy"),
            "ka_r_fluoro": ("113728", "mgy"),
            "ka_r_acquisition": ("113729", "mgy"),
            "fluoro_time": ("113730", "s"),
            "acquisition_time": ("113855", "s"),
        }
        for name, (code, unit) in columns.items():
            for plane, said in zip("ab", walked.planes, strict=False):
                assert_says(report, **{f"{name}_plane_{plane}_{unit}": said.one(code)})
        assert_says(
            exam,
            kap_total_gy_cm2=walked.added("122130"),
            kap_total_reported_gy_cm2=walked.total("113722"),
            modality_group="RF",
        )


def test_real_totals_that_their_events_do_not_add_up_to_are_told(
    real: tuple[DoseLake, list[Path]],
) -> None:
    """Philips: 7.84 against 6.59, and 10.93 against 9.65 cGy cm2, while the kerma agrees."""
    lake, paths = real
    reconciled = {}
    for path in paths:
        study = walk(path).study
        exam = one([r for r in lake.table(EXAMS) if r["study_instance_uid"] == study])
        reconciled[path.stem] = exam["reconciled"]
        assert ("not_reconciled" in flags(exam)) is (exam["reconciled"] is False)
    assert reconciled == {
        "philips_allura_clarity_u104": False,
        "philips_allura_clarity_u601": False,
        "siemens_axiom_artis": True,
        "siemens_axiom_example_procedure": True,
    }


# Sets of reports.


def events_of(dose: DoseLake, case: str) -> dict[str, float]:
    """Return the DLP of each active event of a case of `reports_of`."""
    names = {uid("event", f"{case} {letter}"): letter for letter in DLP}
    rows = [row for row in dose.of(CT, case) if row["active"]]
    assert len(rows) == len({row["irradiation_event_uid"] for row in rows})
    return {names[row["irradiation_event_uid"]]: row["dlp_mgy_cm"] for row in rows}


@pytest.mark.parametrize("order", PERMUTATIONS)
def test_a_cumulative_set_in_any_order_is_one_set_of_events(dose: DoseLake, order: str) -> None:
    case = f"cumulative_{order}"
    assert events_of(dose, case) == {each: DLP[each] for each in "abc"}
    assert_says(
        dose.exam(case, "CT"),
        n_events=3,
        dlp_total_mgy_cm=500.0,
        dlp_total_reported_mgy_cm=500.0,
        reconciled=True,
    )
    reports = {row["sop_instance_uid"]: row for row in dose.of(REPORTS, case)}
    last = uid("report", f"{case} 2 abc")
    assert Counter(row["status"] for row in reports.values()) == {"active": 1, "superseded": 2}
    assert reports[last]["status"] == "active"
    assert {r["superseded_by"] for r in reports.values() if r["status"] == "superseded"} == {last}


@pytest.mark.parametrize("case", ["continued", "continued_backwards"])
def test_a_continued_pair_is_one_study_with_all_events_and_the_summed_total(
    dose: DoseLake, case: str
) -> None:
    assert events_of(dose, case) == DLP
    assert_says(
        dose.exam(case, "CT"),
        n_events=4,
        dlp_total_mgy_cm=900.0,
        dlp_total_reported_mgy_cm=900.0,
        reconciled=True,
    )
    reports = dose.of(REPORTS, case)
    assert [row["status"] for row in reports] == ["active", "active"]
    assert all("continued" in flags(row) for row in reports)


def test_of_equal_reports_one_counts(dose: DoseLake) -> None:
    assert events_of(dose, "equal_reports") == {each: DLP[each] for each in "ab"}
    statuses = Counter(row["status"] for row in dose.of(REPORTS, "equal_reports"))
    assert statuses == {"active": 1, "superseded": 1}
    assert_says(dose.exam("equal_reports", "CT"), dlp_total_reported_mgy_cm=250.0)


def test_reports_that_overlap_give_the_union_and_a_flag(dose: DoseLake) -> None:
    assert events_of(dose, "partial_overlap") == {each: DLP[each] for each in "abc"}
    exam = dose.exam("partial_overlap", "CT")
    assert_says(exam, n_events=3, dlp_total_mgy_cm=500.0)
    assert "partial_overlap" in flags(exam)
    assert all("partial_overlap" in flags(row) for row in dose.of(REPORTS, "partial_overlap"))


@pytest.mark.parametrize("case", ["conflict", "conflict_backwards"])
def test_of_two_values_of_an_event_the_latest_content_counts(dose: DoseLake, case: str) -> None:
    assert events_of(dose, case) == {"a": 100.0, "b": 151.0}
    row = dose.event(CT, case, "b")
    assert "conflict" in flags(row)
    assert "conflict" not in flags(dose.event(CT, case, "a"))
    assert row["source_sop_instance_uid"] == uid("report", f"{case} 1 aB")
    loser = one([row for row in dose.of(VERSIONS, case) if row["reason"] == "conflict"])
    assert_says(
        loser,
        event_uid=uid("event", f"{case} b"),
        source_sop_instance_uid=uid("report", f"{case} 0 ab"),
        dlp_mgy_cm=150.0,
        event_table=CT,
    )
    assert "conflict" in flags(dose.exam(case, "CT"))


def test_of_two_values_of_one_time_the_highest_uid_counts(dose: DoseLake) -> None:
    assert events_of(dose, "conflict_at_one_time") == {"a": 101.0}


def test_of_two_files_with_one_sop_uid_one_counts(dose: DoseLake) -> None:
    events = events_of(dose, "one_uid_of_two_reports")
    assert events["a"] == 100.0
    assert events["b"] in {150.0, 151.0}
    statuses = Counter(row["status"] for row in dose.of(REPORTS, "one_uid_of_two_reports"))
    assert statuses["active"] == 1
    assert_says(
        dose.exam("one_uid_of_two_reports", "CT"),
        n_events=2,
        dlp_total_mgy_cm=events["a"] + events["b"],
        dlp_total_reported_mgy_cm=events["a"] + events["b"],
    )


# Patients.


@pytest.mark.parametrize("name", [name for name, given in PEOPLE.items() if given[1] is not None])
def test_a_phantom_is_told_by_whole_words(dose: DoseLake, name: str) -> None:
    exam = dose.exam(f"person {name}", "CT")
    assert exam["is_patient"] is PEOPLE[name][1]
    assert_says(exam, weight_kg=71.5, height_m=1.8, sex="O")
    assert exam["age_years"] == pytest.approx(64.04, abs=0.01)


# Sizes.


@pytest.mark.parametrize(
    ("phantom_cm", "diameter_cm", "factor"),
    [(32, 20, 1.7774), (32, 30, 1.2311), (32, 40, 0.8528), (16, 20, 0.8644)],
)
def test_ssde_factors_have_their_anchors(
    phantom_cm: int, diameter_cm: float, factor: float
) -> None:
    assert ssde_factor(diameter_cm, phantom_cm) == pytest.approx(factor, abs=1e-3)


@pytest.mark.parametrize(
    ("phantom_cm", "diameter_cm"), [(32, 7.9), (32, 45.1), (16, 5.9), (16, 55.1), (20, 20)]
)
def test_outside_its_table_there_is_no_ssde_factor(phantom_cm: int, diameter_cm: float) -> None:
    assert ssde_factor(diameter_cm, phantom_cm) is None


@pytest.fixture(scope="module")
def cylinders(tmp_path_factory: pytest.TempPathFactory) -> DoseLake:
    """A water cylinder of 200 mm, one of half its density, and one with more air around it."""
    folder = tmp_path_factory.mktemp("cylinders")
    kinds: dict[str, dict[str, Any]] = {
        "water": {},
        "light": {"hounsfield": -500},
        "wide": {"pixels": 160},
        "head": {"CTDIPhantomTypeCodeSequence": [images.code("113690")], "BodyPartExamined": "HEAD",
                 "ProtocolName": "Head"},
    }  # fmt: skip
    for name, how in kinds.items():
        for k in range(6):
            made = images.water_cylinder(k, study=name, event=f"{name} 1", **how)
            write(made, folder / "tree" / name / f"{k}")
    run(folder / "tree", folder / "lake")
    return DoseLake(folder / "lake")


@pytest.mark.parametrize(
    ("name", "dw_mm"), [("water", 200.0), ("light", 200.0 * 0.5**0.5), ("wide", 200.0)]
)
def test_the_water_equivalent_diameter_of_a_cylinder(
    cylinders: DoseLake, name: str, dw_mm: float
) -> None:
    row = cylinders.event(CT, name, "1")
    assert row["dw_mm"] == pytest.approx(dw_mm, rel=0.01)
    assert row["dw_truncated_fraction"] == 0
    factor = 3.704369 * np.exp(-0.03671937 * row["dw_mm"] / 10)
    assert row["ssde_calculated_mgy"] == pytest.approx(8.5 * factor, rel=1e-3)
    assert_says(row, ssde_mgy=None, dw_method_code=None)
    exam = cylinders.exam(name, "CT")
    assert exam["dw_mean_mm"] == pytest.approx(dw_mm, rel=0.01)
    assert exam["ssde_mean_mgy"] == pytest.approx(8.5 * factor, rel=1e-3)


def test_a_head_has_a_diameter_but_no_estimate_of_the_body(cylinders: DoseLake) -> None:
    row = cylinders.event(CT, "head", "1")
    assert row["dw_mm"] == pytest.approx(200.0, rel=0.01)
    assert row["ssde_calculated_mgy"] is None


# Reference levels.


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> DoseLake:
    """Four facilities of three patients each: medians 400, 600, 450 and 800 mGy cm."""
    folder = tmp_path_factory.mktemp("population")
    facilities = {
        "A": [300, 400, 500],
        "B": [200, 600, 1000],
        "C": [350, 450, 550],
        "D": [700, 800, 900],
    }
    for facility, doses in facilities.items():
        for number, dlp in enumerate(doses):
            study = f"{facility}{number}"
            event = ct_event(f"{study} 1", dlp=(dlp, "mGy.cm"), protocol="Abdomen routine")
            report = ct_report(
                [event], name=study, study=study, dlp_total=(dlp, "mGy.cm"),
                InstitutionName=f"Hospital {facility}", StationName=f"CT {facility}",
                DeviceSerialNumber=facility, PatientWeight="70",
            )  # fmt: skip
            write(report, folder / "tree" / study)
    # A phantom is no patient, whatever its dose.
    event = ct_event("phantom", dlp=(9000.0, "mGy.cm"), protocol="Abdomen routine")
    phantom = ct_report(
        [event], name="phantom", study="phantom", dlp_total=(9000.0, "mGy.cm"),
        InstitutionName="Hospital A", PatientName="QA^Phantom", PatientWeight="70",
    )  # fmt: skip
    write(phantom, folder / "tree" / "phantom")
    protocols = folder / "protocols.csv"
    protocols.write_text("modality_group,protocol,standard_exam\nCT,^abdomen,CT abdomen\n")
    few = {f"dose__{name}": 1 for name in ("min_n", "min_n_ct", "min_n_facility")}
    chosen = settings(**few, dose__protocols=str(protocols))
    run(folder / "tree", folder / "lake", chosen)
    return DoseLake(folder / "lake")


def dlp_levels(lake: DoseLake, kind: str) -> list[Row]:
    return [
        row
        for row in lake.table("drl")
        if row["kind"] == kind and row["quantity"] == "dlp_body_phantom_mgy_cm"
    ]


def test_a_reference_level_is_the_75th_percentile_of_the_medians_of_facilities(
    population: DoseLake,
) -> None:
    rows = dlp_levels(population, "national_style")
    assert rows, "there is a reference level of DLP"
    assert {row["value"] for row in rows} == {650.0}
    assert {(row["n"], row["n_facilities"]) for row in rows} == {(12, 4)}


def test_typical_values_are_the_medians_of_facilities(population: DoseLake) -> None:
    found = {row["facility_key"]: row["value"] for row in dlp_levels(population, "typical")}
    assert sorted(found.values()) == [400.0, 450.0, 600.0, 800.0]


def test_a_pooled_percentile_is_never_called_a_reference_level(population: DoseLake) -> None:
    pooled = [row for row in dlp_levels(population, "p75_patient")
              if row["facility_key"] == "ALL" and row["device_key"] == "ALL"]  # fmt: skip
    assert {row["p75"] for row in pooled} == {725.0}
    others = [row for row in population.table("drl") if row["kind"] != "p75_patient"]
    assert not [row for row in others if row["value"] == 725.0]


def test_too_few_have_a_count_and_no_figure(dose: DoseLake) -> None:
    rows = dose.table("drl")
    assert not [row for row in rows if row["value"] is not None and row["n"] < 20]
    assert all(row["suppressed"] for row in rows if row["n"] < 20)


# Runs.


@long
def test_names_order_and_number_of_runs_change_no_row(
    dose: DoseLake, tree: Path, tmp_path: Path
) -> None:
    """Files renamed and shuffled into three parts, each part there one run later."""
    expected = dose.everything("file_id")
    parts = scattered(tree, tmp_path / "parts", seed=12, parts=3)
    root = tmp_path / "tree"
    for number, part in enumerate(parts):
        for path in part:
            target = root / f"{number}" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        run(root, tmp_path / "lake", NO_VOLUMES)
    assert DoseLake(tmp_path / "lake").everything("file_id") == expected


@long
def test_two_workers_give_the_rows_of_none(dose: DoseLake, tree: Path, tmp_path: Path) -> None:
    options = ["--lake", str(tmp_path / "lake"), "--workers", "2", "--no-volumes", "--json"]
    done = command(
        "run",
        f"tree={tree}",
        *options,
        cwd=tmp_path,
        environment=clean_environment(),
    )
    assert done.returncode == 0, done.stderr
    assert DoseLake(tmp_path / "lake").everything() == dose.everything()


def test_a_run_without_news_commits_nothing(dose: DoseLake, tree: Path) -> None:
    before = Lake(dose.lake).version
    summary = run(tree, dose.lake, NO_VOLUMES)
    assert summary.outcome == "unchanged"
    assert Lake(dose.lake).version == before


def test_a_study_that_is_gone_has_no_dose(tree: Path, tmp_path: Path) -> None:
    kept, gone = "ct_plain", "ct_dual_source"
    for case in (kept, gone):
        shutil.copytree(tree / case, tmp_path / "tree" / case)
    run(tmp_path / "tree", tmp_path / "lake")
    lake = DoseLake(tmp_path / "lake")
    assert lake.of(CT, gone)
    assert lake.of(CT_SOURCES, gone)
    assert lake.of(EXAMS, gone)
    shutil.rmtree(tmp_path / "tree" / gone)
    run(tmp_path / "tree", tmp_path / "lake", settings(discovery__delete_guard_fraction=1.0))
    for table in (CT, CT_SOURCES, EXAMS, REPORTS, "dose_studies"):
        assert lake.of(table, gone) == []
        assert lake.of(table, kept) or table == CT_SOURCES


def test_a_report_that_is_gone_has_no_event(tree: Path, tmp_path: Path) -> None:
    """The greatest report of a cumulative set goes; what it superseded counts again."""
    case = "cumulative_012"
    shutil.copytree(tree / case, tmp_path / "tree")
    run(tmp_path / "tree", tmp_path / "lake")
    lake = DoseLake(tmp_path / "lake")
    (tmp_path / "tree" / "002").unlink()
    run(tmp_path / "tree", tmp_path / "lake", settings(discovery__delete_guard_fraction=1.0))
    assert events_of(lake, case) == {each: DLP[each] for each in "ab"}
    assert_says(lake.exam(case, "CT"), dlp_total_reported_mgy_cm=250.0, reconciled=True)


def test_every_case_has_a_study_row_and_every_report_a_status(dose: DoseLake) -> None:
    silent = {"sr_of_something_else", "magnetic_resonance"}
    for case in itertools.filterfalse(silent.__contains__, CASES):
        assert len(dose.of("dose_studies", case)) == 1, case
    assert {row["status"] for row in dose.table(REPORTS)} <= {
        "active", "superseded", "conflict", "unsupported_template"
    }  # fmt: skip
    assert set(TABLES) <= set(Lake(dose.lake).tables)
