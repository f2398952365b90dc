"""Rows that follow an instance into tables of their own: frames, references, elements, JSON."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.headers.columns import Lineage
from dicomlake.pipeline.headers.decode import Cell, Decoder
from dicomlake.pipeline.headers.elements_table import ElementRows
from dicomlake.pipeline.headers.frames import FrameRows, Owner, needs_frames
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.layout import Layout
from dicomlake.pipeline.headers.references import ReferenceRows
from dicomlake.pipeline.headers.sheet import Rows

_OWNER: Final = ("sop_instance_uid", "study_instance_uid", "series_instance_uid", "modality",
                 "study_year")  # fmt: skip


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
        for row, header in enumerate(rows.headers):
            cells, slots = header.cells, self._layout.slots

            def top(tag: int, cells: list[Cell] = cells, slots: dict[int, int] = slots) -> Cell:
                return cells[slots[tag]]

            has_frames = needs_frames(top, counts[row])
            raw = raws[row]
            if not header.carriers and not has_frames and raw is None:
                continue
            owner = owners[row]
            place, context = rows.places[row], rows.contexts[row]
            if header.carriers:
                yield place, self._references.add(owner, dict(header.carriers), context)
            if has_frames:
                yield place, self._frames.add(owner, top, context, counts[row])
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
