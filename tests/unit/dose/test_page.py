"""The dose report: all of it is there, nothing of a patient is, and it asks for nothing."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest
from make.doses import (
    ct_exam,
    dose_lake,
    dose_settings,
    oracle_exams,
    population,
)
from make.rows import rows

from dicomlake.pipeline.dose.charts import Group, Mark, Moment, box_plots, cumulative, shown, trend
from dicomlake.pipeline.dose.page import page, write_page
from dicomlake.pipeline.dose.reference_levels import reference_levels
from dicomlake.pipeline.errors import UsageError

HOSTILE = "<script>alert('x')</script>\"&"
VOID = {"meta", "br"}
EMPTY = {
    name: rows(name, [])
    for name in ("ct_irradiation_events", "xray_irradiation_events", "devices", "dose_studies",
                 "dose_reports", "drl")
}  # fmt: skip


def of_exams(exams: list[dict[str, Any]], **more: Any) -> str:
    table = rows("dose_exams", exams)
    tables = EMPTY | {"dose_exams": table}
    found = reference_levels(
        table, tables["ct_irradiation_events"], tables["xray_irradiation_events"], dose_settings()
    )
    return page(tables | {"drl": rows("drl", found)}, dose_settings(), 7, **more)


class Tags(HTMLParser):
    """Collects tags and text, and whether every tag that opens is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(html: str) -> Tags:
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    return tags


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return population(1500, hostile=HOSTILE)


@pytest.fixture(scope="module")
def html(tables: dict[str, pa.Table]) -> str:
    return page(tables, dose_settings(), 7)


def test_every_section_is_there(html: str) -> None:
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert titles == ["1,500 exams", "Completeness", "Exams and devices", "Reference levels",
                      "Outliers", "How it is computed"]  # fmt: skip
    assert all(f'id="{anchor}"' in html for anchor in re.findall(r'href="#(\w+)"', html))


def test_every_text_is_escaped(html: str) -> None:
    tags = parsed(html)
    assert "script" not in tags.names
    assert "<script" not in html
    assert any("alert('x')" in text for text in tags.text)  # it is there, as text
    assert not [name for name, _ in tags.attributes if name.startswith("on")]


def test_nothing_is_asked_of_a_network(html: str) -> None:
    tags = parsed(html)
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & tags.names
    assert not re.findall(r"url\(|@import|https?://|//\w", html)
    targets = [value for name, value in tags.attributes if name in {"href", "src"}]
    assert all(value and value.startswith("#") for value in targets)
    assert "default-src 'none'" in html


def test_nothing_of_a_patient_is_on_it(html: str) -> None:
    assert "patientkey" not in html
    assert not re.search(r"\b1\.2\.\d+", html)  # no study either


def test_studies_of_outliers_are_named_where_they_are_asked_for() -> None:
    exams = [ct_exam("1.2.3.4", 5000.0)]
    assert "1.2.3.4" in of_exams(exams, study_uids=True)
    assert "1.2.3.4" not in of_exams(exams)


def test_the_level_of_two_stages_is_on_it_and_the_pooled_one_says_that_it_is_none() -> None:
    cells = re.findall(r"<tr.*?</tr>", of_exams(oracle_exams(10)))
    national = [row for row in cells if "75th percentile of facility medians" in row]
    assert national
    assert all("<b>650</b>" in row for row in national)
    pooled = [row for row in cells if "<b>725</b>" in row]
    assert pooled
    assert all("pooled 75th percentile, no reference level" in row for row in pooled)


def test_suppressed_populations_have_a_count_and_no_figure() -> None:
    exams = [ct_exam(f"1.{i}", 123.0) for i in range(9)]
    (row,) = (row for row in re.findall(r"<tr.*?</tr>", of_exams(exams)) if "typical value" in row)
    assert "too few" in row
    assert ">9<" in row
    assert "123" not in row


def test_exams_without_a_standard_exam_are_counted_and_named() -> None:
    exams = [ct_exam(f"1.{i}", 100.0 + i, standard_exam="UNMAPPED", protocol="Odd one")
             for i in range(12)]  # fmt: skip
    html = of_exams(exams)
    assert "<b>12</b><span>exams without a standard exam</span>" in html
    assert '<td class="short">CT</td><td>Odd one</td><td class="num">12</td>' in html
    assert "<h3>UNMAPPED: Odd one</h3>" in html


def test_an_endless_name_is_cut() -> None:
    exams = [ct_exam(f"1.{i}", 100.0 + i, standard_exam="UNMAPPED", protocol="B" * 60_000)
             for i in range(12)]  # fmt: skip
    html = of_exams([*exams, ct_exam("2", 90_000.0, standard_exam="UNMAPPED",
                                     protocol="B" * 60_000)])  # fmt: skip
    assert "B" * 79 not in html.replace("B" * 79 + "…", "")
    assert len(html) < 40_000


def test_shares_are_of_what_is_not_null() -> None:
    exams = [ct_exam(f"1.{i}", 100.0, weight_kg=None if i % 4 else 70.0) for i in range(8)]
    row = next(r for r in re.findall(r"<tr>.*?</tr>", of_exams(exams)) if "<td>CT</td>" in r)
    assert re.findall(r"[\d.]+ %", row)[:3] == ["100 %", "25.0 %", "100 %"]


def test_a_lake_without_doses_has_a_page_that_says_so() -> None:
    html = of_exams([])
    parsed(html)
    assert "0 exams" in html
    assert "There are none" in html
    assert "nothing to draw" in html


def test_exams_of_which_nothing_is_known_do_not_stop_the_page() -> None:
    bare = {"study_instance_uid": "1", "modality_group": "RF", "is_patient": True, "n_events": 0}
    parsed(of_exams([bare, bare | {"study_instance_uid": "2", "kap_total_gy_cm2": 1.0}]))


def test_every_chart_is_well_formed_and_speaks(html: str) -> None:
    charts = re.findall(r'<svg class="chart".*?</svg>', html)
    assert len(charts) > 10
    for chart in charts:
        root = ElementTree.fromstring(chart)
        title = root.find("title")
        assert root.get("role") == "img"
        assert title is not None
        assert title.text
        assert "nan" not in chart
        assert "inf" not in chart


def test_much_data_makes_no_large_page() -> None:
    random = np.random.default_rng(1)
    many = Group("a", "a", np.sort(random.lognormal(3, 1, 200_000)), 0)
    assert len(box_plots("t", "mGy", [many], [])) < 6_000
    assert len(cumulative("t", "mGy", [many], [])) < 6_000


def points(chart: str) -> list[tuple[float, float]]:
    found = re.search(r'<polyline class="curve[^"]*" points="([^"]+)"', chart)
    assert found
    pairs = (pair.split(",") for pair in found.group(1).split())
    return [(float(x), float(y)) for x, y in pairs]


def test_a_cumulative_curve_rises_and_meets_half_at_the_median() -> None:
    values = np.sort(np.random.default_rng(1).lognormal(3, 0.3, 999))
    chart = cumulative("t", "mGy", [Group("a", "a", values, 0)], [Mark(25.0, "m", "own")])
    curve = points(chart)
    assert curve == sorted(curve, key=lambda point: (point[0], -point[1]))
    mark = re.search(r'<line class="own" x1="([\d.]+)"', chart)
    assert mark
    start = 38.0  # 0 on the axis; the mark at 25 gives its scale
    scale = (float(mark.group(1)) - start) / 25
    assert curve[50][0] == pytest.approx(start + scale * np.median(values), abs=0.2)
    assert curve[50][1] == pytest.approx((curve[0][1] + 18) / 2, abs=0.2)


def test_a_box_tells_its_quartiles() -> None:
    values = np.arange(1.0, 102.0)
    chart = box_plots("t", "mGy", [Group("a<b", "detail", values, 0)], [])
    assert "median 51, quartiles 26 and 76, 5 to 95 %: 6 to 96, n = 101" in chart
    assert "a&lt;b" in chart


def test_values_beyond_the_axis_are_counted_not_drawn_over_the_edge() -> None:
    values = np.sort(np.append(np.linspace(1, 2, 200), [500.0]))
    chart = box_plots("t", "mGy", [Group("a", "a", values, 0)], [])
    assert "1 beyond the axis, up to 500" in chart
    assert all(float(x) <= 400 for x in re.findall(r'\b(?:x|cx|x1|x2)="([\d.]+)"', chart))


def test_a_trend_tells_median_and_number_of_each_stretch() -> None:
    moments = [Moment("2024-01", np.array([1.0, 2.0, 3.0])), Moment("2024-02", np.array([4.0]))]
    chart = trend("t", "mGy", moments, [])
    assert "2024-01: median 2, 1.5 to 2.5 mGy, n = 3" in chart
    assert len(points(chart)) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (1, "1"), (8.5, "8.5"), (99.96, "100"), (650, "650"),
     (12345.6, "12,346"), (0.1, "0.1")],
)  # fmt: skip
def test_numbers_have_three_figures_and_no_exponent(value: float, text: str) -> None:
    assert shown(value) == text


def test_a_lake_is_written_whole_and_alike_each_time(
    tmp_path: Path, tables: dict[str, pa.Table]
) -> None:
    version = dose_lake(tmp_path / "lake", tables)
    out = tmp_path / "report.html"
    assert write_page(version, out, dose_settings()) == out.stat().st_size
    first = out.read_bytes()
    write_page(version, out, dose_settings())
    assert out.read_bytes() == first
    assert {path.name for path in tmp_path.iterdir()} == {"lake", "report.html"}
    assert first.decode() == page(tables, dose_settings(), version.number)


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    version = dose_lake(tmp_path / "lake", {"dose_exams": rows("dose_exams", [ct_exam("1")])})
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Cannot write"):
        write_page(version, tmp_path / "file" / "report.html", dose_settings())
