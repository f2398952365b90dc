"""Attributes of PET and nuclear medicine (PS3.3 sections C.8.4 and C.8.9)."""

from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import Column, Level, Privacy, attribute, brought_by, coded

_RADIOPHARMACEUTICAL: Final = (0x00540016,)
"""Radiopharmaceutical Information Sequence."""
_ENERGY_WINDOW: Final = (0x00540012, 0x00540013)
"""Energy Window Range Sequence, in Energy Window Information Sequence."""

NUCLEAR: Final = (
    attribute("Units", 0x00541001, "CS", "Units of PET pixel values."),
    attribute("CorrectedImage", 0x00280051, "CS", "Corrections applied to PET or NM data.",
              vm="1-n"),
    attribute("DecayCorrection", 0x00541102, "CS", "Time that decay was corrected to."),
    attribute("FrameReferenceTime", 0x00541300, "DS", "Time the PET pixel values refer to, from "
              "the series reference.", unit="ms"),
    *brought_by(
        2,
        attribute("SeriesType", 0x00541000, "CS",
                  "Kind of the PET series, e.g. `STATIC`, `IMAGE`.", vm="2", level=Level.SERIES),
        attribute("ActualFrameDuration", 0x00181242, "IS",
                  "Duration of the acquisition of the frame.", as_float=True, unit="ms"),
        attribute("ReconstructionMethod", 0x00541103, "LO", "Method of the reconstruction."),
        attribute("AttenuationCorrectionMethod", 0x00541101, "LO",
                  "Method of attenuation correction."),
        attribute("ScatterCorrectionMethod", 0x00541105, "LO", "Method of scatter correction."),
        attribute("RandomsCorrectionMethod", 0x00541100, "CS", "Method of randoms correction."),
        attribute("DecayFactor", 0x00541321, "DS", "Factor that decay was corrected by."),
        attribute("CollimatorType", 0x00181181, "CS", "Type of the collimator."),
        attribute("EnergyWindowLowerLimit", 0x00540014, "DS", "Lower limit of the energy window.",
                  within=_ENERGY_WINDOW, unit="keV"),
        attribute("EnergyWindowUpperLimit", 0x00540015, "DS", "Upper limit of the energy window.",
                  within=_ENERGY_WINDOW, unit="keV"),
    ),
)
"""How a PET or NM image was acquired."""

RADIOPHARMACEUTICAL: Final = brought_by(
    2,
    attribute("Radiopharmaceutical", 0x00180031, "LO", "Name of the radiopharmaceutical.",
              within=_RADIOPHARMACEUTICAL, privacy=Privacy.FREE_TEXT),
    attribute("RadiopharmaceuticalAdministrationEventUID", 0x00083012, "UI",
              "Event of the administration.", within=_RADIOPHARMACEUTICAL, privacy=Privacy.UID),
    attribute("RadiopharmaceuticalStartTime", 0x00181072, "TM",
              "Time the administration started.", within=_RADIOPHARMACEUTICAL,
              privacy=Privacy.DATE),
    attribute("RadiopharmaceuticalStartDateTime", 0x00181078, "DT",
              "Date and time the administration started; UTC where the file gives an offset, "
              "else local time.", within=_RADIOPHARMACEUTICAL, privacy=Privacy.DATE),
    Column("radiopharmaceutical_start_date_time_offset_minutes", pa.int32(),
           "Offset from UTC that Radiopharmaceutical Start DateTime was written with; null "
           "where it had none.", unit="min"),
    attribute("RadionuclideTotalDose", 0x00181074, "DS",
              "Activity that was administered: Bq in PET images, MBq in NM and enhanced PET "
              "images.", within=_RADIOPHARMACEUTICAL),
    attribute("RadionuclideHalfLife", 0x00181075, "DS", "Half-life of the radionuclide.",
              within=_RADIOPHARMACEUTICAL, unit="s"),
    attribute("RadionuclidePositronFraction", 0x00181076, "DS",
              "Part of the decays that give a positron.", within=_RADIOPHARMACEUTICAL),
    coded("RadionuclideCodeSequence", 0x00540300, "the radionuclide",
          within=_RADIOPHARMACEUTICAL),
    coded("RadiopharmaceuticalCodeSequence", 0x00540304, "the radiopharmaceutical",
          within=_RADIOPHARMACEUTICAL),
    coded("AdministrationRouteCodeSequence", 0x00540302, "the route of the administration",
          within=_RADIOPHARMACEUTICAL),
)
"""What was administered: the first one, where there are several."""
