"""A thorax CT made by rule: data for `dicomlake demo`, for pictures and for tests.

`phantom.write_phantom` writes the series; `anatomy` says what a slice shows.
"""

from dicomlake.pipeline.demo.phantom import write_phantom

__all__ = ["write_phantom"]
