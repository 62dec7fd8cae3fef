"""Routing as a scikit-learn estimator."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from muxnet.base.class_values import class_key, class_text, in_order
from muxnet.base.compiled import _core
from muxnet.base.errors import error_text
from muxnet.base.files import read_text, write_text
from muxnet.base.masked import require_unmasked
from muxnet.outcomes.class_order import Names, answered, in_classes_of, remade
from muxnet.outcomes.fitting import fit_policy
from muxnet.outcomes.study_results import DEFAULT

POLICY_BYTES = 256 << 20  # as the core reads

if TYPE_CHECKING:
    Data: TypeAlias = _core.OutcomeTable | ArrayLike


class RouterClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """A policy that answers from recorded answers of several models, calling few of them.

    X is an ``OutcomeTable`` or an array (n, N, K) of the probabilities that N models give n inputs;
    y are the labels, which a table may hold itself: the classes 0 .. K-1, or K others, or those
    that a table names, which ``predict`` answers. They are compared as in files (``class_key``);
    their order, where neither ``classes`` nor a table names them, is that of ``numpy.unique`` and
    so of scikit-learn's models: texts that are numbers stand as texts, "10" before "9". Later
    tables may have other orders, if they name their classes. ``fit`` wants inputs that the models
    were not trained on.

    Args:
        policy: one of ``muxnet._core.policies()``.
        costs: (N), what a call of each model costs; for arrays only.
        cost_kind: of the costs in a table (default: MACs, else the first by name).
        budget: greatest mean cost per input (default: that of the best single model).
        max_models: longest chain of a cascade.
        bins: thresholds tried per stage.
        seed: for policies that draw.
        classes: (K), the classes in the order of probabilities, as ``classes_`` of scikit-learn's
            models; to be said where y lacks some of them and is not 0 .. K-1.

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
        classes: ArrayLike | None = None,
    ) -> None:
        self.policy = policy
        self.costs = costs
        self.cost_kind = cost_kind
        self.budget = budget
        self.max_models = max_models
        self.bins = bins
        self.seed = seed
        self.classes = classes

    def __getstate__(self) -> dict[str, object]:
        """Return what scikit-learn's tools copy and store: of the policy the text of its file."""
        state: dict[str, object] = dict(super().__getstate__())
        if "policy_" in state:
            with tempfile.TemporaryDirectory() as folder:
                self.policy_.save(file := Path(folder) / "policy.json")
                state["policy_"] = read_text(file, POLICY_BYTES)
        return state

    def __setstate__(self, state: Mapping[str, object]) -> None:
        """Take what ``__getstate__`` gave; the policy is checked as that of a file."""
        super().__setstate__(dict(state))
        if "policy_" in state:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "policy.json"
                write_text(file, str(state["policy_"]))
                self.policy_ = _core.Policy.load(file)

    def fit(self, X: Data, y: ArrayLike | None = None) -> Self:  # noqa: N803, scikit-learn's name
        """Find the policy's operating points and choose one.

        Raises:
            ValueError: probabilities, labels, classes or costs that do not fit, a label that is
                none, labels that may be those of other columns, an unknown policy, a budget below
                every operating point.

        """
        table = self._table(X)
        self.classes_ = _classes(table, y) if self.classes is None else _given(table, self.classes)
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
        return np.asarray(self.policy_.answer_probabilities(self._known(X)))

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

        A table's own numbers of classes are its own also where ``fit`` had them in another order.

        A label that ``fit`` has not met is answered right by none.

        Raises:
            ValueError: no labels, or another number of them.

        """
        check_is_fitted(self, "policy_")
        table = self._known(X)
        answers = np.asarray(self.policy_.decide(table).answers, dtype=np.int32)
        labels = np.asarray(table.labels)
        if y is not None:
            own = X.labels if isinstance(X, _core.OutcomeTable) else ()
            if not np.array_equal(_of_inputs(y, len(table)), own):
                labels = self._numbers(y, len(table))
        if not labels.size:
            expected = "labels y, or a labelled table"
            raise ValueError(error_text("RouterClassifier", expected, "none"))
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        return float(np.average(answers == labels, weights=weights))

    def _answers(self, data: Data) -> NDArray[np.int32]:
        return np.asarray(self._decisions(data).answers, dtype=np.int32)

    def _decisions(self, data: Data) -> _core.Decisions:
        check_is_fitted(self, "policy_")
        return self.policy_.decide(self._known(data))

    def _known(self, data: Data) -> _core.OutcomeTable:
        """Return what models answered, with its classes numbered as those of the fit.

        Raises:
            ValueError: answers of other classes, or of another number of them.

        """
        table = in_classes_of(self.policy_, self._table(data))
        if (most := max(answered(table), default=-1)) >= len(self.classes_):
            expected = f"answers of {len(self.classes_)} classes, as in fit"
            raise ValueError(error_text("RouterClassifier, X", expected, f"number {most}, from 0"))
        return table

    def _labelled(self, table: _core.OutcomeTable, y: ArrayLike) -> _core.OutcomeTable:
        labels = self._numbers(y, len(table))
        if (labels < 0).any():
            stray = np.asarray(y, dtype=object).ravel()[np.flatnonzero(labels < 0)[0]]
            expected = f"labels in {', '.join(map(str, self.classes_))}"
            raise ValueError(error_text("RouterClassifier, y", expected, stray))
        if not table.labels.size:
            names = [class_text(name) for name in self.classes_]
            plain = [*map(class_key, names)] == [str(k) for k in range(table.classes)]
            # By names tables of other orders are read; 0 .. K-1 may be anybody's places.
            named = list(table.class_names) if plain or table.class_names else names
            return remade(table, labels=labels, class_names=named)
        if not np.array_equal(labels, table.labels):
            expected = "the labels of the table, or none"
            raise ValueError(error_text("RouterClassifier", expected, "others"))
        return table

    def _numbers(self, y: ArrayLike, count: int) -> NDArray[np.int32]:
        """Return labels (n) as places in ``classes_``, -1 for others."""
        names = Names([class_text(name) for name in self.classes_])
        values = _of_inputs(y, count)
        return np.array([names.number(value) for value in values], dtype=np.int32)

    def _table(self, data: Data) -> _core.OutcomeTable:
        if isinstance(data, _core.OutcomeTable):
            return data
        require_unmasked("RouterClassifier, X", data)
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
    numbers, named = [str(k) for k in numbered], [class_key(name) for name in table.class_names]
    if labels is None:
        return np.array(table.class_names) if named and named != numbers else numbered
    values = _of_inputs(labels, len(table))
    keys = {class_key(value): value for value in values}
    if "" in keys:
        expected = "a label of each input"
        raise ValueError(error_text("RouterClassifier, y", expected, repr(keys[""])))
    if named and named != numbers and keys.keys() <= set(named):
        return np.array(table.class_names)
    if keys.keys() <= set(numbers):
        if "0" not in keys and not named and not table.labels.size:
            _refuse_other_columns(keys, table.classes)
        if not all(isinstance(value, str) for value in keys.values()):
            return numbered
        # Columns of texts stand in the order of texts, also those that no label says.
        written = {**dict(zip(numbers, numbers, strict=True)), **keys}
        return np.array([written[key] for key in (numbers if named else _sorted(written))])
    if len(keys) != table.classes:
        expected = f"labels in 0 .. {table.classes - 1}, or {table.classes} others (or classes=)"
        raise ValueError(error_text("RouterClassifier, y", expected, ", ".join(in_order(keys))))
    return np.array([keys[key] for key in _sorted(keys)])


def _of_inputs(labels: ArrayLike, count: int) -> NDArray[np.object_]:
    """Return labels (n) as they are.

    Raises:
        ValueError: another number of them than inputs, or masked ones.

    """
    require_unmasked("RouterClassifier, y", labels)
    values = np.asarray(labels, dtype=object).ravel()
    if len(values) != count:
        expected = f"{count:,} labels, one of each input"
        raise ValueError(error_text("RouterClassifier, y", expected, f"{len(values):,}"))
    return values


def _refuse_other_columns(keys: Iterable[str], count: int) -> None:
    """Refuse labels without 0, which may be those of 0 .. K-1 or of 1 .. K."""
    expected = f"a label 0, or classes=range({count}) or classes=range(1, {count + 1}) to say "
    expected += "which labels the columns of X are of"
    raise ValueError(error_text("RouterClassifier, y", expected, ", ".join(in_order(keys))))


def _given(table: _core.OutcomeTable, classes: ArrayLike) -> NDArray[np.generic]:
    """Return the classes (K) that the user says.

    Raises:
        ValueError: another number of them, one twice, others than those of a table that names its.

    """
    values = np.asarray(classes).ravel()
    keys = [class_key(value) for value in values]
    if len(set(keys) - {""}) != table.classes or len(keys) != table.classes:
        expected = f"{table.classes} different classes"
        raise ValueError(error_text("RouterClassifier, classes", expected, ", ".join(keys)))
    if table.class_names and keys != [class_key(name) for name in table.class_names]:
        expected = f"those of the table, {', '.join(table.class_names)}"
        raise ValueError(error_text("RouterClassifier, classes", expected, ", ".join(keys)))
    return values


def _sorted(keys: Mapping[str, object]) -> list[str]:
    """Return keys in the order that ``numpy.unique`` gives their values.

    Values of several kinds, which it does not compare, are in the order of files.
    """
    try:
        return sorted(keys, key=keys.__getitem__)  # type: ignore[arg-type]  # anybody's values
    except TypeError:
        return in_order(keys)
