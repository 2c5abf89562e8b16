"""The parts of the benchmark, in the order in which they run."""

from tests.bench import forwarders, render
from tests.bench.part import Part

PARTS: tuple[Part, ...] = (forwarders.PART, render.PART)
