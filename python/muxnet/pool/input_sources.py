"""Where labelled inputs come from: a folder of images, a list, arrays, texts, a known data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from muxnet.base.array_files import read_arrays
from muxnet.base.class_values import class_text
from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, UserError, error_text
from muxnet.base.run_folder import RunFolder
from muxnet.pool.inputs import ArrayInputs, FileInputs, Inputs, Places, ValueInputs
from muxnet.pool.labelled import inputs_of, labelled
from muxnet.pool.listed import Parts, Say, open_list, open_texts, say_unlabelled
from muxnet.pool.pixels import Numbers
from muxnet.training.config import RUN, load_config
from muxnet.training.data import data_of
from muxnet.training.digits import load_digits

PARTS = ("train", "held_out", "test")
ALL = "all"
SPLITS = (*PARTS, ALL)
ARRAYS = ("images", "features")


def open_inputs(
    spec: str,
    *,
    split: str = "",
    skip_unreadable: bool = False,
    say: Say = print,
    known: Sequence[str] = (),
) -> Inputs:
    """Return labelled inputs.

    - ``images:DIR``: an image folder by class, with or without parts;
    - ``list:FILE``: CSV, JSON lines or Parquet with a column path (or file, filename, image), whose
      values are relative to the list, and maybe label (or class); or Parquet that holds the images
      in a column image (or img, bytes, image_bytes), as Hugging Face's data sets do, whose names of
      classes are read;
    - ``list:DIR``: such Parquet files by part, ``train-00000-of-00002.parquet`` and so on;
    - ``text:FILE``, ``text:DIR``: the same with a column text (or sentence, prompt);
    - ``FILE.npz``: ``images`` or ``features``, and maybe ``labels``;
    - ``run:OUT``: what a finished run's networks were not trained on, its held-out and test inputs;
    - ``digits``, or ``KIND:PATH`` of another kind of data set.

    ``split`` is one of ``SPLITS``; data that has parts of its own is divided only where it lacks
    that part. By default the test part of data that has one, else all. What is left out is said.
    ``known`` are classes of models, or of a table, as of ``labels_of``.

    Raises:
        ConfigError: another kind of data, columns or arrays that do not fit.
        ValueError: a class with too few inputs to be divided.
        OSError: files that cannot be read.

    """
    parts = open_parts(spec, skip_unreadable=skip_unreadable, say=say, known=known)
    return _chosen(spec, parts, split, say)


def open_parts(
    spec: str, *, skip_unreadable: bool = False, say: Say = print, known: Sequence[str] = ()
) -> Parts:
    """Return labelled inputs in the parts that they come in; "" alone where they are not divided.

    Raises:
        ConfigError, OSError: as ``open_inputs``.

    """
    kind, _, path = spec.partition(":")
    kinds = [entry.name for entry in _core.data_kinds()]
    if spec.endswith(".npz") and kind not in SOURCES:
        parts = _arrays(Path(spec), say, known)
    elif path and kind in SOURCES:
        parts = SOURCES[kind](Path(path), say, known)
    elif spec == "digits":
        parts = {"": inputs_of(_core.make_dataset("digits", *load_digits()))}
    elif path and kind in kinds:
        parts = _known(spec)
    else:
        paths = [f"{name}:PATH" for name in dict.fromkeys((*SOURCES, *kinds))]
        expected = f"digits, FILE.npz, {', '.join(paths)}"
        raise ConfigError(error_text("data", expected, spec))
    if skip_unreadable:
        parts = {part: _readable(inputs, say) for part, inputs in parts.items()}
    return parts


def _images(path: Path, say: Say, known: Sequence[str]) -> Parts:
    found = _core.list_image_folder(path)
    for told in found.left_out:
        say(f"left out: {told}")
    if odd := [name for name in found.class_names if not _is_text(name)]:
        raise ConfigError(error_text(str(path), "names of classes in UTF-8", ascii(odd[0])))
    if (order := found.class_names) != (texts := sorted(order)):
        say(
            f"{path.name}: its classes are numbers, in this order: {_first(order)}; a network that "
            f"has them as texts ({_first(texts)}), as torchvision and Keras sort folders, says so "
            "in its entry (classes)"
        )
    listed = {"train": found.train, "held_out": found.held_out, "test": found.test}
    name, classes = path.resolve().name, found.class_names
    parts = {
        part: FileInputs(
            name, np.asarray(files.labels, np.int32), classes, _places(files.files), files.files
        )
        for part, files in listed.items()
        if files.files
    }
    return {"": parts["train"]} if list(parts) == ["train"] else parts


def _is_text(name: str) -> bool:
    """Tell whether the name of a file is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _first(names: Sequence[str]) -> str:
    return f"{', '.join(names[:4])}, ..."


def _arrays(path: Path, say: Say, known: Sequence[str]) -> Parts:
    arrays = read_arrays(path)
    found = [name for name in ARRAYS if name in arrays]
    if len(found) != 1:
        expected = "an array images, or one of features"
        raise ConfigError(error_text(str(path), expected, ", ".join(arrays)))
    names = arrays.get("class_names")
    inputs = labelled(
        path.stem,
        arrays[found[0]],
        arrays.get("labels"),
        class_names=() if names is None else [class_text(name) for name in names],
        known=known,
    )
    say_unlabelled(str(path), inputs.labels, "an array labels", arrays, say)
    return {"": inputs}


def _known(spec: str) -> Parts:
    """Return a data set of the core's kinds."""
    parts = dict(zip(PARTS, _core.open_dataset(spec), strict=True))
    found = {part: inputs_of(data) for part, data in parts.items() if len(data)}
    return {"": found["train"]} if list(found) == ["train"] else found


def _run(path: Path, say: Say, known: Sequence[str]) -> Parts:
    """Return what a run's networks have not learnt from."""
    folder = RunFolder(path)
    if not folder.has_networks:
        expected = "the folder of a finished run of networks of the zoo"
        raise UserError(error_text(str(path), expected, "none"))
    splits = data_of(load_config(folder.config))
    return {"held_out": inputs_of(splits.held_out), "test": inputs_of(splits.test)}


SOURCES: dict[str, Callable[[Path, Say, Sequence[str]], Parts]] = {
    "images": _images,
    "list": open_list,
    "text": open_texts,
    RUN: _run,
}


def _chosen(spec: str, parts: Parts, split: str, say: Say) -> Inputs:
    """Return the part that is asked for, dividing what has to be divided."""
    total = sum(len(inputs) for inputs in parts.values())
    if not split:
        part = next((part for part in ("test", "", "held_out", "train") if part in parts), "")
        chosen = parts[part].subset(slice(None), part)
    elif split == ALL:
        chosen = joined(list(parts.values()))
    else:
        chosen = _divided(parts, split)
    if len(chosen) < total:
        where = f"the {chosen.part} part of {spec}" if chosen.part else spec
        say(f"{where}: {len(chosen):,} of {total:,} inputs (--split)")
    return chosen


def _divided(parts: Parts, split: str) -> Inputs:
    """Return a part, as ``muxnet run`` divides data."""
    options = _core.SplitOptions()
    if split in parts and (split != "train" or "held_out" in parts):
        return parts[split].subset(slice(None), split)
    rest = parts.get("", parts.get("train"))
    if rest is None:
        raise UserError(error_text("--split", f"one of {', '.join(parts)}, {ALL}", split))
    if (rest.labels < 0).any():
        expected = f"{ALL}, as not all inputs have labels by which to divide them"
        raise UserError(error_text("--split", expected, split))
    tested = 0.0 if "test" in parts else options.test_fraction
    held_out = (1 - tested) * options.held_out_fraction
    fractions = [1 - tested - held_out, held_out, tested]
    rows = _core.split_stratified(rest.labels.tolist(), fractions, options.seed)
    return rest.subset(rows[PARTS.index(split)], split)


def joined(parts: Sequence[Inputs]) -> Inputs:
    """Return the inputs of several parts, one after the other."""
    first = parts[0]
    if len(parts) == 1:
        return first.subset(slice(None), "")
    name, classes = first.name, first.class_names
    labels = np.concatenate([part.labels for part in parts])
    places = _places(labels)
    if isinstance(first, FileInputs):
        files = [file for part in parts if isinstance(part, FileInputs) for file in part.files]
        told = [error for part in parts for error in part.unreadable]
        return FileInputs(name, labels, classes, places, files, unreadable=told)
    if isinstance(first, ValueInputs):
        texts = [value for part in parts if isinstance(part, ValueInputs) for value in part.values]
        return ValueInputs(name, labels, classes, places, texts)
    values = [part.values for part in parts if isinstance(part, ArrayInputs)]
    joined = cast("Numbers", np.concatenate(values))
    return ArrayInputs(name, labels, classes, places, joined)


def _readable(inputs: Inputs, say: Say) -> Inputs:
    if not isinstance(inputs, FileInputs):
        return inputs
    found = inputs.readable()
    if found.unreadable:
        say(f"{len(found.unreadable):,} of {len(inputs):,} images cannot be read, and are left out")
        for error in found.unreadable:
            say(error)
    return found


def _places(inputs: Sequence[object] | Places) -> Places:
    return np.arange(len(inputs), dtype=np.int64)
