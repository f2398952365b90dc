"""The merge-join of crawl and ledger gives what a comparison of two dictionaries gives."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from make.headers import settings_for_tests

from dicomlake.pipeline.discovery.ledger import FolderPlan, compare
from dicomlake.pipeline.discovery.paths import tree_key
from dicomlake.pipeline.discovery.walk import Entry, Folder, Refusal

STATUSES = ("ingested", "duplicate", "not_dicom", "quarantined", "skipped", "deferred", "deleted")
SCHEMA = pa.schema(
    [("path", pa.string())]
    + [(name, pa.int64()) for name in ("size", "mtime_ns", "ctime_ns", "inode")]
    + [("status", pa.string())]
)


@dataclass(frozen=True)
class Known:
    entry: Entry
    status: str


PATHS = st.lists(
    st.sampled_from(["a", "b", "a-b", "a.c", "é", "z%25"]), min_size=1, max_size=4
).map("/".join)
SMALL = st.integers(0, 1)
ENTRIES = st.builds(Entry, PATHS, SMALL, SMALL, SMALL, SMALL)
LEDGERS = st.lists(st.builds(Known, ENTRIES, st.sampled_from(STATUSES)), max_size=25).map(
    lambda rows: {row.entry.path: row for row in rows}
)


def folders_of(path: str) -> list[str]:
    """Return the folders above a path, the root first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts) + 1)]


@dataclass(frozen=True)
class Tree:
    entries: dict[str, Entry]
    refused: dict[str, str]
    blind: frozenset[str]
    """Folders that could not be listed."""


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    entries = {e.path: e for e in draw(st.lists(ENTRIES, max_size=25))}
    folders = {folder for path in entries for folder in folders_of(path)}
    entries = {path: entry for path, entry in entries.items() if path not in folders}
    candidates = sorted(folders - {""})
    blind = (
        frozenset(draw(st.sets(st.sampled_from(candidates), max_size=2)))
        if candidates
        else frozenset()
    )
    refused = dict.fromkeys(blind, "permission")
    for path in draw(st.sets(PATHS, max_size=3)):
        if path not in entries and path not in folders and set(folders_of(path)) <= folders | {""}:
            refused[path] = "symlink"

    def visible(path: str) -> bool:
        return not blind & set(folders_of(path))

    return Tree(
        {path: entry for path, entry in entries.items() if visible(path)},
        {path: reason for path, reason in refused.items() if visible(path)},
        blind,
    )


def crawl_of(tree: Tree) -> Iterator[Folder]:
    paths = [*tree.entries, *tree.refused]
    found = {folder for path in paths for folder in folders_of(path)} | {""}
    found |= {path for path in tree.refused if path in tree.blind}
    for folder in sorted(found, key=lambda path: path.replace("/", "\0")):
        inside = sorted(path for path in paths if path.rpartition("/")[0] == folder)
        yield Folder(
            folder,
            tuple(tree.entries[path] for path in inside if path in tree.entries),
            tuple(Refusal(path, tree.refused[path]) for path in inside if path in tree.refused),
            complete=folder not in tree.blind,
        )


def batches_of(ledger: dict[str, Known], rows: int) -> list[pa.RecordBatch]:
    ordered = sorted(ledger.values(), key=lambda row: tree_key(row.entry.path))
    dicts = [
        {
            "path": row.entry.path,
            "size": row.entry.size,
            "mtime_ns": row.entry.mtime_ns,
            "ctime_ns": row.entry.ctime_ns,
            "inode": row.entry.inode,
            "status": row.status,
        }
        for row in ordered
    ]
    return pa.Table.from_pylist(dicts, schema=SCHEMA).to_batches(max_chunksize=rows)


def naive(tree: Tree, ledger: dict[str, Known], compare_inode: bool) -> dict[str, object]:
    live = {path: row for path, row in ledger.items() if row.status != "deleted"}

    def same(entry: Entry) -> bool:
        row = live.get(entry.path)
        if row is None or row.status in ("skipped", "deferred"):
            return False
        theirs = row.entry if compare_inode else row.entry._replace(inode=entry.inode)
        return theirs == entry

    present = {*tree.entries, *tree.refused}
    absent = {path for path in live if path not in present}
    hidden = {path for path in absent if tree.blind & set(folders_of(path))}
    return {
        "to_read": {e.path for e in tree.entries.values() if not same(e)},
        "refused": dict(tree.refused),
        "vanished": absent - hidden,
        "unchanged": sum(map(same, tree.entries.values())),
        "seen": len(present),
        "hidden": len(hidden),
    }


def merged(plans: list[FolderPlan]) -> dict[str, object]:
    return {
        "to_read": {entry.path for plan in plans for entry in plan.to_read},
        "refused": {r.path: r.reason for plan in plans for r in plan.refusals},
        "vanished": {path for plan in plans for path in plan.vanished},
        "unchanged": sum(plan.unchanged for plan in plans),
        "seen": sum(plan.seen for plan in plans),
        "hidden": sum(plan.hidden for plan in plans),
    }


@settings(max_examples=400, deadline=None)
@given(trees(), LEDGERS, st.integers(1, 7), st.booleans())
def test_the_merge_join_is_the_comparison_of_two_dictionaries(
    tree: Tree, ledger: dict[str, Known], rows: int, compare_inode: bool
) -> None:
    discovery = settings_for_tests({"discovery.compare_inode": compare_inode}).discovery
    plans = list(compare(crawl_of(tree), batches_of(ledger, rows), discovery))
    assert merged(plans) == naive(tree, ledger, compare_inode)
    listed = [path for plan in plans for path in plan.vanished]
    assert len(listed) == len(set(listed))


def test_memory_is_bounded_by_a_folder_of_crawl_and_ledger() -> None:
    """Nothing is taken from either stream before it is needed."""
    taken: list[str] = []

    def ledger() -> Iterator[pa.RecordBatch]:
        for name in "abcdef":
            taken.append(name)
            known = {f"{name}/x": Known(Entry(f"{name}/x", 0, 0, 0, 0), "ingested")}
            yield from batches_of(known, 1)

    folders = [Folder(name, (), (), complete=True) for name in ("", *"abcdef")]
    plans = compare(iter(folders), ledger(), settings_for_tests().discovery)
    assert next(plans).vanished == ()
    assert next(plans).vanished == ("a/x",)
    assert taken == ["a", "b", "c"]  # one folder of look-ahead, and the row that ends it
    assert [plan.vanished for plan in plans] == [(f"{name}/x",) for name in "bcdef"]


def test_an_incomplete_listing_hides_what_it_did_not_meet() -> None:
    known = {
        path: Known(Entry(path, 1, 1, 1, 1), "ingested") for path in ("a/x", "a/y", "a/b/z", "c")
    }
    partial = [
        Folder("", (known["c"].entry,), (), complete=True),
        Folder("a", (known["a/x"].entry,), (Refusal("a", "io_error"),), complete=False),
    ]
    discovery = settings_for_tests().discovery
    assert merged(list(compare(partial, batches_of(known, 9), discovery))) == {
        "to_read": set(),
        "refused": {"a": "io_error"},
        "vanished": set(),
        "unchanged": 2,
        "seen": 3,
        "hidden": 2,
    }


def test_below_a_root_that_cannot_be_listed_nothing_is_judged() -> None:
    known = {path: Known(Entry(path, 1, 1, 1, 1), "ingested") for path in ("a/x", "c")}
    crawl = [Folder("", (), (Refusal("", "io_error"),), complete=False)]
    got = merged(list(compare(crawl, batches_of(known, 9), settings_for_tests().discovery)))
    assert (got["vanished"], got["hidden"], got["seen"]) == (set(), 2, 1)
