"""PyTorch's weights by name, from a module or from its state dict."""

import numpy as np
import pytest
from muxnet import _core, from_torch

OPTIONS = {"channels": 3, "height": 32, "width": 32}


class Tensor:
    """What of torch.Tensor from_torch uses."""

    def __init__(self, values) -> None:
        self.values = values

    def detach(self) -> "Tensor":
        return self

    cpu = float = detach

    def numpy(self) -> np.ndarray:
        return self.values


def state_of(name: str, classes: int = 7) -> dict[str, np.ndarray]:
    options = _core.NetworkOptions(classes=classes, **OPTIONS)
    return _core.make_model(name, options, seed=5).state()


def test_the_network_is_found_by_its_tensors() -> None:
    state = state_of("resnet50_small")
    tensors = {name: Tensor(values) for name, values in state.items()}
    tensors["bn1.num_batches_tracked"] = Tensor(np.array(3))
    model = from_torch(tensors, input_shape=(3, 32, 32))
    assert model.name == "resnet50_small"
    for name, values in model.state().items():
        np.testing.assert_array_equal(values, state[name])


def test_a_module_is_as_good_as_its_state_dict() -> None:
    class Module:
        def state_dict(self) -> dict[str, np.ndarray]:
            return state_of("alexnet_small")

    assert from_torch(Module(), input_shape=(3, 32, 32)).name == "alexnet_small"


def test_what_does_not_fit_is_listed() -> None:
    state = dict(state_of("mobilenet_v2_small"))
    first = next(iter(state))
    state["extra.weight"] = state.pop(first)
    with pytest.raises(ValueError, match=r"from_torch.*one of alexnet"):
        from_torch(state, input_shape=(3, 32, 32))
    with pytest.raises(ValueError, match=r"(?s)missing.*extra") as caught:
        from_torch(state, network="mobilenet_v2_small", input_shape=(3, 32, 32))
    assert first in str(caught.value)
    assert "extra.weight" in str(caught.value)
    with pytest.raises(ValueError, match="alexnet_small"):
        from_torch(state, network="unknown")
    with pytest.raises(ValueError, match="linear"):
        from_torch({})
