"""A Lambda sandbox, with a runtime client of forty lines in the genuine one's place."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness_emulator.sandbox import Event, Sandbox

CLIENT = """
import importlib, json, os, sys, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime"
def post(path, value):
    urllib.request.urlopen(urllib.request.Request(api + path, data=json.dumps(value).encode()))
module, name = sys.argv[1].split(".")
try:
    handler = getattr(importlib.import_module(module), name)
except Exception as problem:
    post("/init/error", {"errorMessage": str(problem)})
    sys.exit(1)
while True:
    with urllib.request.urlopen(api + "/invocation/next") as answer:
        request = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        deadline = answer.headers["Lambda-Runtime-Deadline-Ms"]
        event = json.load(answer)
    try:
        post(f"/invocation/{request}/response", handler(event, int(deadline)))
    except ZeroDivisionError as problem:
        post(f"/invocation/{request}/error", {"errorMessage": str(problem)})
"""
FUNCTION = """
import os, subprocess, time
def handler(event, deadline):
    if event == "crash": os._exit(7)
    if event == "fail": 1 / 0
    if event == "hang":
        subprocess.Popen(["sleep", "60"])
        time.sleep(60)
    print("saw", event, flush=True)
    return {"event": event, "left_ms": deadline - time.time() * 1000, "setting": os.environ.get("SETTING")}
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    (tmp_path / "client").mkdir()
    (tmp_path / "client/awslambdaric.py").write_text(CLIENT)
    (tmp_path / "code").mkdir()
    (tmp_path / "code/function.py").write_text(FUNCTION)
    started = []

    def make(handler: str = "function.handler", timeout_s: float = 5.0) -> Sandbox:
        environment = {"PYTHONPATH": str(tmp_path / "client"), "SETTING": "ours"}
        started.append(Sandbox(handler, tmp_path / "code", environment, tmp_path / "log", timeout_s))
        return started[-1]

    yield make
    for sandbox in started:
        sandbox.kill()


def event(payload: object, request_id: str = "r1") -> Event:
    return Event(request_id, "arn:f", "Root=1", json.dumps(payload))


def test_a_function_answers_within_its_deadline(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = start()
    assert sandbox.wait_until_ready() is None

    answer = sandbox.invoke(event("hello"))

    body = json.loads(answer.body)
    assert (answer.is_error, body["event"], body["setting"]) == (False, "hello", "ours")
    assert 4000 < body["left_ms"] <= 5000
    assert sandbox.init_ms is not None and sandbox.init_ms > 0
    assert "saw hello" in (tmp_path / "log").read_text()


def test_an_error_is_the_functions_own_and_the_process_goes_on(start: Callable[..., Sandbox]) -> None:
    sandbox = start()
    sandbox.wait_until_ready()

    assert sandbox.invoke(event("fail")).is_error
    assert not sandbox.invoke(event("again", "r2")).is_error


def test_a_crash_is_told_at_once(start: Callable[..., Sandbox]) -> None:
    sandbox = start()
    sandbox.wait_until_ready()
    began = time.monotonic()

    answer = sandbox.invoke(event("crash"))

    assert json.loads(answer.body)["errorMessage"] == "RequestId: r1 Error: Runtime exited with error: exit status 7"
    assert time.monotonic() - began < 3
    assert sandbox.invoke(event("more", "r2")).is_error


def test_a_function_that_hangs_is_ended_at_its_timeout(start: Callable[..., Sandbox]) -> None:
    sandbox = start(timeout_s=1.0)
    sandbox.wait_until_ready()

    answer = sandbox.invoke(event("hang"))

    assert json.loads(answer.body) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r1 Error: Task timed out after 1.00 seconds",
    }
    assert sandbox.process.poll() is not None


def test_a_module_that_cannot_be_loaded_is_told(start: Callable[..., Sandbox]) -> None:
    problem = start("nothing.handler").wait_until_ready()

    assert problem is not None and problem.is_error
    assert "No module named 'nothing'" in problem.body.decode()


def test_a_late_answer_is_dropped(start: Callable[..., Sandbox]) -> None:
    sandbox = start()
    sandbox.wait_until_ready()
    sandbox.finish("of nobody", sandbox.died or sandbox.invoke(event("first")))

    assert json.loads(sandbox.invoke(event("second", "r2")).body)["event"] == "second"
