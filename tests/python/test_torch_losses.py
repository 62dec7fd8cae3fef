"""The losses in PyTorch are those of the core, in float64: values and gradients."""

import numpy as np
import pytest
from muxnet import _core

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from muxnet.torch.contrastive import ContrastiveLoss, ProjectedEmbedding, contrastive  # noqa: E402
from muxnet.torch.distillation import (  # noqa: E402
    DistillationLoss,
    OnlineDistillationLoss,
    distil_to,
    distillation,
    online_distillation,
    online_targets,
)
from muxnet.torch.multiplexer import (  # noqa: E402
    multiplexer_correctness,
    multiplexer_ensemble,
    multiplexer_weights,
    offload_targets,
)

SEEDS = range(20)
FORMULATIONS = ("bounded", "paper")
TOLERANCE = 1e-10


class Case:
    """Random inputs of random sizes."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.batch, self.models, self.width = self.random.integers((1, 2, 2), (9, 7, 9))
        self.classes = int(self.random.integers(2, 6))
        self.costs = list(self.random.uniform(0.5, 40, self.models))
        self.labels = self.random.integers(0, self.classes, self.batch).astype(np.int32)
        self.correct = self.random.integers(0, 2, (self.batch, self.models)).astype(np.uint8)

    def normal(self, *shape: int) -> np.ndarray:
        return self.random.normal(0, self.random.choice([0.3, 1, 10]), shape)

    def each_model(self, width: int) -> list[np.ndarray]:
        return [self.normal(self.batch, width) for _ in range(self.models)]


def agree(loss, inputs: list[np.ndarray], value: float, gradients: list[np.ndarray]) -> None:
    """Hold value and gradients of a loss of tensors to the core's."""
    given = [torch.tensor(values, requires_grad=True) for values in inputs]
    found = loss(given)
    found.backward()
    scale = max(1.0, abs(value))
    assert found.dtype == torch.float64
    assert abs(found.item() - value) < TOLERANCE * scale
    for tensor, wanted in zip(given, gradients, strict=True):
        bar = TOLERANCE * max(1.0, np.abs(wanted).max())
        np.testing.assert_allclose(tensor.grad.numpy(), wanted, rtol=0, atol=bar)


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_contrastive(seed, formulation):
    case = Case(seed)
    embeddings = case.each_model(case.width)
    if seed % 3 == 0:
        embeddings[0][0] = 0  # orthogonal to all
    if seed % 2 or formulation == "paper":
        embeddings = [
            e / np.maximum(np.linalg.norm(e, axis=1, keepdims=True), 1e-30) for e in embeddings
        ]
    options = _core.ContrastiveOptions(
        formulation=getattr(_core.Formulation, formulation), eps=0.05
    )
    value, gradients = _core.contrastive(embeddings, case.correct, options)
    right = torch.tensor(case.correct)
    agree(lambda e: contrastive(e, right, formulation=formulation), embeddings, value, gradients)
    agree(lambda e: ContrastiveLoss(formulation)(e, right != 0), embeddings, value, gradients)


@pytest.mark.parametrize("seed", SEEDS)
def test_contrastive_of_alike_and_opposite_embeddings(seed):
    case = Case(seed)
    one = np.eye(case.width)[case.random.integers(0, case.width, case.batch)]  # d is exact
    embeddings = [one, one.copy(), -one]
    correct = case.random.integers(0, 2, (case.batch, 3)).astype(np.uint8)
    for name in FORMULATIONS:
        options = _core.ContrastiveOptions(formulation=getattr(_core.Formulation, name))
        value, gradients = _core.contrastive(embeddings, correct, options)
        right = torch.tensor(correct)
        agree(
            lambda e, r=right, f=name: contrastive(e, r, formulation=f),
            embeddings,
            value,
            gradients,
        )


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_distillation(seed, shared):
    case = Case(seed)
    embeddings = case.each_model(case.width)
    shape = (case.batch, case.width) if shared else (case.batch, case.models, case.width)
    meta = case.normal(*shape)
    meta[0] = 0 if seed % 4 == 0 else meta[0]
    value, gradient = _core.distillation(meta, embeddings)
    constants = [torch.tensor(e) for e in embeddings]
    agree(lambda m: distillation(m[0], constants), [meta], value, [gradient])
    agree(lambda m: DistillationLoss()(m[0].flatten(1), constants), [meta], value, [gradient])


@pytest.mark.parametrize("temperature", [0.5, 1, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_distillation_among_models(seed, temperature):
    case = Case(seed)
    logits = case.each_model(case.classes)
    weights = list(case.random.uniform(0, 1, case.models))
    targets = _core.online_targets(logits, weights, temperature)
    found = online_targets([torch.tensor(x) for x in logits], weights, temperature)
    np.testing.assert_allclose(found.numpy(), targets, rtol=0, atol=TOLERANCE)
    value, gradients = _core.distil_to(logits, targets, temperature)
    agree(lambda x: distil_to(x, found, temperature), logits, value, gradients)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_model_learns_from_itself_and_all_dearer_ones(seed):
    case = Case(seed)
    logits = case.each_model(case.classes)
    order = sorted(range(case.models), key=lambda i: -case.costs[i])
    value, gradients, teachers = 0.0, [np.empty(0)] * case.models, [0.0] * case.models
    for i in order:
        teachers[i] = 1.0
        targets = _core.online_targets(logits, teachers, 2.0)
        own, diff = _core.distil_to([logits[i]], targets, 2.0)
        value, gradients[i] = value + own, diff[0]
    agree(lambda x: online_distillation(x, case.costs), logits, value, gradients)
    agree(lambda x: OnlineDistillationLoss(case.costs)(x), logits, value, gradients)


@pytest.mark.parametrize("smoothing", [0, 0.1])
@pytest.mark.parametrize("seed", SEEDS)
def test_cross_entropy(seed, smoothing):
    case = Case(seed)
    logits = case.normal(case.batch, case.classes)
    value, gradient = _core.cross_entropy(logits, case.labels, smoothing)
    labels = torch.tensor(case.labels).long()
    loss = torch.nn.functional.cross_entropy
    agree(lambda x: loss(x[0], labels, label_smoothing=smoothing), [logits], value, [gradient])


@pytest.mark.parametrize("formulation", FORMULATIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_ensemble(seed, formulation):
    case = Case(seed)
    scores = case.normal(case.batch, case.models)
    answers = np.exp(case.normal(case.batch, case.models, case.classes))
    answers /= answers.sum(2, keepdims=True)
    how = {"formulation": formulation, "lambda_cost": 0.7}
    options = _core.WeightOptions(
        formulation=getattr(_core.Formulation, formulation), lambda_cost=0.7
    )
    weights = _core.multiplexer_weights(scores, case.costs, options)
    found = multiplexer_weights(torch.tensor(scores), case.costs, **how)
    np.testing.assert_allclose(found.numpy(), weights, rtol=0, atol=TOLERANCE)
    value, gradient = _core.multiplexer_ensemble(scores, answers, case.labels, case.costs, options)
    given, labels = torch.tensor(answers), torch.tensor(case.labels)
    loss = lambda s: multiplexer_ensemble(s[0], given, labels, case.costs, **how)  # noqa: E731
    agree(loss, [scores], value, [gradient])


@pytest.mark.parametrize("seed", SEEDS)
def test_correctness(seed):
    case = Case(seed)
    scores = case.normal(case.batch, case.models)
    value, gradient = _core.multiplexer_correctness(scores, case.correct)
    right = torch.tensor(case.correct)
    agree(lambda s: multiplexer_correctness(s[0], right), [scores], value, [gradient])
    likely = case.random.uniform(-0.4, 1, scores.shape)  # below 0: unknown
    value, gradient = _core.multiplexer_correctness(scores, likely)
    known = torch.tensor(likely)
    agree(lambda s: multiplexer_correctness(s[0], known), [scores], value, [gradient])


def test_projected_embeddings_are_unit_vectors_of_a_linear_map():
    module = ProjectedEmbedding(5, 3).double()
    given = torch.randn(4, 5, dtype=torch.float64)
    wanted = given @ module.projection.weight.T
    wanted = wanted / wanted.norm(dim=1, keepdim=True)
    torch.testing.assert_close(module(given), wanted)
    assert [name for name, _ in module.named_parameters()] == ["projection.weight"]


def test_the_cloud_is_worth_it_where_it_alone_is_right():
    correct = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert offload_targets(correct, 0, 1).flatten().tolist() == [False, True, False, False]
    assert offload_targets(correct, 0, 1, rescues=False).flatten().tolist() == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_halves_of_mixed_precision_are_computed_in_single(dtype):
    case = Case(3)
    embeddings = [torch.tensor(e).to(dtype).requires_grad_() for e in case.each_model(4)]
    loss = contrastive(embeddings, torch.tensor(case.correct))
    single = contrastive([e.detach().float() for e in embeddings], torch.tensor(case.correct))
    assert loss.dtype == torch.float32
    assert loss == single
    loss.backward()
    assert embeddings[0].grad.dtype == dtype


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda x: contrastive([], x), r"\[contrastive\] expected at least one tensor"),
        (lambda x: contrastive([x, x[:1]], x), "all of one shape"),
        (lambda x: contrastive([x, x], x), r"correct of shape \(3, 2\)"),
        (lambda x: contrastive([x, x], x, formulation="other"), "bounded or paper"),
        (lambda x: contrastive([x, x], x, eps=1), r"eps in \(0, 1\)"),
        (lambda x: distillation(x[:2], [x, x]), r"meta of shape \(3, 2, 4\) or \(3, 4\)"),
        (lambda x: online_targets([x, x], [1], 2), "2 weights"),
        (lambda x: distil_to([x], x, 0), "temperature above 0"),
        (lambda x: distil_to([x], x[:, :2], 1), r"targets of shape \(3, 4\)"),
        (lambda x: online_distillation([x, x], [1]), "2 costs"),
        (lambda x: multiplexer_weights(x, [1, 2]), r"scores of shape \(batch, 2\)"),
        (lambda x: multiplexer_weights(x, [1, 2, 3, 0]), "positive finite costs"),
        (lambda x: multiplexer_weights(x, [1] * 4, lambda_cost=-1), "lambda_cost of at least 0"),
        (lambda x: multiplexer_ensemble(x, x, x, [1] * 4), r"of shape \(3, 4, classes\)"),
        (lambda x: multiplexer_correctness(x, x[:1]), r"correct of shape \(3, 4\)"),
    ],
)
def test_what_does_not_fit_is_told(call, told):
    with pytest.raises(ValueError, match=told):
        call(torch.ones(3, 4))
