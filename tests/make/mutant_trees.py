"""Trees of mutated files, and what must hold for a lake that was made of one."""

import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomlake import Lake
from dicomlake.pipeline.tables.verify import verify
from dicomlake.pipeline.volumes.store import volume_digest
from dicomlake.schemas.tables.files import REASONS
from make import rdsr
from make.compressed import J2K_LOSSLESS, JPEG_LOSSLESS_SV1, JPEG_LS, RLE, write_compressed
from make.content import write_as
from make.enhanced import multi_frame, stack_of_frames
from make.mutants import mutants, own_identity, pixel_mutant
from make.series import ct_slice, write

BUNDLED: Final = Path(pydicom.__file__).parent / "data"
BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"
NATIVE: Final = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, BIG_ENDIAN, DEFLATED)
COMPRESSED: Final = (RLE, J2K_LOSSLESS, JPEG_LS, JPEG_LOSSLESS_SV1)
ACCOUNTED: Final = {"ingested", "duplicate", "conflict", "not_dicom", "dicomdir", "quarantined"}
"""What becomes of a file that nothing but its own bytes stands against; archives are skipped."""
OF_OTHERS: Final = {
    *("permission", "io_error", "vanished", "unstable", "unsettled", "too_new"),
    *("crashed", "memory", "timeout"),
}
"""Reasons outside a file, and limits and defects: none of them may be met in these trees."""


def made_files(folder: Path) -> list[bytes]:
    """Return a file of every kind that these tests can make, small."""
    slices = {"rows": 8, "columns": 8}
    paths = [
        write_as(ct_slice(k, name=f"native {k}", **slices), folder / f"native{k}", syntax)
        for k, syntax in enumerate(NATIVE)
    ]
    paths += [
        write_compressed(ct_slice(k, name=f"packed {k}"), folder / f"packed{k}", syntax)
        for k, syntax in enumerate(COMPRESSED)
    ]
    for kind in ("CT", "MR", "PT"):
        made = multi_frame(stack_of_frames(3), name=f"frames {kind}", kind=kind)
        paths.append(write(made, folder / f"frames{kind}"))
    reports = {
        "ct": rdsr.ct_report(
            [rdsr.ct_event("1.2.3")], name="mutant ct", study="mutants", dlp_total=(200.0, "mGy.cm")
        ),
        "x-ray": rdsr.x_ray_report(
            [rdsr.x_ray_event("1.2.4")], [rdsr.accumulated()], name="mutant xr", study="mutants"
        ),
    }
    paths += [rdsr.save(report, folder / name) for name, report in reports.items()]
    return [path.read_bytes() for path in paths]


def originals(folder: Path, most_bytes: int, *roots: Path) -> list[bytes]:
    """Return the made files, pydicom's own, and those of more roots, up to a size."""
    found = [BUNDLED / "test_files", BUNDLED / "charset_files", *roots]
    paths = sorted(path for root in found for path in root.rglob("*") if path.is_file())
    small = (path for path in paths if 0 < path.stat().st_size <= most_bytes)
    return [*made_files(folder), *(path.read_bytes() for path in small)]


def write_mutants(root: Path, sources: Sequence[bytes], count: int, *, seed: int) -> list[str]:
    """Write mutants into folders of 500; three of four have a UID of their own. Return names."""
    dice = random.Random(seed)
    names = []
    for number, content in enumerate(mutants(sources, count, seed=seed)):
        mine = own_identity(content, number) if dice.random() < 0.75 else content
        name = f"{number // 500:03}/{number:06}.dcm"
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(mine)
        names.append(name)
    return names


def pixel_series(root: Path, count: int, *, seed: int) -> Iterator[Path]:
    """Write series of five slices or frames, some files of each with changed pixels."""
    dice = random.Random(seed)
    for number in range(count):
        folder = root / f"{number:05}"
        name = f"pixels {seed} {number}"
        syntax = dice.choice([*NATIVE, *COMPRESSED, *COMPRESSED])
        if dice.random() < 0.15:
            made = multi_frame(stack_of_frames(5), name=name)
            whole = [
                write_compressed(made, folder / "f", syntax)
                if syntax in COMPRESSED
                else write_as(made, folder / "f", ExplicitVRLittleEndian)
            ]
        else:
            whole = [_slice(folder, k, name, syntax) for k in range(5)]
        for path in dice.sample(whole, min(len(whole), dice.choice([1, 1, 2]))):
            path.write_bytes(pixel_mutant(path.read_bytes(), dice))
        yield folder


def _slice(folder: Path, k: int, name: str, syntax: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if syntax in COMPRESSED:
        return write_compressed(ct_slice(k, name=name), folder / f"f{k}", syntax)
    return write_as(ct_slice(k, name=name, rows=16, columns=12), folder / f"f{k}", syntax)


def check_accounted(root: Path, lake: Path) -> Counter[str]:
    """Every file of a tree has one row, every row its file, and the tables agree with each other.

    Returns:
        Files by status, and by `status/reason` where there is a reason.
    """
    version = Lake(lake)
    live = version.table("files").to_arrow().to_pylist()
    found = ((at, name) for at, _, names in os.walk(root) for name in names)
    stand = {os.path.relpath(f"{at}/{name}", root) for at, name in found}
    assert len(live) == len(stand)
    assert {row["path"] for row in live} == stand
    states = Counter((row["status"], row["reason"]) for row in live)
    for status, reason in states:
        assert status in ACCOUNTED or (status, reason) == ("skipped", "archive")
        assert reason is None or (reason in REASONS and reason not in OF_OTHERS)
    _check_instances(version, live)
    assert verify(lake, deep=True, volume_digest=volume_digest) == []
    by_reason = {f"{status}/{reason}": n for (status, reason), n in states.items() if reason}
    return Counter(row["status"] for row in live) + Counter(by_reason)


def _check_instances(version: Lake, live: Sequence[Mapping[str, Any]]) -> None:
    columns = ["sop_instance_uid", "file_id"]
    instances = version.table("instances").to_arrow(columns).to_pylist()
    claimed = {
        row["file_id"]: row["sop_instance_uid"] for row in live if row["status"] == "ingested"
    }
    assert {row["file_id"]: row["sop_instance_uid"] for row in instances} == claimed
    others = {row["sop_instance_uid"] for row in live if row["status"] in ("duplicate", "conflict")}
    assert others <= set(claimed.values())
    for name in ("frames", "instance_references", "volume_instances"):
        ids = version.table(name).to_arrow(["file_id"])["file_id"].to_pylist()
        assert set(ids) <= {row["file_id"] for row in live}, name
