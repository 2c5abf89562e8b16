"""One Lambda execution environment: a process of the genuine runtime client and the Runtime API that it talks to.

Knows nothing of LocalStack, so that it is tested by itself. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

API = "/2018-06-01/runtime"
INIT_TIMEOUT_S = 10.0


class Event(NamedTuple):
    """One invocation: its id, the function's ARN as it was called, the trace header and the payload as JSON text."""

    request_id: str
    function_arn: str
    trace_id: str
    payload: str


class Answer(NamedTuple):
    """What the function returned or the error that ended it, as JSON."""

    body: bytes
    is_error: bool


class Sandbox:
    """A started runtime process. `died` holds the error of a process that has ended; a dead sandbox is thrown away.

    `python` is one that has awslambdaric; by default the one that runs this.
    """

    def __init__(
        self,
        handler: str,
        code: Path,
        environment: Mapping[str, str],
        log: Path,
        timeout_s: float,
        python: str = sys.executable,
    ) -> None:
        self.timeout_s = timeout_s
        self.began = time.monotonic()
        self.init_ms: float | None = None
        self.ready: Future[None] = Future()
        self.inbox: queue.Queue[Event | None] = queue.Queue()
        self.lock = threading.Lock()
        self.waiting: tuple[str, Future[Answer]] | None = None
        self.died: Answer | None = None
        self.server = _RuntimeApi(self)
        self.process = self._start([python, "-m", "awslambdaric", handler], code, environment, log)
        threading.Thread(target=self._watch, daemon=True).start()

    def _start(
        self, command: list[str], code: Path, environment: Mapping[str, str], log: Path
    ) -> "subprocess.Popen[bytes]":
        own = {
            "LAMBDA_TASK_ROOT": str(code),
            "LAMBDA_RUNTIME_DIR": str(code),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(code), environment.get("PYTHONPATH", "")])),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
        }
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                cwd=code,
                env={**environment, **own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> Answer | None:
        """None when the function's module is loaded, else the error of its initialisation."""
        try:
            self.ready.result(timeout=INIT_TIMEOUT_S)
        except TimeoutError:
            self.kill()
            return error("Sandbox.Timedout", f"Init phase timed out after {INIT_TIMEOUT_S:.2f} seconds")
        return self.died

    def invoke(self, event: Event) -> Answer:
        """Hand the event over and wait for the answer, the function's timeout, or the end of the process."""
        future: Future[Answer] = Future()
        with self.lock:
            if self.died:
                return self.died
            self.waiting = (event.request_id, future)
        self.inbox.put(event)
        try:
            return future.result(timeout=self.timeout_s)
        except TimeoutError:
            self.kill()
            return error(
                "Sandbox.Timedout",
                f"RequestId: {event.request_id} Error: Task timed out after {self.timeout_s:.2f} seconds",
            )
        finally:
            with self.lock:
                self.waiting = None

    def kill(self) -> None:
        """End the process and everything that it started, and close its Runtime API. Safe to call twice."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(5)
        self._die(error("Runtime.ExitError", "The execution environment was stopped"))
        self.inbox.put(None)
        self.server.close()

    # Called by the Runtime API and the watching thread.

    def loaded(self) -> None:
        """The runtime asks for its first event: the module is loaded."""
        with self.lock:
            if not self.ready.done():
                self.init_ms = (time.monotonic() - self.began) * 1000
                self.ready.set_result(None)

    def failed_to_load(self, body: bytes) -> None:
        """The runtime says that the function's module could not be loaded."""
        self._die(Answer(body, True))

    def finish(self, request_id: str, answer: Answer) -> None:
        """The runtime's answer to one request; an answer that nobody waits for any more is dropped."""
        with self.lock:
            if self.waiting and self.waiting[0] == request_id and not self.waiting[1].done():
                self.waiting[1].set_result(answer)

    def _watch(self) -> None:
        status = self.process.wait()
        how = f"signal: {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        prefix = f"RequestId: {self.waiting[0]} Error: " if self.waiting else ""
        self._die(error("Runtime.ExitError", f"{prefix}Runtime exited with error: {how}"))

    def _die(self, answer: Answer) -> None:
        with self.lock:
            self.died = self.died or answer
            if not self.ready.done():
                self.ready.set_result(None)
            if self.waiting and not self.waiting[1].done():
                self.waiting[1].set_result(self.died)

    def peak_memory_mb(self) -> int:
        """The process's highest resident memory in MB, as Lambda's report line has it; 0 when it has ended."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
        return -(-int(peak) // 1024)


def error(kind: str, message: str) -> Answer:
    """An error as the Lambda service words it."""
    return Answer(json.dumps({"errorType": kind, "errorMessage": message}).encode(), True)


class _RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sandbox = sandbox
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed runtime breaks its connection; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _RuntimeApi

    def log_message(self, format: str, *args: Any) -> None:
        """The functions' own log is enough."""

    def do_GET(self) -> None:
        if self.path != f"{API}/invocation/next":
            return self._reply(404, b"{}")
        sandbox = self.server.sandbox
        sandbox.loaded()
        event = sandbox.inbox.get()
        if event is None:
            self.close_connection = True
            return None
        deadline_ms = int((time.time() + sandbox.timeout_s) * 1000)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
        }
        return self._reply(200, event.payload.encode(), headers)

    def do_POST(self) -> None:
        body = self._body()
        sandbox = self.server.sandbox
        if self.path == f"{API}/init/error":
            sandbox.failed_to_load(body)
        elif self.path.startswith(f"{API}/invocation/") and self.path.endswith(("/response", "/error")):
            request_id, outcome = self.path.split("/")[-2:]
            sandbox.finish(request_id, Answer(body, outcome == "error"))
        else:
            return self._reply(404, b"{}")
        return self._reply(202, b'{"status":"OK"}')

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
