"""Which calls wait for an answer, told at /_harness/unanswered; and calls that a test breaks, by /_harness/broken."""

import json
import threading
from typing import Any

from localstack.runtime import hooks

NEVER_S = 3600

waiting: dict[int, str] = {}  # id of a request's context → "sqs.CreateQueue"
broken: dict[str, str] = {}  # "sqs.CreateQueue" → hang | refuse


@hooks.on_infra_start()
def keep_a_list_of_calls() -> None:
    """LocalStack logs a call when it has answered it: of one that hangs nobody would know."""
    from localstack.aws import handlers
    from localstack.services.edge import ROUTER

    handlers.serve_custom_service_request_handlers.append(_begin)
    handlers.run_custom_response_handlers.append(_end)
    ROUTER.add("/_harness/unanswered", lambda request: sorted(waiting.values()))
    ROUTER.add("/_harness/broken", _break, methods=["POST"])


def _begin(_chain: Any, context: Any, _response: Any) -> None:
    if context.operation is None:
        return
    call = f"{context.service.service_name}.{context.operation.name}"
    waiting[id(context)] = call
    if broken.get(call) == "hang":
        threading.Event().wait(NEVER_S)
    if broken.get(call) == "refuse":
        from localstack.aws.api import CommonServiceException

        raise CommonServiceException("NotImplemented", f"{call} is not known here", status_code=501)


def _end(_chain: Any, context: Any, _response: Any) -> None:
    waiting.pop(id(context), None)


def _break(request: Any) -> dict[str, str]:
    broken.clear()
    broken.update(json.loads(request.data))
    return broken
