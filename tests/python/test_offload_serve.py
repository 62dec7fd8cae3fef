"""``muxnet offload`` against ``muxnet serve``, as two machines of one user would have them."""

import json

import pytest
from muxnet import cli
from muxnet.base.files import write_text

TOKEN = "correct-horse"
COUNT = 20

protocols = pytest.mark.parametrize(
    ("scheme", "port"), [("http", "http_port"), ("grpc", "grpc_port")]
)


@pytest.fixture(scope="module")
def secured(run_folder, started_server, certificate, tmp_path_factory):
    """A server of the run that asks for a token, over TLS, and the certificate to trust."""
    chain, key = certificate
    token_file = tmp_path_factory.mktemp("secured") / "token"
    write_text(token_file, TOKEN)
    arguments = ["--token-file", str(token_file), "--certificate", str(chain), "--key", str(key)]
    with started_server(run_folder, "--policy", "hybrid_single", *arguments) as (_, said):
        yield {**said, "chain": chain}


def offload(run, url, target, *more):
    arguments = ["offload", str(run), "--server", url, "--threads", "1", "--count", str(COUNT)]
    options = ["--threshold", "0", "--deadline-ms", "20000", "--json", str(target)]
    assert cli.main([*arguments, *options, *more]) == 0
    return json.loads(target.read_text())


@protocols
def test_token_and_certificate_end_to_end(scheme, port, run_folder, secured, tmp_path, monkeypatch):
    monkeypatch.setenv("MUXNET_TOKEN", TOKEN)
    url = f"{scheme}s://localhost:{secured[port]}"
    found = offload(run_folder, url, tmp_path / "found.json", "--ca-file", str(secured["chain"]))
    assert found["notes"] == []
    _, raw, jpeg, hybrid = found["rows"]
    assert [row["by_reason"] for row in (raw, jpeg, hybrid)] == [{"offloaded": COUNT}] * 3
    assert raw["accuracy"] == hybrid["accuracy"]
    assert jpeg["sent_bytes"] > 200
    assert raw["sent_bytes"] > 64


@protocols
@pytest.mark.parametrize(
    ("token", "trusted", "why"),
    [("wrong", True, "bearer token"), (TOKEN, False, "certificate")],
)
def test_without_either_there_is_no_answer_but_ones_own(
    scheme, port, token, trusted, why, run_folder, secured, tmp_path, monkeypatch
):
    monkeypatch.setenv("MUXNET_TOKEN", token)
    more = ["--ca-file", str(secured["chain"])] if trusted else []
    url = f"{scheme}s://localhost:{secured[port]}"
    found = offload(run_folder, url, tmp_path / "found.json", *more)
    assert len(found["notes"]) == 3
    assert all(why in note for note in found["notes"])
    assert [row["by_reason"] for row in found["rows"]][-1] == {"link_down": COUNT}
