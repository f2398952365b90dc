"""Series of every other kind that a hospital exports, beside the truth of what they must become.

Enhanced and legacy converted objects, concatenations, objects of several frames without geometry,
every compressed syntax, float pixels, and what may be wrong with a rescale, with padding or with
the end of a file. They are written and told as the traps of `make/traps.py` are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom.encaps import encapsulate

from make import compressed as codecs
from make.compressed import smooth, stored_frames, write_compressed, write_made_once
from make.enhanced import (
    MadeFrame,
    capture,
    concatenation,
    multi_frame,
    nuclear,
    shuffled,
    stack_of_frames,
)
from make.series import ct_slice, pixels, uid, write
from make.traps import (
    COLUMNS,
    MR,
    ROWS,
    STEP,
    Drawn,
    N,
    Trap,
    TrueVolume,
    Truth,
    drawn,
    frames_volume,
    save,
    stack,
    turned,
    volume,
)

KINDS: dict[str, Trap] = {}
LOSSY: dict[str, Trap] = {}
"""Those whose truth in `values` is what was compressed; decoded voxels are only near it."""


def kind(build: Trap) -> Trap:
    """Register a kind of series under the name of its builder."""
    KINDS[build.__name__] = build
    return build


def _accepted(name: str, *volumes: TrueVolume, **aside: int) -> Truth:
    return Truth(uid(name, "series"), volumes, aside=aside)


def _rejected(name: str, reason: str, **aside: int) -> Truth:
    return Truth(uid(name, "series"), reason=reason, aside=aside)


# Objects of several frames.


def _of_kind(what: str) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        """Write shuffled frames, each with its own rescale but for CT."""
        vary = {
            "CT": lambda k: {"rescale": (1.0, -1024.0 - 100 * (k % 3))},
            "MR": lambda k: {"rescale": (0.25 + k / 8, 3.0)},
            "PT": lambda k: {"rescale": (0.1 + 0.37 * k, 0.0)},
        }[what[-2:]]
        frames = stack_of_frames(N, vary=vary)
        write(multi_frame(shuffled(frames), name=name, kind=what), folder / "OBJECT")
        dtype = "int16" if what.endswith("CT") else "float32"
        return _accepted(name, frames_volume(frames, dtype=dtype))

    return build


for _what in ("CT", "MR", "PT", "legacy CT", "legacy MR", "legacy PT"):
    KINDS[f"multi_frame_{_what.replace(' ', '_')}"] = _of_kind(_what)


@kind
def every_group_in_every_frame(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    write(multi_frame(shuffled(frames), name=name, share=False), folder / "OBJECT")
    return _accepted(name, frames_volume(frames))


@kind
def oblique_frames(folder: Path, name: str) -> Truth:
    turn = turned(25, 10, -40)
    frames = stack_of_frames(
        N,
        orientation=tuple(float(f"{value:.10g}") for value in turn[:, :2].T.ravel()),
        vary=lambda k: {"position": tuple(np.array([3.0, -5, 7]) + turn[:, 2] * 1.25 * k)},
    )
    write(multi_frame(shuffled(frames), name=name, kind="MR"), folder / "OBJECT")
    return _accepted(name, frames_volume(frames, "overlapping"))


@kind
def two_stacks_of_one_object(folder: Path, name: str) -> Truth:
    """Interleaved stacks at one orientation, by StackID alone (V3)."""
    stacks = [
        stack_of_frames(
            5,
            seed=n,
            origin=(-12.0, -10.0, 100.0 * n),
            content=(("StackID", str(n + 1)),),
        )
        for n in (0, 1)
    ]
    write(multi_frame(shuffled(stacks[0] + stacks[1]), name=name), folder / "OBJECT")
    return _accepted(name, *(frames_volume(frames) for frames in stacks))


@kind
def three_orthogonal_stacks(folder: Path, name: str) -> Truth:
    """Frames of three orientations, each enough for a volume."""
    turns = [turned(0), turned(90), turned(0, 90)]
    stacks = [
        stack_of_frames(
            4,
            seed=n,
            orientation=tuple(np.rint(turn[:, :2].T.ravel()) + 0.0),
            vary=lambda k, turn=turn: {"position": tuple(turn[:, 2] * STEP * k)},
        )
        for n, turn in enumerate(turns)
    ]
    frames = shuffled([frame for each in stacks for frame in each])
    write(multi_frame(frames, name=name), folder / "OBJECT")
    return _accepted(name, *(frames_volume(each) for each in stacks))


@kind
def localizer_frame_inside(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    scout = replace(
        frames[0],
        position=(0.0, 0.0, 60.0),
        orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
        frame_type=("ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"),
    )
    write(multi_frame(shuffled([scout, *frames]), name=name), folder / "OBJECT")
    return _accepted(name, frames_volume(frames), LOCALIZER=1)


ENHANCED_KEYS: Final[Mapping[str, tuple[str, str, tuple[Any, Any], tuple[str, str]]]] = {
    "EffectiveEchoTime": ("MREchoSequence", "EchoTime", (12.5, 80.0), ("12.5", "80")),
    "NominalCardiacTriggerDelayTime": (
        "CardiacSynchronizationSequence", "TriggerTime", (50.0, 700.0), ("50", "700")),
    "NominalPercentageOfCardiacPhase": (
        "CardiacSynchronizationSequence", "", (10.0, 60.0), ("10", "60")),
    "TemporalPositionIndex": ("FrameContentSequence", "", (1, 2), ("1", "2")),
    "FrameAcquisitionNumber": (
        "FrameContentSequence", "AcquisitionNumber", (1, 2), ("1", "2")),
    "FrameAcquisitionDateTime": (
        "FrameContentSequence", "AcquisitionTime", ("20240115101520.5", "20240115101540"),
        ("0", "1")),
}  # fmt: skip
"""Functional group, the name that single-frame objects give it, two values, and the channels."""


def _frames_by(key: str) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        sequence, other, values, channels = ENHANCED_KEYS[key]
        phases = []
        for n, value in enumerate(values):
            said = ((key, value),)
            where = (
                {"content": said}
                if sequence == "FrameContentSequence"
                else {"more": ((sequence, said),)}
            )
            phases.append(stack_of_frames(5, seed=n, **where))
        made = multi_frame(shuffled(phases[0] + phases[1]), name=name, kind="MR")
        write(made, folder / "OBJECT")
        keys = f"{key}|{other}" if other else key
        return _accepted(
            name,
            *(
                replace(frames_volume(frames), channel=(keys, value))
                for frames, value in zip(phases, channels, strict=True)
            ),
        )

    return build


for _key in ENHANCED_KEYS:
    KINDS[f"frames_by_{_key}"] = _frames_by(_key)


@kind
def frames_repeat_and_nothing_tells_them_apart(folder: Path, name: str) -> Truth:
    frames = [frame for seed in (0, 1) for frame in stack_of_frames(5, seed=seed)]
    write(multi_frame(shuffled(frames), name=name), folder / "OBJECT")
    return _rejected(name, "AMBIGUOUS_DUPLICATE_POSITION")


@kind
def a_frame_twice(folder: Path, name: str) -> Truth:
    """The same pixels at the same place again: one frame is kept (V2)."""
    frames = stack_of_frames(N)
    write(multi_frame([*frames, frames[3]], name=name), folder / "OBJECT")
    return _accepted(name, frames_volume(frames), DUPLICATE_POSITION=1)


@kind
def object_copied(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    write(multi_frame(frames, name=name), folder / "OBJECT")
    write(multi_frame(frames, name=name), folder / "copy" / "OBJECT")
    return _accepted(name, frames_volume(frames), DUPLICATE_SOP_INSTANCE=1)


@kind
def frame_missing_in_the_middle(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    write(multi_frame(shuffled(frames[:3] + frames[4:]), name=name), folder / "OBJECT")
    return _rejected(name, "MISSING_SLICES")


@kind
def frame_without_position(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N, vary=lambda k: {"position": None} if k == 2 else {})
    write(multi_frame(frames, name=name), folder / "OBJECT")
    return _rejected(name, "MISSING_GEOMETRY")


@kind
def frame_of_ct_without_rescale(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N, vary=lambda k: {"rescale": None} if k == 2 else {})
    write(multi_frame(frames, name=name), folder / "OBJECT")
    return _rejected(name, "NO_RESCALE_FOR_CT")


@kind
def frame_with_rescale_of_zero(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N, vary=lambda k: {"rescale": (0.0, 1.0)} if k == 2 else {})
    write(multi_frame(frames, name=name, kind="MR"), folder / "OBJECT")
    return _rejected(name, "INVALID_RESCALE")


@kind
def frames_with_malformed_rescale(folder: Path, name: str) -> Truth:
    """Slope and intercept of all frames are no numbers: not as if there were none."""
    frames = stack_of_frames(N, rescale=(12500000.0, 12500000.0))
    path = folder / "OBJECT"
    write(multi_frame(frames, name=name, kind="MR"), path)
    path.write_bytes(path.read_bytes().replace(b"12500000", b"1,25 X00"))
    return _rejected(name, "INVALID_RESCALE")


@kind
def more_frames_than_pixels(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    made = multi_frame(frames, name=name)
    made.PixelData = made.PixelData[: (N - 1) * ROWS * COLUMNS * 2]
    write(made, folder / "OBJECT")
    return _rejected(name, "PIXEL_DATA_ERROR")


@kind
def single_and_multi_frame_mixed(folder: Path, name: str) -> Truth:
    slices = stack(name)
    save(slices[:4], folder)
    frames = [MadeFrame(pixels(k, ROWS, COLUMNS), tuple(slices[k].position)) for k in range(4, N)]
    write(multi_frame(shuffled(frames), name=name), folder / "OBJECT")
    return _accepted(name, volume(slices))


def _parts(frames: Sequence[MadeFrame], *sizes: int) -> list[Sequence[MadeFrame]]:
    ends = np.cumsum(sizes)
    return [frames[end - size : end] for end, size in zip(ends, sizes, strict=True)]


@kind
def concatenation_of_two(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    for n, part in enumerate(concatenation(_parts(shuffled(frames), 5, 3), name=name)):
        write(part, folder / f"{9 - n}")
    return _accepted(name, frames_volume(frames))


@kind
def concatenation_of_three(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N, vary=lambda k: {"rescale": (1.0, -1000.0 - k)})
    for n, part in enumerate(concatenation(_parts(frames, 3, 3, 2), name=name)):
        write(part, folder / f"{9 - n}")
    return _accepted(name, frames_volume(frames))


@kind
def concatenation_whose_parts_share_a_rescale_each(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N, vary=lambda k: {"rescale": (1.0, -1000.0 - k // 4)})
    for n, part in enumerate(concatenation(_parts(frames, 4, 4), name=name)):
        write(part, folder / f"{9 - n}")
    return _accepted(name, frames_volume(frames))


@kind
def concatenation_without_its_last_part(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    for n, part in enumerate(concatenation(_parts(frames, 3, 3, 2), name=name)[:2]):
        write(part, folder / f"{n}")
    return _accepted(name, frames_volume(frames[:6], "possibly_truncated"))


@kind
def concatenation_without_its_middle_part(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(12)
    parts = concatenation(_parts(frames, 5, 1, 6), name=name)
    write(parts[0], folder / "0")
    write(parts[2], folder / "2")
    return _rejected(name, "MISSING_SLICES")


@kind
def nuclear_medicine_without_geometry(folder: Path, name: str) -> Truth:
    write(nuclear(name=name), folder / "OBJECT")
    return _rejected(name, "MISSING_GEOMETRY")


@kind
def secondary_capture_of_many_frames(folder: Path, name: str) -> Truth:
    write(capture(name=name), folder / "OBJECT")
    return _rejected(name, "MISSING_GEOMETRY")


# Compressed pixels.

_MAY_BE_LOSSY: Final = {codecs.J2K: ("lossy",)}
"""Syntaxes for loss: who uses them without loss and does not say so is flagged all the same."""


def _lossless(syntax: str) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        slices = stack(name)
        for k, each in enumerate(slices):
            write_compressed(each.dataset, folder / f"{(5 * k) % N}", syntax, extended=k == 3)
        return _accepted(name, volume(slices, *_MAY_BE_LOSSY.get(syntax, ())))

    return build


def _lossless_signed(syntax: str) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        slices = stack(
            name,
            vary=lambda k: {"stored": smooth(k, ROWS, COLUMNS).astype(np.int16) - 2000},
            PixelRepresentation=1,
            BitsStored=16,
            HighBit=15,
        )
        for k, each in enumerate(slices):
            write_compressed(each.dataset, folder / f"{k}", syntax)
        return _accepted(name, volume(slices, *_MAY_BE_LOSSY.get(syntax, ())))

    return build


for _syntax in codecs.LOSSLESS:
    KINDS[f"lossless_{_syntax}"] = _lossless(_syntax)
    KINDS[f"lossless_signed_{_syntax}"] = _lossless_signed(_syntax)


def _frames_in(syntax: str) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        frames = stack_of_frames(N)
        write_compressed(multi_frame(shuffled(frames), name=name), folder / "OBJECT", syntax)
        return _accepted(name, frames_volume(frames))

    return build


for _syntax in (codecs.RLE, codecs.J2K_LOSSLESS, codecs.JPEG_LS, codecs.JPEG_LOSSLESS_SV1):
    KINDS[f"frames_in_{_syntax}"] = _frames_in(_syntax)


@kind
def frames_with_extended_offset_table(folder: Path, name: str) -> Truth:
    frames = stack_of_frames(N)
    made = multi_frame(shuffled(frames), name=name)
    write_compressed(made, folder / "OBJECT", codecs.J2K_LOSSLESS, extended=True)
    return _accepted(name, frames_volume(frames))


@kind
def frames_without_offset_table_in_fragments(folder: Path, name: str) -> Truth:
    """No offset table, one frame a fragment; and slices whose one frame is in three fragments."""
    frames = stack_of_frames(4)
    made = multi_frame(shuffled(frames), name=name)
    encoded = [codecs.encoded(each, codecs.J2K_LOSSLESS, 12) for each in stored_frames(made)]
    made.PixelData = encapsulate(encoded, has_bot=False)
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    write(made, folder / "OBJECT", codecs.J2K_LOSSLESS)
    slices = [drawn(k, name, position=np.add(frames[0].position, [0, 0, STEP * k])) for k in (4, 5)]
    for k, each in enumerate(slices):
        frame = codecs.encoded(stored_frames(each.dataset)[0], codecs.J2K_LOSSLESS, 12)
        each.dataset.PixelData = encapsulate([frame], fragments_per_frame=3)
        each.dataset["PixelData"].VR = "OB"
        each.dataset["PixelData"].is_undefined_length = True
        write(each.dataset, folder / f"SLICE{k}", codecs.J2K_LOSSLESS)
    whole = frames_volume(frames)
    values = np.concatenate([whole.values, [each.real for each in slices]])
    return _accepted(name, replace(whole, values=values))


@kind
def syntaxes_mixed(folder: Path, name: str) -> Truth:
    """A series of which an archive has compressed some."""
    slices = stack(name)
    syntaxes = [codecs.RLE, codecs.J2K_LOSSLESS, codecs.JPEG_LS, codecs.JPEG_LOSSLESS_SV1]
    for k, each in enumerate(slices):
        if k % 2:
            write_compressed(each.dataset, folder / f"{k}", syntaxes[k // 2])
        else:
            write(each.dataset, folder / f"{k}")
    return _accepted(name, volume(slices))


@kind
def htj2k_lossless(folder: Path, name: str) -> Truth:
    return _htj2k(folder, name, codecs.HTJ2K_LOSSLESS)


@kind
def htj2k_lossless_rpcl(folder: Path, name: str) -> Truth:
    return _htj2k(folder, name, codecs.HTJ2K_LOSSLESS_RPCL)


def _htj2k(folder: Path, name: str, syntax: str, *flags: str) -> Truth:
    return _made_once(folder, name, syntax, 16, *flags)


def _made_once(folder: Path, name: str, syntax: str, bits: int, *flags: str) -> Truth:
    slices = stack(
        name, 6, rows=32, columns=32, BitsStored=bits, HighBit=bits - 1,
        vary=lambda k: {"stored": smooth(k)},
        LossyImageCompression="01" if flags else None,
    )  # fmt: skip
    for k, each in enumerate(slices):
        write_made_once(each.dataset, folder / f"{k}", syntax, k)
    return _accepted(name, volume(slices, *flags))


def _lossy(syntax: str) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        bits = 8 if syntax == codecs.JPEG_BASELINE else 12
        slices = stack(
            name,
            vary=lambda k: {
                "stored": smooth(k, ROWS, COLUMNS, top=250 if bits == 8 else 4000).astype(
                    f"u{(bits + 7) // 8}"
                )
            },
            BitsAllocated=(bits + 7) // 8 * 8,
            BitsStored=bits,
            HighBit=bits - 1,
        )
        for k, each in enumerate(slices):
            write_compressed(each.dataset, folder / f"{(3 * k) % N}", syntax, lossy=True)
        return _accepted(name, volume(slices, "lossy"))

    return build


for _syntax in codecs.LOSSY:
    LOSSY[f"lossy_{_syntax}"] = _lossy(_syntax)


def _lossy_made_once(syntax: str, bits: int) -> Trap:
    return lambda folder, name: _made_once(folder, name, syntax, bits, "lossy")


LOSSY |= {
    f"lossy_{codecs.HTJ2K}": _lossy_made_once(codecs.HTJ2K, 16),
    f"lossy_{codecs.JPEG_EXTENDED}": _lossy_made_once(codecs.JPEG_EXTENDED, 12),
}


@kind
def lossy_once_and_native_now(folder: Path, name: str) -> Truth:
    slices = stack(name, vary=lambda k: {"LossyImageCompression": "01" if k == 4 else "00"})
    save(slices, folder)
    return _accepted(name, volume(slices, "lossy"))


# Pixels of other types.


def _floating(folder: Path, name: str, keyword: str, dtype: str, **more: Any) -> Truth:
    slices = stack(name, **more)
    made: list[Drawn] = []
    for k, each in enumerate(slices):
        real = np.random.default_rng(k).normal(0, 100, (ROWS, COLUMNS)).astype(dtype)
        bits = real.dtype.itemsize * 8
        del each.dataset.PixelData
        for gone in ("BitsStored", "HighBit", "PixelRepresentation"):
            delattr(each.dataset, gone)
        each.dataset.BitsAllocated = bits
        setattr(each.dataset, keyword, real.astype(f"<{dtype}").tobytes())
        made.append(replace(each, real=real.astype(np.float64)))
    save(made, folder)
    return _accepted(name, volume(made, dtype="float32"))


_PLAIN_MR: Final[Mapping[str, Any]] = {
    "SOPClassUID": MR, "Modality": "MR", "slope": None, "intercept": None, "RescaleType": None,
    "KVP": None, "ConvolutionKernel": None,
}  # fmt: skip


@kind
def float_pixel_data(folder: Path, name: str) -> Truth:
    return _floating(folder, name, "FloatPixelData", "f4", **_PLAIN_MR)


@kind
def double_float_pixel_data(folder: Path, name: str) -> Truth:
    return _floating(folder, name, "DoubleFloatPixelData", "f8", **_PLAIN_MR)


@kind
def unsigned_32_bits(folder: Path, name: str) -> Truth:
    slices = stack(
        name,
        vary=lambda k: {"stored": pixels(k, ROWS, COLUMNS).astype(np.uint32) * 1000},
        BitsAllocated=32, BitsStored=32, HighBit=31,
    )  # fmt: skip
    save(slices, folder)
    return _accepted(name, volume(slices, dtype="int32"))


@kind
def odd_bytes_of_8_bits(folder: Path, name: str) -> Truth:
    """35 x 33 bytes and one of padding."""
    slices = stack(
        name,
        rows=35, columns=33, BitsAllocated=8, BitsStored=8, HighBit=7, PixelData=None,
        vary=lambda k: {"stored": (pixels(k, 35, 33) >> 4).astype(np.uint8)},
    )  # fmt: skip
    for k, each in enumerate(slices):
        each.dataset.PixelData = (pixels(k, 35, 33) >> 4).astype(np.uint8).tobytes() + b"\0"
        each.dataset["PixelData"].VR = "OW"
    save(slices, folder)
    return _accepted(name, volume(slices))


# What may be missing or wrong.


@kind
def imager_pixel_spacing_only(folder: Path, name: str) -> Truth:
    save(stack(name, PixelSpacing=None, ImagerPixelSpacing=["0.75", "0.75"]), folder)
    return _rejected(name, "MISSING_GEOMETRY")


@kind
def no_geometry_at_all(folder: Path, name: str) -> Truth:
    gone = dict.fromkeys(("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"))
    save(stack(name, **gone), folder)
    return _rejected(name, "MISSING_GEOMETRY")


PADDED: Final = (100, 180)
"""Stored values that mean no image in `padding_range`, both ends included."""


@kind
def padding_range(folder: Path, name: str) -> Truth:
    """The range is given from its upper to its lower end; values are kept."""
    slices = stack(name, PixelPaddingValue=PADDED[1], PixelPaddingRangeLimit=PADDED[0])
    save(slices, folder)
    return _accepted(name, volume(slices))


def _bad_rescale(reason: str, *, ct: bool = True, **said: Any) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        base = {} if ct else {**_PLAIN_MR, "slope": 1.0, "intercept": 0.0}
        slices = stack(name, **base)
        for keyword, value in said.items():
            if value is None:
                delattr(slices[5].dataset, keyword)
            else:
                slices[5].dataset[keyword].value = value
        paths = save(slices, folder)
        if "RescaleSlope" in said and said["RescaleSlope"] == "1.25e7":
            path = paths[5]
            path.write_bytes(path.read_bytes().replace(b"1.25e7", b"1,25 X"))
        return _rejected(name, reason)

    return build


KINDS |= {
    "rescale_slope_zero": _bad_rescale("INVALID_RESCALE", RescaleSlope="0"),
    "rescale_slope_zero_mr": _bad_rescale("INVALID_RESCALE", ct=False, RescaleSlope="0"),
    "rescale_slope_malformed": _bad_rescale("INVALID_RESCALE", RescaleSlope="1.25e7"),
    "rescale_slope_malformed_mr": _bad_rescale("INVALID_RESCALE", ct=False, RescaleSlope="1.25e7"),
    "rescale_half_ct": _bad_rescale("NO_RESCALE_FOR_CT", RescaleIntercept=None),
    "rescale_half_mr": _bad_rescale("INVALID_RESCALE", ct=False, RescaleIntercept=None),
    "rescale_half_mr_slope": _bad_rescale("INVALID_RESCALE", ct=False, RescaleSlope=None),
}


def _cut(which: int) -> Trap:
    def build(folder: Path, name: str) -> Truth:
        paths = save(stack(name), folder)
        paths[which].write_bytes(paths[which].read_bytes()[:-2])
        return _rejected(name, "PIXEL_DATA_ERROR")

    return build


KINDS |= {"first_file_cut": _cut(0), "last_file_cut": _cut(-1)}


@kind
def compressed_file_cut(folder: Path, name: str) -> Truth:
    """The last codestream ends in its middle."""
    paths = [
        write_compressed(each.dataset, folder / f"{k}", codecs.J2K_LOSSLESS)
        for k, each in enumerate(stack(name))
    ]
    paths[-1].write_bytes(paths[-1].read_bytes()[:-500])
    return _rejected(name, "PIXEL_DATA_ERROR")


@kind
def codestream_of_noise(folder: Path, name: str) -> Truth:
    """Well encapsulated, and nothing that a decoder knows."""
    noise = np.random.default_rng(5).bytes(700)
    for k, each in enumerate(stack(name)):
        if k == 4:
            write(codecs.encapsulated(each.dataset, [noise]), folder / f"{k}", codecs.RLE)
        else:
            write_compressed(each.dataset, folder / f"{k}", codecs.RLE)
    return _rejected(name, "PIXEL_DATA_ERROR")


@kind
def codestream_of_another_size(folder: Path, name: str) -> Truth:
    """A decoder is content, but Rows and Columns are others."""
    for k, each in enumerate(stack(name)):
        if k == 4:
            frame = codecs.encoded(pixels(k, 48, 48), codecs.J2K_LOSSLESS, 12)
            codecs.encapsulated(each.dataset, [frame])
            write(each.dataset, folder / f"{k}", codecs.J2K_LOSSLESS)
        else:
            write_compressed(each.dataset, folder / f"{k}", codecs.J2K_LOSSLESS)
    return _rejected(name, "PIXEL_DATA_ERROR")


@kind
def deflated_file_cut(folder: Path, name: str) -> Truth:
    paths = save(stack(name), folder, "1.2.840.10008.1.2.1.99")
    paths[2].write_bytes(paths[2].read_bytes()[:-300])
    return _rejected(name, "PIXEL_DATA_ERROR")


@kind
def ends_of_the_series_lost(folder: Path, name: str) -> Truth:
    """First and last slice are gone, which no gap tells; the count of the header does."""
    slices = stack(name, ImagesInAcquisition=str(N))[1:-1]
    save(slices, folder)
    return _accepted(name, volume(slices, "possibly_truncated"))


@kind
def video(folder: Path, name: str) -> Truth:
    """MPEG-4 in slices: no permitted decoder."""
    for k, each in enumerate(stack(name)):
        made = codecs.encapsulated(each.dataset, [bytes(range(200))])
        write(made, folder / f"{k}", "1.2.840.10008.1.2.4.102")
    return _rejected(name, "UNSUPPORTED_TRANSFER_SYNTAX")


def nothing_usable(folder: Path, name: str) -> Truth:
    """Write a series of scouts and a report: no row in `volumes`, a row for each file."""
    for k in range(3):
        scout = ct_slice(k, name=name, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
        write(scout, folder / f"{k}")
    gone = dict.fromkeys(("Rows", "Columns", "PixelData", "ImageType"))
    report = ct_slice(9, name=name, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.67", **gone)
    write(report, folder / "REPORT")
    return _accepted(name, LOCALIZER=3, NOT_A_SLICE_CLASS=1)


KINDS["nothing_usable"] = nothing_usable
