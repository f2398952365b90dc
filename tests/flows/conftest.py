"""What clusters in these processes leave to the collector of garbage goes here, and quietly."""

import gc
import warnings
from collections.abc import Iterator

import pytest


def _collect() -> None:
    with warnings.catch_warnings():
        # Dask drops the connections to workers that died; whose socket it was, nobody can mend.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(autouse=True, scope="module")
def _after_each_module() -> Iterator[None]:
    yield
    _collect()


@pytest.fixture(autouse=True)
def _after_each_test() -> Iterator[None]:
    yield
    _collect()
