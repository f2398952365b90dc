"""Attributes of the patient and the study (PS3.3 sections C.7.1 and C.7.2)."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import AtLeast
from dicomlake.schemas.column import Column, Level, Privacy, attribute, brought_by, coded

_REQUEST: Final = (0x00400275,)
"""Request Attributes Sequence."""

PATIENT: Final = (
    attribute("PatientID", 0x00100020, "LO", "Primary identifier of the patient.",
              level=Level.PATIENT, privacy=Privacy.KEY),
    attribute("IssuerOfPatientID", 0x00100021, "LO", "Authority that issued the patient ID.",
              level=Level.PATIENT, privacy=Privacy.KEY),
    attribute("PatientName", 0x00100010, "PN", "Name of the patient.",
              level=Level.PATIENT, privacy=Privacy.IDENTIFYING),
    attribute("PatientBirthDate", 0x00100030, "DA", "Birth date of the patient.",
              level=Level.PATIENT, privacy=Privacy.IDENTIFYING),
    attribute("PatientSex", 0x00100040, "CS", "Sex of the patient.",
              level=Level.PATIENT, privacy=Privacy.DEMOGRAPHIC),
    attribute("PatientAge", 0x00101010, "AS", "Age of the patient at the study, as written.",
              level=Level.STUDY, privacy=Privacy.DEMOGRAPHIC),
    Column("age_years", pa.float64(), "Age of the patient at the study.",
           rule="PatientAge in days / 365.25, weeks x 7 / 365.25, months / 12 or years",
           unit="year", level=Level.STUDY, privacy=Privacy.DEMOGRAPHIC, checks=(AtLeast(0),)),
    attribute("PatientSize", 0x00101020, "DS", "Height of the patient.", unit="m",
              level=Level.STUDY, privacy=Privacy.DEMOGRAPHIC),
    attribute("PatientWeight", 0x00101030, "DS", "Weight of the patient.", unit="kg",
              level=Level.STUDY, privacy=Privacy.DEMOGRAPHIC),
    attribute("PatientIdentityRemoved", 0x00120062, "CS",
              "Whether the patient's identity was removed.", level=Level.STUDY),
    *brought_by(
        2,
        attribute("PatientSpeciesDescription", 0x00102201, "LO",
                  "Species of the patient, where it is an animal.", level=Level.PATIENT,
                  privacy=Privacy.DEMOGRAPHIC),
        attribute("QualityControlSubject", 0x00100200, "CS",
                  "Whether the subject is a phantom for quality control.", level=Level.PATIENT),
        attribute("DeidentificationMethod", 0x00120063, "LO", "How the identity was removed.",
                  vm="1-n", level=Level.STUDY),
    ),
)
"""Who was examined."""

TRIAL: Final = brought_by(
    2,
    attribute("ClinicalTrialProtocolID", 0x00120020, "LO", "Protocol of the clinical trial.",
              level=Level.PATIENT, privacy=Privacy.KEY),
    attribute("ClinicalTrialSubjectID", 0x00120040, "LO", "Subject of the clinical trial.",
              level=Level.PATIENT, privacy=Privacy.KEY),
    attribute("ClinicalTrialTimePointID", 0x00120050, "LO",
              "Time point of the clinical trial.", level=Level.STUDY),
)
"""The clinical trial the patient takes part in."""

STUDY: Final = (
    attribute("StudyID", 0x00200010, "SH", "Study identifier given by a person or device.",
              level=Level.STUDY, privacy=Privacy.KEY),
    attribute("AccessionNumber", 0x00080050, "SH", "Number of the order.",
              level=Level.STUDY, privacy=Privacy.KEY),
    attribute("StudyDate", 0x00080020, "DA", "Date the study started.",
              level=Level.STUDY, privacy=Privacy.DATE),
    attribute("StudyTime", 0x00080030, "TM", "Time the study started.",
              level=Level.STUDY, privacy=Privacy.DATE),
    attribute("StudyDescription", 0x00081030, "LO", "Description of the study.",
              level=Level.STUDY, privacy=Privacy.FREE_TEXT),
    attribute("ReferringPhysicianName", 0x00080090, "PN", "Name of the referring physician.",
              level=Level.STUDY, privacy=Privacy.IDENTIFYING),
    attribute("InstitutionName", 0x00080080, "LO", "Institution of the equipment.",
              level=Level.SERIES, privacy=Privacy.IDENTIFYING),
    *brought_by(
        2,
        attribute("InstitutionalDepartmentName", 0x00081040, "LO", "Department of the equipment.",
                  level=Level.SERIES, privacy=Privacy.IDENTIFYING),
        attribute("ReasonForStudy", 0x00321030, "LO", "Why the study was done.", level=Level.STUDY,
                  privacy=Privacy.FREE_TEXT),
        attribute("RequestedProcedureDescription", 0x00321060, "LO",
                  "Procedure that was requested.", level=Level.STUDY, privacy=Privacy.FREE_TEXT),
        coded("ProcedureCodeSequence", 0x00081032, "a procedure that was done", every_item=True,
              level=Level.STUDY, privacy=Privacy.FREE_TEXT),
        coded("RequestedProcedureCodeSequence", 0x00321064, "the procedure that was requested",
              level=Level.STUDY, privacy=Privacy.FREE_TEXT),
    ),
)
"""What was examined, when, and for whom."""

REQUEST: Final = brought_by(
    2,
    attribute("RequestedProcedureID", 0x00401001, "SH",
              "Identifier of the requested procedure.", within=_REQUEST, privacy=Privacy.KEY),
    attribute("ScheduledProcedureStepDescription", 0x00400007, "LO", "What was scheduled.",
              within=_REQUEST, privacy=Privacy.FREE_TEXT),
    coded("ReasonForRequestedProcedureCodeSequence", 0x0040100A, "a reason of the request",
          within=_REQUEST, every_item=True, privacy=Privacy.FREE_TEXT),
)
"""The order behind the instance."""
