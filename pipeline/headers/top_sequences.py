"""Sequences at the top of data sets: those of equal bytes or of known form are not parsed again."""

from typing import Final

from dicomlake.pipeline.headers.forms import FormedItems, Forms, worth_learning
from dicomlake.pipeline.headers.item_parser import OpenSequence, parse_items
from dicomlake.pipeline.headers.items import Items

_SEQUENCES_KEPT: Final = 2_048
_SEQUENCE_KEPT_BYTES: Final = 8_192


class TopSequences:
    """Items of the sequences met so far in data sets of one encoding, within bounds."""

    def __init__(self, implicit: bool, max_depth: int) -> None:
        self._implicit = implicit
        self._max_depth = max_depth
        self._defined: dict[bytes, Items] = {}
        self._open: dict[int, tuple[bytes, Items]] = {}
        """The last value of undefined length by tag, its delimiter included."""
        self._unfinished: OpenSequence | None = None
        """One that ran beyond the bytes there were."""
        self._forms = Forms(implicit)
        self._inner_forms = Forms(implicit)
        """Of the sequences in their items."""
        self._parsed: dict[tuple[int, bool], tuple[int, int]] = {}
        """How many sequences were parsed, and how many forms learnt of them."""

    def defined(self, tag: int, raw: bytes) -> Items:
        """Return the items of a sequence; equal bytes give the same object, as far as kept.

        Raises:
            OddItemsError: they are not perfectly regular.
        """
        if len(raw) > _SEQUENCE_KEPT_BYTES:
            return parse_items(raw, self._implicit, self._max_depth, self._inner_forms)
        items = self._defined.get(raw)
        if items is not None:
            return items
        formed = self._forms.items((tag, False), raw, 0, len(raw))
        if formed is not None and formed[1] == len(raw):
            items = formed[0]
        else:
            items = parse_items(raw, self._implicit, self._max_depth, self._inner_forms)
            self._learn((tag, False), raw, 0, len(raw))
        if len(self._defined) >= _SEQUENCES_KEPT:
            self._defined.clear()
        self._defined[raw] = items
        return items

    def open(self, tag: int, data: bytes, start: int) -> tuple[Items, int]:
        """Return the items of a sequence of undefined length, and the offset after it.

        Raises:
            NeedMoreError: the bytes end first.
            OddItemsError: they are not perfectly regular.
        """
        before = self._open.get(tag)
        if before is not None and data.startswith(before[0], start):
            return before[1], start + len(before[0])
        formed = self._forms.items((tag, True), data, start, len(data))
        items, end = formed or self._parse_open(tag, data, start)
        if end - start <= _SEQUENCE_KEPT_BYTES:
            if len(self._open) >= _SEQUENCES_KEPT:
                self._open.clear()
            self._open[tag] = data[start:end], items
            if formed is None:
                self._learn((tag, True), data, start, end)
        return items, end

    def _parse_open(self, tag: int, data: bytes, start: int) -> tuple[Items, int]:
        reading = self._unfinished
        if reading is None or not reading.goes_on(tag, start, data):
            reading = OpenSequence(tag, start, self._implicit, self._max_depth, self._inner_forms)
            self._unfinished = reading
        found = reading.parse(data)
        self._unfinished = None
        return found

    def _learn(self, sequence: tuple[int, bool], data: bytes, start: int, end: int) -> None:
        """Learn the form of a sequence that was parsed, unless learning does not help."""
        parsed, learnt = self._parsed.get(sequence, (0, 0))
        if parsed and worth_learning(learnt, parsed):  # not of the first, perhaps the only one
            self._forms.learn(sequence, data, start, end)
            learnt += 1
        self._parsed[sequence] = parsed + 1, learnt


def widest(items: Items) -> int:
    """Return the number of elements of the item that has most, at any depth."""
    if isinstance(items, FormedItems):
        return items.form.widest
    most = 0
    for item in items.items:
        inner = (widest(each) for each in item.values() if isinstance(each, Items))
        most = max(most, len(item), *inner)
    return most
