"""Which folders a run reads, under which names."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dicomlake.pipeline.errors import CommitConflictError, SourceError

COMPANION: Final = ".archives"
"""Ends the name of a source that holds what was in the archives of another."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NOT_IN_NAME: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG: Final = 40


@dataclass(frozen=True, slots=True)
class Source:
    """A folder that is crawled: its name in the lake, and its real absolute path."""

    name: str
    root: str


def resolve_sources(
    texts: Sequence[str], known: Mapping[str, str], lake: Path
) -> tuple[Source, ...]:
    """Return the sources that a command line names, in its order, each once.

    Args:
        texts: `PATH` or `NAME=PATH` each. A known root keeps its name; a known name moves to the
            new root; otherwise the name is derived from the real path.
        known: names and roots of the sources that the lake has.
        lake: folder of the lake, which may not exist yet.

    Raises:
        SourceError: a source is missing, no folder, not listable, overlaps another or a known
            one, or lies in the lake or around it.
    """
    sources: list[Source] = []
    for text in texts:
        name, path = _split(text)
        root = _real_folder(path)
        _refuse_overlap_with_lake(root, lake)
        taken = {**known, **{source.name: source.root for source in sources}}
        source = Source(_checked_name(name, root, taken), root)
        if source not in sources:
            _refuse_overlap(source, sources, known)
            sources.append(source)
    return tuple(sources)


def require_apart(
    sources: Sequence[Source], planned: Mapping[str, str], known: Mapping[str, str]
) -> None:
    """Return if sources do not collide with what other runs made of the lake meanwhile.

    Two runs that start at once may give one name to two folders; committing both would take the
    files of one for those of the other.

    Args:
        sources: as resolved when the run began.
        planned: names and roots of the sources that the lake had then.
        known: those that it has now.

    Raises:
        CommitConflictError: a name stands for another folder by now.
        SourceError: a root overlaps one that was added.
    """
    for source in sources:
        now = known.get(source.name, source.root)
        if now not in (source.root, planned.get(source.name)):
            raise CommitConflictError(
                f"Another run has just given the name {source.name!r} to {now!r}.",
                "Nothing of this run was committed; start it again, or name the source NAME=PATH.",
            )
        _refuse_overlap(source, (), known)


def _split(text: str) -> tuple[str, str]:
    """Return name and path; the name is empty where only a path is given."""
    name, sign, path = text.partition("=")
    if sign and _NAME.fullmatch(name) and not os.path.isdir(text):  # noqa: PTH112  (raw text)
        return name, path
    return "", text


def _real_folder(path: str) -> str:
    if not path:  # a variable that is not set, say: never the folder one happens to be in
        raise SourceError("A source has an empty path.", "Name a folder; `.` is the present one.")
    root = os.path.realpath(os.path.expanduser(path))  # noqa: PTH111  (keeps undecodable bytes)
    try:
        with os.scandir(root):
            return root
    except FileNotFoundError as error:
        raise SourceError(
            f"There is no folder {path!r}.", "Name an existing folder, or NAME=PATH."
        ) from error
    except NotADirectoryError as error:
        raise SourceError(
            f"{path!r} is a file.", "Name the folder that holds it: sources are folders."
        ) from error
    except OSError as error:
        raise SourceError(
            f"The folder {path!r} cannot be listed: {error.strerror}.",
            "Check its permissions and its disk.",
        ) from error


def _checked_name(name: str, root: str, taken: Mapping[str, str]) -> str:
    known_as = next((other for other, where in taken.items() if where == root), "")
    if name and known_as and known_as != name:
        raise SourceError(
            f"{root!r} is already the source {known_as!r}.", f"Name it {known_as}={root}."
        )
    if name.endswith(COMPANION) and name not in taken:
        raise SourceError(
            f"The name {name!r} is that of archives in a source.",
            f"Let it not end with {COMPANION!r}.",
        )
    return name or known_as or _derived_name(root, taken)


def _derived_name(root: str, taken: Mapping[str, str]) -> str:
    """Return a name made of the last part of the real path, with a digest where it is taken."""
    last = root.rstrip("/").rpartition("/")[2]
    slug = _NOT_IN_NAME.sub("-", last.lower())[:_LONGEST_SLUG].strip("-") or "root"
    if slug not in taken:
        return slug
    return f"{slug}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}"


def _refuse_overlap(source: Source, named: Sequence[Source], known: Mapping[str, str]) -> None:
    """Refuse a root inside another one; the old place of a source that moves does not count."""
    others = {name: root for name, root in known.items() if name != source.name}
    for other in named:
        others.pop(other.name, None)
        if other.name == source.name:
            raise SourceError(
                f"The name {source.name!r} stands for two folders.", "Give each its own NAME=PATH."
            )
    others.update({other.name: other.root for other in named})
    for name, root in others.items():
        if _inside(source.root, root) or _inside(root, source.root):
            raise SourceError(
                f"The source {source.root!r} overlaps the source {name!r} at {root!r}.",
                "Name the outer folder alone, or folders side by side.",
            )


def _refuse_overlap_with_lake(root: str, lake: Path) -> None:
    place = os.path.realpath(lake)
    if _inside(place, root):
        raise SourceError(
            f"The lake {place!r} lies inside the source {root!r}.",
            "Put the lake elsewhere with --lake, or name a folder beside it.",
        )
    if _inside(root, place):
        raise SourceError(
            f"The source {root!r} lies inside the lake {place!r}.",
            "Name the folder that holds the DICOM files.",
        )


def _inside(path: str, folder: str) -> bool:
    """Return whether a real path is a folder or lies below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")
