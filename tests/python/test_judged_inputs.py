"""All figures of one heading are of the same inputs, counted by hand; records name their rows."""

import dataclasses
import json
import logging

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.outcomes.compare import Zoo, compare_zoos, parse_contenders
from muxnet.outcomes.fitting import evaluate_policy, fit_policy
from muxnet.outcomes.table_files import read_outcomes
from muxnet.pool.router_folder import load_router
from muxnet.sweep.routing import measure

NAMES = ("small", "large")
RIGHT = (0.7, 0.93)
HEAD = 100


@dataclasses.dataclass(frozen=True)
class Answers:
    """Labels (n), and what two models say, with which score, at which cost (n, 2)."""

    labels: np.ndarray
    said: np.ndarray
    scores: np.ndarray
    costs: np.ndarray

    @property
    def head(self):
        """The first of them, by field."""
        return [getattr(self, field.name)[:HEAD] for field in dataclasses.fields(self)]

    @property
    def whole(self):
        """Which inputs both models answered."""
        return (self.said >= 0).all(axis=1)

    def write(self, path, groups=None):
        """Write them as a CSV; -1 is nothing."""
        head = [f"{name}:{part}" for name in NAMES for part in ("prediction", "score", "cost")]
        lines = [",".join(["label", *(["group"] if groups is not None else []), *head])]
        for i, label in enumerate(self.labels):
            row = ["" if label < 0 else str(label)]
            row += [] if groups is None else [f"g{groups[i]}"]
            for said, score, cost in zip(self.said[i], self.scores[i], self.costs[i], strict=True):
                row += ["", "", ""] if said < 0 else [str(said), f"{score:.5f}", f"{cost:.4f}"]
            lines.append(",".join(row))
        path.write_text("\n".join(lines) + "\n")
        return str(path)


def drawn(seed, count=400, missing=0.0):
    """Draw answers; those of the small model are missing of the hardest and dearest inputs."""
    draw = np.random.default_rng(seed)
    hard, labels = draw.random(count), draw.integers(0, 4, count)
    said, scores = np.empty((count, 2), int), np.empty((count, 2))
    for i, accuracy in enumerate(RIGHT):
        sure = 0.7 * hard + 0.3 * draw.random(count)
        right = sure <= np.quantile(sure, accuracy)
        said[:, i] = np.where(right, labels, (labels + draw.integers(1, 4, count)) % 4)
        scores[:, i] = np.round(1 - sure, 5)
    costs = np.round(np.outer(1 + 4 * hard, [1.0, 8.0]), 4)
    said[hard > 1 - missing, 0] = -1
    return Answers(labels, said, scores, costs)


@pytest.fixture
def router(tmp_path):
    return fitted(tmp_path, drawn(1))


def fitted(folder, answers, *options):
    table, out = answers.write(folder / "fit.csv"), folder / "router"
    assert cli.main(["fit", table, "--folds", "0", "--out", str(out), *options]) == 0
    return str(out)


def evaluated(folder, router, table):
    """Return figures and records."""
    figures, records = folder / "figures.json", folder / "records.jsonl"
    command = ["evaluate", router, "--outcomes", table, "--json", str(figures)]
    assert cli.main([*command, "--records", str(records)]) == 0
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    return json.loads(figures.read_text()), lines


def test_router_and_best_single_model_are_of_the_same_inputs(router, tmp_path):
    other = drawn(2, missing=0.3)
    found, records = evaluated(tmp_path, router, other.write(tmp_path / "other.csv"))
    whole, best = other.whole, other.said[:, 1] == other.labels
    assert whole.sum() < 300
    assert found["inputs"] == found["groups"] == len(records) == whole.sum()
    assert found["best_name"] == "large"
    assert found["best_single"]["accuracy"] == pytest.approx(best[whole].mean())
    assert found["best_single"]["cost"] == pytest.approx(other.costs[whole, 1].mean())
    assert abs(best[whole].mean() - best.mean()) > 0.01  # all inputs would say something else
    assert other.costs[whole, 1].mean() < other.costs[:, 1].mean() - 1
    called = np.array([[name in record["called"] for name in NAMES] for record in records])
    paid = (called * other.costs[whole]).sum(axis=1)
    assert found["router"]["cost"] == pytest.approx(paid.mean())
    answers = np.array([record["answer"] for record in records])
    own = (answers == other.labels[whole]).mean()
    assert found["router"]["accuracy"] == pytest.approx(own)


def test_the_python_api_and_a_table_of_complete_inputs_say_the_same(router, tmp_path):
    table = read_outcomes(drawn(2, missing=0.3).write(tmp_path / "other.csv"))["all"]
    policy = load_router(tmp_path / "router")
    found = evaluate_policy(policy, table)
    assert found == evaluate_policy(policy, table.complete())


def test_a_plan_is_of_the_same_inputs_and_says_in_how_many_groups(router, tmp_path, capsys):
    other = drawn(3, 600, missing=0.3)
    groups = np.arange(600) // 6
    table = other.write(tmp_path / "other.csv", groups)
    whole = other.whole
    stand_in = len(set(groups[whole]))
    assert whole.sum() < 450
    capsys.readouterr()
    command = ["plan", router, "--outcomes", table, "--out", str(tmp_path / "plan")]
    load = ["--rate", "50", "--p99", "100", "--latency", "small=2,large=15"]
    assert cli.main([*command, *load, "--rates", "none", "--requests", "500"]) == 0
    assert f"routes of {whole.sum()} inputs in {stand_in} groups\n" in capsys.readouterr().out
    found = json.loads((tmp_path / "plan" / "plan.json").read_text())
    assert (found["inputs"], found["groups"]) == (whole.sum(), stand_in)
    own, records = evaluated(tmp_path, router, table)
    right = (other.said[whole, 1] == other.labels[whole]).mean()
    assert found["best_attained"]["accuracy"] == pytest.approx(right)
    assert found["routed"]["attained"]["accuracy"] == own["router"]["accuracy"]
    calls = {station["name"]: station["calls"] for station in found["routed"]["stations"]}
    for name in NAMES:
        assert calls[name] == pytest.approx(np.mean([name in r["called"] for r in records]))


def test_a_sweep_measures_shares_on_the_same_inputs(tmp_path):
    parts = {"held_out": drawn(1), "test": drawn(2, missing=0.3)}
    arrays = {"models": np.array(NAMES)}
    for part, answers in parts.items():
        own = {"labels": answers.labels, "predictions": answers.said, "cost": answers.costs}
        own |= {"answer_scores": answers.scores[:, :, None]}
        arrays |= {f"{part}_{name}": values for name, values in own.items()}
    np.savez(tmp_path / "t.npz", **arrays)
    settings = {"table": str(tmp_path / "t.npz"), "policy": "best_single"}
    found = measure(settings, tmp_path, 1)
    assert found["cost_share"] == pytest.approx(1)
    test = parts["test"]
    assert found["cost"] == pytest.approx(test.costs[test.whole, 1].mean(), rel=1e-5)


def mixed():
    """Return what a router sees, that before others, and which rows it is to be judged by.

    Two of the others have no label, one of them and one more an answer less.
    """
    seen, found = drawn(1), drawn(2)
    found.labels[[10, 60]] = -1
    found.said[[20, 60], 0] = -1
    table = Answers(*(np.concatenate(two) for two in zip(seen.head, found.head, strict=True)))
    return seen, table, [HEAD + row for row in range(HEAD) if row not in (10, 20, 60)]


def test_records_name_the_rows_of_the_file(tmp_path, caplog, capsys):
    first, table, rows = mixed()
    router = fitted(tmp_path, first)
    with caplog.at_level(logging.WARNING, logger="muxnet"):
        found, records = evaluated(tmp_path, router, table.write(tmp_path / "other.csv"))
    assert caplog.text.count("inputs left out: the router was fitted on them") == 1
    assert "100 of 198 inputs left out: the router was fitted on them" in caplog.text
    assert found["inputs"] == len(rows)
    assert [record["input"] for record in records] == rows
    names = load_router(tmp_path / "router").class_names
    assert [names[record["label"]] for record in records] == [str(k) for k in table.labels[rows]]
    for name, said in zip(NAMES, table.said.T, strict=True):
        outputs = {r["input"]: r["outputs"][name]["answer"] for r in records if name in r["called"]}
        assert all(names[answer] == str(said[row]) for row, answer in outputs.items())
    capsys.readouterr()
    assert cli.main(["replay", router, str(tmp_path / "records.jsonl")]) == 0
    assert f"{len(rows)} records, 0 decided otherwise" in capsys.readouterr().out


def in_memory(answers, **places):
    return _core.OutcomeTable(
        NAMES,
        predictions=answers.said.astype(np.int32),
        answer_scores=answers.scores[:, :, None].astype(np.float32),
        score_kinds=["score"],
        labels=answers.labels.astype(np.int32),
        costs={"cost": [1, 10]},
        **places,
    )


def test_records_of_a_collected_table_name_its_inputs_places():
    places = np.arange(50, dtype=np.int64) * 7
    table = in_memory(drawn(2, 50), source="images#0123456789abcdef", indices=places)
    policy = fit_policy("cascade", in_memory(drawn(1)))
    lines = _core.record_decisions(policy, table)
    assert [json.loads(line)["input"] for line in lines] == places.tolist()


def test_a_record_has_what_its_input_has_cost(tmp_path):
    answers = drawn(3)
    costs = {"cost": answers.costs.astype(np.float32)}
    table = in_memory(answers, input_costs=costs)
    policy = fit_policy("cascade", in_memory(drawn(1)), budget=5)
    records = [json.loads(line) for line in _core.record_decisions(policy, table)]
    paid = [[NAMES.index(name) for name in record["called"]] for record in records]
    wanted = [answers.costs[i, called].sum() for i, called in enumerate(paid)]
    np.testing.assert_allclose([record["cost"]["cost"] for record in records], wanted, rtol=1e-5)
    assert {len(called) for called in paid} == {1, 2}
    alone = [[other["cost"]["cost"] for other in record["alternatives"]] for record in records]
    np.testing.assert_allclose(alone, answers.costs, rtol=1e-5)


def test_an_answer_of_several_models_is_one_of_theirs_where_its_quality_counts():
    draw = np.random.default_rng(5)
    labels = draw.integers(0, 2, 400)
    right = draw.random((400, 3)) < (0.6, 0.7, 0.8)
    table = _core.OutcomeTable(
        ["a", "b", "c"],
        predictions=np.where(right, labels[:, None], 1 - labels[:, None]).astype(np.int32),
        answer_scores=draw.uniform(0.3 * right, 0.7 + 0.3 * right)[..., None].astype(np.float32),
        score_kinds=["score"],
        quality=right.astype(np.float32),
        costs={"cost": [1, 5, 20]},
    )
    for name in ("average_ensemble", "learned_cascade"):
        policy = fit_policy(name, table)
        assert 0.5 < policy.operating_points[-1].accuracy <= 1
        assert all(
            record["answer"] in [output["answer"] for output in record["outputs"].values()]
            for record in map(json.loads, _core.record_decisions(policy, table))
        )


def test_what_is_drawn_is_replayed_from_its_record(tmp_path, capsys):
    first, table, rows = mixed()
    router = fitted(tmp_path, first, "--policy", "random_mixing", "--budget", "15")
    _, records = evaluated(tmp_path, router, table.write(tmp_path / "other.csv"))
    assert len(records) == len(rows)
    assert [record["input"] for record in records] == rows
    drawn = [record for record in records if "propensity" in record]
    assert len({record["called"][0] for record in drawn}) == 2
    capsys.readouterr()
    assert cli.main(["replay", router, str(tmp_path / "records.jsonl")]) == 0
    assert f"{len(rows)} records, 0 decided otherwise" in capsys.readouterr().out


def test_an_input_is_drawn_alike_in_whatever_part_of_its_table():
    policy = fit_policy("random_mixing", in_memory(drawn(1)), budget=5)
    table = in_memory(drawn(2))
    rows = np.arange(0, len(table), 3)
    part = _core.record_decisions(policy, table.subset(rows))
    assert part == [_core.record_decisions(policy, table, [row])[0] for row in rows]
    assert all(again.same for again in _core.replay_records(policy, part))


def test_a_file_with_unlabelled_rows_is_known_again(tmp_path, capsys):
    _, table, _ = mixed()
    router = fitted(tmp_path, table)
    assert cli.main(["evaluate", router, "--outcomes", str(tmp_path / "fit.csv")]) == 1
    assert "fitted on" in capsys.readouterr().err
    own = read_outcomes(tmp_path / "fit.csv")["all"]
    assert own.indices.tolist() == np.flatnonzero(table.labels >= 0).tolist()
    policy = load_router(tmp_path / "router")
    assert policy.unseen_rows(own) == []
    rows = table.labels >= 0  # of another file, where they have other places
    labelled = Answers(*(values[rows] for values in dataclasses.astuple(table)))
    assert policy.unseen_rows(read_outcomes(labelled.write(tmp_path / "l.csv"))["all"]) == []


def test_tables_with_unlabelled_rows_are_compared_together(tmp_path):
    costs, zoos = {"small": 1, "large": 8}, []
    held_out = read_outcomes(drawn(1).write(tmp_path / "held_out.csv"), costs)["all"]
    for seed in (4, 5):  # another training of the models: other answers to the same inputs
        test = drawn(2)
        test.labels[[3, 9]] = -1
        test.said[::seed] = 0
        table = read_outcomes(test.write(tmp_path / f"{seed}.csv"), costs)["all"]
        zoos.append(Zoo({"held_out": held_out}, table))
    contenders = parse_contenders("cascade,random_mixing")
    assert compare_zoos(zoos, contenders, seeds=1, budgets=[0.5]).evaluated_on == 398


def test_calibrating_says_no_number_of_inputs_that_the_fit_did_not_use(tmp_path, capsys):
    router = fitted(tmp_path, drawn(1, missing=0.3))
    capsys.readouterr()
    assert cli.main(["calibrate", router, "--budget", "20"]) == 0
    assert "figures of the inputs it was fitted on\n" in capsys.readouterr().out
