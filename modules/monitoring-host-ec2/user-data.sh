#!/bin/bash
# First boot of the monitoring host: writes down where things are, installs Docker, and hands over to the agent of the release.
# Nothing here is secret; secrets are read by the instance's role.
set -euo pipefail

install -d -m 0755 /opt/alerting /etc/alerting
cat > /etc/alerting/host.json <<'SETTINGS'
${settings}
SETTINGS

# Amazon Linux 2023 has Docker but no compose plugin: the agent runs the release's compose file itself.
for attempt in $(seq 30); do dnf install -y docker && break || sleep 10; done
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
for name in ("agent.py", "heartbeat.py"):
    with open("/opt/alerting/" + name + ".new", "w") as file:
        file.write(files["host/" + name])
    os.replace("/opt/alerting/" + name + ".new", "/opt/alerting/" + name)
os.execv("/usr/bin/python3", ["python3", "/opt/alerting/agent.py", "boot", "--settings", "/etc/alerting/host.json"])
BOOT
chmod 0755 /opt/alerting/boot

cat > /etc/systemd/system/alerting-host.service <<'UNIT'
[Unit]
Description=Alerting: disk, config release, secrets, containers
After=network-online.target docker.service
Wants=network-online.target
Requires=docker.service
StartLimitIntervalSec=0
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/opt/alerting/boot
Restart=on-failure
RestartSec=15
[Install]
WantedBy=multi-user.target
UNIT

cat > /etc/systemd/system/alerting-heartbeat.service <<'UNIT'
[Unit]
Description=Alerting: Watchdog to CloudWatch heartbeat
After=alerting-host.service
Requires=alerting-host.service
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
systemctl enable alerting-host.service alerting-heartbeat.service
systemctl start --no-block alerting-host.service alerting-heartbeat.service
