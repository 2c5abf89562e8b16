"""One signed request to an AWS service with the function's own role."""

import os
import time

from forwarder.post import Response, Unreachable, request, target
from forwarder.sigv4 import Credentials, signed

SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "eu-isoe-": "cloud.adc-e.uk",
    "us-isof-": "csp.hci.ic.gov",
    "eusc-": "amazonaws.eu",
}


def call(service: str, host: str, region: str, headers: dict[str, str], body: bytes, seconds: float) -> Response:
    """POSTs to `service` (its signing name), whose host begins with `host`. Raises Unreachable."""
    credentials = Credentials(
        os.environ.get("AWS_ACCESS_KEY_ID", ""),
        os.environ.get("AWS_SECRET_ACCESS_KEY", ""),
        os.environ.get("AWS_SESSION_TOKEN", ""),
    )
    if not credentials.key_id or not credentials.secret:
        raise Unreachable("the function has no AWS credentials", heals=False)
    try:
        to = target(endpoint(host, service, region), plain_http=True)
    except ValueError as problem:
        raise Unreachable(f"the AWS endpoint is {problem}", heals=False) from None
    sent = signed(to.authority, headers, body, service, region, credentials, time.time())
    return request("POST", to._replace(path="/"), body, sent, seconds)


def endpoint(host: str, service: str, region: str) -> str:
    """`AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`, else the region's own endpoint."""
    name = {"monitoring": "CLOUDWATCH", "secretsmanager": "SECRETS_MANAGER"}[service]
    given = os.environ.get(f"AWS_ENDPOINT_URL_{name}") or os.environ.get("AWS_ENDPOINT_URL")
    if given:
        return given
    suffix = next((suffix for start, suffix in SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    return f"https://{host}.{region}.{suffix}"


def own_region() -> str:
    """The region in which the function runs."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
