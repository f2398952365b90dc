"""A volume on another grid, through SimpleITK: every new voxel is taken where it lies.

SimpleITK's images cannot lean, so that the voxels are given to it as an image of bare indices, and
the way from a place in the patient to an index, shear included, is the transform. Orthogonal,
oblique and sheared grids go the same way.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.errors import UsageError

if TYPE_CHECKING:
    from SimpleITK import Image

Interpolator = Literal["nearest", "linear", "bspline"]
INTERPOLATORS: Final = {
    "nearest": "sitkNearestNeighbor",
    "linear": "sitkLinear",
    "bspline": "sitkBSpline3",
}
_FWHM_OF_SIGMA: Final = 2 * np.sqrt(2 * np.log(2))
_KERNEL_ERROR: Final = 0.001
_WIDEST_KERNEL: Final = 256
_WHOLE: Final = 1e-6
"""Part of a voxel by which an extent may exceed a whole number of voxels."""
_VALID: Final = 1 - 1e-6
_FILL: Final = -32_768


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Voxels on an orthogonal grid, and where they lie."""

    array: npt.NDArray[Any]
    """[z, y, x]."""
    affine_lps: npt.NDArray[np.float64]
    """4 x 4, from index (column, row, slice) to LPS, mm."""
    spacing: tuple[float, float, float]
    """Distance of slices, rows and columns, mm."""

    def to_sitk(self) -> "Image":
        """Return the voxels as an image of SimpleITK, in place."""
        return to_sitk(self.array, self.affine_lps, sheared=False)


@dataclass(frozen=True, slots=True)
class Grid:
    """An orthogonal grid: voxels along columns, rows and slices (i, j, k)."""

    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: npt.NDArray[np.float64]
    directions: npt.NDArray[np.float64]
    """Unit vectors as columns."""

    @property
    def affine_lps(self) -> npt.NDArray[np.float64]:
        """Return the 4 x 4 matrix from index (i, j, k) to LPS, mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.directions * self.spacing
        affine[:3, 3] = self.origin
        return affine


def load_sitk() -> Any:
    """Return the module SimpleITK.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import SimpleITK as sitk  # noqa: N813, PLC0415  (an extra; its documentation calls it so)
    except ImportError as error:
        raise UsageError(
            "SimpleITK is not installed.", "Install it: pip install 'dicomlake[sitk]'."
        ) from error
    return sitk


def output_grid(
    shape: tuple[int, int, int],
    affine_lps: npt.NDArray[np.float64],
    spacing: tuple[float, float, float],
) -> Grid:
    """Return the orthogonal grid of a spacing that covers a grid, centred on it.

    Rows run along the rows of the old grid, slices along the normal of its slices. The new grid
    covers the old one from outer edge to outer edge of its voxels; where the extent is no multiple
    of the spacing it is larger by less than a voxel, half of it on each side.

    Args:
        shape: slices, rows, columns of the old grid.
        affine_lps: 4 x 4 of the old grid.
        spacing: of the new one: slices, rows, columns, mm.
    """
    steps = affine_lps[:3, :3]
    first = steps[:, 0] / np.linalg.norm(steps[:, 0])
    second = steps[:, 1] - first * (first @ steps[:, 1])
    second /= np.linalg.norm(second)
    directions = np.column_stack([first, second, np.cross(first, second)])
    ends = np.array([(-0.5, length - 0.5) for length in shape[::-1]])
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 3)
    placed = (corners @ steps.T + affine_lps[:3, 3]) @ directions
    low, high = placed.min(axis=0), placed.max(axis=0)
    wanted = np.array(spacing[::-1], np.float64)
    size = np.maximum(1, np.ceil((high - low) / wanted - _WHOLE)).astype(int)
    centre = (low + high) / 2
    origin = directions @ (centre - (size - 1) / 2 * wanted)
    i, j, k = size.tolist()
    return Grid((i, j, k), (wanted[0], wanted[1], wanted[2]), origin, directions)


def resample(
    array: npt.NDArray[Any],
    affine_lps: npt.NDArray[np.float64],
    spacing: float | tuple[float, float, float],
    *,
    interpolator: Interpolator = "linear",
    antialias: bool = True,
    fill: float | None = None,
    missing: npt.NDArray[np.bool_] | None = None,
) -> Resampled:
    """Return voxels on an orthogonal grid of another spacing.

    Args:
        array: voxels [z, y, x].
        affine_lps: 4 x 4, from index (column, row, slice) to LPS, mm; may be sheared.
        spacing: slices, rows, columns, mm; one number for all three.
        interpolator: `nearest` keeps values and their type; `linear` and `bspline` (order 3) give
            float32, or float64 for int32 and float64.
        antialias: before voxels become larger along an axis they are smoothed along it by the
            Gaussian that the larger voxel's width asks for (full widths at half maximum add in
            squares: Cardoso et al., Scale factor point spread function matching, MICCAI 2015);
            never with `nearest`.
        fill: value outside the old grid, and where a voxel would need one that is missing; where
            None NaN, or -32768 of an integer type.
        missing: [z, y, x], where there is no value; NaN is missing too.

    Raises:
        UsageError: SimpleITK is not installed; an unknown interpolator, splines where voxels are
            missing, or a spacing that is not above 0.
    """
    load_sitk()
    wanted = _three(spacing)
    lacking = _lacking(array, missing)
    _require_possible(interpolator, lacking)
    affine = np.asarray(affine_lps, np.float64)
    grid = output_grid((array.shape[0], array.shape[1], array.shape[2]), affine, wanted)
    values = _as_type(array, interpolator)
    if lacking is not None:
        values = np.where(lacking, np.array(0, values.dtype), values)
    valid = None if lacking is None else (~lacking).astype(np.float32)
    if antialias and interpolator != "nearest":
        values, valid = _smoothed(values, valid, _sigmas(affine, grid))
    otherwise = _filling(values.dtype, fill)
    moved = _moved(values, affine, grid, interpolator, otherwise)
    if valid is not None:
        kind: Interpolator = "nearest" if interpolator == "nearest" else "linear"
        moved[_moved(valid, affine, grid, kind, 0.0) < _VALID] = otherwise
    return Resampled(moved, grid.affine_lps, wanted)


def _require_possible(interpolator: str, lacking: npt.NDArray[np.bool_] | None) -> None:
    """Refuse an interpolator that is unknown, or that the voxels that are missing do not allow."""
    if interpolator not in INTERPOLATORS:
        raise UsageError(
            f"There is no interpolator {interpolator}.",
            f"Interpolators: {', '.join(INTERPOLATORS)}.",
        )
    if lacking is not None and interpolator == "bspline":
        raise UsageError(
            "Splines need every voxel, and some are missing.", "Take the interpolator linear."
        )


def _three(spacing: float | tuple[float, float, float]) -> tuple[float, float, float]:
    z, y, x = (spacing,) * 3 if isinstance(spacing, int | float) else spacing
    if not all(np.isfinite(each) and each > 0 for each in (z, y, x)):
        raise UsageError(
            "A spacing is above 0 and finite.", "Give millimetres: slices, rows, columns."
        )
    return float(z), float(y), float(x)


def _lacking(
    array: npt.NDArray[Any], missing: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.bool_] | None:
    """Return where there is no value, None where there is one everywhere."""
    lacking = ~np.isfinite(array) if array.dtype.kind == "f" else None
    if missing is not None:
        lacking = missing if lacking is None else lacking | missing
    return lacking if lacking is not None and lacking.any() else None


def _as_type(array: npt.NDArray[Any], interpolator: Interpolator) -> npt.NDArray[Any]:
    """Return voxels in the type of the result."""
    native = array.dtype.newbyteorder("=")
    if interpolator == "nearest":
        return array.astype(native, copy=False)
    # float32 holds int16 exactly; int32 asks for float64.
    return array.astype(np.result_type(native, np.float32), copy=False)


def _filling(dtype: np.dtype[Any], fill: float | None) -> float:
    if fill is None:
        return float("nan") if dtype.kind == "f" else _FILL
    if dtype.kind == "i" and not (
        float(fill).is_integer() and np.iinfo(dtype).min <= fill <= np.iinfo(dtype).max
    ):
        raise UsageError(f"{dtype.name} cannot hold the fill value {fill}.", "Give another one.")
    return fill


def _sigmas(affine: npt.NDArray[np.float64], grid: Grid) -> npt.NDArray[np.float64]:
    """Return the smoothing along columns, rows and slices, in old voxels; 0 where none is due."""
    # What one old step covers along the new axis: of slices the distance, not the slanted step.
    old = np.abs(np.einsum("xi,xi->i", grid.directions, affine[:3, :3]))
    ratio = np.array(grid.spacing) / old
    widths = np.sqrt(np.maximum(ratio**2 - 1, 0.0))
    return np.asarray(np.where(ratio > 1 + _WHOLE, widths / _FWHM_OF_SIGMA, 0.0))


def _smoothed(
    values: npt.NDArray[Any],
    valid: npt.NDArray[np.float32] | None,
    sigmas: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[Any], npt.NDArray[np.float32] | None]:
    """Return smoothed voxels; what is missing weighs nothing and stays missing."""
    if not sigmas.any():
        return values, valid
    smooth = _gaussian(values, sigmas)
    if valid is None:
        return smooth, None
    weights = _gaussian(valid.astype(values.dtype), sigmas)
    present = valid > 0
    return np.where(present, smooth / np.where(present, weights, 1), 0).astype(values.dtype), valid


def _gaussian(values: npt.NDArray[Any], sigmas: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    sitk = load_sitk()
    image = sitk.GetImageFromArray(values)
    smooth = sitk.DiscreteGaussian(
        image,
        variance=(sigmas**2).tolist(),
        maximumKernelWidth=_WIDEST_KERNEL,
        maximumError=[_KERNEL_ERROR] * 3,
        useImageSpacing=False,
    )
    return np.asarray(sitk.GetArrayFromImage(smooth))


def _moved(
    values: npt.NDArray[Any],
    affine: npt.NDArray[np.float64],
    grid: Grid,
    interpolator: Interpolator,
    otherwise: float,
) -> npt.NDArray[Any]:
    """Return voxels of bare indices at the places of a grid."""
    sitk = load_sitk()
    to_index = np.linalg.inv(affine)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(to_index[:3, :3].reshape(-1).tolist())
    transform.SetTranslation(to_index[:3, 3].tolist())
    moved = sitk.Resample(
        sitk.GetImageFromArray(values),
        list(grid.size),
        transform,
        getattr(sitk, INTERPOLATORS[interpolator]),
        grid.origin.tolist(),
        list(grid.spacing),
        grid.directions.reshape(-1).tolist(),
        otherwise,
    )
    return np.asarray(sitk.GetArrayFromImage(moved))


def to_sitk(
    array: npt.NDArray[Any], affine_lps: npt.NDArray[np.float64], *, sheared: bool
) -> "Image":
    """Return voxels [z, y, x] as an image of SimpleITK, in place.

    Raises:
        UsageError: SimpleITK is not installed, or the grid leans, which its images cannot.
    """
    sitk = load_sitk()
    if sheared:
        raise UsageError(
            "This volume is sheared (gantry tilt), which an image of SimpleITK cannot be.",
            "Resample it: volume.resample(volume.spacing).to_sitk().",
        )
    affine = np.asarray(affine_lps, np.float64)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    image: Any = sitk.GetImageFromArray(native)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine[:3, :3] / spacing).reshape(-1).tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    made: Image = image
    return made
