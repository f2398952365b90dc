"""Pieces of HTML that the sections of the dose report share."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from dicomlake.pipeline.dose.charts import shown

_LONGEST: Final = 80
"""Letters of a name that the page shows."""


def words(text: str) -> str:
    """Return a text of somebody else's as HTML; an endless one is cut."""
    return escape(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def card(title: str, body: str) -> str:
    """Return a card of the page."""
    head = f"<header><h3>{escape(title)}</h3></header>" if title else ""
    return f'<section class="card">{head}{body}</section>'


def table(head: Sequence[str], rows: Iterable[str], numeric: Iterable[int]) -> str:
    """Return a table of the page."""
    right = set(numeric)
    titles = "".join(
        f"<th{' class=num' if place in right else ''}>{escape(title)}</th>"
        for place, title in enumerate(head)
    )
    return (
        f'<div class="scroll"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def percent(part: int, whole: int) -> str:
    """Return a part in percent: not all is never shown as all, nor some as none."""
    if part == whole:
        return "100 %"
    return f"{min(99.9, max(0.1 if part else 0.0, 100 * part / whole)):.1f} %"


def number_text(value: float | None) -> str:
    """Return a number for people; nothing for null."""
    return "" if value is None or math.isnan(value) else shown(value)
