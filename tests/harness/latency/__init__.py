"""From the failure of a service to its page, measured with production's numbers beside the worst case by configuration.

`make latency`: twenty services are killed and twenty hang, at random moments, each in a plane of its own kind.
"""

from tests.harness.latency.budget import Budget, Kind, budget

__all__ = ["Budget", "Kind", "budget"]
