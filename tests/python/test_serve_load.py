"""What a server under load does, and how it is measured."""

import asyncio
import contextlib
import json
import socket

import pytest
from muxnet import cli
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


async def asked(guard, path):
    """Return status and body of what stands before the endpoints."""
    sent = []

    async def send(message):
        sent.append(message)

    await guard({"type": "http", "path": path, "headers": []}, None, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_before_it_is_ready_the_server_is_live():
    pytest.importorskip("uvicorn")
    from muxnet.serve.guard import Guard

    guard = Guard(body_bytes=10, token="", requests=1)
    assert asyncio.run(asked(guard, "/v2/health/live")) == (200, {"live": True})
    for path in ("/v2/health/ready", "/v2/models/router/infer", "/"):
        assert asyncio.run(asked(guard, path)) == (503, {"error": "[server] not ready yet"})


@contextlib.asynccontextmanager
async def guarded(app, requests):
    """Yield the port of a server with nothing but a guard before an application."""
    import uvicorn
    from muxnet.serve.guard import Guard
    from muxnet.serve.http_protocol import LimitedHttp

    guard = Guard(body_bytes=1000, token="", requests=requests)
    guard.app = app
    with socket.create_server(("127.0.0.1", 0)) as listening:
        options = {"http": LimitedHttp, "lifespan": "off", "proxy_headers": False}
        server = uvicorn.Server(uvicorn.Config(guard, log_config=None, **options))
        server.capture_signals = contextlib.nullcontext
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


def plain_request(path="/", body=b"", version="1.1", after=b""):
    head = f"POST {path} HTTP/{version}\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body + after


def test_requests_beyond_those_let_in_are_refused_at_once():
    pytest.importorskip("uvicorn")

    async def run():
        go_on, inside = asyncio.Event(), []

        async def app(scope, receive, send):
            inside.append(scope["path"])
            await go_on.wait()
            headers = [(b"content-length", b"2")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})

        async with guarded(app, requests=2) as port:
            client = Client(port, connections=8)
            held = [asyncio.create_task(client.ask(plain_request("/held"))) for _ in range(2)]
            while len(inside) < 2:
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
            alive = asyncio.create_task(client.ask(plain_request("/v2/health/live")))
            while len(inside) < 3:
                await asyncio.sleep(0.01)
            go_on.set()
            answered = [await task for task in (*held, alive)]
            after = await client.ask(plain_request())
            client.close()
            return refused, opened, old, answered, after

    refused, opened, old, answered, after = asyncio.run(run())
    text = {"error": "[server] expected fewer requests at a time"}
    assert [(status, json.loads(body)) for status, body in refused] == [(503, text)] * 3
    assert opened == 3  # one connection was enough for those refused
    assert old.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nretry-after: 1\r\n" in old
    assert answered == [(200, b"{}")] * 3
    assert after == (200, b"{}")


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
