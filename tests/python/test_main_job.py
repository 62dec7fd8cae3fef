"""The main job's sequence on an invented core: what is called with what, and what comes out."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from muxnet import _core
from muxnet.base import machine, schema
from muxnet.base.files import write_text
from muxnet.cli import main
from muxnet.outcomes.policies import reported_policies
from muxnet.outcomes.reliability import ModelReliability, Reliability
from muxnet.run import assemble, main_job, steps
from muxnet.training import data as run_data
from muxnet.training import results

NAMES = ["small", "large"]
POLICIES = reported_policies()
COMPUTING = {  # what computes, by the module that calls it
    assemble: ("versions",),
    main_job: ("set_threads",),
    run_data: ("load_data",),
    steps: (
        "evaluate_policies",
        "fit_models",
        "fit_multiplexer",
        "frozen_outputs",
        "measure_latency",
        "offload_table",
        "outcome_table",
        "pretrain_multiplexer",
        "save_weights",
        "split_dataset",
        "zoo",
    ),
}


class Data(SimpleNamespace):
    def __len__(self) -> int:
        return int(self.size)


def data(size: int) -> Data:
    return Data(size=size, class_names=["a", "b", "c"], image_shape=(1, 32, 32))


def estimate(value: float, **more: Any) -> SimpleNamespace:
    around = SimpleNamespace(low=value - 0.01, high=value + 0.01)
    return SimpleNamespace(value=value, interval=around, **more)


def evaluation(called: list[float]) -> SimpleNamespace:
    return SimpleNamespace(
        accuracy=estimate(0.9),
        costs={"macs": SimpleNamespace(mean=estimate(5e6), p99=9e6, worst=1e7)},
        called_shares=called,
        models_per_input=sum(called),
        parameters={"lambda": 0.1},
    )


def epoch(number: int, models: int) -> SimpleNamespace:
    return SimpleNamespace(
        epoch=number,
        learning_rate=0.1,
        losses=[1.0 / number] * models,
        accuracies=[0.5] * models,
        held_out_accuracies=[0.4] * models,
        contrastive=-0.5 if models > 1 else None,
        both_right_distance=0.001,
        one_right_distance=0.002,
        distillation=None,
        seconds=1.5,
    )


class Core:
    """Stands in for all that the main job computes with, and keeps what it was asked for."""

    def __init__(self, called: list[float]) -> None:
        self.called = called
        self.asked: dict[str, Any] = {}
        self.fitted_on: list[int] = []

    def calling(self, name: str) -> Callable[..., Any]:
        """Return a function that calls the method ``name`` as it is then."""
        return lambda *arguments, **options: getattr(self, name)(*arguments, **options)

    def set_threads(self, threads: int) -> None:
        self.asked["threads"] = threads

    def versions(self) -> dict[str, str]:
        return {"oneDNN": "2.6.3"}

    def load_data(self, spec: str, **options: Any) -> SimpleNamespace:
        self.asked["data"] = (spec, options)
        return SimpleNamespace(train=data(600), held_out=data(200), test=data(300))

    def split_dataset(self, dataset: Data, fraction: float, seed: int) -> tuple[Data, Data]:
        part = round(len(dataset) * fraction)
        return data(part), data(len(dataset) - part)

    def zoo(self, names: Any, dataset: Data, **options: Any) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(name=name, parameter_count=10 * (i + 1), macs=1e6 * 10**i)
            for i, name in enumerate(NAMES)
        ]

    def fit_models(self, models: Any, splits: Any, config: Any, **options: Any) -> Any:
        self.asked["fit_models"] = options
        options["checkpoint"].write_bytes(b"x")
        history = [epoch(1, 2), epoch(2, 2)]
        return SimpleNamespace(models=models, history=history, answers="answers")

    def describe_contrastive_collapse(self, both: float, one: float) -> str:
        return f"collapsed at {both} and {one}" if one - both < 0.02 else ""

    def frozen_outputs(self, models: Any, dataset: Data, config: Any = None) -> Data:
        return dataset

    def pretrain_multiplexer(self, outputs: Any, train: Any, config: Any, **options: Any) -> Any:
        assert options["checkpoint"].name == "checkpoint-pretraining.safetensors"
        assert options["answers"] == "answers"
        self.asked["pretrained_on"] = len(train)
        return "pretrained"

    def fit_multiplexer(self, learn: Data, validation: Data, config: Any, **options: Any) -> Any:
        self.fitted_on.append(len(learn))
        assert options["pretrained"] == "pretrained"
        name = "offload" if options["offload"] else "multiplexer"
        assert options["checkpoint"].name == f"checkpoint-{name}.safetensors"
        multiplexer = SimpleNamespace(name=name, parameter_count=5, macs=2e6)
        return SimpleNamespace(multiplexer=multiplexer, history=[epoch(1, 1)])

    def measure_latency(self, model: Any) -> Any:
        return SimpleNamespace(ms=model.macs / 1e6, typical_ms=model.macs / 5e5)

    def save_weights(self, model: Any, path: Path) -> None:
        write_text(path, model.name)

    def outcome_table(self, models: Any, multiplexer: Any, dataset: Data, **options: Any) -> Any:
        return SimpleNamespace(
            split=options["split"], size=len(dataset), save=lambda path: write_text(path, "table")
        )

    def offload_table(self, table: Any, models: Any, offload: Any, dataset: Data) -> Any:
        assert offload.name == "offload"
        return table

    def evaluate_policies(self, parts: Any, test: Any, pair: Any, *, seed: int) -> Any:
        assert set(parts) == {"held_out", "calibration", "offload-calibration"}
        self.asked["held_out"] = (parts["held_out"].split, parts["held_out"].size)
        self.asked["tables"] = [(t.split, t.size) for t in (parts["calibration"], test)]
        point = SimpleNamespace(cost=1e6, accuracy=0.8)
        return SimpleNamespace(
            cost_kind="macs",
            policies={name: evaluation(self.called) for name in POLICIES},
            fitted={"cascade": SimpleNamespace(save=lambda path: write_text(path, "policy"))},
            routed={"hybrid_single", "hybrid_ensemble", "offload"},
            notes={"cascade": "of two models"},
            singles=[estimate(0.8), estimate(0.9)],
            curves={"multiplexer": [point], "random_mixing": [point]},
            area=estimate(0.02),
            comparisons={"random_mixing": estimate(0.02, cost=5e6)},
            hardness=[
                SimpleNamespace(inputs=290, called_shares=[0.5, 0.5]),
                SimpleNamespace(inputs=10, called_shares=[0.0, 1.0]),
                SimpleNamespace(inputs=0, called_shares=[0.0, 0.0]),
            ],
            right_wrong_matrix=np.array([[0.0, 0.1], [0.2, 0.0]]),
            auroc=[0.8, None],
            reliability=[ModelReliability(Reliability(0.1, 0.02, ())), ModelReliability()],
        )


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Core:
    core = Core([0.25, 0.75])
    for module, names in COMPUTING.items():
        for name in names:
            monkeypatch.setattr(module, name, core.calling(name))
    collapse = "describe_contrastive_collapse"
    monkeypatch.setattr(_core, collapse, core.describe_contrastive_collapse)
    monkeypatch.chdir(tmp_path)
    return core


def run(*arguments: str) -> results.Results:
    assert main(["run", "--out", "o", "--models", *NAMES, "--threads", "1", *arguments]) == 0
    return results.read_results("o/results.json")


def test_the_sequence_leaves_a_whole_folder(core: Core) -> None:
    found = run("--held-out-fraction", "0.2", "--calibration-fraction", "0.25")
    assert core.asked["threads"] == 1
    assert core.asked["data"][1]["held_out_fraction"] == 0.2
    assert core.asked["pretrained_on"] == 600
    assert core.fitted_on == [150, 150]
    assert core.asked["tables"] == [("calibration", 50), ("test", 300)]
    assert core.asked["held_out"] == ("held_out", 200)
    assert found.machine.versions["oneDNN"] == "2.6.3"
    assert found.data.held_out == 200
    assert sorted(str(path.relative_to("o")) for path in Path("o").rglob("*.*")) == [
        "config.json",
        "figures/accuracy_cost.png",
        "figures/called.png",
        "figures/hardness.png",
        "figures/learning_curves.png",
        "figures/reliability.png",
        "figures/right_wrong.png",
        "outcomes-calibration.safetensors",
        "outcomes-held_out.safetensors",
        "outcomes-offload-calibration.safetensors",
        "outcomes-offload-test.safetensors",
        "outcomes-test.safetensors",
        "policies/cascade.json",
        "report.html",
        "results.json",
        "weights/large.safetensors",
        "weights/multiplexer.safetensors",
        "weights/offload.safetensors",
        "weights/small.safetensors",
    ]


def test_the_papers_way_learns_from_the_training_data(core: Core) -> None:
    assert run("--router-data", "train").data.router_data == "train"
    assert core.fitted_on == [600, 600]


def test_numbers_come_under_their_names(core: Core) -> None:
    found = run()
    hybrid = results.policy(found, "hybrid_single")
    assert hybrid.latency_ms == pytest.approx(2.0 + 0.25 * 1.0 + 0.75 * 10.0)
    assert results.policy(found, "cascade").latency_ms == pytest.approx(0.25 * 1.0 + 0.75 * 10.0)
    assert results.policy(found, "cascade").note == "of two models"
    assert [model.called for model in found.models] == [0.25, 0.75]
    assert found.hardness.called == ((0.5, 0.5), (0.0, 1.0), ())
    assert found.right_wrong_matrix == ((0.0, 0.1), (0.2, 0.0))
    assert found.comparisons[0].against == "random_mixing"
    assert found.multiplexer.auroc == (0.8, None)
    assert "out" not in found.config
    assert set(found.seconds_by_phase) == {
        "data",
        "models",
        "multiplexer",
        "latency",
        "outcomes",
        "evaluation",
    }


def test_collapses_and_a_dear_multiplexer_are_warned_of(core: Core) -> None:
    core.called = [0.001, 0.999]
    text = " ".join(run().warnings)
    assert "it calls large for 99.9 %" in text
    assert "collapsed at" in text
    assert "costs more than small" in text


def test_the_same_seed_gives_the_same_results_but_times(core: Core) -> None:
    first = schema.to_dict(run())
    core.measure_latency = lambda model: SimpleNamespace(ms=7.0, typical_ms=8.0)  # type: ignore[method-assign]
    second = schema.to_dict(run())
    assert first != second
    assert results.without_times(first) == results.without_times(second)


def test_an_interrupted_step_stops_the_run(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(models: Any, splits: Any, config: Any, **options: Any) -> Any:
        options["checkpoint"].write_bytes(b"x")
        raise KeyboardInterrupt

    fit_models = core.fit_models
    core.fit_models = interrupted  # type: ignore[method-assign]
    arguments = ["run", "--out", "o", "--models", *NAMES]
    assert main(arguments) == 130
    core.fit_models = fit_models  # type: ignore[method-assign]
    assert main([*arguments, "--resume"]) == 0
    assert core.asked["fit_models"]["resume"] is True


def test_the_processor_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor : 0\nmodel name\t: Some CPU @ 2 GHz\n")
    assert machine.cpu_name(tmp_path / "cpuinfo") == "Some CPU @ 2 GHz"
    assert machine.cpu_name(tmp_path / "none")


def test_phases_are_timed_even_apart() -> None:
    run = steps.Run(config=None, folder=None, progress=None)  # type: ignore[arg-type]
    with run.phase("one"):
        pass
    assert run.seconds["one"] >= 0
