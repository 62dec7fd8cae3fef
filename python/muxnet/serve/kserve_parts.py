"""The parts of the KServe SDK that carry the protocol, imported without its command line.

Chosen by measuring (one 1 x 3 x 224 x 224 image, loopback, tritonclient): the SDK speaks REST with
the binary tensor extension and gRPC (2.0 ms); MLServer 1.7.1 refuses the extension and needs
10.3 ms by gRPC. Its own server is not used: it listens on all addresses only, and knows neither
limits nor tokens.
"""

import sys

_arguments = sys.argv
sys.argv = _arguments[:1]  # the SDK parses the command line of whoever imports it
try:
    import kserve  # noqa: F401
finally:
    sys.argv = _arguments

from kserve.errors import InvalidInput, ModelNotFound, ModelNotReady  # noqa: E402
from kserve.logging import logger  # noqa: E402
from kserve.model import BaseKServeModel, InferenceModel  # noqa: E402
from kserve.model_repository import ModelRepository  # noqa: E402
from kserve.protocol.dataplane import DataPlane  # noqa: E402
from kserve.protocol.grpc import grpc_predict_v2_pb2 as messages  # noqa: E402
from kserve.protocol.grpc.servicer import InferenceServicer  # noqa: E402
from kserve.protocol.infer_type import (  # noqa: E402
    InferOutput,
    InferResponse,
    RequestedOutput,
)
from kserve.protocol.model_repository_extension import ModelRepositoryExtension  # noqa: E402
from kserve.protocol.rest.v2_datamodels import ModelMetadataResponse  # noqa: E402
from kserve.protocol.rest.v2_endpoints import register_v2_endpoints  # noqa: E402
from kserve.utils.utils import to_headers  # noqa: E402

__all__ = [
    "BaseKServeModel",
    "DataPlane",
    "InferOutput",
    "InferResponse",
    "InferenceModel",
    "InferenceServicer",
    "InvalidInput",
    "ModelMetadataResponse",
    "ModelNotFound",
    "ModelNotReady",
    "ModelRepository",
    "ModelRepositoryExtension",
    "RequestedOutput",
    "logger",
    "messages",
    "register_v2_endpoints",
    "to_headers",
]
