"""The rule of the architecture document as it stands there, on its own recording rules, to be laid beside ours."""

from typing import Any

ALERT = "LiteralErrorBudgetBurningFast"
FILE = "literal.yml"
SELECTOR = 'plane="control"'  # without it, as in the document, the sum would be the same: the cases have one service
BUDGET = 0.001


def rules() -> dict[str, Any]:
    """Burn over 1 h above 14.4 and over 6 h above 6 for 15 minutes; records every 30 s, alerts every 15 s.

    The alert's group stands first: of the two orders this is the later one.
    """
    alert = {
        "alert": ALERT,
        "expr": "literal:burn_rate_1h > 14.4 and literal:burn_rate_6h > 6",
        "for": "15m",
        "labels": {"severity": "critical"},
    }
    records = [record for window in ("1h", "6h") for record in _records(window)]
    return {
        "groups": [
            {"name": "literal-alert", "rules": [alert]},
            {"name": "literal-records", "interval": "30s", "rules": records},
        ]
    }


def _records(window: str) -> list[dict[str, str]]:
    good = f'sum(rate(http_requests_total{{{SELECTOR},status!~"5.."}}[{window}]))'
    total = f"sum(rate(http_requests_total{{{SELECTOR}}}[{window}]))"
    return [
        {"record": f"literal:availability_{window}", "expr": f"{good} / {total}"},
        {"record": f"literal:burn_rate_{window}", "expr": f"(1 - literal:availability_{window}) / {BUDGET}"},
    ]
