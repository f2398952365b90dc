"""What a scanner makes of the anatomy: slices of some thickness, blurred and noisy."""

from typing import Final

import numpy as np

from dicomlake.pipeline.demo import noise
from dicomlake.pipeline.demo.anatomy import Trees, section
from dicomlake.pipeline.demo.canvas import MATRIX, PIXEL_MM, Array, Canvas

PADDING: Final = -1024.0
"""Outside the circle of reconstruction."""


def scanned(
    z: float, thickness: float, grown: Trees, grain: Array, rng: np.random.Generator
) -> Array:
    """Return the slice of some thickness around z in HU, as a scanner shows it, [y, x]."""
    planes = [section(z + part * thickness, grown, grain) for part in (-0.25, 0.25)]
    hu = _bent((planes[0] + planes[1]) / 2, z)
    hu += grain * np.where(hu > -300, 5.0, 0.0).astype(np.float32)
    image = _noisy(hu, z, rng)
    canvas = Canvas()
    image[np.hypot(canvas.x, canvas.y) > canvas.x[0, -1]] = PADDING
    return image


def _noisy(hu: Array, z: float, rng: np.random.Generator) -> Array:
    """Return a section as it is reconstructed: slightly blurred, with correlated noise."""
    down = np.fft.fftfreq(MATRIX).astype(np.float32)[:, np.newaxis]
    across = np.fft.rfftfreq(MATRIX).astype(np.float32)[np.newaxis, :]
    blur = np.exp(-(down**2 + across**2) * np.float32(2 * (np.pi * 0.40) ** 2))
    sharp = np.fft.irfft2(np.fft.rfft2(hu) * blur, s=(MATRIX, MATRIX)).astype(np.float32)
    axis = np.linspace(-1, 1, MATRIX, dtype=np.float32)
    middle = np.exp(-(axis[:, np.newaxis] ** 2 + axis[np.newaxis, :] ** 2) * 1.6)
    shoulders = float(np.clip((z - 40) / 50, 0, 1))
    grain = noise.reconstruction(rng) * (6.0 + 9.0 * middle) * (1 + 0.5 * shoulders)
    drawn = noise.streaks(rng) * 7.0 * shoulders * middle
    noisy: Array = sharp + grain + drawn
    return noisy


def _bent(hu: Array, z: float) -> Array:
    """Return the slice resampled through a smooth field of some mm: no organ is an ellipse.

    The field fades out towards the couch, which is straight.
    """
    canvas = Canvas()
    x, y = canvas.x, canvas.y
    fade = 0.7 * np.clip((128 - y) / 40, 0, 1)
    across = 2.6 * np.sin(y / 21 + z / 33 + 0.7) + 1.7 * np.sin(x / 17 - y / 29 - z / 41)
    across = across + 1.1 * np.sin(x / 8.5 + y / 11 + z / 19)
    down = 2.4 * np.sin(x / 24 - z / 37 + 1.9) + 1.6 * np.sin(x / 27 + y / 15 + z / 29)
    down = down + 1.0 * np.sin(x / 10 - y / 8 + z / 23)
    middle = (MATRIX - 1) / 2
    column = np.clip((x + fade * across) / PIXEL_MM + middle, 0, MATRIX - 1.001)
    row = np.clip((y + fade * down) / PIXEL_MM + middle, 0, MATRIX - 1.001)
    left, top = column.astype(np.intp), row.astype(np.intp)
    u, v = (column - left).astype(np.float32), (row - top).astype(np.float32)
    flat, at = hu.ravel(), top * MATRIX + left
    upper = flat[at] * (1 - u) + flat[at + 1] * u
    lower = flat[at + MATRIX] * (1 - u) + flat[at + MATRIX + 1] * u
    moved: Array = upper * (1 - v) + lower * v
    return moved
