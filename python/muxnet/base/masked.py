"""NumPy's masked arrays, which lose their masks without a word where they become plain arrays."""

import numpy as np

from muxnet.base.errors import ConfigError, error_text


def require_unmasked(where: str, values: object) -> None:
    """Refuse masked values, of a masked array or of some in lists: what stands there is nothing.

    Raises:
        ConfigError: there are some.

    """
    if count := _masked(values):
        raise ConfigError(error_text(where, "a value everywhere", f"{count:,} masked"))


def _masked(values: object) -> int:
    if isinstance(values, (list, tuple)):
        nested = (one for one in values if isinstance(one, (list, tuple, np.ma.MaskedArray)))
        return sum(map(_masked, nested))
    return int(np.sum(np.ma.getmaskarray(values))) if isinstance(values, np.ma.MaskedArray) else 0
