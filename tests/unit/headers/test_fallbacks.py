"""Reasons for which a file is left to pydicom are known and documented."""

import re
from pathlib import Path

from dicomlake.pipeline import headers
from dicomlake.pipeline.headers.fallbacks import FALLBACKS

ROOM = Path(headers.__path__[0])
RAISED = re.compile(r"OddHeaderError\(([^)]*)\)")
CODE = re.compile(r'"(\w+)"')


def test_every_reason_that_the_fast_reader_gives_has_its_meaning_and_none_is_left_over() -> None:
    given: set[str] = set()
    for module in ROOM.glob("*.py"):
        for argument in RAISED.findall(module.read_text(encoding="utf-8")):
            if argument not in {"", "Exception"}:
                codes = CODE.findall(argument)
                assert codes, f"{module.name}: {argument} is no literal"
                given.update(codes)
    assert given == set(FALLBACKS)
