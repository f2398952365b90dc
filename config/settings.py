"""Typed settings, from defaults, preset, file, environment and flags, in that order.

Every key stands in `default.toml` with a comment; the models here give it its type and bounds. An
unknown key is an error that names the nearest known one.
"""

import hashlib
import itertools
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo

from dicomlake.config.layers import (
    SettingsProblem,
    checked,
    environment_layer,
    flags_layer,
    nearest,
    toml_layer,
)

Fraction = Annotated[float, Field(ge=0, le=1)]

_HERE: Final = Path(__file__).parent


class Section(BaseModel):
    """A section of the settings: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LakeSettings(Section):
    """The lake's files: who may read them, how long a commit is tried."""

    mode: Annotated[str, Field(pattern="^0?[0-7]{3}$")]
    group: str
    commit_attempts: Annotated[int, Field(ge=1)]
    vacuum_grace_hours: Annotated[float, Field(ge=0)]

    @property
    def folder_mode(self) -> int:
        """Return the permission bits of a folder."""
        return int(self.mode, 8)

    @property
    def file_mode(self) -> int:
        """Return the permission bits of a file."""
        return self.folder_mode & 0o666


class DiscoverySettings(Section):
    """The crawl of a source."""

    follow_symlinks: bool
    quiet_period_s: Annotated[float, Field(ge=0)]
    compare_inode: bool
    delete_guard_fraction: Fraction
    delete_guard_files: Annotated[int, Field(ge=0)]


class ArchiveSettings(Section):
    """Archives in a source: whether they are read, and the limits that each is held to."""

    read: bool
    max_members: Annotated[int, Field(ge=1)]
    max_member_bytes: Annotated[int, Field(ge=1)]
    max_bytes: Annotated[int, Field(ge=1)]
    max_ratio: Annotated[float, Field(ge=1)]
    timeout_s: Annotated[float, Field(ge=0)]


class PrivateAttribute(Section):
    """A private attribute to be read: its block is found by its creator (PS3.5 section 7.8)."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    group: Annotated[int, Field(ge=0x0009, le=0xFFFF)]
    creator: Annotated[str, Field(min_length=1, max_length=64)]
    element: Annotated[int, Field(ge=0x00, le=0xFF)]
    vr: Literal[
        "AE", "AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS",
        "ST", "SV", "TM", "UC", "UI", "UL", "UR", "US", "UT", "UV",
    ]  # fmt: skip

    @field_validator("group")
    @classmethod
    def _is_odd(cls, group: int) -> int:
        if group % 2 == 0:
            raise ValueError("a private group is odd")
        return group


class HeaderSettings(Section):
    """Reading headers, and the limits a header is held to."""

    reader: Literal["fast", "pydicom"]
    check_fraction: Fraction
    private: tuple[PrivateAttribute, ...]
    max_header_bytes: Annotated[int, Field(ge=4096)]
    max_inflated_bytes: Annotated[int, Field(ge=4096)]
    max_depth: Annotated[int, Field(ge=1, le=200)]
    max_elements: Annotated[int, Field(ge=100)]
    max_values: Annotated[int, Field(ge=16)]
    read_timeout_s: Annotated[float, Field(ge=0)]
    elements: bool
    dicom_json: bool

    @field_validator("private")
    @classmethod
    def _names_differ(cls, private: tuple[PrivateAttribute, ...]) -> tuple[PrivateAttribute, ...]:
        names = [each.name for each in private]
        if len(set(names)) != len(names):
            raise ValueError("two private attributes have one name")
        return private


class TableSettings(Section):
    """Parquet parts: when they are cut and merged, how they are compressed."""

    part_bytes: Annotated[int, Field(ge=65_536)]
    small_part_bytes: Annotated[int, Field(ge=0)]
    merge_small_parts: Annotated[int, Field(ge=2)]
    changes_of_files: bool
    compression_level: Annotated[int, Field(ge=1, le=19)]


SplitKey = Literal[
    "TemporalPositionIdentifier", "TemporalPositionIndex", "AcquisitionNumber", "TriggerTime",
    "NominalPercentageOfCardiacPhase", "EchoTime", "KVP", "ConvolutionKernel", "ImageType",
    "AcquisitionTime", "ContentTime", "InstanceNumber", "DiffusionBValue", "InversionTime",
    "FlipAngle",
]  # fmt: skip
"""Attributes that tell the repeats of a position apart; of enhanced objects their equivalents."""


class PixelSettings(Section):
    """Decoding of compressed pixels, in processes of their own."""

    decode_timeout_s: Annotated[float, Field(gt=0)]
    decode_memory_bytes: Annotated[int, Field(ge=1 << 28)]


class VolumeSettings(Section):
    """Which stacks become volumes, and how these are written."""

    min_slices: Annotated[int, Field(ge=2)]
    split_keys: tuple[SplitKey, ...]
    on_gap: Literal["reject", "split", "fill"]
    on_shear: Literal["accept", "reject"]
    padding: Literal["keep", "mask", "fill"]
    hu_clip: tuple[()] | tuple[float, float]
    position_tolerance_mm: Annotated[float, Field(ge=0)]
    position_tolerance_fraction: Fraction
    same_position_mm: Annotated[float, Field(ge=0)]
    orientation_tolerance: Fraction
    orthonormality_tolerance: Fraction
    pixel_spacing_tolerance: Fraction
    other_orientation_degrees: Annotated[float, Field(ge=0, le=90)]
    thickness_margin: Fraction
    codec: Literal["zstd", "lz4"]
    codec_level: Annotated[int, Field(ge=1, le=9)]
    codec_shuffle: Literal["shuffle", "bitshuffle"]
    chunks: (
        Literal["patch", "slices"]
        | tuple[
            Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]
        ]
    )
    pyramid_levels: Annotated[int, Field(ge=0, le=8)]
    preview: bool

    @field_validator("split_keys")
    @classmethod
    def _keys_differ(cls, keys: tuple[SplitKey, ...]) -> tuple[SplitKey, ...]:
        if len(set(keys)) != len(keys):
            raise ValueError("a split key stands twice")
        return keys

    @field_validator("hu_clip")
    @classmethod
    def _clip_is_a_range(
        cls, clip: tuple[()] | tuple[float, float]
    ) -> tuple[()] | tuple[float, float]:
        if clip and not (clip[0] < clip[1] and all(end.is_integer() for end in clip)):
            raise ValueError("two whole numbers of HU, the lower first, or none")
        return clip


class DoseSettings(Section):
    """Doses: who is a patient, which facility a device is of, and how populations are made."""

    phantom_tokens: tuple[Annotated[str, Field(pattern=r"^[^\s\d^_]+$")], ...]
    facilities: dict[str, Annotated[str, Field(min_length=1)]]
    protocols: str
    drl_reference: str
    min_n: Annotated[int, Field(ge=1)]
    min_n_ct: Annotated[int, Field(ge=1)]
    min_n_rf: Annotated[int, Field(ge=1)]
    min_n_mg: Annotated[int, Field(ge=1)]
    min_n_facility: Annotated[int, Field(ge=1)]
    min_facilities: Annotated[int, Field(ge=1)]
    adult_weight_kg: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(gt=0)]]
    weight_bands_kg: tuple[Annotated[float, Field(gt=0)], ...]
    head_age_bands_years: tuple[Annotated[float, Field(gt=0)], ...]
    adult_age_years: Annotated[float, Field(gt=0)]
    head_exams: str
    thickness_bands_mm: tuple[Annotated[float, Field(gt=0)], ...]
    outlier_drl_factor: Annotated[float, Field(gt=0)]
    outlier_iqr_factor: Annotated[float, Field(gt=0)]
    outlier_mad_z: Annotated[float, Field(gt=0)]
    outlier_min_n: Annotated[int, Field(ge=3)]
    ssde: bool
    count_unmatched: bool

    @field_validator("head_exams")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return pattern

    @field_validator(
        "adult_weight_kg", "weight_bands_kg", "head_age_bands_years", "thickness_bands_mm"
    )
    @classmethod
    def _ends_rise(cls, ends: tuple[float, ...]) -> tuple[float, ...]:
        if any(one >= other for one, other in itertools.pairwise(ends)):
            raise ValueError("each end is greater than the one before")
        return ends


class RunSettings(Section):
    """What `dicomlake run` does after the tables."""

    volumes: bool
    dose: bool


class EngineSettings(Section):
    """Where batches run."""

    workers: Annotated[int, Field(ge=0)] | Literal["auto"]
    scheduler: str
    inline_below_s: Annotated[float, Field(ge=0)]
    batch_files: Annotated[int, Field(ge=1)]
    batch_bytes: Annotated[int, Field(ge=1)]
    worker_memory_bytes: Annotated[int, Field(ge=0)]


class LogSettings(Section):
    """The log on standard error and in a file."""

    format: Literal["text", "json"]
    file: str
    level: Literal["debug", "info", "warning", "error"]


class Settings(Section):
    """Everything that can be set."""

    lake: LakeSettings
    discovery: DiscoverySettings
    archives: ArchiveSettings
    headers: HeaderSettings
    tables: TableSettings
    pixels: PixelSettings
    volumes: VolumeSettings
    dose: DoseSettings
    run: RunSettings
    engine: EngineSettings
    log: LogSettings

    def sha256(self) -> str:
        """Return the digest that `runs` records of the settings that shape results.

        Those of archives say which files there are, not what becomes of one.
        """
        shaping = self.model_dump(mode="json", exclude={"log", "engine", "archives"})
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


def sections() -> dict[str, type[BaseModel]]:
    """Return the model of every section."""
    return {name: _section_model(field) for name, field in Settings.model_fields.items()}


def preset_names() -> tuple[str, ...]:
    """Return the names that `--preset` takes, sorted."""
    return tuple(sorted(path.stem for path in (_HERE / "presets").glob("*.toml")))


def load_settings(
    preset: str | None = None,
    file: Path | None = None,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings of defaults, preset, file, environment and flags; the last one wins.

    Args:
        preset: name of a file of `config/presets`.
        file: TOML file of the same form as `default.toml`, with any part of its keys.
        flags: values by dotted name, such as `{"engine.workers": 2}`.
        environment: variables; those of the process when None. `DICOMLAKE_VOLUMES__MIN_SLICES=3`
            sets `volumes.min_slices`.

    Raises:
        SettingsProblem: an unknown preset or key, a value of the wrong type or out of bounds, a
            file that cannot be read. The text names the place and the nearest known key.
    """
    known = sections()
    layers = [toml_layer(_HERE / "default.toml", "the defaults", known)]
    if preset is not None:
        layers.append(toml_layer(_preset_path(preset), f"preset {preset}", known))
    if file is not None:
        layers.append(toml_layer(file, str(file), known))
    layers.append(environment_layer(os.environ if environment is None else environment, known))
    layers.append(flags_layer(flags or {}))
    merged: dict[str, dict[str, object]] = {}
    origin: dict[str, str] = {}
    for layer in layers:
        for section, key, value in checked(layer, known):
            merged.setdefault(section, {})[key] = value
            origin[f"{section}.{key}"] = layer.where
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise SettingsProblem(_explain(error, origin)) from None


def _section_model(field: FieldInfo) -> type[BaseModel]:
    model = field.annotation
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError("a section of the settings is a model")
    return model


def _preset_path(name: str) -> Path:
    if name not in preset_names():
        raise SettingsProblem(f"there is no preset {name!r}{nearest(name, preset_names())}.")
    return _HERE / "presets" / f"{name}.toml"


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    """Return the first problem as one line: where, which setting, what is wrong with it."""
    problem = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in problem["loc"][:2])
    # Of a union (`workers`), pydantic reports each member; the sentence must hold both.
    same = [
        each for each in error.errors(include_url=False) if each["loc"][:2] == problem["loc"][:2]
    ]
    said = " or ".join(dict.fromkeys(_lower_first(each["msg"]) for each in same))
    return f"{origin.get(name, 'the defaults')}: {name} = {problem['input']!r}: {said}."


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
