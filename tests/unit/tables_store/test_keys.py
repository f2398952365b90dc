"""Rules of keys: what repeats is counted, whatever the number of distinct values."""

import pyarrow as pa
import pytest

from dicomlake.pipeline.tables import keys
from dicomlake.pipeline.tables.keys import duplicate_keys

ROWS = pa.table(
    {
        "uid": pa.array(["1.2", "1.2", "1.2", "1.3", None, None, "1.4"]),
        "number": pa.array([1, 2, 1, 1, 3, 3, None], pa.int32()),
        "role": pa.array(["a", "a", "a", "a", "b", None, "b"]),
    }
)


@pytest.mark.parametrize("most", [keys.MOST_CODES, 1])
@pytest.mark.parametrize(
    ("names", "repeated"),
    [(("uid",), 3), (("uid", "number"), 2), (("uid", "number", "role"), 1), (("role",), 4)],
)
def test_rows_that_repeat_the_key_of_another_are_counted(
    monkeypatch: pytest.MonkeyPatch, most: int, names: tuple[str, ...], repeated: int
) -> None:
    """Also where there are more combinations of values than there are integers."""
    monkeypatch.setattr(keys, "MOST_CODES", most)
    assert duplicate_keys(ROWS, names) == repeated
    assert duplicate_keys(pa.concat_tables([ROWS, ROWS]), names) == repeated + len(ROWS)


def test_no_rows_repeat_nothing() -> None:
    assert duplicate_keys(ROWS.slice(0, 0), ("uid", "number")) == 0
