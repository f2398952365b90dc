"""The stages that read doses: read, commit."""

from collections import Counter
from pathlib import Path

from dicomlake.flows.engine import Engine
from dicomlake.flows.kills import Done
from dicomlake.flows.run import Run
from dicomlake.flows.summary import DoseCounts
from dicomlake.pipeline.dose import stage as dose
from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.headers.notes import Kill
from dicomlake.pipeline.tables.commit import Change, LakeWriter, TableDelta
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables.runs import RUNS


def make_dose(run: Run, writer: LakeWriter, engine: Engine, staging: Path) -> None:
    """Read the doses of the studies whose objects changed, and commit them."""
    base = writer.base
    results = run.stage("dose", lambda: _read_doses(run, base, engine, staging))
    assert run.dose is not None
    outdated = dose.levels_outdated(base, run.settings.dose)
    if not (results or run.dose.gone or outdated):
        return

    def change(base: Version) -> Change:
        made = dose.dose_change(base, results, run.settings.dose, run.lineage, staging)
        return Change({**made.tables, RUNS.name: TableDelta(run.runs_row())})

    def commit() -> Version | None:
        run.workers = engine.workers_used
        return writer.commit(run.run_id, change, engine.map_parts())

    run.committed(run.stage("commit dose", commit), "dose")


def _read_doses(run: Run, base: Version, engine: Engine, staging: Path) -> list[dose.StudiesResult]:
    """Read the dose of every study whose objects are not those of its rows."""
    settings = run.settings.dose
    pending = dose.pending_studies(base, settings, everything=run.request.reprocess)
    results = []
    counts: Counter[str] = Counter()
    if pending.studies:
        jobs = dose.study_jobs(base, run.settings, staging, run.lineage, pending.studies)
        cost_s = dose.cost_s(pending.studies)
        shown = run.reporter.progress("dose", len(pending.studies), unit="studies")
        with shown as progress:
            for each in engine.map(
                dose.read_studies,
                jobs,
                cost_s=cost_s,
                name=_studies_name,
                on_killed=_on_killed,
            ):
                results.append(each)
                counts.update(each.counts)
                progress.advance(len(each.studies))
    read = sum(len(each.studies) for each in results)
    if read != len(pending.studies):
        raise ReconciliationError(
            f"{len(pending.studies):,} studies were to be read for doses, {read:,} were.",
            "No dose was committed; run again.",
        )
    found = {each.study_instance_uid for each in pending.studies}
    left = run.doses_left - found  # by ingest, moments ago
    run.dose = DoseCounts(read, gone=len(left.union(pending.gone)), **counts)
    return results


def _on_killed(
    job: dose.StudiesJob, kill: Kill
) -> list[dose.StudiesJob] | Done[dose.StudiesResult]:
    found = dose.give_up_studies(job, kill)
    return found if isinstance(found, list) else Done(found)


def _studies_name(job: dose.StudiesJob) -> str:
    """Return what a message calls studies: a file of them, for a UID is a DICOM value."""
    rows = job.studies[0].instances
    first = rows.column("file_id")[0].as_py() if rows.num_rows else "that left"
    return f"{len(job.studies)} studies from that of file {first} on"
