"""A model of the KServe SDK's own server, a process of its own for the tests.

``python kserve_stub.py HTTP_PORT GRPC_PORT`` serves ``bright``: images FP32 (n, 3, h, w) to the
probabilities of dark and bright, 0.05 and 0.95 by the mean; ``silent`` is the same, and says
nothing of what it takes and gives, as models of the SDK do unless their author has it otherwise.
"""

import sys

ports = [int(port) for port in sys.argv[1:]]
sys.argv = sys.argv[:1]  # the SDK parses the command line of whoever imports it

import numpy as np  # noqa: E402
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer  # noqa: E402


class Silent(Model):
    def __init__(self, name: str = "silent") -> None:
        super().__init__(name)
        self.ready = True

    def predict(self, payload: InferRequest, _: object = None, **__: object) -> InferResponse:
        images = payload.inputs[0].as_numpy().reshape(payload.inputs[0].shape)
        bright = np.where(images.mean(axis=(1, 2, 3)) > 0.5, 0.95, 0.05).astype(np.float32)
        found = np.stack([1 - bright, bright], axis=1)
        output = InferOutput("probabilities", list(found.shape), "FP32")
        output.set_data_from_numpy(found)
        return InferResponse(payload.id, self.name, [output])


class Bright(Silent):
    def get_input_types(self) -> list[dict[str, object]]:
        return [{"name": "image", "datatype": "FP32", "shape": [-1, 3, -1, -1]}]

    def get_output_types(self) -> list[dict[str, object]]:
        return [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}]


ModelServer(http_port=ports[0], grpc_port=ports[1], workers=1).start([Bright("bright"), Silent()])
