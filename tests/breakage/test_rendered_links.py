"""Each link of the rendered configuration broken in turn: the checks of the suite say so, and say what."""

import re
from pathlib import Path

import pytest
import yaml

from tests.breakage.conftest import Break
from tests.rendered import test_accepted as accepted
from tests.rendered import test_hygiene as hygiene
from tests.rendered.conftest import Release
from tests.routing import test_routing as routing

SUITES = ("bookworm", "trixie")
ALERTMANAGER = "alertmanager/alertmanager-production.yml"


def written(release: Release) -> Path:
    return release.folder / ALERTMANAGER


def receivers(release: Release) -> dict[str, list[str]]:
    config = yaml.safe_load(release.rendered.files[ALERTMANAGER])
    return {receiver["name"]: list(routing.sends_to(receiver)) for receiver in config["receivers"]}


def test_a_rule_that_names_an_unrecorded_metric(broken: Break) -> None:
    good, bad = "slo:control_plane:error_budget:burn_rate_6h > 6", "slo:control_plane:error_budget:burn_rate_6hours > 6"
    release = broken("prometheus/rules/slos.yml", good, bad)

    for suite in SUITES:  # promtool has nothing against a series that nobody writes
        accepted.test_prometheus_accepts_its_configuration_and_rules(suite, release)
    with pytest.raises(AssertionError) as complaint:
        hygiene.test_every_series_is_exported_by_somebody_or_recorded(hygiene.rules_of(release))

    named = set(re.findall(r"(\w+\.yml \S+ \w+: \S+burn_rate_6hours)", str(complaint.value)))
    assert named == {
        "slos.yml slo-control_plane ErrorBudgetBurningFast: slo:control_plane:error_budget:burn_rate_6hours"
    }


@pytest.mark.parametrize("suite", SUITES)
def test_a_rule_with_a_mistyped_function(suite: str, broken: Break) -> None:
    release = broken("prometheus/rules/critical.yml", "histogram_quantile(0.99", "histogram_quantil(0.99")

    with pytest.raises(AssertionError, match=r'unknown function with name "histogram_quantil"'):
        accepted.test_prometheus_accepts_its_configuration_and_rules(suite, release)


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("receiver", ["slack", "pagerduty", "email"])
def test_a_template_with_a_bad_function(receiver: str, suite: str, broken: Break) -> None:
    release = broken(f"alertmanager/templates/{receiver}.tmpl", "reReplaceAll", "replaceEverything")

    with pytest.raises(AssertionError, match=r'function "replaceEverything" not defined'):
        accepted.test_alertmanager_accepts_its_configuration_and_templates(suite, release)


@pytest.mark.parametrize("suite", SUITES)
def test_continue_removed(suite: str, broken: Break) -> None:
    """The first that says so is the route of a service's pages: no channel, no address and no team hears of them."""
    release = broken(ALERTMANAGER, "      continue: true\n", "")

    accepted.test_alertmanager_accepts_its_configuration_and_templates(suite, release)
    with pytest.raises(AssertionError) as complaint:
        routing.test_every_alert_reaches_exactly_its_destinations(suite, written(release), receivers(release))

    said = str(complaint.value)
    assert "alertname=ServiceDown severity=critical category=availability service=some-service plane=app" in said
    assert "got      ['pagerduty_key']" in said
    assert "severity=warning" not in said
    with pytest.raises(AssertionError):
        routing.test_every_sibling_route_lets_the_next_one_take_the_alert_too(release.rendered)


def test_the_unbroken_release_is_not_complained_of(broken: Break) -> None:
    """What shows that the complaints above are about the break and nothing else."""
    release = broken(ALERTMANAGER, "route:", "route:")

    for suite in SUITES:
        accepted.test_prometheus_accepts_its_configuration_and_rules(suite, release)
        accepted.test_alertmanager_accepts_its_configuration_and_templates(suite, release)
        routing.test_every_alert_reaches_exactly_its_destinations(suite, written(release), receivers(release))
    hygiene.test_every_series_is_exported_by_somebody_or_recorded(hygiene.rules_of(release))
    routing.test_every_sibling_route_lets_the_next_one_take_the_alert_too(release.rendered)
