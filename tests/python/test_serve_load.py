"""What a server under load does, and how it is measured."""

import asyncio
import contextlib
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.base.errors import UserError
from muxnet.base.run_folder import RunFolder
from muxnet.bench.http_load import closed_loop, due_times, open_loop
from muxnet.pool.router_policy import load_policy
from muxnet.serve.served import Source, load


@pytest.mark.usefixtures("started_server")
def test_load_is_measured_against_always_best(untrained_run, tmp_path, capsys):
    router, target = tmp_path / "router", tmp_path / "load.json"
    table = str(untrained_run / "outcomes-held_out.safetensors")
    assert cli.main(["fit", table, "--policy", "always", "--out", str(router)]) == 0
    arguments = ["--run", str(untrained_run), "--policy", str(router)]
    arguments += ["--seconds", "0.3", "--images", "4"]
    status = cli.main(
        ["bench", "serve", *arguments, "--loads", "0.5", "1.5", "--json", str(target)]
    )
    assert status == 0
    found = json.loads(target.read_text())
    assert [row["load"] for row in found["rows"]] == [0.5, 1.5]
    assert all(row["failed"] == 0 for row in found["rows"])
    protocols = found["protocols"]
    assert protocols.keys() == {"service_ms", "rest_ms", "grpc_ms", "empty_ms"}
    assert min(protocols["service_ms"], protocols["rest_ms"], protocols["empty_ms"]) > 0
    assert found["ahead_interval"][0] <= found["ahead"] <= found["ahead_interval"][1]
    difference = found["routed"]["accuracy"] - found["best"]["accuracy"]
    assert found["ahead"] == pytest.approx(difference)
    assert found["best"]["policy"] == "best_single"
    assert min(found["best"]["capacity"], found["routed"]["capacity"]) > 0
    assert sum(found["best"]["called"].values()) == 1
    assert all(0 < row["ideal_p50_ms"] <= row["ideal_p99_ms"] for row in found["rows"])
    assert "x the throughput" in capsys.readouterr().out


def plain_request(path="/", body=b"", version="1.1", after=b""):
    head = f"POST {path} HTTP/{version}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + after


def ask(port, method="GET", path="/", body=None):
    """Return status and body of a reply, on a connection of its own."""
    with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=60)) as http:
        return ask_by(http, method, path, body)


def ask_by(http, method, path="/", body=None):
    http.request(method, path, body)
    reply = http.getresponse()
    return reply.status, reply.read()


def test_before_it_is_ready_the_server_is_live():
    server = _core.Server(_core.ServerOptions(), read=list, files=list)
    paths = ("/v2/health/live", "/v2/health/ready", "/v2/models/router", "/")
    found = [ask(server.http_port, path=path) for path in paths]
    live, *others = [(status, json.loads(body)) for status, body in found]
    assert live == (200, {"live": True})
    assert others == [(503, {"error": "[server] not ready yet"})] * 3


@contextlib.contextmanager
def holding_server(requests):
    """Yield a server's port, those whom its one model holds, and what lets them go."""
    go_on, held = threading.Event(), []

    def hold(images):
        held.append(len(images))
        assert go_on.wait(60)
        return np.eye(2)[np.zeros(len(images), int)]

    model = _core.HostedModel.function(
        "one",
        hold,
        cost=1.0,
        image_shape=(1, 2, 2),
        classes=2,
        normalization=_core.Normalization([0.0], [1.0]),
    )
    policy = _core.make_policy("always", _core.PolicyOptions(cost_kind="cost"))
    answers = np.full((8, 1, 2), 0.5, np.float32)
    labels = np.zeros(8, np.int32)
    policy.fit(_core.OutcomeTable(["one"], answers, {"cost": [1.0]}, labels=labels))
    served = _core.Served(
        [model],
        policy=policy,
        class_names=["no", "yes"],
        formats=[_core.ImageFormat(channels=1, height=2, width=2)],
        shown=[0, 0],
        cost_kind="cost",
    )
    options = _core.ServerOptions(
        front=_core.FrontOptions(requests=requests), service=_core.ServiceOptions(warm_up=False)
    )
    server = _core.Server(options, read=lambda: served, files=list)
    server.open(served)
    try:
        yield server.http_port, held, go_on
    finally:
        go_on.set()
        server.drain()


async def raw_replies(port):
    """Return what a client of HTTP/1.0 is told, and one that sends 501 requests at once."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(plain_request(version="1.0"))
    old = await reader.read()  # to the end: the server hangs up
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(plain_request(body=b"x", after=plain_request() * 500))
    found = set()
    for _ in range(501):
        found.add((await reader.readuntil(b"\r\n")).split()[1])
        await reader.readuntil(b"}")
    writer.close()
    return old, found


def test_requests_beyond_those_let_in_are_refused_at_once():
    entry = {"name": "images", "datatype": "UINT8", "shape": [1, 1, 2, 2], "data": [0] * 4}
    inference = ("POST", "/v2/models/one/infer", json.dumps({"inputs": [entry]}))
    with holding_server(requests=2) as (port, held, go_on), ThreadPoolExecutor(2) as callers:
        waiting = [callers.submit(ask, port, *inference) for _ in range(2)]
        while not held or ask(port, "POST")[0] != 503:  # both have come
            time.sleep(0.01)
        with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=60)) as one:
            one.connect()
            kept = one.sock
            refused = [ask_by(one, "POST", body=b"x" * 500) for _ in range(3)]
            assert one.sock is kept  # one connection was enough for those refused
        old, pipelined = asyncio.run(raw_replies(port))
        alive = ask(port, path="/v2/health/live")
        go_on.set()
        answered = [caller.result() for caller in waiting] + [ask(port, *inference)]
    text = {"error": "[server] expected fewer requests at a time"}
    assert [(status, json.loads(body)) for status, body in refused] == [(503, text)] * 3
    assert old.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nretry-after: 1\r\n" in old
    assert pipelined == {b"503"}
    assert alive[0] == 200
    assert [status for status, _ in answered] == [200] * 3


class Slow(BaseHTTPRequestHandler):
    """Answers after 50 ms; what it is told to refuse, refuses; or hangs up."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/gone":
            self.connection.close()
            return
        time.sleep(0.05)
        self.send_response(503 if self.path == "/full" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def slow_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # of those who hang up
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_open_load_does_not_wait_for_answers():
    """A server that answers after 50 ms keeps up with 200 requests a second, one at a time not."""
    get = [b"GET / HTTP/1.1\r\n\r\n"]
    with slow_server() as port:
        open_tally = open_loop(port, get, due_times(0.5, 200, even=True))
        closed_tally = closed_loop(port, get, 0.5, 1)
    assert open_tally.answered == 100
    assert open_tally.in_time < 100  # the last ones came after the last was sent
    assert open_tally.failed == 0
    assert min(open_tally.latencies_ms) >= 49
    assert closed_tally.answered <= 11


def test_load_counts_refusals_and_failures():
    requests = [f"GET /{path} HTTP/1.1\r\n\r\n".encode() for path in ("", "full", "gone")]
    with slow_server() as port:
        tally = open_loop(port, requests, due_times(0.3, 100, even=True))
    assert (tally.answered, len(tally.refusals_ms), tally.failed) == (10, 10, 10)
    nobody = closed_loop(port, requests, 0.05, 2)
    assert nobody.answered == 0
    assert nobody.failed > 0


def test_loads_without_end_or_requests_are_refused():
    with pytest.raises(UserError, match="1 to a million requests"):
        due_times(1e3, 1e6)
    endless = _core.HttpLoad(port=1, seconds=float("inf"))
    falling = _core.HttpLoad(port=1, due_s=[2.0, 1.0])
    empty = _core.HttpLoad(seconds=1)
    for requests, given in (([b"x"], endless), ([b"x"], falling), ([], empty)):
        with pytest.raises(ValueError, match=r"\[load\]"):
            _core.run_load(requests, given)


def test_load_chooses_the_operating_point_where_it_is_told_to(untrained_run, started_server):
    with started_server(untrained_run, "--target-ms", "50") as (_, said):
        status = json.loads(ask(said["http_port"], path="/status")[1])
        metrics = ask(said["http_port"], path="/metrics")[1].decode()
    policy = load_policy(untrained_run, status["policy"])
    gears = {"cost": policy.point.cost, "accuracy": policy.point.accuracy, "changes": 0}
    assert status["gears"] == pytest.approx(gears)
    told = re.search(r'muxnet_point_cost\{kind="macs"\} (\S+)', metrics)
    assert float(told[1]) == pytest.approx(policy.point.cost)
    assert "muxnet_point_changes_total 0.0" in metrics
    with started_server(untrained_run) as (_, said):
        assert json.loads(ask(said["http_port"], path="/status")[1])["gears"] is None
    for option in (["--target-ms", "-1"], ["--target-ms", "nan"], ["--least-accuracy", "1.5"]):
        assert cli.main(["serve", str(untrained_run), *option]) == 2


def test_load_chooses_no_point_below_the_least_accuracy(untrained_run):
    points = load(Source(untrained_run)).policy.operating_points
    least = sorted(point.accuracy for point in points)[len(points) // 2]
    served = load(Source(untrained_run, least_accuracy=least))
    costs = served.deployment(record=False).point_costs
    chosen = [cost < float("inf") for cost in costs]
    assert chosen == [*(point.accuracy >= least for point in points), True]
    assert 1 < sum(chosen) <= len(points)


def test_requests_do_not_pay_for_what_the_shadow_looks_at(untrained_run, digit_images):
    served = load(Source(untrained_run, policy="best_single", shadow="hybrid_single"))
    service = _core.Service(served.deployment(record=False), _core.ServiceOptions())
    answer = service.infer(_core.ServiceRequest([digit_images[:2]]))
    service.close()
    assert len(answer.shadow) == 2
    assert answer.costs == [served.models[served.policy.best_single].cost] * 2


def test_a_runs_policies_are_read_again(untrained_run, tmp_path):
    path = RunFolder(untrained_run).policies / "hybrid_single.json"
    assert path not in Source(untrained_run).files()
    path.parent.mkdir()
    load_policy(untrained_run, "hybrid_single").save(path)
    assert path in Source(untrained_run).files()
