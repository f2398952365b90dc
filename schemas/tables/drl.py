"""`drl`: typical values and reference levels of a population."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast, OneOf
from dicomlake.schemas.column import LINEAGE, Column, Table, brought_by
from dicomlake.schemas.tables.dose_columns import number, text
from dicomlake.schemas.tables.dose_exams import MODALITY_GROUPS

KINDS: Final = {
    "typical": "Median of the patients of one facility.",
    "local": "75th percentile of the medians of the rooms of one facility.",
    "national_style": "75th percentile of the medians of facilities.",
    "p75_patient": "75th percentile of pooled patients: never a reference level.",
}
"""What a row of `drl` is (ICRP 135)."""

DRL: Final = Table(
    name="drl",
    description=(
        "One row per population, exam, quantity, phantom, subset and band. Populations below the "
        "least number are kept with their count and without figures."
    ),
    grain="population, exam, quantity, phantom, subset, band and period",
    key=("kind", "facility_key", "device_key", "modality_group", "standard_exam", "quantity",
         "phantom_cm", "subset", "band_basis", "band", "period"),
    columns=brought_by(
        3,
        Column("kind", pa.string(), "What the row is.", nullable=False,
               checks=(OneOf(tuple(KINDS)),)),
        Column("facility_key", pa.string(), "Facility, or `ALL`.", nullable=False),
        Column("device_key", pa.string(), "Device, or `ALL`.", nullable=False),
        Column("modality_group", pa.string(), "Group of modalities.", nullable=False,
               checks=(OneOf(MODALITY_GROUPS),)),
        Column("standard_exam", pa.string(), "Exam.", nullable=False),
        Column("quantity", pa.string(), "Column of `dose_exams` or of an event table; "
               "`activity_mbq_kg` is activity by weight.", nullable=False),
        Column("phantom_cm", pa.int16(), "Phantom of the quantity; 0 where it has none.",
               nullable=False, unit="cm"),
        Column("subset", pa.string(), "Code of the view (mammography, radiography) or radionuclide "
               "that the figures are of, else `ALL`.", nullable=False),
        Column("band_basis", pa.string(), "What the band is of.", nullable=False,
               checks=(OneOf(("weight", "age", "thickness", "none")),)),
        Column("band", pa.string(), "Band, such as `adult 50 to 90 kg`; `ALL` where there is none.",
               nullable=False),
        Column("period", pa.string(), "Year, or `ALL`.", nullable=False),
        Column("unit", pa.string(), "Unit of the figures.", nullable=False),
        Column("n", pa.int64(), "Exams or events.", nullable=False, checks=(AtLeast(0),)),
        Column("n_exams", pa.int64(), "Exams; below the least number there are no figures.",
               nullable=False),
        Column("n_facilities", pa.int64(), "Facilities.", nullable=False),
        Column("n_devices", pa.int64(), "Devices.", nullable=False),
        Column("suppressed", pa.bool_(), "Whether there are too few for figures.",
               nullable=False),
        *(number(f"p{each}", f"{each}th percentile (type 7).") for each in (25, 50, 75, 95)),
        number("value", "The typical value or reference level: the median for `typical`, the 75th "
               "percentile of medians for `local` and `national_style`."),
        number("mean", "Mean."),
        number("standard_deviation", "Standard deviation of the sample."),
        number("geometric_mean", "Geometric mean."),
        number("reference_value", "Published reference level of the exam."),
        text("reference_source", "Where it was published."),
        Column("reference_year", pa.int32(), "When."),
        number("ratio", "Value over the reference."),
        Column("method_version", pa.int32(), "Version of the method.", nullable=False),
        Column("settings_sha256", pa.string(), "Digest of the settings and files it was made with.",
               nullable=False),
        *LINEAGE,
    ),
)
