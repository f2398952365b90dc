"""Random fields: tissue texture and the noise of a filtered back projection."""

import numpy as np

from dicomlake.pipeline.demo.canvas import MATRIX, PIXEL_MM, Array


def _frequencies() -> tuple[Array, Array]:
    """Return spatial frequencies in 1/mm, [n, 1] along y and [1, n / 2 + 1] along x."""
    down = np.fft.fftfreq(MATRIX, PIXEL_MM).astype(np.float32)[:, np.newaxis]
    across = np.fft.rfftfreq(MATRIX, PIXEL_MM).astype(np.float32)[np.newaxis, :]
    return down, across


def _shaped(rng: np.random.Generator, spectrum: Array) -> Array:
    """Return a field [n, n] of mean 0 and standard deviation 1 with an amplitude spectrum."""
    white = np.fft.rfft2(rng.standard_normal((MATRIX, MATRIX), dtype=np.float32))
    field = np.fft.irfft2(white * spectrum, s=(MATRIX, MATRIX)).astype(np.float32)
    field -= field.mean()
    shaped: Array = field / field.std()
    return shaped


def texture(rng: np.random.Generator, grain_mm: float) -> Array:
    """Return a smooth random field with grains of about `grain_mm`."""
    down, across = _frequencies()
    return _shaped(rng, np.exp(-(down**2 + across**2) * np.float32(2 * (grain_mm * 1.5) ** 2)))


def reconstruction(rng: np.random.Generator, cutoff_per_mm: float = 0.55) -> Array:
    """Return noise with the spectrum of filtered back projection: a ramp under a cosine window."""
    down, across = _frequencies()
    radius = np.hypot(down, across)
    window = np.cos(np.pi / 2 * np.minimum(radius / cutoff_per_mm, 1)) ** 2
    return _shaped(rng, np.sqrt(radius) * window)


def streaks(rng: np.random.Generator) -> Array:
    """Return noise drawn out along rows, as between the shoulders where few photons pass."""
    down, across = _frequencies()
    return _shaped(rng, np.exp(-((across / 0.012) ** 2)) * np.exp(-((down / 0.25) ** 2)))
