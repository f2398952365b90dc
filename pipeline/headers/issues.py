"""Findings: every code with its severity and meaning in one registry, and their rows.

A finding never holds a value of a file: its detail speaks of lengths, offsets, counts and rules.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    """Breaks the standard; nothing is lost by it."""
    WARNING = "warning"
    """A value is missing or was repaired."""
    ERROR = "error"
    """The file or a part of it cannot be used."""


@dataclass(frozen=True, slots=True)
class IssueCode:
    """A kind of finding."""

    code: str
    severity: Severity
    description: str


def _info(code: str, description: str) -> IssueCode:
    return IssueCode(code, Severity.INFO, description)


def _warning(code: str, description: str) -> IssueCode:
    return IssueCode(code, Severity.WARNING, description)


def _error(code: str, description: str) -> IssueCode:
    return IssueCode(code, Severity.ERROR, description)


_CODES: Final = (
    # The file as a whole.
    _error("unreadable_header", "The header could not be read; the file is quarantined."),
    _error("readers_disagree", "The two readers found different values; those of pydicom count."),
    _info("no_preamble", "The file has no preamble and no `DICM`, but is a valid data set."),
    _info("no_file_meta", "The file has no File Meta Information."),
    _warning("bad_file_meta", "An element of the File Meta Information is malformed."),
    _info("missing_transfer_syntax", "The file names no Transfer Syntax; it was recognised."),
    _warning("transfer_syntax_mismatch", "The data set is not encoded as the file says."),
    _warning("suspicious_preamble", "The preamble starts like an executable program or script."),
    _warning(
        "meta_uid_mismatch", "A UID of the File Meta Information differs from the data set's."
    ),
    _info("trailing_bytes", "Zero bytes follow the last element of the data set."),
    _error("pixel_data_truncated", "Pixel Data is longer than what is left of the file."),
    _warning("pixel_data_unterminated", "Encapsulated Pixel Data has no Sequence Delimitation."),
    _warning("pixel_data_missing", "An image is described, but there is no Pixel Data."),
    _warning(
        "elements_left_out",
        "pydicom could not read the whole header; it is left out of `elements` and `dicom_json`.",
    ),
    # Archives, where these are read.
    _info(
        "archive_unpacked",
        "What is in the archive was read: its members are the files of the source NAME.archives "
        "whose path begins with the `file_id` of the archive.",
    ),
    _warning(
        "archive_members_passed_over",
        "Members of the archive that are no regular files, or are encrypted, were not read.",
    ),
    _error("archive_limit", "The archive is beyond a limit; nothing in it was read."),
    _error("archive_damaged", "The archive is cut or malformed; nothing in it was read."),
    _warning(
        "archive_unread",
        "The archive could not be read to its end for a reason outside it; tried again by every "
        "run. What was read of it before stays.",
    ),
    # Elements.
    _warning("duplicate_tag", "A tag stands more than once; the last one counts."),
    _info("tag_order", "Data elements are not in ascending order of their tags."),
    _warning("stray_delimiter", "An item or a delimiter stands where there is no sequence."),
    _warning("malformed_sequence", "The items of a sequence do not fit its length."),
    _warning("unknown_vr", "The VR is UN or none of the standard's."),
    _warning("vr_mismatch", "The VR written is not that of the attribute."),
    # Values.
    _warning("malformed_value", "The value breaks its VR and is NULL."),
    _warning("unrepresentable_value", "The value is valid, but no value of the column's type."),
    _info("nonconforming_value", "The value breaks its VR but is unambiguous; it is kept."),
    _warning("partial_date_time", "A date and time without its hour is NULL: it is no instant."),
    _warning("wrong_vm", "The number of values is not that of the attribute."),
    _warning("too_many_values", "There are more values than are kept; the rest was cut off."),
    _warning("bad_uid", "The UID breaks the rules of UIDs; it is kept as text."),
    _info("control_characters", "NUL or control characters were taken out of a text."),
    _warning("undecodable_text", "Bytes that are no text in its character set were replaced."),
    _warning("unknown_charset", "Specific Character Set names a set that the standard does not."),
    _info("unknown_modality", "Modality is no code of capitals; the partition is `UNKNOWN`."),
    # Frames.
    _warning(
        "frame_count_mismatch",
        "Number of Frames is not the number of per-frame functional groups; rows stand for the "
        "smaller number.",
    ),
    _warning(
        "too_many_frames",
        "Number of Frames is beyond the setting `headers.max_values`, and nothing describes the "
        "frames; rows stand for the first ones.",
    ),
    _warning(
        "frame_vector_mismatch",
        "A vector of the frames does not have one value for each; its column is NULL.",
    ),
    # Instances and parents, found when tables are made.
    _error("conflicting_sop_instance", "Files with one SOP Instance UID differ in content."),
    _warning("inconsistent_parent", "Instances of one parent disagree about an attribute of it."),
    _warning("series_in_many_studies", "One Series Instance UID stands in several studies."),
    _warning("study_of_many_patients", "One Study Instance UID stands at several patients."),
)

ISSUE_CODES: Final[Mapping[str, IssueCode]] = {each.code: each for each in _CODES}
"""Every code that `issues.code` can hold."""


class Fault(NamedTuple):
    """A finding about what is being read, before it is known whose it is; tag -1: no element."""

    code: str
    tag: int = -1
    detail: str | None = None


class Issue(NamedTuple):
    """A row of `issues`, but for its lineage."""

    code: str
    file_id: str | None = None
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None
    tag: str | None = None
    keyword: str | None = None
    detail: str | None = None

    @property
    def severity(self) -> str:
        """Return the severity that the registry gives the code."""
        return ISSUE_CODES[self.code].severity.value

    @property
    def issue_id(self) -> str:
        """Return the identity: 32 hex digits over what the finding says."""
        said = (
            self.code,
            self.severity,
            self.file_id,
            self.study_instance_uid,
            self.series_instance_uid,
            self.sop_instance_uid,
            self.tag,
            self.keyword,
            self.detail,
        )
        text = "\0".join("" if part is None else part for part in said)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def tag_text(tag: int) -> str:
    """Return a tag as the standard writes it, `(0020,000D)`."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
