"""Limits of time and memory in this process: a file is quarantined, the others are read."""

import ctypes
import dataclasses
import os
import signal
import struct
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from make.lakes import lineage
from make.rows import default_settings
from make.series import ct_series
from make.soak import SOAK

from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers import attempt as reading
from dicomlake.pipeline.headers.attempt import Attempt, Batch, Part, attempt
from dicomlake.pipeline.headers.notes import NOWHERE, current, noted, take_notes
from dicomlake.pipeline.headers.watch import TimeLimitError, may_exit, watched

LIMIT_S = 0.5


def batch(folder: Path, limit_s: float = LIMIT_S, reader: str = "fast") -> Batch:
    settings = default_settings(headers={"read_timeout_s": limit_s, "reader": reader})
    paths = sorted(folder.iterdir())
    entries = tuple(Entry.of(path.name, path.stat()) for path in paths)
    return Batch(0, "ward", str(folder), entries, settings, lineage("r"))


def outcomes(found: Attempt) -> list[tuple[str, str | None]]:
    columns = [found.files.column(name).to_pylist() for name in ("status", "reason")]
    return list(zip(*columns, strict=True))


@pytest.fixture
def stall(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have files of a name do something when they are read."""
    read = reading._Opener.outcome

    def put(name: str, act: Any) -> None:
        def outcome(self: Any, entry: Any) -> Any:
            if entry.path == name:
                act()
            return read(self, entry)

        monkeypatch.setattr(reading._Opener, "outcome", outcome)

    return put


def spin() -> None:
    while True:
        pass


@pytest.mark.parametrize("act", [spin, lambda: time.sleep(3600)], ids=["loops", "sleeps"])
def test_a_file_that_takes_too_long_is_quarantined_and_the_others_are_read(
    tmp_path: Path, stall: Any, act: Any
) -> None:
    ct_series(tmp_path, 4)
    stall("IM0001", act)
    started = time.monotonic()
    found = attempt(batch(tmp_path))
    assert time.monotonic() - started < LIMIT_S + 5  # the machine may be busy
    expected: list[tuple[str, str | None]] = [("ingested", None)] * 4
    expected[1] = ("quarantined", "timeout")
    assert outcomes(found) == expected
    assert found.instances.num_rows == 3
    assert found.issues.column("code").to_pylist() == ["unreadable_header"]


def test_a_thread_that_is_not_the_main_one_is_interrupted_too(tmp_path: Path, stall: Any) -> None:
    ct_series(tmp_path, 2)
    stall("IM0000", spin)
    found: list[Attempt] = []
    thread = threading.Thread(target=lambda: found.append(attempt(batch(tmp_path))))
    thread.start()
    thread.join()
    assert outcomes(found[0]) == [("quarantined", "timeout"), ("ingested", None)]


def hold_interpreter() -> None:
    """Sleep in C as a library may that keeps all other threads of Python waiting."""
    ctypes.PyDLL(None).sleep(3600)


@pytest.mark.parametrize(
    ("act", "is_main"),
    [(lambda: time.sleep(3600), False), (hold_interpreter, True), (hold_interpreter, False)],
    ids=["sleeps in another thread", "holds the interpreter", "holds it in another thread"],
)
def test_a_worker_that_cannot_be_interrupted_ends_within_a_second_of_the_limit(
    tmp_path: Path, act: Any, *, is_main: bool
) -> None:
    """It is the first file of its process, and the note tells of it; timed in a soak."""
    read, write = os.pipe()
    if not (child := os.fork()):
        _hang(act, tmp_path, write, is_main=is_main)
    os.close(write)
    with open(read, "rb") as said:
        started = float(said.readline())
        _, status = os.waitpid(child, 0)
    took_s = time.monotonic() - started
    assert os.WEXITSTATUS(status) == 1
    assert LIMIT_S <= took_s <= LIMIT_S + (1 if SOAK else 5)  # the machine may be busy
    kill = take_notes(tmp_path, "job")
    assert (kill.kills, kill.place, kill.timed_out) == (1, 7, True)


def _hang(act: Any, notes: Path, write: int, *, is_main: bool) -> None:
    """Be a worker that is at a file; never returns."""

    def read() -> None:
        with noted(notes, "job"), watched(LIMIT_S) as watch:
            watch.do(lambda _: os.write(write, b"%r\n" % time.monotonic()) and act(), None, 7)

    try:
        signal.alarm(30)  # should nothing else end it
        may_exit()
        if is_main:
            read()
        else:
            thread = threading.Thread(target=read)
            thread.start()
            thread.join()
    finally:
        os._exit(0)


def _many_elements() -> bytes:
    """Return a sequence of six items of 90,000 private elements: within every other limit."""
    elements = b"".join(
        struct.pack("<HH2sH2s", 9 + 2 * (n >> 15), 0x1000 + (n & 0x7FFF), b"LO", 2, b"ab")
        for n in range(90_000)
    )
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(elements)) + elements
    return struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 6 * len(item)) + 6 * item


@pytest.mark.parametrize("reader", ["fast", "pydicom"])
def test_a_real_header_of_half_a_million_elements_ends_in_time(tmp_path: Path, reader: str) -> None:
    path = ct_series(tmp_path, 2)[0]
    data = path.read_bytes()
    place = data.index(struct.pack("<HH", 0x0010, 0x0010))
    path.write_bytes(data[:place] + _many_elements() + data[place:])
    found = attempt(batch(tmp_path, reader=reader))
    assert outcomes(found) == [("quarantined", "timeout"), ("ingested", None)]


@pytest.mark.parametrize("kind", [KeyError, AssertionError, OverflowError])
def test_an_error_that_nobody_foresaw_costs_its_file_alone(
    tmp_path: Path, stall: Any, kind: type[Exception]
) -> None:
    def fail() -> None:
        raise kind("Secretname^Ada")

    ct_series(tmp_path, 5)
    stall("IM0003", fail)
    found = attempt(batch(tmp_path))
    expected: list[tuple[str, str | None]] = [("ingested", None)] * 5
    expected[3] = ("quarantined", "crashed")
    assert outcomes(found) == expected
    assert found.issues.column("detail").to_pylist() == [
        f"{kind.__name__} in the reader; please report it"
    ]


def test_an_error_in_making_rows_costs_the_file_that_it_is_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = reading._Reading._made

    def fail(self: Any, outcomes: Any) -> Any:
        if any(each.entry.path == "IM0001" and each.header for each in outcomes):
            raise ZeroDivisionError
        return made(self, outcomes)

    monkeypatch.setattr(reading._Reading, "_made", fail)
    ct_series(tmp_path, 5)
    expected: list[tuple[str, str | None]] = [("ingested", None)] * 5
    expected[1] = ("quarantined", "crashed")
    assert outcomes(attempt(batch(tmp_path))) == expected


def test_no_limit_lets_a_file_take_its_time(tmp_path: Path, stall: Any) -> None:
    ct_series(tmp_path, 1)
    stall("IM0000", lambda: time.sleep(LIMIT_S))
    assert outcomes(attempt(batch(tmp_path, limit_s=0))) == [("ingested", None)]


def test_a_file_that_memory_is_too_short_for_is_set_apart(tmp_path: Path, stall: Any) -> None:
    ct_series(tmp_path, 5)

    def too_much() -> None:
        bytearray(1 << 62)

    stall("IM0002", too_much)
    found = attempt(batch(tmp_path))
    expected: list[tuple[str, str | None]] = [("ingested", None)] * 5
    expected[2] = ("quarantined", "memory")
    assert outcomes(found) == expected
    assert found.files.column("path").to_pylist() == [f"IM{n:04d}" for n in range(5)]
    assert found.readers == {"fast": 4}


def test_memory_that_is_too_short_for_a_batch_is_enough_for_its_halves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ct_series(tmp_path, 8)
    whole = attempt(batch(tmp_path))
    make = reading._Reading._made

    def short(self: Any, outcomes: Any) -> Any:
        if len(outcomes) > 2:
            raise MemoryError
        return make(self, outcomes)

    monkeypatch.setattr(reading._Reading, "_made", short)
    pieces = attempt(batch(tmp_path))
    assert pieces.files.equals(whole.files)
    assert pieces.instances.equals(whole.instances)


def test_a_piece_with_a_verdict_is_not_opened(tmp_path: Path, stall: Any) -> None:
    ct_series(tmp_path, 1)
    stall("IM0000", lambda: pytest.fail("it was opened"))
    piece = dataclasses.replace(batch(tmp_path), part=Part(3, 2, "crashed"))
    assert outcomes(attempt(piece)) == [("quarantined", "crashed")]


def _spin_until(end: float) -> None:
    while time.monotonic() < end:
        pass


def test_an_interrupt_that_comes_as_the_file_ends_never_strikes_later() -> None:
    """Files end at all moments around the limit: each is in time or late, and nothing else is."""
    late = 0
    with watched(0.3) as watch:
        for step in range(8):
            end = time.monotonic() + 0.2 + 0.05 * step
            try:
                watch.do(
                    lambda end: [None for _ in iter(lambda: time.monotonic() < end, False)], end
                )
            except TimeLimitError:
                late += 1
            for _ in range(1000):  # here nothing may strike
                pass
    assert late < 8


def test_a_note_tells_where_a_job_was_until_the_job_ends(tmp_path: Path) -> None:
    with noted(tmp_path / "notes", "job"):
        assert take_notes(tmp_path / "notes", "other").kills == 0
        current().cells[0] = 41
        (path,) = (tmp_path / "notes").iterdir()
        kept = path.read_bytes()
    assert list((tmp_path / "notes").iterdir()) == []
    path.write_bytes(kept)
    (tmp_path / "notes" / "job.other").write_bytes(kept + b"time-out")
    kill = take_notes(tmp_path / "notes", "job")
    assert (kill.kills, kill.place, kill.timed_out, kill.reason) == (2, 41, True, "timeout")
    assert take_notes(tmp_path / "notes", "job").kills == 0


def test_without_room_for_a_note_the_work_is_done(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("a file in the way")
    with noted(tmp_path / "notes", "job"):
        assert current().cells[0] != NOWHERE or current().descriptor < 0
