"""What a mobile/cloud pair is asked, one input after another, as a camera gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from muxnet.base.array_files import read_arrays
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.images import Images
from muxnet.pool.inputs import Inputs
from muxnet.pool.labelled import labelled
from muxnet.training.data import image_files

NOTHING = np.empty(0, np.float32)


@dataclasses.dataclass(frozen=True)
class Stream:
    """Images of any size, read one at a time, their labels where all are known, when they come.

    ``features`` f32 (n, d) come with them, for a multiplexer that looks at vectors.
    """

    inputs: Inputs
    labels: NDArray[np.int32] | None
    rate_hz: float = 0.0  # 0: each as soon as the one before is answered
    features: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.inputs)

    def image(self, row: int) -> Images:
        """Return an image u8 or f32 (1, c, h, w).

        Raises:
            OSError: it cannot be read.

        """
        (batch,) = self.inputs.read([row], [None])
        return cast("Images", np.ascontiguousarray(batch))

    def vector(self, row: int) -> NDArray[np.float32]:
        """Return the features (1, d) that come with an image; none: empty."""
        return NOTHING if self.features is None else self.features[row : row + 1]


def make_stream(
    inputs: Inputs,
    rows: Sequence[int],
    class_names: Sequence[str] = (),
    *,
    rate_hz: float = 0.0,
    features: NDArray[np.float32] | None = None,
) -> Stream:
    """Return some of the inputs, their labels by the numbers that ``class_names`` have.

    Raises:
        ConfigError: inputs that are no images, classes that are not known, other features.

    """
    if inputs.kind != "images":
        raise ConfigError(error_text(inputs.name, "images", inputs.kind))
    if features is not None and (features.ndim != 2 or len(features) != len(inputs)):
        expected = f"features ({len(inputs)}, d), a row for each image"
        raise ConfigError(error_text("--features", expected, features.shape))
    chosen = inputs.subset(rows)
    own = None if features is None else np.ascontiguousarray(features[list(rows)])
    return Stream(chosen, _labels(chosen, class_names), rate_hz, own)


def _labels(inputs: Inputs, class_names: Sequence[str]) -> NDArray[np.int32] | None:
    """Return labels as a router numbers them; None where some are not known."""
    labels, own = inputs.labels, list(inputs.class_names)
    if (labels < 0).any():
        return None
    if not class_names or not own or own == list(class_names):
        return labels
    numbers = {name: k for k, name in enumerate(class_names)}
    if stray := [name for name in own if name not in numbers]:
        expected = f"classes among the {len(numbers)} that the router knows"
        raise ConfigError(error_text(inputs.name, expected, repr(stray[0])))
    return np.array([numbers[name] for name in own], np.int32)[labels]


def images_in(folder: Path) -> Inputs:
    """Return the image files of a folder, of which no labels are known.

    Raises:
        OSError: an unreadable folder.
        ValueError: there are none.

    """
    return labelled(folder.name, image_files(folder))


def read_features(path: Path) -> NDArray[np.float32]:
    """Return the array ``features`` of an npz.

    Raises:
        ConfigError: it has none.
        OSError: it cannot be read.

    """
    arrays = read_arrays(path)
    if "features" not in arrays:
        raise ConfigError(error_text(str(path), "an array features", ", ".join(arrays)))
    return np.asarray(arrays["features"], np.float32)
