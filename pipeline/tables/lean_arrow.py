"""Arrow without pandas, for processes that are this program's own.

pyarrow looks for pandas when a Python value first becomes a scalar or an array, and imports it if
it is installed: 0.4 s, more than a run over hundreds of unchanged files takes. It looks once and
remembers; `to_pandas()` looks again, so that it works all the same.
"""

import importlib.abc
import sys
from collections.abc import Sequence
from types import ModuleType

import pyarrow as pa


class _NoPandas(importlib.abc.MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  (the protocol's)
        target: ModuleType | None = None,  # noqa: ARG002  (the protocol's)
    ) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("not now: pyarrow does not need it", name=fullname)


def keep_pandas_out() -> None:
    """Have pyarrow do without pandas in this process, unless somebody imported it already.

    For the command line and for workers only: in a user's own process pyarrow must know a pandas
    object when it is given one.
    """
    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.scalar("")
    finally:
        sys.meta_path.remove(finder)
