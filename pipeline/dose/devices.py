"""Devices: who they are by what their objects say, and which facility they belong to.

A report and the images of one machine rarely say the same of it: a report may name its Device
Observer UID, an image its station. So identity is decided within a study first (`resolve`), and its
key is that of whoever says most.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Row = dict[str, Any]

FACTS: Final = (
    "manufacturer",
    "manufacturer_model_name",
    "device_serial_number",
    "station_name",
    "institution_name",
    "device_observer_uid",
)
"""What is known of a device, besides its key."""

_NO_SERIAL: Final = frozenset(
    {"", "unknown", "none", "na", "n/a", "null", "not available", "serial", "serialnumber", "sn"}
)


def _said(facts: Mapping[str, Any], name: str) -> str:
    """Return a fact as it is compared: case-blind, white space collapsed; '' where unknown."""
    return " ".join(str(facts.get(name) or "").split()).casefold()


def _serial(facts: Mapping[str, Any]) -> str:
    """Return the serial number, '' where what stands there is a filler such as `0000`."""
    serial = _said(facts, "device_serial_number")
    filler = serial in _NO_SERIAL or not serial.strip("0-.x* ")
    return "" if filler else serial


def known(facts: Mapping[str, Any]) -> bool:
    """Return whether anything is said of the device that tells it from others."""
    return bool(_serial(facts)) or any(_said(facts, n) for n in FACTS if n != "institution_name")


def device_key(facts: Mapping[str, Any]) -> str | None:
    """Return the identity of a device: 32 hex digits; None where nothing is known of it.

    Model and serial number; without a serial number maker, model and station; without a station
    the Device Observer UID (121012, DCM), else maker, model and institution.
    """
    model = _said(facts, "manufacturer_model_name")
    maker = _said(facts, "manufacturer")
    parts: tuple[str, ...]
    if serial := _serial(facts):
        parts = ("serial", model, serial)
    elif station := _said(facts, "station_name"):
        parts = ("station", maker, model, station)
    elif uid := _said(facts, "device_observer_uid"):
        parts = ("observer", uid)
    elif maker or model:
        parts = ("model", maker, model, _said(facts, "institution_name"))
    else:
        return None
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def resolve(devices: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return the key of each device of one study; what can only be one machine gets one key.

    Devices of one serial number are one; a device without one is the only other that says nothing
    against it. The key is that of whoever comes first in `devices` of those with a serial number:
    give reports before images.
    """
    keys = [device_key(facts) for facts in devices]
    serials: dict[str, int] = {}
    for index, facts in enumerate(devices):
        if serial := _serial(facts):
            keys[index] = keys[serials.setdefault(serial, index)]
    anchors = list(serials.values())
    loose = [index for index, facts in enumerate(devices) if not _serial(facts)]
    for index in loose:
        _adopt(index, anchors, devices, keys)
    named = [index for index in loose if known(devices[index])]
    firsts = {keys[index]: index for index in reversed([*anchors, *named])}
    for index in loose:
        if not known(devices[index]):
            # Nothing is said: it is the study's only device, or nobody knows.
            keys[index] = next(iter(firsts)) if len(firsts) == 1 else None
    return keys


def _adopt(
    index: int,
    anchors: Sequence[int],
    devices: Sequence[Mapping[str, Any]],
    keys: list[str | None],
) -> None:
    """Give a device without a serial number the key of the only one it can be."""
    candidates = {keys[each] for each in anchors if _may_be(devices[index], devices[each])}
    if len(candidates) == 1:
        keys[index] = candidates.pop()


def _may_be(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two descriptions share a station or a model, and differ in neither UID."""
    uids = {_said(each, "device_observer_uid") for each in (one, other)} - {""}
    if len(uids) > 1:
        return False
    stations = [_said(each, "station_name") for each in (one, other)]
    if all(stations):
        return stations[0] == stations[1]
    models = [_said(each, "manufacturer_model_name") for each in (one, other)]
    return bool(models[0]) and models[0] == models[1]


def facility_key(facts: Mapping[str, Any], facilities: Mapping[str, str]) -> str | None:
    """Return the facility of a device: by station, else institution, else its institution's name.

    Args:
        facts: of the device.
        facilities: the setting `dose.facilities`; its names are case-blind.
    """
    configured = {" ".join(name.split()).casefold(): key for name, key in facilities.items()}
    for name in ("station_name", "institution_name"):
        said = _said(facts, name)
        if said and said in configured:
            return configured[said]
    institution = " ".join(str(facts.get("institution_name") or "").split())
    return institution or None


def display_name(facts: Mapping[str, Any]) -> str:
    """Return a name for people: maker and model, and station or serial number."""
    maker, model = (str(facts.get(n) or "").strip() for n in FACTS[:2])
    whole = model if maker and model.casefold().startswith(maker.casefold()) else f"{maker} {model}"
    place = facts.get("station_name") or facts.get("device_serial_number")
    name = " ".join(f"{whole} ({place})".split()) if place else " ".join(whole.split())
    return name or str(facts.get("device_observer_uid") or "unknown device")


def commonest(values: Iterable[str | None]) -> str | None:
    """Return the commonest text, ties by text order; None where there is none."""
    counts = Counter(value for value in values if value)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None


def joined_facts(several: Sequence[Mapping[str, Any]]) -> Row:
    """Return one description of a device from several: of each fact the commonest."""
    return {name: commonest(facts.get(name) for facts in several) for name in FACTS}


def facts_text(facts: Mapping[str, Any], groups: Iterable[str]) -> str:
    """Return what a study says of a device as the JSON that `dose_studies.devices` holds."""
    said = {name: facts[name] for name in FACTS if facts.get(name)}
    return json.dumps({**said, "modality_groups": sorted(set(groups))}, sort_keys=True)


class DeviceBook:
    """The devices of many studies, added one at a time in any order."""

    def __init__(self) -> None:
        self._facts: dict[str, dict[str, Counter[str]]] = {}
        self._groups: dict[str, set[str]] = {}

    def add(self, key: str, text: str, studies: int = 1) -> None:
        """Add what studies say of a device, as `facts_text` wrote it."""
        said = json.loads(text)
        facts = self._facts.setdefault(key, {name: Counter() for name in FACTS})
        self._groups.setdefault(key, set()).update(said.pop("modality_groups", ()))
        for name, value in said.items():
            facts[name][value] += studies

    def rows(self, facilities: Mapping[str, str]) -> list[Row]:
        """Return the rows of `devices`, by key; of each fact the commonest, ties by text order."""
        rows = []
        for key in sorted(self._facts):
            facts = {
                name: min(counts, key=lambda value: (-counts[value], value)) if counts else None
                for name, counts in self._facts[key].items()
            }
            rows.append(
                {
                    "device_key": key,
                    "display_name": display_name(facts),
                    **facts,
                    "facility_key": facility_key(facts, facilities),
                    "modality_groups": sorted(self._groups[key]),
                }
            )
        return rows
