"""PyTorch modules that are quantised dynamically: no answer depends on the rest of its batch."""

from types import SimpleNamespace

import muxnet
import numpy as np
import pytest
from muxnet.pool.model_identity import Identity

torch = pytest.importorskip("torch")

INPUTS = np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32)
INPUTS[0] *= 100
FORMS = {
    "tensor": lambda row: row,
    "mapping": lambda row: {"logits": row, "hidden": row[:, :1], "loss": row.sum()},
    "object": lambda row: SimpleNamespace(logits=row),
    "tuple": lambda row: (row, row[:, :, None]),
}


class Layer(torch.nn.Module):
    """Quantises by the greatest value of a batch, as a layer of its name does."""

    def forward(self, values):
        unit = values.abs().max() / 127
        return (values / unit).round() * unit


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "of", ["torch.ao.nn.quantized.dynamic.x", "torch.nn.intrinsic.quantized.dynamic.x", "own"]
)
def test_an_answer_is_that_of_the_input_alone(monkeypatch, form, of):
    monkeypatch.setattr(Layer, "__module__", of)

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.weight = Layer(), torch.nn.Parameter(torch.ones(16))

        def forward(self, values):
            return FORMS[form](self.weight * self.layer(values))

    model = muxnet.from_module("m", Whole(), 1)
    alone = np.concatenate([model.answer(INPUTS[k : k + 1]) for k in range(len(INPUTS))])
    assert np.array_equal(model.answer(INPUTS), alone) == (of != "own")
    assert not Identity(model).unknown


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("made", [lambda q: q, torch.jit.script, "traced", "frozen"])
@pytest.mark.parametrize("kind", ["linear", "lstm"])
def test_modules_that_pytorch_quantises_are_known(made, kind):
    class Recurrent(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(4, 4, batch_first=True)

        def forward(self, values):
            return self.lstm(values.reshape(-1, 4, 4))[0][:, -1]

    torch.manual_seed(0)
    linear = torch.nn.Sequential(torch.nn.Linear(16, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4))
    module = (linear if kind == "linear" else Recurrent()).eval()
    try:
        given = torch.ao.quantization.quantize_dynamic(module, dtype=torch.qint8)
    except RuntimeError as error:  # a build without an engine
        pytest.skip(str(error))
    if made == "traced":
        module, given = (torch.jit.trace(m, torch.zeros(1, 16)) for m in (module, given))
    elif made == "frozen":
        module, given = (torch.jit.freeze(torch.jit.script(m)) for m in (module, given))
    else:
        module, given = made(module), made(given)
    model = muxnet.from_module("m", given, 1)
    alone = np.concatenate([model.answer(INPUTS[k : k + 1]) for k in range(len(INPUTS))])
    np.testing.assert_array_equal(model.answer(INPUTS), alone)
    plain = muxnet.from_module("m", module, 1)
    assert plain.predict.__qualname__.startswith("from_module")
