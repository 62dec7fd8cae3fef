"""Routing as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from muxnet.base.class_values import class_key, class_text, in_order
from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.outcomes.class_order import Names, remade
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.study_results import DEFAULT

if TYPE_CHECKING:
    Data: TypeAlias = _core.OutcomeTable | ArrayLike


class RouterClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """A policy that answers from recorded answers of several models, calling few of them.

    X is an ``OutcomeTable`` or an array (n, N, K) of the probabilities that N models give n inputs;
    y are the labels, which a table may hold itself: the classes 0 .. K-1, or K others, which
    ``predict`` answers. They are compared as in files (``class_key``); their order, where a table
    does not name them, is that of ``numpy.unique`` and so of scikit-learn's models: texts that are
    numbers stand as texts, "10" before "9". ``fit`` wants inputs that the models were not trained
    on.

    Args:
        policy: one of ``muxnet._core.policies()``.
        costs: (N), what a call of each model costs; for arrays only.
        cost_kind: of the costs in a table (default: MACs, else the table's first).
        budget: greatest mean cost per input (default: that of the best single model).
        max_models: longest chain of a cascade.
        bins: thresholds tried per stage.
        seed: for policies that draw.

    Attributes:
        policy_: the fitted policy.
        classes_: (K), in the order of probabilities.
        n_models_in_: N.

    >>> import numpy as np
    >>> from muxnet import RouterClassifier
    >>> small = [[0.9, 0.1], [0.6, 0.4], [0.4, 0.6], [0.1, 0.9]]
    >>> large = [[0.9, 0.1], [0.2, 0.8], [0.8, 0.2], [0.1, 0.9]]
    >>> X, y = np.stack([small, large], axis=1), [0, 1, 0, 1]
    >>> router = RouterClassifier("cascade", costs=[1, 10]).fit(X, y)
    >>> router.predict(X)
    array([0, 1, 0, 1], dtype=int32)
    >>> router.decide(X)[:, 1]  # the large one is called where the small one is unsure
    array([False,  True,  True, False])

    """

    def __init__(
        self,
        policy: str = DEFAULT,
        *,
        costs: Sequence[float] | None = None,
        cost_kind: str = "",
        budget: float | None = None,
        max_models: int = 3,
        bins: int = 50,
        seed: int = 0,
    ) -> None:
        self.policy = policy
        self.costs = costs
        self.cost_kind = cost_kind
        self.budget = budget
        self.max_models = max_models
        self.bins = bins
        self.seed = seed

    def fit(self, X: Data, y: ArrayLike | None = None) -> Self:  # noqa: N803, scikit-learn's name
        """Find the policy's operating points and choose one.

        Raises:
            ValueError: probabilities, labels or costs that do not fit, a label that is none, an
                unknown policy, a budget below every operating point.

        """
        table = self._table(X)
        self.classes_ = _classes(table, y)
        if y is not None:
            table = self._labelled(table, y)
        options = {"max_models": self.max_models, "bins": self.bins}
        self.policy_ = fit_policy(
            self.policy,
            table,
            cost_kind=self.cost_kind,
            seed=self.seed,
            budget=self.budget,
            options=options,
        )
        self.n_models_in_ = len(self.policy_.models)
        return self

    def predict(self, X: Data) -> NDArray[np.generic]:  # noqa: N803
        """Return the class answered for each input (n), one of ``classes_``."""
        answers = self._answers(X)
        return np.asarray(self.classes_[answers])

    def predict_proba(self, X: Data) -> NDArray[np.float32]:  # noqa: N803
        """Return the probabilities of the answers (n, K)."""
        check_is_fitted(self, "policy_")
        return np.asarray(self.policy_.answer_probabilities(self._table(X)))

    def decide(self, X: Data) -> NDArray[np.bool_]:  # noqa: N803
        """Return which models are called for each input (n, N)."""
        called = np.asarray(self._decisions(X).called, dtype=np.uint64)[:, None]
        bits = np.left_shift(np.uint64(1), np.arange(self.n_models_in_, dtype=np.uint64))
        calls: NDArray[np.bool_] = (called & bits) != 0
        return calls

    def score(
        self,
        X: Data,  # noqa: N803
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Return the share of right answers; y may be left out where X is a labelled table.

        A label that ``fit`` has not met is answered right by none.
        """
        answers = self._answers(X)
        if y is None and isinstance(X, _core.OutcomeTable):
            labels = np.asarray(X.labels)
        else:
            labels = self._numbers([] if y is None else y)
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        return float(np.average(answers == labels, weights=weights))

    def _answers(self, data: Data) -> NDArray[np.int32]:
        return np.asarray(self._decisions(data).answers, dtype=np.int32)

    def _decisions(self, data: Data) -> _core.Decisions:
        check_is_fitted(self, "policy_")
        return self.policy_.decide(self._table(data))

    def _labelled(self, table: _core.OutcomeTable, y: ArrayLike) -> _core.OutcomeTable:
        labels = self._numbers(y)
        if (labels < 0).any():
            stray = np.asarray(y, dtype=object).ravel()[np.flatnonzero(labels < 0)[0]]
            expected = f"labels in {', '.join(map(str, self.classes_))}"
            raise ValueError(error_text("RouterClassifier, y", expected, stray))
        if not table.labels.size:
            return remade(table, labels=labels)
        if not np.array_equal(labels, table.labels):
            expected = "the labels of the table, or none"
            raise ValueError(error_text("RouterClassifier", expected, "others"))
        return table

    def _numbers(self, y: ArrayLike) -> NDArray[np.int32]:
        """Return labels (n) as places in ``classes_``, -1 for others."""
        names = Names([class_text(name) for name in self.classes_])
        values = np.asarray(y, dtype=object).ravel()
        return np.array([names.number(value) for value in values], dtype=np.int32)

    def _table(self, data: Data) -> _core.OutcomeTable:
        if isinstance(data, _core.OutcomeTable):
            return data
        probabilities = np.ascontiguousarray(data, dtype=np.float32)
        if probabilities.ndim != 3:
            expected = "an OutcomeTable or probabilities (n, N, K)"
            raise ValueError(error_text("RouterClassifier, X", expected, probabilities.shape))
        count = probabilities.shape[1]
        if self.costs is None:
            expected = f"costs of {count} models beside an array"
            raise ValueError(error_text("RouterClassifier", expected, "none"))
        names = [f"model_{i}" for i in range(count)]
        costs = {self.cost_kind or "cost": [float(cost) for cost in self.costs]}
        return _core.OutcomeTable(names, probabilities, costs)


def _classes(table: _core.OutcomeTable, labels: ArrayLike | None) -> NDArray[np.generic]:
    """Return the classes of a table (K): numbers, or as the table or y names them.

    Raises:
        ValueError: a label that is none, or of another class than these.

    """
    numbered = np.arange(table.classes, dtype=np.int32)
    if labels is None:
        return numbered
    numbers, named = [str(k) for k in numbered], [class_key(name) for name in table.class_names]
    values = np.asarray(labels, dtype=object).ravel()
    keys = {class_key(value): value for value in values}
    if "" in keys:
        expected = "a label of each input"
        raise ValueError(error_text("RouterClassifier, y", expected, repr(keys[""])))
    if named and named != numbers and keys.keys() <= set(named):
        return np.array(table.class_names)
    if keys.keys() <= set(numbers):
        # Columns of texts stand in the order of texts, also those that no label says.
        texts = not named and all(isinstance(value, str) for value in keys.values())
        written = {**dict(zip(numbers, numbers, strict=True)), **keys} if texts else {}
        ordered = _sorted(written)
        by_value = not texts or ordered == numbers
        return numbered if by_value else np.array([written[key] for key in ordered])
    if len(keys) != table.classes:
        expected = f"labels in 0 .. {table.classes - 1}, or {table.classes} others"
        raise ValueError(error_text("RouterClassifier, y", expected, ", ".join(in_order(keys))))
    return np.array([keys[key] for key in _sorted(keys)])


def _sorted(keys: Mapping[str, object]) -> list[str]:
    """Return keys in the order that ``numpy.unique`` gives their values.

    Values of several kinds, which it does not compare, are in the order of files.
    """
    try:
        return sorted(keys, key=keys.__getitem__)  # type: ignore[arg-type]  # anybody's values
    except TypeError:
        return in_order(keys)
