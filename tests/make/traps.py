"""Small series, each one trap of the rules V0 to V19, written beside the truth of what it must be.

The truth is computed here with numpy from what was drawn, before anything is written: values as
float64, affines from directions and steps. Nothing of the product is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from make.compressed import J2K_LOSSLESS, RLE, write_compressed
from make.enhanced import multi_frame, shuffled, stack_of_frames
from make.frames import data_set
from make.series import ct_slice, pixels, uid, write

Floats = npt.NDArray[np.float64]
N: Final = 8
ROWS, COLUMNS = 36, 32
ORIGIN: Final = np.array([-12.0, -10.0, -20.0])
STEP: Final = 2.5

PET: Final = "1.2.840.10008.5.1.4.1.1.128"
MR: Final = "1.2.840.10008.5.1.4.1.1.4"
CAPTURE: Final = "1.2.840.10008.5.1.4.1.1.7"
REPORT: Final = "1.2.840.10008.5.1.4.1.1.88.11"


@dataclass(frozen=True)
class TrueVolume:
    """A volume that a series must become."""

    values: Floats
    """[z, y, x], before they are rounded to the dtype."""
    affine: Floats
    dtype: str = "int16"
    flags: frozenset[str] = frozenset()
    channel: tuple[str, str] | None = None


@dataclass(frozen=True)
class Truth:
    """What must become of a series: volumes, or a reason; and what is set aside."""

    series: str
    volumes: tuple[TrueVolume, ...] = ()
    reason: str | None = None
    aside: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawn:
    """One slice: its data set, real values, and where it lies."""

    dataset: Dataset
    real: Floats
    position: Floats
    directions: Floats
    """Row and column direction, as columns."""
    spacing: tuple[float, float]


def text(values: Sequence[float]) -> list[str]:
    """Return Decimal Strings of at most 16 characters."""
    return [f"{value:.10f}"[:16] for value in values]


def turned(*degrees: float) -> Floats:
    """Return the rotation about x, then y, then z."""
    made = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        a, b = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[b, a], turn[a, b] = np.sin(angle), -np.sin(angle)
        made = turn @ made
    return made


def drawn(
    k: int,
    name: str,
    *,
    position: Sequence[float] | None = None,
    turn: Floats | None = None,
    spacing: tuple[float, float] = (0.75, 0.75),
    stored: npt.NDArray[Any] | None = None,
    slope: float | None = 1.0,
    intercept: float | None = -1024.0,
    rows: int = ROWS,
    columns: int = COLUMNS,
    **attributes: Any,
) -> Drawn:
    """Return slice k: axial, 2.5 mm above the one before, unless told otherwise."""
    place = np.add(ORIGIN, [0, 0, STEP * k]) if position is None else np.asarray(position, float)
    frame = pixels(k, rows, columns) if stored is None else stored
    directions = (np.eye(3) if turn is None else turn)[:, :2]
    values: dict[str, Any] = {
        "ImagePositionPatient": text(place),
        "ImageOrientationPatient": text(directions.T.ravel()),
        "PixelSpacing": text(spacing),
        "RescaleSlope": None if slope is None else f"{slope:.10g}",
        "RescaleIntercept": None if intercept is None else f"{intercept:.10g}",
        "PixelData": frame.tobytes(),
        **attributes,
    }
    dataset = ct_slice(k, name=name, rows=rows, columns=columns, **values)
    real = frame.astype(np.float64) * (1.0 if slope is None else slope)
    return Drawn(dataset, real + (intercept or 0.0), place, directions, spacing)


def stack(
    name: str,
    n: int = N,
    *,
    vary: Callable[[int], Mapping[str, Any]] = lambda _: {},
    **same: Any,
) -> list[Drawn]:
    """Return n slices in the order of their positions; `vary` says what differs in slice k."""
    return [drawn(k, name, **{**same, **vary(k)}) for k in range(n)]


def volume(slices: Sequence[Drawn], *flags: str, **how: Any) -> TrueVolume:
    """Return the volume of slices in the order of their positions (V9)."""
    first, last = slices[0], slices[-1]
    between_rows, between_columns = first.spacing
    affine = np.eye(4)
    affine[:3, 0] = first.directions[:, 0] * between_columns
    affine[:3, 1] = first.directions[:, 1] * between_rows
    affine[:3, 2] = (last.position - first.position) / (len(slices) - 1)
    affine[:3, 3] = first.position
    values = np.stack([each.real for each in slices])
    return TrueVolume(values, affine, flags=frozenset(flags), **how)


def save(
    slices: Sequence[Drawn],
    folder: Path,
    syntax: str = ExplicitVRLittleEndian,
    *,
    seed: int = 3,
    prefix: str = "IM",
) -> list[Path]:
    """Write slices under names that tell nothing of their order."""
    order = np.random.default_rng(seed).permutation(len(slices))
    return [
        write(each.dataset, folder / f"{prefix}{number:04d}", syntax)
        for number, each in zip(order, slices, strict=True)
    ]


Trap = Callable[[Path, str], Truth]
TRAPS: dict[str, Trap] = {}


def trap(build: Trap) -> Trap:
    """Register a trap under the name of its builder."""
    TRAPS[build.__name__] = build
    return build


def _accepted(name: str, *volumes: TrueVolume, **aside: int) -> Truth:
    return Truth(uid(name, "series"), volumes, aside=aside)


def _rejected(name: str, reason: str, **aside: int) -> Truth:
    return Truth(uid(name, "series"), reason=reason, aside=aside)


def _simple(
    folder: Path,
    name: str,
    *flags: str,
    dtype: str = "int16",
    syntax: str = ExplicitVRLittleEndian,
    **same: Any,
) -> Truth:
    """Write one stack that becomes one volume."""
    slices = stack(name, **same)
    save(slices, folder, syntax)
    return _accepted(name, volume(slices, *flags, dtype=dtype))


def _refused(folder: Path, name: str, reason: str, **same: Any) -> Truth:
    """Write one stack that becomes none."""
    save(stack(name, **same), folder)
    return _rejected(name, reason)


# The kinds of the 41 cases.


@trap
def clean(folder: Path, name: str) -> Truth:
    return _simple(folder, name)


@trap
def instance_number_shuffled(folder: Path, name: str) -> Truth:
    return _simple(folder, name, vary=lambda k: {"InstanceNumber": str((5 * k + 3) % N + 1)})


@trap
def double_oblique(folder: Path, name: str) -> Truth:
    turn = turned(12, -20, 31)
    return _simple(
        folder,
        name,
        vary=lambda k: {"turn": turn, "position": ORIGIN + turn[:, 2] * STEP * k},
    )


@trap
def coronal_from_front_to_back(folder: Path, name: str) -> Truth:
    """The normal points to the front, so slices given from the back are in descending order."""
    turn = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    slices = stack(
        name,
        SliceThickness="1.5",
        vary=lambda k: {"turn": turn, "position": ORIGIN + turn[:, 2] * 1.5 * (N - 1 - k)},
    )
    save(slices, folder)
    return _accepted(name, volume(slices[::-1]))


@trap
def nonsquare_pixels(folder: Path, name: str) -> Truth:
    return _simple(folder, name, spacing=(1.0, 0.5))


@trap
def gantry_tilt(folder: Path, name: str) -> Truth:
    return _simple(folder, name, "sheared", turn=turned(15), GantryDetectorTilt="-15")


@trap
def missing_middle(folder: Path, name: str) -> Truth:
    slices = stack(name)
    save(slices[:4] + slices[5:], folder)
    return _rejected(name, "MISSING_SLICES")


@trap
def duplicate_files_same_sop(folder: Path, name: str) -> Truth:
    slices = stack(name)
    save(slices, folder)
    write(slices[2].dataset, folder / "copy" / "same")
    write(slices[5].dataset, folder / "copy" / "implicit", ImplicitVRLittleEndian)
    return _accepted(name, volume(slices), DUPLICATE_SOP_INSTANCE=2)


@trap
def duplicate_position_same_pixels(folder: Path, name: str) -> Truth:
    slices = stack(name, SOPInstanceUID=None, vary=lambda k: {"SOPInstanceUID": f"1.2.5.{k}"})
    again = drawn(3, name, SOPInstanceUID="1.2.5.9")
    save([*slices, again], folder)
    return _accepted(name, volume(slices), DUPLICATE_POSITION=1)


@trap
def duplicate_position_other_pixels(folder: Path, name: str) -> Truth:
    other = drawn(3, name, stored=pixels(99, ROWS, COLUMNS), SOPInstanceUID=uid(name, "other"))
    save([*stack(name), other], folder)
    return _rejected(name, "AMBIGUOUS_DUPLICATE_POSITION")


def _two_phases(
    name: str, first: Mapping[str, Any], second: Mapping[str, Any]
) -> list[list[Drawn]]:
    return [
        stack(
            name,
            vary=lambda k, phase=phase, said=said: {
                "SOPInstanceUID": uid(name, phase, k),
                "InstanceNumber": str(phase * N + k + 1),
                "stored": pixels(k, ROWS, COLUMNS, seed=phase),
                **said,
            },
        )
        for phase, said in enumerate((first, second))
    ]


def _split(
    folder: Path,
    name: str,
    key: str,
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    values: tuple[str, str],
    *flags: str,
) -> Truth:
    """Write two phases at the same positions that one key tells apart."""
    phases = _two_phases(name, first, second)
    save(phases[0] + phases[1], folder)
    volumes = (
        volume(phase, *flags, channel=(key, value))
        for phase, value in zip(phases, values, strict=True)
    )
    return _accepted(name, *volumes)


@trap
def two_acquisitions_same_positions(folder: Path, name: str) -> Truth:
    """The times agree with the number; the number comes first."""
    first = {"AcquisitionNumber": "1", "AcquisitionTime": "101700"}
    second = {"AcquisitionNumber": "2", "AcquisitionTime": "101800"}
    return _split(folder, name, "AcquisitionNumber", first, second, ("1", "2"))


SPLITTERS: Final[Mapping[str, tuple[Any, Any]]] = {
    "TemporalPositionIdentifier": ("1", "2"),
    "TemporalPositionIndex": (1, 2),
    "TriggerTime": ("50", "700"),
    "NominalPercentageOfCardiacPhase": (10.0, 60.0),
    "EchoTime": ("12.5", "80"),
    "KVP": ("80", "140"),
    "ConvolutionKernel": ("B30f", "B70f"),
}


def _by(key: str) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        first, second = SPLITTERS[key]
        values = str(first), str(second)
        if key != "ConvolutionKernel":
            values = f"{float(first):g}", f"{float(second):g}"
        return _split(folder, name, key, {key: first}, {key: second}, values)

    return build


for _key in SPLITTERS:
    TRAPS[f"split_by_{_key}"] = _by(_key)


@trap
def split_by_image_type(folder: Path, name: str) -> Truth:
    """Magnitude and phase, told apart by the fourth value only."""
    base = ["ORIGINAL", "PRIMARY", "OTHER"]
    first, second = {"ImageType": [*base, "M"]}, {"ImageType": [*base, "P"]}
    return _split(folder, name, "ImageType", first, second, ("M", "P"))


@trap
def split_by_instance_number(folder: Path, name: str) -> Truth:
    """Blocks of numbers, and the file says of how many phases."""
    both = {"NumberOfTemporalPositions": "2"}
    flag = "channel_from_instance_number"
    return _split(folder, name, "InstanceNumber", both, both, ("0", "1"), flag)


@trap
def content_time_only(folder: Path, name: str) -> Truth:
    """The clock differs between the phases, and inside them; only the rank counts."""
    slices = _two_phases(name, {}, {})
    for phase, each in enumerate(slices):
        for k, one in enumerate(each):
            one.dataset.ContentTime = f"1017{phase * 20 + k:02d}.250000"
    save(slices[0] + slices[1], folder)
    return _accepted(
        name, *(volume(each, channel=("ContentTime", str(p))) for p, each in enumerate(slices))
    )


@trap
def incomplete_channel(folder: Path, name: str) -> Truth:
    first, second = _two_phases(name, {"AcquisitionNumber": "1"}, {"AcquisitionNumber": "2"})
    save(first + second[:5], folder)
    return _accepted(
        name,
        volume(first, channel=("AcquisitionNumber", "1")),
        volume(second[:5], "incomplete_channel", channel=("AcquisitionNumber", "2")),
    )


@trap
def repeat_no_discriminator(folder: Path, name: str) -> Truth:
    first, second = _two_phases(name, {}, {})
    save(first + second, folder)
    return _rejected(name, "AMBIGUOUS_DUPLICATE_POSITION")


@trap
def two_acquisitions_contiguous(folder: Path, name: str) -> Truth:
    return _simple(folder, name, vary=lambda k: {"AcquisitionNumber": str(1 + (k >= N // 2))})


@trap
def two_acquisitions_half_a_step_apart(folder: Path, name: str) -> Truth:
    """No position repeats: merged they would be a false fine volume (V6)."""
    interleaved = [
        stack(
            name,
            ConvolutionKernel=kernel,
            vary=lambda k, shift=shift, kernel=kernel: {
                "position": np.add(ORIGIN, [0, 0, STEP * k + shift]),
                "stored": pixels(k, ROWS, COLUMNS, seed=int(shift * 10)),
                "SOPInstanceUID": uid(name, kernel, k),
            },
        )
        for kernel, shift in (("SHARP", 1.25), ("SOFT", 0.0))
    ]
    save(interleaved[0] + interleaved[1], folder)
    return _accepted(
        name,
        volume(interleaved[0], channel=("ConvolutionKernel", "SHARP")),
        volume(interleaved[1], channel=("ConvolutionKernel", "SOFT")),
    )


@trap
def short_acquisitions_overlap(folder: Path, name: str) -> Truth:
    """Two groups of 3 that interleave are too short to be split, and are not merged either."""
    return _refused(
        folder,
        name,
        "AMBIGUOUS_ACQUISITIONS",
        n=6,
        vary=lambda k: {"AcquisitionNumber": str(1 + k % 2)},
    )


def _color(name: str) -> Dataset:
    return ct_slice(
        50,
        name=name,
        SOPClassUID=CAPTURE,
        ImageType=["DERIVED", "SECONDARY", "LOCALIZER"],
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=0,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelData=bytes(32 * 32 * 3),
        ImagePositionPatient=None,
        ImageOrientationPatient=None,
        PixelSpacing=None,
        RescaleSlope=None,
        RescaleIntercept=None,
        RescaleType=None,
    )


@trap
def rgb_localizer_inside(folder: Path, name: str) -> Truth:
    truth = _simple(folder, name)
    write(_color(name), folder / "SCOUT")
    return replace(truth, aside={"COLOR": 1})


@trap
def scout_inside(folder: Path, name: str) -> Truth:
    truth = _simple(folder, name)
    turn = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    scout = drawn(60, name, turn=turn, position=(0, -100, 50),
                  ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])  # fmt: skip
    write(scout.dataset, folder / "SCOUT")
    return replace(truth, aside={"LOCALIZER": 1})


@trap
def scouts_by_orientation_only(folder: Path, name: str) -> Truth:
    """Three sagittal ones among the slices, which do not call themselves localizers."""
    truth = _simple(folder, name)
    turn = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    for k in range(60, 63):
        scout = drawn(k, name, turn=turn, position=(10.0 * k, -100, 50))
        write(scout.dataset, folder / f"OTHER{k}")
    return replace(truth, aside={"OTHER_GEOMETRY": 3})


@trap
def two_orientations(folder: Path, name: str) -> Truth:
    """Enough slices of another orientation are a volume of their own."""
    axial = stack(name)
    turn = np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]])
    sagittal = stack(
        name,
        n=5,
        SliceThickness="4",
        vary=lambda k: {
            "turn": turn,
            "position": ORIGIN + turn[:, 2] * 4 * k,
            "SOPInstanceUID": uid(name, "sagittal", k),
            "stored": pixels(k, ROWS, COLUMNS, seed=7),
        },
    )
    save(axial + sagittal, folder)
    return _accepted(name, volume(axial), volume(sagittal))


@trap
def mosaic_inside(folder: Path, name: str) -> Truth:
    truth = _simple(folder, name)
    mosaic = drawn(40, name, ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"])
    write(mosaic.dataset, folder / "MOSAIC")
    return replace(truth, aside={"MOSAIC": 1})


@trap
def no_pixels_inside(folder: Path, name: str) -> Truth:
    truth = _simple(folder, name)
    write(drawn(40, name, PixelData=None).dataset, folder / "NONE")
    return replace(truth, aside={"NO_PIXELS": 1})


def _steps(*steps: float) -> Callable[[int], Mapping[str, Any]]:
    heights = np.concatenate([[0.0], np.cumsum(steps)])
    return lambda k: {"position": np.add(ORIGIN, [0, 0, heights[k]])}


@trap
def variable_spacing_zones(folder: Path, name: str) -> Truth:
    steps = _steps(2.5, 2.5, 2.5, 4.0, 4.0, 4.0, 4.0)
    return _refused(folder, name, "NON_UNIFORM_SPACING", vary=steps)


@trap
def zones_of_twice_the_step(folder: Path, name: str) -> Truth:
    """Whole multiples of the step, but a zone of its own is no gap (V7)."""
    return _refused(folder, name, "NON_UNIFORM_SPACING", vary=_steps(2, 2, 2, 2, 4, 4, 4))


@trap
def not_on_a_line(folder: Path, name: str) -> Truth:
    return _refused(
        folder,
        name,
        "NON_COLLINEAR_POSITIONS",
        vary=lambda k: {"position": np.add(ORIGIN, [2.0 * (k >= 4), 0, STEP * k])},
    )


@trap
def corners_out_of_place(folder: Path, name: str) -> Truth:
    """Orientations inside V3's tolerance whose far corners are outside V0's."""
    slices = stack(name, spacing=(30.0, 30.0))
    slices += [
        drawn(N, name, spacing=(30.0, 30.0), ImageOrientationPatient=["1", "9e-5", "0",
              "-9e-5", "1", "0"])
    ]  # fmt: skip
    save(slices, folder)
    return _rejected(name, "POSITION_ERROR")


@trap
def jitter_within_tolerance(folder: Path, name: str) -> Truth:
    """V0's limit is 0.025 mm here; written is what deviates, the truth is the even stack."""
    even = stack(name)
    jittered = stack(
        name,
        vary=lambda k: {"position": np.add(ORIGIN, [0, 0, STEP * k + 0.01 * (-1) ** (k // 2)])},
    )
    save(jittered, folder)
    truth = volume(even)
    fitted = np.polyfit(np.arange(N), [each.position[2] for each in jittered], 1)
    truth.affine[:3, 2], truth.affine[:3, 3] = [0, 0, fitted[0]], jittered[0].position
    return _accepted(name, truth)


@trap
def overlapping_slices(folder: Path, name: str) -> Truth:
    return _simple(folder, name, "overlapping", SliceThickness="5")


@trap
def gapped_slices(folder: Path, name: str) -> Truth:
    return _simple(folder, name, "gapped", SliceThickness="1", SpacingBetweenSlices="1")


@trap
def possibly_truncated(folder: Path, name: str) -> Truth:
    return _simple(folder, name, "possibly_truncated", ImagesInAcquisition="20")


@trap
def pet_varying_slope(folder: Path, name: str) -> Truth:
    """The first slope is 1: who looks at it alone takes the series for integers."""
    return _simple(
        folder,
        name,
        dtype="float32",
        vary=lambda k: {
            "slope": 1.0 if k == 0 else 0.05 + 0.0137 * k,
            "stored": pixels(k, ROWS, COLUMNS),
        },
        intercept=0.0,
        SOPClassUID=PET,
        Modality="PT",
        ImageType=["ORIGINAL", "PRIMARY"],
        Units="BQML",
        RescaleType=None,
        KVP=None,
        ConvolutionKernel=None,
    )


@trap
def unsigned_12_bit_with_an_overlay(folder: Path, name: str) -> Truth:
    """The four bits above BitsStored hold something else, which is no part of the value."""
    slices = stack(name)
    for k, each in enumerate(slices):
        noise = pixels(k, ROWS, COLUMNS, seed=5) << 12
        each.dataset.PixelData = (pixels(k, ROWS, COLUMNS) | noise).tobytes()
    save(slices, folder)
    return _accepted(name, volume(slices))


@trap
def signed_12_bit(folder: Path, name: str) -> Truth:
    """Negative in 12 bits, with zeros above them: the sign is bit 11."""
    slices = stack(
        name,
        vary=lambda k: {"stored": pixels(k, ROWS, COLUMNS).astype(np.int16) - 2048},
        PixelRepresentation=1,
    )
    for k, each in enumerate(slices):
        stored = (pixels(k, ROWS, COLUMNS).astype(np.int16) - 2048).view(np.uint16) & 0xFFF
        each.dataset.PixelData = stored.tobytes()
    save(slices, folder)
    return _accepted(name, volume(slices))


@trap
def padding_outside_field_of_view(folder: Path, name: str) -> Truth:
    def padded(k: int) -> Mapping[str, Any]:
        stored = pixels(k, ROWS, COLUMNS).astype(np.int16)
        stored[:, :3] = -2000
        return {"stored": stored}

    return _simple(
        folder, name, vary=padded, PixelRepresentation=1, BitsStored=16, HighBit=15,
        PixelPaddingValue=-2000,
    )  # fmt: skip


@trap
def float_slope(folder: Path, name: str) -> Truth:
    return _simple(folder, name, dtype="float32", slope=0.37)


@trap
def beyond_int16(folder: Path, name: str) -> Truth:
    return _simple(folder, name, dtype="int32", slope=37.0)


@trap
def beyond_int32(folder: Path, name: str) -> Truth:
    return _simple(folder, name, dtype="float64", slope=3000000.0, vary=lambda k: {
        "stored": pixels(k, ROWS, COLUMNS) | 0x800
    })  # fmt: skip


@trap
def monochrome1(folder: Path, name: str) -> Truth:
    return _simple(folder, name, PhotometricInterpretation="MONOCHROME1")


def _with_lut(name: str, kind: str) -> list[Drawn]:
    """Return a stack whose Modality LUT doubles stored values; its output is never signed."""
    table = np.arange(4096, dtype="<u2") * 2
    slices = stack(name, slope=None, intercept=None, RescaleType=None)
    for each in slices:
        each.dataset.ModalityLUTSequence = [
            data_set(LUTDescriptor=[4096, 0, 16], ModalityLUTType=kind, LUTData=table.tobytes())
        ]
    return [replace(each, real=each.real * 2) for each in slices]


@trap
def modality_lut_not_hu(folder: Path, name: str) -> Truth:
    save(_with_lut(name, "OD"), folder)
    return _rejected(name, "MODALITY_LUT_NOT_HU")


@trap
def modality_lut_in_hu(folder: Path, name: str) -> Truth:
    slices = _with_lut(name, "HU")
    save(slices, folder)
    return _accepted(name, volume(slices))


@trap
def single_slice(folder: Path, name: str) -> Truth:
    return _refused(folder, name, "TOO_FEW_SLICES", n=1)


@trap
def three_slices(folder: Path, name: str) -> Truth:
    return _refused(folder, name, "TOO_FEW_SLICES", n=3)


@trap
def mixed_matrix(folder: Path, name: str) -> Truth:
    smaller = {"rows": 18, "columns": 16, "spacing": (1.5, 1.5)}
    return _refused(folder, name, "MIXED_MATRIX", vary=lambda k: smaller if k == 3 else {})


@trap
def mixed_pixel_spacing(folder: Path, name: str) -> Truth:
    wider = {"spacing": (0.8, 0.8)}
    return _refused(folder, name, "MIXED_PIXEL_SPACING", vary=lambda k: wider if k == 3 else {})


@trap
def mixed_frame_of_reference(folder: Path, name: str) -> Truth:
    return _refused(
        folder,
        name,
        "MIXED_FRAME_OF_REFERENCE",
        vary=lambda k: {"FrameOfReferenceUID": uid(name, "frame of reference", k >= 4)},
    )


@trap
def frame_of_reference_absent(folder: Path, name: str) -> Truth:
    return _simple(folder, name, FrameOfReferenceUID=None)


@trap
def mixed_units(folder: Path, name: str) -> Truth:
    return _refused(
        folder, name, "MIXED_UNITS", vary=lambda k: {"RescaleType": "US" if k == 2 else "HU"}
    )


@trap
def orientation_rounding_noise(folder: Path, name: str) -> Truth:
    return _simple(
        folder,
        name,
        vary=lambda k: {"ImageOrientationPatient": ["1", "0", f"{k % 3}e-6", "0", "1", "0"]},
    )


@trap
def last_slice_tilted(folder: Path, name: str) -> Truth:
    """A slice tilted by 0.8 degrees is no scout."""
    tilted = {"turn": turned(0.8)}
    return _refused(folder, name, "MIXED_ORIENTATION", vary=lambda k: tilted if k == 7 else {})


@trap
def directions_no_unit_vectors(folder: Path, name: str) -> Truth:
    wrong = {"ImageOrientationPatient": ["1", "0", "0", "0", "1.01", "0"]}
    return _refused(folder, name, "INVALID_ORIENTATION", vary=lambda _: wrong)


@trap
def missing_position_of_one(folder: Path, name: str) -> Truth:
    gone = {"ImagePositionPatient": None}
    return _refused(folder, name, "MISSING_GEOMETRY", vary=lambda k: gone if k == 4 else {})


@trap
def truncated_pixel_data(folder: Path, name: str) -> Truth:
    paths = save(stack(name), folder)
    paths[3].write_bytes(paths[3].read_bytes()[:-100])
    return _rejected(name, "PIXEL_DATA_ERROR")


@trap
def same_sop_uid_other_content(folder: Path, name: str) -> Truth:
    slices = stack(name)
    save(slices, folder)
    write(drawn(3, name, stored=pixels(77, ROWS, COLUMNS)).dataset, folder / "conflict")
    return _rejected(name, "CONFLICTING_SOP_INSTANCE", CONFLICTING_SOP_INSTANCE=1)


@trap
def no_rescale_ct(folder: Path, name: str) -> Truth:
    gone = {"slope": None, "intercept": None, "RescaleType": None}
    return _refused(folder, name, "NO_RESCALE_FOR_CT", vary=lambda k: gone if k == 5 else {})


@trap
def no_rescale_mr(folder: Path, name: str) -> Truth:
    return _simple(
        folder, name, SOPClassUID=MR, Modality="MR", slope=None, intercept=None, RescaleType=None,
        KVP=None, ConvolutionKernel=None,
    )  # fmt: skip


@trap
def enhanced_ct_shuffled_frames(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N, vary=lambda k: {"rescale": (1.0, -1024.0 if k % 2 else -1100.0)})
    write(multi_frame(shuffled(frames), name=name), folder / "ENHANCED")
    return _accepted(name, frames_volume(frames))


@trap
def enhanced_ct_two_timepoints(folder: Path, name: str) -> Truth:
    phases = [
        stack_of_frames(6, seed=time, content=(("TemporalPositionIndex", time),)) for time in (1, 2)
    ]
    write(multi_frame(shuffled(phases[0] + phases[1]), name=name), folder / "ENHANCED")
    return _accepted(
        name,
        *(
            replace(frames_volume(each), channel=("TemporalPositionIndex", str(time)))
            for time, each in zip((1, 2), phases, strict=True)
        ),
    )


def frames_volume(frames: Sequence[Any], *flags: str, dtype: str = "int16") -> TrueVolume:
    """Return the volume of made frames in the order of their positions."""
    first, last = frames[0], frames[-1]
    r, c = np.array(first.orientation).reshape(2, 3)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = r * first.spacing[1], c * first.spacing[0]
    affine[:3, 2] = np.subtract(last.position, first.position) / (len(frames) - 1)
    affine[:3, 3] = first.position
    values = [
        each.stored.astype(np.float64) * (each.rescale or (1.0, 0.0))[0]
        + (each.rescale or (1.0, 0.0))[1]
        for each in frames
    ]
    return TrueVolume(np.stack(values), affine, dtype, frozenset(flags))


def _encoded(folder: Path, name: str, syntax: str) -> Truth:
    slices = stack(name)
    truth = _accepted(name, volume(slices))
    for k, each in enumerate(slices):
        write_compressed(each.dataset, folder / f"{(5 * k) % N}", syntax)
    return truth


@trap
def rle(folder: Path, name: str) -> Truth:
    return _encoded(folder, name, RLE)


@trap
def j2k(folder: Path, name: str) -> Truth:
    return _encoded(folder, name, J2K_LOSSLESS)


@trap
def deflated(folder: Path, name: str) -> Truth:
    return _simple(folder, name, syntax=DeflatedExplicitVRLittleEndian)


@trap
def big_endian(folder: Path, name: str) -> Truth:
    slices = stack(name)
    for each in slices:
        swapped = np.frombuffer(each.dataset.PixelData, "<u2").astype(">u2")
        each.dataset.PixelData = swapped.tobytes()
    save(slices, folder, ExplicitVRBigEndian)
    return _accepted(name, volume(slices))


@trap
def implicit(folder: Path, name: str) -> Truth:
    return _simple(folder, name, syntax=ImplicitVRLittleEndian)


@trap
def extra_non_image_objects(folder: Path, name: str) -> Truth:
    truth = _simple(folder, name)
    gone = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelData",
            "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation", "ImageType",
            "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")  # fmt: skip
    report = ct_slice(70, name=name, SOPClassUID=REPORT, Modality="SR", **dict.fromkeys(gone))
    write(report, folder / "REPORT")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    return replace(truth, aside={"NOT_A_SLICE_CLASS": 1})


@trap
def no_instance_number(folder: Path, name: str) -> Truth:
    return _simple(folder, name, InstanceNumber=None)


@trap
def per_slice_times_one_volume(folder: Path, name: str) -> Truth:
    return _simple(
        folder,
        name,
        vary=lambda k: {
            "AcquisitionTime": f"1017{(3 * k) % N:02d}.5",
            "ContentTime": f"1017{(3 * k) % N:02d}.7",
        },
    )


@trap
def acquisition_number_per_slice(folder: Path, name: str) -> Truth:
    return _simple(folder, name, vary=lambda k: {"AcquisitionNumber": str((3 * k) % N + 1)})


@trap
def slice_thickness_zero_or_absent(folder: Path, name: str) -> Truth:
    return _simple(folder, name, vary=lambda k: {"SliceThickness": "0" if k % 2 else None})
