"""Whether a run is tracked: the API is found as Prefect finds it, and Prefect is never imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dicomlake.flows import tracking
from dicomlake.flows.tracking import Api, api_to_use, find_api
from dicomlake.pipeline.errors import UsageError

PROFILES = """
active = "ward"

[profiles.ward]
PREFECT_API_URL = "http://ward:4200/api"

[profiles.lab]
PREFECT_API_URL = "http://lab:4200/api"

[profiles.local]
PREFECT_SERVER_ALLOW_EPHEMERAL_MODE = "true"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "profiles.toml").write_text(PROFILES)
    return tmp_path


def test_nothing_configured_is_not_tracked(tmp_path: Path) -> None:
    assert api_to_use(None, {"PREFECT_HOME": str(tmp_path)}) is None


def test_the_variable_wins_over_the_profile(home: Path) -> None:
    environment = {"PREFECT_HOME": str(home), "PREFECT_API_URL": "http://other/api"}
    assert find_api(environment) == Api("http://other/api", "PREFECT_API_URL")


def test_the_active_profile_is_used(home: Path) -> None:
    found = find_api({"PREFECT_HOME": str(home)})
    assert found is not None
    assert found.url == "http://ward:4200/api"


def test_the_profile_of_the_environment_is_used(home: Path) -> None:
    found = find_api({"PREFECT_HOME": str(home), "PREFECT_PROFILE": "lab"})
    assert found is not None
    assert found.url == "http://lab:4200/api"


def test_a_profile_without_an_api_is_not_tracked(home: Path) -> None:
    assert find_api({"PREFECT_HOME": str(home), "PREFECT_PROFILE": "local"}) is None
    assert find_api({"PREFECT_HOME": str(home), "PREFECT_PROFILE": "absent"}) is None


def test_profiles_may_stand_elsewhere(home: Path, tmp_path: Path) -> None:
    environment = {
        "PREFECT_HOME": str(tmp_path / "nowhere"),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
    }
    found = find_api(environment)
    assert found is not None
    assert found.url == "http://ward:4200/api"


def test_an_empty_variable_is_no_api(tmp_path: Path) -> None:
    assert find_api({"PREFECT_HOME": str(tmp_path), "PREFECT_API_URL": ""}) is None


def test_no_track_wins_over_everything(home: Path) -> None:
    environment = {"PREFECT_HOME": str(home), "PREFECT_API_URL": "http://other/api"}
    assert api_to_use(False, environment) is None


def test_track_without_an_api_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="prefect server start") as caught:
        api_to_use(True, {"PREFECT_HOME": str(tmp_path)})
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_broken_profiles_are_one_line_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text("active = ")
    with pytest.raises(UsageError, match="--no-track"):
        find_api({"PREFECT_HOME": str(tmp_path)})


def test_the_users_own_choice_of_analytics_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracking.QUIET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    tracking.quiet_prefect()
    assert os.environ["DO_NOT_TRACK"] == "0"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] == "false"
    for name in tracking.QUIET:
        monkeypatch.delenv(name)


def test_prefect_is_imported_with_its_telemetry_off() -> None:
    code = (
        "from dicomlake.flows import tracked\n"
        "from prefect.settings import get_current_settings\n"
        "settings = get_current_settings()\n"
        "print(settings.server.analytics_enabled, settings.server.ephemeral.enabled)\n"
        "import os; print(os.environ['DO_NOT_TRACK'])\n"
    )
    clean = {name: value for name, value in os.environ.items() if name not in tracking.QUIET}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean
    )
    assert done.stdout.split() == ["False", "False", "1"]
