"""Command-line options that several commands share, and the types of those that are numbers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from muxnet.base.compiled import _core
from muxnet.base.errors import UsageError, error_text
from muxnet.base.schema_arguments import Names

MOST = 2**63 - 1  # that the compiled core takes


def integer(least: int = 0, most: int = MOST) -> Callable[[str], int]:
    """Return the type of an option that is an integer from ``least`` to ``most``."""

    def read(text: str) -> int:
        expected = f"at least {least}" if most == MOST else f"from {least} to {most}"
        refused = argparse.ArgumentTypeError(f"expected an integer {expected}, received {text!r}")
        try:
            value = int(text)
        except ValueError:
            raise refused from None
        if not least <= value <= most:
            raise refused
        return value

    return read


def number(
    least: float | None = None,
    most: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> Callable[[str], float]:
    """Return the type of an option that is a finite number within these bounds."""
    bounds = (("at least", least), ("above", above), ("at most", most), ("below", below))
    parts = [f"{word} {bound}" for word, bound in bounds if bound is not None]
    expected = f"a number {', '.join(parts)}" if parts else "a finite number"

    def read(text: str) -> float:
        refused = argparse.ArgumentTypeError(f"expected {expected}, received {text!r}")
        try:
            value = float(text)
        except ValueError:
            raise refused from None
        low = -sys.float_info.max if least is None else least
        high = sys.float_info.max if most is None else most
        if not low <= value <= high:  # NaN too
            raise refused
        if (above is not None and value <= above) or (below is not None and value >= below):
            raise refused
        return value

    return read


def add_threads(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add how many threads serve a purpose."""
    told = f"threads {purpose} (0: all)"
    parser.add_argument("--threads", type=integer(), default=0, help=told)


def add_image_options(parser: argparse._ActionsContainer) -> None:
    """Add what images are shown to models that do not say so themselves."""
    parser.add_argument("--size", type=integer(1), metavar="N", help="side of images")
    parser.add_argument("--channels", type=int, choices=(1, 3), help="1: grey (default: 3)")
    parser.add_argument(
        "--resize",
        type=integer(1),
        metavar="N",
        help="shorter side before the square is cut out (default: the largest square, resized)",
    )


def given_image_format(arguments: argparse.Namespace) -> _core.ImageFormat | None:
    """Return what the options of ``add_image_options`` say; None where nothing was said.

    Raises:
        UsageError: it does not go together.

    """
    side, channels, resize = arguments.size, arguments.channels, arguments.resize
    if side is None:
        if channels is not None or resize is not None:
            raise UsageError(error_text("--channels, --resize", "--size beside them", "none"))
        return None
    if resize is not None and resize < side:
        raise UsageError(error_text("--resize", f"at least {side}", resize))
    return _core.ImageFormat(channels=channels or 3, height=side, width=side, resize=resize or 0)


def add_payload(parser: argparse.ArgumentParser, default: str) -> None:
    """Add as what images are sent."""
    names = Names(lambda: (payload.name for payload in _core.image_payloads()))
    told = "of images: %(choices)s"
    parser.add_argument("--payload", choices=names, metavar="NAME", default=default, help=told)
