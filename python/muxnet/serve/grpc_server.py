"""gRPC: the SDK's servicer, with our refusals as status codes, a token, TLS and size limits."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from grpc import StatusCode, aio

from muxnet.serve.guard import token_matches
from muxnet.serve.kserve_parts import (
    DataPlane,
    InferenceServicer,
    InvalidInput,
    ModelNotFound,
    ModelNotReady,
    service,
)
from muxnet.serve.refusals import Refusals
from muxnet.serve.requests import RequestError
from muxnet.serve.router_model import Endpoint, Extension

LOG = logging.getLogger("muxnet.serve")

CODES = {
    400: StatusCode.INVALID_ARGUMENT,
    404: StatusCode.NOT_FOUND,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.DEADLINE_EXCEEDED,
}
PUSHBACK = "grpc-retry-pushback-ms"  # what Retry-After is to REST (gRPC's proposal A6)
HANDSHAKE_MS = 10_000
OPEN_METHODS = ("ServerLive", "ServerReady")


class Servicer(InferenceServicer):  # type: ignore[misc]
    """The SDK's servicer; every error becomes a status of the right code."""

    def __init__(self, data_plane: DataPlane, extension: Extension, endpoint: Endpoint) -> None:
        super().__init__(data_plane, extension)
        self._endpoint = endpoint

    async def ServerReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tell whether requests are taken."""
        response = await super().ServerReady(request, context)
        response.ready = self._endpoint.ready
        return response

    async def ModelInfer(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Run inference."""
        return await _told(super().ModelInfer(request, context), context)

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Describe a model."""
        return await _told(super().ModelMetadata(request, context), context)

    async def ModelReady(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Tell whether a model takes requests."""
        return await _told(super().ModelReady(request, context), context)

    async def RepositoryModelLoad(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Reload what is served."""
        return await _told(super().RepositoryModelLoad(request, context), context)

    async def RepositoryModelUnload(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Refuse."""
        return await _told(super().RepositoryModelUnload(request, context), context)


async def _told(work: Awaitable[Any], context: Any) -> Any:
    try:
        return await work
    except RequestError as error:
        wait_ms = str(1000 * error.retry_after_s)
        trailer = ((PUSHBACK, wait_ms),) if error.retry_after_s else ()
        await context.abort(CODES.get(error.status, StatusCode.INTERNAL), str(error), trailer)
    except ModelNotFound as error:
        await context.abort(StatusCode.NOT_FOUND, str(error))
    except ModelNotReady as error:
        await context.abort(StatusCode.UNAVAILABLE, str(error))
    except InvalidInput as error:
        await context.abort(StatusCode.INVALID_ARGUMENT, str(error))
    except aio.AbortError:
        raise
    except Exception:
        LOG.exception("gRPC request failed")
        text = "[server] an error of its own; the log says more"
        await context.abort(StatusCode.INTERNAL, text)


class TokenInterceptor(aio.ServerInterceptor):  # type: ignore[misc]
    """Lets only calls with the bearer token through, but for the health of the server."""

    def __init__(self, token: str, refusals: Refusals) -> None:
        self._token = token

        async def refuse(_: Any, context: Any) -> None:
            refusals.add("token", context.peer())
            text = "[authorization] expected the bearer token"
            await context.abort(StatusCode.UNAUTHENTICATED, text)

        self._refusal = grpc.unary_unary_rpc_method_handler(refuse)

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        """Check one call."""
        if handler_call_details.method.rsplit("/", 1)[-1] in OPEN_METHODS:
            return await continuation(handler_call_details)
        metadata = dict(handler_call_details.invocation_metadata)
        if token_matches(str(metadata.get("authorization", "")), self._token):
            return await continuation(handler_call_details)
        return self._refusal


def make_server(
    servicer: Servicer,
    address: str,
    *,
    body_bytes: int,
    requests: int,
    token: str,
    certificate: tuple[Path, Path] | None,
    connections: int,
    refusals: Refusals,
) -> tuple[aio.Server, int]:
    """Return a server that is not started yet, and its port.

    Raises:
        OSError: the address is taken, or a file of the certificate cannot be read.

    """
    server = aio.server(
        interceptors=[TokenInterceptor(token, refusals)] if token else [],
        maximum_concurrent_rpcs=requests,
        options=[
            ("grpc.max_receive_message_length", body_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_metadata_size", 16 * 1024),
            ("grpc.so_reuseport", 0),
            ("grpc.max_allowed_incoming_connections", connections),
            ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
        ],
    )
    service.add_GRPCInferenceServiceServicer_to_server(servicer, server)
    try:
        if certificate is None:
            port = server.add_insecure_port(address)
        else:
            chain, key = (path.read_bytes() for path in certificate)
            credentials = grpc.ssl_server_credentials([(key, chain)])
            port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise OSError(f"[grpc] {address}: cannot be listened on") from error
    return server, port
