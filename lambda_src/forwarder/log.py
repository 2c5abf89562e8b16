"""One line of JSON for each thing that happened. Never a secret, never a webhook's address."""

import json
from typing import Any


def log(level: str, outcome: str, **fields: Any) -> None:
    """Writes `{"level": …, "outcome": …, …}`; empty fields are left out."""
    kept = {key: value for key, value in fields.items() if value not in ("", None)}
    print(json.dumps({"level": level, "outcome": outcome, **kept}, default=str), flush=True)
