"""One reader for a module's tests: its decoding process starts once."""

from collections.abc import Iterator

import pytest
from make.stored import SETTINGS

from dicomlake.pipeline.pixels.frame_reader import FrameReader


@pytest.fixture(scope="module")
def reader() -> Iterator[FrameReader]:
    with FrameReader(SETTINGS) as found:
        yield found
