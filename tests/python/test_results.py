import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from muxnet import _core
from muxnet.base import schema
from muxnet.base.errors import ConfigError
from muxnet.outcomes.policies import OFFLOAD, reported_policies
from muxnet.training import results


def test_an_example_conforms_and_survives_the_round_trip(results_dict: dict[str, Any]) -> None:
    found = results.from_dict(results_dict)
    again = json.loads(json.dumps(schema.to_dict(found)))
    assert results.from_dict(again) == found


def test_the_names_that_scripts_rely_on(results_dict: dict[str, Any]) -> None:
    plain = schema.to_dict(results.from_dict(results_dict))
    assert {"name", "parameters", "cost", "latency_ms", "accuracy", "called"} <= set(
        plain["models"][0]
    )
    assert {"name", "accuracy", "cost", "latency_ms", "models_per_input"} <= set(
        plain["policies"][0]
    )
    assert {"dataset", "seed", "seconds"} <= set(plain)
    assert {entry["name"] for entry in plain["policies"]} == set(reported_policies())


def test_all_that_the_core_says_of_an_epoch_is_there_by_its_name() -> None:
    said = {name for name in vars(_core.EpochRecord) if not name.startswith("_")}
    assert {field.name for field in dataclasses.fields(results.Epoch)} == said - {"step"}


def test_without_times_drops_clocks_and_nothing_else(results_dict: dict[str, Any]) -> None:
    plain = schema.to_dict(results.from_dict(results_dict))
    later = json.loads(json.dumps(plain))
    later["seconds"] = 1.0
    later["seconds_by_phase"] = {"models": 2.0}
    later["models"][0]["latency_ms"] = 9.0
    later["policies"][2]["latency_ms"] = None
    later["multiplexer"]["latency_ms"] = 8.0
    later["learning_curves"]["models"][0]["seconds"] = 7.0
    assert results.without_times(later) == results.without_times(plain)
    later["models"][0]["accuracy"] = 0.5
    assert results.without_times(later) != results.without_times(plain)


@pytest.mark.parametrize("name", [n for n in reported_policies() if n != OFFLOAD])
def test_a_missing_policy_is_named(results_dict: dict[str, Any], name: str) -> None:
    results_dict["policies"] = [p for p in results_dict["policies"] if p["name"] != name]
    with pytest.raises(ConfigError, match=f"expected one '{name}'"):
        results.from_dict(results_dict)


def test_parts_that_do_not_fit_are_refused(results_dict: dict[str, Any]) -> None:
    results_dict["hardness"]["counts"].pop()
    with pytest.raises(ConfigError, match=r"hardness.counts.*\(7\), received 6"):
        results.from_dict(results_dict)


def test_another_version_is_refused(results_dict: dict[str, Any]) -> None:
    results_dict["version"] = 99
    with pytest.raises(ConfigError, match="version 99"):
        results.from_dict(results_dict)


def test_reading_a_broken_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"results\.json"):
        results.read_results(path)


def test_an_unknown_policy_lists_the_known(results_dict: dict[str, Any]) -> None:
    with pytest.raises(KeyError, match=r"best_single.*received 'x'"):
        results.policy(results.from_dict(results_dict), "x")
