"""A link that no check of files can see broken, because the programs accept it: it must be told while it runs."""

import time

from tests.harness import paths
from tests.harness.stack import without_aws
from tests.harness.standins.recorder import Delivery

CONFIG = "alertmanager/alertmanager-production.yml"
GOOD, UNDEFINED = '{{ template "alerting.slack.text" . }}', '{{ template "alerting.slack.txt" . }}'
FAILING = "AlertmanagerNotificationsFailing"
# From the failed message: scrape, evaluation, `for` (1 m) and group_wait, all shortened, and what a busy machine adds.
WITHIN_S = 1 + 1 + 3 + 1 + 6


def test_an_undefined_template_of_a_channel_is_told_by_mail() -> None:
    with without_aws(paths.new_run("template")) as stack:
        host, world = stack.host, stack.world
        config = host.release / CONFIG
        before, receiver, after = config.read_text().partition("  - name: slack-critical\n")
        assert GOOD in after
        config.write_text(before + receiver + after.replace(GOOD, UNDEFINED, 1))
        host.alertmanager.reload()  # Alertmanager has nothing against it

        began = time.time()
        world.services.kill("cns-service")
        paged = world.recorder.wait(lambda d: d.receiver == "pagerduty" and "ServiceDown" in d.names, 60, began)
        assert paged
        told = world.recorder.wait(lambda d: is_told(d, "mail@infra-team@ananta.io"), 60, paged.at)

        failed = 'alertmanager_notifications_failed_total{integration="slack"}'
        assert host.prometheus.value(failed), "Alertmanager has not counted the message that it could not write"
        assert told, f"nobody is told of {failed}"
        assert told.at - paged.at < WITHIN_S
        assert "slack" in str(told.body)
        assert [d for d in world.recorder.since(began) if d.receiver == "#critical-alerts"] == []


def is_told(delivery: Delivery, receiver: str) -> bool:
    return delivery.receiver == receiver and FAILING in delivery.names and delivery.state == "firing"
