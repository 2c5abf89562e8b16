"""The monitoring host's agent: disk, config release, secrets, containers.

Runs on Amazon Linux 2023 with its own Python, the AWS CLI, Docker (which has no compose plugin there) and the PyYAML
that cloud-init brings. Every step can be repeated: `boot` runs at start and once a minute after it, and changes only
what differs. A release is checked by promtool and amtool before it is taken; a bad one leaves the old one running and
is told by a metric.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

HOME = Path("/opt/alerting")
DATA = Path("/var/lib/alerting")
STATUS = Path("/run/alerting/status.json")
BY_ID = Path("/dev/disk/by-id")

NOBODY = 65534  # the user of Prometheus', Alertmanager's and the blackbox exporter's images
OWNERS = {"grafana": 472}
KEPT_RELEASES = 5
KNOWN_KEYS = {
    *("image", "command", "user", "environment", "volumes", "network_mode", "restart", "logging", "healthcheck"),
    *("read_only", "cap_drop", "security_opt", "tmpfs", "ulimits", "stop_grace_period"),
}
DIGEST_LABEL = "alerting.digest"
METADATA = "http://169.254.169.254/latest"


class Problem(Exception):
    """Something that the next run may find mended; its text is one line for the log."""


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program. Raises Problem with its own last words when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if check and done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise Problem(f"{' '.join(command[:3])} failed: {words}")
    return done


def aws(*words: str) -> Any:
    """Call the AWS CLI and return its JSON, None where it says nothing."""
    text = run("aws", *words, "--output", "json").stdout
    return json.loads(text) if text.strip() else None


def write(path: Path, content: str, mode: int = 0o644, group: int | None = None) -> None:
    """Write a file whole or not at all, never readable by more than `mode` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    fresh.chmod(mode)
    if group is not None and os.geteuid() == 0:
        os.chown(fresh, 0, group)
    fresh.replace(path)


# ---------------------------------------------------------------- the config release


def unpack(body: bytes) -> tuple[str, dict[str, str]]:
    """Hash and files of a release. Its hash is over the bytes of `files` as they stand. Raises Problem."""
    found = re.fullmatch(rb'\{"files":(\{.*\}),"hash":"([0-9a-f]{64})"\}', body.strip(), re.DOTALL)
    if not found:
        raise Problem("the config release is not {files, hash}: was it written by the module?")
    files, told = found.group(1), found.group(2).decode()
    real = hashlib.sha256(files).hexdigest()
    if real != told:
        raise Problem(f"the config release is damaged: its files have the hash {real[:12]}, it says {told[:12]}")
    return told, json.loads(files)


def fetch(bucket: str, key: str, dest: Path) -> dict[str, str]:
    """Get the newest release into dest/releases/<hash>. Returns hash, version and folder. Raises Problem."""
    dest.mkdir(parents=True, exist_ok=True)
    body = dest / ".release.json"
    told = aws("s3api", "get-object", "--bucket", bucket, "--key", key, str(body))
    digest, files = unpack(body.read_bytes())
    folder = dest / "releases" / digest
    if not folder.is_dir():
        lay_out(files, folder)
    body.unlink()
    return {"hash": digest, "version": (told or {}).get("VersionId", ""), "folder": str(folder)}


def lay_out(files: dict[str, str], folder: Path) -> None:
    """Write the files beside `folder` and rename: it is whole or not there."""
    fresh = folder.with_name(f".{folder.name}.new")
    run("rm", "-rf", str(fresh))
    for name, content in files.items():
        target = fresh / name
        if fresh.resolve() not in target.resolve().parents:
            raise Problem(f"the config release names {name}, which lies outside of it")
        write(target, content)
    fresh.rename(folder)


def switch(dest: Path, folder: Path) -> None:
    """Let dest/current lead to `folder`, and forget the oldest releases that nobody mounts."""
    link = dest / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.relative_to(dest))
    link.replace(dest / "current")
    os.utime(folder)
    by_age = sorted((dest / "releases").glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)
    in_use = mounted()
    for old in by_age[:-KEPT_RELEASES]:
        if not any(source.startswith(f"{old.resolve()}/") for source in in_use):
            run("rm", "-rf", str(old))


def mounted() -> list[str]:
    """Folders of this host that containers see: one whose files never change keeps its first release."""
    containers = run("docker", "ps", "--all", "--quiet", "--no-trunc").stdout.split()
    if not containers:
        return []
    return run(
        "docker", "inspect", "--format", "{{range .Mounts}}{{println .Source}}{{end}}", *containers
    ).stdout.split()


def check(folder: Path, compose: dict[str, Any]) -> None:
    """Let promtool and amtool of the release's own images read it. Raises Problem with what they say."""
    for service, tool, words in (
        ("prometheus", "promtool", ["check", "config", "/etc/prometheus/prometheus.yml"]),
        ("alertmanager", "amtool", ["check-config", "/etc/alertmanager/alertmanager-production.yml"]),
    ):
        image = compose["services"][service]["image"]
        mount = f"{folder / service}:/etc/{service}:ro"
        done = run(
            "docker", "run", "--rm", "--network", "none", "-v", mount, "--entrypoint", tool, image, *words, check=False
        )
        if done.returncode in (125, 126, 127):
            raise Problem(f"docker could not run {tool}: {(done.stderr.strip() or 'no output').splitlines()[-1]}")
        if done.returncode != 0:
            raise Rejected(f"{tool} refuses the release: {(done.stderr + done.stdout).strip()[-500:]}")


class Rejected(Problem):
    """A release that must not be loaded."""


# ---------------------------------------------------------------- secrets


BATCH = 20  # ids in one call, Secrets Manager's own limit
MISSING = "ResourceNotFoundException"  # also what a secret without a value answers


def secrets(ids: dict[str, str], dest: Path) -> list[str]:
    """Read each secret into the file dest/<name>, without a newline at its end. Returns the names of the unfilled ones.

    A secret that cannot be read keeps the file that it has.
    """
    dest.mkdir(parents=True, exist_ok=True)
    dest.chmod(0o750)
    if os.geteuid() == 0:
        os.chown(dest, 0, NOBODY)
    values, errors = read_secrets(sorted(ids.values()))
    unfilled, unread = [], []
    for name, secret in sorted(ids.items()):
        if value := values.get(secret, "").strip():
            replace_if_new(dest / name, value)
        elif secret in values or MISSING in errors[secret]:
            unfilled.append(secret)
        else:
            unread.append(f"{secret} ({errors[secret]})")
    if unread:
        log(f"could not read: {', '.join(unread)}; what was read before stays")
    return unfilled


def read_secrets(ids: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Values by id, and by id why there is none. Many in one call (this runs every minute), alone what it omits."""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for start in range(0, len(ids), BATCH):
        chunk = ids[start : start + BATCH]
        words = ["secretsmanager", "batch-get-secret-value", "--output", "json", "--secret-id-list", *chunk]
        done = run("aws", *words, check=False)
        for one in json.loads(done.stdout).get("SecretValues", []) if done.returncode == 0 else []:
            found = one["ARN"] if one["ARN"] in chunk else one["Name"]
            values[found] = one.get("SecretString", "")
    for secret in (one for one in ids if one not in values):
        done = run("aws", *f"secretsmanager get-secret-value --output json --secret-id {secret}".split(), check=False)
        if done.returncode == 0:
            values[secret] = json.loads(done.stdout).get("SecretString", "")
        else:
            errors[secret] = (done.stderr.strip() or "no output").splitlines()[-1]
    return values, errors


def replace_if_new(path: Path, value: str) -> None:
    """Write a secret only when it has changed."""
    if not path.is_file() or path.read_text() != value:
        write(path, value, 0o440, NOBODY)


# ---------------------------------------------------------------- the disk


def instance_id() -> str:
    """This instance, by its metadata service (with a token: IMDSv2)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    lifetime = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    ask = urllib.request.Request(f"{METADATA}/api/token", method="PUT", headers=lifetime)
    token = opener.open(ask, timeout=5).read().decode()
    ask = urllib.request.Request(f"{METADATA}/meta-data/instance-id", headers={"X-aws-ec2-metadata-token": token})
    return str(opener.open(ask, timeout=5).read().decode())


def attach(volume: str, instance: str) -> None:
    """Attach the volume to this instance, unless it is. Raises Problem while another has it."""
    state = aws("ec2", "describe-volumes", "--volume-ids", volume)["Volumes"][0]
    holders = [one["InstanceId"] for one in state.get("Attachments", []) if one.get("State") != "detached"]
    if instance in holders:
        return
    if holders:
        raise Problem(f"the disk {volume} is still at {holders[0]}")
    aws("ec2", "attach-volume", "--volume-id", volume, "--instance-id", instance, "--device", "/dev/sdf")


def device_of(volume: str, by_id: Path = BY_ID, wait_s: float = 60) -> Path:
    """The block device of a volume, whatever its name is today. Raises Problem when it does not appear."""
    link = by_id / f"nvme-Amazon_Elastic_Block_Store_{volume.replace('-', '')}"
    end = time.monotonic() + wait_s
    while not link.exists():
        if time.monotonic() > end:
            raise Problem(f"the disk {volume} does not appear as {link}")
        time.sleep(1)
    return link.resolve()


def is_blank(device: Path) -> bool:
    """Whether nothing at all is on the disk: no signature that blkid knows, and a first megabyte of zeros."""
    if run("blkid", "-p", str(device), check=False).returncode != 2:
        return False
    with device.open("rb") as disk:
        return not any(disk.read(1024 * 1024))


def mount(device: Path, folder: Path) -> None:
    """Mount the disk; a blank one gets a file system first, and one with anything on it never does. Raises Problem."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.path.ismount(folder):
        return
    if is_blank(device):
        log(f"{device} is blank: it gets a file system")
        run("mkfs.xfs", "-q", str(device))
    run("mount", str(device), str(folder))


# ---------------------------------------------------------------- containers


def read_compose(folder: Path, data: Path) -> dict[str, Any]:
    """The compose file of a release, its variable DATA_DIR filled in."""
    import yaml  # part of the system: cloud-init needs it

    text = re.sub(r"\$\{DATA_DIR:-[^}]*\}", str(data), (folder / "compose.yml").read_text())
    compose: dict[str, Any] = yaml.safe_load(text)
    return compose


def docker_arguments(name: str, service: dict[str, Any], folder: Path) -> list[str]:
    """The words after `docker run` for one service. Raises Problem for a key that would be ignored otherwise."""
    if unknown := set(service) - KNOWN_KEYS:
        raise Problem(f"compose.yml: {name} has {', '.join(sorted(unknown))}, which the agent does not know")
    words = ["--detach", "--name", name]
    words += ["--network", service.get("network_mode", "host"), "--restart", service.get("restart", "no")]
    words += option("--user", service.get("user")) + option("--stop-timeout", seconds(service.get("stop_grace_period")))
    words += ["--read-only"] if service.get("read_only") else []
    for key, flag in (("cap_drop", "--cap-drop"), ("security_opt", "--security-opt"), ("tmpfs", "--tmpfs")):
        words += [word for value in service.get(key, []) for word in (flag, str(value))]
    for limit, value in service.get("ulimits", {}).items():
        both = f"{value['soft']}:{value['hard']}" if isinstance(value, dict) else value
        words += ["--ulimit", f"{limit}={both}"]
    for key, value in service.get("environment", {}).items():
        words += ["--env", f"{key}={value}"]
    logging = service.get("logging", {})
    words += option("--log-driver", logging.get("driver"))
    words += [word for key, value in logging.get("options", {}).items() for word in ("--log-opt", f"{key}={value}")]
    for volume in service.get("volumes", []):
        source, target = str(volume).split(":", 1)
        words += ["--volume", f"{(folder / source).resolve() if source.startswith('.') else source}:{target}"]
    words += health(service.get("healthcheck"))
    return [*words, service["image"], *[str(word) for word in service.get("command", [])]]


def option(flag: str, value: object) -> list[str]:
    """A flag with its value, or nothing."""
    return [] if value in (None, "") else [flag, str(value)]


def seconds(duration: str | None) -> str:
    """`1m30s` as whole seconds, empty for none."""
    if not duration:
        return ""
    parts = re.findall(r"(\d+)(h|m|s)", duration)
    return str(sum(int(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts))


def health(healthcheck: dict[str, Any] | None) -> list[str]:
    """A compose health check as Docker's flags."""
    if not healthcheck:
        return []
    kind, *words = healthcheck["test"]
    command = shlex.join(words) if kind == "CMD" else " ".join(words)
    flags = ["--health-cmd", command]
    for key in ("interval", "timeout", "retries", "start_period"):
        flags += option(f"--health-{key.replace('_', '-')}", healthcheck.get(key))
    return flags


def digest_of(name: str, arguments: list[str], folder: Path) -> str:
    """What a container is made of: its flags and the release's files that it sees, wherever they lie."""
    files = [path for path in sorted((folder / name).rglob("*")) if path.is_file()]
    own = {str(path.relative_to(folder)): path.read_text() for path in files}
    told = [word.replace(str(folder.resolve()), "RELEASE") for word in arguments]
    return hashlib.sha256(json.dumps([told, own], sort_keys=True).encode()).hexdigest()[:16]


def up(folder: Path, data: Path) -> list[str]:
    """Run the release's containers; an unchanged one is left alone. Returns the names of those started anew."""
    started = []
    compose = read_compose(folder, data)
    for name, service in compose["services"].items():
        arguments = docker_arguments(name, service, folder)
        digest = digest_of(name, arguments, folder)
        format_ = '{{index .Config.Labels "' + DIGEST_LABEL + '"}} {{.State.Running}}'
        if run("docker", "inspect", "--format", format_, name, check=False).stdout.strip() == f"{digest} true":
            continue
        own_data(data / name, OWNERS.get(name, NOBODY))
        run("docker", "rm", "--force", name, check=False)
        run("docker", "run", "--label", f"{DIGEST_LABEL}={digest}", *arguments)
        started.append(name)
    return started


def own_data(folder: Path, user: int) -> None:
    """A data folder that the container's user may write."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, user, user)


# ---------------------------------------------------------------- all of it


def boot(settings: dict[str, Any]) -> None:
    """Disk, release, secrets, containers, in this order: without its disk nothing is started. Raises Problem."""
    if not os.path.ismount(DATA):
        attach(settings["volume"], instance_id())
        mount(device_of(settings["volume"]), DATA)
    release = fetch(settings["bucket"], settings["key"], HOME)
    folder = Path(release["folder"])
    if unfilled := secrets(settings["secrets"], HOME / "secrets"):
        log(f"still to fill: {', '.join(unfilled)}")
    if not (folder / "secrets").exists():
        (folder / "secrets").symlink_to(HOME / "secrets")

    rejected = False
    current = HOME / "current"
    if not current.exists() or current.resolve() != folder.resolve():
        try:
            check(folder, read_compose(folder, DATA))
            switch(HOME, folder)
            log(f"release {release['hash'][:12]} (version {release['version']}) is in use")
        except Rejected as problem:
            log(str(problem))
            rejected = True
            if not current.exists():
                raise
    if started := up(current.resolve(), DATA):
        log(f"started: {', '.join(started)}")
    write(STATUS, json.dumps({"hash": current.resolve().name, "rejected": rejected}))


def log(text: str) -> None:
    """One line to the journal."""
    print(text, file=sys.stderr, flush=True)


COMMANDS = {"fetch": "bucket key dest", "secrets": "map dest", "up": "dest data", "boot": "settings"}


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 and one line on stderr when a step failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in COMMANDS.items():
        command = commands.add_parser(name)
        for word in words.split():
            command.add_argument(f"--{word}", required=word != "data")
    given = parser.parse_args(arguments)
    try:
        if given.command == "fetch":
            print(json.dumps(fetch(given.bucket, given.key, Path(given.dest))))
        elif given.command == "secrets":
            unfilled = secrets(json.loads(given.map), Path(given.dest))
            print(json.dumps({"unfilled": unfilled}))
        elif given.command == "up":
            folder = Path(given.dest)
            print(json.dumps({"started": up(folder, Path(given.data or folder / "data"))}))
        else:
            boot(json.loads(Path(given.settings).read_text()))
    except (Problem, OSError, subprocess.SubprocessError, KeyError, ValueError) as problem:
        log(str(problem) if isinstance(problem, Problem) else f"{type(problem).__name__}: {problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
