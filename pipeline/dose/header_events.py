"""Irradiation events and administrations of one study from the headers of its images.

What no report tells of, or where there is no report. Committed rows in, rows of the dose tables
out; nothing is opened. A value that no header says is absent, and an estimate stands in a column of
its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dicomlake.pipeline.dose.administration_headers import (
    ADMINISTRATION_COLUMNS,
    NUCLEAR_CLASSES,
    administrations,
)
from dicomlake.pipeline.dose.ct_headers import (
    CT_CLASSES,
    CT_COLUMNS,
    CT_FRAME_COLUMNS,
    ct_events,
    ct_images,
    image_events,
)
from dicomlake.pipeline.dose.exposures import REFERENCE_COLUMNS
from dicomlake.pipeline.dose.header_facts import Row
from dicomlake.pipeline.dose.projection_headers import projection_events
from dicomlake.pipeline.dose.projection_terms import (
    PROJECTION_CLASSES,
    PROJECTION_COLUMNS,
    PROJECTION_FRAME_COLUMNS,
)

HEADER_COLUMNS: Final = tuple(
    dict.fromkeys((*CT_COLUMNS, *PROJECTION_COLUMNS, *ADMINISTRATION_COLUMNS))
)
"""Columns of `instances` that are read."""
FRAME_HEADER_COLUMNS: Final = tuple(dict.fromkeys((*CT_FRAME_COLUMNS, *PROJECTION_FRAME_COLUMNS)))
"""Columns of `frames` that are read, of instances of `HEADER_CLASSES`."""
REFERENCE_HEADER_COLUMNS: Final = REFERENCE_COLUMNS
"""Columns of `instance_references` that are read."""
HEADER_CLASSES: Final = frozenset({*CT_CLASSES, *PROJECTION_CLASSES, *NUCLEAR_CLASSES})
"""SOP classes of images whose header can tell of a dose."""


@dataclass(frozen=True, slots=True)
class HeaderReading:
    """What image headers tell: rows of the dose tables, without lineage and `device_key`.

    Events and administrations have two more keys: `_device`, what the images say of their device,
    and `_modality`, theirs.
    """

    ct_events: tuple[Row, ...] = ()
    xray_events: tuple[Row, ...] = ()
    xray_filters: tuple[Row, ...] = ()
    administrations: tuple[Row, ...] = ()


def header_events(
    instances: Sequence[Row], frames: Sequence[Row], references: Sequence[Row] = ()
) -> HeaderReading:
    """Read the events of one study; the order of rows does not matter.

    Args:
        instances: committed rows of the study, `HEADER_COLUMNS`; other objects are passed over.
        frames: committed rows of their frames, `FRAME_HEADER_COLUMNS`.
        references: committed rows of `instance_references`, `REFERENCE_HEADER_COLUMNS`: they tell
            which image was made from which where Irradiation Event UIDs do not.
    """
    # A row twice, as a caller's join may give it, is one image.
    rows = list({row["sop_instance_uid"]: row for row in instances}.values())
    projections = [row for row in rows if row.get("sop_class_uid") in PROJECTION_CLASSES]
    xray, filters = projection_events(projections, frames, references)
    return HeaderReading(
        ct_events=ct_events(ct_images(rows, frames)),
        xray_events=xray,
        xray_filters=filters,
        administrations=administrations(rows),
    )


def ct_slice_events(
    instances: Sequence[Row], frames: Sequence[Row]
) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return the events of every CT image or frame of one study, derived UIDs included.

    The key is SOP Instance UID and frame number, 1 for a single image, as in `volume_instances`.
    """
    return {
        (image["sop_instance_uid"], int(image.get("frame_number") or 1)): uids
        for image, uids in image_events(ct_images(instances, frames))
    }
