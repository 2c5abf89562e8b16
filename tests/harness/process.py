"""Starts real programs and ends them: whole trees, also on Ctrl-C, SIGTERM, and when this process is killed.

Each started process carries a mark in its environment; `tests.harness.reaper` ends the marked ones when this process
is gone.
"""

import atexit
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import psutil

from tests.harness import reaper
from tests.harness.errors import HarnessError, tail
from tests.harness.progress import step

Check = Callable[[], bool]

PORTS = (61000, 65000)

_MARK = f"{uuid.uuid4().hex[:12]}."
_numbers = iter(range(1, 1_000_000))
_given_ports: set[int] = set()
_lock = threading.Lock()
_reaper: "subprocess.Popen[bytes] | None" = None


def _next_mark() -> str:
    """A mark for one process; starts the reaper with the first."""
    global _reaper
    with _lock:
        if _reaper is None or _reaper.poll() is not None:
            # A harness inside a harness: the outer one must not end this reaper before it has done its work.
            environment = {key: value for key, value in os.environ.items() if key != reaper.VARIABLE}
            _reaper = subprocess.Popen(
                [sys.executable, "-I", str(Path(reaper.__file__)), _MARK],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            atexit.register(_at_exit)
        return f"{_MARK}{next(_numbers)}."


def _at_exit() -> None:
    reaper.end(_MARK)
    if _reaper and _reaper.stdin:
        _reaper.stdin.close()
        _reaper.wait(10)


def processes_left() -> list[str]:
    """Command lines of processes that this one has started, at any depth, and that still run."""
    return [f"{pid} {reaper.command_line(pid)}" for pid in reaper.marked(_MARK)]


def assert_no_processes_left(wait_s: float = 2.0) -> None:
    """Raises HarnessError with their command lines if any process started from here still runs."""
    deadline = time.monotonic() + wait_s
    while (left := processes_left()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if left:
        raise HarnessError(f"{len(left)} process(es) left behind: {'; '.join(left)}")


def stop_on_sigterm() -> None:
    """Make SIGTERM and SIGHUP end this program as an exception does: `finally` and `with` run. Main thread only."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


# ---------------------------------------------------------------- ports


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on, given out once; above those that outgoing connections and services use."""
    for _ in range(500):
        port = random.randint(*PORTS)
        with _lock:
            if port in _given_ports or not _can_bind(host, port):
                continue
            _given_ports.add(port)
            return port
    raise HarnessError(f"no free port between {PORTS[0]} and {PORTS[1]} on {host}")


def require_free_port(port: int, needed_by: str, host: str = "127.0.0.1") -> None:
    """Raises HarnessError that names the port, who needs it and, where it can be seen, who has it."""
    if not _can_bind(host, port):
        raise HarnessError(f"port {port} on {host} is in use{_holder(port)}: {needed_by} needs it")


def _can_bind(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            where = connection.laddr
            if connection.status == psutil.CONN_LISTEN and where and where.port == port and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""


# ---------------------------------------------------------------- readiness


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a GET of `url` gives a status below 400. Never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=timeout_s) as answer:
            return int(answer.status) < 400
    except (urllib.error.URLError, OSError, ValueError):
        return False


def accepts(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Whether a TCP connection is accepted."""
    try:
        with socket.create_connection((host, port), timeout_s):
            return True
    except OSError:
        return False


def wait_until(check: Check, what: str, timeout_s: float, log: Path | None = None, every_s: float = 0.1) -> None:
    """Poll `check` until it holds; HarnessError after `timeout_s` seconds."""
    deadline = time.monotonic() + timeout_s
    while not check():
        if time.monotonic() > deadline:
            raise HarnessError(f"{what}: not after {timeout_s:.0f} s", log)
        time.sleep(every_s)


# ---------------------------------------------------------------- running


class Process:
    """A started program. Its output goes to `log`."""

    def __init__(
        self, name: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None, cwd: Path | None
    ) -> None:
        self.name = name
        self.log = log
        self.mark = _next_mark()
        self.command = [str(part) for part in command]
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**(os.environ if env is None else env), reaper.VARIABLE: self.mark}
        with log.open("ab") as output:
            output.write(f"$ {' '.join(self.command)}\n".encode())
            output.flush()
            try:
                self.popen = subprocess.Popen(
                    self.command,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as problem:
                raise HarnessError(f"{name} could not be started: {problem}", log) from problem

    @property
    def pid(self) -> int:
        return self.popen.pid

    def is_running(self) -> bool:
        return self.popen.poll() is None

    def wait_until_ready(self, check: Check, timeout_s: float = 30.0) -> None:
        """Wait for `check`; HarnessError when the program ends or time runs out first."""
        deadline = time.monotonic() + timeout_s
        while not check():
            if not self.is_running():
                raise HarnessError(
                    f"{self.name} ended with status {self.popen.returncode} before it was ready{self._last_word()}",
                    self.log,
                )
            if time.monotonic() > deadline:
                raise HarnessError(f"{self.name} was not ready after {timeout_s:.0f} s", self.log)
            time.sleep(0.05)

    def _last_word(self) -> str:
        lines = [line for line in tail(self.log, 3).splitlines() if line.strip() and not line.startswith("$ ")]
        return f": {lines[-1].strip()[:300]}" if lines else ""

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself."""
        if self.is_running():
            self.popen.send_signal(number)

    def ask_to_stop(self) -> None:
        """SIGTERM for the program and all that it has started (a wrapper does not always pass it on)."""
        for pid in reaper.marked(self.mark):
            reaper.send(pid, signal.SIGTERM)

    def stop(self, grace_s: float = 5.0) -> None:
        """Ask the program to end, with whatever it has started, and make it after `grace_s`."""
        reaper.end(self.mark, grace_s)
        self.popen.wait(10)

    def kill(self) -> None:
        """End the program and whatever it has started, at once."""
        if self.is_running():
            self.popen.kill()
            self.popen.wait(10)
        reaper.end(self.mark, grace_s=0)


class Supervisor:
    """The programs of one run: started by name, logged to `<run_dir>/logs/<name>.log`, ended with the block."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.processes: dict[str, Process] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        ready: Check | None = None,
        timeout_s: float = 30.0,
        ports: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Process:
        """Start a program and wait for `ready`.

        `ports` are those that it will listen on: one in use is named before the start. `env` replaces the whole
        environment. A process of the same name that still runs is an error.
        """
        if name in self.processes and self.processes[name].is_running():
            raise HarnessError(f"{name} runs already", self.processes[name].log)
        for port in ports:
            require_free_port(port, name)
        process = Process(name, command, self.run_dir / "logs" / f"{name}.log", env, cwd)
        self.processes[name] = process
        if ready:
            with step(f"{name} is ready"):
                try:
                    process.wait_until_ready(ready, timeout_s)
                except BaseException:
                    process.stop()
                    raise
        return process

    def stop(self, name: str) -> None:
        """End one program; no error if it has ended."""
        if name in self.processes:
            self.processes.pop(name).stop()

    def stop_all(self) -> None:
        """End all programs, the last started first."""
        for process in self.processes.values():
            process.ask_to_stop()
        for name in reversed(list(self.processes)):
            self.stop(name)


class TimedOut(HarnessError):
    """A program took too long and was ended. `output` is what it had said until then."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


def run(
    command: Sequence[str | Path],
    *,
    timeout_s: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, output captured. TimedOut after `timeout_s`; then, as on Ctrl-C, its tree ends."""
    mark = _next_mark()
    words = [str(part) for part in command]
    environment = {**(os.environ if env is None else env), reaper.VARIABLE: mark}
    try:
        with subprocess.Popen(
            words,
            cwd=cwd,
            env=environment,
            text=True,
            errors="replace",
            start_new_session=True,
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as popen:
            try:
                out, err = popen.communicate(stdin, timeout=timeout_s)
            except BaseException as problem:
                reaper.end(mark, grace_s=1)
                popen.kill()
                if isinstance(problem, subprocess.TimeoutExpired):
                    said, _ = popen.communicate()
                    raise TimedOut(f"{' '.join(words[:3])} … took longer than {timeout_s:.0f} s", said) from None
                raise
    except OSError as problem:
        raise HarnessError(f"{words[0]} could not be started: {problem}") from problem
    return subprocess.CompletedProcess(words, popen.returncode, out, err)
