"""Who is to blame when workers die, told from notes alone: no worker is started here."""

from pathlib import Path

import pytest
from make.lakes import lineage
from make.rows import default_settings
from make.series import ct_series

from dicomlake.flows.kills import Done, Given, Kills, once_more
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.errors import EngineError
from dicomlake.pipeline.headers.attempt import Batch
from dicomlake.pipeline.headers.notes import Kill
from dicomlake.pipeline.tables.columnar import pc
from dicomlake.pipeline.tables.killed_batches import KilledBatches, StagedPiece, stage
from dicomlake.pipeline.tables.staging import StagedBatch, gather


def note(folder: Path, given: Given[str], place: int = -1, more: bytes = b"") -> None:
    """Leave what a worker leaves that dies with a job."""
    folder.mkdir(exist_ok=True)
    cells = place.to_bytes(8, "little", signed=True) + bytes(8)
    (folder / f"{given.key}.1-a").write_bytes(cells + more)


@pytest.fixture
def kills(tmp_path: Path) -> Kills[str, str]:
    return Kills(tmp_path, str, once_more(lambda job, reason: f"{job} {reason}"))


def test_a_job_is_given_up_with_the_second_process_that_it_ends(
    kills: Kills[str, str], tmp_path: Path
) -> None:
    given = Given("job")
    note(tmp_path, given)
    first = given.key
    assert kills.judge(given, "a", memory=False) == [given]
    assert given.key != first, "a late note of the first try is not one of the second"
    note(tmp_path, given)
    assert kills.judge(given, "b", memory=False) == Done("job crashed")


def test_a_job_that_took_too_long_is_not_tried_again(
    kills: Kills[str, str], tmp_path: Path
) -> None:
    given = Given("job")
    note(tmp_path, given, more=b"time-out")
    assert kills.judge(given, "a", memory=False) == Done("job timeout")


def test_jobs_that_waited_at_a_worker_that_another_job_ended_are_never_blamed(
    kills: Kills[str, str], tmp_path: Path
) -> None:
    waiting = Given("waiting")
    for number in range(40):
        killer = Given(f"killer {number}")
        note(tmp_path, killer)
        pair = [(killer, [killer]), (waiting, [waiting])]
        for given, expected in pair if number % 2 else reversed(pair):
            assert kills.judge(given, str(number), memory=False) == expected
    assert waiting.losses == waiting.kills == 0


def test_a_job_that_ends_workers_before_they_note_it_is_found_all_the_same(
    kills: Kills[str, str],
) -> None:
    given = Given("job")
    for number in range(20):
        found = kills.judge(given, str(number), memory=False)
        if isinstance(found, Done):
            assert number < 10
            return
    pytest.fail("it was tried for ever")


def test_workers_that_die_whatever_they_are_given_end_the_run(tmp_path: Path) -> None:
    kills: Kills[str, str] = Kills(tmp_path, str, None)

    def lose(count: int) -> None:
        for number in range(count):
            kills.judge(Given(str(number)), str(number), memory=False)

    with pytest.raises(EngineError, match="ended before they had done anything"):
        lose(100)


def batch(folder: Path, count: int) -> Batch:
    paths = ct_series(folder, count)
    entries = tuple(Entry.of(path.name, path.stat()) for path in paths)
    return Batch(5, "ward", str(folder), entries, default_settings(), lineage("r"))


def done(killed: KilledBatches, jobs: list[Batch], staging: Path) -> list[StagedBatch]:
    """Do the pieces of a batch in another order than theirs."""
    found = []
    for each in reversed(jobs):
        staged = stage(each, staging)
        assert isinstance(staged, StagedPiece)
        found += list(killed.taken(staged))
    return found


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_batch_in_pieces_comes_together_as_if_it_had_never_been(
    tmp_path: Path, place: int
) -> None:
    whole = batch(tmp_path / "in", 7)
    expected = stage(whole, tmp_path / "whole")
    killed = KilledBatches(tmp_path / "pieces")
    (made,) = done(killed, killed.pieces(whole, Kill(1, place)), tmp_path / "pieces")
    assert made == expected
    for folder in (tmp_path / "whole", tmp_path / "pieces"):
        (folder / "batches" / "00000005").rename(folder / "batches" / "00000000")
    one, other = (gather(tmp_path / name, [7]) for name in ("whole", "pieces"))
    for name in ("files", "instances", "issues"):
        assert getattr(one, name).equals(getattr(other, name))


def test_only_the_file_that_ended_two_processes_is_left_out(tmp_path: Path) -> None:
    whole = batch(tmp_path / "in", 7)
    killed = KilledBatches(tmp_path)
    before, alone, after = killed.pieces(whole, Kill(1, 3))
    (again,) = killed.pieces(alone, Kill(1, 0))
    (made,) = done(killed, [before, again, after], tmp_path)
    assert made.by_reason == {"quarantined/crashed": 1}
    assert made.by_status == {"ingested": 6, "quarantined": 1}


def test_without_a_note_a_batch_is_halved_down_to_one_file(tmp_path: Path) -> None:
    whole = batch(tmp_path / "in", 5)
    killed = KilledBatches(tmp_path)
    jobs, kills, staged = [whole], 0, []
    while jobs:
        job = jobs.pop()
        guilty = any(entry.path == "IM0003" for entry in job.entries)
        if guilty and not (job.part and job.part.verdict):
            kills += 1
            jobs += killed.pieces(job, Kill(1))
        else:
            staged += list(killed.taken(stage(job, tmp_path)))
    (made,) = staged
    assert made.by_reason == {"quarantined/crashed": 1}
    assert kills <= 5
    folder = tmp_path / "batches" / "00000005"
    folder.rename(folder.with_name("00000000"))
    files = gather(tmp_path, [5]).files
    guilty_row = files.filter(pc.equal(files.column("reason"), "crashed"))
    assert guilty_row.column("path").to_pylist() == ["IM0003"]
