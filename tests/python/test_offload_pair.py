"""``muxnet offload`` and ``OffloadClient`` with a pair of anybody's models, of two sizes."""

import json
import zlib

import muxnet
import numpy as np
import pytest
from invented_models import OWN
from invented_onnx import COSTS, SIDES, entry, large_pictures, write_onnx_pool
from muxnet import _core, cli
from muxnet.base.errors import ConfigError
from muxnet.paper.pairs import load_pair, threshold_for
from muxnet.pool.router_folder import load_multiplexer, load_router
from muxnet.training.outcome_tables import pair_of
from PIL import Image

QUICK = ["--multiplexer-epochs", "20", "--multiplexer-pretraining-epochs", "0"]
QUICK += ["--multiplexer-learning-rate", "0.02", "--batch-size", "32"]
CLASSES, COUNT = 4, 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of the models, inputs, their recorded answers, and a router that offloads."""
    made = tmp_path_factory.mktemp("pair")
    write_onnx_pool(made, 240)
    collected = ["--models", str(made / "models.json"), "--data", str(made / "inputs.npz")]
    table = str(made / "outcomes.safetensors")
    assert cli.main(["collect", *collected, "--out", table]) == 0
    assert fit(made, "image", "router") == 0
    return made


def fit(made, kind, out, *more, data="inputs.npz"):
    wanted = ["--policy", "offload", "--multiplexer", kind, "--multiplexer-cost", str(OWN)]
    files = ["--data", str(made / data), "--models", str(made / "models.json")]
    target = ["--out", str(made / out), "--folds", "3"]
    table = str(made / "outcomes.safetensors")
    return cli.main(["fit", table, *wanted, *files, *target, *QUICK, *more])


@pytest.fixture(scope="module")
def cloud(make_cloud):
    return make_cloud((3, SIDES["large"], SIDES["large"]), CLASSES)


@pytest.fixture(scope="module")
def server(folder, started_server):
    """A server of both models, whose router calls the large one."""
    table = str(folder / "outcomes.safetensors")
    fitted = ["fit", table, "--policy", "best_single", "--models", str(folder / "models.json")]
    assert cli.main([*fitted, "--out", str(folder / "served")]) == 0
    with started_server(folder / "served") as (_, said):
        yield f"http://127.0.0.1:{said['http_port']}"


def sending(**changes):
    """Return options that send every image to the stub."""
    options = _core.OffloadOptions()
    options.endpoint.model = "large"
    options.objective.threshold = 0
    options.deadline_ms = 20_000
    for name, value in changes.items():
        setattr(options, name, value)
    return options


def offload(folder, *arguments, router="router"):
    target = folder / "found.json"
    command = ["offload", str(folder / router), "--threads", "1", "--deadline-ms", "20000"]
    assert cli.main([*command, *map(str, arguments), "--json", str(target)]) == 0
    return json.loads(target.read_text())


def test_a_router_offloads_what_the_small_model_gets_wrong(folder):
    policy = load_router(folder / "router")
    assert (policy.name, list(policy.models)) == ("offload", ["small", "large"])
    saved = load_multiplexer(folder / "router", policy)
    assert saved.multiplexer.offloads
    images, labels, dark = large_pictures(60, 3)
    routed = muxnet.open_router(folder / "router").route(images)
    assert (routed.probabilities.argmax(axis=1) == labels).all()
    assert (routed.called == np.stack([dark, ~dark], axis=1)).all()
    table = _core.OutcomeTable.load(folder / "router" / "outcomes.safetensors")
    assert table.offload_score.shape == (240,)
    assert table.multiplexer_cost("cost") == OWN
    assert threshold_for(folder / "router", 0.25) > threshold_for(folder / "router", 0.75)


@pytest.mark.parametrize("kind", ["image", "statistics"])
def test_the_client_answers_images_of_any_size_as_the_models_want_them(folder, cloud, kind):
    cloud.order()
    if kind != "image":
        assert fit(folder, kind, kind) == 0
    pair = load_pair(folder / ("router" if kind == "image" else kind))
    made = (pair.multiplexer, pair.small, _core.ConnectionOptions(cloud.url))
    client = _core.OffloadClient(*made, sending(cloud=pair.cloud))
    assert client.connect() == ""
    assert client.payload == "raw"
    images, labels, dark = large_pictures(20, 5)
    side = SIDES["large"]
    wanted = _core.ImageFormat(height=side, width=side, fit="stretch", interpolation="area")
    for image, label, is_dark in zip(images, labels, dark, strict=True):
        one = image[None].repeat(2, axis=2)  # no square
        assert (client.score(one) < 0.5) == is_dark
        here = client.answer(one, placement="device")
        assert here.answer == (label if is_dark else (label + 1) % CLASSES)
        there = client.answer(one)
        sent = _core.normalize(
            _core.format_images(one, wanted), _core.Normalization([0] * 3, [1] * 3)
        )
        assert there.route == "offloaded", there.detail
        assert there.answer == zlib.crc32(sent.tobytes()) % CLASSES


def test_vectors_that_come_with_the_images_may_decide(folder, cloud):
    cloud.order()
    arrays, random = np.load(folder / "inputs.npz"), np.random.default_rng(2)
    ground = arrays["images"].mean(axis=(1, 2, 3)) / 255
    vectors = np.stack([ground, random.random(240)], axis=1).astype(np.float32)
    np.savez(folder / "vectors.npz", features=vectors, labels=arrays["labels"])
    plain = _core.OutcomeTable.load(folder / "outcomes.safetensors")
    kept = folder / "outcomes.safetensors"
    before = kept.read_bytes()
    with_vectors = _core.OutcomeTable(
        plain.models,
        plain.probabilities,
        {"cost": plain.costs("cost")},
        labels=plain.labels,
        features=vectors,
        class_names=plain.class_names,
        inputs=plain.inputs,
    )
    with_vectors.save(kept)
    try:
        arguments = ["fit", str(kept), "--policy", "offload", "--multiplexer", "features"]
        more = ["--multiplexer-cost", str(OWN), "--models", str(folder / "models.json"), *QUICK]
        assert cli.main([*arguments, *more, "--out", str(folder / "vectors")]) == 0
    finally:
        kept.write_bytes(before)
    pair = load_pair(folder / "vectors")
    server = _core.ConnectionOptions(cloud.url)
    client = _core.OffloadClient(pair.multiplexer, pair.small, server, sending(cloud=pair.cloud))
    image = arrays["images"][:1]
    low, high = (np.array([[x, 0.5]], np.float32) for x in (0.2, 0.7))
    assert client.score(image, low) < client.score(image, high)
    with pytest.raises(ValueError, match=r"features f32 \(1, 2\), which the multiplexer looks at"):
        client.answer(image)
    shown = ["--data", folder / "inputs.npz", "--features", folder / "vectors.npz"]
    more = ["--server", cloud.url, "--model", "large", "--count", COUNT]
    found = offload(folder, *shown, *more, router="vectors")
    assert 0 < found["rows"][-1]["local"] < 1
    bare = ["offload", str(folder / "vectors"), "--data", str(folder / "inputs.npz")]
    assert cli.main([*bare, "--server", cloud.url]) == 1


def test_table_1_of_an_onnx_pair_and_a_server(folder, server, capsys):
    images, labels, dark = large_pictures(COUNT, 7)
    np.savez(folder / "test.npz", images=images, labels=labels)
    found = offload(folder, "--server", server, "--data", folder / "test.npz", "--link", "lte")
    mobile, raw, jpeg, hybrid = found["rows"]
    assert found["notes"] == []
    assert hybrid["setup"] == "hybrid, raw"
    assert mobile["accuracy"] == pytest.approx(dark.mean())
    assert raw["accuracy"] == 1
    assert hybrid["accuracy"] == 1
    assert hybrid["local"] == pytest.approx(dark.mean())
    assert raw["by_reason"] == jpeg["by_reason"] == {"offloaded": COUNT}
    assert (
        raw["sent_bytes"] > 3 * SIDES["large"] ** 2
    )  # the pixels that it wants, not the picture's
    assert mobile["predicted_origins"] == ["measured"]
    assert "device: small; server: large" in capsys.readouterr().out


def test_the_file_is_sent_where_the_server_takes_no_pixels(folder, server):
    images, _, _ = large_pictures(COUNT, 7)
    (folder / "photographs").mkdir()
    for row, image in enumerate(images):
        turned = image.transpose(1, 2, 0).repeat(2, axis=0)
        Image.fromarray(turned).save(folder / "photographs" / f"{row:02}.png")
    pictures = ["--images", folder / "photographs", "--threshold", "0"]
    found = offload(folder, "--server", server, "--model", "router", *pictures)
    mobile, _, hybrid = found["rows"]
    assert mobile["accuracy"] is None
    assert hybrid["setup"] == "hybrid, png"
    assert hybrid["by_reason"] == {"offloaded": COUNT}
    (note,) = found["notes"]
    assert "cloud-only, raw: [server, model router] expected an input FP32 or UINT8" in note


def test_the_large_model_may_be_an_endpoint_of_the_list(folder, server):
    large = {"name": "large", "endpoint": f"{server}/v2/models/large", "cost": COSTS["large"]}
    shown = {"size": SIDES["large"], "fit": "stretch", "interpolation": "area"}
    listed = folder / "elsewhere.json"
    listed.write_text(json.dumps([entry("small"), {**large, **shown}]))
    images, labels, _ = large_pictures(COUNT, 8)
    np.savez(folder / "more.npz", images=images, labels=labels)
    found = offload(folder, "--models", listed, "--data", folder / "more.npz")
    assert [row["accuracy"] for row in found["rows"][1::2]] == [1, 1]
    near = {**large, **shown, "name": "small", "cost": COSTS["small"]}
    listed.write_text(json.dumps([near, entry("large")]))
    arguments = ["offload", str(folder / "router"), "--models", str(listed), "--server", server]
    assert cli.main([*arguments, "--data", str(folder / "more.npz")]) == 1


def test_a_server_of_another_size_is_refused(folder, make_cloud):
    other = make_cloud((3, 16, 16), CLASSES)
    found = offload(
        folder,
        "--server",
        other.url,
        "--data",
        folder / "inputs.npz",
        "--count",
        5,
        "--payload",
        "raw",
    )
    assert found["rows"][-1]["by_reason"] == {"link_down": 5}
    assert "expected an input FP32 or UINT8 (1, 3, 12, 12)" in found["notes"][0]


def test_what_cannot_be_is_refused(folder, capsys):
    router, data = str(folder / "router"), str(folder / "inputs.npz")
    assert cli.main(["offload", router, "--data", data]) == 2
    assert "where large is" in capsys.readouterr().err
    assert cli.main(["offload", router, "--server", "http://h"]) == 2
    assert "images to answer" in capsys.readouterr().err
    table, models = str(folder / "outcomes.safetensors"), str(folder / "models.json")
    cascade = str(folder / "cascade")
    assert cli.main(["fit", table, "--models", models, "--out", cascade]) == 0
    with pytest.raises(ConfigError, match="muxnet fit --policy offload"):
        load_pair(folder / "cascade")
    same = _core.OutcomeTable(
        ["a", "b"],
        np.full((4, 2, 2), 0.5, np.float32),
        {"cost": [1.0, 1.0]},
        labels=np.zeros(4, np.int32),
    )
    with pytest.raises(ConfigError, match="two models of different cost"):
        pair_of(same, "cost")


def test_the_pair_of_a_pool_is_its_cheapest_and_its_dearest(answers):
    probabilities, labels = answers()
    costs = {"cost": [5.0, 1.0, 9.0], "watts": [1.0, 2.0, 3.0]}
    table = _core.OutcomeTable(["a", "b", "c"], probabilities, costs, labels=labels)
    pair = pair_of(table, "cost")
    assert list(pair.models) == ["b", "c"]
    assert pair.costs("watts") == [2.0, 3.0]
    np.testing.assert_array_equal(pair.probabilities, probabilities[:, [1, 2]])


def test_a_run_of_listed_models_offloads_too(folder, cloud, monkeypatch):
    cloud.order()
    monkeypatch.chdir(folder)
    options = ["--models", "models.json", "--data", "inputs.npz", "--out", "run", "--threads", "1"]
    assert cli.main(["run", *options, *QUICK, "--multiplexer-cost", str(OWN)]) == 0
    found = offload(folder, "--server", cloud.url, "--count", COUNT, router="run")
    assert found["rows"][0]["images"] == COUNT
    assert 0 < found["rows"][-1]["local"] < 1
    router = muxnet.open_router("run", policy="offload")
    images, _, dark = large_pictures(40, 3)
    assert (router.route(images).called == np.stack([dark, ~dark], axis=1)).all()
