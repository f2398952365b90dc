"""What is shipped: the wheel holds the package, nothing else, and works where it is installed."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import dicomlake

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "flows", "pipeline", "schemas")


@dataclass(frozen=True, slots=True)
class Built:
    """A wheel built from the tree, the sdist, and a wheel built from that sdist."""

    wheel: Path
    sdist: Path
    wheel_of_sdist: Path


def build(source: Path, output: Path, *kinds: str) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), *kinds]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=100)


@pytest.fixture(scope="module")
def built(copied: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    direct, through = tmp_path_factory.mktemp("direct"), tmp_path_factory.mktemp("through")
    build(copied, direct, "--wheel")
    build(copied, through)
    (wheel,) = direct.glob("*.whl")
    (wheel_of_sdist,) = through.glob("*.whl")
    (sdist,) = through.glob("*.tar.gz")
    return Built(wheel, sdist, wheel_of_sdist)


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_wheel_holds_the_rooms_and_nothing_else(built: Built) -> None:
    expected = {"dicomlake/__init__.py", "dicomlake/py.typed", "dicomlake/config/default.toml"}
    for room in ROOMS:
        expected |= {f"dicomlake/{path.relative_to(ROOT)}" for path in (ROOT / room).rglob("*.py")}
    expected |= {
        f"dicomlake/{path.relative_to(ROOT)}" for path in (ROOT / "config/presets").glob("*.toml")
    }
    expected |= {
        f"dicomlake/{path.relative_to(ROOT)}" for path in (ROOT / "pipeline/dose/data").iterdir()
    }
    names = {name for name in contents(built.wheel) if ".dist-info/" not in name}
    assert names == expected
    assert any(name.startswith("dicomlake/config/presets/") for name in names)
    assert any(name.startswith("dicomlake/pipeline/dose/data/") for name in names)


def test_wheel_says_what_it_is(built: Built) -> None:
    files = contents(built.wheel)
    stem = f"dicomlake-{dicomlake.__version__}.dist-info"
    assert {name for name in files if ".dist-info/" in name} == {
        f"{stem}/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }
    assert b"dicomlake = dicomlake.flows.cli:main" in files[f"{stem}/entry_points.txt"]
    assert b"Apache License" in files[f"{stem}/licenses/LICENSE"]
    metadata = files[f"{stem}/METADATA"].decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "Root-Is-Purelib: true" in files[f"{stem}/WHEEL"].decode()


def test_sdist_builds_the_same_wheel(built: Built) -> None:
    assert contents(built.wheel_of_sdist) == contents(built.wheel)


def test_sdist_holds_no_environment_and_no_cache(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = archive.getnames()
    assert not [name for name in names if "__pycache__" in name or "/.venv" in name]


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; it sees the dependencies of this one, not its project."""
    folder = tmp_path_factory.mktemp("environment")
    venv = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(venv, check=True, timeout=60)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    install = [*pip, "install", "--quiet", "--no-deps", "--no-index", str(built.wheel)]
    subprocess.run(install, check=True, timeout=100, capture_output=True)
    (site_packages,) = (folder / "lib").glob("python*/site-packages")
    # Paths named in a .pth are searched, but the .pth files there are not read: the editable
    # install of this environment stays out.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run_installed(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(
        [str(installed / "bin" / arguments[0]), *arguments[1:]],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=installed,
        env=environment,
    )


def test_installed_package_is_the_one_of_the_wheel(installed: Path) -> None:
    done = run_installed(installed, "python", "-c", "import dicomlake; print(dicomlake.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed), done.stderr


def test_installed_command_tells_version_and_help(installed: Path) -> None:
    version = run_installed(installed, "dicomlake", "--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert dicomlake.__version__ in version.stdout
    help_text = run_installed(installed, "dicomlake", "--help")
    assert (help_text.returncode, help_text.stderr) == (0, "")
    for command in ("run", "ingest", "volumes", "plan", "status", "sql", "schema", "verify"):
        assert command in help_text.stdout


def test_installed_settings_come_from_the_wheel(installed: Path) -> None:
    code = (
        "from importlib.resources import files; print(files('dicomlake.config') / 'default.toml')"
    )
    done = run_installed(installed, "python", "-c", code)
    path = Path(done.stdout.strip())
    assert path.is_relative_to(installed)
    assert path.read_bytes() == (ROOT / "config" / "default.toml").read_bytes()
