"""Draw the pictures of the documents from a lake: a slice in three windows, and a preview.

dicomlake demo --lake lake && python docs/figures.py lake
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from dicomlake import Lake

WINDOWS = {
    "lung": "lung  -600 / 1500",
    "mediastinum": "mediastinum  40 / 400",
    "bone": "bone  400 / 1800",
}
CAPTION = 44
GAP = 8
MARGIN = 14
GROUND = (16, 18, 22)
INK = (222, 226, 232)
TARGET = Path(__file__).resolve().parent / "images" / "windows.png"
PREVIEW = "preview.png"


def most_slices(lake: Lake) -> str:
    """Return the accepted CT volume with the most slices."""
    found = lake.sql(
        "SELECT volume_id FROM volumes WHERE status = 'accepted' AND units = 'HU' "
        "ORDER BY n_slices DESC, volume_id LIMIT 1"
    ).fetchall()
    if not found:
        sys.exit("The lake has no accepted CT volume: dicomlake demo makes one.")
    return str(found[0][0])


def panels(lake: Lake, volume_id: str, index: int | None) -> list[npt.NDArray[np.uint8]]:
    """Return a slice in every window, [row, column], cropped to the body, with square pixels."""
    volume = lake.volume(volume_id)
    if index is None:
        index = round(0.65 * volume.array.shape[0])
    images = [volume.window(name, index) for name in WINDOWS]
    tissue = images[1] > 0
    rows, columns = (np.flatnonzero(tissue.mean(axis=axis) > 0.03) for axis in (1, 0))
    top, bottom = max(rows[0] - MARGIN, 0), rows[-1] + MARGIN
    left, right = max(columns[0] - MARGIN, 0), columns[-1] + MARGIN
    _, row_mm, column_mm = volume.spacing
    width = right - left
    height = round((bottom - top) * row_mm / column_mm)
    return [
        np.asarray(
            Image.fromarray(image[top:bottom, left:right]).resize(
                (width, height), Image.Resampling.LANCZOS
            )
        )
        for image in images
    ]


def side_by_side(images: list[npt.NDArray[np.uint8]]) -> Image.Image:
    """Return the panels in a row, each with the name of its window below."""
    height, width = images[0].shape
    size = (len(images) * (width + GAP) - GAP, height + CAPTION)
    picture = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=22)
    for number, (image, caption) in enumerate(zip(images, WINDOWS.values(), strict=True)):
        left = number * (width + GAP)
        picture.paste(Image.fromarray(image), (left, 0))
        draw.text((left + width / 2, height + CAPTION / 2), caption, INK, font, anchor="mm")
    return picture


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lake", type=Path, help="folder of the lake")
    parser.add_argument("--volume", help="its id; default: the CT volume with the most slices")
    parser.add_argument("--slice", type=int, help="index k; default: two thirds of the way up")
    parser.add_argument(
        "--out", type=Path, default=TARGET, help="PNG to write, with preview.png beside it"
    )
    parsed = parser.parse_args()
    lake = Lake(parsed.lake)
    volume_id = parsed.volume or most_slices(lake)
    picture = side_by_side(panels(lake, volume_id, parsed.slice))
    parsed.out.parent.mkdir(parents=True, exist_ok=True)
    picture.save(parsed.out, optimize=True)
    preview = parsed.out.with_name(PREVIEW)
    preview.write_bytes(lake.volume(volume_id).preview())
    print(f"wrote {parsed.out} and {preview}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
