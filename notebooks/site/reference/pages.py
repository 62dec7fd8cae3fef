"""Writes the pages of the reference: commands, configuration, Python, and a page for each layer."""

import argparse
import dataclasses
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import headers
import muxnet
from muxnet.cli import build_parser
from muxnet.pool.input_files import InputKeys
from muxnet.pool.model_list import KINDS
from texts import markdown, restructured

NOTHING = "\N{NO-BREAK SPACE}"  # a definition that is there and empty
NO_DEFAULT = re.compile(r" \(default: (None|False|\[\]|)\)$")
# What scikit-learn gives an estimator for its own plumbing.
OF_SKLEARN = "set_fit_request, set_score_request, set_predict_request"


# What the public functions return and raise, beside what the core defines.
RETURNED = {
    "training.training": "TrainedModels PretrainedMultiplexer TrainedMultiplexer",
    "pool.router": "Routed RoutedFiles",
    "pool.adapters": "ForeignModel",
    "pool.decision_text": "Plan Record",
    "outcomes.details": "Details",
    "outcomes.study_results": "Study ModelStudy PolicyStudy Choice Diversity",
    "outcomes.compare": "Comparison Line Difference Interval",
    "base.errors": "UserError UsageError ConfigError InputError OutputError MissingPackageError",
}


def write(folder: Path, root: Path) -> None:
    """Write all of them into ``folder/generated``; those that are as they were stay untouched."""
    made = {
        **dict(_commands()),
        "python.rst": _python(),
        "core.rst": _core(),
        "models_json.rst": _models_json(),
        **{f"cpp/{name}.md": text for name, text in headers.pages(root)},
    }
    generated = folder / "generated"
    for path in generated.rglob("*.*") if generated.exists() else ():
        if str(path.relative_to(generated)) not in made:
            path.unlink()
    for name, text in made.items():
        path = generated / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _commands() -> Iterator[tuple[str, str]]:
    """Yield a page for each command, made of its parser."""
    found = next(
        action
        for action in build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    for name, command in found.choices.items():
        yield f"commands/{name}.md", "\n".join(_command(command))


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"# {parser.prog}\n"
    yield f"{markdown(_sentence(parser.description or ''))}\n"
    formatter = parser._get_formatter()
    for group in parser._action_groups:
        if not group._group_actions:
            continue
        yield f"## {markdown(group.title or '').capitalize()}\n"
        for action in group._group_actions:
            if not isinstance(action, argparse._HelpAction):
                term = formatter._format_action_invocation(action)
                text = NO_DEFAULT.sub("", formatter._expand_help(action) if action.help else "")
                yield f"`{term}`\n: {markdown(text) or NOTHING}\n"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _python() -> str:
    """Return the page of the package's public names, and of what they return and raise."""
    parts = [_heading("Python"), "What ``import muxnet`` gives; each has an example that is run.\n"]
    for name in muxnet.__all__:
        parts += [_heading(name, "-"), *_public(name, getattr(muxnet, name))]
    parts.append(_heading("Results and errors", "-"))
    for module, names in RETURNED.items():
        for name in names.split():
            parts.append(
                f".. autoclass:: muxnet.{module}.{name}()\n   :members:\n   :undoc-members:\n"
            )
    return "\n".join(parts)


def _public(name: str, found: object) -> Iterator[str]:
    """Yield what shows a public name; a configuration with its keys."""
    if dataclasses.is_dataclass(found):
        yield f".. autoclass:: muxnet.{name}()\n"
        yield from _fields(found)
    elif inspect.isclass(found):
        options = f"   :members:\n   :exclude-members: {OF_SKLEARN}\n"
        yield f".. autoclass:: muxnet.{name}\n{options}"
    else:
        yield f".. autofunction:: muxnet.{name}\n"


def _heading(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n"


def _models_json() -> str:
    """Return the page of models.json: the keys of each kind of entry, and of an input."""
    text = (
        "A JSON array of entries, or an object that has it as ``models`` and may say their "
        "``cost_kind``. An entry is of the kind whose key it has.\n"
    )
    parts = [_heading("models.json"), text]
    for marker, kind in KINDS.items():
        parts += [_heading(f"Entries with {marker}", "-"), f"{kind.__doc__}\n", *_fields(kind)]
    said = "Each of these keys but ``config`` and ``recorded`` may stand in the entry itself.\n"
    parts += [_heading("input", "-"), said, *_fields(InputKeys)]
    return "\n".join(parts)


def _fields(record: type) -> Iterator[str]:
    """Yield the keys of a record of options with what they are."""
    for field in dataclasses.fields(record):
        names = field.metadata.get("names")
        text = field.metadata.get("help", "")
        if names is not None:
            text = text.replace("%(choices)s", ", ".join(names()))
        said = field.default not in (dataclasses.MISSING, None, "")
        default = f" = {field.default!r}" if said else ""
        yield f"``{field.name}{default}``\n   {restructured(text) or '..'}\n"


def _core() -> str:
    """Return the page of what the core gives to Python: classes that the functions return."""
    title = _heading("The compiled core")
    text = (
        "``muxnet._core``: what the functions take and return, and what they are made of. Its "
        "texts are those of the C++ headers; names here may change between releases.\n"
    )
    public = ", ".join(muxnet.__all__)  # they are on the page of the package
    options = f"   :members:\n   :undoc-members:\n   :exclude-members: {public}\n"
    return f"{title}\n{text}\n.. automodule:: muxnet._core\n{options}"
