"""The emulator's metric filters count what CloudWatch's would."""

import pytest
from harness_emulator.log_filters import datapoint, matching

LINES = ['{"outcome": "canary", "topic": "a"}\n', '{"outcome": "told"}', "START RequestId: 1", '["canary"]']


def test_a_filter_counts_the_lines_whose_field_matches() -> None:
    assert matching('{ $.outcome = "canary" }', LINES) == [{"outcome": "canary", "topic": "a"}]


def test_a_pattern_that_is_not_known_is_no_silent_zero() -> None:
    with pytest.raises(ValueError, match="does not know the filter pattern"):
        matching("canary", LINES)


def test_a_datapoint_has_its_dimensions_from_the_line() -> None:
    kind = {"metricName": "Canary", "metricValue": "1", "dimensions": {"Topic": "$.topic"}}

    assert datapoint(kind, {"topic": "a"}) == {
        "MetricName": "Canary",
        "Value": 1.0,
        "Dimensions": [{"Name": "Topic", "Value": "a"}],
    }
