"""Data for `dicomlake demo`: nothing is downloaded."""

from importlib.util import find_spec
from pathlib import Path

from dicomlake.pipeline.errors import UsageError


def demo_sources(data: Path) -> tuple[str, ...]:
    """Write the generated CT series below `data`, and return the sources of the demo.

    Raises:
        UsageError: `data` holds something else, or cannot be written.
    """
    from dicomlake.pipeline.demo import write_phantom  # noqa: PLC0415  (imports pydicom)

    series = data / "thorax"
    if series.is_dir() and any(each.suffix for each in series.iterdir()):
        raise UsageError(f"{series} holds files that are not the demo's.", "Name a folder: --data")
    try:
        write_phantom(series)
    except OSError as error:
        raise UsageError(
            f"Cannot write to {data}: {error.strerror}.", "Name another folder with --data."
        ) from None
    return (f"demo={data.resolve()}", *_pydicom_folders())


def _pydicom_folders() -> list[str]:
    """Return the folders of DICOM files that pydicom's own package carries."""
    found = find_spec("pydicom")
    if found is None or found.origin is None:
        return []
    root = Path(found.origin).parent / "data"
    names = {"pydicom": "test_files", "pydicom-charsets": "charset_files"}
    return [f"{name}={root / folder}" for name, folder in names.items() if (root / folder).is_dir()]
