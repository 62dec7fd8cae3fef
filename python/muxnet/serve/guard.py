"""What stands before the endpoints: where requests come from, the bearer token, size limits."""

import hmac

from muxnet.serve.answers import App, Message, Receive, Send, answer
from muxnet.serve.connections import Connections
from muxnet.serve.origins import Origins, content_type_refusal

OPEN_PATHS = ("/v2/health/live", "/v2/health/ready")
PAGE = "/"  # it holds nothing, and asks with the token that it is told
NO_TOKEN = "[authorization] expected the bearer token"


def token_matches(header: str, token: str) -> bool:
    """Return whether an Authorization header carries the token, in a time that tells nothing."""
    return hmac.compare_digest(header.encode(), f"Bearer {token}".encode())


class Guard:
    """Refuses by its head what comes from elsewhere, without the token, or too large.

    The health endpoints are open to all. Until there is an ``app`` the server is live and not
    ready.
    """

    def __init__(
        self,
        body_bytes: int,
        token: str,
        requests: int,
        origins: Origins | None = None,
        connections: Connections | None = None,
    ) -> None:
        self.app: App | None = None
        self.connections = Connections() if connections is None else connections
        self.body_bytes = body_bytes
        self.too_large = f"[body] expected at most {body_bytes} bytes, received more"
        self._origins = origins or Origins()
        self._requests = requests
        self._token = token

    def has_room(self, inside: int, path: str) -> bool:
        """Return whether a request may come to those inside."""
        return inside < self._requests or path in OPEN_PATHS

    def refusal(self, scope: Message) -> tuple[int, str, str] | None:
        """Return status, text and reason of a refusal; None: the request may come."""
        headers, path = dict(scope["headers"]), scope["path"]
        if path not in OPEN_PATHS:
            elsewhere = self._origins.refusal(scope["method"], path, headers)
            if elsewhere is not None:
                return 403, elsewhere[1], elsewhere[0]
            if self._token and path != PAGE:
                given = headers.get(b"authorization", b"").decode("latin-1")
                if not token_matches(given, self._token):
                    return 401, NO_TOKEN, "token"
            wrong = content_type_refusal(scope["method"], headers)
            if wrong:
                return 415, wrong, "content_type"
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self.body_bytes:
            return 413, self.too_large, "body_large"
        return None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let a request through."""
        if scope["type"] != "http":
            return
        if self.app is not None:
            await self.app(scope, receive, send)
        elif scope["path"] == OPEN_PATHS[0]:
            await answer(send, 200, "")
        else:
            await answer(send, 503, "[server] not ready yet", close=False)
