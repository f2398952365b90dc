"""The dose of some studies: jobs for workers, and what they leave in staging.

A worker opens the reports of its studies, reads their images' rows, joins all of it and writes the
rows of every dose table into Arrow files; the driver holds names and counts alone.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dicomlake.config.settings import HeaderSettings, Settings
from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.dose.committed import FILE_COLUMNS, StudyRows, study_rows
from dicomlake.pipeline.dose.ct_sizes import sizes, with_sizes
from dicomlake.pipeline.dose.devices import facts_text
from dicomlake.pipeline.dose.exams import Called, exams
from dicomlake.pipeline.dose.header_events import header_events
from dicomlake.pipeline.dose.header_facts import commonest, device_of
from dicomlake.pipeline.dose.inputs import PendingStudy
from dicomlake.pipeline.dose.merge import merge
from dicomlake.pipeline.dose.patients import patient_facts
from dicomlake.pipeline.dose.protocols import ProtocolMap, read_protocols
from dicomlake.pipeline.dose.reports import (
    DoseFileError,
    ReportReading,
    is_report,
    read_report,
    unreadable,
)
from dicomlake.pipeline.dose.rows import to_arrow
from dicomlake.pipeline.dose.study_dose import Row, StudyDose
from dicomlake.pipeline.headers.attempt import no_garbage_collection
from dicomlake.pipeline.headers.notes import Kill, current
from dicomlake.pipeline.headers.watch import TimeLimitError, watched
from dicomlake.pipeline.tables.arrow_files import write_rows
from dicomlake.pipeline.tables.dose_objects import DOSE_TABLES
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES

if TYPE_CHECKING:
    from dicomlake.pipeline.headers.attempt import Lineage

STUDY_COST_S: Final = 0.002
OBJECT_COST_S: Final = 0.0002
REPORT_COST_S: Final = 0.03
SLICE_COST_S: Final = 0.005
"""Work to read a study, an image's row, a report, and the body in a slice; seconds of one core."""
_MOST_KILLS: Final = 2
"""Processes that a study may end until it is one that could not be read."""
JOB_S: Final = 0.3
"""Work of one job in seconds of one core, unless it is one study: the last leave no core idle."""


@dataclass(frozen=True, slots=True)
class StudiesJob:
    """Some studies to read; self-contained, so that it can be done anywhere."""

    number: int
    studies: tuple[StudyRows, ...]
    roots: Mapping[str, str]
    """Root of each source by its name."""
    lake: str
    staging: str
    settings: Settings
    lineage: "Lineage"
    version: int
    """Version of the lake that the rows were read from."""
    first: int = 0
    """Place of the first study in the job that this one is a piece of."""
    kills: int = 0
    """Processes that ended with its study, when it is but one."""


@dataclass(frozen=True, slots=True)
class StudiesResult:
    """What became of the studies of a job; their rows stand in staging."""

    number: int
    version: int
    studies: Mapping[str, str]
    """Digest of what each study was read from, by UID."""
    unread: tuple[str, ...]
    """Those of which a report could not be read; their earlier rows stay."""
    files: Mapping[str, str]
    """File of the rows of each table that has any."""
    counts: Mapping[str, int]
    """Reports, events, exams, and reports of a template that is not read."""
    first: int = 0
    """Place of its first study in the job, where the job was done in pieces."""


def cost_s(studies: Sequence[PendingStudy]) -> float:
    """Return the work to read studies, in seconds of one core."""
    return sum(map(_cost, studies))


def _cost(study: PendingStudy) -> float:
    objects = study.n_objects * OBJECT_COST_S
    return STUDY_COST_S + objects + study.n_reports * REPORT_COST_S


def study_jobs(
    base: Version,
    settings: Settings,
    staging: Path,
    lineage: "Lineage",
    studies: Sequence[PendingStudy],
) -> Iterator[StudiesJob]:
    """Yield jobs of `JOB_S` of work each; rows are read for many studies at once.

    Args:
        base: version to plan against.
        settings: of the run.
        staging: folder of the run below the lake.
        lineage: of the rows to make.
        studies: which, in order of UID.
    """
    folder = staging.resolve() / "dose"
    folder.mkdir(exist_ok=True)
    waiting: list[StudyRows] = []
    work = 0.0
    number = 0

    def job() -> StudiesJob:
        return StudiesJob(
            number,
            tuple(waiting),
            dict(base.sources),
            str(base.lake.resolve()),
            str(folder),
            settings,
            lineage,
            base.number,
        )

    for rows in study_rows(base, studies, volumes=settings.dose.ssde):
        own = _cost(rows.study) + rows.slices.num_rows * SLICE_COST_S
        if waiting and work + own > JOB_S:
            yield job()
            number += 1
            waiting, work = [], 0.0
        waiting.append(rows)
        work += own
    if waiting:
        yield job()


@dataclass(slots=True)
class _Made:
    """Rows of several studies in the making."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {n: [] for n in DOSE_TABLES})
    unread: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def read_studies(job: StudiesJob) -> StudiesResult:
    """Read the dose of studies, and leave their rows in staging.

    Raises:
        OSError: staging cannot be written to.
        UsageError: the file of protocols cannot be used.
    """
    protocols = read_protocols(job.settings.dose.protocols)
    made = _Made()
    note = current()
    for place, study in enumerate(job.studies):
        note.cells[0] = place
        with no_garbage_collection():
            _read(study, job, protocols, made)
    return _staged(job, made)


def give_up_studies(job: StudiesJob, kill: Kill) -> StudiesResult | list[StudiesJob]:
    """Return what is to be done in place of a job with which a process has ended.

    The study it was at is read once more, alone; with the second process that it ends it is one
    that could not be read, and is tried again by the next run. Where it is not known, the job is
    halved.
    """
    count = len(job.studies)
    if count == 1:
        kills = job.kills + kill.kills
        if kills < _MOST_KILLS and not kill.timed_out:
            return [replace(job, kills=kills)]
        made = _Made()
        _keep_unread(job.studies[0], job.studies[0].instances.to_pylist(), made)
        return _staged(job, made)
    known = 0 <= kill.place < count
    cuts = {0, kill.place, kill.place + 1, count} if known else {0, count // 2, count}
    return [
        replace(
            job,
            studies=job.studies[one:end],
            first=job.first + one,
            kills=kill.kills if known and one == kill.place else 0,
        )
        for one, end in pairwise(sorted(cuts))
    ]


def _staged(job: StudiesJob, made: _Made) -> StudiesResult:
    """Leave the rows of a job in staging."""
    files = {}
    for name, rows in made.rows.items():
        if rows:
            table = TABLES[name]
            path = Path(job.staging) / f"{job.number:08d}-{job.first:06d}-{name}.arrow"
            write_rows(path, table.schema(), [to_arrow(table, rows, asdict(job.lineage))])
            files[name] = str(path)
    return StudiesResult(
        number=job.number,
        version=job.version,
        studies={each.study.study_instance_uid: each.study.inputs_sha256 for each in job.studies},
        unread=tuple(made.unread),
        files=files,
        counts=dict(made.counts),
        first=job.first,
    )


def _read(study: StudyRows, job: StudiesJob, protocols: ProtocolMap, made: _Made) -> None:
    instances, frames = study.instances.to_pylist(), study.frames.to_pylist()
    try:
        readings = _readings(study, instances, job)
    except DoseFileError:
        _keep_unread(study, instances, made)
        return
    settings = job.settings.dose
    headers = header_events(instances, frames, study.references.to_pylist())
    dose = merge(
        study.study.study_instance_uid,
        readings,
        headers,
        images=_images(instances),
        count_unmatched=settings.count_unmatched,
    )
    if settings.ssde:
        found = sizes(study, dose.ct_events, instances, frames, job.lake)
        dose = replace(dose, ct_events=with_sizes(dose.ct_events, found))
    told = sorted((reading.patient for reading in readings), key=repr)
    facts = patient_facts(instances, told, settings)
    rows = exams(
        dose,
        facts,
        protocols=protocols,
        facilities=settings.facilities,
        called=_called(instances),
    )
    _keep(study, instances, dose, rows, facts, made)


def _keep_unread(study: StudyRows, instances: Sequence[Row], made: _Made) -> None:
    made.unread.append(study.study.study_instance_uid)
    made.rows["dose_studies"].append(_study_row(study, instances, "unreadable"))
    made.counts["unread"] += 1


def _readings(study: StudyRows, instances: Sequence[Row], job: StudiesJob) -> list[ReportReading]:
    """Open the reports of a study.

    Raises:
        DoseFileError: one is not there as it was committed, or cannot be read now.
    """
    files = {row["file_id"]: row for row in study.files.to_pylist()}
    found = []
    for row in instances:
        file = files.get(row["file_id"])
        if file is None or not is_report({**row, **file}):
            continue
        whole = {**row, **{name: file[name] for name in FILE_COLUMNS}}
        reading = _read_in_time(_path(file, job.roots), whole, job.settings.headers)
        if reading is not None:
            reading.report.setdefault("file_id", row["file_id"])
            found.append(reading)
    return found


def _read_in_time(path: bytes, row: Row, settings: HeaderSettings) -> ReportReading | None:
    """Read a report; one that takes longer than a header may is one that cannot be read."""
    with watched(settings.read_timeout_s) as watch:
        try:
            return watch.do(lambda row: read_report(path, row, settings), row, watch.note.cells[0])
        except TimeLimitError:
            return unreadable(row)


def _path(file: Row, roots: Mapping[str, str]) -> bytes:
    root = roots.get(file["source"])
    if root is None:
        raise DoseFileError("missing")
    return os.path.join(os.fsencode(root), decode_path(file["path"]))  # noqa: PTH118  (raw bytes)


def _images(instances: Sequence[Row]) -> list[tuple[Row, str]]:
    """Return device and modality of the images, each pair once."""
    pairs: dict[tuple[str, str], tuple[Row, str]] = {}
    for row in instances:
        device = device_of([row])
        pairs.setdefault((repr(sorted(device.items())), row["modality"]), (device, row["modality"]))
    return list(pairs.values())


def _called(instances: Sequence[Row]) -> Called:
    def texts(*names: str) -> tuple[str, ...]:
        found: set[str | None] = set()
        for value in (row.get(name) for row in instances for name in names):
            found.update(value if isinstance(value, list) else [value])
        return tuple(sorted(each for each in found if each))

    return Called(
        commonest(row["study_description"] for row in instances if row.get("study_description")),
        texts("series_description"),
        texts("procedure_code_value", "requested_procedure_code_value"),
    )


_OUTCOMES: Final = {
    (True, True): "both",
    (True, False): "reports",
    (False, True): "headers",
    (False, False): "no_dose",
}
"""What a study was read from, by whether it has reports, and events of headers."""


_DOSES: Final = (
    "ctdivol_mgy",
    "dlp_mgy_cm",
    "dlp_estimated_mgy_cm",
    "kap_gy_cm2",
    "ka_r_mgy",
    "agd_mgy",
    "entrance_exposure_mgy",
    "administered_activity_mbq",
)
"""Columns of events that are doses; an event may be known by its technique alone."""


def _keep(  # noqa: PLR0917  (what became of one study, from one place)
    study: StudyRows,
    instances: Sequence[Row],
    dose: StudyDose,
    exam_rows: Sequence[Row],
    facts: Row,
    made: _Made,
) -> None:
    """Add the rows of a study to those of its job."""
    reports = [{**each, "patient_key": facts.get("patient_key")} for each in dose.reports]
    headers = any(
        each["source_kind"] == "IMAGE_HEADER" and any(each.get(n) is not None for n in _DOSES)
        for each in (*dose.ct_events, *dose.xray_events, *dose.administrations)
    )
    outcome = (
        ("both" if headers else "reports") if reports else ("headers" if headers else "no_dose")
    )
    row = _study_row(study, instances, outcome, len(reports))
    row["patient_key"] = facts.get("patient_key")
    row["devices"] = {
        key: facts_text(device, _groups_of(key, exam_rows)) for key, device in dose.devices.items()
    }
    for name, rows in {
        "dose_studies": [row],
        "dose_reports": [*reports, *_conflicts(study, reports)],
        "ct_irradiation_events": dose.ct_events,
        "ct_irradiation_event_sources": dose.ct_sources,
        "xray_irradiation_events": dose.xray_events,
        "xray_irradiation_event_filters": dose.xray_filters,
        "radiopharmaceutical_administrations": dose.administrations,
        "organ_doses": dose.organ_doses,
        "dose_event_versions": dose.versions,
        "dose_exams": exam_rows,
    }.items():
        made.rows[name].extend(rows)
    made.counts["reports"] += len(reports)
    made.counts["unsupported"] += sum(each["status"] == "unsupported_template" for each in reports)
    made.counts["exams"] += len(exam_rows)
    made.counts["events"] += len(dose.ct_events) + len(dose.xray_events) + len(dose.administrations)


def _groups_of(key: str, exam_rows: Sequence[Row]) -> set[str]:
    return {row["modality_group"] for row in exam_rows if key in row["_devices"]}


def _conflicts(study: StudyRows, reports: Sequence[Row]) -> list[Row]:
    """Return a row for each file that claims the UID of a report with other content."""
    winners = {each["sop_instance_uid"]: each for each in reports}
    return [
        {
            "sop_instance_uid": row["sop_instance_uid"],
            "study_instance_uid": study.study.study_instance_uid,
            "patient_key": winners[row["sop_instance_uid"]]["patient_key"],
            "source_kind": winners[row["sop_instance_uid"]]["source_kind"],
            "status": "conflict",
            "superseded_by": row["sop_instance_uid"],
            "n_events": 0,
            "flags": [],
            "file_id": row["file_id"],
        }
        for row in study.conflicts.to_pylist()
        if row["sop_instance_uid"] in winners
    ]


def _study_row(study: StudyRows, instances: Sequence[Row], outcome: str, n_reports: int = 0) -> Row:
    n_images = sum(not _is_document(row) for row in instances)
    return {
        "study_instance_uid": study.study.study_instance_uid,
        "patient_key": commonest(row["patient_key"] for row in instances),
        "outcome": outcome,
        "n_reports": n_reports,
        "n_images": n_images,
        "n_images_with_dose": study.n_with_dose,
        "inputs_sha256": study.study.inputs_sha256,
    }


def _is_document(row: Row) -> bool:
    return str(row["sop_class_uid"]).startswith("1.2.840.10008.5.1.4.1.1.88.")
