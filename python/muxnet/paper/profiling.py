"""What networks cost on this machine, measured, as a device profile."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from muxnet.base.compiled import _core
from muxnet.base.machine import cpu_name
from muxnet.training.zoo import measure_latency, options_for

# Table II's, by rising MACs.
NETWORKS = (
    "mobilenet_v2",
    "mnasnet1_0",
    "alexnet",
    "resnet50",
    "resnet152",
    "resnext101_32x8d",
)
REPETITIONS = 15
IDLE_SECONDS = 1.0
MEASURED_SECONDS = 0.2  # at least: many times as long as counters stand still


def device_profile(
    networks: Sequence[str] = NETWORKS,
    *,
    threads: int = 0,
    meter: _core.EnergyMeter | None = None,
) -> _core.DeviceProfile:
    """Return what one image costs each network here: latency, and energy where a sensor is found.

    Raises:
        ValueError: an unknown network.

    """
    _core.set_threads(threads)
    meter = meter or _core.EnergyMeter()
    costs = {
        name: measured_cost(_core.make_model(name, options_for(name)), meter) for name in networks
    }
    return _core.DeviceProfile(f"{cpu_name()}, {_core.threads()} threads", costs)


def measured_cost(model: _core.Model, meter: _core.EnergyMeter) -> _core.Cost:
    """Return MACs (counted), latency and mean energy (measured) of one input."""
    latency = measure_latency(model, turns=REPETITIONS)
    return _core.Cost(
        _core.Quantity(model.macs, "counted"),
        _core.Quantity(latency.ms, "measured"),
        _energy(model, meter),
    )


def multiplexer_model() -> _core.Model:
    """Return an untrained multiplexer for six models and ImageNet's images, to be measured."""
    options = _core.MultiplexerOptions()
    options.channels, options.height, options.width = 3, 224, 224
    options.resolution = 56
    options.models = len(NETWORKS)
    return _core.make_multiplexer(options)


def _energy(model: _core.Model, meter: _core.EnergyMeter) -> _core.Quantity:
    predictor = _core.Predictor(model, 1)
    image = np.zeros((1, *model.graph.input_shape), np.float32)
    output = next(iter(model.graph.outputs))

    def work() -> None:
        for _ in range(REPETITIONS):
            predictor.output(image, output)

    return mean_energy(meter, work, REPETITIONS)


def mean_energy(meter: _core.EnergyMeter, work: Callable[[], None], inputs: int) -> _core.Quantity:
    """Return the energy in mJ of one of the inputs that work() answers, without the idle device's.

    Unknown where no sensor can be read or be right: what is measured beside it goes on.
    """
    idle = meter.idle_power_mw(IDLE_SECONDS)
    if idle.value is None:
        return idle
    start = time.perf_counter()
    work()  # what is done once, at first use, is not an answer's cost
    turns = math.ceil(MEASURED_SECONDS / (time.perf_counter() - start))

    def repeated() -> None:
        for _ in range(turns):
            work()

    total = meter.measure_mj(repeated, idle).value
    return _core.Quantity(None if total is None else total / (turns * inputs), "measured")
