"""Real files: expected values, agreement with pydicom, and a row for every file whatever it is."""

import json
import random
from pathlib import Path
from typing import Any

import pydicom
import pytest
from make.headers import Result, read_bytes, read_folder

from dicomlake.schemas.tables import TABLES

COLUMNS = {c.keyword: c for c in TABLES["instances"].columns if c.keyword and not c.within}
PYDICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"


@pytest.fixture(scope="module")
def corpus(shared: Path) -> Result:
    return read_folder(shared / "corpus")


@pytest.fixture(scope="module")
def bundled() -> Result:
    return read_folder(PYDICOM_FILES)


def _as_expected(column: Any, value: Any) -> Any:
    """Return a cell as a list of what two independent tools print of it."""
    values = value if isinstance(value, list) else [value]
    return [_plain(column.vr, each) for each in values]


def _plain(vr: str, value: Any) -> Any:
    if vr == "DA":
        return value.strftime("%Y%m%d")
    if vr == "PN":
        return "=".join(part or "" for part in value.values()).rstrip("=")
    if vr == "TM":
        return value.strftime("%H%M%S.%f")
    if value is None:
        return ""
    return float(value) if isinstance(value, int | float) else value


def _comparable(vr: str, agreed: list[Any]) -> list[Any]:
    if vr == "TM":
        padded = [str(text).replace(":", "").partition(".") for text in agreed]
        return [f"{whole:0<6}.{part:0<6}" for whole, _, part in padded]
    # The texts in expected.json have every "/tmp/" replaced; one file holds that text itself.
    return [
        text.strip().replace("scratch/evil", "/tmp/evil") if isinstance(text, str) else text
        for text in agreed
    ]


def test_header_values_are_those_on_which_independent_tools_agree(
    corpus: Result, shared: Path
) -> None:
    expected = json.loads((shared / "corpus" / "expected.json").read_text())["headers"]
    compared, wrong = 0, []
    for path, facts in expected.items():
        agreed = facts.get("agreed") or {}
        row = corpus.rows.get(path)
        for keyword, values in agreed.items():
            if row is None or not isinstance(values, list) or not values:
                continue
            column = COLUMNS[keyword]
            cell = row["modality_raw" if keyword == "Modality" else column.name]
            compared += 1
            if cell is None:
                reported = {i["keyword"] for i in corpus.issues[path]}
                if keyword not in reported and any(str(v).strip() for v in values):
                    wrong.append((path, keyword, "absent"))
            elif _as_expected(column, cell) != _comparable(column.vr, values):
                if keyword == "SOPInstanceUID" and cell == "\\".join(values):
                    continue  # a UID with backslashes is one bad UID, not four
                wrong.append((path.rpartition("/")[2], keyword, cell, values))
    assert not wrong, "\n".join(map(repr, wrong))
    assert compared > 8000


def test_every_file_that_two_tools_could_read_is_ingested(corpus: Result, shared: Path) -> None:
    expected = json.loads((shared / "corpus" / "expected.json").read_text())["headers"]
    lost = {
        path: corpus.state(path)
        for path, facts in expected.items()
        if facts.get("pydicom_ok") and facts.get("dcmtk_ok") and path not in corpus.rows
    }
    allowed = {"missing_identity", "invalid", None}
    assert {reason for _, reason in lost.values()} <= allowed
    for path, (status, reason) in lost.items():
        agreed = expected[path]["agreed"]
        if status == "quarantined":
            missing = {"SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"}
            assert missing - set(agreed), (path, reason)
        else:
            assert status == "dicomdir", path


def test_every_file_has_exactly_one_row(corpus: Result, bundled: Result, shared: Path) -> None:
    for result, root in ((corpus, shared / "corpus"), (bundled, PYDICOM_FILES)):
        count = sum(1 for path in root.rglob("*") if path.is_file())
        assert len(result.files) == result.attempt.files.num_rows == count
        ingested = {path for path, row in result.files.items() if row["status"] == "ingested"}
        assert ingested == set(result.rows)


def test_the_malformed_corpus_has_sensible_outcomes(corpus: Result) -> None:
    folder = "malformed/pwnlab_fuzz"
    expected = {
        "cat20_cve_dcmtk_dimse_segfault/TC0969_midvalue_truncation.dcm": "truncated",
        "cat20_cve_dcmtk_dimse_segfault/TC0967_truncated_dataset_2bytes.dcm": "truncated",
        "cat23_cve_merge_toolkit/TC1143_oob_len_len_4GB.dcm": "invalid",
        "cat16_cve_dcmtk_null_pathtraversal/TC0861_missing_sop_instance.dcm": "missing_identity",
        "cat05_transfer_syntax/TC0345_deflate_corrupt.dcm": "invalid",
    }
    for path, reason in expected.items():
        assert corpus.state(f"{folder}/{path}") == ("quarantined", reason)


@pytest.mark.parametrize(
    ("name", "state", "codes"),
    [
        ("rtplan_truncated.dcm", ("quarantined", "truncated"), {"unreadable_header"}),
        ("MR_truncated.dcm", ("ingested", None), {"pixel_data_truncated"}),
        ("dicomdirtests/DICOMDIR", ("dicomdir", None), set()),
        ("dicomdirtests/DICOMDIR-bigEnd", ("dicomdir", None), set()),
        ("zipMR.gz", ("skipped", "archive"), set()),
        ("image_dfl.dcm", ("ingested", None), {"meta_uid_mismatch"}),
        ("ExplVR_BigEnd.dcm", ("ingested", None), set()),
    ],
)
def test_bundled_files_of_a_kind(
    bundled: Result, name: str, state: tuple[str, str | None], codes: set[str]
) -> None:
    assert bundled.state(name) == state
    assert bundled.codes(name) - {"nonconforming_value"} <= codes


def test_pixel_offsets_lead_to_pixel_data(bundled: Result) -> None:
    checked = 0
    for path, row in bundled.files.items():
        if row["pixel_offset"] is None:
            continue
        data = (PYDICOM_FILES / path).read_bytes()
        offset, length = row["pixel_offset"], row["pixel_length"]
        head = data[offset - 12 : offset]
        assert any(
            mark in head
            for mark in (b"\xe0\x7f\x10\0", b"\x7f\xe0\0\x10", b"\xe0\x7f\x08\0", b"\xe0\x7f\x09\0")
        ), path
        assert offset + length <= len(data), path
        checked += 1
    assert checked > 80


def test_a_seeded_mutator_never_loses_a_file(shared: Path, tmp_path: Path) -> None:
    """Cut, flip, splice and lie about lengths: one row each, no exception."""
    seeds = sorted((shared / "corpus" / "malformed").rglob("*.dcm"))[::7]
    seeds += [
        PYDICOM_FILES / name for name in ("CT_small.dcm", "MR_small_bigendian.dcm", "rtplan.dcm")
    ]
    chance = random.Random(20240115)
    count = 0
    for seed in seeds:
        data = seed.read_bytes()[:6000]
        for _ in range(12):
            (tmp_path / f"{count:04}").write_bytes(_mutant(data, chance))
            count += 1
    got = read_folder(tmp_path)
    assert len(got.files) == count
    assert {row["status"] for row in got.files.values()} <= {
        "ingested",
        "quarantined",
        "not_dicom",
        "skipped",
        "dicomdir",
    }


def _mutant(data: bytes, chance: random.Random) -> bytes:
    mutant = bytearray(data)
    kind = chance.randrange(4)
    at = chance.randrange(132, max(133, len(mutant)))
    if kind == 0:
        del mutant[at:]
    elif kind == 1:
        for _ in range(chance.randrange(1, 8)):
            mutant[chance.randrange(len(mutant))] = chance.randrange(256)
    elif kind == 2:
        other = chance.randrange(132, max(133, len(mutant)))
        mutant[at:at] = mutant[other : other + chance.randrange(64)]
    else:
        mutant[at : at + 4] = chance.choice([b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0" * 4])
    return bytes(mutant)


def test_outcomes_do_not_depend_on_the_batch(shared: Path, tmp_path: Path) -> None:
    path = shared / "corpus" / "ct_series" / "philips_phantom_flat" / "I10"
    alone = read_bytes(tmp_path, path.read_bytes(), "I10")
    together = read_folder(path.parent)
    differing = {"file_id"}
    one, other = alone.rows["I10"], together.rows["I10"]
    assert {k: v for k, v in one.items() if k not in differing} == {
        k: v for k, v in other.items() if k not in differing
    }
