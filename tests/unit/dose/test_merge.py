"""One dose of a study from many sources: the rules of de-duplication, in any order of arrival."""

import itertools
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from dicomlake.pipeline.dose.header_events import HeaderReading
from dicomlake.pipeline.dose.merge import merge
from dicomlake.pipeline.dose.reports import ReportReading
from dicomlake.pipeline.dose.study_dose import StudyDose

Row = dict[str, Any]
SCANNER = {"manufacturer": "Maker", "manufacturer_model_name": "One", "device_serial_number": "77"}
OTHER = {"manufacturer": "Maker", "manufacturer_model_name": "Two", "device_serial_number": "88"}
NOTHING = HeaderReading()


def ct(uid: str, dlp: float = 100.0, **more: Any) -> Row:
    return {"irradiation_event_uid": uid, "dlp_mgy_cm": dlp, "ctdivol_mgy": 5.0, **more}


def report(sop: str, *events: Row, hour: int = 8, kind: str = "RDSR", **more: Any) -> ReportReading:
    row = {
        "sop_instance_uid": sop,
        "file_id": sop,
        "source_kind": kind,
        "status": "active",
        "template": None if kind == "PHILIPS_SC" else "10011",
        "content_datetime": datetime(2024, 1, 1, hour),
        "n_events": len(events),
        "flags": [],
        "_device": SCANNER,
    }
    sources = tuple(
        {"irradiation_event_uid": e["irradiation_event_uid"], "source_number": 1} for e in events
    )
    return ReportReading({**row, **more}, ct_events=events, ct_sources=sources)


def headers(*events: Row, device: Row = SCANNER) -> HeaderReading:
    return HeaderReading(
        ct_events=tuple(
            {"source_kind": "IMAGE_HEADER", "source_sop_instance_uid": f"i{number}",
             "_device": device, **event}
            for number, event in enumerate(events)
        )
    )  # fmt: skip


def merged(
    readings: Sequence[ReportReading], images: HeaderReading = NOTHING, **options: Any
) -> StudyDose:
    """Merge in every order (or many); all must give the same rows."""
    orders = list(itertools.permutations(readings))
    random.Random(1).shuffle(orders)
    results = [merge("study", order, images, **options) for order in orders[:24]]
    back = HeaderReading(
        images.ct_events[::-1],
        images.xray_events[::-1],
        images.xray_filters[::-1],
        images.administrations[::-1],
    )
    results.append(merge("study", readings, back, **options))
    assert all(each == results[0] for each in results)
    return results[0]


def statuses(dose: StudyDose) -> dict[str, str]:
    return {row["sop_instance_uid"]: row["status"] for row in dose.reports}


def active(dose: StudyDose) -> dict[str, float]:
    return {e["irradiation_event_uid"]: e["dlp_mgy_cm"] for e in dose.ct_events if e["active"]}


def test_rule_2_a_cumulative_report_supersedes_those_it_contains() -> None:
    dose = merged(
        [
            report("1", ct("a"), hour=8),
            report("2", ct("a"), ct("b"), hour=9),
            report("3", ct("a"), ct("b"), ct("c"), hour=10),
        ]
    )
    assert statuses(dose) == {"1": "superseded", "2": "superseded", "3": "active"}
    assert {row["superseded_by"] for row in dose.reports[:2]} == {"3"}
    assert active(dose) == {"a": 100.0, "b": 100.0, "c": 100.0}
    assert {row["reason"] for row in dose.versions} == {"same"}
    assert len(dose.ct_sources) == 3


def test_rule_2_of_equal_reports_the_latest_content_then_the_highest_uid_counts() -> None:
    later = merged([report("9", ct("a"), hour=8), report("1", ct("a"), hour=9)])
    assert statuses(later) == {"9": "superseded", "1": "active"}
    tie = merged([report("9", ct("a")), report("1", ct("a"))])
    assert statuses(tie) == {"1": "superseded", "9": "active"}


def test_rule_2_disjoint_reports_continue_each_other() -> None:
    dose = merged([report("1", ct("a")), report("2", ct("b"), ct("c"))])
    assert statuses(dose) == {"1": "active", "2": "active"}
    assert all(row["flags"] == ["continued"] for row in dose.reports)
    assert len(active(dose)) == 3


def test_rule_2_partial_overlap_is_the_union_and_says_so() -> None:
    dose = merged([report("1", ct("a"), ct("b")), report("2", ct("b"), ct("c"))])
    assert statuses(dose) == {"1": "active", "2": "active"}
    assert all(row["flags"] == ["partial_overlap"] for row in dose.reports)
    assert sorted(active(dose)) == ["a", "b", "c"]


def test_rule_3_of_different_values_the_latest_counts_and_the_loser_is_kept() -> None:
    dose = merged([report("9", ct("a", 100.0), hour=8), report("1", ct("a", 250.0), hour=9)])
    (event,) = dose.ct_events
    assert (event["dlp_mgy_cm"], event["flags"]) == (250.0, ["conflict"])
    assert event["source_sop_instance_uid"] == "1"
    (loser,) = dose.versions
    assert (loser["dlp_mgy_cm"], loser["reason"], loser["source_sop_instance_uid"]) == (
        100.0, "conflict", "9",
    )  # fmt: skip
    assert all("conflict" in row["flags"] for row in dose.reports)


def test_rule_3_of_the_same_time_the_highest_sop_uid_counts() -> None:
    dose = merged([report("1", ct("a", 100.0)), report("2", ct("a", 250.0))])
    assert active(dose) == {"a": 250.0}


def test_rule_4_a_report_beats_enhanced_sr_and_headers_for_its_events() -> None:
    dose = merged(
        [report("1", ct("a", 10.0), kind="ESR", hour=12), report("2", ct("a", 11.0), hour=8)],
        headers(ct("a", 12.0)),
    )
    (event,) = dose.ct_events
    assert (event["source_kind"], event["dlp_mgy_cm"], event["active"]) == ("RDSR", 11.0, True)
    assert [row["source_kind"] for row in dose.versions] == ["ESR", "IMAGE_HEADER"]
    assert {row["reason"] for row in dose.versions} == {"lower_rank"}
    assert [row["version_number"] for row in dose.versions] == [1, 2]


@pytest.mark.parametrize(("count_unmatched", "counts"), [(False, False), (True, True)])
def test_rule_4_a_header_event_that_its_device_did_not_report_does_not_count(
    count_unmatched: bool, counts: bool
) -> None:
    dose = merged(
        [report("1", ct("a"))], headers(ct("a"), ct("x", 7.0)), count_unmatched=count_unmatched
    )
    found = {e["irradiation_event_uid"]: e for e in dose.ct_events}
    assert found["x"]["active"] is counts
    assert found["x"]["flags"] == ["unmatched_header_event"]
    assert found["a"]["active"] is True


def test_rule_4_a_header_event_of_another_device_counts() -> None:
    dose = merged([report("1", ct("a"))], headers(ct("x"), device=OTHER))
    assert sorted(active(dose)) == ["a", "x"]


def test_rule_4_images_that_name_no_device_are_of_the_one_that_reported() -> None:
    dose = merged([report("1", ct("a"))], headers(ct("x"), device={}))
    assert sorted(active(dose)) == ["a"]


def test_rule_4_headers_alone_count() -> None:
    dose = merged([], headers(ct("x"), ct("y")))
    assert sorted(active(dose)) == ["x", "y"]


def test_a_report_that_is_not_read_covers_no_header_event() -> None:
    dose = merged([report("1", status="unsupported_template")], headers(ct("x")))
    assert statuses(dose) == {"1": "unsupported_template"}
    assert sorted(active(dose)) == ["x"]


def test_a_dose_screen_yields_to_a_report_of_its_device_and_beats_headers() -> None:
    screen = report("9", ct("s1", 50.0), kind="PHILIPS_SC")
    alone = merged([screen], headers(ct("x")))
    assert active(alone) == {"s1": 50.0}
    both = merged([screen, report("1", ct("a"))])
    assert active(both) == {"a": 100.0}
    assert statuses(both) == {"9": "superseded", "1": "active"}


def test_a_dose_screen_sent_again_with_more_items_tells_of_the_same_events() -> None:
    first = report("1", ct("1.0", 50.0, label="2"), kind="PHILIPS_SC")
    second = report(
        "2", ct("2.0", 50.0, label="2"), ct("2.1", 60.0, label="3"), kind="PHILIPS_SC", hour=9
    )
    dose = merged([first, second])
    assert statuses(dose) == {"1": "superseded", "2": "active"}
    assert active(dose) == {"2.0": 50.0, "2.1": 60.0}


def test_an_event_told_twice_by_one_report_is_one_row() -> None:
    dose = merged([report("1", ct("a", 1.0), ct("a", 2.0))])
    assert len(dose.ct_events) == len(dose.ct_sources) == len(dose.versions) == 1


def given(uid: str, activity: float | None, nuclide: str | None = "77004003", **more: Any) -> Row:
    return {
        "administration_uid": uid,
        "administered_activity_mbq": activity,
        "radionuclide_code": nuclide,
        **more,
    }


def rrdsr(sop: str, *rows: Row) -> ReportReading:
    row = report(sop).report | {"template": "10021", "_device": OTHER}
    return ReportReading(row, administrations=rows)


def scanned(*rows: Row) -> HeaderReading:
    return HeaderReading(
        administrations=tuple(
            {"source_kind": "IMAGE_HEADER", "source_sop_instance_uid": f"i{n}",
             "_device": SCANNER, **row}
            for n, row in enumerate(rows)
        )
    )  # fmt: skip


def counted(dose: StudyDose) -> list[str]:
    return [row["administration_uid"] for row in dose.administrations if row["active"]]


def test_rule_6_a_report_and_a_header_of_one_nuclide_and_activity_are_one() -> None:
    dose = merged([rrdsr("1", given("r", 400.0))], scanned(given("h", 403.9)))
    assert counted(dose) == ["r"]
    assert len(dose.administrations) == 1
    assert dose.versions[0]["administered_activity_mbq"] == 403.9


def test_rule_6_more_than_one_percent_apart_is_not_the_same_and_does_not_count_twice() -> None:
    dose = merged([rrdsr("1", given("r", 400.0))], scanned(given("h", 410.0)))
    assert len(dose.administrations) == 2
    assert counted(dose) == ["r"]


def test_rule_6_another_nuclide_is_another_administration() -> None:
    dose = merged([rrdsr("1", given("r", 400.0))], scanned(given("h", 400.0, "424820001")))
    assert sorted(counted(dose)) == ["h", "r"]


def test_rule_6_headers_without_uid_collapse_also_by_way_of_a_third() -> None:
    flag = {"flags": ["no_event_uid"]}
    rows = [given(f"d{n}", a, **flag) for n, a in enumerate((100.0, 100.8, 101.6, 120.0))]
    assert len(counted(merged([], scanned(*rows)))) == 2


def test_rule_6_headers_with_uids_of_their_own_stay_apart() -> None:
    dose = merged([], scanned(given("rest", 300.0), given("stress", 300.0)))
    assert sorted(counted(dose)) == ["rest", "stress"]
