"""Studies with doses, a rule of dose.md or an oddity of real files each, by name.

A case is a list of data sets; their study is that of its name, and a file's place in the list is
its name, so that nothing can be read off a name. What they must become stands in the tests.
"""

import itertools
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from make import dose_images as images
from make import rdsr
from make.rdsr import (
    BODY,
    HEAD,
    accumulated,
    administration,
    breast_event,
    coded,
    ct_event,
    ct_report,
    ct_source,
    document,
    dose_check,
    number,
    organ_dose,
    person,
    radiopharmaceutical_report,
    raw,
    size,
    text,
    x_ray_event,
    x_ray_filter,
    x_ray_report,
)
from make.series import uid, write

Case = Callable[[str], list[Dataset]]
CASES: Final[dict[str, Case]] = {}


def case(build: Case) -> Case:
    CASES[build.__name__] = build
    return build


def _ct(
    study: str, *events: Dataset, total: rdsr.Quantity, name: str = "", **how: object
) -> Dataset:
    return ct_report(events, name=f"{study} {name}", study=study, dlp_total=total, **how)  # type: ignore[arg-type]  # any keyword


# CT reports.


@case
def ct_plain(s: str) -> list[Dataset]:
    """A localizer, bolus tracking of 176 mGy, and two spirals of the 32 cm phantom."""
    events = [
        ct_event(f"{s} scout", kind=rdsr.LOCALIZER, ctdivol=(0.14, "mGy"), dlp=(7.5, "mGy.cm"),
                 pitch=None, length=(500.0, "mm")),
        ct_event(f"{s} bolus", kind=rdsr.STATIONARY_CT, ctdivol=(176.0, "mGy"),
                 dlp=(88.0, "mGy.cm"), length=(10.0, "mm"), pitch=None),
        ct_event(f"{s} spiral", ctdivol=(8.7, "mGy"), dlp=(261.0, "mGy.cm"),
                 length=(300.0, "mm"), start="20240115102030.5", comment="said", label="3",
                 context="SRT:P5-00100"),
        ct_event(f"{s} late", ctdivol=(6.1, "mGy"), dlp=(183.0, "mGy.cm"), length=(300.0, "mm")),
    ]  # fmt: skip
    return [_ct(s, *events, total=(539.5, "mGy.cm"), single_phantom=BODY)]


@case
def ct_dual_source(s: str) -> list[Dataset]:
    unlike = [
        ct_source((100.0, "kV"), (150.0, "mA"), (180.0, "mA"), identification="A"),
        ct_source((140.0, "kV"), (90.0, "mA"), (110.0, "mA"), identification="B"),
    ]
    alike = [ct_source((120.0, "kV"), (100.0, "mA")), ct_source((120.0, "kV"), (300.0, "mA"))]
    return [
        _ct(s, ct_event(f"{s} unlike", sources=unlike), ct_event(f"{s} alike", sources=alike),
            total=(400.0, "mGy.cm"))
    ]  # fmt: skip


@case
def ct_mixed_phantom(s: str) -> list[Dataset]:
    """The DLP of a head and of a body phantom in one study, as a GE report has them."""
    return [
        _ct(s, ct_event(f"{s} head", ctdivol=(54.9, "mGy"), dlp=(893.38, "mGy.cm"), phantom=HEAD),
            ct_event(f"{s} body", ctdivol=(14.5, "mGy"), dlp=(1109.01, "mGy.cm")),
            total=(2002.39, "mGy.cm"))
    ]  # fmt: skip


DLP_UNITS: Final = {"mGy.cm": 200.0, "mGycm": 200.0, "mGy·cm": 200.0}
"""Spellings of the unit of DLP that were seen, and the number that says 200 mGy cm."""


@case
def ct_units(s: str) -> list[Dataset]:
    said = [
        ct_event(f"{s} {unit}", dlp=(value, unit), ctdivol=(10.0, "mGy"))
        for unit, value in DLP_UNITS.items()
    ]
    return [_ct(s, *said, total=(200.0 * len(said), "mGycm"))]


@case
def ct_scheme_of_units_misspelt(s: str) -> list[Dataset]:
    event = ct_event(f"{s} 1", dlp=None, of_dose=[number("113838", 200.0, "mGycm", scheme="UCM")])
    return [_ct(s, event, total=(200.0, "mGycm"))]


@case
def ct_unknown_unit(s: str) -> list[Dataset]:
    return [
        _ct(s, ct_event(f"{s} 1", dlp=(200.0, "furlong")), ct_event(f"{s} 2"),
            total=(400.0, "mGy.cm"))
    ]  # fmt: skip


@case
def ct_without_dose(s: str) -> list[Dataset]:
    """A scout without a CT Dose container, one with an empty value; nothing else."""
    return [
        _ct(s, ct_event(f"{s} 1", kind=rdsr.LOCALIZER, dose=False),
            ct_event(f"{s} 2", dlp=(None, "mGy.cm"), ctdivol=(None, "mGy"), phantom=None),
            total=(None, "mGy.cm"))
    ]  # fmt: skip


@case
def ct_malformed_number(s: str) -> list[Dataset]:
    return [_ct(s, ct_event(f"{s} 1", ctdivol=("10.50/ 15.00", "mGy")), total=("1,5", "mGy.cm"))]


@case
def ct_dose_check(s: str) -> list[Dataset]:
    plain = dose_check()
    modern = dose_check(yes="SCT:373066001", no="SCT:373067005")
    return [
        _ct(s, ct_event(f"{s} old", of_dose=plain), ct_event(f"{s} new", of_dose=modern),
            ct_event(f"{s} none"), total=(600.0, "mGy.cm"))
    ]  # fmt: skip


@case
def ct_size(s: str) -> list[Dataset]:
    diameters = {"lateral": (310.0, "mm"), "ap": (210.0, "mm"), "effective": (25.5, "cm")}
    return [
        _ct(s, ct_event(f"{s} below", of_dose=[size(**diameters)]),
            ct_event(f"{s} beside", of_dose=[number("113930", 13.0, "mGy"),
                                             number("113980", 260.0, "mm")]),
            total=(400.0, "mGy.cm"))
    ]  # fmt: skip


@case
def ct_no_template(s: str) -> list[Dataset]:
    return [_ct(s, ct_event(f"{s} 1"), total=(200.0, "mGy.cm"), template=None)]


@case
def ct_no_template_new_codes(s: str) -> list[Dataset]:
    return [
        _ct(s, ct_event(f"{s} 1", kind="SCT:116152004"), total=(200.0, "mGy.cm"), template=None,
            procedure="SCT:77477000")
    ]  # fmt: skip


@case
def ct_enhanced_sr(s: str) -> list[Dataset]:
    return [_ct(s, ct_event(f"{s} 1"), total=(200.0, "mGy.cm"), sop_class=rdsr.ENHANCED_SR)]


@case
def sr_of_something_else(s: str) -> list[Dataset]:
    """Measurements: a structured report, but none of dose."""
    return [
        document(number("SRT:G-D705", 3.0, "mm"), name=s, study=s, template="1500",
                 root="126000", sop_class=rdsr.ENHANCED_SR),
        document(text("121071", "nothing"), name=f"{s} 2", study=s, template=None,
                 root="LN:11528-7", sop_class=rdsr.COMPREHENSIVE_SR),
    ]  # fmt: skip


@case
def sr_of_a_vendor(s: str) -> list[Dataset]:
    return [
        document(text("99SMS_RADSUM:C-1", "1.0"), name=s, study=s, template=None,
                 root="99SMS_RADSUM:C-10", sop_class=rdsr.ENHANCED_SR)
    ]  # fmt: skip


@case
def enhanced_x_ray_report(s: str) -> list[Dataset]:
    return [document(name=s, study=s, template="10040", sop_class=rdsr.ENHANCED_XRAY_SR)]


@case
def patient_dose_report(s: str) -> list[Dataset]:
    return [
        document(name=s, study=s, template="10030", root="113523", sop_class=rdsr.PATIENT_DOSE_SR)
    ]


@case
def unknown_template(s: str) -> list[Dataset]:
    return [document(name=s, study=s, template="99999")]


@case
def ct_no_date(s: str) -> list[Dataset]:
    return [
        _ct(s, ct_event(f"{s} 1", start=None), total=(200.0, "mGy.cm"), StudyDate=None,
            SeriesDate=None, ContentDate=None, ContentTime=None, PatientBirthDate="18991230",
            PatientAge="162Y", PatientWeight="0", PatientSize="17.2")
    ]  # fmt: skip


@case
def ct_mojibake(s: str) -> list[Dataset]:
    made = _ct(s, ct_event(f"{s} 1", protocol="X"), total=(200.0, "mGy.cm"),
               SpecificCharacterSet="ISO_IR 100")  # fmt: skip
    for each in made.ContentSequence:
        if each.ConceptNameCodeSequence[0].CodeValue == "113819":
            raw(each.ContentSequence[0], 0x0040A160, "UT", "testæøå".encode())
    return [made]


@case
def ct_undecodable(s: str) -> list[Dataset]:
    """Latin-1 bytes in what is said to be UTF-8, in a protocol and in a person's name."""
    made = _ct(s, person("121406", "X"), ct_event(f"{s} 1", protocol="X"),
               total=(200.0, "mGy.cm"), n_events=1)  # fmt: skip
    for each in made.ContentSequence:
        concept = each.ConceptNameCodeSequence[0].CodeValue
        if concept == "113819":
            raw(each.ContentSequence[0], 0x0040A160, "UT", "Schädel".encode("latin-1"))
        elif concept == "121406":
            raw(each, 0x0040A123, "PN", "Müller^Jürgen".encode("latin-1"))
    return [made]


@case
def ct_charset_unknown(s: str) -> list[Dataset]:
    made = _ct(s, ct_event(f"{s} 1"), total=(200.0, "mGy.cm"), SpecificCharacterSet=None)
    raw(made, 0x00080005, "CS", b"ISO_IR 999")
    return [made]


@case
def ct_chinese(s: str) -> list[Dataset]:
    return [
        _ct(s, ct_event(f"{s} 1", protocol="头部平扫"), total=(200.0, "mGy.cm"),
            SpecificCharacterSet="GB18030", PatientName="Wang^XiaoDong=王^小东")
    ]  # fmt: skip


@case
def ct_odd_items(s: str) -> list[Dataset]:
    """UIDs as TEXT, a region without a code, unknown value types, items without a concept."""
    modifier = rdsr.item("HAS CONCEPT MOD", "121106", TextValue="odd")
    nameless = text("121106", "no concept")
    nameless.ConceptNameCodeSequence = []
    typeless = text("121106", "no value type")
    del typeless.ValueType
    return [
        _ct(s, modifier, nameless, typeless, person("121406", "A^B", value_type="PERSON NAME"),
            ct_event(f"{s} 1", region="", uid_as_text=True),
            total=(200.0, "mGy.cm"), observed=rdsr.observer(uid_as_text=True), n_events=1)
    ]  # fmt: skip


@case
def ct_total_zero(s: str) -> list[Dataset]:
    return [_ct(s, ct_event(f"{s} 1"), total=(0.0, "mGy.cm"))]


@case
def ct_not_reconciled(s: str) -> list[Dataset]:
    return [_ct(s, ct_event(f"{s} 1"), ct_event(f"{s} 2"), total=(410.0, "mGy.cm"))]


@case
def ct_local_codes(s: str) -> list[Dataset]:
    """99SDM is SNOMED RT by an old name; SCT as it is."""
    return [
        _ct(s, ct_event(f"{s} 1", kind="99SDM:P5-08001", region="99SDM:T-D3000"),
            ct_event(f"{s} 2", kind="SCT:116152004", region="SCT:51185008"),
            ct_event(f"{s} 3", kind="SNM3:P5-08001", region="SNM3:T-D3000"),
            total=(600.0, "mGy.cm"))
    ]  # fmt: skip


@case
def ct_plausibility(s: str) -> list[Dataset]:
    return [
        _ct(s, ct_event(f"{s} wide", total=(560.0, "mm")),
            ct_event(f"{s} short", length=(0.0, "mm")),
            ct_event(f"{s} dlp", ctdivol=(10.0, "mGy"), dlp=(300.0, "mGy.cm")),
            ct_event(f"{s} stationary", kind=rdsr.STATIONARY_CT, dlp=(3.0, "mGy.cm")),
            ct_event(f"{s} plain"), total=(903.0, "mGy.cm"))
    ]  # fmt: skip


@case
def ct_start_with_offset(s: str) -> list[Dataset]:
    return [_ct(s, ct_event(f"{s} 1", start="20240115102030.5+0100"), total=(200.0, "mGy.cm"))]


@case
def ct_of_both_kinds(s: str) -> list[Dataset]:
    """An Enhanced SR and an X-Ray Radiation Dose SR of the same event; the first is later."""
    kind = {"sop_class": rdsr.ENHANCED_SR, "ContentTime": "120000"}
    return [
        _ct(
            s, ct_event(f"{s} 1", dlp=(201.0, "mGy.cm")), total=(201.0, "mGy.cm"), name="e", **kind
        ),
        _ct(s, ct_event(f"{s} 1"), total=(200.0, "mGy.cm"), name="x"),
    ]


SYNTAXES: Final = {
    "implicit": ImplicitVRLittleEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "big endian": ExplicitVRBigEndian,
}


def _in_syntax(study: str) -> list[Dataset]:
    return [_ct(study, ct_event(f"{study} 1"), total=(200.0, "mGy.cm"))]


CASES.update({f"report in {name}": _in_syntax for name in SYNTAXES})


@case
def ct_without_event_uid(s: str) -> list[Dataset]:
    return [
        _ct(s, ct_event(None, dlp=(100.0, "mGy.cm")), ct_event(None, dlp=(150.0, "mGy.cm")),
            total=(250.0, "mGy.cm"))
    ]  # fmt: skip


# Sets of reports.

DLP: Final = {"a": 100.0, "b": 150.0, "c": 250.0, "d": 400.0}


def reports_of(study: str, *sets: str, after: int = 0) -> list[Dataset]:
    """Return a report for each set of events, each with a later content time than the one before.

    A capital is the event of its small letter with a DLP that is one more.
    """
    made = []
    for place, events in enumerate(sets):
        values = {e: DLP[e.lower()] + e.isupper() for e in events}
        items = [
            ct_event(f"{study} {e.lower()}", dlp=(value, "mGy.cm"), ctdivol=(value / 20, "mGy"))
            for e, value in values.items()
        ]
        made.append(
            _ct(study, *items, total=(sum(values.values()), "mGy.cm"), name=f"{place} {events}",
                ContentTime=f"11{place + after:02d}00", SeriesTime=f"11{place + after:02d}00")
        )  # fmt: skip
    return made


PERMUTATIONS: Final = ["".join(order) for order in itertools.permutations("012")]


def _cumulative(order: str) -> Case:
    def build(study: str) -> list[Dataset]:
        made = reports_of(study, "a", "ab", "abc")
        return [made[int(place)] for place in order]

    return build


CASES.update({f"cumulative_{order}": _cumulative(order) for order in PERMUTATIONS})
CASES.update(
    {
        "continued": lambda s: reports_of(s, "ab", "cd"),
        "continued_backwards": lambda s: reports_of(s, "ab", "cd")[::-1],
        "equal_reports": lambda s: reports_of(s, "ab", "ab"),
        "partial_overlap": lambda s: reports_of(s, "ab", "bc"),
        "conflict": lambda s: reports_of(s, "ab", "aB"),
        "conflict_backwards": lambda s: reports_of(s, "ab", "aB")[::-1],
    }
)


@case
def conflict_at_one_time(s: str) -> list[Dataset]:
    made = [*reports_of(s, "a", after=3), *reports_of(s, "A", after=3)]
    made[0].SOPInstanceUID = UID("1.2.3.4.1")
    made[1].SOPInstanceUID = UID("1.2.3.4.2")
    return made


@case
def one_uid_of_two_reports(s: str) -> list[Dataset]:
    """A vendor's report and its adjusted copy, in one study by their UID and in another by name."""
    original, adjusted = reports_of(s, "ab", "aB")
    adjusted.SOPInstanceUID = original.SOPInstanceUID
    return [original, adjusted]


# Projection X-ray reports.

KAP_UNITS: Final = {"Gy.m2": 2e-5, "Gym2": 2e-5, "dGy.cm2": 2.0, "dGycm2": 2.0, "cGy.cm2": 20.0,
                    "mGy.cm2": 200.0, "uGy.m2": 20.0, "Gy.cm2": 0.2}  # fmt: skip
"""Spellings of the unit of the kerma-area product, and the number that says 0.2 Gy cm2."""
KERMA_UNITS: Final = {"Gy": 0.003, "mGy": 3.0, "uGy": 3000.0}
EXPOSURE_UNITS: Final = {"uA.s": 1500.0, "uAs": 1500.0, "mA.s": 1.5, "mAs": 1.5}


@case
def x_ray_units(s: str) -> list[Dataset]:
    events = [x_ray_event(f"{s} {unit}", kap=(value, unit)) for unit, value in KAP_UNITS.items()]
    events += [x_ray_event(f"{s} {u}", ka_r=(v, u)) for u, v in KERMA_UNITS.items()]
    events += [x_ray_event(f"{s} {u}", exposure=(v, u)) for u, v in EXPOSURE_UNITS.items()]
    events += [
        x_ray_event(f"{s} {u}", pulse_rate=(15.0, u)) for u in ("{pulse}/s", "pulse/s", "/s")
    ]
    events += [
        x_ray_event(f"{s} ms", exposure_time=(500.0, "ms")),
        x_ray_event(f"{s} s", exposure_time=(0.5, "s")),
        x_ray_event(f"{s} retired", exposure_time_code="113735"),
    ]
    totals = [accumulated(kap=(0.2 * len(events), "Gy.cm2"), fluoro_time=(74.0, "s"))]
    return [x_ray_report(events, totals, name=s, study=s)]


@case
def x_ray_pulses(s: str) -> list[Dataset]:
    kvp = [70.0, 0.0, 72.0, 74.0]
    many = [
        ("as items", {"kvp": [(v, "kV") for v in kvp], "ma": [(v, "mA") for v in (10, 30)],
                      "pulse_width": [(v, "ms") for v in (4.0, 0.0, 8.0)],
                      "exposure": [(v, "uA.s") for v in (100.0, 300.0)]}),
        ("as one", {"kvp": (kvp, "kV"), "pulse_width": ([4.0, 0.0, 8.0], "ms")}),
    ]  # fmt: skip
    events = [x_ray_event(f"{s} {name}", **given) for name, given in many]
    events.append(x_ray_event(f"{s} all zero", kvp=([0.0, 0.0], "kV")))
    return [x_ray_report(events, [accumulated()], name=s, study=s)]


@case
def x_ray_filters(s: str) -> list[Dataset]:
    filters = [
        x_ray_filter(material="SRT:C-120F9", least=(1.0, "mm"), most=(1.0, "mm")),
        x_ray_filter(material="SRT:C-127F9", least=(0.1, "mm"), most=(0.3, "mm")),
    ]
    point = text("113780", "15 cm from the isocentre")
    return [
        x_ray_report(
            [
                x_ray_event(f"{s} 1", filters=filters, reference_point=point,
                            images=[uid("image", s, 1), uid("image", s, 2)],
                            more=[coded("113745", "SRT:F-10470"),
                                  coded("113743", "SRT:F-10450", coded("113744", "SRT:F-10340"))]),
                x_ray_event(f"{s} 2", more=[coded("113743", "SRT:F-10450"),
                                            coded("113744", "SRT:F-10340")]),
            ],
            [accumulated()], name=s, study=s)
    ]  # fmt: skip


@case
def x_ray_biplane(s: str) -> list[Dataset]:
    events = [
        x_ray_event(f"{s} a1", plane=rdsr.PLANE_A, kap=(1e-4, "Gy.m2"), ka_r=(0.010, "Gy")),
        x_ray_event(f"{s} b1", plane=rdsr.PLANE_B, kap=(2e-4, "Gy.m2"), ka_r=(0.020, "Gy")),
        x_ray_event(f"{s} a2", plane=rdsr.PLANE_A, kind=rdsr.STATIONARY, kap=(3e-4, "Gy.m2"),
                    ka_r=(0.030, "Gy")),
    ]  # fmt: skip
    totals = [
        accumulated(rdsr.PLANE_A, kap=(4e-4, "Gy.m2"), ka_r=(0.040, "Gy"), fluoro_time=(60, "s")),
        accumulated(rdsr.PLANE_B, kap=(2e-4, "Gy.m2"), ka_r=(0.020, "Gy"), fluoro_time=(30, "s")),
    ]
    return [x_ray_report(events, totals, name=s, study=s)]


@case
def x_ray_single_plane(s: str) -> list[Dataset]:
    events = [
        x_ray_event(f"{s} f", kap=(1e-4, "Gy.m2"), ka_r=(0.010, "Gy")),
        x_ray_event(f"{s} r", kind=rdsr.ROTATIONAL, kap=(3e-4, "Gy.m2"), ka_r=(0.030, "Gy")),
        x_ray_event(f"{s} null", kap=(None, "Gy.m2"), ka_r=None),
    ]
    totals = [
        accumulated(kap=(4e-4, "Gy.m2"), kap_fluoro=(1e-4, "Gy.m2"),
                    kap_acquisition=(3e-4, "Gy.m2"), ka_r=(0.040, "Gy"),
                    ka_r_fluoro=(0.01, "Gy"), ka_r_acquisition=(0.03, "Gy"),
                    fluoro_time=(1.5, "min"), acquisition_time=(4.0, "s"), frames=(120, "1"))
    ]  # fmt: skip
    return [x_ray_report(events, totals, name=s, study=s, template=None)]


@case
def x_ray_radiography(s: str) -> list[Dataset]:
    events = [x_ray_event(f"{s} 1", kind=rdsr.STATIONARY, ka_r=None, pulses=None, pulse_rate=None)]
    return [x_ray_report(events, [accumulated(kap=(2e-5, "Gy.m2"))], name=s, study=s)]


# Mammography.


@case
def breast(s: str) -> list[Dataset]:
    events = [
        breast_event(f"{s} lcc", breast=rdsr.LEFT_BREAST, agd=(1.25, "mGy")),
        breast_event(f"{s} lmlo", breast="SCT:80248007", agd=(1.5, "mGy"), anode_code="113632"),
        breast_event(f"{s} rcc", breast="SRT:T-04000", side="SRT:G-A100", agd=(0.2, "dGy"),
                     kind=rdsr.ROTATIONAL),
    ]  # fmt: skip
    totals = [accumulated(agd={rdsr.LEFT_BREAST: (2.75, "mGy"), rdsr.RIGHT_BREAST: (20.0, "mGy")})]
    return [
        x_ray_report(events, totals, name=s, study=s, procedure=rdsr.MAMMOGRAPHY, template=None)
    ]


# Radiopharmaceuticals.


def _organs() -> list[Dataset]:
    return [
        organ_dose("SRT:T-62000", (12.0, "mGy"), meaning="Liver"),
        organ_dose("SRT:T-71000", (7.5, "mGy"), laterality="SRT:G-A101", meaning="Kidney"),
        organ_dose("SRT:T-71000", (7.75, "mGy"), laterality="SRT:G-A100", meaning="Kidney"),
    ]


@case
def pharma(s: str) -> list[Dataset]:
    return [
        radiopharmaceutical_report([administration(f"{s} 1", organs=_organs())], name=s, study=s)
    ]


@case
def pharma_and_pet(s: str) -> list[Dataset]:
    """A report and images of one administration: other UIDs, 0.6 % apart, 8 minutes later."""
    item = images.radiopharmaceutical(348e6, event=f"{s} other")
    item.RadiopharmaceuticalStartDateTime = "20240115090800"
    return [
        *[images.nuclear_image(k, study=s, items=[item]) for k in range(3)],
        radiopharmaceutical_report([administration(f"{s} 1")], name=s, study=s),
    ]


@case
def pet_in_bq(s: str) -> list[Dataset]:
    return [
        images.nuclear_image(k, study=s, items=[images.radiopharmaceutical(394e6)])
        for k in range(3)
    ]


@case
def nm_in_mbq(s: str) -> list[Dataset]:
    item = images.radiopharmaceutical(764.0, nuclide="SRT:C-163A8", half_life="21672")
    return [images.nuclear_image(0, study=s, items=[item], sop_class=images.NUCLEAR, modality="NM")]


@case
def enhanced_pet_in_mbq(s: str) -> list[Dataset]:
    item = images.radiopharmaceutical(320.0)
    return [images.nuclear_image(0, study=s, items=[item], sop_class=images.ENHANCED_PET)]


@case
def two_nuclides(s: str) -> list[Dataset]:
    first = administration(f"{s} 1", activity=(740.0, "MBq"))
    second = administration(f"{s} 2", nuclide="SRT:C-163A8", activity=(0.4, "MBq"))
    return [radiopharmaceutical_report([first, second], name=s, study=s)]


# Image headers.


@case
def ct_headers(s: str) -> list[Dataset]:
    """Two reconstructions of one event, and a localizer."""
    soft = [images.ct_image(k, study=s, event=f"{s} 1") for k in range(4)]
    sharp = [
        images.ct_image(k, study=s, event=f"{s} 1", SOPInstanceUID=uid("sharp", s, k),
                        SeriesInstanceUID=uid("sharp", s))
        for k in range(4)
    ]  # fmt: skip
    scout = images.ct_image(
        9, study=s, event=f"{s} 2", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"], CTDIvol=0.1,
        AcquisitionType="CONSTANT_ANGLE", SeriesInstanceUID=uid("scout", s), AcquisitionNumber="2",
    )  # fmt: skip
    return [*soft, *sharp, scout]


@case
def ct_headers_without_uid(s: str) -> list[Dataset]:
    return [
        images.ct_image(k, study=s, event=None, AcquisitionNumber=str(k // 3),
                        CTDIvol=8.5 + k // 3)
        for k in range(6)
    ]  # fmt: skip


@case
def ct_headers_without_anything(s: str) -> list[Dataset]:
    return [
        images.ct_image(k, study=s, event=None, AcquisitionNumber=None, AcquisitionDateTime=None)
        for k in range(3)
    ]


@case
def ct_headers_of_no_dose(s: str) -> list[Dataset]:
    return [
        images.ct_image(k, study=s, event=f"{s} 1", CTDIvol=None, CTDIPhantomTypeCodeSequence=None)
        for k in range(3)
    ]


@case
def enhanced_ct(s: str) -> list[Dataset]:
    return [images.enhanced_ct(s, [f"{s} 1", f"{s} 2"])]


@case
def report_and_headers(s: str) -> list[Dataset]:
    """A report with one of the two events that the images of the device have."""
    report = _ct(s, ct_event(f"{s} 1", ctdivol=(8.0, "mGy"), dlp=(160.0, "mGy.cm")),
                 total=(160.0, "mGy.cm"))  # fmt: skip
    known = [images.ct_image(k, study=s, event=f"{s} 1") for k in range(3)]
    other = [
        images.ct_image(k, study=s, event=f"{s} 2", AcquisitionNumber="2") for k in range(3, 6)
    ]
    return [*known, report, *other]


@case
def report_and_headers_of_another(s: str) -> list[Dataset]:
    """A report of one scanner, images of an event of another."""
    report = _ct(s, ct_event(f"{s} 1"), total=(200.0, "mGy.cm"))
    other = {"DeviceSerialNumber": "456", "StationName": "STATION2"}
    return [report, *[images.ct_image(k, study=s, event=f"{s} 2", **other) for k in range(3)]]


@case
def ct_headers_of_several_events(s: str) -> list[Dataset]:
    """Images of one event, of another, and of both."""
    both = [uid("event", f"{s} 1"), uid("event", f"{s} 2")]
    return [
        images.ct_image(0, study=s, event=f"{s} 1"),
        images.ct_image(1, study=s, event=f"{s} 2", CTDIvol=9.5),
        images.ct_image(2, study=s, event=None, IrradiationEventUID=both),
    ]


@case
def toshiba_headers(s: str) -> list[Dataset]:
    made = [images.ct_image(k, study=s, event=f"{s} 1", CTDIvol=None, SpiralPitchFactor=None,
                            TotalCollimationWidth=None) for k in range(3)]  # fmt: skip
    for each in made:
        block = each.private_block(0x7005, "TOSHIBA_MEC_CT3", create=True)
        block.add_new(0x63, "FD", 12.5)
        block.add_new(0x40, "FD", 456.25)
        block.add_new(0x23, "DS", "0.8125")
        block.add_new(0x08, "DS", "0.5")
        block.add_new(0x09, "LO", "0" * 24 + "1" * 16 + "0" * 24)
    return made


@case
def magnetic_resonance(s: str) -> list[Dataset]:
    return [
        images.image(k, study=s, sop_class="1.2.840.10008.5.1.4.1.1.4", modality="MR")
        for k in range(2)
    ]


@case
def cr_headers(s: str) -> list[Dataset]:
    kind = {"modality": "CR", "sop_class": images.COMPUTED_RADIOGRAPHY}
    return [
        images.x_ray_image(k, study=s, event=None, kap_dgy_cm2=2.0 + k, AcquisitionNumber=f"{k}",
                           **kind) for k in range(2)
    ]  # fmt: skip


@case
def dx_headers(s: str) -> list[Dataset]:
    """One exposure in three images, and another that says its exposure in mAs."""
    shared = [
        images.x_ray_image(k, study=s, event=f"{s} 1", AcquisitionDateTime="20240115101600")
        for k in range(3)
    ]
    other = images.x_ray_image(
        4, study=s, event=f"{s} 2", kap_dgy_cm2=0.75, ExposureInuAs=None, Exposure="5"
    )
    return [*shared, other]


@case
def rf_headers(s: str) -> list[Dataset]:
    how = {"modality": "RF", "sop_class": images.RADIOFLUOROSCOPY}
    return [
        images.x_ray_image(k, study=s, event=f"{s} 1", kap_dgy_cm2=30.0, **how) for k in range(2)
    ]


@case
def dx_headers_without_dose(s: str) -> list[Dataset]:
    return [images.x_ray_image(0, study=s, event=f"{s} 1", kap_dgy_cm2=None)]


@case
def breast_headers(s: str) -> list[Dataset]:
    """Pairs for processing and for presentation: by UID, by source image, by time and view."""
    pairs = [
        ("L", "CC", {}, f"{s} 1"),
        ("L", "MLO", {"AcquisitionDateTime": "20240115101700"}, None),
        ("R", "CC", {"AcquisitionDateTime": "20240115101800"}, None),
    ]
    made = []
    for place, (side, view, more, event) in enumerate(pairs):
        rough = images.breast_image(2 * place, study=s, event=event, side=side, view=view, raw=True,
                                    **more)  # fmt: skip
        fine = images.breast_image(
            2 * place + 1, study=s, event=event, side=side, view=view, **more
        )
        if place == 1:
            source = Dataset()
            source.ReferencedSOPClassUID = rough.SOPClassUID
            source.ReferencedSOPInstanceUID = rough.SOPInstanceUID
            fine.SourceImageSequence = Items([source])
            # As told by the reference alone: the presentation was made later.
            fine.AcquisitionDateTime = "20240115101730"
        made += [fine, rough]
    return made


@case
def philips_screen(s: str) -> list[Dataset]:
    items = [
        images.screen_item(kind="CONSTANT_ANGLE", ctdivol=0.1, dlp=5.0, length=450.0, series=1),
        images.screen_item(ctdivol=7.5, dlp=300.0),
        images.screen_item(ctdivol=50.0, dlp=800.0, phantom="16 CM", series=3, length=160.0),
    ]
    return [images.philips_screen(items, study=s, name=s, dlp_total=1105.0)]


@case
def philips_screen_without_phantom(s: str) -> list[Dataset]:
    items = [images.screen_item(phantom=None, dlp=None)]
    return [images.philips_screen(items, study=s, name=s)]


# Patients and phantoms.

PEOPLE: Final = {
    "Murphy^Sophie": ("P1234", True),
    "Physics^QA": ("P1", False),
    "Miller^Ann": ("QA_2024", False),
    "phantom 32": ("P2", False),
    "Testa^Anna": ("P3", True),
    "Philips^Water": ("PHY-1", None),
    "DUPHYSE^Marie": ("P4", True),
}
"""Name, ID, and whether it is a patient; None: not held."""


def _person(name: str, identity: str) -> Case:
    return lambda s: [
        _ct(s, ct_event(f"{s} 1"), total=(200.0, "mGy.cm"), PatientName=name, PatientID=identity,
            PatientWeight="71.5", PatientSize="1.8")
    ]  # fmt: skip


CASES.update({f"person {name}": _person(name, given[0]) for name, given in PEOPLE.items()})


def write_tree(root: Path, names: Iterable[str] = tuple(CASES)) -> Path:
    """Write cases, each into a folder of its name; returns the root."""
    for name in names:
        for place, dataset in enumerate(CASES[name](name)):
            with warnings.catch_warnings():
                # What a case says of its character set is meant to be unknown.
                warnings.filterwarnings("ignore", "Unknown encoding", UserWarning)
                syntax = SYNTAXES.get(name.removeprefix("report in "), ExplicitVRLittleEndian)
                write(dataset, root / name / f"{place:03d}", syntax)
    return root
