"""Our signature is the one that botocore makes, whatever is signed."""

from __future__ import annotations

import datetime
import string

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from forwarder import sigv4
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=20).map(lambda name: f"X-{name}")
VALUES = st.text(string.ascii_letters + string.digits + " ,;:=/+\"'()%&?", max_size=40).map(str.strip)
WORDS = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=20)
SECRETS = st.text(string.ascii_letters + string.digits + "/+=", min_size=1, max_size=60)


@settings(max_examples=300, deadline=None)
@given(
    host=WORDS,
    port=st.sampled_from(["", ":4566", ":8443"]),
    headers=st.dictionaries(NAMES, VALUES, max_size=5),
    body=st.binary(max_size=200),
    service=WORDS,
    region=WORDS,
    key_id=st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=20),
    secret=SECRETS,
    token=st.one_of(st.just(""), SECRETS),
    now=st.integers(0, 4_000_000_000),
)
def test_every_request_is_signed_as_botocore_signs_it(
    host: str,
    port: str,
    headers: dict[str, str],
    body: bytes,
    service: str,
    region: str,
    key_id: str,
    secret: str,
    token: str,
    now: int,
) -> None:
    headers = {name: value for name, value in headers.items() if name.lower() not in ("x-amz-date", "x-amzn-trace-id")}
    headers = {name.lower(): value for name, value in headers.items()}
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)

    ours = sigv4.signed(
        host + port, headers, body, service, region, sigv4.Credentials(key_id, secret, token), float(now)
    )

    request = AWSRequest("POST", f"https://{host}{port}/", data=body, headers=headers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: moment.replace(tzinfo=None))
        botocore.auth.SigV4Auth(Credentials(key_id, secret, token or None), service, region).add_auth(request)
    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours["X-Amz-Date"] == request.headers["X-Amz-Date"]
    assert ours.get("X-Amz-Security-Token", "") == token
