"""Whatever reports a study has: their order, names and runs change nothing, and totals are sums.

Studies are drawn as sets of reports over a few events; a report may repeat, contain, continue or
contradict another. What they must become is worked out here from the drawn sets alone.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from make.dose_images import ct_image
from make.dose_lake import CT, NO_VOLUMES, REPORTS, VERSIONS, DoseLake, flags, run
from make.rdsr import ct_event, ct_report
from make.series import uid, write
from pydicom.dataset import Dataset
from pydicom.uid import UID

EXAMPLES = int(os.environ.get("DICOMLAKE_TEST_EXAMPLES", "2"))
"""Trees drawn, of four studies each; hundreds for a soak."""
VALUES = {"a": 100.0, "b": 150.5, "c": 0.0, "d": 1000.25}


@dataclass(frozen=True)
class Report:
    """A report as drawn: the DLP of its events, and the minute of its content."""

    events: tuple[tuple[str, float | None], ...]
    minute: int
    number: int

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.events)

    @property
    def rank(self) -> tuple[int, int]:
        """Return what the later report is greater by."""
        return self.minute, self.number

    def total(self) -> float:
        return sum(value or 0.0 for _, value in self.events)

    def dataset(self, study: str) -> Dataset:
        items = [
            ct_event(f"{study} {name}", dlp=(value, "mGy.cm"), ctdivol=(5.0, "mGy"))
            for name, value in self.events
        ]
        return ct_report(
            items,
            name=f"{study} {self.number}",
            study=study,
            dlp_total=(self.total(), "mGy.cm"),
            SOPInstanceUID=self.uid(study),
            ContentTime=f"11{self.minute:02d}00",
        )

    def uid(self, study: str) -> UID:
        """Return a UID that is the greater the greater the number is."""
        return UID(f"{uid('study', study)}"[:40] + f".{self.number + 1}")


@st.composite
def reports(draw: st.DrawFn) -> tuple[Report, ...]:
    made = []
    for number in range(draw(st.integers(1, 4))):
        names = sorted(draw(st.sets(st.sampled_from(sorted(VALUES)), min_size=1)))
        # A small chance of another value, and of none.
        changes = [draw(st.sampled_from([0.0, 0.0, 0.0, 1.0, None])) for _ in names]
        events = tuple(
            (name, None if change is None else VALUES[name] + change)
            for name, change in zip(names, changes, strict=True)
        )
        made.append(Report(events, draw(st.integers(0, 2)), number))
    return tuple(made)


STUDIES = st.lists(st.tuples(reports(), st.booleans()), min_size=4, max_size=4)


def files_of(studies: Sequence[tuple[tuple[Report, ...], bool]]) -> list[Dataset]:
    """Return the data sets of all studies; some also have an image of an event `a`."""
    made = []
    for place, (drawn, with_image) in enumerate(studies):
        study = f"drawn {place}"
        made += [report.dataset(study) for report in drawn]
        if with_image:
            made.append(ct_image(0, study=study, event=f"{study} a"))
    return made


def assert_is_like(lake: DoseLake, study: str, drawn: Sequence[Report], with_image: bool) -> None:
    """Hold a study against what its reports say."""
    expected: dict[str, float | None] = {}
    for report in sorted(drawn, key=lambda report: report.rank):
        expected.update(dict(report.events))
    rows = {row["irradiation_event_uid"]: row for row in lake.of(CT, study)}
    active = {key: row["dlp_mgy_cm"] for key, row in rows.items() if row["active"]}
    assert active == {
        uid("event", f"{study} {name}"): pytest.approx(value) for name, value in expected.items()
    }
    if with_image and "a" not in expected:
        spare = rows[uid("event", f"{study} a")]
        assert "unmatched_header_event" in flags(spare)
    statuses = {row["sop_instance_uid"]: row["status"] for row in lake.of(REPORTS, study)}
    counting = [
        report
        for report in drawn
        if not any(
            report.names < other.names or (report.names == other.names and report.rank < other.rank)
            for other in drawn
        )
    ]
    assert statuses == {
        report.uid(study): "active" if report in counting else "superseded" for report in drawn
    }
    exam = lake.exam(study, "CT")
    given_values = [value for value in expected.values() if value is not None]
    total = sum(given_values) if given_values else None
    assert exam["n_events"] == len(expected)
    assert exam["dlp_total_mgy_cm"] == (None if total is None else pytest.approx(total))
    reported = sum(report.total() for report in counting)
    assert exam["dlp_total_reported_mgy_cm"] == pytest.approx(reported)
    assert_versions_are_others(lake, study, rows)


def assert_versions_are_others(lake: DoseLake, study: str, rows: dict[str, dict[str, Any]]) -> None:
    """Hold that every version that does not count is of an event that there is."""
    for version in lake.of(VERSIONS, study):
        event_row = rows[version["event_uid"]]
        source = (version["source_sop_instance_uid"], version["source_kind"])
        assert source != (event_row["source_sop_instance_uid"], event_row["source_kind"])


@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="DICOMLAKE_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(studies=STUDIES, order=st.randoms(use_true_random=False), n_runs=st.integers(2, 3))
@pytest.mark.timeout(3000)
def test_order_names_and_runs_change_no_row_and_totals_are_sums(
    studies: list[tuple[tuple[Report, ...], bool]], order: Random, n_runs: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = files_of(studies)
        for number, dataset in enumerate(files):
            write(dataset, Path(folder) / "tree" / f"{number:03d}")
        run(Path(folder) / "tree", Path(folder) / "lake", NO_VOLUMES)
        plain = DoseLake(Path(folder) / "lake")
        for place, (drawn, with_image) in enumerate(studies):
            assert_is_like(plain, f"drawn {place}", drawn, with_image)
        order.shuffle(files)
        source = Path(folder) / "again"
        for part in range(n_runs):
            for number, dataset in enumerate(files[part::n_runs]):
                write(dataset, source / f"{part}" / f"{number:03d}")
            run(source, Path(folder) / "lake again", NO_VOLUMES)
        again = DoseLake(Path(folder) / "lake again")
        event(f"{n_runs} runs")
        assert again.everything("file_id") == plain.everything("file_id")
