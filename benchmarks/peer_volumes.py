"""Turns folders of DICOM files into volumes with a tool that others wrote, in its environment.

Run by compare_volumes.py: `python peer_volumes.py TOOL OUT`, the folders as a JSON list of names
and paths on standard input. A folder is done in a process of its own, so that a crash costs one.
Of each folder there is OUT/<name>.json, which says how it ended, and OUT/<name>.npz with arrays
[i, j, k] and their affines from these indices to LPS, as the tool itself tells them.
"""

# ruff: noqa: PLC0415  (a tool is imported only where it was asked for: the others may be absent)
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np

LIMIT_S = 300
TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From RAS, the coordinates of NIfTI, to LPS, those of DICOM; and back."""


class RefusedError(Exception):
    """The tool says no in its own way."""


def with_simpleitk(folder):
    """Read every series that the series discovery finds, as the tool's own examples do."""
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    for series in reader.GetGDCMSeriesIDs(str(folder)):
        names = reader.GetGDCMSeriesFileNames(str(folder), series)
        reader.SetFileNames(names)
        image = reader.Execute() if len(names) > 1 else SimpleITK.ReadImage(names[0])
        array = SimpleITK.GetArrayFromImage(image)
        if image.GetNumberOfComponentsPerPixel() > 1:  # colour
            array = array.astype(float).mean(axis=-1)
        yield array.T, _itk_affine(image)


def _itk_affine(image):
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return affine


def with_dcm2niix(folder):
    """Convert with its defaults; resampled copies, which it names _Eq and _Tilt, are left out."""
    import dcm2niix

    with tempfile.TemporaryDirectory() as out:
        done = subprocess.run(
            [dcm2niix.bin, "-b", "n", "-z", "n", "-f", "%s_%d", "-o", out, str(folder)],
            check=False,
            capture_output=True,
        )
        if done.returncode < 0:
            os.kill(os.getpid(), -done.returncode)
        made = sorted(Path(out).glob("*.nii"))
        if not made:
            raise RefusedError(f"exit {done.returncode}")
        stems = {each.stem for each in made}
        for each in made:
            if not any(each.stem.startswith((f"{s}_Eq", f"{s}_Tilt")) for s in stems):
                yield from _nifti(each)


def _nifti(path):
    import nibabel

    image = nibabel.load(path)
    array = np.asarray(image.dataobj)
    affine = TO_LPS @ image.affine
    if array.dtype.names:  # colour
        array = np.stack([array[name] for name in array.dtype.names], axis=-1)
        array = array.astype(float).mean(axis=-1)
    if array.ndim < 3:
        array = array[:, :, None]
    for volume in np.moveaxis(array.reshape(*array.shape[:3], -1), -1, 0):
        yield volume, affine


def with_dicom2nifti(folder):
    """Convert the folder as one series, with its defaults."""
    import dicom2nifti

    with tempfile.TemporaryDirectory() as out:
        target = Path(out) / "volume.nii"
        try:
            dicom2nifti.dicom_series_to_nifti(str(folder), str(target))
        except dicom2nifti.exceptions.ConversionError as error:
            raise RefusedError(str(error)) from error
        yield from _nifti(target)


def _datasets(folder):
    """Return the folder's images of its commonest series, for a tool that wants them read."""
    import pydicom

    found = {}
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(pydicom.errors.InvalidDicomError):
            dataset = pydicom.dcmread(path)
            if "PixelData" in dataset:
                found.setdefault(dataset.SeriesInstanceUID, []).append(dataset)
    return max(found.values(), key=len)


def with_highdicom(folder):
    """Volumes of single-frame series and of a multi-frame image, with its defaults."""
    import highdicom

    datasets = _datasets(folder)
    if len(datasets) == 1 and "NumberOfFrames" in datasets[0]:
        volume = highdicom.Image.from_dataset(datasets[0]).get_volume()
    else:
        volume = highdicom.get_volume_from_series(datasets)
    yield volume.array, volume.affine


def _with_monai(folder, reader):
    from monai.transforms import LoadImage

    image = LoadImage(reader=reader)(str(folder))
    array = np.asarray(image)
    if array.ndim < 3:
        array = array[..., None]
    yield array, TO_LPS @ np.asarray(image.affine)


def with_monai_itk(folder):
    """Read the folder through ITK, what MONAI does where ITK is installed."""
    yield from _with_monai(folder, "ITKReader")


def with_monai_pydicom(folder):
    """Read the folder through pydicom."""
    yield from _with_monai(folder, "PydicomReader")


TOOLS = {
    "SimpleITK": (with_simpleitk, ("SimpleITK",)),
    "dcm2niix": (with_dcm2niix, ("dcm2niix", "nibabel")),
    "dicom2nifti": (with_dicom2nifti, ("dicom2nifti",)),
    "highdicom": (with_highdicom, ("highdicom",)),
    "MONAI, ITK": (with_monai_itk, ("monai.transforms", "itk")),
    "MONAI, pydicom": (with_monai_pydicom, ("monai.transforms", "pydicom")),
}
"""Each tool's function, and the modules it needs."""


def convert(read, folder, out):
    """Read a folder; write what came of it and how it ended."""
    warnings.simplefilter("ignore")
    ended, arrays = {"ended": "made"}, {}
    try:
        for number, (array, affine) in enumerate(read(folder)):
            arrays[f"array{number}"] = np.asarray(array)
            arrays[f"affine{number}"] = np.asarray(affine, dtype=float)
        if not arrays:
            ended = {"ended": "nothing"}
    except Exception as error:  # noqa: BLE001  (what a tool raises is what is recorded)
        ended = {"ended": "raised", "error": type(error).__name__}
    np.savez(out.with_suffix(".npz"), **arrays)
    out.with_suffix(".json").write_text(json.dumps(ended), encoding="utf-8")


def in_a_child(read, folder, out):
    """Do the same in a forked process; what it cannot say itself is said for it."""
    sys.stdout.flush()
    with warnings.catch_warnings():
        # Newer Pythons warn where a library has started threads; they are of no use to the child.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        for number in (1, 2):  # tools talk
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        convert(read, folder, out)
        os._exit(0)
    until = time.monotonic() + LIMIT_S
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.kill(child, 9)
            os.waitpid(child, 0)
            status = None
            break
        time.sleep(0.01)
    if status is None:
        out.with_suffix(".json").write_text(json.dumps({"ended": "timeout"}), encoding="utf-8")
    elif status:
        ended = {"ended": "killed", "error": f"status {status}"}
        out.with_suffix(".json").write_text(json.dumps(ended), encoding="utf-8")


def ready(modules):
    """Import what a tool needs before the first fork, ITK's lazy parts too."""
    for module in modules:
        import_module(module)
    if "itk" in modules:
        import itk

        for part in ("GDCMImageIO", "GDCMSeriesFileNames", "ImageSeriesReader"):
            getattr(itk, part)


def main():
    read, modules = TOOLS[sys.argv[1]]
    ready(modules)
    for name, folder in json.load(sys.stdin):
        in_a_child(read, Path(folder), Path(sys.argv[2]) / name)


if __name__ == "__main__":
    main()
