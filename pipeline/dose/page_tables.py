"""The tables of the dose report: reference levels beside published ones, and outliers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import pyarrow as pa

from dicomlake.pipeline.dose.markup import card, number_text, table, words
from dicomlake.pipeline.dose.outliers import REASONS, Outlier
from dicomlake.pipeline.dose.panels import device_labels, unit_text
from dicomlake.pipeline.dose.quantities import QUANTITIES, texts
from dicomlake.pipeline.dose.reference_levels import EVERY

Row = dict[str, Any]

MOST_OUTLIERS: Final = 200
MOST_LEVELS: Final = 400
_HIGH: Final = 1.0
KINDS: Final = {
    "national_style": "75th percentile of facility medians",
    "local": "75th percentile of room medians",
    "typical": "median (typical value)",
    "p75_patient": "pooled 75th percentile, no reference level",
}


def levels_section(rows: list[Row], devices: pa.Table) -> str:
    """Return the table of reference levels: all years, rooms left to the charts."""
    wanted = [row for row in rows if row["period"] == EVERY and _is_shown(row)]
    if not wanted:
        return '<p class="soft">There are none: no exam has a standard exam and a dose.</p>'
    labels = labels_of(devices)
    order = {kind: place for place, kind in enumerate(KINDS)}
    wanted.sort(
        key=lambda row: (
            *_population(row), order[row["kind"]], row["facility_key"], row["device_key"],
        )
    )  # fmt: skip
    body, before = [], None
    for row in wanted[:MOST_LEVELS]:
        body.append(_level(row, labels, first=_population(row) != before))
        before = _population(row)
    head = ("Exam and quantity", "Band", "Population", "Figure", "Exams", "P25", "Median", "P75",
            "Value", "Published", "Ratio")  # fmt: skip
    more = len(wanted) - MOST_LEVELS
    rest = f"<p class=note>{more:,} rows more are in the table <code>drl</code>.</p>"
    return card(
        "",
        "<p class=note>All years. Percentiles of a facility or room are of its exams; those of "
        "the two-stage levels are of the medians. A population that is too small has its count "
        "and no figures; of bands only those with figures are here. Rooms and single years are "
        "in the table <code>drl</code>.</p>"
        + table(head, body, numeric=range(4, 11))
        + (rest if more > 0 else ""),
    )


def _population(row: Row) -> tuple[Any, ...]:
    return (row["modality_group"], row["standard_exam"], row["quantity"], row["phantom_cm"],
            row["subset"], row["band_basis"] != "none", row["band_basis"], row["band"])  # fmt: skip


def _is_shown(row: Row) -> bool:
    """Return whether a row of all years is of the page.

    Rooms are in the charts, pooled percentiles of one facility in the table alone, and bands in
    which there are too few as well.
    """
    if row["suppressed"] and row["band"] != EVERY:
        return False
    if row["kind"] == "p75_patient":
        return bool(row["facility_key"] == EVERY)
    if row["kind"] == "local":
        return bool(row["n_devices"] > 1)
    return bool(row["device_key"] == EVERY)


def _level(row: Row, labels: Mapping[str, str], *, first: bool) -> str:
    quantity = next(
        each
        for each in QUANTITIES
        if (each.group, each.name, each.phantom_cm)
        == (row["modality_group"], row["quantity"], row["phantom_cm"])
    )
    phantom = f", {row['phantom_cm']} cm phantom" if row["phantom_cm"] else ""
    subset = f", code {row['subset']}" if row["subset"] != EVERY else ""
    what = f"{quantity.label}{phantom}{subset}, {unit_text(row['unit'])}"
    place = "all facilities" if row["facility_key"] == EVERY else row["facility_key"]
    if row["device_key"] != EVERY:
        place = f"{place}, {labels.get(row['device_key'], row['device_key'][:8])}"
    classes = " ".join(
        name
        for name, holds in (("first", first), ("pooled", row["kind"] == "p75_patient"))
        if holds
    )
    named = f"<b>{words(row['standard_exam'])}</b><br>{escape(what)}"
    cells = [
        f"<td>{named if first else ''}</td>",
        f"<td>{escape('all' if row['band'] == EVERY else row['band']) if first else ''}</td>",
        f"<td>{words(place)}</td>",
        f"<td>{KINDS[row['kind']]}</td>",
        f'<td class="num">{row["n_exams"]:,}</td>',
    ]
    if row["suppressed"]:
        cells.append('<td class="num few" colspan="4">too few</td>')
    else:
        cells += [
            f'<td class="num">{number_text(row[name])}</td>' for name in ("p25", "p50", "p75")
        ]
        cells.append(f'<td class="num"><b>{number_text(row["value"])}</b></td>')
    source = ", ".join(
        str(part) for part in (row["reference_source"], row["reference_year"]) if part
    )
    cells.append(
        f'<td class="num" title="{escape(source)}">{number_text(row["reference_value"])}</td>'
    )
    high = row["ratio"] is not None and row["ratio"] > _HIGH
    ratio = f"{row['ratio']:.2f}" if row["ratio"] is not None else ""
    cells.append(f'<td class="num{" high" if high else ""}">{ratio}</td>')
    return f'<tr class="{classes}">{"".join(cells)}</tr>'


def outliers_section(found: Sequence[Outlier], devices: pa.Table, *, study_uids: bool) -> str:
    """Return the outliers, the farthest first."""
    if not found:
        return '<p class="soft">None.</p>'
    labels = labels_of(devices)
    counts = Counter(each.reason for each in found)
    reasons = "".join(
        f'<tr><td>{escape(text)}</td><td class="num">{counts[code]:,}</td></tr>'
        for code, text in REASONS.items()
        if counts[code]
    )
    body = []
    for each in found[:MOST_OUTLIERS]:
        band = "" if each.band == EVERY else f", {each.band}"
        cells = [
            f"<td>{words(each.standard_exam)}{escape(band)}</td>",
            f"<td>{words(labels.get(each.device_key or '', each.device_key or ''))}</td>",
            f"<td>{words(each.facility_key or '')}</td>",
            f"<td>{escape(_quantity_label(each))}</td>",
            f'<td class="num"><b>{number_text(each.value)}</b> {unit_text(each.unit)}</td>',
            f'<td class="num">{number_text(each.limit)}</td>',
            f"<td>{escape(_REASON_SHORT[each.reason])}</td>",
        ]
        if study_uids:
            cells.append(f'<td class="uid">{escape(each.study_instance_uid)}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    head = ["Exam", "Device", "Facility", "Quantity", "Value", "Limit", "Why"]
    more = len(found) - MOST_OUTLIERS
    note = (
        f"The {min(len(found), MOST_OUTLIERS):,} farthest beyond their limit"
        + (f" of {len(found):,}" if more > 0 else "")
        + ". An outlier is a question, no verdict. The sheet <code>outliers</code> names all of "
        "them with their studies."
    )
    return card(
        "",
        f"<table><tbody>{reasons}</tbody></table><p class=note>{note}</p>"
        + table([*head, "Study"] if study_uids else head, body, numeric=(4, 5)),
    )


_REASON_SHORT: Final = {
    "above_reference": "far above the published level",
    "above_quartiles": "far above the quartiles",
    "robust_z": "far from the median",
    "dlp_not_ctdivol_times_length": "DLP is not CTDIvol × length",
    "ctdivol_without_dlp": "CTDIvol, but DLP is 0",
    "localizer_dlp": "much for a localizer",
}


def _quantity_label(outlier: Outlier) -> str:
    labels = (each.label for each in QUANTITIES if each.name == outlier.quantity)
    return next(labels, "DLP of an event")


def labels_of(devices: pa.Table) -> dict[str, str]:
    """Return the label of each device."""
    keys = sorted(key for key in texts(devices, "device_key") if key)
    return {key: label for key, (label, _) in zip(keys, device_labels(keys, devices), strict=True)}
