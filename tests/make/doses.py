"""Populations of doses as rows of tables, and a lake of them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dicomlake.config.settings import DoseSettings
from dicomlake.pipeline.dose.reference_levels import reference_levels
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.store import Version, open_version
from make.rows import default_settings, rows, run_row

Row = dict[str, Any]

ORACLE: Mapping[str, Sequence[float]] = {
    "A": (300, 400, 500),
    "B": (200, 600, 1000),
    "C": (350, 450, 550),
    "D": (700, 800, 900),
}
"""DLP by facility: medians 400, 600, 450, 800, whose 75th percentile is 650; pooled it is 725."""


def dose_settings(**changes: Any) -> DoseSettings:
    """Return the shipped settings of doses, some of them changed."""
    return default_settings(dose=changes).dose


def ct_exam(study: str, dlp: float | None = None, **more: Any) -> Row:
    """Return the exam of an adult of 70 kg on the body phantom."""
    return {
        "study_instance_uid": study, "modality_group": "CT", "is_patient": True,
        "study_date": date(2024, 3, 1), "age_years": 40.0, "weight_kg": 70.0,
        "facility_key": "F", "device_key": "D", "standard_exam": "CT chest",
        "protocol": "Thorax", "dlp_total_mgy_cm": dlp, "dlp_body_phantom_mgy_cm": dlp,
        "n_events": 1, "flags": [], **more,
    }  # fmt: skip


def ct_event(study: str, ctdivol: float | None = None, **more: Any) -> Row:
    """Return an active spiral of the body phantom."""
    return {
        "study_instance_uid": study, "irradiation_event_uid": f"{study}.1", "active": True,
        "acquisition_type_code": "116152004", "ctdivol_mgy": ctdivol, "phantom_cm": 32,
        "source_kind": "RDSR", "flags": [], **more,
    }  # fmt: skip


def xray_event(study: str, number: int = 1, **more: Any) -> Row:
    """Return an active projection event."""
    return {
        "study_instance_uid": study, "irradiation_event_uid": f"{study}.{number}",
        "active": True, "source_kind": "RDSR", "flags": [], **more,
    }  # fmt: skip


def oracle_exams(repeats: int = 1) -> list[Row]:
    """Return the exams of `ORACLE`, each value `repeats` times."""
    return [
        ct_exam(f"1.{facility}.{place}.{copy}", float(dlp), facility_key=facility,
                device_key=f"{facility} 1")
        for facility, values in ORACLE.items()
        for place, dlp in enumerate(values)
        for copy in range(repeats)
    ]  # fmt: skip


def levels(
    exams: Sequence[Row] = (),
    ct: Sequence[Row] = (),
    xray: Sequence[Row] = (),
    **settings: Any,
) -> list[Row]:
    """Return the rows of `drl`."""
    return reference_levels(
        rows("dose_exams", exams),
        rows("ct_irradiation_events", ct),
        rows("xray_irradiation_events", xray),
        dose_settings(**settings),
    )


def population(n: int, seed: int = 1, hostile: str = "") -> dict[str, pa.Table]:
    """Return the dose tables of a hospital group with `n` exams.

    Args:
        n: exams.
        seed: of the random numbers.
        hostile: put into every text that people can write.
    """
    random = np.random.default_rng(seed)
    devices = [
        (f"dev{i}", f"north {i}{hostile}" if i < 3 else f"CT{i:02d}{hostile}",
         ("General", "St Mary", "Lakeside")[i % 3] + hostile)
        for i in range(6)
    ]  # fmt: skip
    kinds = (("CT chest", "CT", 290), ("CT head", "CT", 790), ("CT abdomen and pelvis", "CT", 530),
             ("UNMAPPED", "CT", 400), ("Coronary angiography", "RF", 30),
             ("Mammography", "MG", 1.5), ("Radiography chest", "DX", 0.1))  # fmt: skip
    exams, ct, xray = [], [], []
    for i in range(n):
        exam, group, level = kinds[int(random.choice(7, p=(0.3, 0.2, 0.15, 0.1, 0.1, 0.1, 0.05)))]
        place = int(random.integers(len(devices)))
        key, _, facility = devices[place]
        dose = float(level * random.lognormal(-0.2 + 0.08 * place, 0.35))
        row = ct_exam(
            f"1.2.{i}", standard_exam=exam, modality_group=group, facility_key=facility,
            device_key=key, protocol=f"{exam} protocol{hostile}",
            study_date=date(2022, 1, 1) + timedelta(days=int(random.integers(1000))),
            weight_kg=float(random.normal(75, 14)) if random.random() < 0.6 else None,
            age_years=float(random.uniform(1, 95)) if random.random() < 0.95 else None,
            is_patient=bool(random.random() < 0.99), source_kind="RDSR",
            patient_key=f"patientkey{i}",
        )  # fmt: skip
        if group == "CT":
            head = exam == "CT head"
            row |= {"dlp_total_mgy_cm": dose, "dlp_head_phantom_mgy_cm": dose if head else None,
                    "dlp_body_phantom_mgy_cm": None if head else dose}  # fmt: skip
            ct.append(ct_event(f"1.2.{i}", dose / 33, phantom_cm=16 if head else 32,
                               dlp_mgy_cm=dose, scanning_length_mm=330.0))  # fmt: skip
        elif group == "RF":
            row |= {"kap_total_gy_cm2": dose, "ka_r_total_mgy": dose * 12,
                    "fluoro_time_s": dose * 9}  # fmt: skip
        elif group == "DX":
            row |= {"kap_total_gy_cm2": dose}
            xray.append(xray_event(f"1.2.{i}", kap_gy_cm2=dose))
        else:
            row |= {"agd_left_mgy": dose}
            xray += [
                xray_event(f"1.2.{i}", view, agd_mgy=dose * float(random.lognormal(0, 0.2)),
                           image_view_code=("399162004", "399368009")[view % 2],
                           compression_thickness_mm=float(random.normal(55, 12)))
                for view in range(4)
            ]  # fmt: skip
        exams.append(row)
    tables = {
        "dose_exams": rows("dose_exams", exams),
        "ct_irradiation_events": rows("ct_irradiation_events", ct),
        "xray_irradiation_events": rows("xray_irradiation_events", xray),
        "devices": rows("devices", [
            {"device_key": key, "station_name": name, "display_name": f"Maker Model {key}",
             "facility_key": facility}
            for key, name, facility in devices
        ]),
        "dose_studies": rows("dose_studies", [
            {"study_instance_uid": f"1.2.{i}", "outcome": ("reports", "headers", "no_dose")[i % 3]}
            for i in range(n)
        ]),
        "dose_reports": rows("dose_reports", [
            {"sop_instance_uid": f"1.3.{i}", "study_instance_uid": f"1.2.{i}", "status": "active",
             "source_kind": "RDSR"}
            for i in range(0, n, 3)
        ]),
        "studies": rows("studies", [
            {"study_instance_uid": f"1.2.{i}", "study_description": f"Described{hostile}"}
            for i in range(n)
        ]),
    }  # fmt: skip
    found = reference_levels(
        tables["dose_exams"],
        tables["ct_irradiation_events"],
        tables["xray_irradiation_events"],
        dose_settings(),
    )
    return tables | {"drl": rows("drl", found)}


def dose_lake(lake: Path, tables: Mapping[str, pa.Table]) -> Version:
    """Commit tables to a new lake, and return its version."""
    change = {name: TableDelta(table) for name, table in tables.items() if table.num_rows}
    change["runs"] = TableDelta(rows("runs", [run_row("doses")]))
    with open_for_writing(lake, default_settings()) as writer:
        writer.commit("doses", lambda _: Change(change))
        writer.record_run({"run_id": "doses", "outcome": "done"})
    return open_version(lake)
