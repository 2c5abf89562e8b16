"""Everything around the product that can notice it: the platform's services, and who is told when one of them fails.

PagerDuty, Slack and the mail server are stand-ins that are as strict as the real ones document; the services are real
processes on the catalogue's own ports, at loopback addresses that a private hosts file gives their names.
"""

import secrets
import string
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.harness.standins.heartbeat import Heartbeat
from tests.harness.standins.pagerduty import PagerDuty
from tests.harness.standins.recorder import Recorder
from tests.harness.standins.series import SeriesMap
from tests.harness.standins.services import Services, hosts_of, loopback_hosts, write_hosts
from tests.harness.standins.slack import Slack
from tests.harness.standins.smtp import Mail
from tests.harness.standins.tls import Authority

# Suffixes of the alarms of each kind of resource, by section of the catalogue.
ALARM_SUFFIXES = {
    "databases": ("cpu-high", "storage-low", "connections-high"),
    "caches": ("cpu-high", "memory-high", "evictions-high"),
    "ecs_services": ("cpu-high", "memory-high"),
}


class World:
    """Starts with the block and ends with it.

    `catalogue` is the normalised one, `alert_names` what the rules can fire, `series` further series by service.
    """

    def __init__(
        self,
        catalogue: Mapping[str, Any],
        alert_names: Iterable[str],
        run_dir: Path,
        series: Mapping[str, SeriesMap] | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.recorder = Recorder()
        self.authority = Authority(run_dir / "tls")
        names = [*alert_names, *alarm_names(catalogue)]
        tls = self.authority.server_context()
        self.pagerduty = PagerDuty(self.recorder, tls, names)
        self.slack = Slack(self.recorder, tls, names)
        self.mail = Mail(self.recorder, tls, known_names=names)
        self.heartbeat = Heartbeat(self.recorder)
        addresses = loopback_hosts(hosts_of(catalogue["services"]))
        self.hosts_file = write_hosts(run_dir / "hosts", addresses)
        self.services = Services(catalogue["services"], addresses, series)
        self.secret_values = self._secret_values()
        self.pagerduty.accept_only(
            *(value for name, value in self.secret_values.items() if name in self._pagerduty_files())
        )

        self.pagerduty.tell_apart({self.secret_values[file]: team for file, team in self._keys_of_teams().items()})

    def settings(self) -> dict[str, Any]:
        """What the product is told of this world, beside its catalogue: variables of an example."""
        return {
            "pagerduty_events_url": self.pagerduty.events_url,
            "smtp": {
                "host": "127.0.0.1",
                "port": self.mail.port,
                "from": "alerts@example.org",
                "username": self.mail.username,
                "require_tls": True,
            },
        }

    def channels(self) -> dict[str, str]:
        """Slack channel of each webhook secret."""
        rows = [row["slack"] for row in self.catalogue["destinations"] if row["slack"]]
        return {slack["secret"]: slack["channel"] for slack in rows}

    def __enter__(self) -> Self:
        self.services.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.services.stop()
        for standin in (self.pagerduty, self.slack, self.mail, self.heartbeat):
            standin.stop()

    def _pagerduty_files(self) -> set[str]:
        return {row["pagerduty"] for row in self.catalogue["destinations"] if row["pagerduty"]}

    def _keys_of_teams(self) -> dict[str, str]:
        """Secret file => team, of the routing keys that only a team has."""
        rows = [row for row in self.catalogue["destinations"] if row["pagerduty"]]
        shared = {row["pagerduty"] for row in rows if row["kind"] == "severity"}
        return {row["pagerduty"]: row["receiver"] for row in rows if row["pagerduty"] not in shared}

    def _secret_values(self) -> dict[str, str]:
        keys = {name: random_key() for name in self._pagerduty_files()}
        webhooks = {secret: self.slack.webhook(channel) for secret, channel in self.channels().items()}
        return {**keys, **webhooks, "smtp_password": self.mail.password}


def random_key() -> str:
    """A routing key of PagerDuty's form: 32 letters and digits."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(32))


def alarm_names(catalogue: Mapping[str, Any]) -> list[str]:
    """Names of the CloudWatch alarms of a catalogue, without prefix."""
    return [
        f"{resource}-{suffix}"
        for section, suffixes in ALARM_SUFFIXES.items()
        for resource in catalogue[section]
        for suffix in suffixes
    ]
