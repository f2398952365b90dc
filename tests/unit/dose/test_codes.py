"""Concepts are compared by scheme and code, whatever generation of SNOMED writes them."""

import pytest

from dicomlake.pipeline.dose.codes import ACQUISITION_TYPES, SPIRAL, Code, coded


@pytest.mark.parametrize("scheme", ["SRT", "SNM3", "99SDM"])
def test_srt_snm3_and_99sdm_are_one_scheme_with_synonyms_in_sct(scheme: str) -> None:
    written = Code(scheme, "P5-08001", "Helical")
    assert written == SPIRAL == Code("SCT", "116152004")
    assert written.canonical == "116152004"
    assert hash(written) == hash(SPIRAL)


@pytest.mark.parametrize("scheme", ["SRT", "SNM3"])
def test_a_code_without_synonym_stays_as_found(scheme: str) -> None:
    written = Code(scheme, "C-127F9")
    assert written.canonical == "C-127F9"
    assert written == Code("99SDM", "C-127F9") != Code("SCT", "C-127F9")


def test_the_meaning_tells_nothing_and_the_scheme_does() -> None:
    assert Code("DCM", "113701", "X-ray") == Code("DCM", "113701", "X-Ray Radiation Dose Report")
    assert Code("99VENDOR", "113701") != Code("DCM", "113701")


def test_ucm_is_ucum() -> None:
    assert Code("UCM", "mGy") == Code("UCUM", "mGy")


def test_coded_columns_keep_what_was_written_beside_the_canonical_code() -> None:
    assert coded("target_region", Code("SRT", "T-D0010", "Entire body")) == {
        "target_region_code": "38266002",
        "target_region_raw_scheme": "SRT",
        "target_region_raw_code": "T-D0010",
        "target_region_meaning": "Entire body",
    }
    assert coded("target_region", None) == {}


def test_words_of_headers_are_the_codes_of_reports() -> None:
    assert {word: code.canonical for word, code in ACQUISITION_TYPES.items()} == {
        "SEQUENCED": "113804",
        "SPIRAL": "116152004",
        "CONSTANT_ANGLE": "113805",
        "STATIONARY": "113806",
        "FREE": "113807",
        "CONE_BEAM": "702569007",
    }
