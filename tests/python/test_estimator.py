"""Routing with scikit-learn's conventions."""

import copy
import pickle

import numpy as np
import pytest
from muxnet import RouterClassifier, _core
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV

COSTS = (1.0, 4.0, 20.0)


def test_it_stores_what_it_is_given_and_is_cloned():
    router = RouterClassifier("cascade", costs=COSTS, budget=3.0, bins=20)
    twin = clone(router)
    assert twin.get_params() == router.get_params()
    assert twin.get_params()["costs"] == COSTS
    assert twin.set_params(seed=3) is twin
    assert twin.seed == 3
    RouterClassifier("no such policy", budget=-1)  # fit validates


def test_arrays_and_tables_come_to_the_same(answers):
    probabilities, labels = answers(1, 800)
    others, other_labels = answers(2, 500)
    router = RouterClassifier("cascade", costs=COSTS, budget=8.0).fit(probabilities, labels)
    names = [f"model_{i}" for i in range(3)]
    table = _core.OutcomeTable(names, others, {"cost": list(COSTS)}, labels=other_labels)
    np.testing.assert_array_equal(router.predict(others), router.predict(table))
    calls = router.decide(others)
    assert calls.shape == (500, 3)
    assert calls.any(axis=1).all()
    assert (calls @ COSTS).mean() == pytest.approx(8.0, rel=0.2)
    assert router.score(others, other_labels) == router.score(table)
    assert router.score(table) == np.mean(router.predict(others) == other_labels)
    given = router.predict_proba(others)
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(given.argmax(axis=1), router.predict(others))
    np.testing.assert_array_equal(router.classes_, np.arange(4))
    assert router.n_models_in_ == 3


def stored(router):
    return pickle.loads(pickle.dumps(router))  # noqa: S301


@pytest.mark.parametrize("copied", [copy.deepcopy, stored])
def test_it_is_copied_and_stored_as_scikit_learn_does(answers, copied):
    probabilities, labels = answers(1, 300)
    router = RouterClassifier("cascade", costs=COSTS, seed=3)
    assert copied(router).get_params() == router.get_params()
    router.fit(probabilities, labels)
    again = copied(router)
    assert again.policy_ is not router.policy_
    assert np.array_equal(again.decide(probabilities), router.decide(probabilities))
    assert np.array_equal(again.predict(probabilities), router.predict(probabilities))
    state = pickle.dumps(router).replace(b"muxnet-policy-", b"other--policy-")
    with pytest.raises(ValueError, match="other--policy-"):
        pickle.loads(state)  # noqa: S301


def test_it_is_searched_over_like_any_other(answers):
    probabilities, labels = answers(1, 400)
    router = RouterClassifier("cascade", costs=COSTS, bins=10)
    search = GridSearchCV(router, {"budget": [1.0, 20.0]}, cv=3).fit(probabilities, labels)
    assert search.best_params_ == {"budget": 20.0}


@pytest.mark.parametrize(
    ("settings", "change", "message"),
    [
        ({"classes": range(3)}, None, "4 different classes, received 0, 1, 2"),
        ({"classes": range(1, 5)}, None, "labels in 1, 2, 3, 4, received 0"),
        ({}, lambda p, y: (p, np.where(y > 0, y, 1)), r"a label 0, or classes=range\(4\) or class"),
        ({}, lambda p, y: (p, np.where(y > 0, y, 1).astype(str)), r"or classes=range\(1, 5\)"),
        ({}, lambda p, y: (p, y[:1]), "50 labels, one of each input, received 1"),
        ({"policy": "no_such"}, None, "always, best_single, hybrid_single"),
        ({"costs": None}, None, "costs of 3 models"),
        ({"costs": (1, 2)}, None, "3 costs"),
        ({"costs": (1, 2, -1)}, None, "costs of at least 0"),
        ({"budget": 0.5}, None, "a budget of at least"),
        ({}, lambda p, y: (p[:, 0], y), r"\(n, N, K\)"),
        ({}, lambda p, y: (2 * p, y), "probabilities"),
        ({}, lambda p, y: (p, 5 * y + np.arange(len(y)) % 2), r"labels in 0 \.\. 3, or 4 others"),
        ({}, lambda p, y: (p, [None, *y[1:]]), "a label of each input, received None"),
        ({}, lambda p, y: (p, [np.nan, *y[1:]]), "a label of each input, received nan"),
        ({}, lambda p, y: (p, None), "a labelled table"),
    ],
)
def test_fit_says_what_does_not_fit(answers, settings, change, message):
    data = answers(1, 50) if change is None else change(*answers(1, 50))
    router = RouterClassifier(**{"policy": "cascade", "costs": COSTS, **settings})
    with pytest.raises(ValueError, match=message):
        router.fit(*data)


def test_it_must_be_fitted_first(answers):
    probabilities, labels = answers(1, 50)
    router = RouterClassifier("cascade", costs=COSTS)
    for call in (router.predict, router.predict_proba, router.decide):
        with pytest.raises(NotFittedError):
            call(probabilities)
    table = _core.OutcomeTable(["a", "b", "c"], probabilities, {"macs": COSTS}, labels=labels)
    with pytest.raises(ValueError, match="the labels of the table"):
        router.fit(table, 1 - labels)
    router.fit(table)
    with pytest.raises(ValueError, match="models a, b, c"):
        router.predict(probabilities)


def test_labels_are_compared_as_what_they_are(answers):
    probabilities, labels = answers(1, 800)
    others, other_labels = answers(2, 300)
    router = RouterClassifier("cascade", costs=COSTS).fit(probabilities, labels)
    wanted = router.predict(others)
    for spelled in (labels.astype(float), labels.astype(str), [f" 0{k}" for k in labels]):
        again = RouterClassifier("cascade", costs=COSTS).fit(probabilities, spelled)
        np.testing.assert_array_equal(again.predict(others).astype(int), wanted)
        assert set(again.predict(probabilities).tolist()) == set(spelled)
        assert again.score(others, other_labels) == router.score(others, other_labels)
    names = np.array(["ant", "bee", "cat", "dog"])
    named = RouterClassifier("cascade", costs=COSTS).fit(probabilities, names[labels])
    assert list(named.classes_) == list(names)
    np.testing.assert_array_equal(named.predict(others), names[wanted])
    assert named.score(others, names[other_labels]) == router.score(others, other_labels)
    assert named.score(others, ["fly"] * len(others)) == 0
    numbers = np.array([-2.5, 9, 10, 100])  # in the order of numbers, not of their texts
    again = RouterClassifier("cascade", costs=COSTS).fit(probabilities, numbers[labels])
    np.testing.assert_array_equal(again.predict(others), numbers[wanted])


@pytest.mark.parametrize("first", [3, 0])
def test_columns_of_numbers_that_are_texts_are_in_the_order_of_scikit_learn(first):
    y = np.array([str(k + first) for k in np.random.default_rng(1).integers(0, 12, 600)])
    order, places = np.unique(y, return_inverse=True)
    probabilities = np.stack([np.eye(12)[places], np.eye(12)[places]], axis=1)
    router = RouterClassifier("always", costs=[1, 10]).fit(probabilities, y)
    assert list(router.classes_) == list(order)
    assert router.score(probabilities, y) == 1
    some = y != order[-1]  # a class that no label says has its column all the same
    if first == 0:
        again = RouterClassifier("always", costs=[1, 10]).fit(probabilities[some], y[some])
        assert again.score(probabilities, y) == 1


def test_classes_may_be_said_where_labels_do_not_say_them(answers):
    probabilities, labels = answers(1, 800)
    some = labels < 3
    shown, met = probabilities[some], labels[some]
    wanted = RouterClassifier("cascade", costs=COSTS).fit(shown, met)
    for classes in (range(1, 5), np.array(["1", "2", "3", "4"]), [7, 8, 9, -1], list("pear")):
        named = np.asarray(classes)
        router = clone(RouterClassifier("cascade", costs=COSTS, classes=classes))
        router.fit(shown, named[met])
        assert list(router.classes_) == list(named)
        np.testing.assert_array_equal(router.predict(shown), named[wanted.predict(shown)])
        assert router.score(shown, named[met]) == wanted.score(shown, met)
    table = _core.OutcomeTable(
        list("abc"), probabilities, {"macs": COSTS}, labels=labels, class_names=list("pear")
    )
    with pytest.raises(ValueError, match="those of the table, p, e, a, r, received r, a, p, e"):
        RouterClassifier("cascade", classes=list("rape")).fit(table)


def test_a_score_needs_a_label_of_each_input(answers):
    probabilities, labels = answers(1, 300)
    router = RouterClassifier("cascade", costs=COSTS).fit(probabilities, labels)
    with pytest.raises(ValueError, match="300 labels, one of each input, received 1"):
        router.score(probabilities, [1])
    with pytest.raises(ValueError, match="labels y, or a labelled table, received none"):
        router.score(probabilities)


def test_answers_are_of_the_kind_of_the_labels(answers):
    probabilities, labels = answers(1, 300)
    texts = labels.astype(str)
    table = _core.OutcomeTable(
        list("abc"), probabilities, {"macs": COSTS}, labels=labels, class_names=list("0123")
    )
    for data in (probabilities, table):
        router = RouterClassifier("cascade", costs=None if data is table else COSTS)
        router.fit(data, texts)
        assert list(router.classes_) == ["0", "1", "2", "3"]
        assert accuracy_score(texts, router.predict(data)) == router.score(data, texts)


def test_a_table_names_the_classes_that_are_answered(answers):
    probabilities, labels = answers(1, 400)
    names = ["owl", "cat", "dog", "ant"]
    table = _core.OutcomeTable(
        ["a", "b", "c"], probabilities, {"macs": COSTS}, labels=labels, class_names=names
    )
    router = RouterClassifier("cascade").fit(table, np.array(names)[labels])
    assert list(router.classes_) == names
    assert router.score(table) == router.score(table, np.array(names)[labels])
    assert set(router.predict(table)) <= set(names)
    alone = RouterClassifier("cascade").fit(table)
    np.testing.assert_array_equal(alone.predict(table), router.predict(table))


def test_a_tables_own_labels_are_read_in_its_own_order(answers):
    probabilities, labels = answers(1, 400)
    names, order = ["owl", "cat", "dog", "ant"], [2, 0, 3, 1]
    models = ["a", "b", "c"]
    table = _core.OutcomeTable(
        models, probabilities, {"macs": COSTS}, labels=labels, class_names=names
    )
    moved = _core.OutcomeTable(
        models,
        np.ascontiguousarray(probabilities[:, :, order]),
        {"macs": COSTS},
        labels=np.argsort(order)[labels].astype(np.int32),
        class_names=[names[k] for k in order],
    )
    router = RouterClassifier("cascade").fit(table)
    assert router.score(moved) == router.score(table)
    assert router.score(moved, moved.labels) == router.score(table)
