"""Which studies are to be read: those whose objects or settings are not those of their rows.

A study is known by a digest of its objects, each with the digest of its header, of its volumes
and of the settings that shape its rows. No path is part of it: a file that moved is read no second
time, ingest has its rows follow. It is summed over objects, so that tables are gone through a batch
at a time in whatever order they lie; an object costs the driver twelve bytes.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.config.settings import DoseSettings
from dicomlake.pipeline.dose.protocols import read_protocols
from dicomlake.pipeline.tables.columnar import pc, texts
from dicomlake.pipeline.tables.dose_objects import can_carry_a_dose, is_structured_report
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.evolution import SCHEMA_VERSION

METHOD: Final = 1
"""Of the rules by which a study is read; raised where they would give other rows."""

_SHAPING: Final = (
    "phantom_tokens", "facilities", "ssde", "count_unmatched", "adult_age_years",
)  # fmt: skip
_CLAIM: Final = ("sop_instance_uid", "header_sha256")
"""Columns of `files` that say which object a file holds, and with which header."""
_ODD: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class PendingStudy:
    """A study to be read, how much it is, and the digest of what it is read from."""

    study_instance_uid: str
    n_objects: int
    n_reports: int
    inputs_sha256: str


@dataclass(frozen=True, slots=True)
class Pending:
    """What the dose stage has to do."""

    studies: tuple[PendingStudy, ...] = ()
    """By UID."""
    gone: tuple[str, ...] = ()
    """Studies with rows that have no object left that can carry a dose, by UID."""


def settings_digest(settings: DoseSettings) -> str:
    """Return a digest of the settings that shape the rows of a study.

    Raises:
        UsageError: the file of protocols cannot be used.
    """
    shaping = settings.model_dump(mode="json", include=set(_SHAPING))
    shaping |= {"protocols": read_protocols(settings.protocols).sha256, "method": METHOD}
    shaping["schema"] = SCHEMA_VERSION  # another one reads more of the same headers
    return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()


def pending_studies(base: Version, settings: DoseSettings, *, everything: bool = False) -> Pending:
    """Return the studies to be read, and those whose rows go.

    A study of which a report could not be read is read again: a disk may have come back.

    Args:
        base: version to plan against.
        settings: of the run.
        everything: read also what has not changed.
    """
    if not base.number:
        return Pending()
    known: dict[str, str] = {}
    for batch in base.batches("dose_studies", ["study_instance_uid", "inputs_sha256", "outcome"]):
        for uid, digest, outcome in zip(*(c.to_pylist() for c in batch.columns), strict=True):
            known[uid] = "" if outcome == "unreadable" else digest
    pending = []
    for study in _studies(base, settings):
        before = known.pop(study.study_instance_uid, None)
        if everything or before != study.inputs_sha256:
            pending.append(study)
    pending.sort(key=lambda study: study.study_instance_uid)
    return Pending(tuple(pending), tuple(sorted(known)))


def current_digests(
    base: Version, settings: DoseSettings, studies: Sequence[str]
) -> dict[str, str]:
    """Return the digest that studies have in a version; those that are gone are left out."""
    wanted = set(studies)
    return {
        each.study_instance_uid: each.inputs_sha256
        for each in _studies(base, settings)
        if each.study_instance_uid in wanted
    }


def _studies(base: Version, settings: DoseSettings) -> Iterator[PendingStudy]:
    """Yield every study with objects that can carry a dose, with its digest, in any order."""
    inputs = _Inputs()
    inputs.add_instances(base)
    inputs.add_files(base)
    inputs.add_conflicts(base)
    if settings.ssde:
        inputs.add_volumes(base)
    shaped = settings_digest(settings)
    for uid, place in inputs.places.items():
        said = [shaped, *(int(each[place]) for each in (inputs.objects, *inputs.sums))]
        yield PendingStudy(
            uid,
            int(inputs.objects[place]),
            int(inputs.reports[place]),
            hashlib.sha256(json.dumps(said).encode()).hexdigest(),
        )


class _Inputs:
    """The objects of every study, as sums that do not depend on their order."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self.objects: Words = np.zeros(0, np.uint64)
        self.reports: Words = np.zeros(0, np.uint64)
        self.sums: tuple[Words, Words] = (self.objects, self.objects)
        self._files: Words = np.zeros(0, np.uint64)
        self._study_of: npt.NDArray[np.int32] = np.zeros(0, np.int32)

    def add_instances(self, base: Version) -> None:
        """Go through the instances: which study each file belongs to."""
        keys, studies, reports = [], [], []
        names = ["study_instance_uid", "file_id", "sop_class_uid", "modality"]
        for batch in base.batches("instances", names):
            own = batch.filter(can_carry_a_dose(batch))
            if own.num_rows:
                keys.append(_words(own.column("file_id")))
                studies.append(self._number(own.column("study_instance_uid")))
                reports.append(np.asarray(is_structured_report(own)))
        if not keys:
            return
        files, places = np.concatenate(keys), np.concatenate(studies)
        count = len(self.places)
        self.objects = np.bincount(places, minlength=count).astype(np.uint64)
        of_reports = places[np.concatenate(reports)]
        self.reports = np.bincount(of_reports, minlength=count).astype(np.uint64)
        self.sums = (np.zeros(count, np.uint64), np.zeros(count, np.uint64))
        order = np.argsort(files)
        self._files, self._study_of = files[order], places[order]

    def _number(self, uids: "pa.Array[Any]") -> npt.NDArray[np.int32]:
        """Return the places of studies, given new ones where they are not known."""
        coded: Any = uids.dictionary_encode()
        known = [
            self.places.setdefault(uid, len(self.places)) for uid in coded.dictionary.to_pylist()
        ]
        places: npt.NDArray[np.intp] = coded.indices.to_numpy()
        return np.array(known, np.int32)[places]

    def add_files(self, base: Version) -> None:
        """Go through the ledger: the header of each file, which of a report is all of it."""
        if not len(self._files):
            return
        for batch in base.batches("files", ["file_id", "sop_instance_uid", "header_sha256"]):
            files = _words(batch.column("file_id"))
            at = np.minimum(np.searchsorted(self._files, files), len(self._files) - 1)
            found = self._files[at] == files
            if found.any():
                own = batch.filter(pa.array(found))
                claimed, headers = (_hashed(own.column(name)) for name in _CLAIM)
                self._add(self._study_of[at[found]], claimed, headers)

    def add_conflicts(self, base: Version) -> None:
        """Go through the files that lost their UID: to which object, and so to which study."""
        lost: list[pa.RecordBatch] = []
        for batch in base.batches("files", [*_CLAIM, "status"]):
            some = batch.filter(pc.equal(batch.column("status"), texts("conflict")[0]))
            if some.num_rows:
                lost.append(some)
        if not lost:
            return
        rows = pa.Table.from_batches(lost)
        uids = rows.column("sop_instance_uid").combine_chunks()
        names = ["study_instance_uid", "sop_instance_uid", "sop_class_uid", "modality"]
        for batch in base.batches("instances", names):
            own = batch.filter(pc.is_in(batch.column("sop_instance_uid"), value_set=uids))
            own = own.filter(can_carry_a_dose(own))
            if not own.num_rows:
                continue
            at = pc.index_in(
                rows.column("sop_instance_uid"), value_set=own.column("sop_instance_uid")
            )
            of_them = rows.filter(pc.is_valid(at))
            studies = own.column("study_instance_uid").take(pc.drop_null(at).combine_chunks())
            claimed, headers = (_hashed(of_them.column(name).combine_chunks()) for name in _CLAIM)
            self._add(self._number(studies), ~claimed, headers)  # not as the object that won

    def add_volumes(self, base: Version) -> None:
        """Go through the volumes in HU that were accepted."""
        for batch in base.batches(
            "volumes", ["study_instance_uid", "volume_id", "sha256", "units"]
        ):
            for uid, volume, digest, units in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            ):
                place = self.places.get(uid)
                if place is not None and units == "HU" and digest:
                    both = (_hash(volume), _hash(digest))
                    self._add(
                        *(np.array([v], k) for v, k in zip((place, *both), _KINDS, strict=True))
                    )

    def _add(self, places: npt.NDArray[Any], one: Words, other: Words) -> None:
        for total, odd in zip(self.sums, _ODD, strict=True):
            np.add.at(total, places, _mixed(one * np.uint64(odd) + other))


_KINDS: Final = (np.int32, np.uint64, np.uint64)


def _mixed(words: Words) -> Words:
    """Return words of which each bit depends on all bits (the finaliser of splitmix64)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _hashed(values: "pa.Array[Any]") -> Words:
    """Return a word for each text; null is one of its own."""
    coded: Any = pc.fill_null(values, "").dictionary_encode()
    words = np.array([_hash(text) for text in coded.dictionary.to_pylist()], np.uint64)
    places: npt.NDArray[np.intp] = coded.indices.to_numpy()
    return words[places]


def _words(identities: "pa.Array[Any]") -> Words:
    """Return the first eight bytes of identities, hashes in hex digits, as numbers."""
    text = "".join(str(each)[:16] for each in identities.to_pylist())
    return np.frombuffer(bytes.fromhex(text), ">u8").astype(np.uint64)
