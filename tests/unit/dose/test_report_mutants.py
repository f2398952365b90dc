"""Broken reports: whatever bytes a report holds, it gives a reading, never an exception."""

import random
from pathlib import Path

import pytest
from make.dose_reading import check_columns, read, row_of
from make.rdsr import (
    LEFT_BREAST,
    accumulated,
    administration,
    ct_event,
    ct_report,
    dose_check,
    organ_dose,
    radiopharmaceutical_report,
    save,
    size,
    x_ray_event,
    x_ray_filter,
    x_ray_report,
)
from pydicom.dataset import Dataset

from dicomlake.pipeline.dose import reports

_ODD = b"\x00\xff\\ 0.E-\x1b/"


def whole_reports() -> list[Dataset]:
    """Return a report of each template, with most of what it may hold."""
    ct = ct_event("e", of_dose=[*dose_check(), size()])
    xray = x_ray_event("e", filters=[x_ray_filter()], kvp=([70, 80], "kV"), images=["1.2.3"])
    totals = [accumulated(kap=(1.0, "Gy.m2"), agd={LEFT_BREAST: (1.0, "mGy")})]
    given = administration("a", organs=[organ_dose("SRT:T-71000", (1.0, "mGy"))])
    return [
        ct_report([ct, ct_event("f")], name="r", study="s", dlp_total=(1.0, "mGy.cm")),
        x_ray_report([xray], totals, name="r", study="s"),
        radiopharmaceutical_report([given], name="r", study="s"),
    ]


def mutant(whole: bytes, chosen: random.Random) -> bytes:
    """Return the bytes of a report with some of them changed, copied, left out or cut off."""
    data = bytearray(whole)
    for _ in range(chosen.choice((1, 1, 2, 5, 20))):
        place, other = (chosen.randrange(140, len(data) - 50) for _ in range(2))
        how = chosen.randrange(4)
        if how == 0:
            data[place] ^= 1 << chosen.randrange(8)
        elif how == 1:
            data[place] = chosen.choice(_ODD)
        elif how == 2:
            length = chosen.randrange(1, 40)
            data[place : place + length] = data[other : other + length]
        else:
            del data[place : place + chosen.randrange(1, 9)]
    return bytes(data[: chosen.randrange(140, len(data))] if chosen.random() < 0.1 else data)


@pytest.mark.parametrize("template", [0, 1, 2])
def test_no_bytes_raise_and_every_report_has_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, template: int
) -> None:
    # Nothing may be left to the net that keeps a run alive.
    monkeypatch.setattr(reports, "_BROKEN", (ZeroDivisionError,))
    made = whole_reports()[template]
    row = row_of(made)
    path = save(made, tmp_path / "r.dcm")
    whole = path.read_bytes()
    chosen = random.Random(template)
    statuses = set()
    for _ in range(120):
        path.write_bytes(mutant(whole, chosen))
        try:
            reading = reports.read_report(bytes(path), row)
        except reports.DoseFileError:  # its SOP Instance UID was hit
            continue
        assert reading is not None
        check_columns(reading)
        statuses.add(reading.report["status"])
    assert {"active", "unreadable"} <= statuses


def test_the_order_of_events_in_a_report_tells_nothing(tmp_path: Path) -> None:
    events = [x_ray_event(None, kap=(k * 1e-5, "Gy.m2")) for k in (1, 2, 2, 3)]
    events += [x_ray_event("e"), x_ray_event("e", plane="113621")]
    made = x_ray_report(events, (), name="r", study="s")
    rows = read(made, tmp_path).xray_events
    chosen = random.Random(0)
    for _ in range(5):
        mixed = [*events[:4]]
        chosen.shuffle(mixed)
        other = read(x_ray_report([*mixed, *events[4:]], (), name="r", study="s"), tmp_path)
        assert sorted(map(repr, other.xray_events)) == sorted(map(repr, rows))
