"""One host of one service as a process of its own: `python service_process.py`, standard library only.

The first line on standard input says what to be, as JSON; each further line is a command. Every line is answered by one
line: `ok`, or what went wrong. When the input ends, the process ends, so it never outlives its parent.

    {"address": "127.9.1.2", "requests": true, "ports": [{"port": 8000, "paths": {"/metrics": …, "/health": …}}, …]}
    {"do": "set", "error_share": 0.3}
    {"do": "close", "port": 6379}

A path is `{"kind": "metrics"}` or `{"kind": "health", "probe": "config", "status": 200}`; a port without paths is plain
TCP: it takes connections and says nothing.
"""

import heapq
import itertools
import json
import os
import selectors
import socket
import sys
import time
from typing import Any

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0)
SPREAD = ((0.5, 0.5), (0.4, 1.0), (0.08, 1.5), (0.02, 3.0))  # share of the requests, multiple of the latency
LARGEST_REQUEST = 16 * 1024


class Traffic:
    """Request counters that advance with the clock; what is shown are whole numbers, as a real service counts."""

    def __init__(self, now: float) -> None:
        self.rate = 10.0  # requests a second
        self.error_share = 0.0
        self.latency = 0.1  # seconds
        self._at = now
        self._counts: dict[tuple[str, str], float] = {}
        self._buckets = dict.fromkeys(BUCKETS, 0.0)
        self._sum = self._count = 0.0

    def settle(self, now: float) -> None:
        """Count what happened since the last call, at the settings of that time."""
        new, self._at = self.rate * (now - self._at), now
        for method, part in (("GET", 0.8), ("POST", 0.2)):
            for status, share in (("200", 1 - self.error_share), ("500", self.error_share)):
                # A service exports no series for what never happened: rules have to cope with that.
                if share > 0 and new > 0:
                    self._counts[method, status] = self._counts.get((method, status), 0.0) + new * part * share
        self._count += new
        for share, multiple in SPREAD:
            took = self.latency * multiple
            self._sum += new * share * took
            for bound in BUCKETS:
                if took <= bound:
                    self._buckets[bound] += new * share

    def exposition(self) -> str:
        lines = ["# TYPE http_requests_total counter"]
        for (method, status), count in sorted(self._counts.items()):
            lines.append(f'http_requests_total{{method="{method}",status="{status}"}} {int(count)}')
        lines.append("# TYPE http_request_duration_seconds histogram")
        for bound, count in [*self._buckets.items(), ("+Inf", self._count)]:
            lines.append(f'http_request_duration_seconds_bucket{{le="{bound}"}} {int(count)}')
        lines.append(f"http_request_duration_seconds_sum {self._sum:.3f}")
        lines.append(f"http_request_duration_seconds_count {int(self._count)}")
        return "\n".join(lines) + "\n"


class Series:
    """A further series: a value, and how much it grows in a second (0: a gauge that stays)."""

    def __init__(self, now: float) -> None:
        self.value = self.rate = 0.0
        self._at = now

    def settle(self, now: float) -> None:
        self.value, self._at = self.value + self.rate * (now - self._at), now


class State:
    """All that a `set` command changes."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.traffic = Traffic(time.monotonic()) if spec.get("requests") else None
        self.series: dict[str, Series] = {}
        self.failing: set[str] = set()  # probes that answer 500
        self.delay = 0.0  # seconds before every answer
        self.delays: dict[str, float] = {}  # probe -> seconds
        self.hanging = False
        self.started = time.time()  # what it says of itself; Unix seconds
        self.change(spec.get("set", {}))

    def change(self, settings: dict[str, Any]) -> None:
        """Raises KeyError for a setting that this service does not have."""
        now = time.monotonic()
        for key, value in settings.items():
            if key in ("rate", "error_share", "latency") and self.traffic:
                self.traffic.settle(now)
                setattr(self.traffic, key, float(value))
            elif key == "series":
                self._change_series(value, now)
            elif key in ("delay", "delays", "hanging", "started"):
                setattr(self, key, value)
            elif key == "failing":
                self.failing = set(value)
            else:
                raise KeyError(f"there is no setting {key} here")

    def metrics(self) -> str:
        now = time.monotonic()
        for series in self.series.values():
            series.settle(now)
        extra = "".join(f"{name} {series.value:.12g}\n" for name, series in self.series.items())
        extra += f"process_start_time_seconds {self.started:.2f}\n"
        if not self.traffic:
            return extra
        self.traffic.settle(now)
        return self.traffic.exposition() + extra

    def _change_series(self, changes: dict[str, dict[str, float]], now: float) -> None:
        for name, change in changes.items():
            series = self.series.setdefault(name, Series(now))
            series.settle(now)
            series.value, series.rate = change.get("value", series.value), change.get("rate", series.rate)


class Server:
    """One thread, one selector: the listening sockets, their connections and the command line."""

    def __init__(self, spec: dict[str, Any], commands: bytes) -> None:
        self.selector = selectors.DefaultSelector()
        self.state = State(spec)
        self.address: str = spec["address"]
        self.ports: dict[int, dict[str, Any]] = {port["port"]: port.get("paths", {}) for port in spec["ports"]}
        self.listeners: dict[int, socket.socket] = {}
        self.received: dict[socket.socket, bytes] = {}
        self.parked: list[tuple[socket.socket, tuple[str, int]]] = []  # what nobody looks at while hanging
        self.due: list[tuple[float, int, socket.socket, bytes]] = []  # answers that wait for their time
        self.order = itertools.count()
        self.commands = commands
        for port in self.ports:
            self.listen(port)
        self.selector.register(0, selectors.EVENT_READ)

    def run(self) -> None:
        """Serve until the command line ends."""
        while True:
            wait = max(0.0, self.due[0][0] - time.monotonic()) if self.due else None
            for key, _ in self.selector.select(wait):
                if not isinstance(key.fileobj, socket.socket):
                    if not self.read_commands():
                        return
                else:
                    self.attend(key.fileobj, key.data)
            while self.due and self.due[0][0] <= time.monotonic() and not self.state.hanging:
                self.send(*heapq.heappop(self.due)[2:])

    def attend(self, sock: socket.socket, data: tuple[str, int]) -> None:
        kind, port = data
        if self.state.hanging:
            self.selector.unregister(sock)
            self.parked.append((sock, data))
        elif kind == "listener":
            self.accept(sock, port)
        else:
            self.receive(sock, port)

    def listen(self, port: int) -> None:
        listener = socket.create_server((self.address, port), backlog=1024)
        listener.setblocking(False)
        self.listeners[port] = listener
        self.selector.register(listener, selectors.EVENT_READ, ("listener", port))

    def accept(self, listener: socket.socket, port: int) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        self.received[connection] = b""
        self.selector.register(connection, selectors.EVENT_READ, ("connection", port))

    def receive(self, connection: socket.socket, port: int) -> None:
        try:
            data = connection.recv(LARGEST_REQUEST)
        except OSError:
            data = b""
        request = self.received[connection] = self.received[connection] + data
        if not data or len(request) > LARGEST_REQUEST:
            self.selector.unregister(connection)
            self.close(connection)
        elif b"\r\n\r\n" in request and self.ports[port]:
            self.selector.unregister(connection)
            path = request.split(b" ", 2)[1].decode("latin-1").split("?")[0]
            delay, answer = self.answer(self.ports[port].get(path))
            heapq.heappush(self.due, (time.monotonic() + delay, next(self.order), connection, answer))

    def answer(self, path: dict[str, Any] | None) -> tuple[float, bytes]:
        """Seconds to wait, and an HTTP answer."""
        if path is None:
            return self.state.delay, http(404, "not found\n")
        if path["kind"] == "metrics":
            return self.state.delay, http(200, self.state.metrics())
        probe = path["probe"]
        status = 500 if probe in self.state.failing else path["status"]
        return self.state.delays.get(probe, self.state.delay), http(status, f"{probe}\n")

    def send(self, connection: socket.socket, answer: bytes) -> None:
        try:
            connection.settimeout(2)
            connection.sendall(answer)
        except OSError:
            pass  # the client did not wait
        self.close(connection)

    def close(self, connection: socket.socket) -> None:
        self.received.pop(connection, None)
        connection.close()

    def read_commands(self) -> bool:
        """Answer each whole line; false at the end of the input."""
        data = os.read(0, 65536)
        *lines, self.commands = (self.commands + data).split(b"\n")
        for line in lines:
            say(self.obey(json.loads(line)))
        return bool(data)

    def obey(self, command: dict[str, Any]) -> str:
        try:
            match command.pop("do"):
                case "set":
                    self.state.change(command)
                case "close":
                    self.close_port(command["port"])
                case "open":
                    self.open_port(command["port"])
                case other:
                    return f"there is no command {other}"
        except (KeyError, OSError) as error:
            return str(error)
        self.unpark()
        return "ok"

    def open_port(self, port: int) -> None:
        if port not in self.listeners:
            self.listen(port)

    def close_port(self, port: int) -> None:
        if listener := self.listeners.pop(port, None):
            self.selector.unregister(listener)
            listener.close()

    def unpark(self) -> None:
        while self.parked and not self.state.hanging:
            sock, data = self.parked.pop()
            if sock.fileno() >= 0:
                self.selector.register(sock, selectors.EVENT_READ, data)


def http(status: int, body: str) -> bytes:
    """HTTP/1.0: with keep-alive a client would not notice that the service died."""
    content = body.encode()
    kind = "text/plain; version=0.0.4; charset=utf-8"
    head = f"HTTP/1.0 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    line = b""
    while b"\n" not in line:
        data = os.read(0, 65536)
        if not data:
            return 1
        line += data
    first, _, rest = line.partition(b"\n")
    spec = json.loads(first)
    try:
        server = Server(spec, rest)
    except OSError as error:
        say(f"cannot listen on {spec['address']}, ports {[port['port'] for port in spec['ports']]}: {error.strerror}")
        return 1
    say("ok")
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
