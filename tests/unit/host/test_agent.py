"""The host's agent: what it loads, what it refuses, and what it leaves alone."""

import hashlib
import json
import os
import stat
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.unit.host.conftest import Programs

COMPOSE = {
    "services": {
        "prometheus": {
            "image": "docker.io/prom/prometheus:v2.47.0",
            "network_mode": "host",
            "restart": "unless-stopped",
            "command": ["--config.file=/etc/prometheus/prometheus.yml"],
            "volumes": ["./prometheus:/etc/prometheus:ro", "${DATA_DIR:-./data}/prometheus:/prometheus"],
            "healthcheck": {"test": ["CMD", "wget", "-q", "http://127.0.0.1:9090/-/healthy"], "interval": "30s"},
        },
        "alertmanager": {
            "image": "docker.io/prom/alertmanager:v0.26.0",
            "volumes": ["./alertmanager:/etc/alertmanager:ro", "./secrets:/etc/alertmanager/secrets:ro"],
        },
    }
}
FILES = {
    "compose.yml": yaml.safe_dump(COMPOSE),
    "prometheus/prometheus.yml": "global: {}\n",
    "alertmanager/alertmanager-production.yml": "route: {}\n",
}


def release(files: dict[str, str] = FILES) -> str:
    """A release as Terraform's jsonencode writes it."""
    body = json.dumps(files, sort_keys=True, separators=(",", ":"))
    return f'{{"files":{body},"hash":"{hashlib.sha256(body.encode()).hexdigest()}"}}'


def publish(programs: Programs, body: str) -> None:
    programs.answer("aws s3api get-object", body=body, out='{"VersionId": "v1"}')


def settings() -> dict[str, Any]:
    return {
        "bucket": "b",
        "key": "config-release.json",
        "volume": "vol-1",
        "secrets": {"pagerduty_key": "x/pagerduty-key"},
    }


@pytest.fixture
def host(agent: ModuleType, programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The agent with its folders under tmp_path and its disk in place."""
    monkeypatch.setattr(agent, "HOME", tmp_path / "home")
    monkeypatch.setattr(agent, "DATA", tmp_path / "data")
    monkeypatch.setattr(agent, "STATUS", tmp_path / "run/status.json")
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path / "data")
    programs.answer("docker inspect", status=1)
    programs.answer("aws secretsmanager batch-get-secret-value", out=json.dumps({"SecretValues": []}))
    programs.answer("aws secretsmanager get-secret-value", out=json.dumps({"SecretString": "key\n"}))
    return agent


def test_a_release_is_written_whole_under_its_hash(agent: ModuleType, programs: Programs, tmp_path: Path) -> None:
    publish(programs, release())

    told = agent.fetch("b", "config-release.json", tmp_path / "home")

    folder = Path(told["folder"])
    assert told["version"] == "v1"
    assert folder.name == told["hash"]
    assert {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()} == FILES


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (release().replace("global", "globbl"), "damaged"),
        (release()[:-20], "is not {files, hash}"),
        (release({"../../etc/passwd": "x"}), "outside"),
        ("<html>", "is not {files, hash}"),
    ],
)
def test_a_damaged_release_is_not_written(
    agent: ModuleType, programs: Programs, tmp_path: Path, body: str, says: str
) -> None:
    publish(programs, body)

    with pytest.raises(agent.Problem, match=says):
        agent.fetch("b", "config-release.json", tmp_path / "home")

    assert not list((tmp_path / "home/releases").glob("[0-9a-f]*"))


def answer(programs: Programs, values: dict[str, str]) -> None:
    """Secrets Manager holds these, by name; their ARNs are of no use to it who asked by name."""
    held = [{"Name": name, "ARN": f"arn:{name}", "SecretString": value} for name, value in values.items()]
    programs.answer("aws secretsmanager batch-get-secret-value", out=json.dumps({"SecretValues": held}))


def test_secrets_are_read_in_one_call_as_long_as_all_are_there(
    agent: ModuleType, programs: Programs, tmp_path: Path
) -> None:
    answer(programs, {f"x/{number}": "value" for number in range(9)})

    assert agent.secrets({f"s{number}": f"x/{number}" for number in range(9)}, tmp_path / "secrets") == []

    assert len(programs.calls("aws")) == 1
    assert len(list((tmp_path / "secrets").iterdir())) == 9


def test_secrets_become_files_without_a_newline_that_only_the_containers_read(
    agent: ModuleType, programs: Programs, tmp_path: Path
) -> None:
    answer(programs, {"x/pagerduty-key": "the-key\n"})

    assert agent.secrets({"pagerduty_key": "x/pagerduty-key"}, tmp_path / "secrets") == []

    path = tmp_path / "secrets/pagerduty_key"
    assert path.read_bytes() == b"the-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o440


def test_unfilled_secrets_are_named_and_the_others_written(
    agent: ModuleType, programs: Programs, tmp_path: Path
) -> None:
    answer(programs, {"x/full": "filled"})
    programs.answer(
        "aws secretsmanager get-secret-value --output json --secret-id x/empty",
        err="An error occurred (ResourceNotFoundException): can't find the specified secret value\n",
        status=254,
    )

    assert agent.secrets({"a": "x/full", "b": "x/empty"}, tmp_path / "secrets") == ["x/empty"]
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["a"]


def test_a_secret_that_cannot_be_read_keeps_its_file(
    agent: ModuleType, programs: Programs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(programs, {"x/a": "old"})
    agent.secrets({"a": "x/a"}, tmp_path / "secrets")
    programs.answer("aws secretsmanager", err="AccessDeniedException\n", status=254)

    assert agent.secrets({"a": "x/a"}, tmp_path / "secrets") == []

    assert (tmp_path / "secrets/a").read_text() == "old"
    assert "x/a (AccessDeniedException)" in capsys.readouterr().err


def test_the_containers_run_as_the_compose_file_says(host: ModuleType, programs: Programs, tmp_path: Path) -> None:
    publish(programs, release())

    host.boot(settings())

    home = tmp_path / "home"
    current = (home / "current").resolve()
    started = {words[words.index("--name") + 1]: words for words in programs.calls("docker") if "--name" in words}
    prometheus = started["prometheus"]
    assert prometheus[-2:] == ["docker.io/prom/prometheus:v2.47.0", "--config.file=/etc/prometheus/prometheus.yml"]
    assert f"{current}/prometheus:/etc/prometheus:ro" in prometheus
    assert f"{tmp_path}/data/prometheus:/prometheus" in prometheus
    assert prometheus[prometheus.index("--health-cmd") + 1] == "wget -q http://127.0.0.1:9090/-/healthy"
    assert f"{home}/secrets:/etc/alertmanager/secrets:ro" in started["alertmanager"]
    assert (home / "secrets/pagerduty_key").read_text() == "key"
    assert json.loads((tmp_path / "run/status.json").read_text()) == {"hash": current.name, "rejected": False}


def test_a_second_run_leaves_running_containers_alone(host: ModuleType, programs: Programs) -> None:
    publish(programs, release())
    host.boot(settings())
    for words in programs.calls("docker"):
        if "--label" in words:
            digest = words[words.index("--label") + 1].split("=")[1]
            programs.answer(
                f"docker inspect --format {words_format(host)} {words[words.index('--name') + 1]}",
                out=f"{digest} true\n",
            )
    before = len([words for words in programs.calls("docker") if words[0] == "run"])

    host.boot(settings())

    assert len([words for words in programs.calls("docker") if words[0] == "run"]) == before


def words_format(agent: ModuleType) -> str:
    return f'{{{{index .Config.Labels "{agent.DIGEST_LABEL}"}}}} {{{{.State.Running}}}}'


def test_only_what_a_release_changes_is_started_anew(host: ModuleType, programs: Programs) -> None:
    publish(programs, release())
    host.boot(settings())
    for words in programs.calls("docker"):
        if "--label" in words:
            digest = words[words.index("--label") + 1].split("=")[1]
            programs.answer(
                f"docker inspect --format {words_format(host)} {words[words.index('--name') + 1]}",
                out=f"{digest} true\n",
            )
    publish(programs, release({**FILES, "prometheus/prometheus.yml": "global: {scrape_interval: 5s}\n"}))
    before = len(programs.calls("docker"))

    host.boot(settings())

    anew = [words for words in programs.calls("docker")[before:] if "--name" in words]
    assert [words[words.index("--name") + 1] for words in anew] == ["prometheus"]


def test_a_release_that_promtool_refuses_is_told_and_not_loaded(
    host: ModuleType, programs: Programs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(programs, release())
    host.boot(settings())
    good = (tmp_path / "home/current").resolve()
    publish(programs, release({**FILES, "prometheus/prometheus.yml": "nonsense\n"}))
    programs.answer("docker run --rm", err="FAILED: parsing YAML\n", status=1)

    host.boot(settings())

    assert (tmp_path / "home/current").resolve() == good
    assert json.loads((tmp_path / "run/status.json").read_text()) == {"hash": good.name, "rejected": True}
    assert "promtool refuses the release: FAILED: parsing YAML" in capsys.readouterr().err


def test_without_its_disk_nothing_is_started(
    host: ModuleType,
    programs: Programs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: False)
    monkeypatch.setattr(host, "instance_id", lambda: "i-new")
    attached = {"Volumes": [{"Attachments": [{"InstanceId": "i-old", "State": "attached"}]}]}
    programs.answer("aws ec2 describe-volumes", out=json.dumps(attached))
    (tmp_path / "host.json").write_text(json.dumps(settings()))

    assert host.main(["boot", "--settings", str(tmp_path / "host.json")]) == 1

    assert capsys.readouterr().err.strip() == "the disk vol-1 is still at i-old"
    assert programs.calls("docker") == []


def test_the_disk_is_found_by_its_id_whatever_its_name(agent: ModuleType, tmp_path: Path) -> None:
    device = tmp_path / "nvme2n1"
    device.touch()
    (tmp_path / "nvme-Amazon_Elastic_Block_Store_vol0abc").symlink_to(device)

    assert agent.device_of("vol-0abc", tmp_path, wait_s=0) == device
    with pytest.raises(agent.Problem, match="vol-0def does not appear"):
        agent.device_of("vol-0def", tmp_path, wait_s=0)


@pytest.mark.parametrize(
    ("blkid_status", "first_bytes", "formatted"),
    [(2, b"\0" * 4096, True), (0, b"XFSB", False), (2, b"\0" * 512 + b"old data", False), (8, b"\0" * 4096, False)],
    ids=["blank", "a file system", "something that blkid does not know", "two signatures"],
)
def test_only_a_blank_disk_is_formatted(
    agent: ModuleType, programs: Programs, tmp_path: Path, blkid_status: int, first_bytes: bytes, formatted: bool
) -> None:
    device = tmp_path / "disk"
    device.write_bytes(first_bytes)
    programs.answer("blkid", status=blkid_status)

    agent.mount(device, tmp_path / "data")

    assert bool(programs.calls("mkfs.xfs")) is formatted
    assert programs.calls("mount") == [[str(device), str(tmp_path / "data")]]


def test_a_compose_key_that_it_does_not_know_is_an_error(agent: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(agent.Problem, match="grafana has privileged"):
        agent.docker_arguments("grafana", {"image": "x", "privileged": True}, tmp_path)


def test_a_release_that_a_container_still_mounts_is_kept(agent: ModuleType, programs: Programs, tmp_path: Path) -> None:
    folders = [tmp_path / "releases" / f"{number:064x}" for number in range(8)]
    for age, folder in enumerate(folders):
        folder.mkdir(parents=True)
        os.utime(folder, (age, age))
    programs.answer("docker ps", out="grafana-id\n")
    programs.answer("docker inspect", out=f"{folders[1]}/grafana/dashboards\n/var/lib/alerting/grafana\n")

    agent.switch(tmp_path, folders[7])

    assert folders[1].is_dir()
    assert not folders[0].exists()
    assert not folders[2].exists()


def test_old_releases_are_forgotten(agent: ModuleType, programs: Programs, tmp_path: Path) -> None:
    folders = [tmp_path / "releases" / f"{number:064x}" for number in range(8)]
    for age, folder in enumerate(folders):
        folder.mkdir(parents=True)
        os.utime(folder, (age, age))

    agent.switch(tmp_path, folders[0])

    assert (tmp_path / "current").resolve() == folders[0]
    assert len(list((tmp_path / "releases").iterdir())) == agent.KEPT_RELEASES
    assert folders[0].exists()
