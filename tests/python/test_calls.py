"""Anybody's functions behind one call."""

import asyncio
import threading
import time

import numpy as np
import pytest
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.calls import Calls, as_answers

INPUTS = np.arange(6, dtype=np.float32).reshape(3, 2)


def row_of(one):
    return [one.sum(), 1.0]


@pytest.mark.parametrize("kind", ["numpy", "list", "rows", "torch", "torch rows", "double"])
def test_any_return_becomes_numbers(kind):
    values = np.array([[0.25, 0.75], [0.5, 0.5]])
    if "torch" in kind:
        torch = pytest.importorskip("torch")
        tensor = torch.tensor(values, requires_grad=True)
        given = [*tensor] if kind == "torch rows" else tensor
    else:
        given = {"numpy": values.astype("f4"), "list": values.tolist(), "rows": [*values]}.get(
            kind, values
        )
    found = as_answers(given)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values.astype("f4"))


def test_a_function_of_one_input_is_called_for_each():
    shapes = []

    def one(given):
        shapes.append(given.shape)
        return row_of(given)

    assert as_answers(Calls(one, one=True)(INPUTS)).tolist() == [[1, 1], [5, 1], [9, 1]]
    assert shapes == [(2,)] * 3


def test_async_functions_are_called_side_by_side_in_one_loop():
    loops, inside, most = set(), [], []

    async def one(given):
        loops.add(id(asyncio.get_running_loop()))
        inside.append(1)
        most.append(len(inside))
        await asyncio.sleep(0.01)
        inside.pop()
        return row_of(given)

    calls = Calls(one, one=True, at_once=2)
    for _ in range(2):
        assert as_answers(calls(INPUTS)).tolist() == [[1, 1], [5, 1], [9, 1]]
    assert max(most) == 2
    assert len(loops) == 1

    class Batch:
        async def __call__(self, given):
            return [row_of(one) for one in given]

    assert as_answers(Calls(Batch())(INPUTS)).shape == (3, 2)


@pytest.mark.parametrize("is_async", [False, True])
def test_a_function_that_hangs_is_told(is_async):
    end = threading.Event()

    def hangs(_):
        end.wait(20)

    async def hangs_async(_):
        await asyncio.sleep(20)

    model = ForeignModel("slow", 1, Calls(hangs_async if is_async else hangs, timeout_s=0.05))
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"expected an answer within 0\.05 s, received none yet"):
        model.probabilities(INPUTS)
    assert time.monotonic() - start < 10
    end.set()


@pytest.mark.parametrize("timeout_s", [0.0, 5.0])
def test_what_a_function_raises_comes_through(timeout_s):
    def fails(_):
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        Calls(fails, timeout_s=timeout_s)(INPUTS)

    async def fails_too(given):
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        Calls(fails_too, one=True, timeout_s=timeout_s)(INPUTS)


def test_texts_and_objects_are_given_as_they_are():
    seen = []

    def answer(texts):
        seen.append(texts)
        return [[len(text) > 3, len(text) <= 3] for text in texts]

    model = ForeignModel("length", 1, answer)
    assert model.probabilities(["one", "three"]).tolist() == [[0, 1], [1, 0]]
    assert seen == [["one", "three"]]


@pytest.mark.parametrize("output", ["probabilities", "logits", "log_probabilities", "scores"])
def test_what_a_model_gives_becomes_probabilities(output):
    wanted = np.array([[0.2, 0.8], [0.5, 0.5], [0, 1]], np.float32)
    with np.errstate(divide="ignore"):
        logarithms = np.log(wanted)  # minus infinity of 0
    given = {
        "probabilities": wanted,
        "logits": logarithms + 3,
        "log_probabilities": logarithms,
        "scores": 0.9 * wanted,  # of each label by itself
    }[output]
    found = ForeignModel("a", 1, lambda _: given, output).probabilities(INPUTS)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
