"""``muxnet bench``: ours and a peer in turns."""

import argparse
import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from muxnet import _core
from muxnet.base.errors import UsageError, UserError
from muxnet.bench import ours, replaying, rounds
from muxnet.bench.http_load import due_times
from muxnet.bench.ideal_queue import ideal_latencies, ideal_quantiles_ms
from muxnet.bench.neighbours import busy_neighbours
from muxnet.bench.rounds import Row
from muxnet.bench.works import works
from muxnet.cli import main
from muxnet.commands import bench
from muxnet.outcomes.fitting import fit_policy
from queueing import mean_wait


def test_the_works_are_those_of_the_table() -> None:
    training = works("train")
    assert [(work.name, work.batch) for work in training] == [
        ("six small models", 128),
        ("mobilenet_v2", 16),
        ("resnet50", 16),
    ]
    assert len(training[0].networks) == 6
    both = works("train", precisions=("fp32", "bf16"))
    assert [work.precision for work in both] == ["fp32"] * 3 + ["bf16"] * 3
    assert [work.batch for work in works("infer", ("resnet50",))] == [1, 32]
    assert works("infer", ("alexnet_small",), (4,))[0].image_shape == (3, 32, 32)


def test_routing_is_measured_in_turns_with_inference(tmp_path, capsys) -> None:
    target = tmp_path / "bench.json"
    command = ["bench", "route", "--rounds", "2", "--busy", "1", "--json", str(target)]
    assert main(command) == 0
    (row,) = json.loads(target.read_text())
    assert row["busy"] == 1
    assert {"work", "precision", "batch", "ours_ms", "peer", "peer_ms", "ratio"} <= set(row)
    assert row["ratio"] == row["ours_ms"] / row["peer_ms"]
    assert min(row["ours_ms"], row["peer_ms"]) > 0
    assert row["ours_peak_mb"] > 10
    printed = capsys.readouterr().out
    assert "mobilenet_v2" in printed
    assert "beside 1 busy process;" in printed


def test_a_request_to_a_model_elsewhere_is_held_against_a_plain_client(
    untrained_run, started_server, tmp_path, capsys
) -> None:
    pytest.importorskip("tritonclient")
    target = tmp_path / "bench.json"
    with started_server(untrained_run, "--policy", "hybrid_single") as (_, said):
        rest, rpc = (f"127.0.0.1:{said[port]}" for port in ("http_port", "grpc_port"))
        asked = [f"http://{rest}/v2/models/alexnet_small", f"grpc://{rpc}/alexnet_small"]
        through = [f"http://{rest}/v2/models/router", f"grpc://{rpc}/router"]
        command = ["bench", "hop", "--endpoint", *asked, "--through", *through]
        assert main([*command, "--rounds", "2", "--json", str(target)]) == 0
    rows = json.loads(target.read_text())
    assert [row["work"] for row in rows] == asked + through
    assert {row["peer"] for row in rows} == {"tritonclient"}
    assert all(min(row["ours_ms"], row["peer_ms"]) > 0 for row in rows)
    printed = capsys.readouterr().out
    first = 1000 * (rows[0]["ours_ms"] - rows[0]["peer_ms"])
    assert f"{asked[0]}: {first:+.0f} us" in printed


@pytest.mark.parametrize(
    "given", [[], ["--endpoint", "http://a:1/v2/models/m", "--through", "b", "c"]]
)
def test_requests_to_nowhere_are_refused(given, capsys) -> None:
    assert main(["bench", "hop", *given]) == 2
    assert "--endpoint with addresses of models" in capsys.readouterr().err


def test_loading_is_held_against_the_training_step() -> None:
    (work,) = works("load", batches=(4,))
    work = dataclasses.replace(work, networks=("alexnet_small",))
    row = rounds.compare(work, "training_step", threads=1, rounds=2, warm_up=1)
    assert min(row.ours_ms, row.peer_ms) > 0
    assert row.peer == "training_step"


def test_a_training_step_is_one_turn() -> None:
    (work,) = works("train", ("alexnet_small",), (8,))
    with rounds.running("ours", work, 1) as side:
        times = [side.once() for _ in range(20)]  # past the end of an epoch
    assert all(time > 0 for time in times)


def test_inference_answers_every_image() -> None:
    (work,) = works("infer", ("alexnet_small",), (3,))
    assert ours.inference(work)().shape == (3, 10)


@pytest.mark.skipif(not _core.supports_bf16(), reason="this CPU has no bf16")
def test_bf16_answers_nearly_alike() -> None:
    exact, rough = works("infer", ("resnet50_small",), (3,), ("fp32", "bf16"))
    difference = ours.inference(exact)() - ours.inference(rough)()
    assert 0 < abs(difference).max() < 0.1


def test_precision_is_refused_where_it_means_nothing() -> None:
    with pytest.raises(UsageError, match="expected fp32 to route, received bf16"):
        bench.execute(
            argparse.Namespace(
                kind="route", precision=["bf16"], rounds=1, threads=0, busy=0, against=""
            )
        )


def test_neighbours_count_while_the_block_lasts() -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = set(children.read_text().split())
    with busy_neighbours(2):
        assert len(set(children.read_text().split()) - before) == 2
    assert set(children.read_text().split()) == before


def test_a_side_that_ends_is_an_error(capfd) -> None:
    (work,) = works("infer", ("alexnet_small",), (3,))
    with (
        pytest.raises(UserError, match=r"no_such_peer.*exit status 1"),
        rounds.running("no_such_peer", work, 1),
    ):
        pass
    assert "expected a peer that can infer" in capfd.readouterr().err


def test_peers_that_cannot_do_the_work_are_refused() -> None:
    with pytest.raises(UsageError, match=r"torch_compile.*onnxruntime"):
        bench.peers("train", "onnxruntime")
    assert bench.peers("train", "torch, torch_compile") == ["torch", "torch_compile"]


def test_the_summary_is_the_geometric_mean() -> None:
    rows = [Row("w", "fp32", 1, 1, "p", 2, ratio, 0, 0, 1) for ratio in (0.5, 2.0, 1.0)]
    assert bench.summary(rows) == ["geometric mean of ours / p: 1.00, worst 2.00"]
    assert bench.summary(rows[:1]) == []


def test_routing_is_replayed_fitted_and_held_against_numpy(tmp_path, answers) -> None:
    probabilities, labels = answers()
    path = tmp_path / "answers.npz"
    np.savez(path, probabilities=probabilities, labels=labels, macs=[1.0, 3.0, 9.0])
    target = tmp_path / "bench.json"
    command = ["bench", "replay", "--batch", "300", "--rounds", "2", "--table", str(path)]
    assert main([*command, "--json", str(target)]) == 0
    cascade, policies, decisions, fit = json.loads(target.read_text())
    assert (cascade["peer"], cascade["work"]) == ("numpy", "cascade, replay")
    assert cascade["ratio"] == cascade["ours_ms"] / cascade["peer_ms"]
    able = [entry for entry in _core.policies() if set(entry.needs) <= {"scores", "label"}]
    assert policies["work"] == f"{len(able)} policies, replay"
    assert decisions["work"] == "learned_cascade, 1,000 decisions"
    for row in (policies, decisions, fit):
        assert (row["peer"], row["peer_ms"], row["ratio"]) == ("", None, None)
        assert row["ours_ms"] > 0


def test_the_cascade_in_numpy_answers_as_ours_does() -> None:
    work = works("replay", batches=(2000,))[0]
    held_out, test = (replaying.outcomes(work, seed) for seed in (1, 2))
    policy = fit_policy("cascade", held_out)
    answers = replaying.decide(policy.point.parameters, test.probabilities)
    assert len(set(policy.point.parameters) & {"model_1", "threshold_0"}) == 2
    np.testing.assert_array_equal(answers, policy.decide(test).answers)


def test_invented_models_are_the_better_the_dearer() -> None:
    table = replaying.outcomes(works("replay", batches=(5000,))[0], 1)
    accuracies = np.asarray(table.quality).mean(axis=0)
    assert np.all(np.diff(accuracies) > 0)
    assert 0.5 < accuracies[0] < accuracies[-1] < 0.99


def test_an_ideal_queue_is_first_come_first_served() -> None:
    due, takes = np.array([0.0, 1.0, 2.0, 2.0]), np.array([5.0, 2.0, 4.0, 1.0])
    assert ideal_latencies(due, takes, 1).tolist() == [5, 6, 9, 10]
    assert ideal_latencies(due, takes, 2).tolist() == [5, 2, 5, 4]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_ideal_queue_waits_as_mm_c(workers: int) -> None:
    draws, count, rate = np.random.default_rng(1), 100_000, 0.7
    due = np.cumsum(draws.exponential(size=count)) / (workers * rate)
    takes = draws.exponential(size=count)
    waits = ideal_latencies(due, takes, workers) - takes
    assert waits.mean() == pytest.approx(mean_wait(workers, workers * rate, 1.0), rel=0.05)


def test_an_ideal_queue_is_as_fast_as_the_server() -> None:
    alone = np.array([1.0, 3.0])
    due = due_times(100, 10, even=True)
    p50, p99 = ideal_quantiles_ms(alone, due, capacity=200, workers=2)
    assert 5 <= p50 <= p99 == pytest.approx(15)  # nobody waits
