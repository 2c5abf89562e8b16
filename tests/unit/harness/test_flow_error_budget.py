"""What the page of a burning budget must say, wherever it is read."""

from tests.harness.flow_error_budget import ALERT, unsaid
from tests.harness.standins.recorder import Delivery

TEXT = "Burn rate 15.2 over 1 h and 7.1 over 6 h. Remaining budget: 75.3%. https://x.org/runbooks/error-budget-burning-fast"


def page(text: str) -> Delivery:
    return Delivery(0.0, "pagerduty", "firing", (ALERT,), {"payload": {"custom_details": {"firing": text}}})


def test_a_page_with_burn_rate_budget_and_runbook_is_complete() -> None:
    assert unsaid([page(TEXT)]) == []


def test_what_a_page_leaves_out_is_named() -> None:
    assert unsaid([page(TEXT.replace("15.2", "unknown"))]) == ["pagerduty is not told the burn rate"]
    assert unsaid([page(TEXT.replace("75.3%", "not yet known"))]) == ["pagerduty is not told the remaining budget"]
    assert unsaid([page(TEXT.replace("-fast", ""))]) == ["pagerduty is not told the runbook's link"]


def test_other_messages_need_not_say_it() -> None:
    assert unsaid([page("")._replace(names=("HighErrorRate",))]) == []
