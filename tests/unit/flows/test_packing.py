"""What travels between processes arrives as it left, and nothing else does."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from dicomlake.flows.packing import packed, unpacked
from dicomlake.schemas.tables import TABLES


@dataclass(frozen=True)
class Job:
    rows: pa.Table
    folder: Path


def test_tables_arrive_with_their_schema_wherever_they_stand_in_a_job() -> None:
    table = TABLES["instances"].empty()
    job = {"a": [Job(table, Path("/x"))], "b": (table, None)}
    found = unpacked(packed(job))
    assert found["a"][0].folder == Path("/x")
    for each in (found["a"][0].rows, found["b"][0]):
        assert each.schema.equals(table.schema, check_metadata=True)


def test_values_nulls_lists_and_chunks_arrive() -> None:
    chunks = pa.chunked_array([["a", None], [], ["ü"]], pa.string())
    table = pa.table(
        {"text": chunks, "list": pa.array([[1, None], None, []], pa.list_(pa.int64()))}
    )
    assert unpacked(packed(table)).equals(table)


def test_a_slice_travels_without_what_it_is_cut_from() -> None:
    table = pa.table({"n": pa.array(range(1_000_000), pa.int64())})
    piece = table.slice(500_000, 3)
    data = packed(piece)
    assert len(data) < 2_000 < len(pickle.dumps(piece, pickle.HIGHEST_PROTOCOL))
    assert unpacked(data).column("n").to_pylist() == [500_000, 500_001, 500_002]
