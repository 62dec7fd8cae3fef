"""Connections to ``muxnet serve`` that take their time, come in numbers, or end: from outside."""

import contextlib
import json
import shutil
import socket
import threading
import time

import numpy as np
import pytest

grpc = pytest.importorskip("grpc")
triton = pytest.importorskip("tritonclient.grpc")

INFER = "/v2/models/router/infer"


def head(path=INFER, length=None, **headers):
    method = "GET" if length is None else "POST"
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if length is not None:
        lines += [f"Content-Length: {length}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


LIVE = head("/v2/health/live")


def connect(said):
    connection = socket.create_connection(("127.0.0.1", said["http_port"]), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def answer(connection):
    """Status, head and body of the next answer; nothing where the peer has hung up."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return None
        received += more
    start, body = received.split(b"\r\n\r\n", 1)
    length = int(start.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return int(start.split()[1]), start.lower(), body


def ask(said, request):
    with connect(said) as connection:
        connection.sendall(request)
        return answer(connection)


def inference(images):
    entry = {"name": "images", "shape": list(images.shape), "datatype": "UINT8"}
    body = json.dumps({"inputs": [{**entry, "data": images.ravel().tolist()}]}).encode()
    return head(length=len(body)) + body


def refusals(said):
    text = ask(said, head("/metrics"))[2].decode()
    lines = [line for line in text.splitlines() if line.startswith("muxnet_refusals_total{")]
    return {line.split('"')[1]: float(line.split()[-1]) for line in lines}


@pytest.fixture(scope="module")
def patient(untrained_run, started_server):
    """A server that waits for slow requests, and has little room."""
    arguments = ["--requests", "4", "--max-body", "1", "--max-bodies", "4"]
    with started_server(untrained_run, *arguments) as (_, said):
        yield said


def test_slow_heads_and_bodies_end(untrained_run, started_server):
    arguments = ["--head-seconds", "0.4", "--body-seconds", "0.4"]
    with started_server(untrained_run, *arguments) as (_, said):
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(connect(said)) for _ in range(4)]
            begun = (b"GET / HT", head()[:-4], head(length=100), head(length=100) + b"{")
            for connection, sent in zip(slow, begun, strict=True):
                connection.sendall(sent)
            for connection in slow:
                found = answer(connection)
                assert found[0] == 408
                assert b"connection: close" in found[1]
                assert json.loads(found[2])["error"].startswith("[http] expected a ")
        with connect(said) as dripping:
            dripping.sendall(head(length=10_000))
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    dripping.sendall(b" ")
                    time.sleep(0.05)
                pytest.fail("it drips without an end")
        assert refusals(said) == {"head_late": 2, "body_late": 3}


def test_slow_bodies_take_no_room_from_others(patient, digit_images):
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            slow = stack.enter_context(connect(patient))
            slow.sendall(head(length=1000) + b"{")
        for _ in range(10):
            assert ask(patient, LIVE)[0] == 200
            assert ask(patient, inference(digit_images[:1]))[0] == 200
        slow.sendall(b" " * 998 + b"}")
        assert answer(slow)[0] == 400  # it has no inputs, and was heard


def test_slow_messages_of_grpc_take_no_room_either(untrained_run, started_server, digit_images):
    arguments = ["--requests", "4", "--body-seconds", "2"]
    with started_server(untrained_run, *arguments) as (_, said):
        place = f"127.0.0.1:{said['grpc_port']}"
        with grpc.insecure_channel(place) as channel:
            slow = channel.stream_unary("/inference.GRPCInferenceService/ModelInfer")
            stop = threading.Event()
            calls = [slow.future(iter(stop.wait, None)) for _ in range(3)]
            with triton.InferenceServerClient(place) as client:
                inputs = triton.InferInput("images", [1, *digit_images.shape[1:]], "UINT8")
                inputs.set_data_from_numpy(digit_images[:1])
                for _ in range(4):
                    client.infer("router", [inputs])
            for call in calls:
                assert call.exception().code() == grpc.StatusCode.DEADLINE_EXCEEDED
            stop.set()


def test_all_bodies_together_hold_so_much_and_the_slowest_goes(patient):
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(patient)) for _ in range(8)]
        for connection in slow:
            connection.sendall(head(length=2**20) + b" " * 900_000)
            assert ask(patient, LIVE)[0] == 200
        assert answer(slow[0])[0] == 503
        slow[-1].sendall(b" " * (2**20 - 900_000))
        assert answer(slow[-1])[0] == 400
    assert refusals(patient)["memory"] >= 4


CHUNKED = head(length=0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
WITHOUT_END = {
    "trailer": CHUNKED + b"2\r\n{}\r\n0\r\nx: " + b"y" * 2**18,
    "trailers": CHUNKED + b"2\r\n{}\r\n0\r\n" + b"x: y\r\n" * 2**15,
    "extension": CHUNKED + b"2;" + b"x" * 2**18,
    "crumbs": CHUNKED + b"1\r\n \r\n" * 2**15,
    "header": head()[:-2] + b"x: " + b"y" * 2**18,
}


@pytest.mark.parametrize("name", WITHOUT_END)
def test_what_has_no_end_is_cut_off(patient, name):
    with connect(patient) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(WITHOUT_END[name])
        while (found := answer(connection)) and found[0] == 200:
            pass
        assert found is None or found[0] == 400
    assert ask(patient, LIVE)[0] == 200


def test_many_requests_at_once_are_answered_one_by_one(patient):
    count = 2**13
    with connect(patient) as connection:
        sending = threading.Thread(target=connection.sendall, args=(LIVE * count,))
        sending.start()
        received = connection.recv(65536)
        assert ask(patient, LIVE)[0] == 200  # nobody else waits for them
        while received.count(b'{"live":true}') < count:
            more = connection.recv(65536)
            assert more
            received += more
        sending.join()
    assert received.count(b"HTTP/1.1 200 OK\r\n") == count


def test_idle_connections_make_room_when_descriptors_run_short(
    untrained_run, started_server, digit_images
):
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed")
    within = ("prlimit", "--nofile=256")
    with started_server(untrained_run, within=within) as (_, said), contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(said)) for _ in range(400)]
        assert ask(said, LIVE)[0] == 200
        assert ask(said, inference(digit_images[:1]))[0] == 200
        assert silent[0].recv(1) == b""  # the first to come had been silent for longest
        silent[-1].sendall(LIVE)
        assert answer(silent[-1])[0] == 200
        assert refusals(said)["connections"] >= 200
        told = [line for line in said["log"].read_text().splitlines() if '"refused"' in line]
        assert len(told) <= 3  # not one for each


def test_a_server_that_ends_loses_no_request_on_a_kept_connection(
    untrained_run, started_server, digit_images
):
    with started_server(untrained_run) as (process, said):
        lost, answered, told = [], [], []

        def keep_asking():
            with connect(said) as connection:
                try:
                    while True:
                        connection.sendall(inference(digit_images[:1]))
                        status, start, _ = answer(connection)
                        answered.append(status)
                        if b"connection: close" in start:
                            told.append(status)
                            return
                        time.sleep(0.005)
                except (OSError, TypeError) as error:
                    lost.append(error)

        def keep_calling():
            place = f"127.0.0.1:{said['grpc_port']}"
            inputs = triton.InferInput("images", [1, *digit_images.shape[1:]], "UINT8")
            inputs.set_data_from_numpy(digit_images[:1])
            with triton.InferenceServerClient(place) as client:
                try:
                    while True:
                        client.infer("router", [inputs])
                        answered.append(200)
                except triton.InferenceServerException as error:
                    # Nobody is there any more: that call has not been lost on its way.
                    if "failed to connect" not in str(error).lower():
                        lost.append(error)

        threads = [threading.Thread(target=keep_asking) for _ in range(4)]
        threads += [threading.Thread(target=keep_calling) for _ in range(4)]
        silent = connect(said)
        for thread in threads:
            thread.start()
        while len(answered) < 100:
            time.sleep(0.01)
        process.terminate()
        while '"draining"' not in said["log"].read_text():
            time.sleep(0.01)
        silent.sendall(inference(digit_images[:1]))  # it has not been told either
        assert answer(silent)[0] == 200
        silent.close()
        for thread in threads:
            thread.join()
        assert not lost
        assert set(answered) == {200}
        assert len(told) == 4
        assert process.wait(timeout=60) == 0


def test_wrong_tokens_are_counted_and_seldom_logged(untrained_run, started_server, tmp_path):
    (tmp_path / "token").write_text("right")
    arguments = ["--token-file", str(tmp_path / "token")]
    with started_server(untrained_run, *arguments) as (_, said):
        for _ in range(20):
            assert ask(said, head("/status", Authorization="Bearer wrong"))[0] == 401
        place = f"127.0.0.1:{said['grpc_port']}"
        with triton.InferenceServerClient(place) as client:
            assert client.is_server_live()
            with pytest.raises(Exception, match="UNAUTHENTICATED"):
                client.get_server_metadata()
        assert ask(said, head("/"))[0] == 200  # the page, which holds nothing
        found = ask(said, b"\r\n" + head("/metrics", Authorization="bearer right"))
        assert b'muxnet_refusals_total{reason="token"} 21.0' in found[2]
        told = [json.loads(line) for line in said["log"].read_text().splitlines()]
        refused = [entry for entry in told if entry["event"] == "refused"]
        assert [entry["reason"] for entry in refused] == ["token"]
        assert refused[0]["client"] == "127.0.0.1"


def from_page(**headers):
    return {"Content_Type": "application/json", **headers}


FORM = "application/x-www-form-urlencoded"
ELSEWHERE = {
    "another name": (403, {"Host": "evil.example:80"}),
    "no name": (403, {"Host": ""}),
    "another page": (403, from_page(Origin="https://evil.example")),
    "a file": (403, from_page(Origin="null")),
    "another port": (403, from_page(Origin="http://localhost:1")),
    "a script without answer": (403, from_page(Sec_Fetch_Site="cross-site")),
    "a page of the same machine": (403, from_page(Sec_Fetch_Site="same-site")),
    "a form": (415, {"Content_Type": FORM, "User_Agent": "Mozilla/5.0 (X11)"}),
    "a form with its page": (415, {"Content_Type": FORM, "Referer": "https://evil.example"}),
    "a form with files": (415, {"Content_Type": "multipart/form-data; boundary=x"}),
    "a form of text": (415, {"Content_Type": "text/plain"}),
    "a browser without type": (415, {"Sec_Fetch_Site": "same-origin"}),
    "its own page": (200, from_page(Origin="http://localhost", Sec_Fetch_Site="same-origin")),
    "a program": (200, {}),
    "a program without type": (200, {"Content_Type": FORM, "User_Agent": "curl/8"}),
    "by its address": (200, {"Host": "127.0.0.1:8080", "Content_Type": "application/json"}),
}


def with_headers(request, headers):
    start, body = request.split(b"\r\n\r\n", 1)
    kept = [start.split(b"\r\n")[0]]
    names = {name.replace("_", "-").lower() for name in headers} | {"content-type"}
    for line in start.split(b"\r\n")[1:]:
        if line.split(b":")[0].decode().lower() not in names:
            kept.append(line)
    kept += [f"{name.replace('_', '-')}: {value}".encode() for name, value in headers.items()]
    return b"\r\n".join([*kept, b"", body])


@pytest.mark.parametrize("name", ELSEWHERE)
@pytest.mark.parametrize("path", [INFER, "/labels", "/v2/repository/models/router/load"])
def test_pages_from_elsewhere_reach_nothing(patient, digit_images, name, path):
    status, headers = ELSEWHERE[name]
    request = inference(digit_images[:1]).replace(INFER.encode(), path.encode())
    found = ask(patient, with_headers(request, headers))
    if status == 200:
        assert found[0] in (200, 400, 415) if path != INFER else found[0] == 200
    else:
        assert (found[0], "error" in json.loads(found[2])) == (status, True)


def test_a_link_may_lead_to_the_page(patient):
    assert ask(patient, head("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate"))[0] == 200
    assert ask(patient, head("/status", Sec_Fetch_Site="cross-site"))[0] == 403
    found = ask(patient, with_headers(head("/status"), {"Host": "evil.example"}))
    assert found[0] == 403


def test_further_names_may_be_allowed(untrained_run, started_server):
    with started_server(untrained_run, "--allowed-hosts", "models.example") as (_, said):
        for host, status in (("models.example:80", 200), ("localhost", 200), ("evil.example", 403)):
            assert ask(said, with_headers(head("/status"), {"Host": host}))[0] == status


def test_no_error_tells_where_files_lie(patient):
    bodies = [b"", b"{", b"[]", b'{"inputs": {}}', b"[" * 1000, b'{"inputs": [1], "labels": ["a"]}']
    paths = [INFER, "/labels", "/v2/models/router/versions/1/infer", "/v2/repository/models/x/load"]
    for path in paths:
        for body in bodies:
            found = ask(patient, head(path, len(body)) + body)
            assert found[0] in (400, 404)
            text = json.loads(found[2])["error"]
            assert not any(word in text for word in (".py", "site-packages", "Traceback", "File "))
    assert np.all([ask(patient, LIVE)[0] == 200])
