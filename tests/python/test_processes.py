"""Children forked after use work or say why not; a process ends whatever is at work."""

import subprocess
import sys
import textwrap

import pytest

PREPARE = """
import multiprocessing, os, socket, sys, threading, time
import numpy as np
import muxnet
from muxnet import _core
from muxnet.training.multiplexers import multiplexer_network

data = muxnet.load_data("digits", held_out_fraction=0.25)
models = muxnet.zoo(("alexnet_small", "mobilenet_v2_small"), data.train)
network = multiplexer_network(models, muxnet.RunConfig())
multiplexer = _core.Multiplexer(network, costs=[model.macs for model in models])
table = muxnet.outcome_table(models, multiplexer, data.test, split="held_out")
policy = muxnet.fit_policy("hybrid_single", table)
router = muxnet.Router(models, multiplexer, policy)
images = data.test.images[:40]


def service(hosted, workers=2):
    options = _core.ServiceOptions()
    options.workers, options.warm_up = workers, False
    rule = _core.make_policy("always")
    rule.fit(table)
    return _core.Service(_core.Deployment(hosted, None, [rule.rule()]), options)


def client(port):
    look = multiplexer_network(models, muxnet.RunConfig(), offload=True)
    server = _core.ConnectionOptions(f"http://127.0.0.1:{port}")
    return _core.OffloadClient(look, models[0], server, _core.OffloadOptions())


def in_child(work):
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def run(program: str, *, limit_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a program after PREPARE; it fails the test when it hangs."""
    # Python 3.12 and newer warn of every fork beside threads: what becomes of it is tested here.
    quiet = ["-W", "ignore::DeprecationWarning"]
    command = [sys.executable, *quiet, "-c", PREPARE + textwrap.dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, timeout=limit_s)


def test_a_forked_child_computes_as_its_parent() -> None:
    done = run(
        """
        alone = router.route(images)[0]

        def work():
            assert np.array_equal(router.route(images)[0], alone)
            assert policy.decide(table).called
            own = _core.Loader(data.test, models[0].normalization, batch_size=64)
            own.start_epoch(0)
            assert own.next() is not None
            config = muxnet.RunConfig(epochs=1, batch_size=64, models=("alexnet_small",))
            muxnet.fit_models(models[:1], data, config)

        assert in_child(work) == 0
        process = multiprocessing.get_context("fork").Process(target=work)
        process.start()
        process.join()
        assert process.exitcode == 0
        assert np.array_equal(router.route(images)[0], alone)
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_stays_with_its_process_says_so_in_a_child() -> None:
    done = run(
        """
        one = service(models)
        far = client(1)
        loader = _core.Loader(data.train, models[0].normalization, batch_size=64)
        loader.start_epoch(0)
        loader.next()
        time.sleep(0.5)  # what it prepares ahead is done

        def work():
            calls = [
                lambda: one.infer(_core.ServiceRequest([images])),
                lambda: one.statistics(),
                lambda: far.answer(images[:1]),
                lambda: loader.next(),
                lambda: loader.start_epoch(1),
            ]
            for call in calls:
                try:
                    call()
                except RuntimeError as error:
                    assert "expected the process that made it" in str(error), error
                    assert "spawn" in str(error), error
                else:
                    raise AssertionError("answered")
            router.route(images)

        assert in_child(work) == 0
        child = os.fork()
        if child == 0:
            sys.exit(7)  # destroys what the parent's threads belong to
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert loader.next() is not None
        assert one.infer(_core.ServiceRequest([images])).status == _core.ServiceStatus.ok
        one.close()
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_child_forked_amid_a_call_does_not_compute() -> None:
    done = run(
        """
        inside, go_on = threading.Event(), threading.Event()

        def wait(batch):
            inside.set()
            go_on.wait()
            return np.full((len(batch), 10), 0.1, np.float32)

        slow = _core.HostedModel.function(
            "slow", wait, cost=1.0, image_shape=models[0].graph.input_shape, classes=10,
            normalization=models[0].normalization,
        )
        pool = _core.ModelPool([slow])
        pixels = _core.normalize(images, models[0].normalization)
        thread = threading.Thread(target=pool.probabilities, args=(0, pixels))
        thread.start()
        inside.wait()
        assert in_child(lambda: router.route(images)) == 1
        go_on.set()
        thread.join()
        assert in_child(lambda: router.route(images)) == 0
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "RuntimeError [fork] expected a process started anew" in done.stdout


ENDINGS = {
    "threads in a router": """
        def work():
            while True:
                router.route(images)
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.3)
        """,
    "a training": """
        config = muxnet.RunConfig(epochs=10_000, batch_size=64, models=("alexnet_small",))
        wanted = (models[:1], data, config)
        arguments = {"target": muxnet.fit_models, "args": wanted, "daemon": True}
        threading.Thread(**arguments).start()
        time.sleep(0.3)
        """,
    "a service with requests and a function that hangs": """
        hosted = [
            _core.HostedModel.function(
                name, lambda batch: time.sleep(600), cost=1.0, classes=10,
                image_shape=models[0].graph.input_shape, normalization=models[0].normalization,
            )
            for name in table.models
        ]
        one = service(hosted)
        for _ in range(5):
            one.infer(_core.ServiceRequest([images[:1]], deadline_ms=50))
        """,
    "a service at work": """
        one = service(models)
        for _ in range(200):
            one.infer(_core.ServiceRequest([images[:2]], deadline_ms=0.01))
        """,
    "a call over the network": """
        listening = socket.create_server(("127.0.0.1", 0))  # accepts, and says nothing
        far = client(listening.getsockname()[1])
        threading.Thread(target=far.connect, args=(600_000,), daemon=True).start()
        time.sleep(0.3)
        """,
    "a loader": """
        loader = _core.Loader(data.train, models[0].normalization, batch_size=64)
        loader.start_epoch(0)
        kept = loader.next()
        """,
}


@pytest.mark.parametrize("at_work", ENDINGS)
def test_the_process_ends_with_its_status(at_work) -> None:
    program = textwrap.dedent(ENDINGS[at_work]) + "\nprint('end')\nsys.exit(5)\n"
    done = run(program, limit_s=30)
    assert (done.returncode, done.stdout, done.stderr) == (5, "end\n", "")
