"""gRPC: the SDK's servicer, with our refusals as status codes, a token, TLS and size limits."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

import grpc
from google.protobuf.message import DecodeError
from grpc import StatusCode, aio

from muxnet.base.errors import error_text
from muxnet.serve.answers import FULL
from muxnet.serve.guard import token_matches
from muxnet.serve.kserve_parts import (
    DataPlane,
    InferenceServicer,
    InvalidInput,
    ModelNotFound,
    ModelNotReady,
    messages,
    to_headers,
)
from muxnet.serve.off_loop import off_loop
from muxnet.serve.refusals import Refusals
from muxnet.serve.requests import RequestError, bad_request, is_quick, read_grpc
from muxnet.serve.router_model import Endpoint, Extension

LOG = logging.getLogger("muxnet.serve")

CODES = {
    400: StatusCode.INVALID_ARGUMENT,
    404: StatusCode.NOT_FOUND,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.DEADLINE_EXCEEDED,
}
PUSHBACK = "grpc-retry-pushback-ms"  # what Retry-After is to REST (gRPC's proposal A6)
SERVICE = "inference.GRPCInferenceService"
HANDSHAKE_MS = 5_000
IDLE_MS = 300_000  # until a client that asks nothing is told to connect anew
HOLD_SECONDS = 0.05
SMALL_BYTES = 4096
SMALL_REQUESTS = {
    "ServerLive": messages.ServerLiveRequest,
    "ServerReady": messages.ServerReadyRequest,
    "ServerMetadata": messages.ServerMetadataRequest,
    "ModelReady": messages.ModelReadyRequest,
    "ModelMetadata": messages.ModelMetadataRequest,
    "RepositoryModelLoad": messages.RepositoryModelLoadRequest,
    "RepositoryModelUnload": messages.RepositoryModelUnloadRequest,
}

OPEN_METHODS = ("ServerLive", "ServerReady")


class Call(Protocol):
    """What is asked of gRPC's context of a call."""

    def peer(self) -> str:
        """Return the client's address."""

    async def abort(
        self, code: StatusCode, details: str = "", trailing_metadata: Sequence[tuple[str, str]] = ()
    ) -> NoReturn:
        """End the call by raising an error."""


Work = Callable[[AsyncIterator[bytes], Call], Awaitable[bytes]]


class Servicer(InferenceServicer):  # type: ignore[misc]
    """The SDK's servicer; every error becomes a status of the right code."""

    def __init__(
        self,
        data_plane: DataPlane,
        extension: Extension,
        endpoint: Endpoint,
        refusals: Refusals,
        *,
        requests: int,
        body_seconds: float,
    ) -> None:
        super().__init__(data_plane, extension)
        self._endpoint = endpoint
        self._refusals = refusals
        self._most = requests
        self._inside = 0
        self._body_seconds = body_seconds
        self._coming: dict[asyncio.Timeout, None] = {}  # the oldest first
        self._open = asyncio.Event()
        self._open.set()

    async def ServerReady(  # noqa: N802
        self, request: messages.ServerReadyRequest, context: Call
    ) -> messages.ServerReadyResponse:
        """Tell whether requests are taken."""
        response = await super().ServerReady(request, context)
        response.ready = self._endpoint.ready
        return response

    def handlers(self) -> dict[str, grpc.RpcMethodHandler]:
        """Return a handler for each method; what it takes and gives are bytes.

        As handlers of streams they can bound the time in which the message comes; on the wire a
        call with one message is the same.
        """
        found = {name: self._small(name) for name in SMALL_REQUESTS}
        found["ModelInfer"] = self._infer
        return {name: _handler(work) for name, work in found.items()}

    def _small(self, name: str) -> Work:
        """Return the SDK's method, whose messages are small."""
        method, kind = getattr(self, name), SMALL_REQUESTS[name]

        async def work(pieces: AsyncIterator[bytes], context: Call) -> bytes:
            message = await self._whole(pieces, context)
            if len(message) > SMALL_BYTES:
                raise bad_request("grpc", f"at most {SMALL_BYTES} bytes", len(message))
            try:
                request = kind.FromString(message)
            except DecodeError as error:
                raise bad_request("grpc", f"a {kind.__name__}", "other bytes") from error
            response: bytes = (await method(request, context)).SerializeToString()
            return response

        return work

    async def _infer(self, pieces: AsyncIterator[bytes], context: Call) -> bytes:
        message = await self._whole(pieces, context)
        if self._inside >= self._most:
            self._refusals.add("busy", context.peer())
            await context.abort(StatusCode.RESOURCE_EXHAUSTED, FULL)
        self._inside += 1
        try:
            limits = self._endpoint.limits
            # The bytes of tensors are not looked at: nothing is longer than its message.
            quick = is_quick(len(message), 0)
            given = (message, limits)
            asked = read_grpc(*given) if quick else await off_loop(read_grpc, *given)
            model = self._data_plane.get_model_from_registry(asked.model_name)
            answer, _ = await model(asked, to_headers(context))
            await self._open.wait()
            response: bytes = answer.to_grpc().SerializeToString()
            return response
        finally:
            self._inside -= 1

    async def _whole(self, pieces: AsyncIterator[bytes], context: Call) -> bytes:
        """Return the message when it has come; a slow one takes no room from others."""
        try:
            async with asyncio.timeout(self._body_seconds) as limit:
                self._coming[limit] = None
                if len(self._coming) > self._most:
                    next(iter(self._coming)).reschedule(0.0)  # the slowest
                try:
                    return await anext(pieces)
                finally:
                    self._coming.pop(limit, None)
        except StopAsyncIteration:
            raise bad_request("grpc", "a message", "none") from None
        except TimeoutError:
            self._refusals.add("body_late", context.peer())
            expected = f"a message within {self._body_seconds:g} s"
            raise RequestError(504, error_text("grpc", expected, "a part")) from None

    async def drain(self, server: aio.Server, seconds: float) -> None:
        """Take no more calls, answer what is there.

        What comes between the end and a client's hearing of it would be lost. So answers are held
        for a moment: whoever is asking hears of the end before the answer.
        """
        self._open.clear()
        await asyncio.sleep(HOLD_SECONDS)
        stopping = asyncio.create_task(server.stop(seconds))
        await asyncio.sleep(HOLD_SECONDS)
        self._open.set()
        await stopping

    async def RepositoryModelLoad(  # noqa: N802
        self, request: messages.RepositoryModelLoadRequest, context: Call
    ) -> messages.RepositoryModelLoadResponse:
        """Reload what is served; the SDK's own takes an answer from what gives none."""
        await self._mode_repository_extension.load(request.model_name)
        return messages.RepositoryModelLoadResponse(model_name=request.model_name, isLoaded=True)


def _handler(work: Work) -> grpc.RpcMethodHandler:
    async def told(pieces: AsyncIterator[bytes], context: Call) -> bytes:
        return await _told(work(pieces, context), context)

    return grpc.stream_unary_rpc_method_handler(told)


async def _told(work: Awaitable[bytes], context: Call) -> bytes:
    """Return what a method returns; every error becomes a status of the right code."""
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

        async def refuse(_: AsyncIterator[bytes], context: Call) -> None:
            refusals.add("token", context.peer())
            text = "[authorization] expected the bearer token"
            await context.abort(StatusCode.UNAUTHENTICATED, text)

        self._refusal = grpc.stream_unary_rpc_method_handler(refuse)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
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
        options=[
            ("grpc.max_receive_message_length", body_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_metadata_size", 16 * 1024),
            ("grpc.so_reuseport", 0),
            ("grpc.max_allowed_incoming_connections", connections),
            ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
            ("grpc.max_connection_idle_ms", IDLE_MS),
        ],
    )
    server.add_registered_method_handlers(SERVICE, servicer.handlers())
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
