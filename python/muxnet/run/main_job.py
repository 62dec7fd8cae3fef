"""The main job, step by step: Algorithm 1, Algorithm 2 both ways, and all that they are held to.

Each step is a small function; whatever computes is a function of ``muxnet.run.api``, which needs
the compiled core and is imported when a run starts.
"""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from typing import Any

from muxnet.base.progress import BarReporter, LogReporter
from muxnet.base.run_folder import RunFolder
from muxnet.run import assemble
from muxnet.run.config import RunConfig, data_kind
from muxnet.run.results import (
    Area,
    Comparison,
    Contrastive,
    DataResult,
    MultiplexerResult,
    PolicyResult,
    Results,
)
from muxnet.run.verdict import collapse_warnings


@dataclasses.dataclass
class Run:
    """What every step is told, and the seconds that each took."""

    config: RunConfig
    folder: RunFolder
    progress: BarReporter | LogReporter
    resume: bool = False
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a part of the run under ``name``."""
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started


@dataclasses.dataclass
class Parts:
    """What one step hands to the next."""

    data: Any  # splits .train .held_out .test
    models: Any
    router_data: Any = None  # what the multiplexers learn from
    calibration: Any = None  # what thresholds are chosen on
    multiplexer: Any = None
    offload: Any = None
    models_history: Any = ()
    answers: Any = None  # of the models while they were trained
    multiplexer_history: Any = ()
    evaluations: Any = None
    latencies: Any = ()  # of the models
    multiplexer_latency: Any = None


def compute(run: Run) -> Results:
    """Take every step from the data to the results.

    Raises:
        KeyboardInterrupt: interrupted; a checkpoint was left.

    """
    from muxnet.run import api

    api.set_threads(run.config.threads)
    with run.phase("data"):
        parts = load(run)
    with run.phase("models"):
        fit_models(run, parts)
    with run.phase("multiplexer"):
        fit_multiplexers(run, parts)
    with run.phase("latency"):
        parts.latencies = [api.measure_latency(model) for model in parts.models]
        parts.multiplexer_latency = api.measure_latency(parts.multiplexer)
    with run.phase("evaluation"):
        evaluate(run, parts)
    return collect(run, parts)


def load(run: Run) -> Parts:
    """Open the data, divide it, and build the model pool for it."""
    from muxnet.run import api

    config = run.config
    data = api.load_data(
        config.data,
        held_out_fraction=config.held_out_fraction,
        test_fraction=config.test_fraction,
        seed=config.seed,
    )
    run.progress.say(
        f"{config.data}: {len(data.train)} training, {len(data.held_out)} held-out and "
        f"{len(data.test)} test images, {len(data.train.class_names)} classes"
    )
    models = api.zoo(
        config.models, data.train, seed=config.seed, projection_dim=config.projection_dim
    )
    parts = Parts(data, models)
    learn, parts.calibration = api.split_dataset(
        data.held_out, config.calibration_fraction, config.seed
    )
    parts.router_data = learn if config.router_data == "held_out" else data.train
    return parts


def fit_models(run: Run, parts: Parts) -> None:
    """Algorithm 1, step 1: all models jointly on each batch; leaves their weights."""
    from muxnet.run import api

    trained = api.fit_models(
        parts.models,
        parts.data,
        run.config,
        progress=run.progress,
        checkpoint=run.folder.checkpoint("models"),
        resume=run.resume,
    )
    parts.models_history, parts.answers = trained.history, trained.answers
    for warning in distance_warnings(parts.models_history):
        run.progress.say(warning)
    for model in parts.models:
        api.save_weights(model, run.folder.weights / f"{model.name}.safetensors")


def fit_multiplexers(run: Run, parts: Parts) -> None:
    """Algorithm 1, step 2: models frozen; one multiplexer for all, one for the two-model case."""
    from muxnet.run import api

    run.progress.say("running every model on the inputs that the multiplexers learn from")
    learn = api.frozen_outputs(parts.models, parts.router_data, run.config)
    validation = api.frozen_outputs(parts.models, parts.calibration)
    pretrained = None
    if run.config.multiplexer.pretraining_epochs > 0:
        pretrained = api.pretrain_multiplexer(
            parts.models,
            parts.data,
            run.config,
            answers=parts.answers,
            progress=run.progress,
            checkpoint=run.folder.checkpoint("pretraining"),
            resume=run.resume,
        )
    for name in ("multiplexer", "offload"):
        multiplexer, history = api.fit_multiplexer(
            parts.models,
            learn,
            validation,
            run.config,
            pretrained=pretrained,
            offload=name == "offload",
            progress=run.progress,
            checkpoint=run.folder.checkpoint(name),
            resume=run.resume,
        )
        api.save_weights(multiplexer, run.folder.weights / f"{name}.safetensors")
        setattr(parts, name, multiplexer)
        if name == "multiplexer":
            parts.multiplexer_history = history


def evaluate(run: Run, parts: Parts) -> None:
    """Record what every network answers, then replay every policy on it (Algorithm 2)."""
    from muxnet.run import api

    run.progress.say(f"running every model on the {len(parts.data.held_out)} held-out images")
    held_out = api.outcome_table(parts.models, None, parts.data.held_out, split="held_out")
    held_out.save(run.folder.outcomes("held_out"))
    tables = []
    for split, dataset in (("calibration", parts.calibration), ("test", parts.data.test)):
        run.progress.say(f"running every model on the {len(dataset)} {split} images")
        table = api.outcome_table(parts.models, parts.multiplexer, dataset, split=split)
        table.save(run.folder.outcomes(split))
        pair = api.offload_table(table, parts.models, parts.offload, dataset)
        pair.save(run.folder.outcomes(f"offload-{split}"))
        tables.append((table, pair))
    calibration, test = tables
    parts.evaluations = api.evaluate_policies(calibration, test, held_out, seed=run.config.seed)
    run.folder.policies.mkdir(exist_ok=True)
    for name, policy in parts.evaluations.fitted.items():
        policy.save(run.folder.policies / f"{name}.json")


def collect(run: Run, parts: Parts) -> Results:
    """Put all numbers under their stable names."""
    from muxnet.run import api

    found = parts.evaluations
    measured = [*parts.latencies, parts.multiplexer_latency]
    latencies = [latency.ms for latency in parts.latencies]
    policies = policy_results(parts, latencies)
    models = assemble.model_results(parts.models, found.singles, latencies, policies)
    curves = assemble.learning_curves(parts.models_history, parts.multiplexer_history)
    contrastive = contrastive_result(run.config, curves.models)
    return Results(
        dataset=data_kind(run.config.data),
        seed=run.config.seed,
        seconds=sum(run.seconds.values()),
        seconds_by_phase=dict(run.seconds),
        data=data_result(run.config, parts),
        models=models,
        policies=policies,
        curves=tuple(assemble.curve_result(name, line) for name, line in found.curves.items()),
        area_above_random_mixing=Area(found.area.value, assemble.interval(found.area)),
        multiplexer=multiplexer_result(run.config, parts),
        hardness=assemble.hardness_result(found.hardness),
        right_wrong_matrix=tuple(tuple(row) for row in found.right_wrong_matrix),
        learning_curves=curves,
        contrastive=contrastive,
        comparisons=tuple(
            Comparison("hybrid_single", name, entry.macs, entry.value, assemble.interval(entry))
            for name, entry in found.comparisons.items()
        ),
        warnings=warnings(models, contrastive, parts),
        machine=assemble.machine(run.config.threads, api.versions(), measured),
        config=assemble.config_result(run.config),
    )


def policy_results(parts: Parts, latencies: list[float]) -> tuple[PolicyResult, ...]:
    """Return the policies' rows, by name."""
    found = parts.evaluations
    return tuple(
        assemble.policy_result(
            name,
            entry,
            latencies,
            look_ms=parts.multiplexer_latency.ms if name in found.routed else 0.0,
            note=found.notes.get(name, ""),
        )
        for name, entry in found.policies.items()
    )


def data_result(config: RunConfig, parts: Parts) -> DataResult:
    """Return the record of the data and its division."""
    data = parts.data
    return DataResult(
        classes=len(data.train.class_names),
        class_names=tuple(data.train.class_names),
        image_shape=tuple(data.train.image_shape),
        train=len(data.train),
        held_out=len(data.held_out),
        test=len(data.test),
        router_data=config.router_data,
    )


def multiplexer_result(config: RunConfig, parts: Parts) -> MultiplexerResult:
    """Return the record of the multiplexer itself."""
    own, found = config.multiplexer, parts.evaluations
    return MultiplexerResult(
        parameters=int(parts.multiplexer.parameter_count),
        macs=float(parts.multiplexer.macs),
        latency_ms=parts.multiplexer_latency.ms,
        objective=own.objective,
        formulation=own.formulation,
        resolution=own.resolution or int(parts.data.train.image_shape[-1]),
        width=own.width,
        lambda_cost=own.lambda_cost,
        auroc=tuple(found.auroc),
    )


def contrastive_result(config: RunConfig, epochs: Any) -> Contrastive:
    """Return the record of the contrastive loss, with the last epoch's mean distances."""
    last = epochs[-1] if epochs else None
    return Contrastive(
        formulation=config.contrastive_formulation,
        weight=config.contrastive_weight,
        both_right_distance=last.both_right_distance if last else None,
        one_right_distance=last.one_right_distance if last else None,
    )


def distance_warnings(epochs: Any) -> list[str]:
    """Return a warning where the contrastive loss was trained with and separates nothing."""
    from muxnet.run import api

    if not epochs or not epochs[-1].contrastive:
        return []
    last = epochs[-1]
    words = api.contrastive_collapse(last.both_right_distance, last.one_right_distance)
    return [words] if words else []


def warnings(models: Any, contrastive: Contrastive, parts: Parts) -> tuple[str, ...]:
    """Return in words what a reader must know: collapses, and a multiplexer that is too dear."""
    words = collapse_warnings([m.name for m in models], [m.called for m in models])
    words += distance_warnings(parts.models_history)
    cheapest = min(models, key=lambda model: model.macs)
    if parts.multiplexer.macs >= cheapest.macs:
        words.append(f"The multiplexer costs more MACs than {cheapest.name}: it is no multiplexer.")
    return tuple(words)
