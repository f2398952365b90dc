"""Dose reports to typed rows, against dcmread and a walk; the stage by one process and by two."""

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from child import dicomlake, run
from pydicom import dcmread
from pydicom.dataset import Dataset
from runner import Measured, Prepared, Scale, Target, Timings, ratio

from cases.lakes import do
from dicomlake import Lake
from dicomlake.pipeline.dose.reports import REPORT_COLUMNS, ReportReading, read_report

# The tests' own builders of dose reports: what is measured here is what is tested there.
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))
from make import rdsr
from make.series import uid

WALK: Final = "pydicom: dcmread, every content item walked"
OURS: Final = "dicomlake: typed rows of events, filters, sources"
_START: Final = 4
"""Reports of the lake whose time is taken out as start-up."""
_KAP: Final = re.compile(rb"0\.0000(\d{6})")
_UID: Final = re.compile(rb"2\.25\.\d{12,}")

Events = dict[str, tuple[float | None, float | None]]
"""Kerma-area product in Gy cm2, or DLP in mGy cm, and kVp, of each event."""


def processes(workers: int) -> str:
    return f"dose stage, {workers} {'process' if workers == 1 else 'processes'}"


def start_up(workers: int) -> str:
    return f"start-up, {processes(workers)}"


def prepare(folder: Path, scale: Scale) -> Prepared:
    n_read = scale.of(40, 6)
    n_stage = n_read if scale.small else 10 * n_read
    paths = write_reports(folder / "read", n_read, scale)
    write_reports(folder / "many", n_stage, scale)
    write_reports(folder / "few", _START, scale)
    ingested = {name: folder / f"{name}.ingested" for name in ("read", "many", "few")}
    for name, lake in ingested.items():
        do("ingest", lake, f"bench={folder / name}")
    jobs = _jobs(ingested["read"], folder / "read")
    stages = {
        name(workers): Stage(ingested[which], folder / f"{which}{workers}.lake", workers)
        for which, name in (("few", start_up), ("many", processes))
        for workers in (1, 2)
    }
    contenders: dict[str, Callable[[], Any]] = {
        WALK: lambda: [walk(path) for path in paths],
        OURS: lambda: [read_report(path, row) for path, row in jobs],
        **stages,
    }
    return Prepared(
        contenders=contenders,
        before={name: stage.clear for name, stage in stages.items()},
        check=partial(_check, n_stage),
        baseline=WALK,
        amount=n_read,
        amounts={name: stage.n_reports for name, stage in stages.items()},
        less={processes(workers): start_up(workers) for workers in (1, 2)},
        unit="report",
        notes=(
            "reports of 30 projection events and of 10 CT events by turns; the stage is "
            f"`dicomlake dose --workers N` over {n_stage:,} of them, whole processes, with that "
            f"over {_START} taken out",
        ),
        targets=(
            Target(
                "a dose report to rows against dcmread and a walk of its content",
                1,
                lambda timings: ratio(timings[WALK].cpu_us, timings[OURS].cpu_us),
                at_least=True,
            ),
            Target(
                "two processes against one, the dose stage, wall, start-up out",
                1.7,
                _two_against_one,
                at_least=True,
            ),
        ),
    )


def _two_against_one(timings: Timings) -> float:
    return ratio(timings[processes(1)].wall_us, timings[processes(2)].wall_us)


def write_reports(folder: Path, n: int, scale: Scale) -> list[Path]:
    """Write n reports, each of a study of its own: no two alike, the same for the same seed."""
    folder.mkdir()
    prototypes = [_encoded(folder, make(scale)) for make in (_projection, _tomography)]
    keep = str(uid("device", "device 1")).encode()
    paths = []
    for number in range(n):

        def another_uid(found: re.Match[bytes], number: int = number) -> bytes:
            return found[0] if found[0] == keep else found[0][:-6] + b"%06d" % number

        def another_value(found: re.Match[bytes], number: int = number) -> bytes:
            return b"0.0000%06d" % ((int(found[1]) + 7919 * number) % 1_000_000)

        content = prototypes[number % 2]
        path = folder / f"{number:06d}"
        path.write_bytes(_KAP.sub(another_value, _UID.sub(another_uid, content)))
        paths.append(path)
    return paths


def _encoded(folder: Path, report: Dataset) -> bytes:
    path = rdsr.save(report, folder / "prototype")
    content = path.read_bytes()
    path.unlink()
    return content


def _projection(scale: Scale) -> Dataset:
    filters = [
        rdsr.x_ray_filter(),
        rdsr.x_ray_filter(material="SRT:C-127F9", least=(0.1, "mm"), most=(0.3, "mm")),
    ]
    events = [
        rdsr.x_ray_event(
            f"projection {scale.seed} {number}",
            kap=(f"0.0000{(number * 104_729 + scale.seed) % 1_000_000:06d}", "Gy.m2"),
            kvp=[(70.0 + number % 9, "kV"), (71.0, "kV")],
            filters=filters,
        )
        for number in range(4 if scale.small else 30)
    ]
    totals = [rdsr.accumulated(kap=(1e-3, "Gy.m2"), ka_r=(0.05, "Gy"), fluoro_time=(60.0, "s"))]
    return rdsr.x_ray_report(events, totals, name=f"x {scale.seed}", study=f"x {scale.seed}")


def _tomography(scale: Scale) -> Dataset:
    events = [
        rdsr.ct_event(
            f"tomography {scale.seed} {number}",
            dlp=(f"0.0000{(number * 50_021 + scale.seed) % 1_000_000:06d}", "mGy.cm"),
            of_dose=rdsr.dose_check(),
        )
        for number in range(3 if scale.small else 10)
    ]
    name = f"ct {scale.seed}"
    return rdsr.ct_report(events, name=name, study=name, dlp_total=(1.0, "mGy.cm"))


def walk(path: Path) -> Events:
    """Read a report as people do by hand: every item's concept and value; return its events."""
    events: Events = {}
    for item in dcmread(path).ContentSequence:
        found: dict[str, Any] = {}
        if _walk(item, found) in ("113706", "113819"):
            kvp = found.get("113733", [])
            kap = found.get("122130", [])
            (dose,) = [float(value) * 1e4 for value in kap] or map(float, found["113838"])
            events[found["113769"][0]] = (dose, sum(kvp) / len(kvp))
    return events


def _walk(item: Dataset, found: dict[str, Any]) -> str:
    """Collect the values below an item by the code of their concept; return its own."""
    concept = item.ConceptNameCodeSequence[0]
    code: str = concept.CodeValue
    value: Any = None
    match item.ValueType:
        case "NUM":
            measured = item.MeasuredValueSequence
            if measured and measured[0].MeasurementUnitsCodeSequence[0].CodeValue:
                value = measured[0].NumericValue
        case "CODE":
            value = item.ConceptCodeSequence[0].CodeValue
        case "TEXT":
            value = item.TextValue
        case "UIDREF":
            value = item.UID
        case "DATETIME":
            value = item.DateTime
    found.setdefault(code, []).append(value)
    for child in item.get("ContentSequence", ()):
        _walk(child, found)
    return code


def _jobs(lake: Path, root: Path) -> list[tuple[bytes, dict[str, Any]]]:
    """Return the paths of the reports of a lake and their committed rows."""
    files = {row["file_id"]: row for row in Lake(lake).table("files").to_arrow().to_pylist()}
    jobs = []
    for instance in Lake(lake).table("instances").to_arrow().to_pylist():
        file = files[instance["file_id"]]
        row = {**file, **instance}
        path = os.fsencode(root / file["path"])
        jobs.append((path, {name: row[name] for name in REPORT_COLUMNS}))
    return sorted(jobs, key=lambda job: job[0])


@dataclass(frozen=True, slots=True)
class Stage:
    """The dose stage of the command line over a lake that has been ingested."""

    ingested: Path
    lake: Path
    workers: int

    @property
    def n_reports(self) -> int:
        return Lake(self.ingested).table("instances").to_arrow().num_rows

    def clear(self) -> None:
        """Bring the lake back to where it was before its doses."""
        shutil.rmtree(self.lake, ignore_errors=True)
        shutil.copytree(self.ingested, self.lake, symlinks=True)

    def __call__(self) -> Measured:
        """Run it; the result is the number of reports, and a digest of all rows of events."""
        options = ("--workers", str(self.workers), "--no-track", "--lake", str(self.lake))
        done = run(dicomlake("dose", *options))
        lake = Lake(self.lake)
        digest = hashlib.sha256()
        for name in ("xray_irradiation_events", "ct_irradiation_events", "dose_exams"):
            table = lake.table(name).to_arrow().drop_columns(["run_id"])
            rows = sorted(repr(row) for row in table.to_pylist())
            digest.update("\n".join(rows).encode())
        n_reports = lake.table("dose_reports").to_arrow().num_rows
        return done._replace(result=(n_reports, digest.hexdigest()))


def _events(readings: Sequence[ReportReading | None]) -> list[Events]:
    found = []
    for reading in readings:
        assert reading is not None
        assert reading.report["status"] == "active"
        found.append(
            {
                row["irradiation_event_uid"]: (row.get(column), row["kvp"])
                for column, rows in (
                    ("kap_gy_cm2", reading.xray_events),
                    ("dlp_mgy_cm", reading.ct_events),
                )
                for row in rows
            }
        )
    return found


def _check(n_stage: int, results: Mapping[str, Any]) -> None:
    """Hold events and their doses of all against each other."""
    found = _events(results[OURS])
    assert len(found) == len(results[WALK])
    for ours, theirs in zip(found, results[WALK], strict=True):
        assert ours.keys() == theirs.keys()
        for key, values in theirs.items():
            assert all(
                one is not None and other is not None and abs(one - other) <= 1e-9 * abs(other)
                for one, other in zip(ours[key], values, strict=True)
            )
    assert results[start_up(1)] == results[start_up(2)]
    assert results[processes(1)] == results[processes(2)]
    assert results[processes(1)][0] == n_stage
