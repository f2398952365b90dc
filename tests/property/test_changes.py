"""`changes` is what tells versions apart, whatever was committed, in whatever order.

`DICOMLAKE_TEST_EXAMPLES=100` for a long soak; by default a few series of commits, always the same.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from make.replay import expected, operations, replayed, rows_of
from make.rows import default_settings, file_row, instance_row, rows

from dicomlake.pipeline.tables.commit import Change, LakeWriter, TableDelta, open_for_writing
from dicomlake.pipeline.tables.compact import compact
from dicomlake.pipeline.tables.rollback import rollback
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES

EXAMPLES = int(os.environ.get("DICOMLAKE_TEST_EXAMPLES", "2"))
SETTINGS = default_settings(tables={"merge_small_parts": 3, "changes_of_files": True})

UIDS = ("1", "1.2", '1"\\,2', "1\n\x1f2", "ü")
"""Keys, such as no DICOM file should have too."""
NAMES = ("files", "instances", "frames", "volume_instances")

Delta = Mapping[tuple[int, int], int | None]
"""For some keys (number of the UID, frame) what their row says; None: it leaves."""

keys = st.tuples(st.integers(0, len(UIDS) - 1), st.integers(0, 2))
deltas = st.fixed_dictionaries(
    {
        name: st.dictionaries(keys, st.none() | st.integers(0, 3), min_size=1, max_size=5)
        for name in NAMES
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), deltas),
        st.tuples(st.just("race"), st.tuples(deltas, deltas)),
        st.tuples(st.just("rollback"), st.integers(0, 9)),
        st.tuples(st.just("compact"), st.none()),
    ),
    min_size=4,
    max_size=4,
)


def row(table: str, uid: str, frame: int, value: int) -> dict[str, Any]:
    """Return a row that says a value; some values move it in the order or to another partition."""
    place = {"modality": ("CT", "MR")[value % 2], "study_year": 2024}
    study = {"study_instance_uid": f"1.{value // 2}", "series_instance_uid": "1.1"}
    if table == "files":
        return file_row(f"{uid}/{frame}", size=value)
    if table == "instances":
        return instance_row(uid, instance_number=value, **study, **place)
    if table == "frames":
        return {
            "sop_instance_uid": uid,
            "frame_number": frame + 1,
            "file_id": "f",
            **study,
            **place,
        }
    number = None if frame == 0 else frame
    return {"file_id": uid, "frame_number": number, "role": "slice", "slice_index": value, **study}


def change(drawn: Mapping[str, Delta], run_id: str) -> Change:
    tables = {}
    for name, delta in drawn.items():
        wanted = {
            (place if name != "instances" else (place[0], 0)): value
            for place, value in delta.items()
        }
        made = {
            place: row(name, UIDS[place[0]], place[1], value or 0)
            for place, value in wanted.items()
        }
        stays = [{**made[place], "run_id": run_id} for place in made if wanted[place] is not None]
        leaves = rows(name, [made[place] for place in made if wanted[place] is None])
        key = leaves.select(list(TABLES[name].key))
        tables[name] = TableDelta(rows(name, stays), key)
    return Change(tables)


def race(
    writer: LakeWriter, run_id: str, own: Mapping[str, Delta], other: Mapping[str, Delta]
) -> Version | None:
    """Commit while another writer commits in between."""
    meanwhile: list[Version | None] = []

    def build(_: Version) -> Change:
        if not meanwhile:
            with open_for_writing(writer.lake, SETTINGS) as second:
                meanwhile.append(second.commit(f"{run_id}-other", lambda _: change(other, "o")))
        return change(own, run_id)

    return writer.commit(run_id, build)


def play(lake: Path, drawn: Sequence[tuple[str, Any]]) -> int:
    """Do the steps and return the number of the newest version."""
    for number, (kind, what) in enumerate(drawn):
        run_id = f"run-{number}"
        if kind == "compact":
            compact(lake, SETTINGS, run_id)
            continue
        with open_for_writing(lake, SETTINGS) as writer:
            newest = writer.base.number
            if kind == "commit":
                writer.commit(run_id, lambda _, w=what, r=run_id: change(w, r))
            elif kind == "race":
                race(writer, run_id, *what)
        if kind == "rollback" and newest:
            rollback(lake, 1 + what % newest, SETTINGS, run_id)
    with open_for_writing(lake, SETTINGS) as writer:
        return writer.base.number


START = {name: {(0, 0): 0, (1, 1): 1, (2, 0): 2} for name in NAMES}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="DICOMLAKE_TEST_EXAMPLES" not in os.environ,
    database=None,
    phases=(Phase.generate,) if EXAMPLES < 50 else tuple(Phase),
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def test_merging_changes_into_any_version_gives_any_later_one(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, Any]]
) -> None:
    lake = tmp_path_factory.mktemp("replay") / "lake"
    newest = play(lake, [("commit", START), *drawn])
    for name in NAMES:
        key = TABLES[name].key
        versions = {number: rows_of(lake, number, name, key) for number in range(1, newest + 1)}
        for number in range(2, newest + 1):
            told = operations(lake, number, name)
            assert told == expected(versions[number - 1], versions[number]), (name, number)
        for before in (1, max(1, newest - 2)):
            assert replayed(lake, before, newest, name, key) == versions[newest], (name, before)


def test_the_keys_of_every_table_have_a_fixed_form() -> None:
    from dicomlake.pipeline.tables.changes import json_keys  # noqa: PLC0415  (of this test alone)

    for table in TABLES.values():
        keys_only = pa.Table.from_batches([], table.empty().select(list(table.key)).schema)
        assert len(json_keys(keys_only)) == 0, table.name
