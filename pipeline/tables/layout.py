"""Where things lie in a lake, who may read them, and which versions there are.

Nothing here writes but `create`. The names are those of docs/commit.md.
"""

import grp
import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dicomlake.pipeline.errors import LakeFormatError, LakeNotFoundError, SettingsError

if TYPE_CHECKING:  # readers of a lake need no settings, and pydantic takes 0.1 s to import
    from dicomlake.config.settings import LakeSettings

FORMAT: Final = 1
"""Version of the layout that this code reads and writes; it stands in `lake.toml`."""

PRIVACY: Final = "none"

LAKE_TOML: Final = "lake.toml"
CURRENT: Final = "current"
CURRENT_JSON: Final = "current.json"
"""What points to the newest snapshot where the file system has no symbolic links."""
RUNS: Final = "runs.jsonl"
LOCKS: Final = ".locks"
FOLDERS: Final = ("data", "versions", "snapshots", "volumes", "reports", "staging")
UNPACKED: Final = "unpacked"
"""Folder of what was in archives; made when the first is unpacked."""
TEMPORARY: Final = ".tmp-"

_NUMBER = re.compile(r"[0-9]{8,}")


def version_name(number: int) -> str:
    """Return the name a version has in file names, e.g. `00000042`."""
    return f"{number:08d}"


def part_path(lake: Path, part_id: str) -> Path:
    """Return where an immutable part lies."""
    return lake / "data" / f"{part_id}.parquet"


def manifest_path(lake: Path, number: int) -> Path:
    """Return where the manifest of a version lies."""
    return lake / "versions" / f"{version_name(number)}.json"


def claim_path(lake: Path, number: int) -> Path:
    """Return the folder that claims a version where the file system has no hard links."""
    return lake / "versions" / f"{version_name(number)}.claim"


def snapshot_path(lake: Path, number: int) -> Path:
    """Return the folder of Parquet files of a version."""
    return lake / "snapshots" / version_name(number)


def stored_root(lake: Path, root: str) -> str:
    """Return the root of a source as a manifest has it: below `unpacked/` without the lake."""
    above = f"{lake}/"
    return root.removeprefix(above) if root.startswith(f"{above}{UNPACKED}/") else root


def root_of(lake: Path, stored: str) -> str:
    """Return the root of a source that a manifest names; one in the lake moves with it."""
    return f"{lake}/{stored}" if stored.startswith(f"{UNPACKED}/") else stored


def version_numbers(lake: Path) -> list[int]:
    """Return the numbers of the committed versions, ascending.

    Raises:
        LakeNotFoundError: there is no lake.
    """
    try:
        names = os.listdir(lake / "versions")  # noqa: PTH208  (names only, no Path per version)
    except FileNotFoundError:
        return []
    stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
    return sorted(int(stem) for stem in stems if _NUMBER.fullmatch(stem))


def snapshot_numbers(lake: Path) -> list[int]:
    """Return the numbers of the snapshots that stand, ascending."""
    try:
        names = os.listdir(lake / "snapshots")  # noqa: PTH208  (names only)
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if _NUMBER.fullmatch(name))


def current_number(lake: Path) -> int | None:
    """Return the version that `current` (or `current.json`) points to, None where nothing does."""
    try:
        name = os.path.basename(os.readlink(lake / CURRENT))  # noqa: PTH115, PTH119
    except OSError:
        try:
            pointer = json.loads((lake / CURRENT_JSON).read_bytes())
            name = str(pointer["snapshot"]).rpartition("/")[2]
        except (OSError, ValueError, KeyError, TypeError):
            return None
    return int(name) if _NUMBER.fullmatch(name) else None


@dataclass(frozen=True, slots=True)
class Access:
    """Permission bits and group that everything written below a lake gets."""

    folder_mode: int
    file_mode: int
    group: int | None

    @classmethod
    def of(cls, settings: "LakeSettings") -> "Access":
        """Return the access that the settings ask for.

        Raises:
            SettingsError: there is no such group.
        """
        if not settings.group:
            return cls(settings.folder_mode, settings.file_mode, None)
        try:
            group = grp.getgrnam(settings.group).gr_gid
        except KeyError:
            raise SettingsError(
                "The group of setting lake.group does not exist.",
                "Name a group that `getent group` lists.",
            ) from None
        return cls(settings.folder_mode, settings.file_mode, group)

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it where they are missing; give new ones the access."""
        if folder.is_dir():
            return
        if not folder.parent.is_dir():
            self.make_folder(folder.parent)
        try:
            folder.mkdir(mode=self.folder_mode)
        except FileExistsError:
            return
        folder.chmod(self.folder_mode)
        if self.group is not None:
            os.chown(folder, -1, self.group)

    def create(self, path: Path) -> int:
        """Create a file that must not exist yet; return its descriptor, open for writing."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, self.file_mode)
        try:
            self.apply(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def apply(self, descriptor: int) -> None:
        """Give an open file of our own the access, whatever the umask."""
        os.fchmod(descriptor, self.file_mode)
        if self.group is not None:
            os.fchown(descriptor, -1, self.group)


def require_utf8(lake: Path) -> None:
    """Return if the path of a lake is text: Arrow opens no other.

    Raises:
        LakeFormatError: it holds bytes that are not UTF-8.
    """
    try:
        str(lake).encode()
    except UnicodeEncodeError:
        raise LakeFormatError(
            f"The path of the lake, {str(lake)!r}, is not UTF-8.", "Name another with --lake."
        ) from None


def require_lake(lake: Path) -> None:
    """Return if this is a lake this code can read.

    Raises:
        LakeNotFoundError: there is no lake here.
        LakeFormatError: `lake.toml` is unreadable, or of a newer format than the code.
    """
    try:
        text = (lake / LAKE_TOML).read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        raise LakeNotFoundError(
            f"There is no lake in {lake}.", "Make one with `dicomlake run SOURCE --lake DIR`."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise LakeFormatError(
            f"{lake / LAKE_TOML} cannot be read ({type(error).__name__}).",
            "Check its permissions, or restore it from a backup.",
        ) from error
    try:
        found = tomllib.loads(text).get("format")
    except tomllib.TOMLDecodeError:
        found = None
    if not isinstance(found, int):
        raise LakeFormatError(
            f"{lake / LAKE_TOML} does not name the lake's format.",
            f'Restore it from a backup, or write `format = {FORMAT}` and `privacy = "{PRIVACY}"`.',
        )
    if found > FORMAT:
        raise LakeFormatError(
            f"The lake has format {found}; this dicomlake knows {FORMAT}.",
            "Install a newer dicomlake.",
        )


def require_profile(lake: Path) -> None:
    """Return if this code writes values as those of the lake were written: as they are.

    A profile is fixed with its lake; raw values beside pseudonyms would undo these.

    Raises:
        LakeFormatError: the lake has another privacy profile, or values made with a secret.
    """
    said = tomllib.loads((lake / LAKE_TOML).read_text(encoding="utf-8"))
    if said.get("privacy", PRIVACY) != PRIVACY or "key_id" in said:
        raise LakeFormatError(
            f"{lake / LAKE_TOML} says that the lake's values are made with a privacy profile and "
            "secret that this dicomlake has not; it writes them as they are, and nothing was read.",
            "Write to it with the dicomlake that made it, or name another lake with --lake.",
        )


def lake_toml() -> bytes:
    """Return what `lake.toml` says of a new lake."""
    return (
        "# What may never change under this lake.\n"
        f"format = {FORMAT}\n"
        "# Privacy profile that its values went through.\n"
        f'privacy = "{PRIVACY}"\n'
    ).encode()


def is_free(lake: Path) -> bool:
    """Return whether a lake can be made here: no folder yet, or one without anybody's files.

    Folders and locks of a creation that was interrupted do not count.
    """
    if not lake.exists():
        return True
    if not lake.is_dir():
        return False
    return all(
        path.name.startswith(TEMPORARY)
        or (path.is_dir() and path.name == LOCKS)
        or (path.is_dir() and path.name in FOLDERS and not any(path.iterdir()))
        for path in lake.iterdir()
    )
