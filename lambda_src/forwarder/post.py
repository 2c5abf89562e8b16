"""HTTP over kept connections: one TLS context, no redirects, and an end to everything at a given time."""

import select
import socket
import ssl
import threading
import time
from http.client import HTTPConnection, HTTPException
from io import BufferedReader, RawIOBase
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CONNECT_SECONDS = 3.0
IDLE_SECONDS = 20.0  # peers and NAT gateways forget idle connections, often without a word
BODY_LIMIT = 4 << 20
NO_ADDRESS = "its name cannot be resolved"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Trouble(Exception):
    """Why something did not work, in words without a secret.

    `heals`: trying again in a moment may help, after `pause` seconds where the other side named them.
    """

    def __init__(self, reason: str, heals: bool = True, pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.heals, self.pause = reason, heals, pause


class Response(NamedTuple):
    """What the other side answered; `retry_after` in seconds, None when it did not say."""

    status: int
    body: str
    retry_after: float | None


class Target(NamedTuple):
    """A checked address."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


class Wire(RawIOBase):
    """A socket that gives up at `until`: a timeout alone counts from each byte, so that a peer who drips holds it."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self.sock, self.until = sock, until

    def sendall(self, data: bytes) -> None:
        """What http.client sends by."""
        self.sock.settimeout(self._left())
        self.sock.sendall(data)

    def makefile(self, mode: str) -> BufferedReader:
        """What http.client reads from; the end of an answer is not the end of the connection."""
        return BufferedReader(Wire(self.sock, self.until))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.sock.settimeout(self._left())
        return self.sock.recv_into(buffer)

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


_idle: dict[Target, tuple[Wire, float]] = {}  # under the address without its path
_tls: ssl.SSLContext | None = None


def target(url: str, plain_http: bool = False) -> Target:
    """Takes an address apart. Raises Trouble, without the address, unless it is https (http on loopback)."""
    try:
        parts = urlsplit(url)
        host, tls, port = parts.hostname or "", parts.scheme == "https", parts.port
    except ValueError:
        parts, host, tls, port = urlsplit(""), "", False, None
    http = parts.scheme == "http" and (plain_http or host in LOOPBACK)
    if not host or not (tls or http) or not url.isascii() or any(letter <= " " for letter in url):
        raise Trouble("not an https address", heals=False)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host, port or (443 if tls else 80), path)


def request(method: str, to: Target, body: bytes, headers: dict[str, str], seconds: float) -> Response:
    """Sends and reads the answer within `seconds`. Raises Trouble, whose reason holds no path."""
    until = time.monotonic() + max(seconds, 0.05)
    wire = _kept(to, until)
    try:
        if wire is not None:
            try:
                return _exchange(wire, method, to, body, headers)
            except (ConnectionError, HTTPException, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                wire.sock.close()  # the peer had closed it just then and took nothing: a new one gets the request
        wire = None
        wire = _connected(to, until)
        return _exchange(wire, method, to, body, headers)
    except (OSError, HTTPException) as problem:
        if wire is not None:
            wire.sock.close()
        raise _trouble(problem, until) from None


def _kept(to: Target, until: float) -> Wire | None:
    """A connection that is surely still open; wall clock, for a frozen instance's own clock stands still."""
    wire, since = _idle.pop(to._replace(path=""), (None, 0.0))
    if wire is None:
        return None
    if 0 <= time.time() - since < IDLE_SECONDS and not select.select([wire.sock], [], [], 0)[0]:
        wire.until = until
        return wire
    wire.sock.close()
    return None


def _connected(to: Target, until: float) -> Wire:
    plain = _socket(to, until)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.settimeout(max(until - time.monotonic(), 0.02))
        return Wire(_context().wrap_socket(plain, server_hostname=to.host) if to.tls else plain, until)
    except OSError:
        plain.close()
        raise


def _socket(to: Target, until: float) -> socket.socket:
    """Tries the host's addresses in turn; all of them together get CONNECT_SECONDS."""
    until = min(time.monotonic() + CONNECT_SECONDS, until)
    found: list[Any] = []
    problem: OSError = OSError(NO_ADDRESS)
    # The resolver has its own idea of patience and cannot be told ours.
    search = threading.Thread(target=_resolve, args=(to, found), daemon=True)
    search.start()
    search.join(max(until - time.monotonic(), 0.02))
    for index, (family, kind, protocol, _, address) in enumerate(found):
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(max((until - time.monotonic()) / (len(found) - index), 0.02))
            plain.connect(address)
            return plain
        except OSError as failed:
            plain.close()
            problem = failed
    raise problem


def _resolve(to: Target, found: list[Any]) -> None:
    try:
        found += socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    except OSError:
        pass  # no address is what the caller sees, too


def _context() -> ssl.SSLContext:
    global _tls
    _tls = _tls or ssl.create_default_context()  # honours SSL_CERT_FILE
    return _tls


def _exchange(wire: Wire, method: str, to: Target, body: bytes, headers: dict[str, str]) -> Response:
    connection = HTTPConnection(to.host, to.port)
    connection.sock = wire
    connection.request(method, to.path, body or None, {"Host": to.authority, **headers})
    answer = connection.getresponse()
    text = answer.read(BODY_LIMIT).decode("utf-8", "replace")
    if answer.isclosed() and not answer.will_close:
        _idle[to._replace(path="")] = (wire, time.time())
    else:
        wire.sock.close()
    pause = (answer.getheader("Retry-After") or "").strip()
    return Response(answer.status, text, float(pause) if pause.isdecimal() and len(pause) < 9 else None)


def _trouble(problem: Exception, until: float) -> Trouble:
    """The reason in words that hold no address: exceptions of http.client may quote the path."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return Trouble(f"its TLS certificate is not trusted ({problem.verify_message})", heals=False)
    if problem.args == (NO_ADDRESS,):
        return Trouble(NO_ADDRESS)
    if isinstance(problem, TimeoutError) or time.monotonic() >= until:
        return Trouble("no answer in time")
    if isinstance(problem, OSError) and problem.strerror:
        return Trouble(problem.strerror.lower())
    return Trouble(f"the connection broke ({type(problem).__name__})")
