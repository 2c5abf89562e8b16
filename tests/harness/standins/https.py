"""The HTTP server under the stand-ins: one thread a connection, and faults that one can switch on."""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

LARGEST_BODY = 4 * 1024 * 1024


class Request(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]  # keys in lower case
    body: bytes
    query: str = ""
    at: float = 0.0  # time.time()


class Answer(NamedTuple):
    status: int
    body: str = ""
    headers: Mapping[str, str] = {}


class Fault(NamedTuple):
    """What a server does instead of its work, `times` times (None: until healed); answer None means silence."""

    answer: Answer | None
    times: int | None
    where: str  # the receiver that it concerns; "" for all


class Faults:
    """The faults that are switched on. Thread-safe; hanging requests wait on `released`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.released = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)
            if fault.answer is None:
                self.released = threading.Event()

    def take(self, receiver: str) -> Fault | None:
        """The fault that this request meets, and one time less of it."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.where in ("", receiver):
                    if fault.times is not None:
                        self._faults[index : index + 1] = [fault._replace(times=fault.times - 1)] * (fault.times > 1)
                    return fault
            return None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()
            self.released.set()


class Standin:
    """A stand-in with an address and faults. A subclass says how its socket is opened and closed."""

    def __init__(self) -> None:
        self.faults = Faults()

    def answer_with(
        self,
        status: int,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
        where: str = "",
    ) -> None:
        """Answer the next `times` requests (None: all until `heal`) like this; `where`: only those to this receiver."""
        self.faults.add(Fault(Answer(status, body, headers or {}), times, where))

    def hang(self, times: int | None = None, where: str = "") -> None:
        """Take requests and answer nothing until `heal`."""
        self.faults.add(Fault(None, times, where))

    def refuse(self) -> None:
        """Stop listening: connections are refused until `heal`."""
        self._close_socket()

    def heal(self) -> None:
        """End every fault; the address stays the same."""
        self.faults.clear()
        self._open_socket()

    def stop(self) -> None:
        self.faults.clear()
        self._close_socket()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _open_socket(self) -> None:
        """Listen, if not listening already."""
        raise NotImplementedError

    def _close_socket(self) -> None:
        """Do not listen any more."""
        raise NotImplementedError


class HttpStandin(Standin):
    """An HTTP or HTTPS server on 127.0.0.1 that hands each request to `answer`.

    `keep_alive`: connections serve several requests, as the real services' do; else each request has its own.
    Raises OSError when `port` is taken; port 0 takes a free one, which it then keeps.
    """

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0, keep_alive: bool = False) -> None:
        super().__init__()
        self.keep_alive = keep_alive
        self.requests: list[Request] = []  # all that came, in order
        self.connections = 0
        self._good_context = self._context = context
        self._server: _Server | None = None
        self.port = port
        self._open_socket()

    @property
    def url(self) -> str:
        return f"{'https' if self._good_context else 'http'}://127.0.0.1:{self.port}"

    def answer(self, request: Request) -> Answer:
        """Judge and record one request."""
        raise NotImplementedError

    def receiver(self, request: Request) -> str:
        """Whom the request is for, as faults name it."""
        return ""

    def faulted(self, request: Request, problem: str) -> None:
        """Record a request that met a fault."""
        raise NotImplementedError

    def spoil_certificate(self, context: ssl.SSLContext) -> None:
        """Show another authority's certificate until `heal`."""
        self._swap_context(context)

    def heal(self) -> None:
        self._swap_context(self._good_context)
        super().heal()

    def cut(self) -> None:
        """End the kept connections without a word, as a peer does with idle ones."""
        if self._server:
            self._server.cut()

    def handle(self, request: Request) -> Answer | None:
        """The answer to a request; None: hang up without one."""
        self.requests.append(request)
        fault = self.faults.take(self.receiver(request))
        if fault is None:
            return self.answer(request)
        if fault.answer is None:
            self.faulted(request, "no answer")
            self.faults.released.wait()
            return None
        self.faulted(request, f"answered {fault.answer.status}")
        return fault.answer

    def _swap_context(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        if self._server and self._server.context is not context:
            self._server.context = context
            self._server.cut()

    def _open_socket(self) -> None:
        if self._server:
            return
        self._server = _Server(("127.0.0.1", self.port), self, self._context)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _close_socket(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server.cut()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], standin: HttpStandin, context: ssl.SSLContext | None) -> None:
        self.standin = standin
        self.context = context
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def cut(self) -> None:
        """End the connections that are open: a kept one would serve on after the server has gone."""
        for connection in list(self.connections) if self.standin.keep_alive else ():
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up or refuses the certificate is its own business."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 30
    disable_nagle_algorithm = True  # an answer is two writes
    server: _Server
    request: socket.socket

    def setup(self) -> None:
        self.protocol_version = "HTTP/1.1" if self.server.standin.keep_alive else "HTTP/1.0"
        self.server.standin.connections += 1
        # The handshake happens on the connection's own thread: a client that is silent blocks nobody else.
        if self.server.context:
            self.request.settimeout(self.timeout)
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.server.connections.add(self.request)
        super().setup()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, LARGEST_BODY))
        headers = {key.lower(): value for key, value in self.headers.items()}
        address = urlsplit(self.path)
        request = Request(self.command, address.path, headers, body, address.query, time.time())
        answer = self.server.standin.handle(request)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        content = answer.body.encode()
        for key, value in {"Content-Length": str(len(content)), **answer.headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST

    def finish(self) -> None:
        super().finish()
        self.server.connections.discard(self.request)
        self.request.close()  # wrapping took the socket away from the server, which would else close it

    def log_message(self, format: str, *args: object) -> None:
        """The recorder is the log."""
