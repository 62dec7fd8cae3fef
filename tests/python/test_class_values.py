"""One rule for what values are as classes."""

import numpy as np
import pytest
from muxnet.base.class_values import class_key, in_order, missing_words
from muxnet.pool.labelled import labels_of


@pytest.mark.parametrize(
    ("key", "values"),
    [
        (
            "3",
            [3, 3.0, "3", "3.0", "3.", "003", " 3", "+3", "3.000e+00", np.int8(3), np.float32(3)],
        ),
        ("0", [0, -0.0, "0", "-0.0", ".0", False, "false", "FALSE", np.bool_(False)]),
        ("1", [True, "true", "True", 1, b"1"]),
        ("-0.5", [-0.5, "-.5", "-0.50", np.float32(-0.5)]),
        ("0.1", [0.1, np.float32(0.1), "0.10"]),
        ("9007199254740993", [9007199254740993, "9007199254740993"]),
        ("Cat", ["Cat", " Cat ", "\ufeffCat", b"Cat"]),
        ("caf\u00e9", ["caf\u00e9", "cafe\u0301"]),
        ("", [None, "", " ", float("nan"), "nan", "NaN", "<NA>"]),
    ],
)
def test_values_that_are_the_same_have_one_key(key, values):
    assert [class_key(value) for value in values] == [key] * len(values)


class Tensor:
    """What of a PyTorch label counts: no axes, its value in ``item``."""

    shape = ()

    def __init__(self, value):
        self.item = lambda: value


@pytest.mark.parametrize(("value", "key"), [(10, "10"), (True, "1"), (2.0, "2")])
def test_an_array_without_axes_is_its_item(value, key):
    assert class_key(Tensor(value)) == class_key(np.array(value)) == key
    numbers, classes = labels_of("tensors", 3, [Tensor(value), 0, Tensor(0)])
    assert (numbers.tolist(), list(classes)) == (
        [int(value), 0, 0],
        [str(k) for k in range(int(value) + 1)],
    )


def test_other_texts_are_not_taken_for_numbers():
    for text in ("cat", "Cat", "1e5", "0x10", "1_000", "1,5", "inf", "v3", "--1", "3 4", "\u0663"):
        assert class_key(text) == text


def test_keys_are_in_the_order_of_numbers():
    assert in_order(["10", "9", "-2", "-10", "2.5", "2"]) == ["-10", "-2", "2", "2.5", "9", "10"]
    assert in_order(["b", "10", "a", "9"]) == ["9", "10", "a", "b"]


def test_words_for_a_missing_value_may_be_names():
    assert missing_words({"1", "NA"}, {"2", "None"}) == {"NA", "None"}
    assert missing_words({"cat", "None"}, {"cat", "None"}) == set()
    assert missing_words({"cat", "None"}, {"cat", "NA"}) == {"None", "NA"}
    assert missing_words({"1", "None"}, {"1", "None"}) == {"None"}
