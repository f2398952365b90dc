"""The settings: one list of keys, layers in order, and errors that lead to the right key."""

import pickle
import re
import tomllib
from pathlib import Path

import pytest

from dicomlake.config import settings as module
from dicomlake.config.layers import SettingsProblem, known_keys
from dicomlake.config.settings import load_settings, preset_names, sections

FOLDER = Path(module.__file__).parent
TOML_FILES = [FOLDER / "default.toml", *sorted((FOLDER / "presets").glob("*.toml"))]


def test_defaults_and_model_have_exactly_the_same_keys() -> None:
    written = tomllib.loads((FOLDER / "default.toml").read_text())
    assert {section: tuple(content) for section, content in written.items()} == known_keys(
        sections()
    )


@pytest.mark.parametrize("path", TOML_FILES, ids=lambda path: path.stem)
def test_every_key_has_a_comment_of_its_own_above_it(path: Path) -> None:
    above = ""
    keys = 0
    for line in path.read_text().splitlines():
        if re.match(r"\w+ *=", line):
            keys += 1
            assert re.match(r"# \S", above), f"no comment above: {line}"
        above = line
    assert keys == sum(len(content) for content in tomllib.loads(path.read_text()).values())


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_loads_and_changes_something(name: str) -> None:
    assert load_settings(name, environment={}) != load_settings(environment={})


def test_the_presets_of_the_command_line_exist() -> None:
    assert preset_names() == ("dose", "lenient", "ml", "nightly", "strict", "warehouse")


def test_nightly_waits_two_minutes_for_files_still_being_written() -> None:
    assert load_settings("nightly", environment={}).discovery.quiet_period_s == 120


def test_later_layers_win(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[discovery]\nquiet_period_s = 7\n[engine]\nbatch_files = 7\nworkers = 7\n")
    environment = {"DICOMLAKE_ENGINE__BATCH_FILES": "8", "DICOMLAKE_ENGINE__WORKERS": "8"}
    loaded = load_settings("nightly", file, {"engine.workers": 9}, environment)
    assert loaded.discovery.quiet_period_s == 7  # the file over the preset
    assert loaded.engine.batch_files == 8  # the environment over the file
    assert loaded.engine.workers == 9  # the command line over the environment
    assert loaded.log.format == "json"  # the preset over the defaults
    assert loaded.volumes.min_slices == 4  # what nobody set


def test_the_environment_takes_lists_as_json_and_auto_as_text() -> None:
    environment = {"DICOMLAKE_VOLUMES__CHUNKS": "[1, 2, 3]", "DICOMLAKE_ENGINE__WORKERS": "auto"}
    loaded = load_settings(environment=environment)
    assert loaded.volumes.chunks == (1, 2, 3)
    assert loaded.engine.workers == "auto"


def test_the_variable_of_the_lakes_path_is_no_setting_but_its_section_is() -> None:
    loaded = load_settings(
        environment={"DICOMLAKE_LAKE": "/data/lake", "DICOMLAKE_LAKE__MODE": "0750"}
    )
    assert loaded.lake.mode == "0750"


def test_variables_of_other_programs_are_left_alone() -> None:
    assert load_settings(
        environment={"DICOM_X": "1", "LAKE": "x", "DICOMLAKE_FAULT": "x"}
    ) == load_settings(environment={})


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DICOMLAKE_VOLUMES__MIN_SLICES", "9")
    assert load_settings().volumes.min_slices == 9


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[volumes]\nmin_slces = 3", ("volumes.min_slces", "min_slices")),
        ("[volume]\nmin_slices = 3", ("[volume]", "volumes")),
        ("min_slices = 3", ("min_slices stands outside", "[volumes]")),
        ("[volumes]\nbatch_files = 3", ("volumes.batch_files", "[engine]")),
        ("[volumes]\nmin_slices = 'few'", ("volumes.min_slices = 'few'", "valid integer")),
        ("[volumes]\nmin_slices = 1", ("volumes.min_slices = 1", "greater than or equal to 2")),
        ("[discovery]\nquiet_period_s = nan", ("quiet_period_s", "finite")),
        ("[engine]\nworkers = -1", ("engine.workers = -1", "greater than or equal to 0", "auto")),
        ("[volumes", ("not valid TOML",)),
    ],
)
def test_a_wrong_file_is_one_line_that_names_file_key_and_nearest_key(
    tmp_path: Path, toml: str, said: tuple[str, ...]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(toml)
    with pytest.raises(SettingsProblem) as caught:
        load_settings(file=file, environment={})
    text = str(caught.value)
    assert "\n" not in text
    for part in (str(file), *said):
        assert part in text


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DICOMLAKE_VOLUMES__MIN_SLICE": "3"}, "DICOMLAKE_VOLUMES__MIN_SLICES"),
        ({"DICOMLAKE_VOLUME__MIN_SLICES": "3"}, "DICOMLAKE_VOLUMES__MIN_SLICES"),
        ({"DICOMLAKE_LAK": "x"}, "DICOMLAKE_LAKE"),
        ({"DICOMLAKE_VOLUMES": "{}"}, "is no setting"),
        ({"DICOMLAKE_MIN_SLICES": "3"}, "DICOMLAKE_VOLUMES__MIN_SLICES"),
        ({"DICOMLAKE_VOLUMES__SPLIT_KEYS": '["KVP'}, "DICOMLAKE_VOLUMES__SPLIT_KEYS"),
        ({"DICOMLAKE_VOLUMES__MIN_SLICES": "few"}, "the environment: volumes.min_slices"),
    ],
)
def test_a_wrong_variable_is_an_error_that_names_the_nearest(
    environment: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsProblem, match="environment") as caught:
        load_settings(environment=environment)
    assert said in str(caught.value)


def test_a_wrong_flag_says_that_it_stood_on_the_command_line() -> None:
    with pytest.raises(SettingsProblem, match=r"command line: headers.reader"):
        load_settings(flags={"headers.reader": "quick"}, environment={})


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(SettingsProblem, match="did you mean nightly"):
        load_settings("nightli", environment={})


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="No such file"):
        load_settings(file=tmp_path / "absent.toml", environment={})


def test_settings_survive_the_way_to_a_worker() -> None:
    loaded = load_settings("ml", environment={})
    assert pickle.loads(pickle.dumps(loaded)) == loaded


def test_the_digest_changes_with_what_shapes_results_only() -> None:
    plain = load_settings(environment={})
    assert load_settings(flags={"engine.workers": 3}, environment={}).sha256() == plain.sha256()
    assert load_settings(flags={"volumes.min_slices": 9}, environment={}).sha256() != plain.sha256()
