#!/bin/bash
# First boot of the monitoring host: writes down where things are, installs Docker, and hands over to the agent of the release.
# Nothing here is secret; secrets are read by the instance's role.
set -euo pipefail

install -d -m 0755 /opt/alerting /etc/alerting
cat > /etc/alerting/host.json <<'SETTINGS'
${settings}
SETTINGS

# Amazon Linux 2023 has Docker but no compose plugin: the agent runs the release's compose file itself.
until dnf install -y docker; do sleep 10; done
systemctl enable --now docker

# Fetches the release, takes the agent out of it, and lets that do the rest: disk, secrets, containers.
cat > /opt/alerting/boot <<'BOOT'
#!/usr/bin/python3
import json, os, subprocess, tempfile
with open("/etc/alerting/host.json") as file:
    settings = json.load(file)
os.environ["AWS_DEFAULT_REGION"] = settings["region"]
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "release.json")
    subprocess.run(["aws", "s3api", "get-object", "--bucket", settings["bucket"], "--key", settings["key"], path], check=True, stdout=subprocess.DEVNULL)
    with open(path) as file:
        files = json.load(file)["files"]
changed = []
for name in ("agent.py", "heartbeat.py"):
    path = "/opt/alerting/" + name
    if not os.path.exists(path) or open(path).read() != files["host/" + name]:
        with open(path + ".new", "w") as file:
            file.write(files["host/" + name])
        os.replace(path + ".new", path)
        changed.append(name)
if "heartbeat.py" in changed:
    subprocess.run(["systemctl", "try-restart", "--no-block", "alerting-heartbeat.service"])
os.execv("/usr/bin/python3", ["python3", "/opt/alerting/agent.py", "boot", "--settings", "/etc/alerting/host.json"])
BOOT
chmod 0755 /opt/alerting/boot

cat > /etc/systemd/system/alerting-host.service <<'UNIT'
[Unit]
Description=Alerting: disk, config release, secrets, containers
After=network-online.target docker.service
Wants=network-online.target docker.service
[Service]
Type=oneshot
ExecStart=/opt/alerting/boot
RuntimeDirectory=alerting
RuntimeDirectoryPreserve=yes
UNIT

# At boot, and a minute after each run: a disk that was late, a new release and a secret filled since are taken as they come.
cat > /etc/systemd/system/alerting-host.timer <<'UNIT'
[Timer]
OnActiveSec=1
OnUnitInactiveSec=60
AccuracySec=1
[Install]
WantedBy=timers.target
UNIT

cat > /etc/systemd/system/alerting-heartbeat.service <<'UNIT'
[Unit]
Description=Alerting: from Watchdog to CloudWatch
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/bin/python3 /opt/alerting/heartbeat.py --settings /etc/alerting/host.json
Restart=always
RestartSec=5
DynamicUser=yes
Environment=HOME=/tmp
[Install]
WantedBy=multi-user.target
UNIT

systemctl daemon-reload
systemctl enable --now --no-block alerting-host.timer alerting-heartbeat.service
