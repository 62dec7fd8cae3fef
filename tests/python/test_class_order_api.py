"""Classes by name in the Python API: tables of other orders are read as the first one's."""

import numpy as np
import pytest
from muxnet import RouterClassifier, _core, compare, fit_policy, study
from muxnet.base.errors import ConfigError
from muxnet.outcomes.class_order import Known, with_classes
from muxnet.outcomes.compare import Zoo, compare_zoos, parse_contenders
from muxnet.outcomes.fitting import area_above_mixing, evaluate_policy

NAMES = list("abcdef")
COSTS = {"cost": [1.0, 10.0]}


def table_of(seed, names, said=NAMES, count=800):
    """Return answers of which the small model's are right of b, d and f; by places in ``names``."""
    random = np.random.default_rng(seed)
    places = {name: place for place, name in enumerate(names)}
    rows = []
    for _ in range(count):
        small = random.choice(list(said))
        right = random.random() < (0.99 if small in "bdf" else 0.3)
        label = small if right else random.choice([name for name in said if name != small])
        large = label if random.random() < 0.96 else random.choice(list(said))
        rows.append([places[label], places[small], places[large]])
    rows = np.array(rows, np.int32)
    scores = random.uniform(0.75, 0.85, (count, 2, 1)).astype(np.float32)
    return _core.OutcomeTable(
        ["small", "large"],
        costs=COSTS,
        predictions=rows[:, 1:],
        labels=rows[:, 0],
        answer_scores=scores,
        score_kinds=["score"],
        class_names=list(names),
        classes=len(names),
    )


def pairs(said=NAMES):
    """Return what is fitted on, and other inputs in its order of classes and in another one."""
    orders = NAMES, sorted(said, reverse=True)
    return table_of(1, NAMES), *(table_of(2, names, said) for names in orders)


def test_a_policy_knows_its_classes_in_tables_of_another_order():
    fitted, same, other = pairs()
    policy = fit_policy("learned_cascade", fitted)
    assert evaluate_policy(policy, other).router == evaluate_policy(policy, same).router
    areas = [area_above_mixing(policy, fitted, table, up_to=10.0) for table in (same, other)]
    assert areas[0].value == areas[1].value
    fewer = pairs("bcdef")
    assert evaluate_policy(policy, fewer[2]).router == evaluate_policy(policy, fewer[1]).router
    strange = table_of(2, list("pqrstu"), list("pqrstu"))
    for call in (
        lambda: evaluate_policy(policy, strange),
        lambda: study(fitted, strange),
        lambda: RouterClassifier().fit(fitted).predict(strange),
    ):
        with pytest.raises(ConfigError, match="classes among a, b, c, d, e, f, received p, q, r"):
            call()


def test_a_study_and_a_comparison_read_both_tables_alike():
    fitted, same, other = pairs("bcdef")
    assert study(fitted, same).details == study(fitted, other).details
    policies = "learned_cascade,random_mixing"
    options = {"seeds": 1, "budgets": [0.5]}
    found = [compare(fitted, table, policies, **options) for table in (same, other)]
    assert found[0] == found[1]
    other_fitted = table_of(1, NAMES[::-1])
    zoos = [Zoo({"held_out": fitted}, same), Zoo({"held_out": other_fitted}, other)]
    both = compare_zoos(zoos, parse_contenders(policies), **options)
    assert both.lines[0].accuracy == pytest.approx(found[0].lines[0].accuracy)


def test_an_estimator_knows_its_classes_in_tables_of_another_order():
    fitted, same, other = pairs()
    router = RouterClassifier().fit(fitted, np.array(NAMES)[fitted.labels])
    np.testing.assert_array_equal(router.predict(other), router.predict(same))
    np.testing.assert_array_equal(router.predict_proba(other), router.predict_proba(same))
    assert router.score(other) == router.score(same)
    assert router.score(other, np.array(other.class_names)[other.labels]) == router.score(same)
    router.fit(other, np.array(other.class_names)[other.labels])  # a new fit, by its own order
    assert list(router.classes_) == NAMES[::-1]


def test_an_estimator_of_arrays_knows_names_that_tables_say(answers):
    probabilities, labels = answers(1, 300)
    names = np.array(["ant", "bee", "cat", "dog"])
    router = RouterClassifier("cascade", costs=[1, 2, 3]).fit(probabilities, names[labels])
    order = [2, 0, 3, 1]
    table = _core.OutcomeTable(
        [f"model_{i}" for i in range(3)],
        np.ascontiguousarray(probabilities[:, :, order]),
        {"cost": [1.0, 2.0, 3.0]},
        labels=np.argsort(order)[labels].astype(np.int32),
        class_names=list(names[order]),
    )
    np.testing.assert_array_equal(router.predict(table), router.predict(probabilities))
    assert router.score(table) == router.score(probabilities, names[labels])


def test_tables_without_names_go_by_number():
    fitted, same, _ = pairs()
    policy = fit_policy("learned_cascade", fitted)
    bare = _core.OutcomeTable(
        ["small", "large"],
        costs=COSTS,
        predictions=same.predictions,
        labels=same.labels,
        answer_scores=same.answer_scores,
        score_kinds=["score"],
        classes=6,
    )
    assert evaluate_policy(policy, bare).router == evaluate_policy(policy, same).router


def test_probabilities_without_names_are_of_as_many_classes(answers):
    probabilities, labels = answers(1, 300)
    names = np.array(["ant", "bee", "cat", "dog"])

    def table(values, said=None):
        models = [f"model_{i}" for i in range(3)]
        return _core.OutcomeTable(models, values, {"cost": [1.0, 2.0, 3.0]}, labels=said)

    fewer = probabilities[:, :, 1:] / probabilities[:, :, 1:].sum(2, keepdims=True)
    more = np.concatenate([probabilities, np.zeros((300, 3, 1), np.float32)], 2)
    policy = fit_policy("cascade", table(probabilities, labels))
    router = RouterClassifier("cascade", costs=[1, 2, 3]).fit(probabilities, names[labels])
    for values, count in ((fewer, 3), (more, 5)):
        own = table(values, np.minimum(labels, 2))
        for call in (
            lambda own=own: evaluate_policy(policy, own),
            lambda own=own: router.predict(own),
            lambda values=values: router.score(values, names[labels]),
        ):
            with pytest.raises(ConfigError, match=f"of 4 classes, .*, received {count} classes"):
                call()


def test_answers_alone_may_be_of_fewer_classes_than_known(answers):
    fitted = table_of(1, NAMES)
    router = RouterClassifier("cascade").fit(fitted)

    def bare(classes):
        said = np.arange(8, dtype=np.int32).reshape(4, 2) % classes
        scores = np.full((4, 2, 1), 0.8, np.float32)
        kinds = ["score"]
        return _core.OutcomeTable(
            fitted.models, costs=COSTS, predictions=said, answer_scores=scores, score_kinds=kinds
        )

    assert set(router.predict(bare(3))) <= set("abc")
    with pytest.raises(ValueError, match="answers of 6 classes, as in fit, received number 7"):
        router.predict(bare(8))


def test_a_label_that_is_not_known_is_one_that_no_model_says():
    table = _core.OutcomeTable(
        ["small", "large"],
        costs=COSTS,
        predictions=np.array([[1, 2], [2, 2]], np.int32),
        labels=np.array([0, 2], np.int32),
        class_names=["z", "b", "a"],
        classes=3,
    )
    found = with_classes(table, Known(3, ("a", "b", "c")), "t")
    assert found.predictions.tolist() == [[1, 0], [0, 0]]
    assert found.labels.tolist() == [2, 0]
    with pytest.raises(ConfigError, match=r"t, label, row 1\] expected classes among a, b, rec"):
        with_classes(table, Known(2, ("a", "b")), "t")
