"""Numbers that are no pixels, as clients send them to ``muxnet serve``."""

import numpy as np
import pytest
from serve_requests import tensor

http = pytest.importorskip("tritonclient.http")
grpc = pytest.importorskip("tritonclient.grpc")


@pytest.fixture(scope="module")
def ready(untrained_run, started_server):
    with started_server(untrained_run, "--policy", "hybrid_single") as (_, said):
        yield said


@pytest.mark.parametrize("scale", [(255, 0), (4.4, -2.1), (2, -1), (1, -0.5)])
def test_floats_that_are_no_pixels_from_nought_to_one_are_refused(rest, rpc, digit_images, scale):
    factor, offset = scale
    images = np.float32(digit_images[:2] / np.float32(255) * factor + offset)
    received = f"received from {images.min():g}"
    for client, kind, code in ((rest, http, "400"), (rpc, grpc, "StatusCode.INVALID_ARGUMENT")):
        with pytest.raises(http.InferenceServerException, match=r"from 0 to 1.*not norm") as bad:
            client.infer("router", tensor(kind, images))
        assert bad.value.status() == code
        assert received in str(bad.value)
