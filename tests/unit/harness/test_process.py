"""Programs are started visibly, and end whatever happens."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.harness import paths, process, reaper
from tests.harness.errors import HarnessError
from tests.harness.process import Supervisor

# Starts a grandchild in a session of its own, as LocalStack does with its functions.
FAMILY = "import subprocess, time; subprocess.Popen(['sleep', '60'], start_new_session=True); time.sleep(60)"


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and bool(reaper.command_line(pid))


def wait_for(check: process.Check, timeout_s: float = 10.0) -> None:
    process.wait_until(check, "the test's condition", timeout_s, every_s=0.02)


def test_a_stopped_program_takes_its_whole_family_along(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        family = supervisor.start("family", [sys.executable, "-c", FAMILY])
        wait_for(lambda: len(reaper.marked(family.mark)) == 2)

    assert process.processes_left() == []


def test_the_check_for_leaks_names_what_still_runs(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start("sleeper", ["sleep", "61"])

        with pytest.raises(HarnessError, match="sleep 61"):
            process.assert_no_processes_left(wait_s=0)


def test_a_program_that_ignores_the_request_to_stop_is_ended(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    with Supervisor(tmp_path) as supervisor:
        program = supervisor.start("deaf", [sys.executable, "-c", deaf])
        wait_for(lambda: "\ndeaf" in program.log.read_text())

        program.stop(grace_s=0.2)

        assert not program.is_running()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_programs_end_with_the_process_that_started_them(tmp_path: Path, number: signal.Signals) -> None:
    script = f"""
import time
from pathlib import Path
from tests.harness.process import Supervisor, stop_on_sigterm
stop_on_sigterm()
with Supervisor(Path({str(tmp_path)!r})) as supervisor:
    pid = supervisor.start("sleeper", ["sleep", "60"]).pid
    Path({str(tmp_path / "pid.new")!r}).write_text(str(pid))
    Path({str(tmp_path / "pid.new")!r}).rename({str(tmp_path / "pid")!r})
    time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=paths.ROOT, stderr=subprocess.DEVNULL)
    wait_for((tmp_path / "pid").exists)
    sleeper = int((tmp_path / "pid").read_text())

    parent.send_signal(number)
    parent.wait(10)

    wait_for(lambda: not lives(sleeper))


def test_a_port_in_use_is_named_before_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder, Supervisor(tmp_path) as supervisor:
        port = holder.getsockname()[1]

        with pytest.raises(HarnessError, match=rf"port {port} on 127.0.0.1 is in use.*: prometheus needs it"):
            supervisor.start("prometheus", ["true"], ports=[port])

        assert not (tmp_path / "logs").exists()


def test_a_program_that_ends_early_is_told_with_its_last_line_and_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(HarnessError) as caught:
        supervisor.start("broken", ["sh", "-c", "echo loading; echo bad file >&2; exit 3"], ready=lambda: False)

    assert caught.value.message == "broken ended with status 3 before it was ready: bad file"
    assert caught.value.log_path == tmp_path / "logs/broken.log"


def test_a_program_that_never_gets_ready_is_ended(tmp_path: Path, told: list[str]) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(HarnessError, match=r"slow was not ready after 0 s"):
        supervisor.start("slow", ["sleep", "60"], ready=lambda: False, timeout_s=0.2)

    assert told[0] == "  … slow is ready"
    assert told[1].startswith("  ✗ slow is ready")


def test_a_missing_program_is_one_line(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor, pytest.raises(HarnessError, match="nothing could not be started"):
        supervisor.start("nothing", ["/no/such/program"])


def test_two_programs_of_one_name_do_not_run_at_once(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start("sleeper", ["sleep", "60"])

        with pytest.raises(HarnessError, match="sleeper runs already"):
            supervisor.start("sleeper", ["sleep", "60"])


def test_a_run_gives_status_and_both_outputs() -> None:
    done = process.run(["sh", "-c", "cat; echo err >&2; exit 4"], timeout_s=5, stdin="in")

    assert (done.returncode, done.stdout, done.stderr) == (4, "in", "err\n")


def test_a_run_that_takes_too_long_ends_with_its_family() -> None:
    began = time.monotonic()

    with pytest.raises(HarnessError, match="took longer than 1 s"):
        process.run([sys.executable, "-c", FAMILY], timeout_s=1)

    assert time.monotonic() - began < 6
    assert process.processes_left() == []


def test_free_ports_are_given_out_once() -> None:
    ports = [process.free_port() for _ in range(50)]

    assert len(set(ports)) == 50


def test_the_environment_is_replaced_and_marked(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        program = supervisor.start("env", ["/usr/bin/env"], env={"ONLY": "this"})
        program.popen.wait(5)

    names = {line.partition("=")[0] for line in program.log.read_text().splitlines()[1:]}
    assert names - {"PWD"} == {"ONLY", reaper.VARIABLE}
    assert "ONLY" not in os.environ
