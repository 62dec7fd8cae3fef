"""Algorithm 1 in PyTorch ends where the core's does; compiled, in mixed precision, in processes."""

import numpy as np
import pytest
from muxnet import _core

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from muxnet.torch.algorithm1 import (  # noqa: E402
    FrozenAnswers,
    JointLoss,
    JointModels,
    MultiplexerLoss,
    frozen_answers,
    train_models_step,
    train_multiplexer_step,
)
from muxnet.torch.contrastive import ContrastiveLoss  # noqa: E402
from muxnet.torch.graph import to_core, to_torch  # noqa: E402
from muxnet.torch.multiplexer import multiplexer_module  # noqa: E402
from muxnet.torch.projection import WithProjection  # noqa: E402
from torch import nn  # noqa: E402

NETWORKS = ("mobilenet_v2_small", "mnasnet1_0_small")  # without dropout at these sizes
INPUTS, CLASSES, EPOCHS, RATE = 24, 4, 3, 0.05
NORMAL = _core.Normalization([0.5], [0.25])


def fit_options(optimizer: str = "sgd") -> _core.FitOptions:
    """One batch an epoch: the order of inputs does not matter then."""
    schedule = _core.ScheduleOptions()
    schedule.name, schedule.learning_rate = "constant", RATE
    chosen = _core.OptimizerOptions()
    chosen.name, chosen.weight_decay = optimizer, 0
    options = _core.FitOptions(epochs=EPOCHS, batch_size=INPUTS, clip_norm=1.0)
    options.optimizer, options.schedule = chosen, schedule
    return options


@pytest.fixture
def data() -> _core.Dataset:
    random = np.random.default_rng(5)
    images = random.integers(0, 256, (INPUTS, 1, 16, 16), np.uint8)
    labels = (np.arange(INPUTS) % CLASSES).astype(np.int32)
    return _core.make_dataset("noise", images, labels, [str(k) for k in range(CLASSES)])


@pytest.fixture
def models() -> list[_core.Model]:
    shape = _core.NetworkOptions(channels=1, height=16, width=16, classes=CLASSES)
    return [
        _core.make_model(name, shape, projection_dim=8, seed=3, normalization=NORMAL)
        for name in NETWORKS
    ]


def tensors(data: _core.Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    images = _core.normalize(data.images, NORMAL)
    return torch.from_numpy(images.copy()), torch.from_numpy(data.labels.astype(np.int64))


def sgd(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(module.parameters(), RATE, momentum=0.9, nesterov=True)


def assert_same_weights(module: nn.Module, model: _core.Model, within: float) -> None:
    state = module.state_dict()
    for name, values in model.state().items():
        np.testing.assert_allclose(state[name].numpy(), values, rtol=0, atol=within, err_msg=name)


@pytest.mark.parametrize("formulation", ["bounded", "paper"])
def test_step_one_ends_at_the_weights_of_the_core(data, models, formulation):
    joint = JointModels(to_torch(model) for model in models)
    weights = {"contrastive_weight": 0.3, "online_distillation_weight": 0.5}
    loss = JointLoss(
        [model.macs for model in models], label_smoothing=0.1, formulation=formulation, **weights
    )
    options = _core.ModelTrainingOptions(fit=fit_options(), label_smoothing=0.1, **weights)
    options.contrastive_formulation = getattr(_core.Formulation, formulation)
    nothing = data.subset([])
    result = _core.train_models(models, data, nothing, NORMAL, options)
    optimizers = [sgd(module) for module in joint]
    images, labels = tensors(data)
    for record in result.history:
        value = train_models_step(joint, optimizers, loss, images, labels, clip_norm=1.0)
        assert value.cross_entropies.tolist() == pytest.approx(record.losses, abs=1e-4)
        assert float(value.contrastive) == pytest.approx(record.contrastive, abs=1e-3)
    for module, model in zip(joint, models, strict=True):
        assert_same_weights(module, model, within=2e-4)


@pytest.mark.parametrize("objective", ["correctness", "ensemble"])
@pytest.mark.parametrize("shared", [False, True])
def test_step_two_ends_at_the_weights_of_the_core(data, models, objective, shared):
    options = _core.MultiplexerOptions(
        channels=1, height=16, width=16, models=2, meta_dim=8, shared_meta=shared
    )
    multiplexer = _core.make_multiplexer(options, seed=1, normalization=NORMAL)
    module = multiplexer_module(options, seed=1, normalization=NORMAL)
    costs = [float(model.macs) for model in models]
    outputs = _core.run_frozen_models(models, data, NORMAL, _core.FrozenOptions())
    weights = _core.WeightOptions(lambda_cost=0.2)
    how = _core.MultiplexerTrainingOptions(
        fit=fit_options("adamw"),
        objective=getattr(_core.Objective, objective),
        weights=weights,
        distillation_weight=0.5,
    )
    how.fit.schedule.learning_rate = 0.001
    _core.train_multiplexer(multiplexer, outputs, how, None, None)
    loss = MultiplexerLoss(costs, objective, lambda_cost=0.2, distillation_weight=0.5)
    optimizer = torch.optim.AdamW(module.parameters(), 0.001, weight_decay=0)
    images, labels = tensors(data)
    answers = frozen_answers(JointModels(to_torch(model) for model in models), images)
    torch.testing.assert_close(answers.probabilities, torch.tensor(outputs.probabilities))
    for _ in range(EPOCHS):
        train_multiplexer_step(module, optimizer, loss, images, labels, answers, clip_norm=1.0)
    assert_same_weights(module, multiplexer, within=5e-4)


def test_weights_go_back_to_the_core(data, models):
    module = to_torch(models[0]).eval()
    with torch.no_grad():
        for values in module.parameters():
            values.add_(0.01 * torch.randn_like(values))
    to_core(module, models[0])
    images, _ = tensors(data)
    wanted = module(images)["logits"].detach().numpy()
    found = _core.Predictor(models[0], INPUTS).output(images.numpy(), "logits")
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)


class Small(nn.Module):
    """Somebody's network: its last layer is no attribute of that name."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 6, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(294, 5))
        self.head = nn.Linear(5, CLASSES)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(images).relu())


def test_anybodys_module_gives_what_its_last_layer_is_given(data):
    images, _ = tensors(data)
    own = Small()
    outputs = WithProjection(own, 3)(images)
    torch.testing.assert_close(outputs["logits"], own(images))
    assert outputs["projected"].shape == (INPUTS, 3)
    assert WithProjection(own, 3, classifier="body.3").embed.projection.in_features == 294
    with pytest.raises(ValueError, match=r"linear layer 'tail'"):
        WithProjection(own, 3, classifier="tail")
    with pytest.raises(ValueError, match="a module with a linear layer"):
        WithProjection(nn.ReLU(), 3)


def test_mixed_precision_trains_alike(data):
    images, labels = tensors(data)
    torch.manual_seed(0)
    first = JointModels([WithProjection(Small()), WithProjection(Small())])
    second = JointModels([WithProjection(Small()), WithProjection(Small())])
    second.load_state_dict(first.state_dict())
    loss, values = JointLoss([1, 2]), []
    for joint, precision in ((first, None), (second, torch.bfloat16)):
        optimizers = [sgd(module) for module in joint]
        for _ in range(3):
            step = train_models_step(joint, optimizers, loss, images, labels, precision=precision)
        assert step.total.dtype == torch.float32
        values.append(step.total.item())
    assert values[0] == pytest.approx(values[1], rel=0.02)
    assert values[0] != values[1]


def test_compiled_it_computes_the_same(data):
    images, labels = tensors(data)
    torch.manual_seed(0)
    joint = JointModels([WithProjection(Small()), WithProjection(Small())])
    loss, graphs = JointLoss([1, 2], contrastive_weight=0.5), []

    def keep(graph, _):
        graphs.append(graph)
        return graph.forward

    whole = torch.compile(loss, backend=keep, fullgraph=True)
    outputs = [
        {name: values.detach().requires_grad_() for name, values in own.items()}
        for own in joint(images)
    ]
    given = [values for own in outputs for values in own.values()]
    totals = [measure(outputs, labels).total for measure in (whole, loss)]
    torch.testing.assert_close(*totals)
    gradients = [torch.autograd.grad(total, given) for total in totals]
    torch.testing.assert_close(*gradients)
    assert len(graphs) == 1
    compiled = torch.compile(joint, backend="aot_eager")
    torch.testing.assert_close(compiled(images)[1]["logits"], outputs[1]["logits"])
    answers = FrozenAnswers(
        torch.full((INPUTS, 2, CLASSES), 0.25), [o["projected"] for o in outputs]
    )
    given = {"scores": torch.randn(INPUTS, 2), "meta": torch.randn(INPUTS, 64)}
    mux = MultiplexerLoss([1, 2], "ensemble", distillation_weight=1)
    own = torch.compile(mux, backend=keep, fullgraph=True)(given, answers, labels)
    torch.testing.assert_close(own, mux(given, answers, labels))


def test_what_does_not_fit_is_told():
    with pytest.raises(ValueError, match="weights of at least 0"):
        JointLoss([1, 2], contrastive_weight=-1)
    with pytest.raises(ValueError, match="correctness or ensemble"):
        MultiplexerLoss([1, 2], "other")
    with pytest.raises(ValueError, match="bounded or paper"):
        ContrastiveLoss("other")
