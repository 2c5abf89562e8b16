"""Services that LocalStack's free core lacks, answered by the moto that it carries, with one state of EC2 and IAM."""

from collections.abc import Callable

from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from localstack.services.plugins import Service, aws_provider


def _answered_by_moto(api: str) -> Callable[[], Service]:
    def service() -> Service:
        operations = load_service(api).operation_names
        answers = {operation: lambda context, _request: call_moto(context) for operation in operations}
        named = type("MotoProvider", (), {"service": api})
        return Service.for_provider(named(), dispatch_table_factory=lambda _provider: answers)

    service.__name__ = api.replace("-", "_")
    registered: Callable[[], Service] = aws_provider(api=api)(service)
    return registered


autoscaling = _answered_by_moto("autoscaling")
ecs = _answered_by_moto("ecs")
efs = _answered_by_moto("efs")
elbv2 = _answered_by_moto("elbv2")
rds = _answered_by_moto("rds")
elasticache = _answered_by_moto("elasticache")
amp = _answered_by_moto("amp")
servicediscovery = _answered_by_moto("servicediscovery")
application_autoscaling = _answered_by_moto("application-autoscaling")
backup = _answered_by_moto("backup")
