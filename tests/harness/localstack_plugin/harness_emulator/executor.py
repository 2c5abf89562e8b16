"""LocalStack's executor for Lambda functions without Docker: zips run by the genuine `awslambdaric` as processes.

`HARNESS_LAMBDA_ENV` (JSON object) is put under every function's environment: a certificate authority of the test, say.
What the JSON file `HARNESS_LAMBDA_OVERRIDES` holds when a process starts is put over it.
"""

import json
import os
import tempfile
import time
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from harness_emulator.sandbox import Answer, Event, Sandbox


class LocalExecutor(RuntimeExecutor):
    """An execution environment of a function version. After a crash or a timeout the next event gets a new sandbox."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self.environment: dict[str, str] = {}
        self.sandbox: Sandbox | None = None
        self.init_problem: Answer | None = None
        handle, name = tempfile.mkstemp(prefix=f"lambda-{function_version.id.function_name}-", suffix=".log")
        os.close(handle)
        self.log = Path(name)
        self.told = 0  # bytes of the log that earlier events have carried off

    def start(self, env_vars: dict[str, str]) -> None:
        """Start the process. A function that cannot be loaded is told by the first event's error, as Lambda does."""
        self.environment = {key: str(value) for key, value in env_vars.items()}
        self._start_sandbox()

    def stop(self) -> None:
        if self.sandbox:
            self.sandbox.kill()
        self.log.unlink(missing_ok=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        event = Event(payload["invoke-id"], payload["invoked-function-arn"], payload["trace-id"], payload["payload"])
        if self.sandbox is None or self.sandbox.died:
            self._start_sandbox()
        began = time.monotonic()
        sandbox = self.sandbox
        assert sandbox is not None
        answer = self.init_problem or sandbox.invoke(event)
        duration_ms = (time.monotonic() - began) * 1000
        logs = self._logs(event.request_id, duration_ms, sandbox, answer)
        return InvocationResult(event.request_id, answer.body, is_error=answer.is_error, logs=logs)

    def _start_sandbox(self) -> None:
        config = self.function_version.config
        code = Path(str(config.code.get_unzipped_code_location()))
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "en_US.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **json.loads(os.environ.get("HARNESS_LAMBDA_ENV") or "{}"),
            **self.environment,
            **_overrides(),
            # The harness finds what it started by this mark.
            "HARNESS_PROCESS": os.environ.get("HARNESS_PROCESS", ""),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        }
        self.sandbox = Sandbox(config.handler, code, environment, self.log, float(config.timeout))
        self.init_problem = self.sandbox.wait_until_ready()

    def _logs(self, request_id: str, duration_ms: float, sandbox: Sandbox, answer: Answer) -> str:
        """What was written since the last event (the loading included), framed and measured as Lambda does it."""
        written = self.log.read_bytes() if self.log.exists() else b""
        output = written[self.told :].decode(errors="replace")
        self.told = len(written)
        if output and not output.endswith("\n"):
            output += "\n"
        if sandbox.died and not self.init_problem:
            output += json.loads(answer.body).get("errorMessage", "") + "\n"
        version = self.function_version
        report = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {int(duration_ms) + 1} ms",
            f"Memory Size: {version.config.memory_size} MB",
            f"Max Memory Used: {sandbox.peak_memory_mb()} MB",
        ]
        if sandbox.init_ms is not None:
            report.append(f"Init Duration: {sandbox.init_ms:.2f} ms")
            sandbox.init_ms = None
        start = f"START RequestId: {request_id} Version: {version.id.qualifier}\n"
        return start + output + f"END RequestId: {request_id}\n" + "\t".join(report) + "\n"

    def get_logs(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Where Docker's init would call back. The sandbox has a Runtime API of its own, so nobody does."""
        return "http://127.0.0.1:0"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        runtime = function_version.config.runtime or "an image"
        if not runtime.startswith("python"):
            raise NotImplementedError(f"only zipped Python functions run here, not {runtime}")
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing outlives the processes."""


def _overrides() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(Path(os.environ.get("HARNESS_LAMBDA_OVERRIDES") or "").read_text())
    except OSError:
        return {}
    return found


class LocalExecutorPlugin(RuntimeExecutorPlugin):
    """LAMBDA_RUNTIME_EXECUTOR=local"""

    name = "local"

    def load(self, *args: object, **kwargs: object) -> type[LocalExecutor]:
        return LocalExecutor
