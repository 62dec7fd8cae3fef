"""Inputs that a router was fitted on are known again in other tables, and left out of figures."""

import logging

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.outcomes.fitting import fit_policy
from muxnet.pool.adapters import ForeignModel
from muxnet.pool.collect import collect
from muxnet.pool.input_sources import open_inputs
from muxnet.pool.labelled import labelled
from PIL import Image

RED_FROM = 100  # of a pixel's red, which says the class


def sure(images):
    """Answer by red alone, surer the further from the bound it is."""
    red = np.asarray(images, np.float32)[:, 0].mean((1, 2))
    red = red if red.max() > 1 else 255 * red
    second = 1 / (1 + np.exp(-(red - RED_FROM) / 10))
    return np.stack([1 - second, second], 1)


def guess(images):
    """Answer the first class, whatever it is."""
    return np.tile(np.array([[0.6, 0.4]], np.float32), (len(images), 1))


MODELS = [ForeignModel("small", 1, guess), ForeignModel("large", 10, sure)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Return a folder of two classes of 60 images, no two of them equal."""
    folder = tmp_path_factory.mktemp("photos")
    for name, red in (("dark", 40), ("light", 160)):
        (folder / name).mkdir()
        for i in range(60):
            pixels = np.full((8, 8, 3), (red, i, 7), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def collected(photos, split, folder):
    inputs = open_inputs(f"images:{photos}", split=split)
    file = folder / f"{split}.safetensors"
    return collect(MODELS, inputs, file, split=split, say=lambda _: None)


def fitted(folder, split):
    assert cli.main(["fit", f"{folder / split}.safetensors", "--out", str(folder / "router")]) == 0
    return folder / "router"


def test_images_are_the_same_in_every_part_of_a_folder(photos, tmp_path):
    every, test = (collected(photos, split, tmp_path) for split in ("all", "test"))
    policy = _core.Policy.load(fitted(tmp_path, "all") / "policy.json")
    assert policy.fitted_inputs == len(every) == 120
    assert 0 < len(test) < 120
    assert policy.unseen_rows(test) == []
    with pytest.raises(ValueError, match=f"shares {len(test)} of its {len(test)} inputs"):
        _core.evaluate(policy, test)


def test_figures_are_of_inputs_that_the_fit_did_not_see(photos, tmp_path, caplog, capsys):
    every, fit = (collected(photos, split, tmp_path) for split in ("all", "train"))
    router = fitted(tmp_path, "train")
    with caplog.at_level(logging.WARNING, logger="muxnet"):
        table = tmp_path / "all.safetensors"
        assert cli.main(["evaluate", str(router), "--outcomes", str(table)]) == 0
    assert f"{len(fit)} of 120 inputs left out: the router was fitted on them" in caplog.text
    assert f"{len(every) - len(fit)} inputs" in capsys.readouterr().out


def test_files_are_the_same_under_other_names_and_in_another_order(photos, tmp_path):
    first = collected(photos, "all", tmp_path)
    copies = tmp_path / "copies"
    for name in ("dark", "light"):
        (copies / name).mkdir(parents=True)
        for i in range(60):
            content = (photos / name / f"{i}.png").read_bytes()
            (copies / name / f"copy {(7 * i) % 60}.png").write_bytes(content)
    second = collected(copies, "all", tmp_path)
    assert sorted(first.contents) == sorted(second.contents)
    assert first.source != second.source
    assert first.inputs_digest == second.inputs_digest


def test_arrays_of_images_are_known_and_vectors_are_not(tmp_path):
    images = np.random.default_rng(1).integers(0, 256, (20, 3, 4, 4), np.uint8)
    assert len(set(labelled("x", images, [0] * 20).contents())) == 20
    repeated = labelled("x", np.ones((20, 3), np.float32), [0] * 20)
    assert len(repeated.contents()) == 0  # equal vectors may well be other inputs


def coarse(seed, count):
    """Return answers of two models whose scores have two digits: many are alike by chance."""
    draw = np.random.default_rng(seed)
    hard, labels = draw.random((count, 1)), draw.integers(0, 5, count)
    scores = np.round(1 / (1 + np.exp(3 * hard - 3 - draw.normal(size=(count, 2)))), 2)
    right = draw.random((count, 2)) < scores
    said = np.where(right, labels[:, None], (labels[:, None] + 1) % 5)
    return labels, said, scores


def table_of(labels, said, scores):
    return _core.OutcomeTable(
        ["small", "large"],
        predictions=said.astype(np.int32),
        answer_scores=scores[..., None].astype(np.float32),
        score_kinds=["score"],
        labels=labels.astype(np.int32),
        costs={"cost": [1, 10]},
    )


def test_answers_that_are_alike_by_chance_are_not_taken_for_seen():
    fit, test = coarse(1, 1000), coarse(2, 1000)
    alike = {tuple(row) for row in np.hstack(fit[1:]).tolist()}
    shared = sum(tuple(row) in alike for row in np.hstack(test[1:]).tolist())
    assert 10 < shared < 100
    policy = fit_policy("cascade", table_of(*fit))
    assert len(policy.unseen_rows(table_of(*test))) == 1000
    both = [np.concatenate(parts) for parts in zip(fit, test, strict=True)]
    unseen = policy.unseen_rows(table_of(*(part[800:1200] for part in both)))
    assert len(set(unseen) & set(range(200))) < 20  # those of the fit are known still


def test_saturated_answers_hide_no_inputs_of_the_fit():
    draw = np.random.default_rng(3)
    labels, scores = draw.integers(0, 5, 1000), draw.random((1000, 2))
    said = np.stack([labels, (labels + draw.integers(0, 2, 1000)) % 5], 1)
    said[:90], scores[:90] = 1, 1.0  # alike, and none of them in pairs
    policy = fit_policy("cascade", table_of(labels, said, scores))
    later = [(labels + 1) % 5, said.copy(), draw.random((1000, 2))]
    later[1][:50], later[2][:50] = said[90:140], scores[90:140]
    assert policy.unseen_rows(table_of(*later)) == list(range(50, 1000))
