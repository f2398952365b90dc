"""Protocols: the first row that fits, errors with their line, and a list that can be filled in."""

import csv
import time
from pathlib import Path

import pytest
from make.doses import ct_exam, dose_lake
from make.rows import rows

from dicomlake.pipeline.dose.protocols import (
    COLUMNS,
    ExamNames,
    count_unmapped,
    read_protocols,
    write_protocols,
)
from dicomlake.pipeline.errors import UsageError

HEAD = ",".join(COLUMNS)
WORDS = "modality_group,text,all_of,none_of,standard_exam"


def mapping(folder: Path, *lines: str, head: str = HEAD) -> str:
    file = folder / "map.csv"
    file.write_text("\n".join((head, *lines)) + "\n", encoding="utf-8")
    return str(file)


def test_the_first_row_that_fits_wins(tmp_path: Path) -> None:
    known = read_protocols(mapping(tmp_path, "CT,thorax.*low,,,,Low", "CT,thorax,,,,Chest"))
    assert known.standard_exam(ExamNames("CT", ("Thorax low dose",))) == "Low"
    assert known.standard_exam(ExamNames("CT", ("THORAX",))) == "Chest"


def test_what_no_row_fits_is_unmapped(tmp_path: Path) -> None:
    known = read_protocols(mapping(tmp_path, "CT,thorax,,,,Chest"))
    assert known.standard_exam(ExamNames("CT", ("Abdomen",))) == "UNMAPPED"
    assert known.standard_exam(ExamNames("DX", ("Thorax",))) == "UNMAPPED"
    assert known.standard_exam(ExamNames("CT")) == "UNMAPPED"
    assert count_unmapped(["Chest", "UNMAPPED", None, ""]) == 3


def test_everything_that_a_row_gives_must_fit(tmp_path: Path) -> None:
    known = read_protocols(mapping(tmp_path, "CT,thorax,lung,recon,RPID16 C1,Screening"))
    full = {"protocols": ("Scout", "Thorax"), "study_description": "Lung check",
            "series_descriptions": ("a", "Recon 1"), "procedure_codes": ("LN:C1",)}  # fmt: skip
    assert known.standard_exam(ExamNames("CT", **full)) == "Screening"  # type: ignore[arg-type]  # of the dict
    for name, value in (("protocols", ()), ("study_description", ""),
                        ("series_descriptions", ("a",)), ("procedure_codes", ("C2",))):  # fmt: skip
        less = ExamNames("CT", **(full | {name: value}))  # type: ignore[arg-type]  # of the dict
        assert known.standard_exam(less) == "UNMAPPED"


@pytest.mark.parametrize(
    ("all_of", "texts"),
    [
        ("hip", {"Hip": True, "L_HIP-2": True, "hip2": True, "ship": False, "hips": False}),
        ("knie*", {"Kniegelenk": True, "Unknie": False}),
        ("*spine", {"L-Spine": True, "Lspine": True, "spines": False}),
        ("c-spine", {"CSPINE": True, "c spine": True, "C_-Spine": True, "c x spine": False}),
        ("renal  colic", {"renal colic": True, "RENAL_COLIC": True, "renalcolic": False}),
        ("sinus | nnh", {"NNH": True, "sinus": True, "sin": False}),
        ("head; neck|hals", {"neck, head": True, "Head Hals": True, "head": False}),
        ("kopf (1.5)", {"Kopf (1.5)": True, "Kopf 1x5": False}),
        ("crâne", {"CRÂNE": True, "écrâne": False}),
    ],
)
def test_words_are_whole_words_and_all_of_them_must_be_there(
    tmp_path: Path, all_of: str, texts: dict[str, bool]
) -> None:
    known = read_protocols(mapping(tmp_path, f"CT,,{all_of},,Yes", head=WORDS))
    found = {text: known.standard_exam(ExamNames("CT", (), text)) == "Yes" for text in texts}
    assert found == texts


def test_words_are_of_one_text_and_none_of_the_forbidden_is_in_it(tmp_path: Path) -> None:
    known = read_protocols(mapping(tmp_path, "CT,protocol,head;neck,cta;bone|low,Yes", head=WORDS))
    assert known.standard_exam(ExamNames("CT", ("head", "neck"))) == "UNMAPPED"
    assert known.standard_exam(ExamNames("CT", ("head neck cta", "neck head"))) == "Yes"
    for word in ("CTA", "bone", "low"):
        assert known.standard_exam(ExamNames("CT", (f"head neck {word}",))) == "UNMAPPED"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("protocol", ExamNames("CT", ("scout", "Hip"), "Knee")),
        ("series_description", ExamNames("CT", (), "Knee", ("Scout", "Hip"))),
        ("study_description", ExamNames("CT", ("Knee",), "Hip")),
        ("", ExamNames("CT", ("Knee",), "Hip")),
        ("", ExamNames("CT", ("Hip",), " CT: ")),
    ],
)
def test_words_are_looked_for_in_the_text_that_a_row_names(
    tmp_path: Path, text: str, names: ExamNames
) -> None:
    known = read_protocols(mapping(tmp_path, f"CT,{text},hip,knee,Hip", head=WORDS))
    assert known.standard_exam(names) == "Hip"
    assert known.standard_exam(ExamNames("CT", ("Knee",), "Knee", ("Knee",))) == "UNMAPPED"


def test_words_in_braces_stand_for_those_of_a_row_above(tmp_path: Path) -> None:
    rows_ = (",,chest | thorax,,{chest}", ",,{Chest} | abd,,{trunk}", "CT,,{trunk};low,{chest},Low")
    known = read_protocols(mapping(tmp_path, *rows_, head=WORDS))
    assert len(known.rules) == 1
    assert known.standard_exam(ExamNames("CT", (), "low abd")) == "Low"
    assert known.standard_exam(ExamNames("CT", (), "low abd thorax")) == "UNMAPPED"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("CT,,{chest},,Chest", "line 3: no row above this one names the words {chest}"),
        ("CT,,a | *,,Chest", "line 3: a word has no letter"),
        ("CT,,a | ,,Chest", "line 3: a word has no letter"),
        ("CT,,,head,Chest", "line 3: the row fits every exam"),
        ("CT,name of it,a,,Chest", "line 3: there is no text 'name of it'"),
        ("CT,,low {chest},,Chest", "line 3: no row above this one names the words low {chest}"),
        (",,,,{chest}", "line 3: {chest} has no words"),
        (",,chest; thorax,,{chest}", "line 3: {chest} has no words"),
    ],
)
def test_words_that_cannot_be_used_are_one_line_with_its_number(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_protocols(mapping(tmp_path, "CT,,a,,A", line, head=WORDS))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["chest ", "abd", "pelvis-", " ", "high res ", "urogra"])
def test_the_time_of_the_starter_map_is_linear_in_the_text(word: str) -> None:
    known = read_protocols("")
    begun = time.process_time()
    known.standard_exam(ExamNames("CT", (), word * 20_000))
    assert time.process_time() - begun < 5  # a quadratic one takes minutes


def test_a_row_without_a_group_is_of_every_group(tmp_path: Path) -> None:
    known = read_protocols(mapping(tmp_path, ",hip,,,,Hip"))
    assert known.standard_exam(ExamNames("RF", ("Hip",))) == "Hip"


def test_lists_may_change_between_calls(tmp_path: Path) -> None:
    known = read_protocols(mapping(tmp_path, ",hip,,,,Hip"))
    assert known.standard_exam(ExamNames("RF", ["Hip"])) == "Hip"
    assert known.standard_exam(ExamNames("RF", ["Knee"])) == "UNMAPPED"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("CT,tho(rax,,,,Chest", "line 3: protocol is no regular expression"),
        ("CT,,*,,,Chest", "line 3: study_description is no regular expression"),
        ("XX,thorax,,,,Chest", "line 3: there is no modality group 'XX'"),
        ("CT,,,,,Chest", "line 3: the row fits every exam"),
    ],
)
def test_a_row_that_cannot_be_used_is_one_line_with_its_number(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read_protocols(mapping(tmp_path, "CT,a,,,,A", line))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_without_the_column_of_exams_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no column standard_exam"):
        read_protocols(mapping(tmp_path, "CT,a", head="modality_group,protocol"))


def test_a_file_that_is_not_there_or_not_utf_8_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Cannot read"):
        read_protocols(str(tmp_path / "none.csv"))
    (tmp_path / "latin.csv").write_bytes("standard_exam\nSchädel\n".encode("latin-1"))
    with pytest.raises(UsageError, match="not UTF-8"):
        read_protocols(str(tmp_path / "latin.csv"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_spreadsheets_of_every_country_can_write_the_file(tmp_path: Path, separator: str) -> None:
    file = tmp_path / "map.csv"
    cells = [("Modality_Group", "Protocol", "Standard_Exam"), ("ct", " Schädel ", "Kopf")]
    file.write_text(
        "\r\n".join(separator.join(row) for row in cells) + "\r\n\r\n", encoding="utf-8-sig"
    )
    assert read_protocols(str(file)).standard_exam(ExamNames("CT", ("schädel",))) == "Kopf"


def test_the_digest_changes_with_the_file(tmp_path: Path) -> None:
    first = read_protocols(mapping(tmp_path, "CT,a,,,,A")).sha256
    assert read_protocols(mapping(tmp_path, "CT,a,,,,A")).sha256 == first
    assert read_protocols(mapping(tmp_path, "CT,a,,,,B")).sha256 != first


def test_protocols_are_written_as_a_list_that_fits_exactly_them(tmp_path: Path) -> None:
    name = 'Thorax +C (1.5) ^low$ [x], "q"'
    exams = [
        *(ct_exam(f"1.{i}", protocol=name, standard_exam="UNMAPPED") for i in range(3)),
        ct_exam("2", protocol="=cmd()", standard_exam=None),
        ct_exam("3", protocol="Known", standard_exam="CT chest"),
        ct_exam("4", protocol=None, standard_exam="UNMAPPED"),
    ]
    described = [{"study_instance_uid": "4", "study_description": "Only described"}]
    version = dose_lake(
        tmp_path / "lake",
        {"dose_exams": rows("dose_exams", exams), "studies": rows("studies", described)},
    )
    out = tmp_path / "found.csv"
    assert write_protocols(version, out) == (4, 3)
    with out.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [row["n_exams"] for row in found] == ["3", "1", "1", "1"]
    assert [row["standard_exam"] for row in found] == ["", "", "", "CT chest"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in found for cell in row.values())
    assert len(read_protocols(str(out)).rules) == 1  # what is not filled in says nothing
    for number, row in enumerate(found):
        row["standard_exam"] = f"exam {number}"
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    known = read_protocols(str(out))
    assert known.standard_exam(ExamNames("CT", (name,))) == "exam 0"
    assert known.standard_exam(ExamNames("CT", (name + "x",))) == "UNMAPPED"
    assert known.standard_exam(ExamNames("CT", ("=cmd()",))) == "exam 2"
    assert known.standard_exam(ExamNames("CT", (), "Only described")) == "exam 1"


def test_an_exam_of_endless_or_of_no_names_can_be_filled_in(tmp_path: Path) -> None:
    endless = "B" * 60_000
    exams = [
        ct_exam("1", protocol=endless, standard_exam="UNMAPPED"),
        ct_exam("2", protocol=None, standard_exam="UNMAPPED"),
        ct_exam("3", protocol="As described", standard_exam="UNMAPPED"),
    ]
    described = [{"study_instance_uid": "3", "study_description": "As described"}]
    version = dose_lake(
        tmp_path / "lake",
        {"dose_exams": rows("dose_exams", exams), "studies": rows("studies", described)},
    )
    out = tmp_path / "found.csv"
    write_protocols(version, out)
    with out.open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    filled = [[*line[:5], f"exam {line[1][:3]}", line[6]] for line in lines[1:]]
    with out.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([lines[0], *filled])
    known = read_protocols(str(out))
    assert known.standard_exam(ExamNames("CT", (endless[:4000],))) == "exam ^BB"
    assert known.standard_exam(ExamNames("CT")) == "exam ^$"
    assert known.standard_exam(ExamNames("CT", (), "As described")) == "exam"
    assert known.standard_exam(ExamNames("CT", ("Another",))) == "UNMAPPED"


def test_a_list_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    version = dose_lake(tmp_path / "lake", {"dose_exams": rows("dose_exams", [ct_exam("1")])})
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Cannot write"):
        write_protocols(version, tmp_path / "file" / "found.csv")


@pytest.mark.parametrize(
    ("description", "exam"),
    [
        ("CT CHEST", "CT chest"),
        ("CT Thorax/Abdomen/Pelvis with contrast", "CT chest, abdomen and pelvis"),
        ("CT_CHEST_ABDOMEN", "CT chest and abdomen"),
        ("CT ABDOMEN/PELVIS", "CT abdomen and pelvis"),
        ("CTPA", "CT pulmonary angiography"),
        ("CT C-Spine", "CT cervical spine"),
        ("Schädel CT", "CT head"),
        ("CT Head and Neck", "UNMAPPED"),
        ("CT guided biopsy chest", "UNMAPPED"),
        ("PET/CT chest", "UNMAPPED"),
        ("CT Brain perfusion", "UNMAPPED"),
        ("CT Head + C-spine", "UNMAPPED"),
        ("HRCT lungs", "CT chest, high resolution"),
        ("Chest high-res", "CT chest, high resolution"),
        ("Chest and abdomen, high res", "CT chest and abdomen"),
        ("CT Abd/Pel", "CT abdomen and pelvis"),
        ("CT Abdomen", "UNMAPPED"),
        ("TAP", "CT chest, abdomen and pelvis"),
    ],
)
def test_the_starter_map_names_what_it_is_sure_of(description: str, exam: str) -> None:
    assert read_protocols("").standard_exam(ExamNames("CT", (), description)) == exam


def test_the_starter_map_believes_a_protocol_where_nothing_is_described() -> None:
    known = read_protocols("")
    assert known.standard_exam(ExamNames("CT", ("Thorax",))) == "CT chest"
    assert known.standard_exam(ExamNames("CT", ("Thorax",), "Trauma")) == "UNMAPPED"
