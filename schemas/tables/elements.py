"""`elements` (opt-in): every element of every header, one row each."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast, Matches
from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by

ELEMENTS: Final = Table(
    name="elements",
    description=(
        "Opt-in by the setting `headers.elements`: one row per element of the header of an "
        "instance, those in sequences included, up to Pixel Data. Text is decoded by the character "
        "set of its data set or item; bytes of OB, OW, UN and the like are never kept, only their "
        "length and digest."
    ),
    grain="element of an instance",
    key=("sop_instance_uid", "path"),
    columns=brought_by(
        2,
        Column("sop_instance_uid", pa.string(), "Instance of the element.", nullable=False,
               privacy=Privacy.UID),
        Column("path", pa.string(), "Tags from the top of the data set to the element, with the "
               "number of the item of each sequence, e.g. `00400275[0].00080100`.",
               nullable=False,
               checks=(Matches(r"([0-9A-F]{8}\[[0-9]+\]\.)*[0-9A-F]{8}"),)),
        Column("tag", pa.string(), "Tag of the element, eight hex digits.", nullable=False,
               checks=(Matches("[0-9A-F]{8}"),)),
        Column("keyword", pa.string(), "Its DICOM keyword; null where the standard has none."),
        Column("private_creator", pa.string(), "Private Creator of a private element."),
        Column("vr", pa.string(), "VR as written; in implicit VR that of the dictionary, else "
               "`UN`.", nullable=False, checks=(Matches("[A-Z]{2}"),)),
        Column("vm", pa.int32(), "Number of values, of a sequence number of items; 0 where it is "
               "empty, null where the value is not kept.", checks=(AtLeast(0),)),
        Column("value", pa.string(), "The value as text, several joined by a backslash; null "
               "where it is empty, a sequence, or not kept.", privacy=Privacy.IDENTIFYING),
        Column("length", pa.int64(), "Bytes of the value; null for a sequence.", unit="byte",
               checks=(AtLeast(0),)),
        Column("sha256", pa.string(), "Digest of a value that is not kept.",
               checks=(Matches("[0-9a-f]{64}"),)),
        Column("file_id", pa.string(), "File the row was read from.", nullable=False),
        LINEAGE,
    ),
)
