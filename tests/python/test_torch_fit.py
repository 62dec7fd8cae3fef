"""A multiplexer fitted by PyTorch is the core's, where the order of inputs does not matter."""

import dataclasses

import muxnet
import numpy as np
import pytest
from muxnet import _core

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from muxnet.base.errors import ConfigError  # noqa: E402
from muxnet.torch.fit import fit_multiplexer  # noqa: E402

INPUTS = 40
OWN = muxnet.MultiplexerConfig(epochs=4, variants=1, meta_dim=8, resolution=16)
CONFIG = muxnet.RunConfig(batch_size=INPUTS, multiplexer=OWN, seed=3)


@pytest.fixture(scope="module")
def frozen():
    data = muxnet.load_data("digits", held_out_fraction=0.25)
    models = muxnet.zoo(["alexnet_small", "mobilenet_v2_small"], data.train)
    some = [data.held_out.subset(range(i, i + INPUTS)) for i in (0, INPUTS)]
    return [muxnet.frozen_outputs(models, part, CONFIG) for part in some]


@pytest.mark.parametrize(
    ("others", "how"),
    [
        ({}, {}),
        ({"objective": "ensemble"}, {}),
        ({"objective": "ensemble", "formulation": "paper"}, {}),
        ({}, {"offload": True}),
    ],
)
def test_it_ends_at_the_weights_of_the_core(frozen, others, how):
    config = dataclasses.replace(CONFIG, multiplexer=dataclasses.replace(OWN, **others))
    ours = muxnet.fit_multiplexer(*frozen, config, **how).multiplexer
    fitted = fit_multiplexer(*frozen, config, device="cpu", **how)
    theirs = fitted.multiplexer
    assert fitted.seconds > 0
    assert (theirs.objective, theirs.costs) == (ours.objective, ours.costs)
    for name, values in ours.model.state().items():
        found = theirs.model.state()[name]
        np.testing.assert_allclose(found, values, rtol=0, atol=1e-3, err_msg=name)


def test_it_starts_from_what_pretraining_has_learnt(frozen):
    data = muxnet.load_data("digits", held_out_fraction=0.25)
    own = dataclasses.replace(OWN, pretraining_epochs=1, epochs=1, learning_rate=1e-9)
    config = dataclasses.replace(CONFIG, multiplexer=own)
    pretrained = muxnet.pretrain_multiplexer(frozen[0], data.held_out, config)
    fitted = fit_multiplexer(frozen[0], config=config, pretrained=pretrained, device="cpu")
    start, found = (
        m.state()["conv1.weight"] for m in (pretrained.network, fitted.multiplexer.model)
    )
    np.testing.assert_allclose(found, start, rtol=0, atol=1e-6)


def test_it_learns_in_batches_of_several_variants(frozen):
    own = dataclasses.replace(OWN, variants=3, epochs=30, learning_rate=0.01)
    config = dataclasses.replace(CONFIG, batch_size=8, multiplexer=own)
    data = muxnet.load_data("digits", held_out_fraction=0.25).held_out.subset(range(INPUTS))
    answers = np.full((INPUTS, 2, 10), 0.01, np.float32)
    second = (data.labels > 4).astype(int)  # which model is right
    answers[np.arange(INPUTS), second, data.labels] = 0.91
    answers[np.arange(INPUTS), 1 - second, (data.labels + 1) % 10] = 0.91
    table = _core.OutcomeTable(["a", "b"], answers, {"macs": [1, 2]}, labels=data.labels)
    outputs = muxnet.frozen_outputs(table, data, config)
    fitted = fit_multiplexer(outputs, config=config, device="cpu").multiplexer
    images = _core.normalize(data.images, outputs.normalization)
    scores = _core.Predictor(fitted.model).output(images, "scores")
    assert (scores.argmax(1) == second).mean() > 0.8


def test_fewer_inputs_than_a_batch_are_refused(frozen):
    with pytest.raises(ConfigError, match=r"batch_size\] expected 1 to 40.*received 41"):
        fit_multiplexer(frozen[0], config=dataclasses.replace(CONFIG, batch_size=INPUTS + 1))


def test_distillation_is_refused(frozen):
    own = dataclasses.replace(OWN, distillation_weight=1)
    with pytest.raises(ConfigError, match=r"distillation_weight\] expected 0 in PyTorch"):
        fit_multiplexer(frozen[0], config=dataclasses.replace(CONFIG, multiplexer=own))
