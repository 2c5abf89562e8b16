"""Ends whatever a harness process has started, when that process ends in any way.

    reaper.py MARK, with a pipe as standard input

The pipe closes when its writer dies, by SIGKILL too. Processes are found by the mark in their environment, so that
none escapes by a session of its own. Run as a script by its path: standard library only, nothing of the harness.
"""

import os
import signal
import sys
import time
from pathlib import Path

VARIABLE = "HARNESS_PROCESS"


def marked(mark: str) -> list[int]:
    """Process ids whose environment holds VARIABLE beginning with `mark`; zombies and this process left out."""
    needle = f"{VARIABLE}={mark}".encode()
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _carries(entry.path, needle):
            found.append(int(entry.name))
    return found


def _carries(path: str, needle: bytes) -> bool:
    try:
        return any(part.startswith(needle) for part in Path(path, "environ").read_bytes().split(b"\0"))
    except OSError:
        return False  # ended meanwhile, or not ours to read


def end(mark: str, grace_s: float = 3.0) -> list[int]:
    """Ask all marked processes to stop, then make them; returns those that are still there."""
    deadline = time.monotonic() + grace_s
    for pid in marked(mark):
        send(pid, signal.SIGTERM)
    while time.monotonic() < deadline and marked(mark):
        time.sleep(0.05)
    for _ in range(40):
        left = marked(mark)
        if not left:
            return []
        for pid in left:
            send(pid, signal.SIGKILL)
        time.sleep(0.05)
    return marked(mark)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def command_line(pid: int) -> str:
    """What a process runs, shortened."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:120]
    except OSError:
        return "(ended)"


def main(mark: str) -> None:
    """Wait for the end of standard input, then end what is marked."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end(mark)


if __name__ == "__main__":
    main(sys.argv[1])
