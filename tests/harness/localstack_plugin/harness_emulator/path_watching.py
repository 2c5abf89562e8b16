"""What the watch over the alert path needs of AWS, and LocalStack 4.13.1 does not do. Run when its services start."""

import os
from typing import Any

from localstack.runtime import hooks

from harness_emulator.log_filters import datapoint, matching

PENDING = "PendingConfirmation"


@hooks.on_infra_start()
def start_no_schedule() -> None:
    """A rule's schedule is kept and not followed: a test calls what it is about.

    With HARNESS_SCHEDULES_S it is looked at every so many seconds; a rule of every minute runs each time.
    """
    from localstack.services.events.scheduler import JobScheduler

    seconds = float(os.environ.get("HARNESS_SCHEDULES_S") or 0)
    if not seconds:
        JobScheduler.start_loop = lambda self: None
        return

    def loop(self: Any, *_given: Any) -> None:
        while not self._stop_event.wait(seconds):
            for job in list(self.jobs):
                job.run()

    JobScheduler.loop = loop


@hooks.on_infra_start()
def count_log_lines_by_their_own_filters() -> None:
    """Every metric filter counts every line of every log group; it is to count what matches, with its dimensions."""
    from localstack.aws.connect import connect_to
    from localstack.services.logs.provider import LogsProvider
    from localstack.services.moto import call_moto
    from moto.logs.models import logs_backends

    original = LogsProvider.put_log_events

    def put_log_events(
        self: Any, context: Any, log_group_name: str, log_stream_name: str, log_events: Any, **more: Any
    ) -> Any:
        for one in logs_backends[context.account_id][context.region].filters.metric_filters:
            if one["logGroupName"] != log_group_name:
                continue
            for line in matching(one["filterPattern"], [str(event["message"]) for event in log_events]):
                for kind in one["metricTransformations"]:
                    metrics = connect_to(aws_access_key_id=context.account_id, region_name=context.region).cloudwatch
                    metrics.put_metric_data(Namespace=kind["metricNamespace"], MetricData=[datapoint(kind, line)])
        return call_moto(context)

    # LocalStack finds an operation's method by the marks on it.
    put_log_events.__dict__.update(original.__dict__)
    LogsProvider.put_log_events = put_log_events


@hooks.on_infra_start()
def treat_unconfirmed_mail_as_sns_does() -> None:
    """SNS lists it without an ARN, and does not let anybody remove it; LocalStack gives its ARN and removes it."""
    from localstack.aws.api.sns import InvalidParameterException
    from localstack.services.sns.provider import SnsProvider

    listing, removing = SnsProvider.list_subscriptions_by_topic, SnsProvider.unsubscribe

    def pending(provider: Any, context: Any, arn: str) -> bool:
        known = provider.get_store(context.account_id, context.region).subscriptions.get(arn)
        return bool(known) and known["Protocol"].startswith("email") and known[PENDING] != "false"

    def list_subscriptions_by_topic(self: Any, context: Any, topic_arn: str, **more: Any) -> Any:
        answer = listing(self, context, topic_arn, **more)
        for one in answer["Subscriptions"]:
            if pending(self, context, one["SubscriptionArn"]):
                one["SubscriptionArn"] = PENDING
        return answer

    def unsubscribe(self: Any, context: Any, subscription_arn: str, **more: Any) -> None:
        if pending(self, context, subscription_arn):
            reason = "Cannot unsubscribe a subscription that is pending confirmation"
            raise InvalidParameterException(f"Invalid parameter: SubscriptionArn Reason: {reason}")
        removing(self, context, subscription_arn, **more)

    list_subscriptions_by_topic.__dict__.update(listing.__dict__)
    unsubscribe.__dict__.update(removing.__dict__)
    SnsProvider.list_subscriptions_by_topic = list_subscriptions_by_topic
    SnsProvider.unsubscribe = unsubscribe
