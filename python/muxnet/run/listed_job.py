"""The main job's first half for models that a file lists: recorded as they are, not trained.

They come trained, so that all data but the test part is held out: the multiplexer learns from it,
its scores there are cross-fitted, and every policy is fitted on the whole of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from muxnet.base.compiled import _core
from muxnet.base.errors import ConfigError, error_text
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.cross_fitting import CrossFitted, Pricing, cross_fit, scored
from muxnet.pool.embeddings import encoder_name, read_embeddings
from muxnet.pool.input_sources import joined, open_parts
from muxnet.pool.inputs import Inputs
from muxnet.pool.listed import Say
from muxnet.pool.model_list import keep_models, read_models
from muxnet.pool.recorded_models import recorded_inputs, require_recorded
from muxnet.pool.router_folder import keep_multiplexer
from muxnet.pool.shown_inputs import format_shown, open_recorded, read_shown
from muxnet.run.recorded import Alone, Outcomes, Recorded
from muxnet.run.steps import Run
from muxnet.training.config import RunConfig
from muxnet.training.multiplexers import kind_of
from muxnet.training.outcome_tables import pair_of
from muxnet.training.results import DataResult, LearningCurves, MultiplexerResult
from muxnet.training.zoo import measure_latency


def record(run: Run) -> Recorded:
    """Open the models, record what they answer, and train a multiplexer on that.

    Raises:
        UserError: a model that failed; what was recorded before is kept.
        KeyboardInterrupt: interrupted; what was recorded is kept.

    """
    with run.phase("models"):
        models = read_models(run.config.models[0])
    with run.phase("data"):
        known = [name for model in models for name in model.classes]
        held_out, test = divided(run.config, run.progress.say, known)
    with run.phase("outcomes"):
        tables = [answers(run, models, inputs) for inputs in (held_out, test)]
        listed = Path(run.config.models[0])
        models = require_recorded(listed, models, tables[0], lambda _: None)
        keep_models(listed, run.folder.models, recorded_inputs(tables[0]), models)
    with run.phase("multiplexer"):
        looks_at = shown_to_multiplexer(run, models, tables, (held_out, test))
        found, scored_test = learn(run, tables, looks_at)
        pair, pair_test = learn_pair(run, tables, looks_at)
    return Recorded(
        dataset=held_out.name,
        data=data_result(held_out, test),
        models=tuple(Alone(model.name, model.cost) for model in models),
        multiplexer=multiplexer_result(run, found),
        outcomes=Outcomes(found.table, found.table, pair, scored_test, pair_test),
        curves=LearningCurves(),
        provenance={"models.cost": "given", "policies.cost": "given"},
    )


@dataclasses.dataclass(frozen=True)
class LooksAt:
    """The inputs of each part as a multiplexer is shown them, and where they come from."""

    parts: list[_core.Dataset]
    images: _core.ImageFormat | None = None
    encoder: tuple[str, str] | None = None  # a model, and its output


def shown_to_multiplexer(
    run: Run,
    models: Sequence[ForeignModel],
    tables: Sequence[_core.OutcomeTable],
    parts: Sequence[Inputs],
) -> LooksAt:
    """Return the inputs as the multiplexer of a configuration is shown them.

    Raises:
        ConfigError: inputs that it cannot look at, or no such output of the cheapest model.

    """
    if kind_of(run.config).source == _core.MultiplexerSource.embeddings:
        name = encoder_name(tables[0], tables[0].traded_cost())
        output = run.config.multiplexer.output
        encoder = next(model for model in models if model.name == name).with_embedding(output)
        return LooksAt([read_embeddings(one, encoder) for one in parts], encoder=(name, output))
    seen = [looked_at(run, one, table) for one, table in zip(parts, tables, strict=True)]
    wanted = format_shown(seen[0], run.config)
    return LooksAt([read_shown(one, wanted) for one in seen], images=wanted)


def learn(
    run: Run,
    tables: Sequence[_core.OutcomeTable],
    looks_at: LooksAt,
    *,
    offload: bool = False,
) -> tuple[CrossFitted, _core.OutcomeTable]:
    """Train and keep a multiplexer on held-out answers, and let it score the test inputs."""
    folder, name = (run.folder.offload, "offload-") if offload else (run.folder.path, "")
    found = cross_fit(
        tables[0],
        looks_at.parts[0],
        Pricing.of(tables[0].traded_cost(), run.config.multiplexer.cost),
        run.config,
        images=looks_at.images,
        encoder=looks_at.encoder,
        offload=offload,
        progress=run.progress,
        say=run.progress.say,
    )
    folder.mkdir(exist_ok=True)
    left_out = keep_multiplexer(found.saved, folder)
    if left_out:
        run.progress.say(left_out)
    found.table.save(run.folder.outcomes(f"{name}calibration"))
    scored_test = scored(tables[1], looks_at.parts[1], found.saved)
    scored_test.save(run.folder.outcomes(f"{name}test"))
    return found, scored_test


def learn_pair(
    run: Run, tables: Sequence[_core.OutcomeTable], looks_at: LooksAt
) -> tuple[_core.OutcomeTable | None, _core.OutcomeTable | None]:
    """Do the same for the mobile/cloud pair.

    None where all models cost the same, or where the device's model has to run before a decision.
    """
    kind = tables[0].traded_cost()
    if len(set(tables[0].costs(kind))) < 2 or looks_at.encoder is not None:
        return None, None
    run.progress.say("the mobile/cloud pair: the cheapest model and the dearest")
    pair = [pair_of(table, kind) for table in tables]
    found, scored_test = learn(run, pair, looks_at, offload=True)
    return found.table, scored_test


def divided(config: RunConfig, say: Say, known: Sequence[str] = ()) -> tuple[Inputs, Inputs]:
    """Return the held-out and the test part: the data's own where it has one, else drawn.

    ``known`` are the models' classes, as of ``open_inputs``.

    Raises:
        ConfigError: inputs without labels.

    """
    skip = config.skip_unreadable
    parts = dict(open_parts(config.data, skip_unreadable=skip, say=say, known=known))
    test = parts.pop("test", None)
    rest = joined(list(parts.values()))
    for inputs in (rest, test):
        if inputs is not None and (inputs.labels < 0).any():
            received = f"{int((inputs.labels < 0).sum()):,} of {len(inputs):,} without"
            raise ConfigError(error_text(inputs.name, "a label for each input", received))
    if test is None:
        # Not class by class: some have fewer inputs than parts.
        rows = _core.draw_parts(len(rest), 1 - config.test_fraction, config.seed)
        rest, test = (rest.subset(own) for own in rows)
    held_out, test = rest.subset(slice(None), "held_out"), test.subset(slice(None), "test")
    say(
        f"{config.data}: {len(held_out):,} held-out and {len(test):,} test inputs, "
        f"{len(held_out.class_names)} classes; the models come trained"
    )
    return held_out, test


def answers(run: Run, models: Sequence[ForeignModel], inputs: Inputs) -> _core.OutcomeTable:
    """Record what every model answers for a part of the data, going on where that was begun."""
    path = run.folder.outcomes(inputs.part)
    if run.resume and path.exists():
        table = _core.OutcomeTable.load(path)
        known = [model.name for model in models] == list(table.models)
        if known and table.source.endswith(f"#{inputs.identity()['images']}"):
            require_recorded(Path(run.config.models[0]), models, table, run.progress.say)
            run.progress.say(f"{path.name}: recorded before")
            return table
    return collect(models, inputs, path, split=inputs.part, resume=run.resume, say=run.progress.say)


def looked_at(run: Run, inputs: Inputs, table: _core.OutcomeTable) -> Inputs:
    """Return what the multiplexer looks at: the inputs, or vectors that come with them.

    Raises:
        ConfigError: vectors of other inputs.

    """
    path = run.config.multiplexer.features
    if not path:
        return inputs
    return open_recorded(path, table)


def data_result(held_out: Inputs, test: Inputs) -> DataResult:
    """Return the record of the data and its division."""
    return DataResult(
        classes=len(held_out.class_names),
        class_names=tuple(held_out.class_names),
        image_shape=(),
        train=0,
        held_out=len(held_out),
        test=len(test),
        router_data="held_out",
    )


def multiplexer_result(run: Run, found: CrossFitted) -> MultiplexerResult:
    """Return the record of the multiplexer itself."""
    own, multiplexer = run.config.multiplexer, found.saved.multiplexer
    return MultiplexerResult(
        parameters=int(multiplexer.parameter_count),
        cost=multiplexer.cost,
        latency_ms=measure_latency(multiplexer).ms,
        kind=own.kind,
        objective=own.objective,
        formulation=own.formulation,
        resolution=multiplexer.images.width if multiplexer.images else 0,
        width=own.width,
        lambda_cost=own.lambda_cost,
    )
