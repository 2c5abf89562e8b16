"""A gate before Secrets Manager that denies or is down when it is told to: the emulator knows no IAM."""

import json
import urllib.error
import urllib.request

from tests.harness.standins.https import Answer, HttpStandin, Request


class SecretsGate(HttpStandin):
    """Passes all on to `behind`, the emulator's URL, but for its faults."""

    def __init__(self, behind: str) -> None:
        self._behind = behind
        super().__init__()

    def deny(self) -> None:
        """What Secrets Manager answers to a role that may not read."""
        refusal = {"__type": "AccessDeniedException", "Message": "no identity-based policy allows the action"}
        self.answer_with(400, json.dumps(refusal))

    def answer(self, request: Request) -> Answer:
        kept = {key: value for key, value in request.headers.items() if key not in ("host", "content-length")}
        onward = urllib.request.Request(self._behind, request.body, kept, method=request.method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(onward, timeout=10) as found:
                return Answer(found.status, found.read().decode())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.read().decode())

    def faulted(self, request: Request, problem: str) -> None:
        """Nobody is told anything here."""
