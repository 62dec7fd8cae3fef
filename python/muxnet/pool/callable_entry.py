"""Entries that are Python functions."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from pathlib import Path
from typing import ClassVar, Literal

from muxnet.base.machine import INSTALLED
from muxnet.base.schema import needed, option
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.calls import Calls, Function
from muxnet.pool.class_names import read_classes
from muxnet.pool.entries import LONGEST_S, ModelEntry, Place
from muxnet.pool.label_answers import LABELS
from muxnet.pool.model_input import resolve


@dataclasses.dataclass(frozen=True, kw_only=True)
class CallableEntry(ModelEntry):
    """A Python function, sync or async."""

    marker: ClassVar[str] = "callable"

    callable: str = needed(str, "package.module:function, found beside the list too")
    takes: Literal["batch", "one"] = option(
        "batch", "what it is called with: a batch of inputs, or one, whose answer is then one row"
    )
    at_once: int = option(
        8, "inputs that an async function of one works on at the same time", minimum=1
    )
    timeout_s: float = option(
        0.0,
        "the longest that a call may take; 0: as long as it likes",
        minimum=0.0,
        maximum=LONGEST_S,
    )

    def models(self, place: Place) -> list[ForeignModel]:
        """Return the one model."""
        calls = Calls(
            _function(place, self.callable) if place.opens(self.name) else _elsewhere,
            one=self.takes == "one",
            at_once=self.at_once,
            timeout_s=self.timeout_s,
        )
        shown = resolve(place.where, self.input, place.folder, None)
        classes = read_classes(place, self.classes, self.input)
        if self.output == LABELS and not classes:
            expected = "the names of its classes, by which a label becomes a row"
            raise place.refused("classes", expected, "none")
        return [ForeignModel(self.name, self.cost, calls, self.output, shown, classes)]


def _elsewhere(_: object) -> object:
    """Stand for a function whose module may be absent, or too large, in this process."""
    raise RuntimeError("[callable] expected a call where the model runs, received one here")


def _function(place: Place, target: str) -> Function:
    module, _, name = target.partition(":")
    _forget_namesake(module.partition(".")[0], place.folder)
    # A module beside the list is found, as one beside a script is.
    sys.path.insert(0, str(place.folder))
    try:
        found = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:  # of anybody's code
        expected = "package.module:function that can be imported"
        raise place.refused("callable", expected, error) from error
    finally:
        sys.path.pop(0)
    if not callable(found):
        raise place.refused("callable", "a function", type(found).__name__)
    function: Function = found
    return function


def _forget_namesake(module: str, folder: Path) -> None:
    """Have a module beside this list imported, not that of its name beside another list."""
    here = [folder / f"{module}.py", folder / module / "__init__.py"]
    loaded = Path(getattr(sys.modules.get(module), "__file__", None) or "").resolve()
    if str(loaded).startswith(INSTALLED) or not any(path.is_file() for path in here):
        return
    if loaded not in [path.resolve() for path in here]:
        for name in [n for n in sys.modules if n.partition(".")[0] == module]:
            del sys.modules[name]
        importlib.invalidate_caches()
