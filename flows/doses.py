"""Doses for people: the report of a lake, its sheets, and the list of protocols to be filled in."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dicomlake.flows.meters import readable_size
from dicomlake.flows.request import RunRequest
from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.tables.store import open_version

if TYPE_CHECKING:
    from dicomlake.pipeline.tables.store import Version


def report(request: RunRequest, out: Path | None, form: str, *, study_uids: bool) -> None:
    """Write the dose report of a lake: a page, or sheets; say where.

    Args:
        request: names the lake and the settings.
        out: file of the page, or folder of the sheets; below `reports/` of the lake where None.
        form: `html`, `csv` or `xlsx`.
        study_uids: name the studies of outliers in the page.

    Raises:
        UsageError: no dose was read yet, or the report cannot be written there.
    """
    settings = request.settings().dose
    version = _with_doses(request.lake)
    place = out or request.lake / "reports" / ("dose.html" if form == "html" else "dose")
    if form == "html":
        from dicomlake.pipeline.dose.page import write_page  # noqa: PLC0415  (slow import)

        size = write_page(version, place, settings, study_uids=study_uids)
        click.echo(f"{place} ({readable_size(size)}) tells of version {version.number}")
        return
    from dicomlake.pipeline.dose.sheets import write_sheets  # noqa: PLC0415  (slow import)

    for path in write_sheets(version, place, "xlsx" if form == "xlsx" else "csv", settings):
        click.echo(str(path))


def protocols(lake: Path, out: Path) -> None:
    """Write the protocols of a lake as a list to be filled in; say how many lack an exam.

    Raises:
        UsageError: no dose was read yet, or the file cannot be written.
    """
    from dicomlake.pipeline.dose.protocols import write_protocols  # noqa: PLC0415  (slow import)

    rows, without = write_protocols(_with_doses(lake), out)
    click.echo(f"{rows:,} protocols written to {out}, {without:,} of them without a standard exam")
    if without:
        click.echo("fill in standard_exam, name the file in dose.protocols, and run again")


def _with_doses(lake: Path) -> "Version":
    version = open_version(lake)
    if not version.number or not version.rows("dose_studies"):
        raise UsageError(f"No dose was read yet in {lake}.", f"dicomlake dose --lake {lake}")
    return version
