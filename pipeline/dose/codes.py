"""Coded concepts of dose, matched by scheme and code, never by meaning (PS3.3 section 8).

SRT, SNM3 and 99SDM are one scheme; their codes are compared as SNOMED CT where pydicom's table
knows the synonym. So a concept is named once, by its code of today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

Row = dict[str, Any]
"""A row of a table by column name, lineage left out; an absent key is NULL."""

_SRT: Final = frozenset({"SRT", "SNM3", "99SDM"})
"""Names of SNOMED RT and 3, whose codes look like `T-D0005` (PS3.16 table 8-1)."""
_ALIASES: Final = {"UCM": "UCUM"}
"""Misspelt schemes, and what they mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A coded concept as written; equal to another where it is the same concept."""

    scheme: str
    value: str
    meaning: str = ""

    @property
    def key(self) -> str:
        """Return scheme and code of the concept, the same for all its synonyms."""
        return _key(self.scheme, self.value)

    @property
    def canonical(self) -> str:
        """Return the code of SNOMED CT where there is one, else the code as written."""
        return self.key.partition(":")[2]

    @property
    def canonical_scheme(self) -> str:
        """Return the scheme of the canonical code."""
        return self.key.partition(":")[0]

    def __eq__(self, other: object) -> bool:
        """Return whether both are one concept, whatever their meanings say."""
        return self.key == other.key if isinstance(other, Code) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash of the concept."""
        return hash(self.key)


@lru_cache(maxsize=16_384)
def _key(scheme: str, value: str) -> str:
    if scheme not in _SRT:
        return f"{_ALIASES.get(scheme, scheme)}:{value}"
    synonym = _synonyms().get(value)
    return f"SRT:{value}" if synonym is None else f"SCT:{synonym}"


@lru_cache(maxsize=1)
def _synonyms() -> Mapping[str, str]:
    """Return the codes of SNOMED CT by those of SNOMED RT."""
    # No public name of pydicom gives this table; `pydicom.sr.coding` compares by it.
    from pydicom.sr._snomed_dict import mapping  # noqa: PLC0415  (slow import)

    table: Mapping[str, str] = mapping["SRT"]
    return table


def coded(name: str, code: Code | None) -> Row:
    """Return the four columns of a coded value, none where there is no value."""
    if code is None:
        return {}
    return {
        f"{name}_code": code.canonical or None,
        f"{name}_raw_scheme": code.scheme or None,
        f"{name}_raw_code": code.value or None,
        f"{name}_meaning": code.meaning or None,
    }


def _dcm(value: str, meaning: str) -> Code:
    return Code("DCM", value, meaning)


def _sct(value: str, meaning: str) -> Code:
    return Code("SCT", value, meaning)


# Roots and routing (TID 10001, 10011, 10021, 10040).
XRAY_DOSE_REPORT: Final = _dcm("113701", "X-Ray Radiation Dose Report")
RADIOPHARMACEUTICAL_DOSE_REPORT: Final = _dcm("113500", "Radiopharmaceutical Radiation Dose Report")
SIEMENS_DOSE_SUMMARY: Final = Code("99SMS_RADSUM", "C-10", "Radiation summary")
PROCEDURE_REPORTED: Final = _dcm("121058", "Procedure reported")
PROJECTION_XRAY: Final = _dcm("113704", "Projection X-Ray")
COMPUTED_TOMOGRAPHY: Final = _sct("77477000", "Computed tomography")
MAMMOGRAPHY: Final = _sct("71651007", "Mammography")

# Observers, scope and what all templates share (TID 1002, 1004, 1020, 1021).
SCOPE_OF_ACCUMULATION: Final = _dcm("113705", "Scope of Accumulation")
START_OF_IRRADIATION: Final = _dcm("113809", "Start of X-Ray Irradiation")
OBSERVER_UID: Final = _dcm("121012", "Device Observer UID")
OBSERVER_NAME: Final = _dcm("121013", "Device Observer Name")
OBSERVER_MANUFACTURER: Final = _dcm("121014", "Device Observer Manufacturer")
OBSERVER_MODEL: Final = _dcm("121015", "Device Observer Model Name")
OBSERVER_SERIAL: Final = _dcm("121016", "Device Observer Serial Number")
DEVICE_ROLE: Final = _dcm("113876", "Device Role in Procedure")
IRRADIATING_DEVICE: Final = _dcm("113859", "Irradiating Device")
DEVICE_NAME: Final = _dcm("113877", "Device Name")
DEVICE_MANUFACTURER: Final = _dcm("113878", "Device Manufacturer")
DEVICE_MODEL: Final = _dcm("113879", "Device Model Name")
DEVICE_SERIAL: Final = _dcm("113880", "Device Serial Number")
COMMENT: Final = _dcm("121106", "Comment")
YES: Final = _sct("373066001", "Yes")
NO: Final = _sct("373067005", "No")

# Irradiation events of any kind (TID 10003, 10013).
EVENT_UID: Final = _dcm("113769", "Irradiation Event UID")
EVENT_START: Final = _dcm("111526", "DateTime Started")
ACQUISITION_PROTOCOL: Final = _dcm("125203", "Acquisition Protocol")
TARGET_REGION: Final = _dcm("123014", "Target Region")
LATERALITY: Final = _sct("272741003", "Laterality")
EVENT_LABEL: Final = _dcm("113605", "Irradiation Event Label")
LABEL_TYPE: Final = _dcm("113606", "Label Type")
IS_REPEATED: Final = _dcm("128551", "Is Repeated Acquisition")
REPEAT_REASON: Final = _dcm("128552", "Reason for Repeating Acquisition")
EXPOSURE_TIME: Final = _dcm("113824", "Exposure Time")
KVP: Final = _dcm("113733", "KVP")
TUBE_CURRENT: Final = _dcm("113734", "X-Ray Tube Current")
EFFECTIVE_DOSE: Final = _dcm("113839", "Effective Dose")
EFFECTIVE_DOSE_FACTOR: Final = _dcm("113840", "Effective Dose Conversion Factor")

# Kinds of CT acquisition (CID 10013).
SEQUENCED: Final = _dcm("113804", "Sequenced Acquisition")
SPIRAL: Final = _sct("116152004", "Spiral Acquisition")
LOCALIZER: Final = _dcm("113805", "Constant Angle Acquisition")
STATIONARY: Final = _dcm("113806", "Stationary Acquisition")
FREE: Final = _dcm("113807", "Free Acquisition")
CONE_BEAM: Final = _sct("702569007", "Cone Beam Acquisition")
ACQUISITION_TYPES: Final[Mapping[str, Code]] = {
    "SEQUENCED": SEQUENCED,
    "SPIRAL": SPIRAL,
    "CONSTANT_ANGLE": LOCALIZER,
    "STATIONARY": STATIONARY,
    "FREE": FREE,
    "CONE_BEAM": CONE_BEAM,
}
"""What Acquisition Type (0018,9302) says, as codes."""

# Phantoms of CTDI (CID 4052).
PHANTOM_TYPE: Final = _dcm("113835", "CTDIw Phantom Type")
HEAD_PHANTOM: Final = _dcm("113690", "IEC Head Dosimetry Phantom")
BODY_PHANTOM: Final = _dcm("113691", "IEC Body Dosimetry Phantom")
PHANTOM_CM: Final[Mapping[Code, int]] = {HEAD_PHANTOM: 16, BODY_PHANTOM: 32}
"""Diameters of the phantoms."""

# Kinds of projection event, and planes (CID 10002, 10003).
FLUOROSCOPY: Final = _sct("44491008", "Fluoroscopy")
STATIONARY_XRAY: Final = _dcm("113611", "Stationary Acquisition")
STEPPING: Final = _dcm("113612", "Stepping Acquisition")
ROTATIONAL: Final = _dcm("113613", "Rotational Acquisition")
PLANE_A: Final = _dcm("113620", "Plane A")
PLANE_B: Final = _dcm("113621", "Plane B")
SINGLE_PLANE: Final = _dcm("113622", "Single Plane")

# Sides.
LEFT_BREAST: Final = _sct("80248007", "Left breast")
RIGHT_BREAST: Final = _sct("73056007", "Right breast")
BOTH_BREASTS: Final = _sct("63762007", "Both breasts")
SIDES: Final[Mapping[Code, str]] = {
    _sct("7771000", "Left"): "L",
    _sct("24028007", "Right"): "R",
    _sct("51440002", "Bilateral"): "B",
    _sct("66459002", "Unilateral"): "U",
    LEFT_BREAST: "L",
    RIGHT_BREAST: "R",
    BOTH_BREASTS: "B",
}
"""Laterality as Image Laterality (0020,0062) writes it."""
