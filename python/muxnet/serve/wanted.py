"""What a request has to bring for the router, or for one of its models."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from muxnet.base.compiled import _core

INPUT_NAME = "images"
VECTORS_NAME = "features"


@dataclasses.dataclass(frozen=True)
class Vectors:
    """Vectors of so many numbers."""

    length: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one."""
        return (self.length,)


Format: TypeAlias = "_core.ImageFormat | Vectors"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a request has to bring.

    ``formats`` are those that its inputs are made to, None for those that nobody looks at;
    ``pixels`` the shapes that models want images of: tensors of pixels are taken where it is one,
    and what only the multiplexer looks at is made of them.
    """

    formats: tuple[Format | None, ...]
    pixels: tuple[tuple[int, int, int], ...]

    @property
    def images(self) -> list[_core.ImageFormat | None]:
        """Those of images, None for others."""
        return [None if isinstance(one, Vectors) else one for one in self.formats]

    @property
    def vectors(self) -> list[Vectors]:
        """Those of vectors, of which there are none or one."""
        return [one for one in self.formats if isinstance(one, Vectors)]

    @property
    def names(self) -> list[str]:
        """The tensors that hold all that."""
        images = [INPUT_NAME] if any(one is not None for one in self.images) else []
        return images + [VECTORS_NAME] * len(self.vectors)
