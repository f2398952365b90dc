"""`dose_studies`: every study that the dose stage looked at, and what there was to read."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import OneOf
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by
from dicomlake.schemas.tables.dose_columns import PATIENT, STUDY

OUTCOMES: Final = {
    "reports": "Dose reports.",
    "headers": "Image headers alone.",
    "both": "Dose reports, and events that image headers alone have.",
    "no_dose": "Images that can carry a dose, but say none.",
    "unreadable": "A report could not be read; it is tried again by the next run.",
}
"""What the dose of a study was read from."""

DOSE_STUDIES: Final = Table(
    name="dose_studies",
    description="One row per study with objects that can carry a dose: what it was read from.",
    grain="study with objects that can carry a dose",
    key=("study_instance_uid",),
    columns=brought_by(
        3,
        STUDY,
        PATIENT,
        Column("outcome", pa.string(), "What its dose was read from.", nullable=False,
               checks=(OneOf(tuple(OUTCOMES)),)),
        Column("n_reports", pa.int64(), "Objects read as dose reports.", nullable=False),
        Column("n_images", pa.int64(), "Images that can carry a dose.", nullable=False),
        Column("n_images_with_dose", pa.int64(), "Images whose header gives a dose.",
               nullable=False),
        Column("devices", pa.map_(pa.string(), pa.string()), "What its objects say of the devices, "
               "JSON by device key.", privacy=Privacy.DEVICE),
        Column("inputs_sha256", pa.string(), "Digest of its objects and of the settings: the study "
               "is read again when it changes.", nullable=False),
        *LINEAGE,
    ),
)
