"""What is chosen by name: one table each in the core, one error for a name that is not there."""

import re

import pytest
from muxnet import _core
from muxnet.base.words import policy_title
from muxnet.outcomes.policies import reported_policies
from muxnet.training.config import DATASET_DEFAULTS, data_kinds

REGISTERS = (
    "networks",
    "policies",
    "operators",
    "data_kinds",
    "optimizers",
    "schedules",
    "image_payloads",
    "onnx_engines",
)


@pytest.mark.parametrize("register", REGISTERS)
def test_names_are_used_once_and_entries_say_what_they_are(register):
    entries = getattr(_core, register)()
    names = [entry.name for entry in entries]
    assert names
    assert len(set(names)) == len(names)
    assert all(entry.title for entry in entries if hasattr(entry, "title"))


@pytest.mark.parametrize(
    ("register", "find"),
    [
        (
            "networks",
            lambda name: _core.build_network(
                name, _core.NetworkOptions(channels=3, height=32, width=32, classes=10)
            ),
        ),
        ("policies", _core.make_policy),
        ("data kinds", lambda name: _core.open_splits(f"{name}:x", _core.SplitOptions())),
    ],
)
def test_an_unknown_name_is_a_value_error_that_lists_the_known_ones(register, find):
    known = [entry.name for entry in getattr(_core, register.replace(" ", "_"))()]
    expected = f"[{register}] expected one of {', '.join(known)}, received nothing"
    with pytest.raises(ValueError, match=re.escape(expected)):
        find("nothing")


def test_policies_say_what_they_need():
    needs = {entry.name: entry.needs for entry in _core.policies()}
    assert needs["hybrid_single"] == needs["hybrid_ensemble"] == ["scores"]
    assert (needs["knn"], needs["offload"]) == (["features"], ["offload_score"])
    assert (needs["oracle"], needs["cascade"]) == (["label"], [])
    for entry in _core.policies():
        assert entry.uses_multiplexer == bool(set(entry.needs) - {"label"})


def test_a_run_reports_some_policies():
    assert set(reported_policies()) < {entry.name for entry in _core.policies()}
    assert {"best_single", "hybrid_single", "random_mixing", "oracle"} <= set(reported_policies())


def test_titles_come_from_the_register():
    assert policy_title("knn") == "kNN on features"
    assert policy_title("cascade_2") == "max-softmax cascade of 2"
    assert policy_title("of_another_time") == "of another time"


def test_every_kind_with_defaults_is_one():
    assert set(DATASET_DEFAULTS) <= set(data_kinds())


def test_every_operator_is_known_to_pytorch_and_no_other():
    pytest.importorskip("torch")
    from muxnet.torch import graph

    assert set(graph.LAYERS) == {entry.name for entry in _core.operators()}
