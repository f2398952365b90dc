"""What the cases of volumes are, read with pydicom alone and proved by the digests of truth.json.

A case is a folder of files; truth.json says of each whether it is accepted, split or refused, and
per volume shape, type, affine and the digest of its voxels. Slices come from the files; they are
arranged as truth.json says, and the digest shows that they are the ones it means.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from judging import Array, Source, Truth
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut

_SAME_MM: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """A slice with what may tell it from others at its place."""

    source: Source
    keys: Mapping[str, Hashable]


def read_truth(cases: Path) -> dict[str, Truth]:
    """Return the truth of each case that has a folder.

    Raises:
        ValueError: the files are not those that truth.json speaks of.
    """
    told = json.loads((cases / "truth.json").read_text(encoding="utf-8"))
    return {name: _truth(name, cases / name, each) for name, each in sorted(told.items())}


def _truth(name: str, folder: Path, told: Mapping[str, Any]) -> Truth:
    datasets = [each for path in sorted(folder.rglob("*")) if (each := _read(path))]
    frames = [frame for dataset in datasets for frame in _frames(dataset)]
    volumes = tuple(_members(name, frames, each) for each in told["volumes"])
    units = "HU" if any(each.Modality == "CT" for each in datasets) else "Bq/ml"
    reason = told["reasons"][0] if told["status"] == "reject" else None
    return Truth(tuple(each.source for each in frames), volumes, reason, units)


def _read(path: Path) -> Dataset | None:
    if not path.is_file():
        return None
    try:
        found = pydicom.dcmread(path)
    except pydicom.errors.InvalidDicomError:
        return None
    return found if "PixelData" in found else None


def _frames(dataset: Dataset) -> Iterator[_Frame]:
    """Yield a file's slices: values as PS3.3 C.11.1 says, places as C.7.6.2 and C.7.6.16 say."""
    pixels = _pixels(dataset)
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    for index in range(int(dataset.get("NumberOfFrames") or 1)):
        parts = [groups[index], shared] if groups else []
        plane = _merged(dataset, parts)
        stored = pixels if pixels is None or not groups else pixels[index]
        keys = {
            "acquisition": plane.get("AcquisitionNumber"),
            "temporal": plane.get("TemporalPositionIndex"),
            "time": (str(plane.get("AcquisitionTime")), str(plane.get("ContentTime"))),
        }
        yield _Frame(_source(plane, stored), keys)


def _pixels(dataset: Dataset) -> Array | None:
    try:
        found = dataset.pixel_array
    except Exception:  # noqa: BLE001  (decoders raise what they like: the pixels cannot be read)
        return None
    # Of colour only a likeness is wanted, to recognise it: it belongs to no volume.
    return found.mean(axis=-1) if dataset.SamplesPerPixel > 1 else found


def _merged(dataset: Dataset, parts: Sequence[Dataset]) -> Dataset:
    """Return the attributes of one frame, those of functional groups above those of the file."""
    merged = Dataset()
    merged.file_meta = dataset.file_meta
    for part in (dataset, *reversed(parts)):
        for element in part:
            if element.VR != "SQ":
                merged[element.tag] = element
            elif part is not dataset and element.value:
                for inner in element.value[0]:
                    merged[inner.tag] = inner
            elif element.keyword == "ModalityLUTSequence":
                merged[element.tag] = element
    return merged


def _source(plane: Dataset, stored: Any) -> Source:
    values = None if stored is None else apply_modality_lut(stored, plane).astype(np.float64)
    names = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
    if not all(plane.get(name) for name in names):
        return Source(values, None, None)
    position, directions, spacing = (np.array(plane[name].value, dtype=float) for name in names)
    row, column = (each / np.linalg.norm(each) for each in (directions[:3], directions[3:]))
    return Source(values, position, np.stack([row * spacing[1], column * spacing[0]], axis=1))


Grouping = Callable[[Sequence[_Frame]], Mapping[Hashable, Sequence[int]]]


def _by(key: str) -> Grouping:
    def grouped(frames: Sequence[_Frame]) -> Mapping[Hashable, Sequence[int]]:
        found: dict[Hashable, list[int]] = defaultdict(list)
        for index, frame in enumerate(frames):
            found[frame.keys[key]].append(index)
        return found

    return grouped


def _by_rank(frames: Sequence[_Frame]) -> Mapping[Hashable, Sequence[int]]:
    """Group by the rank of the time among the slices of a place."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for index, frame in enumerate(frames):
        if frame.source.origin is not None:
            places[tuple(np.round(frame.source.origin, 2))].append(index)
    found: dict[Hashable, list[int]] = defaultdict(list)
    for members in places.values():
        ordered = sorted(members, key=lambda index: str(frames[index].keys["time"]))
        for rank, index in enumerate(ordered):
            found[rank].append(index)
    return found


_GROUPINGS: Final[tuple[Grouping, ...]] = (
    lambda frames: {None: range(len(frames))},
    _by("acquisition"),
    _by("temporal"),
    _by_rank,
)


def _members(name: str, frames: Sequence[_Frame], told: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the slices of a volume in order: those whose voxels have the digest."""
    affine = np.array(told["affine_lps"], dtype=float)
    for grouping in _GROUPINGS:
        for group in grouping(frames).values():
            members = [_at(frames, group, affine, k) for k in range(told["shape_zyx"][0])]
            if None not in members and _digest(frames, members, told["dtype"]) == told["sha256"]:
                return tuple(index for index in members if index is not None)
    raise ValueError(f"no slices of case {name} have the digest that truth.json gives")


def _at(frames: Sequence[_Frame], group: Sequence[int], affine: Array, k: int) -> int | None:
    """Return the first slice of a group at index k of a volume."""
    for index in group:
        source = frames[index].source
        if source.origin is None or source.values is None:
            continue
        # A drift inside the tolerance (jitter) is the slice's own place, not the volume's.
        if np.linalg.norm(affine[:3, 3] + k * affine[:3, 2] - source.origin) < _SAME_MM:
            return index
    return None


def _digest(frames: Sequence[_Frame], members: Sequence[int | None], dtype: str) -> str:
    values = [frames[index].source.values for index in members if index is not None]
    if len({each.shape for each in values if each is not None}) != 1:
        return ""
    array = np.stack([each for each in values if each is not None])
    little = array.astype(np.dtype(dtype).newbyteorder("<"))
    return hashlib.sha256(np.ascontiguousarray(little).tobytes()).hexdigest()
