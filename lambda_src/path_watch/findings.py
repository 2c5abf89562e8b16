"""What stands between an alarm and people and that nobody else would tell: listeners who are none, empty secrets."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from forwarder.text import mapping, mappings

from path_watch.services import Refused, ask, query, region_of
from path_watch.settings import Settings

PENDING = "PendingConfirmation"
GONE = (PENDING, "Deleted")  # in place of an ARN


class Finding(NamedTuple):
    """`what` is wrong with `who` at `where` (a topic's name; empty for a secret)."""

    what: str  # pending | unwanted | missing | deaf | unfilled | gone
    who: str
    where: str = ""

    @property
    def key(self) -> str:
        """By which a later run knows it again."""
        return "/".join(filter(None, self))


class Subscription(NamedTuple):
    """One listener of a topic."""

    protocol: str
    endpoint: str
    arn: str  # an ARN, or what SNS says in its place


def hears(one: Subscription) -> bool:
    """True for a listener who has confirmed and is still there."""
    return one.arn not in GONE


def subscriptions(topic: str) -> list[Subscription]:
    """Everybody who listens to the topic, or was asked to, page by page. Raises Trouble."""
    found, more = list[Subscription](), dict[str, str]()
    while True:
        page = query("sns", "ListSubscriptionsByTopic", region_of(topic), TopicArn=topic, **more)
        found += [
            Subscription(one.get("Protocol", ""), one.get("Endpoint", ""), one.get("SubscriptionArn", ""))
            for one in mappings(page.get("Subscriptions"))
        ]
        if not page.get("NextToken"):
            return found
        more = {"NextToken": page["NextToken"]}


def of_topic(key: str, heard: list[Subscription], settings: Settings) -> Iterator[Finding]:
    """Addresses and forwarders that do not hear the topic."""
    name = settings.topics[key].rpartition(":")[2]
    wanted = {address.lower(): address for address in settings.mail.get(key, ())}
    pending = {one.endpoint.lower(): one for one in heard if one.arn == PENDING}
    hearing = {one.endpoint.lower() for one in heard if hears(one)}
    for address, one in sorted(pending.items()):
        if address not in hearing:
            mail = one.protocol.startswith("email")
            yield Finding("pending" if address in wanted or not mail else "unwanted", _shown(one), name)
    for address in sorted(wanted.keys() - pending.keys() - hearing):
        yield Finding("missing", wanted[address], name)
    for function in settings.functions if key != "fallback" else ():
        if function.lower() not in hearing:
            yield Finding("deaf", function.rpartition(":")[2], name)


def of_secret(secret: str) -> Iterator[Finding]:
    """One that has no value, read from its versions' labels: the value itself is none of this function's business."""
    try:
        told = ask("secretsmanager", "DescribeSecret", SecretId=secret)
    except Refused as refused:
        if refused.code != "ResourceNotFoundException":
            raise
        told = {"DeletedDate": "long ago"}
    if told.get("DeletedDate"):
        yield Finding("gone", secret)
    elif not any("AWSCURRENT" in _stages(labels) for labels in mapping(told.get("VersionIdsToStages")).values()):
        yield Finding("unfilled", secret)


def _stages(labels: Any) -> list[Any]:
    return labels if isinstance(labels, list) else []


def _shown(one: Subscription) -> str:
    """The address; of a web address the host alone, for the rest may be its password."""
    if not one.protocol.startswith("http"):
        return one.endpoint
    scheme, _, rest = one.endpoint.partition("://")
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}/…"
