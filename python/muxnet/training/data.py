"""Data sets: named, from arrays or from image files, and their division."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.base.masked import require_unmasked
from muxnet.training.config import RunConfig
from muxnet.training.digits import load_digits

PathLike = str | os.PathLike[str]


def load_data(
    spec: str = "digits",
    *,
    held_out_fraction: float = 0.2,
    test_fraction: float = 0.2,
    seed: int = 0,
    image_size: int = 64,
    image_channels: int = 3,
    skip_unreadable: bool = False,
    say: Callable[[str], object] = print,
) -> _core.Splits:
    """Return splits ``.train``, ``.held_out`` and ``.test`` of ``digits`` or ``KIND:DIR``.

    Of ``images:DIR`` each image is its largest central square (turned as EXIF data say) at
    ``image_size`` pixels, in RGB or in grey (``image_channels`` 1). What is left out is said.

    Raises:
        ValueError: an unknown kind, classes that do not fit.
        OSError: a file that is missing, truncated or mislabelled.

    >>> digits = muxnet.load_data("digits", held_out_fraction=0.25)
    >>> digits.train.image_shape, len(digits.test)
    ((1, 32, 32), 359)

    """
    options = _core.SplitOptions(
        held_out_fraction=held_out_fraction, test_fraction=test_fraction, seed=seed
    )
    if spec == "digits":
        return _core.make_splits(_core.make_dataset("digits", *load_digits()), options)
    size, channels = image_size, image_channels
    shown = _core.ImageFormat(channels=channels, height=size, width=size, interpolation="area")
    splits, left_out = _core.open_splits(spec, options, shown, skip_unreadable)
    for told in left_out:
        say(f"left out: {told}")
    return splits


def data_of(config: RunConfig) -> _core.Splits:
    """Return the data of a run, divided as there.

    Raises:
        ValueError, OSError: as ``load_data``.

    """
    return load_data(
        config.data,
        held_out_fraction=config.held_out_fraction,
        test_fraction=config.test_fraction,
        seed=config.seed,
        image_size=config.image_size,
        image_channels=config.image_channels,
        skip_unreadable=config.skip_unreadable,
    )


def dataset(
    images: NDArray[np.generic],
    labels: NDArray[np.generic],
    *,
    name: str = "arrays",
    class_names: Sequence[str] = (),
) -> _core.Dataset:
    """Return a data set from arrays, not copied, and labels (n).

    Images (n, c, h, w) or (n, h, w), or vectors (n, d).

    Raises:
        ValueError: shapes, dtypes or labels that do not fit, NaN or masked pixels in the images.

    >>> images, labels = np.zeros((6, 3, 32, 32), np.uint8), np.array([0, 1, 0, 1, 0, 1])
    >>> len(muxnet.dataset(images, labels, class_names=["cat", "dog"]))
    6

    """
    require_unmasked(f"{name}, images", images)
    require_unmasked(f"{name}, labels", labels)
    return _core.make_dataset(name, images, labels, list(class_names))


def load_images(
    source: PathLike | Sequence[PathLike],
    *,
    resize: int = 256,
    crop: int = 224,
    upright: bool = True,
) -> NDArray[np.uint8]:
    """Return RGB images u8 (n, 3, crop, crop) as ImageNet's networks are shown them.

    The shorter side is resized to ``resize`` pixels (bilinear, antialiased), the central square
    cut out, as torchvision does it on Pillow's images to the bit. A photograph is first turned as
    its EXIF data say; with ``upright=False`` it is shown as it is stored, as torchvision's loaders
    do. ``source``: files, or a folder whose image files are taken in sorted order.

    Raises:
        OSError: an unreadable file or folder.
        ValueError: no files, or a crop larger than the resized side.

    >>> muxnet.load_images(["photo.png"]).shape
    (1, 3, 224, 224)

    """
    if isinstance(source, (str, os.PathLike)):
        files = image_files(Path(source))
    else:
        files = [Path(path) for path in source]
    if not files:
        raise ValueError(error_text("load_images", "at least one file", "none"))
    shown = _core.ImageFormat(height=crop, width=crop, resize=resize, upright=upright)
    (images,), errors = _core.read_images(files, [shown])
    if wrong := next(filter(None, errors), ""):
        raise OSError(wrong)
    return images


def image_files(folder: Path) -> list[Path]:
    """Return the image files of a folder in sorted order.

    Raises:
        OSError: an unreadable folder.
        ValueError: there are none.

    """
    endings = _core.image_endings()
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in endings)
    if not files:
        raise ValueError(error_text(str(folder), "image files", "none"))
    return files


def split_dataset(
    data: _core.Dataset, fraction: float, seed: int
) -> tuple[_core.Dataset, _core.Dataset]:
    """Divide ``data`` in two, the first with ``fraction`` of the images of every class.

    Raises:
        ValueError: a class with too few images.

    >>> calibration, learn = muxnet.split_dataset(data.held_out, 0.3, seed=0)
    >>> len(calibration), len(learn)
    (18, 42)

    """
    rest, part = _core.split_dataset(data, fraction, seed)
    return part, rest
