"""Rules of verification: each kind of damage is found and named, and a healthy lake has none."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from make.rows import Change, TableDelta, default_settings, file_row, generation, hex_id, rows

from dicomlake.pipeline.errors import LakeNotFoundError
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import manifest_path, snapshot_path
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.tables.verify import verify
from dicomlake.schemas.tables import TABLES

SETTINGS = default_settings()


def put(lake: Path, change: Change) -> None:
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit("r", lambda _: change) is not None


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    put(tmp_path / "lake", generation(1))
    return tmp_path / "lake"


def first_part(lake: Path, table: str = "instances") -> tuple[Path, Path]:
    """Return a part in data/ and its link in the snapshot."""
    version = open_version(lake)
    path, part = version.parts(table)[0]
    return path, snapshot_path(lake, version.number) / part.relative(table)


def flip(lake: Path, table: str = "instances") -> None:
    path, _ = first_part(lake, table)
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)


def replace_link(lake: Path) -> None:
    _, link = first_part(lake)
    other, _ = first_part(lake, "files")
    link.unlink()
    os.link(other, link)


def change_manifest(lake: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(manifest_path(lake, 1).read_text())
    edit(document)
    manifest_path(lake, 1).write_text(json.dumps(document))


def more_rows(document: dict[str, Any]) -> None:
    document["tables"]["files"]["parts"][0]["rows"] += 1


DAMAGES: list[tuple[str, bool, Callable[[Path], object]]] = [
    ("part_missing", False, lambda lake: first_part(lake)[0].unlink()),
    ("part_size", False, lambda lake: os.truncate(first_part(lake)[0], 50)),
    ("part_sha256", True, flip),
    ("part_rows", False, lambda lake: change_manifest(lake, more_rows)),
    ("stray_file", False, lambda lake: (first_part(lake)[1].parent / "x.parquet").write_text("x")),
    ("stray_file", False, lambda lake: (snapshot_path(lake, 1) / "files/.hidden").write_text("")),
    ("stray_file", False, lambda lake: (lake / "data/notes.txt").write_text("x")),
    ("unreferenced", False, lambda lake: (lake / f"data/{'a' * 32}.parquet").write_text("x")),
    ("unreferenced", False, lambda lake: (lake / "volumes/nobody.zarr").mkdir()),
    ("stray_file", False, lambda lake: (lake / "volumes/.hidden").write_text("x")),
    ("stray_file", False, lambda lake: (lake / "versions/copy.json").write_text("x")),
    ("stray_file", False, lambda lake: (lake / "snapshots/mine").mkdir()),
    ("part_sha256", True, lambda lake: flip(lake, "issues")),
    ("link_missing", False, lambda lake: first_part(lake)[1].unlink()),
    ("link_differs", False, replace_link),
    ("manifest_unreadable", False, lambda lake: manifest_path(lake, 1).write_text("{")),
    ("manifest_chain", False, lambda lake: manifest_path(lake, 2).unlink()),
    ("snapshot_orphan", False, lambda lake: (lake / "snapshots/00000009").mkdir()),
    ("current_behind", False, lambda lake: (lake / "current").unlink()),
    ("run_not_recorded", False, lambda lake: (lake / "runs.jsonl").unlink()),
]


@pytest.mark.parametrize(("code", "deep", "damage"), DAMAGES)
def test_every_kind_of_damage_is_found_and_named(
    lake: Path, code: str, deep: bool, damage: Callable[[Path], object]
) -> None:
    if code == "manifest_chain":
        put(lake, generation(2))
        put(lake, generation(3))
    assert verify(lake, deep=True) == []
    damage(lake)
    assert code in {finding.code for finding in verify(lake, deep)}


def test_parts_that_no_version_names_are_no_error(lake: Path) -> None:
    (lake / f"data/{'a' * 32}.parquet").write_text("x")
    (finding,) = verify(lake)
    assert (finding.code, finding.severity) == ("unreferenced", "info")


def test_a_key_that_stands_twice_is_found_only_by_reading(lake: Path) -> None:
    version = open_version(lake)
    _, part = version.parts("files")[0]

    def twice(document: dict[str, Any]) -> None:
        files = document["tables"]["files"]["parts"]
        files.append(dict(files[0]))

    change_manifest(lake, twice)
    codes = {finding.code for finding in verify(lake, deep=True)}
    assert {"key_not_unique", "parts_overlap"} <= codes
    assert part.rows == 6


def test_instances_and_ingested_files_are_the_same_set(lake: Path) -> None:
    alone = file_row("alone", sop_instance_uid="9.9")
    put(lake, Change({"files": TableDelta(rows("files", [alone]))}))
    assert {f.code for f in verify(lake, deep=False)} == {"instance_missing"}
    gone = pa.table({"file_id": [hex_id("s\0d0/f0"), hex_id("s\0alone")]})
    put(lake, Change({"files": TableDelta(rows("files", []), gone)}))
    assert {f.code for f in verify(lake)} == {"instance_without_file"}


def uid(number: int) -> dict[str, str]:
    """Return the UID and file of an instance of the lake."""
    return {"sop_instance_uid": f"1.{number}", "file_id": hex_id(f"s\0d{number % 2}/f{number}")}


def slices(count: int, **more: Any) -> Change:
    """Return the change that brings a volume of 2 slices, with so many rows of its slices."""
    made = {"volume_id": "a" * 32, "status": "accepted", "n_slices": 2}
    members = [
        {"volume_id": "a" * 32, "frame_number": 1, "role": "slice", **uid(k), **more}
        for k in range(count)
    ]
    return Change(
        {
            "volumes": TableDelta(rows("volumes", [made])),
            "volume_instances": TableDelta(rows("volume_instances", members)),
        }
    )


def test_volumes_have_the_slices_they_say_and_these_are_of_instances(lake: Path) -> None:
    put(lake, slices(2))
    assert verify(lake) == []
    put(lake, slices(3))
    assert [f.code for f in verify(lake)] == ["slices_differ"]
    put(lake, slices(1, sop_instance_uid="9.9"))
    assert "instance_missing" in {f.code for f in verify(lake)}


def test_slices_of_a_volume_that_is_not_there_are_found(lake: Path) -> None:
    members = slices(2).tables["volume_instances"]
    put(lake, Change({"volume_instances": members}))
    assert [f.code for f in verify(lake)] == ["volume_row_missing"]


@pytest.mark.parametrize("name", ["frames", "instance_references"])
def test_rows_without_their_instance_are_found(lake: Path, name: str) -> None:
    row = {**uid(0), "frame_number": 1, "modality": "CT", "study_year": 2024,
           "referenced_sop_instance_uid": "1.1", "role": "image"}  # fmt: skip
    kept = {each: value for each, value in row.items() if each in TABLES[name].by_name}
    put(lake, Change({name: TableDelta(rows(name, [kept]))}))
    assert verify(lake) == []
    put(lake, Change({name: TableDelta(rows(name, [{**kept, "sop_instance_uid": "9.9"}]))}))
    assert [f.code for f in verify(lake)] == ["instance_missing"]


def test_findings_about_a_file_that_is_not_there_are_found(lake: Path) -> None:
    issue = {"issue_id": "0" * 32, "code": "bad_uid", "severity": "info"}
    put(lake, Change({"issues": TableDelta(rows("issues", [{**issue, **uid(0)}]))}))
    assert verify(lake) == []
    lost = {**issue, "file_id": "f" * 32}
    put(lake, Change({"issues": TableDelta(rows("issues", [lost]))}))
    assert [f.code for f in verify(lake)] == ["file_missing"]


def test_doses_without_what_they_rest_on_are_found(lake: Path) -> None:
    found = open_version(lake).read("instances", ["study_instance_uid"]).to_pylist()[0]
    event = {**found, "irradiation_event_uid": "1.2", "source_sop_instance_uid": "1.0",
             "active": True}  # fmt: skip
    name = "ct_irradiation_events"
    put(lake, Change({name: TableDelta(rows(name, [event]))}))
    assert verify(lake) == []
    lost = {**event, "source_sop_instance_uid": "9.9"}
    put(lake, Change({name: TableDelta(rows(name, [lost]))}))
    assert [f.code for f in verify(lake)] == ["dose_without_instance"]
    other = {"study_instance_uid": "9.9"}
    put(lake, Change({"dose_studies": TableDelta(rows("dose_studies", [other]))}))
    said = [f.detail for f in verify(lake) if f.code == "dose_without_instance"]
    assert said == [
        "1 rows of dose_studies have no instance (study_instance_uid)",
        "1 rows of ct_irradiation_events have no instance (source_sop_instance_uid)",
    ]


def test_series_without_instances_and_instances_without_series_are_found(lake: Path) -> None:
    names = ("study_instance_uid", "series_instance_uid")
    found = open_version(lake).read("instances", names).to_pylist()
    found = [{**found[0], "modality": "CT", "study_year": 2024}]  # they are of one series
    put(lake, Change({"series": TableDelta(rows("series", found))}))
    assert verify(lake) == []
    first = pa.table({name: [found[0][name]] for name in names})
    other = {**found[0], "series_instance_uid": "9.9"}
    put(lake, Change({"series": TableDelta(rows("series", [other]), first)}))
    assert [f.code for f in verify(lake)] == ["parent_missing", "parent_without_instance"]


def volume(lake: Path, digest: str) -> str:
    path = "volumes/v.zarr"
    row = {"volume_id": "a" * 32, "status": "accepted", "path": path, "sha256": digest}
    put(lake, Change({"volumes": TableDelta(rows("volumes", [row]))}))
    return path


def test_a_volume_whose_array_is_gone_is_found(lake: Path) -> None:
    path = volume(lake, "b" * 64)
    assert [(f.code, f.path) for f in verify(lake)] == [("volume_missing", path)]
    (lake / path).mkdir()
    assert verify(lake) == []


def test_strange_files_in_a_volume_and_a_picture_that_is_cut_are_found(lake: Path) -> None:
    row = {"volume_id": "a" * 32, "status": "rejected", "path": "volumes/v.zarr",
           "preview": "volumes/v.png", "sha256": "b" * 64}  # fmt: skip
    put(lake, Change({"volumes": TableDelta(rows("volumes", [row]))}))
    for name in ("zarr.json", "0/zarr.json", "0/c/0/0/0", "mask/zarr.json", "mask/c/0/0/0"):
        path = lake / "volumes/v.zarr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert [f.code for f in verify(lake)] == ["preview_missing"]
    whole = b"\x89PNG\r\n\x1a\n" + bytes(30) + b"IEND\xaeB`\x82"
    picture = lake / "volumes/v.png"
    for damaged in (b"", whole[:-1], whole[1:]):
        picture.write_bytes(damaged)
        assert [f.code for f in verify(lake)] == ["preview_damaged"]
    picture.write_bytes(whole)
    assert verify(lake) == []
    (lake / "volumes/v.zarr/0/c/notes").write_text("x")
    assert [(f.code, f.path) for f in verify(lake)] == [("stray_file", "volumes/v.zarr/0/c/notes")]


def test_deep_verification_recomputes_the_digest_of_every_array(lake: Path) -> None:
    path = volume(lake, "b" * 64)
    (lake / path).mkdir()
    asked: list[Path] = []

    def digest(folder: Path) -> str:
        asked.append(folder)
        return "b" * 64

    assert verify(lake, deep=True, volume_digest=digest) == []
    assert asked == [lake / path]
    found = verify(lake, deep=True, volume_digest=lambda _: "c" * 64)
    assert [f.code for f in found] == ["volume_sha256"]

    def broken(_: Path) -> str:
        raise RuntimeError("no array")

    assert [f.code for f in verify(lake, True, broken)] == ["volume_unreadable"]


def test_where_there_is_no_lake_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(LakeNotFoundError):
        verify(tmp_path)


def test_a_lake_without_versions_is_healthy(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "lake", SETTINGS):
        pass
    assert verify(tmp_path / "lake", deep=True) == []
    assert isinstance(open_version(tmp_path / "lake"), Version)
