"""CT radiation dose reports: TID 10011, its totals (10012) and its events (10013).

Also where an Enhanced SR holds the same tree (GE LightSpeed, Optima). Containers are found at any
depth; parameters that stand beside their container instead of in it are found too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dicomlake.pipeline.dose import codes
from dicomlake.pipeline.dose.codes import PHANTOM_CM, Code, Row
from dicomlake.pipeline.dose.content import Node
from dicomlake.pipeline.dose.report_rows import RowMaker, mean

CT_EVENT: Final = Code("DCM", "113819", "CT Acquisition")
CT_ACCUMULATED: Final = Code("DCM", "113811", "CT Accumulated Dose Data")
_EVENTS_TOTAL: Final = Code("DCM", "113812", "Total Number of Irradiation Events")
_DLP_TOTAL: Final = Code("DCM", "113813", "CT Dose Length Product Total")
_DLP_SUBTOTAL: Final = Code("DCM", "130745", "CT Dose Length Product Sub-Total")
_ACQUISITION_TYPE: Final = Code("DCM", "113820", "CT Acquisition Type")
_PROCEDURE_CONTEXT: Final = Code("SCT", "408730004", "Procedure Context")
_PARAMETERS: Final = Code("DCM", "113822", "CT Acquisition Parameters")
_SOURCE: Final = Code("DCM", "113831", "CT X-Ray Source Parameters")
_SOURCE_NAME: Final = Code("DCM", "113832", "Identification of the X-Ray Source")
_MAXIMUM_CURRENT: Final = Code("DCM", "113833", "Maximum X-Ray Tube Current")
_ROTATION_TIME: Final = Code("DCM", "113834", "Exposure Time per Rotation")
_N_SOURCES: Final = Code("DCM", "113823", "Number of X-Ray Sources")
_MODULATION: Final = Code("DCM", "113842", "X-Ray Modulation Type")
_DOSE: Final = Code("DCM", "113829", "CT Dose")
_SSDE: Final = Code("DCM", "113930", "Size Specific Dose Estimation")
_WATER_DIAMETER: Final = Code("DCM", "113980", "Water Equivalent Diameter")
_METHOD: Final = Code("SCT", "370129005", "Measurement Method")
_SSDE_METHODS: Final = frozenset(
    Code("DCM", value) for value in ("113934", "113935", "113936", "113937", "113988", "113989")
)
_DIAMETER_METHODS: Final = frozenset(
    Code("DCM", value) for value in ("113987", "113981", "113982", "113983", "113984")
)
_PARAMETER_COLUMNS: Final = (
    ("exposure_time_s", codes.EXPOSURE_TIME, "s"),
    ("scanning_length_mm", Code("DCM", "113825", "Scanning Length"), "mm"),
    ("exposed_range_mm", Code("DCM", "113899", "Exposed Range"), "mm"),
    ("reconstructable_length_mm", Code("DCM", "113893", "Length of Reconstructable Volume"), "mm"),
    ("single_collimation_mm", Code("DCM", "113826", "Nominal Single Collimation Width"), "mm"),
    ("total_collimation_mm", Code("DCM", "113827", "Nominal Total Collimation Width"), "mm"),
    ("pitch", Code("DCM", "113828", "Pitch Factor"), ""),
)
_RANGES: Final = (
    (Code("DCM", "113897", "Top Z Location of Scanning Length"),
     Code("DCM", "113898", "Bottom Z Location of Scanning Length")),
    (Code("DCM", "113895", "Top Z Location of Reconstructable Volume"),
     Code("DCM", "113896", "Bottom Z Location of Reconstructable Volume")),
)  # fmt: skip
"""Ends of the scanned range; of a report without them, those of what can be reconstructed."""
_DOSE_COLUMNS: Final = (
    ("ctdivol_mgy", Code("DCM", "113830", "Mean CTDIvol"), "mGy"),
    ("dlp_mgy_cm", Code("DCM", "113838", "DLP"), "mGy cm"),
    ("ctdifreeair_mgy", Code("DCM", "113837", "Mean CTDIfreeair"), "mGy"),
    ("ctdifreeair_factor", Code("DCM", "113836", "CTDIfreeair Calculation Factor"), "mGy/(mA s)"),
)
_SIZE_COLUMNS: Final = (
    ("lat_mm", Code("DCM", "113931", "Measured Lateral Dimension"), "mm"),
    ("ap_mm", Code("DCM", "113932", "Measured AP Dimension"), "mm"),
    ("deff_mm", Code("DCM", "113933", "Derived Effective Diameter"), "mm"),
)
_ALERT: Final = Code("DCM", "113900", "Dose Check Alert Details")
_NOTIFICATION: Final = Code("DCM", "113908", "Dose Check Notification Details")
_REASON: Final = Code("DCM", "113907", "Reason for Proceeding")
_CONFIGURED: Final = (
    (_ALERT, "dlp_alert_configured", Code("DCM", "113901")),
    (_ALERT, "ctdivol_alert_configured", Code("DCM", "113902")),
    (_NOTIFICATION, "dlp_notification_configured", Code("DCM", "113909")),
    (_NOTIFICATION, "ctdivol_notification_configured", Code("DCM", "113910")),
)
_CHECKED: Final = (
    (_ALERT, "dlp_alert_mgy_cm", Code("DCM", "113903"), "mGy cm"),
    (_ALERT, "ctdivol_alert_mgy", Code("DCM", "113904"), "mGy"),
    (_ALERT, "dlp_forward_estimate_mgy_cm", Code("DCM", "113905"), "mGy cm"),
    (_ALERT, "ctdivol_forward_estimate_mgy", Code("DCM", "113906"), "mGy"),
    (_NOTIFICATION, "dlp_notification_mgy_cm", Code("DCM", "113911"), "mGy cm"),
    (_NOTIFICATION, "ctdivol_notification_mgy", Code("DCM", "113912"), "mGy"),
    (_NOTIFICATION, "dlp_notification_forward_estimate_mgy_cm", Code("DCM", "113913"), "mGy cm"),
    (_NOTIFICATION, "ctdivol_notification_forward_estimate_mgy", Code("DCM", "113914"), "mGy"),
)

_PHANTOM_TOTALS: Final = {
    PHANTOM_CM[codes.HEAD_PHANTOM]: "dlp_head_phantom_reported_mgy_cm",
    PHANTOM_CM[codes.BODY_PHANTOM]: "dlp_body_phantom_reported_mgy_cm",
}
_WIDEST_DETECTOR_MM: Final = 200.0
"""No detector collimates wider; the widest have 160 mm."""
_DISAGREEMENT: Final = 0.25
"""Part of CTDIvol times length by which DLP may differ from it."""


@dataclass(frozen=True, slots=True)
class CtEvent:
    """An event of a CT report, and its X-ray sources."""

    row: Row
    sources: tuple[Row, ...]


def ct_totals(root: Node, report: RowMaker) -> None:
    """Set the totals of a report (TID 10012); of several containers, the first that has each."""
    for container in root.outermost(CT_ACCUMULATED):
        if "n_events_reported" not in report.row:
            report.count("n_events_reported", container.children(_EVENTS_TOTAL))
        _dlp_totals(container, report)


def _dlp_totals(container: Node, report: RowMaker) -> None:
    """Set the DLP total, and those of the phantoms: by sub-totals, else by totals that name one."""
    totals = container.children(_DLP_TOTAL)
    by_phantom = {_phantom(total)[1]: total for total in totals}
    several = len(totals) > 1 and len(by_phantom) == len(totals) and None not in by_phantom
    if "dlp_total_reported_mgy_cm" not in report.row:
        if several:  # one total for each phantom: the total is that of both
            values = report.values("dlp_total_reported_mgy_cm", totals, "mGy cm")
            if len(values) == len(totals):
                report.row["dlp_total_reported_mgy_cm"] = math.fsum(values)
        else:
            report.number("dlp_total_reported_mgy_cm", totals[:1], "mGy cm")
    for part in container.outermost(_DLP_SUBTOTAL) or (totals if several else totals[:1]):
        column = _PHANTOM_TOTALS.get(_phantom(part)[1] or 0)
        if column is not None and column not in report.row:
            report.number(column, [part], "mGy cm")


def ct_event(node: Node, report_start: Node | None) -> CtEvent:
    """Return the event of a CT Acquisition container (TID 10013).

    Args:
        node: the container.
        report_start: Start of X-Ray Irradiation of the report, for events without a start.
    """
    event = RowMaker()
    _identify(event, node, report_start)
    parameters = node.first(_PARAMETERS)
    places = [place for place in (parameters, node) if place is not None]
    for column, concept, unit in _PARAMETER_COLUMNS:
        event.number(column, _in(places, concept), unit, zeros_count=True)
    for top, bottom in _RANGES:
        if not {"z_top_mm", "z_bottom_mm"} & event.row.keys():
            event.number("z_top_mm", _in(places, top), "mm", zeros_count=True)
            event.number("z_bottom_mm", _in(places, bottom), "mm", zeros_count=True)
    event.count("n_sources", _in(places, _N_SOURCES))
    sources = _sources(event, _in(places, _SOURCE) or places[:1])
    event.text("modulation_type", _in([node, *places], _MODULATION))
    _dose(event, node)
    _dose_check(event, node)
    event.flags.update(implausible(event.row))
    return CtEvent(event.finished(), sources)


def _in(places: Sequence[Node], concept: Code) -> Sequence[Node]:
    """Return the items of a concept in the first place that has any."""
    return next((found for place in places if (found := place.children(concept))), ())


def _identify(event: RowMaker, node: Node, report_start: Node | None) -> None:
    uid = node.first(codes.EVENT_UID)
    if uid is not None and (written := uid.uid()):
        event.row["irradiation_event_uid"] = written
    event.start("event_start", node.first(codes.EVENT_START), report_start)
    event.text("acquisition_protocol", [node.first(codes.ACQUISITION_PROTOCOL)])
    event.code("target_region", node.first(codes.TARGET_REGION))
    event.code("acquisition_type", node.first(_ACQUISITION_TYPE))
    event.code("procedure_context", node.first(_PROCEDURE_CONTEXT))
    event.text("comment", node.children(codes.COMMENT))
    label = node.first(codes.EVENT_LABEL)
    event.text("label", [label])
    event.text("label_type", [label.first(codes.LABEL_TYPE) if label is not None else None])
    event.yes_or_no("is_repeat", (repeat := node.first(codes.IS_REPEATED)))
    reasons = (node.first(codes.REPEAT_REASON), repeat and repeat.first(codes.REPEAT_REASON))
    event.text("repeat_reason", reasons)


def _sources(event: RowMaker, nodes: Sequence[Node]) -> tuple[Row, ...]:
    """Set the technique of an event, and return a row for each of its sources."""
    rows = []
    for number, node in enumerate(nodes, 1):
        source = event.part(source_number=number)
        source.text("source_identification", [node.first(_SOURCE_NAME)])
        source.number("kvp", node.children(codes.KVP), "kV")
        source.number("ma_mean", node.children(codes.TUBE_CURRENT), "mA")
        source.number("ma_max", node.children(_MAXIMUM_CURRENT), "mA")
        source.number("rotation_time_s", node.children(_ROTATION_TIME), "s")
        if len(source.row) > 1:  # more than its number
            rows.append(source.row)
    _technique(event, rows)
    return tuple(rows)


def _technique(event: RowMaker, sources: Sequence[Row]) -> None:
    """Set the columns of an event that its sources give: of different voltages there is none."""
    for column in ("kvp", "ma_mean", "ma_max", "rotation_time_s"):
        values = [source[column] for source in sources if column in source]
        if not values:
            continue
        if column == "kvp":
            event.row["kvp_list"] = values
            if len(set(values)) == 1:
                event.row["kvp"] = values[0]
        elif column == "ma_max":
            event.row["ma_max"] = max(values)
        else:
            event.row[column] = mean(values, of_those_not_zero=True)
            if len(set(values)) > 1:
                event.flags.add("several_values")


def _dose(event: RowMaker, node: Node) -> None:
    dose = node.first(_DOSE)
    places = [place for place in (dose, node) if place is not None]
    for column, concept, unit in _DOSE_COLUMNS:
        event.number(column, _in(places, concept), unit)
    code, centimetres = _phantom(*places)
    if code is not None:
        event.row["phantom_code"] = code.canonical
    if centimetres is not None:
        event.row["phantom_cm"] = centimetres
    _effective_dose(event, places)
    estimates = _deep(places, _SSDE)[:1]
    event.number("ssde_mgy", estimates, "mGy")
    _method(event, "ssde_method_code", estimates, _SSDE_METHODS)
    diameters = _deep(places, _WATER_DIAMETER)[:1]
    event.number("dw_mm", diameters, "mm")
    _method(event, "dw_method_code", diameters, _DIAMETER_METHODS)
    for column, concept, unit in _SIZE_COLUMNS:
        event.number(column, _deep(places, concept)[:1], unit)


def _effective_dose(event: RowMaker, places: Sequence[Node]) -> None:
    """Set the effective dose that is stated, with its factor and method; none is computed."""
    doses = _deep(places, codes.EFFECTIVE_DOSE)[:1]
    event.number("effective_dose_msv", doses, "mSv")
    factors = _deep([*doses, *places], codes.EFFECTIVE_DOSE_FACTOR)[:1]
    event.number("effective_dose_factor_msv_mgy_cm", factors, "mSv/(mGy cm)")
    _method(event, "effective_dose_method_code", doses)


def _deep(places: Sequence[Node], concept: Code) -> list[Node]:
    """Return the items of a concept at any depth of the first place that has any."""
    return next((found for place in places if (found := place.outermost(concept))), [])


def _method(
    event: RowMaker, column: str, nodes: Sequence[Node], methods: frozenset[Code] = frozenset()
) -> None:
    """Set a column to the code of a method: one of those known, else what is said to be one."""
    for node in nodes:
        by_name = [child.code() for child in node.children(_METHOD)]
        by_value = [code for child in node.children() if (code := child.code()) in methods]
        code = next((each for each in (*by_value, *by_name) if each is not None), None)
        if code is not None:
            event.row[column] = code.canonical


def _phantom(*places: Node) -> tuple[Code | None, int | None]:
    """Return the phantom that a place names, and its diameter in cm where it is known."""
    for place in places:
        node = place.first(codes.PHANTOM_TYPE)
        code = None if node is None else node.code()
        if code is not None:
            return code, PHANTOM_CM.get(code)
    return None, None


def _dose_check(event: RowMaker, node: Node) -> None:
    """Set what dose check says (NEMA XR 25; TID 10015)."""
    dose = node.first(_DOSE)
    places = [place for place in (dose, node) if place is not None]
    details = {container: _deep(places, container) for container in (_ALERT, _NOTIFICATION)}
    for container, column, concept in _CONFIGURED:
        for found in details[container][:1]:
            event.yes_or_no(column, found.first(concept))
    for container, column, concept, unit in _CHECKED:
        event.number(column, _in(details[container], concept), unit)
    for container, column in ((_ALERT, "alert_reason"), (_NOTIFICATION, "notification_reason")):
        event.text(column, _in(details[container], _REASON))


def implausible(row: Row) -> set[str]:
    """Return the flags of what cannot be, or does not agree, in a CT event.

    A stationary acquisition has no length that DLP could agree with, a localizer no CTDIvol that
    is worth it.
    """
    flags = set()
    length = row.get("scanning_length_mm")
    kind = row.get("acquisition_type_code")
    if length == 0:
        flags.add("zero_length")
    if (row.get("total_collimation_mm") or 0) > _WIDEST_DETECTOR_MM:
        flags.add("collimation_out_of_range")
    index, product = row.get("ctdivol_mgy"), row.get("dlp_mgy_cm")
    if kind in (codes.STATIONARY.value, codes.LOCALIZER.value) or not (index and length):
        return flags
    expected = index * length / 10
    if product is not None and abs(product - expected) > _DISAGREEMENT * expected:
        flags.add("ctdivol_dlp_disagree")
    return flags
