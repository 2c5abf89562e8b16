"""Repairs of LocalStack 4.13.1, each beside the fault that it mends. Run when its infrastructure starts."""

import os
from functools import wraps
from typing import Any

from localstack.runtime import hooks

from harness_emulator import reasons

ALARM_INTERVAL_S = float(os.environ.get("HARNESS_ALARM_INTERVAL_S") or 5)


@hooks.on_infra_start()
def evaluate_alarms_often() -> None:
    """It evaluates an alarm once in period × evaluation periods: ten minutes of trouble would be told ten later."""
    from localstack.services.cloudwatch.alarm_scheduler import AlarmScheduler

    original = AlarmScheduler.__init__

    def init(self: Any) -> None:
        original(self)
        schedule = self.scheduler.schedule

        def schedule_often(*arguments: Any, **options: Any) -> Any:
            if options.get("period"):
                options["period"] = min(options["period"], ALARM_INTERVAL_S)
            return schedule(*arguments, **options)

        self.scheduler.schedule = schedule_often

    AlarmScheduler.__init__ = init


@hooks.on_infra_start()
def keep_tags_of_new_alarms() -> None:
    """PutMetricAlarm and PutCompositeAlarm drop the tags, so that every second plan would add them."""
    from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider

    for method in ("put_metric_alarm", "put_composite_alarm"):
        setattr(CloudwatchProvider, method, _keeping_tags(getattr(CloudwatchProvider, method)))


def _keeping_tags(original: Any) -> Any:
    from localstack.utils.aws import arns

    @wraps(original)  # LocalStack finds an operation's method by its name and the marks on it
    def put_alarm(self: Any, context: Any, request: Any) -> None:
        original(self, context, request)
        if tags := request.get("Tags"):
            arn = arns.cloudwatch_alarm_arn(request["AlarmName"], context.account_id, context.region)
            self.get_store(context.account_id, context.region).TAGS.tag_resource(arn, tags)

    return put_alarm


@hooks.on_infra_start()
def keep_launch_template_tags_apart() -> None:
    """moto writes a template's own tags into its instances' data: every second plan with default_tags would differ."""
    from moto.ec2.responses.launch_templates import LaunchTemplates

    original = LaunchTemplates.create_launch_template

    def create_launch_template(self: Any) -> Any:
        answer = original(self)
        for template in self.ec2_backend.launch_templates.values():
            for version in template.versions:
                tags = version.data.get("TagSpecifications") or []
                version.data["TagSpecifications"] = [
                    tag for tag in tags if tag.get("ResourceType") != "launch-template"
                ]
        return answer

    LaunchTemplates.create_launch_template = create_launch_template


@hooks.on_infra_start()
def keep_descriptions_of_group_rules() -> None:
    """moto forgets the description of a rule that names another security group: every second plan would add it."""
    from moto.ec2.models.security_groups import SecurityGroupRule

    def description(self: Any) -> Any:
        return self.ip_range.get("Description") or self.source_group.get("Description")

    SecurityGroupRule.description = property(description)


@hooks.on_infra_start()
def judge_alarms_by_their_newest_datapoints() -> None:
    """It counts a third more datapoints than EvaluationPeriods: an alarm would end minutes late."""
    from localstack.services.cloudwatch import alarm_scheduler

    original = alarm_scheduler.is_threshold_exceeded

    def is_threshold_exceeded(newest_first: list[float | None], alarm: Any) -> bool:
        return bool(original(newest_first[: alarm["EvaluationPeriods"]], alarm))

    alarm_scheduler.is_threshold_exceeded = is_threshold_exceeded


@hooks.on_infra_start()
def say_the_datapoints_in_the_reason() -> None:
    """Its reason is "Threshold Crossed" and no more; CloudWatch's holds the current value, the only place for it."""
    from localstack.services.cloudwatch import alarm_scheduler

    original = alarm_scheduler.update_alarm_state

    def update_alarm_state(
        client: Any, name: str, current: str, desired: str, reason: str = "", state_reason_data: Any = None
    ) -> None:
        if reason == alarm_scheduler.THRESHOLD_CROSSED and current != desired:
            alarm = client.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
            reason = reasons.threshold_crossed(alarm, state_reason_data["recentDatapoints"], desired)
        original(client, name, current, desired, reason, state_reason_data)

    alarm_scheduler.update_alarm_state = update_alarm_state


@hooks.on_infra_start()
def take_silence_for_good_where_it_is_meant_to_be() -> None:
    """It takes older datapoints in place of missing ones: an alarm for which silence is good would flap for minutes."""
    from localstack.services.cloudwatch import alarm_scheduler

    original = alarm_scheduler.collect_metric_data

    def collect_metric_data(alarm: Any, client: Any) -> list[float | None]:
        oldest_first: list[float | None] = original(alarm, client)
        silence_is_good = alarm.get("TreatMissingData") == "notBreaching"
        return oldest_first[-alarm["EvaluationPeriods"] :] if silence_is_good else oldest_first

    alarm_scheduler.collect_metric_data = collect_metric_data


@hooks.on_infra_start()
def count_throttled_invocations() -> None:
    """Lambda counts an invocation that finds no free concurrency as throttled; it does not."""
    from localstack.aws.api.lambda_ import TooManyRequestsException
    from localstack.services.lambda_.invocation import version_manager
    from localstack.utils.cloudwatch.cloudwatch_util import publish_lambda_metric

    original = version_manager.LambdaVersionManager.invoke

    def invoke(self: Any, *, invocation: Any, **options: Any) -> Any:
        try:
            return original(self, invocation=invocation, **options)
        except TooManyRequestsException:
            who = self.function_version.id
            publish_lambda_metric("Throttles", 1, {"func_name": who.function_name}, who.account, who.region)
            raise

    version_manager.LambdaVersionManager.invoke = invoke
