"""Whether a run is recorded on a Prefect API, found out without importing Prefect."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dicomlake.pipeline.errors import UsageError

QUIET: Final[Mapping[str, str]] = {
    # A tool for hospitals tells nobody that it runs.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # A forgotten server is an error at once; Prefect would start one of its own and leave it.
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
}
"""Environment that Prefect is imported with, unless the user set otherwise."""

NOT_CONFIGURED: Final = "not tracked: no Prefect API configured"
NOT_WANTED: Final = "not tracked: --no-track"


@dataclass(frozen=True, slots=True)
class Api:
    """A Prefect API, and where its address stands."""

    url: str
    where: str


def quiet_prefect() -> None:
    """Set the environment for Prefect; before its first import."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def find_api(environment: Mapping[str, str]) -> Api | None:
    """Return the configured API: `PREFECT_API_URL`, else that of the active profile.

    The profile is `PREFECT_PROFILE`, else the active one of `profiles.toml`, as Prefect reads it.

    Raises:
        UsageError: the profiles cannot be read.
    """
    if url := environment.get("PREFECT_API_URL"):
        return Api(url, "PREFECT_API_URL")
    path = _profiles_path(environment)
    profiles = _read_profiles(path)
    active = environment.get("PREFECT_PROFILE") or profiles.get("active")
    sections = profiles.get("profiles")
    profile = sections.get(active) if isinstance(sections, dict) else None
    url = profile.get("PREFECT_API_URL") if isinstance(profile, dict) else None
    return Api(str(url), f"profile {active} of {path}") if url else None


def api_to_use(track: bool | None, environment: Mapping[str, str]) -> Api | None:
    """Return where to record a run: None for nowhere.

    Args:
        track: `--track` True, `--no-track` False, neither None: where an API is configured.
        environment: variables of the process.

    Raises:
        UsageError: `--track` without an API.
    """
    if track is False:
        return None
    api = find_api(environment)
    if api is None and track:
        raise UsageError(
            "No Prefect API is configured to track the run on.",
            "Start one with `prefect server start`, then "
            "`export PREFECT_API_URL=http://127.0.0.1:4200/api`; or leave --track out.",
        )
    return api


def _profiles_path(environment: Mapping[str, str]) -> Path:
    if path := environment.get("PREFECT_PROFILES_PATH"):
        return Path(path).expanduser()
    return Path(environment.get("PREFECT_HOME") or "~/.prefect").expanduser() / "profiles.toml"


def _read_profiles(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise UsageError(
            f"Cannot read Prefect's profiles in {path}.", "Mend the file, or use --no-track."
        ) from None
