"""Plays a scenario: Prometheus' part towards a real Alertmanager, and the faults around it."""

import itertools
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import yaml

from tests.harness import debian, process
from tests.harness.alertmanager import Alertmanager, timestamp
from tests.harness.compose import Compose
from tests.harness.errors import HarnessError
from tests.harness.host import lay_out
from tests.harness.namespace import Namespace
from tests.harness.process import Supervisor
from tests.harness.render import Rendered
from tests.harness.scenario.clock import Clock, Events, divided, every, faster
from tests.harness.scenario.file import Fault, Scenario, receiver_of
from tests.harness.stack import alert_names
from tests.harness.standins.https import Standin
from tests.harness.world import World

CONFIG = "alertmanager/alertmanager-production.yml"
COMPOSE = "compose.yml"
# What Prometheus does, in production seconds.
RESEND_S = 60.0
VALID_S = 240.0
ENDED_FOR_S = 900.0
# Real seconds: posting more often, or for a shorter time, would measure this machine.
SHORTEST_RESEND_S = 0.5
SHORTEST_VALID_S = 4.0
START_TIMEOUT_S = 40.0


_names: dict[str, list[str]] = {}


def _alert_names(rendered: Rendered) -> list[str]:
    """Read once for each release: the rules are long."""
    if rendered.hash not in _names:
        _names[rendered.hash] = alert_names(rendered.files)
    return _names[rendered.hash]


class Player:
    """Plays one scenario on an Alertmanager of its own, below `run_dir`."""

    def __init__(self, scenario: Scenario, rendered: Rendered, run_dir: Path, suite: str, speed: float) -> None:
        self.scenario = scenario
        self.speed = speed
        self.programs = debian.programs(suite)
        self.run_dir = run_dir
        names = [*_alert_names(rendered), *(a.labels["alertname"] for a in scenario.alerts if a.labels)]
        self.world = World(rendered.catalogue, dict.fromkeys(names), run_dir)  # its services are not started
        self.port = process.free_port()
        self.release = lay_out(self._files(rendered.files), self.world.secret_values, run_dir / "release")
        self.volumes = run_dir / "volumes"
        self.supervisor = Supervisor(run_dir)
        self.alertmanager = Alertmanager(f"http://127.0.0.1:{self.port}")
        self.silences: dict[int, str] = {}
        self.starts: dict[int, float] = {}  # alert => real time at which it began to fire
        self.ends: dict[int, float] = {}

    def play(self) -> Clock:
        """Start everything, do what the file says at its times, end everything."""
        with ExitStack() as stack:
            world = self.world
            for standin in (world.pagerduty, world.slack, world.mail, world.heartbeat):
                stack.callback(standin.stop)
            stack.callback(self.supervisor.stop_all)
            self.start()
            self.supervisor.processes["alertmanager"].wait_until_ready(self.alertmanager_ready, START_TIMEOUT_S)
            return self._play()

    def _play(self) -> Clock:
        clock = Clock(self.speed)
        events = Events()
        for fault in self.scenario.faults:
            events.add(fault.at, partial(self._do, fault))
            if fault.until is not None:
                events.add(fault.until, partial(self._undo, fault))
        for number, alert in enumerate(self.scenario.alerts):
            for begin, end in alert.spells:
                events.add(begin, partial(self._fire, number))
                events.add(end, partial(self._end, number))
        changes = sorted({at for alert in self.scenario.alerts for spell in alert.spells for at in spell})
        resend = max(RESEND_S, SHORTEST_RESEND_S * self.speed)
        for change, following in itertools.pairwise([*changes, self.scenario.lasts]):
            for at in every(change, following, resend):
                events.add(at, self._post)
        for at, deed in events.in_order():
            if at > self.scenario.lasts:
                break
            clock.sleep_until(at)
            deed()
            clock.done(at)
        clock.sleep_until(self.scenario.lasts)
        return clock

    # ------------------------------------------------ Prometheus

    def _fire(self, number: int) -> None:
        self.starts[number] = time.time()
        self.ends.pop(number, None)

    def _end(self, number: int) -> None:
        self.ends[number] = time.time()

    def _post(self) -> None:
        """All that fires or has ended lately, in one message; nobody listens while Alertmanager is away."""
        now = time.time()
        valid = max(VALID_S / self.speed, SHORTEST_VALID_S)
        alerts = [
            {
                "labels": self.scenario.alerts[number].labels,
                "annotations": self.scenario.alerts[number].annotations,
                "startsAt": timestamp(began),
                "endsAt": timestamp(self.ends.get(number, now + valid)),
                "generatorURL": "https://prometheus.ananta.io/graph",
            }
            for number, began in self.starts.items()
            if now - self.ends.get(number, now) <= ENDED_FOR_S / self.speed
        ]
        try:
            if alerts:
                self.alertmanager.request("POST", "/api/v2/alerts", alerts)
        except HarnessError as problem:
            if "does not answer" not in str(problem):
                raise

    # ------------------------------------------------ faults

    def _do(self, fault: Fault) -> None:
        what = fault.what
        if "silence" in what:
            duration = ((fault.until or self.scenario.lasts) - fault.at) / self.speed
            self.silences[id(fault)] = self.alertmanager.silence(what["silence"], duration + 1)
        elif "down" in what:
            self._standin(what["down"]).refuse()
        elif "answers" in what:
            self._answer(int(what["answers"]), what["from"], what.get("times"))
        elif "kill" in what:
            self.supervisor.processes.pop("alertmanager").kill()
        elif "reload" in what:
            self.supervisor.processes["alertmanager"].signal(signal.SIGHUP)
        elif "start" in what:
            if what.get("without") == "its data":
                shutil.rmtree(self.volumes)
            self.start()
        else:
            self.supervisor.stop("alertmanager")
            if "restart" in what:
                self.start()

    def _undo(self, fault: Fault) -> None:
        what = fault.what
        if "silence" in what:
            self.alertmanager.expire(self.silences[id(fault)])
        elif "down" in what:
            self._standin(what["down"]).heal()
        elif "answers" in what:
            self._standin(what["from"]).heal()
        else:
            self.start()

    def _standin(self, name: str) -> Standin:
        world = self.world
        named: dict[str, Standin] = {"pagerduty": world.pagerduty, "slack": world.slack, "mail": world.mail}
        return named.get(name) or (world.slack if name.startswith("#") else world.mail)

    def _answer(self, status: int, who: str, times: int | None) -> None:
        where = "" if who in ("pagerduty", "slack", "mail") else receiver_of(who)
        headers = {"Retry-After": "30"} if status == 429 else {}
        self._standin(who).answer_with(status, "no_service" if status == 404 else "", headers, times, where)

    # ------------------------------------------------ Alertmanager

    def start(self) -> None:
        """Start Alertmanager by the command line of the compose file. It may not be ready yet."""
        service = Compose(self.release / COMPOSE).service("alertmanager", self.programs, self.volumes)
        folder = self.run_dir / "namespace"
        folder.mkdir(exist_ok=True)
        view = Namespace(folder, share=self.programs.root / "usr/share", binds=service.binds)
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SSL_CERT_FILE": str(self.world.authority.ca_file)}
        self.supervisor.start("alertmanager", view.wrap(service.command), env=environment, cwd=self.run_dir)

    def alertmanager_ready(self) -> bool:
        return self.alertmanager.is_ready()

    def _files(self, files: Mapping[str, str]) -> dict[str, str]:
        mine = {name: text for name, text in files.items() if name.startswith("alertmanager/")}
        config = yaml.safe_load(files[CONFIG])
        settings = self.world.settings()
        config["global"]["pagerduty_url"] = settings["pagerduty_events_url"]
        config["global"]["smtp_smarthost"] = f"127.0.0.1:{self.world.mail.port}"
        for receiver in config["receivers"]:
            for webhook in receiver.get("webhook_configs", []):
                webhook["url"] = f"http://127.0.0.1:{self.world.heartbeat.port}/"
        compose = yaml.safe_load(files[COMPOSE])
        service = compose["services"]["alertmanager"]
        service["command"] = [self._flag(word) for word in service["command"]]
        return {**mine, CONFIG: yaml.safe_dump(faster(config, self.speed)), COMPOSE: yaml.safe_dump(compose)}

    def _flag(self, word: str) -> str:
        """An argument of Alertmanager's with the address of this run, or its duration divided by the speed."""
        flag, _, value = word.partition("=")
        if flag == "--web.listen-address":
            return f"{flag}=127.0.0.1:{self.port}"
        return f"{flag}={divided(value, self.speed)}" if flag.endswith("-interval") else word
