"""Models hosted elsewhere over TLS: tokens, and certificates of both sides."""

import time

import numpy as np
import pytest
from listed_levels import listed
from muxnet import _core


@pytest.fixture(scope="module")
def secured(untrained_run, started_server, certificate, tmp_path_factory):
    """A server that asks for a token, over TLS, and the certificate to trust."""
    chain, key = certificate
    token = tmp_path_factory.mktemp("secured") / "token"
    token.write_text("correct-horse\n")
    arguments = ["--token-file", str(token), "--certificate", str(chain), "--key", str(key)]
    with started_server(untrained_run, "--policy", "hybrid_single", *arguments) as (_, said):
        yield {**said, "chain": str(chain), "token": str(token)}


secure = pytest.mark.parametrize(
    ("address", "port"),
    [
        ("https://localhost:{}/v2/models/alexnet_small", "http_port"),
        ("grpcs://localhost:{}/alexnet_small", "grpc_port"),
    ],
)


def secure_entry(secured, address, port, **keys):
    entry = {"name": "far", "endpoint": address.format(secured[port]), "cost": 1}
    return {**entry, "ca_file": secured["chain"], "token_file": secured["token"], **keys}


@secure
def test_a_token_and_certificates_of_ones_own(address, port, secured, digit_images, tmp_path):
    (model,) = listed(tmp_path, secure_entry(secured, address, port))
    answers = model.probabilities(digit_images[:3])
    assert answers.shape == (3, 10)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-4)


@secure
@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"token_file": "wrong"}, "bearer token"),
        ({"token_file": ""}, "bearer token"),
        ({"ca_file": ""}, "certificate"),
    ],
)
def test_without_either_it_is_said_which(address, port, keys, why, secured, digit_images, tmp_path):
    (tmp_path / "wrong").write_text("wrong\n")
    (model,) = listed(tmp_path, secure_entry(secured, address, port, timeout_ms=3000, **keys))
    began = time.monotonic()
    with pytest.raises(_core.EndpointError, match=rf"far, model alexnet_small at .*{why}"):
        model.probabilities(digit_images[:3])
    assert time.monotonic() - began < 60  # long before a test is given up


@pytest.mark.parametrize(
    ("protocol", "address"),
    [("http", "https://localhost:{}/v2/models/large"), ("grpc", "grpcs://localhost:{}/large")],
)
def test_one_that_wants_a_certificate_is_shown_it(
    protocol, address, make_cloud, certificate, tmp_path
):
    chain, key = map(str, certificate)
    cloud = make_cloud((1, 4, 4), 3, protocol, tls=certificate)
    entry = {"name": "far", "endpoint": address.format(cloud.port), "cost": 1, "ca_file": chain}
    image = np.full((1, 1, 4, 4), 0.5, np.float32)
    (model,) = listed(tmp_path, {**entry, "certificate": chain, "key": key})
    assert model.predict(image).shape == (1, 3)
    (nameless,) = listed(tmp_path, {**entry, "timeout_ms": 1000})
    with pytest.raises(_core.EndpointError, match=r"far, model large at .*localhost"):
        nameless.predict(image)
    with pytest.raises(FileNotFoundError, match=r"certificate.*a file 'none\.pem'"):
        listed(tmp_path, {**entry, "certificate": "none.pem", "key": key})


@secure
def test_a_plain_address_of_a_secured_server_is_an_error(address, port, secured, tmp_path):
    plain = address.replace("s://", "://")
    (model,) = listed(tmp_path, secure_entry(secured, plain, port, timeout_ms=1000, ca_file=""))
    with pytest.raises(_core.EndpointError, match="far, model alexnet_small at"):
        model.predict(np.zeros((1, 1, 32, 32), np.float32))
