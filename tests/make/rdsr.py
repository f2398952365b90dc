"""Radiation dose structured reports, item by item: each template, and each oddity of real ones.

A concept is written `113830` (scheme DCM) or `SCT:77477000`; a quantity is a pair of value and
UCUM code, `(12.5, "mGy")`. None as the value of a quantity leaves the measured value empty, None
instead of a quantity leaves the item out, and text as the value is written as it stands. Meanings
are made up: nobody may read a report by them.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.uid import UID

from make.series import uid, write

DOSE_SR = UID("1.2.840.10008.5.1.4.1.1.88.67")
RADIOPHARMACEUTICAL_SR = UID("1.2.840.10008.5.1.4.1.1.88.68")
PATIENT_DOSE_SR = UID("1.2.840.10008.5.1.4.1.1.88.73")
ENHANCED_XRAY_SR = UID("1.2.840.10008.5.1.4.1.1.88.76")
ENHANCED_SR = UID("1.2.840.10008.5.1.4.1.1.88.22")
COMPREHENSIVE_SR = UID("1.2.840.10008.5.1.4.1.1.88.33")

SPIRAL = "SRT:P5-08001"
SEQUENCED = "113804"
LOCALIZER = "113805"
STATIONARY_CT = "113806"
HEAD, BODY = "113690", "113691"
"""Phantoms of 16 cm and of 32 cm."""
FLUOROSCOPY = "SRT:P5-06000"
STATIONARY, STEPPING, ROTATIONAL = "113611", "113612", "113613"
PLANE_A, PLANE_B, SINGLE_PLANE = "113620", "113621", "113622"
PROJECTION = "113704"
CT_PROCEDURE = "SRT:P5-08000"
MAMMOGRAPHY = "SRT:P5-40010"
LEFT_BREAST, RIGHT_BREAST = "SRT:T-04030", "SRT:T-04020"
LATERALITY = "SRT:G-C171"
YES, NO = "SRT:R-0038D", "SRT:R-00339"

Quantity = tuple[Any, str] | None
Items = Sequence[Dataset]


def patient_id(study: str) -> str:
    """Return the ID of the patient of a study: digits, as a name could make a phantom of it."""
    return str(uid("patient", study))[-9:]


def code(concept: str, meaning: str | None = None) -> Dataset:
    """Return an item of a code sequence."""
    scheme, _, value = concept.rpartition(":")
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme or "DCM"
    item.CodeMeaning = f"what {value} means" if meaning is None else meaning
    return item


def raw(dataset: Dataset, tag: int, vr: str, value: bytes) -> None:
    """Put bytes into a data set that pydicom would refuse to encode."""
    padded = value + b" " * (len(value) % 2)
    place = BaseTag(tag)
    dataset[place] = RawDataElement(place, vr, len(padded), padded, 0, False, True)


def item(
    value_type: str, concept: str, *children: Dataset, relationship: str = "CONTAINS", **values: Any
) -> Dataset:
    """Return a content item."""
    made = Dataset()
    made.RelationshipType = relationship
    made.ValueType = value_type
    made.ConceptNameCodeSequence = [code(concept)]
    for keyword, value in values.items():
        setattr(made, keyword, value)
    if children:
        made.ContentSequence = list(children)
    return made


def container(concept: str, *children: Dataset) -> Dataset:
    made = item("CONTAINER", concept, *children)
    made.ContinuityOfContent = "SEPARATE"
    return made


def number(
    concept: str, value: Any, unit: str, *children: Dataset, scheme: str = "UCUM"
) -> Dataset:
    """Return a NUM item; a sequence of numbers is one value of several components."""
    made = item("NUM", concept, *children)
    if value is None:
        made.MeasuredValueSequence = []
        return made
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = [code(f"{scheme}:{unit}")]
    texts = [value] if isinstance(value, str) else [f"{each:.10g}" for each in _several(value)]
    raw(measured, 0x0040A30A, "DS", "\\".join(texts).encode())
    made.MeasuredValueSequence = [measured]
    return made


def _several(value: Any) -> Iterable[float]:
    return value if isinstance(value, list | tuple) else [value]


def coded(concept: str, value: str, *children: Dataset, meaning: str | None = None) -> Dataset:
    """Return a CODE item; of an empty value, one with an empty code sequence."""
    made = item("CODE", concept, *children)
    made.ConceptCodeSequence = [code(value, meaning)] if value else []
    return made


def text(concept: str, value: str, *, value_type: str = "TEXT") -> Dataset:
    return item(value_type, concept, TextValue=value)


def uidref(concept: str, value: str) -> Dataset:
    return item("UIDREF", concept, UID=value)


def moment(concept: str, value: str) -> Dataset:
    return item("DATETIME", concept, DateTime=value)


def person(concept: str, value: str, *, value_type: str = "PNAME") -> Dataset:
    return item(value_type, concept, PersonName=value)


def quantity(
    concept: str, given: Quantity | Sequence[Quantity], *children: Dataset
) -> list[Dataset]:
    """Return NUM items of a quantity, none, or of each of a list of them."""
    if given is None:
        return []
    if isinstance(given, list):
        return [made for each in given for made in quantity(concept, each, *children)]
    value, unit = given
    return [number(concept, value, unit, *children)]


def _coded(concept: str, value: str | None, *children: Dataset) -> list[Dataset]:
    return [] if value is None else [coded(concept, value, *children)]


def _text(concept: str, value: str | None) -> list[Dataset]:
    return [] if value is None else [text(concept, value)]


# Documents.


def document(
    *content: Dataset,
    name: str,
    study: str,
    template: str | None = "10011",
    root: str = "113701",
    sop_class: str = DOSE_SR,
    **attributes: Any,
) -> Dataset:
    """Return a report; an attribute given as None is left out, `ContentDate` for one."""
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": sop_class,
        "SOPInstanceUID": uid("report", name),
        "StudyDate": "20240115",
        "SeriesDate": "20240115",
        "ContentDate": "20240115",
        "StudyTime": "101500",
        "SeriesTime": "110000",
        "ContentTime": "110000",
        "AccessionNumber": "A1",
        "Modality": "SR",
        "Manufacturer": "Maker",
        "InstitutionName": "Hospital 1",
        "StationName": "STATION1",
        "ManufacturerModelName": "Model 1",
        "DeviceSerialNumber": "123",
        "PatientName": "Doe^Jane",
        "PatientID": patient_id(study),
        "PatientBirthDate": "19600102",
        "PatientSex": "O",
        "PatientAge": "064Y",
        "StudyInstanceUID": uid("study", study),
        "SeriesInstanceUID": uid("series of reports", study, name),
        "StudyID": "1",
        "SeriesNumber": "997",
        "InstanceNumber": "1",
        "CompletionFlag": "COMPLETE",
        "VerificationFlag": "UNVERIFIED",
        "ValueType": "CONTAINER",
        "ContinuityOfContent": "SEPARATE",
    }
    values.update(attributes)
    made = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(made, keyword, value)
    made.ConceptNameCodeSequence = [code(root)]
    if template is not None:
        template_item = Dataset()
        template_item.MappingResource = "DCMR"
        template_item.TemplateIdentifier = template
        made.ContentTemplateSequence = [template_item]
    made.ContentSequence = list(content)
    return made


def observer(
    *, uid_as_text: bool = False, device: str = "device 1", serial: str = "123"
) -> list[Dataset]:
    """Return the observer context of a device; GE carries its UID as TEXT."""
    said = uid("device", device)
    return [
        coded("121005", "121007"),
        text("121012", said) if uid_as_text else uidref("121012", said),
        text("121013", "STATION1"),
        text("121014", "Maker"),
        text("121015", "Model 1"),
        text("121016", serial),
    ]


# Computed tomography: TID 10011.


def ct_source(
    kvp: Quantity | Sequence[Quantity] = (120.0, "kV"),
    ma: Quantity = (200.0, "mA"),
    ma_max: Quantity = (250.0, "mA"),
    rotation: Quantity = (0.5, "s"),
    identification: str | None = "A",
) -> Dataset:
    """Return the parameters of an X-ray source."""
    return container(
        "113831",
        *_text("113832", identification),
        *quantity("113733", kvp),
        *quantity("113833", ma_max),
        *quantity("113734", ma),
        *quantity("113834", rotation),
    )


def dose_check(
    *,
    yes: str = YES,
    no: str = NO,
    dlp: Quantity = (1000.0, "mGy.cm"),
    ctdivol: Quantity = (80.0, "mGy"),
    estimate: Quantity = (1200.0, "mGy.cm"),
    reason: str | None = "needed",
) -> list[Dataset]:
    """Return an alert for DLP but not for CTDIvol, and a notification for CTDIvol but not DLP."""
    return [
        container(
            "113900",
            coded("113901", yes),
            coded("113902", no, meaning="CTDIVol Alert Value Configured"),
            *quantity("113903", dlp),
            *quantity("113905", estimate),
            *_text("113907", reason),
            person("121152", "Test^Physicist", value_type="PERSON NAME"),
        ),
        container(
            "113908",
            coded("113909", no),
            coded("113910", yes),
            *quantity("113912", ctdivol),
        ),
    ]


def size(
    *,
    ssde: Quantity = (14.2, "mGy"),
    method: str = "113934",
    dw: Quantity = (251.0, "mm"),
    dw_method: str = "113987",
    lateral: Quantity = None,
    ap: Quantity = None,
    effective: Quantity = None,
) -> Dataset:
    """Return a size specific dose estimate with what it was inferred from (TID 10013)."""
    diameters = [
        *quantity("113931", lateral),
        *quantity("113932", ap),
        *quantity("113933", effective),
        *quantity("113980", dw, coded("SCT:370129005", dw_method)),
    ]
    assert ssde is not None
    return number("113930", *ssde, coded("SCT:370129005", method), *diameters)


def ct_event(
    event: str | None,
    *,
    protocol: str | None = "Abdomen",
    region: str | None = "SRT:T-D4000",
    kind: str = SPIRAL,
    context: str | None = None,
    start: str | None = None,
    exposure_time: Quantity = (4.0, "s"),
    length: Quantity = (200.0, "mm"),
    single: Quantity = (0.6, "mm"),
    total: Quantity = (38.4, "mm"),
    pitch: Quantity = (0.8, "{ratio}"),
    sources: Items | None = None,
    n_sources: int | None = None,
    modulation: str | None = "XYZ_EC",
    ctdivol: Quantity = (10.0, "mGy"),
    dlp: Quantity = (200.0, "mGy.cm"),
    phantom: str | None = BODY,
    dose: bool = True,
    of_dose: Items = (),
    comment: str | None = None,
    label: str | None = None,
    more: Items = (),
    uid_as_text: bool = False,
) -> Dataset:
    """Return a CT irradiation event (TID 10013); `dose=False`: without a container of dose."""
    tubes = [ct_source()] if sources is None else list(sources)
    said = [] if event is None else [uid("event", event)]
    return container(
        "113819",
        *_text("125203", protocol),
        *_coded("123014", region),
        coded("113820", kind),
        *_coded("SRT:G-C32C", context),
        *[text("113769", each) if uid_as_text else uidref("113769", each) for each in said],
        *([] if start is None else [moment("111526", start)]),
        *([] if label is None else [text("113605", label)]),
        container(
            "113822",
            *quantity("113824", exposure_time),
            *quantity("113825", length),
            *quantity("113826", single),
            *quantity("113827", total),
            *quantity("113828", pitch),
            number("113823", len(tubes) if n_sources is None else n_sources, "{X-Ray sources}"),
            *tubes,
        ),
        *(
            [
                container(
                    "113829",
                    *quantity("113830", ctdivol),
                    *_coded("113835", phantom),
                    *quantity("113838", dlp),
                    *of_dose,
                )
            ]
            if dose
            else []
        ),
        *_text("113842", modulation),
        *_text("121106", comment),
        *more,
    )


def ct_report(
    events: Items,
    *,
    name: str,
    study: str,
    dlp_total: Quantity,
    n_events: int | None = None,
    single_phantom: str | None = None,
    sub_totals: Mapping[str, Quantity] | None = None,
    procedure: str | None = CT_PROCEDURE,
    scope: str | None = "113014",
    more: Items = (),
    observed: Items | None = None,
    **attributes: Any,
) -> Dataset:
    """Return a CT dose report (TID 10011)."""
    phantom = _coded("113835", single_phantom)
    parts = [
        made
        for each, given in (sub_totals or {}).items()
        for made in quantity("130745", given, coded("113835", each))
    ]
    return document(
        *_coded("121058", procedure, coded("SRT:G-C0E8", "SRT:R-408C3")),
        *(observer() if observed is None else observed),
        *_coded("113705", scope),
        container(
            "113811",
            number("113812", len(events) if n_events is None else n_events, "{events}"),
            *quantity("113813", dlp_total, *phantom),
            *parts,
        ),
        *events,
        *more,
        coded("113854", "113856"),
        name=name,
        study=study,
        **{"template": "10011", **attributes},
    )


# Projection X-ray: TID 10001.


def x_ray_filter(
    kind: str | None = "113650",
    material: str | None = "SRT:C-120F9",
    least: Quantity = (0.1, "mm"),
    most: Quantity = (0.2, "mm"),
) -> Dataset:
    return container(
        "113771",
        *_coded("113772", kind),
        *_coded("113757", material),
        *quantity("113758", least),
        *quantity("113773", most),
    )


def x_ray_event(
    event: str | None,
    *,
    kind: str = FLUOROSCOPY,
    plane: str | None = SINGLE_PLANE,
    protocol: str | None = "Cardiac",
    start: str | None = "20240115102000",
    region: str | None = "SRT:T-D3000",
    kap: Quantity = (2e-5, "Gy.m2"),
    ka_r: Quantity = (0.003, "Gy"),
    reference_point: Dataset | None = None,
    kvp: Quantity | Sequence[Quantity] = (70.0, "kV"),
    ma: Quantity | Sequence[Quantity] = (100.0, "mA"),
    exposure_time: Quantity = (500.0, "ms"),
    exposure_time_code: str = "113824",
    exposure: Quantity | Sequence[Quantity] = (1500.0, "uA.s"),
    pulses: Quantity = (30, "1"),
    pulse_rate: Quantity = (15.0, "{pulse}/s"),
    pulse_width: Quantity | Sequence[Quantity] = (8.0, "ms"),
    duration: Quantity = (2.0, "s"),
    filters: Items = (),
    angles: tuple[float, float] | None = (-10.0, 20.0),
    images: Sequence[str] = (),
    more: Items = (),
) -> Dataset:
    """Return a projection X-ray irradiation event (TID 10003)."""
    point = coded("113780", "113860") if reference_point is None else reference_point
    primary, secondary = angles or (None, None)
    return container(
        "113706",
        *_coded("113764", plane),
        *([] if event is None else [uidref("113769", uid("event", event))]),
        *([] if start is None else [moment("111526", start)]),
        coded("113721", kind),
        *_text("125203", protocol),
        *_coded("123014", region),
        *quantity("122130", kap),
        *quantity("113738", ka_r),
        point,
        *([] if primary is None else [number("112011", primary, "deg")]),
        *([] if secondary is None else [number("112012", secondary, "deg")]),
        *quantity("113733", kvp),
        *quantity("113734", ma),
        *quantity(exposure_time_code, exposure_time),
        *quantity("113736", exposure),
        *quantity("113768", pulses),
        *quantity("113791", pulse_rate),
        *quantity("113793", pulse_width),
        *quantity("113742", duration),
        *filters,
        *[_image(each) for each in images],
        *more,
    )


def _image(sop_instance_uid: str) -> Dataset:
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.12.1"
    referenced.ReferencedSOPInstanceUID = sop_instance_uid
    made = item("IMAGE", "113795")
    made.ReferencedSOPSequence = [referenced]
    return made


def accumulated(
    plane: str | None = SINGLE_PLANE,
    *,
    kap: Quantity = None,
    kap_fluoro: Quantity = None,
    kap_acquisition: Quantity = None,
    ka_r: Quantity = None,
    ka_r_fluoro: Quantity = None,
    ka_r_acquisition: Quantity = None,
    fluoro_time: Quantity = None,
    acquisition_time: Quantity = None,
    frames: Quantity = None,
    agd: Mapping[str, Quantity] | None = None,
    more: Items = (),
) -> Dataset:
    """Return what a plane accumulated (TID 10002); `agd` by breast."""
    breasts = [
        made
        for breast, given in (agd or {}).items()
        for made in quantity("111637", given, coded(LATERALITY, breast))
    ]
    return container(
        "113702",
        *_coded("113764", plane),
        *quantity("113722", kap),
        *quantity("113725", ka_r),
        *quantity("113726", kap_fluoro),
        *quantity("113728", ka_r_fluoro),
        *quantity("113730", fluoro_time),
        *quantity("113727", kap_acquisition),
        *quantity("113729", ka_r_acquisition),
        *quantity("113855", acquisition_time),
        *quantity("113731", frames),
        *breasts,
        *more,
    )


def x_ray_report(
    events: Items,
    totals: Items,
    *,
    name: str,
    study: str,
    procedure: str | None = PROJECTION,
    scope: str | None = "113014",
    more: Items = (),
    **attributes: Any,
) -> Dataset:
    """Return a projection X-ray dose report (TID 10001)."""
    return document(
        *_coded("121058", procedure, coded("SRT:G-C0E8", "SRT:R-408C3")),
        *observer(),
        *_coded("113705", scope),
        *totals,
        *events,
        *more,
        name=name,
        study=study,
        **{"template": "10001", **attributes},
    )


def breast_event(
    event: str,
    *,
    breast: str = LEFT_BREAST,
    agd: Quantity = (1.5, "mGy"),
    anode_code: str = "111632",
    side: str | None = None,
    kind: str = STATIONARY,
    more: Items = (),
    **given: Any,
) -> Dataset:
    """Return an event of mammography; `side` adds a laterality below the target region."""
    laterality = [] if side is None else [coded(LATERALITY, side)]
    return x_ray_event(
        event,
        kind=kind,
        region=None,
        more=[
            coded("123014", breast, *laterality),
            *quantity("111631", agd),
            number("111636", 4.2, "mGy"),
            number("111633", 52.0, "mm"),
            number("111647", 98.0, "N"),
            number("111634", 0.55, "mm"),
            coded(anode_code, "SRT:C-150F9"),
            *more,
        ],
        **{"kap": None, "ka_r": None, "plane": SINGLE_PLANE, **given},
    )


# Radiopharmaceuticals: TID 10021.


def organ_dose(
    site: str, dose: Quantity, *, laterality: str | None = None, meaning: str | None = None
) -> Dataset:
    return container(
        "113517",
        coded("SRT:G-C0E3", site, *_coded(LATERALITY, laterality), meaning=meaning),
        *quantity("113518", dose),
    )


def administration(
    event: str | None,
    *,
    agent: str = "SRT:C-B1031",
    agent_meaning: str = "Fluorodeoxyglucose F^18^",
    nuclide: str = "SRT:C-111A1",
    half_life: Quantity = (6586.2, "s"),
    activity: Quantity = (350.0, "MBq"),
    before: Quantity = (360.0, "MBq"),
    after: Quantity = (10.0, "MBq"),
    start: str | None = "20240115090000",
    stop: str | None = "20240115090100",
    volume: Quantity = (2.5, "cm3"),
    route: str | None = "SRT:G-D101",
    organs: Items = (),
    more: Items = (),
) -> Dataset:
    """Return the administration of a radiopharmaceutical (TID 10022)."""
    return container(
        "113502",
        coded(
            "SRT:F-61FDB",
            agent,
            coded("SRT:C-10072", nuclide),
            *quantity("SRT:R-42806", half_life),
            meaning=agent_meaning,
        ),
        *([] if event is None else [uidref("113503", uid("event", event))]),
        *([] if start is None else [moment("123003", start)]),
        *([] if stop is None else [moment("123004", stop)]),
        *quantity("113507", activity),
        *quantity("113508", before),
        *quantity("113509", after),
        *quantity("123005", volume),
        *_coded("SRT:G-C340", route),
        *organs,
        *more,
    )


def radiopharmaceutical_report(
    administrations: Items, *, name: str, study: str, more: Items = (), **attributes: Any
) -> Dataset:
    """Return a radiopharmaceutical dose report (TID 10021) with what it says of the patient."""
    patient = container(
        "121118",
        number("LN:8302-2", 1.72, "m"),
        number("LN:29463-7", 68.0, "kg"),
    )
    return document(
        coded("SRT:G-C2D0", "SRT:P5-D0065"),
        *observer(),
        *administrations,
        patient,
        *more,
        name=name,
        study=study,
        **{
            "template": "10021",
            "root": "113500",
            "sop_class": RADIOPHARMACEUTICAL_SR,
            **attributes,
        },
    )


def save(dataset: Dataset, path: Path) -> Path:
    """Write a report or an image; returns the path."""
    return write(dataset, path)
