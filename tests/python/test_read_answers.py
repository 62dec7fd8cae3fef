"""What functions answer with: arrays, columns by name, several outputs, what is no answer."""

import asyncio
import collections
import logging
import sys
from types import SimpleNamespace

import muxnet
import numpy as np
import pytest
from muxnet.base.errors import UserError
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.calls import Calls
from muxnet.pool.read_answers import read_answers

NAMES = ["cat", "dog", "eel", "fox"]
ROWS = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.0, 0.5, 0.25, 0.25]], np.float32)
BACKWARDS = NAMES[::-1]


class Frame:
    """What pandas and polars have alike."""

    def __init__(self, values, columns):
        self.values, self.columns = values, columns

    def to_numpy(self):
        return self.values


def read(given, classes=NAMES, output="probabilities"):
    return read_answers(given, 3, classes, output, "m")


@pytest.mark.parametrize(
    "given",
    [
        Frame(ROWS[:, ::-1], BACKWARDS),
        Frame(ROWS, range(4)),
        [dict(zip(BACKWARDS, row[::-1].tolist(), strict=True)) for row in ROWS],
        (ROWS, np.zeros((3, 9))),
        (np.zeros((3, 2, 2)), ROWS),
        {"features": np.zeros((3, 9)), "out": ROWS},
    ],
    ids=["frame", "frame without names", "objects", "tuple", "maps", "mapping"],
)
def test_what_speaks_for_the_classes_is_read(given):
    np.testing.assert_array_equal(read(given), ROWS)


@pytest.mark.parametrize(
    "given",
    [
        collections.OrderedDict(features=np.zeros((3, 4)), logits=ROWS),
        SimpleNamespace(logits=ROWS),
        collections.namedtuple("Both", "aux logits")(ROWS[::-1], ROWS),
        [{"logits": row} for row in ROWS],
    ],
    ids=["mapping", "object", "tuple", "each"],
)
def test_logits_are_taken_of_what_else_there_is(given):
    np.testing.assert_array_equal(read(given, output="logits"), ROWS)
    with pytest.raises(ValueError, match=r'"output": "logits".*received logits'):
        read(given)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Frame(ROWS, ["cat", "dog", "eel", "owl"]), "columns of the classes.*received cat, dog"),
        (Frame(ROWS[:, :3], NAMES[:3]), "columns of the classes, each once: cat, dog, eel, fox"),
        (Frame(ROWS, ["cat", "cat", "eel", "fox"]), "columns of the classes, each once"),
        ([{"cat": 0.5, "dog": 0.5}] * 3, "columns of the classes, each once"),
        ((ROWS, ROWS), r"one output \(3, K\), 4 classes, .*ndarray of shape \(3, 4\), ndarray"),
        ({"a": np.zeros((3, 9)), "b": np.zeros((3, 8))}, r"received a ndarray of shape \(3, 9\)"),
        (["dog"] * 3, r'answers \(3, K\).*"output": "labels".*received list: '),
        (np.array(["dog"] * 3), r'"output": "labels"\), received ndarray of shape \(3,\)'),
        (None, r"answers \(3, K\), a number of each class, received NoneType"),
        (np.ma.masked_less(ROWS, 0.1), r"\[m\] expected a value everywhere, received 1 masked"),
        ([*np.ma.masked_less(ROWS, 0.1)], r"\[m\] expected a value everywhere, received 1 masked"),
        ([[1, 2], [3]], r"answers \(3, K\), a number of each class, received list"),
    ],
)
def test_what_does_not_is_told(given, told):
    if given is None:
        given = SimpleNamespace(spoken=True)
        told = told.replace("NoneType", "SimpleNamespace")
    with pytest.raises(ValueError, match=told):
        read(given)


@pytest.mark.parametrize("classes", [(), ("0", "1"), list("0123")])
@pytest.mark.parametrize(
    "names", [list("0123"), list("3210"), [3, 2, 1, 0], ["2.0", "0", "3", "1"]]
)
def test_columns_called_by_numbers_go_to_classes_without_names(names, classes):
    order = [int(float(name)) for name in names]
    np.testing.assert_array_equal(read(Frame(ROWS[:, order], names), classes), ROWS)
    with pytest.raises(ValueError, match="columns of the classes, each once"):
        read(Frame(ROWS, [*names[:3], "4"]), classes)


def test_columns_without_known_classes_are_refused():
    with pytest.raises(ValueError, match="`classes` in its entry says"):
        read(Frame(ROWS, NAMES), classes=())


def test_a_data_frame_goes_to_the_datas_classes(tmp_path):
    def framed(images):
        return Frame(np.tile(np.float32([0.7, 0.1, 0.1, 0.1]), (len(images), 1)), BACKWARDS)

    data = [(np.zeros((3, 8, 8), np.uint8), name) for name in NAMES]
    table = muxnet.collect([ForeignModel("m", 1, framed)], data, tmp_path / "o.safetensors")
    assert list(table.class_names) == NAMES
    np.testing.assert_allclose(table.probabilities[:, 0, 3], 0.7)


def test_a_module_with_several_outputs_answers_by_its_logits():
    torch = pytest.importorskip("torch")

    class Both(torch.nn.Module):
        def forward(self, images):
            return {"logits": images[:, :, 0, 0], "hidden": images}

    images = np.random.default_rng(0).random((5, 3, 2, 2), dtype=np.float32)
    found = muxnet.from_module("m", Both(), 1).answer(images)
    np.testing.assert_array_equal(found, images[:, :, 0, 0])


def test_logarithms_above_zero_are_refused():
    model = ForeignModel("m", 1, lambda _: ROWS, "log_probabilities")
    with pytest.raises(ValueError, match=r"\[m\] expected log_probabilities.* received 0.7"):
        model.answer(np.zeros(3))
    model = ForeignModel("m", 1, lambda _: np.log(ROWS[:2]) + 1e-3, "log_probabilities")
    assert model.answer(np.zeros(2)).shape == (2, 4)


def test_probabilities_called_logits_are_said_once(caplog):
    caplog.set_level(logging.WARNING)
    rows = np.tile(ROWS, (3, 1))
    model = ForeignModel("m", 1, lambda _: rows, "logits")
    for _ in range(2):
        model.answer(np.zeros(9))
    assert [r.message for r in caplog.records] == [
        'm: its "logits" are of [0, 1] and sum to 1, as probabilities do ("output" says which)'
    ]
    caplog.clear()
    ForeignModel("m", 1, lambda _: 2 * rows, "logits").answer(np.zeros(9))
    ForeignModel("m", 1, lambda _: rows).answer(np.zeros(9))
    assert not caplog.records


def exits(images):
    if (images > 0.5).any():
        sys.exit(3)
    return np.full((len(images), 4), 0.25)


async def exits_later(images):
    await asyncio.sleep(0)
    return exits(images)


@pytest.mark.parametrize(
    "predict", [exits, Calls(exits), Calls(exits, timeout_s=5), Calls(exits_later)]
)
def test_a_function_that_ends_the_process_is_told(tmp_path, predict):
    data = [(np.full((3, 8, 8), 255 * (i == 2), np.uint8), NAMES[i]) for i in range(4)]
    told = r"m failed on input 2: RuntimeError: it raised SystemExit: 3"
    for _ in range(2):  # the loop of async functions lives
        with pytest.raises(UserError, match=told):
            muxnet.collect([ForeignModel("m", 1, predict)], data, tmp_path / "o.safetensors")
