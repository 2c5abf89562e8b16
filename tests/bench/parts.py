"""The parts of the benchmark, in the order in which they run."""

from tests.bench import alarm_path, forwarders, render
from tests.bench.part import Part

PARTS: tuple[Part, ...] = (forwarders.PART, alarm_path.PART, render.PART)
