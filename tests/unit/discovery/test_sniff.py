"""What kind a file is, by its first bytes."""

import pytest
from make.headers import data_set, instance

from dicomlake.pipeline.discovery.sniff import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Encoding,
    Kind,
    bare_encoding,
    chain_length,
    sniff,
)

LONGER = {0x00081030: ("LO", "a long description " * 4)}


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"", "x", Kind.EMPTY),
        (instance(), "x.txt", Kind.DICOM),
        (b"PK\x03\x04".ljust(128, b"\0") + b"DICM", "x.zip", Kind.DICOM),
        (data_set(LONGER), "x", Kind.BARE),
        (b"PK\x03\x04" + b"\0" * 200, "x.zip", Kind.ARCHIVE),
        (b"PK\x03\x04" + b"\0" * 200, "x", Kind.ARCHIVE),
        (b"PK\x03\x04" + b"\0" * 200, "x.DCM", Kind.OTHER),
        (b"{}", "x.json", Kind.OTHER),
        (data_set(LONGER)[:100], "x", Kind.OTHER),
    ],
)
def test_kinds(head: bytes, name: str, kind: Kind) -> None:
    assert sniff(head, len(head), name) is kind


@pytest.mark.parametrize(
    ("how", "encoding"),
    [({}, EXPLICIT_LITTLE), ({"implicit": True}, IMPLICIT_LITTLE), ({"big": True}, EXPLICIT_BIG)],
)
def test_the_encoding_of_a_bare_data_set_is_recognised(
    how: dict[str, bool], encoding: Encoding
) -> None:
    head = data_set(LONGER, **how)
    assert bare_encoding(head, len(head)) == encoding


def test_a_bare_data_set_is_no_blind_guess() -> None:
    head = data_set(LONGER)
    for at in (0, 1, 4, 5):
        broken = bytearray(head)
        broken[at] ^= 0x21
        assert bare_encoding(bytes(broken), len(head)) is None


def test_a_chain_ends_where_tags_descend() -> None:
    head = data_set()
    assert chain_length(head, 0, len(head), EXPLICIT_LITTLE) == 4
    assert chain_length(head[34:48] + head, 0, 500, EXPLICIT_LITTLE) == 0
    assert chain_length(head[:34], 0, 34, EXPLICIT_LITTLE) == 4
    assert chain_length(head[:33], 0, 33, EXPLICIT_LITTLE) == 0
