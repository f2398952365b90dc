"""Files that are at another path than before: what proves it, and which became which.

Every file at a new path is read: its UID and the digest of its header say whether it is one that
is gone elsewhere. How much that proves differs:

- *Moved*, for the ledger: equal UID and header; or, where a header is not known on both sides
  (text, rubbish, files that could not be read), equal size and time of modification.
- *The same content*, so that volumes and content digests stay: the above and equal size and time
  of modification, in nanoseconds. Renaming keeps them, and so does copying with times to another
  disk. A file whose time differs may have other pixels: what was made of it is made again.

An inode alone proves nothing: file systems give it to the next file of the same size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.tables.columnar import Array, Chunked, drop_in, flat, keep_in, pc, texts
from dicomlake.pipeline.tables.keys import equal_rows

HEADER: Final = ("sop_instance_uid", "header_sha256")
"""Columns that say which instance a file holds, and with which attributes."""
CONTENT: Final = (*HEADER, "size", "mtime_ns")
"""Columns that prove, if equal, that a file at another path has the same content."""

_STATE: Final = ("size", "mtime_ns")
_UNKNOWN: Final = texts("deleted", "skipped", "deferred")
"""Statuses of paths that no file is known at, or none that was taken in yet."""

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moves:
    """Files by the identity of the path they had and of the path they have, place by place."""

    before: Array
    after: Array

    def followed(self, file_ids: Chunked) -> Chunked:
        """Return the identity of each file's present path; null for one that did not move."""
        place = pc.index_in(file_ids, value_set=self.before)
        return pa.chunked_array([self.after.take(place.combine_chunks())], pa.string())


def pair_rows(old: pa.Table, new: pa.Table, names: Sequence[str]) -> tuple[Places, Places]:
    """Return places of rows of two tables that are equal in some columns, each row once.

    The k-th of several equal rows of one table meets the k-th of the other. Nulls are equal.
    """
    if not old.num_rows or not new.num_rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    both = pa.concat_tables([old.select(list(names)), new.select(list(names))])
    codes = np.zeros(both.num_rows, np.int64)
    for name in names:
        column = both.column(name).combine_chunks().dictionary_encode("encode")
        own = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        _, codes = np.unique(codes * (len(column.dictionary) + 1) + own, return_inverse=True)
    split = old.num_rows
    first, second = (_numbered(part, both.num_rows) for part in (codes[:split], codes[split:]))
    _, at_old, at_new = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    return at_old.astype(np.int64), at_new.astype(np.int64)


def _numbered(codes: Places, limit: int) -> Places:
    """Return codes that differ where the same code comes again."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    runs = np.diff(starts, append=len(ordered))
    rank = np.empty(len(codes), np.int64)
    rank[order] = np.arange(len(codes)) - np.repeat(starts, runs)
    return codes * (limit + 1) + rank


def take_out(rows: pa.Table, places: Places) -> pa.Table:
    """Return a table without the rows at some places."""
    stays = np.ones(rows.num_rows, np.bool_)
    stays[places] = False
    return rows.filter(pa.array(stays))


def arrived(found: pa.Table, before: pa.Table) -> pa.Table:
    """Return the files that are at a path where the ledger has no such file.

    Args:
        found: rows of `files` of the paths seen.
        before: rows of the ledger, for these and other paths.
    """
    return found.filter(pa.array(~_same_as(before, found)))


def left(before: pa.Table, found: pa.Table, gone: pa.Table) -> pa.Table:
    """Return the ledger's rows of files that are no longer at their path.

    Args:
        before: rows of the ledger, those of `gone` among them.
        found: rows of `files` of the paths seen.
        gone: rows of the ledger whose paths are gone.
    """
    live = drop_in(before, "status", _UNKNOWN)
    seen = keep_in(live, "file_id", flat(found, "file_id"))
    replaced = seen.filter(pa.array(~_same_as(found, seen)))
    return pa.concat_tables([keep_in(live, "file_id", flat(gone, "file_id")), replaced])


def moved_away(gone: pa.Table, found: pa.Table, before: pa.Table) -> Array:
    """Return which of the files that are gone are at another path now, by their `file_id`.

    Args:
        gone: rows of the ledger whose paths are gone; of any source.
        found: rows of `files` of the paths seen.
        before: rows of the ledger for the paths seen.
    """
    moved = texts()
    if not gone.num_rows:
        return moved
    new = arrived(found, before)
    for names, old_wanted, new_wanted in _ROUNDS:
        some, others = _with(gone, old_wanted), _with(new, new_wanted)
        at_old, at_new = pair_rows(some, others, names)
        ids = flat(some, "file_id").take(at_old)
        moved = pa.concat_arrays([moved, ids])
        gone = drop_in(gone, "file_id", ids)
        new = drop_in(new, "file_id", flat(others, "file_id").take(at_new))
    return moved


_ROUNDS: Final = (
    (HEADER, True, True),
    (_STATE, False, None),
    (_STATE, None, False),
)
"""What is compared, and whether the old and the new row must have a header, or none."""


def _with(rows: pa.Table, header: bool | None) -> pa.Table:
    """Return the rows that can be compared: with a header, with none, or either."""
    if header:
        known = [pc.is_valid(rows.column(name)) for name in HEADER]
        return rows.filter(pc.and_(*known))
    sized = pc.is_valid(rows.column("mtime_ns"))
    if header is None:
        return rows.filter(sized)
    return rows.filter(pc.and_(sized, pc.is_null(rows.column("header_sha256"))))


def digests_of_moved(before: pa.Table, found: pa.Table, gone: pa.Table) -> tuple[Array, Array]:
    """Return files at new paths whose content digest the ledger knows, and these digests.

    Where files with the same evidence had different contents, none of them is known.

    Args:
        before: rows of the ledger, those of `gone` among them.
        found: rows of `files` of the paths seen.
        gone: rows of the ledger whose paths are gone.
    """
    old = left(before, found, gone)
    old = old.filter(pc.is_valid(old.column("content_sha256")))
    if not old.num_rows:
        return texts(), texts()
    new = _with(arrived(found, before), True)
    both = _joined(old, (*CONTENT, "content_sha256"))
    # Each pair of evidence and content once; evidence with several contents is left out.
    once = _first_of_each(both.combine_chunks())
    evidence = _joined(old, CONTENT).combine_chunks().take(once)
    counted: Any = pc.value_counts(evidence)
    clear = counted.field("values").filter(pc.equal(counted.field("counts"), 1))
    place = pc.index_in(_joined(new, CONTENT), value_set=evidence)
    sure = pc.is_in(_joined(new, CONTENT), value_set=clear)
    digests = flat(old, "content_sha256").take(once).take(place.combine_chunks())
    keep = sure.combine_chunks()
    return flat(new, "file_id").filter(keep), digests.filter(keep)


_LINE: Final = texts("\n")[0]


def _joined(rows: pa.Table, names: Sequence[str]) -> Chunked:
    """Return columns without nulls as one text a row; neither UIDs nor digests have line ends."""
    cells = [pc.cast(rows.column(name), pa.string()) for name in names]
    joined: Chunked = pc.binary_join_element_wise(*cells, _LINE)
    return joined


def _first_of_each(values: Array) -> Array:
    _, first = np.unique(values.dictionary_encode().indices.to_numpy(), return_index=True)
    return pa.array(first)


def _same_as(known: pa.Table, rows: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which rows of files are those that other rows have at the same path."""
    same = np.zeros(rows.num_rows, np.bool_)
    if not rows.num_rows:
        return same
    live = drop_in(known.select(["file_id", "status", *CONTENT]), "status", _UNKNOWN)
    place = pc.index_in(rows.column("file_id"), value_set=flat(live, "file_id"))
    at = pc.is_valid(place).to_numpy()
    names = list(CONTENT)
    both = rows.select(names).filter(pa.array(at)), live.select(names).take(place.drop_null())
    same[at] = equal_rows(*both)
    return same
