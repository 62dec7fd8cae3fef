"""Which web pages may reach the server: none but its own.

A browser sends requests of any page that is open in it to this machine, and by a name of its own
that it lets point here (DNS rebinding) a page reads the answers too. Programs other than browsers
send neither ``Origin`` nor ``Sec-Fetch-Site``.
"""

from collections.abc import Iterable, Mapping

from muxnet.base.errors import error_text

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PAGE = "/"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# What a form, or a script that asks nobody, cannot send to another origin.
CONTENT_TYPES = ("application/json", "application/octet-stream")
# What curl and urllib say of a body whose type nobody gave them.
UNSAID = ("", "application/x-www-form-urlencoded")

Headers = Mapping[bytes, bytes]


def host_name(authority: str) -> str:
    """Return the name of a ``Host`` header without its port and brackets."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    name, colon, port = authority.rpartition(":")
    return (name if colon and port.isdigit() else authority).rstrip(".").lower()


class Origins:
    """Checks where a request comes from and by which name it calls the server."""

    def __init__(self, host: str = "", allowed: Iterable[str] = ()) -> None:
        """Take the address that the server is bound to, and further names that it goes by.

        Bound to another address than this machine's own, it goes by any name unless some are given.
        """
        names = {host_name(name) for name in allowed}
        if host in LOOPBACK:
            names |= {*LOOPBACK}
        self._names = set() if "*" in names else names
        self._known: set[bytes] = set()  # headers whose name was right

    def refusal(self, method: str, path: str, headers: Headers) -> tuple[str, str] | None:
        """Return the reason and the text of a refusal; None: the request may come."""
        host = headers.get(b"host", b"")
        if self._names and host not in self._known:
            given = host.decode("latin-1")
            if host_name(given) not in self._names:
                names = ", ".join(sorted(self._names))
                return "host", error_text("host", f"one of {names} (--allowed-hosts)", given[:80])
            if len(self._known) < 64:
                self._known.add(host)
        origin = headers.get(b"origin")
        if origin is not None and origin.lower().partition(b"://")[2] != host.lower():
            given = origin.decode("latin-1")[:80]
            return "origin", error_text("origin", "the server's own page", given)
        site = headers.get(b"sec-fetch-site", b"none")
        # A link to the page may stand anywhere.
        link = path == PAGE and headers.get(b"sec-fetch-mode") == b"navigate"
        if site not in (b"none", b"same-origin") and not (link and method == "GET"):
            given = site.decode("latin-1")[:80]
            return "origin", error_text("origin", "the server's own page", given)
        return None


def content_type_refusal(method: str, headers: Headers) -> str:
    """Return why a request that may change something has the wrong content type, or nothing.

    Programs may leave it out, as Triton's clients do, or to a library that knows forms alone; what
    comes from a browser may not.
    """
    if method in SAFE_METHODS:
        return ""
    given = headers.get(b"content-type", b"").decode("latin-1")
    kind = given.partition(";")[0].strip().lower()
    if kind in CONTENT_TYPES or (kind in UNSAID and not _is_browser(headers)):
        return ""
    return error_text("content-type", " or ".join(CONTENT_TYPES), kind[:80] or "none")


def _is_browser(headers: Headers) -> bool:
    """Return whether a browser sent them, all of which call themselves Mozilla."""
    said = (b"origin", b"sec-fetch-site", b"referer")
    return any(name in headers for name in said) or headers.get(b"user-agent", b"").startswith(
        b"Mozilla/"
    )
