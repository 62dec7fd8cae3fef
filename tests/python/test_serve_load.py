"""What a server under load does, and how it is measured."""

import asyncio
import contextlib
import json
import threading

import numpy as np
import pytest
from muxnet import _core, cli
from muxnet.bench.http_load import Client, closed_loop, open_loop


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
    assert found["ahead_interval"][0] <= found["ahead"] <= found["ahead_interval"][1]
    difference = found["routed"]["accuracy"] - found["best"]["accuracy"]
    assert found["ahead"] == pytest.approx(difference)
    assert found["best"]["policy"] == "best_single"
    assert min(found["best"]["capacity"], found["routed"]["capacity"]) > 0
    assert sum(found["best"]["called"].values()) == 1
    assert "x the throughput" in capsys.readouterr().out


def plain_request(path="/", body=b"", version="1.1", after=b""):
    head = f"POST {path} HTTP/{version}\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + after


def get_request(path):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def test_before_it_is_ready_the_server_is_live():
    front = _core.Front(_core.FrontOptions())

    async def ask():
        client = Client(front.http_port, connections=4)
        paths = ("/v2/health/live", "/v2/health/ready", "/v2/models/router", "/")
        found = [await client.ask(get_request(path)) for path in paths]
        client.close()
        return [(status, json.loads(body)) for status, body in found]

    live, *others = asyncio.run(ask())
    assert live == (200, {"live": True})
    assert others == [(503, {"error": "[server] not ready yet"})] * 3


@contextlib.contextmanager
def holding_front(requests):
    """Yield a front's port, those whom its one model holds, and what lets them go."""
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
    options = _core.ServiceOptions(warm_up=False)
    service = _core.Service(_core.Deployment([model], None, [policy.rule()]), options)
    front = _core.Front(_core.FrontOptions(requests=requests))
    served = _core.ServedModels(
        router="router",
        models=["one"],
        classes=2,
        formats=[_core.ImageFormat(channels=1, height=2, width=2)],
        shown=[0, 0],
        policy=policy,
    )
    front.open(service, served)
    try:
        yield front.http_port, held, go_on
    finally:
        go_on.set()
        service.close()


def test_requests_beyond_those_let_in_are_refused_at_once():
    entry = {"name": "images", "datatype": "UINT8", "shape": [1, 1, 2, 2], "data": [0] * 4}
    body = json.dumps({"inputs": [entry]}).encode()

    async def run(port, held, go_on):
        client = Client(port, connections=8)
        inference = plain_request("/v2/models/one/infer", body)
        waiting = [asyncio.create_task(client.ask(inference)) for _ in range(2)]
        while not held:
            await asyncio.sleep(0.01)
        while (await client.ask(plain_request()))[0] != 503:  # both have come
            await asyncio.sleep(0.01)
        refused = [await client.ask(plain_request(body=b"x" * 500)) for _ in range(3)]
        opened = len(client._all)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(plain_request(version="1.0"))
        old = await reader.read()  # to the end: the server hangs up
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(plain_request(body=b"x", after=plain_request() * 500))
        for _ in range(501):
            assert (await reader.readuntil(b"\r\n")).split()[1] == b"503"
            await reader.readuntil(b"}")
        writer.close()
        alive = await client.ask(get_request("/v2/health/live"))
        go_on.set()
        answered = [await task for task in waiting]
        after = await client.ask(inference)
        client.close()
        return refused, opened, old, alive, [*answered, after]

    with holding_front(requests=2) as front:
        refused, opened, old, alive, answered = asyncio.run(run(*front))
    text = {"error": "[server] expected fewer requests at a time"}
    assert [(status, json.loads(body)) for status, body in refused] == [(503, text)] * 3
    assert opened == 3  # one connection was enough for those refused
    assert old.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nretry-after: 1\r\n" in old
    assert alive[0] == 200
    assert [status for status, _ in answered] == [200] * 3


def test_open_load_does_not_wait_for_answers():
    """A server that answers after 50 ms keeps up with 200 requests a second, one at a time not."""

    inside = set()

    async def serve(reader, writer):
        inside.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(0.05)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()
        inside.discard(writer)

    async def measure():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = Client(server.sockets[0].getsockname()[1], connections=64)
        open_tally = await open_loop(client, [b"GET / HTTP/1.1\r\n\r\n"], 0.5, 200)
        closed_tally = await closed_loop(client, [b"GET / HTTP/1.1\r\n\r\n"], 0.5, 1)
        client.close()
        while inside:
            await asyncio.sleep(0.01)
        server.close()
        await server.wait_closed()
        return open_tally, closed_tally

    open_tally, closed_tally = asyncio.run(measure())
    assert open_tally.answered == 100
    assert 60 < open_tally.in_time < 100  # the last ones came after the last was sent
    assert open_tally.failed == 0
    assert min(open_tally.latencies_ms) >= 45
    assert closed_tally.answered <= 11
