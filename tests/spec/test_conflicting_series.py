"""V2 across series: a UID that two series claim makes neither of them a volume."""

import json
from pathlib import Path
from typing import Any

from make.series import ct_series, uid
from make.tree import command

from dicomlake import Lake

SHARED = uid("shared instance")


def run(folder: Path) -> dict[str, Any]:
    done = command("run", "in", "--workers", "0", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def verdicts(folder: Path) -> dict[str, tuple[str | None, int | None]]:
    rows = Lake(folder / "lake").table("volumes").to_arrow().to_pylist()
    return {row["series_instance_uid"]: (row["reason"], row["n_slices"]) for row in rows}


def considered(folder: Path) -> list[str]:
    rows = Lake(folder / "lake").table("volume_instances").to_arrow()
    return sorted(rows["file_id"].to_pylist())


def write_series(folder: Path, name: str, *, end: int) -> None:
    """Write 8 slices; the one at an end has the UID that the other series has too."""
    ct_series(
        folder / "in" / name,
        8,
        name=name,
        vary=lambda k: {"SOPInstanceUID": SHARED} if k == end else {},
    )


def test_v2_a_series_that_lost_a_slice_to_another_series_is_refused_as_well(tmp_path: Path) -> None:
    write_series(tmp_path, "one", end=0)
    write_series(tmp_path, "two", end=7)
    summary = run(tmp_path)
    assert summary["files"]["by_status"] == {"conflict": 1, "ingested": 15}
    refused = ("CONFLICTING_SOP_INSTANCE", None)
    found = verdicts(tmp_path)
    assert {reason for reason, _ in found.values()} == {refused[0]}
    assert found.keys() == {uid("one", "series"), uid("two", "series")}
    files = Lake(tmp_path / "lake").table("files").to_arrow()["file_id"].to_pylist()
    assert considered(tmp_path) == sorted(files)


def test_v2_both_series_are_judged_again_when_the_conflict_comes_and_goes(tmp_path: Path) -> None:
    write_series(tmp_path, "one", end=0)
    run(tmp_path)
    assert verdicts(tmp_path) == {uid("one", "series"): (None, 8)}
    write_series(tmp_path, "two", end=7)
    run(tmp_path)
    assert {reason for reason, _ in verdicts(tmp_path).values()} == {"CONFLICTING_SOP_INSTANCE"}
    (tmp_path / "in" / "one" / "IM0000").unlink()
    run(tmp_path)
    assert verdicts(tmp_path) == {
        uid("one", "series"): (None, 7),
        uid("two", "series"): (None, 8),
    }
