"""The dose report: one HTML page that stands alone.

It asks for nothing on a network, and its content security policy forbids it to. It holds no name,
ID or key of a patient; the UIDs of studies only where they are asked for.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.dose.charts import bar, box_plots, cumulative, trend
from dicomlake.pipeline.dose.csv_files import SHIPPED
from dicomlake.pipeline.dose.markup import card, percent, table, words
from dicomlake.pipeline.dose.outliers import outliers
from dicomlake.pipeline.dose.page_tables import levels_section, outliers_section
from dicomlake.pipeline.dose.panels import (
    LEAST_DRAWN,
    ExamPanels,
    Panel,
    exam_panels,
    title_of,
    unit_text,
)
from dicomlake.pipeline.dose.protocols import count_unmapped, replace_file
from dicomlake.pipeline.dose.quantities import (
    CT_COLUMNS,
    EXAM_COLUMNS,
    XRAY_COLUMNS,
    booleans,
    texts,
    truth,
)
from dicomlake.schemas.tables.dose_reports import STATUSES
from dicomlake.schemas.tables.dose_studies import OUTCOMES

if TYPE_CHECKING:
    from dicomlake.config.settings import DoseSettings
    from dicomlake.pipeline.tables.store import Version

Row = dict[str, Any]

MOST_PROTOCOLS: Final = 15
_GROUPS: Final = {
    "CT": "CT",
    "RF": "Fluoroscopy and intervention",
    "DX": "Radiography",
    "MG": "Mammography",
    "NM": "Nuclear medicine and PET",
}
_WHO: Final[Mapping[str, Sequence[str]]] = {
    "Age": ("age_years",),
    "Weight": ("weight_kg",),
    "Device": ("device_key",),
    "Facility": ("facility_key",),
    "Date": ("study_date",),
}
_WHAT: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "CT": {
        "CTDIvol": ("ctdivol_max_head_mgy", "ctdivol_max_body_mgy"),
        "DLP of events": ("dlp_total_mgy_cm",),
        "DLP reported": ("dlp_total_reported_mgy_cm",),
        "SSDE": ("ssde_mean_mgy",),
    },
    "RF": {
        "Kerma-area product": ("kap_total_gy_cm2", "kap_total_reported_gy_cm2"),
        "Reference air kerma": ("ka_r_total_mgy", "ka_r_total_reported_mgy"),
        "Fluoroscopy time": ("fluoro_time_s",),
    },
    "DX": {"Kerma-area product": ("kap_total_gy_cm2",)},
    "MG": {"Glandular dose": ("agd_left_mgy", "agd_right_mgy")},
    "NM": {"Activity": ("activity_total_mbq",)},
}
"""Columns of `dose_exams`, one of which must have a value, by what the report calls them."""
_COLUMNS: Final[Mapping[str, Sequence[str] | None]] = {
    "dose_exams": (*EXAM_COLUMNS, "agd_left_mgy", "agd_right_mgy", "ctdivol_max_head_mgy",
                   "ctdivol_max_body_mgy", "dlp_total_reported_mgy_cm"),
    "ct_irradiation_events": CT_COLUMNS,
    "xray_irradiation_events": XRAY_COLUMNS,
    "devices": ("device_key", "display_name", "station_name", "facility_key"),
    "dose_studies": ("outcome", "n_images", "n_images_with_dose"),
    "dose_reports": ("status", "source_kind"),
    "drl": None,
}  # fmt: skip


def write_page(
    version: "Version", out: Path, settings: "DoseSettings", *, study_uids: bool = False
) -> int:
    """Write the dose report of a lake as one HTML file, whole or not at all.

    Args:
        version: what to read.
        out: the file; an existing one is replaced.
        settings: bands, least numbers and what outliers are.
        study_uids: name the studies of outliers.

    Returns:
        The size of the file, in bytes.

    Raises:
        UsageError: the file cannot be written.
    """
    tables = {name: version.read(name, columns) for name, columns in _COLUMNS.items()}
    content = page(tables, settings, version.number, study_uids=study_uids).encode()
    replace_file(out, content)
    return len(content)


def page(
    tables: Mapping[str, pa.Table],
    settings: "DoseSettings",
    number: int,
    *,
    study_uids: bool = False,
) -> str:
    """Return the dose report.

    Args:
        tables: rows of the tables of `_COLUMNS`, by name.
        settings: as for `write_page`.
        number: of the version, which the page names.
        study_uids: name the studies of outliers.
    """
    exams = tables["dose_exams"]
    drawn, not_drawn = exam_panels(tables, settings)
    found = outliers(
        exams, tables["ct_irradiation_events"], tables["xray_irradiation_events"], settings
    )
    sections = (
        _tiles(exams, len(found)),
        '<h2 id="complete">Completeness</h2>',
        _completeness(tables),
        '<h2 id="exams">Exams and devices</h2>',
        _exam_sections(drawn, not_drawn),
        '<h2 id="levels">Reference levels</h2>',
        levels_section(tables["drl"].to_pylist(), tables["devices"]),
        '<h2 id="outliers">Outliers</h2>',
        outliers_section(found, tables["devices"], study_uids=study_uids),
        '<h2 id="method">How it is computed</h2>',
        _method(settings),
    )
    return _document(_top(exams, number), "".join(sections))


def _document(top: str, body: str) -> str:
    style = (SHIPPED / "page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="referrer" content="no-referrer">'
        f"<title>Dose report</title><style>{style}</style></head><body>"
        f"{top}<main>{body}</main><footer>Made by dicomlake. Figures describe groups of exams; "
        "they say nothing about the risk of a person.</footer></body></html>\n"
    )


def _top(exams: pa.Table, number: int) -> str:
    dates = sorted(text for text in texts(exams.column("study_date").combine_chunks()) if text)
    span = f"studies from {dates[0]} to {dates[-1]}" if dates else "studies without a date"
    links = (("complete", "Completeness"), ("exams", "Exams and devices"),
             ("levels", "Reference levels"), ("outliers", "Outliers"),
             ("method", "How it is computed"))  # fmt: skip
    return (
        f'<header class="top"><h1>Dose report</h1><p class="soft">Version {number} of the lake, '
        f"{escape(span)}</p><nav>"
        + "".join(f'<a href="#{anchor}">{name}</a>' for anchor, name in links)
        + "</nav></header>"
    )


def _tiles(exams: pa.Table, n_outliers: int) -> str:
    groups = Counter(texts(exams, "modality_group"))
    unmapped = count_unmapped(texts(exams, "standard_exam"))
    phantoms = int((~truth(exams, "is_patient")).sum())
    tiles = [
        *((groups[group], name, False) for group, name in _GROUPS.items() if groups[group]),
        (_different(exams, "facility_key"), "facilities", False),
        (_different(exams, "device_key"), "devices", False),
        (unmapped, "exams without a standard exam", unmapped > 0),
        (phantoms, "of phantoms and tests, left out", False),
        (n_outliers, "outliers to look at", n_outliers > 0),
    ]
    cells = (
        f'<div class="tile{" warn" if warn else ""}"><b>{count:,}</b><span>{escape(name)}</span>'
        "</div>"
        for count, name, warn in tiles
    )
    return f'<h2>{exams.num_rows:,} exams</h2><div class="tiles">{"".join(cells)}</div>'


def _different(rows: pa.Table, name: str) -> int:
    return len({value for value in texts(rows, name) if value is not None})


def _completeness(tables: Mapping[str, pa.Table]) -> str:
    exams, studies = tables["dose_exams"], tables["dose_studies"]
    outcomes = Counter(texts(studies, "outcome"))
    statuses = Counter(texts(tables["dose_reports"], "status"))
    cards = [
        _counted("Studies by what their dose was read from", outcomes, OUTCOMES),
        _counted("Dose reports by what became of them", statuses, STATUSES),
        _unmapped(exams),
    ]
    return f'<div class="pair">{"".join(cards)}</div>{_presence(exams)}'


def _counted(title: str, counts: Counter[Any], meanings: Mapping[str, str]) -> str:
    total = sum(counts.values())
    rows = [
        (meaning.rstrip("."), counts[code]) for code, meaning in meanings.items() if counts[code]
    ]
    if not rows:
        return card(title, '<p class="soft">None.</p>')
    body = "".join(
        f'<tr><td>{escape(text)}</td><td class="num">{n:,}</td><td>{bar(n / total)}</td>'
        f'<td class="num">{percent(n, total)}</td></tr>'
        for text, n in rows
    )
    return card(title, f"<table><tbody>{body}</tbody></table>")


def _presence(exams: pa.Table) -> str:
    """Return how many exams of each group have what reference levels need."""
    groups = texts(exams, "modality_group")
    body = []
    for group, title in _GROUPS.items():
        rows = exams.filter(booleans(groups == group))
        if not rows.num_rows:
            continue
        cells = "".join(f"<td>{_share(rows, columns)}</td>" for columns in _WHO.values())
        doses = "".join(
            f"<span>{name}<br>{_share(rows, columns)}</span>"
            for name, columns in _WHAT[group].items()
        )
        body.append(
            f'<tr><td>{escape(title)}</td><td class="num">{rows.num_rows:,}</td>{cells}'
            f'<td class="doses">{doses}</td></tr>'
        )
    if not body:
        return ""
    head = ("Exams that have a known", "Exams", *_WHO, "Dose")
    return card("", table(head, body, numeric=(1,)))


def _share(rows: pa.Table, columns: Sequence[str]) -> str:
    known = np.zeros(rows.num_rows, dtype=np.bool_)
    for name in columns:
        known |= rows.column(name).is_valid().to_numpy()
    count = int(known.sum())
    return (
        f'<span class="share">{bar(count / rows.num_rows)} {percent(count, rows.num_rows)}</span>'
    )


def _unmapped(exams: pa.Table) -> str:
    names, protocols = texts(exams, "standard_exam"), texts(exams, "protocol")
    groups = texts(exams, "modality_group")
    counts = Counter(
        (group, protocol or "no name")
        for group, protocol, name in zip(groups, protocols, names, strict=True)
        if count_unmapped([name])
    )
    title = "Protocols without a standard exam"
    if not counts:
        return card(title, '<p class="soft">None: every exam has one.</p>')
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    body = "".join(
        f'<tr><td class="short">{escape(group)}</td><td>{words(protocol)}</td>'
        f'<td class="num">{n:,}</td></tr>'
        for (group, protocol), n in ordered[:MOST_PROTOCOLS]
    )
    more = len(ordered) - MOST_PROTOCOLS
    rest = f"<p class=note>And {more:,} protocols more.</p>" if more > 0 else ""
    return card(
        title,
        "<p class=note>They feed no reference level. <code>dicomlake dose protocols</code> writes "
        f"the list to fill in.</p><table><tbody>{body}</tbody></table>{rest}",
    )


def _exam_sections(drawn: Sequence[ExamPanels], not_drawn: int) -> str:
    if not drawn:
        return (
            f'<p class="soft">No device has {LEAST_DRAWN} values of an exam: there is nothing to '
            "draw.</p>"
        )
    legend = (
        '<p class="note">Boxes: quartiles and median; whiskers: 5th to 95th percentile; dots: the '
        "farthest values above; an arrow: values beyond the axis. Curves: the part of the values "
        "at or below a dose, in the colours of the boxes. Over time: median and quartiles of all "
        f"devices together. Fewer than {LEAST_DRAWN} values are not drawn.</p>"
        '<div class="legend"><span><i></i>published reference level</span>'
        '<span><i class="own"></i>75th percentile of facility medians here</span></div>'
    )
    rest = f"<p class=note>{not_drawn:,} exams more are not drawn.</p>" if not_drawn else ""
    return legend + "".join(_exam_section(each) for each in drawn) + rest


def _exam_section(exam: ExamPanels) -> str:
    panels = "".join(_panel(exam.exam, panel) for panel in exam.panels)
    return (
        f'<section class="card"><header><h3>{words(exam.exam)}</h3>'
        f'<span class="soft">{escape(_GROUPS[exam.group])}, {exam.n_exams:,} exams</span></header>'
        f"{panels}</section>"
    )


def _panel(exam: str, panel: Panel) -> str:
    title, unit = title_of(panel), unit_text(panel.quantity.unit)
    whole = f"{exam[:80]}, {title}"
    charts = [
        ("By device", box_plots(f"{whole}, by device", unit, panel.groups, panel.marks)),
        ("Cumulative", cumulative(f"{whole}, cumulative", unit, panel.groups, panel.marks)),
    ]
    if panel.moments:
        charts.append(("Over time", trend(f"{whole}, over time", unit, panel.moments, panel.marks)))
    figures = "".join(
        f"<figure><figcaption>{name}</figcaption>{chart}</figure>" for name, chart in charts
    )
    others = f"; {panel.others} devices not drawn" if panel.others else ""
    kind = "sequences or exposures" if panel.quantity.of_events else "exams"
    return (
        f'<h4>{escape(title)} <span class="note">{panel.n:,} {kind}{others}</span></h4>'
        f'<div class="charts">{figures}</div>'
    )


def _method(settings: "DoseSettings") -> str:
    least = (
        f"CT {settings.min_n_ct}, fluoroscopy {settings.min_n_rf}, mammography "
        f"{settings.min_n_mg}, others {settings.min_n}"
    )
    terms = (
        ("Typical value", "The median of the exams of a facility, or of one of its rooms."),
        ("Reference level", "The 75th percentile of the medians of facilities (of the rooms of a "
         f"facility: local), of at least {settings.min_facilities} with at least "
         f"{settings.min_n_facility} exams each. The 75th percentile of all patients together is "
         "another number; it is printed in grey, and is no reference level."),
        ("Percentiles", "Linear interpolation between the values (type 7)."),
        ("Least numbers", f"Exams of a population that has figures: {least}."),
        ("What feeds it", "Active events and exams of patients. CTDIvol without localizers and "
         "stationary acquisitions; 16 cm and 32 cm phantoms apart; no exam that has both."),
        ("Bands", "Adults and children by age; weight, age and breast thickness are never "
         "exchanged for each other. Who has no age or weight is in no such band."),
        ("Published levels", "As the row's source states them; hover over a figure for it."),
    )  # fmt: skip
    body = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in terms)
    return card("", f"<dl>{body}</dl>")
