"""What `plan` prints of a series: every file and frame once, whole as JSON, narrow on a screen."""

import io
from typing import Any

from make.rows import default_settings
from make.volumes import frame_rows, object_row, rows_table, slice_row, stack_rows
from rich.console import Console

from dicomlake.flows import inspection, printing

SETTINGS = default_settings().volumes
UIDS = {"study_instance_uid": "1.1", "series_instance_uid": "1.2.3.4.5.6.7.8.9.0.1.2.3.4.5"}


def planned(
    rows: list[dict[str, Any]], frames: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    found = inspection._verdict_rows(rows_table(rows, frames or []), SETTINGS)
    return [{**row, **UIDS} for row in found]


def test_every_file_and_frame_is_counted_once_and_a_group_says_what_it_is() -> None:
    scouts = [slice_row(50 + k, image_type=["O", "P", "LOCALIZER"]) for k in range(3)]
    frames = frame_rows(6, stack_id="x")
    frames[5]["frame_type"] = ["O", "P", "LOCALIZER", "N"]
    rows = planned([*stack_rows(8, echo_time=5.0), *scouts, object_row(6)], frames)
    assert [(row["verdict"], row["shape"], row["slices"], row["files"]) for row in rows] == [
        ("accepted", [8, 32, 32], 8, 8),
        ("accepted", [5, 32, 32], 5, 1),
    ]
    assert rows[0]["set_aside"] == {"excluded LOCALIZER": 4}
    assert rows[1]["set_aside"] == {}


def test_a_rejected_group_has_its_reason_and_detail() -> None:
    (row,) = planned(stack_rows(3))
    assert (row["verdict"], row["reason"]) == ("rejected", "TOO_FEW_SLICES")
    assert row["detail"] == {"slices": 3, "min_slices": 4}


def test_a_series_without_an_image_is_counted_too() -> None:
    (row,) = planned(stack_rows(2, sop_class_uid="1.2.840.10008.5.1.4.1.1.88.67"))
    assert (row["verdict"], row["slices"]) == ("no image", 0)
    assert row["set_aside"] == {"excluded NOT_A_SLICE_CLASS": 2}


def test_a_collision_is_undecided_until_pixels_are_read() -> None:
    twin = slice_row(2, sop_instance_uid="1.9.9", file_id="f" * 32)
    (row,) = planned([*stack_rows(), twin])
    assert (row["verdict"], row["slices"]) == ("undecided", 7)


def test_a_screen_of_80_columns_shows_every_word_of_a_plan() -> None:
    rows = planned(
        [
            slice_row(
                10 * t + k,
                image_position_patient=[0.0, 0.5 * k, 2.5 * k],
                nominal_percentage_of_cardiac_phase=30.0 + t,
                slice_thickness=9.0,
                lossy_image_compression="01",
            )
            for t in range(2)
            for k in range(5)
        ]
    )
    out = io.StringIO()
    printing.print_rows(Console(file=out, width=80), inspection._for_screen(rows), "Verdicts")
    lines = out.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    shown = "".join("".join(lines).split())
    for word in ("accepted", "5x32x32", "...0.1.2.3.4.5"[3:]):
        assert word in shown
    assert not any(line.startswith("--- ") for line in lines), "a table, not a list of records"
