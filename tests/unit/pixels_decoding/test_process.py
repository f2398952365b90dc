"""The decoding process: what harms it harms nothing else, and it never outlives its use."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from make import compressed as c
from make.series import write
from make.stored import SETTINGS, frames_of, packed, values, values_of

from dicomlake.config.settings import PixelSettings
from dicomlake.pipeline.errors import EngineError
from dicomlake.pipeline.pixels.decoding_child import DecodingChild
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.frame_reader import FrameReader
from dicomlake.pipeline.pixels.kept_decoders import KEPT, KeptDecoders

TESTS = Path(__file__).parents[2]
FINE = b"fine...."
SHORT = PixelSettings(decode_timeout_s=1.0, decode_memory_bytes=1 << 28)

Frames = list[tuple[bytes, StoredFrame]]


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecodingChild]:
    monkeypatch.setenv("PYTHONPATH", str(TESTS), prepend=":")
    found = DecodingChild(SHORT, "make.stand_in_decoder")
    yield found
    found.close()


def frames(tmp_path: Path, *what: bytes) -> Frames:
    """Return the frames of an object, each of which tells the stand-in what to do."""
    dataset = packed(np.zeros((len(what), 4, 4), "u2"), 16)
    path = write(c.encapsulated(dataset, list(what)), tmp_path / "IM", c.RLE)
    return frames_of(path)


def gone(pid: int) -> bool:
    """Return whether a process is no more; a zombie still is."""
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def failure(child: DecodingChild, asked: Sequence[tuple[bytes, StoredFrame]]) -> tuple[str, int]:
    with pytest.raises(PixelDataError) as caught:
        child.decode(asked)
    return caught.value.cause, caught.value.place


@pytest.mark.parametrize("harm", [b"segfault", b"aborting", b"quits..."])
def test_a_decoder_that_dies_costs_its_frame_and_the_next_call_works(
    tmp_path: Path, child: DecodingChild, harm: bytes
) -> None:
    asked = frames(tmp_path, FINE, FINE, harm, FINE)
    expected = ("decoder", 2) if harm == b"quits..." else ("decoder_died", 2)
    assert failure(child, asked) == expected
    found = child.decode([asked[0], asked[3]])
    assert [int(each[0, 0]) for each in found] == [100, 103]
    assert (found == found[:, :1, :1]).all()


def test_batches_come_in_order_while_the_next_is_decoded(
    tmp_path: Path, child: DecodingChild
) -> None:
    asked = frames(tmp_path, *[FINE] * 7)
    batches = [asked[:3], asked[3:6], asked[6:]]
    found = [[int(v[0, 0]) for v in values] for values in child.decode_batches(batches)]
    assert found == [[100, 101, 102], [103, 104, 105], [106]]


@pytest.mark.parametrize("harm", [b"segfault", b"quits..."])
@pytest.mark.parametrize("bad", range(3))
def test_a_batch_that_fails_leaves_no_answer_of_the_next_behind(
    tmp_path: Path, child: DecodingChild, bad: int, harm: bytes
) -> None:
    asked = frames(tmp_path, *[harm if place == 2 * bad + 1 else FINE for place in range(6)])
    batches = child.decode_batches([asked[:2], asked[2:4], asked[4:]])
    for _ in range(bad):
        next(batches)
    with pytest.raises(PixelDataError) as caught:
        next(batches)
    assert caught.value.place == 1
    assert [int(v[0, 0]) for v in child.decode([asked[0], asked[-2]])] == [100, 104]


def test_batches_that_nobody_takes_leave_no_answer_behind(
    tmp_path: Path, child: DecodingChild
) -> None:
    asked = frames(tmp_path, *[FINE] * 4)
    batches = child.decode_batches([asked[:1], asked[1:2], asked[2:3]])
    next(batches)
    batches.close()
    assert [int(v[0, 0]) for v in child.decode(asked[3:])] == [103]


@pytest.mark.parametrize("harm", [b"for ever", b"sleeping"])
def test_a_frame_that_takes_too_long_is_given_up(
    tmp_path: Path, child: DecodingChild, harm: bytes
) -> None:
    asked = frames(tmp_path, FINE, harm)
    child.decode(asked[:1])
    pid = child.pid
    start = time.monotonic()
    assert failure(child, asked) == ("timeout", 1)
    assert 0.9 < time.monotonic() - start < 20
    assert pid is not None
    assert gone(pid)
    assert int(child.decode(asked[:1])[0, 0, 0]) == 100


def test_memory_beyond_the_limit_is_refused(tmp_path: Path, child: DecodingChild) -> None:
    asked = frames(tmp_path, b"greedy..", FINE)
    assert failure(child, asked) == ("decoder", 0)
    assert int(child.decode(asked[1:])[0, 0, 0]) == 101


def test_a_frame_larger_than_the_limit_is_refused_before_anything_is_mapped(
    tmp_path: Path, child: DecodingChild
) -> None:
    (path, frame), *_ = frames(tmp_path, FINE)
    (huge,) = frames_of(Path(os.fsdecode(path)), rows=60_000, columns=60_000)
    assert frame.n_bytes < SHORT.decode_memory_bytes < huge[1].n_bytes
    assert failure(child, [huge]) == ("decoder", 0)
    assert child.pid is None


def test_what_a_library_prints_is_no_answer(tmp_path: Path, child: DecodingChild) -> None:
    asked = frames(tmp_path, b"chatty..", FINE)
    assert [int(each[0, 0]) for each in child.decode(asked)] == [100, 101]
    assert [int(each[0, 0]) for each in child.decode(asked)] == [100, 101]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to count in")
def test_the_process_has_its_own_descriptors_only(tmp_path: Path, child: DecodingChild) -> None:
    """Standard ones, answers, the buffer and its mapping, the lifeline, the file being read."""
    asked = frames(tmp_path, b"files...")
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
    for each in held:
        os.set_inheritable(each, True)
    try:
        assert int(child.decode(asked)[0, 0, 0]) <= 8
    finally:
        for each in held:
            os.close(each)


def test_a_missing_library_is_no_fault_of_the_file(
    tmp_path: Path, child: DecodingChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_LIBRARY", "missing")
    with pytest.raises(EngineError):
        child.decode(frames(tmp_path, FINE))


def test_a_process_that_does_not_start_ends_the_command(tmp_path: Path) -> None:
    KEPT.end()
    before = len(os.listdir("/proc/self/fd"))
    broken = DecodingChild(SHORT, "dicomlake.no_such_module")
    with pytest.raises(EngineError):
        broken.decode(frames(tmp_path, FINE))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_process_killed_between_two_requests_is_replaced(
    tmp_path: Path, child: DecodingChild
) -> None:
    asked = frames(tmp_path, FINE)
    child.decode(asked)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child._running.process.wait()  # type: ignore[union-attr]  # it has just decoded
    assert int(child.decode(asked)[0, 0, 0]) == 100


def rle(path: Path) -> Frames:
    """Return the frame of a compressed file."""
    return frames_of(c.write_compressed(packed(values(12, "u2", (8, 8)), 12), path, c.RLE))


def pid_of(reader: FrameReader) -> int:
    """Return the process that a reader has asked."""
    assert reader._child is not None
    assert reader._child.pid is not None
    return reader._child.pid


def test_one_process_serves_job_after_job_and_leaves_nothing_when_it_ends(tmp_path: Path) -> None:
    KEPT.end()
    asked = rle(tmp_path / "IM")
    before = len(os.listdir("/proc/self/fd"))
    seen = set()
    for _ in range(3):
        with FrameReader(SETTINGS) as reader:
            values_of(reader, asked)
            seen.add(pid_of(reader))
    (pid,) = seen
    files = [os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()]
    assert str(tmp_path / "IM") not in files, "nothing is held open between jobs"
    KEPT.end()
    assert gone(pid)
    assert len(os.listdir("/proc/self/fd")) == before


def test_readers_at_a_time_have_a_process_each_and_a_few_of_them_are_kept(tmp_path: Path) -> None:
    KEPT.end()
    asked = rle(tmp_path / "IM")
    readers = [FrameReader(SETTINGS) for _ in range(5)]
    for reader in readers:
        values_of(reader, asked)
    pids = [pid_of(reader) for reader in readers]
    assert len(set(pids)) == 5
    for reader in readers:
        reader.close()
    assert gone(pids[4])
    with FrameReader(SETTINGS) as again:
        values_of(again, asked)
        assert pid_of(again) == pids[3]
    KEPT.end()
    assert all(gone(pid) for pid in pids)


def test_other_limits_are_another_process(tmp_path: Path) -> None:
    asked = rle(tmp_path / "IM")
    with FrameReader(SETTINGS) as reader:
        values_of(reader, asked)
        pid = pid_of(reader)
    with FrameReader(SHORT) as reader:
        values_of(reader, asked)
        assert pid_of(reader) != pid


def test_a_process_that_refused_a_frame_serves_no_other_job(tmp_path: Path) -> None:
    bad = write(c.encapsulated(packed(values(12, "u2", (8, 8)), 12), [b"no RLE"]),
                tmp_path / "IM", c.RLE)  # fmt: skip
    with FrameReader(SETTINGS) as reader:
        with pytest.raises(PixelDataError):
            values_of(reader, frames_of(bad))
        pid = pid_of(reader)
    assert gone(pid)


def test_a_kept_process_that_was_killed_is_replaced(tmp_path: Path) -> None:
    asked = rle(tmp_path / "IM")
    with FrameReader(SETTINGS) as reader:
        expected = values_of(reader, asked)
        pid = pid_of(reader)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    with FrameReader(SETTINGS) as reader:
        np.testing.assert_array_equal(values_of(reader, asked), expected)


def test_a_process_without_work_is_ended_after_a_while(tmp_path: Path) -> None:
    asked = rle(tmp_path / "IM")
    kept = KeptDecoders(idle_s=0.1)
    child = kept.take(SETTINGS)
    child.decode(asked)
    pid = child.pid
    kept.give_back(child)
    assert pid is not None
    assert gone(pid)
    assert kept.take(SETTINGS) is not child


def test_a_process_in_use_is_not_idle(tmp_path: Path) -> None:
    asked = rle(tmp_path / "IM")
    kept = KeptDecoders(idle_s=0.05)
    child = kept.take(SETTINGS)
    child.decode(asked)
    kept.give_back(child)
    assert kept.take(SETTINGS) is child
    time.sleep(0.2)
    assert child.pid is not None
    child.decode(asked)
    child.close()


def test_a_reader_that_is_forgotten_ends_its_process(tmp_path: Path) -> None:
    path = c.write_compressed(packed(values(12, "u2", (8, 8)), 12), tmp_path / "IM", c.RLE)
    reader = FrameReader(SETTINGS)
    values_of(reader, frames_of(path))
    pid = pid_of(reader)
    del reader
    gc.collect()
    assert gone(pid)


def test_native_frames_start_no_process(tmp_path: Path) -> None:
    path = write(packed(values(12, "u2", (8, 8)), 12), tmp_path / "IM")
    with FrameReader(SETTINGS) as reader:
        np.testing.assert_array_equal(
            values_of(reader, frames_of(path))[0], values(12, "u2", (8, 8))
        )
        assert reader._child is None


@pytest.mark.parametrize("harm", [FINE, b"for ever", b"sleeping"])
def test_the_process_ends_when_its_parent_is_killed(tmp_path: Path, harm: bytes) -> None:
    """At rest, and in the midst of a frame that would go on for ever."""
    frames(tmp_path, FINE, harm)
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom make.stored import *\n"
        "from dicomlake.pipeline.pixels.decoding_child import DecodingChild\n"
        "child = DecodingChild(SETTINGS, 'make.stand_in_decoder')\n"
        "asked = frames_of(Path(sys.argv[1]))\n"
        "child.decode(asked[:1])\nprint(child.pid, flush=True)\n"
        "child.decode(asked)\ntime.sleep(1000)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "IM")],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pid)


def test_the_frame_that_fails_is_named_by_its_place_in_what_was_asked_for(tmp_path: Path) -> None:
    good = c.write_compressed(packed(values(12, "u2", (8, 8)), 12), tmp_path / "a", c.RLE)
    bad = write(c.encapsulated(packed(values(12, "u2", (8, 8)), 12), [b"no RLE"]),
                tmp_path / "b", c.RLE)  # fmt: skip
    native = write(packed(values(12, "u2", (8, 8)), 12), tmp_path / "c")
    asked = [frames_of(each)[0] for each in (native, good, good, bad, good)]
    with FrameReader(SETTINGS) as reader, pytest.raises(PixelDataError) as caught:
        values_of(reader, asked)
    assert (caught.value.cause, caught.value.place) == ("decoder", 3)


def test_a_slab_of_another_shape_or_type_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    asked = frames_of(write(packed(values(12, "u2", (8, 8)), 12), tmp_path / "IM"))
    apart = np.empty((1, 8, 16), "u2")[:, :, ::2]
    with FrameReader(SETTINGS) as reader:
        for out in (np.empty((1, 8, 9), "u2"), np.empty((1, 8, 8), "i2"), apart):
            with pytest.raises(ValueError, match="frame"):
                reader.read_many(asked, out)
