"""`runs`: the runs that committed a version."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Table

RUNS: Final = Table(
    name="runs",
    description=(
        "The runs that committed something. `runs.jsonl` beside the tables has a line for every "
        "run, also for those that changed nothing."
    ),
    grain="run that committed",
    key=("run_id",),
    columns=(
        Column("command", pa.string(), "What was asked for: `run`, `ingest`, `volumes`, `dose`, "
               "`rollback`, `compact`.",
               nullable=False),
        Column("sources", pa.list_(pa.string()), "Names of the sources read, sorted.",
               nullable=False),
        Column("started_at", pa.timestamp("us", tz="UTC"), "When the run started.",
               nullable=False),
        Column("committed_at", pa.timestamp("us", tz="UTC"), "When its last version was committed.",
               nullable=False),
        Column("duration_s", pa.float64(), "Seconds from start to that commit.", unit="s",
               nullable=False),
        Column("base_version", pa.int64(), "Version the run started from; 0 for a new lake.",
               nullable=False),
        Column("files_seen", pa.int64(), "Files found by the crawl."),
        Column("files_read", pa.int64(), "Files opened, the others being unchanged."),
        Column("files_by_status", pa.map_(pa.string(), pa.int64()),
               "The files seen, by status; the sum is `files_seen`."),
        Column("files_by_reader", pa.map_(pa.string(), pa.int64()),
               "The files whose header was read, by reader.", since=2),
        Column("fallbacks", pa.map_(pa.string(), pa.int64()),
               "The files that the fast reader left to pydicom, by reason.", since=2),
        Column("files_outdated", pa.int64(),
               "Files read again because an older schema lacks columns that stand in them.",
               since=2),
        Column("volumes_accepted", pa.int64(), "Volumes written by the run."),
        Column("volumes_rejected", pa.int64(), "Series or groups rejected by the run."),
        Column("dose_studies", pa.int64(), "Studies whose dose was read by the run.", since=3),
        Column("dose_reports", pa.int64(), "Dose reports read by the run.", since=3),
        Column("dose_events", pa.int64(), "Irradiation events and administrations of them.",
               since=3),
        Column("dose_exams", pa.int64(), "Exams of these studies.", since=3),
        Column("workers", pa.int64(), "Worker processes; 0 when the work was done inline."),
        Column("settings_sha256", pa.string(), "Digest of the settings the run used.",
               nullable=False),
        *LINEAGE,
    ),
)
