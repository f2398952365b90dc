"""Runs the targets under atheris, each in a process of its own: `run.py [--seconds N] [TARGET...]`.

Seeds are files that the tests make and those that pydicom brings. What is found on the way is kept
in `.fuzz/`, so that the next run goes on from there; what fails is written there too, its name with
`crash-` or `timeout-`, to be tried again by `run.py --try FILE TARGET`.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
KEPT: Final = HERE.parents[1] / ".fuzz"
MOST_BYTES: Final = 12_000
SECONDS_OF_ONE_INPUT: Final = 20

sys.path.insert(0, str(HERE.parent))

NAMES: Final = ("header", "sniffing", "codestream", "fragments", "content", "deflated", "report")


def seeds(name: str) -> list[bytes]:
    """Return inputs that a target understands."""
    from make.mutant_trees import made_files, originals  # noqa: PLC0415  (slow import)

    with tempfile.TemporaryDirectory() as folder:
        if name in ("header", "sniffing", "content"):
            return originals(Path(folder), MOST_BYTES)
        made = made_files(Path(folder))
    if name in ("codestream", "fragments"):
        starts = [content.find(b"\xfe\xff\x00\xe0\x00\x00\x00\x00", 132) for content in made]
        items = [content[at:] for content, at in zip(made, starts, strict=True) if at > 0]
        if name == "fragments":
            return items
        frames = [item[item.find(b"\xfe\xff\x00\xe0", 8) + 8 :] for item in items]
        return [frame for frame in frames if frame]
    return made


def corpus(name: str) -> Path:
    """Return the folder of a target's inputs, the seeds among them."""
    folder = KEPT / name
    folder.mkdir(parents=True, exist_ok=True)
    for content in seeds(name):
        path = folder / hashlib.sha256(content).hexdigest()[:32]
        if not path.exists():
            path.write_bytes(content)
    return folder


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one target in this process, which has imported nothing of the product; ends it."""
    import atheris  # noqa: PLC0415  (not of the ordinary environment)

    with atheris.instrument_imports(include=["dicomlake.pipeline"]):
        from fuzz.targets import TARGETS, quietly  # noqa: PLC0415  (instrumented while imported)

    options = [
        f"-max_total_time={seconds}", f"-artifact_prefix={KEPT}/{name}-", "-rss_limit_mb=4096",
        f"-timeout={SECONDS_OF_ONE_INPUT}", f"-max_len={MOST_BYTES}", "-verbosity=1",
        "-print_final_stats=1", str(KEPT / name),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], lambda data: quietly(TARGETS[name], data))
    atheris.Fuzz()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run targets one after the other; return 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--try", dest="file", type=Path, help="try one input, without atheris")
    chosen = parser.parse_args(arguments)
    names = chosen.targets or NAMES
    if chosen.file is not None:
        from fuzz.targets import TARGETS, quietly  # noqa: PLC0415  (slow import)

        quietly(TARGETS[names[0]], chosen.file.read_bytes())
        return 0
    if chosen.here:
        fuzz(names[0], chosen.seconds)
    failed = []
    for name in names:
        print(f"== {name}", flush=True)
        corpus(name)
        command = [sys.executable, __file__, "--here", "--seconds", str(chosen.seconds), name]
        # In memory where there is any; atheris ends its process without a word to Python.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="dicomlake-fuzz-", dir=memory) as folder:
            environment = {**os.environ, "TMPDIR": folder}
            if subprocess.run(command, env=environment, check=False).returncode:
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "nothing found", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
