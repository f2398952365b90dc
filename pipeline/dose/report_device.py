"""The device of a report: what irradiated, by the report's content and by its header."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dicomlake.pipeline.dose import codes
from dicomlake.pipeline.dose.codes import Code, Row
from dicomlake.pipeline.dose.content import Node

_FACTS: Final = ("manufacturer", "manufacturer_model_name", "device_serial_number")
DEVICE_COLUMNS: Final = (*_FACTS, "station_name", "institution_name")
"""Columns of `instances` that tell of the equipment."""
_IRRADIATING: Final = (codes.DEVICE_MANUFACTURER, codes.DEVICE_MODEL, codes.DEVICE_SERIAL)
_OBSERVER: Final = (codes.OBSERVER_MANUFACTURER, codes.OBSERVER_MODEL, codes.OBSERVER_SERIAL)


def device_of(row: Mapping[str, Any], root: Node | None = None) -> Row:
    """Return what is known of the device, as columns of `devices` without its key.

    What irradiated comes first: a report may be written by another machine. The next source fills
    in what is missing unless it tells of another model.

    Args:
        row: `DEVICE_COLUMNS` of the committed instance.
        root: the report; None where it was not read.
    """
    header = {column: row[column] for column in _FACTS if row.get(column)}
    role = None if root is None else _irradiating(root)
    sources = [header]
    if root is not None:
        sources = [_said(role, _IRRADIATING), header, _said(root, _OBSERVER)]
    device: Row = {}
    for source in sources:
        if _same_model(device, source):
            device = {**source, **device}
    station = row.get("station_name") or _text(role, codes.DEVICE_NAME)
    others = {
        "station_name": station or _text(root, codes.OBSERVER_NAME),
        "institution_name": row.get("institution_name"),
        "device_observer_uid": _uid(root),
    }
    return device | {column: value for column, value in others.items() if value}


def _irradiating(root: Node) -> Node | None:
    """Return the item of the irradiating device, the first one where all tell the same."""
    roles = [
        node
        for place in (root, *root.children())
        for node in place.children(codes.DEVICE_ROLE)
        if node.code() == codes.IRRADIATING_DEVICE
    ]
    told = [_said(role, _IRRADIATING) for role in roles]
    return roles[0] if roles and all(each == told[0] for each in told) else None


def _said(node: Node | None, concepts: Sequence[Code]) -> Row:
    texts = ((name, _text(node, concept)) for name, concept in zip(_FACTS, concepts, strict=True))
    return {name: text for name, text in texts if text}


def _text(node: Node | None, concept: Code) -> str | None:
    found = None if node is None else node.first(concept)
    return None if found is None else found.text()


def _uid(root: Node | None) -> str | None:
    found = None if root is None else root.first(codes.OBSERVER_UID)
    return None if found is None else found.uid()


def _same_model(known: Row, other: Row) -> bool:
    models = [each.get("manufacturer_model_name") for each in (known, other)]
    return None in models or models[0] == models[1]
