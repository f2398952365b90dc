"""Several files, one SOP Instance UID: the outcome is a function of the set of live files."""

import hashlib
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.pixels.content import Content
from dicomlake.pipeline.tables.settle import Claim, Settlement, needs_details, settle


def content(
    file_id: str,
    attributes: str = "a",
    pixels: str = "p",
    *,
    comparable: bool = True,
    when: tuple[str, str] = ("", ""),
) -> Content:
    return Content(
        file_id,
        attributes,
        pixels,
        comparable,
        hashlib.sha256(f"{attributes}/{pixels}".encode()).hexdigest(),
        *when,
    )


def claim(path: str, found: Content, *, source: str = "s", incumbent: bool = False) -> Claim:
    return Claim(found.file_id, source, path, found, incumbent=incumbent, committed=incumbent)


def outcome(settlement: Settlement) -> dict[str, tuple[str, str | None]]:
    return {v.file_id: (v.status, v.reason) for v in settlement.verdicts}


def test_equal_content_lowest_source_and_path_in_bytes_wins() -> None:
    claims = [
        claim("a/z", content("1"), source="t"),
        claim("a/b/c", content("2")),
        claim("a%FF", content("3")),
        claim("a/b", content("4")),
    ]
    settled = settle(claims)
    assert settled.winner == "4"
    assert outcome(settled) == {
        "4": ("ingested", None),
        "2": ("duplicate", None),
        "3": ("duplicate", None),
        "1": ("duplicate", None),
    }
    assert settled.dispute == ""


def test_paths_compare_by_their_raw_bytes_not_by_their_encoding() -> None:
    """`%0A` is a line feed, which sorts before `!`; the sign `%` would sort after it."""
    settled = settle([claim("!", content("1")), claim("%0A", content("2"))])
    assert settled.winner == "2"


def test_other_content_latest_content_date_and_time_wins() -> None:
    claims = [
        claim("a", content("1", "x", when=("20240101", "235959.000000"))),
        claim("b", content("2", "y", when=("20240102", "000000.000000"))),
        claim("c", content("3", "z")),
    ]
    settled = settle(claims)
    assert settled.winner == "2"
    assert outcome(settled)["1"] == ("conflict", None)
    assert outcome(settled)["3"] == ("conflict", None)
    assert settled.dispute == "attributes_differ"


def test_without_dates_greatest_content_digest_wins_and_its_copies_are_duplicates() -> None:
    first, other = content("1", pixels="p1"), content("2", pixels="p2")
    greatest = max(first.content_sha256 or "", other.content_sha256 or "")
    sibling = content("3", pixels="p1" if first.content_sha256 == greatest else "p2")
    settled = settle([claim("c", first), claim("b", other), claim("a", sibling)])
    assert settled.winner == "3"
    assert sorted(status for status, _ in outcome(settled).values()) == [
        "conflict",
        "duplicate",
        "ingested",
    ]
    assert settled.dispute == "pixels_differ"


def test_compressed_pixels_that_differ_are_undecided() -> None:
    claims = [
        claim("a", content("1", pixels="jpeg", comparable=False)),
        claim("b", content("2", pixels="native")),
    ]
    settled = settle(claims)
    loser = "2" if settled.winner == "1" else "1"
    assert outcome(settled)[loser] == ("conflict", "pixels_not_comparable")
    assert settled.dispute == "undecided"


def test_compressed_pixels_with_other_attributes_are_a_decided_conflict() -> None:
    claims = [
        claim("a", content("1", "x", pixels="jpeg", comparable=False)),
        claim("b", content("2", "y", pixels="native")),
    ]
    settled = settle(claims)
    loser = "2" if settled.winner == "1" else "1"
    assert outcome(settled)[loser] == ("conflict", None)
    assert settled.dispute == "attributes_differ"


def test_while_a_claim_cannot_be_read_the_ingested_file_stays() -> None:
    claims = [
        claim("b", content("1"), incumbent=True),
        claim("a", content("2", "later", when=("20990101", ""))),
        claim("c", Content("3", fault="permission")),
    ]
    settled = settle(claims)
    assert settled.winner == "1"
    assert outcome(settled) == {
        "2": ("deferred", "unsettled"),
        "3": ("skipped", "permission"),
    }


def test_without_an_ingested_file_the_readable_are_settled_and_the_others_wait() -> None:
    settled = settle([claim("a", Content("1", fault="io_error")), claim("b", content("2"))])
    assert settled.winner == "2"
    assert outcome(settled)["1"] == ("skipped", "io_error")
    settled = settle([claim(p, Content(p, fault="unstable")) for p in "ba"])
    assert settled.winner == "a"
    assert outcome(settled)["b"] == ("deferred", "unstable")


@pytest.mark.parametrize(
    ("contents", "wanted"),
    [
        ([Content("1", content_sha256="x"), Content("2", content_sha256="x")], False),
        ([Content("1", content_sha256="x"), content("2")], True),
        ([content("1", "x"), content("2", "y")], False),
    ],
)
def test_details_are_needed_only_where_contents_differ(
    contents: Sequence[Content], wanted: bool
) -> None:
    assert needs_details(contents) is wanted


@st.composite
def groups(draw: st.DrawFn) -> list[Claim]:
    paths = draw(
        st.lists(
            st.tuples(st.sampled_from("st"), st.text("ab/%0A1F", min_size=1, max_size=6)),
            min_size=1,
            max_size=7,
            unique_by=lambda place: (place[0], decode_path(place[1])),
        )
    )
    kinds = st.tuples(
        st.sampled_from("xy"), st.sampled_from("pq"), st.sampled_from(["", "20240101", "20240102"])
    )
    claims = []
    for k, (source, path) in enumerate(paths):
        attributes, pixels, date = draw(kinds)
        found = content(
            str(k), attributes + date, pixels, comparable=pixels == "p", when=(date, "")
        )
        claims.append(Claim(str(k), source, path, found))
    return claims


@given(groups(), st.randoms(use_true_random=False))
def test_any_order_gives_one_outcome(claims: list[Claim], shuffle: random.Random) -> None:
    mixed = list(claims)
    shuffle.shuffle(mixed)
    first, second = settle(claims), settle(mixed)
    assert first.winner == second.winner
    assert outcome(first) == outcome(second)
    assert first.dispute == second.dispute


@given(groups())
def test_exactly_one_file_is_the_instance_and_the_others_say_how_they_lost(
    claims: list[Claim],
) -> None:
    settled = settle(claims)
    verdicts = {v.file_id: v for v in settled.verdicts}
    assert set(verdicts) == {c.file_id for c in claims}
    assert [v.file_id for v in settled.verdicts if v.status == "ingested"] == [settled.winner]
    by_id = {c.file_id: c for c in claims}
    best = by_id[settled.winner].content
    for each in claims:
        same = each.content.content_sha256 == best.content_sha256
        if each.file_id != settled.winner:
            assert verdicts[each.file_id].status == ("duplicate" if same else "conflict")
        if same:
            assert by_id[settled.winner].order <= each.order
        assert (best.content_date, best.content_time) >= (
            each.content.content_date,
            each.content.content_time,
        )


@given(groups())
def test_losers_leaving_never_changes_the_winner(claims: list[Claim]) -> None:
    winner = settle(claims).winner
    for gone in claims:
        if gone.file_id != winner:
            assert settle([c for c in claims if c is not gone]).winner == winner
