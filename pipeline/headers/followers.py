"""Rows that follow an instance into tables of their own: frames, references, elements, JSON."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any, Final

import pyarrow as pa

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.headers.columns import Lineage
from dicomlake.pipeline.headers.decode import Cell, Decoder
from dicomlake.pipeline.headers.elements_table import ElementRows
from dicomlake.pipeline.headers.frames import (
    PER_FRAME,
    SHARED,
    FrameRows,
    Owner,
    needs_frames,
)
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.layout import Layout
from dicomlake.pipeline.headers.references import ReferenceRows
from dicomlake.pipeline.headers.sheet import Rows

_OWNER: Final = ("sop_instance_uid", "study_instance_uid", "series_instance_uid", "modality",
                 "study_year")  # fmt: skip
_NO_GROUPS: Final = (None, None)


class Followers:
    """Gathers, for the instances of a batch, the rows that follow them."""

    def __init__(
        self, settings: HeaderSettings, layout: Layout, decoder: Decoder, lineage: Lineage
    ) -> None:
        self._layout = layout
        self._elements = ElementRows(settings, lineage)
        self._frames = FrameRows(decoder, lineage)
        self._references = ReferenceRows(decoder, lineage)

    def add(
        self, rows: Rows, identities: Sequence[str], raws: Sequence[bytes | None]
    ) -> Iterator[tuple[int, tuple[Fault, ...]]]:
        """Add what follows the instances of a sheet; yields findings by place in the batch.

        Args:
            rows: the instances.
            identities: `file_id` of each of them.
            raws: their files up to the pixels, where all elements are asked for.
        """
        counts: list[Any] = rows.columns["number_of_frames"].to_pylist()
        fields: list[list[Any]] = [rows.columns[name].to_pylist() for name in _OWNER]
        owners = list(map(Owner._make, zip(*fields, identities, strict=True)))
        slots = self._layout.slots
        groups = itemgetter(slots[PER_FRAME], slots[SHARED])
        for row, (header, n_frames, raw) in enumerate(zip(rows.headers, counts, raws, strict=True)):
            cells = header.cells
            may_have_frames = n_frames not in (None, 1) or groups(cells) != _NO_GROUPS
            if not header.carriers and not may_have_frames and raw is None:
                continue
            owner, place, context = owners[row], rows.places[row], rows.contexts[row]
            if header.carriers:
                yield place, self._references.add(owner, dict(header.carriers), context)
            if may_have_frames:

                def top(tag: int, cells: list[Cell] = cells) -> Cell:
                    return cells[slots[tag]]

                if needs_frames(top, n_frames):
                    yield place, self._frames.add(owner, top, context, n_frames)
            if raw is not None:
                yield place, self._elements.add(owner, raw)

    def tables(self) -> dict[str, pa.Table]:
        """Return the rows by table."""
        return {
            "frames": self._frames.table(),
            "instance_references": self._references.table(),
            "elements": self._elements.elements(),
            "dicom_json": self._elements.dicom_json(),
        }
