"""Whether two readers found the same in one file."""

from typing import Final

from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import Layout
from dicomlake.pipeline.headers.reader import RawHeader

_SCALARS: Final = (
    "little",
    "transfer_syntax_uid",
    "is_directory",
    "pixel_offset",
    "pixel_length",
    "header_sha256",
    "private",
)


def disagreements(one: RawHeader, other: RawHeader, layout: Layout) -> tuple[str, ...]:
    """Return in what two raw headers of a file differ: names of fields, and tags.

    Args:
        one: by one reader.
        other: by another.
        layout: of the cells of both.
    """
    found = [name for name in _SCALARS if getattr(one, name) != getattr(other, name)]
    if sorted(one.faults, key=repr) != sorted(other.faults, key=repr):
        found.append("faults")
    pairs = zip(layout.tags, one.cells, other.cells, strict=True)
    found += [f"{tag:08X}" for tag, left, right in pairs if not _equal(left, right)]
    carriers = [sorted(each.carriers, key=lambda carrier: carrier[0]) for each in (one, other)]
    if [tag for tag, _ in carriers[0]] != [tag for tag, _ in carriers[1]] or not all(
        _equal(left, right) for (_, left), (_, right) in zip(*carriers, strict=True)
    ):
        found.append("references")
    return tuple(found)


def _equal(one: object, other: object) -> bool:
    if not isinstance(one, Items) or not isinstance(other, Items):
        return one == other
    return len(one.items) == len(other.items) and all(
        left.keys() == right.keys() and all(_equal(left[tag], right[tag]) for tag in left)
        for left, right in zip(one.items, other.items, strict=True)
    )
