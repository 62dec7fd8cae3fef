"""Our side of every work."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from muxnet.base.compiled import _core
from muxnet.base.machine import set_threads
from muxnet.bench import hops, replaying
from muxnet.bench.works import Work
from muxnet.training.data import dataset

STEPS_PER_EPOCH = 8
BATCHES_LOADED = 64  # at a time: more than are prepared ahead
ENDLESS = 1_000_000


def serve(work: Work, threads: int, turns: Callable[..., None], steps: Callable[..., None]) -> None:
    """Do ``work`` each time it is asked for."""
    set_threads(threads)
    if work.kind == "train":
        steps(lambda after_step: train(work, after_step))
    elif work.kind == "load":
        turns(loading(work), BATCHES_LOADED)
    elif work.kind in ("replay", "decide", "fit"):
        turns(*replaying.routing(work))
    elif work.kind == "hop":
        turns(hops.plain_call(work, work.through) if work.through else hops.call(work))
    else:
        turns(inference(work) if work.kind == "infer" else decision(work))


def precision(work: Work) -> _core.Precision:
    """Return in what ``work`` is computed."""
    name = "full" if work.precision == "fp32" else work.precision
    return _core.Precision.__members__[name]


def models(work: Work) -> list[_core.Model]:
    """Return the networks of ``work`` with fresh weights."""
    channels, height, width = work.image_shape
    options = _core.NetworkOptions(
        channels=channels, height=height, width=width, classes=work.classes
    )
    normalization = _core.Normalization([0.5] * channels, [0.25] * channels)
    return [_core.make_model(name, options, normalization=normalization) for name in work.networks]


def train(work: Work, after_step: Callable[[_core.Progress], bool]) -> None:
    """Train with cross-entropy and SGD until ``after_step`` returns false."""
    data = random_images(work, STEPS_PER_EPOCH * work.batch)
    pool = models(work)
    options = _core.ModelTrainingOptions()
    options.fit = _core.FitOptions()
    options.fit.epochs = ENDLESS
    options.fit.batch_size = work.batch
    options.fit.precision = precision(work)
    schedule = _core.ScheduleOptions()
    schedule.name = "constant"
    schedule.learning_rate = 1e-4
    options.fit.schedule = schedule
    nothing = data.subset([])
    _core.train_models(pool, data, nothing, pool[0].normalization, options, after_step)


def random_images(work: Work, count: int) -> _core.Dataset:
    """Return a data set of noise."""
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (count, *work.image_shape), dtype=np.uint8)
    labels = np.arange(count) % work.classes
    names = [str(i) for i in range(work.classes)]
    return dataset(images, labels.astype(np.int32), name="random", class_names=names)


def loading(work: Work) -> Callable[[], object]:
    """Return a call that loads an epoch of batches, shifted and mirrored at random."""
    data = random_images(work, BATCHES_LOADED * work.batch)
    loader = _core.Loader(
        data,
        _core.measure_normalization(data),
        batch_size=work.batch,
        augmentation=_core.Augmentation(crop_padding=4, horizontal_flip=True),
    )
    epochs = itertools.count()

    def once() -> None:
        loader.start_epoch(next(epochs))
        while loader.next() is not None:
            pass

    return once


def inference(work: Work) -> Callable[[], object]:
    """Return a call that answers one batch."""
    model, images = models(work)[0], normalised(work)
    if work.precision == "int8":
        model.quantize(images)
    predictor = _core.Predictor(model, work.batch, precision(work))
    return lambda: predictor.output(images, "logits")


def decision(work: Work) -> Callable[[], object]:
    """Return a call that takes one image from pixels to the multiplexer's scores."""
    options = _core.MultiplexerOptions()
    options.channels, options.height, options.width = work.image_shape
    options.resolution = 32
    normalization = _core.Normalization([0.5] * 3, [0.25] * 3)
    multiplexer = _core.make_multiplexer(options, normalization=normalization)
    predictor = _core.Predictor(multiplexer, work.batch)
    images = np.random.default_rng(1).integers(
        0, 256, (work.batch, *work.image_shape), dtype=np.uint8
    )
    return lambda: predictor.output(_core.normalize(images, normalization), "scores").argmax(axis=1)


def normalised(work: Work) -> NDArray[np.float32]:
    """Return a batch of images as networks take them."""
    shape = (work.batch, *work.image_shape)
    return np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
