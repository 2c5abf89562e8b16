"""How soon errors page and how soon the page ends: by promtool to the interval, and on a real Prometheus beside it.

`make detection` prints our rules beside the literal one of the architecture document.
"""
