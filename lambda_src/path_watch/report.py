"""The findings in words, for the people on the fallback topic."""

import json
import time
from collections.abc import Sequence

from forwarder.log import log

from path_watch.findings import Finding
from path_watch.memory import TOLD, Memory
from path_watch.services import query, region_of
from path_watch.settings import Settings

DAY = 86400.0
OTHER_TOPIC = "warning"  # where the forwarders listen, if nobody listens to the fallback topic

SENTENCES = {
    "pending": "{who} has not confirmed and hears nothing of {where}",
    "missing": "{who} is not subscribed and hears nothing of {where}",
    "unwanted": "{who} was asked to confirm {where} and is not in the catalogue any more",
    "deaf": "{who} is not subscribed and hears nothing of {where}",
    "unfilled": "the secret {who} has no value",
    "gone": "the secret {who} does not exist, or was deleted",
}
REMEDIES = {
    "pending": "Pending: the address got one mail for each topic. Do not click its link, for whoever has that mail"
    " could end the subscription by it: copy the part behind Token= and run\n"
    "  aws sns confirm-subscription --topic-arn TOPIC --token TOKEN --authenticate-on-unsubscribe true\n"
    "After 48 hours without an answer it vanishes; terraform apply asks again.",
    "missing": "Not subscribed: nobody confirmed within 48 hours, or somebody ended it. terraform apply asks the"
    " address again.",
    "unwanted": "Not in the catalogue any more: nothing is to be done, AWS drops it by itself.",
    "deaf": "A function that does not listen: terraform apply subscribes it again.",
    "unfilled": "Without a value: alertctl secrets fill --outputs outputs.json",
    "gone": "Deleted: restore it (aws secretsmanager restore-secret --secret-id NAME), else terraform apply makes it"
    " anew.",
}
KINDS = tuple(SENTENCES)
SECRETS = ("unfilled", "gone")


def tell(told: Settings, findings: Sequence[Finding], before: Memory, somebody_hears: bool, whole: bool) -> None:
    """Publishes the findings when one is new or a day has passed, and once when none is left. Raises Trouble.

    `somebody_hears` the fallback topic; `whole`: everything could be looked at.
    """
    keys = sorted(finding.key for finding in findings)
    due = not before.told.issuperset(keys) or (keys and time.time() - before.told_at >= DAY)
    mended = whole and not keys and before.told
    if not due and not mended:
        return
    subject, text = report(told.name, findings)
    topic = told.fallback
    if not somebody_hears:
        # Said to nobody it is not told: it waits for the first who confirms, or for the forwarders' secrets.
        topic = told.topics.get(OTHER_TOPIC, "")
        if not topic or any(finding.what in SECRETS for finding in findings):
            log("warning", "nobody to tell", topic=told.fallback)
            return
        # JSON, as the mail filters of that topic want it.
        labels = {"severity": "warning", "category": "monitoring"}
        text = f"{text}\n\nIt comes this way because nobody listens to the fallback topic."
        text = json.dumps({"title": subject, "description": text, **labels})
    query("sns", "Publish", region_of(topic), TopicArn=topic, Subject=subject, Message=text)
    log("info", TOLD, topic=topic, findings=keys)


def report(name: str, findings: Sequence[Finding]) -> tuple[str, str]:
    """Subject and text of the message; without findings, the one that says that all is mended."""
    if not findings:
        return f"{name}: the alert path is whole again", "Everybody is subscribed, and every secret is filled."
    lines = ["Alerts do not reach everybody whom they should, and no alarm would tell of it:", ""]
    lines += [f"- {sentence}" for sentence in _sentences(findings)]
    for kind in (kind for kind in KINDS if any(finding.what == kind for finding in findings)):
        lines += ["", REMEDIES[kind]]
    lines += ["", "This is told once a day while it lasts, and at once when something is added."]
    return f"{name}: alerts do not reach everybody", "\n".join(lines)


def _sentences(findings: Sequence[Finding]) -> list[str]:
    """One for each address, with all its topics."""
    found = list[str]()
    for kind in KINDS:
        topics = dict[str, list[str]]()
        for finding in findings:
            if finding.what == kind:
                topics.setdefault(finding.who, []).append(finding.where)
        found += [SENTENCES[kind].format(who=who, where=", ".join(where)) for who, where in topics.items()]
    return found
