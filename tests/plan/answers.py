"""The few questions that a plan asks AWS (who am I, which image, which zones), answered on a local port.

A plan of the module reads a few data sources; everything else is computed. So plan tests need no emulator: this server
answers those and refuses the rest by name, so that a new question shows itself as a failing plan.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

ACCOUNT = "123456789012"
IMAGE = "ami-0123456789abcdef0"
ZONES = ("a", "b")

IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/plan</Arn><UserId>AIDAPLAN</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


def zones(region: str) -> str:
    """EC2's answer to DescribeAvailabilityZones for `region`."""
    items = "".join(
        f"<item><zoneName>{region}{zone}</zoneName><zoneState>available</zoneState><regionName>{region}</regionName>"
        f"<zoneId>{region}-az{index}</zoneId><zoneType>availability-zone</zoneType></item>"
        for index, zone in enumerate(ZONES, 1)
    )
    return (
        '<DescribeAvailabilityZonesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>'
        f"<availabilityZoneInfo>{items}</availabilityZoneInfo></DescribeAvailabilityZonesResponse>"
    )


class _Answers(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = parse_qs(body)
        action = form.get("Action", [self.headers.get("X-Amz-Target", "")])[0]
        region = self.headers.get("Authorization", "///").split("/")[2]
        if action == "GetCallerIdentity":
            self._answer(200, IDENTITY, "text/xml")
        elif action == "DescribeAvailabilityZones":
            self._answer(200, zones(region), "text/xml")
        elif action == "AmazonSSM.GetParameter":
            name = json.loads(body)["Name"]
            parameter = {"Name": name, "Type": "String", "Value": IMAGE, "Version": 1}
            self._answer(200, json.dumps({"Parameter": parameter}), "application/x-amz-json-1.1")
        else:
            told = {"__type": "UnknownOperation", "message": f"a plan asked for {action}"}
            self._answer(400, json.dumps(told), "application/json")

    def _answer(self, status: int, body: str, kind: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def answering() -> Iterator[str]:
    """The address of a running server, gone at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
