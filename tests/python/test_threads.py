"""Two threads on one object of every bound class whose calls let go of Python's lock."""

import contextlib
import json
import re
import threading
from collections.abc import Callable
from http.client import HTTPConnection
from importlib import resources
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import muxnet
import numpy as np
import pytest
from muxnet import _core
from muxnet.training.multiplexers import multiplexer_network

BINDINGS = Path(__file__).resolve().parents[2] / "bindings"
ROUNDS = 12

Call = Callable[[], Any]


def classes_that_let_go() -> set[str]:
    """Return the bound classes with a call that releases the lock, by the bindings' sources."""
    # A class, or a function that binds more of one.
    opener = re.compile(
        r'(?:Class<[^;"]*>|\bPolicyClass|\bbind_options)\s*\w*\s*\(\s*module(?:\.attr\(|,\s*)"(\w+)"'
        r"|\((?:Class<(\w+)>|(Policy)Class)& \w+\) \{|module\.def\("
    )
    found = set()
    for path in BINDINGS.glob("*.cpp"):
        text = path.read_text(encoding="utf-8")
        ends = [*opener.finditer(text), None]
        for begin, end in pairwise(ends):
            part = text[begin.end() : end.start() if end else len(text)]
            name = next(filter(None, begin.groups()), "")
            if name and re.search(r"\bUnlocked\(\)|\bReleaseGil\b", part):
                found.add(name)
    return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> SimpleNamespace:
    """Untrained networks, and what is made of them."""
    data = muxnet.load_data("digits", held_out_fraction=0.25)
    models = muxnet.zoo(("alexnet_small", "mobilenet_v2_small"), data.train, projection_dim=0)
    config = muxnet.RunConfig()
    network = multiplexer_network(models, config)
    multiplexer = _core.Multiplexer(network, costs=[model.macs for model in models])
    table = muxnet.outcome_table(models, multiplexer, data.test, split="held_out")
    images = np.split(_core.normalize(data.test.images, models[0].normalization)[:24], 2)
    return SimpleNamespace(
        data=data,
        models=models,
        multiplexer=multiplexer,
        table=table,
        policy=muxnet.fit_policy("hybrid_single", table),
        images=images,
        pixels=np.split(np.array(data.test.images[:24]), 2),
        folder=tmp_path_factory.mktemp("threads"),
    )


def written(save: Callable[[Path], None], path: Path) -> bytes:
    save(path)
    return path.read_bytes()


def device_profile(shared) -> list[Call]:
    profile = _core.DeviceProfile("device", {"net": _core.Cost(_core.Quantity(2.0))})
    paths = [shared.folder / f"device{k}.json" for k in range(2)]
    return [lambda p=p: written(lambda to: profile.save(to, "a test"), p) for p in paths]


def link_profile(shared) -> list[Call]:
    folder = resources.files("muxnet.paper") / "profiles"
    path = next(file for file in folder.iterdir() if "upload" in file.read_text())
    return [lambda: _core.LinkProfile.load(str(path)).name] * 2


def energy_meter(shared) -> list[Call]:
    rails = shared.folder / "sys/class/hwmon/hwmon0"
    rails.mkdir(parents=True)
    for name, value in (("name", "ina226"), ("power1_input", "2000000")):
        (rails / name).write_text(value + "\n")
    meter = _core.EnergyMeter(shared.folder, 1.0)
    assert "ina226" in meter.sensor
    return [lambda: meter.idle_power_mw(0.01).value > 0] * 2


def dataset(shared) -> list[Call]:
    data = shared.data.train
    rows = [list(range(k, 40, 2)) for k in range(2)]
    return [lambda r=r: np.array(data.subset(r).images) for r in rows]


def loader(shared) -> list[Call]:
    data = shared.data.test
    source = _core.Loader(data, shared.models[0].normalization, batch_size=16, shuffle=False)

    def epoch(number: int) -> list[int]:
        source.start_epoch(number)
        return [label for _, labels in iter(source.next, None) for label in labels]

    return [lambda k=k: epoch(k) for k in range(2)]


def model(shared) -> list[Call]:
    paths = [shared.folder / f"model{k}" for k in range(2)]
    return [lambda p=p: written(shared.models[0].save, p) for p in paths]


def predictor(shared) -> list[Call]:
    one = _core.Predictor(shared.models[0], 8)
    return [lambda x=x: np.array(one.output(x, "logits")) for x in shared.images]


def outcome_table(shared) -> list[Call]:
    parts = [list(range(k, 100, 2)) for k in range(2)]
    return [lambda r=r: np.array(shared.table.subset(r).probabilities) for r in parts]


def policy(shared) -> list[Call]:
    return [lambda: shared.policy.decide(shared.table).called] * 2


def decision_batch(shared) -> list[Call]:
    always = _core.make_policy("always")
    always.fit(shared.table)
    batch = _core.DecisionBatch(always, 12)
    batch.store(0, np.ascontiguousarray(shared.table.probabilities[:12, 0]))
    return [lambda: batch.records(always, {"macs": [1.0, 2.0]}, {})] * 2


def router(shared) -> list[Call]:
    pool = _core.ModelPool(shared.models)
    one = _core.Router(pool, shared.multiplexer, shared.policy.rule())
    return [lambda x=x: np.array(one.route(x).probabilities) for x in shared.images]


def classifier(shared) -> list[Call]:
    pytest.importorskip("onnx")
    path = shared.folder / "model.onnx"
    muxnet.export_onnx(shared.models[0], path)
    one = _core.load_onnx(path, _core.OnnxOptions(output="logits"))
    return [lambda x=x: np.array(one.answer(x)) for x in shared.images]


def model_pool(shared) -> list[Call]:
    pool = _core.ModelPool(shared.models)
    return [lambda x=x: np.array(pool.probabilities(1, x)) for x in shared.images]


def offload_client(shared) -> list[Call]:
    look = multiplexer_network(shared.models, muxnet.RunConfig(), offload=True)
    nowhere = _core.ConnectionOptions("http://127.0.0.1:1")
    client = _core.OffloadClient(look, shared.models[0], nowhere, _core.OffloadOptions())
    return [
        lambda x=x: np.array(client.answer(x[:1], placement="device").probabilities)
        for x in shared.pixels
    ]


def served_of(shared) -> _core.Served:
    channels, height, width = shared.pixels[0].shape[1:]
    return _core.Served(
        [_core.HostedModel(model) for model in shared.models],
        multiplexer=shared.multiplexer,
        policy=shared.policy,
        class_names=list("0123456789"),
        formats=[_core.ImageFormat(channels=channels, height=height, width=width)],
        shown=[0] * (1 + len(shared.models)),
        cost_kind="macs",
    )


def served(shared) -> list[Call]:
    one = served_of(shared)
    return [lambda: np.array(one.deployment(record=True).point_costs)] * 2


def server(shared) -> list[Call]:
    options = _core.ServerOptions(
        service=_core.ServiceOptions(workers=2, max_batch=1, warm_up=False)
    )
    one = _core.Server(options, read=lambda: served_of(shared), files=list)
    one.open(served_of(shared))

    def ask(pixels: Any) -> Any:
        entry = {"name": "images", "datatype": "UINT8", "shape": pixels.shape}
        body = json.dumps({"inputs": [{**entry, "data": pixels.ravel().tolist()}]})
        connection = HTTPConnection("127.0.0.1", one.http_port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", "/v2/models/router/infer", body)
            reply = json.loads(connection.getresponse().read())
        assert one.health().ready
        return np.array(reply["outputs"][0]["data"])

    return [lambda x=x: ask(x) for x in shared.pixels]


def service(shared) -> list[Call]:
    options = _core.ServiceOptions()
    options.workers, options.max_batch, options.warm_up = 2, 1, False
    rule = shared.policy.rule()
    one = _core.Service(_core.Deployment(shared.models, shared.multiplexer, [rule]), options)
    return [
        lambda x=x: np.array(one.infer(_core.ServiceRequest([x])).probabilities)
        for x in shared.pixels
    ]


ANSWERS_BOTH = {
    "Classifier": classifier,
    "Dataset": dataset,
    "DecisionBatch": decision_batch,
    "DeviceProfile": device_profile,
    "LinkProfile": link_profile,
    "Model": model,
    "ModelPool": model_pool,
    "OffloadClient": offload_client,
    "OutcomeTable": outcome_table,
    "Policy": policy,
    "Predictor": predictor,
    "Router": router,
    "Served": served,
    "Server": server,
    "Service": service,
}
MAY_REFUSE_THE_SECOND = {"EnergyMeter": energy_meter, "Loader": loader}


def test_every_class_that_lets_go_of_the_lock_is_here() -> None:
    assert classes_that_let_go() == {*ANSWERS_BOTH, *MAY_REFUSE_THE_SECOND}


def side_by_side(calls: list[Call]) -> tuple[list[Any], list[Exception]]:
    """Return what each of the calls, each in its own thread, gave wrongly, and what it raised."""
    alone = [call() for call in calls]
    start = threading.Barrier(len(calls))
    wrong: list[Any] = []
    raised: list[Exception] = []

    def work(call: Call, expected: Any) -> None:
        start.wait()
        for _ in range(ROUNDS):
            try:
                given = call()
            except Exception as error:
                raised.append(error)
            else:
                if not np.array_equal(given, expected):
                    wrong.append(given)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(calls, alone, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong, raised


@pytest.mark.parametrize("name", ANSWERS_BOTH)
def test_two_threads_have_the_answers_of_one(shared, name) -> None:
    assert side_by_side(ANSWERS_BOTH[name](shared)) == ([], [])


@pytest.mark.parametrize("name", MAY_REFUSE_THE_SECOND)
def test_a_second_thread_is_answered_rightly_or_refused(shared, name) -> None:
    wrong, raised = side_by_side(MAY_REFUSE_THE_SECOND[name](shared))
    assert not wrong
    assert all(isinstance(error, muxnet.BusyError) for error in raised)


@pytest.mark.parametrize("name", [*ANSWERS_BOTH, *MAY_REFUSE_THE_SECOND])
def test_the_docstring_says_which(name) -> None:
    said = getattr(_core, name).__doc__
    assert "hread" in said
    assert ("BusyError" in said) or name not in MAY_REFUSE_THE_SECOND


def test_a_policy_is_fitted_alone(shared) -> None:
    fitted = _core.make_policy("cascade", _core.PolicyOptions(bins=20))
    fitted.fit(shared.table)

    def fit() -> list[int]:
        fitted.fit(shared.table)
        return fitted.decide(shared.table).called

    def read() -> list[int]:
        assert fitted.operating_points
        return fitted.decide(shared.table).called

    wrong, raised = side_by_side([fit, read, read])
    assert not wrong
    assert all(isinstance(error, muxnet.BusyError) for error in raised)


def test_a_model_is_trained_alone(shared) -> None:
    models = muxnet.zoo(("alexnet_small",), shared.data.train, seed=3)
    predictor = _core.Predictor(models[0])
    config = muxnet.RunConfig(epochs=1, batch_size=64, models=("alexnet_small",))
    seen: list[str] = []

    def elsewhere() -> None:
        for call in (
            lambda: predictor.output(shared.images[0], "logits"),
            lambda: models[0].load_state(models[0].state()),
            lambda: muxnet.fit_models(models, shared.data, config),
        ):
            with pytest.raises(muxnet.BusyError) as refused:
                call()
            seen.append(str(refused.value))

    def progress(_: Any) -> None:
        if not seen:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
        predictor.output(shared.images[0], "logits")  # the thread that trains may

    muxnet.fit_models(models, shared.data, config, progress=progress)
    assert seen[0].startswith("[predictor.output] expected no call that changes the same object")
    assert len(seen) == 3
    predictor.output(shared.images[0], "logits")
