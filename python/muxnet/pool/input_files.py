"""The files that models come with, which say how images are prepared: timm's, Hugging Face's."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.base.files import Json, read_json
from muxnet.base.schema import option

Fields: TypeAlias = Mapping[str, Json]

# Pillow's numbers of its filters.
FILTERS: dict[Json, str] = {0: "nearest", 2: "bilinear", 3: "bicubic", 4: "box"}
# Image processors of Hugging Face whose keys mean what is made of them here, and of them those of
# which a size that is one number is the shorter side's. Others (LeViT, PoolFormer, Perceiver) do
# more than their keys say.
PROCESSORS = ("ViT", "DeiT", "Beit", "CLIP", "Siglip", "Bit", "MobileNetV", "MobileViT", "ConvNext")
SHORT_SIDE = ("CLIP", "Bit", "MobileNetV", "MobileViT")
CONVNEXT_WHOLE = 384  # from this size on its images are stretched, not cut


@dataclasses.dataclass(frozen=True)
class InputKeys:
    """How inputs are prepared for a model; what is left out is as the model's file says."""

    size: int | tuple[int, int] | None = option(
        None, "side of a square, or height and width, in pixels", minimum=1, maximum=4096
    )
    fit: str | None = option(
        None,
        "crop: shorter side to resize, the centre cut out; stretch: both sides; letterbox: the "
        "whole image, padded (default: crop)",
        names=lambda: (fit.name for fit in _core.image_fits()),
    )
    resize: int | None = option(
        None,
        "of crop: the shorter side before the cut; 0: the largest central rectangle, resized "
        "(the default); of stretch: both sides before a cut; 0: no cut",
        minimum=0,
        maximum=4096,
    )
    interpolation: str | None = option(
        None,
        "of pixels (default: bilinear)",
        names=lambda: (way.name for way in _core.interpolations()),
    )
    antialias: bool | None = option(None, "whether images made small are smoothed (default: true)")
    upright: bool | None = option(None, "whether images are turned by EXIF data (default: true)")
    padding: int | None = option(
        None, "of letterbox: the value around (default: 0)", minimum=0, maximum=255
    )
    colour: Literal["rgb", "bgr", "grey"] | None = option(
        None, "order of channels (default: as many as the model's file has, else rgb)"
    )
    scale: float | None = option(
        None, "what pixels of 0 to 255 are multiplied by first (default: 1/255)", above=0.0
    )
    mean: tuple[float, ...] | float | None = option(
        None, "then taken off: one number, or one per channel in their order (default: 0)"
    )
    deviation: tuple[float, ...] | float | None = option(
        None, "and divided by: one number, or one per channel (default: 1)", above=0.0
    )
    config: str | None = option(
        None,
        "a file beside the list that says all this: timm's config.json, Hugging Face's "
        "preprocessor_config.json; other keys go before it",
    )
    recorded: tuple[int, ...] | None = option(
        None,
        "shape of the inputs that its answers were recorded on, where no more is known (written "
        "by muxnet fit)",
        minimum=1,
    )


GEOMETRY = ("fit", "resize", "interpolation", "antialias", "upright", "padding")  # with a size


def read_input_file(path: Path, own: InputKeys) -> InputKeys:
    """Return what a configuration file of timm or Hugging Face says of a model's images.

    What an entry's ``own`` keys say need not be there, nor be known here.

    Raises:
        ConfigError: neither, or a preparation that is not known here.
        OSError: it cannot be read.

    """
    fields = without_nulls(read_json(path))
    if not isinstance(fields, Mapping):
        raise ConfigError(error_text(str(path), "an object", type(fields).__name__))
    inner = fields.get("pretrained_cfg", fields)
    if isinstance(inner, Mapping) and "input_size" in inner:
        return _timm(_Reader(path, inner), own)
    if "image_mean" in fields or "do_resize" in fields or "do_normalize" in fields:
        return _hugging_face(_Reader(path, fields), own)
    expected = "pretrained_cfg with input_size (timm), or image_mean and size (Hugging Face)"
    raise ConfigError(error_text(str(path), expected, ", ".join(fields)))


def without_nulls(value: Json) -> Json:
    """Return a value without the keys that are null, which say no more than those not there."""
    if not isinstance(value, Mapping):
        return value
    return {key: without_nulls(held) for key, held in value.items() if held is not None}


@dataclasses.dataclass(frozen=True)
class _Reader:
    """The fields of a file, checked as they are asked for."""

    path: Path
    fields: Fields

    def refused(self, key: str, expected: str) -> ConfigError:
        """Return the error of a value that is not known here."""
        received = self.fields.get(key, "none")
        return ConfigError(error_text(f"{self.path}, {key}", expected, received))

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.fields.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refused(key, "true or false")
        return value

    def number(self, key: str) -> float:
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
            raise self.refused(key, "a number above 0")
        return value

    def numbers(self, key: str) -> tuple[float, ...]:
        values = self.fields.get(key)
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            raise self.refused(key, "a number per channel")
        found = tuple(float(v) for v in values if isinstance(v, (int, float)))
        if len(found) != len(values):
            raise self.refused(key, "a number per channel")
        return found


def pair_of(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """Return height and width of a size."""
    return (size, size) if isinstance(size, int) else size


def _side_of(own: InputKeys) -> int:
    """Return the side of an entry's own square, of which a file's crop_pct is then; 0: none."""
    height, width = pair_of(own.size) or (0, 0)
    return height if height == width else 0


def _timm(file: _Reader, own: InputKeys) -> InputKeys:
    shape = file.numbers("input_size")
    if len(shape) != 3 or not all(v == int(v) and v > 0 for v in shape) or shape[0] not in (1, 3):
        raise file.refused("input_size", "channels (1 or 3), height and width")
    channels, height, width = map(int, shape)
    if side := _side_of(own):
        height = width = side
    fit = own.fit or _timm_fit(file, square=height == width)
    cut = fit == "crop" and height == width  # of another size none is known
    resize = math.floor(height / _kept(file)) if cut else 0
    smoothing = file.fields.get("interpolation", "bicubic")
    return InputKeys(
        size=(height, width),
        fit=fit,
        resize=resize,
        interpolation=own.interpolation or _named(file, smoothing),
        antialias=True,
        colour="grey" if channels == 1 else "rgb",
        mean=file.numbers("mean"),
        deviation=file.numbers("std"),
    )


def _timm_fit(file: _Reader, *, square: bool) -> str:
    mode = file.fields.get("crop_mode") or "center"
    if mode == "center":
        if not square:
            raise file.refused("input_size", "a square, where crop_mode is center")
        return "crop"
    if mode != "squash" or _kept(file) != 1:
        raise file.refused("crop_mode", "center, or squash with a crop_pct of 1")
    return "stretch"


def _kept(file: _Reader) -> float:
    """Return the share of an image's sides that timm cuts out."""
    return file.number("crop_pct") if "crop_pct" in file.fields else 0.875


def _named(file: _Reader, name: Json) -> str:
    for known in FILTERS.values():
        if name == known:
            return known
    raise file.refused("interpolation", "one of " + ", ".join(FILTERS.values()))


# What would change the pixels in a way that is not known here.
_UNKNOWN = (
    "do_pad",
    "do_thumbnail",
    "do_align_long_axis",
    "do_image_splitting",
    "rescale_offset",
    "include_top",
    "do_color_quantize",
)


def _hugging_face(file: _Reader, own: InputKeys) -> InputKeys:
    kind = _processor(file)
    if kind and not kind.startswith(PROCESSORS):
        known = ", ".join(PROCESSORS)
        where = f"{file.path}, image_processor_type"
        raise ConfigError(error_text(where, f"one of {known} (or input's own keys)", kind))
    for key in _UNKNOWN:
        if file.flag(key, default=False):
            raise file.refused(key, "false: what it does is not known here")
    keys = InputKeys(antialias=True, colour="rgb")
    if file.flag("do_flip_channel_order", default=False):
        keys = dataclasses.replace(keys, colour="bgr")
    if not file.flag("do_rescale", default=True):
        keys = dataclasses.replace(keys, scale=1.0)
    elif "rescale_factor" in file.fields:
        keys = dataclasses.replace(keys, scale=file.number("rescale_factor"))
    if file.flag("do_normalize", default="image_mean" in file.fields):
        mean, deviation = file.numbers("image_mean"), file.numbers("image_std")
        keys = dataclasses.replace(keys, mean=mean, deviation=deviation)
    if own.interpolation is None:
        resample = file.fields.get("resample")
        if isinstance(resample, bool) or resample not in FILTERS:
            expected = "Pillow's number of a filter: 0, 2, 3 or 4 (or input.interpolation)"
            raise file.refused("resample", expected)
        keys = dataclasses.replace(keys, interpolation=FILTERS[resample])
    if own.size is not None and own.fit is not None:
        return keys
    if not file.flag("do_resize", default=True):
        raise file.refused("do_resize", "true: the size is not known otherwise")
    return _convnext(file, keys, own) if kind.startswith("ConvNext") else _resized(file, keys)


def _resized(file: _Reader, keys: InputKeys) -> InputKeys:
    """Return the keys with size, fit and resize of a file of Hugging Face."""
    kind = _processor(file)
    cut = None
    if file.flag("do_center_crop", default="crop_size" in file.fields):
        cut = _rectangle(file, "crop_size")
    size = file.fields.get("size")
    if isinstance(size, Mapping) and "shortest_edge" in size:
        short = _whole(file, "size", size["shortest_edge"])
    elif isinstance(size, int) and kind.startswith(SHORT_SIDE):
        short = _whole(file, "size", size)
    elif isinstance(size, int) and not kind:
        raise file.refused("size", "height and width, or shortest_edge, or image_processor_type")
    else:
        whole = _rectangle(file, "size")
        if cut in (None, whole):
            return dataclasses.replace(keys, size=whole, fit="stretch")
        if whole[0] != whole[1] or whole[0] < max(cut):
            expected = f"a square of at least {max(cut)}, where a centre is cut out"
            raise file.refused("size", expected)
        return dataclasses.replace(keys, size=cut, fit="stretch", resize=whole[0])
    if cut is None:
        raise file.refused("crop_size", "a size, as the longer side is left open otherwise")
    if short < max(cut):
        raise file.refused("crop_size", f"at most the shorter side of {short}")
    return dataclasses.replace(keys, size=cut, fit="crop", resize=short)


def _convnext(file: _Reader, keys: InputKeys, own: InputKeys) -> InputKeys:
    size = file.fields.get("size")
    side = size.get("shortest_edge") if isinstance(size, Mapping) else size
    side = _side_of(own) or _whole(file, "size", side)
    if side >= CONVNEXT_WHOLE:
        return dataclasses.replace(keys, size=side, fit="stretch")
    short = int(side / file.number("crop_pct"))
    return dataclasses.replace(keys, size=side, fit="crop", resize=short)


def _processor(file: _Reader) -> str:
    """Return the name of the class that a file is of; empty where it says none."""
    for key in ("image_processor_type", "feature_extractor_type"):
        name = file.fields.get(key)
        if isinstance(name, str):
            return name
    return ""


def _rectangle(file: _Reader, key: str) -> tuple[int, int]:
    value = file.fields.get(key)
    if isinstance(value, Mapping):
        if not {"height", "width"} <= set(value):
            raise file.refused(key, "height and width")
        return _whole(file, key, value["height"]), _whole(file, key, value["width"])
    side = _whole(file, key, value)
    return side, side


def _whole(file: _Reader, key: str, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65536:
        raise file.refused(key, "pixels")
    return value
