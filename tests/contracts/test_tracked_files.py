"""What every file of the repository must not say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Put together from pieces, so that this file does not break its own rule.
ADDRESSES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", r"npm" + r"js\.", "/simple" + "/"))
)
INDEX_OPTIONS = re.compile(r"(^|\s)(--(extra-)?index" + r"-url|--find" + r"-links|-i\s+http)")
MACHINE_PATHS = re.compile(r"(?<![\w.~$}-])/(" + "work" + r"|root|home/\w+|Users/\w+|opt/\w+)/")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Every text file that is tracked or would be, by its path."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout: nothing says which files are tracked")
    command = [git, "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    found = {}
    for name in filter(None, names):
        path = ROOT / name
        if path.is_symlink() or not path.is_file():
            continue
        try:
            found[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    assert "pyproject.toml" in found
    return found


@pytest.mark.parametrize("rule", [ADDRESSES, INDEX_OPTIONS, MACHINE_PATHS])
def test_no_file_names_a_package_index_or_a_machine(
    rule: re.Pattern[str], texts: dict[str, str]
) -> None:
    found = [
        f"{name}:{number}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if rule.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_file_holds_names_versions_and_hashes_only(name: str) -> None:
    pin = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9, -]+\])?==[^\s;]+( ; .+)?")
    digest = re.compile(r"--hash=sha256:[0-9a-f]{64}")
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    for line in lines:
        text = line.removesuffix("\\").strip()
        assert pin.fullmatch(text) or digest.fullmatch(text), text


def test_dev_lock_holds_the_versions_of_the_run_lock() -> None:
    def pins(name: str) -> set[str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        # A package may stand in the one file with more extras than in the other.
        return {
            re.sub(r"\[.*?\]", "", line.removesuffix("\\").strip())
            for line in lines
            if "==" in line
        }

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_no_generated_or_private_file_is_tracked(texts: dict[str, str]) -> None:
    barred = re.compile(r"(^|/)(__pycache__|\.venv|\.mypy_cache|\.pytest_cache)(/|$)|\.egg-info")
    assert [name for name in texts if barred.search(name)] == []
