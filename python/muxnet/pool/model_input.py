"""What a model is shown: how an image becomes its input, from the entry and the files beside it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.pool.input_files import GEOMETRY, InputKeys, pair_of, read_input_file

PIXEL = 1 / 255  # what a pixel of 8 bits is multiplied by, unless an entry says otherwise
CHANNELS = {"grey": 1, "rgb": 3, "bgr": 3}
WHITE = 255  # of pixels of 8 bits
# Times what white is scaled to: a deviation beyond leaves all pixels within a tenth of each other,
# as one of pixels of 0 to 255 does where they are scaled to 0 to 1.
MOST_DEVIATION = 10

# Of one input, as its data has it: (channels, height, width) of images, (values,) of vectors.
Shape: TypeAlias = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class ModelInput:
    """What a model is shown.

    ``images`` is the size of its images and how they get there; None: inputs as they come, of the
    shape ``recorded`` where its answers were recorded on such. Pixels are then turned to
    ``colour`` and scaled, (x * scale - mean) / deviation, a value for all channels or one for each.
    """

    images: _core.ImageFormat | None = None
    colour: Literal["rgb", "bgr", "grey"] = "rgb"
    scale: float = PIXEL
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    recorded: Shape | None = None

    def normalization(self, channels: int, name: str = "input") -> _core.Normalization:
        """Return mean and deviation of each channel of images in RGB or grey, with 255 as 1.

        Raises:
            ConfigError: values for another number of channels than the images of ``name`` have, or
                of pixels in another scale.

        """
        self.require_scaled(f"{name}, ")
        unit, step = np.float32(255 * self.scale), -1 if self.colour == "bgr" else 1
        values = []
        for key, numbers in (("mean", self.mean), ("deviation", self.deviation)):
            if len(numbers) not in (1, channels):
                expected = f"1 or {channels} numbers, one per channel"
                raise ConfigError(error_text(f"{name}, {key}", expected, len(numbers)))
            found = np.broadcast_to(np.asarray(numbers, np.float32), channels) / unit
            values.append([float(value) for value in found[::step]])
        return _core.Normalization(*values)

    def require_scaled(self, where: str) -> None:
        """Refuse a mean or deviation of pixels in another scale than ``scale`` puts them in.

        Raises:
            ConfigError: a mean that no pixels have, a deviation that leaves next to nothing.

        """
        white = WHITE * self.scale
        for name, values, most in (
            ("mean", self.mean, white),
            ("deviation", self.deviation, MOST_DEVIATION * white),
        ):
            if (worst := max(values, default=0.0)) > most * (1 + 1e-6):
                expected = (
                    f"at most {most:g} where pixels of 0 to {WHITE} times scale are of 0 to "
                    f'{white:g} ("scale": 1 leaves them as they are)'
                )
                raise ConfigError(error_text(f"{where}{name}", expected, worst))

    def prepared(self, images: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Return images u8 or f32 (n, c, h, w) of its size as the model's numbers.

        Raises:
            ValueError: another number of channels than the means', pixels in another scale, NaN
                among them.

        """
        scaled = _core.normalize(images, self.normalization(images.shape[1]))
        return np.ascontiguousarray(scaled[:, ::-1]) if self.colour == "bgr" else scaled

    def keys(self) -> InputKeys:
        """Return the keys of an entry that say the same, all of them."""
        images = self.images
        numbers = InputKeys(
            colour=self.colour, scale=self.scale, mean=self.mean, deviation=self.deviation
        )
        if images is None:
            return dataclasses.replace(numbers, recorded=self.recorded)
        geometry = {name: getattr(images, name) for name in GEOMETRY}
        return dataclasses.replace(numbers, size=(images.height, images.width), **geometry)

    def recorded_on(self, shape: Shape | None) -> InputKeys:
        """Return the same keys, with the shape of what was shown where images have no format."""
        if self.images is not None or shape is None:
            return self.keys()
        return dataclasses.replace(self, recorded=shape).keys()

    def text(self) -> str:
        """Return in words how images get to its size."""
        images = self.images
        if images is None:
            return "inputs as they come"
        ways = {
            "stretch": f"stretched to {images.resize}, the centre cut out"
            if images.resize
            else "stretched",
            "letterbox": "whole, padded",
            "crop": f"shorter side to {images.resize}, the centre cut out"
            if images.resize
            else "the largest central rectangle, resized",
        }
        colour = {"grey": "grey", "bgr": "BGR", "rgb": "RGB"}[self.colour]
        size = f"{images.height} x {images.width}"
        return f"images of {size}, {colour}: {ways[images.fit]}, {images.interpolation}"


def resolve(where: str, keys: InputKeys | None, folder: Path, fixed: Shape | None) -> ModelInput:
    """Return what a model is shown by an entry's keys, the file they name and the model's own file.

    ``fixed`` is the shape that the model's file fixes, (channels, height, width) with 0 for what it
    leaves open; None: it says nothing.

    Raises:
        ConfigError: they contradict each other, or leave open what has to be known.
        OSError: a file that they name cannot be read.

    """
    keys = keys or InputKeys()
    if keys.config is not None:
        keys = _over(read_input_file(folder / keys.config, keys), keys)
    keys = _with_fixed(where, keys, fixed)
    colour = keys.colour or "rgb"
    images = _format(where, keys, CHANNELS[colour])
    numbers = {
        name: getattr(keys, name)
        for name in ("scale", "mean", "deviation", "recorded")
        if getattr(keys, name) is not None
    }
    numbers |= {
        name: (value,)
        for name, value in numbers.items()
        if name in ("mean", "deviation") and isinstance(value, float)
    }
    made = ModelInput(images, colour, **numbers)
    for name in ("mean", "deviation"):
        count = len(getattr(made, name))
        if count not in (1, CHANNELS[colour]) and images is not None:
            expected = f"1 or {CHANNELS[colour]} numbers, one per channel"
            raise ConfigError(error_text(f"{where}, input.{name}", expected, count))
    if images is not None:
        made.require_scaled(f"{where}, input.")
    return made


def _over(file: InputKeys, keys: InputKeys) -> InputKeys:
    """Return what a file says, but where the entry says otherwise."""
    own = {f.name: getattr(keys, f.name) for f in dataclasses.fields(keys)}
    other = keys.size is not None and pair_of(keys.size) != pair_of(file.size)
    other |= keys.fit is not None and keys.fit != file.fit
    if other and keys.resize is None:
        file = dataclasses.replace(file, resize=None)  # it belongs to the file's size and fit
    return dataclasses.replace(file, **{k: v for k, v in own.items() if v is not None})


def _with_fixed(where: str, keys: InputKeys, fixed: Shape | None) -> InputKeys:
    """Return the keys with what the model's file fixes, where that is no contradiction."""
    if fixed is None:
        return keys
    channels, height, width = fixed
    if channels not in (0, 1, 3):
        raise ConfigError(error_text(where, "a network of 1 or 3 channels", f"{channels} channels"))
    if channels and keys.colour is not None and CHANNELS[keys.colour] != channels:
        expected = f"colours of {channels} channels, as the file has"
        raise ConfigError(error_text(f"{where}, input.colour", expected, keys.colour))
    if channels and keys.colour is None:
        keys = dataclasses.replace(keys, colour="grey" if channels == 1 else "rgb")
    if not height or not width:
        return keys
    wanted = (height, width)
    size = pair_of(keys.size)
    shown = keys.recorded[1:] if keys.recorded and len(keys.recorded) == 3 else None
    for given, key in ((size, "size"), (shown, "recorded")):
        if given is not None and given != wanted:
            expected = f"{height} x {width}, as the file has"
            received = " x ".join(map(str, given))
            raise ConfigError(error_text(f"{where}, input.{key}", expected, received))
    return dataclasses.replace(keys, size=wanted, recorded=None)


def _format(where: str, keys: InputKeys, channels: int) -> _core.ImageFormat | None:
    size = pair_of(keys.size)
    if size is None:
        for name in GEOMETRY:
            if getattr(keys, name) is not None:
                raise ConfigError(error_text(f"{where}, input", f"a size beside {name}", "none"))
        return None
    if keys.recorded is not None:
        raise ConfigError(error_text(f"{where}, input", "size or recorded", "both"))
    options = {name: getattr(keys, name) for name in GEOMETRY if getattr(keys, name) is not None}
    height, width = size
    try:
        return _core.ImageFormat(channels=channels, height=height, width=width, **options)
    except ValueError as error:
        raise ConfigError(f"[{where}, input] {error}") from error
