"""The command line: cheap to start, errors in one line, exit codes as documented."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from make.tree import clean_environment, command

from dicomlake.flows import exits
from dicomlake.flows.cli import cli
from dicomlake.flows.options import absolute_source
from dicomlake.flows.request import RunRequest
from dicomlake.pipeline.errors import CorruptLakeError, SettingsError

HEAVY = ("prefect", "dask", "distributed", "pandas", "pydicom", "zarr", "numcodecs")


def imported_by(arguments: list[str], cwd: Path) -> set[str]:
    """Return the heavy modules that a command has imported when it ends."""
    code = (
        "import sys\n"
        "from dicomlake.flows.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "finally:\n"
        f"    print('imported', *sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=clean_environment(),
        check=False,
    )
    return set(done.stderr.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["--version"], ["schema"], ["schema", "files"]],
    ids=" ".join,
)
def test_commands_that_only_tell_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert imported_by(arguments, tmp_path) == set()


def test_every_command_of_the_manual_is_there() -> None:
    assert {
        "run", "ingest", "volumes", "plan", "status", "sql", "schema", "verify", "export", "demo",
        "serve", "issues", "rollback", "compact", "vacuum",
    } <= set(cli.commands)  # fmt: skip


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_takes_the_lake_and_says_what_it_does(name: str) -> None:
    each = cli.commands[name]
    assert "--lake" in {option for parameter in each.params for option in parameter.opts}
    assert each.help
    for parameter in each.params:
        if isinstance(parameter, click.Option) and name != "sql":
            assert parameter.help or parameter.name in {"form", "out", "cron"}, parameter.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "No such command"),
        (["run", "--wrokers", "2"], "No such option"),
        (["run"], "No source is named"),
        (["volumes", "--preset", "nightli"], "did you mean nightly"),
        (["run", ".", "--workers", "many"], "engine.workers = 'many'"),
        (["run", ".", "--workers", "--5"], "engine.workers = '--5'"),
        (["run", ".", "--workers", "²"], "engine.workers = '²'"),
        (["run", ".", "--reader", "slow"], "headers.reader = 'slow'"),
        (["run", ".", "--config", "absent.toml"], "No such file"),
        (["run", "absent"], "absent"),
        (["run", ".", "--track"], "No Prefect API is configured"),
        (["serve", ".", "--cron", "0 2 * * *"], "No Prefect API is configured"),
        (["serve", "--cron", "0 2 * * *"], "No source is named"),
        (["volumes"], "There is no lake"),
        (["status"], "There is no lake"),
        (["status", "--runs", "-1"], "--runs"),
        (["sql", "SELECT 1"], "There is no lake"),
        (["plan"], "There is no lake"),
        (["verify"], "There is no lake"),
        (["schema", "instanses"], "There is no table instanses"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line_and_exit_code_2_and_makes_no_lake(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = command(*arguments, cwd=tmp_path)
    line = done.stderr.splitlines()[-1]
    assert done.returncode == 2
    assert line.startswith("dicomlake: error: ")
    assert said in line
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_with_json_is_json_on_standard_output(tmp_path: Path) -> None:
    done = command("run", "absent", "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] == 2
    assert document["code"] == "source"


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    environment = clean_environment(DICOMLAKE_VOLUMES__MIN_SLICE="3")
    done = command("run", ".", cwd=tmp_path, environment=environment)
    assert done.returncode == 2
    assert "DICOMLAKE_VOLUMES__MIN_SLICES" in done.stderr


def test_a_defect_is_one_line_that_leads_to_the_traceback_without_its_message(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = "".join(["sec", "ret"])  # the traceback quotes lines of code, and may

    def defect() -> None:
        raise ValueError(value)

    assert exits.run_to_exit_code(defect, []) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "secret" not in said
    kept = Path(said.split("please report ")[1].split(" (")[0])
    text = kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    kept.unlink()
    assert "in defect" in text
    assert "ValueError" in text
    assert "secret" not in text


def test_a_defect_shows_its_traceback_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    def defect() -> None:
        raise ValueError

    assert exits.run_to_exit_code(defect, ["-v"]) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CorruptLakeError("A part is missing.", "Verify."), 1),
        (SettingsError("Unknown."), 2),
        (KeyboardInterrupt(), 130),
        (exits.Terminated(), 143),
        (click.UsageError("wrong"), 2),
        (SystemExit(7), 7),
        (exits.ReaderLeft(), 0),
    ],
)
def test_every_way_to_end_has_its_exit_code(error: BaseException, code: int) -> None:
    def ends() -> None:
        raise error

    assert exits.run_to_exit_code(ends, []) == code


def test_a_full_disk_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    def ends() -> None:
        raise OSError(28, os.strerror(28), "/data/lake/x")

    assert exits.run_to_exit_code(ends, []) == 1
    said = capsys.readouterr().err
    assert "No space left on device: /data/lake/x. Make room, then run again" in said


def test_standard_output_takes_what_the_locale_cannot_write(tmp_path: Path) -> None:
    environment = clean_environment(PYTHONIOENCODING="ascii")
    done = command("schema", "volumes", cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stderr
    names = clean_environment(DICOMLAKE_LAKE=os.fsdecode(b"caf\xe9"))
    done = command("volumes", "--json", cwd=tmp_path, environment=names)
    assert done.returncode == 2
    assert (
        "caf\\udce9"
        in json.loads(done.stdout)["error"].encode("ascii", "backslashreplace").decode()
    )


def test_sources_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd=name").mkdir()
    assert absolute_source("ct") == str(tmp_path / "ct")
    assert absolute_source("ward=ct") == f"ward={tmp_path / 'ct'}"
    assert absolute_source("odd=name") == str(tmp_path / "odd=name")
    assert absolute_source("/a/b=c/d") == "/a/b=c/d"


def test_a_request_refuses_paths_that_mean_another_place_elsewhere() -> None:
    with pytest.raises(ValueError, match="absolute"):
        RunRequest.model_validate({"lake": "lake"})


def test_a_request_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        RunRequest.model_validate({"lake": "/lake", "secret": "x"})


def test_a_request_survives_the_way_through_an_api() -> None:
    request = RunRequest(lake=Path("/l"), sources=("/s",), overrides={"engine.workers": 2})
    assert RunRequest.model_validate(json.loads(request.model_dump_json())) == request
    assert request.settings().engine.workers == 2
