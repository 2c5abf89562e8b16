"""One signed request to an AWS service with the function's own role."""

import os
import time

from forwarder.post import Response, Trouble, request, target
from forwarder.sigv4 import Credentials, signed

ENDPOINTS = {"monitoring": "CLOUDWATCH", "secretsmanager": "SECRETS_MANAGER", "sns": "SNS", "logs": "CLOUDWATCH_LOGS"}


def call(service: str, region: str, headers: dict[str, str], body: bytes, seconds: float) -> Response:
    """POSTs to `service`, called as in its endpoint. Raises Trouble."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    credentials = Credentials(*(os.environ.get(name, "") for name in names))
    if not credentials.key_id or not credentials.secret:
        raise Trouble("the function has no AWS credentials", heals=False)
    to = target(endpoint(service, region), plain_http=True)._replace(path="/")
    sent = signed(to.authority, headers, body, service, region, credentials, time.time())
    return request("POST", to, body, sent, seconds)


def endpoint(service: str, region: str) -> str:
    """`AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`, else the region's own endpoint."""
    given = os.environ.get(f"AWS_ENDPOINT_URL_{ENDPOINTS[service]}") or os.environ.get("AWS_ENDPOINT_URL")
    return given or f"https://{service}.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
