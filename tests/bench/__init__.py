"""`make bench`: what the product costs, each figure measured here and now, beside its limit.

A part is a module with a `PART` (see `part.py`), listed in `parts.py`. The frame runs it, prints one table, writes
build/bench/bench.json and the part's section of docs/benchmarks.md, and fails when a limit is broken.
"""
