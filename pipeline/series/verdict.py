"""The verdict of a series: which stacks become volumes, and why the rest does not.

Pure planning from committed rows: no file is opened, but through the callable that reads the
pixels of slices which nothing else tells apart (V2). Reasons come in one order, the cheap ones
first, so that a series gets the same reason wherever it is judged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series import entry
from dicomlake.pipeline.series.candidates import Context, judge_candidate
from dicomlake.pipeline.series.duplicates import Identity, PixelDigest, colliding, repeated
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.fit import Ordered, order
from dicomlake.pipeline.series.frames import take_apart
from dicomlake.pipeline.series.grouping import (
    by_orientation,
    invalid_orientation,
    minor_orientations,
    mixed,
)
from dicomlake.pipeline.series.outcome import (
    UNDECIDED,
    Rejection,
    SeriesVerdict,
    SetAside,
    Stack,
)
from dicomlake.pipeline.series.reading import read_rows
from dicomlake.pipeline.series.rescale import unusable_rescale
from dicomlake.pipeline.series.slices import WHOLE, OtherFile, SeriesRows, Slice
from dicomlake.pipeline.series.splitting import split
from dicomlake.pipeline.series.suv import earliest_acquisition

__all__ = ["UNDECIDED", "Rejection", "SeriesVerdict", "SetAside", "Stack", "judge"]


@dataclass(slots=True)
class _Findings:
    """Verdict in the making."""

    stacks: list[Stack] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    undecided: list[tuple[Slice, ...]] = field(default_factory=list)

    def exclude(self, each: Slice, reason: str) -> None:
        """Set an object or a frame of one aside."""
        is_frame = each.many_framed and each.frame_number != WHOLE
        number = each.frame_number if is_frame else None
        self.set_aside.append(
            SetAside(each.file_id, each.sop_instance_uid, number, "excluded", reason)
        )

    def reject(self, finding: Finding, slices: Sequence[Slice]) -> None:
        """Reject slices that have no order."""
        self.rejections.append(Rejection(finding.reason, finding.detail, tuple(slices)))

    def reject_stack(self, finding: Finding, stack: Ordered) -> None:
        """Reject slices in order."""
        positions = tuple(stack.distances.tolist())
        self.rejections.append(Rejection(finding.reason, finding.detail, stack.slices, positions))

    def verdict(self) -> SeriesVerdict:
        """Return what was found."""
        aside = sorted(
            self.set_aside,
            key=lambda each: (each.sop_instance_uid, each.file_id, each.frame_number or 0),
        )
        return SeriesVerdict(
            tuple(self.stacks), tuple(self.rejections), tuple(aside), tuple(self.undecided)
        )


def judge(
    rows: SeriesRows, settings: VolumeSettings, *, pixels: PixelDigest | None = None
) -> SeriesVerdict:
    """Judge one series.

    Args:
        rows: of the series; their order does not matter.
        settings: every tolerance of the rules.
        pixels: digest of a slice's stored values, called for colliding slices only. Without it
            a group that has such slices is `undecided`.

    Returns:
        Where every file of the series stands exactly once, taken apart every frame of it.
    """
    objects, others = read_rows(rows)
    found = _Findings()
    usable = _entered(objects, found)
    if any(each.many_framed for each in usable) or rows.frames.num_rows:
        usable = _entered(take_apart(usable, rows.frames), found)
    usable = _set_foreign_aside(usable, found)
    _set_files_aside(objects, others, found)
    if not usable:
        return found.verdict()
    rejection = _series_rejection(usable, objects, others, settings)
    if rejection is not None:
        found.reject(rejection, usable)
        return found.verdict()
    groups = by_orientation(usable, tolerance=settings.orientation_tolerance)
    groups, aside, rejection = minor_orientations(groups, settings)
    if rejection is not None:
        found.reject(rejection, usable)
        return found.verdict()
    for each in aside:
        found.exclude(each, "OTHER_GEOMETRY")
    context = Context(settings, earliest_acquisition(usable), _incomplete(objects))
    for group in groups:
        _judge_group(group, context, pixels, found)
    return found.verdict()


def _entered(slices: Sequence[Slice], found: _Findings) -> list[Slice]:
    """Set aside what V1 excludes, and return the rest."""
    usable = []
    for each in slices:
        reason = entry.exclusion(each)
        if reason is None:
            usable.append(each)
        else:
            found.exclude(each, reason)
    return usable


def _set_foreign_aside(usable: list[Slice], found: _Findings) -> list[Slice]:
    foreign = entry.foreign(usable)
    for each in usable:
        if each.file_id in foreign:
            found.exclude(each, "OTHER_GEOMETRY")
    return [each for each in usable if each.file_id not in foreign]


def _set_files_aside(
    objects: Sequence[Slice], others: Sequence[OtherFile], found: _Findings
) -> None:
    """Give every further file of a UID its place: a copy, or one in conflict.

    One that lost its UID to an instance of another series has its place there.
    """
    kept = {each.sop_instance_uid: each.file_id for each in objects}
    for other in others:
        if other.sop_instance_uid not in kept:
            continue
        copy = other.status == "duplicate"
        found.set_aside.append(
            SetAside(
                other.file_id,
                other.sop_instance_uid,
                None,
                "duplicate" if copy else "excluded",
                "DUPLICATE_SOP_INSTANCE" if copy else "CONFLICTING_SOP_INSTANCE",
                duplicate_of=kept[other.sop_instance_uid] if copy else None,
            )
        )


def _series_rejection(
    usable: Sequence[Slice],
    objects: Sequence[Slice],
    others: Sequence[OtherFile],
    settings: VolumeSettings,
) -> Finding | None:
    """Return the first reason that stops the series as a whole."""
    return (
        entry.too_many_frames(usable)
        or entry.missing_geometry(usable)
        or entry.unsupported_syntax(usable)
        or entry.conflicting(objects, others)
        or invalid_orientation(usable, tolerance=settings.orthonormality_tolerance)
    )


def _incomplete(objects: Sequence[Slice]) -> frozenset[str]:
    """Return the concatenations of which there are fewer parts than one of them says (V11).

    A part that came twice under other UIDs is one part: its number tells.
    """
    parts: dict[str, set[int | str]] = defaultdict(set)
    stated: dict[str, int] = defaultdict(int)
    for each in objects:
        if each.concatenation is not None:
            number = each.declared["InConcatenationNumber"]
            parts[each.concatenation].add(each.sop_instance_uid if number is None else number)
            total = each.declared["InConcatenationTotalNumber"] or 0
            stated[each.concatenation] = max(stated[each.concatenation], total)
    return frozenset(uid for uid, members in parts.items() if stated[uid] > len(members))


def _judge_group(
    group: Sequence[Slice], context: Context, pixels: PixelDigest | None, found: _Findings
) -> None:
    """Judge slices of one orientation: what they mix, their values, repeats, and each volume."""
    settings = context.settings
    finding = mixed(group, spacing_tolerance=settings.pixel_spacing_tolerance)
    finding = finding or unusable_rescale(group)
    stack = order(group)
    if finding is not None:
        found.reject_stack(finding, stack)
        return
    collisions = colliding(stack, same_position_mm=settings.same_position_mm)
    if collisions and pixels is None:
        found.undecided.append(stack.slices)
        return
    if collisions and pixels is not None:
        stack = _drop_repeats(stack, repeated(collisions, pixels), found)
    candidates = split(stack, settings)
    if isinstance(candidates, Finding):
        found.reject_stack(candidates, stack)
        return
    context = replace(context, considered=len(stack.slices))
    for candidate in candidates:
        for outcome in judge_candidate(candidate, context):
            if isinstance(outcome, Stack):
                found.stacks.append(outcome)
            else:
                found.rejections.append(outcome)


def _drop_repeats(
    stack: Ordered, repeats: Mapping[Identity, Identity], found: _Findings
) -> Ordered:
    for each in stack.slices:
        if each.identity in repeats:
            file_id, frame_number = repeats[each.identity]
            found.set_aside.append(
                SetAside(
                    each.file_id,
                    each.sop_instance_uid,
                    each.frame_number,
                    "duplicate",
                    "DUPLICATE_POSITION",
                    duplicate_of=file_id,
                    duplicate_of_frame=frame_number,
                )
            )
    kept = [k for k, each in enumerate(stack.slices) if each.identity not in repeats]
    return stack.take(kept)
