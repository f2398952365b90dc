"""`dicom_json` (opt-in): the header of every instance in the DICOM JSON model."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import LINEAGE, Column, Privacy, Table, brought_by

DICOM_JSON: Final = Table(
    name="dicom_json",
    description=(
        "Opt-in by the setting `headers.dicom_json`: the header of an instance, sequences and "
        "private elements included, up to Pixel Data, as DICOM JSON (PS3.18 annex F). Bytes of OB, "
        "OW, UN and the like are left out: their element has a `vr` and nothing else."
    ),
    grain="SOP instance",
    key=("sop_instance_uid",),
    columns=brought_by(
        2,
        Column("sop_instance_uid", pa.string(), "Instance that is described.", nullable=False,
               privacy=Privacy.UID),
        Column("dicom_json", pa.string(), "DICOM JSON model object, UTF-8.", nullable=False,
               privacy=Privacy.IDENTIFYING),
        Column("file_id", pa.string(), "File the row was read from.", nullable=False),
        LINEAGE,
    ),
)
