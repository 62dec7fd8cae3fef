"""Masked arrays of NumPy, whose masked values are refused as NaN is."""

import muxnet
import numpy as np
import pytest
from muxnet import RouterClassifier, _core
from muxnet.base.errors import ConfigError
from muxnet.pool.labelled import inputs_of, labelled
from sklearn.base import clone

COSTS = (1.0, 4.0, 20.0)


def test_an_estimator_refuses_masked_values(answers):
    probabilities, labels = answers(1, 300)
    router = RouterClassifier("cascade", costs=COSTS).fit(probabilities, labels)
    table = _core.OutcomeTable(
        [f"model_{i}" for i in range(3)], probabilities, {"cost": COSTS}, labels=labels
    )
    masked = np.ma.masked_array(probabilities)
    masked[0, 1] = np.ma.masked
    said = np.ma.masked_array(labels, np.arange(300) < 2)
    for call, where in (
        (lambda: clone(router).fit(masked, labels), "X"),
        (lambda: router.predict(masked), "X"),
        (lambda: router.predict([*masked]), "X"),
        (lambda: clone(router).fit(probabilities, said), "y"),
        (lambda: router.score(probabilities, said), "y"),
        (lambda: router.score(table, said), "y"),
    ):
        with pytest.raises(ValueError, match=rf"{where}\] expected a value everywhere, received"):
            call()
    assert router.score(np.ma.masked_array(probabilities), np.ma.masked_array(labels)) > 0.5


def test_inputs_and_labels_that_are_masked_are_refused():
    some = np.ma.masked_array(np.zeros((3, 2)), [[0, 0], [0, 1], [0, 0]])
    few = np.ma.masked_array([0, 1, 1], [1, 0, 0])
    for call in (
        lambda: labelled("x", some, [0, 1, 1]),
        lambda: inputs_of([(row, 0) for row in some]),
        lambda: labelled("x", np.zeros((3, 2)), few),
        lambda: inputs_of([(row, label) for row, label in zip(np.zeros((3, 2)), few, strict=True)]),
        lambda: muxnet.dataset(some, np.array([0, 1, 1])),
        lambda: muxnet.dataset(np.zeros((3, 2)), few),
    ):
        with pytest.raises(ConfigError, match="expected a value everywhere, received 1 masked"):
            call()
