"""What becomes of hostile and broken input: every file has a row, and every reason is a code.

The rows of the table of hostile input, and the tests that prove them. "zoo" is `make/zoo.py`: one
tree with all of them, read by whole runs of the command line (`test_the_zoo`), each case asserted
by its own name. What a row needs beyond that stands behind it; the tests named with a path prove
it at length.

    1-8    zoo; tests/unit/headers/test_hostile_files.py
    9      zoo, test_09 (peak memory); tests/unit/pixels_decoding/test_hostile.py
    10-11  zoo (the volume refuses); tests/unit/pixels_decoding/test_hostile.py
    12-13  zoo; tests/unit/headers/test_hostile_files.py
    14-15  test_14_15 (inline); tests/flows/test_isolation.py (worker processes that are killed);
           tests/unit/pixels_decoding/test_process.py (decoders)
    16     zoo; tests/unit/discovery/test_walk.py
    17     zoo, test_17 (followed); tests/unit/discovery/test_walk.py
    18     zoo; tests/unit/ingest/test_settle.py
    19     test_19 (as a user without rights); tests/unit/ingest/test_ingest.py
    20     zoo, test_20 (CSV, HTML, terminal, JSON)
    21-23  test_21, test_22, test_23; tests/unit/ingest/test_ingest.py
    24-25  zoo, test_24, test_25 (any order of arrival); tests/unit/ingest/test_settle.py
    26-34  zoo, test_27 (nothing outside the lake), test_30 (NULL); tests/unit/headers
    35     zoo, test_35 (nothing that it names is opened)
    36     zoo, test_36 (in no cell of any table)
    37     zoo; tests/spec/test_volumes.py
    38     zoo, test_38 (read on demand); tests/unit/discovery/test_archives.py,
           tests/flows/test_archives.py
    39     zoo
    40     test_40; tests/unit/ingest/test_ingest.py, tests/flows/test_runs.py
    41     test_41; tests/flows/test_runs.py
    42-43  test_42, test_43; tests/faults/test_commit_faults.py, tests/faults/test_volume_faults.py
    44     test_44; tests/faults/test_committers.py
    45     test_45; tests/unit/tables_store/test_verify.py
    46     test_46; tests/unit/discovery/test_sources.py, tests/unit/tables_store/test_commit.py
    47     test_47
    48     test_48; tests/unit/tables_store/test_verify.py
"""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from make import zoo
from make.ingest import Ingester
from make.one_run import run_inline
from make.series import ct_series, ct_slice, uid, write
from make.strangers import as_stranger, open_folder
from make.tree import clean_environment, command, start
from pydicom.errors import BytesLengthException, InvalidDicomError

from dicomlake import Lake
from dicomlake.config.settings import load_settings
from dicomlake.flows import run as flows_run
from dicomlake.flows.cli import main
from dicomlake.pipeline.headers import attempt as reading
from dicomlake.pipeline.headers import elements
from dicomlake.pipeline.tables import commit, ingest, staging
from dicomlake.pipeline.tables.layout import manifest_path, snapshot_path
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import Severity, verify
from dicomlake.pipeline.volumes.store import volume_digest
from dicomlake.schemas.tables import TABLES

pytestmark = pytest.mark.timeout(200)

Row = dict[str, Any]
INLINE = ("--workers", "0", "--no-track")


def dicomlake(*arguments: str | Path) -> int:
    """Run the command line in this process; return its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def rows_of(lake: Path, table: str) -> list[Row]:
    found: list[Row] = Lake(lake).table(table).to_arrow().to_pylist()
    return found


def statuses(lake: Path) -> dict[str, tuple[str, str | None]]:
    return {row["path"]: (row["status"], row["reason"]) for row in rows_of(lake, "files")}


def assert_healthy(lake: Path) -> None:
    found = verify(lake, deep=True, volume_digest=volume_digest)
    assert [each for each in found if each.severity is not Severity.INFO] == []


def one_error(said: str) -> str:
    """Return the line of an error, which is the last and the only one."""
    lines = [line for line in said.splitlines() if line.startswith("dicomlake: error:")]
    assert len(lines) == 1, said
    assert "Traceback" not in said
    assert said.rstrip().endswith(lines[0])
    return lines[0]


# The zoo: one tree, whole runs, every case by its name.


@dataclass(frozen=True)
class Visit:
    """A whole run over the zoo: what it said, and what it left."""

    tree: Path
    lake: Path
    made: Mapping[str, zoo.Case]
    summary: dict[str, Any]
    said: str
    """Standard output and error, the log and the record of runs."""

    def table(self, name: str) -> list[Row]:
        return self._tables[name]

    @cached_property
    def _tables(self) -> dict[str, list[Row]]:
        return {name: rows_of(self.lake, name) for name in TABLES if name != "frames"}

    def files(self, case: str) -> dict[str, Row]:
        """Return the rows of the files of a case by their path in its folder."""
        folder = zoo.folder_of(case) + "/"
        return {
            row["path"].removeprefix(folder): row
            for row in self.table("files")
            if row["path"].startswith(folder)
        }

    def instances(self, case: str) -> dict[str, Row]:
        """Return the rows of the instances of a case by the path of their file."""
        paths = {row["file_id"]: path for path, row in self.files(case).items()}
        return {
            paths[row["file_id"]]: row for row in self.table("instances") if row["file_id"] in paths
        }

    def series(self, case: str) -> set[str]:
        return {row["series_instance_uid"] for row in self.instances(case).values()}

    def codes(self, case: str) -> set[str]:
        """Return the codes of the findings about a case."""
        ids = {row["file_id"] for row in self.files(case).values()}
        series = self.series(case)
        return {
            row["code"]
            for row in self.table("issues")
            if row["file_id"] in ids
            or (row["file_id"] is None and row["series_instance_uid"] in series)
        }

    def verdicts(self, case: str) -> set[str]:
        """Return `accepted` or the reason for every volume of a case."""
        series = self.series(case)
        return {
            "accepted" if row["status"] == "accepted" else row["reason"]
            for row in self.table("volumes")
            if row["series_instance_uid"] in series
        }


VISITS = {"fast": (), "pydicom, every table": ("--reader", "pydicom")}
LIMITS = {
    "DICOMLAKE_HEADERS__MAX_HEADER_BYTES": str(20 << 20),
    "DICOMLAKE_HEADERS__MAX_INFLATED_BYTES": str(60 << 20),
}
EVERY_TABLE = {"DICOMLAKE_HEADERS__ELEMENTS": "true", "DICOMLAKE_HEADERS__DICOM_JSON": "true"}


@pytest.fixture(scope="module")
def zoo_tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, zoo.Case]]:
    tree = tmp_path_factory.mktemp("zoo") / "in"
    return tree, zoo.build(tree)


@pytest.fixture(scope="module", params=list(VISITS))
def visit(
    request: pytest.FixtureRequest,
    zoo_tree: tuple[Path, Mapping[str, zoo.Case]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Visit:
    """A run of the command line over the zoo, as chatty as it gets."""
    tree, made = zoo_tree
    folder = tmp_path_factory.mktemp("visit")
    more = EVERY_TABLE if "every table" in request.param else {}
    done = command(
        "run", str(tree), *INLINE, "--json", "-v", "--log-file", "run.log", *VISITS[request.param],
        cwd=folder, environment=clean_environment(**LIMITS, **more),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = [folder / "run.log", folder / "lake" / "runs.jsonl"]
    said = done.stdout + done.stderr + "".join(each.read_text() for each in files)
    return Visit(tree, folder / "lake", made, json.loads(done.stdout), said)


@pytest.mark.parametrize("case", zoo.CASES)
def test_the_zoo(visit: Visit, case: str) -> None:
    if case not in visit.made:
        pytest.skip("this account cannot make such a file")
    expected = zoo.CASES[case]
    files = visit.files(case)
    assert {path: (row["status"], row["reason"]) for path, row in files.items()} == expected.files
    assert visit.codes(case) - {"elements_left_out"} == expected.codes
    ingested = {path for path, (status, _) in expected.files.items() if status == "ingested"}
    assert set(visit.instances(case)) == ingested
    if expected.volumes is not None:
        assert visit.verdicts(case) == expected.volumes


def test_the_run_over_the_zoo_accounts_for_every_file(visit: Visit) -> None:
    files = visit.summary["files"]
    expected = sum(len(case.files) for case in visit.made.values())
    assert files["seen"] == sum(files["by_status"].values()) == expected
    assert len(visit.table("files")) == expected
    assert len({row["file_id"] for row in visit.table("files")}) == expected
    assert_healthy(visit.lake)
    assert not list((visit.lake / "staging").iterdir())


def test_no_value_of_a_patient_is_told(visit: Visit) -> None:
    said = visit.said.lower()
    findings = json.dumps(visit.table("issues") + visit.table("files"), default=str).lower()
    for secret in zoo.SECRETS:
        assert secret not in said
        assert secret not in findings
    assert any(row["patient_id"] == zoo.ID for row in visit.table("instances"))


def test_a_second_run_over_the_zoo_commits_nothing(visit: Visit) -> None:
    before = open_version(visit.lake).number
    more = EVERY_TABLE if visit.table("elements") else {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (LIMITS | more).items():
            patch.setenv(name, value)
        reader = ["--reader", "pydicom"] if more else []
        assert dicomlake("run", visit.tree, "--lake", visit.lake, *INLINE, *reader) == 0
    assert open_version(visit.lake).number == before


# What single rows need beyond their status.


def test_09_a_deflate_bomb_stays_far_below_what_it_inflates_to(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "header").write_bytes(zoo.bomb("header", 0x00091010, 4000))
    (tmp_path / "in" / "pixels").write_bytes(zoo.bomb("pixels", 0x7FE00010, 4000))
    environment = clean_environment(
        DICOMLAKE_HEADERS__MAX_INFLATED_BYTES="100000000",
        DICOMLAKE_HEADERS__MAX_HEADER_BYTES="50000000",
    )
    done = command("ingest", "in", "--json", *INLINE, cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["files"]["by_reason"] == {"quarantined/too_large": 2}
    assert summary["peak_memory_bytes"] < 400e6


@pytest.mark.parametrize("reason", ["timeout", "memory"])
def test_14_15_a_file_that_takes_too_much_is_quarantined_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    tree, lake = tmp_path / "in", tmp_path / "lake"
    for k, name in enumerate(("a", "greedy", "z")):
        write(zoo.image("14", k), tree / name)
    sniff = reading.sniff

    def greedy(head: bytes, size: int, name: str) -> object:
        if name == "greedy" and reason == "memory":
            raise MemoryError
        end = time.monotonic() + 20
        while name == "greedy" and time.monotonic() < end:
            pass
        return sniff(head, size, name)

    monkeypatch.setattr(reading, "sniff", greedy)
    monkeypatch.setenv("DICOMLAKE_HEADERS__READ_TIMEOUT_S", "0.5")
    begun = time.monotonic()
    assert dicomlake("ingest", tree, "--lake", lake, *INLINE) == 0
    assert time.monotonic() - begun < 15
    good = ("ingested", None)
    assert statuses(lake) == {"a": good, "greedy": ("quarantined", reason), "z": good}


ESCAPES = [
    InvalidDicomError(zoo.NAME),
    BytesLengthException(zoo.NAME),
    NotImplementedError(zoo.NAME),
    OSError(zoo.NAME),
    ValueError(zoo.NAME),
    RecursionError(zoo.NAME),
    OverflowError(zoo.NAME),
    IndexError(zoo.NAME),
    zlib.error(zoo.NAME),
]


@pytest.mark.parametrize("error", ESCAPES, ids=lambda error: type(error).__name__)
def test_what_escapes_from_pydicom_costs_its_file_and_is_told_by_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    for k, name in enumerate(("a", "escapes", "z")):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(zoo.small(f"escape {k}"))
    generate = elements.data_element_generator

    def failing(stream: io.BytesIO, *given: Any, **named: Any) -> Any:
        if uid("escape 1", "study").encode() in stream.getvalue():
            raise error
        return generate(stream, *given, **named)

    monkeypatch.setattr(elements, "data_element_generator", failing)
    ingested = Ingester(tmp_path / "lake", load_settings(None, None, {"headers.reader": "pydicom"}))
    ingested(tmp_path / "in")
    good = ("ingested", None)
    assert ingested.statuses() == {
        "in/a": good, "in/escapes": ("quarantined", "invalid"), "in/z": good,
    }  # fmt: skip
    (finding,) = ingested.rows("issues")
    assert finding["detail"] == f"pydicom: {type(error).__name__}"


def test_17_links_that_are_followed_stay_inside_and_end(tmp_path: Path) -> None:
    tree = tmp_path / "in"
    zoo.build_one(tree, "17 links")
    chosen = load_settings(None, None, {"engine.workers": 0, "discovery.follow_symlinks": True})
    run_inline(tree, tmp_path / "lake", chosen)
    found = {path.partition("/")[2]: state for path, state in statuses(tmp_path / "lake").items()}
    refused = dict.fromkeys(("dangling", "itself", "out", "outside", "up"), ("skipped", "symlink"))
    assert found == {**refused, "real": ("ingested", None), "twin": ("duplicate", None)}


def test_19_what_may_not_be_read_is_skipped_and_ends_with_3_and_deletes_nothing() -> None:
    with open_folder() as folder:
        for name in ("plain", "shut"):
            ct_series(folder / "in" / name, 5, name=name)
        lake = folder / "lake"
        os.chmod(folder, 0o777)  # nobody makes the lake in it
        arguments = ("ingest", folder / "in", "--lake", lake, *INLINE)
        assert as_stranger(lambda: dicomlake(*arguments)) == 0
        (folder / "in" / "shut").chmod(0)
        (folder / "in" / "plain" / "IM0000").chmod(0)
        assert as_stranger(lambda: dicomlake(*arguments)) == 3
        assert set(statuses(lake).values()) == {("ingested", None), ("skipped", "permission")}
        assert statuses(lake)["in/shut".removeprefix("in/")] == ("skipped", "permission")
        assert len(rows_of(lake, "instances")) == 10


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_20_names_are_disarmed_in_csv_and_html_and_come_back_from_json(
    visit: Visit, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    query = (
        "SELECT regexp_extract(path, '[^/]*$') AS name, protocol_name, station_name "
        "FROM files LEFT JOIN instances USING (file_id) WHERE path LIKE '20-%'"
    )
    said = {}
    for form in ("csv", "json", "table"):
        assert dicomlake("sql", query, "--format", form, "--lake", visit.lake) == 0
        said[form] = capsys.readouterr().out
    cells = [cell for row in csv_rows(said["csv"]) for cell in row.values() if cell]
    assert len(csv_rows(said["csv"])) == len(zoo.NAMES) + len(zoo.SLICES)
    assert not [cell for cell in cells if cell[0] in "=+-@\t\r"]
    names = {row["name"] for row in json.loads(said["json"])}
    assert names == {*zoo.NAMES.values(), *zoo.SLICES}
    assert not set("\x1b\x07\x00") & set(said["table"])
    assert dicomlake("dose", "report", "--out", tmp_path / "page.html", "--lake", visit.lake) == 0
    page = (tmp_path / "page.html").read_text()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;alert(1)" in page
    sheets = ("--format", "csv", "--out", tmp_path / "sheets")
    assert dicomlake("dose", "report", *sheets, "--lake", visit.lake) == 0
    texts = [path.read_text(encoding="utf-8-sig") for path in (tmp_path / "sheets").glob("*.csv")]
    told = [cell for text in texts for row in csv.reader(io.StringIO(text)) for cell in row if cell]
    assert any("cmd|" in cell for cell in told)
    assert not [cell for cell in told if cell[0] in "=@\t\r"]


def test_21_a_file_removed_between_crawl_and_read_is_skipped(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    path = write(ct_slice(0), tree / "a")
    write(ct_slice(1), tree / "b")
    ingest_tree = Ingester(tmp_path / "lake")
    attempt = staging.attempt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "attempt", lambda batch: (path.unlink(), attempt(batch))[1])
        ingest_tree(tree)
    assert ingest_tree.statuses() == {
        "tree/a": ("skipped", "vanished"),
        "tree/b": ("ingested", None),
    }
    ingest_tree(tree, allow_deletes=True)
    assert ingest_tree.statuses()["tree/a"] == ("deleted", None)


def test_22_a_file_that_changes_whenever_it_is_read_is_deferred_and_keeps_its_earlier_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, lake = tmp_path / "in", tmp_path / "lake"
    for k in range(2):
        write(ct_slice(k), tree / str(k))
    assert dicomlake("ingest", tree, "--lake", lake, *INLINE) == 0
    write(ct_slice(2), tree / "new")
    os.utime(tree / "0", ns=(1, 1))
    sniff, times = reading.sniff, iter(range(2, 1000))

    def written_to(head: bytes, size: int, name: str) -> object:
        if name in ("0", "new"):
            os.utime(tree / name, ns=(next(times),) * 2)
        return sniff(head, size, name)

    monkeypatch.setattr(reading, "sniff", written_to)
    dicomlake("ingest", tree, "--lake", lake, *INLINE)
    assert statuses(lake) == {
        "0": ("ingested", None), "1": ("ingested", None), "new": ("deferred", "unstable"),
    }  # fmt: skip
    monkeypatch.undo()
    assert dicomlake("ingest", tree, "--lake", lake, *INLINE) == 0
    assert set(statuses(lake).values()) == {("ingested", None)}


def test_23_the_nightly_preset_waits_for_young_files_and_not_for_those_of_the_future(
    tmp_path: Path,
) -> None:
    tree, lake = tmp_path / "in", tmp_path / "lake"
    now = time.time()
    for k, (name, age) in enumerate({"young": 0, "old": 500, "future": -86_400}.items()):
        os.utime(write(ct_slice(k), tree / name), (now - age, now - age))
    arguments = ("ingest", tree, "--lake", lake, "--preset", "nightly", *INLINE)
    assert dicomlake(*arguments) == 0
    assert statuses(lake) == {
        "young": ("deferred", "too_new"), "old": ("ingested", None), "future": ("ingested", None),
    }  # fmt: skip
    os.utime(tree / "young", (now - 500, now - 500))
    assert dicomlake(*arguments) == 0
    assert set(statuses(lake).values()) == {("ingested", None)}


@pytest.mark.parametrize("first", ["a", "b"])
def test_24_25_the_winner_does_not_depend_on_arrival(tmp_path: Path, first: str) -> None:
    """Two sources, either of them read first: the lowest path wins among equal contents."""
    for source in ("a", "b"):
        write(ct_slice(0), tmp_path / source / "same")
        write(ct_slice(1, ContentTime=f"1{ord(source) % 2}0000"), tmp_path / source / "other")
    lake = tmp_path / "lake"
    for source in (first, "b" if first == "a" else "a"):
        assert dicomlake("ingest", tmp_path / source, "--lake", lake, *INLINE) == 0
    found = {f"{r['source']}/{r['path']}": r["status"] for r in rows_of(lake, "files")}
    assert found == {
        "a/same": "ingested", "b/same": "duplicate", "a/other": "ingested", "b/other": "conflict",
    }  # fmt: skip


def names_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_27_nothing_that_a_uid_says_becomes_a_path(tmp_path: Path) -> None:
    tree, lake = tmp_path / "deep" / "er" / "in", tmp_path / "deep" / "er" / "lake"
    zoo.build_one(tree, "27 bad UIDs")
    before = names_below(tmp_path)
    with opened() as files:
        assert dicomlake("run", tree, "--lake", lake, *INLINE) == 0
        out = ("--format", "nifti", "--out", lake.parent / "out")
        assert dicomlake("export", *out, "--lake", lake) == 0
    assert len(list((lake.parent / "out").glob("*.nii.gz"))) == len(zoo.BAD_UIDS)
    added = names_below(tmp_path) - before
    assert {name.split("/")[2] for name in added} == {"lake", "out"}
    said = [
        name
        for name in added
        for bad in ("zoo-outside", "..", "%2e", "1.02", "1.1.1")
        if bad in name
    ]
    assert said == []
    written = [path for path, writes in files if writes and not inside(path, tmp_path)]
    assert written == []


_opened: list[tuple[str, bool]] = []
_recording: list[bool] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _recording and event in {"open", "os.scandir", "os.listdir"} and arguments:
        path = arguments[0]
        if isinstance(path, str | bytes | os.PathLike):
            flags = arguments[2] if event == "open" else 0
            writes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
            _opened.append((os.fsdecode(path), writes))


@contextmanager
def opened() -> Iterator[list[tuple[str, bool]]]:
    """Give the paths that this process opens meanwhile, each with whether to write to it."""
    if not _audit_added:
        sys.addaudithook(_audit)
        _audit_added.append(True)
    _opened.clear()
    _recording.append(True)
    try:
        yield _opened
    finally:
        _recording.clear()


_audit_added: list[bool] = []


def inside(path: str, folder: Path) -> bool:
    """Return whether a path lies in a folder, or is no file of a disk."""
    real = os.path.realpath(path)
    return real.startswith((f"{folder.resolve()}/", "/dev/", "/proc/"))


def test_30_a_malformed_value_is_null_and_named_in_its_own_row(visit: Visit) -> None:
    instances = visit.instances("30 malformed values")
    assert set(instances) == set(zoo.MALFORMED)
    for name, (_, _, _, column) in zoo.MALFORMED.items():
        row = instances[name]
        assert row[column] is None, name
        assert len(row["invalid_attributes"]) == 1, name
        assert row["patient_id"] == zoo.ID, name
    (row,) = visit.instances("30 a million values").values()
    assert row["window_center"] == [1.0] * 10_000


def test_35_nothing_that_a_dicomdir_names_is_opened(tmp_path: Path) -> None:
    tree = tmp_path / "in"
    zoo.build_one(tree, "35 DICOMDIR")
    with opened() as files:
        for reader in ("fast", "pydicom"):
            lake = tmp_path / reader
            assert dicomlake("run", tree, "--lake", lake, *INLINE, "--reader", reader) == 0
            assert set(statuses(lake).values()) == {("dicomdir", None)}
    names = {os.path.basename(path) for path, _ in files}
    assert "DICOMDIR" in names
    assert not names & {"passwd", "etc"}


def test_36_a_program_in_a_preamble_is_in_no_cell_of_any_table(visit: Visit) -> None:
    ids = {row["file_id"] for row in visit.files("36 executable preamble").values()}
    rows = [
        row
        for name in TABLES
        if name not in ("frames", "runs")
        for row in visit.table(name)
        if row.get("file_id") in ids
    ]
    assert len(rows) > len(ids)
    assert "rm -rf" not in repr(rows)
    assert "\xcc\xcc" not in repr(rows)
    assert "\\xcc" not in repr(rows)


def test_38_archives_are_read_on_demand_and_no_path_of_theirs_is_taken(tmp_path: Path) -> None:
    """Hostile ones, those of the zoo among them, stay `skipped/archive`, with an issue each."""
    tree, lake = tmp_path / "in", tmp_path / "lake"
    zoo.build_one(tree, "38 archives")
    slices = ct_series(tmp_path / "made", 3, rows=8, columns=8)
    with zipfile.ZipFile(tree / "slip.zip", "w") as archive:
        for path in slices:
            archive.write(path, f"../../../../{path.name}")
    with zipfile.ZipFile(tree / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(24 << 20))
    names = {path.name for path in tmp_path.rglob("*")}
    assert dicomlake("ingest", tree, "--lake", lake, *INLINE, "--archives") == 0
    rows = {row["file_id"]: row for row in rows_of(lake, "files")}
    ingested = [row for row in rows.values() if row["status"] == "ingested"]
    assert [row["source"] for row in ingested] == ["in.archives"] * 3
    said = {rows[row["file_id"]]["path"].rpartition("/")[2]: row for row in rows_of(lake, "issues")}
    assert {name: row["code"] for name, row in said.items()} == {
        "slip.zip": "archive_unpacked",
        "bomb.zip": "archive_limit",
        "empty.zip": "archive_unpacked",
        **dict.fromkeys(("a.zip", "noext", "a.tar"), "archive_damaged"),
    }
    assert "max_ratio" in said["bomb.zip"]["detail"]
    unpacked = {path.name for path in (lake / "unpacked").rglob("*") if path.is_file()}
    assert {name for name in unpacked if not name.endswith(".json")} == {
        "000001",
        "000002",
        "000003",
    }
    outside = (path for path in tmp_path.rglob("*") if lake not in (path, *path.parents))
    assert {path.name for path in outside} == names
    assert_healthy(lake)


def test_40_a_deleted_file_leaves_its_row_and_takes_its_instance_and_volume(tmp_path: Path) -> None:
    tree, lake = tmp_path / "in", tmp_path / "lake"
    series = ct_series(tree, 5)
    ct_series(tree / "more", 5, name="more")
    run_inline(tree, lake)
    series[0].unlink()
    shutil.rmtree(tree / "more")
    run_inline(tree, lake)
    gone = {row["path"]: row for row in rows_of(lake, "files") if row["status"] == "deleted"}
    assert set(gone) == {"IM0000", *(f"more/IM{k:04d}" for k in range(5))}
    assert all(row["deleted_at"] is not None for row in gone.values())
    assert len(rows_of(lake, "instances")) == 4
    (volume,) = rows_of(lake, "volumes")
    assert volume["series_instance_uid"] == uid("series", "series")
    assert volume["n_slices"] == 4
    assert_healthy(lake)


# Runs that end early, damaged lakes.


@pytest.fixture(scope="module")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a source `in` of 6 slices, its lake, and a copy of the lake."""
    folder = tmp_path_factory.mktemp("small")
    ct_series(folder / "in", 6)
    assert dicomlake("run", folder / "in", "--lake", folder / "lake", *INLINE) == 0
    as_it_was(folder / "lake", folder / "kept")
    return folder


@pytest.fixture
def place(small_lake: Path) -> Path:
    """The same folder and lake as if no test had been there, and one series more in the source."""
    for used in small_lake.iterdir():
        if used.name != "kept":
            shutil.rmtree(used)
    as_it_was(small_lake / "kept", small_lake / "lake")
    ct_series(small_lake / "in", 6)
    ct_series(small_lake / "in" / "new", 5, name="new")
    return small_lake


def as_it_was(lake: Path, copy: Path) -> None:
    """Copy a lake with its links, soft and hard."""
    subprocess.run(["cp", "-a", str(lake), str(copy)], check=True)


def test_41_sigterm_commits_nothing_and_the_next_run_ends_as_if_undisturbed(place: Path) -> None:
    ct_series(place / "in" / "many", 60, name="many")
    before = open_version(place / "lake").number
    environment = clean_environment(DICOMLAKE_ENGINE__BATCH_FILES="1")
    process = start(["ingest", "in", "--workers", "0"], place, environment)
    while not list((place / "lake" / "staging").glob("*/batches/*")):
        assert process.poll() is None, "the run was over before it could be ended"
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "ended by SIGTERM" in one_error(err)
    assert open_version(place / "lake").number == before
    assert dicomlake("run", place / "in", "--lake", place / "lake", *INLINE) == 0
    assert len(rows_of(place / "lake", "instances")) == 6 + 5 + 60


@pytest.mark.parametrize(
    ("row", "fault", "code"),
    [
        ("42", "version.publish:kill", -signal.SIGKILL),
        ("43", "part.write:enospc", 1),
    ],
)
def test_42_43_a_run_that_is_killed_or_whose_disk_fails_leaves_the_old_version(
    place: Path, row: str, fault: str, code: int
) -> None:
    lake = place / "lake"
    before = statuses(lake)
    environment = clean_environment(DICOMLAKE_FAULT=fault)
    done = command("run", "in", *INLINE, cwd=place, environment=environment)
    assert done.returncode == code
    if row == "43":
        one_error(done.stderr)
    assert statuses(lake) == before
    assert dicomlake("run", place / "in", "--lake", lake, *INLINE) == 0
    assert len(rows_of(lake, "instances")) == 11
    assert [row["status"] for row in rows_of(lake, "volumes")] == ["accepted"] * 2


def test_44_two_runs_at_once_lose_nothing(place: Path) -> None:
    ct_series(place / "other", 5, name="other")
    runs = [start(["run", source, "--workers", "0"], place) for source in ("in", "other")]
    for each in runs:
        _, err = each.communicate(timeout=100)
        assert each.returncode == 0, err
    assert len(rows_of(place / "lake", "instances")) == 6 + 5 + 5
    assert len([r for r in rows_of(place / "lake", "volumes") if r["status"] == "accepted"]) == 3
    assert_healthy(place / "lake")


@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
def test_45_a_damaged_part_is_named_and_nothing_is_written_on_top(
    place: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    lake = place / "lake"
    write(ct_slice(5, PatientSex="F"), place / "in" / "IM0005")  # its part has to be written anew
    version = open_version(lake)
    part, _ = version.parts("instances")[0]
    raw = bytearray(part.read_bytes())
    if how == "gone":
        part.unlink()
    else:
        raw[len(raw) // 2] ^= 1
        part.write_bytes(raw if how == "flipped" else raw[:-20])
    capsys.readouterr()
    assert dicomlake("verify", "--lake", lake) == 1
    assert part.name in capsys.readouterr().out
    assert dicomlake("run", place / "in", "--lake", lake, *INLINE) == 1
    assert part.stem in one_error(capsys.readouterr().err)
    assert open_version(lake).number == version.number


def newest(lake: Path) -> Path:
    return manifest_path(lake, open_version(lake).number)


def edited(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


REFUSALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a manifest of garbage": (
        lambda lake: newest(lake).write_bytes(b"\xff\0garbage"), ".json cannot be",
    ),
    "an empty manifest": (lambda lake: newest(lake).write_bytes(b""), ".json cannot be"),
    "a manifest that is a list": (lambda lake: newest(lake).write_text("[]"), ".json cannot be"),
    "a newer schema": (lambda lake: edited(newest(lake), schema_version=10_000), "newer"),
    "a newer layout": (
        lambda lake: (lake / "lake.toml").write_text("format = 99\n"), "format",
    ),
    "no lake.toml that can be read": (
        lambda lake: (lake / "lake.toml").write_bytes(b"\xff=\0"), "lake.toml",
    ),
    "values that were made with a secret": (
        lambda lake: (lake / "lake.toml").write_text(
            'format = 1\nprivacy = "pseudonymised"\nkey_id = "0123456789abcdef"\n'
        ),
        "secret",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSALS)
def test_46_a_lake_that_cannot_be_used_is_refused_before_anything_is_read(
    place: Path, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    spoil, word = REFUSALS[what]
    lake = place / "lake"
    spoil(lake)
    left = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    capsys.readouterr()
    with opened() as files:
        assert dicomlake("run", place / "in", "--lake", lake, *INLINE) in (1, 2)
    assert word in one_error(capsys.readouterr().err)
    read = [path for path, _ in files if path.startswith(f"{place / 'in'}/")]
    assert read == []
    now = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    assert {path: now[path] for path in left if path.name != "runs.jsonl"} == {
        path: raw for path, raw in left.items() if path.name != "runs.jsonl"
    }


def test_46_a_lake_inside_its_own_source_is_refused_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ct_series(tmp_path / "in", 2)
    (tmp_path / "link").symlink_to("in")
    for lake in (tmp_path / "in" / "lake", tmp_path / "link" / "lake", tmp_path / "in"):
        assert dicomlake("run", tmp_path / "in", "--lake", lake, *INLINE) == 2
        assert "source" in one_error(capsys.readouterr().err)
    assert sorted(os.listdir(tmp_path / "in")) == ["IM0000", "IM0001"]


class Past(datetime):
    """The clock of a machine that was set back by a year."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Past":
        past = datetime.now(tz) - timedelta(days=365)
        return cls.fromtimestamp(past.timestamp(), tz)


def test_47_with_the_clock_set_back_versions_still_count(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = place / "lake"
    before = open_version(lake)
    for module in (flows_run, commit, ingest):
        monkeypatch.setattr(module, "datetime", Past)
    monkeypatch.setattr(time, "time_ns", lambda: int(Past.now(UTC).timestamp() * 1e9))
    shutil.rmtree(place / "in" / "new")
    ct_series(place / "in" / "late", 5, name="late")
    (place / "in" / "IM0005").unlink()
    arguments = ("run", place / "in", "--lake", lake, "--preset", "nightly", *INLINE)
    assert dicomlake(*arguments) == 0
    after = open_version(lake)
    assert after.number > before.number
    assert os.readlink(lake / "current").endswith(f"{after.number:08d}")
    assert len(rows_of(lake, "instances")) == 5 + 5
    runs = sorted(rows_of(lake, "runs"), key=lambda row: str(row["base_version"]).zfill(9))
    assert runs[-1]["committed_at"] < runs[0]["committed_at"]
    monkeypatch.undo()
    assert dicomlake(*arguments) == 0
    assert open_version(lake).number == after.number
    assert_healthy(lake)


def test_48_a_stray_file_in_a_published_folder_is_reported(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = place / "lake"
    stray = snapshot_path(lake, open_version(lake).number) / "files" / "stray.parquet"
    stray.write_bytes(b"PAR1")
    dicomlake("verify", "--lake", lake, "--json")
    found = json.loads(capsys.readouterr().out)
    assert [row["code"] for row in found if row["path"].endswith("stray.parquet")] == ["stray_file"]
