"""Nights of a hospital: small deltas over the tables that a nightly run changes."""

from typing import Any

from dicomlake.pipeline.tables.commit import Change, TableDelta
from make.rows import file_row, hex_id, instance_row, rows, run_row

MODALITIES = ("CT", "MR", "CR", "US", "PT")
SLICES = 4


def night(number: int, nights: int = 365) -> Change:
    """Return what one night brings: a study of each of some modalities, and a file sent again.

    The year turns after half of the nights.

    Args:
        number: of the night, from 0.
        nights: how many there will be.
    """
    year = 2024 if number < nights // 2 else 2025
    tables: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in ("files", "instances", "series", "studies", "patients", "ct_series",
                     "mr_series", "pt_series", "volumes", "volume_instances", "issues")
    }  # fmt: skip
    for modality in MODALITIES if number % 7 < 5 else MODALITIES[:2]:
        _study(tables, number, modality, year)
    if number:
        again = _file(number - 1, "CT", 0) | {"size": 1000 + number}
        tables["files"].append(again)
        place = {"modality": "CT", "study_year": 2024 if number - 1 < nights // 2 else 2025}
        uid = again["sop_instance_uid"]
        study = f"1.{number - 1}.CT"
        tables["instances"].append(
            instance_row(uid, study_instance_uid=study, series_instance_uid=f"{study}.1",
                         instance_number=number, file_id=again["file_id"], **place)
        )  # fmt: skip
    deltas = {name: TableDelta(rows(name, found)) for name, found in tables.items() if found}
    deltas["runs"] = TableDelta(rows("runs", [run_row(f"night-{number:04d}")]))
    return Change(deltas, {"s": "/data/s"})


def _file(number: int, modality: str, index: int) -> dict[str, Any]:
    path = f"{modality}/{number:04d}/{index}"
    return file_row(path, sop_instance_uid=f"1.{number}.{modality}.1.{index}", size=number + 1)


def _study(tables: dict[str, list[dict[str, Any]]], number: int, modality: str, year: int) -> None:
    study = f"1.{number}.{modality}"
    series = f"{study}.1"
    own = {"study_instance_uid": study, "series_instance_uid": series}
    place = {"modality": modality, "study_year": year}
    volume_id = hex_id(series)
    for index in range(SLICES):
        file = _file(number, modality, index)
        uid = file["sop_instance_uid"]
        tables["files"].append(file)
        tables["instances"].append(instance_row(uid, file_id=file["file_id"], **own, **place))
        tables["volume_instances"].append(
            {**own, "volume_id": volume_id, "sop_instance_uid": uid, "frame_number": None,
             "role": "slice", "slice_index": index, "file_id": file["file_id"]}
        )  # fmt: skip
    tables["series"].append({**own, **place, "file_id": hex_id(series)})
    tables["studies"].append({"study_instance_uid": study})
    tables["patients"].append({"patient_key": hex_id(f"patient {number % 40} {modality}")})
    tables["volumes"].append({**own, "volume_id": volume_id, "status": "rejected",
                              "reason": "TOO_FEW_SLICES"})  # fmt: skip
    tables["issues"].append({"issue_id": hex_id(f"issue {series}"), "code": "bad_value",
                             "severity": "info", **own})  # fmt: skip
    if modality in {"CT", "MR", "PT"}:
        tables[f"{modality.lower()}_series"].append({**own, **place})
