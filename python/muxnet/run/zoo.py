"""What the networks of the zoo are made for."""

from typing import Any

from muxnet.base.compiled import _core

SMALL_IMAGES = (3, 32, 32)
IMAGENET_IMAGES = (3, 224, 224)


def image_shape(name: str) -> tuple[int, int, int]:
    """Return the shape of the images that a network of the zoo is made for."""
    return SMALL_IMAGES if name.endswith("_small") else IMAGENET_IMAGES


def options_for(name: str) -> Any:
    """Return the options that a network is listed with: small images, or ImageNet's."""
    channels, height, width = image_shape(name)
    classes = 10 if name.endswith("_small") else 1000
    return _core.NetworkOptions(channels=channels, height=height, width=width, classes=classes)
