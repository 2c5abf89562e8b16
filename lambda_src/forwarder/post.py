"""HTTP over kept connections: one TLS context, no redirects, and an end to everything at a given time."""

import select
import socket
import ssl
import threading
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

CONNECT_SECONDS = 3.0
IDLE_SECONDS = 20.0  # peers and NAT gateways forget idle connections, often without a word
BODY_LIMIT = 65536
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Key = tuple[bool, str, int]
_idle: dict[Key, tuple[HTTPConnection, float]] = {}
_tls: ssl.SSLContext | None = None


class Response(NamedTuple):
    """What the other side answered; `retry_after` in seconds, None when it did not say."""

    status: int
    body: str
    retry_after: float | None


class Unreachable(Exception):
    """No answer. `heals` is False where trying again in a moment cannot help (a certificate that is not trusted)."""

    def __init__(self, reason: str, heals: bool = True) -> None:
        super().__init__(reason)
        self.reason, self.heals = reason, heals


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


def target(url: str, plain_http: bool = False) -> Target:
    """Takes an address apart. Raises ValueError, without the address, unless it is https (http on loopback)."""
    if not url.isascii() or any(letter <= " " or letter == "\x7f" for letter in url):
        raise ValueError("an address with characters that no address has")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("an address that cannot be read") from None
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("not an https address")
    if parts.scheme == "http" and not (plain_http or host in LOOPBACK):
        raise ValueError("an http address where https is wanted")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(tls, host, port or (443 if tls else 80), path)


def request(method: str, to: Target, body: bytes, headers: dict[str, str], seconds: float) -> Response:
    """Sends and reads the answer within `seconds`. Raises Unreachable, whose reason holds no path."""
    until = time.monotonic() + max(seconds, 0.05)
    key = (to.tls, to.host, to.port)
    kept = _kept(key)
    if kept is not None:
        try:
            return _exchange(kept, key, method, to, body, headers, until)
        except (ConnectionError, HTTPException, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            kept.close()  # the peer had closed it just then: the request was not taken, a new connection gets it
        except OSError as problem:
            kept.close()
            raise _unreachable(problem, until) from None
    fresh = None
    try:
        fresh = _connect(to, until)
        return _exchange(fresh, key, method, to, body, headers, until)
    except (OSError, HTTPException) as problem:
        if fresh is not None:
            fresh.close()
        raise _unreachable(problem, until) from None


def _kept(key: Key) -> HTTPConnection | None:
    """A connection that is surely still open; wall clock, for a frozen instance's own clock stands still."""
    connection, since = _idle.pop(key, (None, 0.0))
    if connection is None:
        return None
    if 0 <= time.time() - since < IDLE_SECONDS and not select.select([connection.sock], [], [], 0)[0]:
        return connection
    connection.close()
    return None


def _connect(to: Target, until: float) -> HTTPConnection:
    """Tries the host's addresses in turn; all of them together get CONNECT_SECONDS."""
    connect_until = min(time.monotonic() + CONNECT_SECONDS, until)
    problem: OSError = OSError("no address")
    found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    for index, (family, kind, protocol, _, address) in enumerate(found):
        left = connect_until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        plain = socket.socket(family, kind, protocol)
        try:
            plain.settimeout(max(left / (len(found) - index), 0.02))
            plain.connect(address)
        except OSError as failed:
            plain.close()
            problem = failed
            continue
        return _wrapped(to, plain, until)
    raise problem


def _wrapped(to: Target, plain: socket.socket, until: float) -> HTTPConnection:
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.settimeout(max(until - time.monotonic(), 0.02))
    if not to.tls:
        connection = HTTPConnection(to.host, to.port)
        connection.sock = plain
        return connection
    connection = HTTPSConnection(to.host, to.port, context=_context())
    try:
        connection.sock = _context().wrap_socket(plain, server_hostname=to.host)
    except OSError:
        plain.close()
        raise
    return connection


def _context() -> ssl.SSLContext:
    global _tls
    if _tls is None:
        _tls = ssl.create_default_context()  # honours SSL_CERT_FILE
    return _tls


def _exchange(
    connection: HTTPConnection, key: Key, method: str, to: Target, body: bytes, headers: dict[str, str], until: float
) -> Response:
    left = max(until - time.monotonic(), 0.02)
    sock: socket.socket = connection.sock
    sock.settimeout(left)
    # A timeout counts from each byte, so that a peer who drips could hold us for ever: this ends it on time.
    # The plain socket's own shutdown, for TLS would wait for the peer.
    end = threading.Timer(left, _shut, (sock,))
    end.daemon = True
    end.start()
    try:
        connection.request(method, to.path, body or None, {"Host": to.authority, **headers})
        answer = connection.getresponse()
        text = answer.read(BODY_LIMIT).decode("utf-8", "replace")
        whole = answer.isclosed()
    finally:
        end.cancel()
    if whole and not answer.will_close:
        _idle[key] = (connection, time.time())
    else:
        connection.close()
    return Response(answer.status, text, _retry_after(answer))


def _shut(sock: socket.socket) -> None:
    try:
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        pass  # it had ended by itself


def _retry_after(answer: HTTPResponse) -> float | None:
    given = (answer.getheader("Retry-After") or "").strip()
    return float(given) if given.isascii() and given.isdigit() and len(given) < 9 else None


def _unreachable(problem: Exception, until: float) -> Unreachable:
    """The reason in words that hold no address: exceptions of http.client may quote the path."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return Unreachable(f"its TLS certificate is not trusted ({problem.verify_message})", heals=False)
    if isinstance(problem, TimeoutError) or time.monotonic() >= until:
        return Unreachable("no answer in time")
    if isinstance(problem, ssl.SSLError):
        return Unreachable(f"TLS failed ({problem.reason or 'no reason given'})")
    if isinstance(problem, socket.gaierror):
        return Unreachable("its name cannot be resolved")
    if isinstance(problem, OSError) and problem.strerror:
        return Unreachable(problem.strerror.lower())
    return Unreachable(f"the connection broke ({type(problem).__name__})")
